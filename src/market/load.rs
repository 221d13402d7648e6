//! Reads what a run needs of a library: for each asked contract its bars, marks, funding and rules.
//!
//! Which lengths of bars: see `choose`. Coarser ones are not even opened where the finest leave no room for them.
//!
//! Not here: which file is which (`library`), judging what was read (`quality`).
//! Invariant: only files of asked contracts are opened, and the result hangs on their content alone, neither on the
//! order of folders nor on the number of threads.

use std::path::PathBuf;

use crate::domain::symbol::{Symbol, SymbolId, Symbols};
use crate::domain::time::{Span, Timestamp};

use super::agg_trades::{self, AggTrades};
use super::choose::{Candidate, choose};
use super::error::MarketError;
use super::instruments::{Fallback, RuleBook, RulesReport};
use super::klines;
use super::library::{KlineEntry, Library};
use super::mix::{Share, has_room};
use super::parquet;
use super::place::{PriceKind, interval_name};
use super::recording::{is_parquet, read_funding_joined, read_joined};
use super::tape::{FundingRecord, Series, Tape};
use super::threads;
use super::window::{Window, slice};

/// What a run asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Contracts, in any order; repeats are one.
    pub symbols: Vec<Symbol>,
    /// The run's stretch of time.
    pub window: Window,
    /// The length of the base bars, if the user named it.
    pub interval: Option<Span>,
    /// Whether a last bar that may be unfinished is left out.
    pub drop_unfinished: bool,
    /// Whether recorded trades are read too; they also stand in for bars where a contract has none.
    pub trades: bool,
    /// Rules for contracts no file knows.
    pub fallback: Fallback,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Prices and rules, by symbol.
    pub tape: Tape,
    /// Recorded trades of each symbol, in the same order; none unless they were asked for.
    pub trades: Vec<Option<AggTrades>>,
    /// What was used for each symbol, in the same order.
    pub reports: Vec<SymbolReport>,
}

/// What was used for one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolReport {
    /// Its name.
    pub symbol: Symbol,
    /// The finest length of the bars used; `None` without prices in the run window.
    pub interval: Option<Span>,
    /// The finest length of the drill-down's bars.
    pub detail: Option<Span>,
    /// Start of the first and end of the last recorded bar, where all of them lie outside the run window.
    pub outside: Option<(Timestamp, Timestamp)>,
    /// Every file that was read for it.
    pub files: Vec<PathBuf>,
    /// What each recorded length gave to the series, finest first (those that were opened).
    pub shares: Vec<Share>,
    /// Rows of the base bars that several recordings have.
    pub shared_rows: usize,
    /// Last bars of a recording that another one corrected.
    pub yielded: Vec<(PathBuf, Timestamp)>,
    /// Last bars of a recording that may have been saved while they formed (those in the window's reach).
    pub unfinished: Vec<Timestamp>,
    /// Whether those were left out.
    pub unfinished_dropped: bool,
    /// Lengths of the mark bars found.
    pub mark_intervals: Vec<Span>,
    /// Settlements whose stamp was moved to its minute.
    pub funding_moved: usize,
    /// Whose filters and brackets hold.
    pub rules: RulesReport,
    /// Whether any file of it is marked as made up.
    pub synthetic: bool,
}

/// Prices of one contract, before its rules.
struct Prices {
    series: Option<Series>,
    trades: Option<AggTrades>,
    report: PriceReport,
}

#[derive(Default)]
struct PriceReport {
    interval: Option<Span>,
    detail: Option<Span>,
    outside: Option<(Timestamp, Timestamp)>,
    files: Vec<PathBuf>,
    shares: Vec<Share>,
    shared_rows: usize,
    yielded: Vec<(PathBuf, Timestamp)>,
    unfinished: Vec<Timestamp>,
    mark_intervals: Vec<Span>,
    funding_moved: usize,
}

impl Library {
    /// Reads what a run asks for.
    ///
    /// # Errors
    /// The first thing wrong in a file that is needed, by symbol.
    pub fn load(&self, request: &Request, rules: &mut RuleBook) -> Result<Loaded, MarketError> {
        if request.window.from >= request.window.to {
            return Err(MarketError::Request {
                what: format!(
                    "the run window {} to {} is empty",
                    request.window.from, request.window.to
                ),
                hint: "--from and --to must enclose a time after the first signal; each defaults to what the signals ask for"
                    .to_owned(),
            });
        }
        let symbols =
            Symbols::new(request.symbols.iter().cloned()).ok_or(MarketError::Request {
                what: "more than 65,535 symbols".to_owned(),
                hint: "split the signals".to_owned(),
            })?;
        let prices = self.all_prices(&symbols, request)?;
        let mut tape = Tape {
            symbols,
            instruments: Vec::new(),
            series: Vec::new(),
        };
        let mut reports = Vec::new();
        let mut trades = Vec::new();
        for (index, prices) in prices.into_iter().enumerate() {
            let symbol = tape.symbols.name(SymbolId::at(index)).clone();
            let bars = prices.series.as_ref().map(Series::bars);
            let (instrument, used) =
                rules.instrument(&symbol, request.window, bars, &request.fallback)?;
            tape.instruments.push(instrument);
            tape.series.push(prices.series);
            trades.push(prices.trades);
            let report = prices.report;
            let synthetic = report.files.iter().any(|path| self.is_synthetic(path));
            reports.push(SymbolReport {
                symbol,
                interval: report.interval,
                detail: report.detail,
                outside: report.outside,
                files: report.files,
                shares: report.shares,
                shared_rows: report.shared_rows,
                yielded: report.yielded,
                unfinished: report.unfinished,
                unfinished_dropped: request.drop_unfinished,
                mark_intervals: report.mark_intervals,
                funding_moved: report.funding_moved,
                rules: used,
                synthetic,
            });
        }
        Ok(Loaded {
            tape,
            trades,
            reports,
        })
    }

    /// Symbols are independent, so threads take them in turn; results are put back by index.
    fn all_prices(&self, symbols: &Symbols, request: &Request) -> Result<Vec<Prices>, MarketError> {
        let names: Vec<&Symbol> = symbols.iter().map(|(_, name)| name).collect();
        threads::each(names.len(), |index| self.prices(names[index], request))
            .into_iter()
            .collect()
    }

    fn prices(&self, symbol: &Symbol, request: &Request) -> Result<Prices, MarketError> {
        let mut report = PriceReport::default();
        let candidates = self.candidates(symbol, request, &mut report.files)?;
        let chosen = choose(
            candidates,
            request.window,
            request.interval,
            request.drop_unfinished,
        );
        report.shares = chosen.shares;
        report.outside = chosen.outside;
        report.shared_rows = chosen.shared_rows;
        report.yielded = chosen.yielded;
        report.unfinished = chosen.unfinished;
        let trades = self.recorded_trades(symbol, request, &mut report.files)?;
        let built = || {
            let trades = trades.as_ref()?;
            Some(slice(trades.to_bars(), request.window))
        };
        let recorded = chosen
            .bars
            .filter(|bars| !request.trades || !bars.is_empty());
        let Some(bars) = recorded.or_else(built) else {
            return Ok(Prices {
                series: None,
                trades,
                report,
            });
        };
        report.interval = Some(bars.interval);
        report.detail = chosen.detail.as_ref().map(|bars| bars.interval);
        let mut marks = Vec::new();
        for (interval, entries) in self.by_interval(symbol, PriceKind::Mark)? {
            let name = format!("{symbol} {} mark klines", interval_name(interval));
            let found = read_joined(&paths(&entries, &mut report.files), interval, &name)?;
            report.mark_intervals.push(interval);
            marks.push(slice(found.0.bars, request.window));
        }
        let funding = self.funding(symbol, request.window, &mut report)?;
        let series = (!bars.is_empty()).then(|| Series::new(bars, &marks, chosen.detail, funding));
        Ok(Prices {
            series,
            trades,
            report,
        })
    }

    /// The lengths that a run could use, finest first.
    fn candidates(
        &self,
        symbol: &Symbol,
        request: &Request,
        files: &mut Vec<PathBuf>,
    ) -> Result<Vec<Candidate>, MarketError> {
        let mut found: Vec<Candidate> = Vec::new();
        for (interval, entries) in self.by_interval(symbol, PriceKind::Contract)? {
            let useful = match (request.interval, found.first()) {
                (Some(named), _) => interval <= named,
                (None, Some(finest)) => has_room(&finest.merged.bars, request.window, interval),
                (None, None) => true,
            };
            if !useful {
                continue;
            }
            let name = format!("{symbol} {} klines", interval_name(interval));
            let (merged, unfinished) = read_joined(&paths(&entries, files), interval, &name)?;
            found.push(Candidate { merged, unfinished });
        }
        Ok(found)
    }

    /// Trades of the window, joined, if they are asked for and there are any.
    fn recorded_trades(
        &self,
        symbol: &Symbol,
        request: &Request,
        files: &mut Vec<PathBuf>,
    ) -> Result<Option<AggTrades>, MarketError> {
        if !request.trades {
            return Ok(None);
        }
        let own = self.trades.iter().filter(|entry| entry.symbol == *symbol);
        let own: Vec<PathBuf> = own.map(|entry| entry.path.clone()).collect();
        let joined = agg_trades::read_joined(&own, &format!("{symbol} aggTrades"))?;
        files.extend(own);
        let cut = joined.within(request.window);
        Ok((!cut.is_empty()).then_some(cut))
    }

    fn funding(
        &self,
        symbol: &Symbol,
        window: Window,
        report: &mut PriceReport,
    ) -> Result<Vec<FundingRecord>, MarketError> {
        let own = self.funding.iter().filter(|entry| entry.symbol == *symbol);
        let files: Vec<PathBuf> = own.map(|entry| entry.path.clone()).collect();
        let (mut records, moved) = read_funding_joined(&files, &format!("{symbol} funding"))?;
        report.files.extend(files);
        report.funding_moved = moved;
        records.retain(|record| record.time >= window.from && record.time <= window.to);
        Ok(records)
    }

    /// The files of a contract by length, finest first. Files whose names do not say theirs are looked into.
    pub(crate) fn by_interval(
        &self,
        symbol: &Symbol,
        price: PriceKind,
    ) -> Result<Vec<(Span, Vec<&KlineEntry>)>, MarketError> {
        let mut groups: Vec<(Span, Vec<&KlineEntry>)> = Vec::new();
        let own = |entry: &&KlineEntry| entry.symbol == *symbol && entry.price == price;
        for entry in self.klines.iter().filter(own) {
            let interval = match entry.interval {
                Some(interval) => interval,
                None if is_parquet(&entry.path) => parquet::detect_interval(&entry.path)?,
                None => klines::detect_interval(&entry.path)?,
            };
            match groups.iter_mut().find(|(length, _)| *length == interval) {
                Some((_, entries)) => entries.push(entry),
                None => groups.push((interval, vec![entry])),
            }
        }
        groups.sort_by_key(|(length, _)| *length);
        Ok(groups)
    }
}

/// The paths of entries, noted among the files read.
fn paths(entries: &[&KlineEntry], files: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = entries.iter().map(|entry| entry.path.clone()).collect();
    files.extend_from_slice(&paths);
    paths
}

impl Loaded {
    /// The end of the last bar of all symbols; `None` without prices.
    #[must_use]
    pub fn last_bar_end(&self) -> Option<Timestamp> {
        let end = |series: &Series| {
            let bars = series.bars();
            bars.len().checked_sub(1).map(|last| bars.end(last))
        };
        self.tape.series.iter().flatten().filter_map(end).max()
    }

    /// Whether anything read is marked as made up.
    #[must_use]
    pub fn is_synthetic(&self) -> bool {
        self.reports.iter().any(|report| report.synthetic)
    }
}
