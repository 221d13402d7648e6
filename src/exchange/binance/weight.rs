//! How much of the exchange's patience is used: weight of the running minute, and times in which nothing may be sent.
//!
//! Not here: sending (`rest`).
//! Invariants: after a 429 or a 418 nothing leaves before its end; reads stop at three quarters of the minute's weight,
//! so that the rest stays for what protects positions.

use crate::domain::time::{Span, Timestamp};

/// Weight per minute when the exchange has not said another.
pub const USUAL_LIMIT: u32 = 2_400;
/// The exchange counts by its own clock: we begin a minute so much later.
const MINUTE_MARGIN_MS: i64 = 1_000;
/// A ban without a stated end; the shortest that is documented.
const BAN_MS: i64 = 120_000;
/// The longest ban that is documented; whatever is said beyond it is not believed.
const BAN_MS_MAX: i64 = 3 * 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// The account of one address.
#[derive(Clone, Debug)]
pub struct Ledger {
    limit: u32,
    minute: i64,
    /// By the last header of the minute, or our own count.
    used: u32,
    /// Sent and not answered.
    flying: u32,
    closed_until: Option<Timestamp>,
}

/// How the exchange turned a call down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// 429: a limit was broken.
    TooMany,
    /// 418: the address is banned.
    Banned,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            limit: USUAL_LIMIT,
            minute: i64::MIN,
            used: 0,
            flying: 0,
            closed_until: None,
        }
    }
}

impl Ledger {
    /// Takes the limit that the exchange states, above zero.
    pub const fn set_limit(&mut self, limit: u32) {
        if limit > 0 {
            self.limit = limit;
        }
    }

    /// Weight used in the running minute, calls in flight included.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used.saturating_add(self.flying)
    }

    /// Until when nothing may be sent, if that lies ahead.
    #[must_use]
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.closed_until.filter(|until| now < *until)
    }

    /// Asks to send a call of so much weight: it is booked, or the time to ask again is said.
    ///
    /// # Errors
    /// The instant before which it may not be sent.
    pub fn take(&mut self, now: Timestamp, weight: u32) -> Result<(), Timestamp> {
        if let Some(until) = self.closed_until(now) {
            return Err(until);
        }
        self.turn(now);
        let share = self.limit / 4 * 3;
        // A single call that is heavier than the share is let through in a fresh minute.
        if weight > 0 && self.used() > 0 && self.used().saturating_add(weight) > share {
            return Err(next_minute(now));
        }
        self.flying = self.flying.saturating_add(weight);
        Ok(())
    }

    /// A call came back, with the header's count if it had one.
    pub fn back(&mut self, now: Timestamp, weight: u32, header: Option<u32>) {
        self.turn(now);
        self.flying = self.flying.saturating_sub(weight);
        self.used = header.unwrap_or_else(|| self.used.saturating_add(weight));
    }

    /// The exchange turned a call down: until when nothing may be sent. A later end stands.
    pub fn refused(
        &mut self,
        now: Timestamp,
        how: Refused,
        retry_after: Option<u64>,
        banned_until: Option<Timestamp>,
    ) -> Timestamp {
        let by_header = retry_after
            .and_then(|seconds| i64::try_from(seconds).ok())
            .and_then(|seconds| seconds.checked_mul(1_000))
            .map(|millis| now + Span::from_millis(millis.clamp(1_000, BAN_MS_MAX)));
        let by_text = banned_until
            .filter(|until| *until > now)
            .map(|until| until.min(now + Span::from_millis(BAN_MS_MAX)));
        let end = match (by_header.max(by_text), how) {
            (Some(said), _) => said,
            (None, Refused::TooMany) => next_minute(now),
            (None, Refused::Banned) => now + Span::from_millis(BAN_MS),
        };
        let end = self.closed_until.map_or(end, |before| before.max(end));
        self.closed_until = Some(end);
        end
    }

    fn turn(&mut self, now: Timestamp) {
        let minute = minute_of(now);
        if minute != self.minute {
            self.minute = minute;
            self.used = 0;
        }
    }
}

const fn minute_of(now: Timestamp) -> i64 {
    (now.millis() - MINUTE_MARGIN_MS).div_euclid(MINUTE_MS)
}

const fn next_minute(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((minute_of(now) + 1) * MINUTE_MS + MINUTE_MARGIN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_790_000_040_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(START + millis)
    }

    #[test]
    fn reads_stop_at_three_quarters_and_begin_again_in_the_next_minute() {
        let mut ledger = Ledger::default();
        let mut sent = 0;
        while ledger.take(at(1_000), 20).is_ok() {
            ledger.back(at(1_000), 20, None);
            sent += 1;
        }
        assert_eq!(sent, 90);
        assert_eq!(ledger.take(at(1_010), 1), Err(at(61_000)));
        assert_eq!(ledger.take(at(60_999), 1), Err(at(61_000)));
        // Calls that weigh nothing have a pool of their own.
        assert_eq!(ledger.take(at(1_010), 0), Ok(()));
        assert_eq!(ledger.take(at(61_000), 20), Ok(()));
        // What others used from the same address counts by the header.
        ledger.back(at(61_100), 20, Some(1_799));
        assert_eq!(ledger.take(at(61_200), 20), Err(at(121_000)));
        ledger.set_limit(6_000);
        assert_eq!(ledger.take(at(61_200), 20), Ok(()));
        assert_eq!(ledger.used(), 1_819);
    }

    #[test]
    fn nothing_leaves_before_a_refusal_ends() {
        let mut ledger = Ledger::default();
        let told = ledger.refused(at(5), Refused::TooMany, Some(7), None);
        assert_eq!(told, at(7_005));
        assert_eq!(ledger.take(at(7_004), 0), Err(at(7_005)));
        assert_eq!(ledger.take(at(7_005), 1), Ok(()));
        let untold = ledger.refused(at(8_000), Refused::TooMany, None, None);
        assert_eq!(untold, at(61_000));
        let banned = ledger.refused(at(9_000), Refused::Banned, None, Some(at(200_000)));
        assert_eq!(banned, at(200_000));
        // A shorter one does not open what is closed for longer.
        let shorter = ledger.refused(at(10_000), Refused::TooMany, Some(1), None);
        assert_eq!(shorter, at(200_000));
        let mut other = Ledger::default();
        assert_eq!(
            other.refused(at(0), Refused::Banned, None, None),
            at(BAN_MS)
        );
        // A century is not believed.
        let far = other.refused(
            at(0),
            Refused::Banned,
            Some(u64::MAX),
            Some(at(i64::MAX / 2)),
        );
        assert_eq!(far, at(BAN_MS_MAX));
    }
}
