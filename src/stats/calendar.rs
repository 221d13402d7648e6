//! Days, months, weekdays and hours of UTC as keys of tables.
//!
//! Not here: the series that are cut by them (`equity`, `breakdown`).

use std::collections::BTreeMap;

use crate::domain::time::{DAY, Timestamp};

/// Names of weekdays, Monday first.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `2026-01-31`.
#[must_use]
pub fn date(time: Timestamp) -> String {
    prefix(time, 10)
}

/// `2026-01`.
#[must_use]
pub fn month(time: Timestamp) -> String {
    prefix(time, 7)
}

/// `2026`.
#[must_use]
pub fn year(time: Timestamp) -> String {
    prefix(time, 4)
}

/// The first letters of the RFC 3339 text, which is where its date stands.
fn prefix(time: Timestamp, letters: usize) -> String {
    time.to_text().chars().take(letters).collect()
}

/// Hour of the UTC day, 0–23.
#[must_use]
pub fn hour(time: Timestamp) -> u8 {
    let into_day = time.millis().rem_euclid(DAY.millis());
    u8::try_from(into_day / 3_600_000).expect("invariant: a day has 24 hours")
}

/// Day of the UTC week, Monday is 0.
#[must_use]
pub fn weekday(time: Timestamp) -> usize {
    // 1970-01-01 was a Thursday, number 3.
    usize::try_from((time.day() + 3).rem_euclid(7)).expect("invariant: 0 to 6")
}

/// Π(1 + r) − 1 by a calendar key of each return's day (M3). The first return belongs to the UTC day of `start`. A
/// loss of more than everything counts as everything.
#[must_use]
pub fn compounded(
    start: Timestamp,
    returns: &[f64],
    key: fn(Timestamp) -> String,
) -> BTreeMap<String, f64> {
    let mut table: BTreeMap<String, f64> = BTreeMap::new();
    let mut day = start.day_start();
    for change in returns {
        let growth = table.entry(key(day)).or_insert(1.0);
        *growth *= (1.0 + change).max(0.0);
        day = day.next_day();
    }
    table
        .into_iter()
        .map(|(name, growth)| (name, growth - 1.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_fall_into_their_utc_hour_day_and_month() {
        let time = Timestamp::parse("2026-01-31T23:59:59.999Z").expect("a time");
        assert_eq!((hour(time), WEEKDAYS[weekday(time)]), (23, "Sat"));
        assert_eq!((month(time), year(time)), ("2026-01".into(), "2026".into()));
        let table = compounded(time, &[0.1, 0.1, 0.1], month);
        let keys: Vec<&str> = table.keys().map(String::as_str).collect();
        assert_eq!(keys, ["2026-01", "2026-02"]);
        assert!((table["2026-02"] - 0.21).abs() < 1e-12);
    }
}
