//! The exchange in trade mode: every trade, quote and mark is looked at, one after the other, and fills what it touches
//! (F4: trades are jumps, never interpolated). Paper trading runs on it with live prices, a backtest on recorded ones.
//!
//! Not here: when a resting order fills (`fills`), the account's arithmetic (`account`), where events come from
//! (`Source` and who implements it), clocks.
//! Invariants: events are heard in time order; state is a function of the events heard and the commands answered.

mod orders;
mod prices;
pub mod session;
pub mod state;
pub mod tape;

use std::collections::VecDeque;

use crate::domain::event::{
    AccountUpdate, Event, Floor, FloorBasis, HeldPosition, Quote, Snapshot, Stamped,
};
use crate::domain::fill::{LedgerEntry, Reason, Trade};
use crate::domain::instrument::Instrument;
use crate::domain::market::NextFunding;
use crate::domain::num::{Money, Notional, Price};
use crate::domain::order::HaltCause;
use crate::domain::position::{MarginMode, Position};
use crate::domain::signal::Signal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::account::{Account, Where};
use crate::exchange::book::{Book, Flight};
use crate::exchange::fills::{Hit, forced};
use crate::exchange::history::{AccountStep, Counters, OutOfRange, Outcome, is_beyond};
use crate::exchange::model::{EndOfData, Model};

/// How far a price may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Trust {
    /// Oldest mark that an entry may be sized with; `None` where the tape is all there is.
    pub mark_age_max: Option<Span>,
}

/// The exchange: account, orders and the last prices of every contract.
#[derive(Clone, Debug)]
pub struct Venue {
    model: Model,
    trust: Trust,
    instruments: Vec<Instrument>,
    account: Account,
    desks: Vec<Desk>,
    /// Market and limit orders on their way, in submission order.
    flight: Vec<Flight>,
    /// Those that arrived and wait for a price.
    waiting: Vec<Flight>,
    outbox: VecDeque<Stamped>,
    now: Timestamp,
    start: Timestamp,
    midnight: Timestamp,
    floor: Option<Floor>,
    halted: Option<HaltCause>,
    counters: Counters,
    steps: Vec<AccountStep>,
    rollovers: Vec<(Timestamp, Notional)>,
    beyond: Option<OutOfRange>,
    rank: u8,
}

/// One contract at the exchange.
#[derive(Clone, Debug, Default)]
struct Desk {
    book: Book,
    /// Price of the last trade.
    contract: Option<Price>,
    /// The last mark and its stamp.
    mark: Option<(Price, Timestamp)>,
    /// Stamp of the last quote: while quotes are heard, market orders wait for one.
    quoted: Option<Timestamp>,
    /// The next settlement, as the last mark told it.
    funding: Option<NextFunding>,
    delisted: bool,
}

impl Venue {
    /// An exchange that opens at `start` with the model's deposit.
    #[must_use]
    pub fn new(model: Model, trust: Trust, instruments: Vec<Instrument>, start: Timestamp) -> Self {
        let mut account = Account::new(model.terms, instruments.len());
        account.deposit(start, model.balance);
        let mut venue = Self {
            desks: vec![Desk::default(); instruments.len()],
            account,
            trust,
            instruments,
            flight: Vec::new(),
            waiting: Vec::new(),
            outbox: VecDeque::new(),
            now: start,
            start,
            midnight: start.next_day(),
            floor: None,
            halted: None,
            counters: Counters::default(),
            steps: Vec::new(),
            rollovers: Vec::new(),
            beyond: None,
            rank: 0,
            model,
        };
        venue.tell(Event::Account(AccountUpdate::Opened {
            balance: venue.model.balance,
        }));
        venue
    }

    /// The instant looked at.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether anything hangs on a contract's prices: a position, an order, or one on its way.
    #[must_use]
    pub fn is_busy(&self, symbol: SymbolId) -> bool {
        let book = &self.desks[symbol.index()].book;
        let sent = |flight: &&Flight| flight.request.symbol == symbol;
        self.account.held(symbol).is_some()
            || !book.resting.is_empty()
            || !book.amendments.is_empty()
            || self
                .flight
                .iter()
                .chain(&self.waiting)
                .any(|flight| sent(&flight))
    }

    /// The booked account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Changes of the account, in order.
    #[must_use]
    pub fn steps(&self) -> &[AccountStep] {
        &self.steps
    }

    /// Equity at each UTC rollover, in order.
    #[must_use]
    pub fn rollovers(&self) -> &[(Timestamp, Notional)] {
        &self.rollovers
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The price of a contract's last trade.
    #[must_use]
    pub fn contract(&self, symbol: SymbolId) -> Option<Price> {
        self.desks[symbol.index()].contract
    }

    /// The last mark of a contract, its last trade's price before any (D6).
    #[must_use]
    pub fn mark(&self, symbol: SymbolId) -> Option<Price> {
        let desk = &self.desks[symbol.index()];
        desk.mark.map(|(price, _)| price).or(desk.contract)
    }

    /// When a contract's mark was last said.
    #[must_use]
    pub fn marked_at(&self, symbol: SymbolId) -> Option<Timestamp> {
        self.desks[symbol.index()].mark.map(|(_, at)| at)
    }

    /// The price step of a contract.
    #[must_use]
    pub fn tick(&self, symbol: SymbolId) -> Price {
        self.instruments[symbol.index()].tick
    }

    /// What rests in a contract.
    #[must_use]
    pub fn resting(&self, symbol: SymbolId) -> &[crate::exchange::fills::Resting] {
        &self.desks[symbol.index()].book.resting
    }

    /// Wallet and unrealised profit at the last marks (A2).
    #[must_use]
    pub fn equity(&self) -> Notional {
        let open = self.account.open();
        let unrealized = open.map(|(symbol, held)| {
            self.mark(symbol)
                .map_or(Notional::ZERO, |mark| held.position.unrealized(mark))
        });
        unrealized.fold(self.account.wallet().exact(), |sum, profit| sum + profit)
    }

    /// What a run left: its records and the account as it stands.
    #[must_use]
    pub fn finish(self, end: Timestamp) -> Outcome {
        self.account.check();
        let equity = self.equity();
        let wallet = self.account.wallet();
        let open = self
            .account
            .open()
            .map(|(symbol, held)| (symbol, held.position))
            .collect();
        let (ledger, trades): (Vec<LedgerEntry>, Vec<Trade>) = self.account.into_records();
        Outcome {
            start: self.start,
            end,
            wallet,
            equity,
            rollovers: self.rollovers,
            ledger,
            trades,
            open,
            steps: self.steps,
            counters: self.counters,
        }
    }

    /// What sizing needs of this moment. A mark that is too old is none (I17).
    fn quote(&self, symbol: SymbolId) -> Quote {
        let equity = self.equity();
        let desk = &self.desks[symbol.index()];
        let fresh = |(_, at): (Price, Timestamp)| {
            self.trust
                .mark_age_max
                .is_none_or(|age| self.now - at <= age)
        };
        let stale = desk.mark.is_some_and(|mark| !fresh(mark))
            || (desk.mark.is_none() && self.trust.mark_age_max.is_some());
        Quote {
            mark: self.mark(symbol).filter(|_| !stale),
            trading: !desk.delisted,
            wallet: self.account.wallet(),
            equity,
            available: self.available(equity),
        }
    }

    fn hear(&mut self, signal: Signal) {
        let quote = self.quote(signal.symbol);
        self.tell(Event::Signal { signal, quote });
    }

    fn available(&self, equity: Notional) -> Money {
        let marked = match self.model.terms.margin_mode {
            MarginMode::Isolated => Notional::ZERO,
            MarginMode::Cross => {
                let open = self.account.open();
                open.map(|(symbol, held)| match self.mark(symbol) {
                    Some(mark) => mark * held.position.qty,
                    None => held.position.cost,
                })
                .fold(Notional::ZERO, |sum, value| sum + value)
            }
        };
        self.account.available(equity, marked)
    }

    fn tell(&mut self, event: Event) {
        self.outbox.push_back(Stamped {
            at: self.now,
            event,
        });
    }

    fn floor_is_met(&self) -> bool {
        self.floor
            .is_some_and(|floor| self.watched(floor.basis) <= floor.level)
    }

    fn watched(&self, basis: FloorBasis) -> Notional {
        match basis {
            FloorBasis::Equity => self.equity(),
            FloorBasis::Wallet => self.account.wallet().exact(),
        }
    }

    fn report_floor(&mut self) {
        if let Some(floor) = self.floor.take() {
            let value = self.watched(floor.basis);
            self.tell(Event::Account(AccountUpdate::FloorReached { value }));
        }
    }

    /// Rank 2: a UTC day begins (T8).
    fn roll_over(&mut self) {
        if self.now < self.midnight {
            return;
        }
        self.midnight = self.now.next_day();
        let equity = self.equity();
        let wallet = self.account.wallet();
        self.rollovers.push((self.now, equity));
        self.tell(Event::Account(AccountUpdate::DayStarted { equity, wallet }));
    }

    /// Rank 3: settles what is due (A5) at the last rate told before and the last mark; whether anything was.
    fn settle_funding(&mut self) -> bool {
        let mut settled = false;
        for index in 0..self.desks.len() {
            let symbol = SymbolId::at(index);
            let due = self.desks[index].funding.filter(|next| next.at <= self.now);
            let Some(next) = due else { continue };
            self.desks[index].funding = None;
            let Some(mark) = self.mark(symbol) else {
                continue;
            };
            if let Some(amount) = self.account.fund(self.now, symbol, next.rate, mark) {
                settled = true;
                self.account_changed(symbol);
                self.tell(Event::Account(AccountUpdate::Funding { symbol, amount }));
            }
        }
        settled
    }

    /// Rank 4: ends trading of the contracts whose time has come (D3).
    fn delist(&mut self) {
        for index in 0..self.desks.len() {
            let due = self.instruments[index].delisted;
            if self.desks[index].delisted || due.is_none_or(|time| time > self.now) {
                continue;
            }
            let symbol = SymbolId::at(index);
            self.desks[index].delisted = true;
            self.drop_untradable(symbol);
            self.force_close(symbol, Reason::Delisted);
            self.vanish(symbol, &[]);
        }
    }

    /// Closes the rest of a position at the last trade's price with taker costs, stamped one millisecond ago (D3, D4).
    fn force_close(&mut self, symbol: SymbolId, reason: Reason) {
        let (Some(held), Some(close)) = (self.account.held(symbol), self.mark_of_trade(symbol))
        else {
            return;
        };
        let position = held.position;
        let hit = forced(
            &position,
            reason,
            &self.model,
            &self.instruments[symbol.index()],
            close,
        );
        self.visit(symbol, hit.price);
        let stamp = Timestamp::from_millis(self.now.millis() - 1);
        self.apply(symbol, &hit, stamp);
    }

    fn mark_of_trade(&self, symbol: SymbolId) -> Option<Price> {
        self.desks[symbol.index()].contract.or(self.mark(symbol))
    }

    /// D4: what is left when nothing more will come.
    fn close_run(&mut self, end: Timestamp) {
        self.now = self.now.max(end);
        let open: Vec<SymbolId> = self.account.open().map(|(symbol, _)| symbol).collect();
        if self.model.end_of_data == EndOfData::ForceClose {
            for symbol in open {
                self.force_close(symbol, Reason::EndOfData);
                self.vanish(symbol, &[]);
            }
        }
        self.reject_unexecuted();
    }

    /// Applies a fill to the account and reports it.
    fn apply(&mut self, symbol: SymbolId, hit: &Hit, stamp: Timestamp) {
        let reference = hit
            .order
            .and_then(|id| self.desks[symbol.index()].book.references.get(&id))
            .cloned()
            .flatten();
        let place = Where {
            symbol,
            time: stamp,
            at: self.now,
            row: 0,
            reference,
        };
        let fill = self
            .account
            .book(&place, hit, &self.instruments[symbol.index()]);
        #[cfg(debug_assertions)]
        self.account.check();
        self.account_changed(symbol);
        self.tell(hit.told(symbol, fill));
    }

    fn account_changed(&mut self, symbol: SymbolId) {
        let step = AccountStep {
            at: self.now,
            rank: self.rank,
            wallet: self.account.wallet(),
            symbol,
            position: self.account.held(symbol).map(|held| held.position),
        };
        self.steps.push(step);
        if is_beyond(step.wallet) {
            self.beyond = Some(OutOfRange {
                at: self.now,
                wallet: step.wallet,
            });
        }
    }

    fn visit(&mut self, symbol: SymbolId, price: Price) {
        if let Some(held) = self.account.held_mut(symbol) {
            held.visit(crate::exchange::fills::Extremes::at(price));
        }
    }

    fn snapshot(&self) -> Snapshot {
        let held = |(symbol, position): (SymbolId, Position)| HeldPosition {
            symbol,
            direction: position.direction,
            qty: position.qty,
        };
        let open = self.account.open();
        Snapshot {
            positions: open
                .map(|(symbol, kept)| held((symbol, kept.position)))
                .collect(),
            working: self.known_orders(),
        }
    }
}
