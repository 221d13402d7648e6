//! Block minima and maxima over columns of lows and highs: finds the first bar that reaches a level without looking
//! at the bars between.
//!
//! Not here: what happens in the bar that is found. Two storeys of blocks (64 and 4,096 bars) answer in a few hundred
//! comparisons at any distance and cost two words per 64 bars.

use crate::domain::num::Price;

/// Bars per block of the lower storey.
const BLOCK: usize = 64;
/// Bars per block of the upper storey.
const HALL: usize = BLOCK * BLOCK;

/// Levels that a search looks for; a missing one never touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// Touched when a low is at or below it.
    pub lower: Option<Price>,
    /// Touched when a high is at or above it.
    pub upper: Option<Price>,
}

/// A trailing stop during a search: its level follows the bars it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follower {
    /// Best price so far in the direction followed.
    pub peak: Price,
    /// Share of the peak, in 1e-8, at or beyond which it fires.
    pub keep: i64,
    /// Whether it follows highs (and fires on lows).
    pub upward: bool,
}

/// The index over one pair of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    blocks: Storey,
    halls: Storey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Storey {
    low: Vec<Price>,
    high: Vec<Price>,
}

/// Columns of lows and highs with their index.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// One entry per bar.
    pub low: &'a [Price],
    /// One entry per bar.
    pub high: &'a [Price],
    /// The index over both.
    pub ranges: &'a Ranges,
}

impl Band {
    /// Whether nothing is looked for.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    /// Also looks for a level that fires downward (`down`) or upward.
    #[must_use]
    pub fn with(self, level: Price, down: bool) -> Self {
        if down {
            Self {
                lower: Some(self.lower.map_or(level, |lower| lower.max(level))),
                ..self
            }
        } else {
            Self {
                upper: Some(self.upper.map_or(level, |upper| upper.min(level))),
                ..self
            }
        }
    }

    fn touched(&self, low: Price, high: Price) -> bool {
        self.lower.is_some_and(|lower| low <= lower)
            || self.upper.is_some_and(|upper| high >= upper)
    }
}

impl Ranges {
    /// Builds the index.
    #[must_use]
    pub fn new(low: &[Price], high: &[Price]) -> Self {
        let blocks = Storey::over(low, high);
        let halls = Storey::over(&blocks.low, &blocks.high);
        Self { blocks, halls }
    }
}

impl Storey {
    fn over(low: &[Price], high: &[Price]) -> Self {
        let least = |chunk: &[Price]| {
            chunk
                .iter()
                .copied()
                .min()
                .expect("invariant: chunks are not empty")
        };
        let most = |chunk: &[Price]| {
            chunk
                .iter()
                .copied()
                .max()
                .expect("invariant: chunks are not empty")
        };
        Self {
            low: low.chunks(BLOCK).map(least).collect(),
            high: high.chunks(BLOCK).map(most).collect(),
        }
    }
}

impl Columns<'_> {
    /// The first bar at or after `from` that touches the band.
    #[must_use]
    pub fn first_touch(&self, from: usize, band: Band) -> Option<usize> {
        if band.is_empty() {
            return None;
        }
        let Storey { low, high } = &self.ranges.blocks;
        let bar = |row: usize| band.touched(self.low[row], self.high[row]);
        let mut row = from;
        while row < self.low.len() {
            if row % HALL == 0 {
                let hall = row / HALL;
                if !band.touched(self.ranges.halls.low[hall], self.ranges.halls.high[hall]) {
                    row += HALL;
                    continue;
                }
            }
            let block = row / BLOCK;
            let end = (block * BLOCK + BLOCK).min(self.low.len());
            if band.touched(low[block], high[block])
                && let Some(found) = (row..end).find(|row| bar(*row))
            {
                return Some(found);
            }
            row = end;
        }
        None
    }

    /// The first bar at or after `from` in which a trailing stop could fire: whatever the order of high and low, its
    /// level is at most the bar's own best price times `keep`. Bars before it cannot fire it.
    #[must_use]
    pub fn first_give_back(&self, from: usize, follower: Follower) -> Option<usize> {
        let mut peak = follower.peak;
        let mut row = from;
        while row < self.low.len() {
            if row.is_multiple_of(BLOCK) && row + BLOCK <= self.low.len() {
                let block = row / BLOCK;
                let (low, high) = (
                    self.ranges.blocks.low[block],
                    self.ranges.blocks.high[block],
                );
                if !follower.fires(peak, low, high) {
                    peak = follower.better(peak, low, high);
                    row += BLOCK;
                    continue;
                }
            }
            let (low, high) = (self.low[row], self.high[row]);
            if follower.fires(peak, low, high) {
                return Some(row);
            }
            peak = follower.better(peak, low, high);
            row += 1;
        }
        None
    }

    /// Lowest low and highest high of `from..to`; `None` when that is empty.
    #[must_use]
    pub fn extremes(&self, from: usize, to: usize) -> Option<(Price, Price)> {
        let mut found: Option<(Price, Price)> = None;
        let mut take = |low: Price, high: Price| {
            found = Some(found.map_or((low, high), |(least, most)| {
                (least.min(low), most.max(high))
            }));
        };
        let mut row = from;
        while row < to {
            if row.is_multiple_of(BLOCK) && row + BLOCK <= to {
                let block = row / BLOCK;
                take(
                    self.ranges.blocks.low[block],
                    self.ranges.blocks.high[block],
                );
                row += BLOCK;
            } else {
                take(self.low[row], self.high[row]);
                row += 1;
            }
        }
        found
    }
}

impl Follower {
    fn better(&self, peak: Price, low: Price, high: Price) -> Price {
        if self.upward {
            peak.max(high)
        } else {
            peak.min(low)
        }
    }

    /// Whether a bar with these extremes could fire it. Rounding moves the level away from the market by less than a
    /// tick, which only makes it fire less: the unrounded level is the safe side.
    fn fires(&self, peak: Price, low: Price, high: Price) -> bool {
        let best = i128::from(self.better(peak, low, high).steps()) * i128::from(self.keep);
        let unit = i128::from(crate::domain::num::UNIT);
        if self.upward {
            i128::from(low.steps()) * unit <= best
        } else {
            i128::from(high.steps()) * unit >= best
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    fn walk(random: &mut Random, bars: usize) -> (Vec<Price>, Vec<Price>) {
        let mut level = 1_000_000_i64;
        let price = |steps: i64| Price::from_steps(steps.max(1)).unwrap();
        (0..bars)
            .map(|_| {
                level = (level + random.between(-900, 900)).max(10_000);
                (
                    price(level - random.between(0, 500)),
                    price(level + random.between(0, 500)),
                )
            })
            .unzip()
    }

    #[test]
    fn every_answer_is_that_of_a_plain_scan() {
        let mut random = Random::new(11);
        let (mut touched, mut untouched, mut given_back) = (0, 0, 0);
        for case in 0..400 {
            let bars = usize::try_from(random.between(1, 9_000)).unwrap();
            let (low, high) = walk(&mut random, bars);
            let ranges = Ranges::new(&low, &high);
            let columns = Columns {
                low: &low,
                high: &high,
                ranges: &ranges,
            };
            let from = usize::try_from(random.below(bars as u64)).unwrap();
            let middle = high[from].steps();
            let band = Band {
                lower: (case % 3 != 0).then(|| {
                    Price::from_steps(middle - random.between(0, 60_000)).unwrap_or(low[0])
                }),
                upper: (case % 5 != 0)
                    .then(|| Price::from_steps(middle + random.between(0, 60_000)).unwrap()),
            };
            let plain = (from..bars).find(|row| band.touched(low[*row], high[*row]));
            assert_eq!(columns.first_touch(from, band), plain);
            touched += usize::from(plain.is_some());
            untouched += usize::from(plain.is_none());
            let upward = random.one_in(2);
            let keep =
                100_000_000 + if upward { -1 } else { 1 } * random.between(100_000, 5_000_000);
            let follower = Follower {
                peak: high[from],
                keep,
                upward,
            };
            let mut peak = follower.peak;
            let plain = (from..bars).find(|row| {
                let fires = follower.fires(peak, low[*row], high[*row]);
                peak = follower.better(peak, low[*row], high[*row]);
                fires
            });
            assert_eq!(columns.first_give_back(from, follower), plain);
            given_back += usize::from(plain.is_some());
            let to = from + usize::try_from(random.below((bars - from) as u64 + 1)).unwrap();
            let plain =
                (low[from..to].iter().min().copied()).zip(high[from..to].iter().max().copied());
            assert_eq!(columns.extremes(from, to), plain);
        }
        assert!(
            touched > 50 && untouched > 50 && given_back > 50,
            "{touched} {untouched} {given_back}"
        );
    }
}
