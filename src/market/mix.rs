//! Bars of several lengths as one series: the finest recorded everywhere, a coarser bar only where no finer one lies
//! inside it.
//!
//! Not here: reading them (`load`).
//! Invariant: bars of the result do not overlap, and each is one that was recorded: nothing is built or split.

use crate::domain::bar::{Bars, Coarse};
use crate::domain::time::{Span, Timestamp};

use super::window::Window;

/// What one length gave to a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The length.
    pub interval: Span,
    /// Rows of it that are used, of those in the window's reach.
    pub rows: usize,
    /// Milliseconds of the window that they cover.
    pub covered: i64,
    /// Milliseconds of the window that all its rows would cover.
    pub recorded: i64,
}

/// Joins recordings of different lengths, finest first, at least one.
#[must_use]
pub fn mix(recordings: Vec<Bars>) -> Bars {
    recordings
        .into_iter()
        .reduce(|finer, coarser| fill(&finer, &coarser))
        .expect("invariant: a series has at least one recording")
}

/// All rows of `finer`, and those of `coarser` that overlap none of them.
fn fill(finer: &Bars, coarser: &Bars) -> Bars {
    let mut mixed = Bars::new(finer.interval);
    let mut next = 0;
    for row in 0..coarser.len() {
        let (from, to) = (coarser.open_time[row], coarser.end(row));
        while next < finer.len() && finer.end(next) <= from {
            append(&mut mixed, finer, next);
            next += 1;
        }
        if next == finer.len() || finer.open_time[next] >= to {
            append(&mut mixed, coarser, row);
        }
    }
    for row in next..finer.len() {
        append(&mut mixed, finer, row);
    }
    mixed
}

fn append(mixed: &mut Bars, from: &Bars, row: usize) {
    let length = from.length(row);
    let at = mixed.len();
    if length != mixed.interval {
        match mixed.coarse.last_mut() {
            Some(last) if last.to == at && last.length == length => last.to += 1,
            _ => mixed.coarse.push(Coarse {
                from: at,
                to: at + 1,
                length,
            }),
        }
    }
    mixed.open_time.push(from.open_time[row]);
    mixed.open.push(from.open[row]);
    mixed.high.push(from.high[row]);
    mixed.low.push(from.low[row]);
    mixed.close.push(from.close[row]);
    mixed.volume.push(from.volume[row]);
}

/// The first hole of at least `length` in the window, if there is one: a coarser recording may have something for it.
#[must_use]
pub fn has_room(bars: &Bars, window: Window, length: Span) -> bool {
    let mut free_from = window.from;
    let first = bars.first_at_or_after(window.from);
    let start = first.saturating_sub(1);
    for row in start..bars.len() {
        if bars.open_time[row] >= window.to {
            break;
        }
        if fits(free_from, bars.open_time[row], length) {
            return true;
        }
        free_from = free_from.max(bars.end(row));
    }
    fits(free_from, window.to, length)
}

/// Whether a whole bar of the grid fits between.
fn fits(from: Timestamp, to: Timestamp, length: Span) -> bool {
    let step = length.millis();
    let first = (from.millis() + step - 1).div_euclid(step) * step;
    first + step <= to.millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bar::Bar;
    use crate::domain::num::{Price, Qty};

    fn bars(minutes: i64, opens: &[i64]) -> Bars {
        let mut bars = Bars::new(Span::from_millis(minutes * 60_000));
        let price = Price::from_steps(minutes).unwrap();
        for open in opens {
            bars.push(Bar {
                open_time: Timestamp::from_millis(open * 60_000),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Qty::ZERO,
            })
            .unwrap();
        }
        bars
    }

    fn shown(bars: &Bars) -> Vec<(i64, i64)> {
        (0..bars.len())
            .map(|row| {
                let length = bars.length(row).millis() / 60_000;
                assert_eq!(bars.open[row].steps(), length, "the recording it came from");
                (bars.open_time[row].millis() / 60_000, length)
            })
            .collect()
    }

    #[test]
    fn coarser_bars_stand_only_where_nothing_finer_lies_inside() {
        let mixed = mix(vec![
            bars(1, &[10, 11, 12, 13, 14, 31]),
            bars(3, &[6, 9, 12, 15, 18]),
            bars(5, &[0, 5, 10, 15, 20, 25, 30, 35]),
        ]);
        assert_eq!(
            shown(&mixed),
            [
                (0, 5),
                (6, 3),
                (10, 1),
                (11, 1),
                (12, 1),
                (13, 1),
                (14, 1),
                (15, 3),
                (18, 3),
                (25, 5),
                (31, 1),
                (35, 5),
            ]
        );
        for row in 1..mixed.len() {
            assert!(mixed.end(row - 1) <= mixed.open_time[row]);
        }
        assert_eq!(mix(vec![bars(1, &[1, 2])]), bars(1, &[1, 2]));
    }

    #[test]
    fn a_finer_bar_keeps_its_place_in_a_hole_of_coarser_ones() {
        let mixed = mix(vec![bars(1, &[5]), bars(5, &[0, 10])]);
        assert_eq!(shown(&mixed), [(0, 5), (5, 1), (10, 5)]);
    }

    #[test]
    fn room_is_asked_for_on_the_grid() {
        let window = Window {
            from: Timestamp::from_millis(0),
            to: Timestamp::from_millis(20 * 60_000),
        };
        let five = Span::from_millis(5 * 60_000);
        assert!(has_room(&bars(1, &[0, 1, 2]), window, five));
        assert!(!has_room(&bars(5, &[0, 5, 10, 15]), window, five));
        assert!(!has_room(&bars(1, &[3, 8, 12, 17]), window, five));
        assert!(has_room(&bars(1, &[3, 4, 10, 12, 17]), window, five));
    }
}
