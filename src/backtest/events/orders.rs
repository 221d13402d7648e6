//! What the numbers of records about orders are: sent, executed, refused, ended, reported, placed by hand.
//!
//! Not here: all other records (`record`). What an order was sent for is said again with its news.

use super::decode::{Decoder, Sent, Told};
use super::fields::Fields;
use super::file::Damage;
use super::{Kind, Unit};
use crate::backtest::line::names::{cause_name, purpose_name};
use crate::backtest::line::tag;
use crate::domain::symbol::Symbol;

/// Marks of an order, bit by bit.
const SELL: u64 = 1 << 16;
const REDUCE_ONLY: u64 = 1 << 17;

impl Decoder<'_> {
    /// The contract and first fields of an order's news.
    pub(super) fn of_order(&self, id: u64) -> (Option<Symbol>, Fields) {
        let fields = Fields::new().order(id);
        match self.sent.get(&id) {
            Some(sent) => (
                Some(sent.symbol.clone()),
                fields.text("purpose", sent.purpose.clone()),
            ),
            None => (None, fields),
        }
    }

    /// News of an order that says nothing else.
    pub(super) fn news(&mut self, kind: Kind) -> Result<Told, Damage> {
        let [id] = self.small()?;
        let (symbol, fields) = self.of_order(id);
        Ok((kind, symbol, fields))
    }

    pub(super) fn filled(&mut self) -> Result<Told, Damage> {
        let fill = self.fill()?;
        let (symbol, fields) = self.of_order(fill.of);
        let fields = fields
            .with(fill.fields)
            .number("total", fill.total, Unit::Base)
            .is("complete", fill.more == 1);
        Ok((Kind::Filled, symbol, fields))
    }

    pub(super) fn closed(&mut self) -> Result<Told, Damage> {
        let fill = self.fill()?;
        let cause = cause_name(fill.more);
        let cause = cause.ok_or_else(|| self.wrong(format!("cause {}", fill.more)))?;
        let fields = Fields::new().text("cause", cause).with(fill.fields);
        Ok((Kind::Closed, Some(self.symbol(fill.of)?), fields))
    }

    fn fill(&mut self) -> Result<Execution, Damage> {
        let [of, trade, before, marks] = self.small()?;
        let [qty, price, fee, realized, insurance, slippage, total] = self.large()?;
        let liquidity = match marks & 0xff {
            1 => "taker",
            2 => "maker",
            3 => "liquidation",
            other => return Err(self.wrong(format!("liquidity {other}"))),
        };
        let fields = Fields::new()
            .text("side", side(marks >> 8 & 1 == 1))
            .number("qty", qty, Unit::Base)
            .number("price", price, Unit::Price)
            .usdt("fee", fee)
            .usdt("realized", realized)
            .usdt("slippage", slippage)
            .usdt("insurance", insurance)
            .text("liquidity", liquidity)
            .count("trade_id", trade.cast_signed())
            .span("told_after", before.cast_signed());
        Ok(Execution {
            of,
            more: marks >> 16,
            total,
            fields,
        })
    }

    pub(super) fn rejected(&mut self) -> Result<Told, Damage> {
        let [id] = self.small()?;
        let [detail] = self.large()?;
        let reason = self.text()?;
        let (symbol, fields) = self.of_order(id);
        Ok((Kind::Rejected, symbol, refusal(fields, reason, detail)))
    }

    pub(super) fn canceled(&mut self) -> Result<Told, Damage> {
        let [id] = self.small()?;
        let [total] = self.large()?;
        let (symbol, fields) = self.of_order(id);
        Ok((
            Kind::Canceled,
            symbol,
            fields.number("total", total, Unit::Base),
        ))
    }

    pub(super) fn report(&mut self) -> Result<Told, Damage> {
        let [id, status, fills] = self.small()?;
        let [detail] = self.large()?;
        let (symbol, mut fields) = self.of_order(id);
        let name = match status {
            1 => "unknown",
            2 => "working",
            3 => "filled",
            4 => "canceled",
            5 => "rejected",
            other => return Err(self.wrong(format!("status {other} of an order"))),
        };
        fields = fields.text("status", name);
        if status == 5 {
            fields = refusal(fields, self.text()?, detail);
        }
        for _ in 0..fills {
            let found = self.tag()?;
            if found != tag::REPORTED_FILL {
                return Err(self.wrong(format!("tag {found} where an execution was reported")));
            }
            self.same_time()?;
            fields = fields.with(self.fill()?.fields);
        }
        Ok((Kind::Report, symbol, fields))
    }

    pub(super) fn submit(&mut self) -> Result<Told, Damage> {
        let [id, why, marks] = self.small()?;
        let [first, second, size] = self.large()?;
        let symbol = self.symbol(why)?;
        let purpose = purpose_name(why >> 16);
        let purpose = purpose.ok_or_else(|| self.wrong(format!("purpose {}", why >> 16)))?;
        let fields = Fields::new()
            .order(id)
            .text("purpose", purpose.clone())
            .text("side", side(marks & SELL != 0));
        let fields = self.kind(fields, marks, (first, second))?;
        let fields = match marks >> 20 {
            1 => fields.number("qty", size, Unit::Base),
            2 => fields.number("share", size, Unit::Share),
            3 => fields.text("amount", "all"),
            other => return Err(self.wrong(format!("amount {other}"))),
        };
        let mut fields = fields.is("reduce_only", marks & REDUCE_ONLY != 0);
        if marks & (1 << 18) != 0 {
            fields = fields.text("for", self.text()?);
        } else if purpose == "entry" {
            fields = self.asked(fields);
        }
        let sent = Sent {
            symbol: symbol.clone(),
            purpose,
        };
        self.sent.insert(id, sent);
        Ok((Kind::Submit, Some(symbol), fields))
    }

    pub(super) fn manual(&mut self) -> Result<Told, Damage> {
        let [symbol, marks] = self.small()?;
        let [first, second, qty] = self.large()?;
        let fields = Fields::new().text("side", side(marks & SELL != 0));
        let fields = self.kind(fields, marks, (first, second))?;
        let fields = if qty < 0 {
            fields.text("amount", "all")
        } else {
            fields.number("qty", qty, Unit::Base)
        };
        let mut fields = fields
            .is("reduce_only", marks & REDUCE_ONLY != 0)
            .is("bracket", marks & (1 << 18) != 0);
        if marks & (1 << 19) != 0 {
            fields = fields.text("for", self.text()?);
        }
        Ok((Kind::ManualOrder, Some(self.symbol(symbol)?), fields))
    }

    /// How an order executes.
    fn kind(
        &self,
        fields: Fields,
        marks: u64,
        (first, second): (i64, i64),
    ) -> Result<Fields, Damage> {
        let flag = marks >> 8 & 1 == 1;
        let watched = if flag { "mark" } else { "contract" };
        let trigger = |fields: Fields, name| {
            let fields = fields.text("type", name);
            let fields = fields.number("trigger", first, Unit::Price);
            fields.text("watched", watched)
        };
        Ok(match marks & 0xff {
            1 => fields.text("type", "market"),
            2 => fields
                .text("type", "limit")
                .number("limit", first, Unit::Price)
                .is("post_only", flag),
            3 => trigger(fields, "stop"),
            4 => trigger(fields, "take_profit"),
            5 => fields
                .text("type", "trail")
                .number("activation", first, Unit::Price)
                .number("callback", second, Unit::Share)
                .text("watched", watched),
            other => return Err(self.wrong(format!("order type {other}"))),
        })
    }
}

/// An execution, of whom or what, and what else is said of it.
struct Execution {
    of: u64,
    more: u64,
    total: i64,
    fields: Fields,
}

const fn side(is_sell: bool) -> &'static str {
    if is_sell { "sell" } else { "buy" }
}

fn refusal(fields: Fields, reason: String, detail: i64) -> Fields {
    let detailed = match reason.as_str() {
        "throttled" => fields.time("until", detail),
        "other" => fields.count("code", detail),
        _ => fields,
    };
    detailed.text("reason", reason)
}
