//! p-values of several hypotheses reported together (V10).
//!
//! Not here: where they come from. Invariant: adjusted values keep the order of their p-values and lie in [p, 1].

use crate::stats::figure::{Why, count};

/// Holm: for decisions; holds the chance of any false claim. One entry per p-value, in the order given.
///
/// # Errors
/// [`Why::NoProbability`] when one is not within 0–1.
pub fn holm(values: &[f64]) -> Result<Vec<f64>, Why> {
    let ascending = order(values)?;
    let mut adjusted = vec![0.0; values.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in ascending.iter().enumerate() {
        largest = largest
            .max(values[*index] * count(values.len() - rank))
            .min(1.0);
        adjusted[*index] = largest;
    }
    Ok(adjusted)
}

/// Benjamini–Hochberg: for exploration; holds the expected share of false claims. One entry per p-value, in the order
/// given.
///
/// # Errors
/// [`Why::NoProbability`] when one is not within 0–1.
pub fn benjamini_hochberg(values: &[f64]) -> Result<Vec<f64>, Why> {
    let ascending = order(values)?;
    let mut adjusted = vec![0.0; values.len()];
    let mut smallest = 1.0_f64;
    for (rank, index) in ascending.iter().enumerate().rev() {
        // The factor first: it is 1 or more after rounding too, so no value falls below its own.
        let factor = count(values.len()) / count(rank + 1);
        smallest = smallest.min(values[*index] * factor);
        adjusted[*index] = smallest;
    }
    Ok(adjusted)
}

/// Indices by ascending value.
fn order(values: &[f64]) -> Result<Vec<usize>, Why> {
    if !values.iter().all(|value| (0.0..=1.0).contains(value)) {
        return Err(Why::NoProbability);
    }
    let mut ascending: Vec<usize> = (0..values.len()).collect();
    ascending.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    Ok(ascending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn order_is_kept_and_holm_is_the_stricter() {
        let mut random = Random::new(8);
        for case in 0..200 {
            let values: Vec<f64> = (0..case % 12).map(|_| random.unit().powi(3)).collect();
            let strict = holm(&values).expect("probabilities");
            let loose = benjamini_hochberg(&values).expect("probabilities");
            for (index, value) in values.iter().enumerate() {
                assert!(
                    *value <= loose[index] && loose[index] <= strict[index] && strict[index] <= 1.0
                );
                for (other, second) in values.iter().enumerate() {
                    if value <= second {
                        assert!(strict[index] <= strict[other] && loose[index] <= loose[other]);
                    }
                }
            }
        }
        for wrong in [-0.1, 1.1, f64::NAN] {
            assert_eq!(holm(&[0.5, wrong]), Err(Why::NoProbability));
            assert_eq!(benjamini_hochberg(&[wrong]), Err(Why::NoProbability));
        }
    }

    #[test]
    fn holm_claims_something_false_once_in_twenty_times() {
        let mut random = Random::new(21);
        let (mut holm_claims, mut bh_claims) = (0, 0);
        for _ in 0..2_000 {
            let values: Vec<f64> = (0..10).map(|_| random.unit()).collect();
            let claims =
                |adjusted: Vec<f64>| i32::from(adjusted.iter().any(|value| *value <= 0.05));
            holm_claims += claims(holm(&values).expect("probabilities"));
            bh_claims += claims(benjamini_hochberg(&values).expect("probabilities"));
        }
        assert!((65..=135).contains(&holm_claims), "{holm_claims} of 2000");
        assert!((65..=135).contains(&bh_claims), "{bh_claims} of 2000");
    }
}
