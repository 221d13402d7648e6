//! How much is said when: the usual rate, and bursts.
//!
//! Not here: who says it (`exchange`).

use std::time::Duration;

/// Messages a second.
const USUAL: u64 = 5_000;
/// and in a burst.
const BURST: u64 = 50_000;
const BURST_AT: Duration = Duration::from_secs(12);
const BURST_LENGTH: Duration = Duration::from_secs(10);
const BURST_EVERY: Duration = Duration::from_secs(60);

/// When how much is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) length: Duration,
}

impl Plan {
    pub(crate) fn of(seconds: u64) -> Self {
        Self {
            length: Duration::from_secs(seconds),
        }
    }

    pub(crate) fn seconds(&self) -> usize {
        usize::try_from(self.length.as_secs()).expect("not that long")
    }

    /// Whether a moment lies in a burst.
    pub(crate) fn is_burst(&self, after: Duration) -> bool {
        let within = after.as_nanos() % BURST_EVERY.as_nanos();
        let (from, to) = (BURST_AT, BURST_AT + BURST_LENGTH);
        (from.as_nanos()..to.as_nanos()).contains(&within)
    }

    /// Messages due by a moment.
    pub(crate) fn due(&self, after: Duration) -> u64 {
        let after = after.min(self.length);
        let mut burst = Duration::ZERO;
        let mut from = BURST_AT;
        while from < after {
            burst += (after - from).min(BURST_LENGTH);
            from += BURST_EVERY;
        }
        let nanos = |span: Duration, rate: u64| {
            u64::try_from(span.as_nanos() * u128::from(rate) / 1_000_000_000).expect("short")
        };
        nanos(after, USUAL) + nanos(burst, BURST - USUAL)
    }
}
