//! What a sharpe ratio proves (V5): its standard error, the probability that the true one is above a mark, the same
//! deflated by the number of trials, and how long a record must be.
//!
//! Not here: how many trials there were (the register counts them, V1), how alike they are (`correlation`).
//! Invariant: sharpe ratios are per period, not annualised, unless a name says years.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;
use crate::stats::returns::ReturnLaw;

/// γ, the Euler–Mascheroni constant, to the digits of V5.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
/// A strategy passes with a deflated sharpe of at least this (V5).
pub const PASS_MARK: f64 = 0.95;

/// A sharpe ratio and what its accuracy depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharpeSample {
    /// Mean over sample deviation, per period.
    pub sharpe: f64,
    /// Number of returns.
    pub periods: usize,
    /// g₁ as in M3.
    pub skew: f64,
    /// g₂ as in M3; a normal law has 3.
    pub kurtosis: f64,
}

impl SharpeSample {
    /// The sample of a series of returns.
    ///
    /// # Errors
    /// [`Why::FewReturns`] below two returns, [`Why::NoVariance`] when all are the same.
    pub fn of(returns: &[f64]) -> Result<Self, Why> {
        let law = ReturnLaw::of(returns);
        let known = |figure: Figure| {
            figure
                .value()
                .ok_or(figure.why().unwrap_or(Why::NoVariance))
        };
        let sharpe = law.mean.and(law.deviation, |mean, deviation| {
            Figure::ratio(mean, deviation, Why::NoVariance)
        });
        Ok(Self {
            sharpe: known(sharpe)?,
            periods: returns.len(),
            skew: known(law.skew)?,
            kurtosis: known(law.kurtosis)?,
        })
    }

    /// 1 − g₁·SR + (g₂ − 1)/4·SR²: how much wider than 1/√(n − 1) the ratio is spread.
    fn spread(&self) -> f64 {
        let square = self.sharpe * self.sharpe;
        1.0 - self.skew * self.sharpe + (self.kurtosis - 1.0) / 4.0 * square
    }

    /// se(SR); above zero. Undefined below two returns or where the moments leave no spread.
    #[must_use]
    pub fn standard_error(&self) -> Figure {
        let spread = self.spread();
        if self.periods < 2 {
            return Figure::Undefined(Why::FewReturns);
        }
        if spread <= 0.0 {
            return Figure::Undefined(Why::NoVariance);
        }
        Figure::new((spread / count(self.periods - 1)).sqrt())
    }

    /// PSR(c): the probability, 0–1, that the true sharpe is above `benchmark` (per period). Undefined where the
    /// standard error is.
    #[must_use]
    pub fn probabilistic(&self, benchmark: f64) -> Figure {
        self.standard_error()
            .map(|error| Normal::standard().cdf((self.sharpe - benchmark) / error))
    }

    /// DSR: the probability, 0–1, that the true sharpe is above what the best of so many worthless trials would show.
    /// `trials` and `variance` as in [`expected_maximum`]; undefined where either part is.
    #[must_use]
    pub fn deflated(&self, trials: f64, variance: f64) -> Figure {
        match expected_maximum(trials, variance) {
            Figure::Known(mark) => self.probabilistic(mark),
            undefined @ Figure::Undefined(_) => undefined,
        }
    }

    /// MinTRL: returns needed until PSR(c) reaches `confidence` (0.5–1, both ends excluded) with these moments.
    /// [`Why::NotAbove`] when the sharpe is at or below `benchmark`: no record is long enough then.
    #[must_use]
    pub fn min_track_record(&self, benchmark: f64, confidence: f64) -> Figure {
        if !(confidence > 0.5 && confidence < 1.0) {
            return Figure::Undefined(Why::NoProbability);
        }
        let lead = self.sharpe - benchmark;
        if lead <= 0.0 {
            return Figure::Undefined(Why::NotAbove);
        }
        let quantile = -Normal::standard().inverse_cdf(1.0 - confidence);
        Figure::new(1.0 + self.spread() * (quantile / lead).powi(2))
    }
}

/// (1 − γ)·Φ⁻¹(1 − 1/N) + γ·Φ⁻¹(1 − 1/(N·e)): the mean maximum of N standard normal draws; 0 for one.
///
/// The number need not be whole (N_eff is not). Between 1 and 2 the approximation dips below zero, where a maximum
/// cannot lie: it is held at zero. Undefined below 1.
fn maximum_of_normals(trials: f64) -> Result<f64, Why> {
    if !(trials >= 1.0 && trials.is_finite()) {
        return Err(Why::NoTrials);
    }
    if trials <= 1.0 {
        return Ok(0.0);
    }
    // Φ⁻¹(1 − x) = −Φ⁻¹(x), which keeps its digits when x is small.
    let above = |share: f64| -Normal::standard().inverse_cdf(share);
    let mean = (1.0 - EULER_GAMMA) * above(1.0 / trials)
        + EULER_GAMMA * above(1.0 / (trials * std::f64::consts::E));
    Ok(mean.max(0.0))
}

/// SR₀: the sharpe, per period, that the best of so many worthless trials is expected to show.
///
/// `trials` is N ≥ 1 (1 gives 0), `variance` that of the per-period sharpes over the trials, zero or more. Undefined:
/// [`Why::NoTrials`] below one trial, [`Why::NotPositive`] for a negative or missing variance.
#[must_use]
pub fn expected_maximum(trials: f64, variance: f64) -> Figure {
    if variance.is_nan() || variance < 0.0 {
        return Figure::Undefined(Why::NotPositive);
    }
    match maximum_of_normals(trials) {
        Ok(maximum) => Figure::new(variance.sqrt() * maximum),
        Err(why) => Figure::Undefined(why),
    }
}

/// V: the sample variance of the trials' per-period sharpes; undefined for fewer than two.
#[must_use]
pub fn trial_variance(sharpes: &[f64]) -> Figure {
    quantile::deviation(sharpes).map_or(Figure::Undefined(Why::FewConfigurations), |deviation| {
        Figure::new(deviation * deviation)
    })
}

/// N_eff = N·(1 − ρ̄) + ρ̄ with the mean pairwise correlation floored at 0. Reported only; decisions use N.
#[must_use]
pub fn effective_trials(trials: f64, mean_correlation: f64) -> f64 {
    let alike = mean_correlation.clamp(0.0, 1.0);
    trials * (1.0 - alike) + alike
}

/// MinBTL: the years below which the best of `trials` worthless ones is expected to show an annual sharpe of
/// `target`. [`Why::NotPositive`] unless the target is above zero.
#[must_use]
pub fn min_backtest_years(trials: f64, target: f64) -> Figure {
    if target.is_nan() || target <= 0.0 {
        return Figure::Undefined(Why::NotPositive);
    }
    match maximum_of_normals(trials) {
        Ok(maximum) => Figure::new((maximum / target).powi(2)),
        Err(why) => Figure::Undefined(why),
    }
}

/// 2·ln N / target²: an upper bound of [`min_backtest_years`], undefined where that is.
#[must_use]
pub fn min_backtest_bound(trials: f64, target: f64) -> Figure {
    min_backtest_years(trials, target).map(|_| 2.0 * trials.ln() / (target * target))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: SharpeSample = SharpeSample {
        sharpe: 0.1,
        periods: 500,
        skew: -0.5,
        kurtosis: 6.0,
    };

    fn value(figure: Figure) -> f64 {
        figure.value().expect("known")
    }

    #[test]
    fn more_trials_always_deflate_more() {
        let counts = [1.0, 1.2, 1.5, 2.0, 3.0, 10.0, 1e2, 1e4, 1e8, 1e15];
        let marks = counts.map(|trials| value(expected_maximum(trials, 0.002)));
        assert!(marks.windows(2).all(|pair| pair[0] <= pair[1]), "{marks:?}");
        let deflated = counts.map(|trials| value(SAMPLE.deflated(trials, 0.002)));
        assert!(
            deflated.windows(2).all(|pair| pair[0] >= pair[1]),
            "{deflated:?}"
        );
        assert!(deflated[3] > deflated[9]);
        assert!((deflated[0] - value(SAMPLE.probabilistic(0.0))).abs() < 1e-15);
    }

    #[test]
    fn a_record_of_the_minimal_length_just_convinces() {
        for (benchmark, confidence) in [(0.0, 0.95), (0.03, 0.9), (-0.05, 0.99)] {
            let length = value(SAMPLE.min_track_record(benchmark, confidence));
            // The same moments over ⌈length⌉ returns pass, over one fewer they do not.
            let passes = |periods: usize| {
                let record = SharpeSample { periods, ..SAMPLE };
                value(record.probabilistic(benchmark)) >= confidence
            };
            let enough = (2..100_000).find(|periods| passes(*periods)).expect("some");
            let exact = count(enough);
            assert!(exact >= length && exact - 1.0 < length, "{enough} {length}");
        }
        assert_eq!(
            SAMPLE.min_track_record(0.1, 0.95).why(),
            Some(Why::NotAbove)
        );
    }

    #[test]
    fn the_bound_lies_above_and_nonsense_is_undefined() {
        for trials in [2.0, 10.0, 1e3, 1e6] {
            assert!(
                value(min_backtest_years(trials, 1.0)) <= value(min_backtest_bound(trials, 1.0))
            );
        }
        assert_eq!(expected_maximum(0.0, 0.1).why(), Some(Why::NoTrials));
        assert_eq!(
            expected_maximum(5.0, f64::NAN).why(),
            Some(Why::NotPositive)
        );
        assert_eq!(min_backtest_years(5.0, 0.0).why(), Some(Why::NotPositive));
        assert_eq!(SharpeSample::of(&[0.1]), Err(Why::FewReturns));
        assert_eq!(SharpeSample::of(&[0.1; 9]), Err(Why::NoVariance));
    }

    #[test]
    fn trials_that_are_one_count_as_one() {
        assert!((effective_trials(50.0, 1.0) - 1.0).abs() < 1e-12);
        assert!((effective_trials(50.0, -0.3) - 50.0).abs() < 1e-12);
    }
}
