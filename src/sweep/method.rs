//! Which point a trial tries where it is a pure function of its index, so that shards and threads never change a trial.
//!
//! Not here: what is done at the point (`run`), methods that learn from results (`models`).

use crate::domain::random::Random;
use crate::sweep::sobol::Sobol;
use crate::sweep::space::{Coordinate, Point, Space};

/// Purpose of the stream of random search (W2).
const RANDOM_SEARCH: u64 = 4;

/// A way through the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every point, row-major, the last declared parameter fastest.
    Grid,
    /// Independent points (W3).
    Random,
    /// Evenly spread points.
    Sobol,
    /// Learns where good trials lie, parameter by parameter.
    Tpe,
    /// Learns a direction and a width of search.
    CmaEs,
    /// Breeds from the trials that none dominates.
    Nsga2,
}

/// All methods.
const METHODS: [Method; 6] = [
    Method::Grid,
    Method::Random,
    Method::Sobol,
    Method::Tpe,
    Method::CmaEs,
    Method::Nsga2,
];

impl Method {
    /// As plans and the command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Sobol => "sobol",
            Self::Tpe => "tpe",
            Self::CmaEs => "cma-es",
            Self::Nsga2 => "nsga2",
        }
    }

    /// Whether its points hang on the results of earlier ones.
    #[must_use]
    pub const fn learns(self) -> bool {
        match self {
            Self::Grid | Self::Random | Self::Sobol => false,
            Self::Tpe | Self::CmaEs | Self::Nsga2 => true,
        }
    }

    /// The method of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        METHODS.into_iter().find(|method| method.name() == name)
    }
}

/// A method ready to be asked.
#[derive(Clone, Debug)]
pub struct Sampler {
    method: Method,
    seed: u64,
    sobol: Option<Sobol>,
}

impl Sampler {
    /// `None` when the space has more dimensions than the method knows. For a method that learns it draws at random, which
    /// is what such a method begins with.
    #[must_use]
    pub fn new(method: Method, seed: u64, space: &Space) -> Option<Self> {
        let sobol = match method {
            Method::Sobol => Some(Sobol::new(space.parameters.len())?),
            Method::Grid | Method::Random | Method::Tpe | Method::CmaEs | Method::Nsga2 => None,
        };
        Some(Self {
            method,
            seed,
            sobol,
        })
    }

    /// The point of a trial.
    #[must_use]
    pub fn point(&self, space: &Space, trial: u64) -> Point {
        match (self.method, &self.sobol) {
            (Method::Grid, _) => grid(space, trial),
            (Method::Sobol, Some(sobol)) => space
                .parameters
                .iter()
                .enumerate()
                .map(|(dimension, each)| each.range.at(sobol.unit(trial, dimension)))
                .collect(),
            (_, _) => random(space, self.seed, trial),
        }
    }
}

fn grid(space: &Space, trial: u64) -> Point {
    let mut rest = trial;
    let mut point: Point = space
        .parameters
        .iter()
        .rev()
        .map(|each| {
            let count = each.range.count().unwrap_or(1).max(1);
            let index = rest % count;
            rest /= count;
            Coordinate::Index(index)
        })
        .collect();
    point.reverse();
    point
}

/// One draw for each parameter in declared order: a list takes `below`, a real the unit interval.
fn random(space: &Space, seed: u64, trial: u64) -> Point {
    let mut stream = Random::stream(seed, &[RANDOM_SEARCH, trial]);
    let drawn = space
        .parameters
        .iter()
        .map(|each| match each.range.count() {
            Some(count) => Coordinate::Index(stream.below(count)),
            None => each.range.at(stream.unit()),
        });
    drawn.collect()
}
