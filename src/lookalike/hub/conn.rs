//! One connection: what was put on it, what it has answered, what goes wrong on it.
//!
//! Not here: who listens to what (`hub`).

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::domain::time::Timestamp;
use crate::lookalike::faults::{Dice, Fault};
use crate::lookalike::frames;
use crate::lookalike::streams::{Kind, Route, Stream};
use crate::lookalike::wall;

/// What a connection's writer is told.
#[derive(Debug)]
pub(in crate::lookalike) enum Out {
    Text(Utf8Bytes),
    Ping(i64),
    /// A close frame with this code, then the end.
    Close(u16),
    /// The end without a word.
    Drop,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) route: Route,
    pub(super) combined: bool,
    /// As the client spelled them.
    pub(super) names: BTreeSet<String>,
    pub(super) streams: BTreeSet<Stream>,
    out: UnboundedSender<Out>,
    /// Since when it is silent on purpose.
    pub(super) silent: Option<Instant>,
    /// Market frames meant for it.
    frame: u64,
    /// Frames put on it, and how many of them a pong has answered for.
    sent: u64,
    answered: u64,
    /// Pings under way: running time and frames before each.
    pings: VecDeque<(i64, u64)>,
    /// The running time of the last pong.
    reached: i64,
    /// Frames held back, and how many frames must pass first.
    held: Vec<(u64, Utf8Bytes)>,
}

impl Conn {
    /// A connection that nothing was said on yet.
    pub(super) fn new(
        route: Route,
        combined: bool,
        out: UnboundedSender<Out>,
        silent: bool,
    ) -> Self {
        Self {
            route,
            combined,
            names: BTreeSet::new(),
            streams: BTreeSet::new(),
            out,
            silent: silent.then(wall::now),
            frame: 0,
            sent: 0,
            answered: 0,
            pings: VecDeque::new(),
            reached: i64::MIN,
            held: Vec::new(),
        }
    }

    /// How many frames no pong has answered for.
    pub(super) const fn behind(&self) -> u64 {
        self.sent - self.answered
    }

    /// Whether it keeps others from going on to `time`, or has more frames under way than this.
    pub(super) fn lags(&self, time: Timestamp, frames: u64) -> bool {
        self.reached < time.millis() || self.behind() > frames
    }

    /// Whether nothing was put on it yet, so that nothing can be answered.
    pub(super) fn is_fresh(&self) -> bool {
        self.sent == 0 && self.pings.is_empty() && self.silent.is_none()
    }

    pub(super) fn ping(&mut self, running: i64) {
        self.pings.push_back((running, self.sent));
        self.tell(Out::Ping(running));
    }

    /// A pong came; it answers for all pings up to its own.
    pub(super) fn pong(&mut self, running: i64) {
        while let Some((value, sent)) = self.pings.front().copied() {
            if value > running {
                break;
            }
            self.pings.pop_front();
            self.answered = sent;
            self.reached = self.reached.max(value);
        }
    }

    pub(super) fn tell(&self, out: Out) {
        // A writer that is gone has its connection removed in a moment.
        let _gone = self.out.send(out);
    }

    fn put(&mut self, text: Utf8Bytes) {
        self.sent += 1;
        self.tell(Out::Text(text));
    }

    /// Puts a market frame on it, with what may go wrong; `true` when the connection ended on it.
    pub(super) fn say(&mut self, id: u64, text: Utf8Bytes, kind: Kind, dice: &Dice) -> bool {
        self.frame += 1;
        let frame = self.frame;
        self.release(frame);
        if dice.falls(Fault::Silence, id, frame) {
            self.silent = Some(wall::now());
            self.held.clear();
            return false;
        }
        if dice.falls(Fault::Disconnect, id, frame) {
            let said = dice.details(Fault::Disconnect, id, frame).one_in(2);
            self.tell(if said { Out::Close(1001) } else { Out::Drop });
            return true;
        }
        if dice.falls(Fault::Malformed, id, frame) {
            let mut random = dice.details(Fault::Malformed, id, frame);
            self.put(frames::broken(&mut random, text.as_str(), kind).into());
        }
        if kind == Kind::Trade && dice.falls(Fault::Gap, id, frame) {
            return false;
        }
        if dice.falls(Fault::Delay, id, frame) {
            let late = dice.details(Fault::Delay, id, frame).below(40) + 1;
            self.held.push((frame + late, text));
            return false;
        }
        if dice.falls(Fault::Duplicate, id, frame) {
            self.put(text.clone());
        }
        self.put(text);
        false
    }

    fn release(&mut self, frame: u64) {
        let mut kept = Vec::new();
        for (due, text) in std::mem::take(&mut self.held) {
            if due <= frame {
                self.put(text);
            } else {
                kept.push((due, text));
            }
        }
        self.held = kept;
    }
}
