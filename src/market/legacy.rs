//! The original program's SQLite file of processed messages (`valuescan.md` section 4): the only history that its users
//! have, with both clocks.
//!
//! Not here: other tables of signals (`signals`). The file is opened for reading alone.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::domain::stamp::StampReader;

use super::error::MarketError;
use super::signals::{SignalTable, row_error, signal_of};

/// Columns of the original's table, in the order of ours.
const NAMES: [&str; 5] = [
    "message_id",
    "message_type",
    "symbol",
    "created_time",
    "processed_time",
];
/// What to expect, for errors.
const KNOWN: &str = "expected the original program's table processed_messages, with message_id, message_type and \
    created_time in every row";

/// Whether a file begins like an SQLite database.
///
/// # Errors
/// When it cannot be read.
pub fn is_sqlite(path: &Path) -> Result<bool, MarketError> {
    let mut head = [0; 16];
    let mut file = File::open(path).map_err(|wrong| MarketError::unreadable(path, wrong))?;
    match file.read_exact(&mut head) {
        Ok(()) => Ok(&head == b"SQLite format 3\0"),
        Err(wrong) if wrong.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(wrong) => Err(MarketError::unreadable(path, wrong)),
    }
}

/// Reads the original's database (`valuescan.md` section 4), without changing it. Its receipt times are whole seconds.
///
/// # Errors
/// When it is no such database or a row is wrong.
pub fn read(path: &Path) -> Result<SignalTable, MarketError> {
    let damaged = |wrong: rusqlite::Error| MarketError::damaged(path, wrong);
    let base = open(path).map_err(damaged)?;
    let query = "SELECT message_id, message_type, symbol, created_time, processed_time \
                 FROM processed_messages ORDER BY created_time, message_id";
    let mut statement = base
        .prepare(query)
        .map_err(|wrong| MarketError::content(path, wrong.to_string(), KNOWN))?;
    let mut rows = statement.query([]).map_err(damaged)?;
    let mut table = SignalTable::default();
    let (mut created, mut processed) = (StampReader::new(), StampReader::new());
    let mut number = 0;
    while let Some(row) = rows.next().map_err(damaged)? {
        let mut texts: [Option<String>; 5] = [const { None }; 5];
        for (index, text) in texts.iter_mut().enumerate() {
            *text = sql_text(row.get_ref(index).map_err(damaged)?);
        }
        let wrong = |(field, found): (usize, String)| {
            row_error(path, number, &format!("{}: {found}", NAMES[field]), KNOWN)
        };
        // A notice without a coin is a message too; the run says so of it.
        texts[2].get_or_insert_default();
        let [id, kind, symbol, event, received] = texts.each_ref().map(Option::as_deref);
        let mut signal = signal_of([id, kind, symbol, event, None], &mut created).map_err(wrong)?;
        signal.received_time = match received {
            None => None,
            Some(text) => Some(
                processed
                    .read(text)
                    .map_err(|found| wrong((4, found.to_string())))?,
            ),
        };
        table.signals.push(signal);
        number += 1;
    }
    table.finish(path, &created)
}

/// Opens a database for reading. One without a log beside it holds everything itself and is read as a file that nobody
/// writes: else SQLite would leave files of its own beside a database in write-ahead mode.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Connection::open_with_flags(path, flags);
    }
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
}

fn sql_text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).trim().to_owned())
        }
    }
}
