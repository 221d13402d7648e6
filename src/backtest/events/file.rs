//! `events.bin` of a run folder: which contracts and signals the records name, the records as they were hashed, and a
//! sum over the whole.
//!
//! Not here: what a record says (`record`), folders (`reading`).
//! Invariants: the same log is the same bytes; a file of another form, one cut short and one with a changed byte are
//! refused.

use super::bytes::Bytes;
use super::decode::decode;
use super::{Events, HeardSignal};
use crate::backtest::log::{EventLog, FORM, Row};
use crate::domain::event::Event;
use crate::domain::symbol::{Symbol, Symbols};
use crate::domain::time::Timestamp;

/// Its name in a run folder.
pub const FILE: &str = "events.bin";

/// How the file begins.
const MAGIC: &[u8] = b"confluence events\n";
/// Form of what stands around the records; that of the records is [`FORM`].
const VERSION: u32 = 1;
/// Bytes of the sum at the end.
const SUM: usize = 32;

/// What is wrong with a file, and at which of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {byte}: {what}")]
pub struct Damage {
    /// Counted from 0.
    pub byte: usize,
    /// What was found.
    pub what: String,
    /// Whether it is the file of another version rather than a broken one.
    pub is_foreign: bool,
}

impl Damage {
    pub(super) const fn new(byte: usize, what: String) -> Self {
        Self {
            byte,
            what,
            is_foreign: false,
        }
    }

    const fn foreign(byte: usize, what: String) -> Self {
        Self {
            byte,
            what,
            is_foreign: true,
        }
    }
}

/// The bytes of the file for a log that kept its rows and records.
#[must_use]
pub fn encode(log: &EventLog, symbols: &Symbols) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    text(&mut out, FORM);
    count(&mut out, symbols.len());
    for (_, name) in symbols.iter() {
        text(&mut out, name.as_str());
    }
    let heard = log.rows().iter().filter_map(|(_, row)| match row {
        Row::Heard(Event::Signal { signal, .. }) => Some(signal),
        Row::Heard(_) | Row::Noted(_) | Row::Said(_) | Row::Sent(_) => None,
    });
    count(&mut out, heard.clone().count());
    for signal in heard {
        text(&mut out, &signal.id);
        out.extend_from_slice(&signal.kind.0.to_le_bytes());
        count(&mut out, signal.symbol.index());
        out.extend_from_slice(&signal.event_time.millis().to_le_bytes());
        out.extend_from_slice(&signal.received_time.millis().to_le_bytes());
    }
    let records = log.records();
    count(&mut out, records.len());
    out.extend_from_slice(&records);
    let sum = blake3::hash(&out);
    out.extend_from_slice(sum.as_bytes());
    out
}

fn count(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&(number as u64).to_le_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    count(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// Reads the file.
///
/// # Errors
/// When it is something else, of another form, or damaged; with the byte at which that shows.
pub fn read(bytes: &[u8]) -> Result<Events, Damage> {
    if !bytes.starts_with(MAGIC) {
        return Err(begins_otherwise(bytes));
    }
    let mut head = Bytes::new(bytes, 0);
    head.take(MAGIC.len(), "the head")?;
    check_form(&mut head)?;
    let symbols = symbols(&mut head)?;
    let signals = signals(&mut head, &symbols)?;
    let length = usize::try_from(head.u64("the length of the records")?).unwrap_or(usize::MAX);
    let start = head.place();
    let records = head.take(length, "the records")?;
    let summed = head.place();
    let sum = head.take(SUM, "the sum at the end")?;
    if !head.is_empty() {
        let more = bytes.len() - head.place();
        return Err(Damage::new(
            head.place(),
            format!("{more} bytes more than the file says it has"),
        ));
    }
    let records = decode(Bytes::new(records, start), (&symbols, &signals))?;
    if blake3::hash(&bytes[..summed]).as_bytes().as_slice() != sum {
        return Err(Damage::new(
            summed,
            "the sum at the end is not that of the bytes before it: one of them was changed"
                .to_owned(),
        ));
    }
    Ok(Events {
        hash: blake3::hash(&bytes[start..summed]).to_hex().to_string(),
        symbols,
        signals,
        records,
    })
}

fn begins_otherwise(bytes: &[u8]) -> Damage {
    let same = bytes
        .iter()
        .zip(MAGIC)
        .take_while(|(one, other)| one == other);
    let byte = same.count();
    if byte == bytes.len() {
        Damage::new(byte, "the file ends before its head does".to_owned())
    } else {
        Damage::foreign(byte, "this is no event log of sim".to_owned())
    }
}

fn check_form(head: &mut Bytes<'_>) -> Result<(), Damage> {
    let place = head.place();
    let version = head.u32("the version of its form")?;
    if version != VERSION {
        return Err(Damage::foreign(
            place,
            format!("an event log of form {version}; this version reads form {VERSION}"),
        ));
    }
    let place = head.place();
    let form = head.text("the form of its records")?;
    if form != FORM {
        let form: String = form.chars().take(40).collect();
        return Err(Damage::foreign(
            place,
            format!("records of form '{form}'; this version reads form '{FORM}'"),
        ));
    }
    Ok(())
}

fn symbols(head: &mut Bytes<'_>) -> Result<Vec<Symbol>, Damage> {
    let count = head.u64("the number of contracts")?;
    let names = (0..count).map(|_| Ok(Symbol::new(&head.text("the name of a contract")?)));
    names.collect()
}

fn signals(head: &mut Bytes<'_>, symbols: &[Symbol]) -> Result<Vec<HeardSignal>, Damage> {
    let count = head.u64("the number of signals")?;
    let mut signals = Vec::new();
    for _ in 0..count {
        let id = head.text("the id of a signal")?;
        let kind = head.u16("the type of a signal")?;
        let place = head.place();
        let number = head.u64("the contract of a signal")?;
        let symbol = usize::try_from(number).ok();
        let symbol = symbol.and_then(|number| symbols.get(number));
        signals.push(HeardSignal {
            id,
            kind,
            symbol: symbol.cloned().ok_or_else(|| {
                Damage::new(place, format!("contract {number} of {}", symbols.len()))
            })?,
            event_time: Timestamp::from_millis(head.i64("the time of a signal")?),
            received_time: Timestamp::from_millis(head.i64("the time of a signal")?),
        });
    }
    Ok(signals)
}
