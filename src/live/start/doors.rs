//! The queues into a run, and who writes into them: streams, sources of signals, the control port. Those of signals and
//! questions outlive a start.
//!
//! Not here: what is made of what arrives (`paper`).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::symbol::Symbols;
use crate::domain::time::Span;
use crate::exchange::binance::address::{Address, Purpose};
use crate::exchange::binance::rest::Rest;
use crate::exchange::binance::stream::{FromMarket, Handle as Streaming, StreamConfig, Streams};
use crate::live::ask::Asked;
use crate::live::clock::machine_time;
use crate::live::control::{self, Control};
use crate::live::intake::config::{BridgeConfig, FeedConfig, FileConfig, HttpConfig, IntakeConfig};
use crate::live::intake::stats::Stats;
use crate::live::intake::{self, Intake, Submission};
use crate::settings::live::{ClockKind, Live};

/// Capacity of the queue of messages (`reliability.md` 5.5).
const SIGNALS: usize = 1_024;

/// Capacity of the queue of market events: more than a second of the largest burst that is planned for.
const EVENTS: usize = 65_536;

/// Capacity of the queue of questions.
const ASKS: usize = 64;

/// The queues of those who are outside whatever the run does: senders of signals and the operator. They outlive a start.
pub(super) struct Queues {
    pub(super) signals: mpsc::Receiver<Submission>,
    pub(super) asks: mpsc::Receiver<Asked>,
}

/// The ends that others write into.
pub(super) struct Ends {
    signals: mpsc::Sender<Submission>,
    asks: mpsc::Sender<Asked>,
}

/// Makes the queues.
pub(super) fn queues() -> (Ends, Queues) {
    let (signals, submitted) = mpsc::channel(SIGNALS);
    let (asks, asked) = mpsc::channel(ASKS);
    let queues = Queues {
        signals: submitted,
        asks: asked,
    };
    (Ends { signals, asks }, queues)
}

/// Starts the streams; must be called on the runtime.
pub(super) fn connect(
    live: &Live,
    symbols: &Arc<Symbols>,
    rest: Rest,
) -> anyhow::Result<(Streaming, mpsc::Receiver<FromMarket>)> {
    let (events, market) = mpsc::channel(EVENTS);
    let base = Address::parse(&live.market.stream, Purpose::Streams)?;
    let mut config = StreamConfig::new(base);
    config.silent_after = duration(live.market.silent_after);
    if live.market.clock == ClockKind::Stream {
        config = config.with_beats();
    }
    let streams = Streams::start(config, Arc::clone(symbols), rest, events);
    Ok((streams, market))
}

/// Opens the sources of signals and the control port; must be called on the runtime.
pub(super) fn open(
    live: &Live,
    Ends { signals, asks }: Ends,
    counts: Arc<Stats>,
) -> anyhow::Result<Doors> {
    let clock = Arc::new(machine_time);
    let intake = intake::start(intake_of(live), signals, clock, counts)?;
    let token_file = control::token_file(&live.journal);
    let control = live
        .control
        .map(|addr| control::start(addr, &token_file, asks))
        .transpose()?;
    Ok(Doors { intake, control })
}

/// The sources of signals and the control port, at work.
pub(super) struct Doors {
    pub(super) intake: Intake,
    pub(super) control: Option<Control>,
}

impl Doors {
    /// Closes them; what is under way gets a moment.
    pub(super) async fn close(self) {
        self.intake.stop().await;
        if let Some(control) = self.control {
            control.stop().await;
        }
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0))
}

fn intake_of(live: &Live) -> IntakeConfig {
    let wanted = &live.intake;
    IntakeConfig {
        bridge: wanted.bridge.map(|addr| BridgeConfig {
            addr,
            allow_public: wanted.allow_public,
            ..BridgeConfig::default()
        }),
        http: wanted
            .http
            .zip(wanted.http_key_file.clone())
            .map(|(addr, file)| HttpConfig {
                addr,
                allow_public: wanted.allow_public,
                ..HttpConfig::new(file)
            }),
        file: wanted.file.clone().map(FileConfig::new),
        stdin: wanted.stdin,
        feed: wanted
            .feed
            .clone()
            .zip(wanted.feed_key_file.clone())
            .map(|(base, file)| FeedConfig {
                every: Duration::from_millis(
                    u64::try_from(wanted.feed_every.millis()).unwrap_or(10_000),
                ),
                ..FeedConfig::new(base, file)
            }),
    }
}
