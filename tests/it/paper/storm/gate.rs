//! Between the market server and the bridge: signals go through; at gates the tape stands while senders and the operator
//! do what is planned for that instant.
//!
//! Not here: what they do (`pranks`, `operator`).
//! Invariant: the market server waits for the answer to each of its signals, so what happens at a gate happens at its
//! running time, however fast the tape runs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::time::Timestamp;

use super::plan::Plan;

/// Longest wait for bytes of either side.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between two looks for a connection.
const LOOK: Duration = Duration::from_millis(1);
/// What the ids of gates begin with.
const GATE: &str = "gate-";

/// Instants at which the tape stands, ascending.
pub(super) fn times(plan: &Plan) -> Vec<Timestamp> {
    let pranks = plan.pranks.iter().map(|prank| prank.at);
    let wishes = plan.wishes.iter().map(|(at, _)| *at);
    let mut times: Vec<Timestamp> = pranks.chain(wishes).chain([plan.calm_from()]).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// The messages that make the market server wait.
pub(super) fn signals(plan: &Plan) -> Vec<RawSignal> {
    let gates = times(plan).into_iter().enumerate();
    let gates = gates.map(|(number, at)| RawSignal {
        id: format!("{GATE}{number}").into(),
        kind: SignalType::ALPHA,
        name: String::new(),
        event_time: at,
        received_time: Some(at),
    });
    let mut signals: Vec<RawSignal> = plan.play.signals.iter().cloned().chain(gates).collect();
    signals.sort_by_key(|signal| signal.received_time);
    signals
}

/// The listener the market server sends to.
pub(super) struct Gate {
    listener: TcpListener,
    bridge: SocketAddr,
    done: BTreeMap<usize, Mutex<bool>>,
}

impl Gate {
    pub(super) fn new(plan: &Plan, bridge: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let gates = 0..times(plan).len();
        Self {
            listener,
            bridge,
            done: gates.map(|gate| (gate, Mutex::new(false))).collect(),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Serves until it is over; `act` does what is planned for a gate.
    pub(super) fn serve(&self, over: &AtomicBool, act: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            while !over.load(Ordering::SeqCst) {
                match self.listener.accept() {
                    Ok((stream, _)) => {
                        scope.spawn(move || self.connection(stream, act));
                    }
                    Err(_) => std::thread::park_timeout(LOOK),
                }
            }
        });
    }

    /// One line, and its answer; a connection that breaks is tried again by the other side.
    fn connection(&self, mut stream: TcpStream, act: &(dyn Fn(usize) + Sync)) -> Option<()> {
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).ok()?;
        if let Some(gate) = number(&line) {
            let mut done = self.done.get(&gate)?.lock().unwrap();
            if !*done {
                act(gate);
                *done = true;
            }
            return stream.write_all(b"{\"ok\":true}\n").ok();
        }
        let mut bridge = TcpStream::connect_timeout(&self.bridge, PATIENCE).ok()?;
        bridge.set_read_timeout(Some(PATIENCE)).ok()?;
        bridge.write_all(line.as_bytes()).ok()?;
        bridge.shutdown(Shutdown::Write).ok()?;
        let mut answer = Vec::new();
        bridge.read_to_end(&mut answer).ok()?;
        stream.write_all(&answer).ok()
    }
}

fn number(line: &str) -> Option<usize> {
    let id = line.split(GATE).nth(1)?;
    let digits: String = id.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
