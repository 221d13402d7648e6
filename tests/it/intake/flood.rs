//! A flood over eight connections: repeats and rubbish, and now and then something new.

use std::time::Duration;

use confluence::domain::random::Random;
use confluence::live::intake::SourceName;
use confluence::live::intake::count::Count;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::runner::{Bench, Client};
use super::{asking, bridge, line};
use crate::binary::say;

const CONNECTIONS: u64 = 8;
/// Of each connection.
const LINES: u64 = 25_000;
/// Pieces of a flood and the time between them: 100,000 lines/s together, for two seconds.
const PIECES: usize = 200;
const BEAT: Duration = Duration::from_millis(10);
const SEED: u64 = 20_260_101;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_new_in_a_flood_is_taken() {
    let bench = Bench::start(bridge());
    let started = clock();
    let mut senders = Vec::new();
    for connection in 0..CONNECTIONS {
        let addr = bench.bridge();
        let bytes = flood(connection);
        senders.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            let mut beat = tokio::time::interval(BEAT);
            for piece in bytes.chunks(bytes.len().div_ceil(PIECES)) {
                beat.tick().await;
                stream.write_all(piece).await.unwrap();
            }
            // Closed without a word, as the original does.
        }));
    }
    // Meanwhile somebody sends one line and waits.
    let mut patient = Client::connect(bench.bridge()).await;
    let mut waits = Vec::new();
    while senders.iter().any(|sender| !sender.is_finished()) {
        let id = format!("patient-{}", waits.len());
        let asked = clock();
        let answer = patient
            .ask(asking(&id, 113, "BTC").to_string().as_bytes())
            .await;
        assert_eq!(answer["ok"], true, "{answer}");
        waits.push(clock().duration_since(asked));
        tokio::time::sleep(BEAT).await;
    }
    waits.sort();
    let asked = waits.len();
    assert!(asked > 20, "{asked} asked meanwhile");
    let (half, most) = (waits[asked / 2], waits[asked * 99 / 100]);
    for sender in senders {
        sender.await.unwrap();
    }
    let sent = CONNECTIONS * LINES + asked as u64;
    bench.until(SourceName::Bridge, Count::Lines, sent).await;
    let took = clock().duration_since(started);
    let new = usize::try_from(CONNECTIONS * LINES / 1_000).unwrap() + asked;
    bench.until_taken(new + 1).await;
    let ids: std::collections::BTreeSet<String> = bench.ids().into_iter().collect();
    for connection in 0..CONNECTIONS {
        for number in 0..LINES / 1_000 {
            assert!(
                ids.contains(&format!("new-{connection}-{number}")),
                "{connection} {number}"
            );
        }
    }
    assert_eq!(ids.len(), new + 1);
    let counts = bench.counts();
    let rate = sent as f64 / took.as_secs_f64();
    say(&format!(
        "flood: {sent} lines over {CONNECTIONS} connections in {took:.1?} ({rate:.0} lines/s), {new} new ones taken; \
         of {asked} answers meanwhile half within {half:.1?}, 99 of 100 within {most:.1?}: {counts:?}"
    ));
    assert_eq!(counts.get("busy"), None);
}

/// A thousand lines: one new, the others a repeat of one message or rubbish of some kind.
fn flood(connection: u64) -> Vec<u8> {
    let mut random = Random::stream(SEED, &[connection]);
    let repeat = line("repeated", 113, "RIVER").to_string();
    let rubbish = [
        "rubbish".to_owned(),
        "{".to_owned(),
        "[1,2,3]".to_owned(),
        repeat[..100].to_owned(),
        line("typed", 7, "RIVER").to_string(),
        "x".repeat(300),
    ];
    let mut bytes = Vec::new();
    for number in 0..LINES {
        let text = if number % 1_000 == 500 {
            line(&format!("new-{connection}-{}", number / 1_000), 110, "ETH").to_string()
        } else if random.one_in(2) {
            repeat.clone()
        } else {
            let which = usize::try_from(random.below(rubbish.len() as u64)).unwrap();
            rubbish[which].clone()
        };
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

#[allow(clippy::disallowed_methods, reason = "only to print how fast it went")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}
