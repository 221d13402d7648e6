//! The price path of one made-up contract: a random walk in whole ticks that leans back to where it began, driven by the
//! episodes that follow its confluences.
//!
//! Not here: when confluences happen, signals (`generate`).
//! Invariant: whole numbers only; high and low of a bar enclose every step of its minute.

use crate::domain::bar::{Bar, Bars};
use crate::domain::num::{Price, Qty, Rate};
use crate::domain::random::Random;
use crate::domain::time::{Span, Timestamp};

use super::generate::{
    ContractRecipe, Episode, Known, MINUTE, MINUTES_A_DAY, Prices, QUIET, Recipe,
};
use super::tape::FundingRecord;

/// Largest step, in millionths of the price; four of them make a minute of about 0.05 %.
const STEP_PPM: i64 = 400;
/// The walk leans back by this part of its distance from the start at every step.
const PULL: i64 = 20_000;

/// One leg of an episode: minutes from its start, and the drift of each step in millionths.
struct Leg {
    from: i64,
    to: i64,
    drift: i64,
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

pub(crate) fn walk(
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
