//! One record of the event log as bytes.
//!
//! Not here: which records there are and their hash (`log`). Invariant: an event, note or command and the borrowed form
//! of the same are the same bytes: there is one writer of each field.

use std::collections::HashMap;

use crate::domain::event::{
    AccountUpdate, Command, Confluence, Event, FloorBasis, Gate, Ignored, Link, ManualOrder, Note,
    Operator, OrderStatus, OrderUpdate, Quote, Snapshot,
};
use crate::domain::fill::{Fill, Liquidity, Reason};
use crate::domain::num::{Money, Notional, Qty, Rate};
use crate::domain::order::{
    Amount, HaltCause, OrderKind, OrderRequest, Purpose, Reject, Side, Watched,
};
use crate::domain::signal::{Signal, SignalId};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};

/// Signals by id: how many were heard before each, when it was heard first.
// Only asked for an id, never walked: its order cannot leak.
pub type Heard = HashMap<SignalId, u64>;

/// What the log says of a confluence. The log names signals by how many were heard before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The contract.
    pub symbol: SymbolId,
    /// The Alpha.
    pub alpha: u64,
    /// The FOMO.
    pub fomo: u64,
    /// Distance of their event times.
    pub gap: Span,
    /// The rounded score.
    pub score: Rate,
}

/// Writes one record: the time since the last one, a tag, then its fields, each of known width, self-delimiting or
/// preceded by its length, so that no two different logs have the same bytes.
#[derive(Debug)]
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    at: Timestamp,
    heard: &'a Heard,
}

impl<'a> Line<'a> {
    /// Begins a record of an instant, after one of an instant before.
    pub fn new(out: &'a mut Vec<u8>, (last, at): (Timestamp, Timestamp), heard: &'a Heard) -> Self {
        let mut line = Self { out, at, heard };
        line.span(at - last);
        line
    }

    fn tag(&mut self, tag: u8) {
        self.out.push(tag);
    }

    /// Eight bytes: quicker to write and to hash than to find out how few would do.
    fn number(&mut self, number: i64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// An amount that is nothing most of the time.
    fn amount(&mut self, amount: Money) {
        self.flag(!amount.is_zero());
        if !amount.is_zero() {
            self.number(amount.steps());
        }
    }

    /// Four bytes, and eight more behind the largest of them for what does not fit.
    fn count(&mut self, number: u64) {
        let short = u32::try_from(number).unwrap_or(u32::MAX);
        self.out.extend_from_slice(&short.to_le_bytes());
        if short == u32::MAX {
            self.out.extend_from_slice(&number.to_le_bytes());
        }
    }

    /// A length of time, as [`Line::count`]; one below zero takes twelve bytes.
    fn span(&mut self, span: Span) {
        self.count(span.millis().cast_unsigned());
    }

    fn wide(&mut self, value: Notional) {
        self.out.extend_from_slice(&value.raw().to_le_bytes());
    }

    /// A signal heard before; one that was not is written out.
    fn signal_id(&mut self, id: &str) {
        match self.heard.get(id) {
            Some(number) => self.count(number + 1),
            None => {
                self.count(0);
                self.text(id);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.tag(0),
            Some(text) => {
                self.tag(1);
                self.text(text);
            }
        }
    }

    fn side(&mut self, side: Side) {
        self.flag(side == Side::Sell);
    }

    fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Signal { signal, quote } => {
                self.tag(1);
                self.signal(signal);
                self.quote(quote);
            }
            Event::Order { id, update } => {
                self.tag(2);
                self.count(id.0);
                self.update(update);
            }
            Event::Account(update) => {
                self.tag(3);
                self.account(update);
            }
            Event::Snapshot(snapshot) => {
                self.tag(4);
                self.snapshot(snapshot);
            }
            Event::Link(link) => {
                self.tag(5);
                self.flag(*link == Link::Up);
            }
            Event::Wake => self.tag(6),
            Event::Operator(operator) => {
                self.tag(7);
                self.operator(operator);
            }
        }
    }

    fn signal(&mut self, signal: &Signal) {
        self.text(&signal.id);
        self.count(u64::from(signal.kind.0));
        self.count(signal.symbol.index() as u64);
        self.number(signal.event_time.millis());
        self.number(signal.received_time.millis());
    }

    fn quote(&mut self, quote: &Quote) {
        self.number(quote.mark.map_or(0, |mark| mark.steps()));
        self.flag(quote.trading);
        self.number(quote.wallet.steps());
        self.wide(quote.equity);
        self.number(quote.available.steps());
    }

    fn update(&mut self, update: &OrderUpdate) {
        match update {
            OrderUpdate::Accepted => self.tag(1),
            OrderUpdate::Filled {
                fill,
                total,
                complete,
            } => {
                self.tag(2);
                self.fill(fill);
                self.qty(*total);
                self.flag(*complete);
            }
            OrderUpdate::Rejected(reject) => {
                self.tag(3);
                self.reject(*reject);
            }
            OrderUpdate::Canceled { total } => {
                self.tag(4);
                self.qty(*total);
            }
            OrderUpdate::NoAnswer => self.tag(5),
            OrderUpdate::Report(report) => {
                self.tag(6);
                match report.status {
                    OrderStatus::Unknown => self.tag(1),
                    OrderStatus::Working => self.tag(2),
                    OrderStatus::Filled => self.tag(3),
                    OrderStatus::Canceled => self.tag(4),
                    OrderStatus::Rejected(reject) => {
                        self.tag(5);
                        self.reject(reject);
                    }
                }
                self.count(report.fills.len() as u64);
                report.fills.iter().for_each(|fill| self.fill(fill));
            }
        }
    }

    fn qty(&mut self, qty: Qty) {
        self.number(qty.steps());
    }

    fn fill(&mut self, fill: &Fill) {
        self.count(fill.trade.0);
        self.span(self.at - fill.time);
        self.side(fill.side);
        self.qty(fill.qty);
        self.number(fill.price.steps());
        self.number(fill.fee.steps());
        self.tag(match fill.liquidity {
            Liquidity::Taker => 1,
            Liquidity::Maker => 2,
            Liquidity::Liquidation => 3,
        });
        self.amount(fill.realized);
        self.amount(fill.insurance);
        self.number(fill.slippage.steps());
    }

    fn reject(&mut self, reject: Reject) {
        self.text(reject.name());
        match reject {
            Reject::Throttled { until } => self.number(until.millis()),
            Reject::Other(code) => self.number(i64::from(code)),
            Reject::WouldTriggerNow
            | Reject::NothingToReduce
            | Reject::InsufficientMargin
            | Reject::BelowQtyMin
            | Reject::BelowNotionalMin
            | Reject::OffGrid
            | Reject::PostOnly
            | Reject::NotTrading
            | Reject::StaleData
            | Reject::EndOfData
            | Reject::Halted(_) => {}
        }
    }

    fn account(&mut self, update: &AccountUpdate) {
        match update {
            AccountUpdate::Opened { balance } => {
                self.tag(1);
                self.number(balance.steps());
            }
            AccountUpdate::DayStarted { equity, wallet } => {
                self.tag(2);
                self.wide(*equity);
                self.number(wallet.steps());
            }
            AccountUpdate::Funding { symbol, amount } => {
                self.tag(3);
                self.count(symbol.index() as u64);
                self.number(amount.steps());
            }
            AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            } => {
                self.tag(4);
                self.count(symbol.index() as u64);
                self.reason(*cause);
                self.fill(fill);
            }
            AccountUpdate::FloorReached { value } => {
                self.tag(5);
                self.wide(*value);
            }
        }
    }

    fn reason(&mut self, reason: Reason) {
        match reason {
            Reason::Order(purpose) => {
                self.tag(1);
                self.purpose(purpose);
            }
            Reason::Liquidation => self.tag(2),
            Reason::Delisted => self.tag(3),
            Reason::EndOfData => self.tag(4),
        }
    }

    fn purpose(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Entry => self.tag(1),
            Purpose::Manual => self.tag(2),
            Purpose::StopLoss => self.tag(3),
            Purpose::BreakEven => self.tag(4),
            Purpose::Trailing => self.tag(5),
            Purpose::TakeProfit(index) => {
                self.tag(6);
                self.tag(index);
            }
            Purpose::TimeStop => self.tag(7),
            Purpose::RiskSignal => self.tag(8),
            Purpose::HaltFlatten => self.tag(9),
            Purpose::Unprotected => self.tag(10),
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        self.count(snapshot.positions.len() as u64);
        for held in &snapshot.positions {
            self.count(held.symbol.index() as u64);
            self.number(held.direction.sign());
            self.qty(held.qty);
        }
        self.count(snapshot.working.len() as u64);
        snapshot.working.iter().for_each(|id| self.count(id.0));
    }

    fn operator(&mut self, operator: &Operator) {
        match operator {
            Operator::Halt => self.tag(1),
            Operator::Resume => self.tag(2),
            Operator::Close(symbol) => {
                self.tag(3);
                self.count(symbol.index() as u64);
            }
            Operator::CancelAll(symbol) => {
                self.tag(4);
                self.count(symbol.index() as u64);
            }
            Operator::Order(order) => {
                self.tag(5);
                self.manual(order);
            }
        }
    }

    fn manual(&mut self, order: &ManualOrder) {
        self.count(order.symbol.index() as u64);
        self.number(order.side.sign());
        self.kind(order.kind);
        self.number(order.qty.map_or(-1, Qty::steps));
        self.flag(order.reduce_only);
        self.flag(order.bracket.is_some());
        self.optional(order.reference.as_deref());
    }

    fn kind(&mut self, kind: OrderKind) {
        let watched = |watched| u8::from(watched == Watched::Mark);
        match kind {
            OrderKind::Market => self.tag(1),
            OrderKind::Limit { price, post_only } => {
                self.tag(2);
                self.number(price.steps());
                self.flag(post_only);
            }
            OrderKind::Stop {
                trigger,
                watched: price,
            } => {
                self.tag(3);
                self.number(trigger.steps());
                self.tag(watched(price));
            }
            OrderKind::TakeProfit {
                trigger,
                watched: price,
            } => {
                self.tag(4);
                self.number(trigger.steps());
                self.tag(watched(price));
            }
            OrderKind::Trail {
                activation,
                callback,
                watched: price,
            } => {
                self.tag(5);
                self.number(activation.steps());
                self.number(callback.steps());
                self.tag(watched(price));
            }
        }
    }

    /// Writes a note.
    pub fn note(&mut self, note: &Note) {
        match note {
            Note::Confluence(pair) => {
                self.tag(11);
                self.found(pair);
            }
            Note::Ignored { id, reason } => {
                self.tag(12);
                self.signal_id(id);
                self.text(reason.name());
            }
            Note::LowScore { id, pair } => {
                self.tag(13);
                self.signal_id(id);
                self.found(pair);
            }
            // What had asked is the confluence just before.
            Note::Refused { symbol, gate, .. } => self.refused(*symbol, *gate),
            Note::Halted(cause) => {
                self.tag(15);
                self.cause(*cause);
            }
            Note::Resumed => self.tag(16),
            Note::TargetsDropped { symbol, levels } => {
                self.tag(17);
                self.count(symbol.index() as u64);
                self.tag(*levels);
            }
            Note::Unprotected { symbol } => {
                self.tag(18);
                self.count(symbol.index() as u64);
            }
            Note::Surprise { order, what } => {
                self.tag(19);
                self.count(order.map_or(0, |id| id.0));
                self.text(what);
            }
        }
    }

    /// Writes [`Note::Confluence`].
    pub fn confluence(&mut self, pair: &Pair) {
        self.tag(11);
        self.pair(pair);
    }

    /// Writes [`Note::Ignored`].
    pub fn ignored(&mut self, signal: u64, reason: Ignored) {
        self.tag(12);
        self.count(signal + 1);
        self.text(reason.name());
    }

    /// Writes [`Note::LowScore`].
    pub fn low_score(&mut self, newcomer: u64, pair: &Pair) {
        self.tag(13);
        self.count(newcomer + 1);
        self.pair(pair);
    }

    /// Writes [`Note::Refused`].
    pub fn refused(&mut self, symbol: SymbolId, gate: Gate) {
        self.tag(14);
        self.count(symbol.index() as u64);
        self.tag(gate.number());
    }

    /// Writes [`Command::Submit`].
    pub fn submit(&mut self, request: &OrderRequest) {
        self.tag(21);
        self.count(request.id.0);
        self.count(request.symbol.index() as u64);
        self.side(request.side);
        self.kind(request.kind);
        match request.amount {
            Amount::Exact(qty) => {
                self.tag(1);
                self.qty(qty);
            }
            Amount::Share(share) => {
                self.tag(2);
                self.number(share.steps());
            }
            Amount::All => self.tag(3),
        }
        self.flag(request.reduce_only);
        self.purpose(request.purpose);
        // What asked for an entry is the confluence just before.
        if request.purpose != Purpose::Entry {
            self.optional(request.reference.as_deref());
        }
    }

    fn found(&mut self, pair: &Confluence) {
        self.count(pair.symbol.index() as u64);
        self.signal_id(&pair.alpha);
        self.signal_id(&pair.fomo);
        self.span(pair.gap);
        self.count(pair.score.total.steps().cast_unsigned());
    }

    fn pair(&mut self, pair: &Pair) {
        self.count(pair.symbol.index() as u64);
        self.count(pair.alpha + 1);
        self.count(pair.fomo + 1);
        self.span(pair.gap);
        self.count(pair.score.steps().cast_unsigned());
    }

    fn cause(&mut self, cause: HaltCause) {
        self.text(cause.name());
    }

    /// Writes a command.
    pub fn command(&mut self, command: &Command) {
        match command {
            Command::Submit(approved) => {
                self.submit(approved.request());
            }
            Command::Cancel(id) => {
                self.tag(22);
                self.count(id.0);
            }
            Command::Query(id) => {
                self.tag(23);
                self.count(id.0);
            }
            Command::Resync => self.tag(24),
            Command::Halt(cause) => {
                self.tag(25);
                self.cause(*cause);
            }
            Command::Release => self.tag(26),
            Command::Watch(floor) => {
                self.tag(27);
                if let Some(floor) = floor {
                    self.flag(floor.basis == FloorBasis::Wallet);
                    self.wide(floor.level);
                }
            }
        }
    }
}
