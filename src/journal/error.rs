//! Why a journal cannot be opened, written or believed.
//!
//! Not here: who refuses (`file`, `store`, `reader`).

use std::path::PathBuf;

/// Everything that can be wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes it. Ends with that process.
    #[error(
        "{}: the journal is in use by another process{}\nhint: one process writes a journal; stop the other one (sim status tells of it) or name another file",
        path.display(), pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
    )]
    Locked {
        /// The journal.
        path: PathBuf,
        /// Who, if the lock file says so.
        pid: Option<u32>,
    },
    /// There is no such file.
    #[error("{}: there is no journal here\nhint: check the path; sim paper makes one", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The folder is not there.
    #[error("{}: the folder does not exist\nhint: make it first: a journal is never put where nobody looks for it", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// File or folder cannot be written.
    #[error("{}: cannot be written: {detail}\nhint: the journal needs a folder it may write to, for itself and its -wal, -shm and .lock files", path.display())]
    ReadOnly {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// An SQLite file of another program.
    #[error("{}: not a journal of this program: {found}\nhint: name another file; this one was left as it is", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What shows it.
        found: String,
    },
    /// Written by a newer version.
    #[error("{}: the journal has schema {found}, this program knows up to {known}\nhint: use the version of sim that wrote it, or a newer one", path.display())]
    Newer {
        /// The journal.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest this program reads.
        known: i64,
    },
    /// Of other money.
    #[error("{}: a journal of the environment '{found}', not '{wanted}'\nhint: each environment has its own journal; name another file", path.display())]
    Environment {
        /// The journal.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The file itself is broken: truncated, overwritten, no database.
    #[error("{}: the file is damaged: {found}\nhint: keep a copy, restore the file together with its -wal from a backup, or begin a new journal", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// What shows it.
        found: String,
    },
    /// A row does not follow from the one before it: changed, lost or put in.
    #[error("{}: the chain is broken at row {seq}: {found}\nhint: rows before it are sound; keep a copy, restore the file with its -wal from a backup, or begin a new journal", path.display())]
    Chain {
        /// The journal.
        path: PathBuf,
        /// The first row that cannot be believed.
        seq: i64,
        /// What is wrong with it.
        found: String,
    },
    /// The kept state is not the one the chain speaks of.
    #[error("{}: the kept state does not belong to the journal: {found}\nhint: restore the file with its -wal from a backup, or begin a new journal", path.display())]
    State {
        /// The journal.
        path: PathBuf,
        /// What shows it.
        found: String,
    },
    /// A row that this version cannot read, though the chain is sound.
    #[error("{}: row {seq} of kind '{kind}' cannot be read: {found}\nhint: use the version of sim that wrote it", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// The row.
        seq: u64,
        /// Its kind.
        kind: String,
        /// What is wrong and where in its text.
        found: String,
    },
    /// An entry that cannot be written down; nothing was appended.
    #[error(
        "an entry of kind '{kind}' cannot be recorded: {found}\nhint: a mistake in sim itself, please report it"
    )]
    Unwritable {
        /// Its kind.
        kind: &'static str,
        /// Why.
        found: String,
    },
    /// A boot whose contracts are not those of the boots before; nothing was appended.
    #[error(
        "the listing of this start does not continue the journal's: place {place} is {found}, it was {was}\nhint: contracts are appended, never moved or dropped; begin a new journal for another choice of contracts"
    )]
    Listing {
        /// Index of the first that differs.
        place: usize,
        /// What it is now.
        found: String,
        /// What it was.
        was: String,
    },
    /// A signal id that was taken before; nothing was appended.
    #[error(
        "the signal '{id}' was taken before\nhint: a mistake in sim itself, please report it: repeats are told apart before they are recorded"
    )]
    Repeated {
        /// The id.
        id: String,
    },
    /// No boot yet in this opening of the journal.
    #[error(
        "the journal was opened but not begun\nhint: a mistake in sim itself, please report it: a boot comes before every other entry"
    )]
    NotBegun,
    /// No room. What was appended is still pending: commit again once there is room.
    #[error("{}: no space left for the journal\nhint: free space on its disk; what was to be recorded waits and is written then", path.display())]
    Full {
        /// The journal.
        path: PathBuf,
    },
    /// The system failed to read or write. What was appended is still pending.
    #[error("{}: {what} failed: {detail}\nhint: check the disk; what was recorded before is safe", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Doing what.
        what: &'static str,
        /// What the system or the database said.
        detail: String,
    },
    /// The linked SQLite has the fault that loses committed data (before 3.51.3).
    #[error(
        "the SQLite in this program is {found}, at least 3.51.3 is needed: older ones can lose committed rows\nhint: build sim with its bundled SQLite"
    )]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// The injected death of a test: nothing is written from then on.
    #[error("the journal was made to stop by an injected crash\nhint: only tests do this")]
    Crashed,
}
