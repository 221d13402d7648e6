//! A journal's decisions made again: the same trader, the same events, and every note and command compared with the recorded
//! one. What brings a trader back after a restart, and what `sim replay` shows.
//!
//! Not here: reading the rows (`journal`), sentences (`retrace::words`), what is printed (`cli`).
//! Invariant: no clock, no network, no file: the outcome depends on the rows alone.

pub mod words;

use std::collections::VecDeque;
use std::path::Path;

use crate::domain::event::{Event, Note};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::journal::entry::{Boot, Entry, Recorded, SaidCommand};
use crate::settings::Settings;
use crate::trader::{Commands, Trader, Upkeep};

/// What the trader decided about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It said nothing to the world, and why.
    Noted(Note),
    /// It said something.
    Said(SaidCommand),
}

/// How far a journal was followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows looked at.
    pub rows: u64,
    /// Starts of the program.
    pub boots: u64,
    /// Events heard by the trader.
    pub events: u64,
    /// Decisions that came out as recorded.
    pub decisions: u64,
    /// The instant of the last row.
    pub at: Option<Timestamp>,
}

/// Why a journal cannot be followed any further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetraceError {
    /// The configuration of a start cannot be read.
    #[error(
        "the configuration of start {epoch} cannot be read: {found}\nhint: use the version of sim that wrote the journal ({version})"
    )]
    Settings {
        /// The start.
        epoch: u64,
        /// The program that wrote it.
        version: String,
        /// What is wrong.
        found: String,
    },
    /// A later start has another strategy.
    #[error(
        "start {epoch} has another strategy than the first one\nhint: a journal is of one strategy; begin a new one when settings of the strategy change"
    )]
    OtherRules {
        /// The start.
        epoch: u64,
    },
    /// A row comes before the first start.
    #[error(
        "row {seq} comes before any start of the program\nhint: the file was not written by this program"
    )]
    NotBegun {
        /// The row.
        seq: u64,
    },
    /// A decision came out otherwise.
    #[error("{0}")]
    Differs(Box<Difference>),
}

/// The first decision that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The row at which it shows.
    pub seq: u64,
    /// Its instant.
    pub at: Timestamp,
    /// The event it is about, in words.
    pub event: String,
    /// What the journal says, in words; `None` when it has no decision here.
    pub recorded: Option<String>,
    /// What the trader decides now, in words; `None` when it decides nothing.
    pub made: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nothing = || "nothing".to_owned();
        write!(
            out,
            "row {} ({}), after: {}\n  recorded: {}\n  now:      {}\nhint: the strategy of this version is not the one that wrote the journal, or the journal was not written by it",
            self.seq,
            self.at,
            self.event,
            self.recorded.clone().unwrap_or_else(nothing),
            self.made.clone().unwrap_or_else(nothing),
        )
    }
}

/// A trader being brought through a journal.
#[derive(Debug, Default)]
pub struct Retrace {
    trader: Option<Trader>,
    names: Vec<Symbol>,
    commands: Commands,
    /// Decisions made of the last event and not yet found in the journal.
    made: VecDeque<Decision>,
    event: Option<Event>,
    progress: Progress,
}

impl Retrace {
    /// Takes the next row. The decisions that follow from it are then in [`Self::made`] until their rows come.
    ///
    /// # Errors
    /// When a decision came out otherwise than recorded, or the row cannot be followed. Nothing after it means anything then.
    pub fn take(&mut self, recorded: &Recorded) -> Result<(), RetraceError> {
        self.progress.rows += 1;
        self.progress.at = Some(recorded.at);
        match &recorded.entry {
            Entry::Boot(boot) => self.boot(recorded.epoch, boot),
            Entry::Heard(event) => self.hear(recorded, event),
            Entry::Noted(note) => self.compare(recorded, &Decision::Noted(note.clone())),
            Entry::Said(said) => self.compare(recorded, &Decision::Said(said.clone())),
            Entry::Stopped { .. }
            | Entry::Taken { .. }
            | Entry::Ledger(_)
            | Entry::Trade(_)
            | Entry::Step { .. }
            | Entry::Rollover { .. }
            | Entry::Bar { .. }
            | Entry::Alarm { .. }
            | Entry::Operator { .. } => Ok(()),
        }
    }

    fn boot(&mut self, epoch: u64, boot: &Boot) -> Result<(), RetraceError> {
        let name = format!("configuration of start {epoch}");
        let settings = Settings::from_text(Path::new(&name), &boot.config);
        let settings = settings.map_err(|error| RetraceError::Settings {
            epoch,
            version: boot.version.clone(),
            found: error.to_string(),
        })?;
        let listing = boot.listing.iter();
        let instruments = listing.map(|listed| listed.instrument.clone()).collect();
        self.names = boot
            .listing
            .iter()
            .map(|listed| listed.symbol.clone())
            .collect();
        self.progress.boots += 1;
        match &mut self.trader {
            Some(trader) if *trader.rules() != settings.rules => {
                return Err(RetraceError::OtherRules { epoch });
            }
            Some(trader) => trader.relist(instruments),
            None => {
                self.trader = Some(Trader::new(settings.rules, instruments, Upkeep::default()));
            }
        }
        Ok(())
    }

    fn hear(&mut self, recorded: &Recorded, event: &Event) -> Result<(), RetraceError> {
        if let Some(left) = self.made.front() {
            let made = words::decision(left, &self.names);
            return Err(self.differs(recorded, None, Some(made)));
        }
        let Some(trader) = &mut self.trader else {
            return Err(RetraceError::NotBegun { seq: recorded.seq });
        };
        trader.on_event(recorded.at, event, &mut self.commands);
        self.made
            .extend(self.commands.drain_notes().map(Decision::Noted));
        let said = self.commands.drain();
        self.made
            .extend(said.map(|command| Decision::Said(SaidCommand::of(&command))));
        self.event = Some(event.clone());
        self.progress.events += 1;
        Ok(())
    }

    fn compare(&mut self, recorded: &Recorded, found: &Decision) -> Result<(), RetraceError> {
        if self.made.front() == Some(found) {
            self.made.pop_front();
            self.progress.decisions += 1;
            return Ok(());
        }
        let made = self.made.front();
        let made = made.map(|made| words::decision(made, &self.names));
        let found = words::decision(found, &self.names);
        Err(self.differs(recorded, Some(found), made))
    }

    fn differs(
        &self,
        recorded: &Recorded,
        found: Option<String>,
        made: Option<String>,
    ) -> RetraceError {
        let event = self.event.as_ref();
        RetraceError::Differs(Box::new(Difference {
            seq: recorded.seq,
            at: recorded.at,
            event: event.map_or_else(
                || "no event yet".to_owned(),
                |event| words::event(event, &self.names),
            ),
            recorded: found,
            made,
        }))
    }

    /// How far it came.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// The trader as it stands; `None` before the first start.
    #[must_use]
    pub const fn trader(&self) -> Option<&Trader> {
        self.trader.as_ref()
    }

    /// The contracts, by number.
    #[must_use]
    pub fn names(&self) -> &[Symbol] {
        &self.names
    }

    /// Decisions about the last event that the journal does not hold, or not yet. At the end of a journal they are what a crash
    /// between two commits left out.
    pub fn made(&self) -> impl Iterator<Item = &Decision> {
        self.made.iter()
    }

    /// The trader, to go on with, and the decisions that were made and never recorded.
    #[must_use]
    pub fn finish(self) -> (Option<Trader>, Vec<Decision>) {
        (self.trader, self.made.into())
    }
}
