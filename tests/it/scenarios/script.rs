//! Reads the lines of a story, plays them to a trader and words its answers.
//!
//! Not here: files (`mod`). Anything it does not understand is an error, so no line can be without effect.

use std::fmt::Write;
use std::str::FromStr;
use std::sync::Arc;

use confluence::domain::event::{
    AccountUpdate, Command, Event, ExitPlan, FloorBasis, HeldPosition, Link, Note, Operator,
    OrderReport, OrderStatus, OrderUpdate, Quote, ShareOf, Snapshot, Target, TrailingPlan,
};
use confluence::domain::fill::{Fill, Liquidity, Reason, TradeId};
use confluence::domain::num::{Money, Price, Qty, Rate};
use confluence::domain::order::{
    Amount, Direction, OrderId, OrderKind, OrderRequest, Reject, Side, Watched,
};
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{Span, Timestamp};
use confluence::trader::rules::{HaltAction, HaltBasis, Role112, Rules};
use confluence::trader::{Commands, Trader, Upkeep};

use crate::storm::plan::{Plan, instrument, percent};

type Told<T> = Result<T, String>;

const NAMES: [&str; 2] = ["BTC", "ETH"];

/// A trader on its own, with everything it heard.
pub(super) struct Stage {
    rules: Rules,
    upkeep: Upkeep,
    trader: Option<Trader>,
    heard: Vec<(Timestamp, Event)>,
    /// What was executed of each order so far, by our count.
    totals: Vec<i64>,
    requests: Vec<OrderRequest>,
    trades: u64,
    wallet: Money,
    equity: Money,
}

impl Default for Stage {
    fn default() -> Self {
        let deposit = money("10000").expect("invariant: written here");
        Self {
            rules: rules(),
            upkeep: Upkeep {
                news_within: Some(Span::from_millis(5_000)),
                resync_every: None,
            },
            trader: None,
            heard: Vec::new(),
            totals: Vec::new(),
            requests: Vec::new(),
            trades: 0,
            wallet: deposit,
            equity: deposit,
        }
    }
}

/// 20 % of 10,000 USDT without leverage at 100 USDT: 20 units, stop 2 %, half at 3 %, the rest at 6 %.
fn rules() -> Rules {
    let mut rules = Plan::of(0).rules;
    rules.terms.leverage = 1;
    rules.sizing.score_scaling = false;
    rules.daily.trades_max = 10;
    rules.daily.loss_max = percent("5");
    rules.daily.halt_basis = HaltBasis::Equity;
    rules.daily.halt_action = HaltAction::BlockEntries;
    rules.cooldown = Span::ZERO;
    rules.direction = Direction::Long;
    rules.confluence.role_112 = Role112::Leg;
    let target = |distance, share| Target {
        distance: percent(distance),
        share: percent(share),
    };
    rules.exits = ExitPlan {
        stop: percent("2"),
        stop_watched: Watched::Contract,
        targets: vec![target("3", "50"), target("6", "100")],
        target_watched: Watched::Contract,
        share_of: ShareOf::Initial,
        trailing: None,
        break_even: None,
        hold_max: None,
    };
    rules
}

fn money(text: &str) -> Told<Money> {
    Money::from_str(text).map_err(|error| error.to_string())
}

fn price(text: &str) -> Told<Price> {
    Price::from_str(text).map_err(|error| error.to_string())
}

fn qty(text: &str) -> Told<Qty> {
    Qty::from_str(text).map_err(|error| error.to_string())
}

fn rate(text: &str) -> Told<Rate> {
    let bare = text.strip_suffix('%').ok_or("a share is written with %")?;
    Rate::from_percent(bare).map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Told<Span> {
    let bare = text.strip_suffix('s').ok_or("a span is written with s")?;
    let whole: i64 = bare.parse().map_err(|_| "a span in whole seconds")?;
    Ok(Span::from_millis(whole * 1_000))
}

fn symbol(name: &str) -> Told<SymbolId> {
    let index = NAMES.iter().position(|known| *known == name);
    index.map(SymbolId::at).ok_or(format!("no contract {name}"))
}

fn order(text: &str) -> Told<OrderId> {
    let bare = text.strip_prefix('#').ok_or("an order is written #n")?;
    bare.parse()
        .map(OrderId)
        .map_err(|_| "an order is written #n".to_owned())
}

/// `hh:mm:ss[.mmm]`, or `n+hh:mm:ss[.mmm]` on the n-th day after the first.
fn time(text: &str) -> Told<Timestamp> {
    let bad = || format!("no time: {text}");
    let (day, clock) = match text.split_once('+') {
        Some((day, clock)) => (day.parse::<i64>().map_err(|_| bad())?, clock),
        None => (0, text),
    };
    let (clock, millis) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<i64> = clock
        .split(':')
        .map(|part| part.parse().map_err(|_| bad()))
        .collect::<Told<_>>()?;
    let [hours, minutes, seconds] = parts[..] else {
        return Err(bad());
    };
    let millis: i64 = millis.parse().map_err(|_| bad())?;
    let clock = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis;
    Ok(Timestamp::from_millis((20_000 + day) * 86_400_000 + clock))
}

fn clock(at: Timestamp) -> String {
    let millis = at.millis() - at.day_start().millis();
    let seconds = millis / 1_000;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let mut text = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    if millis % 1_000 != 0 {
        let _ = write!(text, ".{:03}", millis % 1_000);
    }
    text
}

impl Stage {
    /// Plays a line: what the trader said on waking before it, and what it answers to it, one a line, indented.
    pub(super) fn hear(&mut self, line: &str) -> Told<(String, String)> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[0] == "rules" {
            self.change_rules(&words[1..])?;
            return Ok(Default::default());
        }
        let now = time(words[0])?;
        let (mut woken, mut out) = (String::new(), String::new());
        self.wake_until(now, &mut woken);
        match &words[1..] {
            ["restart"] => self.restart(&mut out)?,
            ["wait"] => {}
            ["show"] => self.show(&mut out),
            // Executed and never told: the exchange counts it from now on.
            ["missed", id, amount] => {
                let (index, _) = self.side_of(order(id)?)?;
                self.totals[index] += qty(amount)?.steps();
            }
            ["account", wallet, equity] => {
                self.wallet = money(wallet)?;
                self.equity = money(equity)?;
            }
            rest => {
                let event = self.event(now, rest)?;
                self.tell(now, event, &mut out);
            }
        }
        Ok((woken, out))
    }

    fn trader(&mut self) -> &mut Trader {
        let instruments = NAMES
            .map(|name| instrument(&format!("{name}USDT")))
            .to_vec();
        let (rules, upkeep) = (self.rules.clone(), self.upkeep);
        self.trader
            .get_or_insert_with(|| Trader::new(rules, instruments, upkeep))
    }

    fn tell(&mut self, now: Timestamp, event: Event, out: &mut String) {
        let mut commands = Commands::default();
        self.trader().on_event(now, &event, &mut commands);
        self.heard.push((now, event));
        for note in commands.drain_notes() {
            let _ = writeln!(out, "         - {}", noted(&note));
        }
        for command in commands.drain() {
            if let Command::Submit(approved) = &command {
                self.requests.push(approved.request().clone());
                self.totals.push(0);
            }
            let _ = writeln!(out, "         > {}", said(&command));
        }
    }

    fn wake_until(&mut self, now: Timestamp, out: &mut String) {
        while let Some(at) = self.trader().next_wake().filter(|at| *at <= now) {
            let mut answers = String::new();
            self.tell(at, Event::Wake, &mut answers);
            if !answers.is_empty() {
                let _ = writeln!(out, "  {} wake", clock(at));
                out.push_str(&answers);
            }
        }
    }

    /// The process dies; the next one is rebuilt from what was heard and must be the same.
    fn restart(&mut self, out: &mut String) -> Told<()> {
        let before = self.trader().clone();
        self.trader = None;
        let heard = std::mem::take(&mut self.heard);
        let mut commands = Commands::default();
        for (at, event) in &heard {
            self.trader().on_event(*at, event, &mut commands);
            commands.drain();
            commands.drain_notes();
        }
        self.heard = heard;
        let _ = writeln!(out, "         = rebuilt from {} events", self.heard.len());
        if *self.trader() == before {
            Ok(())
        } else {
            Err("the rebuilt trader differs".to_owned())
        }
    }

    fn show(&mut self, out: &mut String) {
        for (index, name) in NAMES.iter().enumerate() {
            let id = SymbolId::at(index);
            let trader = self.trader();
            let state = format!("{:?}", trader.protection(id)).to_lowercase();
            if let Some(open) = trader.position(id) {
                let (direction, qty) = (open.direction.name(), open.qty);
                let _ = writeln!(out, "         = {name} {direction} {qty}, {state}");
            } else if state != "flat" {
                let _ = writeln!(out, "         = {name} {state}");
            }
        }
        let status = self.trader().status();
        let halts: Vec<&str> = status.halts.iter().map(|cause| cause.name()).collect();
        let (entries, pending) = (status.entries_today, status.pending_entries);
        let _ = writeln!(
            out,
            "         = entries today {entries}, pending {pending}, halts {halts:?}"
        );
    }

    fn change_rules(&mut self, words: &[&str]) -> Told<()> {
        for word in words {
            let (key, value) = word.split_once('=').ok_or("rules are key=value")?;
            let rules = &mut self.rules;
            match (key, value) {
                ("resync", _) => self.upkeep.resync_every = Some(seconds(value)?),
                ("break_even", _) => rules.exits.break_even = Some(rate(value)?),
                ("hold", _) => rules.exits.hold_max = Some(seconds(value)?),
                ("cooldown", _) => rules.cooldown = seconds(value)?,
                ("loss", _) => rules.daily.loss_max = rate(value)?,
                ("trades", _) => {
                    rules.daily.trades_max = value.parse().map_err(|_| "trades is a number")?;
                }
                ("on_loss", "flatten") => rules.daily.halt_action = HaltAction::Flatten,
                ("112", "both") => rules.confluence.role_112 = Role112::Both,
                ("112", "risk") => rules.confluence.role_112 = Role112::Risk,
                ("direction", "short") => rules.direction = Direction::Short,
                ("trailing", _) => {
                    let (activation, callback) = value
                        .split_once(':')
                        .ok_or("trailing is activation:callback")?;
                    rules.exits.trailing = Some(TrailingPlan {
                        activation: rate(activation)?,
                        callback: rate(callback)?,
                        watched: Watched::Contract,
                    });
                }
                _ => return Err(format!("no rule {word}")),
            }
        }
        Ok(())
    }

    fn event(&mut self, now: Timestamp, words: &[&str]) -> Told<Event> {
        let account = |update| Ok(Event::Account(update));
        match words {
            [kind @ ("alpha" | "fomo" | "112" | "120"), id, name, mark] => {
                self.signal(now, (kind, id, name), mark)
            }
            ["opened"] => account(AccountUpdate::Opened {
                balance: self.wallet,
            }),
            ["day"] => account(AccountUpdate::DayStarted {
                equity: self.equity.exact(),
                wallet: self.wallet,
            }),
            ["floor", value] => account(AccountUpdate::FloorReached {
                value: money(value)?.exact(),
            }),
            ["liquidated", name, amount, "at", at, rest @ ..] => {
                let symbol = symbol(name)?;
                let side = self.rules.direction.exit_side();
                let mut fill = self.fill(now, side, amount, at)?;
                if let ["again"] = rest {
                    self.trades -= 1;
                    fill.trade = TradeId(self.trades);
                }
                account(AccountUpdate::Closed {
                    symbol,
                    cause: Reason::Liquidation,
                    fill,
                })
            }
            ["link", "down"] => Ok(Event::Link(Link::Down)),
            ["link", "up"] => Ok(Event::Link(Link::Up)),
            ["halt"] => Ok(Event::Operator(Operator::Halt)),
            ["resume"] => Ok(Event::Operator(Operator::Resume)),
            ["close", name] => Ok(Event::Operator(Operator::Close(symbol(name)?))),
            ["cancel-all", name] => Ok(Event::Operator(Operator::CancelAll(symbol(name)?))),
            ["snapshot", rest @ ..] => self.snapshot(rest),
            [what, id, rest @ ..] => {
                let id = order(id)?;
                let update = self.update(now, id, what, rest)?;
                Ok(Event::Order { id, update })
            }
            _ => Err("not understood".to_owned()),
        }
    }

    fn signal(&self, now: Timestamp, what: (&str, &str, &str), mark: &str) -> Told<Event> {
        let (kind, id, name) = what;
        let kind = match kind {
            "alpha" => SignalType::ALPHA,
            "fomo" => SignalType::FOMO,
            "112" => SignalType::FOMO_INTENSIFIED,
            _ => SignalType(120),
        };
        let signal = Signal {
            id: Arc::from(id),
            kind,
            symbol: symbol(name)?,
            event_time: now,
            received_time: now,
        };
        let quote = Quote {
            mark: Some(price(mark)?),
            trading: true,
            wallet: self.wallet,
            equity: self.equity.exact(),
            available: self.wallet,
        };
        Ok(Event::Signal { signal, quote })
    }

    fn fill(&mut self, now: Timestamp, side: Side, amount: &str, at: &str) -> Told<Fill> {
        self.trades += 1;
        Ok(Fill {
            trade: TradeId(self.trades),
            time: now,
            side,
            qty: qty(amount)?,
            price: price(at)?,
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
            realized: Money::ZERO,
            insurance: Money::ZERO,
            slippage: Money::ZERO,
        })
    }

    fn side_of(&self, id: OrderId) -> Told<(usize, Side)> {
        let known = self.requests.iter().position(|request| request.id == id);
        let index = known.ok_or("that order was never sent")?;
        Ok((index, self.requests[index].side))
    }

    fn update(
        &mut self,
        now: Timestamp,
        id: OrderId,
        what: &str,
        rest: &[&str],
    ) -> Told<OrderUpdate> {
        let (index, side) = self.side_of(id)?;
        let total = |stage: &Self| {
            Qty::from_steps(stage.totals[index]).ok_or("a total below zero".to_owned())
        };
        match (what, rest) {
            ("accepted", []) => Ok(OrderUpdate::Accepted),
            ("no-answer", []) => Ok(OrderUpdate::NoAnswer),
            ("canceled", []) => Ok(OrderUpdate::Canceled {
                total: total(self)?,
            }),
            ("rejected", [reason @ ..]) => Ok(OrderUpdate::Rejected(reject(reason)?)),
            ("filled" | "part", [amount, "at", at]) => {
                let fill = self.fill(now, side, amount, at)?;
                self.totals[index] += fill.qty.steps();
                Ok(OrderUpdate::Filled {
                    fill,
                    total: total(self)?,
                    complete: what == "filled",
                })
            }
            ("report", [status, rest @ ..]) => {
                let status = match *status {
                    "unknown" => OrderStatus::Unknown,
                    "working" => OrderStatus::Working,
                    "filled" => OrderStatus::Filled,
                    "canceled" => OrderStatus::Canceled,
                    other => return Err(format!("no status {other}")),
                };
                let mut fills = Vec::new();
                for part in rest.chunks(3) {
                    let [amount, "at", at] = part else {
                        return Err("fills are `quantity at price`".to_owned());
                    };
                    let fill = self.fill(now, side, amount, at)?;
                    self.totals[index] += fill.qty.steps();
                    fills.push(fill);
                }
                Ok(OrderUpdate::Report(OrderReport { status, fills }))
            }
            _ => Err("not understood".to_owned()),
        }
    }

    fn snapshot(&self, words: &[&str]) -> Told<Event> {
        let split = words.iter().position(|word| word.starts_with('#'));
        let (held, working) = words.split_at(split.unwrap_or(words.len()));
        let mut positions = Vec::new();
        for pair in held.chunks(2) {
            let [name, amount] = pair else {
                return Err("positions are `contract quantity`".to_owned());
            };
            positions.push(HeldPosition {
                symbol: symbol(name)?,
                direction: self.rules.direction,
                qty: qty(amount)?,
            });
        }
        let working = working
            .iter()
            .map(|word| order(word))
            .collect::<Told<_>>()?;
        Ok(Event::Snapshot(Snapshot { positions, working }))
    }
}

fn reject(words: &[&str]) -> Told<Reject> {
    match words {
        ["would-trigger-now"] => Ok(Reject::WouldTriggerNow),
        ["nothing-to-reduce"] => Ok(Reject::NothingToReduce),
        ["throttled", "until", at] => Ok(Reject::Throttled { until: time(at)? }),
        ["other", code] => Ok(Reject::Other(
            code.parse().map_err(|_| "a code is a number")?,
        )),
        _ => Err("no such refusal".to_owned()),
    }
}

fn said(command: &Command) -> String {
    match command {
        Command::Submit(approved) => submitted(approved.request()),
        Command::Cancel(id) => format!("cancel #{}", id.0),
        Command::Query(id) => format!("query #{}", id.0),
        Command::Resync => "resync".to_owned(),
        Command::Halt(cause) => format!("halt {}", cause.name()),
        Command::Release => "release".to_owned(),
        Command::Watch(None) => "watch nothing".to_owned(),
        Command::Watch(Some(floor)) => {
            let basis = match floor.basis {
                FloorBasis::Equity => "equity",
                FloorBasis::Wallet => "wallet",
            };
            format!("watch {basis} {}", floor.level)
        }
    }
}

fn submitted(request: &OrderRequest) -> String {
    let amount = match request.amount {
        Amount::Exact(qty) => qty.to_string(),
        Amount::Share(share) => share.percent(),
        Amount::All => "all".to_owned(),
    };
    let kind = match request.kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::Limit { price, .. } => format!("limit {price}"),
        OrderKind::Stop { trigger, .. } => format!("stop {trigger}"),
        OrderKind::TakeProfit { trigger, .. } => format!("take-profit {trigger}"),
        OrderKind::Trail {
            activation,
            callback,
            ..
        } => format!("trail {activation} {}", callback.percent()),
    };
    let only = if request.reduce_only {
        " reduce-only"
    } else {
        ""
    };
    let (id, side, why) = (request.id.0, request.side.name(), request.purpose);
    format!("submit #{id} {side} {amount} {kind}{only} ({why})")
}

fn noted(note: &Note) -> String {
    match note {
        Note::Confluence(pair) => format!("confluence {}", pair.reference()),
        Note::Ignored { id, reason } => format!("ignored {id}: {}", reason.name()),
        Note::LowScore { id, .. } => format!("low score {id}"),
        Note::Refused {
            reference, gate, ..
        } => format!("refused {reference}: {}", gate.name()),
        Note::Halted(cause) => format!("halted: {}", cause.name()),
        Note::Resumed => "resumed".to_owned(),
        Note::TargetsDropped { levels, .. } => format!("{levels} targets too small"),
        Note::Unprotected { symbol } => format!("unprotected: {}", NAMES[symbol.index()]),
        Note::Surprise { order, what } => {
            let order = order.map_or(String::new(), |id| format!("#{}: ", id.0));
            format!("surprise: {order}{what}")
        }
    }
}
