//! All parameters at once: a line for each trial across one axis for each parameter.
//!
//! Not here: the script that dims lines outside of a range (`sweep.js`).

use super::canvas::Canvas;
use crate::domain::random::Random;
use crate::report::chart::shade::share_of;
use crate::report::format;
use crate::report::html::element;
use crate::report::sweep::axis::{Axis, Values};
use crate::report::sweep::effect::shown_range;
use crate::report::sweep::points::Point;
use crate::report::sweep::{SweepReport, figure_short, figure_text};
use crate::stats::figure::count;

/// Lines of the best trials.
const FIRST: usize = 80;
/// Lines of the others, evenly by rank.
const OTHERS: usize = 240;
/// Classes of colours, the last for the best.
const CLASSES: usize = 5;

const TOP: f64 = 52.0;
const BOTTOM: f64 = 330.0;
const BETWEEN: f64 = 118.0;
const LEFT: f64 = 62.0;

/// The section.
#[must_use]
pub fn section(report: &SweepReport) -> String {
    let title = "All parameters at once";
    let rows = chosen_rows(report);
    if rows.is_empty() {
        return element::section(
            "parallel",
            title,
            &element::note("No trial has an objective."),
        );
    }
    let known = report
        .points
        .all()
        .filter(|point| point.value.is_some())
        .count();
    let drawn = if rows.len() < known {
        format!(
            "{} of {} trials: the best {FIRST} and others evenly by rank, the worst among them",
            format::whole(rows.len()),
            format::whole(known)
        )
    } else {
        format::counted(known, "trial", "trials")
    };
    let words = format!(
        "{drawn}. A line is a trial; it crosses each axis at its value, and the last one at its {}. The thick line is the best, green the best tenth, grey the worst. Lines of equal values are spread a little.",
        report.goal.name
    );
    let html = format!(
        "{}<p class=\"note brushes\" hidden>Drag along an axis to keep the trials within; press it to let go. <output></output> <button type=\"button\">all</button></p>\n<div class=\"scroll\">\n{}</div>\n",
        element::note(&words),
        picture(report, &rows)
    );
    element::section("parallel", title, &html)
}

/// A trial that is drawn: its row, and its rank from 0 (worst) to 1 (best).
struct Line {
    row: usize,
    rank: f64,
}

/// Worst first, so that the best lie on top.
fn chosen_rows(report: &SweepReport) -> Vec<Line> {
    let points = &report.points;
    let mut ranked: Vec<(usize, f64)> = (0..points.count())
        .filter_map(|row| Some((row, points.at(row).value?)))
        .collect();
    ranked.sort_by(|one, other| {
        let ascending = one.1.total_cmp(&other.1);
        let worst_first = if report.goal.is_better(1.0, 0.0) {
            ascending
        } else {
            ascending.reverse()
        };
        worst_first.then(other.0.cmp(&one.0))
    });
    let last = ranked.len().saturating_sub(1);
    let rest = ranked.len().saturating_sub(FIRST);
    let every = rest.div_ceil(OTHERS).max(1);
    let places = (0..ranked.len()).filter(|place| *place >= rest || place.is_multiple_of(every));
    places
        .map(|place| Line {
            row: ranked[place].0,
            rank: if last == 0 {
                1.0
            } else {
                count(place) / count(last)
            },
        })
        .collect()
}

fn class(rank: f64) -> usize {
    (0..CLASSES)
        .rev()
        .find(|class| rank * 10.0 >= [0.0, 2.5, 5.0, 7.5, 9.0][*class])
        .unwrap_or(0)
}

fn picture(report: &SweepReport, rows: &[Line]) -> String {
    let axes = report.axes.len() + 1;
    let width = LEFT * 2.0 + BETWEEN * count(axes - 1);
    let mut canvas = Canvas::new(width, BOTTOM + 14.0);
    let values: Vec<f64> = rows
        .iter()
        .filter_map(|line| report.points.at(line.row).value)
        .collect();
    let goal = goal_scale(report, &values);
    let best = report.chosen().map(|row| row.trial);
    canvas.raw("<g class=\"lines\">\n");
    let mut best_line = None;
    for line in rows {
        let point = report.points.at(line.row);
        let path = path(report, point, goal);
        let words = format!(
            "trial {}: {} {}",
            point.trial,
            report.goal.name,
            figure_text(&report.goal.name, point.value.unwrap_or(0.0))
        );
        if Some(u64::from(point.trial)) == best {
            best_line = Some((path, words));
        } else {
            canvas.path(&path, &format!("q{}", class(line.rank)), &words);
        }
    }
    if let Some((path, words)) = best_line {
        canvas.path(&path, "q-best", &words);
    }
    canvas.raw("</g>\n");
    for (place, axis) in report.axes.iter().enumerate() {
        let x = LEFT + BETWEEN * count(place);
        head(&mut canvas, (x, place), &axis.title());
        ticks(&mut canvas, x, axis);
    }
    let x = LEFT + BETWEEN * count(axes - 1);
    head(&mut canvas, (x, axes - 1), &report.goal.name);
    for part in 0..=4 {
        let share = count(part) / 4.0;
        let value = goal.0 + (goal.1 - goal.0) * share;
        tick(
            &mut canvas,
            (x, height(share)),
            &figure_short(&report.goal.name, value),
        );
    }
    canvas.finish(
        "all parameters at once",
        // Few axes are not stretched, many are scrolled.
        &format!(
            " id=\"parallel-chart\" style=\"min-width:{:.0}px;max-width:{:.0}px\"",
            width * 0.85,
            width * 1.25
        ),
    )
}

/// Values at the foot and at the top of the last axis: better is higher.
fn goal_scale(report: &SweepReport, values: &[f64]) -> (f64, f64) {
    shown_range(values, report.goal.wanted).unwrap_or((0.0, 1.0))
}

/// The pixel of a share of an axis.
fn height(share: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * share.clamp(0.0, 1.0)
}

fn path(report: &SweepReport, point: Point<'_>, (worst, best): (f64, f64)) -> Vec<(f64, f64)> {
    let mut spread = Random::new(u64::from(point.trial));
    let mut line: Vec<(f64, f64)> = report
        .axes
        .iter()
        .zip(point.places)
        .enumerate()
        .map(|(place, (axis, own))| {
            let x = LEFT + BETWEEN * count(place);
            (
                x,
                height(axis.share(*own)) + (spread.unit() - 0.5) * room(axis),
            )
        })
        .collect();
    let value = point.value.unwrap_or(worst);
    let share = share_of((worst, best), value);
    line.push((LEFT + BETWEEN * count(report.axes.len()), height(share)));
    line
}

/// How far lines of one value are spread, in pixels: far less than to the next value.
fn room(axis: &Axis) -> f64 {
    match axis.values {
        Values::Real { .. } => 0.0,
        Values::Listed { .. } | Values::Steps { .. } => {
            let places = usize::try_from(axis.places()).unwrap_or(usize::MAX);
            ((BOTTOM - TOP) / count(places.max(1)) * 0.3).min(14.0)
        }
    }
}

fn head(canvas: &mut Canvas, (x, place): (f64, usize), name: &str) {
    let (at, class) = if place == 0 {
        (2.0, "start name")
    } else {
        (x, "middle name")
    };
    // Neighbours stand on two levels, so that names may be longer than the room between axes.
    let y = if place.is_multiple_of(2) { 14.0 } else { 32.0 };
    canvas.words((at, y), class, &format::cut(name, 28));
    canvas.line((x, TOP - 4.0), (x, BOTTOM + 4.0), "axis");
    canvas.raw(&format!(
        "<rect class=\"grab\" data-axis=\"{place}\" x=\"{:.1}\" y=\"{:.1}\" width=\"36\" height=\"{:.1}\"/>\n<rect class=\"kept\" x=\"{:.1}\" y=\"0\" width=\"14\" height=\"0\"/>\n",
        x - 18.0,
        TOP - 10.0,
        BOTTOM - TOP + 20.0,
        x - 7.0
    ));
}

fn tick(canvas: &mut Canvas, (x, y): (f64, f64), words: &str) {
    canvas.line((x - 3.0, y), (x + 3.0, y), "axis");
    canvas.words((x + 6.0, y + 4.0), "start tick", &format::cut(words, 13));
}

fn ticks(canvas: &mut Canvas, x: f64, axis: &Axis) {
    const MOST: u64 = 7;
    let places = axis.places();
    if places <= MOST {
        for place in 0..places {
            let share = axis.share(u32::try_from(place).unwrap_or(u32::MAX));
            tick(canvas, (x, height(share)), &axis.label(place));
        }
        return;
    }
    for part in 0..=4 {
        let place = (places - 1) / 4 * part;
        let place = if part == 4 { places - 1 } else { place };
        let share = axis.share(u32::try_from(place).unwrap_or(u32::MAX));
        tick(canvas, (x, height(share)), &axis.label(place));
    }
}
