//! `sim signal send`: one signal by hand, over the bridge or signed over HTTP, and what became of it.
//!
//! Not here: the other end (`live::intake`), files of signals (`signals`).
//! Invariant: success means that the run has it, now or from before; anything else fails with what to do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::backtest::wall_clock;
use super::failure::UsageError;
use super::{Outcome, Session};
use crate::domain::signal::SignalType;
use crate::domain::time::Timestamp;
use crate::live::intake::limits::LINE_BYTES;
use crate::live::intake::mac::{self, MAC_HEADER, TIME_HEADER};
use crate::live::intake::secret::Secret;
use crate::live::intake::wire::HandSignal;
use crate::signal::feed::is_known_type;

/// `sim signal`.
#[derive(Debug, Subcommand)]
pub(super) enum SignalCommand {
    /// Send one signal to a running `sim paper`, and say what became of it
    Send(SendArgs),
}

/// `sim signal send`.
#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The coin or contract, such as RIVER, $BTC or ETHUSDT
    #[arg(short, long, value_name = "NAME")]
    symbol: String,
    /// alpha, fomo, fomo-intensified, or the feed's number
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = kind)]
    kind: SignalType,
    /// Its id; the same id counts once for ever
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Its time, UTC
    #[arg(long, value_name = "now|TIME", default_value = "now")]
    at: String,
    /// Where the bridge listens
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8765")]
    to: String,
    /// Sends over HTTP instead, to http://HOST:PORT
    #[arg(
        long,
        value_name = "URL",
        requires = "secret_file",
        conflicts_with = "to"
    )]
    http: Option<String>,
    /// File with the secret that signs the request
    #[arg(long, value_name = "FILE", requires = "http")]
    secret_file: Option<PathBuf>,
}

/// Time to connect, the original client's.
const CONNECT: Duration = Duration::from_millis(1_500);
/// Time to an answer; the other end gives up on a verdict earlier.
const ANSWER: Duration = Duration::from_secs(10);

pub(super) fn run(command: &SignalCommand, session: &Session) -> anyhow::Result<Outcome> {
    let SignalCommand::Send(args) = command;
    let now = wall_clock().ok_or_else(|| {
        anyhow::anyhow!("the clock of this machine stands before 1970\nhint: set it")
    })?;
    let signal = signal(args, now)?;
    let answer = match (&args.http, &args.secret_file) {
        (Some(url), Some(secret)) => over_http(url, secret, &signal, now)?,
        _ => over_bridge(&args.to, &signal)?,
    };
    tell(&signal, &answer, session)?;
    Ok(Outcome::Done)
}

fn signal(args: &SendArgs, now: Timestamp) -> Result<HandSignal, UsageError> {
    let at = if args.at == "now" {
        now
    } else {
        let number = args.at.parse().ok().and_then(Timestamp::from_epoch);
        number
            .map(|(instant, _)| instant)
            .or_else(|| Timestamp::parse(&args.at))
            .ok_or_else(|| {
                UsageError(format!(
                    "--at: '{}' is not a time\nhint: now, 2026-01-01T07:15:00Z, or milliseconds since 1970",
                    args.at
                ))
            })?
    };
    if args.symbol.trim().is_empty() {
        let message = "--symbol: is empty\nhint: name a coin, such as RIVER";
        return Err(UsageError(message.to_owned()));
    }
    let usual = || format!("hand-{}-{}-{}", at.millis(), args.symbol, args.kind.0);
    Ok(HandSignal {
        id: args.id.clone().unwrap_or_else(usual),
        kind: args.kind,
        symbol: args.symbol.clone(),
        at,
    })
}

fn kind(text: &str) -> Result<SignalType, String> {
    let named = match text {
        "alpha" => Some(SignalType::ALPHA),
        "fomo" => Some(SignalType::FOMO),
        "fomo-intensified" => Some(SignalType::FOMO_INTENSIFIED),
        number => number.parse().ok().map(SignalType),
    };
    named
        .filter(|kind| is_known_type(*kind))
        .ok_or_else(|| "alpha, fomo, fomo-intensified, 100 or 108 to 114".to_owned())
}

/// One line, one answer line.
fn over_bridge(to: &str, signal: &HandSignal) -> anyhow::Result<Value> {
    let unreachable = |error: io::Error| {
        anyhow::anyhow!(
            "{to}: {error}\nhint: is sim paper running, and does its bridge listen there?"
        )
    };
    let addr = to
        .to_socket_addrs()
        .map_err(unreachable)?
        .next()
        .ok_or_else(|| unreachable(io::Error::other("no such address")))?;
    let mut stream = TcpStream::connect_timeout(&addr, CONNECT).map_err(unreachable)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream
        .write_all(format!("{}\n", signal.to_json()).as_bytes())
        .map_err(unreachable)?;
    let mut line = String::new();
    let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
    let read = BufReader::new(stream.take(most)).read_line(&mut line);
    if read.map_err(unreachable)? == 0 {
        return Err(unreachable(io::Error::other("closed without an answer")));
    }
    answer(to, &line)
}

/// One signed request.
fn over_http(
    url: &str,
    secret: &Path,
    signal: &HandSignal,
    now: Timestamp,
) -> anyhow::Result<Value> {
    let secret = Secret::read(secret)?;
    let body = signal.to_json().to_string();
    let time = now.millis().to_string();
    let mac = mac::to_hex(&mac::sign(&secret, &time, body.as_bytes()));
    let target = format!("{}/signals", url.trim_end_matches('/'));
    let unreachable = |error: reqwest::Error| {
        anyhow::anyhow!(
            "{url}: {}\nhint: is sim paper running, and does it listen there for HTTP?",
            error.without_url()
        )
    };
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(unreachable)?;
    let request = client
        .post(target)
        .header("content-type", "application/json")
        .header(TIME_HEADER, time)
        .header(MAC_HEADER, mac)
        .body(body);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let text = runtime
        .block_on(async { request.send().await?.text().await })
        .map_err(unreachable)?;
    let document = answer(url, &text)?;
    let first = document.get("results").and_then(|results| results.get(0));
    Ok(first.cloned().unwrap_or(document))
}

fn answer(from: &str, text: &str) -> anyhow::Result<Value> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    value.filter(|value| value.get("ok").is_some() || value.get("results").is_some())
        .ok_or_else(|| {
            anyhow::anyhow!(
                "{from}: answered '{}', which is no answer of sim\nhint: another program may listen there",
                super::terminal::one_line(text)
            )
        })
}

fn tell(signal: &HandSignal, answer: &Value, session: &Session) -> anyhow::Result<()> {
    if session.terminal.is_json() {
        session.terminal.print_json(answer)?;
    }
    let id = &signal.id;
    let reason = answer
        .get("reason")
        .and_then(Value::as_str)
        .unwrap_or("no reason");
    let accepted = answer.get("ok").and_then(Value::as_bool) == Some(true);
    if !accepted && reason != "duplicate" {
        let hint = match reason {
            "busy" | "closing" => "send it again in a moment; the same --id counts once",
            "unconfirmed" => "it may have been taken; send it again with this --id: it counts once",
            "conflict" => "this id was sent before with another content; take another --id",
            _ => "sim signals recent shows what the run has heard",
        };
        return Err(anyhow::anyhow!("{id}: refused: {reason}\nhint: {hint}"));
    }
    if !session.terminal.is_json() {
        let seq = answer.get("seq").and_then(Value::as_u64);
        let text = match seq {
            Some(seq) => format!("{id}: accepted (journal {seq})"),
            None => format!("{id}: duplicate: the run had it already, nothing was done again"),
        };
        session.terminal.print(&text)?;
    }
    Ok(())
}
