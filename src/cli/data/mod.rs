//! `sim data`: what a data folder holds, whether it is sound, the fast form of it, and made-up data.
//!
//! Not here: reading, judging, converting and making it (`market`).

mod check;
mod convert;
mod generate;
mod walks;

use clap::Subcommand;
use serde_json::{Value, json};

use super::args::DataArgs;
use super::{Outcome, Session, table};
use crate::market::library::Library;
use crate::market::series::{SeriesFiles, SeriesKind, list};

/// `sim data`.
#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// List what the folders hold: symbols, kinds, lengths of bars, files
    Ls(DataArgs),
    /// Read and check everything in the folders: gaps, unfinished bars, prices off their tick
    Check(DataArgs),
    /// Write everything in the folders as Parquet, which is read many times faster
    Convert(convert::ConvertArgs),
    /// Write made-up prices and signals with known properties
    Generate(generate::GenerateArgs),
}

pub(super) fn run(command: &DataCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        DataCommand::Ls(args) => {
            let library = Library::open(&args.data)?;
            let listed = list(&library)?;
            if session.terminal.is_json() {
                session.terminal.print_json(&as_json(&library, &listed))?;
            } else {
                session.terminal.print(&as_text(&library, &listed))?;
            }
            Ok(Outcome::Done)
        }
        DataCommand::Check(args) => check::run(args, session),
        DataCommand::Convert(args) => convert::run(args, session),
        DataCommand::Generate(args) => generate::run(args, session),
    }
}

/// What is shown instead of an empty table.
const NO_SERIES: &str = "no series: data/README.md says how they are found\n";

/// A kind as one word, and the length of its bars.
fn kind(series: &SeriesFiles) -> (&'static str, String) {
    let name = series.kind.name();
    let length = name.split(' ').next().unwrap_or_default().to_owned();
    match series.kind {
        SeriesKind::Klines(_) => ("klines", length),
        SeriesKind::Mark(_) => ("mark", length),
        SeriesKind::Funding => ("funding", String::new()),
    }
}

fn as_text(library: &Library, listed: &[SeriesFiles]) -> String {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|series| {
            let (kind, length) = kind(series);
            vec![
                series.symbol.to_string(),
                kind.to_owned(),
                length,
                series.files.len().to_string(),
                if series.synthetic { "made up" } else { "" }.to_owned(),
            ]
        })
        .collect();
    let mut text = table::render(&["symbol", "kind", "bars", "files", ""], &rows, &[2, 3]);
    if rows.is_empty() {
        text.push_str(NO_SERIES);
    }
    let rules = table::counted(library.rules.len(), "file");
    text.push_str(&format!("\n{rules} of filters or brackets\n"));
    text.push_str(&set_aside(library));
    text
}

/// What no run reads, by reason.
fn set_aside(library: &Library) -> String {
    library
        .aside
        .iter()
        .map(|(reason, paths)| match paths.as_slice() {
            [path] => format!("set aside: {}: {reason}\n", path.display()),
            paths => format!("set aside: {} files: {reason}\n", paths.len()),
        })
        .collect()
}

fn as_json(library: &Library, listed: &[SeriesFiles]) -> Value {
    let series: Vec<Value> = listed
        .iter()
        .map(|series| {
            let (kind, length) = kind(series);
            let files: Vec<String> = series
                .files
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            json!({
                "symbol": series.symbol.as_str(),
                "kind": kind,
                "interval": length,
                "files": files,
                "synthetic": series.synthetic,
            })
        })
        .collect();
    let aside: Vec<Value> = library
        .aside
        .iter()
        .map(|(reason, paths)| json!({ "reason": reason, "files": paths.len() }))
        .collect();
    json!({ "series": series, "rules_files": library.rules.len(), "aside": aside })
}
