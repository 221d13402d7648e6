//! `sim compare`: the figures of the folders side by side, what differs, what became of the same signals, the page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{sim, table, talk};

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
            let ways: [(&str, &[&str]); 7] = [
                ("base", &[]),
                ("stop", &["--set", "exits.stop_pct=2"]),
                ("strict", &["--set", "signals.score_min=0.8"]),
                ("rich", &["--balance", "25000"]),
                ("short", &["--to", "2024-03-12"]),
                ("same", &["--engine", "step"]),
                ("<b>币安人生&amp;", &["--set", "daily.trades_max=1"]),
            ];
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
            for (name, way) in ways {
                let mut command = sim();
                command.args(["-q", "backtest", "--signals"]);
                command.arg(sample.join("signals.csv"));
                command.arg("--data").arg(&sample);
                command.arg("--out").arg(runs.path(name)).args(way);
                let output = command.output().unwrap();
                assert!(output.status.success(), "{}", talk(&output));
            }
            runs
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn json(&self, run: &str, file: &str) -> Value {
        let bytes = std::fs::read(self.path(run).join(file)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// `sim compare`, called where the runs are.
fn compare(runs: &[&str], args: &[&str]) -> Output {
    let mut command = sim();
    command.current_dir(Runs::get().home.path());
    command.arg("compare").args(runs).args(args);
    command.output().unwrap()
}

fn compared(runs: &[&str]) -> Value {
    let output = compare(runs, &["--format", "json"]);
    assert!(output.status.success(), "{}", talk(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn figure<'a>(object: &'a Value, list: &str, name: &str) -> &'a Value {
    let figures = object[list].as_array().unwrap().iter();
    let mut found = figures.filter(|figure| figure["name"] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("no {name} in {object:#}"))
}

#[test]
fn figures_are_those_of_the_folders() {
    let runs = Runs::get();
    let names = ["base", "stop", "strict"];
    let object = compared(&names);
    let mut met = 0;
    for (name, path) in [
        ("Total return", ["daily", "total_return"]),
        ("Max drawdown, bar ends", ["daily", "max_drawdown_intraday"]),
        ("Sharpe ratio", ["daily", "sharpe"]),
        ("Finished trades", ["trades", "n"]),
        ("Mean result in risks", ["trades", "expectancy_r"]),
        ("Funding", ["costs", "total_funding"]),
    ] {
        let values = figure(&object, "figures", name)["values"]
            .as_array()
            .unwrap();
        for (run, value) in names.iter().zip(values) {
            let own = &runs.json(run, "metrics.json")[path[0]][path[1]];
            assert_eq!(value.as_f64(), own.as_f64(), "{name} of {run}");
            met += 1;
        }
    }
    let net = figure(&object, "figures", "Net result")["values"]
        .as_array()
        .unwrap();
    for (run, value) in names.iter().zip(net) {
        let own = runs.json(run, "run.json")["net_usdt"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(value.as_f64(), own.parse().ok());
        met += 1;
    }
    let others = object["other_figures"].as_array().unwrap();
    for other in others {
        let values = other["values"].as_array().unwrap();
        assert!(values.iter().any(|value| *value != values[0]), "{other}");
    }
    let named: Vec<&str> = others
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(named.contains(&"breakdowns.exit[sl].net") && named.contains(&"costs.realized"));
    assert_eq!(
        object["causes"],
        json!([
            { "name": "signals.score_min", "values": ["0.6", "0.6", "0.8"] },
            { "name": "exits.stop_pct", "values": ["3", "2", "3"] },
        ])
    );
    println!(
        "compare: {met} figures held against their folders, {} others differ",
        others.len()
    );
    assert!(met >= 21 && others.len() > 50);
}

#[test]
fn signals_with_another_end_are_listed_and_counted() {
    let runs = Runs::get();
    let names = ["base", "strict"];
    let object = compared(&names);
    let rows = names.map(|run| table(&std::fs::read(runs.path(run).join("signals.csv")).unwrap()));
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (place, rows) in rows.iter().enumerate() {
        for row in rows {
            counts.entry(&row["verdict"]).or_default()[place] += 1;
        }
    }
    let listed = object["verdicts"].as_array().unwrap();
    assert_eq!(listed.len(), counts.len());
    for row in listed {
        let own = counts[row["name"].as_str().unwrap()];
        assert_eq!(row["counts"], json!(own));
    }
    let split = rows[0]
        .iter()
        .zip(&rows[1])
        .filter(|(one, other)| (one["verdict"] == "traded") != (other["verdict"] == "traded"));
    let split = split.count();
    let told = &object["traded_in_some"];
    assert_eq!(told["count"], json!(split));
    let first = told["first"].as_array().unwrap();
    assert_eq!(first.len(), split.min(20));
    for signal in first {
        let row = |rows: &Vec<BTreeMap<String, String>>| {
            let found = rows.iter().find(|row| signal["id"] == row["id"].as_str());
            found.unwrap()["verdict"].clone()
        };
        assert_eq!(signal["verdicts"], json!([row(&rows[0]), row(&rows[1])]));
    }
    println!(
        "compare: {} verdicts counted, {split} signals with another end",
        counts.len()
    );
    assert!(split > 20, "{split} is too few to be cut");
}

#[test]
fn other_starts_and_windows_are_said_and_shown_in_per_cent() {
    let object = compared(&["base", "rich"]);
    assert_eq!(object["amounts_of_start"], json!(true));
    let notes = object["notes"].to_string();
    assert!(notes.contains("different amounts of money"), "{notes}");
    let net = figure(&object, "figures", "Net result");
    assert_eq!(net["unit"], "fraction of start");
    let runs = Runs::get();
    let own = runs.json("rich", "run.json")["net_usdt"]
        .as_str()
        .unwrap()
        .parse::<f64>();
    let share = net["values"][1].as_f64().unwrap();
    assert!((share - own.unwrap() / 25_000.0).abs() < 1e-12);
    let text = talk(&compare(&["base", "rich"], &[]));
    assert!(text.contains("Net result, % of start"), "{text}");

    let object = compared(&["base", "short"]);
    assert!(object["notes"].to_string().contains("different periods"));
    assert!(object["causes"].to_string().contains("\"ends\""));
    let object = compared(&["base", "same"]);
    assert!(
        object["notes"]
            .to_string()
            .contains("A and B are the same run")
    );
    assert_eq!(
        (&object["causes"], &object["other_figures"]),
        (&json!([]), &json!([]))
    );
    println!("compare: starts, windows and equal runs are named");
}

#[test]
fn the_table_fits_a_terminal_with_few_and_with_many_runs() {
    let few = ["base", "stop", "strict"];
    let odd = "<b>币安人生&amp;";
    let many = ["base", "stop", "strict", "rich", "short", "same", odd];
    let mut met = 0;
    for runs in [&few[..2], &few, &many] {
        let output = compare(runs, &["--no-color"]);
        assert!(output.status.success(), "{}", talk(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines() {
            let wide = confluence::report::table::columns(line);
            assert!(wide <= 100, "{wide}: {line}");
            assert!(!line.contains('\u{1b}') && !line.contains("NaN"));
            met += 1;
        }
        assert!(text.contains("Net result") && text.contains("Sharpe ratio"));
        for letter in ["A", "B", "C", "D", "E", "F", "G"].iter().take(runs.len()) {
            assert!(text.contains(&format!("{letter} ")), "{letter}: {text}");
        }
    }
    println!("compare: {met} lines fit 100 columns");
}

#[test]
fn the_page_is_offline_escaped_and_in_both_languages() {
    let runs = ["base", "stop", "<b>币安人生&amp;"];
    let mut pages = Vec::new();
    for (lang, out) in [("en", "page-en"), ("zh", "page-zh")] {
        let output = compare(&runs, &["--out", out, "--lang", lang]);
        assert!(output.status.success(), "{}", talk(&output));
        let place = Runs::get().path(out);
        let page = std::fs::read_to_string(place.join("compare.html")).unwrap();
        let object = std::fs::read(place.join("compare.json")).unwrap();
        let object: Value = serde_json::from_slice(&object).unwrap();
        assert_eq!(object, compared(&runs), "the object is that of stdout");
        assert!(!page.contains("<b>币") && page.contains("&lt;b&gt;币安人生"));
        assert!(!page.contains("<script") && !page.contains("NaN"));
        let foreign = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!foreign.contains("http:") && !foreign.contains("https:"));
        for section in ["runs", "figures", "curves", "causes", "signals", "more"] {
            assert!(
                page.contains(&format!("<section id=\"{section}\">")),
                "{section}"
            );
        }
        assert_eq!(page.matches("<svg").count(), 4, "two charts in two widths");
        // The same again is the same bytes, in place of the older page.
        let again = compare(&runs, &["--out", out, "--lang", lang]);
        assert!(again.status.success(), "{}", talk(&again));
        let bytes = std::fs::read_to_string(place.join("compare.html")).unwrap();
        assert_eq!(bytes, page);
        pages.push(page);
    }
    assert!(pages[0].contains("Runs side by side") && pages[0].contains("<html lang=\"en\""));
    assert!(pages[1].contains("多次运行对比") && pages[1].contains("<html lang=\"zh"));
    assert!(!pages[1].contains("Key figures") && !pages[1].contains("Max drawdown"));
    println!(
        "compare: two pages of {} and {} bytes",
        pages[0].len(),
        pages[1].len()
    );
}

#[test]
fn a_page_never_replaces_what_is_not_ours() {
    let runs = Runs::get();
    let foreign = runs.path("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("thesis.txt"), "years of work").unwrap();
    let output = compare(&["base", "stop"], &["--out", "foreign"]);
    assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
    assert!(output.stdout.is_empty());
    // A run is none either.
    let before = std::fs::read(runs.path("short/run.json")).unwrap();
    let text = talk(&compare(&["base", "stop"], &["--out", "short"]));
    assert!(text.contains("holds no comparison of sim"), "{text}");
    assert_eq!(std::fs::read(runs.path("short/run.json")).unwrap(), before);
    // A comparison with something else in it stays as well.
    assert!(
        compare(&["base", "stop"], &["--out", "ours"])
            .status
            .success()
    );
    std::fs::write(runs.path("ours/notes.txt"), "mine").unwrap();
    let text = talk(&compare(&["base", "stop"], &["--out", "ours"]));
    assert!(
        text.contains("comparison of sim and also 'notes.txt'"),
        "{text}"
    );
    assert!(foreign.join("thesis.txt").is_file() && runs.path("ours/notes.txt").is_file());
    println!("compare: 3 folders left alone");
}

#[test]
fn wrong_lists_of_runs_are_refused() {
    let runs = Runs::get();
    let broken = runs.path("broken");
    std::fs::create_dir(&broken).unwrap();
    for file in [
        "run.json",
        "metrics.json",
        "config.toml",
        "signals.csv",
        "equity.parquet",
    ] {
        std::fs::copy(runs.path("base").join(file), broken.join(file)).unwrap();
    }
    let curve = std::fs::read(broken.join("equity.parquet")).unwrap();
    let mut changed = curve.clone();
    changed[curve.len() / 2] ^= 1;
    std::fs::write(broken.join("equity.parquet"), &changed).unwrap();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["base"], 2, "2 values required"),
        (&["base", "base"], 2, "base is named twice"),
        (&["base", "stop", "./base/"], 2, "are the same folder"),
        (&["base", "nothing"], 1, "no such folder"),
        (&["base", "."], 1, "has no run.json"),
        (&["base", "broken"], 1, "equity.parquet"),
    ];
    for (names, code, words) in cases {
        let output = compare(names, &["--out", "never"]);
        let text = talk(&output);
        assert_eq!(output.status.code(), Some(code), "{names:?}: {text}");
        assert!(text.contains(words), "{names:?}: {text}");
        assert!(output.stdout.is_empty() && !runs.path("never").exists());
    }
    std::fs::write(broken.join("equity.parquet"), &curve).unwrap();
    std::fs::write(broken.join("signals.csv"), "id,verdict\n1,traded\n").unwrap();
    let text = talk(&compare(&["base", "broken"], &[]));
    assert!(
        text.contains("signals.csv: line 1: has no column 'type'"),
        "{text}"
    );
    assert!(text.contains("hint: "), "{text}");
    println!("compare: {} wrong lists refused", cases.len() + 1);
}
