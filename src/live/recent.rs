//! The newest messages and what became of them, for whoever asks a running strategy.
//!
//! Not here: the record (`journal`).

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::domain::event::{Event, Note};
use crate::domain::symbol::Symbols;
use crate::domain::time::Timestamp;

/// How many are kept.
const KEPT: usize = 200;

/// Messages, newest last.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    lines: VecDeque<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    id: String,
    kind: u16,
    symbol: String,
    event_time: Timestamp,
    received_time: Timestamp,
    became: String,
}

impl Recent {
    /// A message reached the trader.
    pub fn heard(&mut self, symbols: &Symbols, at: Timestamp, event: &Event) {
        let Event::Signal { signal, .. } = event else {
            return;
        };
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(Line {
            id: signal.id.to_string(),
            kind: signal.kind.0,
            symbol: symbols.name(signal.symbol).to_string(),
            event_time: signal.event_time,
            received_time: at,
            became: "waits for its partner".to_owned(),
        });
    }

    /// What the trader made of the newest one.
    pub fn noted(&mut self, note: &Note) {
        let Some(last) = self.lines.back_mut() else {
            return;
        };
        match note {
            Note::Confluence(pair) => {
                last.became = format!(
                    "confluence {}+{}, score {}",
                    pair.alpha, pair.fomo, pair.score.total
                );
            }
            Note::Ignored { reason, .. } => last.became = format!("ignored: {}", reason.name()),
            Note::LowScore { pair, .. } => {
                last.became = format!("score {} too low", pair.score.total)
            }
            Note::Refused { gate, .. } => {
                last.became.push_str(&format!(", refused: {}", gate.name()))
            }
            Note::Halted(_)
            | Note::Resumed
            | Note::TargetsDropped { .. }
            | Note::Unprotected { .. }
            | Note::Surprise { .. } => {}
        }
    }

    /// The newest `count`, newest first.
    #[must_use]
    pub fn newest(&self, count: usize) -> Value {
        let line = |line: &Line| {
            json!({
                "id": line.id,
                "type": line.kind,
                "symbol": line.symbol,
                "event_time": line.event_time.to_text(),
                "received_time": line.received_time.to_text(),
                "became": line.became,
            })
        };
        self.lines.iter().rev().take(count).map(line).collect()
    }
}
