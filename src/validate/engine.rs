//! One run of the engine for a validation: the rules and the simulator of `sim backtest`, without a log.
//!
//! Not here: which runs (the modules beside this one). The only place of this room that simulates.
//! Invariant: a run is a function of its arguments.

use std::convert::Infallible;
use std::sync::Arc;

use crate::backtest::run::replay;
use crate::backtest::summary::daily_series;
use crate::domain::event::{Command, Confluence, Event, Note};
use crate::domain::signal::Signal;
use crate::domain::time::Timestamp;
use crate::engine::Journal;
use crate::exchange::history::{Engine, Outcome, World};
use crate::exchange::model::Model;
use crate::sweep::batch::board::{Board, Reach};
use crate::sweep::batch::{Batch, Ground, Task};
use crate::sweep::figures::Figures;
use crate::trader::rules::Rules;
use crate::trader::{Trader, Upkeep};

/// Keeps the pairs and nothing else.
#[derive(Debug, Default)]
struct Pairs(Vec<(Timestamp, Confluence)>);

impl Journal for Pairs {
    type Error = Infallible;

    fn heard(&mut self, _: Timestamp, _: &Event) -> Result<(), Infallible> {
        Ok(())
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Infallible> {
        if let Note::Confluence(pair) = note {
            self.0.push((at, pair.clone()));
        }
        Ok(())
    }

    fn said(&mut self, _: Timestamp, _: &Command) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Runs the strategy over a world; messages of `before` are overheard and not traded (V2). `None` when the account leaves
/// the range of exact amounts.
#[must_use]
pub fn run(world: &World, rules: &Rules, model: &Model, before: &[Signal]) -> Option<Outcome> {
    through(world, (rules, model), before, &mut ())
}

/// The same with every confluence it emits, in order, and when.
#[must_use]
pub fn run_with_pairs(
    world: &World,
    rules: &Rules,
    model: &Model,
) -> Option<(Outcome, Vec<(Timestamp, Confluence)>)> {
    let mut pairs = Pairs::default();
    let outcome = through(world, (rules, model), &[], &mut pairs)?;
    Some((outcome, pairs.0))
}

/// The figures of a run over other messages: at speed where that is possible, which gives the same to the bit. `None`
/// when the account leaves the range of exact amounts.
#[must_use]
pub fn figures_of(world: &World, rules: &Rules, model: &Model) -> Option<Figures> {
    if let Some(start) = model.start {
        let board = Arc::new(Board::new(world, start, Reach::of(&rules.confluence)));
        let task = Task {
            ground: Ground {
                world,
                board: &board,
                start,
            },
            rules,
            model,
        };
        if let Some(played) = Batch::default().run(task) {
            return Some(played.figures(model));
        }
    }
    let outcome = run(world, rules, model, &[])?;
    Some(figures(&outcome, model))
}

/// The figures of a run.
#[must_use]
pub fn figures(outcome: &Outcome, model: &Model) -> Figures {
    Figures::of(
        &daily_series(outcome, model.balance),
        &outcome.trades,
        outcome.net(model.balance),
        outcome.counters.ambiguous_bars,
    )
}

fn through(
    world: &World,
    (rules, model): (&Rules, &Model),
    before: &[Signal],
    journal: &mut impl Journal<Error = Infallible>,
) -> Option<Outcome> {
    let instruments = world.tape.instruments.clone();
    let mut trader = Trader::new(rules.clone(), instruments, Upkeep::default());
    for signal in before {
        trader.overhear(signal);
    }
    replay(world, (model, Engine::Skip), &mut trader, journal).ok()
}
