//! The verdict page: survives or probably noise, and each number with what it means.
//!
//! Not here: the numbers (`validate`), looks (`page.css`).

use super::element::{self, Cell};
use super::escape;
use crate::report::validation::{Section, Table, VerdictReport};
use crate::report::words::Lang;

/// Columns that a narrow screen has room for.
const NARROW: usize = 4;

/// The page, UTF-8.
#[must_use]
pub fn page(report: &VerdictReport) -> String {
    let mut body = header(report);
    body.push_str(&questions(report));
    body.push_str(&gates(report));
    for part in &report.sections {
        body.push_str(&section(part));
    }
    body.push_str(&inputs(report));
    super::whole(&format!("Validation of {}", report.title), &body, Lang::En)
}

fn header(report: &VerdictReport) -> String {
    let tag = if report.synthetic {
        "<span class=\"tag\">synthetic data</span>"
    } else {
        ""
    };
    let (title, tone, words) = if report.survives {
        (
            "Survives",
            "",
            "Nothing here shows that the result is luck. That is not a promise: it was measured on one recording.",
        )
    } else {
        (
            "Probably noise",
            " alarm",
            "At least one question below was answered with no. Do not trade this because of its backtest.",
        )
    };
    let mut html = format!(
        "<header>\n<p class=\"kicker\">Validation of {}{tag}</p>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n<p class=\"banner{tone}\">{words}</p>\n",
        escape::text(&report.title),
        escape::text(&report.chosen),
    );
    for caution in &report.cautions {
        html.push_str(&format!(
            "<p class=\"banner caution\">{}</p>\n",
            escape::text(caution)
        ));
    }
    html
}

fn questions(report: &VerdictReport) -> String {
    let rows: Vec<Vec<Cell>> = report
        .questions
        .iter()
        .map(|question| {
            let (word, tone) = if question.yes {
                ("yes", 1.0)
            } else {
                ("no", -1.0)
            };
            vec![
                Cell::Text(question.asks.clone()),
                Cell::Signed(word.to_owned(), tone),
                Cell::Text(question.because.clone()),
            ]
        })
        .collect();
    let table = told(&["Question", "Answer", "Why"], &rows);
    element::section("questions", "The questions that decide", &table)
}

fn gates(report: &VerdictReport) -> String {
    let body = if report.gates.is_empty() {
        element::note("The configuration declares no gates ([validate] gates).")
    } else {
        let rows: Vec<Vec<Cell>> = report
            .gates
            .iter()
            .map(|gate| {
                let (word, tone) = if gate.passes {
                    ("passes", 1.0)
                } else {
                    ("fails", -1.0)
                };
                vec![
                    Cell::Text(gate.gate.clone()),
                    Cell::Signed(word.to_owned(), tone),
                    Cell::Text(gate.value.clone()),
                ]
            })
            .collect();
        told(&["Gate", "", "Found"], &rows)
    };
    element::section("gates", "Declared gates", &body)
}

/// A table of name, short word and sentence; on a narrow screen the sentence goes below the two.
fn told(head: &[&str; 3], rows: &[Vec<Cell>]) -> String {
    format!("<div class=\"told\">{}</div>\n", element::table(head, rows))
}

fn section(part: &Section) -> String {
    let mut body = element::paragraph(part.intro);
    if !part.figures.is_empty() {
        let rows: Vec<Vec<Cell>> = part
            .figures
            .iter()
            .map(|row| {
                vec![
                    Cell::Text(row.name.to_owned()),
                    Cell::Number(row.value.clone()),
                    Cell::Text(row.meaning.clone()),
                ]
            })
            .collect();
        body.push_str(&told(&["Figure", "Value", "What it means"], &rows));
    }
    for each in part.tables.iter().filter(|each| !each.rows.is_empty()) {
        body.push_str(&format!("<h3>{}</h3>\n", escape::text(&each.title)));
        body.push_str(&table(each));
    }
    element::section(part.id, part.title, &body)
}

fn table(shown: &Table) -> String {
    let head: Vec<&str> = shown.head.iter().map(String::as_str).collect();
    let cell = |(place, text): (usize, &String)| {
        if place == 0 {
            Cell::Text(text.clone())
        } else {
            Cell::Number(text.clone())
        }
    };
    let rows: Vec<Vec<Cell>> = shown
        .rows
        .iter()
        .map(|row| row.iter().enumerate().map(cell).collect())
        .collect();
    if head.len() > NARROW {
        element::stacked(&head, &rows)
    } else {
        element::table(&head, &rows)
    }
}

fn inputs(report: &VerdictReport) -> String {
    let mut rows = vec![vec![
        Cell::Text("version of sim".to_owned()),
        Cell::Text(report.version.clone()),
    ]];
    for (name, value) in &report.inputs {
        rows.push(vec![Cell::Text(name.clone()), Cell::Text(value.clone())]);
    }
    let table = element::table(&["Input", "Value"], &rows);
    let body = format!("<div class=\"hashes\">{table}</div>\n");
    let note = element::note(
        "The same inputs and the same register give the same bytes, at any number of threads. Not a promise of anything; not advice.",
    );
    element::section("inputs", "What this hangs on", &(body + &note))
}
