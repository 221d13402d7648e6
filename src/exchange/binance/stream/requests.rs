//! Requests of one connection: what is still to be subscribed, what has no answer yet, how many frames may leave.
//!
//! Not here: the connection (`link`).
//! Invariant: fewer frames leave than the exchange allows.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::symbol::SymbolId;

use super::pace::Pace;

/// The exchange allows ten frames a second; two are left for what cannot wait.
const FRAMES_PER_SECOND: usize = 8;
/// Contracts of one request: their names stay far below any limit of a frame.
const SYMBOLS_PER_FRAME: usize = 100;

/// Requests of one connection.
pub(super) struct Requests {
    pub(super) next: u64,
    pub(super) adding: Vec<SymbolId>,
    pub(super) leaving: Vec<SymbolId>,
    /// Subscriptions without an answer yet, and until when one is waited for.
    pub(super) open: BTreeMap<u64, (Vec<SymbolId>, Instant)>,
    pub(super) pace: Pace,
}

impl Requests {
    pub(super) fn new(adding: Vec<SymbolId>) -> Self {
        Self {
            next: 1,
            adding,
            leaving: Vec::new(),
            open: BTreeMap::new(),
            pace: Pace::new(FRAMES_PER_SECOND, Duration::from_secs(1)),
        }
    }

    /// When the next request may leave, if there is one.
    pub(super) fn send_at(&mut self) -> Option<Instant> {
        if self.adding.is_empty() && self.leaving.is_empty() {
            return None;
        }
        Some(self.pace.free_at(Instant::now()))
    }

    /// The first instant at which an answer is overdue.
    pub(super) fn answer_due(&self) -> Option<Instant> {
        self.open.values().map(|(_, due)| *due).min()
    }

    pub(super) fn next_batch(&mut self) -> (&'static str, Vec<SymbolId>) {
        let (method, list) = if self.leaving.is_empty() {
            ("SUBSCRIBE", &mut self.adding)
        } else {
            ("UNSUBSCRIBE", &mut self.leaving)
        };
        let count = list.len().min(SYMBOLS_PER_FRAME);
        (method, list.drain(..count).collect())
    }
}
