//! `sim explain exit`: where a position would be left, in which parts, and what each way out comes to.
//!
//! Not here: levels and quantities (`trader::bracket`), fill prices (`exchange::fills`), profit and fees
//! (`domain::position`).

use clap::Args;
use serde_json::{Value, json};

use super::InstrumentArgs;
use crate::cli::args::ConfigArgs;
use crate::cli::failure::UsageError;
use crate::cli::{Session, table};
use crate::domain::fill::Reason;
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Price, Qty, UNIT};
use crate::domain::order::{OrderKind, Purpose};
use crate::domain::position::{MarginMode, Position, fee};
use crate::exchange::fills::{Reference, cost_rate, taker_price, trailing_level};
use crate::settings::Settings;
use crate::trader::bracket::{Bracket, break_even, place};

/// `sim explain exit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExitArgs {
    /// Price of the entry's fill
    #[arg(long, value_name = "PRICE")]
    entry: Price,
    /// Quantity entered
    #[arg(long, value_name = "QTY")]
    qty: Qty,
    #[command(flatten)]
    instrument: InstrumentArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

/// One level, alone.
struct Leg {
    purpose: Purpose,
    level: Price,
    qty: Qty,
    fill: Price,
}

/// A way out as a whole: what is left of the money after it.
struct Way {
    name: String,
    gross: Money,
    fees: Money,
}

/// What is known of the position while it is explained.
struct Case<'a> {
    settings: &'a Settings,
    instrument: &'a Instrument,
    position: Position,
    entry: Price,
}

pub(super) fn run(args: &ExitArgs, session: &Session) -> anyhow::Result<()> {
    let settings = args.config.load(Vec::new())?;
    let instrument = args.instrument.instrument(&settings, args.entry)?;
    check(args, &instrument)?;
    let terms = settings.rules.terms;
    let direction = settings.rules.direction;
    let case = Case {
        settings: &settings,
        instrument: &instrument,
        position: Position::open(direction, args.entry, args.qty, terms.leverage),
        entry: args.entry,
    };
    let bracket = place(&case.position, &settings.rules.exits, &instrument);
    let legs = case.legs(&bracket);
    let ways = case.ways(&legs);
    if session.terminal.is_json() {
        session
            .terminal
            .print_json(&case.as_json(&bracket, &legs, &ways))?;
    } else {
        session
            .terminal
            .print(&case.as_text(&bracket, &legs, &ways))?;
    }
    Ok(())
}

fn check(args: &ExitArgs, instrument: &Instrument) -> Result<(), UsageError> {
    /// Value from which figures could leave their range.
    const VALUE_MAX: i64 = 100_000_000 * UNIT;
    if args.qty.is_zero() {
        return Err(UsageError("--qty must be above 0".to_owned()));
    }
    if !args.qty.is_on_step(instrument.step) {
        return Err(UsageError(format!(
            "--qty {} is no multiple of the step {}\nhint: give the contract's own with --step",
            args.qty, instrument.step
        )));
    }
    if args.entry * args.qty > Money::from_steps(VALUE_MAX).exact() {
        return Err(UsageError(format!(
            "a position of {} USDT is too large to explain",
            args.entry * args.qty
        )));
    }
    Ok(())
}

impl Case<'_> {
    /// The fill of an exit that triggers at a level.
    fn fill(&self, purpose: Purpose, level: Price) -> Price {
        let side = self.position.direction.exit_side();
        let cost = cost_rate(&self.settings.model, Reason::Order(purpose));
        taker_price(Reference::from(level), side, cost, self.instrument.tick)
    }

    fn leg(&self, purpose: Purpose, kind: OrderKind, qty: Qty) -> Option<Leg> {
        let level = match kind {
            OrderKind::Stop { trigger, .. } | OrderKind::TakeProfit { trigger, .. } => trigger,
            OrderKind::Trail {
                activation,
                callback,
                ..
            } => trailing_level(
                activation,
                callback,
                self.position.direction.exit_side(),
                self.instrument.tick,
            )?,
            OrderKind::Market | OrderKind::Limit { .. } => return None,
        };
        Some(Leg {
            purpose,
            level,
            qty,
            fill: self.fill(purpose, level),
        })
    }

    /// Stop, take-profits, trailing at its first level, break-even.
    fn legs(&self, bracket: &Bracket) -> Vec<Leg> {
        let all = self.position.qty;
        let stop = bracket.stop.map(|kind| (Purpose::StopLoss, kind, all));
        let targets = bracket
            .targets
            .iter()
            .map(|target| (Purpose::TakeProfit(target.index), target.kind, target.qty));
        let trailing = bracket.trailing.map(|kind| (Purpose::Trailing, kind, all));
        let first = bracket.targets.iter().find(|target| target.index == 1);
        let moved = first.and_then(|first| {
            let kind = break_even(&self.position, &self.settings.rules.exits, self.instrument)?;
            Some((Purpose::BreakEven, kind, all.saturating_sub(first.qty)))
        });
        stop.into_iter()
            .chain(targets)
            .chain(trailing)
            .chain(moved)
            .filter_map(|(purpose, kind, qty)| self.leg(purpose, kind, qty))
            .collect()
    }

    /// The usual ways out: stopped, every take-profit, the first one and then the stop that stands by then.
    fn ways(&self, legs: &[Leg]) -> Vec<Way> {
        let find = |wanted: fn(Purpose) -> bool| legs.iter().find(|leg| wanted(leg.purpose));
        let targets: Vec<&Leg> = legs
            .iter()
            .filter(|leg| matches!(leg.purpose, Purpose::TakeProfit(_)))
            .collect();
        let stop = find(|purpose| purpose == Purpose::StopLoss);
        let moved = find(|purpose| purpose == Purpose::BreakEven);
        let trailing = find(|purpose| purpose == Purpose::Trailing);
        let mut ways = Vec::new();
        ways.extend(stop.map(|leg| self.way("stopped", &[leg])));
        if let (Some(first), Some(then), true) =
            (targets.first(), moved.or(stop), targets.len() > 1)
        {
            let name = format!("{}, then {}", first.purpose, then.purpose);
            ways.push(self.way(&name, &[first, then]));
        }
        if !targets.is_empty() {
            ways.push(self.way("every take-profit", &targets));
        }
        ways.extend(trailing.map(|leg| self.way("trailing, at its first level", &[leg])));
        ways
    }

    /// Closes the position leg by leg; the last leg takes what is left.
    fn way(&self, name: &str, legs: &[&Leg]) -> Way {
        let taker = self.settings.rules.terms.taker;
        let mut open = Some(self.position);
        let mut gross = Money::ZERO;
        let mut fees = fee(self.entry, self.position.qty, taker);
        for leg in legs {
            let Some(position) = open else { break };
            let qty = leg.qty.min(position.qty);
            let reduction = position.reduce(leg.fill, qty);
            gross += reduction.realized;
            fees += fee(leg.fill, qty, taker);
            open = reduction.rest;
        }
        Way {
            name: name.to_owned(),
            gross,
            fees,
        }
    }

    /// The isolated position's liquidation; cross mode depends on the rest of the account.
    fn liquidation(&self) -> Option<Price> {
        let isolated = self.settings.rules.terms.margin_mode == MarginMode::Isolated;
        isolated
            .then(|| {
                let margin = self.position.isolated.exact();
                self.position.liquidation(margin, self.instrument)
            })
            .flatten()
    }

    fn as_text(&self, bracket: &Bracket, legs: &[Leg], ways: &[Way]) -> String {
        let head = table::pairs(&[
            (
                "position",
                format!(
                    "{} {} at {}, tick {}, step {}",
                    self.position.direction.name(),
                    self.position.qty,
                    self.entry,
                    self.instrument.tick,
                    self.instrument.step
                ),
            ),
            (
                "margin",
                format!(
                    "{} USDT at leverage {}",
                    self.position.isolated, self.settings.rules.terms.leverage
                ),
            ),
            (
                "liquidated at",
                self.liquidation().map_or_else(
                    || "no level of its own".to_owned(),
                    |level| format!("{level} (mark)"),
                ),
            ),
        ]);
        let rows: Vec<Vec<String>> = legs
            .iter()
            .map(|leg| {
                vec![
                    leg.purpose.to_string(),
                    leg.level.to_string(),
                    leg.qty.to_string(),
                    leg.fill.to_string(),
                    self.note(bracket, leg),
                ]
            })
            .collect();
        let levels = table::render(&["exit", "level", "qty", "fills at", ""], &rows, &[1, 2, 3]);
        let rows: Vec<Vec<String>> = ways
            .iter()
            .map(|way| {
                vec![
                    way.name.clone(),
                    way.gross.to_string(),
                    way.fees.to_string(),
                    (way.gross - way.fees).to_string(),
                ]
            })
            .collect();
        let money = table::render(
            &["way out", "gross USDT", "fees USDT", "net USDT"],
            &rows,
            &[1, 2, 3],
        );
        let dropped = match bracket.dropped {
            0 => String::new(),
            count => {
                format!("\n{count} take-profit level(s) too small for the contract: dropped\n")
            }
        };
        format!("{head}\n{levels}{dropped}\n{money}")
    }

    fn note(&self, bracket: &Bracket, leg: &Leg) -> String {
        match (leg.purpose, bracket.trailing) {
            (
                Purpose::Trailing,
                Some(OrderKind::Trail {
                    activation,
                    callback,
                    ..
                }),
            ) => format!(
                "from {activation} on, {} % below the best price",
                callback.percent()
            ),
            (Purpose::BreakEven, _) => "takes the stop's place after tp1".to_owned(),
            _ => String::new(),
        }
    }

    fn as_json(&self, bracket: &Bracket, legs: &[Leg], ways: &[Way]) -> Value {
        let legs: Vec<Value> = legs
            .iter()
            .map(|leg| {
                json!({
                    "exit": leg.purpose.to_string(),
                    "level": leg.level.to_string(),
                    "qty": leg.qty.to_string(),
                    "fills_at": leg.fill.to_string(),
                })
            })
            .collect();
        let ways: Vec<Value> = ways
            .iter()
            .map(|way| {
                json!({
                    "way": way.name,
                    "gross_usdt": way.gross.to_string(),
                    "fees_usdt": way.fees.to_string(),
                    "net_usdt": (way.gross - way.fees).to_string(),
                })
            })
            .collect();
        json!({
            "direction": self.position.direction.name(),
            "entry": self.entry.to_string(),
            "qty": self.position.qty.to_string(),
            "tick": self.instrument.tick.to_string(),
            "margin_usdt": self.position.isolated.to_string(),
            "liquidation": self.liquidation().map(|level| level.to_string()),
            "levels": legs,
            "levels_dropped": bracket.dropped,
            "ways": ways,
        })
    }
}
