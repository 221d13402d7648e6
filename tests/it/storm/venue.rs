//! What the exchange does: takes requests, refuses some, executes in pieces, moves its prices, surprises.
//!
//! Not here: its books (`truth`), how word of it gets back (`line`).

use confluence::domain::event::{AccountUpdate, Command, Event, OrderStatus, OrderUpdate};
use confluence::domain::num::Qty;
use confluence::domain::order::{OrderId, OrderKind, OrderRequest, Purpose, Reject};
use confluence::domain::signal::SignalType;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::trader::Protection;

use super::exchange::{FaultExchange, Item, TICK};
use super::plan::{Bent, CLOSE, QUIET, SYMBOLS};
use super::planted::Bug;
use super::truth::State;
use super::weather::Fault;

/// A request older than this is refused on arrival.
pub(crate) const WINDOW: i64 = 3_000;
/// An order may be overlooked for this long after it was accepted.
pub(crate) const OVERLOOKED: i64 = 4_000;

impl FaultExchange {
    /// A request reaches the exchange.
    pub(crate) fn arrive(&mut self, sent: i64, command: Command) {
        let late = self.now - sent > WINDOW;
        let symbol = self.symbol_of(&command);
        match command {
            Command::Submit(approved) => self.take_order(approved.into_request(), late),
            Command::Cancel(id) => self.take_back(id, late),
            Command::Query(id) => {
                let mut report = self.truth.report(id);
                let held = self.truth.orders.get(&id);
                let fresh = held.is_some_and(|held| self.now - held.accepted_at < OVERLOOKED);
                if fresh && self.strikes(Fault::QueryLag) {
                    self.met(Fault::QueryLag, symbol, 2_000);
                    report.status = OrderStatus::Unknown;
                    report.fills.clear();
                }
                self.answer(id, OrderUpdate::Report(report), symbol);
            }
            Command::Resync => {
                self.tell_closes(0, Fault::DropAnswer);
                let snapshot = self.truth.snapshot();
                self.carry(Event::Snapshot(snapshot), None, Fault::DropAnswer);
            }
            Command::Halt(_) | Command::Release | Command::Watch(_) => {}
        }
    }

    fn take_order(&mut self, request: OrderRequest, late: bool) {
        let (id, symbol) = (request.id, Some(request.symbol));
        let refusal = if late {
            Some(Reject::Other(-1021))
        } else {
            self.refusal(&request)
        };
        let request = match self.bug {
            Some(bug) => bug.bend(request),
            None => request,
        };
        let result = match refusal {
            Some(reject) => Err(reject),
            None => self.truth.accept(self.now, request.clone()),
        };
        match result {
            Ok(()) if self.bug.is_some_and(|bug| bug.fakes(&request)) => {
                self.truth.finish_silently(id);
                self.answer(id, OrderUpdate::Accepted, symbol);
            }
            Ok(()) => {
                self.judge.accepted(&self.truth, &request);
                self.answer(id, OrderUpdate::Accepted, symbol);
                if request.kind == OrderKind::Market {
                    self.begin(id, request.purpose);
                }
            }
            Err(reject) => {
                self.judge.refused(id);
                self.answer(id, OrderUpdate::Rejected(reject), symbol);
            }
        }
    }

    fn take_back(&mut self, id: OrderId, late: bool) {
        let held = self.truth.orders.get(&id);
        let symbol = held.map(|held| held.request.symbol);
        let rests = held.is_some_and(|held| held.state == State::Resting);
        if rests && self.bug == Some(Bug::KeepCanceled) {
            self.answer(id, OrderUpdate::Canceled { total: Qty::ZERO }, symbol);
        } else if rests && !late {
            self.truth.end(id, OrderStatus::Canceled);
            self.judge.removed(&self.truth, id, self.now);
            self.send_news();
        } else if self.random.one_in(2) {
            self.answer(id, OrderUpdate::NoAnswer, symbol);
        } else {
            let report = self.truth.report(id);
            self.answer(id, OrderUpdate::Report(report), symbol);
        }
    }

    /// Tells what the exchange closed itself, from the given one on.
    fn tell_closes(&mut self, from: usize, drop: Fault) {
        for index in from..self.truth.closes.len() {
            let (symbol, cause, fill) = self.truth.closes[index].clone();
            let closed = AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            };
            self.carry(Event::Account(closed), Some(symbol), drop);
        }
    }

    /// A refusal that is not the order's fault.
    pub(crate) fn refusal(&mut self, request: &OrderRequest) -> Option<Reject> {
        let symbol = Some(request.symbol);
        let rests = request.kind != OrderKind::Market;
        let second = self.plan.bent == Bent::SlowEntry
            && self.storms()
            && self.states[request.symbol.index()] == Protection::Stopped;
        if rests && (second || self.strikes(Fault::RejectTrigger)) {
            self.met(Fault::RejectTrigger, symbol, 0);
            return Some(Reject::WouldTriggerNow);
        }
        if self.strikes(Fault::RejectThrottled) {
            let lasts = self.random.between(100, 4_000);
            self.met(Fault::RejectThrottled, symbol, lasts);
            let until = Timestamp::from_millis(self.now + lasts);
            return Some(Reject::Throttled { until });
        }
        if self.strikes(Fault::RejectOther) {
            self.met(Fault::RejectOther, symbol, 0);
            return Some(Reject::Other(-1008));
        }
        None
    }

    /// An order starts to execute: at once and whole, or in pieces, or only in part.
    pub(crate) fn begin(&mut self, id: OrderId, purpose: Purpose) {
        let fault = if purpose == Purpose::Entry {
            Fault::PartialEntry
        } else {
            Fault::PartialExit
        };
        let partial = self.strikes(fault);
        if partial && self.random.one_in(2) {
            let pieces = 1 + self.random.below(3);
            self.truth.limit_pieces(id, pieces);
        }
        self.piece(id, partial);
    }

    pub(crate) fn piece(&mut self, id: OrderId, partial: bool) {
        let Some(held) = self.truth.orders.get(&id) else {
            return;
        };
        let (symbol, purpose) = (held.request.symbol, held.request.purpose);
        let before = self.truth.positions[symbol.index()];
        let whole = !partial || self.random.one_in(4);
        let more = self.truth.execute(self.now, id, whole, &mut self.random);
        self.judge.executed(self.now, &self.truth, id, before);
        self.reenter(symbol, before);
        if more {
            let fault = if purpose == Purpose::Entry {
                Fault::PartialEntry
            } else {
                Fault::PartialExit
            };
            let pause = self.random.between(5, self.plan.pause);
            self.met(fault, Some(symbol), pause);
            if fault == Fault::PartialEntry && self.storms() {
                self.signal(symbol, SignalType::FOMO_INTENSIFIED);
            }
            self.plan_item(pause, Item::Piece(id));
        }
        self.send_news();
    }

    pub(crate) fn tick(&mut self) {
        let storms = self.storms();
        // Still before a look at the end of calm, so that nothing is on its way then.
        let still = (QUIET - 15_000..QUIET).contains(&self.elapsed()) || self.elapsed() > CLOSE;
        for index in 0..SYMBOLS {
            let symbol = SymbolId::at(index);
            let swing = if storms {
                self.plan.swing
            } else {
                self.plan.swing / 8
            };
            let swing = if still { 0 } else { swing };
            let mut move_bps = self.random.between(-swing, swing);
            if storms && self.random.one_in(60) {
                move_bps *= 12;
            }
            let price = self.truth.prices[index];
            let moved = price + price / 10_000 * move_bps;
            let tick = 1_000_000;
            self.truth.prices[index] =
                (moved / tick * tick).clamp(10 * 100_000_000, 1_000 * 100_000_000);
            for id in self.truth.trigger(symbol) {
                let purpose = self.truth.orders[&id].request.purpose;
                self.begin(id, purpose);
            }
            if storms {
                self.surprise(symbol);
            }
        }
        self.look_at_floor();
        if storms && self.link_up && self.strikes(Fault::Disconnect) {
            let lasts = self.random.between(300, 9_000);
            self.met(Fault::Disconnect, None, lasts);
            self.plan_item(0, Item::LinkDown { lasts });
        }
        self.plan_item(TICK, Item::Tick);
    }

    pub(crate) fn surprise(&mut self, symbol: SymbolId) {
        let open = self.truth.positions[symbol.index()].is_some();
        if open && self.strikes(Fault::ClosedByExchange) {
            self.met(Fault::ClosedByExchange, Some(symbol), 0);
            let before = self.truth.closes.len();
            self.truth.close(self.now, symbol, &mut self.random);
            self.judge.closed(symbol);
            self.tell_closes(before, Fault::DropNews);
            self.send_news();
            return;
        }
        let stop = self.truth.live[symbol.index()].iter().copied().find(|id| {
            self.truth.orders[id].is_stop() && self.truth.orders[id].state == State::Resting
        });
        if let Some(id) =
            stop.filter(|_| self.weather.strikes(Fault::StopCanceled, &mut self.random))
        {
            self.met(Fault::StopCanceled, Some(symbol), 0);
            self.judge.taken(symbol, self.now);
            self.truth.end(id, OrderStatus::Canceled);
            self.send_news();
        }
    }
}
