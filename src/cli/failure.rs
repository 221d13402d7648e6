//! Failures become exit codes and text: 1 failed, 2 usage or configuration, 130 interrupted.
//!
//! Not here: the messages (each boundary has its own error type), printing (`terminal`).

use std::io;
use std::process::ExitCode;

use crate::settings::error::SettingsError;

/// How a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It could not be done.
    Failed,
    /// It was asked in a way that cannot be.
    Usage,
    /// The user stopped it.
    Interrupted,
    /// Nobody reads the output any more: no failure of ours, and nobody to tell.
    PipeClosed,
}

/// A request that the parser lets through and that still makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

impl Failure {
    /// What an error is to the caller; `canceled` says that the user asked to stop.
    pub(super) fn of(error: &anyhow::Error, canceled: bool) -> Self {
        let closed = error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
        let usage = error
            .chain()
            .any(|cause| cause.is::<SettingsError>() || cause.is::<UsageError>());
        if closed {
            Self::PipeClosed
        } else if canceled {
            Self::Interrupted
        } else if usage {
            Self::Usage
        } else {
            Self::Failed
        }
    }

    /// The exit code.
    pub(super) fn code(self) -> ExitCode {
        match self {
            Self::Failed => ExitCode::FAILURE,
            Self::Usage => ExitCode::from(2),
            Self::Interrupted => ExitCode::from(130),
            Self::PipeClosed => ExitCode::SUCCESS,
        }
    }
}

/// Help and version are no failures; everything else the parser refuses is wrong usage.
pub(super) fn usage_code(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

/// An error as text: its message, then each cause that the message does not already hold, then every hint.
pub(super) fn describe(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    let mut said = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let text = cause.to_string();
        if depth > 0 && said.contains(&text) {
            continue;
        }
        said.push_str(&text);
        // Several problems in one error keep each its hint beside it.
        if cause.is::<SettingsError>() {
            lines.push(text);
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            match line.strip_prefix("hint: ") {
                Some(_) => hints.push(line.to_owned()),
                None if depth > 0 && index == 0 => lines.push(format!("caused by: {line}")),
                None => lines.push(line.to_owned()),
            }
        }
    }
    lines.extend(hints);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_said_once_and_hints_come_last() {
        let low = io::Error::other("no space left\nhint: free some");
        let error = anyhow::Error::new(low).context("run folder: cannot be written");
        assert_eq!(
            describe(&error),
            "run folder: cannot be written\ncaused by: no space left\nhint: free some"
        );
        let same = anyhow::Error::new(io::Error::other("disk")).context("failed: disk");
        assert_eq!(describe(&same), "failed: disk");
    }
}
