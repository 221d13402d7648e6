//! The versioned text of every kind of row: canonical JSON, contracts by name, exact numbers as decimal text.
//!
//! Not here: rows and their hashes (`chain`). The types of the trader know nothing of this.
//! Invariants: every match names every variant, so a new one does not compile before it has a text; what is written reads
//! back to the same value, and what is read writes back to the same text.

mod events;
pub(super) mod listing;
mod money;
mod notes;
mod orders;
pub(super) mod text;
mod values;

use super::chain::{Hash, hex, unhex};
use super::entry::{Boot, Entry, kind};
use crate::domain::event::{Event, Note};

use listing::Listing;
use text::{Eye, Pen, Told, Unread};

/// The text of an entry.
///
/// # Errors
/// What of it cannot be written: a contract that is not listed.
pub(super) fn write(entry: &Entry, listing: &Listing) -> Result<String, String> {
    let mut pen = Pen::new(listing);
    tell(entry, &mut pen);
    finish(pen)
}

/// The text of [`Entry::Heard`] of an event.
pub(super) fn write_heard(event: &Event, listing: &Listing) -> Result<String, String> {
    let mut pen = Pen::new(listing);
    event.tell(&mut pen);
    finish(pen)
}

/// The text of [`Entry::Noted`] of a note.
pub(super) fn write_noted(note: &Note, listing: &Listing) -> Result<String, String> {
    let mut pen = Pen::new(listing);
    note.tell(&mut pen);
    finish(pen)
}

fn finish(pen: Pen<'_>) -> Result<String, String> {
    match pen.fault {
        Some(fault) => Err(fault),
        None => Ok(pen.out),
    }
}

fn tell(entry: &Entry, pen: &mut Pen<'_>) {
    match entry {
        Entry::Boot(inner) => inner.tell(pen),
        Entry::Heard(inner) => inner.tell(pen),
        Entry::Noted(inner) => inner.tell(pen),
        Entry::Said(inner) => inner.tell(pen),
        Entry::Ledger(inner) => inner.tell(pen),
        Entry::Trade(inner) => inner.tell(pen),
        Entry::Stopped { .. }
        | Entry::Taken { .. }
        | Entry::Alarm { .. }
        | Entry::Operator { .. } => tell_words(entry, pen),
        Entry::Step { .. } | Entry::Rollover { .. } | Entry::Bar { .. } => tell_figures(entry, pen),
    }
}

/// Entries that are words for the most part.
fn tell_words(entry: &Entry, pen: &mut Pen<'_>) {
    match entry {
        Entry::Stopped { clean } => {
            pen.begin();
            pen.field("clean", clean);
            pen.end();
        }
        Entry::Taken {
            id,
            source,
            hash,
            text,
            arrived,
        } => {
            pen.begin();
            pen.field("id", id);
            pen.field("source", source);
            pen.field("hash", hash);
            pen.field("text", text);
            pen.field("arrived", arrived);
            pen.end();
        }
        Entry::Alarm { code, text } => {
            pen.begin();
            pen.field("code", code);
            pen.field("text", text);
            pen.end();
        }
        Entry::Operator { who, what } => {
            pen.begin();
            pen.field("who", who);
            pen.field("what", what);
            pen.end();
        }
        Entry::Boot(_)
        | Entry::Heard(_)
        | Entry::Noted(_)
        | Entry::Said(_)
        | Entry::Ledger(_)
        | Entry::Trade(_)
        | Entry::Step { .. }
        | Entry::Rollover { .. }
        | Entry::Bar { .. } => {}
    }
}

/// Entries that are figures of a symbol or of the account.
fn tell_figures(entry: &Entry, pen: &mut Pen<'_>) {
    match entry {
        Entry::Step {
            at,
            rank,
            wallet,
            symbol,
            position,
        } => {
            pen.begin();
            pen.field("at", at);
            pen.field("rank", rank);
            pen.field("wallet", wallet);
            pen.field("symbol", symbol);
            pen.field("position", position);
            pen.end();
        }
        Entry::Rollover { at, equity } => {
            pen.begin();
            pen.field("at", at);
            pen.field("equity", equity);
            pen.end();
        }
        Entry::Bar {
            symbol,
            open_time,
            open,
            high,
            low,
            close,
            volume,
            mark,
        } => {
            pen.begin();
            pen.field("symbol", symbol);
            pen.field("open_time", open_time);
            pen.field("open", open);
            pen.field("high", high);
            pen.field("low", low);
            pen.field("close", close);
            pen.field("volume", volume);
            pen.field("mark", mark);
            pen.end();
        }
        Entry::Boot(_)
        | Entry::Heard(_)
        | Entry::Noted(_)
        | Entry::Said(_)
        | Entry::Ledger(_)
        | Entry::Trade(_)
        | Entry::Stopped { .. }
        | Entry::Taken { .. }
        | Entry::Alarm { .. }
        | Entry::Operator { .. } => {}
    }
}

/// The entry of a row.
///
/// # Errors
/// Where its text is not that of an entry of its kind.
pub(super) fn read(kind: &str, body: &str, listing: &Listing) -> Result<Entry, Unread> {
    let mut eye = Eye::new(body, listing);
    let entry = match kind {
        kind::BOOT => Entry::Boot(Told::hear(&mut eye)?),
        kind::HEARD => Entry::Heard(Told::hear(&mut eye)?),
        kind::NOTED => Entry::Noted(Told::hear(&mut eye)?),
        kind::SAID => Entry::Said(Told::hear(&mut eye)?),
        kind::LEDGER => Entry::Ledger(Told::hear(&mut eye)?),
        kind::TRADE => Entry::Trade(Told::hear(&mut eye)?),
        _ => read_fields(kind, &mut eye)?,
    };
    eye.finish()?;
    Ok(entry)
}

/// Entries that are objects of their own.
fn read_fields(kind: &str, eye: &mut Eye<'_>) -> Result<Entry, Unread> {
    eye.begin()?;
    let entry = match kind {
        kind::STOPPED => Entry::Stopped {
            clean: eye.field("clean")?,
        },
        kind::TAKEN => Entry::Taken {
            id: eye.field("id")?,
            source: eye.field("source")?,
            hash: eye.field("hash")?,
            text: eye.field("text")?,
            arrived: eye.field("arrived")?,
        },
        kind::STEP => Entry::Step {
            at: eye.field("at")?,
            rank: eye.field("rank")?,
            wallet: eye.field("wallet")?,
            symbol: eye.field("symbol")?,
            position: eye.field("position")?,
        },
        kind::ROLLOVER => Entry::Rollover {
            at: eye.field("at")?,
            equity: eye.field("equity")?,
        },
        kind::BAR => Entry::Bar {
            symbol: eye.field("symbol")?,
            open_time: eye.field("open_time")?,
            open: eye.field("open")?,
            high: eye.field("high")?,
            low: eye.field("low")?,
            close: eye.field("close")?,
            volume: eye.field("volume")?,
            mark: eye.field("mark")?,
        },
        kind::ALARM => Entry::Alarm {
            code: eye.field("code")?,
            text: eye.field("text")?,
        },
        kind::OPERATOR => Entry::Operator {
            who: eye.field("who")?,
            what: eye.field("what")?,
        },
        _ => return eye.fail("no entry has this kind"),
    };
    eye.end()?;
    Ok(entry)
}

impl Told for Boot {
    fn tell(&self, pen: &mut Pen<'_>) {
        let Self {
            version,
            config,
            listing,
        } = self;
        pen.begin();
        pen.field("version", version);
        pen.field("config", config);
        pen.field("listing", listing);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let whole = Self {
            version: eye.field("version")?,
            config: eye.field("config")?,
            listing: eye.field("listing")?,
        };
        eye.end()?;
        Ok(whole)
    }
}

/// In hexadecimal.
impl Told for Hash {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(&hex(self));
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let text = eye.text()?;
        match unhex(&text) {
            Some(hash) => Ok(hash),
            None => eye.fail("64 hexadecimal digits were awaited"),
        }
    }
}

/// The four prices of a bar.
impl Told for [crate::domain::num::Price; 4] {
    fn tell(&self, pen: &mut Pen<'_>) {
        let [open, high, low, close] = self;
        pen.begin();
        pen.field("open", open);
        pen.field("high", high);
        pen.field("low", low);
        pen.field("close", close);
        pen.end();
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.begin()?;
        let prices = [
            eye.field("open")?,
            eye.field("high")?,
            eye.field("low")?,
            eye.field("close")?,
        ];
        eye.end()?;
        Ok(prices)
    }
}

/// The id of the signal in the text of a [`Entry::Heard`] that is one: read without the rest, because opening a journal looks at every row.
pub(super) fn heard_signal(body: &str) -> Option<String> {
    let listing = Listing::default();
    let mut eye = Eye::new(body, &listing);
    if eye.variant().ok()? != "signal" {
        return None;
    }
    eye.key("signal").ok()?;
    eye.begin().ok()?;
    eye.field("id").ok()
}

/// What the journal's own row says of a kept state: how many bytes, and their hash.
pub(super) fn write_checkpoint(bytes: u64, hash: &Hash) -> String {
    let listing = Listing::default();
    let mut pen = Pen::new(&listing);
    pen.begin();
    pen.field("bytes", &bytes);
    pen.field("hash", hash);
    pen.end();
    pen.out
}

/// The same read back.
pub(super) fn read_checkpoint(body: &str) -> Result<(u64, Hash), Unread> {
    let listing = Listing::default();
    let mut eye = Eye::new(body, &listing);
    eye.begin()?;
    let said = (eye.field("bytes")?, eye.field("hash")?);
    eye.end()?;
    eye.finish()?;
    Ok(said)
}
