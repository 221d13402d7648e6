//! One writer per journal: a lock file beside it, held for the life of the process.
//!
//! Not here: SQLite's own locks, which let a second writer in between two transactions. The lock is on a file of its own
//! because closing any handle of the journal itself would drop SQLite's locks with it. The file stays when its owner ends:
//! removing it could take away the lock of the next one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::error::JournalError;

/// The held lock; dropping it (or dying) lets the next one in.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// Let go in words: a process that was just split off this one shares the lock until it becomes another program, and closing our
/// handle alone would leave it held for that moment.
impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file follows, which lets go as well.
        let _released = self.file.unlock();
    }
}

/// `journal.db` → `journal.db.lock`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl Lock {
    /// Takes the lock of a journal.
    ///
    /// # Errors
    /// When another process holds it, or the folder cannot be written.
    pub(super) fn take(journal: &Path) -> Result<Self, JournalError> {
        let path = beside(journal, ".lock");
        let failed = |error: std::io::Error| JournalError::ReadOnly {
            path: journal.to_owned(),
            detail: format!("{}: {error}", path.display()),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who holds it is a courtesy: the refusal stands without it.
                let read = Read::take(&file, 20).read_to_string(&mut text);
                return Err(JournalError::Locked {
                    path: journal.to_owned(),
                    pid: read.ok().and_then(|_| text.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // A full disk must not keep the journal from being opened, so the name of the owner may be missing.
        let _courtesy = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}
