//! The arithmetic of one position: cost, profit, fee, funding, margin, liquidation level (A2–A8).
//!
//! Not here: whose position it is and what else the account holds (`exchange`, `trader::ledger`): both use these
//! functions, so a figure is computed in one place.

use serde::{Deserialize, Serialize};

use super::instrument::Instrument;
use super::num::{
    LARGEST, Money, Notional, Price, Qty, Rate, Rounding, UNIT, divide, multiply_divide, times,
};
use super::order::Direction;

/// An open position. Flat is `None`, never a zero quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Long or short.
    pub direction: Direction,
    /// Open quantity, above zero.
    pub qty: Qty,
    /// Σ price × quantity of the entries that are still open; not an average price (A2).
    pub cost: Notional,
    /// The margin set aside for it in isolated mode (A6).
    pub isolated: Money,
}

/// How margin is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginMode {
    /// Each position has its own margin and cannot lose more than it.
    Isolated,
    /// All positions share the wallet.
    Cross,
}

/// What trading costs and how far it is levered; trader and exchange agree on these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Notional per margin, from 1.
    pub leverage: u16,
    /// How margin is kept.
    pub margin_mode: MarginMode,
    /// Fee of a resting order.
    pub maker: Rate,
    /// Fee of a market order.
    pub taker: Rate,
}

/// What a reduction of a position comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// Profit of the closed part, rounded toward minus infinity.
    pub realized: Money,
    /// What stays open; `None` when flat.
    pub rest: Option<Position>,
}

/// Fee of a fill, rounded up (A3).
#[must_use]
pub fn fee(price: Price, qty: Qty, rate: Rate) -> Money {
    (price * qty).rate(rate, Rounding::Up)
}

/// Margin that a notional needs, rounded up (A6).
#[must_use]
pub fn initial_margin(notional: Notional, leverage: u16) -> Money {
    let divisor = i64::from(leverage) * UNIT;
    Money::from_quotient(notional.raw(), i128::from(divisor), Rounding::Up)
}

impl Position {
    /// A position from its first fill.
    #[must_use]
    pub fn open(direction: Direction, price: Price, qty: Qty, leverage: u16) -> Self {
        let cost = price * qty;
        Self {
            direction,
            qty,
            cost,
            isolated: initial_margin(cost, leverage),
        }
    }

    /// The position after one more fill on its own side.
    #[must_use]
    pub fn add(self, price: Price, qty: Qty, leverage: u16) -> Self {
        let cost = price * qty;
        Self {
            qty: self.qty + qty,
            cost: self.cost + cost,
            isolated: self.isolated + initial_margin(cost, leverage),
            ..self
        }
    }

    /// Closes `qty` (at most all of it) at a price (A4).
    #[must_use]
    pub fn reduce(self, price: Price, qty: Qty) -> Reduction {
        assert!(
            !qty.is_zero() && qty <= self.qty,
            "invariant: exits are trimmed to the position"
        );
        let whole = i128::from(self.qty.steps());
        let part = i128::from(qty.steps());
        let released = if qty == self.qty {
            self.cost
        } else {
            // Half-even at 1e-8 USDT: the cost is in 1e-16, so the divisor carries the difference.
            let share = released_share(self.cost, part, whole);
            share.exact()
        };
        let realized = self.gain(price * qty - released).round(Rounding::Down);
        let rest = (qty < self.qty).then(|| Self {
            qty: self.qty - qty,
            cost: self.cost - released,
            isolated: share_of_money(self.isolated, whole - part, whole),
            ..self
        });
        Reduction { realized, rest }
    }

    /// Profit at a price, exact (A2).
    #[must_use]
    #[inline]
    pub fn unrealized(&self, mark: Price) -> Notional {
        self.gain(mark * self.qty - self.cost)
    }

    /// What a rise of the position's worth is to its owner.
    fn gain(&self, rise: Notional) -> Notional {
        match self.direction {
            Direction::Long => rise,
            Direction::Short => -rise,
        }
    }

    /// Funding at a rate and mark, rounded toward minus infinity; positive is received (A5).
    #[must_use]
    pub fn funding(&self, rate: Rate, mark: Price) -> Money {
        let signed = Rate::from_steps(-rate.steps() * self.direction.sign());
        (mark * self.qty).rate(signed, Rounding::Down)
    }

    /// Maintenance margin at a mark (A6), rounded up: it is only compared.
    #[must_use]
    pub fn maintenance(&self, mark: Price, instrument: &Instrument) -> Notional {
        let notional = mark * self.qty;
        let bracket = instrument.bracket(notional);
        notional.rate(bracket.maintenance, Rounding::Up).exact() - bracket.deduction.exact()
    }

    /// A level at a signed distance from the average entry, rounded to tick: average × (1 + distance) exactly, then
    /// one rounding. `None` when it is not above zero.
    #[must_use]
    pub fn level(&self, distance: Rate, tick: Price, rounding: Rounding) -> Option<Price> {
        let numerator = times(self.cost.raw(), UNIT + distance.steps());
        Price::from_split(numerator, (self.qty.steps(), UNIT), tick, rounding)
    }

    /// The mark at which the position is liquidated, with `margin` to lose, rounded toward entry (A7).
    /// `None` when no such level exists.
    #[must_use]
    pub fn liquidation(&self, margin: Notional, instrument: &Instrument) -> Option<Price> {
        let last = instrument.brackets.len() - 1;
        for (index, bracket) in instrument.brackets.iter().enumerate() {
            let deduction = bracket.deduction.exact().raw();
            let (top, bottom, rounding) = match self.direction {
                Direction::Long => (
                    self.cost.raw() - margin.raw() - deduction,
                    UNIT - bracket.maintenance.steps(),
                    Rounding::Up,
                ),
                Direction::Short => (
                    margin.raw() + self.cost.raw() + deduction,
                    UNIT + bracket.maintenance.steps(),
                    Rounding::Down,
                ),
            };
            if top <= 0 || bottom <= 0 {
                continue;
            }
            // level × quantity = top ÷ (bottom in units); compared with the tier by cross-multiplication.
            let scaled = times(top, UNIT);
            let above_floor = times(bracket.floor.exact().raw(), bottom) <= scaled;
            let below_cap = index == last || scaled < times(bracket.cap.exact().raw(), bottom);
            if above_floor && below_cap {
                // A small position beside a large margin: no price can ever get there.
                let per_unit = divide(scaled, i128::from(bottom), Rounding::Down);
                let qty = self.qty.steps();
                if per_unit >= i128::from(LARGEST) * i128::from(qty) + i128::from(qty) {
                    return None;
                }
                return Price::from_split(scaled, (bottom, qty), instrument.tick, rounding);
            }
        }
        None
    }
}

fn released_share(cost: Notional, part: i128, whole: i128) -> Money {
    let steps = multiply_divide(
        cost.raw(),
        part,
        whole * i128::from(UNIT),
        Rounding::HalfEven,
    );
    Notional::from_raw(steps * i128::from(UNIT)).round(Rounding::Down)
}

fn share_of_money(amount: Money, part: i128, whole: i128) -> Money {
    let numerator = i128::from(amount.steps()) * part;
    Money::from_quotient(numerator, whole, Rounding::HalfEven)
}
