//! What was written and how long the disk took for it. The only clock of this room; no decision hangs on it.
//!
//! Not here: when anything happened (`domain::time` stamps come from the caller).

use std::time::{Duration, Instant};

/// Figures of one opening of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows committed.
    pub rows: u64,
    /// Bytes of their texts and of kept states.
    pub bytes: u64,
    /// Commits that reached the disk.
    pub commits: u64,
    /// Commits that failed.
    pub failed: u64,
    /// Time all commits took, the disk's own sync included.
    pub commit_time: Duration,
    /// The last commit's.
    pub commit_last: Duration,
    /// The longest commit's.
    pub commit_longest: Duration,
}

impl Written {
    /// Books a commit that reached the disk.
    pub(super) fn committed(&mut self, rows: u64, bytes: u64, took: Duration) {
        self.rows += rows;
        self.bytes += bytes;
        self.commits += 1;
        self.commit_time += took;
        self.commit_last = took;
        self.commit_longest = self.commit_longest.max(took);
    }
}

/// Starts a stopwatch.
#[allow(
    clippy::disallowed_methods,
    reason = "measures the disk, for figures alone"
)]
pub(super) fn stopwatch() -> Instant {
    Instant::now()
}
