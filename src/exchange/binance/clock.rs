//! Where the client takes the time of day from.
//!
//! Not here: the exchange's own time (`offset`); timers, which run on the monotonic clock whatever the time of day.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::domain::time::Timestamp;

/// A clock: the machine's, or whatever a test says.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn machine() -> Self {
        Self::new(machine_now)
    }

    /// A clock that says what a function says.
    #[must_use]
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What it says now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this room that reads the time of day"
)]
fn machine_now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
