//! Curves and key figures.
//!
//! Not here: calendar returns (`months`), groups of trades (`trades`), costs (`costs`).

use super::element::{self, Cell, Entry};
use super::escape;
use crate::report::chart::render::{self, ChartError};
use crate::report::chart::{drawdown_plot, equity_plot};
use crate::report::format;
use crate::report::input::RunReport;
use crate::stats::figure::Figure;

/// Widths of the two forms of a chart; the style sheet shows one of them.
const WIDE: i32 = 1040;
const NARROW: i32 = 360;

/// Equity and drawdown over time, and holding instead.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn curves(run: &RunReport) -> Result<String, ChartError> {
    let mut html = String::new();
    let plots = [
        (equity_plot(run, 1000), equity_plot(run, 340), (340, 230)),
        (
            drawdown_plot(run, 1000),
            drawdown_plot(run, 340),
            (210, 170),
        ),
    ];
    for (wide, narrow, heights) in plots {
        html.push_str(&format!(
            "<figure><figcaption><strong>{}</strong> <span class=\"note\">{}</span></figcaption>\n{}{}</figure>\n",
            escape::text(&wide.title),
            escape::text(&wide.subtitle),
            render::svg(&wide, WIDE, heights.0, "wide")?,
            render::svg(&narrow, NARROW, heights.1, "narrow")?
        ));
    }
    html.push_str(&holding(run));
    Ok(element::section("equity", "Equity and drawdown", &html))
}

fn holding(run: &RunReport) -> String {
    if run.metrics.benchmarks.is_empty() {
        return element::note("No benchmark: the data holds no prices to hold.");
    }
    let signed = |figure: Figure| {
        Cell::Signed(
            format::figure(figure, format::signed_percent),
            figure.value().unwrap_or(0.0),
        )
    };
    let mut rows = vec![vec![
        Cell::Text("this run".to_owned()),
        signed(run.metrics.daily.total_return),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
        Cell::Number(String::new()),
    ]];
    for (name, held) in &run.metrics.benchmarks {
        rows.push(vec![
            Cell::Text(name.clone()),
            signed(held.benchmark_total_return),
            signed(held.excess_total_return),
            element::figure_cell(held.beta, |value| format::number(value, 2)),
            element::figure_cell(held.correlation, |value| format::number(value, 2)),
        ]);
    }
    element::table(
        &[
            "Instead of trading",
            "Return",
            "Run's excess",
            "Beta",
            "Correlation",
        ],
        &rows,
    ) + &element::note("Holds are unlevered, same period, fees once in and once out.")
}

/// Ratios, trade figures, activity.
#[must_use]
pub fn key_figures(run: &RunReport) -> String {
    let html = format!(
        "<div class=\"cards\">\n{}{}{}{}</div>\n",
        element::entries("Return and risk", &returns(run)),
        element::entries("Tails", &tails(run)),
        element::entries("Trades", &trade_entries(run)),
        element::entries("Activity", &activity(run))
    );
    element::section("figures", "Key figures", &html)
}

fn ratio(value: f64) -> String {
    format::number(value, 2)
}

fn returns(run: &RunReport) -> Vec<Entry> {
    let daily = &run.metrics.daily;
    let yearly = if daily.annualised_from_short_run {
        "annualised from < 90 days"
    } else {
        "compound, a year"
    };
    vec![
        Entry::new("CAGR", daily.cagr, format::signed_percent, yearly),
        Entry::new(
            "Volatility",
            daily.annual_volatility,
            format::percent,
            "a year, from days",
        ),
        Entry::new(
            "Sharpe",
            daily.sharpe,
            ratio,
            "daily returns × √365, risk-free 0",
        ),
        Entry::new("Sortino", daily.sortino, ratio, "downside of all days"),
        Entry::new("Calmar", daily.calmar, ratio, "CAGR over max drawdown"),
        Entry::new(
            "Ulcer index",
            daily.ulcer_index,
            format::percent,
            "root mean square of drawdowns",
        ),
        Entry::plain(
            "Longest under water",
            format::counted(daily.max_underwater_days, "day", "days"),
            "from a peak back to it",
        ),
    ]
}

fn tails(run: &RunReport) -> Vec<Entry> {
    let daily = &run.metrics.daily;
    vec![
        Entry::new(
            "Best day",
            daily.best_day,
            format::signed_percent,
            "UTC days",
        ),
        Entry::new(
            "Worst day",
            daily.worst_day,
            format::signed_percent,
            "UTC days",
        ),
        Entry::plain(
            "Days that gained",
            format!(
                "{} of {}",
                format::whole(daily.positive_days),
                format::whole(daily.days)
            ),
            "days without trades count",
        ),
        Entry::new(
            "Value at risk",
            daily.var_95,
            format::percent,
            "5 % of days were worse",
        ),
        Entry::new(
            "Expected shortfall",
            daily.cvar_95,
            format::percent,
            "mean of those days",
        ),
        Entry::new(
            "Skew",
            daily.skew,
            ratio,
            "below 0: losses are the long tail",
        ),
        Entry::new("Kurtosis", daily.kurtosis, ratio, "3 is a normal law"),
    ]
}

fn trade_entries(run: &RunReport) -> Vec<Entry> {
    let trades = &run.metrics.trades;
    vec![
        Entry::new(
            "Profit factor",
            trades.profit_factor,
            ratio,
            "gross profit over gross loss",
        ),
        Entry::new(
            "Expectancy",
            trades.expectancy,
            format::signed_usdt,
            "mean net of a trade",
        ),
        Entry::new("Average win", trades.avg_win, format::usdt, "net"),
        Entry::new("Average loss", trades.avg_loss, format::usdt, "net"),
        Entry::new("SQN", trades.sqn, ratio, "√n · mean R / spread of R"),
        Entry::new(
            "Kelly fraction",
            trades.kelly,
            format::percent,
            "from this sample alone",
        ),
        Entry::plain(
            "Longest streaks",
            format!(
                "{} won, {} lost",
                trades.max_win_streak, trades.max_loss_streak
            ),
            "in order of exit",
        ),
        Entry::new(
            "Median hold",
            trades.median_hold_ms,
            format::span,
            "entry to last exit",
        ),
        Entry::new(
            "Mean adverse move",
            trades.avg_mae,
            format::percent,
            "worst price while open",
        ),
        Entry::new(
            "Mean favourable move",
            trades.avg_mfe,
            format::percent,
            "best price while open",
        ),
        Entry::new(
            "Edge ratio",
            trades.edge_ratio,
            ratio,
            "favourable over adverse move",
        ),
    ]
}

fn activity(run: &RunReport) -> Vec<Entry> {
    let activity = &run.metrics.activity;
    let delay = run
        .entry_delay_ms_mean
        .map_or(format::NONE.to_owned(), format::span);
    vec![
        Entry::new(
            "Time in the market",
            activity.exposure_time,
            format::percent,
            "with a position open",
        ),
        Entry::new(
            "Gross exposure",
            activity.gross_exposure,
            format::percent,
            "mean notional over equity",
        ),
        Entry::new(
            "Turnover",
            activity.turnover_annual,
            |turns| format!("{} ×", format::number(turns, 1)),
            "of equity, a year",
        ),
        Entry::new("Trades a day", activity.trades_per_day, ratio, "finished"),
        Entry::plain(
            "Most positions at once",
            format::whole(activity.peak_concurrent_positions),
            "",
        ),
        Entry::new(
            "Peak margin use",
            activity.peak_margin_use,
            format::percent,
            "initial margin over equity",
        ),
        Entry::plain(
            "Mean entry delay",
            delay,
            "from arrival at the exchange to the fill",
        ),
        Entry::plain(
            "Stale fills",
            format::whole(run.paths.stale_fills),
            "in bars nobody traded in",
        ),
    ]
}
