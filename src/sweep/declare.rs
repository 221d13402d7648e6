//! The file a space is declared in: text becomes parameters, predicates and what trials are judged by.
//!
//! Not here: what a space does (`space`, `method`), what judging means (`objective`).
//! Invariant: a space that is returned has parameters, each of at least one value that its key takes.

mod predicates;
mod ranges;

use std::path::Path;

use crate::settings::error::{Cause, Problem, SettingsError};
use crate::settings::names;
use crate::settings::overlay::Base;
use crate::settings::parse::{Field, Item, Value, document};
use crate::settings::source::Place;
use crate::settings::{self, live, validation};
use crate::sweep::space::{Parameter, Space};

/// Keys of the file.
const KEYS: [&str; 7] = [
    "schema_version",
    "batch",
    "objective",
    "constraints",
    "trades_min",
    "where",
    "parameters",
];
/// Keys of a parameter.
const FIELDS: [&str; 8] = [
    "values", "choices", "from", "to", "step", "kind", "decimals", "name",
];
/// Kinds of a range without a step.
const KINDS: [&str; 3] = ["integer", "real", "log"];
/// Keys whose value no trial depends on, why, and what to do: every trial would be run again and count as another one.
const IDLE: [(&str, &str, &str); 4] = [
    (
        live::SECTION,
        "says how a strategy is run on live prices, and changes no trial",
        "take it out",
    ),
    (
        "schema_version",
        "is the form of the file, not a setting of a run",
        "take it out",
    ),
    (
        validation::SECTION,
        "says how the best of all trials is judged, and changes no trial",
        "take it out, and give the whole sweep one value in a file with -c or with --set",
    ),
    (
        settings::SEED,
        "decides which points are drawn and how the best is judged, and changes no trial",
        "take it out, and give the whole sweep one seed with --seed",
    ),
];

/// A whole file.
#[derive(Clone, Debug)]
pub struct Declared {
    /// What is varied.
    pub space: Space,
    /// `batch`.
    pub batch: Option<u64>,
    /// `objective`, as it was typed; of a list, with commas between.
    pub objective: Option<String>,
    /// `constraints`, as they were typed.
    pub constraints: Vec<String>,
    /// `trades_min`.
    pub trades_min: Option<u64>,
}

/// Collects problems while reading.
struct Declarer<'a> {
    base: &'a Base,
    problems: Vec<Problem>,
}

/// Reads the file of a space that varies `base`.
///
/// # Errors
/// Every problem found, each with its place.
pub fn declare(path: &Path, base: &Base) -> Result<Declared, SettingsError> {
    let fields = document(path)?;
    let mut declarer = Declarer {
        base,
        problems: Vec::new(),
    };
    let declared = declarer.file(path, &fields);
    if declarer.problems.is_empty() {
        Ok(declared)
    } else {
        Err(SettingsError::new(declarer.problems))
    }
}

/// A problem in words.
fn problem(place: Option<&Place>, text: String, hint: &str) -> Problem {
    Problem {
        place: place.cloned(),
        cause: Cause::Conflict { text },
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    }
}

impl Declarer<'_> {
    fn wrong(&mut self, place: &Place, text: impl Into<String>, hint: &str) {
        self.problems.push(problem(Some(place), text.into(), hint));
    }

    fn file(&mut self, path: &Path, fields: &[Field]) -> Declared {
        let mut declared = Declared {
            space: Space {
                parameters: Vec::new(),
                predicates: Vec::new(),
            },
            batch: None,
            objective: None,
            constraints: Vec::new(),
            trades_min: None,
        };
        let mut predicates = None;
        for field in fields {
            let item = &field.item;
            match field.name.as_str() {
                "schema_version" => {
                    if !matches!(&item.value, Value::Number(text) if text == "1") {
                        self.wrong(&item.place, "'schema_version' is not 1", "");
                    }
                }
                "batch" => declared.batch = self.whole(&field.name, item),
                "objective" => declared.objective = self.objectives(&field.name, item),
                "constraints" => declared.constraints = self.lines(&field.name, item),
                "where" => predicates = Some(item),
                "trades_min" => declared.trades_min = self.whole(&field.name, item),
                "parameters" => declared.space.parameters = self.parameters(item),
                _ => self.unknown(field, &KEYS),
            }
        }
        if let Some(item) = predicates {
            declared.space.predicates = self.predicates(item, &declared.space.parameters);
        }
        if declared.space.parameters.is_empty() && self.problems.is_empty() {
            let text = format!(
                "{}: declares no parameters, so there is nothing to try",
                path.display()
            );
            let hint = "for example, below a line [parameters]: \"exits.stop_pct\" = { from = 1, to = 5, step = 0.5 }";
            self.problems.push(problem(None, text, hint));
        }
        declared
    }

    fn unknown(&mut self, field: &Field, known: &[&str]) {
        let near = names::nearest(&field.name, known.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.problems.push(Problem {
            place: Some(field.place.clone()),
            cause: Cause::UnknownKey {
                key: field.name.clone(),
            },
            hint: Some(hint),
        });
    }

    fn wrong_kind(&mut self, name: &str, item: &Item, expected: &str) {
        self.problems.push(Problem {
            place: Some(item.place.clone()),
            cause: Cause::WrongKind {
                key: name.to_owned(),
                expected: expected.to_owned(),
                found: item.value.describe(),
            },
            hint: None,
        });
    }

    fn text(&mut self, name: &str, item: &Item) -> Option<String> {
        if let Value::Text(text) = &item.value {
            return Some(text.clone());
        }
        self.wrong_kind(name, item, "text in quotes");
        None
    }

    /// One text, or a list of them.
    fn objectives(&mut self, name: &str, item: &Item) -> Option<String> {
        match &item.value {
            Value::List(items) if items.is_empty() => {
                self.wrong(
                    &item.place,
                    "'objective' names no figure",
                    "leave it out for sharpe",
                );
                None
            }
            Value::List(_) => Some(self.lines(name, item).join(", ")),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Table(_) => {
                self.text(name, item)
            }
        }
    }

    fn whole(&mut self, name: &str, item: &Item) -> Option<u64> {
        let found = match &item.value {
            Value::Number(text) => text.parse().ok(),
            Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Table(_) => None,
        };
        if found.is_none() {
            self.wrong_kind(name, item, "a whole number");
        }
        found
    }

    fn lines(&mut self, name: &str, item: &Item) -> Vec<String> {
        let Value::List(items) = &item.value else {
            self.wrong_kind(name, item, "a list of texts");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|each| self.text(name, each))
            .collect()
    }

    /// The parameters in the order they stand in the file, whichever way their keys are grouped.
    fn parameters(&mut self, item: &Item) -> Vec<Parameter> {
        let Value::Table(fields) = &item.value else {
            self.wrong_kind("parameters", item, "a section of keys, as [parameters]");
            return Vec::new();
        };
        let mut found = Vec::new();
        flatten("", fields, &mut found);
        found.sort_by_key(|(_, field)| field.place.line_column());
        let mut parameters: Vec<Parameter> = Vec::new();
        for (path, field) in found {
            let Some(parameter) = self.parameter(&path, field) else {
                continue;
            };
            let clash = |earlier: &&Parameter| {
                earlier.slot.overlaps(&parameter.slot) || earlier.name == parameter.name
            };
            match parameters.iter().find(clash) {
                Some(earlier) => {
                    let text = format!(
                        "'{path}' and '{}' are the same, or parts of each other",
                        earlier.slot
                    );
                    self.wrong(&field.place, text, "vary each value once, under one name");
                }
                None => parameters.push(parameter),
            }
        }
        parameters
    }
}

/// Ranges below their whole paths: `exits.stop_pct = …` is `exits` holding `stop_pct` to TOML.
fn flatten<'a>(prefix: &str, fields: &'a [Field], found: &mut Vec<(String, &'a Field)>) {
    for field in fields {
        let path = if prefix.is_empty() {
            field.name.clone()
        } else {
            format!("{prefix}.{}", field.name)
        };
        if let Value::Table(inner) = &field.item.value
            && !inner
                .iter()
                .any(|each| FIELDS.contains(&each.name.as_str()))
        {
            flatten(&path, inner, found);
        } else {
            found.push((path, field));
        }
    }
}

fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Item> {
    fields
        .iter()
        .find(|each| each.name == name)
        .map(|each| &each.item)
}

/// A value as TOML writes it, words without quotes.
fn typed(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Number(text) | Value::Text(text) => text.clone(),
        Value::List(items) => {
            let parts: Vec<String> = items.iter().map(|item| typed(&item.value)).collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Table(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|field| format!("{} = {}", field.name, typed(&field.item.value)))
                .collect();
            format!("{{ {} }}", parts.join(", "))
        }
    }
}
