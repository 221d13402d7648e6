//! Reading recordings: the real ones, broken ones, and those of a run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests, and tables of cases"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use confluence::domain::bar::Bars;
use confluence::domain::instrument::Bracket;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::Symbol;
use confluence::domain::time::{Span, Timestamp};
use confluence::market::error::MarketError;
use confluence::market::generate::{ContractRecipe, Recipe, generate};
use confluence::market::generate_files::{self, Format};
use confluence::market::instruments::{Fallback, RuleBook, RulesSource};
use confluence::market::library::{KlineEntry, Library};
use confluence::market::load::{Loaded, Request};
use confluence::market::place::parse_interval;
use confluence::market::quality::{PriceInTime, Timing, bar_quality, gate};
use confluence::market::recording::read_bars;
use confluence::market::source::read_document;
use confluence::market::window::Window;
use confluence::market::{brackets, exchange_info, funding, series};
use confluence::signal::feed;
use tempfile::TempDir;

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
    let river = |entry: &&KlineEntry| {
        entry.symbol.as_str() == "RIVERUSDT" && entry.interval == Some(minutes)
    };
    assert_eq!(library.klines.iter().filter(river).count(), 1);
}

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name)).collect()
}

fn fallback() -> Fallback {
    Fallback {
        tick: None,
        step: "0.001".parse().unwrap(),
        qty_min: "0.001".parse().unwrap(),
        market_qty_max: "1000000".parse().unwrap(),
        notional_min: "5".parse().unwrap(),
        liquidation_fee: "0.015".parse().unwrap(),
        brackets: vec![Bracket {
            floor: "0".parse().unwrap(),
            cap: "1000000".parse().unwrap(),
            maintenance: "0.01".parse().unwrap(),
            deduction: "0".parse().unwrap(),
        }],
    }
}

fn day(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn request(names: &[&str], from: &str, to: &str) -> Request {
    Request {
        symbols: symbols(names),
        window: Window {
            from: day(from),
            to: day(to),
        },
        interval: None,
        drop_unfinished: false,
        trades: false,
        fallback: fallback(),
    }
}

fn load(folder: &Path, request: &Request) -> Result<Loaded, MarketError> {
    let library = Library::open(&[folder.to_owned()])?;
    let mut rules = RuleBook::open(&library.rules)?;
    library.load(request, &mut rules)
}

fn minutes(count: i64) -> Option<Span> {
    Some(Span::from_millis(count * 60_000))
}

#[test]
fn the_signal_hours_load_with_the_finest_bars_there_are() {
    let Some(folder) = shared() else { return };
    let names = [
        "RIVERUSDT",
        "ORCAUSDT",
        "ZECUSDT",
        "ETHUSDT",
        "LIGHTUSDT",
        "PIPPINUSDT",
        "BREVUSDT",
    ];
    let loaded = load(&folder, &request(&names, "2026-01-01", "2026-01-09")).unwrap();
    let of = |name: &str| {
        let report = loaded
            .reports
            .iter()
            .find(|report| report.symbol.as_str() == name);
        report.unwrap()
    };
    for report in &loaded.reports {
        println!("{report:?}");
    }
    assert_eq!(of("RIVERUSDT").interval, minutes(1));
    assert_eq!(of("ORCAUSDT").interval, minutes(3));
    // Minutes from 2026-01-04 on, five minutes before that.
    let zec = of("ZECUSDT");
    assert_eq!((zec.interval, zec.detail), (minutes(1), None));
    let shares: Vec<(Option<Span>, i64)> = zec
        .shares
        .iter()
        .map(|share| (Some(share.interval), share.covered / 86_400_000))
        .collect();
    assert_eq!(shares, [(minutes(1), 5), (minutes(5), 3)]);
    let id = loaded.tape.symbols.id(&zec.symbol).unwrap().index();
    let bars = loaded.tape.series[id].as_ref().unwrap().bars();
    assert_eq!(bars.len(), 4 * 288 + 5 * 1_440);
    assert_eq!(
        (0..bars.len())
            .filter(|row| Some(bars.length(*row)) == minutes(5))
            .count(),
        4 * 288
    );
    assert!((1..bars.len()).all(|row| bars.end(row - 1) == bars.open_time[row]));
    assert_eq!(of("ETHUSDT").interval, minutes(5));
    assert_eq!(of("LIGHTUSDT").interval, None);
    assert_eq!(
        of("LIGHTUSDT").outside.map(|ends| ends.1),
        Some(day("2025-12-31T11:39:00Z"))
    );
    assert_eq!(
        (of("PIPPINUSDT").interval, of("PIPPINUSDT").outside),
        (None, None)
    );
    let river = loaded
        .tape
        .symbols
        .id(&Symbol::new("RIVERUSDT"))
        .unwrap()
        .index();
    let series = loaded.tape.series[river].as_ref().unwrap();
    // Eight days and one before; every settlement finds a mark in the hourly mark bars (A5).
    assert_eq!(series.bars().len(), 9 * 1_440);
    assert_eq!(series.funding().len(), 8 * 24 + 1);
    let marked = series
        .funding()
        .iter()
        .filter(|record| record.mark.is_some())
        .count();
    assert!(marked >= 8 * 24, "{marked}");
    assert!(
        series.mark().is_none(),
        "hourly marks do not stand beside minutes (D6)"
    );
    let instrument = &loaded.tape.instruments[river];
    assert_eq!(instrument.tick, "0.001".parse().unwrap());
    let RulesSource::File { path, later, .. } = &of("RIVERUSDT").rules.filters else {
        panic!("RIVER is in the exchangeInfo files")
    };
    assert!(path.ends_with("um-testnet-exchangeInfo-2025-12-24.json.gz") && !later);
    let RulesSource::File { path, .. } = &of("RIVERUSDT").rules.brackets else {
        panic!("RIVER is in the bracket files")
    };
    assert!(
        path.to_string_lossy().contains("2026-01-01"),
        "{}",
        path.display()
    );
    assert_eq!(of("BREVUSDT").rules.filters, RulesSource::Fallback);
}

#[test]
fn named_bars_are_the_base_and_finer_ones_the_detail() {
    let Some(folder) = shared() else { return };
    let request = Request {
        interval: minutes(5),
        ..request(&["RIVERUSDT"], "2026-01-01", "2026-01-09")
    };
    let loaded = load(&folder, &request).unwrap();
    assert_eq!(
        (loaded.reports[0].interval, loaded.reports[0].detail),
        (minutes(5), minutes(1))
    );
}

#[test]
fn overlapping_recordings_agree_and_are_joined() {
    let Some(folder) = shared() else { return };
    let loaded = load(&folder, &request(&["BTCUSDT"], "2025-05-05", "2025-06-24")).unwrap();
    let report = &loaded.reports[0];
    // README, point 9: equal in all 13,259 common rows.
    assert_eq!(report.shared_rows, 13_259);
    assert_eq!(report.interval, minutes(1));
    let series = loaded.tape.series[0].as_ref().unwrap();
    let gate = bar_quality(series.bars(), loaded.tape.instruments[0].tick, Vec::new());
    assert_eq!((gate.gaps.len(), gate.off_tick), (0, 0));
}

fn put(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Minutes of 2025-01-01 from `first` on, the close rising a step a minute.
fn table(first: i64, count: i64, last_volume: &str) -> String {
    let mut text = String::from("open_time,open,high,low,close,volume\n");
    for row in first..first + count {
        let time = 1_735_689_600_000 + row * 60_000;
        let close = 100 + row;
        let volume = if row + 1 == first + count {
            last_volume
        } else {
            "7"
        };
        text.push_str(&format!("{time},100,{},99.5,{close},{volume}\n", close + 1));
    }
    text
}

#[test]
fn a_last_bar_yields_and_other_differences_are_named() {
    let folder = TempDir::new().unwrap();
    put(&folder, "klines/AUSDT-1m-one.csv", &table(0, 60, "1"));
    put(&folder, "klines/AUSDT-1m-two.csv", &table(30, 60, "2"));
    let ask = request(&["AUSDT"], "2025-01-01", "2025-01-02");
    let loaded = load(folder.path(), &ask).unwrap();
    let report = &loaded.reports[0];
    assert_eq!((report.shared_rows, report.yielded.len()), (30, 1));
    assert!(report.yielded[0].0.ends_with("AUSDT-1m-one.csv"));
    let bars = loaded.tape.series[0].as_ref().unwrap().bars();
    assert_eq!((bars.len(), bars.volume[59]), (90, "7".parse().unwrap()));
    // The end at 01:30 is no day's end: flagged, and left out when asked for.
    assert_eq!(report.unfinished, [day("2025-01-01T01:29:00Z")]);
    let dropped = load(
        folder.path(),
        &Request {
            drop_unfinished: true,
            ..ask.clone()
        },
    )
    .unwrap();
    assert_eq!(dropped.tape.series[0].as_ref().unwrap().bars().len(), 89);
    let bent = table(30, 60, "2")
        .replace(",140,7", ",139.5,7")
        .replace(",141,7", ",140.5,7");
    put(&folder, "klines/AUSDT-1m-two.csv", &bent);
    let wrong = load(folder.path(), &ask).unwrap_err().to_string();
    println!("{wrong}");
    for part in [
        "AUSDT 1m klines: two recordings differ in 2 rows",
        "one.csv",
        "two.csv",
        "2025-01-01T00:40:00.000Z: 100,141,99.5,140,7 against 100,141,99.5,139.5,7",
        "hint: ",
    ] {
        assert!(wrong.contains(part), "{part}");
    }
}

#[test]
fn rules_come_from_the_nearest_file_before_the_run() {
    let folder = TempDir::new().unwrap();
    put(&folder, "klines/AUSDT-1m.csv", &table(0, 1_440, "7"));
    put(&folder, "klines/BUSDT-1m.csv", &table(0, 1_440, "7"));
    let info = |tick: &str, delivery: i64| {
        format!(
            "{{\"serverTime\":1735689600000,\"symbols\":[{{\"symbol\":\"AUSDT\",\"status\":\"SETTLING\",\"deliveryDate\":{delivery},\
             \"filters\":[{{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"{tick}\"}},\
             {{\"filterType\":\"LOT_SIZE\",\"stepSize\":\"1\",\"minQty\":\"1\",\"maxQty\":\"9\"}}]}}]}}"
        )
    };
    put(
        &folder,
        "exchange-info/a-2024-01-01.json",
        &info("0.1", 4_133_404_800_000),
    );
    put(
        &folder,
        "exchange-info/b-2024-12-31.json",
        &info("0.5", 1_735_732_800_000),
    );
    put(
        &folder,
        "exchange-info/c-2025-06-01.json",
        &info("0.25", 4_133_404_800_000),
    );
    let ask = request(&["AUSDT", "BUSDT"], "2025-01-01", "2025-01-02");
    let loaded = load(folder.path(), &ask).unwrap();
    let instruments = &loaded.tape.instruments;
    assert_eq!(instruments[0].tick, "0.5".parse().unwrap());
    assert_eq!(instruments[0].delisted, Some(day("2025-01-01T12:00:00Z")));
    assert_eq!(loaded.reports[0].rules.status.as_deref(), Some("SETTLING"));
    // B is in no file: the tick that its prices show, and that is said.
    assert_eq!(instruments[1].tick, "0.5".parse().unwrap());
    assert!(loaded.reports[1].rules.tick_from_prices);
    let early = load(
        folder.path(),
        &request(&["AUSDT"], "2023-01-01", "2025-01-02"),
    )
    .unwrap();
    assert_eq!(early.tape.instruments[0].tick, "0.1".parse().unwrap());
    let RulesSource::File { later, .. } = early.reports[0].rules.filters else {
        panic!("listed")
    };
    assert!(later);
}

#[test]
fn the_gate_has_a_verdict_for_each_signal() {
    let folder = TempDir::new().unwrap();
    let hole: String = table(0, 1_440, "7")
        .lines()
        .enumerate()
        .filter(|(line, _)| !(101..=110).contains(line))
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    put(&folder, "AUSDT-1m.csv", &hole.replace(",7\n", ",0\n"));
    let ask = request(&["AUSDT", "BUSDT"], "2025-01-01", "2025-01-03");
    let loaded = load(folder.path(), &ask).unwrap();
    let signal = |symbol: &str, time: &str| Signal {
        id: time.into(),
        kind: SignalType::ALPHA,
        symbol: loaded.tape.symbols.id(&Symbol::new(symbol)).unwrap(),
        event_time: day(time),
        received_time: day(time),
    };
    let signals = [
        signal("AUSDT", "2025-01-01T00:30:00Z"),
        signal("AUSDT", "2025-01-01T01:40:30Z"),
        signal("AUSDT", "2025-01-01T01:48:30Z"),
        signal("AUSDT", "2025-01-02T05:00:00Z"),
        signal("AUSDT", "2025-01-04T00:00:00Z"),
        signal("BUSDT", "2025-01-01T00:30:00Z"),
    ];
    let timing = Timing {
        window: ask.window,
        latency: Span::from_millis(250),
        entry_ttl: Span::from_millis(120_000),
    };
    let gate = gate(&loaded, &signals, timing);
    let verdicts: Vec<PriceInTime> = gate.signals.iter().map(|verdict| verdict.price).collect();
    assert_eq!(
        verdicts,
        [
            PriceInTime::At(day("2025-01-01T00:31:00Z")),
            PriceInTime::TooLate(day("2025-01-01T01:50:00Z")),
            PriceInTime::At(day("2025-01-01T01:50:00Z")),
            PriceInTime::AfterLastBar,
            PriceInTime::OutsideWindow,
            PriceInTime::NoSeries,
        ]
    );
    let bars = gate.symbols[0].bars.as_ref().unwrap();
    assert_eq!((bars.gaps.len(), bars.gaps[0].missing), (1, 10));
    assert_eq!((bars.zero_volume, bars.rows), (1_430, 1_430));
    assert_eq!(gate.without_price().count(), 4);
    assert_eq!(gate.without_series().count(), 1);
}

#[test]
fn made_up_folders_repeat_say_so_and_hold_what_they_promise() {
    let recipe = Recipe {
        seed: 7,
        contracts: ContractRecipe::several(3),
        from: day("2024-03-01"),
        days: 21,
        confluences: 9,
    };
    let made = generate(&recipe).unwrap();
    assert_eq!(made, generate(&recipe).unwrap());
    assert_ne!(
        made,
        generate(&Recipe {
            seed: 8,
            ..recipe.clone()
        })
        .unwrap()
    );
    let mut loads = Vec::new();
    for format in [Format::CsvGz, Format::Parquet] {
        let folder = TempDir::new().unwrap();
        let files =
            generate_files::write(folder.path(), &recipe, &made, format, "the command").unwrap();
        assert!(generate_files::write(folder.path(), &recipe, &made, format, "x").is_err());
        let again = TempDir::new().unwrap();
        generate_files::write(again.path(), &recipe, &made, format, "the command").unwrap();
        for file in &files {
            let other = again.path().join(file.strip_prefix(folder.path()).unwrap());
            assert_eq!(
                fs::read(file).unwrap(),
                fs::read(other).unwrap(),
                "{}",
                file.display()
            );
        }
        let names = ["SYNAUSDT", "SYNBUSDT", "1000SYNCUSDT"];
        let loaded = load(folder.path(), &request(&names, "2024-03-01", "2024-03-22")).unwrap();
        assert!(loaded.is_synthetic());
        for (report, series) in loaded.reports.iter().zip(&loaded.tape.series) {
            let series = series.as_ref().unwrap();
            let tick = loaded
                .tape
                .instruments
                .iter()
                .find(|found| found.symbol == report.symbol);
            let quality = bar_quality(series.bars(), tick.unwrap().tick, Vec::new());
            let holes = made
                .known
                .holes
                .iter()
                .filter(|(symbol, _, _)| *symbol == report.symbol);
            let missing: i64 = holes.map(|(_, _, count)| count).sum();
            assert_eq!(
                quality.gaps.iter().map(|gap| gap.missing).sum::<i64>(),
                missing
            );
            assert_eq!(quality.off_tick, 0);
            let zero = made
                .known
                .zero_volume
                .iter()
                .find(|(symbol, _)| *symbol == report.symbol);
            assert_eq!(quality.zero_volume, zero.unwrap().1);
            assert_eq!(series.mark().unwrap().stand_ins, 0);
            assert_eq!(series.funding().len(), 63);
        }
        let read =
            confluence::backtest::inputs::read_signals(&folder.path().join("signals.csv")).unwrap();
        assert_eq!(read.signals, made.signals);
        loads.push(loaded.tape.series);
    }
    assert_eq!(loads[0], loads[1], "text and Parquet hold the same");
    println!(
        "{} signals, {} confluences, {} near misses, {} holes",
        made.signals.len(),
        made.known.confluences.len(),
        made.known.near_misses.len(),
        made.known.holes.len()
    );
    assert!(made.known.confluences.len() >= 25 && !made.known.holes.is_empty());
}

#[test]
fn a_converted_folder_gives_the_same_run() {
    let Some(folder) = shared() else { return };
    let library = Library::open(std::slice::from_ref(&folder)).unwrap();
    let target = TempDir::new().unwrap();
    let own =
        |listed: &&series::SeriesFiles| ["RIVERUSDT", "BTCUSDT"].contains(&listed.symbol.as_str());
    let listed = series::list(&library).unwrap();
    let mut converted = 0;
    for listed in listed.iter().filter(own) {
        series::check(listed).unwrap();
        series::convert(listed, target.path()).unwrap();
        converted += 1;
    }
    series::copy_rules(&library, target.path()).unwrap();
    println!("{converted} series of {} converted", listed.len());
    assert_eq!(converted, 10, "kinds and lengths of the two");
    for (name, from, to) in [
        ("RIVERUSDT", "2026-01-01", "2026-01-09"),
        ("BTCUSDT", "2025-05-05", "2025-06-24"),
    ] {
        let ask = request(&[name], from, to);
        let (before, after) = (
            load(&folder, &ask).unwrap(),
            load(target.path(), &ask).unwrap(),
        );
        assert_eq!(before.tape.series, after.tape.series, "{name}");
        assert_eq!(before.tape.instruments, after.tape.instruments, "{name}");
    }
}

#[test]
fn the_sample_is_what_its_command_makes() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let recipe = Recipe {
        seed: 7,
        contracts: ContractRecipe::several(3),
        from: day("2024-03-01"),
        days: 21,
        confluences: 9,
    };
    let made = generate(&recipe).unwrap();
    let marker = fs::read_to_string(sample.join("SYNTHETIC")).unwrap();
    let command = "sim data generate --seed 7 --days 21 --from 2024-03-01 --symbols 3 --confluences 9 --out DIR";
    assert!(marker.contains(command), "{marker}");
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("sample");
    generate_files::write(&root, &recipe, &made, Format::CsvGz, command).unwrap();
    let names = ["SYNAUSDT", "SYNBUSDT", "1000SYNCUSDT"];
    let ask = request(&names, "2024-03-01", "2024-03-22");
    let (shipped, fresh) = (load(&sample, &ask).unwrap(), load(&root, &ask).unwrap());
    assert_eq!(shipped.tape.series, fresh.tape.series);
    assert_eq!(shipped.tape.instruments, fresh.tape.instruments);
    assert!(shipped.is_synthetic());
    let text = |root: &Path| fs::read_to_string(root.join("signals.csv")).unwrap();
    assert_eq!(text(&sample), text(&root));
    println!("{} signals, {} contracts", made.signals.len(), names.len());
}
