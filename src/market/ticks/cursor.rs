//! A symbol's prices one after the other, from recorded trades or bars.
//!
//! Not here: their order among symbols (`stream`).

use crate::domain::bar::Bars;
use crate::domain::num::{Price, Qty};
use crate::domain::time::Timestamp;
use crate::market::agg_trades::AggTrades;

use super::index::{Source, SymbolIndex};
use super::path::{POINTS, points, split_volume};

/// One price said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) at: Timestamp,
    pub(super) price: Price,
    /// `None`: nobody traded, a quote alone.
    pub(super) qty: Option<Qty>,
}

/// Where a symbol is.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bars: Option<&'a Bars>,
    trades: Option<&'a AggTrades>,
    /// What is left, next first.
    sources: std::vec::IntoIter<Source>,
    now: Option<Source>,
    /// The points of the bar under way that are still to come.
    path: [Option<Said>; POINTS],
    next_point: usize,
    /// The next price.
    pub(super) next: Option<Said>,
    /// The price before it.
    pub(super) last: Option<Price>,
}

impl<'a> Cursor<'a> {
    /// At the first price stamped at or after `from`; prices before it are passed over, the last of them is known.
    pub(super) fn new(
        index: &SymbolIndex,
        bars: Option<&'a Bars>,
        trades: Option<&'a AggTrades>,
        from: Timestamp,
    ) -> Self {
        let sources: Vec<Source> = index
            .stretches
            .iter()
            .map(|stretch| stretch.source.clone())
            .collect();
        let mut cursor = Self {
            bars,
            trades,
            sources: sources.into_iter(),
            now: None,
            path: [None; POINTS],
            next_point: POINTS,
            next: None,
            last: None,
        };
        cursor.advance();
        while cursor.next.is_some_and(|next| next.at < from) {
            cursor.advance();
        }
        cursor
    }

    /// Goes on by one price.
    pub(super) fn advance(&mut self) {
        if let Some(said) = self.next {
            self.last = Some(said.price);
        }
        self.next = self.find();
    }

    fn find(&mut self) -> Option<Said> {
        loop {
            if self.next_point < POINTS {
                let said = self.path[self.next_point];
                self.next_point += 1;
                if said.is_some() {
                    return said;
                }
                continue;
            }
            match &mut self.now {
                Some(Source::Trades(rows)) => {
                    if let (Some(row), Some(trades)) = (rows.next(), self.trades) {
                        return Some(Said {
                            at: trades.time[row],
                            price: trades.price[row],
                            qty: Some(trades.qty[row]),
                        });
                    }
                }
                Some(Source::Bars(rows)) => {
                    if let (Some(row), Some(bars)) = (rows.next(), self.bars) {
                        self.begin(bars, row);
                        continue;
                    }
                }
                None => {}
            }
            self.now = Some(self.sources.next()?);
        }
    }

    fn begin(&mut self, bars: &Bars, row: usize) {
        let bar = bars.get(row);
        self.next_point = 0;
        if bar.volume.is_zero() {
            self.path = [None; POINTS];
            self.path[0] = Some(Said {
                at: bar.open_time,
                price: bar.open,
                qty: None,
            });
            return;
        }
        let path = points(&bar, bars.length(row));
        let parts = split_volume(bar.volume);
        for (point, said) in self.path.iter_mut().enumerate() {
            let (at, price) = path[point];
            *said = Some(Said {
                at,
                price,
                qty: Some(parts[point]),
            });
        }
    }
}
