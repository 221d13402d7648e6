//! Exits, groups of trades, and the trades themselves.
//!
//! Not here: figures of all trades together (`figures`).

use super::element::{self, Cell};
use crate::report::format;
use crate::report::input::RunReport;
use crate::stats::breakdown::GroupRow;
use crate::stats::figure::{Figure, count};
use crate::stats::trade_row::TradeRow;

/// Trades shown; all of them are in the file.
const TRADES_MAX: usize = 500;
/// Rows shown of a long group.
const ROWS_MAX: usize = 40;

/// How positions ended.
#[must_use]
pub fn exits(run: &RunReport) -> String {
    let tables = &run.metrics.breakdowns;
    if tables.exit.is_empty() {
        return element::section(
            "exits",
            "Exits",
            &element::paragraph("No trade was finished."),
        );
    }
    let rows: Vec<Vec<Cell>> = tables
        .exit_fills
        .iter()
        .map(|row| {
            vec![
                Cell::Text(exit_name(&row.reason)),
                Cell::Number(format::whole(row.fills)),
                element::figure_cell(row.share_of_quantity, format::percent),
                Cell::Share(row.share_of_quantity.value().unwrap_or(0.0)),
            ]
        })
        .collect();
    let fills = element::table(
        &["Closing fills by reason", "Fills", "Share of value", ""],
        &rows,
    );
    let html = element::note("A trade counts under its last exit; fills count under their own.")
        + &element::side_by_side(&[
            group_table("Last exit", &tables.exit),
            fills,
            results(&tables.result_r),
        ]);
    element::section("exits", "Exits", &html)
}

/// How results spread, in multiples of the initial risk.
fn results(groups: &[GroupRow]) -> String {
    let largest = groups.iter().map(|row| row.n).max().unwrap_or(1);
    let rows: Vec<Vec<Cell>> = groups
        .iter()
        .map(|row| {
            vec![
                Cell::Text(row.key.replace('-', "\u{2212}")),
                Cell::Number(format::whole(row.n)),
                Cell::Bar(count(row.n) / count(largest) * row.net.signum()),
                Cell::Signed(format::signed(row.net, 2), row.net),
            ]
        })
        .collect();
    if rows.is_empty() {
        return element::note("No trade had a stop, so no result can be told in initial risks.");
    }
    element::table(&["Result of a trade", "Trades", "", "Net, USDT"], &rows)
}

/// The reason as the files write it, with what it means.
#[must_use]
pub fn exit_name(reason: &str) -> String {
    let meaning = match reason {
        "sl" => "stop-loss",
        "break_even" => "stop moved to entry",
        "trailing" => "trailing stop",
        "time_stop" => "held long enough",
        "risk_signal" => "risk signal",
        "halt_flatten" => "daily loss, flattened",
        "unprotected" => "no stop could be placed",
        "liquidation" => "closed by the exchange",
        "delisted" => "contract ended",
        "end_of_data" => "prices end here",
        other if other.starts_with("tp") => "take-profit",
        _ => return reason.to_owned(),
    };
    format!("{reason} ({meaning})")
}

/// Groups of trades, one small table each.
#[must_use]
pub fn breakdowns(run: &RunReport) -> String {
    if run.trades.is_empty() {
        return String::new();
    }
    let tables = &run.metrics.breakdowns;
    let mut html = concentration(run);
    let mut parts = Vec::new();
    for (name, rows) in [
        ("Contract", &tables.symbol),
        ("Direction", &tables.direction),
        ("Score, tenths", &tables.score_decile),
        ("Gap of the pair", &tables.gap),
        ("Weekday of entry", &tables.weekday),
        ("Month of entry", &tables.month),
        ("Hour of entry, UTC", &tables.hour),
    ] {
        if !rows.is_empty() {
            parts.push(group_table(name, rows));
        }
    }
    html.push_str(&element::side_by_side(&parts));
    html.push_str(&element::note(
        "Gain/loss is the profit factor: gross profit over gross loss.",
    ));
    element::section("groups", "Where the result comes from", &html)
}

fn concentration(run: &RunReport) -> String {
    let shares = &run.metrics.breakdowns.concentration;
    let total: f64 = run.trades.iter().map(|trade| trade.net).sum();
    if total <= 0.0 {
        return element::paragraph(
            "The trades lost money together, so no share of a profit can be named.",
        );
    }
    let share = |figure: Figure| {
        format::figure(figure, |value| {
            format!("{} %", format::number(value * 100.0, 0))
        })
    };
    element::paragraph(&format!(
        "Of the net profit the best trade made {}, the best five {}, the best ten {}; the best contract ({}) made {}. Above 100 % means that all others lost together.",
        share(shares.best_1),
        share(shares.best_5),
        share(shares.best_10),
        shares.best_symbol_name.as_deref().unwrap_or("none"),
        share(shares.best_symbol)
    ))
}

/// A group's rows with bars of net; the largest ones when there are many.
fn group_table(name: &str, rows: &[GroupRow]) -> String {
    let largest = rows
        .iter()
        .fold(0.0_f64, |size, row| size.max(row.net.abs()));
    let mut shown: Vec<&GroupRow> = rows.iter().collect();
    let is_cut = shown.len() > ROWS_MAX;
    if is_cut {
        shown.sort_by(|left, right| right.net.abs().total_cmp(&left.net.abs()));
        shown.truncate(ROWS_MAX);
    }
    let cells: Vec<Vec<Cell>> = shown
        .into_iter()
        .map(|row| {
            vec![
                Cell::Text(row.key.clone()),
                Cell::Number(format::whole(row.n)),
                element::figure_cell(row.win_rate, |rate| {
                    format!("{} %", format::number(rate * 100.0, 0))
                }),
                Cell::Signed(format::signed(row.net, 2), row.net),
                Cell::Bar(if largest > 0.0 {
                    row.net / largest
                } else {
                    0.0
                }),
                Cell::Signed(
                    format::figure(row.expectancy, |value| format::signed(value, 2)),
                    row.expectancy.value().unwrap_or(0.0),
                ),
                element::figure_cell(row.profit_factor, |value| format::number(value, 2)),
            ]
        })
        .collect();
    let mut html = element::table(
        &[
            name,
            "Trades",
            "Won",
            "Net, USDT",
            "",
            "Mean, USDT",
            "Gain/loss",
        ],
        &cells,
    );
    if is_cut {
        html.push_str(&element::note(&format!(
            "The {ROWS_MAX} largest of {} by size of net; all are in metrics.json.",
            format::whole(rows.len())
        )));
    }
    html
}

/// The trades, in order of exit.
#[must_use]
pub fn listed(run: &RunReport) -> String {
    if run.trades.is_empty() {
        return element::section(
            "trades",
            "Trades",
            &element::paragraph("No trade was finished."),
        );
    }
    let rows: Vec<Vec<Cell>> = run
        .trades
        .iter()
        .take(TRADES_MAX)
        .map(trade_cells)
        .collect();
    let mut html = String::new();
    if run.trades.len() > TRADES_MAX {
        html.push_str(&format!(
            "<p class=\"note\">The first {TRADES_MAX} of {}; all are in <a href=\"trades.csv\">trades.csv</a>.</p>\n",
            format::whole(run.trades.len())
        ));
    }
    html.push_str(&element::table(
        &[
            "Entry, UTC",
            "Contract",
            "Side",
            "Net, USDT",
            "R",
            "Exits",
            "Held",
            "Entry price",
            "Exit price",
            "Fees, USDT",
            "Funding, USDT",
            "Worst",
            "Best",
        ],
        &rows,
    ));
    html.push_str(&element::note(
        "In order of exit. Prices are means over fills. Worst and best: move against and for the position while open, of the entry price. R: net over the risk to the stop at entry. * a bar of it hangs on the path inside the bar.",
    ));
    element::section("trades", "Trades", &html)
}

fn trade_cells(trade: &TradeRow) -> Vec<Cell> {
    let price = |notional: f64| {
        trade
            .qty
            .filter(|qty| *qty > 0.0)
            .map_or(format::NONE.to_owned(), |qty| format::price(notional / qty))
    };
    let move_text =
        |share: Option<f64>| share.map_or(format::NONE.to_owned(), format::signed_percent);
    let r = trade.r();
    let star = if trade.ambiguous_bars > 0 { " *" } else { "" };
    let hold = crate::stats::figure::millis(trade.hold().millis());
    vec![
        Cell::Text(format::minute(trade.entry_time)),
        Cell::Text(trade.symbol.clone()),
        Cell::Text(
            trade
                .direction
                .map_or("", |direction| direction.name())
                .to_owned(),
        ),
        Cell::Signed(format::signed(trade.net, 2), trade.net),
        Cell::Signed(
            r.map_or(format::NONE.to_owned(), |r| format::signed(r, 2)),
            r.unwrap_or(0.0),
        ),
        Cell::Text(format!("{}{star}", exit_list(trade))),
        Cell::Number(format::span(hold)),
        Cell::Number(price(trade.entry_notional)),
        Cell::Number(price(trade.exit_notional)),
        Cell::Number(format::number(trade.fees, 2)),
        Cell::Number(format::signed(trade.funding, 2)),
        Cell::Number(move_text(trade.mae)),
        Cell::Number(move_text(trade.mfe)),
    ]
}

/// Reasons in order, repeats counted: `tp1, trailing ×2`.
#[must_use]
pub fn exit_list(trade: &TradeRow) -> String {
    let reasons: Vec<&str> = trade
        .exits
        .iter()
        .map(|(reason, _)| reason.as_str())
        .collect();
    let parts: Vec<String> = reasons
        .chunk_by(|left, right| left == right)
        .map(|same| {
            if same.len() == 1 {
                same[0].to_owned()
            } else {
                format!("{} ×{}", same[0], format::number(count(same.len()), 0))
            }
        })
        .collect();
    parts.join(", ")
}
