//! What is found out before a store is opened: the file's one name, the kept state.
//!
//! Not here: the checks of the file and of the chain (`file`, `index`).

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::journal::chain::of_bytes;
use crate::journal::error::JournalError;
use crate::journal::file;
use crate::journal::index::Checkpoint;

/// The same file under its one true name, so that two names of it are one lock.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, JournalError> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let missing = |_| JournalError::NoFolder {
        path: folder.to_owned(),
    };
    let real = folder.canonicalize().map_err(missing)?;
    let Some(name) = path.file_name() else {
        return Err(JournalError::Missing {
            path: path.to_owned(),
        });
    };
    Ok(real.join(name))
}

/// The state kept in the file, if it is the one the chain speaks of.
pub(super) fn kept_state(
    connection: &Connection,
    path: &Path,
    said: Option<Checkpoint>,
) -> Result<Option<Vec<u8>>, JournalError> {
    let wrong = |found: String| {
        Err(JournalError::State {
            path: path.to_owned(),
            found,
        })
    };
    let mut statement = connection
        .prepare("SELECT seq, bytes FROM state")
        .map_err(|error| file::damaged(path, &error))?;
    let kept: Vec<(i64, Vec<u8>)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(|error| file::damaged(path, &error))?;
    match (said, kept.into_iter().next()) {
        (None, None) => Ok(None),
        (Some(said), Some((seq, bytes))) => {
            if u64::try_from(seq) != Ok(said.seq) {
                return wrong(format!(
                    "it is of row {seq}, the chain's is of row {}",
                    said.seq
                ));
            }
            if of_bytes(&bytes) != said.hash {
                return wrong(format!("its bytes are not those of row {seq}"));
            }
            Ok(Some(bytes))
        }
        (None, Some((seq, _))) => wrong(format!("it is of row {seq}, the chain speaks of none")),
        (Some(said), None) => wrong(format!("the one of row {} is missing", said.seq)),
    }
}
