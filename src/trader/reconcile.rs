//! Brings what rests at the exchange to what should rest: desired − working = commands.
//!
//! It runs after every event that touched a symbol, so partial fill, reject, reconnect and restart are one path.
//! Not here: levels and quantities (`bracket`), order states (`orders`).
//! Invariants: the stop is sent first and the targets only beside an accepted stop; a new stop is accepted before the
//! old one is cancelled; exits of a position before protect nothing; one request in flight per leg, but an exit the
//! exchange denies knowing may be sent anew; stop and exit have a retry clock each; attempts are bounded in time, so
//! nothing thrashes; nothing is ordered while the exchange throttles.

use std::sync::Arc;

use crate::domain::event::{Command, ExitPlan, Link, Note};
use crate::domain::instrument::Instrument;
use crate::domain::order::{Amount, OrderId, OrderKind, Purpose, Reject};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::trader::Commands;
use crate::trader::bracket;
use crate::trader::ledger::{Leg, Open, Slot, WantedLeg, WantedStop};
use crate::trader::orders::{Order, OrderState, Orders, Outcome};
use crate::trader::risk::{Exit, approve_exit};

/// A position without an accepted stop for this long is left at market.
const NAKED_MAX: Span = Span::from_millis(2_000);
/// A refused stop is tried again after this while the position is not being left.
const RETRY_AFTER: Span = Span::from_millis(500);
/// A market exit that did not end the position, and the stop beside it, are tried again after this.
const EXIT_RETRY_AFTER: Span = Span::from_millis(2_000);
/// A take-profit or trailing stop is given up after so many attempts, each after twice the pause of the one before:
/// the stop still protects.
const LEG_ATTEMPTS: u8 = 6;
/// Time the exchange has to end what closes nothing any more before we take it back.
const SWEEP_AFTER: Span = Span::from_millis(2_000);

/// One symbol being reconciled.
pub struct Desk<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Which symbol.
    pub symbol: SymbolId,
    /// While it is down nothing is asked: all in doubt is asked about once it is up.
    pub link: Link,
    /// The exchange takes no order before this.
    pub throttled_until: Option<Timestamp>,
    /// Its rules.
    pub instrument: &'a Instrument,
    /// All our orders.
    pub orders: &'a mut Orders,
    /// What is to be said.
    pub commands: &'a mut Commands,
}

impl Desk<'_> {
    /// Emits the fewest commands that bring the symbol to what should rest, and says when to look again.
    pub fn reconcile(&mut self, slot: &mut Slot) {
        self.forget_done(slot);
        self.ask_about_doubts(slot);
        self.take_back(slot);
        match slot.open.take() {
            None => self.sweep(slot),
            Some(mut open) => {
                slot.sweep_at = None;
                self.protect(slot, &mut open);
                slot.open = Some(open);
            }
        }
        slot.wake = self.next_look(slot);
    }

    fn forget_done(&self, slot: &mut Slot) {
        let live = |id: &OrderId| self.orders.get(*id).is_some_and(Order::is_live);
        slot.live.retain(live);
        slot.entry = slot.entry.filter(live);
    }

    fn ask_about_doubts(&mut self, slot: &Slot) {
        for id in slot.live.iter().chain(&slot.entry) {
            let Some(order) = self.orders.get_mut(*id) else {
                continue;
            };
            if order
                .deadline()
                .is_some_and(|deadline| deadline <= self.now)
            {
                order.doubt(self.now);
                if self.link == Link::Up {
                    self.commands.say(Command::Query(*id));
                }
            }
        }
    }

    /// What is not wanted any more and turns out to rest: openers the operator cancelled, exits of a position before
    /// (where every answer is certain those have vanished or stay until they execute, F13).
    fn take_back(&mut self, slot: &Slot) {
        let exits_from = slot.open.as_ref().map(|open| open.exits_from);
        for id in slot.live.iter().chain(&slot.entry) {
            let Some(order) = self.orders.get(*id) else {
                continue;
            };
            // The stop of a position before goes only once the new one rests.
            let stale = order.request.reduce_only
                && !self.orders.is_certain()
                && !is_stop(order)
                && exits_from.is_some_and(|from| *id < from);
            if order.state == OrderState::Working && (order.unwanted || stale) {
                self.cancel(*id);
            }
        }
    }

    /// Flat: what still rests closes nothing. The exchange ends such orders itself; what it forgets we take back.
    /// Exits that belong to an entry which may still fill stay. Where every answer is certain nothing is forgotten, and
    /// an exit on its way is refused when it executes (F13).
    fn sweep(&mut self, slot: &mut Slot) {
        if self.orders.is_certain() {
            return;
        }
        let entry = slot.entry;
        let leftover = |desk: &Self, id: &OrderId| {
            desk.orders.get(*id).is_some_and(|order| {
                let needed = entry.is_some_and(|entry| entry < *id);
                order.request.reduce_only && order.state == OrderState::Working && !needed
            })
        };
        let leftovers: Vec<OrderId> = slot
            .live
            .iter()
            .copied()
            .filter(|id| leftover(self, id))
            .collect();
        if leftovers.is_empty() {
            slot.sweep_at = None;
            return;
        }
        let due = *slot.sweep_at.get_or_insert(self.now + SWEEP_AFTER);
        if due <= self.now {
            slot.sweep_at = None;
            for id in leftovers {
                self.cancel(id);
            }
        }
    }

    fn protect(&mut self, slot: &mut Slot, open: &mut Open) {
        if let Some(plan) = open.plan.clone() {
            self.hold_bracket(slot, open, &plan);
        }
        let mut asked = std::mem::take(&mut open.asked);
        self.hold_legs(slot, open, &mut asked);
        open.asked = asked;
        self.leave(slot, open);
    }

    fn hold_bracket(&mut self, slot: &mut Slot, open: &mut Open, plan: &ExitPlan) {
        if open.stop.is_none() {
            open.stop =
                bracket::stop(&open.position, plan, self.instrument).map(|kind| WantedStop {
                    kind,
                    purpose: Purpose::StopLoss,
                });
        }
        let accepted = self.hold_stop(slot, open);
        if !accepted || !open.complete || open.leaving == Some(Purpose::Unprotected) {
            return;
        }
        let mut legs = open
            .legs
            .take()
            .unwrap_or_else(|| self.plan_legs(open, plan));
        self.hold_legs(slot, open, &mut legs);
        open.legs = Some(legs);
    }

    fn plan_legs(&mut self, open: &Open, plan: &ExitPlan) -> Vec<WantedLeg> {
        let bracket = bracket::place(&open.position, plan, self.instrument);
        if bracket.dropped > 0 {
            self.commands.note(Note::TargetsDropped {
                symbol: self.symbol,
                levels: bracket.dropped,
            });
        }
        let targets = bracket.targets.into_iter().map(Leg::Target);
        let trailing = bracket.trailing.map(Leg::Trailing);
        targets.chain(trailing).map(WantedLeg::new).collect()
    }

    /// Keeps the wanted stop resting. Whether an accepted stop covers the position now.
    fn hold_stop(&mut self, slot: &mut Slot, open: &mut Open) -> bool {
        let Some(wanted) = open.stop else {
            return false;
        };
        let stops: Vec<&Order> = slot
            .live
            .iter()
            .filter_map(|id| self.orders.get(*id))
            .filter(|order| is_stop(order))
            .collect();
        // A stop of a position before this one has another level: it is no protection to rely on.
        let fits = |order: &Order| {
            order.request.id >= open.exits_from && order.request.purpose == wanted.purpose
        };
        // Of two the newer: what was heard of the older one may be older news.
        let good = stops
            .iter()
            .filter(|order| fits(order) && order.state == OrderState::Working)
            .map(|order| order.request.id)
            .max();
        let covered = stops
            .iter()
            .any(|order| order.request.id >= open.exits_from && order.is_accepted());
        if good.is_some() || covered {
            open.naked_since = None;
            open.alarmed = false;
        }
        if let Some(good) = good {
            let others: Vec<OrderId> = stops
                .iter()
                .filter(|order| order.request.id != good && order.state == OrderState::Working)
                .map(|order| order.request.id)
                .collect();
            for id in others {
                self.cancel(id);
            }
            return true;
        }
        if !covered {
            let since = *open.naked_since.get_or_insert(self.now);
            if since + NAKED_MAX <= self.now && !open.alarmed {
                open.alarmed = true;
                open.leaving.get_or_insert(Purpose::Unprotected);
                self.commands.note(Note::Unprotected {
                    symbol: self.symbol,
                });
            }
        }
        if !self.stop_in_flight(slot, open, wanted) && self.is_due(open.stop_retry_at) {
            let exit = Exit {
                kind: wanted.kind,
                amount: Amount::All,
                purpose: wanted.purpose,
                reference: None,
            };
            self.submit(slot, open, exit);
            let wait = if open.leaving.is_none() {
                RETRY_AFTER
            } else {
                EXIT_RETRY_AFTER
            };
            open.stop_retry_at = Some(self.now + wait);
        }
        covered
    }

    /// Whether an attempt may be made now.
    fn is_due(&self, at: Option<Timestamp>) -> bool {
        self.throttled_until.is_none() && at.is_none_or(|at| at <= self.now)
    }

    fn hold_legs(&mut self, slot: &mut Slot, open: &Open, legs: &mut [WantedLeg]) {
        for wanted in legs {
            let beyond = self.was_beyond(wanted);
            let due = beyond || self.is_due(wanted.retry_at);
            if self.throttled_until.is_some() || !due || !self.needs_sending(wanted) {
                continue;
            }
            let exit = match &wanted.leg {
                Leg::Target(target) => Exit {
                    // A level the market has passed already is taken at market.
                    kind: if beyond {
                        OrderKind::Market
                    } else {
                        target.kind
                    },
                    amount: Amount::Exact(target.qty),
                    purpose: Purpose::TakeProfit(target.index),
                    reference: None,
                },
                Leg::Trailing(kind) => Exit {
                    kind: *kind,
                    amount: Amount::All,
                    purpose: Purpose::Trailing,
                    reference: None,
                },
                Leg::Risk { share, reference } => Exit {
                    kind: OrderKind::Market,
                    amount: Amount::Share(*share),
                    purpose: Purpose::RiskSignal,
                    reference: Some(Arc::clone(reference)),
                },
            };
            let pause = Span::from_millis(RETRY_AFTER.millis() << wanted.attempts);
            wanted.retry_at = Some(self.now + pause);
            wanted.attempts += 1;
            wanted.order = Some(self.submit(slot, open, exit));
        }
    }

    /// Whether the market had passed the level already when it was sent last.
    fn was_beyond(&self, wanted: &WantedLeg) -> bool {
        let order = wanted.order.and_then(|id| self.orders.get(id));
        order.is_some_and(|order| {
            order.state == OrderState::Done(Outcome::Rejected(Reject::WouldTriggerNow))
        })
    }

    fn needs_sending(&self, wanted: &WantedLeg) -> bool {
        let Some(id) = wanted.order else { return true };
        let state = self.orders.get(id).map(|order| order.state);
        let failed = matches!(
            state,
            Some(OrderState::Done(
                Outcome::NeverAccepted | Outcome::Rejected(_)
            ))
        );
        // Nothing to close, or too little: another attempt would be told the same.
        let benign = matches!(
            state,
            Some(OrderState::Done(Outcome::Rejected(
                Reject::NothingToReduce | Reject::BelowQtyMin
            )))
        );
        failed && !benign && wanted.attempts < LEG_ATTEMPTS
    }

    /// A position being left has a market exit on its way until it is flat. The stop stays beside it.
    fn leave(&mut self, slot: &mut Slot, open: &mut Open) {
        let Some(purpose) = open.leaving else { return };
        if self.exit_on_its_way(slot, open, purpose) || !self.is_due(open.exit_retry_at) {
            return;
        }
        if open.exits_sent > 0 && open.alarmed {
            self.commands.note(Note::Unprotected {
                symbol: self.symbol,
            });
        }
        let exit = Exit {
            kind: OrderKind::Market,
            amount: Amount::All,
            purpose,
            reference: None,
        };
        self.submit(slot, open, exit);
        open.exits_sent += 1;
        open.exit_retry_at = Some(self.now + EXIT_RETRY_AFTER);
    }

    fn exit_on_its_way(&self, slot: &Slot, open: &Open, purpose: Purpose) -> bool {
        slot.live.iter().any(|id| {
            self.orders.get(*id).is_some_and(|order| {
                *id >= open.exits_from
                    && order.request.purpose == purpose
                    && order.request.kind == OrderKind::Market
                    && !order.is_absent()
            })
        })
    }

    fn submit(&mut self, slot: &mut Slot, open: &Open, exit: Exit) -> OrderId {
        let id = self.orders.next_id();
        let side = open.position.direction.exit_side();
        let approved = approve_exit(id, self.symbol, side, exit);
        self.orders.add(
            approved.request().clone(),
            crate::domain::num::Money::ZERO,
            self.now,
        );
        slot.live.push(id);
        self.commands.say(Command::Submit(approved));
        id
    }

    fn cancel(&mut self, id: OrderId) {
        if let Some(order) = self.orders.get_mut(id) {
            order.canceling(self.now);
            self.commands.say(Command::Cancel(id));
        }
    }

    /// The earliest moment at which something here is due although nothing is heard.
    fn next_look(&self, slot: &Slot) -> Option<Timestamp> {
        let deadlines = slot
            .live
            .iter()
            .chain(&slot.entry)
            .filter_map(|id| self.orders.get(*id).and_then(Order::deadline));
        let open = slot.open.as_ref();
        let naked = open
            .filter(|open| !open.alarmed)
            .and_then(|open| Some(open.naked_since? + NAKED_MAX));
        let waiting = open.filter(|open| !open.time_up);
        let hold = waiting.and_then(|open| Some(open.since + open.plan.as_ref()?.hold_max?));
        deadlines
            .chain(naked)
            .chain(hold)
            .chain(open.and_then(|open| self.next_attempt(slot, open)))
            .chain(slot.sweep_at)
            .min()
    }

    /// When the next attempt of something that failed is due; all wait for the throttle.
    fn next_attempt(&self, slot: &Slot, open: &Open) -> Option<Timestamp> {
        let stop = open
            .stop
            .filter(|wanted| !self.stop_in_flight(slot, open, *wanted))
            .map(|_| open.stop_retry_at);
        let exit = open
            .leaving
            .filter(|purpose| !self.exit_on_its_way(slot, open, *purpose))
            .map(|_| open.exit_retry_at);
        let legs = open.legs.iter().flatten().chain(&open.asked);
        let legs = legs
            .filter(|leg| self.needs_sending(leg))
            .map(|leg| leg.retry_at);
        stop.into_iter()
            .chain(exit)
            .chain(legs)
            .filter_map(|at| at.max(self.throttled_until))
            .filter(|at| *at > self.now)
            .min()
    }

    fn stop_in_flight(&self, slot: &Slot, open: &Open, wanted: WantedStop) -> bool {
        let order = |id: &OrderId| self.orders.get(*id);
        slot.live.iter().filter_map(order).any(|order| {
            order.request.id >= open.exits_from
                && order.request.purpose == wanted.purpose
                && order.state != OrderState::Canceling
                && !order.is_absent()
        })
    }
}

fn is_stop(order: &Order) -> bool {
    matches!(
        order.request.purpose,
        Purpose::StopLoss | Purpose::BreakEven
    )
}
