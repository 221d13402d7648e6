//! How alike the trials are (V5): the mean pairwise correlation of their daily returns.
//!
//! Not here: what follows from it (`inference::effective_trials`).
//! Invariant: series are taken one at a time and not kept, so the room needed does not grow with their number.

use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;

/// Takes series one by one. Their number m and the sum of the standardized ones is all the mean needs:
/// ρ̄ = (|Σ zᵢ|² − m)/(m·(m − 1)).
#[derive(Clone, Debug, PartialEq)]
pub struct MeanCorrelation {
    sum: Vec<f64>,
    series: usize,
}

impl MeanCorrelation {
    /// Nothing yet, of series of so many returns.
    #[must_use]
    pub fn new(periods: usize) -> Self {
        Self {
            sum: vec![0.0; periods],
            series: 0,
        }
    }

    /// Takes one series. One without variance correlates with nothing and is left out.
    ///
    /// # Errors
    /// [`Why::OtherLength`] when its length is not that of the others.
    pub fn push(&mut self, returns: &[f64]) -> Result<(), Why> {
        if returns.len() != self.sum.len() {
            return Err(Why::OtherLength);
        }
        let (Some(mean), Some(deviation)) = (quantile::mean(returns), quantile::deviation(returns))
        else {
            return Ok(());
        };
        if deviation > 0.0 {
            let length = deviation * count(returns.len() - 1).sqrt();
            for (sum, value) in self.sum.iter_mut().zip(returns) {
                *sum += (value - mean) / length;
            }
            self.series += 1;
        }
        Ok(())
    }

    /// ρ̄, −1 to 1; undefined for fewer than two series with variance.
    #[must_use]
    pub fn mean(&self) -> Figure {
        if self.series < 2 {
            return Figure::Undefined(Why::FewConfigurations);
        }
        let series = count(self.series);
        let square: f64 = self.sum.iter().map(|value| value * value).sum();
        Figure::new(((square - series) / (series * (series - 1.0))).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn it_is_the_mean_over_all_pairs() {
        let mut random = Random::new(5);
        let shared: Vec<f64> = (0..90).map(|_| random.unit()).collect();
        let series: Vec<Vec<f64>> = (0..7)
            .map(|_| shared.iter().map(|part| part + random.unit()).collect())
            .collect();
        let mut all = MeanCorrelation::new(90);
        for returns in &series {
            all.push(returns).expect("one length");
        }
        let mut pairs = Vec::new();
        for (index, one) in series.iter().enumerate() {
            for other in &series[..index] {
                let deviations =
                    quantile::deviation(one).unwrap() * quantile::deviation(other).unwrap();
                pairs.push(quantile::covariance(one, other).unwrap() / deviations);
            }
        }
        let expected = quantile::mean(&pairs).expect("pairs");
        let found = all.mean().value().expect("seven series");
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        assert!(found > 0.3, "{found}");
        assert_eq!(all.push(&[1.0]), Err(Why::OtherLength));
    }

    #[test]
    fn flat_series_do_not_count() {
        let mut all = MeanCorrelation::new(3);
        all.push(&[0.0; 3]).expect("one length");
        all.push(&[1.0, 2.0, 4.0]).expect("one length");
        assert_eq!(all.mean().why(), Some(Why::FewConfigurations));
    }
}
