//! The second implementer of `Exchange`: a seeded, asynchronous exchange behind a line that loses, repeats, delays and
//! reorders, with its own truth and its own gateway.
//!
//! Not here: orders and money (`truth`), which faults a seed has (`weather`), what must hold (`checks`).

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::domain::event::Stamped;
use confluence::domain::event::{
    AccountUpdate, Command, Event, Floor, FloorBasis, Link, Operator, OrderStatus, OrderUpdate,
};
use confluence::domain::num::Qty;
use confluence::domain::order::{Approved, HaltCause, OrderId, OrderKind, Purpose, Reject};
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::engine::Exchange;
use confluence::trader::Protection;

use super::checks::Judge;
use super::plan::{CLOSE, END, Plan, QUIET, RESUME, STORM, SYMBOLS};
use super::planted::Bug;
use super::truth::{State, Truth};
use super::weather::{Fault, Matrix, Weather};

/// A request older than this is refused on arrival.
const WINDOW: i64 = 3_000;
/// The gateway gives up waiting for an answer after this, and says so most of the time.
const PATIENCE: i64 = 1_500;
/// Prices move this often.
const TICK: i64 = 500;

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
enum Item {
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
    told: bool,
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
    plan: Plan,
    weather: Weather,
    random: Random,
    agenda: BTreeMap<(i64, u64), Item>,
    sequence: u64,
    stepped: bool,
    /// Commands of this event that still get out before the trader dies.
    dying: Option<u64>,
    woken: i64,
    /// Entries a broken gateway would send again.
    resend: BTreeMap<OrderId, Approved>,
    day_told: i64,
    signals: u64,
    last_pair: Option<(Signal, Signal)>,
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

    fn elapsed(&self) -> i64 {
        self.now - self.plan.start
    }

    pub(crate) fn storms(&self) -> bool {
        self.elapsed() < STORM
    }

    fn plan_item(&mut self, after: i64, item: Item) {
        self.sequence += 1;
        self.agenda.insert((self.now + after, self.sequence), item);
    }

    fn local(&mut self, after: i64, event: Event) {
        self.plan_item(after, Item::Deliver { event, wire: false });
    }

    fn strikes(&mut self, fault: Fault) -> bool {
        self.storms() && self.weather.strikes(fault, &mut self.random)
    }

    /// Counts a fault; its effect on the symbol (all symbols) ends after `lasts`.
    fn met(&mut self, fault: Fault, symbol: Option<SymbolId>, lasts: i64) {
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

    fn symbol_of(&self, command: &Command) -> Option<SymbolId> {
        match command {
            Command::Submit(approved) => Some(approved.request().symbol),
            Command::Cancel(id) | Command::Query(id) => self.judge.symbol_of(*id),
            Command::Resync | Command::Halt(_) | Command::Release | Command::Watch(_) => None,
        }
    }

    /// The planted gateway that clears the way for a new stop too early.
    fn cancel_hard_stop(&mut self, symbol: SymbolId) {
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
    fn transmit(&mut self, command: Command) {
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
    fn give_up(&mut self, id: Option<OrderId>) {
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

    fn arrive(&mut self, sent: i64, command: Command) {
        let late = self.now - sent > WINDOW;
        let symbol = self.symbol_of(&command);
        match command {
            Command::Submit(approved) => {
                let request = approved.into_request();
                let id = request.id;
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
                if self.bug.is_some_and(|bug| bug.fakes(&request)) && result.is_ok() {
                    self.truth.finish_silently(id);
                    self.answer(id, OrderUpdate::Accepted, symbol);
                    return;
                }
                match result {
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
            Command::Cancel(id) => {
                let rests = self
                    .truth
                    .orders
                    .get(&id)
                    .is_some_and(|held| held.state == State::Resting);
                if rests && self.bug == Some(Bug::KeepCanceled) {
                    self.answer(id, OrderUpdate::Canceled { total: Qty::ZERO }, symbol);
                } else if rests && !late {
                    self.truth.end(id, OrderStatus::Canceled);
                    self.judge.removed(&self.truth, id, self.now);
                    self.send_news();
                } else if self.random.one_in(2) {
                    self.answer(id, no_answer_update(), symbol);
                } else {
                    let report = self.truth.report(id);
                    self.answer(id, OrderUpdate::Report(report), symbol);
                }
            }
            Command::Query(id) => {
                let mut report = self.truth.report(id);
                let held = self.truth.orders.get(&id);
                let fresh = held.is_some_and(|held| self.now - held.accepted_at < 4_000);
                if fresh && self.strikes(Fault::QueryLag) {
                    self.met(Fault::QueryLag, symbol, 2_000);
                    report.status = OrderStatus::Unknown;
                    report.fills.clear();
                }
                self.answer(id, OrderUpdate::Report(report), symbol);
            }
            Command::Resync => {
                for (symbol, cause, fill) in self.truth.closes.clone() {
                    let closed = AccountUpdate::Closed {
                        symbol,
                        cause,
                        fill,
                    };
                    self.carry(Event::Account(closed), Some(symbol), Fault::DropAnswer);
                }
                let snapshot = self.truth.snapshot();
                self.carry(Event::Snapshot(snapshot), None, Fault::DropAnswer);
            }
            Command::Halt(_) | Command::Release | Command::Watch(_) => {}
        }
    }

    /// A refusal that is not the order's fault.
    fn refusal(&mut self, request: &confluence::domain::order::OrderRequest) -> Option<Reject> {
        let symbol = Some(request.symbol);
        let rests = request.kind != OrderKind::Market;
        if rests && self.strikes(Fault::RejectTrigger) {
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
    fn begin(&mut self, id: OrderId, purpose: Purpose) {
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

    fn piece(&mut self, id: OrderId, partial: bool) {
        let Some(held) = self.truth.orders.get(&id) else {
            return;
        };
        let (symbol, purpose) = (held.request.symbol, held.request.purpose);
        let before = self.truth.positions[symbol.index()];
        let whole = !partial || self.random.one_in(4);
        let more = self.truth.execute(self.now, id, whole, &mut self.random);
        self.judge.executed(self.now, &self.truth, id, before);
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

    /// The answer to a request.
    fn answer(&mut self, id: OrderId, update: OrderUpdate, symbol: Option<SymbolId>) {
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

    fn carry(&mut self, event: Event, symbol: Option<SymbolId>, drop: Fault) {
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
    fn wire(&mut self, event: Event, symbol: Option<SymbolId>) {
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
            let mut latency = self.random.between(10, 120);
            if self.strikes(Fault::DelayNews) {
                latency += self.random.between(100, 6_000);
                self.met(Fault::DelayNews, symbol, latency);
            }
            let event = event.clone();
            self.plan_item(latency, Item::Deliver { event, wire: true });
        }
    }

    /// Fills and ends go out over their own stream.
    fn send_news(&mut self) {
        for (id, update) in std::mem::take(&mut self.truth.news) {
            let symbol = self.truth.orders.get(&id).map(|held| held.request.symbol);
            self.carry(Event::Order { id, update }, symbol, Fault::DropNews);
        }
    }

    fn tick(&mut self) {
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

    fn surprise(&mut self, symbol: SymbolId) {
        let open = self.truth.positions[symbol.index()].is_some();
        if open && self.strikes(Fault::ClosedByExchange) {
            self.met(Fault::ClosedByExchange, Some(symbol), 0);
            let before = self.truth.closes.len();
            self.truth.close(self.now, symbol, &mut self.random);
            self.judge.closed(symbol);
            for (symbol, cause, fill) in self.truth.closes[before..].to_vec() {
                let closed = AccountUpdate::Closed {
                    symbol,
                    cause,
                    fill,
                };
                self.carry(Event::Account(closed), Some(symbol), Fault::DropNews);
            }
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

    /// The gateway watches the declared floor.
    fn look_at_floor(&mut self) {
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

    fn tell_day(&mut self) {
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

    fn link_down(&mut self, lasts: i64) {
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
    fn die(&mut self) {
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

    fn script(&mut self) {
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

    fn operator(&mut self, operator: Operator) {
        if !self.dead {
            self.local(0, Event::Operator(operator));
        }
    }

    fn make_signal(&mut self, symbol: SymbolId, kind: SignalType) -> Signal {
        self.signals += 1;
        Signal {
            id: Arc::from(format!("s{}", self.signals)),
            kind,
            symbol,
            event_time: Timestamp::from_millis(self.now),
            received_time: Timestamp::from_millis(self.now),
        }
    }

    fn signal(&mut self, symbol: SymbolId, kind: SignalType) {
        let signal = self.make_signal(symbol, kind);
        self.hear_signal(0, signal);
    }

    fn pair(&mut self, symbol: SymbolId) {
        let alpha = self.make_signal(symbol, SignalType::ALPHA);
        let fomo = self.make_signal(symbol, SignalType::FOMO);
        self.last_pair = Some((alpha.clone(), fomo.clone()));
        self.hear_signal(0, alpha);
        self.hear_signal(2, fomo);
    }

    fn hear_signal(&mut self, after: i64, mut signal: Signal) {
        if self.dead {
            return;
        }
        signal.received_time = Timestamp::from_millis(self.now + after);
        let quote = self.truth.quote(signal.symbol, true);
        self.local(after, Event::Signal { signal, quote });
    }

    /// Carries out an item. An event is for the trader.
    fn happen(&mut self, item: Item) -> Result<Option<Event>, Pause> {
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
    fn at_delivery(&self, event: Event) -> Event {
        match event {
            Event::Signal { signal, .. } => {
                let quote = self.truth.quote(signal.symbol, self.link_up);
                Event::Signal { signal, quote }
            }
            other => other,
        }
    }

    fn hand_over(&mut self, event: Event) -> Stamped {
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

const fn no_answer_update() -> OrderUpdate {
    OrderUpdate::NoAnswer
}

const fn no_answer(id: OrderId) -> Event {
    Event::Order {
        id,
        update: OrderUpdate::NoAnswer,
    }
}
