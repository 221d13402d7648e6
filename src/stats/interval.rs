//! How far a mean may be off by chance alone: a percentile bootstrap over finished trades.
//!
//! Not here: dependence between days or symbols, which makes the true interval wider: the report says so.
//! Invariant: replicate b draws from its own stream of the seed (W2), so the answer is the same on any machine.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Why, count};
use super::quantile::{quantile, sorted};
use crate::domain::random::Random;

/// How often the trades are drawn anew.
pub const REPLICATES: u64 = 2_000;
/// Purpose of the streams (W2: 1 is bootstrap) and which of its uses this is.
const PURPOSE: u64 = 1;
const OF_TRADES: u64 = 1;

/// The middle 95 % of the means of trades drawn with replacement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanInterval {
    /// The 2.5 % quantile.
    pub low: Figure,
    /// The 97.5 % quantile.
    pub high: Figure,
    /// How many times they were drawn.
    pub replicates: u64,
    /// What the draws came from.
    pub seed: u64,
}

impl MeanInterval {
    /// The interval of the mean of a sample; undefined for fewer than two values.
    #[must_use]
    pub fn of(sample: &[f64], seed: u64) -> Self {
        let whole = Self {
            low: Figure::Undefined(Why::FewRisks),
            high: Figure::Undefined(Why::FewRisks),
            replicates: REPLICATES,
            seed,
        };
        if sample.len() < 2 {
            return whole;
        }
        let size = count(sample.len());
        let means: Vec<f64> = (0..REPLICATES)
            .map(|replicate| {
                let mut random = Random::stream(seed, &[PURPOSE, replicate, OF_TRADES]);
                let drawn = sample.iter().map(|_| {
                    let index = usize::try_from(random.below(sample.len() as u64))
                        .expect("invariant: below the length");
                    sample[index]
                });
                drawn.sum::<f64>() / size
            })
            .collect();
        let means = sorted(&means);
        let at = |permille| {
            quantile(&means, permille).map_or(Figure::Undefined(Why::FewRisks), Figure::new)
        };
        Self {
            low: at(25),
            high: at(975),
            ..whole
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(interval: &MeanInterval) -> (f64, f64) {
        let value = |figure: Figure| figure.value().expect("known");
        (value(interval.low), value(interval.high))
    }

    #[test]
    fn it_covers_the_true_mean_about_nineteen_times_in_twenty() {
        // Samples of 40 from a uniform law on −1..2, whose mean is 0.5.
        let (mut covered, cases) = (0, 200);
        for case in 0..cases {
            let mut random = Random::stream(case, &[99]);
            let sample: Vec<f64> = (0..40).map(|_| random.unit() * 3.0 - 1.0).collect();
            let (low, high) = bounds(&MeanInterval::of(&sample, case));
            covered += i32::from(low <= 0.5 && 0.5 <= high);
        }
        assert!((176..=199).contains(&covered), "{covered} of {cases}");
    }

    #[test]
    fn the_seed_moves_it_a_little_and_one_seed_never() {
        let sample: Vec<f64> = (0..30).map(|number| f64::from(number % 7) - 2.5).collect();
        let one = MeanInterval::of(&sample, 1);
        assert_eq!(one, MeanInterval::of(&sample, 1));
        let other = MeanInterval::of(&sample, 2);
        assert_ne!(bounds(&one), bounds(&other));
        assert!((bounds(&one).0 - bounds(&other).0).abs() < 0.2);
        assert_eq!(MeanInterval::of(&[1.0], 1).low.value(), None);
    }
}
