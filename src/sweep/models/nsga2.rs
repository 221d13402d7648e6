//! NSGA-II: the best of all generations so far breed the next one; best are those whom none dominates, and among them
//! those who stand alone.
//!
//! Who survives is decided here: the crate's own sampler keeps nothing of the generations before the last, and a method
//! that forgets its best is not this one. Trials that violate a constraint come after all that meet them, those without
//! objectives last.
//!
//! Not here: sorting, distances, tournament, crossover and mutation (crate `optimizer`), which keeps a generator of its
//! own, seeded with the first word of the stream (seed, 9).

use std::collections::HashMap;

use optimizer::distribution::{
    CategoricalDistribution, Distribution, FloatDistribution, IntDistribution,
};
use optimizer::multi_objective::{MultiObjectiveSampler, MultiObjectiveTrial};
use optimizer::param::ParamValue;
use optimizer::parameter::ParamId;
use optimizer::pareto::{crowding_distance, non_dominated_sort};
use optimizer::sampler::Nsga2Sampler;
use optimizer::{Direction, TrialState};

use crate::domain::random::Random;
use crate::sweep::models::{Brief, FEW, Tried, settled};
use crate::sweep::objective::Told;
use crate::sweep::space::{Coordinate, Parameter, Point, Range};

/// Purpose of the stream (W2).
const PURPOSE: u64 = 9;
/// How near to its parents a child stays. The usual 20 is for hundreds of generations, and a sweep has tens: over 256
/// trials in batches of 16 these two find 10 % more of a front, and half the distance to the best of one objective.
const CROSSOVER_ETA: f64 = 5.0;
/// How near to itself a value stays that changes.
const MUTATION_ETA: f64 = 10.0;
/// Larger costs are taken for this, so that a difference of two is a number.
const COST_MAX: f64 = 1e150;

/// A trial that may breed.
#[derive(Clone, Debug)]
struct Being {
    genes: Vec<ParamValue>,
    /// 0 meets all constraints, 1 does not, 2 has no objectives.
    class: u8,
    costs: Vec<f64>,
}

/// The population.
pub struct Nsga2<'a> {
    brief: Brief<'a>,
    sampler: Nsga2Sampler,
    names: Vec<ParamId>,
    kinds: Vec<Distribution>,
    directions: Vec<Direction>,
    /// Trials are numbered from 1; 0 showed the sampler the space.
    next: u64,
    asked: Vec<Vec<ParamValue>>,
    tried: Tried,
    parents: Vec<Being>,
    /// The parents as the sampler sees them: under the numbers of the generation it made last.
    seen: Vec<MultiObjectiveTrial>,
}

impl<'a> Nsga2<'a> {
    pub(super) fn new(brief: Brief<'a>) -> Self {
        let sampler = Nsga2Sampler::builder()
            .population_size(brief.batch)
            .crossover_eta(CROSSOVER_ETA)
            .mutation_eta(MUTATION_ETA)
            .seed(Random::stream(brief.seed, &[PURPOSE]).next())
            .build();
        let kinds: Vec<Distribution> = brief.parameters.iter().map(kind).collect();
        let directions = vec![Direction::Minimize; brief.objectives];
        for kind in &kinds {
            let _unused = sampler.sample(kind, 0, &[], &directions);
        }
        Self {
            brief,
            sampler,
            names: kinds.iter().map(|_| ParamId::new()).collect(),
            kinds,
            directions,
            next: 1,
            asked: Vec::new(),
            tried: Tried::default(),
            parents: Vec::new(),
            seen: Vec::new(),
        }
    }

    pub(super) fn ask(&mut self) -> Vec<Point> {
        self.asked.clear();
        let mut points = Vec::with_capacity(self.brief.batch);
        for _ in 0..self.brief.batch {
            let trial = self.next;
            self.next += 1;
            let genes = self.kinds.iter().map(|kind| {
                self.sampler
                    .sample(kind, trial, &self.seen, &self.directions)
            });
            let mut genes: Vec<ParamValue> = genes.collect();
            let pairs = self.brief.parameters.iter().zip(&genes);
            let point = pairs.map(|(each, gene)| at(each, gene)).collect();
            let point = settled(self.brief.parameters, point);
            let mut draws = Random::stream(self.brief.seed, &[PURPOSE, trial]);
            let fresh = self
                .tried
                .fresh(self.brief.parameters, point.clone(), &mut draws);
            let pairs = self.brief.parameters.iter().zip(&mut genes);
            for ((each, gene), (at, before)) in pairs.zip(fresh.iter().zip(&point)) {
                if at != before {
                    set(each, gene, *at);
                }
            }
            points.push(fresh);
            self.asked.push(genes);
        }
        points
    }

    pub(super) fn tell(&mut self, results: &[Told]) {
        let mut all = std::mem::take(&mut self.parents);
        let born = self.asked.drain(..).zip(results);
        all.extend(born.map(|(genes, told)| being(genes, told, self.brief.objectives)));
        self.parents = survivors(all, self.brief.batch);
        let first = self.next - self.brief.batch as u64;
        self.seen = (first..)
            .zip(&self.parents)
            .map(|(trial, parent)| MultiObjectiveTrial {
                id: trial,
                params: self
                    .names
                    .iter()
                    .copied()
                    .zip(parent.genes.iter().cloned())
                    .collect(),
                distributions: HashMap::new(),
                param_labels: HashMap::new(),
                values: parent.costs.clone(),
                state: TrialState::Complete,
                user_attrs: HashMap::new(),
                constraints: vec![f64::from(parent.class)],
            })
            .collect();
    }
}

fn being(genes: Vec<ParamValue>, told: &Told, objectives: usize) -> Being {
    if told.costs.len() < objectives {
        return Being {
            genes,
            class: 2,
            costs: vec![0.0; objectives],
        };
    }
    let costs = told
        .costs
        .iter()
        .map(|cost| cost.clamp(-COST_MAX, COST_MAX));
    Being {
        genes,
        class: u8::from(!told.meets),
        costs: costs.collect(),
    }
}

/// The best `room` of some: class by class, front by front; of the front that does not fit as a whole, those who stand
/// most alone.
fn survivors(all: Vec<Being>, room: usize) -> Vec<Being> {
    let mut chosen: Vec<usize> = Vec::with_capacity(room);
    for class in 0..=2 {
        let members: Vec<usize> = (0..all.len())
            .filter(|each| all[*each].class == class)
            .collect();
        let costs: Vec<Vec<f64>> = members
            .iter()
            .map(|each| all[*each].costs.clone())
            .collect();
        let directions = vec![Direction::Minimize; costs.first().map_or(0, Vec::len)];
        for mut front in non_dominated_sort(&costs, &directions) {
            let left = room - chosen.len();
            if front.len() > left {
                let own: Vec<Vec<f64>> = front.iter().map(|each| costs[*each].clone()).collect();
                let distances = crowding_distance(&own, &directions);
                let mut order: Vec<usize> = (0..front.len()).collect();
                order.sort_by(|one, other| distances[*other].total_cmp(&distances[*one]));
                front = order[..left].iter().map(|each| front[*each]).collect();
            }
            chosen.extend(front.iter().map(|each| members[*each]));
        }
    }
    let mut all: Vec<Option<Being>> = all.into_iter().map(Some).collect();
    chosen.iter().filter_map(|each| all[*each].take()).collect()
}

/// What the crate takes a parameter for.
fn kind(parameter: &Parameter) -> Distribution {
    match (&parameter.range, parameter.range.count()) {
        (_, None) => Distribution::Float(FloatDistribution {
            low: 0.0,
            high: 1.0,
            log_scale: false,
            step: None,
        }),
        (Range::Choices(choices), Some(_)) => Distribution::Categorical(CategoricalDistribution {
            n_choices: choices.len(),
        }),
        (_, Some(count)) if count <= FEW => Distribution::Categorical(CategoricalDistribution {
            n_choices: usize::try_from(count).expect("invariant: a few"),
        }),
        (_, Some(count)) => Distribution::Int(IntDistribution {
            low: 0,
            high: i64::try_from(count - 1).expect("invariant: steps are counted in 63 bits"),
            log_scale: false,
            step: None,
        }),
    }
}

/// Makes a gene that of another coordinate.
fn set(parameter: &Parameter, gene: &mut ParamValue, at: Coordinate) {
    match (gene, at) {
        (ParamValue::Float(place), at) => *place = parameter.range.unit(at),
        (ParamValue::Int(own), Coordinate::Index(index)) => {
            *own = i64::try_from(index).expect("invariant: steps are counted in 63 bits");
        }
        (ParamValue::Categorical(own), Coordinate::Index(index)) => {
            *own = usize::try_from(index).expect("invariant: a few");
        }
        // Values that are counted have no other coordinates.
        (ParamValue::Int(_) | ParamValue::Categorical(_), Coordinate::Real(_)) => {}
    }
}

/// The coordinate of a gene.
fn at(parameter: &Parameter, gene: &ParamValue) -> Coordinate {
    match gene {
        ParamValue::Float(place) => parameter.range.at(*place),
        ParamValue::Int(index) => Coordinate::Index(index.unsigned_abs()),
        ParamValue::Categorical(index) => Coordinate::Index(*index as u64),
    }
}
