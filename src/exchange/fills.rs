//! Decides when a resting order fills and at what price. The only place that does; history and paper share it.
//!
//! Not here: which orders rest (`trader::bracket`), when a bar is looked at (`history`), what a fill does to the
//! account (`account`).
//! Invariant: a bar that the tape's index passes over cannot fill anything, whatever its order of high and low.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::domain::event::{AccountUpdate, Event, OrderUpdate};
use crate::domain::fill::{Fill, Liquidity, Reason};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Price, Qty, Rate, Rounding, UNIT, multiply_divide};
use crate::domain::order::{
    Amount, Direction, OrderId, OrderKind, OrderRequest, Purpose, Side, Watched,
};
use crate::domain::position::{MarginMode, Position, fee};
use crate::domain::symbol::SymbolId;
use crate::exchange::model::{LimitFill, Model};

/// An order that rests at the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resting {
    /// Its id.
    pub id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// Stop, take-profit, trailing or limit.
    pub kind: OrderKind,
    /// How much of it is left.
    pub amount: Amount,
    /// Executed so far.
    pub filled: Qty,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Why it exists.
    pub purpose: Purpose,
    /// Of a trailing stop: the best watched price since placement.
    pub peak: Option<Price>,
    /// Of a trailing stop: whether the peak has reached the activation.
    pub armed: bool,
}

/// Contract and mark at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Price of trades.
    pub contract: Price,
    /// Mark price.
    pub mark: Price,
}

/// A fill the walk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The order, or `None` for a liquidation.
    pub order: Option<OrderId>,
    /// Why.
    pub reason: Reason,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// At what price.
    pub price: Price,
    /// Taker, maker or liquidation.
    pub liquidity: Liquidity,
    /// Distance of price and reference times quantity, rounded up: what slippage cost (memo).
    pub slippage: Money,
    /// Executed of the order so far, this fill included.
    pub total: Qty,
    /// What is left of the order.
    pub left: Qty,
}

/// The lowest and highest contract price visited with an open position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extremes {
    /// Lowest.
    pub low: Price,
    /// Highest.
    pub high: Price,
}

/// What one symbol looks like to the fill rules while a price moves. Cheap to copy, so both paths of a bar can be
/// tried from one state.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    /// The model.
    pub model: &'a Model,
    /// The contract.
    pub instrument: &'a Instrument,
    /// The position, if there is one.
    pub position: Option<Position>,
    /// The wallet; matters in cross mode.
    pub wallet: Money,
    /// Σ over other symbols of unrealised profit − maintenance margin, at their last marks (cross mode).
    pub others: Notional,
    /// What rests.
    pub orders: Vec<Resting>,
    /// What limit orders may still take of the current bar.
    pub limit_budget: Qty,
    /// Fills found so far.
    pub hits: Vec<Hit>,
    /// Prices visited with an open position.
    pub visited: Option<Extremes>,
    /// The liquidation level of the state above; [`Walk::find_liquidation`] keeps it.
    pub liquidation: Option<Price>,
}

/// How far along a segment, as an exact quotient in 0..=1.
#[derive(Clone, Copy, Debug)]
struct Progress {
    top: i128,
    bottom: i128,
}

impl Progress {
    const START: Self = Self { top: 0, bottom: 1 };

    fn compare(self, other: Self) -> Ordering {
        (self.top * other.bottom).cmp(&(other.top * self.bottom))
    }
}

/// An exact price `top / bottom` in 1e-8 steps.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    top: i128,
    bottom: i128,
}

impl From<Price> for Reference {
    fn from(price: Price) -> Self {
        Self {
            top: i128::from(price.steps()),
            bottom: 1,
        }
    }
}

/// Who fires next on a segment. The order of variants is that of F7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Liquidation,
    Stop,
    Trailing,
    Target,
    Limit,
}

/// Something that fires on a segment.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: Progress,
    class: Class,
    /// Index into the resting orders; none for a liquidation.
    order: Option<usize>,
    level: Price,
}

/// The trigger sense: `true` fires at or below the level.
#[must_use]
pub fn fires_downward(kind: OrderKind, side: Side) -> bool {
    match kind {
        OrderKind::Stop { .. } | OrderKind::Trail { .. } => side == Side::Sell,
        OrderKind::TakeProfit { .. } | OrderKind::Limit { .. } | OrderKind::Market => {
            side == Side::Buy
        }
    }
}

/// Cost rate of a market fill of a purpose: half spread, impact and the slippage of its class (F1).
#[must_use]
pub fn cost_rate(model: &Model, reason: Reason) -> Rate {
    let costs = &model.costs;
    let slippage = match reason {
        Reason::Order(Purpose::StopLoss | Purpose::BreakEven | Purpose::Trailing) => {
            costs.stop_slippage
        }
        Reason::Order(Purpose::TakeProfit(_)) => costs.target_slippage,
        Reason::Order(
            Purpose::Entry
            | Purpose::Manual
            | Purpose::TimeStop
            | Purpose::RiskSignal
            | Purpose::HaltFlatten
            | Purpose::Unprotected,
        )
        | Reason::Liquidation
        | Reason::Delisted
        | Reason::EndOfData => costs.slippage,
    };
    costs.half_spread + costs.impact + slippage
}

/// The taker price (F1, F2): reference, cost in one multiplication, one rounding to tick, against us.
#[must_use]
pub fn taker_price(reference: Reference, side: Side, cost: Rate, tick: Price) -> Price {
    let factor = i128::from(UNIT) + i128::from(side.sign()) * i128::from(cost.steps());
    let rounding = match side {
        Side::Buy => Rounding::Up,
        Side::Sell => Rounding::Down,
    };
    // A sale can never be worth less than one tick: costs are below 100 %.
    Price::from_product(
        (reference.top, factor),
        reference.bottom * i128::from(UNIT),
        tick,
        rounding,
    )
    .unwrap_or(tick)
}

/// The fill of a market or marketable limit order that arrives at an open: `at` is that price and the quantity.
#[must_use]
pub fn arrived(
    request: &OrderRequest,
    model: &Model,
    instrument: &Instrument,
    at: (Price, Qty),
) -> Hit {
    let (open, qty) = at;
    let reason = Reason::Order(request.purpose);
    let cost = cost_rate(model, reason);
    let taken = taker_price(open.into(), request.side, cost, instrument.tick);
    let price = match (request.kind, request.side) {
        (OrderKind::Limit { price, .. }, Side::Buy) => taken.min(price),
        (OrderKind::Limit { price, .. }, Side::Sell) => taken.max(price),
        _ => taken,
    };
    Hit {
        order: Some(request.id),
        reason,
        side: request.side,
        qty,
        price,
        liquidity: Liquidity::Taker,
        slippage: slippage(price, open.into(), qty),
        total: qty,
        left: Qty::ZERO,
    }
}

/// What closes all of a position without an order, at a price with taker costs (D3, D4).
#[must_use]
pub fn forced(
    position: &Position,
    reason: Reason,
    model: &Model,
    instrument: &Instrument,
    close: Price,
) -> Hit {
    let side = position.direction.exit_side();
    let price = taker_price(
        close.into(),
        side,
        cost_rate(model, reason),
        instrument.tick,
    );
    Hit {
        order: None,
        reason,
        side,
        qty: position.qty,
        price,
        liquidity: Liquidity::Taker,
        slippage: slippage(price, close.into(), position.qty),
        total: position.qty,
        left: Qty::ZERO,
    }
}

/// |price − reference| × quantity, rounded up (M6, memo).
#[must_use]
pub fn slippage(price: Price, reference: Reference, qty: Qty) -> Money {
    let apart = (i128::from(price.steps()) * reference.bottom - reference.top).abs();
    let raw = multiply_divide(
        apart,
        i128::from(qty.steps()),
        reference.bottom,
        Rounding::Up,
    );
    Notional::from_raw(raw).round(Rounding::Up)
}

/// The trailing level for a peak (F9), rounded long down, short up.
#[must_use]
pub fn trailing_level(peak: Price, callback: Rate, side: Side, tick: Price) -> Option<Price> {
    let (factor, rounding) = match side {
        Side::Sell => (UNIT - callback.steps(), Rounding::Down),
        Side::Buy => (UNIT + callback.steps(), Rounding::Up),
    };
    Price::from_quotient(
        i128::from(peak.steps()) * i128::from(factor),
        i128::from(UNIT),
        tick,
        rounding,
    )
}

impl Hit {
    /// How a fill is told: as news of its order, or of the account.
    #[must_use]
    pub fn told(&self, symbol: SymbolId, fill: Fill) -> Event {
        match self.order {
            Some(id) => Event::Order {
                id,
                update: OrderUpdate::Filled {
                    fill,
                    total: self.total,
                    complete: self.left.is_zero(),
                },
            },
            None => Event::Account(AccountUpdate::Closed {
                symbol,
                cause: self.reason,
                fill,
            }),
        }
    }
}

impl Resting {
    /// An order as it begins to rest.
    #[must_use]
    pub const fn new(request: &OrderRequest) -> Self {
        Self {
            id: request.id,
            side: request.side,
            kind: request.kind,
            amount: request.amount,
            filled: Qty::ZERO,
            reduce_only: request.reduce_only,
            purpose: request.purpose,
            peak: None,
            armed: false,
        }
    }

    /// Takes a price of the watched kind into account: the peak only grows, and once armed it stays armed.
    pub fn follow(&mut self, price: Price) {
        let OrderKind::Trail { activation, .. } = self.kind else {
            return;
        };
        let better = |one: Price, other: Price| match self.side {
            Side::Sell => one.max(other),
            Side::Buy => one.min(other),
        };
        let peak = self.peak.map_or(price, |peak| better(peak, price));
        self.peak = Some(peak);
        self.armed |= better(peak, activation) == peak;
    }

    /// The level at which it fires now; `None` for a trailing stop that is not armed.
    #[must_use]
    pub fn level(&self, tick: Price) -> Option<Price> {
        match self.kind {
            OrderKind::Stop { trigger, .. } | OrderKind::TakeProfit { trigger, .. } => {
                Some(trigger)
            }
            OrderKind::Limit { price, .. } => Some(price),
            OrderKind::Trail { callback, .. } => {
                let peak = self.peak.filter(|_| self.armed)?;
                trailing_level(peak, callback, self.side, tick)
            }
            OrderKind::Market => None,
        }
    }

    /// Which price it watches.
    #[must_use]
    pub const fn watched(&self) -> Watched {
        match self.kind {
            OrderKind::Stop { watched, .. }
            | OrderKind::TakeProfit { watched, .. }
            | OrderKind::Trail { watched, .. } => watched,
            OrderKind::Limit { .. } | OrderKind::Market => Watched::Contract,
        }
    }

    /// Whether a point lies at or beyond its level. Both limit rules and the position are another matter.
    #[must_use]
    pub fn is_reached(&self, point: Point, tick: Price) -> bool {
        let price = point.price(self.watched());
        self.level(tick).is_some_and(|level| {
            if fires_downward(self.kind, self.side) {
                price <= level
            } else {
                price >= level
            }
        })
    }

    const fn class(&self) -> Class {
        match self.kind {
            OrderKind::Stop { .. } => Class::Stop,
            OrderKind::Trail { .. } => Class::Trailing,
            OrderKind::TakeProfit { .. } => Class::Target,
            OrderKind::Limit { .. } | OrderKind::Market => Class::Limit,
        }
    }
}

impl Point {
    /// The price of a kind.
    #[must_use]
    pub const fn price(&self, watched: Watched) -> Price {
        match watched {
            Watched::Contract => self.contract,
            Watched::Mark => self.mark,
        }
    }
}

impl Extremes {
    /// Both at one price.
    #[must_use]
    pub const fn at(price: Price) -> Self {
        Self {
            low: price,
            high: price,
        }
    }

    /// Widened to hold `other` too.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

impl Walk<'_> {
    /// An opening point (F4): everything whose condition holds fires there, liquidation first, then stops, trailing,
    /// take-profits by level, limit orders.
    pub fn at_point(&mut self, point: Point) {
        self.visit(point.contract);
        for order in &mut self.orders {
            let price = point.price(order.watched());
            order.follow(price);
        }
        if let Some(level) = self.liquidation {
            let gone = match self.position.map(|position| position.direction) {
                Some(Direction::Long) => point.mark <= level,
                Some(Direction::Short) => point.mark >= level,
                None => false,
            };
            if gone {
                self.liquidate(point.mark);
            }
        }
        while let Some(index) = self.next_at(point) {
            self.fire(index, point.contract.into(), None);
        }
    }

    /// The order that fires next at a point, in the order of F4.
    fn next_at(&self, point: Point) -> Option<usize> {
        let tick = self.instrument.tick;
        let holds = |order: &Resting| {
            if order.class() == Class::Limit && !self.limit_can_fill(order) {
                return false;
            }
            let strictly = order.class() != Class::Limit
                || self.model.limit_fill == LimitFill::Touch
                || Some(point.price(order.watched())) != order.level(tick);
            order.is_reached(point, tick) && strictly && self.may_act(order)
        };
        let key = |order: &Resting| {
            let level = order.level(tick).map_or(0, Price::steps);
            let nearness = match (order.class(), fires_downward(order.kind, order.side)) {
                (Class::Target, true) => -level,
                (Class::Target, false) => level,
                _ => 0,
            };
            (order.class(), nearness, order.id)
        };
        self.orders
            .iter()
            .enumerate()
            .filter(|(_, order)| holds(order))
            .min_by_key(|(_, order)| key(order))
            .map(|(index, _)| index)
    }

    /// A segment of the path (F5, F7, F9): prices move linearly from `from` to `to`.
    pub fn along(&mut self, from: Point, to: Point) {
        for order in &mut self.orders {
            let (a, b) = (from.price(order.watched()), to.price(order.watched()));
            let favourable = match order.side {
                Side::Sell => b > a,
                Side::Buy => b < a,
            };
            if favourable {
                order.follow(b);
            }
        }
        let mut now = Progress::START;
        while let Some(candidate) = self.next_along(from, to, now) {
            now = candidate.at;
            match candidate.order {
                None => self.liquidate(candidate.level),
                Some(index) => {
                    let watched = self.orders[index].watched();
                    let reference = match watched {
                        Watched::Contract => candidate.level.into(),
                        Watched::Mark => between(from.contract, to.contract, now),
                    };
                    let visited = (watched == Watched::Contract).then_some(candidate.level);
                    self.fire(index, reference, visited);
                }
            }
        }
        self.visit(to.contract);
    }

    fn next_along(&self, from: Point, to: Point, now: Progress) -> Option<Candidate> {
        let liquidation = self
            .liquidation
            .zip(self.position)
            .and_then(|(level, position)| {
                let down = position.direction == Direction::Long;
                let at = first_reach((from.mark, to.mark), level, down, now)?;
                Some(Candidate {
                    at,
                    class: Class::Liquidation,
                    order: None,
                    level,
                })
            });
        let tick = self.instrument.tick;
        let fired = self.orders.iter().enumerate().filter_map(|(index, order)| {
            if !self.may_act(order) {
                return None;
            }
            let class = order.class();
            let ends = (from.price(order.watched()), to.price(order.watched()));
            let down = fires_downward(order.kind, order.side);
            match class {
                // On a segment in our favour the peak moves with the price and nothing fires (F9).
                Class::Trailing if (ends.1 >= ends.0) == down => return None,
                Class::Limit => {
                    let level = order.level(tick)?;
                    let beyond = if down { ends.1 < level } else { ends.1 > level };
                    let touch = self.model.limit_fill == LimitFill::Touch;
                    if !self.limit_can_fill(order) || !(touch || beyond) {
                        return None;
                    }
                }
                Class::Liquidation | Class::Stop | Class::Trailing | Class::Target => {}
            }
            let level = order.level(tick)?;
            let at = first_reach(ends, level, down, now)?;
            Some(Candidate {
                at,
                class,
                order: Some(index),
                level,
            })
        });
        let id = |candidate: &Candidate| candidate.order.map(|index| self.orders[index].id);
        liquidation.into_iter().chain(fired).min_by(|one, other| {
            one.at
                .compare(other.at)
                .then(one.class.cmp(&other.class))
                .then(id(one).cmp(&id(other)))
        })
    }

    /// A reduce-only order acts only against a position it closes (F13).
    fn may_act(&self, order: &Resting) -> bool {
        let closes = |position: Position| position.direction.exit_side() == order.side;
        !order.reduce_only || self.position.is_some_and(closes)
    }

    fn limit_can_fill(&self, order: &Resting) -> bool {
        let Amount::Exact(left) = order.amount else {
            return false;
        };
        !left
            .min(self.limit_budget)
            .round_down_to_step(self.instrument.step)
            .is_zero()
    }

    /// Whether at most one order can fire inside a bar, and its fill cannot hang on the path: then both orders of high
    /// and low fill the same. `low` and `high` are the bar's own, contract and mark.
    #[must_use]
    pub fn is_path_free(&self, low: Point, high: Point) -> bool {
        let reached = |order: &Resting| match order.kind {
            OrderKind::Stop { trigger, watched } | OrderKind::TakeProfit { trigger, watched } => {
                if fires_downward(order.kind, order.side) {
                    low.price(watched) <= trigger
                } else {
                    high.price(watched) >= trigger
                }
            }
            // It cannot fire before the bar that reaches its activation, whatever peak it takes from this one.
            OrderKind::Trail {
                activation,
                watched,
                ..
            } if !order.armed => match order.side {
                Side::Sell => high.price(watched) >= activation,
                Side::Buy => low.price(watched) <= activation,
            },
            OrderKind::Limit { .. } | OrderKind::Trail { .. } | OrderKind::Market => true,
        };
        let mut reached = self.orders.iter().filter(|order| reached(order));
        let fixed = reached.next().is_none_or(|order| {
            order.watched() == Watched::Contract
                && matches!(order.class(), Class::Stop | Class::Target)
        });
        fixed && reached.next().is_none() && !self.is_liquidated_within(low, high)
    }

    /// The one order that fires inside a bar, whatever the path, if it is so simple; `Some(None)` when none does.
    #[must_use]
    pub fn lone(&self, low: Point, high: Point) -> Option<Option<usize>> {
        if !self.is_path_free(low, high) {
            return None;
        }
        // A partial fill moves the liquidation level by roundings; what is near is looked at whole.
        let near = self.liquidation.is_some_and(|level| {
            let margin = level.steps() / 1_000 + 2 * self.instrument.tick.steps();
            (low.mark.steps() - margin..=high.mark.steps() + margin).contains(&level.steps())
        });
        let tick = self.instrument.tick;
        let reached = |order: &Resting| order.is_reached(low, tick) || order.is_reached(high, tick);
        (!near).then(|| self.orders.iter().position(reached))
    }

    /// What an order executes to when it alone fires at its level; the walk stays as it is.
    #[must_use]
    pub fn execution_alone(&self, index: usize) -> Option<Hit> {
        let level = self.orders[index].level(self.instrument.tick)?;
        Some(self.execution(&self.orders[index], level.into()))
    }

    /// Whether the mark of a bar reaches the liquidation level.
    #[must_use]
    pub fn is_liquidated_within(&self, low: Point, high: Point) -> bool {
        let direction = self.position.map(|position| position.direction);
        match (self.liquidation, direction) {
            (Some(level), Some(Direction::Long)) => low.mark <= level,
            (Some(level), Some(Direction::Short)) => high.mark >= level,
            (_, None) | (None, _) => false,
        }
    }

    /// Finds the mark at which the position is liquidated (A7); it moves only when position or wallet do.
    pub fn find_liquidation(&mut self) {
        self.liquidation = self.position.and_then(|position| {
            let margin = match self.model.terms.margin_mode {
                MarginMode::Isolated => position.isolated.exact(),
                MarginMode::Cross => self.wallet.exact() + self.others,
            };
            position.liquidation(margin, self.instrument)
        });
    }

    fn liquidate(&mut self, price: Price) {
        let Some(position) = self.position else {
            return;
        };
        let hit = Hit {
            order: None,
            reason: Reason::Liquidation,
            side: position.direction.exit_side(),
            qty: position.qty,
            price,
            liquidity: Liquidity::Liquidation,
            slippage: Money::ZERO,
            total: position.qty,
            left: Qty::ZERO,
        };
        self.visit(price);
        self.hits.push(hit);
        self.position = None;
        self.liquidation = None;
        // All orders of the symbol vanish (A8).
        self.orders.clear();
    }

    /// Executes a resting order against the position.
    fn fire(&mut self, index: usize, reference: Reference, visited: Option<Price>) {
        let order = self.orders[index];
        let hit = self.execution(&order, reference);
        let Hit {
            qty,
            price,
            liquidity,
            left,
            ..
        } = hit;
        let open = self.position.map_or(Qty::ZERO, |position| position.qty);
        let closes = self.closes(&order);
        if order.class() == Class::Limit {
            self.limit_budget -= qty;
        }
        if left.is_zero() || (closes && qty == open) {
            self.orders.remove(index);
        } else {
            self.orders[index].amount = Amount::Exact(left);
            self.orders[index].filled += qty;
        }
        if qty.is_zero() {
            return;
        }
        if closes && let Some(level) = visited {
            self.visit(level);
        }
        if closes {
            self.visit(price);
        }
        self.hits.push(hit);
        self.settle(order.side, price, qty, liquidity);
    }

    fn closes(&self, order: &Resting) -> bool {
        self.position
            .is_some_and(|position| position.direction.exit_side() == order.side)
    }

    /// How much of an order executes, and at what price.
    fn execution(&self, order: &Resting, reference: Reference) -> Hit {
        let open = self.position.map_or(Qty::ZERO, |position| position.qty);
        let is_limit = order.class() == Class::Limit;
        let wanted = match order.amount {
            Amount::Exact(qty) => qty,
            Amount::Share(share) => open.share(share, self.instrument.step),
            Amount::All => open,
        };
        let mut qty = if order.reduce_only || self.closes(order) {
            wanted.min(open)
        } else {
            wanted
        };
        if is_limit {
            qty = qty
                .min(self.limit_budget)
                .round_down_to_step(self.instrument.step);
        }
        let reason = Reason::Order(order.purpose);
        let (price, liquidity, slippage) = if let OrderKind::Limit { price, .. } = order.kind {
            (price, Liquidity::Maker, Money::ZERO)
        } else {
            let cost = cost_rate(self.model, reason);
            let price = taker_price(reference, order.side, cost, self.instrument.tick);
            (price, Liquidity::Taker, slippage(price, reference, qty))
        };
        let left = match order.amount {
            Amount::Exact(all) if is_limit => all - qty,
            Amount::Exact(_) | Amount::Share(_) | Amount::All => Qty::ZERO,
        };
        Hit {
            order: Some(order.id),
            reason,
            side: order.side,
            qty,
            price,
            liquidity,
            slippage,
            total: order.filled + qty,
            left,
        }
    }

    /// Applies a fill to the copy of the account that the walk carries.
    fn settle(&mut self, side: Side, price: Price, qty: Qty, liquidity: Liquidity) {
        let terms = &self.model.terms;
        let rate = match liquidity {
            Liquidity::Maker => terms.maker,
            Liquidity::Taker | Liquidity::Liquidation => terms.taker,
        };
        self.wallet -= fee(price, qty, rate);
        let direction = Direction::opened_by(side);
        self.position = match self.position {
            None => Some(Position::open(direction, price, qty, terms.leverage)),
            Some(position) if position.direction == direction => {
                Some(position.add(price, qty, terms.leverage))
            }
            Some(position) => {
                let reduction = position.reduce(price, qty);
                self.wallet += reduction.realized;
                reduction.rest
            }
        };
        self.find_liquidation();
        if self.position.is_none() {
            self.orders.retain(|order| !order.reduce_only);
        }
    }

    fn visit(&mut self, price: Price) {
        if self.position.is_some() {
            let here = Extremes::at(price);
            self.visited = Some(self.visited.map_or(here, |visited| visited.with(here)));
        }
    }
}

/// The first progress at or after `now` at which a price moving linearly meets a level.
fn first_reach(ends: (Price, Price), level: Price, down: bool, now: Progress) -> Option<Progress> {
    // Most levels lie beyond the segment: two comparisons tell, before any wide arithmetic.
    let beyond = if down {
        ends.0.min(ends.1) > level
    } else {
        ends.0.max(ends.1) < level
    };
    if beyond {
        return None;
    }
    let from = i128::from(ends.0.steps());
    let to = i128::from(ends.1.steps());
    let level = i128::from(level.steps());
    // Whether the condition holds at `now` already: price = from + (to − from)·now.
    let here = from * now.bottom + (to - from) * now.top;
    let bar = level * now.bottom;
    if (down && here <= bar) || (!down && here >= bar) {
        return Some(now);
    }
    let moves_there = if down { to <= level } else { to >= level };
    if !moves_there {
        return None;
    }
    let top = (level - from).abs();
    let bottom = (to - from).abs();
    Some(Progress { top, bottom })
}

/// The contract price at a progress, exact.
fn between(from: Price, to: Price, at: Progress) -> Reference {
    let from = i128::from(from.steps());
    let to = i128::from(to.steps());
    Reference {
        top: from * at.bottom + (to - from) * at.top,
        bottom: at.bottom,
    }
}
