//! Starts a server and stops it.
//!
//! Not here: what it says (`stage`), what it answers (`rest`, `socket`).

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::domain::time::Timestamp;

use super::config::Config;
use super::error::ServeError;
use super::faults::Dice;
use super::hub::Hub;
use super::rest::{self, Service};
use super::shared::Shared;
use super::stage::{Manner, Stage, Told};
use super::summary::Summary;
use super::wall;
use super::world::World;

/// How long connections have to answer a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A server at work on threads of its own. Dropping it without [`Running::wait`] or [`Running::stop`] asks it to stop.
#[derive(Debug)]
pub struct Running {
    /// Where REST calls and WebSocket connections go.
    pub address: SocketAddr,
    /// First instant of the tape.
    pub from: Timestamp,
    /// First instant no longer on it.
    pub to: Timestamp,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Summary>>,
    /// Hangs up at the end.
    over: Mutex<Receiver<()>>,
}

/// Reads the data, listens, and begins to tell the tape once a client listens on both routes.
///
/// # Errors
/// What is wrong with the data, or an address that cannot be listened on.
pub fn serve(config: Config) -> Result<Running, ServeError> {
    let world = World::load(&config)?;
    let window = world.window();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("market-server")
        .enable_all()
        .build()
        .map_err(ServeError::Start)?;
    let refused = |source| ServeError::Listen {
        address: config.listen,
        source,
    };
    let listener = runtime
        .block_on(TcpListener::bind(config.listen))
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let symbols = world.tape().symbols.len();
    let hub = Arc::new(Hub::new(symbols, Dice::new(config.faults.clone())));
    let shared = Arc::new(Shared::new(world, hub));
    let manner = Manner {
        speed: config.speed,
        hold: config.hold,
        signals: config.signals,
    };
    let own = Arc::clone(&shared);
    let (alive, over) = channel();
    let limit = config.weight_limit;
    let thread = std::thread::Builder::new()
        .name("market-tape".to_owned())
        .spawn(move || {
            let summary = run(runtime, listener, &own, manner, limit);
            drop(alive);
            summary
        })
        .map_err(ServeError::Start)?;
    tracing::info!(%address, from = %window.from, to = %window.to, symbols, "market server listens");
    Ok(Running {
        address,
        from: window.from,
        to: window.to,
        shared,
        thread: Some(thread),
        over: Mutex::new(over),
    })
}

fn run(
    runtime: Runtime,
    listener: TcpListener,
    shared: &Arc<Shared>,
    manner: Manner,
    limit: u32,
) -> Summary {
    let service = Arc::new(Service::new(Arc::clone(shared), limit));
    let router = rest::router(Arc::clone(&service));
    runtime.spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        // A ping waits for nothing: small frames go out at once.
        let listener = listener.tap_io(|stream| {
            if let Err(wrong) = stream.set_nodelay(true) {
                tracing::debug!(%wrong, "small frames may be late");
            }
        });
        if let Err(wrong) = axum::serve(listener, service).await {
            tracing::error!(%wrong, "market server no longer listens");
        }
    });
    let speed = manner.speed;
    let told = Stage::new(shared, manner).tell(speed);
    shared.hub.lock().close_all();
    let begun = wall::now();
    while !shared.hub.lock().is_empty() && begun.elapsed() < GOODBYE {
        shared.hub.wait(Duration::from_millis(20));
    }
    runtime.shutdown_timeout(Duration::from_millis(200));
    summary(shared, &service, told)
}

fn summary(shared: &Shared, service: &Service, told: Told) -> Summary {
    let connections = shared.hub.lock();
    Summary {
        from: shared.world.window().from,
        until: shared.now(),
        complete: told.complete,
        events: told.events,
        frames: connections.frames,
        pings: connections.pings,
        connections: connections.accepted(),
        thrown_out: connections.thrown_out,
        requests: service.requests(),
        signals: told.signals,
        faults: shared.hub.dice.counts(),
    }
}

impl Running {
    /// The running time: everything stamped at or before it was said.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// Asks it to stop; [`Running::wait`] then returns soon.
    pub fn ask_to_stop(&self) {
        self.shared.ask_to_stop();
    }

    /// Whether the tape is over and everybody said goodbye.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the end this long at most; whether it came.
    #[must_use]
    pub fn wait_for(&self, longest: Duration) -> bool {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.recv_timeout(longest) == Err(RecvTimeoutError::Disconnected)
    }

    /// Waits for the end of the tape.
    ///
    /// # Panics
    /// When its thread did.
    #[must_use]
    pub fn wait(mut self) -> Summary {
        let thread = self
            .thread
            .take()
            .expect("invariant: only waiting takes the thread");
        thread
            .join()
            .expect("invariant: the tape's thread panics at nothing")
    }

    /// Stops it at once.
    #[must_use]
    pub fn stop(self) -> Summary {
        self.ask_to_stop();
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}
