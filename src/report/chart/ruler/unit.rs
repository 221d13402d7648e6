//! Values of a chart as text, with their unit: `5 %`, `1.5 R`, `2 h`.
//!
//! Not here: tables of the page (`report::format`).

use crate::report::chart::spec::{Axis, Unit};
use crate::report::format;

/// Spans that read well, in minutes.
pub const SPANS: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0, 720.0, 1440.0, 2880.0, 5760.0,
    10_080.0, 20_160.0, 43_200.0, 86_400.0, 172_800.0,
];

/// Decimals that a step between values needs.
#[must_use]
pub fn decimals(step: f64) -> usize {
    let mut decimals = 0;
    let mut scaled = step.abs();
    while decimals < 8 && (scaled - scaled.round()).abs() > 1e-6 * scaled {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

/// A value beside an axis. What all values of an axis share and is long, USDT, stands in its name instead.
#[must_use]
pub fn value(value: f64, unit: Unit, decimals: usize) -> String {
    let number = format::number(value, decimals);
    match unit {
        Unit::Number | Unit::Count | Unit::Usdt | Unit::Price => number,
        Unit::Percent => format!("{number} %"),
        Unit::R => format!("{number} R"),
        Unit::Seconds => span(value / 60.0),
        Unit::Minutes => span(value),
    }
}

/// `30 s`, `5 min`, `2 h`, `1 d`; as many decimals as it needs, two at most.
fn span(minutes: f64) -> String {
    let (size, name) = match minutes.abs() {
        none if none < 1e-9 => return "0".to_owned(),
        size if size < 0.9995 => (1.0 / 60.0, "s"),
        size if size < 59.5 => (1.0, "min"),
        size if size < 1439.5 => (60.0, "h"),
        _ => (1440.0, "d"),
    };
    let text = format::number(minutes / size, 2);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} {name}")
}

/// The name of an axis with the unit that its marks do not carry.
#[must_use]
pub fn title(axis: &Axis) -> String {
    match axis.unit {
        // A title may name it already.
        Unit::Usdt | Unit::Price if !axis.title.contains("USDT") => {
            if axis.title.is_empty() {
                "USDT".to_owned()
            } else {
                format!("{}, USDT", axis.title)
            }
        }
        Unit::Number
        | Unit::Count
        | Unit::Usdt
        | Unit::Price
        | Unit::Percent
        | Unit::R
        | Unit::Seconds
        | Unit::Minutes => axis.title.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_get_the_decimals_they_need() {
        let steps = [
            (1.0, 0),
            (0.5, 1),
            (0.25, 2),
            (20.0, 0),
            (0.001, 3),
            (1e-12, 8),
            (0.1 + 0.2, 1),
        ];
        for (step, wanted) in steps {
            assert_eq!(decimals(step), wanted, "{step}");
        }
        assert_eq!(value(90.0, Unit::Seconds, 0), "1.5 min");
    }
}
