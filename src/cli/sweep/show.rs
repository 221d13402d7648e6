//! The ranked table of a sweep and the estimate, for people and for programs.
//!
//! Not here: what is in them (`sweep`).

use std::path::Path;

use serde_json::json;

use crate::cli::table;
use crate::cli::terminal::Terminal;
use crate::report::sweep::plateau_words;
use crate::stats::stability::Plateau;
use crate::sweep::estimate::Estimate;
use crate::sweep::figures::{METRICS, number};
use crate::sweep::finish::{Ranked, Summary};
use crate::sweep::job::Finished;
use crate::sweep::plan::Shard;
use crate::validate::room::Room;

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

/// The whole result.
pub(super) fn summary(terminal: &Terminal, summary: &Summary, folder: &Path) -> anyhow::Result<()> {
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
    page.push_str(&ranked(summary, (&summary.top, &summary.plateaus), &[]));
    page.push_str(&front(summary));
    page.push_str(&plateau(summary));
    page.push_str(
        "CAUTION  In-sample: the best of many trials looks better than it is. Nothing here was validated.\n",
    );
    if object["synthetic"] == json!(true) {
        page.push_str("CAUTION  Synthetic: prices or signals were generated, not recorded.\n");
    }
    terminal.print(&page)?;
    let best = folder.join("best.toml");
    terminal.say(&format!(
        "results: {}\npage: {}\nbest settings: sim backtest … -c {}",
        folder.join("results.csv").display(),
        folder.join("sweep.html").display(),
        best.display()
    ));
    Ok(())
}

/// One part of a sweep: its results come with the merge.
pub(super) fn shard(terminal: &Terminal, finished: &Finished, shard: Shard) -> anyhow::Result<()> {
    let folder = finished.folder.display().to_string();
    if terminal.is_json() {
        terminal.print_json(&json!({
            "shard": shard.to_string(),
            "trials": finished.standing.done,
            "folder": folder,
        }))?;
    } else {
        terminal.print(&format!(
            "shard {shard} is complete, {} trials: {folder}\nonce all are, sim sweep merge puts them together",
            finished.standing.done
        ))?;
    }
    Ok(())
}

/// The trials that no other dominates, where there are several objectives.
fn front(summary: &Summary) -> String {
    let Some(size) = summary.object["front_trials"].as_u64() else {
        return String::new();
    };
    let names = summary.object["objectives"].as_array();
    let names = names.into_iter().flatten().filter_map(|text| text.as_str());
    let names: Vec<&str> = names.collect();
    let words = names.join(", ");
    if size == 0 {
        return format!(
            "\nfront of {words}: no trial has all of them and meets every constraint\n"
        );
    }
    // The first one has its column already.
    let more: Vec<&str> = names
        .iter()
        .skip(1)
        .map(|name| name.split_once(':').map_or(*name, |(_, name)| name))
        .filter(|name| !SHOWN.contains(name))
        .collect();
    let shown = if size > ROWS as u64 {
        format!(" ({ROWS} of them here, all in the tables)")
    } else {
        String::new()
    };
    format!(
        "\nfront of {words}: {size} trials that no other dominates{shown}\n\n{}",
        ranked(summary, (&summary.front, &[]), &more)
    )
}

/// Trials as a table, with further figures; the plateaus have a column where they are known.
fn ranked(summary: &Summary, (trials, plateaus): (&[Ranked], &[Plateau]), more: &[&str]) -> String {
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
    if !plateaus.is_empty() {
        head.push("plateau");
    }
    head.extend(more);
    head.extend(SHOWN);
    let rows: Vec<Vec<String>> = trials
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
            if let Some(plateau) = plateaus.get(rank) {
                let score = plateau.score.value();
                cells.push(score.map_or("n/a".to_owned(), |score| format!("{score:.2}")));
            }
            let figures = each.record.end.figures();
            cells.extend(more.iter().chain(&SHOWN).map(|name| {
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

/// How the neighbours of the best do, in words.
fn plateau(summary: &Summary) -> String {
    let (Some(best), Some(plateau)) = (summary.best(), summary.plateaus.first()) else {
        return "\n".to_owned();
    };
    let objective = summary.object["objective"].as_str().unwrap_or_default();
    let name = objective.split(':').next_back().unwrap_or_default();
    let words = plateau_words(name, best.verdict.objective, plateau);
    if plateau.is_peak() {
        format!("\nCAUTION  Plateau: {words}.\n")
    } else {
        format!("\nPlateau: {words}.\n")
    }
}

fn figure(name: &str, value: Option<f64>) -> String {
    match (name, value) {
        (_, None) => "n/a".to_owned(),
        ("total_return" | "max_drawdown" | "win_rate", Some(value)) => {
            format!("{:.2} %", value * 100.0)
        }
        ("net_usdt", Some(value)) => format!("{value:.2}"),
        (_, Some(value)) if value.fract() != 0.0 => format!("{value:.4}"),
        (_, value) => number(value, "n/a"),
    }
}

/// What a sweep will take, and the validation after it where there is one.
pub(super) fn estimate(
    terminal: &Terminal,
    found: &Estimate,
    room: Option<Room>,
    threads: usize,
) -> anyhow::Result<()> {
    let seconds = found.total.as_secs_f64();
    let rate = 1.0 / found.per_trial.as_secs_f64().max(1e-9);
    let choices = (!found.per_choice.is_zero()).then(|| 1.0 / found.per_choice.as_secs_f64());
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
            "choices_per_s": choices,
            "column_bytes": found.column_bytes,
            "history_bytes": found.history_bytes,
            "returns_bytes": room.map(|room| room.returns_bytes),
            "validation_bytes": room.map(|room| room.total_bytes),
            "result_bytes": found.result_bytes,
        }))?;
        return Ok(());
    }
    let mut rows = vec![
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
    ];
    if let Some(choices) = choices {
        let words = format!("{choices:.0} trials/s, one after the other");
        rows.push(("choosing", words));
    }
    let apart = if room.is_some() {
        ", the validation not counted"
    } else {
        ""
    };
    let time = format!("{seconds:.1} s on {threads} threads{apart}");
    rows.push(("time", time));
    rows.push(("memory, prices", mebibytes(found.column_bytes as u64)));
    if choices.is_some() {
        rows.push(("memory, history", mebibytes(found.history_bytes)));
    }
    if let Some(room) = room {
        let returns = mebibytes(room.returns_bytes);
        let words = format!(
            "{returns}: {} trials x {} days x 8 bytes",
            room.trials, room.days
        );
        rows.push(("memory, daily returns for PBO", words));
        let words = format!("{} at most, these among it", mebibytes(room.total_bytes));
        rows.push(("memory, validation", words));
    }
    rows.push(("disk, results", mebibytes(found.result_bytes)));
    terminal.print(&table::pairs(&rows))?;
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
}
