//! Where everything of a chart stands inside a rectangle: panels with their headers, grids, marks and axes.
//!
//! Not here: the marks themselves (`marks`), the texts beside the axes (`axes`), legends (`legend`), titles (`picture`).
//! Invariant: all panels have one left and one right end, so that an instant stands at one place in all of them.

use super::shape::{Place, Shape, fitted, pixel, width, wrapped};
use super::{axes, legend, marks};
use crate::report::chart::ruler::{Ruler, Tick, extent, unit};
use crate::report::chart::spec::{Chart, Panel, Scale};
use crate::stats::figure::count;

/// A rectangle, in drawn pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its left end.
    pub left: i32,
    /// Its right end.
    pub right: i32,
    /// Its upper end.
    pub top: i32,
    /// Its lower end.
    pub bottom: i32,
}

/// The frame of a panel, measured.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// The panel.
    pub panel: &'a Panel,
    /// Where its marks stand.
    pub region: Region,
    /// Where its header begins.
    pub head: i32,
    /// The horizontal axis.
    pub x: &'a Ruler,
    /// The vertical axis.
    pub y: Ruler,
    /// Marks of the vertical axis.
    pub ticks: Vec<Tick>,
    /// Whether bars lie.
    pub lying: bool,
    /// Height of letters.
    pub size: i32,
}

impl Frame<'_> {
    /// Where a value of the horizontal axis stands.
    #[must_use]
    pub fn across(&self, value: f64) -> i32 {
        self.region.left
            + pixel(self.x.share(value) * f64::from(self.region.right - self.region.left))
    }

    /// Where a value of the vertical axis stands; names begin at the top.
    #[must_use]
    pub fn up(&self, value: f64) -> i32 {
        let height = f64::from(self.region.bottom - self.region.top);
        let share = self.y.share(value);
        if matches!(self.panel.y.scale, Scale::Names(_)) {
            self.region.top + pixel(share * height)
        } else {
            self.region.bottom - pixel(share * height)
        }
    }

    /// Where a pair of values stands.
    #[must_use]
    pub fn at(&self, (x, y): (f64, f64)) -> Place {
        (self.across(x), self.up(y))
    }
}

/// The axis below all panels.
pub struct Foot {
    /// Its marks, each in lines.
    pub ticks: Vec<(f64, Vec<String>)>,
    /// Height of what stands below the frames.
    pub height: i32,
}

/// A chart inside a rectangle; letters of a height.
#[must_use]
pub fn shapes(chart: &Chart, region: Region, size: i32) -> Vec<Shape> {
    if chart.is_empty() {
        return nothing(chart, region, size);
    }
    let x = extent::across(chart);
    let rulers: Vec<Ruler> = chart
        .panels
        .iter()
        .map(|panel| extent::up(chart, panel))
        .collect();
    let inner = Region {
        left: region.left + side(chart, &rulers, region, size),
        right: region.right - size / 2,
        ..region
    };
    let foot = axes::foot(chart, &x, inner, size);
    let mut made = Vec::new();
    for frame in frames(
        chart,
        &x,
        rulers,
        Region {
            bottom: region.bottom - foot.height,
            ..inner
        },
        size,
    ) {
        made.extend(axes::grid(&frame));
        made.extend(marks::shapes(chart, &frame));
        made.extend(axes::lines(&frame, &foot));
        made.extend(legend::header(&frame, region.left));
    }
    made.extend(axes::texts(chart, &x, &foot, inner, size));
    made
}

/// What stands in place of an empty chart: its caption says why there is nothing.
fn nothing(chart: &Chart, region: Region, size: i32) -> Vec<Shape> {
    let lines = wrapped(
        &chart.caption,
        size,
        region.right - region.left - size * 2,
        6,
    );
    let middle = (
        i32::midpoint(region.left, region.right),
        i32::midpoint(region.top, region.bottom),
    );
    axes::lines_of_text(&lines, middle, size)
}

/// About so many marks of a vertical axis of a height.
fn wanted(height: i32, size: i32) -> usize {
    usize::try_from(height * 2 / (size * 5))
        .unwrap_or(1)
        .clamp(2, 8)
}

/// Room that labels of the vertical axes take.
fn side(chart: &Chart, rulers: &[Ruler], region: Region, size: i32) -> i32 {
    let height = region.bottom - region.top;
    let whole = shares(chart);
    let widest = chart.panels.iter().zip(rulers).flat_map(|(panel, ruler)| {
        let part = pixel(f64::from(height) * panel.share.max(0.01) / whole);
        ruler.ticks(&panel.y, wanted(part, size))
    });
    let widest = widest
        .map(|tick| width(&tick.text, size))
        .max()
        .unwrap_or(0);
    // Names may take a third of the picture; what is longer is cut.
    widest.min((region.right - region.left) / 3) + size * 2 / 3
}

fn shares(chart: &Chart) -> f64 {
    chart
        .panels
        .iter()
        .map(|panel| panel.share.max(0.01))
        .sum::<f64>()
        .max(0.01)
}

fn frames<'a>(
    chart: &'a Chart,
    x: &'a Ruler,
    rulers: Vec<Ruler>,
    inner: Region,
    size: i32,
) -> Vec<Frame<'a>> {
    let heads: Vec<i32> = chart
        .panels
        .iter()
        .map(|panel| legend::height(panel, inner, size))
        .collect();
    let between = size * 4 / 5;
    let gaps = between * i32::try_from(heads.len().saturating_sub(1)).unwrap_or(0);
    let free = (inner.bottom - inner.top - heads.iter().sum::<i32>() - gaps).max(0);
    let whole = shares(chart);
    let mut top = inner.top;
    let mut made = Vec::new();
    for ((panel, y), head) in chart.panels.iter().zip(rulers).zip(heads) {
        let height = pixel(f64::from(free) * panel.share.max(0.01) / whole).max(1);
        let region = Region {
            top: top + head,
            bottom: top + head + height,
            ..inner
        };
        let ticks = y.ticks(&panel.y, wanted(height, size));
        let lying = extent::is_lying(chart, panel);
        made.push(Frame {
            panel,
            region,
            head: top,
            x,
            y,
            ticks,
            lying,
            size,
        });
        top += head + height + between;
    }
    made
}

/// Width of the place of one of so many names.
#[must_use]
pub fn slot(length: i32, places: usize) -> i32 {
    pixel(f64::from(length) / count(places.max(1)))
}

/// The name of a panel's vertical axis, cut to a width.
#[must_use]
pub fn name(panel: &Panel, size: i32, room: i32) -> String {
    fitted(&unit::title(&panel.y), size, room)
}
