//! Where a piece of configuration text came from: the layer, the line, the column, and the line itself.
//!
//! Not here: what the text means (`layers`, `check`).
//! Invariant: a line that may hold a secret is never shown.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A layer of configuration, lowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in: `config/default.toml`.
    Default,
    /// A file named with `-c`.
    File(PathBuf),
    /// An environment variable, by its name.
    Environment(String),
    /// The command line, as typed up to the value: `--set exits.stop_pct` or `--balance`.
    Flag(String),
}

/// One piece of configuration text.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) text: String,
}

/// A stretch of configuration text.
#[derive(Clone, Debug)]
pub struct Place {
    source: Arc<Source>,
    span: Range<usize>,
}

/// Words whose keys hold what must not be in configuration.
const SECRET_WORDS: [&str; 8] = [
    "secret",
    "token",
    "password",
    "passphrase",
    "passwd",
    "apikey",
    "credential",
    "bearer",
];

/// Whether a name or a line looks as if it held a secret.
pub(super) fn looks_secret(text: &str) -> bool {
    let lower = text.to_lowercase();
    let squeezed: String = lower
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .collect();
    SECRET_WORDS.iter().any(|word| squeezed.contains(word))
        || lower
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|word| word == "key" || word == "keys")
}

impl Place {
    pub(super) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            span,
        }
    }

    /// The whole of a source.
    pub(super) fn all(source: &Arc<Source>) -> Self {
        Self::new(source, 0..source.text.len())
    }

    /// The layer.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.source.origin
    }

    /// Line and column, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.before();
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(1, |rest| rest.chars().count() + 1);
        (line, column)
    }

    /// The line with a mark under the place, two lines of text. `None` for text without lines worth showing and for
    /// anything that may hold a secret.
    #[must_use]
    pub fn excerpt(&self) -> Option<String> {
        const SHOWN: usize = 160;
        if !matches!(self.source.origin, Origin::File(_)) {
            return None;
        }
        let (number, column) = self.line_column();
        let line = self.source.text.lines().nth(number - 1)?;
        if looks_secret(line) || line.trim().is_empty() || line.chars().count() > SHOWN {
            return None;
        }
        let marked = self.source.text.get(self.span.clone()).unwrap_or("");
        let width = marked.lines().next().unwrap_or("").chars().count().max(1);
        let gutter = number.to_string();
        Some(format!(
            "  {gutter} | {line}\n  {:pad$} | {:indent$}{}",
            "",
            "",
            "^".repeat(width),
            pad = gutter.len(),
            indent = column - 1,
        ))
    }

    /// Whether the source, anywhere, names something secret: a broken file may show the wrong line.
    pub(super) fn source_looks_secret(&self) -> bool {
        self.source.text.lines().any(looks_secret)
    }

    fn before(&self) -> &str {
        let end = self.span.start.min(self.source.text.len());
        self.source.text.get(..end).unwrap_or("")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        match &self.source.origin {
            Origin::File(path) => write!(out, "{}:{line}:{column}", path.display()),
            other @ (Origin::Default | Origin::Environment(_) | Origin::Flag(_)) => other.fmt(out),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Environment(name) => write!(out, "environment {name}"),
            Self::Flag(flag) => out.write_str(flag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_point_at_their_line() {
        let source = Arc::new(Source {
            origin: Origin::File(PathBuf::from("a.toml")),
            text: "[exits]\nstöp = 3 # µ\n".to_owned(),
        });
        let start = source.text.find('3').unwrap();
        let place = Place::new(&source, start..start + 1);
        assert_eq!(place.to_string(), "a.toml:2:8");
        assert_eq!(
            place.excerpt().unwrap(),
            "  2 | stöp = 3 # µ\n    |        ^"
        );
    }

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            "key",
            "api_key",
            "apiKey",
            "API-KEY",
            "binance.api_secret",
            "accessToken",
            "x_token",
            "password",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["monkey", "exits.stop_pct", "keyboard", "market_qty_max"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
