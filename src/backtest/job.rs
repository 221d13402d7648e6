//! The main job: signals and prices in, a run folder out.
//!
//! Not here: each step (the modules beside this one), printing (`cli`).
//! Invariant: but for `timing.json`, the bytes of the folder hang on configuration, data, signals, seed, version and the
//! names of the input files alone; the page and the pictures also on the language asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::backtest::events::file as events;
use crate::backtest::folder::{self, FolderError, RunFolder};
use crate::backtest::log::EventLog;
use crate::backtest::origin;
use crate::backtest::prepare::{PrepareError, Prepared, Sources, prepare};
use crate::backtest::replays::replay;
use crate::backtest::run::{Canceled, RunError, Simulation, simulate};
use crate::backtest::summary::{Identity, Parts, summarize};
use crate::backtest::tables::{fills, fills_csv, ledger_csv, signals_csv, trades_csv};
use crate::backtest::verdicts::verdicts;
use crate::domain::num::Rounding;
use crate::domain::stamp::StampForm;
use crate::exchange::history::equity::{CurvePoint, account_curve};
use crate::exchange::history::{Engine, OutOfRange};
use crate::exchange::model::Model;
use crate::market::curve::{self, Curve};
use crate::market::error::MarketError;
use crate::report::chart::render::ChartError;
use crate::report::files::{Look, files};
use crate::report::input::{Mode, Reproduce, RunReport, Weight};
use crate::report::origin::Origin;
use crate::report::saved;
use crate::report::words::Lang;
use crate::settings::Settings;
use crate::stats::costs::CostError;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where the inputs are.
    pub sources: Sources,
    /// The configuration.
    pub settings: Settings,
    /// The run folder; `None` is `reports/<run id>`.
    pub out: Option<PathBuf>,
    /// How the simulator walks.
    pub engine: Engine,
    /// Threads for replays, at least one.
    pub threads: usize,
    /// How page and pictures are made; nothing else hangs on it.
    pub look: Look,
    /// The sweep whose best configuration this is; no result depends on it.
    pub origin: Option<origin::Source>,
}

impl Job {
    /// The sweep behind it, with what the run makes of it.
    fn origin_of(&self, prepared: &Prepared, run: &Simulation) -> Option<Origin> {
        let own = origin::Own {
            settings: &self.settings,
            signals: &prepared.signals_hash,
            prices: &prepared.data_hash,
            log: &run.log.hash(),
        };
        Some(origin::told(self.origin.as_ref()?, own))
    }
}

/// A finished job.
#[derive(Debug)]
pub struct Done {
    /// Where the run folder is.
    pub folder: PathBuf,
    /// What the report shows.
    pub report: RunReport,
    /// The run as one object: the content of `run.json`.
    pub summary: Value,
}

/// Why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Its inputs.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The user stopped it.
    #[error(transparent)]
    Canceled(#[from] Canceled),
    /// The account grew beyond all reason.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The run folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of the run folder.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The figures do not tie out.
    #[error(transparent)]
    Costs(#[from] CostError),
    /// A chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A file cannot be put into words.
    #[error("the run cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<RunError> for JobError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Canceled(canceled) => canceled.into(),
            RunError::OutOfRange(beyond) => beyond.into(),
        }
    }
}

/// Does the job. `stage` is told what is being done; `cancel` stops it; `started` and `elapsed` come from the caller's
/// clock for `timing.json`.
///
/// # Errors
/// When an input is wrong, the folder cannot be written, or the user stopped it; nothing is left behind then.
pub fn run(
    job: &Job,
    stage: &dyn Fn(&str),
    cancel: &AtomicBool,
    timing: &dyn Fn() -> Value,
) -> Result<Done, JobError> {
    // A place that cannot be written is better known before the work than after it.
    if let Some(out) = &job.out {
        drop(RunFolder::begin(out)?);
    }
    let settings = &job.settings;
    let prepared = prepare(&job.sources, settings, stage)?;
    stop_if(cancel)?;
    stage("simulating");
    let mut model = settings.model.clone();
    model.start = Some(prepared.window.from);
    let log = EventLog::keeping();
    let run = simulate(
        &prepared.world,
        &settings.rules,
        &model,
        job.engine,
        (log, cancel),
    )?;
    let finished = Finished {
        prepared: &prepared,
        run: &run,
        model: &model,
        mode: Mode::Backtest,
        command: None,
    };
    publish(job, &finished, (stage, cancel), timing)
}

/// A run that is over, and what else its folder is made from.
#[derive(Clone, Debug)]
pub(super) struct Finished<'a> {
    /// Its inputs.
    pub(super) prepared: &'a Prepared,
    /// What it left.
    pub(super) run: &'a Simulation,
    /// What the exchange assumed.
    pub(super) model: &'a Model,
    /// How it was made.
    pub(super) mode: Mode,
    /// How to get it again, where that is not a backtest.
    pub(super) command: Option<String>,
}

/// Makes the folder of a finished run: replays, figures, files.
///
/// # Errors
/// When the figures do not tie out, the folder cannot be written, or the user stopped it; nothing is left behind then.
pub(super) fn publish(
    job: &Job,
    finished: &Finished<'_>,
    (stage, cancel): (&dyn Fn(&str), &AtomicBool),
    timing: &dyn Fn() -> Value,
) -> Result<Done, JobError> {
    let Finished {
        prepared,
        run,
        model,
        mode,
        command,
    } = finished;
    let settings = &job.settings;
    stage("replaying under other paths and costs");
    let net = run.outcome.net(model.balance);
    let threads = (job.engine, job.threads);
    let world = &prepared.world;
    let replays = replay(world, &settings.rules, model, threads, (net, cancel))?;
    stage("figures");
    let fills = fills(&run.log);
    let verdicts = verdicts(prepared, &settings.rules.confluence, &run.log);
    let curve = account_curve(&world.tape, &run.outcome, model);
    let mut identity = identify(job, prepared, *mode);
    if let Some(command) = command {
        identity.reproduce.command.clone_from(command);
    }
    let run_id = identity.run_id.clone();
    let parts = Parts {
        settings,
        prepared,
        run,
        fills: &fills,
        verdicts: &verdicts,
        curve: &curve,
        replays: &replays,
    };
    let mut report = summarize(parts, identity)?;
    report.record.origin = job.origin_of(prepared, run);
    stop_if(cancel)?;
    stage("writing the report");
    let place = job
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from("reports").join(&run_id));
    let target = RunFolder::begin(&place)?;
    let summary = run_json(job, prepared, run, &report);
    write_data(&target, job, parts, (&report, &summary))?;
    for file in files(&report, job.look)? {
        target.write(&file.name, &file.bytes)?;
    }
    target.write("timing.json", &pretty(&timing())?)?;
    stop_if(cancel)?;
    Ok(Done {
        folder: target.commit()?,
        report,
        summary,
    })
}

fn stop_if(cancel: &AtomicBool) -> Result<(), Canceled> {
    if cancel.load(Ordering::Relaxed) {
        Err(Canceled)
    } else {
        Ok(())
    }
}

/// Everything but pictures and the page.
fn write_data(
    target: &RunFolder,
    job: &Job,
    parts: Parts<'_>,
    (report, summary): (&RunReport, &Value),
) -> Result<(), JobError> {
    let symbols = &parts.prepared.world.tape.symbols;
    target.write(folder::MARK, &pretty(summary)?)?;
    target.write("config.toml", job.settings.to_toml().as_bytes())?;
    target.write(
        "metrics.json",
        &pretty(&serde_json::to_value(&report.metrics)?)?,
    )?;
    target.write("trades.csv", &trades_csv(&parts.run.outcome, symbols))?;
    target.write("fills.csv", &fills_csv(parts.fills, symbols))?;
    target.write("signals.csv", &signals_csv(parts.prepared, parts.verdicts))?;
    target.write("ledger.csv", &ledger_csv(&parts.run.outcome, symbols))?;
    let equity = curve::encode(Path::new("equity.parquet"), &columns(parts.curve))?;
    target.write("equity.parquet", &equity)?;
    target.write(saved::FILE, &saved::to_bytes(report))?;
    target.write(events::FILE, &events::encode(&parts.run.log, symbols))?;
    Ok(())
}

fn columns(curve: &[CurvePoint]) -> Curve {
    Curve {
        time: curve.iter().map(|point| point.time).collect(),
        equity: curve
            .iter()
            .map(|point| point.equity.round(Rounding::Down))
            .collect(),
        gross: curve
            .iter()
            .map(|point| point.gross.round(Rounding::Down))
            .collect(),
        margin: curve.iter().map(|point| point.margin).collect(),
    }
}

fn pretty(value: &Value) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Names the run by everything its result hangs on.
fn identify(job: &Job, prepared: &Prepared, mode: Mode) -> Identity {
    let config = hex(&Sha256::digest(job.settings.to_toml().as_bytes()));
    let seed = job.settings.run.seed.to_string();
    let window = format!(
        "{}..{}",
        prepared.window.from.millis(),
        prepared.window.to.millis()
    );
    let version = env!("CARGO_PKG_VERSION");
    let whole = [
        version,
        &config,
        &prepared.data_hash,
        &prepared.signals_hash,
        &window,
        &seed,
    ]
    .join("\n");
    let run_id = hex(&Sha256::digest(whole.as_bytes()))[..16].to_owned();
    let name = |path: &PathBuf| {
        path.file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let signals = name(&job.sources.signals);
    let pairs = [
        ("configuration", config),
        ("data", prepared.data_hash.clone()),
        ("signals", prepared.signals_hash.clone()),
        ("seed", seed),
        ("version", version.to_owned()),
    ];
    Identity {
        title: signals.clone(),
        run_id: run_id.clone(),
        mode,
        reproduce: Reproduce {
            command: format!("sim backtest --signals {signals} --data DIR -c {run_id}/config.toml"),
            inputs: pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The run as one object: identity, inputs, the headline figures.
fn run_json(job: &Job, prepared: &Prepared, run: &Simulation, report: &RunReport) -> Value {
    let mut whole = json!({
        "kind": folder::kind(),
        "schema_version": folder::SCHEMA,
        "run_id": report.run_id,
        "title": report.title,
        "version": report.version,
        "synthetic": report.synthetic,
        "in_sample": !report.validated,
        "inputs": report.reproduce.inputs.iter().cloned().collect::<BTreeMap<String, String>>(),
        "event_log_blake3": run.log.hash(),
        "from": prepared.window.from.to_text(),
        "to": prepared.window.to.to_text(),
        "signals": file_name(&job.sources.signals),
        "signals_format": prepared.file.format,
        "signals_times": prepared.file.form.map(StampForm::name),
        "signals_one_clock": prepared.file.signals.iter().filter(|signal| signal.received_time.is_none()).count(),
        "symbols": symbols_json(prepared),
    });
    let parts = [results_json(job, run, report), doubts_json(run, report)];
    for part in parts {
        if let (Value::Object(whole), Value::Object(part)) = (&mut whole, part) {
            whole.extend(part);
        }
    }
    whole
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// What was used for each symbol, files by name alone: a folder's place is no part of a result.
fn symbols_json(prepared: &Prepared) -> Vec<Value> {
    let used = prepared.reports.iter().map(|used| {
        let files: BTreeSet<String> = used.files.iter().map(|path| file_name(path)).collect();
        json!({
            "symbol": used.symbol.as_str(),
            "interval_ms": used.interval.map(|interval| interval.millis()),
            "detail_ms": used.detail.map(|detail| detail.millis()),
            "files": files,
            "synthetic": used.synthetic,
        })
    });
    used.collect()
}

/// The headline figures; money as exact text.
fn results_json(job: &Job, run: &Simulation, report: &RunReport) -> Value {
    let outcome = &run.outcome;
    let metrics = &report.metrics;
    let balance = job.settings.model.balance;
    json!({
        "messages": report.signals.total,
        "confluences": report.signals.funnel.get(4).map(|stage| stage.count),
        "entries": report.signals.funnel.last().map(|stage| stage.count),
        "trades": outcome.trades.len(),
        "fills": report.fills,
        "balance_usdt": balance.to_string(),
        "final_wallet_usdt": outcome.wallet.to_string(),
        "final_equity_usdt": outcome.equity.to_string(),
        "net_usdt": outcome.net(balance).to_string(),
        "total_return": metrics.daily.total_return.value(),
        "max_drawdown": metrics.daily.max_drawdown.value(),
        "sharpe": metrics.daily.sharpe.value(),
        "win_rate": metrics.trades.win_rate.value(),
        "expectancy_r": metrics.trades.expectancy_r.value(),
        "liquidations": report.liquidations,
    })
}

/// How far the result can be trusted.
fn doubts_json(run: &Simulation, report: &RunReport) -> Value {
    let counters = &run.outcome.counters;
    let cautions = report
        .data_notes
        .iter()
        .filter(|note| note.weight == Weight::Caution);
    let cautions: Vec<Value> = cautions
        .map(|note| json!({ "symbol": note.symbol, "text": note.text.say(Lang::En) }))
        .collect();
    let envelope = report.metrics.envelope.as_ref().map(|envelope| {
        json!({
            "min": envelope.min.to_string(),
            "max": envelope.max.to_string(),
            "contains_zero": envelope.contains_zero,
        })
    });
    json!({
        "bars_in_position": counters.bars_in_position,
        "ambiguous_bars": counters.ambiguous_bars,
        "drilled_bars": counters.drilled_bars,
        "residual_ambiguous": counters.residual_ambiguous,
        "stale_fills": counters.stale_fills,
        "envelope_net_usdt": envelope,
        "delayed_net_usdt": report.metrics.delay_probe.map(|probe| probe.net.to_string()),
        "data_cautions": cautions,
        "warnings": report.warnings.iter().map(|warning| warning.say(Lang::En)).collect::<Vec<String>>(),
    })
}
