//! The contracts of a start: those of the journal in their places, then what else the exchange trades. And the exchange
//! asked again while a run goes on: contracts are listed and taken off by the day, and their rules change.
//!
//! Not here: rules of a contract (`market::instruments`), the new start that a changed list leads to (`start`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::domain::symbol::Symbols;
use crate::domain::time::Span;
use crate::exchange::binance::rest::Rest;
use crate::exchange::binance::wire::contracts;
use crate::journal::entry::{Boot, Listed};
use crate::live::paper::Contracts;
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::window::Window;
use crate::settings::Settings;

/// The contracts of a start, and its record.
pub(super) fn boot(
    settings: &Settings,
    contracts: &Contracts,
    before: &[Listed],
) -> anyhow::Result<(Arc<Symbols>, Boot)> {
    let Listing { listed, odd } = Listing::of(settings, contracts, before)?;
    for odd in odd {
        tracing::warn!(odd, "a contract of the exchange's list is left out");
    }
    let names = listed.iter().map(|listed| listed.symbol.clone()).collect();
    let symbols = Symbols::listed(names)
        .ok_or_else(|| anyhow!("the exchange lists more than 65,535 contracts"))?;
    let boot = Boot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: settings.to_toml(),
        listing: listed,
    };
    Ok((Arc::new(symbols), boot))
}

/// What can be traded, each contract in its place.
struct Listing {
    listed: Vec<Listed>,
    /// What was left out, and why.
    odd: Vec<String>,
}

impl Listing {
    /// Reads an answer to `exchangeInfo`; contracts of `before` keep their places.
    fn of(
        settings: &Settings,
        Contracts { text, at: now }: &Contracts,
        before: &[Listed],
    ) -> anyhow::Result<Self> {
        let known = contracts::parse(text).context("the exchange's list of contracts")?;
        let odd = known.odd.iter();
        let mut odd: Vec<String> = odd.map(|(name, odd)| format!("{name}: {odd}")).collect();
        let folders: Vec<PathBuf> = settings.live.market.brackets.iter().cloned().collect();
        let library = Library::open(&folders)?;
        let mut book = RuleBook::of_answer(text, *now, &library.rules)?;
        // Perpetual contracts carry an end in the year 2100.
        let window = Window {
            from: *now,
            to: *now + Span::from_millis(10 * 366 * 86_400_000),
        };
        let mut listed = before.to_vec();
        let trades = known
            .known
            .iter()
            .filter(|(_, contract)| contract.is_open());
        for (symbol, _) in trades {
            let (instrument, report) = book.instrument(symbol, window, None, &settings.fallback)?;
            if let Some(unusable) = report.unusable.first() {
                odd.push(format!("{symbol}: {unusable}"));
                continue;
            }
            match listed.iter_mut().find(|known| known.symbol == *symbol) {
                Some(known) => known.instrument = instrument,
                None => listed.push(Listed {
                    symbol: symbol.clone(),
                    instrument,
                }),
            }
        }
        if listed.is_empty() {
            bail!(
                "the exchange lists no USDT perpetual contract that trades\nhint: live.market.rest names the exchange; is it the right one?"
            );
        }
        Ok(Self { listed, odd })
    }
}

/// Asks for the list again and again; ends when it is dropped.
pub(super) struct Lookout(JoinHandle<()>);

impl Lookout {
    /// Says the exchange's answer once it differs from `listed`; must be called on the runtime.
    pub(super) fn start(
        settings: &Arc<Settings>,
        rest: Rest,
        listed: Vec<Listed>,
    ) -> (Self, mpsc::Receiver<Contracts>) {
        let (found, changed) = mpsc::channel(1);
        let settings = Arc::clone(settings);
        let watch = async move {
            let every = settings.live.market.list_every.millis();
            let every = Duration::from_millis(u64::try_from(every).unwrap_or(0));
            let mut listed = Arc::new(listed);
            loop {
                tokio::time::sleep(every).await;
                match look(&settings, &rest, &listed).await {
                    Ok(None) => {}
                    Ok(Some((contracts, now))) => {
                        // Said once; what differs from this is said again.
                        listed = Arc::new(now);
                        if found.send(contracts).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        let wrong = format!("{error:#}");
                        tracing::warn!(wrong, "the list of contracts could not be looked at");
                    }
                }
            }
        };
        (Self(tokio::spawn(watch)), changed)
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The exchange's answer and what it lists, if that is no longer `listed`.
async fn look(
    settings: &Arc<Settings>,
    rest: &Rest,
    listed: &Arc<Vec<Listed>>,
) -> anyhow::Result<Option<(Contracts, Vec<Listed>)>> {
    let at = rest.time().await?;
    let (text, _) = rest.contracts_told().await?;
    let contracts = Contracts { text, at };
    let (settings, before) = (Arc::clone(settings), Arc::clone(listed));
    // A megabyte of text; the connections go on meanwhile.
    spawn_blocking(move || {
        let listing = Listing::of(&settings, &contracts, &before)?;
        let changes = changes(&before, &listing.listed);
        if changes.is_empty() {
            return Ok(None);
        }
        tracing::info!(
            changes = changes.join(", "),
            "the exchange's list of contracts has changed"
        );
        Ok(Some((contracts, listing.listed)))
    })
    .await?
}

/// What differs, contract by contract.
fn changes(before: &[Listed], after: &[Listed]) -> Vec<String> {
    let known = before.iter().zip(after);
    let mut changes: Vec<String> = known
        .filter(|(was, is)| was.instrument != is.instrument)
        .map(|(was, is)| match is.instrument.delisted {
            Some(end) if was.instrument.delisted.is_none() => {
                format!("{}: trades until {}", is.symbol, end.to_text())
            }
            Some(_) | None => format!("{}: other rules", is.symbol),
        })
        .collect();
    let more = after[before.len().min(after.len())..].iter();
    changes.extend(more.map(|new| format!("{}: new", new.symbol)));
    changes
}
