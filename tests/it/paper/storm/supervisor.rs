//! Starts the run again whenever it ends, as a supervisor of services would, until the tape is over.
//!
//! Not here: one start (`life`), what happens at gates (`round`).
//! Invariant: only planned deaths and restarts that were asked for are followed by another start; any other end is a
//! breach, also of a start whose calls fail for a while.

use std::sync::atomic::Ordering;
use std::time::Duration;

use confluence::settings::Settings;

use super::life::{LOOK, Life, dying, is_death};
use super::plan::Death;
use super::round::Scene;

/// How long a schedule may take.
const BOUND: Duration = Duration::from_secs(60);
/// What supervising came to.
#[derive(Debug, Default)]
pub(super) struct Survived {
    pub(super) deaths: u64,
    pub(super) stops: u64,
    /// The run that saw the end of the tape.
    pub(super) life: Option<Life>,
}

pub(super) struct Supervisor<'a> {
    scene: &'a Scene<'a>,
    settings: &'a Settings,
    deaths: std::slice::Iter<'a, Death>,
    survived: Survived,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, settings: &'a Settings) -> Self {
        Self {
            scene,
            settings,
            deaths: scene.plan.deaths.iter(),
            survived: Survived::default(),
        }
    }

    pub(super) fn supervise(mut self) -> Result<Survived, String> {
        let mut life = self.begin();
        loop {
            let is_up = life.control().is_some();
            self.scene.set_control(life.control());
            if self.scene.begun.elapsed() > BOUND {
                let (at, to) = (self.scene.server.now(), self.scene.plan.to);
                let ended = life.end();
                return Err(format!(
                    "I25: not over after {BOUND:?}: the tape is at {at} of {to}, the run: {ended:?}"
                ));
            }
            if life.is_over() {
                life = self.after(life)?;
            } else if is_up && self.scene.server.is_over() {
                self.scene.tell("the tape is over");
                self.survived.life = Some(life);
                return Ok(self.survived);
            } else if is_up && self.scene.restart_is_wanted() {
                self.survived.stops += 1;
                self.scene.set_control(None);
                self.scene.restarting();
                let ended = life.end();
                self.scene.tell(&format!("asked to end: {ended:?}"));
                if is_death(&ended) {
                    self.scene.seen.fetch_add(1, Ordering::SeqCst);
                } else {
                    ended.map_err(|text| format!("a clean stop: {text}"))?;
                }
                life = self.begin();
            }
            std::thread::park_timeout(LOOK);
        }
    }

    fn begin(&mut self) -> Life {
        let death = self.deaths.next().copied();
        Life::begin(self.settings, dying(death, &self.scene.fate))
    }

    /// What follows an end of its own.
    fn after(&mut self, life: Life) -> Result<Life, String> {
        let ended = life.wait();
        self.scene.tell(&format!("{ended:?}"));
        if !is_death(&ended) {
            return Err(format!("the run ended by itself: {ended:?}"));
        }
        self.survived.deaths += 1;
        self.scene.set_control(None);
        self.scene.seen.fetch_add(1, Ordering::SeqCst);
        Ok(self.begin())
    }
}
