//! I7 and I13: each UTC day begins once, each settlement is paid once by whoever holds a position then, over restarts
//! and breaks.
//!
//! Not here: how much is paid (`exchange::account`).

use std::collections::BTreeMap;

use confluence::domain::event::{AccountUpdate, Event};
use confluence::domain::fill::LedgerKind;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{Span, Timestamp};
use confluence::journal::entry::Entry;

use super::Case;

/// The sample settles every eight hours.
const SETTLEMENT: i64 = 8 * 3_600_000;
/// What is opened or closed so close to a settlement is not looked at.
const EDGE: Span = Span::from_millis(60_000);

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let Some(opened) = case.opened().map(|row| row.at) else {
        breaches.push("I13: no account was opened".to_owned());
        return;
    };
    let times = case.rows.iter().filter(|row| {
        matches!(
            row.entry,
            Entry::Heard(Event::Account(AccountUpdate::DayStarted { .. }))
        )
    });
    let days: Vec<Timestamp> = times.map(|row| row.at).collect();
    let mut midnights = Vec::new();
    let mut midnight = opened.next_day();
    while midnight < case.plan.to {
        midnights.push(midnight);
        midnight = midnight.next_day();
    }
    if days != midnights {
        breaches.push(format!(
            "I13: days began at {days:?}, midnights are {midnights:?}"
        ));
    }
    settlements(case, breaches);
}

fn settlements(case: &Case, breaches: &mut Vec<String>) {
    let mut paid: BTreeMap<SymbolId, Vec<Timestamp>> = BTreeMap::new();
    // Since when each contract has been held, and the stretches that are over.
    let mut since: BTreeMap<SymbolId, Timestamp> = BTreeMap::new();
    let mut held: Vec<(SymbolId, Timestamp, Timestamp)> = Vec::new();
    for row in &case.rows {
        match &row.entry {
            Entry::Ledger(line) if line.kind == LedgerKind::Funding => {
                paid.entry(line.symbol.unwrap_or(SymbolId::at(0)))
                    .or_default()
                    .push(line.time);
            }
            Entry::Step {
                at,
                symbol,
                position: Some(_),
                ..
            } => {
                since.entry(*symbol).or_insert(*at);
            }
            Entry::Step {
                at,
                symbol,
                position: None,
                ..
            } => {
                held.extend(since.remove(symbol).map(|from| (*symbol, from, *at)));
            }
            _ => {}
        }
    }
    held.extend(
        since
            .into_iter()
            .map(|(symbol, from)| (symbol, from, case.plan.to)),
    );
    for (symbol, from, to) in held {
        let first = (from + EDGE).millis().div_euclid(SETTLEMENT) + 1;
        let last = (to - EDGE).millis().div_euclid(SETTLEMENT);
        for number in first..=last {
            let at = Timestamp::from_millis(number * SETTLEMENT);
            let times = paid.get(&symbol).into_iter().flatten();
            let times = times
                .filter(|time| **time >= at && **time < at + EDGE)
                .count();
            if times != 1 {
                breaches.push(format!(
                    "I7: the settlement of {at} of contract {} was paid {times} times",
                    symbol.index()
                ));
            }
        }
    }
}
