//! Recorded trades as text: the public archive's seven columns, with or without a header, times in ms or µs.
//!
//! Not here: which file is which (`place`), the stream of events made of them (`ticks`).
//! Invariant: ids ascend strictly and times never fall; a file with one bad row gives no trades at all.

use std::path::{Path, PathBuf};

use crate::domain::bar::{Bar, Bars};
use crate::domain::num::{Price, Qty};
use crate::domain::stamp::{StampForm, StampReader};
use crate::domain::time::{EpochUnit, Span, Timestamp};

use super::error::{ConflictError, EMPTY, MarketError};
use super::source::{Lines, with_lines};
use super::window::{LEAD, Window};

/// Columns of the archive.
const COLUMNS: [&str; 7] = [
    "agg_trade_id",
    "price",
    "quantity",
    "first_trade_id",
    "last_trade_id",
    "transact_time",
    "is_buyer_maker",
];
/// What to expect, for errors.
const EXPECTED: &str = "the columns are agg_trade_id,price,quantity,first_trade_id,last_trade_id,\
    transact_time,is_buyer_maker (spot archives have eight)";
/// Bars made of trades last this long.
pub const MINUTE: Span = Span::from_millis(60_000);

/// Aggregated trades of one contract as columns of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AggTrades {
    /// The exchange's numbers, ascending.
    pub id: Vec<u64>,
    /// When, never falling.
    pub time: Vec<Timestamp>,
    /// At what price.
    pub price: Vec<Price>,
    /// How much, above zero.
    pub qty: Vec<Qty>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggTrade {
    /// The exchange's number.
    pub id: u64,
    /// When.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much, above zero.
    pub qty: Qty,
}

impl AggTrades {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// The trade in a row.
    #[must_use]
    pub fn get(&self, row: usize) -> AggTrade {
        AggTrade {
            id: self.id[row],
            time: self.time[row],
            price: self.price[row],
            qty: self.qty[row],
        }
    }

    /// Appends a trade.
    ///
    /// # Errors
    /// When its id is not above the last one's or its time before the last one's; nothing is appended then.
    pub fn push(&mut self, trade: AggTrade) -> Result<(), String> {
        if let Some(last) = self.id.last().filter(|last| **last >= trade.id) {
            return Err(format!(
                "{} is not above the row before it ({last})",
                trade.id
            ));
        }
        if let Some(last) = self.time.last().filter(|last| **last > trade.time) {
            return Err(format!(
                "{} is before the row before it ({last})",
                trade.time
            ));
        }
        self.id.push(trade.id);
        self.time.push(trade.time);
        self.price.push(trade.price);
        self.qty.push(trade.qty);
        Ok(())
    }

    /// The trades from a day before the window to its end.
    #[must_use]
    pub fn within(&self, window: Window) -> Self {
        let from = self.time.partition_point(|time| *time < window.from - LEAD);
        let to = self
            .time
            .partition_point(|time| *time < window.to)
            .max(from);
        Self {
            id: self.id[from..to].to_vec(),
            time: self.time[from..to].to_vec(),
            price: self.price[from..to].to_vec(),
            qty: self.qty[from..to].to_vec(),
        }
    }

    /// One-minute bars of the trades; minutes without a trade have none.
    #[must_use]
    pub fn to_bars(&self) -> Bars {
        let mut bars = Bars::new(MINUTE);
        let mut forming: Option<Bar> = None;
        for row in 0..self.len() {
            let trade = self.get(row);
            let millis = trade.time.millis();
            let open_time = Timestamp::from_millis(millis - millis.rem_euclid(MINUTE.millis()));
            match &mut forming {
                Some(bar) if bar.open_time == open_time => {
                    bar.high = bar.high.max(trade.price);
                    bar.low = bar.low.min(trade.price);
                    bar.close = trade.price;
                    bar.volume += trade.qty;
                }
                _ => {
                    push_whole(&mut bars, forming.take());
                    forming = Some(Bar {
                        open_time,
                        open: trade.price,
                        high: trade.price,
                        low: trade.price,
                        close: trade.price,
                        volume: trade.qty,
                    });
                }
            }
        }
        push_whole(&mut bars, forming);
        bars
    }
}

/// Reads the archives of one contract, in any order, as one. Rows that two of them have must agree. `series` names it
/// in errors.
///
/// # Errors
/// As [`read`], and when two archives contradict each other.
pub fn read_joined(files: &[PathBuf], series: &str) -> Result<AggTrades, MarketError> {
    let mut parts = Vec::with_capacity(files.len());
    for path in files {
        parts.push((path, read(path)?));
    }
    parts.sort_by_key(|(path, trades)| (trades.id[0], *path));
    let mut joined = AggTrades::default();
    let mut owner = None;
    for (path, part) in parts {
        for row in 0..part.len() {
            let trade = part.get(row);
            let known = joined.id.last().is_some_and(|last| *last >= trade.id);
            let same = || {
                joined
                    .id
                    .binary_search(&trade.id)
                    .map(|row| joined.get(row))
            };
            if known && same() == Ok(trade) {
                continue;
            }
            joined.push(trade).map_err(|found| {
                MarketError::Conflict(Box::new(ConflictError {
                    series: series.to_owned(),
                    first: owner.unwrap_or(path).clone(),
                    second: path.clone(),
                    total: 1,
                    rows: vec![format!("trade {} at {}: {found}", trade.id, trade.time)],
                }))
            })?;
        }
        owner = Some(path);
    }
    Ok(joined)
}

fn push_whole(bars: &mut Bars, bar: Option<Bar>) {
    if let Some(bar) = bar {
        bars.push(bar)
            .expect("invariant: minutes of ascending trades ascend");
    }
}

/// Reads an archive of aggregated trades, plain, gzipped or zipped.
///
/// # Errors
/// The first thing wrong: the container, the header, a column count, a number, a time, an id that does not ascend; with
/// file, line and column.
pub fn read(path: &Path) -> Result<AggTrades, MarketError> {
    with_lines(path, |lines| {
        let mut more = lines.advance()?;
        if is_header(lines.current()) {
            check_header(lines)?;
            more = lines.advance()?;
        }
        let mut stamps = StampReader::new();
        let mut trades = AggTrades::default();
        while more {
            if lines.current().is_empty() {
                if lines.advance()? {
                    return Err(
                        lines.wrong(None, "a blank line inside the table comes before this row")
                    );
                }
                break;
            }
            let trade = row(lines, &mut stamps)?;
            trades.push(trade).map_err(|found| {
                lines.wrong(Some(0), format!("agg_trade_id, transact_time: {found}"))
            })?;
            more = lines.advance()?;
        }
        if trades.is_empty() {
            return Err(MarketError::content(path, "the file has no rows", EMPTY));
        }
        Ok(trades)
    })
}

fn is_header(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_alphabetic)
}

fn check_header(lines: &Lines<'_>) -> Result<(), MarketError> {
    let text = String::from_utf8_lossy(lines.current()).to_lowercase();
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names != COLUMNS {
        return Err(lines.wrong_with(None, "these are no columns of aggregated trades", EXPECTED));
    }
    Ok(())
}

fn row(lines: &Lines<'_>, stamps: &mut StampReader) -> Result<AggTrade, MarketError> {
    let line = lines.current();
    let text = std::str::from_utf8(line)
        .map_err(|wrong| lines.wrong(Some(wrong.valid_up_to()), "not UTF-8 text"))?;
    let mut fields = [""; COLUMNS.len()];
    let mut count = 0;
    for field in text.split(',') {
        if let Some(place) = fields.get_mut(count) {
            *place = field;
        }
        count += 1;
    }
    if count != COLUMNS.len() {
        return Err(lines.wrong_with(None, format!("{count} columns"), EXPECTED));
    }
    let wrong = |index: usize, found: String| {
        let start: usize = fields[..index].iter().map(|field| field.len() + 1).sum();
        lines.wrong(Some(start), format!("{}: {found}", COLUMNS[index]))
    };
    let whole = |index: usize| {
        fields[index]
            .parse::<u64>()
            .map_err(|_| wrong(index, format!("'{}' is no whole number", fields[index])))
    };
    let id = whole(0)?;
    let (first, last) = (whole(3)?, whole(4)?);
    if first > last {
        return Err(wrong(4, format!("{last} is below first_trade_id {first}")));
    }
    let price: Price = fields[1]
        .parse()
        .map_err(|found| wrong(1, format!("{found}")))?;
    let qty: Qty = fields[2]
        .parse()
        .map_err(|found| wrong(2, format!("{found}")))?;
    if qty.is_zero() {
        return Err(wrong(2, "a trade of nothing".to_owned()));
    }
    let time = stamps
        .read(fields[5])
        .map_err(|found| wrong(5, found.to_string()))?;
    if !matches!(
        stamps.form(),
        Some(StampForm::Epoch(EpochUnit::Millis | EpochUnit::Micros))
    ) {
        return Err(wrong(5, "not in milliseconds or microseconds".to_owned()));
    }
    if !fields[6].eq_ignore_ascii_case("true") && !fields[6].eq_ignore_ascii_case("false") {
        return Err(wrong(
            6,
            format!("'{}' is neither true nor false", fields[6]),
        ));
    }
    Ok(AggTrade {
        id,
        time,
        price,
        qty,
    })
}
