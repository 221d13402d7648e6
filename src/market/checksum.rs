//! A checksum in our own Parquet files, over all their bytes.
//!
//! The decoder believes what it reads, and a flipped bit in a page can make it ask for any amount of memory, which ends
//! the process. So a file that says it is ours is summed before it is decoded; files of others pass as they are.
//!
//! Not here: decoding (`frame`).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::Crc;

use super::error::MarketError;

/// Footer note of our files; its value is eight hexadecimal digits, zeros while the sum is taken.
const CHECKSUM_NOTE: &str = "confluence.checksum";
const UNSUMMED: &str = "crc32:00000000";
/// Second note by which a file of ours is known even when the first is damaged.
const FORMAT_NOTE: (&str, &str) = ("confluence.format", "1");
/// Longest footer that is looked through.
const FOOTER_MAX: u64 = 16 << 20;

/// The notes that a file of ours carries before it is sealed.
pub(crate) fn notes() -> [(String, String); 2] {
    [
        (CHECKSUM_NOTE.to_owned(), UNSUMMED.to_owned()),
        (FORMAT_NOTE.0.to_owned(), FORMAT_NOTE.1.to_owned()),
    ]
}

/// Puts the sum into the note of a finished file.
///
/// # Errors
/// When the note is not there.
pub(crate) fn seal(path: &Path, bytes: &mut [u8]) -> Result<(), MarketError> {
    let at = find_last(bytes, UNSUMMED.as_bytes())
        .ok_or_else(|| MarketError::damaged(path, "the writer dropped its notes"))?;
    let digits = at + UNSUMMED.len() - 8..at + UNSUMMED.len();
    let mut sum = Crc::new();
    sum.update(bytes);
    bytes[digits].copy_from_slice(format!("{:08x}", sum.sum()).as_bytes());
    Ok(())
}

/// Puts the sum into the note of a finished file on disk, reading it in pieces.
///
/// # Errors
/// When the file cannot be read or written, or the note is not there.
pub(crate) fn seal_file(path: &Path, mut file: &File) -> Result<(), MarketError> {
    let unwritable = |wrong| MarketError::unwritable(path, wrong);
    let bytes = file.metadata().map_err(unwritable)?.len();
    let end = read_tail(file, bytes, 8).map_err(unwritable)?;
    let length = match end[..] {
        [a, b, c, d, ..] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => 0,
    };
    let footer = read_tail(file, bytes, length + 8).map_err(unwritable)?;
    let at = find_last(&footer, UNSUMMED.as_bytes())
        .ok_or_else(|| MarketError::damaged(path, "the writer dropped its notes"))?;
    let mut sum = Crc::new();
    file.seek(SeekFrom::Start(0)).map_err(unwritable)?;
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).map_err(unwritable)? {
            0 => break,
            count => sum.update(&chunk[..count]),
        }
    }
    let digits = bytes - footer.len() as u64 + (at + UNSUMMED.len() - 8) as u64;
    file.seek(SeekFrom::Start(digits)).map_err(unwritable)?;
    file.write_all(format!("{:08x}", sum.sum()).as_bytes())
        .map_err(unwritable)
}

/// Compares the checksum of a file that says it is ours; others pass.
///
/// # Errors
/// When it does not fit, or the file does not end as a Parquet file does.
pub(crate) fn verify(path: &Path, mut file: &File, bytes: u64) -> Result<(), MarketError> {
    let unreadable = |wrong| MarketError::unreadable(path, wrong);
    let footer = read_tail(file, bytes, 8).map_err(unreadable)?;
    let length = match footer[..] {
        [a, b, c, d, b'P', b'A', b'R', b'1'] => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => {
            return Err(MarketError::damaged(
                path,
                "it does not end as a Parquet file does",
            ));
        }
    };
    if length + 8 > bytes || length > FOOTER_MAX {
        return Err(MarketError::damaged(
            path,
            format!("a footer of {length} in {bytes} bytes"),
        ));
    }
    let footer = read_tail(file, bytes, length + 8).map_err(unreadable)?;
    let ours = [CHECKSUM_NOTE, FORMAT_NOTE.0, "confluence."];
    if !ours
        .iter()
        .any(|note| find_last(&footer, note.as_bytes()).is_some())
    {
        return Ok(());
    }
    let failed = || MarketError::damaged(path, "its checksum does not fit");
    let prefix = &UNSUMMED.as_bytes()[..UNSUMMED.len() - 8];
    let at = find_last(&footer, prefix).ok_or_else(failed)? + prefix.len();
    let digits = footer
        .get(at..at + 8)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let wanted = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let mut sum = Crc::new();
    let head = bytes - footer.len() as u64;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut chunk = vec![0; 1 << 20];
    let mut body = file.take(head);
    loop {
        match body.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            count => sum.update(&chunk[..count]),
        }
    }
    sum.update(&footer[..at]);
    sum.update(b"00000000");
    sum.update(footer.get(at + 8..).unwrap_or_default());
    if wanted == Some(sum.sum()) {
        Ok(())
    } else {
        Err(failed())
    }
}

fn read_tail(mut file: &File, bytes: u64, count: u64) -> std::io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(bytes.saturating_sub(count)))?;
    file.take(count).read_to_end(&mut tail)?;
    Ok(tail)
}

fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted)
}
