//! Prices of one run in memory: per symbol the bars, marks aligned to them, finer bars, funding and the contract's
//! rules, with an index that answers "which is the first bar from here that touches these levels".
//!
//! Not here: files (`market::klines` and its neighbours), fills (`exchange`).
//! Invariant: an answer of the index is only used to *find* the next event, never to decide anything (W7).

use crate::domain::bar::Bars;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Price, Rate};
use crate::domain::symbol::Symbols;
use crate::domain::time::Timestamp;

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
        let mark = marks
            .iter()
            .find(|mark| mark.interval == bars.interval)
            .map(|mark| align(&bars, mark));
        Self {
            bars,
            mark,
            detail,
            funding,
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

fn align(bars: &Bars, mark: &Bars) -> MarkColumns {
    let mut columns = MarkColumns {
        open: bars.open.clone(),
        high: bars.high.clone(),
        low: bars.low.clone(),
        close: bars.close.clone(),
        stand_ins: 0,
    };
    let mut row = 0;
    for (index, time) in bars.open_time.iter().enumerate() {
        while mark.open_time.get(row).is_some_and(|open| open < time) {
            row += 1;
        }
        if mark.open_time.get(row) == Some(time) {
            columns.open[index] = mark.open[row];
            columns.high[index] = mark.high[row];
            columns.low[index] = mark.low[row];
            columns.close[index] = mark.close[row];
        } else {
            columns.stand_ins += 1;
        }
    }
    columns
}
