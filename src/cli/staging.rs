//! A folder that appears whole or not at all: it is written under another name beside its place and moved at the end.
//!
//! Not here: what is written.
//! Invariant: whatever ends the work early (an error, Ctrl-C) takes the unfinished folder with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::market::error::MarketError;
use crate::market::whole_file::plain;

/// Why a folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum StagingError {
    /// Something is there; another name or its removal resolves it.
    #[error("{}: is there already and is not empty\nhint: name a new folder, or remove this one", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the right to write there; nothing was left behind", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

/// An unfinished folder.
pub(super) struct Staging {
    unfinished: TempDir,
    place: PathBuf,
}

impl Staging {
    /// Begins a folder that will stand at `place`, which may be an empty folder already.
    pub(super) fn begin(place: &Path) -> Result<Self, StagingError> {
        let unwritable = |source| StagingError::Unwritable {
            path: place.to_owned(),
            source,
        };
        if place.exists() && fs::read_dir(place).map_err(unwritable)?.next().is_some() {
            return Err(StagingError::Taken {
                path: place.to_owned(),
            });
        }
        let parent = place
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(unwritable)?;
        let unfinished = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempdir_in(parent)
            .map_err(|wrong| unwritable(plain(wrong)))?;
        Ok(Self {
            unfinished,
            place: place.to_owned(),
        })
    }

    /// Where to write meanwhile.
    pub(super) fn path(&self) -> &Path {
        self.unfinished.path()
    }

    /// An error of writing there, told of the place that was asked for.
    pub(super) fn tell(&self, wrong: MarketError) -> MarketError {
        wrong.in_place_of(self.unfinished.path(), &self.place)
    }

    /// Moves the finished folder to its place.
    pub(super) fn finish(self) -> Result<(), StagingError> {
        let unwritable = |source| StagingError::Unwritable {
            path: self.place.clone(),
            source,
        };
        open_to_others(self.unfinished.path()).map_err(unwritable)?;
        fs::rename(self.unfinished.path(), &self.place).map_err(unwritable)?;
        // Nothing is left under the old name.
        let _moved = self.unfinished.keep();
        Ok(())
    }
}

/// Temporary folders are private; results are for everybody the parent is for.
#[cfg(unix)]
fn open_to_others(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}
#[cfg(not(unix))]
fn open_to_others(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let top = tempfile::tempdir().unwrap();
        let place = top.path().join("a/b");
        let begun = Staging::begin(&place).unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        drop(begun);
        assert_eq!(fs::read_dir(top.path().join("a")).unwrap().count(), 0);
        let begun = Staging::begin(&place).unwrap();
        fs::write(begun.path().join("x"), "1").unwrap();
        begun.finish().unwrap();
        assert!(place.join("x").is_file());
        assert_eq!(fs::read_dir(top.path().join("a")).unwrap().count(), 1);
        assert!(matches!(
            Staging::begin(&place),
            Err(StagingError::Taken { .. })
        ));
    }
}
