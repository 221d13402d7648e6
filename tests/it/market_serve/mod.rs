//! The market server as a client meets it: streams, REST calls, signals, faults, pace.

mod client;
mod faults;
mod rest;
mod signals;

use std::time::{Duration, Instant};

use confluence::domain::market::News;
use confluence::domain::num::Price;
use confluence::domain::time::{Span, Timestamp};
use confluence::lookalike::config::{Config, Speed};
use confluence::lookalike::summary::Summary;
use confluence::market::instruments::RuleBook;
use confluence::market::library::Library;
use confluence::market::load::{Loaded, Request};
use confluence::market::ticks::{TickRules, Ticks};
use confluence::market::window::Window;
use serde_json::{Value, json};

use client::{
    Heard, NAMES, Said, ask, block, config, connect, listen, market, public, say, start, streams,
    text,
};

const FROM: &str = "2024-03-03T01:00:00Z";

/// The machine's clock: these tests are about pace.
#[allow(
    clippy::disallowed_methods,
    reason = "how long a server takes is what is tested"
)]
fn clock() -> Instant {
    Instant::now()
}

/// The same tape, read beside the server.
fn tape(from: Timestamp, to: Timestamp) -> (Loaded, Window) {
    let config = config(FROM, 1);
    let library = Library::open(&config.data).unwrap();
    let window = Window { from, to };
    let day = Span::from_millis(86_400_000);
    let request = Request {
        symbols: config.symbols,
        window: Window {
            from: from - day,
            to: to + day,
        },
        interval: None,
        drop_unfinished: false,
        trades: true,
        fallback: client::fallback(),
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    (library.load(&request, &mut rules).unwrap(), window)
}

/// What a client should have heard, as texts that begin with the stamp.
fn expected(from: Timestamp, to: Timestamp) -> (Vec<String>, Vec<String>) {
    let (loaded, window) = tape(from, to);
    let ticks = Ticks::new(
        &loaded.tape,
        &loaded.trades,
        TickRules {
            window,
            spread: None,
        },
    );
    let (mut public, mut market) = (Vec::new(), Vec::new());
    for event in &ticks {
        let name = loaded.tape.symbols.name(event.symbol);
        let at = event.at.millis();
        match event.news {
            News::Quote { bid, ask } => public.push(format!("{at} {name} {bid} {ask}")),
            News::Trade { price, qty } => market.push(format!("{at} {name} trade {price} {qty}")),
            News::Mark { price, funding } => {
                let next = funding.map_or(0, |next| next.at.millis());
                market.push(format!("{at} {name} mark {price} {next}"));
            }
        }
    }
    (public, market)
}

fn short(frame: &Value) -> String {
    let word = |field: &str| frame[field].as_str().unwrap().to_owned();
    let at = frame["E"].as_i64().unwrap();
    let name = word("s");
    match frame["e"].as_str().unwrap() {
        "bookTicker" => format!("{at} {name} {} {}", word("b"), word("a")),
        "aggTrade" => format!("{at} {name} trade {} {}", word("p"), word("q")),
        _ => format!("{at} {name} mark {} {}", word("p"), frame["T"]),
    }
}

/// The frames as short texts; checks that no ping stands before something stamped at or before it.
fn told(heard: &Heard) -> Vec<String> {
    let mut beat = i64::MIN;
    let mut texts = Vec::new();
    for frame in &heard.frames {
        match frame {
            Said::Ping(running) => {
                assert!(*running >= beat, "pings ascend");
                beat = *running;
            }
            Said::Text(text) => {
                let frame: Value = serde_json::from_str(text).unwrap();
                assert!(
                    frame["E"].as_i64().unwrap() > beat,
                    "{text} after ping {beat}"
                );
                texts.push(short(&frame));
            }
        }
    }
    texts
}

/// Both routes heard to the end.
fn hear(config: Config) -> (Heard, Heard, Summary) {
    let running = start(config);
    let address = running.address;
    let (one, other) = block(async {
        let one = tokio::spawn(listen(connect(address, &public()).await));
        let other = listen(connect(address, &market()).await).await;
        (one.await.unwrap(), other)
    });
    (one, other, running.wait())
}

#[test]
fn streams_tell_the_tape_and_nothing_else() {
    let from = Timestamp::parse(FROM).unwrap();
    let minutes = 120;
    let (public, market, summary) = hear(config(FROM, minutes));
    let (wanted_public, wanted_market) = expected(from, from + Span::from_millis(minutes * 60_000));
    assert!(told(&public) == wanted_public);
    assert!(told(&market) == wanted_market);
    assert_eq!((public.closed, market.closed), (Some(1000), Some(1000)));
    assert!(summary.complete);
    let mut ids = std::collections::BTreeMap::new();
    for frame in &market.frames {
        let Said::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(text).unwrap();
        if let Some(id) = frame["a"].as_u64() {
            let last = ids.insert(frame["s"].as_str().unwrap().to_owned(), id);
            assert!(last.is_none_or(|last| last + 1 == id), "{text}");
        }
    }
    let pings = |heard: &Heard| {
        heard
            .frames
            .iter()
            .filter(|frame| matches!(frame, Said::Ping(_)))
            .count()
    };
    assert!(pings(&public) >= 7_200 && pings(&market) >= 7_200);
    let last = public.frames.last();
    assert_eq!(last, Some(&Said::Ping(summary.until.millis())));
    println!(
        "{} quotes, {} trades and marks, {} pings: {summary}",
        wanted_public.len(),
        wanted_market.len(),
        pings(&public)
    );
}

#[test]
fn the_tape_waits_for_both_routes_and_for_those_who_fall_behind() {
    let running = start(config(FROM, 60));
    let address = running.address;
    let from = running.now();
    block(async {
        let public = connect(address, &public()).await;
        let public = tokio::spawn(listen(public));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(running.now(), from, "one route is not enough");
        // This one listens and reads nothing: no pong comes.
        let market = connect(address, &market()).await;
        let mut waited = 0;
        while running.now() == from && waited < 5_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            waited += 1;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let ahead = (running.now() - from).millis();
        assert!(
            ahead > 0 && ahead <= 61_000,
            "{ahead} ms ahead of a client that reads nothing"
        );
        // It goes on where it stopped as soon as it reads.
        let heard = listen(market).await;
        assert_eq!(heard.closed, Some(1000));
        public.await.unwrap();
        println!("{ahead} ms ahead of a client that read nothing");
    });
    assert!(running.wait().complete);
}

#[test]
fn the_tape_stands_still_while_a_route_is_lost() {
    let running = start(config(FROM, 600));
    let address = running.address;
    block(async {
        let mut public_socket = connect(address, &public()).await;
        let market_socket = tokio::spawn(listen(connect(address, &market()).await));
        assert!(
            text(&mut public_socket, Duration::from_secs(10))
                .await
                .is_some()
        );
        drop(public_socket);
        let mut stood = running.now();
        let mut looks = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = running.now();
            looks += 1;
            if now == stood {
                break;
            }
            assert!(looks < 100, "the tape runs on to {now}");
            stood = now;
        }
        assert!(stood < running.to);
        let again = listen(connect(address, &public()).await).await;
        assert_eq!(again.closed, Some(1000));
        market_socket.await.unwrap();
        println!("stood at {stood}");
    });
    assert!(running.wait().complete);
}

#[test]
fn control_frames_are_answered_and_wrong_routes_are_silent() {
    let mut config = config(FROM, 600);
    config.speed = Speed::Times("10".parse().unwrap());
    let running = start(config);
    let address = running.address;
    let patience = Duration::from_secs(10);
    block(async {
        let mut market = connect(address, "/market/ws").await;
        let ask = |method: &str, params: Value, id: u64| json!({"method": method, "params": params, "id": id});
        say(
            &mut market,
            &ask(
                "SUBSCRIBE",
                json!([
                    "synausdt@bookTicker",
                    "nobody@aggTrade",
                    "synausdt@aggTrade"
                ]),
                1,
            ),
        )
        .await;
        assert_eq!(
            text(&mut market, patience).await,
            Some(json!({"result": null, "id": 1}))
        );
        say(&mut market, &ask("LIST_SUBSCRIPTIONS", json!([]), 2)).await;
        let listed = text(&mut market, patience).await.unwrap();
        assert_eq!(listed["result"].as_array().unwrap().len(), 3);
        // The other route, in the envelope.
        let path = format!("/public/stream?streams={}", streams(&["bookTicker"]));
        let mut public = connect(address, &path).await;
        let first = text(&mut public, patience).await.unwrap();
        assert_eq!(first["data"]["e"], "bookTicker");
        let stream = format!(
            "{}@bookTicker",
            first["data"]["s"].as_str().unwrap().to_lowercase()
        );
        assert_eq!(first["stream"], json!(stream));
        assert_eq!(text(&mut market, patience).await.unwrap()["e"], "aggTrade");
        say(
            &mut market,
            &ask("UNSUBSCRIBE", json!(["synausdt@aggTrade"]), 3),
        )
        .await;
        let mut silent = false;
        while let Some(frame) = text(&mut market, Duration::from_secs(8)).await {
            if frame.get("result").is_some() {
                // What is left are names of another route and of nobody: a minute of history says nothing.
                silent = text(&mut market, Duration::from_secs(7)).await.is_none();
                break;
            }
        }
        assert!(silent, "wrong routes and unknown streams say nothing");
        for bad in [
            json!({"method": "DANCE", "id": 4}),
            json!({"method": "SUBSCRIBE", "params": "x", "id": 5}),
            json!({"method": "SUBSCRIBE", "params": [], "id": "x"}),
        ] {
            say(&mut market, &bad).await;
            assert!(text(&mut market, patience).await.unwrap()["code"].is_i64());
        }
        let many: Vec<String> = (0..1_025)
            .map(|number| format!("s{number}@aggTrade"))
            .collect();
        say(&mut market, &ask("SUBSCRIBE", json!(many), 6)).await;
        assert!(text(&mut market, patience).await.unwrap()["code"].is_i64());
        // Those who say too much are cut off.
        let mut chatty = connect(address, "/public/ws").await;
        for number in 0..12 {
            say(&mut chatty, &ask("LIST_SUBSCRIPTIONS", json!([]), number)).await;
        }
        let heard = listen(chatty).await;
        assert!(heard.frames.len() <= 14 && heard.closed.is_none());
        // Unrouted addresses and the private one are quiet, others do not exist.
        for quiet in [
            "/ws/synausdt@aggTrade",
            "/private/ws/x",
            "/stream?streams=synausdt@aggTrade",
        ] {
            let mut socket = connect(address, quiet).await;
            assert!(
                text(&mut socket, Duration::from_millis(300))
                    .await
                    .is_none(),
                "{quiet}"
            );
        }
        assert!(
            tokio_tungstenite::connect_async(format!("ws://{address}/cellar/ws"))
                .await
                .is_err()
        );
    });
    let summary = running.stop();
    assert!(!summary.complete && summary.thrown_out == 1);
}

#[test]
fn a_timed_tape_keeps_time() {
    let mut config = config(FROM, 20);
    config.speed = Speed::Times("600".parse().unwrap());
    let begun = clock();
    let (public, market, summary) = hear(config);
    let took = begun.elapsed();
    assert!(summary.complete);
    assert!(took >= Duration::from_millis(1_990), "{took:?}");
    let from = Timestamp::parse(FROM).unwrap();
    let (wanted_public, wanted_market) = expected(from, from + Span::from_millis(20 * 60_000));
    assert!(told(&public) == wanted_public && told(&market) == wanted_market);
    let pings = public
        .frames
        .iter()
        .filter(|frame| matches!(frame, Said::Ping(_)))
        .count();
    assert!((10..=60).contains(&pings), "{pings} pings in two seconds");
    println!("20 minutes in {took:?}, {pings} pings");
}

#[test]
fn recorded_trades_are_served_as_recorded() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !folder.join("README.md").is_file() {
        assert!(std::env::var_os("SIM_REQUIRE_SHARED").is_none());
        println!("SKIPPED: {} is absent", folder.display());
        return;
    }
    let from = Timestamp::parse("2024-10-18T10:00:00Z").unwrap();
    let to = from + Span::from_millis(7_200_000);
    let path = folder.join("trades/um/APEUSDT-aggTrades-2024-10-18.zip");
    let own = confluence::market::agg_trades::read(&path).unwrap();
    let mut config = Config::new(vec![folder], client::fallback());
    config.symbols = vec![confluence::domain::symbol::Symbol::new("APEUSDT")];
    (config.from, config.to) = (Some(from), Some(to));
    let running = start(config);
    let address = running.address;
    let (heard, candles) = block(async {
        let path = "/fapi/v1/klines?symbol=APEUSDT&interval=5m&limit=2";
        let candles = ask(address, path).await.json();
        let public = connect(address, "/public/ws/apeusdt@bookTicker").await;
        let public = tokio::spawn(listen(public));
        let market = listen(connect(address, "/market/ws/apeusdt@aggTrade").await).await;
        public.await.unwrap();
        (market, candles)
    });
    let rows: Vec<usize> = (0..own.len())
        .filter(|row| (from..to).contains(&own.time[*row]))
        .collect();
    let wanted = rows.iter().map(|row| {
        let trade = own.get(*row);
        (
            trade.id,
            trade.time.millis(),
            trade.price.to_string(),
            trade.qty.to_string(),
        )
    });
    let texts = heard.frames.iter().filter_map(|frame| match frame {
        Said::Text(text) => serde_json::from_str::<Value>(text).ok(),
        Said::Ping(_) => None,
    });
    let found = texts.map(|frame| {
        let word = |field: &str| frame[field].as_str().unwrap().to_owned();
        (
            frame["a"].as_u64().unwrap(),
            frame["T"].as_i64().unwrap(),
            word("p"),
            word("q"),
        )
    });
    assert!(found.eq(wanted));
    // The last whole candle before the tape comes from trades too.
    let open = from - Span::from_millis(300_000);
    let before = (0..own.len()).filter(|row| (open..from).contains(&own.time[*row]));
    let high = before.map(|row| own.price[row]).max().unwrap();
    let last = candles.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last[0], &last[2]),
        (&json!(open.millis()), &json!(high.to_string()))
    );
    println!("{} recorded trades served", rows.len());
    assert!(running.wait().complete);
}

#[test]
fn a_stopped_server_says_goodbye_soon() {
    let running = start(config(FROM, 6_000));
    let address = running.address;
    let heard = block(async {
        let mut public = connect(address, &public()).await;
        let market = tokio::spawn(listen(connect(address, &market()).await));
        assert!(text(&mut public, Duration::from_secs(10)).await.is_some());
        running.ask_to_stop();
        listen(public).await;
        market.await.unwrap()
    });
    let begun = clock();
    let summary = running.wait();
    assert!(!summary.complete && begun.elapsed() < Duration::from_secs(5));
    assert_eq!(heard.closed, Some(1000));
}

#[test]
fn a_spread_is_put_around_trades() {
    let mut config = config(FROM, 10);
    config.spread = Some("0.0004".parse().unwrap());
    let (public, _, _) = hear(config);
    let mut met = 0;
    for frame in &public.frames {
        let Said::Text(text) = frame else { continue };
        let frame: Value = serde_json::from_str(text).unwrap();
        let price = |field: &str| frame[field].as_str().unwrap().parse::<Price>().unwrap();
        assert!(price("b") < price("a"));
        met += 1;
    }
    assert!(met > 50);
    println!("{met} quotes with a spread");
}

#[test]
fn the_program_serves_and_stops_on_a_signal() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_sim"))
        .args(["market", "serve", "--data"])
        .arg(client::sample())
        .args(["--listen", "127.0.0.1:0", "--from", FROM, "--speed", "max"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line
        .split_whitespace()
        .nth(2)
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    let address = address.parse().unwrap();
    assert!(
        line.ends_with(&format!("from {}\n", Timestamp::parse(FROM).unwrap())),
        "{line}"
    );
    let time = block(ask(address, "/fapi/v1/time")).json();
    assert_eq!(
        time["serverTime"],
        json!(Timestamp::parse(FROM).unwrap().millis() - 1)
    );
    let asked = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(asked.success());
    let begun = clock();
    let status = child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(rest.contains("faults: none"), "{rest}");
    let listed = NAMES.len();
    println!("{listed} contracts served; ended in {:?}", begun.elapsed());
}
