//! Contract names: text at the edge, a small number inside.
//!
//! Not here: which contracts exist (`market`). Names need not be ASCII (`币安人生USDT`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a contract as the exchange writes it, for example `BTCUSDT`. Ordered by bytes (T6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(Arc<str>);

/// A contract's number within one run. Ids are given in byte order of the names, so that order by id is order by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SymbolId(u16);

/// The contracts of one run: in byte order of their names, but that those of a live run keep their numbers for ever and
/// later listings follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    names: Vec<Symbol>,
    /// The numbers in byte order of the names.
    sorted: Vec<SymbolId>,
}

impl Symbol {
    /// Takes the name as it is.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// Brings a feed's spelling to the contract's (S1): trims, upper-cases, strips a leading `$`, removes `/` and
    /// `-`, appends `USDT` unless it ends so. `None` when nothing is left of the name.
    #[must_use]
    pub fn normalize(raw: &str) -> Option<Self> {
        let upper = raw.trim().to_uppercase();
        let bare: String = upper
            .trim_start_matches('$')
            .chars()
            .filter(|letter| !matches!(letter, '/' | '-'))
            .collect();
        let bare = bare.trim();
        if bare.is_empty() || bare == "USDT" {
            return None;
        }
        Some(if bare.ends_with("USDT") {
            Self::new(bare)
        } else {
            Self::new(&format!("{bare}USDT"))
        })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl SymbolId {
    /// The id as an index into per-symbol tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The id at an index of a table built from [`Symbols`].
    ///
    /// # Panics
    /// Beyond 65,535 symbols, which [`Symbols::new`] has already refused.
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(u16::try_from(index).expect("invariant: Symbols holds at most 65,535 names"))
    }
}

impl Symbols {
    /// Numbers the names in byte order; repeats are one. `None` with more than 65,535 of them.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = Symbol>) -> Option<Self> {
        let unique: BTreeMap<Symbol, ()> = names.into_iter().map(|name| (name, ())).collect();
        if unique.len() > usize::from(u16::MAX) {
            return None;
        }
        Self::listed(unique.into_keys().collect())
    }

    /// Numbers the names in the order given. `None` with more than 65,535 of them or a repeat.
    #[must_use]
    pub fn listed(names: Vec<Symbol>) -> Option<Self> {
        if names.len() > usize::from(u16::MAX) {
            return None;
        }
        let mut sorted: Vec<SymbolId> = (0..names.len()).map(SymbolId::at).collect();
        sorted.sort_by(|one, other| names[one.index()].cmp(&names[other.index()]));
        let repeats = sorted
            .windows(2)
            .any(|pair| names[pair[0].index()] == names[pair[1].index()]);
        (!repeats).then_some(Self { names, sorted })
    }

    /// The number of a name, if the run knows it.
    #[must_use]
    pub fn id(&self, name: &Symbol) -> Option<SymbolId> {
        let place = self
            .sorted
            .binary_search_by(|id| self.names[id.index()].cmp(name));
        place.ok().map(|place| self.sorted[place])
    }

    /// The name of a number.
    #[must_use]
    pub fn name(&self, id: SymbolId) -> &Symbol {
        &self.names[id.index()]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.names
            .iter()
            .enumerate()
            .map(|(index, name)| (SymbolId::at(index), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_spellings_become_contract_names() {
        for (raw, name) in [
            ("BTC", "BTCUSDT"),
            ("$btc", "BTCUSDT"),
            ("ETH/USDT", "ETHUSDT"),
            (" sol-usdt ", "SOLUSDT"),
            ("币安人生", "币安人生USDT"),
        ] {
            assert_eq!(Symbol::normalize(raw), Some(Symbol::new(name)), "{raw}");
        }
        for empty in ["", " ", "$", "/", "-usdt"] {
            assert_eq!(Symbol::normalize(empty), None, "{empty}");
        }
    }
}
