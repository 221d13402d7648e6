//! The port itself: routes, the token, hosts, bodies, patience.

use confluence::live::ask::Ask;
use confluence::live::control::{self, BODY_BYTES, CONNECTIONS};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Bench, SOON, any_port, exchange, token_file};
use crate::binary::say;

#[tokio::test]
async fn every_route_asks_the_runner_and_hands_on_its_answer() {
    let bench = Bench::start();
    let close = |symbol: &str| Ask::Close {
        symbol: symbol.to_owned(),
    };
    let cancel = |symbol: &str| Ask::Cancel {
        symbol: symbol.to_owned(),
    };
    let cases = [
        ("GET", "/status", 200, Some(Ask::Status)),
        ("GET", "/positions", 200, Some(Ask::Positions)),
        ("GET", "/signals", 200, Some(Ask::Recent { count: 20 })),
        (
            "GET",
            "/signals?count=2",
            200,
            Some(Ask::Recent { count: 2 }),
        ),
        ("POST", "/pause", 200, Some(Ask::Pause)),
        ("POST", "/resume", 200, Some(Ask::Resume)),
        ("POST", "/flatten", 200, Some(Ask::Flatten)),
        ("POST", "/close/RIVERUSDT", 200, Some(close("RIVERUSDT"))),
        ("POST", "/cancel/RIVERUSDT", 200, Some(cancel("RIVERUSDT"))),
        (
            "POST",
            "/close/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT",
            200,
            Some(close("币安人生USDT")),
        ),
        // The run knows which contracts there are.
        ("POST", "/close/NOPE", 400, Some(close("NOPE"))),
        ("POST", "/cancel/NOPE", 400, Some(cancel("NOPE"))),
        ("POST", "/close/DROP", 503, Some(close("DROP"))),
        // What nobody needs to be asked about.
        ("POST", "/close/A%00B", 400, None),
        ("POST", "/close/%FF%FE", 400, None),
        ("POST", "/close/", 404, None),
        ("GET", "/signals?count=0", 400, None),
        ("GET", "/signals?count=201", 400, None),
        ("GET", "/signals?count=-1", 400, None),
        ("GET", "/signals?count=1e1", 400, None),
        ("GET", "/signals?count=1&count=2", 400, None),
        ("GET", "/signals?token=x", 400, None),
        ("GET", "/nothing", 404, None),
        ("GET", "/pause", 405, None),
        ("POST", "/status", 405, None),
        ("DELETE", "/flatten", 405, None),
    ];
    let mut expected = Vec::new();
    for (method, path, status, ask) in &cases {
        let (found, body) = bench.send(method, path).await;
        assert_eq!(found, *status, "{method} {path}: {body}");
        if *status == 200 {
            assert!(!body.is_null(), "{path}");
        } else {
            assert_eq!(body["ok"], false, "{path}: {body}");
            assert!(!body["reason"].as_str().unwrap().is_empty(), "{path}");
        }
        expected.extend(ask.clone());
    }
    let long = format!("/close/{}", "A".repeat(65));
    assert_eq!(bench.send("POST", &long).await.0, 400);
    assert_eq!(bench.asked(), expected);
    let (_, refused) = bench.send("POST", "/close/NOPE").await;
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("no contract") && reason.contains("hint: "));
    let who = bench.asked.lock().unwrap()[0].1.clone();
    assert_eq!(who, "control port");
    bench.control.stop().await;
    assert!(
        TcpStream::connect(bench.addr).await.is_err(),
        "it listens on"
    );
    say(&format!(
        "control port: {} requests, {} reached the runner",
        cases.len() + 2,
        expected.len() + 1
    ));
}

#[tokio::test]
async fn nothing_is_asked_without_the_token_or_for_a_page() {
    let bench = Bench::start();
    let token = bench.token.clone();
    let right = format!("Authorization: Bearer {token}\r\n");
    let wrong = [
        String::new(),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer \r\n".to_owned(),
        format!("Authorization: Bearer {}\r\n", &token[1..]),
        format!("Authorization: Bearer {token}0\r\n"),
        format!("Authorization: Bearer {}\r\n", token.to_uppercase() + "G"),
        format!("Authorization: Basic {token}\r\n"),
        format!("Authorization: {token}\r\n"),
        format!("X-Token: {token}\r\nCookie: token={token}\r\n"),
        format!("{right}{right}"),
        "Authorization: Bearer \u{e9}\r\n".to_owned(),
    ];
    let paths = ["/status", "/nothing"];
    let mut refused = 0;
    for headers in &wrong {
        for path in paths {
            // Each right one takes the penalty away.
            assert_eq!(bench.send("GET", "/status").await.0, 200);
            let (status, body) = bench.with("GET", path, headers, "").await;
            assert_eq!(
                (status, &body["ok"]),
                (401, &Value::Bool(false)),
                "{headers}"
            );
            refused += 1;
        }
    }
    let port = bench.addr.port();
    let hosts = [
        "Host: evil.example\r\n".to_owned(),
        format!("Host: evil.example:{port}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
        format!("Host: 127.0.0.1:{}\r\n", port ^ 1),
        format!("Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"),
    ];
    let mut misdirected = 0;
    for host in &hosts {
        for path in ["/status", "/healthz"] {
            let (status, _) = bench.with("GET", path, &format!("{host}{right}"), "").await;
            assert!([400, 421].contains(&status), "{host}: {status}");
            misdirected += 1;
        }
    }
    let localhost = format!("Host: LocalHost:{port}\r\n{right}");
    assert_eq!(bench.with("GET", "/status", &localhost, "").await.0, 200);
    let origins = ["http://evil.example", "null", "http://127.0.0.1"];
    for origin in origins {
        let headers = format!("Origin: {origin}\r\n{right}");
        for (method, path) in [
            ("POST", "/flatten"),
            ("OPTIONS", "/flatten"),
            ("GET", "/status"),
        ] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n",
                bench.addr
            );
            let (status, text) = exchange(bench.addr, request.as_bytes()).await;
            assert_eq!(status, 403, "{origin}");
            assert!(!text.to_lowercase().contains("access-control"), "{text}");
        }
    }
    assert!(bench.asked().iter().all(|ask| *ask == Ask::Status));
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", bench.addr);
    let (status, text) = exchange(bench.addr, request.as_bytes()).await;
    assert!(status == 200 && text.ends_with("ok\n"), "{text}");
    for header in ["cache-control: no-store", "nosniff", "connection: close"] {
        assert!(text.contains(header), "{text}");
    }
    say(&format!(
        "control port: {refused} wrong tokens, {misdirected} wrong hosts, {} origins refused",
        origins.len()
    ));
}

#[tokio::test]
async fn guessing_gets_slow() {
    let bench = Bench::start();
    let wrong = "Authorization: Bearer 00112233445566778899aabbccddeeff\r\n";
    let begun = Instant::now();
    for _ in 0..5 {
        assert_eq!(bench.with("GET", "/status", wrong, "").await.0, 401);
    }
    let sixth = Instant::now();
    assert_eq!(bench.with("GET", "/status", wrong, "").await.0, 401);
    let took = sixth.elapsed().as_millis();
    assert!(took >= 1_000, "{took} ms");
    // Whoever has the token never waits.
    let right = Instant::now();
    assert_eq!(bench.send("GET", "/status").await.0, 200);
    let at_once = right.elapsed().as_millis();
    assert!(at_once < 900, "{at_once} ms");
    say(&format!(
        "control port: 5 guesses in {} ms, the sixth in {took} ms, the token in {at_once} ms",
        (sixth - begun).as_millis()
    ));
}

#[tokio::test]
async fn bodies_and_heads_are_bounded() {
    let bench = Bench::start();
    let right = format!("Authorization: Bearer {}\r\n", bench.token);
    let full = "x".repeat(BODY_BYTES);
    assert_eq!(bench.with("POST", "/pause", &right, &full).await.0, 200);
    let over = format!("{full}x");
    assert_eq!(bench.with("POST", "/pause", &right, &over).await.0, 413);
    let chunked = format!(
        "POST /pause HTTP/1.1\r\nHost: {}\r\n{right}Transfer-Encoding: chunked\r\n\r\n401\r\n{over}\r\n0\r\n\r\n",
        bench.addr
    );
    assert_eq!(exchange(bench.addr, chunked.as_bytes()).await.0, 413);
    let head = format!(
        "GET /healthz HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n",
        bench.addr,
        "x".repeat(1 << 20)
    );
    let (status, _) = exchange(bench.addr, head.as_bytes()).await;
    assert!([0, 431].contains(&status), "{status}");
    let rubbish = [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"\xff\xfe\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ];
    for bytes in rubbish {
        let mut stream = TcpStream::connect(bench.addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(bench.asked(), [Ask::Pause]);
    assert_eq!(bench.send("GET", "/status").await.0, 200);
    say(&format!(
        "control port: 3 large requests and {} pieces of rubbish refused",
        rubbish.len()
    ));
}

#[tokio::test]
async fn slow_ones_are_cut_and_places_are_counted() {
    let bench = Bench::start();
    let silent = async {
        let begun = Instant::now();
        let (status, body) = bench.send("POST", "/close/SLOW").await;
        let reason = body["reason"].as_str().unwrap().to_owned();
        assert!(
            status == 503 && reason.contains("may still be carried out"),
            "{status} {reason}"
        );
        begun.elapsed()
    };
    let half = async {
        let begun = Instant::now();
        let (status, _) = exchange(bench.addr, b"GET /healthz HTTP/1.1\r\nHost:").await;
        assert_ne!(status, 200);
        begun.elapsed()
    };
    let (silent, half) = tokio::join!(silent, half);
    for took in [silent, half] {
        assert!((4..15).contains(&took.as_secs()), "{took:?}");
    }
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(TcpStream::connect(bench.addr).await.unwrap());
    }
    // They are taken in order: this one finds no place.
    let (status, text) = exchange(bench.addr, b"GET /healthz HTTP/1.1\r\n\r\n").await;
    assert_eq!((status, text.as_str()), (0, ""));
    drop(idle);
    let answered = async { while bench.send("GET", "/status").await.0 != 200 {} };
    tokio::time::timeout(SOON, answered).await.unwrap();
    say(&format!(
        "control port: a silent run told after {} ms, half a head cut after {} ms, {CONNECTIONS} places",
        silent.as_millis(),
        half.as_millis()
    ));
}

#[tokio::test]
async fn the_token_is_kept_and_never_open() {
    let bench = Bench::start();
    let path = token_file(bench.folder.path());
    let first = bench.token.clone();
    assert!(first.len() >= 32 && first.bytes().all(|digit| digit.is_ascii_hexdigit()));
    assert_ne!(first, Bench::start().token, "two runs have one token");
    assert_eq!(mode(&path), 0o600);
    let again = || {
        let (asks, _received) = mpsc::channel(1);
        let made = control::start(any_port(), &path, asks);
        made.map(|_| std::fs::read_to_string(&path).unwrap().trim().to_owned())
    };
    assert_eq!(again().unwrap(), first, "a good one is kept");
    let mut renewed = 0;
    for (text, rights) in [
        (first.as_str(), 0o644),
        (first.as_str(), 0o620),
        ("", 0o600),
        ("short", 0o600),
        ("0011", 0o600),
        ("zz112233445566778899aabbccddeeff", 0o600),
        (&"0".repeat(10_000), 0o600),
    ] {
        std::fs::write(&path, text).unwrap();
        set_mode(&path, rights);
        let made = again().unwrap();
        assert_ne!(made, text);
        assert!(
            made.len() >= 32 && mode(&path) == 0o600,
            "{rights:o} {text}"
        );
        renewed += 1;
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = again().unwrap_err().to_string();
    assert!(
        error.contains("not a file") && error.contains("hint: "),
        "{error}"
    );
    let (asks, _received) = mpsc::channel(1);
    let nowhere = bench.folder.path().join("none/paper.journal.token");
    let error = control::start(any_port(), &nowhere, asks.clone())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot be made") && error.contains("hint: "),
        "{error}"
    );
    let other = bench.folder.path().join("other.token");
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = control::start(addr.parse().unwrap(), &other, asks.clone());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("this machine alone"), "{error}");
    }
    let taken = control::start(bench.addr, &other, asks)
        .unwrap_err()
        .to_string();
    assert!(
        taken.contains("hint: is another sim paper running"),
        "{taken}"
    );
    assert!(!other.exists(), "no token without a port");
    say(&format!(
        "control port: a token kept, {renewed} bad ones replaced, 6 starts refused"
    ));
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
