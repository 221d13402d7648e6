//! Breaks: holes, reconnects, silence, dead streams, rotation; nothing is lost and nothing is said twice.

use std::time::Duration;

use axum::extract::ws::Message;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::exchange::binance::stream::{
    Data, DownCause, FromMarket, Repair, Route, Seen, Trouble,
};

use super::server::{
    Connection, Reply, START, Server, book, mark, on_runtime, start, told, trade_ids, troubles,
};

const BTC: &str = "BTCUSDT";

async fn both(server: &mut Server) -> (Connection, Connection) {
    let mut market = server.accept("/market/ws").await;
    let mut public = server.accept("/public/ws").await;
    market.request().await;
    public.request().await;
    (market, public)
}

#[test]
fn a_hole_is_filled_by_number_and_what_follows_waits() {
    on_runtime(async {
        let mut server = Server::start().await;
        server.trades(BTC, 0..3_000);
        let (handle, mut out) = start(&server, &[BTC, "ETHUSDT"], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        handle.subscribe(SymbolId::at(1), None);
        let (market, _public) = both(&mut server).await;
        market.trade(BTC, 1);
        market.trade(BTC, 2_500);
        market.text(mark(BTC, START + 2_500_000, "7"));
        market.trade(BTC, 2_501);
        // Another contract of the same link does not wait.
        market.trade("ETHUSDT", 1);
        let met = out.until_trade(2_501).await;
        let ids = trade_ids(&met);
        let btc: Vec<u64> = (1..=2_501).collect();
        let place = ids.iter().skip(1).position(|id| *id == 1).unwrap() + 1;
        assert_eq!(place, 1, "the other contract waited");
        let ids: Vec<u64> = ids
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at != place)
            .map(|(_, id)| id)
            .collect();
        assert_eq!(ids, btc);
        let tail = told(&met);
        assert_eq!(tail[tail.len() - 2], "2500:mark 7");
        let gap = Trouble::Gap {
            from: 2,
            missing: Some(2_498),
        };
        assert!(troubles(&met).contains(&&gap), "{:?}", troubles(&met));
        let met = out
            .until_trouble(|what| matches!(what, Trouble::Repaired { .. }))
            .await;
        let repaired = Trouble::Repaired {
            trades: 2_498,
            marks: 0,
            how: Repair::ById,
        };
        assert_eq!(troubles(&met), [&repaired]);
        let stats = handle.stats();
        assert_eq!(
            (stats.gaps, stats.repaired_by_id, stats.trades_fetched),
            (1, 1, 2_498)
        );
        println!(
            "binance breaks: a hole of {} trades in {} calls",
            2_498,
            server.calls().len()
        );
    });
}

#[test]
fn frames_that_come_late_close_a_hole_without_a_call() {
    on_runtime(async {
        let mut server = Server::start().await;
        let mut config = server.stream_config();
        config.repair_after = Duration::from_secs(3_600);
        let (handle, mut out) = start(&server, &[BTC], config);
        handle.subscribe(SymbolId::at(0), None);
        let (market, _public) = both(&mut server).await;
        for id in [1, 4, 3, 3, 6, 2, 5, 7] {
            market.trade(BTC, id);
        }
        let met = out.until_trade(7).await;
        assert_eq!(trade_ids(&met), [1, 2, 3, 4, 5, 6, 7]);
        let stats = handle.stats();
        assert_eq!(
            (stats.gaps, stats.repaired_late, stats.duplicates),
            (1, 1, 1)
        );
        assert!(server.calls().is_empty());
        println!("binance breaks: {} trades in disorder", 7);
    });
}

#[test]
fn a_break_is_caught_up_by_number_with_marks_from_bars() {
    on_runtime(async {
        let mut server = Server::start().await;
        server.trades(BTC, 0..200);
        server.history.lock().unwrap().bars.insert(
            "/fapi/v1/markPriceKlines".to_owned(),
            vec![
                (
                    START,
                    ["1", "1", "1", "50", "0"].map(|text| if text == "50" { "1" } else { text }),
                ),
                (START + 60_000, ["2", "2", "2", "2", "0"]),
                (START + 120_000, ["3", "3", "3", "3", "0"]),
            ],
        );
        let (handle, mut out) = start(&server, &[BTC], server.stream_config());
        handle.subscribe(SymbolId::at(0), Some(9));
        let (market, _public) = both(&mut server).await;
        // What is missing since number 9 comes without any trade on the stream.
        let met = out.until_trade(199).await;
        assert_eq!(trade_ids(&met), (10..200).collect::<Vec<_>>());
        market.text(mark(BTC, START + 199_000, "5"));
        market.trade(BTC, 200);
        out.until_trade(200).await;
        server.trades(BTC, 200..400);
        server
            .history
            .lock()
            .unwrap()
            .bars
            .get_mut("/fapi/v1/markPriceKlines")
            .unwrap()
            .extend([
                (START + 180_000, ["4", "4", "4", "4", "0"]),
                (START + 240_000, ["6", "6", "6", "6", "0"]),
            ]);
        market.cut();
        let met = out
            .until(|event| {
                matches!(
                    event,
                    FromMarket::Down {
                        why: DownCause::Broken(_),
                        ..
                    }
                )
            })
            .await;
        assert!(trade_ids(&met).is_empty());
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        market.trade(BTC, 301);
        let met = out.until_trade(301).await;
        assert_eq!(trade_ids(&met), (201..=301).collect::<Vec<_>>());
        let words = told(&met);
        let place = |word: &str| words.iter().position(|other| other == word);
        // Four of each minute along its path, without those that are older than the last mark heard; marks go first.
        let marks: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .filter(|word| word.contains("mark"))
            .collect();
        let path = [
            "200:mark 4",
            "220:mark 4",
            "239:mark 4",
            "240:mark 6",
            "260:mark 6",
            "280:mark 6",
            "299:mark 6",
        ];
        assert_eq!(marks, path, "{words:?}");
        assert_eq!(place("239:mark 4").map(|at| at + 1), place("240:mark 6"));
        assert_eq!(place("240:mark 6").map(|at| at + 1), place("240:trade 240"));
        assert!(met.iter().any(|event| matches!(
            event,
            FromMarket::Up {
                route: Route::Market,
                ..
            }
        )));
        let stats = handle.stats();
        assert_eq!((stats.reconnects, stats.duplicates, stats.lost), (1, 0, 0));
        println!(
            "binance breaks: {} trades and {} marks caught up",
            trade_ids(&met).len(),
            marks.len()
        );
    });
}

#[test]
fn too_many_or_gone_come_from_bars() {
    on_runtime(async {
        for gone in [false, true] {
            let mut server = Server::start().await;
            server.trades(BTC, 0..400);
            {
                let mut history = server.history.lock().unwrap();
                history.oldest = if gone { 300 } else { 0 };
                let bars = (0..6).map(|minute| {
                    (
                        START + minute * 60_000,
                        ["100", "120", "90", "110", "8.00000003"],
                    )
                });
                history
                    .bars
                    .insert("/fapi/v1/klines".to_owned(), bars.collect());
            }
            let mut config = server.stream_config();
            config.repair_trades_max = if gone { 20_000 } else { 50 };
            let (handle, mut out) = start(&server, &[BTC], config);
            let seen = Seen {
                id: 70,
                at: Some(Timestamp::from_millis(START + 70_000)),
            };
            handle.resume(SymbolId::at(0), Some(seen));
            let (market, _public) = both(&mut server).await;
            market.trade(BTC, 330);
            let met = out.until_trade(330).await;
            // Trade 330 is of the sixth minute: four whole minutes of bars, the first without what was before 70 s.
            let words = told(&met);
            assert_eq!(
                words[..4],
                [
                    "80:made 90x2",
                    "100:made 120x2",
                    "119:made 110x2.00000003",
                    "120:made 100x2"
                ]
            );
            assert_eq!(words[14], "299:made 110x2.00000003");
            assert_eq!(words[15], "300:trade 300");
            assert_eq!(trade_ids(&met), (300..=330).collect::<Vec<_>>());
            let how = Repair::ByBars { bars: 4 };
            out.until_trouble(
                |what| matches!(what, Trouble::Repaired { how: found, .. } if *found == how),
            )
            .await;
            assert_eq!(handle.stats().repaired_by_bars, 1);
        }
        println!("binance breaks: 4 minutes from bars, twice");
    });
}

#[test]
fn what_the_exchange_cannot_bring_is_said_to_be_lost() {
    on_runtime(async {
        let mut server = Server::start().await;
        server.trades(BTC, 0..400);
        server.history.lock().unwrap().oldest = 300;
        let (handle, mut out) = start(&server, &[BTC], server.stream_config());
        handle.subscribe(SymbolId::at(0), Some(70));
        let (market, _public) = both(&mut server).await;
        market.trade(BTC, 330);
        let met = out.until_trade(330).await;
        assert_eq!(trade_ids(&met), [330]);
        out.until_trouble(|what| matches!(what, Trouble::Lost { .. }))
            .await;
        assert_eq!(handle.stats().lost, 1);
        println!("binance breaks: lost trades are said");
    });
}

#[test]
fn calls_that_fail_are_made_again_until_the_hole_is_closed() {
    on_runtime(async {
        let mut server = Server::start().await;
        server.trades(BTC, 0..100);
        server.history.lock().unwrap().first = vec![
            Reply::status(503, "Service Unavailable."),
            Reply::ok("[{"),
            Reply::status(429, "{}").header("retry-after", 1),
            Reply::ok("[]"),
        ];
        let (handle, mut out) = start(&server, &[BTC], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let (market, _public) = both(&mut server).await;
        market.trade(BTC, 1);
        market.trade(BTC, 50);
        let met = out.until_trade(50).await;
        assert_eq!(trade_ids(&met), (1..=50).collect::<Vec<_>>());
        let delayed = troubles(&met)
            .iter()
            .filter(|what| matches!(what, Trouble::RepairDelayed { .. }))
            .count();
        assert_eq!(delayed, 3);
        println!(
            "binance breaks: closed after {} calls",
            server.calls().len()
        );
    });
}

#[test]
fn a_silent_link_is_a_broken_one() {
    on_runtime(async {
        let mut server = Server::start().await;
        let mut config = server.stream_config();
        config.silent_after = Duration::from_millis(150);
        config.stale_after = Duration::from_secs(600);
        let (handle, mut out) = start(&server, &[BTC], config);
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        market.trade(BTC, 1);
        // Pings are frames: for longer than the time allowed it stays.
        for _ in 0..6 {
            assert_eq!(market.pong(Duration::from_millis(60)).await, None);
            market.ping("x");
            assert_eq!(
                market.pong(Duration::from_secs(5)).await.as_deref(),
                Some("x")
            );
        }
        assert_eq!(handle.stats().reconnects, handle.stats().connects - 2);
        let met = out
            .until(|event| {
                matches!(
                    event,
                    FromMarket::Down {
                        why: DownCause::Silent,
                        ..
                    }
                )
            })
            .await;
        assert_eq!(trade_ids(&met), [1]);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        market.trade(BTC, 2);
        out.up(Route::Market).await;
        out.until_trade(2).await;
        println!(
            "binance breaks: silence after {} pings",
            handle.stats().pings
        );
    });
}

#[test]
fn a_stream_that_brings_nothing_goes_to_a_new_link() {
    on_runtime(async {
        let mut server = Server::start().await;
        let mut config = server.stream_config();
        config.stale_after = Duration::from_millis(200);
        let (handle, mut out) = start(&server, &[BTC], config);
        handle.subscribe(SymbolId::at(0), None);
        // The wrong route: subscriptions are taken, pings come, data does not.
        let (market, _public) = both(&mut server).await;
        let met = out
            .until_trouble(|what| matches!(what, Trouble::Stale { .. }))
            .await;
        let Some(FromMarket::Trouble {
            link: dead, what, ..
        }) = met.last()
        else {
            unreachable!()
        };
        assert_eq!(*what, Trouble::Stale { what: Data::Marks });
        let mut second = server.accept("/market/ws").await;
        second.request().await;
        second.text(mark(BTC, START, "1"));
        second.trade(BTC, 1);
        let link = out.up(Route::Market).await;
        assert_ne!(link, *dead);
        drop(market);
        // Trades without quotes: the other route is dead.
        let met = loop {
            second.text(mark(
                BTC,
                START + 1_000 * i64::try_from(handle.stats().frames).unwrap(),
                "1",
            ));
            if let Some(
                event @ FromMarket::Trouble {
                    what: Trouble::Stale { what: Data::Quotes },
                    ..
                },
            ) = out.quick(Duration::from_millis(20)).await
            {
                break event;
            }
        };
        let mut public = server.accept("/public/ws").await;
        public.request().await;
        public.text(book(BTC, 1, START, "1", "2"));
        out.until(|event| told(std::slice::from_ref(event)) == ["0:quote 1/2"])
            .await;
        assert!(handle.stats().stale >= 2);
        println!(
            "binance breaks: {met:?}; {} dead streams",
            handle.stats().stale
        );
    });
}

#[test]
fn a_frame_longer_than_allowed_breaks_the_link() {
    on_runtime(async {
        let mut server = Server::start().await;
        let (handle, mut out) = start(&server, &[BTC], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let (market, _public) = both(&mut server).await;
        market.trade(BTC, 1);
        out.until_trade(1).await;
        market.raw(Message::Text("x".repeat(3 << 20).into()));
        out.until(|event| {
            matches!(
                event,
                FromMarket::Down {
                    why: DownCause::TooLarge,
                    ..
                }
            )
        })
        .await;
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        market.trade(BTC, 2);
        out.until_trade(2).await;
        println!("binance breaks: {} reconnects", handle.stats().reconnects);
    });
}

#[test]
fn rotation_overlaps_and_nothing_is_said_twice() {
    on_runtime(async {
        let mut server = Server::start().await;
        let mut config = server.stream_config();
        config.rotate_after = Duration::from_millis(300);
        let (handle, mut out) = start(&server, &[BTC], config);
        handle.subscribe(SymbolId::at(0), None);
        let mut old = server.accept("/market/ws").await;
        old.request().await;
        old.trade(BTC, 1);
        let first = out.up(Route::Market).await;
        let mut new = server.accept("/market/ws").await;
        new.request().await;
        // Both bring the same; the old one is a little ahead.
        for id in 2..20 {
            old.trade(BTC, id);
        }
        let mut met = out.until_trade(19).await;
        for id in 15..20 {
            new.trade(BTC, id);
        }
        met.extend(
            out.until(|event| matches!(event, FromMarket::Down { .. }))
                .await,
        );
        assert!(
            matches!(met.last(), Some(FromMarket::Down { link, why: DownCause::Rotated }) if *link == first)
        );
        assert!(met.iter().any(
            |event| matches!(event, FromMarket::Up { link, route: Route::Market } if *link != first)
        ));
        old.gone().await;
        new.trade(BTC, 20);
        met.extend(out.until_trade(20).await);
        assert_eq!(trade_ids(&met), (1..=20).collect::<Vec<_>>());
        let stats = handle.stats();
        assert_eq!((stats.duplicates, stats.gaps), (5, 0));
        assert!(stats.rotations >= 1 && server.calls().is_empty());
        println!(
            "binance breaks: {} rotations, {} repeats dropped",
            stats.rotations, stats.duplicates
        );
    });
}
