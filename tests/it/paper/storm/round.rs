//! One schedule played: the faulty market server, the run against it, and what is done at each gate of the tape.
//!
//! Not here: what is planned (`plan`), deaths and restarts (`supervisor`), judging what came of it (`watch`).
//! Invariant: every wait is bounded; a schedule that does not end in time is a failure.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use confluence::lookalike::config::{Config, SignalPlan};
use confluence::lookalike::faults::FaultPlan;
use confluence::lookalike::running::{Running, serve};
use confluence::lookalike::summary::Summary;
use confluence::settings::Settings;
use serde_json::Value;

use super::gate::{self, Gate};
use super::life::{Fate, LOOK, now, port};
use super::operator::{self, Granted, Wish};
use super::plan::Plan;
use super::pranks::Answered;
use super::supervisor::Supervisor;

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
    /// What the run said of itself when the tape was over.
    pub(super) status: Option<Value>,
    /// What must be nowhere in the journal.
    pub(super) secret: String,
    pub(super) took: Duration,
}

/// What the threads of a schedule share.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) server: &'a Running,
    /// Deaths dealt,
    pub(super) fate: Arc<Fate>,
    /// and how many of them the supervisor has seen.
    pub(super) seen: AtomicU64,
    pub(super) begun: Instant,
    bridge: SocketAddr,
    control: Mutex<Option<(SocketAddr, PathBuf)>>,
    answers: Mutex<Vec<Answered>>,
    granted: Mutex<Vec<Granted>>,
    /// The operator stops the run and starts it again.
    restart: AtomicBool,
}

impl<'a> Scene<'a> {
    fn new(plan: &'a Plan, server: &'a Running, bridge: SocketAddr) -> Self {
        Self {
            plan,
            server,
            bridge,
            fate: Arc::new(Fate {
                armed: AtomicBool::new(true),
                dealt: AtomicU64::new(0),
            }),
            seen: AtomicU64::new(0),
            control: Mutex::new(None),
            answers: Mutex::new(Vec::new()),
            granted: Mutex::new(Vec::new()),
            restart: AtomicBool::new(false),
            begun: now(),
        }
    }

    /// A line of the trace of a seed that is played alone.
    pub(super) fn tell(&self, what: &str) {
        if self.plan.traced {
            let (took, at) = (self.begun.elapsed(), self.server.now());
            println!("{took:>10.3?} {at} {what}");
        }
    }

    pub(super) fn set_control(&self, control: Option<(SocketAddr, PathBuf)>) {
        *self.control.lock().unwrap() = control;
    }

    pub(super) fn restart_is_wanted(&self) -> bool {
        self.restart.load(Ordering::SeqCst)
    }

    /// The restart that was wanted is under way.
    pub(super) fn restarting(&self) {
        self.restart.store(false, Ordering::SeqCst);
    }

    /// Does what is planned for a gate: all at once.
    fn act(&self, gate: usize) {
        let at = gate::times(self.plan)[gate];
        self.tell(&format!("gate {gate}"));
        std::thread::scope(|scope| {
            for prank in self.plan.pranks.iter().filter(|prank| prank.at == at) {
                scope.spawn(move || {
                    let answers = prank.play(self.bridge);
                    let count = prank.lines.len();
                    self.tell(&format!("{count} lines, {:?}: {answers:?}", prank.how));
                    self.answers.lock().unwrap().extend(answers);
                });
            }
            for (_, wish) in self.plan.wishes.iter().filter(|(when, _)| *when == at) {
                self.wish(wish);
            }
        });
        if at == self.plan.calm_from() {
            self.fate.armed.store(false, Ordering::SeqCst);
            self.await_life();
        }
    }

    fn wish(&self, wish: &Wish) {
        if *wish == Wish::Restart {
            self.restart.store(true, Ordering::SeqCst);
            self.await_life();
            return;
        }
        let control = self.control.lock().unwrap().clone();
        if let Some((port, token)) = control {
            let granted = wish.ask(port, &token);
            self.tell(&format!("{granted:?}"));
            self.granted.lock().unwrap().push(granted);
        }
    }

    /// Waits until the run is up, a restart that was asked for done.
    fn await_life(&self) {
        let asked = now();
        let dying = || self.fate.dealt.load(Ordering::SeqCst) > self.seen.load(Ordering::SeqCst);
        let is_up =
            || !self.restart_is_wanted() && !dying() && self.control.lock().unwrap().is_some();
        while !is_up() && asked.elapsed() < RESTART {
            std::thread::park_timeout(LOOK);
        }
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

/// Plays a schedule.
pub(super) fn play(plan: &Plan, folder: &Path) -> Result<Played, String> {
    let journal = folder.join("run.journal");
    let bridge = port();
    let address = SocketAddr::from(([127, 0, 0, 1], bridge));
    let gate = Gate::new(plan, address);
    let server = server(plan, gate.address());
    let settings = plan.play.settings(&server, bridge, &journal);
    let scene = Scene::new(plan, &server, address);
    let over = AtomicBool::new(false);
    let survived = std::thread::scope(|scope| {
        scope.spawn(|| gate.serve(&over, &|number| scene.act(number)));
        let survived = Supervisor::new(&scene, &settings).supervise();
        over.store(true, Ordering::SeqCst);
        survived
    });
    let begun = scene.begun;
    let answers = scene.answers.into_inner().unwrap();
    let granted = scene.granted.into_inner().unwrap();
    if survived.is_err() {
        server.ask_to_stop();
    }
    let summary = server.wait();
    if plan.traced {
        println!("{summary}");
    }
    let mut survived = survived?;
    let life = survived.life.take().ok_or("nothing runs at the end")?;
    let (port, token) = life.control().ok_or("no control port at the end")?;
    let status = operator::status(port, &token);
    let secret = std::fs::read_to_string(&token).map_err(|error| error.to_string())?;
    life.end().map_err(|text| format!("the end: {text}"))?;
    Ok(Played {
        journal,
        settings,
        summary,
        answers,
        granted,
        deaths: survived.deaths,
        stops: survived.stops,
        status,
        secret: secret.trim().to_owned(),
        took: begun.elapsed(),
    })
}
