//! The commands against a port: what they print, how they fail.

use std::path::Path;
use std::process::Output;

use confluence::live::ask::Ask;
use serde_json::Value;

use super::{Bench, positions, status, token_file};
use crate::binary::{say, sim, talk};

async fn command(config: &Path, args: &[&str]) -> Output {
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let config = config.to_owned();
    let run = move || sim().args(args).arg("-c").arg(config).output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn every_command_is_carried_out_and_told() {
    let bench = Bench::start();
    let config = bench.config();
    let cases: [(&[&str], &[&str]); 9] = [
        (
            &["status"],
            &[
                "stopped (paused, daily_loss)",
                "10000.12 USDT",
                "10010.50 USDT",
                "row 77, start 2, 9 commits",
                "p50 11 µs, p99 147 µs, longest 3212 µs",
                "2 gap",
            ],
        ),
        (
            &["positions"],
            &[
                "RIVERUSDT  long",
                "1000.02",
                "-3.46",
                "stop 2.05, trailing_stop (not armed)",
            ],
        ),
        (&["signals", "recent"], &["m0", "m1", "m2", "ignored:"]),
        (&["pause"], &["paused", "2026-01-01T08:00:00.000Z"]),
        (&["resume"], &["resumed"]),
        (&["close", "RIVERUSDT"], &["RIVERUSDT: closing at market"]),
        (
            &["close", "币安人生USDT"],
            &["币安人生USDT: closing at market"],
        ),
        (
            &["cancel", "RIVERUSDT"],
            &["RIVERUSDT: orders that would open"],
        ),
        (&["flatten"], &["2 positions closing at market"]),
    ];
    for (args, said) in cases {
        let output = command(&config, args).await;
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {text}");
        assert!(output.stderr.is_empty(), "{args:?}: {text}");
        for words in said {
            assert!(text.contains(words), "{args:?}: '{words}' in {text}");
        }
        assert!(
            !text.contains('\u{1b}') && !text.contains(&bench.token),
            "{text}"
        );
    }
    let json = async |args: &[&str]| {
        let output = command(&config, &[args, &["--format", "json"]].concat()).await;
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(json(&["status"]).await, status());
    assert_eq!(json(&["positions"]).await, positions());
    let recent = json(&["signals", "recent", "--count", "2"]).await;
    assert_eq!(recent.as_array().unwrap().len(), 2);
    assert_eq!(json(&["pause"]).await["did"], "pause");
    let asked = bench.asked();
    assert_eq!(asked.len(), cases.len() + 4);
    assert!(
        asked.contains(&Ask::Recent { count: 20 }) && asked.contains(&Ask::Recent { count: 2 })
    );
    say(&format!("control commands: {} carried out", asked.len()));
}

#[tokio::test]
async fn every_failure_says_what_to_do() {
    let bench = Bench::start();
    let config = bench.config();
    let mut told = 0;
    let mut fails = async |args: &[&str], code: i32, said: &str| {
        let output = command(&config, args).await;
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(said), "{args:?}: '{said}' in {text}");
        assert!(text.contains("hint: ") || code == 2, "{text}");
        assert!(output.stdout.is_empty(), "{text}");
        assert!(!text.contains(&bench.token), "{text}");
        told += 1;
    };
    fails(&["close", "NOPE"], 1, "'NOPE' is no contract of this run").await;
    fails(&["cancel", "../flatten"], 1, "'../flatten' is no contract").await;
    fails(&["close", "a?b#c/%2e"], 1, "'a?b#c/%2e' is no contract").await;
    fails(&["close", ".."], 2, "'..' is no contract").await;
    fails(&["close", ""], 2, "is no contract").await;
    fails(&["close", "DROP"], 1, "the run ended before it answered").await;
    fails(&["close"], 2, "SYMBOL").await;
    fails(&["signals", "recent", "--count", "0"], 2, "--count").await;
    fails(&["signals", "recent", "--count", "201"], 2, "--count").await;
    let off = ["status", "--set", "live.control.listen="];
    fails(&off, 2, "live.control.listen is empty").await;
    let far = ["status", "--set", "live.control.listen=192.0.2.1:8767"];
    fails(&far, 2, "not of this machine alone").await;
    let elsewhere = ["status", "--set", "live.journal.file=no-such.journal"];
    fails(&elsewhere, 1, "no token is there").await;
    let asked = bench.asked();
    assert!(!asked.contains(&Ask::Flatten), "{asked:?}");
    // The token of another run.
    let other = Bench::start();
    std::fs::copy(
        token_file(other.folder.path()),
        token_file(bench.folder.path()),
    )
    .unwrap();
    fails(&["pause"], 1, "does not know the token").await;
    // Another program listens there, which is no sim paper.
    let stranger = tokio::net::TcpListener::bind(super::any_port())
        .await
        .unwrap();
    let listen = format!("live.control.listen={}", stranger.local_addr().unwrap());
    tokio::spawn(greet(stranger));
    fails(&["status", "--set", &listen], 1, "no answer of sim paper").await;
    // Nobody does.
    let held = std::net::TcpListener::bind(super::any_port()).unwrap();
    let listen = format!("live.control.listen={}", held.local_addr().unwrap());
    drop(held);
    fails(&["status", "--set", &listen], 1, "sim paper is not running").await;
    std::fs::write(token_file(bench.folder.path()), "no token").unwrap();
    fails(&["status"], 1, "holds no token").await;
    assert!(told > 0);
    say(&format!("control commands: {told} failures told"));
}

/// A program that answers everything with a page.
async fn greet(listener: tokio::net::TcpListener) {
    use tokio::io::AsyncWriteExt;
    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = [0; 4_096];
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
        let _ = stream.write_all(PAGE).await;
    }
}
