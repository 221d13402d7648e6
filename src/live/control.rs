//! The control port: what `sim status`, `sim pause` and the like speak to. HTTP on this machine, behind a token.
//!
//! Not here: what an answer holds (`answers`), the client side (`cli`); who may ask at all (`door`), sockets and their
//! patience (`guard`), the token's file (`token`).
//! Invariants: it listens on this machine only; nothing is asked of the run before the token was found to be ours; one
//! request per connection; the token is in no answer, log or error.

mod door;
mod guard;
pub mod token;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path as InPath, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::ask::{Ask, Asked};
use door::Door;

/// How long a head, a body and an answer of the run are waited for, each.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at once.
pub const CONNECTIONS: usize = 16;
/// Most bytes of a body.
pub const BODY_BYTES: usize = 1_024;
/// Most messages that are told at once: as many as the run keeps.
pub const COUNT_MAX: usize = 200;
/// Messages told when nobody says how many.
pub const COUNT_USUAL: usize = 20;

/// Longest name of a contract, in bytes.
const NAME_BYTES: usize = 64;
/// How long requests under way may still take when the port is closed.
const ENDING: Duration = Duration::from_secs(1);
/// Who is written into the record: there is one token, so there is one operator.
const WHO: &str = "control port";

/// The port at work.
#[derive(Debug)]
pub struct Control {
    /// Where it listens, with the real port.
    pub addr: SocketAddr,
    end: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Where the token of a journal's control port is kept.
#[must_use]
pub fn token_file(journal: &Path) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(".token");
    journal.with_file_name(name)
}

/// Whether an address is one of this machine alone.
///
/// # Errors
/// When other machines can reach it.
pub fn local(addr: SocketAddr) -> Result<(), String> {
    if addr.ip().is_loopback() {
        return Ok(());
    }
    Err(format!(
        "live.control.listen: {addr} is not of this machine alone, and the control port has no encryption\n\
         hint: take 127.0.0.1:{}; from afar, log in to the machine and ask there",
        addr.port()
    ))
}

/// Starts listening; called inside the context of a runtime. The token is made when the file holds no good one.
///
/// # Errors
/// When the address can be reached from outside or cannot be had, or the token cannot be kept.
pub fn start(
    addr: SocketAddr,
    token_file: &Path,
    asks: mpsc::Sender<Asked>,
) -> anyhow::Result<Control> {
    local(addr).map_err(|text| anyhow!(text))?;
    let failed = |error: std::io::Error| {
        anyhow!(
            "control port: {addr}: {error}\nhint: is another sim paper running? give this one another live.control.listen"
        )
    };
    let listener = TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
    let door = Arc::new(Door::new(&token::keep(token_file)?, addr, asks));
    let (end, ended) = oneshot::channel();
    let server = tokio::spawn(serve(guard::Listener::new(listener), door, ended));
    Ok(Control { addr, end, server })
}

impl Control {
    /// Ends it; requests under way get a moment.
    pub async fn stop(self) {
        // The server may have ended by itself.
        let _ = self.end.send(());
        let mut server = self.server;
        if timeout(ENDING, &mut server).await.is_err() {
            server.abort();
        }
    }
}

async fn serve(listener: guard::Listener, door: Arc<Door>, ended: oneshot::Receiver<()>) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/status", get(|door: Shared| ask(door, Ask::Status)))
        .route("/positions", get(|door: Shared| ask(door, Ask::Positions)))
        .route("/signals", get(signals))
        .route("/pause", post(|door: Shared| ask(door, Ask::Pause)))
        .route("/resume", post(|door: Shared| ask(door, Ask::Resume)))
        .route("/flatten", post(|door: Shared| ask(door, Ask::Flatten)))
        .route("/close/{symbol}", post(close))
        .route("/cancel/{symbol}", post(cancel))
        .fallback(|| async { No::new(StatusCode::NOT_FOUND, "no such path") })
        .method_not_allowed_fallback(|| async {
            No::new(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&door), ours))
        .with_state(door);
    let ended = async move {
        // A dropped handle ends it too.
        let _ = ended.await;
    };
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(ended)
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the control port ended");
    }
}

type Shared = State<Arc<Door>>;

/// A request that is answered with a status and a text.
struct No(StatusCode, String);

impl No {
    fn new(status: StatusCode, text: &str) -> Self {
        Self(status, text.to_owned())
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let Self(status, text) = self;
        answer(status, &json!({ "ok": false, "reason": text }))
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, format!("{body}\n")).into_response()
}

/// What every request must be, and how every answer ends.
async fn ours(State(door): Shared, request: Request, next: Next) -> Response {
    let mut response = match admitted(&door, request).await {
        Ok(request) => next.run(request).await,
        Err(no) => no.into_response(),
    };
    let headers = response.headers_mut();
    let fixed = [
        (CONNECTION.as_str(), "close"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A request that may be answered, its body read and forgotten: no command has one.
async fn admitted(door: &Door, request: Request) -> Result<Request, No> {
    let (head, body) = request.into_parts();
    door.admit(&head.headers)?;
    if head.uri.path() != "/healthz" {
        door.recognise(&head.headers).await?;
    }
    let large = || No::new(StatusCode::PAYLOAD_TOO_LARGE, "body too large");
    let told = head.headers.get(CONTENT_LENGTH);
    let told = told.and_then(|told| told.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|told| told > BODY_BYTES) {
        return Err(large());
    }
    match timeout(PATIENCE, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(_)) => Ok(Request::from_parts(head, Body::empty())),
        // The limit has no type of its own to be known by.
        Ok(Err(error)) if error.to_string().contains("length limit") => Err(large()),
        Ok(Err(_)) => Err(No::new(StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_) => Err(No::new(StatusCode::REQUEST_TIMEOUT, "body too slow")),
    }
}

async fn signals(
    door: Shared,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, No> {
    let wrong = || {
        let text =
            format!("count is a whole number from 1 to {COUNT_MAX}, and all that can be set");
        No(StatusCode::BAD_REQUEST, text)
    };
    let Query(pairs) = query.map_err(|_| wrong())?;
    let count = match pairs.as_slice() {
        [] => COUNT_USUAL,
        [(key, count)] if key == "count" => count.parse().map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(wrong());
    }
    ask(door, Ask::Recent { count }).await
}

async fn close(
    door: Shared,
    symbol: Result<InPath<String>, PathRejection>,
) -> Result<Response, No> {
    let symbol = name(symbol)?;
    ask(door, Ask::Close { symbol }).await
}

async fn cancel(
    door: Shared,
    symbol: Result<InPath<String>, PathRejection>,
) -> Result<Response, No> {
    let symbol = name(symbol)?;
    ask(door, Ask::Cancel { symbol }).await
}

/// A name that can be one; whether it is a contract's, the run knows.
fn name(symbol: Result<InPath<String>, PathRejection>) -> Result<String, No> {
    symbol
        .ok()
        .map(|InPath(symbol)| symbol)
        .filter(|name| name.len() <= NAME_BYTES && !name.chars().any(char::is_control))
        .ok_or_else(|| No::new(StatusCode::BAD_REQUEST, "no contract has such a name"))
}

/// Asks the run and waits for its answer.
async fn ask(State(door): Shared, ask: Ask) -> Result<Response, No> {
    let no = |text: &str| No::new(StatusCode::SERVICE_UNAVAILABLE, text);
    let (reply, answered) = oneshot::channel();
    let until = Instant::now() + PATIENCE;
    let words = ask.words();
    let asked = Asked {
        ask,
        who: WHO.to_owned(),
        reply,
    };
    match timeout_at(until, door.asks.send(asked)).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => return Err(no("the run is ending")),
        Err(_) => return Err(no("the run is busy: nothing was done")),
    }
    match timeout_at(until, answered).await {
        Ok(Ok(Ok(value))) => Ok(answer(StatusCode::OK, &value)),
        Ok(Ok(Err(text))) => Err(No(StatusCode::BAD_REQUEST, text)),
        Ok(Err(_)) => Err(no("the run ended before it answered")),
        Err(_) => {
            tracing::warn!(asked = %words, "the control port had no answer in time");
            Err(no(
                "the run did not answer in time; a command may still be carried out: look before it is repeated",
            ))
        }
    }
}
