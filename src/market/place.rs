//! What a file is, from its place and name: the convention of a data folder.
//!
//! A data folder is searched recursively. The kind of a file comes from the folders above it, its symbol and bar length
//! from its name; packing is seen in the bytes.
//!
//! | what | where | name |
//! |---|---|---|
//! | klines | anywhere; the folder `klines/` is usual | `SYMBOL-INTERVAL[-anything]`, `.csv`, `.csv.gz`, `.zip`, `.parquet` |
//! | mark klines | below `mark/` or `markPriceKlines/`, or `mark` in the name | the same |
//! | funding | below `funding/` or `fundingRate/`, or `funding` in the name | `SYMBOL[-anything]` |
//! | trades | below `trades/` or `aggTrades/`, or only by name; read on demand | `SYMBOL-aggTrades[-anything]`, `.csv`, `.csv.gz`, `.zip` |
//! | filters | below `exchange-info/` | `.json` with a `symbols` list (`exchangeInfo`) |
//! | brackets | below `exchange-info/` | `.json` in the `leverageBracket` or the ccxt layout |
//!
//! Both layouts of the public archive fit (`…/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip`). `spot`, `cm` (coin-margined),
//! `trades`, `signals` and the like in a folder or name set a file aside, with a note. A file named `SYNTHETIC` says
//! that everything beside and below it is made up; results then say so too.
//!
//! Not here: reading the files, walking the folders (`library`).

use std::path::Path;

use crate::domain::symbol::Symbol;
use crate::domain::time::{Span, Timestamp};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Contract or mark bars of a symbol; the length is `None` where the name does not say.
    Klines {
        /// The contract.
        symbol: Symbol,
        /// The bars' length.
        interval: Option<Span>,
        /// Contract or mark prices.
        price: PriceKind,
    },
    /// Funding settlements of a symbol.
    Funding {
        /// The contract.
        symbol: Symbol,
    },
    /// Aggregated trades of a symbol; read only where a run asks for trades, else set aside with [`TRADES_ASIDE`].
    AggTrades {
        /// The contract.
        symbol: Symbol,
    },
    /// Filters or brackets; the content says which.
    Rules {
        /// The day in the name, if it has one.
        date: Option<Timestamp>,
    },
    /// The marker of a made-up folder.
    SyntheticMark,
    /// Nothing a run reads, and why.
    Aside(&'static str),
}

/// Which price a bar is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceKind {
    /// Trades of the contract.
    Contract,
    /// The exchange's mark.
    Mark,
}

/// Lengths whose bars lie on a fixed grid since 1970. Weeks and months do not.
const INTERVALS: [(&str, i64); 14] = [
    ("1m", 1),
    ("3m", 3),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("1h", 60),
    ("2h", 120),
    ("4h", 240),
    ("6h", 360),
    ("8h", 480),
    ("12h", 720),
    ("1d", 1440),
    ("10m", 10),
    ("2m", 2),
];

/// Why recorded trades are set aside.
pub const TRADES_ASIDE: &str = "trades: a run reads bars";

/// Words in folders or names that set a file aside.
const ASIDE: [(&str, &str); 17] = [
    ("spot", "spot prices: the contracts of a run are futures"),
    ("cm", "coin-margined contracts"),
    ("trades", TRADES_ASIDE),
    ("aggtrades", TRADES_ASIDE),
    ("depth", "order book: a run reads bars"),
    ("bookdepth", "order book: a run reads bars"),
    ("bookticker", "order book: a run reads bars"),
    ("user-stream", "account events"),
    (
        "signals",
        "signals: named on the command line, not found in a data folder",
    ),
    ("premiumindexklines", "premium index"),
    ("indexpriceklines", "index prices"),
    ("metrics", "market metrics"),
    ("liquidationsnapshot", "liquidations"),
    ("1w", "bars of a week lie on no fixed grid"),
    ("1mo", "bars of a month lie on no fixed grid"),
    ("3d", "bars of three days lie on no fixed grid"),
    ("optionsummary", "options"),
];

/// Reads an interval such as `5m`.
#[must_use]
pub fn parse_interval(text: &str) -> Option<Span> {
    INTERVALS
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, minutes)| Span::from_millis(minutes * 60_000))
}

/// Writes a length as [`parse_interval`] reads it, or in milliseconds.
#[must_use]
pub fn interval_name(interval: Span) -> String {
    INTERVALS
        .iter()
        .find(|(_, minutes)| minutes * 60_000 == interval.millis())
        .map_or_else(
            || format!("{}ms", interval.millis()),
            |(name, _)| (*name).to_owned(),
        )
}

/// Says what the file at `path` (relative to the data folder, that folder's own name in front) is.
#[must_use]
pub fn place(path: &Path) -> Place {
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (stem, extension) = split_name(&file);
    if stem.eq_ignore_ascii_case("SYNTHETIC") {
        return Place::SyntheticMark;
    }
    let folders: Vec<String> = path
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str().to_string_lossy().to_lowercase())
        .collect();
    let tokens: Vec<&str> = stem.split('-').collect();
    if let Some(reason) = set_aside(&folders, &tokens) {
        return aside(reason, &tokens, extension);
    }
    let above = |names: &[&str]| {
        folders
            .iter()
            .any(|folder| names.contains(&folder.as_str()))
    };
    let named = |name: &str| tokens.iter().any(|token| token.eq_ignore_ascii_case(name));
    if extension == "json" {
        return if above(&["exchange-info", "exchange_info", "exchangeinfo"]) {
            Place::Rules {
                date: date_in(stem),
            }
        } else {
            Place::Aside("json outside exchange-info/")
        };
    }
    if !matches!(extension, "csv" | "zip" | "parquet") {
        return Place::Aside("not a table of prices");
    }
    let symbol = Symbol::new(tokens.first().copied().unwrap_or_default());
    if above(&["funding", "fundingrate"]) || named("funding") || named("fundingRate") {
        return Place::Funding { symbol };
    }
    let price = if above(&["mark", "markpriceklines"]) || named("mark") {
        PriceKind::Mark
    } else {
        PriceKind::Contract
    };
    let in_name = tokens
        .iter()
        .skip(1)
        .find_map(|token| parse_interval(token));
    let in_folder = || {
        folders
            .iter()
            .rev()
            .find_map(|folder| parse_interval(folder))
    };
    let interval = in_name.or_else(in_folder);
    let usual = price == PriceKind::Mark || above(&["klines"]);
    if interval.is_none() && !usual {
        return Place::Aside(
            "neither symbol and interval in the name nor a folder klines/, mark/ or funding/",
        );
    }
    Place::Klines {
        symbol,
        interval,
        price,
    }
}

/// Aggregated trades are set aside too, but findable.
fn aside(reason: &'static str, tokens: &[&str], extension: &str) -> Place {
    let aggregated = tokens
        .get(1)
        .is_some_and(|token| token.eq_ignore_ascii_case("aggTrades"));
    if reason == TRADES_ASIDE && aggregated && matches!(extension, "csv" | "zip") {
        return Place::AggTrades {
            symbol: Symbol::new(tokens[0]),
        };
    }
    Place::Aside(reason)
}

fn set_aside(folders: &[String], tokens: &[&str]) -> Option<&'static str> {
    // A symbol may be named like one of the words (`METRICSUSDT` is not, but who knows): the first token is its own.
    let words = folders
        .iter()
        .flat_map(|folder| std::iter::once(folder.as_str()).chain(folder.split('-')))
        .map(str::to_owned)
        .chain(tokens.iter().skip(1).map(|token| token.to_lowercase()));
    let words: Vec<String> = words.collect();
    ASIDE
        .iter()
        .find(|(word, _)| words.iter().any(|found| found == word))
        .map(|(_, reason)| *reason)
}

/// Name without its extensions, and the extension that says the format (`.gz` set aside).
fn split_name(file: &str) -> (&str, &str) {
    let open = file.strip_suffix(".gz").unwrap_or(file);
    match open.rsplit_once('.') {
        Some((stem, extension)) => (stem.strip_suffix(".csv").unwrap_or(stem), extension),
        None => (open, ""),
    }
}

/// The day a name ends with, `2026-01-01` or `20260101`.
fn date_in(stem: &str) -> Option<Timestamp> {
    let bytes = stem.as_bytes();
    let dashed = (0..bytes.len().saturating_sub(9)).rev().find_map(|at| {
        let text = stem.get(at..at + 10)?;
        (text.as_bytes()[4] == b'-').then(|| Timestamp::parse(text))?
    });
    dashed.or_else(|| {
        let digits = stem
            .rsplit(|letter: char| !letter.is_ascii_digit())
            .next()?;
        let (year, rest) = digits.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        Timestamp::parse(&format!("{year}-{month}-{day}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_names_say_what_a_file_is() {
        let minutes = |count: i64| Some(Span::from_millis(count * 60_000));
        let bars = |symbol: &str, interval, price| Place::Klines {
            symbol: Symbol::new(symbol),
            interval,
            price,
        };
        let contract = PriceKind::Contract;
        for (path, wanted) in [
            (
                "d/klines/um-1m/RIVERUSDT-1m-h.csv.gz",
                bars("RIVERUSDT", minutes(1), contract),
            ),
            (
                "d/klines/BTCUSDT/5m/BTCUSDT-5m-2024-01.zip",
                bars("BTCUSDT", minutes(5), contract),
            ),
            (
                "d/币安人生USDT-1m.csv",
                bars("币安人生USDT", minutes(1), contract),
            ),
            (
                "d/klines/BTCUSDT_260327.csv",
                bars("BTCUSDT_260327", None, contract),
            ),
            (
                "d/mark/BTCUSDT-1h-mark.csv.gz",
                bars("BTCUSDT", minutes(60), PriceKind::Mark),
            ),
            (
                "um/markPriceKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip",
                bars("BTCUSDT", minutes(60), PriceKind::Mark),
            ),
            (
                "d/funding/BTCUSDT-funding-jitter.csv.gz",
                Place::Funding {
                    symbol: Symbol::new("BTCUSDT"),
                },
            ),
            (
                "d/fundingRate/X/BTCUSDT-fundingRate-2024-01.zip",
                Place::Funding {
                    symbol: Symbol::new("BTCUSDT"),
                },
            ),
            ("d/SYNTHETIC", Place::SyntheticMark),
            ("d/SYNTHETIC.txt", Place::SyntheticMark),
            (
                "d/exchange-info/um-leverage-tiers-2026-01-01.json.gz",
                Place::Rules {
                    date: Timestamp::parse("2026-01-01"),
                },
            ),
        ] {
            assert_eq!(place(Path::new(path)), wanted, "{path}");
        }
        for path in [
            "d/klines/spot-5m/BTCUSDT-5m-spot.csv.gz",
            "d/klines/spot-1h-archive/BTCUSDT-1h-2024-10-28.zip",
            "d/trades/um/btcusdt-depth-snap.csv",
            "d/trades/spot/PEPEUSDT-aggTrades-2024-10-27.zip",
            "d/trades/um/BTCUSDT-trades-2024-10-27.zip",
            "d/user-stream/um-misc.jsonl",
            "d/signals/x.json",
            "d/README.md",
            "d/klines/BTCUSDT-1w.csv",
            "d/notes.csv",
        ] {
            assert!(matches!(place(Path::new(path)), Place::Aside(_)), "{path}");
        }
    }

    #[test]
    fn aggregated_trades_are_found() {
        for path in [
            "d/trades/um/APEUSDT-aggTrades-2024-10-18.zip",
            "um/aggTrades/APEUSDT/APEUSDT-aggTrades-2024-10-18.csv.gz",
            "d/APEUSDT-aggTrades.csv",
        ] {
            let wanted = Place::AggTrades {
                symbol: Symbol::new("APEUSDT"),
            };
            assert_eq!(place(Path::new(path)), wanted, "{path}");
        }
    }

    #[test]
    fn intervals_round_trip() {
        for (name, _) in INTERVALS {
            assert_eq!(
                parse_interval(name).map(interval_name).as_deref(),
                Some(name)
            );
        }
        assert_eq!(parse_interval("7m"), None);
    }
}
