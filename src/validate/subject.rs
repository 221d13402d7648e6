//! What is put to the proof: the best of all trials, its run, and where it ran.
//!
//! Not here: the proofs (the modules beside this one).

use crate::backtest::run::Canceled;
use crate::domain::event::Confluence;
use crate::domain::num::Money;
use crate::domain::time::Timestamp;
use crate::exchange::history::Outcome;
use crate::settings::Settings;
use crate::settings::validation::Validation;
use crate::stats::equity::DailySeries;
use crate::sweep::job::Setup;
use crate::sweep::worlds::Scene;
use crate::validate::engine;
use crate::validate::error::ValidateError;
use crate::validate::points::Points;
use crate::validate::trials::{self, Candidate, Ran};

/// The best of all trials with its run.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The sweep.
    pub setup: &'a Setup,
    /// The points of its trials.
    pub points: Points<'a>,
    /// How it is validated.
    pub how: Validation,
    /// Of everything drawn at random.
    pub seed: u64,
    /// All trials that ran, in order.
    pub all: Vec<Ran>,
    /// Place of the best among them.
    pub place: usize,
    /// The best.
    pub best: Candidate,
    /// Where it ran.
    pub scene: &'a Scene,
    /// Its run.
    pub outcome: Outcome,
    /// Its daily equity.
    pub series: DailySeries,
    /// Every confluence of its run, in order, and when it was emitted.
    pub pairs: Vec<(Timestamp, Confluence)>,
}

impl<'a> Subject<'a> {
    /// Takes the best of all trials and runs it once more.
    ///
    /// # Errors
    /// When none can be the best.
    pub fn new(
        points: Points<'a>,
        settings: &Settings,
        all: Vec<Ran>,
    ) -> Result<Self, ValidateError> {
        let setup = points.setup;
        let chosen = trials::best(setup, &all).map(|best| best.trial);
        let none = || ValidateError::none(setup, &all);
        let trial = chosen.ok_or_else(none)?;
        let place = all.iter().position(|ran| ran.trial == trial);
        let place = place.ok_or_else(none)?;
        let mut best = trials::candidate(&points, trial).ok_or_else(none)?;
        let scene = setup.worlds.scene(&best.values).ok_or_else(none)?;
        best.model.start = Some(scene.start);
        let run = engine::run_with_pairs(&scene.world, &best.rules, &best.model);
        let (outcome, pairs) = run.ok_or_else(none)?;
        Ok(Self {
            setup,
            points,
            how: settings.validation.clone(),
            seed: settings.run.seed,
            place,
            scene,
            series: trials::series(&outcome, best.model.balance),
            outcome,
            pairs,
            best,
            all,
        })
    }

    /// The best trial.
    #[must_use]
    pub fn chosen(&self) -> &Ran {
        &self.all[self.place]
    }

    /// What the account began with.
    #[must_use]
    pub fn balance(&self) -> Money {
        self.best.model.balance
    }

    /// Its values, each with the name of its parameter.
    #[must_use]
    pub fn named(&self, values: &[String]) -> String {
        let pairs = self.setup.space.parameters.iter().zip(values);
        let texts: Vec<String> = pairs
            .map(|(each, value)| format!("{} = {value}", each.name))
            .collect();
        texts.join(", ")
    }

    /// The first instant of each day of its run, and the end of the last: one more than there are daily returns.
    #[must_use]
    pub fn days(&self) -> Vec<Timestamp> {
        let (start, end) = (self.outcome.start, self.outcome.end);
        let mut days = vec![start];
        let mut day = start.next_day();
        while day < end {
            days.push(day);
            day = day.next_day();
        }
        days.push(end);
        days
    }
}

impl From<Canceled> for ValidateError {
    fn from(canceled: Canceled) -> Self {
        Self::Canceled(canceled)
    }
}
