//! A symbol's mark at each full second, and the settlement that lies ahead of it.
//!
//! Not here: when seconds are said (`stream`).

use crate::domain::bar::Bar;
use crate::domain::market::NextFunding;
use crate::domain::num::Price;
use crate::domain::time::Timestamp;
use crate::market::tape::{FundingRecord, MarkColumns, Series};

use super::cursor::Cursor;
use super::path::{POINTS, points};

/// Stands in the path before its first bar.
const FILLER: Price = match Price::from_steps(1) {
    Some(price) => price,
    None => unreachable!(),
};

/// What a symbol's mark is now.
#[derive(Clone, Debug)]
pub(super) struct Marker<'a> {
    series: Option<&'a Series>,
    columns: Option<&'a MarkColumns>,
    funding: &'a [FundingRecord],
    /// The first settlement not yet passed.
    ahead: usize,
    /// The row of the mark bar that comes next.
    row: usize,
    /// Points of the mark bar under way.
    path: [(Timestamp, Price); POINTS],
    next_point: usize,
    /// The value of the last point met; `None` while the contract's trades stand in.
    value: Option<Price>,
}

impl<'a> Marker<'a> {
    pub(super) fn new(series: Option<&'a Series>) -> Self {
        Self {
            series,
            columns: series.and_then(Series::mark),
            funding: series.map_or(&[][..], Series::funding),
            ahead: 0,
            row: 0,
            path: [(Timestamp::from_millis(0), FILLER); POINTS],
            next_point: POINTS,
            value: None,
        }
    }

    /// The mark at a second, seconds ascending; `None` while no price of the symbol is known.
    #[inline]
    pub(super) fn at(&mut self, now: Timestamp, contract: &Cursor<'_>) -> Option<Price> {
        if self.columns.is_some() {
            self.pass(now);
        }
        let traded = || match contract.next {
            Some(next) if next.at == now => Some(next.price),
            _ => contract.last,
        };
        self.value.or_else(traded)
    }

    /// The next settlement strictly after a second, seconds ascending.
    #[inline]
    pub(super) fn funding(&mut self, now: Timestamp) -> Option<NextFunding> {
        while self
            .funding
            .get(self.ahead)
            .is_some_and(|record| record.time <= now)
        {
            self.ahead += 1;
        }
        self.funding.get(self.ahead).map(|record| NextFunding {
            at: record.time,
            rate: record.rate,
        })
    }

    /// Takes in every point at or before now.
    fn pass(&mut self, now: Timestamp) {
        loop {
            while self.next_point < POINTS && self.path[self.next_point].0 <= now {
                self.value = Some(self.path[self.next_point].1);
                self.next_point += 1;
            }
            if self.next_point < POINTS || !self.begin(now) {
                return;
            }
        }
    }

    /// Goes to the next mark bar if it opens at or before now.
    fn begin(&mut self, now: Timestamp) -> bool {
        let (Some(series), Some(columns)) = (self.series, self.columns) else {
            return false;
        };
        let bars = series.bars();
        if bars.open_time.get(self.row).is_none_or(|open| *open > now) {
            return false;
        }
        let contract = bars.get(self.row);
        let mark = Bar {
            open: columns.open[self.row],
            high: columns.high[self.row],
            low: columns.low[self.row],
            close: columns.close[self.row],
            ..contract
        };
        if mark == contract {
            // No mark was recorded here (or it was the contract's to the last digit): trades stand in.
            self.value = None;
        } else {
            self.path = points(&mark, bars.length(self.row));
            self.next_point = 0;
        }
        self.row += 1;
        true
    }
}
