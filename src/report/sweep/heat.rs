//! The objective over two parameters: which pairs are shown and what stands in each cell.
//!
//! Not here: drawing it (`chart::heat`).
//! Invariant: a cell without an evaluated trial never has a colour.

use super::axis::Bins;
use super::effect::{Effect, effects, shown_range};
use super::points::{Ended, Points};
use super::{Row, SweepReport};
use crate::stats::quantile;

/// Pairs that are drawn: all of six parameters.
pub const PAIRS_MAX: usize = 15;
/// Bins of an axis where cells are medians of several trials.
const COARSE: usize = 10;
/// Bins of an axis at most.
const FINE: usize = 24;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// The objective.
    Value(f64),
    /// Something ran here, and none has an objective.
    Null,
    /// Everything here was excluded.
    Infeasible,
    /// Nothing was tried here.
    Empty,
}

/// What the cells are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The trial there, all other parameters at the chosen values.
    Slice,
    /// The median of the trials there, other parameters anything.
    Median,
}

/// A heat map of two parameters.
#[derive(Clone, Debug)]
pub struct Heat {
    /// The parameter along the bottom, by its number.
    pub across: usize,
    /// The one along the side.
    pub up: usize,
    /// Bins along the bottom.
    pub columns: Bins,
    /// Bins along the side, the first at the foot.
    pub rows: Bins,
    /// Row by row from the foot.
    pub cells: Vec<Cell>,
    /// Worst and best value that have a colour of their own; `None` without any value.
    pub range: Option<(f64, f64)>,
    /// Column and row of the chosen point.
    pub chosen: Option<(usize, usize)>,
    /// What the cells are.
    pub kind: Kind,
}

impl Heat {
    /// The cell in a column and a row.
    #[must_use]
    pub fn at(&self, column: usize, row: usize) -> Cell {
        self.cells[row * self.columns.count + column]
    }
}

/// The pairs that are drawn, and how many there are.
fn pairs(report: &SweepReport) -> (Vec<(usize, usize)>, usize) {
    let mut varied: Vec<Effect> = effects(report)
        .into_iter()
        .filter(|effect| report.axes[effect.axis].places() > 1)
        .collect();
    let total = varied.len() * varied.len().saturating_sub(1) / 2;
    if total > PAIRS_MAX {
        // The parameters that matter most; the sort keeps declared order among equals.
        varied.sort_by(|one, other| other.spread.total_cmp(&one.spread));
        varied.truncate(6);
    }
    let mut shown: Vec<usize> = varied.iter().map(|effect| effect.axis).collect();
    shown.sort_unstable();
    let mut pairs = Vec::new();
    for (place, first) in shown.iter().enumerate() {
        pairs.extend(shown[place + 1..].iter().map(|second| (*first, *second)));
    }
    (pairs, total)
}

/// All heat maps that are drawn, on one scale of colours so that they can be compared, and how many pairs there are.
#[must_use]
pub fn heats(report: &SweepReport) -> (Vec<Heat>, usize) {
    let (pairs, total) = pairs(report);
    let mut heats: Vec<Heat> = pairs.into_iter().map(|pair| heat(report, pair)).collect();
    let cells = heats.iter().flat_map(|heat| &heat.cells);
    let known: Vec<f64> = cells
        .filter_map(|cell| match cell {
            Cell::Value(value) => Some(*value),
            Cell::Null | Cell::Infeasible | Cell::Empty => None,
        })
        .collect();
    let range = shown_range(&known, report.goal.wanted);
    for heat in &mut heats {
        heat.range = range;
    }
    (heats, total)
}

/// The heat map of a pair: the slice through the chosen point where enough of it was tried, else medians of all trials.
fn heat(report: &SweepReport, (across, up): (usize, usize)) -> Heat {
    let chosen = report.chosen();
    if let Some(chosen) = chosen {
        let points = report.near.as_ref().unwrap_or(&report.points);
        let slice = fill(report, (across, up), (FINE, points, Some(chosen)));
        let tried = slice
            .cells
            .iter()
            .filter(|cell| **cell != Cell::Empty)
            .count();
        if tried * 2 >= slice.cells.len() && slice.cells.len() > 1 {
            return slice;
        }
    }
    fill(report, (across, up), (COARSE, &report.points, None))
}

fn fill(
    report: &SweepReport,
    (across, up): (usize, usize),
    (most, points, through): (usize, &Points, Option<&Row>),
) -> Heat {
    let cut = |axis: usize| {
        // Lists keep a bin for each value: they have no values in between.
        let few = report.axes[axis].places() <= FINE as u64;
        report.axes[axis].bins(if few { FINE } else { most })
    };
    let (columns, rows) = (cut(across), cut(up));
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); columns.count * rows.count];
    let mut states = vec![Cell::Empty; values.len()];
    for point in points.all() {
        let elsewhere = |chosen: &Row| {
            let pairs = point.places.iter().zip(&chosen.places).enumerate();
            let mut others = pairs.filter(|(axis, _)| *axis != across && *axis != up);
            others.any(|(_, (own, chosen))| own != chosen)
        };
        if through.is_some_and(elsewhere) {
            continue;
        }
        let at = rows.of(point.places[up]) * columns.count + columns.of(point.places[across]);
        match (point.ended, point.value) {
            (Ended::Infeasible, _) if states[at] == Cell::Empty => states[at] = Cell::Infeasible,
            (Ended::Infeasible, _) => {}
            (_, Some(value)) => values[at].push(value),
            (_, None) => states[at] = Cell::Null,
        }
    }
    let medians = values.iter().map(|values| quantile::median(values));
    let cells: Vec<Cell> = medians
        .zip(states)
        .map(|(median, state)| median.map_or(state, Cell::Value))
        .collect();
    let chosen = report.chosen();
    Heat {
        across,
        up,
        range: None,
        chosen: chosen.map(|row| (columns.of(row.places[across]), rows.of(row.places[up]))),
        kind: if through.is_some() {
            Kind::Slice
        } else {
            Kind::Median
        },
        columns,
        rows,
        cells,
    }
}
