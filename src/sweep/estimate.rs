//! What a sweep will take: a few trials are run and timed before any result is written, and a method that learns is
//! asked for one generation.
//!
//! Not here: the clock, which the caller brings.

use std::time::Duration;

use crate::domain::random::Random;
use crate::sweep::figures::{METRICS, TRADES};
use crate::sweep::job::Setup;
use crate::sweep::models::{Brief, Model, history_bytes};
use crate::sweep::objective::Told;
use crate::sweep::record::End;
use crate::sweep::run::run_trial;

/// Most trials that are run to know.
const TRIES: u64 = 64;
/// Time after which enough is known.
const ENOUGH: Duration = Duration::from_secs(2);
/// Bytes a trial takes on disk while the tables are made: measured with six parameters, the journal counted twice.
const TRIAL_BYTES: u64 = 1_900;
/// Trials a method that learns is told of to know what asking takes: with more it takes no longer.
const TOLD: u64 = 1_024;

/// What a sweep will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Trials of this shard.
    pub trials: u64,
    /// Trials that were run to know.
    pub tried: u64,
    /// Of these, infeasible ones.
    pub infeasible: u64,
    /// Mean trades of those that ran.
    pub trades_mean: f64,
    /// Days of the longest of them.
    pub days: u64,
    /// One trial on one thread, the infeasible ones averaged in.
    pub per_trial: Duration,
    /// Choosing one, which a method that learns does on one thread while the others wait.
    pub per_choice: Duration,
    /// All of them on all threads, when threads do not disturb each other.
    pub total: Duration,
    /// Bars a trial is replayed over.
    pub bars: usize,
    /// Bytes of the shared columns.
    pub column_bytes: usize,
    /// Bytes of the history of a method that learns.
    pub history_bytes: u64,
    /// Bytes on disk; in memory there are a few batches of rows, whatever the number of trials.
    pub result_bytes: u64,
}

impl Estimate {
    /// Trials that can be run, when the others are like those that were tried.
    #[must_use]
    pub const fn feasible(&self) -> u64 {
        if self.tried == 0 {
            return self.trials;
        }
        let feasible = self.tried - self.infeasible;
        self.trials.saturating_mul(feasible).div_ceil(self.tried)
    }
}

/// What the trials that were run to know came to.
#[derive(Default)]
struct Sample {
    tried: u64,
    infeasible: u64,
    ran: u32,
    trades: f64,
    days: f64,
}

impl Sample {
    fn take(&mut self, end: &End) {
        self.tried += 1;
        match end {
            End::Done { figures, .. } => {
                self.ran += 1;
                self.trades += figures.0[TRADES].unwrap_or(0.0);
                let place = METRICS.iter().position(|metric| metric.name == "days");
                let days = place.and_then(|place| figures.0[place]);
                self.days = self.days.max(days.unwrap_or(0.0));
            }
            End::Infeasible { .. } => self.infeasible += 1,
            End::Beyond { .. } => {}
        }
    }
}

/// Runs some trials, spread over the whole, and says what all will take. `clock` is the time since any fixed instant.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days are counted"
)]
pub fn estimate(setup: &Setup, threads: usize, clock: &dyn Fn() -> Duration) -> Estimate {
    let trials = setup.shard.size(setup.trials);
    let began = clock();
    let mut sample = Sample::default();
    // Equal steps through a grid would meet the same values again and again.
    let mut draw = Random::new(setup.trials);
    for _ in 0..trials.min(TRIES) {
        let rank = draw.below(trials);
        let trial = setup.shard.index + rank * setup.shard.count;
        sample.take(&run_trial(setup, trial).end);
        if clock().saturating_sub(began) > ENOUGH {
            break;
        }
    }
    let elapsed = clock().saturating_sub(began);
    let per_trial = elapsed.div_f64(float(sample.tried.max(1)));
    let per_choice = per_choice(setup, trials, clock);
    let total = per_trial.mul_f64(float(trials) / float(threads.max(1) as u64))
        + per_choice.mul_f64(float(trials));
    Estimate {
        trials,
        tried: sample.tried,
        infeasible: sample.infeasible,
        trades_mean: sample.trades / f64::from(sample.ran.max(1)),
        days: sample.days as u64,
        per_trial,
        per_choice,
        total,
        bars: setup.worlds.bars(),
        column_bytes: setup.worlds.column_bytes(),
        history_bytes: history_bytes(setup.method, trials, setup.space.parameters.len()),
        result_bytes: trials.saturating_mul(TRIAL_BYTES),
    }
}

/// Asks a model for a generation, late in a sweep of so many trials; results are made up.
fn per_choice(setup: &Setup, trials: u64, clock: &dyn Fn() -> Duration) -> Duration {
    let objectives = setup.ranking.objectives().len();
    let brief = Brief {
        parameters: &setup.space.parameters,
        seed: setup.seed,
        batch: setup.batch,
        objectives,
    };
    let Some(mut model) = Model::new(setup.method, brief) else {
        return Duration::ZERO;
    };
    let batch = setup.batch as u64;
    let mut draw = Random::new(trials);
    if !model.remembers() {
        for first in (0..trials.min(TOLD)).step_by(setup.batch) {
            let points: Vec<_> = (first..first + batch)
                .map(|trial| setup.sampler.point(&setup.space, trial))
                .collect();
            let results: Vec<Told> = points.iter().map(|_| made_up(&mut draw)).collect();
            model.tell(&points, &results);
        }
    }
    let began = clock();
    let _points = model.ask();
    clock().saturating_sub(began).div_f64(float(batch))
}

fn made_up(draw: &mut Random) -> Told {
    Told {
        cost: Some(draw.unit()),
        costs: Vec::new(),
        meets: true,
    }
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn float(count: u64) -> f64 {
    count as f64
}
