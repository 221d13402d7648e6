//! The files of one or several data folders, sorted by what they are.
//!
//! Not here: the convention itself (`place`), reading them for a run (`load`).
//! Invariant: opening a library reads names only, and the order of entries hangs on names alone, not on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

use super::error::MarketError;
use super::place::{Place, PriceKind, TRADES_ASIDE, place};

/// Deepest nesting that is searched; more is a loop or a mistake.
const DEPTH_MAX: usize = 32;

/// Why a pipe or a device is set aside: reading one may never end.
const NO_FILE: &str = "neither a file nor a folder";

/// Where a search is and what it met, by real paths.
#[derive(Default)]
struct Search {
    /// The folders above, to see a link that leads back.
    above: Vec<PathBuf>,
    /// Files met.
    seen: BTreeSet<PathBuf>,
}

/// A file with bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KlineEntry {
    /// Where.
    pub path: PathBuf,
    /// The contract.
    pub symbol: Symbol,
    /// The bars' length; `None` where the name does not say.
    pub interval: Option<Span>,
    /// Contract or mark prices.
    pub price: PriceKind,
}

/// A file with settlements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundingEntry {
    /// Where.
    pub path: PathBuf,
    /// The contract.
    pub symbol: Symbol,
}

/// A file with aggregated trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradesEntry {
    /// Where.
    pub path: PathBuf,
    /// The contract.
    pub symbol: Symbol,
}

/// A file with filters or brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesEntry {
    /// Where.
    pub path: PathBuf,
    /// The day in its name.
    pub date: Option<Timestamp>,
}

/// What the folders hold.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Files with bars, by path.
    pub klines: Vec<KlineEntry>,
    /// Files with settlements, by path.
    pub funding: Vec<FundingEntry>,
    /// Files with aggregated trades, by path; they are among those set aside too, since only runs that ask read them.
    pub trades: Vec<TradesEntry>,
    /// Files with filters or brackets, by path.
    pub rules: Vec<RulesEntry>,
    /// Files no run reads, by reason.
    pub aside: BTreeMap<&'static str, Vec<PathBuf>>,
    /// Folders marked as made up.
    pub synthetic: Vec<PathBuf>,
}

impl Library {
    /// Searches folders recursively. A single file may stand for a folder.
    ///
    /// # Errors
    /// When a folder is missing or unreadable, or links lead in a circle.
    pub fn open(roots: &[PathBuf]) -> Result<Self, MarketError> {
        let mut library = Self::default();
        let mut search = Search::default();
        for root in roots {
            let real =
                fs::canonicalize(root).map_err(|wrong| MarketError::unreadable(root, wrong))?;
            let name = real.file_name().map(PathBuf::from).unwrap_or_default();
            if real.is_dir() {
                search.above.push(real);
                library.walk(root, &name, &mut search)?;
                search.above.pop();
            } else if search.seen.insert(real.clone()) {
                // The folder above may say what a lone file is.
                let above = real.parent().and_then(Path::file_name).map(PathBuf::from);
                library.sort_in(root.clone(), &above.unwrap_or_default().join(&name));
            }
        }
        library.klines.sort_by(|a, b| a.path.cmp(&b.path));
        library.funding.sort_by(|a, b| a.path.cmp(&b.path));
        library.trades.sort_by(|a, b| a.path.cmp(&b.path));
        library.rules.sort_by(|a, b| a.path.cmp(&b.path));
        for paths in library.aside.values_mut() {
            paths.sort();
        }
        Ok(library)
    }

    fn walk(
        &mut self,
        folder: &Path,
        relative: &Path,
        search: &mut Search,
    ) -> Result<(), MarketError> {
        if search.above.len() > DEPTH_MAX {
            let found = format!("folders nest deeper than {DEPTH_MAX}");
            return Err(MarketError::content(folder, found, ""));
        }
        let unreadable = |wrong| MarketError::unreadable(folder, wrong);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
        }
        names.sort();
        for name in names {
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = folder.join(&name);
            let real =
                fs::canonicalize(&path).map_err(|wrong| MarketError::unreadable(&path, wrong))?;
            if !real.is_dir() {
                // A file that two links or folders lead to is one recording, not two that agree.
                if !real.is_file() {
                    self.aside.entry(NO_FILE).or_default().push(path);
                } else if search.seen.insert(real) {
                    self.sort_in(path, &relative.join(&name));
                }
                continue;
            }
            if search.above.contains(&real) {
                return Err(MarketError::content(
                    &path,
                    format!("is a link back to {}", real.display()),
                    "remove the link: folders must not contain themselves",
                ));
            }
            search.above.push(real);
            self.walk(&path, &relative.join(&name), search)?;
            search.above.pop();
        }
        Ok(())
    }

    fn sort_in(&mut self, path: PathBuf, relative: &Path) {
        match place(relative) {
            Place::Klines {
                symbol,
                interval,
                price,
            } => self.klines.push(KlineEntry {
                path,
                symbol,
                interval,
                price,
            }),
            Place::Funding { symbol } => self.funding.push(FundingEntry { path, symbol }),
            Place::AggTrades { symbol } => {
                self.aside
                    .entry(TRADES_ASIDE)
                    .or_default()
                    .push(path.clone());
                self.trades.push(TradesEntry { path, symbol });
            }
            Place::Rules { date } => self.rules.push(RulesEntry { path, date }),
            Place::SyntheticMark => {
                if let Some(folder) = path.parent() {
                    self.synthetic.push(folder.to_owned());
                }
            }
            Place::Aside(reason) => self.aside.entry(reason).or_default().push(path),
        }
    }

    /// Whether a file lies in or below a folder marked as made up, or says so in its name.
    #[must_use]
    pub fn is_synthetic(&self, path: &Path) -> bool {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase());
        let named = name.is_some_and(|name| name.split(['-', '.']).any(|word| word == "synthetic"));
        named || self.synthetic.iter().any(|folder| path.starts_with(folder))
    }

    /// Names of all contracts that have contract bars or recorded trades, in byte order.
    #[must_use]
    pub fn traded_symbols(&self) -> Vec<Symbol> {
        let mut names = self.priced_symbols();
        names.extend(self.trades.iter().map(|entry| entry.symbol.clone()));
        names.sort();
        names.dedup();
        names
    }

    /// Names of all contracts that have contract bars, in byte order.
    #[must_use]
    pub fn priced_symbols(&self) -> Vec<Symbol> {
        let mut names: Vec<Symbol> = self
            .klines
            .iter()
            .filter(|entry| entry.price == PriceKind::Contract)
            .map(|entry| entry.symbol.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
