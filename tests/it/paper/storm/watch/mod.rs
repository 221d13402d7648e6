//! The judge: what a schedule left behind, held against the invariants.
//!
//! Not here: playing it (`round`).
//! Invariant: everything is judged from the journal, the answers that senders had, and the sample itself; nothing is
//! believed because the run says so of itself.

mod calendar;
mod itself;
mod limits;
mod money;
mod protection;
mod repeat;
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

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) plan: Plan,
    pub(super) played: Played,
    pub(super) rows: Vec<Recorded>,
    pub(super) names: Vec<Symbol>,
    /// A trader that heard what the journal holds.
    pub(super) trader: Trader,
    /// What the exchange's state was at the end.
    state: Vec<u8>,
}

impl Case {
    /// I4: reads the whole chain and makes every decision again.
    pub(super) fn read(plan: &Plan, played: &Played) -> Result<Self, String> {
        let failed = |text: String| format!("I4: {text}");
        let entries = reader::read(&played.journal).map_err(|error| failed(error.to_string()))?;
        let rows: Result<Vec<Recorded>, _> = entries.collect();
        let rows = rows.map_err(|error| failed(error.to_string()))?;
        let (trader, names) = retraced(&rows)?;
        let store = Store::open(&played.journal, Environment::Paper);
        let store = store.map_err(|error| failed(error.to_string()))?;
        let state = store.state();
        let state = state.ok_or_else(|| failed("no state was kept".to_owned()))?;
        Ok(Self {
            plan: plan.clone(),
            played: played.clone(),
            rows,
            names,
            trader,
            state: state.to_vec(),
        })
    }

    /// Breaches of invariants, the number of each in front; and whether a backtest was compared.
    pub(super) fn judge(&self) -> (Vec<String>, bool) {
        let mut breaches = Vec::new();
        breaches.extend(retraced(&self.rows).err());
        signals::judge(self, &mut breaches);
        protection::judge(self, &mut breaches);
        limits::judge(self, &mut breaches);
        money::judge(self, &mut breaches);
        tape::judge(self, &mut breaches);
        calendar::judge(self, &mut breaches);
        itself::judge(self, &mut breaches);
        let compared = self.plan.is_repeatable() && repeat::judge(self, &mut breaches);
        (breaches, compared)
    }

    fn kept(&self) -> Kept {
        rmp_serde::from_slice(&self.state).expect("invariant: it was written by this version")
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

    /// Whether the run was ever away.
    fn was_away(&self) -> bool {
        self.played.deaths + self.played.stops > 0
    }
}

/// I4: every decision made again; the trader then.
fn retraced(rows: &[Recorded]) -> Result<(Trader, Vec<Symbol>), String> {
    let mut retrace = Retrace::default();
    for row in rows {
        retrace.take(row).map_err(|error| format!("I4: {error}"))?;
    }
    if !matches!(
        rows.last().map(|row| &row.entry),
        Some(Entry::Stopped { clean: true })
    ) {
        return Err("I4: the last row is no clean end".to_owned());
    }
    let names = retrace.names().to_vec();
    let (trader, left) = retrace.finish();
    if !left.is_empty() {
        return Err(format!("I4: decisions were never recorded: {left:?}"));
    }
    let trader = trader.ok_or("I4: nothing was recorded")?;
    Ok((trader, names))
}
