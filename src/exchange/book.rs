//! What rests at the exchange in one symbol, what is about to change of it, and how much of an order can execute: the
//! same for simulation on bars and on trades.
//!
//! Not here: when an order fills and at what price (`fills`), when anything is looked at (`history`, `trades`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::instrument::Instrument;
use crate::domain::num::{Price, Qty};
use crate::domain::order::{Amount, OrderId, OrderKind, OrderRequest, Purpose, Reject, Side};
use crate::domain::position::Position;
use crate::domain::time::Timestamp;
use crate::exchange::fills::Resting;

/// Resting orders of a symbol and the changes on their way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// What rests, in the order it was sent.
    pub resting: Vec<Resting>,
    /// What takes effect at the first price at or after its arrival, in the order it was sent.
    pub amendments: Vec<Amendment>,
    /// What asked for the orders that can open a position.
    pub references: BTreeMap<OrderId, Option<Arc<str>>>,
}

/// A change of what rests that is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// When it reaches the exchange.
    pub arrival: Timestamp,
    /// What changes.
    pub change: Change,
}

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// An order begins to rest.
    Place(Resting),
    /// An order is taken back.
    Cancel(OrderId),
}

/// A market or limit order on its way or waiting for a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flight {
    /// The order.
    pub request: OrderRequest,
    /// When it reaches the exchange.
    pub arrival: Timestamp,
}

impl Book {
    /// Whether an order rests or is about to.
    #[must_use]
    pub fn has(&self, id: OrderId) -> bool {
        self.ids().any(|known| known == id)
    }

    /// Orders that rest or are about to.
    pub fn ids(&self) -> impl Iterator<Item = OrderId> {
        let placed = self.amendments.iter().filter_map(Amendment::placed);
        self.resting.iter().map(|order| order.id).chain(placed)
    }

    /// Takes the changes out that have arrived, in the order they were sent.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Amendment> {
        if self
            .amendments
            .iter()
            .all(|amendment| amendment.arrival > now)
        {
            return Vec::new();
        }
        let (due, later) = std::mem::take(&mut self.amendments)
            .into_iter()
            .partition(|amendment| amendment.arrival <= now);
        self.amendments = later;
        due
    }

    /// Ends a resting order and says how much of it was executed.
    pub fn cancel(&mut self, id: OrderId) -> Option<Qty> {
        let index = self.resting.iter().position(|order| order.id == id)?;
        Some(self.resting.remove(index).filled)
    }

    /// F13: what closes nothing any more vanishes. The orders gone with what was executed of them, by id; `filled` are
    /// orders that ended by filling.
    pub fn vanish(&mut self, filled: &[OrderId]) -> Vec<(OrderId, Qty)> {
        let mut gone: Vec<(OrderId, Qty)> = Vec::new();
        self.resting.retain(|order| {
            if order.reduce_only {
                gone.push((order.id, order.filled));
            }
            !order.reduce_only
        });
        self.amendments.retain(|amendment| match &amendment.change {
            Change::Place(resting) if resting.reduce_only => {
                gone.push((resting.id, Qty::ZERO));
                false
            }
            Change::Place(_) => true,
            Change::Cancel(id) => !gone.iter().any(|(gone, _)| gone == id),
        });
        gone.sort_unstable_by_key(|(id, _)| *id);
        gone.retain(|(id, _)| !filled.contains(id));
        gone
    }

    /// Takes the limit orders out (D3).
    pub fn take_limits(&mut self) -> Vec<OrderId> {
        let mut taken = Vec::new();
        self.resting.retain(|order| {
            let limit = matches!(order.kind, OrderKind::Limit { .. });
            taken.extend(limit.then_some(order.id));
            !limit
        });
        taken
    }

    /// Takes over what a walk made of the resting orders; `filled` have ended by filling.
    pub fn take_over(&mut self, walked: &[Resting], filled: &[OrderId]) {
        self.resting.retain(|order| !filled.contains(&order.id));
        for order in &mut self.resting {
            if let Some(walked) = walked.iter().find(|walked| walked.id == order.id) {
                *order = *walked;
            }
        }
    }
}

impl Amendment {
    fn placed(&self) -> Option<OrderId> {
        match &self.change {
            Change::Place(resting) => Some(resting.id),
            Change::Cancel(_) => None,
        }
    }
}

/// The quantity that executes: exits are trimmed to the position and never flip it (F13); an order by hand meets the
/// contract's filters at `price`.
///
/// # Errors
/// With the exchange's reason when nothing of it may execute.
pub fn executable(
    request: &OrderRequest,
    instrument: &Instrument,
    held: Option<Position>,
    price: Price,
) -> Result<Qty, Reject> {
    let reducible = held.filter(|position| position.direction.exit_side() == request.side);
    let open = reducible.map_or(Qty::ZERO, |position| position.qty);
    if request.reduce_only && reducible.is_none() {
        return Err(Reject::NothingToReduce);
    }
    let wanted = match request.amount {
        Amount::Exact(qty) => qty,
        Amount::Share(share) => open.share(share, instrument.step),
        Amount::All => open,
    };
    if matches!(request.amount, Amount::Share(_))
        && (wanted.is_zero() || wanted < instrument.qty_min)
    {
        return Err(Reject::BelowQtyMin);
    }
    if reducible.is_some() {
        return Ok(wanted.min(open));
    }
    if request.purpose == Purpose::Manual {
        if !wanted.is_on_step(instrument.step) || !price.is_on_tick(instrument.tick) {
            return Err(Reject::OffGrid);
        }
        if wanted.is_zero() || wanted < instrument.qty_min {
            return Err(Reject::BelowQtyMin);
        }
        if price * wanted < instrument.notional_min.exact() {
            return Err(Reject::BelowNotionalMin);
        }
    }
    Ok(wanted)
}

/// What a market or limit order meets at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    /// It executes, at most at this limit.
    Executes,
    /// It is a limit order that rests.
    Rests,
    /// It would execute but must not.
    Refused,
}

/// Whether an order that has arrived executes at a price (F11).
#[must_use]
pub fn meets(kind: OrderKind, side: Side, price: Price) -> Meets {
    let OrderKind::Limit {
        price: limit,
        post_only,
    } = kind
    else {
        return Meets::Executes;
    };
    let marketable = match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    };
    match (marketable, post_only) {
        (true, true) => Meets::Refused,
        (true, false) => Meets::Executes,
        (false, _) => Meets::Rests,
    }
}
