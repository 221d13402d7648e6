//! Output forms of a chart: an inline SVG whose colours the page's style sheet sets, and a PNG of fixed colours.
//!
//! Not here: what is drawn (`chart`), how (`draw`). Letters of PNGs come from a font inside the program, so the same
//! run gives the same bytes on a machine without fonts.

use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::prelude::{BitMapBackend, IntoDrawingArea, RGBColor, SVGBackend, WHITE};
use plotters::style::{FontStyle, register_font};

use super::Ink;
use super::heat::{self, HeatLook, HeatPlot};
use super::picture::shape::ZOOM;

/// Width of a PNG.
pub const PNG_WIDTH: i32 = 1200;
/// Height of a PNG.
pub const PNG_HEIGHT: i32 = 700;
const FAMILY: &str = "confluence";

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The font inside the program cannot be read.
    #[error(
        "the built-in font cannot be read\nhint: this is an error of the build, please report it"
    )]
    Font,
    /// A stroke could not be drawn.
    #[error("the chart '{title}' cannot be drawn: {cause}")]
    Draw {
        /// The chart.
        title: String,
        /// What the backend says.
        cause: String,
    },
    /// The picture could not be packed.
    #[error("the picture cannot be written as png")]
    Encode(#[from] png::EncodingError),
}

fn undrawn(title: &str, cause: impl std::fmt::Display) -> ChartError {
    ChartError::Draw {
        title: title.to_owned(),
        cause: cause.to_string(),
    }
}

/// Length in drawn pixels.
fn drawn(shown: i32) -> usize {
    usize::try_from(shown * ZOOM).unwrap_or(0)
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, ChartError> {
    let side = |shown: i32| u32::try_from(shown).unwrap_or(0);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side(PNG_WIDTH), side(PNG_HEIGHT));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::FilterType::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Colours on white paper.
pub(in crate::report) fn paper_color(ink: Ink) -> RGBColor {
    match ink {
        Ink::Text => RGBColor(23, 27, 33),
        Ink::Muted => RGBColor(84, 92, 104),
        Ink::Grid => RGBColor(226, 229, 234),
        Ink::Base => RGBColor(140, 148, 160),
        Ink::Run => RGBColor(29, 92, 172),
        Ink::Loss => RGBColor(184, 49, 47),
        Ink::Gain => RGBColor(24, 128, 84),
        Ink::FirstHold => RGBColor(196, 136, 32),
        Ink::SecondHold => RGBColor(128, 100, 170),
    }
}

/// A colour that names an ink, for the style sheet to replace.
fn named_color(ink: Ink) -> RGBColor {
    let number = Ink::ALL
        .iter()
        .position(|other| *other == ink)
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(0);
    RGBColor(1, 2, number)
}

/// The element for a page: inks become classes, what says nothing goes.
fn element(mut text: String, size: (u32, u32), class: &str, title: &str) -> String {
    for (number, ink) in Ink::ALL.into_iter().enumerate() {
        let RGBColor(red, green, blue) = named_color(ink);
        let code = format!("#{red:02X}{green:02X}{blue:02X}");
        text = text
            .replace(&format!("fill=\"{code}\""), &format!("class=\"f{number}\""))
            .replace(
                &format!("stroke=\"{code}\""),
                &format!("class=\"s{number}\""),
            );
    }
    text = text
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "");
    let inner = text.split_once('>').map_or("", |(_, inner)| inner);
    format!(
        "<svg class=\"chart {class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{inner}",
        size.0,
        size.1,
        crate::report::html::escape::text(title)
    )
}

/// A heat map as a PNG, 1200 × 700 pixels.
///
/// # Errors
/// As for [`pictures`].
pub fn heat_png(plot: &HeatPlot<'_>, footer: &str) -> Result<Vec<u8>, ChartError> {
    register_font(FAMILY, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| ChartError::Font)?;
    let look = HeatLook {
        width: PNG_WIDTH,
        height: PNG_HEIGHT,
        font_size: 17,
        titled: true,
        footer: footer.to_owned(),
        letter_drop: 2,
        family: FAMILY,
        color: paper_color,
    };
    let side = |shown: i32| u32::try_from(shown).unwrap_or(0);
    let size = (side(PNG_WIDTH), side(PNG_HEIGHT));
    let mut pixels = vec![0_u8; drawn(PNG_WIDTH) / 2 * drawn(PNG_HEIGHT) / 2 * 3];
    {
        let failed = |error| undrawn(&plot.title, error);
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        heat::draw(&area, plot, &look).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    encode(&pixels)
}

/// A heat map as an SVG element of class `class`, with colours as in [`svg`]; those of the cells are fixed.
///
/// # Errors
/// When the backend refuses a stroke; nothing of a sweep can cause it.
pub fn heat_svg(plot: &HeatPlot<'_>, (width, height): (u32, u32)) -> Result<String, ChartError> {
    let look = HeatLook {
        width: i32::try_from(width).unwrap_or(0),
        height: i32::try_from(height).unwrap_or(0),
        font_size: 12,
        titled: false,
        footer: String::new(),
        letter_drop: 0,
        family: "sans-serif",
        color: named_color,
    };
    let mut text = String::new();
    {
        let failed = |error| undrawn(&plot.title, error);
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        heat::draw(&area, plot, &look).map_err(failed)?;
        area.present().map_err(failed)?;
    }
    Ok(element(text, (width, height), "heatmap", &plot.title))
}
