//! Figures of several runs: those everybody looks at, and whatever else of `metrics.json` differs.
//!
//! Not here: computing any of them (`stats`).

use serde_json::Value;

use crate::backtest::reading::Opened;
use crate::report::compare::{ComparedRun, Figure, Form, OtherFigure};
use crate::report::words::{Word, compare as words};

/// Where a figure of the first rank stands.
enum From {
    /// In `run.json`.
    Run(&'static str),
    /// In `metrics.json`, by its path.
    Metrics(&'static str),
}

/// What everybody looks at, in this order.
const HEADLINE: [(Word, Form, From); 19] = [
    (words::COMPARE_NET_RESULT, Form::Usdt, From::Run("net_usdt")),
    (
        words::COMPARE_TOTAL_RETURN,
        Form::Percent,
        From::Metrics("daily.total_return"),
    ),
    (
        words::COMPARE_CAGR_A_YEAR,
        Form::Percent,
        From::Metrics("daily.cagr"),
    ),
    (
        words::COMPARE_DRAWDOWN_BARS,
        Form::Percent,
        From::Metrics("daily.max_drawdown_intraday"),
    ),
    (
        words::COMPARE_DRAWDOWN_DAYS,
        Form::Percent,
        From::Metrics("daily.max_drawdown"),
    ),
    (
        words::COMPARE_SHARPE_RATIO,
        Form::Ratio,
        From::Metrics("daily.sharpe"),
    ),
    (
        words::COMPARE_SORTINO_RATIO,
        Form::Ratio,
        From::Metrics("daily.sortino"),
    ),
    (
        words::COMPARE_FINISHED_TRADES,
        Form::Count,
        From::Metrics("trades.n"),
    ),
    (
        words::COMPARE_WON_TRADES,
        Form::Percent,
        From::Metrics("trades.win_rate"),
    ),
    (
        words::COMPARE_MEAN_TRADE,
        Form::Usdt,
        From::Metrics("trades.expectancy"),
    ),
    (
        words::COMPARE_MEAN_R,
        Form::R,
        From::Metrics("trades.expectancy_r"),
    ),
    (
        words::COMPARE_PROFIT_TO_LOSS,
        Form::Ratio,
        From::Metrics("trades.profit_factor"),
    ),
    (
        words::COMPARE_HOLD_MEDIAN,
        Form::Minutes,
        From::Metrics("trades.median_hold_ms"),
    ),
    (
        words::COMPARE_TIME_IN_MARKET,
        Form::Percent,
        From::Metrics("activity.exposure_time"),
    ),
    (
        words::COMPARE_FEES_PAID,
        Form::Spent,
        From::Metrics("costs.total_fees.usdt"),
    ),
    (
        words::COMPARE_FUNDING_NET,
        Form::Usdt,
        From::Metrics("costs.total_funding"),
    ),
    (
        words::COMPARE_SLIPPAGE_MEMO,
        Form::Spent,
        From::Metrics("costs.slippage.usdt"),
    ),
    (
        words::COMPARE_BARS_AMBIGUOUS,
        Form::Count,
        From::Run("ambiguous_bars"),
    ),
    (
        words::COMPARE_LIQUIDATED,
        Form::Count,
        From::Run("liquidations"),
    ),
];

/// The figures of the first rank; amounts as parts of the start, where the starts differ.
pub(super) fn headline(opened: &[Opened], runs: &[ComparedRun], is_relative: bool) -> Vec<Figure> {
    let figure = |(name, form, from): &(Word, Form, From)| {
        let relative = form.of_start().filter(|_| is_relative);
        let values = opened.iter().zip(runs).map(|(one, run)| {
            let value = match from {
                From::Run(name) => amount(&one.summary[*name]),
                From::Metrics(path) => amount(at(&one.metrics, path)),
            };
            let share = if relative.is_some() { run.balance } else { 1.0 };
            value
                .map(|value| value / share)
                .filter(|value| value.is_finite())
        });
        Figure {
            name: *name,
            form: relative.unwrap_or(*form),
            values: values.collect(),
        }
    };
    HEADLINE.iter().map(figure).collect()
}

/// A number, or the exact text of one.
fn amount(value: &Value) -> Option<f64> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_f64().or(text)
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| &value[name])
}

/// Everything else that is not the same in all runs, in the order of the file.
pub(super) fn others(opened: &[Opened]) -> Vec<OtherFigure> {
    let lists: Vec<Vec<(String, &Value)>> = opened
        .iter()
        .map(|run| {
            let mut leaves = Vec::new();
            flatten("", &run.metrics, &mut leaves);
            leaves
        })
        .collect();
    let headline = |path: &str| {
        let mut paths = HEADLINE.iter();
        paths.any(|(_, _, from)| matches!(from, From::Metrics(own) if *own == path))
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    let tables: Vec<std::collections::BTreeMap<&str, &Value>> = lists
        .iter()
        .map(|leaves| {
            leaves
                .iter()
                .map(|(path, value)| (path.as_str(), *value))
                .collect()
        })
        .collect();
    for (path, _) in lists.iter().flatten() {
        if headline(path) || !seen.insert(path) {
            continue;
        }
        let values: Vec<Value> = tables
            .iter()
            .map(|table| {
                table
                    .get(path.as_str())
                    .map_or(Value::Null, |value| (*value).clone())
            })
            .collect();
        if values.iter().any(|value| *value != values[0]) {
            found.push(OtherFigure {
                unit: unit(path),
                path: path.clone(),
                values,
            });
        }
    }
    found
}

/// Names of the rows of a list, the first that is there.
const KEYS: [&str; 4] = ["key", "reason", "mode", "multiple"];
/// Left out: series, which a table cannot show, and what is no figure.
const OMITTED: [&str; 4] = [
    "drawdown_series",
    "rolling_sharpe_30",
    "schema_version",
    "why_null",
];

/// Single values with their paths; the rows of a list by their names.
fn flatten<'a>(path: &str, value: &'a Value, leaves: &mut Vec<(String, &'a Value)>) {
    if let Value::Object(fields) = value {
        for (name, inner) in fields {
            if path.is_empty() && OMITTED.contains(&name.as_str()) {
                continue;
            }
            let dot = if path.is_empty() { "" } else { "." };
            flatten(&format!("{path}{dot}{name}"), inner, leaves);
        }
    } else if let Value::Array(rows) = value {
        for row in rows {
            let key = KEYS
                .iter()
                .map(|name| &row[*name])
                .find(|key| !key.is_null());
            let Some(key) = key else { continue };
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            flatten(&format!("{path}[{key}]"), row, leaves);
        }
    } else if !KEYS.iter().any(|key| path.ends_with(&format!("].{key}"))) {
        leaves.push((path.to_owned(), value));
    }
}

/// Amounts whose names do not say it.
const AMOUNTS: [&str; 18] = [
    "initial",
    "final_equity",
    "gross_profit",
    "gross_loss",
    "avg_win",
    "avg_loss",
    "expectancy",
    "best_trade",
    "worst_trade",
    "gross_profit_before_costs",
    "realized",
    "net",
    "total_funding",
    "insurance",
    "min",
    "max",
    "base",
    "usdt",
];
/// Fractions.
const FRACTIONS: [&str; 27] = [
    "total_return",
    "annual_return_arithmetic",
    "annual_volatility",
    "cagr",
    "max_drawdown",
    "ulcer_index",
    "var_95",
    "cvar_95",
    "best_day",
    "worst_day",
    "win_rate",
    "kelly",
    "avg_mae",
    "avg_mfe",
    "exposure_time",
    "gross_exposure",
    "peak_margin_use",
    "of_initial",
    "of_gross_profit",
    "share_of_net",
    "share_of_quantity",
    "best_1",
    "best_5",
    "best_10",
    "best_symbol",
    "benchmark_total_return",
    "excess_total_return",
];

/// The unit of a figure by its path; empty when it is a plain number.
fn unit(path: &str) -> &'static str {
    let name = path.rsplit('.').next().unwrap_or(path);
    if name.ends_with("_ms") {
        "ms"
    } else if AMOUNTS.contains(&name) {
        "USDT"
    } else if FRACTIONS.contains(&name) || path.contains("ly_returns.") {
        "fraction"
    } else if name.ends_with("_r") || path.starts_with("expectancy_r_interval") {
        "R"
    } else if name == "days" || name.ends_with("_days") {
        "days"
    } else {
        ""
    }
}
