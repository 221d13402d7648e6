//! Bars: opening points, the path inside, drill-down, ambiguity, what was visited and how many there were (F4–F12).
//!
//! Not here: which bars are looked at (`instants`), the rules of a fill (`fills`).

use crate::domain::instrument::Instrument;
use crate::domain::num::{Notional, Price, Qty};
use crate::domain::order::{OrderId, OrderKind};
use crate::domain::position::MarginMode;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::fills::{Extremes, Hit, Point, Walk};
use crate::exchange::history::orders::Touch;
use crate::exchange::history::{Engine, History, Stage, World};
use crate::exchange::model::{Drilldown, Model};
use crate::exchange::path::{Shape, low_first, open_point, pass, same_fills, shape, walk_path};
use crate::exchange::touch::follow_rows;
use crate::market::tape::Series;

/// A fill and its stamp.
type StampedHit = (Hit, Timestamp);

impl History<'_> {
    /// Rank 0: the bars that end now.
    pub(super) fn pass_bars(&mut self) {
        let world = self.world;
        let due = self.due_now();
        for symbol in due.iter().copied() {
            let Some(series) = &world.tape.series[symbol.index()] else {
                continue;
            };
            let Some(row) = series.last_completed(self.now) else {
                continue;
            };
            let passed = self.desks[symbol.index()].passed_row;
            if series.end_time(row) != self.now
                || row < passed
                || self.desks[symbol.index()].delisted
            {
                continue;
            }
            if self.engine == Engine::Skip && self.find_touch(symbol, row) != Touch::Row(row) {
                continue;
            }
            self.pass_bar(world, symbol, row);
            self.desks[symbol.index()].passed_row = row + 1;
            self.touch_forgotten(symbol);
        }
        self.scratch = due;
    }

    fn pass_bar(&mut self, world: &World, symbol: SymbolId, row: usize) {
        let (Some(series), instrument) = (
            &world.tape.series[symbol.index()],
            &world.tape.instruments[symbol.index()],
        ) else {
            return;
        };
        if self.account.held(symbol).is_none() && self.desks[symbol.index()].book.resting.is_empty()
        {
            return;
        }
        self.catch_up(symbol, row);
        let model = self.model;
        let mut chosen = self.walk(model, instrument, symbol, row);
        let held = chosen.position.is_some();
        let again = || self.walk(model, instrument, symbol, row);
        let ambiguous = pass(&mut chosen, &shape(series, row), again);
        let drill = match self.model.drilldown {
            Drilldown::Off => false,
            Drilldown::Ambiguous => ambiguous,
            Drilldown::Always => held,
        };
        let stamp = Timestamp::from_millis(self.now.millis() - 1);
        let before = self.counters;
        let drilled = if drill {
            let start = self.walk(model, instrument, symbol, row);
            self.drill(start, series, row)
        } else {
            None
        };
        let (walked, hits) = drilled.unwrap_or_else(|| {
            let hits = chosen.hits.iter().map(|hit| (*hit, stamp)).collect();
            (chosen, hits)
        });
        if let Some(id) = self.first_unaffordable(symbol, &hits) {
            // Without that order the bar is another one.
            self.counters = before;
            self.refuse_resting(symbol, id);
            return self.pass_bar(world, symbol, row);
        }
        if ambiguous {
            self.counters.ambiguous_bars += 1;
            if let Some(held) = self.account.held_mut(symbol) {
                held.count_ambiguous();
            }
        }
        self.commit(symbol, row, walked, &hits);
        self.desks[symbol.index()].followed_row = row + 1;
        if let Some(held) = self.account.held_mut(symbol) {
            held.seen_row = held.seen_row.max(row + 1);
        }
    }

    /// Replays a bar on finer ones; `None` when they are missing or do not add up to it.
    fn drill<'a>(
        &mut self,
        mut walk: Walk<'a>,
        series: &Series,
        row: usize,
    ) -> Option<(Walk<'a>, Vec<StampedHit>)> {
        let bars = series.bars();
        let detail = series.detail()?;
        let from = detail.first_at_or_after(bars.open_time[row]);
        let to = detail.first_at_or_after(bars.end(row));
        if from == to {
            return None;
        }
        let adds_up = detail.open[from] == bars.open[row]
            && detail.close[to - 1] == bars.close[row]
            && detail.high[from..to].iter().max() == bars.high.get(row)
            && detail.low[from..to].iter().min() == bars.low.get(row);
        if !adds_up {
            self.counters.detail_ignored += 1;
            return None;
        }
        self.counters.drilled_bars += 1;
        let mut stamped: Vec<StampedHit> = Vec::new();
        for fine in from..to {
            // Without finer marks the finer contract bars stand in (F12).
            let at = |price: Price| Point {
                contract: price,
                mark: price,
            };
            let shape = Shape {
                open: at(detail.open[fine]),
                high: at(detail.high[fine]),
                low: at(detail.low[fine]),
                close: at(detail.close[fine]),
            };
            if fine > from {
                walk.at_point(shape.open);
                stamped.extend(walk.hits.drain(..).map(|hit| (hit, detail.open_time[fine])));
            }
            let direction = walk.position.map(|position| position.direction);
            let low = low_first(self.model.path_mode, direction, &shape);
            let mut other = walk.clone();
            walk_path(&mut other, &shape, !low);
            walk_path(&mut walk, &shape, low);
            if direction.is_some() && !same_fills(&walk.hits, &other.hits) {
                self.counters.residual_ambiguous += 1;
            }
            let stamp = Timestamp::from_millis(detail.end(fine).millis() - 1);
            stamped.extend(walk.hits.drain(..).map(|hit| (hit, stamp)));
        }
        Some((walk, stamped))
    }

    /// Rank 9: opening points of the bars that start now.
    pub(super) fn pass_opens(&mut self) {
        let world = self.world;
        let due = self.due_now();
        for symbol in due.iter().copied() {
            let Some(series) = &world.tape.series[symbol.index()] else {
                continue;
            };
            let Some(row) = series.row_at(self.now) else {
                continue;
            };
            if self.desks[symbol.index()].delisted {
                continue;
            }
            self.amend_at_open(symbol);
            let idle = self.account.held(symbol).is_none()
                && self.desks[symbol.index()].book.resting.is_empty();
            let skip =
                self.engine == Engine::Skip && self.find_touch(symbol, row) != Touch::Row(row);
            if !idle && !skip {
                self.pass_open(world, symbol, row);
            }
        }
        self.scratch = due;
    }

    /// F8: what an entry at this open made true fires there at once: a child of its bracket, or a liquidation.
    pub(super) fn test_fresh(&mut self, symbol: SymbolId) {
        let world = self.world;
        let Some(row) = world.tape.series[symbol.index()]
            .as_ref()
            .and_then(|series| series.row_at(self.now))
        else {
            return;
        };
        if self
            .account
            .held(symbol)
            .is_some_and(|held| held.entered_at == self.now)
        {
            self.pass_open(world, symbol, row);
        }
    }

    fn pass_open(&mut self, world: &World, symbol: SymbolId, row: usize) {
        let (Some(series), instrument) = (
            &world.tape.series[symbol.index()],
            &world.tape.instruments[symbol.index()],
        ) else {
            return;
        };
        self.catch_up(symbol, row);
        let model = self.model;
        let mut walk = self.walk(model, instrument, symbol, row);
        walk.at_point(open_point(series, row));
        let now = self.now;
        let hits: Vec<StampedHit> = walk.hits.drain(..).map(|hit| (hit, now)).collect();
        if let Some(id) = self.first_unaffordable(symbol, &hits) {
            self.refuse_resting(symbol, id);
            return self.pass_open(world, symbol, row);
        }
        self.commit(symbol, row, walk, &hits);
    }

    /// The state the fill rules start from.
    fn walk<'a>(
        &mut self,
        model: &'a Model,
        instrument: &'a Instrument,
        symbol: SymbolId,
        row: usize,
    ) -> Walk<'a> {
        let desk = &self.desks[symbol.index()];
        let limits = desk
            .book
            .resting
            .iter()
            .any(|order| matches!(order.kind, OrderKind::Limit { .. }));
        let budget = match (desk.budget, self.series(symbol)) {
            (Some((of, left)), _) if of == row => left,
            (_, Some(series)) if limits => {
                series.bars().volume[row].share(model.limit_participation, instrument.step)
            }
            _ => Qty::ZERO,
        };
        let orders = desk.book.resting.clone();
        Walk {
            model,
            instrument,
            position: self.account.held(symbol).map(|held| held.position),
            wallet: self.account.wallet(),
            others: self.others(symbol),
            orders,
            limit_budget: budget,
            hits: Vec::new(),
            visited: None,
            liquidation: self.liquidation_level(symbol, instrument),
        }
    }

    /// The mark at which the position of a symbol is liquidated (A7). In isolated mode it hangs on the position alone
    /// and is kept until that changes.
    pub(super) fn liquidation_level(
        &mut self,
        symbol: SymbolId,
        instrument: &Instrument,
    ) -> Option<Price> {
        let position = self.account.held(symbol)?.position;
        if self.model.terms.margin_mode == MarginMode::Cross {
            let margin = self.account.wallet().exact() + self.others(symbol);
            return position.liquidation(margin, instrument);
        }
        let known = &mut self.desks[symbol.index()].liquidation;
        match known {
            Some((of, level)) if *of == position => *level,
            _ => {
                let level = position.liquidation(position.isolated.exact(), instrument);
                *known = Some((position, level));
                level
            }
        }
    }

    /// Σ over other symbols of unrealised − maintenance at their last marks (A7, cross).
    pub(super) fn others(&self, symbol: SymbolId) -> Notional {
        if self.model.terms.margin_mode == MarginMode::Isolated {
            return Notional::ZERO;
        }
        let others = self.account.open().filter(|(other, _)| *other != symbol);
        others
            .filter_map(|(other, held)| {
                let mark = self.mark_beside(symbol, other)?;
                let instrument = &self.world.tape.instruments[other.index()];
                Some(held.position.unrealized(mark) - held.position.maintenance(mark, instrument))
            })
            .fold(Notional::ZERO, |sum, value| sum + value)
    }

    /// Takes over what a walk over a row found.
    fn commit(&mut self, symbol: SymbolId, row: usize, walk: Walk<'_>, hits: &[StampedHit]) {
        let limits = self.desks[symbol.index()]
            .book
            .resting
            .iter()
            .any(|order| matches!(order.kind, OrderKind::Limit { .. }));
        let mut visited = walk.visited;
        self.take_visited(symbol, &mut visited);
        if limits {
            self.desks[symbol.index()].budget = Some((row, walk.limit_budget));
        }
        if hits.is_empty() {
            self.desks[symbol.index()].book.resting = walk.orders;
            return;
        }
        let filled: Vec<OrderId> = hits
            .iter()
            .filter(|(hit, _)| hit.left.is_zero())
            .filter_map(|(hit, _)| hit.order)
            .collect();
        let book = &mut self.desks[symbol.index()].book;
        book.take_over(&walk.orders, &filled);
        for (hit, stamp) in hits {
            let closes = self.closes_all(symbol, hit);
            if closes {
                // A bar left at its open is not one in position; one left inside is.
                self.count_bars(symbol, row + usize::from(self.stage == Stage::Bars));
            }
            self.apply(symbol, hit, *stamp);
            // A limit order opened it inside this bar.
            self.take_visited(symbol, &mut visited);
            if closes {
                self.vanish(symbol, &filled);
            }
            if hit.order.is_none() {
                self.end_all(symbol);
            }
        }
        self.touch_forgotten(symbol);
        self.refresh_busy(symbol);
    }

    /// Hands the prices of a walk to the position, once there is one.
    fn take_visited(&mut self, symbol: SymbolId, visited: &mut Option<Extremes>) {
        if let Some(held) = self.account.held_mut(symbol)
            && let Some(extremes) = visited.take()
        {
            held.visit(extremes);
        }
    }

    /// Folds rows before `row` that nothing touched into trailing peaks and visited prices.
    pub(super) fn catch_up(&mut self, symbol: SymbolId, row: usize) {
        let world = self.world;
        let Some(series) = &world.tape.series[symbol.index()] else {
            return;
        };
        let desk = &mut self.desks[symbol.index()];
        if desk.followed_row < row {
            follow_rows(&mut desk.book.resting, series, desk.followed_row, row);
            desk.followed_row = row;
        }
        if let Some(held) = self.account.held_mut(symbol)
            && held.seen_row < row
        {
            if let Some((low, high)) = series.contract_columns().extremes(held.seen_row, row) {
                held.visit(Extremes { low, high });
            }
            held.seen_row = row;
        }
    }

    /// Widens the visited prices of an open position by one.
    pub(super) fn visit(&mut self, symbol: SymbolId, price: Price) {
        if let Some(held) = self.account.held_mut(symbol) {
            held.visit(Extremes::at(price));
        }
    }

    /// Counts the bars of a position that is about to end; `row` is the first one not counted.
    pub(super) fn count_bars(&mut self, symbol: SymbolId, row: usize) {
        if let Some(held) = self.account.held(symbol) {
            self.counters.bars_in_position += row.saturating_sub(held.from_row) as u64;
        }
    }
}
