//! The trades as data for the page's script: rows, ways, packed bars, and the words the script says.
//!
//! Not here: the script (`trades.js`), the same as a table for readers without scripts (`trades`).
//! Invariant: numbers are those of `trades.csv`; texts from outside hold no markup and no control letters.

use serde_json::{Value, json};

use super::escape;
use crate::report::input::RunReport;
use crate::report::record::Way;
use crate::report::words::reason::readable;
use crate::report::words::{Lang, book};
use crate::stats::trade_row::TradeRow;

/// Columns of a row, in order.
const COLUMNS: [&str; 19] = [
    "number",
    "symbol",
    "direction",
    "entry_time",
    "exit_time",
    "qty",
    "entry_price",
    "exit_price",
    "net",
    "r",
    "fees",
    "funding",
    "slippage",
    "mae",
    "mfe",
    "score",
    "gap",
    "exits",
    "ambiguous",
];

/// The element that holds the data and the place where the script builds the table.
#[must_use]
pub fn book(run: &RunReport, lang: Lang) -> String {
    let rows: Vec<Value> = run
        .trades
        .iter()
        .enumerate()
        .map(|(place, trade)| row(place + 1, trade, lang))
        .collect();
    let data = json!({
        "columns": COLUMNS,
        "rows": rows,
        "ways": run.record.ways.iter().map(|one| way(one, lang)).collect::<Vec<Value>>(),
        "bars": run.record.bars.0,
        "words": words(lang),
    });
    format!(
        "<div id=\"trade-book\"></div>\n{}",
        embedded("data-trades", &data)
    )
}

/// Data as an element of the page that runs nothing.
#[must_use]
pub fn embedded(id: &str, data: &Value) -> String {
    // No text can end the element: `<` is written as its number.
    let text = data.to_string().replace('<', "\\u003c");
    format!("<script type=\"application/json\" id=\"{id}\">{text}</script>\n")
}

fn row(number: usize, trade: &TradeRow, lang: Lang) -> Value {
    let price = |notional: f64| trade.qty.filter(|qty| *qty > 0.0).map(|qty| notional / qty);
    let direction = trade.direction.map(|direction| direction.name());
    json!([
        number,
        escape::harmless(&trade.symbol),
        direction,
        trade.entry_time.millis(),
        trade.exit_time.millis(),
        trade.qty,
        price(trade.entry_notional).map(short),
        price(trade.exit_notional).map(short),
        trade.net,
        trade.r().map(short),
        trade.fees,
        trade.funding,
        trade.slippage,
        trade.mae.map(short),
        trade.mfe.map(short),
        trade.score,
        trade
            .gap
            .map(|gap| short(crate::stats::figure::millis(gap.millis()) / 1_000.0)),
        escape::harmless(&super::trades::exit_list(trade, lang)),
        u8::from(trade.ambiguous_bars > 0),
    ])
}

/// A quotient with as many digits as anybody reads.
fn short(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

fn way(way: &Way, lang: Lang) -> Value {
    let said = |reason: &str| escape::harmless(&readable(reason, lang));
    let signals = way.signals.iter();
    let exits = way.exits.iter();
    let levels = way.levels.iter();
    json!({
        "signals": signals.map(|(at, kind)| json!([at, kind.say(lang)])).collect::<Vec<_>>(),
        "entries": way.entries,
        "exits": exits
            .map(|(at, price, qty, reason)| json!([at, price, qty, said(reason)]))
            .collect::<Vec<_>>(),
        "levels": levels
            .map(|(from, to, price, purpose)| json!([from, to, price, purpose.starts_with("tp"), said(purpose)]))
            .collect::<Vec<_>>(),
        "trail": way.trail.iter().map(|(at, level)| (at, short(*level))).collect::<Vec<_>>(),
        "funding": way.funding,
        "bars": way.bars,
    })
}

fn words(lang: Lang) -> Value {
    let words = book::ALL.iter();
    words
        .map(|word| {
            (
                word.name().to_lowercase()["book_".len()..].to_owned(),
                json!(word.say(lang)),
            )
        })
        .collect::<serde_json::Map<String, Value>>()
        .into()
}
