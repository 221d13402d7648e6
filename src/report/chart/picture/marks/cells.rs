//! Fields of a table: tinted by their value, zero is neutral.
//!
//! Not here: the names beside them (`axes`).

use crate::report::chart::Ink;
use crate::report::chart::picture::layout::{Frame, Region};
use crate::report::chart::picture::shape::{Anchor, Label, Shape, pixel, width};
use crate::report::chart::spec::{Cell, Chart, Scale};
use crate::stats::figure::count;

/// The strongest tint; text stays readable on it.
const STRONGEST: f64 = 0.62;

/// The fields, and their texts where they fit.
pub(super) fn shapes(chart: &Chart, frame: &Frame<'_>, cells: &[Cell]) -> Vec<Shape> {
    let Region {
        left,
        right,
        top,
        bottom,
    } = frame.region;
    let columns = named(&chart.x.scale);
    let rows = named(&frame.panel.y.scale);
    let edge = |from: i32, to: i32, place: usize, places: usize| {
        from + pixel(f64::from(to - from) * count(place) / count(places.max(1)))
    };
    let size = frame.size * 9 / 10;
    let wide = (right - left) / i32::try_from(columns.max(1)).unwrap_or(1);
    let high = (bottom - top) / i32::try_from(rows.max(1)).unwrap_or(1);
    let gap = if wide > 12 && high > 12 { 2 } else { 0 };
    let widest = cells
        .iter()
        .map(|cell| width(&cell.label, size))
        .max()
        .unwrap_or(0);
    let fits = widest + size / 3 <= wide && size <= high;
    let most = cells
        .iter()
        .map(|cell| cell.value.abs())
        .fold(0.0, f64::max);
    let mut made = Vec::new();
    for cell in cells
        .iter()
        .filter(|cell| cell.column < columns && cell.row < rows)
    {
        let from = (
            edge(left, right, cell.column, columns),
            edge(top, bottom, cell.row, rows),
        );
        let to = (
            edge(left, right, cell.column + 1, columns) - gap,
            edge(top, bottom, cell.row + 1, rows) - gap,
        );
        made.push(Shape::Box(from, to, Ink::Grid.at(0.5)));
        let ink = if cell.value < 0.0 {
            Ink::Loss
        } else {
            Ink::Gain
        };
        let cover = if most > 0.0 {
            cell.value.abs() / most * STRONGEST
        } else {
            0.0
        };
        if cover > 0.005 {
            made.push(Shape::Box(from, to, ink.at(cover)));
        }
        if fits && !cell.label.is_empty() {
            let at = (i32::midpoint(from.0, to.0), i32::midpoint(from.1, to.1));
            made.push(Shape::Label(Label {
                at,
                text: cell.label.clone(),
                size,
                ink: Ink::Text,
                anchor: Anchor::Middle,
            }));
        }
    }
    made
}

const fn named(scale: &Scale) -> usize {
    match scale {
        Scale::Names(names) => names.len(),
        Scale::Time | Scale::Linear | Scale::Log => 1,
    }
}
