//! Writes made-up prices and signals as a data folder that says what it is: a marker named `SYNTHETIC` on top, and
//! `synthetic` in the name of every price and rules file.
//!
//! Not here: making them (`generate`, `random_walk`), the rules of the contracts (`generate_rules`).
//! Invariant: a folder that holds anything is never written into; the same recipe gives the same bytes.

use std::fmt::{Arguments, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::domain::bar::Bars;
use crate::domain::num::UNIT;
use flate2::{Compression, GzBuilder};

use super::error::MarketError;
use super::generate::{Generated, Prices, Recipe};
use super::generate_rules::{brackets, exchange_info};
use super::whole_file::write_whole;
use super::{parquet, parquet_funding, signals, threads};

/// Text up to this many bytes is packed as small as can be: a sample that is kept. More is packed ten times as fast.
const PACKED_BEST_MAX: usize = 4 << 20;

/// Format of the price files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text, gzipped: small and readable.
    CsvGz,
    /// Our own columns: fast.
    Parquet,
}

/// Writes one folder and keeps count.
struct Folder<'a> {
    root: &'a Path,
    files: Vec<PathBuf>,
}

/// Writes a data folder with prices, marks, funding, rules and `signals.csv`; `command` is noted in the marker, so
/// that anybody can make it again. Hands back the files written.
///
/// # Errors
/// When the folder holds anything or cannot be written.
pub fn write(
    root: &Path,
    recipe: &Recipe,
    made: &Generated,
    format: Format,
    command: &str,
) -> Result<Vec<PathBuf>, MarketError> {
    write_until(root, recipe, made, (format, command), &|| false)
}

/// As [`write`], but ends early once `stopped` says so. Threads take the contracts in turn.
///
/// # Errors
/// As [`write`], and when it was stopped.
pub fn write_until(
    root: &Path,
    recipe: &Recipe,
    made: &Generated,
    (format, command): (Format, &str),
    stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<PathBuf>, MarketError> {
    let unwritable = |wrong| MarketError::unwritable(root, wrong);
    if root.exists() && fs::read_dir(root).map_err(unwritable)?.next().is_some() {
        let hint = "name a new folder, or remove this one";
        return Err(MarketError::content(root, "the folder is not empty", hint));
    }
    let has_marks = made.prices.iter().any(|prices| !prices.mark.is_empty());
    for (part, wanted) in [
        ("klines", true),
        ("mark", has_marks),
        ("funding", has_marks),
        ("exchange-info", true),
    ] {
        if wanted {
            fs::create_dir_all(root.join(part)).map_err(unwritable)?;
        }
    }
    let mut folder = Folder {
        root,
        files: Vec::new(),
    };
    folder.put(
        "SYNTHETIC".to_owned(),
        marker(recipe, made, command).as_bytes(),
    )?;
    let day = recipe.from.to_text();
    let day = day.get(..10).unwrap_or_default();
    let info = exchange_info(recipe);
    folder.put(
        format!("exchange-info/synthetic-exchangeInfo-{day}.json"),
        format!("{info:#}\n").as_bytes(),
    )?;
    let tiers = brackets(recipe);
    folder.put(
        format!("exchange-info/synthetic-leverageBracket-{day}.json"),
        format!("{tiers:#}\n").as_bytes(),
    )?;
    let written = threads::each(made.prices.len(), |index| {
        if stopped() {
            return Err(unwritable(io::ErrorKind::Interrupted.into()));
        }
        write_prices(root, &made.prices[index], format)
    });
    for files in written {
        folder.files.extend(files?);
    }
    let path = root.join("signals.csv");
    signals::write_csv(&path, &made.signals)?;
    folder.files.push(path);
    Ok(folder.files)
}

impl Folder<'_> {
    fn put(&mut self, name: String, bytes: &[u8]) -> Result<(), MarketError> {
        let path = self.root.join(name);
        write_whole(&path, bytes)?;
        self.files.push(path);
        Ok(())
    }
}

/// Writes what was made of one contract.
fn write_prices(root: &Path, prices: &Prices, format: Format) -> Result<Vec<PathBuf>, MarketError> {
    let symbol = &prices.contract.symbol;
    let extension = match format {
        Format::CsvGz => "csv.gz",
        Format::Parquet => "parquet",
    };
    let mut files = Vec::new();
    let bars = [
        ("klines", "1m", &prices.bars),
        ("mark", "1m-mark", &prices.mark),
    ];
    for (folder, form, bars) in bars {
        if bars.is_empty() {
            continue;
        }
        let path = root.join(format!("{folder}/{symbol}-{form}-synthetic.{extension}"));
        match format {
            Format::CsvGz => write_whole(&path, &gzip(root, &csv(bars))?)?,
            Format::Parquet => parquet::write_klines(&path, bars, true)?,
        }
        files.push(path);
    }
    if !prices.funding.is_empty() {
        let path = root.join(format!("funding/{symbol}-funding-synthetic.{extension}"));
        match format {
            Format::CsvGz => write_whole(&path, &gzip(root, &funding_csv(prices))?)?,
            Format::Parquet => parquet_funding::write(&path, &prices.funding, true)?,
        }
        files.push(path);
    }
    Ok(files)
}

fn funding_csv(prices: &Prices) -> String {
    let mut text = String::from("funding_time,funding_rate\n");
    for record in &prices.funding {
        let time = record.time.millis();
        line(&mut text, format_args!("{time},{}", record.rate));
    }
    text
}

fn line(text: &mut String, arguments: Arguments<'_>) {
    writeln!(text, "{arguments}").expect("invariant: writing to a string cannot fail");
}

fn csv(bars: &Bars) -> String {
    // Rows of made-up minutes are up to some seventy bytes.
    let mut text = String::with_capacity(bars.len() * 72);
    text.push_str("open_time,open,high,low,close,volume\n");
    for row in 0..bars.len() {
        let bar = bars.get(row);
        push_whole(&mut text, bar.open_time.millis().unsigned_abs());
        for price in [bar.open, bar.high, bar.low, bar.close] {
            text.push(',');
            push_steps(&mut text, price.steps().unsigned_abs());
        }
        text.push(',');
        push_steps(&mut text, bar.volume.steps().unsigned_abs());
        text.push('\n');
    }
    text
}

/// Digits of a whole number; several times as fast as formatting, and a symbol-year has three million.
fn push_whole(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len() - 1;
    loop {
        digits[first] = b'0' + u8::try_from(number % 10).expect("invariant: one digit");
        number /= 10;
        if number == 0 {
            break;
        }
        first -= 1;
    }
    text.extend(digits[first..].iter().map(|digit| char::from(*digit)));
}

/// A count of 1e-8 steps as its shortest decimal, as prices and quantities display themselves.
fn push_steps(text: &mut String, steps: u64) {
    let unit = UNIT.unsigned_abs();
    push_whole(text, steps / unit);
    let (mut rest, mut decimals) = (steps % unit, 8);
    if rest == 0 {
        return;
    }
    while rest % 10 == 0 {
        rest /= 10;
        decimals -= 1;
    }
    text.push('.');
    let written = rest.ilog10() + 1;
    for _ in written..decimals {
        text.push('0');
    }
    push_whole(text, rest);
}

/// Without name and time in the header, so that equal content is equal bytes.
fn gzip(root: &Path, text: &str) -> Result<Vec<u8>, MarketError> {
    let level = if text.len() <= PACKED_BEST_MAX {
        Compression::best()
    } else {
        Compression::fast()
    };
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), level);
    let written = writer
        .write_all(text.as_bytes())
        .and_then(|()| writer.finish());
    written.map_err(|wrong| MarketError::unwritable(root, wrong))
}

fn marker(recipe: &Recipe, made: &Generated, command: &str) -> String {
    let mut text = String::from(
        "Everything in and below this folder is made up. A result on it says nothing about any strategy.\n\n",
    );
    line(&mut text, format_args!("made by: {command}"));
    line(&mut text, format_args!("seed: {}", recipe.seed));
    line(
        &mut text,
        format_args!("days: {} from {}", recipe.days, recipe.from),
    );
    line(&mut text, format_args!("signals: {}", made.signals.len()));
    line(
        &mut text,
        format_args!(
            "confluences (window 300 s): {}, near misses: {}",
            made.known.confluences.len(),
            made.known.near_misses.len()
        ),
    );
    for (symbol, first, count) in &made.known.holes {
        line(
            &mut text,
            format_args!("hole: {symbol} {count} minutes from {first}"),
        );
    }
    for (symbol, count) in &made.known.zero_volume {
        line(
            &mut text,
            format_args!("bars without volume: {symbol} {count}"),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::num::Price;

    #[test]
    fn decimals_are_those_that_prices_display() {
        let mut met = 0;
        for digits in [1, 9, 10, 12_340, 99_999_999, 123_456_789, 640_000_000_001] {
            for zeros in 0..8 {
                let steps = digits * 10_i64.pow(zeros);
                let mut text = String::new();
                push_steps(&mut text, steps.unsigned_abs());
                assert_eq!(text, Price::from_steps(steps).unwrap().to_string());
                met += 1;
            }
        }
        let mut zero = String::new();
        push_steps(&mut zero, 0);
        assert_eq!(zero, "0");
        println!("{met} decimals");
    }
}
