//! The control port against a made-up runner: who may ask, what reaches the runner, what the commands say.

mod commands;
mod port;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use confluence::live::ask::{Ask, Asked};
use confluence::live::control::{self, Control};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// Longest a test waits for anything.
const SOON: Duration = Duration::from_secs(30);

/// A port with a runner behind it.
struct Bench {
    control: Control,
    addr: SocketAddr,
    token: String,
    folder: TempDir,
    asked: Arc<Mutex<Vec<(Ask, String)>>>,
}

impl Bench {
    /// With a runner that knows one contract, RIVERUSDT, and never answers what concerns `SLOW`.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (asks, received) = mpsc::channel(64);
        let control = control::start(any_port(), &token_file(folder.path()), asks).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(run(received, Arc::clone(&asked)));
        let token = std::fs::read_to_string(token_file(folder.path())).unwrap();
        Self {
            addr: control.addr,
            control,
            token: token.trim().to_owned(),
            folder,
            asked,
        }
    }

    /// A configuration that finds the port and its token.
    fn config(&self) -> PathBuf {
        let path = self.folder.path().join("paper.toml");
        let journal = self.folder.path().join("paper.journal");
        let text = format!(
            "[live.control]\nlisten = \"{}\"\n[live.journal]\nfile = {:?}\n",
            self.addr, journal
        );
        std::fs::write(&path, text).unwrap();
        path
    }

    fn asked(&self) -> Vec<Ask> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(ask, _)| ask.clone()).collect()
    }

    /// A request with what it needs.
    async fn send(&self, method: &str, path: &str) -> (u16, Value) {
        let bearer = format!("Authorization: Bearer {}\r\n", self.token);
        self.with(method, path, &bearer, "").await
    }

    /// A request with these headers and this body.
    async fn with(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let host = if headers.to_lowercase().contains("host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.addr)
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (status, text) = exchange(self.addr, request.as_bytes()).await;
        assert!(!text.contains(&self.token), "the token came back: {text}");
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn token_file(folder: &Path) -> PathBuf {
    control::token_file(&folder.join("paper.journal"))
}

/// Sends bytes and reads all that comes back; status 0 when nothing does.
async fn exchange(addr: SocketAddr, bytes: &[u8]) -> (u16, String) {
    let talk = async {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // The other end may have answered and closed before everything was sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    };
    let text = tokio::time::timeout(SOON, talk).await.unwrap();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.unwrap_or(0), text)
}

/// The made-up runner.
async fn run(mut received: mpsc::Receiver<Asked>, asked: Arc<Mutex<Vec<(Ask, String)>>>) {
    let mut kept = Vec::new();
    while let Some(one) = received.recv().await {
        asked.lock().unwrap().push((one.ask.clone(), one.who));
        match &one.ask {
            Ask::Close { symbol } if symbol == "SLOW" => kept.push(one.reply),
            Ask::Close { symbol } if symbol == "DROP" => drop(one.reply),
            ask => one.reply.send(answer(ask)).unwrap_or_default(),
        }
    }
}

fn answer(ask: &Ask) -> Result<Value, String> {
    let did = |commands: u32| {
        Ok(json!({
            "ok": true, "did": ask.words(), "at": "2026-01-01T08:00:00.000Z", "commands": commands,
        }))
    };
    match ask {
        Ask::Status => Ok(status()),
        Ask::Positions => Ok(positions()),
        Ask::Recent { count } => Ok((0..*count.min(&3)).map(message).collect()),
        Ask::Pause | Ask::Resume => did(1),
        Ask::Flatten => did(3),
        Ask::Close { symbol } | Ask::Cancel { symbol }
            if ["RIVERUSDT", "币安人生USDT"].contains(&symbol.as_str()) =>
        {
            did(1)
        }
        Ask::Close { symbol } | Ask::Cancel { symbol } => Err(format!(
            "'{symbol}' is no contract of this run\nhint: sim positions lists those with a position"
        )),
    }
}

fn status() -> Value {
    json!({
        "mode": "paper", "time": "2026-01-01T08:00:00.000Z", "clock": "stream", "connected": true,
        "entries": "stopped", "halts": ["paused", "daily_loss"], "journal_failing": false,
        "wallet_usdt": "10000.12345678", "equity_usdt": "10010.5", "open_positions": 1,
        "pending_entries": 0, "entries_today": 2, "trades": 4, "contracts_in_play": 3,
        "messages_waiting_for_a_price": 0, "events_late": 0, "troubles": { "gap": 2 },
        "core_step_us": { "count": 1_000, "p50": 11, "p99": 147, "max": 3_212 },
        "journal": { "seq": 77, "start": 2, "commits": 9 }, "streams": "-",
    })
}

fn positions() -> Value {
    json!([{
        "symbol": "RIVERUSDT", "direction": "long", "qty": "12.5", "cost_usdt": "1000.019",
        "margin_usdt": "50", "since": "2026-01-01T07:55:21.000Z", "mark": null,
        "unrealized_usdt": "-3.456",
        "resting": [
            { "order": 2, "kind": "stop", "side": "sell", "level": "2.05", "armed": null, "peak": null },
            { "order": 3, "kind": "trailing_stop", "side": "sell", "level": null, "armed": false, "peak": null },
        ],
    }])
}

fn message(number: usize) -> Value {
    json!({
        "id": format!("m{number}"), "type": 113, "symbol": "RIVERUSDT",
        "event_time": "2026-01-01T07:55:20.000Z", "received_time": "2026-01-01T07:55:20.300Z",
        "became": "ignored: \u{1b}[31mred",
    })
}
