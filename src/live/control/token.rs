//! The token of the control port: made once from the system's randomness, kept in a file of its owner alone.
//!
//! Not here: who must show it (`door`).
//! Invariants: the file is never readable by others, not for a moment; it holds a whole token or is not there; errors
//! never quote it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::live::intake::secret::Secret;

/// Random bytes of a token: 256 bit.
const BYTES: usize = 32;
/// Hex digits of the shortest token that is taken: 128 bit.
const DIGITS_MIN: usize = 32;
/// and of the longest.
const DIGITS_MAX: usize = 256;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Nothing is there.
    #[error(
        "{path}: no token is there\nhint: sim paper makes it beside its journal when it starts: ask in the folder it runs in, with its -c and --set"
    )]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{path}: {source}\nhint: ask as the user that sim paper runs as")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path}: {found}\nhint: remove it and start sim paper again: it makes a new one")]
    NotOne {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: &'static str,
    },
    /// A new one cannot be made or written.
    #[error(
        "{path}: the token cannot be made: {source}\nhint: may sim paper write into this folder?"
    )]
    Make {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Reads a token.
///
/// # Errors
/// When the file is absent, cannot be read, is open to others or holds no token.
pub fn read(path: &Path) -> Result<Secret, TokenError> {
    let failed = |source: io::Error| {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            TokenError::Absent { path }
        } else {
            TokenError::Read { path, source }
        }
    };
    let not_one = |found| TokenError::NotOne {
        path: path.to_owned(),
        found,
    };
    // Opening something else, such as a pipe, could wait for ever.
    let kind = std::fs::symlink_metadata(path).map_err(failed)?;
    if !kind.is_file() {
        return Err(not_one("not a file"));
    }
    let file = File::open(path).map_err(failed)?;
    if is_open_to_others(&file).map_err(failed)? {
        return Err(not_one("others may read this token"));
    }
    let mut text = Vec::new();
    let most = u64::try_from(DIGITS_MAX).unwrap_or(u64::MAX) + 2;
    file.take(most).read_to_end(&mut text).map_err(failed)?;
    let digits = text.trim_ascii();
    let fits = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len());
    if !fits || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(not_one("holds no token"));
    }
    Ok(Secret::new(digits.to_vec()))
}

/// The token of a file; made, or made anew, when there is no good one.
///
/// # Errors
/// When it can be neither read nor made.
pub(super) fn keep(path: &Path) -> Result<Secret, TokenError> {
    match read(path) {
        Ok(token) => return Ok(token),
        Err(TokenError::Absent { .. }) => {}
        Err(error @ TokenError::NotOne { .. }) if path.is_file() => {
            tracing::warn!(%error, "the control port's token is made anew");
        }
        Err(error) => return Err(error),
    }
    let failed = |source: io::Error| TokenError::Make {
        path: path.to_owned(),
        source,
    };
    let token = random().map_err(failed)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // Made for its owner alone, then moved to its place: never half there, never open.
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    file.write_all(&token).map_err(failed)?;
    file.write_all(b"\n").map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(Secret::new(token))
}

/// Hex digits from the system's source of randomness.
fn random() -> io::Result<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let digits = |byte: &u8| {
        [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]
    };
    Ok(bytes.iter().flat_map(digits).collect())
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Elsewhere rights are no numbers, and the folder of the user guards the file.
#[cfg(not(unix))]
fn is_open_to_others(_file: &File) -> io::Result<bool> {
    Ok(false)
}
