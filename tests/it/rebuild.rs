//! `sim report`: the same page and pictures from the folder alone; what the page holds is what the files of the run say; a
//! folder that cannot be read is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::binary::{files, json, run_sample, say, sim, talk};

fn report(folder: &Path, more: &[&str]) -> Output {
    sim().arg("report").arg(folder).args(more).output().unwrap()
}

/// The data of a page by its name.
fn embedded(page: &str, id: &str) -> Value {
    let begin = format!("<script type=\"application/json\" id=\"{id}\">");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {id}"));
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str(data).unwrap()
}

fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_report_made_again_has_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    run_sample(&folder, &[]);
    let first = files(&folder);
    let output = report(&folder, &[]);
    assert!(output.status.success(), "{}", talk(&output));
    assert!(files(&folder) == first, "other bytes");
    // Another look, and back.
    let pictures = home.path().join("pictures");
    let more = ["--lang", "zh", "--assets", "shared", "--png"];
    let more = [&more[..], &[pictures.to_str().unwrap()]].concat();
    let told = json(sim().arg("report").arg(&folder).args(&more));
    let zh = files(&folder);
    let changed: Vec<&String> = zh
        .keys()
        .filter(|name| first.get(*name) != zh.get(*name))
        .collect();
    let is_report = |name: &&&String| {
        name.contains('/') || ["report.html", "plotly.min.js"].contains(&name.as_str())
    };
    assert!(changed.iter().all(|name| is_report(&name)), "{changed:?}");
    assert!(zh["report.html"].len() < 1_000_000 && zh["plotly.min.js"].len() > 4_000_000);
    assert_eq!(
        files(&pictures).len(),
        zh.keys().filter(|name| name.starts_with("png/")).count()
    );
    let names = told["files"].as_array().unwrap();
    assert!(names.len() > 40 && names.iter().any(|name| name == "report.html"));
    let again = report(&folder, &[]);
    assert!(again.status.success());
    let mut last = files(&folder);
    last.remove("plotly.min.js");
    assert!(last == first, "other bytes after another look");
    say(&format!(
        "report: {} files, {} of another look",
        first.len(),
        changed.len()
    ));
}

#[test]
fn the_page_holds_the_numbers_of_the_files() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    run_sample(&folder, &["--set", "exits.trailing.enabled=true"]);
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    let metrics: Value =
        serde_json::from_slice(&fs::read(folder.join("metrics.json")).unwrap()).unwrap();
    let (trades, ledger) = (
        table(&folder.join("trades.csv")),
        table(&folder.join("ledger.csv")),
    );
    let book = embedded(&page, "data-trades");
    let columns: Vec<&str> = book["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let rows = book["rows"].as_array().unwrap();
    assert_eq!(
        (rows.len(), rows.len()),
        (trades.len(), book["ways"].as_array().unwrap().len())
    );
    let mut met = 0;
    for (row, trade) in rows.iter().zip(&trades) {
        assert_eq!(row[place("symbol")], trade["symbol"]);
        for (ours, theirs) in [
            ("net", "net_usdt"),
            ("fees", "fees_usdt"),
            ("funding", "funding_usdt"),
            ("slippage", "slippage_usdt"),
            ("qty", "qty"),
            ("entry_price", "entry_price_avg"),
            ("exit_price", "exit_price_avg"),
        ] {
            let expected: f64 = trade[theirs].parse().unwrap();
            let found = row[place(ours)].as_f64().unwrap();
            assert!(
                (found - expected).abs() <= 1e-8 * expected.abs().max(1.0),
                "{ours}: {found} {expected}"
            );
            met += 1;
        }
    }
    // All that was booked but deposits is what the trades made.
    let booked: f64 = ledger
        .iter()
        .filter(|entry| entry["kind"] != "deposit")
        .map(|entry| entry["amount_usdt"].parse::<f64>().unwrap())
        .sum();
    let net: f64 = rows
        .iter()
        .map(|row| row[place("net")].as_f64().unwrap())
        .sum();
    assert!((booked - net).abs() < 1e-6, "{booked} {net}");
    let values = |chart: &str, trace: usize| -> Vec<f64> {
        let data = embedded(&page, &format!("data-{chart}"));
        let found = data["data"][trace]["y"].as_array().unwrap().iter();
        found.filter_map(Value::as_f64).collect()
    };
    let equity = embedded(&page, "data-equity");
    let traces = equity["data"].as_array().unwrap();
    let of_axis = |axis: &str| {
        let own = |trace: &&Value| {
            trace["yaxis"].as_str().unwrap_or("y") == axis && trace["mode"] == "lines"
        };
        let found = traces.iter().rposition(|trace| own(&trace)).unwrap();
        values("equity", found)
    };
    let last = *of_axis("y").last().unwrap();
    let expected = metrics["final_equity"].as_f64().unwrap();
    assert!(
        (last - expected).abs() < 1e-5 * expected,
        "{last} {expected}"
    );
    // The figure is of bar ends, the last point of the chart is what is left after them.
    let mut drawdown = of_axis("y2");
    drawdown.pop();
    let deepest = drawdown.into_iter().fold(0.0, f64::min);
    let expected = metrics["daily"]["max_drawdown_intraday"].as_f64().unwrap() * 100.0;
    assert!((deepest - expected).abs() < 1e-4, "{deepest} {expected}");
    say(&format!(
        "page: {met} numbers of {} trades, {} ledger entries",
        rows.len(),
        ledger.len()
    ));
    assert!(met > 100);
}

#[test]
fn folders_that_cannot_be_read_are_told_and_left_as_they_were() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    run_sample(&good, &[]);
    let broken = |name: &str, spoil: &dyn Fn(&Path)| {
        let folder = home.path().join(name);
        fs::create_dir(&folder).unwrap();
        for file in ["run.json", "metrics.json", "report.msgpack", "report.html"] {
            fs::copy(good.join(file), folder.join(file)).unwrap();
        }
        spoil(&folder);
        folder
    };
    let data = "report.msgpack";
    let cut = |folder: &Path| {
        let bytes = fs::read(folder.join(data)).unwrap();
        fs::write(folder.join(data), &bytes[..bytes.len() / 2]).unwrap();
    };
    let newer = |folder: &Path| {
        let text = fs::read_to_string(folder.join("run.json")).unwrap();
        let text = text.replace("\"schema_version\": 1", "\"schema_version\": 99");
        fs::write(folder.join("run.json"), text).unwrap();
    };
    let newer_data = |folder: &Path| {
        let mut bytes = fs::read(folder.join(data)).unwrap();
        bytes[6] = 7;
        fs::write(folder.join(data), bytes).unwrap();
    };
    let other = |folder: &Path| {
        let text = fs::read_to_string(folder.join("run.json")).unwrap();
        let text = text.replace("\"run_id\": \"", "\"run_id\": \"0");
        fs::write(folder.join("run.json"), text).unwrap();
    };
    let gone = |folder: &Path| fs::remove_file(folder.join(data)).unwrap();
    let foreign = |folder: &Path| fs::write(folder.join(data), "hello").unwrap();
    let none = |folder: &Path| fs::remove_file(folder.join("run.json")).unwrap();
    type Case<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);
    let cases: [Case<'_>; 7] = [
        ("cut", &cut, "checksum"),
        ("newer", &newer, "schema 99"),
        ("newer data", &newer_data, "version 7"),
        ("other", &other, "run.json names 0"),
        ("gone", &gone, "missing"),
        ("foreign", &foreign, "not the data of a report"),
        ("none", &none, "no run of sim"),
    ];
    let mut met = 0;
    for (name, spoil, wanted) in cases {
        let folder = broken(name, spoil);
        let before = files(&folder);
        let output = report(&folder, &[]);
        let told = talk(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {told}");
        assert!(
            told.contains(wanted) && told.contains("hint:"),
            "{name}: {told}"
        );
        assert!(
            !told.contains("panicked") && output.stdout.is_empty(),
            "{name}: {told}"
        );
        assert!(files(&folder) == before, "{name}");
        met += 1;
    }
    let output = report(&home.path().join("nowhere"), &[]);
    assert!(talk(&output).contains("no such folder"));
    // A place for pictures that is a file.
    let file = home.path().join("file");
    fs::write(&file, "mine").unwrap();
    let output = report(&good, &["--png", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        talk(&output).contains("cannot be written"),
        "{}",
        talk(&output)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    // Somebody else's picture, and the run folder itself.
    let theirs = home.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("costs.png"), "mine").unwrap();
    let output = report(&good, &["--png", theirs.to_str().unwrap()]);
    assert!(
        talk(&output).contains("was not made by sim"),
        "{}",
        talk(&output)
    );
    assert_eq!(files(&theirs).len(), 1);
    let output = report(&good, &["--png", good.to_str().unwrap()]);
    assert!(talk(&output).contains("holds a run"), "{}", talk(&output));
    // One file that cannot be written: all others are as they were.
    let before = files(&good);
    fs::remove_file(good.join("svg/equity.svg")).unwrap();
    fs::create_dir(good.join("svg/equity.svg")).unwrap();
    let output = report(&good, &["--lang", "zh"]);
    assert_eq!(output.status.code(), Some(1), "{}", talk(&output));
    let mut left = before.clone();
    left.remove("svg/equity.svg");
    assert!(files(&good) == left, "some files are new");
    fs::remove_dir(good.join("svg/equity.svg")).unwrap();
    // What a killed one leaves does not lock the folder.
    fs::write(good.join(".report-abc"), "half").unwrap();
    run_sample(&good, &[]);
    assert!(files(&good).keys().eq(before.keys()), "whole again");
    say(&format!("report: {met} folders refused"));
}
