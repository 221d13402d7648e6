//! What a picture is made of before any backend sees it: boxes, paths, dots, texts, in drawn pixels; and how wide a text is.
//!
//! Not here: where they stand (`layout`, `marks`), how they reach a picture (`paint`).

use crate::report::chart::Ink;
use crate::stats::figure::count;

/// Drawn pixels are half of a shown one: halved afterwards, a picture has smooth edges; an SVG has half-pixel steps.
pub const ZOOM: i32 = 2;

/// A place, in drawn pixels from the upper left corner.
pub type Place = (i32, i32);

/// An ink and how much of it covers the ground, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tint {
    /// Which.
    pub ink: Ink,
    /// How much.
    pub cover: f64,
}

impl From<Ink> for Tint {
    fn from(ink: Ink) -> Self {
        Self { ink, cover: 1.0 }
    }
}

impl Ink {
    /// The ink thinned.
    #[must_use]
    pub const fn at(self, cover: f64) -> Tint {
        Tint { ink: self, cover }
    }
}

/// Which part of a text stands at its place; upright it is always the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// A text with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where.
    pub at: Place,
    /// What.
    pub text: String,
    /// Height of its letters.
    pub size: i32,
    /// Its colour.
    pub ink: Ink,
    /// Which part stands at its place.
    pub anchor: Anchor,
}

/// One part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A filled rectangle between two corners.
    Box(Place, Place, Tint),
    /// A filled area.
    Area(Vec<Place>, Tint),
    /// A stroke of some width.
    Path {
        /// Its corners.
        points: Vec<Place>,
        /// Its colour.
        tint: Tint,
        /// Its width.
        width: i32,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// Filled circles of one size.
    Dots {
        /// Their middles.
        at: Vec<Place>,
        /// Their radius.
        radius: i32,
        /// Their colour.
        tint: Tint,
    },
    /// A text.
    Label(Label),
}

impl Shape {
    /// A thin line between two places.
    #[must_use]
    pub fn hair(from: Place, to: Place, ink: Ink) -> Self {
        Self::Path {
            points: vec![from, to],
            tint: ink.into(),
            width: 1,
            dashed: false,
        }
    }
}

/// The nearest whole pixel.
#[allow(
    clippy::cast_possible_truncation,
    reason = "clamped to a range that fits"
)]
#[must_use]
pub fn pixel(length: f64) -> i32 {
    if length.is_nan() {
        return 0;
    }
    length.round().clamp(-100_000.0, 100_000.0) as i32
}

/// Whether a letter is as wide as it is high: Han, kana, Hangul and their full-width signs.
#[must_use]
pub const fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}')
}

/// About how wide a text is. Fonts of pages differ; this errs towards wide.
#[must_use]
pub fn width(text: &str, size: i32) -> i32 {
    let parts = |letter: char| match letter {
        _ if is_wide(letter) => 100,
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | 'I' | '·' => 29,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' | '[' | ']' => 38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 88,
        'A'..='Z' | '<' | '>' | '+' | '=' => 69,
        _ => 59,
    };
    let sum = text.chars().map(parts).sum::<i32>();
    (sum.min(1_000_000) * size).div_euclid(100)
}

/// As much of a text as fits into a width, with `…` where some is lost.
#[must_use]
pub fn fitted(text: &str, size: i32, room: i32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if width(&kept, size) + size > room {
            kept.pop();
            break;
        }
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// A text in lines that fit into a width, at most so many of them; breaks at spaces and between Han letters.
#[must_use]
pub fn wrapped(text: &str, size: i32, room: i32, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let tried = format!("{line}{piece}");
        if width(tried.trim_end(), size) <= room || line.is_empty() {
            line = tried;
            continue;
        }
        if done.len() + 1 >= lines {
            // The last line takes the rest, which is cut below.
            line = tried;
            continue;
        }
        done.push(line.trim_end().to_owned());
        piece.trim_start().clone_into(&mut line);
    }
    if !line.trim().is_empty() {
        done.push(line.trim_end().to_owned());
    }
    done.iter().map(|line| fitted(line, size, room)).collect()
}

/// A text in parts between which a line may end.
fn pieces(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut may_break = true;
    for letter in text.chars() {
        let closes = matches!(
            letter,
            '，' | '。' | '；' | '：' | '、' | '）' | '！' | '？' | ' '
        );
        let opens_part = (may_break || is_wide(letter)) && !closes;
        match parts.last_mut() {
            Some(last) if !opens_part => last.push(letter),
            _ => parts.push(letter.to_string()),
        }
        may_break = letter == ' ' || (is_wide(letter) && letter != '（');
    }
    parts
}

/// The share of a place among so many, in the middle of its part.
#[must_use]
pub fn middle_of(place: f64, places: usize) -> f64 {
    (place + 0.5) / count(places.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_their_room() {
        let mut met = 0;
        for text in [
            "a caption of many words, longer than its line",
            "一段比一行更长的中文说明，没有空格。",
            "oneverylongwordwithoutanyspace",
        ] {
            for room in [60, 90, 150, 1000] {
                let lines = wrapped(text, 10, room, 3);
                assert!(lines.len() <= 3 && !lines.is_empty());
                for line in &lines {
                    assert!(width(line, 10) <= room, "{line} in {room}");
                    met += 1;
                }
            }
        }
        println!("lines: {met} fit");
        assert!(met > 12);
        assert_eq!(fitted("abc", 10, 100), "abc");
    }
}
