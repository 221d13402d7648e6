//! How a row of periods is cut: equal parts, choices of parts, and walk-forward splits (V2).
//!
//! Not here: what is chosen on a training range (the sweep), events with a length (`folds`).
//! Invariant: a test range begins at or after the end of its training range and the embargo.

use std::ops::Range;

use crate::domain::time::Span;
use crate::stats::figure::{Figure, Why, millis};
use crate::stats::quantile;

/// Where training begins (V2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// At k·step: every training range is equally long.
    Rolling,
    /// At the beginning of the data: training ranges grow.
    Anchored,
}

/// Lengths of a walk-forward, all in one unit (days, bars).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkForward {
    /// a: length of the (first) training range; above zero.
    pub train: usize,
    /// b: length of a test range; above zero.
    pub test: usize,
    /// c: how far each split lies behind the one before; above zero, usually b.
    pub step: usize,
    /// g: periods between training and test that belong to neither.
    pub embargo: usize,
    /// Rolling or anchored.
    pub window: Window,
}

/// One fold of a walk-forward: indices of periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkSplit {
    /// Where parameters are chosen.
    pub train: Range<usize>,
    /// Where they are judged.
    pub test: Range<usize>,
}

impl WalkForward {
    /// The splits of `periods` periods in order; the last is the last whose test lies within the data.
    ///
    /// # Errors
    /// [`Why::NotPositive`] when a length is zero, [`Why::NoSplit`] when not even the first split fits.
    pub fn splits(&self, periods: usize) -> Result<Vec<WalkSplit>, Why> {
        if self.train == 0 || self.test == 0 || self.step == 0 {
            return Err(Why::NotPositive);
        }
        let splits: Vec<WalkSplit> = (0..)
            .map_while(|index| self.split(index, periods))
            .collect();
        if splits.is_empty() {
            return Err(Why::NoSplit);
        }
        Ok(splits)
    }

    /// Split k, if its test lies within the data.
    fn split(&self, index: usize, periods: usize) -> Option<WalkSplit> {
        let start = index.checked_mul(self.step)?;
        let train_end = start.checked_add(self.train)?;
        let test_start = train_end.checked_add(self.embargo)?;
        let test_end = test_start.checked_add(self.test)?;
        (test_end <= periods).then_some(WalkSplit {
            train: match self.window {
                Window::Rolling => start..train_end,
                Window::Anchored => 0..train_end,
            },
            test: test_start..test_end,
        })
    }
}

/// The default embargo g: the 99th percentile of holding times on the training range, at least the confluence window
/// (V2). Whole milliseconds, rounded up.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    reason = "between two spans, so within their range"
)]
pub fn default_embargo(holding: &[Span], confluence_window: Span) -> Span {
    let times: Vec<f64> = holding.iter().map(|span| millis(span.millis())).collect();
    let long = quantile::quantile(&quantile::sorted(&times), 990).unwrap_or(0.0);
    confluence_window.max(Span::from_millis(long.ceil() as i64))
}

/// Walk-forward efficiency: annualised return out of sample over that in sample. [`Why::NotPositive`] when the latter
/// is zero or a loss.
#[must_use]
pub fn efficiency(out_of_sample: Figure, in_sample: Figure) -> Figure {
    out_of_sample.and(in_sample, |later, known| {
        if known > 0.0 {
            Figure::new(later / known)
        } else {
            Figure::Undefined(Why::NotPositive)
        }
    })
}

/// 0..length in contiguous parts as equal as possible, longer ones first; parts are empty when there are too many.
/// Nothing for zero parts.
#[must_use]
pub fn even_parts(length: usize, parts: usize) -> Vec<Range<usize>> {
    let mut start = 0;
    (0..parts)
        .map(|part| {
            let end = start + length / parts + usize::from(part < length % parts);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}

/// C(n, k); `None` beyond 64 bits.
#[must_use]
pub fn binomial(from: usize, chosen: usize) -> Option<u64> {
    if chosen > from {
        return Some(0);
    }
    let mut product = 1_u128;
    for index in 0..chosen.min(from - chosen) {
        // Each step is itself a binomial coefficient, so the division leaves no rest.
        let factor = u128::try_from(from - index).ok()?;
        product = product.checked_mul(factor)? / (u128::try_from(index).ok()? + 1);
        u64::try_from(product).ok()?;
    }
    u64::try_from(product).ok()
}

/// All choices of `chosen` of the numbers 0..`from`, each ascending, in lexicographic order.
#[derive(Clone, Debug)]
pub struct Choices {
    from: usize,
    next: Option<Vec<usize>>,
}

impl Choices {
    /// The first of them is 0, 1, 2, …; there is none when `chosen` is above `from`.
    #[must_use]
    pub fn new(from: usize, chosen: usize) -> Self {
        Self {
            from,
            next: (chosen <= from).then(|| (0..chosen).collect()),
        }
    }
}

impl Iterator for Choices {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        let current = self.next.take()?;
        // The last place that can still move up, all behind it standing at their ends.
        let room = self.from - current.len();
        let movable = current
            .iter()
            .enumerate()
            .rposition(|(place, number)| *number < place + room);
        if let Some(place) = movable {
            let mut following = current.clone();
            let first = current[place] + 1;
            for (offset, number) in following[place..].iter_mut().enumerate() {
                *number = first + offset;
            }
            self.next = Some(following);
        }
        Some(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn choices_are_all_different_ascending_and_as_many_as_counted() {
        for from in 0..9 {
            for chosen in 0..=from + 1 {
                let all: Vec<Vec<usize>> = Choices::new(from, chosen).collect();
                assert_eq!(
                    Some(all.len() as u64),
                    binomial(from, chosen),
                    "{from} {chosen}"
                );
                assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(all.iter().flatten().all(|number| *number < from));
            }
        }
        assert_eq!(binomial(16, 8), Some(12_870));
        assert_eq!(binomial(64, 32), Some(1_832_624_140_942_590_534));
        assert_eq!(binomial(70, 35), None);
    }

    #[test]
    fn parts_cover_everything_and_differ_by_one_at_most() {
        for (length, parts) in [(0, 3), (2, 5), (48, 8), (365, 16), (100, 7)] {
            let cut = even_parts(length, parts);
            assert_eq!(cut.len(), parts);
            assert_eq!((cut[0].start, cut[parts - 1].end), (0, length));
            assert!(cut.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(cut.windows(2).all(|pair| pair[0].len() >= pair[1].len()));
            assert!(cut[0].len() - cut[parts - 1].len() <= 1);
        }
        assert!(even_parts(5, 0).is_empty());
    }

    #[test]
    fn a_test_never_meets_its_training_and_none_that_fits_is_missing() {
        let mut random = Random::new(11);
        let mut draw = |count: u64| usize::try_from(random.below(count)).expect("small");
        let mut met = 0;
        for case in 0..500 {
            let plan = WalkForward {
                train: 1 + draw(40),
                test: 1 + draw(20),
                step: 1 + draw(20),
                embargo: draw(5),
                window: if case % 2 == 0 {
                    Window::Rolling
                } else {
                    Window::Anchored
                },
            };
            let periods = draw(200);
            let first_end = plan.train + plan.embargo + plan.test;
            let Ok(splits) = plan.splits(periods) else {
                assert!(first_end > periods, "{plan:?} {periods}");
                continue;
            };
            assert_eq!(splits.len(), (periods - first_end) / plan.step + 1);
            for split in &splits {
                assert_eq!(split.test.start, split.train.end + plan.embargo);
                assert!(split.test.len() == plan.test && split.test.end <= periods);
                assert!(split.train.len() >= plan.train);
            }
            met += splits.len();
        }
        assert!(met > 500, "{met}");
    }

    #[test]
    fn lengths_of_nothing_and_beyond_every_range_are_refused() {
        let plan = WalkForward {
            train: usize::MAX,
            test: 1,
            step: 1,
            embargo: 1,
            window: Window::Rolling,
        };
        assert_eq!(plan.splits(10), Err(Why::NoSplit));
        let none = WalkForward { step: 0, ..plan };
        assert_eq!(none.splits(10), Err(Why::NotPositive));
    }

    #[test]
    fn the_embargo_covers_the_confluence_window_at_least() {
        let minute = Span::from_millis(60_000);
        assert_eq!(default_embargo(&[], minute), minute);
        let held: Vec<Span> = (1..=101)
            .map(|number| Span::from_millis(number * 100_000))
            .collect();
        assert_eq!(
            default_embargo(&held, minute),
            Span::from_millis(10_000_000)
        );
        let loss = Figure::Known(-0.1);
        assert_eq!(
            efficiency(Figure::Known(0.1), loss).why(),
            Some(Why::NotPositive)
        );
    }
}
