//! The text of rows: JSON with a fixed order of keys, written and read in one pass.
//!
//! Not here: which keys a value has (the files beside this one).
//! Invariant: a value has exactly one text; another spelling of it is refused.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::sync::Arc;

use super::listing::Listing;
use crate::domain::num;

/// A value with a text of its own.
pub(super) trait Told: Sized {
    /// Writes it.
    fn tell(&self, pen: &mut Pen<'_>);
    /// Reads it back.
    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread>;
}

/// Writes a text.
pub(super) struct Pen<'a> {
    pub(super) out: String,
    pub(super) listing: &'a Listing,
    /// The first thing that could not be written.
    pub(super) fault: Option<String>,
}

/// Reads a text from its start to its end.
pub(super) struct Eye<'a> {
    text: &'a str,
    at: usize,
    pub(super) listing: &'a Listing,
}

/// What could not be read, and where.
#[derive(Debug)]
pub(in crate::journal) struct Unread {
    /// Byte of the text.
    pub(in crate::journal) at: usize,
    /// What stood there or was awaited.
    pub(in crate::journal) what: String,
}

impl<'a> Pen<'a> {
    pub(super) fn new(listing: &'a Listing) -> Self {
        Self {
            out: String::with_capacity(256),
            listing,
            fault: None,
        }
    }

    pub(super) fn begin(&mut self) {
        self.out.push('{');
    }

    pub(super) fn end(&mut self) {
        self.out.push('}');
    }

    /// Begins an object that says which of several forms it has.
    pub(super) fn variant(&mut self, name: &str) {
        self.out.push_str("{\"is\":\"");
        self.out.push_str(name);
        self.out.push('"');
    }

    /// An object that is nothing but its form.
    pub(super) fn only(&mut self, name: &str) {
        self.variant(name);
        self.end();
    }

    pub(super) fn field<T: Told>(&mut self, key: &str, value: &T) {
        self.key(key);
        value.tell(self);
    }

    pub(super) fn key(&mut self, key: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    pub(super) fn text(&mut self, text: &str) {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if text.bytes().all(plain) {
            self.out.push('"');
            self.out.push_str(text);
            self.out.push('"');
        } else {
            self.out
                .push_str(&serde_json::Value::from(text).to_string());
        }
    }

    pub(super) fn number(&mut self, number: impl Display) {
        let _never_fails = write!(self.out, "{number}");
    }

    /// An exact number, between quotes.
    pub(super) fn exact(&mut self, number: impl Display) {
        let _never_fails = write!(self.out, "\"{number}\"");
    }
}

impl<'a> Eye<'a> {
    pub(super) const fn new(text: &'a str, listing: &'a Listing) -> Self {
        Self {
            text,
            at: 0,
            listing,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn fail<T>(&self, what: impl Into<String>) -> Result<T, Unread> {
        Err(Unread {
            at: self.at,
            what: what.into(),
        })
    }

    fn next_is(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), Unread> {
        if self.next_is(text) {
            Ok(())
        } else {
            let found: String = self.rest().chars().take(12).collect();
            self.fail(format!("'{text}' was awaited, '{found}' found"))
        }
    }

    pub(super) fn begin(&mut self) -> Result<(), Unread> {
        self.expect("{")
    }

    pub(super) fn end(&mut self) -> Result<(), Unread> {
        self.expect("}")
    }

    /// The form of the object that begins here.
    pub(super) fn variant(&mut self) -> Result<&'a str, Unread> {
        self.expect("{\"is\":")?;
        match self.text()? {
            Cow::Borrowed(name) => Ok(name),
            Cow::Owned(name) => self.fail(format!("no form is called '{name}'")),
        }
    }

    pub(super) fn field<T: Told>(&mut self, key: &str) -> Result<T, Unread> {
        self.key(key)?;
        T::hear(self)
    }

    pub(super) fn key(&mut self, key: &str) -> Result<(), Unread> {
        if self.at > 0 && self.text.as_bytes()[self.at - 1] != b'{' {
            self.expect(",")?;
        }
        self.expect("\"")?;
        self.expect(key)?;
        self.expect("\":")
    }

    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Unread> {
        self.expect("\"")?;
        let rest = self.rest();
        let Some(stop) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\')) else {
            return self.fail("a text without an end");
        };
        if rest.as_bytes()[stop] == b'"' {
            self.at += stop + 1;
            return Ok(Cow::Borrowed(&rest[..stop]));
        }
        let mut escaped = false;
        let end = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return self.fail("a text without an end");
        };
        let quoted = &self.text[self.at - 1..=self.at + end];
        match serde_json::from_str::<String>(quoted) {
            Ok(text) => {
                self.at += end + 1;
                Ok(Cow::Owned(text))
            }
            Err(wrong) => self.fail(wrong.to_string()),
        }
    }

    /// A whole number of any width.
    pub(super) fn number<T: TryFrom<i128>>(&mut self) -> Result<T, Unread> {
        let rest = self.rest();
        let stop = rest
            .bytes()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-'))
            .unwrap_or(rest.len());
        let number = num::read_back(&rest[..stop], 0).and_then(|number| T::try_from(number).ok());
        match number {
            Some(number) => {
                self.at += stop;
                Ok(number)
            }
            None => self.fail("a whole number was awaited"),
        }
    }

    /// An exact number between quotes, in steps.
    pub(super) fn exact<T: TryFrom<i128>>(&mut self, decimals: usize) -> Result<T, Unread> {
        let text = self.text()?;
        let number = num::read_back(&text, decimals).and_then(|number| T::try_from(number).ok());
        match number {
            Some(number) => Ok(number),
            None => self.fail(format!("'{text}' is no exact number of this kind")),
        }
    }

    /// Nothing may follow.
    pub(super) fn finish(&self) -> Result<(), Unread> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            self.fail("more text than the entry has")
        }
    }
}

impl Told for bool {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.out.push_str(if *self { "true" } else { "false" });
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        if eye.next_is("true") {
            Ok(true)
        } else {
            eye.expect("false").map(|()| false)
        }
    }
}

impl Told for u8 {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number()
    }
}

impl Told for u32 {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number()
    }
}

impl Told for u64 {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.number(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.number()
    }
}

impl Told for Arc<str> {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.text().map(Self::from)
    }
}

impl Told for String {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.text(self);
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        eye.text().map(Cow::into_owned)
    }
}

impl<T: Told> Told for Option<T> {
    fn tell(&self, pen: &mut Pen<'_>) {
        match self {
            Some(value) => value.tell(pen),
            None => pen.out.push_str("null"),
        }
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        if eye.next_is("null") {
            Ok(None)
        } else {
            T::hear(eye).map(Some)
        }
    }
}

impl<T: Told> Told for Vec<T> {
    fn tell(&self, pen: &mut Pen<'_>) {
        pen.out.push('[');
        for (place, value) in self.iter().enumerate() {
            if place > 0 {
                pen.out.push(',');
            }
            value.tell(pen);
        }
        pen.out.push(']');
    }

    fn hear(eye: &mut Eye<'_>) -> Result<Self, Unread> {
        let mut list = Self::new();
        eye.expect("[")?;
        while !eye.next_is("]") {
            if !list.is_empty() {
                eye.expect(",")?;
            }
            list.push(T::hear(eye)?);
        }
        Ok(list)
    }
}
