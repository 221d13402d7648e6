//! Counters of the streams.
//!
//! Not here: what is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::exchange::binance::wire::frame::{REASONS, Reason};

/// What was met since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Frames with text, whatever stood in them.
    pub frames: u64,
    /// Events handed on.
    pub events: u64,
    /// Trades that were already known.
    pub duplicates: u64,
    /// Quotes and marks older than what was known.
    pub outdated: u64,
    /// Frames that were not believed, by reason.
    pub refused: Vec<(Reason, u64)>,
    /// Gaps seen.
    pub gaps: u64,
    /// Gaps closed by frames that came late.
    pub repaired_late: u64,
    /// Gaps closed by number.
    pub repaired_by_id: u64,
    /// Gaps closed from bars.
    pub repaired_by_bars: u64,
    /// Trades that came by calls.
    pub trades_fetched: u64,
    /// Gaps that stay open.
    pub lost: u64,
    /// Connections made.
    pub connects: u64,
    /// Connections made again after a break.
    pub reconnects: u64,
    /// Links replaced before their 24 hours.
    pub rotations: u64,
    /// Links replaced because of a dead stream.
    pub stale: u64,
    /// Pings met.
    pub pings: u64,
    /// Beats handed on.
    pub beats: u64,
}

/// The same, while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) frames: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) outdated: AtomicU64,
    refused: [AtomicU64; REASONS.len()],
    pub(crate) gaps: AtomicU64,
    pub(crate) repaired_late: AtomicU64,
    pub(crate) repaired_by_id: AtomicU64,
    pub(crate) repaired_by_bars: AtomicU64,
    pub(crate) trades_fetched: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) connects: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    pub(crate) rotations: AtomicU64,
    pub(crate) stale: AtomicU64,
    pub(crate) pings: AtomicU64,
    pub(crate) beats: AtomicU64,
}

/// Counts one.
pub(crate) fn one(counter: &AtomicU64) {
    more(counter, 1);
}

/// Counts some.
pub(crate) fn more(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn refuse(&self, reason: Reason) {
        one(&self.refused[reason.index()]);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            frames: of(&self.frames),
            events: of(&self.events),
            duplicates: of(&self.duplicates),
            outdated: of(&self.outdated),
            refused: REASONS
                .into_iter()
                .map(|reason| (reason, of(&self.refused[reason.index()])))
                .filter(|(_, count)| *count > 0)
                .collect(),
            gaps: of(&self.gaps),
            repaired_late: of(&self.repaired_late),
            repaired_by_id: of(&self.repaired_by_id),
            repaired_by_bars: of(&self.repaired_by_bars),
            trades_fetched: of(&self.trades_fetched),
            lost: of(&self.lost),
            connects: of(&self.connects),
            reconnects: of(&self.reconnects),
            rotations: of(&self.rotations),
            stale: of(&self.stale),
            pings: of(&self.pings),
            beats: of(&self.beats),
        }
    }
}

impl Stats {
    /// Frames that were not believed for one reason.
    #[must_use]
    pub fn refused_for(&self, reason: Reason) -> u64 {
        self.refused
            .iter()
            .find(|(other, _)| *other == reason)
            .map_or(0, |(_, count)| *count)
    }
}
