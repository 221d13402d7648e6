//! The charts of a run, in the order of the page.
//!
//! Not here: strokes (`chart`), where they stand (`html`), figures (`stats`).
//! Invariant: a chart without anything to show is left out; the page says so in its place.

mod account;
mod attribution;
mod calendar;
mod costs;
mod excursions;
mod exits;
mod gates;
mod held;
mod outcome;
mod sensitivity;
mod signals;

use super::chart::Ink;
use super::chart::spec::{Axis, Bar, Chart, Mark, Panel, Scale, Unit};
use super::input::RunReport;
use super::words::Lang;

/// Names of the charts that a run may have, in the order of the page.
pub const IDS: [&str; 20] = [
    "equity",
    "benchmarks",
    "funnel",
    "score",
    "gap",
    "decay",
    "exits",
    "ladder",
    "results",
    "excursions",
    "symbols",
    "hours",
    "weekdays",
    "costs",
    "days",
    "months",
    "gates",
    "paths",
    "robustness",
    "sensitivity",
];

/// All charts of a run, in the order of [`IDS`].
#[must_use]
pub fn all(run: &RunReport, lang: Lang) -> Vec<Chart> {
    [
        account::account(run, lang),
        held::held(run, lang),
        signals::funnel(run, lang),
        outcome::by_score(run, lang),
        outcome::by_gap(run, lang),
        signals::decay(run, lang),
        exits::reasons(run, lang),
        exits::ladder(run, lang),
        exits::results(run, lang),
        excursions::excursions(run, lang),
        attribution::symbols(run, lang),
        attribution::hours(run, lang),
        attribution::weekdays(run, lang),
        costs::waterfall(run, lang),
        calendar::days(run, lang),
        calendar::months(run, lang),
        gates::timeline(run, lang),
        costs::paths(run, lang),
        costs::multiples(run, lang),
        sensitivity::around(run, lang),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Drawdown alone, for a picture.
#[must_use]
pub fn drawdown(run: &RunReport, lang: Lang) -> Chart {
    account::drawdown(run, lang)
}

fn axis(title: impl Into<String>, scale: Scale, unit: Unit) -> Axis {
    Axis {
        title: title.into(),
        scale,
        unit,
    }
}

/// A chart of one panel.
fn single(
    id: &'static str,
    (title, caption): (String, String),
    (x, y): (Axis, Axis),
    marks: Vec<Mark>,
) -> Chart {
    Chart {
        id,
        title,
        caption,
        x,
        panels: vec![Panel {
            share: 1.0,
            y,
            marks,
        }],
    }
}

/// Green above zero, red below.
fn by_sign(value: f64) -> Ink {
    if value < 0.0 { Ink::Loss } else { Ink::Gain }
}

/// A bar from zero at a place.
#[allow(clippy::cast_precision_loss, reason = "a place in a short list")]
fn bar(place: usize, value: f64, ink: Ink, label: String) -> Bar {
    Bar {
        at: place as f64,
        from: 0.0,
        to: value,
        ink,
        label,
    }
}

fn zero_line() -> Mark {
    Mark::Rule {
        label: String::new(),
        ink: Ink::Base,
        at: 0.0,
        upright: false,
    }
}
