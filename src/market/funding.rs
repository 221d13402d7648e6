//! Funding settlements as text: `funding_time,funding_rate[,mark_price]` or the public archive's
//! `calc_time,funding_interval_hours,last_funding_rate`.
//!
//! Not here: what a settlement does to a position (`domain::position`).
//! Invariant: times ascend strictly. The exchange pays some milliseconds after the full hour (24 at most in the
//! recordings seen), so a stamp up to one second past a full minute is taken as that minute, and counted.

use std::path::Path;

use crate::domain::num::{Price, Rate};
use crate::domain::stamp::StampReader;
use crate::domain::time::{Span, Timestamp};

use super::error::{EMPTY, MarketError};
use super::source::{Lines, with_lines};
use super::tape::FundingRecord;

/// Furthest a settlement's stamp may lie behind its minute to be taken as it.
pub const JITTER_MAX: Span = Span::from_millis(1_000);
const MINUTE: i64 = 60_000;

/// The settlements of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundingFile {
    /// Ascending.
    pub records: Vec<FundingRecord>,
    /// How many stamps were moved to their minute.
    pub moved: usize,
}

/// Which column is which; `None` is absent.
struct Layout {
    width: usize,
    time: usize,
    rate: usize,
    mark: Option<usize>,
}

/// Reads a funding file, plain, gzipped or zipped.
///
/// # Errors
/// The first thing wrong: the container, the header, a column count, a number, a time or the order.
pub fn read(path: &Path) -> Result<FundingFile, MarketError> {
    with_lines(path, |lines| {
        let mut more = lines.advance()?;
        let layout = Layout::of(lines)?;
        if starts_with_letter(lines.current()) {
            more = lines.advance()?;
        }
        let mut stamps = StampReader::new();
        let mut file = FundingFile::default();
        while more {
            if lines.current().is_empty() {
                if lines.advance()? {
                    return Err(
                        lines.wrong(None, "a blank line inside the table comes before this row")
                    );
                }
                break;
            }
            let record = layout.record(lines, &mut stamps)?;
            file.add(record)
                .map_err(|found| lines.wrong(Some(0), found))?;
            more = lines.advance()?;
        }
        if file.records.is_empty() {
            return Err(MarketError::content(path, "the file has no rows", EMPTY));
        }
        Ok(file)
    })
}

fn starts_with_letter(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_alphabetic)
}

impl FundingFile {
    /// Appends a settlement, moved to its minute where it lies just behind it.
    ///
    /// # Errors
    /// When it is not after the one before it.
    pub fn add(&mut self, mut record: FundingRecord) -> Result<(), String> {
        let late = record.time.millis().rem_euclid(MINUTE);
        if late > 0 && late <= JITTER_MAX.millis() {
            record.time = Timestamp::from_millis(record.time.millis() - late);
            self.moved += 1;
        }
        if let Some(last) = self.records.last()
            && last.time >= record.time
        {
            return Err(format!(
                "funding_time: not after the row before it ({})",
                last.time
            ));
        }
        self.records.push(record);
        Ok(())
    }
}

impl Layout {
    fn of(lines: &Lines<'_>) -> Result<Self, MarketError> {
        let text = String::from_utf8_lossy(lines.current()).to_lowercase();
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let at = |wanted: &[&str]| names.iter().position(|name| wanted.contains(name));
        let named = starts_with_letter(lines.current());
        let (time, rate, mark) = if named {
            (
                at(&["funding_time", "fundingtime", "calc_time"]),
                at(&["funding_rate", "fundingrate", "last_funding_rate"]),
                at(&["mark_price", "markprice"]),
            )
        } else {
            match names.len() {
                2 => (Some(0), Some(1), None),
                3 => (Some(0), Some(2), None),
                _ => (None, None, None),
            }
        };
        match (time, rate) {
            (Some(time), Some(rate)) => Ok(Self {
                width: names.len(),
                time,
                rate,
                mark,
            }),
            _ => Err(lines.wrong_with(
                None,
                "these are no columns of funding",
                "the columns are funding_time,funding_rate[,mark_price] or calc_time,funding_interval_hours,last_funding_rate",
            )),
        }
    }

    fn record(
        &self,
        lines: &Lines<'_>,
        stamps: &mut StampReader,
    ) -> Result<FundingRecord, MarketError> {
        let line = lines.current();
        let text = std::str::from_utf8(line)
            .map_err(|wrong| lines.wrong(Some(wrong.valid_up_to()), "not UTF-8 text"))?;
        let fields: Vec<&str> = text.split(',').collect();
        if fields.len() != self.width {
            let found = format!(
                "{} columns, the first line has {}",
                fields.len(),
                self.width
            );
            return Err(lines.wrong(None, found));
        }
        let wrong = |index: usize, found: String| {
            let start: usize = fields[..index].iter().map(|field| field.len() + 1).sum();
            lines.wrong(Some(start), found)
        };
        let time = stamps
            .read(fields[self.time])
            .map_err(|found| wrong(self.time, format!("funding_time: {found}")))?;
        let rate: Rate = fields[self.rate]
            .parse()
            .map_err(|found| wrong(self.rate, format!("funding_rate: {found}")))?;
        let mark = match self.mark.map(|index| (index, fields[index].trim())) {
            None | Some((_, "")) => None,
            Some((index, field)) => Some(
                field
                    .parse::<Price>()
                    .map_err(|found| wrong(index, format!("mark_price: {found}")))?,
            ),
        };
        check_rate(rate).map_err(|found| wrong(self.rate, found))?;
        Ok(FundingRecord { time, rate, mark })
    }
}

/// The exchange caps the rate at a few percent; a whole or more is another column or another unit.
pub(crate) fn check_rate(rate: Rate) -> Result<(), String> {
    if rate.steps().abs() >= Rate::ONE.steps() {
        return Err(format!(
            "funding_rate: {rate} is 100 % or more (rates are plain fractions)"
        ));
    }
    Ok(())
}
