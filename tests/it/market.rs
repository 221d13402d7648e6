//! Reading recordings: the real ones, broken ones, and those of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use confluence::domain::bar::Bars;
use confluence::domain::symbol::Symbol;
use confluence::domain::time::{Span, Timestamp};
use confluence::market::brackets;
use confluence::market::exchange_info;
use confluence::market::funding;
use confluence::market::library::Library;
use confluence::market::load::read_bars;
use confluence::market::place::parse_interval;
use confluence::market::source::read_document;
use confluence::signal::feed;

/// The real recordings, if this machine has them. Absent ones are said aloud, or fail where they are required.
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if folder.join("README.md").is_file() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("SIM_REQUIRE_SHARED").is_none(),
        "{} is absent and SIM_REQUIRE_SHARED is set",
        folder.display()
    );
    println!("SKIPPED: {} is absent", folder.display());
    None
}

/// Rows of the tables in the recordings' README: cells without their decoration.
fn table_rows(readme: &str) -> Vec<Vec<String>> {
    readme
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| {
                    cell.trim()
                        .trim_matches('|')
                        .trim_matches('`')
                        .trim()
                        .to_owned()
                })
                .collect()
        })
        .collect()
}

fn count(cell: &str) -> usize {
    cell.replace(',', "").parse().unwrap()
}

fn stamp(cell: &str) -> Timestamp {
    Timestamp::parse(&format!("{cell}:00")).unwrap()
}

fn zero_volume(bars: &Bars) -> usize {
    bars.volume.iter().filter(|volume| volume.is_zero()).count()
}

#[test]
fn every_recording_named_in_the_readme_loads_with_its_rows() {
    let Some(folder) = shared() else { return };
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    for cells in table_rows(&readme) {
        let file = cells[0].as_str();
        let path = folder.join(file);
        if !path.is_file() {
            continue;
        }
        let kind = file.split('/').next().unwrap();
        match kind {
            "klines" | "mark" => {
                let bars = read_bars(&path, parse_interval(&cells[2]).unwrap()).unwrap();
                let ends = [bars.open_time[0], bars.open_time[bars.len() - 1]];
                assert_eq!(ends, [stamp(&cells[3]), stamp(&cells[4])], "{file}");
                assert_eq!(bars.len(), count(&cells[5]), "{file}");
                assert_eq!(zero_volume(&bars), count(&cells[6]), "{file}");
            }
            "funding" => {
                let found = funding::read(&path).unwrap();
                assert_eq!(found.records.len(), count(&cells[4]), "{file}");
                assert_eq!(found.records[0].time, stamp(&cells[2]), "{file}");
                let moved = cells[7]
                    .split(" ms in ")
                    .nth(1)
                    .map(|text| text.replace(" rows", ""));
                assert_eq!(found.moved, moved.map_or(0, |text| count(&text)), "{file}");
            }
            "exchange-info" => {
                let text = read_document(&path).unwrap();
                let known = if file.contains("exchangeInfo") {
                    let info = exchange_info::parse(&path, &text).unwrap();
                    let names: Vec<&Symbol> = info.symbols().collect();
                    let odd: Vec<_> = names
                        .iter()
                        .filter_map(|name| info.filters(name).err())
                        .collect();
                    println!(
                        "{} of {} contracts without usable filters",
                        odd.len(),
                        names.len()
                    );
                    assert!(odd.len() <= 2, "{odd:?}");
                    names.len()
                } else {
                    let tiers = brackets::parse(&path, &text).unwrap();
                    let names: Vec<&Symbol> = tiers.symbols().collect();
                    for name in &names {
                        assert!(tiers.brackets(name).unwrap().is_some(), "{name}");
                    }
                    names.len()
                };
                assert_eq!(known, count(&cells[3]), "{file}");
            }
            "signals" => {
                let read = feed::parse_document(&read_document(&path).unwrap());
                if file.contains("funds_movement") {
                    assert!(
                        read.unwrap_err().to_string().contains("fund movements"),
                        "{file}"
                    );
                } else {
                    assert_eq!(read.unwrap().signals.len(), count(&cells[2]), "{file}");
                }
            }
            _ => continue,
        }
        *compared.entry(kind.to_owned()).or_default() += 1;
    }
    println!("files compared with the README: {compared:?}");
    let listed = |kind: &str| walk(&folder.join(kind)).len();
    for (kind, compared) in compared {
        assert_eq!(compared, listed(&kind), "{kind}: files in the folder");
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn the_shared_folder_opens_as_it_stands() {
    let Some(folder) = shared() else { return };
    let library = Library::open(&[folder]).unwrap();
    println!(
        "{} klines, {} funding, {} rules, aside: {:?}",
        library.klines.len(),
        library.funding.len(),
        library.rules.len(),
        library
            .aside
            .iter()
            .map(|(why, files)| (*why, files.len()))
            .collect::<Vec<_>>()
    );
    assert_eq!(library.funding.len(), 12);
    assert_eq!(library.rules.len(), 8);
    assert!(library.klines.iter().all(|entry| entry.interval.is_some()));
    let minutes = Span::from_millis(60_000);
    let river = |entry: &&confluence::market::library::KlineEntry| {
        entry.symbol.as_str() == "RIVERUSDT" && entry.interval == Some(minutes)
    };
    assert_eq!(library.klines.iter().filter(river).count(), 1);
}
