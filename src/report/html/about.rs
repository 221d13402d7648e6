//! What the result stands on: data, assumptions, limits, and how to get it again.
//!
//! Not here: the model itself (`exchange::model`); the caller words its settings.

use super::element::{self, Cell};
use super::escape;
use crate::report::input::{RunReport, Weight};

/// What no setting changes (`simulation.md` section 9).
const LIMITS: [&str; 7] = [
    "Order book depth and queues: a market order fills whole, at the bar's price plus the costs assumed.",
    "Partial liquidation by tier and auto-deleveraging: a liquidation closes the whole position.",
    "Outages, rate limits and refused orders of the exchange, other than gaps in the data.",
    "Fee discounts, unless the rates say so.",
    "Hedge mode and multi-asset margin.",
    "The effect of our own orders on the price, beyond the impact assumed.",
    "That others trade the same public signals at the same moment.",
];

/// Notes on the prices used.
#[must_use]
pub fn data(run: &RunReport) -> String {
    if run.data_notes.is_empty() {
        let text = "Nothing about the prices needed to be said.";
        return element::section("data", "Data", &element::paragraph(text));
    }
    let mut notes: Vec<_> = run.data_notes.iter().collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.weight));
    let mut rows = Vec::new();
    for note in notes {
        let weight = match note.weight {
            Weight::Caution => "caution",
            Weight::Note => "note",
        };
        rows.push(vec![
            Cell::Text(note.symbol.clone().unwrap_or_else(|| "all".to_owned())),
            Cell::Text(weight.to_owned()),
            Cell::Text(note.text.clone()),
        ]);
    }
    let html = element::table(&["Contract", "Weight", "What is to know"], &rows);
    element::section("data", "Data", &html)
}

/// The model in plain words, and what it does not model.
#[must_use]
pub fn assumptions(run: &RunReport) -> String {
    let mut html = String::from("<dl class=\"assumptions\">\n");
    for assumption in &run.assumptions {
        html.push_str(&format!(
            "<div><dt>{}</dt><dd><b>{}</b> {}</dd></div>\n",
            escape::text(&assumption.label),
            escape::text(&assumption.value),
            escape::text(&assumption.meaning)
        ));
    }
    html.push_str("</dl>\n<h3>Not modelled</h3>\n<ul class=\"note\">\n");
    for limit in LIMITS {
        html.push_str(&format!("<li>{}</li>\n", escape::text(limit)));
    }
    html.push_str("</ul>\n");
    element::section("assumptions", "Assumptions in plain words", &html)
}

/// The command and what its result hangs on.
#[must_use]
pub fn reproduce(run: &RunReport) -> String {
    let mut html = format!("<pre>{}</pre>\n", escape::text(&run.reproduce.command));
    let mut rows = vec![
        vec![
            Cell::Text("run id".to_owned()),
            Cell::Text(run.run_id.clone()),
        ],
        vec![
            Cell::Text("version".to_owned()),
            Cell::Text(run.version.clone()),
        ],
    ];
    for (name, hash) in &run.reproduce.inputs {
        rows.push(vec![Cell::Text(name.clone()), Cell::Text(hash.clone())]);
    }
    html.push_str("<div class=\"hashes\">");
    html.push_str(&element::table(&["Input", "Value"], &rows));
    html.push_str("</div>\n");
    html.push_str(&element::note(
        "The same inputs give the same bytes in every file of this folder, at any number of threads. Not a promise of anything; not advice.",
    ));
    element::section("reproduce", "Get the same result again", &html)
}
