//! Columns of bars, and single bars taken from them.
//!
//! Not here: files they came from, gaps and quality (`market`); fills inside them (`exchange::fills`).
//! Invariant: rows are ascending in open time, every price is positive, low ≤ open, close ≤ high (T2): whoever builds
//! a [`Bars`] has checked it.

use std::ops::Range;

use super::num::{Price, Qty};
use super::time::{Span, Timestamp};

/// One bar: it covers `[open_time, open_time + interval)` and is known at its end, not before (T2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Start of the bar.
    pub open_time: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Base-asset volume; zero means nobody traded (D5).
    pub volume: Qty,
}

/// Rows longer than the rest: coarser bars that stand where no finer one was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coarse {
    /// First row.
    pub from: usize,
    /// First row after.
    pub to: usize,
    /// Their length.
    pub length: Span,
}

/// Bars as columns: one entry per bar, ascending, not overlapping, all columns of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// Length of every bar but those of `coarse`.
    pub interval: Span,
    /// Stretches of longer bars, ascending; mostly none.
    pub coarse: Vec<Coarse>,
    /// Starts.
    pub open_time: Vec<Timestamp>,
    /// First prices.
    pub open: Vec<Price>,
    /// Highest prices.
    pub high: Vec<Price>,
    /// Lowest prices.
    pub low: Vec<Price>,
    /// Last prices.
    pub close: Vec<Price>,
    /// Base-asset volumes.
    pub volume: Vec<Qty>,
}

/// Which rule of T2 a bar breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarError {
    /// The open time is no multiple of the interval.
    #[error("the open time is not on the interval's grid")]
    OffGrid,
    /// The open time is not after the row before it.
    #[error("the open time is not after the row before it")]
    NotAscending,
    /// The low is above the open or the close.
    #[error("the low is above the open or the close")]
    LowTooHigh,
    /// The high is below the open or the close.
    #[error("the high is below the open or the close")]
    HighTooLow,
}

impl Bar {
    /// Checks the rules of T2 that one bar can break alone.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self, interval: Span) -> Result<(), BarError> {
        if self.open_time.millis().rem_euclid(interval.millis()) != 0 {
            return Err(BarError::OffGrid);
        }
        if self.low > self.open.min(self.close) {
            return Err(BarError::LowTooHigh);
        }
        if self.high < self.open.max(self.close) {
            return Err(BarError::HighTooLow);
        }
        Ok(())
    }
}

impl Bars {
    /// No bars of this length.
    #[must_use]
    pub fn new(interval: Span) -> Self {
        Self {
            interval,
            coarse: Vec::new(),
            open_time: Vec::new(),
            open: Vec::new(),
            high: Vec::new(),
            low: Vec::new(),
            close: Vec::new(),
            volume: Vec::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open_time.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open_time.is_empty()
    }

    /// Appends a bar after checking T2.
    ///
    /// # Errors
    /// The first rule broken; nothing is appended then.
    pub fn push(&mut self, bar: Bar) -> Result<(), BarError> {
        bar.check(self.interval)?;
        if self
            .open_time
            .last()
            .is_some_and(|last| *last >= bar.open_time)
        {
            return Err(BarError::NotAscending);
        }
        self.open_time.push(bar.open_time);
        self.open.push(bar.open);
        self.high.push(bar.high);
        self.low.push(bar.low);
        self.close.push(bar.close);
        self.volume.push(bar.volume);
        Ok(())
    }

    /// The bar in a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Bar {
        Bar {
            open_time: self.open_time[row],
            open: self.open[row],
            high: self.high[row],
            low: self.low[row],
            close: self.close[row],
            volume: self.volume[row],
        }
    }

    /// The first instant after the bar in a row; the bar is known from then on.
    #[must_use]
    pub fn end(&self, row: usize) -> Timestamp {
        self.open_time[row] + self.length(row)
    }

    /// How long the bar in a row is.
    #[must_use]
    pub fn length(&self, row: usize) -> Span {
        if self.coarse.is_empty() {
            return self.interval;
        }
        let stretch = self.coarse.partition_point(|stretch| stretch.to <= row);
        match self.coarse.get(stretch) {
            Some(stretch) if stretch.from <= row => stretch.length,
            _ => self.interval,
        }
    }

    /// The bars of some rows.
    ///
    /// # Panics
    /// When they are not all there.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let coarse = self.coarse.iter().filter_map(|stretch| {
            let (from, to) = (stretch.from.max(rows.start), stretch.to.min(rows.end));
            (from < to).then(|| Coarse {
                from: from - rows.start,
                to: to - rows.start,
                length: stretch.length,
            })
        });
        Self {
            interval: self.interval,
            coarse: coarse.collect(),
            open_time: self.open_time[rows.clone()].to_vec(),
            open: self.open[rows.clone()].to_vec(),
            high: self.high[rows.clone()].to_vec(),
            low: self.low[rows.clone()].to_vec(),
            close: self.close[rows.clone()].to_vec(),
            volume: self.volume[rows].to_vec(),
        }
    }

    /// The first row that opens at or after `time` (the length when none does).
    #[must_use]
    pub fn first_at_or_after(&self, time: Timestamp) -> usize {
        self.open_time.partition_point(|open| *open < time)
    }
}
