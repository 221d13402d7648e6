//! Orders between the trader's word and the fill rules: on their way, waiting for a price, resting, amended, ended
//! (T5, T7, D2, F11, F13).
//!
//! Not here: bars (`bars`), when anything is looked at (`instants`).

use std::sync::Arc;

use crate::domain::event::{Event, OrderUpdate};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Notional, Price, Qty};
use crate::domain::order::{Amount, HaltCause, OrderId, OrderKind, OrderRequest, Purpose, Reject};
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::account::Where;
use crate::exchange::book::{Amendment, Book, Change, Flight, Meets, executable, meets};
use crate::exchange::fills::{Hit, Resting, arrived};
use crate::exchange::history::{Engine, History, Stage};
use crate::exchange::path::open_point;
use crate::market::tape::Series;

/// One symbol at the exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// What rests and what is about to change of it.
    pub(super) book: Book,
    /// Rows before this have moved the trailing stops.
    pub(super) followed_row: usize,
    /// Rows before this have been evaluated or proven empty.
    pub(super) passed_row: usize,
    /// The next row that can touch anything; `None` when it must be searched again.
    pub(super) touch: Option<Touch>,
    /// When the symbol must be looked at next; `None` when that must be found out again.
    pub(super) due: Option<Due>,
    /// A lower bound of the position's unrealised profit until the next touch, once found.
    pub(super) least: Option<Notional>,
    /// The liquidation level of a position, once found.
    pub(super) liquidation: Option<(Position, Option<Price>)>,
    /// What limit orders may still take of a row.
    pub(super) budget: Option<(usize, Qty)>,
    /// Trading has ended.
    pub(super) delisted: bool,
}

/// The answer of a search for the next touched row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    /// This row.
    Row(usize),
    /// None before the end of the data.
    Never,
}

/// When a symbol must be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Then.
    At(Timestamp),
    /// Not before something else happens.
    Never,
}

impl History<'_> {
    /// Takes an order in. Every answer is certain here, so it is acknowledged at once; when it takes effect is another
    /// matter.
    pub(super) fn submit(&mut self, request: OrderRequest) {
        let symbol = request.symbol;
        let id = request.id;
        self.note_busy(symbol);
        match request.kind {
            OrderKind::Market | OrderKind::Limit { .. } => {
                let arrival = self.decision_time(symbol) + self.model.latency;
                if !request.reduce_only {
                    self.desks[symbol.index()]
                        .book
                        .references
                        .insert(id, request.reference.clone());
                }
                self.flight.push(Flight { request, arrival });
            }
            OrderKind::Stop { .. } | OrderKind::TakeProfit { .. } | OrderKind::Trail { .. } => {
                let closes = self
                    .account
                    .held(symbol)
                    .is_some_and(|held| held.position.direction.exit_side() == request.side);
                if !closes {
                    // An answer to one of several fills of an instant, the last of which left nothing of that
                    // position: it vanishes (F13).
                    self.tell(Event::Order {
                        id,
                        update: OrderUpdate::Accepted,
                    });
                    self.tell(Event::Order {
                        id,
                        update: OrderUpdate::Canceled { total: Qty::ZERO },
                    });
                    self.refresh_busy(symbol);
                    return;
                }
                self.note_risk(&request);
                self.place_conditional(&request);
            }
        }
        self.tell(Event::Order {
            id,
            update: OrderUpdate::Accepted,
        });
    }

    /// When the bot decides: what it does in answer to a fill at an open is decided at that bar's end (T7).
    fn decision_time(&self, symbol: SymbolId) -> Timestamp {
        if !matches!(self.stage, Stage::Opens | Stage::Executions(_)) {
            return self.now;
        }
        let end = self.series(symbol).and_then(|series| {
            let row = series.row_at(self.now)?;
            Some(series.end_time(row))
        });
        end.unwrap_or(self.now)
    }

    fn note_risk(&mut self, request: &OrderRequest) {
        if let (Purpose::StopLoss, OrderKind::Stop { trigger, .. }) =
            (request.purpose, request.kind)
            && let Some(held) = self.account.held_mut(request.symbol)
        {
            held.risk(trigger);
        }
    }

    /// Arms a child of a fresh entry, or lets any other conditional order take effect as an amendment (T7).
    fn place_conditional(&mut self, request: &OrderRequest) {
        let symbol = request.symbol;
        let resting = Resting::new(request);
        // A break-even stop answers an exit, even one at the very open of the entry: it is no child of the entry.
        let fresh = request.purpose != Purpose::BreakEven
            && self
                .account
                .held(symbol)
                .is_some_and(|held| held.opened_at == self.now);
        let at_open = matches!(self.stage, Stage::Executions(_));
        let interval = self.series(symbol).map_or(Span::ZERO, |series| {
            let row = series.row_at(self.now);
            row.map_or(series.bars().interval, |row| series.bars().length(row))
        });
        if fresh && self.model.bracket_delay < interval {
            if at_open {
                self.arm(symbol, resting);
            } else {
                // Entered by a limit order inside a bar: armed from the next open (F11).
                self.amend(symbol, self.now, Change::Place(resting));
            }
        } else if fresh {
            self.amend(
                symbol,
                self.now + self.model.bracket_delay,
                Change::Place(resting),
            );
        } else {
            let arrival = self.decision_time(symbol) + self.model.latency;
            self.amend(symbol, arrival, Change::Place(resting));
        }
    }

    /// Lets an order rest from now on; a trailing stop starts following at the price of this open.
    fn arm(&mut self, symbol: SymbolId, mut resting: Resting) {
        let row = self
            .series(symbol)
            .and_then(|series| series.row_at(self.now));
        if let Some(row) = row {
            self.catch_up(symbol, row);
            if let (OrderKind::Trail { watched, .. }, Some(series)) =
                (resting.kind, self.series(symbol))
            {
                let price = open_point(series, row).price(watched);
                resting.follow(price);
            }
        }
        self.desks[symbol.index()].book.resting.push(resting);
        self.touch_forgotten(symbol);
    }

    fn amend(&mut self, symbol: SymbolId, arrival: Timestamp, change: Change) {
        let desk = &mut self.desks[symbol.index()];
        desk.book.amendments.push(Amendment { arrival, change });
        desk.due = None;
    }

    /// Takes an order back: it is gone at the first open at or after the wish has arrived.
    pub(super) fn ask_cancel(&mut self, id: OrderId) {
        let Some(symbol) = self.symbol_of(id) else {
            return;
        };
        let arrival = self.decision_time(symbol) + self.model.latency;
        self.amend(symbol, arrival, Change::Cancel(id));
    }

    fn symbol_of(&self, id: OrderId) -> Option<SymbolId> {
        let sent = self
            .flight
            .iter()
            .chain(&self.waiting)
            .find(|flight| flight.request.id == id);
        if let Some(flight) = sent {
            return Some(flight.request.symbol);
        }
        let has = |desk: &Desk| desk.book.has(id);
        self.desks.iter().position(has).map(SymbolId::at)
    }

    /// Ids of everything that could still execute, ascending.
    pub(super) fn known_orders(&self) -> Vec<OrderId> {
        let mut ids: Vec<OrderId> = self
            .flight
            .iter()
            .chain(&self.waiting)
            .map(|flight| flight.request.id)
            .collect();
        for desk in &self.desks {
            ids.extend(desk.book.ids());
        }
        ids.sort_unstable();
        ids
    }

    /// S14: drops entries that wait; those in flight are dropped on arrival while this stands.
    pub(super) fn halt(&mut self, cause: HaltCause) {
        self.halted = Some(cause);
        self.drop_waiting(Reject::Halted(cause), |flight| {
            flight.request.purpose == Purpose::Entry
        });
    }

    /// Rejects waiting orders that match, in submission order.
    pub(super) fn drop_waiting(&mut self, reject: Reject, which: impl Fn(&Flight) -> bool) {
        let (dropped, kept): (Vec<Flight>, Vec<Flight>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|flight| which(flight));
        self.waiting = kept;
        for flight in dropped {
            self.reject(&flight, reject);
        }
    }

    /// D3: market orders that wait for a price and limit orders that rest are dropped, in submission order.
    pub(super) fn drop_untradable(&mut self, symbol: SymbolId) {
        let mut dropped: Vec<OrderId> = Vec::new();
        self.waiting.retain(|flight| {
            let ends = flight.request.symbol == symbol;
            dropped.extend(ends.then_some(flight.request.id));
            !ends
        });
        dropped.extend(self.desks[symbol.index()].book.take_limits());
        dropped.sort_unstable();
        self.touch_forgotten(symbol);
        for id in dropped {
            self.tell(Event::Order {
                id,
                update: OrderUpdate::Rejected(Reject::NotTrading),
            });
        }
        self.refresh_busy(symbol);
    }

    fn reject(&mut self, flight: &Flight, reject: Reject) {
        let id = flight.request.id;
        self.tell(Event::Order {
            id,
            update: OrderUpdate::Rejected(reject),
        });
        self.refresh_busy(flight.request.symbol);
    }

    /// Rank 8: orders reach the exchange in the order they were sent.
    pub(super) fn arrive(&mut self) {
        if self.flight.iter().all(|flight| flight.arrival > self.now) {
            return;
        }
        let (arrived, flying): (Vec<Flight>, Vec<Flight>) = std::mem::take(&mut self.flight)
            .into_iter()
            .partition(|flight| flight.arrival <= self.now);
        self.flight = flying;
        for flight in arrived {
            let entry = flight.request.purpose == Purpose::Entry;
            match self.halted.filter(|_| entry) {
                _ if self.desks[flight.request.symbol.index()].delisted => {
                    self.reject(&flight, Reject::NotTrading)
                }
                Some(cause) => self.reject(&flight, Reject::Halted(cause)),
                None => {
                    self.desks[flight.request.symbol.index()].due = None;
                    self.waiting.push(flight);
                }
            }
        }
    }

    /// Changes that have arrived take effect at this open, in the order they were sent.
    pub(super) fn amend_at_open(&mut self, symbol: SymbolId) {
        let due = self.desks[symbol.index()].book.take_due(self.now);
        if due.is_empty() {
            return;
        }
        for amendment in due {
            match amendment.change {
                Change::Place(resting) => self.arm(symbol, resting),
                Change::Cancel(id) => self.cancel_now(symbol, id),
            }
        }
        self.touch_forgotten(symbol);
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
        self.tell(Event::Order {
            id,
            update: OrderUpdate::Canceled { total },
        });
        self.refresh_busy(symbol);
    }

    /// F13: what closes nothing any more vanishes, without a reject. `filled` are orders that ended by filling.
    pub(super) fn vanish(&mut self, symbol: SymbolId, filled: &[OrderId]) {
        for (id, total) in self.desks[symbol.index()].book.vanish(filled) {
            self.tell(Event::Order {
                id,
                update: OrderUpdate::Canceled { total },
            });
        }
        self.touch_forgotten(symbol);
        self.refresh_busy(symbol);
    }

    /// A8: a liquidation ends everything that rests in the symbol.
    pub(super) fn end_all(&mut self, symbol: SymbolId) {
        self.vanish(symbol, &[]);
        for order in std::mem::take(&mut self.desks[symbol.index()].book.resting) {
            let update = OrderUpdate::Canceled {
                total: order.filled,
            };
            self.tell(Event::Order {
                id: order.id,
                update,
            });
        }
        self.refresh_busy(symbol);
    }

    /// D4: what never found a price.
    pub(super) fn reject_unexecuted(&mut self) {
        let mut left: Vec<Flight> = self
            .waiting
            .drain(..)
            .chain(std::mem::take(&mut self.flight))
            .collect();
        left.sort_by_key(|flight| (flight.request.symbol, flight.request.id));
        for flight in left {
            self.reject(&flight, Reject::EndOfData);
        }
    }

    /// Rank 10: executes the next order that waits for a symbol opening now; the symbol if there was one.
    pub(super) fn execute_next(&mut self) -> Option<SymbolId> {
        let world = self.world;
        let opens = |flight: &Flight| {
            let series = world.tape.series[flight.request.symbol.index()].as_ref()?;
            series.row_at(self.now)
        };
        let index = self
            .waiting
            .iter()
            .position(|flight| opens(flight).is_some())?;
        let flight = self.waiting.remove(index);
        let symbol = flight.request.symbol;
        let series = world.tape.series[symbol.index()].as_ref()?;
        let row = series.row_at(self.now)?;
        self.catch_up(symbol, row);
        self.execute(&flight, series, row);
        self.refresh_busy(symbol);
        Some(symbol)
    }

    fn execute(&mut self, flight: &Flight, series: &Series, row: usize) {
        let world = self.world;
        let instrument = &world.tape.instruments[flight.request.symbol.index()];
        let request = &flight.request;
        let open = series.bars().open[row];
        let waited = self.now - flight.arrival;
        if request.purpose == Purpose::Entry && waited > self.model.entry_ttl {
            self.reject(flight, Reject::StaleData);
            return;
        }
        match meets(request.kind, request.side, open) {
            Meets::Executes => {}
            Meets::Refused => {
                self.reject(flight, Reject::PostOnly);
                return;
            }
            Meets::Rests => {
                self.rest_limit(flight, instrument);
                return;
            }
        }
        let at = match request.kind {
            OrderKind::Limit { price, .. } => price,
            OrderKind::Market
            | OrderKind::Stop { .. }
            | OrderKind::TakeProfit { .. }
            | OrderKind::Trail { .. } => open,
        };
        let held = self.account.held(request.symbol).map(|held| held.position);
        let qty = match executable(request, instrument, held, at) {
            Ok(qty) => qty,
            Err(reject) => {
                self.reject(flight, reject);
                return;
            }
        };
        let hit = arrived(request, self.model, instrument, (open, qty));
        if self.account.opens(request.symbol, request.side) {
            let available = self.available(self.equity());
            if !self.account.covers(&hit, instrument, available) {
                self.reject(flight, Reject::InsufficientMargin);
                return;
            }
        }
        self.counters.arrivals += 1;
        self.counters.arrival_delay_ms += u64::try_from(waited.millis()).unwrap_or(0);
        self.counters.stale_fills += u64::from(series.bars().volume[row].is_zero());
        self.fill_arrived(request.symbol, &hit, row);
    }

    /// Books the fill of an order that has just arrived at an open.
    fn fill_arrived(&mut self, symbol: SymbolId, hit: &Hit, row: usize) {
        let was_open = self.account.held(symbol).is_some();
        if let (Some(series), true) = (self.series(symbol), was_open) {
            let point = open_point(series, row);
            self.visit(symbol, point.contract);
            // An exit's price counts, an entry's does not (A9).
            if self.closes_any(symbol, hit) {
                self.visit(symbol, hit.price);
            }
        }
        let closes = self.closes_all(symbol, hit);
        if closes {
            self.count_bars(symbol, row);
        }
        self.apply(symbol, hit, self.now);
        if closes {
            self.vanish(symbol, &[]);
        } else if !was_open && let Some(series) = self.series(symbol) {
            let open = open_point(series, row).contract;
            self.visit(symbol, open);
        }
    }

    /// Whether a fill closes all that is open.
    pub(super) fn closes_all(&self, symbol: SymbolId, hit: &Hit) -> bool {
        self.account.held(symbol).is_some_and(|held| {
            held.position.direction.exit_side() == hit.side && held.position.qty == hit.qty
        })
    }

    /// Whether a fill closes a part of what is open.
    fn closes_any(&self, symbol: SymbolId, hit: &Hit) -> bool {
        self.account
            .held(symbol)
            .is_some_and(|held| held.position.direction.exit_side() == hit.side)
    }

    /// The first of a bar's fills that opens more than the margin allows (A6): a resting limit order. The fills are
    /// booked on a copy of the account, each after those before it.
    pub(super) fn first_unaffordable(
        &mut self,
        symbol: SymbolId,
        hits: &[(Hit, Timestamp)],
    ) -> Option<OrderId> {
        let rests_to_open = self.desks[symbol.index()]
            .book
            .resting
            .iter()
            .any(|order| !order.reduce_only);
        if !rests_to_open || hits.is_empty() {
            return None;
        }
        let world = self.world;
        let instrument = &world.tape.instruments[symbol.index()];
        let untouched = self.account.clone();
        let mut found = None;
        for (hit, stamp) in hits {
            let opens = hit.order.is_some() && self.account.opens(symbol, hit.side);
            if opens {
                let available = self.available(self.equity());
                if !self.account.covers(hit, instrument, available) {
                    found = hit.order;
                    break;
                }
            }
            let place = Where {
                symbol,
                time: *stamp,
                at: self.now,
                row: 0,
                reference: None,
            };
            self.account.book(&place, hit, instrument);
        }
        self.account = untouched;
        found
    }

    /// Ends a resting order that the margin does not allow.
    pub(super) fn refuse_resting(&mut self, symbol: SymbolId, id: OrderId) {
        self.desks[symbol.index()]
            .book
            .resting
            .retain(|order| order.id != id);
        self.tell(Event::Order {
            id,
            update: OrderUpdate::Rejected(Reject::InsufficientMargin),
        });
        self.touch_forgotten(symbol);
        self.refresh_busy(symbol);
    }

    /// A limit order that is not marketable rests (F11).
    fn rest_limit(&mut self, flight: &Flight, instrument: &Instrument) {
        let request = &flight.request;
        let OrderKind::Limit { price, .. } = request.kind else {
            return;
        };
        let held = self.account.held(request.symbol).map(|held| held.position);
        let qty = match executable(request, instrument, held, price) {
            Ok(qty) => qty,
            Err(reject) => {
                self.reject(flight, reject);
                return;
            }
        };
        let resting = Resting {
            amount: Amount::Exact(qty),
            ..Resting::new(request)
        };
        self.arm(request.symbol, resting);
    }

    /// What asked for the order that a fill belongs to, if it can open a position.
    pub(super) fn reference_of(
        &self,
        symbol: SymbolId,
        order: Option<OrderId>,
    ) -> Option<Arc<str>> {
        self.desks[symbol.index()]
            .book
            .references
            .get(&order?)
            .cloned()
            .flatten()
    }

    /// Keeps the set of symbols that need looking at.
    pub(super) fn refresh_busy(&mut self, symbol: SymbolId) {
        let desk = &self.desks[symbol.index()];
        let sent = |flight: &Flight| flight.request.symbol == symbol;
        let busy = self.account.held(symbol).is_some()
            || !desk.book.resting.is_empty()
            || !desk.book.amendments.is_empty()
            || self.flight.iter().any(sent)
            || self.waiting.iter().any(sent);
        match (self.busy.binary_search(&symbol), busy) {
            (Err(place), true) => self.busy.insert(place, symbol),
            (Ok(place), false) => drop(self.busy.remove(place)),
            (Ok(_), true) | (Err(_), false) => {}
        }
        self.desks[symbol.index()].due = None;
    }

    /// A symbol that an order was just sent for.
    fn note_busy(&mut self, symbol: SymbolId) {
        if let Err(place) = self.busy.binary_search(&symbol) {
            self.busy.insert(place, symbol);
        }
        self.desks[symbol.index()].due = None;
    }

    /// The busy symbols that must be looked at now, in byte order: all of them when stepping.
    pub(super) fn due_now(&mut self) -> Vec<SymbolId> {
        let mut due = std::mem::take(&mut self.scratch);
        due.clear();
        let desks = &self.desks;
        let now = self.now;
        let step = self.engine == Engine::Step;
        due.extend(self.busy.iter().copied().filter(|symbol| {
            step || desks[symbol.index()]
                .due
                .is_none_or(|due| due == Due::At(now))
        }));
        due
    }

    /// The state a search started from has changed.
    pub(super) fn touch_forgotten(&mut self, symbol: SymbolId) {
        let desk = &mut self.desks[symbol.index()];
        desk.touch = None;
        desk.due = None;
        desk.least = None;
    }
}
