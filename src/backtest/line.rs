//! One record of the event log as bytes.
//!
//! Not here: which records there are and their hash (`log`). Invariant: an event, note or command and the borrowed form
//! of the same are the same bytes: there is one writer of each record.

pub(super) mod names;

use std::collections::HashMap;

use crate::domain::event::{
    AccountUpdate, Command, Confluence, Event, FloorBasis, Gate, Ignored, Link, ManualOrder, Note,
    Operator, OrderStatus, OrderUpdate, Quote, Snapshot,
};
use crate::domain::fill::{Fill, Liquidity, Reason};
use crate::domain::num::{Money, Notional, Qty, Rate};
use crate::domain::order::{
    Amount, HaltCause, OrderId, OrderKind, OrderRequest, Purpose, Reject, Side, Watched,
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

/// Writes one record: a tag, the time since the last one and its small numbers in four bytes each (in eight, if one of
/// them needs more, which the tag says), then its large numbers in eight bytes each, then texts and lists preceded by
/// their length. So no two different logs have the same bytes. Numbers are not written shorter: finding out how short
/// they could be takes longer than hashing them.
#[derive(Debug)]
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    at: Timestamp,
    since: u64,
    heard: &'a Heard,
}

/// Bytes of the largest record, texts and lists apart.
const ROOM: usize = 160;
/// Set in the tag of a record whose small numbers take eight bytes.
pub(super) const LONG: u8 = 0x80;

/// Records, by what they tell.
pub(super) mod tag {
    pub(in crate::backtest) const SIGNAL: u8 = 1;
    pub(in crate::backtest) const ACCEPTED: u8 = 2;
    pub(in crate::backtest) const FILLED: u8 = 3;
    pub(in crate::backtest) const REJECTED: u8 = 4;
    pub(in crate::backtest) const CANCELED: u8 = 5;
    pub(in crate::backtest) const NO_ANSWER: u8 = 6;
    pub(in crate::backtest) const REPORT: u8 = 7;
    pub(in crate::backtest) const REPORTED_FILL: u8 = 8;
    pub(in crate::backtest) const OPENED: u8 = 9;
    pub(in crate::backtest) const DAY: u8 = 10;
    pub(in crate::backtest) const FUNDING: u8 = 11;
    pub(in crate::backtest) const CLOSED: u8 = 12;
    pub(in crate::backtest) const FLOOR_REACHED: u8 = 13;
    pub(in crate::backtest) const SNAPSHOT: u8 = 14;
    pub(in crate::backtest) const LINK: u8 = 15;
    pub(in crate::backtest) const WAKE: u8 = 16;
    pub(in crate::backtest) const OPERATOR: u8 = 17;
    pub(in crate::backtest) const MANUAL: u8 = 18;
    pub(in crate::backtest) const CONFLUENCE: u8 = 21;
    pub(in crate::backtest) const IGNORED: u8 = 22;
    pub(in crate::backtest) const LOW_SCORE: u8 = 23;
    pub(in crate::backtest) const REFUSED: u8 = 24;
    pub(in crate::backtest) const HALTED: u8 = 25;
    pub(in crate::backtest) const RESUMED: u8 = 26;
    pub(in crate::backtest) const TARGETS_DROPPED: u8 = 27;
    pub(in crate::backtest) const UNPROTECTED: u8 = 28;
    pub(in crate::backtest) const SURPRISE: u8 = 29;
    pub(in crate::backtest) const SUBMIT: u8 = 31;
    pub(in crate::backtest) const CANCEL: u8 = 32;
    pub(in crate::backtest) const QUERY: u8 = 33;
    pub(in crate::backtest) const RESYNC: u8 = 34;
    pub(in crate::backtest) const HALT: u8 = 35;
    pub(in crate::backtest) const RELEASE: u8 = 36;
    pub(in crate::backtest) const WATCH: u8 = 37;
}
use tag::{
    ACCEPTED, CANCEL, CANCELED, CLOSED, CONFLUENCE, DAY, FILLED, FLOOR_REACHED, FUNDING, HALT,
    HALTED, IGNORED, LINK, LOW_SCORE, MANUAL, NO_ANSWER, OPENED, OPERATOR, QUERY, REFUSED,
    REJECTED, RELEASE, REPORT, REPORTED_FILL, RESUMED, RESYNC, SIGNAL, SNAPSHOT, SUBMIT, SURPRISE,
    TARGETS_DROPPED, UNPROTECTED, WAKE, WATCH,
};

impl<'a> Line<'a> {
    /// Begins a record of an instant, after one of an instant before.
    pub fn new(out: &'a mut Vec<u8>, (last, at): (Timestamp, Timestamp), heard: &'a Heard) -> Self {
        let since = (at - last).millis().cast_unsigned();
        Self {
            out,
            at,
            since,
            heard,
        }
    }

    /// Tag, time, numbers. Written where they are to stay: put together elsewhere and copied they take twice as long.
    #[inline]
    fn record<const SMALL: usize, const LARGE: usize>(
        &mut self,
        tag: u8,
        small: [u64; SMALL],
        large: [i64; LARGE],
    ) {
        let since = self.since;
        let all = small.iter().fold(since, |all, number| all | number);
        if u32::try_from(all).is_ok() {
            let bytes = self.room(tag, 5 + SMALL * 4 + LARGE * 8);
            let (first, rest) = bytes.split_at_mut(4 + SMALL * 4);
            let numbers = std::iter::once(since).chain(small);
            for (place, number) in first.chunks_exact_mut(4).zip(numbers) {
                place.copy_from_slice(&number.to_le_bytes()[..4]);
            }
            put_large(rest, large);
        } else {
            let bytes = self.room(tag | LONG, 9 + SMALL * 8 + LARGE * 8);
            let (first, rest) = bytes.split_at_mut(8 + SMALL * 8);
            let numbers = std::iter::once(since).chain(small);
            for (place, number) in first.chunks_exact_mut(8).zip(numbers) {
                place.copy_from_slice(&number.to_le_bytes());
            }
            put_large(rest, large);
        }
    }

    /// So many bytes at the end of the log, a tag the first; the rest of them.
    #[inline]
    fn room(&mut self, tag: u8, bytes: usize) -> &mut [u8] {
        let from = self.out.len();
        self.out.extend_from_slice(&[0; ROOM][..bytes]);
        self.out[from] = tag;
        &mut self.out[from + 1..]
    }

    fn number(&mut self, number: i64) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A signal heard before by its number, one more; 0 for one that was not: its id follows the record.
    fn signal_number(&self, id: &str) -> u64 {
        self.heard.get(id).map_or(0, |number| number + 1)
    }

    fn unheard(&mut self, number: u64, id: &str) {
        if number == 0 {
            self.text(id);
        }
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Signal { signal, quote } => self.signal(signal, quote),
            Event::Order { id, update } => self.update(*id, update),
            Event::Account(update) => self.account(update),
            Event::Snapshot(snapshot) => self.snapshot(snapshot),
            Event::Link(link) => self.record(LINK, [u64::from(*link == Link::Up)], []),
            Event::Wake => self.record(WAKE, [], []),
            Event::Operator(operator) => self.operator(operator),
        }
    }

    fn signal(&mut self, signal: &Signal, quote: &Quote) {
        let [equity, equity_top] = halves(quote.equity);
        self.record(
            SIGNAL,
            [
                u64::from(signal.kind.0),
                symbol_number(signal.symbol),
                u64::from(quote.trading),
            ],
            [
                signal.event_time.millis(),
                signal.received_time.millis(),
                quote.mark.map_or(0, |mark| mark.steps()),
                quote.wallet.steps(),
                equity,
                equity_top,
                quote.available.steps(),
            ],
        );
        self.text(&signal.id);
    }

    fn update(&mut self, id: OrderId, update: &OrderUpdate) {
        match update {
            OrderUpdate::Accepted => self.record(ACCEPTED, [id.0], []),
            OrderUpdate::Filled {
                fill,
                total,
                complete,
            } => self.filled(id, fill, *total, *complete),
            OrderUpdate::Rejected(reject) => {
                self.record(REJECTED, [id.0], [reject_detail(*reject)]);
                self.text(reject.name());
            }
            OrderUpdate::Canceled { total } => self.canceled(id, *total),
            OrderUpdate::NoAnswer => self.record(NO_ANSWER, [id.0], []),
            OrderUpdate::Report(report) => {
                let (status, reject) = match report.status {
                    OrderStatus::Unknown => (1, None),
                    OrderStatus::Working => (2, None),
                    OrderStatus::Filled => (3, None),
                    OrderStatus::Canceled => (4, None),
                    OrderStatus::Rejected(reject) => (5, Some(reject)),
                };
                let detail = reject.map_or(0, reject_detail);
                self.record(REPORT, [id.0, status, report.fills.len() as u64], [detail]);
                if let Some(reject) = reject {
                    self.text(reject.name());
                }
                for fill in &report.fills {
                    self.fill(REPORTED_FILL, (id.0, 0), fill, fill.qty);
                }
            }
        }
    }

    /// Writes [`OrderUpdate::Filled`].
    pub fn filled(&mut self, id: OrderId, fill: &Fill, total: Qty, complete: bool) {
        self.fill(FILLED, (id.0, u64::from(complete)), fill, total);
    }

    /// Writes [`AccountUpdate::Closed`].
    pub fn closed(&mut self, symbol: SymbolId, cause: Reason, fill: &Fill) {
        let more = reason(cause);
        self.fill(CLOSED, (symbol_number(symbol), more), fill, fill.qty);
    }

    /// An execution, of whom or what, and how much was executed with it; `more` is what else is to be said of it.
    fn fill(&mut self, tag: u8, (of, more): (u64, u64), fill: &Fill, total: Qty) {
        let liquidity = match fill.liquidity {
            Liquidity::Taker => 1,
            Liquidity::Maker => 2,
            Liquidity::Liquidation => 3,
        };
        let marks = liquidity | u64::from(fill.side == Side::Sell) << 8 | more << 16;
        let before = (self.at - fill.time).millis().cast_unsigned();
        self.record(
            tag,
            [of, fill.trade.0, before, marks],
            [
                fill.qty.steps(),
                fill.price.steps(),
                fill.fee.steps(),
                fill.realized.steps(),
                fill.insurance.steps(),
                fill.slippage.steps(),
                total.steps(),
            ],
        );
    }

    /// Writes [`OrderUpdate::Canceled`].
    pub fn canceled(&mut self, id: OrderId, total: Qty) {
        self.record(CANCELED, [id.0], [total.steps()]);
    }

    fn account(&mut self, update: &AccountUpdate) {
        match update {
            AccountUpdate::Opened { balance } => self.record(OPENED, [], [balance.steps()]),
            AccountUpdate::DayStarted { equity, wallet } => self.day(*equity, *wallet),
            AccountUpdate::Funding { symbol, amount } => {
                self.record(FUNDING, [symbol_number(*symbol)], [amount.steps()]);
            }
            AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            } => self.closed(*symbol, *cause, fill),
            AccountUpdate::FloorReached { value } => {
                self.record(FLOOR_REACHED, [], halves(*value));
            }
        }
    }

    /// Writes [`AccountUpdate::DayStarted`].
    pub fn day(&mut self, equity: Notional, wallet: Money) {
        let [low, top] = halves(equity);
        self.record(DAY, [], [wallet.steps(), low, top]);
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let counts = [
            snapshot.positions.len() as u64,
            snapshot.working.len() as u64,
        ];
        self.record(SNAPSHOT, counts, []);
        for held in &snapshot.positions {
            self.number(held.symbol.index() as i64);
            self.number(held.direction.sign());
            self.number(held.qty.steps());
        }
        for id in &snapshot.working {
            self.number(id.0.cast_signed());
        }
    }

    fn operator(&mut self, operator: &Operator) {
        match operator {
            Operator::Halt => self.record(OPERATOR, [1, 0], []),
            Operator::Resume => self.record(OPERATOR, [2, 0], []),
            Operator::Close(symbol) => self.record(OPERATOR, [3, symbol_number(*symbol)], []),
            Operator::CancelAll(symbol) => {
                self.record(OPERATOR, [4, symbol_number(*symbol)], []);
            }
            Operator::Order(order) => self.manual(order),
        }
    }

    fn manual(&mut self, order: &ManualOrder) {
        let Kind { marks, numbers } = kind(order.kind);
        let marks = marks
            | u64::from(order.side == Side::Sell) << 16
            | u64::from(order.reduce_only) << 17
            | u64::from(order.bracket.is_some()) << 18
            | u64::from(order.reference.is_some()) << 19;
        let qty = order.qty.map_or(-1, Qty::steps);
        self.record(
            MANUAL,
            [symbol_number(order.symbol), marks],
            [numbers[0], numbers[1], qty],
        );
        if let Some(reference) = &order.reference {
            self.text(reference);
        }
    }

    /// Writes a note.
    pub fn note(&mut self, note: &Note) {
        match note {
            Note::Confluence(pair) => {
                let found = self.found(pair);
                self.confluence(&found);
                self.unheard(found.alpha.wrapping_add(1), &pair.alpha);
                self.unheard(found.fomo.wrapping_add(1), &pair.fomo);
            }
            Note::Ignored { id, reason } => {
                let number = self.signal_number(id);
                self.ignored(number.wrapping_sub(1), *reason);
                self.unheard(number, id);
            }
            Note::LowScore { id, pair } => {
                let (number, found) = (self.signal_number(id), self.found(pair));
                self.low_score(number.wrapping_sub(1), &found);
                self.unheard(number, id);
                self.unheard(found.alpha.wrapping_add(1), &pair.alpha);
                self.unheard(found.fomo.wrapping_add(1), &pair.fomo);
            }
            // What had asked is the confluence just before.
            Note::Refused { symbol, gate, .. } => self.refused(*symbol, *gate),
            Note::Halted(cause) => self.cause(HALTED, *cause),
            Note::Resumed => self.record(RESUMED, [], []),
            Note::TargetsDropped { symbol, levels } => {
                let levels = u64::from(*levels);
                self.record(TARGETS_DROPPED, [symbol_number(*symbol), levels], []);
            }
            Note::Unprotected { symbol } => {
                self.record(UNPROTECTED, [symbol_number(*symbol)], []);
            }
            Note::Surprise { order, what } => {
                self.record(SURPRISE, [order.map_or(0, |id| id.0)], []);
                self.text(what);
            }
        }
    }

    /// A pair with its signals by number; a signal never heard before the first, which no number is.
    fn found(&self, pair: &Confluence) -> Pair {
        Pair {
            symbol: pair.symbol,
            alpha: self.signal_number(&pair.alpha).wrapping_sub(1),
            fomo: self.signal_number(&pair.fomo).wrapping_sub(1),
            gap: pair.gap,
            score: pair.score.total,
        }
    }

    /// Writes [`Note::Confluence`].
    pub fn confluence(&mut self, pair: &Pair) {
        self.record(CONFLUENCE, pair_numbers(pair), []);
    }

    /// Writes [`Note::Ignored`].
    pub fn ignored(&mut self, signal: u64, reason: Ignored) {
        self.record(IGNORED, [signal.wrapping_add(1)], []);
        self.text(reason.name());
    }

    /// Writes [`Note::LowScore`].
    pub fn low_score(&mut self, newcomer: u64, pair: &Pair) {
        let [symbol, alpha, fomo, gap, score] = pair_numbers(pair);
        let newcomer = newcomer.wrapping_add(1);
        self.record(LOW_SCORE, [newcomer, symbol, alpha, fomo, gap, score], []);
    }

    /// Writes [`Note::Refused`].
    pub fn refused(&mut self, symbol: SymbolId, gate: Gate) {
        let gate = u64::from(gate.number());
        self.record(REFUSED, [symbol_number(symbol) | gate << 16], []);
    }

    /// Writes [`Command::Submit`].
    pub fn submit(&mut self, request: &OrderRequest) {
        let Kind { marks, numbers } = kind(request.kind);
        let (amount, size) = match request.amount {
            Amount::Exact(qty) => (1, qty.steps()),
            Amount::Share(share) => (2, share.steps()),
            Amount::All => (3, 0),
        };
        // What asked for an entry is the confluence just before.
        let reference = request.reference.as_deref();
        let reference = reference.filter(|_| request.purpose != Purpose::Entry);
        let marks = marks
            | u64::from(request.side == Side::Sell) << 16
            | u64::from(request.reduce_only) << 17
            | u64::from(reference.is_some()) << 18
            | amount << 20;
        let (symbol, why) = (symbol_number(request.symbol), purpose(request.purpose));
        self.record(
            SUBMIT,
            [request.id.0, symbol | why << 16, marks],
            [numbers[0], numbers[1], size],
        );
        if let Some(reference) = reference {
            self.text(reference);
        }
    }

    fn cause(&mut self, tag: u8, cause: HaltCause) {
        self.record(tag, [], []);
        self.text(cause.name());
    }

    /// Writes a command.
    pub fn command(&mut self, command: &Command) {
        match command {
            Command::Submit(approved) => self.submit(approved.request()),
            Command::Cancel(id) => self.record(CANCEL, [id.0], []),
            Command::Query(id) => self.record(QUERY, [id.0], []),
            Command::Resync => self.record(RESYNC, [], []),
            Command::Halt(cause) => self.cause(HALT, *cause),
            Command::Release => self.record(RELEASE, [], []),
            Command::Watch(floor) => {
                let basis =
                    floor.map_or(0, |floor| 1 + u64::from(floor.basis == FloorBasis::Wallet));
                let level = floor.map_or(Notional::ZERO, |floor| floor.level);
                self.record(WATCH, [basis], halves(level));
            }
        }
    }
}

#[inline]
fn put_large<const LARGE: usize>(bytes: &mut [u8], large: [i64; LARGE]) {
    for (place, number) in bytes.chunks_exact_mut(8).zip(large) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// How an order executes: below 16 bits what and on which price, then its levels.
struct Kind {
    marks: u64,
    numbers: [i64; 2],
}

fn kind(kind: OrderKind) -> Kind {
    let on = |watched| u64::from(watched == Watched::Mark) << 8;
    let (marks, numbers) = match kind {
        OrderKind::Market => (1, [0, 0]),
        OrderKind::Limit { price, post_only } => {
            (2 | u64::from(post_only) << 8, [price.steps(), 0])
        }
        OrderKind::Stop { trigger, watched } => (3 | on(watched), [trigger.steps(), 0]),
        OrderKind::TakeProfit { trigger, watched } => (4 | on(watched), [trigger.steps(), 0]),
        OrderKind::Trail {
            activation,
            callback,
            watched,
        } => (5 | on(watched), [activation.steps(), callback.steps()]),
    };
    Kind { marks, numbers }
}

/// Below 16 bits.
fn purpose(purpose: Purpose) -> u64 {
    match purpose {
        Purpose::Entry => 1,
        Purpose::Manual => 2,
        Purpose::StopLoss => 3,
        Purpose::BreakEven => 4,
        Purpose::Trailing => 5,
        Purpose::TakeProfit(index) => 6 | u64::from(index) << 8,
        Purpose::TimeStop => 7,
        Purpose::RiskSignal => 8,
        Purpose::HaltFlatten => 9,
        Purpose::Unprotected => 10,
    }
}

/// Why a position was closed; below 16 bits.
fn reason(reason: Reason) -> u64 {
    match reason {
        Reason::Order(why) => 16 + purpose(why),
        Reason::Liquidation => 2,
        Reason::Delisted => 3,
        Reason::EndOfData => 4,
    }
}

fn reject_detail(reject: Reject) -> i64 {
    match reject {
        Reject::Throttled { until } => until.millis(),
        Reject::Other(code) => i64::from(code),
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
        | Reject::Halted(_) => 0,
    }
}

/// Below 16 bits.
const fn symbol_number(symbol: SymbolId) -> u64 {
    symbol.index() as u64
}

const fn pair_numbers(pair: &Pair) -> [u64; 5] {
    [
        symbol_number(pair.symbol),
        pair.alpha.wrapping_add(1),
        pair.fomo.wrapping_add(1),
        pair.gap.millis().cast_unsigned(),
        pair.score.steps().cast_unsigned(),
    ]
}

/// The low and the high half of a wide amount.
#[allow(
    clippy::cast_possible_truncation,
    reason = "each half is what is wanted"
)]
const fn halves(value: Notional) -> [i64; 2] {
    [value.raw() as i64, (value.raw() >> 64) as i64]
}
