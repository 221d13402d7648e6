//! The first subscriptions, and messages that were taken before a restart.
//!
//! Not here: later subscriptions (`desk`).

use std::collections::BTreeMap;

use anyhow::anyhow;

use crate::domain::signal::RawSignal;
use crate::domain::stamp::StampReader;
use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::Timestamp;
use crate::exchange::binance::stream::Seen;
use crate::exchange::trades::Venue;
use crate::journal::entry::Entry;
use crate::journal::store::Store;
use crate::live::desk::find;
use crate::live::paper::{MILLISECOND, Paper, Time};
use crate::settings::live::Live;
use crate::signal::feed::parse_line;

impl Paper {
    /// Subscribes to what is always watched, to everything with a position or an order, and to what messages wait for.
    pub(super) fn subscribe_first(
        &mut self,
        live: &Live,
        venue: &Venue,
        waiting: &[Waiting],
    ) -> anyhow::Result<()> {
        let mut wanted: BTreeMap<SymbolId, bool> = BTreeMap::new();
        for index in 0..self.symbols.len() {
            let symbol = SymbolId::at(index);
            if venue.is_busy(symbol) || waiting.iter().any(|waits| waits.symbol == symbol) {
                wanted.insert(symbol, false);
            }
        }
        for name in &live.market.symbols {
            let symbol = find(&self.symbols, name).ok_or_else(|| anyhow!("live.market.symbols: the exchange does not list '{name}'\nhint: names are those of exchangeInfo, for example BTCUSDT"))?;
            wanted.insert(symbol, true);
        }
        for (symbol, always) in wanted {
            let counts = |at: &Timestamp| match &self.time {
                Time::Wall(clock) => clock.now() - *at <= live.market.mark_age_max,
                Time::Stream(_) => true,
            };
            let marked = venue.marked_at(symbol).filter(counts);
            self.desk.open(symbol, always, (venue.now(), marked));
            let seen = self.places.trades.get(&symbol);
            let seen = seen.map(|(id, at)| Seen {
                id: *id,
                at: Some(*at),
            });
            if seen.is_some() {
                self.desk.missed(symbol);
            }
            self.streams.resume(symbol, seen);
        }
        Ok(())
    }

    /// Hears again what was taken before a restart.
    pub(super) fn expect_again(&mut self, waiting: &[Waiting]) {
        for waits in waiting {
            let arrived = waits.arrived.max(self.merger.passed() + MILLISECOND);
            self.expect(waits.symbol, &waits.message, arrived);
        }
    }
}

/// A message that was taken before a restart and that the trader has not heard.
pub(super) struct Waiting {
    message: RawSignal,
    symbol: SymbolId,
    arrived: Timestamp,
}

pub(super) fn waiting(store: &Store, symbols: &Symbols) -> Vec<Waiting> {
    let mut found = Vec::new();
    for row in store.waiting() {
        let Entry::Taken { text, arrived, .. } = &row.entry else {
            continue;
        };
        let message = match parse_line(text, 1, &mut StampReader::new()) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "a recorded message cannot be read");
                continue;
            }
        };
        if let Some(symbol) = find(symbols, &message.name) {
            found.push(Waiting {
                message,
                symbol,
                arrived: *arrived,
            });
        }
    }
    found
}
