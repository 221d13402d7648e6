//! The loop over recorded data: a trader, the simulator, a log.
//!
//! Not here: where rules and prices come from (`prepare`), running the same again under other assumptions
//! (`replays`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backtest::log::EventLog;
use crate::domain::event::{Command, Event, Note};
use crate::domain::time::Timestamp;
use crate::engine::{DriveError, Journal, drive};
use crate::exchange::history::{Engine, History, OutOfRange, Outcome, World};
use crate::exchange::model::Model;
use crate::trader::rules::Rules;
use crate::trader::{Trader, Upkeep};

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; nothing was written")]
pub struct Canceled;

/// Why a run has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The user stopped it.
    #[error(transparent)]
    Canceled(#[from] Canceled),
    /// The account grew beyond all reason.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// What one run left.
#[derive(Debug)]
pub struct Simulation {
    /// Account, trades, counters.
    pub outcome: Outcome,
    /// Everything heard, noted and said.
    pub log: EventLog,
}

/// A log that also notices when the user wants to stop.
struct Stoppable<'a> {
    log: EventLog,
    cancel: &'a AtomicBool,
}

impl Journal for Stoppable<'_> {
    type Error = Canceled;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), Canceled> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Canceled);
        }
        self.log.heard(at, event).map_err(|never| match never {})
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Canceled> {
        self.log.noted(at, note).map_err(|never| match never {})
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), Canceled> {
        self.log.said(at, command).map_err(|never| match never {})
    }
}

/// Runs the strategy over a world.
///
/// # Errors
/// When `cancel` was set meanwhile, or the account left the range of exact amounts.
pub fn simulate(
    world: &Arc<World>,
    rules: &Rules,
    model: &Model,
    engine: Engine,
    (log, cancel): (EventLog, &AtomicBool),
) -> Result<Simulation, RunError> {
    let instruments = world.tape.instruments.clone();
    let mut trader = Trader::new(rules.clone(), instruments, Upkeep::default());
    let mut history = History::new(world, model, engine);
    let mut journal = Stoppable { log, cancel };
    match drive(&mut trader, &mut history, &mut journal) {
        Ok(()) => Ok(Simulation {
            outcome: history.finish(),
            log: journal.log,
        }),
        Err(DriveError::Journal(canceled)) => Err(canceled.into()),
        Err(DriveError::Exchange(beyond)) => Err(beyond.into()),
    }
}
