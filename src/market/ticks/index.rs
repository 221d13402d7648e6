//! Which prices of a symbol are told from recorded trades and which from bars, and how its trades are numbered.
//!
//! Not here: the walk along them (`cursor`).
//! Invariant: stretches ascend in time and are not empty; a UTC day with a recorded trade is told from trades alone.
//! Numbers are the first recorded trade's own and run on from there in both directions; they equal the recorded ones
//! as long as the recording skips none. Without a recording they begin at 1.

use std::ops::Range;

use crate::domain::bar::Bars;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::agg_trades::AggTrades;
use crate::market::tape::Tape;

use super::NumberedTrade;
use super::path::{POINTS, points, split_volume};

/// Rows between two counts of bars with volume.
const BLOCK: usize = 512;

/// Where the trades of every symbol are.
#[derive(Clone, Debug)]
pub struct TickIndex {
    symbols: Vec<SymbolIndex>,
}

/// Where the trades of one symbol are.
#[derive(Clone, Debug, Default)]
pub(super) struct SymbolIndex {
    /// Ascending.
    pub(super) stretches: Vec<Stretch>,
    /// Trades before each block of bar rows, as if all bars were told, and one entry more.
    counts: Vec<u64>,
    /// Trades over all stretches.
    total: u64,
    first_id: u64,
}

/// Neighbouring prices of one source.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) source: Source,
    /// Trades of the symbol before it.
    before: u64,
    /// Its first instant.
    from: Timestamp,
}

/// Where a stretch's prices come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Rows of the bars.
    Bars(Range<usize>),
    /// Rows of the recorded trades.
    Trades(Range<usize>),
}

impl TickIndex {
    pub(super) fn new(tape: &Tape, trades: &[Option<AggTrades>]) -> Self {
        let symbols = (0..tape.series.len()).map(|symbol| {
            let bars = tape.series[symbol].as_ref().map(|series| series.bars());
            let own = trades.get(symbol).and_then(Option::as_ref);
            SymbolIndex::new(bars, own)
        });
        Self {
            symbols: symbols.collect(),
        }
    }

    pub(super) fn of(&self, symbol: usize) -> &SymbolIndex {
        &self.symbols[symbol]
    }

    /// The number of a symbol's first trade; `None` without any.
    #[must_use]
    pub fn first_id(&self, symbol: SymbolId) -> Option<u64> {
        let own = self.symbols.get(symbol.index())?;
        (own.total > 0).then_some(own.first_id)
    }

    /// How many trades a symbol has on the whole tape.
    #[must_use]
    pub fn count(&self, symbol: SymbolId) -> u64 {
        self.symbols.get(symbol.index()).map_or(0, |own| own.total)
    }

    pub(super) fn trade(
        &self,
        tape: &Tape,
        trades: &[Option<AggTrades>],
        symbol: SymbolId,
        ordinal: u64,
    ) -> Option<NumberedTrade> {
        let own = self.symbols.get(symbol.index())?;
        if ordinal >= own.total {
            return None;
        }
        let at = own
            .stretches
            .partition_point(|stretch| stretch.before <= ordinal);
        let stretch = &own.stretches[at.checked_sub(1)?];
        let inside = ordinal - stretch.before;
        let id = own.first_id + ordinal;
        match &stretch.source {
            Source::Trades(rows) => {
                let trade = trades[symbol.index()].as_ref()?;
                let trade = trade.get(rows.start + usize::try_from(inside).ok()?);
                Some(NumberedTrade {
                    id,
                    at: trade.time,
                    price: trade.price,
                    qty: trade.qty,
                })
            }
            Source::Bars(rows) => {
                let bars = tape.series[symbol.index()].as_ref()?.bars();
                let (row, point) = own.row_of(bars, own.count_to(bars, rows.start) + inside)?;
                let bar = bars.get(row);
                let (at, price) = points(&bar, bars.length(row))[point];
                let qty = split_volume(bar.volume)[point];
                Some(NumberedTrade { id, at, price, qty })
            }
        }
    }

    pub(super) fn trades_before(
        &self,
        tape: &Tape,
        trades: &[Option<AggTrades>],
        symbol: SymbolId,
        at: Timestamp,
    ) -> u64 {
        let Some(own) = self.symbols.get(symbol.index()) else {
            return 0;
        };
        let place = own.stretches.partition_point(|stretch| stretch.from < at);
        let Some(stretch) = place.checked_sub(1).map(|place| &own.stretches[place]) else {
            return 0;
        };
        let inside = match &stretch.source {
            Source::Trades(rows) => {
                let time = trades[symbol.index()]
                    .as_ref()
                    .map_or(&[][..], |own| &own.time);
                time[rows.clone()].partition_point(|time| *time < at) as u64
            }
            Source::Bars(rows) => match &tape.series[symbol.index()] {
                Some(series) => own.bar_trades_before(series.bars(), rows, at),
                None => 0,
            },
        };
        stretch.before + inside
    }
}

impl SymbolIndex {
    fn new(bars: Option<&Bars>, trades: Option<&AggTrades>) -> Self {
        let mut own = Self {
            counts: bars.map(counts).unwrap_or_default(),
            first_id: 1,
            ..Self::default()
        };
        let none = Bars::new(Span::from_millis(60_000));
        let bars = bars.unwrap_or(&none);
        let time = trades.map_or(&[][..], |trades| &trades.time);
        let (mut row, mut taken) = (0, 0);
        while row < bars.len() || taken < time.len() {
            let day = time.get(taken).map(|time| time.day());
            let until = day.map_or(bars.len(), |day| {
                row + bars.open_time[row..].partition_point(|open| open.day() < day)
            });
            if until > row {
                own.push_bars(bars, row..until);
                row = until;
            }
            let Some(day) = day else { continue };
            let end = taken + time[taken..].partition_point(|time| time.day() <= day);
            own.push_trades(time, taken..end);
            taken = end;
            row += bars.open_time[row..].partition_point(|open| open.day() <= day);
        }
        own.number(trades);
        own
    }

    fn push_bars(&mut self, bars: &Bars, rows: Range<usize>) {
        let trades = self.count_to(bars, rows.end) - self.count_to(bars, rows.start);
        self.stretches.push(Stretch {
            before: self.total,
            from: bars.open_time[rows.start],
            source: Source::Bars(rows),
        });
        self.total += trades;
    }

    fn push_trades(&mut self, time: &[Timestamp], rows: Range<usize>) {
        let count = rows.len() as u64;
        let before = self.total;
        self.total += count;
        if let Some(Stretch {
            source: Source::Trades(last),
            ..
        }) = self.stretches.last_mut()
        {
            last.end = rows.end;
            return;
        }
        self.stretches.push(Stretch {
            before,
            from: time[rows.start],
            source: Source::Trades(rows),
        });
    }

    fn number(&mut self, trades: Option<&AggTrades>) {
        let recorded = self
            .stretches
            .iter()
            .find_map(|stretch| match &stretch.source {
                Source::Trades(rows) => Some((stretch.before, trades?.id[rows.start])),
                Source::Bars(_) => None,
            });
        if let Some((before, id)) = recorded {
            self.first_id = id.saturating_sub(before).max(1);
        }
    }

    /// Trades of the bars in rows before this one.
    fn count_to(&self, bars: &Bars, row: usize) -> u64 {
        let block = row / BLOCK;
        let Some(whole) = self.counts.get(block) else {
            return 0;
        };
        whole + count_in(bars, block * BLOCK..row)
    }

    /// The row and the point of the bar trade with so many bar trades before it.
    fn row_of(&self, bars: &Bars, count: u64) -> Option<(usize, usize)> {
        let block = self
            .counts
            .partition_point(|before| *before <= count)
            .checked_sub(1)?;
        let mut left = count - self.counts[block];
        for row in block * BLOCK..bars.len() {
            if bars.volume[row].is_zero() {
                continue;
            }
            if left < POINTS as u64 {
                return Some((row, usize::try_from(left).ok()?));
            }
            left -= POINTS as u64;
        }
        None
    }

    /// Trades of a stretch of bars stamped before an instant.
    fn bar_trades_before(&self, bars: &Bars, rows: &Range<usize>, at: Timestamp) -> u64 {
        let inside = &bars.open_time[rows.clone()];
        let row = rows.start + inside.partition_point(|open| *open < at);
        let Some(last) = row.checked_sub(1).filter(|last| *last >= rows.start) else {
            return 0;
        };
        let whole = self.count_to(bars, last) - self.count_to(bars, rows.start);
        if bars.volume[last].is_zero() {
            return whole;
        }
        let path = points(&bars.get(last), bars.length(last));
        whole + path.iter().filter(|(time, _)| *time < at).count() as u64
    }
}

fn counts(bars: &Bars) -> Vec<u64> {
    let mut counts = vec![0];
    let mut total = 0;
    for from in (0..bars.len()).step_by(BLOCK) {
        total += count_in(bars, from..(from + BLOCK).min(bars.len()));
        counts.push(total);
    }
    counts
}

fn count_in(bars: &Bars, rows: Range<usize>) -> u64 {
    let traded = bars.volume[rows].iter().filter(|volume| !volume.is_zero());
    traded.count() as u64 * POINTS as u64
}
