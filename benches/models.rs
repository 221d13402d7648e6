//! What it takes to choose the next trial, after as many as a sweep may have seen.
//!
//! A regression here means that a method that learns keeps the threads waiting: choosing goes on one of them alone.

use confluence::domain::random::Random;
use confluence::settings::layers::Layers;
use confluence::settings::overlay::{Base, Slot};
use confluence::sweep::method::Method;
use confluence::sweep::models::{Brief, Model};
use confluence::sweep::objective::Told;
use confluence::sweep::space::{Parameter, Range, Space};
use divan::Bencher;
use divan::counter::ItemsCount;

const BATCH: usize = 16;

fn main() {
    divan::main();
}

/// Ten reals.
fn space() -> Space {
    let (base, _) = Base::new(&Layers::default()).expect("defaults are sound");
    let slot = Slot::parse("exits.stop_pct").expect("a key");
    let item = base.item(&slot).expect("it has a default").clone();
    let parameters = (0..10).map(|place| Parameter {
        name: format!("p{place}"),
        slot: slot.clone(),
        range: Range::Real {
            from: 1.0,
            to: 5.5,
            log: false,
            decimals: 4,
        },
        item: item.clone(),
    });
    Space {
        parameters: parameters.collect(),
        predicates: Vec::new(),
    }
}

fn told(random: &mut Random) -> Told {
    let cost = random.unit();
    Told {
        cost: Some(cost),
        costs: vec![cost, random.unit()],
        meets: true,
    }
}

/// One generation asked for and told.
fn generation(bencher: Bencher, method: Method, trials: usize) {
    let space = space();
    let brief = Brief {
        parameters: &space.parameters,
        seed: 1,
        batch: BATCH,
        objectives: 2,
    };
    let mut model = Model::new(method, brief).expect("it learns");
    let mut random = Random::stream(1, &[302]);
    let step = |model: &mut Model, random: &mut Random| {
        let points = model.ask();
        let results: Vec<Told> = points.iter().map(|_| told(random)).collect();
        model.tell(&points, &results);
    };
    for _ in 0..trials / BATCH {
        step(&mut model, &mut random);
    }
    bencher
        .counter(ItemsCount::new(BATCH))
        .bench_local(|| step(&mut model, &mut random));
}

#[divan::bench(args = [1_000, 10_000], sample_count = 50)]
fn tpe(bencher: Bencher, trials: usize) {
    generation(bencher, Method::Tpe, trials);
}

#[divan::bench(args = [1_000, 10_000], sample_count = 50)]
fn cma_es(bencher: Bencher, trials: usize) {
    generation(bencher, Method::CmaEs, trials);
}

#[divan::bench(args = [1_000, 10_000], sample_count = 50)]
fn nsga2(bencher: Bencher, trials: usize) {
    generation(bencher, Method::Nsga2, trials);
}
