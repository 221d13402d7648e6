//! The running time: which events are said when, when signals are sent, when everybody waits.
//!
//! Not here: what an event becomes on a connection (`hub`, `frames`).
//! Invariants: events are said in the order of the tape; the shared running time moves on only after everything stamped
//! at or before it was put on its connections; a signal is sent after everything stamped at or before its time.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::market::{MarketEvent, News, NextFunding};
use crate::domain::num::{Price, Rate, UNIT};
use crate::domain::signal::RawSignal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::ticks::TickStream;

use super::bridge::{Bridge, due};
use super::config::Speed;
use super::frames;
use super::hub::{Connections, Frame, SharedHub};
use super::streams::{Kind, Stream};
use super::summary::SignalCounts;
use super::wall;
use super::world::World;

/// Running time a listener may be behind at full speed.
const AHEAD: Span = Span::from_millis(60_000);
/// Frames a listener may be behind at full speed.
const FRAMES_AHEAD: u64 = 20_000;
/// How long a listener that answers nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one is waited for that is silent on purpose.
const PATIENCE_SILENT: Duration = Duration::from_secs(15);
/// Most pings a second in timed modes.
const PING_EVERY: Duration = Duration::from_millis(50);
/// Pings while the tape stands still.
const PING_STANDING: Duration = Duration::from_millis(250);
/// Events said under one lock.
const BATCH: usize = 256;
const SECOND: Span = Span::from_millis(1_000);

/// What the stage shares with the REST side.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) hub: SharedHub,
    /// The running time in ms.
    now: AtomicI64,
    /// The last mark of each symbol.
    marks: Mutex<Vec<Option<Mark>>>,
    pub(super) stop: AtomicBool,
}

/// A mark as it was said last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) price: Price,
    pub(super) funding: Option<NextFunding>,
}

/// How the tape is told.
#[derive(Debug)]
pub(super) struct Manner {
    pub(super) speed: Speed,
    pub(super) hold: bool,
    pub(super) signals: Vec<RawSignal>,
    pub(super) bridge: Option<String>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) events: u64,
    pub(super) complete: bool,
    pub(super) signals: SignalCounts,
}

impl Shared {
    pub(super) fn new(world: World, hub: SharedHub) -> Self {
        let from = world.window().from;
        let marks = first_marks(&world);
        Self {
            world,
            hub,
            now: AtomicI64::new(from.millis()),
            marks: Mutex::new(marks),
            stop: AtomicBool::new(false),
        }
    }

    /// The running time: everything stamped at or before it was said.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Acquire))
    }

    pub(super) fn mark(&self, symbol: SymbolId) -> Option<Mark> {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.get(symbol.index()).copied().flatten()
    }

    /// Whether it was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The marks that stand when the tape begins.
fn first_marks(world: &World) -> Vec<Option<Mark>> {
    let mut marks = vec![None; world.tape().symbols.len()];
    let until = world.window().from + SECOND;
    for event in world.ticks().iter().take_while(|event| event.at < until) {
        if let News::Mark { price, funding } = event.news {
            let place = &mut marks[event.symbol.index()];
            place.get_or_insert(Mark { price, funding });
        }
    }
    marks
}

/// The tape being told.
pub(super) struct Stage<'a> {
    shared: &'a Shared,
    stream: TickStream<'a>,
    next: Option<MarketEvent>,
    /// By symbol: the next trade's number, the price of the last one, the next number of a quote.
    ids: Vec<u64>,
    last: Vec<Option<Price>>,
    updates: Vec<u64>,
    /// Signals still to send, and how many were.
    signals: Vec<RawSignal>,
    signal: usize,
    postman: Option<Postman>,
    hold: bool,
    told: Told,
    pinged: Instant,
}

/// Who takes signals to the bridge.
enum Postman {
    /// The tape waits for it.
    Waiting(Bridge),
    /// It goes beside the tape.
    Beside {
        letters: std::sync::mpsc::Sender<(u64, RawSignal)>,
        thread: std::thread::JoinHandle<Bridge>,
    },
}

impl<'a> Stage<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, manner: Manner) -> Self {
        let world = &shared.world;
        let ticks = world.ticks();
        let window = world.window();
        let mut stream = ticks.iter();
        let next = stream.next();
        let symbols = world.tape().symbols.len();
        let first = |index: usize| {
            ticks
                .first_id_from(SymbolId::at(index), window.from)
                .unwrap_or(1)
        };
        let ids: Vec<u64> = (0..symbols).map(first).collect();
        let before = |index: usize| {
            let id = ids[index].checked_sub(1)?;
            Some(ticks.trade(SymbolId::at(index), id)?.price)
        };
        let last = (0..symbols).map(before).collect();
        let mut signals = manner.signals;
        signals.sort_by_key(due);
        let all = signals.len();
        signals.retain(|signal| (window.from..=window.to).contains(&due(signal)));
        let mut told = Told::default();
        told.signals.outside = (all - signals.len()) as u64;
        let waiting = manner.speed == Speed::Max;
        let postman = manner.bridge.map(|address| {
            let bridge = Bridge::new(address, waiting);
            if waiting {
                Postman::Waiting(bridge)
            } else {
                beside(bridge, Arc::clone(shared))
            }
        });
        Self {
            shared,
            stream,
            next,
            ids,
            last,
            updates: vec![1; symbols],
            signals,
            signal: 0,
            postman,
            hold: manner.hold,
            told,
            pinged: wall::now(),
        }
    }

    /// Tells the tape to its end or until it is stopped.
    pub(super) fn tell(mut self, speed: Speed) -> Told {
        self.stand(Connections::complete);
        match speed {
            Speed::Max => self.at_full_speed(),
            Speed::Times(times) => self.timed(times),
        }
        self.finish()
    }

    fn at_full_speed(&mut self) {
        let to = self.shared.world.window().to;
        let mut now = self.shared.now();
        while now < to && !self.shared.is_stopped() {
            if self.hold {
                self.stand(Connections::attended);
            }
            let second = now.millis().div_euclid(SECOND.millis()) + 1;
            let limit = Timestamp::from_millis(second * SECOND.millis())
                .min(self.due_signal())
                .min(to);
            if limit > now && !self.await_listeners(limit - AHEAD, FRAMES_AHEAD) {
                return;
            }
            self.pump(limit);
            self.ping(limit);
            if self.due_signal() <= limit {
                if !self.await_listeners(limit, u64::MAX) {
                    return;
                }
                self.send_signals(limit);
            }
            now = limit;
        }
    }

    fn timed(&mut self, times: Rate) {
        let window = self.shared.world.window();
        let mut begun = wall::now();
        let mut base = window.from;
        let every = PING_EVERY.max(Duration::from_nanos(
            u64::try_from(i128::from(UNIT) * 1_000_000_000 / i128::from(times.steps()))
                .unwrap_or(u64::MAX),
        ));
        while self.shared.now() < window.to && !self.shared.is_stopped() {
            if self.hold && self.stand(Connections::attended) {
                base = self.shared.now();
                begun = wall::now();
            }
            let limit = (base + passed(begun.elapsed(), times))
                .min(self.due_signal())
                .min(window.to);
            self.pump(limit);
            let signal = self.due_signal() <= limit;
            if signal || self.pinged.elapsed() >= every {
                self.ping(limit);
            }
            if signal {
                self.send_signals(limit);
            }
            let next = self
                .next
                .map_or(window.to, |event| event.at)
                .min(self.due_signal())
                .min(window.to);
            let until_next = wall_of(next - base, times).saturating_sub(begun.elapsed());
            let until_ping = every.saturating_sub(self.pinged.elapsed());
            let pause = until_next.min(until_ping).min(PING_EVERY);
            if !pause.is_zero() {
                self.shared.hub.wait(pause);
            }
        }
    }

    /// Says everything stamped at or before `limit` and moves the running time there.
    fn pump(&mut self, limit: Timestamp) {
        while self.next.is_some_and(|event| event.at <= limit) && !self.shared.is_stopped() {
            let hub = Arc::clone(&self.shared.hub);
            let mut connections = hub.lock();
            for _ in 0..BATCH {
                let Some(event) = self.next.filter(|event| event.at <= limit) else {
                    break;
                };
                self.say(&event, &mut connections);
                self.next = self.stream.next();
            }
        }
        self.shared.now.store(limit.millis(), Ordering::Release);
    }

    fn say(&mut self, event: &MarketEvent, connections: &mut Connections) {
        let MarketEvent { at, symbol, news } = *event;
        let index = symbol.index();
        self.told.events += 1;
        match news {
            News::Quote { bid, ask } => {
                let update = self.updates[index];
                self.updates[index] += 1;
                self.put(connections, symbol, Kind::Book, |name| {
                    frames::book(name, at, update, bid, ask)
                });
            }
            News::Trade { price, qty } => {
                let id = self.ids[index];
                self.ids[index] += 1;
                let maker = self.last[index]
                    .replace(price)
                    .is_some_and(|last| price < last);
                self.put(connections, symbol, Kind::Trade, |name| {
                    frames::trade(name, at, id, (price, qty), maker)
                });
            }
            News::Mark { price, funding } => {
                let mut marks = self
                    .shared
                    .marks
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                marks[index] = Some(Mark { price, funding });
                drop(marks);
                let text = |name: &str| frames::mark(name, at, price, funding);
                self.put(connections, symbol, Kind::Mark, text);
                if at.millis() % 3_000 == 0 {
                    self.put(connections, symbol, Kind::SlowMark, text);
                }
            }
        }
    }

    fn put(
        &self,
        connections: &mut Connections,
        symbol: SymbolId,
        kind: Kind,
        text: impl Fn(&str) -> String,
    ) {
        let stream = Stream { symbol, kind };
        if connections.wanted(stream) {
            let name = self.shared.world.name(symbol);
            let frame = Frame {
                stream,
                name,
                text: text(name).into(),
            };
            connections.say(&frame, &self.shared.hub.dice);
        }
    }

    fn ping(&mut self, now: Timestamp) {
        self.shared.hub.lock().ping(now);
        self.pinged = wall::now();
    }

    /// Stands still until something holds of the connections; whether it had to.
    fn stand(&mut self, holds: fn(&Connections) -> bool) -> bool {
        let mut stood = false;
        while !self.shared.is_stopped() && !holds(&self.shared.hub.lock()) {
            stood = true;
            if self.pinged.elapsed() >= PING_STANDING {
                self.ping(self.shared.now());
            }
            self.shared.hub.wait(PING_EVERY);
        }
        stood
    }

    /// Waits until every listener has come this far; those who never do are thrown out. `false` when stopped.
    fn await_listeners(&mut self, time: Timestamp, frames: u64) -> bool {
        let begun = wall::now();
        while !self.shared.is_stopped() {
            let hub = &self.shared.hub;
            if hub.lock().reached(time, frames, PATIENCE_SILENT) {
                return true;
            }
            if begun.elapsed() > PATIENCE {
                hub.lock().throw_out(time, frames);
            }
            hub.wait(PING_EVERY);
        }
        false
    }

    fn due_signal(&self) -> Timestamp {
        let never = self.shared.world.window().to + SECOND;
        self.signals.get(self.signal).map_or(never, due)
    }

    fn send_signals(&mut self, now: Timestamp) {
        while self.due_signal() <= now && !self.shared.is_stopped() {
            let signal = self.signals[self.signal].clone();
            self.signal += 1;
            let number = self.signal as u64;
            match &mut self.postman {
                Some(Postman::Waiting(bridge)) => {
                    bridge.deliver(number, &signal, self.shared);
                }
                Some(Postman::Beside { letters, .. }) => {
                    // The thread lives as long as this end of the channel.
                    let _delivered = letters.send((number, signal));
                }
                None => {}
            }
        }
    }

    /// The last ping, its pongs, and the counts.
    fn finish(mut self) -> Told {
        let to = self.shared.world.window().to;
        self.told.complete = self.shared.now() >= to;
        if self.told.complete {
            self.ping(to);
            let begun = wall::now();
            let reached = |hub: &SharedHub| hub.lock().reached(to, 0, Duration::ZERO);
            while !self.shared.is_stopped()
                && !reached(&self.shared.hub)
                && begun.elapsed() < PATIENCE / 2
            {
                self.shared.hub.wait(PING_EVERY);
            }
        }
        let outside = self.told.signals.outside;
        let left = (self.signals.len() - self.signal) as u64;
        let bridge = match self.postman.take() {
            Some(Postman::Waiting(bridge)) => Some(bridge),
            Some(Postman::Beside { letters, thread }) => {
                drop(letters);
                thread.join().ok()
            }
            None => None,
        };
        if let Some(bridge) = bridge {
            self.told.signals = bridge.counts;
            self.told.signals.outside = outside;
            self.told.signals.failed += left;
        }
        self.told
    }
}

/// A thread that sends signals without the tape waiting.
fn beside(mut bridge: Bridge, shared: Arc<Shared>) -> Postman {
    let (letters, inbox) = std::sync::mpsc::channel::<(u64, RawSignal)>();
    let thread = std::thread::spawn(move || {
        for (number, signal) in inbox {
            bridge.deliver(number, &signal, &shared);
        }
        bridge
    });
    Postman::Beside { letters, thread }
}

/// Running time that passes in a stretch of the machine's time.
fn passed(elapsed: Duration, times: Rate) -> Span {
    let micros = i128::try_from(elapsed.as_micros()).unwrap_or(i128::MAX / i128::from(i64::MAX));
    let millis = micros * i128::from(times.steps()) / i128::from(UNIT) / 1_000;
    // A year of running time in one step is more than any tape takes.
    Span::from_millis(
        i64::try_from(millis)
            .unwrap_or(i64::MAX / 4)
            .min(i64::MAX / 4),
    )
}

/// The machine's time that a stretch of running time takes.
fn wall_of(span: Span, times: Rate) -> Duration {
    let micros =
        i128::from(span.millis().max(0)) * 1_000 * i128::from(UNIT) / i128::from(times.steps());
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}
