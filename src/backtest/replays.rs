//! The same run under other assumptions: other paths inside bars (F12), other costs (F3), more delay (T9.4).
//!
//! Not here: what the figures mean (`stats::sensitivity`).
//! Invariant: each replay is a full run of its own; results are taken by index, so threads leave no trace.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::backtest::log::EventLog;
use crate::backtest::run::{Canceled, RunError, simulate};
use crate::backtest::threads::Crew;
use crate::domain::num::{Money, Rate};
use crate::domain::time::Span;
use crate::exchange::history::{Engine, World};
use crate::exchange::model::{Model, PathMode, Prices};
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
pub const MULTIPLES: [i64; 4] = [0, 1, 2, 3];

/// Results of all replays.
#[derive(Clone, Debug, PartialEq)]
pub struct Replays {
    /// Net by path.
    pub envelope: Option<Envelope>,
    /// Net by cost multiple.
    pub costs: CostTable,
    /// Net with one bar of delay.
    pub delay: Option<DelayProbe>,
    /// Replays that left the range of exact amounts, by name: they have no row.
    pub beyond: Vec<String>,
}

/// One way to run it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Another order of high and low.
    Path(PathMode),
    /// All costs so many times.
    Costs(i64),
    /// Every order so much later.
    Delay(Span),
}

impl Variant {
    /// Changes what a run assumes.
    pub fn lay(self, rules: &mut Rules, model: &mut Model) {
        match self {
            Self::Path(path) => model.path_mode = path,
            Self::Delay(added) => model.latency = model.latency + added,
            Self::Costs(multiple) => {
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
    }

    /// As a warning names it.
    fn name(self) -> String {
        match self {
            Self::Path(path) => format!("path {}", path.name()),
            Self::Costs(multiple) => format!("{multiple}x costs"),
            Self::Delay(_) => "one bar of delay".to_owned(),
        }
    }
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
    let variants = variants(world, model);
    let run = |(): &mut (), index: usize| {
        run_variant(
            world,
            (rules, model),
            variants[index],
            (engine, net, cancel),
        )
    };
    let crew = Crew { threads, cancel };
    let results = crew.all(variants.len(), (|| (), run), &mut |_| {})?;
    let mut rows = Vec::new();
    let mut costs = Vec::new();
    let mut delay = None;
    let mut beyond = Vec::new();
    for (variant, result) in variants.into_iter().zip(results) {
        let gained = match result {
            Ok(gained) => gained,
            Err(RunError::Canceled(canceled)) => return Err(canceled),
            Err(RunError::OutOfRange(_)) => {
                beyond.push(variant.name());
                continue;
            }
        };
        match variant {
            Variant::Path(path) => rows.push(PathRow {
                mode: path.name().to_owned(),
                net: gained,
            }),
            Variant::Costs(multiple) => {
                costs.push(CostRow {
                    multiple: Rate::from_steps(multiple * Rate::ONE.steps()),
                    net: gained,
                });
            }
            Variant::Delay(added) => {
                delay = Some(DelayProbe {
                    added_ms: added.millis(),
                    base: net,
                    net: gained,
                });
            }
        }
    }
    Ok(Replays {
        envelope: Envelope::new(rows),
        costs: CostTable::new(costs),
        delay,
        beyond,
    })
}

fn variants(world: &World, model: &Model) -> Vec<Variant> {
    let own = (!PATHS.contains(&model.path_mode)).then_some(model.path_mode);
    let paths = PATHS.into_iter().chain(own).map(Variant::Path);
    // Trades leave no path to assume.
    let paths = paths.filter(|_| model.prices == Prices::Bars);
    let costs = MULTIPLES.map(Variant::Costs);
    let delay = Variant::Delay(one_bar(world));
    paths.chain(costs).chain([delay]).collect()
}

/// The longest interval in use: later by it, every order misses at least one open.
#[must_use]
pub fn one_bar(world: &World) -> Span {
    let series = world.tape.series.iter().flatten();
    let longest = series.map(|series| series.bars().interval).max();
    longest.unwrap_or(Span::from_millis(0))
}

fn run_variant(
    world: &Arc<World>,
    (rules, model): (&Rules, &Model),
    variant: Variant,
    (engine, net, cancel): (Engine, Money, &AtomicBool),
) -> Result<Money, RunError> {
    if variant == Variant::Path(model.path_mode) || variant == Variant::Costs(1) {
        return Ok(net);
    }
    let (mut rules, mut model) = (rules.clone(), model.clone());
    variant.lay(&mut rules, &mut model);
    let run = simulate(world, &rules, &model, engine, (EventLog::hashing(), cancel))?;
    Ok(run.outcome.net(model.balance))
}
