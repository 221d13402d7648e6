//! The event log of a run: every event heard, note made and command said, in order, and its hash (T10).
//!
//! Not here: how one record is written (`line`), tables made from it (`folder`). Invariant: the bytes hashed depend on inputs and rules alone; nothing that
//! only one of the two drivers would see is among them.

use std::convert::Infallible;
use std::sync::Arc;

use blake3::Hasher;

use crate::backtest::line::{Heard, Line};
use crate::domain::event::{AccountUpdate, Command, Event, Note, OrderUpdate};
use crate::domain::fill::Fill;
use crate::domain::num::{Money, Notional, Qty};
use crate::domain::order::{Approved, OrderId, OrderRequest};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::engine::Journal;
use crate::exchange::fills::Hit;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The trader heard this.
    Heard(Event),
    /// The trader decided this and said nothing.
    Noted(Note),
    /// The trader said this.
    Said(Command),
    /// A journal says that the trader sent this order: only the risk manager can make a command of it again.
    Sent(OrderRequest),
}

/// Collects the log and its hash.
#[derive(Clone, Debug)]
pub struct EventLog {
    rows: Vec<(Timestamp, Row)>,
    /// Records not hashed yet.
    bytes: Vec<u8>,
    /// Records hashed already, of a log that keeps them.
    kept: Vec<u8>,
    /// Time of the last record hashed: records hold the difference.
    last: Timestamp,
    /// Signals heard so far.
    heard: Heard,
    signals: u64,
    hasher: Hasher,
    /// Whether rows and records are kept; a sweep needs the hash alone.
    keep: bool,
}

/// How records are written and hashed: hashes of two forms cannot be compared. It changes with either.
pub const FORM: &str = "blake3 1";

/// Hashed in pieces of this size, so that the buffer stays in the cache.
const PIECE: usize = 1 << 14;

impl Default for EventLog {
    fn default() -> Self {
        Self::hashing()
    }
}

impl EventLog {
    /// An empty log that keeps its rows and records.
    #[must_use]
    pub fn keeping() -> Self {
        Self {
            keep: true,
            ..Self::hashing()
        }
    }

    /// An empty log that only hashes.
    #[must_use]
    pub fn hashing() -> Self {
        // Room for a piece and the record that fills it.
        Self {
            bytes: Vec::with_capacity(PIECE + 1_024),
            kept: Vec::new(),
            rows: Vec::new(),
            last: Timestamp::from_millis(0),
            heard: Heard::new(),
            signals: 0,
            hasher: Hasher::new(),
            keep: false,
        }
    }

    /// Makes it an empty log that only hashes; what it has reserved stays.
    pub fn reset(&mut self) {
        self.keep = false;
        self.rows.clear();
        self.bytes.clear();
        self.kept.clear();
        self.last = Timestamp::from_millis(0);
        self.heard.clear();
        self.signals = 0;
        self.hasher.reset();
    }

    /// The rows kept.
    #[must_use]
    pub fn rows(&self) -> &[(Timestamp, Row)] {
        &self.rows
    }

    /// BLAKE3 over the whole log, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.bytes);
        hasher.finalize().to_hex().to_string()
    }

    /// The bytes behind [`EventLog::hash`], of a log that keeps them.
    #[must_use]
    pub fn records(&self) -> Vec<u8> {
        [self.kept.as_slice(), &self.bytes].concat()
    }

    /// Starts a record, for one who writes it himself: of a log that keeps its rows this would be missing there.
    pub fn line(&mut self, at: Timestamp) -> Line<'_> {
        if self.bytes.len() >= PIECE {
            self.hasher.update(&self.bytes);
            if self.keep {
                self.kept.extend_from_slice(&self.bytes);
            }
            self.bytes.clear();
        }
        let last = std::mem::replace(&mut self.last, at);
        Line::new(&mut self.bytes, (last, at), &self.heard)
    }
}

/// The same records for one who has no event, note or command in hand; they are made only for rows that are kept.
impl EventLog {
    fn row(&mut self, at: Timestamp, row: impl FnOnce() -> Row) {
        if self.keep {
            self.rows.push((at, row()));
        }
    }

    /// A fill.
    pub fn filled(&mut self, at: Timestamp, symbol: SymbolId, hit: &Hit, fill: &Fill) {
        match hit.order {
            Some(id) => self
                .line(at)
                .filled(id, fill, hit.total, hit.left.is_zero()),
            None => self.line(at).closed(symbol, hit.reason, fill),
        }
        self.row(at, || Row::Heard(hit.told(symbol, fill.clone())));
    }

    /// The end of an order of which nothing was executed.
    pub fn canceled(&mut self, at: Timestamp, id: OrderId) {
        let total = Qty::ZERO;
        self.line(at).canceled(id, total);
        let update = OrderUpdate::Canceled { total };
        self.row(at, || Row::Heard(Event::Order { id, update }));
    }

    /// A UTC day that begins.
    pub fn day(&mut self, at: Timestamp, equity: Notional, wallet: Money) {
        self.line(at).day(equity, wallet);
        let update = AccountUpdate::DayStarted { equity, wallet };
        self.row(at, || Row::Heard(Event::Account(update)));
    }

    /// An order sent.
    pub fn submitted(&mut self, at: Timestamp, approved: &Approved) {
        self.line(at).submit(approved.request());
        self.row(at, || Row::Said(Command::Submit(approved.clone())));
    }

    /// An order that a journal says was sent: the record is that of [`EventLog::submitted`].
    pub fn said_request(&mut self, at: Timestamp, request: &OrderRequest) {
        self.line(at).submit(request);
        self.row(at, || Row::Sent(request.clone()));
    }
}

/// What the record of T10 leaves out: the inputs themselves (signals), acknowledgements and wakes, from which nothing
/// follows that is not recorded.
const fn is_recorded(event: &Event) -> bool {
    !matches!(
        event,
        Event::Signal { .. }
            | Event::Wake
            | Event::Order {
                update: OrderUpdate::Accepted,
                ..
            }
    )
}

impl Journal for EventLog {
    type Error = Infallible;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), Infallible> {
        if let Event::Signal { signal, .. } = event {
            let id = Arc::clone(&signal.id);
            self.heard.entry(id).or_insert(self.signals);
            self.signals += 1;
        }
        if is_recorded(event) {
            self.line(at).event(event);
        }
        if self.keep {
            self.rows.push((at, Row::Heard(event.clone())));
        }
        Ok(())
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Infallible> {
        self.line(at).note(note);
        if self.keep {
            self.rows.push((at, Row::Noted(note.clone())));
        }
        Ok(())
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), Infallible> {
        // The floor follows from the day's equity, which is recorded.
        if !matches!(command, Command::Watch(_)) {
            self.line(at).command(command);
        }
        if self.keep {
            self.rows.push((at, Row::Said(command.clone())));
        }
        Ok(())
    }
}
