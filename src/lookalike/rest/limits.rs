//! Weight per client and minute, as the exchange counts it: 429 above the limit, 418 for those who go on.
//!
//! Not here: what a call costs.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const MINUTE: i64 = 60_000;
/// Calls after the first 429 of a minute that earn a ban.
const IGNORED_MAX: u32 = 10;
/// The first ban, in ms; each further one doubles.
const BAN: i64 = 120_000;

/// Every client's account.
#[derive(Debug)]
pub(super) struct Limits {
    limit: u32,
    clients: Mutex<BTreeMap<IpAddr, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    minute: i64,
    used: u32,
    /// Calls refused in this minute.
    refused: u32,
    banned_until: i64,
    bans: u32,
}

/// What becomes of a call. Times in ms of the machine's clock, `retry_after` in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    TooMany { retry_after: i64 },
    Banned { until: i64, retry_after: i64 },
}

impl Limits {
    pub(super) const fn new(limit: u32) -> Self {
        Self {
            limit,
            clients: Mutex::new(BTreeMap::new()),
        }
    }

    /// What a client may use in a minute.
    pub(super) const fn weight(&self) -> u32 {
        self.limit
    }

    /// Books a call; the weight used in this minute and what becomes of the call.
    pub(super) fn charge(&self, client: IpAddr, weight: u32, now: i64) -> (u32, Verdict) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let account = clients.entry(client).or_default();
        let minute = now.div_euclid(MINUTE);
        if account.minute != minute {
            account.minute = minute;
            account.used = 0;
            account.refused = 0;
        }
        account.used = account.used.saturating_add(weight);
        let seconds = |until: i64| ((until - now).max(0) + 999) / 1_000;
        if now < account.banned_until {
            let until = account.banned_until;
            let retry_after = seconds(until);
            return (account.used, Verdict::Banned { until, retry_after });
        }
        if account.used <= self.limit {
            return (account.used, Verdict::Fine);
        }
        account.refused += 1;
        if account.refused > IGNORED_MAX {
            account.banned_until = now + (BAN << account.bans.min(10));
            account.bans += 1;
            let until = account.banned_until;
            let retry_after = seconds(until);
            return (account.used, Verdict::Banned { until, retry_after });
        }
        let retry_after = seconds((minute + 1) * MINUTE);
        (account.used, Verdict::TooMany { retry_after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_is_refused_and_going_on_is_banned() {
        let limits = Limits::new(100);
        let client = IpAddr::from([127, 0, 0, 1]);
        let other = IpAddr::from([127, 0, 0, 2]);
        let charge = |client, weight, now| limits.charge(client, weight, now);
        assert_eq!(charge(client, 100, 60_000), (100, Verdict::Fine));
        let refused = Verdict::TooMany { retry_after: 60 };
        assert_eq!(charge(client, 1, 60_000), (101, refused));
        assert_eq!(charge(other, 1, 60_000), (1, Verdict::Fine));
        // A new minute of the clock forgives, whenever the first call of the old one was.
        assert_eq!(charge(client, 1, 120_000), (1, Verdict::Fine));
        charge(client, 100, 120_000);
        for _ in 1..IGNORED_MAX {
            let (_, verdict) = charge(client, 0, 120_000);
            assert!(matches!(verdict, Verdict::TooMany { .. }));
        }
        let banned = Verdict::Banned {
            until: 240_000,
            retry_after: 120,
        };
        assert_eq!(charge(client, 0, 120_000).1, banned);
        assert!(matches!(
            charge(client, 0, 239_999).1,
            Verdict::Banned { .. }
        ));
        assert_eq!(charge(client, 0, 240_000).1, Verdict::Fine);
    }
}
