//! Plain random walks of a given volatility with signals of given gaps and shares, from a seed: the workloads of the
//! benchmarks, for anybody to repeat. A result on them says nothing about any strategy.
//!
//! Prices: independent steps, uniform and as wide as the volatility asks, each a share of the price before it; the
//! expected price does not move. Every minute has a bar with volume. No mark prices and no funding.
//! Signals: pairs of 110 and 113 or 112, and lone ones of both, at uniform times but so far apart that no two of them
//! can meet: nothing pairs by accident, and nothing nearly does.
//!
//! Not here: the signals (`random_signals`), walks with episodes, holes and marks (`generate`), files (`generate_files`).
//! Invariant: whole numbers only, one random stream per contract: the same seed gives the same bytes on every machine
//! and for any number of threads.

use crate::domain::bar::{Bar, Bars};
use crate::domain::num::{Price, Qty, Rate, UNIT};
use crate::domain::random::Random;
use crate::domain::time::Span;

use super::generate::{ContractRecipe, Generated, MINUTE, MINUTES_A_DAY, Prices, Recipe};
use super::{random_signals, threads};

/// Streams of a seed, after those of `generate`.
const PRICES: u64 = 103;
const SIGNALS: u64 = 104;

/// Minutes of the year that a yearly volatility is of.
const YEAR: u128 = 365 * 1_440;
/// Parts of a tick that a walk counts in, as a power of two: rounding to ticks is then of the bar, not of the walk.
const FINE_BITS: u32 = 16;
/// A walk stays between its start divided and multiplied by this.
const REACH: i64 = 100;
/// What the walks and signals are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walks {
    /// Volatility a year of the first and of the last contract, 0.0001 to 10; those between are spread evenly.
    pub volatility: (Rate, Rate),
    /// Steps in a minute, at least one.
    pub steps: u16,
    /// Largest gap of a pair; gaps are uniform up to it, either signal first.
    pub gap_max: Span,
    /// Share of the FOMO, lone ones included, that are of type 112.
    pub type_112_pct: u16,
    /// Lone Alpha for each hundred pairs.
    pub lone_alpha_pct: u16,
    /// Lone FOMO for each hundred pairs.
    pub lone_fomo_pct: u16,
}

impl Walks {
    /// Walks of one volatility, or of several from the first contract's to the last's, with the signals of the
    /// benchmarks: six steps a minute, gaps within 280 s, three in ten FOMO of type 112, as many lone Alpha and twice as
    /// many lone FOMO as pairs.
    #[must_use]
    pub const fn new(first: Rate, last: Rate) -> Self {
        Self {
            volatility: (first, last),
            steps: 6,
            gap_max: Span::from_millis(280_000),
            type_112_pct: 30,
            lone_alpha_pct: 100,
            lone_fomo_pct: 200,
        }
    }

    /// Volatility of one of several contracts.
    fn volatility_of(&self, index: usize, count: usize) -> Rate {
        let (first, last) = (self.volatility.0.steps(), self.volatility.1.steps());
        let (index, gaps) = (index as i64, (count as i64 - 1).max(1));
        Rate::from_steps(first + (last - first) * index / gaps)
    }

    /// Whether walks of this kind can be made.
    fn is_sound(&self) -> bool {
        let sound = |rate: Rate| (UNIT / 10_000..=10 * UNIT).contains(&rate.steps());
        sound(self.volatility.0)
            && sound(self.volatility.1)
            && (1..=600).contains(&self.steps)
            && (0..=3_600_000).contains(&self.gap_max.millis())
            && self.type_112_pct <= 100
    }
}

impl ContractRecipe {
    /// The contracts of [`ContractRecipe::several`] with a tenth of their tick, so that a price that falls far is still
    /// many ticks.
    #[must_use]
    pub fn several_fine(count: u16) -> Vec<Self> {
        let mut contracts = Self::several(count);
        for contract in &mut contracts {
            if let Some(tick) = Price::from_steps(contract.tick.steps() / 10) {
                contract.tick = tick;
                contract.start *= 10;
            }
        }
        contracts
    }
}

/// Makes the walks and signals of a recipe, whose `confluences` are the pairs of each contract. `None` when it asks for
/// no day, more than ten years, more signals than have room, a start too small or too large for its tick, or a
/// volatility, gap or share outside its range.
#[must_use]
pub fn generate(recipe: &Recipe, walks: &Walks) -> Option<Generated> {
    let fits = |contract: &ContractRecipe| {
        let largest = contract.start.checked_mul(contract.tick.steps());
        contract.start >= 5_000
            && largest.is_some_and(|steps| steps <= crate::domain::num::LARGEST / REACH)
    };
    if !(1..=3_660).contains(&recipe.days)
        || !recipe.contracts.iter().all(fits)
        || !walks.is_sound()
        || random_signals::free(recipe, walks).is_none()
    {
        return None;
    }
    let parts = threads::each(recipe.contracts.len(), |index| {
        let contract = &recipe.contracts[index];
        let mut random = Random::stream(recipe.seed, &[PRICES, index as u64]);
        let volatility = walks.volatility_of(index, recipe.contracts.len());
        let mut made = Generated {
            prices: vec![walk(
                recipe,
                contract,
                (volatility, walks.steps),
                &mut random,
            )],
            ..Generated::default()
        };
        let mut random = Random::stream(recipe.seed, &[SIGNALS, index as u64]);
        random_signals::add(&mut made, (recipe, walks, contract), &mut random);
        made
    });
    Some(Generated::joined(parts))
}

/// Half the width of a uniform step in 2^-32 of the price: its variance is a third of its square, and those of a year's
/// steps add up to the square of the volatility.
fn half_width(volatility: Rate, steps: u16) -> i64 {
    let volatility = u128::from(volatility.steps().unsigned_abs());
    let unit = u128::from(UNIT.unsigned_abs());
    let square = volatility * volatility * 3 * (1 << 64) / (unit * unit * YEAR * u128::from(steps));
    i64::try_from(square.isqrt()).expect("invariant: a step of ten volatilities is below one")
}

fn walk(
    recipe: &Recipe,
    contract: &ContractRecipe,
    (volatility, steps): (Rate, u16),
    random: &mut Random,
) -> Prices {
    const SOUND: &str = "invariant: minutes ascend on the grid, and high and low enclose the path";
    let half = half_width(volatility, steps);
    let fine = contract.start << FINE_BITS;
    let tick = contract.tick.steps();
    // To the nearest tick; the same for all four, so high and low still enclose the others.
    let price = |fine: i64| {
        Price::from_steps(((fine + (1 << (FINE_BITS - 1))) >> FINE_BITS) * tick)
            .expect("invariant: the walk stays above a hundredth of its start")
    };
    let mut bars = Bars::new(Span::from_millis(MINUTE));
    let mut now = fine;
    for minute in 0..i64::from(recipe.days) * MINUTES_A_DAY {
        let open = now;
        let (mut high, mut low) = (open, open);
        for _ in 0..steps {
            let share = i128::from(random.between(-half, half));
            let step = i64::try_from((i128::from(now) * share) >> 32)
                .expect("invariant: a step is smaller than the price");
            now = (now + step).clamp(fine / REACH, fine * REACH);
            (high, low) = (high.max(now), low.min(now));
        }
        let volume = random.between(1, 5_000) * 1_000_000;
        let bar = Bar {
            open_time: recipe.from + Span::from_millis(minute * MINUTE),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(now),
            volume: Qty::from_steps(volume).unwrap_or(Qty::ZERO),
        };
        bars.push(bar).expect(SOUND);
    }
    Prices {
        contract: contract.clone(),
        mark: Bars::new(bars.interval),
        bars,
        funding: Vec::new(),
    }
}
