//! `sim signal send` against a running intake.

use std::process::Output;

use confluence::live::intake::SourceName;
use serde_json::Value;

use super::bridge;
use super::http::{http, secret_file};
use super::runner::{Bench, Manner};
use crate::binary::{say, sim, talk};

async fn send(args: &[&str]) -> Output {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = move || sim().args(["signal", "send"]).args(args).output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn a_signal_by_hand_is_sent_and_its_fate_told() {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret_file(&folder, "correct horse battery staple", 0o600);
    let mut config = http(&secret);
    config.bridge = bridge().bridge;
    let bench = Bench::start(config);
    let to = bench.bridge().to_string();
    let url = format!("http://{}", bench.http());
    let secret = secret.to_str().unwrap();
    let at = "2026-01-01T07:55:20Z";
    // The run's clock stands at that time; the sender's own clock signs, so the request must be near it.
    let now = std::time::SystemTime::UNIX_EPOCH;
    let over_bridge = ["--to", &to, "--at", at, "--symbol", "RIVER", "--type"];
    let cases: [(&[&str], &[&str], i32, &str); 9] = [
        (&over_bridge, &["fomo"], 0, "accepted (journal 1)"),
        (&over_bridge, &["fomo"], 0, "duplicate"),
        (&over_bridge, &["113"], 0, "duplicate"),
        (&over_bridge, &["alpha"], 0, "accepted (journal 2)"),
        (
            &over_bridge,
            &["fomo-intensified", "--id", "mine"],
            0,
            "mine: accepted (journal 3)",
        ),
        (&over_bridge, &["alpha", "--id", "mine"], 1, "conflict"),
        (&over_bridge, &["999"], 2, "100 or 108 to 114"),
        (
            &["--to", &to, "--symbol", "NOPE", "--type"],
            &["fomo"],
            1,
            "unknown_symbol",
        ),
        (
            &["--to", &to, "--at", "soon", "--symbol", "A", "--type"],
            &["fomo"],
            2,
            "is not a time",
        ),
    ];
    for (head, tail, code, said) in cases {
        let output = send(&[head, tail].concat()).await;
        let text = talk(&output) + std::str::from_utf8(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{tail:?}: {text}");
        assert!(text.contains(said), "{tail:?}: {text}");
        assert!(code == 0 || code == 2 || text.contains("hint: "), "{text}");
    }
    let ids = bench.ids();
    let first = format!("hand-{}-RIVER-113", super::NOON);
    assert_eq!(ids[0], first);
    assert!(
        bench
            .taken()
            .iter()
            .all(|(source, _)| *source == SourceName::Hand)
    );
    let output = send(&[
        "--to", &to, "--symbol", "BTC", "--type", "110", "--format", "json",
    ])
    .await;
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (value["ok"].as_bool(), value["seq"].as_u64()),
        (Some(true), Some(4))
    );
    // Over HTTP the clocks must agree.
    let signed = [
        "--http",
        &url,
        "--secret-file",
        secret,
        "--symbol",
        "ETH",
        "--type",
        "fomo",
    ];
    let output = send(&signed).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        talk(&output).contains("too far from our time"),
        "{}",
        talk(&output)
    );
    set_clock(&bench, now);
    let output = send(&signed).await;
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(bench.taken().last().unwrap().1.name, "ETH");
    say(&format!(
        "by hand: {} commands, {:?}",
        cases.len() + 3,
        bench.counts()
    ));
}

/// Sets the run's clock to the machine's.
#[allow(
    clippy::disallowed_methods,
    reason = "the program under test reads this clock too"
)]
fn set_clock(bench: &Bench, since: std::time::SystemTime) {
    let now = std::time::SystemTime::now().duration_since(since).unwrap();
    let millis = i64::try_from(now.as_millis()).unwrap();
    bench
        .clock
        .store(millis, std::sync::atomic::Ordering::Relaxed);
}

#[tokio::test]
async fn nobody_there_busy_and_other_programs_are_told_apart() {
    let held = std::net::TcpListener::bind(super::any_port()).unwrap();
    let gone = held.local_addr().unwrap().to_string();
    drop(held);
    let output = send(&["--to", &gone, "--symbol", "A", "--type", "fomo"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        talk(&output).contains("is sim paper running"),
        "{}",
        talk(&output)
    );
    let bench = Bench::with(bridge(), 8, Manner::Busy).unwrap();
    let to = bench.bridge().to_string();
    let output = send(&["--to", &to, "--symbol", "A", "--type", "fomo"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(talk(&output).contains("busy"), "{}", talk(&output));
    let folder = tempfile::tempdir().unwrap();
    let secret = secret_file(&folder, "correct horse battery staple", 0o644);
    let url = format!("http://{gone}");
    let signed = ["--http", &url, "--secret-file", secret.to_str().unwrap()];
    let output = send(&[&signed[..], &["--symbol", "A", "--type", "fomo"]].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(talk(&output).contains("chmod 600"), "{}", talk(&output));
    say("by hand: nobody there, busy and a readable secret are told");
}
