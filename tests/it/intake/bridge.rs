//! The bridge: the original's client, answers, bad input, limits.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use confluence::live::intake::SourceName;
use confluence::live::intake::config::{BridgeConfig, ConnectionLimits, IntakeConfig, IntakeError};
use confluence::live::intake::count::Count;
use serde_json::{Value, json};

use super::runner::{Bench, Client, Manner};
use super::{any_port, asking, bridge, line};
use crate::binary::{say, shared};

/// As the original's monitor sends: connect within 1.5 s, one line, close; three tries, 2 s apart; no answer is read.
fn send_as_the_original(addr: SocketAddr, text: &str) -> bool {
    for attempt in 0..3 {
        if attempt > 0 {
            let (_never, wait) = std::sync::mpsc::channel::<()>();
            let _elapsed = wait.recv_timeout(Duration::from_secs(2));
        }
        if let Ok(mut stream) = TcpStream::connect_timeout(&addr, Duration::from_millis(1_500))
            && stream.write_all(format!("{text}\n").as_bytes()).is_ok()
        {
            return true;
        }
    }
    false
}

/// The recorded messages as the original's monitor wraps them: only the types it forwards.
fn recorded() -> Option<Vec<Value>> {
    let path = shared()?.join("signals/valuescan_ai_messages_20260101.json");
    let text = std::fs::read_to_string(path).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut lines = Vec::new();
    for message in document["list"].as_array().unwrap().iter().rev() {
        let kind = message["type"].as_u64().unwrap();
        if ![110, 112, 113].contains(&kind) {
            continue;
        }
        let content: Value = serde_json::from_str(message["content"].as_str().unwrap()).unwrap();
        lines.push(json!({
            "message_type": kind,
            "message_id": message["id"],
            "title": message["title"],
            "symbol_hint": content["symbol"],
            "created_time": message["createTime"],
            "data": { "raw_message": message, "content": content },
        }));
    }
    Some(lines)
}

#[tokio::test]
async fn the_original_client_is_understood_unchanged() {
    let Some(lines) = recorded() else { return };
    let bench = Bench::start(bridge());
    let addr = bench.bridge();
    let count = lines.len();
    assert!(count > 20, "{count} recorded messages");
    // Eight at once, each message on its own connection.
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let mine: Vec<String> = lines
                .iter()
                .skip(sender)
                .step_by(8)
                .map(Value::to_string)
                .collect();
            tokio::task::spawn_blocking(move || {
                mine.iter().all(|text| send_as_the_original(addr, text))
            })
        })
        .collect();
    for sender in senders {
        assert!(sender.await.unwrap());
    }
    bench.until_taken(count).await;
    for (source, raw) in bench.taken() {
        let sent = lines
            .iter()
            .find(|line| line["message_id"] == *raw.id)
            .unwrap();
        assert_eq!(source, SourceName::Bridge);
        assert_eq!(sent["symbol_hint"], *raw.name);
        assert_eq!(sent["created_time"], raw.event_time.millis());
        assert_eq!(sent["message_type"], raw.kind.0);
        assert_eq!(raw.received_time, None);
    }
    let all = count as u64;
    bench.until(SourceName::Bridge, Count::Accepted, all).await;
    let counts = bench.counts();
    assert_eq!(counts["connections"], all);
    say(&format!(
        "bridge: {count} recorded messages over {count} connections of 8 clients: {counts:?}"
    ));
}

#[tokio::test]
async fn a_client_that_tries_again_reaches_a_bridge_that_comes_later() {
    // A port that is free: taken, seen, given back.
    let held = std::net::TcpListener::bind(any_port()).unwrap();
    let addr = held.local_addr().unwrap();
    drop(held);
    let text = line("late", 113, "RIVER").to_string();
    let sender = tokio::task::spawn_blocking(move || send_as_the_original(addr, &text));
    // Longer than a refused connect on this machine takes, shorter than the client's 2 s.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut config = bridge();
    config.bridge.as_mut().unwrap().addr = addr;
    let bench = Bench::start(config);
    assert!(sender.await.unwrap());
    bench.until_taken(1).await;
    assert_eq!(bench.ids(), ["late"]);
    say("bridge: reached with the second try of three");
}

#[tokio::test]
async fn answers_say_what_became_of_a_line() {
    let bench = Bench::start(bridge());
    let mut client = Client::connect(bench.bridge()).await;
    let spaced = |value: &Value| format!("  {value}  ");
    let mut deep = "1".to_owned();
    for _ in 0..100 {
        deep = format!("[{deep}]");
    }
    let mut deeper = "1".to_owned();
    for _ in 0..1_000 {
        deeper = format!("{{\"a\":{deeper}}}");
    }
    let keys: Vec<String> = (0..300).map(|key| format!("\"k{key}\":0")).collect();
    let extended = |extra: &str| {
        let text = asking("x", 113, "RIVER").to_string();
        format!("{},{extra}}}", text.strip_suffix('}').unwrap())
    };
    let changed = |key: &str, value: Value| {
        let mut line = asking("x", 113, "RIVER");
        line[key] = value;
        line.to_string()
    };
    let hidden = |content: &str| {
        json!({ "id": "x", "type": 113, "createTime": super::NOON, "content": content, "ack": true })
            .to_string()
    };
    let cases: Vec<(String, &str)> = vec![
        (asking("1", 113, "RIVER").to_string(), "ok"),
        (asking("1", 113, "RIVER").to_string(), "duplicate"),
        (spaced(&asking("1", 113, "RIVER")), "duplicate"),
        (asking("1", 113, "OTHER").to_string(), "conflict"),
        (asking("1", 113, "OTHER").to_string(), "conflict"),
        (asking("2", 110, "NOPE").to_string(), "unknown_symbol"),
        (asking("3", 109, "").to_string(), "ok"),
        (asking("4", 113, "币安人生").to_string(), "ok"),
        (asking("5", 115, "RIVER").to_string(), "unknown_type: 115"),
        (asking("5", 0, "RIVER").to_string(), "unknown_type: 0"),
        (changed("message_type", json!(-1)), "not_a_message: type"),
        (changed("message_type", json!([113])), "not_a_message: type"),
        (
            changed("message_type", json!({"a": 1})),
            "not_a_message: type",
        ),
        (changed("message_type", json!(1e300)), "not_a_message: type"),
        (
            changed("created_time", json!(0)),
            "not_a_message: created_time",
        ),
        (
            changed("created_time", json!(1e300)),
            "not_a_message: created_time",
        ),
        (
            changed("created_time", json!("soon")),
            "not_a_message: created_time",
        ),
        (changed("message_id", json!("x".repeat(200))), "bad_name"),
        (changed("message_id", json!("a\u{7}b")), "bad_name"),
        (changed("symbol_hint", json!("A".repeat(65))), "bad_name"),
        (asking("6", 113, "").to_string(), "bad_name: no symbol"),
        (extended(&format!("\"more\":{deep}")), "too_deep"),
        (extended(&format!("\"more\":{deeper}")), "too_deep"),
        (
            hidden(&format!("{{\"symbol\":\"A\",\"x\":{deep}}}")),
            "too_deep",
        ),
        (
            hidden("{\"symbol\":\"A\",\"price\":NaN}"),
            "not_a_message: 'content' is no JSON",
        ),
        (extended(&keys.join(",")), "too_many_keys"),
        ("{\"ack\":true,\"message_type\":113".to_owned(), "not_json"),
        ("rubbish".to_owned(), "not_json"),
        ("[]".to_owned(), "not_a_message"),
        ("null".to_owned(), "not_a_message"),
        (asking("7", 113, "LAST").to_string(), "ok"),
    ];
    for (text, expected) in &cases {
        let answer = client.ask(text.as_bytes()).await;
        let found = if answer["ok"] == true {
            assert!(answer["seq"].as_u64().unwrap() > 0, "{answer}");
            "ok"
        } else {
            answer["reason"].as_str().unwrap()
        };
        assert!(found.starts_with(expected), "{text:.120}: {answer}");
        assert!(
            answer["id"].is_string() || answer["ok"] == false,
            "{answer}"
        );
    }
    let answer = client.ask(b"{\"ack\":true,\"id\":\"\xff\xfe\"}").await;
    assert_eq!(answer["reason"], "invalid_utf8");
    assert_eq!(bench.ids(), ["1", "3", "4", "7"]);
    let counts = bench.counts();
    assert_eq!(counts["lines"], cases.len() as u64 + 1);
    assert_eq!(counts["known_again"], 3);
    say(&format!(
        "bridge: {} lines answered: {counts:?}",
        cases.len() + 1
    ));
}

#[tokio::test]
async fn lines_without_ack_are_taken_without_a_word() {
    let bench = Bench::start(bridge());
    let mut client = Client::connect(bench.bridge()).await;
    let mut text = String::new();
    for id in 0..200 {
        text.push_str(&format!("{}\r\n\n", line(&format!("{id}"), 110, "BTC")));
    }
    text.push_str("rubbish\n");
    // In pieces that end anywhere, also inside of letters.
    for piece in text.as_bytes().chunks(377) {
        client.send(piece).await;
    }
    bench.until_taken(200).await;
    let answer = client
        .ask(asking("last", 110, "BTC").to_string().as_bytes())
        .await;
    assert_eq!(
        (answer["id"].as_str(), answer["ok"].as_bool()),
        (Some("last"), Some(true))
    );
    // Bad input is answered now, a good line that does not ask is not.
    client
        .send(format!("{}\nrubbish\n", line("quiet", 110, "BTC")).as_bytes())
        .await;
    let answer = client.hear().await.unwrap();
    assert!(
        answer["reason"].as_str().unwrap().starts_with("not_json"),
        "{answer}"
    );
    assert_eq!(bench.counts()["not_json"], 2);
    say(&format!(
        "bridge: {} lines, 2 answers",
        bench.counts()["lines"]
    ));
}

#[tokio::test]
async fn half_a_line_is_no_message() {
    let bench = Bench::start(bridge());
    let text = line("half", 113, "RIVER").to_string();
    let mut met = 0;
    for cut in [1, 20, text.len() - 1, text.len()] {
        let mut client = Client::connect(bench.bridge()).await;
        client.send(&text.as_bytes()[..cut]).await;
        drop(client);
        met += 1;
        bench.until(SourceName::Bridge, Count::HalfLines, met).await;
    }
    assert!(bench.taken().is_empty());
    assert_eq!(bench.counts().get("lines"), None);
    say(&format!("bridge: {met} half lines counted, none taken"));
}

#[tokio::test]
async fn a_line_of_a_gibibyte_costs_no_memory() {
    let bench = Bench::start(bridge());
    let mut client = Client::connect(bench.bridge()).await;
    let before = resident();
    let mebibyte = vec![b'x'; 1 << 20];
    client.send(b"{\"ack\": true, \"x\":\"").await;
    let mut most = 0;
    for sent in 0..1_024 {
        client.send(&mebibyte).await;
        if sent % 64 == 0 {
            most = most.max(resident().saturating_sub(before));
        }
    }
    client.send(b"\n").await;
    let answer = client.hear().await.unwrap();
    assert_eq!(answer["reason"], "oversize");
    let answer = client
        .ask(asking("after", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(answer["ok"], true);
    assert_eq!(bench.counts()["oversize"], 1);
    // Other tests run in this process: the bound is far above what a line costs, far below a line kept whole.
    assert!(most < 600 << 20, "{most} bytes more than before");
    say(&format!(
        "bridge: 1 GiB in one line, at most {} KiB more in the whole process",
        most >> 10
    ));
}

/// Bytes of memory this process has.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or_default();
    pages * 4_096
}

#[tokio::test]
async fn places_are_bounded_and_come_free_again() {
    let mut config = bridge();
    config.bridge.as_mut().unwrap().limits = ConnectionLimits {
        first_line: Duration::from_millis(1_500),
        ..ConnectionLimits::default()
    };
    let bench = Bench::start(config);
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(Client::connect(bench.bridge()).await);
    }
    bench
        .until(SourceName::Bridge, Count::Connections, 64)
        .await;
    let mut one_more = Client::connect(bench.bridge()).await;
    one_more
        .send(asking("lost", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(one_more.hear().await.unwrap()["reason"], "busy");
    for _ in 0..936 {
        idle.push(Client::connect(bench.bridge()).await);
    }
    for client in &mut idle[..64] {
        assert!(client.is_closed().await, "cut without a word");
    }
    let mut client = Client::connect(bench.bridge()).await;
    let answer = client
        .ask(asking("good", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(answer["ok"], true, "{answer}");
    let counts = bench.counts();
    assert!(counts["turned_away"] > 500, "{counts:?}");
    assert!(counts["too_slow"] >= 64, "{counts:?}");
    assert_eq!(bench.ids(), ["good"]);
    say(&format!("bridge: 1,000 idle connections: {counts:?}"));
}

#[tokio::test]
async fn slow_senders_are_cut_off() {
    let mut config = bridge();
    config.bridge.as_mut().unwrap().limits = ConnectionLimits {
        first_line: Duration::from_millis(200),
        idle: Duration::from_millis(400),
        ..ConnectionLimits::default()
    };
    let bench = Bench::start(config);
    // One that sends a letter now and then, one that went quiet after a line.
    let mut dripping = Client::connect(bench.bridge()).await;
    let mut quiet = Client::connect(bench.bridge()).await;
    quiet
        .ask(asking("1", 113, "RIVER").to_string().as_bytes())
        .await;
    let drip = async {
        loop {
            dripping.send(b"{").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = drip => {}
        () = bench.until(SourceName::Bridge, Count::TooSlow, 1) => {}
    }
    assert!(quiet.is_closed().await);
    bench.until(SourceName::Bridge, Count::TooSlow, 2).await;
    say("bridge: a dripping and a quiet sender were cut off");
}

#[tokio::test]
async fn a_full_queue_is_said_and_loses_nothing_that_was_taken() {
    let bench = Bench::with(bridge(), 2, Manner::Stuck).unwrap();
    let mut client = Client::connect(bench.bridge()).await;
    for id in 0..5 {
        client
            .send(format!("{}\n", asking(&format!("{id}"), 113, "RIVER")).as_bytes())
            .await;
    }
    // Two fill the queue; the others wait their 250 ms each.
    bench.until(SourceName::Bridge, Count::Busy, 2).await;
    bench.behave(Manner::Usual);
    let mut ok = 0;
    let mut busy = 0;
    for _ in 0..5 {
        let answer = client.hear().await.unwrap();
        ok += u64::from(answer["ok"] == true);
        busy += u64::from(answer["reason"] == "busy");
    }
    assert!(ok >= 2 && busy >= 2 && ok + busy == 5, "{ok} {busy}");
    assert_eq!(bench.taken().len() as u64, ok);
    for id in 0..5 {
        let answer = client
            .ask(
                asking(&format!("{id}"), 113, "RIVER")
                    .to_string()
                    .as_bytes(),
            )
            .await;
        assert!(
            answer["ok"] == true || answer["reason"] == "duplicate",
            "{answer}"
        );
    }
    assert_eq!(bench.taken().len(), 5);
    say(&format!(
        "bridge: full queue: {ok} taken, {busy} busy, all 5 taken when sent again"
    ));
}

#[tokio::test]
async fn the_end_is_said() {
    let bench = Bench::with(bridge(), 8, Manner::Closing).unwrap();
    let mut client = Client::connect(bench.bridge()).await;
    let answer = client
        .ask(asking("1", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(answer["reason"], "closing");
    bench.behave(Manner::Busy);
    let answer = client
        .ask(asking("1", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(answer["reason"], "busy");
    bench.behave(Manner::Silent);
    client
        .send(format!("{}\n", asking("1", 113, "RIVER")).as_bytes())
        .await;
    bench.until(SourceName::Bridge, Count::Lines, 3).await;
    let addr = bench.bridge();
    bench.intake.stop().await;
    let answer = client.hear().await.unwrap();
    assert_eq!(answer["reason"], "unconfirmed");
    assert!(client.is_closed().await);
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
    say("bridge: closing, busy and unconfirmed are said");
}

#[tokio::test]
async fn names_come_from_where_the_feed_puts_them() {
    let bench = Bench::start(bridge());
    let mut client = Client::connect(bench.bridge()).await;
    let none = Value::Null;
    let title = json!("资金异常");
    let cases: [(Value, Value, Value, &str); 9] = [
        (json!("$BTC"), json!({}), none.clone(), "$BTC"),
        (json!("btc"), json!({"symbol": "ETH"}), none.clone(), "btc"),
        (
            none.clone(),
            json!({"symbol": "BTC/USDT"}),
            none.clone(),
            "BTC/USDT",
        ),
        (title.clone(), json!({"symbol": "ETH"}), none.clone(), "ETH"),
        (
            title.clone(),
            json!({"pair": "ETHUSDT"}),
            none.clone(),
            "ETHUSDT",
        ),
        (
            title.clone(),
            json!({"symbolName": "SOL"}),
            none.clone(),
            "SOL",
        ),
        (title.clone(), json!({}), json!("XRP"), "XRP"),
        (json!("  "), json!({"symbol": " "}), json!("XRP"), "XRP"),
        (none, json!("{\"symbol\":\"DOGE\"}"), Value::Null, "DOGE"),
    ];
    for (number, (hint, content, raw, expected)) in cases.iter().enumerate() {
        let mut line = asking(&format!("{number}"), 113, "");
        line["symbol_hint"] = hint.clone();
        line["data"]["content"] = content.clone();
        line["data"]["raw_message"]["symbol"] = raw.clone();
        let answer = client.ask(line.to_string().as_bytes()).await;
        assert_eq!(answer["ok"], true, "{line} {answer}");
        assert_eq!(bench.taken().last().unwrap().1.name, *expected, "{line}");
    }
    // A message whose only time is its content's: eight hours ahead of UTC.
    let bare = json!({
        "id": "bare", "type": 113, "ack": true,
        "content": "{\"symbol\":\"LIGHT\",\"updateTime\":\"2026-01-01 15:55:20.299\"}",
    });
    assert_eq!(client.ask(bare.to_string().as_bytes()).await["ok"], true);
    let (_, raw) = bench.taken().pop().unwrap();
    assert_eq!(raw.event_time.to_text(), "2026-01-01T07:55:20.299Z");
    say(&format!("bridge: {} ways to name a coin", cases.len()));
}

#[tokio::test]
async fn others_reach_the_bridge_only_with_leave() {
    let public = |allow_public| IntakeConfig {
        bridge: Some(BridgeConfig {
            addr: SocketAddr::from(([0, 0, 0, 0], 0)),
            allow_public,
            ..BridgeConfig::default()
        }),
        ..IntakeConfig::default()
    };
    let refused = Bench::with(public(false), 8, Manner::Usual).err().unwrap();
    assert!(matches!(refused, IntakeError::Public { .. }));
    let text = refused.to_string();
    assert!(
        text.contains("0.0.0.0") && text.contains("hint: "),
        "{text}"
    );
    let bench = Bench::start(public(true));
    let mut taken = bridge();
    taken.bridge.as_mut().unwrap().addr = SocketAddr::from(([127, 0, 0, 1], bench.bridge().port()));
    let refused = Bench::with(taken, 8, Manner::Usual).err().unwrap();
    assert!(matches!(refused, IntakeError::Bind { .. }), "{refused}");
    say(&format!("bridge: two refusals, as in: {text}"));
}

#[tokio::test]
async fn a_page_in_a_browser_sends_nothing() {
    let bench = Bench::start(bridge());
    let mut met = 0;
    for head in [
        "POST / HTTP/1.1\r\n",
        "GET /?a=b HTTP/1.1\r\nhost: x\r\n",
        "PUT /x HTTP/1.0\n",
    ] {
        let mut client = Client::connect(bench.bridge()).await;
        let text = asking("page", 113, "RIVER");
        client
            .send(format!("{head}content-type: text/plain\r\n\r\n{text}\n").as_bytes())
            .await;
        assert!(client.is_closed().await, "{head}");
        met += 1;
    }
    assert!(bench.taken().is_empty());
    assert_eq!(bench.counts()["bad_request"], met);
    say(&format!(
        "bridge: {met} requests of pages cut off before their body"
    ));
}
