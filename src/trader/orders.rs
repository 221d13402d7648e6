//! Our orders and their states: one table of what may follow what, whatever order news arrives in.
//!
//! Not here: what the fills do to a position (`ledger`), which orders should exist (`reconcile`).
//! Invariants: a fill is reported as new exactly once (by its trade id); an order that is done never rests again,
//! except one presumed never to have arrived; that is presumed only after spaced denials, all of them heard later than
//! an answer from before the last moment at which a late request could arrive.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::event::{ExitPlan, OrderStatus, OrderUpdate};
use crate::domain::fill::{Fill, TradeId};
use crate::domain::num::{Money, Qty};
use crate::domain::order::{OrderId, OrderKind, OrderRequest, Reject};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};

/// An order in doubt is asked about this often.
const ASK_EVERY: Span = Span::from_millis(2_000);
/// A stop or market exit in doubt is asked about this often: twice before a position counts as unprotected.
const ASK_EXIT_EVERY: Span = Span::from_millis(1_000);
/// A request older than this is refused on arrival: the receive window and a margin for clocks.
const REQUEST_LIFE: Span = Span::from_millis(5_000);
/// An answer heard now may have been given this long ago, before a late request arrived.
const ANSWER_LIFE: Span = Span::from_millis(5_000);
/// An order is only believed lost after this many answers say so, [`ASK_EVERY`] apart and all of them after
/// [`REQUEST_LIFE`] and [`ANSWER_LIFE`]: "unknown" is also what an exchange says of an order it has just accepted.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What was asked for.
    pub request: OrderRequest,
    /// Where it stands.
    pub state: OrderState,
    /// Executed so far, by booked fills.
    pub filled: Qty,
    /// Margin set aside for an entry.
    pub reserve: Money,
    /// The operator wants it back: it is taken back again whenever it turns out to rest.
    pub unwanted: bool,
    booked: Vec<TradeId>,
    sent: Timestamp,
    /// The exchange said that it knows no such order, and nothing else since.
    absent: bool,
    unknown_answers: u8,
    unknown_at: Option<Timestamp>,
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
    /// Whether the first of them is the order's first.
    pub first: bool,
    /// Whether the state must be asked for now.
    pub ask: bool,
    /// Whether something fits no row of the table.
    pub surprise: Option<&'static str>,
}

/// All orders of a run, found by id in constant time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
        // A stop or market exit may be all that protects a position, so its silence is noticed sooner.
        let news_within = news_within.map(|span| {
            if protects(&request) {
                span.min(ASK_EXIT_EVERY)
            } else {
                span
            }
        });
        Self {
            request,
            state: OrderState::Sent,
            filled: Qty::ZERO,
            reserve,
            unwanted: false,
            booked: Vec::new(),
            sent: now,
            absent: false,
            unknown_answers: 0,
            unknown_at: None,
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

    /// Whether the exchange denied knowing it. An exit may then be sent anew under another id: two of them close no
    /// more than one. An entry never is.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.absent
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
            let wait = if protects(&self.request) && !self.absent {
                ASK_EXIT_EVERY
            } else {
                ASK_EVERY
            };
            self.deadline = Some(now + wait);
        }
    }

    /// Hears an update.
    pub fn hear(&mut self, now: Timestamp, update: &OrderUpdate) -> Heard {
        let mut heard = Heard::default();
        match update {
            OrderUpdate::Accepted => match self.state {
                OrderState::Sent | OrderState::InDoubt => self.working(now),
                OrderState::Done(Outcome::NeverAccepted) => {
                    heard.surprise = Some("an order believed lost was accepted");
                    self.working(now);
                }
                OrderState::Working | OrderState::Canceling | OrderState::Done(_) => {}
            },
            OrderUpdate::Filled {
                fill,
                total,
                complete,
            } => {
                self.book(now, fill, &mut heard);
                if matches!(self.state, OrderState::Sent | OrderState::InDoubt) {
                    self.working(now);
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
            OrderUpdate::NoAnswer => match self.state {
                OrderState::Sent | OrderState::Working | OrderState::Canceling => {
                    self.doubt(now);
                    heard.ask = true;
                }
                // Asked already: the next question comes at the deadline, not at the speed of the line.
                OrderState::InDoubt | OrderState::Done(_) => {}
            },
            OrderUpdate::Report(report) => {
                for fill in &report.fills {
                    self.book(now, fill, &mut heard);
                }
                self.hear_status(now, report.status, &mut heard);
            }
        }
        heard
    }

    fn book(&mut self, now: Timestamp, fill: &Fill, heard: &mut Heard) {
        if self.booked.contains(&fill.trade) {
            return;
        }
        if self.state == OrderState::Done(Outcome::NeverAccepted) {
            heard.surprise = Some("an order believed lost was filled");
            self.working(now);
        }
        heard.first |= self.booked.is_empty();
        self.booked.push(fill.trade);
        self.filled += fill.qty;
        self.absent = false;
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

    fn hear_status(&mut self, now: Timestamp, status: OrderStatus, heard: &mut Heard) {
        if !self.is_live() {
            let found = status == OrderStatus::Working;
            if found && self.state == OrderState::Done(Outcome::NeverAccepted) {
                heard.surprise = Some("an order believed lost rests");
                self.working(now);
            }
            return;
        }
        match status {
            OrderStatus::Unknown => {
                // An answer older than the acceptance says nothing.
                if matches!(self.state, OrderState::Sent | OrderState::InDoubt) {
                    self.hear_unknown(now);
                }
            }
            OrderStatus::Working => {
                if self.state != OrderState::Canceling {
                    self.working(now);
                }
            }
            OrderStatus::Filled => self.done(Outcome::Filled),
            OrderStatus::Canceled => self.done(Outcome::Canceled),
            OrderStatus::Rejected(reject) => self.done(Outcome::Rejected(reject)),
        }
    }

    /// The exchange says that it has no such order; only time and repetition prove it.
    fn hear_unknown(&mut self, now: Timestamp) {
        self.absent = true;
        let spaced = self.unknown_at.is_none_or(|last| last + ASK_EVERY <= now);
        if self.sent + REQUEST_LIFE + ANSWER_LIFE <= now && spaced {
            self.unknown_answers += 1;
            self.unknown_at = Some(now);
        }
        if self.unknown_answers >= UNKNOWN_ANSWERS {
            self.done(Outcome::NeverAccepted);
        } else {
            self.doubt(now);
        }
    }

    fn working(&mut self, now: Timestamp) {
        self.state = OrderState::Working;
        // What executes at once ends soon; silence means that its end was lost.
        let ends_soon = self.request.kind == OrderKind::Market;
        self.deadline = self
            .news_within
            .filter(|_| ends_soon)
            .map(|span| now + span);
        self.absent = false;
        self.unknown_answers = 0;
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

    /// Whether every answer is certain: the exchange then ends by itself whatever closes nothing any more.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        self.news_within.is_none()
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
}

const fn protects(request: &OrderRequest) -> bool {
    request.reduce_only && matches!(request.kind, OrderKind::Market | OrderKind::Stop { .. })
}

fn index(id: OrderId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
