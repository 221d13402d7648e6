//! What was made as a run takes it, without a file between: what loading the written folder would give.
//!
//! Not here: making it (`generate`, `random_walk`).

use crate::domain::signal::Signal;
use crate::domain::symbol::{SymbolId, Symbols};

use super::generate::{ContractRecipe, Generated, Prices};
use super::generate_rules::instrument;
use super::tape::{Series, Tape};

/// Prices and rules of what was made, and its signals in intake order. `None` with more contracts than a run can hold.
#[must_use]
pub fn tape(made: Generated) -> Option<(Tape, Vec<Signal>)> {
    let names = made
        .prices
        .iter()
        .map(|prices| prices.contract.symbol.clone());
    let symbols = Symbols::new(names)?;
    let mut prices = made.prices;
    // Tables of a tape follow the names in byte order.
    prices.sort_by(|one, other| one.contract.symbol.cmp(&other.contract.symbol));
    let contracts: Vec<ContractRecipe> = prices
        .iter()
        .map(|prices| prices.contract.clone())
        .collect();
    let id = |name: &str| {
        let index = contracts.iter().position(|contract| contract.coin == name);
        index.map(SymbolId::at)
    };
    let mut signals: Vec<Signal> = made
        .signals
        .into_iter()
        .filter_map(|raw| {
            Some(Signal {
                symbol: id(&raw.name)?,
                id: raw.id,
                kind: raw.kind,
                event_time: raw.event_time,
                received_time: raw.received_time.unwrap_or(raw.event_time),
            })
        })
        .collect();
    signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
    let series = |prices: Prices| {
        let marks = [prices.mark];
        let marks = if marks[0].is_empty() { &[] } else { &marks[..] };
        Some(Series::new(prices.bars, marks, None, prices.funding))
    };
    let tape = Tape {
        symbols,
        instruments: contracts.iter().map(instrument).collect(),
        series: prices.into_iter().map(series).collect(),
    };
    Some((tape, signals))
}
