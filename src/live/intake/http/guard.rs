//! Connections of the HTTP intake: how many, how slow, how much they may send.
//!
//! Not here: requests (`http`).
//! Invariants: at most `connections` at once, one too many is answered 503; a head comes in time or the connection is
//! cut; no connection lives longer than head, body and verdict may take, and none is read beyond head and body.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use super::WAY;
use crate::live::intake::config::ConnectionLimits;
use crate::live::intake::count::Count;
use crate::live::intake::desk::Desk;
use crate::live::intake::limits::{BUSY_WAIT, HEADER_BYTES, LINE_BYTES, VERDICT_WAIT};

const TURNED_AWAY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 5\r\n\r\nbusy\n";
/// What may be read of a connection: head and body, and as much again for the frames of a chunked body.
const MOST: usize = 2 * (HEADER_BYTES + LINE_BYTES);

/// Takes connections while there are places.
pub(super) struct Listener {
    tcp: TcpListener,
    places: Arc<Semaphore>,
    desk: Arc<Desk>,
    limits: ConnectionLimits,
}

impl Listener {
    pub(super) fn new(tcp: TcpListener, desk: Arc<Desk>, limits: ConnectionLimits) -> Self {
        Self {
            tcp,
            places: Arc::new(Semaphore::new(limits.connections)),
            desk,
            limits,
        }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, addr) = match self.tcp.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.desk.stats.add(WAY, Count::Failures);
                    self.desk
                        .quiet
                        .warn(WAY, "cannot accept", &error.to_string());
                    sleep(BUSY_WAIT).await;
                    continue;
                }
            };
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                self.desk.stats.add(WAY, Count::Connections);
                return (Guarded::new(stream, place, self), addr);
            }
            self.desk.stats.add(WAY, Count::TurnedAway);
            self.desk
                .quiet
                .warn(WAY, "too many connections", "turned away");
            let _unheard = stream.try_write(TURNED_AWAY);
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// A connection that is watched.
pub(super) struct Guarded {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    /// What remains to it after the head.
    rest: Duration,
    desk: Arc<Desk>,
    read: usize,
    /// How much of the empty line at the end of the head was seen.
    ending: usize,
    _place: OwnedSemaphorePermit,
}

/// The end of a head.
const END: &[u8; 4] = b"\r\n\r\n";

impl Guarded {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, listener: &Listener) -> Self {
        let patience = listener.limits.first_line;
        Self {
            stream,
            deadline: Box::pin(sleep(patience)),
            rest: patience + VERDICT_WAIT + BUSY_WAIT + patience,
            desk: Arc::clone(&listener.desk),
            read: 0,
            ending: 0,
            _place: place,
        }
    }

    /// Notes what was read; the end of the head gives time for the body.
    fn note(&mut self, bytes: &[u8]) {
        self.read += bytes.len();
        for byte in bytes {
            if self.ending == END.len() {
                return;
            }
            self.ending = if *byte == END[self.ending] {
                self.ending + 1
            } else {
                usize::from(*byte == b'\r')
            };
            if self.ending == END.len() {
                let until = Instant::now() + self.rest;
                self.deadline.as_mut().reset(until);
            }
        }
    }

    fn late(&mut self, context: &mut Context<'_>) -> Option<io::Error> {
        match self.deadline.as_mut().poll(context) {
            Poll::Pending => None,
            Poll::Ready(()) => Some(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(late) = self.late(context) {
            self.desk.stats.add(WAY, Count::TooSlow);
            return Poll::Ready(Err(late));
        }
        if self.read > MOST {
            return Poll::Ready(Err(io::Error::other("more than one request may hold")));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        self.note(bytes);
        polled
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A reader that never reads the answer is cut off too.
        if let Some(late) = self.late(context) {
            return Poll::Ready(Err(late));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
