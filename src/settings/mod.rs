//! Text becomes settings: what was typed, with its origin → what it means, exactly → the objects the other floors use.
//!
//! Not here: what the rules do (`trader`), what the model does (`exchange`). The only module that reads the environment.
//! Invariants: every default is in `config/default.toml`; a key nobody knows, a secret, or values that cannot hold
//! together never get past [`Settings::load`], which reports all of them at once.

pub mod consequence;
pub mod environment;
pub mod error;
pub mod gate;
pub mod layers;
pub mod live;
pub mod relation;
pub mod source;
pub mod validation;

mod check;
mod conflicts;
mod lists;
pub(crate) mod names;
pub mod overlay;
pub mod parse;
mod reader;
mod sections;

use crate::domain::time::{Span, Timestamp};
use crate::exchange::model::Model;
use crate::market::instruments::Fallback;
use crate::trader::rules::Rules;

use error::{Problem, SettingsError};
use layers::{Layers, Raw};
use parse::Item;
use reader::Reader;
use source::{Origin, Place};
use validation::Validation;

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The strategy.
    pub rules: Rules,
    /// The simulation; `start` is `[run] from`.
    pub model: Model,
    /// Delivery delay of signals whose file knows only when they were published (T4).
    pub signal_delay: Span,
    /// Which bars are used.
    pub data: DataSettings,
    /// The contract that stands in where no file knows one; its tick is the one its prices show.
    pub fallback: Fallback,
    /// Window and seed.
    pub run: RunSettings,
    /// How a result is put to the proof; no run depends on it.
    pub validation: Validation,
    /// Running on live prices; no backtest depends on it.
    pub live: live::Live,
    resolved: Vec<Resolved>,
}

/// Which bars are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSettings {
    /// Length of the bars to trade on; `None` is the finest there is.
    pub interval: Option<Span>,
    /// Whether a last bar that may be unfinished is left out.
    pub drop_last_bar: bool,
}

/// Window and seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSettings {
    /// First instant; `None` is 00:00 UTC of the first signal's day.
    pub from: Option<Timestamp>,
    /// First instant no longer in the run; `None` is seven days after the last signal's day, at most the last bar.
    pub to: Option<Timestamp>,
    /// Of everything drawn at random.
    pub seed: u64,
}

/// Key of the seed.
pub const SEED: &str = "run.seed";

/// One key with its value as TOML writes it and where that was typed.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// `exits.stop_pct`.
    pub key: String,
    /// In its shortest exact form: equal settings are equal text.
    pub value: String,
    /// The place of the value.
    pub place: Place,
}

impl Settings {
    /// Lays the layers over the defaults and checks the result.
    ///
    /// # Errors
    /// Every problem of every layer, in one value.
    pub fn load(layers: &Layers) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let raw = layers::gather(layers, &mut problems);
        Self::check(&raw, problems)
    }

    /// Settings from the text of one file, as [`Self::to_toml`] writes it and a journal keeps it, over the defaults alone. `name` is
    /// what messages call it.
    ///
    /// # Errors
    /// Every problem of the text, in one value.
    pub fn from_text(name: &std::path::Path, text: &str) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let raw = layers::gather_text(name, text, &mut problems);
        Self::check(&raw, problems)
    }

    /// Settings from one value per key; `problems` are those found before.
    fn check(raw: &Raw, problems: Vec<Problem>) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(raw, problems);
        let mut settings = check::read(&mut reader, None);
        settings.validation = validation::read(&mut reader);
        settings.live = live::read(&mut reader);
        conflicts::find(&mut reader, &settings);
        let problems = std::mem::take(&mut reader.problems);
        if !problems.is_empty() {
            return Err(SettingsError::new(problems));
        }
        let mut written = reader.into_canonical();
        settings.resolved = raw
            .order
            .iter()
            .map(|key| Resolved {
                value: written.remove(key).expect(
                    "invariant: every key of the defaults is read, a test compares both lists",
                ),
                place: raw.items[key].place.clone(),
                key: key.clone(),
            })
            .collect();
        Ok(settings)
    }

    /// Strategy and simulation alone, with some values in place of others; `None` when anything is wrong. `fallback` is
    /// what the raw values come to.
    fn rules_of(raw: &Raw, laid: &[(String, Item)], fallback: &Fallback) -> Option<(Rules, Model)> {
        let mut reader = Reader::quiet(raw, laid);
        let same = laid.iter().all(|(key, _)| !key.starts_with("instrument."));
        let settings = check::read(&mut reader, same.then_some(fallback));
        conflicts::find(&mut reader, &settings);
        let sound = reader.problems.is_empty();
        sound.then_some((settings.rules, settings.model))
    }

    /// The built-in defaults alone.
    #[must_use]
    pub fn defaults() -> Self {
        Self::load(&Layers::default()).expect("invariant: a test checks config/default.toml")
    }

    /// Every key in the order of the defaults.
    #[must_use]
    pub fn resolved(&self) -> &[Resolved] {
        &self.resolved
    }

    /// The settings of a run as a configuration file: every key that a run can depend on, in a fixed order, no trace of
    /// the layers. Reading it back gives the same settings, and equal settings give equal text. How results are
    /// validated is no part of it: a run has the same name however it is judged.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let runs =
            |key: &str| !key.starts_with(validation::SECTION) && !key.starts_with(live::SECTION);
        format!(
            "# Every setting of one run, resolved.\n\n{}",
            self.written(runs)
        )
    }

    /// What decides which trades there are, as text: [`Settings::to_toml`] without the seed, which draws the points of a
    /// sweep and the samples of a validation, and nothing in a run's trades.
    #[must_use]
    pub fn of_trades(&self) -> String {
        self.written(|key| {
            !key.starts_with(validation::SECTION) && !key.starts_with(live::SECTION) && key != SEED
        })
    }

    fn written(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        let mut section = "";
        for entry in self.resolved.iter().filter(|entry| wanted(&entry.key)) {
            let (group, name) = entry.key.rsplit_once('.').unwrap_or(("", &entry.key));
            if group != section {
                text.push_str(&format!("\n[{group}]\n"));
                section = group;
            }
            text.push_str(&format!("{name} = {}\n", entry.value));
        }
        text
    }
}

impl Resolved {
    /// The layer the value came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.place.origin()
    }
}
