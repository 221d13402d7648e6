//! Runs over a series of several lengths: minutes with stretches of five-minute bars between them.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests, and tables of cases"
)]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::{Prepared, Sources, prepare};
use confluence::backtest::run::simulate;
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::num::Qty;
use confluence::domain::random::Random;
use confluence::domain::time::{Span, Timestamp};
use confluence::exchange::history::Engine;
use confluence::market::generate::{ContractRecipe, Generated, Recipe, generate};
use confluence::market::{parquet, signals};
use confluence::settings::Settings;
use tempfile::TempDir;

const MINUTE: i64 = 60_000;
const FIVE: i64 = 5 * MINUTE;

fn recipe(seed: u64) -> Recipe {
    Recipe {
        seed,
        contracts: ContractRecipe::several(2),
        from: Timestamp::parse("2024-03-01").unwrap(),
        days: 6,
        confluences: 10,
    }
}

/// Five-minute bars of the minutes; those with a hole are left out.
fn coarse(bars: &Bars) -> Bars {
    let mut all = Bars::new(Span::from_millis(FIVE));
    let mut row = 0;
    while row + 5 <= bars.len() {
        let first = bars.get(row);
        let whole = first.open_time.millis() % FIVE == 0
            && (bars.open_time[row + 4] - first.open_time).millis() == 4 * MINUTE;
        if !whole {
            row += 1;
            continue;
        }
        let part = row..row + 5;
        all.push(Bar {
            high: *bars.high[part.clone()].iter().max().unwrap(),
            low: *bars.low[part.clone()].iter().min().unwrap(),
            close: bars.close[row + 4],
            volume: bars.volume[part]
                .iter()
                .fold(Qty::ZERO, |sum, volume| sum + *volume),
            ..first
        })
        .unwrap();
        row += 5;
    }
    all
}

/// The minutes without some random stretches.
fn holed(bars: &Bars, random: &mut Random) -> Bars {
    let mut kept = Bars::new(bars.interval);
    let (mut skip, mut rows) = (0, 0);
    for row in 0..bars.len() {
        if skip == 0 && random.one_in(400) {
            skip = random.between(3, 600);
        }
        if skip > 0 {
            skip -= 1;
            rows += 1;
            continue;
        }
        kept.push(bars.get(row)).unwrap();
    }
    assert!(rows > 0);
    kept
}

fn prepared(folder: &Path, made: &Generated, settings: &Settings) -> Prepared {
    let list = folder.join("signals.csv");
    signals::write_csv(&list, &made.signals).unwrap();
    let sources = Sources {
        signals: list,
        data: vec![folder.to_owned()],
    };
    prepare(&sources, settings, &|_| {}).unwrap()
}

#[test]
fn skipping_equals_stepping_over_bars_of_several_lengths() {
    let settings = Settings::defaults();
    let (mut coarse_rows, mut fine_rows, mut trades) = (0, 0, 0);
    for seed in 1..=12 {
        let made = generate(&recipe(seed)).unwrap();
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("klines")).unwrap();
        let mut random = Random::stream(seed, &[7]);
        for prices in &made.prices {
            let symbol = &prices.contract.symbol;
            let place = |name: &str| {
                folder
                    .path()
                    .join("klines")
                    .join(format!("{symbol}-{name}.parquet"))
            };
            parquet::write_klines(&place("5m"), &coarse(&prices.bars), true).unwrap();
            parquet::write_klines(&place("1m"), &holed(&prices.bars, &mut random), true).unwrap();
        }
        let prepared = prepared(folder.path(), &made, &settings);
        for series in prepared.world.tape.series.iter().flatten() {
            let bars = series.bars();
            let coarse = (0..bars.len())
                .filter(|row| bars.length(*row).millis() == FIVE)
                .count();
            coarse_rows += coarse;
            fine_rows += bars.len() - coarse;
            assert!((1..bars.len()).all(|row| bars.end(row - 1) <= bars.open_time[row]));
        }
        let mut model = settings.model.clone();
        model.start = Some(prepared.window.from);
        let cancel = AtomicBool::new(false);
        let run = |engine| {
            let log = (EventLog::hashing(), &cancel);
            simulate(&prepared.world, &settings.rules, &model, engine, log).unwrap()
        };
        let (step, skip) = (run(Engine::Step), run(Engine::Skip));
        assert_eq!(step.log.hash(), skip.log.hash(), "seed {seed}");
        trades += skip.outcome.trades.len();
    }
    println!("{fine_rows} minutes, {coarse_rows} five-minute bars between them, {trades} trades");
    assert!(coarse_rows > 1_000 && fine_rows > 10_000 && trades > 50);
}
