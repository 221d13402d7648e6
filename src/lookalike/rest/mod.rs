//! REST calls: which there are, what they cost, how they fail.
//!
//! Not here: candles (`candles`), trades, marks and funding (`history`), weights (`limits`).
//! Invariant: no answer holds anything stamped after the running time, but for the rate of the settlement ahead.

mod candles;
mod history;
mod limits;
mod query;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};

use super::faults::Fault;
use super::shared::Shared;
use super::socket::{self, Asked};
use super::streams::Route;
use super::wall;
use limits::{Limits, Verdict};
use query::Asked as Parameters;

/// Largest frame a client may send.
const FRAME_MAX: usize = 256 * 1024;

/// The answering side.
#[derive(Debug)]
pub(super) struct Service {
    shared: Arc<Shared>,
    limits: Limits,
    requests: AtomicU64,
}

/// Why a call is refused: HTTP status, the exchange's code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    code: i64,
    msg: String,
}

impl Refusal {
    fn new(code: i64, msg: impl Into<String>) -> Self {
        Self {
            code,
            msg: msg.into(),
        }
    }
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>, weight_limit: u32) -> Self {
        Self {
            shared,
            limits: Limits::new(weight_limit),
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// All addresses.
pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/fapi/v1/{call}", any(call))
        .route("/ws", get(unrouted))
        .route("/ws/{*streams}", get(unrouted))
        .route("/stream", get(unrouted))
        .route("/{route}/ws", get(raw))
        .route("/{route}/ws/{*streams}", get(raw))
        .route("/{route}/stream", get(combined))
        .fallback(nowhere)
        .with_state(service)
}

type Words = BTreeMap<String, String>;

async fn call(
    State(service): State<Arc<Service>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    Query(words): Query<Words>,
    method: Method,
) -> Response {
    let number = service.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let asked = Parameters::new(words);
    let Some(weight) = weight(&name, &asked).filter(|_| method == Method::GET) else {
        let text = format!("Path /fapi/v1/{name}, Method {method} is invalid");
        return refuse(StatusCode::NOT_FOUND, &Refusal::new(-5000, text));
    };
    let (used, verdict) = service.limits.charge(client.ip(), weight, wall::millis());
    let answer = match verdict {
        Verdict::Fine => match fault(&service, number) {
            Some(fault) => fault,
            None => match answer(&service, &name, &asked) {
                Ok(value) => body(StatusCode::OK, value.to_string()),
                Err(refusal) => refuse(StatusCode::BAD_REQUEST, &refusal),
            },
        },
        Verdict::TooMany { retry_after } => too_many(retry_after),
        Verdict::Banned { until, retry_after } => banned(until, retry_after),
    };
    with_header(answer, "x-mbx-used-weight-1m", &used.to_string())
}

/// What a call costs; `None` for a call that does not exist here.
fn weight(name: &str, asked: &Parameters) -> Option<u32> {
    Some(match name {
        "ping" | "time" | "exchangeInfo" => 1,
        "klines" | "markPriceKlines" => match asked.limit_or(500) {
            ..100 => 1,
            100..500 => 2,
            500..=1_000 => 5,
            _ => 10,
        },
        "aggTrades" => 20,
        "premiumIndex" => {
            if asked.has("symbol") {
                1
            } else {
                10
            }
        }
        "fundingRate" | "fundingInfo" => 0,
        _ => return None,
    })
}

fn answer(service: &Service, name: &str, asked: &Parameters) -> Result<Value, Refusal> {
    let shared = &service.shared;
    match name {
        "ping" => Ok(json!({})),
        "time" => {
            let time = shared.now() + shared.hub.dice.clock();
            Ok(json!({"serverTime": time.millis()}))
        }
        "exchangeInfo" => Ok(exchange_info(shared, service.limits.weight())),
        "klines" => candles::answer(shared, asked, candles::Prices::Contract),
        "markPriceKlines" => candles::answer(shared, asked, candles::Prices::Mark),
        "aggTrades" => history::agg_trades(shared, asked),
        "premiumIndex" => history::premium_index(shared, asked),
        "fundingRate" => history::funding_rate(shared, asked),
        _ => Ok(history::funding_info(shared)),
    }
}

fn exchange_info(shared: &Shared, weight: u32) -> Value {
    json!({
        "timezone": "UTC",
        "serverTime": (shared.now() + shared.hub.dice.clock()).millis(),
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1_200},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        ],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": true, "autoAssetExchange": "-10000"}],
        "symbols": shared.world.contracts,
    })
}

/// A planned fault instead of an answer.
fn fault(service: &Service, number: u64) -> Option<Response> {
    let dice = &service.shared.hub.dice;
    if dice.falls(Fault::Http429, 0, number) {
        return Some(too_many(1));
    }
    if dice.falls(Fault::Http418, 0, number) {
        return Some(banned(wall::millis() + 2_000, 2));
    }
    if dice.falls(Fault::Http503, 0, number) {
        let texts = [
            r#"{"code":-1008,"msg":"Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."}"#,
            r#"{"msg":"Service Unavailable."}"#,
            "<html><body><h1>503 Service Unavailable</h1></body></html>",
        ];
        let chosen = dice.details(Fault::Http503, 0, number).below(3);
        let text = texts[usize::try_from(chosen).unwrap_or(0)];
        return Some(body(StatusCode::SERVICE_UNAVAILABLE, text.to_owned()));
    }
    if dice.falls(Fault::HttpGarbage, 0, number) {
        let texts = [
            r#"{"serverTime":"#,
            "<html></html>",
            "",
            "[null]",
            r#"{"serverTime":"NaN"}"#,
        ];
        let chosen = dice.details(Fault::HttpGarbage, 0, number).below(5);
        let text = texts[usize::try_from(chosen).unwrap_or(0)];
        return Some(body(StatusCode::OK, text.to_owned()));
    }
    None
}

fn too_many(retry_after: i64) -> Response {
    let text = "Too many requests; current limit of IP is 2400 requests per minute. Please use the websocket for live updates to avoid polling the API.";
    let answer = refuse(StatusCode::TOO_MANY_REQUESTS, &Refusal::new(-1003, text));
    with_header(answer, "retry-after", &retry_after.to_string())
}

fn banned(until: i64, retry_after: i64) -> Response {
    let text = format!(
        "Way too many requests; IP banned until {until}. Please use the websocket for live updates to avoid bans."
    );
    let answer = refuse(StatusCode::IM_A_TEAPOT, &Refusal::new(-1003, text));
    with_header(answer, "retry-after", &retry_after.to_string())
}

fn refuse(status: StatusCode, refusal: &Refusal) -> Response {
    let Refusal { code, msg } = refusal;
    body(status, json!({"code": code, "msg": msg}).to_string())
}

fn body(status: StatusCode, text: String) -> Response {
    let answer = Response::builder().status(status);
    let answer = answer.header("content-type", "application/json;charset=UTF-8");
    answer
        .body(Body::from(text))
        .unwrap_or_else(|_| status.into_response())
}

fn with_header(mut answer: Response, name: &'static str, value: &str) -> Response {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
    answer
}

async fn nowhere(method: Method, uri: Uri) -> Response {
    let text = format!("Path {}, Method {method} is invalid", uri.path());
    refuse(StatusCode::NOT_FOUND, &Refusal::new(-5000, text))
}

/// Addresses without a route are accepted and quiet.
async fn unrouted(State(service): State<Arc<Service>>, upgrade: WebSocketUpgrade) -> Response {
    let asked = Asked {
        route: Route::Quiet,
        combined: false,
        streams: Vec::new(),
    };
    open(service, upgrade, asked)
}

async fn raw(
    State(service): State<Arc<Service>>,
    Path(words): Path<Words>,
    method: Method,
    uri: Uri,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(route) = words.get("route").and_then(|name| Route::of(name)) else {
        return nowhere(method, uri).await;
    };
    let streams = words
        .get("streams")
        .map(|list| split(list))
        .unwrap_or_default();
    let asked = Asked {
        route,
        combined: false,
        streams,
    };
    open(service, upgrade, asked)
}

async fn combined(
    State(service): State<Arc<Service>>,
    Path(route): Path<String>,
    Query(words): Query<Words>,
    (method, uri): (Method, Uri),
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(route) = Route::of(&route) else {
        return nowhere(method, uri).await;
    };
    let streams = words
        .get("streams")
        .map(|list| split(list))
        .unwrap_or_default();
    let asked = Asked {
        route,
        combined: true,
        streams,
    };
    open(service, upgrade, asked)
}

fn split(list: &str) -> Vec<String> {
    list.split('/').map(str::to_owned).collect()
}

fn open(service: Arc<Service>, upgrade: WebSocketUpgrade, asked: Asked) -> Response {
    upgrade
        .max_message_size(FRAME_MAX)
        .on_upgrade(move |socket| async move {
            let hub = Arc::clone(&service.shared.hub);
            socket::serve(socket, asked, hub, &service.shared.world.names).await;
        })
}
