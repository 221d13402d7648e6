//! Letters of bitmaps: from fonts inside the program, so that the same run gives the same bytes on a machine without any.
//!
//! Latin, Greek and Cyrillic come from Ubuntu Light (Ubuntu font licence), everything else, all Han letters among it, from
//! GNU Unifont (SIL Open Font License 1.1, or GPL 2+ with the font embedding exception): 16 pixels high, enlarged by
//! whole steps with smoothed corners.
//!
//! Not here: letters of pages and SVGs; they are the reader's.

use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::prelude::{DrawingBackend, IntoFont, RGBColor, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, TextStyle, register_font};
use unifont_bitmap::Unifont;

use super::paint::{Area, Drawn};
use super::shape::{Anchor, Label, Place};

const FAMILY: &str = "confluence";
/// Height of a bitmap letter.
const ROWS: usize = 16;

/// The fonts of one picture.
pub(super) struct Letters {
    bitmaps: Unifont,
}

/// A part of a text in one font.
enum Run {
    Outlines(String),
    Bitmap(char),
}

impl Letters {
    /// Makes the fonts known.
    pub(super) fn new() -> Result<Self, ()> {
        register_font(FAMILY, FontStyle::Normal, UBUNTU_LIGHT).map_err(|_| ())?;
        Ok(Self {
            bitmaps: Unifont::open(),
        })
    }

    /// Draws a text.
    pub(super) fn draw<DB: DrawingBackend>(
        &mut self,
        area: &Area<'_, DB>,
        label: &Label,
        color: RGBColor,
    ) -> Drawn<DB> {
        let style: TextStyle<'_> = (FAMILY, f64::from(label.size) * 1.24)
            .into_font()
            .color(&color);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        let mut parts = Vec::new();
        let mut whole = 0;
        for run in runs(&label.text) {
            let width = match &run {
                Run::Outlines(text) => {
                    i32::try_from(area.estimate_text_size(text, &style)?.0).unwrap_or(0)
                }
                Run::Bitmap(letter) => self.width(*letter) * scale(label.size),
            };
            parts.push((run, width));
            whole += width;
        }
        let mut x = match label.anchor {
            Anchor::Left => label.at.0,
            Anchor::Middle => label.at.0 - whole / 2,
            Anchor::Right => label.at.0 - whole,
        };
        for (run, width) in parts {
            match run {
                // The font's middle lies above the middle of its small letters.
                Run::Outlines(text) => area.draw(&Text::new(
                    text,
                    (x, label.at.1 + label.size / 6),
                    style.clone(),
                ))?,
                Run::Bitmap(letter) => {
                    self.stamp(area, letter, (x, label.at.1), (scale(label.size), color))?
                }
            }
            x += width;
        }
        Ok(())
    }

    fn width(&mut self, letter: char) -> i32 {
        if self.bitmaps.load_bitmap(u32::from(letter)).is_wide() {
            16
        } else {
            8
        }
    }

    /// One letter of the bitmap font; a place is its left end and its middle.
    fn stamp<DB: DrawingBackend>(
        &mut self,
        area: &Area<'_, DB>,
        letter: char,
        (x, y): Place,
        (scale, color): (i32, RGBColor),
    ) -> Drawn<DB> {
        let bitmap = self.bitmaps.load_bitmap(u32::from(letter));
        let field = Field {
            bytes: bitmap.get_bytes(),
        };
        let top = y - scale * 8;
        for row in 0..2 * 16 {
            for column in 0..2 * field.columns() {
                if field.smooth(column, row) {
                    // A quarter of an enlarged point: its edges are rounded so that quarters always meet.
                    let from = (x + column * scale / 2, top + row * scale / 2);
                    let to = (x + (column + 1) * scale / 2, top + (row + 1) * scale / 2);
                    for (x, y) in (from.0..to.0).flat_map(|x| (from.1..to.1).map(move |y| (x, y))) {
                        area.draw_pixel((x, y), &color)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// How many pixels a point of a bitmap letter takes at a height of letters.
fn scale(size: i32) -> i32 {
    ((size + 6) / 16).max(1)
}

/// The points of a letter.
struct Field<'a> {
    bytes: &'a [u8],
}

impl Field<'_> {
    fn columns(&self) -> i32 {
        if self.bytes.len() > ROWS { 16 } else { 8 }
    }

    fn is_set(&self, column: i32, row: i32) -> bool {
        if !(0..self.columns()).contains(&column) || !(0..16).contains(&row) {
            return false;
        }
        let place = row * self.columns() / 8 + column / 8;
        let byte = usize::try_from(place)
            .ok()
            .and_then(|place| self.bytes.get(place));
        byte.is_some_and(|byte| byte & (0x80 >> (column % 8)) != 0)
    }

    /// The letter at twice its size with smoothed corners: a quarter takes the value of the two neighbours beside it where
    /// they agree and those across do not.
    fn smooth(&self, column: i32, row: i32) -> bool {
        let (x, y) = (column / 2, row / 2);
        let own = self.is_set(x, y);
        let (aside, across) = if column % 2 == 0 {
            (x - 1, x + 1)
        } else {
            (x + 1, x - 1)
        };
        let (near, far) = if row % 2 == 0 {
            (y - 1, y + 1)
        } else {
            (y + 1, y - 1)
        };
        let (left, above) = (self.is_set(aside, y), self.is_set(x, near));
        let (right, below) = (self.is_set(across, y), self.is_set(x, far));
        if left == above && left != below && above != right {
            above
        } else {
            own
        }
    }
}

/// A text in parts of one font each.
fn runs(text: &str) -> Vec<Run> {
    let mut made: Vec<Run> = Vec::new();
    for letter in text.chars() {
        if !has_outlines(letter) {
            made.push(Run::Bitmap(letter));
        } else if let Some(Run::Outlines(text)) = made.last_mut() {
            text.push(letter);
        } else {
            made.push(Run::Outlines(letter.to_string()));
        }
    }
    made
}

/// Whether the outline font has the letter.
const fn has_outlines(letter: char) -> bool {
    matches!(letter, '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{24f}' | '\u{391}'..='\u{3a1}' | '\u{3a3}'..='\u{3ce}'
        | '\u{400}'..='\u{45f}' | '\u{2013}'..='\u{2015}' | '\u{2018}'..='\u{201a}' | '\u{201c}'..='\u{201e}'
        | '\u{2020}'..='\u{2022}' | '…' | '‰' | '€' | '™' | '−' | '∞' | '≈' | '≠' | '≤' | '≥')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_han_letter_of_the_report_and_of_contracts_has_a_bitmap() {
        let mut letters = Unifont::open();
        let unknown = letters.load_bitmap(0xfffd).get_bytes().to_vec();
        let texts: String = crate::report::words::all()
            .map(|word| word.say(crate::report::words::Lang::Zh))
            .collect();
        let mut met = 0;
        for letter in texts
            .chars()
            .chain("币安人生USDT，。→×".chars())
            .chain('\u{4e00}'..='\u{9fa5}')
        {
            if has_outlines(letter) {
                continue;
            }
            let bytes = letters.load_bitmap(u32::from(letter)).get_bytes();
            assert!(
                bytes != unknown && bytes.iter().any(|byte| *byte != 0),
                "{letter}"
            );
            met += 1;
        }
        println!("letters: {met} with a bitmap");
        assert!(met > 20_000);
    }
}
