//! Fills, ledger entries and finished trades: what happened to money, in the order it happened.
//!
//! Not here: when an order fills (`exchange::fills`), metrics over trades (`stats`).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::num::{Money, Notional, Price, Qty};
use super::order::{Direction, Purpose, Side};
use super::symbol::SymbolId;
use super::time::Timestamp;

/// The exchange's number of one execution; a fill is booked once per (symbol, trade id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TradeId(pub u64);

/// Which fee a fill paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liquidity {
    /// Took what was there.
    Taker,
    /// Rested until taken.
    Maker,
    /// The exchange closed it.
    Liquidation,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The exchange's id.
    pub trade: TradeId,
    /// When it happened; inside a bar the latest instant it can have (T3).
    pub time: Timestamp,
    /// Buy or sell.
    pub side: Side,
    /// How much, above zero.
    pub qty: Qty,
    /// At what price.
    pub price: Price,
    /// What the exchange took, never negative; a liquidation's fee is here too.
    pub fee: Money,
    /// Which fee that was.
    pub liquidity: Liquidity,
    /// Profit of the part closed, before the fee; zero when it opened.
    pub realized: Money,
    /// What the insurance fund made good (A8).
    pub insurance: Money,
    /// Memo (M6): distance from the reference price times quantity, already inside the price.
    pub slippage: Money,
}

/// Who made a fill happen: an order of ours, or the exchange itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// An order, by its purpose.
    Order(Purpose),
    /// The maintenance margin was gone (A7).
    Liquidation,
    /// The contract stopped trading (D3).
    Delisted,
    /// The data ended (D4).
    EndOfData,
}

/// Kinds of ledger entries (A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerKind {
    /// Money from outside.
    Deposit,
    /// Trading fee.
    Fee,
    /// Profit or loss of a close.
    RealizedPnl,
    /// Funding paid or received.
    Funding,
    /// Fee of a liquidation.
    LiquidationFee,
    /// Loss the insurance fund took over.
    InsuranceCredit,
}

/// One line of the ledger; the wallet is the sum of all amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Stamp.
    pub time: Timestamp,
    /// The contract, if it is about one.
    pub symbol: Option<SymbolId>,
    /// What it is.
    pub kind: LedgerKind,
    /// Signed change of the wallet, never zero.
    pub amount: Money,
}

/// One position from flat to flat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The contract.
    pub symbol: SymbolId,
    /// Long or short.
    pub direction: Direction,
    /// Stamp of the first entry fill.
    pub entry_time: Timestamp,
    /// Stamp of the last exit fill.
    pub exit_time: Timestamp,
    /// Sum of entry quantities.
    pub qty: Qty,
    /// Sum of price × quantity of entries.
    pub entry_cost: Notional,
    /// Sum of price × quantity of exits.
    pub exit_quote: Notional,
    /// Realised profit before fees and funding.
    pub realized: Money,
    /// Fees, a liquidation's included; never negative.
    pub fees: Money,
    /// Funding, signed: positive was received.
    pub funding: Money,
    /// What the insurance fund made good.
    pub insurance: Money,
    /// Memo: slippage inside the prices.
    pub slippage: Money,
    /// One reason per closing fill, in order, repeats kept.
    pub exits: Vec<Reason>,
    /// Why it was entered.
    pub entry_reason: Reason,
    /// What asked for the entry: `<alpha id>+<fomo id>`, or a script's text.
    pub reference: Option<Arc<str>>,
    /// |entry − stop| × quantity at entry; `None` without a stop.
    pub initial_risk: Option<Notional>,
    /// Worst contract price visited while open (A9).
    pub mae_price: Price,
    /// Best contract price visited while open.
    pub mfe_price: Price,
    /// Bars of this trade whose fills hang on the path inside the bar (F12).
    pub ambiguous_bars: u32,
}

impl Trade {
    /// Realised − fees + funding + insurance.
    #[must_use]
    pub fn net(&self) -> Money {
        self.realized - self.fees + self.funding + self.insurance
    }
}

impl Liquidity {
    /// `taker`, `maker` or `liquidation`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Taker => "taker",
            Self::Maker => "maker",
            Self::Liquidation => "liquidation",
        }
    }
}

impl LedgerKind {
    /// The kind as the ledger file writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Fee => "fee",
            Self::RealizedPnl => "realized_pnl",
            Self::Funding => "funding",
            Self::LiquidationFee => "liquidation_fee",
            Self::InsuranceCredit => "insurance_credit",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(purpose) => purpose.fmt(out),
            Self::Liquidation => out.write_str("liquidation"),
            Self::Delisted => out.write_str("delisted"),
            Self::EndOfData => out.write_str("end_of_data"),
        }
    }
}
