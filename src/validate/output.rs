//! A verdict on disk: one page and one file, each whole or not there; and the page of the sweep it is put beside.
//!
//! Not here: what is in them.
//! Invariant: nothing but a verdict of ours is ever replaced, and the page of its own sweep.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::report::html::sweep::proof as part;
use crate::report::html::validation;
use crate::sweep::folder::{self, DONE, Existing, FolderError};
use crate::sweep::job::Setup;
use crate::sweep::journal;
use crate::sweep::plan::SweepId;
use crate::sweep::proof::{self, FILE};
use crate::validate::error::ValidateError;
use crate::validate::job::Verdict;

/// The page.
pub const PAGE: &str = "validation.html";
/// The page of a sweep.
const SWEEP_PAGE: &str = "sweep.html";

/// What became of the page of the sweep that a verdict was put beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepPage {
    /// There is none.
    None,
    /// It shows the verdict.
    Shows,
    /// It has no place for one: an earlier version made it.
    TooOld,
}

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
            let names: Result<Vec<String>, io::Error> = entries
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect();
            let is_ours =
                |name: &String| name == PAGE || name == FILE || name.starts_with(".unfinished-");
            let is_sweep = || is_sweep(place) && folder::check(place, Existing::Resume).is_ok();
            if !names.map_err(unwritable)?.iter().all(is_ours) && !is_sweep() {
                return Err(ValidateError::NotOurs {
                    path: place.to_owned(),
                });
            }
        }
    }
    // Rights are known for sure only by writing.
    let probe = folder::unfinished(place, FILE);
    fs::write(&probe, "").map_err(unwritable)?;
    fs::remove_file(&probe).map_err(unwritable)
}

fn is_sweep(place: &Path) -> bool {
    place.join(journal::FILE).is_file()
}

/// Whether the sweep in a folder, if there is one, is the one that is to be judged.
///
/// # Errors
/// When it is another one, judged by other figures, or not finished.
pub fn fits(place: &Path, setup: &Setup) -> Result<(), ValidateError> {
    if !is_sweep(place) {
        return Ok(());
    }
    let other = |what: &str| ValidateError::OtherSweep {
        path: place.to_owned(),
        what: what.to_owned(),
    };
    let object = fs::read(place.join(DONE)).ok();
    let object = object.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let object = object.ok_or_else(|| other("holds a sweep that is not finished"))?;
    let theirs = SweepId::of(&object["identity"]);
    let theirs = theirs.ok_or_else(|| other("holds a sweep whose summary is damaged"))?;
    if let Some(differs) = theirs.differs(&setup.id) {
        return Err(other(&format!("holds another sweep: its {differs}")));
    }
    if proof::is_judged_alike(&object, setup.identity()) {
        Ok(())
    } else {
        Err(other(
            "holds this sweep, ranked by another objective, constraint or least number of trades",
        ))
    }
}

/// Writes page and file, and shows the verdict on the page of the sweep in that folder.
///
/// # Errors
/// When the system refuses.
pub fn write(place: &Path, verdict: &Verdict) -> Result<SweepPage, ValidateError> {
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
    folder::write(place, PAGE, page.as_bytes()).map_err(told)?;
    let Ok(before) = fs::read_to_string(place.join(SWEEP_PAGE)) else {
        return Ok(SweepPage::None);
    };
    // As it will be read: the page is then the one that the sweep would make with this file beside it.
    let object = serde_json::from_str::<Value>(&text).ok();
    let known = object.as_ref().and_then(proof::proof);
    let Some(page) = known.and_then(|known| part::refreshed(&before, &known)) else {
        return Ok(SweepPage::TooOld);
    };
    folder::write(place, SWEEP_PAGE, page.as_bytes()).map_err(told)?;
    Ok(SweepPage::Shows)
}
