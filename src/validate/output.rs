//! A verdict on disk: one page and one file, each whole or not there.
//!
//! Not here: what is in them.
//! Invariant: nothing but a verdict of ours is ever replaced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::html::validation;
use crate::sweep::folder::{self, FolderError};
use crate::sweep::job::Setup;
use crate::validate::error::ValidateError;
use crate::validate::job::Verdict;

/// The page.
pub const PAGE: &str = "validation.html";
/// The file.
pub const FILE: &str = "validation.json";

/// The folder of a verdict that nobody named.
#[must_use]
pub fn default_place(setup: &Setup) -> PathBuf {
    PathBuf::from("reports").join(format!("validate-{}", setup.id.name()))
}

/// Whether a verdict may go into a folder, made if it is not there; better known before the work than after it.
///
/// # Errors
/// When it holds something that is no verdict and no sweep, or cannot be written.
pub fn check(place: &Path) -> Result<(), ValidateError> {
    let unwritable = |source| ValidateError::Unwritable {
        path: place.to_owned(),
        source,
    };
    match fs::read_dir(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return fs::create_dir_all(place).map_err(unwritable);
        }
        Err(error) => return Err(unwritable(error)),
        Ok(entries) => {
            for entry in entries {
                let name = entry.map_err(unwritable)?.file_name();
                let name = name.to_string_lossy();
                if name != PAGE && name != FILE && !name.starts_with(".unfinished-") {
                    return Err(ValidateError::NotOurs {
                        path: place.to_owned(),
                    });
                }
            }
        }
    }
    // Rights are known for sure only by writing.
    let probe = folder::unfinished(place, FILE);
    fs::write(&probe, "").map_err(unwritable)?;
    fs::remove_file(&probe).map_err(unwritable)
}

/// Writes page and file.
///
/// # Errors
/// When the system refuses.
pub fn write(place: &Path, verdict: &Verdict) -> Result<(), ValidateError> {
    let mut text = format!("{:#}", verdict.object);
    text.push('\n');
    let told = |error| match error {
        FolderError::Unwritable { path, source } => ValidateError::Unwritable { path, source },
        other @ (FolderError::NotOurs { .. }
        | FolderError::Taken { .. }
        | FolderError::Journal(_)) => ValidateError::Sweep(other.into()),
    };
    folder::write(place, FILE, text.as_bytes()).map_err(told)?;
    let page = validation::page(&verdict.report);
    folder::write(place, PAGE, page.as_bytes()).map_err(told)
}
