//! What can be asked of a running strategy, and done to it.
//!
//! Not here: how it is asked (`control`), what it comes to (`paper`, `trader`).

use serde_json::Value;
use tokio::sync::oneshot;

/// A question or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// How it stands: time, account, halts, connections, counts.
    Status,
    /// Open positions with what rests.
    Positions,
    /// The newest messages and what became of them.
    Recent {
        /// How many, at most.
        count: usize,
    },
    /// No entries until resumed.
    Pause,
    /// Entries again.
    Resume,
    /// Close the position of a contract at market.
    Close {
        /// The contract, as a person writes it.
        symbol: String,
    },
    /// Cancel the orders of a contract that would open.
    Cancel {
        /// The contract, as a person writes it.
        symbol: String,
    },
    /// Close every position and take no entries until resumed.
    Flatten,
}

/// An ask on its way, and where the answer is waited for.
#[derive(Debug)]
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// Who, for the record.
    pub who: String,
    /// The answer: of a command, after the journal has it.
    pub reply: oneshot::Sender<Result<Value, String>>,
}

impl Ask {
    /// One word for the record.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Status => "status".to_owned(),
            Self::Positions => "positions".to_owned(),
            Self::Recent { count } => format!("signals recent {count}"),
            Self::Pause => "pause".to_owned(),
            Self::Resume => "resume".to_owned(),
            Self::Close { symbol } => format!("close {symbol}"),
            Self::Cancel { symbol } => format!("cancel {symbol}"),
            Self::Flatten => "flatten".to_owned(),
        }
    }
}
