//! Charts in all their forms: nothing unescaped, nothing not finite, small, the same bytes twice; and a gallery to look at.
//!
//! Not here: which charts a run has.

pub(crate) mod sample;

use std::path::PathBuf;

use confluence::report::chart::picture;

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
