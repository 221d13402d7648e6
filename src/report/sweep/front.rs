//! Two figures of every trial: those that no other beats in both, and as many of the rest as a picture can hold.
//!
//! Not here: drawing them.

use std::collections::BTreeMap;

use super::points::{Ended, Point};
use super::{Goal, SweepReport};

/// Cells that a picture is cut into; one dot in each is enough.
const CELLS: (usize, usize) = (56, 40);

/// A trial as a dot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// The trial.
    pub trial: u32,
    /// The objective.
    pub value: f64,
    /// What it is drawn against.
    pub against: f64,
    /// Whether it meets every constraint.
    pub meets: bool,
}

/// Trials as dots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// One of each place, in the order of the trials.
    pub dots: Vec<Dot>,
    /// Trials that have both figures.
    pub count: usize,
    /// Those that meet every constraint and that no such other beats: as good in both and better in one. Best
    /// objective first.
    pub front: Vec<Dot>,
}

fn dot(point: Point<'_>) -> Option<Dot> {
    Some(Dot {
        trial: point.trial,
        value: point.value?,
        against: point.against?,
        meets: point.ended == Ended::Judged,
    })
}

/// All trials with both figures, thinned.
#[must_use]
pub fn scatter(report: &SweepReport) -> Scatter {
    let dots: Vec<Dot> = report.points.all().filter_map(dot).collect();
    Scatter {
        count: dots.len(),
        front: front(&dots, (&report.goal, &report.against)),
        dots: thinned(dots, &report.goal),
    }
}

/// The dots that no other beats; of equal ones all.
fn front(dots: &[Dot], (goal, against): (&Goal, &Goal)) -> Vec<Dot> {
    let mut best_first: Vec<Dot> = dots.iter().copied().filter(|dot| dot.meets).collect();
    best_first.sort_by(|one, other| {
        let by = |goal: &Goal, one: f64, other: f64| {
            let ascending = one.total_cmp(&other);
            if goal.is_better(1.0, 0.0) {
                ascending.reverse()
            } else {
                ascending
            }
        };
        by(goal, one.value, other.value)
            .then(by(against, one.against, other.against))
            .then(one.trial.cmp(&other.trial))
    });
    let mut front: Vec<Dot> = Vec::new();
    for dot in best_first {
        let is_beaten = front.last().is_some_and(|last| {
            let is_equal = last.value.total_cmp(&dot.value).is_eq()
                && last.against.total_cmp(&dot.against).is_eq();
            !is_equal && !against.is_better(dot.against, last.against)
        });
        if !is_beaten {
            front.push(dot);
        }
    }
    front
}

/// Of each cell of a picture the dot with the best objective.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "shares between 0 and 1 of a few cells"
)]
fn thinned(dots: Vec<Dot>, goal: &Goal) -> Vec<Dot> {
    if dots.len() <= CELLS.0 * CELLS.1 / 2 {
        return dots;
    }
    let range = |figure: fn(&Dot) -> f64| {
        let mut ascending: Vec<f64> = dots.iter().map(figure).collect();
        ascending.sort_by(f64::total_cmp);
        // Cells are as fine as most of the dots need.
        let at = |share: usize| ascending[(ascending.len() - 1) * share / 1000];
        (at(5), at(995))
    };
    let (values, others) = (range(|dot| dot.value), range(|dot| dot.against));
    let cell = |(low, high): (f64, f64), value: f64, cells: usize| {
        let share = (value - low) / (high - low).max(f64::MIN_POSITIVE);
        // Beyond the range cells go on, as wide as the others.
        (share * cells as f64).clamp(-1e6, 1e6).floor() as i64
    };
    let mut kept: BTreeMap<(i64, i64, bool), Dot> = BTreeMap::new();
    for dot in dots {
        let at = (
            cell(values, dot.value, CELLS.0),
            cell(others, dot.against, CELLS.1),
            dot.meets,
        );
        let own = kept.entry(at).or_insert(dot);
        if goal.is_better(dot.value, own.value) {
            *own = dot;
        }
    }
    let mut dots: Vec<Dot> = kept.into_values().collect();
    dots.sort_by_key(|dot| dot.trial);
    dots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;
    use crate::stats::stability::Wanted;

    fn goal(wanted: Wanted) -> Goal {
        Goal {
            name: String::new(),
            wanted,
        }
    }

    #[test]
    fn the_front_is_what_a_comparison_of_all_pairs_finds() {
        let mut random = Random::new(3);
        let goals = (goal(Wanted::More), goal(Wanted::Less));
        let mut met = 0;
        for _ in 0..100 {
            let dots: Vec<Dot> = (0..60)
                .map(|trial| Dot {
                    trial,
                    value: (random.unit() * 20.0).floor(),
                    against: (random.unit() * 20.0).floor(),
                    meets: random.unit() > 0.3,
                })
                .collect();
            let beats = |one: &Dot, other: &Dot| {
                let no_worse = one.value >= other.value && one.against <= other.against;
                let better = one.value > other.value || one.against < other.against;
                one.meets && no_worse && better
            };
            let mut wanted: Vec<u32> = dots
                .iter()
                .filter(|dot| dot.meets && !dots.iter().any(|other| beats(other, dot)))
                .map(|dot| dot.trial)
                .collect();
            let found = front(&dots, (&goals.0, &goals.1));
            let mut found: Vec<u32> = found.iter().map(|dot| dot.trial).collect();
            wanted.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, wanted);
            met += found.len();
        }
        assert!(met > 200, "{met}");
    }

    #[test]
    fn thinning_keeps_the_ends() {
        let mut random = Random::new(4);
        let dots: Vec<Dot> = (0..50_000)
            .map(|trial| Dot {
                trial,
                value: random.unit() + if trial == 77 { 5.0 } else { 0.0 },
                against: random.unit(),
                meets: true,
            })
            .collect();
        let kept = thinned(dots, &goal(Wanted::More));
        assert!(kept.len() < 3000, "{}", kept.len());
        assert!(kept.iter().any(|dot| dot.trial == 77));
        assert!(kept.is_sorted_by_key(|dot| dot.trial));
    }
}
