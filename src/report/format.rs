//! Numbers as people read them: two decimals of money, percent, spans, UTC times; every one can carry its unit.
//!
//! Not here: where they stand (`html`, `table`). Invariant: what is not finite reads `n/a`, and no number reads `-0.00`.

use super::words::{Lang, common};
use crate::domain::time::Timestamp;
use crate::stats::figure::Figure;

/// What stands where no number is.
pub const NONE: &str = "n/a";

/// Fixed decimals with thousands separators: `-1,234.50`.
#[must_use]
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    if value < 0.0 && plain.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        text.push('-');
    }
    text.push_str(&grouped(whole));
    if !rest.is_empty() {
        text.push('.');
        text.push_str(rest);
    }
    text
}

/// The same with a plus sign on what is above zero once rounded.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = number(value, decimals);
    let is_positive = value > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_positive {
        format!("+{text}")
    } else {
        text
    }
}

/// `1,234`.
#[must_use]
pub fn whole(count: impl TryInto<u64>) -> String {
    count
        .try_into()
        .map_or(NONE.to_owned(), |count| grouped(&count.to_string()))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1,234.50 USDT`.
#[must_use]
pub fn usdt(value: f64) -> String {
    with_unit(number(value, 2), "USDT")
}

/// `+1,234.50 USDT`.
#[must_use]
pub fn signed_usdt(value: f64) -> String {
    with_unit(signed(value, 2), "USDT")
}

/// A fraction as percent: `12.34 %`. Beyond a million percent only that it is beyond.
#[must_use]
pub fn percent(fraction: f64) -> String {
    if fraction.abs() >= PERCENT_MAX {
        return beyond(fraction);
    }
    with_unit(number(fraction * 100.0, percent_decimals(fraction)), "%")
}

/// A fraction as percent with its sign: `+12.34 %`.
#[must_use]
pub fn signed_percent(fraction: f64) -> String {
    if fraction.abs() >= PERCENT_MAX {
        return beyond(fraction);
    }
    with_unit(signed(fraction * 100.0, percent_decimals(fraction)), "%")
}

/// A fraction from which on digits say nothing: a minute's gain, annualised.
const PERCENT_MAX: f64 = 1e4;

fn beyond(fraction: f64) -> String {
    if !fraction.is_finite() {
        NONE.to_owned()
    } else if fraction > 0.0 {
        "> 1,000,000 %".to_owned()
    } else {
        "< -1,000,000 %".to_owned()
    }
}

/// Decimals of large percentages carry nothing.
fn percent_decimals(fraction: f64) -> usize {
    if fraction.abs() < 100.0 { 2 } else { 0 }
}

/// A unit only behind a number.
fn with_unit(text: String, unit: &str) -> String {
    if text == NONE {
        text
    } else {
        format!("{text} {unit}")
    }
}

/// About six significant digits; as many decimals for all prices of one size, so that they line up.
#[must_use]
pub fn price(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1000.0 => 2,
        size if size >= 1.0 => 4,
        size if size >= 0.01 => 6,
        _ => 8,
    };
    number(value, decimals)
}

/// A figure by its own form, or `n/a`.
#[must_use]
pub fn figure(figure: Figure, form: impl Fn(f64) -> String) -> String {
    figure.value().map_or(NONE.to_owned(), form)
}

/// The two largest units of a span in English: `3 d 4 h`, `1 h 23 min`, `45 s`, `250 ms`.
#[must_use]
pub fn span(ms: f64) -> String {
    common::span(ms, Lang::En)
}

/// `2026-01-01 07:55` (UTC).
#[must_use]
pub fn minute(time: Timestamp) -> String {
    time.to_text()
        .chars()
        .take(16)
        .collect::<String>()
        .replace('T', " ")
}

/// `2026-01-01 07:55:20` (UTC).
#[must_use]
pub fn second(time: Timestamp) -> String {
    time.to_text()
        .chars()
        .take(19)
        .collect::<String>()
        .replace('T', " ")
}

/// `1 trade`, `2 trades`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", whole(count), if count == 1 { one } else { many })
}

/// At most so many letters, the last replaced by an ellipsis.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_like_money() {
        for (value, expected) in [
            (1_234_567.891, "1,234,567.89"),
            (-0.001, "0.00"),
            (-999.999, "-1,000.00"),
            (f64::NAN, "n/a"),
            (f64::INFINITY, "n/a"),
        ] {
            assert_eq!(number(value, 2), expected);
        }
        assert_eq!(signed(0.004, 2), "0.00");
        assert_eq!(signed_usdt(12.0), "+12.00 USDT");
        assert_eq!(signed_percent(f64::NAN), "n/a");
        assert_eq!(percent(0.1234), "12.34 %");
        assert_eq!(signed_percent(1e200), "> 1,000,000 %");
        assert_eq!(percent(f64::INFINITY), "n/a");
        assert_eq!(number(1e300, 2), "1.00e300");
        assert_eq!(price(0.000_012_34), "0.00001234");
        assert_eq!(price(64_000.0), "64,000.00");
        assert_eq!(price(12.5), "12.5000");
    }

    #[test]
    fn spans_name_their_two_largest_units() {
        for (ms, expected) in [
            (250.0, "250 ms"),
            (45_000.0, "45 s"),
            (4_980_000.0, "1 h 23 min"),
            (273_600_000.0, "3 d 4 h"),
            (86_400_000.0, "1 d"),
        ] {
            assert_eq!(span(ms), expected);
        }
    }
}
