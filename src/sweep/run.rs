//! Trials on threads: each worker takes the next one, runs it and writes it down.
//!
//! Not here: which one is next (`work`), the journal's form (`journal`).
//! Invariant: a record is a function of its point; threads and their timing decide only the order of lines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::backtest::log::EventLog;
use crate::backtest::run::{RunError, simulate};
use crate::backtest::summary::daily_series;
use crate::exchange::history::Engine;
use crate::exchange::model::Model;
use crate::settings::error::SettingsError;
use crate::sweep::batch::replay::Played;
use crate::sweep::batch::{Batch, Task};
use crate::sweep::figures::Figures;
use crate::sweep::job::Setup;
use crate::sweep::journal::{Journal, JournalError, Present};
use crate::sweep::objective::Verdict;
use crate::sweep::record::{End, Record};
use crate::sweep::space::Coordinate;
use crate::sweep::work::{Member, Work};
use crate::sweep::worlds::Scene;
use crate::trader::rules::Rules;

/// So many trials are replayed side by side at most; more gain nothing.
const GROUP_MAX: usize = 32;

/// What the groups of all threads may take of memory together, as long as one is of more than one trial.
const GROUPS_BYTES: usize = 40 << 20;

/// Time between two reports: nobody reads faster, and waking somebody for each trial costs a tenth of it.
const BETWEEN: Duration = Duration::from_millis(100);

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
    /// Once all are finished, how many of them are in the tables.
    pub written: Option<u64>,
}

/// Runs every trial of the shard that is not present, on up to `threads` threads. Once `cancel` is set, trials in
/// flight are finished and no new one begins. `tell` is called now and then, and at the end.
///
/// # Errors
/// When the journal cannot be written; what was finished before is in it.
pub fn run_all(
    setup: &Setup,
    (journal, present): (&Journal, &Present),
    (threads, cancel): (usize, &AtomicBool),
    tell: &mut dyn FnMut(Standing),
) -> Result<Standing, JournalError> {
    let threads = threads.max(1);
    let group = GROUPS_BYTES / threads / setup.worlds.trial_bytes().max(1);
    let group = group.clamp(1, GROUP_MAX);
    let work = Work::new(setup, (journal.path(), present))?;
    let shared = Mutex::new(Shared {
        standing: Standing {
            done: present.count,
            here: 0,
            total: setup.shard.size(setup.trials),
            best: None,
            written: None,
        },
        best: None,
        failed: None,
    });
    std::thread::scope(|scope| {
        // Nothing is ever sent: the channel closes when the last worker ends.
        let (sender, ended) = mpsc::channel::<()>();
        for _ in 0..threads {
            let sender = sender.clone();
            let (work, shared) = (&work, &shared);
            scope.spawn(move || {
                let _until_the_end = sender;
                let mut batch = Batch::default();
                let mut done = |record: Record| {
                    let (trial, figures) = (record.trial, record.end.figures());
                    let written = journal.add(&record);
                    let written = written.and_then(|()| work.finished(trial, figures));
                    let verdict = setup.ranking.judge(figures);
                    !locked(shared).take(setup, (trial, verdict), written)
                };
                loop {
                    let members = work.take(cancel, (group, threads));
                    if members.is_empty() {
                        return;
                    }
                    if !run_group(setup, &members, (&mut batch, cancel), &mut done) {
                        work.halt();
                        return;
                    }
                }
            });
        }
        drop(sender);
        while ended.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
            let standing = locked(&shared).standing;
            tell(standing);
        }
    });
    let shared = shared
        .into_inner()
        .expect("invariant: no worker panics while holding the lock");
    tell(shared.standing);
    shared.failed.map_or(Ok(shared.standing), Err)
}

/// What workers leave for the one who tells.
struct Shared {
    standing: Standing,
    best: Option<(u64, Verdict)>,
    failed: Option<JournalError>,
}

impl Shared {
    /// Takes note of a trial; whether workers should stop.
    fn take(
        &mut self,
        setup: &Setup,
        told: (u64, Verdict),
        written: Result<(), JournalError>,
    ) -> bool {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        } else {
            self.standing.done += 1;
            self.standing.here += 1;
            if self
                .best
                .is_none_or(|best| setup.ranking.order(told, best).is_lt())
            {
                self.best = Some(told);
                let good = told.1.objective.filter(|_| told.1.meets);
                self.standing.best = good.map(|objective| (told.0, objective));
            }
        }
        self.failed.is_some()
    }
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared
        .lock()
        .expect("invariant: no worker panics while holding the lock")
}

/// One trial from its index alone; of a method that learns, one it might begin with.
#[must_use]
pub fn run_trial(setup: &Setup, trial: u64) -> Record {
    run_trial_with(setup, trial, &mut Batch::default())
}

/// The same with what a thread keeps from trial to trial.
#[must_use]
pub fn run_trial_with(setup: &Setup, trial: u64, batch: &mut Batch) -> Record {
    let point = setup.sampler.point(&setup.space, trial);
    run_point(setup, (trial, &point), batch)
}

/// One trial at its point.
#[must_use]
pub fn run_point(setup: &Setup, (trial, point): (u64, &[Coordinate]), batch: &mut Batch) -> Record {
    let laid = lay(setup, (trial, point));
    let played = laid.task().and_then(|task| batch.run(task));
    laid.record(played.as_ref())
}

/// Trials of a group, each handed to `done` when it is finished, until that says no or `cancel` is set; whether all were
/// wanted.
fn run_group(
    setup: &Setup,
    members: &[Member],
    (batch, cancel): (&mut Batch, &AtomicBool),
    done: &mut dyn FnMut(Record) -> bool,
) -> bool {
    let laid = members
        .iter()
        .map(|(trial, point)| lay(setup, (*trial, point)));
    let (quick, slow): (Vec<_>, Vec<_>) = laid.partition(|laid| laid.is_quick());
    let tasks: Vec<Task<'_>> = quick.iter().filter_map(Laid::task).collect();
    let mut played = batch.run_group(&tasks).into_iter();
    for laid in &quick {
        let played = laid.task().and_then(|_| played.next().flatten());
        if !done(laid.record(played.as_ref())) {
            return false;
        }
        played.into_iter().for_each(|played| batch.recycle(played));
    }
    // What goes through the loop takes long: of these only the one under way is finished.
    let mut slow = slow.iter();
    slow.all(|laid| cancel.load(Ordering::Relaxed) || done(laid.record(None)))
}

/// A trial with its settings, if it has any, and the inputs they ask for.
struct Laid<'a> {
    trial: u64,
    values: Vec<String>,
    settings: Result<(Rules, Model, &'a Scene), String>,
}

fn lay<'a>(setup: &'a Setup, (trial, point): (u64, &[Coordinate])) -> Laid<'a> {
    let values = setup.space.texts(point);
    let settings = settle(setup, point, &values).and_then(|(rules, mut model)| {
        let scene = setup.worlds.scene(&values);
        let scene = scene.ok_or("its inputs cannot hold together")?;
        model.start = Some(scene.start);
        Ok((rules, model, scene))
    });
    Laid {
        trial,
        values,
        settings,
    }
}

impl Laid<'_> {
    fn task(&self) -> Option<Task<'_>> {
        let (rules, model, scene) = self.settings.as_ref().ok()?;
        Some(Task {
            ground: scene.ground(),
            rules,
            model,
        })
    }

    /// Whether it takes little time: nothing is to be run, or a replay does.
    fn is_quick(&self) -> bool {
        self.task().is_none_or(|task| task.is_covered())
    }

    /// What is written down; a trial that no replay could play goes through the loop.
    fn record(&self, played: Option<&Played>) -> Record {
        let end = match &self.settings {
            Err(reason) => End::Infeasible {
                reason: reason.clone(),
            },
            Ok((rules, model, scene)) => match played {
                Some(played) => End::Done {
                    figures: Box::new(played.figures(model)),
                    log: played.log.hash(),
                },
                None => drive(scene, rules, model),
            },
        };
        Record {
            trial: self.trial,
            values: self.values.clone(),
            end,
        }
    }
}

/// The settings of a trial, or why there are none.
///
/// # Errors
/// The first reason, in words.
pub fn settle(
    setup: &Setup,
    point: &[Coordinate],
    values: &[String],
) -> Result<(Rules, Model), String> {
    if let Some(violated) = setup.space.violated(values) {
        return Err(format!("{violated} does not hold"));
    }
    let laid = setup.space.parameters.iter().zip(point).zip(values);
    let laid = laid.map(|((each, at), text)| (&each.slot, each.value_as(*at, text)));
    setup
        .base
        .rules_with(laid)
        .map_err(|error| first_cause(&error))
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

/// One trial through the reference.
fn drive(scene: &Scene, rules: &Rules, model: &Model) -> End {
    // A trial in flight is always finished: it is short, and half of one is worth nothing.
    let never = AtomicBool::new(false);
    let log = (EventLog::hashing(), &never);
    match simulate(&scene.world, rules, model, Engine::Skip, log) {
        Ok(run) => End::Done {
            figures: Box::new(Figures::of(
                &daily_series(&run.outcome, model.balance),
                &run.outcome.trades,
                run.outcome.net(model.balance),
                run.outcome.counters.ambiguous_bars,
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
