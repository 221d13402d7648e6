//! At most so many of something within a time.
//!
//! Not here: what is counted.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A sliding window.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    within: Duration,
    taken: VecDeque<Instant>,
}

impl Pace {
    /// At most `most` (above zero) within any stretch of that length.
    pub(super) const fn new(most: usize, within: Duration) -> Self {
        Self {
            most,
            within,
            taken: VecDeque::new(),
        }
    }

    /// The first instant at which there is room, now or later.
    pub(super) fn free_at(&mut self, now: Instant) -> Instant {
        while self
            .taken
            .front()
            .is_some_and(|first| *first + self.within <= now)
        {
            self.taken.pop_front();
        }
        match self.taken.len().checked_sub(self.most) {
            Some(over) => self.taken[over] + self.within,
            None => now,
        }
    }

    /// Books one, whether there is room or not.
    pub(super) fn take(&mut self, now: Instant) {
        self.taken.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stretch_holds_more() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut pace = Pace::new(2, Duration::from_secs(1));
        for (now, free) in [
            (0, 0),
            (100, 100),
            (200, 1_000),
            (1_000, 1_000),
            (1_050, 1_100),
        ] {
            assert_eq!(pace.free_at(at(now)), at(free), "{now}");
            if now == free {
                pace.take(at(now));
            }
        }
    }
}
