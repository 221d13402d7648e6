//! The assumptions of a simulation: paths inside bars, delays, costs, the end of data.
//!
//! Not here: reading them from text (`settings`), applying them (`fills`, `history`).

use crate::domain::num::{Money, Rate};
use crate::domain::position::Terms;
use crate::domain::time::{Span, Timestamp};

/// Everything a simulation assumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The first deposit.
    pub balance: Money,
    /// When the run starts; `None` is the first bar's open.
    pub start: Option<Timestamp>,
    /// Fees, leverage, margin mode.
    pub terms: Terms,
    /// What the run looks at.
    pub prices: Prices,
    /// Order of high and low inside a bar (F6).
    pub path_mode: PathMode,
    /// When finer bars are consulted (F12).
    pub drilldown: Drilldown,
    /// From decision to exchange (T5).
    pub latency: Span,
    /// From an entry fill to its armed bracket (T7).
    pub bracket_delay: Span,
    /// Oldest entry that may still fill (D2).
    pub entry_ttl: Span,
    /// Costs beyond fees (F1).
    pub costs: Costs,
    /// When a resting limit order fills (F11).
    pub limit_fill: LimitFill,
    /// Share of a bar's volume that a limit order may take (F11).
    pub limit_participation: Rate,
    /// What happens to open positions at the end (D4).
    pub end_of_data: EndOfData,
}

/// What a run looks at: bars with a path assumed inside, or every trade (F4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prices {
    /// Bars.
    Bars,
    /// Trades: recorded ones, or four made from each bar.
    Trades,
}

/// F6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathMode {
    /// The bad extreme first.
    Pessimistic,
    /// The good extreme first.
    Optimistic,
    /// By the colour of the bar.
    CloseDir,
    /// The extreme nearer to the open first.
    Nearest,
    /// Open, high, low, close.
    Ohlc,
    /// Open, low, high, close.
    Olhc,
}

/// F12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drilldown {
    /// Never.
    Off,
    /// Only bars whose result hangs on the path.
    Ambiguous,
    /// Every bar in position that has finer ones.
    Always,
}

/// Shares of the price added against us (F1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Half the spread, for every taker fill.
    pub half_spread: Rate,
    /// Market impact, for every taker fill.
    pub impact: Rate,
    /// Slippage of entries, time stops, risk exits and forced closes.
    pub slippage: Rate,
    /// Slippage of stops, break-even and trailing stops.
    pub stop_slippage: Rate,
    /// Slippage of take-profits.
    pub target_slippage: Rate,
}

/// F11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitFill {
    /// Only when the price goes strictly beyond: stands in for the queue.
    Through,
    /// Also when it is just reached.
    Touch,
}

/// D4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndOfData {
    /// Closed at the last contract close, with costs.
    ForceClose,
    /// Left open and marked.
    Mark,
}

impl PathMode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pessimistic,
        Self::Optimistic,
        Self::CloseDir,
        Self::Nearest,
        Self::Ohlc,
        Self::Olhc,
    ];

    /// As configuration and reports write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pessimistic => "pessimistic",
            Self::Optimistic => "optimistic",
            Self::CloseDir => "close_dir",
            Self::Nearest => "nearest",
            Self::Ohlc => "OHLC",
            Self::Olhc => "OLHC",
        }
    }
}
