//! Maintenance-margin tiers, in the exchange's `leverageBracket` layout and in ccxt's `leverage-tiers` layout.
//!
//! Not here: filters (`exchange_info`), which file speaks for which run (`instruments`), margins (`domain::position`).
//! Invariant: tiers handed out begin at zero and have no holes (A6).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::instrument::Bracket;
use crate::domain::num::{Money, Rate, Rounding};
use crate::domain::symbol::Symbol;

use super::error::MarketError;
use super::exchange_info::json_error;
use super::numbers::{WideError, parse_money};

/// The tiers of one file. Each contract is checked when it is asked for.
#[derive(Clone, Debug)]
pub struct BracketFile {
    path: PathBuf,
    contracts: BTreeMap<Symbol, Vec<Value>>,
}

/// What to expect, for errors.
const LAYOUTS: &str = "exchange-info/ holds answers of exchangeInfo or leverageBracket, or ccxt's leverage tiers: move \
    other files out";

/// `[{symbol, brackets}]`, or one such object.
#[derive(Deserialize)]
struct Listed {
    symbol: String,
    brackets: Vec<Value>,
}

/// Reads a file of tiers from its text, in either layout.
///
/// # Errors
/// When the text is no such JSON.
pub fn parse(path: &Path, text: &str) -> Result<BracketFile, MarketError> {
    let value: Value =
        serde_json::from_str(text).map_err(|wrong| json_error(path, text, &wrong))?;
    from_value(path, value)
}

/// As [`parse`], from JSON already read.
pub(crate) fn from_value(path: &Path, value: Value) -> Result<BracketFile, MarketError> {
    let listed = |value: Value| {
        serde_json::from_value::<Listed>(value).map_err(|wrong| {
            let found = format!("a list entry is not {{symbol, brackets}}: {wrong}");
            MarketError::content(path, found, LAYOUTS)
        })
    };
    let mut pairs = Vec::new();
    match value {
        Value::Array(entries) => {
            for entry in entries {
                let entry = listed(entry)?;
                pairs.push((Symbol::new(&entry.symbol), entry.brackets));
            }
        }
        Value::Object(map) if map.contains_key("brackets") => {
            let entry = listed(Value::Object(map))?;
            pairs.push((Symbol::new(&entry.symbol), entry.brackets));
        }
        Value::Object(map) => pairs = unified(path, map)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(MarketError::content(
                path,
                "no list of margin tiers",
                LAYOUTS,
            ));
        }
    }
    if pairs.is_empty() {
        return Err(MarketError::content(
            path,
            "the list of margin tiers is empty",
            LAYOUTS,
        ));
    }
    let mut contracts = BTreeMap::new();
    for (symbol, tiers) in pairs {
        if contracts.insert(symbol.clone(), tiers).is_some() {
            return Err(MarketError::content(
                path,
                format!("{symbol} is listed twice"),
                "",
            ));
        }
    }
    Ok(BracketFile {
        path: path.to_owned(),
        contracts,
    })
}

/// `{"BASE/QUOTE:SETTLE": [tier…]}`.
fn unified(path: &Path, map: Map<String, Value>) -> Result<Vec<(Symbol, Vec<Value>)>, MarketError> {
    map.into_iter()
        .map(|(name, tiers)| match (contract_name(&name), tiers) {
            (Some(symbol), Value::Array(tiers)) => Ok((symbol, tiers)),
            _ => Err(MarketError::content(
                path,
                format!(
                    "'{}' is not BASE/QUOTE:SETTLE with a list of tiers",
                    name.chars().take(40).collect::<String>()
                ),
                LAYOUTS,
            )),
        })
        .collect()
}

/// `BTC/USDT:USDT` is `BTCUSDT`, `BTC/USDT:USDT-260327` is `BTCUSDT_260327`.
fn contract_name(unified: &str) -> Option<Symbol> {
    let (base, rest) = unified.split_once('/')?;
    let (quote, settle) = rest.split_once(':')?;
    Some(match settle.split_once('-') {
        Some((_, day)) => Symbol::new(&format!("{base}{quote}_{day}")),
        None => Symbol::new(&format!("{base}{quote}")),
    })
}

impl BracketFile {
    /// The names it knows, in byte order.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.contracts.keys()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tiers of a contract; `None` when the file does not list it.
    ///
    /// # Errors
    /// When a tier is incomplete, no number, or leaves a hole.
    pub fn brackets(&self, symbol: &Symbol) -> Result<Option<Vec<Bracket>>, MarketError> {
        let Some(tiers) = self.contracts.get(symbol) else {
            return Ok(None);
        };
        read_tiers(tiers)
            .map(Some)
            .map_err(|found| MarketError::content(&self.path, format!("{symbol}: {found}"), ""))
    }
}

fn read_tiers(tiers: &[Value]) -> Result<Vec<Bracket>, String> {
    let mut brackets: Vec<Bracket> = Vec::with_capacity(tiers.len());
    for tier in tiers {
        let own = tier.get("info").unwrap_or(tier);
        let floor = money(own, tier, ["notionalFloor", "minNotional"])?;
        let cap = cap(own, tier)?;
        let text = field(own, tier, ["maintMarginRatio", "maintenanceMarginRate"])
            .ok_or("maintMarginRatio is missing")?;
        let maintenance: Rate = text
            .parse()
            .map_err(|wrong| format!("maintMarginRatio: {wrong}"))?;
        let deduction = match field(own, tier, ["cum", "cum"]) {
            Some(text) => parse_money(&text).map_err(|wrong| format!("cum: {wrong}"))?,
            None => continued(brackets.last(), floor, maintenance),
        };
        let begins = brackets.last().map_or(Money::ZERO, |before| before.cap);
        let fits = floor == begins && cap >= floor;
        if !fits || maintenance <= Rate::ZERO || maintenance >= Rate::ONE || deduction < Money::ZERO
        {
            return Err(format!(
                "tier {}: floor {floor}, cap {cap}, rate {maintenance}, cum {deduction} does not continue the tier before it",
                brackets.len() + 1
            ));
        }
        // The exchange lists empty tiers too (BEAMXUSDT of 2026-01-01 has one); they can hold no notional.
        if cap == floor {
            continue;
        }
        brackets.push(Bracket {
            floor,
            cap,
            maintenance,
            deduction,
        });
    }
    if brackets.is_empty() {
        return Err("no tiers".to_owned());
    }
    Ok(brackets)
}

/// The deduction that makes the table continuous.
fn continued(before: Option<&Bracket>, floor: Money, maintenance: Rate) -> Money {
    before.map_or(Money::ZERO, |before| {
        let step = maintenance - before.maintenance;
        before.deduction + floor.exact().rate(step, Rounding::HalfEven)
    })
}

/// The exchange writes the largest 64-bit number where a tier is open above; only the last one is, or the next does not
/// continue it.
fn cap(own: &Value, tier: &Value) -> Result<Money, String> {
    let names = ["notionalCap", "maxNotional"];
    let text = field(own, tier, names).ok_or("notionalCap is missing")?;
    match parse_money(&text) {
        Err(WideError::TooLarge(_)) if !text.starts_with('-') => Ok(Money::from_steps(i64::MAX)),
        other => other.map_err(|wrong| format!("notionalCap: {wrong}")),
    }
}

fn money(own: &Value, tier: &Value, names: [&str; 2]) -> Result<Money, String> {
    let text = field(own, tier, names).ok_or_else(|| format!("{} is missing", names[0]))?;
    parse_money(&text).map_err(|wrong| format!("{}: {wrong}", names[0]))
}

/// A number or the text of one; the exchange's own name inside, else ccxt's beside.
fn field(own: &Value, tier: &Value, names: [&str; 2]) -> Option<String> {
    let value = own.get(names[0]).or_else(|| tier.get(names[1]))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
