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
use crate::domain::order::{HaltCause, Reject};
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::engine::Journal;
use crate::exchange::account::Account;
use crate::exchange::fills::{Hit, Resting, forced};
use crate::exchange::floor;
use crate::exchange::history::{World, is_beyond};
use crate::exchange::model::{EndOfData, Model};
use crate::market::tape::Series;
use crate::sweep::batch::desk::Desk;
use crate::sweep::batch::intake::{Said, Word};
use crate::trader::risk::{check_standing, loss_floor};
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
struct Replay<'a> {
    stage: Stage<'a>,
    account: Account,
    log: EventLog,
    desks: Vec<Desk>,
    /// Symbols with a position or an entry, in byte order.
    busy: Vec<SymbolId>,
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
    /// Since when the account is as it is, and until when it is known what equity does; `None` after every change.
    outlook: Option<Outlook>,
    beyond: bool,
    ambiguous_bars: u64,
    rollovers: Vec<(Timestamp, Notional)>,
    spare: Spare,
}

/// What equity does while nothing is filled.
#[derive(Clone, Copy)]
struct Outlook {
    /// Nothing is known after this.
    until: Timestamp,
    /// The first bar end before that at which the floor is met.
    low: Option<Timestamp>,
}

/// Buffers that every look at a bar uses anew.
#[derive(Default)]
struct Spare {
    orders: Vec<Resting>,
    hits: Vec<Hit>,
    held: Vec<(SymbolId, Position)>,
    due: Vec<SymbolId>,
}

/// Replays a trial; `None` when its account leaves the range of exact amounts.
#[must_use]
pub fn replay(stage: Stage<'_>, log: EventLog) -> Option<Played> {
    let symbols = stage.world.tape.symbols.len();
    let mut replay = Replay {
        account: Account::new(stage.model.terms, symbols),
        log,
        desks: vec![Desk::default(); symbols],
        busy: Vec::new(),
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
        outlook: None,
        beyond: false,
        ambiguous_bars: 0,
        rollovers: Vec::new(),
        spare: Spare::default(),
        stage,
    };
    replay.open();
    replay.run();
    replay.close();
    if replay.beyond {
        return None;
    }
    replay.account.check();
    Some(Played {
        start: replay.stage.start,
        end: replay.stage.end,
        equity: replay.equity(),
        rollovers: replay.rollovers,
        ambiguous_bars: replay.ambiguous_bars,
        log: replay.log,
        account: replay.account,
    })
}

impl<'a> Replay<'a> {
    /// All instants but the end, each with its ranks in order (T6).
    fn run(&mut self) {
        while let Some(instant) = self.next_instant() {
            self.now = instant;
            self.gather_due();
            self.pass_bars();
            self.test_floor();
            self.roll_over();
            self.settle_funding();
            self.hear();
            self.arrive();
            self.pass_opens();
            self.execute();
            if self.beyond {
                return;
            }
        }
    }

    /// The busy symbols that have something to do now.
    fn gather_due(&mut self) {
        let Self {
            spare, desks, busy, ..
        } = self;
        spare.due.clear();
        for symbol in busy {
            let next = desks[symbol.index()].next;
            if next.is_some_and(|next| next <= self.now) {
                spare.due.push(*symbol);
            }
        }
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
        self.outlook = None;
    }

    /// Wallet and unrealised profit at the last completed marks (A2).
    fn equity(&self) -> Notional {
        let profit = |(symbol, position): (SymbolId, &Position)| {
            let series = self.series(symbol)?;
            let row = series.last_completed(self.now)?;
            Some(position.unrealized(series.mark_close(row)))
        };
        let open = self.account.open();
        open.filter_map(|(symbol, held)| profit((symbol, &held.position)))
            .fold(self.account.wallet().exact(), |sum, profit| sum + profit)
    }

    fn watched(&self, basis: FloorBasis) -> Notional {
        match basis {
            FloorBasis::Equity => self.equity(),
            FloorBasis::Wallet => self.account.wallet().exact(),
        }
    }

    /// The next instant at which more is to be done than to hear a signal that changes nothing: those are heard here.
    fn next_instant(&mut self) -> Option<Timestamp> {
        let mut next = self.midnight;
        for symbol in &self.busy {
            if let Some(due) = self.desks[symbol.index()].next {
                next = next.min(due);
            }
        }
        let next = next.min(self.floor_instant(next));
        while let Some(word) = self.stage.words.get(self.next_word)
            && word.at < next
            && word.at <= self.stage.end
        {
            if !self.changes_nothing(word) {
                return Some(word.at);
            }
            self.now = word.at;
            self.next_word += 1;
            self.say(word);
        }
        (next <= self.stage.end).then_some(next)
    }

    /// Whether a word is a note and nothing else, whatever the prices.
    fn changes_nothing(&self, word: &Word) -> bool {
        match word.said {
            Said::Ignored(_) | Said::Low(_) => true,
            Said::Emitted(pair) => self.refusal(pair.symbol, word.at).is_err(),
        }
    }

    /// The gates that need no price.
    fn refusal(&self, symbol: SymbolId, now: Timestamp) -> Result<(), Gate> {
        let mut standing = self.standing(symbol, now);
        standing.entries_today += self.pending;
        check_standing(self.stage.rules, true, &standing)
    }

    /// S14: the first bar end before `until` at which the floor is met, or `until`.
    fn floor_instant(&mut self, until: Timestamp) -> Timestamp {
        let Some(floor) = self.floor else {
            return until;
        };
        let known = self.outlook.filter(|outlook| outlook.until >= until);
        let outlook = known.unwrap_or_else(|| self.look_ahead(floor, until));
        self.outlook = Some(outlook);
        outlook.low.unwrap_or(until)
    }

    /// Looks as far ahead as nothing can be filled, at least to `until`.
    fn look_ahead(&mut self, floor: Floor, until: Timestamp) -> Outlook {
        let wallet = self.account.wallet().exact();
        let mut held = std::mem::take(&mut self.spare.held);
        held.clear();
        if floor.basis == FloorBasis::Equity {
            let open = self.account.open();
            held.extend(open.map(|(symbol, held)| (symbol, held.position)));
        }
        let least = self.least(held.iter().map(|(symbol, _)| *symbol));
        let touches = held.iter().filter_map(|(symbol, _)| {
            let touch = self.desks[symbol.index()].touch?;
            Some(touch.at(self.series(*symbol)?))
        });
        let until = touches.fold(self.midnight, Timestamp::min).max(until);
        let far = least.is_some_and(|least| least > floor.level)
            || self.least_soon(&held, until) > floor.level;
        let low = if far {
            None
        } else {
            let standing = floor::Standing {
                tape: &self.stage.world.tape,
                wallet,
                held: &held,
            };
            standing.first_low(floor.level, self.now, until.min(self.stage.end))
        };
        self.spare.held = held;
        Outlook { until, low }
    }

    /// Equity does not fall below this before one of these symbols is touched; `None` when that is not known.
    fn least(&self, mut held: impl Iterator<Item = SymbolId>) -> Option<Notional> {
        let wallet = self.account.wallet().exact();
        held.try_fold(wallet, |sum, symbol| {
            Some(sum + self.desks[symbol.index()].least?)
        })
    }

    /// Equity does not fall below this until then, nothing being filled.
    fn least_soon(&mut self, held: &[(SymbolId, Position)], until: Timestamp) -> Notional {
        let wallet = self.account.wallet().exact();
        let span = (self.now, until);
        held.iter().fold(wallet, |sum, (symbol, position)| {
            let Some(series) = self.stage.world.tape.series[symbol.index()].as_ref() else {
                return sum;
            };
            let desk = &mut self.desks[symbol.index()];
            sum + desk.least_until(series, position, span, self.midnight)
        })
    }

    /// Rank 1: the daily loss, at the ends of bars.
    fn test_floor(&mut self) {
        // Known to be above, unless a fill of this very instant changed it.
        let known = self
            .outlook
            .is_some_and(|outlook| outlook.low.is_none_or(|low| low > self.now));
        let far = || {
            let floor = self
                .floor
                .filter(|floor| floor.basis == FloorBasis::Equity)?;
            Some(self.least(self.account.open().map(|(symbol, _)| symbol))? > floor.level)
        };
        if known || far() == Some(true) || !self.floor_is_met() {
            return;
        }
        let mut series = self.stage.world.tape.series.iter().flatten();
        let ends = series.any(|series| {
            let row = series.last_completed(self.now);
            row.is_some_and(|row| series.end_time(row) == self.now)
        });
        if ends {
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
        self.heard(&Event::Account(AccountUpdate::DayStarted {
            equity,
            wallet,
        }));
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
        for symbol in self.busy.clone() {
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
        for symbol in self.busy.clone() {
            self.refuse(symbol, Reject::EndOfData);
        }
    }

    /// Finds out what a symbol waits for from a row on; `opened` says whether the opening points of now are over.
    fn search(&mut self, symbol: SymbolId, series: &Series, from: usize, opened: bool) {
        let open_from = self.now + Span::from_millis(i64::from(opened));
        let position = self.position(symbol);
        let desk = &mut self.desks[symbol.index()];
        match position {
            Some(position) => desk.search(series, &position, from, open_from),
            None => desk.touch = None,
        }
        self.plan(symbol);
    }

    /// Finds out when to look at a symbol next, and whether at all.
    fn plan(&mut self, symbol: SymbolId) {
        let held = self.account.held(symbol).is_some();
        let busy = held || self.is_pending(symbol);
        if let Some(series) = self.series(symbol) {
            self.desks[symbol.index()].plan(series, held, self.now);
        }
        match (self.busy.binary_search(&symbol), busy) {
            (Err(place), true) => self.busy.insert(place, symbol),
            (Ok(place), false) => drop(self.busy.remove(place)),
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// Forgets what was computed from the state before.
    fn changed(&mut self, symbol: SymbolId) {
        self.outlook = None;
        self.beyond |= is_beyond(self.account.wallet());
        let position = self.position(symbol);
        let instrument = self.instrument(symbol);
        self.desks[symbol.index()].liquidation = position
            .and_then(|position| position.liquidation(position.isolated.exact(), instrument));
    }
}
