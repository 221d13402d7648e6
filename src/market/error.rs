//! What can be wrong with a file: one error for the whole boundary, with the place and the line shown.
//!
//! Not here: defects that are reported and lived with (`quality`).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What to do about a file with nothing in it.
pub(crate) const EMPTY: &str = "fetch or write the file again, or move it away";

/// A file or folder that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The system refused; giving the right to read, or another path, resolves it.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused to write; nothing was left behind.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the right to write there; nothing was left behind", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A zip, gzip or Parquet container is broken or cut off; fetching the file again resolves it.
    #[error("{}: damaged: {found}\nhint: fetch or write the file again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader met.
        found: String,
    },
    /// One line of a text file is wrong.
    #[error(transparent)]
    Row(Box<RowError>),
    /// The file as a whole is not what its place and name say.
    #[error("{}: {found}{}", path.display(), hint_line(hint))]
    Content {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What to do, if anything is known.
        hint: String,
    },
    /// Two recordings of one series contradict each other.
    #[error(transparent)]
    Conflict(Box<ConflictError>),
    /// A request that cannot be answered whatever the files hold.
    #[error("{what}{}", hint_line(hint))]
    Request {
        /// What is wrong with it.
        what: String,
        /// What to do.
        hint: String,
    },
}

/// One wrong line.
#[derive(Debug, PartialEq, Eq)]
pub struct RowError {
    /// The file.
    pub path: PathBuf,
    /// Line or row number, from 1.
    pub line: u64,
    /// Where in the line, in characters from 1; 0 is the line as a whole.
    pub column: usize,
    /// The line's start.
    pub shown: String,
    /// What was found.
    pub found: String,
    /// What to do; may be empty.
    pub hint: String,
}

/// Rows in which two recordings differ.
#[derive(Debug, PartialEq, Eq)]
pub struct ConflictError {
    /// For example `BTCUSDT 1m klines`.
    pub series: String,
    /// One recording.
    pub first: PathBuf,
    /// The other.
    pub second: PathBuf,
    /// How many rows differ.
    pub total: usize,
    /// The first few of them, both readings.
    pub rows: Vec<String>,
}

impl fmt::Display for RowError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.path.display(), self.line)?;
        if self.column > 0 {
            write!(out, ":{}", self.column)?;
        }
        write!(out, ": {}", self.found)?;
        if !self.shown.is_empty() {
            write!(out, "\n  | {}", self.shown)?;
        }
        write!(out, "{}", hint_line(&self.hint))
    }
}

impl fmt::Display for ConflictError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}: two recordings differ in {} rows: {} and {}",
            self.series,
            self.total,
            self.first.display(),
            self.second.display()
        )?;
        for row in &self.rows {
            write!(out, "\n  | {row}")?;
        }
        write!(
            out,
            "\nhint: keep the recording you trust in the data folder and move the other out"
        )
    }
}

impl std::error::Error for RowError {}
impl std::error::Error for ConflictError {}

impl MarketError {
    /// The whole file is not what it should be.
    pub(crate) fn content(path: &Path, found: impl Into<String>, hint: &str) -> Self {
        Self::Content {
            path: path.to_owned(),
            found: found.into(),
            hint: hint.to_owned(),
        }
    }

    /// The system refused to read.
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }

    /// The system refused to write.
    pub(crate) fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable {
            path: path.to_owned(),
            source,
        }
    }

    /// The error as the user sees it who asked for `place`, when the work was done in `work`.
    #[must_use]
    pub fn in_place_of(self, work: &Path, place: &Path) -> Self {
        match self {
            Self::Unwritable { path, source } => Self::Unwritable {
                path: path
                    .strip_prefix(work)
                    .map_or_else(|_| path.clone(), |inside| place.join(inside)),
                source,
            },
            other @ (Self::Unreadable { .. }
            | Self::Damaged { .. }
            | Self::Row(_)
            | Self::Content { .. }
            | Self::Conflict(_)
            | Self::Request { .. }) => other,
        }
    }

    /// The container is broken.
    pub(crate) fn damaged(path: &Path, found: impl fmt::Display) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            found: found.to_string(),
        }
    }
}

/// The start of a line as errors show it: printable, at most 160 characters.
pub(crate) fn shown(line: &[u8]) -> String {
    const SHOWN: usize = 160;
    let start = &line[..line.len().min(SHOWN * 4)];
    let text: String = String::from_utf8_lossy(start)
        .chars()
        .map(|letter| if letter.is_control() { '·' } else { letter })
        .take(SHOWN)
        .collect();
    let cut = text.len() < line.len() && text.chars().count() == SHOWN;
    if cut { format!("{text}…") } else { text }
}

/// The part of a document's line that an error points at, so that a document of one long line shows the place too.
#[must_use]
pub fn excerpt(text: &str, line: usize, column: usize) -> String {
    const BEFORE: usize = 80;
    const AFTER: usize = 40;
    let Some(line) = text.lines().nth(line.saturating_sub(1)) else {
        return String::new();
    };
    if line.len() <= BEFORE + AFTER {
        return shown(line.as_bytes());
    }
    let edge = |wanted: usize| {
        let near = wanted.min(line.len());
        (0..=near)
            .rev()
            .find(|at| line.is_char_boundary(*at))
            .unwrap_or(0)
    };
    let (from, to) = (edge(column.saturating_sub(BEFORE)), edge(column + AFTER));
    let head = if from > 0 { "…" } else { "" };
    let tail = if to < line.len() { "…" } else { "" };
    format!("{head}{}{tail}", shown(&line.as_bytes()[from..to]))
}

fn hint_line(hint: &str) -> String {
    if hint.is_empty() {
        String::new()
    } else {
        format!("\nhint: {hint}")
    }
}
