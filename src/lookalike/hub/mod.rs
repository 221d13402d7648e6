//! Connections: who listens to what, what was put on each, who is behind.
//!
//! Not here: the sockets themselves (`socket`), what there is to say and when (`stage`).
//! Invariant: what is put on a connection is put in one order under one lock, so a ping stands behind everything that
//! was said before it.

pub(super) mod conn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::UnboundedSender;

use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;

use super::faults::{Dice, Fault};
use super::frames;
use super::streams::{KINDS, Kind, Route, Stream};
use super::wall;
use conn::{Conn, Out};

/// Frames a client may be behind before it is thrown out, where nothing waits for it.
const BEHIND_MAX: u64 = 1_000_000;

/// How long a tape that stands still for lost listeners waits for a route while the other is still heard.
const RETURN: Duration = Duration::from_secs(30);

/// A client with many contracts subscribes in several requests: the tape begins so long after the last.
const SETTLE: Duration = Duration::from_millis(30);

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    all: BTreeMap<u64, Conn>,
    /// By symbol and kind: who listens.
    lists: Vec<[Vec<u64>; KINDS]>,
    /// By symbol: the newest mark, said again to whoever subscribes.
    marks: Vec<Option<Utf8Bytes>>,
    /// Since when a route (public, market) has lost its last listener, which had not unsubscribed.
    missing: [Option<Instant>; 2],
    /// When anybody last subscribed.
    subscribed: Option<Instant>,
    accepted: u64,
    pub(super) frames: u64,
    pub(super) pings: u64,
    pub(super) thrown_out: u64,
}

/// All connections, shared.
#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<Connections>,
    changed: Condvar,
    pub(super) dice: Dice,
}

/// A frame that has been said, to be put on connections.
pub(super) struct Frame<'a> {
    pub(super) stream: Stream,
    pub(super) name: &'a str,
    pub(super) text: Utf8Bytes,
}

impl Hub {
    pub(super) fn new(symbols: usize, dice: Dice) -> Self {
        Self {
            state: Mutex::new(Connections {
                lists: vec![[const { Vec::new() }; KINDS]; symbols],
                marks: vec![None; symbols],
                ..Connections::default()
            }),
            changed: Condvar::new(),
            dice,
        }
    }

    /// A thread that panicked under the lock leaves counts at worst one off.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connections> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something changed on a connection, or for this long.
    pub(super) fn wait(&self, longest: Duration) {
        let guard = self.lock();
        drop(
            self.changed
                .wait_timeout(guard, longest)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(guard, _)| guard),
        );
    }

    /// Something changed: whoever waits looks again.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// A new connection and its number.
    pub(super) fn join(&self, route: Route, combined: bool, out: UnboundedSender<Out>) -> u64 {
        let mut state = self.lock();
        state.accepted += 1;
        let id = state.accepted;
        let silent = self.dice.falls(Fault::WrongRoute, id, 0);
        let conn = Conn::new(route, combined, out, silent);
        state.all.insert(id, conn);
        id
    }

    /// A connection is over.
    pub(super) fn leave(&self, id: u64) {
        self.lock().remove(id);
        self.wake();
    }

    /// A pong came.
    pub(super) fn pong(&self, id: u64, running: i64) {
        if let Some(conn) = self.lock().all.get_mut(&id) {
            conn.pong(running);
        }
        self.wake();
    }

    /// Puts a text on one connection, such as an answer; faults leave it alone.
    pub(super) fn answer(&self, id: u64, text: String) {
        if let Some(conn) = self.lock().all.get(&id) {
            conn.tell(Out::Text(text.into()));
        }
    }
}

impl Connections {
    pub(super) const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Adds streams; how many the connection then has, or `None` when it would have more than this.
    pub(super) fn subscribe(
        &mut self,
        id: u64,
        names: Vec<(String, Option<Stream>)>,
        most: usize,
    ) -> Option<usize> {
        let conn = self.all.get_mut(&id)?;
        let fresh: BTreeSet<&String> = names.iter().map(|(name, _)| name).collect();
        let added = fresh
            .iter()
            .filter(|name| !conn.names.contains(**name))
            .count();
        if conn.names.len() + added > most {
            return None;
        }
        let route = conn.route;
        self.subscribed = Some(wall::now());
        for (name, stream) in names {
            conn.names.insert(name.clone());
            // A stream of another route is acknowledged and silent.
            let Some(stream) = stream.filter(|stream| stream.kind.route() == route) else {
                continue;
            };
            if conn.streams.insert(stream) {
                self.lists[stream.symbol.index()][stream.kind.index()].push(id);
                // A mark stands until the next one: a client that comes back has it at once.
                if let (Kind::Mark, Some(mark)) = (stream.kind, &self.marks[stream.symbol.index()])
                {
                    let text = if conn.combined {
                        Utf8Bytes::from(frames::wrapped(
                            name.split('@').next().unwrap_or(&name),
                            stream.kind,
                            mark,
                        ))
                    } else {
                        mark.clone()
                    };
                    conn.tell(Out::Text(text));
                }
            }
            match route {
                Route::Public => self.missing[0] = None,
                Route::Market => self.missing[1] = None,
                Route::Quiet => {}
            }
        }
        Some(conn.names.len())
    }

    /// Remembers the newest mark of a symbol.
    pub(super) fn keep_mark(&mut self, symbol: SymbolId, text: String) {
        self.marks[symbol.index()] = Some(text.into());
    }

    pub(super) fn unsubscribe(&mut self, id: u64, names: &[(String, Option<Stream>)]) {
        let Some(conn) = self.all.get_mut(&id) else {
            return;
        };
        for (name, stream) in names {
            conn.names.remove(name);
            if let Some(stream) = stream
                && conn.streams.remove(stream)
            {
                self.lists[stream.symbol.index()][stream.kind.index()].retain(|other| *other != id);
            }
        }
    }

    pub(super) fn names(&self, id: u64) -> Vec<String> {
        let conn = self.all.get(&id);
        conn.map(|conn| conn.names.iter().cloned().collect())
            .unwrap_or_default()
    }

    pub(super) fn set_combined(&mut self, id: u64, combined: bool) {
        if let Some(conn) = self.all.get_mut(&id) {
            conn.combined = combined;
        }
    }

    pub(super) fn is_combined(&self, id: u64) -> bool {
        self.all.get(&id).is_some_and(|conn| conn.combined)
    }

    fn remove(&mut self, id: u64) {
        let Some(conn) = self.all.remove(&id) else {
            return;
        };
        for stream in &conn.streams {
            self.lists[stream.symbol.index()][stream.kind.index()].retain(|other| *other != id);
        }
        if !conn.streams.is_empty() && !self.listened(conn.route) {
            match conn.route {
                Route::Public => self.missing[0] = Some(wall::now()),
                Route::Market => self.missing[1] = Some(wall::now()),
                Route::Quiet => {}
            }
        }
    }

    fn listened(&self, route: Route) -> bool {
        self.all
            .values()
            .any(|conn| conn.route == route && !conn.streams.is_empty())
    }

    /// Whether both routes have a listener, and nobody goes on subscribing: the beginning of a tape waits for that.
    pub(super) fn complete(&self) -> bool {
        let settled = self.subscribed.is_some_and(|at| at.elapsed() >= SETTLE);
        settled && self.listened(Route::Public) && self.listened(Route::Market)
    }

    /// Whether anybody hears the tape and nobody is about to come back.
    pub(super) fn attended(&self) -> bool {
        let awaited = |since: &Option<Instant>| since.is_some_and(|since| since.elapsed() < RETURN);
        let hears = |conn: &Conn| !conn.streams.is_empty() && conn.silent.is_none();
        !self.missing.iter().any(awaited) && self.all.values().any(hears)
    }

    /// Whether anybody listens to a stream.
    #[inline]
    pub(super) fn wanted(&self, stream: Stream) -> bool {
        !self.lists[stream.symbol.index()][stream.kind.index()].is_empty()
    }

    /// Puts a frame on every connection that listens to it.
    pub(super) fn say(&mut self, frame: &Frame<'_>, dice: &Dice) {
        let Frame { stream, name, text } = frame;
        let ids = std::mem::take(&mut self.lists[stream.symbol.index()][stream.kind.index()]);
        let mut wrapped = None;
        let mut gone = Vec::new();
        for id in &ids {
            let Some(conn) = self.all.get_mut(id) else {
                continue;
            };
            if conn.silent.is_some() {
                continue;
            }
            let own = if conn.combined {
                let wrap = || Utf8Bytes::from(frames::wrapped(name, stream.kind, text));
                wrapped.get_or_insert_with(wrap).clone()
            } else {
                text.clone()
            };
            self.frames += 1;
            if conn.say(*id, own, stream.kind, dice) {
                gone.push(*id);
            } else if conn.behind() > BEHIND_MAX {
                conn.tell(Out::Close(1008));
                self.thrown_out += 1;
                gone.push(*id);
            }
        }
        self.lists[stream.symbol.index()][stream.kind.index()] = ids;
        for id in gone {
            self.remove(id);
        }
    }

    /// Pings every connection that is not silent.
    pub(super) fn ping(&mut self, now: Timestamp) {
        for conn in self.all.values_mut().filter(|conn| conn.silent.is_none()) {
            conn.ping(now.millis());
            self.pings += 1;
        }
    }

    /// Whether every listener has answered a ping of `time` or later and is at most so many frames behind. A connection
    /// that is silent on purpose counts for `patience`; afterwards nobody waits for it.
    pub(super) fn reached(&self, time: Timestamp, frames: u64, patience: Duration) -> bool {
        self.all
            .values()
            .filter(|conn| !conn.streams.is_empty())
            .filter(|conn| conn.silent.is_none_or(|since| since.elapsed() < patience))
            .all(|conn| conn.is_fresh() || !conn.lags(time, frames))
    }

    /// Throws out those who keep `reached` from being true.
    pub(super) fn throw_out(&mut self, time: Timestamp, frames: u64) {
        let late = self.all.iter().filter(|(_, conn)| {
            !conn.streams.is_empty() && conn.silent.is_none() && conn.lags(time, frames)
        });
        for id in late.map(|(id, _)| *id).collect::<Vec<_>>() {
            if let Some(conn) = self.all.get(&id) {
                conn.tell(Out::Close(1008));
            }
            self.thrown_out += 1;
            self.remove(id);
        }
    }

    /// Says goodbye to everybody.
    pub(super) fn close_all(&mut self) {
        for conn in self.all.values() {
            conn.tell(Out::Close(1000));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// The hub, shared by sockets and the stage.
pub(super) type SharedHub = Arc<Hub>;
