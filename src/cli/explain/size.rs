//! `sim explain size`: how large an entry would be, which cap decides, or which gate refuses.
//!
//! Not here: sizes and gates themselves (`trader::risk`).

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::InstrumentArgs;
use crate::cli::args::ConfigArgs;
use crate::cli::failure::UsageError;
use crate::cli::{Session, table};
use crate::domain::event::{Confluence, Gate, Quote, Score};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Price, Rate, Rounding};
use crate::domain::order::OrderId;
use crate::domain::position::fee;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Span;
use crate::settings::Settings;
use crate::trader::risk::{Sizer, Sizing, Standing, approve_entry};
use crate::trader::rules::SizingBasis;

/// `sim explain size`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SizeArgs {
    /// Price of the contract
    #[arg(long, value_name = "PRICE")]
    price: Price,
    /// Wallet; without it the configured balance
    #[arg(long, value_name = "USDT", visible_alias = "balance")]
    wallet: Option<Money>,
    /// Equity; without it the wallet
    #[arg(long, value_name = "USDT")]
    equity: Option<Money>,
    /// Score of the confluence, 0 to 1; matters with score_scaling
    #[arg(long, value_name = "SCORE", default_value = "1")]
    score: Rate,
    /// Initial margin of open positions
    #[arg(long, value_name = "USDT", default_value = "0")]
    margin_used: Money,
    /// Margin set aside for pending entries
    #[arg(long, value_name = "USDT", default_value = "0")]
    reserved: Money,
    /// What new margin may use; without it the wallet less the margin of open positions
    #[arg(long, value_name = "USDT")]
    available: Option<Money>,
    /// Entries of the day so far
    #[arg(long, value_name = "N", default_value_t = 0)]
    entries_today: u32,
    #[command(flatten)]
    instrument: InstrumentArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Everything one sizing came to.
struct Explained {
    /// The caps, if it got so far.
    sizing: Option<Sizing>,
    /// The approved size, or the first gate that failed.
    result: Result<Sizing, Gate>,
}

pub(super) fn run(args: &SizeArgs, session: &Session) -> anyhow::Result<()> {
    let settings = args.config.load(Vec::new())?;
    let instrument = args.instrument.instrument(&settings, args.price)?;
    let quote = quote(args, &settings)?;
    let explained = explain(args, &settings, &instrument, &quote);
    if session.terminal.is_json() {
        session
            .terminal
            .print_json(&as_json(args, &settings, &explained))?;
    } else {
        session
            .terminal
            .print(&as_text(args, &settings, &instrument, &explained))?;
    }
    Ok(())
}

fn quote(args: &SizeArgs, settings: &Settings) -> Result<Quote, UsageError> {
    let wallet = args.wallet.unwrap_or(settings.model.balance);
    let equity = args.equity.unwrap_or(wallet);
    // The largest balance a configuration may have: beyond it figures would leave their range.
    let most = Money::from_steps(100_000_000 * Rate::ONE.steps());
    let amounts = [
        ("--wallet", wallet),
        ("--equity", equity),
        ("--margin-used", args.margin_used),
        ("--reserved", args.reserved),
    ];
    for (flag, amount) in amounts {
        if amount < Money::ZERO || amount > most {
            return Err(UsageError(format!(
                "{flag} must be 0 to {most}, found {amount}"
            )));
        }
    }
    if args.score < Rate::ZERO || args.score > Rate::ONE {
        return Err(UsageError(format!(
            "--score must be 0 to 1, found {}",
            args.score
        )));
    }
    Ok(Quote {
        mark: Some(args.price),
        trading: true,
        wallet,
        equity: equity.exact(),
        available: args.available.unwrap_or(wallet - args.margin_used),
    })
}

fn explain(
    args: &SizeArgs,
    settings: &Settings,
    instrument: &Instrument,
    quote: &Quote,
) -> Explained {
    let standing = Standing {
        halted: false,
        daily_loss: false,
        entries_today: args.entries_today,
        in_position: false,
        pending_entry: false,
        cooling: false,
        margin_used: args.margin_used,
        reserved: args.reserved,
        open_risk: Notional::ZERO,
    };
    let pair = Confluence {
        symbol: SymbolId::at(0),
        alpha: Arc::from("alpha"),
        fomo: Arc::from("fomo"),
        gap: Span::ZERO,
        score: Score {
            total: args.score,
            proximity: Rate::ZERO,
            strength: Rate::ZERO,
            freshness: Rate::ZERO,
        },
    };
    let sizing = Sizer::new(&settings.rules)
        .size(quote, args.price, &standing, args.score)
        .ok()
        .map(|(sizing, _)| sizing);
    let ask = (OrderId(0), &pair);
    let result = approve_entry(&settings.rules, instrument, quote, &standing, ask);
    Explained {
        sizing,
        result: result.map(|(_, sizing)| sizing),
    }
}

/// The cap that decides, by name.
fn binding(sizing: &Sizing) -> &'static str {
    let least = sizing
        .position_cap()
        .min(sizing.total_left())
        .min(sizing.affordable());
    if sizing.position_cap() == least {
        "position_pct"
    } else if sizing.total_left() == least {
        "total_pct"
    } else {
        "available margin"
    }
}

fn as_text(
    args: &SizeArgs,
    settings: &Settings,
    instrument: &Instrument,
    explained: &Explained,
) -> String {
    let rules = &settings.rules;
    let of = match rules.sizing.basis {
        SizingBasis::Margin => "as margin",
        SizingBasis::Notional => "as value, so divided by the leverage",
    };
    let scaled = if rules.sizing.score_scaling {
        format!(" x (0.5 + 0.5 x score {})", args.score)
    } else {
        String::new()
    };
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(sizing) = &explained.sizing {
        let used = args.margin_used + args.reserved;
        rows.extend([
            (
                "base",
                format!("{} USDT, the smaller of wallet and equity", sizing.base),
            ),
            (
                "one position",
                format!(
                    "{} USDT = {} % of the base{scaled} {of}",
                    sizing.position_cap(),
                    rules.sizing.position.percent(),
                ),
            ),
            (
                "left of the total",
                format!(
                    "{} USDT = {} % of the base {of} - {used} in use",
                    sizing.total_left(),
                    rules.sizing.total.percent(),
                ),
            ),
            (
                "affordable",
                format!(
                    "{} USDT = available margin, the entry's fee set aside",
                    sizing.affordable()
                ),
            ),
            ("decided by", binding(sizing).to_owned()),
            (
                "raw quantity",
                format!(
                    "{} = margin x leverage {} / price {}",
                    sizing.qty, rules.terms.leverage, args.price
                ),
            ),
        ]);
    }
    match &explained.result {
        Ok(sizing) => rows.extend(approved(args, settings, instrument, sizing)),
        Err(gate) => rows.push(("refused", gate.name().to_owned())),
    }
    table::pairs(&rows)
}

fn approved(
    args: &SizeArgs,
    settings: &Settings,
    instrument: &Instrument,
    sizing: &Sizing,
) -> Vec<(&'static str, String)> {
    let rules = &settings.rules;
    let value = args.price * sizing.qty;
    vec![
        (
            "quantity",
            format!(
                "{} (multiples of {}, at most {})",
                sizing.qty, instrument.step, instrument.market_qty_max
            ),
        ),
        ("value", format!("{value} USDT")),
        ("margin set aside", format!("{} USDT", sizing.reserve)),
        (
            "entry fee",
            format!("{} USDT", fee(args.price, sizing.qty, rules.terms.taker)),
        ),
        (
            "lost at the stop",
            format!(
                "{} USDT at {} % from the entry, before fees and costs",
                value.rate(rules.exits.stop, Rounding::Up),
                rules.exits.stop.percent()
            ),
        ),
    ]
}

fn as_json(args: &SizeArgs, settings: &Settings, explained: &Explained) -> serde_json::Value {
    let caps = explained.sizing.as_ref().map(|sizing| {
        json!({
            "base_usdt": sizing.base.to_string(),
            "position_cap_usdt": sizing.position_cap().to_string(),
            "total_left_usdt": sizing.total_left().to_string(),
            "affordable_usdt": sizing.affordable().to_string(),
            "decided_by": binding(sizing),
            "raw_qty": sizing.qty.to_string(),
        })
    });
    let entry = explained.result.as_ref().ok().map(|sizing| {
        let value = args.price * sizing.qty;
        json!({
            "qty": sizing.qty.to_string(),
            "value_usdt": value.to_string(),
            "margin_usdt": sizing.reserve.to_string(),
            "entry_fee_usdt": fee(args.price, sizing.qty, settings.rules.terms.taker).to_string(),
            "stop_loss_usdt": value.rate(settings.rules.exits.stop, Rounding::Up).to_string(),
        })
    });
    json!({
        "caps": caps,
        "entry": entry,
        "refused": explained.result.as_ref().err().map(|gate| gate.name()),
    })
}
