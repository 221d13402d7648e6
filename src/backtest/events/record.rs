//! What the numbers of each record are: news of the account, notes, commands.
//!
//! Not here: orders and executions (`orders`), bytes (`decode`). Beside `line`, which writes them, the only place that
//! knows.

use super::decode::{Decoder, Told};
use super::fields::Fields;
use super::file::Damage;
use super::{Kind, Unit};
use crate::backtest::line::names::gate_name;
use crate::backtest::line::tag;
use crate::domain::num::Notional;

impl Decoder<'_> {
    /// The record of a tag.
    pub(super) fn record(&mut self, tag: u8) -> Result<Told, Damage> {
        match tag {
            tag::SIGNAL => self.heard(),
            tag::ACCEPTED => self.news(Kind::Accepted),
            tag::FILLED => self.filled(),
            tag::REJECTED => self.rejected(),
            tag::CANCELED => self.canceled(),
            tag::NO_ANSWER => self.news(Kind::NoAnswer),
            tag::REPORT => self.report(),
            tag::CLOSED => self.closed(),
            tag::MANUAL => self.manual(),
            tag::SUBMIT => self.submit(),
            tag::CANCEL => self.news(Kind::Cancel),
            tag::QUERY => self.news(Kind::Query),
            tag::OPENED | tag::DAY | tag::FUNDING | tag::FLOOR_REACHED | tag::SNAPSHOT => {
                self.account(tag)
            }
            tag::CONFLUENCE | tag::IGNORED | tag::LOW_SCORE | tag::REFUSED => self.decision(tag),
            tag::TARGETS_DROPPED | tag::UNPROTECTED | tag::SURPRISE => self.trouble(tag),
            _ => self.state(tag),
        }
    }

    fn heard(&mut self) -> Result<Told, Damage> {
        let [kind, symbol, trading] = self.small()?;
        let [event, received, mark, wallet, low, top, available] = self.large()?;
        let id = self.text()?;
        let mut fields = Fields::new()
            .text("signal", id)
            .count("type", kind.cast_signed())
            .time("event_time", event)
            .time("received_time", received)
            .is("trading", trading == 1);
        if mark != 0 {
            fields = fields.number("mark", mark, Unit::Price);
        }
        let fields = fields
            .usdt("wallet", wallet)
            .wide("equity", joined(low, top))
            .usdt("available", available);
        Ok((Kind::Signal, Some(self.symbol(symbol)?), fields))
    }

    fn account(&mut self, tag: u8) -> Result<Told, Damage> {
        match tag {
            tag::OPENED => {
                let [balance] = self.large()?;
                let fields = Fields::new().usdt("balance", balance);
                Ok((Kind::Opened, None, fields))
            }
            tag::DAY => {
                let [wallet, low, top] = self.large()?;
                let fields = Fields::new().wide("equity", joined(low, top));
                Ok((Kind::DayStarted, None, fields.usdt("wallet", wallet)))
            }
            tag::FUNDING => {
                let [symbol] = self.small()?;
                let [amount] = self.large()?;
                let fields = Fields::new().usdt("amount", amount);
                Ok((Kind::Funding, Some(self.symbol(symbol)?), fields))
            }
            tag::FLOOR_REACHED => {
                let [low, top] = self.large()?;
                let fields = Fields::new().wide("value", joined(low, top));
                Ok((Kind::FloorReached, None, fields))
            }
            _ => self.snapshot(),
        }
    }

    fn snapshot(&mut self) -> Result<Told, Damage> {
        let [positions, working] = self.small()?;
        let mut fields = Fields::new();
        for _ in 0..positions {
            let [symbol, sign, qty] = self.large()?;
            let name = self.symbol(symbol.cast_unsigned())?;
            let direction = if sign < 0 { "short" } else { "long" };
            fields = fields
                .text("position", name.as_str())
                .text("direction", direction)
                .number("qty", qty, Unit::Base);
        }
        for _ in 0..working {
            let [id] = self.large()?;
            fields = fields.order(id.cast_unsigned());
        }
        Ok((Kind::Snapshot, None, fields))
    }

    fn decision(&mut self, tag: u8) -> Result<Told, Damage> {
        match tag {
            tag::CONFLUENCE => {
                let [symbol, alpha, fomo, gap, score] = self.small()?;
                let symbol = self.symbol(symbol)?;
                let (alpha, fomo) = (self.signal(alpha)?, self.signal(fomo)?);
                self.pair = Some(format!("{alpha}+{fomo}"));
                let fields = pair(Fields::new(), (alpha, fomo), (gap, score));
                Ok((Kind::Confluence, Some(symbol), fields))
            }
            tag::LOW_SCORE => {
                let [newcomer, symbol, alpha, fomo, gap, score] = self.small()?;
                let symbol = self.symbol(symbol)?;
                let fields = Fields::new().text("signal", self.signal(newcomer)?);
                let (alpha, fomo) = (self.signal(alpha)?, self.signal(fomo)?);
                let fields = pair(fields, (alpha, fomo), (gap, score));
                Ok((Kind::LowScore, Some(symbol), fields))
            }
            tag::IGNORED => {
                let [number] = self.small()?;
                let reason = self.text()?;
                let fields = Fields::new().text("signal", self.signal(number)?);
                Ok((Kind::Ignored, None, fields.text("reason", reason)))
            }
            _ => {
                let [marks] = self.small()?;
                let gate = gate_name(marks >> 16);
                let gate = gate.ok_or_else(|| self.wrong(format!("gate {}", marks >> 16)))?;
                let fields = Fields::new().text("gate", gate);
                Ok((Kind::Refused, Some(self.symbol(marks)?), self.asked(fields)))
            }
        }
    }

    fn trouble(&mut self, tag: u8) -> Result<Told, Damage> {
        match tag {
            tag::TARGETS_DROPPED => {
                let [symbol, levels] = self.small()?;
                let fields = Fields::new().count("levels", levels.cast_signed());
                Ok((Kind::TargetsDropped, Some(self.symbol(symbol)?), fields))
            }
            tag::UNPROTECTED => {
                let [symbol] = self.small()?;
                let symbol = self.symbol(symbol)?;
                Ok((Kind::Unprotected, Some(symbol), Fields::new()))
            }
            _ => {
                let [order] = self.small()?;
                let what = self.text()?;
                let (symbol, fields) = match order {
                    0 => (None, Fields::new()),
                    id => self.of_order(id),
                };
                Ok((Kind::Surprise, symbol, fields.text("what", what)))
            }
        }
    }

    /// Records without a contract of their own.
    fn state(&mut self, tag: u8) -> Result<Told, Damage> {
        let fields = Fields::new();
        let told = match tag {
            tag::LINK => {
                let [up] = self.small()?;
                (Kind::Link, fields.is("up", up == 1))
            }
            tag::WAKE => (Kind::Wake, fields),
            tag::OPERATOR => return self.operator(),
            tag::HALTED => (Kind::Halted, fields.text("cause", self.text()?)),
            tag::RESUMED => (Kind::Resumed, fields),
            tag::RESYNC => (Kind::Resync, fields),
            tag::HALT => (Kind::Halt, fields.text("cause", self.text()?)),
            tag::RELEASE => (Kind::Release, fields),
            tag::WATCH => {
                let [basis] = self.small()?;
                let [low, top] = self.large()?;
                let name = match basis {
                    0 => "none",
                    1 => "equity",
                    2 => "wallet",
                    other => return Err(self.wrong(format!("figure {other} to watch"))),
                };
                let fields = fields.text("figure", name);
                (Kind::Watch, fields.wide("level", joined(low, top)))
            }
            other => return Err(self.wrong(format!("there is no record with tag {other}"))),
        };
        Ok((told.0, None, told.1))
    }

    fn operator(&mut self) -> Result<Told, Damage> {
        let [what, symbol] = self.small()?;
        let (name, of) = match what {
            1 => ("halt", None),
            2 => ("resume", None),
            3 => ("close", Some(self.symbol(symbol)?)),
            4 => ("cancel_all", Some(self.symbol(symbol)?)),
            other => return Err(self.wrong(format!("word {other} of the operator"))),
        };
        Ok((Kind::Operator, of, Fields::new().text("said", name)))
    }

    /// What an entry or a refusal is about: the confluence just before.
    pub(super) fn asked(&self, fields: Fields) -> Fields {
        match &self.pair {
            Some(pair) => fields.text("for", pair.clone()),
            None => fields,
        }
    }
}

fn pair(fields: Fields, (alpha, fomo): (String, String), (gap, score): (u64, u64)) -> Fields {
    fields
        .text("alpha", alpha)
        .text("fomo", fomo)
        .span("gap", gap.cast_signed())
        .number("score", score.cast_signed(), Unit::Score)
}

/// A wide amount from its two halves.
fn joined(low: i64, top: i64) -> Notional {
    Notional::from_raw((i128::from(top) << 64) | i128::from(low.cast_unsigned()))
}
