//! `sim backtest`: arguments become one run, its summary is printed.
//!
//! Not here: the run itself (`backtest`).

use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::args::{BacktestArgs, Engine};
use super::progress::Progress;
use super::{Outcome, Session, config};
use crate::backtest::job::{self, Job};
use crate::backtest::prepare::Sources;
use crate::domain::time::Timestamp;
use crate::exchange::history;
use crate::report::table;

pub(super) fn run(args: &BacktestArgs, session: &Session) -> anyhow::Result<Outcome> {
    let settings = args.settings()?;
    let terminal = &session.terminal;
    let told = settings.consequence();
    terminal.detail(&config::consequence_text(&settings, &told));
    for warning in &told.warnings {
        terminal.warn(warning);
    }
    let threads = args.threads.map_or_else(available, usize::from);
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
    };
    let stamp = Stamp::now();
    let progress = Progress::new(session.terminal);
    let stage = |name: &str| {
        terminal.detail(name);
        progress.report(name, 0, 0);
    };
    let timing = || stamp.timing(&job);
    let done = job::run(&job, &stage, &session.cancel, &timing)?;
    drop(progress);
    for note in done
        .report
        .data_notes
        .iter()
        .filter(|note| note.weight == crate::report::input::Weight::Caution)
    {
        match &note.symbol {
            Some(symbol) => terminal.warn(&format!("{symbol}: {}", note.text)),
            None => terminal.warn(&note.text),
        }
    }
    if terminal.is_json() {
        let mut summary = done.summary.clone();
        summary["folder"] = json!(done.folder.display().to_string());
        terminal.print_json(&summary)?;
    } else {
        terminal.print(&table::summary(&done.report))?;
    }
    let page = done.folder.join("report.html");
    terminal.say(&format!("report: {}", page.display()));
    if args.open {
        show(&page, session);
    }
    Ok(Outcome::Done)
}

fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// When the run began, for the one file that may differ between two runs.
struct Stamp {
    began: SystemTime,
    clock: Instant,
}

#[allow(
    clippy::disallowed_methods,
    reason = "the run's own stamp: it is written to timing.json and read by nothing"
)]
impl Stamp {
    fn now() -> Self {
        Self {
            began: SystemTime::now(),
            clock: Instant::now(),
        }
    }

    fn timing(&self, job: &Job) -> Value {
        let began = self
            .began
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok());
        json!({
            "started": began.map(|millis| Timestamp::from_millis(millis).to_text()),
            "elapsed_ms": u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX),
            "engine": match job.engine { history::Engine::Step => "step", history::Engine::Skip => "skip" },
            "threads": job.threads,
        })
    }
}

/// Shows the report with whatever the system opens pages with.
fn show(page: &Path, session: &Session) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if let Err(wrong) = Command::new(opener).arg(page).spawn() {
        session
            .terminal
            .warn(&format!("the report cannot be opened by {opener}: {wrong}"));
    }
}
