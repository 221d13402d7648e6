//! `sim sweep`: arguments become one job; progress, the ranked table.
//!
//! Not here: trials and results (`sweep`), putting shards together (`merge`).

mod merge;
mod show;

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::failure::UsageError;
use super::progress::{Progress, clock, pace};
use super::terminal::{Terminal, complain};
use super::trials::TrialArgs;
use super::{Outcome, Session, validate};
use crate::settings::environment;
use crate::sweep::error::SweepError;
use crate::sweep::estimate::estimate;
use crate::sweep::folder::{self, Existing};
use crate::sweep::job::{self, Finished, Output, Setup};
use crate::sweep::plan::Shard;
use crate::sweep::run::Standing;
use crate::validate::room::Room;

/// `sim sweep`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    #[command(flatten)]
    run: RunArgs,
}

/// What else there is to do with sweeps.
#[derive(Debug, Subcommand)]
enum SweepCommand {
    /// Put shards together: the result is the one that a single run would have left
    Merge(merge::MergeArgs),
}

/// A sweep.
#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    trials: TrialArgs,
    /// The folder of results; without it, reports/sweep-<name>
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue what is in the folder; trials that are there are not run again, and more of them may be asked for
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Begin again where a sweep is already
    #[arg(long)]
    replace: bool,
    /// Run one part of several, such as 2/8, into a folder of its own below --out; also taken from the variables of
    /// Slurm arrays, AWS Batch arrays and Kubernetes indexed jobs
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Say what it will take (with --validate, what that keeps in memory too), and stop there
    #[arg(long)]
    estimate: bool,
    /// Form of the progress on stderr
    #[arg(long, value_enum, default_value = "auto")]
    progress: Form,
    #[command(flatten)]
    proof: validate::AfterSweep,
}

/// Form of the progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A bar where a person looks, else a line now and then
    Auto,
    /// One object a second, one a line
    Json,
}

/// An error that the exit code must recognise.
pub(super) fn told(error: SweepError) -> anyhow::Error {
    match error {
        SweepError::Settings(wrong) => wrong.into(),
        SweepError::Usage(text) => UsageError(text).into(),
        SweepError::Ranking(wrong) => UsageError(wrong.to_string()).into(),
        other @ (SweepError::Prepare(_)
        | SweepError::Folder(_)
        | SweepError::Journal(_)
        | SweepError::Market(_)
        | SweepError::Chart(_)
        | SweepError::Interrupted { .. }
        | SweepError::Unfinished { .. }
        | SweepError::NoBest(_)) => other.into(),
    }
}

pub(super) fn run(args: &SweepArgs, session: &Session) -> anyhow::Result<Outcome> {
    match &args.command {
        Some(SweepCommand::Merge(args)) => merge::run(args, session),
        None => sweep(&args.run, session),
    }
}

fn sweep(args: &RunArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let job = args.trials.job(args.shard(terminal)?)?;
    let output = args.output();
    args.proof.check(job.shard)?;
    if let Some(out) = output.out.as_ref().filter(|_| !args.estimate) {
        let place = if job.shard.is_whole() {
            out.clone()
        } else {
            out.join(job.shard.folder())
        };
        folder::check(&place, output.existing).map_err(|wrong| told(wrong.into()))?;
    }
    let busy = Progress::new(*terminal);
    let setup = Setup::new(&job, &|stage| busy.busy(stage)).map_err(told)?;
    drop(busy);
    for warning in &setup.warnings {
        terminal.warn(warning);
    }
    if args.estimate {
        let began = clock();
        let found = estimate(&setup, output.threads, &|| clock().duration_since(began));
        let parameters = setup.space.parameters.len();
        let room = args.proof.validate.then(|| Room::of(&found, parameters));
        show::estimate(terminal, &found, room, output.threads)?;
        return Ok(Outcome::Done);
    }
    let progress = Progress::new(*terminal);
    let reporter = Reporter {
        progress: &progress,
        form: args.progress,
        objective: setup.ranking.name(),
        last: Cell::new(None),
        ran: Cell::new(None),
    };
    let mut tell = |standing| reporter.tell(standing);
    let finished = job::run(&setup, &output, &session.cancel, &mut tell);
    // The pace is that of the trials: tables and pictures take their own time.
    let elapsed = reporter.ran.get().unwrap_or_else(|| progress.elapsed());
    drop(progress);
    if has_trials(&finished) && (!args.proof.validate || finished.is_err()) {
        args.enter((&setup, &output), session);
    }
    let finished = finished.map_err(|error| {
        if matches!(error, SweepError::Interrupted { .. }) {
            terminal.say(&error.to_string());
        }
        told(error)
    })?;
    let (rate, _) = pace(elapsed, finished.standing.here, 0);
    if finished.standing.here > 0 {
        terminal.say(&format!(
            "{} trials in {:.2} s: {rate:.1} trials/s on {} threads",
            finished.standing.here,
            elapsed.as_secs_f64(),
            output.threads
        ));
    }
    match &finished.summary {
        Some(_) if args.proof.validate && terminal.is_json() => {}
        Some(summary) => show::summary(terminal, summary, &finished.folder)?,
        None => show::shard(terminal, &finished, setup.shard)?,
    }
    if !args.proof.validate {
        return Ok(Outcome::Done);
    }
    let verdict = validate::after(&args.proof, (&setup, &finished), output.threads, session);
    if verdict.is_err() {
        // It may have been stopped before it told the register; what the register knows is not added again.
        args.enter((&setup, &output), session);
    }
    verdict
}

/// Whether there is something to tell the register: also when none of it can be the best or the user stopped it.
const fn has_trials(finished: &Result<Finished, SweepError>) -> bool {
    matches!(
        finished,
        Ok(_) | Err(SweepError::NoBest(_) | SweepError::Interrupted { .. })
    )
}

impl RunArgs {
    fn shard(&self, terminal: &Terminal) -> anyhow::Result<Shard> {
        if let Some(text) = &self.shard {
            return Shard::parse(text).ok_or_else(|| {
                UsageError(format!(
                    "--shard: '{text}' is no part of a whole\nhint: --shard 2/8 is the second of eight, counted from 1"
                ))
                .into()
            });
        }
        let found = Shard::of_scheduler(&environment::scheduler);
        match found.map_err(|wrong| UsageError(wrong.to_string()))? {
            Some((shard, variable)) => {
                terminal.say(&format!("shard {shard}, as {variable} says"));
                Ok(shard)
            }
            None => Ok(Shard::WHOLE),
        }
    }

    fn output(&self) -> Output {
        Output {
            out: self.out.clone(),
            existing: match (self.resume, self.replace) {
                (true, _) => Existing::Resume,
                (_, true) => Existing::Replace,
                (false, false) => Existing::Refuse,
            },
            threads: self.trials.threads(),
        }
    }

    /// What was tried is told the register.
    fn enter(&self, (setup, output): (&Setup, &Output), session: &Session) {
        let place = setup.place(output);
        let place = (place.as_path(), setup.shard);
        let crew = (output.threads, session);
        validate::enter(setup.identity(), place, &self.proof.register.file, crew);
    }
}

/// Tells how far the trials are.
struct Reporter<'a> {
    progress: &'a Progress,
    form: Form,
    objective: &'static str,
    last: Cell<Option<Duration>>,
    /// When the last trial so far was finished.
    ran: Cell<Option<Duration>>,
}

impl Reporter<'_> {
    /// Time between two objects of the JSON form.
    const BETWEEN: Duration = Duration::from_secs(1);

    /// The tables are written last, in one go.
    fn tables(&self, written: u64, total: u64) {
        match self.form {
            Form::Auto => self.progress.report("rows", written, total),
            Form::Json => {
                let line = json!({"stage": "tables", "done": written, "total": total});
                complain(&line.to_string());
            }
        }
    }

    fn tell(&self, standing: Standing) {
        let Standing {
            done,
            here,
            total,
            best,
            written,
        } = standing;
        if let Some(written) = written {
            self.tables(written, total);
            return;
        }
        self.ran.set(Some(self.progress.elapsed()));
        match self.form {
            Form::Auto => {
                let best = best.map_or_else(String::new, |(trial, value)| {
                    format!(", best {} {value:.4} (trial {trial})", self.objective)
                });
                self.progress
                    .detailed(("trials", &best), (here, done, total));
            }
            Form::Json => {
                let elapsed = self.progress.elapsed();
                let since = self.last.get().map(|last| elapsed.saturating_sub(last));
                if done < total && since.is_some_and(|since| since < Self::BETWEEN) {
                    return;
                }
                self.last.set(Some(elapsed));
                let (rate, left) = pace(elapsed, here, total - done);
                let best = best.map(|(trial, value)| json!({"trial": trial, "objective": value}));
                let line = json!({
                    "stage": "trials", "done": done, "total": total,
                    "trials_per_s": rate, "eta_s": left, "best": best,
                });
                complain(&line.to_string());
            }
        }
    }
}
