//! What became of every message of the input, and how many came how far (the signal funnel).
//!
//! Not here: deciding any of it; this reads the event log.
//! Invariant: each message has exactly one verdict, ignored types and messages without a contract included.

use std::collections::BTreeMap;

use crate::backtest::log::{EventLog, Row};
use crate::backtest::prepare::Prepared;
use crate::domain::event::{Command, Confluence, Event, Note, OrderUpdate};
use crate::domain::order::{OrderId, OrderRequest, Purpose};
use crate::domain::signal::SignalType;
use crate::report::input::{FunnelStage, ReasonCount};
use crate::report::words::{Word, signals};
use crate::trader::rules::{ConfluenceRules, Role112};

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `traded`, `risk_exit`, `unmatched`, or the reason it led to nothing.
    pub name: String,
    /// The pair it belongs to (its latest, when a low score left it waiting).
    pub pair: Option<Confluence>,
}

/// All verdicts and the funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// One per message, in the order of the file.
    pub messages: Vec<Verdict>,
    /// Emitted confluences in order.
    pub pairs: Vec<Confluence>,
    /// How many pairs scored too low.
    pub low_scores: usize,
    /// Entries sent and entries with a fill.
    pub entries: (usize, usize),
    /// Reasons of refused entries and rejected orders of every kind.
    pub refusals: BTreeMap<String, usize>,
    /// Of entries alone: why the risk manager refused, why the exchange did not fill.
    entry_refusals: (BTreeMap<String, usize>, BTreeMap<String, usize>),
}

/// A walk through the log.
struct Reader<'a> {
    prepared: &'a Prepared,
    /// One per message of the world, in intake order.
    heard: Vec<Verdict>,
    current: usize,
    ids: BTreeMap<&'a str, usize>,
    /// What each order was sent for.
    sent: BTreeMap<OrderId, (Purpose, Vec<usize>)>,
    found: Verdicts,
}

/// Reads the verdicts from a run's log.
#[must_use]
pub fn verdicts(prepared: &Prepared, rules: &ConfluenceRules, log: &EventLog) -> Verdicts {
    let signals = &prepared.world.signals;
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, signal) in signals.iter().enumerate() {
        ids.entry(&signal.id).or_insert(index);
    }
    let waiting = |kind: SignalType| {
        let off = kind == SignalType::FOMO_INTENSIFIED && rules.role_112 == Role112::Ignore;
        Verdict {
            name: if off { "type_off" } else { "unmatched" }.to_owned(),
            pair: None,
        }
    };
    let mut reader = Reader {
        prepared,
        heard: signals.iter().map(|signal| waiting(signal.kind)).collect(),
        current: 0,
        ids,
        sent: BTreeMap::new(),
        found: Verdicts {
            messages: Vec::new(),
            pairs: Vec::new(),
            low_scores: 0,
            entries: (0, 0),
            refusals: BTreeMap::new(),
            entry_refusals: (BTreeMap::new(), BTreeMap::new()),
        },
    };
    let mut count = 0;
    for (_, row) in log.rows() {
        if let Row::Heard(Event::Signal { .. }) = row {
            reader.current = count;
            count += 1;
        }
        reader.read(row);
    }
    reader.finish()
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "a reader of the log picks the rows it needs; others do not concern it"
)]
impl Reader<'_> {
    fn read(&mut self, row: &Row) {
        match row {
            Row::Noted(Note::Ignored { reason, .. }) => {
                self.heard[self.current].name = reason.name().to_owned()
            }
            Row::Noted(Note::LowScore { pair, .. }) => {
                self.found.low_scores += 1;
                self.set(&[self.current], "low_score", Some(pair));
            }
            Row::Noted(Note::Confluence(pair)) => {
                let legs = self.legs(pair);
                self.set(&legs, "matched", Some(pair));
                self.found.pairs.push(pair.clone());
            }
            Row::Noted(Note::Refused { gate, .. }) => {
                let legs = self
                    .found
                    .pairs
                    .last()
                    .map(|pair| self.legs(pair))
                    .unwrap_or_default();
                self.set(&legs, gate.name(), None);
                bump(&mut self.found.refusals, gate.name());
                bump(&mut self.found.entry_refusals.0, gate.name());
            }
            Row::Said(Command::Submit(approved)) => self.read_request(approved.request()),
            Row::Sent(request) => self.read_request(request),
            Row::Heard(Event::Order { id, update }) => self.read_order(*id, update),
            _ => {}
        }
    }

    fn read_request(&mut self, request: &OrderRequest) {
        let legs = match request.purpose {
            Purpose::Entry => {
                self.found.entries.0 += 1;
                let pair = self.found.pairs.last();
                pair.map(|pair| self.legs(pair)).unwrap_or_default()
            }
            Purpose::RiskSignal => vec![self.current],
            _ => Vec::new(),
        };
        self.sent.insert(request.id, (request.purpose, legs));
    }

    fn read_order(&mut self, id: OrderId, update: &OrderUpdate) {
        let Some((purpose, legs)) = self.sent.get(&id).cloned() else {
            return;
        };
        match update {
            OrderUpdate::Rejected(reject) => {
                self.set(&legs, reject.name(), None);
                bump(&mut self.found.refusals, reject.name());
                if purpose == Purpose::Entry {
                    bump(&mut self.found.entry_refusals.1, reject.name());
                }
            }
            OrderUpdate::Filled { complete: true, .. } => match purpose {
                Purpose::Entry => {
                    self.found.entries.1 += 1;
                    self.set(&legs, "traded", None);
                }
                Purpose::RiskSignal => self.set(&legs, "risk_exit", None),
                _ => {}
            },
            _ => {}
        }
    }

    fn legs(&self, pair: &Confluence) -> Vec<usize> {
        [&pair.alpha, &pair.fomo]
            .into_iter()
            .filter_map(|id| self.ids.get(id.as_ref()).copied())
            .collect()
    }

    fn set(&mut self, legs: &[usize], name: &str, pair: Option<&Confluence>) {
        for leg in legs {
            let verdict = &mut self.heard[*leg];
            name.clone_into(&mut verdict.name);
            if let Some(pair) = pair {
                verdict.pair = Some(pair.clone());
            }
        }
    }

    fn finish(mut self) -> Verdicts {
        let plain = |name: &str| Verdict {
            name: name.to_owned(),
            pair: None,
        };
        let contracts = &self.prepared.named.contracts;
        self.found.messages = self
            .prepared
            .places
            .iter()
            .zip(contracts)
            .map(|(place, contract)| match (place, contract) {
                (_, None) => plain("no_symbol"),
                (None, Some(_)) => plain("outside_window"),
                (Some(place), Some(_)) => self.heard[*place].clone(),
            })
            .collect();
        self.found
    }
}

fn bump(counts: &mut BTreeMap<String, usize>, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

/// Counts as the report wants them, most frequent first.
#[must_use]
pub fn reasons(counts: &BTreeMap<String, usize>) -> Vec<ReasonCount> {
    let mut reasons: Vec<ReasonCount> = counts
        .iter()
        .map(|(reason, count)| ReasonCount {
            reason: reason.clone(),
            count: *count,
        })
        .collect();
    reasons.sort_by(|one, other| {
        other
            .count
            .cmp(&one.count)
            .then(one.reason.cmp(&other.reason))
    });
    reasons
}

impl Verdicts {
    /// From message to fill.
    #[must_use]
    pub fn funnel(&self) -> Vec<FunnelStage> {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for message in &self.messages {
            bump(&mut by_name, &message.name);
        }
        let lost = |names: &[&str]| {
            let counts = names
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), *by_name.get(*name)?)));
            counts.collect::<BTreeMap<String, usize>>()
        };
        let outside = lost(&["no_symbol", "outside_window"]);
        let ignored = lost(&["duplicate", "unknown_type", "type_off", "future", "stale"]);
        let unmatched = lost(&["unmatched", "risk_flat", "risk_not_in_profit", "risk_exit"]);
        let total = self.messages.len();
        let heard = total - outside.values().sum::<usize>();
        let usable = heard - ignored.values().sum::<usize>();
        let scored = self.pairs.len();
        let low: BTreeMap<String, usize> = (self.low_scores > 0)
            .then(|| ("low_score".to_owned(), self.low_scores))
            .into_iter()
            .collect();
        let stage = |name: Word, unit, count, lost: &BTreeMap<String, usize>| FunnelStage {
            name: name.alone(),
            unit,
            count,
            lost: reasons(lost),
        };
        let (messages, pairs, entries) = (signals::MESSAGES, signals::PAIRS, signals::ENTRIES);
        let refused = &self.entry_refusals;
        let emitted = scored + self.low_scores;
        vec![
            stage(signals::STAGE_FILE, messages, total, &BTreeMap::new()),
            stage(signals::STAGE_RECEIVED, messages, heard, &outside),
            stage(signals::STAGE_USABLE, messages, usable, &ignored),
            stage(signals::STAGE_MATCHED, pairs, emitted, &unmatched),
            stage(signals::STAGE_SCORED, pairs, scored, &low),
            stage(signals::STAGE_ACCEPTED, entries, self.entries.0, &refused.0),
            stage(signals::STAGE_FILLED, entries, self.entries.1, &refused.1),
        ]
    }
}
