//! Connections of the control port: how many, how slow, how much they may send.
//!
//! Not here: requests (`control`).
//! Invariants: never more than [`CONNECTIONS`], one too many is closed; a head comes in time or the connection is cut; no
//! connection lives longer than head, body, penalty and answer may take.

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

use super::{BODY_BYTES, CONNECTIONS, PATIENCE};

/// What may be read of a connection: a head of 16 KiB, and a body with as much again for the frames of a chunked one.
const MOST: usize = 16 * 1_024 + 2 * BODY_BYTES;
/// What remains to a connection after its head: body, penalty, answer, sending it.
const REST: Duration = PATIENCE.saturating_mul(4);
/// A pause when the system has no socket left.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections while there are places.
pub(super) struct Listener {
    tcp: TcpListener,
    places: Arc<Semaphore>,
}

impl Listener {
    pub(super) fn new(tcp: TcpListener) -> Self {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        Self { tcp, places }
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
                    tracing::warn!(%error, "the control port cannot accept");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return (Guarded::new(stream, place), addr);
            }
            tracing::warn!("the control port has no place for another connection");
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
    read: usize,
    /// How much of the empty line at the end of the head was seen.
    ending: usize,
    _place: OwnedSemaphorePermit,
}

/// The end of a head.
const END: &[u8; 4] = b"\r\n\r\n";

impl Guarded {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            deadline: Box::pin(sleep(PATIENCE)),
            read: 0,
            ending: 0,
            _place: place,
        }
    }

    /// Notes what was read; the end of the head gives time for the rest.
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
                self.deadline.as_mut().reset(Instant::now() + REST);
            }
        }
    }

    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(context).is_ready()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_late(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
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
        if self.is_late(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
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
