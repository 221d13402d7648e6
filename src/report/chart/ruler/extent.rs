//! From which value to which an axis must go so that everything of its chart is seen.
//!
//! Not here: its marks (`ruler`).

use super::Ruler;
use crate::report::chart::spec::{Axis, Bar, Chart, Mark, Panel, Scale};
use crate::stats::figure::count;

/// Values that an axis must show.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reach {
    low: f64,
    high: f64,
    /// The smallest value above zero, for logarithms.
    positive: f64,
}

impl Reach {
    const NONE: Self = Self {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        positive: f64::INFINITY,
    };

    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            if value > 0.0 {
                self.positive = self.positive.min(value);
            }
        }
    }
}

/// Room beyond the values, as shares of their width, so that marks do not touch the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Room {
    below: f64,
    above: f64,
}

/// Whether bars of a panel lie: its vertical axis has the names.
#[must_use]
pub const fn is_lying(chart: &Chart, panel: &Panel) -> bool {
    matches!(panel.y.scale, Scale::Names(_)) && !matches!(chart.x.scale, Scale::Names(_))
}

/// The horizontal axis of all panels.
#[must_use]
pub fn across(chart: &Chart) -> Ruler {
    let mut reach = Reach::NONE;
    let mut room = Room {
        below: 0.0,
        above: 0.0,
    };
    for panel in &chart.panels {
        let lying = is_lying(chart, panel);
        for mark in &panel.marks {
            add_across(&mut reach, mark, lying);
            let (below, above) = match mark {
                Mark::Bars { bars, .. } if lying => (bar_room(bars, false), bar_room(bars, true)),
                Mark::Bars { bars, .. } => {
                    let half = slot(bars.iter().map(|bar| bar.at));
                    (half, half)
                }
                Mark::Dots { .. } => (0.025, 0.025),
                Mark::Line(_)
                | Mark::Band { .. }
                | Mark::Cells { .. }
                | Mark::Rule { .. }
                | Mark::Stretch { .. } => (0.0, 0.0),
            };
            room = Room {
                below: room.below.max(below),
                above: room.above.max(above),
            };
        }
    }
    let is_lying = chart.panels.iter().any(|panel| is_lying(chart, panel));
    ruler(&chart.x, reach, room, is_lying)
}

/// Room for the texts at the ends of lying bars: a letter takes about a hundredth of a wide picture.
fn bar_room(bars: &[Bar], grows: bool) -> f64 {
    let there = bars.iter().filter(|bar| (bar.to >= bar.from) == grows);
    let letters = there
        .map(|bar| bar.label.chars().count())
        .max()
        .unwrap_or(0);
    if letters == 0 {
        return 0.02;
    }
    (0.03 + 0.01 * count(letters)).min(0.3)
}

/// Half the place of a standing bar on an axis of numbers, as a share of the whole.
fn slot(at: impl Iterator<Item = f64>) -> f64 {
    let mut at: Vec<f64> = at.collect();
    at.sort_by(f64::total_cmp);
    at.dedup();
    0.5 / count(at.len().saturating_sub(1).max(1))
}

fn add_across(reach: &mut Reach, mark: &Mark, lying: bool) {
    match mark {
        Mark::Line(line) => line.points.iter().for_each(|point| reach.add(point.0)),
        Mark::Band { points, .. } => points.iter().for_each(|point| reach.add(point.0)),
        Mark::Dots { dots, .. } => dots.iter().for_each(|dot| reach.add(dot.x)),
        Mark::Bars { bars, .. } if lying => {
            for bar in bars {
                reach.add(bar.from);
                reach.add(bar.to);
            }
        }
        Mark::Bars { bars, .. } => bars.iter().for_each(|bar| reach.add(bar.at)),
        Mark::Rule {
            at, upright: true, ..
        } => reach.add(*at),
        Mark::Stretch { spans, .. } => {
            for (from, to) in spans {
                reach.add(*from);
                reach.add(*to);
            }
        }
        Mark::Rule { .. } | Mark::Cells { .. } => {}
    }
}

/// The vertical axis of a panel.
#[must_use]
pub fn up(chart: &Chart, panel: &Panel) -> Ruler {
    let lying = is_lying(chart, panel);
    let mut reach = Reach::NONE;
    let mut floors = Vec::new();
    let mut has_labels = false;
    for mark in &panel.marks {
        match mark {
            Mark::Line(line) => {
                line.points.iter().for_each(|point| reach.add(point.1));
                floors.extend(line.fill_to);
            }
            Mark::Band { points, .. } => {
                for point in points {
                    reach.add(point.1);
                    reach.add(point.2);
                }
            }
            Mark::Dots { dots, .. } => dots.iter().for_each(|dot| reach.add(dot.y)),
            Mark::Bars { bars, .. } if !lying => {
                has_labels |= bars.iter().any(|bar| !bar.label.is_empty());
                floors.push(0.0);
                for bar in bars {
                    reach.add(bar.from);
                    reach.add(bar.to);
                }
            }
            Mark::Rule {
                at, upright: false, ..
            } => reach.add(*at),
            Mark::Bars { .. } | Mark::Rule { .. } | Mark::Cells { .. } | Mark::Stretch { .. } => {}
        }
    }
    floors.iter().for_each(|floor| reach.add(*floor));
    let wanted = if has_labels { 0.1 } else { 0.06 };
    // What is filled down (or up) to the end of everything stands on the frame.
    let is_floor = |end: f64| floors.iter().any(|floor| (floor - end).abs() < 1e-12);
    let room = Room {
        below: if is_floor(reach.low) { 0.0 } else { wanted },
        above: if is_floor(reach.high) { 0.0 } else { wanted },
    };
    ruler(&panel.y, reach, room, !floors.is_empty())
}

fn ruler(axis: &Axis, reach: Reach, room: Room, grounded: bool) -> Ruler {
    if let Scale::Names(names) = &axis.scale {
        let high = count(names.len().max(1)) - 0.5;
        return Ruler {
            low: -0.5,
            high,
            log: false,
        };
    }
    if axis.scale == Scale::Log {
        let (low, high) = if reach.positive < f64::INFINITY {
            (reach.positive, reach.high)
        } else {
            (1.0, 10.0)
        };
        let (low, high) = if high / low > 1.01 {
            (low, high)
        } else {
            (low / 2.0, high * 2.0)
        };
        let spare = (high / low).powf(0.04);
        return Ruler {
            low: low / spare,
            high: high * spare,
            log: true,
        };
    }
    if reach.low > reach.high {
        return Ruler {
            low: 0.0,
            high: 1.0,
            log: false,
        };
    }
    let width = reach.high - reach.low;
    let is_flat = width <= reach.high.abs().max(reach.low.abs()) * 1e-9;
    if axis.scale == Scale::Time {
        let spare = if is_flat { 60_000.0 } else { 0.0 };
        return Ruler {
            low: reach.low - width * room.below - spare,
            high: reach.high + width * room.above + spare,
            log: false,
        };
    }
    let spare = if is_flat {
        (reach.high.abs() * 0.01).max(if grounded { 1.0 } else { 0.5 })
    } else {
        0.0
    };
    Ruler {
        low: reach.low - width * room.below - spare,
        high: reach.high + width * room.above + spare,
        log: false,
    }
}
