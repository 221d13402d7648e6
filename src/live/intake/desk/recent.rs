//! What the runner has confirmed lately: known again by a hash and a look.
//!
//! Not here: what was confirmed ever (`journal`).
//! Invariant: bounded; what is forgotten is asked for again, what is kept was confirmed.

use std::sync::Arc;

use super::Waiting;
use crate::domain::signal::RawSignal;
use crate::live::intake::SourceName;
use crate::live::intake::bounded::Bounded;
use crate::live::intake::limits::RECENT;
use crate::live::intake::wire::Answer;

/// A hash of bytes, cut to what nobody finds two of by chance.
pub(super) type Digest = [u8; 16];

/// What was confirmed lately.
pub(super) struct Recent {
    /// By the hash of the whole line.
    lines: Bounded<Digest, Known>,
    /// By id: the hash of what the message says.
    ids: Bounded<Arc<str>, Digest>,
}

/// A line that was confirmed.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) id: Arc<str>,
    pub(super) ack: bool,
    pub(super) source: SourceName,
    conflict: bool,
}

impl Known {
    /// What its next copy is answered.
    pub(super) const fn answer(&self) -> Answer {
        if self.conflict {
            Answer::Conflict
        } else {
            Answer::Duplicate
        }
    }
}

impl Recent {
    pub(super) fn new() -> Self {
        Self {
            lines: Bounded::new(RECENT),
            ids: Bounded::new(RECENT),
        }
    }

    /// The line, if it was seen to the byte.
    pub(super) fn line(&self, line: &Digest) -> Option<Known> {
        self.lines.get(line).cloned()
    }

    /// Whether the message was taken, in whatever bytes.
    pub(super) fn has(&self, message: &RawSignal) -> bool {
        self.ids.get(&message.id) == Some(&content(message))
    }

    /// Keeps what the runner has said for ever; a refusal or a `busy` may end otherwise the next time.
    pub(super) fn keep(&mut self, waiting: &Waiting, answer: &Answer) {
        let message = &waiting.good.message;
        let conflict = match answer {
            Answer::Accepted { .. } | Answer::Duplicate => false,
            Answer::Conflict => true,
            Answer::Refused { .. } | Answer::Busy | Answer::Closing | Answer::Unanswered => return,
        };
        if let Some(line) = waiting.line {
            let known = Known {
                id: Arc::clone(&message.id),
                ack: waiting.good.ack,
                source: waiting.source,
                conflict,
            };
            self.lines.put(line, known);
        }
        if !conflict {
            self.ids.put(Arc::clone(&message.id), content(message));
        }
    }
}

pub(super) fn digest(bytes: &[u8]) -> Digest {
    cut(&blake3::hash(bytes))
}

/// The hash of what a message says; the fields are set apart by bytes that UTF-8 does not have.
fn content(message: &RawSignal) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(message.id.as_bytes());
    hasher.update(&[0xff]);
    hasher.update(message.name.as_bytes());
    hasher.update(&[0xff]);
    hasher.update(&message.kind.0.to_le_bytes());
    hasher.update(&message.event_time.millis().to_le_bytes());
    cut(&hasher.finalize())
}

fn cut(hash: &blake3::Hash) -> Digest {
    let mut cut = [0; 16];
    cut.copy_from_slice(&hash.as_bytes()[..16]);
    cut
}
