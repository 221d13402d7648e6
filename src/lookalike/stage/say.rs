//! Events become frames on connections.
//!
//! Not here: when (`stage`), the text of frames (`frames`).

use std::sync::Arc;

use super::Stage;
use crate::domain::market::{MarketEvent, News};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::lookalike::frames;
use crate::lookalike::hub::{Connections, Frame};
use crate::lookalike::shared::Mark;
use crate::lookalike::streams::{Kind, Stream};

/// Events said under one lock.
const BATCH: usize = 256;

impl Stage<'_> {
    /// Says everything stamped at or before `limit` and moves the running time there.
    pub(super) fn pump(&mut self, limit: Timestamp) {
        while self.next.is_some_and(|event| event.at <= limit) && !self.shared.is_stopped() {
            let hub = Arc::clone(&self.shared.hub);
            let mut connections = hub.lock();
            for _ in 0..BATCH {
                let Some(event) = self.next.filter(|event| event.at <= limit) else {
                    break;
                };
                self.say(&event, &mut connections);
                self.next = self.stream.next();
            }
        }
        self.shared.move_to(limit);
    }

    fn say(&mut self, event: &MarketEvent, connections: &mut Connections) {
        let MarketEvent { at, symbol, news } = *event;
        let index = symbol.index();
        self.told.events += 1;
        match news {
            News::Quote { bid, ask } => {
                let update = self.updates[index];
                self.updates[index] += 1;
                self.put(connections, symbol, Kind::Book, |name| {
                    frames::book(name, at, update, bid, ask)
                });
            }
            News::Trade { price, qty } => {
                let id = self.ids[index];
                self.ids[index] += 1;
                let maker = self.last[index]
                    .replace(price)
                    .is_some_and(|last| price < last);
                self.put(connections, symbol, Kind::Trade, |name| {
                    frames::trade(name, at, id, (price, qty), maker)
                });
            }
            News::Mark { price, funding } => {
                self.shared.set_mark(symbol, Mark { price, funding });
                let text = |name: &str| frames::mark(name, at, price, funding);
                connections.keep_mark(symbol, text(self.shared.world.name(symbol)));
                self.put(connections, symbol, Kind::Mark, text);
                if at.millis() % 3_000 == 0 {
                    self.put(connections, symbol, Kind::SlowMark, text);
                }
            }
        }
    }

    fn put(
        &self,
        connections: &mut Connections,
        symbol: SymbolId,
        kind: Kind,
        text: impl Fn(&str) -> String,
    ) {
        let stream = Stream { symbol, kind };
        if connections.wanted(stream) {
            let name = self.shared.world.name(symbol);
            let frame = Frame {
                stream,
                name,
                text: text(name).into(),
            };
            connections.say(&frame, &self.shared.hub.dice);
        }
    }
}
