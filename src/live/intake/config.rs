//! What is to be listened to, and how it can fail to begin.
//!
//! Not here: where these values come from (`settings`), the constants behind the defaults (`limits`).

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::limits;

/// Which sources there are; each that is `None` or `false` is off.
#[derive(Clone, Debug, Default)]
pub struct IntakeConfig {
    /// The original's line protocol over TCP.
    pub bridge: Option<BridgeConfig>,
    /// Signed requests.
    pub http: Option<HttpConfig>,
    /// A file that grows.
    pub file: Option<FileConfig>,
    /// Lines of standard input.
    pub stdin: bool,
    /// The feed itself.
    pub feed: Option<FeedConfig>,
}

/// The bridge.
#[derive(Clone, Debug)]
pub struct BridgeConfig {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Leave to listen where other machines can reach it. The protocol knows no signature: whoever connects can send.
    pub allow_public: bool,
    /// Patience with slow senders.
    pub limits: ConnectionLimits,
}

/// How patient a listener is; the defaults are those of [`limits`].
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Most connections at once.
    pub connections: usize,
    /// Time to the first full line (bridge) or to the end of head and of body (HTTP).
    pub first_line: Duration,
    /// Time from one full line to the next.
    pub idle: Duration,
}

/// Signed requests over HTTP.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Leave to listen where other machines can reach it. The signature protects what is sent, not its privacy.
    pub allow_public: bool,
    /// Further values of `Host` that are ours, `name:port`; the bound address and `localhost` always are.
    pub hosts: Vec<String>,
    /// File with the secret, readable by its owner alone.
    pub secret_file: PathBuf,
    /// How far a request's time may be from ours; above zero, at most [`limits::WINDOW_MAX`].
    pub window: Duration,
    /// Patience with slow senders.
    pub limits: ConnectionLimits,
}

/// A followed file.
#[derive(Clone, Debug)]
pub struct FileConfig {
    /// The file; it may come later and be replaced at any time.
    pub path: PathBuf,
    /// Whether what it holds at the start is read too. With it nothing is missed over a restart: the journal knows
    /// what it had.
    pub from_start: bool,
    /// How often it is looked at.
    pub every: Duration,
}

/// The feed itself.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// Scheme and host, for example `https://api.valuescan.io`; plain `http` only to this machine.
    pub base: String,
    /// JSON file with the key `account_token`; read again when it changes.
    pub token_file: PathBuf,
    /// Time between two rounds of both lists.
    pub every: Duration,
    /// Time an answer may take.
    pub timeout: Duration,
    /// How long it is left alone after [`limits::FEED_FAILURES`] failures in a row.
    pub pause: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: limits::CONNECTIONS,
            first_line: limits::FIRST_LINE,
            idle: limits::IDLE,
        }
    }
}

impl Default for BridgeConfig {
    /// `127.0.0.1:8765`, where the original's monitor sends (`valuescan.md` section 3).
    fn default() -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 8765)),
            allow_public: false,
            limits: ConnectionLimits::default(),
        }
    }
}

impl HttpConfig {
    /// `127.0.0.1:8766` with the usual window.
    #[must_use]
    pub fn new(secret_file: PathBuf) -> Self {
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 8766)),
            allow_public: false,
            hosts: Vec::new(),
            secret_file,
            window: limits::WINDOW,
            limits: ConnectionLimits::default(),
        }
    }
}

impl FileConfig {
    /// Follows a file from its end.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self {
            path,
            from_start: false,
            every: limits::FOLLOW_EVERY,
        }
    }
}

impl FeedConfig {
    /// Asks the feed as often and as patiently as the original does.
    #[must_use]
    pub const fn new(base: String, token_file: PathBuf) -> Self {
        Self {
            base,
            token_file,
            every: limits::FEED_EVERY,
            timeout: limits::FEED_TIMEOUT,
            pause: limits::FEED_PAUSE,
        }
    }
}

/// Why the sources could not be started. Each is mended in the configuration or the file it names.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The address can be reached from elsewhere, and nobody said that it may.
    #[error(
        "{what}: {addr} can be reached by other machines\nhint: listen on 127.0.0.1, or set allow_public = true when a firewall or a signature guards it"
    )]
    Public {
        /// Which source.
        what: &'static str,
        /// Where it was to listen.
        addr: SocketAddr,
    },
    /// The address cannot be had.
    #[error(
        "{what}: cannot listen on {addr}: {source}\nhint: another program may hold the port; stop it or name another address"
    )]
    Bind {
        /// Which source.
        what: &'static str,
        /// Where it was to listen.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A secret or token file cannot be used.
    #[error("{}: {found}\nhint: {hint}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong, without a word of its content.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// A value is outside its range.
    #[error("{key}: {found}\nhint: {hint}")]
    Value {
        /// Which.
        key: &'static str,
        /// What was found.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// Called outside a tokio runtime.
    #[error("sources of signals need a running tokio runtime\nhint: start them from inside it")]
    NoRuntime,
}
