//! `sim explain`: the arithmetic of one decision, step by step, done by the functions that decide in a run.
//!
//! Not here: any arithmetic of its own beyond laying figures side by side.

mod exit;
mod score;
mod size;

use clap::{Args, Subcommand};

use super::failure::UsageError;
use super::{Outcome, Session};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Price, Qty, UNIT, parse_steps};
use crate::domain::symbol::Symbol;
use crate::domain::time::Span;
use crate::settings::Settings;

/// `sim explain`.
#[derive(Debug, Subcommand)]
pub(super) enum ExplainCommand {
    /// The score of a pair: gap, type of the FOMO, age
    Score(score::ScoreArgs),
    /// The size of an entry: account, price, score, filters
    Size(size::SizeArgs),
    /// The exits of a position: stop, take-profits, trailing, what each wins or loses
    Exit(exit::ExitArgs),
}

/// The contract: without a flag, what `[instrument]` of the configuration says.
#[derive(Debug, Args)]
struct InstrumentArgs {
    /// Prices are multiples of this; without it a step that suits the price
    #[arg(long, value_name = "PRICE")]
    tick: Option<Price>,
    /// Quantities are multiples of this
    #[arg(long, value_name = "QTY")]
    step: Option<Qty>,
    /// Smallest order
    #[arg(long, value_name = "QTY")]
    qty_min: Option<Qty>,
    /// Largest market order
    #[arg(long, value_name = "QTY")]
    market_qty_max: Option<Qty>,
    /// Smallest order value
    #[arg(long, value_name = "USDT")]
    notional_min: Option<Money>,
}

/// A price that later multiplications cannot carry out of range.
const PRICE_MAX: i64 = 100_000_000 * UNIT;

pub(super) fn run(command: &ExplainCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        ExplainCommand::Score(args) => score::run(args, session)?,
        ExplainCommand::Size(args) => size::run(args, session)?,
        ExplainCommand::Exit(args) => exit::run(args, session)?,
    }
    Ok(Outcome::Done)
}

impl InstrumentArgs {
    /// The contract for a price near `price`.
    fn instrument(&self, settings: &Settings, price: Price) -> Result<Instrument, UsageError> {
        if price.steps() > PRICE_MAX {
            return Err(UsageError(format!(
                "a price of {price} is more than any contract's"
            )));
        }
        let fallback = &settings.fallback;
        let instrument = Instrument {
            symbol: Symbol::new("EXAMPLE"),
            tick: self.tick.unwrap_or_else(|| suiting_tick(price)),
            step: self.step.unwrap_or(fallback.step),
            qty_min: self.qty_min.unwrap_or(fallback.qty_min),
            market_qty_max: self.market_qty_max.unwrap_or(fallback.market_qty_max),
            notional_min: self.notional_min.unwrap_or(fallback.notional_min),
            liquidation_fee: fallback.liquidation_fee,
            brackets: fallback.brackets.clone(),
            delisted: None,
        };
        if instrument.step.is_zero() {
            return Err(UsageError("--step must be above 0".to_owned()));
        }
        Ok(instrument)
    }
}

/// The power of ten that leaves a price five or six digits, as contracts usually do.
fn suiting_tick(price: Price) -> Price {
    let mut tick = 1;
    while tick * 1_000_000 <= price.steps() {
        tick *= 10;
    }
    Price::from_steps(tick).expect("invariant: powers of ten are above zero")
}

/// Seconds as typed: `240`, `299.999`, `240s`, `4m`, `1h`, `500ms`.
fn time(text: &str) -> Result<Span, String> {
    let wrong = || format!("'{text}' is no time; write seconds, or 500ms, 240s, 4m, 1h");
    let (number, scale) = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        .iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)))
        .unwrap_or((text, 1000));
    let steps = i128::from(parse_steps(number).map_err(|_| wrong())?) * scale;
    if steps < 0 || steps % i128::from(UNIT) != 0 {
        return Err(wrong());
    }
    i64::try_from(steps / i128::from(UNIT))
        .map(Span::from_millis)
        .map_err(|_| wrong())
}

/// Milliseconds as seconds with what decimals they need.
pub(super) fn seconds(span: Span) -> String {
    let whole = span.millis() / 1000;
    match span.millis() % 1000 {
        0 => format!("{whole} s"),
        rest => format!("{whole}.{} s", format!("{rest:03}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, millis) in [
            ("240", 240_000),
            ("299.999", 299_999),
            ("4m", 240_000),
            ("1h", 3_600_000),
            ("500ms", 500),
            ("0", 0),
        ] {
            assert_eq!(time(text), Ok(Span::from_millis(millis)), "{text}");
        }
        for text in ["", "-1", "x", "0.0001", "1d", "nan"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(seconds(Span::from_millis(299_990)), "299.99 s");
    }

    #[test]
    fn ticks_suit_their_price() {
        for (price, tick) in [
            ("64000", "0.1"),
            ("100", "0.001"),
            ("2.1186", "0.00001"),
            ("0.00000012", "0.00000001"),
        ] {
            let price: Price = price.parse().unwrap();
            assert_eq!(suiting_tick(price).to_string(), tick, "{price}");
        }
    }
}
