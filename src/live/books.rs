//! What is written when: booked rows, the kept state, alarms; who is told after the commit.
//!
//! Not here: the file (`journal`).
//! Invariant: an answer leaves only after the commit that made its reason durable. A full disk stops entries, never
//! exits: rows wait in memory and are written when there is room.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::domain::time::Timestamp;
use crate::exchange::binance::stream::Trouble;
use crate::exchange::trades::Venue;
use crate::journal::entry::Entry;
use crate::journal::error::JournalError;

use super::clock;
use super::intake::Verdict;
use super::paper::{MILLISECOND, PaperError};
use super::record::{Record, Shared};

/// The state is kept at least this often while anything changes.
const CHECKPOINT: Duration = Duration::from_secs(2);

/// An answer waits so long for the streams to tell of the time at which its message came: a server whose clock is ahead
/// of them, or a lost link, must not hold up a sender for whom the tape stands still.
const OWED_MAX: Duration = Duration::from_millis(500);

/// An alarm of one kind is raised at most this often.
const ALARM_EVERY: Duration = Duration::from_secs(60);

/// An answer to whoever asked at the control port.
type Answer = (
    oneshot::Sender<Result<Value, String>>,
    Result<Value, String>,
);

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Everything stamped up to here was heard.
    pub until: Option<Timestamp>,
    /// The next instant that can happen.
    pub ready: Option<Timestamp>,
}

/// A sender who waits for his answer.
#[derive(Debug)]
struct Owed {
    reply: oneshot::Sender<Verdict>,
    verdict: Verdict,
    /// The instant at which his message is had.
    arrived: Timestamp,
    /// Since when he waits.
    since: Instant,
}

/// What has been written, and who waits for it.
#[derive(Debug, Default)]
pub struct Books {
    ledger: usize,
    trades: usize,
    steps: usize,
    rollovers: usize,
    verdicts: Vec<Owed>,
    answers: Vec<Answer>,
    alarms: BTreeMap<&'static str, Instant>,
    committed: Option<Instant>,
    failing: Option<Instant>,
    troubles: BTreeMap<&'static str, u64>,
}

impl Owed {
    fn is_due(&self, known: Known) -> bool {
        let behind = |until: Timestamp| until + MILLISECOND >= self.arrived;
        let heard = known.until.is_some_and(behind) || self.since.elapsed() >= OWED_MAX;
        heard && known.ready.is_none_or(|ready| ready > self.arrived)
    }
}

impl Books {
    /// After a restart: rows up to these are written already.
    #[must_use]
    pub fn resumed(ledger: usize, trades: usize) -> Self {
        Self {
            ledger,
            trades,
            ..Self::default()
        }
    }

    /// Answers a sender whose message is had at `arrived`: after the first commit that holds everything known before.
    pub fn acknowledge(
        &mut self,
        reply: oneshot::Sender<Verdict>,
        verdict: Verdict,
        arrived: Timestamp,
    ) {
        self.verdicts.push(Owed {
            reply,
            verdict,
            arrived,
            since: clock::instant(),
        });
    }

    /// Answers the operator after the next commit.
    pub fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
    }

    /// Whether the journal cannot be written at the moment.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// Troubles of the streams so far, by kind.
    #[must_use]
    pub const fn troubles(&self) -> &BTreeMap<&'static str, u64> {
        &self.troubles
    }

    /// Books what the exchange did since, and commits when anybody waits for it or enough time has passed. Before a
    /// message is acknowledged, every instant before it has happened and is on record, so that a restart hears it on
    /// the same market.
    ///
    /// # Errors
    /// When the journal can never be written again.
    pub fn write(
        &mut self,
        venue: &Venue,
        (record, known): (&Record, Known),
        saved: &dyn Fn(&Venue) -> Vec<u8>,
    ) -> Result<(), PaperError> {
        record.with(|shared| {
            self.book(venue, shared)?;
            let now = clock::instant();
            let told =
                self.verdicts.iter().any(|owed| owed.is_due(known)) || !self.answers.is_empty();
            let old = self
                .committed
                .is_none_or(|at| now.duration_since(at) >= CHECKPOINT);
            let again = self
                .failing
                .is_none_or(|at| now.duration_since(at) >= Duration::from_secs(1));
            if (told || shared.heard || old) && again {
                self.commit(venue, shared, saved)?;
                self.tell(Some(known));
            }
            Ok(())
        })
    }

    /// Writes everything there is.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn flush(
        &mut self,
        venue: &Venue,
        record: &Record,
        saved: &dyn Fn(&Venue) -> Vec<u8>,
    ) -> Result<(), PaperError> {
        record.with(|shared| {
            self.book(venue, shared)?;
            self.commit(venue, shared, saved)?;
            self.tell(None);
            Ok(())
        })
    }

    /// Answers those whose reason is durable now.
    fn tell(&mut self, known: Option<Known>) {
        if self.failing.is_some() {
            return;
        }
        let (due, later) = std::mem::take(&mut self.verdicts)
            .into_iter()
            .partition(|owed| known.is_none_or(|known| owed.is_due(known)));
        self.verdicts = later;
        for Owed { reply, verdict, .. } in due {
            // Whoever does not wait any more knows where to ask.
            let _ = reply.send(verdict);
        }
        for (reply, answer) in self.answers.drain(..) {
            let _ = reply.send(answer);
        }
    }

    fn book(&mut self, venue: &Venue, shared: &mut Shared) -> Result<(), JournalError> {
        let at = venue.now();
        let store = &mut shared.store;
        for entry in &venue.account().ledger()[self.ledger..] {
            store.append(at, &Entry::Ledger(*entry))?;
        }
        self.ledger = venue.account().ledger().len();
        for trade in &venue.account().trades()[self.trades..] {
            store.append(at, &Entry::Trade(trade.clone()))?;
        }
        self.trades = venue.account().trades().len();
        for step in &venue.steps()[self.steps..] {
            let entry = Entry::Step {
                at: step.at,
                rank: step.rank,
                wallet: step.wallet,
                symbol: step.symbol,
                position: step.position,
            };
            store.append(at, &entry)?;
        }
        self.steps = venue.steps().len();
        for (when, equity) in &venue.rollovers()[self.rollovers..] {
            let entry = Entry::Rollover {
                at: *when,
                equity: *equity,
            };
            store.append(at, &entry)?;
        }
        self.rollovers = venue.rollovers().len();
        Ok(())
    }

    fn commit(
        &mut self,
        venue: &Venue,
        shared: &mut Shared,
        saved: &dyn Fn(&Venue) -> Vec<u8>,
    ) -> Result<(), PaperError> {
        shared.store.keep_state(&saved(venue));
        match shared.store.commit() {
            Ok(()) => {
                if self.failing.take().is_some() {
                    // The next full disk finds a reserve again, if there is room for one.
                    let reserve = shared.store.restore_ballast();
                    tracing::info!(reserve, "the reserve for a full disk");
                    tracing::info!("the journal is written again");
                }
                self.committed = Some(clock::instant());
                shared.heard = false;
                Ok(())
            }
            Err(error @ (JournalError::Full { .. } | JournalError::Io { .. })) => {
                tracing::error!(%error, "ALARM: the journal cannot be written; no entries until it can");
                self.failing = Some(clock::instant());
                for owed in self.verdicts.drain(..) {
                    let _ = owed.reply.send(Verdict::Busy);
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Raises an alarm: in the log at once, in the journal with the next commit; at most one of a kind in a minute.
    pub fn alarm(&mut self, record: &Record, at: Timestamp, code: &'static str, text: &str) {
        let now = clock::instant();
        let last = self.alarms.get(code);
        if last.is_some_and(|last| now.duration_since(*last) < ALARM_EVERY) {
            return;
        }
        self.alarms.insert(code, now);
        tracing::error!(code, "ALARM: {text}");
        let entry = Entry::Alarm {
            code: code.to_owned(),
            text: text.to_owned(),
        };
        if let Err(error) = record.with(|shared| shared.store.append(at, &entry)) {
            tracing::error!(%error, "an alarm could not be recorded");
        }
    }

    /// Counts, logs and, where money may hang on it, raises what the streams complain of.
    pub fn trouble(
        &mut self,
        record: &Record,
        at: Timestamp,
        (link, symbol): (u16, Option<&str>),
        what: &Trouble,
    ) {
        let (name, alarming) = match what {
            Trouble::Refused { .. } => ("refused", false),
            Trouble::Duplicates { .. } => ("duplicates", false),
            Trouble::Outdated { .. } => ("outdated", false),
            Trouble::Gap { .. } => ("gap", false),
            Trouble::Repaired { .. } => ("repaired", false),
            Trouble::RepairDelayed { .. } => ("repair_delayed", true),
            Trouble::Lost { .. } => ("lost", true),
            Trouble::Stale { .. } => ("stale", true),
            Trouble::NotSubscribed { .. } => ("not_subscribed", true),
            Trouble::NoConnection { .. } => ("no_connection", true),
        };
        *self.troubles.entry(name).or_default() += 1;
        tracing::debug!(link, symbol, what = ?what, "market trouble");
        if alarming {
            let of = symbol.map_or_else(String::new, |symbol| format!("{symbol}: "));
            self.alarm(record, at, name, &format!("{of}{what:?}"));
        }
    }
}
