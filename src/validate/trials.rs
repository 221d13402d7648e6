//! Every trial of a space over one stretch of time, with what the figures of luck need: daily returns and trades.
//!
//! Not here: which points there are (`sweep::method`), running one (`engine`), the best of them for a user (`sweep`).
//! Invariant: a trial's entry is a function of its index and of the inputs; they are kept in the order of their indices.

use std::sync::Arc;

use crate::backtest::run::Canceled;
use crate::backtest::summary::daily_series;
use crate::domain::fill::Trade;
use crate::domain::num::Money;
use crate::domain::time::Timestamp;
use crate::exchange::history::{Outcome, World};
use crate::exchange::model::Model;
use crate::stats::equity::DailySeries;
use crate::sweep::batch::{Batch, Task};
use crate::sweep::figures::Figures;
use crate::sweep::job::Setup;
use crate::sweep::objective::Verdict;
use crate::sweep::run::settle;
use crate::sweep::worlds::{Scene, Worlds};
use crate::trader::rules::Rules;
use crate::validate::engine;
use crate::validate::points::Points;
use crate::validate::progress::Tell;

/// One trial that could be run.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its index.
    pub trial: u64,
    /// The values of its parameters, in declared order.
    pub values: Vec<String>,
    /// Its strategy.
    pub rules: Rules,
    /// Its simulation; `start` is that of the run it was settled for.
    pub model: Model,
}

/// A finished trade, as small as can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its entry.
    pub start: Timestamp,
    /// Its last exit.
    pub end: Timestamp,
    /// What it left after fees and funding.
    pub net: Money,
}

/// What a trial left.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its index.
    pub trial: u64,
    /// Its figures; `None` when its account left the range of exact amounts.
    pub figures: Option<Figures>,
    /// One entry per day up to a ruin: for millions of trials, half of what one that may be missing would take.
    pub returns: Vec<f64>,
    /// Days of the run, those after a ruin among them.
    pub days: usize,
    /// In order of their exits.
    pub trades: Vec<Held>,
}

impl Held {
    /// Of a trade of the simulator.
    #[must_use]
    pub fn of(trade: &Trade) -> Self {
        Self {
            start: trade.entry_time,
            end: trade.exit_time,
            net: trade.net(),
        }
    }
}

impl Ran {
    /// One entry for each day of the run; those after a ruin are missing.
    #[must_use]
    pub fn daily(&self) -> Vec<Option<f64>> {
        let mut daily: Vec<Option<f64>> = self.returns.iter().copied().map(Some).collect();
        daily.resize(self.days, None);
        daily
    }

    /// Whether no day is missing.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.returns.len() == self.days
    }

    /// Bytes it takes in memory.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(self.returns.as_slice())
            + size_of_val(self.trades.as_slice())
    }

    /// Bytes that a trial of so many days and, in the mean, so many trades takes.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate; trades are few and not negative"
    )]
    pub fn room(days: u64, trades: f64) -> u64 {
        let fixed = size_of::<Self>() as u64 + days * size_of::<f64>() as u64;
        fixed + (trades * size_of::<Held>() as f64).ceil() as u64
    }
}

/// The point of a trial with its settings; `None` when it cannot be run.
#[must_use]
pub fn candidate(points: &Points<'_>, trial: u64) -> Option<Candidate> {
    let (setup, point) = (points.setup, points.point(trial));
    let values = setup.space.texts(&point);
    let (rules, model) = settle(setup, &point, &values).ok()?;
    Some(Candidate {
        trial,
        values,
        rules,
        model,
    })
}

/// The daily equity of a run that began with so much.
#[must_use]
pub fn series(outcome: &Outcome, balance: Money) -> DailySeries {
    daily_series(outcome, balance)
}

/// Runs one candidate over a scene: at speed where that is possible, which gives the same to the bit.
#[must_use]
pub fn run(candidate: &Candidate, scene: &Scene, batch: &mut Batch) -> Ran {
    let (trial, rules) = (candidate.trial, &candidate.rules);
    let mut model = candidate.model.clone();
    model.start = Some(scene.start);
    let task = Task {
        ground: scene.ground(),
        rules,
        model: &model,
    };
    if let Some(played) = batch.run(task) {
        let daily = played.daily(model.balance);
        return Ran {
            trial,
            figures: Some(played.figures(&model)),
            returns: daily.known_returns(),
            days: daily.closes.len(),
            trades: played.account.trades().iter().map(Held::of).collect(),
        };
    }
    let Some(outcome) = engine::run(&scene.world, rules, &model, &[]) else {
        return Ran {
            trial,
            figures: None,
            returns: Vec::new(),
            days: 0,
            trades: Vec::new(),
        };
    };
    let daily = series(&outcome, model.balance);
    Ran {
        trial,
        figures: Some(engine::figures(&outcome, &model)),
        returns: daily.known_returns(),
        days: daily.closes.len(),
        trades: outcome.trades.iter().map(Held::of).collect(),
    }
}

/// Runs all trials of a sweep over some inputs, in order; those that cannot be run are left out.
///
/// # Errors
/// When the user stopped it.
pub fn run_all(
    points: &Points<'_>,
    worlds: &Worlds,
    (tell, stage): (&Tell<'_>, &str),
) -> Result<Vec<Ran>, Canceled> {
    let count = usize::try_from(points.setup.trials).unwrap_or(usize::MAX);
    let run = |(batch, last): &mut (Batch, Option<Arc<World>>), index: usize| {
        let candidate = candidate(points, index as u64)?;
        let scene = worlds.scene(&candidate.values)?;
        // What a batch keeps is of one set of messages.
        if !last
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(last, &scene.world))
        {
            *batch = Batch::default();
            *last = Some(Arc::clone(&scene.world));
        }
        Some(run(&candidate, scene, batch))
    };
    let begin = || (Batch::default(), None);
    let all = tell.all(stage, count, (begin, run))?;
    Ok(all.into_iter().flatten().collect())
}

/// The best by the declared objective, if one can be: it has the objective and meets every constraint; ties go to the
/// lower index.
#[must_use]
pub fn best<'a>(setup: &Setup, all: &'a [Ran]) -> Option<&'a Ran> {
    let judged = |ran: &Ran| setup.ranking.judge(ran.figures.as_ref());
    let chosen = |ran: &&Ran| {
        let Verdict { objective, meets } = judged(ran);
        objective.is_some() && meets
    };
    let order = |one: &&Ran, other: &&Ran| {
        let (one, other) = ((one.trial, judged(one)), (other.trial, judged(other)));
        setup.ranking.order(one, other)
    };
    all.iter().filter(chosen).min_by(order)
}
