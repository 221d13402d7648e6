//! The exchange's state as bytes and back: what a restart needs beside the journal's booked rows.
//!
//! Not here: where the bytes are kept (`journal`). Ledger entries and finished trades are not in them: they are rows of
//! the journal, each written once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::event::Floor;
use crate::domain::fill::{LedgerEntry, Trade};
use crate::domain::instrument::Instrument;
use crate::domain::market::NextFunding;
use crate::domain::num::Price;
use crate::domain::order::HaltCause;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::account::{Account, SavedAccount};
use crate::exchange::book::{Book, Flight};
use crate::exchange::history::Counters;
use crate::exchange::model::Model;

use super::{Desk, Trust, Venue};

/// What of a venue is saved. Contracts go by number: the listing of the journal gives the names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    account: SavedAccount,
    desks: BTreeMap<SymbolId, SavedDesk>,
    flight: Vec<Flight>,
    waiting: Vec<Flight>,
    now: Timestamp,
    start: Timestamp,
    midnight: Timestamp,
    floor: Option<Floor>,
    halted: Option<HaltCause>,
    counters: Counters,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedDesk {
    book: Book,
    contract: Option<Price>,
    mark: Option<(Price, Timestamp)>,
    quoted: Option<Timestamp>,
    funding: Option<NextFunding>,
    delisted: bool,
}

/// Saved bytes that are no state of this program.
#[derive(Debug, thiserror::Error)]
#[error(
    "the saved state of the exchange cannot be read: {0}\nhint: the journal was written by another version; finish it with that one"
)]
pub struct StateError(String);

impl Venue {
    /// The state as bytes. Nothing may be on its way to the trader.
    ///
    /// # Panics
    /// When events wait to be heard: they would be lost.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        assert!(
            self.outbox.is_empty(),
            "invariant: a state is saved between two instants"
        );
        let desks = self.desks.iter().enumerate();
        let saved = Saved {
            account: self.account.saved(),
            desks: desks
                .filter(|(_, desk)| !desk.is_untouched())
                .map(|(index, desk)| (SymbolId::at(index), SavedDesk::of(desk)))
                .collect(),
            flight: self.flight.clone(),
            waiting: self.waiting.clone(),
            now: self.now,
            start: self.start,
            midnight: self.midnight,
            floor: self.floor,
            halted: self.halted,
            counters: self.counters,
        };
        // By place, not by name: it is written with every commit of a live run. Both are read.
        rmp_serde::to_vec(&saved).expect("invariant: plain data becomes bytes")
    }

    /// A venue as it was saved, with the rows booked up to then.
    ///
    /// # Errors
    /// When the bytes are no saved state.
    pub fn from_bytes(
        bytes: &[u8],
        (model, trust): (Model, Trust),
        instruments: Vec<Instrument>,
        (ledger, trades): (Vec<LedgerEntry>, Vec<Trade>),
    ) -> Result<Self, StateError> {
        let saved: Saved =
            rmp_serde::from_slice(bytes).map_err(|wrong| StateError(wrong.to_string()))?;
        let known = |symbol: &SymbolId| symbol.index() < instruments.len();
        if !saved.desks.keys().all(known) {
            return Err(StateError(
                "it names more contracts than are listed".to_owned(),
            ));
        }
        let account = Account::restore(
            model.terms,
            instruments.len(),
            saved.account,
            (ledger, trades),
        )
        .ok_or_else(|| StateError("its account does not fit the booked rows".to_owned()))?;
        let mut desks = vec![Desk::default(); instruments.len()];
        for (symbol, desk) in saved.desks {
            desks[symbol.index()] = desk.into_desk();
        }
        Ok(Self {
            model,
            trust,
            instruments,
            account,
            desks,
            flight: saved.flight,
            waiting: saved.waiting,
            outbox: std::collections::VecDeque::new(),
            now: saved.now,
            start: saved.start,
            midnight: saved.midnight,
            floor: saved.floor,
            halted: saved.halted,
            counters: saved.counters,
            steps: Vec::new(),
            rollovers: Vec::new(),
            beyond: None,
            rank: 0,
        })
    }
}

impl Desk {
    fn is_untouched(&self) -> bool {
        self.contract.is_none()
            && self.mark.is_none()
            && self.book == Book::default()
            && !self.delisted
    }
}

impl SavedDesk {
    fn of(desk: &Desk) -> Self {
        Self {
            book: desk.book.clone(),
            contract: desk.contract,
            mark: desk.mark,
            quoted: desk.quoted,
            funding: desk.funding,
            delisted: desk.delisted,
        }
    }

    fn into_desk(self) -> Desk {
        Desk {
            book: self.book,
            contract: self.contract,
            mark: self.mark,
            // Quotes were missed meanwhile, and cannot be had again: trades stand in until the next one.
            quoted: None,
            funding: self.funding,
            delisted: self.delisted,
        }
    }
}
