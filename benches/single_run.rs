//! One whole simulated run, prices loaded: events, ledger, trades, daily equity, event-log hash.
//!
//! A regression here is felt in every backtest and multiplied by the number of trials in every sweep. The index is
//! built inside the measured time (`cold`) or before it (`warm`).

mod common;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use confluence::backtest::log::EventLog;
use confluence::backtest::run::{Simulation, simulate};
use confluence::exchange::history::equity::account_curve;
use confluence::exchange::history::{Engine, World};
use confluence::settings::Settings;

#[inline(never)]
fn once(world: &Arc<World>, settings: &Settings, engine: Engine) -> Simulation {
    let log = EventLog::hashing();
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
    std::hint::black_box(run.log.hash());
    run
}

/// The best of so many measurements: the machine is shared, and only the best is repeatable.
#[allow(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn best(
    times: usize,
    mut prepare: impl FnMut() -> Arc<World>,
    mut work: impl FnMut(&Arc<World>),
) -> Duration {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let world = prepare();
            let start = Instant::now();
            work(&world);
            start.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[0]
}

fn main() {
    let settings = common::settings();
    let only: Option<usize> = std::env::var("BENCH_SYMBOLS")
        .ok()
        .and_then(|text| text.parse().ok());
    for symbols in [1, 10]
        .into_iter()
        .filter(|count| only.is_none_or(|only| only == *count))
    {
        let world = Arc::new(common::world(symbols));
        let kept = {
            let cancel = AtomicBool::new(false);
            let log = EventLog::keeping();
            simulate(
                &world,
                &settings.rules,
                &settings.model,
                Engine::Skip,
                (log, &cancel),
            )
            .expect("not canceled")
        };
        let bars: usize = world
            .tape
            .series
            .iter()
            .flatten()
            .map(|series| series.bars().len())
            .sum();
        let events = kept.log.rows().len();
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
        let show = |name: &str, taken: Duration| {
            let nanos = taken.as_nanos();
            println!(
                "  {name:<34} {:>9.3} ms  {:>8.1} M bars/s  {:>7} ns/event",
                taken.as_secs_f64() * 1e3,
                bars as f64 / taken.as_secs_f64() / 1e6,
                nanos / events.max(1) as u128,
            );
        };
        let times = if symbols == 1 { 31 } else { 9 };
        // A clone of the world has built no index yet.
        if let Some(times) = std::env::var("BENCH_LOOP")
            .ok()
            .and_then(|text| text.parse().ok())
        {
            let warm = best(
                times,
                || Arc::clone(&world),
                |world| drop(once(world, &settings, Engine::Skip)),
            );
            show("skip, index at hand", warm);
            continue;
        }
        let cold = best(
            times,
            || Arc::new(World::clone(&world)),
            |world| drop(once(world, &settings, Engine::Skip)),
        );
        show("skip, index building included", cold);
        let warm = best(
            times,
            || Arc::clone(&world),
            |world| drop(once(world, &settings, Engine::Skip)),
        );
        show("skip, index at hand", warm);
        if std::env::var_os("BENCH_SKIP_ONLY").is_some() {
            continue;
        }
        let step = best(
            1,
            || Arc::clone(&world),
            |world| drop(once(world, &settings, Engine::Step)),
        );
        show("step, the reference", step);
        let curve = best(
            5,
            || Arc::clone(&world),
            |world| {
                std::hint::black_box(account_curve(&world.tape, &kept.outcome, &settings.model));
            },
        );
        show("equity at every bar end, apart", curve);
    }
}
