//! Orders between the trader's word and the prices: on their way, waiting, resting, amended, ended (T5, T7, D2, F13).
//!
//! Not here: what a price does to them (`prices`).

use crate::domain::event::{Command, Event, OrderReport, OrderStatus, OrderUpdate};
use crate::domain::num::Qty;
use crate::domain::order::{HaltCause, OrderId, OrderKind, OrderRequest, Purpose, Reject};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::book::{Amendment, Change, Flight};
use crate::exchange::fills::Resting;

use super::Venue;

impl Venue {
    /// Takes a command at the instant looked at.
    pub(super) fn take(&mut self, command: Command) {
        match command {
            Command::Submit(approved) => self.submit(approved.into_request()),
            Command::Cancel(id) => self.ask_cancel(id),
            Command::Query(id) => {
                let status = if self.known_orders().contains(&id) {
                    OrderStatus::Working
                } else {
                    OrderStatus::Canceled
                };
                let report = OrderReport {
                    status,
                    fills: Vec::new(),
                };
                self.news(id, OrderUpdate::Report(report));
            }
            Command::Resync => {
                let snapshot = self.snapshot();
                self.tell(Event::Snapshot(snapshot));
            }
            Command::Halt(cause) => self.halt(cause),
            Command::Release => self.halted = None,
            Command::Watch(floor) => self.floor = floor,
        }
    }

    pub(super) fn news(&mut self, id: OrderId, update: OrderUpdate) {
        self.tell(Event::Order { id, update });
    }

    /// Takes an order in. Every answer is certain here, so it is acknowledged at once; when it takes effect is another
    /// matter.
    fn submit(&mut self, request: OrderRequest) {
        let symbol = request.symbol;
        let id = request.id;
        match request.kind {
            OrderKind::Market | OrderKind::Limit { .. } => {
                let arrival = self.now + self.model.latency;
                if !request.reduce_only {
                    let book = &mut self.desks[symbol.index()].book;
                    book.references.insert(id, request.reference.clone());
                }
                self.flight.push(Flight { request, arrival });
            }
            OrderKind::Stop { .. } | OrderKind::TakeProfit { .. } | OrderKind::Trail { .. } => {
                let closes = self
                    .account
                    .held(symbol)
                    .is_some_and(|held| held.position.direction.exit_side() == request.side);
                if !closes {
                    // The position it answers has gone meanwhile (F13).
                    self.news(id, OrderUpdate::Accepted);
                    self.news(id, OrderUpdate::Canceled { total: Qty::ZERO });
                    return;
                }
                if let (Purpose::StopLoss, OrderKind::Stop { trigger, .. }) =
                    (request.purpose, request.kind)
                    && let Some(held) = self.account.held_mut(symbol)
                {
                    held.risk(trigger);
                }
                self.place(&request);
            }
        }
        self.news(id, OrderUpdate::Accepted);
    }

    /// A child of an entry of this instant rests after the bracket's delay, anything else after the latency (T7).
    fn place(&mut self, request: &OrderRequest) {
        let symbol = request.symbol;
        let resting = Resting::new(request);
        let fresh = request.purpose != Purpose::BreakEven
            && self
                .account
                .held(symbol)
                .is_some_and(|held| held.opened_at == self.now);
        let delay = if fresh {
            self.model.bracket_delay
        } else {
            self.model.latency
        };
        if fresh && delay.millis() == 0 {
            self.arm(symbol, resting);
            return;
        }
        self.amend(symbol, self.now + delay, Change::Place(resting));
    }

    fn amend(&mut self, symbol: SymbolId, arrival: Timestamp, change: Change) {
        let book = &mut self.desks[symbol.index()].book;
        book.amendments.push(Amendment { arrival, change });
    }

    /// Lets an order rest from now on; a trailing stop starts following at the price of this point.
    pub(super) fn arm(&mut self, symbol: SymbolId, mut resting: Resting) {
        if let Some(point) = self.point(symbol) {
            resting.follow(point.price(resting.watched()));
        }
        self.desks[symbol.index()].book.resting.push(resting);
    }

    fn ask_cancel(&mut self, id: OrderId) {
        let sent = self.flight.iter().chain(&self.waiting);
        let sent = sent
            .map(|flight| (flight.request.id, flight.request.symbol))
            .find(|(known, _)| *known == id);
        let resting = || {
            let has = |desk: &super::Desk| desk.book.has(id);
            self.desks.iter().position(has).map(SymbolId::at)
        };
        if let Some(symbol) = sent.map(|(_, symbol)| symbol).or_else(resting) {
            self.amend(symbol, self.now + self.model.latency, Change::Cancel(id));
        }
    }

    /// Changes that have arrived take effect at this price, in the order they were sent.
    pub(super) fn amend_now(&mut self, symbol: SymbolId) {
        for amendment in self.desks[symbol.index()].book.take_due(self.now) {
            match amendment.change {
                Change::Place(resting) => self.arm(symbol, resting),
                Change::Cancel(id) => self.cancel_now(symbol, id),
            }
        }
    }

    fn cancel_now(&mut self, symbol: SymbolId, id: OrderId) {
        let total = match self.desks[symbol.index()].book.cancel(id) {
            Some(filled) => filled,
            None => {
                let before = self.waiting.len() + self.flight.len();
                self.waiting.retain(|flight| flight.request.id != id);
                self.flight.retain(|flight| flight.request.id != id);
                if before == self.waiting.len() + self.flight.len() {
                    // It ended while the wish was on its way; what ended it has been told.
                    return;
                }
                Qty::ZERO
            }
        };
        self.news(id, OrderUpdate::Canceled { total });
    }

    /// Ids of everything that could still execute, ascending.
    pub(super) fn known_orders(&self) -> Vec<OrderId> {
        let sent = self.flight.iter().chain(&self.waiting);
        let sent = sent.map(|flight| flight.request.id);
        let resting = self.desks.iter().flat_map(|desk| desk.book.ids());
        let mut ids: Vec<OrderId> = sent.chain(resting).collect();
        ids.sort_unstable();
        ids
    }

    /// S14: drops entries that wait; those in flight are dropped on arrival while this stands.
    fn halt(&mut self, cause: HaltCause) {
        self.halted = Some(cause);
        let (dropped, kept): (Vec<Flight>, Vec<Flight>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|flight| flight.request.purpose == Purpose::Entry);
        self.waiting = kept;
        for flight in dropped {
            self.reject(&flight, Reject::Halted(cause));
        }
    }

    pub(super) fn reject(&mut self, flight: &Flight, reject: Reject) {
        self.news(flight.request.id, OrderUpdate::Rejected(reject));
    }

    /// Rank 8: orders reach the exchange in the order they were sent.
    pub(super) fn arrive(&mut self) {
        let now = self.now;
        if self.flight.iter().all(|flight| flight.arrival > now) {
            return;
        }
        let (arrived, flying): (Vec<Flight>, Vec<Flight>) = std::mem::take(&mut self.flight)
            .into_iter()
            .partition(|flight| flight.arrival <= now);
        self.flight = flying;
        for flight in arrived {
            let entry = flight.request.purpose == Purpose::Entry;
            match self.halted.filter(|_| entry) {
                _ if self.desks[flight.request.symbol.index()].delisted => {
                    self.reject(&flight, Reject::NotTrading);
                }
                Some(cause) => self.reject(&flight, Reject::Halted(cause)),
                None => self.waiting.push(flight),
            }
        }
    }

    /// F13: what closes nothing any more vanishes, without a reject. `filled` are orders that ended by filling.
    pub(super) fn vanish(&mut self, symbol: SymbolId, filled: &[OrderId]) {
        for (id, total) in self.desks[symbol.index()].book.vanish(filled) {
            self.news(id, OrderUpdate::Canceled { total });
        }
    }

    /// A8: a liquidation ends everything that rests in the symbol.
    pub(super) fn end_all(&mut self, symbol: SymbolId) {
        self.vanish(symbol, &[]);
        let resting = std::mem::take(&mut self.desks[symbol.index()].book.resting);
        for order in resting {
            let total = order.filled;
            self.news(order.id, OrderUpdate::Canceled { total });
        }
    }

    /// D3: market orders that wait for a price and limit orders that rest are dropped, in submission order.
    pub(super) fn drop_untradable(&mut self, symbol: SymbolId) {
        let mut dropped = self.desks[symbol.index()].book.take_limits();
        self.waiting.retain(|flight| {
            let ends = flight.request.symbol == symbol;
            dropped.extend(ends.then_some(flight.request.id));
            !ends
        });
        dropped.sort_unstable();
        for id in dropped {
            self.news(id, OrderUpdate::Rejected(Reject::NotTrading));
        }
    }

    /// D4: what never found a price.
    pub(super) fn reject_unexecuted(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let mut left: Vec<Flight> = waiting
            .into_iter()
            .chain(std::mem::take(&mut self.flight))
            .collect();
        left.sort_by_key(|flight| (flight.request.symbol, flight.request.id));
        for flight in left {
            self.reject(&flight, Reject::EndOfData);
        }
    }
}
