//! `sim data convert`: one Parquet file per series, in a folder that a run reads like any other.
//!
//! Not here: reading, joining and writing series (`market::series`).

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use serde_json::json;

use crate::cli::args::DataArgs;
use crate::cli::progress::Progress;
use crate::cli::staging::Staging;
use crate::cli::{Outcome, Session};
use crate::market::library::Library;
use crate::market::series::{convert, copy_rules, list};

/// `sim data convert`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConvertArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

/// Nothing to convert.
#[derive(Debug, thiserror::Error)]
#[error(
    "the folders hold no series\nhint: data/README.md says how series are found; sim data ls shows what was set aside"
)]
struct NoSeries;

pub(super) fn run(args: &ConvertArgs, session: &Session) -> anyhow::Result<Outcome> {
    let library = Library::open(&args.data.data)?;
    let listed = list(&library)?;
    if listed.is_empty() {
        return Err(NoSeries.into());
    }
    let staging = Staging::begin(&args.out)?;
    let progress = Progress::new(session.terminal);
    for (index, series) in listed.iter().enumerate() {
        if session.cancel.load(Ordering::Relaxed) {
            anyhow::bail!("interrupted");
        }
        progress.report("converting series", index as u64, listed.len() as u64);
        convert(series, staging.path()).map_err(|wrong| staging.tell(wrong))?;
    }
    let rules = copy_rules(&library, staging.path())
        .map_err(|wrong| staging.tell(wrong))?
        .len();
    drop(progress);
    staging.finish()?;
    let out = args.out.display().to_string();
    if session.terminal.is_json() {
        let told = json!({ "out": out, "series": listed.len(), "rules_files": rules });
        session.terminal.print_json(&told)?;
    } else {
        session.terminal.print(&format!(
            "{out}: {} series, {rules} files of filters or brackets",
            listed.len()
        ))?;
    }
    Ok(Outcome::Done)
}
