//! The report of made-up runs: offline, escaped, well formed, clear in every odd case, the same bytes each time, fast.

use confluence::report::chart::spec::{Chart, Mark};
use confluence::report::files::Look;
use confluence::report::html::scripts::{Assets, source};
use confluence::report::input::RunReport;
use confluence::report::words::Lang;
use confluence::report::words::units::plain;
use confluence::report::{files, html, panels, saved, table};
use serde_json::Value;

use crate::made_up::{self, Shape};

const HOSTILE: &str =
    "</title><script>alert(\"x\")</script>'币安人生\u{202e}<img src=x onerror=y>&amp;";

fn shape(trades: usize, minutes: i64, ruined: bool) -> Shape {
    Shape {
        seed: 5,
        trades,
        minutes,
        ruined,
    }
}

/// Odd runs and their names.
pub(crate) fn odd_runs() -> Vec<(&'static str, RunReport)> {
    let mut hostile = made_up::usual();
    hostile.title = HOSTILE.to_owned();
    hostile.run_id = HOSTILE.to_owned();
    hostile.warnings.push(plain(HOSTILE));
    hostile.reproduce.command = HOSTILE.to_owned();
    for trade in &mut hostile.trades {
        trade.symbol = HOSTILE.to_owned();
        trade.exits[0].0 = HOSTILE.to_owned();
    }
    for verdict in &mut hostile.signals.verdicts {
        verdict.id = HOSTILE.to_owned();
        verdict.verdict = HOSTILE.to_owned();
        verdict.kind = plain(HOSTILE);
        verdict.no_price = Some(HOSTILE.to_owned());
    }
    for note in &mut hostile.data_notes {
        note.text = plain(HOSTILE);
    }
    hostile.refusals[0].reason = HOSTILE.to_owned();
    hostile.signals.funnel[0].name = plain(HOSTILE);
    hostile.signals.funnel[1].lost[0].reason = HOSTILE.to_owned();
    for row in &mut hostile.metrics.breakdowns.symbol {
        row.key = HOSTILE.to_owned();
    }
    let mut bare = made_up::run(shape(0, 1440, false));
    bare.bars = Default::default();
    bare.benchmarks.clear();
    bare.metrics.benchmarks.clear();
    bare.metrics.envelope = None;
    bare.metrics.cost_table = None;
    bare.signals = Default::default();
    bare.data_notes.clear();
    bare.assumptions.clear();
    let mut short = made_up::run(shape(3, 3000, false));
    for trade in &mut short.trades {
        (trade.risk, trade.qty, trade.mae, trade.direction) = (None, None, None, None);
    }
    vec![
        ("usual", made_up::usual()),
        ("hostile texts", hostile),
        ("no trades", made_up::run(shape(0, 3 * 1440, false))),
        ("nothing known", bare),
        ("one trade", made_up::run(shape(1, 1440, false))),
        ("one minute", made_up::run(shape(0, 1, false))),
        ("one minute, one trade", made_up::run(shape(1, 1, false))),
        ("ruined", made_up::run(shape(40, 20 * 1440, true))),
        ("ten years", made_up::run(shape(300, 3_650 * 1440, false))),
        ("unknown risks", short),
    ]
}

/// The page of a run, the script of its charts beside it, and what of it is no script.
pub(crate) fn page(run: &RunReport, lang: Lang) -> String {
    let look = Look {
        lang,
        assets: Assets::Shared,
    };
    let whole = html::page(run, &panels::all(run, lang), look).expect("a page");
    without_scripts(&whole)
}

/// What of a page is no script; its scripts are data, ours, or the one beside it.
pub(crate) fn without_scripts(whole: &str) -> String {
    let mut rest = String::new();
    let mut pieces = whole.split("<script");
    rest.push_str(pieces.next().expect("a beginning"));
    for piece in pieces {
        let (tag, content) = piece.split_once('>').expect("a tag ends");
        let (content, after) = content.split_once("</script>").expect("an end");
        if tag.contains("application/json") {
            assert!(!content.contains(['<', '\u{202e}']), "{tag}");
            let data: Value = serde_json::from_str(content).expect("JSON");
            assert!(data.is_object(), "{tag}");
        } else {
            assert!(tag.is_empty() || tag == " src=\"plotly.min.js\"", "{tag}");
            assert!(tag.is_empty() == whole.contains(&source(content)), "{tag}");
        }
        rest.push_str(after);
    }
    rest
}

/// Every opened element is closed in order.
fn assert_well_formed(name: &str, page: &str) {
    const VOID: [&str; 6] = ["meta", "br", "!DOCTYPE", "rect", "line", "circle"];
    let mut open: Vec<&str> = Vec::new();
    let mut elements = 0;
    for piece in page.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag ends");
        let word = tag.split_whitespace().next().expect("a name");
        for banned in [" src", " xlink", " srcset", " action", " data="] {
            assert!(!tag.contains(banned), "{name}: <{tag}>");
        }
        let mut attributes = tag.split_whitespace().skip(1);
        let listens = attributes.any(|one| one.starts_with("on") && one.contains('='));
        assert!(!listens, "{name}: <{tag}>");
        if let Some((_, link)) = tag.split_once("href=\"") {
            let is_local = link.starts_with('#')
                || link.starts_with("trades.csv\"")
                || link.starts_with("signals.csv\"");
            assert!(is_local, "{name}: <{tag}>");
        }
        elements += 1;
        if let Some(closed) = word.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}: </{closed}>");
        } else if !VOID.contains(&word) && !tag.ends_with('/') {
            open.push(word);
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} never end");
    assert!(elements > 100, "{name}: {elements} elements");
}

fn columns(line: &str) -> usize {
    line.chars()
        .map(|letter| if letter > '\u{2e80}' { 2 } else { 1 })
        .sum()
}

#[test]
fn pages_load_nothing_run_nothing_and_hold_no_nan() {
    let runs = odd_runs();
    for (name, run) in &runs {
        let page = page(run, Lang::En);
        assert_well_formed(name, &page);
        for banned in [
            "<script",
            "http://",
            "https://",
            "@import",
            "url(",
            "<img",
            "<link",
            "NaN",
            ">inf",
            "-inf",
            "onerror=y>",
            "\u{202e}",
        ] {
            assert!(!page.contains(banned), "{name}: {banned}");
        }
        for section in [
            "equity",
            "figures",
            "exits",
            "funnel",
            "envelope",
            "costs",
            "trades",
            "data",
            "assumptions",
            "reproduce",
        ] {
            assert!(
                page.contains(&format!("id=\"{section}\"")),
                "{name}: {section}"
            );
        }
        assert!(
            page.contains("No out-of-sample validation was run"),
            "{name}"
        );
        let text = table::summary(run);
        for line in text.lines() {
            assert!(columns(line) <= table::WIDTH, "{name}: {line}");
        }
        assert!(!text.contains("NaN"), "{name}");
    }
    println!("report: {} pages", runs.len());
}

#[test]
fn headlines_name_liquidation_and_paths_that_decide() {
    let mut run = made_up::run(shape(40, 20 * 1440, true));
    let page = page(&run, Lang::En);
    assert!(page.contains("Liquidated:") && page.contains("Ruined:"));
    let envelope = run.metrics.envelope.as_mut().expect("an envelope");
    envelope.contains_zero = true;
    for text in [self::page(&run, Lang::En), table::summary(&run)] {
        assert!(text.contains("The sign of the result depends on intrabar paths"));
    }
    run.validated = true;
    assert!(!table::summary(&run).contains("In-sample"));
}

fn size_of(picture: &[u8]) -> (u32, u32) {
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    let number =
        |from: usize| u32::from_be_bytes(picture[from..from + 4].try_into().expect("four"));
    (number(16), number(20))
}

#[test]
fn files_of_odd_runs_have_their_size_and_are_the_same_bytes_in_every_thread() {
    let (mut pictures, mut vectors) = (0, 0);
    for (name, run) in odd_runs() {
        for lang in [Lang::En, Lang::Zh] {
            let look = Look {
                lang,
                assets: Assets::Shared,
            };
            let draw = || files::files(&run, look).expect("files");
            let first = draw();
            let threads = std::thread::scope(|scope| {
                let running = [scope.spawn(draw), scope.spawn(draw)];
                running.map(|thread| thread.join().expect("no panic"))
            });
            for other in threads {
                assert!(other == first, "{name}: bytes differ");
            }
            for file in &first {
                if let Some(picture) = files::is_png(&file.name) {
                    let height = if picture == "summary.png" { 675 } else { 700 };
                    assert_eq!(size_of(&file.bytes), (1200, height), "{name}: {picture}");
                    pictures += 1;
                } else if file.name.starts_with("svg/") {
                    let text = std::str::from_utf8(&file.bytes).expect("text");
                    assert!(text.starts_with("<svg xmlns=") && text.ends_with("</svg>\n"));
                    let harmless = !text.contains("<script")
                        && !text.contains(['\u{202e}'])
                        && !text.contains("NaN");
                    assert!(harmless && !text.contains("onerror=y>"), "{name}");
                    vectors += 1;
                }
            }
            if let Ok(folder) = std::env::var("LOOK") {
                let place = std::path::Path::new(&folder).join(name.replace([' ', ','], "_"));
                for file in &first {
                    let path = place.join(format!("{lang:?}")).join(&file.name);
                    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                    std::fs::write(path, &file.bytes).expect("written");
                }
            }
        }
    }
    println!("report: {pictures} pictures, {vectors} vector files");
    assert!(pictures > 100 && vectors > 100);
}

fn nulls(value: &Value) -> usize {
    match value {
        Value::Null => 1,
        Value::Array(list) => list.iter().map(nulls).sum(),
        Value::Object(map) => map.values().map(nulls).sum(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn every_null_of_the_metrics_has_its_reason() {
    let mut met = 0;
    for (name, run) in odd_runs() {
        if name == "nothing known" {
            continue; // Its tables were taken away after its reasons were found.
        }
        let metrics = serde_json::to_value(&run.metrics).expect("it serialises");
        let reasons = metrics["why_null"].as_object().expect("a table").len();
        assert_eq!(nulls(&metrics), reasons, "{name}: {metrics:#}");
        met += reasons;
    }
    println!("metrics: {met} nulls, each with a reason");
    assert!(met > 50);
}

/// Every number of a chart.
fn numbers(chart: &Chart) -> Vec<f64> {
    let marks = chart.panels.iter().flat_map(|panel| &panel.marks);
    marks
        .flat_map(|mark| match mark {
            Mark::Line(line) => line.points.iter().flat_map(|(x, y)| [*x, *y]).collect(),
            Mark::Band { points, .. } => points.iter().flat_map(|(x, a, b)| [*x, *a, *b]).collect(),
            Mark::Dots { dots, .. } => dots.iter().flat_map(|dot| [dot.x, dot.y]).collect(),
            Mark::Bars { bars, .. } => bars
                .iter()
                .flat_map(|bar| [bar.at, bar.from, bar.to])
                .collect(),
            Mark::Cells { cells, .. } => cells.iter().map(|cell| cell.value).collect(),
            Mark::Rule { at, .. } => vec![*at],
            Mark::Stretch { spans, .. } => {
                spans.iter().flat_map(|(from, to)| [*from, *to]).collect()
            }
        })
        .collect::<Vec<f64>>()
}

#[test]
fn charts_of_odd_runs_are_named_in_order_and_finite() {
    let (mut charts, mut values) = (0, 0);
    for (name, run) in odd_runs() {
        for lang in [Lang::En, Lang::Zh] {
            let all = panels::all(&run, lang);
            let ids: Vec<&str> = all.iter().map(|chart| chart.id).collect();
            let known: Vec<&str> = panels::IDS
                .into_iter()
                .filter(|id| ids.contains(id))
                .collect();
            assert_eq!(ids, known, "{name}");
            for chart in &all {
                let found = numbers(chart);
                assert!(
                    found.iter().all(|value| value.is_finite()),
                    "{name}: {}",
                    chart.id
                );
                assert!(!chart.title.is_empty() && !chart.panels.is_empty());
                values += found.len();
            }
            charts += all.len();
            if name == "usual" {
                assert_eq!(ids, panels::IDS, "{name}");
            }
        }
    }
    println!("panels: {charts} charts with {values} numbers");
}

#[test]
fn a_report_survives_being_saved() {
    let mut met = 0;
    for (name, mut run) in odd_runs() {
        run.bars = Default::default();
        let bytes = saved::to_bytes(&run);
        let again = saved::from_bytes(&bytes).expect(name);
        assert_eq!(format!("{run:?}"), format!("{again:?}"), "{name}");
        assert!(saved::to_bytes(&again) == bytes, "{name}");
        met += bytes.len();
    }
    println!("saved: {met} bytes of reports read again");
}
