//! The next bar that can touch anything of a symbol: resting orders, a liquidation (W7).
//!
//! Not here: what happens in that bar (`path`, `fills`), the index itself (`market::ranges`).
//! Invariant: a bar passed over cannot fill anything, whatever its order of high and low.

use crate::domain::num::{Price, UNIT};
use crate::domain::order::{Direction, OrderKind, Side, Watched};
use crate::exchange::fills::{Resting, fires_downward};
use crate::market::ranges::{Band, Follower};
use crate::market::tape::Series;

/// The first row at or after `from` that can touch what rests or the liquidation level of a position. The peaks of
/// armed trailing stops must include every row before `from`.
#[must_use]
pub fn next_touch(
    series: &Series,
    from: usize,
    resting: &[Resting],
    liquidation: Option<(Price, Direction)>,
) -> Option<usize> {
    let rows = series.len();
    let mut contract = Band::default();
    let mut mark = Band::default();
    for order in resting {
        let Some((level, down)) = resting_level(order) else {
            continue;
        };
        match order.watched() {
            Watched::Contract => contract = contract.with(level, down),
            Watched::Mark => mark = mark.with(level, down),
        }
    }
    if let Some((level, direction)) = liquidation {
        mark = mark.with(level, direction == Direction::Long);
    }
    let marked = series.mark().is_some();
    if !marked {
        // One column for both: one search.
        let levels = [(mark.lower, true), (mark.upper, false)];
        contract = levels.into_iter().fold(contract, |band, (level, down)| {
            level.map_or(band, |level| band.with(level, down))
        });
    }
    // Each search goes no further than what was found before it: liquidation levels lie far away.
    let columns = series.contract_columns();
    let mut bound = columns.first_touch(from, rows, contract).unwrap_or(rows);
    if marked {
        let columns = series.mark_columns();
        bound = columns.first_touch(from, bound, mark).unwrap_or(bound);
    }
    for order in resting {
        bound = follow(order, series, from, bound).unwrap_or(bound);
    }
    (bound < rows).then_some(bound)
}

/// Folds rows that touched nothing into the peaks of trailing stops. Those that are not armed need none: such rows lie
/// short of the activation, and whatever arms a stop is a better peak than all before it.
pub fn follow_rows(resting: &mut [Resting], series: &Series, from: usize, to: usize) {
    for order in resting.iter_mut().filter(|order| order.armed) {
        let columns = match order.watched() {
            Watched::Contract => series.contract_columns(),
            Watched::Mark => series.mark_columns(),
        };
        if let Some((low, high)) = columns.extremes(from, to) {
            order.follow(low);
            order.follow(high);
        }
    }
}

/// The fixed level at which an order must be looked at, and whether it fires downward. An armed trailing stop has
/// none: its level follows the bars.
fn resting_level(order: &Resting) -> Option<(Price, bool)> {
    match order.kind {
        OrderKind::Stop { trigger, .. } | OrderKind::TakeProfit { trigger, .. } => {
            Some((trigger, fires_downward(order.kind, order.side)))
        }
        OrderKind::Limit { price, .. } => Some((price, fires_downward(order.kind, order.side))),
        // Not armed yet: the bar that reaches the activation is looked at whole.
        OrderKind::Trail { activation, .. } if !order.armed => {
            Some((activation, order.side == Side::Buy))
        }
        OrderKind::Trail { .. } | OrderKind::Market => None,
    }
}

/// The first row of `from..to` in which an armed trailing stop could fire.
fn follow(order: &Resting, series: &Series, from: usize, to: usize) -> Option<usize> {
    let OrderKind::Trail {
        callback, watched, ..
    } = order.kind
    else {
        return None;
    };
    let peak = order.peak.filter(|_| order.armed)?;
    let upward = order.side == Side::Sell;
    let keep = if upward {
        UNIT - callback.steps()
    } else {
        UNIT + callback.steps()
    };
    let columns = match watched {
        Watched::Contract => series.contract_columns(),
        Watched::Mark => series.mark_columns(),
    };
    columns.first_give_back(from, to, Follower { peak, keep, upward })
}
