//! Instants and spans in whole milliseconds, UTC (T1). There is no other time zone anywhere in the core.
//!
//! Not here: reading a clock (nothing in this crate's core does).

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A difference of two instants in milliseconds; may be negative.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(i64);

/// Milliseconds of one UTC day (T8); UTC has no leap seconds in this system.
pub const DAY: Span = Span(86_400_000);

/// Milliseconds of a minute: the shortest bar.
pub const MINUTE: Span = Span(60_000);

impl Timestamp {
    /// The instant so many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Count of whole UTC days since the epoch.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY.0)
    }

    /// The full minute at or before this instant.
    #[must_use]
    pub const fn minute_start(self) -> Self {
        Self(self.0.div_euclid(MINUTE.0) * MINUTE.0)
    }

    /// 00:00:00.000 UTC of this instant's day.
    #[must_use]
    pub const fn day_start(self) -> Self {
        Self(self.day() * DAY.0)
    }

    /// 00:00:00.000 UTC of the day after this instant's.
    #[must_use]
    pub const fn next_day(self) -> Self {
        Self((self.day() + 1) * DAY.0)
    }

    /// RFC 3339 in UTC with milliseconds, or the bare number where the calendar ends.
    #[must_use]
    pub fn to_text(self) -> String {
        match DateTime::from_timestamp_millis(self.0) {
            Some(instant) => instant.to_rfc3339_opts(SecondsFormat::Millis, true),
            None => self.0.to_string(),
        }
    }

    /// Reads RFC 3339 (any offset) or a bare date (midnight UTC). `None` when the text is neither. Finer than a
    /// millisecond is floored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_zoned(text).map(|(instant, _)| instant)
    }

    /// As [`Timestamp::parse`], and whether the text names a zone; without one it is read as UTC.
    #[must_use]
    pub fn parse_zoned(text: &str) -> Option<(Self, bool)> {
        let spaced = text.trim().replacen(' ', "T", 1);
        for (zoned, named) in [
            (spaced.clone(), true),
            (format!("{spaced}Z"), false),
            (format!("{spaced}T00:00:00Z"), false),
        ] {
            if let Ok(instant) = DateTime::parse_from_rfc3339(&zoned) {
                return Some((Self(instant.timestamp_millis()), named));
            }
        }
        None
    }
}

/// The unit a bare epoch number was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EpochUnit {
    /// Whole seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds; floored to milliseconds (T1).
    Micros,
}

/// First instant a recording may name: this market did not exist before 2010-01-01.
pub const EARLIEST: Timestamp = Timestamp(1_262_304_000_000);
/// First instant a recording may no longer name: 2100-01-01.
pub const LATEST: Timestamp = Timestamp(4_102_444_800_000);

impl EpochUnit {
    /// `s`, `ms` or `µs`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "µs",
        }
    }
}

impl Timestamp {
    /// Reads a bare epoch number by its size. `None` when it lies in 2010–2099 in no unit: the three ranges do not
    /// overlap, so a number has at most one meaning.
    #[must_use]
    pub fn from_epoch(number: i64) -> Option<(Self, EpochUnit)> {
        let candidates = [
            (number.checked_mul(1000)?, EpochUnit::Seconds),
            (number, EpochUnit::Millis),
            (number.div_euclid(1000), EpochUnit::Micros),
        ];
        candidates
            .into_iter()
            .map(|(millis, unit)| (Self(millis), unit))
            .find(|(instant, _)| (EARLIEST..LATEST).contains(instant))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of so many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }
}
impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0 - span.0)
    }
}
impl Sub for Timestamp {
    type Output = Span;
    fn sub(self, other: Self) -> Span {
        Span(self.0 - other.0)
    }
}
impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        let instant = Timestamp::from_millis(1_767_254_120_000);
        assert_eq!(instant.to_text(), "2026-01-01T07:55:20.000Z");
        assert_eq!(Timestamp::parse(&instant.to_text()), Some(instant));
        assert_eq!(Timestamp::parse("2026-01-01T15:55:20+08:00"), Some(instant));
        assert_eq!(Timestamp::parse("2026-01-01 07:55:20"), Some(instant));
        assert_eq!(Timestamp::parse("2026-01-01"), Some(instant.day_start()));
        assert_eq!(Timestamp::parse("yesterday"), None);
        let zone = |text| Timestamp::parse_zoned(text).map(|(_, zone)| zone);
        assert_eq!(zone("2026-01-01 07:55:20+00:00"), Some(true));
        assert_eq!(zone("2026-01-01T07:55:20.299"), Some(false));
    }

    #[test]
    fn bare_numbers_are_read_by_their_size() {
        let instant = Timestamp::from_millis(1_767_254_120_000);
        assert_eq!(
            Timestamp::from_epoch(1_767_254_120),
            Some((instant, EpochUnit::Seconds))
        );
        assert_eq!(
            Timestamp::from_epoch(1_767_254_120_000),
            Some((instant, EpochUnit::Millis))
        );
        assert_eq!(
            Timestamp::from_epoch(1_767_254_120_000_999),
            Some((instant, EpochUnit::Micros))
        );
        for outside in [0, 1, -1, 5_000_000_000, LATEST.millis(), i64::MAX] {
            assert_eq!(Timestamp::from_epoch(outside), None, "{outside}");
        }
    }

    #[test]
    fn days_are_utc_and_half_open() {
        let last = Timestamp::from_millis(DAY.millis() - 1);
        assert_eq!((last.day(), last.next_day().millis()), (0, DAY.millis()));
        assert_eq!(Timestamp::from_millis(-1).day(), -1);
    }
}
