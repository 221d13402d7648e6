//! Stationary bootstrap of daily returns (V6): how far mean, sharpe, drawdown and total return may be off by chance.
//!
//! Not here: how long blocks should be (`block_length`), trades without dependence (`stats::interval`, `shuffle`).
//! Invariants: replicate b draws from stream(seed, 1, b); nothing is allocated per replicate.

use serde::Serialize;

use crate::domain::random::Random;
use crate::stats::figure::{Figure, Why, count};
use crate::stats::quantile;
use crate::stats::returns;

/// Replicates of a report (V6).
pub const REPLICATES: u64 = 10_000;
/// Purpose of the streams (W2).
const PURPOSE: u64 = 1;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// What all streams come from.
    pub seed: u64,
    /// B: how many times the series is drawn; above zero.
    pub replicates: u64,
    /// L: mean length of a block in days; 1 or more.
    pub mean_block: f64,
}

/// The middle 95 % and the median of the replicates that have the figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 % quantile.
    pub low: Figure,
    /// 50 % quantile.
    pub middle: Figure,
    /// 97.5 % quantile.
    pub high: Figure,
}

/// What the replicates say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BootstrapFigures {
    /// Of the mean daily return.
    pub mean_daily: Interval,
    /// Of the annual sharpe; replicates without variance or that end in ruin have none.
    pub sharpe: Interval,
    /// Of the largest drawdown, −1 to 0, e₀ included.
    pub max_drawdown: Interval,
    /// Of the total return, −1 or more.
    pub total_return: Interval,
    /// Share of replicates whose sharpe is zero or below, 0–1; one without a sharpe counts as such.
    pub sharpe_not_positive: Figure,
}

impl Bootstrap {
    /// Draws a series anew so many times and gives the percentile intervals.
    ///
    /// # Errors
    /// [`Why::FewReturns`] below two returns, [`Why::NoReplicates`] without replicates, [`Why::NotPositive`] for a mean
    /// block below 1.
    pub fn figures(&self, series: &[f64]) -> Result<BootstrapFigures, Why> {
        if series.len() < 2 {
            return Err(Why::FewReturns);
        }
        if self.replicates == 0 {
            return Err(Why::NoReplicates);
        }
        if self.mean_block.is_nan() || self.mean_block < 1.0 {
            return Err(Why::NotPositive);
        }
        let room = usize::try_from(self.replicates.min(REPLICATES)).unwrap_or(0);
        let [mut means, mut sharpes, mut drawdowns, mut totals] =
            [(); 4].map(|()| Vec::with_capacity(room));
        let mut drawn = vec![0.0; series.len()];
        let mut above = 0_usize;
        for replicate in 0..self.replicates {
            self.draw(series.len(), replicate, |place, index| {
                drawn[place] = series[index]
            });
            means.extend(quantile::mean(&drawn));
            let (total, drawdown) = path(&drawn);
            totals.push(total);
            drawdowns.push(drawdown);
            let sharpe = if total > -1.0 {
                returns::sharpe(&drawn).value()
            } else {
                None
            };
            above += usize::from(sharpe.is_some_and(|sharpe| sharpe > 0.0));
            sharpes.extend(sharpe);
        }
        let replicates = count(totals.len());
        Ok(BootstrapFigures {
            mean_daily: Interval::of(means),
            sharpe: Interval::of(sharpes),
            max_drawdown: Interval::of(drawdowns),
            total_return: Interval::of(totals),
            sharpe_not_positive: Figure::new((replicates - count(above)) / replicates),
        })
    }

    /// The path of one replicate through a series of so many values: (place, index drawn for it), places ascending. The
    /// first index is free, each next one a fresh draw with probability 1/L, else the one after, around the end.
    pub fn draw(&self, periods: usize, replicate: u64, mut take: impl FnMut(usize, usize)) {
        let mut random = Random::stream(self.seed, &[PURPOSE, replicate]);
        let fresh = 1.0 / self.mean_block;
        let mut index = 0;
        for place in 0..periods {
            index = if place == 0 || random.unit() < fresh {
                usize::try_from(random.below(periods as u64)).expect("invariant: below a usize")
            } else if index + 1 == periods {
                0
            } else {
                index + 1
            };
            take(place, index);
        }
    }
}

impl Interval {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |permille| {
            quantile::quantile(&values, permille)
                .map_or(Figure::Undefined(Why::NoVariance), Figure::new)
        };
        Self {
            low: at(25),
            middle: at(500),
            high: at(975),
        }
    }
}

/// Total return and largest drawdown of compounded returns; both −1 from the day equity is gone.
fn path(drawn: &[f64]) -> (f64, f64) {
    let (mut level, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    for change in drawn {
        level *= 1.0 + change;
        if level <= 0.0 {
            return (-1.0, -1.0);
        }
        peak = peak.max(level);
        deepest = deepest.min(level / peak - 1.0);
    }
    (level - 1.0, deepest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Bootstrap = Bootstrap {
        seed: 9,
        replicates: 400,
        mean_block: 6.0,
    };

    fn noise(seed: u64, length: usize) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..length).map(|_| (random.unit() - 0.48) / 20.0).collect()
    }

    #[test]
    fn blocks_have_the_mean_length_and_every_day_is_drawn_equally_often() {
        let (periods, mut breaks) = (50, 0_usize);
        let mut met = vec![0_usize; periods];
        for replicate in 0..2_000 {
            let mut last = None;
            PLAN.draw(periods, replicate, |place, index| {
                met[index] += 1;
                let follows = last.is_some_and(|last: usize| (last + 1) % periods == index);
                breaks += usize::from(place > 0 && !follows);
                last = Some(index);
            });
        }
        // A fresh draw repeats the next day once in 50 times, so breaks are a little rarer than 1/6.
        let rate = count(breaks) / (2_000.0 * 49.0);
        assert!((rate - 0.98 / 6.0).abs() < 0.005, "{rate}");
        assert!(
            met.iter().all(|times| (1_600..2_400).contains(times)),
            "{met:?}"
        );
    }

    #[test]
    fn it_covers_the_true_mean_about_nineteen_times_in_twenty() {
        let plan = Bootstrap {
            mean_block: 1.0,
            ..PLAN
        };
        let covered = (0..200)
            .filter(|seed| {
                let found = plan
                    .figures(&noise(*seed, 100))
                    .expect("it varies")
                    .mean_daily;
                let (low, high) = (found.low.value().unwrap(), found.high.value().unwrap());
                (low..=high).contains(&0.001)
            })
            .count();
        assert!((178..=199).contains(&covered), "{covered} of 200");
    }

    #[test]
    fn ruin_and_standstill_have_no_sharpe_and_count_as_not_positive() {
        let flat = PLAN.figures(&[0.01; 20]).expect("two returns");
        assert_eq!(flat.sharpe.middle.why(), Some(Why::NoVariance));
        assert_eq!(flat.sharpe_not_positive.value(), Some(1.0));
        let mut ruin = noise(1, 10);
        ruin[4] = -1.0;
        let found = PLAN.figures(&ruin).expect("ten returns");
        assert_eq!(found.total_return.low.value(), Some(-1.0));
        assert_eq!(found.max_drawdown.low.value(), Some(-1.0));
        assert_eq!(PLAN.figures(&[0.1]), Err(Why::FewReturns));
        let none = Bootstrap {
            replicates: 0,
            ..PLAN
        };
        assert_eq!(none.figures(&ruin), Err(Why::NoReplicates));
        let short = Bootstrap {
            mean_block: 0.5,
            ..PLAN
        };
        assert_eq!(short.figures(&ruin), Err(Why::NotPositive));
    }
}
