//! Strokes of a heat map on any plotters backend: cells, ticks, the scale of colours, the chosen point.
//!
//! Not here: what stands in the cells (`report::sweep::heat`), output forms (`render`).
//! Invariant: a cell without a value looks like none of the scale.

use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoFont, PathElement, RGBColor, Rectangle,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};

use super::Ink;
use crate::report::sweep::axis::Bins;
use crate::report::sweep::heat::{Cell, Heat};
use crate::stats::figure::count;

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
/// From worst to best; each step is lighter than the one before, so it also reads without colours.
const PALETTE: [RGBColor; 6] = [
    RGBColor(38, 34, 92),
    RGBColor(29, 84, 156),
    RGBColor(22, 130, 150),
    RGBColor(66, 172, 118),
    RGBColor(168, 208, 92),
    RGBColor(250, 234, 130),
];

/// The colour of a share: 0 the worst, 1 the best.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the palette"
)]
pub fn shade(share: f64) -> RGBColor {
    let last = PALETTE.len() - 1;
    let share = if share.is_nan() { 0.0 } else { share };
    let place = share.clamp(0.0, 1.0) * count(last);
    let below = (place.floor() as usize).min(last - 1);
    let rest = place - count(below);
    let mixed = |low: u8, high: u8| {
        (f64::from(low) + (f64::from(high) - f64::from(low)) * rest).round() as u8
    };
    let (low, high) = (PALETTE[below], PALETTE[below + 1]);
    RGBColor(
        mixed(low.0, high.0),
        mixed(low.1, high.1),
        mixed(low.2, high.2),
    )
}

/// Where a value lies from the worst (0) to the best (1); the middle where they are one.
#[must_use]
pub fn share_of((worst, best): (f64, f64), value: f64) -> f64 {
    let width = best - worst;
    if width.abs() > 0.0 {
        ((value - worst) / width).clamp(0.0, 1.0)
    } else {
        0.5
    }
}

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

/// At most so many letters, the last replaced by an ellipsis.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
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
    ticks(area, plot, look, &frame)?;
    scale(area, plot, look, &frame)?;
    key(area, plot, look, &frame)?;
    chosen(area, plot.heat, &frame)?;
    if look.titled {
        titles(area, plot, look)?;
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

/// Every so many labels one is shown.
fn every(labels: &[String], room: i32, needed: i32) -> usize {
    let shown = usize::try_from((room / needed.max(1)).max(1)).unwrap_or(1);
    labels.len().div_ceil(shown).max(1)
}

fn ticks<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
    frame: &Frame,
) -> Drawn<DB> {
    let size = look.font_size;
    let heat = plot.heat;
    let muted = (look.color)(Ink::Muted);
    // Twice the number, so that the middle of a bin has one.
    let at = |bins: &Bins, place: usize| {
        if bins.has_edges() {
            2 * place
        } else {
            2 * place + 1
        }
    };
    let style = words(look, muted, size, (HPos::Right, VPos::Center));
    let step = every(&heat.rows.labels, frame.bottom - frame.top, size * 3 / 2);
    for (place, text) in heat.rows.labels.iter().enumerate().step_by(step) {
        let y = frame.y(at(&heat.rows, place), heat.rows.count * 2) + look.letter_drop;
        let text = cut(text, SIDE_LETTERS);
        area.draw(&Text::new(text, (frame.left - size / 2, y), style.clone()))?;
    }
    let style = words(look, muted, size, (HPos::Center, VPos::Top));
    let room = frame.right - frame.left;
    let bins = heat.columns.labels.iter();
    let widest = bins.map(|text| letters(text, size)).max().unwrap_or(0);
    let most = widest.min(size * 7) + size;
    let step = every(&heat.columns.labels, room, most);
    for (place, text) in heat.columns.labels.iter().enumerate().step_by(step) {
        let x = frame.x(at(&heat.columns, place), heat.columns.count * 2);
        let y = frame.bottom + size / 2;
        area.draw(&Text::new(cut(text, 12), (x, y), style.clone()))?;
    }
    let ink = (look.color)(Ink::Text);
    let style = words(look, ink, size, (HPos::Center, VPos::Top));
    let middle = i32::midpoint(frame.left, frame.right);
    let letters_max = usize::try_from(room * 9 / 5 / size.max(1)).unwrap_or(0);
    area.draw(&Text::new(
        cut(&plot.across, letters_max),
        (middle, frame.bottom + size * 19 / 10),
        style,
    ))?;
    let style = words(look, ink, size, (HPos::Left, VPos::Top));
    let margin = if look.titled { 2 * size } else { 2 };
    area.draw(&Text::new(
        cut(&plot.up, letters_max),
        (margin, frame.top - size * 9 / 5),
        style,
    ))
}

/// The scale of colours: a bar with its ends and middle.
fn scale<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
    frame: &Frame,
) -> Drawn<DB> {
    const SHADES: usize = 48;
    let Some((worst, best)) = plot.heat.range else {
        return Ok(());
    };
    let size = look.font_size;
    let (left, right) = (frame.right + size * 3 / 2, frame.right + size * 5 / 2);
    for place in 0..SHADES {
        let share = (count(place) + 0.5) / count(SHADES);
        let corners = [
            (left, frame.y(place + 1, SHADES)),
            (right, frame.y(place, SHADES)),
        ];
        fill(area, corners, shade(share))?;
    }
    let muted = (look.color)(Ink::Muted);
    let marks: &[usize] = if (best - worst).abs() > 0.0 {
        &[0, 1, 2, 3, 4]
    } else {
        &[2]
    };
    for mark in marks {
        let value = worst + (best - worst) * count(*mark) / 4.0;
        let y = frame.y(*mark, 4);
        // The ends stay beside the bar.
        let y = y.clamp(frame.top + size / 2, frame.bottom - size / 2) + look.letter_drop;
        let style = words(look, muted, size, (HPos::Left, VPos::Center));
        let text = (plot.label)(value);
        area.draw(&Text::new(text, (right + size / 2, y), style))?;
    }
    let style = words(
        look,
        (look.color)(Ink::Text),
        size,
        (HPos::Right, VPos::Top),
    );
    let margin = if look.titled { 2 * size } else { 2 };
    area.draw(&Text::new(
        cut(&plot.goal, 20),
        (look.width - margin, frame.top - size * 9 / 5),
        style,
    ))
}

/// What the marks mean, as far as they are in the picture.
fn key<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
    frame: &Frame,
) -> Drawn<DB> {
    let size = look.font_size;
    let has = |wanted: Cell| plot.heat.cells.contains(&wanted);
    let y = frame.bottom + size * 39 / 10;
    let mut x = frame.left;
    let entries = [
        (plot.heat.chosen.is_some(), "the best", Cell::Value(0.0)),
        (has(Cell::Null), "no objective", Cell::Null),
        (has(Cell::Infeasible), "excluded", Cell::Infeasible),
        (has(Cell::Empty), "not tried", Cell::Empty),
    ];
    for (_, text, cell) in entries.iter().filter(|(shown, _, _)| *shown) {
        let corners = [(x, y), (x + size, y + size)];
        match cell {
            Cell::Value(_) => outline(area, corners)?,
            Cell::Null => fill(area, corners, (look.color)(Ink::Grid))?,
            Cell::Infeasible => excluded(area, corners, (look.color)(Ink::Base))?,
            Cell::Empty => {}
        }
        if matches!(cell, Cell::Infeasible | Cell::Empty) {
            let thin = ShapeStyle::from((look.color)(Ink::Base)).stroke_width(1);
            area.draw(&Rectangle::new(corners, thin))?;
        }
        let muted = (look.color)(Ink::Muted);
        let style = words(look, muted, size, (HPos::Left, VPos::Center));
        let place = (x + size * 3 / 2, y + size / 2 + look.letter_drop);
        area.draw(&Text::new((*text).to_owned(), place, style))?;
        x += size * 3 + letters(text, size);
    }
    Ok(())
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

fn titles<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &HeatPlot<'_>,
    look: &HeatLook,
) -> Drawn<DB> {
    let size = look.font_size;
    let left = 2 * size;
    let most = |size: i32| usize::try_from((look.width - left) * 9 / 5 / size).unwrap_or(0);
    let large = words(
        look,
        (look.color)(Ink::Text),
        size * 3 / 2,
        (HPos::Left, VPos::Top),
    );
    let muted = (look.color)(Ink::Muted);
    let small = words(look, muted, size, (HPos::Left, VPos::Top));
    let title = cut(&plot.title, most(size * 3 / 2));
    area.draw(&Text::new(title, (left, size), large))?;
    let subtitle = cut(&plot.subtitle, most(size));
    area.draw(&Text::new(subtitle, (left, size * 31 / 10), small.clone()))?;
    let foot = look.height - size * 2;
    area.draw(&Text::new(look.footer.clone(), (left, foot), small))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_is_lighter() {
        let light = |color: RGBColor| {
            u32::from(color.0) * 299 + u32::from(color.1) * 587 + u32::from(color.2) * 114
        };
        let shades: Vec<u32> = (0..=100)
            .map(|place| light(shade(f64::from(place) / 100.0)))
            .collect();
        assert!(shades.is_sorted_by(|one, other| one < other), "{shades:?}");
        assert!(
            share_of((2.0, -1.0), 2.0).abs() < 1e-12,
            "less may be better"
        );
        assert_eq!(shade(f64::NAN), shade(0.0));
    }
}
