//! What a run counts of itself: how long its steps take, how much it took in.
//!
//! Not here: counting in buckets (`gauge`), the counters of the connections (`exchange::binance::stream::stats`) and of the
//! sources (`intake::stats`).
//! Invariant: nothing that is decided depends on a figure.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::clock;
use super::gauge::Gauge;
use super::intake::stats::Stats;

/// The figures of a run since its start.
#[derive(Debug, Default)]
pub struct Figures {
    /// One instant taken out of the order, heard by exchange and trader, written into the record: without the disk.
    step: Gauge,
    began: Option<Instant>,
    /// Market events that the exchange heard.
    events: u64,
    intake: Arc<Stats>,
}

impl Figures {
    /// Of a run whose sources count into `intake`.
    #[must_use]
    pub fn of(intake: Arc<Stats>) -> Self {
        Self {
            intake,
            ..Self::default()
        }
    }

    /// An instant is about to be taken.
    pub fn step_begins(&mut self) {
        self.began = Some(clock::instant());
    }

    /// It holds so many market events.
    pub fn step_holds(&mut self, events: usize) {
        self.events += events as u64;
    }

    /// Everything of it was answered.
    pub fn step_ends(&mut self) {
        if let Some(began) = self.began.take() {
            self.step.add(clock::instant().duration_since(began));
        }
    }

    /// Market events that the exchange heard.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// How long steps took, in microseconds.
    #[must_use]
    pub fn steps(&self) -> Value {
        self.step.told()
    }

    /// What came in, by source, what was refused and why.
    #[must_use]
    pub fn intake(&self) -> Value {
        let counts = self.intake.snapshot();
        let sources: serde_json::Map<String, Value> = counts
            .sources
            .into_iter()
            .filter(|(_, counted)| !counted.is_empty())
            .map(|(source, counted)| (source.to_owned(), json!(counted)))
            .collect();
        json!({ "sources": sources, "refused": counts.refused })
    }
}
