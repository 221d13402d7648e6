//! Runs put side by side: what their folders hold becomes one report.
//!
//! Not here: reading folders (`reading`), figures (`comparison::figures`), page and charts (`report`), printing (`cli`).
//! Invariant: everything is taken from the folders; nothing is computed again but drawdowns for the chart.

mod figures;

use std::collections::{BTreeMap, BTreeSet};

use crate::backtest::causes::causes;
use crate::backtest::reading::{Opened, ReadingError};
use crate::domain::time::Timestamp;
use crate::report::compare::{CompareReport, ComparedRun, SplitSignal};
use crate::report::words::{Phrase, compare as words};

/// Most signals listed that one run traded and another did not.
const SPLIT_MAX: usize = 20;

/// What a message of the input is called in all runs: its id, and which of several with that id.
type Message = (String, usize);

/// Puts runs side by side.
///
/// # Errors
/// When a file of a run is missing or damaged.
pub fn comparison(opened: &[Opened]) -> Result<CompareReport, ReadingError> {
    let runs: Vec<ComparedRun> = opened
        .iter()
        .enumerate()
        .map(|(place, run)| compared(run, letter(place)))
        .collect::<Result<_, _>>()?;
    let balance = runs.first().map_or(0.0, |run| run.balance);
    let is_relative = runs
        .iter()
        .any(|run| run.balance.total_cmp(&balance).is_ne());
    let verdicts: Vec<BTreeMap<Message, Seen>> =
        opened.iter().map(seen).collect::<Result<_, _>>()?;
    let (split, split_count) = split(&verdicts);
    Ok(CompareReport {
        notes: notes(opened, &runs, is_relative),
        is_relative,
        is_synthetic: opened.iter().any(is_synthetic),
        figures: figures::headline(opened, &runs, is_relative),
        more: figures::others(opened),
        causes: causes(opened)?.iter().cloned().collect(),
        verdicts: counts(&verdicts),
        split,
        split_count,
        runs,
    })
}

/// `A` … `Z`, then `A2` …
fn letter(place: usize) -> String {
    let letters = 'A'..='Z';
    let letter = letters.clone().nth(place % 26).unwrap_or('Z');
    match place / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{}", round + 1),
    }
}

fn compared(run: &Opened, letter: String) -> Result<ComparedRun, ReadingError> {
    let curve = run.curve()?;
    let instant = |name: &str| {
        Timestamp::parse(run.text(name)).ok_or_else(|| {
            let what = format!("'{name}' is no time: '{}'", run.text(name));
            run.damaged("run.json", what)
        })
    };
    let balance = run.text("balance_usdt").parse::<f64>().ok();
    let balance = balance.filter(|balance| balance.is_finite() && *balance > 0.0);
    let name = run.folder.file_name();
    Ok(ComparedRun {
        letter,
        name: name.map_or_else(
            || run.folder.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        folder: run.folder.display().to_string(),
        run_id: run.text("run_id").to_owned(),
        version: run.text("version").to_owned(),
        signals: run.text("signals").to_owned(),
        from: instant("from")?,
        to: instant("to")?,
        balance: balance.ok_or_else(|| {
            let what = "'balance_usdt' is no amount above zero".to_owned();
            run.damaged("run.json", what)
        })?,
        times: curve.time.iter().map(|time| time.millis()).collect(),
        equity: curve.equity.iter().map(|amount| amount.to_f64()).collect(),
    })
}

fn is_synthetic(run: &Opened) -> bool {
    run.summary["synthetic"].as_bool().unwrap_or(false)
}

/// What must be known before reading on.
fn notes(opened: &[Opened], runs: &[ComparedRun], is_relative: bool) -> Vec<Phrase> {
    let mut notes = Vec::new();
    if is_relative {
        notes.push(words::COMPARE_BALANCES.alone());
    }
    let window = |run: &ComparedRun| (run.from, run.to);
    if runs.iter().any(|run| window(run) != window(&runs[0])) {
        notes.push(words::COMPARE_WINDOWS.alone());
    }
    for (place, run) in runs.iter().enumerate() {
        if let Some(same) = runs[..place].iter().find(|one| one.run_id == run.run_id) {
            let values = [&same.letter, &run.letter, &run.run_id];
            notes.push(words::COMPARE_SAME.of(values.map(String::as_str)));
        }
    }
    let made = opened.iter().zip(runs).filter(|(one, _)| is_synthetic(one));
    let made: Vec<&str> = made.map(|(_, run)| run.letter.as_str()).collect();
    if !made.is_empty() {
        notes.push(words::COMPARE_SYNTHETIC.of([made.join(", ")]));
    }
    notes
}

/// A message as a run saw it.
struct Seen {
    symbol: String,
    time: String,
    verdict: String,
}

fn seen(run: &Opened) -> Result<BTreeMap<Message, Seen>, ReadingError> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for row in run.signals()? {
        let before = met.entry(row.id.clone()).or_default();
        let message = (row.id, *before);
        *before += 1;
        let seen = Seen {
            symbol: row.symbol,
            time: row.received_time,
            verdict: row.verdict,
        };
        all.insert(message, seen);
    }
    Ok(all)
}

/// How many messages of each run have each verdict, the most frequent first.
fn counts(runs: &[BTreeMap<Message, Seen>]) -> Vec<(String, Vec<usize>)> {
    let mut counts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        for seen in run.values() {
            let row = counts.entry(&seen.verdict);
            row.or_insert_with(|| vec![0; runs.len()])[place] += 1;
        }
    }
    let mut rows: Vec<(String, Vec<usize>)> = counts
        .into_iter()
        .map(|(verdict, counts)| (verdict.to_owned(), counts))
        .collect();
    // Stable: verdicts of one count stay in the order of their names.
    rows.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.iter().sum::<usize>()));
    rows
}

/// Messages traded in one run and not in another, by time, and how many there are.
fn split(runs: &[BTreeMap<Message, Seen>]) -> (Vec<SplitSignal>, usize) {
    const TRADED: &str = "traded";
    let traded = |run: &BTreeMap<Message, Seen>, message: &Message| {
        run.get(message).is_some_and(|seen| seen.verdict == TRADED)
    };
    let messages: BTreeSet<&Message> = runs.iter().flat_map(BTreeMap::keys).collect();
    let mut found: Vec<SplitSignal> = messages
        .into_iter()
        .filter(|message| {
            let count = runs.iter().filter(|run| traded(run, message)).count();
            count > 0 && count < runs.len()
        })
        .map(|message| {
            let first = runs.iter().find_map(|run| run.get(message));
            SplitSignal {
                id: message.0.clone(),
                symbol: first.map_or_else(String::new, |seen| seen.symbol.clone()),
                time: first.map_or_else(String::new, |seen| seen.time.clone()),
                verdicts: runs
                    .iter()
                    .map(|run| Some(run.get(message)?.verdict.clone()))
                    .collect(),
            }
        })
        .collect();
    found.sort_by(|one, other| (&one.time, &one.id).cmp(&(&other.time, &other.id)));
    let count = found.len();
    found.truncate(SPLIT_MAX);
    (found, count)
}
