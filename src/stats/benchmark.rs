//! Holding instead of trading (M8), and the run against it (M3: beta, correlation, information ratio).
//!
//! Not here: the random-entry placebo (V9), where prices come from.
//! Invariant: holds are unlevered and pay fees once in and once out.

use serde::{Deserialize, Serialize};

use super::equity::DailySeries;
use super::figure::{Figure, Why, count};
use super::quantile;
use super::returns::YEAR_DAYS;

/// The run against a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkMetrics {
    /// Slope of the run's daily returns on the benchmark's.
    pub beta: Figure,
    /// Correlation of daily returns.
    pub correlation: Figure,
    /// b_n/b₀ − 1.
    pub benchmark_total_return: Figure,
    /// The run's total return less the benchmark's.
    pub excess_total_return: Figure,
    /// mean(r − b) over its deviation × √365.
    pub information_ratio: Figure,
}

impl BenchmarkMetrics {
    /// Every figure by its name.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        vec![
            ("beta", self.beta),
            ("correlation", self.correlation),
            ("benchmark_total_return", self.benchmark_total_return),
            ("excess_total_return", self.excess_total_return),
            ("information_ratio", self.information_ratio),
        ]
    }
}

/// Compares the run with `levels` b₀ … b_n, one per point of the series.
#[must_use]
pub fn against(series: &DailySeries, levels: &[f64]) -> BenchmarkMetrics {
    let none = |why| BenchmarkMetrics {
        beta: Figure::Undefined(why),
        correlation: Figure::Undefined(why),
        benchmark_total_return: Figure::Undefined(why),
        excess_total_return: Figure::Undefined(why),
        information_ratio: Figure::Undefined(why),
    };
    if levels.len() != series.closes.len() + 1 || levels.iter().any(|level| *level <= 0.0) {
        return none(Why::NotRecorded);
    }
    let held = DailySeries {
        initial: levels[0],
        closes: levels[1..].to_vec(),
        ..*series
    };
    let points = series.points();
    let held_return = Figure::new(levels[levels.len() - 1] / levels[0] - 1.0);
    let own_return = if points[points.len() - 1] <= 0.0 {
        Figure::Known(-1.0)
    } else {
        Figure::ratio(points[points.len() - 1], series.initial, Why::Ruin).map(|end| end - 1.0)
    };
    let totals = BenchmarkMetrics {
        benchmark_total_return: held_return,
        excess_total_return: own_return.and(held_return, |own, held| Figure::new(own - held)),
        ..none(Why::Ruin)
    };
    let own = series.known_returns();
    let other = held.known_returns();
    if points[points.len() - 1] <= 0.0 {
        return totals;
    }
    let (Some(shared), Some(own_deviation), Some(other_deviation)) = (
        quantile::covariance(&own, &other),
        quantile::deviation(&own),
        quantile::deviation(&other),
    ) else {
        return BenchmarkMetrics {
            benchmark_total_return: totals.benchmark_total_return,
            excess_total_return: totals.excess_total_return,
            ..none(Why::FewReturns)
        };
    };
    let active: Vec<f64> = own.iter().zip(&other).map(|(r, b)| r - b).collect();
    let active_mean = quantile::mean(&active).unwrap_or(0.0);
    let active_deviation = quantile::deviation(&active).unwrap_or(0.0);
    BenchmarkMetrics {
        beta: Figure::ratio(shared, other_deviation.powi(2), Why::NoVariance),
        correlation: Figure::ratio(shared, own_deviation * other_deviation, Why::NoVariance),
        information_ratio: Figure::ratio(
            active_mean * YEAR_DAYS.sqrt(),
            active_deviation,
            Why::NoVariance,
        ),
        ..totals
    }
}

/// Equity of holding equal shares of some contracts, bought at their first price and kept at their last one; one entry
/// per point in time, the first one the start. `prices` has a row per contract and `None` before its first price (its
/// share waits in cash) or where a price is missing (the one before is carried). Empty without any price.
#[must_use]
pub fn equal_weight_hold(initial: f64, prices: &[Vec<Option<f64>>], fee_rate: f64) -> Vec<f64> {
    let points = prices.iter().map(Vec::len).min().unwrap_or(0);
    let priced: Vec<&Vec<Option<f64>>> = prices
        .iter()
        .filter(|row| row.iter().any(Option::is_some))
        .collect();
    if priced.is_empty() {
        return Vec::new();
    }
    let share = initial / count(priced.len());
    let mut equity = vec![0.0; points];
    for row in priced {
        let mut held: Option<(f64, f64)> = None;
        for (point, total) in equity.iter_mut().enumerate() {
            if let Some(price) = row[point] {
                let units = held.map_or(share * (1.0 - fee_rate) / price, |(units, _)| units);
                held = Some((units, price));
            }
            let value = held.map_or(share, |(units, price)| units * price);
            let is_last = point + 1 == points;
            *total += if is_last && held.is_some() {
                value * (1.0 - fee_rate)
            } else {
                value
            };
        }
    }
    if let Some(first) = equity.first_mut() {
        // The entry fee belongs to the first day's return, so the series starts at the money put in.
        *first = initial;
    }
    equity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_pays_once_in_and_once_out() {
        let prices = vec![
            vec![Some(100.0), Some(110.0), Some(120.0)],
            vec![None, Some(50.0), Some(50.0)],
        ];
        let equity = equal_weight_hold(1000.0, &prices, 0.01);
        let expected = [
            1000.0,
            500.0 * 0.99 * 1.1 + 500.0 * 0.99,
            (500.0 * 0.99 * 1.2 + 500.0 * 0.99) * 0.99,
        ];
        for (found, expected) in equity.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert!(equal_weight_hold(1000.0, &[vec![None, None]], 0.01).is_empty());
    }
}
