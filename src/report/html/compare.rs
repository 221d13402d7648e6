//! The page that puts runs side by side: settings, figures, curves, what became of the same signals.
//!
//! Not here: its content (`report::compare`), its texts (`words::compare`), files (`cli`).
//! Invariant: the page asks for nothing from anywhere and contains no script.

use super::element::{self, Cell};
use super::escape;
use super::scripts;
use crate::domain::time::Timestamp;
use crate::report::chart::picture::svg;
use crate::report::chart::render::ChartError;
use crate::report::compare::{CompareReport, ComparedRun, OtherFigure, SplitSignal, charts};
use crate::report::format;
use crate::report::words::reason::{readable, with_name};
use crate::report::words::{Lang, Word, compare as words};

/// The page, UTF-8.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a run can cause it.
pub fn page(report: &CompareReport, lang: Lang) -> Result<String, ChartError> {
    let sections = [
        header(report, lang),
        notes(report, lang),
        runs(report, lang),
        causes(report, lang),
        figures(report, lang),
        curves(report, lang)?,
        verdicts(report, lang),
        more(report, lang),
    ];
    let title = words::COMPARE_TITLE.say(lang);
    Ok(super::whole(
        title,
        &sections.concat(),
        (scripts::none(), lang),
    ))
}

fn header(report: &CompareReport, lang: Lang) -> String {
    let names: Vec<String> = report.runs.iter().map(named).collect();
    let tag = if report.is_synthetic {
        let words = escape::text(words::COMPARE_SYNTHETIC_TAG.say(lang));
        format!(" <span class=\"tag\">{words}</span>")
    } else {
        String::new()
    };
    let count = format::whole(report.runs.len());
    format!(
        "<header>\n<p class=\"kicker\">{}{tag}</p>\n<h1>{}</h1>\n<p class=\"note\">{}: {}</p>\n</header>\n",
        escape::text(words::COMPARE_KICKER.say(lang)),
        escape::text(words::COMPARE_TITLE.say(lang)),
        escape::text(&words::COMPARE_COUNT.with(lang, &[&count])),
        escape::text(&names.join(", ")),
    )
}

fn named(run: &ComparedRun) -> String {
    format!("{} {}", run.letter, format::cut(&run.name, 40))
}

fn notes(report: &CompareReport, lang: Lang) -> String {
    if report.notes.is_empty() {
        return String::new();
    }
    let lines = report.notes.iter().map(|note| {
        format!(
            "<p class=\"banner caution\" role=\"note\">{}</p>\n",
            escape::text(&note.say(lang))
        )
    });
    format!(
        "<div class=\"banners\">\n{}</div>\n",
        lines.collect::<String>()
    )
}

/// A head of a first column and one of each run.
fn heads(report: &CompareReport, first: &[Word], lang: Lang) -> Vec<String> {
    let first = first.iter().map(|word| word.say(lang).to_owned());
    first.chain(report.runs.iter().map(named)).collect()
}

fn table(head: &[String], rows: &[Vec<Cell>]) -> String {
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    element::table(&head, rows)
}

fn runs(report: &CompareReport, lang: Lang) -> String {
    let mut html = String::from("<dl class=\"assumptions\">\n");
    for run in &report.runs {
        let (from, to) = (format::minute(run.from), format::minute(run.to));
        let about = words::COMPARE_RUN_ABOUT.with(
            lang,
            &[
                &run.folder,
                &run.signals,
                &from,
                &to,
                &format::usdt(run.balance),
                &run.run_id,
                &run.version,
            ],
        );
        html.push_str(&format!(
            "<div><dt>{}</dt><dd>{}</dd></div>\n",
            escape::text(&named(run)),
            escape::text(&about)
        ));
    }
    html.push_str("</dl>\n");
    element::section("runs", words::COMPARE_RUNS.say(lang), &html)
}

fn figures(report: &CompareReport, lang: Lang) -> String {
    let rows: Vec<Vec<Cell>> = report
        .figures
        .iter()
        .map(|figure| {
            let name = Cell::Text(figure.title(lang));
            let cells = figure.values.iter().map(|value| {
                let text = figure.form.text(*value);
                if figure.form.is_signed() {
                    Cell::Signed(text, value.unwrap_or(0.0))
                } else {
                    Cell::Number(text)
                }
            });
            std::iter::once(name).chain(cells).collect()
        })
        .collect();
    let head = heads(report, &[words::COMPARE_FIGURE], lang);
    let html = table(&head, &rows);
    element::section("figures", words::COMPARE_FIGURES.say(lang), &html)
}

fn curves(report: &CompareReport, lang: Lang) -> Result<String, ChartError> {
    let mut html = String::new();
    for chart in charts(report, lang) {
        html.push_str(&format!(
            "<figure id=\"{}\"><figcaption><strong>{}</strong> <span class=\"note\">{}</span></figcaption>\n{}{}</figure>\n",
            chart.id,
            escape::text(&chart.title),
            escape::text(&chart.caption),
            svg(&chart, 1040, 340)?,
            svg(&chart, 360, 230)?
        ));
    }
    Ok(element::section(
        "curves",
        words::COMPARE_CURVES.say(lang),
        &html,
    ))
}

fn causes(report: &CompareReport, lang: Lang) -> String {
    let title = words::COMPARE_CAUSES.say(lang);
    if report.causes.is_empty() {
        let html = element::paragraph(words::COMPARE_NO_CAUSES.say(lang));
        return element::section("causes", title, &html);
    }
    let none = words::COMPARE_NONE.say(lang);
    let rows: Vec<Vec<Cell>> = report
        .causes
        .iter()
        .map(|cause| {
            let values = cause
                .values
                .iter()
                .map(|value| Cell::Text(format::cut(value.as_deref().unwrap_or(none), 160)));
            std::iter::once(Cell::Text(cause.subject.text(lang)))
                .chain(values)
                .collect()
        })
        .collect();
    let html = table(&heads(report, &[words::COMPARE_KEY], lang), &rows);
    element::section("causes", title, &html)
}

fn verdicts(report: &CompareReport, lang: Lang) -> String {
    let rows: Vec<Vec<Cell>> = report
        .verdicts
        .iter()
        .map(|(verdict, counts)| {
            let counts = counts
                .iter()
                .map(|count| Cell::Number(format::whole(*count)));
            std::iter::once(Cell::Text(with_name(verdict, lang)))
                .chain(counts)
                .collect()
        })
        .collect();
    let mut html = table(&heads(report, &[words::COMPARE_VERDICT], lang), &rows);
    if report.split_count == 0 {
        html.push_str(&element::paragraph(words::COMPARE_SPLIT_NONE.say(lang)));
    } else {
        let count = format::whole(report.split_count);
        let mut words = words::COMPARE_SPLIT.with(lang, &[&count]);
        if report.split.len() < report.split_count {
            let shown = format::whole(report.split.len());
            words.push(' ');
            words.push_str(&words::COMPARE_SPLIT_FIRST.with(lang, &[&shown]));
        }
        html.push_str(&element::paragraph(&words));
        html.push_str(&split(report, lang));
    }
    element::section("signals", words::COMPARE_VERDICTS.say(lang), &html)
}

fn split(report: &CompareReport, lang: Lang) -> String {
    let absent = words::COMPARE_ABSENT.say(lang);
    let row = |signal: &SplitSignal| -> Vec<Cell> {
        let time = Timestamp::parse(&signal.time);
        let time = time.map_or_else(|| signal.time.clone(), format::second);
        let about = [&time, &signal.symbol, &signal.id];
        let about = about.map(|text| Cell::Text(format::cut(text, 60)));
        let verdicts = signal.verdicts.iter().map(|verdict| {
            Cell::Text(
                verdict
                    .as_deref()
                    .map_or_else(|| absent.to_owned(), |name| readable(name, lang)),
            )
        });
        about.into_iter().chain(verdicts).collect()
    };
    let rows: Vec<Vec<Cell>> = report.split.iter().map(row).collect();
    let first = [
        words::COMPARE_TIME,
        words::COMPARE_SYMBOL,
        words::COMPARE_SIGNAL,
    ];
    table(&heads(report, &first, lang), &rows)
}

fn more(report: &CompareReport, lang: Lang) -> String {
    let title = words::COMPARE_MORE.say(lang);
    if report.more.is_empty() {
        let html = element::paragraph(words::COMPARE_MORE_NONE.say(lang));
        return element::section("more", title, &html);
    }
    let rows: Vec<Vec<Cell>> = report
        .more
        .iter()
        .map(|figure| {
            let about = [
                Cell::Text(figure.path.clone()),
                Cell::Text(figure.unit.to_owned()),
            ];
            let values = figure
                .values
                .iter()
                .map(|value| Cell::Number(OtherFigure::text(value)));
            about.into_iter().chain(values).collect()
        })
        .collect();
    let head = heads(report, &[words::COMPARE_FIGURE, words::COMPARE_UNIT], lang);
    let count = format::whole(report.more.len());
    let html = format!(
        "{}<details><summary>{}</summary>\n{}</details>\n",
        element::note(words::COMPARE_MORE_NOTE.say(lang)),
        escape::text(&words::COMPARE_MORE_OPEN.with(lang, &[&count])),
        table(&head, &rows)
    );
    element::section("more", title, &html)
}
