//! Charts in all their forms: nothing unescaped, nothing not finite, small, the same bytes twice; and a gallery to look at.
//!
//! Not here: which charts a run has.

pub(crate) mod sample;

use std::path::PathBuf;

use confluence::report::chart::summary::{Tile, Tone, summary};
use confluence::report::chart::{browser, figure, picture};

/// Where the gallery is left, to be looked at.
fn gallery() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("charts");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn every_kind_of_chart_becomes_a_png_twice_the_same() {
    let charts = sample::all();
    let folder = gallery();
    let pictures = picture::pngs(
        &charts.iter().collect::<Vec<_>>(),
        "2026-01-01 to 2026-12-31 UTC · run 0123456789abcdef · 合成数据",
    )
    .expect("drawn");
    for (chart, bytes) in charts.iter().zip(&pictures) {
        std::fs::write(folder.join(format!("{}.png", chart.id)), bytes).expect("written");
        let again = picture::png(
            chart,
            "2026-01-01 to 2026-12-31 UTC · run 0123456789abcdef · 合成数据",
        )
        .expect("drawn");
        assert!(*bytes == again, "{} differs", chart.id);
    }
    println!(
        "charts: {} pngs, {} kB",
        pictures.len(),
        pictures.iter().map(Vec::len).sum::<usize>() / 1000
    );
    assert!(pictures.len() > 10);
}

#[test]
fn svgs_hold_no_markup_of_theirs_and_stay_small() {
    let mut sizes = Vec::new();
    for chart in sample::all() {
        let svg = picture::svg(&chart, 1040, 400).expect("drawn");
        assert_eq!(svg, picture::svg(&chart, 1040, 400).expect("drawn"));
        for refused in ["<script", "NaN", "inf", "font-family", "#0102"] {
            assert!(!svg.contains(refused), "{}: {refused}", chart.id);
        }
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        sizes.push(svg.len());
    }
    let most = sizes.iter().copied().max().unwrap_or(0);
    println!("charts: {} svgs, the largest {most} bytes", sizes.len());
    assert!(sizes.len() > 10 && most < 90_000, "{sizes:?}");
}

#[test]
fn ten_thousand_dots_stay_small() {
    let chart = sample::excursions(10_000);
    let (svg, json) = (
        picture::svg(&chart, 1040, 400).expect("drawn"),
        browser::json(&chart).expect("told"),
    );
    println!(
        "charts: 10,000 dots are {} bytes of svg and {} of json",
        svg.len(),
        json.len()
    );
    assert!(svg.len() < 130_000 && json.len() < 500_000);
}

#[test]
fn json_is_whole_finite_and_cannot_end_its_element() {
    let mut met = 0;
    for chart in sample::all() {
        let text = browser::json(&chart).expect("told");
        assert!(!text.contains('<') && !text.contains("NaN"), "{}", chart.id);
        let value: serde_json::Value = serde_json::from_str(&text).expect("json");
        let axes = value["layout"].as_object().expect("fields").keys();
        let axes = axes.filter(|key| key.starts_with("yaxis")).count();
        assert_eq!(axes, chart.panels.len(), "{}", chart.id);
        met += value["data"].as_array().expect("traces").len();
        assert!(text.len() < 150_000, "{}: {}", chart.id, text.len());
        let page = figure::figure(&chart, "<svg></svg>").expect("told");
        assert!(!page.contains("<script>alert"), "{}", chart.id);
        assert_eq!(page.contains("data-chart"), !chart.is_empty());
    }
    println!("charts: {met} traces");
    assert!(met > 20);
}

#[test]
fn first_and_last_instant_and_every_extreme_reach_the_browser() {
    let chart = sample::equity(525_600, 10);
    let value: serde_json::Value =
        serde_json::from_str(&browser::json(&chart).expect("told")).expect("json");
    let runs = value["data"].as_array().expect("traces").iter();
    let run = runs
        .clone()
        .find(|trace| trace["name"] == "this run")
        .expect("the run");
    let x = run["x"].as_array().expect("times");
    let times: Vec<f64> = x.iter().filter_map(serde_json::Value::as_f64).collect();
    let minutes = (times[times.len() - 1] - times[0]) / 60_000.0;
    println!("charts: {} points over {minutes} minutes", times.len());
    assert!((minutes - 525_599.0).abs() < 1e-9 && times.len() > 1_000);
}

#[test]
fn a_summary_fits_a_message() {
    let tile = |label: &str, value: &str, tone: Tone| Tile {
        label: label.to_owned(),
        value: value.to_owned(),
        tone,
    };
    let tiles = [
        tile("净利润", "+5,123.45 USDT", Tone::Gain),
        tile("return", "+51.23 %", Tone::Gain),
        tile("max drawdown", "-19.80 %", Tone::Loss),
        tile("Sharpe ratio, daily", "1.84", Tone::Neutral),
        tile("trades", "377", Tone::Neutral),
        tile("won", "50.4 %", Tone::Neutral),
        tile("profit factor", "1.31", Tone::Neutral),
        tile("costs", "-1,234,567,890.00 USDT of 12", Tone::Loss),
        tile("a ninth that is not shown", "0", Tone::Neutral),
    ];
    let chart = sample::equity(100_000, 50);
    let mut met = 0;
    for count in 0..=tiles.len() {
        let picture = summary(
            "信号共振策略 · BTCUSDT, ETHUSDT",
            &tiles[..count],
            &chart,
            "run 0123456789abcdef · confluence 0.1.0",
        )
        .expect("drawn");
        let side = |at: usize| {
            picture[at..at + 4]
                .iter()
                .fold(0, |sum, byte| sum * 256 + u32::from(*byte))
        };
        assert_eq!((side(16), side(20)), (1200, 675));
        std::fs::write(gallery().join(format!("summary-{count}.png")), &picture).expect("written");
        met += 1;
    }
    println!("charts: {met} summaries");
    assert_eq!(met, 10);
}
