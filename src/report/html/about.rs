//! What the result stands on: data, assumptions, limits, and how to get it again.
//!
//! Not here: the model itself (`exchange::model`); the caller words its settings.

use super::element::{self, Cell};
use super::escape;
use crate::report::input::{RunReport, Weight};
use crate::report::words::about as words;
use crate::report::words::{Lang, common};

/// Notes on the prices used.
#[must_use]
pub fn data(run: &RunReport, lang: Lang) -> String {
    if run.data_notes.is_empty() {
        let text = element::paragraph(words::DATA_NOTHING.say(lang));
        return element::section("data", words::DATA.say(lang), &text);
    }
    let mut notes: Vec<_> = run.data_notes.iter().collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.weight));
    let mut rows = Vec::new();
    for note in notes {
        let weight = match note.weight {
            Weight::Caution => words::WEIGHT_CAUTION,
            Weight::Note => words::WEIGHT_NOTE,
        };
        rows.push(vec![
            Cell::Text(
                note.symbol
                    .clone()
                    .unwrap_or_else(|| words::ALL_OF_THEM.say(lang).to_owned()),
            ),
            Cell::Text(weight.say(lang).to_owned()),
            Cell::Text(note.text.say(lang)),
        ]);
    }
    let head = [common::HEAD_CONTRACT, words::DATA_WEIGHT, words::DATA_TEXT];
    let html = element::table(&head.map(|word| word.say(lang)), &rows);
    element::section("data", words::DATA.say(lang), &html)
}

/// The model in plain words, and what it does not model.
#[must_use]
pub fn assumptions(run: &RunReport, lang: Lang) -> String {
    let mut html = String::from("<dl class=\"assumptions\">\n");
    for assumption in &run.assumptions {
        html.push_str(&format!(
            "<div><dt>{}</dt><dd><b>{}</b> {}</dd></div>\n",
            escape::text(&assumption.label.say(lang)),
            escape::text(&assumption.value.say(lang)),
            escape::text(&assumption.meaning.say(lang))
        ));
    }
    html.push_str(&format!(
        "</dl>\n<h3>{}</h3>\n<ul class=\"note\">\n",
        words::NOT_MODELLED.say(lang)
    ));
    for limit in words::LIMITS {
        html.push_str(&format!("<li>{}</li>\n", escape::text(limit.say(lang))));
    }
    html.push_str("</ul>\n");
    element::section("assumptions", words::ASSUMPTIONS.say(lang), &html)
}

/// The command and what its result hangs on.
#[must_use]
pub fn reproduce(run: &RunReport, lang: Lang) -> String {
    let mut html = format!("<pre>{}</pre>\n", escape::text(&run.reproduce.command));
    let mut rows = vec![
        vec![
            Cell::Text(words::INPUT_RUN_ID.say(lang).to_owned()),
            Cell::Text(run.run_id.clone()),
        ],
        vec![
            Cell::Text(words::INPUT_VERSION.say(lang).to_owned()),
            Cell::Text(run.version.clone()),
        ],
    ];
    for (name, hash) in &run.reproduce.inputs {
        rows.push(vec![
            Cell::Text(words::input(name, lang)),
            Cell::Text(hash.clone()),
        ]);
    }
    html.push_str("<div class=\"hashes\">");
    html.push_str(&element::table(
        &[words::INPUT.say(lang), common::HEAD_VALUE.say(lang)],
        &rows,
    ));
    html.push_str("</div>\n");
    html.push_str(&element::note(words::REPRODUCE_NOTE.say(lang)));
    element::section("reproduce", words::REPRODUCE.say(lang), &html)
}
