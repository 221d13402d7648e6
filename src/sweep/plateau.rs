//! The plateau score (V8) of one trial among trials that are told one by one.
//!
//! Not here: the score (`stats::stability`), those of a whole ranking, which the sweep's own page needs (`gallery`).
//! Invariant: of the same trials it is the score that the sweep tells.

use crate::report::sweep::axis::Axis;
use crate::stats::stability::{Places, Plateau, Step, is_neighbour};
use crate::sweep::finish::Identity;
use crate::sweep::gallery::goals;
use crate::sweep::picture::axis;

/// Takes trials and keeps what lies one step from the chosen one.
#[derive(Debug)]
pub struct Surroundings {
    axes: Vec<Axis>,
    steps: Vec<Step>,
    chosen: Vec<u32>,
    places: Vec<u32>,
    objectives: Vec<Option<f64>>,
}

impl Surroundings {
    /// Those of a trial with these values.
    #[must_use]
    pub fn new(identity: Identity<'_>, values: &[String]) -> Self {
        let axes: Vec<Axis> = identity.space.parameters.iter().map(axis).collect();
        Self {
            steps: axes.iter().map(Axis::step).collect(),
            chosen: places(&axes, values),
            axes,
            places: Vec::new(),
            objectives: Vec::new(),
        }
    }

    /// A trial that ran, by its values; those further away are passed over.
    pub fn take(&mut self, values: &[String], objective: Option<f64>) {
        let own = places(&self.axes, values);
        if is_neighbour(&self.steps, &self.chosen, &own) {
            self.places.extend(own);
            self.objectives.push(objective);
        }
    }

    /// The plateau, the chosen one's own objective being known.
    #[must_use]
    pub fn plateau(&self, identity: Identity<'_>, own: Option<f64>) -> Plateau {
        let places = Places {
            steps: &self.steps,
            places: &self.places,
        };
        match places.neighbours(&self.chosen) {
            Ok(rows) => {
                let values: Vec<Option<f64>> =
                    rows.into_iter().map(|row| self.objectives[row]).collect();
                let [goal, _] = goals(identity.ranking);
                Plateau::of(own, &values, goal.wanted)
            }
            Err(why) => Plateau::none(why),
        }
    }
}

fn places(axes: &[Axis], values: &[String]) -> Vec<u32> {
    let pairs = axes.iter().zip(values);
    // As the gallery: a value that is none of its axis was checked before it was run.
    let place = |(axis, value): (&Axis, &String)| axis.place(value).unwrap_or(0);
    pairs.map(place).collect()
}
