//! Exits, groups of trades, and the trades themselves.
//!
//! Not here: figures of all trades together (`figures`).

use super::book;
use super::element::{self, Cell};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::trades as words;
use crate::report::words::units::{self, span};
use crate::report::words::{Lang, Word, reason};
use crate::stats::breakdown::GroupRow;
use crate::stats::figure::{Figure, count};
use crate::stats::trade_row::TradeRow;

/// Trades shown to a reader without scripts; all of them are in the file.
const TRADES_MAX: usize = 200;
/// Rows shown of a long group.
const ROWS_MAX: usize = 40;

/// How positions ended.
#[must_use]
pub fn exits(run: &RunReport, lang: Lang) -> String {
    let tables = &run.metrics.breakdowns;
    if tables.exit.is_empty() {
        return element::section(
            "exits",
            words::EXITS.say(lang),
            &element::paragraph(words::NO_TRADE.say(lang)),
        );
    }
    let rows: Vec<Vec<Cell>> = tables
        .exit_fills
        .iter()
        .map(|row| {
            vec![
                Cell::Text(reason::with_name(&row.reason, lang)),
                Cell::Number(format::whole(row.fills)),
                element::figure_cell(row.share_of_quantity, format::percent),
                Cell::Share(row.share_of_quantity.value().unwrap_or(0.0)),
            ]
        })
        .collect();
    let head = [
        words::EXIT_FILLS,
        words::EXIT_FILLS_COUNT,
        words::EXIT_FILLS_SHARE,
    ];
    let [by, fills, share] = head.map(|word| word.say(lang));
    let fills = element::table(&[by, fills, share, ""], &rows);
    let last = group_table(words::LAST_EXIT, &tables.exit, reason::with_name, lang);
    let html = element::note(words::EXITS_NOTE.say(lang))
        + &element::side_by_side(&[last, fills, results(&tables.result_r, lang)]);
    element::section("exits", words::EXITS.say(lang), &html)
}

/// How results spread, in multiples of the initial risk.
fn results(groups: &[GroupRow], lang: Lang) -> String {
    let largest = groups.iter().map(|row| row.n).max().unwrap_or(1);
    let rows: Vec<Vec<Cell>> = groups
        .iter()
        .map(|row| {
            vec![
                Cell::Text(words::group(&row.key, lang).replace('-', "\u{2212}")),
                Cell::Number(format::whole(row.n)),
                Cell::Bar(count(row.n) / count(largest) * row.net.signum()),
                Cell::Signed(format::signed(row.net, 2), row.net),
            ]
        })
        .collect();
    if rows.is_empty() {
        return element::note(words::NO_RESULT.say(lang));
    }
    let head = [words::TRADE_RESULT, units::HEAD_TRADES, units::HEAD_NET];
    let [result, trades, net] = head.map(|word| word.say(lang));
    element::table(&[result, trades, "", net], &rows)
}

/// Groups of trades, one small table each.
#[must_use]
pub fn breakdowns(run: &RunReport, lang: Lang) -> String {
    if run.trades.is_empty() {
        return String::new();
    }
    let tables = &run.metrics.breakdowns;
    let mut html = concentration(run, lang);
    let mut parts = Vec::new();
    for (name, rows) in [
        (units::HEAD_CONTRACT, &tables.symbol),
        (words::GROUP_DIRECTION, &tables.direction),
        (words::GROUP_SCORE, &tables.score_decile),
        (words::GROUP_GAP, &tables.gap),
        (words::GROUP_WEEKDAY, &tables.weekday),
        (words::GROUP_MONTH, &tables.month),
        (words::GROUP_HOUR, &tables.hour),
    ] {
        if !rows.is_empty() {
            parts.push(group_table(name, rows, words::group, lang));
        }
    }
    html.push_str(&element::side_by_side(&parts));
    html.push_str(&element::note(words::GROUPS_NOTE.say(lang)));
    element::section("groups", words::GROUPS.say(lang), &html)
}

fn concentration(run: &RunReport, lang: Lang) -> String {
    let shares = &run.metrics.breakdowns.concentration;
    let total: f64 = run.trades.iter().map(|trade| trade.net).sum();
    if total <= 0.0 {
        return element::paragraph(words::CONCENTRATION_LOSS.say(lang));
    }
    let share = |figure: Figure| {
        format::figure(figure, |value| {
            format!("{} %", format::number(value * 100.0, 0))
        })
    };
    let best = shares.best_symbol_name.as_deref();
    element::paragraph(&words::CONCENTRATION.with(
        lang,
        &[
            &share(shares.best_1),
            &share(shares.best_5),
            &share(shares.best_10),
            best.unwrap_or_else(|| words::NONE.say(lang)),
            &share(shares.best_symbol),
        ],
    ))
}

/// A group's rows with bars of net; the largest ones when there are many.
fn group_table(
    head: Word,
    rows: &[GroupRow],
    named: fn(&str, Lang) -> String,
    lang: Lang,
) -> String {
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
                Cell::Text(named(&row.key, lang)),
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
    let head = [
        head,
        units::HEAD_TRADES,
        words::GROUP_WON,
        units::HEAD_NET,
        words::GROUP_MEAN,
        words::GROUP_FACTOR,
    ];
    let [head, trades, won, net, mean, factor] = head.map(|word| word.say(lang));
    let mut html = element::table(&[head, trades, won, net, "", mean, factor], &cells);
    if is_cut {
        let counts = [ROWS_MAX, rows.len()].map(format::whole);
        let cut = words::GROUP_CUT.with(lang, &[&counts[0], &counts[1]]);
        html.push_str(&element::note(&cut));
    }
    html
}

/// The trades, in order of exit.
#[must_use]
pub fn listed(run: &RunReport, lang: Lang) -> String {
    if run.trades.is_empty() {
        return element::section(
            "trades",
            words::TRADE_LIST.say(lang),
            &element::paragraph(words::NO_TRADE.say(lang)),
        );
    }
    let rows: Vec<Vec<Cell>> = run
        .trades
        .iter()
        .take(TRADES_MAX)
        .map(|trade| trade_cells(trade, lang))
        .collect();
    let mut html = String::from("<noscript>\n");
    if run.trades.len() > TRADES_MAX {
        html.push_str(&element::first_of(
            (TRADES_MAX, run.trades.len()),
            "trades.csv",
            lang,
        ));
    }
    let head = [
        words::TRADE_ENTRY,
        units::HEAD_CONTRACT,
        words::TRADE_SIDE,
        units::HEAD_NET,
        words::TRADE_R,
        words::TRADE_EXITS,
        words::TRADE_HELD,
        words::TRADE_ENTRY_PRICE,
        words::TRADE_EXIT_PRICE,
        words::TRADE_FEES,
        words::TRADE_FUNDING,
        words::TRADE_WORST,
        words::TRADE_BEST,
    ];
    html.push_str(&element::table(&head.map(|word| word.say(lang)), &rows));
    html.push_str("</noscript>\n");
    html.push_str(&book::book(run, lang));
    html.push_str(&element::note(words::TRADE_NOTE.say(lang)));
    element::section("trades", words::TRADE_LIST.say(lang), &html)
}

fn trade_cells(trade: &TradeRow, lang: Lang) -> Vec<Cell> {
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
        Cell::Text(trade.direction.map_or_else(String::new, |direction| {
            words::group(direction.name(), lang)
        })),
        Cell::Signed(format::signed(trade.net, 2), trade.net),
        Cell::Signed(
            r.map_or(format::NONE.to_owned(), |r| format::signed(r, 2)),
            r.unwrap_or(0.0),
        ),
        Cell::Text(format!("{}{star}", exit_list(trade, lang))),
        Cell::Number(span(hold, lang)),
        Cell::Number(price(trade.entry_notional)),
        Cell::Number(price(trade.exit_notional)),
        Cell::Number(format::number(trade.fees, 2)),
        Cell::Number(format::signed(trade.funding, 2)),
        Cell::Number(move_text(trade.mae)),
        Cell::Number(move_text(trade.mfe)),
    ]
}

/// Reasons in order, repeats counted: `take-profit 1, trailing stop ×2`.
#[must_use]
pub fn exit_list(trade: &TradeRow, lang: Lang) -> String {
    let reasons: Vec<&str> = trade
        .exits
        .iter()
        .map(|(reason, _)| reason.as_str())
        .collect();
    let parts: Vec<String> = reasons
        .chunk_by(|left, right| left == right)
        .map(|same| {
            let name = reason::readable(same[0], lang);
            if same.len() == 1 {
                name
            } else {
                format!("{name} ×{}", same.len())
            }
        })
        .collect();
    parts.join(", ")
}
