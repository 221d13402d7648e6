//! Text scenarios of the trader alone: what it hears at the left margin, what it answers indented below.
//!
//! Each `*.txt` beside this file is a story. `BLESS=1` rewrites what follows from what is heard; read the difference
//! before you keep it. Grammar of a heard line: `time words…`, see [`script`]; `rules …` lines come first.
//! A wake the trader asked for comes by itself before the next line; it is shown when it led to something.

mod script;

use std::fs;
use std::path::Path;

use self::script::Stage;

/// Plays a story and writes it down anew with what the trader answered.
fn play(text: &str) -> String {
    let mut stage = Stage::default();
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with(' ') {
            continue;
        }
        let (woken, answer) = if line.is_empty() || line.starts_with('#') {
            Default::default()
        } else {
            stage
                .hear(line)
                .unwrap_or_else(|what| panic!("line {}: {what}: {line}", index + 1))
        };
        out.push_str(&woken);
        out.push_str(line);
        out.push('\n');
        out.push_str(&answer);
    }
    out
}

#[test]
fn scenarios_play_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the scenarios are there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    paths.sort();
    let bless = std::env::var_os("BLESS").is_some();
    let (mut lines, mut wrong) = (0, Vec::new());
    for path in &paths {
        let text = fs::read_to_string(path).expect("a readable scenario");
        let played = play(&text);
        lines += played.lines().filter(|line| line.starts_with(' ')).count();
        if played == text {
            continue;
        }
        if bless {
            fs::write(path, played).expect("a writable scenario");
        } else {
            wrong.push(difference(path, &text, &played));
        }
    }
    println!("{} scenarios, {lines} answers", paths.len());
    assert!(paths.len() >= 15 && lines >= 100, "scenarios are missing");
    assert!(
        wrong.is_empty(),
        "{}\nBLESS=1 rewrites them",
        wrong.join("\n")
    );
}

/// The first line that differs.
fn difference(path: &Path, text: &str, played: &str) -> String {
    let (mut old, mut new) = (text.lines(), played.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (was, is) = (old.next(), new.next());
        if was != is || was.is_none() {
            let show = |line: Option<&str>| line.unwrap_or("(nothing)").to_owned();
            let path = path.display();
            return format!(
                "{path}:{number}\n  written {}\n  played  {}",
                show(was),
                show(is)
            );
        }
    }
}
