//! Strokes of a chart on any plotters backend: frame, grid, labels, lines, dots, legend.
//!
//! Not here: which lines (`chart`), files and colours (`render`). Everything is drawn at twice its size, so that a
//! picture halved afterwards has smooth edges and an SVG has half-pixel steps.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoFont, PathElement, Polygon,
    RGBColor, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, TextStyle};

use super::scale::{self, Point};
use super::{Curve, Ink, Plot};

/// Everything is drawn this many times larger than it is shown.
pub const ZOOM: i32 = 2;

/// Size and colours of one form of output; lengths in pixels as shown.
pub struct Look {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// Height of labels' letters.
    pub font_size: i32,
    /// Width of the run's own line.
    pub stroke: i32,
    /// Labels on the time axis at most.
    pub time_labels: usize,
    /// Labels on the value axis, about.
    pub value_labels: usize,
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

/// The rectangle of the curves and its axes, in drawn pixels.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    time: (i64, i64),
    values: (f64, f64),
}

impl Frame {
    fn x(&self, time: i64) -> i32 {
        self.left + pixel(scale::share(self.time, time) * f64::from(self.right - self.left))
    }

    fn y(&self, value: f64) -> i32 {
        let (low, high) = self.values;
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        self.bottom - pixel(share * f64::from(self.bottom - self.top))
    }

    fn at(&self, point: Point) -> (i32, i32) {
        (self.x(point.time), self.y(point.value))
    }
}

/// The nearest whole pixel.
#[allow(
    clippy::cast_possible_truncation,
    reason = "clamped to a range that fits"
)]
fn pixel(length: f64) -> i32 {
    length.round().clamp(-100_000.0, 100_000.0) as i32
}

/// Draws a chart.
///
/// # Errors
/// What the backend says.
pub fn draw<DB: DrawingBackend>(area: &Area<'_, DB>, plot: &Plot, look: &Look) -> Drawn<DB> {
    let frame = frame(plot, look);
    grid(area, plot, look, &frame)?;
    for curve in &plot.curves {
        line(area, curve, look, &frame, plot.base)?;
    }
    for mark in &plot.marks {
        let style = ShapeStyle::from((look.color)(mark.ink)).filled();
        let radius = if look.width < 600 { 2 } else { 3 };
        area.draw(&Circle::new(frame.at(mark.point), radius * ZOOM, style))?;
    }
    if plot.curves.len() > 1 {
        legend(area, plot, look, &frame)?;
    }
    if look.titled {
        title(area, plot, look, &frame)?;
    }
    Ok(())
}

fn frame(plot: &Plot, look: &Look) -> Frame {
    let points = plot.curves.iter().flat_map(|curve| &curve.points);
    let values = points
        .map(|point| point.value)
        .chain(std::iter::once(plot.base));
    let mut range = scale::range(values);
    if plot.curves.iter().any(|curve| curve.ink == Ink::Loss) {
        // A drawdown has no values above its base; the frame begins there.
        range = (range.0.min(-0.11), plot.base);
    }
    let widest = scale::value_ticks(range, look.value_labels)
        .iter()
        .map(|tick| (plot.label)(*tick).chars().count())
        .max()
        .unwrap_or(0);
    let label_width = i32::try_from(widest).unwrap_or(0) * look.font_size * 11 / 20;
    let (head, foot) = if look.titled {
        (5 * look.font_size, look.font_size * 5 / 2)
    } else {
        (look.font_size, 0)
    };
    let margin = if look.titled { 2 * look.font_size } else { 2 };
    let left = (label_width + look.font_size / 2 + margin) * ZOOM;
    let right = (look.width - margin - look.font_size / 2) * ZOOM;
    let legend = if plot.curves.len() > 1 {
        let places = legend_places(plot, look, (left, right));
        look.font_size * 9 / 5 + places.last().map_or(0, |(_, row)| row * legend_row(look))
    } else {
        0
    };
    Frame {
        left,
        right,
        top: (head + legend) * ZOOM,
        bottom: (look.height - look.font_size * 9 / 4 - foot) * ZOOM,
        time: plot.time,
        values: range,
    }
}

fn words<'a>(look: &Look, ink: Ink, size: i32, place: (HPos, VPos)) -> TextStyle<'a> {
    // plotters counts a font's height with its leading; SVG divides it out again.
    let height = f64::from(size * ZOOM) * 1.24;
    (look.family, height)
        .into_font()
        .color(&(look.color)(ink))
        .pos(Pos::new(place.0, place.1))
}

fn grid<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &Plot,
    look: &Look,
    frame: &Frame,
) -> Drawn<DB> {
    let gap = look.font_size * ZOOM / 2;
    let thin = ShapeStyle::from((look.color)(Ink::Grid)).stroke_width(1);
    let style = words(
        look,
        Ink::Muted,
        look.font_size,
        (HPos::Right, VPos::Center),
    );
    for tick in scale::value_ticks(frame.values, look.value_labels) {
        let y = frame.y(tick);
        area.draw(&PathElement::new(
            vec![(frame.left, y), (frame.right, y)],
            thin,
        ))?;
        area.draw(&Text::new(
            (plot.label)(tick),
            (frame.left - gap, y + look.letter_drop * ZOOM),
            style.clone(),
        ))?;
    }
    let style = words(look, Ink::Muted, look.font_size, (HPos::Center, VPos::Top));
    for tick in scale::time_ticks(plot.time, look.time_labels, plot.lang) {
        let x = frame.x(tick.at);
        area.draw(&PathElement::new(
            vec![(x, frame.bottom), (x, frame.bottom + gap / 2)],
            thin,
        ))?;
        // A label at the edge moves inwards rather than out of the picture.
        let half =
            i32::try_from(tick.text.chars().count()).unwrap_or(0) * look.font_size * ZOOM * 31
                / 100;
        let x = x.min(look.width * ZOOM - half - ZOOM).max(half + ZOOM);
        area.draw(&Text::new(
            tick.text,
            (x, frame.bottom + gap * 8 / 5),
            style.clone(),
        ))?;
    }
    let base = ShapeStyle::from((look.color)(Ink::Base)).stroke_width(2);
    let y = frame.y(plot.base);
    area.draw(&PathElement::new(
        vec![(frame.left, y), (frame.right, y)],
        base,
    ))
}

fn line<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    curve: &Curve,
    look: &Look,
    frame: &Frame,
    base: f64,
) -> Drawn<DB> {
    let path = straightened(curve.points.iter().map(|point| frame.at(*point)));
    let (Some(first), Some(last)) = (path.first().copied(), path.last().copied()) else {
        return Ok(());
    };
    let color = (look.color)(curve.ink);
    if curve.filled {
        let floor = frame.y(base);
        let mut shape = path.clone();
        shape.push((last.0, floor));
        shape.push((first.0, floor));
        area.draw(&Polygon::new(shape, color.mix(0.14).filled()))?;
    }
    let width = if curve.filled {
        look.stroke
    } else {
        look.stroke - 1
    };
    let width = u32::try_from(width.max(1) * ZOOM).unwrap_or(2);
    if path.len() == 1 {
        let style = ShapeStyle::from(color).filled();
        return area.draw(&Circle::new(first, width, style));
    }
    if look.titled {
        // plotters joins thick bitmap strokes with miters that shoot far beyond sharp peaks; single strokes do not.
        for pair in path.windows(2) {
            let style = ShapeStyle::from(color).stroke_width(width);
            area.draw(&PathElement::new(pair.to_vec(), style))?;
        }
        return Ok(());
    }
    area.draw(&PathElement::new(
        path,
        ShapeStyle::from(color).stroke_width(width),
    ))
}

/// The path without points that lie on a level or upright stroke between their neighbours.
fn straightened(points: impl Iterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let mut path: Vec<(i32, i32)> = Vec::new();
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

fn legend<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &Plot,
    look: &Look,
    frame: &Frame,
) -> Drawn<DB> {
    let style = words(look, Ink::Muted, look.font_size, (HPos::Left, VPos::Center));
    let places = legend_places(plot, look, (frame.left, frame.right));
    let last = places.last().map_or(0, |(_, row)| *row);
    for (curve, (x, row)) in plot.curves.iter().rev().zip(places) {
        let above = look.font_size + (last - row) * legend_row(look);
        let y = frame.top - above * ZOOM;
        let color = ShapeStyle::from((look.color)(curve.ink)).filled();
        let side = look.font_size * ZOOM;
        area.draw(&Rectangle::new(
            [(x, y - ZOOM), (x + side, y + ZOOM)],
            color,
        ))?;
        area.draw(&Text::new(
            curve.name.clone(),
            (x + side * 4 / 3, y + look.letter_drop * ZOOM),
            style.clone(),
        ))?;
    }
    Ok(())
}

/// Height of a row of the legend.
const fn legend_row(look: &Look) -> i32 {
    look.font_size * 3 / 2
}

/// Left end and row of each entry of the legend: one that would leave the picture begins a new row.
fn legend_places(plot: &Plot, look: &Look, (left, right): (i32, i32)) -> Vec<(i32, i32)> {
    let side = look.font_size * ZOOM;
    let (mut x, mut row) = (left, 0);
    let mut places = Vec::new();
    for curve in plot.curves.iter().rev() {
        let letters = i32::try_from(curve.name.chars().count()).unwrap_or(0);
        let words = side * 4 / 3 + letters * side * 11 / 20;
        if x > left && x + words > right {
            (x, row) = (left, row + 1);
        }
        places.push((x, row));
        x += words + side;
    }
    places
}

fn title<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    plot: &Plot,
    look: &Look,
    frame: &Frame,
) -> Drawn<DB> {
    let size = look.font_size;
    let large = words(look, Ink::Text, size * 3 / 2, (HPos::Left, VPos::Top));
    let small = words(look, Ink::Muted, size, (HPos::Left, VPos::Top));
    let left = 2 * size * ZOOM;
    area.draw(&Text::new(plot.title.clone(), (left, size * ZOOM), large))?;
    area.draw(&Text::new(
        plot.subtitle.clone(),
        (left, size * ZOOM * 31 / 10),
        small.clone(),
    ))?;
    let foot = frame.bottom + size * ZOOM * 29 / 10;
    area.draw(&Text::new(look.footer.clone(), (left, foot), small))
}
