//! Pings that carry the server's running time.

use std::time::Duration;

use confluence::domain::symbol::SymbolId;
use confluence::exchange::binance::stream::FromMarket;

use super::server::{START, Server, mark, on_runtime, start, told, trade_ids};

const BTC: &str = "BTCUSDT";

#[test]
fn a_beat_comes_in_order_and_never_before_what_is_missing() {
    on_runtime(async {
        let mut server = Server::start().await;
        server.trades(BTC, 0..50);
        let config = server.stream_config().with_beats();
        let (handle, mut out) = start(&server, &[BTC], config);
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        let beat = |seconds: i64| (START + seconds * 1_000).to_string();
        market.text(mark(BTC, START, "1"));
        market.trade(BTC, 1);
        market.ping(&beat(1));
        market.trade(BTC, 2);
        market.ping("no time");
        market.ping(&beat(2));
        let met = out
            .until(|event| told(std::slice::from_ref(event)) == ["2:beat"])
            .await;
        assert_eq!(
            told(&met),
            ["0:mark 1", "1:trade 1", "1:beat", "2:trade 2", "2:beat"]
        );
        for _ in 0..3 {
            assert!(market.pong(Duration::from_secs(5)).await.is_some());
        }
        // A hole: the beat waits for it, and so does its pong.
        market.trade(BTC, 40);
        market.ping(&beat(40));
        let met = out
            .until(|event| matches!(event, FromMarket::Beat { .. }))
            .await;
        let ids: Vec<u64> = (3..=40).collect();
        assert_eq!(trade_ids(&met), ids);
        assert_eq!(told(&met).last().unwrap(), "40:beat");
        assert_eq!(market.pong(Duration::from_secs(5)).await, Some(beat(40)));
        // After a break nothing is known until the exchange has been asked: then the first beat comes.
        server.trades(BTC, 50..60);
        market.cut();
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        // Until the subscription is taken a ping says nothing of the contract.
        market.ping(&beat(59));
        let met = out
            .until(|event| matches!(event, FromMarket::Beat { .. }))
            .await;
        assert_eq!(trade_ids(&met), (41..60).collect::<Vec<_>>());
        let stats = handle.stats();
        println!(
            "binance beats: {} of {} pings, {} calls",
            stats.beats,
            stats.pings,
            server.calls().len()
        );
        assert_eq!(stats.beats, 4);
    });
}

#[test]
fn without_beats_a_ping_is_only_a_ping() {
    on_runtime(async {
        let mut server = Server::start().await;
        let (handle, mut out) = start(&server, &[BTC], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        market.ping(&START.to_string());
        assert_eq!(
            market.pong(Duration::from_secs(5)).await,
            Some(START.to_string())
        );
        market.trade(BTC, 1);
        let met = out.until_trade(1).await;
        assert_eq!(told(&met), ["1:trade 1"]);
        println!("binance beats: none of {} pings", handle.stats().pings);
    });
}
