//! How long something took, counted in buckets: quantiles of a whole run in a few kilobytes.
//!
//! Not here: the clock (`clock`), what is measured (`paper`), any decision: nothing hangs on these figures.
//! Invariant: the memory of a gauge never grows; a quantile is never smaller than the real one and at most an eighth larger.

use std::time::Duration;

use serde_json::{Value, json};

/// Buckets of one doubling, as a power of two.
const FINE: u32 = 3;
/// The same as a number.
const PER_DOUBLING: u64 = 1 << FINE;
/// Enough for every length in nanoseconds that 64 bits hold.
const BUCKETS: usize = (64 - FINE as usize + 1) << FINE;

/// Lengths of time, counted.
#[derive(Clone, Debug)]
pub struct Gauge {
    buckets: Vec<u64>,
    count: u64,
    longest: Duration,
}

impl Default for Gauge {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS],
            count: 0,
            longest: Duration::ZERO,
        }
    }
}

impl Gauge {
    /// Counts one.
    pub fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.longest = self.longest.max(took);
    }

    /// How many were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest of all.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// The length that so many of a thousand do not exceed, rounded up by at most an eighth; zero when nothing was
    /// counted.
    #[must_use]
    pub fn quantile(&self, of_thousand: u64) -> Duration {
        let wanted = u128::from(self.count) * u128::from(of_thousand.min(1_000));
        let mut passed = 0_u128;
        for (index, count) in self.buckets.iter().enumerate() {
            passed += u128::from(*count) * 1_000;
            if passed >= wanted && passed > 0 {
                return Duration::from_nanos(last_of(index)).min(self.longest);
            }
        }
        Duration::ZERO
    }

    /// The figures as they are told, in microseconds.
    #[must_use]
    pub fn told(&self) -> Value {
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        json!({
            "count": self.count,
            "p50": micros(self.quantile(500)),
            "p99": micros(self.quantile(990)),
            "max": micros(self.longest),
        })
    }
}

/// The bucket of a length: one for each nanosecond at first, then [`PER_DOUBLING`] of a doubling.
fn bucket(nanos: u64) -> usize {
    if nanos < PER_DOUBLING {
        return usize::try_from(nanos).unwrap_or(0);
    }
    let doublings = nanos.ilog2() - FINE;
    let within = (nanos >> doublings) - PER_DOUBLING;
    let index = (u64::from(doublings) + 1) * PER_DOUBLING + within;
    usize::try_from(index).map_or(BUCKETS - 1, |index| index.min(BUCKETS - 1))
}

/// The longest length of a bucket, in nanoseconds.
fn last_of(index: usize) -> u64 {
    let index = index as u64;
    if index < PER_DOUBLING {
        return index;
    }
    let doublings = index / PER_DOUBLING - 1;
    let within = index % PER_DOUBLING + PER_DOUBLING;
    let beyond = (u128::from(within) + 1) << doublings;
    u64::try_from(beyond - 1).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_an_eighth_too_long() {
        let mut looked = 0;
        for power in 0..64_u32 {
            for offset in [0_u64, 1, 3, 1 << power.saturating_sub(2)] {
                let nanos = (1_u64 << power).saturating_add(offset);
                let last = last_of(bucket(nanos));
                assert!(last >= nanos && last - nanos <= nanos / 8, "{nanos} {last}");
                looked += 1;
            }
        }
        println!("gauge: {looked} lengths in {BUCKETS} buckets");
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_follow_what_was_counted() {
        let mut gauge = Gauge::default();
        assert_eq!(gauge.quantile(990), Duration::ZERO);
        for micros in 1..=1_000 {
            gauge.add(Duration::from_micros(micros));
        }
        let [half, most] = [500, 990].map(|of| gauge.quantile(of).as_micros());
        assert!((500..=562).contains(&half), "{half}");
        assert!((990..=1_000).contains(&most), "{most}");
        assert_eq!(gauge.quantile(1_000), gauge.longest());
        assert_eq!(
            (gauge.count(), gauge.longest()),
            (1_000, Duration::from_millis(1))
        );
        assert_eq!(gauge.told()["max"], 1_000);
    }
}
