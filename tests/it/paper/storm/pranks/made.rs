//! Which pranks a seed has.
//!
//! Not here: playing them (`pranks`).
//! Invariant: they hang on the seed alone.

use confluence::domain::random::Random;
use confluence::domain::time::{Span, Timestamp};
use serde_json::json;

use super::{How, Line, Prank};

#[derive(Clone, Copy)]
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

fn bad(bytes: Vec<u8>, ack: bool) -> Line {
    Line {
        bytes,
        id: None,
        ack,
        bad: true,
    }
}

/// The pranks of a seed, ascending in time.
pub(in crate::paper::storm) fn of(
    seed: u64,
    coins: &[(&str, &str)],
    from: Timestamp,
    until: i64,
) -> Vec<Prank> {
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

/// One of a list.
fn one_of<T: Copy>(random: &mut Random, all: &[T]) -> T {
    all[usize::try_from(random.below(all.len() as u64)).unwrap()]
}

fn prank(random: &mut Random, number: u64, coins: &[(&str, &str)], at: Timestamp) -> Vec<Prank> {
    let id = format!("n-{number}");
    let message = Message {
        id: &id,
        name: one_of(random, coins).1,
        kind: one_of(random, &[110, 113, 113, 112, 109]),
        at: at - Span::from_millis(random.between(0, 20_000)),
        ack: random.below(4) > 0,
    };
    let form = random.below(2);
    let good = message.line(form);
    let sent = |at: Timestamp, lines: Vec<Line>| Prank {
        at,
        lines,
        how: How::Whole,
    };
    match random.below(14) {
        0 => vec![sent(at, vec![good.clone(), good])],
        1 => {
            // At the same moment over two connections, or again a while later.
            let later = Span::from_millis(random.between(0, 60_000) * random.between(0, 1));
            vec![sent(at, vec![good.clone()]), sent(at + later, vec![good])]
        }
        2 => {
            let size = usize::try_from(random.between(1, 40)).unwrap();
            let how = How::Pieces(size);
            let lines = vec![good];
            vec![Prank { at, lines, how }]
        }
        3 => {
            let lines = vec![Line { bad: true, ..good }];
            let how = How::Half;
            vec![Prank { at, lines, how }]
        }
        4 => {
            // Another content under the same id.
            let at_other = message.at - Span::from_millis(1);
            let other = Message {
                at: at_other,
                ..message
            };
            vec![sent(at, vec![good, other.line(form)])]
        }
        5 => {
            let ids: Vec<String> = (0..random.between(20, 120))
                .map(|index| format!("{id}-{index}"))
                .collect();
            let line = |id: &String| {
                Message {
                    id,
                    kind: 109,
                    ..message
                }
                .line(form)
            };
            vec![sent(at, ids.iter().map(line).collect())]
        }
        6 | 7 => vec![sent(at, vec![stamped(random, message).line(form)])],
        8 | 9 => {
            let wrong = if random.one_in(2) {
                Message {
                    name: "NOSUCHCOIN",
                    ..message
                }
            } else {
                Message {
                    kind: 999,
                    ..message
                }
            };
            let line = wrong.line(form);
            vec![sent(at, vec![Line { bad: true, ..line }])]
        }
        _ => vec![sent(at, vec![rubbish(random, &good), good])],
    }
}

/// A stamp of last year, of an hour ago, of tomorrow, of next year.
fn stamped<'a>(random: &mut Random, message: Message<'a>) -> Message<'a> {
    const YEAR: i64 = 86_400 * 365;
    let seconds = one_of(random, &[-YEAR, -3_600, -60, 4, 60, 86_400, YEAR]);
    Message {
        at: message.at + Span::from_millis(seconds * 1_000),
        ..message
    }
}

/// A line that is no message; a good one follows it on the same connection.
fn rubbish(random: &mut Random, good: &Line) -> Line {
    let mut bytes = match random.below(4) {
        0 => {
            let length = random.between(1, 300);
            let letters = (0..length).map(|_| u8::try_from(random.between(32, 126)).unwrap());
            std::iter::once(b'#').chain(letters).collect()
        }
        1 => {
            let mut bytes = good.bytes.trim_ascii_end().to_vec();
            bytes[3] = 0xff;
            let ack = good.ack;
            bytes.push(b'\n');
            return bad(bytes, ack);
        }
        2 => format!("{}{}", "[".repeat(100), "]".repeat(100)).into_bytes(),
        _ => vec![b'x'; usize::try_from(random.between(66_000, 200_000)).unwrap()],
    };
    bytes.push(b'\n');
    bad(bytes, false)
}
