//! Made-up prices and signals with known properties, from a seed: for the sample, for benchmarks, for tests.
//!
//! Prices: a random walk in whole ticks (four steps a minute) that leans back to where it began, with wide bars, holes,
//! and flat stretches without volume, all listed in [`Known`]. After each confluence follows one [`Episode`] in turn,
//! so that a run meets every kind of exit; **a result on them says nothing about any strategy**.
//! Signals: pairs of 110 and 113 or 112 with known gaps, pairs that miss the window, and other types.
//!
//! Not here: the price path itself (`walk`), plain random walks (`random_walk`), writing files (`generate_files`).
//! Invariant: whole numbers only, one random stream per symbol: the same seed gives the same bytes on every machine.

use std::sync::Arc;

use crate::domain::bar::Bars;
use crate::domain::num::Price;
use crate::domain::random::Random;
use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

use super::tape::FundingRecord;
use super::threads;
use super::walk::walk;

/// Streams of a seed, after those that `simulation.md` W2 names.
const PRICES: u64 = 101;
const SIGNALS: u64 = 102;

/// Milliseconds of a bar.
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const MINUTES_A_DAY: i64 = 1_440;
/// Minutes after which no episode moves the price any more.
pub(crate) const QUIET: i64 = 560;
/// Minutes before the end of the last confluence: its position is open when the data ends.
const LAST: i64 = 180;

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The seed.
    pub seed: u64,
    /// Contracts.
    pub contracts: Vec<ContractRecipe>,
    /// First day, 00:00 UTC.
    pub from: Timestamp,
    /// Whole days.
    pub days: u16,
    /// Confluences of each contract.
    pub confluences: u16,
}

/// One made-up contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRecipe {
    /// Its name.
    pub symbol: Symbol,
    /// The name signals use.
    pub coin: String,
    /// Price step.
    pub tick: Price,
    /// First price in ticks; at least 5,000, so that a step is more than a tick.
    pub start: i64,
}

/// What follows a confluence. Distances are from the price at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Episode {
    /// Up 14 % within two hours, then back: all take-profits.
    Rise,
    /// Down 6 % within an hour and a half: the stop.
    Fall,
    /// Up 3.4 % within an hour, then down 5 %: the trailing stop.
    Turn,
    /// Up 6 % within some seventy minutes, then down 11 %: the first take-profit, then the stop or a break-even stop.
    Fade,
    /// Nothing for ten hours: a time stop, funding.
    Calm,
    /// One bar with high +9 % and low −5 %: its result hangs on the path.
    Spike,
    /// The next price is 6 % lower without a trade between: a stop filled beyond its level.
    Jump,
}

/// A confluence that is in the signals, for a window of 300 s and a fresh pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPair {
    /// The contract.
    pub symbol: Symbol,
    /// Id of the 110.
    pub alpha: String,
    /// Id of the 113 or 112.
    pub fomo: String,
    /// Distance of the two in milliseconds.
    pub gap: i64,
    /// What follows; nothing after a near miss, and nothing in a random walk.
    pub episode: Option<Episode>,
}

/// What is known of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Pairs that match.
    pub confluences: Vec<KnownPair>,
    /// Pairs a little too far apart.
    pub near_misses: Vec<KnownPair>,
    /// Missing minutes: contract, first missing, how many.
    pub holes: Vec<(Symbol, Timestamp, i64)>,
    /// Bars without volume, per contract.
    pub zero_volume: Vec<(Symbol, usize)>,
}

/// Prices of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    /// The recipe.
    pub contract: ContractRecipe,
    /// Minutes.
    pub bars: Bars,
    /// Minutes of the mark, without volume; none with a random walk.
    pub mark: Bars,
    /// Every eight hours; none with a random walk.
    pub funding: Vec<FundingRecord>,
}

/// Everything made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// By contract, in the recipe's order.
    pub prices: Vec<Prices>,
    /// By time.
    pub signals: Vec<RawSignal>,
    /// What is in them.
    pub known: Known,
}

const EPISODES: [Episode; 7] = [
    Episode::Rise,
    Episode::Fall,
    Episode::Turn,
    Episode::Fade,
    Episode::Calm,
    Episode::Spike,
    Episode::Jump,
];

impl ContractRecipe {
    /// Contracts named `SYN…`: one dear, one of some dollars, one a thousandfold of a cheap coin, and so on.
    #[must_use]
    pub fn several(count: u16) -> Vec<Self> {
        // Tick in 1e-8 and first price in ticks: 64000, 3.5 and 0.01234.
        const KINDS: [(&str, i64, i64); 3] = [
            ("", 10_000_000, 640_000),
            ("", 10_000, 35_000),
            ("1000", 100, 12_340),
        ];
        (0..count)
            .filter_map(|number| {
                let (multiplier, tick, start) = KINDS[usize::from(number) % KINDS.len()];
                let coin = format!("SYN{}", letters(number));
                Some(Self {
                    symbol: Symbol::new(&format!("{multiplier}{coin}USDT")),
                    coin,
                    tick: Price::from_steps(tick)?,
                    start,
                })
            })
            .collect()
    }
}

impl ContractRecipe {
    /// Whether a walk to ten times its start, or a tenth, stays among the prices that can be written.
    fn fits(&self) -> bool {
        self.start >= 5_000
            && self
                .start
                .checked_mul(self.tick.steps())
                .is_some_and(|steps| steps <= crate::domain::num::LARGEST / 10)
    }
}

/// A, B, … Z, BA, BB, …
fn letters(number: u16) -> String {
    let digit = char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    if number < 26 {
        digit.to_string()
    } else {
        format!("{}{digit}", letters(number / 26))
    }
}

/// Makes everything a recipe asks for. `None` when it asks for no day, more than ten years, a start too small or too
/// large for its tick, or more confluences than one every ten minutes.
#[must_use]
pub fn generate(recipe: &Recipe) -> Option<Generated> {
    let minutes = i64::from(recipe.days) * MINUTES_A_DAY;
    let spacing = minutes / (i64::from(recipe.confluences) + 1);
    if !(1..=3_660).contains(&recipe.days)
        || !recipe.contracts.iter().all(ContractRecipe::fits)
        || spacing < 10
    {
        return None;
    }
    let parts = threads::each(recipe.contracts.len(), |index| {
        one_contract(recipe, index, spacing)
    });
    Some(Generated::joined(parts))
}

/// Prices and signals of one contract.
fn one_contract(recipe: &Recipe, index: usize, spacing: i64) -> Generated {
    let contract = &recipe.contracts[index];
    let minutes = i64::from(recipe.days) * MINUTES_A_DAY;
    let index = index as u64;
    let mut random = Random::stream(recipe.seed, &[SIGNALS, index]);
    let mut starts = Vec::new();
    for number in 0..i64::from(recipe.confluences) {
        // Contracts take turns inside the spacing, so that they do not all ask for margin at once.
        let minute = spacing * (number + 1) + random.between(0, spacing / 2) - spacing / 4;
        let episode =
            EPISODES[usize::try_from(number + index as i64).unwrap_or(0) % EPISODES.len()];
        starts.push((minute, episode));
    }
    if index == 0 && recipe.confluences > 0 && spacing > QUIET + 2 * LAST {
        starts.push((minutes - LAST, Episode::Calm));
    }
    let mut made = Generated::default();
    made.signals_of(recipe, contract, &starts, &mut random);
    let mut random = Random::stream(recipe.seed, &[PRICES, index]);
    let prices = walk(recipe, contract, &starts, &mut random, &mut made.known);
    made.prices.push(prices);
    made
}

impl Generated {
    /// Parts in the order of the contracts as one, its signals by time.
    pub(crate) fn joined(parts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for part in parts {
            all.prices.extend(part.prices);
            all.signals.extend(part.signals);
            all.known.confluences.extend(part.known.confluences);
            all.known.near_misses.extend(part.known.near_misses);
            all.known.holes.extend(part.known.holes);
            all.known.zero_volume.extend(part.known.zero_volume);
        }
        all.signals.sort_by(|a, b| {
            (a.received_time, a.event_time, &a.id).cmp(&(b.received_time, b.event_time, &b.id))
        });
        all
    }

    fn signals_of(
        &mut self,
        recipe: &Recipe,
        contract: &ContractRecipe,
        starts: &[(i64, Episode)],
        random: &mut Random,
    ) {
        let mut next = 0;
        let mut message = |random: &mut Random, kind: SignalType, time: Timestamp| {
            next += 1;
            let id = format!("{}-{next:05}", contract.coin);
            self.signals.push(RawSignal {
                id: Arc::from(id.as_str()),
                kind,
                name: contract.coin.clone(),
                event_time: time,
                received_time: Some(time + Span::from_millis(random.between(150, 2_500))),
            });
            id
        };
        for (number, (minute, episode)) in starts.iter().enumerate() {
            let time = recipe.from + Span::from_millis(minute * MINUTE + random.between(0, 59_999));
            let gap = random.between(0, 200_000);
            let kind = if number % 4 == 3 {
                SignalType::FOMO_INTENSIFIED
            } else {
                SignalType::FOMO
            };
            let earlier = time - Span::from_millis(gap);
            let (alpha_time, fomo_time) = if random.one_in(2) {
                (earlier, time)
            } else {
                (time, earlier)
            };
            let alpha = message(random, SignalType::ALPHA, alpha_time);
            let fomo = message(random, kind, fomo_time);
            self.known.confluences.push(KnownPair {
                symbol: contract.symbol.clone(),
                alpha,
                fomo,
                gap,
                episode: Some(*episode),
            });
            // Half-way to the next pair: far enough from both to match neither.
            let quiet = time + Span::from_millis(15 * MINUTE);
            if number % 8 == 2 {
                let gap = random.between(300_000, 320_000);
                let alpha = message(random, SignalType::ALPHA, quiet);
                let fomo = message(random, SignalType::FOMO, quiet + Span::from_millis(gap));
                self.known.near_misses.push(KnownPair {
                    symbol: contract.symbol.clone(),
                    alpha,
                    fomo,
                    gap,
                    episode: None,
                });
            } else if number % 4 == 1 {
                let kind = if random.one_in(2) { 108 } else { 111 };
                message(random, SignalType(kind), quiet);
            }
        }
    }
}
