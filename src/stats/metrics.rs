//! All figures of one run as they stand in `metrics.json`.
//!
//! Not here: how each is computed (the modules beside this one), writing the file (`backtest`).
//! Invariant: an undefined figure is null and has exactly one entry in `why_null`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::activity::{self, ActivityMetrics, BarSeries};
use super::benchmark::{self, BenchmarkMetrics};
use super::breakdown::{self, Breakdowns, GroupRow};
use super::calendar;
use super::costs::{self, CostMetrics, CostTotals};
use super::equity::{self, DailyMetrics, DailySeries};
use super::figure::{Figure, note_undefined};
use super::interval::MeanInterval;
use super::returns;
use super::sensitivity::{CostTable, DelayProbe, Envelope};
use super::trade_row::TradeRow;
use super::trades::{self, TradeMetrics};
use crate::domain::num::Money;

/// Version of the layout of `metrics.json`; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Why a table of replays is null.
const NOT_RUN: &str = "its replays were not run";

/// A benchmark's levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkSeries {
    /// For example `BTCUSDT hold`.
    pub name: String,
    /// b₀ … b_n, one per point of the daily series.
    pub levels: Vec<f64>,
}

/// Everything figures are computed from.
#[derive(Clone, Copy, Debug)]
pub struct RunInput<'a> {
    /// Equity at day ends.
    pub daily: &'a DailySeries,
    /// Equity at bar ends.
    pub bars: &'a BarSeries,
    /// Finished trades.
    pub trades: &'a [TradeRow],
    /// Σ price × quantity of all fills, USDT.
    pub fill_notional: f64,
    /// Exact sums of ledger and fills.
    pub costs: &'a CostTotals,
    /// The first deposit.
    pub initial: Money,
    /// What holding would have done.
    pub benchmarks: &'a [BenchmarkSeries],
    /// Replays under other paths.
    pub envelope: Option<&'a Envelope>,
    /// Replays at other costs.
    pub cost_table: Option<&'a CostTable>,
    /// The replay with more delay.
    pub delay_probe: Option<&'a DelayProbe>,
    /// Seed of what is drawn by chance.
    pub seed: u64,
}

/// The content of `metrics.json`. Rates are fractions, amounts USDT, times milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Start of the run, ms since the epoch.
    pub start_ms: i64,
    /// End of the run.
    pub end_ms: i64,
    /// e₀.
    pub initial: f64,
    /// e_n.
    pub final_equity: f64,
    /// M3.
    pub daily: DailyMetrics,
    /// Returns of UTC calendar months.
    pub monthly_returns: BTreeMap<String, f64>,
    /// Returns of UTC calendar years.
    pub yearly_returns: BTreeMap<String, f64>,
    /// Sharpe of each window of 30 days.
    pub rolling_sharpe_30: Vec<Figure>,
    /// Drawdown at the end of day 1 … n.
    pub drawdown_series: Vec<f64>,
    /// M4.
    pub trades: TradeMetrics,
    /// How far mean R may be off by chance.
    pub expectancy_r_interval: MeanInterval,
    /// M5.
    pub activity: ActivityMetrics,
    /// M6.
    pub costs: CostMetrics,
    /// M7.
    pub breakdowns: Breakdowns,
    /// M8, by name.
    pub benchmarks: BTreeMap<String, BenchmarkMetrics>,
    /// F12; null when it was not run.
    pub envelope: Option<Envelope>,
    /// The cost table; null when it was not run.
    pub cost_table: Option<CostTable>,
    /// T9.4; null when it was not run.
    pub delay_probe: Option<DelayProbe>,
    /// Reason of each figure that is null, by its path.
    pub why_null: BTreeMap<String, String>,
}

/// Computes all figures.
#[must_use]
pub fn metrics(input: RunInput<'_>) -> Metrics {
    let points = input.daily.points();
    let returns = input.daily.known_returns();
    let mut metrics = Metrics {
        schema_version: SCHEMA_VERSION,
        start_ms: input.daily.start.millis(),
        end_ms: input.daily.end.millis(),
        initial: input.daily.initial,
        final_equity: points[points.len() - 1],
        daily: equity::daily_metrics(input.daily, &input.bars.equity),
        monthly_returns: calendar::compounded(input.daily.start, &returns, calendar::month),
        yearly_returns: calendar::compounded(input.daily.start, &returns, calendar::year),
        rolling_sharpe_30: returns::rolling_sharpe(&returns),
        drawdown_series: equity::drawdowns(&points).split_off(1),
        trades: trades::trade_metrics(input.trades),
        expectancy_r_interval: {
            let risks: Vec<f64> = input.trades.iter().filter_map(TradeRow::r).collect();
            MeanInterval::of(&risks, input.seed)
        },
        activity: activity::activity_metrics(
            input.daily,
            input.trades,
            input.fill_notional,
            input.bars,
        ),
        costs: costs::cost_metrics(input.costs, input.initial, input.trades),
        breakdowns: breakdown::breakdowns(input.trades),
        benchmarks: input
            .benchmarks
            .iter()
            .map(|series| {
                let compared = benchmark::against(input.daily, &series.levels);
                (series.name.clone(), compared)
            })
            .collect(),
        envelope: input.envelope.cloned(),
        cost_table: input.cost_table.cloned(),
        delay_probe: input.delay_probe.copied(),
        why_null: BTreeMap::new(),
    };
    metrics.why_null = reasons(&metrics);
    metrics
}

fn reasons(metrics: &Metrics) -> BTreeMap<String, String> {
    let mut why = BTreeMap::new();
    note_undefined("daily", &metrics.daily.figures(), &mut why);
    note_undefined("trades", &metrics.trades.figures(), &mut why);
    let interval = &metrics.expectancy_r_interval;
    let figures = [("low", interval.low), ("high", interval.high)];
    note_undefined("expectancy_r_interval", &figures, &mut why);
    note_undefined("activity", &metrics.activity.figures(), &mut why);
    for (window, figure) in metrics.rolling_sharpe_30.iter().enumerate() {
        let name = format!("rolling_sharpe_30.{window}");
        note_undefined(&name, &[("sharpe", *figure)], &mut why);
    }
    for (name, line) in metrics.costs.lines() {
        let figures = [
            ("of_initial", line.of_initial),
            ("of_gross_profit", line.of_gross_profit),
        ];
        note_undefined(&format!("costs.{name}"), &figures, &mut why);
    }
    for (name, compared) in &metrics.benchmarks {
        note_undefined(&format!("benchmarks.{name}"), &compared.figures(), &mut why);
    }
    for (table, rows) in metrics.breakdowns.tables() {
        for row in rows {
            let group = format!("breakdowns.{table}.{}", row.key);
            note_undefined(&group, &row_figures(row), &mut why);
        }
    }
    for row in &metrics.breakdowns.exit_fills {
        let group = format!("breakdowns.exit_fills.{}", row.reason);
        let figures = [("share_of_quantity", row.share_of_quantity)];
        note_undefined(&group, &figures, &mut why);
    }
    let shares = &metrics.breakdowns.concentration;
    let figures = [
        ("best_1", shares.best_1),
        ("best_5", shares.best_5),
        ("best_10", shares.best_10),
        ("best_symbol", shares.best_symbol),
    ];
    note_undefined("breakdowns.concentration", &figures, &mut why);
    match &metrics.cost_table {
        Some(table) => {
            let figures = [("break_even_multiple", table.break_even_multiple.figure())];
            note_undefined("cost_table", &figures, &mut why);
        }
        None => {
            why.insert("cost_table".to_owned(), NOT_RUN.to_owned());
        }
    }
    if metrics.envelope.is_none() {
        why.insert("envelope".to_owned(), NOT_RUN.to_owned());
    }
    if metrics.delay_probe.is_none() {
        why.insert("delay_probe".to_owned(), NOT_RUN.to_owned());
    }
    why
}

fn row_figures(row: &GroupRow) -> [(&'static str, Figure); 4] {
    [
        ("win_rate", row.win_rate),
        ("expectancy", row.expectancy),
        ("profit_factor", row.profit_factor),
        ("share_of_net", row.share_of_net),
    ]
}
