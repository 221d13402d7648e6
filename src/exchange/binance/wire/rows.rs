//! Answers in rows: aggregated trades, bars, funding, marks.
//!
//! Not here: frames of streams (`frame`).

use std::borrow::Cow;

use serde::Deserialize;

use crate::domain::bar::Bar;
use crate::domain::market::NextFunding;
use crate::domain::num::{Price, Qty, Rate};
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};
use crate::market::numbers::parse_volume;

use super::{WireError, json_error, price, qty, rate, shown, time};

/// An aggregated trade as a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggTrade {
    /// Its number, ascending by one within a contract.
    pub id: u64,
    /// At what price.
    pub price: Price,
    /// How much, above zero.
    pub qty: Qty,
    /// When it was made.
    pub at: Timestamp,
}

/// What a contract's funding deviates in from the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundingRules {
    /// The contract.
    pub symbol: Symbol,
    /// Largest rate.
    pub cap: Rate,
    /// Smallest rate.
    pub floor: Rate,
    /// Time between settlements.
    pub interval: Span,
}

/// One settlement of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The contract.
    pub symbol: Symbol,
    /// When.
    pub at: Timestamp,
    /// The rate; positive was paid by longs.
    pub rate: Rate,
    /// The mark at which it was settled; old rows have none.
    pub mark: Option<Price>,
}

/// The mark of a contract and the funding that lies ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Premium {
    /// The contract.
    pub symbol: Symbol,
    /// When that was so.
    pub at: Timestamp,
    /// The mark price.
    pub mark: Price,
    /// The next settlement; `None` for a contract without funding.
    pub funding: Option<NextFunding>,
}

#[derive(Deserialize)]
struct RawAggTrade<'a> {
    a: u64,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(borrow)]
    q: Cow<'a, str>,
    #[serde(rename = "T")]
    at: i64,
}

/// Cells of a bar: times and counts are numbers, prices and volumes are text; `closeTime` has been seen as both.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell<'a> {
    Number(i64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFundingRules {
    symbol: String,
    adjusted_funding_rate_cap: String,
    adjusted_funding_rate_floor: String,
    funding_interval_hours: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSettlement {
    symbol: String,
    funding_rate: String,
    funding_time: i64,
    #[serde(default)]
    mark_price: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPremium {
    symbol: String,
    mark_price: String,
    #[serde(default)]
    last_funding_rate: String,
    #[serde(default)]
    next_funding_time: i64,
    time: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(RawPremium),
    Many(Vec<RawPremium>),
}

fn at_row<T>(row: usize, found: Result<T, WireError>) -> Result<T, WireError> {
    found.map_err(|wrong| WireError::Row {
        row: row + 1,
        why: wrong.to_string(),
    })
}

fn rows<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, WireError> {
    serde_json::from_str(text).map_err(|wrong| json_error(&wrong))
}

/// The answer of `GET /fapi/v1/aggTrades`, ascending in id.
///
/// # Errors
/// When it is no such answer, a price or quantity is none, or ids do not ascend.
pub fn agg_trades(text: &str) -> Result<Vec<AggTrade>, WireError> {
    let mut trades: Vec<AggTrade> = Vec::new();
    for (row, raw) in rows::<RawAggTrade<'_>>(text)?.into_iter().enumerate() {
        let trade = at_row(row, agg_trade(&raw))?;
        if trades.last().is_some_and(|before| before.id >= trade.id) {
            let why = format!("id {} does not follow", trade.id);
            return Err(WireError::Row { row: row + 1, why });
        }
        trades.push(trade);
    }
    Ok(trades)
}

fn agg_trade(raw: &RawAggTrade<'_>) -> Result<AggTrade, WireError> {
    let traded = qty("q", &raw.q)?;
    if traded.is_zero() {
        let why = format!("'{}' is nothing", raw.q);
        return Err(WireError::Number { field: "q", why });
    }
    Ok(AggTrade {
        id: raw.a,
        price: price("p", &raw.p)?,
        qty: traded,
        at: time("T", raw.at)?,
    })
}

/// The answer of `GET /fapi/v1/klines` and its relatives, ascending. The last bar may still be forming: whoever asks
/// knows what time it is.
///
/// # Errors
/// When it is no such answer, a bar breaks the rules of bars (T2) or does not follow the one before, or its end does
/// not fit the interval.
pub fn bars(text: &str, interval: Span) -> Result<Vec<Bar>, WireError> {
    let mut bars: Vec<Bar> = Vec::new();
    for (row, cells) in rows::<Vec<Cell<'_>>>(text)?.into_iter().enumerate() {
        let bar = at_row(row, bar(&cells, interval))?;
        if bars
            .last()
            .is_some_and(|before| before.open_time >= bar.open_time)
        {
            let why = format!("{} does not follow", bar.open_time);
            return Err(WireError::Row { row: row + 1, why });
        }
        bars.push(bar);
    }
    Ok(bars)
}

fn bar(cells: &[Cell<'_>], interval: Span) -> Result<Bar, WireError> {
    let bar = Bar {
        open_time: time("openTime", integer(cells, 0, "openTime")?)?,
        open: price("open", words(cells, 1, "open")?)?,
        high: price("high", words(cells, 2, "high")?)?,
        low: price("low", words(cells, 3, "low")?)?,
        close: price("close", words(cells, 4, "close")?)?,
        volume: volume(words(cells, 5, "volume")?)?,
    };
    let close = time("closeTime", integer(cells, 6, "closeTime")?)?;
    if (close - bar.open_time).millis() != interval.millis() - 1 {
        let why = format!("'{}' does not fit the interval", close.millis());
        return Err(WireError::Number {
            field: "closeTime",
            why,
        });
    }
    bar.check(interval).map_err(|wrong| WireError::Number {
        field: "bar",
        why: wrong.to_string(),
    })?;
    Ok(bar)
}

fn volume(text: &str) -> Result<Qty, WireError> {
    let wrong = |why: String| WireError::Number {
        field: "volume",
        why,
    };
    if !super::is_plain(text, false) {
        return Err(wrong(format!("'{}' is not a plain decimal", shown(text))));
    }
    parse_volume(text).map_err(|why| wrong(why.to_string()))
}

fn words<'a>(cells: &'a [Cell<'_>], at: usize, field: &'static str) -> Result<&'a str, WireError> {
    match cells.get(at) {
        Some(Cell::Text(text)) => Ok(text),
        Some(Cell::Number(_)) | None => Err(WireError::Number {
            field,
            why: format!("no text in column {}", at + 1),
        }),
    }
}

fn integer(cells: &[Cell<'_>], at: usize, field: &'static str) -> Result<i64, WireError> {
    let found = match cells.get(at) {
        Some(Cell::Number(number)) => Some(*number),
        Some(Cell::Text(text)) => text.parse().ok(),
        None => None,
    };
    found.ok_or_else(|| WireError::Number {
        field,
        why: format!("no whole number in column {}", at + 1),
    })
}

/// The answer of `GET /fapi/v1/fundingInfo`: only contracts that deviate.
///
/// # Errors
/// When it is no such answer, a rate is none, or an interval is not within 1–24 hours.
pub fn funding_rules(text: &str) -> Result<Vec<FundingRules>, WireError> {
    let mut found = Vec::new();
    for (row, raw) in rows::<RawFundingRules>(text)?.into_iter().enumerate() {
        found.push(at_row(row, funding_rule(&raw))?);
    }
    Ok(found)
}

fn funding_rule(raw: &RawFundingRules) -> Result<FundingRules, WireError> {
    let hours = raw.funding_interval_hours;
    if !(1..=24).contains(&hours) {
        return Err(WireError::Unknown {
            field: "fundingIntervalHours",
            found: hours.to_string(),
        });
    }
    Ok(FundingRules {
        symbol: Symbol::new(&raw.symbol),
        cap: rate("adjustedFundingRateCap", &raw.adjusted_funding_rate_cap)?,
        floor: rate("adjustedFundingRateFloor", &raw.adjusted_funding_rate_floor)?,
        interval: Span::from_millis(hours * 3_600_000),
    })
}

/// The answer of `GET /fapi/v1/fundingRate`, in the exchange's order.
///
/// # Errors
/// When it is no such answer or a rate or a mark is none.
pub fn settlements(text: &str) -> Result<Vec<Settlement>, WireError> {
    let mut found = Vec::new();
    for (row, raw) in rows::<RawSettlement>(text)?.into_iter().enumerate() {
        found.push(at_row(row, settlement(&raw))?);
    }
    Ok(found)
}

fn settlement(raw: &RawSettlement) -> Result<Settlement, WireError> {
    let mark = match raw.mark_price.as_str() {
        "" => None,
        text => Some(price("markPrice", text)?),
    };
    Ok(Settlement {
        symbol: Symbol::new(&raw.symbol),
        at: time("fundingTime", raw.funding_time)?,
        rate: rate("fundingRate", &raw.funding_rate)?,
        mark,
    })
}

/// The answer of `GET /fapi/v1/premiumIndex`: one object with a symbol asked for, an array without.
///
/// # Errors
/// When it is no such answer or a number is none.
pub fn premiums(text: &str) -> Result<Vec<Premium>, WireError> {
    let raw = match serde_json::from_str(text).map_err(|wrong| json_error(&wrong))? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    };
    let mut found = Vec::new();
    for (row, raw) in raw.into_iter().enumerate() {
        found.push(at_row(row, premium(&raw))?);
    }
    Ok(found)
}

fn premium(raw: &RawPremium) -> Result<Premium, WireError> {
    Ok(Premium {
        symbol: Symbol::new(&raw.symbol),
        at: time("time", raw.time)?,
        mark: price("markPrice", &raw.mark_price)?,
        funding: next_funding(&raw.last_funding_rate, raw.next_funding_time)?,
    })
}

/// Contracts with a day of delivery say `""` and 0.
pub(crate) fn next_funding(text: &str, millis: i64) -> Result<Option<NextFunding>, WireError> {
    if text.is_empty() || millis == 0 {
        return Ok(None);
    }
    Ok(Some(NextFunding {
        at: time("nextFundingTime", millis)?,
        rate: rate("lastFundingRate", text)?,
    }))
}
