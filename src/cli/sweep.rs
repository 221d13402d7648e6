//! `sim sweep` and `sim sweep merge`: arguments become one job; progress, the ranked table.
//!
//! Not here: trials and results (`sweep`).

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::args::{ConfigArgs, DataArgs, flag_value};
use super::failure::UsageError;
use super::progress::{Progress, clock, pace};
use super::terminal::{Terminal, complain};
use super::{Outcome, Session, table};
use crate::backtest::prepare::Sources;
use crate::settings::environment;
use crate::sweep::estimate::{Estimate, estimate};
use crate::sweep::figures::{METRICS, number};
use crate::sweep::finish::Summary;
use crate::sweep::folder::{self, Existing};
use crate::sweep::job::{self, Job, Output, Setup, SweepError};
use crate::sweep::merge::merge;
use crate::sweep::method;
use crate::sweep::plan::Shard;
use crate::sweep::run::Standing;

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
    Merge {
        /// Folders of shards, or the folder they are in
        #[arg(required = true, value_name = "DIR")]
        shards: Vec<PathBuf>,
        /// The folder of the whole; without it, the only folder named
        #[arg(short, long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Begin again where a sweep is already
        #[arg(long)]
        replace: bool,
    },
}

/// A sweep.
#[derive(Debug, Args)]
struct RunArgs {
    /// A file of signals: csv, parquet, jsonl, recorded messages or the original's database
    // Required, but for subcommands: those negate it.
    #[arg(short, long, value_name = "FILE", required = true)]
    signals: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    config: ConfigArgs,
    /// What is varied
    #[arg(long, value_name = "FILE", default_value = "config/sweep.toml")]
    space: PathBuf,
    /// How points are chosen
    #[arg(long, value_enum, default_value = "grid")]
    method: Method,
    /// How many points are tried; without it the whole grid, or 256
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// The figure that decides, such as sharpe or min:max_drawdown; without it, what the space says
    #[arg(long, value_name = "FIGURE")]
    objective: Option<String>,
    /// What must hold of the best, such as "max_drawdown <= 0.2"; may be given several times
    #[arg(long = "constraint", value_name = "COMPARISON")]
    constraints: Vec<String>,
    /// Trades below which a trial is not judged
    #[arg(long, value_name = "N")]
    trades_min: Option<u64>,
    /// Seed of everything drawn at random
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// First instant, UTC: 2026-01-01 or 2026-01-01T07:15:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// First instant no longer in the runs
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Money at the start, in USDT
    #[arg(long, value_name = "USDT")]
    balance: Option<String>,
    /// The folder of results; without it, reports/sweep-<name>
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue what is in the folder; trials that are there are not run again
    #[arg(long, conflicts_with = "replace")]
    resume: bool,
    /// Begin again where a sweep is already
    #[arg(long)]
    replace: bool,
    /// Run one part of several, such as 2/8, into a folder of its own below --out; also taken from the variables of
    /// Slurm arrays, AWS Batch arrays and Kubernetes indexed jobs
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Say what it will take, and stop there
    #[arg(long)]
    estimate: bool,
    /// Form of the progress on stderr
    #[arg(long, value_enum, default_value = "auto")]
    progress: Form,
    /// Threads; the results do not depend on it
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
}

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Every combination, the last parameter fastest
    Grid,
    /// Independent points
    Random,
    /// Evenly spread points
    Sobol,
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
fn told(error: SweepError) -> anyhow::Error {
    match error {
        SweepError::Settings(wrong) => wrong.into(),
        SweepError::Usage(text) => UsageError(text).into(),
        SweepError::Ranking(wrong) => UsageError(wrong.to_string()).into(),
        other @ (SweepError::Prepare(_)
        | SweepError::Folder(_)
        | SweepError::Journal(_)
        | SweepError::Market(_)
        | SweepError::Interrupted { .. }
        | SweepError::Unfinished { .. }
        | SweepError::NoBest(_)) => other.into(),
    }
}

pub(super) fn run(args: &SweepArgs, session: &Session) -> anyhow::Result<Outcome> {
    match &args.command {
        Some(SweepCommand::Merge {
            shards,
            out,
            replace,
        }) => {
            let out = match (out, shards.as_slice()) {
                (Some(out), _) | (None, [out]) => out,
                (None, _) => {
                    let text = "several folders are named, and not where the whole goes\nhint: say it with --out DIR";
                    return Err(UsageError(text.to_owned()).into());
                }
            };
            let existing = if *replace {
                Existing::Replace
            } else {
                Existing::Refuse
            };
            let (folder, summary) = merge(shards, out, existing).map_err(told)?;
            show(&session.terminal, &summary, &folder)?;
            Ok(Outcome::Done)
        }
        None => sweep(&args.run, session),
    }
}

fn sweep(args: &RunArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let job = args.job(terminal)?;
    let output = args.output();
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
        show_estimate(terminal, &found, output.threads)?;
        return Ok(Outcome::Done);
    }
    let progress = Progress::new(*terminal);
    let reporter = Reporter {
        progress: &progress,
        form: args.progress,
        objective: setup.ranking.name(),
        last: Cell::new(None),
    };
    let mut tell = |standing| reporter.tell(standing);
    let finished = job::run(&setup, &output, &session.cancel, &mut tell);
    let elapsed = progress.elapsed();
    drop(progress);
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
        Some(summary) => show(terminal, summary, &finished.folder)?,
        None => terminal.say(&format!(
            "shard {} is complete: {}\nhint: once all are, sim sweep merge puts them together",
            setup.shard,
            finished.folder.display()
        )),
    }
    Ok(Outcome::Done)
}

impl RunArgs {
    fn job(&self, terminal: &Terminal) -> anyhow::Result<Job> {
        let flags = [
            ("--from", "run.from", &self.from),
            ("--to", "run.to", &self.to),
            ("--balance", "account.balance_usdt", &self.balance),
            ("--seed", "run.seed", &self.seed),
        ];
        let flags = flags
            .into_iter()
            .filter_map(|(flag, key, value)| Some(flag_value(flag, key, value.as_ref()?)));
        Ok(Job {
            sources: Sources {
                signals: self.signals.clone().unwrap_or_default(),
                data: self.data.data.clone(),
            },
            layers: self.config.layers(flags.collect()),
            space: self.space.clone(),
            method: match self.method {
                Method::Grid => method::Method::Grid,
                Method::Random => method::Method::Random,
                Method::Sobol => method::Method::Sobol,
            },
            trials: self.trials,
            shard: self.shard(terminal)?,
            objective: self.objective.clone(),
            constraints: self.constraints.clone(),
            trades_min: self.trades_min,
        })
    }

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
            threads: self.threads.map_or_else(
                || std::thread::available_parallelism().map_or(1, usize::from),
                usize::from,
            ),
        }
    }
}

/// Tells how far the trials are.
struct Reporter<'a> {
    progress: &'a Progress,
    form: Form,
    objective: &'static str,
    last: Cell<Option<Duration>>,
}

impl Reporter<'_> {
    /// Time between two objects of the JSON form.
    const BETWEEN: Duration = Duration::from_secs(1);

    fn tell(&self, standing: Standing) {
        let Standing {
            done,
            here,
            total,
            best,
        } = standing;
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

/// Figures of the ranked table, beside parameters and objective.
const SHOWN: [&str; 5] = [
    "trades",
    "net_usdt",
    "total_return",
    "max_drawdown",
    "win_rate",
];
/// Rows of the ranked table.
const ROWS: usize = 10;

fn show(terminal: &Terminal, summary: &Summary, folder: &std::path::Path) -> anyhow::Result<()> {
    if terminal.is_json() {
        let mut object = summary.object.clone();
        object["folder"] = json!(folder.display().to_string());
        terminal.print_json(&object)?;
        return Ok(());
    }
    let object = &summary.object;
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let counts = summary.counts;
    let mut page = format!(
        "sweep {}: {} trials, {} ran, {} infeasible, {} without an objective, {} violate a constraint{}\nranked by {}\n\n",
        text("sweep"),
        object["trials"],
        counts.done,
        counts.infeasible,
        counts.null_objective,
        counts.unmet,
        if counts.beyond > 0 {
            format!(", {} left the range of exact amounts", counts.beyond)
        } else {
            String::new()
        },
        text("objective"),
    );
    page.push_str(&ranked(summary));
    page.push_str(
        "\nCAUTION  In-sample: the best of many trials looks better than it is. Nothing here was validated.\n",
    );
    if object["synthetic"] == json!(true) {
        page.push_str("CAUTION  Synthetic: prices or signals were generated, not recorded.\n");
    }
    terminal.print(&page)?;
    let best = folder.join("best.toml");
    terminal.say(&format!(
        "results: {}\nbest settings: sim backtest … -c {}",
        folder.join("results.csv").display(),
        best.display()
    ));
    Ok(())
}

fn ranked(summary: &Summary) -> String {
    let parameters = summary.object["parameters"]
        .as_array()
        .into_iter()
        .flatten();
    let names: Vec<String> = parameters
        .filter_map(|text| text.as_str())
        .filter(|text| !text.starts_with("where "))
        .map(|text| text.split(" = ").next().unwrap_or(text).to_owned())
        .collect();
    let mut head = vec!["rank", "trial"];
    head.extend(names.iter().map(String::as_str));
    head.push("objective");
    head.extend(SHOWN);
    let rows: Vec<Vec<String>> = summary
        .top
        .iter()
        .take(ROWS)
        .enumerate()
        .map(|(rank, each)| {
            let mut cells = vec![(rank + 1).to_string(), each.record.trial.to_string()];
            cells.extend(each.record.values.iter().cloned());
            let value = each
                .verdict
                .objective
                .map_or("n/a".to_owned(), |value| format!("{value:.4}"));
            cells.push(if each.verdict.meets {
                value
            } else {
                format!("{value} (violates)")
            });
            let figures = each.record.end.figures();
            cells.extend(SHOWN.iter().map(|name| {
                let place = METRICS.iter().position(|metric| metric.name == *name);
                let value = place.and_then(|place| figures?.0[place]);
                figure(name, value)
            }));
            cells
        })
        .collect();
    let right: Vec<usize> = (0..head.len()).collect();
    table::render(&head, &rows, &right)
}

fn figure(name: &str, value: Option<f64>) -> String {
    match (name, value) {
        (_, None) => "n/a".to_owned(),
        ("total_return" | "max_drawdown" | "win_rate", Some(value)) => {
            format!("{:.2} %", value * 100.0)
        }
        ("net_usdt", Some(value)) => format!("{value:.2}"),
        (_, value) => number(value, "n/a"),
    }
}

fn show_estimate(terminal: &Terminal, found: &Estimate, threads: usize) -> anyhow::Result<()> {
    let seconds = found.total.as_secs_f64();
    let rate = 1.0 / found.per_trial.as_secs_f64().max(1e-9);
    if terminal.is_json() {
        terminal.print_json(&json!({
            "trials": found.trials,
            "tried": found.tried,
            "infeasible": found.infeasible,
            "trades_mean": found.trades_mean,
            "trials_per_s_and_thread": rate,
            "threads": threads,
            "seconds": seconds,
            "bars": found.bars,
            "column_bytes": found.column_bytes,
            "result_bytes": found.result_bytes,
        }))?;
        return Ok(());
    }
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
    let rows = [
        ("trials", found.trials.to_string()),
        (
            "tried for this",
            format!(
                "{}, {} of them infeasible, {:.1} trades in the mean",
                found.tried, found.infeasible, found.trades_mean
            ),
        ),
        ("bars in a trial", found.bars.to_string()),
        ("speed", format!("{rate:.1} trials/s on one thread")),
        ("time", format!("{seconds:.1} s on {threads} threads")),
        ("memory, prices", mebibytes(found.column_bytes as u64)),
        ("memory and disk, results", mebibytes(found.result_bytes)),
    ];
    terminal.print(&table::pairs(&rows))?;
    Ok(())
}
