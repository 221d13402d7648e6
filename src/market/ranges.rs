//! Block minima and maxima over columns of lows and highs: finds the first bar that reaches a level without looking
//! at the bars between.
//!
//! Not here: what happens in the bar that is found. Four storeys of blocks (8, 64, 512 and 4,096 bars) answer at any
//! distance in a few dozen comparisons, mostly inside one or two cache lines a storey; they cost two words for every
//! eighth bar.

use crate::domain::num::Price;

/// Blocks of a storey (bars, for the lowest) in one block of the next, as a power of two.
const FAN_BITS: usize = 3;
/// The same as a count.
const FAN: usize = 1 << FAN_BITS;
/// Storeys: blocks of 8, 64, 512 and 4,096 bars.
pub const STOREYS: usize = 4;

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
    /// Lowest first; the last block of each may be short.
    storeys: [Vec<Block>; STOREYS],
}

/// Lowest low and highest high of a block; side by side, because a search looks at both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    low: Price,
    high: Price,
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
}

impl Ranges {
    /// Builds the index.
    #[must_use]
    pub fn new(low: &[Price], high: &[Price]) -> Self {
        let bars = ground(low, high);
        let eights = raise(&bars);
        let pages = raise(&eights);
        let halls = raise(&pages);
        Self {
            storeys: [bars, eights, pages, halls],
        }
    }

    /// The highest storey that has a block starting at a row: 0 when none has, else one more than its index.
    fn aligned(row: usize) -> usize {
        let zeros = usize::try_from(row.trailing_zeros()).unwrap_or(0);
        (zeros / FAN_BITS).min(STOREYS)
    }
}

impl Block {
    fn with(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }

    /// Of eight; in pairs, so that the comparisons do not wait for each other.
    fn of(eight: &[Self; FAN]) -> Self {
        let [a, b, c, d, e, f, g, h] = *eight;
        let (front, back) = (a.with(b).with(c.with(d)), e.with(f).with(g.with(h)));
        front.with(back)
    }

    fn of_rest(rest: &[Self]) -> Option<Self> {
        rest.iter().copied().reduce(Self::with)
    }
}

/// The lowest storey: blocks of bars.
fn ground(low: &[Price], high: &[Price]) -> Vec<Block> {
    let (lows, rest_low) = low.as_chunks::<FAN>();
    let (highs, rest_high) = high.as_chunks::<FAN>();
    let least = |of: &[Price; FAN]| {
        let [a, b, c, d, e, f, g, h] = *of;
        (a.min(b).min(c.min(d))).min(e.min(f).min(g.min(h)))
    };
    let most = |of: &[Price; FAN]| {
        let [a, b, c, d, e, f, g, h] = *of;
        (a.max(b).max(c.max(d))).max(e.max(f).max(g.max(h)))
    };
    let mut blocks = Vec::with_capacity(lows.len() + 1);
    blocks.extend(lows.iter().zip(highs).map(|(low, high)| Block {
        low: least(low),
        high: most(high),
    }));
    let rest = rest_low.iter().zip(rest_high);
    blocks.extend(
        rest.map(|(low, high)| Block {
            low: *low,
            high: *high,
        })
        .reduce(Block::with),
    );
    blocks
}

/// The storey above another.
fn raise(below: &[Block]) -> Vec<Block> {
    let (eights, rest) = below.as_chunks::<FAN>();
    let mut blocks = Vec::with_capacity(eights.len() + 1);
    blocks.extend(eights.iter().map(Block::of));
    blocks.extend(Block::of_rest(rest));
    blocks
}

impl Columns<'_> {
    /// The first bar of `from..to` that touches the band.
    #[must_use]
    pub fn first_touch(&self, from: usize, to: usize, band: Band) -> Option<usize> {
        if band.is_empty() {
            return None;
        }
        // Prices are above zero and far below the largest number: what is not looked for is never met.
        let lower = band.lower.map_or(0, Price::steps);
        let upper = band.upper.map_or(i64::MAX, Price::steps);
        let touches = |low: Price, high: Price| low.steps() <= lower || high.steps() >= upper;
        let rows = to.min(self.low.len());
        // Bars of a block before `from` may touch too: then a smaller block is looked at, and in the end the bars.
        let (mut row, mut storey) = (from, 1);
        while row < rows {
            let shift = (storey + 1) * FAN_BITS;
            let place = row >> shift;
            let block = self.ranges.storeys[storey][place];
            let after = (place + 1) << shift;
            if !touches(block.low, block.high) {
                row = after;
                if place % FAN == FAN - 1 && storey + 1 < STOREYS {
                    storey += 1;
                }
            } else if storey > 0 {
                storey -= 1;
            } else {
                let end = after.min(rows);
                let bars = self.low[row..end].iter().zip(&self.high[row..end]);
                let mut bars = bars.map(|(low, high)| touches(*low, *high));
                if let Some(place) = bars.position(|touched| touched) {
                    return Some(row + place);
                }
                row = end;
            }
        }
        None
    }

    /// The first bar of `from..to` in which a trailing stop could fire: whatever the order of high and low, its level
    /// is at most the bar's own best price times `keep`. Bars before it cannot fire it.
    #[must_use]
    pub fn first_give_back(&self, from: usize, to: usize, follower: Follower) -> Option<usize> {
        self.first(from, to, follower.peak, |peak, low, high| {
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
        to: usize,
        start: S,
        pass: impl Fn(S, Price, Price) -> Result<S, ()>,
    ) -> Option<usize> {
        let rows = to.min(self.low.len());
        let (mut row, mut state) = (from, start);
        'rows: while row < rows {
            // The highest storey that lets pass saves most.
            for storey in (0..Ranges::aligned(row)).rev() {
                let shift = (storey + 1) * FAN_BITS;
                let after = row + (1 << shift);
                if after <= rows {
                    let block = self.ranges.storeys[storey][row >> shift];
                    if let Ok(next) = pass(state, block.low, block.high) {
                        state = next;
                        row = after;
                        continue 'rows;
                    }
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

    /// Lowest low and highest high of the block of a storey that a row is in, and the row after the block.
    #[must_use]
    #[inline]
    pub fn block(&self, storey: usize, row: usize) -> (Price, Price, usize) {
        let shift = (storey + 1) * FAN_BITS;
        let place = row >> shift;
        let block = self.ranges.storeys[storey][place];
        (block.low, block.high, (place + 1) << shift)
    }

    /// Lowest low and highest high of `from..to`; `None` when that is empty.
    #[must_use]
    pub fn extremes(&self, from: usize, to: usize) -> Option<(Price, Price)> {
        let mut found: Option<Block> = None;
        let mut row = from;
        while row < to {
            let mut storey = Ranges::aligned(row);
            while row + (1 << (storey * FAN_BITS)) > to {
                storey -= 1;
            }
            let shift = storey * FAN_BITS;
            let block = match storey.checked_sub(1) {
                Some(storey) => self.ranges.storeys[storey][row >> shift],
                None => Block {
                    low: self.low[row],
                    high: self.high[row],
                },
            };
            found = Some(found.map_or(block, |found| found.with(block)));
            row += 1 << shift;
        }
        found.map(|block| (block.low, block.high))
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
            let to = from + usize::try_from(random.below((bars - from) as u64 + 2)).unwrap();
            let touches = |row: &usize| {
                band.lower.is_some_and(|lower| low[*row] <= lower)
                    || band.upper.is_some_and(|upper| high[*row] >= upper)
            };
            let plain = (from..to.min(bars)).find(touches);
            assert_eq!(columns.first_touch(from, to, band), plain);
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
            let plain = (from..to.min(bars)).find(|row| {
                let fires = follower.fires(peak, low[*row], high[*row]);
                peak = follower.better(peak, low[*row], high[*row]);
                fires
            });
            assert_eq!(columns.first_give_back(from, to, follower), plain);
            given_back += usize::from(plain.is_some());
            let to = to.min(bars);
            let plain =
                (low[from..to].iter().min().copied()).zip(high[from..to].iter().max().copied());
            assert_eq!(columns.extremes(from, to), plain);
            for storey in 0..STOREYS {
                let (lowest, highest, after) = columns.block(storey, from);
                let (start, after) = (after - (8 << (3 * storey)), after.min(bars));
                assert!(start <= from && from < after, "{start} {from} {after}");
                assert_eq!(low[start..after].iter().min(), Some(&lowest));
                assert_eq!(high[start..after].iter().max(), Some(&highest));
            }
        }
        assert!(
            touched > 50 && untouched > 50 && given_back > 50,
            "{touched} {untouched} {given_back}"
        );
    }
}
