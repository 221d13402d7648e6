//! A small client of the market server: listens to streams, asks REST calls, takes signals.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use confluence::domain::symbol::Symbol;
use confluence::domain::time::{Span, Timestamp};
use confluence::lookalike::config::Config;
use confluence::lookalike::running::{Running, serve};
use confluence::market::instruments::Fallback;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// No test waits longer for anything.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Everything a connection said to its end.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) frames: Vec<Said>,
    /// The code of the close frame; `None` when the connection just ended.
    pub(super) closed: Option<u16>,
}

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    Ping(i64),
}

pub(super) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

pub(super) fn fallback() -> Fallback {
    Fallback {
        tick: None,
        step: "0.001".parse().unwrap(),
        qty_min: "0.001".parse().unwrap(),
        market_qty_max: "1000000".parse().unwrap(),
        notional_min: "5".parse().unwrap(),
        liquidation_fee: "0.015".parse().unwrap(),
        brackets: vec![confluence::domain::instrument::Bracket {
            floor: "0".parse().unwrap(),
            cap: "1000000".parse().unwrap(),
            maintenance: "0.01".parse().unwrap(),
            deduction: "0".parse().unwrap(),
        }],
    }
}

pub(super) const NAMES: [&str; 3] = ["1000SYNCUSDT", "SYNAUSDT", "SYNBUSDT"];

/// The sample from an instant on for so many minutes.
pub(super) fn config(from: &str, minutes: i64) -> Config {
    let mut config = Config::new(vec![sample()], fallback());
    let from = Timestamp::parse(from).unwrap();
    config.symbols = NAMES.map(Symbol::new).to_vec();
    config.from = Some(from);
    config.to = Some(from + Span::from_millis(minutes * 60_000));
    config
}

pub(super) fn start(config: Config) -> Running {
    serve(config).unwrap()
}

/// Runs a future that must end in time.
pub(super) fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(LONGEST, work).await.unwrap() })
}

pub(super) async fn connect(address: SocketAddr, path: &str) -> Socket {
    connect_async(format!("ws://{address}{path}"))
        .await
        .unwrap()
        .0
}

/// The usual streams of a route.
pub(super) fn streams(kinds: &[&str]) -> String {
    let all = NAMES.iter().flat_map(|name| {
        let name = name.to_lowercase();
        kinds.iter().map(move |kind| format!("{name}@{kind}"))
    });
    all.collect::<Vec<_>>().join("/")
}

pub(super) fn public() -> String {
    format!("/public/ws/{}", streams(&["bookTicker"]))
}

pub(super) fn market() -> String {
    format!("/market/ws/{}", streams(&["aggTrade", "markPrice@1s"]))
}

/// Listens to the end. Pongs go out by themselves.
pub(super) async fn listen(mut socket: Socket) -> Heard {
    let mut heard = Heard::default();
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => heard.frames.push(Said::Text(text.as_str().to_owned())),
            Message::Ping(body) => {
                let text = std::str::from_utf8(&body).unwrap().parse().unwrap();
                heard.frames.push(Said::Ping(text));
            }
            Message::Close(close) => {
                heard.closed = close.map(|close| close.code.into());
            }
            _ => {}
        }
    }
    heard
}

/// The next text, or nothing within some time.
pub(super) async fn text(socket: &mut Socket, patience: Duration) -> Option<Value> {
    let next = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                return serde_json::from_str(text.as_str()).ok();
            }
        }
        None
    };
    tokio::time::timeout(patience, next).await.ok().flatten()
}

pub(super) async fn say(socket: &mut Socket, value: &Value) {
    socket
        .send(Message::Text(value.to_string().into()))
        .await
        .unwrap();
}

/// A REST answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub(super) async fn ask(address: SocketAddr, path: &str) -> Answer {
    try_ask(address, path).await.unwrap()
}

/// The answer of a server that may be about to end.
pub(super) async fn try_ask(address: SocketAddr, path: &str) -> Option<Answer> {
    let asked = reqwest::Client::new().get(format!("http://{address}{path}"));
    let answer = asked.send().await.ok()?;
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Some(Answer {
        status,
        headers: headers.collect(),
        text: answer.text().await.ok()?,
    })
}

/// A line that came to a bridge; it is answered when the sender is dropped, if the bridge waits for that.
pub(super) type Line = (String, Sender<()>);

/// A bridge that refuses its first connections and then answers every line with `answer`, at once or after it was
/// looked at.
pub(super) fn bridge(
    drop_first: usize,
    answer: &'static str,
    patient: bool,
) -> (SocketAddr, Receiver<Line>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (out, lines) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            if number < drop_first {
                continue;
            }
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut line)
                .unwrap();
            let (seen, looked_at) = channel();
            if out.send((line, seen)).is_err() {
                return;
            }
            if patient {
                // Nothing is ever sent: the other end is dropped.
                let _dropped = looked_at.recv();
            }
            // The original does not wait for an answer.
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
    (address, lines)
}
