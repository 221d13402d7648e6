//! The words of answers, and the line that is sent by hand: both ends of what our own senders speak.
//!
//! Not here: sockets (`bridge`, `http`, `cli`).

use serde_json::{Value, json};

use crate::domain::signal::SignalType;
use crate::domain::time::Timestamp;

/// What a sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken, and durable.
    Accepted {
        /// Its place in the journal.
        seq: u64,
    },
    /// The same message was taken before: nothing is lost.
    Duplicate,
    /// The id was taken before with another content.
    Conflict,
    /// It will never be taken.
    Refused {
        /// Why.
        reason: String,
    },
    /// Not now.
    Busy,
    /// The run is ending.
    Closing,
    /// No verdict in time: it may have been taken. Sent again, it counts once.
    Unanswered,
}

impl Answer {
    /// Whether the message may be sent again and then taken.
    #[must_use]
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::Closing | Self::Unanswered)
    }

    /// Why it was not accepted; `None` when it was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Accepted { .. } => None,
            Self::Duplicate => Some("duplicate"),
            Self::Conflict => Some("conflict"),
            Self::Refused { reason } => Some(reason),
            Self::Busy => Some("busy"),
            Self::Closing => Some("closing"),
            Self::Unanswered => Some("unconfirmed"),
        }
    }

    /// `{"id":…,"ok":true,"seq":…}` or `{"id":…,"ok":false,"reason":"…"}`.
    #[must_use]
    pub fn to_json(&self, id: Option<&str>) -> Value {
        if let Self::Accepted { seq } = self {
            return json!({ "id": id, "ok": true, "seq": seq });
        }
        json!({ "id": id, "ok": false, "reason": self.reason() })
    }
}

/// A signal that a person sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandSignal {
    /// Its id.
    pub id: String,
    /// Its type.
    pub kind: SignalType,
    /// The coin or contract, in any spelling the feed has.
    pub symbol: String,
    /// Its time.
    pub at: Timestamp,
}

impl HandSignal {
    /// The bridge's object, asking for an answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "message_type": self.kind.0,
            "message_id": self.id,
            "title": "",
            "symbol_hint": self.symbol,
            "created_time": self.at.millis(),
            "data": { "content": { "symbol": self.symbol } },
            "sender": "hand",
            "ack": true,
        })
    }
}
