//! Whether a result stands alone (V8): the plateau around a chosen point, and whether ranks hold from one half of the
//! data to the other.
//!
//! Not here: which points were tried (`sweep`), running the halves.
//! Invariant: a plateau is compared with evaluated neighbours alone; where none is, it has no score.

use super::figure::{Figure, Why, count};
use super::quantile;

/// A score below this is a peak, not a plateau (V8).
pub const PLATEAU_MIN: f64 = 0.7;

/// Which way a figure is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The larger the better.
    More,
    /// The smaller the better.
    Less,
}

/// What one step of a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next or the previous of its values.
    Ordered,
    /// Its values have no order: a neighbour has the same one.
    Unordered,
    /// Any number in between: no step exists.
    None,
}

/// Points of a space: one row of places for each, one place for each parameter.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// What a step of each parameter is.
    pub steps: &'a [Step],
    /// Rows of places, one after the other.
    pub places: &'a [u32],
}

impl<'a> Places<'a> {
    /// The places of one point.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [u32] {
        let width = self.steps.len();
        &self.places[row * width..(row + 1) * width]
    }

    /// How many points there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.len() / self.steps.len().max(1)
    }

    /// Rows one step away from `chosen`, diagonals too; of rows with the same places the first.
    ///
    /// One pass over all rows: a row is left at the first parameter that is too far.
    ///
    /// # Errors
    /// [`Why::NoStep`] when a parameter has no steps or none has an order.
    pub fn neighbours(&self, chosen: &[u32]) -> Result<Vec<usize>, Why> {
        if self.steps.contains(&Step::None) || !self.steps.contains(&Step::Ordered) {
            return Err(Why::NoStep);
        }
        let mut found: Vec<usize> = (0..self.count())
            .filter(|row| is_neighbour(self.steps, chosen, self.row(*row)))
            .collect();
        found.sort_by_key(|row| (self.row(*row), *row));
        found.dedup_by_key(|row| self.row(*row));
        Ok(found)
    }
}

/// Whether a point lies one step from another: no parameter further away than that, and not all the same.
#[must_use]
pub fn is_neighbour(steps: &[Step], one: &[u32], other: &[u32]) -> bool {
    let near = |((step, one), other): ((&Step, &u32), &u32)| match step {
        Step::Ordered => one.abs_diff(*other) <= 1,
        Step::Unordered | Step::None => one == other,
    };
    steps.iter().zip(one).zip(other).all(near) && one != other
}

/// How the surroundings of a point do, compared with the point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// Median of the neighbours over the point's own value; where less is better the other way round, so that less
    /// than 1 is always worse.
    pub score: Figure,
    /// Median of the neighbours.
    pub median: Figure,
    /// Neighbours with a value.
    pub neighbours: usize,
    /// Neighbours that ran and have no value.
    pub without: usize,
}

impl Plateau {
    /// None, and why.
    #[must_use]
    pub const fn none(why: Why) -> Self {
        Self {
            score: Figure::Undefined(why),
            median: Figure::Undefined(why),
            neighbours: 0,
            without: 0,
        }
    }

    /// Of a point and its neighbours that ran. A value that is not above zero makes no quotient.
    #[must_use]
    pub fn of(own: Option<f64>, neighbours: &[Option<f64>], wanted: Wanted) -> Self {
        let known: Vec<f64> = neighbours.iter().copied().flatten().collect();
        let median =
            quantile::median(&known).map_or(Figure::Undefined(Why::NoNeighbours), Figure::new);
        let own = own.map_or(Figure::Undefined(Why::NoStatistic), Figure::new);
        let over = |numerator: f64, denominator: f64| {
            if denominator > 0.0 {
                Figure::new(numerator / denominator)
            } else {
                Figure::Undefined(Why::NotPositive)
            }
        };
        let score = match wanted {
            Wanted::More => own.and(median, |own, median| over(median, own)),
            Wanted::Less => own.and(median, over),
        };
        Self {
            score,
            median,
            neighbours: known.len(),
            without: neighbours.len() - known.len(),
        }
    }

    /// Whether the point is a peak: its neighbours keep less than [`PLATEAU_MIN`] of it.
    #[must_use]
    pub fn is_peak(&self) -> bool {
        self.score.value().is_some_and(|score| score < PLATEAU_MIN)
    }
}

/// Spearman's rank correlation of one figure over the same configurations on two parts of the data, −1 to 1. Ties take
/// their mean rank; a configuration without a value in either part is left out.
#[must_use]
pub fn rank_correlation(first: &[Option<f64>], second: &[Option<f64>]) -> Figure {
    if first.len() != second.len() {
        return Figure::Undefined(Why::OtherLength);
    }
    let both = first.iter().zip(second);
    let (first, second): (Vec<f64>, Vec<f64>) = both
        .filter_map(|(first, second)| Some(((*first)?, (*second)?)))
        .unzip();
    let (first, second) = (ranks(&first), ranks(&second));
    let (Some(covariance), Some(left), Some(right)) = (
        quantile::covariance(&first, &second),
        quantile::deviation(&first),
        quantile::deviation(&second),
    ) else {
        return Figure::Undefined(Why::FewConfigurations);
    };
    Figure::ratio(covariance, left * right, Why::NoVariance).map(|found| found.clamp(-1.0, 1.0))
}

/// Places in ascending order from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = |at: &usize| values[order[*at]].total_cmp(&values[order[from]]).is_eq();
        let to = (from..order.len()).take_while(same).count() + from;
        for at in from..to {
            ranks[order[at]] = (count(from + 1) + count(to)) / 2.0;
        }
        from = to;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    const GRID: [Step; 2] = [Step::Ordered, Step::Ordered];

    #[test]
    fn a_plateau_is_the_median_of_eight_over_the_middle() {
        // 1 2 3 / 4 10 6 / 7 8 9: the median of the eight around the middle is 5.
        let places: Vec<u32> = (0..3)
            .flat_map(|x| (0..3).flat_map(move |y| [x, y]))
            .collect();
        let values = [1.0, 2.0, 3.0, 4.0, 10.0, 6.0, 7.0, 8.0, 9.0].map(Some);
        let grid = Places {
            steps: &GRID,
            places: &places,
        };
        let found = grid.neighbours(&[1, 1]).expect("an ordered grid");
        assert_eq!(found, [0, 1, 2, 3, 5, 6, 7, 8]);
        let around: Vec<Option<f64>> = found.iter().map(|row| values[*row]).collect();
        let plateau = Plateau::of(values[4], &around, Wanted::More);
        assert_eq!(plateau.score, Figure::Known(0.5));
        assert!(plateau.is_peak());
        // Where less is better, neighbours at half the value are no loss.
        let less = Plateau::of(values[4], &around, Wanted::Less);
        assert_eq!(less.score, Figure::Known(2.0));
        assert!(!less.is_peak());
        // The corner has three: 2, 4, 10.
        assert_eq!(grid.neighbours(&[0, 0]), Ok(vec![1, 3, 4]));
    }

    #[test]
    fn what_has_no_plateau_says_why() {
        let why = |own, around: &[Option<f64>]| Plateau::of(own, around, Wanted::More).score.why();
        assert_eq!(why(Some(1.0), &[]), Some(Why::NoNeighbours));
        assert_eq!(why(Some(1.0), &[None, None]), Some(Why::NoNeighbours));
        assert_eq!(why(Some(0.0), &[Some(1.0)]), Some(Why::NotPositive));
        assert_eq!(why(Some(-2.0), &[Some(-1.0)]), Some(Why::NotPositive));
        assert_eq!(why(None, &[Some(-1.0)]), Some(Why::NoStatistic));
        let counted = Plateau::of(Some(2.0), &[None, Some(2.0)], Wanted::More);
        assert_eq!((counted.neighbours, counted.without), (1, 1));
        for steps in [[Step::Ordered, Step::None], [Step::Unordered; 2]] {
            let real = Places {
                steps: &steps,
                places: &[0, 0, 0, 1],
            };
            assert_eq!(real.neighbours(&[0, 0]), Err(Why::NoStep));
        }
    }

    #[test]
    fn neighbours_are_those_that_a_comparison_of_all_finds() {
        let mut random = Random::new(8);
        let steps = [Step::Ordered, Step::Unordered, Step::Ordered];
        let mut met = 0;
        for _ in 0..200 {
            let places: Vec<u32> = (0..90)
                .map(|_| u32::try_from(random.below(4)).expect("below four"))
                .collect();
            let all = Places {
                steps: &steps,
                places: &places,
            };
            let chosen = all.row(7);
            let found = all.neighbours(chosen).expect("ordered");
            let mut keys: Vec<&[u32]> = (0..all.count()).map(|row| all.row(row)).collect();
            keys.sort_unstable();
            keys.dedup();
            let wanted: Vec<&[u32]> = keys
                .into_iter()
                .filter(|key| {
                    let far = |at: usize| key[at].abs_diff(chosen[at]);
                    *key != chosen && far(0) < 2 && key[1] == chosen[1] && far(2) < 2
                })
                .collect();
            let found: Vec<&[u32]> = found.iter().map(|row| all.row(*row)).collect();
            assert_eq!(found, wanted);
            met += found.len();
        }
        assert!(met > 300, "{met}");
    }

    #[test]
    fn a_plateau_does_not_hang_on_scale_or_order() {
        let mut random = Random::new(9);
        for _ in 0..500 {
            let own = random.unit() + 0.1;
            let mut around: Vec<Option<f64>> = (0..9)
                .map(|_| (random.unit() > 0.2).then(|| random.unit() * 2.0 - 0.5))
                .collect();
            let plain = Plateau::of(Some(own), &around, Wanted::More);
            around.reverse();
            assert_eq!(plain, Plateau::of(Some(own), &around, Wanted::More));
            let doubled: Vec<Option<f64>> = around.iter().map(|v| v.map(|v| v * 4.0)).collect();
            let scaled = Plateau::of(Some(own * 4.0), &doubled, Wanted::More);
            assert_eq!(plain.score, scaled.score, "a power of two is exact");
            if let Some(score) = plain.score.value() {
                let most = around.iter().flatten().fold(f64::MIN, |a, b| a.max(*b));
                assert!(score <= most / own + 1e-12);
            }
        }
    }

    #[test]
    fn ranks_are_compared_not_values() {
        let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        let first = some(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let cubes = some(&[1.0, 8.0, 27.0, 64.0, 125.0]);
        let back = some(&[5.0, 4.0, 3.0, 2.0, -100.0]);
        let near = |one: &[Option<f64>], other: &[Option<f64>], wanted: f64| {
            let found = rank_correlation(one, other).value().expect("ranks");
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        };
        near(&first, &cubes, 1.0);
        near(&first, &back, -1.0);
        // Ranks 1, 2, 3, 4 against 1, 3, 2, 4: 1 − 6·2/(4·15) = 0.8.
        near(
            &some(&[10.0, 20.0, 30.0, 40.0]),
            &some(&[0.0, 5.0, 1.0, 9.0]),
            0.8,
        );
        // Ties: 1.5, 1.5, 3 against 1, 2, 3 is √3/2.
        let tied = some(&[1.0, 1.0, 2.0]);
        near(&tied, &some(&[1.0, 2.0, 3.0]), 0.75_f64.sqrt());
        let mut gaps = first.clone();
        gaps[4] = None;
        near(&gaps, &back, -1.0);
        let why = |one: &[Option<f64>], other: &[Option<f64>]| rank_correlation(one, other).why();
        assert_eq!(why(&first, &cubes[1..]), Some(Why::OtherLength));
        assert_eq!(why(&[None; 5], &cubes), Some(Why::FewConfigurations));
        assert_eq!(why(&some(&[1.0; 5]), &cubes), Some(Why::NoVariance));
    }
}
