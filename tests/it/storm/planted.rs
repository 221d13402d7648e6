//! Bugs planted on purpose: each must be caught by a named check, or that check is worth nothing.
//!
//! Not here: the checks (`checks`).

use confluence::domain::num::Price;
use confluence::domain::order::{OrderKind, OrderRequest, Purpose, Side};

/// A broken promise between trader and world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// An entry is sent again when nobody answered.
    ResendEntry,
    /// Stops are acknowledged and forgotten.
    DropStop,
    /// The third fill of every run is never told.
    LoseFill,
    /// A fill comes again under another number.
    DoubleFill,
    /// Exits lose their reduce-only flag.
    Increase,
    /// The break-even stop is put further away.
    MoveStopAway,
    /// The hard stop goes before the new one is there.
    CancelFirst,
    /// What is taken back goes on resting.
    KeepCanceled,
    /// The trader is not told of the operator's halt, and the trader is not asked.
    DeafToHalt,
    /// Entries are five times too large.
    Oversize,
    /// Every query goes out thirty times.
    Thrash,
    /// The trader is woken three seconds late.
    SlowWake,
    /// One event is missing in the journal.
    HoleInJournal,
}

impl Bug {
    /// What it does to a request.
    pub(crate) fn bend(self, mut request: OrderRequest) -> OrderRequest {
        match self {
            Self::Increase if request.purpose != Purpose::Entry => request.reduce_only = false,
            Self::MoveStopAway if request.purpose == Purpose::BreakEven => {
                if let OrderKind::Stop { trigger, watched } = request.kind {
                    let away =
                        trigger.steps() / 10 * if request.side == Side::Sell { -1 } else { 1 };
                    let trigger = Price::from_steps(trigger.steps() + away).unwrap_or(trigger);
                    request.kind = OrderKind::Stop { trigger, watched };
                }
            }
            _ => {}
        }
        request
    }

    /// Whether an order is acknowledged without being kept.
    pub(crate) fn fakes(self, request: &OrderRequest) -> bool {
        self == Self::DropStop && request.purpose == Purpose::StopLoss
    }
}
