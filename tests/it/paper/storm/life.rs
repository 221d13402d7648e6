//! The run as a process would live: begun, dying as planned, asked to end.
//!
//! Not here: when it is begun again (`supervisor`).
//! Invariant: whatever ends it, a panic included, is told as an error; nothing waits for it without bound.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use confluence::journal::store::{Crash, Options, WritePoint};
use confluence::live::start::{Started, Wanted, run};
use confluence::settings::Settings;
use tokio::sync::watch;

use super::plan::{Death, Place};

/// Between two looks at whatever is waited for.
pub(super) const LOOK: Duration = Duration::from_millis(2);
/// How long a clean end may take.
const END: Duration = Duration::from_secs(10);

/// The machine's clock.
#[allow(clippy::disallowed_methods, reason = "bounds the time of a schedule")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// A port nobody listens on, of those that no connection gets by chance: a run that dies finds it free again.
pub(super) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 97).unwrap() * 180;
    loop {
        let number = NEXT.fetch_add(1, Ordering::SeqCst) % 18_000;
        let port = 12_000 + (number + spread) % 18_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// One start of the run.
#[derive(Debug)]
pub(super) struct Life {
    begun: Arc<Mutex<Option<Started>>>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<Result<(), String>>,
}

impl Life {
    pub(super) fn begin(settings: &Settings, options: Options) -> Self {
        let (stop, stopped) = watch::channel(false);
        let wanted = Wanted {
            settings: settings.clone(),
            stop: stopped,
            journal: options,
        };
        let begun = Arc::new(Mutex::new(None));
        let own = Arc::clone(&begun);
        let thread = std::thread::spawn(move || {
            let tell = |started: &Started| *own.lock().unwrap() = Some(started.clone());
            run(wanted, &tell).map_err(|error| format!("{error:#}"))
        });
        Self {
            begun,
            stop,
            thread,
        }
    }

    /// The control port and its token's file, once it is up.
    pub(super) fn control(&self) -> Option<(SocketAddr, PathBuf)> {
        let begun = self.begun.lock().unwrap();
        let begun = begun.as_ref()?;
        Some((begun.control?, begun.token_file.clone()))
    }

    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// How it ended; a panic is an error too.
    pub(super) fn wait(self) -> Result<(), String> {
        let panicked = |panic: Box<dyn Any + Send>| Err(format!("PANIC: {}", words(&*panic)));
        self.thread.join().unwrap_or_else(panicked)
    }

    /// Asks it to end, and waits for it a while.
    pub(super) fn end(self) -> Result<(), String> {
        let _ = self.stop.send(true);
        let asked = now();
        while !self.is_over() {
            if asked.elapsed() > END {
                return Err(format!("it does not end within {END:?} when asked to"));
            }
            std::thread::park_timeout(LOOK);
        }
        self.wait()
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Whether an end was the planned death.
pub(super) fn is_death(ended: &Result<(), String>) -> bool {
    ended
        .as_ref()
        .is_err_and(|text| text.contains("injected crash"))
}

/// Deaths: whether they are allowed, and how many were dealt. A run notices its own only at its next commit.
#[derive(Debug)]
pub(super) struct Fate {
    pub(super) armed: AtomicBool,
    pub(super) dealt: AtomicU64,
}

/// How a journal is kept that dies as planned, while that is allowed.
pub(super) fn dying(death: Option<Death>, fate: &Arc<Fate>) -> Options {
    let mut options = Options {
        ballast_bytes: 0,
        ..Options::default()
    };
    let Some(Death { place, nth }) = death else {
        return options;
    };
    let fate = Arc::clone(fate);
    let (mut met, mut dead) = (0, false);
    options.hook = Some(Box::new(move |point| {
        let counts = match place {
            Place::Any => true,
            Place::Before => matches!(point, WritePoint::BeforeCommit(_)),
            Place::After => matches!(point, WritePoint::AfterCommit(_)),
        };
        met += u64::from(counts);
        if dead || counts && met >= nth && fate.armed.load(Ordering::SeqCst) {
            fate.dealt.fetch_add(u64::from(!dead), Ordering::SeqCst);
            dead = true;
            Crash::Yes
        } else {
            Crash::No
        }
    }));
    options
}
