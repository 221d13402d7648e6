//! TOML text becomes values that remember where they stand and how their numbers were typed.
//!
//! Not here: which keys there are (`layers`), what a value means (`reader`).

use std::path::Path;
use std::sync::Arc;

use toml::de::{DeArray, DeTable, DeValue};

use super::error::{Cause, Problem, SettingsError};
use super::layers::read;
use super::source::{Origin, Place, Source};

/// A value and where it was typed.
#[derive(Clone, Debug)]
pub struct Item {
    /// What was typed.
    pub value: Value,
    /// Where.
    pub place: Place,
}

/// A value before anyone knows what it means.
#[derive(Clone, Debug)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was typed.
    Number(String),
    /// Text, without its quotes.
    Text(String),
    /// A list.
    List(Vec<Item>),
    /// A group of keys.
    Table(Vec<Field>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key.
    pub name: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub item: Item,
}

impl Value {
    /// The kind and, where it is short, the value.
    #[must_use]
    pub fn describe(&self) -> String {
        const SHOWN: usize = 40;
        match self {
            Self::Bool(flag) => flag.to_string(),
            Self::Number(text) => text.chars().take(SHOWN).collect(),
            Self::Text(text) => {
                format!(
                    "the text '{}'",
                    text.chars().take(SHOWN).collect::<String>()
                )
            }
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a group of keys".to_owned(),
        }
    }
}

/// A whole file as the fields at its top, in the order they were typed.
///
/// # Errors
/// When it cannot be read or is no TOML.
pub fn document(path: &Path) -> Result<Vec<Field>, SettingsError> {
    let alone = |cause| {
        SettingsError::new(vec![Problem {
            place: None,
            cause,
            hint: None,
        }])
    };
    let text = read(path).map_err(alone)?;
    parse(&source(Origin::File(path.to_owned()), text)).map_err(SettingsError::new)
}

/// A piece of text to be read.
pub(super) fn source(origin: Origin, text: String) -> Arc<Source> {
    Arc::new(Source { origin, text })
}

/// Parses a whole document; its fields in the order they were typed.
pub(super) fn parse(source: &Arc<Source>) -> Result<Vec<Field>, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Ok(fields(table.get_ref(), source));
    }
    Err(errors
        .iter()
        .map(|error| Problem {
            place: Some(Place::new(source, error.span().unwrap_or(0..0))),
            cause: Cause::Syntax {
                message: error.message().replace('\n', ", "),
            },
            hint: None,
        })
        .collect())
}

fn fields(table: &DeTable<'_>, source: &Arc<Source>) -> Vec<Field> {
    let mut fields: Vec<(usize, Field)> = table
        .iter()
        .map(|(key, value)| {
            let field = Field {
                name: key.get_ref().to_string(),
                place: Place::new(source, key.span()),
                item: Item {
                    value: convert(value.get_ref(), source),
                    place: Place::new(source, value.span()),
                },
            };
            (key.span().start, field)
        })
        .collect();
    fields.sort_by_key(|(start, _)| *start);
    fields.into_iter().map(|(_, field)| field).collect()
}

pub(super) fn convert(value: &DeValue<'_>, source: &Arc<Source>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(number.to_string()),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(items) => Value::List(elements(items, source)),
        DeValue::Table(table) => Value::Table(fields(table, source)),
    }
}

fn elements(items: &DeArray<'_>, source: &Arc<Source>) -> Vec<Item> {
    items
        .iter()
        .map(|item| Item {
            value: convert(item.get_ref(), source),
            place: Place::new(source, item.span()),
        })
        .collect()
}
