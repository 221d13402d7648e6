//! What a market says, one event at a time: trades, best quotes, marks. Live streams, recorded trades and trades made
//! from bars all come down to these.
//!
//! Not here: what they do to orders (`exchange::trades`), how the wire spells them (`exchange::binance`).

use serde::{Deserialize, Serialize};

use super::num::{Price, Qty, Rate};
use super::symbol::SymbolId;
use super::time::Timestamp;

/// One event of a market and the exchange's own stamp of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketEvent {
    /// When, by the exchange: of a trade its trade time, of a quote its transaction time, of a mark its event time.
    pub at: Timestamp,
    /// The contract.
    pub symbol: SymbolId,
    /// What.
    pub news: News,
}

/// What can be said of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The best prices at which one can sell and buy; the bid is never above the ask.
    Quote {
        /// Best price to sell at.
        bid: Price,
        /// Best price to buy at.
        ask: Price,
    },
    /// An execution between others.
    Trade {
        /// At what price.
        price: Price,
        /// How much, above zero.
        qty: Qty,
    },
    /// The mark price, and what the exchange says of the funding to come.
    Mark {
        /// The mark.
        price: Price,
        /// The next settlement; `None` for a contract without funding.
        funding: Option<NextFunding>,
    },
}

/// A settlement that lies ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextFunding {
    /// When.
    pub at: Timestamp,
    /// The rate as it stands; positive is paid by longs.
    pub rate: Rate,
}

impl MarketEvent {
    /// Order among events of one instant (T6): marks before what happens at prices, then symbols. Events that are equal in this keep
    /// the order in which they came.
    #[must_use]
    pub const fn instant_key(&self) -> (u8, usize) {
        let rank = match self.news {
            News::Mark { .. } => 0,
            News::Quote { .. } | News::Trade { .. } => 9,
        };
        (rank, self.symbol.index())
    }
}
