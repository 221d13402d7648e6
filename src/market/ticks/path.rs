//! A bar as four trades: when, at what prices, how much.
//!
//! Not here: which bars are taken (`index`), the path a fill assumes inside a bar (`exchange::path`).

use crate::domain::bar::Bar;
use crate::domain::num::{Price, Qty};
use crate::domain::time::{Span, Timestamp};

/// Trades of a bar with volume.
pub const POINTS: usize = 4;

/// When and at what prices a bar `[open_time, open_time + length)` was traded: at its start, after a third, after two
/// thirds (whole milliseconds, down) and in its last millisecond; open, low, high, close where it closes at or above
/// its open, else open, high, low, close.
#[must_use]
pub fn points(bar: &Bar, length: Span) -> [(Timestamp, Price); POINTS] {
    let (second, third) = if bar.close >= bar.open {
        (bar.low, bar.high)
    } else {
        (bar.high, bar.low)
    };
    let prices = [bar.open, second, third, bar.close];
    std::array::from_fn(|point| (instant(bar.open_time, length, point), prices[point]))
}

/// When a point of a bar is.
#[inline]
pub(super) fn instant(open: Timestamp, length: Span, point: usize) -> Timestamp {
    let length = length.millis();
    let after = match point {
        0 => 0,
        1 => length / 3,
        2 => length * 2 / 3,
        _ => length - 1,
    };
    open + Span::from_millis(after)
}

/// The quantities of the four trades: a quarter each, down to 1e-8, the rest on the last. A volume below four steps of
/// 1e-8 still gives four trades of one step each: their prices matter more than three hundred-millionths.
#[must_use]
pub fn split_volume(volume: Qty) -> [Qty; POINTS] {
    let steps = volume.steps();
    let quarter = (steps / 4).max(1);
    let rest = (steps - 3 * quarter).max(1);
    [quarter, quarter, quarter, rest]
        .map(|steps| Qty::from_steps(steps).expect("invariant: at least one step"))
}
