//! Page and pictures put into a folder: of a run being written, of one that is there already, or of another's choice.
//!
//! Not here: making them (`report::files`), the rest of a run folder (`job`, `folder`).
//! Invariant: all files are written beside their places first, then each is replaced in one step.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::report::chart::render::ChartError;
use tempfile::NamedTempFile;

use crate::backtest::folder::{WORK, is_run};
use crate::report::files::{File, Look, files, is_ours, is_png};
use crate::report::input::RunReport;

/// Why a report cannot be put in its place.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// A picture would replace somebody else's file.
    #[error("{}: is there already and was not made by sim\nhint: name another folder with --png, or move this file away", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// Pictures beside the files of a run would make it a folder of somebody else's.
    #[error("{}: holds a run, whose pictures are in its folder png already\nhint: name another folder with --png", path.display())]
    RunFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the right to write there", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// Makes the report of a run folder again; the names of its files.
///
/// # Errors
/// When one cannot be written: all are as they were, unless the system refuses to move one that is written already.
pub fn rebuild(folder: &Path, report: &RunReport, look: Look) -> Result<Vec<String>, RebuildError> {
    put(folder, files(report, look)?)
}

/// Puts the pictures alone into a folder, which is made when it is not there.
///
/// # Errors
/// As for [`rebuild`].
pub fn pictures_to(
    folder: &Path,
    report: &RunReport,
    look: Look,
) -> Result<Vec<String>, RebuildError> {
    let pictures = files(report, look)?.into_iter().filter_map(|file| {
        let name = is_png(&file.name)?.to_owned();
        Some(File { name, ..file })
    });
    let pictures: Vec<File> = pictures.collect();
    if is_run(folder) {
        return Err(RebuildError::RunFolder {
            path: folder.to_owned(),
        });
    }
    for picture in &pictures {
        let path = folder.join(&picture.name);
        if fs::read(&path).is_ok_and(|bytes| !is_ours(&bytes)) {
            return Err(RebuildError::NotOurs { path });
        }
    }
    let names = put(folder, pictures)?;
    let beside = names.iter().map(|name| folder.join(name));
    Ok(beside.map(|path| path.display().to_string()).collect())
}

/// Writes all of them beside their places before the first takes its own.
fn put(folder: &Path, files: Vec<File>) -> Result<Vec<String>, RebuildError> {
    let mut written = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        match beside(&path, &file.bytes) {
            Ok(work) => written.push((work, path, file.name)),
            Err(source) => return Err(RebuildError::Unwritable { path, source }),
        }
    }
    let mut names = Vec::new();
    for (work, path, name) in written {
        work.persist(&path)
            .map_err(|refused| RebuildError::Unwritable {
                path,
                source: refused.error,
            })?;
        names.push(name);
    }
    Ok(names)
}

fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut work = tempfile::Builder::new().prefix(WORK).tempfile_in(folder)?;
    work.write_all(bytes)?;
    readable(work.as_file())?;
    Ok(work)
}

/// Temporary files are private; reports are for everybody the folder is for.
#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}
