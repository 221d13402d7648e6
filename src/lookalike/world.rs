//! What is replayed, in memory: prices, trades, rules, and the contracts as `exchangeInfo` lists them.
//!
//! Not here: the running time (`stage`), reading files (`market`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::instrument::Instrument;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::{DAY, EARLIEST, LATEST, Span, Timestamp};
use crate::market::agg_trades::AggTrades;
use crate::market::error::MarketError;
use crate::market::instruments::{RuleBook, RulesSource};
use crate::market::library::Library;
use crate::market::load::{Loaded, Request};
use crate::market::source::read_document;
use crate::market::tape::Tape;
use crate::market::ticks::index::TickIndex;
use crate::market::ticks::{TickRules, Ticks};
use crate::market::window::Window;

use super::config::{Config, SignalPlan};
use super::error::ServeError;
use super::streams::StreamNames;

/// How long before the first signal a tape begins by itself.
const BEFORE_SIGNALS: Span = Span::from_millis(60_000);

/// Everything that is replayed.
#[derive(Debug)]
pub(super) struct World {
    tape: Tape,
    trades: Vec<Option<AggTrades>>,
    rules: TickRules,
    index: Arc<TickIndex>,
    /// Names that have a price; the others do not exist here.
    priced: BTreeSet<String>,
    pub(super) names: StreamNames,
    /// The entries of `exchangeInfo`'s list, in the order of symbols.
    pub(super) contracts: Vec<Value>,
}

impl World {
    /// Reads what a configuration asks for.
    pub(super) fn load(config: &Config) -> Result<Self, ServeError> {
        let library = Library::open(&config.data)?;
        let mut book = RuleBook::open(&library.rules)?;
        let symbols = if config.symbols.is_empty() {
            library.traded_symbols()
        } else {
            config.symbols.clone()
        };
        let first_signal = config.signals.as_ref().and_then(first_received);
        let from = config
            .from
            .or(first_signal.map(|first| first - BEFORE_SIGNALS));
        let asked = Window {
            from: from.unwrap_or(EARLIEST),
            to: config.to.unwrap_or(LATEST),
        };
        // Settlements lie behind both ends: those paid before, and the one that is announced at the end.
        let read = Window {
            from: asked.from - DAY,
            to: asked.to + DAY,
        };
        let request = Request {
            symbols,
            window: read,
            interval: None,
            drop_unfinished: false,
            trades: true,
            fallback: config.fallback.clone(),
        };
        let loaded = library.load(&request, &mut book)?;
        let nothing = || ServeError::Nothing {
            found: format!(
                "no price of {} from {} to {}",
                named(&request.symbols),
                asked.from,
                asked.to
            ),
        };
        let (first, last) = extent(&loaded).ok_or_else(nothing)?;
        let window = Window {
            from: from.unwrap_or(first),
            to: config.to.unwrap_or(last),
        };
        if window.from >= window.to || last <= window.from || first >= window.to {
            return Err(nothing());
        }
        let mut tape = loaded.tape;
        let sources = settle_rules(&mut tape, &mut book, window, config)?;
        let mut contracts = contracts(&tape, &sources)?;
        let priced = priced(&tape, &loaded.trades);
        // A contract that was asked for is listed even when nothing is known of its prices: it is never traded, as some
        // are not for hours.
        contracts.retain(|contract| {
            let name = contract["symbol"].as_str();
            name.is_some_and(|name| {
                priced.contains(name) || config.symbols.iter().any(|asked| asked.as_str() == name)
            })
        });
        let rules = TickRules {
            window,
            spread: config.spread,
        };
        let index = Ticks::new(&tape, &loaded.trades, rules).index();
        Ok(Self {
            names: StreamNames::new(&tape.symbols),
            tape,
            trades: loaded.trades,
            rules,
            index,
            priced,
            contracts,
        })
    }

    pub(super) fn ticks(&self) -> Ticks<'_> {
        Ticks::with_index(
            &self.tape,
            &self.trades,
            self.rules,
            Arc::clone(&self.index),
        )
    }

    pub(super) fn tape(&self) -> &Tape {
        &self.tape
    }

    pub(super) fn window(&self) -> Window {
        self.rules.window
    }

    pub(super) fn name(&self, symbol: SymbolId) -> &str {
        self.tape.symbols.name(symbol).as_str()
    }

    pub(super) fn symbol(&self, name: &str) -> Option<SymbolId> {
        let known = self.priced.contains(name);
        known.then(|| self.tape.symbols.id(&Symbol::new(name)))?
    }
}

fn priced(tape: &Tape, trades: &[Option<AggTrades>]) -> BTreeSet<String> {
    let own = |symbol: SymbolId| {
        let index = symbol.index();
        tape.series[index].is_some() || trades[index].is_some()
    };
    let names = tape.symbols.iter().filter(|(symbol, _)| own(*symbol));
    names.map(|(_, name)| name.as_str().to_owned()).collect()
}

fn named(symbols: &[Symbol]) -> String {
    let names: Vec<&str> = symbols.iter().take(5).map(Symbol::as_str).collect();
    let more = symbols.len().saturating_sub(names.len());
    match (names.is_empty(), more) {
        (true, _) => "any contract".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn first_received(plan: &SignalPlan) -> Option<Timestamp> {
    let received = plan.signals.iter();
    received
        .map(|signal| signal.received_time.unwrap_or(signal.event_time))
        .min()
}

/// The first instant of any price and the first one after the last.
fn extent(loaded: &Loaded) -> Option<(Timestamp, Timestamp)> {
    let bars = loaded.tape.series.iter().flatten().filter_map(|series| {
        let last = series.len().checked_sub(1)?;
        Some((series.open_time(0), series.end_time(last)))
    });
    let trades = loaded.trades.iter().flatten().filter_map(|trades| {
        let last = *trades.time.last()?;
        Some((*trades.time.first()?, last + Span::from_millis(1)))
    });
    bars.chain(trades)
        .reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
}

/// The rules as of the tape's real start, and where each contract's filters come from.
fn settle_rules(
    tape: &mut Tape,
    book: &mut RuleBook,
    window: Window,
    config: &Config,
) -> Result<Vec<Option<PathBuf>>, MarketError> {
    let mut sources = Vec::new();
    for index in 0..tape.symbols.len() {
        let name = tape.symbols.name(SymbolId::at(index)).clone();
        let bars = tape.series[index].as_ref().map(|series| series.bars());
        let (instrument, report) = book.instrument(&name, window, bars, &config.fallback)?;
        tape.instruments[index] = instrument;
        sources.push(match report.filters {
            RulesSource::File { path, .. } => Some(path),
            RulesSource::Fallback => None,
        });
    }
    Ok(sources)
}

/// Each contract as its file lists it, or made of the rules that stand in.
fn contracts(tape: &Tape, sources: &[Option<PathBuf>]) -> Result<Vec<Value>, MarketError> {
    let mut documents: BTreeMap<PathBuf, Value> = BTreeMap::new();
    let mut contracts = Vec::new();
    for (instrument, source) in tape.instruments.iter().zip(sources) {
        let mut listed = None;
        if let Some(path) = source {
            if !documents.contains_key(path) {
                let text = read_document(path)?;
                let document = serde_json::from_str(&text)
                    .map_err(|wrong| MarketError::content(path, format!("no JSON: {wrong}"), ""))?;
                documents.insert(path.clone(), document);
            }
            let list = documents
                .get(path)
                .and_then(|document| document["symbols"].as_array());
            let own = |entry: &&Value| entry["symbol"] == *instrument.symbol.as_str();
            listed = list.and_then(|list| list.iter().find(own)).cloned();
        }
        let mut contract = listed.unwrap_or_else(|| json!({}));
        complete(&mut contract, made_up(instrument));
        // Whatever it was on the file's day: it is traded on this tape.
        contract["status"] = json!("TRADING");
        contracts.push(contract);
    }
    Ok(contracts)
}

/// A file may leave out what no simulation needs; an exchange does not.
fn complete(contract: &mut Value, with: Value) {
    if let (Some(contract), Value::Object(with)) = (contract.as_object_mut(), with) {
        for (key, value) in with {
            contract.entry(key).or_insert(value);
        }
    }
}

fn made_up(instrument: &Instrument) -> Value {
    let name = instrument.symbol.as_str();
    let base = name.strip_suffix("USDT").unwrap_or(name);
    let decimals = |text: String| text.split_once('.').map_or(0, |(_, part)| part.len());
    let delivery = instrument
        .delisted
        .map_or(4_133_404_800_000, Timestamp::millis);
    let step = instrument.step.to_string();
    let qty_min = instrument.qty_min.to_string();
    let market_max = instrument.market_qty_max.to_string();
    json!({
        "symbol": name,
        "pair": name,
        "contractType": "PERPETUAL",
        "deliveryDate": delivery,
        "onboardDate": 1_569_398_400_000_i64,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": decimals(instrument.tick.to_string()),
        "quantityPrecision": decimals(step.clone()),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": instrument.liquidation_fee.to_string(),
        "marketTakeBound": "0.10",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": instrument.tick.to_string(), "maxPrice": "1000000", "tickSize": instrument.tick.to_string()},
            {"filterType": "LOT_SIZE", "minQty": qty_min, "maxQty": "1000000000", "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE", "minQty": qty_min, "maxQty": market_max, "stepSize": step},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": instrument.notional_min.to_string()},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500", "multiplierDecimal": "4"},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}
