//! The register of every configuration ever tried on some data (V1): one file, one JSON line each, only ever appended to.
//!
//! Not here: what its count does to a verdict (`luck`). No byte of a sweep's results or of a run folder depends on it.
//! Invariants: processes take turns by a lock on the file; a line is there as a whole or not at all; a line that cannot
//! be read is reported with its number and counts as one more configuration, since it may have been one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use crate::sweep::figures::number;
use crate::sweep::plan::hash;
use crate::sweep::record::{opened, seal};

/// Where it is when nobody says otherwise.
pub const DEFAULT: &str = "reports/trials.jsonl";

/// The only strategy there is.
const STRATEGY: &str = "confluence";

/// Text that is collected before it is written.
const TEXT: usize = 1 << 20;

/// Longer lines are none of ours.
const LINE_MAX: u64 = 1 << 16;

/// Why the register cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: the register of trials cannot be {what}: {source}\nhint: check the rights and the space left, or name another file with --register; without it nobody knows how many trials there were", path.display())]
pub struct RegisterError {
    /// The file.
    path: PathBuf,
    /// What was tried.
    what: &'static str,
    /// The system's answer.
    source: io::Error,
}

/// One evaluated configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Hash of its resolved settings.
    pub configuration: String,
    /// Hash of its daily returns, where they are known.
    pub returns: Option<String>,
    /// Mean over deviation of its daily returns, where that exists.
    pub sharpe_daily: Option<f64>,
}

/// What the register says of some data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Census {
    /// Distinct configurations that were tried, damaged lines among them.
    pub trials: usize,
    /// The daily sharpes of those that have one, by configuration.
    pub sharpes: Vec<f64>,
    /// Lines that cannot be read.
    pub damaged: Vec<u64>,
}

#[derive(Deserialize)]
struct Line {
    data: String,
    strategy: String,
    configuration: String,
    returns: Option<String>,
    /// As text, which reads back to the bit.
    sharpe_daily: Option<String>,
}

/// The data a trial is of: the hash of prices and rules, and that of the messages.
#[must_use]
pub fn data_key(data_hash: &str, signals_hash: &str) -> String {
    hash(&format!("{data_hash}\n{signals_hash}"))
}

/// Hash of a series of daily returns.
#[must_use]
pub fn returns_hash(returns: &[Option<f64>]) -> String {
    let words = returns.iter().map(|value| match value {
        Some(value) => (value + 0.0).to_bits(),
        // No number: a day after ruin.
        None => f64::NAN.to_bits(),
    });
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    format!("{:032x}", xxh3_128(&bytes))
}

/// Known configurations of some data.
#[derive(Default)]
struct Known {
    by_configuration: BTreeMap<String, (Option<String>, Option<f64>)>,
    damaged: Vec<u64>,
    /// Length of the file, and whether its last line has an end.
    length: u64,
    whole: bool,
}

/// Enters configurations that are not in it yet, and says how many those were. Room grows with what is entered, not with
/// what is there.
///
/// # Errors
/// When the file cannot be read or written; nothing is half-written then.
pub fn enter(path: &Path, data: &str, entries: &[Entry]) -> Result<usize, RegisterError> {
    let mut file = opened_at(path)?;
    let own: HashSet<&str> = entries
        .iter()
        .map(|entry| entry.configuration.as_str())
        .collect();
    let wanted = |configuration: &str| own.contains(configuration);
    let known = read(&mut file, data, &wanted).map_err(failed(path, "read"))?;
    let written = |text: &mut String, file: &mut File| {
        append(file, text, known.length).map_err(failed(path, "written"))
    };
    let before = known.by_configuration.iter();
    let mut told: HashMap<&str, Option<&str>> = before
        .map(|(name, (returns, _))| (name.as_str(), returns.as_deref()))
        .collect();
    let mut text = String::new();
    let mut entered = 0;
    for entry in entries {
        let (name, returns) = (entry.configuration.as_str(), entry.returns.as_deref());
        // A trial whose returns nobody kept adds nothing to one that is known.
        let same = told
            .get(name)
            .is_some_and(|before| returns.is_none() || *before == returns);
        if same {
            continue;
        }
        if entered == 0 && !known.whole {
            // What follows a torn line must not become a part of it.
            text.push('\n');
        }
        let line = json!({
            "data": data,
            "strategy": STRATEGY,
            "configuration": name,
            "returns": returns,
            "sharpe_daily": entry.sharpe_daily.map(|sharpe| number(Some(sharpe), "")),
        });
        text.push_str(&seal(&line));
        text.push('\n');
        told.insert(name, returns);
        entered += 1;
        if text.len() > TEXT {
            written(&mut text, &mut file)?;
        }
    }
    written(&mut text, &mut file)?;
    Ok(entered)
}

/// Counts all configurations that ever were tried on this data.
///
/// # Errors
/// When the file cannot be read.
pub fn census(path: &Path, data: &str) -> Result<Census, RegisterError> {
    let mut file = opened_at(path)?;
    let known = read(&mut file, data, &|_| true).map_err(failed(path, "read"))?;
    let sharpes = known.by_configuration.values();
    Ok(Census {
        trials: known.by_configuration.len() + known.damaged.len(),
        sharpes: sharpes.filter_map(|(_, sharpe)| *sharpe).collect(),
        damaged: known.damaged,
    })
}

/// The file, made where there is none, and locked until it is closed.
fn opened_at(path: &Path) -> Result<File, RegisterError> {
    let folder = path.parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed(path, "created"))?;
    }
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)
        .map_err(failed(path, "opened"))?;
    // The system lets go of the lock however a process ends; where it knows no locks, nothing is locked.
    let _no_locks_here = file.lock();
    Ok(file)
}

fn failed(path: &Path, what: &'static str) -> impl Fn(io::Error) -> RegisterError {
    move |source| RegisterError {
        path: path.to_owned(),
        what,
        source,
    }
}

/// Writes the text at the end of the file and empties it; `length` is what the file had before all of it.
fn append(file: &mut File, text: &mut String, length: u64) -> io::Result<()> {
    if let Err(error) = file.write_all(text.as_bytes()) {
        // Half of it is of no use; the first error is the one to tell.
        let _cut = file.set_len(length);
        return Err(error);
    }
    text.clear();
    Ok(())
}

/// What the file says of some data and the configurations wanted; damaged lines are anybody's.
fn read(file: &mut File, data: &str, wanted: &dyn Fn(&str) -> bool) -> io::Result<Known> {
    file.seek(SeekFrom::Start(0))?;
    let mut known = Known {
        whole: true,
        ..Known::default()
    };
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut bytes = Vec::new();
    let mut row = 0;
    loop {
        bytes.clear();
        let length = Read::take(&mut reader, LINE_MAX).read_until(b'\n', &mut bytes)? as u64;
        if length == 0 {
            return Ok(known);
        }
        row += 1;
        known.length += length;
        known.whole = bytes.ends_with(b"\n");
        let text = std::str::from_utf8(&bytes).ok().map(str::trim_end);
        if text == Some("") {
            continue;
        }
        let line = text.and_then(opened);
        let line = line.and_then(|line| serde_json::from_str::<Line>(line).ok());
        let Some((line, sharpe)) = line.and_then(with_sharpe) else {
            known.damaged.push(row);
            continue;
        };
        let is_ours = line.data == data && line.strategy == STRATEGY;
        if is_ours && wanted(&line.configuration) {
            let told = (line.returns, sharpe);
            known.by_configuration.insert(line.configuration, told);
        }
    }
}

/// A line with its number; `None` when that is none.
fn with_sharpe(line: Line) -> Option<(Line, Option<f64>)> {
    let sharpe = match &line.sharpe_daily {
        None => None,
        Some(text) => Some(text.parse::<f64>().ok().filter(|value| value.is_finite())?),
    };
    Some((line, sharpe))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize) -> Entry {
        Entry {
            configuration: format!("c{number}"),
            returns: Some(format!("r{number}")),
            sharpe_daily: (number > 0).then_some(1.0 / 3.0),
        }
    }

    #[test]
    fn writers_at_once_tear_no_line_and_the_same_again_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/trials.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    for step in 0..20 {
                        // Every entry is tried by two writers.
                        let number = (writer / 2) * 20 + step;
                        enter(path, "d", &[entry(number)]).unwrap();
                    }
                });
            }
        });
        let census = census(&path, "d").unwrap();
        assert_eq!((census.trials, census.sharpes.len()), (80, 79));
        assert!(
            census
                .sharpes
                .iter()
                .all(|sharpe| sharpe.to_bits() == (1.0_f64 / 3.0).to_bits())
        );
        assert!(census.damaged.is_empty());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 80);
        assert_eq!(enter(&path, "d", &[entry(3), entry(0)]).unwrap(), 0);
        assert_eq!(enter(&path, "other", &[entry(3)]).unwrap(), 1);
        let trials = |data| super::census(&path, data).unwrap().trials;
        assert_eq!((trials("d"), trials("other")), (80, 1));
    }

    #[test]
    fn a_torn_line_is_told_and_counted_and_nothing_is_written_into_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.jsonl");
        enter(&path, "d", &[entry(1), entry(2), entry(3)]).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.truncate(text.len() - 9);
        std::fs::write(&path, text.replacen("c1", "c9", 1)).unwrap();
        for news in [1, 0] {
            assert_eq!(enter(&path, "d", &[entry(4)]).unwrap(), news);
            let census = census(&path, "d").unwrap();
            assert_eq!((census.trials, census.damaged), (4, vec![1, 3]));
        }
    }
}
