//! What the exchange says, from its text to values of ours.
//!
//! Not here: asking for it (`rest`, `stream`), what follows from it.
//! Invariants: decimals stay text until the parsers of `domain::num` take them; unknown fields are no matter; what is
//! not understood is an error that names it, never a neutral value.

pub mod answer;
pub mod contracts;
pub mod frame;
pub mod rows;

use crate::domain::num::{NumError, Price, Qty, Rate};
use crate::domain::time::Timestamp;

/// What is wrong with a part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not the JSON that was expected.
    #[error("no such JSON: {0}")]
    Json(String),
    /// A decimal that is none, or out of its range.
    #[error("{field}: {why}")]
    Number {
        /// The exchange's name of it.
        field: &'static str,
        /// Why not.
        why: String,
    },
    /// An instant that cannot be.
    #[error("{field}: {found} is no time in ms since 1970")]
    Time {
        /// The exchange's name of it.
        field: &'static str,
        /// What stands there.
        found: i64,
    },
    /// A value of a list that we know, but not on it.
    #[error(
        "{field}: '{found}' is unknown\nhint: the exchange may have changed; look at its change log before trading on"
    )]
    Unknown {
        /// The exchange's name of it.
        field: &'static str,
        /// What stands there.
        found: String,
    },
    /// A row that contradicts itself or its neighbours.
    #[error("row {row}: {why}")]
    Row {
        /// Counted from 1.
        row: usize,
        /// Why not.
        why: String,
    },
}

/// At most so many characters of what was found are shown.
const SHOWN: usize = 120;

/// The start of a text, for showing.
pub(crate) fn shown(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

pub(crate) fn json_error(wrong: &serde_json::Error) -> WireError {
    WireError::Json(shown(&wrong.to_string()))
}

/// Digits and at most a point, a minus where signs are allowed: neither exponents nor blanks, which the parsers of
/// hand-written text take.
fn is_plain(text: &str, signed: bool) -> bool {
    let digits = if signed {
        text.strip_prefix('-').unwrap_or(text)
    } else {
        text
    };
    !digits.is_empty()
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A price above zero.
pub(crate) fn price(field: &'static str, text: &str) -> Result<Price, WireError> {
    number(field, text, false)
}

/// A quantity, zero included.
pub(crate) fn qty(field: &'static str, text: &str) -> Result<Qty, WireError> {
    number(field, text, false)
}

/// A rate of either sign.
pub(crate) fn rate(field: &'static str, text: &str) -> Result<Rate, WireError> {
    number(field, text, true)
}

fn number<T>(field: &'static str, text: &str, signed: bool) -> Result<T, WireError>
where
    T: std::str::FromStr<Err = NumError>,
{
    if !is_plain(text, signed) {
        let why = format!("'{}' is not a plain decimal", shown(text));
        return Err(WireError::Number { field, why });
    }
    text.parse().map_err(|wrong: NumError| WireError::Number {
        field,
        why: wrong.to_string(),
    })
}

/// An instant after 1970.
pub(crate) const fn time(field: &'static str, millis: i64) -> Result<Timestamp, WireError> {
    if millis > 0 {
        Ok(Timestamp::from_millis(millis))
    } else {
        Err(WireError::Time {
            field,
            found: millis,
        })
    }
}
