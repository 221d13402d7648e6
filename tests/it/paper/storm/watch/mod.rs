//! The judge: what a schedule left behind, held against the invariants.
//!
//! Not here: playing it (`round`).
//! Invariant: everything is judged from the journal, the answers that senders had, and the sample itself; nothing is
//! believed because the run says so of itself.

mod limits;
mod money;
mod protection;
mod signals;
mod tape;

use confluence::backtest::retrace::Retrace;
use confluence::domain::event::{AccountUpdate, Event};
use confluence::domain::symbol::Symbol;
use confluence::journal::entry::{Entry, Environment, Recorded};
use confluence::journal::reader;
use confluence::journal::store::Store;
use confluence::live::paper::Kept;
use confluence::trader::Trader;

use super::plan::Plan;
use super::round::Played;
use super::tally::Tally;
use crate::paper::parity;
use crate::paper::stage;

/// What is looked at.
struct Case<'a> {
    plan: &'a Plan,
    played: &'a Played,
    rows: Vec<Recorded>,
    names: Vec<Symbol>,
    /// A trader that heard what the journal holds.
    trader: Trader,
    kept: Kept,
}

/// Breaches of invariants, the number of each in front.
pub(super) fn judge(plan: &Plan, played: &Played, tally: &mut Tally) -> Vec<String> {
    let case = match Case::read(plan, played) {
        Ok(case) => case,
        Err(breach) => return vec![breach],
    };
    tally.count(played, &case.rows);
    let mut breaches = Vec::new();
    signals::judge(&case, &mut breaches);
    protection::judge(&case, &mut breaches);
    limits::judge(&case, &mut breaches);
    money::judge(&case, &mut breaches);
    tape::judge(&case, &mut breaches);
    case.time_ascends(&mut breaches);
    case.status_is_true(&mut breaches);
    case.no_secret(&mut breaches);
    case.is_bounded(&mut breaches);
    if plan.is_repeatable() {
        tally.repeated += 1;
        case.equals_a_backtest(&mut breaches);
    }
    breaches
}

impl<'a> Case<'a> {
    /// I4: reads the whole chain and makes every decision again.
    fn read(plan: &'a Plan, played: &'a Played) -> Result<Self, String> {
        let failed = |text: String| format!("I4: {text}");
        let mut retrace = Retrace::default();
        let mut rows = Vec::new();
        let entries = reader::read(&played.journal).map_err(|error| failed(error.to_string()))?;
        for recorded in entries {
            let recorded = recorded.map_err(|error| failed(error.to_string()))?;
            retrace
                .take(&recorded)
                .map_err(|error| failed(error.to_string()))?;
            rows.push(recorded);
        }
        let names = retrace.names().to_vec();
        let (trader, left) = retrace.finish();
        if !left.is_empty() {
            return Err(failed(format!("decisions were never recorded: {left:?}")));
        }
        let trader = trader.ok_or_else(|| failed("nothing was recorded".to_owned()))?;
        if !matches!(
            rows.last(),
            Some(Recorded {
                entry: Entry::Stopped { clean: true },
                ..
            })
        ) {
            return Err(failed("the last row is no clean end".to_owned()));
        }
        let store = Store::open(&played.journal, Environment::Paper)
            .map_err(|error| failed(error.to_string()))?;
        let state = store
            .state()
            .ok_or_else(|| failed("no state was kept".to_owned()))?;
        let kept = rmp_serde::from_slice(state).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            plan,
            played,
            rows,
            names,
            trader,
            kept,
        })
    }

    /// Instants never go back, over restarts too.
    fn time_ascends(&self, breaches: &mut Vec<String>) {
        let heard = self
            .rows
            .iter()
            .filter(|row| matches!(row.entry, Entry::Heard(_)));
        let times: Vec<_> = heard.map(|row| (row.at, row.seq)).collect();
        for pair in times.windows(2) {
            if pair[1].0 < pair[0].0 {
                breaches.push(format!(
                    "I17: row {} is heard at {}, after {}",
                    pair[1].1, pair[1].0, pair[0].0
                ));
                return;
            }
        }
    }

    /// I24: what the run says of itself is what its journal says.
    fn status_is_true(&self, breaches: &mut Vec<String>) {
        let Some(status) = &self.played.status else {
            breaches.push("I24: no answer about the status at the end".to_owned());
            return;
        };
        let seq = status["journal"]["seq"].as_u64().unwrap_or(0);
        let rows = || self.rows.iter().filter(|row| row.seq <= seq);
        let trades = rows()
            .filter(|row| matches!(row.entry, Entry::Trade(_)))
            .count();
        let wallet = rows().rev_wallet();
        let told = (
            status["trades"].as_u64(),
            status["wallet_usdt"].as_str().map(str::to_owned),
        );
        let true_ones = (
            u64::try_from(trades).ok(),
            wallet.map(|wallet| wallet.to_string()),
        );
        if told != true_ones {
            breaches.push(format!(
                "I24: the status says {told:?} trades and wallet, the journal {true_ones:?}"
            ));
        }
        let starts = rows()
            .filter(|row| matches!(row.entry, Entry::Boot(_)))
            .count();
        if status["journal"]["start"].as_u64() != u64::try_from(starts).ok() {
            breaches.push(format!(
                "I24: {starts} starts, the status says {}",
                status["journal"]["start"]
            ));
        }
    }

    /// I27: the token of the control port is nowhere in the journal's files.
    fn no_secret(&self, breaches: &mut Vec<String>) {
        let journal = self.played.journal.display().to_string();
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{journal}{end}")).unwrap_or_default();
            let secret = self.played.secret.as_bytes();
            if secret.is_empty() || bytes.windows(secret.len()).any(|part| part == secret) {
                breaches.push(format!("I27: the token is in the journal{end}"));
            }
        }
    }

    /// I23: an alarm of one kind comes once a minute at most, however often its cause.
    fn is_bounded(&self, breaches: &mut Vec<String>) {
        let mut seen = std::collections::BTreeMap::new();
        for row in &self.rows {
            if let Entry::Alarm { code, .. } = &row.entry {
                *seen.entry((row.epoch, code)).or_insert(0_u32) += 1;
            }
        }
        let most = 1 + u32::try_from(self.played.took.as_secs() / 60).unwrap();
        for ((epoch, code), count) in seen {
            if count > most {
                breaches.push(format!("I23: {count} alarms '{code}' in start {epoch}"));
            }
        }
    }

    /// I26: the same hours in a backtest.
    fn equals_a_backtest(&self, breaches: &mut Vec<String>) {
        let said = stage::said(&self.played.journal);
        let window = (self.plan.from, self.plan.to);
        let (rows, outcome) =
            parity::backtest(&self.plan.play, &self.played.settings, &said, window);
        if let Err(difference) = parity::compare(&said, &rows, &outcome, self.plan.to) {
            breaches.push(format!("I26: {difference}"));
        }
    }

    /// The deposit, and with it the first instant of the account.
    fn opened(&self) -> Option<&Recorded> {
        self.rows.iter().find(|row| {
            matches!(
                row.entry,
                Entry::Heard(Event::Account(AccountUpdate::Opened { .. }))
            )
        })
    }
}

/// The wallet after the ledger's lines.
trait Wallet {
    fn rev_wallet(self) -> Option<confluence::domain::num::Money>;
}

impl<'a, I: Iterator<Item = &'a Recorded>> Wallet for I {
    fn rev_wallet(self) -> Option<confluence::domain::num::Money> {
        self.filter_map(|row| match &row.entry {
            Entry::Ledger(line) => Some(line.amount),
            _ => None,
        })
        .reduce(|sum, amount| sum + amount)
    }
}
