//! A made-up run for tests of the report: a seeded random walk that never happened. No data of anyone.

use confluence::domain::fill::{Fill, LedgerEntry, LedgerKind, Liquidity, TradeId};
use confluence::domain::num::{Money, Price, Qty, Rate};
use confluence::domain::order::{Direction, Side};
use confluence::domain::random::Random;
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::report::input::{
    Assumption, DataNote, FunnelStage, Mode, PathCounts, ReasonCount, Reproduce, RunReport,
    SignalSummary, SignalVerdict, Weight,
};
use confluence::report::origin::{Around, Origin, Swept, Tried};
use confluence::report::record::{
    Course, Decay, Halt, Packed, Plan, Record, Refused, Waiting, Way,
};
use confluence::report::words::{
    Phrase, Word, costs as paths, data, model, signals as words, units,
};
use confluence::stats::activity::BarSeries;
use confluence::stats::benchmark;
use confluence::stats::costs;
use confluence::stats::equity::DailySeries;
use confluence::stats::metrics::{self, BenchmarkSeries, Metrics, RunInput};
use confluence::stats::sensitivity::{CostRow, CostTable, DelayProbe, Envelope, PathRow};
use confluence::stats::trade_row::TradeRow;

/// What is made up.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) trades: usize,
    /// Minutes of the run.
    pub(crate) minutes: i64,
    /// Whether equity ends at zero.
    pub(crate) ruined: bool,
}

const START: &str = "2026-01-01";
const INITIAL: f64 = 10_000.0;
const SYMBOLS: [&str; 6] = [
    "BTCUSDT",
    "ETHUSDT",
    "RIVERUSDT",
    "SOLUSDT",
    "ZECUSDT",
    "币安人生USDT",
];
const EXITS: [&str; 5] = ["sl", "tp2", "trailing", "break_even", "time_stop"];

fn start() -> Timestamp {
    Timestamp::parse(START).expect("a day")
}

fn unit(random: &mut Random) -> f64 {
    f64::from(u32::try_from(random.below(1 << 30)).expect("30 bits")) / f64::from(1_u32 << 30)
}

fn trade(random: &mut Random, number: usize, shape: Shape) -> TradeRow {
    let slots = i64::try_from(shape.trades).expect("few").max(1);
    let slot = shape.minutes / slots;
    let entry = start() + Span::from_millis(60_000 * (slot * i64::try_from(number).expect("few")));
    let hold = random.between(60_000, (slot.max(2) * 60_000).min(14_400_000));
    let result = unit(random) * 3.1 - 1.35;
    let risk = 90.0 + unit(random) * 20.0;
    let net = if result < -1.0 {
        -risk * 1.04
    } else {
        risk * result
    };
    let fees = 3.0 + unit(random);
    let funding = if random.one_in(3) { -0.4 } else { 0.0 };
    let notional = 3000.0 + unit(random) * 500.0;
    let exit = match net {
        net if net < -risk => "sl",
        net if net > risk => EXITS[1 + usize::from(random.one_in(2))],
        _ => EXITS[3 + usize::from(random.one_in(2))],
    };
    TradeRow {
        symbol: SYMBOLS[usize::try_from(random.below(6)).expect("six")].to_owned(),
        direction: Some(if random.one_in(5) {
            Direction::Short
        } else {
            Direction::Long
        }),
        entry_time: entry,
        exit_time: entry + Span::from_millis(hold),
        qty: Some(notional / 12.345),
        entry_notional: notional,
        exit_notional: notional + net,
        realized: net + fees - funding,
        net,
        fees,
        funding,
        slippage: 1.1,
        risk: Some(risk),
        exits: if exit == "tp2" {
            vec![("tp1".to_owned(), 100.0), (exit.to_owned(), 120.0)]
        } else {
            vec![(exit.to_owned(), 220.0)]
        },
        mae: Some(-0.03 * unit(random)),
        mfe: Some(0.06 * unit(random)),
        time_to_mfe: Some(Span::from_millis(hold / 2)),
        score: Some(0.6 + 0.34 * unit(random)),
        gap: Some(Span::from_millis(random.between(0, 299_000))),
        ambiguous_bars: u32::from(random.one_in(9)),
    }
}

/// Equity at minute ends: results of trades spread over their holds, and noise.
fn walk(random: &mut Random, trades: &[TradeRow], shape: Shape) -> BarSeries {
    let mut bars = BarSeries::default();
    let (mut booked, mut next, mut drift) = (INITIAL, 0, 0.0);
    for minute in 1..=shape.minutes {
        let now = start() + Span::from_millis(minute * 60_000);
        while trades.get(next).is_some_and(|trade| trade.exit_time <= now) {
            booked += trades[next].net;
            next += 1;
        }
        let open = trades.get(next).filter(|trade| trade.entry_time < now);
        drift = open.map_or(0.0, |_| drift * 0.995 + (unit(random) - 0.5) * 14.0);
        let alive = !shape.ruined || minute < shape.minutes * 3 / 4;
        bars.time.push(now);
        bars.equity.push(if alive { booked + drift } else { 0.0 });
        bars.gross_notional
            .push(open.map_or(0.0, |trade| trade.entry_notional));
        bars.margin
            .push(open.map_or(0.0, |trade| trade.entry_notional / 3.0));
    }
    bars
}

fn daily(bars: &BarSeries, shape: Shape) -> DailySeries {
    let day = usize::try_from(DAY.millis() / 60_000).expect("1440");
    let mut closes: Vec<f64> = bars
        .equity
        .iter()
        .skip(day - 1)
        .step_by(day)
        .copied()
        .collect();
    if !bars.equity.len().is_multiple_of(day) {
        closes.push(bars.equity[bars.equity.len() - 1]);
    }
    DailySeries {
        start: start(),
        end: start() + Span::from_millis(shape.minutes * 60_000),
        initial: INITIAL,
        closes,
    }
}

fn held(random: &mut Random, points: usize, step: f64) -> Vec<f64> {
    let mut price = 100.0;
    let prices: Vec<Option<f64>> = (0..points)
        .map(|_| {
            price *= 1.0 + (unit(random) - 0.49) * step;
            Some(price)
        })
        .collect();
    benchmark::equal_weight_hold(INITIAL, &[prices], 0.0005)
}

/// Books that a run with these trades could have.
fn books(trades: &[TradeRow]) -> (Vec<LedgerEntry>, Vec<Fill>) {
    let amount = |value: f64| -> Money { format!("{value:.8}").parse().expect("an amount") };
    let mut ledger = Vec::new();
    let mut fills = Vec::new();
    for (number, trade) in trades.iter().enumerate() {
        let fee = amount(trade.fees);
        for (kind, amount) in [
            (LedgerKind::RealizedPnl, amount(trade.realized)),
            (LedgerKind::Fee, -fee),
            (LedgerKind::Funding, amount(trade.funding)),
        ] {
            ledger.push(LedgerEntry {
                time: trade.exit_time,
                symbol: None,
                kind,
                amount,
            });
        }
        fills.push(Fill {
            trade: TradeId(u64::try_from(number).expect("few")),
            time: trade.exit_time,
            side: Side::Sell,
            qty: Qty::ZERO,
            price: "1".parse::<Price>().expect("a price"),
            fee,
            liquidity: Liquidity::Taker,
            realized: Money::ZERO,
            insurance: Money::ZERO,
            slippage: amount(trade.slippage),
        });
    }
    (ledger, fills)
}

fn benchmarks(random: &mut Random, points: usize) -> Vec<BenchmarkSeries> {
    [("BTCUSDT hold", 0.05), ("equal-weight hold", 0.08)]
        .map(|(name, step)| BenchmarkSeries {
            name: name.to_owned(),
            levels: held(random, points, step),
        })
        .to_vec()
}

fn figures(
    daily: &DailySeries,
    bars: &BarSeries,
    trades: &[TradeRow],
    benchmarks: &[BenchmarkSeries],
) -> Metrics {
    let (ledger, fills) = books(trades);
    let sums = costs::totals(&ledger, &fills).expect("the books agree");
    let envelope = Envelope::new(path_rows(sums.net)).expect("rows");
    let cost_table = CostTable::new(cost_rows(sums.net, sums.fees() + sums.slippage));
    let delay = DelayProbe {
        added_ms: 60_000,
        base: sums.net,
        net: sums.net - sums.fees(),
    };
    metrics::metrics(RunInput {
        daily,
        bars,
        trades,
        fill_notional: trades
            .iter()
            .map(|row| row.entry_notional + row.exit_notional)
            .sum(),
        costs: &sums,
        initial: "10000".parse().expect("an amount"),
        benchmarks,
        envelope: Some(&envelope),
        cost_table: Some(&cost_table),
        delay_probe: Some(&delay),
        seed: 7,
    })
}

/// The run.
pub(crate) fn run(shape: Shape) -> RunReport {
    let mut random = Random::new(shape.seed);
    let trades: Vec<TradeRow> = (0..shape.trades)
        .map(|number| trade(&mut random, number, shape))
        .collect();
    let bars = walk(&mut random, &trades, shape);
    let daily = daily(&bars, shape);
    let benchmarks = benchmarks(&mut random, daily.closes.len() + 1);
    let touched = trades.iter().map(|row| u64::from(row.ambiguous_bars)).sum();
    RunReport {
        record: record(&mut random, &bars, &daily, &trades),
        title: "made-up random walk, not a market".to_owned(),
        run_id: "7c1e5b0a94d2f38e61ab".to_owned(),
        version: "0.0.0-test".to_owned(),
        mode: Mode::Backtest,
        synthetic: true,
        validated: false,
        metrics: figures(&daily, &bars, &trades, &benchmarks),
        daily,
        bars,
        benchmarks,
        fills: trades.len() * 2,
        liquidations: usize::from(shape.ruined),
        open_positions: 0,
        closed_by_end_of_data: usize::from(shape.trades > 0),
        signals: signals(shape),
        refusals: reasons(&[
            ("cooldown", 31),
            ("daily_trades", 12),
            ("total_cap", 4),
            ("stale_data", 2),
        ]),
        paths: PathCounts {
            bars_in_position: u64::try_from(shape.trades * 97).expect("few"),
            ambiguous: touched,
            drilled: 3,
            residual: 1,
            stale_fills: 2,
            trades_touched: touched,
        },
        entry_delay_ms_mean: (shape.trades > 0).then_some(31_250.0),
        trades,
        data_notes: notes(),
        assumptions: assumptions(),
        warnings: vec![model::W_ZONELESS.alone()],
        reproduce: Reproduce {
            command: "sim backtest --signals data/sample/signals.csv --data data/sample".to_owned(),
            inputs: vec![
                ("configuration".to_owned(), "b3e1".repeat(16)),
                ("signals".to_owned(), "90ac".repeat(16)),
                ("seed".to_owned(), shape.seed.to_string()),
            ],
        },
    }
}

fn path_rows(net: Money) -> Vec<PathRow> {
    [
        ("pessimistic", 0),
        ("nearest", 180),
        ("close_dir", 240),
        ("optimistic", 410),
    ]
    .map(|(mode, more)| PathRow {
        mode: mode.to_owned(),
        net: net + Money::from_steps(more * 100_000_000),
    })
    .to_vec()
}

fn cost_rows(net: Money, costs: Money) -> Vec<CostRow> {
    let mut rows = Vec::new();
    let mut at = net + costs;
    for multiple in 0..4 {
        rows.push(CostRow {
            multiple: Rate::from_steps(multiple * Rate::ONE.steps()),
            net: at,
        });
        at -= costs;
    }
    rows
}

fn reasons(list: &[(&str, usize)]) -> Vec<ReasonCount> {
    list.iter()
        .map(|(reason, count)| ReasonCount {
            reason: (*reason).to_owned(),
            count: *count,
        })
        .collect()
}

fn signals(shape: Shape) -> SignalSummary {
    let stage = |name: Word, unit: Word, count, lost: &[(&str, usize)]| FunnelStage {
        name: name.alone(),
        unit,
        count,
        lost: reasons(lost),
    };
    let filled = shape.trades;
    SignalSummary {
        total: filled * 5 + 40,
        with_price: (filled + 51) * 9 / 10,
        price_needed: filled + 51,
        funnel: vec![
            stage(words::STAGE_FILE, words::MESSAGES, filled * 5 + 40, &[]),
            stage(
                words::STAGE_USABLE,
                words::MESSAGES,
                filled * 5 + 20,
                &[("unknown_type", 13), ("duplicate", 7)],
            ),
            stage(
                words::STAGE_MATCHED,
                words::PAIRS,
                filled * 2 + 10,
                &[("unmatched", 10)],
            ),
            stage(
                words::STAGE_SCORED,
                words::PAIRS,
                filled + 49,
                &[("low_score", 22)],
            ),
            stage(
                words::STAGE_ACCEPTED,
                words::ENTRIES,
                filled + 2,
                &[("cooldown", 31), ("daily_trades", 12), ("total_cap", 4)],
            ),
            stage(
                words::STAGE_FILLED,
                words::ENTRIES,
                filled,
                &[("stale_data", 2)],
            ),
        ],
        verdicts: (0..(filled * 5 + 40))
            .map(|number| SignalVerdict {
                time: "2026-01-01T07:55:20.000Z".to_owned(),
                id: format!("m{number}"),
                kind: words::kind(110),
                symbol: SYMBOLS[number % 6].to_owned(),
                verdict: if number % 4 == 0 {
                    "traded"
                } else {
                    "unmatched"
                }
                .to_owned(),
                no_price: (number % 7 == 0).then(|| "too_late".to_owned()),
            })
            .collect(),
    }
}

fn notes() -> Vec<DataNote> {
    let note = |symbol: &str, weight, text: Phrase| DataNote {
        symbol: Some(symbol.to_owned()),
        weight,
        text,
    };
    vec![
        note("RIVERUSDT", Weight::Note, data::D_BARS.of(["84,960", "1m"])),
        note(
            "ETHUSDT",
            Weight::Caution,
            data::D_UNFINISHED.of(["2026-01-04 03:12"]),
        ),
        note(
            "币安人生USDT",
            Weight::Caution,
            data::D_MARKS_SOME.of(["1440"]),
        ),
        DataNote {
            symbol: None,
            weight: Weight::Note,
            text: data::set_aside(2, "options"),
        },
    ]
}

fn assumptions() -> Vec<Assumption> {
    let rates = ["5", "2"].map(|rate| model::M_BPS.of([rate]));
    [
        (
            model::M_PATH,
            paths::NAME_PESSIMISTIC.alone(),
            model::M_PATH_PESSIMISTIC,
        ),
        (
            model::M_DELAY,
            model::M_DELAY_VALUE.of([250, 1000].map(units::whole_span)),
            model::M_DELAY_MEANING,
        ),
        (
            model::M_FEES,
            model::M_FEES_VALUE.of(rates),
            model::M_FEES_MEANING,
        ),
        (
            model::M_MARGIN,
            model::M_MARGIN_ISOLATED.of(["3"]),
            model::M_MARGIN_MEANING,
        ),
        (
            model::M_FUNDING,
            model::M_FUNDING_VALUE.alone(),
            model::M_FUNDING_MEANING,
        ),
    ]
    .map(|(label, value, meaning)| Assumption {
        label: label.alone(),
        value,
        meaning: meaning.alone(),
    })
    .to_vec()
}

/// The usual one: two months, sixty trades.
pub(crate) fn usual() -> RunReport {
    run(Shape {
        seed: 11,
        trades: 60,
        minutes: 59 * 1440 + 700,
        ruined: false,
    })
}

#[test]
fn made_up_runs_repeat() {
    let (left, right) = (usual(), usual());
    assert_eq!(left.trades, right.trades);
    assert_eq!(left.trades.len(), 60);
}

/// What charts need beyond figures; the bars of trades are left out.
fn record(
    random: &mut Random,
    bars: &BarSeries,
    daily: &DailySeries,
    trades: &[TradeRow],
) -> Record {
    let mut peak = daily.initial;
    let mut course = Course {
        bar_ends: bars.time.len(),
        ..Course::default()
    };
    for row in (0..bars.time.len()).step_by((bars.time.len() / 1_000).max(1)) {
        let equity = bars.equity[row];
        peak = peak.max(equity);
        course.time.push(bars.time[row].millis());
        course.equity.push(equity);
        course.drawdown.push(equity / peak - 1.0);
        course.exposure.push(unit(random) * 0.3);
    }
    let mut time = vec![daily.start.millis()];
    let mut next = daily.start.next_day();
    while time.len() < daily.closes.len() {
        time.push(next.millis());
        next = next.next_day();
    }
    time.push(daily.end.millis());
    let spread = |share: f64| -> Vec<f64> {
        let days = (0..time.len()).map(|day| daily.initial * (1.0 + share * day as f64));
        days.collect()
    };
    let waiting = Waiting {
        hold_ms: 5_400_000,
        count: trades.len(),
        notional: 3_000.0,
        draws: 200,
        held: spread(0.0005),
        low: spread(-0.003),
        middle: spread(0.0001),
        high: spread(0.003),
        time: time.clone(),
    };
    let refused = (0..50_usize).map(|number| Refused {
        time: time[number % time.len()],
        symbol: "币安人生USDT".to_owned(),
        reason: ["cooldown", "daily_trades", "total_cap", "in_position"][number % 4].to_owned(),
    });
    let minutes = vec![1.0, 5.0, 30.0, 120.0, 1_440.0];
    Record {
        plan: Plan {
            stop: 3.0,
            targets: vec![(5.0, 50.0), (10.0, 100.0)],
            trailing: Some((2.0, 1.0)),
            score_min: 0.6,
            window_s: 300.0,
            trades_a_day: 20,
            daily_loss: 5.0,
        },
        course,
        waiting: (!trades.is_empty()).then_some(waiting),
        decay: Decay {
            n: vec![200, 199, 190, 170, 90],
            mean: vec![0.05, 0.2, 0.35, 0.1, -0.4],
            low: vec![0.01, 0.1, 0.1, -0.4, -1.5],
            high: vec![0.09, 0.3, 0.6, 0.6, 0.7],
            minutes,
        },
        refused: refused.collect(),
        halts: vec![Halt {
            from: daily.start.millis(),
            to: daily.start.millis() + 3_600_000,
            cause: "daily_loss".to_owned(),
        }],
        ways: trades.iter().map(way).collect(),
        bars: Packed(String::new()),
        origin: (!trades.is_empty()).then(origin),
    }
}

/// The best of a sweep whose second parameter is a peak.
fn origin() -> Origin {
    let tried = |label: &str, value: Option<f64>, best: bool| Tried {
        label: label.to_owned(),
        value,
        trials: 1,
        best,
        excluded: value.is_none(),
    };
    let swept = |name: &str, unit: &str, tried: Vec<Tried>| Swept {
        name: name.to_owned(),
        key: name.to_owned(),
        unit: unit.to_owned(),
        ordered: true,
        medians: false,
        tried,
    };
    Origin {
        sweep: "0123456789abcdef".to_owned(),
        method: "grid".to_owned(),
        trials: 240,
        ran: 200,
        objective: "sharpe".to_owned(),
        less: false,
        trial: 17,
        value: Some(2.5),
        plateau: Around {
            score: Some(0.5),
            median: Some(1.25),
            neighbours: 7,
            without: 1,
            why: None,
        },
        parameters: Some(vec![
            swept(
                "exits.stop_pct",
                "%",
                vec![
                    tried("2", Some(2.25), false),
                    tried("3", Some(2.5), true),
                    tried("4", Some(2.0), false),
                ],
            ),
            swept(
                "<b>tp1</b>",
                "%",
                vec![
                    tried("3", Some(-1.0), false),
                    tried("4.5", Some(2.5), true),
                    tried("6", None, false),
                ],
            ),
        ]),
        rank: Some(1),
        ranked: 20,
        differs: Vec::new(),
    }
}

fn way(trade: &TradeRow) -> Way {
    let (from, to) = (trade.entry_time.millis(), trade.exit_time.millis());
    let qty = trade.qty.unwrap_or(1.0);
    let (bought, sold) = (trade.entry_notional / qty, trade.exit_notional / qty);
    Way {
        signals: vec![(from - 60_000, words::kind(110))],
        entries: vec![(from, bought, qty)],
        exits: vec![(to, sold, qty, trade.last_exit().to_owned())],
        levels: vec![(from, to, bought * 0.97, "sl".to_owned())],
        ..Way::default()
    }
}
