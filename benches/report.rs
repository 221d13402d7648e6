//! The charts of a run in their three forms: fifteen of them, with a year of minute equity and 10,000 trades behind them;
//! then the whole report of a run of that size, from its data to all files.
//!
//! A regression here means that a finished run waits for its report: all pictures belong well under half a second, the whole
//! report under one.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints what it measured"
)]

mod common;
#[path = "../tests/it/charts/sample.rs"]
mod sample;

use std::process::Command;

use confluence::domain::time::Timestamp;
use confluence::market::generate::{ContractRecipe, Recipe, generate};
use confluence::market::generate_files::{self, Format};
use confluence::report::chart::spec::Chart;
use confluence::report::chart::{browser, figure, picture};
use confluence::report::files::{Look, files};
use confluence::report::html::scripts::Assets;
use confluence::report::{html, panels, saved};

const FOOTER: &str = "2026-01-01 00:00 to 2027-01-01 00:00 UTC · run 0123456789abcdef";

/// A year of minutes, 10,000 dots, and the other kinds until there are fifteen.
fn fifteen() -> Vec<Chart> {
    let mut charts = vec![
        sample::equity(525_600, 10_000),
        sample::excursions(10_000),
        sample::excursions(3_000),
    ];
    let others = sample::all()
        .into_iter()
        .skip(2)
        .chain(sample::all().into_iter().skip(2));
    charts.extend(others.filter(|chart| !chart.is_empty()).take(12));
    charts
}

/// One line: the best of some times, and how many bytes were made.
fn show(name: &str, make: impl Fn() -> usize) {
    let taken = common::best(
        5,
        || (),
        |()| {
            std::hint::black_box(make());
        },
    );
    let bytes = make() / 1000;
    println!(
        "  {name:<24} {:>8.1} ms {bytes:>8} kB",
        taken.as_secs_f64() * 1e3
    );
}

fn main() {
    let charts = fifteen();
    let all: Vec<&Chart> = charts.iter().collect();
    println!("{} charts, a year of minutes, 10,000 dots", all.len());
    let sum = |make: fn(&Chart) -> usize| all.iter().map(|chart| make(chart)).sum::<usize>();
    show("svg, wide and narrow", || {
        sum(|chart| figure::still(chart).unwrap().len())
    });
    show("json", || sum(|chart| browser::json(chart).unwrap().len()));
    show("png, one thread", || {
        sum(|chart| picture::png(chart, FOOTER).unwrap().len())
    });
    show("png, all threads", || {
        picture::pngs(&all, FOOTER)
            .unwrap()
            .iter()
            .map(Vec::len)
            .sum()
    });
    show("script", || browser::script().len());
    whole();
}

/// Ten contracts, a year of minutes, small positions and near stops: as many trades as there is room for.
fn whole() {
    let place = tempfile::tempdir().unwrap();
    let recipe = Recipe {
        seed: 4,
        contracts: ContractRecipe::several(10),
        from: Timestamp::parse("2026-01-01").unwrap(),
        days: 365,
        confluences: 1_400,
    };
    let made = generate(&recipe).unwrap();
    generate_files::write(place.path(), &recipe, &made, Format::Parquet, "a bench").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(["backtest", "--quiet", "--signals"]);
    command.arg(place.path().join("signals.csv"));
    command.arg("--data").arg(place.path());
    let out = place.path().join("run");
    command.arg("--out").arg(&out);
    for set in [
        "daily.trades_max=500",
        "daily.loss_max_pct=50",
        "sizing.position_pct=0.5",
        "sizing.total_pct=100",
        "exits.stop_pct=1",
    ] {
        command.args(["--set", set]);
    }
    assert!(command.output().unwrap().status.success());
    let bytes = std::fs::read(out.join(saved::FILE)).unwrap();
    let report = saved::from_bytes(&bytes).unwrap();
    let ends = report.record.course.bar_ends;
    println!("{} trades, {ends} bar ends", report.trades.len());
    let look = Look {
        assets: Assets::Shared,
        ..Look::default()
    };
    show("read", || {
        saved::from_bytes(&bytes).map(|_| bytes.len()).unwrap()
    });
    show("page without its script", || {
        let charts = panels::all(&report, look.lang);
        html::page(&report, &charts, look).unwrap().len()
    });
    show("all files", || {
        let files = files(&report, look).unwrap();
        files.iter().map(|file| file.bytes.len()).sum()
    });
}
