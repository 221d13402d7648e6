//! Which protective orders should rest for a position: levels and quantities (S9–S12, S16).
//!
//! Not here: what rests already and which commands get from there to here (`reconcile`).

use crate::domain::event::{ExitPlan, ShareOf, Target};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Price, Qty, Rate, Rounding};
use crate::domain::order::{Direction, OrderKind};
use crate::domain::position::Position;

/// The bracket of one position, fixed when it is placed: take-profit quantities never change afterwards (S9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bracket {
    /// The hard stop.
    pub stop: Option<OrderKind>,
    /// Levels that carry a quantity, with their configured index from 1.
    pub targets: Vec<PlacedTarget>,
    /// The trailing stop, if wanted.
    pub trailing: Option<OrderKind>,
    /// Levels that were too small and carry nothing (S12).
    pub dropped: u8,
    /// By configured level.
    staged: Vec<Qty>,
}

/// One take-profit order to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedTarget {
    /// Configured index, from 1.
    pub index: u8,
    /// The order.
    pub kind: OrderKind,
    /// Its quantity.
    pub qty: Qty,
}

/// Splits a quantity over the levels (S11, S12): one entry per configured level, zero for a dropped one.
#[must_use]
pub fn stage(qty: Qty, levels: &[Target], share_of: ShareOf, instrument: &Instrument) -> Vec<Qty> {
    let mut staged = Vec::with_capacity(levels.len());
    stage_into(&mut staged, qty, (levels, share_of), instrument);
    staged
}

fn stage_into(
    staged: &mut Vec<Qty>,
    qty: Qty,
    (levels, share_of): (&[Target], ShareOf),
    instrument: &Instrument,
) {
    staged.clear();
    let mut rest = qty;
    for (index, level) in levels.iter().enumerate() {
        let whole = match share_of {
            ShareOf::Initial => qty,
            ShareOf::Remaining => rest,
        };
        let last = index + 1 == levels.len();
        let part = if last {
            rest
        } else {
            whole.share(level.share, instrument.step).min(rest)
        };
        let part = if part < instrument.qty_min {
            Qty::ZERO
        } else {
            part
        };
        rest -= part;
        staged.push(part);
    }
    // A rest the last level cannot hold goes to the level placed before it; without one only the stop exists.
    if let Some(placed) = staged.iter_mut().rev().find(|part| !part.is_zero()) {
        *placed += rest;
    }
}

/// The hard stop at the plan's distance from the average entry.
#[must_use]
pub fn stop(position: &Position, plan: &ExitPlan, instrument: &Instrument) -> Option<OrderKind> {
    let rounding = match position.direction {
        Direction::Long => Rounding::Down,
        Direction::Short => Rounding::Up,
    };
    let trigger = position.level(
        signed(position.direction, -plan.stop),
        instrument.tick,
        rounding,
    )?;
    Some(OrderKind::Stop {
        trigger,
        watched: plan.stop_watched,
    })
}

/// The stop after TP1 (S16): only in our favour, so `None` when it would be no better than the hard stop.
#[must_use]
pub fn break_even(
    position: &Position,
    plan: &ExitPlan,
    instrument: &Instrument,
) -> Option<OrderKind> {
    let trigger = favourable(position, plan.break_even?, instrument)?;
    let moved = OrderKind::Stop {
        trigger,
        watched: plan.stop_watched,
    };
    let hard = stop(position, plan, instrument);
    let better = hard.is_none_or(|hard| is_better(position.direction, &moved, &hard));
    better.then_some(moved)
}

/// Whether the first of two stops has the level that loses less.
#[must_use]
pub const fn is_better(direction: Direction, one: &OrderKind, other: &OrderKind) -> bool {
    let (OrderKind::Stop { trigger: one, .. }, OrderKind::Stop { trigger: other, .. }) =
        (one, other)
    else {
        return true;
    };
    match direction {
        Direction::Long => one.steps() > other.steps(),
        Direction::Short => one.steps() < other.steps(),
    }
}

/// The whole bracket for a position that has just been entered.
#[must_use]
pub fn place(position: &Position, plan: &ExitPlan, instrument: &Instrument) -> Bracket {
    let mut bracket = Bracket::default();
    bracket.place(position, plan, instrument);
    bracket
}

impl Bracket {
    /// Makes it the bracket of another position, as [`place`].
    pub fn place(&mut self, position: &Position, plan: &ExitPlan, instrument: &Instrument) {
        let levels = (plan.targets.as_slice(), plan.share_of);
        stage_into(&mut self.staged, position.qty, levels, instrument);
        self.targets.clear();
        self.dropped = 0;
        for (index, (level, qty)) in (1_u8..).zip(plan.targets.iter().zip(&self.staged)) {
            if qty.is_zero() {
                self.dropped = self.dropped.saturating_add(1);
                continue;
            }
            let Some(trigger) = favourable(position, level.distance, instrument) else {
                continue;
            };
            let kind = OrderKind::TakeProfit {
                trigger,
                watched: plan.target_watched,
            };
            self.targets.push(PlacedTarget {
                index,
                kind,
                qty: *qty,
            });
        }
        self.trailing = plan.trailing.as_ref().and_then(|trailing| {
            let activation = favourable(position, trailing.activation, instrument)?;
            Some(OrderKind::Trail {
                activation,
                callback: trailing.callback,
                watched: trailing.watched,
            })
        });
        self.stop = stop(position, plan, instrument);
    }
}

/// A level in our favour: rounded away from the entry, long up, short down.
fn favourable(position: &Position, distance: Rate, instrument: &Instrument) -> Option<Price> {
    let rounding = match position.direction {
        Direction::Long => Rounding::Up,
        Direction::Short => Rounding::Down,
    };
    position.level(
        signed(position.direction, distance),
        instrument.tick,
        rounding,
    )
}

fn signed(direction: Direction, distance: Rate) -> Rate {
    match direction {
        Direction::Long => distance,
        Direction::Short => -distance,
    }
}
