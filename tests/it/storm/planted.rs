//! Bugs planted on purpose: each must be caught by a named check, or that check is worth nothing.
//!
//! Not here: the checks (`checks`).

use confluence::domain::event::{Event, OrderUpdate};
use confluence::domain::fill::TradeId;
use confluence::domain::num::Price;
use confluence::domain::order::{Amount, OrderKind, OrderRequest, Purpose, Side};

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
    /// A restart forgets the halts.
    ForgetHalt,
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
    /// All of them, each with the checks that may catch it.
    pub(crate) const ALL: [(Self, &'static [&'static str]); 13] = [
        (Self::ResendEntry, &["I1"]),
        (Self::DropStop, &["I2"]),
        (Self::LoseFill, &["I5"]),
        (Self::DoubleFill, &["I5"]),
        (Self::Increase, &["I9"]),
        (Self::MoveStopAway, &["I12"]),
        (Self::CancelFirst, &["I12"]),
        (Self::KeepCanceled, &["I11"]),
        (Self::ForgetHalt, &["I19"]),
        (Self::Oversize, &["I14"]),
        (Self::Thrash, &["thrash"]),
        (Self::SlowWake, &["I2"]),
        (Self::HoleInJournal, &["I4"]),
    ];

    /// What it does to a request.
    pub(crate) fn bend(self, mut request: OrderRequest) -> OrderRequest {
        match self {
            Self::Increase if request.purpose != Purpose::Entry => request.reduce_only = false,
            Self::Oversize if request.purpose == Purpose::Entry => {
                if let Amount::Exact(qty) = request.amount {
                    request.amount = Amount::Exact(qty + qty + qty + qty + qty);
                }
            }
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

    /// What it does to what the trader hears: the event it hears instead, and one more.
    pub(crate) fn garble(self, event: Event) -> (Option<Event>, Option<Event>) {
        let lost = |trade: TradeId| trade == TradeId(3);
        match (self, event) {
            (
                Self::LoseFill,
                Event::Order {
                    update: OrderUpdate::Filled { fill, .. },
                    ..
                },
            ) if lost(fill.trade) => (None, None),
            (
                Self::LoseFill,
                Event::Order {
                    id,
                    update: OrderUpdate::Report(mut report),
                },
            ) => {
                report.fills.retain(|fill| !lost(fill.trade));
                let update = OrderUpdate::Report(report);
                (Some(Event::Order { id, update }), None)
            }
            (
                Self::DoubleFill,
                Event::Order {
                    id,
                    update:
                        OrderUpdate::Filled {
                            fill,
                            total,
                            complete,
                        },
                },
            ) => {
                let twin = |trade| {
                    let mut fill = fill.clone();
                    fill.trade = trade;
                    let update = OrderUpdate::Filled {
                        fill,
                        total,
                        complete,
                    };
                    Some(Event::Order { id, update })
                };
                (twin(fill.trade), twin(TradeId(fill.trade.0 + 1_000_000)))
            }
            (_, event) => (Some(event), None),
        }
    }

    /// Whether an order is acknowledged without being kept.
    pub(crate) fn fakes(self, request: &OrderRequest) -> bool {
        self == Self::DropStop && request.purpose == Purpose::StopLoss
    }
}
