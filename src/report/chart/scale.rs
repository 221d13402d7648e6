//! Axes and thinning: round steps, calendar steps, and long series cut to what a column of pixels can show.
//!
//! Not here: drawing (`draw`). Invariant: thinning keeps the first, lowest, highest and last point of every column.

use crate::domain::time::Timestamp;
use crate::report::words::figures::CALENDAR;
use crate::report::words::{Lang, chart as words};
use crate::stats::figure::{count, millis};

/// A value at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// ms since the epoch.
    pub time: i64,
    /// In the chart's unit.
    pub value: f64,
}

/// A place on an axis and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick<T> {
    /// Where.
    pub at: T,
    /// What it says.
    pub text: String,
}

/// Cuts a series to at most four points per column: first, lowest, highest, last, in order of time.
#[must_use]
pub fn thin(times: &[i64], values: &[f64], columns: usize) -> Vec<Point> {
    let rows = times.len().min(values.len());
    let at = |row: usize| Point {
        time: times[row],
        value: values[row],
    };
    if rows <= columns * 4 {
        return (0..rows).map(at).collect();
    }
    let (start, width) = (times[0], (times[rows - 1] - times[0]).max(1));
    let columns = i64::try_from(columns.max(1)).unwrap_or(i64::MAX);
    let column_of =
        |row: usize| i128::from(times[row] - start) * i128::from(columns) / i128::from(width + 1);
    let mut kept = Vec::new();
    let mut from = 0;
    while from < rows {
        let column = column_of(from);
        let (mut low, mut high, mut to) = (from, from, from);
        while to < rows && column_of(to) == column {
            if values[to] < values[low] {
                low = to;
            }
            if values[to] > values[high] {
                high = to;
            }
            to += 1;
        }
        let mut chosen = [from, low, high, to - 1];
        chosen.sort_unstable();
        for (place, row) in chosen.iter().enumerate() {
            if place == 0 || chosen[place - 1] != *row {
                kept.push(at(*row));
            }
        }
        from = to;
    }
    kept
}

/// Lowest and highest value, widened so that neither touches the frame and so that they differ.
#[must_use]
pub fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let room = ((high - low) * 0.06).max(high.abs().max(1.0) * 0.0005);
    (low - room, high + room)
}

/// Multiples of 1, 2 or 5 times a power of ten inside a range: about `wanted` of them.
#[must_use]
pub fn value_ticks(range: (f64, f64), wanted: usize) -> Vec<f64> {
    let (low, high) = range;
    let rough = (high - low) / count(wanted.max(1));
    if !rough.is_finite() || rough <= 0.0 {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(power * 10.0);
    let mut ticks = Vec::new();
    let mut multiple = (low / step).ceil();
    while multiple * step <= high && ticks.len() < 50 {
        ticks.push(multiple * step);
        multiple += 1.0;
    }
    ticks
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Steps below a month.
const STEPS: [i64; 16] = [
    10_000,
    30_000,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    4 * DAY,
    7 * DAY,
    14 * DAY,
];

/// Round instants of UTC inside a span: at most `most` of them. Days and months name themselves, a new year too.
#[must_use]
pub fn time_ticks(span: (i64, i64), most: usize, lang: Lang) -> Vec<Tick<i64>> {
    let (start, end) = span;
    let most = i64::try_from(most.max(1)).unwrap_or(1);
    let Some(step) = STEPS.iter().find(|step| (end - start) / **step < most) else {
        return month_ticks(span, most, lang);
    };
    let mut ticks = Vec::new();
    let mut at = start.div_euclid(*step) * step;
    let mut named: Option<Timestamp> = None;
    while at <= end {
        if at >= start {
            let time = Timestamp::from_millis(at);
            ticks.push(Tick {
                at,
                text: short_name(time, (*step, named), lang),
            });
            named = Some(time);
        }
        at += step;
    }
    ticks
}

/// `14:30` inside a day, `Jan 2` where a day begins or is first named, `Jan 2 2026` for the first of a year.
fn short_name(time: Timestamp, (step, before): (i64, Option<Timestamp>), lang: Lang) -> String {
    let text = time.to_text();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("").to_owned();
    let month = month_name(&part(5, 7), lang);
    let day = words::C_DAY.with(lang, &[month, part(8, 10).trim_start_matches('0')]);
    let new_year = before.is_none_or(|before| before.to_text().get(..4) != text.get(..4));
    let dated = if new_year {
        words::C_OF_YEAR.with(lang, &[&day, &part(0, 4)])
    } else {
        day
    };
    if step >= DAY {
        return dated;
    }
    let clock = if step < MINUTE {
        part(11, 19)
    } else {
        part(11, 16)
    };
    if before.is_none_or(|before| before.day() != time.day()) {
        format!("{dated} {clock}")
    } else {
        clock
    }
}

fn month_name(number: &str, lang: Lang) -> &'static str {
    number
        .parse::<usize>()
        .ok()
        .and_then(|number| CALENDAR.get(number.wrapping_sub(1)))
        .map_or("", |month| month.say(lang))
}

/// First days of months, every 1, 2, 3, 6, 12 … of them.
fn month_ticks(span: (i64, i64), most: i64, lang: Lang) -> Vec<Tick<i64>> {
    let months = (span.1 - span.0) / (30 * DAY) + 1;
    let every = [1, 2, 3, 6, 12, 24, 60, 120]
        .into_iter()
        .find(|every| months / every < most)
        .unwrap_or(600);
    let mut ticks: Vec<Tick<i64>> = Vec::new();
    let mut day = Timestamp::from_millis(span.0).day_start();
    while day.millis() <= span.1 {
        let text = day.to_text();
        let number = |from: usize, to: usize| -> i64 {
            text.get(from..to)
                .and_then(|part| part.parse().ok())
                .unwrap_or(0)
        };
        let counted = number(0, 4) * 12 + number(5, 7) - 1;
        if number(8, 10) == 1 && counted % every == 0 && day.millis() >= span.0 {
            let name = month_name(text.get(5..7).unwrap_or(""), lang);
            let is_first = ticks.is_empty() || number(5, 7) == 1;
            let text = if is_first {
                words::C_OF_YEAR.with(lang, &[name, &number(0, 4).to_string()])
            } else {
                name.to_owned()
            };
            ticks.push(Tick {
                at: day.millis(),
                text,
            });
        }
        day = day.next_day();
    }
    ticks
}

/// Where an instant lies in a span: 0 at its start and before, 1 at its end and after.
#[must_use]
pub fn share(span: (i64, i64), time: i64) -> f64 {
    (millis(time - span.0) / millis((span.1 - span.0).max(1))).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_every_extreme_and_the_order_of_time() {
        let times: Vec<i64> = (0..100_000).map(|row| row * 60_000).collect();
        let mut values: Vec<f64> = times.iter().map(|time| millis(time % 977)).collect();
        values[70_001] = 5000.0;
        values[12_345] = -5000.0;
        let kept = thin(&times, &values, 200);
        assert!(kept.len() <= 801, "{}", kept.len());
        assert!(kept.is_sorted_by(|left, right| left.time < right.time));
        for (row, value) in [(70_001, 5000.0), (12_345, -5000.0)] {
            let point = Point {
                time: times[row],
                value,
            };
            assert!(kept.contains(&point), "{row}");
        }
        assert_eq!(
            (kept[0].time, kept[kept.len() - 1].time),
            (0, times[99_999])
        );
        assert!(thin(&[], &[], 200).is_empty());
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            value_ticks((9_400.0, 11_100.0), 5),
            [9500.0, 10000.0, 10500.0, 11000.0]
        );
        let year = (1_767_225_600_000, 1_798_761_600_000);
        let texts: Vec<String> = time_ticks(year, 7, Lang::En)
            .into_iter()
            .map(|tick| tick.text)
            .collect();
        assert_eq!(
            texts,
            ["Jan 2026", "Mar", "May", "Jul", "Sep", "Nov", "Jan 2027"]
        );
        let minute = (1_767_254_100_000, 1_767_254_160_000);
        for (lang, text) in [
            (Lang::En, "Jan 1 2026 07:55:00"),
            (Lang::Zh, "2026年1月1日 07:55:00"),
        ] {
            assert_eq!(time_ticks(minute, 4, lang)[0].text, text);
        }
        for wanted in 1..20 {
            assert!(time_ticks((0, 1), wanted, Lang::En).len() <= 2);
        }
    }
}
