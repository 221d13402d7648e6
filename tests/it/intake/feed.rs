//! The feed asked by us, against a made-up feed on this machine.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use confluence::live::intake::SourceName;
use confluence::live::intake::config::{FeedConfig, IntakeConfig, IntakeError};
use confluence::live::intake::count::Count;
use confluence::live::intake::stats::FeedState;
use serde_json::{Value, json};

use super::runner::{Bench, Manner};
use super::{NOON, any_port};
use crate::binary::{say, shared};

/// What the made-up feed does.
#[derive(Default)]
struct Feed {
    /// Newest first.
    warnings: Vec<Value>,
    ai: Vec<Value>,
    /// Answers to be given before ordinary ones.
    script: VecDeque<(u16, String)>,
    /// The token it takes.
    token: String,
    /// What it was asked: method, path, body.
    asked: Vec<(String, String, String)>,
}

type Shared = Arc<Mutex<Feed>>;

async fn answer(State(feed): State<Shared>, request: Request) -> (StatusCode, String) {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 4_096).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut feed = feed.lock().unwrap();
    let path = head.uri.path().to_owned();
    feed.asked
        .push((head.method.to_string(), path.clone(), body.clone()));
    if let Some((status, text)) = feed.script.pop_front() {
        return (StatusCode::from_u16(status).unwrap(), text);
    }
    let bearer = head.headers.get("authorization").unwrap().to_str().unwrap();
    if bearer != format!("Bearer {}", feed.token) {
        return (
            StatusCode::OK,
            json!({ "code": 4000, "msg": "token" }).to_string(),
        );
    }
    let data = match (head.method.as_str(), path.as_str()) {
        ("GET", "/api/account/message/getWarnMessage") => json!(feed.warnings),
        ("POST", "/api/account/message/aiMessagePage") if body.contains("\"pageNum\":1") => {
            json!({ "total": feed.ai.len(), "list": feed.ai })
        }
        _ => return (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    };
    (
        StatusCode::OK,
        json!({ "code": 200, "data": data }).to_string(),
    )
}

async fn serve() -> (Shared, String) {
    let feed = Shared::default();
    feed.lock().unwrap().token = "good".to_owned();
    let listener = tokio::net::TcpListener::bind(any_port()).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(Arc::clone(&feed));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (feed, base)
}

fn token(folder: &Path, token: &str) -> PathBuf {
    let path = folder.join("token.json");
    std::fs::write(&path, json!({ "account_token": token }).to_string()).unwrap();
    path
}

fn poll(base: &str, token_file: PathBuf) -> IntakeConfig {
    IntakeConfig {
        feed: Some(FeedConfig {
            every: Duration::from_millis(20),
            timeout: Duration::from_millis(500),
            pause: Duration::from_millis(300),
            ..FeedConfig::new(base.to_owned(), token_file)
        }),
        ..IntakeConfig::default()
    }
}

fn message(id: &str, kind: u16, at: i64) -> Value {
    json!({
        "id": id, "type": kind, "createTime": at,
        "content": json!({ "symbol": "RIVER", "price": 1 }).to_string(),
    })
}

#[tokio::test]
async fn both_lists_oldest_first_each_message_once() {
    let folder = tempfile::tempdir().unwrap();
    let (feed, base) = serve().await;
    {
        let mut feed = feed.lock().unwrap();
        feed.ai = vec![
            message("4", 113, NOON + 9),
            message("3", 110, NOON + 5),
            message("1", 110, NOON),
        ];
        feed.warnings = vec![message("4", 113, NOON + 9), message("2", 112, NOON + 1)];
    }
    let bench = Bench::start(poll(&base, token(folder.path(), "good")));
    bench.until_taken(4).await;
    assert_eq!(bench.ids(), ["1", "2", "3", "4"]);
    feed.lock()
        .unwrap()
        .ai
        .insert(0, message("5", 113, NOON + 20));
    bench.until_taken(5).await;
    // Busy now, taken with a later round.
    bench.behave(Manner::Busy);
    feed.lock()
        .unwrap()
        .warnings
        .insert(0, message("6", 113, NOON + 30));
    bench.until(SourceName::Feed, Count::Busy, 2).await;
    bench.behave(Manner::Usual);
    bench.until_taken(6).await;
    let counts = bench.counts();
    assert_eq!(counts.get("duplicates"), None, "{counts:?}");
    let asked = feed.lock().unwrap().asked.len();
    assert!(asked > 4);
    say(&format!("feed: asked {asked} times, {counts:?}"));
}

#[tokio::test]
async fn a_dead_token_is_said_once_and_the_next_one_found() {
    let folder = tempfile::tempdir().unwrap();
    let (feed, base) = serve().await;
    feed.lock().unwrap().ai = vec![message("1", 113, NOON)];
    let mut met = 0;
    for (status, text) in [
        (401, ""),
        (403, ""),
        (200, "{\"code\":4002,\"data\":null}"),
        (200, "{\"code\":4000}"),
    ] {
        let bench = Bench::start(poll(&base, token(folder.path(), "good")));
        bench.until(SourceName::Feed, Count::Accepted, 1).await;
        feed.lock()
            .unwrap()
            .script
            .push_back((status, text.to_owned()));
        bench.until(SourceName::Feed, Count::TokenDead, 1).await;
        let asked = feed.lock().unwrap().asked.len();
        // Some intervals on: not asked again, not said again.
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(feed.lock().unwrap().asked.len(), asked);
        assert_eq!(bench.stats.snapshot().feed, FeedState::TokenDead);
        assert_eq!(bench.stats.total(Count::TokenDead), 1);
        feed.lock().unwrap().token = "next".to_owned();
        token(folder.path(), "next");
        feed.lock()
            .unwrap()
            .ai
            .insert(0, message("2", 113, NOON + 1));
        bench.until_taken(2).await;
        let mut feed = feed.lock().unwrap();
        feed.ai.remove(0);
        feed.token = "good".to_owned();
        met += 1;
    }
    say(&format!(
        "feed: {met} ways to say that a token is dead, each heard once"
    ));
}

#[tokio::test]
async fn failures_are_waited_out() {
    let folder = tempfile::tempdir().unwrap();
    let (feed, base) = serve().await;
    {
        let mut feed = feed.lock().unwrap();
        feed.ai = vec![
            message("1", 113, NOON),
            json!("no message"),
            message("2", 999, NOON),
        ];
        let huge = format!("{{\"code\":200,\"data\":[\"{}\"]}}", "a".repeat(4 << 20));
        for answer in [
            (500, ""),
            (200, "rubbish"),
            (200, "{\"code\":500}"),
            (302, ""),
            (200, huge.as_str()),
        ] {
            // Both lists of a round.
            for _ in 0..2 {
                feed.script.push_back((answer.0, answer.1.to_owned()));
            }
        }
    }
    let bench = Bench::start(poll(&base, token(folder.path(), "good")));
    bench.until(SourceName::Feed, Count::Failures, 5).await;
    assert_eq!(bench.stats.snapshot().feed, FeedState::Paused);
    bench.until(SourceName::Feed, Count::Accepted, 1).await;
    let counts = bench.counts();
    assert_eq!(
        (counts["failures"], counts["unknown_type"]),
        (5, 1),
        "{counts:?}"
    );
    assert!(counts["not_a_message"] >= 1);
    say(&format!("feed: {counts:?}"));
}

#[tokio::test]
async fn a_missing_token_file_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (feed, base) = serve().await;
    feed.lock().unwrap().ai = vec![message("1", 113, NOON)];
    let bench = Bench::start(poll(&base, folder.path().join("token.json")));
    bench.until(SourceName::Feed, Count::Failures, 2).await;
    assert!(feed.lock().unwrap().asked.is_empty());
    token(folder.path(), "good");
    bench.until_taken(1).await;
    say(&format!("feed: {:?}", bench.counts()));
}

#[tokio::test]
async fn the_recorded_lists_come_through() {
    let Some(data) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (feed, base) = serve().await;
    let list = |name: &str| {
        let text = std::fs::read_to_string(data.join("signals").join(name)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        value["list"].as_array().unwrap().clone()
    };
    let (ai, warnings) = (
        list("valuescan_ai_messages_20260101.json"),
        list("valuescan_warn_messages_20260101.json"),
    );
    let ids: std::collections::BTreeSet<&str> = ai
        .iter()
        .chain(&warnings)
        .map(|message| message["id"].as_str().unwrap())
        .collect();
    let wanted = ids.len();
    {
        let mut feed = feed.lock().unwrap();
        feed.ai = ai.clone();
        feed.warnings = warnings.clone();
    }
    let bench = Bench::start(poll(&base, token(folder.path(), "good")));
    bench.until_taken(wanted).await;
    let times: Vec<i64> = bench
        .taken()
        .iter()
        .map(|(_, raw)| raw.event_time.millis())
        .collect();
    assert!(times.is_sorted(), "oldest first");
    let counts = bench.counts();
    assert_eq!(
        (counts["lines"], wanted > 50),
        (wanted as u64, true),
        "{counts:?}"
    );
    say(&format!(
        "feed: {wanted} recorded messages of two lists: {counts:?}"
    ));
}

#[tokio::test]
async fn the_token_never_goes_over_plain_http_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = token(folder.path(), "good");
    let mut met = 0;
    for base in [
        "http://api.valuescan.io",
        "http://127.0.0.1.evil.example",
        "ftp://localhost",
        "localhost",
        "",
    ] {
        let refused = Bench::with(poll(base, file.clone()), 8, Manner::Usual).err();
        let refused = refused.unwrap_or_else(|| panic!("{base} was taken"));
        assert!(matches!(refused, IntakeError::Value { .. }), "{refused}");
        met += 1;
    }
    say(&format!("feed: {met} bases refused"));
}
