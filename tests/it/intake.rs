//! Sources of signals against a made-up runner: what comes through, what is answered, what is counted.

mod bridge;
mod feed;
mod file;
mod flood;
mod hand;
mod http;
mod noise;
mod runner;

use confluence::live::intake::config::{BridgeConfig, IntakeConfig};
use serde_json::{Value, json};

/// Another thread's port, whatever is free.
fn any_port() -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The bridge alone.
fn bridge() -> IntakeConfig {
    IntakeConfig {
        bridge: Some(BridgeConfig {
            addr: any_port(),
            ..BridgeConfig::default()
        }),
        ..IntakeConfig::default()
    }
}

/// 2026-01-01T07:55:20Z.
const NOON: i64 = 1_767_254_120_000;

/// A message as the bridge sends it.
fn line(id: &str, kind: u16, symbol: &str) -> Value {
    json!({
        "message_type": kind,
        "message_id": id,
        "title": "资金异常",
        "symbol_hint": symbol,
        "created_time": NOON,
        "data": {
            "raw_message": { "id": id, "type": kind, "createTime": NOON },
            "content": { "symbol": symbol, "price": 2.1186, "updateTime": "2026-01-01 15:55:20.299" },
        },
    })
}

/// The same, asking for an answer.
fn asking(id: &str, kind: u16, symbol: &str) -> Value {
    let mut line = line(id, kind, symbol);
    line["ack"] = json!(true);
    line
}
