//! Filters of contracts from an `exchangeInfo` answer.
//!
//! Not here: margin tiers (`brackets`), which file speaks for which run (`instruments`).
//! `status` and `onboardDate` are of the file's day, not of the run's: they are handed on as they are, nothing is
//! enforced from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::num::{Money, Price, Qty, Rate};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::error::{MarketError, RowError, excerpt};

/// The contracts of one answer. Each is checked when it is asked for, so one odd contract spoils no other.
#[derive(Clone, Debug)]
pub struct ExchangeInfo {
    path: PathBuf,
    /// When the exchange gave the answer.
    pub server_time: Option<Timestamp>,
    contracts: BTreeMap<Symbol, RawContract>,
}

/// Filters of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// Prices are multiples of this.
    pub tick: Price,
    /// Quantities are multiples of this.
    pub step: Qty,
    /// Smallest order.
    pub qty_min: Qty,
    /// Largest market order.
    pub market_qty_max: Qty,
    /// Smallest order value; `None` where the answer has no such filter.
    pub notional_min: Option<Money>,
    /// Fee of a liquidation; `None` where the answer has none.
    pub liquidation_fee: Option<Rate>,
    /// End of trading; perpetual contracts have one in the far future.
    pub delivery: Option<Timestamp>,
    /// First day of trading, as noted.
    pub onboard: Option<Timestamp>,
    /// State on the file's day, as noted.
    pub status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAnswer {
    server_time: Option<i64>,
    symbols: Vec<RawContract>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContract {
    symbol: String,
    #[serde(default)]
    status: String,
    delivery_date: Option<i64>,
    onboard_date: Option<i64>,
    liquidation_fee: Option<String>,
    #[serde(default)]
    filters: Vec<RawFilter>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFilter {
    filter_type: String,
    tick_size: Option<String>,
    step_size: Option<String>,
    min_qty: Option<String>,
    max_qty: Option<String>,
    notional: Option<String>,
}

/// Reads an answer from its text.
///
/// # Errors
/// When the text is no such JSON, with line and column.
pub fn parse(path: &Path, text: &str) -> Result<ExchangeInfo, MarketError> {
    let answer: RawAnswer =
        serde_json::from_str(text).map_err(|wrong| json_error(path, text, &wrong))?;
    let mut contracts = BTreeMap::new();
    for contract in answer.symbols {
        let symbol = Symbol::new(&contract.symbol);
        if contracts.insert(symbol, contract.clone()).is_some() {
            let found = format!("{} is listed twice", contract.symbol);
            return Err(MarketError::content(path, found, ""));
        }
    }
    if contracts.is_empty() {
        return Err(MarketError::content(
            path,
            "the list of symbols is empty",
            "",
        ));
    }
    Ok(ExchangeInfo {
        path: path.to_owned(),
        server_time: answer.server_time.map(Timestamp::from_millis),
        contracts,
    })
}

/// The filters of one contract, out of an answer that is at hand as JSON.
///
/// # Errors
/// When it is no contract, or a filter is missing or no number: what is wrong.
pub fn contract_filters(contract: &serde_json::Value) -> Result<Filters, String> {
    RawContract::deserialize(contract)
        .map_err(|wrong| wrong.to_string())?
        .filters()
}

/// A JSON error with its place in the file and what stands there.
pub(crate) fn json_error(path: &Path, text: &str, wrong: &serde_json::Error) -> MarketError {
    let said = wrong.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said);
    MarketError::Row(Box::new(RowError {
        path: path.to_owned(),
        line: wrong.line() as u64,
        column: wrong.column(),
        shown: excerpt(text, wrong.line(), wrong.column()),
        found: format!("no JSON of filters or brackets: {what}"),
        hint: "save the exchange's answer again, or move the file out of exchange-info/".to_owned(),
    }))
}

impl ExchangeInfo {
    /// The names it knows, in byte order.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.contracts.keys()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The filters of a contract; `None` when the answer does not list it.
    ///
    /// # Errors
    /// When a filter is missing or no number.
    pub fn filters(&self, symbol: &Symbol) -> Result<Option<Filters>, MarketError> {
        let Some(contract) = self.contracts.get(symbol) else {
            return Ok(None);
        };
        contract
            .filters()
            .map(Some)
            .map_err(|found| MarketError::content(&self.path, format!("{symbol}: {found}"), ""))
    }
}

impl RawContract {
    fn filter(&self, kind: &str) -> Option<&RawFilter> {
        self.filters
            .iter()
            .find(|filter| filter.filter_type == kind)
    }

    fn filters(&self) -> Result<Filters, String> {
        let price = self.filter("PRICE_FILTER").ok_or("no PRICE_FILTER")?;
        let lot = self.filter("LOT_SIZE").ok_or("no LOT_SIZE")?;
        let market = self.filter("MARKET_LOT_SIZE").unwrap_or(lot);
        let tick: Price = number("tickSize", price.tick_size.as_deref())?;
        // Entries are market orders, limits are not: both filters must hold, so the coarser step and larger minimum.
        let steps = [
            number::<Qty>("stepSize", lot.step_size.as_deref())?,
            number::<Qty>("stepSize", market.step_size.as_deref())?,
        ];
        let step = steps[0].max(steps[1]);
        if step.is_zero() {
            return Err("stepSize is zero".to_owned());
        }
        if steps
            .iter()
            .any(|part| !part.is_zero() && !step.is_on_step(*part))
        {
            return Err(format!(
                "step sizes {} and {} do not fit",
                steps[0], steps[1]
            ));
        }
        let qty_min = number::<Qty>("minQty", lot.min_qty.as_deref())?
            .max(number::<Qty>("minQty", market.min_qty.as_deref())?);
        let market_qty_max = number::<Qty>("maxQty", market.max_qty.as_deref())?;
        if market_qty_max < qty_min || market_qty_max.is_zero() {
            return Err(format!("maxQty {market_qty_max} is below minQty {qty_min}"));
        }
        let notional_min = match self.filter("MIN_NOTIONAL") {
            Some(filter) => Some(number("notional", filter.notional.as_deref())?),
            None => None,
        };
        let liquidation_fee = match &self.liquidation_fee {
            Some(text) => Some(number("liquidationFee", Some(text))?),
            None => None,
        };
        Ok(Filters {
            tick,
            step,
            qty_min: qty_min.max(step),
            market_qty_max,
            notional_min,
            liquidation_fee,
            delivery: self
                .delivery_date
                .filter(|date| *date > 0)
                .map(Timestamp::from_millis),
            onboard: self
                .onboard_date
                .filter(|date| *date > 0)
                .map(Timestamp::from_millis),
            status: self.status.clone(),
        })
    }
}

fn number<T: std::str::FromStr>(name: &str, text: Option<&str>) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    let text = text.ok_or_else(|| format!("{name} is missing"))?;
    text.parse().map_err(|wrong| format!("{name}: {wrong}"))
}
