//! `sim report`: page and pictures of a run made again from its folder.
//!
//! Not here: what they show (`report`), reading and replacing files (`backtest`).

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::args::ReportForm;
use super::backtest::open;
use super::{Outcome, Session};
use crate::backtest::reading::Opened;
use crate::backtest::rebuild::{pictures_to, rebuild};
use crate::report::files::Look;
use crate::report::table;

/// `sim report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// A run folder, as sim backtest writes it
    #[arg(value_name = "RUN")]
    run: PathBuf,
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
