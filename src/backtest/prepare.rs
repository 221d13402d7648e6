//! From files to a world ready to run: signals read and named, prices loaded, the quality gate passed, hashes taken.
//!
//! Not here: the formats (`inputs`, `market`), the run (`run`).
//! Invariant: nothing of the result hangs on the order of files, on paths, or on threads.

use std::path::PathBuf;
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use crate::backtest::inputs::{
    InputError, Named, SignalFile, name_contracts, read_signals, settle,
};
use crate::domain::bar::Bars;
use crate::domain::num::Price;
use crate::domain::signal::Signal;
use crate::domain::symbol::{Symbol, Symbols};
use crate::domain::time::Timestamp;
use crate::exchange::history::World;
use crate::exchange::model::Prices;
use crate::market::error::MarketError;
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::load::{Loaded, Request, SymbolReport};
use crate::market::place::interval_name;
use crate::market::quality::{Gate, Timing, gate};
use crate::market::tape::{Series, Tape};
use crate::market::window::Window;
use crate::report::words::{Phrase, data};
use crate::settings::Settings;

/// The contract that stands for the market in the benchmark (M8).
pub(super) const MARKET: &str = "BTCUSDT";

/// Where the inputs of a run are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// File of signals.
    pub signals: PathBuf,
    /// Folders of prices.
    pub data: Vec<PathBuf>,
}

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The signals.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The prices.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Nothing to trade on.
    #[error("{}: holds no signals\nhint: a run needs at least an Alpha (110) and a FOMO (113, 112) of one symbol", path.display())]
    NoSignals {
        /// The file.
        path: PathBuf,
    },
    /// More contracts than a run can number.
    #[error("the signals name more than 65,535 symbols\nhint: split the file")]
    TooManySymbols,
    /// No signal's symbol has a bar in the window.
    #[error(
        "no {bars} between {from} and {to} of {}\nhint: {}",
        some(asked),
        nearest(held)
    )]
    NoPrices {
        /// Which bars were asked for, in words.
        bars: String,
        /// The symbols asked for.
        asked: Vec<Symbol>,
        /// The symbols that the folders have bars of, whenever.
        held: Vec<Symbol>,
        /// Start of the window.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
}

/// The first few of many names.
fn some(names: &[Symbol]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(Symbol::as_str).collect();
    let rest = names.len().saturating_sub(SHOWN);
    if rest > 0 {
        format!("{} and {rest} more", shown.join(", "))
    } else {
        shown.join(", ")
    }
}

/// What to do, from what the folders hold.
fn nearest(held: &[Symbol]) -> String {
    if held.is_empty() {
        "the folders of --data hold no bars at all; data/README.md says how they are found"
            .to_owned()
    } else {
        format!(
            "the folders of --data hold bars of {}; sim data check shows of when, --from and --to name another window, --interval other bars",
            some(held)
        )
    }
}

/// A world and everything known about how it came to be.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What is replayed.
    pub world: Arc<World>,
    /// The stretch of time, cut to the last bar.
    pub window: Window,
    /// The messages as read, in the order of the file.
    pub file: SignalFile,
    /// Their contracts.
    pub named: Named,
    /// For each message its place in `world.signals`; `None` when it names no contract.
    pub places: Vec<Option<usize>>,
    /// What was used for each symbol.
    pub reports: Vec<SymbolReport>,
    /// What the quality gate found; its verdicts are in the order of `world.signals`.
    pub gate: Gate,
    /// Bars of BTC for the benchmark, if there are any.
    pub market: Option<Bars>,
    /// Whether prices or signals are marked as made up.
    pub synthetic: bool,
    /// Files and folders of the library that the run has no use for, grouped, each a sentence.
    pub set_aside: Vec<Phrase>,
    /// Hash of the messages.
    pub signals_hash: String,
    /// Hash of prices and rules.
    pub data_hash: String,
}

/// Reads everything a run needs. `stage` is told what is being done.
///
/// # Errors
/// When an input cannot be read, contradicts itself, or there is nothing to run on.
pub fn prepare(
    sources: &Sources,
    settings: &Settings,
    stage: &dyn Fn(&str),
) -> Result<Prepared, PrepareError> {
    stage("reading signals");
    let file = read_signals(&sources.signals)?;
    if file.signals.is_empty() {
        return Err(PrepareError::NoSignals {
            path: sources.signals.clone(),
        });
    }
    stage("looking through the data folders");
    let library = Library::open(&sources.data)?;
    let mut rules = RuleBook::open(&library.rules)?;
    let named = name_contracts(&file.signals, &library, &mut rules)?;
    let symbols = Symbols::new(named.contracts.iter().flatten().cloned())
        .ok_or(PrepareError::TooManySymbols)?;
    let settled = settle(&file.signals, &named, &symbols, settings.signal_delay);
    let window = window(&settled, settings).ok_or_else(|| PrepareError::NoSignals {
        path: sources.signals.clone(),
    })?;
    stage("loading prices");
    let request = Request {
        symbols: symbols.iter().map(|(_, name)| name.clone()).collect(),
        window,
        interval: settings.data.interval,
        drop_unfinished: settings.data.drop_last_bar,
        trades: settings.model.prices == Prices::Trades,
        fallback: settings.fallback.clone(),
    };
    let loaded = library.load(&request, &mut rules)?;
    let last = loaded.last_bar_end();
    let last = last
        .filter(|last| *last > window.from)
        .ok_or_else(|| no_prices(settings, &symbols, &library, window))?;
    let window = window.cut_at(last);
    stage("checking prices");
    let (signals, places) = in_order(&settled, &named, window);
    let timing = Timing {
        window,
        latency: settings.model.latency,
        entry_ttl: settings.model.entry_ttl,
    };
    let market = market(&library, &request, &mut rules, &loaded)?;
    // Two looks at every bar, side by side; neither changes anything.
    let (gate, data_hash) = std::thread::scope(|scope| {
        let hash = scope.spawn(|| data_hash(&loaded.tape, market.as_ref()));
        let gate = gate(&loaded, &signals, timing);
        (gate, hash.join())
    });
    let data_hash = data_hash.expect("invariant: hashing numbers never panics");
    let synthetic = library.is_synthetic(&sources.signals) || loaded.is_synthetic();
    let (tape, trades, reports) = (loaded.tape, loaded.trades, loaded.reports);
    Ok(Prepared {
        signals_hash: signals_hash(&file, &named),
        world: Arc::new(World {
            tape: Arc::new(tape),
            signals,
            script: Vec::new(),
            trades: Arc::new(trades),
        }),
        window,
        file,
        named,
        places,
        reports,
        gate,
        market,
        synthetic,
        set_aside: set_aside(&library),
        data_hash,
    })
}

fn no_prices(
    settings: &Settings,
    asked: &Symbols,
    library: &Library,
    window: Window,
) -> PrepareError {
    PrepareError::NoPrices {
        bars: settings.data.interval.map_or_else(
            || "bars".to_owned(),
            |interval| format!("{} bars", interval_name(interval)),
        ),
        asked: asked.iter().map(|(_, name)| name.clone()).collect(),
        held: library.priced_symbols(),
        from: window.from,
        to: window.to,
    }
}

/// What the folders hold that the run has no use for, by reason.
fn set_aside(library: &Library) -> Vec<Phrase> {
    let sentence = |(reason, paths): (&&str, &Vec<PathBuf>)| data::set_aside(paths.len(), reason);
    library.aside.iter().map(sentence).collect()
}

/// The configured window, or the one the signals ask for.
fn window(signals: &[Signal], settings: &Settings) -> Option<Window> {
    let default = Window::of_signals(signals.iter().map(|signal| signal.received_time));
    match (settings.run.from, settings.run.to, default) {
        (Some(from), Some(to), _) => Some(Window { from, to }),
        (from, to, Some(window)) => Some(Window {
            from: from.unwrap_or(window.from),
            to: to.unwrap_or(window.to),
        }),
        _ => None,
    }
}

/// Signals in intake order (T6), and where each message of the file went. Those received outside the window are kept
/// for the table of signals; the simulator does not hear them.
fn in_order(
    settled: &[Signal],
    named: &Named,
    window: Window,
) -> (Vec<Signal>, Vec<Option<usize>>) {
    let mut next = 0;
    let rows: Vec<Option<usize>> = named
        .contracts
        .iter()
        .map(|contract| {
            contract.as_ref().map(|_| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let mut order: Vec<usize> = (0..settled.len())
        .filter(|index| window.contains(settled[*index].received_time))
        .collect();
    order.sort_by(|one, other| {
        settled[*one]
            .order_key()
            .cmp(&settled[*other].order_key())
            .then(one.cmp(other))
    });
    let mut place: Vec<Option<usize>> = vec![None; settled.len()];
    for (rank, index) in order.iter().enumerate() {
        place[*index] = Some(rank);
    }
    let places = rows.into_iter().map(|row| place[row?]).collect();
    (
        order
            .into_iter()
            .map(|index| settled[index].clone())
            .collect(),
        places,
    )
}

/// BTC's bars for the benchmark: those of the run when it trades BTC, else loaded for this alone.
fn market(
    library: &Library,
    request: &Request,
    rules: &mut RuleBook,
    loaded: &Loaded,
) -> Result<Option<Bars>, MarketError> {
    let name = Symbol::new(MARKET);
    if let Some(id) = loaded.tape.symbols.id(&name) {
        return Ok(loaded.tape.series[id.index()]
            .as_ref()
            .map(|series| series.bars().clone()));
    }
    if library.priced_symbols().binary_search(&name).is_err() {
        return Ok(None);
    }
    let request = Request {
        symbols: vec![name],
        ..request.clone()
    };
    let loaded = library.load(&request, rules)?;
    Ok(loaded
        .tape
        .series
        .into_iter()
        .next()
        .flatten()
        .map(|series| series.bars().clone()))
}

/// Feeds numbers to a hash in pieces that fit the cache.
struct Feeder {
    hash: Xxh3,
    piece: Vec<u8>,
}

impl Feeder {
    const PIECE: usize = 1 << 15;

    fn new() -> Self {
        Self {
            hash: Xxh3::new(),
            piece: Vec::with_capacity(Self::PIECE + 8),
        }
    }

    fn number(&mut self, number: i64) {
        self.piece.extend_from_slice(&number.to_le_bytes());
        if self.piece.len() >= Self::PIECE {
            self.hash.update(&self.piece);
            self.piece.clear();
        }
    }

    fn count(&mut self, count: usize) {
        self.number(i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        text.bytes().for_each(|byte| self.number(i64::from(byte)));
    }

    fn prices(&mut self, prices: &[Price]) {
        self.count(prices.len());
        prices.iter().for_each(|price| self.number(price.steps()));
    }

    fn bars(&mut self, bars: &Bars) {
        self.number(bars.interval.millis());
        for stretch in &bars.coarse {
            self.count(stretch.from);
            self.count(stretch.to);
            self.number(stretch.length.millis());
        }
        self.count(bars.len());
        bars.open_time
            .iter()
            .for_each(|time| self.number(time.millis()));
        for column in [&bars.open, &bars.high, &bars.low, &bars.close] {
            self.prices(column);
        }
        bars.volume
            .iter()
            .for_each(|volume| self.number(volume.steps()));
    }

    fn finish(mut self) -> String {
        self.hash.update(&self.piece);
        format!("{:032x}", self.hash.digest128())
    }
}

/// Every message of the file, those outside the run included: each has its row in the table of signals.
pub(super) fn signals_hash(file: &SignalFile, named: &Named) -> String {
    let mut feeder = Feeder::new();
    for (signal, contract) in file.signals.iter().zip(&named.contracts) {
        feeder.text(&signal.id);
        feeder.number(i64::from(signal.kind.0));
        feeder.text(&signal.name);
        feeder.text(contract.as_ref().map_or("", Symbol::as_str));
        feeder.number(signal.event_time.millis());
        feeder.number(signal.received_time.map_or(i64::MIN, Timestamp::millis));
    }
    feeder.finish()
}

/// Everything the run can read of prices and rules, the benchmark included.
pub(super) fn data_hash(tape: &Tape, market: Option<&Bars>) -> String {
    let mut feeder = Feeder::new();
    let traded = tape.symbols.id(&Symbol::new(MARKET)).is_some();
    if let Some(bars) = market.filter(|_| !traded) {
        feeder.bars(bars);
    }
    for (index, instrument) in tape.instruments.iter().enumerate() {
        feeder.text(instrument.symbol.as_str());
        for number in [
            instrument.tick.steps(),
            instrument.step.steps(),
            instrument.qty_min.steps(),
            instrument.market_qty_max.steps(),
            instrument.notional_min.steps(),
            instrument.liquidation_fee.steps(),
            instrument.delisted.map_or(0, Timestamp::millis),
        ] {
            feeder.number(number);
        }
        for bracket in &instrument.brackets {
            feeder.number(bracket.floor.steps());
            feeder.number(bracket.cap.steps());
            feeder.number(bracket.maintenance.steps());
            feeder.number(bracket.deduction.steps());
        }
        if let Some(series) = &tape.series[index] {
            feed_series(&mut feeder, series);
        }
    }
    feeder.finish()
}

fn feed_series(feeder: &mut Feeder, series: &Series) {
    feeder.bars(series.bars());
    if let Some(mark) = series.mark() {
        for column in [&mark.open, &mark.high, &mark.low, &mark.close] {
            feeder.prices(column);
        }
    }
    if let Some(detail) = series.detail() {
        feeder.bars(detail);
    }
    feeder.count(series.funding().len());
    for record in series.funding() {
        feeder.number(record.time.millis());
        feeder.number(record.rate.steps());
        feeder.number(record.mark.map_or(0, Price::steps));
    }
}
