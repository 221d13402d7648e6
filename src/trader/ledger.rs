//! Our books: what we hold per symbol, what is on its way, and the counters of the day.
//!
//! Not here: what the exchange says it holds (a snapshot is compared in `mod`), whether an entry is allowed (`risk`).
//! Invariant: a position is the sum of the fills booked for its symbol and nothing else.

use std::sync::Arc;

use crate::domain::event::ExitPlan;
use crate::domain::fill::{Fill, TradeId};
use crate::domain::num::{Money, Notional, Price, Qty, Rate};
use crate::domain::order::{Direction, OrderId, OrderKind, Purpose};
use crate::domain::position::Position;
use crate::domain::signal::SignalId;
use crate::domain::time::{Span, Timestamp};
use crate::trader::bracket::PlacedTarget;

/// Where nothing trades an exit is tried again after this.
const PAUSE: Span = Span::from_millis(2_000);

/// The books of one symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// The position, if there is one.
    pub open: Option<Open>,
    /// The strategy's entry on its way.
    pub entry: Option<OrderId>,
    /// Live orders of the symbol other than that entry, in the order they were sent.
    pub live: Vec<OrderId>,
    /// Stamp of the last closing fill (S15).
    pub last_exit: Option<Timestamp>,
    /// Closing fills that came before the fills they close.
    pub early: Vec<Fill>,
    /// Executions without an order of ours, by number: each is booked once, however often it is told.
    pub closes: Vec<TradeId>,
    /// When leftovers of a flat symbol are taken back if the exchange has not ended them.
    pub sweep_at: Option<Timestamp>,
    /// When to look again.
    pub wake: Option<Timestamp>,
}

/// A position and what has been done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Quantity and cost.
    pub position: Position,
    /// Stamp of the first entry fill.
    pub since: Timestamp,
    /// The order whose fill opened it.
    pub opened_by: OrderId,
    /// Exits with smaller ids belong to a position before this one.
    pub exits_from: OrderId,
    /// How it is to be left; `None` for one opened by hand without a bracket.
    pub plan: Option<Arc<ExitPlan>>,
    /// Whether no more of the entry can come.
    pub complete: bool,
    /// The stop that should rest.
    pub stop: Option<WantedStop>,
    /// The rest of the bracket, once placed.
    pub legs: Option<Vec<WantedLeg>>,
    /// Parts to close at market that a signal asked for.
    pub asked: Vec<WantedLeg>,
    /// Since when it stands without an accepted stop.
    pub naked_since: Option<Timestamp>,
    /// Whether that was reported.
    pub alarmed: bool,
    /// Why it is being left at market, if it is: the latest of several causes, each of which sends its own exit.
    pub leaving: Option<Purpose>,
    /// Whether its longest hold has passed and asked for an exit (S17).
    pub time_up: bool,
    /// No new attempt of a stop before this.
    pub stop_retry_at: Option<Timestamp>,
    /// No new attempt of a market exit before this.
    pub exit_retry_at: Option<Timestamp>,
    /// Market exits sent so far because of `leaving`.
    pub exits_sent: u32,
}

/// The stop that should rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedStop {
    /// Level and price watched.
    pub kind: OrderKind,
    /// Hard stop or break-even.
    pub purpose: Purpose,
}

/// An exit beside the stop that should be at the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLeg {
    /// What to send.
    pub leg: Leg,
    /// The order sent for it last.
    pub order: Option<OrderId>,
    /// How often it was sent.
    pub attempts: u8,
    /// No new attempt before this.
    pub retry_at: Option<Timestamp>,
}

/// The kinds of exits beside the stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leg {
    /// A take-profit level.
    Target(PlacedTarget),
    /// The trailing stop.
    Trailing(OrderKind),
    /// A share of the position, at market (S18).
    Risk {
        /// How much of what is open when it executes.
        share: Rate,
        /// The signal's id.
        reference: SignalId,
    },
}

impl WantedLeg {
    /// A leg that has not been sent yet.
    #[must_use]
    pub const fn new(leg: Leg) -> Self {
        Self {
            leg,
            order: None,
            attempts: 0,
            retry_at: None,
        }
    }
}

/// Counters of one UTC day (T8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which day: whole days since the epoch. A day begins once, however often that is told.
    pub number: i64,
    /// Equity when it began.
    pub equity: Notional,
    /// Wallet when it began.
    pub wallet: Money,
    /// Entries filled in it (S13).
    pub entries: u32,
    /// Whether the operator lifted its loss halt: the floor is not declared again before the next day.
    pub waived: bool,
}

/// What a booked fill did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It opened a position.
    Opened,
    /// It made one larger.
    Added,
    /// It made one smaller.
    Reduced,
    /// It closed one.
    Closed,
    /// It closes more than we know of; kept until the entry it belongs to is heard.
    Early,
}

impl Slot {
    /// Books a fill. `closing` says that it can only reduce.
    pub fn book(&mut self, fill: &Fill, closing: bool, leverage: u16) -> Booked {
        let direction = Direction::opened_by(fill.side);
        match &mut self.open {
            None if closing => {
                self.early.push(fill.clone());
                Booked::Early
            }
            None => {
                self.open = Some(Open::new(direction, fill, leverage));
                Booked::Opened
            }
            Some(open) if open.position.direction == direction && !closing => {
                open.position = open.position.add(fill.price, fill.qty, leverage);
                Booked::Added
            }
            Some(open) if !closing && fill.qty > open.position.qty => {
                // An order by hand that closes it and opens the other way with the rest.
                let rest = Fill {
                    qty: fill.qty - open.position.qty,
                    ..fill.clone()
                };
                self.last_exit = Some(fill.time);
                self.open = Some(Open::new(direction, &rest, leverage));
                Booked::Opened
            }
            Some(open) if open.position.direction == direction || fill.qty > open.position.qty => {
                self.early.push(fill.clone());
                Booked::Early
            }
            Some(open) => match open.position.reduce(fill.price, fill.qty).rest {
                Some(rest) => {
                    open.position = rest;
                    Booked::Reduced
                }
                None => {
                    self.open = None;
                    self.last_exit = Some(fill.time);
                    Booked::Closed
                }
            },
        }
    }

    /// Open quantity.
    #[must_use]
    pub fn qty(&self) -> Qty {
        self.open
            .as_ref()
            .map_or(Qty::ZERO, |open| open.position.qty)
    }
}

impl Open {
    fn new(direction: Direction, fill: &Fill, leverage: u16) -> Self {
        Self {
            position: Position::open(direction, fill.price, fill.qty, leverage),
            since: fill.time,
            opened_by: OrderId(0),
            exits_from: OrderId(0),
            plan: None,
            complete: false,
            stop: None,
            legs: None,
            asked: Vec::new(),
            naked_since: None,
            alarmed: false,
            leaving: None,
            time_up: false,
            stop_retry_at: None,
            exit_retry_at: None,
            exits_sent: 0,
        }
    }

    /// Asks for an exit at market. One on its way for another cause stays: whichever executes first leaves nothing to
    /// the others (F13).
    pub fn leave(&mut self, cause: Purpose) {
        if self.leaving != Some(cause) {
            self.leaving = Some(cause);
            self.exit_retry_at = None;
        }
    }

    /// Nothing trades: no exit is tried again at once, however long ago the refused one was sent (D3).
    pub fn pause(&mut self, now: Timestamp, refused: OrderId) {
        let again = Some(now + PAUSE);
        self.stop_retry_at = self.stop_retry_at.max(again);
        self.exit_retry_at = self.exit_retry_at.max(again);
        let legs = self.legs.iter_mut().flatten().chain(&mut self.asked);
        for leg in legs.filter(|leg| leg.order == Some(refused)) {
            leg.retry_at = leg.retry_at.max(again);
        }
    }

    /// The level of the stop that should rest.
    #[must_use]
    pub fn stop_level(&self) -> Option<Price> {
        match self.stop {
            Some(WantedStop {
                kind: OrderKind::Stop { trigger, .. },
                ..
            }) => Some(trigger),
            _ => None,
        }
    }
}
