//! What all schedules met together.
//!
//! Not here: judging (`watch`).

use std::collections::BTreeMap;

use confluence::domain::event::Event;
use confluence::domain::order::Purpose;
use confluence::journal::entry::{Entry, SaidCommand};

use super::watch::Case;
use super::weather::Weather;

/// Counts by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) schedules: u64,
    /// Held against a backtest.
    pub(super) repeated: u64,
    faults: BTreeMap<String, u64>,
    answers: BTreeMap<String, u64>,
    met: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn count(&mut self, case: &Case, compared: bool) {
        let Case { played, rows, .. } = case;
        self.schedules += 1;
        self.repeated += u64::from(compared);
        for (kind, count) in &played.summary.faults {
            *self.faults.entry((*kind).to_owned()).or_default() += count;
        }
        for line in &played.answers {
            let word = match &line.answer {
                None => "unanswered",
                Some(answer) if answer["ok"] == true => "accepted",
                Some(answer) => answer["reason"]
                    .as_str()
                    .unwrap_or("?")
                    .split(':')
                    .next()
                    .unwrap_or("?"),
            };
            *self.answers.entry(word.to_owned()).or_default() += 1;
        }
        self.add("deaths", played.deaths);
        self.add("clean restarts", played.stops);
        self.add("connections", played.summary.connections);
        self.add(
            "orders of the operator",
            played
                .granted
                .iter()
                .filter(|one| one.answer == Some(true))
                .count() as u64,
        );
        if let Some(status) = &played.status {
            for (kind, name) in [
                ("gap", "gaps"),
                ("repaired", "repairs"),
                ("lost", "lost"),
                ("stale", "stale"),
                ("refused", "frames refused"),
            ] {
                self.add(name, status["troubles"][kind].as_u64().unwrap_or(0));
            }
            self.add("events late", status["events_late"].as_u64().unwrap_or(0));
        }
        for row in rows {
            self.row(&row.entry);
        }
    }

    fn row(&mut self, entry: &Entry) {
        let name = match entry {
            Entry::Taken { .. } => "signals taken",
            Entry::Trade(_) => "trades closed",
            Entry::Alarm { .. } => "alarms",
            Entry::Rollover { .. } => "midnights",
            Entry::Noted(confluence::domain::event::Note::Halted(_)) => "halts",
            Entry::Said(SaidCommand::Submit(request)) if request.purpose == Purpose::Entry => {
                "entries"
            }
            Entry::Heard(Event::Account(confluence::domain::event::AccountUpdate::Funding {
                ..
            })) => "settlements",
            _ => "other rows",
        };
        self.add(name, 1);
    }

    fn add(&mut self, name: &'static str, count: u64) {
        *self.met.entry(name).or_default() += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.schedules += other.schedules;
        self.repeated += other.repeated;
        for (mine, theirs) in [
            (&mut self.faults, &other.faults),
            (&mut self.answers, &other.answers),
        ] {
            for (name, count) in theirs {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
        for (name, count) in &other.met {
            *self.met.entry(name).or_default() += count;
        }
    }

    pub(super) fn print(&self) {
        println!(
            "paper storm: {} schedules, {} of them equal to a backtest",
            self.schedules, self.repeated
        );
        println!("  faults: {:?}", self.faults);
        println!("  answers to bad senders: {:?}", self.answers);
        println!("  met: {:?}", self.met);
    }

    /// What should have been met in so many schedules and was not.
    pub(super) fn missing(&self) -> Vec<String> {
        let faults =
            Weather::names().filter(|name| self.faults.get(*name).copied().unwrap_or(0) == 0);
        let answers = [
            "accepted",
            "duplicate",
            "conflict",
            "unknown_symbol",
            "unknown_type",
        ];
        let answers = answers
            .into_iter()
            .filter(|name| self.answers.get(*name).copied().unwrap_or(0) == 0);
        let met = [
            "deaths",
            "repairs",
            "trades closed",
            "entries",
            "halts",
            "midnights",
            "settlements",
            "orders of the operator",
        ];
        let met = met
            .into_iter()
            .filter(|name| self.met.get(name).copied().unwrap_or(0) == 0);
        faults
            .chain(answers)
            .chain(met)
            .map(str::to_owned)
            .collect()
    }
}
