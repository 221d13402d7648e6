//! Shapes on a plotters backend: into an SVG with the page's letters, into a bitmap with the program's own.
//!
//! Not here: where shapes stand (`layout`), colours as classes (`compact`), letters of bitmaps (`glyphs`).
//! Invariant: the same shapes make the same bytes on every machine: no font of the system takes part.

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, Circle, DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoDrawingArea,
    IntoFont, PathElement, Polygon, RGBColor, Rectangle, Text, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle};

use super::compact::named;
use super::glyphs::Letters;
use super::shape::{Anchor, Place, Shape, Tint, ZOOM};
use super::side;
use crate::report::chart::Ink;
use crate::report::chart::render::{ChartError, paper_color};
use crate::report::html::escape;
use crate::stats::figure::count;

pub(super) type Area<'a, DB> = DrawingArea<DB, Shift>;
pub(super) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Why there is no bitmap.
pub enum Failure {
    /// The font is broken.
    Font,
    /// A stroke was refused.
    Draw(String),
    /// It could not be packed.
    Encode(png::EncodingError),
}

impl Failure {
    /// The error of a chart.
    #[must_use]
    pub fn of(self, title: &str) -> ChartError {
        match self {
            Self::Font => ChartError::Font,
            Self::Draw(cause) => ChartError::Draw {
                title: title.to_owned(),
                cause,
            },
            Self::Encode(cause) => ChartError::Encode(cause),
        }
    }
}

/// What the pictures say made them.
pub const SOFTWARE: &str = "confluence";

/// Paints into an SVG: colours that name inks, letters of the page.
pub(super) fn svg<DB: DrawingBackend>(area: &Area<'_, DB>, shapes: &[Shape]) -> Drawn<DB> {
    for shape in shapes {
        match shape {
            Shape::Label(label) => {
                let anchor = match label.anchor {
                    Anchor::Left => HPos::Left,
                    Anchor::Middle => HPos::Center,
                    Anchor::Right => HPos::Right,
                };
                // plotters counts a font's height with its leading and divides it out again.
                let style = ("sans-serif", f64::from(label.size) * 1.24).into_font();
                let style = style
                    .color(&named(label.ink, false))
                    .pos(Pos::new(anchor, VPos::Center));
                area.draw(&Text::new(escape::harmless(&label.text), label.at, style))?;
            }
            Shape::Path {
                points,
                tint,
                width,
                dashed,
            } => {
                let color = named(tint.ink, *dashed).mix(tint.cover);
                let style = ShapeStyle::from(color).stroke_width(side(*width));
                area.draw(&PathElement::new(points.clone(), style))?;
            }
            Shape::Box(..) | Shape::Area(..) | Shape::Dots { .. } => {
                filled(area, shape, |ink| named(ink, false))?
            }
        }
    }
    Ok(())
}

/// Paints what both forms paint alike.
fn filled<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    shape: &Shape,
    color: impl Fn(Ink) -> RGBColor,
) -> Drawn<DB> {
    let style = |tint: &Tint| ShapeStyle::from(color(tint.ink).mix(tint.cover)).filled();
    match shape {
        Shape::Box(from, to, tint) => area.draw(&Rectangle::new([*from, *to], style(tint))),
        Shape::Area(points, tint) => area.draw(&Polygon::new(points.clone(), style(tint))),
        Shape::Dots { at, radius, tint } => {
            for place in at {
                area.draw(&Circle::new(*place, *radius, style(tint)))?;
            }
            Ok(())
        }
        Shape::Path { .. } | Shape::Label(_) => Ok(()),
    }
}

/// A bitmap of shapes, packed; lengths as shown.
pub(in crate::report::chart) fn png(
    shapes: &[Shape],
    (width, height): (i32, i32),
) -> Result<Vec<u8>, Failure> {
    let mut letters = Letters::new().map_err(|()| Failure::Font)?;
    let (wide, high) = (side(width * ZOOM), side(height * ZOOM));
    let bytes = usize::try_from(wide * high * 3).unwrap_or(0);
    let mut pixels = vec![255_u8; bytes];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (wide, high)).into_drawing_area();
        bitmap(&area, shapes, &mut letters).map_err(|error| Failure::Draw(error.to_string()))?;
        area.present()
            .map_err(|error| Failure::Draw(error.to_string()))?;
    }
    let small = halved(&pixels, usize::try_from(wide).unwrap_or(1));
    packed(&small, (side(width), side(height))).map_err(Failure::Encode)
}

fn bitmap<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    shapes: &[Shape],
    letters: &mut Letters,
) -> Drawn<DB> {
    for shape in shapes {
        match shape {
            Shape::Label(label) => letters.draw(area, label, paper_color(label.ink))?,
            Shape::Path {
                points,
                tint,
                width,
                dashed,
            } => {
                let style = ShapeStyle::from(over_white(*tint)).stroke_width(side(*width));
                let pieces = if *dashed {
                    dashes(points)
                } else {
                    vec![points.clone()]
                };
                // plotters joins thick strokes of bitmaps with miters that shoot far beyond sharp peaks; single
                // strokes do not.
                for pair in pieces.iter().flat_map(|piece| piece.windows(2)) {
                    area.draw(&PathElement::new(pair.to_vec(), style))?;
                }
            }
            Shape::Box(..) | Shape::Area(..) | Shape::Dots { .. } => {
                filled(area, shape, paper_color)?
            }
        }
    }
    Ok(())
}

/// A thinned ink as one colour.
fn over_white(tint: Tint) -> RGBColor {
    let ink = paper_color(tint.ink);
    if tint.cover >= 1.0 {
        ink
    } else {
        mixed(ink, WHITE, tint.cover)
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of two bytes is a byte"
)]
fn mixed(one: RGBColor, other: RGBColor, share: f64) -> RGBColor {
    let mean = |one: u8, other: u8| {
        (f64::from(one) * share + f64::from(other) * (1.0 - share)).round() as u8
    };
    RGBColor(
        mean(one.0, other.0),
        mean(one.1, other.1),
        mean(one.2, other.2),
    )
}

/// Length of a dash and of the gap after it.
const DASH: (f64, f64) = (12.0, 8.0);

/// A path cut into dashes.
fn dashes(points: &[Place]) -> Vec<Vec<Place>> {
    let mut made = Vec::new();
    let mut walked = 0.0;
    let whole = DASH.0 + DASH.1;
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        let at = |walk: f64| {
            let share = if length > 0.0 { walk / length } else { 0.0 };
            (
                from.0 + super::shape::pixel(dx * share),
                from.1 + super::shape::pixel(dy * share),
            )
        };
        // Dashes go on around corners: the first may have begun before.
        let mut dash = (walked / whole).floor();
        while dash * whole < walked + length {
            let start = (dash * whole - walked).max(0.0);
            let end = (dash * whole + DASH.0 - walked).min(length);
            if end > start {
                made.push(vec![at(start), at(end)]);
            }
            dash += count(1);
        }
        walked += length;
    }
    made
}

/// Every 2 × 2 pixels become one, their mean; three bytes a pixel.
fn halved(pixels: &[u8], width: usize) -> Vec<u8> {
    let stride = width * 3;
    let mut small = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(stride * 2) {
        let (upper, lower) = rows.split_at(stride);
        for (above, below) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let sum = u16::from(above[channel])
                    + u16::from(above[channel + 3])
                    + u16::from(below[channel])
                    + u16::from(below[channel + 3]);
                small.push(u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX));
            }
        }
    }
    small
}

fn packed(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::FilterType::Up);
    encoder.add_text_chunk("Software".to_owned(), SOFTWARE.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
