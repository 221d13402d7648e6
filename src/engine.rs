//! The port to the world and the only loop. Backtest, sweep, paper, live and replay all run through here.
//!
//! Not here: any backend (`exchange`), any decision (`trader`).

use crate::domain::event::{Command, Event, Note, Stamped};
use crate::domain::time::Timestamp;
use crate::trader::{Commands, Trader};

/// Where commands go and where *every* event comes from: fills, signals, wakes, the operator.
/// One ordered stream, so a run can be recorded, replayed and skipped through.
pub trait Exchange {
    /// What can go wrong with the world itself.
    type Error: std::error::Error;

    /// Hands over a command and returns at once. What became of it arrives as an event:
    /// a refusal is `OrderUpdate::Rejected`, silence is `OrderUpdate::NoAnswer`.
    fn send(&mut self, now: Timestamp, command: Command);

    /// The next thing that happened; at the latest `Event::Wake` at `wake`. `None`: the world has ended.
    ///
    /// # Errors
    /// When the world cannot go on.
    fn next_event(&mut self, wake: Option<Timestamp>) -> Result<Option<Stamped>, Self::Error>;
}

/// Keeps what was heard and said, in that order, before it takes effect.
pub trait Journal {
    /// What can go wrong with the record.
    type Error: std::error::Error;

    /// An event, before the trader hears it.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), Self::Error>;

    /// A decision that says nothing to the world.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Self::Error>;

    /// A command, before it is sent: a crash cannot lose an order.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), Self::Error>;
}

/// Why the loop stopped early.
#[derive(Debug, thiserror::Error)]
pub enum DriveError<E: std::error::Error + 'static, J: std::error::Error + 'static> {
    /// The exchange failed.
    #[error("the exchange failed")]
    Exchange(#[source] E),
    /// The record failed.
    #[error("the journal failed")]
    Journal(#[source] J),
}

/// Runs the trader against a world until the world ends.
///
/// # Errors
/// When the exchange or the journal fails.
pub fn drive<E: Exchange, J: Journal>(
    trader: &mut Trader,
    exchange: &mut E,
    journal: &mut J,
) -> Result<(), DriveError<E::Error, J::Error>> {
    let mut commands = Commands::default();
    let mut last = None;
    while let Some(Stamped { at, event }) = exchange
        .next_event(trader.next_wake())
        .map_err(DriveError::Exchange)?
    {
        assert!(last <= Some(at), "invariant: events never go back in time");
        last = Some(at);
        journal.heard(at, &event).map_err(DriveError::Journal)?;
        trader.on_event(at, &event, &mut commands);
        for note in commands.drain_notes() {
            journal.noted(at, &note).map_err(DriveError::Journal)?;
        }
        for command in commands.drain() {
            journal.said(at, &command).map_err(DriveError::Journal)?;
            exchange.send(at, command);
        }
    }
    Ok(())
}

/// Keeps nothing: for sweeps.
impl Journal for () {
    type Error = std::convert::Infallible;

    fn heard(&mut self, _: Timestamp, _: &Event) -> Result<(), Self::Error> {
        Ok(())
    }

    fn noted(&mut self, _: Timestamp, _: &Note) -> Result<(), Self::Error> {
        Ok(())
    }

    fn said(&mut self, _: Timestamp, _: &Command) -> Result<(), Self::Error> {
        Ok(())
    }
}
