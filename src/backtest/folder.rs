//! Folders of runs and of comparisons: written beside their place, moved there in one step, so that a folder that exists is complete.
//!
//! Not here: what is in the files. Invariant: nothing but a run or comparison of ours is ever replaced or removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::market::whole_file::plain;
use crate::report::files;

/// The file that marks a folder as a run of ours.
pub const MARK: &str = "run.json";

/// Layout of that file; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What that file must begin to say for it.
const KIND: &str = "confluence run";

/// All that a run of ours holds: a folder with anything else in it is not replaced, or that would be lost.
const FILES: [&str; 13] = [
    MARK,
    "config.toml",
    "equity.parquet",
    "events.bin",
    "fills.csv",
    "ledger.csv",
    "metrics.json",
    "plotly.min.js",
    "report.html",
    "report.msgpack",
    "signals.csv",
    "timing.json",
    "trades.csv",
];

/// How names of files begin that are being written into a run folder.
pub(super) const WORK: &str = ".report-";

/// Folders of pictures, and how the names of files in them end.
const PICTURES: [(&str, &str); 2] = [("png", ".png"), ("svg", ".svg")];

/// Whether a run of ours writes a file of this name.
fn is_of_a_run(name: &str) -> bool {
    FILES.contains(&name)
        || PICTURES.iter().any(|(folder, end)| {
            let rest = name
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'));
            rest.and_then(|rest| rest.strip_suffix(end))
                .is_some_and(files::is_picture)
        })
}

/// What a folder is for; one for one thing never replaces one for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Species {
    /// A run.
    Run,
    /// Runs side by side.
    Comparison,
}

/// Files of a comparison; the first marks it.
pub const COMPARISON: [&str; 2] = ["compare.json", "compare.html"];

impl Species {
    /// As messages and marks name it.
    const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Comparison => "comparison",
        }
    }

    /// What the mark says it is.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Run => KIND,
            Self::Comparison => "confluence comparison",
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::Run => MARK,
            Self::Comparison => COMPARISON[0],
        }
    }

    fn writes(self, name: &str) -> bool {
        match self {
            Self::Run => is_of_a_run(name),
            Self::Comparison => COMPARISON.contains(&name),
        }
    }

    /// Whether a folder holds one of ours.
    fn is_in(self, folder: &Path) -> bool {
        let text = fs::read_to_string(folder.join(self.mark())).unwrap_or_default();
        let value = serde_json::from_str::<serde_json::Value>(&text);
        value.is_ok_and(|value| value["kind"] == self.kind())
    }
}

/// Why a run folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The place holds something else.
    #[error("{}: is there already and holds no {} of sim\nhint: name another folder with --out, or move this one away", path.display(), species.name())]
    NotOurs {
        /// The place.
        path: PathBuf,
        /// What it should hold.
        species: Species,
    },
    /// The place holds a run of ours and something else.
    #[error("{}: holds a {} of sim and also '{file}', which would be lost\nhint: move that file away, or name another folder with --out", path.display(), species.name())]
    HoldsMore {
        /// The place.
        path: PathBuf,
        /// What it should hold alone.
        species: Species,
        /// What is not ours, relative to it.
        file: String,
    },
    /// The system refused.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the right to write there; nothing was left behind", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// A folder being written. Dropped before [`RunFolder::commit`], it leaves nothing.
#[derive(Debug)]
pub struct RunFolder {
    // Dropped in this order: the work first, then the folders made for it.
    work: TempDir,
    parents: Parents,
    place: PathBuf,
    species: Species,
}

/// Folders that were made for a run; dropped before the run is in its place, they go again.
#[derive(Debug, Default)]
struct Parents {
    /// Deepest first.
    made: Vec<PathBuf>,
}

impl Parents {
    /// Makes a folder and those above it.
    fn make(folder: &Path) -> io::Result<Self> {
        let missing = folder.ancestors().take_while(|above| {
            !above.as_os_str().is_empty() && fs::symlink_metadata(above).is_err()
        });
        let parents = Self {
            made: missing.map(Path::to_owned).collect(),
        };
        fs::create_dir_all(folder)?;
        Ok(parents)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for folder in &self.made {
            // One that somebody else uses by now is not empty and stays.
            let _in_use = fs::remove_dir(folder);
        }
    }
}

impl RunFolder {
    /// Starts writing a run next to `place`, which must be free or hold a run of ours.
    ///
    /// # Errors
    /// When it holds something else or its parent cannot be written.
    pub fn begin(place: &Path) -> Result<Self, FolderError> {
        Self::begin_as(Species::Run, place)
    }

    /// Starts writing next to `place`, which must be free or hold one of the same species.
    ///
    /// # Errors
    /// As for [`RunFolder::begin`].
    pub fn begin_as(species: Species, place: &Path) -> Result<Self, FolderError> {
        check_place(species, place)?;
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let unwritable = |source| FolderError::Unwritable {
            path: place.to_owned(),
            source,
        };
        let parents = Parents::make(parent).map_err(unwritable)?;
        let work = tempfile::Builder::new()
            .prefix(".run-")
            .tempdir_in(parent)
            .map_err(|wrong| unwritable(plain(wrong)))?;
        make_readable(work.path()).map_err(unwritable)?;
        Ok(Self {
            work,
            parents,
            place: place.to_owned(),
            species,
        })
    }

    /// Writes one file; `name` may hold a folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.work.path().join(name);
        let unwritable = |source| FolderError::Unwritable {
            path: self.place.join(name),
            source,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(unwritable)?;
        }
        fs::write(&path, bytes).map_err(unwritable)
    }

    /// Puts the folder in its place, in place of an older run there.
    ///
    /// # Errors
    /// When the system refuses; an older run is then left as it was.
    pub fn commit(mut self) -> Result<PathBuf, FolderError> {
        check_place(self.species, &self.place)?;
        let unwritable = |source| FolderError::Unwritable {
            path: self.place.clone(),
            source,
        };
        let older = self
            .place
            .exists()
            .then(|| self.work.path().with_extension("older"));
        if let Some(older) = &older {
            fs::rename(&self.place, older).map_err(unwritable)?;
        }
        if let Err(source) = fs::rename(self.work.path(), &self.place) {
            if let Some(older) = &older {
                // Best effort: the older run goes back where it was; the first error is the one to tell.
                let _restored = fs::rename(older, &self.place);
            }
            return Err(unwritable(source));
        }
        // The folder has moved; its old path no longer exists for the guard to remove.
        let _moved = self.work.keep();
        self.parents.made.clear();
        if let Some(older) = older {
            fs::remove_dir_all(&older).map_err(|source| FolderError::Unwritable {
                path: older,
                source,
            })?;
        }
        Ok(self.place)
    }
}

/// A place is free, empty, or holds one of ours and nothing else.
fn check_place(species: Species, place: &Path) -> Result<(), FolderError> {
    let not_ours = || FolderError::NotOurs {
        path: place.to_owned(),
        species,
    };
    let unwritable = |source| FolderError::Unwritable {
        path: place.to_owned(),
        source,
    };
    match fs::symlink_metadata(place) {
        Err(_) => return Ok(()),
        Ok(meta) if !meta.is_dir() => return Err(not_ours()),
        Ok(_) => {}
    }
    let mut entries = fs::read_dir(place).map_err(unwritable)?;
    if entries.next().is_none() {
        return Ok(());
    }
    if !species.is_in(place) {
        return Err(not_ours());
    }
    match foreign(species, place, "").map_err(unwritable)? {
        Some(file) => Err(FolderError::HoldsMore {
            path: place.to_owned(),
            species,
            file,
        }),
        None => Ok(()),
    }
}

/// The first thing in a folder, by name, that none of ours writes.
fn foreign(species: Species, folder: &Path, prefix: &str) -> io::Result<Option<String>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        // What a report that was being made again left when it was killed.
        if kind.is_file() && entry.file_name().to_string_lossy().starts_with(WORK) {
            continue;
        }
        let inside = format!("{name}/");
        let pictures = kind.is_dir() && species == Species::Run;
        if pictures && PICTURES.iter().any(|(folder, _)| name == *folder) {
            if let Some(file) = foreign(species, &entry.path(), &inside)? {
                return Ok(Some(file));
            }
        } else if !kind.is_file() || !species.writes(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether a folder holds a run of ours.
#[must_use]
pub fn is_run(folder: &Path) -> bool {
    Species::Run.is_in(folder)
}

/// What `run.json` says it is.
#[must_use]
pub const fn kind() -> &'static str {
    KIND
}

/// Temporary folders are private; results are for everybody the parent is for.
#[cfg(unix)]
fn make_readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> io::Result<()> {
    Ok(())
}
