//! The inside of a bar: which extreme comes first, the walk along it, and whether the fills hang on that (F5, F6, F12).
//!
//! Not here: the rules of a fill (`fills`), which bars are looked at (`history`).

use crate::domain::num::Price;
use crate::domain::order::Direction;
use crate::exchange::fills::{Hit, Point, Walk};
use crate::exchange::model::PathMode;
use crate::market::tape::Series;

/// The four points of a bar, contract and mark phase by phase.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// First.
    pub open: Point,
    /// Highest.
    pub high: Point,
    /// Lowest.
    pub low: Point,
    /// Last.
    pub close: Point,
}

/// Contract and mark at a row's open.
#[must_use]
pub fn open_point(series: &Series, row: usize) -> Point {
    let contract = series.bars().open[row];
    Point {
        contract,
        mark: series.mark().map_or(contract, |mark| mark.open[row]),
    }
}

/// The points of a row.
#[must_use]
pub fn shape(series: &Series, row: usize) -> Shape {
    let bars = series.bars();
    let point = |contract: Price, mark: Option<Price>| Point {
        contract,
        mark: mark.unwrap_or(contract),
    };
    let mark = series.mark();
    Shape {
        open: open_point(series, row),
        high: point(bars.high[row], mark.map(|mark| mark.high[row])),
        low: point(bars.low[row], mark.map(|mark| mark.low[row])),
        close: point(bars.close[row], mark.map(|mark| mark.close[row])),
    }
}

/// Whether the low comes first (F6).
#[must_use]
pub fn low_first(mode: PathMode, direction: Option<Direction>, shape: &Shape) -> bool {
    let pessimistic = direction != Some(Direction::Short);
    let (open, close) = (shape.open.contract, shape.close.contract);
    match mode {
        PathMode::Pessimistic => pessimistic,
        PathMode::Optimistic => !pessimistic,
        PathMode::CloseDir if close == open => pessimistic,
        PathMode::CloseDir => close > open,
        PathMode::Nearest => {
            let above = shape.high.contract.steps() - open.steps();
            let below = open.steps() - shape.low.contract.steps();
            if above == below {
                pessimistic
            } else {
                below < above
            }
        }
        PathMode::Ohlc => false,
        PathMode::Olhc => true,
    }
}

/// Walks the inside of a bar.
pub fn walk_path(walk: &mut Walk<'_>, shape: &Shape, low_first: bool) {
    let (first, second) = if low_first {
        (shape.low, shape.high)
    } else {
        (shape.high, shape.low)
    };
    walk.along(shape.open, first);
    walk.along(first, second);
    walk.along(second, shape.close);
}

/// What F12 compares: side, quantity, price, reason of every fill, in order.
#[must_use]
pub fn same_fills(one: &[Hit], other: &[Hit]) -> bool {
    let key = |hit: &Hit| (hit.side, hit.qty, hit.price, hit.reason);
    one.iter().map(key).eq(other.iter().map(key))
}

/// Walks a bar as the path mode says; whether the other order of high and low would have filled differently. `again`
/// makes the walk anew as it was given, for that.
pub fn pass<'a>(walk: &mut Walk<'a>, shape: &Shape, again: impl FnOnce() -> Walk<'a>) -> bool {
    let direction = walk.position.map(|position| position.direction);
    let low = low_first(walk.model.path_mode, direction, shape);
    let free = walk.is_path_free(shape.low, shape.high);
    walk_path(walk, shape, low);
    // A partial fill moves the liquidation level; only then is a free path looked at again.
    let free = free && !walk.is_liquidated_within(shape.low, shape.high);
    direction.is_some() && !free && {
        let mut other = again();
        walk_path(&mut other, shape, !low);
        !same_fills(&walk.hits, &other.hits)
    }
}
