//! The tape as a market tells it: one event at a time, quotes, trades and marks in the order of their stamps.
//!
//! - Where trades were recorded on a UTC day, these; else each bar `[T, E)` becomes four trades (`path`). A bar without
//!   volume gives no trade, but one quote at `T` at its open.
//! - Before each trade comes a quote of the same stamp, both sides at its price unless a spread is set.
//! - Marks come at every full second of the window from the symbol's first price on: of mark bars their four points at
//!   the same instants, else the price of the last trade before that second (or of the first one in that very
//!   millisecond). Each carries the next settlement while one lies strictly ahead.
//! - Holes in the data give no trades and no quotes; marks go on with the last value.
//!
//! Not here: what the events do to orders (`exchange::trades`), how the wire spells them (`lookalike`).
//! Invariants: events ascend in (`at`, `instant_key`). Nothing said before an instant hangs on a bar that opens at or
//! after it, and of the bar it lies in only the points before it were said; the rate of a settlement is said ahead.
//! The trades of a symbol are numbered without a gap over the whole tape, whatever the window.

mod cursor;
pub mod index;
mod marks;
pub mod path;
pub mod stream;

use std::sync::Arc;

use crate::domain::market::MarketEvent;
use crate::domain::num::{Price, Qty, Rate};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;

use super::agg_trades::AggTrades;
use super::tape::Tape;
use super::window::Window;

use index::TickIndex;
use stream::TickStream;

/// Of which stretch events are made, and how wide the book is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRules {
    /// Events are stamped inside this window; prices before it count as history.
    pub window: Window,
    /// Ask minus bid as a share of the price, 0 to below 2; half of it lies on either side, rounded outward to the
    /// tick. `None`: bid and ask both at the price of the trade that follows, whatever the tick.
    pub spread: Option<Rate>,
}

/// One trade of a symbol, numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedTrade {
    /// Its number; the next trade of the symbol has the next one.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much, above zero.
    pub qty: Qty,
}

/// The tape seen as events. Cheap to make again once its index stands.
#[derive(Clone, Debug)]
pub struct Ticks<'a> {
    tape: &'a Tape,
    trades: &'a [Option<AggTrades>],
    rules: TickRules,
    index: Arc<TickIndex>,
}

impl<'a> Ticks<'a> {
    /// Looks once over the tape. `trades` follows the tape's symbols; a shorter slice means none for the rest.
    #[must_use]
    pub fn new(tape: &'a Tape, trades: &'a [Option<AggTrades>], rules: TickRules) -> Self {
        let index = Arc::new(TickIndex::new(tape, trades));
        Self::with_index(tape, trades, rules, index)
    }

    /// As [`Ticks::new`], with the index of the very same tape and trades made before.
    #[must_use]
    pub fn with_index(
        tape: &'a Tape,
        trades: &'a [Option<AggTrades>],
        rules: TickRules,
        index: Arc<TickIndex>,
    ) -> Self {
        Self {
            tape,
            trades,
            rules,
            index,
        }
    }

    /// The index, to be kept where the tape lives longer than this view.
    #[must_use]
    pub fn index(&self) -> Arc<TickIndex> {
        Arc::clone(&self.index)
    }

    /// All events of the window, in order.
    #[must_use]
    pub fn iter(&self) -> TickStream<'a> {
        TickStream::new(self.tape, self.trades, self.rules, &self.index)
    }

    /// The trade of a number; `None` when the tape has none of it. Looks past any window.
    #[must_use]
    pub fn trade(&self, symbol: SymbolId, id: u64) -> Option<NumberedTrade> {
        let ordinal = id.checked_sub(self.index.first_id(symbol)?)?;
        self.index.trade(self.tape, self.trades, symbol, ordinal)
    }

    /// The number of the first trade stamped at or after an instant; one above the last trade's when there is none such,
    /// `None` for a symbol without any trade.
    #[must_use]
    pub fn first_id_from(&self, symbol: SymbolId, at: Timestamp) -> Option<u64> {
        let first = self.index.first_id(symbol)?;
        Some(first + self.index.trades_before(self.tape, self.trades, symbol, at))
    }
}

impl<'a> IntoIterator for &Ticks<'a> {
    type Item = MarketEvent;
    type IntoIter = TickStream<'a>;

    fn into_iter(self) -> TickStream<'a> {
        self.iter()
    }
}
