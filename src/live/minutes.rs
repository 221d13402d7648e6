//! Minute bars made from the trades and marks that were heard: what a report draws.
//!
//! Not here: anything a decision looks at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::market::{MarketEvent, News};
use crate::domain::num::{Price, Qty};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::journal::entry::Entry;

/// The bars that form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Minutes {
    forming: BTreeMap<SymbolId, Forming>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Forming {
    open_time: Timestamp,
    trades: Option<[Price; 4]>,
    volume: Qty,
    mark: Option<[Price; 4]>,
}

impl Minutes {
    /// Takes an event of an instant into account; a bar that it ends is handed to `done`.
    pub fn hear(&mut self, at: Timestamp, event: &MarketEvent, done: &mut dyn FnMut(Entry)) {
        if matches!(event.news, News::Quote { .. }) {
            return;
        }
        let open_time = at.minute_start();
        let empty = Forming {
            open_time,
            trades: None,
            volume: Qty::ZERO,
            mark: None,
        };
        let forming = self.forming.entry(event.symbol).or_insert(empty);
        if forming.open_time < open_time {
            done_with(event.symbol, forming, done);
            *forming = empty;
        }
        match event.news {
            News::Trade { price, qty } => {
                forming.trades = Some(widened(forming.trades, price));
                forming.volume += qty;
            }
            News::Mark { price, .. } => forming.mark = Some(widened(forming.mark, price)),
            News::Quote { .. } => {}
        }
    }

    /// Hands over what has formed so far, when nothing more will come.
    pub fn finish(&mut self, done: &mut dyn FnMut(Entry)) {
        for (symbol, forming) in std::mem::take(&mut self.forming) {
            done_with(symbol, &forming, done);
        }
    }
}

/// A minute without a trade is no bar.
fn done_with(symbol: SymbolId, forming: &Forming, done: &mut dyn FnMut(Entry)) {
    if let Some([open, high, low, close]) = forming.trades {
        done(Entry::Bar {
            symbol,
            open_time: forming.open_time,
            open,
            high,
            low,
            close,
            volume: forming.volume,
            mark: forming.mark,
        });
    }
}

fn widened(bar: Option<[Price; 4]>, price: Price) -> [Price; 4] {
    match bar {
        None => [price; 4],
        Some([open, high, low, _]) => [open, high.max(price), low.min(price), price],
    }
}
