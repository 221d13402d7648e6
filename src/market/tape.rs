//! Prices of one run in memory: per symbol the bars, marks aligned to them, finer bars, funding and the contract's
//! rules, with an index that answers "which is the first bar from here that touches these levels".
//!
//! Not here: files (`market::klines` and its neighbours), fills (`exchange`).
//! Invariant: an answer of the index is only used to *find* the next event, never to decide anything (W7).

use std::ops::Range;
use std::sync::OnceLock;

use crate::domain::bar::Bars;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Price, Rate};
use crate::domain::symbol::Symbols;
use crate::domain::time::{Span, Timestamp};
use crate::market::ranges::{Columns, Ranges};
use crate::market::window::{Window, rows_of};

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
    segments: Vec<Segment>,
    // Built on first use, so that a run that steps pays nothing; the same for every run on this tape.
    contract_ranges: OnceLock<Ranges>,
    mark_ranges: OnceLock<Ranges>,
}

/// Rows of one length without a gap: times follow from row numbers there, so looking for a row touches no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// First row.
    row: usize,
    /// First row after.
    end: usize,
    /// Start of the first row.
    open: Timestamp,
    /// Length of each.
    length: Span,
}

/// When the bars of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock(Segment);

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
            segments: segments(&bars),
            bars,
            mark,
            detail,
            funding,
            contract_ranges: OnceLock::new(),
            mark_ranges: OnceLock::new(),
        }
    }

    /// What a run over a part of the time would have been given of it.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        let rows = rows_of(&self.bars, window);
        let bars = self.bars.rows(rows.clone());
        let mark = self.mark.as_ref().map(|mark| mark.rows(rows));
        let detail = self.detail.as_ref();
        let detail = detail.map(|detail| detail.rows(rows_of(detail, window)));
        let funding = self.funding.iter();
        Self {
            segments: segments(&bars),
            bars,
            mark,
            detail: detail.filter(|detail| !detail.is_empty()),
            funding: funding
                .filter(|record| window.from <= record.time && record.time <= window.to)
                .copied()
                .collect(),
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
        let segment = self.segment_of(time)?;
        let (steps, rest) = segment.split(time);
        let row = segment.row + steps;
        (rest == 0 && row < segment.end).then_some(row)
    }

    /// The first row that opens at or after `time` (the length when none does).
    #[must_use]
    pub fn row_from(&self, time: Timestamp) -> usize {
        let Some(segment) = self.segment_of(time) else {
            return 0;
        };
        let (steps, rest) = segment.split(time);
        (segment.row + steps + usize::from(rest > 0)).min(segment.end)
    }

    /// The last row whose bar ended at or before `time`: the newest that is known then (T2).
    #[must_use]
    #[inline]
    pub fn last_completed(&self, time: Timestamp) -> Option<usize> {
        let segment = self.segment_of(time)?;
        let (steps, _) = segment.split(time);
        (segment.row + steps).min(segment.end).checked_sub(1)
    }

    /// When the bar in a row opens.
    #[must_use]
    #[inline]
    pub fn open_time(&self, row: usize) -> Timestamp {
        self.segment_at(row).open_time(row)
    }

    /// When the bar in a row ends.
    #[must_use]
    #[inline]
    pub fn end_time(&self, row: usize) -> Timestamp {
        let segment = self.segment_at(row);
        segment.open_time(row) + segment.length
    }

    /// When its bars are, where one stretch without a gap holds them all: series that agree in this have the same row at
    /// any instant.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        match self.segments.as_slice() {
            [only] => Some(Clock(*only)),
            _ => None,
        }
    }

    /// How many bars there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// The last segment that opens at or before a time.
    #[inline]
    fn segment_of(&self, time: Timestamp) -> Option<&Segment> {
        match self.segments.as_slice() {
            [only] => (only.open <= time).then_some(only),
            many => many[..many.partition_point(|segment| segment.open <= time)].last(),
        }
    }

    #[inline]
    fn segment_at(&self, row: usize) -> &Segment {
        let index = match self.segments.as_slice() {
            [_] => 0,
            many => many.partition_point(|segment| segment.end <= row),
        };
        &self.segments[index]
    }

    /// Contract close of a row's mark: the recorded mark, or the contract where none was.
    #[must_use]
    pub fn mark_close(&self, row: usize) -> Price {
        self.mark
            .as_ref()
            .map_or(self.bars.close[row], |mark| mark.close[row])
    }

    /// The mark a settlement happens at (A5): its own, else the last completed one.
    #[must_use]
    pub fn settlement_mark(&self, record: &FundingRecord) -> Option<Price> {
        let completed = || Some(self.mark_close(self.last_completed(record.time)?));
        // Inside the very first bar there is no completed mark: its open is the only price known.
        let first = self.row_from(record.time).saturating_sub(1);
        let opened = || self.bars.open.get(first).copied();
        record.mark.or_else(completed).or_else(opened)
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

impl Segment {
    #[inline]
    fn open_time(&self, row: usize) -> Timestamp {
        let steps = i64::try_from(row - self.row).unwrap_or(i64::MAX);
        self.open + Span::from_millis(steps * self.length.millis())
    }

    /// Whole bars from the segment's start to a time at or after it, and the milliseconds left over.
    #[inline]
    fn split(&self, time: Timestamp) -> (usize, i64) {
        /// Nearly all bars are minutes, and dividing by a constant is several times as fast.
        const MINUTE: i64 = 60_000;
        let since = (time - self.open).millis();
        let length = self.length.millis();
        let steps = if length == MINUTE {
            since / MINUTE
        } else {
            since / length
        };
        (
            usize::try_from(steps).unwrap_or(usize::MAX),
            since - steps * length,
        )
    }
}

impl MarkColumns {
    fn rows(&self, rows: Range<usize>) -> Self {
        Self {
            open: self.open[rows.clone()].to_vec(),
            high: self.high[rows.clone()].to_vec(),
            low: self.low[rows.clone()].to_vec(),
            close: self.close[rows].to_vec(),
            // Only counted when prices are loaded.
            stand_ins: 0,
        }
    }
}

impl Tape {
    /// What a run over a part of the time would have been given: a symbol without a bar in it has none.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        let cut = |series: &Option<Series>| {
            let cut = series.as_ref()?.within(window);
            (!cut.is_empty()).then_some(cut)
        };
        Self {
            symbols: self.symbols.clone(),
            instruments: self.instruments.clone(),
            series: self.series.iter().map(cut).collect(),
        }
    }
}

fn segments(bars: &Bars) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (row, open) in bars.open_time.iter().enumerate() {
        let length = bars.length(row);
        match segments.last_mut() {
            Some(last) if last.length == length && last.open_time(row) == *open => {
                last.end = row + 1
            }
            _ => segments.push(Segment {
                row,
                end: row + 1,
                open: *open,
                length,
            }),
        }
    }
    segments
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
