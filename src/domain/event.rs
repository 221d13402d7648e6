//! What the trader hears and what it says: the whole vocabulary between core and world.
//!
//! Not here: the loop that carries it (`engine`). There is no bar and no tick in it: the trader never hears prices
//! but the quote that travels with a signal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fill::{Fill, Reason};
use super::num::{Money, Notional, Price, Qty, Rate};
use super::order::{Approved, Direction, HaltCause, OrderId, OrderKind, Reject, Side};
use super::signal::Signal;
use super::symbol::SymbolId;
use super::time::{Span, Timestamp};

/// An event and when it was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Never earlier than the event before it.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message of the feed, with the account and the symbol's price as they stood then.
    Signal {
        /// The message.
        signal: Signal,
        /// The moment's figures.
        quote: Quote,
    },
    /// News of one of our orders.
    Order {
        /// Which.
        id: OrderId,
        /// What.
        update: OrderUpdate,
    },
    /// News of the account that no order of ours caused.
    Account(AccountUpdate),
    /// What the exchange holds, asked for by [`Command::Resync`].
    Snapshot(Snapshot),
    /// The state of the connection.
    Link(Link),
    /// The time the trader asked to be woken at.
    Wake,
    /// The owner speaks.
    Operator(Operator),
}

/// What sizing needs, all of one moment; missing figures are missing, never neutral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Last completed mark (contract if there is none); `None` when no bar is complete yet.
    pub mark: Option<Price>,
    /// Whether the contract trades.
    pub trading: bool,
    /// The wallet.
    pub wallet: Money,
    /// Wallet and unrealised profit.
    pub equity: Notional,
    /// What new margin may use (A6).
    pub available: Money,
}

/// News of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderUpdate {
    /// The exchange has it.
    Accepted,
    /// A part or the rest was executed. A repeat is harmless: fills carry ids, and `total` is the running sum.
    Filled {
        /// The execution.
        fill: Fill,
        /// Executed so far, by the exchange's count.
        total: Qty,
        /// Whether nothing of it is left.
        complete: bool,
    },
    /// The order was refused or dropped; it never rests again. Never the answer to a cancel.
    Rejected(Reject),
    /// Ended unfilled or partly filled, by us or by the exchange (a closing order without a position).
    Canceled {
        /// Executed before it ended, by the exchange's count.
        total: Qty,
    },
    /// Nobody knows: the request or its answer was lost. Also what a refused cancel comes to.
    NoAnswer,
    /// The answer to [`Command::Query`].
    Report(OrderReport),
}

/// What the exchange says of an order when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReport {
    /// Its state there.
    pub status: OrderStatus,
    /// All its executions so far, in order.
    pub fills: Vec<Fill>,
}

/// State of an order at the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// It never arrived.
    Unknown,
    /// It rests.
    Working,
    /// It was executed in full.
    Filled,
    /// It ended otherwise.
    Canceled,
    /// It was refused.
    Rejected(Reject),
}

/// News of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountUpdate {
    /// The run's first event: the money it starts with.
    Opened {
        /// The deposit.
        balance: Money,
    },
    /// A UTC day began (T8).
    DayStarted {
        /// Equity at that moment.
        equity: Notional,
        /// Wallet at that moment.
        wallet: Money,
    },
    /// Funding was settled on a position.
    Funding {
        /// The contract.
        symbol: SymbolId,
        /// Signed: positive was received.
        amount: Money,
    },
    /// The exchange closed the rest of a position itself.
    Closed {
        /// The contract.
        symbol: SymbolId,
        /// Liquidation, delisting or the end of data.
        cause: Reason,
        /// The execution.
        fill: Fill,
    },
    /// The declared floor was reached (S14).
    FloorReached {
        /// The watched figure: equity, or the wallet.
        value: Notional,
    },
}

/// Positions and orders at the exchange.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Open positions.
    pub positions: Vec<HeldPosition>,
    /// Orders that rest there, ours by our ids.
    pub working: Vec<OrderId>,
}

/// A position as the exchange reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPosition {
    /// The contract.
    pub symbol: SymbolId,
    /// Long or short.
    pub direction: Direction,
    /// Above zero.
    pub qty: Qty,
}

/// State of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nothing gets through; what is in flight is in doubt.
    Down,
    /// It works again; the trader asks for a snapshot.
    Up,
}

/// What the owner can say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// No entries until [`Operator::Resume`].
    Halt,
    /// Entries again (a daily-loss halt is released too).
    Resume,
    /// Close the position of a symbol at market.
    Close(SymbolId),
    /// Cancel the orders of a symbol that open or were placed by hand; protection of an open position stays.
    CancelAll(SymbolId),
    /// An order by hand: it passes the exchange's checks, not the strategy's gates.
    Order(ManualOrder),
}

/// An order by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualOrder {
    /// The contract.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Market or limit.
    pub kind: OrderKind,
    /// How much; `None` is the whole position.
    pub qty: Option<Qty>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Protection to place once it filled; only when it opens from flat.
    pub bracket: Option<Arc<ExitPlan>>,
    /// Free text that comes back in rejects.
    pub reference: Option<Arc<str>>,
}

/// How a position is left: what the bracket is made of (S9–S11, S16, S17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitPlan {
    /// Distance of the hard stop from the average entry.
    pub stop: Rate,
    /// Which price the hard stop watches.
    pub stop_watched: Watch,
    /// Take-profit levels in configured order: distance and share.
    pub targets: Vec<Target>,
    /// Which price the take-profits watch.
    pub target_watched: Watch,
    /// What the shares are of.
    pub share_of: ShareOf,
    /// The trailing stop, if wanted.
    pub trailing: Option<TrailingPlan>,
    /// Offset of the break-even stop once the first level filled, if wanted.
    pub break_even: Option<Rate>,
    /// Longest hold, if limited.
    pub hold_max: Option<Span>,
}

/// Short for the watched price in plans.
pub type Watch = super::order::Watched;

/// One take-profit level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Distance from the average entry.
    pub distance: Rate,
    /// Share to close; the last level always takes the rest.
    pub share: Rate,
}

/// What the shares of levels are of (S11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShareOf {
    /// The entry quantity.
    Initial,
    /// What the levels before left.
    Remaining,
}

/// The trailing stop (S10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailingPlan {
    /// Gain from the average entry that arms it.
    pub activation: Rate,
    /// Share of the peak that may be given back.
    pub callback: Rate,
    /// Which price it watches.
    pub watched: Watch,
}

/// Everything the trader can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send an order.
    Submit(Approved),
    /// Take an order back.
    Cancel(OrderId),
    /// Ask what became of an order.
    Query(OrderId),
    /// Ask for a [`Snapshot`]; every [`AccountUpdate::Closed`] that may have been missed is told again before it.
    Resync,
    /// Drop entries that wait and those that arrive while this stands (S14).
    Halt(HaltCause),
    /// Let entries through again.
    Release,
    /// Say [`AccountUpdate::FloorReached`] once the watched figure is at or below this; `None` ends it.
    Watch(Option<Floor>),
}

/// The level at which the trader wants to be told (S14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// Equity or wallet.
    pub basis: FloorBasis,
    /// At or below this.
    pub level: Notional,
}

/// What a floor looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FloorBasis {
    /// Wallet and unrealised profit.
    Equity,
    /// Booked amounts alone (the legacy rule).
    Wallet,
}

/// What the trader decided without saying anything to the world: the reasons behind silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Two signals matched.
    Confluence(Confluence),
    /// A signal that leads to nothing, and why.
    Ignored {
        /// Its id.
        id: Arc<str>,
        /// Why.
        reason: Ignored,
    },
    /// A pair that matched but scored too low (both stay pending).
    LowScore {
        /// The newcomer's id.
        id: Arc<str>,
        /// The pair.
        pair: Confluence,
    },
    /// The risk manager's no.
    Refused {
        /// The contract.
        symbol: SymbolId,
        /// What had asked.
        reference: Arc<str>,
        /// The first gate that failed.
        gate: Gate,
    },
    /// No entries from now on.
    Halted(HaltCause),
    /// Entries again.
    Resumed,
    /// Take-profit levels were too small and dropped or merged (S12).
    TargetsDropped {
        /// The contract.
        symbol: SymbolId,
        /// How many levels carry nothing.
        levels: u8,
    },
    /// A position stands without an accepted stop and is being left.
    Unprotected {
        /// The contract.
        symbol: SymbolId,
    },
    /// Something the books did not expect; a snapshot is asked for.
    Surprise {
        /// The order concerned, if it is about one.
        order: Option<OrderId>,
        /// What.
        what: &'static str,
    },
}

/// Two signals that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confluence {
    /// The contract.
    pub symbol: SymbolId,
    /// Id of the Alpha.
    pub alpha: Arc<str>,
    /// Id of the FOMO.
    pub fomo: Arc<str>,
    /// Distance of their event times.
    pub gap: Span,
    /// Score in 0–1 and what it is made of.
    pub score: Score,
}

/// A score and its three parts (S5), each in [0, 1]; the parts are unweighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The weighted sum, rounded half-even to 1e-6.
    pub total: Rate,
    /// Closeness in time, rounded down to 1e-8.
    pub proximity: Rate,
    /// Strength of the FOMO.
    pub strength: Rate,
    /// Freshness, rounded down to 1e-8.
    pub freshness: Rate,
}

/// Why a signal leads to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// An id seen before.
    Duplicate,
    /// A type without a role.
    UnknownType,
    /// Stamped too far in the future.
    Future,
    /// Too old when it came.
    Stale,
    /// A risk signal without a position.
    RiskFlat,
    /// A risk signal while the position is not in profit.
    RiskNotInProfit,
}

/// The gates in the order they are tested (S8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// The contract does not trade.
    NotTrading,
    /// Halted by the operator.
    Halted,
    /// The day's loss.
    DailyLoss,
    /// The day's entries.
    DailyTrades,
    /// A position stands already.
    InPosition,
    /// An entry is on its way already.
    PendingEntry,
    /// Too soon after the last exit.
    Cooldown,
    /// No completed price.
    NoPrice,
    /// Nothing left of the total cap.
    TotalCap,
    /// No margin left.
    InsufficientMargin,
    /// Too much would be lost at the stops.
    OpenRisk,
    /// Below the smallest quantity.
    BelowQtyMin,
    /// Below the smallest value.
    BelowNotionalMin,
}

impl Ignored {
    /// The reason as reports and oracles write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::UnknownType => "unknown_type",
            Self::Future => "future",
            Self::Stale => "stale",
            Self::RiskFlat => "risk_flat",
            Self::RiskNotInProfit => "risk_not_in_profit",
        }
    }
}

impl Gate {
    /// Its place in the order of S8, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The reason as reports and oracles write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotTrading => "not_trading",
            Self::Halted => "halted",
            Self::DailyLoss => "daily_loss",
            Self::DailyTrades => "daily_trades",
            Self::InPosition => "in_position",
            Self::PendingEntry => "pending_entry",
            Self::Cooldown => "cooldown",
            Self::NoPrice => "no_price",
            Self::TotalCap => "total_cap",
            Self::InsufficientMargin => "insufficient_margin",
            Self::OpenRisk => "open_risk",
            Self::BelowQtyMin => "below_min_qty",
            Self::BelowNotionalMin => "below_min_notional",
        }
    }
}

impl Confluence {
    /// `<alpha id>+<fomo id>`: the confluence's own id.
    #[must_use]
    pub fn reference(&self) -> Arc<str> {
        let mut text = String::with_capacity(self.alpha.len() + 1 + self.fomo.len());
        text.push_str(&self.alpha);
        text.push('+');
        text.push_str(&self.fomo);
        Arc::from(text)
    }
}
