//! `sim diff`: the first event in which two runs differ, explained.
//!
//! Not here: finding it (`backtest::difference`), which inputs differ (`backtest::causes`), the text (`diff::text`).

mod text;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::{Outcome, Session};
use crate::backtest::causes::{Causes, causes};
use crate::backtest::difference::{
    Difference, Manner, SignalDifference, first_difference, signal_difference,
};
use crate::backtest::events::{Events, HeardSignal, Record, Value as Cell};
use crate::backtest::journaled::{Journaled, is_journal};
use crate::backtest::reading::Opened;
use crate::domain::fill::Reason;
use crate::report::compare::Differing;
use crate::report::words::Lang;

/// `sim diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A run folder, as sim backtest writes it, or a journal, as sim paper writes it
    #[arg(value_name = "RUN")]
    one: PathBuf,
    /// Another
    #[arg(value_name = "RUN")]
    other: PathBuf,
}

/// Everything there is to say.
struct Compared {
    runs: [Opened; 2],
    events: [Events; 2],
    causes: Causes,
    difference: Option<Difference>,
    signals: Option<SignalDifference>,
    /// What to do about the difference, where that is known.
    hint: Option<&'static str>,
}

/// A live run knows no end of data.
const END_OF_DATA: &str = "hint: the backtest closes what is open when its data ends, the live run does not; set simulation.end_of_data = \"mark\" for the backtest";

/// A run to be compared and its events.
fn side(path: &Path, is_journal: bool) -> anyhow::Result<(Opened, Events)> {
    if is_journal {
        return Ok(Journaled::read(path)?.compared()?);
    }
    let run = Opened::open(path)?;
    let events = run.events()?;
    Ok((run, events))
}

/// Whether one side closes or drops something because its data ends.
fn is_end_of_data(found: &Difference) -> bool {
    let records = found.one.iter().chain(&found.other);
    let mut fields = records.flat_map(|record| &record.fields);
    let cause = Reason::EndOfData.to_string();
    fields.any(|field| matches!(&field.value, Cell::Text(text) if *text == cause))
}

pub(super) fn run(args: &DiffArgs, session: &Session) -> anyhow::Result<Outcome> {
    let journals = [is_journal(&args.one)?, is_journal(&args.other)?];
    let (one, its) = side(&args.one, journals[0])?;
    let (other, others) = side(&args.other, journals[1])?;
    let (runs, events) = ([one, other], [its, others]);
    let difference = first_difference(&events[0], &events[1]);
    let forced = journals[0] != journals[1] && difference.as_ref().is_some_and(is_end_of_data);
    let compared = Compared {
        causes: causes(&runs)?,
        hint: forced.then_some(END_OF_DATA),
        difference,
        signals: signal_difference(&events[0], &events[1]),
        runs,
        events,
    };
    if session.terminal.is_json() {
        session.terminal.print_json(&object(&compared))?;
    } else {
        session.terminal.print(&text::text(&compared))?;
    }
    Ok(match compared.difference {
        Some(_) => Outcome::Differs,
        None => Outcome::Done,
    })
}

/// Name of a manner in JSON.
const fn manner_name(manner: Manner) -> &'static str {
    match manner {
        Manner::Values => "other_values",
        Manner::Time => "other_time",
        Manner::Things => "other_things",
        Manner::OnlyOne => "only_first",
        Manner::OnlyOther => "only_second",
        Manner::OneEnds => "first_ends",
        Manner::OtherEnds => "second_ends",
    }
}

fn object(compared: &Compared) -> Value {
    let runs = [0, 1].map(|index| {
        let run = &compared.runs[index];
        json!({
            "folder": run.folder.display().to_string(),
            "run_id": run.summary["run_id"],
            "title": run.summary["title"],
            "version": run.summary["version"],
            "from": run.summary["from"],
            "to": run.summary["to"],
            "events": compared.events[index].records.len(),
            "trades": run.summary["trades"],
            "net_usdt": run.summary["net_usdt"],
        })
    });
    let mut object = json!({
        "kind": "confluence diff",
        "schema_version": 1,
        "differs": compared.difference.is_some(),
        "runs": runs,
        "settings": compared.causes.settings.iter().map(cause).collect::<Vec<Value>>(),
        "inputs": compared.causes.inputs.iter().map(cause).collect::<Vec<Value>>(),
        "signals": compared.signals.as_ref().map(|found| json!({
            "in_common": found.common,
            "first": found.one.as_ref().map(signal),
            "second": found.other.as_ref().map(signal),
            "heard": found.heard,
        })),
        "first_difference": compared.difference.as_ref().map(difference),
    });
    if let Some(hint) = compared.hint {
        object["hint"] = json!(hint);
    }
    object
}

fn difference(found: &Difference) -> Value {
    let values = found.values.iter().map(|value| {
        let (one, other) = (value.one.as_ref(), value.other.as_ref());
        let change = one.zip(other).and_then(|(one, other)| one.change(other));
        json!({
            "name": value.name,
            "first": one.map(Cell::exact),
            "second": other.map(Cell::exact),
            "change": change,
        })
    });
    json!({
        "events_in_common": found.common,
        "manner": manner_name(found.manner),
        "before": found.before.iter().map(record).collect::<Vec<Value>>(),
        "first": found.one.as_ref().map(record),
        "second": found.other.as_ref().map(record),
        "values": values.collect::<Vec<Value>>(),
        "events_left": found.left,
    })
}

fn record(record: &Record) -> Value {
    let fields = record.fields.iter().map(|field| {
        let mut object = serde_json::Map::new();
        object.insert(field.name.to_owned(), field.value.exact());
        Value::Object(object)
    });
    json!({
        "time": record.at.to_text(),
        "kind": record.kind.name(),
        "symbol": record.symbol.as_ref().map(ToString::to_string),
        "text": record.sentence(),
        "values": fields.collect::<Vec<Value>>(),
    })
}

fn signal(signal: &HeardSignal) -> Value {
    json!({
        "id": signal.id,
        "type": signal.kind,
        "symbol": signal.symbol.as_str(),
        "event_time": signal.event_time.to_text(),
        "received_time": signal.received_time.to_text(),
    })
}

fn cause(cause: &Differing) -> Value {
    json!({ "name": cause.subject.text(Lang::En), "first": cause.values[0], "second": cause.values[1] })
}
