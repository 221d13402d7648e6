//! CMA-ES: a cloud of points that moves and stretches towards the better half of each generation.
//!
//! Every parameter is a stretch from 0 to 1: a real lies on it, a list, range of steps or set of words cuts it into equal
//! parts. A cloud that leaves the stretch is reflected at its ends (W4). Once a generation of a cloud tries nothing
//! that was not tried before, the next cloud begins wide and elsewhere.
//!
//! Not here: the cloud (crate `optimizer`), which keeps a generator of its own, seeded with the first word of the stream
//! (seed, 7) or, for a later cloud, (seed, 7, cloud).

use std::collections::HashMap;

use optimizer::distribution::{Distribution, FloatDistribution};
use optimizer::param::ParamValue;
use optimizer::sampler::{CmaEsSampler, CompletedTrial, Sampler};

use crate::domain::random::Random;
use crate::sweep::models::{Brief, Tried, ranked, settled};
use crate::sweep::objective::Told;
use crate::sweep::space::{Coordinate, Point};

/// Purpose of the stream (W2).
const PURPOSE: u64 = 7;
/// Width of a cloud at first, of a stretch of 1: three times it reaches the ends from the middle or near them.
const WIDTH: f64 = 0.3;
/// How far from its centre a cloud may stray: past both ends of the stretch, and not round it again and again.
const STRAY: f64 = 1.5;
/// Reals in one such part of their stretch are one.
const CELL: f64 = 1e-4;

/// The present cloud.
pub struct CmaEs<'a> {
    brief: Brief<'a>,
    cloud: u64,
    sampler: CmaEsSampler,
    centre: Vec<f64>,
    /// Trials are numbered from 1; 0 showed the sampler the space.
    next: u64,
    /// Results of the generation before.
    told: Vec<CompletedTrial>,
    /// Where on their stretches its points lay.
    asked: Vec<Vec<f64>>,
    tried: Tried,
}

impl<'a> CmaEs<'a> {
    pub(super) fn new(brief: Brief<'a>) -> Self {
        Self::begin(brief, 0)
    }

    fn begin(brief: Brief<'a>, cloud: u64) -> Self {
        let mut stream = if cloud == 0 {
            Random::stream(brief.seed, &[PURPOSE])
        } else {
            Random::stream(brief.seed, &[PURPOSE, cloud])
        };
        let sampler = CmaEsSampler::builder()
            .sigma0(WIDTH)
            .population_size(brief.batch)
            .seed(stream.next())
            .build();
        let centre = brief.parameters.iter();
        let centre = centre.map(|_| if cloud == 0 { 0.5 } else { stream.unit() });
        let centre = centre.collect();
        // The first trial tells the sampler what there is; its values are nothing the cloud made.
        for _ in brief.parameters {
            let _unused = sampler.sample(&stretch(), 0, &[]);
        }
        Self {
            brief,
            cloud,
            sampler,
            centre,
            next: 1,
            told: Vec::new(),
            asked: Vec::new(),
            tried: Tried::default(),
        }
    }

    pub(super) fn ask(&mut self) -> Vec<Point> {
        self.asked.clear();
        let mut points = Vec::with_capacity(self.brief.batch);
        for _ in 0..self.brief.batch {
            let trial = self.next;
            self.next += 1;
            let places = self.centre.iter().map(|centre| {
                let drawn = self.sampler.sample(&stretch(), trial, &self.told);
                reflected(centre + float(&drawn))
            });
            let places: Vec<f64> = places.collect();
            let pairs = self.brief.parameters.iter().zip(&places);
            let point = pairs.map(|(each, place)| each.range.at(*place)).collect();
            points.push(settled(self.brief.parameters, point));
            self.asked.push(places);
        }
        points
    }

    pub(super) fn tell(&mut self, points: &[Point], results: &[Told]) {
        if self.is_spent(points) {
            let tried = std::mem::take(&mut self.tried);
            *self = Self::begin(self.brief, self.cloud + 1);
            self.tried = tried;
            return;
        }
        let first = self.next - results.len() as u64;
        let order = ranked(results);
        // Only the order counts; a rank for each leaves nothing undefined and no tie.
        self.told = (0_u32..)
            .zip(order)
            .map(|(rank, member)| {
                let none = (HashMap::new(), HashMap::new(), HashMap::new());
                let trial = first + member as u64;
                CompletedTrial::new(trial, none.0, none.1, none.2, f64::from(rank))
            })
            .collect();
    }

    /// Whether a generation tried nothing new.
    fn is_spent(&mut self, points: &[Point]) -> bool {
        let cells = points.iter().zip(&self.asked).map(|(point, places)| {
            let pairs = point.iter().zip(places);
            pairs.map(|(at, place)| cell(*at, *place)).collect()
        });
        let cells: Vec<Point> = cells.collect();
        let new = cells.iter().filter(|cell| self.tried.add(cell)).count();
        new == 0
    }
}

/// A coordinate, or of a real the cell that it lies in.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cells of a stretch from 0 to 1"
)]
fn cell(at: Coordinate, place: f64) -> Coordinate {
    match at {
        Coordinate::Index(_) => at,
        Coordinate::Real(_) => Coordinate::Index((place / CELL).floor() as u64),
    }
}

/// How far from its centre a coordinate may lie.
fn stretch() -> Distribution {
    Distribution::Float(FloatDistribution {
        low: -STRAY,
        high: STRAY,
        log_scale: false,
        step: None,
    })
}

fn float(drawn: &ParamValue) -> f64 {
    match drawn {
        ParamValue::Float(value) => *value,
        // Only floats were asked for.
        ParamValue::Int(_) | ParamValue::Categorical(_) => 0.0,
    }
}

/// Back and forth between 0 and 1.
fn reflected(place: f64) -> f64 {
    let folded = place.rem_euclid(2.0);
    if folded > 1.0 { 2.0 - folded } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_stretch_comes_back_as_far() {
        for (place, wanted) in [
            (0.25, 0.25),
            (-0.25, 0.25),
            (1.25, 0.75),
            (2.0, 0.0),
            (-1.0, 1.0),
            (3.5, 0.5),
        ] {
            assert!((reflected(place) - wanted).abs() < 1e-12, "{place}");
        }
    }
}
