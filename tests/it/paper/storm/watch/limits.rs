//! I13, I14, I17, I19: no entry while halted, none beyond the limits, none on a price that was not on the tape.
//!
//! Not here: that a limit is reached at the right moment (`exchange::trades`).

use std::collections::BTreeMap;

use confluence::domain::event::{AccountUpdate, Event, Operator, OrderUpdate, Quote};
use confluence::domain::num::{Notional, UNIT};
use confluence::domain::order::{Amount, OrderId, OrderRequest, Purpose};
use confluence::domain::signal::Signal;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::journal::entry::{Entry, SaidCommand};
use confluence::trader::rules::{Rules, SizingBasis};
use confluence::trader::{Commands, Trader, Upkeep};

use super::Case;
use crate::paper::storm::operator::Wish;

/// An entry under way.
struct Pending {
    symbol: SymbolId,
    value: Notional,
    day: i64,
}

/// What stands while the rows are walked.
struct Limits<'a> {
    rules: &'a Rules,
    trader: Option<Trader>,
    commands: Commands,
    paused: bool,
    lost: bool,
    day: Option<i64>,
    entries: u32,
    /// Entries under way and their value.
    pending: BTreeMap<OrderId, Pending>,
    signal: Option<(Signal, Quote)>,
}

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let mut limits = Limits {
        rules: &case.played.settings.rules,
        trader: None,
        commands: Commands::default(),
        paused: false,
        lost: false,
        day: None,
        entries: 0,
        pending: BTreeMap::new(),
        signal: None,
    };
    for row in &case.rows {
        match &row.entry {
            Entry::Boot(boot) => {
                let instruments = boot
                    .listing
                    .iter()
                    .map(|listed| listed.instrument.clone())
                    .collect();
                match &mut limits.trader {
                    Some(trader) => trader.relist(instruments),
                    None => {
                        limits.trader = Some(Trader::new(
                            limits.rules.clone(),
                            instruments,
                            Upkeep::default(),
                        ))
                    }
                }
            }
            Entry::Heard(event) => limits.hear(row.at, event),
            Entry::Said(SaidCommand::Submit(request)) if request.purpose == Purpose::Entry => {
                for found in limits.enter(row.at, request) {
                    breaches.push(format!("{found}, row {}", row.seq));
                }
            }
            _ => {}
        }
    }
    halts_are_kept(case, breaches);
}

impl Limits<'_> {
    fn hear(&mut self, at: Timestamp, event: &Event) {
        if self.day != Some(at.day()) {
            self.day = Some(at.day());
            self.entries = 0;
        }
        match event {
            Event::Operator(Operator::Halt) => self.paused = true,
            Event::Operator(Operator::Resume) => (self.paused, self.lost) = (false, false),
            Event::Account(AccountUpdate::FloorReached { .. }) => self.lost = true,
            Event::Account(AccountUpdate::DayStarted { .. }) => self.lost = false,
            Event::Signal { signal, quote } => self.signal = Some((signal.clone(), *quote)),
            Event::Order { id, update } => self.news(*id, update),
            _ => {}
        }
        if let Some(trader) = &mut self.trader {
            trader.on_event(at, event, &mut self.commands);
            self.commands.drain().for_each(drop);
            self.commands.drain_notes().for_each(drop);
        }
    }

    /// An entry that ended without a fill does not count among those of its day.
    fn news(&mut self, id: OrderId, update: &OrderUpdate) {
        let (over, empty) = match update {
            OrderUpdate::Filled { complete, .. } => (*complete, false),
            OrderUpdate::Rejected(_) => (true, true),
            OrderUpdate::Canceled { total } => (true, total.is_zero()),
            OrderUpdate::Accepted | OrderUpdate::NoAnswer | OrderUpdate::Report(_) => return,
        };
        if over && let Some(pending) = self.pending.remove(&id) {
            self.entries -= u32::from(empty && Some(pending.day) == self.day);
        }
    }

    /// An entry is sent.
    fn enter(&mut self, at: Timestamp, request: &OrderRequest) -> Vec<String> {
        let mut found = Vec::new();
        if self.paused {
            found.push("I19: an entry while paused".to_owned());
        }
        if self.lost {
            found.push("I13: an entry after the day's loss limit".to_owned());
        }
        self.entries += 1;
        if self.entries > self.rules.daily.trades_max {
            found.push(format!("I14: entry {} of the day", self.entries));
        }
        let Some((signal, quote)) = self.signal.clone() else {
            found.push("I17: an entry without a signal".to_owned());
            return found;
        };
        let Some(mark) = quote.mark else {
            found.push("I17: an entry without a price".to_owned());
            return found;
        };
        let age = at - signal.event_time;
        if signal.symbol != request.symbol || age >= self.rules.confluence.fresh_horizon {
            found.push(format!("I17: an entry on a signal {} ms old", age.millis()));
        }
        let Amount::Exact(qty) = request.amount else {
            found.push("I14: an entry of no stated size".to_owned());
            return found;
        };
        let value = mark * qty;
        self.sizes(request, value, &quote, &mut found);
        let pending = Pending {
            symbol: request.symbol,
            value,
            day: at.day(),
        };
        self.pending.insert(request.id, pending);
        found
    }

    /// I14: each position and all together within their shares of the account.
    fn sizes(
        &self,
        request: &OrderRequest,
        value: Notional,
        quote: &Quote,
        found: &mut Vec<String>,
    ) {
        let Some(trader) = &self.trader else { return };
        let sizing = &self.rules.sizing;
        let lever = match sizing.basis {
            SizingBasis::Margin => i128::from(self.rules.terms.leverage),
            SizingBasis::Notional => 1,
        };
        let base = quote.wallet.exact().raw().min(quote.equity.raw());
        let share = |of: i64| base / i128::from(UNIT) * i128::from(of) * lever;
        if value.raw() > share(sizing.position.steps()) {
            found.push(format!(
                "I14: an entry of {value:?} with {:?} in all",
                quote.equity
            ));
        }
        let open = trader.status().positions;
        let busy = open.iter().any(|(symbol, _)| *symbol == request.symbol)
            || self
                .pending
                .values()
                .any(|pending| pending.symbol == request.symbol);
        if busy {
            found.push("I14: an entry where one stands or is under way".to_owned());
        }
        let held: i128 = open.iter().map(|(_, position)| position.cost.raw()).sum();
        let pending: i128 = self.pending.values().map(|entry| entry.value.raw()).sum();
        if held + pending + value.raw() > share(sizing.total.steps()) {
            found.push("I14: more than the total share".to_owned());
        }
    }
}

/// I19: what the operator was promised was heard.
fn halts_are_kept(case: &Case, breaches: &mut Vec<String>) {
    let heard = |wanted: &dyn Fn(&Operator) -> bool| {
        let rows = case.rows.iter();
        rows.filter(|row| matches!(&row.entry, Entry::Heard(Event::Operator(said)) if wanted(said)))
            .count()
    };
    let granted = |wanted: &dyn Fn(&Wish) -> bool| {
        let all = case.played.granted.iter();
        all.filter(|one| one.answer == Some(true) && wanted(&one.wish))
            .count()
    };
    let halts = (
        granted(&|wish| matches!(wish, Wish::Pause | Wish::Flatten)),
        heard(&|said| *said == Operator::Halt),
    );
    let resumes = (
        granted(&|wish| *wish == Wish::Resume),
        heard(&|said| *said == Operator::Resume),
    );
    for (what, (promised, heard)) in [("halts", halts), ("resumes", resumes)] {
        if heard < promised {
            breaches.push(format!(
                "I19: {promised} {what} were promised, {heard} were heard"
            ));
        }
    }
}
