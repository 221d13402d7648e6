//! TPE: each parameter by itself, drawn where good trials are dense and bad ones are not.
//!
//! Not here: the densities (crate `tpe`).
//! Invariants: proposal b of generation g draws from the stream (seed, 6, g, b) alone; members of one generation that
//! came before count as worst until they are told (W4); what the model looks at is bounded, so a proposal costs the same
//! after a thousand trials and after a million.

use std::convert::Infallible;

use rand_core::TryRng;
use tpe::density_estimation::DefaultEstimatorBuilder;
use tpe::{TpeOptimizer, TpeOptimizerBuilder, histogram_estimator, parzen_estimator};

use crate::domain::random::Random;
use crate::sweep::models::{Brief, FEW, Tried, settled};
use crate::sweep::objective::{Told, by_merit};
use crate::sweep::space::{Coordinate, Parameter, Point, Range};

/// Purpose of the stream (W2).
const PURPOSE: u64 = 6;
/// Trials drawn at random before anything is learned.
const STARTUP: usize = 24;
/// Share of trials that count as good.
const GOOD_SHARE: f64 = 0.1;
/// Most trials that count as good.
const GOOD_MAX: usize = 25;
/// Most trials that are looked at: all good ones, and bad ones evenly from the second best to the worst.
const LOOK_MAX: usize = 200;
/// Candidates of which the most promising is taken: that of the crate and of its peers.
const CANDIDATES: usize = 24;

/// Model and history.
pub struct Tpe<'a> {
    brief: Brief<'a>,
    generation: u64,
    /// One row for each trial.
    places: Vec<f64>,
    merits: Vec<(u8, f64)>,
    /// Trials, the best first.
    order: Vec<u32>,
    tried: Tried,
}

/// A named stream as the crate wants it.
struct Draws(Random);

impl TryRng for Draws {
    type Error = Infallible;

    #[allow(clippy::cast_possible_truncation, reason = "the upper half is meant")]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.0.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.0.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl<'a> Tpe<'a> {
    pub(super) fn new(brief: Brief<'a>) -> Self {
        Self {
            brief,
            generation: 0,
            places: Vec::new(),
            merits: Vec::new(),
            order: Vec::new(),
            tried: Tried::default(),
        }
    }

    pub(super) fn ask(&mut self) -> Vec<Point> {
        let mut estimators = if self.merits.len() < STARTUP {
            Vec::new()
        } else {
            self.estimators()
        };
        let worst = float(self.merits.len());
        let mut points = Vec::with_capacity(self.brief.batch);
        for member in 0..self.brief.batch as u64 {
            let path = [PURPOSE, self.generation, member];
            let mut draws = Draws(Random::stream(self.brief.seed, &path));
            let parameters = self.brief.parameters;
            // One looks anywhere: the densities of the crate spread a little way around what is good, and never far.
            let anywhere = estimators.is_empty() || member + 1 == self.brief.batch as u64;
            let drawn: Point = if anywhere {
                let all = parameters.iter();
                all.map(|each| each.range.at(draws.0.unit())).collect()
            } else {
                let pairs = parameters.iter().zip(&mut estimators);
                let drawn = pairs.map(|(each, estimator)| {
                    let Ok(place) = estimator.ask(&mut draws);
                    at(&each.range, place)
                });
                drawn.collect()
            };
            let point = settled(parameters, drawn);
            let point = self.tried.fresh(parameters, point, &mut draws.0);
            let pairs = parameters.iter().zip(&point);
            for ((each, at), estimator) in pairs.zip(&mut estimators) {
                hear(estimator, place(&each.range, *at), worst);
            }
            points.push(point);
        }
        points
    }

    pub(super) fn tell(&mut self, points: &[Point], results: &[Told]) {
        self.generation += 1;
        for (point, told) in points.iter().zip(results) {
            self.tried.add(point);
            let pairs = self.brief.parameters.iter().zip(point);
            self.places
                .extend(pairs.map(|(each, at)| place(&each.range, *at)));
            self.rank(told.merit());
        }
    }

    /// Puts the next trial in its place among the others.
    fn rank(&mut self, merit: (u8, f64)) {
        let trial = u32::try_from(self.merits.len())
            .expect("invariant: a method that learns has fewer than 2^32 trials");
        let merits = &self.merits;
        let place = self
            .order
            .partition_point(|other| by_merit(merits[index(*other)], merit).is_le());
        self.order.insert(place, trial);
        self.merits.push(merit);
    }

    /// One estimator for each parameter, told of the trials that are looked at.
    fn estimators(&self) -> Vec<TpeOptimizer<DefaultEstimatorBuilder>> {
        let looked = self.looked();
        let good = good(self.order.len());
        // The crate counts the members of this generation as well.
        let share = float(good) / float(looked.len() + self.brief.batch);
        let width = self.brief.parameters.len();
        let built = self
            .brief
            .parameters
            .iter()
            .enumerate()
            .map(|(column, each)| {
                let mut estimator = estimator(each, share);
                for (rank, trial) in looked.iter().enumerate() {
                    let place = self.places[index(*trial) * width + column];
                    hear(&mut estimator, place, float(rank));
                }
                estimator
            });
        built.collect()
    }

    fn looked(&self) -> Vec<u32> {
        if self.order.len() <= LOOK_MAX {
            return self.order.clone();
        }
        let (good, bad) = self.order.split_at(good(self.order.len()));
        let room = LOOK_MAX - good.len();
        let evenly = (0..room).map(|slot| bad[slot * bad.len() / room]);
        good.iter().copied().chain(evenly).collect()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
fn good(trials: usize) -> usize {
    let share = (float(trials) * GOOD_SHARE).ceil() as usize;
    share.clamp(1, GOOD_MAX)
}

fn index(trial: u32) -> usize {
    usize::try_from(trial).expect("invariant: a trial of this process is in its memory")
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of trials and values are far below 2^53"
)]
fn float(count: usize) -> f64 {
    count as f64
}

/// Many values with an order by density, a few or words by frequency.
fn estimator(parameter: &Parameter, share: f64) -> TpeOptimizer<DefaultEstimatorBuilder> {
    let few = parameter.range.count().is_some_and(|count| count <= FEW);
    let kind = match &parameter.range {
        Range::Choices(_) => histogram_estimator(),
        Range::List(_) | Range::Steps { .. } if few => histogram_estimator(),
        Range::List(_) | Range::Steps { .. } | Range::Real { .. } => parzen_estimator(),
    };
    #[allow(
        clippy::cast_precision_loss,
        reason = "a range of more than 2^53 steps is as good as a real"
    )]
    let end = parameter.range.count().map_or(1.0, |count| count as f64);
    let range = tpe::range(0.0, end).expect("invariant: a parameter has at least one value");
    let mut builder = TpeOptimizerBuilder::new();
    builder.gamma(share).candidates(CANDIDATES);
    builder
        .build(kind, range)
        .expect("invariant: the share is one and the candidates are some")
}

fn hear(estimator: &mut TpeOptimizer<DefaultEstimatorBuilder>, place: f64, rank: f64) {
    estimator
        .tell(place, rank)
        .expect("invariant: places lie in the range they were made for");
}

/// Where a coordinate lies for the estimator: counted values have a unit each, a real lies in [0, 1).
#[allow(
    clippy::cast_precision_loss,
    reason = "a range of more than 2^53 steps is as good as a real"
)]
fn place(range: &Range, at: Coordinate) -> f64 {
    match at {
        Coordinate::Index(index) => index as f64 + 0.5,
        Coordinate::Real(_) => range.unit(at).min(1.0 - f64::EPSILON),
    }
}

/// The coordinate at a place.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places lie between 0 and the count"
)]
fn at(range: &Range, place: f64) -> Coordinate {
    match range.count() {
        Some(count) => Coordinate::Index((place.floor() as u64).min(count - 1)),
        None => range.at(place),
    }
}
