//! What the charts of trades are made of, against the files it came from: every bar packed is the bar of the recording,
//! executions and funding are those of fills and ledger, and no number is lost on the way through the folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use confluence::domain::time::Timestamp;
use confluence::report::input::RunReport;
use confluence::report::record::BarsAt;
use confluence::report::saved;
use flate2::read::{DeflateDecoder, GzDecoder};

use crate::binary::{run_sample, sample, say};

/// Open, high, low, close by start.
type Minutes = BTreeMap<i64, [f64; 4]>;

fn run(folder: &Path, more: &[&str]) -> RunReport {
    run_sample(folder, more);
    saved::from_bytes(&fs::read(folder.join(saved::FILE)).unwrap()).unwrap()
}

/// The recording of a contract, read by this test's own means.
fn minutes(symbol: &str) -> Minutes {
    let file = fs::File::open(sample(&format!("klines/{symbol}-1m-synthetic.csv.gz"))).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut found = Minutes::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let price = |column: usize| cells[column].parse::<f64>().unwrap();
        found.insert(
            cells[0].parse().unwrap(),
            [price(1), price(2), price(3), price(4)],
        );
    }
    found
}

/// The form that `report::record::Packed` describes.
fn unpack(packed: &str) -> Vec<u8> {
    let raw = STANDARD.decode(packed).unwrap();
    let mut bytes = Vec::new();
    DeflateDecoder::new(raw.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn bars(bytes: &[u8], at: &BarsAt) -> Vec<(i64, [f64; 4])> {
    let mut rest = &bytes[at.offset..];
    let mut number = || {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let (first, after) = rest.split_first().unwrap();
            rest = after;
            value |= u64::from(first & 0x7f) << shift;
            shift += 7;
            if first & 0x80 == 0 {
                break (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
            }
        }
    };
    let (mut slot, mut last) = (at.start / at.interval, 0);
    (0..at.count)
        .map(|_| {
            slot += number();
            let open = last + number();
            let close = open + number();
            let high = open.max(close) + number();
            let low = open.min(close) - number();
            last = close;
            slot += 1;
            let real = |steps: i64| steps as f64 * at.step;
            (
                (slot - 1) * at.interval,
                [real(open), real(high), real(low), real(close)],
            )
        })
        .collect()
}

/// Bars of a recording merged to a length.
fn merged(minutes: &Minutes, start: i64, interval: i64) -> [f64; 4] {
    let mut inside = minutes.range(start..start + interval).map(|(_, bar)| *bar);
    let mut whole = inside.next().unwrap();
    for [_, high, low, close] in inside {
        whole = [whole[0], whole[1].max(high), whole[2].min(low), close];
    }
    whole
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1.0)
}

#[test]
fn bars_of_every_trade_are_those_of_the_recording() {
    let home = tempfile::tempdir().unwrap();
    let run = run(&home.path().join("run"), &[]);
    let bytes = unpack(&run.record.bars.0);
    let (mut met, mut coarse) = (0, 0);
    let mut recordings: BTreeMap<String, Minutes> = BTreeMap::new();
    assert_eq!(run.record.ways.len(), run.trades.len());
    for (way, trade) in run.record.ways.iter().zip(&run.trades) {
        let recording = recordings
            .entry(trade.symbol.clone())
            .or_insert_with(|| minutes(&trade.symbol));
        let shown = bars(&bytes, &way.bars);
        assert!((1..=240).contains(&shown.len()), "{}", shown.len());
        coarse += usize::from(way.bars.interval > 60_000);
        for (start, bar) in &shown {
            let expected = merged(recording, *start, way.bars.interval);
            let same = bar
                .iter()
                .zip(expected)
                .all(|(found, expected)| close(*found, expected));
            // The first and the last may begin or end inside a coarser bar.
            let edge = *start == shown[0].0 || *start == shown[shown.len() - 1].0;
            assert!(
                same || edge,
                "{} at {start}: {bar:?} {expected:?}",
                trade.symbol
            );
            met += 1;
        }
        assert!(shown[0].0 <= trade.entry_time.millis());
        let (last, _) = shown[shown.len() - 1];
        assert!(last + way.bars.interval >= trade.exit_time.millis());
    }
    say(&format!(
        "ways: {met} bars of {} trades, {coarse} in coarser bars",
        run.trades.len()
    ));
    assert!(met > 1_000 && coarse > 0);
}

#[test]
fn executions_levels_and_funding_of_trades_are_those_of_the_files() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    let run = run(&folder, &["--set", "exits.trailing.enabled=true"]);
    let table = |name: &str| -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    };
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    let trades = table("trades.csv");
    assert_eq!(trades.len(), run.trades.len());
    let (mut fills, mut levels, mut trails, mut signals, mut funded) = (0, 0, 0, 0, 0);
    for ((row, trade), way) in trades.iter().zip(&run.trades).zip(&run.record.ways) {
        assert_eq!(row["symbol"], trade.symbol);
        assert_eq!(row["entry_time"], trade.entry_time.to_text());
        assert!(close(number(row, "net_usdt"), trade.net));
        assert!(close(number(row, "fees_usdt"), trade.fees));
        let sold: f64 = way.exits.iter().map(|(_, _, qty, _)| qty).sum();
        let bought: f64 = way.entries.iter().map(|(_, _, qty)| qty).sum();
        assert!(close(sold, number(row, "qty")) && close(bought, sold));
        let quote: f64 = way.exits.iter().map(|(_, price, qty, _)| price * qty).sum();
        assert!(close(quote, number(row, "exit_quote_usdt")));
        let reasons: Vec<&str> = way
            .exits
            .iter()
            .map(|(.., reason)| reason.as_str())
            .collect();
        assert_eq!(
            row["exits"].split([' ', ';', '+', '|']).collect::<Vec<_>>(),
            reasons
        );
        let funding: f64 = way.funding.iter().map(|(_, amount)| amount).sum();
        assert!(close(funding, number(row, "funding_usdt")));
        assert_eq!(way.signals.len(), 2, "{way:?}");
        for (from, to, price, _) in &way.levels {
            assert!(from <= to && *price > 0.0);
            assert!(*from >= trade.entry_time.millis() && *to <= trade.exit_time.millis());
        }
        assert!(way.levels.iter().any(|(.., purpose)| purpose == "sl"));
        fills += way.exits.len() + way.entries.len();
        levels += way.levels.len();
        trails += way.trail.len();
        signals += way.signals.len();
        funded += way.funding.len();
        let rising = way.trail.windows(2).all(|pair| pair[0].1 < pair[1].1);
        assert!(rising, "{:?}", way.trail);
    }
    assert_eq!(
        run.record.refused.len(),
        run.refusals
            .iter()
            .map(|reason| reason.count)
            .sum::<usize>()
    );
    assert_eq!(fills, table("fills.csv").len());
    say(&format!(
        "ways: {fills} fills, {levels} levels, {trails} trailing levels, {signals} signals, {funded} fundings"
    ));
    assert!(levels > 0 && trails > 0 && funded > 0);
    assert!(run.daily.start < Timestamp::parse("2024-04-01").unwrap());
}

#[test]
fn a_damaged_file_of_the_report_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("run");
    run(&folder, &[]);
    let bytes = fs::read(folder.join(saved::FILE)).unwrap();
    let mut met = 0;
    for place in (0..bytes.len()).step_by(997) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x10;
        saved::from_bytes(&changed).expect_err("a changed file");
        saved::from_bytes(&bytes[..place]).expect_err("a cut file");
        met += 2;
    }
    let mut newer = bytes;
    newer[6] = 9;
    let error = saved::from_bytes(&newer).expect_err("a newer file");
    assert!(error.to_string().contains("version 9"), "{error}");
    say(&format!("saved: {met} damaged files refused"));
    assert!(met > 50);
}
