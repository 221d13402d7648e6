//! The followed file: appended, half-written, rotated, truncated, absent.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use confluence::live::intake::SourceName;
use confluence::live::intake::config::{FileConfig, IntakeConfig};
use confluence::live::intake::count::Count;

use super::line;
use super::runner::{Bench, Manner};
use crate::binary::say;

fn follow(path: &Path, from_start: bool) -> IntakeConfig {
    IntakeConfig {
        file: Some(FileConfig {
            from_start,
            every: Duration::from_millis(10),
            ..FileConfig::new(path.to_owned())
        }),
        ..IntakeConfig::default()
    }
}

fn text(id: &str) -> String {
    format!("{}\n", line(id, 113, "RIVER"))
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Waits until the follower has been at the file: it takes a marker line.
async fn settled(bench: &Bench, path: &Path, id: &str) {
    let before = bench.taken().len();
    append(path, &text(id));
    bench.until_taken(before + 1).await;
}

#[tokio::test]
async fn what_is_appended_is_taken_and_half_lines_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    append(&path, &text("old"));
    let half = text("half");
    // Begun before the start, ended after it.
    append(&path, &half[..30]);
    let bench = Bench::start(follow(&path, false));
    // Whether the half was seen before or after its end is the follower's affair; the marker comes after it.
    tokio::time::sleep(Duration::from_millis(60)).await;
    append(&path, &half[30..]);
    settled(&bench, &path, "1").await;
    append(&path, "rubbish\r\n\n");
    append(&path, &text("2").replace('\n', "\r\n"));
    bench.until_taken(3).await;
    assert_eq!(bench.ids(), ["half", "1", "2"]);
    assert_eq!(bench.counts()["not_json"], 1);
    assert!(
        bench
            .taken()
            .iter()
            .all(|(source, _)| *source == SourceName::File)
    );
    say(&format!("file: {:?}", bench.counts()));
}

#[tokio::test]
async fn from_the_start_and_not_there_yet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    let many: String = (0..2_000).map(|id| text(&id.to_string())).collect();
    append(&path, &many);
    let bench = Bench::start(follow(&path, true));
    bench.until_taken(2_000).await;
    let ids = bench.ids();
    assert!(
        ids.iter().enumerate().all(|(at, id)| *id == at.to_string()),
        "in order"
    );
    let late = folder.path().join("late.jsonl");
    let other = Bench::start(follow(&late, false));
    tokio::time::sleep(Duration::from_millis(40)).await;
    append(&late, &text("first"));
    other.until_taken(1).await;
    say(&format!(
        "file: {} from the start ({} bytes), 1 of a file that came later",
        ids.len(),
        many.len()
    ));
}

#[tokio::test]
async fn rotation_loses_and_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    append(&path, &text("0"));
    let bench = Bench::start(follow(&path, true));
    bench.until_taken(1).await;
    let mut expected = vec!["0".to_owned()];
    for round in 1..=10 {
        let aside = folder.path().join(format!("signals.{round}"));
        append(&path, &text(&format!("{round}-before")));
        fs::rename(&path, &aside).unwrap();
        // The writer still has the old file open for a moment.
        append(&aside, &text(&format!("{round}-late")));
        append(&path, &text(&format!("{round}-after")));
        expected.extend(["before", "late", "after"].map(|when| format!("{round}-{when}")));
        bench.until_taken(expected.len()).await;
    }
    assert_eq!(bench.ids(), expected);
    bench.until(SourceName::File, Count::Rotations, 10).await;
    assert_eq!(bench.counts().get("duplicates"), None);
    say(&format!(
        "file: 10 rotations, {} messages in order",
        expected.len()
    ));
}

#[tokio::test]
async fn truncation_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    let bench = Bench::start(follow(&path, true));
    append(&path, &text("1"));
    append(&path, &text("2")[..40]);
    bench.until_taken(1).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    // Cut to nothing; what was half is lost, and counted.
    File::create(&path).unwrap();
    bench.until(SourceName::File, Count::Truncations, 1).await;
    bench.until(SourceName::File, Count::HalfLines, 1).await;
    append(&path, &text("3"));
    bench.until_taken(2).await;
    // Written anew at once, longer than before: only its bytes tell.
    let anew: String = (4..9).map(|id| text(&id.to_string())).collect();
    fs::write(&path, anew).unwrap();
    bench.until_taken(7).await;
    assert_eq!(bench.ids(), ["1", "3", "4", "5", "6", "7", "8"]);
    say(&format!("file: two truncations: {:?}", bench.counts()));
}

#[tokio::test]
async fn what_is_no_file_is_counted_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    fs::create_dir(&path).unwrap();
    let bench = Bench::start(follow(&path, false));
    bench.until(SourceName::File, Count::Failures, 2).await;
    fs::remove_dir(&path).unwrap();
    append(&path, &text("1"));
    append(&path, &format!("{}\n", "x".repeat(200_000)));
    append(&path, &text("2"));
    settled(&bench, &path, "3").await;
    bench.until_taken(3).await;
    assert_eq!(bench.ids(), ["1", "2", "3"]);
    assert_eq!(bench.counts()["oversize"], 1);
    say(&format!("file: {:?}", bench.counts()));
}

#[tokio::test]
async fn a_busy_runner_gets_the_line_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signals.jsonl");
    let bench = Bench::with(follow(&path, true), 1, Manner::Busy).unwrap();
    for id in 0..20 {
        append(&path, &text(&id.to_string()));
    }
    bench.until(SourceName::File, Count::Busy, 2).await;
    bench.behave(Manner::Usual);
    bench.until_taken(20).await;
    let mut ids = bench.ids();
    ids.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert!(ids.iter().enumerate().all(|(at, id)| *id == at.to_string()));
    let stop = tokio::time::timeout(Duration::from_secs(2), bench.intake.stop());
    assert!(stop.await.is_ok());
    say(&format!(
        "file: 20 lines taken after {} times busy",
        bench.stats.total(Count::Busy)
    ));
}
