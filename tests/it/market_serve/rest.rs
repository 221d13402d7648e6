//! REST calls of the market server: shapes, rules of parameters, weights, and no look ahead.

use std::time::Duration;

use confluence::domain::time::{Span, Timestamp};
use confluence::lookalike::config::Speed;
use serde_json::{Value, json};

use super::client::{NAMES, ask, block, config, connect, listen, market, public, start, try_ask};
use super::{FROM, tape};

const MINUTE: i64 = 60_000;

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn calls_have_the_exchanges_shapes() {
    let running = start(config(FROM, 60));
    // Nothing is said yet, not even what is stamped at the first instant.
    let (address, from) = (running.address, running.now().millis());
    block(async {
        assert_eq!(ask(address, "/fapi/v1/ping").await.json(), json!({}));
        assert_eq!(
            ask(address, "/fapi/v1/time").await.json(),
            json!({"serverTime": from})
        );
        let info = ask(address, "/fapi/v1/exchangeInfo").await.json();
        let listed: Vec<&str> = rows(&info["symbols"])
            .iter()
            .map(|symbol| symbol["symbol"].as_str().unwrap())
            .collect();
        assert_eq!(listed, NAMES);
        for symbol in rows(&info["symbols"]) {
            assert_eq!(symbol["status"], "TRADING");
            let kinds: Vec<&str> = rows(&symbol["filters"])
                .iter()
                .map(|filter| filter["filterType"].as_str().unwrap())
                .collect();
            assert!(
                kinds.contains(&"PRICE_FILTER") && kinds.contains(&"MARKET_LOT_SIZE"),
                "{kinds:?}"
            );
        }
        assert!(
            rows(&info["rateLimits"])
                .iter()
                .any(|limit| limit["rateLimitType"] == "REQUEST_WEIGHT")
        );
        let premium = ask(address, "/fapi/v1/premiumIndex?symbol=SYNAUSDT")
            .await
            .json();
        assert_eq!(
            (&premium["symbol"], &premium["time"]),
            (&json!("SYNAUSDT"), &json!(from))
        );
        assert!(premium["nextFundingTime"].as_i64().unwrap() > from);
        assert_eq!(
            rows(&ask(address, "/fapi/v1/premiumIndex").await.json()).len(),
            3
        );
        let funding = ask(address, "/fapi/v1/fundingRate?symbol=SYNAUSDT")
            .await
            .json();
        assert!(
            rows(&funding)
                .iter()
                .all(|row| row["fundingTime"].as_i64().unwrap() <= from)
        );
        assert!(!rows(&funding).is_empty());
        assert!(ask(address, "/fapi/v1/fundingInfo").await.json().is_array());
        let trades = ask(address, "/fapi/v1/aggTrades?symbol=SYNAUSDT&limit=10")
            .await
            .json();
        assert_eq!(rows(&trades).len(), 10);
        let ids: Vec<u64> = rows(&trades)
            .iter()
            .map(|row| row["a"].as_u64().unwrap())
            .collect();
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        assert!(
            rows(&trades)
                .iter()
                .all(|row| row["T"].as_i64().unwrap() <= from)
        );
        let again = ask(
            address,
            &format!(
                "/fapi/v1/aggTrades?symbol=SYNAUSDT&fromId={}&limit=10",
                ids[0]
            ),
        )
        .await;
        assert_eq!(again.json(), trades);
        assert!(again.headers.contains_key("x-mbx-used-weight-1m"));
    });
    drop(running);
}

#[test]
fn candles_are_the_bars_and_never_look_ahead() {
    // Ten seconds into a minute: of the candles that are open one price is known.
    let running = start(config("2024-03-03T01:00:10Z", 60));
    let (address, from) = (running.address, running.now());
    let (loaded, _) = tape(running.from, running.to);
    let (mut compared, mut open_rows) = (0, 0);
    block(async {
        for (index, name) in NAMES.iter().enumerate() {
            let series = loaded.tape.series[index].as_ref().unwrap();
            for (call, mark) in [("klines", false), ("markPriceKlines", true)] {
                for (interval, minutes) in [("1m", 1), ("5m", 5), ("1h", 60)] {
                    let path =
                        format!("/fapi/v1/{call}?symbol={name}&interval={interval}&limit=100");
                    let answer = ask(address, &path).await.json();
                    assert!(!rows(&answer).is_empty());
                    for row in rows(&answer) {
                        let open = row[0].as_i64().unwrap();
                        assert!(open <= from.millis());
                        assert_eq!(row[6], json!(open + minutes * MINUTE - 1));
                        if row[6].as_i64().unwrap() > from.millis() {
                            // The candle that just opened knows one price.
                            open_rows += 1;
                            assert_eq!((&row[1], &row[2], &row[3]), (&row[4], &row[4], &row[4]));
                            continue;
                        }
                        let first = series.row_from(Timestamp::from_millis(open));
                        let end = series.row_from(Timestamp::from_millis(open + minutes * MINUTE));
                        let bars = series.bars();
                        let columns = series.mark().filter(|_| mark);
                        let high = (first..end)
                            .map(|row| columns.map_or(bars.high[row], |own| own.high[row]))
                            .max();
                        let low = (first..end)
                            .map(|row| columns.map_or(bars.low[row], |own| own.low[row]))
                            .min();
                        assert_eq!(row[2], json!(high.unwrap().to_string()), "{path} {open}");
                        assert_eq!(row[3], json!(low.unwrap().to_string()));
                        let close = columns.map_or(bars.close[end - 1], |own| own.close[end - 1]);
                        assert_eq!(row[4], json!(close.to_string()));
                        compared += 1;
                    }
                }
            }
        }
        let start = Timestamp::parse(FROM).unwrap() - Span::from_millis(30 * MINUTE);
        let path = format!(
            "/fapi/v1/klines?symbol=SYNAUSDT&interval=1m&startTime={}&endTime={}",
            start.millis(),
            start.millis() + 4 * MINUTE
        );
        assert_eq!(rows(&ask(address, &path).await.json()).len(), 5);
    });
    drop(running);
    println!("{compared} candles compared, {open_rows} open");
    assert!(compared > 500 && open_rows > 0);
}

#[test]
fn wrong_calls_get_the_exchanges_codes() {
    let running = start(config(FROM, 60));
    let address = running.address;
    let mut met = 0;
    block(async {
        for (path, status, code) in [
            ("/fapi/v1/klines?interval=1m", 400, -1102),
            ("/fapi/v1/klines?symbol=NOBODYUSDT&interval=1m", 400, -1121),
            ("/fapi/v1/klines?symbol=SYNAUSDT", 400, -1102),
            ("/fapi/v1/klines?symbol=SYNAUSDT&interval=7m", 400, -1120),
            (
                "/fapi/v1/klines?symbol=SYNAUSDT&interval=1m&limit=1501",
                400,
                -1130,
            ),
            (
                "/fapi/v1/klines?symbol=SYNAUSDT&interval=1m&limit=NaN",
                400,
                -1100,
            ),
            ("/fapi/v1/klines?symbol=&interval=1m", 400, -1105),
            (
                "/fapi/v1/klines?symbol=SYNAUSDT&interval=1m&startTime=2&endTime=1",
                400,
                -4190,
            ),
            (
                "/fapi/v1/aggTrades?symbol=SYNAUSDT&fromId=1&startTime=1",
                400,
                -1128,
            ),
            (
                "/fapi/v1/aggTrades?symbol=SYNAUSDT&startTime=1&endTime=3600001",
                400,
                -1127,
            ),
            ("/fapi/v1/premiumIndex?symbol=synausdt", 400, -1121),
            ("/fapi/v1/dance", 404, -5000),
            ("/api/v3/time", 404, -5000),
        ] {
            let answer = ask(address, path).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.json()["code"], json!(code), "{path}");
            met += 1;
        }
    });
    drop(running);
    println!("{met} wrong calls");
}

#[test]
fn too_much_weight_is_refused_and_then_banned() {
    let mut config = config(FROM, 60);
    config.weight_limit = 100;
    let running = start(config);
    let address = running.address;
    let mut seen = Vec::new();
    block(async {
        // A minute of the clock may end in between: the count begins anew, and the end comes later.
        for _ in 0..60 {
            let answer = ask(address, "/fapi/v1/aggTrades?symbol=SYNAUSDT&limit=1").await;
            let used: u32 = answer.headers["x-mbx-used-weight-1m"].parse().unwrap();
            assert_eq!(answer.status == 200, used <= 100, "{used}");
            if answer.status != 200 {
                assert_eq!(answer.json()["code"], json!(-1003));
                assert!(answer.headers["retry-after"].parse::<i64>().unwrap() >= 0);
            }
            seen.push(answer.status);
            if answer.status == 418 {
                break;
            }
        }
    });
    drop(running);
    seen.dedup();
    assert!(seen.ends_with(&[200, 429, 418]), "{seen:?}");
}

#[test]
fn no_answer_knows_more_than_the_streams() {
    let mut config = config(FROM, 30);
    config.speed = Speed::Times("600".parse().unwrap());
    let running = start(config);
    let address = running.address;
    let mut asked = 0;
    block(async {
        let public = tokio::spawn(listen(connect(address, &public()).await));
        let market = tokio::spawn(listen(connect(address, &market()).await));
        while !running.is_over() && asked < 400 {
            // The tape may end while it is asked.
            let trades = try_ask(address, "/fapi/v1/aggTrades?symbol=SYNAUSDT&limit=5").await;
            let path = "/fapi/v1/klines?symbol=SYNAUSDT&interval=1m&limit=3";
            let candles = try_ask(address, path).await;
            let (Some(trades), Some(candles)) = (trades, candles) else {
                break;
            };
            let now = running.now().millis();
            if trades.status != 200 || candles.status != 200 {
                break;
            }
            for row in rows(&trades.json()) {
                assert!(row["T"].as_i64().unwrap() <= now);
            }
            for row in rows(&candles.json()) {
                assert!(row[0].as_i64().unwrap() <= now);
            }
            asked += 1;
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        running.ask_to_stop();
        public.await.unwrap();
        market.await.unwrap();
    });
    assert!(asked > 10);
    println!("{asked} answers while the tape ran");
}
