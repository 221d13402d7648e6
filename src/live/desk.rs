//! Messages between the door and the trader: known or new, of which contract, waiting until that contract has a price.
//!
//! Not here: the sources (`intake`), matching and judging (`trader`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::domain::signal::{RawSignal, Signal};
use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::{Span, Timestamp};
use crate::journal::entry::Entry;
use crate::signal::names::{Contract, contract};

use super::clock;
use super::intake::{Submission, Verdict};
use super::paper::{Ending, MILLISECOND, Paper};

/// How long a message waits for the first price of its contract before it is judged without one, by the run's clock:
/// marks come every second.
const PRICE_WITHIN: Span = Span::from_millis(5_000);

/// How long a start waits for what was missed while nothing ran; what comes later happens late.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

/// A contract subscribed for a message is given up so long after its last one, unless something is open.
const FORGET_AFTER: Span = Span::from_millis(1_800_000);

/// The contracts in play and the messages that wait.
#[derive(Debug, Default)]
pub struct Desk {
    play: BTreeMap<SymbolId, InPlay>,
    held: Vec<Held>,
    looked: Option<Instant>,
    /// Contracts of which something may have been missed before the start, and until when that is waited for.
    behind: BTreeSet<SymbolId>,
    patience: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct InPlay {
    always: bool,
    /// The stamp of the first mark heard.
    marked: Option<Timestamp>,
    last_signal: Timestamp,
}

#[derive(Debug)]
struct Held {
    signal: Signal,
    until: Timestamp,
}

impl Desk {
    /// A contract that is subscribed from the start, for ever if `always`. `marked` is the stamp of its last mark, if
    /// that still counts.
    pub fn open(
        &mut self,
        symbol: SymbolId,
        always: bool,
        (now, marked): (Timestamp, Option<Timestamp>),
    ) {
        let play = self.play.entry(symbol).or_insert(InPlay {
            always,
            marked,
            last_signal: now,
        });
        play.always |= always;
    }

    /// A mark of a contract was heard.
    pub fn marked(&mut self, symbol: SymbolId, at: Timestamp) {
        if let Some(play) = self.play.get_mut(&symbol) {
            play.marked.get_or_insert(at);
        }
    }

    /// Something may have been missed of a contract before the start.
    pub fn missed(&mut self, symbol: SymbolId) {
        self.behind.insert(symbol);
        self.patience
            .get_or_insert_with(|| clock::instant() + CATCH_UP_WITHIN);
    }

    /// Nothing of a contract is missing any more.
    pub fn whole(&mut self, symbol: SymbolId) {
        self.behind.remove(&symbol);
    }

    /// Whether what was missed before the start is still waited for.
    #[must_use]
    pub fn catches_up(&self) -> bool {
        !self.behind.is_empty() && self.patience.is_some_and(|until| clock::instant() < until)
    }

    /// Contracts subscribed.
    #[must_use]
    pub fn in_play(&self) -> usize {
        self.play.len()
    }

    /// Messages that wait for a price.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.held.len()
    }

    /// Keeps a message until its contract has a price.
    pub fn hold(&mut self, signal: Signal) {
        let until = signal.received_time + PRICE_WITHIN;
        self.held.push(Held { signal, until });
    }
}

/// Tells a repeat from another message under the same id.
#[must_use]
pub fn content_hash(message: &RawSignal) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&message.kind.0.to_le_bytes());
    hasher.update(&message.event_time.millis().to_le_bytes());
    hasher.update(message.name.as_bytes());
    *hasher.finalize().as_bytes()
}

impl Paper {
    /// Judges a message at the door; the answer goes out after the next commit.
    pub(super) fn take(&mut self, submission: Submission) {
        let verdict = self.judge(&submission);
        if let Some(reply) = submission.reply {
            self.books.acknowledge(reply, verdict, self.had_at());
        }
    }

    fn judge(&mut self, submission: &Submission) -> Verdict {
        let message = &submission.message;
        let hash = content_hash(message);
        match self.record.with(|shared| shared.store.seen(&message.id)) {
            Some(known) if known == hash => return Verdict::Duplicate,
            Some(_) => {
                let text = format!("the id {} came again with another content", message.id);
                self.books
                    .alarm(&self.record, self.merger.passed(), "conflict", &text);
                return Verdict::Conflict;
            }
            None => {}
        }
        if self.ending == Some(Ending::Stop) {
            return Verdict::Closing;
        }
        if self.books.is_failing() {
            return Verdict::Busy;
        }
        let Some(symbol) = find(&self.symbols, &message.name) else {
            return Verdict::Refused {
                reason: "unknown_symbol".to_owned(),
            };
        };
        let arrived = self.had_at();
        let taken = Entry::Taken {
            id: message.id.to_string(),
            source: submission.source.name().to_owned(),
            hash,
            text: line(message),
            arrived,
        };
        let passed = self.merger.passed();
        let appended = self
            .record
            .with(|shared| shared.store.append(passed, &taken));
        match appended {
            Ok(seq) => {
                self.expect(symbol, message, arrived);
                Verdict::Accepted { seq }
            }
            Err(error) => {
                tracing::error!(%error, "a message could not be recorded");
                Verdict::Busy
            }
        }
    }

    /// Hands a message to its instant, or keeps it until its contract has a price.
    pub(super) fn expect(&mut self, symbol: SymbolId, message: &RawSignal, arrived: Timestamp) {
        let signal = Signal {
            id: std::sync::Arc::clone(&message.id),
            kind: message.kind,
            symbol,
            event_time: message.event_time,
            received_time: arrived,
        };
        let known = self.desk.play.contains_key(&symbol);
        let play = self.desk.play.entry(symbol).or_insert(InPlay {
            always: false,
            marked: None,
            last_signal: arrived,
        });
        play.last_signal = arrived;
        let marked = play.marked;
        if !known {
            tracing::info!(symbol = %self.symbols.name(symbol), "subscribed: a signal names it");
            self.subscribe(symbol);
        }
        if marked.is_some() {
            self.merger.signal(signal);
        } else {
            self.desk.hold(signal);
        }
    }

    /// Lets messages go whose contract has a price by now, or which have waited long enough.
    pub(super) fn release_held(&mut self) {
        if self.desk.held.is_empty() {
            return;
        }
        let had_at = self.had_at();
        let next = self.merger.passed() + MILLISECOND;
        let held = std::mem::take(&mut self.desk.held);
        for each in held {
            let play = self.desk.play.get(&each.signal.symbol);
            let since = match play.and_then(|play| play.marked) {
                Some(marked) => marked,
                None if each.until <= had_at => each.until,
                None => {
                    self.desk.held.push(each);
                    continue;
                }
            };
            let received_time = each.signal.received_time.max(since).max(next);
            self.merger.signal(Signal {
                received_time,
                ..each.signal
            });
        }
    }

    /// Gives contracts up that nothing happens in any more.
    pub(super) fn forget_idle(&mut self, venue: &crate::exchange::trades::Venue) {
        const EVERY: Duration = Duration::from_secs(60);
        let now = clock::instant();
        if self
            .desk
            .looked
            .is_some_and(|at| now.duration_since(at) < EVERY)
        {
            return;
        }
        self.desk.looked = Some(now);
        let passed = self.merger.passed();
        let idle: Vec<SymbolId> = self
            .desk
            .play
            .iter()
            .filter(|(symbol, play)| {
                !play.always && !venue.is_busy(**symbol) && passed - play.last_signal > FORGET_AFTER
            })
            .map(|(symbol, _)| *symbol)
            .collect();
        for symbol in idle {
            self.desk.play.remove(&symbol);
            self.streams.unsubscribe(symbol);
        }
    }
}

/// The contract a name means, if it is listed.
#[must_use]
pub fn find(symbols: &Symbols, name: &str) -> Option<SymbolId> {
    let listed = |symbol: &crate::domain::symbol::Symbol| {
        Ok::<bool, std::convert::Infallible>(symbols.id(symbol).is_some())
    };
    match contract(name, listed) {
        Ok(Contract::Listed(symbol) | Contract::Multiple(symbol)) => symbols.id(&symbol),
        Ok(Contract::Unlisted(_) | Contract::Empty) => None,
        Err(never) => match never {},
    }
}

/// A message as a line of our own, for the journal.
fn line(message: &RawSignal) -> String {
    serde_json::json!({
        "id": &*message.id,
        "type": message.kind.0,
        "symbol": message.name,
        "event_time": message.event_time.to_text(),
    })
    .to_string()
}
