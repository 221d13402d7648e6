//! The records of a log one after the other: tag, time, numbers, and what earlier records say of the same order.
//!
//! Not here: what the numbers of each record are (`record`, `orders`).
//! Invariant: a record that no log holds is refused, not guessed.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::fields::Fields;
use super::file::Damage;
use super::{HeardSignal, Kind, Record};
use crate::backtest::line::LONG;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// What an order was sent for.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) symbol: Symbol,
    pub(super) purpose: String,
}

/// A walk through the bytes.
pub(super) struct Decoder<'a> {
    bytes: Bytes<'a>,
    symbols: &'a [Symbol],
    signals: &'a [HeardSignal],
    last: Timestamp,
    /// Where the record at hand begins.
    place: usize,
    /// Whether its small numbers take eight bytes.
    is_long: bool,
    /// Orders by id.
    pub(super) sent: BTreeMap<u64, Sent>,
    /// `<alpha id>+<fomo id>` of the latest confluence: what entries and refusals are about.
    pub(super) pair: Option<String>,
}

/// A record's kind, its contract and its fields.
pub(super) type Told = (Kind, Option<Symbol>, Fields);

/// All records; `names` are the contracts and signals they speak of.
pub(super) fn decode(
    bytes: Bytes<'_>,
    (symbols, signals): (&[Symbol], &[HeardSignal]),
) -> Result<Vec<Record>, Damage> {
    let mut decoder = Decoder {
        place: bytes.place(),
        bytes,
        symbols,
        signals,
        last: Timestamp::from_millis(0),
        is_long: false,
        sent: BTreeMap::new(),
        pair: None,
    };
    let mut records = Vec::new();
    while !decoder.bytes.is_empty() {
        let tag = decoder.tag()?;
        let at = decoder.time()?;
        let (kind, symbol, fields) = decoder.record(tag)?;
        records.push(Record {
            at,
            kind,
            symbol,
            fields: fields.0,
        });
    }
    Ok(records)
}

impl Decoder<'_> {
    /// Begins a record.
    pub(super) fn tag(&mut self) -> Result<u8, Damage> {
        self.place = self.bytes.place();
        let tag = self.bytes.u8("a record")?;
        self.is_long = tag & LONG != 0;
        Ok(tag & !LONG)
    }

    /// The instant of the record that was begun.
    fn time(&mut self) -> Result<Timestamp, Damage> {
        let since = self.small::<1>()?[0].cast_signed();
        let millis = self.last.millis().checked_add(since);
        let at = millis.map(Timestamp::from_millis);
        let at = at.filter(|at| *at >= self.last);
        self.last = at.ok_or_else(|| self.wrong("a record before the one before it".to_owned()))?;
        Ok(self.last)
    }

    /// The time of a part of a record, which is that of the whole.
    pub(super) fn same_time(&mut self) -> Result<(), Damage> {
        self.small::<1>().map(|_| ())
    }

    /// Damage of the record at hand.
    pub(super) const fn wrong(&self, what: String) -> Damage {
        Damage::new(self.place, what)
    }

    /// Numbers that take four or eight bytes.
    pub(super) fn small<const N: usize>(&mut self) -> Result<[u64; N], Damage> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = if self.is_long {
                self.bytes.u64("a record")?
            } else {
                u64::from(self.bytes.u32("a record")?)
            };
        }
        Ok(numbers)
    }

    /// Numbers that take eight bytes.
    pub(super) fn large<const N: usize>(&mut self) -> Result<[i64; N], Damage> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.bytes.i64("a record")?;
        }
        Ok(numbers)
    }

    pub(super) fn text(&mut self) -> Result<String, Damage> {
        self.bytes.text("a text of a record")
    }

    /// The contract of a number; what stands above its 16 bits is not looked at.
    pub(super) fn symbol(&self, number: u64) -> Result<Symbol, Damage> {
        let index = usize::from(u16::try_from(number & 0xffff).unwrap_or(u16::MAX));
        let symbol = self.symbols.get(index).cloned();
        symbol.ok_or_else(|| {
            let known = self.symbols.len();
            self.wrong(format!("contract {index} of {known}"))
        })
    }

    /// The id of a signal by its number, counted from 1; 0 is one that was never heard, whose id follows.
    pub(super) fn signal(&mut self, number: u64) -> Result<String, Damage> {
        let Some(index) = number.checked_sub(1) else {
            return self.text();
        };
        let signal = usize::try_from(index).ok();
        let signal = signal.and_then(|index| self.signals.get(index));
        signal.map(|signal| signal.id.clone()).ok_or_else(|| {
            let known = self.signals.len();
            self.wrong(format!("signal {number} of {known}"))
        })
    }
}
