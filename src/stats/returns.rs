//! Daily returns as a sample (M3): sharpe, sortino, omega, moments, tails.
//!
//! Not here: where the returns come from, growth and drawdowns (`equity`).
//! Invariant: fewer than two returns or no variance is undefined, never zero or infinite.

use super::figure::{Figure, Why, count};
use super::quantile;

/// Days that annual figures count as a year.
pub const YEAR_DAYS: f64 = 365.0;
/// Returns in one window of the rolling sharpe.
pub const ROLLING_DAYS: usize = 30;

/// Figures of daily returns as a sample (M3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnLaw {
    /// Arithmetic mean.
    pub mean: Figure,
    /// Sample deviation, n − 1.
    pub deviation: Figure,
    /// Mean over deviation × √365, risk-free 0.
    pub sharpe: Figure,
    /// Mean over downside deviation of all days × √365.
    pub sortino: Figure,
    /// Σ gains over |Σ losses|.
    pub omega: Figure,
    /// m₃/m₂^1.5.
    pub skew: Figure,
    /// m₄/m₂²; a normal law has 3.
    pub kurtosis: Figure,
}

/// The ends of the sample (M3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailLaw {
    /// 5 % quantile.
    pub var: Figure,
    /// Mean of the ⌊0.05·(n−1)⌋+1 smallest.
    pub cvar: Figure,
    /// |95 % quantile| over |5 % quantile|.
    pub tail: Figure,
}

impl ReturnLaw {
    /// All of them undefined for one reason.
    #[must_use]
    pub const fn undefined(why: Why) -> Self {
        let none = Figure::Undefined(why);
        Self {
            mean: none,
            deviation: none,
            sharpe: none,
            sortino: none,
            omega: none,
            skew: none,
            kurtosis: none,
        }
    }

    /// All of them; undefined with fewer than two returns.
    #[must_use]
    pub fn of(returns: &[f64]) -> Self {
        let (Some(mean), Some(deviation)) = (quantile::mean(returns), quantile::deviation(returns))
        else {
            return Self::undefined(Why::FewReturns);
        };
        let days = count(returns.len());
        let moment = |power: fn(f64) -> f64| {
            let sum: f64 = returns.iter().map(|value| power(value - mean)).sum();
            sum / days
        };
        let standardized = |moment: f64, second: f64| {
            if deviation > 0.0 {
                Figure::ratio(moment, second, Why::NoVariance)
            } else {
                Figure::Undefined(Why::NoVariance)
            }
        };
        let second = moment(|value| value * value);
        let losses: f64 = returns.iter().map(|change| change.min(0.0)).sum();
        let gains: f64 = returns.iter().map(|change| change.max(0.0)).sum();
        let squares: f64 = returns.iter().map(|change| change.min(0.0).powi(2)).sum();
        let downside = (squares / days).sqrt();
        Self {
            mean: Figure::new(mean),
            deviation: Figure::new(deviation),
            sharpe: Figure::ratio(mean * YEAR_DAYS.sqrt(), deviation, Why::NoVariance),
            sortino: Figure::ratio(mean * YEAR_DAYS.sqrt(), downside, Why::NoLosingDay),
            omega: Figure::ratio(gains, losses.abs(), Why::NoLosingDay),
            skew: standardized(moment(|value| value * (value * value)), second.powf(1.5)),
            kurtosis: standardized(
                moment(|value| (value * value) * (value * value)),
                second.powf(2.0),
            ),
        }
    }
}

impl TailLaw {
    /// All of them undefined for one reason.
    #[must_use]
    pub const fn undefined(why: Why) -> Self {
        let none = Figure::Undefined(why);
        Self {
            var: none,
            cvar: none,
            tail: none,
        }
    }

    /// All of them; undefined with fewer than two returns.
    #[must_use]
    pub fn of(returns: &[f64]) -> Self {
        if returns.len() < 2 {
            return Self::undefined(Why::FewReturns);
        }
        let ascending = quantile::sorted(returns);
        let at = |permille| quantile::quantile(&ascending, permille).unwrap_or(0.0);
        let tail_count = 5 * (returns.len() - 1) / 100 + 1;
        let cvar = ascending[..tail_count].iter().sum::<f64>() / count(tail_count);
        Self {
            var: Figure::new(at(50)),
            cvar: Figure::new(cvar),
            tail: Figure::ratio(at(950).abs(), at(50).abs(), Why::NoTail),
        }
    }
}

/// Mean over sample deviation × √365.
#[must_use]
pub fn sharpe(returns: &[f64]) -> Figure {
    let (Some(mean), Some(deviation)) = (quantile::mean(returns), quantile::deviation(returns))
    else {
        return Figure::Undefined(Why::FewReturns);
    };
    Figure::ratio(mean * YEAR_DAYS.sqrt(), deviation, Why::NoVariance)
}

/// The sharpe of each window of 30 returns; empty when there are fewer.
#[must_use]
pub fn rolling_sharpe(returns: &[f64]) -> Vec<Figure> {
    returns.windows(ROLLING_DAYS).map(sharpe).collect()
}
