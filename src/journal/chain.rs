//! Rows and the hash that makes each follow from the one before it.
//!
//! Not here: where rows are stored (`file`, `store`), what their text says (`record`).

/// 32 bytes of BLAKE3.
pub(super) type Hash = [u8; 32];

/// A row on its way to the file.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) epoch: i64,
    pub(super) at: i64,
    pub(super) kind: &'static str,
    pub(super) body: String,
    pub(super) prev: Hash,
    pub(super) hash: Hash,
}

/// What a row is about, borrowed: everything its hash covers besides the row before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    pub(super) seq: i64,
    pub(super) epoch: i64,
    pub(super) at: i64,
    pub(super) kind: &'a str,
    pub(super) body: &'a str,
}

/// The hash the first row follows from: it covers the header of the file.
pub(super) fn genesis(schema: i64, environment: &str) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"confluence journal\0");
    hasher.update(&schema.to_le_bytes());
    hasher.update(environment.as_bytes());
    *hasher.finalize().as_bytes()
}

/// The hash of a row. Lengths stand before texts and numbers have one width, so no two rows are the same bytes.
pub(super) fn link(prev: &Hash, row: &Content<'_>) -> Hash {
    let mut head = [0_u8; 72];
    head[..32].copy_from_slice(prev);
    let lengths = [row.kind.len() as u64, row.body.len() as u64];
    head[32..40].copy_from_slice(&row.seq.to_le_bytes());
    head[40..48].copy_from_slice(&row.epoch.to_le_bytes());
    head[48..56].copy_from_slice(&row.at.to_le_bytes());
    head[56..64].copy_from_slice(&lengths[0].to_le_bytes());
    head[64..72].copy_from_slice(&lengths[1].to_le_bytes());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head);
    hasher.update(row.kind.as_bytes());
    hasher.update(row.body.as_bytes());
    *hasher.finalize().as_bytes()
}

/// The hash of any bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> Hash {
    *blake3::hash(bytes).as_bytes()
}

/// A hash as text.
pub(super) fn hex(hash: &Hash) -> String {
    use std::fmt::Write;
    hash.iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _never_fails = write!(text, "{byte:02x}");
            text
        })
}

/// A hash from its text.
pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64
        || !text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    for (place, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *place = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(hash)
}
