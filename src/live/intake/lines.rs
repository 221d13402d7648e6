//! Bytes become lines of bounded length.
//!
//! Not here: where bytes come from, what a line says (`message`).
//! Invariant: never more than one line is kept; of a line that is too long its start is kept and the rest thrown away,
//! so a line of any length costs the same memory.

use super::limits::LINE_BYTES;

/// What the bytes so far came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A full line is in [`Lines::line`], without its newline.
    Line,
    /// A line is too long; its start is in [`Lines::line`]. Said once, when that is seen.
    TooLong,
}

/// Takes lines out of bytes.
#[derive(Debug, Default)]
pub(super) struct Lines {
    kept: Vec<u8>,
    /// What is kept was handed out and goes with the next byte.
    done: bool,
    /// The rest of a line that was too long is still coming.
    throwing: bool,
}

impl Lines {
    /// Takes bytes from the front of `input` up to the end of the next line, or all of them. `None`: more are needed.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Found> {
        while !input.is_empty() {
            self.forget();
            let newline = input.iter().position(|byte| *byte == b'\n');
            let (part, rest) = match newline {
                Some(at) => (&input[..at], &input[at + 1..]),
                None => (*input, &[][..]),
            };
            let room = LINE_BYTES - self.kept.len();
            let fits = part.len() <= room;
            if !self.throwing {
                self.kept.extend_from_slice(&part[..part.len().min(room)]);
            }
            if !self.throwing && !fits {
                // The newline stays in the input: it ends the throwing.
                *input = &input[room..];
                self.throwing = true;
                self.done = true;
                return Some(Found::TooLong);
            }
            *input = rest;
            if newline.is_some() {
                if self.throwing {
                    self.throwing = false;
                    continue;
                }
                self.done = true;
                return Some(Found::Line);
            }
        }
        None
    }

    /// The line that was found last, without a carriage return at its end.
    pub(super) fn line(&self) -> &[u8] {
        self.kept.strip_suffix(b"\r").unwrap_or(&self.kept)
    }

    /// Whether a line has begun and not ended.
    pub(super) fn half(&self) -> bool {
        self.throwing || (!self.done && !self.kept.is_empty())
    }

    fn forget(&mut self) {
        if self.done {
            self.kept.clear();
            self.done = false;
            // Hundreds of connections that each sent one long line long ago should not hold its room.
            self.kept.shrink_to(8 * 1024);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &[&[u8]]) -> (Vec<(Found, usize)>, bool, usize) {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut held = 0;
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(what) = lines.next(&mut rest) {
                found.push((what, lines.line().len()));
            }
            held = held.max(lines.kept.capacity());
        }
        (found, lines.half(), held)
    }

    #[test]
    fn lines_come_whole_however_the_bytes_come() {
        let (found, half, _) = all(&[b"ab\r\nc", b"d", b"\n\n", b"e"]);
        let expected = [(Found::Line, 2), (Found::Line, 2), (Found::Line, 0)];
        assert_eq!((found.as_slice(), half), (&expected[..], true));
        assert!(!all(&[b"ab\n"]).1);
        assert!(!all(&[]).1);
    }

    #[test]
    fn a_long_line_costs_no_more_than_a_line() {
        let mebibyte = vec![b'x'; 1 << 20];
        let mut chunks: Vec<&[u8]> = vec![&mebibyte; 64];
        chunks.push(b"x\nok\n");
        let (found, half, held) = all(&chunks);
        let expected = [(Found::TooLong, LINE_BYTES), (Found::Line, 2)];
        assert_eq!((found.as_slice(), half), (&expected[..], false));
        assert!(held <= 2 * LINE_BYTES, "{held}");
        let exact = [&mebibyte[..LINE_BYTES], b"\n"];
        assert_eq!(all(&exact).0, [(Found::Line, LINE_BYTES)]);
        let (found, half, _) = all(&[&mebibyte]);
        assert_eq!((found.len(), half), (1, true));
        println!("lines: 64 MiB in one line, at most {held} bytes held");
    }
}
