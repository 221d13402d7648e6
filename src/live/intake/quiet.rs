//! Log lines about bad input, at most one per source and reason in a while: a flood of rubbish may not become a flood
//! of log.
//!
//! Not here: counting (`stats`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::SourceName;
use super::limits::LOG_EVERY;

/// When each thing was last said, and how often it was kept back since. Keys are names of ours: a bounded number.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    said: Mutex<BTreeMap<Topic, (Instant, u64)>>,
}

type Topic = (SourceName, &'static str);

impl Quiet {
    /// Says that input was bad, unless that was just said.
    pub(super) fn warn(&self, source: SourceName, what: &'static str, detail: &str) {
        if let Some(kept_back) = self.turn(source, what) {
            tracing::warn!(
                source = source.name(),
                what,
                detail = ?clip(detail),
                kept_back,
                "bad input"
            );
        }
    }

    /// How many were kept back since the last time, when it is time again.
    fn turn(&self, source: SourceName, what: &'static str) -> Option<u64> {
        let now = Instant::now();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match said.get_mut(&(source, what)) {
            Some((last, kept_back)) if now.duration_since(*last) < LOG_EVERY => {
                *kept_back += 1;
                None
            }
            Some(entry) => {
                let kept_back = entry.1;
                *entry = (now, 0);
                Some(kept_back)
            }
            None => {
                said.insert((source, what), (now, 0));
                Some(0)
            }
        }
    }
}

/// The start of a text from outside; shown in quotes, with its control characters spelled out.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(120).collect()
}
