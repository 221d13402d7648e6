//! The page of a run in a browser: every chart is drawn with the run's data, trades sort, filter and open with their bars,
//! nothing is asked for from anywhere, nothing is complained of. Needs Chromium; .ci/run installs it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use confluence::report::files::Look;
use confluence::report::html;
use confluence::report::html::scripts::Assets;
use confluence::report::panels::{self, IDS};
use confluence::report::words::Lang;
use serde_json::{Value, json};

use crate::binary::{run_sample, say};
use crate::chromium::{browser, look};
use crate::report::odd_runs;

const HARNESS: &str = include_str!("page.html");

/// Rows of a file by the names of its columns.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(found: &Value, path: &str) -> f64 {
    found
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or(f64::NAN)
}

#[test]
fn charts_are_drawn_and_trades_open_in_a_browser() {
    let Some(browser) = browser() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let trailing = ["--set", "exits.trailing.enabled=true"];
    run_sample(&home.path().join("run"), &trailing);
    let shared = [&trailing[..], &["--assets", "shared", "--lang", "zh"]].concat();
    run_sample(&home.path().join("shared"), &shared);
    let trades = table(&home.path().join("run/trades.csv"));
    let mut charts = 0;
    for (page, width) in [
        ("run/report.html", 1_280),
        ("run/report.html", 390),
        ("shared/report.html", 1_280),
    ] {
        let (found, complaints) = look(browser, home.path(), (HARNESS, page, width));
        let name = format!("{page} at {width}: {found}");
        assert_eq!(complaints, Vec::<String>::new(), "{name}");
        assert_eq!(found["errors"], Value::Array(Vec::new()), "{name}");
        assert_eq!(found["text"], Value::Null, "{name}");
        assert!(number(&found, "/needs") <= f64::from(width), "{name}");
        // Only the script beside the page, and only where it was asked for.
        for asked in found["asked"].as_array().unwrap() {
            let known = asked.as_str().unwrap().ends_with("/shared/plotly.min.js");
            assert!(known && page.starts_with("shared"), "{name}");
        }
        let drawn = found["charts"].as_object().unwrap();
        for id in IDS.into_iter().filter(|id| *id != "sensitivity") {
            let chart = drawn.get(id).unwrap_or_else(|| panic!("no {id}: {name}"));
            assert_eq!(chart["drawn"], true, "{id}: {name}");
            assert!(number(chart, "/points") > 0.0, "{id}: {name}");
            assert!(number(chart, "/height") > 100.0, "{id}: {name}");
            charts += 1;
        }
        assert_eq!(found["still"], 0, "still pictures are hidden: {name}");
        assert_eq!(found["trades"], trades.len().to_string(), "{name}");
        opened(&found, &trades);
        say(&format!("page: {name}"));
    }
    say(&format!(
        "page: {charts} charts drawn, {} trades",
        trades.len()
    ));
    assert!(charts > 50);
}

/// The table sorts by net, and the first row opens with its bars, fills and levels.
fn opened(found: &Value, trades: &[BTreeMap<String, String>]) {
    let shown: Vec<f64> = found["sorted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            let text = cell.as_str().unwrap().replace('\u{2212}', "-");
            text.replace(['+', ','], "").parse().unwrap()
        })
        .collect();
    let mut nets: Vec<f64> = trades
        .iter()
        .map(|row| row["net_usdt"].parse().unwrap())
        .collect();
    nets.sort_by(|left, right| right.total_cmp(left));
    assert_eq!(shown.len(), nets.len().min(50));
    for (shown, net) in shown.iter().zip(&nets) {
        assert!((shown - net).abs() < 0.005 + 1e-9, "{shown} {net}");
    }
    assert_eq!(found["none"], 0);
    let bars = number(found, "/opened/bars");
    assert!((10.0..=240.0).contains(&bars), "{found}");
    assert!(
        (number(found, "/opened/candles") - bars).abs() < 0.5,
        "{found}"
    );
    assert_eq!(found["opened"]["drawn"], true, "{found}");
    // Candles, stop, entry and exits at least.
    assert!(
        found["opened"]["kinds"].as_array().unwrap().len() >= 4,
        "{found}"
    );
    assert_eq!(found["opened"]["kinds"][0], "candlestick", "{found}");
}

#[test]
fn without_scripts_the_still_pictures_and_the_first_trades_are_read() {
    let home = tempfile::tempdir().unwrap();
    run_sample(&home.path().join("run"), &["--assets", "shared"]);
    let page = fs::read_to_string(home.path().join("run/report.html")).unwrap();
    let still = page.matches("<div class=\"static\"><svg ").count();
    let (_, table) = page.split_once("<noscript>\n<div").unwrap();
    let (table, _) = table.split_once("</noscript>").unwrap();
    let rows = table.matches("<tr>").count();
    say(&format!(
        "page: {still} still pictures, {rows} rows without scripts"
    ));
    assert!(still >= IDS.len() - 1 && rows > 20);
    assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn pages_of_odd_runs_open_without_a_complaint() {
    let Some(browser) = browser() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let mut charts = 0;
    for (number, (name, run)) in odd_runs().into_iter().enumerate() {
        let look_of = Look {
            lang: Lang::En,
            assets: Assets::Embed,
        };
        let page = html::page(&run, &panels::all(&run, Lang::En), look_of).unwrap();
        let file = format!("{number}.html");
        fs::write(home.path().join(&file), page).unwrap();
        let (found, complaints) = look(browser, home.path(), (HARNESS, &file, 1_280));
        let told = format!("{name}: {found}");
        assert_eq!(complaints, Vec::<String>::new(), "{told}");
        assert_eq!(found["errors"], Value::Array(Vec::new()), "{told}");
        assert_eq!(
            (&found["text"], &found["asked"]),
            (&Value::Null, &json!([])),
            "{told}"
        );
        let drawn = found["charts"].as_object().unwrap();
        assert!(drawn.values().all(|chart| chart["drawn"] == true), "{told}");
        charts += drawn.len();
    }
    say(&format!("page: {charts} charts of odd runs drawn"));
    assert!(charts > 80);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test waits for a browser")]
fn a_page_is_drawn_by_the_real_clock() {
    let Some(browser) = browser() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    run_sample(&home.path().join("run"), &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let text = HARNESS
        .replace("PAGE", "run/report.html")
        .replace("WIDTH", "1280")
        .replace("LISTENER", &address);
    let harness = home.path().join("harness.html");
    fs::write(&harness, text).unwrap();
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args([
            "--allow-file-access-from-files",
            "--remote-debugging-port=0",
        ])
        .arg(format!(
            "--user-data-dir={}",
            home.path().join("profile").display()
        ))
        .arg(format!("file://{}", harness.display()))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let (mut stream, _) = listener.accept().ok()?;
        stream.set_nonblocking(false).unwrap();
        let mut bytes = [0; 256];
        let count = stream.read(&mut bytes).unwrap();
        Some(String::from_utf8_lossy(&bytes[..count]).into_owned())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // `GET /1610/19 HTTP/1.1`
    let told = told.expect("the page is drawn within a minute");
    let parts: Vec<&str> = told.split(['/', ' ']).collect();
    let [taken, plots] = [2, 3].map(|part| parts[part].parse::<u32>().unwrap());
    say(&format!(
        "page: {plots} charts {taken} ms after it was opened"
    ));
    assert!(plots >= 15 && taken > 0);
}
