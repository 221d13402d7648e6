//! What a trade, a quote or a mark does: marks and peaks move, resting orders fire, waiting orders execute.
//!
//! Not here: whether an order fires and at what price (`fills`), the order of events at one instant (`session`).

use crate::domain::event::OrderUpdate;
use crate::domain::market::{MarketEvent, News};
use crate::domain::num::{Notional, Price, Qty};
use crate::domain::order::Amount;
use crate::domain::order::{OrderId, OrderKind, Purpose, Reject, Side};
use crate::domain::position::MarginMode;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::book::{Flight, Meets, executable, meets};
use crate::exchange::fills::{Hit, Point, Resting, Walk, arrived};

use super::Venue;

/// A contract whose last quote is older has no quotes at the moment (a link that broke): its trades stand in.
const QUOTE_AGE_MAX: Span = Span::from_millis(1_000);

/// What executes a market order: the two sides of a quote, or a trade's price for both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Executes {
    symbol: SymbolId,
    buy_at: Price,
    sell_at: Price,
    stamp: Timestamp,
}

impl Venue {
    /// Contract and mark as they stand; `None` before any price.
    pub(super) fn point(&self, symbol: SymbolId) -> Option<Point> {
        let contract = self.mark_of_trade(symbol)?;
        let mark = self.mark(symbol).unwrap_or(contract);
        Some(Point { contract, mark })
    }

    /// Rank 0: a mark moves equity, liquidation and what watches it.
    pub(super) fn on_mark(&mut self, event: &MarketEvent) {
        let News::Mark { price, funding } = event.news else {
            return;
        };
        let desk = &mut self.desks[event.symbol.index()];
        desk.mark = Some((price, event.at));
        // A settlement that is due now is settled before the next one is looked at.
        // A mark that says nothing of it leaves what is known.
        if desk.funding.is_none_or(|next| next.at > self.now)
            && let Some(next) = funding.filter(|next| next.at > self.now)
        {
            desk.funding = Some(next);
        }
        if !self.is_idle(event.symbol) {
            self.amend_now(event.symbol);
            self.fire(event.symbol, Qty::ZERO);
        }
    }

    /// Ranks 9 and 10: a price of the contract. Says what waiting orders execute at, if it executes any.
    pub(super) fn on_price(&mut self, event: &MarketEvent) -> Option<Executes> {
        let symbol = event.symbol;
        let (buy_at, sell_at) = match event.news {
            News::Quote { bid, ask } => {
                self.desks[symbol.index()].quoted = Some(event.at);
                if !self.is_idle(symbol) {
                    self.amend_now(symbol);
                }
                (ask, bid)
            }
            News::Trade { price, qty } => {
                self.desks[symbol.index()].contract = Some(price);
                if !self.is_idle(symbol) {
                    self.amend_now(symbol);
                    let instrument = &self.instruments[symbol.index()];
                    let budget = qty.share(self.model.limit_participation, instrument.step);
                    self.fire(symbol, budget);
                }
                let quoted = self.desks[symbol.index()].quoted;
                if quoted.is_some_and(|at| event.at - at <= QUOTE_AGE_MAX) {
                    return None;
                }
                (price, price)
            }
            News::Mark { .. } => return None,
        };
        if self.waiting.is_empty() {
            return None;
        }
        Some(Executes {
            symbol,
            buy_at,
            sell_at,
            stamp: event.at,
        })
    }

    fn is_idle(&self, symbol: SymbolId) -> bool {
        let book = &self.desks[symbol.index()].book;
        book.resting.is_empty() && book.amendments.is_empty() && self.account.held(symbol).is_none()
    }

    /// Executes the next order that waits for this price; whether there was one.
    pub(super) fn execute_next(&mut self, at: Executes) -> bool {
        let fits = |flight: &Flight| {
            flight.request.symbol == at.symbol && flight.arrival <= at.stamp.max(self.now)
        };
        let Some(index) = self.waiting.iter().position(fits) else {
            return false;
        };
        let flight = self.waiting.remove(index);
        self.execute(&flight, at);
        true
    }

    fn execute(&mut self, flight: &Flight, at: Executes) {
        let request = &flight.request;
        let symbol = request.symbol;
        let reference = match request.side {
            Side::Buy => at.buy_at,
            Side::Sell => at.sell_at,
        };
        let waited = self.now - flight.arrival;
        if request.purpose == Purpose::Entry && waited > self.model.entry_ttl {
            self.reject(flight, Reject::StaleData);
            return;
        }
        let limit = match request.kind {
            OrderKind::Limit { price, .. } => price,
            OrderKind::Market
            | OrderKind::Stop { .. }
            | OrderKind::TakeProfit { .. }
            | OrderKind::Trail { .. } => reference,
        };
        let held = self.account.held(symbol).map(|held| held.position);
        let instrument = &self.instruments[symbol.index()];
        let qty = match (
            meets(request.kind, request.side, reference),
            executable(request, instrument, held, limit),
        ) {
            (Meets::Refused, _) => {
                self.reject(flight, Reject::PostOnly);
                return;
            }
            (_, Err(reject)) => {
                self.reject(flight, reject);
                return;
            }
            (Meets::Rests, Ok(qty)) => {
                let resting = Resting {
                    amount: Amount::Exact(qty),
                    ..Resting::new(request)
                };
                self.arm(symbol, resting);
                return;
            }
            (Meets::Executes, Ok(qty)) => qty,
        };
        let hit = arrived(request, &self.model, instrument, (reference, qty));
        if self.account.opens(symbol, request.side) && !self.affords(symbol, &hit) {
            self.reject(flight, Reject::InsufficientMargin);
            return;
        }
        self.counters.arrivals += 1;
        self.counters.arrival_delay_ms += u64::try_from(waited.millis()).unwrap_or(0);
        self.fill_arrived(symbol, &hit, reference);
    }

    fn affords(&self, symbol: SymbolId, hit: &Hit) -> bool {
        let available = self.available(self.equity());
        let instrument = &self.instruments[symbol.index()];
        self.account.covers(hit, instrument, available)
    }

    fn fill_arrived(&mut self, symbol: SymbolId, hit: &Hit, reference: Price) {
        let position = self.account.held(symbol).map(|held| held.position);
        let closes = position.is_some_and(|position| position.direction.exit_side() == hit.side);
        let all = closes && position.is_some_and(|position| position.qty == hit.qty);
        if position.is_some() {
            self.visit(symbol, reference);
        }
        // An exit's price counts, an entry's does not (A9).
        if closes {
            self.visit(symbol, hit.price);
        }
        self.apply(symbol, hit, self.now);
        if all {
            self.vanish(symbol, &[]);
        } else if position.is_none() {
            self.visit(symbol, reference);
        }
    }

    /// F8: what an entry at this instant made true fires there at once.
    pub(super) fn test_fresh(&mut self, symbol: SymbolId) {
        let now = self.now;
        if self
            .account
            .held(symbol)
            .is_some_and(|held| held.entered_at == now)
        {
            self.fire(symbol, Qty::ZERO);
        }
    }

    /// A point of the price: everything of the symbol whose condition holds fires there (F4).
    fn fire(&mut self, symbol: SymbolId, budget: Qty) {
        let Some(point) = self.point(symbol) else {
            return;
        };
        loop {
            let mut walk = self.walk(symbol, budget);
            walk.at_point(point);
            let (orders, hits, visited) = (walk.orders, walk.hits, walk.visited);
            if let Some(id) = self.first_unaffordable(symbol, &hits) {
                self.desks[symbol.index()].book.cancel(id);
                self.news(id, OrderUpdate::Rejected(Reject::InsufficientMargin));
                continue;
            }
            if let Some(visited) = visited
                && let Some(held) = self.account.held_mut(symbol)
            {
                held.visit(visited);
            }
            self.commit(symbol, &orders, &hits);
            return;
        }
    }

    fn walk(&self, symbol: SymbolId, budget: Qty) -> Walk<'_> {
        let mut walk = Walk {
            model: &self.model,
            instrument: &self.instruments[symbol.index()],
            position: self.account.held(symbol).map(|held| held.position),
            wallet: self.account.wallet(),
            others: self.others(symbol),
            orders: self.desks[symbol.index()].book.resting.clone(),
            limit_budget: budget,
            hits: Vec::new(),
            visited: None,
            liquidation: None,
        };
        walk.find_liquidation();
        walk
    }

    /// Σ over other symbols of unrealised − maintenance at their last marks (A7, cross).
    fn others(&self, symbol: SymbolId) -> Notional {
        if self.model.terms.margin_mode == MarginMode::Isolated {
            return Notional::ZERO;
        }
        let others = self.account.open().filter(|(other, _)| *other != symbol);
        others
            .filter_map(|(other, held)| {
                let mark = self.mark(other)?;
                let instrument = &self.instruments[other.index()];
                Some(held.position.unrealized(mark) - held.position.maintenance(mark, instrument))
            })
            .fold(Notional::ZERO, |sum, value| sum + value)
    }

    /// The first resting order among the fills of a point that opens more than the margin allows (A6).
    fn first_unaffordable(&self, symbol: SymbolId, hits: &[Hit]) -> Option<OrderId> {
        let opens = |hit: &&Hit| hit.order.is_some() && self.account.opens(symbol, hit.side);
        let first = hits.iter().find(opens)?;
        if self.affords(symbol, first) {
            None
        } else {
            first.order
        }
    }

    /// Takes over what a walk found.
    fn commit(&mut self, symbol: SymbolId, orders: &[Resting], hits: &[Hit]) {
        if hits.is_empty() {
            let book = &mut self.desks[symbol.index()].book;
            book.resting.clear();
            book.resting.extend_from_slice(orders);
            return;
        }
        let filled: Vec<OrderId> = hits
            .iter()
            .filter(|hit| hit.left.is_zero())
            .filter_map(|hit| hit.order)
            .collect();
        let book = &mut self.desks[symbol.index()].book;
        book.take_over(orders, &filled);
        for hit in hits {
            let all = self.account.held(symbol).is_some_and(|held| {
                held.position.direction.exit_side() == hit.side && held.position.qty == hit.qty
            });
            self.apply(symbol, hit, self.now);
            if all {
                self.vanish(symbol, &filled);
            }
            if hit.order.is_none() {
                self.end_all(symbol);
            }
        }
    }
}
