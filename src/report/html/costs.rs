//! How far the result hangs on paths inside bars and on costs, and what was paid.
//!
//! Not here: the replays behind it (`backtest`).

use super::element::{self, Cell};
use crate::domain::num::Money;
use crate::report::format;
use crate::report::input::RunReport;
use crate::stats::costs::CostLine;
use crate::stats::figure::millis;

/// What each order of high and low means.
fn path_meaning(mode: &str) -> &'static str {
    match mode {
        "pessimistic" => "the bad extreme of every bar first",
        "optimistic" => "the good extreme first",
        "close_dir" => "by the colour of the bar",
        "nearest" => "the extreme nearer to the open first",
        "OHLC" => "high first",
        "OLHC" => "low first",
        _ => "",
    }
}

fn signed(amount: Money) -> Cell {
    let value = amount.to_f64();
    Cell::Signed(format::signed(value, 2), value)
}

fn of_initial(run: &RunReport, amount: Money) -> Cell {
    let share = amount.to_f64() / run.metrics.initial;
    Cell::Signed(format::signed_percent(share), share)
}

/// The path-assumption envelope.
#[must_use]
pub fn envelope(run: &RunReport) -> String {
    let paths = &run.paths;
    let mut html = element::paragraph(
        "A bar says how high and how low the price went, not in which order. The whole run is replayed under each order. With a trailing or break-even stop these are scenarios, not bounds.",
    );
    let replays = match &run.metrics.envelope {
        Some(envelope) => {
            let rows: Vec<Vec<Cell>> = envelope
                .rows
                .iter()
                .map(|row| {
                    vec![
                        Cell::Text(row.mode.clone()),
                        Cell::Text(path_meaning(&row.mode).to_owned()),
                        signed(row.net),
                        of_initial(run, row.net),
                    ]
                })
                .collect();
            let words = format!(
                "Path-assumption envelope: {} to {}.",
                format::signed_usdt(envelope.min.to_f64()),
                format::signed_usdt(envelope.max.to_f64())
            );
            element::table(&["Path", "Meaning", "Net, USDT", "Of start"], &rows)
                + &element::paragraph(&words)
        }
        None => element::note("The replays under other paths were not run."),
    };
    let rows = [
        (
            "Bars in position",
            paths.bars_in_position,
            "open after the bar's first price",
        ),
        (
            "Ambiguous bars",
            paths.ambiguous,
            "their fills hang on the order of high and low",
        ),
        ("Drilled bars", paths.drilled, "replayed on finer bars"),
        (
            "Residual ambiguous",
            paths.residual,
            "finer bars that were ambiguous themselves",
        ),
        (
            "Trades touched",
            paths.trades_touched,
            "by an ambiguous bar",
        ),
    ]
    .map(|(name, number, meaning)| {
        vec![
            Cell::Text(name.to_owned()),
            Cell::Number(format::whole(number)),
            Cell::Text(meaning.to_owned()),
        ]
    });
    let counts = element::table(&["Inside bars", "Count", ""], &rows);
    html.push_str(&element::side_by_side(&[replays, counts]));
    element::section("envelope", "How much hangs on paths inside bars", &html)
}

/// Net result as costs grow.
#[must_use]
pub fn cost_table(run: &RunReport) -> String {
    let html = match &run.metrics.cost_table {
        Some(table) => {
            let rows: Vec<Vec<Cell>> = table
                .rows
                .iter()
                .map(|row| {
                    vec![
                        Cell::Text(format!("{}×", format::number(row.multiple.to_f64(), 0))),
                        signed(row.net),
                        of_initial(run, row.net),
                    ]
                })
                .collect();
            let words = format!(
                "All costs (fees, spread, slippage, impact) scaled together: the run {}.",
                table.break_even_multiple.text()
            );
            element::table(&["Costs", "Net, USDT", "Of start"], &rows)
                + &element::paragraph(&words)
                + &delayed(run)
        }
        None => element::note("The replays at other costs were not run."),
    };
    element::section("costs", "What if costs or delays were different", &html)
}

/// The replay with one bar of delay (T9.4).
fn delayed(run: &RunReport) -> String {
    let Some(probe) = &run.metrics.delay_probe else {
        return String::new();
    };
    let verdict = if probe.edge_vanishes() {
        " The gain is gone: it hangs on being faster than one bar."
    } else {
        ""
    };
    element::paragraph(&format!(
        "With every order {} later the run nets {} instead of {}.{verdict}",
        format::span(millis(probe.added_ms)),
        format::signed_usdt(probe.net.to_f64()),
        format::signed_usdt(probe.base.to_f64())
    ))
}

/// From gross to net.
#[must_use]
pub fn spent(run: &RunReport) -> String {
    let costs = &run.metrics.costs;
    let zero = CostLine {
        usdt: 0.0,
        of_initial: crate::stats::figure::Figure::Known(0.0),
        of_gross_profit: crate::stats::figure::Figure::Known(0.0),
    };
    let amount = |name: &str, value: f64, line: Option<CostLine>| {
        let line = line.unwrap_or(zero);
        let shares = line.usdt.abs() > 0.0;
        let share = |figure| {
            if shares {
                element::figure_cell(figure, format::percent)
            } else {
                Cell::Number(String::new())
            }
        };
        vec![
            Cell::Text(name.to_owned()),
            Cell::Signed(format::signed(value, 2), value),
            share(line.of_initial),
            share(line.of_gross_profit),
        ]
    };
    let rows = vec![
        amount("Realised, before fees", costs.realized, None),
        amount("Taker fees", -costs.fees_taker.usdt, Some(costs.fees_taker)),
        amount("Maker fees", -costs.fees_maker.usdt, Some(costs.fees_maker)),
        amount(
            "Liquidation fees",
            -costs.fees_liquidation.usdt,
            Some(costs.fees_liquidation),
        ),
        amount(
            "Funding paid",
            -costs.funding_paid.usdt,
            Some(costs.funding_paid),
        ),
        amount(
            "Funding received",
            costs.funding_received.usdt,
            Some(costs.funding_received),
        ),
        amount("Insurance fund", costs.insurance, None),
        amount("Net, as in the ledger", costs.net, None),
        amount(
            "Memo: slippage and spread, inside realised",
            -costs.slippage.usdt,
            Some(costs.slippage),
        ),
    ];
    let html = element::table(
        &["From gross to net", "USDT", "Of start", "Of gross profit"],
        &rows,
    ) + &element::note(&format!(
        "Ties out to the ledger to 1e-8 USDT. Gross profit before costs: {}, the sum of trades that gained before fees and funding.",
        format::usdt(costs.gross_profit_before_costs)
    ));
    element::section("spent", "What was paid", &html)
}
