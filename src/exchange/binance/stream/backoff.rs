//! Waits before another try: full jitter under a ceiling that doubles.
//!
//! Not here: what is tried.

use std::time::Duration;

use crate::domain::random::Random;

/// The waits of one series of tries.
#[derive(Debug)]
pub(super) struct Backoff {
    random: Random,
    min: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits between nothing and a ceiling that begins at `min` and doubles up to `max`.
    pub(super) const fn new(random: Random, min: Duration, max: Duration) -> Self {
        Self {
            random,
            min,
            max,
            failures: 0,
        }
    }

    /// The last try was worth it.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait before the next try.
    pub(super) fn next(&mut self) -> Duration {
        let doubled = self.min.saturating_mul(1 << self.failures.min(20));
        self.failures = self.failures.saturating_add(1);
        let ceiling = u64::try_from(doubled.min(self.max).as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.random.below(ceiling + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_under_a_ceiling_that_doubles() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(Random::new(7), ms(500), ms(30_000));
        let mut longest = Duration::ZERO;
        for failures in 0..200 {
            let wait = backoff.next();
            let ceiling = ms(500)
                .saturating_mul(1 << failures.min(10))
                .min(ms(30_000));
            assert!(wait <= ceiling, "{failures}: {wait:?}");
            longest = longest.max(wait);
        }
        assert!(longest > ms(25_000));
        backoff.reset();
        assert!(backoff.next() <= ms(500));
    }
}
