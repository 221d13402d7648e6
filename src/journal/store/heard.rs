//! The store as the loop's journal: appended as it goes, durable with the runner's next commit.
//!
//! Not here: the loop (`engine`).

use super::{Store, written};
use crate::domain::event::{Command, Event, Note};
use crate::domain::time::Timestamp;
use crate::engine;
use crate::journal::entry::{Entry, SaidCommand, kind};
use crate::journal::error::JournalError;
use crate::journal::record;

impl engine::Journal for Store {
    type Error = JournalError;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        self.ready()?;
        let text = record::write_heard(event, &self.index.listing);
        let body = written(kind::HEARD, text)?;
        self.push(at, kind::HEARD, body);
        self.index.heard(event);
        Ok(())
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), JournalError> {
        self.ready()?;
        let text = record::write_noted(note, &self.index.listing);
        let body = written(kind::NOTED, text)?;
        self.push(at, kind::NOTED, body);
        Ok(())
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), JournalError> {
        let entry = Entry::Said(SaidCommand::of(command));
        self.append(at, &entry).map(|_| ())
    }
}
