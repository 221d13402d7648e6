//! Prices of one run in memory: per symbol the bars, marks aligned to them, finer bars, funding and the contract's
//! rules, with an index that answers "which is the first bar from here that touches these levels".
//!
//! Not here: files (`market::klines` and its neighbours), fills (`exchange`).
//! Invariant: an answer of the index is only used to *find* the next event, never to decide anything (W7).

use std::sync::OnceLock;

use crate::domain::bar::Bars;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Price, Rate};
use crate::domain::symbol::Symbols;
use crate::domain::time::{Span, Timestamp};
use crate::market::ranges::{Columns, Ranges};

/// One funding settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingRecord {
    /// When.
    pub time: Timestamp,
    /// Positive is paid by longs.
    pub rate: Rate,
    /// The mark it was settled at, if the record or a mark bar opening then knows it (A5).
    pub mark: Option<Price>,
}

/// Mark prices aligned to the contract's bars: one entry per bar; the contract stands in where none was recorded (D6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkColumns {
    /// First marks.
    pub open: Vec<Price>,
    /// Highest marks.
    pub high: Vec<Price>,
    /// Lowest marks.
    pub low: Vec<Price>,
    /// Last marks.
    pub close: Vec<Price>,
    /// Bars for which the contract stands in.
    pub stand_ins: usize,
}

/// All prices of one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    bars: Bars,
    mark: Option<MarkColumns>,
    detail: Option<Bars>,
    funding: Vec<FundingRecord>,
    // Built on first use, so that a run that steps pays nothing; the same for every run on this tape.
    contract_ranges: OnceLock<Ranges>,
    mark_ranges: OnceLock<Ranges>,
}

/// Everything a run reads of the world besides its signals. Shared between runs, never changed by one.
#[derive(Clone, Debug)]
pub struct Tape {
    /// The symbols of the run in byte order; the tables below follow it.
    pub symbols: Symbols,
    /// Filters and brackets, one per symbol.
    pub instruments: Vec<Instrument>,
    /// Prices, one per symbol; `None` where nothing was recorded.
    pub series: Vec<Option<Series>>,
}

impl Series {
    /// Aligns what was recorded of one symbol. Mark bars take part only where they have a bar's own open time and
    /// length (D6); any mark bar that opens at a settlement gives that settlement's mark (A5).
    #[must_use]
    pub fn new(
        bars: Bars,
        marks: &[Bars],
        detail: Option<Bars>,
        mut funding: Vec<FundingRecord>,
    ) -> Self {
        for record in &mut funding {
            if record.mark.is_none() {
                record.mark = marks.iter().find_map(|mark| {
                    let row = mark.open_time.binary_search(&record.time).ok()?;
                    Some(mark.open[row])
                });
            }
        }
        let of_length = |mark: &&Bars| {
            let coarse = bars.coarse.iter().map(|stretch| stretch.length);
            mark.interval == bars.interval
                || coarse.into_iter().any(|length| length == mark.interval)
        };
        let fitting: Vec<&Bars> = marks.iter().filter(of_length).collect();
        let mark = (!fitting.is_empty()).then(|| align(&bars, &fitting));
        Self {
            bars,
            mark,
            detail,
            funding,
            contract_ranges: OnceLock::new(),
            mark_ranges: OnceLock::new(),
        }
    }

    /// Contract bars.
    #[must_use]
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Marks aligned to the bars; `None` when no mark bar fits any (the contract stands in throughout).
    #[must_use]
    pub fn mark(&self) -> Option<&MarkColumns> {
        self.mark.as_ref()
    }

    /// Contract lows and highs with their index.
    #[must_use]
    pub fn contract_columns(&self) -> Columns<'_> {
        let Bars { low, high, .. } = &self.bars;
        let ranges = self.contract_ranges.get_or_init(|| Ranges::new(low, high));
        Columns { low, high, ranges }
    }

    /// Mark lows and highs with their index; the contract's where no marks were recorded.
    #[must_use]
    pub fn mark_columns(&self) -> Columns<'_> {
        let Some(MarkColumns { low, high, .. }) = &self.mark else {
            return self.contract_columns();
        };
        let ranges = self.mark_ranges.get_or_init(|| Ranges::new(low, high));
        Columns { low, high, ranges }
    }

    /// The row of the bar that opens exactly at `time`.
    #[must_use]
    pub fn row_at(&self, time: Timestamp) -> Option<usize> {
        let row = self.row_from(time);
        (self.bars.open_time.get(row) == Some(&time)).then_some(row)
    }

    /// The first row that opens at or after `time` (the length when none does).
    #[must_use]
    pub fn row_from(&self, time: Timestamp) -> usize {
        let opens = &self.bars.open_time;
        let Some(first) = opens.first() else { return 0 };
        let interval = self.bars.interval.millis();
        let steps = (time - *first).millis();
        if steps <= 0 {
            return 0;
        }
        // Without gaps the row follows from the time; with gaps it can only lie before that guess.
        let guess = usize::try_from((steps + interval - 1) / interval)
            .unwrap_or(usize::MAX)
            .min(opens.len());
        let exact = guess == 0 || opens[guess - 1] < time;
        if exact && opens.get(guess).is_none_or(|open| *open >= time) {
            return guess;
        }
        opens[..guess].partition_point(|open| *open < time)
    }

    /// The last row whose bar ended at or before `time`: the newest that is known then (T2).
    #[must_use]
    pub fn last_completed(&self, time: Timestamp) -> Option<usize> {
        let row = self
            .row_from(time - self.bars.interval + Span::from_millis(1))
            .checked_sub(1)?;
        // A coarser bar that opened early enough may still be forming; the one before it is not.
        if self.bars.end(row) > time {
            return row.checked_sub(1);
        }
        Some(row)
    }

    /// Contract close of a row's mark: the recorded mark, or the contract where none was.
    #[must_use]
    pub fn mark_close(&self, row: usize) -> Price {
        self.mark
            .as_ref()
            .map_or(self.bars.close[row], |mark| mark.close[row])
    }

    /// Finer bars of the same symbol, for the drill-down.
    #[must_use]
    pub fn detail(&self) -> Option<&Bars> {
        self.detail.as_ref()
    }

    /// Settlements, ascending.
    #[must_use]
    pub fn funding(&self) -> &[FundingRecord] {
        &self.funding
    }
}

fn align(bars: &Bars, marks: &[&Bars]) -> MarkColumns {
    let mut columns = MarkColumns {
        open: bars.open.clone(),
        high: bars.high.clone(),
        low: bars.low.clone(),
        close: bars.close.clone(),
        stand_ins: bars.len(),
    };
    for mark in marks {
        let mut row = 0;
        for (index, time) in bars.open_time.iter().enumerate() {
            while mark.open_time.get(row).is_some_and(|open| open < time) {
                row += 1;
            }
            if mark.open_time.get(row) == Some(time) && bars.length(index) == mark.interval {
                columns.open[index] = mark.open[row];
                columns.high[index] = mark.high[row];
                columns.low[index] = mark.low[row];
                columns.close[index] = mark.close[row];
                columns.stand_ins -= 1;
            }
        }
    }
    columns
}
