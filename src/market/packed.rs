//! Bytes made smaller.
//!
//! Not here: what they are, archives of prices (`source`).

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Raw deflate, as browsers unpack it.
#[must_use]
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("invariant: memory takes every byte")
}
