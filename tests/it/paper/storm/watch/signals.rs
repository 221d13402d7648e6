//! I18: a message that was acknowledged is in the journal, and heard exactly once; nothing bad ever is.
//!
//! Not here: what a message leads to (`limits`).

use std::collections::{BTreeMap, BTreeSet};

use confluence::domain::event::Event;
use confluence::domain::time::{Span, Timestamp};
use confluence::journal::entry::Entry;

use super::Case;

/// Longest time of the tape from taking a message to hearing it.
const LATE: Span = Span::from_millis(120_000);

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let mut heard: BTreeMap<&str, u32> = BTreeMap::new();
    for row in &case.rows {
        match &row.entry {
            Entry::Taken { id, .. } => {
                if let Some(before) = taken.insert(id, row.seq) {
                    breaches.push(format!(
                        "I18: {id} is taken in rows {before} and {}",
                        row.seq
                    ));
                }
            }
            Entry::Heard(Event::Signal { signal, .. }) => {
                let id: &str = &signal.id;
                *heard.entry(id).or_default() += 1;
                if !taken.contains_key(id) {
                    breaches.push(format!(
                        "I18: {id} is heard in row {} and was never taken",
                        row.seq
                    ));
                }
            }
            _ => {}
        }
    }
    for (id, seq) in &taken {
        let times = heard.get(id).copied().unwrap_or(0);
        if times != 1 {
            breaches.push(format!(
                "I18: {id}, taken in row {seq}, is settled {times} times"
            ));
        }
    }
    prompt(case, breaches);
    answers(case, &taken, breaches);
    delivered(case, &taken, breaches);
}

/// I25: between a message and its hearing lies what a first price takes, or a break; never more.
fn prompt(case: &Case, breaches: &mut Vec<String>) {
    let mut had: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for row in &case.rows {
        match &row.entry {
            Entry::Taken { id, arrived, .. } => {
                had.insert(id, *arrived);
            }
            Entry::Heard(Event::Signal { signal, .. }) => {
                let Some(arrived) = had.get(&*signal.id) else {
                    continue;
                };
                let late = row.at - *arrived;
                if late > LATE || row.at < *arrived || signal.received_time != row.at {
                    breaches.push(format!(
                        "I25: {} was had at {arrived} and heard at {}",
                        signal.id, row.at
                    ));
                }
            }
            _ => {}
        }
    }
}

/// What senders were told.
fn answers(case: &Case, taken: &BTreeMap<&str, u64>, breaches: &mut Vec<String>) {
    let good: BTreeSet<&str> = case
        .played
        .answers
        .iter()
        .filter(|line| !line.bad)
        .filter_map(|line| line.id.as_deref())
        .collect();
    for line in &case.played.answers {
        let id = line.id.as_deref().unwrap_or("");
        if line.bad && !good.contains(id) && taken.contains_key(id) {
            breaches.push(format!("I18: {id} should never have been taken"));
        }
        let Some(answer) = &line.answer else { continue };
        let reason = answer["reason"].as_str().unwrap_or("");
        if answer["ok"] == true {
            if line.bad {
                breaches.push(format!("I18: a bad line was acknowledged: {answer}"));
            } else if taken.get(id).copied() != answer["seq"].as_u64() {
                breaches.push(format!(
                    "I18: {id} was acknowledged as {answer}, the journal has {:?}",
                    taken.get(id)
                ));
            }
        } else if matches!(reason, "duplicate" | "conflict") && !taken.contains_key(id) {
            breaches.push(format!(
                "I18: {id} was answered '{reason}' and is not in the journal"
            ));
        } else if reason == "conflict" && !conflicts(case, id) {
            breaches.push(format!(
                "I18: {id} was answered 'conflict' and came with one content only"
            ));
        }
    }
}

/// Whether a message was sent with two contents.
fn conflicts(case: &Case, id: &str) -> bool {
    let lines = case.plan.pranks.iter().flat_map(|prank| &prank.lines);
    let contents: BTreeSet<&[u8]> = lines
        .filter(|line| line.id.as_deref() == Some(id))
        .map(|line| line.bytes.as_slice())
        .collect();
    contents.len() > 1
}

/// I25: the market server's own sender goes on until it is answered, so everything it had was taken.
fn delivered(case: &Case, taken: &BTreeMap<&str, u64>, breaches: &mut Vec<String>) {
    for signal in &case.plan.play.signals {
        let due = signal.received_time.unwrap_or(signal.event_time);
        if due < case.plan.to && !taken.contains_key(&*signal.id) {
            breaches.push(format!("I25: {} was never taken", signal.id));
        }
    }
    let counts = case.played.summary.signals;
    if counts.failed > 0 || counts.refused > 0 {
        breaches.push(format!("I25: the market server's signals: {counts:?}"));
    }
    if !case.played.summary.complete {
        breaches.push("I25: the tape did not reach its end".to_owned());
    }
}
