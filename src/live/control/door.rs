//! Who may ask: the right host, no page of a browser, the token.
//!
//! Not here: routes and answers (`control`), where the token is kept (`token`).
//! Invariants: the token is compared in constant time; whoever fails often waits, whoever has it never does.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use tokio::sync::mpsc;

use super::No;
use crate::live::ask::Asked;
use crate::live::intake::mac::{self, Signature};
use crate::live::intake::secret::Secret;

/// Wrong tokens in a row that are answered at once.
const FREE: u32 = 5;
/// How long every further one waits for its answer, times its number,
const WAIT: Duration = Duration::from_secs(1);
/// at most so often.
const WAITS_MAX: u32 = 4;

/// What all requests share.
pub(super) struct Door {
    pub(super) asks: mpsc::Sender<Asked>,
    secret: Secret,
    /// The token's own signature: what is presented is signed too, and signatures are compared.
    expected: Signature,
    hosts: [String; 2],
    /// Wrong tokens since the last right one.
    failures: AtomicU32,
}

impl Door {
    pub(super) fn new(secret: &Secret, addr: SocketAddr, asks: mpsc::Sender<Asked>) -> Self {
        Self {
            asks,
            expected: mac::sign(secret, "", secret.bytes()),
            secret: secret.clone(),
            hosts: [addr.to_string(), format!("localhost:{}", addr.port())],
            failures: AtomicU32::new(0),
        }
    }

    /// Whether a request is for us and from no page of a browser.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), No> {
        // A page in a browser that resolves its own name to this machine still says its own name.
        let host = only(headers, HOST.as_str()).unwrap_or_default();
        if !self
            .hosts
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(host))
        {
            return Err(No::new(StatusCode::MISDIRECTED_REQUEST, "not our host"));
        }
        if headers.contains_key(ORIGIN) {
            return Err(No::new(StatusCode::FORBIDDEN, "no page may ask here"));
        }
        Ok(())
    }

    /// Whether the token is ours; a wrong one is counted, and answered late after some.
    pub(super) async fn recognise(&self, headers: &HeaderMap) -> Result<(), No> {
        let token = only(headers, AUTHORIZATION.as_str()).and_then(bearer);
        if token
            .is_some_and(|token| mac::is_signed(&self.secret, "", token.as_bytes(), &self.expected))
        {
            self.failures.store(0, Ordering::Relaxed);
            return Ok(());
        }
        let failures = self
            .failures
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        tracing::warn!(
            failures,
            "the control port was asked without the right token"
        );
        if failures > FREE {
            tokio::time::sleep(WAIT * (failures - FREE).min(WAITS_MAX)).await;
        }
        let text = if token.is_some() {
            "wrong token"
        } else {
            "Authorization: Bearer TOKEN is missing"
        };
        Err(No::new(StatusCode::UNAUTHORIZED, text))
    }
}

/// The token of `Bearer TOKEN`; the scheme in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// The value of a header that stands there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
