//! One trial from its first instant to its last: the events of `engine::drive` over `exchange::history`, in the same
//! order (T6), without the machinery that carries them.
//!
//! Every decision, size, level, fill and booking is a call of the function that decides it there: `trader::risk`,
//! `trader::bracket`, `exchange::{fills, path, touch, floor, account}`. Here is only who comes when.
//! Not here: which trials can be replayed this way (`batch`).
//! Invariant: the event log has the bytes of the reference's.

use crate::backtest::line::Pair;
use crate::backtest::log::EventLog;
use crate::domain::event::{
    AccountUpdate, Command, Event, ExitPlan, Floor, FloorBasis, Gate, Note, OrderUpdate, Quote,
};
use crate::domain::fill::{Fill, Reason};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Qty};
use crate::domain::order::{Amount, HaltCause, OrderId, OrderKind, Purpose, Reject};
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::engine::Journal;
use crate::exchange::account::{Account, Where};
use crate::exchange::fills::{Hit, Resting, Walk, arrived, forced};
use crate::exchange::floor;
use crate::exchange::history::{World, is_beyond};
use crate::exchange::model::{EndOfData, Model};
use crate::exchange::path::{open_point, pass, shape};
use crate::market::tape::Series;
use crate::sweep::batch::desk::{Desk, Entry, Touch};
use crate::sweep::batch::intake::{Said, Word};
use crate::trader::bracket;
use crate::trader::risk::{
    Exit, Standing, approve_exit, check_standing, entry, fit_entry, loss_floor,
};
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
        let low = if least.is_some_and(|least| least > floor.level) {
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

    /// Rank 5.
    fn hear(&mut self) {
        let words = self.stage.words;
        while let Some(word) = words.get(self.next_word)
            && word.at <= self.now
        {
            self.next_word += 1;
            self.say(word);
        }
    }

    fn say(&mut self, word: &Word) {
        match word.said {
            Said::Ignored(reason) => self.log.line(self.now).ignored(word.signal, reason),
            Said::Low(pair) => self.log.line(self.now).low_score(word.signal, &pair),
            Said::Emitted(pair) => self.decide(&pair),
        }
    }

    /// Asks the risk manager about a confluence and sends what it approves.
    fn decide(&mut self, pair: &Pair) {
        let Stage { rules, model, .. } = self.stage;
        let symbol = pair.symbol;
        self.log.line(self.now).confluence(pair);
        // Nearly every refusal is one of these, and they need no sums.
        if let Err(gate) = self.refusal(symbol, self.now) {
            self.log.line(self.now).refused(symbol, gate);
            return;
        }
        let mut standing = self.standing(symbol, self.now);
        for busy in &self.busy {
            let desk = &self.desks[busy.index()];
            if let Some(held) = self.account.held(*busy) {
                standing.hold(rules, &held.position, desk.stop);
            }
            if let Some(entry) = &desk.entry {
                standing.expect(rules, entry.reserve, true);
            }
        }
        let completed = self.series(symbol);
        let completed =
            completed.and_then(|series| Some((series, series.last_completed(self.now)?)));
        let equity = self.equity();
        let quote = Quote {
            mark: completed.map(|(series, row)| series.mark_close(row)),
            trading: true,
            wallet: self.account.wallet(),
            equity,
            available: self.account.available(equity, Notional::ZERO),
        };
        let instrument = self.instrument(symbol);
        match fit_entry(rules, instrument, &quote, &standing, pair.score) {
            Err(gate) => self.log.line(self.now).refused(symbol, gate),
            Ok(sizing) => {
                let id = self.next_id();
                let request = entry((id, symbol), rules, sizing.qty, None);
                self.log.line(self.now).submit(&request);
                self.desks[symbol.index()].entry = Some(Entry {
                    id,
                    qty: sizing.qty,
                    reserve: sizing.reserve,
                    arrival: self.now + model.latency,
                    arrived: false,
                });
                self.sent += 1;
                self.pending += 1;
                self.plan(symbol);
            }
        }
    }

    fn is_pending(&self, symbol: SymbolId) -> bool {
        self.desks[symbol.index()].entry.is_some()
    }

    /// How the books stand, without margins and risks.
    fn standing(&self, symbol: SymbolId, now: Timestamp) -> Standing {
        let desk = &self.desks[symbol.index()];
        let cooldown = self.stage.rules.cooldown;
        Standing {
            daily_loss: self.halted,
            entries_today: self.entries_today,
            in_position: self.account.held(symbol).is_some(),
            pending_entry: desk.entry.is_some(),
            cooling: desk.last_exit.is_some_and(|exit| now < exit + cooldown),
            ..Standing::default()
        }
    }

    const fn next_id(&mut self) -> OrderId {
        self.orders += 1;
        OrderId(self.orders)
    }

    /// Rank 8: entries reach the exchange, in the order they were sent.
    fn arrive(&mut self) {
        if self.sent > 0 {
            self.arrive_all();
        }
    }

    fn arrive_all(&mut self) {
        let mut arrived: Vec<(OrderId, SymbolId)> = Vec::new();
        for symbol in &self.busy {
            if let Some(entry) = &mut self.desks[symbol.index()].entry
                && !entry.arrived
                && entry.arrival <= self.now
            {
                entry.arrived = true;
                arrived.push((entry.id, *symbol));
            }
        }
        arrived.sort_unstable();
        self.sent -= arrived.len();
        for (_, symbol) in arrived {
            if self.halted {
                self.refuse(symbol, Reject::Halted(HaltCause::DailyLoss));
            } else {
                self.waiting.push(symbol);
                self.plan(symbol);
            }
        }
    }

    /// Ends the entry of a symbol that the exchange does not take.
    fn refuse(&mut self, symbol: SymbolId, reject: Reject) {
        if let Some(entry) = self.desks[symbol.index()].entry.take() {
            self.pending -= 1;
            self.heard(&Event::Order {
                id: entry.id,
                update: OrderUpdate::Rejected(reject),
            });
        }
        self.plan(symbol);
    }

    /// Rank 10: entries that wait for the open of a bar that starts now, in the order of their arrival.
    fn execute(&mut self) {
        let mut place = 0;
        while let Some(symbol) = self.waiting.get(place).copied() {
            let opening = self
                .series(symbol)
                .and_then(|series| Some((series, series.row_at(self.now)?)));
            match opening {
                None => place += 1,
                Some((series, row)) => {
                    self.waiting.remove(place);
                    self.enter(symbol, series, row);
                }
            }
        }
    }

    fn enter(&mut self, symbol: SymbolId, series: &'a Series, row: usize) {
        let Stage { rules, model, .. } = self.stage;
        let Some(sent) = self.desks[symbol.index()].entry else {
            return;
        };
        if self.now - sent.arrival > model.entry_ttl {
            return self.refuse(symbol, Reject::StaleData);
        }
        let instrument = self.instrument(symbol);
        let request = entry((sent.id, symbol), rules, sent.qty, None);
        let open = series.bars().open[row];
        let hit = arrived(&request, model, instrument, (open, sent.qty));
        let available = self.account.available(Notional::ZERO, Notional::ZERO);
        if !self.account.covers(&hit, instrument, available) {
            return self.refuse(symbol, Reject::InsufficientMargin);
        }
        self.book(symbol, &hit, self.now);
        self.entries_today += 1;
        self.pending -= 1;
        let desk = &mut self.desks[symbol.index()];
        desk.entry = None;
        desk.followed(row);
        self.protect(symbol, series, row);
        // F8: what the entry made true fires at once.
        self.pass_open(symbol, series, row);
        self.search(symbol, series, row, true);
    }

    /// Sends the bracket of a fresh position; it rests at once (T7).
    fn protect(&mut self, symbol: SymbolId, series: &Series, row: usize) {
        let plan: &ExitPlan = &self.stage.rules.exits;
        let instrument = self.instrument(symbol);
        let Some(position) = self.position(symbol) else {
            return;
        };
        let placed = bracket::place(&position, plan, instrument);
        let Some(stop) = placed.stop else { return };
        self.send(symbol, &position, (stop, Amount::All, Purpose::StopLoss));
        if let (OrderKind::Stop { trigger, .. }, Some(held)) = (stop, self.account.held_mut(symbol))
        {
            held.risk(trigger);
        }
        if placed.dropped > 0 {
            let levels = placed.dropped;
            self.noted(&Note::TargetsDropped { symbol, levels });
        }
        for target in &placed.targets {
            let purpose = Purpose::TakeProfit(target.index);
            self.send(
                symbol,
                &position,
                (target.kind, Amount::Exact(target.qty), purpose),
            );
        }
        if let Some(kind) = placed.trailing {
            self.send(symbol, &position, (kind, Amount::All, Purpose::Trailing));
            let desk = &mut self.desks[symbol.index()];
            if let Some(trailing) = desk.resting.last_mut() {
                let price = open_point(series, row).price(trailing.watched());
                trailing.follow(price);
            }
        }
    }

    fn send(
        &mut self,
        symbol: SymbolId,
        position: &Position,
        (kind, amount, purpose): (OrderKind, Amount, Purpose),
    ) {
        let exit = Exit {
            kind,
            amount,
            purpose,
            reference: None,
        };
        let side = position.direction.exit_side();
        let approved = approve_exit(self.next_id(), symbol, side, exit);
        self.desks[symbol.index()].rest(&approved);
        self.said(&Command::Submit(approved));
    }

    /// Rank 0: the bars that end now.
    fn pass_bars(&mut self) {
        for place in 0..self.spare.due.len() {
            let symbol = self.spare.due[place];
            let Some(series) = self.series(symbol) else {
                continue;
            };
            if let Some(Touch::End(row)) = self.desks[symbol.index()].touch
                && series.end_time(row) == self.now
            {
                self.pass_bar(symbol, series, row);
                self.search(symbol, series, row + 1, false);
            }
        }
    }

    /// Rank 9: opening points of the bars that start now.
    fn pass_opens(&mut self) {
        for place in 0..self.spare.due.len() {
            let symbol = self.spare.due[place];
            let Some(series) = self.series(symbol) else {
                continue;
            };
            if let Some(Touch::Open(row)) = self.desks[symbol.index()].touch
                && series.open_time(row) == self.now
            {
                if self.pass_open(symbol, series, row) {
                    self.search(symbol, series, row, true);
                } else {
                    self.desks[symbol.index()].touch = Some(Touch::End(row));
                    self.plan(symbol);
                }
            }
        }
    }

    fn walk(&mut self, symbol: SymbolId) -> Walk<'a> {
        let mut orders = std::mem::take(&mut self.spare.orders);
        orders.clone_from(&self.desks[symbol.index()].resting);
        let mut hits = std::mem::take(&mut self.spare.hits);
        hits.clear();
        Walk {
            model: self.stage.model,
            instrument: self.instrument(symbol),
            position: self.position(symbol),
            wallet: self.account.wallet(),
            others: Notional::ZERO,
            orders,
            limit_budget: Qty::ZERO,
            hits,
            visited: None,
            liquidation: self.desks[symbol.index()].liquidation,
        }
    }

    fn pass_bar(&mut self, symbol: SymbolId, series: &'a Series, row: usize) {
        let stamp = Timestamp::from_millis(self.now.millis() - 1);
        self.desks[symbol.index()].catch_up(series, row);
        let shape = shape(series, row);
        let mut walk = self.walk(symbol);
        if let Some(lone) = walk.lone(shape.low, shape.high) {
            // Neither the path nor the prices visited on it matter.
            if let Some(index) = lone
                && let Some(hit) = walk.execution_alone(index)
            {
                walk.orders.remove(index);
                walk.hits.push(hit);
            }
            // Trailing stops take their peaks from the bar all the same.
            for order in &mut walk.orders {
                order.follow(shape.low.price(order.watched()));
                order.follow(shape.high.price(order.watched()));
            }
            self.desks[symbol.index()].followed(row + 1);
            self.commit(symbol, walk, stamp);
            return;
        }
        let ambiguous = pass(&mut walk, &shape, || self.walk(symbol));
        self.ambiguous_bars += u64::from(ambiguous);
        self.desks[symbol.index()].followed(row + 1);
        self.commit(symbol, walk, stamp);
    }

    /// Whether anything filled.
    fn pass_open(&mut self, symbol: SymbolId, series: &'a Series, row: usize) -> bool {
        let point = open_point(series, row);
        let tick = self.instrument(symbol).tick;
        let direction = self.position(symbol).map(|position| position.direction);
        let desk = &mut self.desks[symbol.index()];
        desk.catch_up(series, row);
        if desk.is_quiet(point, direction, tick) {
            return false;
        }
        let mut walk = self.walk(symbol);
        walk.at_point(point);
        self.commit(symbol, walk, self.now)
    }

    /// Takes over what a walk found; whether anything filled.
    fn commit(&mut self, symbol: SymbolId, walk: Walk<'a>, stamp: Timestamp) -> bool {
        let Walk { orders, hits, .. } = walk;
        for hit in &hits {
            let open = self.position(symbol).map_or(Qty::ZERO, |held| held.qty);
            self.book(symbol, hit, stamp);
            if hit.qty == open {
                self.vanish(symbol, &hits, stamp);
            }
        }
        // What is left of a position keeps the orders as the walk left them.
        if self.account.held(symbol).is_some() {
            self.desks[symbol.index()].resting.clone_from(&orders);
        }
        let filled = !hits.is_empty();
        self.spare.orders = orders;
        self.spare.hits = hits;
        filled
    }

    /// F13: what closes nothing any more vanishes.
    fn vanish(&mut self, symbol: SymbolId, hits: &[Hit], stamp: Timestamp) {
        let filled = |id: OrderId| hits.iter().any(|hit| hit.order == Some(id));
        // Exits are sent, and so rest, in the order of their numbers.
        for place in 0..self.desks[symbol.index()].resting.len() {
            let id = self.desks[symbol.index()].resting[place].id;
            if !filled(id) {
                let update = OrderUpdate::Canceled { total: Qty::ZERO };
                self.heard(&Event::Order { id, update });
            }
        }
        self.desks[symbol.index()].clear(stamp);
    }

    /// Books a fill and says so.
    fn book(&mut self, symbol: SymbolId, hit: &Hit, stamp: Timestamp) {
        let place = Where {
            symbol,
            time: stamp,
            at: self.now,
            row: 0,
            reference: None,
        };
        let fill: Fill = self.account.book(&place, hit, self.instrument(symbol));
        let event = match hit.order {
            Some(id) => Event::Order {
                id,
                update: OrderUpdate::Filled {
                    fill,
                    total: hit.total,
                    complete: hit.left.is_zero(),
                },
            },
            None => Event::Account(AccountUpdate::Closed {
                symbol,
                cause: hit.reason,
                fill,
            }),
        };
        self.heard(&event);
        self.changed(symbol);
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
