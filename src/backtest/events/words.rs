//! A record and its values in words: what happened, with units.
//!
//! Not here: which records two runs differ in (`difference`), where the words stand (`cli`).

use super::{Kind, Record, Unit, Value};
use crate::domain::num::{Notional, Rate};

impl Record {
    /// What happened, without when and to which contract: `order #3 sent, stop loss: sell all, stop at 62729.8`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let told = |name: &str| self.get(name).map_or_else(String::new, Value::text);
        let order = || match self.get("purpose") {
            Some(Value::Text(purpose)) => {
                format!("order #{}, {}", told("order"), purpose_words(purpose))
            }
            _ => format!("order #{}", told("order")),
        };
        match self.kind {
            Kind::Signal => format!("signal {} of type {} heard", told("signal"), told("type")),
            Kind::Accepted => format!("{}: the exchange has it", order()),
            Kind::Filled => format!("{} filled: {}", order(), self.execution()),
            Kind::Rejected => format!("{} refused by the exchange: {}", order(), told("reason")),
            Kind::Canceled => format!("{} ended, {} of it executed", order(), told("total")),
            Kind::NoAnswer => format!("{}: no answer", order()),
            Kind::Report => format!("{}: the exchange reports {}", order(), told("status")),
            Kind::Opened => format!("account opened with {}", told("balance")),
            Kind::DayStarted => {
                let (equity, wallet) = (told("equity"), told("wallet"));
                format!("UTC day begins: equity {equity}, wallet {wallet}")
            }
            Kind::Funding => format!("funding settled: {}", told("amount")),
            Kind::Closed => format!(
                "position closed by the exchange ({}): {}",
                told("cause"),
                self.execution()
            ),
            Kind::FloorReached => format!("loss floor reached at {}", told("value")),
            Kind::Snapshot => "exchange says what it holds".to_owned(),
            Kind::Link => match self.get("up") {
                Some(Value::Is(true)) => "connection is back".to_owned(),
                _ => "connection is gone".to_owned(),
            },
            Kind::Wake => "trader woken".to_owned(),
            Kind::Operator => format!("operator says {}", told("said")),
            Kind::ManualOrder => format!("operator orders: {}", self.wish()),
            Kind::Confluence => format!("confluence found: {}", self.pair()),
            Kind::Ignored => format!("signal {} ignored: {}", told("signal"), told("reason")),
            Kind::LowScore => format!("pair scores too low: {}", self.pair()),
            Kind::Refused => format!(
                "entry refused by our risk: {}{}",
                told("gate"),
                self.asker()
            ),
            Kind::Halted => format!("entries halted: {}", told("cause")),
            Kind::Resumed => "entries taken again".to_owned(),
            Kind::TargetsDropped => format!("{} take-profit levels are too small", told("levels")),
            Kind::Unprotected => "position stands without a stop and is left".to_owned(),
            Kind::Surprise => format!("unexpected: {}", told("what")),
            Kind::Submit => format!("{} sent: {}{}", order(), self.wish(), self.asker()),
            Kind::Cancel => format!("{} taken back", order()),
            Kind::Query => format!("{}: exchange asked what became of it", order()),
            Kind::Resync => "exchange asked what it holds".to_owned(),
            Kind::Halt => format!("exchange told to drop entries: {}", told("cause")),
            Kind::Release => "exchange told to let entries through".to_owned(),
            Kind::Watch => format!("floor declared: {} at {}", told("figure"), told("level")),
        }
    }

    fn told(&self, name: &str) -> String {
        self.get(name).map_or_else(String::new, Value::text)
    }

    fn execution(&self) -> String {
        let [side, qty, price, fee] = ["side", "qty", "price", "fee"].map(|name| self.told(name));
        let realized = match self.get("realized") {
            Some(Value::Number(amount, _)) if amount.raw() != 0 => {
                format!(", realized {}", self.told("realized"))
            }
            _ => String::new(),
        };
        format!("{side} {qty} at {price}, fee {fee}{realized}")
    }

    fn pair(&self) -> String {
        let [alpha, fomo, gap, score] =
            ["alpha", "fomo", "gap", "score"].map(|name| self.told(name));
        format!("alpha {alpha}, fomo {fomo}, {gap} apart, score {score}")
    }

    fn asker(&self) -> String {
        let asker = self.told("for");
        if asker.is_empty() {
            asker
        } else {
            format!(", for {asker}")
        }
    }

    /// What an order wants.
    fn wish(&self) -> String {
        let amount = match (self.get("qty"), self.get("share")) {
            (Some(qty), _) => qty.text(),
            (None, Some(share)) => format!("{} of the position", share.text()),
            (None, None) => "all".to_owned(),
        };
        let watched = self.told("watched");
        let how = match self.told("type").as_str() {
            "market" => "at market".to_owned(),
            "limit" => format!("limit {}", self.told("limit")),
            "stop" => format!("stop at {} ({watched} price)", self.told("trigger")),
            "take_profit" => format!("take profit at {} ({watched} price)", self.told("trigger")),
            _ => format!(
                "trailing from {} by {} ({watched} price)",
                self.told("activation"),
                self.told("callback")
            ),
        };
        let only = match self.get("reduce_only") {
            Some(Value::Is(true)) => ", reduce-only",
            _ => "",
        };
        format!("{} {amount}, {how}{only}", self.told("side"))
    }
}

/// A purpose as people say it.
fn purpose_words(purpose: &str) -> String {
    match purpose {
        "sl" => "stop loss".to_owned(),
        "break_even" => "break-even stop".to_owned(),
        "trailing" => "trailing stop".to_owned(),
        "time_stop" => "time stop".to_owned(),
        "risk_signal" => "exit on a risk signal".to_owned(),
        "halt_flatten" => "exit on a halt".to_owned(),
        "unprotected" => "exit for want of a stop".to_owned(),
        "script" => "by hand".to_owned(),
        other => match other.strip_prefix("tp") {
            Some(level) => format!("take profit {level}"),
            None => other.to_owned(),
        },
    }
}

impl Value {
    /// For people, with the unit where the name does not say it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Is(is) => if *is { "yes" } else { "no" }.to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Time(time) => time.to_text().replace('T', " ").replace('Z', " UTC"),
            Self::Span(span) => seconds(span.millis()),
            Self::Number(amount, unit) => number(*amount, *unit),
        }
    }

    /// For programs: exact, without a unit; times RFC 3339, spans in milliseconds.
    #[must_use]
    pub fn exact(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Is(is) => (*is).into(),
            Self::Count(count) => (*count).into(),
            Self::Time(time) => time.to_text().into(),
            Self::Span(span) => span.millis().into(),
            Self::Number(amount, _) => amount.to_string().into(),
        }
    }

    /// How much `other` is above this, where both are numbers of one unit.
    #[must_use]
    pub fn change(&self, other: &Self) -> Option<String> {
        match (self, other) {
            (Self::Number(one, unit), Self::Number(other, same)) if unit == same => {
                let by = Notional::from_raw(other.raw().checked_sub(one.raw())?);
                let share = match unit {
                    Unit::Share | Unit::Score => None,
                    Unit::Usdt | Unit::Price | Unit::Base => relative(*one, by),
                };
                let share = share.map_or_else(String::new, |share| format!(" ({share})"));
                Some(format!("{}{share}", plus(by.raw(), number(by, *unit))))
            }
            (Self::Span(one), Self::Span(other)) => {
                let by = other.millis().checked_sub(one.millis())?;
                Some(plus(by.into(), seconds(by)))
            }
            (Self::Time(one), Self::Time(other)) => {
                let by = other.millis().checked_sub(one.millis())?;
                Some(plus(by.into(), seconds(by)))
            }
            (Self::Count(one), Self::Count(other)) => {
                let by = other.checked_sub(*one)?;
                Some(plus(by.into(), by.to_string()))
            }
            _ => None,
        }
    }
}

fn number(amount: Notional, unit: Unit) -> String {
    match unit {
        Unit::Usdt => format!("{amount} USDT"),
        Unit::Price | Unit::Base | Unit::Score => amount.to_string(),
        Unit::Share => {
            let steps = i64::try_from(amount.raw() / 100_000_000).unwrap_or(i64::MAX);
            format!("{} %", Rate::from_steps(steps).percent())
        }
    }
}

/// A change as a share of what it is from.
fn relative(from: Notional, by: Notional) -> Option<String> {
    let share = by.to_f64() / from.to_f64().abs() * 100.0;
    share.is_finite().then(|| format!("{share:+.3} %"))
}

fn plus(by: i128, text: String) -> String {
    if by > 0 { format!("+{text}") } else { text }
}

/// Exact to the millisecond.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let size = millis.unsigned_abs();
    let rest = format!("{:03}", size % 1000);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{rest} s", size / 1000)
}
