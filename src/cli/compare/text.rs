//! What `sim compare` prints for people: at most 100 columns; more runs than fit come in further tables.
//!
//! Not here: the same for programs (`compare`), the page (`report::html::compare`).

use crate::report::compare::{CompareReport, OtherFigure};
use crate::report::format;
use crate::report::table::{WIDTH, clip, columns, plain, wrapped};
use crate::report::words::Lang;

/// Runs beside each other in one table.
const BESIDE: usize = 5;
/// Columns of names.
const NAMES: usize = 40;
/// Other figures shown; the page and the object have all.
const MORE_MAX: usize = 30;

pub(super) fn text(report: &CompareReport) -> String {
    let mut lines = Vec::new();
    for run in &report.runs {
        let words = plain(&format!(
            "{}: {}, {} to {} UTC, start {}, run {}, version {}",
            run.folder,
            run.signals,
            format::minute(run.from),
            format::minute(run.to),
            format::usdt(run.balance),
            run.run_id,
            run.version
        ));
        wrapped(&format!("{:<2} ", run.letter), &words, &mut lines);
    }
    for note in &report.notes {
        wrapped("CAUTION  ", &note.say(Lang::En), &mut lines);
    }
    let figures = report.figures.iter().map(|figure| {
        let values = figure.values.iter().map(|value| figure.form.text(*value));
        (figure.title(Lang::En), values.collect())
    });
    tables("figure", &figures.collect::<Vec<Row>>(), report, &mut lines);
    causes(report, &mut lines);
    let verdicts = report.verdicts.iter().map(|(verdict, counts)| {
        let counts = counts.iter().map(|count| format::whole(*count));
        (plain(verdict), counts.collect())
    });
    let verdicts: Vec<Row> = verdicts.collect();
    tables("verdict on signals", &verdicts, report, &mut lines);
    split(report, &mut lines);
    more(report, &mut lines);
    lines.join("\n") + "\n"
}

/// A name and a cell for each run.
type Row = (String, Vec<String>);

/// Rows under the runs' letters, some runs at a time.
fn tables(head: &str, rows: &[Row], report: &CompareReport, lines: &mut Vec<String>) {
    let places: Vec<usize> = (0..report.runs.len()).collect();
    for part in places.chunks(BESIDE) {
        let width = ((WIDTH - NAMES) / part.len()).min(20);
        let line = |name: &str, cell: &dyn Fn(usize) -> String| {
            let mut line = padded(name, NAMES);
            for place in part {
                let text = clip(&plain(&cell(*place)), width - 2);
                line.push_str(&" ".repeat(width - columns(&text)));
                line.push_str(&text);
            }
            line.trim_end().to_owned()
        };
        lines.push(String::new());
        lines.push(line(head, &|place| headed(report, place)));
        for (name, cells) in rows {
            let cell = |place: usize| cells.get(place).cloned().unwrap_or_default();
            lines.push(line(&format!("  {name}"), &cell));
        }
    }
}

/// A run's letter and the name of its folder.
fn headed(report: &CompareReport, place: usize) -> String {
    let run = &report.runs[place];
    format!("{} {}", run.letter, run.name)
}

fn padded(text: &str, width: usize) -> String {
    let text = clip(text, width);
    let pad = " ".repeat(width - columns(&text));
    text + &pad
}

fn causes(report: &CompareReport, lines: &mut Vec<String>) {
    let none = || "none".to_owned();
    let rows: Vec<Row> = report
        .causes
        .iter()
        .map(|cause| {
            let values = cause.values.iter();
            let values = values.map(|value| value.clone().unwrap_or_else(none));
            (cause.subject.text(Lang::En), values.collect())
        })
        .collect();
    if rows.is_empty() {
        lines.push(String::new());
        lines.push(
            "settings, signals, prices, period and version are the same in all runs".to_owned(),
        );
    } else {
        tables("differing settings and inputs", &rows, report, lines);
    }
}

/// Signals that one run traded and another did not.
fn split(report: &CompareReport, lines: &mut Vec<String>) {
    lines.push(String::new());
    if report.split_count == 0 {
        lines.push("every signal that one run traded was traded by all".to_owned());
        return;
    }
    let shown = if report.split.len() < report.split_count {
        format!("; the first {}", report.split.len())
    } else {
        String::new()
    };
    lines.push(format!(
        "{} traded in one run and not in another{shown}",
        format::counted(report.split_count, "signal", "signals")
    ));
    for signal in &report.split {
        let verdicts = signal
            .verdicts
            .iter()
            .zip(&report.runs)
            .map(|(verdict, run)| {
                let verdict = verdict.as_deref().unwrap_or("not in its input");
                format!("{} {verdict}", run.letter)
            });
        let verdicts = verdicts.collect::<Vec<String>>().join(", ");
        let time: String = signal.time.replace('T', " ").chars().take(19).collect();
        let label = format!(
            "  {time}  {} {} ",
            padded(&plain(&signal.symbol), 14),
            padded(&plain(&signal.id), 18)
        );
        wrapped(&label, &plain(&verdicts), lines);
    }
}

fn more(report: &CompareReport, lines: &mut Vec<String>) {
    // Rows of groups (hours, exits, …) are many; they stand on the page.
    let single = report
        .more
        .iter()
        .filter(|figure| !figure.path.contains('['));
    let rows: Vec<Row> = single
        .take(MORE_MAX)
        .map(|figure| {
            let unit = if figure.unit.is_empty() { "" } else { ", " };
            let name = format!("{}{unit}{}", figure.path, figure.unit);
            (name, figure.values.iter().map(OtherFigure::text).collect())
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    tables("other figures that differ", &rows, report, lines);
    let rest = report.more.len() - rows.len();
    if rest > 0 {
        lines.push(format!(
            "  and {} more: --format json and the page (--out) have them all",
            format::whole(rest)
        ));
    }
}
