//! The exchange's own truth: orders, executions, positions, wallet. It never looks at the trader's books.
//!
//! Not here: what gets lost on the way (`exchange`), what must hold (`checks`).
//! Invariant: a reduce-only order never makes a position larger and never flips it.

use std::collections::BTreeMap;

use confluence::domain::event::{
    HeldPosition, OrderReport, OrderStatus, OrderUpdate, Quote, Snapshot,
};
use confluence::domain::fill::{Fill, Liquidity, Reason, TradeId};
use confluence::domain::instrument::Instrument;
use confluence::domain::num::{Money, Notional, Price, Qty, Rate};
use confluence::domain::order::{
    Amount, Direction, OrderId, OrderKind, OrderRequest, Purpose, Reject, Side,
};
use confluence::domain::position::{Position, Terms, fee, initial_margin};
use confluence::domain::random::Random;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;

/// An order the exchange has accepted.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) request: OrderRequest,
    pub(crate) accepted_at: i64,
    pub(crate) state: State,
    pub(crate) fills: Vec<Fill>,
    pub(crate) filled: Qty,
    /// The best price since it was armed, for a trailing stop.
    peak: Option<i64>,
    /// Executions left until the rest is dropped.
    pieces: Option<u64>,
}

/// Where it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Resting,
    Executing { left: Qty },
    Ended(OrderStatus),
}

impl Held {
    pub(crate) const fn is_live(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.request.purpose, Purpose::StopLoss | Purpose::BreakEven)
    }

    /// The level of a stop.
    pub(crate) const fn trigger(&self) -> Option<Price> {
        match self.request.kind {
            OrderKind::Stop { trigger, .. } => Some(trigger),
            _ => None,
        }
    }

    fn report(&self) -> OrderReport {
        let status = match self.state {
            State::Resting | State::Executing { .. } => OrderStatus::Working,
            State::Ended(status) => status,
        };
        OrderReport {
            status,
            fills: self.fills.clone(),
        }
    }
}

/// Which orders the exchange ends by itself once they close nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftovers {
    /// All that only reduce.
    EndAll,
    /// Those for the whole position.
    EndWhole,
    /// None: they rest until they trigger or are taken back.
    Keep,
}

/// The exchange.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) prices: Vec<i64>,
    pub(crate) positions: Vec<Option<Position>>,
    pub(crate) orders: BTreeMap<OrderId, Held>,
    /// Ids of the orders of a symbol that have not ended.
    pub(crate) live: Vec<Vec<OrderId>>,
    pub(crate) wallet: Money,
    /// What the exchange closed itself.
    pub(crate) closes: Vec<(SymbolId, Reason, Fill)>,
    /// News not yet on its way.
    pub(crate) news: Vec<(OrderId, OrderUpdate)>,
    /// Signed sum of all executions, in 1e-8 steps.
    pub(crate) net: Vec<i64>,
    instruments: Vec<Instrument>,
    terms: Terms,
    leftovers: Leftovers,
    trades: u64,
}

impl Truth {
    pub(crate) fn new(
        instruments: Vec<Instrument>,
        terms: Terms,
        wallet: Money,
        leftovers: Leftovers,
    ) -> Self {
        let count = instruments.len();
        Self {
            prices: vec![100 * 100_000_000; count],
            positions: vec![None; count],
            orders: BTreeMap::new(),
            live: vec![Vec::new(); count],
            wallet,
            closes: Vec::new(),
            news: Vec::new(),
            net: vec![0; count],
            instruments,
            terms,
            leftovers,
            trades: 0,
        }
    }

    pub(crate) fn price(&self, symbol: SymbolId) -> Price {
        Price::from_steps(self.prices[symbol.index()]).expect("invariant: prices stay above zero")
    }

    pub(crate) fn equity(&self) -> Notional {
        let mut equity = self.wallet.exact();
        for (index, position) in self.positions.iter().enumerate() {
            if let Some(position) = position {
                equity += position.unrealized(self.price(SymbolId::at(index)));
            }
        }
        equity
    }

    /// Initial margin of all open positions.
    pub(crate) fn margin(&self) -> Money {
        self.positions
            .iter()
            .flatten()
            .map(|position| initial_margin(position.cost, self.terms.leverage))
            .sum()
    }

    pub(crate) fn quote(&self, symbol: SymbolId, trading: bool) -> Quote {
        Quote {
            mark: Some(self.price(symbol)),
            trading,
            wallet: self.wallet,
            equity: self.equity(),
            available: (self.wallet - self.margin()).max(Money::ZERO),
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let positions = self
            .positions
            .iter()
            .enumerate()
            .filter_map(|(index, position)| {
                position.map(|position| HeldPosition {
                    symbol: SymbolId::at(index),
                    direction: position.direction,
                    qty: position.qty,
                })
            });
        let mut working: Vec<OrderId> = self.live.iter().flatten().copied().collect();
        working.sort_unstable();
        Snapshot {
            positions: positions.collect(),
            working,
        }
    }

    pub(crate) fn report(&self, id: OrderId) -> OrderReport {
        self.orders.get(&id).map_or_else(
            || OrderReport {
                status: OrderStatus::Unknown,
                fills: Vec::new(),
            },
            Held::report,
        )
    }

    /// Accepts an order or refuses it for a reason of its own. An id is only unique among live orders.
    pub(crate) fn accept(&mut self, now: i64, request: OrderRequest) -> Result<(), Reject> {
        let symbol = request.symbol;
        if self.orders.get(&request.id).is_some_and(Held::is_live) {
            return Err(Reject::Other(-4116));
        }
        let position = &self.positions[symbol.index()];
        let closes =
            position.is_some_and(|position| position.direction.exit_side() == request.side);
        if request.reduce_only && !closes {
            return Err(Reject::NothingToReduce);
        }
        if self.is_hit(&request, &mut None) {
            return Err(Reject::WouldTriggerNow);
        }
        let state = match request.kind {
            OrderKind::Market => State::Executing {
                left: self.wanted(&request),
            },
            _ => State::Resting,
        };
        if !request.reduce_only {
            let State::Executing { left } = state else {
                return Err(Reject::Other(-4120));
            };
            let need = initial_margin(self.price(symbol) * left, self.terms.leverage);
            if need + self.margin() > self.wallet {
                return Err(Reject::InsufficientMargin);
            }
        }
        let id = request.id;
        self.live[symbol.index()].push(id);
        let held = Held {
            request,
            accepted_at: now,
            state,
            fills: Vec::new(),
            filled: Qty::ZERO,
            peak: None,
            pieces: None,
        };
        self.orders.insert(id, held);
        Ok(())
    }

    /// How much an order is for, at this moment.
    fn wanted(&self, request: &OrderRequest) -> Qty {
        let index = request.symbol.index();
        let open = self.positions[index].map_or(Qty::ZERO, |position| position.qty);
        let wanted = match request.amount {
            Amount::Exact(qty) => qty,
            Amount::Share(share) => open.share(share, self.instruments[index].step),
            Amount::All => open,
        };
        if request.reduce_only {
            wanted.min(open)
        } else {
            wanted
        }
    }

    /// Whether the price is at or beyond the trigger.
    fn is_hit(&self, request: &OrderRequest, peak: &mut Option<i64>) -> bool {
        let price = self.prices[request.symbol.index()];
        // A sell leaves a long: its stop is below, its target above.
        let sells = request.side == Side::Sell;
        match request.kind {
            OrderKind::Market | OrderKind::Limit { .. } => false,
            OrderKind::Stop { trigger, .. } => {
                if sells {
                    price <= trigger.steps()
                } else {
                    price >= trigger.steps()
                }
            }
            OrderKind::TakeProfit { trigger, .. } => {
                if sells {
                    price >= trigger.steps()
                } else {
                    price <= trigger.steps()
                }
            }
            OrderKind::Trail {
                activation,
                callback,
                ..
            } => {
                let armed = if sells {
                    price >= activation.steps()
                } else {
                    price <= activation.steps()
                };
                if peak.is_none() && !armed {
                    return false;
                }
                let best = peak.map_or(price, |peak| {
                    if sells {
                        peak.max(price)
                    } else {
                        peak.min(price)
                    }
                });
                *peak = Some(best);
                let given_back = (best - price).abs();
                i128::from(given_back) * i128::from(Rate::ONE.steps())
                    >= i128::from(best) * i128::from(callback.steps())
            }
        }
    }

    /// Looks at the resting orders of a symbol; those whose trigger was reached begin to execute.
    pub(crate) fn trigger(&mut self, symbol: SymbolId) -> Vec<OrderId> {
        let mut hit = Vec::new();
        for id in self.live[symbol.index()].clone() {
            let held = &self.orders[&id];
            if held.state != State::Resting {
                continue;
            }
            let mut peak = held.peak;
            let fires = self.is_hit(&held.request, &mut peak);
            let left = self.wanted(&held.request);
            let held = self
                .orders
                .get_mut(&id)
                .expect("invariant: live orders are held");
            held.peak = peak;
            if fires {
                held.state = State::Executing { left };
                hit.push(id);
            }
        }
        hit
    }

    /// After so many more executions the rest of the order is dropped.
    pub(crate) fn limit_pieces(&mut self, id: OrderId, pieces: u64) {
        if let Some(held) = self.orders.get_mut(&id) {
            held.pieces = Some(pieces);
        }
    }

    /// One execution of an order: all that is left, or a part of it. Whether more is to come.
    pub(crate) fn execute(
        &mut self,
        now: i64,
        id: OrderId,
        whole: bool,
        random: &mut Random,
    ) -> bool {
        let Some(held) = self.orders.get(&id) else {
            return false;
        };
        let State::Executing { left } = held.state else {
            return false;
        };
        let request = held.request.clone();
        let index = request.symbol.index();
        let step = self.instruments[index].step;
        let open = self.positions[index];
        let left = if request.reduce_only {
            let reducible = open
                .filter(|open| open.direction.exit_side() == request.side)
                .map_or(Qty::ZERO, |open| open.qty);
            left.min(reducible)
        } else {
            left
        };
        if left.is_zero() {
            let status = if held.filled.is_zero() {
                OrderStatus::Canceled
            } else {
                OrderStatus::Filled
            };
            self.end(id, status);
            return false;
        }
        let steps = left.steps() / step.steps();
        let part = if whole || steps < 2 {
            left
        } else {
            Qty::from_steps(random.between(1, steps - 1) * step.steps()).unwrap_or(left)
        };
        let side = (request.symbol, request.side);
        let fill = self.fill(now, side, part, random);
        let held = self.orders.get_mut(&id).expect("invariant: just seen");
        held.filled += part;
        held.fills.push(fill.clone());
        let rest = left - part;
        held.state = State::Executing { left: rest };
        held.pieces = held.pieces.map(|pieces| pieces.saturating_sub(1));
        let dropped = held.pieces == Some(0) && !rest.is_zero();
        let update = OrderUpdate::Filled {
            fill,
            total: held.filled,
            complete: rest.is_zero(),
        };
        self.news.push((id, update));
        if rest.is_zero() {
            self.finish(id, OrderStatus::Filled);
        } else if dropped {
            self.end(id, OrderStatus::Canceled);
        }
        self.end_leftovers(request.symbol);
        !rest.is_zero() && !dropped
    }

    fn fill(&mut self, now: i64, side: (SymbolId, Side), qty: Qty, random: &mut Random) -> Fill {
        let (symbol, side) = side;
        let index = symbol.index();
        let tick = self.instruments[index].tick.steps();
        let slip = random.between(0, 5) * tick * side.sign();
        let price =
            Price::from_steps(self.prices[index] + slip).expect("invariant: far above zero");
        let cost = fee(price, qty, self.terms.taker);
        let direction = Direction::opened_by(side);
        let mut realized = Money::ZERO;
        self.positions[index] = match self.positions[index] {
            None => Some(Position::open(direction, price, qty, self.terms.leverage)),
            Some(open) if open.direction == direction => {
                Some(open.add(price, qty, self.terms.leverage))
            }
            Some(open) if qty <= open.qty => {
                let reduction = open.reduce(price, qty);
                realized = reduction.realized;
                reduction.rest
            }
            Some(open) => {
                realized = open.reduce(price, open.qty).realized;
                let rest = qty - open.qty;
                Some(Position::open(direction, price, rest, self.terms.leverage))
            }
        };
        self.wallet = self.wallet + realized - cost;
        self.net[index] += qty.steps() * side.sign();
        self.trades += 1;
        Fill {
            trade: TradeId(self.trades),
            time: Timestamp::from_millis(now),
            side,
            qty,
            price,
            fee: cost,
            liquidity: Liquidity::Taker,
            realized,
            insurance: Money::ZERO,
            slippage: Money::ZERO,
        }
    }

    /// Takes an order off the book and says so.
    pub(crate) fn end(&mut self, id: OrderId, status: OrderStatus) {
        let Some(held) = self.orders.get(&id) else {
            return;
        };
        let update = if status == OrderStatus::Filled {
            let Some(fill) = held.fills.last() else {
                return;
            };
            OrderUpdate::Filled {
                fill: fill.clone(),
                total: held.filled,
                complete: true,
            }
        } else {
            OrderUpdate::Canceled { total: held.filled }
        };
        self.news.push((id, update));
        self.finish(id, status);
    }

    /// Forgets an order without a word, for a planted bug.
    pub(crate) fn finish_silently(&mut self, id: OrderId) {
        self.finish(id, OrderStatus::Canceled);
    }

    fn finish(&mut self, id: OrderId, status: OrderStatus) {
        let held = self
            .orders
            .get_mut(&id)
            .expect("invariant: only known orders end");
        held.state = State::Ended(status);
        let index = held.request.symbol.index();
        self.live[index].retain(|live| *live != id);
    }

    fn end_leftovers(&mut self, symbol: SymbolId) {
        if self.positions[symbol.index()].is_some() {
            return;
        }
        for id in self.live[symbol.index()].clone() {
            let request = &self.orders[&id].request;
            let ends = match self.leftovers {
                Leftovers::EndAll => true,
                Leftovers::EndWhole => request.amount == Amount::All,
                Leftovers::Keep => false,
            };
            if request.reduce_only && ends {
                self.end(id, OrderStatus::Canceled);
            }
        }
    }

    /// The exchange closes a position itself.
    pub(crate) fn close(&mut self, now: i64, symbol: SymbolId, random: &mut Random) {
        let Some(open) = self.positions[symbol.index()] else {
            return;
        };
        let side = (symbol, open.direction.exit_side());
        let fill = self.fill(now, side, open.qty, random);
        self.closes.push((symbol, Reason::Liquidation, fill));
        self.end_leftovers(symbol);
    }
}
