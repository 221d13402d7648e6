//! Made-up prices as text, written by hand: formatting numbers and packing as small as can be took most of the time.
//!
//! Not here: which files there are (`generate_files`).
//! Invariant: equal content is equal bytes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};

use crate::domain::bar::Bars;
use crate::domain::num::UNIT;

use super::error::MarketError;
use super::tape::FundingRecord;

/// Text up to this many bytes is packed as small as can be: a sample that is kept. More is packed ten times as fast.
const PACKED_BEST_MAX: usize = 4 << 20;

/// Settlements as text with a header.
pub(crate) fn funding_csv(records: &[FundingRecord]) -> String {
    let mut text = String::from("funding_time,funding_rate\n");
    for record in records {
        let time = record.time.millis();
        writeln!(text, "{time},{}", record.rate)
            .expect("invariant: writing to a string cannot fail");
    }
    text
}

/// Bars as text with a header, six columns.
pub(crate) fn bars_csv(bars: &Bars) -> String {
    // Rows of made-up minutes are up to some seventy bytes.
    let mut text = String::with_capacity(bars.len() * 72);
    text.push_str("open_time,open,high,low,close,volume\n");
    for row in 0..bars.len() {
        let bar = bars.get(row);
        push_whole(&mut text, bar.open_time.millis().unsigned_abs());
        for price in [bar.open, bar.high, bar.low, bar.close] {
            text.push(',');
            push_steps(&mut text, price.steps().unsigned_abs());
        }
        text.push(',');
        push_steps(&mut text, bar.volume.steps().unsigned_abs());
        text.push('\n');
    }
    text
}

/// Digits of a whole number; several times as fast as formatting, and a symbol-year has three million.
fn push_whole(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len() - 1;
    loop {
        digits[first] = b'0' + u8::try_from(number % 10).expect("invariant: one digit");
        number /= 10;
        if number == 0 {
            break;
        }
        first -= 1;
    }
    text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
}

/// A count of 1e-8 steps as its shortest decimal, as prices and quantities display themselves.
fn push_steps(text: &mut String, steps: u64) {
    let unit = UNIT.unsigned_abs();
    push_whole(text, steps / unit);
    let (mut rest, mut decimals) = (steps % unit, 8);
    if rest == 0 {
        return;
    }
    while rest % 10 == 0 {
        rest /= 10;
        decimals -= 1;
    }
    text.push('.');
    let written = rest.ilog10() + 1;
    for _ in written..decimals {
        text.push('0');
    }
    push_whole(text, rest);
}

/// Without name and time in the header, so that equal content is equal bytes.
pub(crate) fn gzip(root: &Path, text: &str) -> Result<Vec<u8>, MarketError> {
    let level = if text.len() <= PACKED_BEST_MAX {
        Compression::best()
    } else {
        Compression::fast()
    };
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), level);
    let written = writer
        .write_all(text.as_bytes())
        .and_then(|()| writer.finish());
    written.map_err(|wrong| MarketError::unwritable(root, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::num::Price;

    #[test]
    fn decimals_are_those_that_prices_display() {
        let mut met = 0;
        for digits in [1, 9, 10, 12_340, 99_999_999, 123_456_789, 640_000_000_001] {
            for zeros in 0..8 {
                let steps = digits * 10_i64.pow(zeros);
                let mut text = String::new();
                push_steps(&mut text, steps.unsigned_abs());
                assert_eq!(text, Price::from_steps(steps).unwrap().to_string());
                met += 1;
            }
        }
        let mut zero = String::new();
        push_steps(&mut zero, 0);
        assert_eq!(zero, "0");
        println!("{met} decimals");
    }
}
