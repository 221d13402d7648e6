//! Eight connections that flood the bridge: repeats, rubbish, and one new valid signal in a thousand lines.
//!
//! Not here: the bridge.
//! Invariant: lines are made before the flood begins, but for the new ones, which carry the time they are sent at.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::CONTRACTS;
use super::frames::millis;

const CONNECTIONS: u64 = 8;
/// Connections that ask for answers: the others are like the original's.
const ASKING: u64 = 4;
/// Lines a second over one connection.
const RATE: u64 = 12_500;
/// One line in so many is new.
const ONE_IN: u64 = 1_000;
/// Lines made before the flood, said over and over.
const MADE: usize = 4_000;
/// Messages that everybody repeats.
const KNOWN: u64 = 50;
/// and when they were made: 2026-01-01.
const KNOWN_AT: u64 = 1_767_225_600_000;
const BEAT: Duration = Duration::from_millis(2);

/// The flood under way.
pub(crate) struct Flood {
    threads: Vec<JoinHandle<Connection>>,
}

/// What one connection did.
pub(crate) struct Connection {
    pub(crate) lines: u64,
    /// When each new signal was written, by number.
    pub(crate) sent: Vec<Instant>,
    /// The journal's row and the time of the answer of those that were acknowledged, by number.
    pub(crate) acked: Vec<(u64, u64, Instant)>,
    /// Other answers.
    pub(crate) answers: u64,
}

/// What all of them did.
pub(crate) struct Flooded {
    pub(crate) lines: u64,
    pub(crate) connections: Vec<Connection>,
}

impl Flooded {
    pub(crate) fn signals(&self) -> usize {
        self.connections.iter().map(|one| one.sent.len()).sum()
    }
}

/// The id of a new signal.
pub(crate) fn id_of(connection: u64, number: u64) -> String {
    format!("n{connection}-{number}")
}

impl Flood {
    pub(crate) fn start(bridge: SocketAddr, length: Duration) -> Self {
        tell_known(bridge);
        let threads = (0..CONNECTIONS)
            .map(|number| std::thread::spawn(move || flood(bridge, number, length)))
            .collect();
        Self { threads }
    }

    pub(crate) fn end(self) -> Flooded {
        let connections: Vec<Connection> = self
            .threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect();
        Flooded {
            lines: connections.iter().map(|one| one.lines).sum::<u64>() + KNOWN,
            connections,
        }
    }
}

fn line(out: &mut Vec<u8>, id: &str, number: u64, at: u64, ack: bool) {
    let kind = if number.is_multiple_of(2) { 110 } else { 113 };
    let contract = number / 2 % CONTRACTS as u64;
    let ack = if ack { r#","ack":true"# } else { "" };
    writeln!(
        out,
        r#"{{"message_type":{kind},"message_id":"{id}","title":"","symbol_hint":"L{contract:03}","created_time":{at},"data":{{"content":{{"symbol":"L{contract:03}"}}}}{ack}}}"#
    )
    .expect("memory takes everything");
}

/// The messages that are repeated later on, taken before the flood.
fn tell_known(bridge: SocketAddr) {
    let mut stream = TcpStream::connect(bridge).expect("a bridge");
    let mut out = Vec::new();
    for number in 0..KNOWN {
        line(&mut out, &format!("known-{number}"), number, KNOWN_AT, true);
    }
    stream.write_all(&out).expect("a bridge");
    let answers = BufReader::new(stream).lines();
    for answer in answers.take(usize::try_from(KNOWN).expect("few")) {
        let answer = answer.expect("an answer");
        assert!(answer.contains(r#""ok":true"#), "{answer}");
    }
}

/// Lines to be said over and over, and where each ends.
fn made(connection: u64) -> (Vec<u8>, Vec<usize>) {
    let mut seed = connection + 1;
    let mut random = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        (seed >> 33) % below
    };
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(MADE));
    for _ in 0..MADE {
        match random(12) {
            0..=5 => {
                let number = random(KNOWN);
                // Other bytes than the first time: known by id, then by the line.
                line(&mut bytes, &format!("known-{number}"), number, KNOWN_AT, false);
            }
            6 => bytes.extend_from_slice(b"rubbish\n"),
            7 => bytes.extend_from_slice(b"{\n"),
            8 => bytes.extend_from_slice(b"[1,2,3]\n"),
            9 => {
                line(&mut bytes, "cut", 0, KNOWN_AT, false);
                bytes.truncate(bytes.len() - 60);
                bytes.push(b'\n');
            }
            10 => bytes.extend_from_slice(b"{\"message_type\":7,\"message_id\":\"typed\",\"symbol_hint\":\"L001\",\"created_time\":1767225600000,\"data\":{}}\n"),
            _ => {
                bytes.resize(bytes.len() + 300, b'x');
                bytes.push(b'\n');
            }
        }
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn flood(bridge: SocketAddr, connection: u64, length: Duration) -> Connection {
    let (bytes, ends) = made(connection);
    let mut stream = TcpStream::connect(bridge).expect("a bridge");
    stream.set_nodelay(true).expect("a socket");
    // A bridge that reads nothing for so long has stopped.
    stream
        .set_write_timeout(Some(Duration::from_secs(60)))
        .expect("a socket");
    let asks = connection < ASKING;
    let most = usize::try_from(length.as_secs() * RATE / ONE_IN + 16).expect("not that long");
    let heard = stream.try_clone().expect("a socket");
    let listener = std::thread::spawn(move || listen(heard, connection, most));
    let mut sent = vec![Instant::now(); most];
    sent.clear();
    let mut fresh = Vec::with_capacity(512);
    let began = Instant::now();
    let mut lines = 0;
    let mut place = 0;
    loop {
        let after = began.elapsed().min(length);
        let due = u64::try_from(after.as_micros()).expect("short") * RATE / 1_000_000;
        // Connections take turns with what is new.
        let until_new = |lines: u64| (lines + connection * 125) % ONE_IN;
        while lines < due {
            if until_new(lines) == ONE_IN - 1 {
                let number = sent.len() as u64;
                fresh.clear();
                line(
                    &mut fresh,
                    &id_of(connection, number),
                    number * CONNECTIONS + connection,
                    millis(),
                    asks,
                );
                sent.push(Instant::now());
                stream.write_all(&fresh).expect("a bridge that reads");
                lines += 1;
                continue;
            }
            let wanted = (due - lines).min(ONE_IN - 1 - until_new(lines));
            let wanted = usize::try_from(wanted).expect("few").min(MADE - place);
            let from = if place == 0 { 0 } else { ends[place - 1] };
            stream
                .write_all(&bytes[from..ends[place + wanted - 1]])
                .expect("a bridge that reads");
            place = (place + wanted) % MADE;
            lines += wanted as u64;
        }
        if after == length {
            break;
        }
        std::thread::sleep(BEAT);
    }
    stream
        .shutdown(std::net::Shutdown::Write)
        .expect("a socket");
    let (acked, answers) = listener.join().expect("no panic");
    Connection {
        lines,
        sent,
        acked,
        answers,
    }
}

/// Reads answers until the bridge closes; remembers which new signals were taken.
fn listen(stream: TcpStream, connection: u64, most: usize) -> (Vec<(u64, u64, Instant)>, u64) {
    let mut acked = vec![(1, 1, Instant::now()); most];
    acked.clear();
    let mut answers = 0;
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut text = String::with_capacity(1_024);
    let start = format!(r#""id":"n{connection}-"#);
    loop {
        text.clear();
        match reader.read_line(&mut text) {
            Ok(0) | Err(_) => return (acked, answers),
            Ok(_) => {}
        }
        let taken = text.contains(r#""ok":true"#);
        let Some((_, rest)) = text.split_once(&start).filter(|_| taken) else {
            answers += 1;
            continue;
        };
        let number = |text: &str| -> u64 {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().expect("a number")
        };
        let row = rest.split_once(r#""seq":"#).expect("a row").1;
        acked.push((number(rest), number(row), Instant::now()));
    }
}
