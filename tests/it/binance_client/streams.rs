//! Streams that go well, and frames that are not believed.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::ws::Message;
use confluence::domain::symbol::{Symbol, SymbolId};
use confluence::exchange::binance::stream::{DownCause, FromMarket, Route, Trouble};
use confluence::exchange::binance::wire::frame::Reason;

use super::server::{
    START, Server, book, made, mark, on_runtime, start, told, trade, trade_ids, troubles,
};

#[test]
fn routes_names_and_events() {
    on_runtime(async {
        let mut server = Server::start().await;
        let names = ["BTCUSDT", "ETHUSDT", "币安人生USDT"];
        let (handle, mut out) = start(&server, &names, server.stream_config());
        for (id, _) in out.symbols.clone().iter() {
            handle.subscribe(id, None);
            handle.subscribe(id, None);
        }
        let mut market = server.accept("/market/ws").await;
        let mut public = server.accept("/public/ws").await;
        let mut streams = BTreeSet::new();
        let mut frames = 0;
        while streams.len() < 6 {
            let (method, names) = market.request().await;
            assert_eq!(method, "SUBSCRIBE");
            streams.extend(names);
            frames += 1;
        }
        assert!(frames <= 3, "{frames}");
        let wanted = names.map(|name| {
            let name = name.to_lowercase();
            [format!("{name}@aggTrade"), format!("{name}@markPrice@1s")]
        });
        assert_eq!(streams, wanted.into_iter().flatten().collect());
        let (_, first) = public.request().await;
        assert!(first.iter().all(|name| name.ends_with("@bookTicker")));

        market.text(mark("BTCUSDT", START, "100"));
        market.trade("BTCUSDT", 7);
        market.text(format!(
            r#"{{"stream":"btcusdt@aggTrade","data":{}}}"#,
            trade("BTCUSDT", made(8))
        ));
        let met = out.until_trade(8).await;
        assert!(
            matches!(
                met[0],
                FromMarket::Up {
                    route: Route::Market,
                    ..
                }
            ),
            "{met:?}"
        );
        assert_eq!(told(&met), ["0:mark 100", "7:trade 7", "8:trade 8"]);
        assert_eq!(troubles(&met), Vec::<&Trouble>::new());
        market.trade("币安人生USDT", 1);
        let met = out.until_trade(1).await;
        let id = out.symbols.id(&Symbol::new("币安人生USDT")).unwrap();
        assert!(
            met.iter().any(
                |event| matches!(event, FromMarket::Event { event, .. } if event.symbol == id)
            )
        );

        public.text(book("ETHUSDT", 5, START, "10", "10.1"));
        let met = out
            .until(|event| matches!(event, FromMarket::Event { .. }))
            .await;
        assert_eq!(told(&met), ["0:quote 10/10.1"]);

        let btc = out.symbols.id(&Symbol::new("BTCUSDT")).unwrap();
        handle.unsubscribe(btc);
        assert_eq!(
            market.request().await,
            (
                "UNSUBSCRIBE".to_owned(),
                vec![
                    "btcusdt@aggTrade".to_owned(),
                    "btcusdt@markPrice@1s".to_owned()
                ]
            )
        );
        // What was on its way is passed over without a word.
        market.trade("BTCUSDT", 9);
        market.trade("币安人生USDT", 2);
        let met = out.until_trade(2).await;
        assert_eq!((told(&met).len(), troubles(&met).len()), (1, 0));
        let stats = handle.stats();
        assert_eq!((stats.events, stats.connects), (6, 2));
        assert!(stats.refused.is_empty(), "{stats:?}");
        println!(
            "binance streams: {} frames, {} events",
            stats.frames, stats.events
        );
        handle.close().await;
        market.gone().await;
    });
}

#[test]
fn what_cannot_be_is_refused_and_counted() {
    on_runtime(async {
        let mut server = Server::start().await;
        let names = ["BTCUSDT", "ETHUSDT"];
        let (handle, mut out) = start(&server, &names, server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        let mut public = server.accept("/public/ws").await;
        market.request().await;
        public.request().await;
        let good = trade("BTCUSDT", made(1));
        let quote = |bid: &str, ask: &str| book("BTCUSDT", 9, START, bid, ask);
        let with = |from: &str, to: &str| good.replace(from, to);
        let cases: Vec<(bool, String, Reason)> = vec![
            (true, "{".to_owned(), Reason::Malformed),
            (true, "nonsense".to_owned(), Reason::Malformed),
            (true, "[]".to_owned(), Reason::Malformed),
            (true, "{}".to_owned(), Reason::Malformed),
            (true, good[..good.len() / 2].to_owned(), Reason::Malformed),
            (true, "[".repeat(5_000), Reason::Malformed),
            (true, with("\"a\":1", "\"a\":-1"), Reason::Malformed),
            (true, with("\"p\":\"101\"", "\"p\":101"), Reason::Malformed),
            (true, with("\"a\":1,", ""), Reason::Malformed),
            (true, with("\"101\"", "\"NaN\""), Reason::Number),
            (true, with("\"101\"", "\"0\""), Reason::Number),
            (true, with("\"101\"", "\"-5\""), Reason::Number),
            (true, with("\"101\"", "\"1e5\""), Reason::Number),
            (true, with("\"101\"", "\"+5\""), Reason::Number),
            (true, with("\"101\"", "\" 5\""), Reason::Number),
            (true, with("\"101\"", "\"\""), Reason::Number),
            (true, with("\"101\"", "\"0.000000001\""), Reason::Number),
            (true, with("\"101\"", "\"99999999999\""), Reason::Number),
            (true, with("\"q\":\"2\"", "\"q\":\"0\""), Reason::Number),
            (true, with("\"T\":1767225601000", "\"T\":0"), Reason::Stamp),
            (
                true,
                with("\"T\":1767225601000", "\"T\":123456785"),
                Reason::Stamp,
            ),
            (
                true,
                with("\"T\":1767225601000", "\"T\":9767225601000"),
                Reason::Stamp,
            ),
            (true, mark("BTCUSDT", START, "inf"), Reason::Number),
            (true, with("BTCUSDT", "ETHUSDT"), Reason::OtherSymbol),
            (true, with("BTCUSDT", "XXXUSDT"), Reason::OtherSymbol),
            (
                true,
                format!(r#"{{"stream":"ethusdt@aggTrade","data":{good}}}"#),
                Reason::OtherSymbol,
            ),
            (true, with("aggTrade", "kline"), Reason::OtherStream),
            (true, quote("1", "2"), Reason::OtherStream),
            (false, good.clone(), Reason::OtherStream),
            (false, quote("2", "1"), Reason::Crossed),
            (false, quote("NaN", "1"), Reason::Number),
            (false, quote("0", "1"), Reason::Number),
        ];
        for (index, (over_market, text, reason)) in cases.iter().enumerate() {
            let link = if *over_market { &market } else { &public };
            link.text(text.clone());
            let met = out
                .until_trouble(|what| matches!(what, Trouble::Refused { .. }))
                .await;
            assert!(told(&met).is_empty(), "case {index}");
            let Some(Trouble::Refused { reason: found, why }) = troubles(&met).last().copied()
            else {
                unreachable!()
            };
            assert_eq!(found, reason, "case {index}: {why}");
            assert!(why.len() < 400, "case {index}: {} letters", why.len());
        }
        market.raw(Message::Binary(vec![0xFF; 9].into()));
        out.until_trouble(|what| {
            matches!(
                what,
                Trouble::Refused {
                    reason: Reason::Malformed,
                    ..
                }
            )
        })
        .await;
        market.text(r#"{"error":{"code":2,"msg":"Invalid request"},"id":77}"#);
        out.until_trouble(|what| matches!(what, Trouble::NotSubscribed { code: 2, .. }))
            .await;
        // After all of that the link goes on.
        market.text(good);
        out.until_trade(1).await;
        let stats = handle.stats();
        let counted: u64 = stats.refused.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, u64::try_from(cases.len()).unwrap() + 1);
        assert_eq!(stats.refused_for(Reason::Crossed), 1);
        println!(
            "binance streams: {counted} frames refused: {:?}",
            stats.refused
        );
    });
}

#[test]
fn repeats_and_old_news_are_dropped() {
    on_runtime(async {
        let mut server = Server::start().await;
        let (handle, mut out) = start(&server, &["BTCUSDT"], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        let mut public = server.accept("/public/ws").await;
        market.request().await;
        public.request().await;
        for id in [5, 5, 6, 4, 6, 7] {
            market.trade("BTCUSDT", id);
        }
        let met = out.until_trade(7).await;
        assert_eq!(trade_ids(&met), [5, 6, 7]);
        for at in [
            START,
            START + 2_000,
            START + 1_000,
            START + 2_000,
            START + 3_000,
        ] {
            market.text(mark("BTCUSDT", at, "1"));
        }
        let met = out
            .until(|event| told(std::slice::from_ref(event)) == ["3:mark 1"])
            .await;
        assert_eq!(told(&met), ["0:mark 1", "2:mark 1", "3:mark 1"]);
        for (update, at) in [(10, 0), (11, 0), (10, 0), (11, 0), (12, 1), (9, 1)] {
            public.text(book(
                "BTCUSDT",
                update,
                START + at * 1_000,
                "1",
                &format!("{update}"),
            ));
        }
        let met = out
            .until_trouble(|what| *what == Trouble::Outdated { events: 5 })
            .await;
        let quotes: Vec<String> = told(&met);
        assert_eq!(quotes, ["0:quote 1/10", "0:quote 1/11", "1:quote 1/12"]);
        let stats = handle.stats();
        assert_eq!((stats.duplicates, stats.outdated), (3, 5));
        assert!(troubles(&met).contains(&&Trouble::Duplicates { trades: 3 }));
        println!(
            "binance streams: {} repeats, {} old",
            stats.duplicates, stats.outdated
        );
    });
}

#[test]
fn many_contracts_take_few_frames_and_more_links() {
    on_runtime(async {
        let mut server = Server::start().await;
        let names: Vec<String> = (0..250).map(|number| format!("S{number:03}USDT")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut config = server.stream_config();
        config.streams_max = 400;
        let (handle, _out) = start(&server, &names, config);
        for index in 0..250 {
            handle.subscribe(SymbolId::at(index), None);
        }
        let mut found = BTreeSet::new();
        let mut frames = 0;
        for most in [400, 100] {
            let mut market = server.accept("/market/ws").await;
            let mut here = 0;
            while here < most {
                let (_, names) = market.request().await;
                here += names.len();
                frames += 1;
                found.extend(names);
            }
            assert_eq!(here, most);
        }
        assert_eq!(found.len(), 500);
        assert!(frames <= 12, "{frames} frames");
        println!(
            "binance streams: {} streams in {frames} frames over 2 links",
            found.len()
        );
        handle.close().await;
    });
}

#[test]
fn closing_waits_for_nobody_who_does_not_listen() {
    on_runtime(async {
        let mut server = Server::start().await;
        let (handle, out) = start(&server, &["BTCUSDT"], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        for id in 0..1_000 {
            market.trade("BTCUSDT", id);
        }
        while out.is_waiting() < 64 {
            tokio::task::yield_now().await;
        }
        tokio::time::timeout(Duration::from_secs(5), handle.close())
            .await
            .unwrap();
        drop(out);
        println!("binance streams: closed with a full receiver");
    });
}

#[test]
fn an_encrypted_address_without_encryption_behind_it_is_no_connection() {
    on_runtime(async {
        let server = Server::start().await;
        let mut config = server.stream_config();
        let text = format!("wss://localhost:{}", server.port);
        config.base = confluence::exchange::binance::address::Address::parse(
            &text,
            confluence::exchange::binance::address::Purpose::Streams,
        )
        .unwrap();
        let (handle, mut out) = start(&server, &["BTCUSDT"], config);
        handle.subscribe(SymbolId::at(0), None);
        let met = out
            .until_trouble(|what| matches!(what, Trouble::NoConnection { .. }))
            .await;
        assert!(
            !met.iter()
                .any(|event| matches!(event, FromMarket::Down { .. }))
        );
        println!(
            "binance streams: {:?}; {}",
            met.last().unwrap(),
            DownCause::Silent
        );
    });
}
