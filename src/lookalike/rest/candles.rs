//! Candles of any length, made of the tape's bars and, where a bar is not over yet, of the trades said so far.
//!
//! Not here: the bars themselves (`market::tape`).
//! Invariant: a candle holds nothing stamped after the running time; the last one may still be open.

use serde_json::{Value, json};

use super::Refusal;
use super::query::Asked;
use crate::domain::bar::Bar;
use crate::domain::num::{Notional, Price, Qty, Rounding};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::lookalike::shared::Shared;
use crate::market::place::parse_interval;
use crate::market::tape::Series;
use crate::market::ticks::Ticks;
use crate::market::ticks::path::{points, split_volume};

/// Which prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prices {
    Contract,
    Mark,
}

/// A candle in the making.
struct Candle {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Qty,
    value: Notional,
    count: u64,
}

/// What candles are made of.
struct Source<'a> {
    ticks: Ticks<'a>,
    symbol: SymbolId,
    series: &'a Series,
    prices: Prices,
    now: Timestamp,
}

/// `GET klines` and `GET markPriceKlines`.
pub(super) fn answer(shared: &Shared, asked: &Asked, prices: Prices) -> Result<Value, Refusal> {
    let symbol = asked.symbol(&shared.world)?;
    let name = asked.required("interval")?;
    let length = parse_interval(name).filter(|_| !matches!(name, "2m" | "10m"));
    let length = length.ok_or_else(|| Refusal::new(-1120, "Invalid interval."))?;
    let limit = asked.limit(500, 1_500)?;
    let (start, end) = asked.times()?;
    let Some(series) = &shared.world.tape().series[symbol.index()] else {
        return Ok(json!([]));
    };
    let source = Source {
        ticks: shared.world.ticks(),
        symbol,
        series,
        prices,
        now: shared.now(),
    };
    let first = floor(series.open_time(0), length);
    let last = source
        .now
        .min(end.unwrap_or(source.now))
        .min(series.end_time(series.len() - 1) - MILLI);
    let last = floor(last, length);
    let steps = Span::from_millis(length.millis() * i64::try_from(limit).unwrap_or(1_500));
    let mut rows = Vec::new();
    if let Some(start) = start {
        let mut open = floor(start + length - MILLI, length).max(first);
        while open <= last && rows.len() < limit {
            rows.extend(source.row(open, length));
            open = open + length;
        }
    } else {
        // The newest: as many back as are asked for, further back where candles are missing.
        let mut open = last;
        let earliest = first.max(last - steps - steps);
        while open >= earliest && rows.len() < limit {
            rows.extend(source.row(open, length));
            open = open - length;
        }
        rows.reverse();
    }
    Ok(Value::Array(rows))
}

const MILLI: Span = Span::from_millis(1);

fn floor(time: Timestamp, length: Span) -> Timestamp {
    Timestamp::from_millis(time.millis() - time.millis().rem_euclid(length.millis()))
}

impl Source<'_> {
    /// The candle that opens at a time; `None` where nothing is known in it.
    fn row(&self, open: Timestamp, length: Span) -> Option<Value> {
        let until = open + length;
        let mut candle: Option<Candle> = None;
        let bars = self.series.bars();
        // The bar before may reach into a shorter candle.
        let mut row = self.series.row_from(open);
        if row > 0 && self.series.end_time(row - 1) > open {
            row -= 1;
        }
        while row < bars.len() && bars.open_time[row] < until && bars.open_time[row] <= self.now {
            let end = self.series.end_time(row);
            let whole = bars.open_time[row] >= open && end <= until && end - MILLI <= self.now;
            self.take(&mut candle, row, (open, until), whole);
            row += 1;
        }
        candle.map(|candle| candle.json(open, until, self.prices))
    }

    /// Adds what is known of a bar between two instants.
    fn take(
        &self,
        candle: &mut Option<Candle>,
        row: usize,
        (from, until): (Timestamp, Timestamp),
        whole: bool,
    ) {
        let bar = self.bar(row);
        let length = self.series.bars().length(row);
        let known = |at: Timestamp| from <= at && at < until && at <= self.now;
        if whole || self.prices == Prices::Mark {
            let quantities = split_volume(bar.volume);
            for (point, (at, price)) in points(&bar, length).into_iter().enumerate() {
                let qty = if bar.volume.is_zero() {
                    Qty::ZERO
                } else {
                    quantities[point]
                };
                if known(at) {
                    add(candle, price, qty);
                }
            }
            return;
        }
        if bar.volume.is_zero() && known(bar.open_time) {
            add(candle, bar.open, Qty::ZERO);
        }
        let low = from.max(bar.open_time);
        let high = until.min(bar.open_time + length).min(self.now + MILLI);
        let id = |time: Timestamp| self.ticks.first_id_from(self.symbol, time).unwrap_or(0);
        for id in id(low)..id(high) {
            if let Some(trade) = self.ticks.trade(self.symbol, id) {
                add(candle, trade.price, trade.qty);
            }
        }
    }

    fn bar(&self, row: usize) -> Bar {
        let contract = self.series.bars().get(row);
        match (self.prices, self.series.mark()) {
            (Prices::Contract, _) => contract,
            (Prices::Mark, None) => Bar {
                volume: Qty::ZERO,
                ..contract
            },
            (Prices::Mark, Some(mark)) => Bar {
                open_time: contract.open_time,
                open: mark.open[row],
                high: mark.high[row],
                low: mark.low[row],
                close: mark.close[row],
                volume: Qty::ZERO,
            },
        }
    }
}

fn add(candle: &mut Option<Candle>, price: Price, qty: Qty) {
    match candle {
        None => {
            *candle = Some(Candle {
                open: price,
                high: price,
                low: price,
                close: price,
                volume: qty,
                value: price * qty,
                count: u64::from(!qty.is_zero()),
            });
        }
        Some(candle) => {
            candle.high = candle.high.max(price);
            candle.low = candle.low.min(price);
            candle.close = price;
            candle.volume += qty;
            candle.value += price * qty;
            candle.count += u64::from(!qty.is_zero());
        }
    }
}

impl Candle {
    fn json(&self, open: Timestamp, until: Timestamp, prices: Prices) -> Value {
        let close_time = (until - MILLI).millis();
        let count = match prices {
            Prices::Contract => self.count,
            Prices::Mark => ((until - open).millis() / 1_000).unsigned_abs(),
        };
        json!([
            open.millis(),
            self.open.to_string(),
            self.high.to_string(),
            self.low.to_string(),
            self.close.to_string(),
            self.volume.to_string(),
            close_time,
            self.value.round(Rounding::HalfEven).to_string(),
            count,
            "0",
            "0",
            "0",
        ])
    }
}
