//! Why the look-alike cannot serve.
//!
//! Not here: what it answers to wrong calls (`rest`).

use std::io;
use std::net::SocketAddr;

use crate::market::error::MarketError;

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file of prices or rules.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// No price to replay.
    #[error(
        "market server: nothing to replay: {found}\nhint: name a data folder that has bars or trades of these contracts in this time"
    )]
    Nothing {
        /// What was looked for.
        found: String,
    },
    /// The address cannot be listened on.
    #[error(
        "market server: cannot listen on {address}: {source}\nhint: another program may listen there; --listen names another address, port 0 takes any free one"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
    /// No thread or runtime to be had.
    #[error(
        "market server: cannot start: {0}\nhint: the system refuses threads or sockets; close something and try again"
    )]
    Start(io::Error),
}

/// A list of faults that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "faults: '{part}': {found}\nhint: write kind=share, for example disconnect=0.01,http429=0.05,clock=1500ms,heal_after=100; kinds: {kinds}"
)]
pub struct FaultError {
    /// The part.
    pub part: String,
    /// What is wrong with it.
    pub found: String,
    /// What there is.
    pub kinds: String,
}
