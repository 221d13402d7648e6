//! Bytes of a file, plain, gzipped or zipped, as a stream with hard limits.
//!
//! Not here: what the bytes mean. Invariant: however large or hostile the file is, memory stays within one line
//! (or the stated size of a whole document), and a cut-off archive is an error, never a shorter file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::error::{EMPTY, MarketError, RowError, shown};

/// Longest line of a text file; the longest real one (an archive row) has under 200 bytes.
pub const LINE_MAX: usize = 64 * 1024;
/// Most bytes a file may unpack to: seventy symbol-years of archive minutes.
pub const UNPACKED_MAX: u64 = 4 << 30;
/// Most bytes of a document that is read whole; the largest real one has 1 MB.
pub const DOCUMENT_MAX: u64 = 128 << 20;

/// What to do about a wrong row.
const MEND: &str = "mend the row or fetch the file again; nothing of the file was used";

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one or several members.
    Gzip,
    /// zip with exactly one file in it.
    Zip,
}

/// Lines of one file. Line breaks are stripped, a byte-order mark too.
pub struct Lines<'a> {
    path: &'a Path,
    reader: &'a mut dyn BufRead,
    line: Vec<u8>,
    number: u64,
}

/// Stops a stream that has a line or a total beyond the limits.
struct Limited<R> {
    inner: R,
    left: u64,
    total_max: u64,
    since_break: usize,
    line_max: usize,
}

/// The packing that the first bytes show; the extension is not asked, since browsers and tools rename and unpack.
fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Packing::Zip,
        _ => Packing::Plain,
    }
}

/// Opens a file and hands its unpacked bytes to `read`, which must read to the end (the checksum is there).
fn with_reader<T>(
    path: &Path,
    line_max: usize,
    total_max: u64,
    read: impl FnOnce(&mut dyn BufRead) -> Result<T, MarketError>,
) -> Result<T, MarketError> {
    let unreadable = |source| MarketError::unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(MarketError::content(path, "is a folder, not a file", ""));
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    let kind = packing(file.fill_buf().map_err(unreadable)?);
    let limit = |inner: &mut dyn Read, read: Box<dyn FnOnce(&mut dyn BufRead) -> _ + '_>| {
        let limited = Limited {
            inner,
            left: total_max,
            total_max,
            since_break: 0,
            line_max,
        };
        // Chunks of the line limit: inside one chunk no line can be longer.
        read(&mut BufReader::with_capacity(1 << 16, limited))
    };
    match kind {
        Packing::Plain => limit(&mut file, Box::new(read)),
        Packing::Gzip => limit(&mut MultiGzDecoder::new(file), Box::new(read)),
        Packing::Zip => {
            let mut archive =
                ZipArchive::new(file).map_err(|wrong| MarketError::damaged(path, wrong))?;
            if archive.len() != 1 {
                let found = format!("the zip holds {} files, expected one", archive.len());
                return Err(MarketError::content(
                    path,
                    found,
                    "unpack it into the folder",
                ));
            }
            let mut member = archive
                .by_index(0)
                .map_err(|wrong| MarketError::damaged(path, wrong))?;
            limit(&mut member, Box::new(read))
        }
    }
}

/// Reads a file line by line.
///
/// # Errors
/// When the file cannot be opened or unpacked, is empty, or holds a line above [`LINE_MAX`]; and whatever `read` says.
pub fn with_lines<T>(
    path: &Path,
    read: impl FnOnce(&mut Lines<'_>) -> Result<T, MarketError>,
) -> Result<T, MarketError> {
    with_reader(path, LINE_MAX, UNPACKED_MAX, |reader| {
        if reader
            .fill_buf()
            .map_err(|wrong| stream_error(path, 1, wrong))?
            .is_empty()
        {
            return Err(MarketError::content(path, "the file is empty", EMPTY));
        }
        read(&mut Lines {
            path,
            reader,
            line: Vec::new(),
            number: 0,
        })
    })
}

/// Hands the unpacked bytes of a file to a parser of its own (the csv crate), under the same limits.
///
/// # Errors
/// As [`with_lines`].
pub fn with_bytes<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn BufRead) -> Result<T, MarketError>,
) -> Result<T, MarketError> {
    with_reader(path, LINE_MAX, UNPACKED_MAX, read)
}

/// Reads a whole document, at most [`DOCUMENT_MAX`] bytes, as text.
///
/// # Errors
/// When it cannot be opened or unpacked, is larger, empty or not UTF-8.
pub fn read_document(path: &Path) -> Result<String, MarketError> {
    with_reader(path, usize::MAX, DOCUMENT_MAX, |reader| {
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(|wrong| stream_error(path, 1, wrong))?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(MarketError::content(path, "the file is empty", EMPTY));
        }
        let text = String::from_utf8(bytes)
            .map_err(|wrong| MarketError::content(path, format!("not UTF-8 text: {wrong}"), ""))?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    })
}

/// Whether a file begins with these bytes, as it lies on the disk.
///
/// # Errors
/// When it cannot be opened.
pub fn starts_with(path: &Path, magic: &[u8]) -> Result<bool, MarketError> {
    let unreadable = |source| MarketError::unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    let mut head = Vec::new();
    file.take(magic.len() as u64)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    Ok(head == magic)
}

/// The first byte of the unpacked text that is not white space or a byte-order mark, looking at one line's length.
///
/// # Errors
/// When the file cannot be opened or unpacked.
pub fn first_byte(path: &Path) -> Result<Option<u8>, MarketError> {
    with_reader(path, usize::MAX, UNPACKED_MAX, |reader| {
        let head = reader
            .fill_buf()
            .map_err(|wrong| stream_error(path, 1, wrong))?;
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        Ok(text
            .iter()
            .copied()
            .find(|byte| !byte.is_ascii_whitespace()))
    })
}

/// What a failing stream means for the file.
pub(crate) fn stream_error(path: &Path, line: u64, wrong: io::Error) -> MarketError {
    let kind = wrong.kind();
    if kind == io::ErrorKind::UnexpectedEof {
        return MarketError::damaged(path, format!("the archive ends too early (line {line})"));
    }
    if kind == io::ErrorKind::FileTooLarge {
        return MarketError::Row(Box::new(RowError {
            path: path.to_owned(),
            line,
            column: 0,
            shown: String::new(),
            found: wrong.to_string(),
            hint: "no table or list of prices, signals or rules is like that: look at what the file is"
                .to_owned(),
        }));
    }
    if matches!(
        kind,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
    ) {
        return MarketError::damaged(path, format!("{wrong} (line {line})"));
    }
    MarketError::unreadable(path, wrong)
}

impl Lines<'_> {
    /// Goes to the next line; `false` at the end.
    ///
    /// # Errors
    /// When the stream breaks or the line is too long.
    pub fn advance(&mut self) -> Result<bool, MarketError> {
        self.line.clear();
        self.number += 1;
        let count = self
            .reader
            .read_until(b'\n', &mut self.line)
            .map_err(|wrong| stream_error(self.path, self.number, wrong))?;
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
            self.line.drain(..3);
        }
        Ok(count > 0)
    }

    /// The line gone to last; empty before the first and after the last.
    #[must_use]
    pub fn current(&self) -> &[u8] {
        &self.line
    }

    /// Number of the line read last, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The line read last is wrong, from this byte of it on (`None`: as a whole).
    pub(crate) fn wrong(&self, byte: Option<usize>, found: impl Into<String>) -> MarketError {
        self.wrong_with(byte, found, MEND)
    }

    /// As [`Lines::wrong`], with what to do about it.
    pub(crate) fn wrong_with(
        &self,
        byte: Option<usize>,
        found: impl Into<String>,
        hint: &str,
    ) -> MarketError {
        let column = byte.map_or(0, |byte| {
            String::from_utf8_lossy(&self.line[..byte.min(self.line.len())])
                .chars()
                .count()
                + 1
        });
        MarketError::Row(Box::new(RowError {
            path: self.path.to_owned(),
            line: self.number,
            column,
            shown: shown(&self.line),
            found: found.into(),
            hint: hint.to_owned(),
        }))
    }

    /// The file being read.
    #[must_use]
    pub const fn path(&self) -> &Path {
        self.path
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let too_large = |text: String| io::Error::new(io::ErrorKind::FileTooLarge, text);
        let count = self.inner.read(buffer)?;
        let chunk = &buffer[..count];
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            too_large(format!(
                "the file has more than {} MiB, unpacked",
                self.total_max >> 20
            ))
        })?;
        let is_break = |byte: &u8| *byte == b'\n';
        let first = chunk.iter().position(is_break);
        if self.since_break.saturating_add(first.unwrap_or(count)) > self.line_max {
            return Err(too_large(format!(
                "a line has more than {} bytes",
                self.line_max
            )));
        }
        self.since_break = match chunk.iter().rposition(is_break) {
            Some(last) => count - last - 1,
            None => self.since_break.saturating_add(count),
        };
        Ok(count)
    }
}
