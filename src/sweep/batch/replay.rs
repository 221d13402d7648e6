//! One trial from its first instant to its last: the events of `engine::drive` over `exchange::history`, in the same
//! order (T6), without the machinery that carries them.
//!
//! Every decision, size, level, fill and booking is a call of the function that decides it there: `trader::risk`,
//! `trader::bracket`, `exchange::{fills, path, touch, floor, account}`. Here is only who comes when.
//! Not here: which trials can be replayed this way (`batch`), entries (`entries`), bars (`bars`).
//! Invariant: the event log has the bytes of the reference's.

mod bars;
mod entries;

use crate::backtest::log::EventLog;
use crate::domain::event::{AccountUpdate, Command, Event, Floor, FloorBasis, Gate, Note};
use crate::domain::fill::Reason;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional};
use crate::domain::order::{HaltCause, OrderId, Reject};
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::engine::Journal;
use crate::exchange::account::Account;
use crate::exchange::fills::{Hit, Resting, forced};
use crate::exchange::floor::{Stake, Standing, Watch, profits};
use crate::exchange::history::{World, is_beyond};
use crate::exchange::model::{EndOfData, Model};
use crate::market::tape::Series;
use crate::sweep::batch::desk::Desk;
use crate::sweep::batch::intake::{Said, Word};
use crate::trader::bracket::Bracket;
use crate::trader::risk::{Sizer, check_standing, loss_floor};
use crate::trader::rules::Rules;

/// What a trial replays.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Prices and signals.
    pub world: &'a World,
    /// The strategy.
    pub rules: &'a Rules,
    /// The assumptions.
    pub model: &'a Model,
    /// What matching comes to.
    pub words: &'a [Word],
    /// First instant.
    pub start: Timestamp,
    /// Last bar end.
    pub end: Timestamp,
}

/// What a replayed trial leaves.
#[derive(Debug)]
pub struct Played {
    /// First instant.
    pub start: Timestamp,
    /// Last bar end.
    pub end: Timestamp,
    /// Final wallet, trades, ledger.
    pub account: Account,
    /// Final equity.
    pub equity: Notional,
    /// Equity at each UTC rollover, in order.
    pub rollovers: Vec<(Timestamp, Notional)>,
    /// Bars whose fills hang on the path inside them.
    pub ambiguous_bars: u64,
    /// The event log.
    pub log: EventLog,
}

/// A trial under way.
pub struct Replay<'a> {
    stage: Stage<'a>,
    sizer: Sizer<'a>,
    account: Account,
    log: EventLog,
    desks: Vec<Desk>,
    /// Symbols with a position or an entry, in byte order.
    busy: Vec<Busy>,
    /// The earliest instant at which one of them must be looked at.
    soonest: Option<Timestamp>,
    /// Open positions and their prices, in any order: only sums are made of them, and sums are exact.
    stakes: Vec<Stake<'a>>,
    /// Entries on their way, filled by nothing yet.
    pending: u32,
    /// Of these, the ones that have not arrived.
    sent: usize,
    /// Symbols whose entry has arrived, in the order of arrival.
    waiting: Vec<SymbolId>,
    now: Timestamp,
    midnight: Timestamp,
    next_word: usize,
    orders: u64,
    entries_today: u32,
    floor: Option<Floor>,
    halted: bool,
    /// How far ahead the floor is known to be out of reach, the account staying as it is.
    watch: Watch,
    /// Whether the floor has been tested at this instant.
    tested: bool,
    beyond: bool,
    /// Whether nothing is left but the end.
    over: bool,
    ambiguous_bars: u64,
    rollovers: Vec<(Timestamp, Notional)>,
    spare: Spare,
}

/// A symbol with a position or an entry.
#[derive(Clone, Copy)]
struct Busy {
    symbol: SymbolId,
    /// When it must be looked at next.
    next: Option<Timestamp>,
}

/// Buffers that every look at a bar uses anew.
#[derive(Default)]
struct Spare {
    orders: Vec<Resting>,
    hits: Vec<Hit>,
    due: Vec<SymbolId>,
    arrived: Vec<(OrderId, SymbolId)>,
    bracket: Bracket,
}

impl<'a> Replay<'a> {
    /// A trial at its first instant.
    #[must_use]
    pub fn new(stage: Stage<'a>, log: EventLog, mut account: Account) -> Self {
        let symbols = stage.world.tape.symbols.len();
        account.reset(stage.model.terms, symbols);
        let mut replay = Self {
            account,
            log,
            desks: vec![Desk::default(); symbols],
            busy: Vec::new(),
            soonest: None,
            stakes: Vec::new(),
            pending: 0,
            sent: 0,
            waiting: Vec::new(),
            now: stage.start,
            midnight: stage.start.next_day(),
            next_word: 0,
            orders: 0,
            entries_today: 0,
            floor: None,
            halted: false,
            watch: Watch::after(stage.start),
            tested: false,
            beyond: false,
            over: false,
            ambiguous_bars: 0,
            rollovers: Vec::new(),
            spare: Spare::default(),
            sizer: Sizer::new(stage.rules),
            stage,
        };
        replay.open();
        replay
    }

    /// The next UTC rollover.
    #[must_use]
    pub const fn midnight(&self) -> Timestamp {
        self.midnight
    }

    /// Goes on until the last rollover up to an instant, or to the end; `None` when that is reached. All instants but
    /// the end have their ranks in order (T6).
    pub fn advance(&mut self, until: Option<Timestamp>) -> Option<()> {
        while !self.over {
            if until.is_some_and(|until| self.midnight > until) {
                return Some(());
            }
            let Some(instant) = self.next_instant() else {
                self.over = true;
                return None;
            };
            self.now = instant;
            self.tested = false;
            self.gather_due();
            self.pass_bars();
            self.test_floor();
            self.roll_over();
            self.settle_funding();
            self.hear();
            self.arrive();
            self.pass_opens();
            self.execute();
            self.over = self.beyond;
        }
        None
    }

    /// What it leaves; `None` when its account left the range of exact amounts.
    #[must_use]
    pub fn finish(mut self) -> Option<Played> {
        if !self.beyond {
            self.close();
        }
        if self.beyond {
            return None;
        }
        self.account.check();
        Some(Played {
            start: self.stage.start,
            end: self.stage.end,
            equity: self.equity(),
            rollovers: self.rollovers,
            ambiguous_bars: self.ambiguous_bars,
            log: self.log,
            account: self.account,
        })
    }

    /// The busy symbols that have something to do now.
    fn gather_due(&mut self) {
        let Self {
            spare,
            busy,
            now,
            soonest,
            ..
        } = self;
        spare.due.clear();
        if soonest.is_none_or(|soonest| soonest > *now) {
            return;
        }
        let due = busy
            .iter()
            .filter(|busy| busy.next.is_some_and(|next| next <= *now));
        spare.due.extend(due.map(|busy| busy.symbol));
    }

    fn series(&self, symbol: SymbolId) -> Option<&'a Series> {
        self.stage.world.tape.series[symbol.index()].as_ref()
    }

    fn instrument(&self, symbol: SymbolId) -> &'a Instrument {
        &self.stage.world.tape.instruments[symbol.index()]
    }

    fn position(&self, symbol: SymbolId) -> Option<Position> {
        self.account.held(symbol).map(|held| held.position)
    }

    fn heard(&mut self, event: &Event) {
        let Ok(()) = self.log.heard(self.now, event);
    }

    fn noted(&mut self, note: &Note) {
        let Ok(()) = self.log.noted(self.now, note);
    }

    fn said(&mut self, command: &Command) {
        let Ok(()) = self.log.said(self.now, command);
    }

    fn open(&mut self) {
        let balance = self.stage.model.balance;
        self.account.deposit(self.now, balance);
        self.heard(&Event::Account(AccountUpdate::Opened { balance }));
        self.watch(balance.exact(), balance);
    }

    fn watch(&mut self, equity: Notional, wallet: Money) {
        self.floor = Some(loss_floor(&self.stage.rules.daily, equity, wallet));
        self.watch.restart(self.now);
    }

    /// Wallet and unrealised profit at the last completed marks (A2).
    fn equity(&self) -> Notional {
        self.account.wallet().exact() + profits(&self.stakes, self.now)
    }

    fn watched(&self, basis: FloorBasis) -> Notional {
        match basis {
            FloorBasis::Equity => self.equity(),
            FloorBasis::Wallet => self.account.wallet().exact(),
        }
    }

    /// The next instant at which more is to be done than to hear a signal that changes nothing: those are heard here.
    fn next_instant(&mut self) -> Option<Timestamp> {
        let midnight = self.midnight;
        let next = self.soonest.map_or(midnight, |due| due.min(midnight));
        let low = self.first_low(next.min(self.stage.end));
        let next = low.unwrap_or(next);
        while let Some(word) = self.stage.words.get(self.next_word)
            && word.at < next
            && word.at <= self.stage.end
        {
            // Most words are notes and nothing else, whatever the prices.
            let refused = match word.said {
                Said::Ignored(_) | Said::Low(_) => None,
                Said::Emitted(pair) => match self.refusal(pair.symbol, word.at) {
                    Ok(()) => return Some(word.at),
                    Err(gate) => Some((pair, gate)),
                },
            };
            self.now = word.at;
            self.next_word += 1;
            match refused {
                Some((pair, gate)) => self.refuse_pair(&pair, gate),
                None => self.say(word),
            }
        }
        (next <= self.stage.end).then_some(next)
    }

    /// The gates that need no price.
    fn refusal(&self, symbol: SymbolId, now: Timestamp) -> Result<(), Gate> {
        let mut standing = self.standing(symbol, now);
        standing.entries_today += self.pending;
        check_standing(self.stage.rules, true, &standing)
    }

    /// S14: the first bar end not tested yet, up to `until`, at which the floor is met.
    fn first_low(&mut self, until: Timestamp) -> Option<Timestamp> {
        let floor = self.floor.filter(|_| !self.watch.knows(until))?;
        if self.far(floor) {
            self.watch.trust(until);
            return None;
        }
        let standing = Standing {
            tape: &self.stage.world.tape,
            wallet: self.account.wallet().exact(),
            held: match floor.basis {
                FloorBasis::Equity => &self.stakes,
                FloorBasis::Wallet => &[],
            },
        };
        standing.search(floor.level, &mut self.watch, until)
    }

    /// Whether the floor is out of reach up to the next touch, were all positions at their stops at once.
    fn far(&self, floor: Floor) -> bool {
        let wallet = self.account.wallet().exact();
        let least = match floor.basis {
            FloorBasis::Equity => {
                let mut least = self.stakes.iter().map(|stake| stake.least);
                least.try_fold(wallet, |sum, least| Some(sum + least?))
            }
            FloorBasis::Wallet => Some(wallet),
        };
        least.is_some_and(|least| least > floor.level)
    }

    /// Rank 1: the daily loss, at the ends of bars.
    fn test_floor(&mut self) {
        self.tested = true;
        if self.first_low(self.now) == Some(self.now) {
            self.report_floor();
        }
    }

    fn floor_is_met(&self) -> bool {
        self.floor
            .is_some_and(|floor| self.watched(floor.basis) <= floor.level)
    }

    fn report_floor(&mut self) {
        let Some(floor) = self.floor.take() else {
            return;
        };
        let value = self.watched(floor.basis);
        self.heard(&Event::Account(AccountUpdate::FloorReached { value }));
        if self.halted {
            return;
        }
        self.halted = true;
        self.noted(&Note::Halted(HaltCause::DailyLoss));
        self.said(&Command::Halt(HaltCause::DailyLoss));
        for symbol in std::mem::take(&mut self.waiting) {
            self.refuse(symbol, Reject::Halted(HaltCause::DailyLoss));
        }
    }

    /// Rank 2.
    fn roll_over(&mut self) {
        if self.now != self.midnight {
            return;
        }
        self.midnight = self.now.next_day();
        let equity = self.equity();
        let wallet = self.account.wallet();
        self.rollovers.push((self.now, equity));
        self.log.day(self.now, equity, wallet);
        self.entries_today = 0;
        if self.halted {
            self.halted = false;
            self.noted(&Note::Resumed);
            self.said(&Command::Release);
        }
        self.watch(equity, wallet);
    }

    /// Rank 3.
    fn settle_funding(&mut self) {
        let mut settled = false;
        for place in 0..self.spare.due.len() {
            let symbol = self.spare.due[place];
            let Some(series) = self.series(symbol) else {
                continue;
            };
            let records = series.funding();
            let first = records.partition_point(|record| record.time < self.now);
            let records = records[first..].iter();
            let now = self.now;
            let mut changed = false;
            for record in records.take_while(|record| record.time == now) {
                let Some(mark) = series.settlement_mark(record) else {
                    continue;
                };
                if let Some(amount) = self.account.fund(self.now, symbol, record.rate, mark) {
                    changed = true;
                    self.heard(&Event::Account(AccountUpdate::Funding { symbol, amount }));
                    self.changed(symbol);
                }
            }
            settled |= changed;
            if changed {
                let row = series.last_completed(self.now).map_or(0, |row| row + 1);
                self.search(symbol, series, row, false);
            }
        }
        if settled && self.floor_is_met() {
            self.report_floor();
        }
    }

    /// D4: what is left when the data ends.
    fn close(&mut self) {
        let Stage { model, end, .. } = self.stage;
        self.now = end;
        let stamp = Timestamp::from_millis(end.millis() - 1);
        for Busy { symbol, .. } in self.busy.clone() {
            let last = self.series(symbol);
            let last =
                last.and_then(|series| Some(series.bars().close[series.last_completed(end)?]));
            if let (EndOfData::ForceClose, Some(position), Some(close)) =
                (model.end_of_data, self.position(symbol), last)
            {
                let instrument = self.instrument(symbol);
                let hit = forced(&position, Reason::EndOfData, model, instrument, close);
                self.book(symbol, &hit, stamp);
                self.vanish(symbol, &[hit], stamp);
            }
        }
        for Busy { symbol, .. } in self.busy.clone() {
            self.refuse(symbol, Reject::EndOfData);
        }
    }

    /// Finds out what a symbol waits for from a row on; `opened` says whether the opening points of now are over.
    fn search(&mut self, symbol: SymbolId, series: &Series, from: usize, opened: bool) {
        let open_from = self.now + Span::from_millis(i64::from(opened));
        let desk = &mut self.desks[symbol.index()];
        match self.stakes.iter_mut().find(|stake| stake.symbol == symbol) {
            Some(stake) => {
                desk.search(series, &stake.position, from, open_from);
                stake.least = desk.least(series, &stake.position, from);
            }
            None => desk.touch = None,
        }
        self.plan(symbol);
    }

    /// Finds out when to look at a symbol next, and whether at all.
    fn plan(&mut self, symbol: SymbolId) {
        let held = self.account.held(symbol).is_some();
        let next = self
            .series(symbol)
            .and_then(|series| self.desks[symbol.index()].next(series, held, self.now));
        let place = self.busy.binary_search_by_key(&symbol, |busy| busy.symbol);
        match (place, held || self.is_pending(symbol)) {
            (Err(place), true) => self.busy.insert(place, Busy { symbol, next }),
            (Ok(place), false) => drop(self.busy.remove(place)),
            (Ok(place), true) => self.busy[place].next = next,
            (Err(_), false) => return,
        }
        self.soonest = self.busy.iter().filter_map(|busy| busy.next).min();
    }

    /// Forgets what was computed from the state before.
    fn changed(&mut self, symbol: SymbolId) {
        let untested = Span::from_millis(i64::from(!self.tested));
        self.watch.restart(self.now - untested);
        self.beyond |= is_beyond(self.account.wallet());
        let position = self.position(symbol);
        let instrument = self.instrument(symbol);
        self.desks[symbol.index()].liquidation = position
            .and_then(|position| position.liquidation(position.isolated.exact(), instrument));
        let place = self.stakes.iter().position(|stake| stake.symbol == symbol);
        match (place, position) {
            (Some(place), Some(position)) => self.stakes[place].now(position),
            (Some(place), None) => drop(self.stakes.swap_remove(place)),
            (None, Some(position)) => {
                let series = self.series(symbol);
                self.stakes
                    .extend(series.map(|series| Stake::new(symbol, position, series)));
            }
            (None, None) => {}
        }
    }
}
