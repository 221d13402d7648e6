//! Random faults from a seed: whatever is dropped, repeated, mixed up or cut, every trade comes once and in order.

use std::collections::BTreeMap;

use confluence::domain::random::Random;
use confluence::domain::symbol::SymbolId;
use confluence::exchange::binance::stream::FromMarket;
use tokio::task::JoinHandle;

use super::server::{Connection, Out, Reply, START, Server, made, mark, on_runtime, start, trade};

const NAMES: [&str; 3] = ["AAAUSDT", "BBBUSDT", "CCCUSDT"];
const LAST: u64 = 250;

#[derive(Debug, Default)]
struct Faults {
    dropped: u64,
    repeated: u64,
    swapped: u64,
    odd: u64,
    cuts: u64,
    refused_calls: u64,
}

#[test]
fn every_trade_comes_once_whatever_happens() {
    let mut all = Faults::default();
    let mut trades = 0;
    let seeds = 1..=25;
    for seed in seeds.clone() {
        on_runtime(async {
            let (faults, count) = storm(seed, seed % 2 == 0).await;
            trades += count;
            all.dropped += faults.dropped;
            all.repeated += faults.repeated;
            all.swapped += faults.swapped;
            all.odd += faults.odd;
            all.cuts += faults.cuts;
            all.refused_calls += faults.refused_calls;
        });
    }
    println!("binance storm: seeds {seeds:?}, {trades} trades, {all:?}");
    assert!(all.dropped > 0 && all.repeated > 0 && all.swapped > 0);
    assert!(all.odd > 0 && all.cuts > 0 && all.refused_calls > 0);
}

async fn storm(seed: u64, beats: bool) -> (Faults, u64) {
    let mut random = Random::stream(seed, &[9]);
    let mut server = Server::start().await;
    let mut config = server.stream_config();
    if beats {
        config = config.with_beats();
    }
    config.seed = seed;
    let (handle, out) = start(&server, &NAMES, config);
    for index in 0..NAMES.len() {
        handle.subscribe(SymbolId::at(index), Some(0));
    }
    let taken = collect(out, seed);
    let mut faults = Faults::default();
    let mut market = connected(&mut server).await;
    let mut held: Vec<String> = Vec::new();
    for id in 1..=LAST {
        for name in NAMES {
            server.trades(name, id..id + 1);
            let text = trade(name, made(id));
            // A beat is the server's word that all was sent: with beats nothing is dropped before one.
            let fault = random.below(40);
            match fault {
                0 if beats => market.text(text),
                0 => faults.dropped += 1,
                1 => {
                    faults.repeated += 1;
                    market.text(text.clone());
                    market.text(text);
                }
                2 => {
                    faults.swapped += 1;
                    held.push(text);
                }
                3 => {
                    faults.odd += 1;
                    market.text("{\"e\":\"aggTrade\"}");
                    market.text(text);
                }
                _ => market.text(text),
            }
            if random.one_in(3) {
                for text in held.drain(..) {
                    market.text(text);
                }
            }
        }
        if beats {
            for text in held.drain(..) {
                market.text(text);
            }
            market.ping(&made(id).at.to_string());
        }
        if random.one_in(60) {
            faults.refused_calls += 1;
            let reply = Reply::status(503, "Service Unavailable.");
            server.history.lock().unwrap().first.push(reply);
        }
        if random.one_in(70) {
            faults.cuts += 1;
            market.cut();
            market = connected(&mut server).await;
        }
    }
    // What was dropped at the very end shows by what comes after it.
    for name in NAMES {
        server.trades(name, LAST + 1..LAST + 2);
        market.text(mark(name, START + 900_000, "1"));
        market.trade(name, LAST + 1);
    }
    let count = taken.await.unwrap();
    handle.close().await;
    (faults, count)
}

async fn connected(server: &mut Server) -> Connection {
    let mut market = server.accept("/market/ws").await;
    market.request().await;
    market
}

/// Takes everything until each contract's last trade; each must follow the one before. A beat never comes before a trade
/// of its time or of an earlier one.
fn collect(mut out: Out, seed: u64) -> JoinHandle<u64> {
    tokio::spawn(async move {
        let mut next: BTreeMap<SymbolId, u64> =
            (0..NAMES.len()).map(|at| (SymbolId::at(at), 1)).collect();
        let mut beat = None;
        while next.values().any(|next| *next <= LAST + 1) {
            match out.next().await {
                FromMarket::Event {
                    event,
                    trade_id: Some(id),
                    ..
                } => {
                    let wanted = next.get_mut(&event.symbol).unwrap();
                    assert_eq!(id, *wanted, "seed {seed}: {event:?}");
                    assert!(
                        beat.is_none_or(|beat| beat < event.at),
                        "seed {seed}: a beat came too early"
                    );
                    *wanted += 1;
                }
                FromMarket::Beat { at, .. } => beat = Some(at),
                _ => {}
            }
        }
        next.values().map(|next| next - 1).sum()
    })
}
