//! What came in and what became of it, counted by source.
//!
//! Not here: the events themselves (log, journal).
//! Invariant: counters only grow; a snapshot never blocks a source for longer than a copy of 64 words.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::SourceName;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Connections taken.
    Connections,
    /// Connections turned away because too many were open.
    TurnedAway,
    /// Connections cut off because no full line came in time.
    TooSlow,
    /// Full lines, requests' messages and list entries that were looked at; blank ones are not.
    Lines,
    /// Taken by the runner.
    Accepted,
    /// The same message was there already.
    Duplicates,
    /// Of those, known again here without asking the runner.
    KnownAgain,
    /// The same id with another content.
    Conflicts,
    /// Refused by the runner; reasons are in [`Snapshot::refused`].
    Refused,
    /// No place in the queue in time, or the runner said so.
    Busy,
    /// The run was ending.
    Closing,
    /// No verdict in time: whether it was taken is not known to the sender.
    Unanswered,
    /// Longer than a line or body may be.
    Oversize,
    /// Not UTF-8.
    InvalidUtf8,
    /// Not JSON.
    NotJson,
    /// Nested too deeply.
    TooDeep,
    /// Too many keys.
    TooManyKeys,
    /// JSON, but no message: a key lacks, a time is none, the content is no JSON.
    NotAMessage,
    /// An id or a name that is empty where it may not be, too long, or holds control characters.
    BadName,
    /// A type number that the feed does not have.
    UnknownType,
    /// The end came before a line's newline.
    HalfLines,
    /// A signature that is missing or not ours.
    BadMac,
    /// A request's time too far from ours.
    Expired,
    /// A signed request seen before.
    Replayed,
    /// A request that is none of ours: host, path, media type, size of its head.
    BadRequest,
    /// The followed file was replaced.
    Rotations,
    /// The followed file was cut or written anew in place.
    Truncations,
    /// A file or the feed could not be read.
    Failures,
    /// The feed no longer takes the token.
    TokenDead,
}

impl Count {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 29] = [
        Self::Connections,
        Self::TurnedAway,
        Self::TooSlow,
        Self::Lines,
        Self::Accepted,
        Self::Duplicates,
        Self::KnownAgain,
        Self::Conflicts,
        Self::Refused,
        Self::Busy,
        Self::Closing,
        Self::Unanswered,
        Self::Oversize,
        Self::InvalidUtf8,
        Self::NotJson,
        Self::TooDeep,
        Self::TooManyKeys,
        Self::NotAMessage,
        Self::BadName,
        Self::UnknownType,
        Self::HalfLines,
        Self::BadMac,
        Self::Expired,
        Self::Replayed,
        Self::BadRequest,
        Self::Rotations,
        Self::Truncations,
        Self::Failures,
        Self::TokenDead,
    ];

    /// Its name in a snapshot.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::TurnedAway => "turned_away",
            Self::TooSlow => "too_slow",
            Self::Lines => "lines",
            Self::Accepted => "accepted",
            Self::Duplicates => "duplicates",
            Self::KnownAgain => "known_again",
            Self::Conflicts => "conflicts",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Closing => "closing",
            Self::Unanswered => "unanswered",
            Self::Oversize => "oversize",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::TooManyKeys => "too_many_keys",
            Self::NotAMessage => "not_a_message",
            Self::BadName => "bad_name",
            Self::UnknownType => "unknown_type",
            Self::HalfLines => "half_lines",
            Self::BadMac => "bad_mac",
            Self::Expired => "expired",
            Self::Replayed => "replayed",
            Self::BadRequest => "bad_request",
            Self::Rotations => "rotations",
            Self::Truncations => "truncations",
            Self::Failures => "failures",
            Self::TokenDead => "token_dead",
        }
    }
}

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
