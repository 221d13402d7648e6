//! Pictures of a chart: an SVG element whose colours the page's style sheet sets, and a PNG of fixed colours.
//!
//! Not here: where things stand (`picture::layout`), strokes (`picture::paint`), the browser's form (`chart::browser`).

pub mod axes;
pub mod compact;
pub mod glyphs;
pub mod layout;
pub mod legend;
pub mod marks;
pub mod paint;
pub mod shape;

use plotters::prelude::{IntoDrawingArea, SVGBackend};

use self::layout::Region;
use self::shape::{Anchor, Label, Shape, ZOOM, fitted, wrapped};
use super::Ink;
use super::render::ChartError;
use super::spec::Chart;

/// Width of a PNG.
pub const PNG_WIDTH: i32 = 1200;
/// Height of a PNG.
pub const PNG_HEIGHT: i32 = 700;

/// What a backend refused.
pub(super) fn failed(chart: &Chart, cause: impl std::fmt::Display) -> ChartError {
    ChartError::Draw {
        title: chart.title.clone(),
        cause: cause.to_string(),
    }
}

/// The chart as an inline SVG element without its title; `width` below 600 makes it readable on a phone.
///
/// # Errors
/// When the backend refuses a stroke; nothing of a run can cause it.
pub fn svg(chart: &Chart, width: i32, height: i32) -> Result<String, ChartError> {
    let size = if width < 600 { 11 } else { 12 } * ZOOM;
    let region = Region {
        left: 2,
        right: width * ZOOM - 2,
        top: 2,
        bottom: height * ZOOM - 2,
    };
    let shapes = layout::shapes(chart, region, size);
    let whole = (side(width * ZOOM), side(height * ZOOM));
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, whole).into_drawing_area();
        paint::svg(&area, &shapes).map_err(|error| failed(chart, error))?;
        area.present().map_err(|error| failed(chart, error))?;
    }
    let class = if width < 600 { "narrow" } else { "wide" };
    Ok(compact::element(&text, whole, class, &chart.title))
}

/// The chart as a PNG, 1200 × 700 pixels, with title, caption and a footer.
///
/// # Errors
/// When the font inside the program is broken or the picture cannot be packed: neither hangs on the run.
pub fn png(chart: &Chart, footer: &str) -> Result<Vec<u8>, ChartError> {
    let size = 17 * ZOOM;
    let (margin, right) = (2 * size, PNG_WIDTH * ZOOM - 2 * size);
    let mut shapes = vec![label(
        &chart.title,
        (margin, size * 7 / 4),
        size * 3 / 2,
        Ink::Text,
        right - margin,
    )];
    let mut top = size * 3;
    if !chart.is_empty() {
        for line in wrapped(&chart.caption, size, right - margin, 3) {
            shapes.push(label(
                &line,
                (margin, top + size / 2),
                size,
                Ink::Muted,
                right - margin,
            ));
            top += size * 13 / 10;
        }
    }
    let bottom = PNG_HEIGHT * ZOOM;
    shapes.push(label(
        footer,
        (margin, bottom - size * 5 / 4),
        size * 9 / 10,
        Ink::Muted,
        right - margin,
    ));
    let region = Region {
        left: margin,
        right,
        top: top + size / 2,
        bottom: bottom - size * 5 / 2,
    };
    shapes.extend(layout::shapes(chart, region, size));
    paint::png(&shapes, (PNG_WIDTH, PNG_HEIGHT)).map_err(|cause| cause.of(&chart.title))
}

/// All charts as PNGs, in their order, on as many threads as the machine has.
///
/// # Errors
/// As for [`png`]: the first chart that fails.
pub fn pngs(charts: &[&Chart], footer: &str) -> Result<Vec<Vec<u8>>, ChartError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let part = charts.len().div_ceil(threads).max(1);
    let drawn: Vec<Result<Vec<u8>, ChartError>> = std::thread::scope(|scope| {
        let draw = |charts: &[&Chart]| {
            charts
                .iter()
                .map(|chart| png(chart, footer))
                .collect::<Vec<_>>()
        };
        let workers: Vec<_> = charts
            .chunks(part)
            .map(|charts| scope.spawn(move || draw(charts)))
            .collect();
        let results = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|cause| std::panic::resume_unwind(cause))
        });
        results.flatten().collect()
    });
    drawn.into_iter().collect()
}

/// A text at its left end, cut to a width.
pub(in crate::report::chart) fn label(
    text: &str,
    at: (i32, i32),
    size: i32,
    ink: Ink,
    room: i32,
) -> Shape {
    Shape::Label(Label {
        at,
        text: fitted(text, size, room),
        size,
        ink,
        anchor: Anchor::Left,
    })
}

/// A length as backends want it.
pub(super) fn side(length: i32) -> u32 {
    u32::try_from(length).unwrap_or(0)
}
