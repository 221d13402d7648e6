//! Writes made-up prices and signals as a data folder that says what it is: a marker named `SYNTHETIC` on top, and
//! `synthetic` in the name of every price and rules file.
//!
//! Not here: making them (`generate`, `random_walk`), their rules (`generate_rules`), text (`generate_csv`).
//! Invariant: a folder that holds anything is never written into; the same recipe gives the same bytes.

use std::fmt::{Arguments, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::MarketError;
use super::generate::{Generated, Prices, Recipe};
use super::generate_csv::{bars_csv, funding_csv, gzip};
use super::generate_rules::{brackets, exchange_info};
use super::whole_file::write_whole;
use super::{parquet, parquet_funding, signals, threads};

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
            Format::CsvGz => write_whole(&path, &gzip(root, &bars_csv(bars))?)?,
            Format::Parquet => parquet::write_klines(&path, bars, true)?,
        }
        files.push(path);
    }
    if !prices.funding.is_empty() {
        let path = root.join(format!("funding/{symbol}-funding-synthetic.{extension}"));
        match format {
            Format::CsvGz => write_whole(&path, &gzip(root, &funding_csv(&prices.funding))?)?,
            Format::Parquet => parquet_funding::write(&path, &prices.funding, true)?,
        }
        files.push(path);
    }
    Ok(files)
}

fn line(text: &mut String, arguments: Arguments<'_>) {
    writeln!(text, "{arguments}").expect("invariant: writing to a string cannot fail");
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
