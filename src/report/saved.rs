//! A run's report as one file, so that page and pictures can be made again from the run folder alone.
//!
//! Not here: where the file lies (`backtest`), what is in it (`input`, `record`).
//! Form: eight bytes of name and version, MessagePack, BLAKE3 of all before it.

use super::input::RunReport;

/// Its name in a run folder.
pub const FILE: &str = "report.msgpack";
const NAME: &[u8; 6] = b"cfl-rp";
/// It grows when a reader of the version before would misread the file.
const VERSION: u16 = 1;
const HASH: usize = blake3::OUT_LEN;

/// Why a file holds no report.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SavedError {
    /// Something else.
    #[error("is not the data of a report")]
    Foreign,
    /// Of a version to come.
    #[error("is of version {found}, this program reads {VERSION}")]
    Newer {
        /// What it says.
        found: u16,
    },
    /// Cut off or changed.
    #[error("is damaged: {what}")]
    Damaged {
        /// How that shows.
        what: String,
    },
}

/// The bytes of a report.
#[must_use]
pub fn to_bytes(run: &RunReport) -> Vec<u8> {
    let mut bytes = NAME.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    let body = rmp_serde::to_vec_named(run);
    bytes.extend(body.expect("invariant: memory takes every value"));
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// The report of such bytes.
///
/// # Errors
/// When they are something else, of a newer version, or damaged.
pub fn from_bytes(bytes: &[u8]) -> Result<RunReport, SavedError> {
    let head = NAME.len() + 2;
    let Some((NAME, rest)) = bytes.split_first_chunk() else {
        return Err(SavedError::Foreign);
    };
    let damaged = |what: &str| SavedError::Damaged {
        what: what.to_owned(),
    };
    let (version, _) = rest.split_first_chunk().ok_or_else(|| damaged("cut off"))?;
    let found = u16::from_le_bytes(*version);
    if found > VERSION {
        return Err(SavedError::Newer { found });
    }
    let end = bytes.len().checked_sub(HASH).filter(|end| *end >= head);
    let (whole, hash) = bytes.split_at(end.ok_or_else(|| damaged("cut off"))?);
    if blake3::hash(whole).as_bytes() != hash {
        return Err(damaged("its checksum does not fit its content"));
    }
    rmp_serde::from_slice(&whole[head..]).map_err(|wrong| damaged(&wrong.to_string()))
}
