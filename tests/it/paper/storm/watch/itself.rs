//! I17, I23, I24, I27: the journal's own order, what the run said of itself, alarms, secrets.
//!
//! Not here: orders and money.

use std::collections::{BTreeMap, BTreeSet};

use confluence::domain::num::Money;
use confluence::journal::entry::{Entry, Recorded};

use super::Case;

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    time_ascends(case, breaches);
    status_is_true(case, breaches);
    no_secret(case, breaches);
    alarms_are_few(case, breaches);
}

/// Instants never go back, over restarts too.
fn time_ascends(case: &Case, breaches: &mut Vec<String>) {
    let heard = case.rows.iter();
    let heard = heard.filter(|row| matches!(row.entry, Entry::Heard(_)));
    let times: Vec<_> = heard.map(|row| (row.at, row.seq)).collect();
    let back = times.windows(2).find(|pair| pair[1].0 < pair[0].0);
    if let Some([(before, _), (at, row)]) = back {
        breaches.push(format!("I17: row {row} is heard at {at}, after {before}"));
    }
}

/// I24: what the run says of itself is what its journal says.
fn status_is_true(case: &Case, breaches: &mut Vec<String>) {
    let Some(status) = &case.played.status else {
        breaches.push("I24: no answer about the status at the end".to_owned());
        return;
    };
    if status["messages_waiting_for_a_price"] != 0 {
        breaches.push(format!(
            "I23: {} messages still wait for a price",
            status["messages_waiting_for_a_price"]
        ));
    }
    let seq = status["journal"]["seq"].as_u64().unwrap_or(0);
    let rows = || case.rows.iter().filter(|row| row.seq <= seq);
    let count = |wanted: fn(&Entry) -> bool| {
        u64::try_from(rows().filter(|row| wanted(&row.entry)).count()).ok()
    };
    let told = [
        ("trades", status["trades"].as_u64()),
        ("starts", status["journal"]["start"].as_u64()),
        ("positions", status["open_positions"].as_u64()),
    ];
    let mut open = BTreeSet::new();
    for row in rows() {
        match &row.entry {
            Entry::Step {
                symbol,
                position: Some(_),
                ..
            } => open.insert(*symbol),
            Entry::Step {
                symbol,
                position: None,
                ..
            } => open.remove(symbol),
            _ => false,
        };
    }
    let recorded = [
        count(|entry| matches!(entry, Entry::Trade(_))),
        count(|entry| matches!(entry, Entry::Boot(_))),
        u64::try_from(open.len()).ok(),
    ];
    for ((what, told), recorded) in told.into_iter().zip(recorded) {
        if told != recorded {
            breaches.push(format!(
                "I24: {what}: {told:?} by the status, {recorded:?} by the journal"
            ));
        }
    }
    let wallet = wallet(rows()).map(|wallet| wallet.to_string());
    if status["wallet_usdt"].as_str() != wallet.as_deref() {
        breaches.push(format!(
            "I24: the wallet is {} by the status, {wallet:?} by the journal",
            status["wallet_usdt"]
        ));
    }
}

/// The wallet after the ledger's lines.
fn wallet<'a>(rows: impl Iterator<Item = &'a Recorded>) -> Option<Money> {
    let amounts = rows.filter_map(|row| match &row.entry {
        Entry::Ledger(line) => Some(line.amount),
        _ => None,
    });
    amounts.reduce(|sum, amount| sum + amount)
}

/// I27: the token of the control port is nowhere in the journal's files.
fn no_secret(case: &Case, breaches: &mut Vec<String>) {
    let secret = case.played.secret.as_bytes();
    if secret.is_empty() {
        breaches.push("I27: there is no token to look for".to_owned());
        return;
    }
    let journal = case.played.journal.display().to_string();
    for end in ["", "-wal"] {
        let bytes = std::fs::read(format!("{journal}{end}")).unwrap_or_default();
        if bytes.windows(secret.len()).any(|part| part == secret) {
            breaches.push(format!("I27: the token is in the journal{end}"));
        }
    }
}

/// I23: an alarm of one kind comes once a minute at most, however often its cause.
fn alarms_are_few(case: &Case, breaches: &mut Vec<String>) {
    let mut seen: BTreeMap<(u64, &str), u64> = BTreeMap::new();
    for row in &case.rows {
        if let Entry::Alarm { code, .. } = &row.entry {
            *seen.entry((row.epoch, code)).or_default() += 1;
        }
    }
    let most = 1 + case.played.took.as_secs() / 60;
    for ((epoch, code), count) in seen {
        if count > most {
            breaches.push(format!("I23: {count} alarms '{code}' in start {epoch}"));
        }
    }
}
