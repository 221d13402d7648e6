//! Klines in Parquet: what `data convert` writes, and reasonable tables of others.
//!
//! Ours: one row per bar, `Int64` columns whose names say the unit: `open_time_ms`, `open_e8`, `high_e8`, `low_e8`,
//! `close_e8`, `volume_e8` (steps of 1e-8). Uncompressed and one row group, so that reading is little more than copying.
//! Others': the columns of the csv layouts as integers, floats or text. A float counts as its shortest decimal text
//! and must be exact at eight decimals.
//!
//! Not here: text (`klines`), settlements (`parquet_funding`), polars itself (`frame`).
//! Invariant: every row passed T2, as in text.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::domain::bar::{Bar, BarError, Bars};
use crate::domain::num::{LARGEST, Price, Qty};
use crate::domain::stamp::StampReader;
use crate::domain::time::{EARLIEST, LATEST, Span, Timestamp};

use super::error::{MarketError, RowError};
use super::frame::{self, Table, Values, Written};
use super::numbers::parse_volume;

/// Our columns of bars.
const OURS: [&str; 6] = [
    "open_time_ms",
    "open_e8",
    "high_e8",
    "low_e8",
    "close_e8",
    "volume_e8",
];
/// Others' names of the same.
const THEIRS: [&[&str]; 6] = [
    &["open_time", "timestamp", "time", "date"],
    &["open"],
    &["high"],
    &["low"],
    &["close"],
    &["volume"],
];
/// Footer note with the bars' length.
const INTERVAL_NOTE: &str = "confluence.interval_ms";
/// Footer note of made-up prices.
pub(crate) const SYNTHETIC_NOTE: &str = "confluence.synthetic";

/// Reads a Parquet file of bars of this length.
///
/// # Errors
/// When the file is broken, lacks a column, or a row breaks T2; rows are counted from 1.
pub fn read_klines(path: &Path, interval: Span) -> Result<Bars, MarketError> {
    let outline = frame::outline(path)?;
    if let Some(found) = noted_interval(&outline.notes)
        && found != interval
    {
        let found = format!(
            "holds bars of {} ms, its name says {} ms",
            found.millis(),
            interval.millis()
        );
        return Err(MarketError::content(path, found, "rename the file"));
    }
    if OURS
        .iter()
        .all(|name| outline.names.iter().any(|found| found == name))
    {
        let mut table = frame::read(path, &OURS)?;
        return read_ours(path, &mut table, interval);
    }
    let names = their_columns(path, &outline.names)?;
    let table = frame::read(path, &names)?;
    read_theirs(path, &table, &names, interval)
}

/// The length of a file's bars: from its footer, else from the distance of its first two rows.
///
/// # Errors
/// When the file is broken or has one row.
pub fn detect_interval(path: &Path) -> Result<Span, MarketError> {
    let outline = frame::outline(path)?;
    if let Some(interval) = noted_interval(&outline.notes) {
        return Ok(interval);
    }
    let time = match outline.names.iter().find(|name| *name == OURS[0]) {
        Some(name) => name.as_str(),
        None => their_columns(path, &outline.names)?[0],
    };
    let values = column(path, &frame::read(path, &[time])?, time)?;
    let mut stamps = StampReader::new();
    let mut at = |row: usize| stamps.read(&values.text(row)?).ok();
    match (at(0), at(1)) {
        (Some(first), Some(second)) if second > first => Ok(second - first),
        _ => Err(MarketError::content(
            path,
            "the first two rows do not say how long a bar is",
            "put the interval into the name, for example BTCUSDT-1m.parquet",
        )),
    }
}

/// Writes bars as our own file, whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_klines(path: &Path, bars: &Bars, synthetic: bool) -> Result<(), MarketError> {
    let prices = |column: &[Price]| column.iter().map(|price| price.steps()).collect();
    let columns = vec![
        Written::Ints(
            OURS[0],
            bars.open_time.iter().map(|time| time.millis()).collect(),
        ),
        Written::Ints(OURS[1], prices(&bars.open)),
        Written::Ints(OURS[2], prices(&bars.high)),
        Written::Ints(OURS[3], prices(&bars.low)),
        Written::Ints(OURS[4], prices(&bars.close)),
        Written::Ints(
            OURS[5],
            bars.volume.iter().map(|volume| volume.steps()).collect(),
        ),
    ];
    let mut notes = vec![(INTERVAL_NOTE.to_owned(), bars.interval.millis().to_string())];
    if synthetic {
        notes.push((SYNTHETIC_NOTE.to_owned(), "true".to_owned()));
    }
    frame::write(path, columns, notes)
}

fn noted_interval(notes: &[(String, String)]) -> Option<Span> {
    let (_, text) = notes.iter().find(|(key, _)| key == INTERVAL_NOTE)?;
    text.parse()
        .ok()
        .filter(|millis| *millis > 0)
        .map(Span::from_millis)
}

fn read_ours(path: &Path, table: &mut Table, interval: Span) -> Result<Bars, MarketError> {
    let mut column = |name: &str, range: RangeInclusive<i64>| -> Result<Vec<i64>, MarketError> {
        let values = table.take_ints(name).ok_or_else(|| {
            let found = format!("column {name} is not made of whole 64-bit integers");
            MarketError::content(path, found, "")
        })?;
        check_range(path, name, &values, range)?;
        Ok(values)
    };
    let times = column(OURS[0], EARLIEST.millis()..=LATEST.millis() - 1)?;
    let open = column(OURS[1], 1..=LARGEST)?;
    let high = column(OURS[2], 1..=LARGEST)?;
    let low = column(OURS[3], 1..=LARGEST)?;
    let close = column(OURS[4], 1..=LARGEST)?;
    let volume = column(OURS[5], 0..=i64::MAX)?;
    let one = Price::from_steps(1).expect("invariant: one step is above zero");
    // The ranges were checked above, so the stand-ins are never taken; each map keeps its column's memory.
    let prices = |column: Vec<i64>| -> Vec<Price> {
        let price = |steps| Price::from_steps(steps).unwrap_or(one);
        column.into_iter().map(price).collect()
    };
    let quantity = |steps| Qty::from_steps(steps).unwrap_or(Qty::ZERO);
    let bars = Bars {
        interval,
        coarse: Vec::new(),
        open_time: times.into_iter().map(Timestamp::from_millis).collect(),
        open: prices(open),
        high: prices(high),
        low: prices(low),
        close: prices(close),
        volume: volume.into_iter().map(quantity).collect(),
    };
    match first_broken(&bars) {
        None => Ok(bars),
        Some((row, rule)) => Err(row_error(path, row, &rule.to_string())),
    }
}

fn check_range(
    path: &Path,
    name: &str,
    values: &[i64],
    range: RangeInclusive<i64>,
) -> Result<(), MarketError> {
    // Looking at all without a branch first: most files are right.
    let fine = values
        .iter()
        .fold(true, |fine, value| fine & range.contains(value));
    if fine {
        return Ok(());
    }
    let at = values
        .iter()
        .position(|value| !range.contains(value))
        .unwrap_or(0);
    let found = format!(
        "{name}: {} is not in {} to {}",
        values[at],
        range.start(),
        range.end()
    );
    Err(row_error(path, at, &found))
}

/// The first row that breaks T2, looking at whole columns.
fn first_broken(bars: &Bars) -> Option<(usize, BarError)> {
    let ranges = (bars.high.iter().zip(&bars.low)).zip(bars.open.iter().zip(&bars.close));
    let fine = ranges.fold(true, |fine, ((high, low), (open, close))| {
        fine & (low <= open) & (low <= close) & (high >= open) & (high >= close)
    });
    let step = bars.interval;
    let first_on_grid = bars
        .open_time
        .first()
        .is_none_or(|time| time.millis() % step.millis() == 0);
    let steady = bars.open_time.windows(2).all(|pair| {
        let distance = pair[1] - pair[0];
        distance == step || (distance > Span::ZERO && distance.millis() % step.millis() == 0)
    });
    if fine && first_on_grid && steady {
        return None;
    }
    (0..bars.len()).find_map(|row| {
        if row > 0 && bars.open_time[row - 1] >= bars.open_time[row] {
            return Some((row, BarError::NotAscending));
        }
        bars.get(row).check(step).err().map(|rule| (row, rule))
    })
}

fn their_columns<'a>(path: &Path, names: &'a [String]) -> Result<Vec<&'a str>, MarketError> {
    THEIRS
        .iter()
        .map(|wanted| {
            let found = names
                .iter()
                .find(|name| wanted.iter().any(|want| name.eq_ignore_ascii_case(want)));
            found.map(String::as_str).ok_or_else(|| {
                let found = format!(
                    "columns {}; none is {}",
                    names.join(", "),
                    wanted.join(" or ")
                );
                MarketError::content(
                    path,
                    found,
                    "the columns are open_time,open,high,low,close,volume",
                )
            })
        })
        .collect()
}

fn read_theirs(
    path: &Path,
    table: &Table,
    names: &[&str],
    interval: Span,
) -> Result<Bars, MarketError> {
    let columns: Vec<Values> = names
        .iter()
        .map(|name| column(path, table, name))
        .collect::<Result<_, _>>()?;
    let mut stamps = StampReader::new();
    let mut bars = Bars::new(interval);
    for row in 0..columns[0].len() {
        let text = |index: usize| {
            columns[index]
                .text(row)
                .ok_or_else(|| row_error(path, row, &format!("{}: no value", names[index])))
        };
        let wrong = |index: usize, found: String| {
            row_error(path, row, &format!("{}: {found}", names[index]))
        };
        let price = |index: usize| -> Result<Price, MarketError> {
            text(index)?
                .parse()
                .map_err(|found: crate::domain::num::NumError| wrong(index, found.to_string()))
        };
        let open_time = stamps
            .read(&text(0)?)
            .map_err(|found| wrong(0, found.to_string()))?;
        let bar = Bar {
            open_time,
            open: price(1)?,
            high: price(2)?,
            low: price(3)?,
            close: price(4)?,
            volume: parse_volume(&text(5)?).map_err(|found| wrong(5, found.to_string()))?,
        };
        bars.push(bar)
            .map_err(|rule| row_error(path, row, &rule.to_string()))?;
    }
    Ok(bars)
}

/// A column of any kind with exact values.
pub(crate) fn column(path: &Path, table: &Table, name: &str) -> Result<Values, MarketError> {
    table
        .values(name)
        .map_err(|found| MarketError::content(path, found, ""))
}

/// A row is wrong.
pub(crate) fn row_error(path: &Path, row: usize, found: &str) -> MarketError {
    MarketError::Row(Box::new(RowError {
        path: path.to_owned(),
        line: row as u64 + 1,
        column: 0,
        shown: String::new(),
        found: format!("(row {}) {found}", row + 1),
        hint: String::new(),
    }))
}
