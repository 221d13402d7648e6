//! The line between the trader's gateway and the exchange: what gets lost, late, doubled or cut.
//!
//! Not here: what the exchange does with a request (`venue`).

use confluence::domain::event::{Command, Event, Link, OrderUpdate};
use confluence::domain::order::{OrderId, Purpose};
use confluence::domain::symbol::SymbolId;

use super::exchange::{FaultExchange, Gateway, Item, no_answer};
use super::venue::WINDOW;
use super::weather::Fault;

/// The gateway gives up waiting for an answer after this, and says so most of the time.
const PATIENCE: i64 = 1_500;

/// What is told comes after this at the latest.
pub(crate) const NEWS_MAX: i64 = NEWS_USUAL_MAX + NEWS_DELAY_MAX;
const NEWS_USUAL_MAX: i64 = 120;
const NEWS_DELAY_MAX: i64 = 6_000;

impl FaultExchange {
    /// The planted gateway that clears the way for a new stop too early.
    pub(crate) fn cancel_hard_stop(&mut self, symbol: SymbolId) {
        let stop = self.truth.live[symbol.index()]
            .iter()
            .copied()
            .find(|id| self.truth.orders[id].request.purpose == Purpose::StopLoss);
        if let Some(id) = stop {
            let sent = self.now;
            let command = Command::Cancel(id);
            self.plan_item(1, Item::Arrive { sent, command });
        }
    }

    /// Puts a request on the line.
    pub(crate) fn transmit(&mut self, command: Command) {
        let symbol = self.symbol_of(&command);
        let id = match &command {
            Command::Submit(approved) => Some(approved.request().id),
            Command::Cancel(id) | Command::Query(id) => Some(*id),
            _ => None,
        };
        if !self.link_up {
            if let Some(id) = id {
                self.local(5, no_answer(id));
            }
            return;
        }
        if self.strikes(Fault::DropRequest) {
            self.met(Fault::DropRequest, symbol, PATIENCE);
            self.give_up(id);
            return;
        }
        let mut latency = self.random.between(20, 120);
        if self.strikes(Fault::DelayRequest) {
            latency += self.random.between(200, 2_500);
            self.met(Fault::DelayRequest, symbol, latency);
        }
        if self.strikes(Fault::Late) {
            latency += WINDOW + self.random.between(100, 3_000);
            self.met(Fault::Late, symbol, latency);
        }
        if latency > PATIENCE {
            self.give_up(id);
        }
        let sent = self.now;
        self.plan_item(latency, Item::Arrive { sent, command });
    }

    /// The gateway says that it heard nothing, unless that is lost too.
    pub(crate) fn give_up(&mut self, id: Option<OrderId>) {
        if let (Some(id), true) = (id, self.random.below(4) > 0) {
            self.plan_item(
                PATIENCE,
                Item::Deliver {
                    event: no_answer(id),
                    wire: true,
                },
            );
        }
    }

    /// The answer to a request.
    pub(crate) fn answer(&mut self, id: OrderId, update: OrderUpdate, symbol: Option<SymbolId>) {
        let asked = matches!(update, OrderUpdate::Report(_));
        if !self.link_up {
            return;
        }
        if self.strikes(Fault::DropAnswer) {
            self.met(Fault::DropAnswer, symbol, PATIENCE);
            if !asked {
                self.give_up(Some(id));
            }
            return;
        }
        self.wire(Event::Order { id, update }, symbol);
    }

    pub(crate) fn carry(&mut self, event: Event, symbol: Option<SymbolId>, drop: Fault) {
        if !self.link_up {
            return;
        }
        if self.strikes(drop) {
            self.met(drop, symbol, 2_000);
            return;
        }
        self.wire(event, symbol);
    }

    /// Carries something to the trader: late, twice or both.
    pub(crate) fn wire(&mut self, event: Event, symbol: Option<SymbolId>) {
        let copies = if self.strikes(Fault::Repeat) {
            self.met(Fault::Repeat, symbol, 0);
            2 + self.random.below(2)
        } else {
            1
        };
        let (event, twin) = match self.bug {
            Some(bug) => bug.garble(event),
            None => (Some(event), None),
        };
        if let Some(twin) = twin {
            let event = twin;
            self.plan_item(150, Item::Deliver { event, wire: true });
        }
        let Some(event) = event else { return };
        for _ in 0..copies {
            let mut latency = self.random.between(10, NEWS_USUAL_MAX);
            if self.strikes(Fault::DelayNews) {
                latency += self.random.between(100, NEWS_DELAY_MAX);
                self.met(Fault::DelayNews, symbol, latency);
            }
            let event = event.clone();
            self.plan_item(latency, Item::Deliver { event, wire: true });
        }
    }

    /// Fills and ends go out over their own stream.
    pub(crate) fn send_news(&mut self) {
        for (id, update) in std::mem::take(&mut self.truth.news) {
            let symbol = self.truth.orders.get(&id).map(|held| held.request.symbol);
            self.carry(Event::Order { id, update }, symbol, Fault::DropNews);
        }
    }

    pub(crate) fn link_down(&mut self, lasts: i64) {
        self.link_up = false;
        let mut lost = Vec::new();
        for (key, item) in &self.agenda {
            match item {
                Item::Deliver { wire: true, .. } => lost.push(*key),
                Item::Arrive { .. } if self.random.one_in(2) => lost.push(*key),
                _ => {}
            }
        }
        for key in lost {
            self.agenda.remove(&key);
        }
        self.local(1, Event::Link(Link::Down));
        self.plan_item(lasts, Item::LinkUp);
    }

    /// The process dies: what it had heard or wanted to say and had not is gone.
    pub(crate) fn die(&mut self) {
        self.met(Fault::Restart, None, 0);
        self.dead = true;
        self.link_up = false;
        self.gateway = Gateway::default();
        self.dying = None;
        self.crash_at = None;
        let mut lost = Vec::new();
        for (key, item) in &self.agenda {
            match item {
                Item::Deliver { .. } | Item::LinkUp | Item::LinkDown { .. } => lost.push(*key),
                Item::Arrive { .. } if self.random.one_in(3) => lost.push(*key),
                _ => {}
            }
        }
        for key in lost {
            self.agenda.remove(&key);
        }
        let pause = self.random.between(50, 6_000);
        self.judge.paused(self.now);
        self.plan_item(pause, Item::Boot);
    }
}
