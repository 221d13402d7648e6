//! A chart as data: what is shown, in which unit, in which colour; the same for the picture, the page and the script.
//!
//! Not here: strokes (`chart::picture`), the browser's form (`chart::browser`), which charts a run has (`report::panels`).
//! Invariant: all numbers are finite; texts are already in the reader's language.

use super::Ink;

/// One chart: panels of one width, one above the other, that share the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Name of its files and of its place on the page: letters, digits and hyphens.
    pub id: &'static str,
    /// What it shows, with the unit.
    pub title: String,
    /// How to read it, and what was left out.
    pub caption: String,
    /// The horizontal axis of all panels.
    pub x: Axis,
    /// From top to bottom; at least one.
    pub panels: Vec<Panel>,
}

impl Chart {
    /// Whether no panel holds anything but rules; the caption then says why.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let marks = || self.panels.iter().flat_map(|panel| &panel.marks);
        marks().all(|mark| match mark {
            Mark::Line(line) => line.points.is_empty(),
            Mark::Band { points, .. } => points.is_empty(),
            Mark::Dots { dots, .. } => dots.is_empty(),
            Mark::Bars { bars, .. } => bars.is_empty(),
            Mark::Cells { cells, .. } => cells.is_empty(),
            Mark::Rule { .. } => true,
            Mark::Stretch { spans, .. } => spans.is_empty(),
        })
    }
}

/// A frame with marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its part of the height, relative to the other panels'.
    pub share: f64,
    /// The vertical axis.
    pub y: Axis,
    /// From back to front.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured; empty where the chart's title says it.
    pub title: String,
    /// How values lie on it.
    pub scale: Scale,
    /// How values are written.
    pub unit: Unit,
}

/// How values lie on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Milliseconds since the epoch, UTC.
    Time,
    /// Numbers, evenly.
    Linear,
    /// Numbers above zero, by their logarithm.
    Log,
    /// Names; a mark's position is the place in this list. On a vertical axis the first is at the top.
    Names(Vec<String>),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number with as many decimals as its axis needs.
    Number,
    /// Whole things.
    Count,
    /// USDT.
    Usdt,
    /// Per cent: 5.0 is `5 %`.
    Percent,
    /// Multiples of the initial risk: `1.5 R`.
    R,
    /// Seconds.
    Seconds,
    /// Minutes, written `5 min`, `2 h`, `1 d`.
    Minutes,
    /// A price of a contract.
    Price,
}

/// Something in a panel. Where one of the two axes has names, bars grow along the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line; ascending in x.
    Line(Line),
    /// The space between two lines; ascending in x: (x, low, high).
    Band {
        /// In the legend; empty leaves it out.
        name: String,
        /// Its colour.
        ink: Ink,
        /// Lower and upper value at each x.
        points: Vec<(f64, f64, f64)>,
    },
    /// Dots.
    Dots {
        /// In the legend; empty leaves it out.
        name: String,
        /// Their colour.
        ink: Ink,
        /// In any order.
        dots: Vec<Dot>,
    },
    /// Bars.
    Bars {
        /// In the legend; empty leaves it out.
        name: String,
        /// In any order.
        bars: Vec<Bar>,
    },
    /// Coloured fields of a table; both axes have names. Zero is neutral, above is gain, below is loss.
    Cells {
        /// In any order; what is missing stays empty.
        cells: Vec<Cell>,
        /// How values are written.
        unit: Unit,
    },
    /// A straight line across the panel.
    Rule {
        /// Written beside it; may be empty.
        label: String,
        /// Its colour.
        ink: Ink,
        /// Where on its axis.
        at: f64,
        /// Whether it stands on the horizontal axis.
        upright: bool,
    },
    /// A tinted stretch of the horizontal axis over the whole height.
    Stretch {
        /// In the legend; empty leaves it out.
        name: String,
        /// Its colour.
        ink: Ink,
        /// From and to.
        spans: Vec<(f64, f64)>,
    },
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// In the legend; empty leaves it out.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Ascending in x.
    pub points: Vec<(f64, f64)>,
    /// Tinted from here to the line; none is no tint.
    pub fill_to: Option<f64>,
    /// Whether it is dashed.
    pub dashed: bool,
}

/// A dot.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// On the horizontal axis.
    pub x: f64,
    /// On the vertical axis.
    pub y: f64,
    /// Shown when pointed at; may be empty.
    pub label: String,
}

/// A bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its place on the axis of names, or the middle of its place on any other.
    pub at: f64,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Its colour.
    pub ink: Ink,
    /// Written at its end; may be empty.
    pub label: String,
}

/// A field of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Place on the horizontal axis.
    pub column: usize,
    /// Place on the vertical axis.
    pub row: usize,
    /// Its value.
    pub value: f64,
    /// Written into it; may be empty.
    pub label: String,
}
