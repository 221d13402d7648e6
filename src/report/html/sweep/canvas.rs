//! Small drawings of a page as SVG text: scales, ticks, shapes by class. The style sheet gives the colours.
//!
//! Not here: what is drawn (`charts`, `parallel`).
//! Invariant: text is escaped here; every number written is finite.

use crate::report::chart::scale::value_ticks;
use crate::report::html::escape;

/// From values to pixels; what lies outside stays at the edge.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Value at the start and at the end.
    pub values: (f64, f64),
    /// Pixel of the start and of the end.
    pub pixels: (f64, f64),
}

impl Scale {
    /// The pixel of a value.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let (from, to) = self.values;
        let width = to - from;
        let share = if width.abs() > 0.0 {
            ((value - from) / width).clamp(0.0, 1.0)
        } else {
            0.5
        };
        let (start, end) = self.pixels;
        start + (end - start) * share
    }

    /// Round values along it.
    #[must_use]
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        let (from, to) = self.values;
        value_ticks((from.min(to), from.max(to)), wanted)
    }
}

/// A drawing.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

/// A pixel with one decimal.
fn pixel(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

impl Canvas {
    /// An empty one.
    #[must_use]
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// A line.
    pub fn line(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64), class: &str) {
        self.body.push_str(&format!(
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n",
            pixel(x),
            pixel(y),
            pixel(to_x),
            pixel(to_y)
        ));
    }

    /// A line through points.
    pub fn path(&mut self, points: &[(f64, f64)], class: &str, title: &str) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", pixel(*x), pixel(*y)))
            .collect();
        let points = points.join(" ");
        if title.is_empty() {
            self.body.push_str(&format!(
                "<polyline class=\"{class}\" points=\"{points}\"/>\n"
            ));
        } else {
            self.body.push_str(&format!(
                "<polyline class=\"{class}\" points=\"{points}\"><title>{}</title></polyline>\n",
                escape::text(title)
            ));
        }
    }

    /// A filled rectangle.
    pub fn area(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        self.body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
            pixel(x),
            pixel(y),
            pixel(width.max(0.0)),
            pixel(height.max(0.0))
        ));
    }

    /// A dot; what it is appears under the pointer.
    pub fn dot(&mut self, (x, y): (f64, f64), radius: f64, class: &str, title: &str) {
        let head = format!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"",
            pixel(x),
            pixel(y),
            pixel(radius)
        );
        self.body.push_str(&head);
        if title.is_empty() {
            self.body.push_str("/>\n");
        } else {
            let title = escape::text(title);
            self.body
                .push_str(&format!("><title>{title}</title></circle>\n"));
        }
    }

    /// Words; `class` holds `start`, `middle` or `end`.
    pub fn words(&mut self, (x, y): (f64, f64), class: &str, words: &str) {
        self.body.push_str(&format!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>\n",
            pixel(x),
            pixel(y),
            escape::number(words)
        ));
    }

    /// Anything; the caller has escaped it.
    pub fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }

    /// Level lines of a scale with their labels at the left.
    pub fn levels(
        &mut self,
        scale: &Scale,
        (left, right): (f64, f64),
        label: &dyn Fn(f64) -> String,
    ) {
        for tick in scale.ticks(5) {
            let y = scale.at(tick);
            self.line((left, y), (right, y), "grid");
            self.words((left - 5.0, y + 4.0), "end", &label(tick));
        }
    }

    /// Marks of a scale with their labels below.
    pub fn marks(&mut self, scale: &Scale, bottom: f64, label: &dyn Fn(f64) -> String) {
        for tick in scale.ticks(5) {
            let x = scale.at(tick);
            self.line((x, bottom), (x, bottom + 4.0), "grid");
            self.words((x, bottom + 17.0), "middle", &label(tick));
        }
    }

    /// The element; `attributes` are ours.
    #[must_use]
    pub fn finish(self, title: &str, attributes: &str) -> String {
        format!(
            "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"{attributes}>\n{}</svg>\n",
            pixel(self.width),
            pixel(self.height),
            escape::text(title),
            self.body
        )
    }
}
