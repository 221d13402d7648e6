//! What comes from elsewhere: signals, the owner, the day, the floor the gateway watches.
//!
//! Not here: anything of the exchange.

use std::sync::Arc;

use confluence::domain::event::{AccountUpdate, Event, FloorBasis, Operator};
use confluence::domain::position::Position;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;

use super::exchange::{FaultExchange, Item};
use super::plan::Bent;
use super::weather::Fault;

impl FaultExchange {
    /// The gateway watches the declared floor.
    pub(crate) fn look_at_floor(&mut self) {
        let Some(floor) = self.gateway.floor else {
            return;
        };
        if self.gateway.told || !self.link_up || self.dead {
            return;
        }
        let value = match floor.basis {
            FloorBasis::Equity => self.truth.equity(),
            FloorBasis::Wallet => self.truth.wallet.exact(),
        };
        if value <= floor.level {
            self.gateway.told = true;
            let reached = Event::Account(AccountUpdate::FloorReached { value });
            self.local(10, reached.clone());
            if self.strikes(Fault::Repeat) {
                let again = self.random.between(100, 3_000);
                self.local(again, reached);
            }
        }
    }

    pub(crate) fn tell_day(&mut self) {
        let day = Timestamp::from_millis(self.now).day();
        if self.dead || day == self.day_told {
            return;
        }
        self.day_told = day;
        let started = Event::Account(AccountUpdate::DayStarted {
            equity: self.truth.equity(),
            wallet: self.truth.wallet,
        });
        if self.strikes(Fault::Repeat) {
            let again = self.random.between(100, 20_000);
            self.local(again, started.clone());
        }
        self.local(0, started);
    }

    pub(crate) fn script(&mut self) {
        if !self.storms() {
            return;
        }
        let symbol = SymbolId::at(usize::try_from(self.random.below(3)).unwrap_or(0));
        match self.random.below(20) {
            0..=9 => self.pair(symbol),
            10..=11 => self.signal(symbol, SignalType::FOMO_INTENSIFIED),
            12 => {
                if let Some((alpha, fomo)) = self.last_pair.clone() {
                    self.hear_signal(0, alpha);
                    self.hear_signal(3, fomo);
                }
            }
            13 => self.operator(Operator::Halt),
            14..=16 => self.operator(Operator::Resume),
            17..=18 => self.operator(Operator::Close(symbol)),
            _ => self.operator(Operator::CancelAll(symbol)),
        }
        let pause = self.random.between(100, 2_500);
        self.plan_item(pause, Item::Script);
    }

    pub(crate) fn operator(&mut self, operator: Operator) {
        if !self.dead {
            self.local(0, Event::Operator(operator));
        }
    }

    pub(crate) fn make_signal(&mut self, symbol: SymbolId, kind: SignalType) -> Signal {
        self.signals += 1;
        Signal {
            id: Arc::from(format!("s{}", self.signals)),
            kind,
            symbol,
            event_time: Timestamp::from_millis(self.now),
            received_time: Timestamp::from_millis(self.now),
        }
    }

    pub(crate) fn signal(&mut self, symbol: SymbolId, kind: SignalType) {
        let signal = self.make_signal(symbol, kind);
        self.hear_signal(0, signal);
    }

    pub(crate) fn pair(&mut self, symbol: SymbolId) {
        self.pair_after(symbol, 0);
    }

    fn pair_after(&mut self, symbol: SymbolId, after: i64) {
        let alpha = self.make_signal(symbol, SignalType::ALPHA);
        let fomo = self.make_signal(symbol, SignalType::FOMO);
        self.last_pair = Some((alpha.clone(), fomo.clone()));
        self.hear_signal(after, alpha);
        self.hear_signal(after + 2, fomo);
    }

    /// Something was executed: where a seed is bent to it, pairs follow the end of a position, the first of them as soon
    /// as it can be known.
    pub(crate) fn reenter(&mut self, symbol: SymbolId, before: Option<Position>) {
        let closed = before.is_some() && self.truth.positions[symbol.index()].is_none();
        if closed && self.plan.bent == Bent::Reentry && self.storms() {
            for after in [130, 600, 1_500] {
                self.pair_after(symbol, after);
            }
        }
    }

    pub(crate) fn hear_signal(&mut self, after: i64, mut signal: Signal) {
        if self.dead {
            return;
        }
        signal.received_time = Timestamp::from_millis(self.now + after);
        let quote = self.truth.quote(signal.symbol, true);
        self.local(after, Event::Signal { signal, quote });
    }
}
