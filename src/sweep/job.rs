//! A whole sweep: from what was asked for to a folder of results.
//!
//! Not here: each step (the modules beside this one), printing (`cli`).
//! Invariant: a mistake in what was asked for is found before anything is written.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::backtest::log::FORM;
use crate::backtest::prepare::Sources;
use crate::settings::layers::Layers;
use crate::settings::overlay::Base;
use crate::sweep::declare::{Declared, declare};
use crate::sweep::error::{NoBest, SweepError};
use crate::sweep::finish::{Identity, Summary, finish, head};
use crate::sweep::folder::{self, Existing, FolderError, Opening};
use crate::sweep::method::{Method, Sampler};
use crate::sweep::models::{BATCH, BATCH_MAX, BATCH_MIN};
use crate::sweep::objective::{self, Ranking, RankingError};
use crate::sweep::plan::{Shard, SweepId, hash};
use crate::sweep::run::{Standing, run_all};
use crate::sweep::sobol::{DIMENSIONS_MAX, POINTS_MAX};
use crate::sweep::space::{Range, Space};
use crate::sweep::worlds::Worlds;

/// Trials of a method that could go on for ever.
pub const TRIALS: u64 = 256;
/// Most trials of one sweep: one bit of memory for each says whether it is finished.
pub const TRIALS_MAX: u64 = 1_000_000_000;
/// Most trials of a method that learns: all its history is in memory.
pub const LEARNED_MAX: u64 = 1_000_000;
/// Points of a grid that are run without being asked for by number.
pub const GRID_MAX: u64 = 10_000_000;
/// Settings of resting limit orders, of which the strategy places none yet.
const LIMITS: [&str; 3] = [
    "fees.maker_bps",
    "simulation.limit_fill",
    "simulation.limit_participation_pct",
];
/// Most trials that are looked through for one that no predicate excludes.
const LOOK: u64 = 1_000_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where the inputs are.
    pub sources: Sources,
    /// The base configuration.
    pub layers: Layers,
    /// The file of the space.
    pub space: PathBuf,
    /// How points are chosen.
    pub method: Method,
    /// How many; `None` is the whole grid, or [`TRIALS`].
    pub trials: Option<u64>,
    /// Which part of them.
    pub shard: Shard,
    /// What decides; `None` is what the space says.
    pub objective: Option<String>,
    /// What must hold; empty is what the space says.
    pub constraints: Vec<String>,
    /// Least number of trades; `None` is what the space says.
    pub trades_min: Option<u64>,
}

/// Where results go and how.
#[derive(Clone, Debug)]
pub struct Output {
    /// The folder; `None` is `reports/sweep-<name>`.
    pub out: Option<PathBuf>,
    /// What to do with a sweep that is there.
    pub existing: Existing,
    /// Threads, at least one.
    pub threads: usize,
}

/// A sweep ready to run.
#[derive(Debug)]
pub struct Setup {
    /// The base configuration.
    pub base: Base,
    /// The same, resolved, as text.
    pub config: String,
    /// What is varied.
    pub space: Space,
    /// The file it was declared in.
    pub space_text: String,
    /// How points are chosen.
    pub method: Method,
    /// Of everything drawn.
    pub seed: u64,
    /// Trials of a generation, for a method that learns.
    pub batch: usize,
    /// Chooses points that hang on their index alone.
    pub sampler: Sampler,
    /// Trials of the sweep.
    pub trials: u64,
    /// The part run here.
    pub shard: Shard,
    /// What decides.
    pub ranking: Ranking,
    /// Inputs.
    pub worlds: Worlds,
    /// Everything the trials hang on.
    pub id: SweepId,
    /// What the user should know before.
    pub warnings: Vec<String>,
}

impl Setup {
    /// Checks what was asked for and reads the inputs. `stage` is told what is being done.
    ///
    /// # Errors
    /// When the space, the objective or an input makes no sense.
    pub fn new(job: &Job, stage: &dyn Fn(&str)) -> Result<Self, SweepError> {
        let (base, settings) = Base::new(&job.layers)?;
        let declared = declare(&job.space, &base)?;
        let ranking = ranking(job, &declared)?;
        let batch = batch(job, &declared)?;
        let space = declared.space;
        let mut warnings = Vec::new();
        let trials = trials(job, &space, &mut warnings)?;
        if ranking.is_several() && matches!(job.method, Method::Tpe | Method::CmaEs) {
            warnings.push(format!(
                "{} learns from {} alone; --method nsga2 learns from all objectives",
                job.method.name(),
                ranking.objective()
            ));
        }
        let of_limits = space.parameters.iter().map(|each| each.slot.key());
        for key in of_limits.filter(|key| LIMITS.contains(key)) {
            warnings.push(format!(
                "'{key}' is for resting limit orders, and the strategy places none: all its values give the same trials, each of which counts"
            ));
        }
        let seed = settings.run.seed;
        let sampler = Sampler::new(job.method, seed, &space).ok_or_else(|| {
            SweepError::Usage(format!(
                "the space has {} parameters, and sobol knows {DIMENSIONS_MAX} dimensions\nhint: use --method random",
                space.parameters.len()
            ))
        })?;
        one_is_left(&space, &sampler, trials)?;
        let worlds = Worlds::read(&job.sources, (&base, &space), stage)?;
        let config = settings.to_toml();
        let mut parts = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("event_log", FORM.to_owned()),
            ("method", job.method.name().to_owned()),
            ("trials", trials.to_string()),
            ("seed", seed.to_string()),
            ("space", hash(&space.canonical().join("\n"))),
            ("configuration", hash(&config)),
            ("signals", worlds.signals_hash.clone()),
            ("data", worlds.data_hash.clone()),
        ];
        if job.method.learns() {
            // Where it looks hangs on what it is told.
            parts.extend([
                ("batch", batch.to_string()),
                ("objective", ranking.objectives().join(", ")),
                ("constraints", ranking.constraints().join(", ")),
                ("trades_min", ranking.trades_min.to_string()),
            ]);
        }
        let id = SweepId::new(parts);
        let space_text = space_text(&job.space)?;
        Ok(Self {
            base,
            config,
            space,
            space_text,
            method: job.method,
            seed,
            batch,
            sampler,
            trials,
            shard: job.shard,
            ranking,
            worlds,
            id,
            warnings,
        })
    }

    /// What results need of it.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            base: &self.base,
            space: &self.space,
            ranking: &self.ranking,
            id: &self.id,
            trials: self.trials,
            synthetic: self.worlds.synthetic,
        }
    }

    /// The folder of this part of the sweep.
    #[must_use]
    pub fn place(&self, output: &Output) -> PathBuf {
        let named = || PathBuf::from("reports").join(format!("sweep-{}", self.id.name()));
        let out = output.out.clone().unwrap_or_else(named);
        if self.shard.is_whole() {
            out
        } else {
            out.join(self.shard.folder())
        }
    }
}

/// The file as it stands: it was read as a whole before, so it is short.
fn space_text(path: &Path) -> Result<String, SweepError> {
    std::fs::read_to_string(path).map_err(|source| {
        SweepError::Folder(FolderError::Unwritable {
            path: path.to_owned(),
            source,
        })
    })
}

fn ranking(job: &Job, declared: &Declared) -> Result<Ranking, RankingError> {
    let objective = job.objective.as_deref().or(declared.objective.as_deref());
    let constraints = if job.constraints.is_empty() {
        &declared.constraints
    } else {
        &job.constraints
    };
    let least = job.trades_min.or(declared.trades_min);
    Ranking::read(
        objective.unwrap_or(objective::DEFAULT),
        constraints,
        least.unwrap_or(objective::TRADES_MIN),
    )
}

/// Trials of a generation; refuses what a method that learns cannot do.
fn batch(job: &Job, declared: &Declared) -> Result<usize, SweepError> {
    let batch = declared.batch.unwrap_or(BATCH);
    let name = job.method.name();
    if job.method.learns() && !job.shard.is_whole() {
        return Err(SweepError::Usage(format!(
            "--shard: {name} chooses each trial from the results of those before it, so parts of it cannot run apart\nhint: run it whole, with --shard 1/1 inside an array of tasks, or use --method random or sobol"
        )));
    }
    if !(BATCH_MIN..=BATCH_MAX).contains(&batch) {
        return Err(SweepError::Usage(format!(
            "'batch' is {batch}, and a generation has {BATCH_MIN} to {BATCH_MAX} trials\nhint: leave it out for {BATCH}"
        )));
    }
    Ok(usize::try_from(batch).expect("invariant: a batch is a few thousand at most"))
}

/// How many trials there are.
fn trials(job: &Job, space: &Space, warnings: &mut Vec<String>) -> Result<u64, SweepError> {
    let trials = match job.method {
        Method::Grid => grid_trials(job, space, warnings)?,
        Method::Random => job.trials.unwrap_or(TRIALS),
        Method::Tpe | Method::CmaEs | Method::Nsga2 => {
            let trials = job.trials.unwrap_or(TRIALS);
            if trials > LEARNED_MAX {
                return Err(SweepError::Usage(format!(
                    "{trials} trials are more than the {LEARNED_MAX} that {} keeps in memory\nhint: give fewer with --trials, or use --method random",
                    job.method.name()
                )));
            }
            trials
        }
        Method::Sobol => {
            let trials = job.trials.unwrap_or(TRIALS);
            if trials > POINTS_MAX {
                return Err(SweepError::Usage(format!(
                    "{trials} trials are more than the {POINTS_MAX} points of the sequence\nhint: use --method random"
                )));
            }
            trials
        }
    };
    if trials > TRIALS_MAX {
        return Err(SweepError::Usage(format!(
            "{trials} trials are more than {TRIALS_MAX}, which no machine finishes\nhint: give fewer with --trials"
        )));
    }
    Ok(trials)
}

fn grid_trials(job: &Job, space: &Space, warnings: &mut Vec<String>) -> Result<u64, SweepError> {
    let real = |each: &&crate::sweep::space::Parameter| matches!(each.range, Range::Real { .. });
    if let Some(real) = space.parameters.iter().find(real) {
        return Err(SweepError::Usage(format!(
            "'{}' is a range of reals, which has no grid\nhint: give it a step, or use --method random or sobol",
            real.name
        )));
    }
    let size = space.grid_size();
    let points = size.map_or_else(|| "more than 10^38".to_owned(), |size| size.to_string());
    let fits = size.and_then(|size| u64::try_from(size).ok());
    match (fits, job.trials) {
        (Some(size), Some(trials)) if trials >= size => Ok(size),
        (_, Some(trials)) => {
            warnings.push(format!(
                "the first {trials} of {points} points of the grid differ in the last parameters alone; --method random or sobol covers the space"
            ));
            Ok(trials)
        }
        (Some(size), None) if size <= GRID_MAX => Ok(size),
        (_, None) => Err(SweepError::Usage(format!(
            "the grid has {points} points, more than {GRID_MAX}\nhint: use --method random or sobol with --trials N, or fewer values; --trials N alone runs the first N points"
        ))),
    }
}

/// Refuses predicates that exclude everything before any input is read.
fn one_is_left(space: &Space, sampler: &Sampler, trials: u64) -> Result<(), SweepError> {
    let mut excluded = vec![0_u64; space.predicates.len()];
    // Of more trials than are looked through, some may be left.
    if excluded.is_empty() || trials > LOOK {
        return Ok(());
    }
    for trial in 0..trials {
        let texts = space.texts(&sampler.point(space, trial));
        let violated = space.predicates.iter().position(|each| !each.holds(&texts));
        match violated {
            Some(index) => excluded[index] += 1,
            None => return Ok(()),
        }
    }
    let most = (0..excluded.len()).max_by_key(|index| excluded[*index]);
    let most = most.map_or_else(String::new, |index| {
        let share = format!("{} of {}", excluded[index], trials);
        format!("'{}' alone excludes {share}", space.predicates[index])
    });
    Err(SweepError::Usage(format!(
        "the predicates exclude every point that would be tried; {most}\nhint: loosen 'where' in the space, or widen the parameters it names"
    )))
}

/// A finished sweep or shard.
#[derive(Debug)]
pub struct Finished {
    /// Its folder.
    pub folder: PathBuf,
    /// Results; `None` for a shard, whose results come with the merge.
    pub summary: Option<Summary>,
    /// How far it came.
    pub standing: Standing,
}

/// Runs the trials and writes the results. `tell` is called now and then; once `cancel` is set, those in flight
/// are finished and kept.
///
/// # Errors
/// When the folder cannot be written, the user stopped it, or no trial can be the best; finished trials are kept.
pub fn run(
    setup: &Setup,
    output: &Output,
    cancel: &AtomicBool,
    tell: &mut dyn FnMut(Standing),
) -> Result<Finished, SweepError> {
    let place = setup.place(output);
    let head = head(
        &setup.id,
        setup.shard,
        &setup.ranking,
        setup.worlds.synthetic,
    );
    let opening = Opening {
        head: &head,
        config: &setup.config,
        space: &setup.space_text,
        trials: setup.trials,
        shard: setup.shard,
    };
    let (journal, present) = folder::open(&place, output.existing, opening)?;
    let threads = (output.threads, cancel);
    let standing = run_all(setup, (&journal, &present), threads, tell)?;
    drop(journal);
    if standing.done < standing.total {
        return Err(SweepError::Interrupted {
            done: standing.done,
            total: standing.total,
            path: place,
        });
    }
    if !setup.shard.is_whole() {
        return Ok(Finished {
            folder: place,
            summary: None,
            standing,
        });
    }
    let summary = finish(&place, setup.identity(), &mut |written| {
        tell(Standing {
            written: Some(written),
            ..standing
        });
    })?;
    concluded(place, summary, &setup.ranking).map(|(folder, summary)| Finished {
        folder,
        summary: Some(summary),
        standing,
    })
}

/// Results with a best trial, or why there is none.
///
/// # Errors
/// When no trial can be the best.
pub fn concluded(
    path: PathBuf,
    summary: Summary,
    ranking: &Ranking,
) -> Result<(PathBuf, Summary), SweepError> {
    if summary.best().is_some() {
        return Ok((path, summary));
    }
    Err(SweepError::NoBest(Box::new(NoBest {
        summary,
        path,
        objective: ranking.objective(),
        trades_min: ranking.trades_min,
    })))
}
