//! What a store knows of itself: the signals taken, the kept state, counters, the reserve for a full disk.
//!
//! Not here: anything that writes rows (`rows`).

use super::Store;
use crate::journal::entry::Recorded;
use crate::journal::error::JournalError;
use crate::journal::file;
use crate::journal::timing::Written;

impl Store {
    /// The content hash under which a signal id was taken, ever. Between 56 and 112 bytes of memory are held for each id.
    #[must_use]
    pub fn seen(&self, id: &str) -> Option<[u8; 32]> {
        self.index.seen(id)
    }

    /// Signals taken that the trader has not heard, in the order in which they were taken: after a restart these are still
    /// to be acted on.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Recorded> {
        self.index.waiting()
    }

    /// The kept state of the exchange, as of the last commit that kept one.
    #[must_use]
    pub fn state(&self) -> Option<&[u8]> {
        self.state.as_deref()
    }

    /// The number of the row that bound the kept state to the chain: rows after it are not part of it.
    #[must_use]
    pub fn state_seq(&self) -> Option<u64> {
        self.index.checkpoint.map(|said| said.seq)
    }

    /// The number of this start of the program, from 1; before [`Self::begin`] that of the last one.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.index.walk.epoch
    }

    /// The number of the last row, pending ones included.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.index.walk.seq
    }

    /// Rows appended and not yet durable.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.pending.len()
    }

    /// What was written since the opening and how long it took.
    #[must_use]
    pub const fn written(&self) -> Written {
        self.written
    }

    /// Whether the reserve for a full disk stands. `false` calls for an alarm and for room.
    #[must_use]
    pub fn has_ballast(&self) -> bool {
        self.ballast.stands()
    }

    /// Writes the reserve again once there is room; says whether it stands.
    pub fn restore_ballast(&mut self) -> bool {
        self.ballast.restore()
    }

    /// Bounds the file to so many bytes, rounded up to whole pages and never below its size; `None` lifts the bound. Beyond it
    /// the disk counts as full.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn limit_bytes(&mut self, limit: Option<u64>) -> Result<(), JournalError> {
        let failed = |error: rusqlite::Error| file::fault(&self.path, "setting a bound", &error);
        let page: i64 = self
            .connection
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(failed)?;
        let page = u64::try_from(page).unwrap_or(4096).max(1);
        let pages = limit.map_or(0xffff_fffe, |bytes| bytes.div_ceil(page).max(1));
        let pages = i64::try_from(pages).unwrap_or(0xffff_fffe);
        self.connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(failed)
    }
}
