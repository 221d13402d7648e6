//! Decimals that may be larger than any order: volumes and the caps of margin tiers.
//!
//! Not here: prices and quantities that take part in a fill (`domain::num` bounds those more tightly).

use crate::domain::num::{Money, NumError, Qty, parse_steps};

/// Why a text is no such number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WideError {
    /// As every other number.
    #[error(transparent)]
    Number(NumError),
    /// Beyond what 64 bits hold in steps of 1e-8.
    #[error("'{0}' is out of range (largest is 92233720368)")]
    TooLarge(String),
}

/// A volume; it must fit its column, whose end is about 9.2e10 units.
///
/// # Errors
/// As `Qty`'s, but for the larger range.
pub(crate) fn parse_volume(text: &str) -> Result<Qty, WideError> {
    let steps = parse_wide(text)?;
    let negative = || NumError::Negative(text.chars().take(40).collect());
    Qty::from_steps(steps).ok_or_else(|| WideError::Number(negative()))
}

/// An amount of USDT up to about 9.2e10.
///
/// # Errors
/// As `Money`'s, but for the larger range.
pub(crate) fn parse_money(text: &str) -> Result<Money, WideError> {
    parse_wide(text).map(Money::from_steps)
}

fn parse_wide(text: &str) -> Result<i64, WideError> {
    match parse_steps(text) {
        Err(NumError::TooLarge(shown)) => {
            let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
            let part = part.trim_end_matches('0');
            let digits = format!("{whole}{part:0<8}");
            let plain = part.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
            match digits.parse() {
                Ok(steps) if plain => Ok(steps),
                _ => Err(WideError::TooLarge(shown)),
            }
        }
        other => other.map_err(WideError::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_volumes_and_caps_fit() {
        let steps = parse_volume("12345678901.5").map(Qty::steps);
        assert_eq!(steps, Ok(1_234_567_890_150_000_000));
        assert_eq!(
            parse_money("1800000000.0").map(Money::steps),
            Ok(180_000_000_000_000_000)
        );
        for text in ["99999999999999", "-1", "1e30", "-99999999999"] {
            assert!(parse_volume(text).is_err(), "{text}");
        }
        // The largest that is said is the largest that is taken, in whole units.
        let beyond = parse_volume("92233720369").map_err(|wrong| wrong.to_string());
        let words = "'92233720369' is out of range (largest is 92233720368)";
        assert_eq!(beyond, Err(words.to_owned()));
        assert!(parse_volume("92233720368").is_ok());
    }
}
