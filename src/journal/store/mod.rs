//! The one writer of a journal: entries are appended in memory and become durable together, in one commit.
//!
//! Not here: the text of entries (`record`), reading them back (`reader`), what a runner does about a full disk (`live`).
//! Invariants: a commit is whole or not at all; when one fails, what was appended stays pending and the next commit writes the
//! same rows; after an injected crash nothing is written any more.

mod figures;
mod heard;
mod opening;
mod rows;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::ballast::{self, Ballast};
use super::chain::Row;
use super::entry::{Boot, Entry, Environment, kind};
use super::error::JournalError;
use super::file;
use super::index::Index;
use super::lock::Lock;
use super::record;
use super::timing::{Written, stopwatch};
use crate::domain::time::Timestamp;
use opening::{kept_state, real_path};

/// A place at which a process can die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritePoint {
    /// Before the row of this number is appended.
    Append(u64),
    /// Before the commit of this number, counted from 1 at the opening.
    BeforeCommit(u64),
    /// After it, before its caller hears of it.
    AfterCommit(u64),
}

/// What goes wrong at a [`WritePoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// It goes on.
    No,
    /// The process dies: what was not committed is gone.
    Yes,
    /// The disk is full: nothing is written, and nothing is gone.
    Full,
}

/// Asked at every [`WritePoint`].
pub type Hook = Box<dyn FnMut(WritePoint) -> Crash + Send>;

/// How a journal is kept.
pub struct Options {
    /// Size of the reserve for a full disk, in bytes; zero for none.
    pub ballast_bytes: u64,
    /// Injected crashes, for tests.
    pub hook: Option<Hook>,
}

/// A journal open for writing.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    index: Index,
    begun: bool,
    new: bool,
    pending: Vec<Row>,
    /// The state to be kept with the next commit.
    next_state: Option<Vec<u8>>,
    state: Option<Vec<u8>>,
    last_at: Timestamp,
    hook: Option<Hook>,
    crashed: bool,
    ballast: Ballast,
    written: Written,
    // Last, so that it goes last: the file is closed before the next writer may open it.
    _lock: Lock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ballast_bytes: ballast::BYTES,
            hook: None,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store")
            .field("path", &self.path)
            .field("last_seq", &self.last_seq())
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Makes the journal or opens it: takes its lock, checks environment, schema, the file's own soundness and the whole chain.
    /// Some seconds for a million rows.
    ///
    /// # Errors
    /// When another process writes it, it is of another environment, a newer schema or another program, it is damaged, or the
    /// folder is missing or cannot be written.
    pub fn open(path: &Path, environment: Environment) -> Result<Self, JournalError> {
        Self::open_with(path, environment, Options::default())
    }

    /// The same, with a say in how it is kept.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        path: &Path,
        environment: Environment,
        options: Options,
    ) -> Result<Self, JournalError> {
        file::check_sqlite()?;
        let path = &real_path(path)?;
        let lock = Lock::take(path)?;
        if !path.exists() {
            file::create(path, environment)?;
        }
        let (connection, header) = file::open_to_write(path)?;
        if header.environment != environment.name() {
            return Err(JournalError::Environment {
                path: path.clone(),
                found: header.environment,
                wanted: environment.name(),
            });
        }
        file::quick_check(&connection, path)?;
        let index = Index::load(&connection, path, &header)?;
        let state = kept_state(&connection, path, index.checkpoint)?;
        let ballast = Ballast::of(path, options.ballast_bytes);
        // A reserve that does not fit is no reason not to open: `has_ballast` tells.
        let _stands = ballast.restore();
        Ok(Self {
            connection,
            path: path.clone(),
            begun: false,
            new: index.walk.seq == 0,
            index,
            pending: Vec::new(),
            next_state: None,
            state,
            last_at: Timestamp::from_millis(0),
            hook: options.hook,
            crashed: false,
            ballast,
            written: Written::default(),
            _lock: lock,
        })
    }

    /// Whether nothing was ever recorded before this opening.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.new
    }

    /// Records a start of the program, durable when it returns; says its number, from 1. Once per opening, before any other entry.
    ///
    /// # Errors
    /// When its listing does not continue the one before, or the commit fails (then it is pending, as any entry would be).
    pub fn begin(&mut self, at: Timestamp, boot: &Boot) -> Result<u64, JournalError> {
        self.alive()?;
        if self.begun {
            return Err(JournalError::Unwritable {
                kind: kind::BOOT,
                found: "this opening was begun already".to_owned(),
            });
        }
        let listing = self.index.listing.continued(&boot.listing);
        let listing = listing.map_err(|at| JournalError::Listing {
            place: at.place,
            found: at.found,
            was: at.was,
        })?;
        self.ask(WritePoint::Append(self.last_seq() + 1))?;
        let entry = Entry::Boot(boot.clone());
        let body = written(kind::BOOT, record::write(&entry, &listing))?;
        self.index.listing = listing;
        self.index.walk.epoch += 1;
        self.begun = true;
        self.push(at, kind::BOOT, body);
        self.commit()?;
        Ok(self.epoch())
    }

    /// Appends an entry; durable after the next [`Self::commit`]. Says its number.
    ///
    /// # Errors
    /// When it cannot be written down (a contract that is not listed), a signal's id was taken before, or the journal was not
    /// begun: nothing was appended then. The disk is not touched.
    pub fn append(&mut self, at: Timestamp, entry: &Entry) -> Result<u64, JournalError> {
        self.ready()?;
        let kind = entry.kind();
        if let Entry::Boot(_) = entry {
            return Err(JournalError::Unwritable {
                kind,
                found: "a boot is recorded by beginning".to_owned(),
            });
        }
        if let Entry::Taken { id, .. } = entry
            && self.index.seen(id).is_some()
        {
            return Err(JournalError::Repeated { id: id.clone() });
        }
        let body = written(kind, record::write(entry, &self.index.listing))?;
        let seq = self.push(at, kind, body);
        self.index.note(seq, at, entry);
        Ok(seq)
    }

    /// The state of the exchange as of the next commit, in place of the one before. Costs a row and a write of its bytes with every
    /// commit in which it is another.
    pub fn keep_state(&mut self, state: &[u8]) {
        self.next_state = (self.state.as_deref() != Some(state)).then(|| state.to_owned());
    }

    /// Makes everything appended and the state to be kept durable, together. Nothing happens when there is neither.
    ///
    /// # Errors
    /// When the disk is full or fails. What was recorded before is intact, what was to be recorded stays pending and is written by
    /// the next commit that succeeds. On the first full disk the reserve is given up and the commit tried again, see
    /// [`Self::has_ballast`].
    pub fn commit(&mut self) -> Result<(), JournalError> {
        self.alive()?;
        if self.pending.is_empty() && self.next_state.is_none() {
            return Ok(());
        }
        let number = self.written.commits + 1;
        self.ask(WritePoint::BeforeCommit(number))?;
        let watch = stopwatch();
        let checkpoint = self.checkpoint_row();
        let mut result = self.write(checkpoint.as_ref());
        if matches!(result, Err(JournalError::Full { .. })) && self.ballast.free() {
            result = self.write(checkpoint.as_ref());
        }
        if let Err(error) = result {
            self.written.failed += 1;
            return Err(error);
        }
        let rows = self.pending.len() as u64 + u64::from(checkpoint.is_some());
        let texts: usize = self.pending.iter().map(|row| row.body.len()).sum();
        let state = self.next_state.as_ref().map_or(0, Vec::len);
        if let Some((row, said)) = checkpoint {
            self.index.walk.seq = said.seq;
            self.index.walk.head = row.hash;
            self.index.checkpoint = Some(said);
            self.state = self.next_state.take();
        }
        self.pending.clear();
        self.written
            .committed(rows, (texts + state) as u64, watch.elapsed());
        self.ask(WritePoint::AfterCommit(number))
    }

    fn alive(&self) -> Result<(), JournalError> {
        if self.crashed {
            Err(JournalError::Crashed)
        } else {
            Ok(())
        }
    }

    /// Whether an entry may be appended now.
    fn ready(&mut self) -> Result<(), JournalError> {
        self.alive()?;
        if !self.begun {
            return Err(JournalError::NotBegun);
        }
        self.ask(WritePoint::Append(self.last_seq() + 1))
    }

    /// Asks for a crash here.
    fn ask(&mut self, point: WritePoint) -> Result<(), JournalError> {
        let Some(hook) = &mut self.hook else {
            return Ok(());
        };
        match hook(point) {
            Crash::No => Ok(()),
            Crash::Yes => {
                self.crashed = true;
                self.pending.clear();
                self.next_state = None;
                Err(JournalError::Crashed)
            }
            Crash::Full => Err(JournalError::Full {
                path: self.path.clone(),
            }),
        }
    }
}

/// The text of an entry, or why there is none.
fn written(kind: &'static str, text: Result<String, String>) -> Result<String, JournalError> {
    text.map_err(|found| JournalError::Unwritable { kind, found })
}
