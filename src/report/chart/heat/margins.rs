//! What stands around the cells of a heat map: ticks, names, the scale of colours, the key, titles.
//!
//! Not here: the cells (`heat`).

use plotters::prelude::{DrawingBackend, Rectangle, Text};
use plotters::style::ShapeStyle;
use plotters::style::text_anchor::{HPos, VPos};

use super::{
    Area, Drawn, Frame, HeatLook, HeatPlot, SIDE_LETTERS, excluded, fill, letters, outline, words,
};
use crate::report::chart::Ink;
use crate::report::chart::shade::shade;
use crate::report::format::cut;
use crate::report::sweep::axis::Bins;
use crate::report::sweep::heat::Cell;
use crate::stats::figure::count;

/// Every so many labels one is shown.
fn every(labels: &[String], room: i32, needed: i32) -> usize {
    let shown = usize::try_from((room / needed.max(1)).max(1)).unwrap_or(1);
    labels.len().div_ceil(shown).max(1)
}

/// Labels of the bins and the names of both parameters.
pub(super) fn ticks<DB: DrawingBackend>(
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
pub(super) fn scale<DB: DrawingBackend>(
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
pub(super) fn key<DB: DrawingBackend>(
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

/// Title, subtitle and footer.
pub(super) fn titles<DB: DrawingBackend>(
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
