//! Starts the run again whenever it ends, as a supervisor of services would, until the tape is over.
//!
//! Not here: one start (`life`), what happens at gates (`round`).
//! Invariant: only planned deaths, restarts that were asked for and starts that a failing call prevented are followed by
//! another start; any other end is a breach.

use std::time::Duration;

use confluence::settings::Settings;

use super::life::{LOOK, Life, dying, is_death};
use super::plan::Death;
use super::round::Scene;

/// How long a schedule may take.
const BOUND: Duration = Duration::from_secs(60);
/// Starts that may fail in a row while calls fail.
const STARTS_MAX: u32 = 100;
/// Between a start that failed and the next.
const AGAIN: Duration = Duration::from_millis(100);

/// What supervising came to.
#[derive(Debug, Default)]
pub(super) struct Survived {
    pub(super) deaths: u64,
    pub(super) stops: u64,
    pub(super) refused_starts: u64,
    /// The run that saw the end of the tape.
    pub(super) life: Option<Life>,
}

pub(super) struct Supervisor<'a> {
    scene: &'a Scene<'a>,
    settings: &'a Settings,
    deaths: std::slice::Iter<'a, Death>,
    survived: Survived,
    refused_in_a_row: u32,
}

impl<'a> Supervisor<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, settings: &'a Settings) -> Self {
        Self {
            scene,
            settings,
            deaths: scene.plan.deaths.iter(),
            survived: Survived::default(),
            refused_in_a_row: 0,
        }
    }

    pub(super) fn supervise(mut self) -> Result<Survived, String> {
        let mut life = self.begin(true);
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
                if !is_death(&ended) {
                    ended.map_err(|text| format!("a clean stop: {text}"))?;
                }
                life = self.begin(true);
            }
            std::thread::park_timeout(LOOK);
        }
    }

    fn begin(&mut self, dies: bool) -> Life {
        let death = if dies { self.deaths.next() } else { None };
        Life::begin(self.settings, dying(death.copied(), &self.scene.armed))
    }

    /// What follows an end of its own.
    fn after(&mut self, life: Life) -> Result<Life, String> {
        let had_begun = life.control().is_some();
        let ended = life.wait();
        self.scene.tell(&format!("{ended:?}"));
        if is_death(&ended) {
            self.survived.deaths += 1;
            self.refused_in_a_row = 0;
            return Ok(self.begin(true));
        }
        let Err(text) = ended else {
            return Err("the run ended by itself".to_owned());
        };
        if had_begun || !self.may_refuse(&text) || self.refused_in_a_row == STARTS_MAX {
            return Err(format!("the run ended: {text}"));
        }
        self.survived.refused_starts += 1;
        self.refused_in_a_row += 1;
        std::thread::park_timeout(AGAIN);
        Ok(self.begin(false))
    }

    fn may_refuse(&self, text: &str) -> bool {
        let weather = &self.scene.plan.weather;
        weather.can_refuse_starts() && (text.contains("the exchange's") || text.contains("/fapi/"))
    }
}
