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
        "ways": ways(run, lang),
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

fn ways(run: &RunReport, lang: Lang) -> Vec<Value> {
    let pairs = run.record.ways.iter().zip(&run.trades);
    pairs
        .map(|(one, trade)| way(one, trade.entry_time.millis(), lang))
        .collect()
}

/// A way with short names and times since the entry: there may be thousands. What is empty is left out.
fn way(way: &Way, entry: i64, lang: Lang) -> Value {
    let said = |reason: &str| escape::harmless(&readable(reason, lang));
    let since = |at: &i64| at - entry;
    let signals = way.signals.iter();
    let signals = signals.map(|(at, kind)| json!([since(at), kind.say(lang)]));
    let entries = way.entries.iter();
    let entries = entries.map(|(at, price, qty)| json!([since(at), price, qty]));
    let exits = way.exits.iter();
    let exits = exits.map(|(at, price, qty, reason)| json!([since(at), price, qty, said(reason)]));
    let levels = way.levels.iter().map(|(from, to, price, purpose)| {
        let is_target = u8::from(purpose.starts_with("tp"));
        json!([
            since(from),
            since(to),
            short(*price),
            is_target,
            said(purpose)
        ])
    });
    let trail = way.trail.iter();
    let trail = trail.map(|(at, level)| json!([since(at), short(*level)]));
    let funding = way.funding.iter();
    let funding = funding.map(|(at, amount)| json!([since(at), amount]));
    let bars = &way.bars;
    let bars = json!([
        bars.start,
        bars.interval,
        bars.count,
        bars.offset,
        bars.step
    ]);
    let lists: [(&str, Vec<Value>); 6] = [
        ("s", signals.collect()),
        ("e", entries.collect()),
        ("x", exits.collect()),
        ("l", levels.collect()),
        ("t", trail.collect()),
        ("f", funding.collect()),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let mut told: serde_json::Map<String, Value> = lists
        .map(|(name, list)| (name.to_owned(), list.into()))
        .collect();
    told.insert("b".to_owned(), bars);
    told.into()
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
