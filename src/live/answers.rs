//! What a running strategy answers when it is asked, and what it does when it is told.
//!
//! Not here: the port it is asked at (`control`).
//! Invariant: figures are those of the exchange and of a trader that heard what the journal holds, at one moment.

use serde_json::{Value, json};

use crate::domain::event::Operator;
use crate::domain::order::{HaltCause, OrderKind};
use crate::domain::symbol::SymbolId;
use crate::exchange::fills::Resting;
use crate::exchange::trades::Venue;
use crate::journal::entry::Entry;

use super::ask::{Ask, Asked};
use super::desk::find;
use super::paper::{Paper, Time};

impl Paper {
    /// Answers a question at once; a command when its instant has come and is durable.
    pub(super) fn answer(&mut self, venue: &Venue, asked: Asked) {
        let answer = match &asked.ask {
            Ask::Status => Ok(self.status(venue)),
            Ask::Positions => Ok(self.positions(venue)),
            Ask::Recent { count } => Ok(self.record.with(|shared| shared.recent.newest(*count))),
            Ask::Pause | Ask::Resume | Ask::Close { .. } | Ask::Cancel { .. } | Ask::Flatten => {
                let said = self.operate(venue, &asked.ask, &asked.who);
                self.books.answer((asked.reply, said));
                return;
            }
        };
        let _ = asked.reply.send(answer);
    }

    /// Puts what the operator says into the next instant.
    fn operate(&mut self, venue: &Venue, ask: &Ask, who: &str) -> Result<Value, String> {
        let said = self.words_of(venue, ask)?;
        let at = self.had_at();
        let entry = Entry::Operator {
            who: who.to_owned(),
            what: ask.words(),
        };
        let passed = self.merger.passed();
        self.record
            .with(|shared| shared.store.append(passed, &entry))
            .map_err(|error| error.to_string())?;
        let count = said.len();
        self.places
            .operator
            .extend(said.into_iter().map(|said| (at, said)));
        Ok(json!({ "ok": true, "did": ask.words(), "at": at.to_text(), "commands": count }))
    }

    fn words_of(&self, venue: &Venue, ask: &Ask) -> Result<Vec<Operator>, String> {
        let named = |name: &str| {
            find(&self.symbols, name).ok_or_else(|| {
                format!("'{name}' is no contract of this run\nhint: sim positions lists those with a position")
            })
        };
        match ask {
            Ask::Pause => Ok(vec![Operator::Halt]),
            Ask::Resume => Ok(vec![Operator::Resume]),
            Ask::Close { symbol } => {
                let id = named(symbol)?;
                if venue.account().held(id).is_none() {
                    return Err(format!(
                        "{} has no open position\nhint: sim positions lists those that have one",
                        self.symbols.name(id)
                    ));
                }
                Ok(vec![Operator::Close(id)])
            }
            Ask::Cancel { symbol } => Ok(vec![Operator::CancelAll(named(symbol)?)]),
            Ask::Flatten => {
                let open = venue.account().open();
                let closes = open.map(|(symbol, _)| Operator::Close(symbol));
                Ok([Operator::Halt].into_iter().chain(closes).collect())
            }
            Ask::Status | Ask::Positions | Ask::Recent { .. } => Ok(Vec::new()),
        }
    }

    fn status(&self, venue: &Venue) -> Value {
        let trader = self.record.with(|shared| shared.shadow.status());
        let halts: Vec<&str> = trader
            .halts
            .iter()
            .map(|cause| match cause {
                HaltCause::Operator => "paused",
                HaltCause::DailyLoss => "daily_loss",
            })
            .collect();
        let account = venue.account();
        let (seq, epoch, written) = self.record.with(|shared| {
            let store = &shared.store;
            (store.last_seq(), store.epoch(), store.written())
        });
        let stats = self.streams.stats();
        json!({
            "mode": "paper",
            "time": self.merger.passed().to_text(),
            "clock": match self.time { Time::Wall(_) => "wall", Time::Stream(_) => "stream" },
            "connected": self.merger.is_connected(),
            "entries": if halts.is_empty() { "allowed" } else { "stopped" },
            "halts": halts,
            "journal_failing": self.books.is_failing(),
            "wallet_usdt": account.wallet().to_string(),
            "equity_usdt": venue.equity().to_string(),
            "open_positions": trader.positions.len(),
            "pending_entries": trader.pending_entries,
            "entries_today": trader.entries_today,
            "trades": account.trades().len(),
            "contracts_in_play": self.desk.in_play(),
            "messages_waiting_for_a_price": self.desk.waiting(),
            "events": self.figures.events(),
            "events_late": self.merger.late(),
            "troubles": self.books.troubles(),
            "journal": { "seq": seq, "start": epoch, "commits": written.commits },
            "core_step_us": self.figures.steps(),
            "intake": self.figures.intake(),
            "streams": format!("{stats:?}"),
        })
    }

    fn positions(&self, venue: &Venue) -> Value {
        let row = |symbol: SymbolId| {
            let held = venue.account().held(symbol)?;
            let position = held.position;
            let mark = venue.mark(symbol);
            Some(json!({
                "symbol": self.symbols.name(symbol).as_str(),
                "direction": position.direction.name(),
                "qty": position.qty.to_string(),
                "cost_usdt": position.cost.to_string(),
                "margin_usdt": position.isolated.to_string(),
                "since": held.opened_at.to_text(),
                "mark": mark.map(|mark| mark.to_string()),
                "unrealized_usdt": mark.map(|mark| position.unrealized(mark).to_string()),
                "resting": venue.resting(symbol).iter().map(|order| resting(order, venue.tick(symbol))).collect::<Vec<Value>>(),
            }))
        };
        let open = venue.account().open();
        open.filter_map(|(symbol, _)| row(symbol)).collect()
    }
}

fn resting(order: &Resting, tick: crate::domain::num::Price) -> Value {
    let kind = match order.kind {
        OrderKind::Stop { .. } => "stop",
        OrderKind::TakeProfit { .. } => "take_profit",
        OrderKind::Trail { .. } => "trailing_stop",
        OrderKind::Limit { .. } => "limit",
        OrderKind::Market => "market",
    };
    json!({
        "order": order.id.0,
        "kind": kind,
        "side": order.side.name(),
        "level": order.level(tick).map(|level| level.to_string()),
        "armed": matches!(order.kind, OrderKind::Trail { .. }).then_some(order.armed),
        "peak": order.peak.map(|peak| peak.to_string()),
    })
}
