//! Signals in tables: csv and Parquet; and the writing of csv, Parquet and JSON lines.
//!
//! The columns are `id,type,symbol,event_time,received_time`; the last may be absent or empty. Times are RFC 3339 or
//! epoch seconds, milliseconds or microseconds, one form in one file.
//!
//! Not here: the original's SQLite file (`legacy`), JSON (`signal::feed`), names of contracts (`signal::names`). Repeated ids are kept: the trader decides.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::stamp::{StampForm, StampReader};
use crate::domain::time::Timestamp;

use super::error::{EMPTY, MarketError, RowError, shown};
use super::frame::{self, Values, Written};
use super::source::{stream_error, with_bytes};
use super::whole_file::write_whole;

/// The columns, in the order they are written.
pub(crate) const COLUMNS: [&str; 5] = ["id", "type", "symbol", "event_time", "received_time"];
/// What to expect, for errors.
const EXPECTED: &str = "the columns are id,type,symbol,event_time and optionally received_time";

/// Signals of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalTable {
    /// In the order of the file.
    pub signals: Vec<RawSignal>,
    /// How the times are written; `None` without rows.
    pub form: Option<StampForm>,
    /// Columns that were there and not used.
    pub unused: Vec<String>,
}

/// Reads a csv file with a header.
///
/// # Errors
/// The first thing wrong, with file, line and column.
pub fn read_csv(path: &Path) -> Result<SignalTable, MarketError> {
    with_bytes(path, |reader| {
        let mut table = SignalTable::default();
        let mut stamps = StampReader::new();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        let mut last = 1;
        let header = reader
            .headers()
            .map_err(|wrong| csv_error(path, wrong, last))?
            .clone();
        if header.is_empty() {
            return Err(MarketError::content(path, "the file is empty", EMPTY));
        }
        let names: Vec<&str> = header.iter().map(str::trim).collect();
        let at = positions(path, &names, &mut table.unused)?;
        for record in reader.records() {
            let record = record.map_err(|wrong| csv_error(path, wrong, last + 1))?;
            let line = record.position().map_or(last + 1, csv::Position::line);
            last = line;
            if record.len() != header.len() {
                let found = format!(
                    "{} in the row, {} in the header",
                    columns(record.len()),
                    columns(header.len())
                );
                return Err(csv_row_error(path, &record, line, None, found));
            }
            let text =
                |index: Option<usize>| index.and_then(|index| record.get(index)).map(str::trim);
            let row = at.map(text);
            let signal = signal_of(row, &mut stamps).map_err(|(field, found)| {
                let found = format!("{}: {found}", COLUMNS[field]);
                csv_row_error(path, &record, line, at[field], found)
            })?;
            table.signals.push(signal);
        }
        table.finish(path, &stamps)
    })
}

/// Reads a Parquet file with the same columns, as text or integers.
///
/// # Errors
/// The first thing wrong, with its row.
pub fn read_parquet(path: &Path) -> Result<SignalTable, MarketError> {
    let outline = frame::outline(path)?;
    let names: Vec<&str> = outline.names.iter().map(String::as_str).collect();
    let mut table = SignalTable::default();
    let at = positions(path, &names, &mut table.unused)?;
    let wanted: Vec<&str> = at.iter().flatten().map(|index| names[*index]).collect();
    let file = frame::read(path, &wanted)?;
    let mut columns: [Option<Values>; 5] = [const { None }; 5];
    for (column, index) in columns.iter_mut().zip(at) {
        if let Some(index) = index {
            let values = file.values(names[index]);
            *column = Some(values.map_err(|found| MarketError::content(path, found, ""))?);
        }
    }
    let mut stamps = StampReader::new();
    for row in 0..columns[0].as_ref().map_or(0, Values::len) {
        let texts = columns.each_ref().map(|column| column.as_ref()?.text(row));
        let signal = signal_of(texts.each_ref().map(Option::as_deref), &mut stamps).map_err(
            |(field, found)| {
                row_error(path, row, &format!("{}: {found}", COLUMNS[field]), EXPECTED)
            },
        )?;
        table.signals.push(signal);
    }
    table.finish(path, &stamps)
}

/// Writes signals as csv, times as RFC 3339, whole or not at all.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_csv(path: &Path, signals: &[RawSignal]) -> Result<(), MarketError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let text = |time: Timestamp| time.to_text();
    let failed = |wrong: csv::Error| MarketError::content(path, wrong.to_string(), "");
    writer.write_record(COLUMNS).map_err(failed)?;
    for signal in signals {
        let kind = signal.kind.0.to_string();
        let event = text(signal.event_time);
        let received = signal.received_time.map_or_else(String::new, text);
        writer
            .write_record([signal.id.as_ref(), &kind, &signal.name, &event, &received])
            .map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|wrong| MarketError::content(path, wrong.to_string(), ""))?;
    write_whole(path, &bytes)
}

/// Writes signals as Parquet: text, and times as integer milliseconds.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_parquet(path: &Path, signals: &[RawSignal]) -> Result<(), MarketError> {
    let texts = |of: fn(&RawSignal) -> String| signals.iter().map(of).collect();
    let columns = vec![
        Written::Texts(COLUMNS[0], texts(|signal| signal.id.to_string())),
        Written::Ints(
            COLUMNS[1],
            signals
                .iter()
                .map(|signal| i64::from(signal.kind.0))
                .collect(),
        ),
        Written::Texts(COLUMNS[2], texts(|signal| signal.name.clone())),
        Written::Ints(
            COLUMNS[3],
            signals
                .iter()
                .map(|signal| signal.event_time.millis())
                .collect(),
        ),
        Written::Gaps(
            COLUMNS[4],
            signals
                .iter()
                .map(|signal| signal.received_time.map(Timestamp::millis))
                .collect(),
        ),
    ];
    frame::write(path, columns, Vec::new())
}

/// Writes signals as one JSON object per line, times as integer milliseconds.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_jsonl(path: &Path, signals: &[RawSignal]) -> Result<(), MarketError> {
    let mut text = String::new();
    for signal in signals {
        let line = json!({
            "id": signal.id.as_ref(),
            "type": signal.kind.0,
            "symbol": signal.name,
            "event_time": signal.event_time.millis(),
            "received_time": signal.received_time.map(Timestamp::millis),
        });
        writeln!(text, "{line}").expect("invariant: writing to a string cannot fail");
    }
    write_whole(path, text.as_bytes())
}

impl SignalTable {
    /// Refuses an empty file and notes how times were written.
    pub(crate) fn finish(mut self, path: &Path, stamps: &StampReader) -> Result<Self, MarketError> {
        if self.signals.is_empty() {
            return Err(MarketError::content(path, "the file has no rows", EMPTY));
        }
        self.form = stamps.form();
        Ok(self)
    }
}

/// Where each column is; the last may be nowhere.
fn positions(
    path: &Path,
    names: &[&str],
    unused: &mut Vec<String>,
) -> Result<[Option<usize>; 5], MarketError> {
    let at = COLUMNS.map(|wanted| names.iter().position(|name| *name == wanted));
    if let Some(missing) = at[..4].iter().position(Option::is_none) {
        let found = format!(
            "column {} is missing among {}",
            COLUMNS[missing],
            shown(names.join(",").as_bytes())
        );
        return Err(MarketError::content(path, found, EXPECTED));
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(MarketError::content(
                path,
                format!("column {name} is there twice"),
                EXPECTED,
            ));
        }
        if !COLUMNS.contains(name) {
            unused.push((*name).to_owned());
        }
    }
    Ok(at)
}

/// A row's fields in the order of [`COLUMNS`]; an error names the field.
pub(crate) fn signal_of(
    row: [Option<&str>; 5],
    stamps: &mut StampReader,
) -> Result<RawSignal, (usize, String)> {
    let [id, kind, symbol, event, received] = row;
    let id = id
        .filter(|id| !id.is_empty())
        .ok_or((0, "is empty".to_owned()))?;
    let kind = kind.unwrap_or_default();
    let kind: u16 = kind.parse().map_err(|_| {
        (
            1,
            format!("'{}' is not a type number", shown(kind.as_bytes())),
        )
    })?;
    let name = symbol.ok_or((2, "is empty".to_owned()))?;
    let event_time = stamps
        .read(event.unwrap_or_default())
        .map_err(|found| (3, found.to_string()))?;
    let received_time = match received {
        None | Some("") => None,
        Some(text) => Some(stamps.read(text).map_err(|found| (4, found.to_string()))?),
    };
    Ok(RawSignal {
        id: Arc::from(id),
        kind: SignalType(kind),
        name: name.to_owned(),
        event_time,
        received_time,
    })
}

/// `line` is where the reader is, for errors that do not know it.
fn csv_error(path: &Path, wrong: csv::Error, line: u64) -> MarketError {
    let line = wrong.position().map_or(line, csv::Position::line);
    let text = wrong.to_string();
    if let csv::ErrorKind::Utf8 { .. } = wrong.kind() {
        return plain_row_error(path, line, "not UTF-8 text".to_owned(), EXPECTED);
    }
    if let csv::ErrorKind::Io(wrong) = wrong.into_kind() {
        return stream_error(path, line, wrong);
    }
    plain_row_error(path, line, text, EXPECTED)
}

fn columns(count: usize) -> String {
    let word = if count == 1 { "column" } else { "columns" };
    format!("{count} {word}")
}

fn csv_row_error(
    path: &Path,
    record: &csv::StringRecord,
    line: u64,
    index: Option<usize>,
    found: String,
) -> MarketError {
    let column = index.map_or(0, |index| {
        let before = record.iter().take(index);
        before.map(|field| field.chars().count() + 1).sum::<usize>() + 1
    });
    let text: Vec<&str> = record.iter().collect();
    MarketError::Row(Box::new(RowError {
        path: path.to_owned(),
        line,
        column,
        shown: shown(text.join(",").as_bytes()),
        found,
        hint: EXPECTED.to_owned(),
    }))
}

fn plain_row_error(path: &Path, line: u64, found: String, hint: &str) -> MarketError {
    MarketError::Row(Box::new(RowError {
        path: path.to_owned(),
        line,
        column: 0,
        shown: String::new(),
        found,
        hint: hint.to_owned(),
    }))
}

/// A row of a file without lines is wrong.
pub(crate) fn row_error(path: &Path, row: usize, found: &str, hint: &str) -> MarketError {
    MarketError::content(path, format!("row {}: {found}", row + 1), hint)
}
