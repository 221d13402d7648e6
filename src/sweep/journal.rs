//! The file of finished trials: a head that says whose they are, then one line for each, appended as they finish.
//!
//! Not here: what a line holds (`record`), the tables at the end (`finish`).
//! Invariants: a line is written in one piece; whatever ends the program loses at most the line being written, and a
//! torn last line is dropped when the file is opened again; no trial is in it twice.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;

use crate::sweep::plan::{Shard, SweepId};
use crate::sweep::record::{Record, opened, seal};

/// Its name in the folder of a sweep.
pub const FILE: &str = "trials.jsonl";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The system refused.
    #[error("{}: {source}\nhint: check the space left and the rights; finished trials are kept, and --resume continues", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// It is no journal.
    #[error("{}: is no journal of a sweep, or its first line is damaged\nhint: name another folder with --out", path.display())]
    NoHead {
        /// The file.
        path: PathBuf,
    },
    /// A line before the last is damaged.
    #[error("{}:{line}: is damaged, or of another sweep\nhint: take the line out to run its trial again with --resume, or begin in another folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A trial that is there already.
    #[error("{}:{line}: trial {trial} is there twice\nhint: take one of the two lines out", path.display())]
    Doubled {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The trial.
        trial: u64,
    },
    /// A trial that is not asked for.
    #[error("{}:{line}: holds trial {trial}, the {}th, and {trials} trials are asked for\nhint: ask for as many as before with --trials", path.display(), trial.saturating_add(1))]
    Beyond {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The trial.
        trial: u64,
        /// How many are asked for.
        trials: u64,
    },
    /// Another process writes to it.
    #[error("{}: another sim is writing to it\nhint: wait until it ends, or name another folder with --out", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A trial at a point that the model does not come to.
    #[error("{}: trial {trial} was run with other values than this sim would try next: another version began the sweep, or another kind of machine\nhint: continue it there, or begin again with --replace", path.display())]
    Astray {
        /// The file.
        path: PathBuf,
        /// The trial.
        trial: u64,
    },
    /// It belongs to another sweep.
    #[error("{}: belongs to another sweep: its {differs}\nhint: give the same inputs, configuration, space, method and trials to continue it, or name another folder with --out", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        differs: String,
    },
}

/// What the first line says.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Whose trials.
    pub id: SweepId,
    /// Which part of them.
    pub shard: Shard,
    /// The first line as a whole.
    pub object: Value,
}

/// Which trials of a shard are there.
#[derive(Clone, Debug)]
pub struct Present {
    shard: Shard,
    bits: Vec<u64>,
    /// How many.
    pub count: u64,
}

impl Present {
    /// None of them yet.
    #[must_use]
    pub fn none(shard: Shard, trials: u64) -> Self {
        let words = shard.size(trials).div_ceil(64);
        Self {
            shard,
            bits: vec![0; usize::try_from(words).expect("invariant: trials are counted in memory")],
            count: 0,
        }
    }

    fn place(&self, trial: u64) -> (usize, u64) {
        let rank = trial / self.shard.count;
        (
            usize::try_from(rank / 64).expect("invariant: trials are counted in memory"),
            1 << (rank % 64),
        )
    }

    /// Whether a trial of the shard is there.
    #[must_use]
    pub fn has(&self, trial: u64) -> bool {
        let (word, bit) = self.place(trial);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn add(&mut self, trial: u64) -> bool {
        let (word, bit) = self.place(trial);
        let Some(bits) = self.bits.get_mut(word) else {
            return false;
        };
        let new = *bits & bit == 0;
        *bits |= bit;
        self.count += u64::from(new);
        new
    }
}

/// A journal open for more.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    tail: Mutex<Tail>,
}

/// Where lines are appended.
#[derive(Debug)]
struct Tail {
    file: File,
    /// Length up to the last whole line.
    whole: u64,
}

impl Tail {
    /// One write: a line is there as a whole, or cut off again; where even that fails, it is torn at the end.
    fn add(&mut self, line: &str) -> io::Result<()> {
        let mut bytes = String::with_capacity(line.len() + 1);
        bytes.push_str(line);
        bytes.push('\n');
        if let Err(error) = self.file.write_all(bytes.as_bytes()) {
            // What follows must not begin in the middle of a line; the first error is the one to tell.
            let _cut = self.file.set_len(self.whole);
            return Err(error);
        }
        self.whole += bytes.len() as u64;
        Ok(())
    }
}

impl Journal {
    /// Begins a new one.
    ///
    /// # Errors
    /// When there is one already or the system refuses.
    pub fn begin(folder: &Path, head: &Value) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let system = |source| JournalError::System {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(system)?;
        lock(&file, &path)?;
        let mut tail = Tail { file, whole: 0 };
        tail.add(&seal(head)).map_err(system)?;
        Ok(Self {
            tail: Mutex::new(tail),
            path,
        })
    }

    /// Opens one to continue it: `head` is what this sweep would have begun with, or with fewer trials. A torn last line
    /// is cut off.
    ///
    /// # Errors
    /// When it is another sweep's or damaged.
    pub fn resume(
        folder: &Path,
        head: &Value,
        trials: u64,
    ) -> Result<(Self, Present), JournalError> {
        let path = folder.join(FILE);
        let system = |source| JournalError::System {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(system)?;
        lock(&file, &path)?;
        let found = read_head(&path)?;
        let own = head_of(head).ok_or_else(|| JournalError::NoHead { path: path.clone() })?;
        let longer = own.shard.is_whole() && own.id.lengthens(&found.id);
        if let Some(differs) = own.id.differs(&found.id).filter(|_| !longer) {
            return Err(JournalError::Foreign { path, differs });
        }
        if own.shard != found.shard {
            let differs = format!("shard is {}, not {}", found.shard, own.shard);
            return Err(JournalError::Foreign { path, differs });
        }
        let mut present = Present::none(own.shard, trials);
        let whole = scan::<JournalError>(&path, &mut present, trials, &mut |_, _| Ok(()))?;
        file.set_len(whole).map_err(system)?;
        let journal = Self {
            tail: Mutex::new(Tail { file, whole }),
            path,
        };
        Ok((journal, present))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one trial.
    ///
    /// # Errors
    /// When the system refuses, for example because the disk is full.
    pub fn add(&self, record: &Record) -> Result<(), JournalError> {
        let line = record.to_line();
        let mut tail = self
            .tail
            .lock()
            .expect("invariant: no writer panics while holding the lock");
        tail.add(&line).map_err(|source| JournalError::System {
            path: self.path.clone(),
            source,
        })
    }
}

/// Takes a journal that is about to be removed; `None` when there is none.
///
/// # Errors
/// When another process writes to it.
pub fn hold(folder: &Path) -> Result<Option<File>, JournalError> {
    let path = folder.join(FILE);
    let Ok(file) = OpenOptions::new().append(true).open(&path) else {
        // Whoever cannot open it cannot remove it either, and is told then.
        return Ok(None);
    };
    lock(&file, &path)?;
    Ok(Some(file))
}

/// Two processes would write each trial twice. The system drops the lock however a process ends; where it knows no
/// locks, nothing is locked.
fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy {
            path: path.to_owned(),
        }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn head_of(object: &Value) -> Option<Head> {
    if object["kind"] != crate::sweep::plan::KIND {
        return None;
    }
    Some(Head {
        id: SweepId::of(&object["identity"])?,
        shard: Shard::parse(object["shard"].as_str()?)?,
        object: object.clone(),
    })
}

/// Reads the first line.
///
/// # Errors
/// When there is none of ours.
pub fn read_head(path: &Path) -> Result<Head, JournalError> {
    let system = |source| JournalError::System {
        path: path.to_owned(),
        source,
    };
    let mut line = Vec::new();
    let mut reader = BufReader::new(File::open(path).map_err(system)?);
    read_limited(&mut reader, &mut line).map_err(system)?;
    let text = String::from_utf8_lossy(&line);
    opened(text.trim_end_matches('\n'))
        .and_then(|line| serde_json::from_str(line).ok())
        .and_then(|object| head_of(&object))
        .ok_or_else(|| JournalError::NoHead {
            path: path.to_owned(),
        })
}

/// Whether a file is there whose first line has no end: it was cut off before any trial.
#[must_use]
pub fn has_torn_head(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let mut line = Vec::new();
    let read = read_limited(&mut BufReader::new(file), &mut line);
    // Read as far as one line may go: journals of many trials are larger than memory should be.
    read.is_ok_and(|length| (length as u64) < LINE_MAX) && !line.ends_with(b"\n")
}

/// Longer lines are none of ours; a file of one line must not fill the memory.
const LINE_MAX: u64 = 1 << 24;

fn read_limited(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    io::Read::take(reader, LINE_MAX).read_until(b'\n', line)
}

/// Gives each whole line to `take`; returns the length of the file up to the last whole line.
fn scan<E: From<JournalError>>(
    path: &Path,
    present: &mut Present,
    trials: u64,
    take: &mut dyn FnMut(Record, &str) -> Result<(), E>,
) -> Result<u64, E> {
    let system = |source| JournalError::System {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(system)?);
    let mut bytes = Vec::new();
    let mut whole = read_limited(&mut reader, &mut bytes).map_err(system)? as u64;
    let mut number = 1;
    loop {
        let length = read_limited(&mut reader, &mut bytes).map_err(system)? as u64;
        if length == 0 {
            return Ok(whole);
        }
        number += 1;
        let damaged = || JournalError::Damaged {
            path: path.to_owned(),
            line: number,
        };
        let text = std::str::from_utf8(&bytes).ok();
        let line = text.and_then(|text| text.strip_suffix('\n'));
        let Some((record, line)) = line.and_then(|line| Some((Record::parse(line)?, line))) else {
            // Only the last line can be torn.
            let last = reader.fill_buf().map_err(system)?.is_empty();
            return if last {
                Ok(whole)
            } else {
                Err(damaged().into())
            };
        };
        let trial = record.trial;
        if !present.shard.holds(trial) {
            return Err(damaged().into());
        }
        if trial >= trials {
            return Err(JournalError::Beyond {
                path: path.to_owned(),
                line: number,
                trial,
                trials,
            }
            .into());
        }
        if !present.add(trial) {
            return Err(JournalError::Doubled {
                path: path.to_owned(),
                line: number,
                trial,
            }
            .into());
        }
        take(record, line)?;
        whole += length;
    }
}

/// Gives the trials of a journal to `take` in the order of their indices, each with its line; returns how many.
///
/// Trials finish nearly in order, so what waits for an earlier one is little.
///
/// # Errors
/// When a line is damaged, or `take` fails.
pub fn in_order<E: From<JournalError>>(
    path: &Path,
    (shard, trials): (Shard, u64),
    take: &mut dyn FnMut(Record, &str) -> Result<(), E>,
) -> Result<u64, E> {
    let mut present = Present::none(shard, trials);
    let mut waiting: BTreeMap<u64, (Record, String)> = BTreeMap::new();
    let mut next = shard.index;
    scan::<E>(path, &mut present, trials, &mut |record, line| {
        if record.trial != next {
            waiting.insert(record.trial, (record, line.to_owned()));
            return Ok(());
        }
        take(record, line)?;
        next += shard.count;
        while let Some((record, line)) = waiting.remove(&next) {
            take(record, &line)?;
            next += shard.count;
        }
        Ok(())
    })?;
    for (record, line) in waiting.into_values() {
        take(record, &line)?;
    }
    Ok(present.count)
}
