//! A run of a sweep's best configuration shows its neighbours, as the built `sim` leaves it; whatever lies beside the
//! configuration, the run itself is the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use confluence::report::html::sensitivity::sensitivity;
use confluence::report::input::RunReport;
use confluence::report::origin::{Difference, Origin};
use confluence::report::panels;
use confluence::report::saved;
use confluence::report::words::Lang;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, made_up, say, sim, table, talk};

const SPACE: &str = r#"
schema_version = 1
objective = "win_rate"
trades_min = 1
where = ["tp1 < tp2"]

[parameters]
"exits.stop_pct" = { from = 1, to = 4, step = 0.5 }
"exits.targets[1].distance_pct" = { from = 2, to = 8, step = 2, name = "tp1" }
"exits.targets[2].distance_pct" = { values = [6, 7, 9], name = "tp2" }
"exits.trailing.enabled" = [false, true]
"#;
const NAMES: [&str; 4] = ["exits.stop_pct", "tp1", "tp2", "exits.trailing.enabled"];

struct Place {
    home: TempDir,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        made_up(&home.path().join("data"), 41, 8);
        let place = Self { home };
        fs::write(place.path("space.toml"), SPACE).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn sweep(&self, out: &str, args: &[&str]) -> Value {
        let mut command = sim();
        command.current_dir(self.home.path()).arg("sweep");
        command.args(["--signals", "data/signals.csv", "--data", "data"]);
        command.args(["--space", "space.toml", "--out", out]);
        json(command.args(args))
    }

    fn run(&self, out: &str, config: &str, args: &[&str]) -> Output {
        let mut command = sim();
        command.current_dir(self.home.path()).arg("backtest");
        command.args(["--signals", "data/signals.csv", "--data", "data"]);
        command.args(["-c", config, "--out", out]).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", talk(&output));
        output
    }

    fn report(&self, out: &str) -> RunReport {
        let bytes = fs::read(self.path(&format!("{out}/report.msgpack"))).unwrap();
        saved::from_bytes(&bytes).unwrap()
    }

    fn origin(&self, out: &str) -> Option<Origin> {
        self.report(out).record.origin
    }
}

/// Trials that have all parameters but one as the best has them: objective by value.
fn slice(
    rows: &[BTreeMap<String, String>],
    best: &BTreeMap<String, String>,
    name: &str,
) -> BTreeMap<String, Option<f64>> {
    let others = |row: &&BTreeMap<String, String>| {
        let mut others = NAMES.iter().filter(|own| **own != name);
        others.all(|own| row[*own] == best[*own])
    };
    let values = rows.iter().filter(others);
    values
        .map(|row| (row[name].clone(), row["objective"].parse().ok()))
        .collect()
}

#[test]
fn the_best_of_a_sweep_shows_its_neighbours() {
    let place = Place::new();
    let told = place.sweep("swept", &[]);
    place.run("best", "swept/best.toml", &[]);
    let run = place.report("best");
    let origin = run.record.origin.clone().unwrap();
    let rows = table(&fs::read(place.path("swept/results.csv")).unwrap());
    let best = usize::try_from(told["best"]["trial"].as_u64().unwrap()).unwrap();
    assert_eq!((origin.rank, origin.differs.len()), (Some(1), 0));
    assert_eq!(origin.trial, best as u64);
    assert_eq!(origin.trials, told["trials"]);
    assert_eq!(origin.value, told["best"]["objective"].as_f64());
    assert_eq!(origin.plateau.score, told["plateau"]["score"].as_f64());
    let mut compared = 0;
    for (swept, name) in origin.parameters.as_ref().unwrap().iter().zip(NAMES) {
        assert_eq!((swept.name.as_str(), swept.medians), (name, false));
        let wanted = slice(&rows, &rows[best], name);
        for tried in &swept.tried {
            // The same number, read from two notations.
            let close = match (tried.value, wanted[&tried.label]) {
                (Some(own), Some(other)) => (own - other).abs() <= 1e-12,
                (own, other) => own.is_none() && other.is_none(),
            };
            assert!(close, "{name} {}", tried.label);
            assert_eq!(tried.best, tried.label == rows[best][name]);
            compared += 1;
        }
        let all = swept.tried.len() == wanted.len();
        assert!(all || swept.tried.len() > 6, "{name}");
    }
    assert!(compared > 10, "{compared}");
    // The chart holds them all, and the section says the same in both languages.
    let own = format!("{:.2} %", origin.value.unwrap() * 100.0);
    for lang in [Lang::En, Lang::Zh] {
        let charts = panels::all(&run, lang);
        let chart = charts.iter().find(|chart| chart.id == "sensitivity");
        let text = format!("{:?}", chart.unwrap());
        assert_eq!(text.matches("Bar {").count(), compared);
        let html = sensitivity(&run, lang);
        assert!(html.contains("<section id=\"sensitivity\">"), "{html}");
        assert!(
            html.contains(&own) && html.contains(&origin.sweep),
            "{html}"
        );
        assert!(!html.contains("banner") && !html.contains("NaN"), "{html}");
        for name in NAMES {
            assert!(html.contains(name) && text.contains(name), "{name}");
        }
    }
    say(&format!(
        "sensitivity: {compared} values of {} parameters are those of the trials",
        NAMES.len()
    ));
}

#[test]
fn a_run_that_is_not_the_best_says_so() {
    let place = Place::new();
    let told = place.sweep("swept", &[]);
    let ranked = told["ranked"].as_array().unwrap();
    let stop = |row: &Value| row["values"]["exits.stop_pct"].as_str().unwrap().to_owned();
    let best = stop(&told["best"]);
    // Another point of the ranking, reached by hand.
    let values = &told["best"]["values"];
    let near = ranked.iter().position(|row| {
        let same = NAMES[1..]
            .iter()
            .all(|name| row["values"][*name] == values[*name]);
        same && row["event_log_blake3"] != told["best"]["event_log_blake3"]
    });
    let near = near.expect("a trial of the ranking with another stop");
    let other = stop(&ranked[near]);
    let set = format!("exits.stop_pct={other}");
    place.run("near", "swept/best.toml", &["--set", &set]);
    let origin = place.origin("near").unwrap();
    let changed = Difference::Setting("exits.stop_pct".to_owned(), best, other);
    assert_eq!(origin.differs, [changed]);
    let same_log = |row: &&Value| row["event_log_blake3"] == ranked[near]["event_log_blake3"];
    let first = ranked.iter().position(|row| same_log(&row)).unwrap();
    assert_eq!(origin.rank, Some(first as u64 + 1));
    // Somewhere else altogether.
    place.run(
        "far",
        "swept/best.toml",
        &["--set", "exits.stop_pct=0.7", "--to", "2025-03-05"],
    );
    let run = place.report("far");
    let origin = run.record.origin.clone().unwrap();
    assert_eq!(origin.rank, None);
    assert!(origin.differs.len() >= 2, "{:?}", origin.differs);
    for (lang, words) in [(Lang::En, "Not the run that"), (Lang::Zh, "并非")] {
        let html = sensitivity(&run, lang);
        assert!(
            html.contains(words) && html.contains("exits.stop_pct"),
            "{html}"
        );
    }
    say(&format!(
        "sensitivity: one setting changed is rank {}, {} differences further off",
        first + 1,
        origin.differs.len()
    ));
}

#[test]
fn whatever_lies_beside_the_configuration_the_run_is_the_same() {
    let place = Place::new();
    place.sweep("swept", &[]);
    place.run("best", "swept/best.toml", &[]);
    let wanted = files(&place.path("best"));
    let summary = fs::read_to_string(place.path("swept/sweep.json")).unwrap();
    let older = {
        let mut object: Value = serde_json::from_str(&summary).unwrap();
        object
            .as_object_mut()
            .unwrap()
            .remove("sensitivity")
            .unwrap();
        object.to_string()
    };
    let newer = summary.replacen("\"schema_version\": 1", "\"schema_version\": 9", 1);
    let cut = summary[..summary.len() / 2].to_owned();
    let hollow = "{\"kind\": \"confluence sweep\", \"schema_version\": 1}".to_owned();
    let cases: [(&str, Option<String>, &str); 6] = [
        ("alone", None, ""),
        ("cut", Some(cut), "is damaged"),
        (
            "foreign",
            Some("{\"kind\": \"a recipe\"}".to_owned()),
            "is no summary of a sweep",
        ),
        ("newer", Some(newer), "is of version 9"),
        ("hollow", Some(hollow), "'ranked' is missing"),
        ("older", Some(older), ""),
    ];
    for (name, beside, words) in &cases {
        fs::create_dir(place.path(name)).unwrap();
        let best = format!("{name}/best.toml");
        fs::copy(place.path("swept/best.toml"), place.path(&best)).unwrap();
        if let Some(text) = beside {
            fs::write(place.path(&format!("{name}/sweep.json")), text).unwrap();
        }
        let out = format!("{name}-run");
        let said = talk(&place.run(&out, &best, &[]));
        assert!(said.contains(words), "{name}: {said}");
        assert_eq!(said.contains("no sensitivity"), !words.is_empty(), "{said}");
        let origin = place.origin(&out);
        assert_eq!(origin.is_some(), *name == "older", "{name}");
        if origin.is_some() {
            let html = sensitivity(&place.report(&out), Lang::En);
            assert!(html.contains("did not write down"), "{html}");
        }
        let left = files(&place.path(&out));
        let mut compared = 0;
        for (file, bytes) in &left {
            let may = ["report.msgpack", "report.html", "timing.json"];
            // Pictures and page show where it comes from.
            if !may.contains(&file.as_str()) && !file.starts_with("png/") {
                assert!(bytes == &wanted[file], "{name}: {file}");
                compared += 1;
            }
        }
        assert!(compared > 6, "{compared}");
    }
    say(&format!(
        "sensitivity: {} neighbours of a configuration",
        cases.len()
    ));
}

#[test]
fn points_without_a_grid_show_medians() {
    let place = Place::new();
    let real = "schema_version = 1\nobjective = \"min:max_drawdown\"\ntrades_min = 1\n[parameters]\n\"exits.stop_pct\" = { from = 1, to = 5, kind = \"real\" }\n\"signals.window_s\" = { from = 60, to = 400, kind = \"log\" }\n";
    fs::write(place.path("space.toml"), real).unwrap();
    place.sweep("swept", &["--method", "random", "--trials", "200"]);
    place.run("best", "swept/best.toml", &[]);
    let run = place.report("best");
    let origin = run.record.origin.clone().unwrap();
    let parameters = origin.parameters.as_ref().unwrap();
    assert!(origin.less && origin.rank == Some(1));
    assert!(origin.value.unwrap() >= 0.0, "a fall is judged by its size");
    let mut values = 0;
    for swept in parameters {
        assert!(swept.medians && swept.tried.iter().filter(|tried| tried.best).count() == 1);
        values += swept.tried.len();
    }
    let html = sensitivity(&run, Lang::En);
    assert!(html.contains("median of all trials") && html.contains("No plateau score"));
    assert!(values > 6, "{values}");
    say(&format!("sensitivity: {values} medians of random points"));
}
