//! The event log of a finished run, read back: records with names and units in place of tags and numbers.
//!
//! Not here: the file they stand in (`file`), taking bytes apart (`decode`, `record`), sentences (`words`), writing
//! (`line`, `log`).
//! Invariant: what two logs say in common compares equal whatever numbers their symbols and signals have there.

mod bytes;
mod decode;
mod fields;
pub mod file;
mod orders;
mod record;
pub mod words;

use crate::domain::num::Notional;
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

/// A log as a reader wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The contracts of the run, in byte order.
    pub symbols: Vec<Symbol>,
    /// The messages heard, in the order they were heard; records name them by their ids.
    pub signals: Vec<HeardSignal>,
    /// Everything else, in order.
    pub records: Vec<Record>,
    /// BLAKE3 over the bytes of the records, in hexadecimal: `event_log_blake3` of `run.json`.
    pub hash: String,
}

/// A message as the log names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardSignal {
    /// The feed's id.
    pub id: String,
    /// The feed's type.
    pub kind: u16,
    /// The contract meant.
    pub symbol: Symbol,
    /// The source's stamp.
    pub event_time: Timestamp,
    /// When it was heard.
    pub received_time: Timestamp,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it happened.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: Kind,
    /// The contract, if it is about one; of an order's news that of the order.
    pub symbol: Option<Symbol>,
    /// What else there is to say, in a fixed order for each kind.
    pub fields: Vec<Field>,
}

/// A named value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As messages and JSON name it, for example `stop_trigger`.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
}

/// A value with its unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A name, an id, a reason.
    Text(String),
    /// Yes or no.
    Is(bool),
    /// A number of something: an order, a level, a code.
    Count(i64),
    /// An instant.
    Time(Timestamp),
    /// A distance in time.
    Span(Span),
    /// An exact number and its unit.
    Number(Notional, Unit),
}

/// Units of exact numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An amount of money.
    Usdt,
    /// USDT per unit of the base asset.
    Price,
    /// Units of the base asset.
    Base,
    /// A fraction.
    Share,
    /// A score in 0–1.
    Score,
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A message was heard.
    Signal,
    /// The exchange has an order.
    Accepted,
    /// An order was executed, in part or whole.
    Filled,
    /// An order was refused or dropped.
    Rejected,
    /// An order ended.
    Canceled,
    /// Nobody knows what became of an order.
    NoAnswer,
    /// The exchange answered what became of an order.
    Report,
    /// The account was opened.
    Opened,
    /// A UTC day began.
    DayStarted,
    /// Funding was settled.
    Funding,
    /// The exchange closed a position itself.
    Closed,
    /// The declared floor was reached.
    FloorReached,
    /// What the exchange holds.
    Snapshot,
    /// The connection went or came back.
    Link,
    /// The trader was woken.
    Wake,
    /// The owner spoke.
    Operator,
    /// The owner placed an order.
    ManualOrder,
    /// Two signals matched.
    Confluence,
    /// A signal led to nothing.
    Ignored,
    /// A pair scored too low.
    LowScore,
    /// The risk manager said no.
    Refused,
    /// Entries were stopped.
    Halted,
    /// Entries are taken again.
    Resumed,
    /// Take-profit levels carry nothing.
    TargetsDropped,
    /// A position stands without a stop.
    Unprotected,
    /// The books did not expect something.
    Surprise,
    /// An order was sent.
    Submit,
    /// An order was taken back.
    Cancel,
    /// The exchange was asked what became of an order.
    Query,
    /// The exchange was asked what it holds.
    Resync,
    /// The exchange was told to drop entries.
    Halt,
    /// The exchange was told to let entries through.
    Release,
    /// A floor was declared.
    Watch,
}

impl Kind {
    /// As JSON and counts name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Accepted => "accepted",
            Self::Filled => "filled",
            Self::Rejected => "rejected",
            Self::Canceled => "canceled",
            Self::NoAnswer => "no_answer",
            Self::Report => "report",
            Self::Opened => "opened",
            Self::DayStarted => "day_started",
            Self::Funding => "funding",
            Self::Closed => "closed",
            Self::FloorReached => "floor_reached",
            Self::Snapshot => "snapshot",
            Self::Link => "link",
            Self::Wake => "wake",
            Self::Operator => "operator",
            Self::ManualOrder => "manual_order",
            Self::Confluence => "confluence",
            Self::Ignored => "ignored",
            Self::LowScore => "low_score",
            Self::Refused => "refused",
            Self::Halted => "halted",
            Self::Resumed => "resumed",
            Self::TargetsDropped => "targets_dropped",
            Self::Unprotected => "unprotected",
            Self::Surprise => "surprise",
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::Query => "query",
            Self::Resync => "resync",
            Self::Halt => "halt",
            Self::Release => "release",
            Self::Watch => "watch",
        }
    }
}

impl Record {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map(|field| &field.value)
    }
}
