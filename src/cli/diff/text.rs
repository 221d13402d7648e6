//! What `sim diff` prints for people: at most 100 columns, times in UTC, every number with its unit.
//!
//! Not here: the same for programs (`diff`).

use super::Compared;
use crate::backtest::difference::{Difference, Manner, SignalDifference, heard_before};
use crate::backtest::events::{HeardSignal, Record, Value};
use crate::backtest::reading::Opened;
use crate::domain::time::Timestamp;
use crate::report::compare::Differing;
use crate::report::format;
use crate::report::table::{WIDTH, clip, columns, plain, wrapped};
use crate::report::words::Lang;

/// Names of the two runs in the text.
const NAMES: [&str; 2] = ["A", "B"];
/// Widest value of a list of differing inputs.
const VALUE: usize = 34;

pub(super) fn text(compared: &Compared) -> String {
    let mut lines = Vec::new();
    let all = compared.events[0].records.len();
    match &compared.difference {
        None => lines.push(format!(
            "no difference: all {} are the same",
            format::counted(all, "event", "events")
        )),
        Some(found) => lines.push(format!(
            "the runs differ from event {} on; {} the same",
            format::whole(found.common + 1),
            if found.common == 1 {
                "the one before it is".to_owned()
            } else {
                format!("the {} before it are", format::whole(found.common))
            }
        )),
    }
    lines.push(String::new());
    for (name, run) in NAMES.iter().zip(&compared.runs) {
        wrapped(&format!("{name}  "), &headed(run), &mut lines);
    }
    if let Some(found) = &compared.difference {
        parting(compared, found, &mut lines);
    }
    if let Some(hint) = compared.hint {
        lines.push(String::new());
        wrapped("", hint, &mut lines);
    }
    if let Some(found) = &compared.signals {
        signals(found, &mut lines);
    }
    causes(compared, &mut lines);
    if let Some(found) = &compared.difference {
        rest(compared, found, &mut lines);
    }
    lines.join("\n") + "\n"
}

fn headed(run: &Opened) -> String {
    let minute = |name: &str| {
        let time = Timestamp::parse(run.text(name));
        time.map_or_else(|| format::NONE.to_owned(), format::minute)
    };
    plain(&format!(
        "{}: {}, {} to {} UTC, run {}, version {}",
        run.folder.display(),
        run.text("title"),
        minute("from"),
        minute("to"),
        run.text("run_id"),
        run.text("version")
    ))
}

/// The events around the difference.
fn parting(compared: &Compared, found: &Difference, lines: &mut Vec<String>) {
    if !found.before.is_empty() {
        heading("the last events in common", lines);
        found.before.iter().for_each(|one| event("", one, lines));
    }
    let manner = match found.manner {
        Manner::Values => "the first difference: the same step with other values",
        Manner::Time => "the first difference: the same step at another time",
        Manner::Things => "the first difference: another step at the same time",
        Manner::OnlyOne => "the first difference: A does something while B does nothing yet",
        Manner::OnlyOther => "the first difference: B does something while A does nothing yet",
        Manner::OneEnds => "the first difference: A has ended, B goes on",
        Manner::OtherEnds => "the first difference: B has ended, A goes on",
    };
    heading(manner, lines);
    let sides = [&found.one, &found.other];
    for (name, side) in NAMES.iter().zip(sides) {
        match side {
            Some(one) => event(name, one, lines),
            None => lines.push(format!("  {name}  no more events")),
        }
    }
    values(found, lines);
    let first = sides.iter().filter_map(|side| side.as_ref());
    let Some(at) = first.map(|one| one.at).min() else {
        return;
    };
    let heard = [0, 1].map(|run| heard_before(&compared.events[run], at));
    lines.push(String::new());
    if heard[0] == heard[1] {
        let words = heard[0].map_or_else(|| "none".to_owned(), heard_words);
        wrapped("  last signal heard: ", &words, lines);
    } else {
        for (name, signal) in NAMES.iter().zip(heard) {
            let words = signal.map_or_else(|| "none".to_owned(), heard_words);
            wrapped(&format!("  last signal heard by {name}: "), &words, lines);
        }
    }
}

fn heading(words: &str, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(words.to_owned());
}

fn event(name: &str, record: &Record, lines: &mut Vec<String>) {
    let symbol = record.symbol.as_ref();
    let symbol = symbol.map_or_else(String::new, |symbol| clip(&plain(symbol.as_str()), 16));
    let pad = " ".repeat(13_usize.saturating_sub(columns(&symbol)));
    let label = format!("  {name:<1}  {}  {symbol}{pad} ", instant(record.at));
    wrapped(&label, &plain(&record.sentence()), lines);
}

/// `2026-01-01 07:55:20.000`, UTC.
fn instant(time: Timestamp) -> String {
    time.to_text().replace('T', " ").replace('Z', "")
}

fn heard_words(signal: &HeardSignal) -> String {
    plain(&format!(
        "{} {} (type {}, {})",
        instant(signal.received_time),
        signal.id,
        signal.kind,
        signal.symbol
    ))
}

fn values(found: &Difference, lines: &mut Vec<String>) {
    if found.values.is_empty() {
        return;
    }
    let shown = |value: &Option<Value>| {
        let text = value
            .as_ref()
            .map_or_else(|| "none".to_owned(), Value::text);
        clip(&plain(&text), 27)
    };
    lines.push(String::new());
    lines.push(format!("  {:<14}{:>27}{:>27}  B - A", "", "A", "B"));
    for value in &found.values {
        let both = value.one.as_ref().zip(value.other.as_ref());
        let change = both.and_then(|(one, other)| one.change(other));
        let line = format!(
            "  {:<14}{:>27}{:>27}  {}",
            value.name.replace('_', " "),
            shown(&value.one),
            shown(&value.other),
            change.unwrap_or_default()
        );
        lines.push(clip(line.trim_end(), WIDTH));
    }
}

fn signals(found: &SignalDifference, lines: &mut Vec<String>) {
    heading(
        &format!(
            "signals heard: {} by A, {} by B; the first {} are the same, then",
            format::whole(found.heard[0]),
            format::whole(found.heard[1]),
            format::whole(found.common)
        ),
        lines,
    );
    for (name, signal) in NAMES.iter().zip([&found.one, &found.other]) {
        let words = signal
            .as_ref()
            .map_or_else(|| "no more".to_owned(), heard_words);
        wrapped(&format!("  {name}  "), &words, lines);
    }
}

fn causes(compared: &Compared, lines: &mut Vec<String>) {
    let differs = compared.difference.is_some();
    if compared.causes.is_empty() {
        if differs {
            heading(
                "settings, signals, prices, window and version are the same: this should not be",
                lines,
            );
            lines.push("hint: report it with both run folders".to_owned());
        }
        return;
    }
    heading(
        if differs {
            "what differs between the runs, the likely cause among it"
        } else {
            "what differs between the runs and changes no event"
        },
        lines,
    );
    let all: Vec<(String, &Differing)> = compared
        .causes
        .iter()
        .map(|one| (one.subject.text(Lang::En), one))
        .collect();
    let width = |(name, _): &(String, &Differing)| columns(name).min(WIDTH - 2 * VALUE - 8);
    let name_width = all.iter().map(width).max().unwrap_or(0);
    let cell = |text: &str, width: usize| {
        let text = clip(&plain(text), width);
        let pad = " ".repeat(width - columns(&text));
        text + &pad
    };
    let line = |name: &str, values: [&str; 2]| {
        let [one, other] = values.map(|value| cell(value, VALUE));
        let line = format!("  {}  {one}  {other}", cell(name, name_width));
        line.trim_end().to_owned()
    };
    lines.push(line("", NAMES));
    for (name, cause) in &all {
        let [one, other] = [0, 1].map(|run| cause.values[run].as_deref().unwrap_or("none"));
        lines.push(line(name, [one, other]));
    }
}

/// How much comes after the difference, and what the runs came to.
fn rest(compared: &Compared, found: &Difference, lines: &mut Vec<String>) {
    heading("from there on, and in the whole run", lines);
    let row = |name: &str, [one, other]: [String; 2]| format!("  {name:<16}{one:>20}{other:>20}");
    lines.push(row("", NAMES.map(str::to_owned)));
    lines.push(row("events left", found.left.map(format::whole)));
    let of = |name: &str| [0, 1].map(|run: usize| &compared.runs[run].summary[name]);
    let count = |value: &serde_json::Value| {
        let count = value.as_u64();
        count.map_or_else(|| format::NONE.to_owned(), format::whole)
    };
    lines.push(row("trades, whole", of("trades").map(count)));
    let money = |value: &serde_json::Value| {
        let amount = value.as_str().and_then(|text| text.parse::<f64>().ok());
        format::signed_usdt(amount.unwrap_or(f64::NAN))
    };
    lines.push(row("net, whole", of("net_usdt").map(money)));
}
