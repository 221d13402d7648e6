//! Trials on threads: each worker takes the next index, runs it and writes it down.
//!
//! Not here: which trials there are (`plan`), the journal's form (`journal`).
//! Invariant: a record is a function of its index; threads and their timing decide only the order of lines.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use crate::backtest::log::EventLog;
use crate::backtest::run::{RunError, simulate};
use crate::exchange::history::Engine;
use crate::settings::Settings;
use crate::settings::error::SettingsError;
use crate::sweep::figures::Figures;
use crate::sweep::job::Setup;
use crate::sweep::journal::{Journal, JournalError, Present};
use crate::sweep::objective::Verdict;
use crate::sweep::record::{End, Record};

/// How far a sweep is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Trials finished, those of earlier sessions included.
    pub done: u64,
    /// Of these, finished in this session.
    pub here: u64,
    /// Trials of this shard.
    pub total: u64,
    /// The best so far of this session: its index and objective.
    pub best: Option<(u64, f64)>,
}

/// Runs every trial of the shard that is not present, on up to `threads` threads. Once `cancel` is set, trials in
/// flight are finished and no new one begins. `tell` is called after each trial.
///
/// # Errors
/// When the journal cannot be written; what was finished before is in it.
pub fn run_all(
    setup: &Setup,
    (journal, present): (&Journal, &Present),
    (threads, cancel): (usize, &AtomicBool),
    tell: &mut dyn FnMut(Standing),
) -> Result<Standing, JournalError> {
    let next = AtomicU64::new(0);
    let failed: Mutex<Option<JournalError>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let size = setup.shard.size(setup.trials);
    let mut standing = Standing {
        done: present.count,
        here: 0,
        total: size,
        best: None,
    };
    let mut best: Option<(u64, Verdict)> = None;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(1024);
        for _ in 0..threads.max(1) {
            let sender = sender.clone();
            let (next, failed, stop) = (&next, &failed, &stop);
            scope.spawn(move || {
                while !cancel.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
                    let rank = next.fetch_add(1, Ordering::Relaxed);
                    if rank >= size {
                        return;
                    }
                    let trial = setup.shard.index + rank * setup.shard.count;
                    if present.has(trial) {
                        continue;
                    }
                    let record = run_trial(setup, trial);
                    if let Err(error) = journal.add(&record) {
                        stop.store(true, Ordering::Relaxed);
                        let mut failed = failed
                            .lock()
                            .expect("invariant: no worker panics while holding the lock");
                        failed.get_or_insert(error);
                        return;
                    }
                    let verdict = setup.ranking.judge(record.end.figures());
                    // The other side lives as long as this scope.
                    let _heard = sender.send((trial, verdict));
                }
            });
        }
        drop(sender);
        for told in receiver {
            standing.done += 1;
            standing.here += 1;
            if best.is_none_or(|best| setup.ranking.order(told, best).is_lt()) {
                best = Some(told);
            }
            standing.best = best
                .filter(|(_, verdict)| verdict.meets)
                .and_then(|(trial, verdict)| Some((trial, verdict.objective?)));
            tell(standing);
        }
    });
    let failed = failed
        .into_inner()
        .expect("invariant: no worker panics while holding the lock");
    failed.map_or(Ok(standing), Err)
}

/// One trial from its index alone.
#[must_use]
pub fn run_trial(setup: &Setup, trial: u64) -> Record {
    let point = setup.sampler.point(&setup.space, trial);
    let values = setup.space.texts(&point);
    let end = match settle(setup, trial, &values) {
        Ok(settings) => simulate_point(setup, &settings, &values),
        Err(reason) => End::Infeasible { reason },
    };
    Record { trial, values, end }
}

/// The settings of a trial, or why there are none.
fn settle(setup: &Setup, trial: u64, values: &[String]) -> Result<Settings, String> {
    if let Some(violated) = setup.space.violated(values) {
        return Err(format!("{violated} does not hold"));
    }
    let point = setup.sampler.point(&setup.space, trial);
    let laid = setup.space.parameters.iter().zip(&point);
    let laid = laid.map(|(each, at)| (&each.slot, each.value(*at)));
    setup.base.with(laid).map_err(|error| first_cause(&error))
}

/// What is wrong with a configuration, in one line without the place: a point has none.
#[must_use]
pub fn first_cause(error: &SettingsError) -> String {
    let cause = error
        .problems
        .first()
        .map(|problem| problem.cause.to_string());
    cause.unwrap_or_default().replace('\n', " ")
}

fn simulate_point(setup: &Setup, settings: &Settings, values: &[String]) -> End {
    let Some(scene) = setup.worlds.scene(values) else {
        return End::Infeasible {
            reason: "its inputs cannot hold together".to_owned(),
        };
    };
    let mut model = settings.model.clone();
    model.start = Some(scene.start);
    // A trial in flight is always finished: it is short, and half of one is worth nothing.
    let never = AtomicBool::new(false);
    let log = (EventLog::hashing(), &never);
    match simulate(&scene.world, &settings.rules, &model, Engine::Skip, log) {
        Ok(run) => End::Done {
            figures: Box::new(Figures::of(
                &run.outcome,
                model.balance,
                &scene.world.tape.symbols,
            )),
            log: run.log.hash(),
        },
        Err(error @ (RunError::OutOfRange(_) | RunError::Canceled(_))) => End::Beyond {
            reason: error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        },
    }
}
