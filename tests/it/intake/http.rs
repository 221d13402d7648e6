//! Signed requests: what passes, what is refused before anything is parsed, how little can be made of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use confluence::live::intake::SourceName;
use confluence::live::intake::config::{ConnectionLimits, HttpConfig, IntakeConfig, IntakeError};
use confluence::live::intake::count::Count;
use confluence::live::intake::mac::{sign, to_hex};
use confluence::live::intake::secret::Secret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::runner::{Bench, Manner, SOON};
use super::{NOON, any_port, bridge, line};
use crate::binary::say;

const SECRET: &str = "correct horse battery staple";

/// A file with the secret; on Unix only its owner may read it.
pub(super) fn secret_file(folder: &TempDir, text: &str, mode: u32) -> PathBuf {
    let path = folder
        .path()
        .join(format!("secret-{mode:o}-{}", text.len()));
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    path
}

pub(super) fn http(secret: &Path) -> IntakeConfig {
    IntakeConfig {
        http: Some(HttpConfig {
            addr: any_port(),
            ..HttpConfig::new(secret.to_owned())
        }),
        ..IntakeConfig::default()
    }
}

fn start(folder: &TempDir) -> Bench {
    Bench::start(http(&secret_file(folder, &format!("{SECRET}\n"), 0o600)))
}

/// A request taken apart, so that each part can be wrong.
#[derive(Clone)]
struct Ask {
    method: &'static str,
    path: &'static str,
    host: Option<String>,
    kind: Option<&'static str>,
    time: Option<String>,
    mac: Option<String>,
    more: String,
    body: Vec<u8>,
}

impl Ask {
    /// As it should be.
    fn signed(time: i64, body: &str) -> Self {
        let time = time.to_string();
        let mac = sign(&Secret::new(SECRET.into()), &time, body.as_bytes());
        Self {
            method: "POST",
            path: "/signals",
            host: None,
            kind: Some("application/json"),
            time: Some(time),
            mac: Some(to_hex(&mac)),
            more: String::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn bytes(&self, addr: SocketAddr) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| addr.to_string());
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        let headers = [
            ("content-type", self.kind.map(str::to_owned)),
            ("x-signal-time", self.time.clone()),
            ("X-Signal-Mac", self.mac.clone()),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(&format!(
            "{}content-length: {}\r\n\r\n",
            self.more,
            self.body.len()
        ));
        [head.as_bytes(), &self.body].concat()
    }

    async fn send(&self, addr: SocketAddr) -> (u16, Value) {
        exchange(addr, &self.bytes(addr)).await
    }
}

/// Sends bytes and reads all that comes back; status 0 when nothing does.
async fn exchange(addr: SocketAddr, bytes: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut all = Vec::new();
    let talk = async {
        // The other end may have had enough before all is sent.
        let _refused = stream.write_all(bytes).await;
        let _broken = stream.read_to_end(&mut all).await;
    };
    tokio::time::timeout(SOON, talk)
        .await
        .expect("an end in time");
    let text = String::from_utf8(all).unwrap();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let value = serde_json::from_str(body).unwrap_or_else(|_| json!(body.trim()));
    (status, value)
}

#[tokio::test]
async fn signed_messages_of_every_shape_pass() {
    let folder = tempfile::tempdir().unwrap();
    let bench = start(&folder);
    let api = |id: &str| json!({ "id": id, "type": 113, "createTime": NOON, "content": "{\"symbol\":\"RIVER\"}" });
    let own = json!({ "id": "own", "type": 110, "symbol": "BTC", "event_time": NOON });
    let cases = [
        (line("one", 113, "RIVER"), 1),
        (own, 1),
        (json!([api("a"), api("b")]), 2),
        (
            json!({ "code": 200, "data": { "total": 1, "list": [api("c")] } }),
            1,
        ),
        (json!({ "count": 1, "list": [api("d")] }), 1),
        (
            json!({ "code": 200, "data": [api("e"), line("f", 110, "X")] }),
            2,
        ),
    ];
    let mut taken = 0;
    for (number, (body, count)) in cases.iter().enumerate() {
        let time = NOON + i64::try_from(number).unwrap();
        let (status, answer) = Ask::signed(time, &body.to_string())
            .send(bench.http())
            .await;
        assert_eq!(status, 200, "{body}: {answer}");
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results.len(), *count, "{answer}");
        for result in results {
            assert!(result["ok"] == true && result["seq"].is_u64(), "{answer}");
        }
        taken += count;
    }
    assert_eq!(bench.taken().len(), taken);
    // A list with good and bad: each has its own result.
    let mixed = json!([api("a"), api("g"), { "id": "h", "type": 999, "createTime": NOON }, 5]);
    let (status, answer) = Ask::signed(NOON, &mixed.to_string())
        .send(bench.http())
        .await;
    assert_eq!(status, 200, "{answer}");
    let reasons: Vec<&str> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["reason"].as_str().unwrap_or("ok"))
        .map(|reason| reason.split(':').next().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["duplicate", "ok", "unknown_type", "not_a_message"]
    );
    let (status, answer) = exchange(
        bench.http(),
        format!(
            "GET /healthz HTTP/1.1\r\nhost: localhost:{}\r\n\r\n",
            bench.http().port()
        )
        .as_bytes(),
    )
    .await;
    assert_eq!((status, answer), (200, json!("ok")));
    say(&format!(
        "http: {} signed requests, {taken} messages: {:?}",
        cases.len() + 1,
        bench.counts()
    ));
}

#[tokio::test]
async fn what_is_not_signed_well_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let bench = start(&folder);
    let body = line("one", 113, "RIVER").to_string();
    let good = Ask::signed(NOON, &body);
    let mut cases: Vec<(&str, Ask, u16)> = Vec::new();
    let mut case = |name, status, change: &dyn Fn(&mut Ask)| {
        let mut ask = good.clone();
        change(&mut ask);
        cases.push((name, ask, status));
    };
    case("no mac", 401, &|ask| ask.mac = None);
    case("no time", 401, &|ask| ask.time = None);
    case("short mac", 401, &|ask| ask.mac = Some("ab".to_owned()));
    case("no hex", 401, &|ask| ask.mac = Some("g".repeat(64)));
    case("zero mac", 401, &|ask| ask.mac = Some("0".repeat(64)));
    case("other body", 401, &|ask| ask.body[20] ^= 1);
    case("other time", 401, &|ask| {
        ask.time = Some((NOON + 1).to_string())
    });
    case("time with sign", 401, &|ask| {
        ask.time = Some(format!("+{NOON}"))
    });
    case("time with exponent", 401, &|ask| {
        ask.time = Some("1.767e12".to_owned())
    });
    case("huge time", 401, &|ask| ask.time = Some("9".repeat(40)));
    case("two macs", 401, &|ask| {
        ask.more = format!("x-signal-mac: {}\r\n", "0".repeat(64))
    });
    case("late", 401, &|ask| *ask = Ask::signed(NOON - 30_001, &body));
    case("early", 401, &|ask| {
        *ask = Ask::signed(NOON + 30_001, &body)
    });
    case("last year", 401, &|ask| {
        *ask = Ask::signed(NOON - 31_536_000_000, &body)
    });
    case("text", 415, &|ask| ask.kind = Some("text/plain"));
    case("form", 415, &|ask| {
        ask.kind = Some("application/x-www-form-urlencoded")
    });
    case("no media type", 415, &|ask| ask.kind = None);
    case("get", 405, &|ask| ask.method = "GET");
    case("other path", 404, &|ask| ask.path = "/signal");
    case("other host", 421, &|ask| {
        ask.host = Some("evil.example:80".to_owned())
    });
    case("other port", 421, &|ask| {
        ask.host = Some("127.0.0.1:1".to_owned())
    });
    case("two hosts", 421, &|ask| {
        ask.more = "host: localhost\r\n".to_owned()
    });
    case("head too large", 431, &|ask| {
        ask.more = format!("x-more: {}\r\n", "a".repeat(17_000))
    });
    case("body too large", 413, &|ask| {
        *ask = Ask::signed(NOON, &"a".repeat(65_537))
    });
    case("not json", 400, &|ask| *ask = Ask::signed(NOON + 1, "{"));
    case("empty", 400, &|ask| *ask = Ask::signed(NOON + 2, ""));
    case("empty list", 400, &|ask| *ask = Ask::signed(NOON + 3, "[]"));
    case("deep", 400, &|ask| {
        *ask = Ask::signed(NOON + 4, &"[".repeat(500))
    });
    case("no message", 400, &|ask| {
        *ask = Ask::signed(NOON + 5, "{\"a\":1}")
    });
    case("unknown type", 400, &|ask| {
        *ask = Ask::signed(NOON + 6, &line("x", 7, "RIVER").to_string());
    });
    for (name, ask, expected) in &cases {
        let (status, answer) = ask.send(bench.http()).await;
        assert_eq!(status, *expected, "{name}: {answer}");
        assert!(!answer.to_string().contains(SECRET), "{answer}");
    }
    assert!(bench.taken().is_empty());
    // Not refused for being unsigned: the one good request passes, once.
    let (status, answer) = good.send(bench.http()).await;
    assert_eq!(status, 200, "{answer}");
    let counts = bench.counts();
    assert_eq!(
        (counts["bad_mac"], counts["expired"], counts["oversize"]),
        (11, 3, 1),
        "{counts:?}"
    );
    say(&format!(
        "http: {} requests refused: {counts:?}",
        cases.len()
    ));
}

#[tokio::test]
async fn a_signed_request_passes_once() {
    let folder = tempfile::tempdir().unwrap();
    let bench = start(&folder);
    let ask = Ask::signed(NOON, &line("one", 113, "RIVER").to_string());
    let mut seen = Vec::new();
    for now in [NOON, NOON, NOON + 29_999, NOON + 30_001, NOON] {
        bench.clock.store(now, Ordering::Relaxed);
        seen.push(ask.send(bench.http()).await.0);
    }
    assert_eq!(seen, [200, 409, 409, 401, 409]);
    // The same message, signed anew, is known by its id.
    let again = Ask::signed(NOON + 1, &line("one", 113, "RIVER").to_string());
    let (status, answer) = again.send(bench.http()).await;
    assert_eq!(
        (status, answer["results"][0]["reason"].as_str()),
        (200, Some("duplicate"))
    );
    let other = Ask::signed(NOON + 2, &line("one", 113, "OTHER").to_string());
    let (status, answer) = other.send(bench.http()).await;
    assert_eq!(
        (status, answer["results"][0]["reason"].as_str()),
        (200, Some("conflict"))
    );
    assert_eq!(bench.ids(), ["one"]);
    say(&format!(
        "http: replays answered {seen:?}, {:?}",
        bench.counts()
    ));
}

#[tokio::test]
async fn slow_many_and_large_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = http(&secret_file(&folder, SECRET, 0o600));
    config.http.as_mut().unwrap().limits = ConnectionLimits {
        connections: 3,
        first_line: Duration::from_millis(600),
        ..ConnectionLimits::default()
    };
    let bench = Bench::start(config);
    let addr = bench.http();
    let mut idle = Vec::new();
    for _ in 0..3 {
        idle.push(TcpStream::connect(addr).await.unwrap());
    }
    bench.until(SourceName::Http, Count::Connections, 3).await;
    let good = Ask::signed(NOON, &line("one", 113, "RIVER").to_string());
    let (status, answer) = exchange(addr, b"").await;
    assert_eq!((status, answer), (503, json!("busy")));
    // Idle ones are cut off, and there is a place again.
    for stream in &mut idle {
        let mut rest = Vec::new();
        let end = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "an idle connection is cut");
    }
    bench.until(SourceName::Http, Count::TooSlow, 3).await;
    let half = good.bytes(addr);
    let mut slow = TcpStream::connect(addr).await.unwrap();
    slow.write_all(&half[..half.len() - 5]).await.unwrap();
    let mut rest = Vec::new();
    let end = tokio::time::timeout(SOON, slow.read_to_end(&mut rest)).await;
    assert!(
        end.is_ok() && rest.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    // A body without end, in chunks.
    let head = String::from_utf8(half).unwrap();
    let head = head.split("content-length").next().unwrap().to_owned();
    let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..200 {
        chunked.extend_from_slice(format!("400\r\n{}\r\n", "a".repeat(1_024)).as_bytes());
    }
    let (status, _) = exchange(addr, &chunked).await;
    assert!(matches!(status, 413 | 0), "{status}");
    assert_eq!(bench.counts()["oversize"], 1);
    let (status, answer) = good.send(addr).await;
    assert_eq!(status, 200, "{answer}");
    say(&format!("http: {:?}", bench.counts()));
}

#[tokio::test]
async fn busy_and_the_end_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let bench = start(&folder);
    let mut statuses = Vec::new();
    for (number, manner) in [Manner::Busy, Manner::Closing, Manner::Usual]
        .into_iter()
        .enumerate()
    {
        bench.behave(manner);
        let time = NOON + i64::try_from(number).unwrap();
        let ask = Ask::signed(time, &line("one", 113, "RIVER").to_string());
        let (status, answer) = ask.send(bench.http()).await;
        statuses.push((
            status,
            answer["results"][0]["reason"]
                .as_str()
                .unwrap_or("ok")
                .to_owned(),
        ));
    }
    let expected = [(503, "busy"), (503, "closing"), (200, "ok")];
    let found: Vec<(u16, &str)> = statuses
        .iter()
        .map(|(status, word)| (*status, word.as_str()))
        .collect();
    assert_eq!(found, expected);
    say(&format!("http: {found:?}"));
}

#[tokio::test]
async fn a_secret_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut met = 0;
    for (text, mode, said) in [
        (SECRET, 0o640, "mode 640"),
        (SECRET, 0o604, "mode 604"),
        (SECRET, 0o622, "mode 622"),
        ("short", 0o600, "5 bytes"),
        ("", 0o600, "0 bytes"),
    ] {
        let config = http(&secret_file(&folder, text, mode));
        let refused = Bench::with(config, 8, Manner::Usual).err().unwrap();
        let message = refused.to_string();
        assert!(matches!(refused, IntakeError::Secret { .. }), "{message}");
        assert!(
            message.contains(said) && message.contains("hint: "),
            "{message}"
        );
        assert!(!message.contains(SECRET) && !format!("{refused:?}").contains(SECRET));
        met += 1;
    }
    let missing = http(&folder.path().join("none"));
    assert!(Bench::with(missing, 8, Manner::Usual).is_err());
    let mut wide = http(&secret_file(&folder, SECRET, 0o600));
    wide.http.as_mut().unwrap().window = Duration::from_secs(301);
    let refused = Bench::with(wide, 8, Manner::Usual).err().unwrap();
    assert!(matches!(refused, IntakeError::Value { .. }), "{refused}");
    assert_eq!(format!("{:?}", Secret::new(SECRET.into())), "***");
    say(&format!("http: {} configurations refused", met + 2));
}

#[tokio::test]
async fn all_sources_work_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = http(&secret_file(&folder, SECRET, 0o600));
    config.bridge = bridge().bridge;
    let bench = Bench::start(config);
    let mut client = super::runner::Client::connect(bench.bridge()).await;
    let text = super::asking("one", 113, "RIVER").to_string();
    assert_eq!(client.ask(text.as_bytes()).await["ok"], true);
    let ask = Ask::signed(NOON, &line("one", 113, "RIVER").to_string());
    let (_, answer) = ask.send(bench.http()).await;
    assert_eq!(
        answer["results"][0]["reason"], "duplicate",
        "one memory for all sources"
    );
    let snapshot = serde_json::to_value(bench.stats.snapshot()).unwrap();
    assert_eq!(snapshot["sources"]["bridge"]["accepted"], 1);
    assert_eq!(snapshot["sources"]["http"]["duplicates"], 1);
    say(&format!("sources together: {snapshot}"));
}
