//! Methods that learn: the next points from how the earlier ones did. Our side of the crates that know how.
//!
//! Not here: handing trials out (`work`), running them (`run`), methods that need no results (`method`).
//! Invariants: a generation is asked for as a whole from the results of those before it, and told in the order of its
//! trials (W4), so a model is a function of its seed and of what it was told; it knows no threads, time or files.

mod cma_es;
mod nsga2;
mod tpe;

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::random::Random;
use crate::sweep::method::Method;
use crate::sweep::models::cma_es::CmaEs;
use crate::sweep::models::nsga2::Nsga2;
use crate::sweep::models::tpe::Tpe;
use crate::sweep::objective::Told;
use crate::sweep::space::{Coordinate, Parameter, Point};

/// Trials of a generation when the space does not say (W4).
pub const BATCH: u64 = 16;
/// Fewest: less is no population.
pub const BATCH_MIN: u64 = 4;
/// Most: a generation is asked for in one piece.
pub const BATCH_MAX: u64 = 4096;

/// Up to so many values are learned one by one, with an order or without: a step from one to the next is a large one, and
/// what spreads a little way around the good ones would never come to the others.
const FEW: u64 = 16;

/// What a model is made for.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a> {
    /// What is varied, in declared order.
    pub parameters: &'a [Parameter],
    /// Of everything drawn.
    pub seed: u64,
    /// Trials of a generation.
    pub batch: usize,
    /// How many objectives there are.
    pub objectives: usize,
}

/// A method that learns.
pub enum Model<'a> {
    /// Tree-structured Parzen estimators.
    Tpe(Tpe<'a>),
    /// Covariance matrix adaptation.
    CmaEs(Box<CmaEs<'a>>),
    /// Non-dominated sorting.
    Nsga2(Box<Nsga2<'a>>),
}

impl<'a> Model<'a> {
    /// A model that was told nothing yet; `None` for a method that does not learn.
    #[must_use]
    pub fn new(method: Method, brief: Brief<'a>) -> Option<Self> {
        match method {
            Method::Tpe => Some(Self::Tpe(Tpe::new(brief))),
            Method::CmaEs => Some(Self::CmaEs(Box::new(CmaEs::new(brief)))),
            Method::Nsga2 => Some(Self::Nsga2(Box::new(Nsga2::new(brief)))),
            Method::Grid | Method::Random | Method::Sobol => None,
        }
    }

    /// The points of the next generation. A real is the one its text reads back as.
    #[must_use]
    pub fn ask(&mut self) -> Vec<Point> {
        match self {
            Self::Tpe(model) => model.ask(),
            Self::CmaEs(model) => model.ask(),
            Self::Nsga2(model) => model.ask(),
        }
    }

    /// How the points of a generation did, one result for each, in the order of the trials.
    pub fn tell(&mut self, points: &[Point], results: &[Told]) {
        match self {
            Self::Tpe(model) => model.tell(points, results),
            Self::CmaEs(model) => model.tell(points, results),
            Self::Nsga2(model) => model.tell(results),
        }
    }

    /// Whether it must be asked for a generation before it can be told of it. The others are told of any points, so a
    /// sweep is continued without asking for all of them again.
    #[must_use]
    pub const fn remembers(&self) -> bool {
        match self {
            Self::Tpe(_) => false,
            Self::CmaEs(_) | Self::Nsga2(_) => true,
        }
    }
}

/// Bytes that the history of so many trials takes at most, that of a sweep being continued included.
#[must_use]
pub fn history_bytes(method: Method, trials: u64, parameters: usize) -> u64 {
    let parameters = parameters as u64;
    // What is read back: a coordinate takes 16 bytes, its row and the result some 200 more.
    let read = 16 * parameters + 200;
    match method {
        Method::Grid | Method::Random | Method::Sobol => 0,
        Method::Tpe => trials.saturating_mul(8 * parameters + 40 + read),
        Method::CmaEs | Method::Nsga2 => trials.saturating_mul(20 + read),
    }
}

/// Tries to leave a point that was tried before such a one is taken after all: the space may have no other.
const TRIES: usize = 64;
/// The first of these stay near: they change one parameter after the other.
const NEAR: usize = 16;

/// Points that were tried. To try one again is to learn nothing.
#[derive(Debug, Default)]
struct Tried(HashSet<u64>);

impl Tried {
    /// Where a point was tried before, one parameter after the other is drawn anew until it was not, then all at once.
    fn fresh(&mut self, parameters: &[Parameter], mut point: Point, draws: &mut Random) -> Point {
        for tries in 0..TRIES {
            if self.add(&point) {
                break;
            }
            let one = draws.below(parameters.len() as u64);
            for ((place, each), at) in (0..).zip(parameters).zip(&mut point) {
                if place == one || tries >= NEAR {
                    *at = each.range.at(draws.unit());
                }
            }
            point = settled(parameters, point);
        }
        point
    }

    /// Takes note of a point; whether it is new.
    fn add(&mut self, point: &[Coordinate]) -> bool {
        self.0.insert(key(point))
    }
}

fn key(point: &[Coordinate]) -> u64 {
    let words = point.iter().flat_map(|at| match at {
        Coordinate::Index(index) => index.to_le_bytes(),
        Coordinate::Real(value) => value.to_bits().to_le_bytes(),
    });
    xxh3_64(&words.collect::<Vec<u8>>())
}

/// The point whose texts these coordinates have: what is written down is what was tried.
fn settled(parameters: &[Parameter], point: Point) -> Point {
    let pairs = parameters.iter().zip(point);
    let settled = pairs.map(|(each, at)| each.range.read(&each.range.text(at)).unwrap_or(at));
    settled.collect()
}

/// Indices of results, the best first, ties as they come.
fn ranked(results: &[Told]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..results.len()).collect();
    order.sort_by(|one, other| {
        crate::sweep::objective::by_merit(results[*one].merit(), results[*other].merit())
    });
    order
}
