//! Block minima and maxima over columns of lows and highs: finds the first bar that reaches a level without looking
//! at the bars between.
//!
//! Not here: what happens in the bar that is found. Four storeys of blocks (8, 64, 512 and 4,096 bars) answer at any
//! distance in a few dozen comparisons, mostly inside one or two cache lines a storey; they cost two words for every
//! eighth bar.

use crate::domain::num::Price;

/// Bars per block of each storey, lowest first; each is so many blocks of the one below.
const SIZES: [usize; 4] = [8, 64, 512, 4_096];
/// Blocks of a storey in one block of the next.
const FAN: usize = 8;

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
    /// One per entry of [`SIZES`].
    storeys: Vec<Storey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Storey {
    /// Bars per block.
    size: usize,
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
        let mut storeys: Vec<Storey> = Vec::with_capacity(SIZES.len());
        for size in SIZES {
            let storey = match storeys.last() {
                None => Storey::over(size, low, high),
                Some(below) => Storey::over(size, &below.low, &below.high),
            };
            storeys.push(storey);
        }
        Self { storeys }
    }
}

impl Storey {
    fn over(size: usize, low: &[Price], high: &[Price]) -> Self {
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
            size,
            low: low.chunks(FAN).map(least).collect(),
            high: high.chunks(FAN).map(most).collect(),
        }
    }

    /// Lowest low and highest high of the block that starts at a row; `None` when none starts there or it does not end
    /// by `to`.
    fn block(&self, row: usize, to: usize) -> Option<(Price, Price)> {
        if !row.is_multiple_of(self.size) || row + self.size > to {
            return None;
        }
        let block = row / self.size;
        Some((self.low[block], self.high[block]))
    }
}

impl Columns<'_> {
    /// The first bar at or after `from` that touches the band.
    #[must_use]
    pub fn first_touch(&self, from: usize, band: Band) -> Option<usize> {
        if band.is_empty() {
            return None;
        }
        self.first(from, (), |(), low, high| {
            band.touched(low, high).then_some(()).map_or(Ok(()), Err)
        })
    }

    /// The first bar at or after `from` in which a trailing stop could fire: whatever the order of high and low, its
    /// level is at most the bar's own best price times `keep`. Bars before it cannot fire it.
    #[must_use]
    pub fn first_give_back(&self, from: usize, follower: Follower) -> Option<usize> {
        self.first(from, follower.peak, |peak, low, high| {
            if follower.fires(peak, low, high) {
                Err(())
            } else {
                Ok(follower.better(peak, low, high))
            }
        })
    }

    /// The first bar that `pass` refuses. `pass` is given lowest low and highest high of one or several bars and must
    /// refuse whenever it would refuse any of them; otherwise it hands on its state.
    fn first<S: Copy>(
        &self,
        from: usize,
        start: S,
        pass: impl Fn(S, Price, Price) -> Result<S, ()>,
    ) -> Option<usize> {
        let rows = self.low.len();
        let (mut row, mut state) = (from, start);
        'rows: while row < rows {
            // The storeys that have a block here are the lowest ones; the highest that lets pass saves most.
            let aligned = self
                .ranges
                .storeys
                .iter()
                .take_while(|storey| row.is_multiple_of(storey.size))
                .count();
            for storey in self.ranges.storeys[..aligned].iter().rev() {
                if let Some((low, high)) = storey.block(row, rows)
                    && let Ok(next) = pass(state, low, high)
                {
                    state = next;
                    row += storey.size;
                    continue 'rows;
                }
            }
            match pass(state, self.low[row], self.high[row]) {
                Ok(next) => state = next,
                Err(()) => return Some(row),
            }
            row += 1;
        }
        None
    }

    /// Lowest low and highest high of `from..to`; `None` when that is empty.
    #[must_use]
    pub fn extremes(&self, from: usize, to: usize) -> Option<(Price, Price)> {
        let mut found: Option<(Price, Price)> = None;
        let mut row = from;
        while row < to {
            let block = self
                .ranges
                .storeys
                .iter()
                .take_while(|storey| row.is_multiple_of(storey.size) && row + storey.size <= to)
                .last();
            let (low, high, size) = match block {
                Some(storey) => (
                    storey.low[row / storey.size],
                    storey.high[row / storey.size],
                    storey.size,
                ),
                None => (self.low[row], self.high[row], 1),
            };
            found = Some(found.map_or((low, high), |(least, most)| {
                (least.min(low), most.max(high))
            }));
            row += size;
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
