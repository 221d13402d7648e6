//! Whole series of a library, each for itself: what `data ls`, `data check` and `data convert` are made of.
//!
//! Not here: what a run takes of them (`load`).
//! Invariant: one broken series is reported as such and hides no other.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::bar::Bars;
use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

use super::error::MarketError;
use super::instruments::tick_of;
use super::library::Library;
use super::merge::Merged;
use super::place::{PriceKind, interval_name};
use super::quality::{BarQuality, bar_quality};
use super::recording::{read_funding_joined, read_joined};
use super::tape::FundingRecord;
use super::whole_file::write_whole;
use super::{parquet, parquet_funding};

/// What a series is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeriesKind {
    /// Contract bars of a length.
    Klines(Span),
    /// Mark bars of a length.
    Mark(Span),
    /// Settlements.
    Funding,
}

/// The files of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesFiles {
    /// The contract.
    pub symbol: Symbol,
    /// What of it.
    pub kind: SeriesKind,
    /// Its recordings, by path.
    pub files: Vec<PathBuf>,
    /// Whether any of them is marked as made up.
    pub synthetic: bool,
}

/// What a look at a whole series found.
#[derive(Clone, Debug)]
pub enum SeriesCheck {
    /// Bars.
    Bars {
        /// Gaps, flat stretches and the like. Off-tick prices are judged by a run, which knows the contract's rules:
        /// here the tick is the one that all prices share.
        quality: BarQuality,
        /// Rows that several recordings have.
        shared_rows: usize,
        /// Last bars that another recording corrected.
        yielded: Vec<(PathBuf, Timestamp)>,
    },
    /// Settlements: how many, how many moved to their minute, first and last.
    Funding {
        /// Rows.
        rows: usize,
        /// Stamps moved.
        moved: usize,
        /// First settlement.
        first: Timestamp,
        /// Last settlement.
        last: Timestamp,
    },
}

impl SeriesKind {
    /// For example `1m klines`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Klines(interval) => format!("{} klines", interval_name(*interval)),
            Self::Mark(interval) => format!("{} mark klines", interval_name(*interval)),
            Self::Funding => "funding".to_owned(),
        }
    }
}

/// All series of a library, by contract and kind. Only files whose names do not say their length are opened.
///
/// # Errors
/// When such a file cannot be read.
pub fn list(library: &Library) -> Result<Vec<SeriesFiles>, MarketError> {
    let mut symbols: Vec<&Symbol> = library
        .klines
        .iter()
        .map(|entry| &entry.symbol)
        .chain(library.funding.iter().map(|entry| &entry.symbol))
        .collect();
    symbols.sort();
    symbols.dedup();
    let mut all = Vec::new();
    for symbol in symbols {
        let mut add = |kind: SeriesKind, files: Vec<PathBuf>| {
            let synthetic = files.iter().any(|path| library.is_synthetic(path));
            all.push(SeriesFiles {
                symbol: symbol.clone(),
                kind,
                files,
                synthetic,
            });
        };
        for price in [PriceKind::Contract, PriceKind::Mark] {
            for (interval, entries) in library.by_interval(symbol, price)? {
                let files = entries.iter().map(|entry| entry.path.clone()).collect();
                add(
                    match price {
                        PriceKind::Contract => SeriesKind::Klines(interval),
                        PriceKind::Mark => SeriesKind::Mark(interval),
                    },
                    files,
                );
            }
        }
        let funding = library
            .funding
            .iter()
            .filter(|entry| entry.symbol == *symbol);
        let files: Vec<PathBuf> = funding.map(|entry| entry.path.clone()).collect();
        if !files.is_empty() {
            add(SeriesKind::Funding, files);
        }
    }
    Ok(all)
}

/// Reads a whole series and looks at it.
///
/// # Errors
/// What is wrong with its files.
pub fn check(series: &SeriesFiles) -> Result<SeriesCheck, MarketError> {
    match &series.kind {
        SeriesKind::Klines(interval) | SeriesKind::Mark(interval) => {
            let (merged, unfinished) = bars_of(series, *interval)?;
            let one = crate::domain::num::Price::from_steps(1);
            let tick = tick_of(&merged.bars).or(one);
            let tick = tick.expect("invariant: one step is above zero");
            Ok(SeriesCheck::Bars {
                quality: bar_quality(&merged.bars, tick, unfinished),
                shared_rows: merged.shared,
                yielded: merged.yielded,
            })
        }
        SeriesKind::Funding => {
            let (records, moved) = funding_of(series)?;
            let time = |record: Option<&FundingRecord>| {
                record
                    .map(|record| record.time)
                    .expect("invariant: files without rows are refused")
            };
            Ok(SeriesCheck::Funding {
                rows: records.len(),
                moved,
                first: time(records.first()),
                last: time(records.last()),
            })
        }
    }
}

/// Writes a whole series, its recordings joined, as one Parquet file below `folder`, and says where.
///
/// # Errors
/// What is wrong with its files, or with the folder.
pub fn convert(series: &SeriesFiles, folder: &Path) -> Result<PathBuf, MarketError> {
    let symbol = &series.symbol;
    let made_up = if series.synthetic { "-synthetic" } else { "" };
    let (part, name) = match &series.kind {
        SeriesKind::Klines(interval) => (
            "klines",
            format!("{symbol}-{}{made_up}.parquet", interval_name(*interval)),
        ),
        SeriesKind::Mark(interval) => (
            "mark",
            format!(
                "{symbol}-{}-mark{made_up}.parquet",
                interval_name(*interval)
            ),
        ),
        SeriesKind::Funding => ("funding", format!("{symbol}-funding{made_up}.parquet")),
    };
    let folder = folder.join(part);
    fs::create_dir_all(&folder).map_err(|wrong| MarketError::unwritable(&folder, wrong))?;
    let path = folder.join(name);
    match &series.kind {
        SeriesKind::Klines(interval) | SeriesKind::Mark(interval) => {
            let bars: Bars = bars_of(series, *interval)?.0.bars;
            parquet::write_klines(&path, &bars, series.synthetic)?;
        }
        SeriesKind::Funding => {
            let (records, _) = funding_of(series)?;
            parquet_funding::write(&path, &records, series.synthetic)?;
        }
    }
    Ok(path)
}

/// Copies filters and brackets as they are, so that a converted folder serves a run alone.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_rules(library: &Library, folder: &Path) -> Result<Vec<PathBuf>, MarketError> {
    let folder = folder.join("exchange-info");
    let mut copied = Vec::new();
    for entry in &library.rules {
        let Some(name) = entry.path.file_name() else {
            continue;
        };
        fs::create_dir_all(&folder).map_err(|wrong| MarketError::unwritable(&folder, wrong))?;
        let bytes =
            fs::read(&entry.path).map_err(|wrong| MarketError::unreadable(&entry.path, wrong))?;
        let path = folder.join(name);
        write_whole(&path, &bytes)?;
        copied.push(path);
    }
    Ok(copied)
}

fn bars_of(series: &SeriesFiles, interval: Span) -> Result<(Merged, Vec<Timestamp>), MarketError> {
    let name = format!("{} {}", series.symbol, series.kind.name());
    read_joined(&series.files, interval, &name)
}

fn funding_of(series: &SeriesFiles) -> Result<(Vec<FundingRecord>, usize), MarketError> {
    read_funding_joined(&series.files, &format!("{} funding", series.symbol))
}
