//! One WebSocket connection: its frames out, its requests in.
//!
//! Not here: what is said (`stage`), who listens (`hub`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::hub::SharedHub;
use super::hub::conn::Out;
use super::streams::{Route, Stream, StreamNames};
use super::wall;

/// Most streams of a connection.
const STREAMS_MAX: usize = 1_024;
/// Most frames a client may send in a second; pongs are not counted, since pings come faster here than on the exchange.
const FRAMES_PER_SECOND: usize = 10;

/// How the client asked.
pub(super) struct Asked {
    pub(super) route: Route,
    pub(super) combined: bool,
    /// Streams named in the address.
    pub(super) streams: Vec<String>,
}

/// Serves a connection to its end.
pub(super) async fn serve(socket: WebSocket, asked: Asked, hub: SharedHub, names: &StreamNames) {
    let (out, inbox) = unbounded_channel();
    let id = hub.join(asked.route, asked.combined, out);
    let named = resolve(asked.streams, names);
    if hub.lock().subscribe(id, named, STREAMS_MAX).is_none() {
        hub.leave(id);
        return;
    }
    hub.wake();
    let (sink, stream) = socket.split();
    tokio::select! {
        () = write(sink, inbox) => {}
        () = read(stream, id, &hub, names) => {}
    }
    hub.leave(id);
}

fn resolve(list: Vec<String>, names: &StreamNames) -> Vec<(String, Option<Stream>)> {
    let both = |name: String| {
        let stream = names.find(&name);
        (name, stream)
    };
    list.into_iter()
        .filter(|name| !name.is_empty())
        .map(both)
        .collect()
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut inbox: UnboundedReceiver<Out>) {
    while let Some(first) = inbox.recv().await {
        let mut next = Some(first);
        while let Some(out) = next {
            let sent = match out {
                Out::Text(text) => sink.feed(Message::Text(text)).await,
                Out::Ping(running) => {
                    sink.feed(Message::Ping(Bytes::from(running.to_string())))
                        .await
                }
                Out::Drop => return,
                Out::Close(code) => {
                    let close = CloseFrame {
                        code,
                        reason: "".into(),
                    };
                    // The reader sees the client's answer, or this ends when nobody answers.
                    if sink.send(Message::Close(Some(close))).await.is_ok() {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                    }
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
            next = inbox.try_recv().ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// Hears a client to its end.
async fn read(mut stream: SplitStream<WebSocket>, id: u64, hub: &SharedHub, names: &StreamNames) {
    let mut recent: VecDeque<Instant> = VecDeque::new();
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Pong(body) => {
                let running = std::str::from_utf8(&body)
                    .ok()
                    .and_then(|text| text.parse().ok());
                if let Some(running) = running {
                    hub.pong(id, running);
                }
                continue;
            }
            Message::Close(_) => return,
            Message::Text(text) => {
                if let Some(answer) = request(text.as_str(), id, hub, names) {
                    hub.answer(id, answer.to_string());
                    hub.wake();
                }
            }
            Message::Binary(_) | Message::Ping(_) => {}
        }
        let now = wall::now();
        recent.push_back(now);
        while recent
            .front()
            .is_some_and(|first| now - *first >= Duration::from_secs(1))
        {
            recent.pop_front();
        }
        if recent.len() > FRAMES_PER_SECOND {
            hub.lock().thrown_out += 1;
            return;
        }
    }
}

/// Does what a control frame asks; the answer.
fn request(text: &str, id: u64, hub: &SharedHub, names: &StreamNames) -> Option<Value> {
    let refused = |code: i64, msg: &str| Some(json!({"code": code, "msg": msg}));
    let Ok(asked) = serde_json::from_str::<Value>(text) else {
        return refused(3, "Invalid JSON: expected value");
    };
    let number = &asked["id"];
    if !number.is_u64() && !number.is_null() {
        return refused(2, "Invalid request: request ID must be an unsigned integer");
    }
    let list = || -> Option<Vec<String>> {
        let names = asked["params"].as_array()?.iter();
        names.map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let done = |result: Value| Some(json!({"result": result, "id": number}));
    match asked["method"].as_str() {
        Some("SUBSCRIBE") => {
            let Some(list) = list() else {
                return refused(2, "Invalid request: params must be an array of strings");
            };
            match hub.lock().subscribe(id, resolve(list, names), STREAMS_MAX) {
                Some(_) => done(Value::Null),
                None => refused(2, "Invalid request: too many streams"),
            }
        }
        Some("UNSUBSCRIBE") => {
            let Some(list) = list() else {
                return refused(2, "Invalid request: params must be an array of strings");
            };
            hub.lock().unsubscribe(id, &resolve(list, names));
            done(Value::Null)
        }
        Some("LIST_SUBSCRIPTIONS") => done(json!(hub.lock().names(id))),
        Some("SET_PROPERTY") => match (&asked["params"][0], &asked["params"][1]) {
            (Value::String(name), Value::Bool(on)) if name == "combined" => {
                hub.lock().set_combined(id, *on);
                done(Value::Null)
            }
            _ => refused(0, "Unknown property"),
        },
        Some("GET_PROPERTY") => done(json!(hub.lock().is_combined(id))),
        _ => refused(
            2,
            "Invalid request: unknown variant, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`",
        ),
    }
}
