//! The values of a message: texts, ids, types, times.
//!
//! Not here: which keys they stand under (`feed`).

use std::sync::Arc;

use serde_json::Value;

use crate::domain::signal::SignalType;
use crate::domain::stamp::{StampError, StampReader};
use crate::domain::time::{EARLIEST, LATEST, Span, Timestamp};

/// How far the texts of `content.updateTime` are ahead of UTC.
const AHEAD: Span = Span::from_millis(8 * 3_600_000);

pub(super) fn content_of(content: Option<&Value>) -> Result<Option<Value>, String> {
    match content {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => serde_json::from_str(text)
            .map(Some)
            .map_err(|wrong| format!("'content' is no JSON: {wrong}")),
        Some(object) => Ok(Some(object.clone())),
    }
}

pub(super) fn text_of(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn id(value: Option<&Value>) -> Option<Arc<str>> {
    let value = value?;
    if let Some(number) = value.as_number() {
        return Some(Arc::from(number.to_string()));
    }
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| Arc::from(text))
}

pub(super) fn id_of(message: &Value) -> String {
    let found = id(message.get("id")).or_else(|| id(message.get("message_id")));
    found.map_or_else(|| "?".to_owned(), |id| id.chars().take(40).collect())
}

pub(super) fn kind(value: Option<&Value>) -> Result<SignalType, String> {
    let number = match value {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let number = number.and_then(|number| u16::try_from(number).ok());
    number
        .map(SignalType)
        .ok_or_else(|| format!("type: {} is not a type number", shown(value)))
}

/// When a message was made: its own time, else what its content says.
pub(super) fn made(
    name: &str,
    own: Option<&Value>,
    content: Option<&Value>,
    stamps: &mut StampReader,
) -> Result<Timestamp, String> {
    let own = own.filter(|value| !value.is_null());
    let updated = content.and_then(|content| content.get("updateTime"));
    match (own, updated) {
        (None, Some(Value::String(text))) => {
            // Text of the content is eight hours ahead of UTC (`valuescan.md` section 2) unless it names a zone. It
            // settles no form: it is not in the column of times.
            let (read, zoned) = Timestamp::parse_zoned(text)
                .ok_or_else(|| format!("content.updateTime: {} is not a time", shown(updated)))?;
            let instant = if zoned { read } else { read - AHEAD };
            let sane = (EARLIEST..LATEST).contains(&instant);
            sane.then_some(instant)
                .ok_or_else(|| format!("content.updateTime: {} is not of our time", shown(updated)))
        }
        (None, Some(number)) => time("content.updateTime", Some(number), &mut StampReader::new()),
        (own, _) => time(name, own, stamps),
    }
}

pub(super) fn time(
    name: &str,
    value: Option<&Value>,
    stamps: &mut StampReader,
) -> Result<Timestamp, String> {
    let read = match value {
        Some(Value::Number(number)) => match number.as_i64() {
            Some(number) => stamps.read_number(number),
            None => Err(StampError::NotATime(number.to_string())),
        },
        Some(Value::String(text)) => stamps.read(text),
        other => Err(StampError::NotATime(shown(other))),
    };
    read.map_err(|found| format!("{name}: {found}"))
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(
        || "nothing".to_owned(),
        |value| value.to_string().chars().take(40).collect(),
    )
}
