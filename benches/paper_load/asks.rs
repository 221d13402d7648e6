//! The control port asked, as an operator does.
//!
//! Not here: what the answers are used for.

use std::io::{Read, Write};
use std::net::TcpStream;

use confluence::live::start::Started;
use serde_json::Value;

/// How often a question is asked again; each waits for seconds.
const TRIES: usize = 12;

/// An answer to `status`.
pub(crate) struct Status {
    pub(crate) answer: Value,
}

impl Status {
    /// Asks until there is an answer: a disk that stands still for seconds holds it back.
    pub(crate) fn of(started: &Started) -> Self {
        let answer = (0..TRIES).find_map(|_| asked(started));
        Self {
            answer: answer.expect("a run that answers"),
        }
    }

    /// Market messages that the exchange of the run heard.
    pub(crate) fn events(&self) -> u64 {
        self.answer["events"].as_u64().expect("a count")
    }

    /// What the bridge counted.
    pub(crate) fn bridge(&self, count: &str) -> u64 {
        let counted = &self.answer["intake"]["sources"]["bridge"][count];
        counted.as_u64().unwrap_or(0)
    }

    /// What the streams counted.
    pub(crate) fn streams(&self, count: &str) -> u64 {
        let text = self.answer["streams"].as_str().expect("a text");
        let start = format!(" {count}: ");
        let (_, rest) = text.split_once(&start).expect("a counter");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    }
}

fn asked(started: &Started) -> Option<Value> {
    let addr = started.control.expect("a control port");
    let token = std::fs::read_to_string(&started.token_file).expect("a token");
    let mut stream = TcpStream::connect(addr).expect("a listener");
    let request = format!(
        "GET /status HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        token.trim()
    );
    stream.write_all(request.as_bytes()).expect("a listener");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (_, body) = text.split_once("\r\n\r\n")?;
    let answer: Value = serde_json::from_str(body).ok()?;
    answer.get("events").is_some().then_some(answer)
}
