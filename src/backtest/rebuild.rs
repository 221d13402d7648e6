//! Page and pictures put into a folder: of a run being written, of one that is there already, or of another's choice.
//!
//! Not here: making them (`report::files`), the rest of a run folder (`job`, `folder`).
//! Invariant: a file is replaced in one step, so that a reader finds the one before or the new one, whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::report::chart::render::ChartError;
use crate::report::files::{File, Look, files, is_png};
use crate::report::input::RunReport;

/// Why a report cannot be put in its place.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The system refused.
    #[error("{}: cannot be written: {source}\nhint: check the space left and the right to write there; files not named here are as they were", path.display())]
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
/// When one cannot be written: those before it are new, the others as they were.
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
    let names = put(folder, pictures.collect())?;
    let beside = names.iter().map(|name| folder.join(name));
    Ok(beside.map(|path| path.display().to_string()).collect())
}

fn put(folder: &Path, files: Vec<File>) -> Result<Vec<String>, RebuildError> {
    let mut names = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        replace(&path, &file.bytes).map_err(|source| RebuildError::Unwritable { path, source })?;
        names.push(file.name);
    }
    Ok(names)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut work = tempfile::Builder::new()
        .prefix(".report-")
        .tempfile_in(folder)?;
    work.write_all(bytes)?;
    readable(work.as_file())?;
    work.persist(path).map_err(|refused| refused.error)?;
    Ok(())
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
