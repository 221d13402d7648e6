//! The numbers of contracts in a journal's entries: found, and replaced by those of a run.
//!
//! Not here: which numbers a run has (`journaled`).
//! Invariant: every number of an entry is met once.

use crate::domain::event::{AccountUpdate, Event, Note, Operator};
use crate::domain::symbol::SymbolId;
use crate::journal::entry::{Entry, SaidCommand};

/// What is done to each number.
pub(super) type Touch<'a> = &'a mut dyn FnMut(&mut SymbolId);

/// Touches every number of an entry.
pub(super) fn each(entry: &mut Entry, touch: Touch<'_>) {
    match entry {
        Entry::Heard(event) => of_event(event, touch),
        Entry::Noted(note) => of_note(note, touch),
        Entry::Said(SaidCommand::Submit(request)) => touch(&mut request.symbol),
        Entry::Ledger(line) => line.symbol.iter_mut().for_each(touch),
        Entry::Trade(trade) => touch(&mut trade.symbol),
        Entry::Step { symbol, .. } | Entry::Bar { symbol, .. } => touch(symbol),
        Entry::Boot(_)
        | Entry::Stopped { .. }
        | Entry::Taken { .. }
        | Entry::Said(_)
        | Entry::Rollover { .. }
        | Entry::Alarm { .. }
        | Entry::Operator { .. } => {}
    }
}

fn of_event(event: &mut Event, touch: Touch<'_>) {
    match event {
        Event::Signal { signal, .. } => touch(&mut signal.symbol),
        Event::Account(
            AccountUpdate::Funding { symbol, .. } | AccountUpdate::Closed { symbol, .. },
        )
        | Event::Operator(Operator::Close(symbol) | Operator::CancelAll(symbol)) => touch(symbol),
        Event::Operator(Operator::Order(order)) => touch(&mut order.symbol),
        Event::Snapshot(snapshot) => {
            let held = snapshot.positions.iter_mut();
            held.map(|held| &mut held.symbol).for_each(touch);
        }
        Event::Account(
            AccountUpdate::Opened { .. }
            | AccountUpdate::DayStarted { .. }
            | AccountUpdate::FloorReached { .. },
        )
        | Event::Operator(Operator::Halt | Operator::Resume)
        | Event::Order { .. }
        | Event::Link(_)
        | Event::Wake => {}
    }
}

fn of_note(note: &mut Note, touch: Touch<'_>) {
    match note {
        Note::Confluence(pair) | Note::LowScore { pair, .. } => touch(&mut pair.symbol),
        Note::Refused { symbol, .. }
        | Note::TargetsDropped { symbol, .. }
        | Note::Unprotected { symbol } => touch(symbol),
        Note::Ignored { .. } | Note::Halted(_) | Note::Resumed | Note::Surprise { .. } => {}
    }
}
