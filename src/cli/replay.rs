//! `sim replay`: every decision of a journal made again, offline, and compared with the recorded one.
//!
//! Not here: making them (`backtest::retrace`), the journal (`journal`).

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::failure::UsageError;
use super::{Outcome, Session};
use crate::backtest::retrace::{Decision, Difference, Retrace, RetraceError, words};
use crate::domain::event::{Event, Note, Quote};
use crate::domain::time::Timestamp;
use crate::journal::entry::{Entry, Recorded};
use crate::journal::reader::Reader;

/// `sim replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// A journal, as sim paper writes it; it may be in use
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    /// Stop after this instant, UTC, and show how the trader stood: 2026-01-01 or 2026-01-01T07:15:00Z
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Tell each decision in a sentence, with its reason
    #[arg(long)]
    explain: bool,
}

/// What is shown in the end.
struct Followed {
    environment: String,
    retrace: Retrace,
    sentences: Vec<Sentence>,
    difference: Option<Difference>,
}

/// One told decision.
struct Sentence {
    at: Timestamp,
    seq: u64,
    text: String,
}

pub(super) fn run(args: &ReplayArgs, session: &Session) -> anyhow::Result<Outcome> {
    let until = args.until.as_deref().map(instant).transpose()?;
    let followed = follow(args, until, session)?;
    if session.terminal.is_json() {
        session.terminal.print_json(&object(args, &followed))?;
    } else {
        session.terminal.print(&text(args, &followed))?;
    }
    Ok(match followed.difference {
        Some(_) => Outcome::Differs,
        None => Outcome::Done,
    })
}

fn instant(text: &str) -> Result<Timestamp, UsageError> {
    Timestamp::parse(text).ok_or_else(|| {
        UsageError(format!(
            "--until: '{text}' is not a time\nhint: UTC, for example 2026-01-01T07:15:00Z"
        ))
    })
}

fn follow(
    args: &ReplayArgs,
    until: Option<Timestamp>,
    session: &Session,
) -> anyhow::Result<Followed> {
    let reader = Reader::open(&args.journal)?;
    let mut followed = Followed {
        environment: reader.environment().to_owned(),
        retrace: Retrace::default(),
        sentences: Vec::new(),
        difference: None,
    };
    let mut quote = None;
    for recorded in reader.entries() {
        if session.cancel.load(std::sync::atomic::Ordering::Relaxed) {
            anyhow::bail!("stopped before the end of the journal");
        }
        let recorded = recorded?;
        // Rows are in the order of their commits, not always of their instants: the last one at or before it may follow.
        if until.is_some_and(|until| recorded.at > until) {
            if matches!(recorded.entry, Entry::Heard(_)) {
                break;
            }
            continue;
        }
        match followed.retrace.take(&recorded) {
            Ok(()) => {}
            Err(RetraceError::Differs(difference)) => {
                followed.difference = Some(*difference);
                break;
            }
            Err(error) => return Err(error.into()),
        }
        if args.explain {
            explain(&recorded, &mut followed, &mut quote);
        }
    }
    Ok(followed)
}

/// Tells a row, if there is something to tell: what the trader heard when nothing followed from it, and every decision.
fn explain(recorded: &Recorded, followed: &mut Followed, quote: &mut Option<Quote>) {
    let names = followed.retrace.names();
    let text = match &recorded.entry {
        Entry::Heard(event) => {
            let heard = words::event(event, names);
            if let Event::Signal { quote: now, .. } = event {
                *quote = Some(*now);
                let silent = followed.retrace.made().next().is_none();
                let waits = "; nothing follows yet: it waits for a partner, or its type is off";
                format!("{heard}{}", if silent { waits } else { "" })
            } else {
                heard
            }
        }
        Entry::Noted(note) => {
            let told = words::decision(&Decision::Noted(note.clone()), names);
            let figures = match (note, quote, followed.retrace.trader()) {
                (Note::Refused { gate, .. }, Some(quote), Some(trader)) => {
                    format!(": {}", words::gate_figures(*gate, quote, trader))
                }
                _ => String::new(),
            };
            format!("  {told}{figures}")
        }
        Entry::Said(said) => {
            let told = words::decision(&Decision::Said(said.clone()), names);
            format!("  {told}")
        }
        Entry::Boot(boot) => format!(
            "program {} started ({} contracts)",
            boot.version,
            boot.listing.len()
        ),
        Entry::Stopped { clean } => {
            let how = if *clean { "in order" } else { "in haste" };
            format!("program stopped {how}")
        }
        Entry::Taken { .. }
        | Entry::Ledger(_)
        | Entry::Trade(_)
        | Entry::Step { .. }
        | Entry::Rollover { .. }
        | Entry::Bar { .. }
        | Entry::Alarm { .. }
        | Entry::Operator { .. } => return,
    };
    followed.sentences.push(Sentence {
        at: recorded.at,
        seq: recorded.seq,
        text,
    });
}

fn text(args: &ReplayArgs, followed: &Followed) -> String {
    let mut text = String::new();
    for sentence in &followed.sentences {
        text.push_str(&format!("{}  {}\n", sentence.at, sentence.text));
    }
    let progress = followed.retrace.progress();
    if let Some(difference) = &followed.difference {
        text.push_str(&format!("first difference: {difference}\n"));
    }
    let end = if followed.difference.is_some() {
        " before it"
    } else {
        ""
    };
    text.push_str(&format!(
        "{} events, {} decisions reproduced{end} ({} rows, {} starts, {})\n",
        progress.events, progress.decisions, progress.rows, progress.boots, followed.environment
    ));
    let left = followed.retrace.made().count();
    if left > 0 && followed.difference.is_none() {
        text.push_str(&format!(
            "{left} decisions about the last event are not in the journal: it ends or was cut between the two\n"
        ));
    }
    if args.until.is_some() {
        for line in standing(&followed.retrace) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}

/// How the trader stands, a line each.
fn standing(retrace: &Retrace) -> Vec<String> {
    let Some(trader) = retrace.trader() else {
        return vec!["the program had not started".to_owned()];
    };
    let status = trader.status();
    let halts: Vec<&str> = status.halts.iter().map(|halt| halt.name()).collect();
    let mut lines = vec![
        format!("positions: {}", status.positions.len()),
        format!("entries on their way: {}", status.pending_entries),
        format!(
            "entries of the UTC day: {} of {}",
            status.entries_today,
            trader.rules().daily.trades_max
        ),
        format!(
            "halts: {}",
            if halts.is_empty() {
                "none".to_owned()
            } else {
                halts.join(", ")
            }
        ),
    ];
    for (id, position) in &status.positions {
        let symbol = retrace.names()[id.index()].as_str();
        let stands = format!("{:?}", trader.protection(*id)).to_lowercase();
        lines.push(format!("{}, {stands}", words::position(symbol, position)));
    }
    lines
}

fn object(args: &ReplayArgs, followed: &Followed) -> Value {
    let progress = followed.retrace.progress();
    let names = followed.retrace.names();
    let told = followed.sentences.iter().map(|sentence| {
        json!({
            "time": sentence.at.to_text(),
            "row": sentence.seq,
            "text": sentence.text.trim_start(),
        })
    });
    let standing = followed.retrace.trader().map(|trader| {
        let status = trader.status();
        let positions = status.positions.iter().map(|(id, position)| {
            json!({
                "symbol": names[id.index()].as_str(),
                "direction": position.direction.name(),
                "qty": position.qty.to_string(),
                "cost_usdt": position.cost.to_string(),
                "isolated_usdt": position.isolated.to_string(),
                "protection": format!("{:?}", trader.protection(*id)).to_lowercase(),
            })
        });
        let halts = status.halts.iter().map(|halt| halt.name());
        json!({
            "positions": positions.collect::<Vec<Value>>(),
            "pending_entries": status.pending_entries,
            "entries_today": status.entries_today,
            "entries_a_day_max": trader.rules().daily.trades_max,
            "halts": halts.collect::<Vec<&str>>(),
        })
    });
    json!({
        "kind": "confluence replay",
        "schema_version": 1,
        "journal": args.journal.display().to_string(),
        "environment": followed.environment,
        "rows": progress.rows,
        "starts": progress.boots,
        "events": progress.events,
        "decisions": progress.decisions,
        "not_recorded": followed.retrace.made().count(),
        "at": progress.at.map(Timestamp::to_text),
        "first_difference": followed.difference.as_ref().map(|difference| json!({
            "row": difference.seq,
            "time": difference.at.to_text(),
            "event": difference.event,
            "recorded": difference.recorded,
            "now": difference.made,
        })),
        "standing": standing,
        "explained": if args.explain { Some(told.collect::<Vec<Value>>()) } else { None },
    })
}
