//! Entries of a trial: a confluence heard, asked about, sent, on its way, filled and protected (ranks 5, 8 and 10 of T6).
//!
//! Not here: what is allowed and how much (`trader::risk`), the bracket's levels (`trader::bracket`).

use crate::backtest::line::Pair;
use crate::domain::event::{Event, ExitPlan, Gate, Note, OrderUpdate, Quote};
use crate::domain::num::Notional;
use crate::domain::order::{Amount, HaltCause, OrderId, OrderKind, Purpose, Reject};
use crate::domain::position::Position;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::fills::arrived;
use crate::exchange::path::open_point;
use crate::market::tape::Series;
use crate::sweep::batch::desk::Entry;
use crate::sweep::batch::intake::{Said, Word};
use crate::sweep::batch::replay::{Busy, Replay, Stage};
use crate::trader::bracket::Bracket;
use crate::trader::risk::{Exit, Standing, approve_exit, entry};

impl<'a> Replay<'a> {
    /// Rank 5.
    pub(super) fn hear(&mut self) {
        let words = self.stage.words;
        while let Some(word) = words.get(self.next_word)
            && word.at <= self.now
        {
            self.next_word += 1;
            self.say(word);
        }
    }

    pub(super) fn say(&mut self, word: &Word) {
        match word.said {
            Said::Ignored(reason) => self.log.line(self.now).ignored(word.signal, reason),
            Said::Low(pair) => self.log.line(self.now).low_score(word.signal, &pair),
            Said::Emitted(pair) => self.decide(&pair),
        }
    }

    /// Asks the risk manager about a confluence and sends what it approves.
    pub(super) fn decide(&mut self, pair: &Pair) {
        let Stage { rules, model, .. } = self.stage;
        let symbol = pair.symbol;
        // Nearly every refusal is one of these, and they need no sums.
        if let Err(gate) = self.refusal(symbol, self.now) {
            return self.refuse_pair(pair, gate);
        }
        self.log.line(self.now).confluence(pair);
        let mut standing = self.standing(symbol, self.now);
        for stake in &self.stakes {
            // The stop matters to the open risk alone.
            let risk = rules.sizing.open_risk_max;
            let stop = risk.and_then(|_| self.desks[stake.symbol.index()].stop);
            standing.hold(rules, &stake.position, stop);
        }
        if self.pending > 0 {
            for Busy { symbol, .. } in &self.busy {
                if let Some(entry) = &self.desks[symbol.index()].entry {
                    standing.expect(rules, entry.reserve, true);
                }
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
        match self.sizer.fit(instrument, &quote, &standing, pair.score) {
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

    pub(super) fn refuse_pair(&mut self, pair: &Pair, gate: Gate) {
        self.log.line(self.now).confluence(pair);
        self.log.line(self.now).refused(pair.symbol, gate);
    }

    pub(super) fn is_pending(&self, symbol: SymbolId) -> bool {
        self.desks[symbol.index()].entry.is_some()
    }

    /// How the books stand, without margins and risks.
    pub(super) fn standing(&self, symbol: SymbolId, now: Timestamp) -> Standing {
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

    pub(super) const fn next_id(&mut self) -> OrderId {
        self.orders += 1;
        OrderId(self.orders)
    }

    /// Rank 8: entries reach the exchange, in the order they were sent.
    pub(super) fn arrive(&mut self) {
        if self.sent > 0 {
            self.arrive_all();
        }
    }

    pub(super) fn arrive_all(&mut self) {
        let mut arrived = std::mem::take(&mut self.spare.arrived);
        arrived.clear();
        for Busy { symbol, .. } in &self.busy {
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
        for (_, symbol) in &arrived {
            if self.halted {
                self.refuse(*symbol, Reject::Halted(HaltCause::DailyLoss));
            } else {
                self.waiting.push(*symbol);
                self.plan(*symbol);
            }
        }
        self.spare.arrived = arrived;
    }

    /// Ends the entry of a symbol that the exchange does not take.
    pub(super) fn refuse(&mut self, symbol: SymbolId, reject: Reject) {
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
    pub(super) fn execute(&mut self) {
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

    pub(super) fn enter(&mut self, symbol: SymbolId, series: &'a Series, row: usize) {
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
    pub(super) fn protect(&mut self, symbol: SymbolId, series: &Series, row: usize) {
        let plan: &ExitPlan = &self.stage.rules.exits;
        let instrument = self.instrument(symbol);
        let Some(position) = self.position(symbol) else {
            return;
        };
        let mut placed = std::mem::take(&mut self.spare.bracket);
        placed.place(&position, plan, instrument);
        self.send_bracket(symbol, &position, &placed);
        if let Some(trailing) = self.desks[symbol.index()].resting.last_mut() {
            let price = open_point(series, row).price(trailing.watched());
            trailing.follow(price);
        }
        self.spare.bracket = placed;
    }

    fn send_bracket(&mut self, symbol: SymbolId, position: &Position, placed: &Bracket) {
        let Some(stop) = placed.stop else { return };
        self.send(symbol, position, (stop, Amount::All, Purpose::StopLoss));
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
                position,
                (target.kind, Amount::Exact(target.qty), purpose),
            );
        }
        if let Some(kind) = placed.trailing {
            self.send(symbol, position, (kind, Amount::All, Purpose::Trailing));
        }
    }

    pub(super) fn send(
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
        self.log.submitted(self.now, &approved);
    }
}
