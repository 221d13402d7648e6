//! Writes made-up prices and signals as a data folder that says what it is: a marker named `SYNTHETIC` on top, and
//! `synthetic` in the name of every price and rules file.
//!
//! Not here: making them (`generate`).
//! Invariant: a folder that holds anything is never written into; the same recipe gives the same bytes.

use std::fmt::{Arguments, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

use crate::domain::bar::Bars;

use super::error::MarketError;
use super::generate::{ContractRecipe, Generated, Prices, Recipe};
use super::whole_file::write_whole;
use super::{parquet, parquet_funding, signals};

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

/// As [`write`], but ends early once `stopped` says so: packing text takes seconds per symbol-year.
///
/// # Errors
/// As [`write`], and when it was stopped.
pub fn write_until(
    root: &Path,
    recipe: &Recipe,
    made: &Generated,
    (format, command): (Format, &str),
    stopped: &dyn Fn() -> bool,
) -> Result<Vec<PathBuf>, MarketError> {
    let unwritable = |wrong| MarketError::unwritable(root, wrong);
    if root.exists() && fs::read_dir(root).map_err(unwritable)?.next().is_some() {
        let hint = "name a new folder, or remove this one";
        return Err(MarketError::content(root, "the folder is not empty", hint));
    }
    for part in ["klines", "mark", "funding", "exchange-info"] {
        fs::create_dir_all(root.join(part)).map_err(unwritable)?;
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
    for prices in &made.prices {
        if stopped() {
            return Err(unwritable(io::ErrorKind::Interrupted.into()));
        }
        match format {
            Format::CsvGz => folder.put_text(prices)?,
            Format::Parquet => folder.put_parquet(prices)?,
        }
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

    fn put_text(&mut self, prices: &Prices) -> Result<(), MarketError> {
        let symbol = &prices.contract.symbol;
        let klines = format!("klines/{symbol}-1m-synthetic.csv.gz");
        self.put(klines, &gzip(self.root, &csv(&prices.bars))?)?;
        let mark = format!("mark/{symbol}-1m-mark-synthetic.csv.gz");
        self.put(mark, &gzip(self.root, &csv(&prices.mark))?)?;
        let mut text = String::from("funding_time,funding_rate\n");
        for record in &prices.funding {
            line(
                &mut text,
                format_args!("{},{}", record.time.millis(), record.rate),
            );
        }
        let funding = format!("funding/{symbol}-funding-synthetic.csv.gz");
        self.put(funding, &gzip(self.root, &text)?)
    }

    fn put_parquet(&mut self, prices: &Prices) -> Result<(), MarketError> {
        let symbol = &prices.contract.symbol;
        let klines = self
            .root
            .join(format!("klines/{symbol}-1m-synthetic.parquet"));
        parquet::write_klines(&klines, &prices.bars, true)?;
        let mark = self
            .root
            .join(format!("mark/{symbol}-1m-mark-synthetic.parquet"));
        parquet::write_klines(&mark, &prices.mark, true)?;
        let funding = self
            .root
            .join(format!("funding/{symbol}-funding-synthetic.parquet"));
        parquet_funding::write(&funding, &prices.funding, true)?;
        self.files.extend([klines, mark, funding]);
        Ok(())
    }
}

fn line(text: &mut String, arguments: Arguments<'_>) {
    writeln!(text, "{arguments}").expect("invariant: writing to a string cannot fail");
}

fn csv(bars: &Bars) -> String {
    let mut text = String::from("open_time,open,high,low,close,volume\n");
    for row in 0..bars.len() {
        let bar = bars.get(row);
        let time = bar.open_time.millis();
        let (open, high, low, close, volume) = (bar.open, bar.high, bar.low, bar.close, bar.volume);
        line(
            &mut text,
            format_args!("{time},{open},{high},{low},{close},{volume}"),
        );
    }
    text
}

/// Without name and time in the header, so that equal content is equal bytes.
fn gzip(root: &Path, text: &str) -> Result<Vec<u8>, MarketError> {
    let mut writer = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
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

fn exchange_info(recipe: &Recipe) -> Value {
    let contract = |contract: &ContractRecipe| {
        json!({
            "symbol": contract.symbol.as_str(),
            "contractType": "PERPETUAL",
            "status": "TRADING",
            "onboardDate": recipe.from.millis(),
            // The far date that the exchange writes for perpetual contracts.
            "deliveryDate": 4_133_404_800_000_i64,
            "liquidationFee": "0.015",
            "filters": [
                {"filterType": "PRICE_FILTER", "tickSize": contract.tick.to_string()},
                {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "10000000"},
                {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "5000000"},
                {"filterType": "MIN_NOTIONAL", "notional": "5"},
            ],
        })
    };
    json!({
        "synthetic": true,
        "serverTime": recipe.from.millis(),
        "symbols": recipe.contracts.iter().map(contract).collect::<Vec<_>>(),
    })
}

fn brackets(recipe: &Recipe) -> Value {
    let tiers = json!([
        {"bracket": 1, "initialLeverage": 50, "notionalFloor": 0, "notionalCap": 50_000, "maintMarginRatio": 0.01, "cum": 0},
        {"bracket": 2, "initialLeverage": 20, "notionalFloor": 50_000, "notionalCap": 500_000, "maintMarginRatio": 0.025, "cum": 750},
        {"bracket": 3, "initialLeverage": 10, "notionalFloor": 500_000, "notionalCap": 5_000_000, "maintMarginRatio": 0.05, "cum": 13_250},
        {"bracket": 4, "initialLeverage": 1, "notionalFloor": 5_000_000, "notionalCap": 50_000_000, "maintMarginRatio": 0.1, "cum": 263_250},
    ]);
    let listed = |contract: &ContractRecipe| json!({"symbol": contract.symbol.as_str(), "brackets": tiers, "synthetic": true});
    Value::Array(recipe.contracts.iter().map(listed).collect())
}
