//! Our orders and their states: one table of what may follow what, whatever order news arrives in.
//!
//! Not here: what the fills do to a position (`ledger`), which orders should exist (`reconcile`).
//! Invariants: a fill is reported as new exactly once (by its trade id); an order that is done never rests again,
//! except one presumed never to have arrived.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::{ExitPlan, OrderStatus, OrderUpdate};
use crate::domain::fill::{Fill, TradeId};
use crate::domain::num::{Money, Qty};
use crate::domain::order::{OrderId, OrderRequest, Purpose, Reject};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};

/// An order in doubt is asked about this often.
const ASK_EVERY: Span = Span::from_millis(2_000);
/// An entry is only believed lost after this many answers say so: a late request could still arrive.
const UNKNOWN_ANSWERS: u8 = 3;

/// Where an order stands, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// The request left us; nothing heard yet.
    Sent,
    /// Resting or executing.
    Working,
    /// We asked for it back; a fill can still win the race.
    Canceling,
    /// Nobody knows: ask before anything else.
    InDoubt,
    /// It is over.
    Done(Outcome),
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Executed in full.
    Filled,
    /// Ended by us or the exchange.
    Canceled,
    /// Refused.
    Rejected(Reject),
    /// It never arrived, as far as the exchange can tell.
    NeverAccepted,
}

/// One of our orders.
#[derive(Clone, Debug)]
pub struct Order {
    /// What was asked for.
    pub request: OrderRequest,
    /// Where it stands.
    pub state: OrderState,
    /// Executed so far, by booked fills.
    pub filled: Qty,
    /// Margin set aside for an entry.
    pub reserve: Money,
    booked: Vec<TradeId>,
    unknown_answers: u8,
    /// When to act if nothing is heard.
    deadline: Option<Timestamp>,
    /// How long a request may stay unanswered; `None` where every answer is certain.
    news_within: Option<Span>,
}

/// What an update changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Executions not booked before, in order.
    pub fills: Vec<Fill>,
    /// Whether the state must be asked for now.
    pub ask: bool,
    /// Whether something fits no row of the table.
    pub surprise: Option<&'static str>,
}

/// All orders of a run, found by id in constant time.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    orders: Vec<Order>,
    brackets: BTreeMap<OrderId, Arc<ExitPlan>>,
    news_within: Option<Span>,
}

impl Order {
    fn new(
        request: OrderRequest,
        reserve: Money,
        now: Timestamp,
        news_within: Option<Span>,
    ) -> Self {
        Self {
            request,
            state: OrderState::Sent,
            filled: Qty::ZERO,
            reserve,
            booked: Vec::new(),
            unknown_answers: 0,
            deadline: news_within.map(|span| now + span),
            news_within,
        }
    }

    /// Whether it may still execute.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !matches!(self.state, OrderState::Done(_))
    }

    /// Whether the exchange is known to hold it.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self.state, OrderState::Working | OrderState::Canceling)
    }

    /// When to look at it again if nothing is heard.
    #[must_use]
    pub const fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Our wish to take it back went out.
    pub fn canceling(&mut self, now: Timestamp) {
        self.state = OrderState::Canceling;
        self.deadline = self.news_within.map(|span| now + span);
    }

    /// Puts a live order in doubt (a timeout, a lost link).
    pub fn doubt(&mut self, now: Timestamp) {
        if self.is_live() {
            self.state = OrderState::InDoubt;
            self.deadline = Some(now + ASK_EVERY);
        }
    }

    /// The exchange still holds an order we thought over.
    pub const fn revive(&mut self) {
        self.working();
    }

    /// Hears an update.
    pub fn hear(&mut self, now: Timestamp, update: &OrderUpdate) -> Heard {
        let mut heard = Heard::default();
        match update {
            OrderUpdate::Accepted => match self.state {
                OrderState::Sent | OrderState::InDoubt => self.working(),
                OrderState::Done(Outcome::NeverAccepted) => {
                    heard.surprise = Some("an order believed lost was accepted");
                    self.working();
                }
                OrderState::Working | OrderState::Canceling | OrderState::Done(_) => {}
            },
            OrderUpdate::Filled {
                fill,
                total,
                complete,
            } => {
                self.book(fill, &mut heard);
                if matches!(self.state, OrderState::Sent | OrderState::InDoubt) {
                    self.working();
                }
                self.settle(now, *total, complete.then_some(Outcome::Filled), &mut heard);
            }
            OrderUpdate::Rejected(reject) => {
                if self.is_live() {
                    self.done(Outcome::Rejected(*reject));
                }
            }
            OrderUpdate::Canceled { total } => {
                self.settle(now, *total, Some(Outcome::Canceled), &mut heard);
            }
            OrderUpdate::NoAnswer => {
                if self.is_live() {
                    self.doubt(now);
                    heard.ask = true;
                }
            }
            OrderUpdate::Report(report) => {
                for fill in &report.fills {
                    self.book(fill, &mut heard);
                }
                self.hear_status(now, report.status);
            }
        }
        heard
    }

    fn book(&mut self, fill: &Fill, heard: &mut Heard) {
        if self.booked.contains(&fill.trade) {
            return;
        }
        if self.state == OrderState::Done(Outcome::NeverAccepted) {
            heard.surprise = Some("an order believed lost was filled");
            self.working();
        }
        self.booked.push(fill.trade);
        self.filled += fill.qty;
        heard.fills.push(fill.clone());
    }

    /// Ends the order once all executions the exchange counts are booked; asks for the missing ones otherwise.
    fn settle(&mut self, now: Timestamp, total: Qty, outcome: Option<Outcome>, heard: &mut Heard) {
        if !self.is_live() {
            return;
        }
        if self.filled < total {
            self.doubt(now);
            heard.ask = true;
        } else if let Some(outcome) = outcome {
            self.done(outcome);
        }
    }

    fn hear_status(&mut self, now: Timestamp, status: OrderStatus) {
        if !self.is_live() {
            return;
        }
        match status {
            OrderStatus::Unknown => {
                // An answer older than the acceptance says nothing.
                if matches!(self.state, OrderState::Sent | OrderState::InDoubt) {
                    self.unknown_answers += 1;
                    let needed = if self.request.purpose == Purpose::Entry {
                        UNKNOWN_ANSWERS
                    } else {
                        1
                    };
                    if self.unknown_answers >= needed {
                        self.done(Outcome::NeverAccepted);
                    } else {
                        self.doubt(now);
                    }
                }
            }
            OrderStatus::Working => {
                if self.state != OrderState::Canceling {
                    self.working();
                }
            }
            OrderStatus::Filled => self.done(Outcome::Filled),
            OrderStatus::Canceled => self.done(Outcome::Canceled),
            OrderStatus::Rejected(reject) => self.done(Outcome::Rejected(reject)),
        }
    }

    const fn working(&mut self) {
        self.state = OrderState::Working;
        self.deadline = None;
    }

    const fn done(&mut self, outcome: Outcome) {
        self.state = OrderState::Done(outcome);
        self.deadline = None;
    }
}

impl Orders {
    /// No orders yet. A request unanswered for `news_within` is put in doubt; `None` where every answer is certain.
    #[must_use]
    pub const fn new(news_within: Option<Span>) -> Self {
        Self {
            orders: Vec::new(),
            brackets: BTreeMap::new(),
            news_within,
        }
    }

    /// The id the next order will have.
    #[must_use]
    pub fn next_id(&self) -> OrderId {
        OrderId(self.orders.len() as u64 + 1)
    }

    /// Remembers an order that is about to be sent under [`Orders::next_id`].
    pub fn add(&mut self, request: OrderRequest, reserve: Money, now: Timestamp) {
        assert_eq!(
            request.id,
            self.next_id(),
            "invariant: ids are given in order"
        );
        self.orders
            .push(Order::new(request, reserve, now, self.news_within));
    }

    /// The order of an id, if it is ours.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(index(id)?)
    }

    /// The order of an id, to be changed.
    pub fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.orders.get_mut(index(id)?)
    }

    /// Remembers the protection an order by hand brings along.
    pub fn keep_bracket(&mut self, id: OrderId, plan: Arc<ExitPlan>) {
        self.brackets.insert(id, plan);
    }

    /// The protection an order by hand brought along.
    #[must_use]
    pub fn bracket_of(&self, id: OrderId) -> Option<Arc<ExitPlan>> {
        self.brackets.get(&id).cloned()
    }

    /// The orders of one symbol, in the order they were sent.
    pub fn of_symbol(&self, symbol: SymbolId) -> impl DoubleEndedIterator<Item = &Order> {
        self.orders
            .iter()
            .filter(move |order| order.request.symbol == symbol)
    }

    /// All orders, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }
}

fn index(id: OrderId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
