//! Calls: their addresses, the exchange's limits, and every way in which they fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use confluence::domain::symbol::Symbol;
use confluence::domain::time::Timestamp;
use confluence::exchange::binance::address::{Address, Purpose};
use confluence::exchange::binance::clock::Clock;
use confluence::exchange::binance::offset;
use confluence::exchange::binance::rest::{Range, Rest, RestConfig, RestError};

use super::server::{Reply, START, Server, on_runtime};

/// A client that never waits and goes by a clock of the test.
fn patient(server: &Server) -> (Rest, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(START + 5_000));
    let mut config = server.rest_config();
    let read = Arc::clone(&now);
    config.clock = Clock::new(move || Timestamp::from_millis(read.load(Ordering::SeqCst)));
    config.wait_max = Duration::ZERO;
    (Rest::new(config).unwrap(), now)
}

fn answers(server: &Server, replies: Vec<Reply>) {
    server.history.lock().unwrap().first = replies;
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

#[test]
fn addresses_and_answers() {
    on_runtime(async {
        let server = Server::start().await;
        let rest = server.rest();
        let name = Symbol::new("币安人生USDT");
        let premium = r#"{"symbol":"币安人生USDT","markPrice":"0.5","lastFundingRate":"","nextFundingTime":0,"time":1767225600000}"#;
        answers(
            &server,
            vec![
                Reply::ok(r#"{"serverTime":1767225600123,"x":1}"#),
                Reply::ok("[]"),
                Reply::ok("[]"),
                Reply::ok(r#"[{"a":9,"p":"0.5","q":"3","T":1767225600000,"m":true}]"#),
                Reply::ok("[]"),
                Reply::ok("[]"),
                Reply::ok(
                    r#"[{"symbol":"X","adjustedFundingRateCap":"0.02","adjustedFundingRateFloor":"-0.02","fundingIntervalHours":4}]"#,
                ),
                Reply::ok("[]"),
                Reply::ok(premium),
                Reply::ok(format!("[{premium}]")),
            ],
        );
        assert_eq!(rest.time().await.unwrap(), at(123));
        let range = Range {
            from: Some(at(0)),
            to: Some(at(60_000)),
            limit: Some(99),
        };
        rest.klines(&name, range).await.unwrap();
        rest.mark_klines(&name, Range::default()).await.unwrap();
        assert_eq!(rest.trades_from(&name, 9).await.unwrap()[0].id, 9);
        rest.trades_between(&name, at(0), at(1)).await.unwrap();
        rest.trades_newest(&name, 1).await.unwrap();
        assert_eq!(
            rest.funding_rules().await.unwrap()[0].interval.millis(),
            4 * 3_600_000
        );
        rest.settlements(&name, at(0), at(1)).await.unwrap();
        let premiums = rest.premiums(Some(&name)).await.unwrap();
        assert_eq!((premiums.len(), premiums[0].funding), (1, None));
        assert_eq!(rest.premiums(None).await.unwrap().len(), 1);
        let coded = "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT";
        let (from, to) = (START, START + 60_000);
        let one = START + 1;
        assert_eq!(
            server.calls(),
            [
                "/fapi/v1/time".to_owned(),
                format!(
                    "/fapi/v1/klines?symbol={coded}&interval=1m&startTime={from}&endTime={to}&limit=99"
                ),
                format!("/fapi/v1/markPriceKlines?symbol={coded}&interval=1m"),
                format!("/fapi/v1/aggTrades?symbol={coded}&fromId=9&limit=1000"),
                format!(
                    "/fapi/v1/aggTrades?symbol={coded}&startTime={from}&endTime={one}&limit=1000"
                ),
                format!("/fapi/v1/aggTrades?symbol={coded}&limit=1"),
                "/fapi/v1/fundingInfo".to_owned(),
                format!(
                    "/fapi/v1/fundingRate?symbol={coded}&startTime={from}&endTime={one}&limit=1000"
                ),
                format!("/fapi/v1/premiumIndex?symbol={coded}"),
                "/fapi/v1/premiumIndex".to_owned(),
            ]
        );
        // 1 + 1 + 5 + 3 x 20 + 0 + 0 + 1 + 10, when the headers say nothing.
        assert_eq!(rest.weight_used(), 78);
        // The exchange's own limit is taken over: three quarters of 100 are used up.
        let limits = r#"{"serverTime":1,"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":100}],"symbols":[]}"#;
        let (rest, _) = patient(&server);
        answers(
            &server,
            vec![Reply::ok(limits).header("x-mbx-used-weight-1m", 74)],
        );
        rest.contracts().await.unwrap();
        rest.time().await.unwrap();
        assert!(matches!(
            rest.time().await,
            Err(RestError::Throttled { .. })
        ));
        println!("binance calls: {} addresses", server.calls().len());
    });
}

#[test]
fn after_a_refusal_nothing_is_sent_before_its_end() {
    on_runtime(async {
        let server = Server::start().await;
        let banned = START + 90_000;
        let body =
            format!(r#"{{"code":-1003,"msg":"Way too many requests; IP banned until {banned}."}}"#);
        // The reply, and when calls are let through again.
        let cases = [
            (
                Reply::status(429, "{}").header("retry-after", 7),
                at(12_000),
            ),
            (
                Reply::status(429, r#"{"code":-1003,"msg":"Too many requests."}"#),
                at(61_000),
            ),
            (Reply::status(418, body), Timestamp::from_millis(banned)),
            (
                Reply::status(418, "<html>").header("retry-after", 30),
                at(35_000),
            ),
            (
                Reply::ok(r#"{"serverTime":1}"#).header("x-mbx-used-weight-1m", 1_800),
                at(61_000),
            ),
        ];
        for (index, (reply, end)) in cases.iter().enumerate() {
            let (rest, now) = patient(&server);
            answers(&server, vec![reply.clone()]);
            let before = server.calls().len();
            let first = rest.time().await;
            let throttled = |found: &Result<Timestamp, RestError>| matches!(found, Err(RestError::Throttled { until, .. }) if until == end);
            assert!(
                reply.status == 200 || throttled(&first),
                "case {index}: {first:?}"
            );
            for left in [55_000, 1] {
                now.store(
                    (end.millis() - left).max(now.load(Ordering::SeqCst)),
                    Ordering::SeqCst,
                );
                let again = rest.time().await;
                assert!(throttled(&again), "case {index}: {again:?}");
            }
            assert_eq!(
                server.calls().len(),
                before + 1,
                "case {index}: something was sent"
            );
            now.store(end.millis(), Ordering::SeqCst);
            assert_eq!(rest.time().await, Ok(at(0)), "case {index}");
        }
        // Who may wait does.
        let rest = server.rest();
        answers(
            &server,
            vec![Reply::status(429, "{}").header("retry-after", 1)],
        );
        rest.time().await.unwrap_err();
        let since = tokio::time::Instant::now();
        rest.time().await.unwrap();
        assert!(since.elapsed() > Duration::from_millis(900));
        println!("binance calls: {} refusals kept", cases.len() + 1);
    });
}

#[test]
fn every_failure_has_its_name() {
    on_runtime(async {
        let server = Server::start().await;
        let mut config = server.rest_config();
        config.body_max = 1_000;
        let rest = Rest::new(config).unwrap();
        let status = |status, code, msg: &str| RestError::Status {
            path: "/fapi/v1/time",
            status,
            code,
            msg: msg.to_owned(),
        };
        let cases = [
            (
                Reply::status(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#),
                status(400, Some(-1121), "Invalid symbol."),
            ),
            (
                Reply::status(503, "Service Unavailable."),
                status(503, None, "Service Unavailable."),
            ),
            (
                Reply::status(503, r#"{"code":-1001,"msg":"Internal error"}"#),
                status(503, Some(-1001), "Internal error"),
            ),
            (
                Reply::status(403, "<html>no</html>"),
                status(403, None, "<html>no</html>"),
            ),
            (
                Reply::status(302, "").header("location", "/fapi/v1/time"),
                status(302, None, ""),
            ),
            (
                Reply::ok("x".repeat(1_001)),
                RestError::TooLarge {
                    path: "/fapi/v1/time",
                    limit: 1_000,
                },
            ),
        ];
        for (reply, wanted) in &cases {
            answers(&server, vec![reply.clone()]);
            assert_eq!(rest.time().await, Err(wanted.clone()));
        }
        assert_eq!(server.calls().len(), cases.len());
        let odd = [
            Reply::ok("{"),
            Reply::ok(r#"{"serverTime":-1}"#),
            Reply::ok(r#"{"serverTime":1767225600000}"#).header("content-encoding", "gzip"),
        ];
        for reply in odd {
            answers(&server, vec![reply]);
            let found = rest.time().await;
            assert!(
                matches!(found, Err(RestError::Malformed { .. })),
                "{found:?}"
            );
        }
        let rows = [
            r#"[{"a":1,"p":"1e5","q":"1","T":1}]"#,
            r#"[{"a":2,"p":"1","q":"1","T":1},{"a":2,"p":"1","q":"1","T":1}]"#,
            r#"[{"a":2,"p":"1","q":"0","T":1}]"#,
            r#"{"code":-1,"msg":"x"}"#,
        ];
        for body in rows {
            answers(&server, vec![Reply::ok(body)]);
            let found = rest.trades_from(&Symbol::new("A"), 1).await;
            assert!(
                matches!(found, Err(RestError::Malformed { .. })),
                "{found:?}"
            );
        }
        let bars = [
            r#"[[1767225600000,"2","1","1","1","0",1767225659999]]"#,
            r#"[[1767225600001,"1","1","1","1","0",1767225660000]]"#,
            r#"[[1767225600000,"1","1","1","1","0",1767225659998]]"#,
            r#"[[1767225600000,"1","1","1","1","0"]]"#,
            r#"[[1767225600000,"1","1","1","1","-1",1767225659999]]"#,
        ];
        for body in bars {
            answers(&server, vec![Reply::ok(body)]);
            let found = rest.klines(&Symbol::new("A"), Range::default()).await;
            assert!(
                matches!(found, Err(RestError::Malformed { .. })),
                "{body}: {found:?}"
            );
        }
        // Nobody there, and somebody who says nothing.
        let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", deaf.local_addr().unwrap());
        let mut config = RestConfig::new(Address::parse(&base, Purpose::Rest).unwrap());
        config.timeout = Duration::from_millis(200);
        let rest = Rest::new(config).unwrap();
        assert!(matches!(rest.time().await, Err(RestError::Timeout { .. })));
        drop(deaf);
        assert!(matches!(
            rest.time().await,
            Err(RestError::Unreachable { .. })
        ));
        println!(
            "binance calls: {} failures named",
            cases.len() + 3 + rows.len() + bars.len() + 2
        );
    });
}

#[test]
fn the_offset_is_that_of_the_exchange() {
    on_runtime(async {
        let server = Server::start().await;
        let rest = server.rest();
        let behind = Clock::new(|| Timestamp::from_millis(START - 250));
        answers(&server, vec![Reply::status(503, "")]);
        let offset = offset::measure(&rest, &behind, 4).await.unwrap();
        assert_eq!((offset.ahead.millis(), offset.error.millis()), (250, 1));
        assert_eq!(server.calls().len(), 4);
        println!("binance calls: offset {offset:?}");
    });
}
