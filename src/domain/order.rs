//! Orders as we ask for them, and every way an exchange can refuse one.
//!
//! Not here: what became of an order (`event`, `trader::orders`), which orders should rest (`trader::bracket`).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::num::{Price, Qty, Rate};
use super::symbol::SymbolId;
use super::time::Timestamp;

/// Our own id of an order: a counter of the trader, the same in every replay. The wire form is the backend's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId(pub u64);

/// What an order does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Takes the base asset.
    Buy,
    /// Gives the base asset.
    Sell,
}

/// What a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Gains when the price rises.
    Long,
    /// Gains when the price falls.
    Short,
}

/// The price a conditional order watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Watched {
    /// Trades of the contract.
    Contract,
    /// The mark price.
    Mark,
}

/// How an order executes; each kind carries its own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At once, at what the market gives.
    Market,
    /// At this price or better.
    Limit {
        /// The limit.
        price: Price,
        /// Refused when it would execute at once.
        post_only: bool,
    },
    /// A market order once the watched price is at the trigger or worse for the position.
    Stop {
        /// The level.
        trigger: Price,
        /// Whose price.
        watched: Watched,
    },
    /// A market order once the watched price is at the trigger or better for the position.
    TakeProfit {
        /// The level.
        trigger: Price,
        /// Whose price.
        watched: Watched,
    },
    /// A stop that follows the best price since activation at a fixed share of it (F9).
    Trail {
        /// The watched price from which it follows.
        activation: Price,
        /// The share of the peak that may be given back.
        callback: Rate,
        /// Whose price.
        watched: Watched,
    },
}

/// How much an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// A quantity fixed when it was sent.
    Exact(Qty),
    /// A share of the position when it executes, rounded down to the step (S18).
    Share(Rate),
    /// The whole position when it executes.
    All,
}

/// Why an order exists; the reason its fills carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Opens a position on a confluence.
    Entry,
    /// Placed by hand or by a script.
    Manual,
    /// The hard stop.
    StopLoss,
    /// The hard stop after it was moved to break-even (S16).
    BreakEven,
    /// The trailing stop.
    Trailing,
    /// The take-profit level of this configured index, counted from 1.
    TakeProfit(u8),
    /// The position was held long enough (S17).
    TimeStop,
    /// A risk signal (S18).
    RiskSignal,
    /// The daily loss was reached and the configuration says to leave (S14).
    HaltFlatten,
    /// No stop could be had in time: out at market rather than unprotected.
    Unprotected,
}

/// An order as we want it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Ours.
    pub id: OrderId,
    /// The contract.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// How it executes.
    pub kind: OrderKind,
    /// How much.
    pub amount: Amount,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// Why it exists.
    pub purpose: Purpose,
    /// What asked for it: `<alpha id>+<fomo id>` for an entry, the signal's id for a risk exit, free text by hand.
    pub reference: Option<Arc<str>>,
}

/// A request that passed the risk manager. Only `trader::risk` makes one (a test of the tree checks it) and
/// [`super::event::Command::Submit`] holds nothing else, so nothing unchecked can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved(OrderRequest);

/// Why an exchange refused or dropped an order, grouped by how we react.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// A trigger already beyond the market: leave at market instead.
    WouldTriggerNow,
    /// Reduce-only with nothing to reduce, or on the position's own side: benign.
    NothingToReduce,
    /// Margin and fee are not covered.
    InsufficientMargin,
    /// Below the smallest quantity.
    BelowQtyMin,
    /// Below the smallest value.
    BelowNotionalMin,
    /// A price or quantity off the contract's grid: our error.
    OffGrid,
    /// Post-only that would have executed.
    PostOnly,
    /// The contract does not trade.
    NotTrading,
    /// An entry too old to be worth filling (D2).
    StaleData,
    /// The world ended before it could execute (D4).
    EndOfData,
    /// Dropped because of a halt that stands.
    Halted(HaltCause),
    /// Too many requests; not before this time.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
    /// Anything else, by the exchange's code.
    Other(i32),
}

/// Why no entries are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HaltCause {
    /// The loss of the day reached its limit; ends at the rollover (S14).
    DailyLoss,
    /// The operator said so; ends when the operator says so.
    Operator,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for buy, −1 for sell.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }

    /// `buy` or `sell`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

impl Direction {
    /// The side that opens it.
    #[must_use]
    pub const fn entry_side(self) -> Side {
        match self {
            Self::Long => Side::Buy,
            Self::Short => Side::Sell,
        }
    }

    /// The side that closes it.
    #[must_use]
    pub const fn exit_side(self) -> Side {
        self.entry_side().opposite()
    }

    /// The direction a side opens.
    #[must_use]
    pub const fn opened_by(side: Side) -> Self {
        match side {
            Side::Buy => Self::Long,
            Side::Sell => Self::Short,
        }
    }

    /// +1 for long, −1 for short.
    #[must_use]
    pub const fn sign(self) -> i64 {
        self.entry_side().sign()
    }

    /// `long` or `short`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

impl Approved {
    /// Seals a request. Called by `trader::risk` alone.
    pub(crate) const fn seal(request: OrderRequest) -> Self {
        Self(request)
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &OrderRequest {
        &self.0
    }

    /// The request, taken out.
    #[must_use]
    pub fn into_request(self) -> OrderRequest {
        self.0
    }
}

impl HaltCause {
    /// `daily_loss` or `halted`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DailyLoss => "daily_loss",
            Self::Operator => "halted",
        }
    }
}

impl Reject {
    /// The reason as reports and oracles write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WouldTriggerNow => "would_trigger_now",
            Self::NothingToReduce => "reduce_only",
            Self::InsufficientMargin => "insufficient_margin",
            Self::BelowQtyMin => "below_min_qty",
            Self::BelowNotionalMin => "below_min_notional",
            Self::OffGrid => "off_grid",
            Self::PostOnly => "post_only",
            Self::NotTrading => "not_trading",
            Self::StaleData => "stale_data",
            Self::EndOfData => "end_of_data",
            Self::Halted(cause) => cause.name(),
            Self::Throttled { .. } => "throttled",
            Self::Other(_) => "other",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Entry => "entry",
            Self::Manual => "script",
            Self::StopLoss => "sl",
            Self::BreakEven => "break_even",
            Self::Trailing => "trailing",
            Self::TakeProfit(index) => return write!(out, "tp{index}"),
            Self::TimeStop => "time_stop",
            Self::RiskSignal => "risk_signal",
            Self::HaltFlatten => "halt_flatten",
            Self::Unprotected => "unprotected",
        };
        out.write_str(name)
    }
}
