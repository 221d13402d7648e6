//! THE core: what to do on each event. Backtest, paper and live run this very code.
//!
//! Not here: prices (the trader never hears a bar or a tick), clocks, files, the exchange.
//! Invariants: state is a pure function of the events heard; between two events nothing depends on a price; every
//! protective order rests at the exchange.

pub mod bracket;
pub mod confluence;
pub mod ledger;
pub mod orders;
pub mod reconcile;
pub mod risk;
pub mod rules;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::event::{
    AccountUpdate, Command, Event, ExitPlan, Ignored, Link, ManualOrder, Note, Operator,
    OrderUpdate, Quote, Snapshot,
};
use crate::domain::fill::Fill;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Rate, Rounding, UNIT, divide};
use crate::domain::order::{HaltCause, OrderId, OrderRequest, Purpose, Reject};
use crate::domain::position::Position;
use crate::domain::signal::Signal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::trader::confluence::{Books, Intake};
use crate::trader::ledger::{Booked, Day, Leg, Slot, WantedLeg, WantedStop};
use crate::trader::orders::{OrderState, Orders, Outcome};
use crate::trader::reconcile::Desk;
use crate::trader::risk::{Standing, approve_entry, approve_manual, loss_floor};
use crate::trader::rules::{HaltAction, Rules};

/// What the trader says about one event, in order. Reused from event to event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    said: Vec<Command>,
    notes: Vec<Note>,
}

/// How far the world can be trusted to answer: a simulator always does, an exchange does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Upkeep {
    /// A request unanswered for this long is in doubt; `None` where every answer is certain.
    pub news_within: Option<Span>,
    /// A snapshot is asked for this often while something is open; `None` never.
    pub resync_every: Option<Span>,
}

/// The strategy core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trader {
    rules: Rules,
    plan: Arc<ExitPlan>,
    upkeep: Upkeep,
    instruments: Vec<Instrument>,
    books: Books,
    slots: Vec<Slot>,
    orders: Orders,
    day: Day,
    halted: bool,
    daily_loss: bool,
    link: Link,
    /// A snapshot came since the link was up again: before that nothing may be entered.
    in_touch: bool,
    /// The exchange takes no order before this.
    throttled_until: Option<Timestamp>,
    /// Symbols with a position or an entry on its way, in byte order.
    active: BTreeSet<SymbolId>,
    wakes: BTreeSet<(Timestamp, SymbolId)>,
    resync_at: Option<Timestamp>,
}

/// A glance at the trader: what the original called its risk manager's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Open positions, by symbol.
    pub positions: Vec<(SymbolId, Position)>,
    /// Entries on their way.
    pub pending_entries: u32,
    /// Entry fills of the UTC day.
    pub entries_today: u32,
    /// Why no entries are taken, if so.
    pub halts: Vec<HaltCause>,
}

/// How a symbol stands with its protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// No position, nothing on its way.
    Flat,
    /// An entry is on its way, nothing filled.
    Entering,
    /// A position without an accepted stop.
    Arming,
    /// An accepted stop, no other leg resting yet.
    Stopped,
    /// Stop and further legs rest.
    Bracketed,
    /// As bracketed, after a part was closed.
    Reduced,
    /// A market exit is on its way.
    Leaving,
    /// Flat, with orders of ours not yet ended.
    Sweeping,
}

impl Commands {
    /// Appends a command.
    pub fn say(&mut self, command: Command) {
        self.said.push(command);
    }

    /// Appends a note.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Takes the notes out.
    pub fn drain_notes(&mut self) -> std::vec::Drain<'_, Note> {
        self.notes.drain(..)
    }

    /// Takes the commands out.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Command> {
        self.said.drain(..)
    }
}

impl Trader {
    /// A trader with empty books. `instruments` holds one entry per symbol id.
    #[must_use]
    pub fn new(rules: Rules, instruments: Vec<Instrument>, upkeep: Upkeep) -> Self {
        let count = instruments.len();
        Self {
            plan: Arc::new(rules.exits.clone()),
            rules,
            upkeep,
            instruments,
            books: Books::new(count),
            slots: vec![Slot::default(); count],
            orders: Orders::new(upkeep.news_within),
            day: Day {
                number: i64::MIN,
                equity: Notional::ZERO,
                wallet: Money::ZERO,
                entries: 0,
                waived: false,
            },
            halted: false,
            daily_loss: false,
            link: Link::Up,
            in_touch: true,
            throttled_until: None,
            active: BTreeSet::new(),
            wakes: BTreeSet::new(),
            resync_at: None,
        }
    }

    /// Takes a longer listing, or one with other filters: known contracts keep their places, their positions and their orders.
    ///
    /// # Panics
    /// When a known contract moved or is missing: whoever lists contracts appends them.
    pub fn relist(&mut self, instruments: Vec<Instrument>) {
        let known = self.instruments.iter();
        assert!(
            instruments.len() >= known.len()
                && known
                    .zip(&instruments)
                    .all(|(was, is)| was.symbol == is.symbol),
            "invariant: contracts are appended to a listing, never moved or dropped"
        );
        self.books.grow(instruments.len());
        self.slots.resize(instruments.len(), Slot::default());
        self.instruments = instruments;
    }

    /// Hears a message of the time before the run: it may wait for a partner that comes later, and a pair that it
    /// completes is used up without being traded (V2). Only before the first event.
    pub fn overhear(&mut self, signal: &Signal) {
        let _used_up = self.books.hear(&self.rules.confluence, signal, false);
    }

    /// Hears an event and says what follows from it.
    pub fn on_event(&mut self, now: Timestamp, event: &Event, commands: &mut Commands) {
        match event {
            Event::Signal { signal, quote } => self.on_signal(now, signal, quote, commands),
            Event::Order { id, update } => self.on_order(now, *id, update, commands),
            Event::Account(update) => self.on_account(now, update, commands),
            Event::Snapshot(snapshot) => self.on_snapshot(now, snapshot, commands),
            Event::Link(link) => self.on_link(now, *link, commands),
            Event::Wake => self.on_wake(now, commands),
            Event::Operator(operator) => self.on_operator(now, operator, commands),
        }
    }

    /// When the trader wants to be woken if nothing happens before.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let slot = self.wakes.first().map(|(at, _)| *at);
        slot.into_iter().chain(self.resync_at).min()
    }

    fn on_signal(
        &mut self,
        now: Timestamp,
        signal: &Signal,
        quote: &Quote,
        commands: &mut Commands,
    ) {
        let symbol = signal.symbol;
        let in_position = self.slots[symbol.index()].open.is_some();
        match self.books.hear(&self.rules.confluence, signal, in_position) {
            Intake::Off | Intake::Pending => {}
            Intake::Ignored(reason) => commands.note(Note::Ignored {
                id: Arc::clone(&signal.id),
                reason,
            }),
            Intake::LowScore(pair) => commands.note(Note::LowScore {
                id: Arc::clone(&signal.id),
                pair,
            }),
            Intake::Risk => self.on_risk_signal(now, signal, quote, commands),
            Intake::Emitted(pair) => {
                commands.note(Note::Confluence(pair.clone()));
                let standing = self.standing(now, symbol);
                let quote = Quote {
                    trading: quote.trading && self.in_touch && !self.is_throttled(now),
                    ..*quote
                };
                let ask = (self.orders.next_id(), &pair);
                let instrument = &self.instruments[symbol.index()];
                match approve_entry(&self.rules, instrument, &quote, &standing, ask) {
                    Err(gate) => {
                        commands.note(Note::Refused {
                            symbol,
                            reference: pair.reference(),
                            gate,
                        });
                    }
                    Ok((approved, sizing)) => {
                        let id = self.send(now, approved.request().clone(), sizing.reserve);
                        self.slots[symbol.index()].entry = Some(id);
                        commands.say(Command::Submit(approved));
                        self.tend(now, symbol, commands);
                    }
                }
            }
        }
    }

    fn on_risk_signal(
        &mut self,
        now: Timestamp,
        signal: &Signal,
        quote: &Quote,
        commands: &mut Commands,
    ) {
        let symbol = signal.symbol;
        let mark = quote.mark;
        let Some(open) = &mut self.slots[symbol.index()].open else {
            commands.note(Note::Ignored {
                id: Arc::clone(&signal.id),
                reason: Ignored::RiskFlat,
            });
            return;
        };
        if mark.is_none_or(|mark| open.position.unrealized(mark) <= Notional::ZERO) {
            commands.note(Note::Ignored {
                id: Arc::clone(&signal.id),
                reason: Ignored::RiskNotInProfit,
            });
            return;
        }
        open.asked.push(WantedLeg::new(Leg::Risk {
            share: self.rules.risk_close_share,
            reference: Arc::clone(&signal.id),
        }));
        self.tend(now, symbol, commands);
    }

    fn is_throttled(&self, now: Timestamp) -> bool {
        self.throttled_until.is_some_and(|until| now < until)
    }

    fn standing(&self, now: Timestamp, symbol: SymbolId) -> Standing {
        let slot = &self.slots[symbol.index()];
        let mut standing = Standing {
            halted: self.halted,
            daily_loss: self.daily_loss,
            entries_today: self.day.entries,
            in_position: slot.open.is_some(),
            pending_entry: slot.entry.is_some(),
            cooling: slot
                .last_exit
                .is_some_and(|exit| now < exit + self.rules.cooldown),
            ..Standing::default()
        };
        for id in &self.active {
            let slot = &self.slots[id.index()];
            if let Some(open) = &slot.open {
                standing.hold(&self.rules, &open.position, open.stop_level());
            }
            if let Some(entry) = slot.entry.and_then(|id| self.orders.get(id)) {
                standing.expect(&self.rules, entry.reserve, entry.filled.is_zero());
            }
        }
        standing
    }

    fn send(&mut self, now: Timestamp, request: OrderRequest, reserve: Money) -> OrderId {
        let id = request.id;
        self.orders.add(request, reserve, now);
        id
    }

    fn on_order(
        &mut self,
        now: Timestamp,
        id: OrderId,
        update: &OrderUpdate,
        commands: &mut Commands,
    ) {
        let Some(order) = self.orders.get_mut(id) else {
            self.surprise(Some(id), "news of an order that is not ours", commands);
            return;
        };
        let before = order.state;
        let was_live = order.is_live();
        let heard = order.hear(now, update);
        let request = order.request.clone();
        let revived = !was_live && order.is_live();
        let state = order.state;
        let ended = !order.is_live() && state != before;
        let symbol = request.symbol;
        if let OrderUpdate::Rejected(Reject::Throttled { until }) = update {
            self.throttled_until = self.throttled_until.max(Some(*until));
        }
        if let Some(what) = heard.surprise {
            self.surprise(Some(id), what, commands);
        }
        if revived {
            self.revive(&request);
        }
        if heard.first && request.purpose == Purpose::Entry {
            self.day.entries += 1;
        }
        for fill in &heard.fills {
            self.book(&request, fill, commands);
        }
        if heard.ask && self.link == Link::Up {
            commands.say(Command::Query(id));
        }
        if ended && state == OrderState::Done(Outcome::Rejected(Reject::NotTrading)) {
            let slot = &mut self.slots[symbol.index()];
            slot.open.iter_mut().for_each(|open| open.pause(now, id));
        }
        self.after_order(&request, state, ended, commands);
        self.tend(now, symbol, commands);
    }

    /// An order believed lost is there after all.
    fn revive(&mut self, request: &OrderRequest) {
        let slot = &mut self.slots[request.symbol.index()];
        if request.purpose == Purpose::Entry && slot.entry.is_none() {
            slot.entry = Some(request.id);
        } else {
            slot.live.push(request.id);
        }
    }

    /// What an order's new state means for the position it belongs to.
    fn after_order(
        &mut self,
        request: &OrderRequest,
        state: OrderState,
        ended: bool,
        commands: &mut Commands,
    ) {
        let slot = &mut self.slots[request.symbol.index()];
        let Some(open) = &mut slot.open else { return };
        // An entry of a position before may be told again: that it is over says nothing of this one's.
        if matches!(state, OrderState::Done(_)) && request.id == open.opened_by {
            open.complete = true;
        }
        if request.reduce_only && request.id < open.exits_from {
            return;
        }
        // An order by hand on the position's own side is refused too, and that is no news of the position (F13).
        let closes = request.side == open.position.direction.exit_side();
        if ended && closes && state == OrderState::Done(Outcome::Rejected(Reject::NothingToReduce))
        {
            self.surprise(
                Some(request.id),
                "nothing to close, by the exchange",
                commands,
            );
            return;
        }
        let is_stop = matches!(request.purpose, Purpose::StopLoss | Purpose::BreakEven);
        if ended && is_stop && state == OrderState::Done(Outcome::Rejected(Reject::WouldTriggerNow))
        {
            // The market is beyond the stop already: nothing can rest there, so leave now.
            open.leaving.get_or_insert(Purpose::Unprotected);
        }
        let filled = ended && state == OrderState::Done(Outcome::Filled);
        if filled && request.purpose == Purpose::TakeProfit(1) {
            self.move_to_break_even(request.symbol);
        }
    }

    /// The first level filled: from now on the stop belongs at break-even, if that is better (S16).
    fn move_to_break_even(&mut self, symbol: SymbolId) {
        let instrument = &self.instruments[symbol.index()];
        let Some(open) = &mut self.slots[symbol.index()].open else {
            return;
        };
        let Some(plan) = &open.plan else { return };
        let Some(kind) = bracket::break_even(&open.position, plan, instrument) else {
            return;
        };
        // The hard stop was placed from the first fill's price: later ones may have moved the average past it.
        let direction = open.position.direction;
        let better = open
            .stop
            .is_none_or(|stop| bracket::is_better(direction, &kind, &stop.kind));
        if better {
            open.stop = Some(WantedStop {
                kind,
                purpose: Purpose::BreakEven,
            });
            open.stop_retry_at = None;
        }
    }

    fn book(&mut self, request: &OrderRequest, fill: &Fill, commands: &mut Commands) {
        let leverage = self.rules.terms.leverage;
        let slot = &mut self.slots[request.symbol.index()];
        let booked = slot.book(fill, request.reduce_only, leverage);
        match booked {
            Booked::Opened => self.dress(request),
            Booked::Early => self.surprise(
                Some(request.id),
                "a closing fill without its position",
                commands,
            ),
            Booked::Added | Booked::Reduced | Booked::Closed => {}
        }
        // A closing fill that overtook its entry can be booked now.
        let slot = &mut self.slots[request.symbol.index()];
        if matches!(booked, Booked::Opened | Booked::Added) && !slot.early.is_empty() {
            for early in std::mem::take(&mut slot.early) {
                slot.book(&early, true, leverage);
            }
        }
    }

    /// Gives a new position its plan.
    fn dress(&mut self, request: &OrderRequest) {
        let plan = if request.purpose == Purpose::Entry {
            Some(Arc::clone(&self.plan))
        } else {
            self.orders.bracket_of(request.id)
        };
        if let Some(open) = &mut self.slots[request.symbol.index()].open {
            open.plan = plan;
            open.opened_by = request.id;
            open.exits_from = self.orders.next_id();
        }
    }

    fn on_account(&mut self, now: Timestamp, update: &AccountUpdate, commands: &mut Commands) {
        match update {
            AccountUpdate::Opened { balance } => {
                self.begin_day(now, balance.exact(), *balance);
                self.watch(commands);
            }
            AccountUpdate::DayStarted { equity, wallet } => {
                if now.day() > self.day.number {
                    self.begin_day(now, *equity, *wallet);
                    if self.daily_loss {
                        self.release_daily_loss(commands);
                    }
                    self.watch(commands);
                }
            }
            AccountUpdate::Funding { .. } => {}
            AccountUpdate::Closed { symbol, fill, .. } => {
                let slot = &mut self.slots[symbol.index()];
                if !slot.closes.contains(&fill.trade) {
                    slot.closes.push(fill.trade);
                    slot.book(fill, true, self.rules.terms.leverage);
                    self.tend(now, *symbol, commands);
                }
            }
            AccountUpdate::FloorReached { .. } => self.on_floor(now, commands),
        }
    }

    const fn begin_day(&mut self, now: Timestamp, equity: Notional, wallet: Money) {
        self.day = Day {
            number: now.day(),
            equity,
            wallet,
            entries: 0,
            waived: false,
        };
    }

    /// Names the figure at which the day is over (S14).
    fn watch(&self, commands: &mut Commands) {
        let floor = loss_floor(&self.rules.daily, self.day.equity, self.day.wallet);
        commands.say(Command::Watch(Some(floor)));
    }

    fn on_floor(&mut self, now: Timestamp, commands: &mut Commands) {
        if self.daily_loss {
            return;
        }
        self.daily_loss = true;
        commands.note(Note::Halted(HaltCause::DailyLoss));
        commands.say(Command::Halt(HaltCause::DailyLoss));
        if self.rules.daily.halt_action == HaltAction::Flatten {
            let open: Vec<SymbolId> = self.active.iter().copied().collect();
            for symbol in open {
                self.leave(symbol, Purpose::HaltFlatten);
                self.tend(now, symbol, commands);
            }
        }
    }

    fn leave(&mut self, symbol: SymbolId, purpose: Purpose) {
        if let Some(open) = &mut self.slots[symbol.index()].open {
            open.leave(purpose);
        }
    }

    fn release_daily_loss(&mut self, commands: &mut Commands) {
        self.daily_loss = false;
        commands.note(Note::Resumed);
        commands.say(if self.halted {
            Command::Halt(HaltCause::Operator)
        } else {
            Command::Release
        });
    }

    fn on_operator(&mut self, now: Timestamp, operator: &Operator, commands: &mut Commands) {
        match operator {
            Operator::Halt => {
                if !self.halted {
                    self.halted = true;
                    commands.note(Note::Halted(HaltCause::Operator));
                    commands.say(Command::Halt(HaltCause::Operator));
                }
            }
            Operator::Resume => {
                if self.halted || self.daily_loss {
                    self.day.waived |= self.daily_loss;
                    self.halted = false;
                    self.daily_loss = false;
                    commands.note(Note::Resumed);
                    commands.say(Command::Release);
                }
            }
            Operator::Close(symbol) => {
                self.leave(*symbol, Purpose::Manual);
                self.tend(now, *symbol, commands);
            }
            Operator::CancelAll(symbol) => self.cancel_openers(now, *symbol, commands),
            Operator::Order(order) => self.place_manual(now, order, commands),
        }
    }

    fn cancel_openers(&mut self, now: Timestamp, symbol: SymbolId, commands: &mut Commands) {
        let slot = &self.slots[symbol.index()];
        for id in slot.live.iter().chain(&slot.entry) {
            let Some(order) = self.orders.get_mut(*id) else {
                continue;
            };
            let opener = matches!(order.request.purpose, Purpose::Entry | Purpose::Manual);
            // What is in doubt is taken back as soon as it turns out to rest.
            order.unwanted |= opener;
            if opener && matches!(order.state, OrderState::Sent | OrderState::Working) {
                order.canceling(now);
                commands.say(Command::Cancel(*id));
            }
        }
        self.tend(now, symbol, commands);
    }

    fn place_manual(&mut self, now: Timestamp, order: &ManualOrder, commands: &mut Commands) {
        let approved = approve_manual(self.orders.next_id(), order);
        let id = self.send(now, approved.request().clone(), Money::ZERO);
        if let Some(bracket) = &order.bracket {
            self.orders.keep_bracket(id, Arc::clone(bracket));
        }
        self.slots[order.symbol.index()].live.push(id);
        commands.say(Command::Submit(approved));
        self.tend(now, order.symbol, commands);
    }

    fn on_wake(&mut self, now: Timestamp, commands: &mut Commands) {
        while let Some((_, symbol)) = self.wakes.first().copied().filter(|(at, _)| *at <= now) {
            let slot = &mut self.slots[symbol.index()];
            if let Some(open) = &mut slot.open {
                let hold_max = open.plan.as_ref().and_then(|plan| plan.hold_max);
                if !open.time_up && hold_max.is_some_and(|hold| open.since + hold <= now) {
                    open.time_up = true;
                    open.leave(Purpose::TimeStop);
                }
            }
            let before = slot.wake;
            self.tend(now, symbol, commands);
            assert!(
                self.slots[symbol.index()].wake != before,
                "invariant: a wake that was served is not asked for again"
            );
        }
        if self.resync_at.is_some_and(|at| at <= now) {
            self.resync(now, commands);
        }
    }

    fn on_link(&mut self, now: Timestamp, link: Link, commands: &mut Commands) {
        self.in_touch = false;
        self.link = link;
        if link == Link::Down {
            return;
        }
        // The other end may be a new process that knows nothing of what stands.
        if !self.day.waived {
            self.watch(commands);
        }
        if self.daily_loss {
            commands.say(Command::Halt(HaltCause::DailyLoss));
        } else if self.halted {
            commands.say(Command::Halt(HaltCause::Operator));
        }
        let active: Vec<SymbolId> = self.active.iter().copied().collect();
        for symbol in active {
            let slot = &self.slots[symbol.index()];
            for id in slot.live.iter().chain(&slot.entry) {
                let order = self.orders.get_mut(*id);
                if let Some(order) = order.filter(|order| order.state != OrderState::Working) {
                    order.doubt(now);
                    commands.say(Command::Query(*id));
                }
            }
            self.tend(now, symbol, commands);
        }
        self.resync(now, commands);
    }

    /// Asks for a snapshot, and again soon if none comes.
    fn resync(&mut self, now: Timestamp, commands: &mut Commands) {
        let soon = self.upkeep.resync_every.min(self.upkeep.news_within);
        self.resync_at = soon.or(self.upkeep.resync_every).map(|span| now + span);
        if self.link == Link::Up {
            commands.say(Command::Resync);
        }
    }

    /// Compares what the exchange holds with our books and asks about every difference. It may be older than the
    /// news it overtakes or is overtaken by, so it never changes the books itself.
    fn on_snapshot(&mut self, now: Timestamp, snapshot: &Snapshot, commands: &mut Commands) {
        self.in_touch = true;
        self.resync_at = self.upkeep.resync_every.map(|every| now + every);
        let mut asked: BTreeSet<(SymbolId, OrderId)> = BTreeSet::new();
        for id in &snapshot.working {
            // An order we think over: it lives, or the snapshot is older than its end.
            if let Some(order) = self.orders.get(*id).filter(|order| !order.is_live()) {
                asked.insert((order.request.symbol, *id));
            }
        }
        for index in 0..self.slots.len() {
            let symbol = SymbolId::at(index);
            let slot = &self.slots[index];
            let held = snapshot.positions.iter().find(|held| held.symbol == symbol);
            let ours = slot
                .open
                .as_ref()
                .map(|open| (open.position.direction, open.position.qty));
            let agrees = ours == held.map(|held| (held.direction, held.qty));
            let mut explained = false;
            for id in slot.live.iter().chain(&slot.entry) {
                let Some(order) = self.orders.get_mut(*id) else {
                    continue;
                };
                let missing = order.state == OrderState::Working && !snapshot.working.contains(id);
                if missing {
                    order.doubt(now);
                }
                if missing || (!agrees && order.is_accepted()) {
                    explained = true;
                    asked.insert((symbol, *id));
                }
            }
            if !agrees && !explained {
                // No live order explains it: the newest orders of the symbol are asked for executions we missed.
                let recent = self.orders.of_symbol(symbol).rev().take(8);
                asked.extend(recent.map(|order| (symbol, order.request.id)));
            }
        }
        for (symbol, id) in asked {
            commands.say(Command::Query(id));
            self.tend(now, symbol, commands);
        }
    }

    fn surprise(&mut self, order: Option<OrderId>, what: &'static str, commands: &mut Commands) {
        commands.note(Note::Surprise { order, what });
        commands.say(Command::Resync);
    }

    /// Reconciles one symbol after something about it changed.
    fn tend(&mut self, now: Timestamp, symbol: SymbolId, commands: &mut Commands) {
        let slot = &mut self.slots[symbol.index()];
        let before = slot.wake;
        let mut desk = Desk {
            now,
            symbol,
            link: self.link,
            throttled_until: self.throttled_until.filter(|until| now < *until),
            instrument: &self.instruments[symbol.index()],
            orders: &mut self.orders,
            commands,
        };
        desk.reconcile(slot);
        if slot.wake != before {
            if let Some(at) = before {
                self.wakes.remove(&(at, symbol));
            }
            if let Some(at) = slot.wake {
                self.wakes.insert((at, symbol));
            }
        }
        if slot.open.is_some() || slot.entry.is_some() || !slot.live.is_empty() {
            self.active.insert(symbol);
        } else {
            self.active.remove(&symbol);
        }
        let busy = !self.active.is_empty() || !self.in_touch;
        self.resync_at = match self.upkeep.resync_every {
            Some(every) if busy => Some(self.resync_at.unwrap_or(now + every)),
            _ => None,
        };
    }

    /// The rules it runs by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The open position of a symbol, by our books.
    #[must_use]
    pub fn position(&self, symbol: SymbolId) -> Option<&Position> {
        self.slots[symbol.index()]
            .open
            .as_ref()
            .map(|open| &open.position)
    }

    /// A glance at positions, counters and halts.
    #[must_use]
    pub fn status(&self) -> Status {
        let slot = |id: &SymbolId| &self.slots[id.index()];
        let positions = self
            .active
            .iter()
            .filter_map(|id| slot(id).open.as_ref().map(|open| (*id, open.position)))
            .collect();
        let pending = self
            .active
            .iter()
            .filter(|id| slot(id).entry.is_some())
            .count();
        let mut halts = Vec::new();
        if self.halted {
            halts.push(HaltCause::Operator);
        }
        if self.daily_loss {
            halts.push(HaltCause::DailyLoss);
        }
        Status {
            positions,
            pending_entries: u32::try_from(pending).unwrap_or(u32::MAX),
            entries_today: self.day.entries,
            halts,
        }
    }

    /// How a symbol stands with its protection.
    #[must_use]
    pub fn protection(&self, symbol: SymbolId) -> Protection {
        let slot = &self.slots[symbol.index()];
        let Some(open) = &slot.open else {
            return if slot.entry.is_some() {
                Protection::Entering
            } else if slot.live.is_empty() {
                Protection::Flat
            } else {
                Protection::Sweeping
            };
        };
        if open.leaving.is_some() {
            return Protection::Leaving;
        }
        if open.naked_since.is_some() || open.stop.is_none() {
            return Protection::Arming;
        }
        let Some(legs) = &open.legs else {
            return Protection::Stopped;
        };
        let filled = |order: Option<OrderId>| {
            order
                .and_then(|id| self.orders.get(id))
                .is_some_and(|order| !order.filled.is_zero())
        };
        let reduced = legs
            .iter()
            .any(|leg| matches!(leg.leg, Leg::Target(_)) && filled(leg.order));
        if reduced {
            Protection::Reduced
        } else {
            Protection::Bracketed
        }
    }

    /// The share of equity lost per stopped trade, costs included (S6): printed with every configuration.
    #[must_use]
    pub fn loss_per_stop(rules: &Rules, slippage: Rate) -> Rate {
        let per_unit = rules.exits.stop.steps() + 2 * rules.terms.taker.steps() + slippage.steps();
        let leverage = match rules.sizing.basis {
            rules::SizingBasis::Margin => i64::from(rules.terms.leverage),
            rules::SizingBasis::Notional => 1,
        };
        let product =
            i128::from(rules.sizing.position.steps()) * i128::from(per_unit) * i128::from(leverage);
        let steps = divide(product, i128::from(UNIT), Rounding::Up);
        Rate::from_steps(i64::try_from(steps).unwrap_or(i64::MAX))
    }
}
