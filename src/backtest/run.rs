//! The loop over recorded data: a trader, the simulator, a log.
//!
//! Not here: where rules and prices come from (`prepare`), running the same again under other assumptions
//! (`replays`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backtest::log::EventLog;
use crate::domain::event::{Command, Event, Note};
use crate::domain::time::{Span, Timestamp};
use crate::engine::{DriveError, Journal, drive};
use crate::exchange::history::{Engine, History, OutOfRange, Outcome, World};
use crate::exchange::model::{Model, Prices};
use crate::exchange::trades::session::{Ends, Trading, TradingError};
use crate::exchange::trades::tape::Recorded;
use crate::exchange::trades::{Trust, Venue};
use crate::market::ticks::{TickRules, Ticks};
use crate::market::window::Window;
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
    let mut journal = Stoppable { log, cancel };
    match replay(world, (model, engine), &mut trader, &mut journal) {
        Ok(outcome) => Ok(Simulation {
            outcome,
            log: journal.log,
        }),
        Err(DriveError::Journal(canceled)) => Err(canceled.into()),
        Err(DriveError::Exchange(beyond)) => Err(beyond.into()),
    }
}

/// Drives a trader through a world on the model's kind of prices: bars (stepping or skipping) or trades.
///
/// # Errors
/// When the journal fails, or the account left the range of exact amounts.
pub fn replay<J: Journal>(
    world: &World,
    (model, engine): (&Model, Engine),
    trader: &mut Trader,
    journal: &mut J,
) -> Result<Outcome, DriveError<OutOfRange, J::Error>> {
    match model.prices {
        Prices::Bars => {
            let mut history = History::new(world, model, engine);
            drive(trader, &mut history, journal)?;
            Ok(history.finish())
        }
        Prices::Trades => replay_trades(world, model, trader, journal),
    }
}

fn replay_trades<J: Journal>(
    world: &World,
    model: &Model,
    trader: &mut Trader,
    journal: &mut J,
) -> Result<Outcome, DriveError<OutOfRange, J::Error>> {
    let (start, end) = (world.start(model), world.end());
    let end = end.unwrap_or(start);
    let rules = TickRules {
        // The mark of the very end is the run's last.
        window: Window {
            from: start,
            to: end + Span::from_millis(1),
        },
        spread: None,
    };
    let ticks = Ticks::new(&world.tape, &world.trades, rules);
    let source = Recorded::new(world, ticks.iter(), (start, end));
    let instruments = world.tape.instruments.clone();
    let venue = Venue::new(model.clone(), Trust::default(), instruments, start);
    let mut exchange = Trading::new(venue, source, Ends::Data);
    let driven = drive(trader, &mut exchange, journal);
    driven.map_err(|error| match error {
        DriveError::Journal(wrong) => DriveError::Journal(wrong),
        DriveError::Exchange(TradingError::OutOfRange(beyond)) => DriveError::Exchange(beyond),
        DriveError::Exchange(TradingError::Source(never)) => match never {},
    })?;
    let (venue, _) = exchange.into_parts();
    Ok(venue.finish(end))
}
