//! I12 and protection: a position has a stop that rests, soon after it opens and until it is gone, and the stop only
//! moves towards the market.
//!
//! Not here: that stops execute (`exchange::fills`).

use std::collections::BTreeMap;

use confluence::domain::event::{Event, OrderUpdate};
use confluence::domain::num::Price;
use confluence::domain::order::{Direction, OrderId, OrderKind, OrderRequest, Purpose, Side};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{Span, Timestamp};
use confluence::journal::entry::{Entry, SaidCommand};

use super::Case;

/// Longest a position may be without a stop.
const NAKED: Span = Span::from_millis(10_000);

#[derive(Default)]
struct Book {
    sent: BTreeMap<OrderId, OrderRequest>,
    /// Hard stops that were accepted and have not ended.
    stops: BTreeMap<OrderId, (SymbolId, Price)>,
    /// Market exits under way, with their contract.
    exits: BTreeMap<OrderId, SymbolId>,
    /// Quantities in steps, signed.
    held: BTreeMap<SymbolId, i64>,
    naked: BTreeMap<SymbolId, Timestamp>,
    best: BTreeMap<SymbolId, Price>,
}

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let mut book = Book::default();
    for row in &case.rows {
        match &row.entry {
            Entry::Said(SaidCommand::Submit(request)) => book.submit(request),
            Entry::Heard(event) => {
                // Whatever is due is over before the next event: the time that passed counts.
                book.look(row.at, row.seq, breaches);
                book.hear(event);
                book.look(row.at, row.seq, breaches);
            }
            _ => {}
        }
        if let Some((symbol, found)) = book.stop_that_went_back() {
            breaches.push(format!(
                "I12: row {}: {}: {found}",
                row.seq,
                case.names[symbol.index()]
            ));
            return;
        }
    }
    book.look(case.plan.to, 0, breaches);
    for symbol in (0..case.names.len()).map(SymbolId::at) {
        let ours = case.trader.position(symbol);
        let signed = ours.map_or(0, |open| open.direction.sign() * open.qty.steps());
        if signed != book.held.get(&symbol).copied().unwrap_or(0) {
            breaches.push(format!(
                "I5: {}: {signed} booked, the fills say {:?}",
                case.names[symbol.index()],
                book.held.get(&symbol)
            ));
        }
    }
}

impl Book {
    fn submit(&mut self, request: &OrderRequest) {
        if request.reduce_only && request.kind == OrderKind::Market {
            self.exits.insert(request.id, request.symbol);
        }
        self.sent.insert(request.id, request.clone());
    }

    fn hear(&mut self, event: &Event) {
        match event {
            Event::Order { id, update } => self.news(*id, update),
            Event::Account(confluence::domain::event::AccountUpdate::Closed {
                symbol,
                fill,
                ..
            }) => {
                self.fill(*symbol, fill.side, fill.qty.steps());
            }
            _ => {}
        }
    }

    fn news(&mut self, id: OrderId, update: &OrderUpdate) {
        let Some(request) = self.sent.get(&id).cloned() else {
            return;
        };
        match update {
            OrderUpdate::Accepted => {
                if let (OrderKind::Stop { trigger, .. }, Purpose::StopLoss | Purpose::BreakEven) =
                    (request.kind, request.purpose)
                {
                    self.stops.insert(id, (request.symbol, trigger));
                }
            }
            OrderUpdate::Filled { fill, complete, .. } => {
                if *complete {
                    self.end(id);
                }
                self.fill(request.symbol, fill.side, fill.qty.steps());
            }
            OrderUpdate::Rejected(_) | OrderUpdate::Canceled { .. } => self.end(id),
            OrderUpdate::NoAnswer | OrderUpdate::Report(_) => {}
        }
    }

    fn end(&mut self, id: OrderId) {
        self.stops.remove(&id);
        self.exits.remove(&id);
    }

    fn fill(&mut self, symbol: SymbolId, side: Side, qty: i64) {
        let held = self.held.entry(symbol).or_default();
        *held += side.sign() * qty;
        if *held == 0 {
            self.best.remove(&symbol);
            self.naked.remove(&symbol);
        }
    }

    /// A position without a stop and without an exit on its way is naked, and not for long.
    fn look(&mut self, at: Timestamp, seq: u64, breaches: &mut Vec<String>) {
        for (symbol, held) in &self.held {
            let stopped = self.stops.values().any(|(of, _)| of == symbol);
            let leaving = self.exits.values().any(|of| of == symbol);
            if *held == 0 || stopped || leaving {
                self.naked.remove(symbol);
                continue;
            }
            let since = *self.naked.entry(*symbol).or_insert(at);
            if at - since > NAKED {
                breaches.push(format!(
                    "I2: contract {} is without a stop from {since} to {at}, row {seq}",
                    symbol.index()
                ));
                self.naked.insert(*symbol, at);
            }
        }
    }

    /// A contract whose best stop is further from the market than one before it.
    fn stop_that_went_back(&mut self) -> Option<(SymbolId, String)> {
        for (symbol, held) in &self.held {
            let direction = if *held > 0 {
                Direction::Long
            } else {
                Direction::Short
            };
            let of = self
                .stops
                .values()
                .filter(|(of, _)| of == symbol && *held != 0);
            let best = of
                .map(|(_, trigger)| *trigger)
                .reduce(|one, other| better(direction, one, other));
            let Some(best) = best else { continue };
            let before = self.best.insert(*symbol, best);
            if before.is_some_and(|before| better(direction, before, best) != best) {
                return Some((*symbol, format!("the stop went from {before:?} to {best}")));
            }
        }
        None
    }
}

fn better(direction: Direction, one: Price, other: Price) -> Price {
    match direction {
        Direction::Long => one.max(other),
        Direction::Short => one.min(other),
    }
}
