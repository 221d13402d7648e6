//! An SVG made small enough for a page: inks become classes of the style sheet, many dots one path, and what says nothing
//! goes.
//!
//! Not here: strokes (`paint`).

use plotters::prelude::RGBColor;

use crate::report::chart::Ink;
use crate::report::html::escape;

/// A colour that names an ink, for the style sheet to replace; dashed strokes have names of their own.
pub(super) fn named(ink: Ink, dashed: bool) -> RGBColor {
    let number = Ink::ALL.iter().position(|other| *other == ink);
    let number = number
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(0);
    RGBColor(1, if dashed { 3 } else { 2 }, number)
}

/// The element for a page.
pub(super) fn element(svg: &str, size: (u32, u32), class: &str, title: &str) -> String {
    let mut made = format!(
        "<svg class=\"chart {class}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
        size.0,
        size.1,
        escape::text(title)
    );
    let mut dots = Dots::default();
    let mut lines = svg.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        if let Some(circle) = line.strip_prefix("<circle ") {
            dots.add(&mut made, circle);
            continue;
        }
        dots.end(&mut made);
        if line.starts_with("<text ") {
            // The text and the end of its element stand on lines of their own.
            made.push_str(&plain(line));
            made.push_str(lines.next().unwrap_or(""));
            made.push_str(lines.next().unwrap_or(""));
        } else {
            made.push_str(&plain(line));
        }
    }
    dots.end(&mut made);
    made
}

/// An element without what says nothing.
fn plain(line: &str) -> String {
    let mut line = line.to_owned();
    for attribute in [
        "font-family=\"sans-serif\"",
        "opacity=\"1\"",
        "stroke=\"none\"",
        "stroke-width=\"1\"",
        "text-anchor=\"start\"",
    ] {
        line = line.replace(&format!(" {attribute}"), "");
    }
    for (number, ink) in Ink::ALL.into_iter().enumerate() {
        let code = |dashed: bool| {
            let RGBColor(red, green, blue) = named(ink, dashed);
            format!("#{red:02X}{green:02X}{blue:02X}")
        };
        line = line
            .replace(
                &format!("fill=\"{}\"", code(false)),
                &format!("class=\"f{number}\""),
            )
            .replace(
                &format!("stroke=\"{}\"", code(false)),
                &format!("class=\"s{number}\""),
            )
            .replace(
                &format!("stroke=\"{}\"", code(true)),
                &format!("class=\"s{number} dash\""),
            );
    }
    line.replace(" \"/>", "\"/>")
}

/// Dots of one kind, gathered into one path of strokes without length whose ends are round.
#[derive(Default)]
struct Dots {
    /// Radius, opacity, colour.
    kind: Option<(String, String, String)>,
    path: String,
}

impl Dots {
    fn add(&mut self, made: &mut String, circle: &str) {
        let value = |name: &str| {
            let (_, rest) = circle.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let read = |name: &str| value(name).unwrap_or_default();
        let kind = (read(" r"), read(" opacity"), read(" fill"));
        if self.kind.as_ref() != Some(&kind) {
            self.end(made);
            self.kind = Some(kind);
        }
        let x = circle
            .strip_prefix("cx=\"")
            .and_then(|rest| rest.split_once('"'))
            .map_or("0", |(x, _)| x);
        self.path.push_str(&format!("M{x} {}h0", read(" cy")));
    }

    fn end(&mut self, made: &mut String) {
        if let Some((radius, opacity, fill)) = self.kind.take() {
            let width = 2 * radius.parse::<u32>().unwrap_or(1);
            let line = format!(
                "<path opacity=\"{opacity}\" stroke=\"{fill}\" stroke-width=\"{width}\" stroke-linecap=\"round\" d=\"{}\"/>",
                self.path
            );
            made.push_str(&plain(&line));
            self.path.clear();
        }
    }
}
