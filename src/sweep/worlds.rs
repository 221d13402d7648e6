//! Inputs of the trials: read once, shared by all; once more for each way the inputs themselves are varied.
//!
//! Not here: reading them (`backtest::prepare`).
//! Invariant: a trial runs on exactly what `sim backtest` with its settings would have read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backtest::prepare::{Prepared, Sources, prepare};
use crate::domain::bar::Bars;
use crate::domain::time::Timestamp;
use crate::exchange::history::World;
use crate::market::window::Window;
use crate::settings::overlay::Base;
use crate::sweep::batch::Ground;
use crate::sweep::batch::board::{Board, Reach};
use crate::sweep::error::SweepError;
use crate::sweep::plan::hash;
use crate::sweep::space::{Coordinate, Space};

/// Most ways the inputs may be varied: each is held in memory as a whole.
const WORLDS_MAX: u128 = 64;

/// Settings that decide which signals and prices a run reads.
const INPUTS: [&str; 4] = ["signals.delay_ms", "run.", "data.", "instrument."];

/// What a trial replays.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Prices and signals.
    pub world: Arc<World>,
    /// First instant.
    pub start: Timestamp,
    /// End of the window.
    pub end: Timestamp,
    /// What its signals come to.
    pub board: Arc<Board>,
}

impl Scene {
    /// A scene for trials whose rules are within reach.
    #[must_use]
    pub fn new(world: Arc<World>, (start, end): (Timestamp, Timestamp), reach: Reach) -> Self {
        let board = Arc::new(Board::new(&world, start, reach));
        Self {
            world,
            start,
            end,
            board,
        }
    }

    /// What trials replay.
    #[must_use]
    pub fn ground(&self) -> Ground<'_> {
        Ground {
            world: &self.world,
            board: &self.board,
            start: self.start,
        }
    }
}

/// All inputs of a sweep.
#[derive(Debug)]
pub struct Worlds {
    /// Parameters that vary the inputs.
    varied: Vec<usize>,
    /// By the values of those.
    scenes: BTreeMap<Vec<String>, Scene>,
    /// Hash of the messages.
    pub signals_hash: String,
    /// Hash of prices and rules.
    pub data_hash: String,
    /// Whether any of it is marked as made up.
    pub synthetic: bool,
}

impl Worlds {
    /// Reads what the points of a space need. `stage` is told what is being done.
    ///
    /// # Errors
    /// When an input cannot be read, or the inputs are varied in too many ways.
    pub fn read(
        sources: &Sources,
        (base, space): (&Base, &Space),
        stage: &dyn Fn(&str),
    ) -> Result<Self, SweepError> {
        let is_input = |key: &str| {
            INPUTS
                .iter()
                .any(|input| key == *input || (input.ends_with('.') && key.starts_with(input)))
        };
        let varied: Vec<usize> = (0..space.parameters.len())
            .filter(|index| is_input(space.parameters[*index].slot.key()))
            .collect();
        let reach = reach(base, space)?;
        let mut scenes = BTreeMap::new();
        let (mut hashes, mut signals_hash, mut synthetic) = (Vec::new(), String::new(), false);
        for combination in combinations(space, &varied)? {
            let values = varied.iter().zip(&combination).map(|(index, at)| {
                let parameter = &space.parameters[*index];
                (&parameter.slot, parameter.value(*at))
            });
            // What cannot hold together is infeasible at every point that has it.
            let Ok(settings) = base.with(values) else {
                continue;
            };
            let prepared = prepare(sources, &settings, stage)?;
            let texts = varied
                .iter()
                .zip(&combination)
                .map(|(index, at)| space.parameters[*index].range.text(*at));
            hashes.push(prepared.data_hash.clone());
            synthetic |= prepared.synthetic;
            let Prepared {
                world,
                window,
                signals_hash: hash,
                ..
            } = prepared;
            signals_hash = hash;
            scenes.insert(
                texts.collect(),
                Scene::new(world, (window.from, window.to), reach),
            );
        }
        let data_hash = match hashes.as_slice() {
            [one] => one.clone(),
            several => hash(&several.join("\n")),
        };
        Ok(Self {
            varied,
            scenes,
            signals_hash,
            data_hash,
            synthetic,
        })
    }

    /// The same inputs over a part of the time, as a run over that part alone would have read them. What has no bar in it
    /// is left out: no point that wants it can run.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        let cut = |scene: &Scene| {
            let start = scene.start.max(window.from);
            let part = Window {
                from: start,
                to: scene.end.min(window.to),
            };
            let tape = scene.world.tape.within(part);
            let last = tape.series.iter().flatten();
            let end = last.map(|series| series.end_time(series.len() - 1)).max()?;
            let signals = scene.world.signals.iter();
            let heard = signals.filter(|signal| part.contains(signal.received_time));
            let world = World {
                tape: Arc::new(tape),
                signals: heard.cloned().collect(),
                script: Vec::new(),
                trades: Arc::default(),
            };
            let reach = scene.board.reach();
            (start < end).then(|| Scene::new(Arc::new(world), (start, part.to), reach))
        };
        let scenes = self.scenes.iter();
        Self {
            varied: self.varied.clone(),
            scenes: scenes
                .filter_map(|(values, scene)| Some((values.clone(), cut(scene)?)))
                .collect(),
            signals_hash: self.signals_hash.clone(),
            data_hash: self.data_hash.clone(),
            synthetic: self.synthetic,
        }
    }

    /// What a point replays, given the texts of its values; `None` when its inputs cannot hold together.
    #[must_use]
    pub fn scene(&self, texts: &[String]) -> Option<&Scene> {
        if self.varied.is_empty() {
            return self.scenes.values().next();
        }
        let own: Vec<String> = self
            .varied
            .iter()
            .map(|index| texts[*index].clone())
            .collect();
        self.scenes.get(&own)
    }

    /// Bytes that one trial under way takes besides what all share: measured, for every signal that can matter, and for
    /// the first buffers.
    #[must_use]
    pub fn trial_bytes(&self) -> usize {
        const SIGNAL: usize = 150;
        const BUFFERS: usize = 1 << 16;
        let heard = self.scenes.values().map(|scene| scene.board.heard.len());
        heard.max().unwrap_or(0) * SIGNAL + BUFFERS
    }

    /// Bytes of the price columns in memory, marks, finer bars and funding included.
    #[must_use]
    pub fn column_bytes(&self) -> usize {
        /// Time, four prices, volume.
        const BAR: usize = 48;
        /// Four prices.
        const MARK: usize = 32;
        let bars = |bars: &Bars| bars.len() * BAR;
        let series = self
            .scenes
            .values()
            .flat_map(|scene| scene.world.tape.series.iter().flatten());
        series
            .map(|series| {
                bars(series.bars())
                    + series.mark().map_or(0, |_| series.len() * MARK)
                    + series.detail().map_or(0, bars)
            })
            .sum()
    }

    /// Bars that one trial is replayed over, at most.
    #[must_use]
    pub fn bars(&self) -> usize {
        let scene = |scene: &Scene| -> usize {
            let series = scene.world.tape.series.iter().flatten();
            series.map(|series| series.len()).sum()
        };
        self.scenes.values().map(scene).max().unwrap_or(0)
    }
}

/// The rules that the points of a space can have; one that this misses goes the slow way.
fn reach(base: &Base, space: &Space) -> Result<Reach, SweepError> {
    let (rules, _) = base.rules_with([])?;
    let mut reach = Reach::of(&rules.confluence);
    for parameter in &space.parameters {
        for at in parameter.range.samples() {
            let laid = [(&parameter.slot, parameter.value(at))];
            if let Ok((rules, _)) = base.rules_with(laid) {
                reach = reach.with(Reach::of(&rules.confluence));
            }
        }
    }
    Ok(reach)
}

/// Every combination of the values of some parameters.
fn combinations(space: &Space, varied: &[usize]) -> Result<Vec<Vec<Coordinate>>, SweepError> {
    let counts = varied
        .iter()
        .map(|index| space.parameters[*index].range.count());
    let total = counts.clone().try_fold(1_u128, |product, count| {
        product.checked_mul(u128::from(count?))
    });
    if total.is_none_or(|total| total > WORLDS_MAX) {
        let names: Vec<String> = varied
            .iter()
            .map(|index| format!("'{}'", space.parameters[*index].slot))
            .collect();
        return Err(SweepError::Usage(format!(
            "{} decide which signals and prices are read, and are varied in more than {WORLDS_MAX} ways\nhint: each way holds its own prices in memory; give these parameters a few values",
            names.join(", ")
        )));
    }
    let mut all = vec![Vec::new()];
    for count in counts.flatten() {
        all = all
            .into_iter()
            .flat_map(|head: Vec<Coordinate>| {
                (0..count).map(move |index| {
                    let mut whole = head.clone();
                    whole.push(Coordinate::Index(index));
                    whole
                })
            })
            .collect();
    }
    Ok(all)
}
