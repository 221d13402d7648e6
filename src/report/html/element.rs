//! Building stones of the page: sections, tables, lists of figures, bars.
//!
//! Not here: what stands in them. Invariant: a [`Cell`] or a label is escaped here; callers hand over plain text.

use super::escape;
use crate::report::format;
use crate::report::words::trades::FIRST_OF;
use crate::report::words::why::why;
use crate::report::words::{Lang, Word};
use crate::stats::figure::Figure;

/// Letters that a cell keeps on one line.
const SHORT: usize = 18;

/// A cell of a table.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words, flush left.
    Text(String),
    /// A number, flush right.
    Number(String),
    /// A number coloured by the sign of the value it came from.
    Signed(String, f64),
    /// A bar of a share of the cell's width, −1 to 1, coloured by sign.
    Bar(f64),
    /// A bar of a share that is neither good nor bad, 0–1.
    Share(f64),
}

/// A section with its heading; `id` is ours.
#[must_use]
pub fn section(id: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\">\n<h2>{}</h2>\n{body}</section>\n",
        escape::text(title)
    )
}

/// A paragraph.
#[must_use]
pub fn paragraph(words: &str) -> String {
    format!("<p>{}</p>\n", escape::number(words))
}

/// A paragraph in small type: context, not content.
#[must_use]
pub fn note(words: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", escape::text(words))
}

/// Says how many rows of a long list are shown, and which file of the run's folder holds all.
#[must_use]
pub fn first_of((shown, all): (usize, usize), file: &str, lang: Lang) -> String {
    let link = format!("<a href=\"{file}\">{file}</a>");
    // The text of the table and the counts hold no letter that would have to be escaped.
    let counts = [shown, all].map(format::whole);
    let words = FIRST_OF.with(lang, &[&counts[0], &counts[1], &link]);
    format!("<p class=\"note\">{words}</p>\n")
}

/// A table; columns take their alignment from the first row. Wide ones scroll inside their own frame.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    framed("scroll", head, rows, |_| String::new())
}

/// A table whose rows become small lists on a narrow screen, each cell under the name of its column.
#[must_use]
pub fn stacked(head: &[&str], rows: &[Vec<Cell>]) -> String {
    framed("scroll stacked", head, rows, |place| {
        let name = head.get(place).copied().unwrap_or_default();
        format!(" data-head=\"{}\"", escape::text(name))
    })
}

/// `named` is what the cells of a column say of it.
fn framed(
    class: &str,
    head: &[&str],
    rows: &[Vec<Cell>],
    named: impl Fn(usize) -> String,
) -> String {
    let mut html = format!("<div class=\"{class}\"><table>\n<thead><tr>");
    for (place, name) in head.iter().enumerate() {
        let class = match rows.first().and_then(|row| row.get(place)) {
            Some(Cell::Number(_) | Cell::Signed(..)) => " class=\"num\"",
            Some(Cell::Bar(_) | Cell::Share(_)) => " class=\"barcell\"",
            Some(Cell::Text(_)) | None => "",
        };
        html.push_str(&format!("<th{class}>{}</th>", escape::text(name)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            html.push_str(&cell_html(cell, &named(place)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

fn cell_html(cell: &Cell, named: &str) -> String {
    match cell {
        Cell::Text(words) => {
            // Short names stay on one line, sentences may break.
            let is_short = words.chars().count() <= SHORT;
            let class = if is_short { " class=\"short\"" } else { "" };
            format!("<td{class}{named}>{}</td>", escape::text(words))
        }
        Cell::Number(words) => {
            format!("<td class=\"num\"{named}>{}</td>", escape::number(words))
        }
        Cell::Signed(words, value) => {
            format!(
                "<td class=\"num{}\"{named}>{}</td>",
                tone(*value),
                escape::number(words)
            )
        }
        Cell::Bar(share) => bar(*share, tone(*share)),
        Cell::Share(share) => bar(*share, ""),
    }
}

fn bar(share: f64, tone: &str) -> String {
    let width = if share.is_finite() {
        share.abs().min(1.0) * 100.0
    } else {
        0.0
    };
    format!(
        "<td class=\"barcell\"><span class=\"bar{tone}\" style=\"width:{width:.1}%\"></span></td>"
    )
}

/// Parts side by side where there is room.
#[must_use]
pub fn side_by_side(parts: &[String]) -> String {
    let mut html = String::from("<div class=\"pair\">\n");
    for part in parts {
        html.push_str(&format!("<div>{part}</div>\n"));
    }
    html.push_str("</div>\n");
    html
}

/// A class that colours by sign, with a leading space; nothing for zero.
#[must_use]
pub fn tone(value: f64) -> &'static str {
    if value > 0.0 {
        " gain"
    } else if value < 0.0 {
        " loss"
    } else {
        ""
    }
}

/// A figure's cell by its own form; why it does not exist otherwise.
#[must_use]
pub fn figure_cell(figure: Figure, form: impl Fn(f64) -> String) -> Cell {
    Cell::Number(format::figure(figure, form))
}

/// A named figure in a list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub label: &'static str,
    /// Its text with its unit, or `n/a`.
    pub value: String,
    /// Context: what it means, or why there is none.
    pub hint: &'static str,
}

impl Entry {
    /// A figure by its form; `hint` explains a number, its own reason a missing one.
    #[must_use]
    pub fn new(
        (label, hint): (Word, Word),
        figure: Figure,
        form: impl Fn(f64) -> String,
        lang: Lang,
    ) -> Self {
        Self {
            label: label.say(lang),
            value: format::figure(figure, form),
            hint: figure.why().map_or(hint, why).say(lang),
        }
    }

    /// A text that always exists.
    #[must_use]
    pub fn plain((label, hint): (Word, Option<Word>), value: String, lang: Lang) -> Self {
        Self {
            label: label.say(lang),
            value,
            hint: hint.map_or("", |hint| hint.say(lang)),
        }
    }
}

/// A headed list of figures.
#[must_use]
pub fn entries(title: &str, list: &[Entry]) -> String {
    let mut html = format!(
        "<div class=\"card\"><h3>{}</h3>\n<dl>\n",
        escape::text(title)
    );
    for entry in list {
        html.push_str(&format!(
            "<div><dt>{}<small>{}</small></dt><dd>{}</dd></div>\n",
            escape::text(entry.label),
            escape::text(entry.hint),
            escape::number(&entry.value)
        ));
    }
    html.push_str("</dl></div>\n");
    html
}
