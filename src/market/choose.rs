//! Which of several recorded lengths a run uses.
//!
//! Without a named length: the finest everywhere, a coarser bar only where no finer one lies inside it (`mix`). With a
//! named one: those bars alone are the base, and the finer ones, mixed in the same way, are the detail of the
//! drill-down.
//!
//! Not here: reading (`load`).

use std::path::PathBuf;

use crate::domain::bar::Bars;
use crate::domain::time::{Span, Timestamp};

use super::merge::Merged;
use super::mix::{Share, mix};
use super::window::{LEAD, Window, covered, slice};

/// One length of one contract, its recordings joined.
pub(crate) struct Candidate {
    pub(crate) merged: Merged,
    /// Last bars that may have been saved while they formed.
    pub(crate) unfinished: Vec<Timestamp>,
}

/// What a run uses of them.
#[derive(Default)]
pub(crate) struct Chosen {
    /// `None` when nothing covers any part of the window.
    pub(crate) bars: Option<Bars>,
    pub(crate) detail: Option<Bars>,
    /// What each length gave, finest first.
    pub(crate) shares: Vec<Share>,
    /// Start of the first and end of the last bar, when all lie outside the window.
    pub(crate) outside: Option<(Timestamp, Timestamp)>,
    pub(crate) shared_rows: usize,
    pub(crate) yielded: Vec<(PathBuf, Timestamp)>,
    pub(crate) unfinished: Vec<Timestamp>,
}

/// Chooses among lengths, finest first.
pub(crate) fn choose(
    candidates: Vec<Candidate>,
    window: Window,
    named: Option<Span>,
    drop_unfinished: bool,
) -> Chosen {
    let mut chosen = Chosen {
        outside: extent(&candidates),
        ..Chosen::default()
    };
    let (mut base, mut finer) = (Vec::new(), Vec::new());
    let mut unfinished = Vec::new();
    for mut candidate in candidates {
        candidate
            .unfinished
            .retain(|time| *time >= window.from - LEAD && *time < window.to);
        let interval = candidate.merged.bars.interval;
        let bars = if drop_unfinished {
            without(candidate.merged.bars, &candidate.unfinished)
        } else {
            candidate.merged.bars
        };
        let recorded = covered(&bars, window);
        chosen.shares.push(Share {
            interval,
            rows: 0,
            covered: 0,
            recorded,
        });
        if recorded == 0 {
            continue;
        }
        chosen.outside = None;
        chosen.shared_rows += candidate.merged.shared;
        chosen.yielded.extend(candidate.merged.yielded);
        unfinished.extend(candidate.unfinished.iter().map(|time| (*time, interval)));
        let bars = slice(bars, window);
        if named.is_none_or(|named| named == interval) {
            base.push(bars);
        } else {
            finer.push(bars);
        }
    }
    chosen.detail = (!base.is_empty() && !finer.is_empty()).then(|| mix(finer));
    if !base.is_empty() {
        let bars = mix(base);
        chosen.count(&bars, window);
        let used = |(time, length): &(Timestamp, Span)| {
            let row = bars.open_time.binary_search(time);
            // A bar that was left out is reported all the same.
            drop_unfinished || row.is_ok_and(|row| bars.length(row) == *length)
        };
        unfinished.retain(used);
        chosen.unfinished = unfinished.into_iter().map(|(time, _)| time).collect();
        chosen.unfinished.sort();
        chosen.bars = Some(bars);
    }
    chosen
}

impl Chosen {
    /// Says how much of the series each length gave.
    fn count(&mut self, bars: &Bars, window: Window) {
        for row in 0..bars.len() {
            let length = bars.length(row);
            let Some(share) = self
                .shares
                .iter_mut()
                .find(|share| share.interval == length)
            else {
                continue;
            };
            share.rows += 1;
            if window.contains(bars.open_time[row]) {
                share.covered += length.millis();
            }
        }
    }
}

/// From the first bar's start to the last bar's end of all lengths.
fn extent(candidates: &[Candidate]) -> Option<(Timestamp, Timestamp)> {
    let bars = candidates.iter().map(|candidate| &candidate.merged.bars);
    let bars = bars.filter(|bars| !bars.is_empty());
    bars.map(|bars| (bars.open_time[0], bars.end(bars.len() - 1)))
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

fn without(bars: Bars, times: &[Timestamp]) -> Bars {
    if times.is_empty() {
        return bars;
    }
    let mut kept = Bars::new(bars.interval);
    for row in 0..bars.len() {
        if times.binary_search(&bars.open_time[row]).is_err() {
            kept.push(bars.get(row))
                .expect("invariant: rows of an ascending series, taken in order");
        }
    }
    kept
}
