//! `sim report`: page and pictures of a run made again from its folder, or a whole run folder made from a journal.
//!
//! Not here: what they show (`report`), reading and replacing files (`backtest`).

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::args::ReportForm;
use super::backtest::{open, wall_clock};
use super::failure::UsageError;
use super::progress::{Progress, clock};
use super::{Outcome, Session};
use crate::backtest::journaled::{Journaled, Wanted, is_journal};
use crate::backtest::reading::Opened;
use crate::backtest::rebuild::{pictures_to, rebuild};
use crate::domain::time::Timestamp;
use crate::report::files::Look;
use crate::report::table;

/// `sim report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A run folder, as sim backtest writes it, or a journal, as sim paper writes it; it may be in use
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Of a journal: the run folder to write; else reports/<name of the journal>
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    form: ReportForm,
    /// Put the pictures into this folder too
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,
    /// Open the report when done
    #[arg(long)]
    open: bool,
}

pub(super) fn run(args: &ReportArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    if is_journal(&args.run)? {
        return of_journal(args, session);
    }
    if args.out.is_some() {
        let what = format!(
            "--out is for journals: the report of a run stands in its folder\nhint: sim report {}",
            args.run.display()
        );
        return Err(UsageError(what).into());
    }
    let opened = Opened::open(&args.run)?;
    let report = opened.report()?;
    let look = Look::from(args.form);
    let mut names = rebuild(&opened.folder, &report, look)?;
    if let Some(folder) = &args.png {
        names.extend(pictures_to(folder, &report, look)?);
    }
    if terminal.is_json() {
        let mut summary = opened.summary.clone();
        summary["folder"] = json!(opened.folder.display().to_string());
        summary["files"] = json!(names);
        terminal.print_json(&summary)?;
    } else {
        terminal.print(&table::summary(&report))?;
    }
    let page = opened.folder.join("report.html");
    terminal.say(&format!("report: {}", page.display()));
    if args.open {
        open(&page, terminal);
    }
    Ok(Outcome::Done)
}

/// The run folder of a journal, written whole or not at all.
fn of_journal(args: &ReportArgs, session: &Session) -> anyhow::Result<Outcome> {
    let terminal = &session.terminal;
    let look = Look::from(args.form);
    let (began, at) = (clock(), wall_clock());
    let timing = || {
        json!({
            "started": at.map(Timestamp::to_text),
            "elapsed_ms": u64::try_from(clock().duration_since(began).as_millis()).ok(),
        })
    };
    let wanted = Wanted {
        out: args.out.clone(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        look,
    };
    let progress = Progress::new(*terminal);
    let stage = |stage: &str| progress.busy(stage);
    stage("reading the journal");
    let journaled = Journaled::read(&args.run)?;
    let done = journaled.report(&wanted, (&stage, &session.cancel), &timing)?;
    drop(progress);
    if let Some(folder) = &args.png {
        pictures_to(folder, &done.report, look)?;
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
