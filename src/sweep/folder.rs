//! The folder of a sweep: filled while trials run, so that nothing finished is ever lost; complete once it holds
//! `sweep.json`, which is written last.
//!
//! Not here: the journal (`journal`), what the files hold (`finish`).
//! Invariant: nothing but files of a sweep is ever replaced or removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sweep::journal::{self, Journal, JournalError, Present};
use crate::sweep::plan::Shard;

/// The file that says a sweep is complete.
pub const DONE: &str = "sweep.json";
/// The configuration that parameters are laid over.
pub const CONFIG: &str = "config.toml";
/// The space as it was given.
pub const SPACE: &str = "space.toml";
/// Prefix of a file that is being written.
const UNFINISHED: &str = ".unfinished-";

/// Files of a sweep.
const FILES: [&str; 10] = [
    journal::FILE,
    DONE,
    CONFIG,
    SPACE,
    "best.toml",
    "results.csv",
    "results.parquet",
    "sweep.html",
    "validation.html",
    "validation.json",
];
/// The folder of pictures in it, and how the names of pictures begin and end.
const PICTURES: &str = "png";
const PICTURE: (&str, &str) = ("heat-", ".png");

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It holds something else.
    #[error("{}: is there already and holds no sweep\nhint: name another folder with --out, or move this one away", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// It holds a sweep.
    #[error("{}: holds a sweep already\nhint: --resume continues it, --replace begins again, --out names another folder", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the rights; finished trials are kept", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What to do with a sweep that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Continue it.
    Resume,
    /// Begin again.
    Replace,
}

/// What a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Nothing,
    Sweep,
    Other,
}

/// What a folder is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// First line of the journal.
    pub head: &'a Value,
    /// The base configuration.
    pub config: &'a str,
    /// The text of the space.
    pub space: &'a str,
    /// All trials of the sweep.
    pub trials: u64,
    /// The part run here.
    pub shard: Shard,
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Unwritable {
        path: path.clone(),
        source,
    }
}

fn holds(place: &Path) -> Result<Holds, FolderError> {
    match fs::symlink_metadata(place) {
        Err(_) => return Ok(Holds::Nothing),
        Ok(meta) if !meta.is_dir() => return Ok(Holds::Other),
        Ok(_) => {}
    }
    let entries = fs::read_dir(place)
        .and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>)
        .map_err(unwritable(place))?;
    let mut sweep = false;
    for entry in &entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == journal::FILE {
            sweep = true;
        } else if name == PICTURES && entry.path().is_dir() {
            if !pictures(place)?.1 {
                return Ok(Holds::Other);
            }
        } else if !FILES.contains(&name.as_str())
            && !name.starts_with(UNFINISHED)
            && !name.starts_with("shard-")
        {
            return Ok(Holds::Other);
        }
    }
    Ok(if sweep { Holds::Sweep } else { Holds::Nothing })
}

/// Whether a sweep may go into a place; cheap, and better known before the work than after it.
///
/// # Errors
/// When it holds something else, or a sweep that is not to be touched.
pub fn check(place: &Path, existing: Existing) -> Result<(), FolderError> {
    match (holds(place)?, existing) {
        (Holds::Other, _) => Err(FolderError::NotOurs {
            path: place.to_owned(),
        }),
        (Holds::Sweep, Existing::Refuse) => Err(FolderError::Taken {
            path: place.to_owned(),
        }),
        (Holds::Nothing | Holds::Sweep, _) => Ok(()),
    }
}

/// Opens the folder of a sweep: new, or with the trials that are there.
///
/// # Errors
/// When it holds something else, another sweep, or cannot be written.
pub fn open(
    place: &Path,
    existing: Existing,
    opening: Opening<'_>,
) -> Result<(Journal, Present), FolderError> {
    check(place, existing)?;
    fs::create_dir_all(place).map_err(unwritable(place))?;
    let journal = place.join(journal::FILE);
    let torn_head = journal::has_torn_head(&journal);
    let held = if existing == Existing::Replace || torn_head {
        let held = journal::hold(place)?;
        clear(place)?;
        held
    } else {
        None
    };
    let opened = if journal.exists() {
        Journal::resume(place, opening.head, opening.trials)?
    } else {
        let journal = Journal::begin(place, opening.head)?;
        (journal, Present::none(opening.shard, opening.trials))
    };
    // Until here nobody else replaces or continues what was there; from here on the new journal has its own lock.
    drop(held);
    if opened.1.count < opening.shard.size(opening.trials) {
        // More trials were asked for than it was complete with.
        remove(place, DONE)?;
    }
    write(place, CONFIG, opening.config.as_bytes())?;
    write(place, SPACE, opening.space.as_bytes())?;
    Ok(opened)
}

/// Pictures of a sweep that are there, and whether nothing else is beside them.
fn pictures(place: &Path) -> Result<(Vec<PathBuf>, bool), FolderError> {
    let folder = place.join(PICTURES);
    if !folder.is_dir() {
        return Ok((Vec::new(), true));
    }
    let entries = fs::read_dir(&folder)
        .and_then(Iterator::collect::<io::Result<Vec<fs::DirEntry>>>)
        .map_err(unwritable(&folder))?;
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(PICTURE.0) && name.ends_with(PICTURE.1)
    };
    let (ours, others): (Vec<fs::DirEntry>, Vec<fs::DirEntry>) =
        entries.into_iter().partition(is_ours);
    let ours = ours.iter().map(fs::DirEntry::path).collect();
    Ok((ours, others.is_empty()))
}

/// Replaces the pictures of a sweep: names without their beginning and end, and bytes.
///
/// # Errors
/// When the system refuses.
pub fn write_pictures(place: &Path, new: &[(String, Vec<u8>)]) -> Result<(), FolderError> {
    clear_pictures(place)?;
    let folder = place.join(PICTURES);
    if !new.is_empty() {
        fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
    }
    for (name, bytes) in new {
        let name = format!("{}{name}{}", PICTURE.0, PICTURE.1);
        let path = folder.join(name);
        if let Err(source) = fs::write(&path, bytes) {
            // Half of it is of no use; the first error is the one to tell.
            let _gone = fs::remove_file(&path);
            return Err(FolderError::Unwritable { path, source });
        }
    }
    Ok(())
}

fn clear_pictures(place: &Path) -> Result<(), FolderError> {
    let (ours, alone) = pictures(place)?;
    for path in ours {
        fs::remove_file(&path).map_err(unwritable(&path))?;
    }
    let folder = place.join(PICTURES);
    if alone && folder.is_dir() {
        fs::remove_dir(&folder).map_err(unwritable(&folder))?;
    }
    Ok(())
}

/// Removes the files of a sweep; shards below it stay.
fn clear(place: &Path) -> Result<(), FolderError> {
    // The mark of completeness goes first.
    for name in [DONE].iter().chain(&FILES) {
        let path = place.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(unwritable(&path))?;
        }
    }
    clear_pictures(place)
}

/// Where a file is written before it is whole.
#[must_use]
pub fn unfinished(place: &Path, name: &str) -> PathBuf {
    place.join(format!("{UNFINISHED}{name}"))
}

/// Puts a file that was written as unfinished in its place.
///
/// # Errors
/// When the system refuses.
pub fn settle(place: &Path, name: &str) -> Result<(), FolderError> {
    let path = place.join(name);
    fs::rename(unfinished(place, name), &path).map_err(unwritable(&path))
}

/// Writes a whole file or none.
///
/// # Errors
/// When the system refuses.
pub fn write(place: &Path, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
    let path = unfinished(place, name);
    if let Err(source) = fs::write(&path, bytes) {
        // Half of it is of no use; the first error is the one to tell.
        let _gone = fs::remove_file(&path);
        return Err(FolderError::Unwritable {
            path: place.join(name),
            source,
        });
    }
    settle(place, name)
}

/// Removes what was left unfinished. Best effort: the error that led here is the one to tell.
pub fn tidy(place: &Path) {
    for name in FILES {
        let _gone = fs::remove_file(unfinished(place, name));
    }
}

/// Removes a file that this sweep has not.
///
/// # Errors
/// When the system refuses.
pub fn remove(place: &Path, name: &str) -> Result<(), FolderError> {
    let path = place.join(name);
    if path.exists() {
        fs::remove_file(&path).map_err(unwritable(&path))?;
    }
    Ok(())
}
