//! As much of HTTP and WebSocket as a server needs that knows its client.
//!
//! Not here: what is answered (`exchange`), frames of a server (`frames`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The head of the next request; `None` when the client has gone.
pub(crate) fn head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// Answers a call.
pub(crate) fn answer(writer: &mut TcpStream, body: &str) {
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nx-mbx-used-weight-1m: 1\r\n\r\n{body}",
        body.len()
    );
    // A client that is gone needs no answer.
    let _gone = writer.write_all(text.as_bytes());
}

/// Turns a connection into a WebSocket.
pub(crate) fn upgrade(writer: &mut TcpStream, head: &str) {
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
        is_key.then(|| value.trim().to_owned())
    });
    let accept = derive_accept_key(key.expect("a key").as_bytes());
    let text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    writer.write_all(text.as_bytes()).expect("a client");
}

/// The next frame of a client, as JSON if it is any; `None` when it has gone.
pub(crate) fn frame(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut start = [0; 2];
    reader.read_exact(&mut start).ok()?;
    let length = match start[1] & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes).ok()?;
            usize::from(u16::from_be_bytes(bytes))
        }
        // Nothing that is asked here is longer than 64 KiB.
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    reader.read_exact(&mut mask).ok()?;
    let mut text = vec![0; length];
    reader.read_exact(&mut text).ok()?;
    for (byte, mask) in text.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    // The end of a connection is a frame without JSON.
    (start[0] & 0x0f != 8).then(|| serde_json::from_slice(&text).unwrap_or(Value::Null))
}
