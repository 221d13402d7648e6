//! Rows put on the chain and written in one transaction.
//!
//! Not here: what is put there and when (the store itself).

use rusqlite::{TransactionBehavior, params};

use super::Store;
use crate::domain::time::Timestamp;
use crate::journal::chain::{Content, Row, link, of_bytes};
use crate::journal::entry::kind;
use crate::journal::error::JournalError;
use crate::journal::file;
use crate::journal::index::Checkpoint;
use crate::journal::record;

impl Store {
    /// Puts a row at the end of the chain.
    pub(super) fn push(&mut self, at: Timestamp, kind: &'static str, body: String) -> u64 {
        let row = self.row(at, kind, body);
        let seq = self.index.walk.seq + 1;
        self.index.walk.seq = seq;
        self.index.walk.head = row.hash;
        self.last_at = at;
        self.pending.push(row);
        seq
    }

    /// The row that would follow the last one.
    fn row(&self, at: Timestamp, kind: &'static str, body: String) -> Row {
        let walk = &self.index.walk;
        let signed = |number: u64| {
            i64::try_from(number).expect("invariant: rows and starts are counted one by one")
        };
        let seq = walk.seq + 1;
        let content = Content {
            seq: signed(seq),
            epoch: signed(walk.epoch),
            at: at.millis(),
            kind,
            body: &body,
        };
        Row {
            hash: link(&walk.head, &content),
            seq: content.seq,
            epoch: content.epoch,
            at: content.at,
            prev: walk.head,
            kind,
            body,
        }
    }

    /// The row that binds the state to be kept to the chain.
    pub(super) fn checkpoint_row(&self) -> Option<(Row, Checkpoint)> {
        let state = self.next_state.as_ref()?;
        let (bytes, hash) = (state.len() as u64, of_bytes(state));
        let body = record::write_checkpoint(bytes, &hash);
        let row = self.row(self.last_at, kind::CHECKPOINT, body);
        let seq = self.index.walk.seq + 1;
        Some((row, Checkpoint { seq, bytes, hash }))
    }

    /// One transaction of everything that is to be kept.
    pub(super) fn write(
        &mut self,
        checkpoint: Option<&(Row, Checkpoint)>,
    ) -> Result<(), JournalError> {
        let failed = |error: rusqlite::Error| file::fault(&self.path, "recording", &error);
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let rows = self.pending.iter().chain(checkpoint.map(|(row, _)| row));
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (seq, epoch, at_ms, kind, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            for row in rows {
                if row.seq == 1 {
                    transaction.execute("UPDATE meta SET created = ?1", [row.at])?;
                }
                let Row { seq, epoch, at, .. } = row;
                insert.execute(params![
                    seq, epoch, at, row.kind, row.body, row.prev, row.hash
                ])?;
            }
            drop(insert);
            if let (Some((row, _)), Some(state)) = (checkpoint, &self.next_state) {
                transaction.execute(
                    "INSERT OR REPLACE INTO state (id, seq, bytes) VALUES (1, ?1, ?2)",
                    params![row.seq, state],
                )?;
            }
            transaction.commit()
        };
        write().map_err(failed)
    }
}
