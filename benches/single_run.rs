//! One whole simulated run, prices loaded: events, ledger, trades, daily equity, event-log hash.
//!
//! A regression here is felt in every backtest and multiplied by the number of trials in every sweep. The index is
//! built inside the measured time (`cold`) or before it (`warm`). The table first, with what the runs met; then the
//! same by the bench harness.

#![allow(clippy::print_stdout, reason = "a bench prints")]

mod common;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use common::{best, settings, show};
use confluence::backtest::log::EventLog;
use confluence::backtest::run::{Simulation, simulate};
use confluence::exchange::history::equity::account_curve;
use confluence::exchange::history::{Engine, World};
use confluence::market::tape::Series;
use divan::Bencher;
use divan::counter::ItemsCount;

fn run(world: &Arc<World>, engine: Engine, log: EventLog) -> Simulation {
    let settings = settings();
    let cancel = AtomicBool::new(false);
    let run = simulate(
        world,
        &settings.rules,
        &settings.model,
        engine,
        (log, &cancel),
    )
    .expect("not canceled");
    // The hash is part of what is measured.
    black_box(run.log.hash());
    run
}

fn once(world: &Arc<World>, engine: Engine) {
    drop(run(world, engine, EventLog::hashing()));
}

/// The worlds of one and of ten symbol-years, made once.
fn world(symbols: usize) -> &'static Arc<World> {
    static ONE: OnceLock<Arc<World>> = OnceLock::new();
    static TEN: OnceLock<Arc<World>> = OnceLock::new();
    let cell = if symbols == 1 { &ONE } else { &TEN };
    cell.get_or_init(|| Arc::new(common::world(symbols)))
}

fn bars(world: &World) -> usize {
    world
        .tape
        .series
        .iter()
        .flatten()
        .map(|series| series.len())
        .sum()
}

/// The same world with series that have built no index yet.
fn fresh(world: &Arc<World>) -> Arc<World> {
    let mut fresh = World::clone(world);
    for series in Arc::make_mut(&mut fresh.tape).series.iter_mut().flatten() {
        *series = Series::new(series.bars().clone(), &[], None, Vec::new());
    }
    Arc::new(fresh)
}

fn table(symbols: usize) {
    let world = world(symbols);
    let kept = run(world, Engine::Skip, EventLog::keeping());
    let (bars, events) = (bars(world), kept.log.rows().len());
    println!(
        "{symbols} symbol-years: {bars} bars, {} confluences, {} entries, {} exits, {events} log rows, equity {}",
        world.signals.len() / 2,
        kept.outcome.trades.len(),
        kept.outcome
            .trades
            .iter()
            .map(|trade| trade.exits.len())
            .sum::<usize>(),
        kept.outcome.equity,
    );
    let times = if symbols == 1 { 41 } else { 11 };
    let cold = best(times, || fresh(world), |world| once(world, Engine::Skip));
    show("skip, index building included", cold, bars, events);
    let warm = best(
        times,
        || Arc::clone(world),
        |world| once(world, Engine::Skip),
    );
    show("skip, index at hand", warm, bars, events);
    let step = best(2, || Arc::clone(world), |world| once(world, Engine::Step));
    show("step, the reference", step, bars, events);
    println!(
        "  skip is {:.0} times as fast as step",
        step.as_secs_f64() / cold.as_secs_f64()
    );
    let model = settings().model;
    let curve = best(
        5,
        || (),
        |()| drop(black_box(account_curve(&world.tape, &kept.outcome, &model))),
    );
    show("equity at every bar end, apart", curve, bars, 0);
}

#[divan::bench(args = [1, 10])]
fn cold(bencher: Bencher, symbols: usize) {
    let world = world(symbols);
    bencher
        .counter(ItemsCount::new(bars(world)))
        .with_inputs(|| fresh(world))
        .bench_values(|world| once(&world, Engine::Skip));
}

#[divan::bench(args = [1, 10])]
fn warm(bencher: Bencher, symbols: usize) {
    let world = world(symbols);
    bencher
        .counter(ItemsCount::new(bars(world)))
        .bench(|| once(world, Engine::Skip));
}

fn main() {
    table(1);
    table(10);
    divan::main();
}
