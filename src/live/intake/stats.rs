//! What came in and what became of it, counted by source.
//!
//! Not here: the events themselves (log, journal).
//! Invariant: counters only grow; a snapshot never blocks a source for longer than a copy of 64 words.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::SourceName;
use super::count::Count;

/// Whether the feed answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedState {
    /// It is not asked, or was not yet.
    #[default]
    Off,
    /// The latest round was answered.
    Answering,
    /// The latest round failed.
    Failing,
    /// Left alone for a while after failures in a row.
    Paused,
    /// It no longer takes the token: waiting for the token file to change.
    TokenDead,
}

/// Reasons of the runner kept apart; further ones are counted as `other`.
const REASONS: usize = 64;

/// The counters, shared by all sources.
#[derive(Debug)]
pub struct Stats {
    counts: [[AtomicU64; Count::ALL.len()]; SourceName::ALL.len()],
    told: Mutex<Told>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    refused: BTreeMap<String, u64>,
    feed: FeedState,
}

/// The counters at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// By source and name, those above zero.
    pub sources: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    /// The runner's reasons and how often.
    pub refused: BTreeMap<String, u64>,
    /// Whether the feed answers.
    pub feed: FeedState,
}

impl Default for Stats {
    fn default() -> Self {
        Self::new()
    }
}

impl Stats {
    /// All zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            counts: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            told: Mutex::default(),
        }
    }

    /// How often something was counted for a source.
    #[must_use]
    pub fn get(&self, source: SourceName, count: Count) -> u64 {
        self.counts[source as usize][count as usize].load(Ordering::Relaxed)
    }

    /// How often something was counted for all sources.
    #[must_use]
    pub fn total(&self, count: Count) -> u64 {
        SourceName::ALL
            .iter()
            .map(|source| self.get(*source, count))
            .sum()
    }

    /// All counters as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut sources = BTreeMap::new();
        for source in SourceName::ALL {
            let counted = Count::ALL
                .iter()
                .map(|count| (count.name(), self.get(source, *count)))
                .filter(|(_, times)| *times > 0)
                .collect();
            sources.insert(source.name(), counted);
        }
        let told = self.told().clone();
        Snapshot {
            sources,
            refused: told.refused,
            feed: told.feed,
        }
    }

    pub(super) fn add(&self, source: SourceName, count: Count) {
        self.counts[source as usize][count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, source: SourceName, reason: &str) {
        self.add(source, Count::Refused);
        let mut told = self.told();
        if let Some(times) = told.refused.get_mut(reason) {
            *times += 1;
            return;
        }
        let reason = if told.refused.len() < REASONS {
            reason
        } else {
            "other"
        };
        *told.refused.entry(reason.to_owned()).or_insert(0) += 1;
    }

    pub(super) fn set_feed(&self, state: FeedState) {
        self.told().feed = state;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // Whoever panicked while holding it left counters, which are never half-written.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
