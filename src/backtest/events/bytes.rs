//! Numbers and texts taken from bytes in order; what is missing or cannot be is an error that names the byte.
//!
//! Not here: what they mean (`record`, `file`). Invariant: nothing is reserved for a length that the bytes do not have.

use super::file::Damage;

/// Bytes read so far and those to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
    /// Where `all` begins in the file.
    offset: usize,
}

impl<'a> Bytes<'a> {
    pub(super) const fn new(all: &'a [u8], offset: usize) -> Self {
        Self { all, at: 0, offset }
    }

    /// Place of the next byte in the file.
    pub(super) const fn place(&self) -> usize {
        self.offset + self.at
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.at == self.all.len()
    }

    /// The next so many bytes; `what` is what they should have been.
    pub(super) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Damage> {
        let rest = &self.all[self.at..];
        if rest.len() < count {
            return Err(Damage::new(
                self.offset + self.all.len(),
                format!(
                    "the file ends, {} bytes short of {what}",
                    count - rest.len()
                ),
            ));
        }
        self.at += count;
        Ok(&rest[..count])
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Damage> {
        let bytes = self.take(N, what)?;
        Ok(bytes.try_into().expect("invariant: so many were taken"))
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, Damage> {
        Ok(self.array::<1>(what)?[0])
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, Damage> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, Damage> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, Damage> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    pub(super) fn i64(&mut self, what: &'static str) -> Result<i64, Damage> {
        Ok(i64::from_le_bytes(self.array(what)?))
    }

    /// A text behind its length in eight bytes.
    pub(super) fn text(&mut self, what: &'static str) -> Result<String, Damage> {
        let place = self.place();
        let length = self.u64(what)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = self.take(length, what)?;
        let text = std::str::from_utf8(bytes);
        text.map(str::to_owned)
            .map_err(|_| Damage::new(place, format!("{what} is no text")))
    }
}
