//! The charts of a run in their three forms: fifteen of them, with a year of minute equity and 10,000 trades behind them.
//!
//! A regression here means that a finished run waits for its report: all pictures belong well under half a second.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints what it measured"
)]

mod common;
#[path = "../tests/it/charts/sample.rs"]
mod sample;

use confluence::report::chart::spec::Chart;
use confluence::report::chart::{browser, figure, picture};

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
}
