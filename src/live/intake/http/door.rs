//! What a request must be before its body is read as messages.
//!
//! Not here: routes and answers (`http`), the signature itself (`mac`).
//! Invariant: of an unsigned body nothing is parsed, and its signature is compared in constant time.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap};
use axum::http::{Method, StatusCode};

use super::{No, WAY};
use crate::domain::time::{Span, Timestamp};
use crate::live::intake::config::{ConnectionLimits, HttpConfig, IntakeError};
use crate::live::intake::count::Count;
use crate::live::intake::desk::Desk;
use crate::live::intake::limits::{HEADER_BYTES, LINE_BYTES, WINDOW_MAX};
use crate::live::intake::mac::{self, MAC_HEADER, Signature, TIME_HEADER};
use crate::live::intake::replay::{Pass, Window};
use crate::live::intake::secret::Secret;

/// What all requests share.
pub(in crate::live::intake) struct Door {
    pub(super) desk: Arc<Desk>,
    secret: Secret,
    window: Mutex<Window>,
    hosts: Vec<String>,
    pub(super) limits: ConnectionLimits,
}

impl Door {
    /// # Errors
    /// When the window is outside its range.
    pub(in crate::live::intake) fn new(
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

impl Door {
    /// Whether a request is for us at all.
    pub(super) fn admit(&self, headers: &HeaderMap, target: usize) -> Result<(), No> {
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
    pub(super) async fn signed_body(&self, request: Request) -> Result<Bytes, No> {
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
            // The limit has no type of its own to be known by.
            Ok(Err(error)) if error.to_string().contains("length limit") => Err(too_large()),
            Ok(Err(_)) => Err(No(StatusCode::BAD_REQUEST, "the body broke off")),
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

    fn window(&self) -> MutexGuard<'_, Window> {
        // An entry too few after a panic lets a request pass again; its ids are judged by the journal.
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
