//! What must hold: the invariants, each checked against the exchange's truth, never against the trader's word alone.
//!
//! Not here: how the world works (`exchange`, `truth`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use confluence::domain::event::{
    AccountUpdate, Command, Event, Note, Operator, OrderStatus, OrderUpdate,
};
use confluence::domain::fill::{Fill, TradeId};
use confluence::domain::num::{Notional, Price, Qty, Rounding};
use confluence::domain::order::{
    Amount, Direction, HaltCause, OrderId, OrderRequest, Purpose, Reject,
};
use confluence::domain::position::{Position, initial_margin};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::trader::rules::Rules;
use confluence::trader::{Commands, Protection, Trader};

use super::plan::{Plan, SYMBOLS};
use super::truth::{Held, State, Truth};
use super::venue::WINDOW;

/// Commands for one symbol within any minute.
const COMMANDS_A_MINUTE: usize = 240;
/// A position without an accepted stop is being left after this.
const NAKED_MAX: i64 = 2_000;
/// A round trip and a half, at the slowest the calm line is.
const ROUND_TRIP: i64 = 500;
/// Attempts at protection come at least this often while there is none.
const ATTEMPT_EVERY: i64 = 2_000;

/// Watches one run.
#[derive(Debug)]
pub(crate) struct Judge {
    pub(crate) breaches: Vec<String>,
    /// How often a check had something to say yes to.
    pub(crate) seen: Seen,
    rules: Rules,
    resync_ms: i64,
    requests: BTreeMap<OrderId, (SymbolId, Purpose)>,
    references: BTreeMap<Arc<str>, u32>,
    /// Entries of which something may be on its way: a request, an execution, or the news of one.
    entries: BTreeMap<OrderId, Entry>,
    /// The last order sent before the event at hand.
    last_sent: OrderId,
    slots: Vec<Watched>,
    halts: BTreeSet<HaltCause>,
    day: i64,
    /// Entries sent since the day began, as the trader hears it.
    sent_today: Vec<OrderId>,
    /// The operator lifted a loss halt today.
    waived: bool,
    /// The exchange takes no order before this, as the trader heard it.
    throttled_until: i64,
    alive_since: i64,
    up_since: i64,
}

/// What is remembered of an entry that was sent.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The price and quantity it was sized by.
    price: Price,
    qty: Qty,
    sent: i64,
    /// Executions that were heard.
    heard: Qty,
}

/// What is remembered of one symbol.
#[derive(Clone, Debug, Default)]
struct Watched {
    /// Best trigger accepted since the position was opened, and the order that had it.
    best: Option<(Price, OrderId)>,
    /// When the position was opened, and by which order.
    opened_at: i64,
    opened_by: Option<OrderId>,
    /// The last order sent before the trader heard of the position; later ones are its exits.
    exits_from: Option<OrderId>,
    /// When the exchange last took a stop away.
    taken: Option<i64>,
    arming_since: Option<i64>,
    /// Visible, open, and no stop rests in truth.
    naked_since: Option<i64>,
    /// As naked, and the trader knows.
    known_since: Option<i64>,
    noted: bool,
    /// End of the last fault's effect.
    fault_until: i64,
    last_command: i64,
    commands: VecDeque<i64>,
    trades: BTreeSet<TradeId>,
    /// The position by the fills heard.
    held: Option<Position>,
    /// Fills that close more than was heard of.
    early: Vec<Fill>,
    /// Stops that rest, as far as the trader was told.
    believed: BTreeSet<OrderId>,
    /// Stops that were said to rest no more.
    ended: BTreeSet<OrderId>,
}

/// Counts of what was met, so that no check passes on nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) entries: u64,
    pub(crate) fills: u64,
    pub(crate) repeats: u64,
    pub(crate) stops: u64,
    pub(crate) moves: u64,
    pub(crate) takebacks: u64,
    pub(crate) fresh: u64,
    pub(crate) throttles: u64,
    pub(crate) halts: u64,
    pub(crate) sizes: u64,
    /// Sizes that fill the total to a thousandth.
    pub(crate) tight: u64,
    pub(crate) quiet: u64,
    pub(crate) rests: u64,
    pub(crate) naked_ms_max: i64,
    pub(crate) calm_naked_ms_max: i64,
    pub(crate) commands_max: usize,
    pub(crate) early: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.fills += other.fills;
        self.repeats += other.repeats;
        self.stops += other.stops;
        self.moves += other.moves;
        self.takebacks += other.takebacks;
        self.fresh += other.fresh;
        self.throttles += other.throttles;
        self.halts += other.halts;
        self.sizes += other.sizes;
        self.tight += other.tight;
        self.quiet += other.quiet;
        self.rests += other.rests;
        self.early += other.early;
        self.naked_ms_max = self.naked_ms_max.max(other.naked_ms_max);
        self.calm_naked_ms_max = self.calm_naked_ms_max.max(other.calm_naked_ms_max);
        self.commands_max = self.commands_max.max(other.commands_max);
    }
}

/// What one event led to.
pub(crate) struct Step<'a> {
    pub(crate) now: i64,
    pub(crate) event: &'a Event,
    pub(crate) said: &'a [Command],
    pub(crate) notes: &'a [Note],
    pub(crate) connected: bool,
}

impl Judge {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            breaches: Vec::new(),
            seen: Seen::default(),
            rules: plan.rules.clone(),
            resync_ms: plan.resync_ms(),
            requests: BTreeMap::new(),
            references: BTreeMap::new(),
            entries: BTreeMap::new(),
            last_sent: OrderId(0),
            slots: vec![Watched::default(); SYMBOLS],
            halts: BTreeSet::new(),
            day: Timestamp::from_millis(plan.start).day(),
            sent_today: Vec::new(),
            waived: false,
            throttled_until: 0,
            alive_since: plan.start,
            up_since: plan.start,
        }
    }

    pub(crate) fn breach(&mut self, text: String) {
        self.breaches.push(text);
    }

    pub(crate) fn symbol_of(&self, id: OrderId) -> Option<SymbolId> {
        self.requests.get(&id).map(|(symbol, _)| *symbol)
    }

    /// A fault struck; its effect lasts until then.
    pub(crate) fn fault(&mut self, symbol: SymbolId, until: i64) {
        let slot = &mut self.slots[symbol.index()];
        slot.fault_until = slot.fault_until.max(until);
    }

    /// The exchange took a stop away.
    pub(crate) fn taken(&mut self, symbol: SymbolId, now: i64) {
        self.slots[symbol.index()].taken = Some(now);
    }

    pub(crate) fn paused(&mut self, now: i64) {
        self.alive_since = now;
        self.up_since = i64::MAX;
    }

    /// Whether the link has been up for a while.
    pub(crate) const fn is_up(&self, now: i64) -> bool {
        self.up_since < now - 1_000
    }

    pub(crate) fn resumed(&mut self, now: i64) {
        self.alive_since = now;
        self.up_since = now;
    }

    /// I14: at every send what we hold and what is on its way stays within the limits.
    pub(crate) fn entry_sent(&mut self, now: i64, truth: &Truth, request: &OrderRequest) {
        let Amount::Exact(qty) = request.amount else {
            self.breach("I14: an entry without a quantity".to_owned());
            return;
        };
        let leverage = self.rules.terms.leverage;
        let margin = |price: Price, qty: Qty| initial_margin(price * qty, leverage).exact();
        let this = margin(truth.price(request.symbol), qty);
        let base = truth.wallet.exact().min(truth.equity());
        let own_cap = base.rate(self.rules.sizing.position, Rounding::Up).exact();
        if this > own_cap {
            self.breach(format!("I14: an entry of {this} margin, {own_cap} allowed"));
        }
        // Each unit is counted once, at the price it was sized by until its execution is heard and at that of the
        // execution from then on: so no later price takes part, and the limit holds to the last step.
        let mut sum = this;
        for slot in &self.slots {
            let cost = slot.held.map_or(Notional::ZERO, |held| held.cost);
            sum += initial_margin(cost, leverage).exact();
        }
        self.entries.retain(|id, entry| {
            let left = entry.on_its_way(now, truth.orders.get(id));
            sum += margin(entry.price, left);
            !left.is_zero()
        });
        let cap = base.rate(self.rules.sizing.total, Rounding::Up).exact();
        if sum > cap {
            self.breach(format!("I14: {sum} margin in all, {cap} allowed"));
        }
        let entry = Entry {
            price: truth.price(request.symbol),
            qty,
            sent: now,
            heard: Qty::ZERO,
        };
        self.entries.insert(request.id, entry);
        self.sent_today.push(request.id);
        self.seen.sizes += 1;
        self.seen.tight += u64::from(sum.raw() > cap.raw() / 1_000 * 999);
    }

    pub(crate) fn refused(&mut self, id: OrderId) {
        self.entries.remove(&id);
    }

    /// I1, I9, I12: the exchange has just accepted an order.
    pub(crate) fn accepted(&mut self, truth: &Truth, request: &OrderRequest) {
        let symbol = request.symbol;
        if request.purpose == Purpose::Entry {
            self.seen.entries += 1;
            let reference = request.reference.clone().unwrap_or_else(|| Arc::from(""));
            let count = self.references.entry(Arc::clone(&reference)).or_default();
            *count += 1;
            let count = *count;
            if count > 1 {
                self.breach(format!("I1: {count} entries accepted for {reference}"));
            }
            let live_entry = |id: &OrderId| {
                *id != request.id && truth.orders[id].request.purpose == Purpose::Entry
            };
            if truth.live[symbol.index()].iter().any(live_entry) {
                self.breach(format!(
                    "I1: a second live entry in symbol {}",
                    symbol.index()
                ));
            }
            if truth.positions[symbol.index()].is_some() {
                self.breach(format!(
                    "I14: an entry beside a position in symbol {}",
                    symbol.index()
                ));
            }
            return;
        }
        if !request.reduce_only {
            self.breach(format!("I9: order {} may increase", request.id.0));
        }
        let held = &truth.orders[&request.id];
        // One meant for a position before may still come.
        if !held.is_stop() || !self.slots[symbol.index()].owns(request.id) {
            return;
        }
        self.seen.stops += 1;
        let Some(trigger) = held.trigger() else {
            self.breach("I12: a stop without a level".to_owned());
            return;
        };
        let slot = &mut self.slots[symbol.index()];
        let direction = self.rules.direction;
        let moved = slot.best.filter(|(best, _)| *best != trigger);
        self.seen.moves += u64::from(moved.is_some());
        let best = moved.map_or(trigger, |(best, _)| better(direction, best, trigger));
        if moved.is_some_and(|(_, newer)| newer > request.id) {
            // Sent before the better one and only now accepted.
            return;
        }
        slot.best = Some((best, request.id));
        // A late one may come beside a better one; alone it must not be worse than any before.
        let resting = best_stop(truth, symbol, direction).unwrap_or(trigger);
        if better(direction, resting, best) != resting {
            self.breach(format!("I12: the stop moved away to {trigger} from {best}"));
        }
    }

    /// I9: what an execution did to the position.
    pub(crate) fn executed(
        &mut self,
        now: i64,
        truth: &Truth,
        id: OrderId,
        before: Option<Position>,
    ) {
        let held = &truth.orders[&id];
        let (purpose, symbol) = (held.request.purpose, held.request.symbol);
        let after = truth.positions[symbol.index()];
        if purpose != Purpose::Entry {
            let grew = match (before, after) {
                (Some(before), Some(after)) => {
                    after.direction != before.direction || after.qty > before.qty
                }
                (None, Some(_)) => true,
                _ => false,
            };
            if grew {
                self.breach(format!("I9: {purpose} made the position larger"));
            }
        }
        let slot = &mut self.slots[symbol.index()];
        let dropped = held.state == State::Ended(OrderStatus::Canceled);
        if held.is_stop() && dropped {
            slot.taken = Some(now);
        }
        if after.is_none() {
            slot.best = None;
        } else if before.is_none() {
            slot.opened_at = now;
            slot.opened_by = Some(id);
        }
    }

    /// The exchange closed a position.
    pub(crate) fn closed(&mut self, symbol: SymbolId) {
        self.slots[symbol.index()].best = None;
    }

    /// I12: a stop was taken back by us.
    pub(crate) fn removed(&mut self, truth: &Truth, id: OrderId, now: i64) {
        let held = &truth.orders[&id];
        let symbol = held.request.symbol;
        let slot = &self.slots[symbol.index()];
        // One of a position before protects at a level that means nothing now.
        let counts = held.is_stop() && slot.owns(id);
        if !counts || truth.positions[symbol.index()].is_none() {
            return;
        }
        // The trader cannot know yet that the exchange took the one it relies on.
        if slot.taken.is_some_and(|taken| now - taken < 45_000) {
            return;
        }
        let direction = self.rules.direction;
        let (left, gone) = (best_stop(truth, symbol, direction), held.trigger());
        match (left, gone) {
            (Some(left), Some(gone)) if better(direction, left, gone) == left => {
                self.seen.takebacks += 1;
            }
            _ if executing(truth, symbol) => {}
            _ => self.breach(format!(
                "I12: stop {} was taken back, {left:?} is left",
                id.0
            )),
        }
    }

    /// Everything said is remembered, whether it gets out or not.
    pub(crate) fn said(&mut self, now: i64, command: &Command) {
        let symbol = match command {
            Command::Submit(approved) => {
                let request = approved.request();
                self.requests
                    .insert(request.id, (request.symbol, request.purpose));
                Some(request.symbol)
            }
            Command::Cancel(id) | Command::Query(id) => self.symbol_of(*id),
            Command::Resync | Command::Halt(_) | Command::Release | Command::Watch(_) => None,
        };
        let Some(symbol) = symbol else { return };
        let slot = &mut self.slots[symbol.index()];
        slot.last_command = now;
        slot.commands.push_back(now);
        while slot.commands.front().is_some_and(|at| now - at >= 60_000) {
            slot.commands.pop_front();
        }
        let count = slot.commands.len();
        self.seen.commands_max = self.seen.commands_max.max(count);
        if count > COMMANDS_A_MINUTE {
            self.breach(format!("thrash: {count} commands in a minute"));
        }
    }

    /// All that is checked after every event.
    pub(crate) fn after_event(&mut self, truth: &Truth, trader: &Trader, step: &Step<'_>) {
        self.hear_fills(step.event);
        self.check_throttle(step);
        self.check_books(trader);
        self.check_halts(trader, step);
        for index in 0..SYMBOLS {
            self.check_protection(truth, trader, SymbolId::at(index), step);
        }
        self.check_day(truth, step);
        let last = self.requests.last_key_value();
        self.last_sent = last.map_or(self.last_sent, |(id, _)| *id);
    }

    /// I16: nothing is ordered before the exchange takes orders again.
    fn check_throttle(&mut self, step: &Step<'_>) {
        if let Event::Order {
            update: OrderUpdate::Rejected(Reject::Throttled { until }),
            ..
        } = step.event
        {
            self.throttled_until = self.throttled_until.max(until.millis());
            self.seen.throttles += 1;
        }
        let orders = step
            .said
            .iter()
            .any(|command| matches!(command, Command::Submit(_)));
        if orders && step.now < self.throttled_until {
            self.breach("I16: an order was sent while throttled".to_owned());
        }
    }

    fn hear_fills(&mut self, event: &Event) {
        match event {
            Event::Order { id, update } => {
                let Some(symbol) = self.symbol_of(*id) else {
                    return;
                };
                self.believe(*id, symbol, update);
                match update {
                    OrderUpdate::Filled { fill, .. } => self.hear_fill(symbol, Some(*id), fill),
                    OrderUpdate::Report(report) => {
                        for fill in &report.fills {
                            self.hear_fill(symbol, Some(*id), fill);
                        }
                    }
                    OrderUpdate::Accepted
                    | OrderUpdate::Rejected(_)
                    | OrderUpdate::Canceled { .. }
                    | OrderUpdate::NoAnswer => {}
                }
            }
            Event::Account(AccountUpdate::Closed { symbol, fill, .. }) => {
                self.hear_fill(*symbol, None, fill);
            }
            _ => {}
        }
    }

    fn believe(&mut self, id: OrderId, symbol: SymbolId, update: &OrderUpdate) {
        let purpose = self.requests.get(&id).map(|(_, purpose)| *purpose);
        if !matches!(purpose, Some(Purpose::StopLoss | Purpose::BreakEven)) {
            return;
        }
        let slot = &mut self.slots[symbol.index()];
        let rests = match update {
            OrderUpdate::Accepted => !slot.ended.contains(&id),
            OrderUpdate::Filled { complete, .. } => !complete,
            OrderUpdate::Report(report) => report.status == OrderStatus::Working,
            OrderUpdate::NoAnswer => return,
            OrderUpdate::Rejected(_) | OrderUpdate::Canceled { .. } => false,
        };
        if rests {
            slot.believed.insert(id);
        } else {
            slot.believed.remove(&id);
            slot.ended.insert(id);
        }
    }

    fn hear_fill(&mut self, symbol: SymbolId, order: Option<OrderId>, fill: &Fill) {
        let slot = &mut self.slots[symbol.index()];
        if !slot.trades.insert(fill.trade) {
            self.seen.repeats += 1;
            return;
        }
        self.seen.fills += 1;
        if let Some(entry) = order.and_then(|id| self.entries.get_mut(&id)) {
            entry.heard += fill.qty;
        }
        if fill.side != self.rules.direction.entry_side() {
            slot.take(fill);
            self.seen.early += u64::from(!slot.early.is_empty());
            return;
        }
        let leverage = self.rules.terms.leverage;
        slot.held = Some(match slot.held {
            None => {
                slot.exits_from = Some(self.last_sent);
                slot.arming_since = None;
                slot.best = None;
                Position::open(self.rules.direction, fill.price, fill.qty, leverage)
            }
            Some(held) => held.add(fill.price, fill.qty, leverage),
        });
        for early in std::mem::take(&mut slot.early) {
            slot.take(&early);
        }
    }

    /// I7: the trader's position is the sum of the distinct fills it heard, after every event.
    fn check_books(&mut self, trader: &Trader) {
        for index in 0..SYMBOLS {
            let symbol = SymbolId::at(index);
            let position = trader.position(symbol);
            let held = position.map_or(0, |position| position.qty.steps());
            let booked = self.slots[index].booked();
            if held != booked {
                self.breach(format!("I7: {held} held, {booked} heard in symbol {index}"));
            }
            if position.is_some_and(|position| position.direction != self.rules.direction) {
                self.breach(format!("I7: symbol {index} was flipped"));
            }
        }
    }

    /// I19: a halt stays until the operator or the day ends it; none enters meanwhile.
    fn check_halts(&mut self, trader: &Trader, step: &Step<'_>) {
        let halts: BTreeSet<HaltCause> = trader.status().halts.into_iter().collect();
        let day = Timestamp::from_millis(step.now).day();
        let resumed = *step.event == Event::Operator(Operator::Resume);
        let rolled = matches!(step.event, Event::Account(AccountUpdate::DayStarted { .. }))
            && day > self.day;
        let mut owed = self.halts.clone();
        if resumed {
            self.waived |= owed.contains(&HaltCause::DailyLoss);
            owed.clear();
        }
        if rolled {
            owed.remove(&HaltCause::DailyLoss);
        }
        match step.event {
            Event::Operator(Operator::Halt) => _ = owed.insert(HaltCause::Operator),
            Event::Account(AccountUpdate::FloorReached { .. }) => {
                owed.insert(HaltCause::DailyLoss);
            }
            _ => {}
        }
        if !owed.is_subset(&halts) {
            self.breach(format!("I19: {owed:?} fell to {halts:?}"));
        }
        let enters = step.said.iter().any(|command| match command {
            Command::Submit(approved) => approved.request().purpose == Purpose::Entry,
            _ => false,
        });
        if !halts.is_empty() {
            self.seen.halts += 1;
            if enters {
                self.breach("I19: an entry was sent while halted".to_owned());
            }
        }
        if rolled {
            self.waived = false;
            self.day = day;
        }
        self.halts = halts;
    }

    /// S13 over restarts: the entries of a day that filled are within the limit.
    fn check_day(&mut self, truth: &Truth, step: &Step<'_>) {
        if matches!(step.event, Event::Account(AccountUpdate::DayStarted { .. })) {
            // Sent before, possibly filled after: they belong to neither day for sure.
            self.sent_today.clear();
        }
        let filled = self
            .sent_today
            .iter()
            .filter(|id| {
                truth
                    .orders
                    .get(id)
                    .is_some_and(|held| !held.filled.is_zero())
            })
            .count();
        if filled > usize::try_from(self.rules.daily.trades_max).unwrap_or(usize::MAX) {
            self.breach(format!("I14: {filled} entries in a day"));
        }
    }

    /// The gateway of a new process must know what stands.
    pub(crate) fn check_gateway(&mut self, halted: bool, watched: bool) {
        if halted == self.halts.is_empty() {
            self.breach(format!(
                "I19: the gateway halts: {halted}, the trader: {:?}",
                self.halts
            ));
        }
        if !watched && !self.waived {
            self.breach("I19: the gateway watches no floor".to_owned());
        }
    }

    fn check_protection(
        &mut self,
        truth: &Truth,
        trader: &Trader,
        symbol: SymbolId,
        step: &Step<'_>,
    ) {
        let now = step.now;
        let protection = trader.protection(symbol);
        let covered = protected(truth, symbol);
        let slot = &mut self.slots[symbol.index()];
        for note in step.notes {
            slot.noted |= *note == Note::Unprotected { symbol };
        }
        // By the trader's own belief: two seconds, to the millisecond.
        let arming = protection == Protection::Arming;
        let since = arming.then(|| *slot.arming_since.get_or_insert(now));
        slot.arming_since = since;
        let waited = since.map_or(0, |since| now - since.max(self.alive_since));
        // By the truth: open, visible and without a resting stop.
        let visible =
            truth.positions[symbol.index()].is_some() && trader.position(symbol).is_some();
        let naked = visible && !covered;
        slot.naked_since = naked.then(|| slot.naked_since.unwrap_or(now));
        let knows = naked
            && slot.believed.iter().all(|id| !slot.owns(*id))
            && matches!(protection, Protection::Arming | Protection::Leaving);
        slot.known_since = knows.then(|| slot.known_since.unwrap_or(now));
        if !naked {
            slot.noted = false;
        }
        let slot = slot.clone();
        // Refused until then: no attempt is allowed, for any symbol.
        let quiet_until = slot.fault_until.max(self.throttled_until);
        if waited > NAKED_MAX {
            self.breach(format!(
                "I2: without an accepted stop for {waited} ms and not leaving"
            ));
        }
        if !step.connected {
            return;
        }
        if let Some(since) = slot.naked_since {
            let lasted = now - since.max(self.up_since);
            self.seen.naked_ms_max = self.seen.naked_ms_max.max(lasted);
            let unaware = now - since.max(self.up_since).max(slot.fault_until);
            if unaware > self.resync_ms + 7_000 && slot.known_since.is_none() {
                self.breach(format!("I2: naked for {lasted} ms and not aware of it"));
            }
        }
        if let Some(since) = slot.known_since {
            let since = since.max(self.up_since);
            let lasted = now - since;
            let calm = now - since.max(quiet_until);
            self.seen.calm_naked_ms_max = self.seen.calm_naked_ms_max.max(calm);
            if calm > NAKED_MAX + ATTEMPT_EVERY + 2 * ROUND_TRIP {
                self.breach(format!(
                    "I2: naked for {calm} ms while the exchange answers"
                ));
            }
            let silent = now - slot.last_command.max(since);
            if lasted > NAKED_MAX && silent > ATTEMPT_EVERY && now > quiet_until + ATTEMPT_EVERY {
                self.breach(format!("I2: naked and no attempt for {silent} ms"));
            }
            if lasted > 10_000 && !slot.noted {
                self.breach("I2: naked for 10 s and no alarm".to_owned());
            }
        }
    }

    /// A glance at a copy: woken early, it has nothing to add.
    pub(crate) fn check_rest(&mut self, trader: &Trader, now: i64) {
        let now = Timestamp::from_millis(now);
        if trader.next_wake().is_some_and(|wake| wake <= now) {
            return;
        }
        let mut copy = trader.clone();
        let mut commands = Commands::default();
        copy.on_event(now, &Event::Wake, &mut commands);
        let said = commands.drain().count();
        if said > 0 || copy != *trader {
            self.breach(format!("rest: woken for nothing it says {said} commands"));
        }
        self.seen.rests += 1;
    }

    /// I25: a pair that came after the storm has become a protected position by now, or none.
    pub(crate) fn at_fresh(&mut self, now: i64, truth: &Truth, trader: &Trader) {
        for index in 0..SYMBOLS {
            let symbol = SymbolId::at(index);
            let old = now - self.slots[index].opened_at > 5_000;
            if truth.positions[index].is_some() && old {
                self.seen.fresh += 1;
                let leaving = trader.protection(symbol) == Protection::Leaving;
                if trader.position(symbol).is_none() || !(protected(truth, symbol) || leaving) {
                    self.breach(format!("I25: symbol {index} is open and not protected"));
                }
            }
        }
    }

    /// I3, I5, I11 and protection, once everything has been calm for long.
    pub(crate) fn at_quiet(&mut self, truth: &Truth, trader: &Trader) {
        for index in 0..SYMBOLS {
            let symbol = SymbolId::at(index);
            self.seen.quiet += 1;
            let ours = trader
                .position(symbol)
                .map(|open| (open.direction, open.qty));
            let theirs = truth.positions[index].map(|open| (open.direction, open.qty));
            if ours != theirs {
                self.breach(format!(
                    "I5: symbol {index}: {ours:?} booked, {theirs:?} held"
                ));
            }
            let signed = ours.map_or(0, |(direction, qty): (Direction, Qty)| {
                direction.sign() * qty.steps()
            });
            if signed != truth.net[index] {
                self.breach(format!(
                    "I5: symbol {index}: {signed} booked, {} executed",
                    truth.net[index]
                ));
            }
            let live: Vec<&Held> = truth.live[index]
                .iter()
                .map(|id| &truth.orders[id])
                .collect();
            let protection = trader.protection(symbol);
            if theirs.is_none() {
                if !live.is_empty() {
                    self.breach(format!(
                        "I11: symbol {index} is flat, {} orders rest",
                        live.len()
                    ));
                }
                if protection != Protection::Flat {
                    self.breach(format!(
                        "I3: symbol {index} is flat, the trader says {protection:?}"
                    ));
                }
                continue;
            }
            let stops = live.iter().filter(|held| held.is_stop()).count();
            if stops != 1 {
                self.breach(format!("I3: {stops} stops rest for symbol {index}"));
            }
            let settled = matches!(
                protection,
                Protection::Bracketed | Protection::Reduced | Protection::Leaving
            );
            if !settled {
                self.breach(format!("I3: symbol {index} is {protection:?} after calm"));
            }
        }
    }
}

impl Watched {
    /// Whether an exit was sent for the position that is open now.
    fn owns(&self, id: OrderId) -> bool {
        self.opened_by.is_some_and(|entry| entry < id)
            && self.exits_from.is_some_and(|last| last < id)
    }

    /// Quantity by the fills heard, in steps.
    fn booked(&self) -> i64 {
        self.held.map_or(0, |held| held.qty.steps())
    }

    fn take(&mut self, fill: &Fill) {
        match self.held {
            Some(held) if fill.qty <= held.qty => {
                self.held = held.reduce(fill.price, fill.qty).rest;
            }
            _ => self.early.push(fill.clone()),
        }
    }
}

impl Entry {
    /// How much of it was or may be executed without our having heard so.
    fn on_its_way(&self, now: i64, held: Option<&Held>) -> Qty {
        let most = match held {
            Some(held) if held.is_live() => self.qty,
            Some(held) => held.filled,
            // Refused on arrival from then on.
            None if now - self.sent > WINDOW => Qty::ZERO,
            None => self.qty,
        };
        if most > self.heard {
            most - self.heard
        } else {
            Qty::ZERO
        }
    }
}

/// The trigger closer to the market.
fn better(direction: Direction, one: Price, other: Price) -> Price {
    match direction {
        Direction::Long => one.max(other),
        Direction::Short => one.min(other),
    }
}

/// The best trigger among the stops that rest.
fn best_stop(truth: &Truth, symbol: SymbolId, direction: Direction) -> Option<Price> {
    let held = truth.live[symbol.index()]
        .iter()
        .map(|id| &truth.orders[id]);
    held.filter(|held| held.is_stop())
        .filter_map(Held::trigger)
        .reduce(|one, other| better(direction, one, other))
}

/// Whether an exit of the whole position is executing.
fn executing(truth: &Truth, symbol: SymbolId) -> bool {
    truth.live[symbol.index()].iter().any(|id| {
        let held = &truth.orders[id];
        let whole = held.request.amount == Amount::All && held.request.reduce_only;
        whole && matches!(held.state, State::Executing { .. })
    })
}

/// Whether a stop over the whole position rests, or an exit of the whole is executing.
fn protected(truth: &Truth, symbol: SymbolId) -> bool {
    let stop = |id: &OrderId| {
        let held = &truth.orders[id];
        held.is_stop() && held.request.amount == Amount::All && held.request.reduce_only
    };
    executing(truth, symbol) || truth.live[symbol.index()].iter().any(stop)
}
