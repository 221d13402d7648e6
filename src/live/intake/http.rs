//! `POST /signals`, signed; `GET /healthz`, one word.
//!
//! Not here: sockets and their patience (`guard`), what a request must be (`door`), signatures (`mac`).
//! Invariants: nothing of a body is parsed before its signature was found to be ours; a signed request passes once;
//! one request per connection.

pub(super) mod door;
mod guard;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::SourceName;
use super::count::Count;
use super::desk::{Patience, Settled};
use super::message;
use crate::signal::feed;
use door::Door;

const WAY: SourceName = SourceName::Http;

/// A request that is answered with a status and a word.
struct No(StatusCode, &'static str);

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
