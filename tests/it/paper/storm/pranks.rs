//! The faulty intake: senders that repeat, split, break off, send rubbish, forge stamps, reuse ids.
//!
//! Not here: which pranks a seed has (`pranks::made`), the market server's own sender, what the answers mean
//! (`watch::signals`).
//! Invariant: which pranks are played when hangs on the seed alone; what is answered does not.

pub(super) mod made;

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use confluence::domain::time::Timestamp;
use serde_json::Value;

/// How long one answer is waited for: longer than the intake waits for a verdict.
const ANSWER: Duration = Duration::from_secs(6);

/// One thing a sender does.
#[derive(Clone, Debug)]
pub(super) struct Prank {
    pub(super) at: Timestamp,
    pub(super) lines: Vec<Line>,
    pub(super) how: How,
}

/// How bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// At once.
    Whole,
    /// In pieces of so many bytes.
    Pieces(usize),
    /// Half of it, then the end of the connection.
    Half,
}

/// A line and what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Its id, if it is a message.
    pub(super) id: Option<String>,
    /// Whether its sender asks for an answer.
    pub(super) ack: bool,
    /// Whether it must never be taken.
    pub(super) bad: bool,
}

/// What a sender was told about a line.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) id: Option<String>,
    pub(super) bad: bool,
    pub(super) answer: Option<Value>,
}

impl Prank {
    /// Plays it on the bridge; nobody there is no harm. What was answered, line by line.
    pub(super) fn play(&self, bridge: SocketAddr) -> Vec<Answered> {
        let mut answers = Vec::new();
        let connected = TcpStream::connect_timeout(&bridge, Duration::from_secs(1));
        let Ok(mut stream) = connected else {
            return answers;
        };
        let bytes: Vec<u8> = self
            .lines
            .iter()
            .flat_map(|line| line.bytes.clone())
            .collect();
        let sent = match self.how {
            How::Whole => stream.write_all(&bytes),
            How::Pieces(size) => bytes
                .chunks(size)
                .try_for_each(|piece| stream.write_all(piece)),
            How::Half => stream.write_all(&bytes[..bytes.len() / 2]),
        };
        if sent.is_err() || stream.shutdown(Shutdown::Write).is_err() {
            return answers;
        }
        if stream.set_read_timeout(Some(ANSWER)).is_err() {
            return answers;
        }
        // Rubbish is answered only where somebody asked before, so answers are told apart by their ids.
        let mut said: Vec<Value> = BufReader::new(stream)
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str(&line).ok())
            .collect();
        for line in &self.lines {
            let place = said
                .iter()
                .position(|answer| answer["id"].as_str() == line.id.as_deref());
            answers.push(Answered {
                id: line.id.clone(),
                bad: line.bad,
                answer: place.filter(|_| line.ack).map(|place| said.remove(place)),
            });
        }
        answers
    }
}
