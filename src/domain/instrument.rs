//! What the exchange says of a contract: filters, maintenance brackets, the end of trading.
//!
//! Not here: where it was read (`market`).

use super::num::{Money, Notional, Price, Qty, Rate};
use super::symbol::Symbol;
use super::time::Timestamp;

/// One tier of the maintenance-margin table (A6), in ascending order without holes; the last cap counts as infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    /// Notional from which the tier holds, inclusive.
    pub floor: Money,
    /// Notional up to which it holds, exclusive.
    pub cap: Money,
    /// Maintenance margin rate.
    pub maintenance: Rate,
    /// The amount that makes the table continuous.
    pub deduction: Money,
}

/// Filters and margin table of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its name.
    pub symbol: Symbol,
    /// Prices are multiples of this.
    pub tick: Price,
    /// Quantities are multiples of this.
    pub step: Qty,
    /// Smallest order.
    pub qty_min: Qty,
    /// Largest market order; sizes are cut to it (F3).
    pub market_qty_max: Qty,
    /// Smallest order value in USDT; exits are exempt (S8).
    pub notional_min: Money,
    /// Fee of a liquidation as a share of its value.
    pub liquidation_fee: Rate,
    /// Maintenance table, at least one tier.
    pub brackets: Vec<Bracket>,
    /// The end of trading (D3), if there is one.
    pub delisted: Option<Timestamp>,
}

impl Instrument {
    /// The tier whose `[floor, cap)` holds a notional; the last one above all caps.
    #[must_use]
    pub fn bracket(&self, notional: Notional) -> &Bracket {
        self.brackets
            .iter()
            .find(|bracket| notional < bracket.cap.exact())
            .or(self.brackets.last())
            .expect("invariant: an instrument has at least one bracket")
    }
}
