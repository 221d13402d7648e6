//! Bars, standing or lying, and the texts at their ends.
//!
//! Not here: other marks (`marks`).

use crate::report::chart::Ink;
use crate::report::chart::picture::layout::{Frame, Region, slot};
use crate::report::chart::picture::shape::{Anchor, Label, Shape, pixel, width};
use crate::report::chart::spec::{Bar, Chart, Scale};

/// A bar is not thicker, in drawn pixels: three of them in a wide picture are still bars.
const THICK: i32 = 120;

/// Bars with their labels; where the labels do not all fit, none is written.
pub(super) fn shapes(chart: &Chart, frame: &Frame<'_>, bars: &[Bar]) -> Vec<Shape> {
    let place = place(chart, frame, bars);
    let thick = if place > 8 {
        (place * 3 / 4).min(THICK)
    } else {
        place.max(1)
    };
    let size = frame.size;
    let labels = bars.iter().filter(|bar| !bar.label.is_empty());
    let widest = labels.map(|bar| width(&bar.label, size)).max().unwrap_or(0);
    let fits = if frame.lying {
        place >= size
    } else {
        widest <= place + size / 3
    };
    let mut made = Vec::new();
    for bar in bars {
        made.push(body(frame, bar, thick));
        if fits && !bar.label.is_empty() {
            made.push(Shape::Label(label(frame, bar)));
        }
    }
    made
}

/// Length of the place of one bar along its axis.
fn place(chart: &Chart, frame: &Frame<'_>, bars: &[Bar]) -> i32 {
    let Region {
        left,
        right,
        top,
        bottom,
    } = frame.region;
    let (scale, length) = if frame.lying {
        (&frame.panel.y.scale, bottom - top)
    } else {
        (&chart.x.scale, right - left)
    };
    if let Scale::Names(names) = scale {
        return slot(length, names.len());
    }
    let mut at: Vec<f64> = bars.iter().map(|bar| bar.at).collect();
    at.sort_by(f64::total_cmp);
    let gaps = at
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|gap| *gap > 0.0);
    let gap = gaps.fold(f64::INFINITY, f64::min);
    if !gap.is_finite() {
        return THICK;
    }
    let ruler = frame.x;
    pixel(f64::from(length) * gap / (ruler.high - ruler.low)).max(1)
}

fn body(frame: &Frame<'_>, bar: &Bar, thick: i32) -> Shape {
    let half = thick / 2;
    let tint = bar.ink.at(if bar.ink == Ink::Base { 0.7 } else { 0.85 });
    if frame.lying {
        let (from, to) = (frame.across(bar.from), frame.across(bar.to));
        let y = frame.up(bar.at);
        return Shape::Box(
            (from.min(to), y - half),
            (from.max(to).max(from.min(to) + 2), y - half + thick),
            tint,
        );
    }
    let (from, to) = (frame.up(bar.from), frame.up(bar.to));
    let x = frame.across(bar.at);
    Shape::Box(
        (x - half, from.min(to)),
        (x - half + thick, from.max(to).max(from.min(to) + 2)),
        tint,
    )
}

fn label(frame: &Frame<'_>, bar: &Bar) -> Label {
    let size = frame.size;
    let grows = bar.to >= bar.from;
    let (at, anchor) = if frame.lying {
        let (end, gap) = (frame.across(bar.to), size / 3);
        let wide = width(&bar.label, size * 9 / 10) + gap;
        // A text that finds no room beyond the end stands inside.
        let (x, anchor) = match grows {
            true if end + wide > frame.region.right + size => (end - gap, Anchor::Right),
            true => (end + gap, Anchor::Left),
            false if end - wide < frame.region.left => (end + gap, Anchor::Left),
            false => (end - gap, Anchor::Right),
        };
        ((x, frame.up(bar.at)), anchor)
    } else {
        let gap = if grows { -size * 2 / 3 } else { size * 2 / 3 };
        (
            (frame.across(bar.at), frame.up(bar.to) + gap),
            Anchor::Middle,
        )
    };
    Label {
        at,
        text: bar.label.clone(),
        size: size * 9 / 10,
        ink: Ink::Text,
        anchor,
    }
}
