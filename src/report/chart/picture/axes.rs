//! Grids and what stands beside the axes: marks with their texts, names.
//!
//! Not here: which values have marks (`ruler`), headers of panels (`legend`).

use super::layout::{Foot, Frame, Region, slot};
use super::shape::{Anchor, Label, Place, Shape, fitted, middle_of, pixel, width, wrapped};
use crate::report::chart::Ink;
use crate::report::chart::ruler::{Ruler, unit};
use crate::report::chart::spec::{Chart, Mark, Scale};
use crate::stats::figure::count;

/// Lines of one label below the frames at most.
const LINES: usize = 3;

/// The axis below: which texts, and how high they stand.
#[must_use]
pub fn foot(chart: &Chart, x: &Ruler, inner: Region, size: i32) -> Foot {
    let room = inner.right - inner.left;
    let ticks = match &chart.x.scale {
        Scale::Names(names) => named(names, room, size),
        Scale::Time | Scale::Linear | Scale::Log => {
            let letters = if chart.x.scale == Scale::Time { 7 } else { 5 };
            let wanted = usize::try_from(room / (size * letters))
                .unwrap_or(1)
                .clamp(2, 12);
            let ticks = x.ticks(&chart.x, wanted);
            ticks
                .into_iter()
                .map(|tick| (tick.at, vec![tick.text]))
                .collect()
        }
    };
    let lines = ticks
        .iter()
        .map(|tick: &(f64, Vec<String>)| tick.1.len())
        .max()
        .unwrap_or(0);
    let mut height = line_of(lines, size) + size * 2 / 3;
    if !unit::title(&chart.x).is_empty() {
        height += line_of(1, size);
    }
    Foot { ticks, height }
}

fn line_of(lines: usize, size: i32) -> i32 {
    i32::try_from(lines).unwrap_or(1) * size * 5 / 4
}

/// Names in one line each where they fit, else in lines, else every so many of them.
fn named(names: &[String], room: i32, size: i32) -> Vec<(f64, Vec<String>)> {
    let place = slot(room, names.len());
    let widest = |part: fn(&str) -> Vec<&str>| {
        let parts = names.iter().flat_map(|name| part(name));
        parts.map(|part| width(part, size)).max().unwrap_or(0)
    };
    let placed = (0..).map(count).zip(names);
    if widest(|name| vec![name]) + size / 2 <= place {
        return placed.map(|(at, name)| (at, vec![name.clone()])).collect();
    }
    if widest(|name| name.split(' ').collect()).min(size * 4) + size / 3 <= place {
        return placed
            .map(|(at, name)| (at, wrapped(name, size, place - size / 3, LINES)))
            .collect();
    }
    let needed = widest(|name| vec![name]).min(size * 8) + size;
    let every = usize::try_from((needed + place - 1) / place.max(1))
        .unwrap_or(1)
        .max(1);
    let kept = placed.step_by(every);
    let wide = place * i32::try_from(every).unwrap_or(1) - size / 2;
    kept.map(|(at, name)| (at, vec![fitted(name, size, wide)]))
        .collect()
}

/// Lines at the marks, behind everything.
#[must_use]
pub fn grid(frame: &Frame<'_>) -> Vec<Shape> {
    if has_cells(frame) || frame.lying {
        return Vec::new();
    }
    let Region { left, right, .. } = frame.region;
    let line = |at: f64| {
        let y = frame.up(at);
        Shape::hair((left, y), (right, y), Ink::Grid)
    };
    frame.ticks.iter().map(|tick| line(tick.at)).collect()
}

fn has_cells(frame: &Frame<'_>) -> bool {
    frame
        .panel
        .marks
        .iter()
        .any(|mark| matches!(mark, Mark::Cells { .. }))
}

/// Labels of the vertical axis, the line that values are compared with, and small marks below.
#[must_use]
pub fn lines(frame: &Frame<'_>, foot: &Foot) -> Vec<Shape> {
    let Region {
        left,
        right,
        top,
        bottom,
    } = frame.region;
    let size = frame.size;
    let mut made = Vec::new();
    let every = match &frame.panel.y.scale {
        Scale::Names(names) => {
            names.len()
                / usize::try_from((bottom - top) / (size * 6 / 5).max(1))
                    .unwrap_or(1)
                    .max(1)
                + 1
        }
        Scale::Time | Scale::Linear | Scale::Log => 1,
    };
    for tick in frame.ticks.iter().step_by(every) {
        made.push(Shape::Label(Label {
            at: (left - size / 2, frame.up(tick.at)),
            text: fitted(&tick.text, size, (right - left) / 2 + size),
            size,
            ink: Ink::Muted,
            anchor: Anchor::Right,
        }));
    }
    if has_cells(frame) {
        return made;
    }
    let strong = |from: Place, to: Place| Shape::Path {
        points: vec![from, to],
        tint: Ink::Base.into(),
        width: 2,
        dashed: false,
    };
    if frame.lying {
        if frame.x.holds(0.0) && !frame.x.log {
            made.push(strong(
                (frame.across(0.0), top),
                (frame.across(0.0), bottom),
            ));
        }
        return made;
    }
    let base = if frame.y.holds(0.0) && !frame.y.log {
        frame.up(0.0)
    } else {
        bottom
    };
    made.push(strong((left, base), (right, base)));
    if matches!(frame.panel.y.scale, Scale::Names(_)) {
        return made;
    }
    for (at, _) in &foot.ticks {
        let x = frame.across(*at);
        made.push(Shape::hair((x, bottom), (x, bottom + size / 4), Ink::Base));
    }
    made
}

/// Texts below all panels.
#[must_use]
pub fn texts(chart: &Chart, x: &Ruler, foot: &Foot, inner: Region, size: i32) -> Vec<Shape> {
    let bottom = inner.bottom;
    let top = bottom - foot.height;
    let mut made = Vec::new();
    let mut taken = i32::MIN;
    for (at, lines) in &foot.ticks {
        let share = match &chart.x.scale {
            Scale::Names(names) => middle_of(*at, names.len()),
            Scale::Time | Scale::Linear | Scale::Log => x.share(*at),
        };
        let half = lines
            .iter()
            .map(|line| width(line, size))
            .max()
            .unwrap_or(0)
            / 2;
        let middle = inner.left + pixel(share * f64::from(inner.right - inner.left));
        // A label at the edge moves inwards rather than out of the picture; one that would cover another goes.
        let middle = middle.min(inner.right + size / 2 - half);
        if middle - half < taken {
            continue;
        }
        taken = middle + half + size / 3;
        for (place, line) in lines.iter().enumerate() {
            made.push(Shape::Label(Label {
                at: (middle, top + size + line_of(place, size)),
                text: line.clone(),
                size,
                ink: Ink::Muted,
                anchor: Anchor::Middle,
            }));
        }
    }
    let title = unit::title(&chart.x);
    if !title.is_empty() {
        made.push(Shape::Label(Label {
            at: (
                i32::midpoint(inner.left, inner.right),
                bottom - size * 2 / 3,
            ),
            text: fitted(&title, size, inner.right - inner.left),
            size,
            ink: Ink::Muted,
            anchor: Anchor::Middle,
        }));
    }
    made
}

/// Lines around a middle.
#[must_use]
pub fn lines_of_text(lines: &[String], (x, y): Place, size: i32) -> Vec<Shape> {
    let above = line_of(lines.len().saturating_sub(1), size) / 2;
    let label = |(place, line): (usize, &String)| {
        Shape::Label(Label {
            at: (x, y - above + line_of(place, size)),
            text: line.clone(),
            size,
            ink: Ink::Muted,
            anchor: Anchor::Middle,
        })
    };
    lines.iter().enumerate().map(label).collect()
}
