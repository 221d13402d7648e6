//! Joins recordings of one series into one, or says in which rows they contradict each other.
//!
//! Not here: which files belong together (`library`).
//! Invariant: nothing is averaged or preferred: rows that two recordings share are equal, but for a recording's last
//! bar, which may have been saved while it was forming and yields to another's.

use std::path::PathBuf;

use crate::domain::bar::{Bar, Bars};
use crate::domain::time::Timestamp;

use super::error::{ConflictError, MarketError};
use super::tape::FundingRecord;

/// Most rows an error shows.
const ROWS_SHOWN: usize = 5;

/// One file's bars.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Where from.
    pub path: PathBuf,
    /// At least one bar.
    pub bars: Bars,
}

/// The joined series.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Ascending, of one length.
    pub bars: Bars,
    /// Rows that more than one recording has.
    pub shared: usize,
    /// Last bars that yielded to another recording's reading, and whose they were.
    pub yielded: Vec<(PathBuf, Timestamp)>,
}

/// Joins recordings of one length, at least one. `series` names it in errors.
///
/// # Errors
/// When two differ in a row that is not a last one.
pub fn merge(mut recordings: Vec<Recording>, series: &str) -> Result<Merged, MarketError> {
    recordings.sort_by(|a, b| {
        let first = |recording: &Recording| recording.bars.open_time.first().copied();
        first(a).cmp(&first(b)).then_with(|| a.path.cmp(&b.path))
    });
    let mut rest = recordings.into_iter();
    let first = rest
        .next()
        .expect("invariant: a series has at least one recording");
    let mut merged = Merged {
        bars: first.bars,
        shared: 0,
        yielded: Vec::new(),
    };
    let mut owner = first.path;
    for next in rest {
        let behind = merged.bars.open_time.last() < next.bars.open_time.first();
        if behind {
            append(&mut merged.bars, &next.bars);
        } else {
            merged = join(merged, &owner, &next, series)?;
        }
        owner = next.path;
    }
    Ok(merged)
}

/// Appends all rows of a series that begins after this one ends.
fn append(bars: &mut Bars, more: &Bars) {
    bars.open_time.extend_from_slice(&more.open_time);
    bars.open.extend_from_slice(&more.open);
    bars.high.extend_from_slice(&more.high);
    bars.low.extend_from_slice(&more.low);
    bars.close.extend_from_slice(&more.close);
    bars.volume.extend_from_slice(&more.volume);
}

fn join(
    left: Merged,
    owner: &std::path::Path,
    right: &Recording,
    series: &str,
) -> Result<Merged, MarketError> {
    let mut joined = Bars::new(left.bars.interval);
    let mut merged = Merged {
        bars: Bars::new(left.bars.interval),
        ..left
    };
    let mut differing = Vec::new();
    let (mut row_left, mut row_right) = (0, 0);
    let (ends_left, ends_right) = (left.bars.len(), right.bars.len());
    while row_left < ends_left || row_right < ends_right {
        let a = (row_left < ends_left).then(|| left.bars.get(row_left));
        let b = (row_right < ends_right).then(|| right.bars.get(row_right));
        let bar = match (a, b) {
            (Some(a), Some(b)) if a.open_time == b.open_time => {
                merged.shared += 1;
                row_left += 1;
                row_right += 1;
                let (last_left, last_right) = (row_left == ends_left, row_right == ends_right);
                if a == b {
                    a
                } else if last_right && !last_left {
                    merged.yielded.push((right.path.clone(), b.open_time));
                    a
                } else if last_left && !last_right {
                    merged.yielded.push((owner.to_owned(), a.open_time));
                    b
                } else if last_left && last_right {
                    // Both end here; the one that saw more trading was saved later.
                    let (keep, path) = if b.volume > a.volume {
                        (b, owner.to_owned())
                    } else {
                        (a, right.path.clone())
                    };
                    merged.yielded.push((path, a.open_time));
                    keep
                } else {
                    differing.push((a, b));
                    a
                }
            }
            (Some(a), Some(b)) if a.open_time < b.open_time => {
                row_left += 1;
                a
            }
            (Some(a), None) => {
                row_left += 1;
                a
            }
            (_, Some(b)) => {
                row_right += 1;
                b
            }
            (None, None) => break,
        };
        joined
            .push(bar)
            .expect("invariant: rows of two ascending series, taken in order");
    }
    if !differing.is_empty() {
        return Err(conflict(series, owner, right, &differing));
    }
    merged.bars = joined;
    Ok(merged)
}

fn conflict(
    series: &str,
    owner: &std::path::Path,
    right: &Recording,
    differing: &[(Bar, Bar)],
) -> MarketError {
    let show = |bar: &Bar| {
        format!(
            "{},{},{},{},{}",
            bar.open, bar.high, bar.low, bar.close, bar.volume
        )
    };
    MarketError::Conflict(Box::new(ConflictError {
        series: series.to_owned(),
        first: owner.to_owned(),
        second: right.path.clone(),
        total: differing.len(),
        rows: differing
            .iter()
            .take(ROWS_SHOWN)
            .map(|(a, b)| format!("{}: {} against {}", a.open_time, show(a), show(b)))
            .collect(),
    }))
}

/// Joins the settlements of several files of one symbol; shared ones must agree.
///
/// # Errors
/// When two files give different rates for one time.
pub fn merge_funding(
    files: &[(PathBuf, Vec<FundingRecord>)],
    series: &str,
) -> Result<Vec<FundingRecord>, MarketError> {
    let mut all: Vec<(FundingRecord, usize)> = Vec::new();
    for (index, (_, records)) in files.iter().enumerate() {
        all.extend(records.iter().map(|record| (*record, index)));
    }
    all.sort_by_key(|(record, index)| (record.time, *index));
    let mut joined: Vec<(FundingRecord, usize)> = Vec::with_capacity(all.len());
    let mut differing = Vec::new();
    for (record, index) in all {
        match joined.last_mut() {
            Some((last, owner)) if last.time == record.time => {
                if last.rate != record.rate {
                    differing.push((*last, *owner, record, index));
                }
                last.mark = last.mark.or(record.mark);
            }
            _ => joined.push((record, index)),
        }
    }
    if let Some((_, first, _, second)) = differing.first() {
        return Err(MarketError::Conflict(Box::new(ConflictError {
            series: series.to_owned(),
            first: files[*first].0.clone(),
            second: files[*second].0.clone(),
            total: differing.len(),
            rows: differing
                .iter()
                .take(ROWS_SHOWN)
                .map(|(a, _, b, _)| format!("{}: {} against {}", a.time, a.rate, b.rate))
                .collect(),
        })));
    }
    Ok(joined.into_iter().map(|(record, _)| record).collect())
}
