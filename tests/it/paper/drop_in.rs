//! The original's monitor keeps sending where it did: its recorded day finds the four known confluences and RIVER's trade.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use confluence::domain::event::{Note, OrderUpdate};
use confluence::domain::fill::Reason;
use confluence::domain::symbol::Symbol;
use confluence::domain::time::Timestamp;
use confluence::journal::entry::Entry;
use confluence::journal::store::Options;
use confluence::lookalike::config::{Config, Speed};
use confluence::lookalike::running::serve;
use confluence::settings::Settings;
use serde_json::{Value, json};

use super::stage::{Play, Player, free_port, said};
use crate::binary::shared;

/// What the original's monitor forwards, with the time of each.
fn lines(data: &std::path::Path) -> Vec<(Timestamp, String)> {
    let text = std::fs::read_to_string(data.join("signals/valuescan_ai_messages_20260101.json"));
    let whole: Value = serde_json::from_str(&text.unwrap()).unwrap();
    let mut lines: Vec<(Timestamp, String)> = whole["list"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| matches!(message["type"].as_i64(), Some(110 | 112 | 113)))
        .map(|message| {
            let content: Value =
                serde_json::from_str(message["content"].as_str().unwrap()).unwrap();
            let line = json!({
                "message_type": message["type"],
                "message_id": message["id"],
                "title": message["title"],
                "symbol_hint": Value::Null,
                "created_time": message["createTime"],
                "data": { "raw_message": message, "content": content },
            });
            let at = message["createTime"].as_i64().unwrap();
            (Timestamp::from_millis(at), format!("{line}\n"))
        })
        .collect();
    lines.sort();
    lines
}

/// Connects within 1.5 s, sends one line, closes; three tries, 2 s apart.
fn send(bridge: u16, line: &str) -> bool {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], bridge));
    for attempt in 0..3 {
        if attempt > 0 {
            std::thread::park_timeout(Duration::from_secs(2));
        }
        if let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(1_500)) {
            return stream.write_all(line.as_bytes()).is_ok();
        }
    }
    false
}

#[test]
fn the_original_monitor_feeds_it_unchanged() {
    let Some(data) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("drop-in.journal");
    let staged = Play {
        data: ["klines/um-1m", "exchange-info", "funding"]
            .map(|part| data.join(part))
            .to_vec(),
        brackets: data.join("exchange-info"),
        symbols: ["RIVERUSDT", "LIGHTUSDT", "LYNUSDT", "ZBTUSDT"]
            .map(Symbol::new)
            .to_vec(),
        from: Timestamp::parse("2026-01-01T02:10:00Z"),
        to: Timestamp::parse("2026-01-01T08:30:00Z"),
        signals: Vec::new(),
        sets: Vec::new(),
    };
    let mut config = Config::new(staged.data.clone(), Settings::defaults().fallback);
    config.symbols.clone_from(&staged.symbols);
    (config.from, config.to) = (staged.from, staged.to);
    config.speed = "1500".parse::<Speed>().unwrap();
    let server = serve(config).unwrap();
    let bridge = free_port();
    let mut settings = staged.settings(&server, bridge, &journal);
    settings.live.market.symbols = vec!["RIVERUSDT".to_owned()];
    let player = Player::start(settings, Options::default());
    let lines = lines(&data);
    let sent = std::thread::scope(|scope| {
        let mut senders = Vec::new();
        for (at, line) in &lines {
            while server.now() < *at && !server.is_over() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            // Each on a connection of its own, several at once.
            senders.push(scope.spawn(move || send(bridge, line)));
        }
        let sent = senders.into_iter().map(|sender| sender.join().unwrap());
        sent.filter(|sent| *sent).count()
    });
    assert!(server.wait().complete);
    player.stop().unwrap();
    let said = said(&journal);
    let mut found: Vec<(String, String)> = Vec::new();
    let mut fills = 0;
    for row in &said.rows {
        match row {
            Entry::Noted(Note::Confluence(pair)) => found.push((
                said.names[pair.symbol.index()].to_string(),
                pair.score.total.to_string(),
            )),
            Entry::Heard(confluence::domain::event::Event::Order {
                update: OrderUpdate::Filled { .. },
                ..
            }) => fills += 1,
            _ => {}
        }
    }
    println!(
        "drop-in: {sent} of {} lines sent, {} heard, confluences {found:?}, {fills} fills, trades {:?}",
        lines.len(),
        said.signals.len(),
        said.trades
            .iter()
            .map(|trade| (&trade.exits, trade.net()))
            .collect::<Vec<(&Vec<Reason>, _)>>()
    );
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ZBTUSDT", "LIGHTUSDT", "LYNUSDT", "RIVERUSDT"]);
    assert!(found.iter().all(|(_, score)| score.starts_with("0.9")));
    assert!(fills >= 1, "RIVER was not traded");
}
