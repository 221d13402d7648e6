//! The stretch of time a run covers, and bars cut to it.
//!
//! Not here: which signals there are (`signals`), which bars are chosen (`load`).

use std::ops::Range;

use crate::domain::bar::Bars;
use crate::domain::time::{DAY, Span, Timestamp};

/// Half-open: `from` belongs to the run, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
}

/// Days after the last signal's day that a run goes on by itself.
const DAYS_AFTER: i64 = 7;

/// Bars before the window that are kept, so that a last price is known when it begins.
pub const LEAD: Span = DAY;

impl Window {
    /// From 00:00 UTC of the first signal's day to the end of the seventh day after the last one's. `None` without
    /// signals. The caller cuts it to the last bar once bars are loaded.
    #[must_use]
    pub fn of_signals(times: impl IntoIterator<Item = Timestamp>) -> Option<Self> {
        let (first, last) = times.into_iter().fold(None, |ends, time| match ends {
            None => Some((time, time)),
            Some((first, last)) => Some((time.min(first), time.max(last))),
        })?;
        Some(Self {
            from: first.day_start(),
            to: last.day_start() + Span::from_millis((DAYS_AFTER + 1) * DAY.millis()),
        })
    }

    /// The window ending at `end` at the latest.
    #[must_use]
    pub fn cut_at(self, end: Timestamp) -> Self {
        Self {
            from: self.from,
            to: self.to.min(end).max(self.from),
        }
    }

    /// Whether an instant lies inside.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        (self.from..self.to).contains(&time)
    }
}

/// The bars of one length that lie wholly before the window's end and begin at most [`LEAD`] before its start.
#[must_use]
pub fn slice(bars: Bars, window: Window) -> Bars {
    let rows = rows_of(&bars, window);
    if rows == (0..bars.len()) {
        return bars;
    }
    bars.rows(rows)
}

/// The rows of those bars.
#[must_use]
pub fn rows_of(bars: &Bars, window: Window) -> Range<usize> {
    let first = bars.first_at_or_after(window.from - LEAD);
    let end = bars.first_at_or_after(window.to);
    // A bar that begins inside may end outside; it is not known before the run is over.
    let end = if end > first && bars.end(end - 1) > window.to {
        end - 1
    } else {
        end
    };
    first..end.max(first)
}

/// Milliseconds of the window that bars of one length cover.
#[must_use]
pub fn covered(bars: &Bars, window: Window) -> i64 {
    let first = bars.first_at_or_after(window.from);
    let end = bars.first_at_or_after(window.to);
    let rows = i64::try_from(end.saturating_sub(first)).unwrap_or(i64::MAX);
    rows.saturating_mul(bars.interval.millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_window_has_whole_days() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let window =
            Window::of_signals([time("2026-01-01T07:55:20Z"), time("2026-01-01T02:17:00Z")]);
        assert_eq!(
            window,
            Some(Window {
                from: time("2026-01-01"),
                to: time("2026-01-09")
            })
        );
        assert_eq!(Window::of_signals([]), None);
        let cut = window.map(|window| window.cut_at(time("2026-01-03T10:00:00Z")).to);
        assert_eq!(cut, Some(time("2026-01-03T10:00:00Z")));
    }
}
