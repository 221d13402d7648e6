//! The two streams: results on stdout, talk on stderr; colour only where a person looks.
//!
//! Not here: progress of long work (`progress`), tables (`table`).
//! Invariant: a closed pipe ends the output, never the program with a panic.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use super::args::{Format, TalkArgs};
use super::failure::{self, Failure};

/// Where a command prints and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Whether a person looks at stderr.
    pub(super) watched: bool,
    /// How much is said, from 0; each `-v` adds one.
    pub(super) verbose: u8,
    quiet: bool,
    color: bool,
    format: Format,
}

impl Terminal {
    pub(super) fn new(talk: &TalkArgs, plain: bool) -> Self {
        let watched = io::stderr().is_terminal();
        Self {
            watched: watched && !talk.quiet,
            verbose: talk.verbose,
            quiet: talk.quiet,
            color: watched && !plain,
            format: talk.format,
        }
    }

    /// Whether results are wanted for a machine.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes a result to stdout.
    pub(super) fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Writes a JSON result to stdout.
    pub(super) fn print_json(&self, value: &serde_json::Value) -> io::Result<()> {
        self.print(&format!("{value:#}"))
    }

    /// Says something beside the result.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            self.to_stderr("", text);
        }
    }

    /// Says something for those who asked to hear more.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.say(text);
        }
    }

    /// Says something that should be known; also when quiet.
    pub(super) fn warn(&self, text: &str) {
        self.to_stderr(&self.paint("warning: ", "33"), text);
    }

    /// Says how a command failed.
    pub(super) fn fail(&self, failure: &Failure, error: &anyhow::Error) {
        let head = self.paint("error: ", "31");
        match failure {
            Failure::PipeClosed => {}
            Failure::Interrupted => {
                self.to_stderr(&head, "interrupted: nothing was left half-written")
            }
            Failure::Failed | Failure::Usage => self.to_stderr(&head, &failure::describe(error)),
        }
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.color {
            format!("\u{1b}[1;{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Text may quote a broken file: what would move the cursor or colour the screen is shown as a mark instead.
    fn to_stderr(self, head: &str, text: &str) {
        let tame = |letter: char| {
            let harmless = !letter.is_control() || matches!(letter, '\n' | '\t');
            if harmless { letter } else { '\u{fffd}' }
        };
        let text: String = text.chars().map(tame).collect();
        complain(&format!("{head}{text}"));
    }
}

/// Writes to stderr; a closed stderr has nobody to tell.
pub(super) fn complain(text: &str) {
    let _closed = writeln!(io::stderr().lock(), "{text}");
}

/// Text without line breaks or control characters, cut to what one line can hold.
pub(super) fn one_line(text: &str) -> String {
    const SHOWN: usize = 300;
    let mut line = String::new();
    for letter in text.chars().take(SHOWN) {
        if letter.is_control() {
            let _infallible = write!(line, " ");
        } else {
            line.push(letter);
        }
    }
    line
}
