//! Sends signals to the bridge as the original does: a fresh connection, one line, close.
//!
//! Not here: when (`stage`), who listens (`live::intake`).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::signal::{RawSignal, SignalType};
use crate::domain::time::Timestamp;

use super::faults::Fault;
use super::shared::Shared;
use super::summary::SignalCounts;
use super::wall;

/// The original's own patience.
const CONNECT: Duration = Duration::from_millis(1_500);
/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_MAX: u64 = 64 * 1024;
/// Tries of the original, and the time between them.
const TRIES: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(2);
/// The time between tries where the tape waits.
const BETWEEN_WAITING: Duration = Duration::from_millis(200);

/// When a signal is due.
pub(super) fn due(signal: &RawSignal) -> Timestamp {
    signal.received_time.unwrap_or(signal.event_time)
}

/// The bridge and what became of signals sent to it.
#[derive(Debug)]
pub(super) struct Bridge {
    address: String,
    /// Whether each signal is sent until it is answered.
    waiting: bool,
    pub(super) counts: SignalCounts,
}

/// What became of one try.
enum Try {
    /// Written; there was no answer to wait for.
    Written,
    Accepted,
    Refused,
    /// It may be sent again.
    NotNow,
}

impl Bridge {
    pub(super) fn new(address: String, waiting: bool) -> Self {
        Self {
            address,
            waiting,
            counts: SignalCounts::default(),
        }
    }

    /// Sends one signal, again and again as the mode says; gives up when asked to stop.
    pub(super) fn deliver(&mut self, number: u64, signal: &RawSignal, shared: &Shared) {
        let line = line(signal, self.waiting);
        if shared.hub.dice.falls(Fault::LateAck, number, 0) {
            // The answer is not waited for; what follows is a repeat to the other side.
            drop(self.attempt(&line, false));
        }
        let mut tries = 0;
        let mut written = false;
        while !shared.is_stopped() {
            tries += 1;
            let outcome = self.attempt_told(&line, shared);
            written |= outcome.is_ok();
            match outcome {
                Ok(Try::Written) => {
                    self.counts.sent += 1;
                    return;
                }
                Ok(Try::Accepted) => {
                    self.counts.sent += 1;
                    self.counts.acknowledged += 1;
                    return;
                }
                Ok(Try::Refused) => {
                    self.counts.sent += 1;
                    self.counts.refused += 1;
                    tracing::warn!(id = %signal.id, "the bridge refused a signal");
                    return;
                }
                Ok(Try::NotNow) => {}
                Err(wrong) => {
                    tracing::debug!(id = %signal.id, tries, %wrong, "the bridge did not take a signal");
                }
            }
            if !self.waiting && tries >= TRIES {
                break;
            }
            rest(
                if self.waiting {
                    BETWEEN_WAITING
                } else {
                    BETWEEN
                },
                shared,
            );
        }
        self.counts.sent += u64::from(written);
        self.counts.failed += 1;
    }

    /// An attempt while everybody goes on hearing what time it is: who has just come back judges a signal only then.
    fn attempt_told(&self, line: &str, shared: &Shared) -> io::Result<Try> {
        if !self.waiting {
            return self.attempt(line, false);
        }
        std::thread::scope(|scope| {
            let attempt = scope.spawn(|| self.attempt(line, true));
            while !attempt.is_finished() {
                shared.hub.lock().ping(shared.now());
                std::thread::park_timeout(BETWEEN_PINGS);
            }
            attempt
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the attempt broke off")))
        })
    }

    /// One connection, one line, and the answer if it is waited for.
    fn attempt(&self, line: &str, waiting: bool) -> io::Result<Try> {
        let mut stream = connect(&self.address)?;
        stream.set_write_timeout(Some(ANSWER))?;
        stream.write_all(line.as_bytes())?;
        stream.flush()?;
        if !waiting {
            return Ok(Try::Written);
        }
        stream.set_read_timeout(Some(ANSWER))?;
        let mut answer = String::new();
        BufReader::new(stream.take(ANSWER_MAX)).read_line(&mut answer)?;
        if !answer.ends_with('\n') {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "no whole answer line",
            ));
        }
        Ok(judge(&answer))
    }
}

/// While an answer is waited for, the time is told this often.
const BETWEEN_PINGS: Duration = Duration::from_millis(2);

/// Reasons that pass: the message may be sent again.
const PASSING: [&str; 3] = ["busy", "closing", "unconfirmed"];

/// An answer that says no, or not now, or anything else.
fn judge(answer: &str) -> Try {
    let said: Value = serde_json::from_str(answer).unwrap_or_default();
    let reason = said.get("reason").and_then(Value::as_str);
    if reason.is_some_and(|reason| PASSING.contains(&reason)) {
        return Try::NotNow;
    }
    // What came again because the first answer was lost was taken the first time.
    if reason == Some("duplicate") {
        return Try::Accepted;
    }
    let no = ["ok", "accepted", "ack"]
        .iter()
        .any(|key| said.get(*key) == Some(&Value::Bool(false)));
    if no || said.get("error").is_some_and(|error| !error.is_null()) {
        Try::Refused
    } else {
        Try::Accepted
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut wrong = io::Error::new(io::ErrorKind::NotFound, "the address names nothing");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => wrong = error,
        }
    }
    Err(wrong)
}

/// Waits, but not past a wish to stop.
fn rest(length: Duration, shared: &Shared) {
    const LOOK: Duration = Duration::from_millis(50);
    let begun = wall::now();
    while begun.elapsed() < length && !shared.is_stopped() {
        shared
            .hub
            .wait(length.saturating_sub(begun.elapsed()).min(LOOK));
    }
}

/// The line in the bridge's shape, with its end.
fn line(signal: &RawSignal, waiting: bool) -> String {
    let kind = signal.kind.0;
    let title = match signal.kind {
        SignalType::ALPHA => "Alpha",
        SignalType::FOMO | SignalType::FOMO_INTENSIFIED => "FOMO",
        _ => "资金异常",
    };
    let created = signal.event_time.millis();
    let content = json!({"messageType": kind, "symbol": signal.name});
    let mut line = json!({
        "message_type": kind,
        "message_id": signal.id.as_ref(),
        "title": title,
        "symbol_hint": signal.name,
        "created_time": created,
        "data": {
            "raw_message": {
                "id": signal.id.as_ref(),
                "type": kind,
                "title": title,
                "content": content.to_string(),
                "createTime": created,
            },
            "content": content,
        },
    });
    if waiting {
        line["ack"] = json!(true);
    }
    format!("{line}\n")
}
