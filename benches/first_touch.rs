//! The search for the first bar that reaches a level, with and without the index, and building the index.
//!
//! A regression here means that skipping pays less: the search is what a position that lasts costs.

#![allow(clippy::print_stdout, reason = "a bench prints")]

mod common;

use std::hint::black_box;

use common::{best, show};
use confluence::domain::bar::Bars;
use confluence::domain::num::Price;
use confluence::domain::random::Random;
use confluence::market::ranges::{Band, Columns, Ranges};
use divan::Bencher;
use divan::counter::ItemsCount;

/// Searches: where they start, and levels some percent away on either side.
fn searches(bars: &Bars) -> Vec<(usize, Band)> {
    let mut random = Random::stream(1, &[300]);
    let level = |steps: i64| Price::from_steps(steps.max(1)).expect("above zero");
    (0..1_000)
        .map(|_| {
            let from = usize::try_from(random.below(bars.len() as u64)).expect("a row");
            let open = bars.open[from].steps();
            let away = random.between(open / 100, open / 12);
            (
                from,
                Band::default()
                    .with(level(open - away), true)
                    .with(level(open + away), false),
            )
        })
        .collect()
}

fn plain(bars: &Bars, from: usize, band: Band) -> Option<usize> {
    let (lower, upper) = (band.lower.expect("set"), band.upper.expect("set"));
    (from..bars.len()).find(|row| bars.low[*row] <= lower || bars.high[*row] >= upper)
}

fn main() {
    let bars = common::bars(0);
    let searches = searches(&bars);
    let ranges = Ranges::new(&bars.low, &bars.high);
    let columns = Columns {
        low: &bars.low,
        high: &bars.high,
        ranges: &ranges,
    };
    let mut passed = 0;
    for (from, band) in &searches {
        let found = columns.first_touch(*from, usize::MAX, *band);
        assert_eq!(found, plain(&bars, *from, *band), "both searches agree");
        passed += found.unwrap_or(bars.len()) - from;
    }
    println!(
        "{} searches over {} bars, {passed} bars passed over",
        searches.len(),
        bars.len()
    );
    let build = best(
        21,
        || (),
        |()| drop(black_box(Ranges::new(&bars.low, &bars.high))),
    );
    show("building the index", build, bars.len(), 0);
    let walk = |find: &dyn Fn(usize, Band) -> Option<usize>| {
        searches
            .iter()
            .filter_map(|(from, band)| black_box(find(*from, *band)))
            .count()
    };
    let indexed = best(
        21,
        || (),
        |()| _ = walk(&|from, band| columns.first_touch(from, usize::MAX, band)),
    );
    show(
        "1,000 searches with the index",
        indexed,
        passed,
        searches.len(),
    );
    let scanned = best(
        5,
        || (),
        |()| _ = walk(&|from, band| plain(&bars, from, band)),
    );
    show("the same by scanning", scanned, passed, searches.len());
    divan::main();
}

#[divan::bench]
fn search(bencher: Bencher) {
    let bars = common::bars(0);
    let ranges = Ranges::new(&bars.low, &bars.high);
    let searches = searches(&bars);
    bencher
        .counter(ItemsCount::new(searches.len()))
        .bench_local(|| {
            let columns = Columns {
                low: &bars.low,
                high: &bars.high,
                ranges: &ranges,
            };
            searches
                .iter()
                .filter_map(|(from, band)| black_box(columns.first_touch(*from, usize::MAX, *band)))
                .count()
        });
}

#[divan::bench]
fn build(bencher: Bencher) {
    let bars = common::bars(0);
    bencher
        .counter(ItemsCount::new(bars.len()))
        .bench_local(|| Ranges::new(&bars.low, &bars.high));
}
