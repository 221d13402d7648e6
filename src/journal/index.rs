//! What is known of a journal without looking at its rows again: the end of the chain, the contracts, the signals taken.
//!
//! Not here: how rows are fetched (`store`, `reader`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::chain::{Content, Hash, link, of_bytes};
use super::entry::{Entry, Recorded, kind};
use super::error::JournalError;
use super::file::{self, Header};
use super::record;
use super::record::listing::Listing;
use super::record::text::Unread;
use crate::domain::event::Event;
use crate::domain::time::Timestamp;

/// The columns of a row, in the order in which they are asked for.
pub(super) const COLUMNS: &str = "seq, epoch, at_ms, kind, body, prev, hash";

/// The place on the chain up to which it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) seq: u64,
    pub(super) epoch: u64,
    pub(super) head: Hash,
}

/// A kept state the chain speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) seq: u64,
    pub(super) bytes: u64,
    pub(super) hash: Hash,
}

/// Everything remembered of the rows.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) walk: Walk,
    pub(super) listing: Listing,
    pub(super) checkpoint: Option<Checkpoint>,
    seen: Seen,
    /// Signals taken that the trader has not heard, by id.
    waiting: BTreeMap<String, Recorded>,
}

/// Content hashes of all signals ever taken, by the first half of the hash of their id: 48 bytes of contents, with the table's
/// slack between 56 and 112 bytes of memory for each id, however long it is.
// Only asked for an id, never walked: its order cannot leak.
type Seen = HashMap<[u8; 16], Hash>;

fn short(id: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&of_bytes(id.as_bytes())[..16]);
    half
}

impl Walk {
    pub(super) fn start(header: &Header) -> Self {
        Self {
            seq: 0,
            epoch: 0,
            head: header.genesis(),
        }
    }

    /// Takes the next row if it follows from the one before.
    pub(super) fn step<'row>(
        &mut self,
        path: &Path,
        row: &'row rusqlite::Row<'_>,
    ) -> Result<Content<'row>, JournalError> {
        let expected = i64::try_from(self.seq + 1).unwrap_or(i64::MAX);
        let broken = |found: &str| JournalError::Chain {
            path: path.to_owned(),
            seq: expected,
            found: found.to_owned(),
        };
        let content = content(row).ok_or_else(|| broken("a column has another type"))?;
        if content.seq != expected {
            return Err(broken(&format!("row {} stands in its place", content.seq)));
        }
        let epoch = i64::try_from(self.epoch).unwrap_or(i64::MAX);
        let begins = content.kind == kind::BOOT;
        if content.epoch != epoch + i64::from(begins) {
            return Err(broken(&format!(
                "epoch {} after epoch {epoch}",
                content.epoch
            )));
        }
        if blob(row, 5) != Some(&self.head[..]) {
            return Err(broken("it names another row as the one before it"));
        }
        let hash = link(&self.head, &content);
        if blob(row, 6) != Some(&hash[..]) {
            return Err(broken("its content is not what its hash says"));
        }
        self.head = hash;
        self.seq += 1;
        self.epoch += u64::from(begins);
        Ok(content)
    }
}

fn content<'row>(row: &'row rusqlite::Row<'_>) -> Option<Content<'row>> {
    let number = |place| match row.get_ref(place) {
        Ok(ValueRef::Integer(number)) => Some(number),
        _ => None,
    };
    let text = |place| match row.get_ref(place) {
        Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    Some(Content {
        seq: number(0)?,
        epoch: number(1)?,
        at: number(2)?,
        kind: text(3)?,
        body: text(4)?,
    })
}

fn blob<'row>(row: &'row rusqlite::Row<'_>, place: usize) -> Option<&'row [u8]> {
    match row.get_ref(place) {
        Ok(ValueRef::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}

/// An entry that cannot be read although the chain is sound.
pub(super) fn unreadable(path: &Path, (seq, kind): (u64, &str), wrong: &Unread) -> JournalError {
    JournalError::Unreadable {
        path: path.to_owned(),
        seq,
        kind: kind.to_owned(),
        found: format!("{} (byte {} of its text)", wrong.what, wrong.at),
    }
}

impl Index {
    /// Walks the whole chain.
    ///
    /// # Errors
    /// At the first row that does not follow from the one before.
    pub(super) fn load(
        connection: &Connection,
        path: &Path,
        header: &Header,
    ) -> Result<Self, JournalError> {
        let mut index = Self {
            walk: Walk::start(header),
            listing: Listing::default(),
            checkpoint: None,
            seen: Seen::new(),
            waiting: BTreeMap::new(),
        };
        let failed = |error: rusqlite::Error| file::damaged(path, &error);
        let mut statement = connection
            .prepare(&format!("SELECT {COLUMNS} FROM events ORDER BY seq"))
            .map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut created = None;
        while let Some(row) = rows.next().map_err(failed)? {
            let content = index.walk.step(path, row)?;
            created.get_or_insert(content.at);
            index.remember(path, &content)?;
        }
        if header.created != created {
            return Err(JournalError::Damaged {
                path: path.to_owned(),
                found: "its header says another beginning than its first row".to_owned(),
            });
        }
        Ok(index)
    }

    /// Remembers what a row of the file means for later ones.
    fn remember(&mut self, path: &Path, row: &Content<'_>) -> Result<(), JournalError> {
        let seq = self.walk.seq;
        let wrong = |wrong: Unread| unreadable(path, (seq, row.kind), &wrong);
        match row.kind {
            kind::HEARD => {
                if let Some(id) = record::heard_signal(row.body) {
                    self.waiting.remove(&id);
                }
            }
            kind::BOOT | kind::TAKEN => {
                let entry = record::read(row.kind, row.body, &self.listing).map_err(wrong)?;
                if let Entry::Boot(boot) = &entry {
                    let next = self.listing.continued(&boot.listing);
                    self.listing = next.map_err(|at| JournalError::Chain {
                        path: path.to_owned(),
                        seq: row.seq,
                        found: format!("contract {} of its listing is {}", at.place, at.found),
                    })?;
                }
                self.note(seq, Timestamp::from_millis(row.at), &entry);
            }
            kind::CHECKPOINT => {
                let (bytes, hash) = record::read_checkpoint(row.body).map_err(wrong)?;
                self.checkpoint = Some(Checkpoint { seq, bytes, hash });
            }
            _ => {}
        }
        Ok(())
    }

    /// Remembers what an entry means for the signals.
    pub(super) fn note(&mut self, seq: u64, at: Timestamp, entry: &Entry) {
        match entry {
            Entry::Taken { id, hash, .. } => {
                self.seen.entry(short(id)).or_insert(*hash);
                let recorded = Recorded {
                    seq,
                    epoch: self.walk.epoch,
                    at,
                    entry: entry.clone(),
                };
                self.waiting.insert(id.clone(), recorded);
            }
            Entry::Heard(event) => self.heard(event),
            Entry::Boot(_)
            | Entry::Stopped { .. }
            | Entry::Noted(_)
            | Entry::Said(_)
            | Entry::Ledger(_)
            | Entry::Trade(_)
            | Entry::Step { .. }
            | Entry::Rollover { .. }
            | Entry::Bar { .. }
            | Entry::Alarm { .. }
            | Entry::Operator { .. } => {}
        }
    }

    /// A signal the trader hears waits no longer.
    pub(super) fn heard(&mut self, event: &Event) {
        if let Event::Signal { signal, .. } = event {
            self.waiting.remove(signal.id.as_ref());
        }
    }

    /// The content hash under which a signal was taken.
    pub(super) fn seen(&self, id: &str) -> Option<Hash> {
        self.seen.get(&short(id)).copied()
    }

    /// Signals taken and not yet settled, in the order in which they were taken.
    pub(super) fn waiting(&self) -> Vec<&Recorded> {
        let mut waiting: Vec<&Recorded> = self.waiting.values().collect();
        waiting.sort_by_key(|recorded| recorded.seq);
        waiting
    }
}
