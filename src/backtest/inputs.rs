//! Signals of a run from whatever file they are in: sniffs the format, settles names and clocks.
//!
//! Not here: the formats themselves (`signal::feed`, `market::signals`, `market::legacy`), prices (`market::load`).
//! Invariant: no message is dropped here; one that names no contract is kept with its reason.

use std::path::{Path, PathBuf};

use crate::domain::signal::{RawSignal, Signal};
use crate::domain::stamp::StampForm;
use crate::domain::symbol::{Symbol, Symbols};
use crate::domain::time::Span;
use crate::market::error::{MarketError, excerpt};
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::{legacy, signals, source};
use crate::report::words::{Lang, model};
use crate::signal::feed::{self, FeedError, Messages};
use crate::signal::names::{self, Contract};

/// What must be known of a file whose times name no zone.
pub const ZONELESS: &str = model::W_ZONELESS.say(Lang::En);

/// Signals of one file.
#[derive(Clone, Debug)]
pub struct SignalFile {
    /// In the order of the file.
    pub signals: Vec<RawSignal>,
    /// Which format it turned out to be.
    pub format: &'static str,
    /// How its times are written.
    pub form: Option<StampForm>,
    /// Columns that were there and not used.
    pub unused: Vec<String>,
}

/// Why a file gives no signals.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file itself.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Its JSON.
    #[error("{}{place}: {source}{}{}", path.display(), shown_line(shown), feed_hint(source))]
    Feed {
        /// The file.
        path: PathBuf,
        /// Where in it, `:line:column`, where that is known.
        place: String,
        /// What stands there.
        shown: String,
        /// What is wrong in it.
        source: Box<FeedError>,
    },
}

/// Reads a file of signals: csv, Parquet, JSON lines, the feed's JSON or the original's SQLite file, told apart by
/// their first bytes (the extension is not asked, but for csv against JSON lines).
///
/// # Errors
/// When the file cannot be read or is none of these.
pub fn read_signals(path: &Path) -> Result<SignalFile, InputError> {
    let table = |table: signals::SignalTable, format| SignalFile {
        signals: table.signals,
        format,
        form: table.form,
        unused: table.unused,
    };
    if legacy::is_sqlite(path)? {
        return Ok(table(legacy::read(path)?, "SQLite (processed_messages)"));
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if extension == Some("parquet") || source::starts_with(path, b"PAR1")? {
        return Ok(table(signals::read_parquet(path)?, "Parquet"));
    }
    if source::first_byte(path)?.is_none_or(|byte| !matches!(byte, b'{' | b'[')) {
        return Ok(table(signals::read_csv(path)?, "csv"));
    }
    let text = source::read_document(path)?;
    let lines = matches!(extension, Some("jsonl" | "ndjson"));
    let (messages, lines) = parse_json(&text, lines);
    let messages = messages.map_err(|source| feed_error(path, &text, lines, source))?;
    Ok(SignalFile {
        signals: messages.signals,
        format: messages.format,
        form: messages.form,
        unused: Vec::new(),
    })
}

/// One JSON document, or one object per line: the extension says so, or a first line that is a whole message. Also
/// hands back which of the two it was.
fn parse_json(text: &str, lines: bool) -> (Result<Messages, FeedError>, bool) {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let whole = serde_json::from_str::<serde_json::Value>(first);
    let message = whole.is_ok_and(|value| {
        ["message_type", "event_time", "createTime"]
            .iter()
            .any(|key| value.get(key).is_some())
    });
    if lines || message {
        (feed::parse_lines(text), true)
    } else {
        (feed::parse_document(text), false)
    }
}

/// An error with its place and what stands there; a message in a list is named by its number alone.
fn feed_error(path: &Path, text: &str, lines: bool, source: FeedError) -> InputError {
    let (place, shown) = match &source {
        FeedError::Json { line, column, .. } => {
            (format!(":{line}:{column}"), excerpt(text, *line, *column))
        }
        FeedError::Message { number, .. } if lines => {
            (format!(":{number}"), excerpt(text, *number, 1))
        }
        FeedError::Shape { .. } | FeedError::Message { .. } => (String::new(), String::new()),
    };
    InputError::Feed {
        path: path.to_owned(),
        place,
        shown,
        source: Box::new(source),
    }
}

fn shown_line(shown: &str) -> String {
    if shown.is_empty() {
        String::new()
    } else {
        format!("\n  | {shown}")
    }
}

fn feed_hint(wrong: &FeedError) -> &'static str {
    match wrong {
        FeedError::Shape { .. } => {
            "\nhint: signals are a list of messages: {total,list}, {count,list}, {code,data} or an array"
        }
        FeedError::Json { .. } => {
            "\nhint: the file is damaged or cut off, or it is no JSON: record or export it again"
        }
        FeedError::Message { .. } => {
            "\nhint: mend or remove this message; nothing of the file was used"
        }
    }
}

/// Messages with their contracts.
#[derive(Clone, Debug)]
pub struct Named {
    /// The contract of each message, in the order given; `None` when its name is empty.
    pub contracts: Vec<Option<Symbol>>,
    /// Names that stand for a multiple: as written, and the contract.
    pub multiples: Vec<(String, Symbol)>,
    /// Names no file lists, each once.
    pub unlisted: Vec<Symbol>,
}

/// Finds the contract of each message among filters, brackets and price files.
///
/// # Errors
/// When a rules file cannot be read.
pub fn name_contracts(
    raw: &[RawSignal],
    library: &Library,
    rules: &mut RuleBook,
) -> Result<Named, MarketError> {
    let priced = library.priced_symbols();
    let mut known: std::collections::BTreeMap<&str, Contract> = std::collections::BTreeMap::new();
    let mut named = Named {
        contracts: Vec::with_capacity(raw.len()),
        multiples: Vec::new(),
        unlisted: Vec::new(),
    };
    for signal in raw {
        if !known.contains_key(signal.name.as_str()) {
            let listed = |symbol: &Symbol| {
                if priced.binary_search(symbol).is_ok() {
                    return Ok(true);
                }
                rules.knows(symbol)
            };
            let contract = names::contract(&signal.name, listed)?;
            match &contract {
                Contract::Multiple(symbol) => {
                    named.multiples.push((signal.name.clone(), symbol.clone()));
                }
                Contract::Unlisted(symbol) => named.unlisted.push(symbol.clone()),
                Contract::Listed(_) | Contract::Empty => {}
            }
            known.insert(&signal.name, contract);
        }
        let contract = known.get(signal.name.as_str()).and_then(Contract::symbol);
        named.contracts.push(contract.cloned());
    }
    named.unlisted.sort();
    named.unlisted.dedup();
    Ok(named)
}

/// The messages whose contracts the run knows, with both clocks: one that was only stamped by its source is taken as
/// received `delay` later (T4). Order of the file, not of intake. Messages without a contract are left to the caller.
#[must_use]
pub fn settle(raw: &[RawSignal], named: &Named, symbols: &Symbols, delay: Span) -> Vec<Signal> {
    raw.iter()
        .zip(&named.contracts)
        .filter_map(|(signal, contract)| {
            Some(Signal {
                id: signal.id.clone(),
                kind: signal.kind,
                symbol: symbols.id(contract.as_ref()?)?,
                event_time: signal.event_time,
                received_time: signal.received_time.unwrap_or(signal.event_time + delay),
            })
        })
        .collect()
}
