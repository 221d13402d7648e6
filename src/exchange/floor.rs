//! When equity first lies at or below a level while nothing is filled: the search behind the daily loss (S14).
//!
//! Not here: which level that is (`trader::risk`), what happens then (`history`).
//! Invariant: the answer is the first bar end at which it is so, whatever bounds helped to find it.

use crate::domain::num::{Notional, Price};
use crate::domain::order::Direction;
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::tape::{Series, Tape};

/// Stretches no longer than this are looked at bar by bar.
const SHORT: Span = Span::from_millis(8 * 60_000);

/// An account between two events.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Prices.
    pub tape: &'a Tape,
    /// The wallet, exact.
    pub wallet: Notional,
    /// Open positions.
    pub held: &'a [(SymbolId, Position)],
}

impl<'a> Standing<'a> {
    /// The first bar end of any symbol after `after` and at most at `until` at which equity is at or below `level`.
    #[must_use]
    pub fn first_low(
        &self,
        level: Notional,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        if self.bound(after, until) > level {
            return None;
        }
        // What has changed since the last bar end shows at the next one, whosever it is.
        let all = self.tape.series.iter().flatten();
        let first = next_end(all, after).filter(|end| *end <= until)?;
        if self.equity(first) <= level {
            return Some(first);
        }
        self.search(level, first, until)
    }

    fn held(&self) -> impl Iterator<Item = (&'a Series, &'a Position)> {
        let Self { tape, held, .. } = *self;
        held.iter().filter_map(move |(symbol, position)| {
            Some((tape.series[symbol.index()].as_ref()?, position))
        })
    }

    /// Wallet and unrealised profit at the last completed marks (A2).
    fn equity(&self, at: Timestamp) -> Notional {
        let profit = |(series, position): (&Series, &Position)| {
            let row = series.last_completed(at);
            row.map_or(Notional::ZERO, |row| {
                position.unrealized(series.mark_close(row))
            })
        };
        self.held()
            .map(profit)
            .fold(self.wallet, |sum, profit| sum + profit)
    }

    /// At no bar end of a stretch is equity below this.
    fn bound(&self, after: Timestamp, until: Timestamp) -> Notional {
        self.held()
            .map(|(series, position)| worst_profit(series, position, after, until))
            .fold(self.wallet, |sum, profit| sum + profit)
    }

    fn search(&self, level: Notional, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        if after >= until || self.bound(after, until) > level {
            return None;
        }
        if until - after > SHORT {
            let middle = after + Span::from_millis((until - after).millis() / 2);
            let early = self.search(level, after, middle);
            return early.or_else(|| self.search(level, middle, until));
        }
        let mut at = after;
        loop {
            at = next_end(self.held().map(|(series, _)| series), at).filter(|end| *end <= until)?;
            if self.equity(at) <= level {
                return Some(at);
            }
        }
    }
}

/// The next end of a bar after an instant.
fn next_end<'s>(series: impl Iterator<Item = &'s Series>, after: Timestamp) -> Option<Timestamp> {
    let ends = series.filter_map(|series| {
        let row = series.last_completed(after).map_or(0, |row| row + 1);
        (row < series.len()).then(|| series.end_time(row))
    });
    ends.min()
}

/// No bar end of a stretch finds a position worth less than this over its cost.
#[must_use]
pub fn worst_profit(
    series: &Series,
    position: &Position,
    after: Timestamp,
    until: Timestamp,
) -> Notional {
    let Some(last) = series.last_completed(until) else {
        return Notional::ZERO;
    };
    let first = series.last_completed(after);
    let from = first.unwrap_or(0);
    let columns = series.mark_columns();
    let level: Option<Price> = columns.bounds(from, last + 1).map(|(low, high)| {
        if position.direction == Direction::Long {
            low
        } else {
            high
        }
    });
    let profit = level.map_or(Notional::ZERO, |level| position.unrealized(level));
    // Before its first bar a position has no mark and counts as nothing.
    if first.is_none() {
        profit.min(Notional::ZERO)
    } else {
        profit
    }
}
