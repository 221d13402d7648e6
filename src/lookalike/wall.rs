//! The machine's clock: pacing, minutes of the weight limit. The only place of the look-alike that reads it.
//!
//! Not here: the running time (`stage`), which hangs on this only in timed modes.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, for distances.
#[allow(
    clippy::disallowed_methods,
    reason = "pacing follows the machine's clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970 by the machine's clock.
#[allow(
    clippy::disallowed_methods,
    reason = "weights count per minute of real time"
)]
pub(super) fn millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
