//! The answer of `exchangeInfo`: limits and contracts.
//!
//! Not here: how filters become the rules of an order (`market::exchange_info`).
//! Invariant: one odd contract spoils no other; it is named with what is odd about it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::exchange_info::{self, Filters};

use super::{WireError, json_error, shown, time};

/// The whole answer.
#[derive(Clone, Debug)]
pub struct Contracts {
    /// When the exchange gave it.
    pub at: Timestamp,
    /// Weight that one address may use in a minute; `None` when the answer does not say it.
    pub weight_per_minute: Option<u32>,
    /// The contracts that were understood.
    pub known: BTreeMap<Symbol, Contract>,
    /// Those that were not, and why.
    pub odd: BTreeMap<Symbol, WireError>,
    /// Rows that do not even have a name.
    pub nameless: usize,
}

/// One contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its kind.
    pub kind: ContractKind,
    /// Its state now.
    pub status: Status,
    /// The coin traded.
    pub base: String,
    /// The coin of its price.
    pub quote: String,
    /// The coin of its margin.
    pub margin: String,
    /// Steps and limits of orders.
    pub filters: Filters,
}

/// Kinds of contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractKind {
    /// Without an end.
    Perpetual,
    /// Without an end, on stocks and goods; it has hours of trading.
    TradfiPerpetual,
    /// A perpetual that is being ended.
    PerpetualDelivering,
    /// With a day of delivery.
    Dated,
    /// The exchange says nothing, as it does of contracts that are over.
    Unstated,
}

/// States of contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not yet traded.
    PendingTrading,
    /// Traded.
    Trading,
    /// Before delivery.
    PreDelivering,
    /// In delivery.
    Delivering,
    /// Delivered.
    Delivered,
    /// Before settlement.
    PreSettle,
    /// In settlement.
    Settling,
    /// Over.
    Close,
    /// Trading is halted.
    TradingHalt,
    /// Orders can only be canceled.
    TradingCancelOnly,
}

impl Contract {
    /// Whether positions may be opened: a perpetual on a coin, in USDT, that is traded.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.kind == ContractKind::Perpetual
            && self.status == Status::Trading
            && self.quote == "USDT"
            && self.margin == "USDT"
    }
}

impl ContractKind {
    fn parse(text: &str) -> Result<Self, WireError> {
        Ok(match text {
            "PERPETUAL" => Self::Perpetual,
            "TRADIFI_PERPETUAL" => Self::TradfiPerpetual,
            // The test network writes a blank.
            "PERPETUAL_DELIVERING" | "PERPETUAL DELIVERING" => Self::PerpetualDelivering,
            "CURRENT_QUARTER"
            | "NEXT_QUARTER"
            | "CURRENT_MONTH"
            | "NEXT_MONTH"
            | "CURRENT_QUARTER DELIVERING"
            | "NEXT_QUARTER DELIVERING" => Self::Dated,
            "" => Self::Unstated,
            found => return Err(unknown("contractType", found)),
        })
    }
}

impl Status {
    fn parse(text: &str) -> Result<Self, WireError> {
        Ok(match text {
            "PENDING_TRADING" => Self::PendingTrading,
            "TRADING" => Self::Trading,
            "PRE_DELIVERING" => Self::PreDelivering,
            "DELIVERING" => Self::Delivering,
            "DELIVERED" => Self::Delivered,
            "PRE_SETTLE" => Self::PreSettle,
            "SETTLING" => Self::Settling,
            "CLOSE" => Self::Close,
            "TRADING_HALT" => Self::TradingHalt,
            "TRADING_CANCEL_ONLY" => Self::TradingCancelOnly,
            found => return Err(unknown("status", found)),
        })
    }
}

fn unknown(field: &'static str, found: &str) -> WireError {
    WireError::Unknown {
        field,
        found: shown(found),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAnswer {
    server_time: i64,
    #[serde(default)]
    rate_limits: Vec<Value>,
    symbols: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLimit {
    rate_limit_type: String,
    interval: String,
    interval_num: u32,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContract {
    contract_type: String,
    status: String,
    #[serde(default)]
    base_asset: String,
    #[serde(default)]
    quote_asset: String,
    #[serde(default)]
    margin_asset: String,
}

/// Reads the answer of `GET /fapi/v1/exchangeInfo`.
///
/// # Errors
/// When it is no such answer, or no contract of it was understood.
pub fn parse(text: &str) -> Result<Contracts, WireError> {
    let raw: RawAnswer = serde_json::from_str(text).map_err(|wrong| json_error(&wrong))?;
    let mut found = Contracts {
        at: time("serverTime", raw.server_time)?,
        weight_per_minute: raw.rate_limits.into_iter().find_map(weight_limit),
        known: BTreeMap::new(),
        odd: BTreeMap::new(),
        nameless: 0,
    };
    for row in raw.symbols {
        let Some(name) = row.get("symbol").and_then(Value::as_str).map(Symbol::new) else {
            found.nameless += 1;
            continue;
        };
        match contract(row) {
            _ if found.known.remove(&name).is_some() || found.odd.contains_key(&name) => {
                let why = WireError::Json("it is listed twice".to_owned());
                found.odd.insert(name, why);
            }
            Ok(contract) => {
                found.known.insert(name, contract);
            }
            Err(wrong) => {
                found.odd.insert(name, wrong);
            }
        }
    }
    Ok(found)
}

fn weight_limit(row: Value) -> Option<u32> {
    let limit: RawLimit = serde_json::from_value(row).ok()?;
    let wanted = limit.rate_limit_type == "REQUEST_WEIGHT"
        && limit.interval == "MINUTE"
        && limit.interval_num == 1
        && limit.limit > 0;
    wanted.then_some(limit.limit)
}

fn contract(row: Value) -> Result<Contract, WireError> {
    let filters = exchange_info::contract_filters(&row);
    let raw: RawContract = serde_json::from_value(row).map_err(|wrong| json_error(&wrong))?;
    Ok(Contract {
        kind: ContractKind::parse(&raw.contract_type)?,
        status: Status::parse(&raw.status)?,
        base: raw.base_asset,
        quote: raw.quote_asset,
        margin: raw.margin_asset,
        filters: filters.map_err(|why| WireError::Number {
            field: "filters",
            why,
        })?,
    })
}
