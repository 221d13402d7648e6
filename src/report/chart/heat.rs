//! Strokes of a heat map on any plotters backend: where the cells lie, the cells, the chosen point.
//!
//! Not here: words and scale around the cells (`margins`), colours (`shade`), what stands in the cells
//! (`report::sweep::heat`), output forms (`render`).
//! Invariant: a cell without a value looks like none of the scale.

mod margins;

use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoFont, PathElement, RGBColor, Rectangle,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};

use super::Ink;
use super::shade::{shade, share_of};
use crate::report::format::cut;
use crate::report::sweep::heat::{Cell, Heat};

/// A heat map with its words.
pub struct HeatPlot<'a> {
    /// What it shows.
    pub title: String,
    /// What the cells are.
    pub subtitle: String,
    /// Name of the parameter along the bottom, with its unit.
    pub across: String,
    /// Name of the one along the side.
    pub up: String,
    /// Name of what the colours say.
    pub goal: String,
    /// A value as short text.
    pub label: &'a dyn Fn(f64) -> String,
    /// The cells.
    pub heat: &'a Heat,
}

/// Size and colours of one form of output; lengths in pixels.
pub struct HeatLook {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// Height of letters.
    pub font_size: i32,
    /// Whether title, subtitle and footer are drawn into the picture.
    pub titled: bool,
    /// Text at the foot of a titled picture.
    pub footer: String,
    /// How far letters stand above their middle in this form of output.
    pub letter_drop: i32,
    /// Family of letters.
    pub family: &'static str,
    /// Colour of an ink.
    pub color: fn(Ink) -> RGBColor,
}

type Area<'a, DB> = DrawingArea<DB, Shift>;
type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

const WHITE: RGBColor = RGBColor(255, 255, 255);
const BLACK: RGBColor = RGBColor(16, 18, 22);

/// The rectangle of the cells.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

impl Frame {
    /// The left edge of a column (or its right one, as the left of the next).
    fn x(&self, column: usize, columns: usize) -> i32 {
        self.left + part(self.right - self.left, column, columns)
    }

    /// The lower edge of a row.
    fn y(&self, row: usize, rows: usize) -> i32 {
        self.bottom - part(self.bottom - self.top, row, rows)
    }
}

fn part(length: i32, place: usize, parts: usize) -> i32 {
    let share = i64::from(length) * i64::try_from(place).unwrap_or(0);
    i32::try_from(share / i64::try_from(parts.max(1)).unwrap_or(1)).unwrap_or(length)
}

fn letters(text: &str, size: i32) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * size * 11 / 20
}

/// Draws a heat map.
///
/// # Errors
/// What the backend says.
pub fn draw<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
) -> Drawn<DB> {
    let frame = frame(plot, look);
    cells(area, plot, look, &frame)?;
    margins::ticks(area, plot, look, &frame)?;
    margins::scale(area, plot, look, &frame)?;
    margins::key(area, plot, look, &frame)?;
    chosen(area, plot.heat, &frame)?;
    if look.titled {
        margins::titles(area, plot, look)?;
    }
    Ok(())
}

/// Letters of a label along the side.
const SIDE_LETTERS: usize = 14;

fn frame(plot: &HeatPlot<'_>, look: &HeatLook) -> Frame {
    let size = look.font_size;
    let rows = plot.heat.rows.labels.iter();
    let widest = rows
        .map(|text| letters(&cut(text, SIDE_LETTERS), size))
        .max()
        .unwrap_or(0);
    let margin = if look.titled { 2 * size } else { 2 };
    let head = if look.titled { 5 * size + size / 2 } else { 0 };
    let foot = if look.titled { size * 5 / 2 } else { 0 };
    Frame {
        left: margin + widest + size,
        right: look.width - margin - size * 7,
        // Above the cells stands the name of what is along the side.
        top: head + size * 2,
        // Below them labels, the name of what is along the bottom, the key.
        bottom: look.height - foot - size * 11 / 2,
    }
}

fn words<'a>(look: &HeatLook, color: RGBColor, size: i32, place: (HPos, VPos)) -> TextStyle<'a> {
    // plotters counts a font's height with its leading; SVG divides it out again.
    (look.family, f64::from(size) * 1.24)
        .into_font()
        .color(&color)
        .pos(Pos::new(place.0, place.1))
}

fn fill<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    corners: [(i32, i32); 2],
    color: RGBColor,
) -> Drawn<DB> {
    area.draw(&Rectangle::new(corners, color.filled()))
}

/// One cell's corners with a gap to the next, if there is room for one.
fn corners(frame: &Frame, heat: &Heat, (column, row): (usize, usize)) -> [(i32, i32); 2] {
    let (columns, rows) = (heat.columns.count, heat.rows.count);
    let (left, right) = (frame.x(column, columns), frame.x(column + 1, columns));
    let (bottom, top) = (frame.y(row, rows), frame.y(row + 1, rows));
    let gap = i32::from(right - left > 8 && bottom - top > 8);
    [(left, top), (right - gap, bottom - gap)]
}

fn cells<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
    frame: &Frame,
) -> Drawn<DB> {
    let heat = plot.heat;
    let size = look.font_size;
    let has_room = has_room(plot, look, frame);
    for row in 0..heat.rows.count {
        for column in 0..heat.columns.count {
            let corners = corners(frame, heat, (column, row));
            let [(left, top), (right, bottom)] = corners;
            let center = (
                i32::midpoint(left, right),
                i32::midpoint(top, bottom) + look.letter_drop,
            );
            let (text, color) = match heat.at(column, row) {
                Cell::Value(value) => {
                    let share = heat.range.map_or(0.5, |range| share_of(range, value));
                    fill(area, corners, shade(share))?;
                    let color = if share > 0.55 { BLACK } else { WHITE };
                    ((plot.label)(value), color)
                }
                Cell::Null => {
                    fill(area, corners, (look.color)(Ink::Grid))?;
                    ("n/a".to_owned(), (look.color)(Ink::Muted))
                }
                Cell::Infeasible => {
                    excluded(area, corners, (look.color)(Ink::Base))?;
                    continue;
                }
                Cell::Empty => continue,
            };
            if has_room {
                let style = words(look, color, size, (HPos::Center, VPos::Center));
                area.draw(&Text::new(text, center, style))?;
            }
        }
    }
    let line = ShapeStyle::from((look.color)(Ink::Base)).stroke_width(1);
    let (left, right, top, bottom) = (frame.left - 1, frame.right, frame.top - 1, frame.bottom);
    area.draw(&PathElement::new(
        vec![
            (left, top),
            (left, bottom),
            (right, bottom),
            (right, top),
            (left, top),
        ],
        line,
    ))
}

/// Whether the longest number fits its cell: either all cells hold theirs, or none.
fn has_room(plot: &HeatPlot<'_>, look: &HeatLook, frame: &Frame) -> bool {
    let values = plot.heat.cells.iter().filter_map(|cell| match cell {
        Cell::Value(value) => Some(*value),
        Cell::Null | Cell::Infeasible | Cell::Empty => None,
    });
    let longest = values.map(|value| letters(&(plot.label)(value), look.font_size));
    let wide = frame.x(1, plot.heat.columns.count) - frame.left;
    let high = frame.bottom - frame.y(1, plot.heat.rows.count);
    wide > longest.max().unwrap_or(0) + 4 && high > look.font_size * 3 / 2
}

/// The look of an excluded cell: a cross.
fn excluded<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
    color: RGBColor,
) -> Drawn<DB> {
    let thin = ShapeStyle::from(color).stroke_width(1);
    let (right, bottom) = (right - 1, bottom - 1);
    area.draw(&PathElement::new(vec![(left, top), (right, bottom)], thin))?;
    area.draw(&PathElement::new(vec![(left, bottom), (right, top)], thin))
}

/// A frame that shows on every colour: black inside white.
fn outline<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
) -> Drawn<DB> {
    for (width, color) in [(4, WHITE), (2, BLACK)] {
        let sides = [
            [(left, top), (right, top + width)],
            [(left, bottom - width), (right, bottom)],
            [(left, top), (left + width, bottom)],
            [(right - width, top), (right, bottom)],
        ];
        for side in sides {
            fill(area, side, color)?;
        }
    }
    Ok(())
}

fn chosen<DB: DrawingBackend>(area: &Area<'_, DB>, heat: &Heat, frame: &Frame) -> Drawn<DB> {
    match heat.chosen {
        Some(place) => outline(area, corners(frame, heat, place)),
        None => Ok(()),
    }
}
