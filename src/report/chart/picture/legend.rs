//! The header of a panel: the name of its vertical axis and what its colours mean.
//!
//! Not here: the frame below it (`layout`).

use super::layout::{Frame, Region, name};
use super::shape::{Anchor, Label, Shape, Tint, fitted, width};
use crate::report::chart::Ink;
use crate::report::chart::ruler::unit;
use crate::report::chart::spec::{Mark, Panel};

/// How a colour is shown beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    Line,
    Dashes,
    Dot,
    Field,
}

/// A name and its colour.
struct Entry<'a> {
    name: &'a str,
    tint: Tint,
    sample: Sample,
}

/// Strength of tinted stretches and bands.
pub const TINTED: f64 = 0.16;

fn entries(panel: &Panel) -> Vec<Entry<'_>> {
    let mut found: Vec<Entry<'_>> = Vec::new();
    for mark in &panel.marks {
        let (name, tint, sample): (&str, Tint, Sample) = match mark {
            Mark::Line(line) if line.dashed => (&line.name, line.ink.into(), Sample::Dashes),
            Mark::Line(line) => (&line.name, line.ink.into(), Sample::Line),
            Mark::Band { name, ink, .. } | Mark::Stretch { name, ink, .. } => {
                (name, ink.at(TINTED * 2.0), Sample::Field)
            }
            Mark::Dots { name, ink, .. } => (name, (*ink).into(), Sample::Dot),
            Mark::Bars { name, bars } => (
                name,
                bars.first().map_or(Ink::Run, |bar| bar.ink).into(),
                Sample::Field,
            ),
            Mark::Cells { .. } | Mark::Rule { .. } => continue,
        };
        let is_known = |entry: &Entry<'_>| entry.name == name && entry.tint == tint;
        if !name.is_empty() && !found.iter().any(is_known) {
            found.push(Entry { name, tint, sample });
        }
    }
    found
}

const fn row(size: i32) -> i32 {
    size * 3 / 2
}

/// Left end and row of each entry, and how many rows there are.
fn places(panel: &Panel, inner: Region, size: i32) -> (Vec<(i32, i32)>, i32) {
    let title = name(panel, size, inner.right - inner.left);
    let free = if title.is_empty() {
        0
    } else {
        width(&title, size) + size * 3 / 2
    };
    let (mut x, mut line) = (inner.left + free, 0);
    let mut places = Vec::new();
    for entry in entries(panel) {
        let wide = size * 8 / 5 + width(entry.name, size);
        let is_first = x <= inner.left;
        if x + wide > inner.right && !is_first {
            (x, line) = (inner.left, line + 1);
        }
        places.push((x, line));
        x += wide + size * 6 / 5;
    }
    (places, line + 1)
}

/// Height of the header of a panel.
#[must_use]
pub fn height(panel: &Panel, inner: Region, size: i32) -> i32 {
    if entries(panel).is_empty() && unit::title(&panel.y).is_empty() {
        return size / 2;
    }
    places(panel, inner, size).1 * row(size) + size / 3
}

/// The header.
#[must_use]
pub fn header(frame: &Frame<'_>, left: i32) -> Vec<Shape> {
    let (size, inner) = (frame.size, frame.region);
    let y = |line: i32| frame.head + size * 2 / 3 + line * row(size);
    let title = name(frame.panel, size, inner.right - inner.left);
    let mut made = Vec::new();
    if !title.is_empty() {
        let at = (left, y(0));
        made.push(Shape::Label(Label {
            at,
            text: title,
            size,
            ink: Ink::Muted,
            anchor: Anchor::Left,
        }));
    }
    let (places, _) = places(frame.panel, inner, size);
    for (entry, (x, line)) in entries(frame.panel).iter().zip(places) {
        let y = y(line);
        made.push(sample(entry, x, y, size));
        made.push(Shape::Label(Label {
            at: (x + size * 8 / 5, y),
            text: fitted(entry.name, size, inner.right - x - size * 8 / 5),
            size,
            ink: Ink::Muted,
            anchor: Anchor::Left,
        }));
    }
    made
}

fn sample(entry: &Entry<'_>, x: i32, y: i32, size: i32) -> Shape {
    let (tint, end) = (entry.tint, x + size * 5 / 4);
    match entry.sample {
        Sample::Line => Shape::Box((x, y - 2), (end, y + 2), tint),
        Sample::Dashes => Shape::Path {
            points: vec![(x, y), (end, y)],
            tint,
            width: 3,
            dashed: true,
        },
        Sample::Dot => Shape::Dots {
            at: vec![(i32::midpoint(x, end), y)],
            radius: size / 4,
            tint,
        },
        Sample::Field => Shape::Box((x, y - size / 3), (end, y + size / 3), tint),
    }
}
