//! What can be wrong with configuration text, all of it at once.
//!
//! Not here: finding it (`layers`, `check`, `conflicts`).

use std::fmt;
use std::path::PathBuf;

use super::source::{Origin, Place};
use crate::domain::num::NumError;

/// Everything wrong with a configuration; never empty. Shown one problem after another, each with its place, its line
/// and what to do.
#[derive(Debug)]
pub struct SettingsError {
    /// The problems in order of layer and place.
    pub problems: Vec<Problem>,
}

/// One thing wrong, and where.
#[derive(Debug)]
pub struct Problem {
    /// The text concerned, if there is one.
    pub place: Option<Place>,
    /// What is wrong.
    pub cause: Cause,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A file cannot be read; naming another or mending its rights resolves it.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is larger than any configuration.
    #[error("{}: is larger than {limit} bytes, so it is no configuration", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// The text is no TOML.
    #[error("{message}")]
    Syntax {
        /// The parser's words.
        message: String,
    },
    /// `--set` without a key or a value.
    #[error("'{text}' is not of the form section.key=value")]
    NotAnAssignment {
        /// What was typed.
        text: String,
    },
    /// A variable that is no text.
    #[error("the value is not UTF-8 text")]
    NotText,
    /// A key nobody reads.
    #[error("unknown key '{key}'")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// Something secret where it would be copied into every run folder. The value is never part of the message.
    #[error("'{key}' looks like a secret, and secrets do not belong into configuration")]
    Secret {
        /// The key.
        key: String,
    },
    /// A value of another kind than the key's.
    #[error("'{key}' takes {expected}, found {found}")]
    WrongKind {
        /// The key.
        key: String,
        /// What it takes.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A number that cannot be held exactly.
    #[error("'{key}': {source}")]
    Number {
        /// The key.
        key: String,
        /// Why.
        source: NumError,
    },
    /// A value outside what it can be.
    #[error("'{key}' is {found}, and must be {rule}")]
    Range {
        /// The key.
        key: String,
        /// The value.
        found: String,
        /// Its range in words.
        rule: String,
    },
    /// A word that is none of the key's.
    #[error("'{key}' is '{found}', and must be one of: {choices}")]
    Choice {
        /// The key.
        key: String,
        /// The word.
        found: String,
        /// The words it can be.
        choices: String,
    },
    /// Values that cannot hold together.
    #[error("{text}")]
    Conflict {
        /// Which, and why.
        text: String,
    },
}

impl SettingsError {
    /// Puts the problems into the order of layers and places.
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        let order = |problem: &Problem| -> (Origin, (usize, usize)) {
            problem
                .place
                .as_ref()
                .map_or((Origin::Default, (0, 0)), |place| {
                    (place.origin().clone(), place.line_column())
                })
        };
        problems.sort_by_cached_key(order);
        Self { problems }
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                out.write_str("\n\n")?;
            }
            problem.fmt(out)?;
        }
        if self.problems.len() > 1 {
            write!(
                out,
                "\n\n{} problems in the configuration",
                self.problems.len()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(out, "{place}: ")?;
        }
        self.cause.fmt(out)?;
        let hidden = matches!(self.cause, Cause::Secret { .. })
            || matches!(self.cause, Cause::Syntax { .. })
                && self.place.as_ref().is_some_and(Place::source_looks_secret);
        if !hidden && let Some(excerpt) = self.place.as_ref().and_then(Place::excerpt) {
            write!(out, "\n{excerpt}")?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
