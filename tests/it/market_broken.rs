//! Broken recordings: one clear error each, no panic, bounded memory, nothing half read.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests, and tables of cases"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use confluence::domain::random::Random;
use confluence::domain::time::Span;
use confluence::market::error::MarketError;
use confluence::market::library::Library;
use confluence::market::place::parse_interval;
use confluence::market::recording::read_bars;
use confluence::market::{brackets, exchange_info, funding, klines, parquet, signals, source};
use flate2::Compression;
use flate2::write::GzEncoder;
use polars::prelude::{Column, DataFrame, ParquetWriter};
use tempfile::TempDir;

const MINUTE: Span = Span::from_millis(60_000);
const HEAD: &str = "open_time,open,high,low,close,volume\n";

fn rows(count: i64) -> String {
    let mut text = String::from(HEAD);
    for row in 0..count {
        let time = 1_735_689_600_000 + row * 60_000;
        text.push_str(&format!("{time},1.5,1.75,1.25,1.5,{row}.5\n"));
    }
    text
}

fn archive_rows(count: i64, scale: i64) -> String {
    (0..count)
        .map(|row| {
            let time = (1_735_689_600_000 + row * 60_000) * scale;
            let close = time + 60_000 * scale - 1;
            format!("{time},1.5,1.75,1.25,1.5,9,{close},13.5,7,4,6,0\n")
        })
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn all_layouts_and_packings_give_the_same_bars() {
    let folder = TempDir::new().unwrap();
    let plain = klines::read(&put(&folder, "a.csv", rows(500)), MINUTE).unwrap();
    let spelled = rows(500)
        .replace("open_time", "timestamp")
        .replace('\n', "\r\n");
    let bare = rows(500).replace(HEAD, "");
    let marked = format!("\u{feff}{}\n\n", rows(500));
    for (name, bytes) in [
        ("b.csv", spelled.into_bytes()),
        ("c.csv", bare.into_bytes()),
        ("d.csv", marked.into_bytes()),
        ("e.csv.gz", gzip(rows(500).as_bytes())),
        ("f.zip", zipped(&[("f.csv", rows(500).as_bytes())])),
        ("g.csv", [gzip(rows(500).as_bytes())].concat()),
    ] {
        assert_eq!(
            read_bars(&put(&folder, name, bytes), MINUTE).unwrap(),
            plain,
            "{name}"
        );
    }
    let millis = klines::read(&put(&folder, "h.csv", archive_rows(500, 1)), MINUTE).unwrap();
    let micros = klines::read(&put(&folder, "i.csv", archive_rows(500, 1000)), MINUTE).unwrap();
    assert_eq!(millis, micros);
    for (name, found) in [("a.csv", MINUTE), ("h.csv", MINUTE), ("i.csv", MINUTE)] {
        assert_eq!(
            klines::detect_interval(&folder.path().join(name)).unwrap(),
            found
        );
    }
    let path = folder.path().join("k.parquet");
    parquet::write_klines(&path, &plain, true).unwrap();
    assert_eq!(read_bars(&path, MINUTE).unwrap(), plain);
    assert_eq!(parquet::detect_interval(&path).unwrap(), MINUTE);
}

#[test]
fn every_broken_table_of_bars_is_refused_with_its_place() {
    let folder = TempDir::new().unwrap();
    let with = |row: &str| format!("{}{row}\n", rows(2));
    let good = "1735689720000,1.5,1.75,1.25,1.5,1";
    let swap = |field: usize, text: &str| {
        let mut fields: Vec<&str> = good.split(',').collect();
        fields[field] = text;
        with(&fields.join(","))
    };
    assert!(klines::read(&put(&folder, "good.csv", with(good)), MINUTE).is_ok());
    let micros = format!(
        "{}{}",
        archive_rows(2, 1),
        archive_rows(3, 1000).lines().nth(2).unwrap()
    );
    let cases: Vec<(&str, String, &str)> = vec![
        ("empty", String::new(), "the file is empty"),
        ("head", HEAD.to_owned(), "no rows"),
        (
            "names",
            rows(2).replace("high", "hoch"),
            ":1: column 'hoch' is not 'high'",
        ),
        (
            "order",
            rows(2).replace("high,low", "low,high"),
            ":1: column 'low' is not 'high'",
        ),
        ("seven", "1,2,3,4,5,6,7\n".to_owned(), ":1: 7 columns"),
        ("few", with("1735689720000,1.5,1.75"), ":4: 3 columns"),
        ("many", with(&format!("{good},1")), ":4: 7 columns"),
        (
            "text",
            swap(1, "abc"),
            ":4:15: open: 'abc' is not a decimal",
        ),
        ("nan", swap(2, "NaN"), ":4:19: high: 'NaN' is not a decimal"),
        ("inf", swap(3, "inf"), ":4:24: low: 'inf' is not a decimal"),
        (
            "minus",
            swap(4, "-1.5"),
            "close: price '-1.5' is not above zero",
        ),
        ("zero", swap(4, "0"), "close: price '0' is not above zero"),
        ("fine", swap(4, "1.5000000001"), "more than 8 decimals"),
        ("huge", swap(4, "99999999999"), "out of range"),
        ("volume", swap(5, "-1"), "volume: quantity '-1' is negative"),
        (
            "crowd",
            swap(5, "92233720369"),
            "volume: '92233720369' is out of range (largest is 92233720368)",
        ),
        ("blank", swap(5, ""), "volume: '' is not a decimal"),
        (
            "high",
            swap(2, "1.4"),
            ":4:19: high: the high is below the open or the close",
        ),
        (
            "low",
            swap(3, "1.6"),
            ":4:24: low: the low is above the open or the close",
        ),
        (
            "twice",
            swap(0, "1735689660000"),
            ":4:1: open_time: the open time is not after",
        ),
        (
            "back",
            swap(0, "1735689600000"),
            "not after the row before it",
        ),
        (
            "grid",
            swap(0, "1735689720001"),
            "not on the interval's grid of 60000 ms",
        ),
        ("1970", swap(0, "60000"), "not a time between 2010 and 2099"),
        (
            "2100",
            swap(0, "4102444800000"),
            "not a time between 2010 and 2099",
        ),
        ("seconds", swap(0, "1735689720"), "one file has one form"),
        ("micros", micros, "one file has one form"),
        (
            "hole",
            with(&format!("\n{good}")),
            "blank line inside the table",
        ),
        ("long", with(&"9".repeat(70_000)), "65536 bytes"),
        (
            "length",
            archive_rows(2, 1).replace("659999", "779999"),
            "the bar lasts 180000 ms",
        ),
        (
            "json",
            "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}".to_owned(),
            "2 columns",
        ),
    ];
    for (name, text, wanted) in &cases {
        let path = put(&folder, &format!("{name}.csv"), text);
        let wrong = klines::read(&path, MINUTE).unwrap_err().to_string();
        assert!(wrong.contains(wanted), "{name}: {wrong}");
        assert!(
            wrong.contains(&format!("{name}.csv")) && wrong.len() < 1_000,
            "{name}: {wrong}"
        );
    }
    println!("{} broken tables refused", cases.len());
}

#[test]
fn broken_containers_are_refused() {
    let folder = TempDir::new().unwrap();
    let text = rows(3_000);
    let packed = gzip(text.as_bytes());
    let archive = zipped(&[("a.csv", text.as_bytes())]);
    let mut flipped = archive.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut written = TempDir::new().unwrap().keep().join("p.parquet");
    let bars = klines::read(&put(&folder, "a.csv", &text), MINUTE).unwrap();
    parquet::write_klines(&written, &bars, false).unwrap();
    let table = fs::read(&written).unwrap();
    written.pop();
    fs::remove_dir_all(written).unwrap();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("half.csv.gz", packed[..packed.len() / 2].to_vec()),
        ("tail.csv.gz", packed[..packed.len() - 4].to_vec()),
        ("junk.csv.gz", [packed.clone(), b"junk".to_vec()].concat()),
        ("half.zip", archive[..archive.len() / 2].to_vec()),
        ("tail.zip", archive[..archive.len() - 10].to_vec()),
        ("flip.zip", flipped),
        ("two.zip", zipped(&[("a.csv", b"1"), ("b.csv", b"2")])),
        ("none.zip", zipped(&[])),
        ("half.parquet", table[..table.len() / 2].to_vec()),
        ("tail.parquet", table[..table.len() - 6].to_vec()),
        ("text.parquet", text.clone().into_bytes()),
        ("empty.parquet", Vec::new()),
        ("bytes.csv", vec![0xff; 5_000]),
        ("zeros.csv", vec![0; 200_000]),
    ];
    for (name, bytes) in &cases {
        let wrong = read_bars(&put(&folder, name, bytes), MINUTE)
            .unwrap_err()
            .to_string();
        assert!(
            wrong.contains(name) && wrong.len() < 1_000,
            "{name}: {wrong}"
        );
        println!(
            "{}",
            wrong
                .lines()
                .next()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default()
        );
    }
    assert!(cases.len() > 10);
}

/// Says how much memory the process has ever used, where the system tells.
fn memory_peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_gigabyte_on_one_line_takes_no_memory() {
    let folder = TempDir::new().unwrap();
    // Packed, so that the test needs no gigabyte of disk: 1 GB of 'a' is 1 MB of gzip.
    let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![b'a'; 1 << 20];
    for _ in 0..1024 {
        writer.write_all(&block).unwrap();
    }
    let path = put(&folder, "BTCUSDT-1m.csv.gz", writer.finish().unwrap());
    let before = memory_peak_kib();
    for wrong in [
        klines::read(&path, MINUTE).unwrap_err(),
        funding::read(&path).unwrap_err(),
        signals::read_csv(&path).unwrap_err(),
    ] {
        assert!(wrong.to_string().contains("65536 bytes"), "{wrong}");
    }
    assert!(source::read_document(&path).is_err());
    if let (Some(before), Some(after)) = (before, memory_peak_kib()) {
        println!(
            "peak memory grew by {} KiB over 1 GiB of input",
            after - before
        );
    }
}

#[test]
fn odd_folders_are_refused_or_set_aside() {
    let folder = TempDir::new().unwrap();
    let missing = Library::open(&[folder.path().join("absent")]).unwrap_err();
    assert!(
        missing.to_string().contains("absent: cannot be read"),
        "{missing}"
    );
    put(&folder, "klines/BTCUSDT-1m.csv", rows(2));
    put(&folder, "klines/notes.txt", "x");
    put(&folder, ".hidden/BTCUSDT-1m.csv", "x");
    let library = Library::open(&[folder.path().to_owned()]).unwrap();
    assert_eq!((library.klines.len(), library.aside.len()), (1, 1));
    let twice = [folder.path().join("klines"), folder.path().to_owned()];
    assert_eq!(Library::open(&twice).unwrap().klines.len(), 1);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path(), folder.path().join("klines/again")).unwrap();
        let circle = Library::open(&[folder.path().to_owned()]).unwrap_err();
        assert!(circle.to_string().contains("link back"), "{circle}");
    }
}

#[test]
fn rules_files_are_refused_with_their_place() {
    let path = Path::new("rules.json");
    let deep = "[".repeat(100_000);
    for (text, wanted) in [
        ("{\"symbols\":[", "rules.json:1:12: no JSON"),
        ("{\"symbols\":[]}", "empty"),
        (deep.as_str(), "rules.json:1:1: no JSON"),
        (
            "{\"symbols\":[{\"symbol\":\"A\"},{\"symbol\":\"A\"}]}",
            "A is listed twice",
        ),
    ] {
        let wrong = exchange_info::parse(path, text).unwrap_err().to_string();
        assert!(wrong.contains(wanted), "{wrong}");
    }
    for (text, wanted) in [
        ("[]", "empty"),
        ("7", "no list"),
        ("[{\"symbol\":\"A\"}]", "not {symbol, brackets}"),
        ("{\"BTCUSDT\":[]}", "BASE/QUOTE:SETTLE"),
        (deep.as_str(), "recursion limit"),
    ] {
        let wrong = brackets::parse(path, text).unwrap_err().to_string();
        assert!(wrong.contains(wanted), "{wrong}");
    }
    let tiers = |text: &str| {
        let text = format!("[{{\"symbol\":\"A\",\"brackets\":{text}}}]");
        let file = brackets::parse(path, &text).unwrap();
        file.brackets(&confluence::domain::symbol::Symbol::new("A"))
    };
    for text in [
        "[]",
        "[{}]",
        "[{\"notionalFloor\":5,\"notionalCap\":9,\"maintMarginRatio\":0.1,\"cum\":0}]",
        "[{\"notionalFloor\":0,\"notionalCap\":9,\"maintMarginRatio\":1.5,\"cum\":0}]",
        "[{\"notionalFloor\":0,\"notionalCap\":9,\"maintMarginRatio\":0,\"cum\":0}]",
        "[{\"notionalFloor\":0,\"notionalCap\":9,\"maintMarginRatio\":\"x\",\"cum\":0}]",
    ] {
        assert!(
            matches!(tiers(text), Err(MarketError::Content { .. })),
            "{text}"
        );
    }
}

/// What fuzzing met in one format.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
}

fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap();
        match random.below(6) {
            0 => bytes.truncate(at),
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 if at < bytes.len() => {
                bytes[at] = b"0-.,eN\n\"{[ \xff"[usize::try_from(random.below(12)).unwrap()]
            }
            3 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
            4 if at < bytes.len() => {
                bytes.remove(at);
            }
            _ => {
                let end = (at + usize::try_from(random.below(40)).unwrap()).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

#[test]
fn mutated_files_never_panic() {
    let cases: u64 = std::env::var("FUZZ_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_500);
    let folder = TempDir::new().unwrap();
    let plain = klines::read(&put(&folder, "seed.csv", rows(6)), MINUTE).unwrap();
    let table = folder.path().join("seed.parquet");
    parquet::write_klines(&table, &plain, false).unwrap();
    let list = signals::read_csv(&put(
        &folder,
        "seed-signals.csv",
        "id,type,symbol,event_time\n1,110,BTC,1735689600000\n2,113,BTC,1735689601000\n",
    ))
    .unwrap();
    let list_table = folder.path().join("seed-signals.parquet");
    signals::write_parquet(&list_table, &list.signals).unwrap();
    let base = folder.path().join("seed.db");
    let database = rusqlite::Connection::open(&base).unwrap();
    database
        .execute_batch(
            "CREATE TABLE processed_messages(message_id TEXT PRIMARY KEY, message_type INTEGER, symbol TEXT,
             title TEXT, processed_time INTEGER, created_time INTEGER);
             INSERT INTO processed_messages VALUES('5',113,'RIVER','t',1767254125,1767254120000);",
        )
        .unwrap();
    drop(database);
    let message = r#"{"list":[{"id":7,"type":113,"createTime":1767254120000,"content":"{\"symbol\":\"A\"}"}]}"#;
    let line = "{\"id\":\"1\",\"type\":110,\"symbol\":\"A\",\"event_time\":1735689600000}\n";
    let info = r#"{"serverTime":1735689600000,"symbols":[{"symbol":"A","liquidationFee":"0.01","filters":[{"filterType":"PRICE_FILTER","tickSize":"0.1"},{"filterType":"LOT_SIZE","stepSize":"1","minQty":"1","maxQty":"9"}]}]}"#;
    let tiers = r#"[{"symbol":"A","brackets":[{"notionalFloor":0,"notionalCap":9,"maintMarginRatio":0.1,"cum":0}]}]"#;
    let seeds: Vec<(&str, Vec<u8>)> = vec![
        ("k.csv", rows(6).into_bytes()),
        ("a.csv", archive_rows(6, 1).into_bytes()),
        ("k.csv.gz", gzip(rows(6).as_bytes())),
        ("k.zip", zipped(&[("k.csv", rows(6).as_bytes())])),
        ("k.parquet", fs::read(&table).unwrap()),
        (
            "funding.csv",
            b"funding_time,funding_rate\n1735689600000,0.0001\n1735718400004,-0.0002\n".to_vec(),
        ),
        (
            "signals.csv",
            fs::read(folder.path().join("seed-signals.csv")).unwrap(),
        ),
        ("signals.parquet", fs::read(&list_table).unwrap()),
        ("signals.db", fs::read(&base).unwrap()),
        ("signals.json", message.as_bytes().to_vec()),
        ("signals.jsonl", line.repeat(3).into_bytes()),
        ("info.json", info.as_bytes().to_vec()),
        ("tiers.json", tiers.as_bytes().to_vec()),
    ];
    let symbol = confluence::domain::symbol::Symbol::new("A");
    for (index, (name, seed)) in seeds.iter().enumerate() {
        let mut tally = Tally::default();
        for case in 0..cases {
            let mut random = Random::stream(20_260_101, &[index as u64, case]);
            let path = put(&folder, name, mutate(seed, &mut random));
            let outcome: Result<(), String> = match *name {
                "funding.csv" => funding::read(&path)
                    .map(drop)
                    .map_err(|wrong| wrong.to_string()),
                "info.json" => source::read_document(&path)
                    .and_then(|text| {
                        exchange_info::parse(&path, &text)?
                            .filters(&symbol)
                            .map(drop)
                    })
                    .map_err(|wrong| wrong.to_string()),
                "tiers.json" => source::read_document(&path)
                    .and_then(|text| brackets::parse(&path, &text)?.brackets(&symbol).map(drop))
                    .map_err(|wrong| wrong.to_string()),
                name if name.starts_with("signals") => {
                    confluence::backtest::inputs::read_signals(&path)
                        .map(drop)
                        .map_err(|wrong| wrong.to_string())
                }
                _ => read_bars(&path, parse_interval("1m").unwrap())
                    .map(drop)
                    .map_err(|wrong| wrong.to_string()),
            };
            match outcome {
                Ok(()) => tally.accepted += 1,
                Err(text) => {
                    assert!(
                        !text.is_empty() && text.len() < 3_000,
                        "{name} case {case}: {text}"
                    );
                    tally.refused += 1;
                }
            }
        }
        println!(
            "{name}: {} refused, {} accepted",
            tally.refused, tally.accepted
        );
        assert!(tally.refused > 100, "{name}");
    }
}

fn foreign(folder: &TempDir, name: &str, columns: Vec<Column>) -> PathBuf {
    let path = folder.path().join(name);
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let file = fs::File::create(&path).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    path
}

#[test]
fn parquet_of_others_is_read_exactly_or_refused() {
    const NAMES: [&str; 4] = ["Open", "high", "low", "close"];
    let folder = TempDir::new().unwrap();
    let plain = klines::read(&put(&folder, "a.csv", rows(4)), MINUTE).unwrap();
    let times: Vec<i64> = plain.open_time.iter().map(|time| time.millis()).collect();
    let time = || Column::new("timestamp".into(), times.clone());
    let floats = |prices: [f64; 4], volumes: [f64; 4]| {
        let mut columns = vec![time(), Column::new("volume".into(), volumes.to_vec())];
        for (name, price) in NAMES.iter().zip(prices) {
            columns.push(Column::new((*name).into(), vec![price; 4]));
        }
        columns
    };
    let volumes = [0.5, 1.5, 2.5, 3.5];
    let good = foreign(
        &folder,
        "f.parquet",
        floats([1.5, 1.75, 1.25, 1.5], volumes),
    );
    assert_eq!(read_bars(&good, MINUTE).unwrap(), plain);
    assert_eq!(parquet::detect_interval(&good).unwrap(), MINUTE);
    let mut columns = vec![
        Column::new(
            "date".into(),
            [
                "2025-01-01T00:00:00Z",
                "2025-01-01T00:01:00Z",
                "2025-01-01T00:02:00Z",
                "2025-01-01T00:03:00Z",
            ],
        ),
        Column::new("volume".into(), ["0.5", "1.5", "2.5", "3.5"]),
    ];
    for (name, price) in NAMES.iter().zip(["1.5", "1.75", "1.25", "1.5"]) {
        columns.push(Column::new((*name).into(), vec![price; 4]));
    }
    assert_eq!(
        read_bars(&foreign(&folder, "t.parquet", columns), MINUTE).unwrap(),
        plain
    );
    let broken = [
        (
            "inexact",
            floats([1.5, 1.75, 1.25, 0.1 + 1.2 + 0.1], volumes),
            "more than 8 decimals",
        ),
        (
            "nan",
            floats([1.5, f64::NAN, 1.25, 1.5], volumes),
            "not a decimal number",
        ),
        (
            "inf",
            floats([1.5, f64::INFINITY, 1.25, 1.5], volumes),
            "not a decimal number",
        ),
        (
            "zero",
            floats([1.5, 1.75, 0.0, 1.5], volumes),
            "not above zero",
        ),
        (
            "minus",
            floats([1.5, 1.75, 1.25, 1.5], [0.5, -1.0, 1.0, 1.0]),
            "(row 2) volume: quantity '-1'",
        ),
        (
            "high",
            floats([1.5, 1.4, 1.25, 1.5], volumes),
            "(row 1) the high is below",
        ),
        (
            "column",
            floats([1.5, 1.75, 1.25, 1.5], volumes)[..5].to_vec(),
            "none is close",
        ),
        (
            "bool",
            [
                floats([1.5, 1.75, 1.25, 1.5], volumes)[..5].to_vec(),
                vec![Column::new("close".into(), [true; 4])],
            ]
            .concat(),
            "column close is of type bool",
        ),
        (
            "hole",
            [
                floats([1.5, 1.75, 1.25, 1.5], volumes)[..5].to_vec(),
                vec![Column::new(
                    "close".into(),
                    [Some(1.5), None, Some(1.5), Some(1.5)],
                )],
            ]
            .concat(),
            "(row 2) close: no value",
        ),
    ];
    for (name, columns, wanted) in broken {
        let path = foreign(&folder, &format!("{name}.parquet"), columns);
        let wrong = read_bars(&path, MINUTE).unwrap_err().to_string();
        assert!(
            wrong.contains(wanted) && wrong.contains(name),
            "{name}: {wrong}"
        );
    }
}
