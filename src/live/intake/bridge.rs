//! The original's bridge: one JSON object per line over TCP; an answer line only for those who ask for it.
//!
//! Not here: lines (`lines`), messages (`message`), verdicts (`desk`).
//! Invariants: at most `connections` are served and [`WAITING`] more wait a moment; a connection has at most
//! [`IN_FLIGHT`] messages without a verdict; answers come in the order of the lines.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::SourceName;
use super::config::ConnectionLimits;
use super::count::Count;
use super::desk::{Desk, Patience, Slot};
use super::limits::{BUSY_WAIT, IN_FLIGHT, LINE_BYTES, WAITING, WRITE_WAIT};
use super::lines::{Found, Lines};
use super::message::Bad;
use super::wire::Answer;

const WAY: SourceName = SourceName::Bridge;
/// Bytes asked of a socket at once, and so what one flood does before the others have their turn.
const CHUNK: usize = 8 * 1024;

/// Takes connections until the end is asked for.
pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>, limits: ConnectionLimits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let waiting = Arc::new(Semaphore::new(WAITING));
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, mostly: accepting again at once would only spin.
                    desk.stats.add(WAY, Count::Failures);
                    desk.quiet.warn(WAY, "cannot accept", &error.to_string());
                    tokio::time::sleep(BUSY_WAIT).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            () = desk.stopped() => break,
        };
        let desk = Arc::clone(&desk);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            connections.spawn(async move {
                Connection::new(stream, &desk, limits).run().await;
                drop(place);
            });
        } else if let Ok(seat) = Arc::clone(&waiting).try_acquire_owned() {
            let places = Arc::clone(&places);
            connections.spawn(async move {
                let place = timeout(BUSY_WAIT, places.acquire_owned()).await;
                drop(seat);
                match place {
                    Ok(Ok(_place)) => Connection::new(stream, &desk, limits).run().await,
                    _ => turn_away(stream, &desk).await,
                }
            });
        } else {
            // Too many to be polite to each: the answer goes out if the system takes it at once.
            desk.stats.add(WAY, Count::TurnedAway);
            let _unheard = stream.try_write(busy().as_bytes());
        }
    }
    while connections.join_next().await.is_some() {}
}

fn busy() -> String {
    format!("{}\n", Answer::Busy.to_json(None))
}

/// Answers `busy` so that it arrives: closing over unread bytes would take the answer back.
async fn turn_away(mut stream: TcpStream, desk: &Desk) {
    desk.stats.add(WAY, Count::TurnedAway);
    desk.quiet.warn(WAY, "too many connections", "turned away");
    let goodbye = async {
        stream.write_all(busy().as_bytes()).await?;
        stream.shutdown().await?;
        let mut thrown = vec![0; CHUNK];
        for _ in 0..LINE_BYTES / CHUNK {
            if stream.read(&mut thrown).await? == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    // A sender that is gone needs no answer.
    let _gone = timeout(BUSY_WAIT, goodbye).await;
}

struct Connection<'a> {
    stream: TcpStream,
    desk: &'a Desk,
    limits: ConnectionLimits,
    lines: Lines,
    slots: Vec<Slot>,
    /// Whether any line has asked for answers: then bad ones are answered too.
    asked: bool,
    /// Whether it speaks HTTP, as only a page in a browser would here.
    stranger: bool,
}

/// Why a connection ends.
enum End {
    /// The sender closed it, or it broke.
    Closed,
    /// No full line in time.
    TooSlow,
    /// It speaks another language.
    Stranger,
    /// The run is ending.
    Stopped,
}

impl<'a> Connection<'a> {
    fn new(stream: TcpStream, desk: &'a Desk, limits: ConnectionLimits) -> Self {
        Self {
            stream,
            desk,
            limits,
            lines: Lines::default(),
            slots: Vec::new(),
            asked: false,
            stranger: false,
        }
    }

    async fn run(mut self) {
        self.desk.stats.add(WAY, Count::Connections);
        // An answer is one short line: held back for company it would come 40 ms late. Without it, it is only slower.
        let _slower = self.stream.set_nodelay(true);
        let end = self.read_all().await;
        match end {
            End::Closed if self.lines.half() => {
                self.desk.stats.add(WAY, Count::HalfLines);
                let found = "closed in the middle of a line";
                self.desk.quiet.warn(WAY, "half line", found);
            }
            End::TooSlow => self.desk.stats.add(WAY, Count::TooSlow),
            End::Stranger => {
                self.desk.stats.add(WAY, Count::BadRequest);
                let found = "a page in a browser may be trying to send signals";
                self.desk.quiet.warn(WAY, "HTTP on the bridge", found);
            }
            End::Closed | End::Stopped => {}
        }
    }

    async fn read_all(&mut self) -> End {
        let mut chunk = vec![0; CHUNK];
        let mut deadline = Instant::now() + self.limits.first_line;
        loop {
            let read = tokio::select! {
                read = self.stream.read(&mut chunk) => read,
                () = sleep_until(deadline) => return End::TooSlow,
                () = self.desk.stopped() => return End::Stopped,
            };
            let count = match read {
                Ok(0) | Err(_) => return End::Closed,
                Ok(count) => count,
            };
            let Ok(full) = self.take(&chunk[..count]).await else {
                return End::Closed;
            };
            if self.stranger {
                return End::Stranger;
            }
            if full {
                deadline = Instant::now() + self.limits.idle;
            }
            // Eight floods take turns with whoever sends one line.
            tokio::task::yield_now().await;
        }
    }

    /// Hands in every line of some bytes and answers; whether there was one.
    async fn take(&mut self, bytes: &[u8]) -> std::io::Result<bool> {
        let mut rest = bytes;
        let mut any = false;
        while let Some(found) = self.lines.next(&mut rest) {
            any = true;
            let line = self.lines.line();
            let slot = match found {
                Found::TooLong => Slot::Settled(self.desk.refuse(WAY, &Bad::too_long(line))),
                Found::Line if line.trim_ascii().is_empty() => continue,
                Found::Line if is_request_line(line) => {
                    // Its body could hold a line of ours: nothing more is taken from it.
                    self.stranger = true;
                    break;
                }
                Found::Line => self.desk.line(WAY, line, Patience::Brief).await,
            };
            self.slots.push(slot);
            if self.slots.len() >= IN_FLIGHT {
                self.flush().await?;
            }
        }
        self.flush().await?;
        Ok(any)
    }

    /// Waits for what has no verdict yet and writes the answers that were asked for.
    async fn flush(&mut self) -> std::io::Result<()> {
        let mut answers = String::new();
        for slot in self.slots.drain(..) {
            let settled = self.desk.settle(slot).await;
            self.asked |= settled.ack;
            if settled.ack || (settled.bad && self.asked) {
                let answer = settled.answer.to_json(settled.id.as_deref());
                answers.push_str(&answer.to_string());
                answers.push('\n');
            }
        }
        if answers.is_empty() {
            return Ok(());
        }
        match timeout(WRITE_WAIT, self.stream.write_all(answers.as_bytes())).await {
            Ok(written) => written,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }
}

/// `POST / HTTP/1.1` and its kind: no JSON ends so.
fn is_request_line(line: &[u8]) -> bool {
    let end = line.len().saturating_sub(b" HTTP/1.1".len());
    line[end..].starts_with(b" HTTP/1.")
}
