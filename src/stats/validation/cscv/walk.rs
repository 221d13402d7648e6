//! All choices of half of the blocks, walked so that choices with a common beginning share its sums.
//!
//! Not here: what a split means (`cscv`). Invariant: the sums of a part are added in the order of its blocks, whichever
//! choice it belongs to, so equal series stay exactly equal.

use super::{Blocks, Column, Split, judge};
use crate::stats::figure::count;
use crate::stats::validation::splits::binomial;

/// Below this share of Σx² the scatter Σx² − (Σx)²/n has lost its digits and is computed anew. (It is a sharpe of 1,000
/// a day: a series that stands still, not a strategy.)
const THIN: f64 = 1e-6;

/// Sums over some blocks, an entry per configuration.
#[derive(Clone, Debug, Default)]
struct Part {
    days: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Part {
    /// This part and one more block, written into `into`.
    fn with(&self, column: &Column, length: usize, into: &mut Self) {
        into.days = self.days + length;
        let add = |have: &[f64], more: &[f64], into: &mut [f64]| {
            for ((into, have), more) in into.iter_mut().zip(have).zip(more) {
                *into = have + more;
            }
        };
        add(&self.sums, &column.sums, &mut into.sums);
        add(&self.squares, &column.squares, &mut into.squares);
    }

    /// The sharpes of all configurations. Whether some of them are still to be computed: not a number stands there.
    fn sharpes(&self, into: &mut [f64]) -> bool {
        let days = count(self.days);
        let scale = (days - 1.0).sqrt() / days;
        let mut settled = 0_usize;
        for ((into, sum), square) in into.iter_mut().zip(&self.sums).zip(&self.squares) {
            let scatter = square - sum * sum / days;
            let sharpe = scale * sum / scatter.sqrt();
            let is_sound = scatter > THIN * square;
            // Nothing traded: the common case of no variance.
            let is_empty = *square <= 0.0;
            let rest = if is_empty {
                f64::NEG_INFINITY
            } else {
                f64::NAN
            };
            *into = if is_sound { sharpe } else { rest };
            settled += usize::from(is_sound | is_empty);
        }
        settled < into.len()
    }
}

/// Walks all choices that hold the first block, in lexicographic order, sharing the sums of common beginnings; each
/// leaf gives a split and, with the sides changed, its complement.
pub(super) struct Walk<'a> {
    blocks: &'a Blocks,
    /// Entry c: the sums of the c blocks chosen so far; entries above are stale.
    inside: Vec<Part>,
    /// The same of the blocks left out.
    outside: Vec<Part>,
    chosen: usize,
    left: usize,
    mask: u32,
    sharpes: [Vec<f64>; 2],
    with_first: Vec<Split>,
    without_first: Vec<Split>,
}

impl<'a> Walk<'a> {
    /// All splits of some blocks, in lexicographic order of the choices.
    pub(super) fn all(blocks: &'a Blocks) -> Vec<Split> {
        let mut walk = Self::new(blocks);
        walk.take(0, true);
        // In this order the complement of the first choice is the last one, and so on.
        let mut splits = walk.with_first;
        splits.extend(walk.without_first.into_iter().rev());
        splits
    }

    fn new(blocks: &'a Blocks) -> Self {
        let half = blocks.lengths.len() / 2;
        let empty = Part {
            days: 0,
            sums: vec![0.0; blocks.configurations()],
            squares: vec![0.0; blocks.configurations()],
        };
        let room = binomial(2 * half, half).and_then(|all| usize::try_from(all / 2).ok());
        Self {
            blocks,
            inside: vec![empty.clone(); half + 1],
            outside: vec![empty.clone(); half + 1],
            chosen: 0,
            left: 0,
            mask: 0,
            sharpes: [empty.sums.clone(), empty.sums],
            with_first: Vec::with_capacity(room.unwrap_or(0)),
            without_first: Vec::with_capacity(room.unwrap_or(0)),
        }
    }

    /// Puts the next block inside or outside, walks everything below, and takes it back.
    fn take(&mut self, block: usize, inside: bool) {
        let (side, filled) = if inside {
            (&mut self.inside, &mut self.chosen)
        } else {
            (&mut self.outside, &mut self.left)
        };
        let (before, after) = side.split_at_mut(*filled + 1);
        let column = &self.blocks.columns[block];
        before[*filled].with(column, self.blocks.lengths[block], &mut after[0]);
        *filled += 1;
        self.mask |= u32::from(inside) << block;
        let half = self.inside.len() - 1;
        if self.chosen == half && self.left == half {
            self.leaf();
        }
        if self.chosen < half {
            self.take(block + 1, true);
        }
        if self.left < half {
            self.take(block + 1, false);
        }
        self.mask &= !(1 << block);
        *(if inside {
            &mut self.chosen
        } else {
            &mut self.left
        }) -= 1;
    }

    fn leaf(&mut self) {
        let half = self.inside.len() - 1;
        let all = (1_u32 << self.blocks.lengths.len()) - 1;
        let sides = [(&self.inside, self.mask), (&self.outside, all & !self.mask)];
        for ((parts, mask), sharpes) in sides.into_iter().zip(&mut self.sharpes) {
            if parts[half].sharpes(sharpes) {
                for (configuration, sharpe) in sharpes.iter_mut().enumerate() {
                    if sharpe.is_nan() {
                        *sharpe = self.blocks.sharpe(configuration, mask);
                    }
                }
            }
        }
        let [inside, outside] = &self.sharpes;
        self.with_first.push(judge(inside, outside));
        self.without_first.push(judge(outside, inside));
    }
}
