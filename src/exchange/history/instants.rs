//! Which instant comes next: every bar boundary when stepping, the next one at which anything can happen when skipping.
//!
//! Not here: what happens at an instant. Invariant: skipping may visit an instant too many, never one too few; the two
//! drivers are compared byte for byte by the tests.

use crate::domain::event::FloorBasis;
use crate::domain::num::{Notional, Price};
use crate::domain::order::{Direction, OrderKind, Watched};
use crate::domain::position::{MarginMode, Position};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::account::Held;
use crate::exchange::floor::{Stake, Standing};
use crate::exchange::history::orders::{Due, Touch};
use crate::exchange::history::{Engine, History};
use crate::exchange::model::Drilldown;
use crate::exchange::touch::next_touch;
use crate::market::tape::Series;

/// Collects the earliest of several instants after `now`.
struct Earliest {
    now: Timestamp,
    found: Option<Timestamp>,
}

impl Earliest {
    /// A candidate; one that is due already becomes the next millisecond.
    fn offer(&mut self, time: Timestamp) {
        let time = time.max(self.now + Span::from_millis(1));
        self.found = Some(self.found.map_or(time, |found| found.min(time)));
    }
}

impl History<'_> {
    /// Moves to the first instant of the run; whether there is any.
    pub(super) fn first_instant(&mut self, wake: Option<Timestamp>) -> bool {
        let start = self.start;
        self.now = start - Span::from_millis(1);
        match self.next_instant(wake) {
            Some(instant) => {
                self.now = instant;
                true
            }
            None => {
                self.now = start;
                false
            }
        }
    }

    /// The next instant after now, at most the end of the run.
    pub(super) fn next_instant(&mut self, wake: Option<Timestamp>) -> Option<Timestamp> {
        let world = self.world;
        let mut next = Earliest {
            now: self.now,
            found: None,
        };
        wake.into_iter().for_each(|time| next.offer(time));
        if let Some(signal) = world.signals.get(self.next_signal) {
            next.offer(signal.received_time);
        }
        if let Some((time, _)) = world.script.get(self.next_script) {
            next.offer(*time);
        }
        next.offer(self.midnight);
        self.flight
            .iter()
            .for_each(|flight| next.offer(flight.arrival));
        if let Some((time, _)) = self.delistings.last() {
            next.offer(*time);
        }
        for index in 0..self.busy.len() {
            let symbol = self.busy[index];
            let due = match self.desks[symbol.index()].due {
                Some(Due::At(time)) if time > self.now => Due::At(time),
                Some(Due::Never) => Due::Never,
                Some(Due::At(_)) | None => self.find_due(symbol),
            };
            if let Due::At(time) = due {
                next.offer(time);
            }
        }
        match self.engine {
            Engine::Step => {
                if let Some(boundary) = self.next_boundary() {
                    next.offer(boundary);
                }
            }
            Engine::Skip => self.offer_floor(&mut next),
        }
        next.found.filter(|time| *time <= self.end)
    }

    /// The next start or end of any bar.
    fn next_boundary(&self) -> Option<Timestamp> {
        let series = self.world.tape.series.iter().flatten();
        series
            .flat_map(|series| {
                let open = series.row_from(self.now + Span::from_millis(1));
                let end = series.last_completed(self.now).map_or(0, |row| row + 1);
                let opens = series.bars().open_time.get(open).copied();
                let ends = (end < series.len()).then(|| series.end_time(end));
                opens.into_iter().chain(ends)
            })
            .min()
    }

    /// Whether any bar ends at an instant.
    pub(super) fn is_bar_end(&self, time: Timestamp) -> bool {
        self.world.tape.series.iter().flatten().any(|series| {
            series
                .last_completed(time)
                .is_some_and(|row| series.end_time(row) == time)
        })
    }

    /// When a symbol must be looked at next.
    fn find_due(&mut self, symbol: SymbolId) -> Due {
        let world = self.world;
        let mut next = Earliest {
            now: self.now,
            found: None,
        };
        if let Some(series) = &world.tape.series[symbol.index()] {
            self.offer_symbol(symbol, series, &mut next);
        }
        let due = next.found.map_or(Due::Never, Due::At);
        self.desks[symbol.index()].due = Some(due);
        due
    }

    fn offer_symbol(&mut self, symbol: SymbolId, series: &Series, next: &mut Earliest) {
        let desk = &self.desks[symbol.index()];
        let soon = self.now + Span::from_millis(1);
        let amended = desk
            .book
            .amendments
            .iter()
            .map(|amendment| amendment.arrival);
        let waiting = self
            .waiting
            .iter()
            .filter(|flight| flight.request.symbol == symbol);
        for arrival in amended.chain(waiting.map(|flight| flight.arrival)) {
            if let Some(open) = series
                .bars()
                .open_time
                .get(series.row_from(arrival.max(soon)))
            {
                next.offer(*open);
            }
        }
        if self.account.held(symbol).is_some() {
            let records = series.funding();
            let due = records.partition_point(|record| record.time <= self.now);
            if let Some(record) = records.get(due) {
                next.offer(record.time);
            }
        }
        if self.engine == Engine::Skip {
            let from = series.last_completed(self.now).map_or(0, |row| row + 1);
            if let Touch::Row(row) = self.find_touch(symbol, from) {
                let open = series.open_time(row);
                next.offer(if open > self.now {
                    open
                } else {
                    series.end_time(row)
                });
            }
        }
    }

    /// The first row at or after `from` that can touch anything of a symbol.
    pub(super) fn find_touch(&mut self, symbol: SymbolId, from: usize) -> Touch {
        match self.desks[symbol.index()].touch {
            Some(Touch::Row(row)) if row >= from => return Touch::Row(row),
            Some(Touch::Never) => return Touch::Never,
            _ => {}
        }
        let found = self.search_touch(symbol, from);
        self.desks[symbol.index()].touch = Some(found);
        found
    }

    fn search_touch(&mut self, symbol: SymbolId, from: usize) -> Touch {
        let world = self.world;
        let Some(series) = &world.tape.series[symbol.index()] else {
            return Touch::Never;
        };
        let held = self.account.held(symbol).map(|held| held.position);
        let desk = &self.desks[symbol.index()];
        if (held.is_none() && desk.book.resting.is_empty()) || desk.delisted {
            return Touch::Never;
        }
        let cross = self.model.terms.margin_mode == MarginMode::Cross;
        let everywhere = held.is_some() && self.model.drilldown == Drilldown::Always
            || cross && held.is_some() && self.account.open().count() > 1;
        if everywhere {
            return if from < series.len() {
                Touch::Row(from)
            } else {
                Touch::Never
            };
        }
        // Armed trailing stops continue from their peaks, which must include every row before `from`.
        self.catch_up(symbol, from);
        let liquidation = self.liquidation_level(symbol, &world.tape.instruments[symbol.index()]);
        let resting = &self.desks[symbol.index()].book.resting;
        let liquidation = held.zip(liquidation);
        let liquidation = liquidation.map(|(position, level)| (level, position.direction));
        next_touch(series, from, resting, liquidation).map_or(Touch::Never, Touch::Row)
    }

    /// S14: the next bar end is visited whenever equity could be at or below the floor before anything else happens.
    fn offer_floor(&mut self, next: &mut Earliest) {
        let Some(floor) = self.floor else { return };
        let until = next.found.unwrap_or(self.end).min(self.end);
        let wallet = self.account.wallet().exact();
        let tape = &self.world.tape;
        let mut held: Vec<Stake<'_>> = Vec::new();
        if floor.basis == FloorBasis::Equity {
            if self.least_equity(until) > floor.level {
                return;
            }
            let stake = |(symbol, held): (SymbolId, &Held)| {
                let series = tape.series[symbol.index()].as_ref()?;
                Some(Stake::new(symbol, held.position, series))
            };
            held.extend(self.account.open().filter_map(stake));
        }
        let standing = Standing {
            tape,
            wallet,
            held: &held,
        };
        if let Some(end) = standing.first_low(floor.level, self.now, until) {
            next.offer(end);
        }
    }

    /// A lower bound of equity at every bar end from now until an instant, nothing being filled in between.
    fn least_equity(&mut self, until: Timestamp) -> Notional {
        let world = self.world;
        let mut least = self.account.wallet().exact();
        for index in 0..self.busy.len() {
            let symbol = self.busy[index];
            let (Some(held), Some(series)) = (
                self.account.held(symbol),
                &world.tape.series[symbol.index()],
            ) else {
                continue;
            };
            if let Some(known) = self.desks[symbol.index()].least {
                least += known;
                continue;
            }
            let position = held.position;
            let from = series.last_completed(self.now).unwrap_or(0);
            if let Some(worst) = self.stop_bound(symbol, series, from, &position) {
                let bound = position.unrealized(worst);
                self.desks[symbol.index()].least = Some(bound);
                least += bound;
                continue;
            }
            let columns = series.mark_columns();
            if let Some((low, high)) = columns.extremes(from, series.row_from(until).max(from + 1))
            {
                let worst = if position.direction == Direction::Long {
                    low
                } else {
                    high
                };
                least += position.unrealized(worst);
            }
        }
        least
    }

    /// Until the next touch no mark is beyond a resting contract stop, when the contract is the mark: an answer without
    /// a search.
    fn stop_bound(
        &self,
        symbol: SymbolId,
        series: &Series,
        from: usize,
        position: &Position,
    ) -> Option<Price> {
        if series.mark().is_some() {
            return None;
        }
        let long = position.direction == Direction::Long;
        let mut bound: Option<Price> = None;
        for order in &self.desks[symbol.index()].book.resting {
            if let OrderKind::Stop {
                trigger,
                watched: Watched::Contract,
            } = order.kind
                && order.side == position.direction.exit_side()
            {
                let tighter = |bound: Price| {
                    if long {
                        bound.max(trigger)
                    } else {
                        bound.min(trigger)
                    }
                };
                bound = Some(bound.map_or(trigger, tighter));
            }
        }
        let last = series.mark_close(from);
        bound.map(|stop| if long { stop.min(last) } else { stop.max(last) })
    }
}
