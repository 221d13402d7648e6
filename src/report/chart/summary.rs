//! One picture of a run, fit for a chat message: its figures as tiles, and its curve.
//!
//! Not here: which figures (`report::panels`), how shapes reach a picture (`picture::paint`).

use super::Ink;
use super::picture::layout::{self, Region};
use super::picture::shape::{Anchor, Label, Shape, ZOOM, fitted, width};
use super::picture::{label, paint};
use super::render::ChartError;
use super::spec::Chart;

/// Width of the picture.
pub const WIDTH: i32 = 1200;
/// Height of the picture.
pub const HEIGHT: i32 = 675;
/// Tiles shown at most; the first ones stay.
const TILES: usize = 8;
/// Tiles in a row at most.
const ROW: usize = 4;

/// Whether a figure is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It is.
    Gain,
    /// It is not.
    Loss,
    /// Neither.
    Neutral,
}

/// A figure with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// What it is.
    pub label: String,
    /// The figure with its unit.
    pub value: String,
    /// Its colour.
    pub tone: Tone,
}

/// The picture, 1200 × 675 pixels: title, up to eight tiles, the chart, a footer.
///
/// # Errors
/// When the font inside the program is broken or the picture cannot be packed: neither hangs on the run.
pub fn summary(
    title: &str,
    tiles: &[Tile],
    chart: &Chart,
    footer: &str,
) -> Result<Vec<u8>, ChartError> {
    let size = 17 * ZOOM;
    let (left, right) = (2 * size, WIDTH * ZOOM - 2 * size);
    let bottom = HEIGHT * ZOOM;
    let mut shapes = vec![label(
        title,
        (left, size * 2),
        size * 8 / 5,
        Ink::Text,
        right - left,
    )];
    let top = size * 7 / 2;
    let (drawn, end) = rows(
        tiles,
        Region {
            left,
            right,
            top,
            bottom,
        },
        size,
    );
    shapes.extend(drawn);
    let name = label(
        &chart.title,
        (left, end + size * 3 / 2),
        size,
        Ink::Text,
        right - left,
    );
    shapes.push(name);
    let region = Region {
        left,
        right,
        top: end + size * 5 / 2,
        bottom: bottom - size * 5 / 2,
    };
    shapes.extend(layout::shapes(chart, region, size));
    shapes.push(label(
        footer,
        (left, bottom - size * 5 / 4),
        size * 9 / 10,
        Ink::Muted,
        right - left,
    ));
    paint::png(&shapes, (WIDTH, HEIGHT)).map_err(|cause| cause.of(title))
}

/// Tiles in rows of equal width, and where the last row ends.
fn rows(tiles: &[Tile], region: Region, size: i32) -> (Vec<Shape>, i32) {
    let shown = tiles.get(..TILES).unwrap_or(tiles);
    if shown.is_empty() {
        return (Vec::new(), region.top - size);
    }
    let rows = shown.len().div_ceil(ROW);
    // Two rows of three read better than one of four and one of two.
    let columns = shown.len().div_ceil(rows);
    let gap = size / 2;
    let wide = (region.right - region.left + gap) / i32::try_from(columns).unwrap_or(1) - gap;
    let high = size * 7 / 2;
    let mut made = Vec::new();
    let mut y = region.top;
    for row in shown.chunks(columns) {
        let mut x = region.left;
        for one in row {
            made.extend(tile(one, (x, y), (wide, high), size));
            x += wide + gap;
        }
        y += high + gap;
    }
    (made, y - gap)
}

fn tile(tile: &Tile, (x, y): (i32, i32), (wide, high): (i32, i32), size: i32) -> [Shape; 4] {
    let ink = match tile.tone {
        Tone::Gain => Ink::Gain,
        Tone::Loss => Ink::Loss,
        Tone::Neutral => Ink::Text,
    };
    let edge = if tile.tone == Tone::Neutral {
        Ink::Base
    } else {
        ink
    };
    let room = wide - size * 3 / 2;
    // A long figure is written smaller before it is cut.
    let large = [size * 8 / 5, size * 5 / 4, size]
        .into_iter()
        .find(|size| width(&tile.value, *size) <= room);
    let large = large.unwrap_or(size);
    let text = |text: &str, down: i32, size: i32, ink: Ink| {
        let text = fitted(text, size, room);
        Shape::Label(Label {
            at: (x + 20, y + down),
            text,
            size,
            ink,
            anchor: Anchor::Left,
        })
    };
    [
        Shape::Box((x, y), (x + wide, y + high), Ink::Grid.at(0.4)),
        Shape::Box((x, y), (x + 6, y + high), edge.into()),
        text(&tile.label, size * 5 / 6, size * 9 / 10, Ink::Muted),
        text(&tile.value, size * 49 / 20, large, ink),
    ]
}
