//! Klines as text: the public archive's 12 columns and the 6-column form, with or without a header, times in ms or µs.
//!
//! Not here: Parquet (`parquet`), which file is which (`place`), joining recordings (`merge`).
//! Invariant: every row passed T2; a file with one bad row gives no bars at all.

use std::path::Path;

use crate::domain::bar::{Bar, BarError, Bars};
use crate::domain::num::Price;
use crate::domain::stamp::StampReader;
use crate::domain::time::{Span, Timestamp};

use super::error::{EMPTY, MarketError, shown};
use super::numbers::parse_volume;
use super::source::{Lines, with_lines};

/// Names of the first six columns; the first may also be `timestamp`.
const COLUMNS: [&str; 6] = ["open_time", "open", "high", "low", "close", "volume"];
/// Columns of the archive layout; the short one has six.
const ARCHIVE: usize = 12;
/// Where the archive keeps the close time.
const CLOSE_TIME: usize = 6;
/// What to expect, for errors.
const EXPECTED: &str = "the columns are open_time (or timestamp),open,high,low,close,volume, \
    alone or with the archive's six further ones";

/// One line cut at its commas.
struct Fields<'a> {
    text: &'a str,
    /// Where each field begins, and behind the last one where the next would.
    starts: [usize; ARCHIVE + 1],
}

/// Turns lines into bars.
struct RowReader {
    stamps: StampReader,
    width: usize,
    interval: Span,
}

/// Reads klines from a csv file, plain, gzipped or zipped, whose bars have this length.
///
/// # Errors
/// The first thing wrong: the container, the header, a column count, a number, a time, or a rule of T2; with file,
/// line and column.
pub fn read(path: &Path, interval: Span) -> Result<Bars, MarketError> {
    with_lines(path, |lines| {
        let mut bars = Bars::new(interval);
        let mut more = lines.advance()?;
        let width = layout(lines)?;
        if is_header(lines.current()) {
            more = lines.advance()?;
        }
        let mut rows = RowReader {
            stamps: StampReader::new(),
            width,
            interval,
        };
        while more {
            if lines.current().is_empty() {
                expect_end(lines)?;
                break;
            }
            let bar = rows.bar(lines)?;
            bars.push(bar)
                .map_err(|rule| rows.broken(lines, &bars, rule))?;
            more = lines.advance()?;
        }
        if bars.is_empty() {
            return Err(MarketError::content(path, "the file has no rows", EMPTY));
        }
        Ok(bars)
    })
}

/// The length of a file's bars where its name does not say: from the first row's close time, else from the distance of
/// the first two rows.
///
/// # Errors
/// As [`read`], and when one row alone does not tell.
pub fn detect_interval(path: &Path) -> Result<Span, MarketError> {
    with_lines(path, |lines| {
        lines.advance()?;
        let width = layout(lines)?;
        if is_header(lines.current()) {
            lines.advance()?;
        }
        let mut rows = RowReader {
            stamps: StampReader::new(),
            width,
            interval: Span::ZERO,
        };
        let fields = Fields::cut(lines, width)?;
        let first = rows.time(lines, &fields, 0)?;
        let length = if width == ARCHIVE {
            rows.time(lines, &fields, CLOSE_TIME)? - first + Span::from_millis(1)
        } else if lines.advance()? && !lines.current().is_empty() {
            let fields = Fields::cut(lines, width)?;
            rows.time(lines, &fields, 0)? - first
        } else {
            Span::ZERO
        };
        if length <= Span::ZERO {
            return Err(MarketError::content(
                path,
                "the rows do not say how long a bar is",
                "put the interval into the name, for example BTCUSDT-1m.csv",
            ));
        }
        Ok(length)
    })
}

/// The number of columns, from the first line, and whether a header names them rightly.
fn layout(lines: &Lines<'_>) -> Result<usize, MarketError> {
    let line = lines.current();
    let width = line.iter().filter(|byte| **byte == b',').count() + 1;
    if width != COLUMNS.len() && width != ARCHIVE {
        let columns = if width == 1 { "column" } else { "columns" };
        return Err(lines.wrong_with(None, format!("{width} {columns}"), EXPECTED));
    }
    if is_header(line) {
        let text = String::from_utf8_lossy(line);
        let names = text.split(',').map(|name| name.trim().to_lowercase());
        for (name, wanted) in names.zip(COLUMNS) {
            let stamp = wanted == COLUMNS[0] && matches!(name.as_str(), "timestamp" | "time");
            if name != wanted && !stamp {
                let found = format!("column '{}' is not '{wanted}'", shown(name.as_bytes()));
                return Err(lines.wrong_with(None, found, EXPECTED));
            }
        }
    }
    Ok(width)
}

/// A first line that begins with a letter names the columns.
fn is_header(line: &[u8]) -> bool {
    line.iter()
        .find(|byte| !matches!(byte, b' ' | b'"'))
        .is_some_and(u8::is_ascii_alphabetic)
}

/// Blank lines may only end a file.
fn expect_end(lines: &mut Lines<'_>) -> Result<(), MarketError> {
    while lines.advance()? {
        if !lines.current().is_empty() {
            return Err(lines.wrong(None, "a blank line inside the table comes before this row"));
        }
    }
    Ok(())
}

impl<'a> Fields<'a> {
    fn cut(lines: &'a Lines<'_>, width: usize) -> Result<Self, MarketError> {
        let line = lines.current();
        let text = std::str::from_utf8(line)
            .map_err(|wrong| lines.wrong(Some(wrong.valid_up_to()), "not UTF-8 text"))?;
        let mut starts = [0; ARCHIVE + 1];
        let mut count = 1;
        for (at, byte) in line.iter().enumerate() {
            if *byte == b',' {
                if count < starts.len() {
                    starts[count] = at + 1;
                }
                count += 1;
            }
        }
        if count != width {
            return Err(lines.wrong(None, format!("{count} columns, the first line has {width}")));
        }
        starts[count] = line.len() + 1;
        Ok(Self { text, starts })
    }

    fn get(&self, index: usize) -> &'a str {
        &self.text[self.starts[index]..self.starts[index + 1] - 1]
    }
}

impl RowReader {
    fn bar(&mut self, lines: &Lines<'_>) -> Result<Bar, MarketError> {
        let fields = Fields::cut(lines, self.width)?;
        let open_time = self.time(lines, &fields, 0)?;
        let price = |index: usize| {
            fields
                .get(index)
                .parse::<Price>()
                .map_err(|wrong| at(lines, &fields, index, &wrong.to_string()))
        };
        let bar = Bar {
            open_time,
            open: price(1)?,
            high: price(2)?,
            low: price(3)?,
            close: price(4)?,
            volume: parse_volume(fields.get(5))
                .map_err(|wrong| at(lines, &fields, 5, &wrong.to_string()))?,
        };
        if self.width == ARCHIVE {
            let close = self.time(lines, &fields, CLOSE_TIME)?;
            if close - open_time != Span::from_millis(self.interval.millis() - 1) {
                let found = format!(
                    "the bar lasts {} ms, the file's name says {} ms",
                    (close - open_time).millis() + 1,
                    self.interval.millis()
                );
                return Err(at(lines, &fields, CLOSE_TIME, &found));
            }
        }
        Ok(bar)
    }

    fn time(
        &mut self,
        lines: &Lines<'_>,
        fields: &Fields<'_>,
        index: usize,
    ) -> Result<Timestamp, MarketError> {
        self.stamps
            .read(fields.get(index))
            .map_err(|wrong| at(lines, fields, index, &wrong.to_string()))
    }

    /// Names the row that breaks a rule of T2.
    fn broken(&self, lines: &Lines<'_>, bars: &Bars, rule: BarError) -> MarketError {
        let column = match rule {
            BarError::OffGrid | BarError::NotAscending => 0,
            BarError::HighTooLow => 2,
            BarError::LowTooHigh => 3,
        };
        let found = match (rule, bars.open_time.last()) {
            (BarError::OffGrid, _) => format!("{rule} of {} ms", self.interval.millis()),
            (BarError::NotAscending, Some(last)) => format!("{rule} ({last})"),
            _ => rule.to_string(),
        };
        match Fields::cut(lines, self.width) {
            Ok(fields) => at(lines, &fields, column, &found),
            Err(wrong) => wrong,
        }
    }
}

fn at(lines: &Lines<'_>, fields: &Fields<'_>, index: usize, found: &str) -> MarketError {
    let name = COLUMNS.get(index).copied().unwrap_or("close_time");
    lines.wrong(Some(fields.starts[index]), format!("{name}: {found}"))
}
