//! How fast frames are read; the number is printed, the bound is far below it.

use std::time::Duration;

use confluence::domain::symbol::SymbolId;
use confluence::exchange::binance::wire::frame;

use super::server::{START, Server, book, made, mark, on_runtime, start, trade};

#[test]
fn frames_are_read_quickly() {
    let frames: Vec<String> = (0..100_000)
        .map(|id| match id % 8 {
            0 => mark("BTCUSDT", START + 1, "61800.20145678"),
            1..3 => trade("BTCUSDT", made(id)),
            _ => book("BTCUSDT", id, START, "61800.20", "61800.30"),
        })
        .collect();
    #[allow(clippy::disallowed_methods, reason = "a measurement")]
    let since = std::time::Instant::now();
    for frame in &frames {
        frame::parse(frame).unwrap();
    }
    let took = since.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(frames.len()).unwrap()) / took;
    println!("binance speed: {rate:.0} frames/s read on one core");
    assert!(rate > 60_000.0, "{rate}");
}

#[test]
fn a_burst_over_a_connection_arrives_whole() {
    on_runtime(async {
        const COUNT: u64 = 60_000;
        let mut server = Server::start().await;
        let (handle, mut out) = start(&server, &["BTCUSDT"], server.stream_config());
        handle.subscribe(SymbolId::at(0), None);
        let mut market = server.accept("/market/ws").await;
        market.request().await;
        #[allow(clippy::disallowed_methods, reason = "a measurement")]
        let since = std::time::Instant::now();
        for id in 0..COUNT {
            market.trade("BTCUSDT", id);
        }
        let mut next = 0;
        while next < COUNT {
            let met = out.until_trade(next).await;
            assert!(met.len() < 3, "{met:?}");
            next += 1;
        }
        let took = since.elapsed();
        println!("binance speed: {COUNT} trades over a connection in {took:?}");
        assert!(took < Duration::from_secs(50));
        assert_eq!(handle.stats().events, COUNT);
    });
}
