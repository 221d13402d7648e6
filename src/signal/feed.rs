//! Messages of the feed from text: the API's lists (`valuescan.md` section 2), the bridge's lines (section 3) and our
//! own columns as JSON lines.
//!
//! Not here: csv, Parquet and SQLite (`market::signals`), which need big readers. What a message is worth is not
//! judged here: unknown types, repeated ids and notices without a coin (an empty name) are handed on.
//! Invariant: a text with one bad message gives no messages; deep JSON is an error of the parser, never of the stack.

mod values;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::stamp::{StampForm, StampReader};
use values::{content_of, id, id_of, kind, made, text_of, time};

/// Why a text is no list of messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Not JSON, or nested too deeply.
    #[error("no JSON: {found}")]
    Json {
        /// Line of the text, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The parser's words.
        found: String,
    },
    /// JSON, but no list of messages.
    #[error("{found}")]
    Shape {
        /// What it is instead.
        found: String,
    },
    /// One message is wrong.
    #[error("message {number} (id {id}): {found}")]
    Message {
        /// Its number in the list, from 1; in line formats the line.
        number: usize,
        /// Its id, or `?`.
        id: String,
        /// What is wrong.
        found: String,
    },
}

/// Messages and how their times were written.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// In the order of the text.
    pub signals: Vec<RawSignal>,
    /// The form of their times; `None` without messages.
    pub form: Option<StampForm>,
    /// Which format the text turned out to be.
    pub format: &'static str,
}

/// Reads a whole JSON document: `{code, data}`, `{total, list}`, `{count, list}` or a bare array.
///
/// # Errors
/// When it is no such document, or one message is wrong.
pub fn parse_document(text: &str) -> Result<Messages, FeedError> {
    let value: Value = serde_json::from_str(text).map_err(|wrong| json_error(&wrong, 0))?;
    let list = list_of(value)?;
    let mut stamps = StampReader::new();
    let mut signals = Vec::with_capacity(list.len());
    for (index, message) in list.iter().enumerate() {
        let signal = api_message(message, &mut stamps).map_err(|found| FeedError::Message {
            number: index + 1,
            id: id_of(message),
            found,
        })?;
        signals.push(signal);
    }
    Ok(Messages {
        signals,
        form: stamps.form(),
        format: "ValueScan messages (JSON)",
    })
}

/// Reads one JSON object per line, of the bridge or of our own columns; blank lines are passed over.
///
/// # Errors
/// When a line is neither.
pub fn parse_lines(text: &str) -> Result<Messages, FeedError> {
    let mut messages = Messages {
        format: "JSON lines",
        ..Messages::default()
    };
    let mut stamps = StampReader::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let signal = parse_line(line, index + 1, &mut stamps)?;
        messages.signals.push(signal);
    }
    messages.form = stamps.form();
    Ok(messages)
}

/// Reads one line. `number` names it in errors; `stamps` keeps the unit of the lines before it.
///
/// # Errors
/// When it is no message.
pub fn parse_line(
    line: &str,
    number: usize,
    stamps: &mut StampReader,
) -> Result<RawSignal, FeedError> {
    let value: Value =
        serde_json::from_str(line).map_err(|wrong| json_error(&wrong, number - 1))?;
    message(&value, stamps).map_err(|found| FeedError::Message {
        number,
        id: id_of(&value),
        found,
    })
}

/// Reads one message of any of the forms: of the bridge, of the API, with our own columns.
///
/// # Errors
/// In words, when it is none of them or one of its values is wrong.
pub fn message(value: &Value, stamps: &mut StampReader) -> Result<RawSignal, String> {
    match value.as_object() {
        Some(object) if object.contains_key("message_type") => bridge_message(object, stamps),
        Some(object) if object.contains_key("event_time") => own_message(object, stamps),
        Some(object) if is_api_message(object) => api_message(value, stamps),
        _ => Err(
            "neither a bridge message (message_type, …) nor id,type,symbol,event_time".to_owned(),
        ),
    }
}

/// The id of a message of any form, for answers and errors; `None` when it has none.
#[must_use]
pub fn message_id(value: &Value) -> Option<Arc<str>> {
    id(value.get("id")).or_else(|| id(value.get("message_id")))
}

/// A message without its own time still says in its content when it was made.
fn is_api_message(object: &Map<String, Value>) -> bool {
    object.contains_key("createTime")
        || (object.contains_key("type") && object.contains_key("content"))
}

/// Whether the feed has such a type (`valuescan.md` section 1); a number outside the table is a damaged or a forged
/// message.
#[must_use]
pub const fn is_known_type(kind: SignalType) -> bool {
    matches!(kind.0, 100 | 108..=114)
}

fn json_error(wrong: &serde_json::Error, lines_before: usize) -> FeedError {
    let text = wrong.to_string();
    FeedError::Json {
        line: wrong.line() + lines_before,
        column: wrong.column(),
        found: text.split(" at line ").next().unwrap_or(&text).to_owned(),
    }
}

/// As [`entries`], but a file or a page of messages without one is a mistake.
fn list_of(value: Value) -> Result<Vec<Value>, FeedError> {
    let list = entries(value)?;
    if list.is_empty() {
        return Err(FeedError::Shape {
            found: "the list of messages is empty".to_owned(),
        });
    }
    Ok(list)
}

/// The messages of a document, not yet read: `{code, data}`, `{total, list}`, `{count, list}` or a bare array. An
/// answer of the feed may hold none.
///
/// # Errors
/// When it is no such document.
pub fn entries(value: Value) -> Result<Vec<Value>, FeedError> {
    let shape = |found: &str| FeedError::Shape {
        found: found.to_owned(),
    };
    let list = match value {
        Value::Array(list) => list,
        Value::Object(mut map) if map.contains_key("list") => match map.remove("list") {
            Some(Value::Array(list)) => list,
            _ => return Err(shape("'list' is not an array of messages")),
        },
        Value::Object(mut map) if map.contains_key("data") => {
            if let Some(code) = map.get("code")
                && code != &Value::from(200)
            {
                return Err(shape(&format!(
                    "the feed answered with code {code}, not with messages"
                )));
            }
            let inner = map.remove("data").unwrap_or(Value::Null);
            // One level of envelope, as the feed sends it; an envelope in an envelope is none of its answers.
            if inner.get("data").is_some() && inner.get("list").is_none() {
                return Err(shape("'data' holds another envelope"));
            }
            return entries(inner);
        }
        Value::Object(_) => return Err(shape("an object without 'list' or 'data'")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(shape("neither an object nor an array"));
        }
    };
    let movements =
        |entry: &Value| entry.get("beginTime").is_some() || entry.get("number24h").is_some();
    if list
        .iter()
        .any(|entry| movements(entry) && entry.get("type").is_none())
    {
        return Err(shape(
            "a list of fund movements holds no messages: it cannot be traded",
        ));
    }
    Ok(list)
}

/// A message as the API gives it; `content` is JSON inside a string.
fn api_message(message: &Value, stamps: &mut StampReader) -> Result<RawSignal, String> {
    let object = message.as_object().ok_or("is not an object")?;
    let content = content_of(object.get("content"))?;
    let name = content
        .as_ref()
        .and_then(|content| text_of(content.get("symbol")))
        .or_else(|| text_of(object.get("symbol")))
        .unwrap_or_default();
    Ok(RawSignal {
        id: id(object.get("id")).ok_or("no id")?,
        kind: kind(object.get("type"))?,
        name,
        event_time: made(
            "createTime",
            object.get("createTime"),
            content.as_ref(),
            stamps,
        )?,
        received_time: None,
    })
}

/// A line of the bridge: the symbol is the first that is there of hint, content (three names) and raw message.
fn bridge_message(
    object: &Map<String, Value>,
    stamps: &mut StampReader,
) -> Result<RawSignal, String> {
    let inner = object.get("data");
    let raw = inner.and_then(|inner| inner.get("raw_message"));
    let content = match inner.and_then(|inner| inner.get("content")) {
        None => None,
        found => content_of(found)?,
    };
    let in_content = |key: &str| {
        let content = content.as_ref()?;
        text_of(content.get(key))
    };
    let hint = text_of(object.get("symbol_hint"));
    // A hint may also be the first word of a title; then it is no name, and the others are asked first.
    let title = text_of(object.get("title")).unwrap_or_default();
    let first_word = title.split_whitespace().next();
    let named = hint.as_deref().filter(|hint| first_word != Some(hint));
    let name = named
        .map(str::to_owned)
        .or_else(|| in_content("symbol"))
        .or_else(|| in_content("pair"))
        .or_else(|| in_content("symbolName"))
        .or_else(|| text_of(raw.and_then(|raw| raw.get("symbol"))))
        .or(hint)
        .unwrap_or_default();
    let stamp = object
        .get("created_time")
        .filter(|value| !value.is_null())
        .or_else(|| raw.and_then(|raw| raw.get("createTime")));
    Ok(RawSignal {
        id: id(object.get("message_id"))
            .or_else(|| id(raw.and_then(|raw| raw.get("id"))))
            .ok_or("no message_id")?,
        kind: kind(object.get("message_type"))?,
        name,
        event_time: made("created_time", stamp, content.as_ref(), stamps)?,
        received_time: None,
    })
}

/// An object with our own columns.
fn own_message(object: &Map<String, Value>, stamps: &mut StampReader) -> Result<RawSignal, String> {
    let received = object.get("received_time").filter(|value| !value.is_null());
    Ok(RawSignal {
        id: id(object.get("id")).ok_or("no id")?,
        kind: kind(object.get("type"))?,
        name: text_of(object.get("symbol")).ok_or("no symbol")?,
        event_time: time("event_time", object.get("event_time"), stamps)?,
        received_time: received
            .map(|value| time("received_time", Some(value), stamps))
            .transpose()?,
    })
}
