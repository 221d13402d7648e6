//! `sim diff`: which event is the first in which two runs differ, what may have caused it, and what is no run.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::binary::{sim, talk};

/// A broken run: its name, the file that is another (or gone), what is said of it.
type Broken<'a> = (&'a str, &'a str, Option<&'a [u8]>, &'a [&'a str]);

/// Runs of the sample data, made once.
struct Runs {
    home: TempDir,
}

impl Runs {
    fn get() -> &'static Self {
        static RUNS: OnceLock<Runs> = OnceLock::new();
        RUNS.get_or_init(|| {
            let runs = Self {
                home: tempfile::tempdir().unwrap(),
            };
            let fewer = std::fs::read_to_string(sample("signals.csv")).unwrap();
            let fewer: Vec<&str> = fewer
                .lines()
                .filter(|line| !line.contains("-00010,"))
                .collect();
            std::fs::write(runs.path("fewer.csv"), fewer.join("\n")).unwrap();
            let ways: [(&str, &[&str]); 7] = [
                ("base", &[]),
                ("step", &["--engine", "step"]),
                ("stop", &["--set", "exits.stop_pct=2"]),
                ("late", &["--set", "simulation.latency_ms=90000"]),
                ("dear", &["--set", "fees.taker_bps=6"]),
                ("short", &["--to", "2024-03-08"]),
                ("seed", &["--seed", "2"]),
            ];
            for (name, way) in ways {
                runs.make(name, &sample("signals.csv"), way);
            }
            runs.make("fewer", &runs.path("fewer.csv"), &[]);
            runs
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn make(&self, name: &str, signals: &Path, way: &[&str]) {
        let mut command = sim();
        command.args(["-q", "backtest", "--signals"]).arg(signals);
        command.arg("--data").arg(sample(""));
        command.arg("--out").arg(self.path(name)).args(way);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", talk(&output));
    }

    /// A copy of a run in which a file is another.
    fn changed(&self, of: &str, file: &str, bytes: Option<&[u8]>) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for file in ["run.json", "metrics.json", "config.toml", "events.bin"] {
            std::fs::copy(self.path(of).join(file), copy.path().join(file)).unwrap();
        }
        let path = copy.path().join(file);
        match bytes {
            Some(bytes) => std::fs::write(path, bytes).unwrap(),
            None => std::fs::remove_file(path).unwrap(),
        }
        copy
    }
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/sample")
        .join(name)
}

fn diff(one: &Path, other: &Path, args: &[&str]) -> Output {
    let mut command = sim();
    command.arg("diff").arg(one).arg(other).args(args);
    command.output().unwrap()
}

/// The object of a comparison and its exit code.
fn compared(one: &str, other: &str) -> (Json, i32) {
    let runs = Runs::get();
    let output = diff(&runs.path(one), &runs.path(other), &["--format", "json"]);
    let object = serde_json::from_slice(&output.stdout);
    (
        object.unwrap_or_else(|_| panic!("{}", talk(&output))),
        output.status.code().unwrap(),
    )
}

#[test]
fn runs_of_both_engines_and_a_run_with_itself_do_not_differ() {
    for (one, other) in [("base", "step"), ("base", "base"), ("base", "seed")] {
        let (object, code) = compared(one, other);
        assert_eq!((code, &object["differs"]), (0, &json!(false)), "{object}");
        assert_eq!(object["first_difference"], Json::Null);
        let events = object["runs"][0]["events"].as_u64().unwrap();
        assert!(events > 200, "{events}");
        println!("diff {one} {other}: {events} events, none differs");
    }
    let (object, _) = compared("base", "seed");
    let seed = json!([{ "name": "run.seed", "first": "1", "second": "2" }]);
    assert_eq!(
        object["settings"], seed,
        "a cause without an effect is told"
    );
}

#[test]
fn another_stop_first_differs_in_the_first_stop_order() {
    let (object, code) = compared("base", "stop");
    assert_eq!(code, 1);
    let first = &object["first_difference"];
    assert_eq!(first["manner"], "other_values", "{first}");
    for side in ["first", "second"] {
        let text = first[side]["text"].as_str().unwrap();
        assert!(
            text.contains("stop loss sent") && text.contains("stop at"),
            "{text}"
        );
        assert_eq!(first[side]["kind"], "submit");
    }
    let names: Vec<&str> = first["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["trigger"]);
    // It is the first stop of the run: before it only the entry.
    let before = first["before"].as_array().unwrap();
    assert!(
        before
            .iter()
            .all(|one| !one["text"].as_str().unwrap().contains("stop loss"))
    );
    assert_eq!(object["settings"][0]["name"], "exits.stop_pct");
    assert_eq!(object["inputs"], json!([]));
    let runs = Runs::get();
    let output = diff(&runs.path("base"), &runs.path("stop"), &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "stop loss sent",
        "exits.stop_pct",
        "trigger",
        "events left",
        "net, whole",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest}: {text}");
    println!(
        "diff: {} events in common, then {}",
        first["events_in_common"], first["first"]["text"]
    );
}

#[test]
fn other_delays_costs_signals_and_windows_are_named() {
    let mut met = 0;
    for (other, kind, cause) in [
        ("late", "filled", "simulation.latency_ms"),
        ("dear", "filled", "fees.taker_bps"),
    ] {
        let (object, code) = compared("base", other);
        assert_eq!(code, 1, "{other}");
        assert_eq!(object["first_difference"]["first"]["kind"], kind, "{other}");
        assert_eq!(object["settings"][0]["name"], cause, "{other}");
        met += 1;
    }
    let (object, code) = compared("base", "dear");
    assert_eq!(code, 1);
    let fee = &object["first_difference"]["values"][0];
    assert_eq!(fee["name"], "fee");
    assert!(
        fee["change"].as_str().unwrap().contains("(+20.000 %)"),
        "{fee}"
    );

    let (object, code) = compared("base", "fewer");
    assert_eq!(code, 1);
    let gone = object["signals"]["first"]["id"].as_str().unwrap();
    assert!(gone.ends_with("-00010"), "{gone}");
    let causes = object["inputs"].to_string();
    assert!(
        causes.contains("file of signals") && causes.contains("signals, hash"),
        "{causes}"
    );

    let (object, code) = compared("base", "short");
    assert_eq!(code, 1);
    let causes = object["inputs"].to_string();
    assert!(causes.contains("\"ends\""), "{causes}");
    assert!(
        object["first_difference"]["events_in_common"]
            .as_u64()
            .unwrap()
            > 10
    );
    met += 3;
    println!("diff: {met} kinds of causes named");
}

#[test]
fn what_is_no_run_or_a_damaged_one_is_refused_with_a_hint() {
    let runs = Runs::get();
    let bytes = std::fs::read(runs.path("base/events.bin")).unwrap();
    let run: Json =
        serde_json::from_slice(&std::fs::read(runs.path("base/run.json")).unwrap()).unwrap();
    let newer = {
        let mut run = run.clone();
        run["schema_version"] = json!(99);
        run["version"] = json!("7.0.0");
        run.to_string()
    };
    let other_form = [&bytes[..18], &[9, 0, 0, 0], &bytes[22..]].concat();
    let other_log = std::fs::read(runs.path("stop/events.bin")).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    let cases: [Broken<'_>; 11] = [
        (
            "cut",
            "events.bin",
            Some(&bytes[..bytes.len() / 2]),
            &["events.bin: byte ", "the file ends", "again"],
        ),
        (
            "flipped",
            "events.bin",
            Some(&flipped),
            &["events.bin: byte ", "changed or cut"],
        ),
        (
            "empty",
            "events.bin",
            Some(b""),
            &["byte 0", "ends before its head"],
        ),
        (
            "foreign",
            "events.bin",
            Some(b"PK\x03\x04"),
            &["byte 0", "no event log"],
        ),
        (
            "form",
            "events.bin",
            Some(&other_form),
            &["form 9", "reads form 1"],
        ),
        (
            "swapped",
            "events.bin",
            Some(&other_log),
            &["of another run"],
        ),
        (
            "gone",
            "events.bin",
            None,
            &["is missing", "kept no event log", "sim backtest --signals"],
        ),
        (
            "newer",
            "run.json",
            Some(newer.as_bytes()),
            &["schema 99", "7.0.0"],
        ),
        (
            "other",
            "run.json",
            Some(b"{\"kind\": \"x\"}"),
            &["is no run", "says it is 'x'"],
        ),
        (
            "metrics",
            "metrics.json",
            Some(b"{"),
            &["metrics.json: is no JSON"],
        ),
        (
            "config",
            "config.toml",
            Some(b"[a]\nb c"),
            &["config.toml: line 2"],
        ),
    ];
    for (name, file, bytes, words) in cases {
        let broken = runs.changed("base", file, bytes);
        for (one, other) in [
            (runs.path("base"), broken.path().to_owned()),
            (broken.path().to_owned(), runs.path("base")),
        ] {
            let output = diff(&one, &other, &[]);
            let text = talk(&output);
            assert_eq!(output.status.code(), Some(1), "{name}: {text}");
            assert!(output.stdout.is_empty(), "{name}: {text}");
            assert!(text.contains("hint: "), "{name}: {text}");
            for word in words {
                assert!(text.contains(word), "{name}: {word}: {text}");
            }
        }
    }
    let nothing = runs.path("nothing");
    for (place, words) in [
        (&nothing, "no such folder"),
        (&runs.home.path().to_owned(), "has no run.json"),
        (&runs.path("fewer.csv"), "it is a file"),
    ] {
        let text = talk(&diff(place, &runs.path("base"), &[]));
        assert!(text.contains(words) && text.contains("hint: "), "{text}");
    }
    println!("diff: {} broken folders refused", cases.len() + 3);
}
