//! Contracts by number and by name, as the boots of a journal list them.
//!
//! Not here: filters of contracts (they travel in the boot itself).

use std::collections::BTreeMap;

use crate::domain::symbol::{Symbol, SymbolId};
use crate::journal::entry::Listed;

/// The names, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub(in crate::journal) struct Listing {
    names: Vec<Symbol>,
    numbers: BTreeMap<String, SymbolId>,
}

/// Why a boot does not continue a listing.
#[derive(Debug)]
pub(in crate::journal) struct Mismatch {
    pub(in crate::journal) place: usize,
    pub(in crate::journal) found: String,
    pub(in crate::journal) was: String,
}

impl Listing {
    pub(super) fn name(&self, id: SymbolId) -> Option<&Symbol> {
        self.names.get(id.index())
    }

    pub(super) fn id(&self, name: &str) -> Option<SymbolId> {
        self.numbers.get(name).copied()
    }

    /// The listing of the next boot: the same contracts in the same places, and perhaps more.
    pub(in crate::journal) fn continued(&self, listed: &[Listed]) -> Result<Self, Mismatch> {
        let missing = || "missing".to_owned();
        for (place, was) in self.names.iter().enumerate() {
            let found = listed.get(place).map(|entry| &entry.symbol);
            if found != Some(was) {
                return Err(Mismatch {
                    place,
                    found: found.map_or_else(missing, ToString::to_string),
                    was: was.to_string(),
                });
            }
        }
        let mut next = Self::default();
        for (place, entry) in listed.iter().enumerate() {
            let wrong = |was: &str| Mismatch {
                place,
                found: entry.symbol.to_string(),
                was: was.to_owned(),
            };
            if place > usize::from(u16::MAX) {
                return Err(wrong("beyond the 65,536 contracts a run can hold"));
            }
            if entry.instrument.symbol != entry.symbol {
                return Err(wrong("listed with the filters of another contract"));
            }
            let earlier = next
                .numbers
                .insert(entry.symbol.to_string(), SymbolId::at(place));
            if earlier.is_some() {
                return Err(wrong("listed twice"));
            }
            next.names.push(entry.symbol.clone());
        }
        Ok(next)
    }
}
