//! A journal's entries sorted by what a report makes of them, its contracts numbered as a run numbers them.
//!
//! Not here: reading and proving rows (`journal::reader`), tape and messages (`inputs`), the account (`outcome`).
//! Invariant: only contracts that occur have a number, in byte order of their names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{JournaledError, ids};
use crate::backtest::log::EventLog;
use crate::domain::bar::Bar;
use crate::domain::event::{AccountUpdate, Command, Event};
use crate::domain::fill::{LedgerEntry, Trade};
use crate::domain::num::{Money, Notional, Price};
use crate::domain::signal::Signal;
use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::Timestamp;
use crate::engine::Journal;
use crate::exchange::history::AccountStep;
use crate::journal::entry::{Boot, Entry, Recorded, SaidCommand};
use crate::journal::reader::Reader;

/// A minute of a contract and its mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Minute {
    /// Its trades.
    pub(super) bar: Bar,
    /// Open, high, low and close of the mark, if one was heard.
    pub(super) mark: Option<[Price; 4]>,
}

/// Everything of a journal that a report shows.
#[derive(Debug)]
pub(super) struct Rows {
    /// `paper`, `testnet` or `live`.
    pub(super) environment: String,
    /// The last start of the program, its number and its instant.
    pub(super) boot: (Boot, u64, Timestamp),
    /// The contracts that occur, in byte order.
    pub(super) symbols: Symbols,
    /// Everything heard, noted and said.
    pub(super) log: EventLog,
    /// In the order heard.
    pub(super) signals: Vec<Signal>,
    pub(super) ledger: Vec<LedgerEntry>,
    pub(super) trades: Vec<Trade>,
    pub(super) steps: Vec<AccountStep>,
    pub(super) rollovers: Vec<(Timestamp, Notional)>,
    /// By contract, ascending.
    pub(super) minutes: BTreeMap<SymbolId, BTreeMap<Timestamp, Minute>>,
    /// When the account was opened, and with how much.
    pub(super) opened: (Timestamp, Money),
    /// The instant of the last row.
    pub(super) end: Timestamp,
}

impl Rows {
    /// Reads a journal; another process may be writing it.
    ///
    /// # Errors
    /// When there is no journal of ours, a row is not proved, or no event was heard yet.
    pub(super) fn read(path: &Path) -> Result<Self, JournaledError> {
        let reader = Reader::open(path)?;
        let environment = reader.environment().to_owned();
        let recorded = reader.entries().collect::<Result<Vec<Recorded>, _>>()?;
        let empty = || JournaledError::Empty {
            path: path.to_owned(),
        };
        let boot = recorded.iter().rev().find_map(|row| {
            let Entry::Boot(boot) = &row.entry else {
                return None;
            };
            Some((boot.clone(), row.epoch, row.at))
        });
        let opened = recorded.iter().find_map(|row| {
            let Entry::Heard(Event::Account(AccountUpdate::Opened { balance })) = &row.entry else {
                return None;
            };
            Some((row.at, *balance))
        });
        let end = recorded.last().map(|row| row.at);
        let mut rows = Self {
            environment,
            boot: boot.ok_or_else(empty)?,
            symbols: Symbols::default(),
            log: EventLog::keeping(),
            signals: Vec::new(),
            ledger: Vec::new(),
            trades: Vec::new(),
            steps: Vec::new(),
            rollovers: Vec::new(),
            minutes: BTreeMap::new(),
            opened: opened.ok_or_else(empty)?,
            end: end.ok_or_else(empty)?,
        };
        rows.take_all(recorded);
        Ok(rows)
    }

    fn take_all(&mut self, mut recorded: Vec<Recorded>) {
        let mut met = BTreeSet::new();
        for row in &mut recorded {
            ids::each(&mut row.entry, &mut |id| {
                met.insert(*id);
            });
        }
        let listing = &self.boot.0.listing;
        let named = |id: &SymbolId| listing.get(id.index()).map(|one| one.symbol.clone());
        let names = met.iter().filter_map(named);
        self.symbols = Symbols::new(names)
            .expect("invariant: a listing numbers its contracts as a run does, with 16 bits");
        let symbols = &self.symbols;
        let numbers: BTreeMap<SymbolId, SymbolId> = met
            .iter()
            .filter_map(|id| Some((*id, symbols.id(&named(id)?)?)))
            .collect();
        for mut row in recorded {
            ids::each(&mut row.entry, &mut |id| {
                *id = *numbers.get(id).expect(
                    "invariant: the reader proves that no row names a contract its boot does not list",
                );
            });
            self.take(row);
        }
    }

    fn take(&mut self, Recorded { at, entry, .. }: Recorded) {
        match entry {
            Entry::Heard(event) => {
                if let Event::Signal { signal, .. } = &event {
                    self.signals.push(signal.clone());
                }
                self.log.heard(at, &event).unwrap_or_else(|no| match no {});
            }
            Entry::Noted(note) => self.log.noted(at, &note).unwrap_or_else(|no| match no {}),
            Entry::Said(said) => self.said(at, said),
            Entry::Ledger(line) => self.ledger.push(line),
            Entry::Trade(trade) => self.trades.push(trade),
            Entry::Step {
                at,
                rank,
                wallet,
                symbol,
                position,
            } => self.steps.push(AccountStep {
                at,
                rank,
                wallet,
                symbol,
                position,
            }),
            Entry::Rollover { at, equity } => self.rollovers.push((at, equity)),
            Entry::Bar { .. } => self.minute(&entry),
            Entry::Boot(_)
            | Entry::Stopped { .. }
            | Entry::Taken { .. }
            | Entry::Alarm { .. }
            | Entry::Operator { .. } => {}
        }
    }

    fn said(&mut self, at: Timestamp, said: SaidCommand) {
        let command = match said {
            SaidCommand::Submit(request) => return self.log.said_request(at, &request),
            SaidCommand::Cancel(id) => Command::Cancel(id),
            SaidCommand::Query(id) => Command::Query(id),
            SaidCommand::Resync => Command::Resync,
            SaidCommand::Halt(cause) => Command::Halt(cause),
            SaidCommand::Release => Command::Release,
            SaidCommand::Watch(floor) => Command::Watch(floor),
        };
        self.log.said(at, &command).unwrap_or_else(|no| match no {});
    }

    /// A minute in which the program stopped and began again is recorded in two parts.
    fn minute(&mut self, entry: &Entry) {
        let Entry::Bar {
            symbol,
            open_time,
            open,
            high,
            low,
            close,
            volume,
            mark,
        } = *entry
        else {
            return;
        };
        let bar = Bar {
            open_time,
            open,
            high,
            low,
            close,
            volume,
        };
        let part = Minute { bar, mark };
        let minutes = self.minutes.entry(symbol).or_default();
        let whole = match minutes.get(&open_time) {
            Some(first) => first.joined(part),
            None => part,
        };
        minutes.insert(open_time, whole);
    }
}

impl Minute {
    fn joined(self, later: Self) -> Self {
        let (one, two) = (self.bar, later.bar);
        let mark = match (self.mark, later.mark) {
            (Some(one), Some(two)) => {
                Some([one[0], one[1].max(two[1]), one[2].min(two[2]), two[3]])
            }
            (one, two) => two.or(one),
        };
        Self {
            bar: Bar {
                high: one.high.max(two.high),
                low: one.low.min(two.low),
                close: two.close,
                volume: one.volume + two.volume,
                ..one
            },
            mark,
        }
    }
}
