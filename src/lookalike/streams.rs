//! Names of streams and the route each belongs to.
//!
//! Not here: who listens to them (`hub`).

use std::collections::BTreeMap;

use crate::domain::symbol::{SymbolId, Symbols};

/// A route of the stream host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Public,
    Market,
    /// Known, and nothing is ever said on it: `/private`, and addresses without a route.
    Quiet,
}

/// What a stream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Book,
    Trade,
    /// Every second.
    Mark,
    /// Every third second.
    SlowMark,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 4;

/// A stream of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stream {
    pub(super) symbol: SymbolId,
    pub(super) kind: Kind,
}

/// The contracts by their names in streams, which are lower case.
#[derive(Debug)]
pub(super) struct StreamNames {
    names: BTreeMap<String, SymbolId>,
}

impl Route {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "public" => Some(Self::Public),
            "market" => Some(Self::Market),
            "private" => Some(Self::Quiet),
            _ => None,
        }
    }
}

impl Kind {
    pub(super) const fn route(self) -> Route {
        match self {
            Self::Book => Route::Public,
            Self::Trade | Self::Mark | Self::SlowMark => Route::Market,
        }
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Book => 0,
            Self::Trade => 1,
            Self::Mark => 2,
            Self::SlowMark => 3,
        }
    }

    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Book => "bookTicker",
            Self::Trade => "aggTrade",
            Self::Mark => "markPrice@1s",
            Self::SlowMark => "markPrice",
        }
    }
}

impl StreamNames {
    pub(super) fn new(symbols: &Symbols) -> Self {
        let names = symbols
            .iter()
            .map(|(id, name)| (name.as_str().to_lowercase(), id));
        Self {
            names: names.collect(),
        }
    }

    /// The stream of a name; `None` for those that do not exist or are not played.
    pub(super) fn find(&self, name: &str) -> Option<Stream> {
        let (symbol, suffix) = name.split_once('@')?;
        let symbol = *self.names.get(symbol)?;
        let kind = match suffix {
            "bookTicker" => Kind::Book,
            "aggTrade" => Kind::Trade,
            "markPrice@1s" => Kind::Mark,
            "markPrice" => Kind::SlowMark,
            _ => return None,
        };
        Some(Stream { symbol, kind })
    }
}
