//! The scripted server: accepts calls and connections on one loopback port; the test says what is sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use confluence::domain::market::News;
use confluence::domain::symbol::{Symbol, Symbols};
use confluence::exchange::binance::address::{Address, Purpose};
use confluence::exchange::binance::rest::{Rest, RestConfig};
use confluence::exchange::binance::stream::{
    FromMarket, Handle, LinkId, Route, StreamConfig, Streams, Trouble,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No wait of a test is longer.
pub(super) const LONGEST: Duration = Duration::from_secs(20);
/// 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600_000;

/// One answer to a call.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn ok(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub(super) fn status(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    #[allow(clippy::needless_pass_by_value, reason = "words and numbers alike")]
    pub(super) fn header(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, format!("{value}")));
        self
    }
}

/// A trade of the server's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) id: u64,
    pub(super) at: i64,
    pub(super) price: u64,
}

/// What calls bring when the script says nothing else.
#[derive(Default)]
pub(super) struct History {
    pub(super) trades: BTreeMap<String, Vec<Made>>,
    /// Numbers below are gone.
    pub(super) oldest: u64,
    /// Answers that come first, in order, whatever is asked.
    pub(super) first: Vec<Reply>,
    /// Every call, path and query.
    pub(super) calls: Vec<String>,
    /// Bars by path: (open time, open, high, low, close, volume).
    pub(super) bars: BTreeMap<String, Vec<(i64, [&'static str; 5])>>,
}

/// The server.
pub(super) struct Server {
    pub(super) port: u16,
    pub(super) history: Arc<Mutex<History>>,
    connections: mpsc::UnboundedReceiver<Connection>,
    waiting: Vec<Connection>,
    task: JoinHandle<()>,
}

/// One connection as the test holds it.
pub(super) struct Connection {
    pub(super) path: String,
    send: mpsc::UnboundedSender<Option<Message>>,
    requests: mpsc::UnboundedReceiver<serde_json::Value>,
    pongs: mpsc::UnboundedReceiver<Vec<u8>>,
}

#[derive(Clone)]
struct Shared {
    history: Arc<Mutex<History>>,
    connections: mpsc::UnboundedSender<Connection>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let history = Arc::new(Mutex::new(History::default()));
        let (connections, accepted) = mpsc::unbounded_channel();
        let shared = Shared {
            history: Arc::clone(&history),
            connections,
        };
        let app = Router::new()
            .route("/public/ws", axum::routing::get(upgrade))
            .route("/market/ws", axum::routing::get(upgrade))
            .fallback(call)
            .with_state(shared);
        let task = tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        Self {
            port,
            history,
            connections: accepted,
            waiting: Vec::new(),
            task,
        }
    }

    pub(super) fn rest_config(&self) -> RestConfig {
        let base = format!("http://127.0.0.1:{}", self.port);
        RestConfig::new(Address::parse(&base, Purpose::Rest).unwrap())
    }

    pub(super) fn rest(&self) -> Rest {
        Rest::new(self.rest_config()).unwrap()
    }

    /// Quick watchdogs and waits, so that tests need none.
    pub(super) fn stream_config(&self) -> StreamConfig {
        let base = format!("ws://127.0.0.1:{}", self.port);
        let mut config = StreamConfig::new(Address::parse(&base, Purpose::Streams).unwrap());
        config.backoff_min = Duration::from_millis(5);
        config.backoff_max = Duration::from_millis(20);
        config.repair_after = Duration::from_millis(30);
        config.catch_up_after = Duration::from_millis(50);
        config
    }

    /// The next connection of a route; its subscriptions are answered by themselves.
    pub(super) async fn accept(&mut self, path: &str) -> Connection {
        if let Some(index) = self.waiting.iter().position(|one| one.path == path) {
            return self.waiting.remove(index);
        }
        loop {
            let next = timeout(LONGEST, self.connections.recv()).await;
            let next = next.expect("no connection came").unwrap();
            if next.path == path {
                return next;
            }
            self.waiting.push(next);
        }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.history.lock().unwrap().calls.clone()
    }

    /// Adds trades one after the other to the history: ids from..to, a second apart.
    pub(super) fn trades(&self, symbol: &str, ids: std::ops::Range<u64>) {
        let mut history = self.history.lock().unwrap();
        let list = history.trades.entry(symbol.to_owned()).or_default();
        list.extend(ids.map(made));
    }
}

/// The trade of a number: a second apart, at ascending prices.
pub(super) fn made(id: u64) -> Made {
    Made {
        id,
        at: START + i64::try_from(id).unwrap() * 1_000,
        price: 100 + id % 50,
    }
}

impl Connection {
    pub(super) fn text(&self, text: impl Into<String>) {
        let _ = self.send.send(Some(Message::Text(text.into().into())));
    }

    pub(super) fn trade(&self, symbol: &str, id: u64) {
        self.text(trade(symbol, made(id)));
    }

    pub(super) fn ping(&self, payload: &str) {
        let bytes = payload.as_bytes().to_vec();
        let _ = self.send.send(Some(Message::Ping(bytes.into())));
    }

    pub(super) fn raw(&self, message: Message) {
        let _ = self.send.send(Some(message));
    }

    /// Ends the connection without a word.
    pub(super) fn cut(&self) {
        let _ = self.send.send(None);
    }

    /// The next request: method and names.
    pub(super) async fn request(&mut self) -> (String, Vec<String>) {
        let next = timeout(LONGEST, self.requests.recv()).await;
        let value = next
            .expect("no request came")
            .expect("the connection is gone");
        let names = value["params"].as_array().unwrap().iter();
        (
            value["method"].as_str().unwrap().to_owned(),
            names
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
        )
    }

    /// A pong within a time, if one comes.
    pub(super) async fn pong(&mut self, within: Duration) -> Option<String> {
        let next = timeout(within, self.pongs.recv()).await.ok()??;
        Some(String::from_utf8(next).unwrap())
    }

    /// Waits until the client has gone.
    pub(super) async fn gone(&mut self) {
        let all = async { while self.requests.recv().await.is_some() {} };
        timeout(LONGEST, all).await.expect("the client stays");
    }
}

pub(super) fn trade(symbol: &str, made: Made) -> String {
    let Made { id, at, price } = made;
    format!(
        r#"{{"e":"aggTrade","E":{at},"s":"{symbol}","a":{id},"p":"{price}","q":"2","f":1,"l":2,"T":{at},"m":true}}"#
    )
}

pub(super) fn mark(symbol: &str, at: i64, price: &str) -> String {
    let next = START + 8 * 3_600_000;
    format!(
        r#"{{"e":"markPriceUpdate","E":{at},"s":"{symbol}","p":"{price}","i":"1","P":"1","ap":"1","r":"0.0001","T":{next},"st":1}}"#
    )
}

pub(super) fn book(symbol: &str, update: u64, at: i64, bid: &str, ask: &str) -> String {
    format!(
        r#"{{"e":"bookTicker","u":{update},"E":{at},"T":{at},"s":"{symbol}","b":"{bid}","B":"1","a":"{ask}","A":"1"}}"#
    )
}

async fn upgrade(State(shared): State<Shared>, uri: Uri, upgrade: WebSocketUpgrade) -> Response {
    let path = uri.path().to_owned();
    upgrade.on_upgrade(move |socket| serve(socket, path, shared))
}

async fn serve(mut socket: WebSocket, path: String, shared: Shared) {
    let (send, mut to_send) = mpsc::unbounded_channel();
    let (asked, requests) = mpsc::unbounded_channel();
    let (ponged, pongs) = mpsc::unbounded_channel();
    let connection = Connection {
        path,
        send,
        requests,
        pongs,
    };
    if shared.connections.send(connection).is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = to_send.recv() => match message {
                Some(Some(message)) => if socket.send(message).await.is_err() { return },
                Some(None) | None => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                    let answer = serde_json::json!({"result": null, "id": value["id"]});
                    let _ = asked.send(value);
                    let answer = Message::Text(answer.to_string().into());
                    if socket.send(answer).await.is_err() { return }
                }
                Some(Ok(Message::Pong(bytes))) => { let _ = ponged.send(bytes.to_vec()); }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
        }
    }
}

async fn call(
    State(shared): State<Shared>,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let reply = {
        let mut history = shared.history.lock().unwrap();
        history.calls.push(uri.to_string());
        if history.first.is_empty() {
            history.answer(uri.path(), &query)
        } else {
            history.first.remove(0)
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &reply.headers {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let status = StatusCode::from_u16(reply.status).unwrap();
    (status, headers, reply.body).into_response()
}

impl History {
    fn answer(&self, path: &str, query: &HashMap<String, String>) -> Reply {
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
        match path {
            "/fapi/v1/time" => Reply::ok(format!(r#"{{"serverTime":{START}}}"#)),
            "/fapi/v1/aggTrades" => self.agg_trades(query, number),
            "/fapi/v1/klines" | "/fapi/v1/markPriceKlines" => {
                let (from, to) = (number("startTime").unwrap(), number("endTime").unwrap());
                let rows: Vec<String> = self
                    .bars
                    .get(path)
                    .into_iter()
                    .flatten()
                    .filter(|(open, _)| (from..=to).contains(open))
                    .map(|(open, [o, h, l, c, v])| {
                        let close = open + 59_999;
                        format!(
                            r#"[{open},"{o}","{h}","{l}","{c}","{v}",{close},"0",1,"0","0","0"]"#
                        )
                    })
                    .collect();
                Reply::ok(format!("[{}]", rows.join(",")))
            }
            _ => Reply::status(404, "{}"),
        }
    }

    fn agg_trades(
        &self,
        query: &HashMap<String, String>,
        number: impl Fn(&str) -> Option<i64>,
    ) -> Reply {
        let none = Vec::new();
        let all = self.trades.get(&query["symbol"]).unwrap_or(&none);
        let limit = usize::try_from(number("limit").unwrap()).unwrap();
        let there = all.iter().filter(|made| made.id >= self.oldest);
        let rows: Vec<&Made> = match (number("fromId"), number("startTime")) {
            (Some(id), _) => there
                .filter(|made| made.id >= u64::try_from(id).unwrap())
                .take(limit)
                .collect(),
            (None, Some(from)) => {
                let to = number("endTime").unwrap();
                assert!(to - from < 3_600_000, "longer than an hour");
                there
                    .filter(|made| (from..=to).contains(&made.at))
                    .take(limit)
                    .collect()
            }
            (None, None) => there.rev().take(limit).collect(),
        };
        let rows: Vec<String> = rows
            .into_iter()
            .map(|Made { id, at, price }| {
                format!(r#"{{"a":{id},"p":"{price}","q":"2","f":1,"l":2,"T":{at},"m":true}}"#)
            })
            .collect();
        Reply::ok(format!("[{}]", rows.join(",")))
    }
}

pub(super) fn symbols(names: &[&str]) -> Arc<Symbols> {
    Arc::new(Symbols::new(names.iter().map(|name| Symbol::new(name))).unwrap())
}

/// The receiving end of a test.
pub(super) struct Out {
    pub(super) symbols: Arc<Symbols>,
    events: mpsc::Receiver<FromMarket>,
}

/// Starts the streams of some contracts.
pub(super) fn start(server: &Server, names: &[&str], config: StreamConfig) -> (Handle, Out) {
    let symbols = symbols(names);
    let (send, events) = mpsc::channel(64);
    let handle = Streams::start(config, Arc::clone(&symbols), server.rest(), send);
    (handle, Out { symbols, events })
}

impl Out {
    pub(super) async fn next(&mut self) -> FromMarket {
        let next = timeout(LONGEST, self.events.recv()).await;
        next.expect("nothing came").expect("the streams ended")
    }

    /// How many events wait.
    pub(super) fn is_waiting(&self) -> usize {
        self.events.len()
    }

    /// What comes at once, if anything.
    pub(super) async fn quick(&mut self, within: Duration) -> Option<FromMarket> {
        timeout(within, self.events.recv()).await.ok()?
    }

    /// Everything up to what a test looks for, that included.
    pub(super) async fn until(&mut self, wanted: impl Fn(&FromMarket) -> bool) -> Vec<FromMarket> {
        let mut met = Vec::new();
        loop {
            let next = timeout(LONGEST, self.events.recv()).await;
            let Ok(Some(next)) = next else {
                panic!("did not come; met {met:#?}")
            };
            let found = wanted(&next);
            met.push(next);
            if found {
                return met;
            }
        }
    }

    /// Everything up to a trade of a number.
    pub(super) async fn until_trade(&mut self, id: u64) -> Vec<FromMarket> {
        self.until(|event| trade_ids(std::slice::from_ref(event)) == [id])
            .await
    }

    /// Everything up to a trouble.
    pub(super) async fn until_trouble(
        &mut self,
        wanted: impl Fn(&Trouble) -> bool,
    ) -> Vec<FromMarket> {
        self.until(|event| matches!(event, FromMarket::Trouble { what, .. } if wanted(what)))
            .await
    }

    pub(super) async fn up(&mut self, route: Route) -> LinkId {
        let met = self
            .until(|event| matches!(event, FromMarket::Up { route: of, .. } if *of == route))
            .await;
        match met.last() {
            Some(FromMarket::Up { link, .. }) => *link,
            _ => unreachable!(),
        }
    }
}

/// Numbers of the trades, in order; trades made from bars have none.
pub(super) fn trade_ids(events: &[FromMarket]) -> Vec<u64> {
    events
        .iter()
        .filter_map(|event| match event {
            FromMarket::Event { trade_id, .. } => *trade_id,
            _ => None,
        })
        .collect()
}

/// Stamps and words of events that are no troubles, for comparing at a glance: `12:trade 3` and the like, seconds.
pub(super) fn told(events: &[FromMarket]) -> Vec<String> {
    let seconds = |at: i64| (at - START) / 1_000;
    events
        .iter()
        .filter_map(|event| match event {
            FromMarket::Event {
                event, trade_id, ..
            } => {
                let at = seconds(event.at.millis());
                Some(match (event.news, trade_id) {
                    (News::Trade { .. }, Some(id)) => format!("{at}:trade {id}"),
                    (News::Trade { price, qty }, None) => format!("{at}:made {price}x{qty}"),
                    (News::Mark { price, .. }, _) => format!("{at}:mark {price}"),
                    (News::Quote { bid, ask }, _) => format!("{at}:quote {bid}/{ask}"),
                })
            }
            FromMarket::Beat { at, .. } => Some(format!("{}:beat", seconds(at.millis()))),
            _ => None,
        })
        .collect()
}

/// The troubles of some events.
pub(super) fn troubles(events: &[FromMarket]) -> Vec<&Trouble> {
    events
        .iter()
        .filter_map(|event| match event {
            FromMarket::Trouble { what, .. } => Some(what),
            _ => None,
        })
        .collect()
}

/// Runs a test on a runtime of its own.
pub(super) fn on_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            timeout(Duration::from_secs(60), test)
                .await
                .expect("too slow")
        });
}
