//! Means, deviations, moments and quantiles of plain samples.
//!
//! Not here: what a sample is of. Invariant: nothing divides by zero; too small a sample is `None`.

use super::figure::count;

/// Arithmetic mean; `None` of nothing.
#[must_use]
pub fn mean(sample: &[f64]) -> Option<f64> {
    if sample.is_empty() {
        return None;
    }
    Some(sample.iter().sum::<f64>() / count(sample.len()))
}

/// Standard deviation with n − 1; `None` of fewer than two values. Exactly zero when all values are the same, which
/// the rounded mean alone would miss.
#[must_use]
pub fn deviation(sample: &[f64]) -> Option<f64> {
    if sample.len() < 2 {
        return None;
    }
    if is_constant(sample) {
        return Some(0.0);
    }
    let squares = central_moment(sample, 2)? * count(sample.len());
    Some((squares / count(sample.len() - 1)).sqrt())
}

/// The mean of (x − mean)^power; `None` of nothing.
#[must_use]
pub fn central_moment(sample: &[f64], power: i32) -> Option<f64> {
    let center = mean(sample)?;
    let sum: f64 = sample
        .iter()
        .map(|value| (value - center).powi(power))
        .sum();
    Some(sum / count(sample.len()))
}

/// Sample covariance with n − 1 of two samples of one length; `None` of fewer than two pairs.
#[must_use]
pub fn covariance(left: &[f64], right: &[f64]) -> Option<f64> {
    if left.len() != right.len() || left.len() < 2 {
        return None;
    }
    let (left_mean, right_mean) = (mean(left)?, mean(right)?);
    let sum: f64 = left
        .iter()
        .zip(right)
        .map(|(a, b)| (a - left_mean) * (b - right_mean))
        .sum();
    Some(sum / count(left.len() - 1))
}

/// Whether all values are the same but for the rounding of the quotients they came from: without this a steady growth
/// of 1 % a day would have a sharpe of 10^15.
#[must_use]
pub fn is_constant(sample: &[f64]) -> bool {
    const ROUNDING: f64 = 1e-14;
    sample
        .iter()
        .all(|value| (value - sample[0]).abs() <= ROUNDING * sample[0].abs().max(1.0))
}

/// The values in ascending order.
#[must_use]
pub fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut ascending = sample.to_vec();
    ascending.sort_by(f64::total_cmp);
    ascending
}

/// The quantile of an ascending sample by linear interpolation between order statistics; `permille` in 0–1000.
/// `None` of nothing.
#[must_use]
pub fn quantile(ascending: &[f64], permille: usize) -> Option<f64> {
    let last = ascending.len().checked_sub(1)?;
    let place = last * permille.min(1_000);
    let (low, rest) = (place / 1_000, place % 1_000);
    let below = ascending[low];
    if rest == 0 {
        return Some(below);
    }
    let above = ascending[low + 1];
    Some(below + (above - below) * count(rest) / 1_000.0)
}

/// The middle of a sample in any order; the mean of the middle two of an even count.
#[must_use]
pub fn median(sample: &[f64]) -> Option<f64> {
    quantile(&sorted(sample), 500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        let ascending = [1.0, 2.0, 3.0, 4.0];
        for (permille, expected) in [(0, 1.0), (500, 2.5), (1_000, 4.0), (50, 1.15)] {
            let found = quantile(&ascending, permille).expect("four values");
            assert!((found - expected).abs() < 1e-12, "{permille}: {found}");
        }
        assert_eq!(quantile(&[], 500), None);
        assert_eq!(median(&[7.0]), Some(7.0));
    }

    #[test]
    fn equal_values_have_no_deviation_at_all() {
        assert_eq!(deviation(&[0.1; 7]), Some(0.0));
        assert_eq!(deviation(&[0.1]), None);
    }
}
