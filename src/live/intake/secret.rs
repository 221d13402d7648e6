//! A secret from a file that its owner alone can read.
//!
//! Not here: what is done with it (`mac`), the feed's token (`poll`).
//! Invariant: its bytes leave only through [`Secret::bytes`]; printed it is `***`, and errors never quote the file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::config::IntakeError;
use super::limits::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};

/// A key shared with senders; the file's text without white space around it.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes bytes as they are.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or it holds fewer than [`SECRET_BYTES_MIN`] bytes.
    pub fn read(path: &Path) -> Result<Self, IntakeError> {
        let wrong = |found: String, hint| IntakeError::Secret {
            path: path.to_owned(),
            found,
            hint,
        };
        const MAKE: &str = "make one with: (umask 077; head -c 32 /dev/urandom | base64 > FILE)";
        let file = File::open(path).map_err(|error| wrong(error.to_string(), MAKE))?;
        if let Some(mode) = open_to_others(&file).map_err(|error| wrong(error.to_string(), MAKE))? {
            let found = format!("others may read this secret (mode {mode:o})");
            return Err(wrong(found, "take their rights away: chmod 600 FILE"));
        }
        let text = read_bounded(file).map_err(|error| wrong(error.to_string(), MAKE))?;
        let bytes = text.trim_ascii();
        if bytes.len() < SECRET_BYTES_MIN {
            let found = format!(
                "a secret of {} bytes, fewer than {SECRET_BYTES_MIN}",
                bytes.len()
            );
            return Err(wrong(found, MAKE));
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// A whole file of bounded length.
pub(super) fn read_bounded(file: File) -> io::Result<Vec<u8>> {
    let most = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > SECRET_BYTES_MAX {
        return Err(io::Error::other("too large for what it should hold"));
    }
    Ok(bytes)
}

/// The rights of a file when the group or everybody has any.
#[cfg(unix)]
pub(super) fn open_to_others(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// Elsewhere rights are no numbers, and the folder of the user guards the file.
#[cfg(not(unix))]
pub(super) fn open_to_others(_file: &File) -> io::Result<Option<u32>> {
    Ok(None)
}
