//! Output forms of a chart: an inline SVG whose colours the page's style sheet sets, and a PNG of fixed colours.
//!
//! Not here: what is drawn (`chart`), how (`draw`). Letters of PNGs come from a font inside the program, so the same
//! run gives the same bytes on a machine without fonts.

use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::prelude::{BitMapBackend, IntoDrawingArea, RGBColor, SVGBackend, WHITE};
use plotters::style::{FontStyle, register_font};

use super::draw::{self, Look, ZOOM};
use super::heat::{self, HeatLook, HeatPlot};
use super::{Ink, Plot, drawdown_plot, equity_plot};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, headline as words};

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

/// Pictures of a run as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// Bytes of `equity.png`.
    pub equity: Vec<u8>,
    /// Bytes of `drawdown.png`.
    pub drawdown: Vec<u8>,
}

/// Draws both pictures, 1200 × 700 pixels each, in a language as far as the font has its letters.
///
/// # Errors
/// When the font inside the program is broken or the png cannot be packed: neither hangs on the run.
pub fn pictures(run: &RunReport, lang: Lang) -> Result<Pictures, ChartError> {
    let columns = usize::try_from(PNG_WIDTH).unwrap_or(1);
    let lang = lettered(lang);
    let id: String = run.run_id.chars().take(16).collect();
    let mut footer = words::PICTURE_FOOT.with(
        lang,
        &[
            &format::minute(run.daily.start),
            &format::minute(run.daily.end),
            &id,
            &run.version,
        ],
    );
    if run.synthetic {
        footer.push_str(" · ");
        footer.push_str(words::PICTURE_SYNTHETIC.say(lang));
    }
    Ok(Pictures {
        equity: png_of(&equity_plot(run, columns, lang), &footer)?,
        drawdown: png_of(&drawdown_plot(run, columns, lang), &footer)?,
    })
}

/// The font inside the program has Latin letters only: without a font for Chinese, a picture says it in English rather
/// than in empty boxes.
const fn lettered(lang: Lang) -> Lang {
    match lang {
        Lang::En | Lang::Zh => Lang::En,
    }
}

fn failed(plot: &Plot, cause: impl std::fmt::Display) -> ChartError {
    undrawn(&plot.title, cause)
}

fn undrawn(title: &str, cause: impl std::fmt::Display) -> ChartError {
    ChartError::Draw {
        title: title.to_owned(),
        cause: cause.to_string(),
    }
}

fn png_of(plot: &Plot, footer: &str) -> Result<Vec<u8>, ChartError> {
    register_font(FAMILY, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| ChartError::Font)?;
    let look = Look {
        width: PNG_WIDTH,
        height: PNG_HEIGHT,
        font_size: 17,
        stroke: 2,
        time_labels: 9,
        value_labels: 7,
        titled: true,
        footer: footer.to_owned(),
        letter_drop: 3,
        family: FAMILY,
        color: paper_color,
    };
    let (width, height) = (drawn(PNG_WIDTH), drawn(PNG_HEIGHT));
    let mut pixels = vec![0_u8; width * height * 3];
    {
        let size = (drawn(PNG_WIDTH), drawn(PNG_HEIGHT));
        let size = (
            u32::try_from(size.0).unwrap_or(0),
            u32::try_from(size.1).unwrap_or(0),
        );
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        area.fill(&WHITE).map_err(|error| failed(plot, error))?;
        draw::draw(&area, plot, &look).map_err(|error| failed(plot, error))?;
        area.present().map_err(|error| failed(plot, error))?;
    }
    encode(&halved(&pixels, width))
}

/// Length in drawn pixels.
fn drawn(shown: i32) -> usize {
    usize::try_from(shown * ZOOM).unwrap_or(0)
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

/// The chart as an SVG element of class `class`; colours are the classes `f0` … (filled) and `s0` … (stroked).
///
/// # Errors
/// When the backend refuses a stroke; nothing of a run can cause it.
pub fn svg(plot: &Plot, width: i32, height: i32, class: &str) -> Result<String, ChartError> {
    let is_narrow = width < 600;
    let look = Look {
        width,
        height,
        font_size: if is_narrow { 11 } else { 12 },
        stroke: 2,
        time_labels: if is_narrow { 3 } else { 8 },
        value_labels: 5,
        titled: false,
        footer: String::new(),
        letter_drop: 0,
        family: "sans-serif",
        color: named_color,
    };
    let size = (
        u32::try_from(width * ZOOM).unwrap_or(0),
        u32::try_from(height * ZOOM).unwrap_or(0),
    );
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw::draw(&area, plot, &look).map_err(|error| failed(plot, error))?;
        area.present().map_err(|error| failed(plot, error))?;
    }
    Ok(element(text, size, class, &plot.title))
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
