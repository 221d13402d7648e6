//! The operator at the control port: what is asked for, and what was answered.
//!
//! Not here: what it leads to (`live::answers`), judging it (`watch`).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// How long an answer is waited for: a little longer than the port itself waits.
const PATIENCE: Duration = Duration::from_secs(6);

/// What the operator wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
    Flatten,
    Close(String),
    Cancel(String),
    /// Stopped cleanly and started again: no wish of the port, but the operator's.
    Restart,
}

/// A wish and whether it was granted; `None`: nobody answered, so it may or may not have been.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) wish: Wish,
    pub(super) answer: Option<bool>,
}

impl Wish {
    fn path(&self) -> String {
        match self {
            Self::Pause => "/pause".to_owned(),
            Self::Resume => "/resume".to_owned(),
            Self::Flatten => "/flatten".to_owned(),
            Self::Close(name) => format!("/close/{name}"),
            Self::Cancel(name) => format!("/cancel/{name}"),
            Self::Restart => "/status".to_owned(),
        }
    }

    /// Asks for it.
    pub(super) fn ask(&self, port: SocketAddr, token_file: &Path) -> Granted {
        let answer = ask(port, token_file, "POST", &self.path());
        Granted {
            wish: self.clone(),
            answer: answer.and_then(|(status, _)| match status {
                200 => Some(true),
                400 => Some(false),
                _ => None,
            }),
        }
    }
}

/// How the run says it stands.
pub(super) fn status(port: SocketAddr, token_file: &Path) -> Option<Value> {
    let (status, body) = ask(port, token_file, "GET", "/status")?;
    (status == 200).then_some(body)
}

/// One request with the token; `None` when no whole answer came.
fn ask(port: SocketAddr, token_file: &Path, method: &str, path: &str) -> Option<(u16, Value)> {
    let token = std::fs::read_to_string(token_file).ok()?;
    let mut stream = TcpStream::connect_timeout(&port, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {port}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\n\r\n",
        token.trim()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1;
    Some((status, serde_json::from_str(body).ok()?))
}
