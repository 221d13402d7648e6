//! Fixed workloads of the benches. `world`: a seeded random walk of one or ten symbol-years of minute bars with 700
//! confluences a year and symbol, shaped so that nearly all of them become trades. `workload_a` and `workload_b`: what
//! `sim data generate` makes by the commands beside them. Made up; nobody's prices.

#![allow(dead_code, reason = "each bench uses a part of it")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench reads the clock and prints"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use confluence::domain::bar::{Bar, Bars};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Price, Qty, Rate};
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::exchange::history::World;
use confluence::market::generate::{ContractRecipe, Recipe};
use confluence::market::generate_files::{self, Format};
use confluence::market::generate_tape::tape;
use confluence::market::random_walk::{self, Walks};
use confluence::market::tape::{Series, Tape};
use confluence::settings::Settings;
use confluence::settings::layers::Layers;

/// Bars of a year of minutes.
pub(crate) const YEAR: i64 = 525_600;
/// Confluences of a year and symbol.
pub(crate) const PAIRS: i64 = 700;
const MINUTE: i64 = 60_000;
/// 2025-01-01T00:00:00Z.
const START: i64 = 1_735_689_600_000;

/// A symbol-year of bars that moves as a lively small coin does (0.34 % a minute), pulled back to its start: positions
/// last hours, so that most confluences find the symbol flat.
pub(crate) fn bars(seed: u64) -> Bars {
    let mut random = Random::stream(seed, &[200]);
    let mut bars = Bars::new(Span::from_millis(MINUTE));
    let middle = 100_000_000_i64;
    let mut level = middle;
    for minute in 0..YEAR {
        let swing = level / 170;
        let pull = (middle - level) / 20_000;
        let open = level;
        let close = (open + pull + random.between(-swing, swing)).max(1_000);
        let high = open.max(close) + random.between(0, swing / 2);
        let low = (open.min(close) - random.between(0, swing / 2)).max(1_000);
        let price = |steps: i64| Price::from_steps(steps / 1_000 * 1_000).expect("above zero");
        let bar = Bar {
            open_time: Timestamp::from_millis(START + minute * MINUTE),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Qty::from_steps(random.between(1, 1_000_000) * 100_000).expect("positive"),
        };
        bars.push(bar).expect("a sound bar");
        level = close;
    }
    bars
}

fn instrument(name: &str) -> Instrument {
    let bracket = |floor: i64, cap: i64, maintenance: i64, deduction: i64| Bracket {
        floor: Money::from_steps(floor * 100_000_000),
        cap: Money::from_steps(cap * 100_000_000),
        maintenance: Rate::from_steps(maintenance),
        deduction: Money::from_steps(deduction * 100_000_000),
    };
    Instrument {
        symbol: Symbol::new(name),
        tick: Price::from_steps(1_000).expect("above zero"),
        step: Qty::from_steps(100_000).expect("positive"),
        qty_min: Qty::from_steps(100_000).expect("positive"),
        market_qty_max: Qty::from_steps(1_000_000_000_000_000).expect("positive"),
        notional_min: Money::from_steps(500_000_000),
        liquidation_fee: Rate::from_steps(1_250_000),
        brackets: vec![
            bracket(0, 50_000, 1_000_000, 0),
            bracket(50_000, 1_000_000, 2_500_000, 750),
        ],
        delisted: None,
    }
}

/// So many symbols over one year, their confluences spread evenly.
pub(crate) fn world(symbols: usize) -> World {
    let names: Vec<Symbol> = (0..symbols)
        .map(|index| Symbol::new(&format!("S{index:02}USDT")))
        .collect();
    let symbols = Symbols::new(names).expect("few");
    let mut signals = Vec::new();
    let mut series = Vec::new();
    let mut instruments = Vec::new();
    for (id, name) in symbols.iter() {
        let seed = id.index() as u64;
        let mut random = Random::stream(seed, &[201]);
        instruments.push(instrument(name.as_str()));
        series.push(Some(Series::new(bars(seed), &[], None, Vec::new())));
        for pair in 0..PAIRS {
            let time = START
                + (pair * YEAR / PAIRS + random.between(5, 100)) * MINUTE
                + random.between(0, 59_999);
            signals.push(signal(
                id,
                &format!("{name}-{pair}-a"),
                SignalType::ALPHA,
                time,
            ));
            signals.push(signal(
                id,
                &format!("{name}-{pair}-f"),
                SignalType::FOMO,
                time + random.between(0, 60_000),
            ));
        }
    }
    signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
    World {
        tape: Arc::new(Tape {
            symbols,
            instruments,
            series,
        }),
        signals,
        script: Vec::new(),
        trades: Arc::default(),
    }
}

/// One symbol-year, two confluences a day. With the program's defaults it makes 123 entries; other seeds make some 94.
/// `sim data generate --seed 65 --volatility-pct 55 --confluences-per-day 2 --symbols 1 --from 2025-01-01 --days 365
/// --parquet --out made-up/a`
pub(crate) fn workload_a() -> World {
    workload(1, 55, 365)
}

/// Ten symbol-years, two confluences a day and symbol.
/// `sim data generate --seed 65 --volatility-pct 55..120 --confluences-per-day 2 --symbols 10 --from 2025-01-01
/// --days 365 --parquet --out made-up/b`
pub(crate) fn workload_b() -> World {
    workload(10, 120, 365)
}

/// One of the two, as files.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Workload {
    /// One symbol-year.
    A,
    /// Ten.
    B,
}

/// Writes a workload as `sim data generate` does.
pub(crate) fn write(workload: Workload, folder: &Path) {
    let (symbols, volatility_pct) = match workload {
        Workload::A => (1, 55),
        Workload::B => (10, 120),
    };
    write_walks(folder, symbols, volatility_pct, 365);
}

/// Writes a workload of any size.
pub(crate) fn write_walks(folder: &Path, symbols: u16, volatility_pct: i64, days: u16) {
    let (recipe, walks) = recipe(symbols, volatility_pct, days);
    let made = random_walk::generate(&recipe, &walks).expect("a sound recipe");
    generate_files::write(folder, &recipe, &made, Format::Parquet, "a bench").expect("written");
}

/// Workloads of the same kind over more or fewer symbols and days, for curves of growth; volatility goes from 55 % a
/// year to this many.
pub(crate) fn workload(symbols: u16, volatility_pct: i64, days: u16) -> World {
    let (recipe, walks) = recipe(symbols, volatility_pct, days);
    let made = random_walk::generate(&recipe, &walks).expect("a sound recipe");
    let (tape, signals) = tape(made).expect("few contracts");
    World {
        tape: Arc::new(tape),
        signals,
        script: Vec::new(),
        trades: Arc::default(),
    }
}

fn recipe(symbols: u16, volatility_pct: i64, days: u16) -> (Recipe, Walks) {
    let recipe = Recipe {
        seed: 65,
        contracts: ContractRecipe::several_fine(symbols),
        from: Timestamp::from_millis(START),
        days,
        confluences: 2 * days,
    };
    let volatility = |pct: i64| Rate::from_steps(pct * 1_000_000);
    let walks = Walks::new(volatility(55), volatility(volatility_pct));
    (recipe, walks)
}

fn signal(symbol: SymbolId, id: &str, kind: SignalType, millis: i64) -> Signal {
    let time = Timestamp::from_millis(millis);
    Signal {
        id: Arc::from(id),
        kind,
        symbol,
        event_time: time,
        received_time: time,
    }
}

/// The program's defaults, with a limit of trades a day that ten symbols do not reach and caps that leave room for
/// all of them.
pub(crate) fn settings() -> Settings {
    let sets = [
        "daily.trades_max=1000",
        "daily.loss_max_pct=99",
        "sizing.position_pct=5",
        "sizing.total_pct=100",
    ];
    let layers = Layers {
        sets: sets.map(str::to_owned).to_vec(),
        ..Layers::default()
    };
    Settings::load(&layers).expect("sound settings")
}

/// The best of so many measurements: the machine may be shared, and only the best is repeatable. What `prepare` does is
/// not measured.
pub(crate) fn best<T>(
    times: usize,
    mut prepare: impl FnMut() -> T,
    mut work: impl FnMut(&T),
) -> Duration {
    let measure = |_| {
        let input = prepare();
        let start = Instant::now();
        work(&input);
        start.elapsed()
    };
    (0..times)
        .map(measure)
        .min()
        .expect("at least one measurement")
}

/// One line of a table: time, bars a second, and nanoseconds per event where there are any.
pub(crate) fn show(name: &str, taken: Duration, bars: usize, events: usize) {
    let seconds = taken.as_secs_f64();
    let per_event = match events {
        0 => String::new(),
        events => format!("{:>8} ns/event", taken.as_nanos() / events as u128),
    };
    println!(
        "  {name:<38} {:>10.3} ms {:>9.1} M bars/s {per_event}",
        seconds * 1e3,
        bars as f64 / seconds / 1e6
    );
}
