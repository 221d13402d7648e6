//! Every recorded and documented answer and frame of the calls and streams that are used.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use confluence::domain::time::Span;
use confluence::exchange::binance::wire::contracts::{self, ContractKind, Status};
use confluence::exchange::binance::wire::frame::{self, Frame, Reason};
use confluence::exchange::binance::wire::{answer, rows};

/// The samples, if this machine has them. Absent ones are said aloud, or fail where they are required.
pub(super) fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if folder.join("fixtures/binance/SOURCES.md").is_file() {
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

pub(super) fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[derive(Debug, Default)]
struct Met {
    files: usize,
    rows: usize,
    frames: usize,
    contracts: usize,
    odd: usize,
}

/// What a sample is by its name; `None` when it belongs to no call or stream that is used here.
fn sample(name: &str, text: &str, met: &mut Met) -> Option<()> {
    let minute = Span::from_millis(60_000);
    let has = |part: &str| name.contains(part);
    let index_or_other = has("index_price") || has("continuous") || has("premium_index_kline");
    if has("stream.") || has("_stream") {
        if has("aggregate_trade") || has("agg_trade") || has("book_ticker") {
            met.frames += usize::from(matches!(
                frame::parse(text).unwrap(),
                Frame::Trade { .. } | Frame::Book { .. }
            ));
        } else if has("mark_price_stream_for_all_market") {
            let all: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
            for one in all {
                assert!(matches!(
                    frame::parse(&one.to_string()),
                    Ok(Frame::Mark { .. })
                ));
                met.frames += 1;
            }
        } else if has("mark_price") {
            assert!(matches!(frame::parse(text), Ok(Frame::Mark { .. })));
            met.frames += 1;
        } else {
            // Other streams are told apart and not taken for one of ours.
            if let Err(refusal) = frame::parse(text) {
                assert!(matches!(
                    refusal.reason,
                    Reason::OtherStream | Reason::Malformed
                ));
            } else {
                panic!("{name} was taken");
            }
            return None;
        }
    } else if has("check_server_time") {
        answer::server_time(text).unwrap();
        met.rows += 1;
    } else if has("exchange_info") {
        let found = contracts::parse(text).unwrap();
        met.contracts += found.known.len();
        met.odd += found.odd.len();
        assert_eq!(found.nameless, 0);
        assert!(found.weight_per_minute.is_some());
        if has("rest.") {
            // The documentation melts several filters into one.
            assert_eq!((found.known.len(), found.odd.len()), (0, 1));
        }
    } else if has("aggregate_trades") || has("agg_trades") {
        met.rows += rows::agg_trades(text).unwrap().len();
    } else if has("klines") && !index_or_other {
        let interval = if has("mark") {
            minute
        } else {
            Span::from_millis(7 * 86_400_000)
        };
        // The sample of bars has a week's length and begins on no grid of weeks.
        let found = rows::bars(text, interval);
        met.rows += usize::from(found.is_ok() || found.unwrap_err().to_string().contains("grid"));
    } else if has("get_funding_rate_info") {
        met.rows += rows::funding_rules(text).unwrap().len();
    } else if has("funding_rate") {
        met.rows += rows::settlements(text).unwrap().len();
    } else if has("rest.mark_price.json") || has("market_premium_index.json") {
        met.rows += rows::premiums(text).unwrap().len();
    } else {
        return None;
    }
    met.files += 1;
    Some(())
}

#[test]
fn all_samples_decode() {
    let Some(shared) = shared() else { return };
    let base = shared.join("fixtures/binance");
    let mut met = Met::default();
    let mut others = 0;
    for folder in [
        "official-doc-samples",
        "nautilus-samples",
        "nautilus-samples/crate/market_data_json",
    ] {
        let mut paths: Vec<PathBuf> = fs::read_dir(base.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            others += usize::from(sample(&name, &text, &mut met).is_none());
        }
    }
    let filter =
        base.join("recorded-2026-09-19/rest.exchangeInfo.POSITION_RISK_CONTROL.filter.json");
    let filter = fs::read_to_string(filter).unwrap();
    let with = format!(
        r#"{{"serverTime":1,"symbols":[{{"symbol":"A","contractType":"PERPETUAL","status":"TRADING","filters":[{},{filter}]}}]}}"#,
        r#"{"filterType":"PRICE_FILTER","tickSize":"0.1"},{"filterType":"LOT_SIZE","minQty":"1","maxQty":"9","stepSize":"1"}"#
    );
    assert_eq!(contracts::parse(&with).unwrap().known.len(), 1);
    met.files += 1;
    println!("binance samples: {met:?}, {others} of other calls and streams");
    assert!(
        met.files >= 19 && met.frames >= 8 && met.rows >= 8,
        "{met:?}"
    );
}

#[test]
fn recorded_contracts_are_understood_to_the_last() {
    let Some(shared) = shared() else { return };
    for (day, contracts_there) in [("2025-10-17", 623), ("2025-12-24", 660)] {
        let path = format!("data/exchange-info/um-testnet-exchangeInfo-{day}.json.gz");
        let text = unpacked(&shared.join(path));
        let found = contracts::parse(&text).unwrap();
        let open = found
            .known
            .values()
            .filter(|contract| contract.is_open())
            .count();
        let dated = found
            .known
            .values()
            .filter(|contract| contract.kind == ContractKind::Dated)
            .count();
        println!(
            "binance contracts of {day}: {} understood ({open} open, {dated} dated), {} odd: {:?}",
            found.known.len(),
            found.odd.len(),
            found.odd.iter().take(3).collect::<Vec<_>>()
        );
        assert_eq!(found.known.len() + found.odd.len(), contracts_there);
        assert_eq!(found.weight_per_minute, Some(6_000));
        // A contract that has not begun has no filters yet.
        assert!(found.odd.len() < 5 && open > 400 && dated > 0);
        // One odd contract is named and hides no other.
        let odd = text.replacen("\"TRADING\"", "\"SLEEPING\"", 1);
        let odd = contracts::parse(&odd).unwrap();
        assert_eq!(odd.known.len(), found.known.len() - 1);
        let new = odd
            .odd
            .iter()
            .filter(|(name, _)| !found.odd.contains_key(name));
        let said: Vec<String> = new.map(|(_, why)| why.to_string()).collect();
        assert!(
            said.len() == 1 && said[0].contains("status: 'SLEEPING' is unknown"),
            "{said:?}"
        );
        assert!(
            found
                .known
                .values()
                .any(|contract| contract.status == Status::Settling)
        );
    }
}

#[test]
fn recorded_quotes_are_taken_and_ascend() {
    let Some(shared) = shared() else { return };
    let text = unpacked(&shared.join("data/trades/um/btcusdt_20240808.stream.gz"));
    let (mut quotes, mut others, mut last) = (0, 0, 0);
    for line in text.lines() {
        let (_, text) = line.split_once(' ').unwrap();
        match frame::parse(text) {
            Ok(Frame::Book { symbol, book }) => {
                assert!(symbol == "BTCUSDT" && book.update > last && book.bid < book.ask);
                last = book.update;
                quotes += 1;
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => {
                assert!(
                    matches!(refusal.reason, Reason::OtherStream | Reason::Malformed),
                    "{refusal}"
                );
                others += 1;
            }
        }
    }
    println!("binance recording: {quotes} quotes, {others} frames of other streams");
    assert_eq!((quotes, others), (66_089, 93_954 - 66_089));
}
