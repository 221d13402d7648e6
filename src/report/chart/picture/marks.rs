//! Marks of a panel as shapes: lines, bands, dots, tinted stretches; bars, tables and rules are beside.
//!
//! Not here: where values stand (`layout::Frame`).

mod bars;
mod cells;
mod rules;

use std::collections::BTreeSet;

use super::layout::Frame;
use super::legend::TINTED;
use super::shape::{Place, Shape};
use crate::report::chart::spec::{Chart, Dot, Line, Mark};
use crate::report::chart::{Ink, thin};

/// More points of a line than this no picture can show.
const POINTS: usize = 1_500;

/// All marks of a panel, back to front; tinted stretches lie behind everything.
#[must_use]
pub fn shapes(chart: &Chart, frame: &Frame<'_>) -> Vec<Shape> {
    let mut made = Vec::new();
    for mark in &frame.panel.marks {
        if let Mark::Stretch { ink, spans, .. } = mark {
            made.extend(spans.iter().map(|span| stretch(frame, *ink, *span)));
        }
    }
    let mut rules = rules::Rules::default();
    for mark in &frame.panel.marks {
        match mark {
            Mark::Line(line) => made.extend(stroke(frame, line)),
            Mark::Band { ink, points, .. } => made.extend(band(frame, *ink, points)),
            Mark::Dots {
                ink, dots: found, ..
            } => made.push(dots(frame, *ink, found)),
            Mark::Bars { bars, .. } => made.extend(bars::shapes(chart, frame, bars)),
            Mark::Cells { cells, .. } => made.extend(cells::shapes(chart, frame, cells)),
            Mark::Rule { .. } => made.extend(rules.shapes(frame, mark)),
            Mark::Stretch { .. } => {}
        }
    }
    made
}

fn stretch(frame: &Frame<'_>, ink: Ink, (from, to): (f64, f64)) -> Shape {
    let (left, right) = (frame.across(from), frame.across(to));
    let corners = (
        (left, frame.region.top),
        (right.max(left + 2), frame.region.bottom),
    );
    Shape::Box(corners.0, corners.1, ink.at(TINTED))
}

/// Lines that the eye should follow first are thicker.
const fn weight(ink: Ink) -> i32 {
    match ink {
        Ink::Run | Ink::Loss | Ink::Gain | Ink::Text => 3,
        Ink::Muted | Ink::Grid | Ink::Base | Ink::FirstHold | Ink::SecondHold => 2,
    }
}

fn stroke(frame: &Frame<'_>, line: &Line) -> Vec<Shape> {
    let points = thin::line(&line.points, POINTS);
    let path = straightened(points.into_iter().map(|point| frame.at(point)));
    let (Some(first), Some(last)) = (path.first().copied(), path.last().copied()) else {
        return Vec::new();
    };
    let mut made = Vec::new();
    if let Some(floor) = line.fill_to {
        let y = frame.up(floor);
        let mut area = path.clone();
        area.extend([(last.0, y), (first.0, y)]);
        made.push(Shape::Area(area, line.ink.at(TINTED)));
    }
    let tint = line.ink.into();
    if path.len() == 1 {
        made.push(Shape::Dots {
            at: path,
            radius: 6,
            tint,
        });
    } else {
        made.push(Shape::Path {
            points: path,
            tint,
            width: weight(line.ink),
            dashed: line.dashed,
        });
    }
    made
}

fn band(frame: &Frame<'_>, ink: Ink, points: &[(f64, f64, f64)]) -> Option<Shape> {
    let points = thin::band(points, POINTS / 2);
    let lower = points.iter().map(|point| frame.at((point.0, point.1)));
    let upper = points
        .iter()
        .rev()
        .map(|point| frame.at((point.0, point.2)));
    let area: Vec<Place> = straightened(lower)
        .into_iter()
        .chain(straightened(upper))
        .collect();
    (area.len() > 2).then(|| Shape::Area(area, ink.at(TINTED)))
}

/// Dots; what would cover another wholly is drawn once, and many are small and let each other through.
fn dots(frame: &Frame<'_>, ink: Ink, dots: &[Dot]) -> Shape {
    let (radius, cover, grain) = match dots.len() {
        0..=300 => (6, 0.85, 1),
        301..=2_000 => (4, 0.7, 1),
        _ => (3, 0.55, 2),
    };
    let round = |at: i32| at / grain * grain;
    let places: BTreeSet<Place> = dots
        .iter()
        .map(|dot| frame.at((dot.x, dot.y)))
        .map(|(x, y)| (round(x), round(y)))
        .collect();
    Shape::Dots {
        at: places.into_iter().collect(),
        radius,
        tint: ink.at(cover),
    }
}

/// The path without points that lie on a level or upright stroke between their neighbours.
fn straightened(points: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut path: Vec<Place> = Vec::new();
    for point in points {
        if path.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = path.as_slice() {
            let is_between = |a: i32, b: i32, c: i32| (a <= b && b <= c) || (a >= b && b >= c);
            let level = before.1 == last.1 && last.1 == point.1;
            let upright = before.0 == last.0 && last.0 == point.0;
            if (level && is_between(before.0, last.0, point.0))
                || (upright && is_between(before.1, last.1, point.1))
            {
                path.pop();
            }
        }
        path.push(point);
    }
    path
}
