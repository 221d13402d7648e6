//! What one parameter alone does to the objective, and how the objective is spread over all trials.
//!
//! Not here: pairs (`heat`).

use super::SweepReport;
use super::axis::Bins;
use crate::stats::quantile::{quantile, sorted};
use crate::stats::stability::Wanted;

/// Bins of a parameter.
const BINS: usize = 12;
/// Columns of the distribution.
const COLUMNS: usize = 40;

/// The objective of the trials in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// A quarter lies below.
    pub low: f64,
    /// Half lies below.
    pub median: f64,
    /// Three quarters lie below.
    pub high: f64,
    /// Trials with an objective.
    pub count: usize,
}

/// The objective over the values of one parameter, the others anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The parameter, by its number.
    pub axis: usize,
    /// Its values.
    pub bins: Bins,
    /// One for each bin; `None` where no trial has an objective.
    pub parts: Vec<Option<Part>>,
    /// From the least to the greatest median.
    pub spread: f64,
}

/// The effect of every parameter, in declared order.
#[must_use]
pub fn effects(report: &SweepReport) -> Vec<Effect> {
    let axes = report.axes.iter().enumerate();
    axes.map(|(axis, own)| {
        let bins = own.bins(BINS);
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); bins.count];
        for point in report.points.all() {
            if let Some(value) = point.value {
                values[bins.of(point.places[axis])].push(value);
            }
        }
        let parts: Vec<Option<Part>> = values.iter().map(|values| part(values)).collect();
        let medians = parts.iter().flatten().map(|part| part.median);
        let (low, high) = ends(medians);
        Effect {
            axis,
            bins,
            parts,
            spread: (high - low).max(0.0),
        }
    })
    .collect()
}

fn part(values: &[f64]) -> Option<Part> {
    let ascending = sorted(values);
    Some(Part {
        low: quantile(&ascending, 250)?,
        median: quantile(&ascending, 500)?,
        high: quantile(&ascending, 750)?,
        count: ascending.len(),
    })
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Worst and best value that are shown. A worst that lies far from all others would leave them no room, so it may be
/// cut; the best never is.
#[must_use]
pub fn shown_range(values: &[f64], wanted: Wanted) -> Option<(f64, f64)> {
    const FAR: f64 = 2.5;
    let ascending = sorted(values);
    let (low, high) = (*ascending.first()?, *ascending.last()?);
    let (worst, best, poor) = match wanted {
        Wanted::More => (low, high, quantile(&ascending, 100)?),
        Wanted::Less => (high, low, quantile(&ascending, 900)?),
    };
    let far = best + (poor - best) * FAR;
    let is_far = (worst - best).abs() > (far - best).abs() && (poor - best).abs() > 0.0;
    Some((if is_far { far } else { worst }, best))
}

/// How many trials have which objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Lower end of the first and upper end of the last column.
    pub range: (f64, f64),
    /// Trials in each column.
    pub columns: Vec<usize>,
    /// Trials beyond the worse end, counted in the column there.
    pub cut: usize,
    /// The middle of all.
    pub median: f64,
    /// Trials with an objective.
    pub count: usize,
}

/// The distribution of the objective; `None` where no trial has one.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of a few columns"
)]
pub fn distribution(report: &SweepReport) -> Option<Distribution> {
    let points = report.points.all();
    let values: Vec<f64> = points.filter_map(|point| point.value).collect();
    let median = quantile(&sorted(&values), 500)?;
    let (worst, best) = shown_range(&values, report.goal.wanted)?;
    let (low, high) = (worst.min(best), worst.max(best));
    let room = if high > low {
        0.0
    } else {
        low.abs().max(1.0) * 0.01
    };
    let (low, high) = (low - room, high + room);
    let mut columns = vec![0; COLUMNS];
    let mut cut = 0;
    for value in &values {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        let column = (share * COLUMNS as f64) as usize;
        columns[column.min(COLUMNS - 1)] += 1;
        cut += usize::from(*value < low || *value > high);
    }
    Some(Distribution {
        range: (low, high),
        columns,
        cut,
        median,
        count: values.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_failure_takes_no_room_from_the_rest() {
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(shown_range(&values, Wanted::More), Some((0.0, 99.0)));
        assert_eq!(shown_range(&values, Wanted::Less), Some((99.0, 0.0)));
        values.push(-1e6);
        let (worst, best) = shown_range(&values, Wanted::More).unwrap();
        assert!(best > 98.0 && (-200.0..-100.0).contains(&worst), "{worst}");
        values.push(1e6);
        let (_, best) = shown_range(&values, Wanted::More).unwrap();
        assert!(best > 9e5, "the best is never cut");
        assert_eq!(shown_range(&[2.0; 5], Wanted::More), Some((2.0, 2.0)));
        assert_eq!(shown_range(&[], Wanted::More), None);
    }
}
