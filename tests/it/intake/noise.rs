//! Damaged messages from a seed: every line has one outcome, nothing panics, a good line after them is taken.

use std::collections::BTreeMap;

use confluence::domain::random::Random;
use confluence::live::intake::SourceName;
use confluence::live::intake::count::Count;
use serde_json::Value;

use super::runner::{Bench, Client};
use super::{asking, bridge, line};
use crate::binary::{say, shared};

const SEED: u64 = 20_260_102;
const CASES: u64 = 24_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damaged_line_has_one_outcome() {
    let bench = Bench::start(bridge());
    let mut random = Random::stream(SEED, &[]);
    let originals = originals();
    let mut sent = 0;
    let mut batch = Vec::new();
    for case in 0..CASES {
        let original = &originals[pick(&mut random, originals.len())];
        let mut bytes = original.as_bytes().to_vec();
        for _ in 0..=random.below(3) {
            damage(&mut random, &mut bytes);
        }
        // A newline or a blank line would be another case.
        bytes.retain(|byte| *byte != b'\n');
        if bytes.trim_ascii().is_empty() {
            bytes = b"x".to_vec();
        }
        batch.extend_from_slice(&bytes);
        batch.push(b'\n');
        sent += 1;
        if case % 500 == 499 {
            let mut client = Client::connect(bench.bridge()).await;
            client.send(&batch).await;
            batch.clear();
            bench.until(SourceName::Bridge, Count::Lines, sent).await;
        }
    }
    let mut client = Client::connect(bench.bridge()).await;
    let answer = client
        .ask(asking("good", 113, "RIVER").to_string().as_bytes())
        .await;
    assert_eq!(answer["ok"], true, "seed {SEED}: {answer}");
    let counts = bench.counts();
    let outcomes = [
        "accepted",
        "duplicates",
        "conflicts",
        "refused",
        "oversize",
        "invalid_utf8",
        "not_json",
        "too_deep",
        "too_many_keys",
        "not_a_message",
        "bad_name",
        "unknown_type",
    ];
    let met: BTreeMap<&str, u64> = outcomes
        .into_iter()
        .filter_map(|outcome| Some((outcome, *counts.get(outcome)?)))
        .collect();
    assert_eq!(
        met.values().sum::<u64>(),
        counts["lines"],
        "seed {SEED}: {counts:?}"
    );
    assert_eq!(counts["lines"], sent + 1);
    assert!(met.len() >= 9, "seed {SEED}: too little was met: {met:?}");
    say(&format!(
        "noise: seed {SEED}, {sent} damaged lines of {} originals: {met:?}",
        originals.len()
    ));
}

/// Recorded messages as lines, or made-up ones where the recordings are absent.
fn originals() -> Vec<String> {
    let mut lines = vec![
        line("1", 113, "RIVER").to_string(),
        asking("2", 110, "币安人生").to_string(),
        format!(
            "{{\"id\":\"3\",\"type\":113,\"symbol\":\"BTC\",\"event_time\":{}}}",
            super::NOON
        ),
    ];
    if let Some(data) = shared() {
        let path = data.join("signals/valuescan_ai_messages_20260101.json");
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        lines.extend(
            document["list"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string),
        );
    }
    lines
}

fn pick(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.below(count as u64)).unwrap()
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    const WORDS: [&str; 14] = [
        "NaN",
        "null",
        "-1",
        "1e309",
        "\"\"",
        "[]",
        "{}",
        "true",
        "\u{0}",
        "\\ud800",
        "99999999999999999999",
        "\"ack\":true,",
        "{\"a\":",
        "113",
    ];
    let at = pick(random, bytes.len() + 1);
    match random.below(10) {
        0 => bytes.truncate(at),
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
        3 => {
            let word = WORDS[pick(random, WORDS.len())];
            bytes.splice(at..at, word.bytes());
        }
        4 => {
            // A number becomes another.
            for byte in bytes
                .iter_mut()
                .skip(at)
                .take(40)
                .filter(|byte| byte.is_ascii_digit())
            {
                *byte = b'0' + u8::try_from(random.below(10)).unwrap();
            }
        }
        5 => {
            let end = (at + pick(random, 40)).min(bytes.len());
            bytes.drain(at..end);
        }
        6 => {
            let end = (at + pick(random, 60)).min(bytes.len());
            let part = bytes[at..end].to_vec();
            bytes.splice(at..at, part);
        }
        7 => nest(random, bytes),
        8 => replace_a_word(random, bytes),
        _ => {
            if random.one_in(20) {
                let keys: String = (0..random.below(500))
                    .map(|key| format!("\"k{key}\":0,"))
                    .collect();
                bytes.splice(1.min(bytes.len())..1.min(bytes.len()), keys.bytes());
            } else if random.one_in(20) {
                let long = pick(random, 200_000);
                bytes.splice(at..at, std::iter::repeat_n(b'a', long));
            }
        }
    }
}

fn nest(random: &mut Random, bytes: &mut Vec<u8>) {
    let levels = pick(random, 200);
    let deep = format!("\"deep\":{}{},", "[".repeat(levels), "]".repeat(levels));
    let at = 1.min(bytes.len());
    bytes.splice(at..at, deep.bytes());
}

/// A key becomes another, a type another.
fn replace_a_word(random: &mut Random, bytes: &mut Vec<u8>) {
    const PAIRS: [(&str, &str); 8] = [
        ("\"type\":113", "\"type\":999"),
        ("\"type\":110", "\"type\":[110]"),
        ("\"id\":\"", "\"id\":\"\\u0007"),
        ("createTime", "created"),
        ("symbol", "symbal"),
        ("message_type", "type"),
        ("\"createTime\":1", "\"createTime\":9"),
        ("RIVER", "NOPE"),
    ];
    let (from, to) = PAIRS[pick(random, PAIRS.len())];
    let text = String::from_utf8_lossy(bytes).replace(from, to);
    *bytes = text.into_bytes();
}
