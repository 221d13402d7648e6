//! Files that appear whole or not at all.
//!
//! Not here: what is in them.

use std::io::{self, Write};
use std::path::Path;

use super::error::MarketError;

/// Writes a file beside its place and moves it there in one step.
///
/// # Errors
/// When the folder cannot be written; nothing is left then.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), MarketError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let unwritable = |wrong| MarketError::unwritable(path, wrong);
    let mut file = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)
        .map_err(|wrong| unwritable(plain(wrong)))?;
    // Through the file itself: the temporary name is nobody's business.
    file.as_file_mut().write_all(bytes).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    make_readable(&file).map_err(unwritable)?;
    file.persist(path)
        .map_err(|wrong| unwritable(wrong.error))?;
    Ok(())
}

/// The system's own answer, without the temporary name that was wrapped around it.
#[must_use]
pub fn plain(wrong: io::Error) -> io::Error {
    let inner = wrong.get_ref().and_then(std::error::Error::source);
    let code = inner
        .and_then(|inner| inner.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    code.map_or(wrong, io::Error::from_raw_os_error)
}

/// Temporary files are private; results are for everybody the folder is for.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}
#[cfg(not(unix))]
fn make_readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}
