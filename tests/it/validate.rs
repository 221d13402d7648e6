//! Validation as the built `sim` leaves it: noise is called noise and a planted edge survives, gates give exit code 6,
//! the same bytes on any number of threads, and bad input is refused with what to do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use confluence::domain::random::Random;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, made_up, say, sim, talk};

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;
/// Five-minute bars of a day.
const BARS: i64 = 288;

/// Settings that make a validation short; 199 placebos are the fewest whose smallest p survives nine questions.
const SHORT: &str = "
[exits]
hold_max_s = 7200
[validate]
replicates = 500
placebos = 199
";

const SPACE: &str = r#"
schema_version = 1
objective = "sharpe"
trades_min = 10
[parameters]
"exits.stop_pct" = [0.3, 1, 2, 3]
"exits.targets[1].distance_pct" = [1, 2, 3]
"signals.score_min" = [0.5, 0.6]
"#;

/// A place with inputs, a space and settings.
struct Place {
    home: TempDir,
}

impl Place {
    /// Two symbols of random walks; every signal of a pair comes at a random time. With an edge, a rise of 4 % follows in
    /// two hours, and a fall as long and deep later: a long that knows the time gains, one at random times does not.
    fn walks(seed: u64, days: i64, edge: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = Self { home };
        let mut signals = String::from("id,type,symbol,event_time,received_time\n");
        fs::create_dir_all(place.path("data/klines")).unwrap();
        for (number, symbol) in ["AAA", "BBB"].into_iter().enumerate() {
            let mut random = Random::stream(seed, &[900, number as u64]);
            let mut drift = vec![0_i64; usize::try_from(days * BARS).unwrap()];
            for day in 0..days {
                for part in 0..2 {
                    let bar = day * BARS + part * 144 + random.between(1, 60);
                    // Shortly before a bar begins: an entry waits two minutes for a price, not five.
                    let time = START + bar * 5 * MINUTE - 70_000;
                    for (kind, after) in [(110, 0), (113, 20_000)] {
                        let (at, id) = (time + after, format!("{symbol}{bar}-{kind}"));
                        writeln!(signals, "{id},{kind},{symbol},{at},{}", at + 500).unwrap();
                    }
                    for step in 1..=24 {
                        let later = usize::try_from(bar + step).unwrap();
                        drift[later] += 17;
                        drift[later + 40] -= 17;
                    }
                }
            }
            place.prices(
                symbol,
                &mut random,
                if edge { Some(&drift) } else { None },
                days,
            );
        }
        fs::write(place.path("data/signals.csv"), signals).unwrap();
        fs::write(place.path("space.toml"), SPACE).unwrap();
        fs::write(place.path("short.toml"), SHORT).unwrap();
        place
    }

    fn prices(&self, symbol: &str, random: &mut Random, drift: Option<&[i64]>, days: i64) {
        let mut text = String::from("open_time,open,high,low,close,volume\n");
        let mut price = 10_000.0_f64;
        for bar in 0..days * BARS {
            let open = price;
            let lean = drift.map_or(0, |drift| drift[usize::try_from(bar).unwrap()]);
            // The walk leans back to where it began, as prices of a sample should.
            let back = (10_000.0 - price) / 10_000.0 * 0.01;
            let noise = (random.unit() + random.unit() + random.unit() - 1.5) * 0.0025;
            price *= 1.0 + noise + back + lean as f64 / 10_000.0;
            let wick = random.unit() * 0.0005;
            let high = open.max(price) * (1.0 + wick);
            let low = open.min(price) * (1.0 - wick);
            writeln!(
                text,
                "{},{open:.2},{:.2},{:.2},{price:.2},1000",
                START + bar * 5 * MINUTE,
                high + 0.01,
                low - 0.01,
            )
            .unwrap();
        }
        let path = self
            .path("data/klines")
            .join(format!("{symbol}USDT-5m.csv"));
        fs::write(path, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = sim();
        command.arg(verb).current_dir(self.home.path());
        command.args(["--signals", "data/signals.csv", "--data", "data"]);
        command.args(["-c", "short.toml"]);
        command
    }

    fn validate(&self, out: &str, args: &[&str]) -> Output {
        let mut command = self.command("validate");
        command.args(["--space", "space.toml", "--out", out]);
        command.args(["--format", "json"]).args(args);
        command.output().unwrap()
    }
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", talk(output)))
}

fn number(verdict: &Value, name: &str) -> f64 {
    let found = &verdict["figures"][name];
    found
        .as_f64()
        .unwrap_or_else(|| panic!("{name}: {found}, {}", verdict["why_null"]))
}

/// Trials by the register.
fn tried(verdict: &Value) -> u64 {
    let trials = &verdict["parts"]["trials"]["register_trials"];
    trials.as_u64().unwrap_or_else(|| panic!("{trials}"))
}

#[test]
fn noise_is_called_noise_and_an_edge_survives() {
    let place = Place::walks(1, 80, false);
    let output = place.validate("noise", &[]);
    let noise = object(&output);
    assert_eq!(output.status.code(), Some(6), "{}", talk(&output));
    assert_eq!(noise["verdict"], "probably noise");
    assert_eq!(noise["passes"], false);
    assert!(number(&noise, "dsr") < 0.95 && number(&noise, "placebo_p") > 0.05);
    let place = Place::walks(1, 80, true);
    let output = place.validate("edge", &[]);
    let edge = object(&output);
    say(&format!(
        "validate: noise dsr {} pbo {} walk {} placebo {}; edge dsr {} pbo {} walk {} placebo {}",
        noise["figures"]["dsr"],
        noise["figures"]["pbo"],
        noise["figures"]["wf_rolling_return"],
        noise["figures"]["placebo_p"],
        edge["figures"]["dsr"],
        edge["figures"]["pbo"],
        edge["figures"]["wf_rolling_return"],
        edge["figures"]["placebo_p"],
    ));
    assert_eq!(edge["verdict"], "survives", "{edge:#}");
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(tried(&edge), 24);
    // The trades hang on the signals: without their times and without knowing when, nothing is left.
    assert!(number(&edge, "random_times_p") <= 0.05);
    assert!(number(&edge, "wf_anchored_return") > 0.0 && number(&edge, "kfold_sharpe") > 0.0);
    // A gate of one's own decides the exit code, not the verdict.
    let output = place.validate("edge2", &["--set", "validate.gates=[\"trades >= 100000\"]"]);
    assert_eq!(output.status.code(), Some(6), "{}", talk(&output));
    let output = place.validate("noise2", &["--set", "validate.gates=[]"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

#[test]
fn the_same_bytes_on_any_number_of_threads_and_the_same_count_again() {
    let place = Place::walks(2, 40, true);
    let first = place.validate("one", &["-j", "1"]);
    let register = fs::read(place.path("reports/trials.jsonl")).unwrap();
    let one = files(&place.path("one"));
    let names: Vec<&str> = one.keys().map(String::as_str).collect();
    assert_eq!(names, ["validation.html", "validation.json"]);
    for threads in ["2", "3"] {
        let again = place.validate(threads, &["-j", threads]);
        assert_eq!(again.status.code(), first.status.code());
        assert!(one == files(&place.path(threads)), "{threads} threads");
    }
    // The register holds each configuration once, and knows other data apart.
    assert!(register == fs::read(place.path("reports/trials.jsonl")).unwrap());
    let page = String::from_utf8(one["validation.html"].clone()).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("<script"));
    assert!(page.contains("Probably noise") || page.contains("Survives"));
    let verdict: Value = serde_json::from_slice(&one["validation.json"]).unwrap();
    assert_eq!(tried(&verdict), 24);
    // A sweep, a single run and other settings all count; the same ones do not count twice.
    let mut sweep = place.command("sweep");
    sweep.args(["--space", "space.toml", "--out", "swept"]);
    let output = sweep.output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let mut run = place.command("backtest");
    run.args([
        "-c",
        "swept/best.toml",
        "--out",
        "best",
        "--register",
        "reports/trials.jsonl",
    ]);
    let output = run.output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let same = object(&place.validate("same", &[]));
    assert_eq!(tried(&same), 24);
    // The seed is no part of a configuration: the same grid with another one was tried before.
    assert_eq!(
        tried(&object(&place.validate("seed", &["--seed", "9"]))),
        24
    );
    let mut run = place.command("backtest");
    run.args(["--set", "exits.stop_pct=4", "--out", "other"]);
    run.args(["--register", "reports/trials.jsonl"]);
    assert!(run.output().unwrap().status.success());
    let more = object(&place.validate("more", &[]));
    assert_eq!(tried(&more), 25);
    say(&format!(
        "validate: {} bytes of verdict the same on 1, 2 and 3 threads, 24 and then 25 trials in the register",
        one["validation.json"].len()
    ));
}

#[test]
fn processes_at_once_share_a_register() {
    let place = Place::walks(3, 30, false);
    let spaces: Vec<String> = (0..4)
        .map(|number| {
            let name = format!("space{number}.toml");
            // Neighbours share half of their points.
            let stops = format!("[{}, {}]", 1 + number, 2 + number);
            fs::write(place.path(&name), SPACE.replace("[0.3, 1, 2, 3]", &stops)).unwrap();
            name
        })
        .collect();
    std::thread::scope(|scope| {
        for (number, space) in spaces.iter().enumerate() {
            let place = &place;
            scope.spawn(move || {
                let mut command = place.command("sweep");
                let out = format!("out{number}");
                command.args(["--space", space, "--out", &out, "--trades-min", "0"]);
                let output = command.output().unwrap();
                assert!(output.status.success(), "{}", talk(&output));
            });
        }
    });
    let text = fs::read_to_string(place.path("reports/trials.jsonl")).unwrap();
    // Stops 1 to 5, three targets, two scores.
    assert_eq!(text.lines().count(), 30);
    let verdict = object(&place.validate("after", &["--trades-min", "0"]));
    // And stop 0.3, which none of them had.
    assert_eq!(tried(&verdict), 36);
    say("validate: four sweeps at once left 30 configurations in the register");
}

/// The lines of a register, in an order of their own.
fn lines(place: &Place, register: &str) -> Vec<String> {
    let text = fs::read_to_string(place.path(register)).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_register_holds_every_trial_once_whether_in_shards_or_not() {
    let place = Place::walks(8, 30, true);
    let infeasible = "where = [\"exits.stop_pct < signals.score_min\"]";
    let real = SPACE
        .replace(
            "[0.3, 1, 2, 3]",
            "{ from = 0.2, to = 0.8, kind = \"real\" }",
        )
        .replace("trades_min = 10", &format!("trades_min = 1\n{infeasible}"));
    fs::write(place.path("real.toml"), real).unwrap();
    let run = |verb: &[&str], args: &[&str], register: &str| {
        let mut command = sim();
        command.current_dir(place.home.path()).args(verb);
        if verb.len() == 1 {
            command.args(["--signals", "data/signals.csv", "--data", "data"]);
            command.args([
                "--space",
                "real.toml",
                "--method",
                "random",
                "--trials",
                "60",
            ]);
        }
        command.args(args).args(["--register", register]);
        command.output().unwrap()
    };
    let done = |output: Output| assert!(output.status.success(), "{}", talk(&output));
    done(run(&["sweep"], &["--out", "whole"], "whole.jsonl"));
    let whole = lines(&place, "whole.jsonl");
    let swept = fs::read(place.path("whole/sweep.json")).unwrap();
    let swept: Value = serde_json::from_slice(&swept).unwrap();
    let (ran, out) = (&swept["done"], &swept["infeasible"]);
    assert_eq!(Value::from(whole.len()), *ran);
    assert!(
        ran.as_u64().unwrap() > 20 && out.as_u64().unwrap() > 5,
        "{ran} {out}"
    );
    // Each on a machine of its own, one of them twice; then all where the merge runs, which has one of them already.
    for (number, register) in [("1/3", "a.jsonl"), ("2/3", "b.jsonl"), ("3/3", "all.jsonl")] {
        for again in [&["--replace"][..], &["--resume"]] {
            let args = ["--out", "parts", "--shard", number];
            done(run(&["sweep"], &[&args[..], again].concat(), register));
        }
    }
    let parts: Vec<usize> = ["a.jsonl", "b.jsonl", "all.jsonl"]
        .map(|part| lines(&place, part).len())
        .into();
    assert_eq!(parts.iter().sum::<usize>(), whole.len());
    let merge = ["sweep", "merge"];
    for again in [&[][..], &["--replace"]] {
        done(run(
            &merge,
            &[&["parts", "--out", "merged"], again].concat(),
            "all.jsonl",
        ));
        assert!(
            lines(&place, "all.jsonl") == whole,
            "the lines that one sweep left"
        );
    }
    assert!(files(&place.path("whole")) == files(&place.path("merged")));
    // A register that cannot be written costs the merge nothing but a warning.
    let output = run(&merge, &["parts", "--out", "merged", "--replace"], "data");
    assert!(
        output.status.success() && talk(&output).contains("in no register"),
        "{}",
        talk(&output)
    );
    // Tried is tried: none of these can be the best.
    let none = ["--out", "none", "--trades-min", "100000"];
    assert_eq!(run(&["sweep"], &none, "none.jsonl").status.code(), Some(1));
    assert!(lines(&place, "none.jsonl") == whole);
    say(&format!(
        "validate: {} trials once in the register, {parts:?} of them from shards, {out} infeasible in none",
        whole.len()
    ));
}

/// The plateau on the verdict is the one of the sweep beside it.
fn same_plateau(place: &Place, out: &str) {
    let object = |name: &str| {
        let bytes = fs::read(place.path(&format!("{out}/{name}"))).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let (verdict, swept) = (object("validation.json"), object("sweep.json"));
    let (own, theirs) = (&verdict["parts"]["plateau"], &swept["plateau"]);
    assert!(theirs["neighbours"].as_u64().unwrap() > 0, "{theirs}");
    assert_eq!(verdict["figures"]["plateau"], theirs["score"]);
    for key in [
        "median",
        "neighbours",
        "neighbours_without_objective",
        "is_peak",
    ] {
        assert_eq!(own[key], theirs[key], "{out}: {key}");
    }
    let page = fs::read_to_string(place.path(&format!("{out}/validation.html"))).unwrap();
    assert!(
        page.contains("Does it hang on one exact setting?") && page.contains("a lone peak that")
    );
    say(&format!("validate: {out}: plateau {theirs} on both pages"));
}

#[test]
fn a_sweep_with_a_verdict_leaves_the_same_results() {
    let place = Place::walks(4, 30, true);
    let sweep = |out: &str, args: &[&str]| {
        let mut command = place.command("sweep");
        command.args(["--space", "space.toml", "--out", out]);
        command.args(args).output().unwrap()
    };
    let plain = sweep("plain", &[]);
    assert!(plain.status.success(), "{}", talk(&plain));
    let judged = sweep("judged", &["--validate", "--register", "other.jsonl"]);
    assert!(
        matches!(judged.status.code(), Some(0 | 6)),
        "{}",
        talk(&judged)
    );
    let said = talk(&judged);
    assert!(
        said.contains("ranked by") && said.contains("placebo_p"),
        "{said}"
    );
    let (mut plain, mut judged) = (files(&place.path("plain")), files(&place.path("judged")));
    let verdict = judged.remove("validation.json").unwrap();
    assert!(judged.remove("validation.html").is_some());
    // Its own page shows it; no other byte differs.
    let pages = [&mut plain, &mut judged].map(|files| files.remove("sweep.html").unwrap());
    assert!(pages[0] != pages[1] && plain == judged);
    let alone = place.validate("alone", &["--register", "other.jsonl"]);
    assert!(alone.status.code().is_some());
    assert!(verdict == files(&place.path("alone"))["validation.json"]);
    // It can be continued, begun again, and judged again.
    let again = sweep(
        "judged",
        &["--validate", "--resume", "--register", "other.jsonl"],
    );
    assert!(
        matches!(again.status.code(), Some(0 | 6)),
        "{}",
        talk(&again)
    );
    // A method that learns: its points are read back from what it wrote.
    let learned = [
        "--method",
        "tpe",
        "--trials",
        "40",
        "--validate",
        "--register",
        "tpe.jsonl",
    ];
    let learned = sweep("learned", &learned);
    assert!(
        matches!(learned.status.code(), Some(0 | 6)),
        "{}",
        talk(&learned)
    );
    let text = fs::read(place.path("learned/validation.json")).unwrap();
    let verdict: Value = serde_json::from_slice(&text).unwrap();
    let text = fs::read(place.path("learned/sweep.json")).unwrap();
    let swept: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(verdict["chosen"]["values"], swept["best"]["values"]);
    assert_eq!(
        verdict["figures"]["sharpe"],
        swept["best"]["figures"]["sharpe"]
    );
    for out in ["judged", "learned"] {
        same_plateau(&place, out);
    }
    let alone = place.validate("learns", &["--method", "tpe"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(talk(&alone).contains("--validate"), "{}", talk(&alone));
    let part = sweep("part", &["--validate", "--shard", "1/2"]);
    assert_eq!(part.status.code(), Some(2), "{}", talk(&part));
    assert!(talk(&part).contains("merge the shards"));
}

#[test]
fn an_estimate_says_what_a_validation_keeps() {
    let place = Place::walks(7, 30, true);
    let sweep = |args: &[&str]| {
        let mut command = place.command("sweep");
        command.args([
            "--space",
            "space.toml",
            "--out",
            "swept",
            "--trades-min",
            "1",
        ]);
        command.args(["--method", "random", "--trials", "300"]);
        command.args(args).output().unwrap()
    };
    let plain = object(&sweep(&["--estimate", "--format", "json"]));
    assert!(plain["returns_bytes"].is_null() && plain["validation_bytes"].is_null());
    let told = object(&sweep(&["--estimate", "--validate", "--format", "json"]));
    assert!(!place.path("swept").exists() && !place.path("reports").exists());
    let bytes = |key: &str| told[key].as_f64().unwrap();
    assert!(
        (bytes("returns_bytes") - 300.0 * 30.0 * 8.0).abs() < 0.5,
        "{told}"
    );
    // What the validation itself finds that its runs take: the estimate doubles it, and adds names and points.
    let judged = object(&sweep(&["--validate", "--format", "json"]));
    let kept = judged["parts"]["overfitting"]["memory_bytes"]
        .as_f64()
        .unwrap();
    let runs = bytes("validation_bytes") - 300.0 * (400.0 + 24.0 + 3.0 * 16.0);
    assert!((runs / (2.0 * kept) - 1.0).abs() < 0.1, "{runs} {kept}");
    let text = talk(&sweep(&["--estimate", "--validate"]));
    for words in [
        "300 trials x 30 days x 8 bytes",
        "memory, validation",
        "the validation not counted",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // A method that learns keeps its history beside it.
    let learned = ["--method", "tpe", "--estimate", "--validate"];
    let mut command = place.command("sweep");
    command.args(["--space", "space.toml", "--trials", "300"]);
    let text = talk(&command.args(learned).output().unwrap());
    assert!(
        text.contains("memory, history") && text.contains("memory, daily returns"),
        "{text}"
    );
    say(&format!(
        "validate: an estimate of {told}; its runs took {kept} bytes\n{text}"
    ));
}

#[test]
fn bad_input_is_told_or_null_with_a_reason() {
    let place = Place::walks(5, 12, true);
    let refused = |args: &[&str], code: i32, words: &str| {
        let output = place.validate("refused", args);
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(
            said.contains(words) && !said.contains("internal error"),
            "{args:?}: {said}"
        );
    };
    refused(
        &["--set", "validate.gates=[\"dsrr >= 1\"]"],
        2,
        "did you mean 'dsr'?",
    );
    refused(&["--set", "validate.gates=[3]"], 2, "a list of texts");
    refused(&["--set", "validate.pbo_blocks=15"], 2, "an even number");
    refused(
        &["--set", "validate.cv_tested=6"],
        2,
        "cannot be tested at a time",
    );
    refused(
        &["--set", "validate.placebo=6"],
        2,
        "did you mean 'validate.placebos'?",
    );
    refused(
        &["--trades-min", "100000"],
        1,
        "there is nothing to validate",
    );
    refused(
        &["--set", "signals.window_s=1"],
        1,
        "there is nothing to validate",
    );
    refused(
        &["--register", "data"],
        1,
        "the register of trials cannot be",
    );
    // A place that cannot be a folder is known before the work.
    fs::write(place.path("taken"), "").unwrap();
    for out in ["taken", "taken/verdict"] {
        let output = place.validate(out, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
        assert!(
            talk(&output).contains("cannot be written"),
            "{}",
            talk(&output)
        );
    }
    fs::create_dir(place.path("foreign")).unwrap();
    fs::write(place.path("foreign/notes.txt"), "mine").unwrap();
    let foreign = place.validate("foreign", &[]);
    assert_eq!(foreign.status.code(), Some(1));
    assert!(
        talk(&foreign).contains("holds no verdict"),
        "{}",
        talk(&foreign)
    );
    // Too few days for the folds: no number, a reason, a failed gate, and everything else as usual.
    let long = [
        "--set",
        "validate.train_days=30",
        "--set",
        "validate.test_days=5",
    ];
    let output = place.validate("long", &long);
    let verdict = object(&output);
    assert_eq!(output.status.code(), Some(6));
    assert!(verdict["figures"]["wf_rolling_return"].is_null());
    let why = verdict["why_null"]["wf_rolling_return"].as_str().unwrap();
    assert!(why.contains("12 days are too few for 30"), "{why}");
    assert!(verdict["figures"]["psr"].is_number());
    // One point: nothing to compare it with.
    let one = "schema_version = 1\ntrades_min = 1\n[parameters]\n\"exits.stop_pct\" = [2]\n";
    fs::write(place.path("one.toml"), one).unwrap();
    let output = place.validate(
        "single",
        &["--space", "one.toml", "--register", "one.jsonl"],
    );
    assert_eq!(
        output.status.code(),
        Some(2),
        "--space twice: {}",
        talk(&output)
    );
    fs::write(place.path("space.toml"), one).unwrap();
    let verdict = object(&place.validate(
        "single",
        &["--register", "one.jsonl", "--set", "validate.pbo_blocks=4"],
    ));
    assert!(verdict["figures"]["pbo"].is_null() && verdict["figures"]["dsr"].is_number());
    assert!(
        verdict["why_null"]["pbo"]
            .as_str()
            .unwrap()
            .contains("fewer than two")
    );
    // A damaged register is told with its lines, and counts.
    let register = fs::read_to_string(place.path("one.jsonl")).unwrap();
    fs::write(
        place.path("one.jsonl"),
        format!("rubbish\n{register}{{\"half"),
    )
    .unwrap();
    let output = place.validate("damaged", &["--register", "one.jsonl"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot be read (1, 3)"), "{said}");
    assert_eq!(tried(&object(&output)), 3);
    say("validate: 15 kinds of bad input told");
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_written_is_known_before_the_work() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::walks(6, 12, true);
    let locked = place.path("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        say("SKIPPED: this user may write everywhere");
        return;
    }
    let output = place.validate("locked/verdict", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        talk(&output).contains("cannot be written"),
        "{}",
        talk(&output)
    );
}

#[test]
fn made_up_data_of_the_sample_kind_is_validated() {
    let home = tempfile::tempdir().unwrap();
    made_up(&home.path().join("data"), 5, 25);
    let space = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sweep.toml");
    fs::copy(space, home.path().join("space.toml")).unwrap();
    fs::write(home.path().join("short.toml"), SHORT).unwrap();
    let place = Place { home };
    let output = place.validate("verdict", &[]);
    let verdict = object(&output);
    assert!(
        matches!(output.status.code(), Some(0 | 6)),
        "{}",
        talk(&output)
    );
    let figures = verdict["figures"].as_object().unwrap();
    let known = figures.values().filter(|value| value.is_number()).count();
    let runs = verdict["parts"]["robustness"]["runs"].as_array().unwrap();
    say(&format!(
        "validate: {known} of {} figures known, {} conditions tried, synthetic {}",
        figures.len(),
        runs.len(),
        verdict["synthetic"]
    ));
    assert_eq!(figures.len(), 46);
    assert!(known > 35 && runs.len() >= 22, "{figures:?}");
    assert_eq!(verdict["synthetic"], true);
}
