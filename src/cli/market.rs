//! `sim market serve`: a local look-alike of the exchange.
//!
//! Not here: the look-alike itself (`lookalike`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::args::{ConfigArgs, DataArgs};
use super::failure::UsageError;
use super::progress::clock;
use super::{Outcome, Session};
use crate::backtest::inputs::{name_contracts, read_signals};
use crate::domain::num::Rate;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::lookalike::config::{Config, SignalPlan, Speed, WEIGHT_LIMIT};
use crate::lookalike::faults::FaultPlan;
use crate::lookalike::running::{Running, serve};
use crate::market::instruments::RuleBook;
use crate::market::library::Library;

/// `sim market`.
#[derive(Debug, Subcommand)]
pub(super) enum MarketCommand {
    /// Serve history as the exchange serves the present, at any speed, with faults on demand
    Serve(Box<ServeArgs>),
}

/// `sim market serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    config: ConfigArgs,
    /// Seconds of history in a second, or max: as fast as the clients answer
    #[arg(long, value_name = "N", default_value = "60")]
    speed: String,
    /// First instant, UTC; without it the first price, or a minute before the first signal
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// First instant no longer replayed; without it the end of the last price
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8780")]
    listen: SocketAddr,
    /// Ask minus bid in basis points of the price; without it both are at the price of the next trade
    #[arg(long, value_name = "BPS")]
    spread_bps: Option<String>,
    /// Contracts, separated by commas; without them those of the signals, or all that have prices
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    symbols: Vec<String>,
    /// A file of signals, each sent to the bridge when its time comes
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// Where the bridge listens
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:8765",
        requires = "signals"
    )]
    bridge: String,
    /// What goes wrong how often, such as disconnect=0.01,http429=0.05,clock=1500ms,heal_after=100
    #[arg(long, value_name = "LIST", default_value = "")]
    faults: String,
    /// Seed of the faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Stand still while no client listens; always so with --speed max
    #[arg(long)]
    hold: bool,
    /// Weight of calls a client may use in a minute, as the exchange counts it; beyond it comes 429
    #[arg(long, value_name = "WEIGHT", default_value_t = WEIGHT_LIMIT)]
    weight_limit: u32,
}

pub(super) fn run(command: &MarketCommand, session: &Session) -> anyhow::Result<Outcome> {
    match command {
        MarketCommand::Serve(args) => {
            let config = configure(args, session)?;
            session.terminal.say("reading prices");
            let running = serve(config)?;
            begin(&running, session)?;
            end(running, session)
        }
    }
}

fn configure(args: &ServeArgs, session: &Session) -> anyhow::Result<Config> {
    let settings = args.config.load(Vec::new())?;
    let mut config = Config::new(args.data.data.clone(), settings.fallback.clone());
    let usage = |flag: &str, found: String| UsageError(format!("{flag}: {found}"));
    config.speed = args
        .speed
        .parse::<Speed>()
        .map_err(|found| usage("--speed", found))?;
    config.from = time("--from", args.from.as_deref())?;
    config.to = time("--to", args.to.as_deref())?;
    config.listen = args.listen;
    config.weight_limit = args.weight_limit;
    config.hold = args.hold || config.speed == Speed::Max;
    if let Some(text) = &args.spread_bps {
        let spread =
            Rate::from_bps(text).map_err(|found| usage("--spread-bps", found.to_string()))?;
        if !(0..Rate::ONE.steps()).contains(&spread.steps()) {
            return Err(usage(
                "--spread-bps",
                format!("'{text}' is not between 0 and 10000"),
            )
            .into());
        }
        config.spread = Some(spread);
    }
    config.faults =
        FaultPlan::parse(&args.faults, args.seed).map_err(|wrong| UsageError(wrong.to_string()))?;
    config.symbols = args
        .symbols
        .iter()
        .map(|name| Symbol::new(name.trim()))
        .collect();
    if let Some(path) = &args.signals {
        add_signals(&mut config, path, args, session)?;
    }
    Ok(config)
}

/// The signals of a file, and their contracts where none are named.
fn add_signals(
    config: &mut Config,
    path: &Path,
    args: &ServeArgs,
    session: &Session,
) -> anyhow::Result<()> {
    let signals = read_signals(path)?.signals;
    if config.symbols.is_empty() {
        let library = Library::open(&config.data)?;
        let mut rules = RuleBook::open(&library.rules)?;
        let named = name_contracts(&signals, &library, &mut rules)?;
        let priced = library.traded_symbols();
        let mut symbols: Vec<Symbol> = named.contracts.into_iter().flatten().collect();
        symbols.sort();
        symbols.dedup();
        symbols.retain(|symbol| priced.binary_search(symbol).is_ok());
        if symbols.is_empty() {
            return Err(UsageError(format!(
                "{}: no contract of these signals has prices in the data folders\nhint: name other folders with --data",
                path.display()
            ))
            .into());
        }
        config.symbols = symbols;
    }
    session
        .terminal
        .detail(&format!("{} signals for {}", signals.len(), args.bridge));
    config.signals = Some(SignalPlan {
        signals,
        bridge: args.bridge.clone(),
    });
    Ok(())
}

fn time(flag: &str, text: Option<&str>) -> Result<Option<Timestamp>, UsageError> {
    let Some(text) = text else { return Ok(None) };
    let found = || {
        UsageError(format!(
            "{flag}: '{text}' is no time\nhint: write 2026-01-01 or 2026-01-01T07:15:00Z"
        ))
    };
    Timestamp::parse(text).map(Some).ok_or_else(found)
}

fn begin(running: &Running, session: &Session) -> anyhow::Result<()> {
    let address = running.address;
    let line = if session.terminal.is_json() {
        serde_json::json!({"rest": format!("http://{address}"), "streams": format!("ws://{address}"), "from": running.from.to_text()}).to_string()
    } else {
        format!(
            "listening on http://{address} ws://{address} from {}",
            running.from
        )
    };
    session.terminal.print(&line)?;
    let wait = "the tape waits for a client that listens on both routes (/public and /market)";
    session.terminal.say(wait);
    Ok(())
}

/// Waits for the end of the tape or the user's wish, telling now and then how far it is.
fn end(running: Running, session: &Session) -> anyhow::Result<Outcome> {
    const LOOK: Duration = Duration::from_millis(50);
    const TELL: Duration = Duration::from_secs(10);
    let mut last = clock();
    let mut told = running.from;
    while !running.wait_for(LOOK) && !session.cancel.load(Ordering::Relaxed) {
        if last.elapsed() >= TELL && running.now() != told {
            last = clock();
            told = running.now();
            session.terminal.say(&format!("at {told}"));
        }
    }
    let summary = if session.cancel.load(Ordering::Relaxed) {
        running.stop()
    } else {
        running.wait()
    };
    if session.terminal.is_json() {
        let faults: serde_json::Map<String, serde_json::Value> = summary
            .faults
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        let signals = summary.signals;
        let value = serde_json::json!({
            "from": summary.from.to_text(), "until": summary.until.to_text(), "complete": summary.complete,
            "events": summary.events, "frames": summary.frames, "pings": summary.pings,
            "connections": summary.connections, "thrown_out": summary.thrown_out, "requests": summary.requests,
            "signals": {"sent": signals.sent, "acknowledged": signals.acknowledged, "refused": signals.refused,
                "failed": signals.failed, "outside": signals.outside},
            "faults": faults,
        });
        session.terminal.print(&value.to_string())?;
    } else {
        session.terminal.print(&summary.to_string())?;
    }
    Ok(Outcome::Done)
}
