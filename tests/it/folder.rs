//! Run folders as the built `sim` leaves them: the same bytes whatever the way, whole or not at all, nobody else's
//! files touched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, made_up, sim};

/// The files of a run folder.
const WANTED: [&str; 12] = [
    "config.toml",
    "equity.parquet",
    "fills.csv",
    "ledger.csv",
    "metrics.json",
    "png/drawdown.png",
    "png/equity.png",
    "report.html",
    "run.json",
    "signals.csv",
    "timing.json",
    "trades.csv",
];

/// A place with made-up inputs.
struct Place {
    home: TempDir,
}

impl Place {
    fn new(seed: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), seed, 12);
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `sim backtest` on the inputs, into a folder of that name.
    fn command(&self, out: &str) -> Command {
        backtest(&self.path("data"), &self.path(out))
    }

    fn run(&self, out: &str, args: &[&str]) -> BTreeMap<String, Vec<u8>> {
        json(self.command(out).args(args));
        let mut files = files(&self.path(out));
        assert!(files.remove("timing.json").is_some());
        files
    }
}

fn backtest(data: &Path, out: &Path) -> Command {
    let mut command = sim();
    command
        .arg("backtest")
        .arg("--signals")
        .arg(data.join("signals.csv"))
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out);
    command
}

fn run_id(files: &BTreeMap<String, Vec<u8>>) -> String {
    let run: Value = serde_json::from_slice(&files["run.json"]).unwrap();
    run["run_id"].as_str().unwrap().to_owned()
}

#[test]
fn run_folders_are_the_same_to_the_byte_whatever_the_way() {
    let place = Place::new(1);
    let first = place.run("first", &[]);
    let names: Vec<&str> = first.keys().map(String::as_str).collect();
    let wanted: Vec<&str> = WANTED
        .into_iter()
        .filter(|name| *name != "timing.json")
        .collect();
    assert_eq!(names, wanted, "exactly these files");
    let trades = csv::Reader::from_reader(first["trades.csv"].as_slice())
        .into_records()
        .count();
    assert!(trades > 20, "{trades} trades are too few to prove anything");
    let ways: [&[&str]; 7] = [
        &[],
        &["-j", "1"],
        &["-j", "2"],
        &["-j", "8"],
        &["--engine", "step"],
        &["--engine", "step", "-j", "8"],
        &["--engine", "skip", "-v", "--no-color"],
    ];
    for (index, way) in ways.iter().enumerate() {
        let other = place.run(&format!("way{index}"), way);
        same(&first, &other, &format!("{way:?}"));
    }
    // Copied inputs, another working folder, relative paths, another time zone and language.
    let copy = tempfile::tempdir().unwrap();
    let deep = copy.path().join("some/where else");
    for (name, bytes) in files(&place.path("data")) {
        let path = deep.join("prices").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let mut command = sim();
    command
        .current_dir(&deep)
        .env("TZ", "Asia/Shanghai")
        .env("LC_ALL", "de_DE.UTF-8")
        .args(["backtest", "--signals", "prices/signals.csv"])
        .args(["--data", "prices", "--out", "../run"]);
    json(&mut command);
    let mut other = files(&copy.path().join("some/run"));
    other.remove("timing.json");
    same(&first, &other, "copied inputs");
    // The same folder given twice, or in parts, is the same data.
    println!(
        "folders: {} ways gave the same {} files, {trades} trades",
        ways.len() + 2,
        names.len()
    );
}

fn same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, way: &str) {
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>(),
        "{way}"
    );
    for (name, bytes) in one {
        assert!(*bytes == other[name], "{way}: {name} differs");
    }
    assert_eq!(run_id(one), run_id(other));
}
