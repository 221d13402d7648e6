//! All trials of a sweep as columns: where each lies, what came of it, two figures.
//!
//! Not here: which trials are kept when there are too many (`sweep`), what is drawn of them.

use crate::stats::stability::{Places, Step};

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ran, has an objective and meets every constraint.
    Judged,
    /// It ran, has an objective and violates a constraint.
    Unmet,
    /// It ran and has no objective.
    Null,
    /// Its account left the range of exact amounts.
    Beyond,
    /// Its values cannot hold together; it was not run.
    Infeasible,
}

/// One trial.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Its index.
    pub trial: u32,
    /// One for each parameter.
    pub places: &'a [u32],
    /// What came of it.
    pub ended: Ended,
    /// The objective.
    pub value: Option<f64>,
    /// What the objective is drawn against.
    pub against: Option<f64>,
}

/// Trials in the order of their indices.
#[derive(Clone, Debug, Default)]
pub struct Points {
    steps: Vec<Step>,
    places: Vec<u32>,
    trials: Vec<u32>,
    ended: Vec<Ended>,
    /// Infinite for none.
    values: Vec<[f64; 2]>,
}

impl Points {
    /// None yet, of parameters with these steps.
    #[must_use]
    pub fn new(steps: Vec<Step>) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }

    /// Bytes that a trial takes.
    #[must_use]
    pub const fn row_bytes(parameters: usize) -> usize {
        4 * parameters + 4 + 1 + 16
    }

    /// Adds a trial.
    pub fn push(&mut self, point: Point<'_>) {
        let none = f64::INFINITY;
        self.places.extend_from_slice(point.places);
        self.trials.push(point.trial);
        self.ended.push(point.ended);
        self.values
            .push([point.value.unwrap_or(none), point.against.unwrap_or(none)]);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.trials.len()
    }

    /// One of them.
    #[must_use]
    pub fn at(&self, row: usize) -> Point<'_> {
        let known = |value: f64| value.is_finite().then_some(value);
        let [value, against] = self.values[row];
        Point {
            trial: self.trials[row],
            places: self.places().row(row),
            ended: self.ended[row],
            value: known(value),
            against: known(against),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Point<'_>> {
        (0..self.count()).map(|row| self.at(row))
    }

    /// Where they lie.
    #[must_use]
    pub fn places(&self) -> Places<'_> {
        Places {
            steps: &self.steps,
            places: &self.places,
        }
    }

    /// Drops those that are not to be kept.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let width = self.steps.len();
        let mut to = 0;
        for from in 0..self.count() {
            if keep(self.trials[from]) {
                self.places
                    .copy_within(from * width..(from + 1) * width, to * width);
                self.trials[to] = self.trials[from];
                self.ended[to] = self.ended[from];
                self.values[to] = self.values[from];
                to += 1;
            }
        }
        self.places.truncate(to * width);
        self.trials.truncate(to);
        self.ended.truncate(to);
        self.values.truncate(to);
    }
}
