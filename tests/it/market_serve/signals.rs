//! Signals on their way from the market server to a bridge.

use std::sync::Arc;
use std::time::Duration;

use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::stamp::StampReader;
use confluence::domain::time::{Span, Timestamp};
use confluence::lookalike::config::{SignalPlan, Speed};
use confluence::signal::feed::parse_line;
use serde_json::{Value, json};

use super::FROM;
use super::client::{block, bridge, config, connect, listen, market, public, start};

fn signal(id: &str, kind: SignalType, name: &str, after: i64) -> RawSignal {
    let received = Timestamp::parse(FROM).unwrap() + Span::from_millis(after);
    RawSignal {
        id: Arc::from(id),
        kind,
        name: name.to_owned(),
        event_time: received - Span::from_millis(1_500),
        received_time: Some(received),
    }
}

fn some() -> Vec<RawSignal> {
    vec![
        signal("late", SignalType::FOMO, "SYNA", 100_500),
        signal("b", SignalType::ALPHA, "SYNB", 61_001),
        signal("a", SignalType::FOMO, "SYNB", 61_001),
        signal("before", SignalType::FOMO, "SYNB", -1),
        signal("first", SignalType::FOMO_INTENSIFIED, "SYNA", 0),
        signal("beyond", SignalType::FOMO, "SYNA", 600_001),
    ]
}

#[test]
fn each_signal_comes_when_everything_before_it_was_heard() {
    let (address, lines) = bridge(3, "{\"ok\":true}\n", true);
    let mut config = config(FROM, 10);
    config.signals = Some(SignalPlan {
        signals: some(),
        bridge: address.to_string(),
    });
    let running = start(config);
    let serving = running.address;
    let heard = std::thread::spawn(move || {
        block(async {
            let public = tokio::spawn(listen(connect(serving, &public()).await));
            let market = listen(connect(serving, &market()).await).await;
            public.await.unwrap();
            market.frames.len()
        })
    });
    let from = running.from;
    let mut stamps = StampReader::new();
    let mut met = Vec::new();
    for (id, after) in [
        ("first", 0),
        ("b", 61_001),
        ("a", 61_001),
        ("late", 100_500),
    ] {
        let (line, seen) = lines.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(running.now(), from + Span::from_millis(after), "{line}");
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["message_id"], &value["ack"]),
            (&json!(id), &json!(true))
        );
        let read = parse_line(&line, 1, &mut stamps).unwrap();
        let wanted = some().into_iter().find(|signal| &*signal.id == id).unwrap();
        assert_eq!(
            (read.id, read.kind, read.event_time),
            (wanted.id, wanted.kind, wanted.event_time)
        );
        assert_eq!(read.name, wanted.name);
        met.push(id);
        drop(seen);
    }
    let frames = heard.join().unwrap();
    let summary = running.wait();
    let counts = summary.signals;
    assert_eq!(
        (counts.sent, counts.acknowledged, counts.outside),
        (4, 4, 2)
    );
    assert_eq!((counts.failed, counts.refused), (0, 0));
    println!("{met:?} heard between {frames} frames: {summary}");
}

#[test]
fn a_timed_tape_goes_on_whoever_answers() {
    let (address, lines) = bridge(0, "{\"ok\":true}\n", false);
    let mut config = config(FROM, 10);
    config.speed = Speed::Times("600".parse().unwrap());
    config.signals = Some(SignalPlan {
        signals: some(),
        bridge: address.to_string(),
    });
    let running = start(config);
    let serving = running.address;
    block(async {
        let public = tokio::spawn(listen(connect(serving, &public()).await));
        listen(connect(serving, &market()).await).await;
        public.await.unwrap();
    });
    let summary = running.wait();
    assert!(summary.complete);
    assert_eq!((summary.signals.sent, summary.signals.acknowledged), (4, 0));
    for id in ["first", "b", "a", "late"] {
        let (line, _) = lines.recv_timeout(Duration::from_secs(5)).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message_id"], json!(id));
        assert!(line.get("ack").is_none());
    }
}

#[test]
fn a_repeat_is_no_refusal() {
    let (address, lines) = bridge(0, "{\"ok\":false,\"reason\":\"duplicate\"}\n", false);
    let mut config = config(FROM, 10);
    config.signals = Some(SignalPlan {
        signals: some(),
        bridge: address.to_string(),
    });
    let running = start(config);
    let serving = running.address;
    block(async {
        let public = tokio::spawn(listen(connect(serving, &public()).await));
        listen(connect(serving, &market()).await).await;
        public.await.unwrap();
    });
    let summary = running.wait();
    let counts = summary.signals;
    assert_eq!(
        (counts.sent, counts.acknowledged, counts.refused),
        (4, 4, 0)
    );
    assert_eq!(lines.try_iter().count(), 4, "none came twice");
    println!("{summary}");
}

#[test]
fn refusals_and_late_answers_are_counted() {
    let (address, lines) = bridge(0, "{\"ok\":false,\"error\":\"no\"}\n", false);
    let mut config = config(FROM, 10);
    config.faults = confluence::lookalike::faults::FaultPlan::parse("late_ack=1", 3).unwrap();
    config.signals = Some(SignalPlan {
        signals: some(),
        bridge: address.to_string(),
    });
    let running = start(config);
    let serving = running.address;
    block(async {
        let public = tokio::spawn(listen(connect(serving, &public()).await));
        listen(connect(serving, &market()).await).await;
        public.await.unwrap();
    });
    let summary = running.wait();
    assert_eq!((summary.signals.sent, summary.signals.refused), (4, 4));
    assert_eq!(summary.faults, [("late_ack", 4)]);
    let lines: Vec<String> = lines.try_iter().map(|(line, _)| line).collect();
    assert_eq!(lines.len(), 8, "each came twice");
    println!("{summary}");
}
