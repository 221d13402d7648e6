//! Which file's filters and brackets hold for a run: for each contract the file nearest at or before the run's start
//! that knows it, else the earliest that does, else what the configuration says.
//!
//! Not here: the files' layouts (`exchange_info`, `brackets`).
//! Invariant: files are read only when a contract asks for them, nearest first; whatever is used is reported.

use std::path::PathBuf;

use serde_json::Value;

use crate::domain::bar::Bars;
use crate::domain::instrument::{Bracket, Instrument};
use crate::domain::num::{Money, Price, Qty, Rate, UNIT};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::brackets::{self, BracketFile};
use super::divisor::Divisor;
use super::error::MarketError;
use super::exchange_info::{self, ExchangeInfo, Filters};
use super::library::RulesEntry;
use super::source::read_document;
use super::window::Window;

/// What stands in where no file knows a contract (`[instrument]` of the configuration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Price step; `None` takes the one the prices show.
    pub tick: Option<Price>,
    /// Quantity step, above zero.
    pub step: Qty,
    /// Smallest order.
    pub qty_min: Qty,
    /// Largest market order.
    pub market_qty_max: Qty,
    /// Smallest order value.
    pub notional_min: Money,
    /// Fee of a liquidation.
    pub liquidation_fee: Rate,
    /// At least one tier.
    pub brackets: Vec<Bracket>,
}

/// Where a contract's rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesSource {
    /// A file, and the day it is of.
    File {
        /// Which.
        path: PathBuf,
        /// Its day; `None` when neither name nor content says.
        date: Option<Timestamp>,
        /// Whether that day lies after the run's start (D7: no older one knows the contract).
        later: bool,
    },
    /// The configuration.
    Fallback,
}

/// What was used for one contract, for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesReport {
    /// Of tick, step, minima, maximum and the end of trading.
    pub filters: RulesSource,
    /// Of the margin tiers.
    pub brackets: RulesSource,
    /// The tick was taken from the prices.
    pub tick_from_prices: bool,
    /// `status` of the file's day; noted, not enforced.
    pub status: Option<String>,
    /// First day of trading in the file; noted, not enforced.
    pub onboard: Option<Timestamp>,
    /// Files that list the contract with values nobody can trade by (a tick of zero); they were passed over.
    pub unusable: Vec<String>,
}

/// What one file of rules holds.
#[derive(Debug)]
pub struct RulesCheck {
    /// The file.
    pub path: PathBuf,
    /// The day in its name.
    pub date: Option<Timestamp>,
    /// What is in it, or why it cannot be read.
    pub found: Result<RulesFound, MarketError>,
}

/// The contracts of one file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesFound {
    /// `filters` or `brackets`.
    pub kind: &'static str,
    /// How many contracts it lists.
    pub contracts: usize,
    /// What is wrong with those that nobody can trade by; a run passes them over and says so.
    pub unusable: Vec<String>,
}

/// All files with filters or brackets of a library.
#[derive(Debug, Default)]
pub struct RuleBook {
    files: Vec<RulesFile>,
}

#[derive(Debug)]
struct RulesFile {
    path: PathBuf,
    date: Option<Timestamp>,
    content: Option<Content>,
}

#[derive(Debug)]
enum Content {
    Filters(ExchangeInfo),
    Brackets(BracketFile),
}

impl RuleBook {
    /// Takes the files of a library. Those without a day in the name are read at once, for their server time.
    ///
    /// # Errors
    /// When such a file cannot be read.
    pub fn open(entries: &[RulesEntry]) -> Result<Self, MarketError> {
        let mut book = Self {
            files: entries
                .iter()
                .map(|entry| RulesFile {
                    path: entry.path.clone(),
                    date: entry.date,
                    content: None,
                })
                .collect(),
        };
        for file in &mut book.files {
            if file.date.is_none()
                && let Content::Filters(info) = file.content()?
            {
                let server_time = info.server_time;
                file.date = server_time;
            }
        }
        Ok(book)
    }

    /// Filters as the exchange has just told them, brackets from the files.
    ///
    /// # Errors
    /// When the answer is no exchangeInfo.
    pub fn of_answer(
        text: &str,
        at: Timestamp,
        entries: &[RulesEntry],
    ) -> Result<Self, MarketError> {
        let path = PathBuf::from("the exchange's answer to GET /fapi/v1/exchangeInfo");
        let info = exchange_info::parse(&path, text)?;
        let mut book = Self::open(entries)?;
        for file in &mut book.files {
            file.content()?;
        }
        book.files
            .retain(|file| !matches!(file.content, Some(Content::Filters(_))));
        book.files.push(RulesFile {
            path,
            date: Some(at),
            content: Some(Content::Filters(info)),
        });
        Ok(book)
    }

    /// Reads every file and every contract in it.
    #[must_use]
    pub fn check(entries: &[RulesEntry]) -> Vec<RulesCheck> {
        entries
            .iter()
            .map(|entry| {
                let mut file = RulesFile {
                    path: entry.path.clone(),
                    date: entry.date,
                    content: None,
                };
                RulesCheck {
                    path: entry.path.clone(),
                    date: entry.date,
                    found: file.content().map(Content::found),
                }
            })
            .collect()
    }

    /// Whether any file lists a contract.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn knows(&mut self, symbol: &Symbol) -> Result<bool, MarketError> {
        for file in &mut self.files {
            let known = match file.content()? {
                Content::Filters(info) => info.symbols().any(|name| name == symbol),
                Content::Brackets(tiers) => tiers.symbols().any(|name| name == symbol),
            };
            if known {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rules of a contract for a run, and where they come from. `bars` show the tick where nothing else says it.
    ///
    /// # Errors
    /// When a file that should know the contract cannot be read or is wrong about it.
    pub fn instrument(
        &mut self,
        symbol: &Symbol,
        window: Window,
        bars: Option<&Bars>,
        fallback: &Fallback,
    ) -> Result<(Instrument, RulesReport), MarketError> {
        let mut unusable = Vec::new();
        let filters = self.find(window.from, &mut unusable, |content| match content {
            Content::Filters(info) => info.filters(symbol),
            Content::Brackets(_) => Ok(None),
        })?;
        let tiers = self.find(window.from, &mut unusable, |content| match content {
            Content::Brackets(file) => file.brackets(symbol),
            Content::Filters(_) => Ok(None),
        })?;
        let (brackets, brackets_source) =
            tiers.unwrap_or_else(|| (fallback.brackets.clone(), RulesSource::Fallback));
        let (filters, filters_source) = match filters {
            Some((filters, source)) => (Some(filters), source),
            None => (None, RulesSource::Fallback),
        };
        let asked = filters.is_none() && fallback.tick.is_none();
        let shown = bars.filter(|_| asked).and_then(tick_of);
        let tick_from_prices = shown.is_some();
        let report = RulesReport {
            filters: filters_source,
            brackets: brackets_source,
            tick_from_prices,
            status: filters.as_ref().map(|filters| filters.status.clone()),
            onboard: filters.as_ref().and_then(|filters| filters.onboard),
            unusable,
        };
        let smallest = Price::from_steps(1).expect("invariant: one step is above zero");
        let instrument = match filters {
            Some(filters) => from_filters(symbol, &filters, window, fallback, brackets),
            None => Instrument {
                symbol: symbol.clone(),
                tick: fallback.tick.or(shown).unwrap_or(smallest),
                step: fallback.step,
                qty_min: fallback.qty_min,
                market_qty_max: fallback.market_qty_max,
                notional_min: fallback.notional_min,
                liquidation_fee: fallback.liquidation_fee,
                brackets,
                delisted: None,
            },
        };
        Ok((instrument, report))
    }

    /// The first answer, asking the nearest file at or before `start` first, then later ones, then undated ones.
    fn find<T>(
        &mut self,
        start: Timestamp,
        unusable: &mut Vec<String>,
        ask: impl Fn(&Content) -> Result<Option<T>, MarketError>,
    ) -> Result<Option<(T, RulesSource)>, MarketError> {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by_key(|index| match self.files[*index].date {
            Some(date) if date <= start => (0, -date.millis()),
            Some(date) => (1, date.millis()),
            None => (2, 0),
        });
        for index in order {
            let file = &mut self.files[index];
            let (path, date) = (file.path.clone(), file.date);
            match ask(file.content()?) {
                Ok(Some(answer)) => {
                    let later = date.is_some_and(|date| date > start);
                    return Ok(Some((answer, RulesSource::File { path, date, later })));
                }
                Ok(None) => {}
                Err(wrong) => unusable.push(wrong.to_string()),
            }
        }
        Ok(None)
    }
}

fn from_filters(
    symbol: &Symbol,
    filters: &Filters,
    window: Window,
    fallback: &Fallback,
    brackets: Vec<Bracket>,
) -> Instrument {
    Instrument {
        symbol: symbol.clone(),
        tick: filters.tick,
        step: filters.step,
        qty_min: filters.qty_min,
        market_qty_max: filters.market_qty_max,
        notional_min: filters.notional_min.unwrap_or(fallback.notional_min),
        liquidation_fee: filters.liquidation_fee.unwrap_or(fallback.liquidation_fee),
        brackets,
        // Perpetual contracts carry a date in 2100; only one that the run lives to see ends trading.
        delisted: filters.delivery.filter(|end| *end < window.to),
    }
}

impl Content {
    fn found(&self) -> RulesFound {
        let (kind, wrong): (_, Vec<Option<String>>) = match self {
            Self::Filters(info) => {
                let wrong = |symbol| info.filters(symbol).err().map(|wrong| wrong.to_string());
                ("filters", info.symbols().map(wrong).collect())
            }
            Self::Brackets(file) => {
                let wrong = |symbol| file.brackets(symbol).err().map(|wrong| wrong.to_string());
                ("brackets", file.symbols().map(wrong).collect())
            }
        };
        RulesFound {
            kind,
            contracts: wrong.len(),
            unusable: wrong.into_iter().flatten().collect(),
        }
    }
}

impl RulesFile {
    fn content(&mut self) -> Result<&Content, MarketError> {
        if self.content.is_none() {
            let text = read_document(&self.path)?;
            self.content = Some(self.parse(&text)?);
        }
        Ok(self.content.as_ref().expect("invariant: read just above"))
    }

    fn parse(&self, text: &str) -> Result<Content, MarketError> {
        // Typed reading of an exchangeInfo answer is much cheaper than a tree of values: look before parsing.
        let head: String = text.chars().take(4096).collect();
        if head.contains("\"rateLimits\"") || head.contains("\"serverTime\"") {
            return exchange_info::parse(&self.path, text).map(Content::Filters);
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|wrong| exchange_info::json_error(&self.path, text, &wrong))?;
        if value.get("symbols").is_some() {
            return exchange_info::parse(&self.path, text).map(Content::Filters);
        }
        brackets::from_value(&self.path, value).map(Content::Brackets)
    }
}

/// The price step that a series shows: the largest of 1, 2 and 5 times a power of ten that divides every price.
#[must_use]
pub fn tick_of(bars: &Bars) -> Option<Price> {
    let mut common = bars.open.first()?.steps();
    for column in [&bars.open, &bars.high, &bars.low, &bars.close] {
        let mut rest = column.as_slice();
        // The common divisor changes a few times at the start and hardly ever after.
        while let Some(asked) = Divisor::new(common)
            && let Some(place) = rest.iter().position(|price| !asked.divides(price.steps()))
        {
            common = divisor(common, rest[place].steps());
            rest = &rest[place + 1..];
        }
    }
    let mut tick = 1;
    let mut power = 1;
    while power <= UNIT * 1000 {
        for step in [power, 2 * power, 5 * power] {
            if common % step == 0 {
                tick = step;
            }
        }
        power *= 10;
    }
    Price::from_steps(tick)
}

fn divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
