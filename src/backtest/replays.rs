//! The same run under other assumptions: other paths inside bars (F12), other costs (F3), more delay (T9.4).
//!
//! Not here: what the figures mean (`stats::sensitivity`).
//! Invariant: each replay is a full run of its own; results are taken by index, so threads leave no trace.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::backtest::log::EventLog;
use crate::backtest::run::{Canceled, simulate};
use crate::domain::num::{Money, Rate};
use crate::domain::time::Span;
use crate::exchange::history::{Engine, World};
use crate::exchange::model::{Model, PathMode};
use crate::stats::sensitivity::{CostRow, CostTable, DelayProbe, Envelope, PathRow};
use crate::trader::rules::Rules;

/// Paths of the envelope (F12); the configured one joins when it is none of these.
const PATHS: [PathMode; 4] = [
    PathMode::Pessimistic,
    PathMode::Nearest,
    PathMode::CloseDir,
    PathMode::Optimistic,
];

/// Multiples of all costs in the cost table (F3).
const MULTIPLES: [i64; 4] = [0, 1, 2, 3];

/// Results of all replays.
#[derive(Clone, Debug, PartialEq)]
pub struct Replays {
    /// Net by path.
    pub envelope: Option<Envelope>,
    /// Net by cost multiple.
    pub costs: CostTable,
    /// Net with one bar of delay.
    pub delay: DelayProbe,
}

/// One way to run it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Path(PathMode),
    Costs(i64),
    Delay(Span),
}

/// Runs all of them on up to `threads` threads. `net` is what the run itself gained: it is not run again.
///
/// # Errors
/// When `cancel` was set meanwhile.
pub fn replay(
    world: &Arc<World>,
    rules: &Rules,
    model: &Model,
    (engine, threads): (Engine, usize),
    (net, cancel): (Money, &AtomicBool),
) -> Result<Replays, Canceled> {
    let mut paths = PATHS.to_vec();
    if !paths.contains(&model.path_mode) {
        paths.push(model.path_mode);
    }
    let variants: Vec<Variant> = paths
        .iter()
        .map(|path| Variant::Path(*path))
        .chain(MULTIPLES.map(Variant::Costs))
        .chain([Variant::Delay(one_bar(world))])
        .collect();
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Money, Canceled>>>> =
        Mutex::new(vec![None; variants.len()]);
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, variants.len()) {
            scope.spawn(|| {
                while let Some((index, variant)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    variants.get(index).map(|variant| (index, variant))
                } {
                    let result = run_variant(world, rules, model, *variant, (engine, net, cancel));
                    results
                        .lock()
                        .expect("invariant: no replay panics while holding the lock")[index] =
                        Some(result);
                }
            });
        }
    });
    let results = results
        .into_inner()
        .expect("invariant: no replay panics while holding the lock");
    let mut rows = Vec::new();
    let mut costs = Vec::new();
    let mut delay = DelayProbe {
        added_ms: 0,
        base: net,
        net,
    };
    for (variant, result) in variants.into_iter().zip(results) {
        let net = result.expect("invariant: every variant was run")?;
        match variant {
            Variant::Path(path) => rows.push(PathRow {
                mode: path.name().to_owned(),
                net,
            }),
            Variant::Costs(multiple) => {
                costs.push(CostRow {
                    multiple: Rate::from_steps(multiple * Rate::ONE.steps()),
                    net,
                });
            }
            Variant::Delay(added) => {
                delay = DelayProbe {
                    added_ms: added.millis(),
                    net,
                    ..delay
                }
            }
        }
    }
    Ok(Replays {
        envelope: Envelope::new(rows),
        costs: CostTable::new(costs),
        delay,
    })
}

/// The longest interval in use: later by it, every order misses at least one open.
fn one_bar(world: &World) -> Span {
    let series = world.tape.series.iter().flatten();
    let longest = series.map(|series| series.bars().interval).max();
    longest.unwrap_or(Span::from_millis(0))
}

fn run_variant(
    world: &Arc<World>,
    rules: &Rules,
    model: &Model,
    variant: Variant,
    (engine, net, cancel): (Engine, Money, &AtomicBool),
) -> Result<Money, Canceled> {
    let mut rules = rules.clone();
    let mut model = model.clone();
    match variant {
        Variant::Path(path) if path == model.path_mode => return Ok(net),
        Variant::Costs(1) => return Ok(net),
        Variant::Path(path) => model.path_mode = path,
        Variant::Delay(added) => model.latency = model.latency + added,
        Variant::Costs(multiple) => {
            let scale = |rate: &mut Rate| *rate = Rate::from_steps(rate.steps() * multiple);
            for terms in [&mut rules.terms, &mut model.terms] {
                scale(&mut terms.maker);
                scale(&mut terms.taker);
            }
            let costs = &mut model.costs;
            for rate in [
                &mut costs.half_spread,
                &mut costs.impact,
                &mut costs.slippage,
                &mut costs.stop_slippage,
                &mut costs.target_slippage,
            ] {
                scale(rate);
            }
        }
    }
    let run = simulate(world, &rules, &model, engine, (EventLog::hashing(), cancel))?;
    Ok(run.outcome.net(model.balance))
}
