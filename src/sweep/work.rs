//! Which trial a worker runs next: by number where points hang on numbers alone, generation by generation where a model
//! learns from results (W4).
//!
//! Not here: running a trial (`run`), the models (`models`).
//! Invariants: a generation begins when the one before it is finished as a whole; a model is told results in the order
//! of trials, those of earlier sessions from the journal, so threads and interruptions leave no trace in its points.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::sweep::figures::Figures;
use crate::sweep::job::Setup;
use crate::sweep::journal::{JournalError, Present, in_order};
use crate::sweep::models::{Brief, Model};
use crate::sweep::objective::Told;
use crate::sweep::space::Point;

/// After so long a worker that waits looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// A trial and its point.
pub(super) type Member = (u64, Point);

/// Trials to be run.
pub(super) struct Work<'a> {
    setup: &'a Setup,
    present: &'a Present,
    journal: &'a Path,
    size: u64,
    /// The next one, where they are taken by number.
    next: AtomicU64,
    generations: Option<Generations<'a>>,
}

/// Trials of a model.
struct Generations<'a> {
    state: Mutex<Generation<'a>>,
    /// Said when there are trials again, or no more ever.
    ready: Condvar,
    halted: AtomicBool,
}

/// The generation that is being run.
struct Generation<'a> {
    model: Model<'a>,
    /// The trial of its first member.
    first: u64,
    points: Vec<Point>,
    results: Vec<Option<Told>>,
    /// Members without a result that nobody has taken, the last first.
    waiting: Vec<usize>,
    /// Members without a result.
    missing: usize,
    ended: bool,
    /// Trials of earlier sessions that lie ahead.
    known: BTreeMap<u64, (Point, Told)>,
}

impl<'a> Work<'a> {
    /// All trials of the shard that are not present.
    ///
    /// # Errors
    /// When the journal cannot be read, or holds trials that the model would not have tried.
    pub(super) fn new(
        setup: &'a Setup,
        (journal, present): (&'a Path, &'a Present),
    ) -> Result<Self, JournalError> {
        let model = Model::new(
            setup.method,
            Brief {
                parameters: &setup.space.parameters,
                seed: setup.seed,
                batch: setup.batch,
                objectives: setup.ranking.objectives().len(),
            },
        );
        let generations = match model {
            None => None,
            Some(model) => {
                let mut generation = Generation {
                    model,
                    first: 0,
                    points: Vec::new(),
                    results: Vec::new(),
                    waiting: Vec::new(),
                    missing: 0,
                    ended: false,
                    known: known(setup, journal)?,
                };
                generation.go_on(setup, journal)?;
                Some(Generations {
                    state: Mutex::new(generation),
                    ready: Condvar::new(),
                    halted: AtomicBool::new(false),
                })
            }
        };
        Ok(Self {
            setup,
            present,
            journal,
            size: setup.shard.size(setup.trials),
            next: AtomicU64::new(0),
            generations,
        })
    }

    /// Some trials and their points, at least one and no more than leaves something for as many others as there are
    /// workers; waits for the end of a generation. None when there are no more, or `cancel` is set.
    pub(super) fn take(&self, cancel: &AtomicBool, (most, workers): (usize, usize)) -> Vec<Member> {
        match &self.generations {
            None => self.by_number(cancel, (most, workers)),
            Some(generations) => generations.take(cancel, (most, workers)),
        }
    }

    fn by_number(&self, cancel: &AtomicBool, (most, workers): (usize, usize)) -> Vec<Member> {
        let left = self.size.saturating_sub(self.next.load(Ordering::Relaxed));
        let fair = usize::try_from(left).map_or(most, |left| most.min(left.div_ceil(workers)));
        let mut taken = Vec::new();
        while taken.len() < fair.max(1) && !cancel.load(Ordering::Relaxed) {
            let rank = self.next.fetch_add(1, Ordering::Relaxed);
            if rank >= self.size {
                break;
            }
            let trial = self.setup.shard.index + rank * self.setup.shard.count;
            if !self.present.has(trial) {
                let point = self.setup.sampler.point(&self.setup.space, trial);
                taken.push((trial, point));
            }
        }
        taken
    }

    /// Takes note of how a trial did; the last one of a generation lets the next begin.
    ///
    /// # Errors
    /// When the journal holds trials that the model would not have tried.
    pub(super) fn finished(
        &self,
        trial: u64,
        figures: Option<&Figures>,
    ) -> Result<(), JournalError> {
        let Some(generations) = &self.generations else {
            return Ok(());
        };
        let told = self.setup.ranking.told(figures);
        let mut generation = generations.locked();
        if generation.take(trial, told) {
            generation.go_on(self.setup, self.journal)?;
            drop(generation);
            generations.ready.notify_all();
        }
        Ok(())
    }

    /// Sends everybody home: something went wrong.
    pub(super) fn halt(&self) {
        if let Some(generations) = &self.generations {
            generations.halted.store(true, Ordering::Relaxed);
        }
    }
}

impl<'a> Generations<'a> {
    fn locked(&self) -> MutexGuard<'_, Generation<'a>> {
        self.state
            .lock()
            .expect("invariant: no worker panics while holding the lock")
    }

    fn take(&self, cancel: &AtomicBool, (most, workers): (usize, usize)) -> Vec<Member> {
        let mut generation = self.locked();
        loop {
            let stopped = cancel.load(Ordering::Relaxed) || self.halted.load(Ordering::Relaxed);
            if stopped || generation.ended {
                return Vec::new();
            }
            let waiting = generation.waiting.len();
            if waiting > 0 {
                let kept = waiting - most.min(waiting.div_ceil(workers));
                let members = generation.waiting.split_off(kept);
                let member = |member: usize| {
                    let trial = generation.first + member as u64;
                    (trial, generation.points[member].clone())
                };
                return members.into_iter().rev().map(member).collect();
            }
            let waited = self.ready.wait_timeout(generation, LOOK);
            generation = waited
                .expect("invariant: no worker panics while holding the lock")
                .0;
        }
    }
}

impl Generation<'_> {
    /// A result of this generation; whether it was the last.
    fn take(&mut self, trial: u64, told: Told) -> bool {
        let member = usize::try_from(trial - self.first);
        let slot = member.ok().and_then(|member| self.results.get_mut(member));
        let slot = slot.expect("invariant: a trial in flight is of the present generation");
        *slot = Some(told);
        self.missing -= 1;
        self.missing == 0
    }

    /// Ends this generation and begins the next that has something to run.
    fn go_on(&mut self, setup: &Setup, journal: &Path) -> Result<(), JournalError> {
        while self.missing == 0 && !self.ended {
            let results: Option<Vec<Told>> = self.results.drain(..).collect();
            // The last generation may be cut short: nobody learns from it.
            if let Some(results) = results.filter(|results| results.len() == setup.batch) {
                self.model.tell(&self.points, &results);
            }
            self.first += self.points.len() as u64;
            self.begin(setup, journal)?;
        }
        Ok(())
    }

    /// Asks for the generation that begins at `first` and lays out what is known of it.
    fn begin(&mut self, setup: &Setup, journal: &Path) -> Result<(), JournalError> {
        let trials = self.first..setup.trials.min(self.first + setup.batch as u64);
        if trials.is_empty() {
            self.ended = true;
            return Ok(());
        }
        let known = |trial: u64| Some(self.known.get(&trial)?.0.clone());
        let whole: Option<Vec<Point>> = trials.clone().map(known).collect();
        self.points = match whole.filter(|points| points.len() == setup.batch) {
            Some(points) if !self.model.remembers() => points,
            _ => self.model.ask(),
        };
        self.results.clear();
        for (trial, wanted) in trials.zip(&self.points) {
            let result = match self.known.remove(&trial) {
                Some((point, _)) if point != *wanted => {
                    let path = journal.to_owned();
                    return Err(JournalError::Astray { path, trial });
                }
                known => known.map(|(_, told)| told),
            };
            self.results.push(result);
        }
        let members = (0..self.results.len()).rev();
        let waiting = members.filter(|member| self.results[*member].is_none());
        self.waiting = waiting.collect();
        self.missing = self.waiting.len();
        Ok(())
    }
}

/// What earlier sessions left: points and results of the trials in the journal.
fn known(setup: &Setup, journal: &Path) -> Result<BTreeMap<u64, (Point, Told)>, JournalError> {
    let mut known = BTreeMap::new();
    in_order::<JournalError>(journal, (setup.shard, setup.trials), &mut |record, _| {
        let path = journal.to_owned();
        let trial = record.trial;
        let point = setup.space.read(&record.values);
        let point = point.ok_or(JournalError::Astray { path, trial })?;
        let told = setup.ranking.told(record.end.figures());
        known.insert(trial, (point, told));
        Ok(())
    })?;
    Ok(known)
}
