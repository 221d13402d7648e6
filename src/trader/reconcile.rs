//! Brings what rests at the exchange to what should rest: desired − working = commands.
//!
//! It runs after every event that touched a symbol, so partial fill, reject, reconnect and restart are one path.
//! Not here: levels and quantities (`bracket`), order states (`orders`).
//! Invariants: the stop is sent first and the targets only beside an accepted stop; a new stop is accepted before the
//! old one is cancelled; one request in flight per leg; attempts are bounded in time, so nothing thrashes.

use crate::domain::event::{Command, Note};
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
/// A refused stop or market exit is tried again after this.
const RETRY_AFTER: Span = Span::from_millis(500);
/// A market exit that did not end the position is tried again after this.
const EXIT_RETRY_AFTER: Span = Span::from_millis(2_000);
/// A take-profit or trailing stop is given up after so many attempts: the stop still protects.
const LEG_ATTEMPTS: u8 = 3;
/// Time the exchange has to end what closes nothing any more before we take it back.
const SWEEP_AFTER: Span = Span::from_millis(2_000);

/// One symbol being reconciled.
pub struct Desk<'a> {
    /// The moment.
    pub now: Timestamp,
    /// Which symbol.
    pub symbol: SymbolId,
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
                self.commands.say(Command::Query(*id));
            }
        }
    }

    /// Flat: what still rests closes nothing. The exchange ends such orders itself; what it forgets we take back.
    fn sweep(&mut self, slot: &mut Slot) {
        let leftover = |desk: &Self, id: &OrderId| {
            desk.orders.get(*id).is_some_and(|order| {
                order.request.reduce_only && order.state == OrderState::Working
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
        let Some(plan) = open.plan.clone() else {
            self.leave(slot, open);
            return;
        };
        if open.stop.is_none() {
            open.stop =
                bracket::stop(&open.position, &plan, self.instrument).map(|kind| WantedStop {
                    kind,
                    purpose: Purpose::StopLoss,
                });
        }
        let accepted = self.hold_stop(slot, open);
        if accepted && open.complete && open.leaving != Some(Purpose::Unprotected) {
            if open.legs.is_none() {
                let bracket = bracket::place(&open.position, &plan, self.instrument);
                if bracket.dropped > 0 {
                    self.commands.note(Note::TargetsDropped {
                        symbol: self.symbol,
                        levels: bracket.dropped,
                    });
                }
                let legs = bracket.targets.into_iter().map(Leg::Target);
                let legs = legs.chain(bracket.trailing.map(Leg::Trailing));
                open.legs = Some(
                    legs.map(|leg| WantedLeg {
                        leg,
                        order: None,
                        attempts: 0,
                    })
                    .collect(),
                );
            }
            self.hold_legs(slot, open);
        }
        self.leave(slot, open);
    }

    /// Keeps the wanted stop resting. Whether an accepted stop covers the position now.
    fn hold_stop(&mut self, slot: &mut Slot, open: &mut Open) -> bool {
        let Some(wanted) = open.stop else {
            return false;
        };
        let is_stop = |purpose| matches!(purpose, Purpose::StopLoss | Purpose::BreakEven);
        let mut stops: Vec<OrderId> = Vec::new();
        for id in &slot.live {
            let order = self
                .orders
                .get(*id)
                .expect("invariant: live orders are ours");
            if is_stop(order.request.purpose) {
                stops.push(*id);
            }
        }
        let order = |desk: &Self, id: &OrderId| {
            let order = desk
                .orders
                .get(*id)
                .expect("invariant: live orders are ours");
            (
                order.request.purpose == wanted.purpose,
                order.is_accepted(),
                order.state,
            )
        };
        let good = stops.iter().find(|id| {
            let (fits, accepted, state) = order(self, id);
            fits && accepted && state != OrderState::Canceling
        });
        let any_accepted = stops.iter().any(|id| order(self, id).1);
        if let Some(good) = good {
            open.naked_since = None;
            for id in &stops {
                if id != good && order(self, id).2 == OrderState::Working {
                    self.cancel(*id);
                }
            }
            return true;
        }
        if any_accepted {
            open.naked_since = None;
        } else {
            let since = *open.naked_since.get_or_insert(self.now);
            if since + NAKED_MAX <= self.now && open.leaving.is_none() {
                open.leaving = Some(Purpose::Unprotected);
                self.commands.note(Note::Unprotected {
                    symbol: self.symbol,
                });
            }
        }
        let in_flight = stops.iter().any(|id| {
            let (fits, _, state) = order(self, id);
            fits && state != OrderState::Canceling
        });
        if !in_flight && open.retry_at.is_none_or(|at| at <= self.now) {
            let exit = Exit {
                kind: wanted.kind,
                amount: Amount::All,
                purpose: wanted.purpose,
                reference: None,
            };
            self.submit(slot, open, exit);
            open.retry_at = Some(self.now + RETRY_AFTER);
        }
        any_accepted
    }

    fn hold_legs(&mut self, slot: &mut Slot, open: &mut Open) {
        let mut legs = open.legs.take().unwrap_or_default();
        for wanted in &mut legs {
            if !self.needs_sending(wanted) {
                continue;
            }
            let refused = wanted
                .order
                .and_then(|id| self.orders.get(id))
                .map(|order| order.state);
            let beyond =
                refused == Some(OrderState::Done(Outcome::Rejected(Reject::WouldTriggerNow)));
            let (kind, amount, purpose) = match wanted.leg {
                Leg::Target(target) => {
                    // A level the market has passed already is taken at market.
                    let kind = if beyond {
                        OrderKind::Market
                    } else {
                        target.kind
                    };
                    (
                        kind,
                        Amount::Exact(target.qty),
                        Purpose::TakeProfit(target.index),
                    )
                }
                Leg::Trailing(kind) => (kind, Amount::All, Purpose::Trailing),
            };
            wanted.attempts += 1;
            wanted.order = Some(self.submit(
                slot,
                open,
                Exit {
                    kind,
                    amount,
                    purpose,
                    reference: None,
                },
            ));
        }
        open.legs = Some(legs);
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
        let benign = state == Some(OrderState::Done(Outcome::Rejected(Reject::NothingToReduce)));
        failed && !benign && wanted.attempts < LEG_ATTEMPTS
    }

    /// A position being left has a market exit on its way until it is flat. The stop stays beside it.
    fn leave(&mut self, slot: &mut Slot, open: &mut Open) {
        let Some(purpose) = open.leaving else { return };
        let on_its_way = slot.live.iter().any(|id| {
            self.orders.get(*id).is_some_and(|order| {
                order.request.purpose == purpose && order.request.kind == OrderKind::Market
            })
        });
        let due = open.exits_sent == 0 || open.retry_at.is_none_or(|at| at <= self.now);
        if on_its_way || !due {
            return;
        }
        if open.exits_sent > 0 && purpose == Purpose::Unprotected {
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
        open.retry_at = Some(self.now + EXIT_RETRY_AFTER);
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
            .filter(|open| open.leaving.is_none())
            .and_then(|open| open.naked_since)
            .map(|since| since + NAKED_MAX);
        let retry = open
            .and_then(|open| open.retry_at)
            .filter(|at| *at > self.now);
        let retry = retry.filter(|_| open.is_some_and(|open| self.waits_for_retry(slot, open)));
        let hold = open.filter(|open| open.leaving.is_none()).and_then(|open| {
            let hold_max = open.plan.as_ref()?.hold_max?;
            Some(open.since + hold_max)
        });
        deadlines
            .chain(naked)
            .chain(retry)
            .chain(hold)
            .chain(slot.sweep_at)
            .min()
    }

    /// Whether a stop or an exit is wanted and none is on its way.
    fn waits_for_retry(&self, slot: &Slot, open: &Open) -> bool {
        let has = |wanted: Purpose| {
            slot.live.iter().any(|id| {
                self.orders
                    .get(*id)
                    .is_some_and(|order| order.request.purpose == wanted)
            })
        };
        open.stop.is_some_and(|stop| !has(stop.purpose))
            || open.leaving.is_some_and(|purpose| !has(purpose))
    }
}
