//! The main job on real recordings: the messages of 2026-01-01 against the prices of those hours, and the strategy
//! over every real 1-minute series.
//!
//! The figures of the RIVER trade are worked out here once more, from the raw files and in decimals.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use crate::binary::{files, json, say, shared, sim, table};

const MESSAGES: &str = "signals/valuescan_ai_messages_20260101.json";

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn to_tick(price: Decimal, tick: Decimal, up: bool) -> Decimal {
    let ticks = price / tick;
    let whole = if up { ticks.ceil() } else { ticks.floor() };
    (whole * tick).normalize()
}

fn fee(price: Decimal, qty: Decimal) -> Decimal {
    (price * qty * dec("0.0005")).round_dp_with_strategy(8, RoundingStrategy::AwayFromZero)
}

#[test]
fn the_four_confluences_of_the_recorded_messages_are_found() {
    let Some(data) = shared() else { return };
    let found = json(
        sim()
            .args(["signals", "check", "--signals"])
            .arg(data.join(MESSAGES)),
    );
    let pairs: Vec<(&str, &str, i64, f64)> = found["confluences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair["symbol"].as_str().unwrap(),
                pair["time"].as_str().unwrap(),
                pair["gap_ms"].as_i64().unwrap(),
                pair["score"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [
            ("ZBTUSDT", "2026-01-01T02:40:22.000Z", 0, 0.94),
            ("LIGHTUSDT", "2026-01-01T03:55:22.000Z", 0, 0.94),
            ("LYNUSDT", "2026-01-01T06:15:34.000Z", 0, 0.94),
            ("RIVERUSDT", "2026-01-01T07:15:20.000Z", 0, 0.94),
        ]
    );
    let near = found["near_misses"].as_array().unwrap();
    let river = |miss: &&Value| {
        miss["alpha_id"] == "43646" && miss["fomo_id"] == "43648" && miss["gap_ms"] == 303_000
    };
    assert_eq!(near.iter().filter(river).count(), 1, "{near:?}");
    let ignored = found["ignored"].as_array().unwrap().len();
    assert_eq!(ignored, 100 - 42, "100 messages, 42 of them legs");
    println!(
        "signals check: {} confluences, {} near misses, {ignored} ignored",
        pairs.len(),
        near.len()
    );
}

/// One bar of the raw file.
struct RawBar {
    time: i64,
    open: Decimal,
    high: Decimal,
    low: Decimal,
}

fn river_bars(data: &Path) -> Vec<RawBar> {
    let text = unzip(&data.join("klines/um-1m/RIVERUSDT-1m-h.csv.gz"));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("open_time,open,high,low,close,volume"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            RawBar {
                time: cells[0].parse().unwrap(),
                open: dec(cells[1]),
                high: dec(cells[2]),
                low: dec(cells[3]),
            }
        })
        .collect()
}

/// Tick and step of RIVER as the exchange gave them nearest before the run.
fn river_steps(data: &Path) -> (Decimal, Decimal) {
    let path = data.join("exchange-info/um-testnet-exchangeInfo-2025-12-24.json.gz");
    let info: Value = serde_json::from_str(&unzip(&path)).unwrap();
    let symbols = info["symbols"].as_array().unwrap();
    let river = symbols
        .iter()
        .find(|entry| entry["symbol"] == "RIVERUSDT")
        .unwrap();
    let filter = |kind: &str, field: &str| {
        let filters = river["filters"].as_array().unwrap();
        let found = filters.iter().find(|filter| filter["filterType"] == kind);
        dec(found.unwrap()[field].as_str().unwrap())
    };
    (
        filter("PRICE_FILTER", "tickSize"),
        filter("LOT_SIZE", "stepSize"),
    )
}

/// What the default configuration makes of the RIVER confluence, worked out slowly.
struct Worked {
    entry_time: i64,
    entry: Decimal,
    qty: Decimal,
    exit_time: i64,
    exit: Decimal,
    fees: Decimal,
    realized: Decimal,
}

/// Defaults: balance 10,000, 10 % margin, leverage 3, stop 3 %, targets 5 % and 10 %, latency 250 ms, half spread 1 bp,
/// slippage 2 bp, of stops 15 bp, taker 5 bp, pessimistic paths.
fn work_out(data: &Path) -> Worked {
    let (tick, step) = river_steps(data);
    let bars = river_bars(data);
    let decided = 1_767_251_720_000_i64; // 2026-01-01T07:15:20Z.
    let arrival = decided + 250;
    let row = bars.iter().position(|bar| bar.time >= arrival).unwrap();
    let known = bars
        .iter()
        .rposition(|bar| bar.time + 60_000 <= decided)
        .unwrap();
    // The close of the last completed minute sizes the order; the file's close is the fifth column.
    let text = unzip(&data.join("klines/um-1m/RIVERUSDT-1m-h.csv.gz"));
    let close = dec(text
        .lines()
        .nth(known + 1)
        .unwrap()
        .split(',')
        .nth(4)
        .unwrap());
    let budget = dec("1000").min(dec("10000") / dec("1.0015"));
    let qty = to_tick(budget * dec("3") / close, step, false);
    let entry = to_tick(bars[row].open * dec("1.0003"), tick, true);
    let stop = to_tick(entry * dec("0.97"), tick, false);
    let target = to_tick(entry * dec("1.05"), tick, true);
    let mut exit = None;
    for (index, bar) in bars[row..].iter().enumerate() {
        let gapped = index > 0 && bar.open <= stop;
        if gapped || bar.low <= stop {
            let reference = if gapped { bar.open } else { stop };
            let stamp = if gapped { bar.time } else { bar.time + 59_999 };
            exit = Some((stamp, to_tick(reference * dec("0.9984"), tick, false)));
            break;
        }
        assert!(
            bar.high < target,
            "the stop comes before the first target in this recording"
        );
    }
    let (exit_time, exit) = exit.unwrap();
    Worked {
        entry_time: bars[row].time,
        entry,
        qty,
        exit_time,
        exit,
        fees: fee(entry, qty) + fee(exit, qty),
        realized: (exit - entry) * qty,
    }
}

#[test]
fn the_recorded_messages_trade_river_and_say_why_the_others_have_no_price() {
    let Some(data) = shared() else { return };
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("run");
    let summary = json(
        sim()
            .args(["backtest", "--signals"])
            .arg(data.join(MESSAGES))
            .arg("--data")
            .arg(&data)
            .arg("--out")
            .arg(&out),
    );
    let folder = files(&out);
    let trades = table(&folder["trades.csv"]);
    assert_eq!(trades.len(), 1);
    let worked = work_out(&data);
    let stamp = |millis| confluence::domain::time::Timestamp::from_millis(millis).to_text();
    let trade = &trades[0];
    assert_eq!(trade["symbol"], "RIVERUSDT");
    assert_eq!(trade["direction"], "long");
    assert_eq!(trade["reference"], "43641+43642");
    assert_eq!(trade["exits"], "sl");
    assert_eq!(trade["entry_time"], stamp(worked.entry_time));
    assert_eq!(trade["exit_time"], stamp(worked.exit_time));
    assert_eq!(dec(&trade["qty"]), worked.qty);
    assert_eq!(dec(&trade["entry_cost_usdt"]), worked.entry * worked.qty);
    assert_eq!(dec(&trade["exit_quote_usdt"]), worked.exit * worked.qty);
    assert_eq!(dec(&trade["fees_usdt"]), worked.fees);
    assert_eq!(dec(&trade["realized_usdt"]), worked.realized);
    assert_eq!(
        dec(&trade["funding_usdt"]),
        Decimal::ZERO,
        "no full hour was held"
    );
    assert!(worked.entry_time / 3_600_000 == worked.exit_time / 3_600_000);
    let net = worked.realized - worked.fees;
    assert_eq!(dec(&trade["net_usdt"]), net);
    let fills = table(&folder["fills.csv"]);
    let prices: Vec<Decimal> = fills.iter().map(|fill| dec(&fill["price"])).collect();
    assert_eq!(prices, [worked.entry, worked.exit]);
    // The figures as a person reads them from the files, written down once.
    let by_hand = ["344.6", "8.64", "8.366", "2.9301338", "-97.3505338"].map(dec);
    assert_eq!(
        by_hand,
        [worked.qty, worked.entry, worked.exit, worked.fees, net]
    );
    let wallet = dec(summary["final_wallet_usdt"].as_str().unwrap());
    assert_eq!(wallet, dec("10000") + net);
    let ledger = table(&folder["ledger.csv"]);
    let sum: Decimal = ledger.iter().map(|entry| dec(&entry["amount_usdt"])).sum();
    assert_eq!(sum, wallet);

    others_have_no_price(&table(&folder["signals.csv"]), &summary);
    say(&format!(
        "main job: RIVER {} bought at {}, stopped at {}, net {net}; 3 confluences without a price",
        worked.qty, worked.entry, worked.exit
    ));
}

/// ZBT, LIGHT and LYN were recorded until 2025-12-31 only: each leg says so, and so do the cautions of the run.
fn others_have_no_price(signals: &[BTreeMap<String, String>], summary: &Value) {
    assert_eq!(signals.len(), 100, "one row for every message");
    let cautions: Vec<String> = summary["data_cautions"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut explained = 0;
    for (symbol, ids) in [
        ("ZBTUSDT", ["43560", "43561"]),
        ("LIGHTUSDT", ["43589", "43587"]),
        ("LYNUSDT", ["43624", "43625"]),
        ("RIVERUSDT", ["43641", "43642"]),
    ] {
        for id in ids {
            let row = signals.iter().find(|row| row["id"] == id).unwrap();
            assert_eq!(
                (
                    row["symbol"].as_str(),
                    row["alpha_id"].as_str(),
                    row["fomo_id"].as_str()
                ),
                (symbol, ids[0], ids[1])
            );
            let told = (row["verdict"].as_str(), row["price_in_time"].as_str());
            let wanted = if symbol == "RIVERUSDT" {
                ("traded", "yes")
            } else {
                explained += 1;
                ("end_of_data", "after_last_bar")
            };
            assert_eq!(told, wanted, "{id}");
        }
        let named = cautions.iter().any(|caution| caution.contains(symbol));
        assert_eq!(named, symbol != "RIVERUSDT", "{symbol}: {cautions:?}");
    }
    assert_eq!(explained, 6);
    assert!(
        cautions
            .iter()
            .any(|caution| caution.contains("of 100 signals have no price")),
        "{cautions:?}"
    );
    let ignored = signals
        .iter()
        .filter(|row| row["verdict"] == "unknown_type");
    assert_eq!(ignored.count(), 58, "ignored types have their rows too");
}
