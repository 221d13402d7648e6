//! `sim validate`, and the same after a sweep: arguments become one job; progress, the verdict, the exit code.
//!
//! Not here: the validation (`validate`).

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::failure::UsageError;
use super::progress::Progress;
use super::sweep::told;
use super::trials::TrialArgs;
use super::{Cancel, Outcome, Session, table};
use crate::backtest::threads::Crew;
use crate::report::validation::VerdictReport;
use crate::sweep::finish::Identity;
use crate::sweep::job::{Finished, Job, Setup};
use crate::sweep::plan::Shard;
use crate::validate::error::ValidateError;
use crate::validate::job::{self, Verdict};
use crate::validate::output::{self, SweepPage};
use crate::validate::points::Points;
use crate::validate::progress::Tell;
use crate::validate::register;
use crate::validate::tried;

/// `sim validate`.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    trials: TrialArgs,
    /// The folder of the verdict; without it, reports/validate-<name>
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The register of all trials ever run: without their number nobody knows how much is luck
    #[arg(long, value_name = "FILE", default_value = register::DEFAULT)]
    register: PathBuf,
}

/// The same after a sweep.
#[derive(Debug, Args)]
pub(super) struct AfterSweep {
    /// Then say how much of the best is luck, as sim validate does
    #[arg(long)]
    pub(super) validate: bool,
    #[command(flatten)]
    pub(super) register: RegisterArgs,
}

/// Where trials are counted.
#[derive(Debug, Args)]
pub(super) struct RegisterArgs {
    /// The register of all trials ever run; no result depends on it
    #[arg(long = "register", value_name = "FILE", default_value = register::DEFAULT)]
    pub(super) file: PathBuf,
}

impl AfterSweep {
    /// Refuses to judge a part of a sweep.
    pub(super) fn check(&self, shard: Shard) -> Result<(), UsageError> {
        if self.validate && !shard.is_whole() {
            return Err(UsageError(
                "--validate judges a whole sweep, and this is a shard of one\nhint: merge the shards, then run sim validate on the same space"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// An error that the exit code must recognise.
fn failed(error: ValidateError) -> anyhow::Error {
    match error {
        ValidateError::Sweep(error) => told(error),
        other @ (ValidateError::Register(_)
        | ValidateError::Canceled(_)
        | ValidateError::NoBest(_)
        | ValidateError::Unwritable { .. }
        | ValidateError::NotOurs { .. }
        | ValidateError::OtherSweep { .. }) => other.into(),
    }
}

pub(super) fn run(args: &ValidateArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    if let Some(out) = &args.out {
        output::check(out).map_err(failed)?;
    }
    let busy = Progress::new(*terminal);
    let setup = Setup::new(&args.job()?, &|stage| busy.busy(stage));
    let setup = setup.map_err(told)?;
    drop(busy);
    for warning in &setup.warnings {
        terminal.warn(warning);
    }
    let place = match &args.out {
        Some(out) => out.clone(),
        None => {
            let place = output::default_place(&setup);
            output::check(&place).map_err(failed)?;
            place
        }
    };
    output::fits(&place, &setup).map_err(failed)?;
    let points = Points::drawn(&setup);
    let verdict = judge(points, &args.register, args.trials.threads(), session)?;
    finish(&verdict, (&place, None), session)
}

/// The verdict that `--validate` asks for after a sweep.
pub(super) fn after(
    args: &AfterSweep,
    (setup, finished): (&Setup, &Finished),
    threads: usize,
    session: &Session,
) -> anyhow::Result<Outcome> {
    let points = Points::of_folder(setup, &finished.folder);
    let points = points.map_err(|error| failed(error.into()))?;
    let verdict = judge(points, &args.register.file, threads, session)?;
    let summary = finished.summary.as_ref().map(|summary| &summary.object);
    finish(&verdict, (&finished.folder, summary), session)
}

/// Takes what a folder holds into the register: whatever was tried counts when the best of it is judged one day. A sweep
/// is no worse without that.
pub(super) fn enter(
    identity: Identity<'_>,
    place: (&Path, Shard),
    register: &Path,
    (threads, session): (usize, &Session),
) {
    // That the user stopped the sweep does not undo what was tried.
    let session = Session {
        terminal: session.terminal,
        cancel: Cancel::default(),
    };
    let entered = with_progress(threads, &session, |tell| {
        tried::enter_folder(identity, place, register, tell)
    });
    if let Err(error) = entered {
        session
            .terminal
            .warn(&format!("these trials are in no register: {error}"));
    }
}

fn judge(
    points: Points<'_>,
    register: &Path,
    threads: usize,
    session: &Session,
) -> anyhow::Result<Verdict> {
    with_progress(threads, session, |tell| job::run(points, register, tell)).map_err(failed)
}

fn with_progress<T>(
    threads: usize,
    session: &Session,
    work: impl FnOnce(&Tell<'_>) -> Result<T, ValidateError>,
) -> Result<T, ValidateError> {
    let progress = Progress::new(session.terminal);
    let hear = |stage: &str, done: usize, total: usize| {
        progress.report(stage, done as u64, total as u64);
    };
    let crew = Crew {
        threads,
        cancel: &session.cancel,
    };
    work(&Tell { crew, hear: &hear })
}

fn finish(
    verdict: &Verdict,
    (place, sweep): (&Path, Option<&Value>),
    session: &Session,
) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let page = output::write(place, verdict).map_err(failed)?;
    if page == SweepPage::TooOld {
        terminal.warn(
            "sweep.html is of an earlier version and does not show this verdict; sim sweep … --resume makes it anew",
        );
    }
    for caution in &verdict.report.cautions {
        terminal.warn(caution);
    }
    if terminal.is_json() {
        let mut object = verdict.object.clone();
        object["folder"] = json!(place.display().to_string());
        if let Some(sweep) = sweep {
            object["sweep_summary"] = sweep.clone();
        }
        terminal.print_json(&object)?;
    } else {
        terminal.print(&text(&verdict.report))?;
    }
    terminal.say(&format!("verdict: {}", place.join(output::PAGE).display()));
    Ok(if verdict.passes() {
        Outcome::Done
    } else {
        Outcome::GateFailed
    })
}

/// The verdict for a terminal.
fn text(report: &VerdictReport) -> String {
    let word = if report.survives {
        "SURVIVES"
    } else {
        "PROBABLY NOISE"
    };
    let mut page = format!("{word}: {}, {}\n\n", report.title, report.chosen);
    let answer = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let questions: Vec<Vec<String>> = report
        .questions
        .iter()
        .map(|each| vec![each.asks.clone(), answer(each.yes), each.because.clone()])
        .collect();
    page.push_str(&table::render(
        &["question", "answer", "why"],
        &questions,
        &[],
    ));
    let passes = |passes: bool| if passes { "passes" } else { "FAILS" }.to_owned();
    let gates: Vec<Vec<String>> = report
        .gates
        .iter()
        .map(|each| vec![each.gate.clone(), passes(each.passes), each.value.clone()])
        .collect();
    if !gates.is_empty() {
        page.push('\n');
        page.push_str(&table::render(&["gate", "", "found"], &gates, &[]));
    }
    for part in &report.sections {
        let rows: Vec<(&str, String)> = part
            .figures
            .iter()
            .map(|row| (row.name, row.value.clone()))
            .collect();
        page.push_str(&format!("\n{}\n", part.title));
        page.push_str(&table::pairs(&rows));
    }
    if report.synthetic {
        page.push_str("\nCAUTION  Synthetic: prices or signals were generated, not recorded.\n");
    }
    page
}

impl ValidateArgs {
    fn job(&self) -> Result<Job, UsageError> {
        if self.trials.method().learns() {
            return Err(UsageError(
                "a method that learns chooses its points by results, so they are known only after a sweep\nhint: sim sweep --method … --validate, or --method random"
                    .to_owned(),
            ));
        }
        self.trials.job(Shard::WHOLE)
    }
}
