//! When equity first lies at or below a level while nothing is filled: the search behind the daily loss (S14).
//!
//! Not here: which level that is (`trader::risk`), what happens then (`history`).
//! Invariant: the answer is the first bar end at which it is so, whatever bounds helped to find it.

use crate::domain::num::Notional;
use crate::domain::order::Direction;
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::ranges::{Columns, STOREYS};
use crate::market::tape::{Clock, Series, Tape};

/// An account between two events.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Prices.
    pub tape: &'a Tape,
    /// The wallet, exact.
    pub wallet: Notional,
    /// Open positions.
    pub held: &'a [Stake<'a>],
}

/// An open position and its prices.
#[derive(Clone, Copy, Debug)]
pub struct Stake<'a> {
    /// The contract.
    pub symbol: SymbolId,
    /// The position.
    pub position: Position,
    /// What it cannot be worth less than over its cost for as long as it is searched, where that is known.
    pub least: Option<Notional>,
    series: &'a Series,
    marks: Columns<'a>,
    clock: Option<Clock>,
}

/// The last completed row of one series after another at one instant: looked up once where their bars are at the same
/// times.
struct Rows {
    at: Timestamp,
    last: Option<(Clock, Option<usize>)>,
}

impl Rows {
    const fn at(at: Timestamp) -> Self {
        Self { at, last: None }
    }

    /// The row of a stake, and whether its bars are at the times of the one asked for before.
    fn of(&mut self, stake: &Stake<'_>) -> (Option<usize>, bool) {
        match (stake.clock, self.last) {
            (Some(clock), Some((same, row))) if clock == same => (row, true),
            (clock, _) => {
                let row = stake.series.last_completed(self.at);
                self.last = clock.map(|clock| (clock, row));
                (row, false)
            }
        }
    }
}

/// What positions are worth over their cost at their last completed marks (A2): nothing before the first.
#[must_use]
pub fn profits(stakes: &[Stake<'_>], at: Timestamp) -> Notional {
    let mut rows = Rows::at(at);
    stakes.iter().fold(Notional::ZERO, |sum, stake| {
        let (row, _) = rows.of(stake);
        row.map_or(sum, |row| {
            sum + stake.position.unrealized(stake.series.mark_close(row))
        })
    })
}

impl<'a> Stake<'a> {
    /// A position of which nothing more is known.
    #[must_use]
    pub fn new(symbol: SymbolId, position: Position, series: &'a Series) -> Self {
        Self {
            symbol,
            position,
            least: None,
            series,
            marks: series.mark_columns(),
            clock: series.clock(),
        }
    }

    /// What it has become.
    pub const fn now(&mut self, position: Position) {
        self.position = position;
        self.least = None;
    }

    /// With the last completed mark in a row, it is not worth less than this as long as the mark is in the same block
    /// of bars; the row after that block.
    fn bound(&self, row: Option<usize>, storey: usize) -> (Notional, usize) {
        // Before its first bar a position has no mark and counts as nothing.
        let Some(row) = row else {
            return (Notional::ZERO, 0);
        };
        let (low, high, after) = self.marks.block(storey, row);
        let worst = self.position.unrealized(match self.position.direction {
            Direction::Long => low,
            Direction::Short => high,
        });
        (self.least.map_or(worst, |least| least.max(worst)), after)
    }

    /// Until when the last completed row is before another.
    fn before(&self, row: usize) -> Option<Timestamp> {
        (row < self.series.len()).then(|| self.series.end_time(row) - MOMENT)
    }
}

/// How far a search has come since the account last changed; it goes no further than it is asked to.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// No bar end up to this finds equity at or below the level.
    safe: Timestamp,
    /// Whether no bar has ended since the change.
    fresh: bool,
    /// The size of block that may do next; only speed hangs on it.
    storey: usize,
    /// Blocks of this size that did one after another.
    done: u8,
}

/// So many blocks of a size, and a larger one is tried: eight of them are one, and a try costs as much as each.
const PATIENCE: u8 = 3;

impl Watch {
    /// Nothing is known of what comes after an instant.
    #[must_use]
    pub const fn after(instant: Timestamp) -> Self {
        Self {
            safe: instant,
            fresh: true,
            storey: STOREYS - 2,
            done: 0,
        }
    }

    /// Forgets what is known: the account or the level has changed.
    pub const fn restart(&mut self, instant: Timestamp) {
        self.safe = instant;
        self.fresh = true;
    }

    /// Takes over what is known from elsewhere: no bar end up to an instant finds equity at or below the level.
    pub const fn trust(&mut self, until: Timestamp) {
        self.safe = until;
        self.fresh = false;
    }

    /// Whether equity is known to be above the level at a bar end.
    #[must_use]
    pub fn knows(&self, end: Timestamp) -> bool {
        end <= self.safe
    }
}

const MOMENT: Span = Span::from_millis(1);

impl Standing<'_> {
    /// The first bar end of any symbol after `after` and at most at `until` at which equity is at or below `level`.
    #[must_use]
    pub fn first_low(
        &self,
        level: Notional,
        after: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        self.search(level, &mut Watch::after(after), until)
    }

    /// As [`Self::first_low`], from where an earlier search of the same account and level ended.
    pub fn search(
        &self,
        level: Notional,
        watch: &mut Watch,
        until: Timestamp,
    ) -> Option<Timestamp> {
        while watch.safe < until {
            let (least, known) = self.bound(watch.safe + MOMENT, watch.storey);
            if least > level {
                watch.trust(known);
                watch.done += 1;
                if watch.done == PATIENCE {
                    watch.storey = (watch.storey + 1).min(STOREYS - 1);
                    watch.done = 0;
                }
            } else if watch.storey > 0 {
                watch.storey -= 1;
                watch.done = 0;
            } else {
                let end = self.next_end(*watch).filter(|end| *end <= until)?;
                if self.equity(end) <= level {
                    return Some(end);
                }
                watch.trust(end);
            }
        }
        None
    }

    /// Wallet and unrealised profit.
    fn equity(&self, at: Timestamp) -> Notional {
        self.wallet + profits(self.held, at)
    }

    /// Equity is not below this at `from`, and until when that holds.
    fn bound(&self, from: Timestamp, storey: usize) -> (Notional, Timestamp) {
        let mut rows = Rows::at(from);
        let mut least = self.wallet;
        // Without a position nothing ever changes.
        let mut known = Timestamp::from_millis(i64::MAX);
        for stake in self.held {
            let (row, same) = rows.of(stake);
            let (worst, after) = stake.bound(row, storey);
            least += worst;
            if !same {
                known = stake.before(after).map_or(known, |until| known.min(until));
            }
        }
        (least, known)
    }

    /// The next bar end. What has changed since the last one shows at the next, whosever it is; later ones matter only
    /// where a position is.
    fn next_end(&self, watch: Watch) -> Option<Timestamp> {
        let end = |series: &Series| {
            let row = series.last_completed(watch.safe).map_or(0, |row| row + 1);
            (row < series.len()).then(|| series.end_time(row))
        };
        if watch.fresh {
            self.tape.series.iter().flatten().filter_map(end).min()
        } else {
            let series = self.held.iter().map(|stake| stake.series);
            series.filter_map(end).min()
        }
    }
}
