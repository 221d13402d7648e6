//! Run folders: written beside their place, moved there in one step, so that a folder that exists is complete.
//!
//! Not here: what is in the files. Invariant: nothing but a run of ours is ever replaced or removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The file that marks a folder as a run of ours.
pub const MARK: &str = "run.json";

/// What that file must begin to say for it.
const KIND: &str = "confluence run";

/// Why a run folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The place holds something else.
    #[error("{}: is there already and holds no run of sim\nhint: name another folder with --out, or move this one away", path.display())]
    NotOurs {
        /// The place.
        path: PathBuf,
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
    work: TempDir,
    place: PathBuf,
}

impl RunFolder {
    /// Starts writing next to `place`, which must be free or hold a run of ours.
    ///
    /// # Errors
    /// When it holds something else or its parent cannot be written.
    pub fn begin(place: &Path) -> Result<Self, FolderError> {
        check_place(place)?;
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let unwritable = |source| FolderError::Unwritable {
            path: place.to_owned(),
            source,
        };
        fs::create_dir_all(parent).map_err(unwritable)?;
        let work = tempfile::Builder::new()
            .prefix(".run-")
            .tempdir_in(parent)
            .map_err(unwritable)?;
        make_readable(work.path()).map_err(unwritable)?;
        Ok(Self {
            work,
            place: place.to_owned(),
        })
    }

    /// Where a file of the run is written for now.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Writes one file; `name` may hold a folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.file(name);
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
    pub fn commit(self) -> Result<PathBuf, FolderError> {
        check_place(&self.place)?;
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
        if let Some(older) = older {
            fs::remove_dir_all(&older).map_err(|source| FolderError::Unwritable {
                path: older,
                source,
            })?;
        }
        Ok(self.place)
    }
}

/// A place is free, empty, or holds a run of ours.
fn check_place(place: &Path) -> Result<(), FolderError> {
    let not_ours = || FolderError::NotOurs {
        path: place.to_owned(),
    };
    match fs::symlink_metadata(place) {
        Err(_) => Ok(()),
        Ok(meta) if !meta.is_dir() => Err(not_ours()),
        Ok(_) => {
            let unwritable = |source| FolderError::Unwritable {
                path: place.to_owned(),
                source,
            };
            let empty = fs::read_dir(place).map_err(unwritable)?.next().is_none();
            if empty || is_run(place) {
                Ok(())
            } else {
                Err(not_ours())
            }
        }
    }
}

/// Whether a folder holds a run of ours.
#[must_use]
pub fn is_run(folder: &Path) -> bool {
    let text = fs::read_to_string(folder.join(MARK)).unwrap_or_default();
    serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|value| value["kind"] == kind())
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
