//! Signals in every format: what goes out comes back, what is broken is refused with its place.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests, and tables of cases"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use confluence::backtest::inputs::{name_contracts, read_signals, settle};
use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::stamp::StampForm;
use confluence::domain::symbol::{Symbol, Symbols};
use confluence::domain::time::{EpochUnit, Span, Timestamp};
use confluence::market::error::MarketError;
use confluence::market::instruments::RuleBook;
use confluence::market::library::Library;
use confluence::market::signals;
use tempfile::TempDir;

type Writer = fn(&Path, &[RawSignal]) -> Result<(), MarketError>;

fn raw(id: &str, kind: u16, name: &str, event: i64, received: Option<i64>) -> RawSignal {
    RawSignal {
        id: Arc::from(id),
        kind: SignalType(kind),
        name: name.to_owned(),
        event_time: Timestamp::from_millis(event),
        received_time: received.map(Timestamp::from_millis),
    }
}

fn some() -> Vec<RawSignal> {
    vec![
        raw(
            "1",
            110,
            "RIVER",
            1_767_254_120_000,
            Some(1_767_254_120_900),
        ),
        raw("2", 113, "币安人生", 1_767_254_120_500, None),
        raw(
            "2",
            112,
            "a,\"b\"",
            1_767_254_421_001,
            Some(1_767_254_430_000),
        ),
    ]
}

fn put(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn every_written_format_reads_back_equal() {
    let folder = TempDir::new().unwrap();
    let writers: [(&str, Writer); 3] = [
        ("s.csv", signals::write_csv),
        ("s.parquet", signals::write_parquet),
        ("s.jsonl", signals::write_jsonl),
    ];
    for (name, write) in writers {
        let path = folder.path().join(name);
        write(&path, &some()).unwrap();
        let read = read_signals(&path).unwrap();
        assert_eq!(read.signals, some(), "{name}");
        println!(
            "{name}: {} as {}, times {:?}",
            read.signals.len(),
            read.format,
            read.form
        );
    }
}

#[test]
fn times_are_detected_and_never_mixed() {
    let folder = TempDir::new().unwrap();
    let instant = Timestamp::from_millis(1_767_254_120_000);
    for (time, form) in [
        ("2026-01-01T07:55:20Z", StampForm::Text),
        ("2026-01-01T15:55:20+08:00", StampForm::Text),
        ("1767254120", StampForm::Epoch(EpochUnit::Seconds)),
        ("1767254120000", StampForm::Epoch(EpochUnit::Millis)),
        ("1767254120000000", StampForm::Epoch(EpochUnit::Micros)),
    ] {
        let path = put(
            &folder,
            "t.csv",
            &format!("id,type,symbol,event_time\n1,110,BTC,{time}\n"),
        );
        let read = read_signals(&path).unwrap();
        assert_eq!(
            (read.signals[0].event_time, read.form),
            (instant, Some(form))
        );
    }
    let mixed = "id,type,symbol,event_time\n1,110,BTC,1767254120\n2,113,BTC,1767254120000\n";
    let wrong = read_signals(&put(&folder, "m.csv", mixed))
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("m.csv:3:11: event_time"), "{wrong}");
    assert!(wrong.contains("one file has one form"), "{wrong}");
    assert!(wrong.contains("| 2,113,BTC,1767254120000"), "{wrong}");
}

#[test]
fn broken_tables_are_refused_with_their_place() {
    let folder = TempDir::new().unwrap();
    let head = "id,type,symbol,event_time\n";
    let cases = [
        ("empty", "", "empty"),
        ("head", head, "no rows"),
        ("nohead", "1,110,BTC,1767254120\n", "column id is missing"),
        (
            "twice",
            "id,id,type,symbol,event_time\n1,1,110,BTC,1767254120\n",
            "there twice",
        ),
        (
            "type",
            &format!("{head}1,fomo,BTC,1767254120\n"),
            ":2:3: type",
        ),
        (
            "typebig",
            &format!("{head}1,70000,BTC,1767254120\n"),
            ":2:3: type",
        ),
        ("id", &format!("{head},110,BTC,1767254120\n"), ":2:1: id"),
        ("1970", &format!("{head}1,110,BTC,5\n"), "2010 and 2099"),
        (
            "2100",
            &format!("{head}1,110,BTC,2100-01-01T00:00:00Z\n"),
            "2010 and 2099",
        ),
        ("soon", &format!("{head}1,110,BTC,soon\n"), "not a time"),
        ("width", &format!("{head}1,110,BTC\n"), "3 columns"),
        (
            "quote",
            &format!("{head}1,110,\"BTC,1767254120\n"),
            "3 columns",
        ),
        (
            "long",
            &format!("{head}{}", "x".repeat(100_000)),
            "65536 bytes",
        ),
        ("list", "{\"list\":[]}", "empty"),
        ("shape", "{\"a\":1}", "without 'list'"),
        ("code", "{\"code\":4000,\"data\":null}", "code 4000"),
        ("deep", &"[".repeat(200_000), "recursion limit"),
        (
            "deep2",
            &format!("{{\"list\":{}", "[".repeat(200_000)),
            "recursion limit",
        ),
        ("json", "{\"list\":[", "EOF"),
        (
            "movement",
            "{\"list\":[{\"id\":\"1\",\"beginTime\":1,\"symbol\":\"BTC\"}]}",
            "fund movements",
        ),
        (
            "content",
            "[{\"id\":1,\"type\":110,\"createTime\":1767254120000,\"content\":\"{\"}]",
            "message 1 (id 1): 'content' is no JSON",
        ),
    ];
    for (name, text, wanted) in &cases {
        let wrong = read_signals(&put(&folder, name, text))
            .unwrap_err()
            .to_string();
        assert!(
            wrong.contains(wanted) && wrong.len() < 2_000,
            "{name}: {wrong}"
        );
        assert!(wrong.contains(name), "{name}: {wrong}");
    }
    println!("{} broken files refused", cases.len());
    let absent = read_signals(&folder.path().join("absent.csv"))
        .unwrap_err()
        .to_string();
    assert!(absent.contains("absent.csv: cannot be read"), "{absent}");
}

#[test]
fn envelopes_of_the_feed_are_all_lists_of_messages() {
    let folder = TempDir::new().unwrap();
    let message = r#"{"id":7,"type":113,"createTime":1767254120000,"content":"{\"symbol\":\"LIGHT\",\"price\":2.118600000000000000}"}"#;
    for text in [
        format!("[{message}]"),
        format!("{{\"total\":9,\"list\":[{message}]}}"),
        format!("{{\"count\":1,\n\"list\":[{message}]}}"),
        format!("{{\"code\":200,\"data\":[{message}]}}"),
        format!("{{\"code\":200,\"data\":{{\"total\":9,\"list\":[{message}]}}}}"),
        message.to_owned(),
    ] {
        let read = read_signals(&put(&folder, "m.json", &text)).unwrap();
        assert_eq!(
            read.signals,
            [raw("7", 113, "LIGHT", 1_767_254_120_000, None)],
            "{text}"
        );
    }
}

#[test]
fn bridge_lines_find_the_symbol_in_their_order() {
    let folder = TempDir::new().unwrap();
    let line = |hint: &str, title: &str, content: &str, raw: &str| {
        format!(
            "{{\"message_type\":113,\"message_id\":\"1\",\"title\":\"{title}\",\"symbol_hint\":{hint},\
             \"created_time\":1767254120000,\"data\":{{\"content\":{content},\"raw_message\":{raw}}}}}\n"
        )
    };
    for (text, wanted) in [
        (
            line("\"$btc\"", "资金异常", "{\"symbol\":\"ETH\"}", "{}"),
            "$btc",
        ),
        (
            line("null", "x", "{\"symbol\":\"ETH\",\"pair\":\"A\"}", "{}"),
            "ETH",
        ),
        (
            line(
                "\"资金异常\"",
                "资金异常 x",
                "{\"pair\":\"SOL/USDT\"}",
                "{}",
            ),
            "SOL/USDT",
        ),
        (
            line(
                "null",
                "x",
                "{\"symbolName\":\"DOGE\"}",
                "{\"symbol\":\"Q\"}",
            ),
            "DOGE",
        ),
        (line("null", "x", "{}", "{\"symbol\":\"Q\"}"), "Q"),
        (line("null", "x", "{}", "{}"), ""),
    ] {
        let read = read_signals(&put(&folder, "b.jsonl", &text)).unwrap();
        assert_eq!(read.signals[0].name, wanted, "{text}");
        assert_eq!(read.signals[0].event_time.millis(), 1_767_254_120_000);
    }
    let broken = read_signals(&put(&folder, "b.jsonl", "{\"message_type\":113}\n")).unwrap_err();
    assert!(broken.to_string().contains("message 1"), "{broken}");
}

#[test]
fn the_originals_database_gives_both_clocks() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("valuescan.db");
    let base = rusqlite::Connection::open(&path).unwrap();
    base.execute_batch(
        "CREATE TABLE processed_messages(message_id TEXT PRIMARY KEY, message_type INTEGER, symbol TEXT,
         title TEXT, processed_time INTEGER, created_time INTEGER);
         INSERT INTO processed_messages VALUES('5',113,'RIVER','t',1767254125,1767254120000);
         INSERT INTO processed_messages VALUES('4',109,NULL,'t',1767254121,1767254119000);",
    )
    .unwrap();
    drop(base);
    let before = fs::read(&path).unwrap();
    let read = read_signals(&path).unwrap();
    assert_eq!(
        read.signals,
        [
            raw("4", 109, "", 1_767_254_119_000, Some(1_767_254_121_000)),
            raw(
                "5",
                113,
                "RIVER",
                1_767_254_120_000,
                Some(1_767_254_125_000)
            ),
        ]
    );
    assert_eq!(fs::read(&path).unwrap(), before, "the file is only read");
    // In write-ahead mode a reader would leave files of its own beside it; a name may hold what a URI may not.
    let path = folder.path().join("a b%20?#\u{5e01}.db");
    fs::write(&path, &before).unwrap();
    let base = rusqlite::Connection::open(&path).unwrap();
    base.execute_batch("PRAGMA journal_mode=wal").unwrap();
    let waiting =
        "INSERT INTO processed_messages VALUES('6',110,'RIVER','t',1767254126,1767254125000)";
    base.execute_batch(waiting).unwrap();
    let live = read_signals(&path).unwrap();
    assert_eq!(
        live.signals.len(),
        3,
        "rows that are still in the log count"
    );
    drop(base);
    let beside = || {
        let names = fs::read_dir(folder.path()).unwrap();
        names
            .map(|entry| entry.unwrap().file_name())
            .collect::<Vec<_>>()
    };
    let found = beside();
    assert_eq!(read_signals(&path).unwrap().signals.len(), 3);
    assert_eq!(beside(), found, "nothing is left beside the file");
    let base = rusqlite::Connection::open(folder.path().join("other.db")).unwrap();
    base.execute_batch("CREATE TABLE a(b)").unwrap();
    drop(base);
    let wrong = read_signals(&folder.path().join("other.db"))
        .unwrap_err()
        .to_string();
    assert!(wrong.contains("processed_messages"), "{wrong}");
}

#[test]
fn names_become_contracts_only_through_the_list() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("klines")).unwrap();
    put(&folder, "klines/1000PEPEUSDT-1m.csv", "1,2");
    put(&folder, "klines/BTCUSDT-1m.csv", "1,2");
    let library = Library::open(&[folder.path().to_owned()]).unwrap();
    let mut rules = RuleBook::open(&library.rules).unwrap();
    let names = ["$btc", "PEPE", "NONE", " "];
    let signals: Vec<RawSignal> = names
        .iter()
        .map(|name| raw(name, 110, name, 1, None))
        .collect();
    let named = name_contracts(&signals, &library, &mut rules).unwrap();
    let found: Vec<Option<&str>> = named
        .contracts
        .iter()
        .map(|contract| contract.as_ref().map(Symbol::as_str))
        .collect();
    assert_eq!(
        found,
        [
            Some("BTCUSDT"),
            Some("1000PEPEUSDT"),
            Some("NONEUSDT"),
            None
        ]
    );
    assert_eq!(
        named.multiples,
        [("PEPE".to_owned(), Symbol::new("1000PEPEUSDT"))]
    );
    assert_eq!(named.unlisted, [Symbol::new("NONEUSDT")]);
    let symbols = Symbols::new(named.contracts.iter().flatten().cloned()).unwrap();
    let settled = settle(&signals, &named, &symbols, Span::from_millis(700));
    assert_eq!(settled.len(), 3);
    assert_eq!(settled[0].received_time, Timestamp::from_millis(701));
}
