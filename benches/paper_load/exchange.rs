//! A server that costs little and says much: the calls a start needs, and the two routes of streams at a planned pace.
//!
//! Not here: what frames hold (`frames`).
//! Invariant: every frame that is counted as said was handed to the connection whole, in order, once.

use std::io::{BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::CONTRACTS;
use super::frames::{Contract, Speaker, exchange_info, framed, millis};
use super::http::{answer, frame, head, upgrade};
use super::plan::Plan;

/// How much longer than the plan anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at what is due.
const BEAT: Duration = Duration::from_millis(1);

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
