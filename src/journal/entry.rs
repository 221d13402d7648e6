//! What can be recorded: the kinds of rows and their contents.
//!
//! Not here: their text (`record`), their rows (`chain`, `store`).

use crate::domain::event::{Command, Event, Floor, Note};
use crate::domain::fill::{LedgerEntry, Trade};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Price, Qty};
use crate::domain::order::{HaltCause, OrderId, OrderRequest};
use crate::domain::position::Position;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::Timestamp;

/// Whose money a journal is about. A journal of one never opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Nobody's: fills are made up from live prices.
    Paper,
    /// The exchange's test network.
    Testnet,
    /// Ours.
    Live,
}

/// One thing worth keeping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The program started.
    Boot(Boot),
    /// The program ended by itself.
    Stopped {
        /// Whether everything was brought to its end first.
        clean: bool,
    },
    /// A signal was accepted; recorded before it is acknowledged.
    Taken {
        /// The feed's id; taken once, for ever.
        id: String,
        /// Where it came from: `bridge`, `http`.
        source: String,
        /// Hash of its content, to tell a repeat from another message under the same id.
        hash: [u8; 32],
        /// The message as one JSON line of ours.
        text: String,
        /// When it was had.
        arrived: Timestamp,
    },
    /// An event the trader heard.
    Heard(Event),
    /// A decision of the trader that says nothing to the world.
    Noted(Note),
    /// A command of the trader.
    Said(SaidCommand),
    /// A line of the exchange's ledger.
    Ledger(LedgerEntry),
    /// A finished trade.
    Trade(Trade),
    /// How an account stood after something happened to a position.
    Step {
        /// When.
        at: Timestamp,
        /// Its place among the steps of one instant (T6).
        rank: u8,
        /// The wallet after it.
        wallet: Money,
        /// The contract.
        symbol: SymbolId,
        /// Its position after it; `None` when flat.
        position: Option<Position>,
    },
    /// A UTC day began.
    Rollover {
        /// When.
        at: Timestamp,
        /// Equity then.
        equity: Notional,
    },
    /// A finished minute of a contract in play.
    Bar {
        /// The contract.
        symbol: SymbolId,
        /// Its first instant.
        open_time: Timestamp,
        /// First price.
        open: Price,
        /// Highest price.
        high: Price,
        /// Lowest price.
        low: Price,
        /// Last price.
        close: Price,
        /// How much was traded.
        volume: Qty,
        /// Open, high, low and close of the mark, if one was heard.
        mark: Option<[Price; 4]>,
    },
    /// Something the owner should look at.
    Alarm {
        /// What kind, one word: `full`, `silence`.
        code: String,
        /// What, in a sentence.
        text: String,
    },
    /// Somebody used the control port.
    Operator {
        /// Who.
        who: String,
        /// What was asked for.
        what: String,
    },
}

/// A start of the program: what it takes to begin again with the same strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The program's version.
    pub version: String,
    /// The resolved configuration as TOML.
    pub config: String,
    /// The contracts; the place of one is its [`SymbolId`]. A later boot may append contracts and change filters, it never moves
    /// or drops one.
    pub listing: Vec<Listed>,
}

/// One contract of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub symbol: Symbol,
    /// Its filters and brackets.
    pub instrument: Instrument,
}

/// A command as it is recorded: the order itself, without the seal that only the risk manager may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaidCommand {
    /// [`Command::Submit`].
    Submit(OrderRequest),
    /// [`Command::Cancel`].
    Cancel(OrderId),
    /// [`Command::Query`].
    Query(OrderId),
    /// [`Command::Resync`].
    Resync,
    /// [`Command::Halt`].
    Halt(HaltCause),
    /// [`Command::Release`].
    Release,
    /// [`Command::Watch`].
    Watch(Option<Floor>),
}

/// An entry with its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Ascending; a number can be missing where the journal made a row of its own.
    pub seq: u64,
    /// Which start of the program wrote it, from 1.
    pub epoch: u64,
    /// The instant it was recorded under.
    pub at: Timestamp,
    /// What.
    pub entry: Entry,
}

impl Environment {
    /// `paper`, `testnet` or `live`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Testnet => "testnet",
            Self::Live => "live",
        }
    }
}

impl SaidCommand {
    /// The recorded form of a command.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Submit(approved) => Self::Submit(approved.request().clone()),
            Command::Cancel(id) => Self::Cancel(*id),
            Command::Query(id) => Self::Query(*id),
            Command::Resync => Self::Resync,
            Command::Halt(cause) => Self::Halt(*cause),
            Command::Release => Self::Release,
            Command::Watch(floor) => Self::Watch(*floor),
        }
    }
}

impl Entry {
    /// The word under which rows of its kind are kept.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Boot(_) => kind::BOOT,
            Self::Stopped { .. } => kind::STOPPED,
            Self::Taken { .. } => kind::TAKEN,
            Self::Heard(_) => kind::HEARD,
            Self::Noted(_) => kind::NOTED,
            Self::Said(_) => kind::SAID,
            Self::Ledger(_) => kind::LEDGER,
            Self::Trade(_) => kind::TRADE,
            Self::Step { .. } => kind::STEP,
            Self::Rollover { .. } => kind::ROLLOVER,
            Self::Bar { .. } => kind::BAR,
            Self::Alarm { .. } => kind::ALARM,
            Self::Operator { .. } => kind::OPERATOR,
        }
    }
}

/// The words of kinds; `CHECKPOINT` is the journal's own row, which binds the kept state to the chain.
pub(super) mod kind {
    pub(in crate::journal) const BOOT: &str = "boot";
    pub(in crate::journal) const STOPPED: &str = "stopped";
    pub(in crate::journal) const TAKEN: &str = "taken";
    pub(in crate::journal) const HEARD: &str = "heard";
    pub(in crate::journal) const NOTED: &str = "noted";
    pub(in crate::journal) const SAID: &str = "said";
    pub(in crate::journal) const LEDGER: &str = "ledger";
    pub(in crate::journal) const TRADE: &str = "trade";
    pub(in crate::journal) const STEP: &str = "step";
    pub(in crate::journal) const ROLLOVER: &str = "rollover";
    pub(in crate::journal) const BAR: &str = "bar";
    pub(in crate::journal) const ALARM: &str = "alarm";
    pub(in crate::journal) const OPERATOR: &str = "operator";
    pub(in crate::journal) const CHECKPOINT: &str = "checkpoint";
}
