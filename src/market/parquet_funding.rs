//! Funding in Parquet: ours (`funding_time_ms`, `rate_e8`, `mark_e8`), and others' with the columns of the csv layouts.
//!
//! Not here: klines (`parquet`), text (`funding`).

use std::path::Path;

use crate::domain::num::{LARGEST, Price, Rate, parse_steps};
use crate::domain::stamp::StampReader;

use super::error::MarketError;
use super::frame::{self, Values, Written};
use super::funding::{FundingFile, check_rate};
use super::parquet::{SYNTHETIC_NOTE, column, row_error};
use super::tape::FundingRecord;

/// Reads a Parquet file of settlements.
///
/// # Errors
/// When the file is broken, lacks a column, or a row is wrong; rows are counted from 1.
pub fn read(path: &Path) -> Result<FundingFile, MarketError> {
    let names = frame::outline(path)?.names;
    let find = |wanted: &[&'static str]| -> Option<&'static str> {
        let has = |name: &&&str| names.iter().any(|found| found == **name);
        wanted.iter().find(has).copied()
    };
    let time = find(&["funding_time_ms", "funding_time", "calc_time"]);
    let rate = find(&["rate_e8", "funding_rate", "last_funding_rate"]);
    let (Some(time), Some(rate)) = (time, rate) else {
        let found = format!(
            "columns {}; expected funding_time and funding_rate",
            names.join(", ")
        );
        return Err(MarketError::content(path, found, ""));
    };
    let mark = find(&["mark_e8", "mark_price"]);
    let wanted: Vec<&str> = [Some(time), Some(rate), mark]
        .into_iter()
        .flatten()
        .collect();
    let table = frame::read(path, &wanted)?;
    let times = column(path, &table, time)?;
    let rates = column(path, &table, rate)?;
    let marks = mark.map(|name| column(path, &table, name)).transpose()?;
    let mut stamps = StampReader::new();
    let mut file = FundingFile::default();
    for row in 0..times.len() {
        let text = |values: &Values| values.text(row).unwrap_or_default();
        let wrong = |found: String| row_error(path, row, &found);
        let time = stamps
            .read(&text(&times))
            .map_err(|found| wrong(found.to_string()))?;
        let steps = |text: &str, scaled: bool| -> Result<i64, String> {
            if scaled {
                return text
                    .parse()
                    .map_err(|_| format!("'{text}' is no count of 1e-8"));
            }
            parse_steps(text).map_err(|found| found.to_string())
        };
        let value = steps(&text(&rates), rate.ends_with("_e8")).map_err(&wrong)?;
        let rate = Rate::from_steps(value);
        check_rate(rate).map_err(&wrong)?;
        let mark = match marks.as_ref().and_then(|marks| marks.text(row)) {
            None => None,
            Some(text) => {
                let value = steps(&text, mark == Some("mark_e8")).map_err(&wrong)?;
                let price = Price::from_steps(value).filter(|_| value <= LARGEST);
                Some(price.ok_or_else(|| wrong(format!("mark {text} is not a price")))?)
            }
        };
        file.add(FundingRecord { time, rate, mark })
            .map_err(wrong)?;
    }
    Ok(file)
}

/// Writes settlements as our own file, whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(path: &Path, records: &[FundingRecord], synthetic: bool) -> Result<(), MarketError> {
    let columns = vec![
        Written::Ints(
            "funding_time_ms",
            records.iter().map(|record| record.time.millis()).collect(),
        ),
        Written::Ints(
            "rate_e8",
            records.iter().map(|record| record.rate.steps()).collect(),
        ),
        Written::Gaps(
            "mark_e8",
            records
                .iter()
                .map(|record| record.mark.map(Price::steps))
                .collect(),
        ),
    ];
    let notes = if synthetic {
        vec![(SYNTHETIC_NOTE.to_owned(), "true".to_owned())]
    } else {
        Vec::new()
    };
    frame::write(path, columns, notes)
}
