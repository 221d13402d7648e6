//! The SQLite file: made, opened, its header and its soundness checked.
//!
//! Not here: what its rows say (`index`, `reader`), who may write it (`lock`).
//! Invariant: a file under a journal's name was complete from its first moment: it is made under another name first.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

use super::chain::{self, Hash};
use super::entry::Environment;
use super::error::JournalError;
use super::lock::beside;

/// Version of tables and texts.
pub(super) const SCHEMA: i64 = 1;
/// Marks the file as ours: `CFJ1`.
const APPLICATION: i64 = 0x4346_4a31;
/// From here on SQLite does not lose committed rows when a checkpoint meets a writer.
const SQLITE_MIN: i32 = 3_051_003;

const TABLES: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    environment TEXT NOT NULL,
    created INTEGER
) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    prev BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
";

/// What the header of a journal says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) environment: String,
    /// The stamp of the first row; `None` before there is one.
    pub(super) created: Option<i64>,
}

impl Header {
    /// The hash the first row follows from.
    pub(super) fn genesis(&self) -> Hash {
        chain::genesis(SCHEMA, &self.environment)
    }
}

/// What SQLite said, as an error of ours.
pub(super) fn fault(path: &Path, what: &'static str, error: &Error) -> JournalError {
    let path = path.to_owned();
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            JournalError::ReadOnly { path, detail }
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => JournalError::Damaged {
            path,
            found: detail,
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            JournalError::Locked { path, pid: None }
        }
        _ => JournalError::Io { path, what, detail },
    }
}

/// Refuses an SQLite with a known fault.
pub(super) fn check_sqlite() -> Result<(), JournalError> {
    if rusqlite::version_number() >= SQLITE_MIN {
        return Ok(());
    }
    Err(JournalError::OldSqlite {
        found: rusqlite::version().to_owned(),
    })
}

/// Makes an empty journal, complete under its name or not there at all.
pub(super) fn create(path: &Path, environment: Environment) -> Result<(), JournalError> {
    if beside(path, "-wal").exists() {
        return Err(JournalError::Damaged {
            path: path.to_owned(),
            found: "its -wal file is here, the journal itself is not".to_owned(),
        });
    }
    let new = beside(path, ".new");
    for ending in ["", "-wal", "-shm", "-journal"] {
        // Left by a crash while one was made; nothing was ever recorded in it.
        let _was_there = fs::remove_file(beside(&new, ending));
    }
    let failed = |error: &Error| fault(path, "making the journal", error);
    let connection = Connection::open(&new).map_err(|error| failed(&error))?;
    let fill = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("BEGIN")?;
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", SCHEMA)?;
        connection.execute_batch(TABLES)?;
        connection.execute(
            "INSERT INTO meta (id, environment) VALUES (1, ?1)",
            [environment.name()],
        )?;
        connection.execute_batch("COMMIT")
    };
    fill().map_err(|error| failed(&error))?;
    connection.close().map_err(|(_, error)| failed(&error))?;
    let io = |error: std::io::Error| JournalError::Io {
        path: path.to_owned(),
        what: "making the journal",
        detail: error.to_string(),
    };
    fs::rename(&new, path).map_err(io)?;
    sync_folder(path).map_err(io)
}

/// Makes a new name in a folder survive a power loss.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}

/// Opens an existing journal for writing.
pub(super) fn open_to_write(path: &Path) -> Result<(Connection, Header), JournalError> {
    let (connection, header) = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error: &Error| fault(path, "opening the journal", error);
    // SQLite falls back to reading without saying so.
    if connection
        .is_readonly("main")
        .map_err(|error| failed(&error))?
    {
        return Err(JournalError::ReadOnly {
            path: path.to_owned(),
            detail: "the file may only be read".to_owned(),
        });
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|error| failed(&error))?;
    if mode != "wal" {
        return Err(JournalError::ReadOnly {
            path: path.to_owned(),
            detail: format!("journal mode is '{mode}', a write-ahead log is needed"),
        });
    }
    connection
        .pragma_update(None, "synchronous", "full")
        .map_err(|error| failed(&error))?;
    Ok((connection, header))
}

/// Opens an existing journal for reading, also while another process writes it.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, Header), JournalError> {
    check_sqlite()?;
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, flags: OpenFlags) -> Result<(Connection, Header), JournalError> {
    check_place(path)?;
    let failed = |error: &Error| fault(path, "opening the journal", error);
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| failed(&error))?;
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .map_err(|error| failed(&error))?;
    let pragma = |name| -> Result<i64, JournalError> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|error| failed(&error))
    };
    let (application, schema) = (pragma("application_id")?, pragma("user_version")?);
    if application != APPLICATION {
        return Err(JournalError::Foreign {
            path: path.to_owned(),
            found: format!("an SQLite file of another program (application id {application})"),
        });
    }
    if schema > SCHEMA {
        return Err(JournalError::Newer {
            path: path.to_owned(),
            found: schema,
            known: SCHEMA,
        });
    }
    if schema < SCHEMA {
        return Err(JournalError::Damaged {
            path: path.to_owned(),
            found: format!("schema {schema} was never written by any version"),
        });
    }
    let header = connection
        .query_row(
            "SELECT environment, created FROM meta WHERE id = 1",
            [],
            |row| {
                Ok(Header {
                    environment: row.get(0)?,
                    created: row.get(1)?,
                })
            },
        )
        .map_err(|error| damaged(path, &error))?;
    Ok((connection, header))
}

/// An empty file is what is left of a journal, never a new one.
fn check_place(path: &Path) -> Result<(), JournalError> {
    let Ok(file) = fs::metadata(path) else {
        return Err(JournalError::Missing {
            path: path.to_owned(),
        });
    };
    let found = if file.is_dir() {
        "a folder, not a file"
    } else if file.len() == 0 {
        "it is empty"
    } else {
        return Ok(());
    };
    Err(JournalError::Damaged {
        path: path.to_owned(),
        found: found.to_owned(),
    })
}

/// An error while reading what every journal has: unless the system failed, the file is damaged.
pub(super) fn damaged(path: &Path, error: &Error) -> JournalError {
    let fault = fault(path, "reading the journal", error);
    if matches!(fault, JournalError::Io { .. }) && !is_io(error) {
        return JournalError::Damaged {
            path: path.to_owned(),
            found: error.to_string(),
        };
    }
    fault
}

fn is_io(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

/// SQLite's own look at pages and tables.
pub(super) fn quick_check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let said: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(path, &error))?;
    if said == "ok" {
        return Ok(());
    }
    Err(JournalError::Damaged {
        path: path.to_owned(),
        found: said,
    })
}
