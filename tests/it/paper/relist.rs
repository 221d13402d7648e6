//! The exchange lists contracts, changes rules and takes contracts off while a run goes on.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use confluence::domain::num::Qty;
use confluence::domain::time::{Span, Timestamp};
use confluence::journal::entry::{Boot, Entry};
use confluence::journal::reader;
use confluence::journal::store::Options;
use confluence::lookalike::config::Speed;
use confluence::lookalike::running::{Running, serve};
use confluence::settings::Settings;
use serde_json::{Value, json};

use super::crash::{same, scripted};
use super::stage::{Player, free_port, play, said, to_the_end};

/// The market server's calls, with another list of contracts.
struct Front {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    /// While it is set the list stays as it is at first.
    held: Arc<AtomicBool>,
    runtime: tokio::runtime::Runtime,
}

/// What is listed when the list is asked for the n-th time, from 0.
type Change = fn(usize, &mut Vec<Value>);

#[derive(Clone)]
struct Behind {
    server: SocketAddr,
    asked: Arc<AtomicUsize>,
    held: Arc<AtomicBool>,
    change: Change,
}

async fn answer(State(behind): State<Behind>, request: Request) -> (StatusCode, String) {
    let asked = request.uri().path_and_query().unwrap().to_string();
    let url = format!("http://{}{asked}", behind.server);
    let Ok(answer) = reqwest::get(url).await else {
        return (StatusCode::BAD_GATEWAY, String::new());
    };
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let text = answer.text().await.unwrap();
    if !asked.contains("exchangeInfo") {
        return (status, text);
    }
    let mut told: Value = serde_json::from_str(&text).unwrap();
    let count = if behind.held.load(Ordering::SeqCst) {
        0
    } else {
        behind.asked.fetch_add(1, Ordering::SeqCst)
    };
    (behind.change)(count, told["symbols"].as_array_mut().unwrap());
    (status, told.to_string())
}

impl Front {
    fn of(server: &Running, change: Change, held: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let held = Arc::new(AtomicBool::new(held));
        let behind = Behind {
            server: server.address,
            asked: Arc::clone(&asked),
            held: Arc::clone(&held),
            change,
        };
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(behind);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            asked,
            held,
            runtime,
        }
    }

    fn close(self) {
        self.runtime.shutdown_background();
    }
}

/// A contract as the first one, under another name.
fn another(listed: &[Value], name: &str) -> Value {
    let mut new = listed[0].clone();
    new["symbol"] = json!(name);
    new["pair"] = json!(name);
    new["baseAsset"] = json!(name.trim_end_matches("USDT"));
    new
}

/// Every second look finds one contract more, and the rules of the first of these changed once more.
fn more_each_time(asked: usize, listed: &mut Vec<Value>) {
    for number in 1..=asked / 2 {
        let mut new = another(listed, &format!("NEW{number}USDT"));
        if number == 1 {
            for filter in new["filters"].as_array_mut().unwrap() {
                if filter["filterType"] == "MARKET_LOT_SIZE" {
                    filter["maxQty"] = json!((1_000 + asked / 2).to_string());
                }
            }
        }
        listed.push(new);
    }
}

/// After the first look there is one contract more.
fn one_more_later(asked: usize, listed: &mut Vec<Value>) {
    if asked >= 1 {
        let new = another(listed, "LATEUSDT");
        listed.push(new);
    }
}

/// The list is looked at all the time: a tape at full speed is over soon.
fn looking(mut settings: Settings, front: &Front, every: i64) -> Settings {
    settings.live.market.rest = format!("http://{}", front.address);
    settings.live.market.list_every = Span::from_millis(every);
    settings
}

fn boots(journal: &Path) -> Vec<Boot> {
    let rows = reader::read(journal).unwrap().map(|row| row.unwrap().entry);
    rows.filter_map(|entry| match entry {
        Entry::Boot(boot) => Some(boot),
        _ => None,
    })
    .collect()
}

#[test]
fn a_list_that_changes_all_the_time_changes_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut scripted = scripted();
    scripted.to = Timestamp::parse("2024-03-03T13:30:00Z");
    let whole = folder.path().join("whole.journal");
    play(&scripted, &whole);
    let whole = said(&whole);
    assert!(!whole.trades.is_empty());
    let journal = folder.path().join("relisted.journal");
    let bridge = free_port();
    let server = scripted.serve(bridge);
    let front = Front::of(&server, more_each_time, false);
    let settings = looking(scripted.settings(&server, bridge, &journal), &front, 30);
    let player = Player::start(settings, Options::default());
    let (summary, player) = to_the_end(server, player).unwrap();
    player.stop().unwrap();
    assert!(summary.complete);
    assert_eq!(summary.signals.acknowledged, 2, "{:?}", summary.signals);
    let asked = front.asked.load(Ordering::SeqCst);
    front.close();
    if let Err(difference) = same(&whole, &said(&journal)) {
        panic!("with another list of contracts: {difference}");
    }
    let boots = boots(&journal);
    println!(
        "relist: {asked} looks, {} starts, {} contracts at the end, {} rows and {} trades each",
        boots.len(),
        boots.last().unwrap().listing.len(),
        whole.rows.len(),
        whole.trades.len()
    );
    assert!(boots.len() >= 5, "{} starts", boots.len());
    // A look that finds nothing new starts nothing.
    assert!(boots.len() <= asked / 2 + 1);
    for (number, boot) in boots.iter().enumerate() {
        let names: Vec<String> = boot.listing.iter().map(|l| l.symbol.to_string()).collect();
        let added = (1..=number).map(|added| format!("NEW{added}USDT"));
        let wanted: Vec<String> = ["SYNAUSDT".to_owned()].into_iter().chain(added).collect();
        assert_eq!(names, wanted, "start {}", number + 1);
        if let Some(first) = boot.listing.get(1) {
            let most: Qty = (1_000 + number).to_string().parse().unwrap();
            assert_eq!(first.instrument.market_qty_max, most);
        }
    }
}

#[test]
fn a_contract_listed_later_is_taken_on_the_connection_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut quiet = scripted();
    quiet.signals.clear();
    let journal = folder.path().join("later.journal");
    let bridge = free_port();
    let mut config = quiet.config(bridge);
    config.speed = "60".parse::<Speed>().unwrap();
    let server = serve(config).unwrap();
    let front = Front::of(&server, one_more_later, true);
    let settings = looking(quiet.settings(&server, bridge, &journal), &front, 60);
    let player = Player::start(settings, Options::default());
    let mut tries = 0;
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", bridge)) {
            Ok(stream) => break stream,
            Err(_) => std::thread::park_timeout(Duration::from_millis(5)),
        }
        tries += 1;
        assert!(tries < 6_000 && !player.is_over());
    };
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut said: Vec<Value> = Vec::new();
    for number in 0.. {
        let line = json!({
            "type": 113, "id": format!("late-{number}"), "symbol": "LATE",
            "event_time": server.now().to_text(), "ack": true,
        });
        writeln!(stream, "{line}").unwrap();
        let mut text = String::new();
        answers.read_line(&mut text).unwrap();
        said.push(serde_json::from_str(&text).unwrap());
        if said.last().unwrap()["ok"] == json!(true) {
            break;
        }
        front.held.store(false, Ordering::SeqCst);
        assert!(number < 1_500, "{:?}", said.last());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    player.stop().unwrap();
    let _ = server.stop();
    front.close();
    let refused = &said[..said.len() - 1];
    println!(
        "relist: {} messages refused, then one accepted",
        refused.len()
    );
    assert!(!refused.is_empty());
    for no in refused {
        assert_eq!(no["reason"], "unknown_symbol", "{no}");
    }
    let boots = boots(&journal);
    assert_eq!(boots.len(), 2);
    let rows = reader::read(&journal)
        .unwrap()
        .map(|row| row.unwrap().entry);
    let taken = rows.filter(|entry| matches!(entry, Entry::Taken { .. }));
    assert_eq!(taken.count(), 1);
}
