//! Letters of bitmaps: from fonts inside the program, so that the same run gives the same bytes on a machine without any.
//!
//! Not here: letters of pages and SVGs; they are the reader's.

use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::prelude::{DrawingBackend, IntoFont, RGBColor, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, TextStyle, register_font};

use super::paint::{Area, Drawn};
use super::shape::{Anchor, Label};

const FAMILY: &str = "confluence";

/// Makes the font known to plotters.
pub(super) fn register() -> Result<(), ()> {
    register_font(FAMILY, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| ())
}

/// Draws a text.
pub(super) fn draw<DB: DrawingBackend>(
    area: &Area<'_, DB>,
    label: &Label,
    color: RGBColor,
) -> Drawn<DB> {
    let anchor = match label.anchor {
        Anchor::Left => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::Right => HPos::Right,
    };
    let style: TextStyle<'_> = (FAMILY, f64::from(label.size) * 1.24)
        .into_font()
        .color(&color);
    let at = (label.at.0, label.at.1 + label.size / 6);
    area.draw(&Text::new(
        label.text.clone(),
        at,
        style.pos(Pos::new(anchor, VPos::Center)),
    ))
}
