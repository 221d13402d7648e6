//! The contracts of a start: those of the journal in their places, then what else the exchange trades.
//!
//! Not here: rules of a contract (`market::instruments`).

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};

use crate::domain::symbol::Symbols;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::wire::contracts;
use crate::journal::entry::{Boot, Listed};
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::window::Window;
use crate::settings::Settings;

use super::restore::Before;

/// The contracts of this start: those of the journal in their places, then what else the exchange trades.
pub(super) fn listing(
    settings: &Settings,
    text: &str,
    now: Timestamp,
    before: &Before,
) -> anyhow::Result<(Arc<Symbols>, Boot)> {
    let known = contracts::parse(text).context("the exchange's list of contracts")?;
    for (symbol, odd) in &known.odd {
        tracing::warn!(%symbol, %odd, "a contract of the exchange's list is left out");
    }
    let folders: Vec<PathBuf> = settings.live.market.brackets.iter().cloned().collect();
    let library = Library::open(&folders)?;
    let mut book = RuleBook::of_answer(text, now, &library.rules)?;
    // Perpetual contracts carry an end in the year 2100.
    let window = Window {
        from: now,
        to: now + Span::from_millis(10 * 366 * 86_400_000),
    };
    let mut names = before.names.clone();
    let mut instruments = before.instruments.clone();
    let trades = known
        .known
        .iter()
        .filter(|(_, contract)| contract.is_open());
    for (symbol, _) in trades {
        let (instrument, report) = book.instrument(symbol, window, None, &settings.fallback)?;
        if let Some(odd) = report.unusable.first() {
            tracing::warn!(%symbol, odd, "a contract of the exchange's list is left out");
            continue;
        }
        match names.iter().position(|name| name == symbol) {
            Some(place) => instruments[place] = instrument,
            None => {
                names.push(symbol.clone());
                instruments.push(instrument);
            }
        }
    }
    if names.is_empty() {
        bail!(
            "the exchange lists no USDT perpetual contract that trades\nhint: live.market.rest names the exchange; is it the right one?"
        );
    }
    let symbols = Symbols::listed(names.clone())
        .ok_or_else(|| anyhow!("the exchange lists more than 65,535 contracts"))?;
    let listed = names.into_iter().zip(instruments);
    let boot = Boot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: settings.to_toml(),
        listing: listed
            .map(|(symbol, instrument)| Listed { symbol, instrument })
            .collect(),
    };
    Ok((Arc::new(symbols), boot))
}
