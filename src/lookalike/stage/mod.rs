//! The running time: which events are said when, when signals are sent, when everybody waits.
//!
//! Not here: what an event becomes on a connection (`hub`, `frames`).
//! Invariants: events are said in the order of the tape; the shared running time moves on only after everything stamped
//! at or before it was put on its connections; a signal is sent after everything stamped at or before its time.

mod post;
mod say;
mod waits;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::market::MarketEvent;
use crate::domain::num::{Price, Rate, UNIT};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::ticks::stream::TickStream;

use super::config::{SignalPlan, Speed};
use super::hub::Connections;
use super::shared::Shared;
use super::summary::SignalCounts;
use super::wall;
use post::Post;
use waits::{passed, wall_of};

/// Running time a listener may be behind at full speed.
const AHEAD: Span = Span::from_millis(60_000);
/// Frames a listener may be behind at full speed.
const FRAMES_AHEAD: u64 = 20_000;
/// Most pings a second in timed modes.
const PING_EVERY: Duration = Duration::from_millis(50);
const SECOND: Span = Span::from_millis(1_000);

/// How the tape is told.
#[derive(Debug)]
pub(super) struct Manner {
    pub(super) speed: Speed,
    pub(super) hold: bool,
    pub(super) signals: Option<SignalPlan>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) events: u64,
    pub(super) complete: bool,
    pub(super) signals: SignalCounts,
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
    post: Post,
    hold: bool,
    told: Told,
    pinged: Instant,
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
        Self {
            shared,
            stream,
            next,
            ids,
            last,
            updates: vec![1; symbols],
            post: Post::new(manner.signals, manner.speed, shared),
            hold: manner.hold,
            told: Told::default(),
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
                self.post.send(limit, self.shared);
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
                self.post.send(limit, self.shared);
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

    fn due_signal(&self) -> Timestamp {
        let never = self.shared.world.window().to + SECOND;
        self.post.due().unwrap_or(never)
    }

    /// The last ping, its pongs, and the counts.
    fn finish(mut self) -> Told {
        let to = self.shared.world.window().to;
        self.told.complete = self.shared.now() >= to;
        if self.told.complete {
            self.ping(to);
            self.await_last(to);
        }
        self.told.signals = self.post.finish(self.shared);
        self.told
    }
}
