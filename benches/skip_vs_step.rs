//! Both drivers on the same tapes: with fixed exits, with a trailing stop, and with few and many positions.
//!
//! A regression of one line alone says which part of the skipping got slower. Every pair of runs must have the same
//! event log, or the bench stops.

#![allow(clippy::print_stdout, reason = "a bench prints")]

mod common;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use common::{best, show};
use confluence::backtest::log::EventLog;
use confluence::backtest::run::{Simulation, simulate};
use confluence::exchange::history::{Engine, World};
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use divan::Bencher;

/// Name and settings of each line.
const CASES: [(&str, &[&str]); 4] = [
    ("stop and two targets", &[]),
    ("trailing stop", &["exits.trailing.enabled=true"]),
    (
        "wide exits, long holds",
        &[
            "exits.stop_pct=12",
            "exits.targets=[{distance_pct=30,share_pct=100}]",
        ],
    ),
    ("drill-down of every bar", &["simulation.drilldown=always"]),
];

fn settings(sets: &[&str]) -> Settings {
    let usual = [
        "daily.trades_max=1000",
        "daily.loss_max_pct=99",
        "sizing.position_pct=5",
        "sizing.total_pct=100",
    ];
    let sets = usual
        .iter()
        .chain(sets)
        .map(|set| (*set).to_owned())
        .collect();
    Settings::load(&Layers {
        sets,
        ..Layers::default()
    })
    .expect("sound settings")
}

fn once(world: &Arc<World>, settings: &Settings, engine: Engine) -> Simulation {
    let cancel = AtomicBool::new(false);
    let log = EventLog::hashing();
    simulate(
        world,
        &settings.rules,
        &settings.model,
        engine,
        (log, &cancel),
    )
    .expect("not canceled")
}

fn main() {
    let world = Arc::new(common::world(1));
    let bars = world
        .tape
        .series
        .iter()
        .flatten()
        .map(|series| series.len())
        .sum();
    for (name, sets) in CASES {
        let settings = settings(sets);
        let skip = once(&world, &settings, Engine::Skip);
        let step = once(&world, &settings, Engine::Step);
        assert_eq!(
            skip.log.hash(),
            step.log.hash(),
            "{name}: the drivers agree"
        );
        println!(
            "{name}: {} entries, {} bars in position",
            skip.outcome.trades.len(),
            skip.outcome.counters.bars_in_position
        );
        for (name, engine, times) in [("skip", Engine::Skip, 21), ("step", Engine::Step, 2)] {
            let taken = best(times, || (), |()| drop(once(&world, &settings, engine)));
            show(name, taken, bars, 0);
        }
    }
    divan::main();
}

#[divan::bench(args = [0, 1, 2])]
fn skip(bencher: Bencher, case: usize) {
    let world = Arc::new(common::world(1));
    let settings = settings(CASES[case].1);
    bencher.bench_local(|| once(&world, &settings, Engine::Skip));
}
