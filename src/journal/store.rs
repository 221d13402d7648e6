//! The one writer of a journal: entries are appended in memory and become durable together, in one commit.
//!
//! Not here: the text of entries (`record`), reading them back (`reader`), what a runner does about a full disk (`live`).
//! Invariants: a commit is whole or not at all; when one fails, what was appended stays pending and the next commit writes the
//! same rows; after an injected crash nothing is written any more.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior, params};

use super::ballast::{self, Ballast};
use super::chain::{Content, Row, link, of_bytes};
use super::entry::{Boot, Entry, Environment, Recorded, SaidCommand, kind};
use super::error::JournalError;
use super::file;
use super::index::{Checkpoint, Index};
use super::lock::Lock;
use super::record;
use super::timing::{Written, stopwatch};
use crate::domain::event::{Command, Event, Note};
use crate::domain::time::Timestamp;
use crate::engine;

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

/// Whether the process dies at a [`WritePoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// It goes on.
    No,
    /// It dies: what was not committed is gone.
    Yes,
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

    /// The content hash under which a signal id was taken, ever. Between 56 and 112 bytes of memory are held for each id.
    #[must_use]
    pub fn seen(&self, id: &str) -> Option<[u8; 32]> {
        self.index.seen(id)
    }

    /// Signals taken that neither the trader heard nor anybody declined, in the order in which they were taken: after a restart
    /// these are still to be acted on.
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
        }
    }

    /// Puts a row at the end of the chain.
    fn push(&mut self, at: Timestamp, kind: &'static str, body: String) -> u64 {
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
    fn checkpoint_row(&self) -> Option<(Row, Checkpoint)> {
        let state = self.next_state.as_ref()?;
        let (bytes, hash) = (state.len() as u64, of_bytes(state));
        let body = record::write_checkpoint(bytes, &hash);
        let row = self.row(self.last_at, kind::CHECKPOINT, body);
        let seq = self.index.walk.seq + 1;
        Some((row, Checkpoint { seq, bytes, hash }))
    }

    /// One transaction of everything that is to be kept.
    fn write(&mut self, checkpoint: Option<&(Row, Checkpoint)>) -> Result<(), JournalError> {
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

/// The text of an entry, or why there is none.
fn written(kind: &'static str, text: Result<String, String>) -> Result<String, JournalError> {
    text.map_err(|found| JournalError::Unwritable { kind, found })
}

/// The same file under its one true name, so that two names of it are one lock.
fn real_path(path: &Path) -> Result<PathBuf, JournalError> {
    if let Ok(real) = path.canonicalize() {
        return Ok(real);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let missing = |_| JournalError::NoFolder {
        path: folder.to_owned(),
    };
    let real = folder.canonicalize().map_err(missing)?;
    let Some(name) = path.file_name() else {
        return Err(JournalError::Missing {
            path: path.to_owned(),
        });
    };
    Ok(real.join(name))
}

/// The state kept in the file, if it is the one the chain speaks of.
fn kept_state(
    connection: &Connection,
    path: &Path,
    said: Option<Checkpoint>,
) -> Result<Option<Vec<u8>>, JournalError> {
    let wrong = |found: String| {
        Err(JournalError::State {
            path: path.to_owned(),
            found,
        })
    };
    let mut statement = connection
        .prepare("SELECT seq, bytes FROM state")
        .map_err(|error| file::damaged(path, &error))?;
    let kept: Vec<(i64, Vec<u8>)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect)
        .map_err(|error| file::damaged(path, &error))?;
    match (said, kept.into_iter().next()) {
        (None, None) => Ok(None),
        (Some(said), Some((seq, bytes))) => {
            if u64::try_from(seq) != Ok(said.seq) {
                return wrong(format!(
                    "it is of row {seq}, the chain's is of row {}",
                    said.seq
                ));
            }
            if of_bytes(&bytes) != said.hash {
                return wrong(format!("its bytes are not those of row {seq}"));
            }
            Ok(Some(bytes))
        }
        (None, Some((seq, _))) => wrong(format!("it is of row {seq}, the chain speaks of none")),
        (Some(said), None) => wrong(format!("the one of row {} is missing", said.seq)),
    }
}

/// The loop's record: appended as it goes, durable with the runner's next commit.
impl engine::Journal for Store {
    type Error = JournalError;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        self.ready()?;
        let text = record::write_heard(event, &self.index.listing);
        let body = written(kind::HEARD, text)?;
        self.push(at, kind::HEARD, body);
        self.index.heard(event);
        Ok(())
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), JournalError> {
        self.ready()?;
        let text = record::write_noted(note, &self.index.listing);
        let body = written(kind::NOTED, text)?;
        self.push(at, kind::NOTED, body);
        Ok(())
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), JournalError> {
        let entry = Entry::Said(SaidCommand::of(command));
        self.append(at, &entry).map(|_| ())
    }
}
