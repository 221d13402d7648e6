//! Trades, marks and funding as REST tells them.
//!
//! Not here: candles (`candles`).

use serde_json::{Value, json};

use super::Refusal;
use super::query::Asked;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::lookalike::shared::Shared;
use crate::market::tape::FundingRecord;
use crate::market::ticks::NumberedTrade;

const HOUR: i64 = 3_600_000;
const MILLI: Span = Span::from_millis(1);

/// `GET aggTrades`.
pub(super) fn agg_trades(shared: &Shared, asked: &Asked) -> Result<Value, Refusal> {
    let symbol = asked.symbol(&shared.world)?;
    let limit = asked.limit(500, 1_000)? as u64;
    let from_id = asked.number("fromId")?;
    let (start, end) = asked.times()?;
    if from_id.is_some() && (start.is_some() || end.is_some()) {
        let text = "Combination of optional parameters invalid.";
        return Err(Refusal::new(-1128, text));
    }
    if start
        .zip(end)
        .is_some_and(|(start, end)| (end - start).millis() >= HOUR)
    {
        return Err(Refusal::new(
            -1127,
            "More than 1 hours between startTime and endTime.",
        ));
    }
    let ticks = shared.world.ticks();
    let Some(first) = ticks.index().first_id(symbol) else {
        return Ok(json!([]));
    };
    let id_from = |time: Timestamp| ticks.first_id_from(symbol, time).unwrap_or(first);
    // What is stamped after the running time has not happened.
    let known = id_from(shared.now() + MILLI);
    let (low, high) = match (from_id, start, end) {
        (Some(id), ..) => (id.unsigned_abs().max(first), known),
        (None, Some(start), end) => {
            let end = end.unwrap_or(start + Span::from_millis(HOUR));
            (id_from(start), id_from(end + MILLI).min(known))
        }
        (None, None, Some(end)) => {
            let high = id_from(end + MILLI).min(known);
            (high.saturating_sub(limit).max(first), high)
        }
        (None, None, None) => (known.saturating_sub(limit).max(first), known),
    };
    let before = |id: u64| ticks.trade(symbol, id.checked_sub(1)?);
    let mut last = before(low);
    let mut rows = Vec::new();
    for id in low..high.min(low.saturating_add(limit)) {
        let Some(trade) = ticks.trade(symbol, id) else {
            break;
        };
        rows.push(trade_row(&trade, last.as_ref()));
        last = Some(trade);
    }
    Ok(Value::Array(rows))
}

fn trade_row(trade: &NumberedTrade, before: Option<&NumberedTrade>) -> Value {
    let NumberedTrade { id, at, price, qty } = trade;
    let qty = qty.to_string();
    let maker = before.is_some_and(|before| *price < before.price);
    json!({"a": id, "p": price.to_string(), "q": qty, "nq": qty, "f": id, "l": id, "T": at.millis(), "m": maker})
}

/// `GET premiumIndex`.
pub(super) fn premium_index(shared: &Shared, asked: &Asked) -> Result<Value, Refusal> {
    if asked.has("symbol") {
        let symbol = asked.symbol(&shared.world)?;
        return premium_row(shared, symbol).ok_or_else(|| Refusal::new(-1121, "Invalid symbol."));
    }
    let symbols = shared.world.tape().symbols.iter();
    Ok(symbols
        .filter_map(|(symbol, _)| premium_row(shared, symbol))
        .collect())
}

/// A contract that has no price yet has no row.
fn premium_row(shared: &Shared, symbol: SymbolId) -> Option<Value> {
    let mark = shared.mark(symbol)?;
    let price = mark.price.to_string();
    let rate = mark
        .funding
        .map_or_else(String::new, |next| next.rate.to_string());
    Some(json!({
        "symbol": shared.world.name(symbol),
        "markPrice": price,
        "indexPrice": price,
        "estimatedSettlePrice": price,
        "lastFundingRate": rate,
        "interestRate": "0.00010000",
        "nextFundingTime": mark.funding.map_or(0, |next| next.at.millis()),
        "time": shared.now().millis(),
    }))
}

fn funding(shared: &Shared, symbol: SymbolId) -> &[FundingRecord] {
    let series = shared.world.tape().series[symbol.index()].as_ref();
    series.map_or(&[], |series| series.funding())
}

/// `GET fundingRate`.
pub(super) fn funding_rate(shared: &Shared, asked: &Asked) -> Result<Value, Refusal> {
    let (start, end) = asked.times()?;
    let limit = asked.limit(100, 1_000)?;
    let symbols: Vec<SymbolId> = if asked.has("symbol") {
        vec![asked.symbol(&shared.world)?]
    } else {
        shared
            .world
            .tape()
            .symbols
            .iter()
            .map(|(symbol, _)| symbol)
            .collect()
    };
    let now = shared.now();
    let inside = |record: &&FundingRecord| {
        record.time <= now
            && start.is_none_or(|start| record.time >= start)
            && end.is_none_or(|end| record.time <= end)
    };
    let mut found: Vec<(SymbolId, &FundingRecord)> = Vec::new();
    for symbol in symbols {
        let own = funding(shared, symbol).iter().filter(inside);
        found.extend(own.map(|record| (symbol, record)));
    }
    found.sort_by_key(|(symbol, record)| (record.time, *symbol));
    // Without times the newest, else the oldest.
    let skipped = if start.is_none() && end.is_none() {
        found.len().saturating_sub(limit)
    } else {
        0
    };
    let rows = found
        .iter()
        .skip(skipped)
        .take(limit)
        .map(|(symbol, record)| {
            json!({
                "symbol": shared.world.name(*symbol),
                "fundingRate": record.rate.to_string(),
                "fundingTime": record.time.millis(),
                "markPrice": record.mark.map_or_else(String::new, |mark| mark.to_string()),
                "rateType": "Regular",
            })
        });
    Ok(rows.collect())
}

/// `GET fundingInfo`: contracts that do not settle every eight hours.
pub(super) fn funding_info(shared: &Shared) -> Value {
    let symbols = shared.world.tape().symbols.iter();
    let rows = symbols.filter_map(|(symbol, name)| {
        let records = funding(shared, symbol);
        let gaps = records
            .windows(2)
            .map(|pair| (pair[1].time - pair[0].time).millis() / HOUR);
        let hours = gaps.min().filter(|hours| (1..8).contains(hours))?;
        Some(json!({
            "symbol": name.as_str(),
            "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000",
            "fundingIntervalHours": hours,
            "disclaimer": false,
        }))
    });
    rows.collect()
}
