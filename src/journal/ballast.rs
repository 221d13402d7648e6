//! A file of zeros beside the journal, given up when the disk is full so that what must still be written can be.
//!
//! Not here: when that is (`store`).

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::lock::beside;

/// The usual size: room for some ten thousand events.
pub(super) const BYTES: u64 = 8 * 1024 * 1024;

/// The reserve of one journal.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    /// The reserve of a journal; none is kept with zero bytes.
    pub(super) fn of(journal: &Path, bytes: u64) -> Self {
        Self {
            path: beside(journal, ".ballast"),
            bytes,
        }
    }

    /// Whether it is there in full.
    pub(super) fn stands(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes)
    }

    /// Writes it if it is not there. `false` when there is no room for it: what was written of it is taken back.
    pub(super) fn restore(&self) -> bool {
        if self.bytes == 0 || self.stands() {
            return true;
        }
        // Written, not stretched: a file with holes reserves nothing.
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&self.path)?;
            let block = [0_u8; 64 * 1024];
            let mut left = self.bytes;
            while left > 0 {
                let part = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
                file.write_all(&block[..part])?;
                left -= part as u64;
            }
            file.sync_all()
        };
        let written = write().is_ok();
        if !written {
            self.free();
        }
        written
    }

    /// Gives it up. `true` when that made room.
    pub(super) fn free(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }
}
