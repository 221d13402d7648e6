//! How long the blocks of a bootstrap should be (V6): Politis and White (2004) with the correction of Patton, Politis and
//! White (2009).
//!
//! Not here: the bootstrap (`bootstrap`). The rules for m and the band of what counts as no correlation are the authors'
//! recommended ones.

use crate::stats::figure::{Why, count};
use crate::stats::quantile;

/// Estimated best block lengths in periods; above zero, possibly below 1, at most ⌈min(3·√n, n/3)⌉.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockLength {
    /// Mean length for the stationary bootstrap.
    pub stationary: f64,
    /// Length for the circular block bootstrap.
    pub circular: f64,
}

impl BlockLength {
    /// The mean block to use: at least 1.
    #[must_use]
    pub fn mean_block(&self) -> f64 {
        self.stationary.max(1.0)
    }

    /// The estimate for a series.
    ///
    /// # Errors
    /// [`Why::FewReturns`] for a series too short for its lags (below 11), [`Why::NoVariance`] for one that stands still.
    pub fn of(series: &[f64]) -> Result<Self, Why> {
        let lags = Lags::of(series.len()).ok_or(Why::FewReturns)?;
        if quantile::is_constant(series) {
            return Err(Why::NoVariance);
        }
        let mean = quantile::mean(series).ok_or(Why::FewReturns)?;
        let centered: Vec<f64> = series.iter().map(|value| value - mean).collect();
        let cut = lags.cut(&centered);
        let length = count(series.len());
        let (mut slope, mut variance) = (0.0, product(&centered, 0) / length);
        for lag in 1..=cut {
            let part = count(lag) / count(cut);
            // A flat top, then a slope to zero.
            let weight = if part <= 0.5 { 1.0 } else { 2.0 * (1.0 - part) };
            let covariance = product(&centered, lag) / length;
            slope += 2.0 * weight * count(lag) * covariance;
            variance += 2.0 * weight * covariance;
        }
        let estimate = |factor: f64| {
            let ratio = 2.0 * slope * slope / (factor * variance * variance);
            (ratio * length).cbrt().min(lags.longest)
        };
        let (stationary, circular) = (estimate(2.0), estimate(4.0 / 3.0));
        if stationary.is_finite() && circular.is_finite() {
            Ok(Self {
                stationary,
                circular,
            })
        } else {
            Err(Why::NoVariance)
        }
    }
}

/// What follows from the length of the series alone.
struct Lags {
    /// So many small correlations in a row end the search.
    run: usize,
    /// The largest lag looked at.
    last: usize,
    /// Correlations below this count as none.
    band: f64,
    /// The largest block length.
    longest: f64,
}

impl Lags {
    fn of(periods: usize) -> Option<Self> {
        let root = periods.isqrt() + usize::from(periods.isqrt().pow(2) < periods);
        let run = usize::try_from(periods.checked_ilog10()?).ok()?.max(5);
        let last = root + run;
        if periods < last + 2 {
            return None;
        }
        let length = count(periods);
        Some(Self {
            run,
            last,
            band: 2.0 * (length.log10() / length).sqrt(),
            longest: (3.0 * length.sqrt()).min(length / 3.0).ceil(),
        })
    }

    /// M: twice the lag behind which correlations vanish; the largest lag when they do not.
    fn cut(&self, centered: &[f64]) -> usize {
        let small: Vec<bool> = (0..self.last)
            .map(|lag| {
                let head = energy(&centered[..centered.len() - lag - 1]);
                let tail = energy(&centered[lag + 1..]);
                product(centered, lag).abs() / (head * tail).sqrt() < self.band
            })
            .collect();
        let quiet = small
            .windows(self.run)
            .position(|lags| lags.iter().all(|small| *small));
        quiet.map_or(self.last, |lag| (2 * lag.max(1)).min(self.last))
    }
}

fn product(centered: &[f64], lag: usize) -> f64 {
    centered[lag..]
        .iter()
        .zip(centered)
        .map(|(later, value)| later * value)
        .sum()
}

fn energy(centered: &[f64]) -> f64 {
    centered.iter().map(|value| value * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    /// x' = keep·x + noise.
    fn series(keep: f64, seed: u64, length: usize) -> Vec<f64> {
        let mut random = Random::new(seed);
        let mut value = 0.0;
        (0..length)
            .map(|_| {
                value = keep * value + random.unit() - 0.5;
                value
            })
            .collect()
    }

    #[test]
    fn longer_memory_asks_for_longer_blocks() {
        let mean = |keep: f64| {
            let all: Vec<f64> = (0..20)
                .map(|seed| {
                    BlockLength::of(&series(keep, seed, 600))
                        .expect("it varies")
                        .stationary
                })
                .collect();
            quantile::mean(&all).expect("twenty")
        };
        let (none, some, much) = (mean(0.0), mean(0.4), mean(0.8));
        assert!(
            none < 4.0 && none < some && 2.0 * some < much,
            "{none} {some} {much}"
        );
    }

    #[test]
    fn short_and_flat_series_have_none_and_no_length_leaves_the_bounds() {
        for length in 0..11 {
            assert_eq!(
                BlockLength::of(&series(0.5, 1, length)),
                Err(Why::FewReturns)
            );
        }
        assert_eq!(BlockLength::of(&[0.1; 50]), Err(Why::NoVariance));
        for length in 11..80 {
            let found = BlockLength::of(&series(0.9, 2, length)).expect("it varies");
            let root = count(length).sqrt();
            assert!(found.stationary > 0.0 && found.circular <= (3.0 * root).ceil());
            assert!(found.mean_block() >= 1.0);
        }
    }
}
