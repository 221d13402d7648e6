//! `sim backtest`: arguments become one job; its summary is printed.
//!
//! Not here: the job itself (`backtest::job`), what the summary says (`report::table`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::args::{BacktestArgs, Engine};
use super::progress::{Progress, clock};
use super::terminal::Terminal;
use super::{Outcome, Session, config};
use crate::backtest::job::{self, Job};
use crate::backtest::origin::Source;
use crate::backtest::prepare::Sources;
use crate::backtest::rebuild::pictures_to;
use crate::domain::time::Timestamp;
use crate::exchange::history;
use crate::report::table;
use crate::report::words::Lang;
use crate::sweep::origin;
use crate::validate::tried;

pub(super) fn run(args: &BacktestArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let settings = args.settings()?;
    let told = settings.consequence();
    terminal.detail(&config::consequence_text(&settings, &told));
    for warning in &told.warnings {
        terminal.warn(&warning.say(Lang::En));
    }
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let counted = args.register.as_ref().map(|file| (file, settings.clone()));
    let job = Job {
        sources: Sources {
            signals: args.signals.clone(),
            data: args.data.data.clone(),
        },
        settings,
        out: args.out.clone(),
        engine: match args.engine {
            Engine::Step => history::Engine::Step,
            Engine::Skip => history::Engine::Skip,
        },
        threads,
        look: args.form.into(),
        origin: origin(&args.config.config, terminal),
    };
    let started = (clock(), wall_clock());
    let timing = || timing(started, args.engine, threads);
    let progress = Progress::new(*terminal);
    let stage = |stage: &str| progress.busy(stage);
    let done = job::run(&job, &stage, &session.cancel, &timing)?;
    drop(progress);
    if let Some((file, settings)) = &counted {
        let inputs = &done.summary["inputs"];
        let hash = |name: &str| inputs[name].as_str().unwrap_or_default();
        let sharpe = done.report.metrics.daily.sharpe.value();
        tried::enter_run(settings, (hash("data"), hash("signals")), sharpe, file)?;
    }
    if let (Some(format), Some(times)) = (
        done.summary["signals_format"].as_str(),
        done.summary["signals_times"].as_str(),
    ) {
        terminal.say(&format!("signals: {format}, times: {times}"));
    }
    for warning in &done.report.warnings {
        terminal.warn(&warning.say(Lang::En));
    }
    if let Some(folder) = &args.png {
        pictures_to(folder, &done.report, args.form.into())?;
    }
    if terminal.is_json() {
        let mut summary = done.summary;
        summary["folder"] = json!(done.folder.display().to_string());
        terminal.print_json(&summary)?;
    } else {
        terminal.print(&table::summary(&done.report))?;
    }
    let page = done.folder.join("report.html");
    terminal.say(&format!("report: {}", page.display()));
    if args.open {
        open(&page, terminal);
    }
    Ok(Outcome::Done)
}

/// The sweep that the configuration is the best of: of several files, the last one's.
fn origin(files: &[PathBuf], terminal: &Terminal) -> Option<Source> {
    let mut found = None;
    for file in files {
        match origin::behind(file) {
            Ok(source) => found = source.or(found),
            Err(wrong) => terminal.warn(&wrong),
        }
    }
    found
}

/// What one run took; the only file of a run folder that differs between two equal runs.
fn timing((began, at): (Instant, Option<Timestamp>), engine: Engine, threads: usize) -> Value {
    json!({
        "started": at.map(Timestamp::to_text),
        "elapsed_ms": u64::try_from(clock().duration_since(began).as_millis()).ok(),
        "engine": match engine {
            Engine::Step => "step",
            Engine::Skip => "skip",
        },
        "threads": threads,
    })
}

/// The time of day, for the run's own stamp; `None` when the machine's clock is set before 1970.
#[allow(
    clippy::disallowed_methods,
    reason = "the stamp of a run, which no result depends on"
)]
pub(super) fn wall_clock() -> Option<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis())
        .ok()
        .map(Timestamp::from_millis)
}

/// Hands the page to whatever shows pages here. A machine without a screen is told where the page is, no more.
pub(super) fn open(page: &Path, terminal: &Terminal) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let begun = Command::new(opener)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = begun {
        terminal.warn(&format!(
            "the report cannot be opened with {opener}: {error}"
        ));
    }
}
