//! Reads single values: exact numbers with their range, words, lists; collects every problem instead of the first.
//!
//! Not here: which keys make which object (`check`), rules between keys (`conflicts`).
//! Invariant: a number goes from its text to fixed point without a float between. Where a value is wrong a stand-in is
//! handed out, and whatever was built from it is thrown away because `problems` is not empty.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::error::{Cause, Problem};
use super::layers::Raw;
use super::names;
use super::parse::{Item, Value};
use super::source::Place;
use crate::domain::num::{Money, NumError, Qty, Rate, parse_steps};
use crate::domain::time::Span;

/// What a value may be, in words and as a test.
pub(super) struct Rule<T> {
    pub(super) words: &'static str,
    pub(super) holds: fn(T) -> bool,
}

/// What a value is called in a complaint: put into words only when there is one.
#[derive(Clone, Copy)]
pub(super) enum Name<'n> {
    /// A key.
    Key(&'n str),
    /// A row of a list, by its position from 0.
    Row(&'n str, usize),
    /// A field of a row.
    Field(&'n str, usize, &'n str),
}

impl<'n> From<&'n str> for Name<'n> {
    fn from(key: &'n str) -> Self {
        Self::Key(key)
    }
}

impl Name<'_> {
    pub(super) const fn key(&self) -> &str {
        match self {
            Self::Key(key) | Self::Row(key, _) | Self::Field(key, _, _) => key,
        }
    }
}

impl fmt::Display for Name<'_> {
    /// Rows are counted from 1, as people do.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => out.write_str(key),
            Self::Row(key, index) => write!(out, "{key}[{}]", index + 1),
            Self::Field(key, index, field) => write!(out, "{key}[{}].{field}", index + 1),
        }
    }
}

/// Takes values out of the raw layers.
pub(super) struct Reader<'a> {
    raw: &'a Raw,
    pub(super) problems: Vec<Problem>,
    /// How values are written when they are resolved; `None` when nobody asks.
    canonical: Option<BTreeMap<String, String>>,
    /// Values in place of the raw ones.
    laid: &'a [(String, Item)],
    wrong: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(raw: &'a Raw, problems: Vec<Problem>) -> Self {
        Self {
            raw,
            problems,
            canonical: Some(BTreeMap::new()),
            laid: &[],
            wrong: BTreeSet::new(),
        }
    }

    /// Reads with some values in place of others, without taking note of how they are written: half of the work.
    pub(super) fn quiet(raw: &'a Raw, laid: &'a [(String, Item)]) -> Self {
        Self {
            canonical: None,
            laid,
            ..Self::new(raw, Vec::new())
        }
    }

    /// Takes note of how a value is written.
    pub(super) fn note(&mut self, key: &str, written: impl FnOnce() -> String) {
        if let Some(canonical) = &mut self.canonical {
            canonical.insert(key.to_owned(), written());
        }
    }

    /// Percent as a plain fraction.
    pub(super) fn percent(&mut self, key: &str, rule: &Rule<Rate>) -> Rate {
        self.scalar(key, &|text| percent(text), rule, &|rate| rate.percent())
    }

    /// Basis points as a plain fraction.
    pub(super) fn bps(&mut self, key: &str, rule: &Rule<Rate>) -> Rate {
        let show = |rate: Rate| Rate::from_steps(rate.steps() * 10_000).to_string();
        let read = |text: &str| scaled(text, Rate::from_bps, "0.0001");
        self.scalar(key, &read, rule, &show)
    }

    /// A plain fraction.
    pub(super) fn fraction(&mut self, key: &str, rule: &Rule<Rate>) -> Rate {
        self.scalar(key, &|text| Ok(text.parse()?), rule, &|rate: Rate| {
            rate.to_string()
        })
    }

    /// An amount of USDT.
    pub(super) fn money(&mut self, key: &str, rule: &Rule<Money>) -> Money {
        self.scalar(key, &|text| Ok(text.parse()?), rule, &|money: Money| {
            money.to_string()
        })
    }

    /// A quantity.
    pub(super) fn qty(&mut self, key: &str, rule: &Rule<Qty>) -> Qty {
        self.scalar(key, &|text| Ok(text.parse()?), rule, &|qty: Qty| {
            qty.to_string()
        })
    }

    /// Seconds, to the millisecond.
    pub(super) fn seconds(&mut self, key: &str, rule: &Rule<Span>) -> Span {
        self.span(key, rule, 1000, "0.001")
    }

    /// Whole milliseconds.
    pub(super) fn millis(&mut self, key: &str, rule: &Rule<Span>) -> Span {
        self.span(key, rule, 1, "1")
    }

    /// A whole number.
    pub(super) fn integer(&mut self, key: &str, rule: &Rule<u64>) -> u64 {
        let read = |text: &str| {
            text.parse::<u64>()
                .map_err(|_| Misread::Rule("a whole number, 0 or above"))
        };
        self.scalar(key, &read, rule, &|number: u64| number.to_string())
    }

    fn span(&mut self, key: &str, rule: &Rule<Span>, scale: i64, finest: &'static str) -> Span {
        let unit = crate::domain::num::UNIT / scale;
        let read = |text: &str| {
            let steps = parse_steps(text)?;
            if steps % unit == 0 {
                Ok(Span::from_millis(steps / unit))
            } else {
                Err(Misread::TooFine(finest))
            }
        };
        let show = |span: Span| Rate::from_steps(span.millis() * unit).to_string();
        self.scalar(key, &read, rule, &show)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let item = self.item(key);
        let found = match &item.value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) => text.parse().ok(),
            Value::Number(_) | Value::List(_) | Value::Table(_) => None,
        };
        if found.is_none() {
            self.wrong_kind(key, item, "true or false");
        }
        let flag = found.unwrap_or_default();
        self.note(key, || flag.to_string());
        flag
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> T {
        let item = self.item(key);
        let mut chosen = choices[0];
        match &item.value {
            Value::Text(text) => match choices.iter().find(|(word, _)| word == text) {
                Some(found) => chosen = *found,
                None => self.wrong_choice(key, item, text, choices),
            },
            Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Table(_) => {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                self.wrong_kind(key, item, &format!("one of: {}", words.join(", ")));
            }
        }
        self.note(key, || quoted(chosen.0));
        chosen.1
    }

    fn wrong_choice<T>(&mut self, key: &str, item: &Item, found: &str, choices: &[(&str, T)]) {
        const SHOWN: usize = 40;
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let near = names::nearest(&found.to_lowercase(), words.iter().copied());
        self.complain(
            Name::Key(key),
            &item.place,
            Cause::Choice {
                key: key.to_owned(),
                found: found.chars().take(SHOWN).collect(),
                choices: words.join(", "),
            },
            near.map(|word| format!("did you mean '{word}'?")),
        );
    }

    /// `auto` as `None`, or what `read` makes of the text; `words` say what that is.
    pub(super) fn auto<T: Copy>(
        &mut self,
        key: &str,
        words: &'static str,
        read: fn(&str) -> Option<T>,
        show: fn(T) -> String,
    ) -> Option<T> {
        let item = self.item(key);
        let text = match &item.value {
            Value::Text(text) | Value::Number(text) => text.as_str(),
            Value::Bool(_) | Value::List(_) | Value::Table(_) => "",
        };
        let value = if text == "auto" { None } else { read(text) };
        if value.is_none() && text != "auto" {
            self.wrong_kind(key, item, &format!("'auto' or {words}"));
        }
        self.note(key, || {
            quoted(&value.map_or_else(|| "auto".to_owned(), show))
        });
        value
    }

    fn scalar<T: Copy + Default>(
        &mut self,
        key: &str,
        read: &dyn Fn(&str) -> Result<T, Misread>,
        rule: &Rule<T>,
        show: &dyn Fn(T) -> String,
    ) -> T {
        let item = self.item(key);
        let value = self
            .number(Name::Key(key), item, read, rule)
            .unwrap_or_default();
        self.note(key, || show(value));
        value
    }

    pub(super) fn number<T: Copy>(
        &mut self,
        name: Name<'_>,
        item: &Item,
        read: &dyn Fn(&str) -> Result<T, Misread>,
        rule: &Rule<T>,
    ) -> Option<T> {
        let text = match &item.value {
            Value::Number(text) | Value::Text(text) => text,
            Value::Bool(_) | Value::List(_) | Value::Table(_) => {
                self.wrong_kind(name, item, "a number");
                return None;
            }
        };
        let ruled = |words: &str| Cause::Range {
            key: name.to_string(),
            found: item.value.describe(),
            rule: words.to_owned(),
        };
        let cause = match read(text) {
            Ok(value) if (rule.holds)(value) => return Some(value),
            Ok(_) => ruled(rule.words),
            Err(Misread::Rule(words)) => ruled(words),
            Err(Misread::TooFine(finest)) => ruled(&format!("no finer than {finest}")),
            Err(Misread::Number(source)) => Cause::Number {
                key: name.to_string(),
                source,
            },
        };
        self.complain(name, &item.place, cause, None);
        None
    }

    /// The value of a key as it is written when it is resolved.
    pub(super) fn written(&self, key: &str) -> &str {
        let written = self.canonical.as_ref().and_then(|all| all.get(key));
        written.map_or("", String::as_str)
    }

    /// All values as they are written when they are resolved.
    pub(super) fn into_canonical(self) -> BTreeMap<String, String> {
        self.canonical.unwrap_or_default()
    }

    /// Refuses values that cannot hold together, unless one of them is wrong by itself already.
    pub(super) fn conflict(
        &mut self,
        keys: &[&str],
        text: impl fmt::Display,
        hint: impl fmt::Display,
    ) {
        if keys.iter().any(|key| self.wrong.contains(*key)) {
            return;
        }
        // The place shown is the one typed last in the order of layers: it is the one to mend.
        let place = keys
            .iter()
            .filter_map(|key| self.raw.items.get(*key))
            .map(|item| &item.place)
            .max_by_key(|place| place.origin().clone())
            .cloned();
        self.problems.push(Problem {
            place,
            cause: Cause::Conflict {
                text: text.to_string(),
            },
            hint: Some(hint.to_string()),
        });
    }

    pub(super) fn wrong_kind<'n>(
        &mut self,
        name: impl Into<Name<'n>>,
        item: &Item,
        expected: &str,
    ) {
        let name = name.into();
        let cause = Cause::WrongKind {
            key: name.to_string(),
            expected: expected.to_owned(),
            found: item.value.describe(),
        };
        self.complain(name, &item.place, cause, None);
    }

    fn complain(&mut self, name: Name<'_>, place: &Place, cause: Cause, hint: Option<String>) {
        self.mark(name.key());
        self.problems.push(Problem {
            place: Some(place.clone()),
            cause,
            hint,
        });
    }

    /// A key whose value is wrong by itself.
    pub(super) fn mark(&mut self, key: &str) {
        self.wrong.insert(key.to_owned());
    }

    pub(super) fn item(&self, key: &str) -> &'a Item {
        if let Some((_, item)) = self.laid.iter().find(|(laid, _)| laid == key) {
            return item;
        }
        self.raw.items.get(key).expect(
            "invariant: every key that is read is in config/default.toml, a test reads them all",
        )
    }
}

/// Why a text is not the number wanted.
pub(super) enum Misread {
    Number(NumError),
    TooFine(&'static str),
    Rule(&'static str),
}

impl From<NumError> for Misread {
    fn from(error: NumError) -> Self {
        Self::Number(error)
    }
}

/// Percent text as a plain fraction.
pub(super) fn percent(text: &str) -> Result<Rate, Misread> {
    scaled(text, Rate::from_percent, "0.000001")
}

fn scaled(
    text: &str,
    read: fn(&str) -> Result<Rate, NumError>,
    finest: &'static str,
) -> Result<Rate, Misread> {
    read(text).map_err(|error| match error {
        NumError::TooFine(_) => Misread::TooFine(finest),
        NumError::NotANumber(_)
        | NumError::TooLarge(_)
        | NumError::NotPositive(_)
        | NumError::Negative(_) => Misread::Number(error),
    })
}

/// Text as TOML writes it; what is written here holds no quotes or escapes.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
