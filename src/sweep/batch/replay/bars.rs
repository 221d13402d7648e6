//! Bars of a trial: touched ones walked, their fills booked and told (ranks 0 and 9 of T6).
//!
//! Not here: which bars are touched (`desk`), when an order fills (`exchange::fills`), money (`exchange::account`).

use crate::domain::num::{Notional, Qty};
use crate::domain::order::OrderId;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::account::Where;
use crate::exchange::fills::{Hit, Walk};
use crate::exchange::path::{open_point, pass, shape};
use crate::market::tape::Series;
use crate::sweep::batch::desk::Touch;
use crate::sweep::batch::replay::Replay;

impl<'a> Replay<'a> {
    /// Rank 0: the bars that end now.
    pub(super) fn pass_bars(&mut self) {
        for place in 0..self.spare.due.len() {
            let symbol = self.spare.due[place];
            let Some(series) = self.series(symbol) else {
                continue;
            };
            if let Some(Touch::End(row)) = self.desks[symbol.index()].touch
                && series.end_time(row) == self.now
            {
                self.pass_bar(symbol, series, row);
                self.search(symbol, series, row + 1, false);
            }
        }
    }

    /// Rank 9: opening points of the bars that start now.
    pub(super) fn pass_opens(&mut self) {
        for place in 0..self.spare.due.len() {
            let symbol = self.spare.due[place];
            let Some(series) = self.series(symbol) else {
                continue;
            };
            if let Some(Touch::Open(row)) = self.desks[symbol.index()].touch
                && series.open_time(row) == self.now
            {
                if self.pass_open(symbol, series, row) {
                    self.search(symbol, series, row, true);
                } else {
                    self.desks[symbol.index()].touch = Some(Touch::End(row));
                    self.plan(symbol);
                }
            }
        }
    }

    pub(super) fn walk(&mut self, symbol: SymbolId) -> Walk<'a> {
        let mut orders = std::mem::take(&mut self.spare.orders);
        orders.clone_from(&self.desks[symbol.index()].resting);
        let mut hits = std::mem::take(&mut self.spare.hits);
        hits.clear();
        Walk {
            model: self.stage.model,
            instrument: self.instrument(symbol),
            position: self.position(symbol),
            wallet: self.account.wallet(),
            others: Notional::ZERO,
            orders,
            limit_budget: Qty::ZERO,
            hits,
            visited: None,
            liquidation: self.desks[symbol.index()].liquidation,
        }
    }

    pub(super) fn pass_bar(&mut self, symbol: SymbolId, series: &'a Series, row: usize) {
        let stamp = Timestamp::from_millis(self.now.millis() - 1);
        self.desks[symbol.index()].catch_up(series, row);
        let shape = shape(series, row);
        let mut walk = self.walk(symbol);
        if let Some(lone) = walk.lone(shape.low, shape.high) {
            // Neither the path nor the prices visited on it matter.
            if let Some(index) = lone
                && let Some(hit) = walk.execution_alone(index)
            {
                walk.orders.remove(index);
                walk.hits.push(hit);
            }
            // Trailing stops take their peaks from the bar all the same.
            for order in &mut walk.orders {
                order.follow(shape.low.price(order.watched()));
                order.follow(shape.high.price(order.watched()));
            }
            self.desks[symbol.index()].followed(row + 1);
            self.commit(symbol, walk, stamp);
            return;
        }
        let ambiguous = pass(&mut walk, &shape, || self.walk(symbol));
        self.ambiguous_bars += u64::from(ambiguous);
        self.desks[symbol.index()].followed(row + 1);
        self.commit(symbol, walk, stamp);
    }

    /// Whether anything filled.
    pub(super) fn pass_open(&mut self, symbol: SymbolId, series: &'a Series, row: usize) -> bool {
        let point = open_point(series, row);
        let tick = self.instrument(symbol).tick;
        let direction = self.position(symbol).map(|position| position.direction);
        let desk = &mut self.desks[symbol.index()];
        desk.catch_up(series, row);
        if desk.is_quiet(point, direction, tick) {
            return false;
        }
        let mut walk = self.walk(symbol);
        walk.at_point(point);
        self.commit(symbol, walk, self.now)
    }

    /// Takes over what a walk found; whether anything filled.
    pub(super) fn commit(&mut self, symbol: SymbolId, walk: Walk<'a>, stamp: Timestamp) -> bool {
        let Walk { orders, hits, .. } = walk;
        for hit in &hits {
            let open = self.position(symbol).map_or(Qty::ZERO, |held| held.qty);
            self.book(symbol, hit, stamp);
            if hit.qty == open {
                self.vanish(symbol, &hits, stamp);
            }
        }
        // What is left of a position keeps the orders as the walk left them.
        if self.account.held(symbol).is_some() {
            self.desks[symbol.index()].resting.clone_from(&orders);
        }
        let filled = !hits.is_empty();
        self.spare.orders = orders;
        self.spare.hits = hits;
        filled
    }

    /// F13: what closes nothing any more vanishes.
    pub(super) fn vanish(&mut self, symbol: SymbolId, hits: &[Hit], stamp: Timestamp) {
        let filled = |id: OrderId| hits.iter().any(|hit| hit.order == Some(id));
        // Exits are sent, and so rest, in the order of their numbers.
        for place in 0..self.desks[symbol.index()].resting.len() {
            let id = self.desks[symbol.index()].resting[place].id;
            if !filled(id) {
                self.log.canceled(self.now, id);
            }
        }
        self.desks[symbol.index()].clear(stamp);
    }

    /// Books a fill and says so.
    pub(super) fn book(&mut self, symbol: SymbolId, hit: &Hit, stamp: Timestamp) {
        let place = Where {
            symbol,
            time: stamp,
            at: self.now,
            row: 0,
            reference: None,
        };
        let fill = self.account.book(&place, hit, self.instrument(symbol));
        self.log.filled(self.now, symbol, hit, &fill);
        self.changed(symbol);
    }
}
