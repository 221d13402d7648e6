//! Methods that learn: better than chance, the same points however they are run, never outside the space; fronts.

use confluence::domain::num::parse_steps;
use confluence::settings::layers::Layers;
use confluence::settings::overlay::{Base, Slot};
use confluence::sweep::method::{Method, Sampler};
use confluence::sweep::models::{Brief, Model};
use confluence::sweep::objective::Told;
use confluence::sweep::space::{Choice, Coordinate, Parameter, Point, Range, Space};

use crate::binary::say;

const LEARNERS: [Method; 3] = [Method::Tpe, Method::CmaEs, Method::Nsga2];

fn parameter(name: &str, range: Range) -> Parameter {
    let (base, _) = Base::new(&Layers::default()).unwrap();
    let item = base
        .item(&Slot::parse("exits.stop_pct").unwrap())
        .unwrap()
        .clone();
    Parameter {
        name: name.to_owned(),
        slot: Slot::parse(name).unwrap(),
        range,
        item,
    }
}

/// Every kind of range.
fn space() -> Space {
    let choices = |words: &[&str]| {
        let item = parameter("exits.stop_pct", Range::Choices(Vec::new())).item;
        words
            .iter()
            .map(|word| Choice {
                text: (*word).to_owned(),
                item: item.clone(),
            })
            .collect()
    };
    let real = |from, to, log| Range::Real {
        from,
        to,
        log,
        decimals: 4,
    };
    let steps = |from: &str, step: &str, count| Range::Steps {
        from: parse_steps(from).unwrap(),
        step: parse_steps(step).unwrap(),
        count,
    };
    let ranges = [
        real(1.0, 5.5, false),
        real(60.0, 900.0, true),
        real(-1.0, 1.0, false),
        steps("0.3", "0.05", 9),
        steps("1", "1", 100),
        Range::List(choices(&["1", "2", "5", "10", "20"])),
        Range::Choices(choices(&["leg", "risk", "both", "ignore"])),
    ];
    let parameters = ranges.into_iter().enumerate();
    Space {
        parameters: parameters
            .map(|(place, range)| parameter(&format!("exits.p{place}"), range))
            .collect(),
        predicates: Vec::new(),
    }
}

/// A smooth valley: its bottom, 0, lies off the middle; two parameters hang together.
fn valley(space: &Space, point: &Point) -> f64 {
    let unit = |place: usize| space.parameters[place].range.unit(point[place]);
    let bottom = [0.3, 0.62, 0.7, 0.5, 0.21, 0.3];
    let off: Vec<f64> = (0..6).map(|place| unit(place) - bottom[place]).collect();
    let word = match point[6] {
        Coordinate::Index(2) => 0.0,
        Coordinate::Index(_) | Coordinate::Real(_) => 0.1,
    };
    let tilted = off[0] - off[2];
    off.iter().map(|each| each * each).sum::<f64>() + tilted * tilted + word
}

fn told(cost: f64) -> Told {
    Told {
        cost: Some(cost),
        costs: vec![cost],
        meets: true,
    }
}

const BUDGET: usize = 256;

/// The best of some trials by a method.
fn best(method: Method, seed: u64, space: &Space) -> f64 {
    let Some(mut model) = Model::new(
        method,
        Brief {
            parameters: &space.parameters,
            seed,
            batch: 16,
            objectives: 1,
        },
    ) else {
        let sampler = Sampler::new(method, seed, space).unwrap();
        let costs = (0..BUDGET as u64).map(|trial| valley(space, &sampler.point(space, trial)));
        return costs.fold(f64::INFINITY, f64::min);
    };
    let mut best = f64::INFINITY;
    for _ in 0..BUDGET / 16 {
        let points = model.ask();
        let costs: Vec<f64> = points.iter().map(|point| valley(space, point)).collect();
        best = costs.iter().copied().fold(best, f64::min);
        let results: Vec<Told> = costs.into_iter().map(told).collect();
        model.tell(&points, &results);
    }
    best
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn learners_beat_chance_at_the_same_budget() {
    let space = space();
    let medians = |method| median((1..=21).map(|seed| best(method, seed, &space)).collect());
    let chance = medians(Method::Random);
    let mut text = format!("random {chance:.4}");
    for method in LEARNERS {
        let own = medians(method);
        text += &format!(", {} {own:.4}", method.name());
        assert!(own < chance, "{}: {own} of {chance}", method.name());
    }
    say(&format!(
        "models: best of {BUDGET} trials in 7 parameters, median of 21 seeds, 0 is perfect: {text}"
    ));
}
