//! `POST /signals`, signed; `GET /healthz`, one word.
//!
//! Not here: sockets and their patience (`guard`), signatures (`mac`), the memory of requests (`replay`).
//! Invariants: nothing of a body is parsed before its signature was found to be ours; a signed request passes once;
//! one request per connection.

mod guard;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::SourceName;
use super::config::{HttpConfig, IntakeError};
use super::desk::{Desk, Patience, Settled};
use super::limits::{HEADER_BYTES, LINE_BYTES, WINDOW_MAX};
use super::mac::{self, MAC_HEADER, Signature, TIME_HEADER};
use super::message;
use super::replay::{Pass, Window};
use super::secret::Secret;
use super::stats::Count;
use crate::domain::time::{Span, Timestamp};
use crate::signal::feed;

const WAY: SourceName = SourceName::Http;

/// What all requests share.
pub(super) struct Door {
    desk: Arc<Desk>,
    secret: Secret,
    window: Mutex<Window>,
    hosts: Vec<String>,
    limits: super::config::ConnectionLimits,
}

/// A request that is answered with a status and a word.
struct No(StatusCode, &'static str);

impl Door {
    /// # Errors
    /// When the window is outside its range.
    pub(super) fn new(
        config: &HttpConfig,
        secret: Secret,
        addr: SocketAddr,
        desk: Arc<Desk>,
    ) -> Result<Self, IntakeError> {
        let span = i64::try_from(config.window.as_millis()).unwrap_or(i64::MAX);
        if config.window == Duration::ZERO || config.window > WINDOW_MAX {
            return Err(IntakeError::Value {
                key: "http window",
                found: format!("{} ms", config.window.as_millis()),
                hint: "take more than 0 and at most 300 s; 30 s is usual",
            });
        }
        let mut hosts = config.hosts.clone();
        hosts.push(addr.to_string());
        hosts.push(format!("localhost:{}", addr.port()));
        Ok(Self {
            desk,
            secret,
            window: Mutex::new(Window::new(Span::from_millis(span))),
            hosts,
            limits: config.limits,
        })
    }
}

/// Answers requests until the end is asked for.
pub(super) async fn serve(listener: TcpListener, door: Door) {
    let door = Arc::new(door);
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/signals", any(signals))
        .fallback(|| async { No(StatusCode::NOT_FOUND, "no such path") })
        .layer(middleware::from_fn_with_state(Arc::clone(&door), ours))
        .with_state(Arc::clone(&door));
    let listener = guard::Listener::new(listener, Arc::clone(&door.desk), door.limits);
    let desk = Arc::clone(&door.desk);
    let end = async move { desk.stopped().await };
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(end)
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "HTTP intake ended");
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let Self(status, word) = self;
        answer(status, &json!({ "ok": false, "reason": word }))
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    (status, kind, format!("{body}\n")).into_response()
}

/// What every request must be, and how every answer ends.
async fn ours(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut response = match door.admit(request.headers(), request.uri().to_string().len()) {
        Ok(()) => next.run(request).await,
        Err(no) => no.into_response(),
    };
    if response.status().is_client_error() {
        let status = response.status().as_u16();
        if !matches!(status, 401 | 409 | 413) {
            door.desk.stats.add(WAY, Count::BadRequest);
        }
    }
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    response
}

impl Door {
    fn admit(&self, headers: &HeaderMap, target: usize) -> Result<(), No> {
        let size = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum::<usize>();
        if size + target > HEADER_BYTES {
            return Err(No(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head too large",
            ));
        }
        // A page in a browser that resolves its own name to this machine still says its own name.
        let host = only(headers, HOST.as_str()).unwrap_or_default();
        if !self
            .hosts
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(host))
        {
            return Err(No(StatusCode::MISDIRECTED_REQUEST, "not our host"));
        }
        Ok(())
    }

    /// The body, once everything that can be told without parsing it is in order.
    async fn signed_body(&self, request: Request) -> Result<Bytes, No> {
        let (head, body) = request.into_parts();
        let headers = &head.headers;
        if head.method != Method::POST {
            return Err(No(StatusCode::METHOD_NOT_ALLOWED, "POST only"));
        }
        if !is_json(headers) {
            return Err(No(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type is not application/json",
            ));
        }
        let signature = only(headers, MAC_HEADER).and_then(mac::from_hex);
        let time = only(headers, TIME_HEADER).and_then(|text| Some((text, millis(text)?)));
        let (Some(signature), Some((text, time))) = (signature, time) else {
            return Err(self.unsigned(Count::BadMac, "x-signal-time or x-signal-mac is missing"));
        };
        let now = self.desk.now();
        if !self.window().is_near(time, now) {
            return Err(self.unsigned(Count::Expired, "x-signal-time is too far from our time"));
        }
        let body = self.body(headers, body).await?;
        if !mac::is_signed(&self.secret, text, &body, &signature) {
            return Err(self.unsigned(Count::BadMac, "x-signal-mac is wrong"));
        }
        self.pass(time, signature, now)?;
        Ok(body)
    }

    async fn body(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, No> {
        let too_large = || {
            self.desk.stats.add(WAY, Count::Oversize);
            No(StatusCode::PAYLOAD_TOO_LARGE, "body too large")
        };
        let told: Option<usize> =
            only(headers, CONTENT_LENGTH.as_str()).map(|text| text.parse().unwrap_or(usize::MAX));
        if told.is_some_and(|told| told > LINE_BYTES) {
            return Err(too_large());
        }
        let read = tokio::time::timeout(self.limits.first_line, to_bytes(body, LINE_BYTES));
        match read.await {
            Ok(Ok(body)) => Ok(body),
            // The only other way to fail is a connection that broke, where nobody hears the answer.
            Ok(Err(_)) => Err(too_large()),
            Err(_) => {
                self.desk.stats.add(WAY, Count::TooSlow);
                Err(No(StatusCode::REQUEST_TIMEOUT, "body too slow"))
            }
        }
    }

    fn pass(&self, time: Timestamp, signature: Signature, now: Timestamp) -> Result<(), No> {
        let passed = self.window().pass(time, signature, now);
        match passed {
            Pass::New => Ok(()),
            Pass::Expired => {
                Err(self.unsigned(Count::Expired, "x-signal-time is too far from our time"))
            }
            Pass::Replayed => {
                self.desk.stats.add(WAY, Count::Replayed);
                let found = "the same signed request came twice";
                self.desk.quiet.warn(WAY, "replayed", found);
                let word = "seen before: sign again with a new time";
                Err(No(StatusCode::CONFLICT, word))
            }
            Pass::Full => {
                self.desk.stats.add(WAY, Count::Busy);
                Err(No(StatusCode::TOO_MANY_REQUESTS, "busy"))
            }
        }
    }

    fn unsigned(&self, count: Count, word: &'static str) -> No {
        self.desk.stats.add(WAY, count);
        self.desk.quiet.warn(WAY, count.name(), word);
        No(StatusCode::UNAUTHORIZED, word)
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        // An entry too few after a panic lets a request pass again; its ids are judged by the journal.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn signals(State(door): State<Arc<Door>>, request: Request) -> Response {
    let body = match door.signed_body(request).await {
        Ok(body) => body,
        Err(no) => return no.into_response(),
    };
    let desk = &door.desk;
    let messages = match message::json(&body).and_then(messages) {
        Ok(messages) => messages,
        Err(bad) => {
            let settled = desk.refuse(WAY, &bad);
            return answer(StatusCode::BAD_REQUEST, &results(&[settled]));
        }
    };
    let mut slots = Vec::with_capacity(messages.len());
    for message in &messages {
        slots.push(desk.value(WAY, message, Patience::Brief).await);
    }
    let mut all = Vec::with_capacity(slots.len());
    for slot in slots {
        all.push(desk.settle(slot).await);
    }
    let status = if all.iter().all(|settled| settled.answer.passes()) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if all.iter().all(|settled| settled.bad) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    answer(status, &results(&all))
}

fn results(all: &[Settled]) -> Value {
    let results: Vec<Value> = all
        .iter()
        .map(|settled| settled.answer.to_json(settled.id.as_deref()))
        .collect();
    json!({ "results": results })
}

/// One message, or those of a document.
fn messages(value: Value) -> Result<Vec<Value>, message::Bad> {
    let document = match &value {
        Value::Array(_) => true,
        Value::Object(map) => {
            let message = ["message_type", "event_time", "type"];
            !message.iter().any(|key| map.contains_key(*key))
                && (map.contains_key("list") || map.contains_key("data"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if !document {
        return Ok(vec![value]);
    }
    feed::entries(value)
        .and_then(|list| {
            let found = "the list of messages is empty".to_owned();
            (!list.is_empty())
                .then_some(list)
                .ok_or(feed::FeedError::Shape { found })
        })
        .map_err(|wrong| message::Bad::new(Count::NotAMessage, &wrong.to_string()))
}

/// The value of a header that stands there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = only(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Plain digits, nothing else: what is signed is the text, so the text has one form.
fn millis(text: &str) -> Option<Timestamp> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())?
        .map(Timestamp::from_millis)
}
