//! Draws of the placebo nulls (V9): offsets of signals, random entry times, other symbols, and the p-value they give.
//!
//! Not here: moving signals and running the engine on them (`backtest`).
//! Invariant: placebo k draws from streams of its own, (seed, 3, k) for offsets and one more path element for the other
//! two nulls, in the order of emission; k counts from 0.

use crate::domain::random::Random;
use crate::domain::time::{Span, Timestamp};
use crate::stats::figure::{Figure, Why, count};

/// Purpose of the streams (W2).
const PURPOSE: u64 = 3;
/// Third path elements, which V9 leaves open.
const TIMES: u64 = 1;
const SYMBOLS: u64 = 2;
/// An offset that fits is looked for so often. Where a tenth of all offsets fits, fewer than one search in 10^45 ends
/// without one.
const ATTEMPTS: u32 = 1_000;

/// Smallest offset of V9.
pub const OFFSET_MIN: Span = Span::from_millis(3_600_000);
/// Largest offset of V9.
pub const OFFSET_MAX: Span = Span::from_millis(86_400_000);
/// Fewest placebos of V9.
pub const PLACEBOS_MIN: u64 = 500;

/// Offsets of one placebo, drawn in order of emission.
#[derive(Clone, Debug)]
pub struct Offsets {
    random: Random,
    smallest: Span,
    largest: Span,
}

impl Offsets {
    /// Those of placebo k; magnitudes from `smallest` to `largest`, both included and both zero or more.
    ///
    /// # Errors
    /// [`Why::NotPositive`] when `smallest` is negative or above `largest`.
    pub fn new(seed: u64, placebo: u64, smallest: Span, largest: Span) -> Result<Self, Why> {
        if smallest < Span::ZERO || smallest > largest {
            return Err(Why::NotPositive);
        }
        Ok(Self {
            random: Random::stream(seed, &[PURPOSE, placebo]),
            smallest,
            largest,
        })
    }

    /// The next offset: magnitude first, uniform to the millisecond, then the sign (1 is later).
    pub fn draw(&mut self) -> Span {
        let magnitude = self
            .random
            .between(self.smallest.millis(), self.largest.millis());
        Span::from_millis(if self.random.next() & 1 == 1 {
            magnitude
        } else {
            -magnitude
        })
    }

    /// The next offset that fits: others (those that leave the data) are drawn again. `None` when a thousand do not fit.
    pub fn draw_fitting(&mut self, fits: impl Fn(Span) -> bool) -> Option<Span> {
        (0..ATTEMPTS)
            .map(|_| self.draw())
            .find(|offset| fits(*offset))
    }
}

/// The second null: as many entry times as given, uniform to the millisecond in [start, end), ascending. Draw for each
/// symbol in turn from one generator of [`entry_times_of`]. Empty when there is no time between.
#[must_use]
pub fn entry_times(
    random: &mut Random,
    start: Timestamp,
    end: Timestamp,
    number: usize,
) -> Vec<Timestamp> {
    if end <= start {
        return Vec::new();
    }
    let mut times: Vec<Timestamp> = (0..number)
        .map(|_| Timestamp::from_millis(random.between(start.millis(), end.millis() - 1)))
        .collect();
    times.sort_unstable();
    times
}

/// The generator of the second null's placebo k.
#[must_use]
pub fn entry_times_of(seed: u64, placebo: u64) -> Random {
    Random::stream(seed, &[PURPOSE, placebo, TIMES])
}

/// The generator of the third null's placebo k.
#[must_use]
pub fn symbols_of(seed: u64, placebo: u64) -> Random {
    Random::stream(seed, &[PURPOSE, placebo, SYMBOLS])
}

/// The third null: for each confluence, in order of emission, one of the symbols that traded then, all equally likely, its
/// own among them. Entry i is how many traded; the answer an index below it, `None` where none did.
#[must_use]
pub fn symbols(random: &mut Random, trading: &[usize]) -> Vec<Option<usize>> {
    trading
        .iter()
        .map(|number| {
            if *number == 0 {
                return None;
            }
            usize::try_from(random.below(*number as u64)).ok()
        })
        .collect()
}

/// p = (1 + placebos at least as good as observed)/(K + 1), above 0 to 1; larger statistics are better. A placebo
/// without the statistic counts as at least as good: absence proves nothing for us. Undefined when the observed one does
/// not exist ([`Why::NoStatistic`]) or nothing was drawn ([`Why::NoReplicates`]).
#[must_use]
pub fn p_value(observed: Figure, placebos: &[Figure]) -> Figure {
    let Some(observed) = observed.value() else {
        return Figure::Undefined(Why::NoStatistic);
    };
    if placebos.is_empty() {
        return Figure::Undefined(Why::NoReplicates);
    }
    let as_good = placebos
        .iter()
        .filter(|placebo| placebo.value().is_none_or(|value| value >= observed))
        .count();
    Figure::new(count(1 + as_good) / count(placebos.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_keep_their_bounds_and_go_both_ways() {
        let hour = OFFSET_MIN.millis();
        let mut later = 0;
        let mut sum = 0.0;
        for placebo in 0..200 {
            let mut offsets = Offsets::new(1, placebo, OFFSET_MIN, OFFSET_MAX).expect("bounds");
            for _ in 0..20 {
                let offset = offsets.draw().millis();
                assert!((hour..=24 * hour).contains(&offset.abs()));
                later += i32::from(offset > 0);
                sum += crate::stats::figure::millis(offset.abs() / 1_000);
            }
        }
        assert!(
            (1_880..2_120).contains(&later),
            "{later} of 4000 go forward"
        );
        assert!((sum / 4_000.0 / 3_600.0 - 12.5).abs() < 0.4, "{sum}");
        assert!(Offsets::new(1, 0, OFFSET_MAX, OFFSET_MIN).is_err());
    }

    #[test]
    fn an_offset_that_leaves_the_data_is_drawn_again() {
        let mut offsets = Offsets::new(1, 5, OFFSET_MIN, OFFSET_MAX).expect("bounds");
        for _ in 0..100 {
            let fitting = offsets
                .draw_fitting(|offset| offset < Span::ZERO)
                .expect("half fit");
            assert!(fitting < Span::ZERO);
        }
        assert_eq!(offsets.draw_fitting(|_| false), None);
    }

    #[test]
    fn a_statistic_without_meaning_is_small_as_often_as_it_should_be() {
        let mut random = Random::new(2);
        let mut small = 0;
        for _ in 0..2_000 {
            let observed = Figure::Known(random.unit());
            let placebos: Vec<Figure> = (0..99).map(|_| Figure::Known(random.unit())).collect();
            let p = p_value(observed, &placebos).value().expect("known");
            assert!((0.01..=1.0).contains(&p));
            small += i32::from(p <= 0.05);
        }
        assert!((70..=130).contains(&small), "{small} of 2000 at 5 %");
        let none = Figure::Undefined(Why::NoTrades);
        assert_eq!(p_value(none, &[none]).why(), Some(Why::NoStatistic));
        assert_eq!(
            p_value(Figure::Known(1.0), &[]).why(),
            Some(Why::NoReplicates)
        );
        assert_eq!(p_value(Figure::Known(1.0), &[none]).value(), Some(1.0));
    }

    #[test]
    fn times_and_symbols_stay_within_what_there_is() {
        let (start, end) = (Timestamp::from_millis(1_000), Timestamp::from_millis(1_010));
        let times = entry_times(&mut entry_times_of(1, 0), start, end, 500);
        assert!(times.len() == 500 && times.is_sorted());
        assert_eq!(
            (times[0], times[499]),
            (start, Timestamp::from_millis(1_009))
        );
        assert!(entry_times(&mut entry_times_of(1, 0), end, start, 5).is_empty());
        let drawn = symbols(&mut symbols_of(1, 0), &[3; 300]);
        for symbol in 0..3 {
            let times = drawn.iter().filter(|drawn| **drawn == Some(symbol)).count();
            assert!((70..130).contains(&times), "{times} of 300");
        }
        assert_eq!(symbols(&mut symbols_of(1, 0), &[0, 1]), [None, Some(0)]);
    }
}
