//! Random worlds and rules for property tests: everything a run can meet, from one seed.

use std::sync::Arc;

use confluence::backtest::log::EventLog;
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::event::{ExitPlan, ManualOrder, Operator, ShareOf, Target, TrailingPlan};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Price, Qty, Rate};
use confluence::domain::order::{Direction, OrderKind, Side, Watched};
use confluence::domain::position::{MarginMode, Terms};
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::engine::{DriveError, drive};
use confluence::exchange::history::{Engine, History, OutOfRange, Outcome, World};
use confluence::exchange::model::{Costs, Drilldown, EndOfData, LimitFill, Model, PathMode};
use confluence::market::tape::{FundingRecord, Series, Tape};
use confluence::trader::rules::{
    ConfluenceRules, DailyRules, FreshnessBasis, HaltAction, HaltBasis, Role112, Rules,
    SizingBasis, SizingRules, Weights,
};
use confluence::trader::{Trader, Upkeep};

pub(crate) const MINUTE: i64 = 60_000;
/// 2025-01-06T00:00:00Z.
pub(crate) const ORIGIN: i64 = 1_736_121_600_000;

pub(crate) fn price(steps: i64) -> Price {
    Price::from_steps(steps).unwrap()
}

pub(crate) fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// One run with its log.
pub(crate) fn run(
    world: &Arc<World>,
    rules: &Rules,
    model: &Model,
    engine: Engine,
) -> (Outcome, EventLog) {
    try_run(world, rules, model, engine).unwrap()
}

/// The same; an account beyond exact amounts ends it.
pub(crate) fn try_run(
    world: &Arc<World>,
    rules: &Rules,
    model: &Model,
    engine: Engine,
) -> Result<(Outcome, EventLog), OutOfRange> {
    let mut trader = Trader::new(
        rules.clone(),
        world.tape.instruments.clone(),
        Upkeep::default(),
    );
    let mut history = History::new(world, model, engine);
    let mut log = EventLog::keeping();
    match drive(&mut trader, &mut history, &mut log) {
        Ok(()) => Ok((history.finish(), log)),
        Err(DriveError::Exchange(beyond)) => Err(beyond),
        Err(DriveError::Journal(never)) => match never {},
    }
}

/// The program's usual rules, to be varied.
pub(crate) fn usual_rules() -> Rules {
    Rules {
        confluence: ConfluenceRules {
            window: Span::from_millis(300_000),
            score_min: rate("0.6"),
            weights: Weights {
                proximity: rate("0.4"),
                strength: rate("0.3"),
                freshness: rate("0.3"),
            },
            strength_intensified: rate("1"),
            strength_fomo: rate("0.8"),
            role_112: Role112::Leg,
            fresh_horizon: Span::from_millis(3_600_000),
            freshness_basis: FreshnessBasis::Newest,
            retention: Span::from_millis(600_000),
            future_max: Span::from_millis(5_000),
        },
        sizing: SizingRules {
            basis: SizingBasis::Margin,
            position: rate("0.1"),
            total: rate("0.5"),
            score_scaling: false,
            open_risk_max: None,
        },
        daily: DailyRules {
            trades_max: 20,
            loss_max: rate("0.05"),
            halt_basis: HaltBasis::Equity,
            halt_action: HaltAction::BlockEntries,
        },
        cooldown: Span::ZERO,
        exits: ExitPlan {
            stop: rate("0.03"),
            stop_watched: Watched::Contract,
            targets: vec![
                Target {
                    distance: rate("0.05"),
                    share: rate("0.5"),
                },
                Target {
                    distance: rate("0.1"),
                    share: rate("1"),
                },
            ],
            target_watched: Watched::Contract,
            share_of: ShareOf::Initial,
            trailing: None,
            break_even: None,
            hold_max: None,
        },
        risk_close_share: rate("0.5"),
        direction: Direction::Long,
        terms: Terms {
            leverage: 3,
            margin_mode: MarginMode::Isolated,
            maker: rate("0.0002"),
            taker: rate("0.0005"),
        },
    }
}

pub(crate) fn usual_model(terms: Terms) -> Model {
    Model {
        balance: "10000".parse::<Money>().unwrap(),
        start: None,
        terms,
        prices: confluence::exchange::model::Prices::Bars,
        path_mode: PathMode::Pessimistic,
        drilldown: Drilldown::Off,
        latency: Span::ZERO,
        bracket_delay: Span::ZERO,
        entry_ttl: Span::from_millis(120_000),
        costs: Costs {
            half_spread: Rate::ZERO,
            impact: Rate::ZERO,
            slippage: Rate::ZERO,
            stop_slippage: Rate::ZERO,
            target_slippage: Rate::ZERO,
        },
        limit_fill: LimitFill::Through,
        limit_participation: rate("0.1"),
        end_of_data: EndOfData::ForceClose,
    }
}

pub(crate) fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[usize::try_from(random.below(of.len() as u64)).unwrap()]
}

fn per_mille(random: &mut Random, low: i64, high: i64) -> Rate {
    Rate::from_steps(random.between(low, high) * 100_000)
}

/// Rules with every option drawn.
pub(crate) fn random_rules(random: &mut Random) -> Rules {
    let mut rules = usual_rules();
    rules.confluence.role_112 = pick(
        random,
        &[Role112::Leg, Role112::Risk, Role112::Both, Role112::Ignore],
    );
    rules.confluence.freshness_basis =
        pick(random, &[FreshnessBasis::Newest, FreshnessBasis::Average]);
    rules.sizing.basis = pick(
        random,
        &[
            SizingBasis::Margin,
            SizingBasis::Margin,
            SizingBasis::Notional,
        ],
    );
    rules.sizing.position = per_mille(random, 50, 300);
    rules.sizing.total = per_mille(random, 300, 900);
    rules.sizing.score_scaling = random.one_in(3);
    rules.sizing.open_risk_max = random.one_in(4).then(|| per_mille(random, 10, 100));
    rules.daily.trades_max = u32::try_from(random.between(1, 30)).unwrap();
    rules.daily.loss_max = per_mille(random, 5, 60);
    rules.daily.halt_basis = pick(
        random,
        &[HaltBasis::Equity, HaltBasis::Equity, HaltBasis::Realized],
    );
    rules.daily.halt_action = pick(random, &[HaltAction::BlockEntries, HaltAction::Flatten]);
    rules.cooldown = Span::from_millis(pick(random, &[0, 0, 90_000, 600_000]));
    rules.direction = pick(random, &[Direction::Long, Direction::Short]);
    rules.terms.leverage = pick(random, &[1, 3, 10, 25, 50]);
    rules.terms.margin_mode = pick(
        random,
        &[
            MarginMode::Isolated,
            MarginMode::Isolated,
            MarginMode::Cross,
        ],
    );
    let watched = [Watched::Contract, Watched::Contract, Watched::Mark];
    let exits = &mut rules.exits;
    exits.stop = per_mille(random, 3, 60);
    exits.stop_watched = pick(random, &watched);
    exits.target_watched = pick(random, &watched);
    let mut distance = 0;
    exits.targets = (0..random.between(0, 3))
        .map(|_| {
            distance += random.between(2, 30);
            Target {
                distance: Rate::from_steps(distance * 100_000),
                share: per_mille(random, 100, 700),
            }
        })
        .collect();
    exits.share_of = pick(random, &[ShareOf::Initial, ShareOf::Remaining]);
    exits.trailing = random.one_in(2).then(|| TrailingPlan {
        activation: per_mille(random, 1, 20),
        callback: per_mille(random, 1, 20),
        watched: pick(random, &watched),
    });
    exits.break_even = random.one_in(3).then(|| per_mille(random, 0, 3));
    exits.hold_max = random
        .one_in(4)
        .then(|| Span::from_millis(random.between(1, 7_200_000)));
    rules
}

/// A model with every option drawn.
pub(crate) fn random_model(random: &mut Random, terms: Terms) -> Model {
    let mut model = usual_model(terms);
    model.path_mode = pick(random, &PathMode::ALL);
    model.drilldown = pick(
        random,
        &[Drilldown::Off, Drilldown::Ambiguous, Drilldown::Always],
    );
    model.latency = Span::from_millis(pick(random, &[0, 0, 250, 60_000, 90_000]));
    model.bracket_delay = Span::from_millis(pick(random, &[0, 0, 250, 60_000, 150_000]));
    let bps = |random: &mut Random| Rate::from_steps(random.between(0, 20) * 10_000);
    model.costs = Costs {
        half_spread: bps(random),
        impact: bps(random),
        slippage: bps(random),
        stop_slippage: bps(random),
        target_slippage: bps(random),
    };
    model.limit_fill = pick(random, &[LimitFill::Through, LimitFill::Touch]);
    model.end_of_data = pick(random, &[EndOfData::ForceClose, EndOfData::Mark]);
    model
}

/// A random walk with wide bars, jumps between bars, quiet stretches and gaps.
fn random_bars(random: &mut Random, count: i64, start: i64, tick: i64) -> Bars {
    let mut bars = Bars::new(Span::from_millis(MINUTE));
    let mut level = random.between(2_000, 20_000);
    let mut time = start;
    for _ in 0..count {
        if random.one_in(150) {
            time += random.between(1, 90) * MINUTE;
        }
        let swing = if random.one_in(60) {
            level / 12
        } else {
            level / 300
        };
        if random.one_in(25) {
            level = (level + random.between(-level / 40, level / 40)).max(50);
        }
        let quiet = random.one_in(20);
        let open = level;
        let move_by = |random: &mut Random| {
            if quiet {
                0
            } else {
                random.between(-swing, swing)
            }
        };
        let close = (open + move_by(random)).max(50);
        let high = open.max(close) + move_by(random).abs() / 2;
        let low = (open.min(close) - move_by(random).abs() / 2).max(40);
        let volume = if quiet { 0 } else { random.between(1, 5_000) };
        let bar = Bar {
            open_time: at(time),
            open: price(open * tick),
            high: price(high * tick),
            low: price(low * tick),
            close: price(close * tick),
            volume: Qty::from_steps(volume * 100_000_000).unwrap(),
        };
        bars.push(bar).unwrap();
        level = close;
        time += MINUTE;
    }
    bars
}

/// Marks near the contract, sometimes with wicks of their own, sometimes missing.
fn random_marks(random: &mut Random, bars: &Bars, tick: i64) -> Bars {
    let mut marks = Bars::new(bars.interval);
    for row in 0..bars.len() {
        if random.one_in(12) {
            continue;
        }
        let bar = bars.get(row);
        let near = |random: &mut Random, price: Price| {
            (price.steps() / tick + random.between(-3, 3)).max(20)
        };
        let (open, close) = (near(random, bar.open), near(random, bar.close));
        let wick = if random.one_in(40) { open / 15 } else { 3 };
        let high = open.max(close).max(near(random, bar.high)) + random.between(0, wick);
        let low = (open.min(close).min(near(random, bar.low)) - random.between(0, wick)).max(10);
        marks
            .push(Bar {
                open: price(open * tick),
                high: price(high * tick),
                low: price(low * tick),
                close: price(close * tick),
                volume: Qty::ZERO,
                ..bar
            })
            .unwrap();
    }
    marks
}

/// Three fine bars per bar that add up to it, mostly.
fn random_detail(random: &mut Random, bars: &Bars) -> Bars {
    let third = MINUTE / 3;
    let mut detail = Bars::new(Span::from_millis(third));
    for row in 0..bars.len() {
        let bar = bars.get(row);
        if random.one_in(5) {
            continue;
        }
        let high_first = random.one_in(2);
        let (first, second) = if high_first {
            (bar.high, bar.low)
        } else {
            (bar.low, bar.high)
        };
        // Once in a while the far extreme is missing, so that they do not add up.
        let second = if random.one_in(15) { bar.open } else { second };
        let legs = [(bar.open, first), (first, second), (second, bar.close)];
        for (index, (open, close)) in (0..).zip(legs) {
            detail
                .push(Bar {
                    open_time: bar.open_time + Span::from_millis(index * third),
                    open,
                    close,
                    high: open.max(close),
                    low: open.min(close),
                    volume: bar.volume,
                })
                .unwrap();
        }
    }
    detail
}

fn instrument(random: &mut Random, name: &str, tick: i64) -> Instrument {
    let money = |units: i64| Money::from_steps(units * 100_000_000);
    let bracket = |floor, cap, maintenance: &str, deduction| Bracket {
        floor: money(floor),
        cap: money(cap),
        maintenance: rate(maintenance),
        deduction: money(deduction),
    };
    let step = pick(random, &[100_000_000, 10_000_000, 100_000]);
    Instrument {
        symbol: Symbol::new(name),
        tick: price(tick),
        step: Qty::from_steps(step).unwrap(),
        qty_min: Qty::from_steps(step * pick(random, &[1, 1, 40])).unwrap(),
        market_qty_max: Qty::from_steps(100_000 * 100_000_000).unwrap(),
        notional_min: money(5),
        liquidation_fee: rate("0.0125"),
        brackets: vec![
            bracket(0, 50_000, "0.01", 0),
            bracket(50_000, 250_000, "0.025", 750),
            bracket(250_000, 1_000_000, "0.05", 7_000),
        ],
        delisted: None,
    }
}

/// A world from a seed: up to four symbols, a day or two of minutes.
pub(crate) fn random_world(random: &mut Random) -> World {
    let count = usize::try_from(random.between(1, 4)).unwrap();
    let names = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"].map(Symbol::new);
    let symbols = Symbols::new(names[..count].iter().cloned()).unwrap();
    let minutes = random.between(60, 1_900);
    let start = ORIGIN + random.between(0, 1_439) * MINUTE;
    let mut instruments = Vec::new();
    let mut series = Vec::new();
    for (_, name) in symbols.iter() {
        let tick = pick(random, &[1_000_000, 10_000, 100]);
        let mut contract = instrument(random, name.as_str(), tick);
        let shift = random.between(0, 30) * MINUTE;
        let bars = random_bars(random, minutes, start + shift, tick);
        let marks: Vec<Bars> = random
            .one_in(2)
            .then(|| random_marks(random, &bars, tick))
            .into_iter()
            .collect();
        let detail = random.one_in(2).then(|| random_detail(random, &bars));
        let mut funding = Vec::new();
        for hour in 0..minutes / 60 {
            if random.one_in(6) {
                continue;
            }
            funding.push(FundingRecord {
                time: at((start / 3_600_000 + 1 + hour) * 3_600_000 + pick(random, &[0, 0, 0, 17])),
                rate: Rate::from_steps(random.between(-200_000, 200_000)),
                mark: random
                    .one_in(2)
                    .then(|| bars.open[usize::try_from(hour).unwrap()]),
            });
        }
        if random.one_in(8) {
            contract.delisted = Some(at(start + random.between(30, minutes) * MINUTE));
        }
        instruments.push(contract);
        series.push((!random.one_in(15)).then(|| Series::new(bars, &marks, detail, funding)));
    }
    let span = (start, start + minutes * MINUTE);
    let signals = random_signals(random, count, span);
    let script = random_script(random, count, span);
    World {
        tape: Arc::new(Tape {
            symbols,
            instruments,
            series,
        }),
        signals,
        script,
        trades: Arc::default(),
    }
}

fn random_signals(random: &mut Random, symbols: usize, span: (i64, i64)) -> Vec<Signal> {
    let pairs = random.between(3, 60);
    let mut signals = Vec::new();
    for pair in 0..pairs {
        let symbol = SymbolId::at(usize::try_from(random.below(symbols as u64)).unwrap());
        // Whole minutes half of the time: ties with bars are where order matters.
        let grid = if random.one_in(2) { MINUTE } else { 1 };
        let time = random.between(span.0, span.1) / grid * grid;
        let kinds = [
            SignalType::ALPHA,
            pick(random, &[SignalType::FOMO, SignalType::FOMO_INTENSIFIED]),
        ];
        for (leg, kind) in kinds.into_iter().enumerate() {
            let event =
                time + random.between(0, 280_000) / grid * grid * i64::from(random.one_in(2));
            let late = random.between(0, 90_000) * i64::from(random.one_in(4));
            signals.push(Signal {
                id: Arc::from(format!("{pair}-{leg}")),
                kind,
                symbol,
                event_time: at(event),
                received_time: at(event + late),
            });
        }
        if random.one_in(12) {
            signals.push(signals[signals.len() - 1].clone());
        }
    }
    signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
    signals
}

fn random_script(
    random: &mut Random,
    symbols: usize,
    span: (i64, i64),
) -> Vec<(Timestamp, Operator)> {
    let mut script = Vec::new();
    if random.one_in(2) {
        for _ in 0..random.between(1, 12) {
            let symbol = SymbolId::at(usize::try_from(random.below(symbols as u64)).unwrap());
            let side = pick(random, &[Side::Buy, Side::Sell]);
            let market = random.one_in(2);
            let qty = Qty::from_steps(random.between(1, 40) * 100_000_000);
            let level = price(random.between(2_000, 20_000) * pick(random, &[1_000_000, 10_000]));
            let order = ManualOrder {
                symbol,
                side,
                kind: if market {
                    OrderKind::Market
                } else {
                    OrderKind::Limit {
                        price: level,
                        post_only: false,
                    }
                },
                qty: if market && random.one_in(3) {
                    None
                } else {
                    qty
                },
                reduce_only: random.one_in(3),
                bracket: None,
                reference: Some(Arc::from("by hand")),
            };
            let said = match random.below(8) {
                0 => Operator::Halt,
                1 | 2 => Operator::Resume,
                3 => Operator::Close(symbol),
                4 => Operator::CancelAll(symbol),
                _ => Operator::Order(order),
            };
            script.push((at(random.between(span.0, span.1)), said));
        }
    }
    script.sort_by_key(|(time, _)| *time);
    script
}
