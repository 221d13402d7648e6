//! Made-up prices and signals with known properties, from a seed: for the sample, for benchmarks, for tests.
//!
//! Prices: a random walk in whole ticks (four steps a minute) that leans back to where it began, with wide bars, holes,
//! and flat stretches without volume, all listed in [`Known`]. After each confluence follows one [`Episode`] in turn,
//! so that a run meets every kind of exit; **a result on them says nothing about any strategy**.
//! Signals: pairs of 110 and 113 or 112 with known gaps, pairs that miss the window, and other types.
//!
//! Not here: writing files (`generate_files`).
//! Invariant: whole numbers only, one random stream per symbol: the same seed gives the same bytes on every machine.

use std::sync::Arc;

use crate::domain::bar::{Bar, Bars};
use crate::domain::num::{Price, Qty, Rate};
use crate::domain::random::Random;
use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

use super::tape::FundingRecord;

/// Streams of a seed, after those that `simulation.md` W2 names.
const PRICES: u64 = 101;
const SIGNALS: u64 = 102;

/// Milliseconds of a bar.
const MINUTE: i64 = 60_000;
const MINUTES_A_DAY: i64 = 1_440;
/// Largest step, in millionths of the price; four of them make a minute of about 0.05 %.
const STEP_PPM: i64 = 400;
/// Minutes after which no episode moves the price any more.
const QUIET: i64 = 560;
/// Minutes before the end of the last confluence: its position is open when the data ends.
const LAST: i64 = 180;
/// The walk leans back by this part of its distance from the start at every step.
const PULL: i64 = 20_000;

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
    /// What follows; nothing after a near miss.
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
    /// Minutes of the mark, without volume.
    pub mark: Bars,
    /// Every eight hours.
    pub funding: Vec<FundingRecord>,
}

/// Everything made.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One leg of an episode: minutes from its start, and the drift of each step in millionths.
struct Leg {
    from: i64,
    to: i64,
    drift: i64,
}

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
    let fits = |contract: &ContractRecipe| {
        contract.start >= 5_000
            && contract
                .start
                .checked_mul(contract.tick.steps())
                .is_some_and(|steps| steps <= crate::domain::num::LARGEST / 10)
    };
    let spacing = minutes / (i64::from(recipe.confluences) + 1);
    if !(1..=3_660).contains(&recipe.days) || !recipe.contracts.iter().all(fits) || spacing < 10 {
        return None;
    }
    let mut made = Generated {
        prices: Vec::new(),
        signals: Vec::new(),
        known: Known::default(),
    };
    for (index, contract) in recipe.contracts.iter().enumerate() {
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
        made.signals_of(recipe, contract, &starts, &mut random);
        let mut random = Random::stream(recipe.seed, &[PRICES, index]);
        let prices = walk(recipe, contract, &starts, &mut random, &mut made.known);
        made.prices.push(prices);
    }
    made.signals.sort_by(|a, b| {
        (a.received_time, a.event_time, &a.id).cmp(&(b.received_time, b.event_time, &b.id))
    });
    Some(made)
}

impl Generated {
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

fn legs(episode: Episode) -> &'static [Leg] {
    // drift = distance in millionths ÷ (minutes × 4 steps).
    match episode {
        Episode::Rise => &[
            Leg {
                from: 4,
                to: 124,
                drift: 274,
            },
            Leg {
                from: 184,
                to: 544,
                drift: -91,
            },
        ],
        Episode::Fall => &[
            Leg {
                from: 4,
                to: 94,
                drift: -172,
            },
            Leg {
                from: 214,
                to: 454,
                drift: 65,
            },
        ],
        Episode::Turn => &[
            Leg {
                from: 4,
                to: 64,
                drift: 140,
            },
            Leg {
                from: 64,
                to: 124,
                drift: -214,
            },
        ],
        Episode::Fade => &[
            Leg {
                from: 4,
                to: 74,
                drift: 221,
            },
            Leg {
                from: 74,
                to: 224,
                drift: -183,
            },
            Leg {
                from: 344,
                to: 464,
                drift: 100,
            },
        ],
        Episode::Calm | Episode::Spike | Episode::Jump => &[],
    }
}

/// The walk of one contract.
struct Walk<'a> {
    contract: &'a ContractRecipe,
    random: &'a mut Random,
    prices: Prices,
    /// In ticks.
    price: i64,
    /// Minutes left without a bar.
    hole: i64,
    /// Minutes left without trade.
    flat: i64,
}

fn walk(
    recipe: &Recipe,
    contract: &ContractRecipe,
    starts: &[(i64, Episode)],
    random: &mut Random,
    known: &mut Known,
) -> Prices {
    let interval = Span::from_millis(MINUTE);
    let mut walk = Walk {
        contract,
        random,
        prices: Prices {
            contract: contract.clone(),
            bars: Bars::new(interval),
            mark: Bars::new(interval),
            funding: Vec::new(),
        },
        price: contract.start,
        hole: 0,
        flat: 0,
    };
    let (mut current, mut zero) = (0, 0);
    for minute in 0..i64::from(recipe.days) * MINUTES_A_DAY {
        let time = recipe.from + Span::from_millis(minute * MINUTE);
        while starts
            .get(current + 1)
            .is_some_and(|(start, _)| *start <= minute)
        {
            current += 1;
        }
        let active = starts.get(current).filter(|(start, _)| *start <= minute);
        let since = active.map_or(i64::MAX, |(start, _)| minute - start);
        if minute % (8 * 60) == 0 {
            let rate = Rate::from_steps(walk.random.between(-5_000, 15_000));
            walk.prices.funding.push(FundingRecord {
                time,
                rate,
                mark: None,
            });
        }
        if let Some(length) = walk.pause(since > QUIET) {
            known.holes.push((contract.symbol.clone(), time, length));
        }
        if walk.hole > 0 {
            walk.hole -= 1;
        } else if walk.flat > 0 {
            walk.flat -= 1;
            zero += 1;
            walk.push(time, [walk.price; 4], 0);
        } else {
            walk.minute(time, active.map(|(_, episode)| *episode), since);
        }
    }
    known.zero_volume.push((contract.symbol.clone(), zero));
    walk.prices
}

impl Walk<'_> {
    /// Now and then, in quiet times, bars are missing (how many is handed back) or nobody trades.
    fn pause(&mut self, quiet: bool) -> Option<i64> {
        if !quiet || self.hole > 0 || self.flat > 0 {
            return None;
        }
        if self.random.one_in(4_000) {
            self.hole = self.random.between(3, 25);
            return Some(self.hole);
        }
        if self.random.one_in(1_500) {
            self.flat = self.random.between(2, 15);
        }
        None
    }

    /// One minute with trade, `since` minutes after the last confluence.
    fn minute(&mut self, time: Timestamp, episode: Option<Episode>, since: i64) {
        if episode == Some(Episode::Jump) && since == 20 {
            self.price = self.price * 94 / 100;
        }
        let drift = episode.map_or(0, |episode| {
            let leg = legs(episode)
                .iter()
                .find(|leg| (leg.from..leg.to).contains(&since));
            leg.map_or(0, |leg| leg.drift)
        });
        let start = self.contract.start;
        let open = self.price;
        let (mut high, mut low) = (open, open);
        for _ in 0..4 {
            let reach = (self.price * STEP_PPM / 1_000_000).max(1);
            let pull = (start - self.price) / PULL;
            let step = self.random.between(-reach, reach) + self.price * drift / 1_000_000 + pull;
            self.price = (self.price + step).clamp(start / 10, start * 10);
            (high, low) = (high.max(self.price), low.min(self.price));
        }
        if episode == Some(Episode::Spike) && since == 10 {
            (high, low) = (open * 109 / 100, open * 95 / 100);
        } else if since > QUIET && self.random.one_in(2_000) {
            high += high * self.random.between(5, 30) / 1_000;
            low -= low * self.random.between(5, 30) / 1_000;
        }
        let volume = self.random.between(1, 5_000);
        self.push(time, [open, high, low, self.price], volume);
    }

    /// Appends a bar of prices in ticks, and its mark a few ticks beside.
    fn push(&mut self, time: Timestamp, ticks: [i64; 4], volume: i64) {
        let tick = self.contract.tick.steps();
        let price = |ticks: i64| {
            Price::from_steps(ticks * tick)
                .expect("invariant: the walk stays above a tenth of its start")
        };
        let bar = |shift: i64, volume: i64| Bar {
            open_time: time,
            open: price(ticks[0] + shift),
            high: price(ticks[1] + shift),
            low: price(ticks[2] + shift),
            close: price(ticks[3] + shift),
            volume: Qty::from_steps(volume * 1_000_000).unwrap_or(Qty::ZERO),
        };
        let shift = self.random.between(-2, 2);
        const T2: &str = "invariant: minutes ascend on the grid, and high and low enclose the path";
        self.prices.bars.push(bar(0, volume)).expect(T2);
        self.prices.mark.push(bar(shift, 0)).expect(T2);
    }
}
