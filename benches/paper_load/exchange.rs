//! A server that costs little and says much: the calls a start needs, and the two routes of streams at a planned pace.
//!
//! Not here: what frames hold (`frames`).
//! Invariant: every frame that is counted as said was handed to the connection whole, in order, once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::CONTRACTS;
use super::frames::{Contract, Speaker, exchange_info, framed, millis};

/// Messages a second.
const USUAL: u64 = 5_000;
/// and in a burst.
const BURST: u64 = 50_000;
const BURST_AT: Duration = Duration::from_secs(12);
const BURST_LENGTH: Duration = Duration::from_secs(10);
const BURST_EVERY: Duration = Duration::from_secs(60);
/// How much longer than the plan anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at what is due.
const BEAT: Duration = Duration::from_millis(1);

/// When how much is said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) length: Duration,
}

/// What was said, once it is over.
pub(crate) struct Said {
    pub(crate) frames: u64,
    /// Trades by contract.
    pub(crate) trades: Vec<Contract>,
    /// Calls that a run without a hole never makes, and connections after the first.
    pub(crate) surprises: u64,
}

/// The server at work.
pub(crate) struct Exchange {
    pub(crate) address: SocketAddr,
    shared: Arc<Inner>,
}

struct Inner {
    plan: Plan,
    said: AtomicU64,
    surprises: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Routes that are subscribed whole.
    ready: usize,
    began: Option<Instant>,
    /// Routes that have said everything.
    ended: usize,
    trades: Vec<Contract>,
}

/// What goes over one connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// Quotes.
    Public,
    /// Trades and marks.
    Market,
}

impl Plan {
    pub(crate) fn of(seconds: u64) -> Self {
        Self {
            length: Duration::from_secs(seconds),
        }
    }

    pub(crate) fn seconds(&self) -> usize {
        usize::try_from(self.length.as_secs()).expect("not that long")
    }

    /// Whether a moment lies in a burst.
    pub(crate) fn is_burst(&self, after: Duration) -> bool {
        let within = u64::try_from(after.as_millis()).expect("short") % 60_000;
        (12_000..22_000).contains(&within)
    }

    /// Messages due by a moment.
    fn due(&self, after: Duration) -> u64 {
        let after = after.min(self.length);
        let mut burst = Duration::ZERO;
        let mut from = BURST_AT;
        while from < after {
            burst += (after - from).min(BURST_LENGTH);
            from += BURST_EVERY;
        }
        let nanos = |span: Duration, rate: u64| {
            u64::try_from(span.as_nanos() * u128::from(rate) / 1_000_000_000).expect("short")
        };
        nanos(after, USUAL) + nanos(burst, BURST - USUAL)
    }
}

impl Exchange {
    pub(crate) fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Inner {
            plan,
            said: AtomicU64::new(0),
            surprises: AtomicU64::new(0),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = Arc::clone(&served);
                std::thread::spawn(move || inner.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// Waits until both routes are subscribed, and begins to speak.
    pub(crate) fn begin(&self) -> Instant {
        let mut state = self.shared.until(|state| state.ready == 2);
        let now = Instant::now();
        state.began = Some(now);
        self.shared.changed.notify_all();
        now
    }

    /// Frames said so far.
    pub(crate) fn said(&self) -> u64 {
        self.shared.said.load(Ordering::Relaxed)
    }

    /// Waits until everything was said; connections stay.
    pub(crate) fn end(&self) -> Said {
        let mut state = self.shared.until(|state| state.ended == 2);
        Said {
            frames: self.said(),
            trades: std::mem::take(&mut state.trades),
            surprises: self.shared.surprises.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    fn until(&self, holds: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.state.lock().expect("no panic");
        let longest = self.plan.length + PATIENCE;
        let waited = self
            .changed
            .wait_timeout_while(state, longest, |state| !holds(state));
        let (state, late) = waited.expect("no panic");
        assert!(!late.timed_out(), "the run does not come, or has gone");
        state
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        let mut writer = stream;
        writer.set_nodelay(true).expect("a socket");
        while let Some(head) = head(&mut reader) {
            let path = head.split(' ').nth(1).unwrap_or_default();
            match path.split('?').next().unwrap_or_default() {
                "/fapi/v1/time" => {
                    answer(&mut writer, &format!(r#"{{"serverTime":{}}}"#, millis()))
                }
                "/fapi/v1/exchangeInfo" => answer(&mut writer, &exchange_info()),
                "/public/ws" => return self.speak(Route::Public, &head, (reader, writer)),
                "/market/ws" => return self.speak(Route::Market, &head, (reader, writer)),
                other => {
                    println!("  a call that was not expected: {other}");
                    self.surprises.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    fn speak(
        &self,
        route: Route,
        head: &str,
        (mut reader, mut writer): (BufReader<TcpStream>, TcpStream),
    ) {
        upgrade(&mut writer, head);
        let wanted = match route {
            Route::Public => CONTRACTS,
            Route::Market => 2 * CONTRACTS,
        };
        let mut subscribed = 0;
        while subscribed < wanted {
            let Some(request) = frame(&mut reader) else {
                return;
            };
            subscribed += request["params"].as_array().map_or(0, Vec::len);
            let mut reply = Vec::new();
            let id = &request["id"];
            framed(&mut reply, |out| {
                write!(out, r#"{{"result":null,"id":{id}}}"#)
            });
            writer.write_all(&reply).expect("a client");
        }
        self.state.lock().expect("no panic").ready += 1;
        self.changed.notify_all();
        let state = self.until(|state| state.began.is_some());
        let began = state.began.expect("it has begun");
        if state.ready > 2 {
            println!("  a connection that was not expected");
            self.surprises.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(state);
        let contracts = self.say_all(route, began, &mut writer);
        let mut state = self.state.lock().expect("no panic");
        if route == Route::Market {
            state.trades = contracts;
        }
        state.ended += 1;
        drop(state);
        self.changed.notify_all();
        // The connection stays until the client goes.
        while frame(&mut reader).is_some() {}
    }

    /// Two of three messages are quotes, the others trades but for a mark of each contract a second.
    fn say_all(&self, route: Route, began: Instant, writer: &mut TcpStream) -> Vec<Contract> {
        let mut speaker = Speaker::new(route as u64 + 1);
        let mut out = Vec::with_capacity(1 << 22);
        let (mut said, mut marks) = (0, 0);
        loop {
            let after = began.elapsed().min(self.plan.length);
            let due = self.plan.due(after);
            let due = match route {
                Route::Public => due * 2 / 3,
                Route::Market => due / 3,
            };
            let at = millis();
            out.clear();
            let before = said;
            let marks_due = match route {
                Route::Public => 0,
                Route::Market => after.as_millis() * CONTRACTS as u128 / 1_000,
            };
            while u128::from(marks) < marks_due && said < due {
                let index = usize::try_from(marks % CONTRACTS as u64).expect("few");
                speaker.mark(&mut out, index, at);
                marks += 1;
                said += 1;
            }
            // A long write would hold back the stamps of what follows.
            while said < due.min(before + 2_000) {
                match route {
                    Route::Public => speaker.book(&mut out, at),
                    Route::Market => speaker.trade(&mut out, at),
                }
                said += 1;
            }
            writer.write_all(&out).expect("a client that listens");
            self.said.fetch_add(said - before, Ordering::Relaxed);
            if said < due {
                continue;
            }
            if after == self.plan.length {
                return speaker.contracts();
            }
            std::thread::sleep(BEAT);
        }
    }
}

fn head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

fn answer(writer: &mut TcpStream, body: &str) {
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-mbx-used-weight-1m: 1\r\n\r\n{body}",
        body.len()
    );
    // A client that is gone needs no answer.
    let _gone = writer.write_all(text.as_bytes());
}

fn upgrade(writer: &mut TcpStream, head: &str) {
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
        is_key.then(|| value.trim().to_owned())
    });
    let accept = derive_accept_key(key.expect("a key").as_bytes());
    let text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    writer.write_all(text.as_bytes()).expect("a client");
}

/// The next frame of a client, as JSON if it is any; `None` when it has gone.
fn frame(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut start = [0; 2];
    reader.read_exact(&mut start).ok()?;
    let length = match start[1] & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes).ok()?;
            usize::from(u16::from_be_bytes(bytes))
        }
        // Nothing that is asked here is longer than 64 KiB.
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    reader.read_exact(&mut mask).ok()?;
    let mut text = vec![0; length];
    reader.read_exact(&mut text).ok()?;
    for (byte, mask) in text.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    // The end of a connection is a frame without JSON.
    (start[0] & 0x0f != 8).then(|| serde_json::from_slice(&text).unwrap_or(Value::Null))
}
