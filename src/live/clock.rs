//! The one place of a running strategy that reads this machine's clock.
//!
//! Not here: what time decides. Invariant: the exchange's time never runs backwards, whatever is done to the machine's
//! clock: between two measurements it follows the monotonic one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Span, Timestamp};

/// The exchange's time, as far as this machine can tell.
#[derive(Debug)]
pub struct ExchangeClock {
    started: Instant,
    /// Milliseconds of the exchange's time at `started`.
    origin: AtomicI64,
    /// The largest time told so far.
    told: AtomicI64,
}

impl ExchangeClock {
    /// A clock that shows `now` now.
    #[must_use]
    pub fn set_to(now: Timestamp) -> Self {
        Self {
            started: instant(),
            origin: AtomicI64::new(now.millis()),
            told: AtomicI64::new(now.millis()),
        }
    }

    /// The exchange's time; never earlier than told before.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = instant().duration_since(self.started).as_millis();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let now = self.origin.load(Ordering::Relaxed).saturating_add(elapsed);
        let told = self.told.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_millis(now.max(told))
    }

    /// Takes a new measurement: the exchange's time is `ahead` of this machine's.
    pub fn correct(&self, machine: Timestamp, ahead: Span) {
        let elapsed = instant().duration_since(self.started).as_millis();
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        let now = (machine + ahead).millis();
        self.origin
            .store(now.saturating_sub(elapsed), Ordering::Relaxed);
    }
}

/// This machine's time of day.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "the clock of a running strategy is read here and nowhere else"
)]
pub fn machine_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// This machine's monotonic clock.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "the clock of a running strategy is read here and nowhere else"
)]
pub fn instant() -> Instant {
    Instant::now()
}
