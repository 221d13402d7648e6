//! Waiting: for listeners, for those behind, for the machine's clock.
//!
//! Not here: who is behind (`hub`).

use std::time::Duration;

use super::{PING_EVERY, Stage};
use crate::domain::num::{Rate, UNIT};
use crate::domain::time::{Span, Timestamp};
use crate::lookalike::hub::Connections;
use crate::lookalike::wall;

/// How long a listener that answers nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one is waited for that is silent on purpose.
const PATIENCE_SILENT: Duration = Duration::from_secs(15);
/// How long the last pongs are waited for.
const LAST_PONGS: Duration = Duration::from_secs(10);
/// Pings while the tape stands still.
const PING_STANDING: Duration = Duration::from_millis(250);

impl Stage<'_> {
    pub(super) fn ping(&mut self, now: Timestamp) {
        self.shared.hub.lock().ping(now);
        self.pinged = wall::now();
    }

    /// Stands still until something holds of the connections; whether it had to.
    pub(super) fn stand(&mut self, holds: fn(&Connections) -> bool) -> bool {
        let mut stood = false;
        while !self.shared.is_stopped() && !holds(&self.shared.hub.lock()) {
            stood = true;
            if self.pinged.elapsed() >= PING_STANDING {
                self.ping(self.shared.now());
            }
            self.shared.hub.wait(PING_EVERY);
        }
        stood
    }

    /// Waits until every listener has come this far; those who never do are thrown out. `false` when stopped.
    pub(super) fn await_listeners(&mut self, time: Timestamp, frames: u64) -> bool {
        let begun = wall::now();
        while !self.shared.is_stopped() {
            let hub = &self.shared.hub;
            if hub.lock().reached(time, frames, PATIENCE_SILENT) {
                return true;
            }
            if begun.elapsed() > PATIENCE {
                hub.lock().throw_out(time, frames);
            }
            hub.wait(PING_EVERY);
        }
        false
    }

    /// Waits for the pong of everybody who hears, for a while.
    pub(super) fn await_last(&self, to: Timestamp) {
        let begun = wall::now();
        let shared = self.shared;
        let reached = || shared.hub.lock().reached(to, 0, Duration::ZERO);
        while !shared.is_stopped() && !reached() && begun.elapsed() < LAST_PONGS {
            shared.hub.wait(PING_EVERY);
        }
    }
}

/// Running time that passes in a stretch of the machine's time.
pub(super) fn passed(elapsed: Duration, times: Rate) -> Span {
    let micros = i128::try_from(elapsed.as_micros()).unwrap_or(i128::MAX / i128::from(i64::MAX));
    let millis = micros * i128::from(times.steps()) / i128::from(UNIT) / 1_000;
    // A year of running time in one step is more than any tape takes.
    Span::from_millis(
        i64::try_from(millis)
            .unwrap_or(i64::MAX / 4)
            .min(i64::MAX / 4),
    )
}

/// The machine's time that a stretch of running time takes.
pub(super) fn wall_of(span: Span, times: Rate) -> Duration {
    let micros =
        i128::from(span.millis().max(0)) * 1_000 * i128::from(UNIT) / i128::from(times.steps());
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}
