//! The journal of a run as the loop sees it, and a second trader that hears the same events: what it says of positions,
//! halts and counters is what the journal says.
//!
//! Not here: the file (`journal`), when it is written through (`paper`).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::domain::event::{Command, Event, Note};
use crate::domain::symbol::Symbols;
use crate::domain::time::Timestamp;
use crate::engine::Journal;
use crate::journal::entry::{Entry, SaidCommand};
use crate::journal::error::JournalError;
use crate::journal::store::Store;
use crate::trader::{Commands, Trader};

use super::recent::Recent;
use super::tell;

/// What loop and exchange share.
#[derive(Debug)]
pub struct Shared {
    /// The file.
    pub store: Store,
    /// Hears what the trader hears.
    pub shadow: Trader,
    /// Whether anything was heard or said since the last commit.
    pub heard: bool,
    /// The newest messages and what became of them.
    pub recent: Recent,
    /// Names for the log.
    pub symbols: Arc<Symbols>,
    commands: Commands,
}

/// The journal of the loop.
#[derive(Clone, Debug)]
pub struct Record(Rc<RefCell<Shared>>);

impl Record {
    /// Over an open file; `trader` is as the file says it was.
    #[must_use]
    pub fn new(store: Store, trader: Trader, symbols: Arc<Symbols>) -> Self {
        Self(Rc::new(RefCell::new(Shared {
            store,
            shadow: trader,
            heard: false,
            recent: Recent::default(),
            symbols,
            commands: Commands::default(),
        })))
    }

    /// Works with both; never inside itself.
    pub fn with<T>(&self, work: impl FnOnce(&mut Shared) -> T) -> T {
        work(&mut self.0.borrow_mut())
    }

    fn append(&self, at: Timestamp, entry: &Entry) -> Result<(), JournalError> {
        self.0.borrow_mut().store.append(at, entry).map(drop)
    }
}

impl Journal for Record {
    type Error = JournalError;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        self.append(at, &Entry::Heard(event.clone()))?;
        let shared = &mut *self.0.borrow_mut();
        shared.heard = true;
        tell::event(&shared.symbols, at, event);
        shared.recent.heard(&shared.symbols, at, event);
        shared.shadow.on_event(at, event, &mut shared.commands);
        shared.commands.drain_notes().for_each(drop);
        shared.commands.drain().for_each(drop);
        Ok(())
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), JournalError> {
        self.append(at, &Entry::Noted(note.clone()))?;
        let shared = &mut *self.0.borrow_mut();
        shared.heard = true;
        tell::note(&shared.symbols, at, note);
        shared.recent.noted(note);
        Ok(())
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), JournalError> {
        let shared = &mut *self.0.borrow_mut();
        shared.heard = true;
        tell::command(&shared.symbols, at, command);
        shared
            .store
            .append(at, &Entry::Said(SaidCommand::of(command)))
            .map(drop)
    }
}
