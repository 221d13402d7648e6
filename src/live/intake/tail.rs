//! A file that grows, is renamed away, cut, written anew: what was added to it since the last look.
//!
//! Not here: when it is looked at, lines (`follow`).
//! Invariants: bytes are given once and in order; before a file that was replaced is left, it is read to its end, and
//! once more a look later, because its writer may still have had it open.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes before the place of reading that are compared before going on: what is written anew over the old differs here.
const MARK: usize = 256;

/// What a look at the file came to.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Added bytes, at most so many as were asked for.
    pub(super) bytes: Vec<u8>,
    /// The bytes belong to a new content: a half line before them will never be whole.
    pub(super) fresh: bool,
    /// The file was replaced by another.
    pub(super) rotated: bool,
    /// The file was cut or written anew in place.
    pub(super) cut: bool,
}

/// A place in a file that may not be there.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    open: Option<Open>,
    /// Whether the next file is read from its start; only the first may be read from its end.
    from_start: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: Identity,
    at: u64,
    /// The last bytes before `at`.
    mark: Vec<u8>,
    /// Seen to be replaced at the last look.
    leaving: bool,
}

type Identity = (u64, u64);

impl Tail {
    /// Begins at the end of a file that is there, or at its start; a file that comes later is new from its start.
    pub(super) fn new(path: PathBuf, from_start: bool) -> Self {
        Self {
            path,
            open: None,
            from_start,
        }
    }

    /// Looks once; gives at most about `most` bytes.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(super) fn look(&mut self, most: usize) -> io::Result<Look> {
        let Some(open) = &mut self.open else {
            return self.first(most);
        };
        let mut look = Look::default();
        if open.was_cut()? {
            open.restart();
            look.cut = true;
            look.fresh = true;
        }
        look.bytes = open.read(most)?;
        if !look.bytes.is_empty() || look.cut {
            return Ok(look);
        }
        let now = identity_of(&self.path)?;
        if now.is_none_or(|now| now == open.identity) {
            // Renamed away without a successor: whoever writes may still write there.
            open.leaving = false;
        } else if open.leaving {
            self.open = None;
            self.from_start = true;
            let next = self.first(most)?;
            return Ok(Look {
                rotated: true,
                fresh: true,
                ..next
            });
        } else {
            open.leaving = true;
        }
        Ok(look)
    }

    fn first(&mut self, most: usize) -> io::Result<Look> {
        match identity_of(&self.path) {
            Ok(Some(_)) => {}
            Ok(None) => {
                self.from_start = true;
                return Ok(Look::default());
            }
            Err(error) => {
                // Something else has the name: the file that will have it is new.
                self.from_start |= error.kind() == io::ErrorKind::Other;
                return Err(error);
            }
        }
        let file = File::open(&self.path)?;
        let mut open = Open {
            identity: identity(&file.metadata()?),
            file,
            at: 0,
            mark: Vec::new(),
            leaving: false,
        };
        if !self.from_start {
            open.seek_last_line()?;
        }
        let bytes = open.read(most)?;
        self.open = Some(open);
        Ok(Look {
            bytes,
            ..Look::default()
        })
    }
}

impl Open {
    /// Goes to the start of the line that is not ended yet, or to the end: whole lines that are there are old.
    fn seek_last_line(&mut self) -> io::Result<()> {
        let end = self.file.metadata()?.len();
        let back = end.min(super::limits::LINE_BYTES as u64);
        let mut last = vec![0; usize::try_from(back).map_err(io::Error::other)?];
        self.file.seek(SeekFrom::Start(end - back))?;
        self.file.read_exact(&mut last)?;
        let half = match last.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => last.len() - newline - 1,
            None if back == end => last.len(),
            // A line longer than any line may be: its rest will be refused by itself.
            None => 0,
        };
        self.at = end - half as u64;
        last.truncate(last.len() - half);
        self.keep(&last);
        Ok(())
    }

    fn was_cut(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() < self.at {
            return Ok(true);
        }
        let mut before = vec![0; self.mark.len()];
        self.file
            .seek(SeekFrom::Start(self.at - before.len() as u64))?;
        match self.file.read_exact(&mut before) {
            Ok(()) => Ok(before != self.mark),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn restart(&mut self) {
        self.at = 0;
        self.mark.clear();
    }

    fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        let read = (&self.file).take(most as u64).read_to_end(&mut bytes)?;
        self.at += read as u64;
        self.keep(&bytes);
        Ok(bytes)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.mark.extend_from_slice(bytes);
        let surplus = self.mark.len().saturating_sub(MARK);
        self.mark.drain(..surplus);
    }
}

/// Which file a name stands for now; `None` when for none.
fn identity_of(path: &Path) -> io::Result<Option<Identity>> {
    match fs::metadata(path) {
        // A pipe would block whoever opens it.
        Ok(found) if !found.is_file() => Err(io::Error::other("is not a regular file")),
        Ok(found) => Ok(Some(identity(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn identity(found: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

/// Elsewhere a file is known by when it was made.
#[cfg(not(unix))]
fn identity(found: &fs::Metadata) -> Identity {
    let made = found.created().ok();
    let since = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let since = since.unwrap_or_default();
    (since.as_secs(), u64::from(since.subsec_nanos()))
}
