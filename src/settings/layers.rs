//! Layers of configuration text become one value per key, each knowing where it was typed.
//!
//! Not here: what a value means (`check`). Defaults < files in order < environment < command line.
//! Invariants: the keys of `config/default.toml` are all the keys there are; numbers stay the text they were typed as
//! until they are read exactly; nothing here ends up in a message if its key looks like a secret.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::environment::{PREFIX, Variable};
use super::error::{Cause, Problem};
use super::names;
use super::parse::{Field, Item, Value, convert, parse, source};
use super::source::{Origin, Place, looks_secret};

/// The defaults, commented: the single source of what a key is when nobody sets it.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Most bytes of one configuration file; a longer one is a mistake.
const FILE_LIMIT: u64 = 1 << 20;

/// What lies above the defaults, lowest first.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Files named with `-c`; a later one wins.
    pub files: Vec<PathBuf>,
    /// Variables whose names begin with `SIM__`, as [`super::environment::variables`] gives them.
    pub environment: Vec<Variable>,
    /// Arguments of `--set`: `section.key=value`.
    pub sets: Vec<String>,
    /// Flags with a key of their own, such as `--balance`.
    pub flags: Vec<FlagValue>,
}

/// A command-line flag that stands for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagValue {
    /// As typed: `--balance`.
    pub flag: &'static str,
    /// The key it sets: `account.balance_usdt`.
    pub key: &'static str,
    /// What was typed after it.
    pub value: String,
}

/// One value per key.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    /// Keys in the order of the defaults.
    pub(super) order: Vec<String>,
    pub(super) items: BTreeMap<String, Item>,
}

/// Lays all layers over the defaults.
pub(super) fn gather(layers: &Layers, problems: &mut Vec<Problem>) -> Raw {
    let mut raw = defaults();
    for path in &layers.files {
        match read(path) {
            Ok(text) => raw.lay_file(path, text, problems),
            Err(cause) => problems.push(Problem {
                place: None,
                cause,
                hint: None,
            }),
        }
    }
    for (name, value) in &layers.environment {
        let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
        let origin = Origin::Environment(name.clone());
        match value {
            Some(value) => raw.lay_value(&key, origin, value, problems),
            None => problems.push(Problem {
                place: Some(Place::all(&source(origin, String::new()))),
                cause: Cause::NotText,
                hint: None,
            }),
        }
    }
    for set in &layers.sets {
        match set.split_once('=') {
            Some((key, value)) => {
                let key = key.trim();
                raw.lay_value(key, Origin::Flag(format!("--set {key}")), value, problems);
            }
            None => problems.push(not_an_assignment(set)),
        }
    }
    for given in &layers.flags {
        let origin = Origin::Flag(given.flag.to_owned());
        raw.lay_value(given.key, origin, &given.value, problems);
    }
    raw
}

/// One file's text over the defaults.
pub(super) fn gather_text(name: &Path, text: &str, problems: &mut Vec<Problem>) -> Raw {
    let mut raw = defaults();
    raw.lay_file(name, text.to_owned(), problems);
    raw
}

fn defaults() -> Raw {
    let source = source(Origin::Default, DEFAULTS.to_owned());
    let fields = parse(&source).expect("invariant: a test parses config/default.toml");
    let mut raw = Raw {
        order: Vec::new(),
        items: BTreeMap::new(),
    };
    raw.flatten("", fields);
    raw
}

fn not_an_assignment(set: &str) -> Problem {
    const SHOWN: usize = 40;
    let text = if looks_secret(set) {
        "(not shown)".to_owned()
    } else {
        set.chars().take(SHOWN).collect()
    };
    Problem {
        place: Some(Place::all(&source(
            Origin::Flag("--set".to_owned()),
            String::new(),
        ))),
        cause: Cause::NotAnAssignment { text },
        hint: Some("for example --set exits.stop_pct=2".to_owned()),
    }
}

/// The text of a configuration file.
pub(super) fn read(path: &Path) -> Result<String, Cause> {
    let unreadable = |source| Cause::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(Cause::TooLong {
            path: path.to_owned(),
            limit: FILE_LIMIT,
        });
    }
    String::from_utf8(bytes)
        .map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))
}

impl Raw {
    /// Whether a path names a group of keys.
    fn is_section(&self, path: &str) -> bool {
        self.order.iter().any(|key| {
            key.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('.'))
        })
    }

    fn flatten(&mut self, prefix: &str, fields: Vec<Field>) {
        for field in fields {
            let path = join(prefix, &field.name);
            match field.item.value {
                Value::Table(inner) => self.flatten(&path, inner),
                Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                    self.order.push(path.clone());
                    self.items.insert(path, field.item);
                }
            }
        }
    }

    fn lay_file(&mut self, path: &Path, text: String, problems: &mut Vec<Problem>) {
        let source = source(Origin::File(path.to_owned()), text);
        match parse(&source) {
            Ok(fields) => self.lay_fields("", fields, problems),
            Err(syntax) => problems.extend(syntax),
        }
    }

    fn lay_value(&mut self, path: &str, origin: Origin, text: &str, problems: &mut Vec<Problem>) {
        let source = source(origin, text.trim().to_owned());
        let place = Place::all(&source);
        let value = match DeValue::parse(&source.text) {
            Ok(value) => convert(value.get_ref(), &source),
            // A bare word is text: nobody wants to quote quotes in a shell.
            Err(error) if source.text.starts_with(['[', '{', '"', '\'']) => {
                problems.push(Problem {
                    place: Some(place),
                    cause: Cause::Syntax {
                        message: error.message().replace('\n', ", "),
                    },
                    hint: None,
                });
                return;
            }
            Err(_) => Value::Text(source.text.clone()),
        };
        let item = Item {
            value,
            place: place.clone(),
        };
        self.lay(path.to_owned(), place, item, problems);
    }

    fn lay_fields(&mut self, prefix: &str, fields: Vec<Field>, problems: &mut Vec<Problem>) {
        for field in fields {
            self.lay(join(prefix, &field.name), field.place, field.item, problems);
        }
    }

    fn lay(&mut self, path: String, place: Place, item: Item, problems: &mut Vec<Problem>) {
        if looks_secret(&path) {
            problems.push(secret(path, place));
            return;
        }
        if let Some(known) = self.items.get_mut(&path) {
            *known = item;
            return;
        }
        let section = self.is_section(&path);
        match item.value {
            Value::Table(fields) if section => self.lay_fields(&path, fields, problems),
            _ if section => problems.push(Problem {
                cause: Cause::WrongKind {
                    expected: format!("a section of keys, such as [{path}]"),
                    found: item.value.describe(),
                    key: path,
                },
                place: Some(item.place),
                hint: None,
            }),
            value @ (Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Table(_)) => {
                problems.push(unknown(&path, place, &self.order));
                secrets_within(&path, &value, problems);
            }
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// The problem of a key nobody reads.
pub(super) fn unknown(path: &str, place: Place, known: &[String]) -> Problem {
    if looks_secret(path) {
        return secret(path.to_owned(), place);
    }
    let hint = names::hint(path, place.origin(), known);
    Problem {
        place: Some(place),
        cause: Cause::UnknownKey {
            key: path.to_owned(),
        },
        hint: Some(hint),
    }
}

fn secret(key: String, place: Place) -> Problem {
    Problem {
        place: Some(place),
        cause: Cause::Secret { key },
        hint: Some(
            "take it out: a run copies its configuration into the run folder, and this program needs no key or \
             password for what it reads"
                .to_owned(),
        ),
    }
}

fn secrets_within(path: &str, value: &Value, problems: &mut Vec<Problem>) {
    match value {
        Value::Table(fields) => {
            for field in fields {
                let inner = join(path, &field.name);
                if looks_secret(&field.name) {
                    problems.push(secret(inner, field.place.clone()));
                } else {
                    secrets_within(&inner, &field.item.value, problems);
                }
            }
        }
        Value::List(items) => {
            for item in items {
                secrets_within(path, &item.value, problems);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}
