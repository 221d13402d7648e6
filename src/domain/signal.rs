//! A message of the signal feed as the core sees it, and what its type means.
//!
//! Not here: the feed's formats (`signal`), matching and scoring (`trader::confluence`).

use std::sync::Arc;

use super::symbol::SymbolId;
use super::time::Timestamp;

/// The feed's id of a message; compared by bytes (S2).
pub type SignalId = Arc<str>;

/// The feed's number of a message type, known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalType(pub u16);

impl SignalType {
    /// Unusual value found: one half of a confluence.
    pub const ALPHA: Self = Self(110);
    /// FOMO intensified.
    pub const FOMO_INTENSIFIED: Self = Self(112);
    /// The crowd chases a rise: the other half of a confluence.
    pub const FOMO: Self = Self(113);

    /// Whether the type can be half of a confluence; the others are counted and ignored.
    #[must_use]
    pub const fn can_trade(self) -> bool {
        matches!(self, Self::ALPHA | Self::FOMO_INTENSIFIED | Self::FOMO)
    }

    /// Order among signals of equal stamps (T6): 112 < 110 < 113, everything else after them.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::FOMO_INTENSIFIED => 0,
            Self::ALPHA => 1,
            Self::FOMO => 2,
            _ => 3,
        }
    }
}

/// One message with its two clocks (T4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The feed's id.
    pub id: SignalId,
    /// The feed's type.
    pub kind: SignalType,
    /// The contract meant.
    pub symbol: SymbolId,
    /// The source's stamp: gap and freshness use it.
    pub event_time: Timestamp,
    /// When we had it: decisions happen then.
    pub received_time: Timestamp,
}

/// A message as a file or a feed spells it, before names and clocks are settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSignal {
    /// The feed's id.
    pub id: SignalId,
    /// The feed's type.
    pub kind: SignalType,
    /// The symbol as written.
    pub name: String,
    /// The source's stamp.
    pub event_time: Timestamp,
    /// When it was had, if the record knows (T4).
    pub received_time: Option<Timestamp>,
}

impl Signal {
    /// The total order of intake (T6, rank 5).
    #[must_use]
    pub fn order_key(&self) -> (Timestamp, Timestamp, u8, &[u8]) {
        (
            self.received_time,
            self.event_time,
            self.kind.rank(),
            self.id.as_bytes(),
        )
    }
}
