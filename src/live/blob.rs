//! Bytes inside a saved state as one run of bytes: number by number they take half again the room and most of the time
//! of a commit.
//!
//! Not here: what is saved (`paper`).
//! Invariant: states of before, which hold them number by number, are read as well.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

/// Most bytes that are reserved on the word of a length.
const RESERVED_MAX: usize = 1 << 20;

pub(super) fn serialize<S: Serializer>(bytes: &[u8], into: S) -> Result<S::Ok, S::Error> {
    into.serialize_bytes(bytes)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    from.deserialize_byte_buf(Bytes)
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_owned())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<u8>, A::Error> {
        let length = from.size_hint().unwrap_or(0).min(RESERVED_MAX);
        let mut bytes = Vec::with_capacity(length);
        while let Some(byte) = from.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use crate::live::paper::{Kept, Places};

    #[derive(serde::Serialize)]
    struct Before {
        venue: Vec<u8>,
        places: Places,
    }

    #[test]
    fn states_of_before_are_read() {
        let venue: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let places = Places::default();
        let before = Before {
            venue: venue.clone(),
            places: places.clone(),
        };
        let now = Kept {
            venue: venue.clone(),
            places,
        };
        let before = rmp_serde::to_vec_named(&before).unwrap();
        let now = rmp_serde::to_vec(&now).unwrap();
        println!("blob: {} bytes before, {} now", before.len(), now.len());
        assert!(now.len() < before.len());
        for bytes in [&before, &now] {
            let kept: Kept = rmp_serde::from_slice(bytes).unwrap();
            assert_eq!(kept.venue, venue);
        }
    }
}
