//! Trials of a sweep at speed: the replay of the plain strategy beside `engine::drive`, for settings it knows.
//!
//! Not here: settings of a trial (`run`), the reference (`backtest::run`), which every other trial goes through.
//! Invariant: what is covered here has, to the byte, the event log and the figures of the reference.

pub mod board;
pub mod desk;
pub mod intake;
pub mod replay;

use std::sync::Arc;

use crate::backtest::log::EventLog;
use crate::backtest::summary::daily_equity;
use crate::domain::num::{Money, Rounding};
use crate::domain::position::MarginMode;
use crate::domain::time::{DAY, Span, Timestamp};
use crate::exchange::account::Account;
use crate::exchange::history::World;
use crate::exchange::model::{Drilldown, Model, Prices};
use crate::stats::equity::DailySeries;
use crate::sweep::batch::board::Board;
use crate::sweep::batch::intake::Intake;
use crate::sweep::batch::replay::{Played, Replay, Stage};
use crate::sweep::figures::Figures;
use crate::trader::rules::{HaltAction, Role112, Rules};

/// What one thread keeps from trial to trial.
#[derive(Debug, Default)]
pub struct Batch {
    /// By place in a group.
    intakes: Vec<Intake>,
    /// Of trials whose figures are taken: their room is used again.
    used: Vec<(EventLog, Account)>,
}

/// A world and what its signals come to.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Prices and signals.
    pub world: &'a World,
    /// The signals that can matter.
    pub board: &'a Arc<Board>,
    /// First instant.
    pub start: Timestamp,
}

/// A trial to be replayed.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Where.
    pub ground: Ground<'a>,
    /// The strategy.
    pub rules: &'a Rules,
    /// The assumptions.
    pub model: &'a Model,
}

impl Task<'_> {
    /// Whether it asks for nothing but what `replay` knows.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        is_covered(self.ground.world, self.rules, self.model)
            && self.ground.board.covers(&self.rules.confluence)
    }
}

/// Days of minute bars of one symbol that stay in a core's cache until the last of a group has seen them.
const CACHED_DAYS: usize = 20;

/// How far each of a group is replayed before the first of it goes on.
fn stride(world: &World) -> Span {
    let symbols = world.tape.series.iter().flatten().count().max(1);
    let days = (CACHED_DAYS / symbols).max(1);
    Span::from_millis(days as i64 * DAY.millis())
}

impl Batch {
    /// Replays one trial; `None` when it is not covered, or its account leaves the range of exact amounts.
    pub fn run(&mut self, task: Task<'_>) -> Option<Played> {
        self.run_into(task, EventLog::hashing())
    }

    /// The same with a log of the caller's. What the log is told of confluences it does not keep as rows.
    pub fn run_into(&mut self, task: Task<'_>, log: EventLog) -> Option<Played> {
        let account = Account::new(task.model.terms, 0);
        self.run_logged(vec![(task, log, account)]).pop().flatten()
    }

    /// Replays a group of trials side by side, which takes less than one after another: prices are fetched once for
    /// all. Each as [`Batch::run`].
    pub fn run_group(&mut self, tasks: &[Task<'_>]) -> Vec<Option<Played>> {
        let mut given = Vec::with_capacity(tasks.len());
        for task in tasks {
            let (mut log, account) = self
                .used
                .pop()
                .unwrap_or_else(|| (EventLog::hashing(), Account::new(task.model.terms, 0)));
            log.reset();
            given.push((*task, log, account));
        }
        self.run_logged(given)
    }

    /// Takes back what a trial has left once its figures are taken.
    pub fn recycle(&mut self, played: Played) {
        self.used.push((played.log, played.account));
    }

    fn run_logged(&mut self, tasks: Vec<(Task<'_>, EventLog, Account)>) -> Vec<Option<Played>> {
        // One alone has nobody to wait for.
        let stride = tasks.iter().map(|(task, ..)| stride(task.ground.world));
        let stride = stride.min().filter(|_| tasks.len() > 1);
        if self.intakes.len() < tasks.len() {
            self.intakes.resize_with(tasks.len(), Intake::default);
        }
        let stages = tasks.into_iter().zip(&mut self.intakes);
        let mut replays: Vec<Option<Replay<'_>>> = stages
            .map(|((task, log, account), intake)| {
                let stage = stage(&task, intake)?;
                Some(Replay::new(stage, log, account))
            })
            .collect();
        let first = replays.iter().flatten().map(Replay::midnight).min();
        let mut until = first.filter(|_| stride.is_some());
        loop {
            until = until.zip(stride).map(|(until, stride)| until + stride);
            let under_way = replays.iter_mut().flatten();
            if under_way.filter_map(|replay| replay.advance(until)).count() == 0 {
                break;
            }
        }
        replays
            .into_iter()
            .map(|replay| replay.and_then(Replay::finish))
            .collect()
    }
}

fn stage<'a>(task: &Task<'a>, intake: &'a mut Intake) -> Option<Stage<'a>> {
    let Task {
        ground,
        rules,
        model,
    } = *task;
    if !task.is_covered() {
        return None;
    }
    let Ground {
        world,
        board,
        start,
    } = ground;
    Some(Stage {
        world,
        rules,
        model,
        words: intake.hear(&rules.confluence, &world.signals, board),
        start,
        end: world.end()?,
    })
}

/// Whether settings and world ask for nothing but what `replay` knows.
#[must_use]
pub fn is_covered(world: &World, rules: &Rules, model: &Model) -> bool {
    let plain_rules = matches!(rules.confluence.role_112, Role112::Leg | Role112::Ignore)
        && rules.exits.break_even.is_none()
        && rules.exits.hold_max.is_none()
        && rules.daily.halt_action == HaltAction::BlockEntries
        && rules.terms.margin_mode == MarginMode::Isolated;
    let plain_tape = || {
        let instruments = &world.tape.instruments;
        let whole = |series: &crate::market::tape::Series| {
            let drills = model.drilldown != Drilldown::Off && series.detail().is_some();
            !drills && model.bracket_delay < series.bars().interval
        };
        instruments
            .iter()
            .all(|instrument| instrument.delisted.is_none())
            && world.tape.series.iter().flatten().all(whole)
    };
    model.prices == Prices::Bars && plain_rules && world.script.is_empty() && plain_tape()
}

impl Played {
    /// Equity at the ends of UTC days (M1).
    #[must_use]
    pub fn daily(&self, balance: Money) -> DailySeries {
        daily_equity(
            balance,
            (self.start, self.end),
            &self.rollovers,
            self.equity,
        )
    }

    /// The figures of the trial.
    #[must_use]
    pub fn figures(&self, model: &Model) -> Figures {
        let net = self.equity.round(Rounding::Down) - model.balance;
        let series = self.daily(model.balance);
        Figures::of(&series, self.account.trades(), net, self.ambiguous_bars)
    }
}
