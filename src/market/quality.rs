//! The gate before a run: what is missing or odd in the prices, and for each signal whether it can be traded at all.
//!
//! Not here: errors that stop the reading (`error`), printing. Nothing is repaired: a report is all this makes.

use crate::domain::bar::Bars;
use crate::domain::num::Price;
use crate::domain::signal::{Signal, SignalId};
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

use super::divisor::Divisor;
use super::load::Loaded;
use super::tape::Series;
use super::window::Window;

/// The whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// One entry per symbol of the run, in byte order.
    pub symbols: Vec<SymbolQuality>,
    /// One entry per signal, in the order given.
    pub signals: Vec<SignalVerdict>,
}

/// What is odd in the prices of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolQuality {
    /// Its name.
    pub symbol: Symbol,
    /// Figures of its bars; `None` without any (the signals of this symbol cannot be traded).
    pub bars: Option<BarQuality>,
    /// Settlements inside the run.
    pub funding: usize,
    /// Bars for which the contract stands in for the mark (D6).
    pub mark_stand_ins: usize,
    /// Bars after the contract's end of trading by its rules: one of the two is wrong.
    pub bars_after_delisting: usize,
}

/// Figures of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarQuality {
    /// Their length.
    pub interval: Span,
    /// How many, those before the window included.
    pub rows: usize,
    /// Start of the first.
    pub first: Timestamp,
    /// End of the last.
    pub end: Timestamp,
    /// Holes between them.
    pub gaps: Vec<Gap>,
    /// Bars without trade.
    pub zero_volume: usize,
    /// The longest stretch of those.
    pub zero_volume_longest: Option<Stretch>,
    /// Prices (of four a bar) that are no multiple of the tick.
    pub off_tick: usize,
    /// The first of those.
    pub off_tick_first: Option<Timestamp>,
    /// Last bars that may be unfinished.
    pub unfinished: Vec<Timestamp>,
}

/// A hole in a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing instant.
    pub from: Timestamp,
    /// Start of the next bar.
    pub to: Timestamp,
    /// Bars that would fit.
    pub missing: i64,
}

/// Consecutive bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Start of the first.
    pub from: Timestamp,
    /// How many.
    pub rows: usize,
}

/// Whether a signal finds a price in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalVerdict {
    /// The signal.
    pub id: SignalId,
    /// Its contract.
    pub symbol: Symbol,
    /// When an order decided on it would arrive.
    pub arrival: Timestamp,
    /// The verdict.
    pub price: PriceInTime,
}

/// The first executable price of a signal (T5, D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceInTime {
    /// A bar opens within the entry time-to-live.
    At(Timestamp),
    /// No file has prices of the symbol in the run's reach.
    NoSeries,
    /// The next bar opens too late.
    TooLate(Timestamp),
    /// No bar opens after the arrival.
    AfterLastBar,
    /// It arrives outside the run window.
    OutsideWindow,
}

/// When an order can still be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The run's stretch of time.
    pub window: Window,
    /// From decision to exchange (T5).
    pub latency: Span,
    /// Oldest order that may still fill (D2).
    pub entry_ttl: Span,
}

/// Looks at everything a run is about to use. The signals' symbols are those of the tape.
#[must_use]
pub fn gate(loaded: &Loaded, signals: &[Signal], timing: Timing) -> Gate {
    let tape = &loaded.tape;
    let symbols = loaded
        .reports
        .iter()
        .zip(&tape.series)
        .zip(&tape.instruments)
        .map(|((report, series), instrument)| {
            let unfinished = if report.unfinished_dropped {
                Vec::new()
            } else {
                report.unfinished.clone()
            };
            let late = |end: Timestamp| {
                series.as_ref().map_or(0, |series| {
                    series.bars().len() - series.bars().first_at_or_after(end)
                })
            };
            SymbolQuality {
                symbol: report.symbol.clone(),
                bars: series
                    .as_ref()
                    .map(|series| bar_quality(series.bars(), instrument.tick, unfinished)),
                funding: series.as_ref().map_or(0, |series| series.funding().len()),
                mark_stand_ins: series.as_ref().map_or(0, stand_ins),
                bars_after_delisting: instrument.delisted.map_or(0, late),
            }
        })
        .collect();
    let signals = signals
        .iter()
        .map(|signal| SignalVerdict {
            id: signal.id.clone(),
            symbol: tape.symbols.name(signal.symbol).clone(),
            arrival: signal.received_time + timing.latency,
            price: price_in_time(
                tape.series[signal.symbol.index()]
                    .as_ref()
                    .map(Series::bars),
                signal.received_time + timing.latency,
                timing,
            ),
        })
        .collect();
    Gate { symbols, signals }
}

fn stand_ins(series: &Series) -> usize {
    series
        .mark()
        .map_or(series.bars().len(), |mark| mark.stand_ins)
}

fn price_in_time(bars: Option<&Bars>, arrival: Timestamp, timing: Timing) -> PriceInTime {
    if !timing.window.contains(arrival) {
        return PriceInTime::OutsideWindow;
    }
    let Some(bars) = bars else {
        return PriceInTime::NoSeries;
    };
    match bars.open_time.get(bars.first_at_or_after(arrival)) {
        None => PriceInTime::AfterLastBar,
        Some(open) if *open - arrival <= timing.entry_ttl => PriceInTime::At(*open),
        Some(open) => PriceInTime::TooLate(*open),
    }
}

/// Looks at one series.
#[must_use]
pub fn bar_quality(bars: &Bars, tick: Price, unfinished: Vec<Timestamp>) -> BarQuality {
    let last = bars.len().saturating_sub(1);
    let mut quality = BarQuality {
        interval: bars.interval,
        rows: bars.len(),
        first: bars.open_time[0],
        end: bars.end(last),
        gaps: Vec::new(),
        zero_volume: 0,
        zero_volume_longest: None,
        off_tick: 0,
        off_tick_first: None,
        unfinished,
    };
    for row in 1..bars.len() {
        let from = bars.end(row - 1);
        let to = bars.open_time[row];
        if to > from {
            quality.gaps.push(Gap {
                from,
                to,
                missing: (to - from).millis() / bars.interval.millis(),
            });
        }
    }
    let on_tick = Divisor::new(tick.steps());
    let mut run = 0;
    for row in 0..bars.len() {
        run = if bars.volume[row].is_zero() {
            run + 1
        } else {
            0
        };
        if run > 0 {
            quality.zero_volume += 1;
            if quality
                .zero_volume_longest
                .is_none_or(|longest| run > longest.rows)
            {
                quality.zero_volume_longest = Some(Stretch {
                    from: bars.open_time[row + 1 - run],
                    rows: run,
                });
            }
        }
        let prices = [
            bars.open[row],
            bars.high[row],
            bars.low[row],
            bars.close[row],
        ];
        let off = prices
            .iter()
            .filter(|price| on_tick.is_some_and(|tick| !tick.divides(price.steps())))
            .count();
        if off > 0 {
            quality.off_tick += off;
            quality.off_tick_first.get_or_insert(bars.open_time[row]);
        }
    }
    quality
}

impl Gate {
    /// Signals that cannot be traded for want of a price in time.
    pub fn without_price(&self) -> impl Iterator<Item = &SignalVerdict> {
        self.signals
            .iter()
            .filter(|verdict| !matches!(verdict.price, PriceInTime::At(_)))
    }

    /// Symbols without any bar.
    pub fn without_series(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols
            .iter()
            .filter(|symbol| symbol.bars.is_none())
            .map(|symbol| &symbol.symbol)
    }
}
