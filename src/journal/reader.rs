//! A journal read back, row by row, each row checked against the chain; also while another process writes.
//!
//! Not here: what is made of the entries (`backtest`).
//! Invariant: nothing is handed out that was not proved by the chain, and nothing after the first row that is not.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::entry::{Entry, Recorded, kind};
use super::error::JournalError;
use super::file;
use super::index::{COLUMNS, Walk, unreadable};
use super::record;
use super::record::listing::Listing;
use crate::domain::time::Timestamp;

/// Rows fetched at a time. No transaction is held between two fetches, so a reader never keeps the writer's log from being
/// folded back into the file.
const FETCH: u32 = 1_000;

/// A journal open for reading.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
    header: file::Header,
    last: u64,
}

/// The entries of a journal as of its opening, in the order in which they were recorded. Ends after the first error.
#[derive(Debug)]
pub struct Entries {
    reader: Reader,
    walk: Walk,
    listing: Listing,
    ready: VecDeque<Result<Recorded, JournalError>>,
    over: bool,
}

/// The entries of a journal.
///
/// # Errors
/// When there is no journal of ours at the path.
pub fn read(path: &Path) -> Result<Entries, JournalError> {
    Reader::open(path).map(Reader::entries)
}

impl Reader {
    /// Opens a journal for reading.
    ///
    /// # Errors
    /// When there is no journal of ours at the path, or it is damaged.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let (connection, header) = file::open_to_read(path)?;
        let last: i64 = connection
            .query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| {
                row.get(0)
            })
            .map_err(|error| file::damaged(path, &error))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            header,
            last: u64::try_from(last).unwrap_or(0),
        })
    }

    /// `paper`, `testnet` or `live`.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.header.environment
    }

    /// The number of the last row, by the file's word: proved only by reading up to it.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last
    }

    /// All entries up to the last row.
    #[must_use]
    pub fn entries(self) -> Entries {
        Entries {
            walk: Walk::start(&self.header),
            listing: Listing::default(),
            ready: VecDeque::new(),
            over: false,
            reader: self,
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Recorded, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.over {
            let before = self.walk.seq;
            if let Err(error) = self.fetch() {
                self.ready.push_back(Err(error));
                self.over = true;
            } else if self.walk.seq == before {
                self.over = true;
            }
        }
        self.ready.pop_front()
    }
}

impl Entries {
    /// Fetches, checks and reads the next rows.
    fn fetch(&mut self) -> Result<(), JournalError> {
        let Self {
            reader,
            walk,
            listing,
            ready,
            ..
        } = self;
        let path = &reader.path;
        let failed = |error: rusqlite::Error| file::damaged(path, &error);
        let query = format!(
            "SELECT {COLUMNS} FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT {FETCH}"
        );
        let mut statement = reader.connection.prepare_cached(&query).map_err(failed)?;
        let bounds = [walk.seq, reader.last].map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
        let mut rows = statement.query(bounds).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let content = walk.step(path, row)?;
            if content.kind == kind::CHECKPOINT {
                continue;
            }
            let entry = record::read(content.kind, content.body, listing)
                .map_err(|wrong| unreadable(path, (walk.seq, content.kind), &wrong))?;
            if let Entry::Boot(boot) = &entry {
                let next = listing.continued(&boot.listing);
                *listing = next.map_err(|at| JournalError::Chain {
                    path: path.clone(),
                    seq: content.seq,
                    found: format!("contract {} of its listing is {}", at.place, at.found),
                })?;
            }
            ready.push_back(Ok(Recorded {
                seq: walk.seq,
                epoch: walk.epoch,
                at: Timestamp::from_millis(content.at),
                entry,
            }));
        }
        Ok(())
    }
}
