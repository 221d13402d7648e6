//! One schedule played: the faulty market server, the run against it with its deaths and restarts, senders, operator.
//!
//! Not here: what is planned (`plan`), judging what came of it (`watch`).
//! Invariant: every wait is bounded; a schedule that does not end in time is a failure.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use confluence::journal::store::{Crash, Options, WritePoint};
use confluence::live::start::{Started, Wanted, run};
use confluence::lookalike::config::{Config, SignalPlan};
use confluence::lookalike::faults::FaultPlan;
use confluence::lookalike::running::{Running, serve};
use confluence::lookalike::summary::Summary;
use confluence::settings::Settings;
use serde_json::Value;
use tokio::sync::watch;

use super::gate::{self, Gate};
use super::operator::{self, Granted, Wish};
use super::plan::{Death, Place, Plan};
use super::pranks::{Answered, Prank};

/// How long a schedule may take.
const BOUND: Duration = Duration::from_secs(60);
/// Between two looks at whatever is waited for.
const LOOK: Duration = Duration::from_millis(2);
/// Starts that may fail in a row while calls fail.
const STARTS_MAX: u32 = 60;
/// How long a restart may take at a gate, so that the market server does not ask twice.
const RESTART: Duration = Duration::from_secs(8);

/// What came of a schedule.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) journal: PathBuf,
    pub(super) settings: Settings,
    pub(super) summary: Summary,
    pub(super) answers: Vec<Answered>,
    pub(super) granted: Vec<Granted>,
    pub(super) deaths: u64,
    /// Restarts that were asked for.
    pub(super) stops: u64,
    /// Starts that did not come about because a call failed.
    pub(super) refused_starts: u64,
    /// What the run said of itself when the tape was over.
    pub(super) status: Option<Value>,
    /// What must be nowhere in the journal.
    pub(super) secret: String,
    pub(super) took: Duration,
}

#[allow(clippy::disallowed_methods, reason = "bounds the time of a schedule")]
fn now() -> Instant {
    Instant::now()
}

/// A port nobody listens on, of those that no connection gets by chance.
fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = u16::try_from(std::process::id() % 97).unwrap() * 190;
    loop {
        let number = NEXT.fetch_add(1, Ordering::SeqCst) % 18_000;
        let port = 12_000 + (number + spread) % 18_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// The run, started as often as it dies.
#[derive(Debug)]
struct Life {
    begun: Arc<Mutex<Option<Started>>>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<Result<(), String>>,
}

impl Life {
    fn begin(settings: &Settings, options: Options) -> Self {
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

    fn control(&self) -> Option<(SocketAddr, PathBuf)> {
        let begun = self.begun.lock().unwrap();
        let begun = begun.as_ref()?;
        Some((begun.control?, begun.token_file.clone()))
    }

    /// How it ended; an `Err` of panics too.
    fn wait(self) -> Result<(), String> {
        self.thread
            .join()
            .unwrap_or_else(|panic| Err(format!("PANIC: {}", words(&*panic))))
    }

    /// Asks it to end, and waits for it a while.
    fn end(self, until: Instant) -> Result<(), String> {
        let _ = self.stop.send(true);
        while !self.thread.is_finished() {
            if now() > until {
                return Err("it does not stop when asked to".to_owned());
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

/// A journal that dies as planned, while that is allowed.
fn options(death: Option<Death>, armed: &Arc<AtomicBool>) -> Options {
    let Some(Death { place, nth }) = death else {
        return Options {
            ballast_bytes: 0,
            ..Options::default()
        };
    };
    let armed = Arc::clone(armed);
    let mut met = 0;
    let hook = move |point: WritePoint| {
        let counts = match place {
            Place::Any => true,
            Place::Before => matches!(point, WritePoint::BeforeCommit(_)),
            Place::After => matches!(point, WritePoint::AfterCommit(_)),
        };
        met += u64::from(counts);
        if counts && met >= nth && armed.load(Ordering::SeqCst) {
            Crash::Yes
        } else {
            Crash::No
        }
    };
    Options {
        ballast_bytes: 0,
        hook: Some(Box::new(hook)),
    }
}

fn server(plan: &Plan, gate: SocketAddr) -> Running {
    let fallback = Settings::defaults().fallback;
    let mut config = Config::new(plan.play.data.clone(), fallback);
    config.symbols.clone_from(&plan.play.symbols);
    config.from = plan.play.from;
    config.to = plan.play.to;
    config.faults = FaultPlan::parse(&plan.weather.text, plan.seed).unwrap();
    config.signals = Some(SignalPlan {
        signals: gate::signals(plan),
        bridge: gate.to_string(),
    });
    serve(config).unwrap()
}

/// What the threads of a schedule share.
struct Scene<'a> {
    plan: &'a Plan,
    server: &'a Running,
    bridge: SocketAddr,
    settings: Settings,
    control: Mutex<Option<(SocketAddr, PathBuf)>>,
    answers: Mutex<Vec<Answered>>,
    granted: Mutex<Vec<Granted>>,
    /// The operator stops the run and starts it again.
    restart: AtomicBool,
    /// Whether the run may die.
    armed: Arc<AtomicBool>,
    begun: Instant,
}

impl Scene<'_> {
    /// Does what is planned for a gate: all at once.
    fn act(&self, gate: usize) {
        let at = gate::times(self.plan)[gate];
        self.tell(&format!("gate {gate}"));
        std::thread::scope(|scope| {
            let due = |prank: &&Prank| prank.at == at;
            for prank in self.plan.pranks.iter().filter(due) {
                scope.spawn(move || {
                    let answers = prank.play(self.bridge);
                    self.tell(&format!(
                        "{} lines, {:?}: {answers:?}",
                        prank.lines.len(),
                        prank.how
                    ));
                    self.answers.lock().unwrap().extend(answers);
                });
            }
            for (_, wish) in self.plan.wishes.iter().filter(|(when, _)| *when == at) {
                if *wish == Wish::Restart {
                    self.restart.store(true, Ordering::SeqCst);
                    self.await_life();
                    continue;
                }
                let control = self.control.lock().unwrap().clone();
                if let Some((port, token)) = control {
                    let granted = wish.ask(port, &token);
                    self.tell(&format!("{granted:?}"));
                    self.granted.lock().unwrap().push(granted);
                }
            }
        });
        if at == self.plan.calm_from() {
            self.armed.store(false, Ordering::SeqCst);
            self.await_life();
        }
    }

    /// A line of the trace of a seed that is played alone.
    fn tell(&self, what: &str) {
        if self.plan.traced {
            println!(
                "{:>8.3?} {} {what}",
                self.begun.elapsed(),
                self.server.now()
            );
        }
    }

    /// Waits until the run is up, a restart that was asked for done.
    fn await_life(&self) {
        let begun = now();
        let is_up =
            || !self.restart.load(Ordering::SeqCst) && self.control.lock().unwrap().is_some();
        while !is_up() && begun.elapsed() < RESTART {
            std::thread::park_timeout(LOOK);
        }
    }

    /// Starts the run again whenever it dies, until the tape is over.
    fn supervise(&self) -> Result<Survived, String> {
        let armed = &self.armed;
        let mut deaths = self.plan.deaths.iter().copied();
        let mut survived = Survived::default();
        let mut refused_in_a_row = 0;
        let mut life = Life::begin(&self.settings, options(deaths.next(), armed));
        loop {
            *self.control.lock().unwrap() = life.control();
            if self.begun.elapsed() > BOUND {
                let at = self.server.now();
                life.end(now() + Duration::from_secs(5)).ok();
                return Err(format!(
                    "I25: not over after {BOUND:?}: the tape is at {at} of {}",
                    self.plan.to
                ));
            }
            if !life.thread.is_finished()
                && life.control().is_some()
                && !self.server.is_over()
                && self.restart.load(Ordering::SeqCst)
            {
                survived.stops += 1;
                self.tell("stopped, and started again");
                *self.control.lock().unwrap() = None;
                self.restart.store(false, Ordering::SeqCst);
                match life.end(now() + Duration::from_secs(10)) {
                    Err(text) if !text.contains("injected crash") => {
                        return Err(format!("a clean stop: {text}"));
                    }
                    _ => life = Life::begin(&self.settings, options(deaths.next(), armed)),
                }
            } else if life.thread.is_finished() {
                let had_begun = life.begun.lock().unwrap().is_some();
                let ended = life.wait();
                self.tell(&format!("{ended:?}"));
                let again = match ended {
                    Err(text) if text.contains("injected crash") => {
                        survived.deaths += 1;
                        refused_in_a_row = 0;
                        options(deaths.next(), armed)
                    }
                    Err(text)
                        if !had_begun
                            && self.may_refuse(&text)
                            && refused_in_a_row < STARTS_MAX =>
                    {
                        survived.refused_starts += 1;
                        refused_in_a_row += 1;
                        std::thread::park_timeout(Duration::from_millis(100));
                        Options {
                            ballast_bytes: 0,
                            ..Options::default()
                        }
                    }
                    Err(text) => return Err(format!("the run ended: {text}")),
                    Ok(()) => return Err("the run ended by itself".to_owned()),
                };
                life = Life::begin(&self.settings, again);
            } else if self.server.is_over() && life.control().is_some() {
                self.tell("the tape is over");
                survived.life = Some(life);
                return Ok(survived);
            }
            std::thread::park_timeout(LOOK);
        }
    }

    fn may_refuse(&self, text: &str) -> bool {
        self.plan.weather.can_refuse_starts()
            && (text.contains("the exchange's") || text.contains("/fapi/"))
    }
}

/// What supervising came to.
#[derive(Debug, Default)]
struct Survived {
    deaths: u64,
    stops: u64,
    refused_starts: u64,
    life: Option<Life>,
}

/// Plays a schedule.
pub(super) fn play(plan: &Plan, folder: &Path) -> Result<Played, String> {
    let begun = now();
    let journal = folder.join("run.journal");
    let bridge = port();
    let address = SocketAddr::from(([127, 0, 0, 1], bridge));
    let gate = Gate::new(plan, address);
    let server = server(plan, gate.address());
    let settings = plan.play.settings(&server, bridge, &journal);
    let scene = Scene {
        plan,
        server: &server,
        bridge: address,
        settings: settings.clone(),
        control: Mutex::new(None),
        answers: Mutex::new(Vec::new()),
        granted: Mutex::new(Vec::new()),
        restart: AtomicBool::new(false),
        armed: Arc::new(AtomicBool::new(true)),
        begun,
    };
    let over = AtomicBool::new(false);
    let survived = std::thread::scope(|scope| {
        scope.spawn(|| gate.serve(&over, &|number| scene.act(number)));
        let survived = scene.supervise();
        over.store(true, Ordering::SeqCst);
        survived
    });
    let answers = scene.answers.into_inner().unwrap();
    let granted = scene.granted.into_inner().unwrap();
    if survived.is_err() {
        server.ask_to_stop();
    }
    let summary = server.wait();
    if plan.traced {
        println!("{summary}\n{survived:?}");
    }
    let mut survived = survived?;
    let life = survived.life.take().ok_or("nothing runs at the end")?;
    let (port, token) = life.control().ok_or("no control port at the end")?;
    let status = operator::status(port, &token);
    let secret = std::fs::read_to_string(&token).map_err(|error| error.to_string())?;
    life.end(now() + Duration::from_secs(10))
        .map_err(|text| format!("the end: {text}"))?;
    Ok(Played {
        journal,
        settings,
        summary,
        answers,
        granted,
        deaths: survived.deaths,
        stops: survived.stops,
        refused_starts: survived.refused_starts,
        status,
        secret: secret.trim().to_owned(),
        took: begun.elapsed(),
    })
}
