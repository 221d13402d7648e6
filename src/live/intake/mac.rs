//! The signature of a request: HMAC-SHA256 over its time, a dot and its body.
//!
//! Not here: whether the time is near enough (`http`), whether it was used before (`replay`).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::Secret;

/// The bytes of a signature.
pub type Signature = [u8; 32];

/// Header with the request's time, in milliseconds UTC.
pub const TIME_HEADER: &str = "x-signal-time";
/// Header with the signature, in hex.
pub const MAC_HEADER: &str = "x-signal-mac";

/// The signature of a body at a time as written in its header.
#[must_use]
pub fn sign(secret: &Secret, time: &str, body: &[u8]) -> Signature {
    over(secret, time, body).finalize().into_bytes().into()
}

/// Signature as the header writes it.
#[must_use]
pub fn to_hex(signature: &Signature) -> String {
    signature.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a signature is ours; takes as long wherever it differs.
#[must_use]
pub fn is_signed(secret: &Secret, time: &str, body: &[u8], signature: &Signature) -> bool {
    over(secret, time, body).verify_slice(signature).is_ok()
}

/// Reads 64 hex digits.
#[must_use]
pub fn from_hex(text: &str) -> Option<Signature> {
    let digits = text.as_bytes();
    let mut signature = [0; 32];
    if digits.len() != 2 * signature.len() {
        return None;
    }
    for (byte, pair) in signature.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(signature)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

fn over(secret: &Secret, time: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes())
        .expect("invariant: HMAC takes keys of any length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_hmac_sha256_over_time_dot_body() {
        // No published case has our form of data, so the reference is the definition, held against RFC 4231 below.
        let secret = Secret::new(b"Jefe".to_vec());
        let signature = sign(&secret, "1767254120000", b"{}");
        assert_eq!(signature, by_definition(b"Jefe", b"1767254120000.{}"));
        assert_eq!(from_hex(&to_hex(&signature)), Some(signature));
        assert!(is_signed(&secret, "1767254120000", b"{}", &signature));
        assert!(!is_signed(&secret, "1767254120001", b"{}", &signature));
        assert!(!is_signed(&secret, "1767254120000", b"{ }", &signature));
        // The definition itself against RFC 4231, case 2.
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let data = b"what do ya want for nothing?";
        assert_eq!(Some(by_definition(b"Jefe", data)), from_hex(known));
        for broken in ["", "5b", &known[1..], &known.replace('5', "g")] {
            assert_eq!(from_hex(broken), None, "{broken}");
        }
    }

    fn by_definition(key: &[u8], data: &[u8]) -> Signature {
        use sha2::Digest;
        let pad = |with: u8| {
            let mut block = [with; 64];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(data);
        let outer = Sha256::new()
            .chain_update(pad(0x5c))
            .chain_update(inner.finalize());
        outer.finalize().into()
    }
}
