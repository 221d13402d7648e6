//! The faulty intake: senders that repeat, split, break off, send rubbish, forge stamps, reuse ids.
//!
//! Not here: the market server's own sender, what the answers mean (`watch::signals`).
//! Invariant: which pranks are played when hangs on the seed alone; what is answered does not.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use confluence::domain::random::Random;
use confluence::domain::time::{Span, Timestamp};
use serde_json::{Value, json};

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

struct Message<'a> {
    id: &'a str,
    kind: u16,
    name: &'a str,
    at: Timestamp,
    ack: bool,
}

impl Message<'_> {
    /// In one of the forms the bridge takes.
    fn line(&self, form: u64) -> Line {
        let Self {
            id,
            kind,
            name,
            at,
            ack,
        } = *self;
        let mut value = match form {
            0 => json!({"id": id, "type": kind, "symbol": name, "event_time": at.to_text()}),
            _ => json!({
                "message_type": kind, "message_id": id, "title": "FOMO", "symbol_hint": name,
                "created_time": at.millis(), "data": {"content": {"symbol": name}},
            }),
        };
        if ack {
            value["ack"] = json!(true);
        }
        Line {
            bytes: format!("{value}\n").into_bytes(),
            id: Some(id.to_owned()),
            ack,
            bad: false,
        }
    }
}

fn bad(bytes: Vec<u8>, id: Option<String>, ack: bool) -> Line {
    Line {
        bytes,
        id,
        ack,
        bad: true,
    }
}

/// The pranks of a seed, ascending in time.
pub(super) fn of(seed: u64, coins: &[(&str, &str)], from: Timestamp, until: i64) -> Vec<Prank> {
    let mut random = Random::stream(seed, &[2]);
    let count = random.below(14);
    let mut pranks: Vec<Prank> = (0..count)
        .flat_map(|number| {
            let at = from + Span::from_millis(random.between(10_000, until * 60_000));
            prank(&mut random, number, coins, at)
        })
        .collect();
    pranks.sort_by_key(|prank| prank.at);
    pranks
}

fn prank(random: &mut Random, number: u64, coins: &[(&str, &str)], at: Timestamp) -> Vec<Prank> {
    let coin = coins[usize::try_from(random.below(coins.len() as u64)).unwrap()].1;
    let kind = [110, 113, 113, 112, 109][usize::try_from(random.below(5)).unwrap()];
    let ack = random.below(4) > 0;
    let form = random.below(2);
    let id = format!("n-{number}");
    let past = Span::from_millis(random.between(0, 20_000));
    let message = Message {
        id: &id,
        kind,
        name: coin,
        at: at - past,
        ack,
    };
    let good = message.line(form);
    let one = |lines: Vec<Line>, how: How| vec![Prank { at, lines, how }];
    match random.below(14) {
        0 => one(vec![good.clone(), good], How::Whole),
        1 => {
            // At the same moment over two connections, or again a while later.
            let later = at + Span::from_millis(random.between(0, 60_000) * random.between(0, 1));
            let other = Prank {
                at: later,
                lines: vec![good.clone()],
                how: How::Whole,
            };
            vec![
                Prank {
                    at,
                    lines: vec![good],
                    how: How::Whole,
                },
                other,
            ]
        }
        2 => one(
            vec![good],
            How::Pieces(usize::try_from(random.between(1, 40)).unwrap()),
        ),
        3 => one(vec![Line { bad: true, ..good }], How::Half),
        4 => {
            let length = usize::try_from(random.between(1, 300)).unwrap();
            let rubbish = (0..length).map(|_| u8::try_from(random.between(32, 126)).unwrap());
            let mut bytes: Vec<u8> = std::iter::once(b'#').chain(rubbish).collect();
            bytes.push(b'\n');
            one(vec![bad(bytes, None, false), good], How::Whole)
        }
        5 => {
            let mut bytes = good.bytes.clone();
            bytes[3] = 0xff;
            one(vec![bad(bytes, None, ack), good], How::Whole)
        }
        6 => {
            let deep = format!("{}{}\n", "[".repeat(100), "]".repeat(100));
            one(vec![bad(deep.into_bytes(), None, false), good], How::Whole)
        }
        7 => {
            let mut bytes = vec![b'x'; usize::try_from(random.between(66_000, 200_000)).unwrap()];
            bytes.push(b'\n');
            one(vec![bad(bytes, None, false), good], How::Whole)
        }
        8 => {
            let years = [60, 3_600, 86_400 * 365][usize::try_from(random.below(3)).unwrap()];
            let old = Message {
                at: at - Span::from_millis(years * 1_000),
                ..message
            };
            one(vec![old.line(form)], How::Whole)
        }
        9 => {
            let ahead = [4, 60, 3_600, 86_400 * 365][usize::try_from(random.below(4)).unwrap()];
            let early = Message {
                at: at + Span::from_millis(ahead * 1_000),
                ..message
            };
            one(vec![early.line(form)], How::Whole)
        }
        10 => {
            let line = Message {
                name: "NOSUCHCOIN",
                ..message
            }
            .line(form);
            one(vec![Line { bad: true, ..line }], How::Whole)
        }
        11 => {
            let line = Message {
                kind: 999,
                ..message
            }
            .line(form);
            one(vec![Line { bad: true, ..line }], How::Whole)
        }
        12 => {
            let other = Message {
                at: message.at - Span::from_millis(1),
                ..message
            }
            .line(form);
            one(vec![good, other], How::Whole)
        }
        _ => {
            let flood = (0..random.between(20, 120)).map(|index| {
                let id = format!("{id}-{index}");
                Message {
                    id: &id,
                    kind: 109,
                    ..message
                }
                .line(form)
            });
            one(flood.collect(), How::Whole)
        }
    }
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
