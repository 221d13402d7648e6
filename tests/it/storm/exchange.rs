//! The second implementer of `Exchange`: a seeded, asynchronous exchange behind a line that loses, repeats, delays and
//! reorders, with its own truth and its own gateway.
//!
//! Not here: orders and money (`truth`), which faults a seed has (`weather`), what must hold (`checks`).

use std::collections::BTreeMap;

use confluence::domain::event::{
    AccountUpdate, Command, Event, Floor, Link, Operator, OrderUpdate, Stamped,
};
use confluence::domain::order::{Approved, HaltCause, OrderId, Purpose, Reject};
use confluence::domain::random::Random;
use confluence::domain::signal::Signal;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::engine::Exchange;
use confluence::trader::Protection;

use super::checks::Judge;
use super::plan::{CLOSE, END, Plan, QUIET, RESUME, STORM, SYMBOLS};
use super::planted::Bug;
use super::truth::Truth;
use super::weather::{Fault, Matrix, Weather};

/// Prices move this often.
pub(crate) const TICK: i64 = 500;

/// Why the loop is left for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Pause {
    /// One event was carried through: time to look.
    #[error("one step done")]
    Step,
    /// The trader died after that event.
    #[error("the trader died")]
    Crash,
    /// The time of a check has come.
    #[error("milestone")]
    Milestone(Milestone),
}

/// Moments at which the harness looks closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milestone {
    /// Faults stopped long ago.
    Quiet,
    /// A fresh pair was given some time to become a protected position.
    Fresh,
}

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A request reaches the exchange.
    Arrive {
        sent: i64,
        command: Command,
    },
    /// The trader hears something; `wire` is lost with the link.
    Deliver {
        event: Event,
        wire: bool,
    },
    /// An order goes on executing.
    Piece(OrderId),
    Tick,
    Script,
    Day,
    LinkDown {
        lasts: i64,
    },
    LinkUp,
    Boot,
    Fresh,
    CloseAll,
    Milestone(Milestone),
}

/// The process next to the trader that talks to the exchange; it dies with the trader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gateway {
    pub(crate) halted: Option<HaltCause>,
    pub(crate) floor: Option<Floor>,
    pub(crate) told: bool,
}

/// The fault exchange.
pub(crate) struct FaultExchange {
    pub(crate) now: i64,
    pub(crate) truth: Truth,
    pub(crate) gateway: Gateway,
    pub(crate) judge: Judge,
    pub(crate) matrix: Matrix,
    pub(crate) states: Vec<Protection>,
    pub(crate) link_up: bool,
    /// No process listens.
    pub(crate) dead: bool,
    pub(crate) heard: u64,
    pub(crate) bug: Option<Bug>,
    pub(crate) verbose: bool,
    /// Kill the trader after this many events, whatever the weather.
    pub(crate) crash_at: Option<u64>,
    pub(crate) plan: Plan,
    pub(crate) weather: Weather,
    pub(crate) random: Random,
    pub(crate) agenda: BTreeMap<(i64, u64), Item>,
    pub(crate) sequence: u64,
    pub(crate) stepped: bool,
    /// Commands of this event that still get out before the trader dies.
    pub(crate) dying: Option<u64>,
    pub(crate) woken: i64,
    /// Entries a broken gateway would send again.
    pub(crate) resend: BTreeMap<OrderId, Approved>,
    pub(crate) day_told: i64,
    pub(crate) signals: u64,
    pub(crate) last_pair: Option<(Signal, Signal)>,
}

impl FaultExchange {
    pub(crate) fn new(plan: Plan, weather: Weather, bug: Option<Bug>) -> Self {
        let start = plan.start;
        let truth = Truth::new(
            plan.instruments(),
            plan.rules.terms,
            plan.deposit,
            plan.leftovers,
        );
        let mut exchange = Self {
            now: start,
            truth,
            gateway: Gateway::default(),
            judge: Judge::new(&plan),
            matrix: Matrix::default(),
            states: vec![Protection::Flat; SYMBOLS],
            link_up: true,
            dead: false,
            heard: 0,
            bug,
            verbose: false,
            crash_at: None,
            random: Random::stream(plan.seed, &[2]),
            weather,
            agenda: BTreeMap::new(),
            sequence: 0,
            stepped: false,
            dying: None,
            woken: start,
            resend: BTreeMap::new(),
            day_told: Timestamp::from_millis(start).day(),
            signals: 0,
            last_pair: None,
            plan,
        };
        let opened = Event::Account(AccountUpdate::Opened {
            balance: exchange.plan.deposit,
        });
        exchange.local(0, opened);
        exchange.plan_item(TICK, Item::Tick);
        exchange.plan_item(700, Item::Script);
        let midnight = Timestamp::from_millis(start).next_day().millis() - start;
        exchange.plan_item(midnight, Item::Day);
        exchange.plan_item(QUIET, Item::Milestone(Milestone::Quiet));
        exchange.plan_item(RESUME, Item::Fresh);
        exchange.plan_item(CLOSE - 100, Item::Milestone(Milestone::Fresh));
        // Twice, as an owner would whose first word fell on a dead process.
        exchange.plan_item(CLOSE, Item::CloseAll);
        exchange.plan_item(CLOSE + 10_000, Item::CloseAll);
        exchange
    }

    pub(crate) fn elapsed(&self) -> i64 {
        self.now - self.plan.start
    }

    pub(crate) fn storms(&self) -> bool {
        self.elapsed() < STORM
    }

    pub(crate) fn plan_item(&mut self, after: i64, item: Item) {
        self.sequence += 1;
        self.agenda.insert((self.now + after, self.sequence), item);
    }

    pub(crate) fn local(&mut self, after: i64, event: Event) {
        self.plan_item(after, Item::Deliver { event, wire: false });
    }

    pub(crate) fn strikes(&mut self, fault: Fault) -> bool {
        self.storms() && self.weather.strikes(fault, &mut self.random)
    }

    /// Counts a fault; its effect on the symbol (all symbols) ends after `lasts`.
    pub(crate) fn met(&mut self, fault: Fault, symbol: Option<SymbolId>, lasts: i64) {
        if self.verbose {
            println!("{:>8} FAULT {fault:?} {symbol:?}", self.elapsed());
        }
        for index in 0..SYMBOLS {
            if symbol.is_none_or(|symbol| symbol.index() == index) {
                self.matrix.met(fault, self.states[index]);
                self.judge.fault(SymbolId::at(index), self.now + lasts);
            }
        }
    }

    pub(crate) fn symbol_of(&self, command: &Command) -> Option<SymbolId> {
        match command {
            Command::Submit(approved) => Some(approved.request().symbol),
            Command::Cancel(id) | Command::Query(id) => self.judge.symbol_of(*id),
            Command::Resync | Command::Halt(_) | Command::Release | Command::Watch(_) => None,
        }
    }

    /// Carries out an item. An event is for the trader.
    pub(crate) fn happen(&mut self, item: Item) -> Result<Option<Event>, Pause> {
        match item {
            Item::Arrive { sent, command } => self.arrive(sent, command),
            Item::Deliver { event, .. } => return Ok(Some(self.at_delivery(event))),
            Item::Piece(id) => self.piece(id, true),
            Item::Tick => self.tick(),
            Item::Script => self.script(),
            Item::Day => self.tell_day(),
            Item::LinkDown { lasts } => self.link_down(lasts),
            Item::LinkUp => {
                self.link_up = true;
                self.gateway.told = false;
                self.judge.resumed(self.now);
                self.local(0, Event::Link(Link::Up));
                self.tell_day();
            }
            Item::Boot => {
                self.dead = false;
                let lasts = self.random.between(10, 500);
                self.local(0, Event::Link(Link::Down));
                self.plan_item(lasts, Item::LinkUp);
            }
            Item::Fresh => {
                self.operator(Operator::Resume);
                for index in 0..SYMBOLS {
                    self.pair(SymbolId::at(index));
                }
            }
            Item::CloseAll => {
                for index in 0..SYMBOLS {
                    self.operator(Operator::Close(SymbolId::at(index)));
                }
            }
            Item::Milestone(milestone) => return Err(Pause::Milestone(milestone)),
        }
        Ok(None)
    }

    /// A quote is of the moment it is heard.
    pub(crate) fn at_delivery(&self, event: Event) -> Event {
        match event {
            Event::Signal { signal, .. } => {
                let quote = self.truth.quote(signal.symbol, self.link_up);
                Event::Signal { signal, quote }
            }
            other => other,
        }
    }

    pub(crate) fn hand_over(&mut self, event: Event) -> Stamped {
        self.heard += 1;
        self.stepped = true;
        let forced = self.crash_at == Some(self.heard);
        if forced || self.strikes(Fault::Restart) {
            self.dying = Some(self.random.below(3));
        }
        if self.verbose {
            println!("{:>8} heard {event:?}", self.elapsed());
        }
        if let Event::Order {
            id,
            update: OrderUpdate::NoAnswer,
        } = &event
            && let Some(approved) = self.resend.remove(id)
        {
            self.transmit(Command::Submit(approved));
        }
        Stamped {
            at: Timestamp::from_millis(self.now),
            event,
        }
    }
}

impl Exchange for FaultExchange {
    type Error = Pause;

    fn send(&mut self, now: Timestamp, command: Command) {
        assert_eq!(
            now.millis(),
            self.now,
            "commands follow their event at once"
        );
        if self.verbose {
            println!("{:>8}   said {command:?}", self.elapsed());
        }
        self.judge.said(self.now, &command);
        if let Some(left) = &mut self.dying {
            if *left == 0 {
                return;
            }
            *left -= 1;
        }
        match command {
            Command::Halt(cause) => self.gateway.halted = Some(cause),
            Command::Release => self.gateway.halted = None,
            Command::Watch(floor) => {
                self.gateway.floor = floor;
                self.gateway.told = false;
            }
            Command::Submit(approved) => {
                let request = approved.request();
                let entry = request.purpose == Purpose::Entry;
                if let (Some(cause), true) = (self.gateway.halted, entry) {
                    let update = OrderUpdate::Rejected(Reject::Halted(cause));
                    let id = request.id;
                    self.local(0, Event::Order { id, update });
                    return;
                }
                if entry {
                    let bent = self
                        .bug
                        .map_or_else(|| request.clone(), |bug| bug.bend(request.clone()));
                    self.judge.entry_sent(self.now, &self.truth, &bent);
                }
                if self.bug == Some(Bug::ResendEntry) && entry {
                    self.resend.insert(request.id, approved.clone());
                }
                if self.bug == Some(Bug::CancelFirst) && request.purpose == Purpose::BreakEven {
                    self.cancel_hard_stop(request.symbol);
                }
                self.transmit(Command::Submit(approved));
            }
            Command::Query(_) if self.bug == Some(Bug::Thrash) => {
                for _ in 0..30 {
                    self.judge.said(self.now, &command);
                    self.transmit(command.clone());
                }
            }
            Command::Cancel(_) | Command::Query(_) | Command::Resync => self.transmit(command),
        }
    }

    fn next_event(&mut self, wake: Option<Timestamp>) -> Result<Option<Stamped>, Pause> {
        if std::mem::take(&mut self.stepped) {
            if self.dying.is_some() {
                self.die();
                return Err(Pause::Crash);
            }
            return Err(Pause::Step);
        }
        loop {
            let Some((&(at, sequence), _)) = self.agenda.first_key_value() else {
                return Ok(None);
            };
            let wake = wake.map(Timestamp::millis).filter(|_| !self.dead);
            let wake = match self.bug {
                Some(Bug::SlowWake) => wake.map(|wake| wake.max(self.woken + 3_000)),
                _ => wake,
            };
            let first = wake.map_or(at, |wake| wake.min(at));
            if first > self.plan.start + END {
                return Ok(None);
            }
            if let Some(wake) = wake.filter(|wake| *wake < at) {
                self.now = wake.max(self.now);
                self.woken = self.now;
                return Ok(Some(self.hand_over(Event::Wake)));
            }
            let item = self
                .agenda
                .remove(&(at, sequence))
                .expect("invariant: just seen");
            self.now = at;
            if let Some(event) = self.happen(item)? {
                return Ok(Some(self.hand_over(event)));
            }
        }
    }
}

pub(crate) const fn no_answer(id: OrderId) -> Event {
    Event::Order {
        id,
        update: OrderUpdate::NoAnswer,
    }
}
