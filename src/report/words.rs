//! Every text of the report in each of its languages: one table, in parts by what it speaks of.
//!
//! Not here: which text stands where (`html`, `panels`), numbers and times as text (`format`).
//! Invariant: names are unique; a text has the same places for values in all languages.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part of the table: `NAME: "English", "Chinese";` with `{0}`, `{1}` for values.
macro_rules! words {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(#[allow(missing_docs, reason = "the text says it")] pub const $name: $crate::report::words::Word = $crate::report::words::Word::new(stringify!($name), $en, $zh);)*
        /// All of this part.
        pub const ALL: &[$crate::report::words::Word] = &[$($name),*];
    };
}

pub mod about;
pub mod book;
pub mod chart;
pub mod compare;
pub mod costs;
pub mod data;
pub mod figures;
pub mod headline;
pub mod model;
pub mod panel;
pub mod reason;
pub mod sensitivity;
pub mod signals;
pub mod trades;
pub mod units;
pub mod why;

/// Languages of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese, simplified.
    Zh,
}

/// One text of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    name: &'static str,
    en: &'static str,
    zh: &'static str,
}

/// All parts of the table.
const PARTS: [&[Word]; 16] = [
    about::ALL,
    chart::ALL,
    book::ALL,
    compare::ALL,
    costs::ALL,
    data::ALL,
    figures::ALL,
    headline::ALL,
    model::ALL,
    panel::ALL,
    reason::ALL,
    sensitivity::ALL,
    signals::ALL,
    trades::ALL,
    units::ALL,
    why::ALL,
];

impl Word {
    /// A row of the table.
    #[must_use]
    pub const fn new(name: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { name, en, zh }
    }

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The text.
    #[must_use]
    pub const fn say(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }

    /// The text with its values.
    #[must_use]
    pub fn with(self, lang: Lang, values: &[&str]) -> String {
        let mut text = String::new();
        let mut rest = self.say(lang);
        // In one pass: a value that looks like a place stays as it is.
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (place, after) = after.split_once('}').unwrap_or((after, ""));
            let value = place
                .parse()
                .ok()
                .and_then(|place: usize| values.get(place));
            text.push_str(value.copied().unwrap_or_default());
            rest = after;
        }
        text + rest
    }

    /// A sentence that can be said in any language later.
    #[must_use]
    pub fn of(self, values: impl IntoIterator<Item = impl Into<Part>>) -> Phrase {
        Phrase {
            word: self,
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// The same without values.
    #[must_use]
    pub const fn alone(self) -> Phrase {
        Phrase {
            word: self,
            values: Vec::new(),
        }
    }

    /// The row of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        all().find(|word| word.name == name)
    }
}

/// The whole table.
pub fn all() -> impl Iterator<Item = Word> {
    PARTS.into_iter().flatten().copied()
}

/// A text of the table and its values: sayable in any language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    word: Word,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Part>,
}

/// A value of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// The same in all languages: numbers, names, times.
    Text(String),
    /// A text of the table.
    Phrase(Phrase),
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Part {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Phrase> for Part {
    fn from(phrase: Phrase) -> Self {
        Self::Phrase(phrase)
    }
}

impl Phrase {
    /// The sentence.
    #[must_use]
    pub fn say(&self, lang: Lang) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Phrase(phrase) => phrase.say(lang),
            })
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.word.with(lang, &values)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no text named '{name}'")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Places for values in a text.
    fn places(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for piece in text.split('{').skip(1) {
            found.extend(piece.split_once('}').map(|(place, _)| place.to_owned()));
        }
        found
    }

    #[test]
    fn the_table_is_complete_in_all_languages() {
        let mut names = BTreeSet::new();
        for word in all() {
            assert!(names.insert(word.name), "{} is there twice", word.name);
            assert!(!word.en.is_empty() && !word.zh.is_empty(), "{}", word.name);
            assert_eq!(places(word.en), places(word.zh), "{}", word.name);
        }
        println!("words: {} texts in two languages", names.len());
        assert!(!names.is_empty());
    }

    #[test]
    fn a_value_that_looks_like_a_place_stays() {
        let word = Word::new("X", "{0} of {1}", "{1} 中的 {0}");
        assert_eq!(word.with(Lang::Zh, &["{1}", "7"]), "7 中的 {1}");
    }
}
