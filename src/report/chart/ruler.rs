//! An axis measured: from which value to which it goes, where its marks stand and what they say.
//!
//! Not here: pixels (`picture`), the texts of units (`ruler::unit`), the values themselves (`ruler::extent`).
//! Invariant: every value of a chart has a finite place between 0 and 1.

pub mod extent;
pub mod unit;

use super::scale::{time_ticks, value_ticks};
use super::spec::{Axis, Scale, Unit};
use crate::domain::time::Timestamp;
use crate::report::words::Lang;
use crate::stats::figure::{count, millis};

/// A mark beside an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// At which value.
    pub at: f64,
    /// What it says.
    pub text: String,
}

/// An axis with its ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruler {
    /// The value at its beginning.
    pub low: f64,
    /// The value at its end; above `low`.
    pub high: f64,
    /// Whether values lie by their logarithm.
    pub log: bool,
}

impl Ruler {
    /// Where a value lies: 0 at the beginning, 1 at the end; what is outside lies at the nearer end.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        let form = |value: f64| {
            if self.log {
                value.max(1e-300).log10()
            } else {
                value
            }
        };
        let (low, high) = (form(self.low), form(self.high));
        let share = (form(value) - low) / (high - low);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Whether a value is not outside.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// Marks of an axis, about `wanted` of them; names all have one.
    #[must_use]
    pub fn ticks(&self, axis: &Axis, wanted: usize) -> Vec<Tick> {
        match &axis.scale {
            Scale::Names(names) => (0..)
                .map(count)
                .zip(names.iter().cloned())
                .map(|(at, text)| Tick { at, text })
                .collect(),
            Scale::Time => self.time_ticks(wanted),
            Scale::Log => self.log_ticks(axis.unit, wanted),
            Scale::Linear => {
                let at = if matches!(axis.unit, Unit::Minutes | Unit::Seconds) {
                    span_ticks((self.low, self.high), axis.unit, wanted)
                } else {
                    even_ticks((self.low, self.high), axis.unit == Unit::Count, wanted)
                };
                labelled(&at, axis.unit)
            }
        }
    }

    fn time_ticks(&self, wanted: usize) -> Vec<Tick> {
        // Their places alone: what they say is the same in all languages.
        let ticks = time_ticks((instant(self.low), instant(self.high)), wanted, Lang::En);
        let step = ticks.windows(2).map(|pair| pair[1].at - pair[0].at).min();
        let mut named: Option<Timestamp> = None;
        let mut made = Vec::new();
        for tick in ticks {
            let time = Timestamp::from_millis(tick.at);
            let text = time_text(time, step.unwrap_or(0), named);
            named = Some(time);
            made.push(Tick {
                at: millis(tick.at),
                text,
            });
        }
        made
    }

    fn log_ticks(&self, unit: Unit, wanted: usize) -> Vec<Tick> {
        let (low, high) = (self.low.max(1e-300).log10(), self.high.max(1e-300).log10());
        let factors: &[f64] = match high - low {
            width if width < 1.5 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            width if width < 3.0 => &[1.0, 2.0, 5.0],
            width if width < 5.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut at: Vec<f64> = if matches!(unit, Unit::Minutes | Unit::Seconds) && high - low > 1.0
        {
            unit::SPANS
                .iter()
                .map(|minutes| {
                    if unit == Unit::Seconds {
                        minutes * 60.0
                    } else {
                        *minutes
                    }
                })
                .collect()
        } else {
            let mut decade = low.floor();
            let mut at = Vec::new();
            while decade <= high && at.len() < 200 {
                at.extend(factors.iter().map(|factor| factor * 10_f64.powf(decade)));
                decade += 1.0;
            }
            at
        };
        at.retain(|value| self.holds(*value));
        let every = at.len().div_ceil(wanted.max(1)).max(1);
        at.into_iter()
            .step_by(every)
            .map(|at| Tick {
                at,
                text: unit::value(at, unit, unit::decimals(at)),
            })
            .collect()
    }
}

/// Round values; where one or none lies inside, smaller steps are tried: a single mark gives no scale.
fn even_ticks(range: (f64, f64), whole: bool, wanted: usize) -> Vec<f64> {
    let mut ticks = Vec::new();
    for wanted in [wanted, wanted * 2, wanted * 3] {
        ticks = value_ticks(range, wanted);
        ticks.retain(|at| !whole || at.fract().abs() < 1e-9);
        if ticks.len() > 1 {
            break;
        }
    }
    ticks
}

/// Marks with as many decimals as their distance needs.
fn labelled(at: &[f64], unit: Unit) -> Vec<Tick> {
    let step = at
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .fold(f64::MAX, f64::min);
    let step = if step < f64::MAX { step } else { 1.0 };
    let text = |at: f64| unit::value(at, unit, unit::decimals(step));
    at.iter()
        .map(|at| Tick {
            at: *at,
            text: text(*at),
        })
        .collect()
}

/// Steps of spans: round in minutes, hours and days.
fn span_ticks((low, high): (f64, f64), unit: Unit, wanted: usize) -> Vec<f64> {
    let minute = if unit == Unit::Seconds { 60.0 } else { 1.0 };
    let rough = (high - low) / count(wanted.max(1));
    if rough <= minute / 2.0 {
        return value_ticks((low, high), wanted);
    }
    let known = unit::SPANS
        .iter()
        .map(|span| span * minute)
        .find(|span| *span >= rough);
    let day = 1440.0 * minute;
    let step = known.unwrap_or_else(|| (rough / day).ceil() * day);
    let mut at = Vec::new();
    let mut multiple = (low / step).ceil();
    while multiple * step <= high && at.len() < 50 {
        at.push(multiple * step);
        multiple += 1.0;
    }
    at
}

/// A number of milliseconds as an instant.
#[allow(
    clippy::cast_possible_truncation,
    reason = "clamped to four thousand years around the epoch"
)]
#[must_use]
pub fn instant(value: f64) -> i64 {
    value.clamp(-6e13, 6e13) as i64
}

const DAY: i64 = 86_400_000;

/// `2026-01` of months, `2026-01-02` and then `01-03` of days, `01-03 14:30` and then `14:30` inside them: in all
/// languages the same.
fn time_text(time: Timestamp, step: i64, before: Option<Timestamp>) -> String {
    let text = time.to_text();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    if step >= 28 * DAY {
        return part(0, 7).to_owned();
    }
    let is_year_new = before.is_none_or(|before| before.to_text().get(..4) != text.get(..4));
    let day = if is_year_new {
        part(0, 10)
    } else {
        part(5, 10)
    };
    if step >= DAY {
        return day.to_owned();
    }
    let clock = if time.millis() % 60_000 == 0 {
        part(11, 16)
    } else {
        part(11, 19)
    };
    if before.is_none_or(|before| before.day() != time.day()) {
        let day = if before.is_none() {
            part(0, 10)
        } else {
            part(5, 10)
        };
        format!("{day} {clock}")
    } else {
        clock.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (Scale, Unit, (f64, f64), &'static [&'static str]);

    fn texts(scale: Scale, unit: Unit, (low, high): (f64, f64)) -> Vec<String> {
        let log = scale == Scale::Log;
        let axis = Axis {
            title: String::new(),
            scale,
            unit,
        };
        let ruler = Ruler { low, high, log };
        ruler
            .ticks(&axis, 6)
            .into_iter()
            .map(|tick| tick.text)
            .collect()
    }

    #[test]
    fn marks_carry_their_units() {
        let cases: [Case; 6] = [
            (
                Scale::Linear,
                Unit::Percent,
                (-2.1, 1.2),
                &["-2 %", "-1 %", "0 %", "1 %"],
            ),
            (
                Scale::Linear,
                Unit::R,
                (-1.0, 1.1),
                &["-1.0 R", "-0.5 R", "0.0 R", "0.5 R", "1.0 R"],
            ),
            (Scale::Linear, Unit::Count, (0.0, 2.2), &["0", "1", "2"]),
            (
                Scale::Linear,
                Unit::Minutes,
                (0.0, 1440.0),
                &["0", "4 h", "8 h", "12 h", "16 h", "20 h", "1 d"],
            ),
            (
                Scale::Log,
                Unit::Minutes,
                (1.0, 1441.0),
                &["1 min", "5 min", "15 min", "1 h", "4 h", "12 h"],
            ),
            (
                Scale::Time,
                Unit::Number,
                (1_767_225_600_000.0, 1_767_400_000_000.0),
                &["2026-01-01 00:00", "12:00"],
            ),
        ];
        for (scale, unit, range, wanted) in cases {
            let met = texts(scale, unit, range);
            println!("{unit:?}: {met:?}");
            assert_eq!(met[..wanted.len()], *wanted);
        }
    }

    #[test]
    fn every_value_has_a_place() {
        for log in [false, true] {
            let ruler = Ruler {
                low: 1.0,
                high: 10.0,
                log,
            };
            for value in [f64::MIN, -1.0, 0.0, 1.0, 5.0, 10.0, f64::MAX, f64::NAN] {
                assert!((0.0..=1.0).contains(&ruler.share(value)), "{value}");
            }
        }
    }
}
