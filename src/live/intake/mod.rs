//! Where signals come from while a run is live: the bridge, HTTP, a followed file, standard input, the feed itself.
//! All of them at once if configured; each message leaves here as one [`Submission`] and its sender hears the
//! [`Verdict`] that comes back.
//!
//! Not here: the formats of messages (`signal::feed`), what a message leads to (`live`, `trader`), which ids were ever
//! seen (`journal`).
//! Invariants: nothing is answered as accepted before the runner has said so; every input, queue and memory is bounded
//! (`limits`); no input ends a task but its own connection's; a message without a verdict is never called taken.

pub mod config;
pub mod count;
pub mod mac;
pub mod secret;
pub mod stats;
pub mod wire;

mod bounded;
mod bridge;
mod desk;
mod follow;
mod http;
pub mod limits;
mod lines;
mod message;
mod poll;
mod quiet;
mod replay;
mod stdin;
mod tail;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::domain::signal::RawSignal;
use crate::domain::time::Timestamp;
use config::{IntakeConfig, IntakeError};
use desk::Desk;
use stats::Stats;

/// What time it is, by whatever clock the run goes by.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Which way a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceName {
    /// A line over TCP.
    Bridge,
    /// A signed request.
    Http,
    /// A line of the followed file.
    File,
    /// A line of standard input.
    Stdin,
    /// The feed, asked by us.
    Feed,
    /// Sent by a person: `sim signal send`, over the bridge or HTTP.
    Hand,
}

impl SourceName {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Bridge,
        Self::Http,
        Self::File,
        Self::Stdin,
        Self::Feed,
        Self::Hand,
    ];

    /// `bridge`, `http`, `file`, `stdin`, `feed` or `hand`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Http => "http",
            Self::File => "file",
            Self::Stdin => "stdin",
            Self::Feed => "feed",
            Self::Hand => "hand",
        }
    }
}

/// A message that came in, on its way to the runner.
#[derive(Debug)]
pub struct Submission {
    /// Which way it came.
    pub source: SourceName,
    /// What it says. `received_time` is `None`: when it was had is for the runner to say, never for a sender.
    pub message: RawSignal,
    /// Where the verdict is waited for. Dropping it unanswered means [`Verdict::Closing`].
    pub reply: Option<oneshot::Sender<Verdict>>,
}

/// What the runner answers, after its journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// New, and durable.
    Accepted {
        /// Its place in the journal.
        seq: u64,
    },
    /// The same message is there already.
    Duplicate,
    /// The id is there already with another content: someone should look.
    Conflict,
    /// It will never be taken.
    Refused {
        /// Why, in one word or few.
        reason: String,
    },
    /// Not now; it may be sent again.
    Busy,
    /// The run is ending.
    Closing,
}

/// The sources at work. Dropping it ends them at once; [`Intake::stop`] lets answers go out first.
#[derive(Debug)]
pub struct Intake {
    /// Where the bridge listens, with the real port.
    pub bridge_addr: Option<SocketAddr>,
    /// Where HTTP listens, with the real port.
    pub http_addr: Option<SocketAddr>,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts every source of the configuration. Listeners are bound when this returns.
///
/// # Errors
/// When an address cannot be bound or is public without leave, a secret cannot be used, or no tokio runtime is there.
pub fn start(
    config: IntakeConfig,
    out: mpsc::Sender<Submission>,
    clock: Clock,
    stats: Arc<Stats>,
) -> Result<Intake, IntakeError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| IntakeError::NoRuntime)?;
    let _entered = runtime.enter();
    let (stopping, stop) = watch::channel(false);
    let desk = Arc::new(Desk::new(out, clock, stats, stop));
    let mut tasks = JoinSet::new();
    let mut bridge_addr = None;
    let mut http_addr = None;
    if let Some(bridge) = config.bridge {
        let (listener, addr) = bind("bridge", bridge.addr, bridge.allow_public)?;
        bridge_addr = Some(addr);
        tasks.spawn(bridge::serve(listener, Arc::clone(&desk), bridge.limits));
    }
    if let Some(wanted) = config.http {
        let secret = secret::Secret::read(&wanted.secret_file)?;
        let (listener, addr) = bind("http", wanted.addr, wanted.allow_public)?;
        http_addr = Some(addr);
        let door = http::door::Door::new(&wanted, secret, addr, Arc::clone(&desk))?;
        tasks.spawn(http::serve(listener, door));
    }
    if let Some(file) = config.file {
        tasks.spawn(follow::follow(file, Arc::clone(&desk)));
    }
    if config.stdin {
        tasks.spawn(stdin::read(std::io::stdin(), Arc::clone(&desk)));
    }
    if let Some(feed) = config.feed {
        let poller = poll::Poller::new(feed, Arc::clone(&desk))?;
        tasks.spawn(poller.run());
    }
    Ok(Intake {
        bridge_addr,
        http_addr,
        stopping,
        tasks,
    })
}

impl Intake {
    /// Takes nothing more in, lets what waits for a verdict have it (at most [`limits::STOP_GRACE`]), and ends.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limits::STOP_GRACE, ended)
            .await
            .is_err()
        {
            tracing::warn!("sources of signals did not end in time and were cut off");
        }
    }
}

/// Binds a listener; one that others can reach only when that was asked for.
fn bind(
    what: &'static str,
    addr: SocketAddr,
    allow_public: bool,
) -> Result<(tokio::net::TcpListener, SocketAddr), IntakeError> {
    if !addr.ip().is_loopback() && !allow_public {
        return Err(IntakeError::Public { what, addr });
    }
    let failed = |source| IntakeError::Bind { what, addr, source };
    let listener = TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let real = listener.local_addr().map_err(failed)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
    Ok((listener, real))
}
