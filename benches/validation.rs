//! The statistics of validation on the sizes of a real sweep: 1,000 configurations over a year.
//!
//! A regression here means that the verdict after a sweep takes longer than the sweep of a small tape.

use confluence::domain::num::Money;
use confluence::domain::random::Random;
use confluence::stats::validation::bootstrap::Bootstrap;
use confluence::stats::validation::cscv::Blocks;
use confluence::stats::validation::folds;
use confluence::stats::validation::shuffle;
use divan::Bencher;
use divan::counter::ItemsCount;

const DAYS: usize = 365;

fn main() {
    divan::main();
}

fn noise(seed: u64, length: usize) -> Vec<f64> {
    let mut random = Random::stream(seed, &[301]);
    (0..length).map(|_| (random.unit() - 0.49) / 30.0).collect()
}

/// Filled blocks; a share of the configurations hardly ever trades, as in a real sweep.
fn blocks(configurations: u64) -> Blocks {
    let mut blocks = Blocks::new(DAYS, 16).expect("fine blocks");
    for configuration in 0..configurations {
        let mut returns: Vec<Option<f64>> =
            noise(configuration, DAYS).into_iter().map(Some).collect();
        if configuration % 10 == 0 {
            returns[..DAYS - 20].fill(Some(0.0));
        }
        blocks.push(&returns).expect("one length");
    }
    blocks
}

/// 12,870 splits of 16 blocks, one thread.
#[divan::bench(args = [100, 1_000, 10_000], sample_count = 5)]
fn overfitting(bencher: Bencher, configurations: u64) {
    let blocks = blocks(configurations);
    bencher
        .counter(ItemsCount::new(configurations))
        .bench_local(|| blocks.overfitting().expect("enough"));
}

/// Reducing a trial's returns to its block sums: the part that a sweep pays per trial.
#[divan::bench(sample_count = 20)]
fn taking_1000_configurations(bencher: Bencher) {
    bencher.bench_local(|| blocks(1_000));
}

/// 10,000 replicates of a year.
#[divan::bench(sample_count = 5)]
fn stationary_bootstrap(bencher: Bencher) {
    let returns = noise(1, DAYS);
    let plan = Bootstrap {
        seed: 42,
        replicates: 10_000,
        mean_block: 5.0,
    };
    bencher.bench_local(|| plan.figures(&returns).expect("it varies"));
}

/// 10,000 orders of 500 trades.
#[divan::bench(sample_count = 5)]
fn trade_shuffle(bencher: Bencher) {
    let mut random = Random::stream(2, &[301]);
    let nets: Vec<Money> = (0..500)
        .map(|_| Money::from_steps(random.between(-3_000_000_000, 4_000_000_000)))
        .collect();
    bencher.bench_local(|| shuffle::trade_shuffle(&nets, 42, 10_000).expect("trades"));
}

/// 184,756 splits of 20 groups.
#[divan::bench(sample_count = 5)]
fn combinatorial_splits(bencher: Bencher) {
    bencher.bench_local(|| folds::combinatorial(20, 10).expect("fine groups"));
}
