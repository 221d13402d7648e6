//! The risk manager: gates, sizes, and the only place that turns a request into an approved one (S6–S8, S13–S15).
//!
//! Not here: what the account holds (`ledger`), what an exchange refuses by itself.
//! Invariant: nothing reaches [`crate::domain::event::Command::Submit`] without passing one of the `approve_…` here.

use std::sync::Arc;

use crate::domain::event::{Confluence, Floor, FloorBasis, Gate, ManualOrder, Quote};
use crate::domain::instrument::Instrument;
use crate::domain::num::{
    Money, Notional, Price, Qty, Rate, Rounding, UNIT, divide, multiply_divide, times,
};
use crate::domain::order::{Amount, Approved, OrderId, OrderKind, OrderRequest, Purpose, Side};
use crate::domain::position::{Position, initial_margin};
use crate::domain::symbol::SymbolId;
use crate::trader::rules::{DailyRules, HaltBasis, Rules, SizingBasis};

/// What the books say at the moment of a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Halted by the operator.
    pub halted: bool,
    /// Halted by the day's loss.
    pub daily_loss: bool,
    /// Entry fills of the day and pending entries.
    pub entries_today: u32,
    /// Whether the symbol has a position.
    pub in_position: bool,
    /// Whether the symbol has an entry on its way.
    pub pending_entry: bool,
    /// Whether the symbol's cooldown runs.
    pub cooling: bool,
    /// Σ ⌈cost/ℓ⌉ of open positions.
    pub margin_used: Money,
    /// Margin set aside for pending entries.
    pub reserved: Money,
    /// Σ loss at the stops of open positions and pending entries.
    pub open_risk: Notional,
}

impl Standing {
    /// Counts an open position, with its stop if it has one.
    pub fn hold(&mut self, rules: &Rules, position: &Position, stop: Option<Price>) {
        self.margin_used += initial_margin(position.cost, rules.terms.leverage);
        // Beyond the entry a stop loses nothing.
        let loss = stop.map_or(Notional::ZERO, |stop| -position.unrealized(stop));
        self.open_risk += loss.max(Notional::ZERO);
    }

    /// Counts an entry on its way: the margin set aside for it, and whether nothing of it is filled yet.
    pub fn expect(&mut self, rules: &Rules, reserve: Money, unfilled: bool) {
        self.reserved += reserve;
        let notional = reserve.exact().raw() * i128::from(rules.terms.leverage);
        self.open_risk += Notional::from_raw(notional)
            .rate(rules.exits.stop, Rounding::Up)
            .exact();
        self.entries_today += u32::from(unfilled);
    }
}

/// A size and how it came about (S7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    /// B: the smaller of wallet and equity.
    pub base: Notional,
    /// What the quantity was computed from: the cap of the symbol, what is left of the total cap, what can be paid for.
    terms: [Term; 3],
    /// The quantity, on step, cut to the largest market order.
    pub qty: Qty,
    /// Margin set aside until it fills or dies.
    pub reserve: Money,
}

/// A non-negative exact quotient, reduced so that products stay small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    top: i128,
    bottom: i128,
}

/// A share of an amount in 1e-16 USDT of margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    of: i128,
    share: Share,
}

impl Term {
    fn money(self) -> Money {
        let Share { top, bottom } = self.share;
        let exact = multiply_divide(self.of, top, bottom, Rounding::Down);
        Notional::from_raw(exact).round(Rounding::Down)
    }
}

impl Sizing {
    /// Cap of the symbol: margin in USDT, rounded down for display.
    #[must_use]
    pub fn position_cap(&self) -> Money {
        self.terms[0].money()
    }

    /// What is left of the total cap, as [`Self::position_cap`].
    #[must_use]
    pub fn total_left(&self) -> Money {
        self.terms[1].money()
    }

    /// What the account can pay for, fee included, as [`Self::position_cap`].
    #[must_use]
    pub fn affordable(&self) -> Money {
        self.terms[2].money()
    }
}

impl Share {
    fn new(top: i128, bottom: i128) -> Self {
        if top == 1 {
            return Self { top, bottom };
        }
        let common = greatest_common_divisor(top.abs(), bottom).max(1);
        Self {
            top: top / common,
            bottom: bottom / common,
        }
    }

    fn of(rate: Rate) -> Self {
        Self::new(i128::from(rate.steps()), i128::from(UNIT))
    }

    fn times(self, other: Self) -> Self {
        Self::new(self.top * other.top, self.bottom * other.bottom)
    }
}

fn greatest_common_divisor(mut one: i128, mut other: i128) -> i128 {
    // Nearly always both are small, and wide remainders are slow.
    if let (Ok(mut one), Ok(mut other)) = (u64::try_from(one), u64::try_from(other)) {
        while other != 0 {
            (one, other) = (other, one % other);
        }
        return i128::from(one);
    }
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// What the sizes of all entries under the same rules have in common.
#[derive(Clone, Copy, Debug)]
pub struct Sizer<'a> {
    rules: &'a Rules,
    /// Of the base, in margin, before the score scales it.
    position: Share,
    /// Of the base, in margin.
    total: Share,
    /// Of what can be paid for, the entry's fee apart.
    free: Share,
}

impl<'a> Sizer<'a> {
    /// For entries under these rules.
    #[must_use]
    pub fn new(rules: &'a Rules) -> Self {
        let leverage = i128::from(rules.terms.leverage);
        let per_margin = match rules.sizing.basis {
            SizingBasis::Margin => Share::new(1, 1),
            SizingBasis::Notional => Share::new(1, leverage),
        };
        let taker = i128::from(UNIT) + leverage * i128::from(rules.terms.taker.steps());
        Self {
            rules,
            position: Share::of(rules.sizing.position).times(per_margin),
            total: Share::of(rules.sizing.total).times(per_margin),
            free: Share::new(i128::from(UNIT), taker),
        }
    }

    /// The size of an entry (S6, S7) and its quantity before any rounding to steps, or the gate that nothing is left
    /// for.
    ///
    /// # Errors
    /// [`Gate::TotalCap`] or [`Gate::InsufficientMargin`] when nothing is left.
    pub fn size(
        &self,
        quote: &Quote,
        price: Price,
        standing: &Standing,
        score: Rate,
    ) -> Result<(Sizing, Qty), Gate> {
        let Self { rules, total, .. } = *self;
        let base = quote.wallet.exact().min(quote.equity);
        let position = if rules.sizing.score_scaling {
            let unit = i128::from(UNIT);
            let scale = Share::new(unit + i128::from(score.steps()), 2 * unit);
            self.position.times(scale)
        } else {
            self.position
        };
        let used = (standing.margin_used + standing.reserved).exact().raw();
        let position_term = Term {
            of: base.raw(),
            share: position,
        };
        let total_term = Term {
            of: base.raw() * total.top - used * total.bottom,
            share: Share::new(1, total.bottom),
        };
        let free_term = Term {
            of: (quote.available - standing.reserved).exact().raw(),
            share: self.free,
        };
        if total_term.of <= 0 {
            return Err(Gate::TotalCap);
        }
        if free_term.of <= 0 {
            return Err(Gate::InsufficientMargin);
        }
        let leverage = i128::from(rules.terms.leverage);
        let quantity = |term: Term| {
            let steps = multiply_divide(
                term.of,
                term.share.top * leverage,
                times(term.share.bottom, price.steps()),
                Rounding::Down,
            );
            i64::try_from(steps).unwrap_or(i64::MAX).max(0)
        };
        let terms = [position_term, total_term, free_term];
        let steps = terms.map(quantity).into_iter().min().unwrap_or(0);
        let qty = Qty::from_steps(steps).unwrap_or(Qty::ZERO);
        let sizing = Sizing {
            base,
            terms,
            qty,
            reserve: Money::ZERO,
        };
        Ok((sizing, qty))
    }

    /// Tests the gates in their order and sizes the entry of a score (S8): the decision of [`approve_entry`] alone.
    ///
    /// # Errors
    /// The first gate that fails.
    pub fn fit(
        &self,
        instrument: &Instrument,
        quote: &Quote,
        standing: &Standing,
        score: Rate,
    ) -> Result<Sizing, Gate> {
        let rules = self.rules;
        check_standing(rules, quote.trading, standing)?;
        let price = quote.mark.ok_or(Gate::NoPrice)?;
        let (mut sizing, raw) = self.size(quote, price, standing, score)?;
        let qty = raw
            .min(instrument.market_qty_max)
            .round_down_to_step(instrument.step);
        if let Some(limit) = rules.sizing.open_risk_max {
            let added = (price * qty).rate(rules.exits.stop, Rounding::Up).exact();
            let bound = sizing.base.rate(limit, Rounding::Down).exact();
            if standing.open_risk + added > bound {
                return Err(Gate::OpenRisk);
            }
        }
        if qty.is_zero() || qty < instrument.qty_min {
            return Err(Gate::BelowQtyMin);
        }
        if price * qty < instrument.notional_min.exact() {
            return Err(Gate::BelowNotionalMin);
        }
        sizing.qty = qty;
        sizing.reserve = initial_margin(price * qty, rules.terms.leverage);
        Ok(sizing)
    }
}

/// The figure at which a day that began with this equity and wallet is over (S14).
#[must_use]
pub fn loss_floor(rules: &DailyRules, equity: Notional, wallet: Money) -> Floor {
    let unit = i128::from(UNIT);
    let loss = rules.loss_max.steps();
    let day = equity.raw();
    match rules.halt_basis {
        HaltBasis::Equity => {
            let level = divide(times(day, UNIT - loss), unit, Rounding::Down);
            Floor {
                basis: FloorBasis::Equity,
                level: Notional::from_raw(level),
            }
        }
        HaltBasis::Realized => {
            let level = wallet.exact().raw() - divide(times(day, loss), unit, Rounding::Up);
            Floor {
                basis: FloorBasis::Wallet,
                level: Notional::from_raw(level),
            }
        }
    }
}

/// Tests the gates in their order and sizes the entry of a confluence (S8).
///
/// # Errors
/// The first gate that fails.
pub fn approve_entry(
    rules: &Rules,
    instrument: &Instrument,
    quote: &Quote,
    standing: &Standing,
    ask: (OrderId, &Confluence),
) -> Result<(Approved, Sizing), Gate> {
    let (id, pair) = ask;
    let sizing = Sizer::new(rules).fit(instrument, quote, standing, pair.score.total)?;
    let request = entry((id, pair.symbol), rules, sizing.qty, Some(pair.reference()));
    Ok((Approved::seal(request), sizing))
}

/// The entry of a size.
#[must_use]
pub const fn entry(
    (id, symbol): (OrderId, SymbolId),
    rules: &Rules,
    qty: Qty,
    reference: Option<Arc<str>>,
) -> OrderRequest {
    OrderRequest {
        id,
        symbol,
        side: rules.direction.entry_side(),
        kind: OrderKind::Market,
        amount: Amount::Exact(qty),
        reduce_only: false,
        purpose: Purpose::Entry,
        reference,
    }
}

/// The gates that hang on the books alone, in their order (S8): all before the one of the price.
///
/// # Errors
/// The first gate that fails.
pub fn check_standing(rules: &Rules, trading: bool, standing: &Standing) -> Result<(), Gate> {
    if !trading {
        Err(Gate::NotTrading)
    } else if standing.halted {
        Err(Gate::Halted)
    } else if standing.daily_loss {
        Err(Gate::DailyLoss)
    } else if standing.entries_today >= rules.daily.trades_max {
        Err(Gate::DailyTrades)
    } else if standing.in_position {
        Err(Gate::InPosition)
    } else if standing.pending_entry {
        Err(Gate::PendingEntry)
    } else if standing.cooling {
        Err(Gate::Cooldown)
    } else {
        Ok(())
    }
}

/// An order that can only make a position smaller needs no gate: it is sealed reduce-only.
#[must_use]
pub fn approve_exit(id: OrderId, symbol: SymbolId, side: Side, exit: Exit) -> Approved {
    Approved::seal(OrderRequest {
        id,
        symbol,
        side,
        kind: exit.kind,
        amount: exit.amount,
        reduce_only: true,
        purpose: exit.purpose,
        reference: exit.reference,
    })
}

/// How an exit executes, how much it closes and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Market, stop, take-profit or trailing.
    pub kind: OrderKind,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub purpose: Purpose,
    /// What asked for it, if a signal or a person did.
    pub reference: Option<Arc<str>>,
}

/// An order by hand passes the exchange's checks only; a missing quantity means the whole position, so it can only
/// reduce.
#[must_use]
pub fn approve_manual(id: OrderId, order: &ManualOrder) -> Approved {
    Approved::seal(OrderRequest {
        id,
        symbol: order.symbol,
        side: order.side,
        kind: order.kind,
        amount: order.qty.map_or(Amount::All, Amount::Exact),
        reduce_only: order.reduce_only || order.qty.is_none(),
        purpose: Purpose::Manual,
        reference: order.reference.clone(),
    })
}
