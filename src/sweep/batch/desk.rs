//! One symbol during a trial: the entry on its way, what rests, and when it must be looked at next.
//!
//! Not here: the order of events (`replay`), money (`exchange::account`).

use crate::domain::num::{Money, Notional, Price, Qty};
use crate::domain::order::{Approved, Direction, OrderId, OrderKind};
use crate::domain::position::Position;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::fills::{Point, Resting};
use crate::exchange::touch::{follow_rows, next_touch};
use crate::market::tape::Series;

/// One symbol.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// The entry on its way.
    pub entry: Option<Entry>,
    /// What rests, in the order it was sent.
    pub resting: Vec<Resting>,
    /// Level of the stop.
    pub stop: Option<Price>,
    /// Where the position is liquidated.
    pub liquidation: Option<Price>,
    /// Stamp of the last fill that closed a position.
    pub last_exit: Option<Timestamp>,
    /// The row that may touch something, if any does.
    pub touch: Option<Touch>,
    followed_row: usize,
}

/// A row that must be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// At its opening point.
    Open(usize),
    /// At its end.
    End(usize),
}

impl Touch {
    /// When.
    #[must_use]
    pub fn at(self, series: &Series) -> Timestamp {
        match self {
            Self::Open(row) => series.open_time(row),
            Self::End(row) => series.end_time(row),
        }
    }
}

/// An entry that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its number.
    pub id: OrderId,
    /// How much.
    pub qty: Qty,
    /// Margin set aside.
    pub reserve: Money,
    /// When it reaches the exchange.
    pub arrival: Timestamp,
    /// Whether it has.
    pub arrived: bool,
}

impl Desk {
    /// Lets an approved order rest.
    pub fn rest(&mut self, approved: &Approved) -> &mut Resting {
        let request = approved.request();
        if let OrderKind::Stop { trigger, .. } = request.kind {
            self.stop = Some(trigger);
        }
        self.resting.push(Resting::new(request));
        let last = self.resting.len() - 1;
        &mut self.resting[last]
    }

    /// Nothing of a position is left.
    pub fn clear(&mut self, closed: Timestamp) {
        self.resting.clear();
        self.stop = None;
        self.liquidation = None;
        self.last_exit = Some(closed);
        self.touch = None;
    }

    /// Trailing stops have seen every row before this one.
    pub fn followed(&mut self, row: usize) {
        self.followed_row = row;
    }

    /// Brings trailing stops up to a row.
    pub fn catch_up(&mut self, series: &Series, row: usize) {
        if self.followed_row < row {
            follow_rows(&mut self.resting, series, self.followed_row, row);
            self.followed_row = row;
        }
    }

    /// Whether nothing fires at an opening point; trailing stops follow it.
    pub fn is_quiet(&mut self, point: Point, direction: Option<Direction>, tick: Price) -> bool {
        let liquidated = match (self.liquidation, direction) {
            (Some(level), Some(Direction::Long)) => point.mark <= level,
            (Some(level), Some(Direction::Short)) => point.mark >= level,
            (_, None) | (None, _) => false,
        };
        let mut quiet = !liquidated;
        for order in &mut self.resting {
            order.follow(point.price(order.watched()));
            quiet &= !order.is_reached(point, tick);
        }
        quiet
    }

    /// Finds the next row at or after `from` that can touch anything of a position. Opening points before `open_from`
    /// are over.
    pub fn search(
        &mut self,
        series: &Series,
        position: &Position,
        from: usize,
        open_from: Timestamp,
    ) {
        self.catch_up(series, from);
        let liquidation = self.liquidation.map(|level| (level, position.direction));
        let row = next_touch(series, from, &self.resting, liquidation);
        self.touch = row.map(|row| {
            if series.open_time(row) >= open_from {
                Touch::Open(row)
            } else {
                Touch::End(row)
            }
        });
    }

    /// Up to the touched row after `from` a position is worth at least this much more than it cost, where that is
    /// known: the contract stays on this side of the stop until it is touched, and so does the mark where it is the
    /// contract.
    #[must_use]
    pub fn least(&self, series: &Series, position: &Position, from: usize) -> Option<Notional> {
        let stop = self.stop.filter(|_| series.mark().is_none())?;
        let last = series.mark_close(from.saturating_sub(1));
        let worst = match position.direction {
            Direction::Long => stop.min(last),
            Direction::Short => stop.max(last),
        };
        Some(position.unrealized(worst))
    }

    /// When to look here next, for whatever reason; `held` says whether there is a position.
    #[must_use]
    pub fn next(&self, series: &Series, held: bool, now: Timestamp) -> Option<Timestamp> {
        let touch = self.touch.map(|touch| touch.at(series));
        let entry = self.entry.and_then(|entry| {
            if !entry.arrived {
                return Some(entry.arrival);
            }
            let soon = entry.arrival.max(now + Span::from_millis(1));
            let row = series.row_from(soon);
            (row < series.len()).then(|| series.open_time(row))
        });
        let records = if held { series.funding() } else { &[] };
        let due = records.partition_point(|record| record.time <= now);
        let funding = records.get(due).map(|record| record.time);
        touch.into_iter().chain(entry).chain(funding).min()
    }
}
