//! What a sweep will take: a few trials are run and timed before any result is written.
//!
//! Not here: the clock, which the caller brings.

use std::time::Duration;

use crate::domain::random::Random;
use crate::sweep::job::Setup;
use crate::sweep::record::End;
use crate::sweep::run::run_trial;

/// Most trials that are run to know.
const TRIES: u64 = 64;
/// Time after which enough is known.
const ENOUGH: Duration = Duration::from_secs(2);
/// Bytes a trial takes on disk while the tables are made: measured with six parameters, the journal counted twice.
const TRIAL_BYTES: u64 = 1_900;

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
    /// One trial on one thread, the infeasible ones averaged in.
    pub per_trial: Duration,
    /// All of them on all threads, when threads do not disturb each other.
    pub total: Duration,
    /// Bars a trial is replayed over.
    pub bars: usize,
    /// Bytes of the shared columns.
    pub column_bytes: usize,
    /// Bytes on disk; in memory there are a few batches of rows, whatever the number of trials.
    pub result_bytes: u64,
}

/// Runs some trials, spread over the whole, and says what all will take. `clock` is the time since any fixed instant.
#[must_use]
pub fn estimate(setup: &Setup, threads: usize, clock: &dyn Fn() -> Duration) -> Estimate {
    let trials = setup.shard.size(setup.trials);
    let tries = trials.min(TRIES);
    let began = clock();
    let (mut tried, mut infeasible, mut ran, mut trades) = (0_u64, 0, 0_u32, 0.0);
    // Equal steps through a grid would meet the same values again and again.
    let mut draw = Random::new(setup.trials);
    for _ in 0..tries {
        let rank = draw.below(trials);
        let record = run_trial(setup, setup.shard.index + rank * setup.shard.count);
        tried += 1;
        match &record.end {
            End::Done { figures, .. } => {
                ran += 1;
                trades += figures.0[crate::sweep::figures::TRADES].unwrap_or(0.0);
            }
            End::Infeasible { .. } => infeasible += 1,
            End::Beyond { .. } => {}
        }
        if clock().saturating_sub(began) > ENOUGH {
            break;
        }
    }
    let elapsed = clock().saturating_sub(began);
    let per_trial = elapsed.div_f64(float(tried.max(1)));
    let total = per_trial.mul_f64(float(trials) / float(threads.max(1) as u64));
    Estimate {
        trials,
        tried,
        infeasible,
        trades_mean: trades / f64::from(ran.max(1)),
        per_trial,
        total,
        bars: setup.worlds.bars(),
        column_bytes: setup.worlds.column_bytes(),
        result_bytes: trials.saturating_mul(TRIAL_BYTES),
    }
}

#[allow(clippy::cast_precision_loss, reason = "an estimate")]
fn float(count: u64) -> f64 {
    count as f64
}
