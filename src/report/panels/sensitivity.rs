//! The objective of a sweep around the configuration that a run was given, one setting at a time.
//!
//! Not here: what it comes to in words (`html::sensitivity`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Bar, Chart, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::origin::{Origin, Swept, Tried};
use crate::report::sweep::figure_text;
use crate::report::words::{Lang, sensitivity as words};

/// Bars that a picture has room for.
const BARS: usize = 30;
/// Letters of a value in front of its bar.
const LETTERS: usize = 34;

pub(super) fn around(run: &RunReport, lang: Lang) -> Option<Chart> {
    let origin = run.record.origin.as_ref()?;
    let all: Vec<&Swept> = origin.parameters.as_ref()?.iter().collect();
    let all: Vec<&Swept> = all
        .into_iter()
        .filter(|swept| swept.tried.len() > 1)
        .collect();
    let shown = largest(&all);
    if shown.is_empty() {
        return None;
    }
    let (unit, scale) = unit(&origin.objective);
    let mut names = Vec::new();
    let mut bars = Vec::new();
    for swept in &shown {
        for tried in &swept.tried {
            if let Some(value) = tried.value {
                let label = label(origin, swept, tried, lang);
                bars.push(super::bar(names.len(), value * scale, ink(tried), label));
            } else {
                bars.push(empty(names.len(), tried, lang));
            }
            names.push(name(swept, tried));
        }
    }
    let mut caption = vec![words::SENSITIVITY_CAPTION.say(lang).to_owned()];
    if shown.iter().any(|swept| swept.medians) {
        caption.push(words::SENSITIVITY_MEDIANS.say(lang).to_owned());
    }
    if shown.len() < all.len() {
        let (shown, all) = (format::whole(shown.len()), format::whole(all.len()));
        caption.push(words::SENSITIVITY_CUT.with(lang, &[&shown, &all]));
    }
    Some(super::single(
        "sensitivity",
        (
            words::SENSITIVITY_TITLE.with(lang, &[&origin.objective]),
            caption.join(" "),
        ),
        (
            axis(axis_title(&origin.objective, unit), Scale::Linear, unit),
            axis("", Scale::Names(names), Unit::Count),
        ),
        vec![Mark::Bars {
            name: String::new(),
            bars,
        }],
    ))
}

/// As many settings as there is room for, those with the largest effect, in declared order.
fn largest<'a>(all: &[&'a Swept]) -> Vec<&'a Swept> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|one, other| spread(all[*other]).total_cmp(&spread(all[*one])));
    let mut room = BARS;
    let mut kept: Vec<usize> = Vec::new();
    for place in order {
        let needed = all[place].tried.len();
        if needed > room && !kept.is_empty() {
            break;
        }
        room = room.saturating_sub(needed);
        kept.push(place);
    }
    kept.sort_unstable();
    kept.into_iter().map(|place| all[place]).collect()
}

fn spread(swept: &Swept) -> f64 {
    let values = swept.tried.iter().filter_map(|tried| tried.value);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (high - low).max(0.0)
}

fn name(swept: &Swept, tried: &Tried) -> String {
    let unit = if swept.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", swept.unit)
    };
    // The value must be read, whatever the length of the name.
    let value = format!("{}{unit}", format::cut(&tried.label, LETTERS / 2));
    let room = LETTERS.saturating_sub(value.chars().count() + 3);
    format!("{} = {value}", format::cut(&swept.name, room.max(8)))
}

fn ink(tried: &Tried) -> Ink {
    if tried.best { Ink::Run } else { Ink::Base }
}

fn label(origin: &Origin, swept: &Swept, tried: &Tried, lang: Lang) -> String {
    let value = tried.value.unwrap_or_default();
    let text = figure_text(&origin.objective, value);
    if swept.medians {
        words::SWEPT_N.with(lang, &[&text, &format::whole(tried.trials)])
    } else {
        text
    }
}

/// A place without a figure says why.
fn empty(place: usize, tried: &Tried, lang: Lang) -> Bar {
    let word = if tried.excluded {
        words::SWEPT_EXCLUDED
    } else {
        words::SWEPT_UNDEFINED
    };
    super::bar(place, 0.0, Ink::Muted, word.say(lang).to_owned())
}

/// How an objective is written on an axis, and what it is multiplied with.
fn unit(objective: &str) -> (Unit, f64) {
    match objective {
        "total_return" | "cagr" | "max_drawdown" | "annual_volatility" | "ulcer_index"
        | "win_rate" => (Unit::Percent, 100.0),
        "net_usdt" | "expectancy" => (Unit::Usdt, 1.0),
        "expectancy_r" => (Unit::R, 1.0),
        "avg_hold_ms" => (Unit::Minutes, 1.0 / 60_000.0),
        "trades" | "days" | "ambiguous_bars" => (Unit::Count, 1.0),
        _ => (Unit::Number, 1.0),
    }
}

fn axis_title(objective: &str, unit: Unit) -> String {
    let unit = match unit {
        Unit::Percent => ", %",
        Unit::Usdt => ", USDT",
        Unit::R => ", R",
        Unit::Number | Unit::Count | Unit::Seconds | Unit::Minutes | Unit::Price => "",
    };
    format!("{objective}{unit}")
}
