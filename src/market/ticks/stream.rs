//! All symbols merged into one stream of events.
//!
//! Not here: a symbol's own prices (`cursor`) and marks (`marks`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::domain::market::{MarketEvent, News};
use crate::domain::num::{Price, Qty, Rate, Rounding, UNIT};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::market::agg_trades::AggTrades;
use crate::market::tape::{Series, Tape};

use super::TickRules;
use super::cursor::{Cursor, Said};
use super::index::TickIndex;
use super::marks::Marker;

const SECOND: Span = Span::from_millis(1_000);

/// The events of a window in order. Holds a few numbers per symbol, no event but the next.
#[derive(Clone, Debug)]
pub struct TickStream<'a> {
    tape: &'a Tape,
    cursors: Vec<Cursor<'a>>,
    marks: Vec<Marker<'a>>,
    /// The next price of each symbol.
    queue: BinaryHeap<Reverse<(Timestamp, SymbolId)>>,
    /// A trade whose quote was just said.
    trade: Option<(SymbolId, Timestamp, Price, Qty)>,
    /// The next second, and the next symbol whose mark is said at it.
    second: Timestamp,
    marked: usize,
    to: Timestamp,
    spread: Option<Rate>,
}

impl<'a> TickStream<'a> {
    pub(super) fn new(
        tape: &'a Tape,
        trades: &'a [Option<AggTrades>],
        rules: TickRules,
        index: &TickIndex,
    ) -> Self {
        let from = rules.window.from;
        let mut stream = Self {
            tape,
            cursors: Vec::with_capacity(tape.series.len()),
            marks: Vec::with_capacity(tape.series.len()),
            queue: BinaryHeap::new(),
            trade: None,
            second: first_second(from),
            marked: 0,
            to: rules.window.to,
            spread: rules.spread,
        };
        for (symbol, series) in tape.series.iter().enumerate() {
            let series = series.as_ref();
            let recorded = trades.get(symbol).and_then(Option::as_ref);
            let cursor = Cursor::new(index.of(symbol), series.map(Series::bars), recorded, from);
            if let Some(next) = cursor.next {
                stream.queue.push(Reverse((next.at, SymbolId::at(symbol))));
            }
            stream.cursors.push(cursor);
            stream.marks.push(Marker::new(series));
        }
        stream
    }

    /// The next mark of the second that has come, if any symbol still has one.
    #[inline]
    fn mark(&mut self) -> Option<MarketEvent> {
        while self.marked < self.cursors.len() {
            let symbol = self.marked;
            self.marked += 1;
            let marker = &mut self.marks[symbol];
            if let Some(price) = marker.at(self.second, &self.cursors[symbol]) {
                let funding = marker.funding(self.second);
                return Some(MarketEvent {
                    at: self.second,
                    symbol: SymbolId::at(symbol),
                    news: News::Mark { price, funding },
                });
            }
        }
        self.marked = 0;
        self.second = self.second + SECOND;
        None
    }

    /// The quote of a symbol's next price; the trade behind it is kept for the next call.
    #[inline]
    fn quote(&mut self, symbol: SymbolId) -> Option<MarketEvent> {
        let cursor = &mut self.cursors[symbol.index()];
        let Said { at, price, qty } = cursor.next?;
        cursor.advance();
        self.queue.pop();
        if let Some(next) = cursor.next {
            self.queue.push(Reverse((next.at, symbol)));
        }
        self.trade = qty.map(|qty| (symbol, at, price, qty));
        let tick = self
            .tape
            .instruments
            .get(symbol.index())
            .map(|rules| rules.tick);
        let (bid, ask) = book(price, self.spread, tick);
        Some(MarketEvent {
            at,
            symbol,
            news: News::Quote { bid, ask },
        })
    }
}

impl Iterator for TickStream<'_> {
    type Item = MarketEvent;

    fn next(&mut self) -> Option<MarketEvent> {
        if let Some((symbol, at, price, qty)) = self.trade.take() {
            return Some(MarketEvent {
                at,
                symbol,
                news: News::Trade { price, qty },
            });
        }
        loop {
            let price = self.queue.peek().map(|Reverse(next)| *next);
            let at = price.map_or(self.to, |(at, _)| at);
            if self.second <= at && self.second < self.to {
                if let Some(mark) = self.mark() {
                    return Some(mark);
                }
                continue;
            }
            let (at, symbol) = price?;
            return if at < self.to {
                self.quote(symbol)
            } else {
                None
            };
        }
    }
}

/// The first full second at or after an instant.
fn first_second(from: Timestamp) -> Timestamp {
    let past = from.millis().rem_euclid(SECOND.millis());
    if past == 0 {
        from
    } else {
        from + Span::from_millis(SECOND.millis() - past)
    }
}

/// Bid and ask around a price.
fn book(price: Price, spread: Option<Rate>, tick: Option<Price>) -> (Price, Price) {
    let (Some(spread), Some(tick)) = (spread, tick) else {
        return (price, price);
    };
    let side = |rate: i64, rounding| {
        let wanted = i128::from(price.steps()) * i128::from(rate);
        Price::from_quotient(wanted, i128::from(2 * UNIT), tick, rounding)
    };
    let bid = side(2 * UNIT - spread.steps(), Rounding::Down);
    let ask = side(2 * UNIT + spread.steps(), Rounding::Up);
    // A price of less than a tick has no tick below it.
    (bid.unwrap_or(price), ask.unwrap_or(price))
}
