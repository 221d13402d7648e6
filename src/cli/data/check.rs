//! `sim data check`: reads every series of the folders and says what is missing or odd, and what cannot be read.
//!
//! Not here: the judgement itself (`market::series`, `market::quality`). Nothing is repaired.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{NO_SERIES, kind, set_aside};
use crate::cli::args::DataArgs;
use crate::cli::progress::Progress;
use crate::cli::{Outcome, Session, table};
use crate::domain::time::Timestamp;
use crate::market::error::MarketError;
use crate::market::instruments::{RuleBook, RulesCheck};
use crate::market::library::Library;
use crate::market::quality::BarQuality;
use crate::market::series::{SeriesCheck, SeriesFiles, SeriesKind, check, list};

/// Some of what was read cannot be used; each case has been shown.
#[derive(Debug, thiserror::Error)]
#[error(
    "{broken} of {all} series and files of rules cannot be used\nhint: each is shown above with what is wrong"
)]
struct Broken {
    broken: usize,
    all: usize,
}

/// One series and what came of it.
type Checked<'a> = (&'a SeriesFiles, Result<SeriesCheck, MarketError>);

pub(super) fn run(args: &DataArgs, session: &Session) -> anyhow::Result<Outcome> {
    let library = Library::open(&args.data)?;
    let listed = list(&library)?;
    let progress = Progress::new(session.terminal);
    let mut checked: Vec<Checked<'_>> = Vec::with_capacity(listed.len());
    for (index, series) in listed.iter().enumerate() {
        if session.cancel.load(Ordering::Relaxed) {
            anyhow::bail!("interrupted");
        }
        progress.report("reading series", index as u64, listed.len() as u64);
        checked.push((series, check(series)));
    }
    progress.busy("reading filters and brackets");
    let rules = RuleBook::check(&library.rules);
    drop(progress);
    if session.terminal.is_json() {
        let told = json!({ "series": as_json(&checked), "rules": rules_json(&rules) });
        session.terminal.print_json(&told)?;
    } else {
        let text = as_text(&checked, &library) + &rules_text(&rules);
        session.terminal.print(&text)?;
    }
    let broken = checked.iter().filter(|(_, result)| result.is_err()).count()
        + rules.iter().filter(|file| file.found.is_err()).count();
    if broken > 0 {
        let all = checked.len() + rules.len();
        return Err(Broken { broken, all }.into());
    }
    Ok(Outcome::Done)
}

fn missing(quality: &BarQuality) -> i64 {
    quality.gaps.iter().map(|gap| gap.missing).sum()
}

fn minute(time: Timestamp) -> String {
    let text = time.to_text();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

fn as_text(checked: &[Checked<'_>], library: &Library) -> String {
    let head = [
        "symbol",
        "kind",
        "bars",
        "files",
        "rows",
        "from (UTC)",
        "to (UTC)",
        "gaps",
        "missing",
        "no volume",
        "off tick",
        "unfinished",
    ];
    let mut rows = Vec::new();
    let mut broken = String::new();
    for (series, result) in checked {
        let (kind, length) = kind(series);
        let mut row = vec![
            series.symbol.to_string(),
            kind.to_owned(),
            length,
            series.files.len().to_string(),
        ];
        match result {
            Ok(SeriesCheck::Bars { quality, .. }) => row.extend([
                quality.rows.to_string(),
                minute(quality.first),
                minute(quality.end),
                quality.gaps.len().to_string(),
                missing(quality).to_string(),
                // A mark has no volume of its own.
                match series.kind {
                    SeriesKind::Klines(_) => quality.zero_volume.to_string(),
                    SeriesKind::Mark(_) | SeriesKind::Funding => String::new(),
                },
                quality.off_tick.to_string(),
                quality.unfinished.len().to_string(),
            ]),
            Ok(SeriesCheck::Funding {
                rows, first, last, ..
            }) => {
                row.extend([rows.to_string(), minute(*first), minute(*last)]);
            }
            Err(error) => {
                let name = format!("{} {}", series.symbol, series.kind.name());
                broken.push_str(&format!("\nunusable: {name}: {error}\n"));
                continue;
            }
        }
        rows.push(row);
    }
    let mut text = table::render(&head, &rows, &[2, 3, 4, 7, 8, 9, 10, 11]);
    if checked.is_empty() {
        text.push_str(NO_SERIES);
    }
    text.push('\n');
    text.push_str(&set_aside(library));
    text.push_str(&broken);
    text
}

fn as_json(checked: &[Checked<'_>]) -> Vec<Value> {
    checked
        .iter()
        .map(|(series, result)| {
            let (kind, length) = kind(series);
            json!({
                "symbol": series.symbol.as_str(),
                "kind": kind,
                "interval": length,
                "files": series.files.len(),
                "synthetic": series.synthetic,
                "error": result.as_ref().err().map(|error| error.to_string()),
                "found": result.as_ref().ok().map(found),
            })
        })
        .collect()
}

fn rules_text(rules: &[RulesCheck]) -> String {
    let mut rows = Vec::new();
    let mut wrong = String::new();
    for file in rules {
        let name = file.path.display();
        match &file.found {
            Ok(found) => {
                rows.push(vec![
                    name.to_string(),
                    found.kind.to_owned(),
                    file.date
                        .map_or_else(String::new, |day| minute(day)[..10].to_owned()),
                    found.contracts.to_string(),
                    found.unusable.len().to_string(),
                ]);
                if let Some(first) = found.unusable.first() {
                    wrong.push_str(&format!("\nunusable contract: {first}\n"));
                }
            }
            Err(error) => wrong.push_str(&format!("\nunusable: {error}\n")),
        }
    }
    let head = ["rules", "kind", "day", "contracts", "unusable"];
    let table = table::render(&head, &rows, &[3, 4]);
    if table.is_empty() {
        wrong
    } else {
        format!("\n{table}{wrong}")
    }
}

fn rules_json(rules: &[RulesCheck]) -> Vec<Value> {
    rules
        .iter()
        .map(|file| {
            let found = file.found.as_ref().ok();
            json!({
                "file": file.path.display().to_string(),
                "day": file.date.map(Timestamp::to_text),
                "kind": found.map(|found| found.kind),
                "contracts": found.map(|found| found.contracts),
                "unusable": found.map(|found| &found.unusable),
                "error": file.found.as_ref().err().map(ToString::to_string),
            })
        })
        .collect()
}

fn found(check: &SeriesCheck) -> Value {
    match check {
        SeriesCheck::Bars {
            quality,
            shared_rows,
            yielded,
        } => {
            let gaps: Vec<Value> = quality
                .gaps
                .iter()
                .map(|gap| {
                    json!({
                        "from": gap.from.to_text(),
                        "to": gap.to.to_text(),
                        "missing": gap.missing,
                    })
                })
                .collect();
            let times = |times: &[Timestamp]| -> Vec<String> {
                times.iter().map(|time| time.to_text()).collect()
            };
            json!({
                "rows": quality.rows,
                "from": quality.first.to_text(),
                "to": quality.end.to_text(),
                "gaps": gaps,
                "zero_volume": quality.zero_volume,
                "off_tick": quality.off_tick,
                "unfinished": times(&quality.unfinished),
                "shared_rows": shared_rows,
                "yielded": yielded.len(),
            })
        }
        SeriesCheck::Funding {
            rows,
            moved,
            first,
            last,
        } => json!({
            "rows": rows,
            "from": first.to_text(),
            "to": last.to_text(),
            "moved": moved,
        }),
    }
}
