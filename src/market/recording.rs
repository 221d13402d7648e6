//! Reads the files of one series, whatever their format, and joins them.
//!
//! Not here: which files those are (`library`), what a run takes of them (`choose`).

use std::path::{Path, PathBuf};

use crate::domain::bar::Bars;
use crate::domain::time::{Span, Timestamp};

use super::error::MarketError;
use super::merge::{Merged, Recording, merge, merge_funding};
use super::tape::FundingRecord;
use super::{funding, klines, parquet, parquet_funding};

/// Whether a file is read as Parquet.
pub(crate) fn is_parquet(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "parquet")
}

/// Reads one file of bars, whatever its format.
///
/// # Errors
/// As [`klines::read`] and [`parquet::read_klines`].
pub fn read_bars(path: &Path, interval: Span) -> Result<Bars, MarketError> {
    if is_parquet(path) {
        parquet::read_klines(path, interval)
    } else {
        klines::read(path, interval)
    }
}

/// Reads and joins the files of one length; also the last bars that may be unfinished.
///
/// # Errors
/// What is wrong with a file, or how two contradict each other.
pub(crate) fn read_joined(
    files: &[PathBuf],
    interval: Span,
    series: &str,
) -> Result<(Merged, Vec<Timestamp>), MarketError> {
    let mut recordings = Vec::with_capacity(files.len());
    for path in files {
        recordings.push(Recording {
            path: path.clone(),
            bars: read_bars(path, interval)?,
        });
    }
    let unfinished = unfinished(&recordings);
    Ok((merge(recordings, series)?, unfinished))
}

/// Reads and joins the settlements of one contract; also how many stamps were moved to their minute.
///
/// # Errors
/// What is wrong with a file, or how two contradict each other.
pub(crate) fn read_funding_joined(
    files: &[PathBuf],
    series: &str,
) -> Result<(Vec<FundingRecord>, usize), MarketError> {
    let mut parts = Vec::new();
    let mut moved = 0;
    for path in files {
        let file = if is_parquet(path) {
            parquet_funding::read(path)?
        } else {
            funding::read(path)?
        };
        moved += file.moved;
        parts.push((path.clone(), file.records));
    }
    Ok((merge_funding(&parts, series)?, moved))
}

/// Last bars of recordings that do not end at 00:00 UTC, unless another recording goes on behind them.
fn unfinished(recordings: &[Recording]) -> Vec<Timestamp> {
    let mut found = Vec::new();
    for (index, recording) in recordings.iter().enumerate() {
        let last = recording.bars.len() - 1;
        let (time, end) = (recording.bars.open_time[last], recording.bars.end(last));
        let confirmed = recordings.iter().enumerate().any(|(other, theirs)| {
            let row = theirs.bars.open_time.binary_search(&time);
            other != index && row.is_ok_and(|row| row + 1 < theirs.bars.len())
        });
        if end != end.day_start() && !confirmed {
            found.push(time);
        }
    }
    found.sort();
    found.dedup();
    found
}
