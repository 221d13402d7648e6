//! A line, or one entry of a document, becomes a message, or a reason why it is none.
//!
//! Not here: the formats (`signal::feed`), what the runner makes of a message.
//! Invariant: whatever the bytes, the answer is a message or a [`Bad`]; depth is bounded before anything recurses over
//! a value (the parser refuses beyond 128 levels by itself).

use std::str;
use std::sync::Arc;

use serde_json::Value;

use super::SourceName;
use super::count::Count;
use super::limits::{DEPTH, ID_BYTES, KEYS, NAME_BYTES};
use crate::domain::signal::RawSignal;
use crate::domain::stamp::StampReader;
use crate::signal::feed;

/// A message that can go to the runner.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) message: RawSignal,
    /// Whether the sender waits for an answer.
    pub(super) ack: bool,
    /// Whether it says that a person sent it.
    pub(super) hand: bool,
}

/// Input that is no message.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    /// What is counted.
    pub(super) count: Count,
    /// The reason, in words, for an answer and the log.
    pub(super) found: String,
    /// Its id, as far as it can be told.
    pub(super) id: Option<Arc<str>>,
    /// Whether the sender waits for an answer.
    pub(super) ack: bool,
}

impl Bad {
    pub(super) fn new(count: Count, found: &str) -> Self {
        Self {
            count,
            found: found.to_owned(),
            id: None,
            ack: false,
        }
    }

    /// A line beyond the limit, of which the start is there.
    pub(super) fn too_long(start: &[u8]) -> Self {
        let found = format!("longer than {} bytes", super::limits::LINE_BYTES);
        Self {
            ack: asks_for_ack(start),
            ..Self::new(Count::Oversize, &found)
        }
    }

    /// One word for the answer, and what was found.
    pub(super) fn reason(&self) -> String {
        let name = self.count.name();
        let detailed = matches!(
            self.count,
            Count::NotJson | Count::NotAMessage | Count::BadName | Count::UnknownType
        );
        if detailed {
            format!("{name}: {}", self.found)
        } else {
            name.to_owned()
        }
    }
}

impl Good {
    /// The source, or the person who used it.
    pub(super) const fn source(&self, way: SourceName) -> SourceName {
        if self.hand { SourceName::Hand } else { way }
    }
}

/// Reads a line.
pub(super) fn read_line(line: &[u8]) -> Result<Good, Bad> {
    let value = json(line).map_err(|bad| Bad {
        ack: asks_for_ack(line),
        ..bad
    })?;
    read_value(&value)
}

/// Reads bytes as JSON that is not nested too deeply; keys are not counted yet.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Bad> {
    let text =
        str::from_utf8(bytes).map_err(|_| Bad::new(Count::InvalidUtf8, "not strictly UTF-8"))?;
    parse(text)
}

fn parse(text: &str) -> Result<Value, Bad> {
    serde_json::from_str(text).map_err(|wrong| {
        let words = wrong.to_string();
        if words.starts_with("recursion limit exceeded") {
            Bad::new(Count::TooDeep, "nested beyond 128 levels")
        } else {
            Bad::new(Count::NotJson, &words)
        }
    })
}

/// Reads a message that has been parsed.
pub(super) fn read_value(value: &Value) -> Result<Good, Bad> {
    let ack = value.get("ack").and_then(Value::as_bool).unwrap_or(false);
    let hand = value.get("sender").and_then(Value::as_str) == Some("hand");
    let bad = |bad: Bad| Bad {
        id: feed::message_id(value).filter(|id| fits(id, ID_BYTES)),
        ack,
        ..bad
    };
    measure(value).map_err(bad)?;
    let read = feed::message(value, &mut StampReader::new())
        .map_err(|found| bad(Bad::new(Count::NotAMessage, &found)))?;
    let message = judge(read).map_err(bad)?;
    Ok(Good { message, ack, hand })
}

/// What can be said of a message without knowing anything but the feed.
fn judge(message: RawSignal) -> Result<RawSignal, Bad> {
    if !feed::is_known_type(message.kind) {
        let found = format!("{} is no type of the feed", message.kind.0);
        return Err(Bad::new(Count::UnknownType, &found));
    }
    if !fits(&message.id, ID_BYTES) {
        return Err(Bad::new(
            Count::BadName,
            "the id is too long or not printable",
        ));
    }
    if message.name.is_empty() && message.kind.can_trade() {
        return Err(Bad::new(Count::BadName, "no symbol"));
    }
    if !fits(&message.name, NAME_BYTES) {
        let found = "the symbol is too long or not printable";
        return Err(Bad::new(Count::BadName, found));
    }
    Ok(RawSignal {
        received_time: None,
        ..message
    })
}

fn fits(name: &str, bytes: usize) -> bool {
    name.len() <= bytes && !name.chars().any(char::is_control)
}

/// Depth and keys of a message, and of the JSON that it holds as text.
fn measure(value: &Value) -> Result<(), Bad> {
    let mut keys = 0;
    within(value, DEPTH, &mut keys)?;
    let inner = value.get("data");
    let raw = inner.and_then(|inner| inner.get("raw_message"));
    let contents = [
        value.get("content"),
        inner.and_then(|inner| inner.get("content")),
        raw.and_then(|raw| raw.get("content")),
    ];
    for text in contents.into_iter().flatten().filter_map(Value::as_str) {
        if text.trim().is_empty() {
            continue;
        }
        let content = parse(text).map_err(|bad| {
            if bad.count != Count::NotJson {
                return bad;
            }
            let found = format!("'content' is no JSON: {}", bad.found);
            Bad::new(Count::NotAMessage, &found)
        })?;
        within(&content, DEPTH, &mut keys)?;
    }
    Ok(())
}

fn within(value: &Value, levels: usize, keys: &mut usize) -> Result<(), Bad> {
    let inner: &mut dyn Iterator<Item = &Value> = match value {
        Value::Array(list) => &mut list.iter(),
        Value::Object(map) => {
            *keys += map.len();
            &mut map.values()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Ok(()),
    };
    if *keys > KEYS {
        let found = format!("more than {KEYS} keys");
        return Err(Bad::new(Count::TooManyKeys, &found));
    }
    let Some(below) = levels.checked_sub(1) else {
        let found = format!("nested beyond {DEPTH} levels");
        return Err(Bad::new(Count::TooDeep, &found));
    };
    for part in inner {
        within(part, below, keys)?;
    }
    Ok(())
}

/// Whether a line that cannot be read looks like one whose sender waits: better one answer too many than a sender that
/// waits for nothing.
fn asks_for_ack(line: &[u8]) -> bool {
    const KEY: &[u8] = b"\"ack\"";
    let Some(at) = line.windows(KEY.len()).position(|part| part == KEY) else {
        return false;
    };
    let letters: Vec<u8> = line[at + KEY.len()..]
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(5)
        .collect();
    letters == b":true"
}
