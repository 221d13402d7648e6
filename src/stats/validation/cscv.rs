//! The probability of backtest overfitting (V4) by combinatorially symmetric cross-validation.
//!
//! Not here: which series are compared, how the choices share their sums (`cscv::walk`). Invariants: what a configuration brings is reduced to three numbers per block when
//! it comes, returns are not kept; each choice of blocks and its complement are judged from the same sums; ties go to
//! the lowest index (best) or share their mean rank.

use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;
use crate::stats::validation::splits::even_parts;

use walk::Walk;

mod walk;

/// Most blocks: C(20, 10) = 184,756 choices.
pub const BLOCKS_MAX: usize = 20;
/// A part with a smaller deviation than this (relative to a mean above 1) is one that stands still, as in
/// `quantile::is_constant`.
const ROUNDING: f64 = 1e-14;

/// Configurations reduced to what the method needs: T days cut into S contiguous blocks, sizes as equal as possible,
/// longer first. 24·S bytes per configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    days: usize,
    lengths: Vec<usize>,
    columns: Vec<Column>,
}

/// One block of all configurations, an entry per configuration; not a number where a day has no return.
#[derive(Clone, Debug, Default, PartialEq)]
struct Column {
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// Σ(x − mean of the block)².
    scatters: Vec<f64>,
}

/// One choice of half of the blocks: who was best on them, and how it did on the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Index of the configuration that was best in sample.
    pub best: usize,
    /// Its rank out of sample, 1 = worst; a mean rank for ties.
    pub rank: f64,
    /// λ = ln(ω/(1 − ω)), ω = rank/(N + 1).
    pub logit: f64,
    /// Its per-period sharpe in sample; undefined where it has none.
    pub in_sample: Figure,
    /// Its per-period sharpe out of sample; undefined where it has none.
    pub out_of_sample: Figure,
}

/// The answer of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Overfitting {
    /// One entry per choice of blocks, in lexicographic order of the choices.
    pub splits: Vec<Split>,
    /// PBO: share of λ ≤ 0, 0–1. Below 0.1 is good, above 0.5 says discard.
    pub probability: f64,
    /// Slope of the winners' out-of-sample on in-sample sharpe; undefined where the latter do not vary.
    pub slope: Figure,
    /// Intercept of the same line.
    pub intercept: Figure,
    /// Share of winners that lost out of sample, 0–1; one without a sharpe there has lost.
    pub loss_share: f64,
}

impl Blocks {
    /// Room for series of so many days in so many blocks.
    ///
    /// # Errors
    /// [`Why::BadBlocks`] unless `blocks` is even and 2–20; [`Why::FewDays`] when a half would have fewer than two days.
    pub fn new(days: usize, blocks: usize) -> Result<Self, Why> {
        if blocks < 2 || !blocks.is_multiple_of(2) || blocks > BLOCKS_MAX {
            return Err(Why::BadBlocks);
        }
        if days < blocks.max(4) {
            return Err(Why::FewDays);
        }
        let lengths = even_parts(days, blocks)
            .iter()
            .map(ExactSizeIterator::len)
            .collect();
        Ok(Self {
            days,
            lengths,
            columns: vec![Column::default(); blocks],
        })
    }

    /// Takes the next configuration: one entry per day, `None` where the series has ended (ruin).
    ///
    /// # Errors
    /// [`Why::OtherLength`] when the number of days differs.
    pub fn push(&mut self, returns: &[Option<f64>]) -> Result<(), Why> {
        if returns.len() != self.days {
            return Err(Why::OtherLength);
        }
        let mut rest = returns;
        for (column, length) in self.columns.iter_mut().zip(&self.lengths) {
            let (block, after) = rest.split_at(*length);
            rest = after;
            column.push(block);
        }
        Ok(())
    }

    /// N: how many configurations were taken.
    #[must_use]
    pub fn configurations(&self) -> usize {
        self.columns[0].sums.len()
    }

    /// Judges all choices. Time grows with N·C(S, S/2).
    ///
    /// # Errors
    /// [`Why::FewConfigurations`] for fewer than two configurations.
    pub fn overfitting(&self) -> Result<Overfitting, Why> {
        if self.configurations() < 2 {
            return Err(Why::FewConfigurations);
        }
        let splits = Walk::all(self);
        let total = count(splits.len());
        let share = |number: usize| count(number) / total;
        let overfit = splits.iter().filter(|split| split.logit <= 0.0).count();
        let lost = splits.iter().filter(|split| {
            split
                .out_of_sample
                .value()
                .is_none_or(|sharpe| sharpe < 0.0)
        });
        let loss_share = share(lost.count());
        let (slope, intercept) = degradation(&splits);
        Ok(Overfitting {
            probability: share(overfit),
            slope,
            intercept,
            loss_share,
            splits,
        })
    }

    /// The sharpe of a configuration over the blocks of a mask, from sums around the mean; −∞ where there is none.
    fn sharpe(&self, configuration: usize, mask: u32) -> f64 {
        let chosen = || {
            let blocks = self.columns.iter().zip(&self.lengths).enumerate();
            blocks.filter(move |(block, _)| mask >> block & 1 == 1)
        };
        let days = count(chosen().map(|(_, (_, length))| length).sum());
        let sum: f64 = chosen()
            .map(|(_, (column, _))| column.sums[configuration])
            .sum();
        let mean = sum / days;
        let scatter: f64 = chosen()
            .map(|(_, (column, length))| {
                let length = count(*length);
                let off = column.sums[configuration] / length - mean;
                column.scatters[configuration] + length * off * off
            })
            .sum();
        let deviation = (scatter / (days - 1.0)).sqrt();
        if deviation > ROUNDING * mean.abs().max(1.0) {
            mean / deviation
        } else {
            f64::NEG_INFINITY
        }
    }
}

impl Column {
    fn push(&mut self, block: &[Option<f64>]) {
        let [mut sum, mut square, mut scatter] = [f64::NAN; 3];
        if let Some(known) = block.iter().copied().collect::<Option<Vec<f64>>>() {
            let days = count(known.len());
            if quantile::is_constant(&known) {
                sum = known[0] * days;
                square = known[0] * sum;
                scatter = 0.0;
            } else {
                sum = known.iter().sum();
                square = known.iter().map(|value| value * value).sum();
                let mean = sum / days;
                scatter = known.iter().map(|value| (value - mean).powi(2)).sum();
            }
        }
        self.sums.push(sum);
        self.squares.push(square);
        self.scatters.push(scatter);
    }
}

/// The winner of one side judged on the other.
fn judge(here: &[f64], there: &[f64]) -> Split {
    let best = first_best(here);
    let own = there[best];
    let below = there.iter().filter(|sharpe| **sharpe < own).count();
    let up_to = there.iter().filter(|sharpe| **sharpe <= own).count();
    // Places below + 1 … up_to are shared.
    let rank = count(below + 1 + up_to) / 2.0;
    let share = rank / count(there.len() + 1);
    let known = |sharpe: f64| {
        if sharpe.is_finite() {
            Figure::Known(sharpe)
        } else {
            Figure::Undefined(Why::NoVariance)
        }
    };
    Split {
        best,
        rank,
        logit: (share / (1.0 - share)).ln(),
        in_sample: known(here[best]),
        out_of_sample: known(own),
    }
}

/// The index of the largest, the lowest one of equals. Eight maxima side by side, since one alone waits for itself.
fn first_best(sharpes: &[f64]) -> usize {
    let mut lanes = [f64::NEG_INFINITY; 8];
    let larger = |one: f64, other: f64| if other > one { other } else { one };
    let chunks = sharpes.chunks_exact(lanes.len());
    let mut best = chunks
        .remainder()
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, larger);
    for chunk in chunks {
        for (lane, sharpe) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, *sharpe);
        }
    }
    best = lanes.into_iter().fold(best, larger);
    sharpes
        .iter()
        .position(|sharpe| *sharpe >= best)
        .unwrap_or(0)
}

/// Least squares of the winners' sharpe out of sample on that in sample; splits that lack either are left out.
fn degradation(splits: &[Split]) -> (Figure, Figure) {
    let (known, later): (Vec<f64>, Vec<f64>) = splits
        .iter()
        .filter_map(|split| Some((split.in_sample.value()?, split.out_of_sample.value()?)))
        .unzip();
    let spread = quantile::deviation(&known).unwrap_or(0.0);
    let (true, Some(joint), Some(from), Some(to)) = (
        spread > 0.0,
        quantile::covariance(&known, &later),
        quantile::mean(&known),
        quantile::mean(&later),
    ) else {
        let none = Figure::Undefined(Why::NoVariance);
        return (none, none);
    };
    let slope = Figure::ratio(joint, spread * spread, Why::NoVariance);
    (slope, slope.map(|slope| to - slope * from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;
    use crate::stats::validation::splits::Choices;

    fn noise(random: &mut Random, days: usize) -> Vec<Option<f64>> {
        (0..days).map(|_| Some(random.unit() - 0.5)).collect()
    }

    fn judged(series: &[Vec<Option<f64>>], blocks: usize) -> Overfitting {
        let mut all = Blocks::new(series[0].len(), blocks).expect("fine blocks");
        for returns in series {
            all.push(returns).expect("one length");
        }
        all.overfitting().expect("two at least")
    }

    /// The method by its words: every part put together and measured anew.
    fn by_the_words(series: &[Vec<Option<f64>>], blocks: usize) -> Vec<(usize, f64)> {
        let cut = even_parts(series[0].len(), blocks);
        let sharpe = |returns: &[Option<f64>], chosen: &[usize], inside: bool| {
            let part: Option<Vec<f64>> = (0..blocks)
                .filter(|block| chosen.contains(block) == inside)
                .flat_map(|block| returns[cut[block].clone()].iter().copied())
                .collect();
            let part = part?;
            let deviation = quantile::deviation(&part).filter(|deviation| *deviation > 0.0)?;
            Some(quantile::mean(&part)? / deviation)
        };
        Choices::new(blocks, blocks / 2)
            .map(|chosen| {
                let side = |inside| -> Vec<f64> {
                    series
                        .iter()
                        .map(|returns| {
                            sharpe(returns, &chosen, inside).unwrap_or(f64::NEG_INFINITY)
                        })
                        .collect()
                };
                let split = judge(&side(true), &side(false));
                (split.best, split.rank)
            })
            .collect()
    }

    #[test]
    fn shared_sums_give_what_the_words_say() {
        let mut random = Random::new(31);
        let mut met = 0;
        for case in 0..60 {
            let days = 12 + case % 30;
            let mut series: Vec<Vec<Option<f64>>> = (0..2 + case % 9)
                .map(|_| noise(&mut random, days))
                .collect();
            // Standing still all the time or partly, ruin, and a twin.
            series.push(vec![Some(0.0); days]);
            series.push(vec![Some(0.01); days]);
            let mut late = noise(&mut random, days);
            late[..days / 2].fill(Some(0.0));
            series.push(late.clone());
            late[..days / 2].fill(Some(0.003));
            series.push(late.clone());
            late[days - 3..].fill(None);
            series.push(late);
            series.push(series[0].clone());
            for blocks in [2, 4, 6, 8] {
                let found = judged(&series, blocks).splits;
                let expected = by_the_words(&series, blocks);
                assert_eq!(found.len(), expected.len());
                for (split, (best, rank)) in found.iter().zip(expected) {
                    assert_eq!(split.best, best, "case {case}, {blocks} blocks");
                    assert!(
                        (split.rank - rank).abs() < 1e-9,
                        "case {case}, {blocks} blocks"
                    );
                    met += 1;
                }
            }
        }
        assert!(met > 4_000, "{met} splits");
    }

    #[test]
    fn noise_is_overfit_half_of_the_time_and_an_edge_hardly_ever() {
        let (mut of_noise, mut of_edge) = (0.0, 0.0);
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let mut series: Vec<Vec<Option<f64>>> =
                (0..20).map(|_| noise(&mut random, 160)).collect();
            of_noise += judged(&series, 8).probability / 40.0;
            for value in series[7].iter_mut().flatten() {
                *value += 0.15;
            }
            of_edge += judged(&series, 8).probability / 40.0;
        }
        assert!((0.4..0.65).contains(&of_noise), "{of_noise}");
        assert!(of_edge < 0.02, "{of_edge}");
    }

    #[test]
    fn equal_configurations_share_the_middle_rank_and_the_first_wins() {
        let one = noise(&mut Random::new(1), 40);
        let found = judged(&[one.clone(), one.clone(), one], 4);
        for split in &found.splits {
            assert_eq!(split.best, 0);
            assert!((split.rank - 2.0).abs() < 1e-12 && split.logit.abs() < 1e-12);
        }
        assert!((found.probability - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        for blocks in [0, 1, 3, 22] {
            assert_eq!(Blocks::new(100, blocks), Err(Why::BadBlocks));
        }
        assert_eq!(Blocks::new(3, 2), Err(Why::FewDays));
        assert_eq!(Blocks::new(15, 16), Err(Why::FewDays));
        let mut one = Blocks::new(16, 16).expect("a day each");
        assert_eq!(one.push(&[Some(0.1)]), Err(Why::OtherLength));
        one.push(&[Some(0.1); 16]).expect("one length");
        assert_eq!(one.overfitting(), Err(Why::FewConfigurations));
        // Nobody has a sharpe anywhere: the middle rank for all, nothing to draw a line through.
        one.push(&[None; 16]).expect("one length");
        let none = one.overfitting().expect("two");
        assert_eq!(none.slope.why(), Some(Why::NoVariance));
        assert!((none.loss_share - 1.0).abs() < 1e-12);
    }
}
