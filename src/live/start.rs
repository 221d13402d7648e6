//! Starting a paper run: the exchange asked, the journal brought back, everything connected; and ending it.
//!
//! Not here: the loop (`engine::drive`), what happens in it (`paper`).
//! Invariants: nothing is entered before the journal is back and the clock is known; a journal of another strategy is
//! refused, not continued.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::backtest::retrace::Retrace;
use crate::domain::fill::{LedgerEntry, Trade};
use crate::domain::instrument::Instrument;
use crate::domain::signal::RawSignal;
use crate::domain::stamp::StampReader;
use crate::domain::symbol::{Symbol, SymbolId, Symbols};
use crate::domain::time::{Span, Timestamp};
use crate::engine::{DriveError, drive};
use crate::exchange::binance::address::{Address, Purpose};
use crate::exchange::binance::clock::Clock;
use crate::exchange::binance::offset;
use crate::exchange::binance::rest::{Rest, RestConfig, RestError};
use crate::exchange::binance::stream::{Handle as Streaming, Seen, StreamConfig, Streams};
use crate::exchange::binance::wire::contracts;
use crate::exchange::trades::session::{Ends, Trading};
use crate::exchange::trades::{Trust, Venue};
use crate::journal::entry::{Boot, Entry, Environment, Listed};
use crate::journal::reader;
use crate::journal::store::{Options, Store};
use crate::market::instruments::RuleBook;
use crate::market::library::Library;
use crate::market::window::Window;
use crate::settings::Settings;
use crate::settings::live::{ClockKind, Live};
use crate::signal::feed::parse_line;
use crate::trader::{Trader, Upkeep};

use super::ask::Asked;
use super::books::Books;
use super::clock::{ExchangeClock, machine_time};
use super::control::{self, Control};
use super::desk::{Desk, find};
use super::figures::Figures;
use super::intake::config::{BridgeConfig, FeedConfig, FileConfig, HttpConfig, IntakeConfig};
use super::intake::stats::Stats;
use super::intake::{self, Intake, Submission};
use super::merge::Merger;
use super::paper::{BATCH, Doors, Kept, MILLISECOND, Paper, Places, Time};
use super::record::Record;

/// Capacity of the queue of messages (`reliability.md` 5.5).
const SIGNALS: usize = 1_024;

/// Capacity of the queue of market events: more than a second of the largest burst that is planned for.
const EVENTS: usize = 65_536;

/// How far the machine's clock may be from the exchange's.
const OFFSET_MAX: Span = Span::from_millis(60_000);

/// How long the exchange is waited for at the start.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a run is started.
pub struct Wanted {
    /// The strategy and everything about running it.
    pub settings: Settings,
    /// Set when it is to end.
    pub stop: watch::Receiver<bool>,
    /// How the journal is kept; tests inject crashes here.
    pub journal: Options,
}

/// Where a started run can be reached.
#[derive(Clone, Debug)]
pub struct Started {
    /// The bridge.
    pub bridge: Option<std::net::SocketAddr>,
    /// Signed requests.
    pub http: Option<std::net::SocketAddr>,
    /// The control port.
    pub control: Option<std::net::SocketAddr>,
    /// File with the control port's token.
    pub token_file: PathBuf,
    /// Contracts listed.
    pub contracts: usize,
    /// Number of this start, from 1.
    pub epoch: u64,
    /// The time it starts at.
    pub time: Timestamp,
}

/// The state of affairs before this start.
struct Before {
    names: Vec<Symbol>,
    instruments: Vec<Instrument>,
    config: Option<String>,
    trader: Option<Trader>,
    ledger: Vec<LedgerEntry>,
    trades: Vec<Trade>,
}

/// Runs until it is told to stop. `started` is told where it can be reached.
///
/// # Errors
/// When it cannot start, or the journal can never be written again.
pub fn run(wanted: Wanted, started: &dyn Fn(&Started)) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the threads of the connections cannot be started")?;
    let result = Run::begin(&runtime, wanted)?.through(&runtime, started);
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

/// Everything that was set up.
struct Run {
    trader: Trader,
    venue: Venue,
    paper: Paper,
    record: Record,
    intake: Intake,
    control: Option<Control>,
    told: Started,
}

/// The connections of a run, and the ends that others write into.
struct Connected {
    doors: Doors,
    streams: Streaming,
    signals: mpsc::Sender<Submission>,
    asks: mpsc::Sender<Asked>,
}

impl Run {
    fn begin(runtime: &Runtime, wanted: Wanted) -> anyhow::Result<Self> {
        let Wanted {
            settings,
            mut stop,
            journal,
        } = wanted;
        let live = settings.live.clone();
        let (store, before) = reopen(&settings, journal)?;
        let rest = rest_of(&live)?;
        let (time, now) = runtime.block_on(clock_of(&live, &rest, &mut stop))?;
        let text = runtime
            .block_on(rest.contracts_text())
            .context("the exchange's list of contracts")?;
        let (symbols, boot) = listing(&settings, &text, now, &before)?;
        let restored = Restored::of(&settings, (store, before), &boot, &symbols, now)?;
        let Restored {
            trader,
            venue,
            places,
            record,
            waiting,
            epoch,
            fresh,
        } = restored;
        let _entered = runtime.enter();
        let connected = connect(&live, &symbols, rest, stop)?;
        let counts = Arc::default();
        let mut paper = Paper {
            runtime: runtime.handle().clone(),
            doors: connected.doors,
            time,
            asked_time: None,
            // Of a new run nothing has passed, not even the instant it begins at.
            merger: Merger::new(if fresh {
                venue.now() - MILLISECOND
            } else {
                venue.now()
            }),
            record: record.clone(),
            streams: connected.streams,
            symbols: Arc::clone(&symbols),
            desk: Desk::default(),
            books: books(&venue, fresh),
            figures: Figures::of(Arc::clone(&counts)),
            places,
            buffer: Vec::with_capacity(BATCH),
            stopping: false,
        };
        paper.subscribe_first(&live, &venue, &waiting)?;
        paper.expect_again(&waiting);
        let (intake, control) = open_doors(&live, (connected.signals, counts), connected.asks)?;
        let told = Started {
            bridge: intake.bridge_addr,
            http: intake.http_addr,
            control: control.as_ref().map(|control| control.addr),
            token_file: control::token_file(&live.journal),
            contracts: symbols.len(),
            epoch,
            time: now,
        };
        Ok(Self {
            trader,
            venue,
            paper,
            record,
            intake,
            control,
            told,
        })
    }

    fn through(mut self, runtime: &Runtime, started: &dyn Fn(&Started)) -> anyhow::Result<()> {
        started(&self.told);
        let mut exchange = Trading::new(self.venue, self.paper, Ends::Pause);
        let driven = drive(&mut self.trader, &mut exchange, &mut self.record);
        let (_, paper) = exchange.into_parts();
        drop(paper);
        runtime.block_on(async {
            self.intake.stop().await;
            if let Some(control) = self.control {
                control.stop().await;
            }
        });
        match driven {
            Ok(()) => Ok(()),
            Err(DriveError::Exchange(error)) => Err(error).context("the run cannot go on"),
            Err(DriveError::Journal(error)) => {
                Err(error).context("the run cannot go on without its journal")
            }
        }
    }
}

impl Before {
    fn nothing() -> Self {
        Self {
            names: Vec::new(),
            instruments: Vec::new(),
            config: None,
            trader: None,
            ledger: Vec::new(),
            trades: Vec::new(),
        }
    }

    /// What a journal says: every decision is made again and compared on the way.
    fn of(path: &Path) -> anyhow::Result<Self> {
        let mut before = Self::nothing();
        let mut retrace = Retrace::default();
        for recorded in reader::read(path)? {
            let recorded = recorded?;
            retrace.take(&recorded)?;
            match recorded.entry {
                Entry::Boot(boot) => {
                    before.names = boot
                        .listing
                        .iter()
                        .map(|listed| listed.symbol.clone())
                        .collect();
                    before.instruments = boot
                        .listing
                        .into_iter()
                        .map(|listed| listed.instrument)
                        .collect();
                    before.config = Some(boot.config);
                }
                Entry::Ledger(entry) => before.ledger.push(entry),
                Entry::Trade(trade) => before.trades.push(trade),
                Entry::Stopped { .. }
                | Entry::Taken { .. }
                | Entry::Declined { .. }
                | Entry::Heard(_)
                | Entry::Noted(_)
                | Entry::Said(_)
                | Entry::Step { .. }
                | Entry::Rollover { .. }
                | Entry::Bar { .. }
                | Entry::Alarm { .. }
                | Entry::Operator { .. } => {}
            }
        }
        (before.trader, _) = retrace.finish();
        Ok(before)
    }
}

/// A journal goes on with the strategy it began with.
fn same_strategy(path: &Path, before: Option<&str>, now: &str) -> anyhow::Result<()> {
    let Some(before) = before.filter(|before| *before != now) else {
        return Ok(());
    };
    let differs: Vec<String> = before
        .lines()
        .zip(now.lines())
        .filter(|(was, is)| was != is)
        .take(5)
        .map(|(was, is)| format!("  {was}  is now  {is}"))
        .collect();
    bail!(
        "{}: the journal was begun with another configuration:\n{}\nhint: start with the configuration of its first start, or name another journal with live.journal.file",
        path.display(),
        differs.join("\n")
    )
}

fn rest_of(live: &Live) -> anyhow::Result<Rest> {
    let base = Address::parse(&live.market.rest, Purpose::Rest)?;
    Ok(Rest::new(RestConfig::new(base))?)
}

/// The run's clock and the time it shows; waits a while for an exchange that is not there yet.
async fn clock_of(
    live: &Live,
    rest: &Rest,
    stop: &mut watch::Receiver<bool>,
) -> anyhow::Result<(Time, Timestamp)> {
    let began = super::clock::instant();
    let first = loop {
        match rest.time().await {
            Ok(time) => break time,
            Err(error @ (RestError::Unreachable { .. } | RestError::Timeout { .. })) => {
                if began.elapsed() >= PATIENCE {
                    return Err(error).with_context(|| format!("no exchange at {}\nhint: live.market.rest names it; for the local market server start `sim market serve` first", live.market.rest));
                }
                tracing::info!(rest = live.market.rest, "waiting for the exchange");
            }
            Err(error) => return Err(error).context("the exchange's time"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            _ = stop.changed() => bail!("interrupted while waiting for the exchange"),
        }
    };
    if live.market.clock == ClockKind::Stream {
        return Ok((Time::Stream(rest.clone()), first));
    }
    let measured = offset::measure(rest, &Clock::new(machine_time), 5)
        .await
        .context("the exchange's time")?;
    if measured.ahead > OFFSET_MAX || measured.ahead < Span::from_millis(-OFFSET_MAX.millis()) {
        bail!(
            "this machine's clock is {} ms from the exchange's\nhint: set the clock; for `sim market serve` use live.market.clock = \"stream\"",
            measured.ahead.millis()
        );
    }
    let now = machine_time() + measured.ahead;
    tracing::info!(
        ahead_ms = measured.ahead.millis(),
        error_ms = measured.error.millis(),
        "clock measured"
    );
    let clock = Arc::new(ExchangeClock::set_to(now));
    tokio::spawn(keep_time(rest.clone(), Arc::clone(&clock)));
    Ok((Time::Wall(clock), now))
}

/// Measures the offset again and again.
async fn keep_time(rest: Rest, clock: Arc<ExchangeClock>) {
    loop {
        tokio::time::sleep(Duration::from_secs(300)).await;
        match offset::measure(&rest, &Clock::new(machine_time), 5).await {
            Ok(measured) => clock.correct(machine_time(), measured.ahead),
            Err(error) => tracing::warn!(%error, "the clock could not be measured"),
        }
    }
}

/// Everything as it was, or as it is at the beginning.
struct Restored {
    trader: Trader,
    venue: Venue,
    places: Places,
    record: Record,
    waiting: Vec<Waiting>,
    epoch: u64,
    /// Whether the exchange begins now.
    fresh: bool,
}

impl Restored {
    fn of(
        settings: &Settings,
        (mut store, before): (Store, Before),
        boot: &Boot,
        symbols: &Arc<Symbols>,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let listed = boot.listing.iter();
        let instruments: Vec<Instrument> = listed.map(|listed| listed.instrument.clone()).collect();
        let market = &settings.live.market;
        let trust = Trust {
            mark_age_max: (market.clock == ClockKind::Wall).then_some(market.mark_age_max),
        };
        let kept = kept(&store)?;
        let fresh = kept.is_none();
        let rows = (before.ledger, before.trades);
        let (venue, places) = venue(settings, trust, &instruments, (kept, now), rows)?;
        let trader = match before.trader {
            Some(mut trader) => {
                trader.relist(instruments);
                trader
            }
            None => Trader::new(settings.rules.clone(), instruments, Upkeep::default()),
        };
        let epoch = store.begin(now.max(venue.now()), boot)?;
        let waiting = waiting(&store, symbols);
        Ok(Self {
            record: Record::new(store, trader.clone(), Arc::clone(symbols)),
            trader,
            venue,
            places,
            waiting,
            epoch,
            fresh,
        })
    }
}

/// The journal, and what it says of before: taken first, so that a second process is refused before it asks anybody
/// anything.
fn reopen(settings: &Settings, options: Options) -> anyhow::Result<(Store, Before)> {
    let path = &settings.live.journal;
    let store = Store::open_with(path, Environment::Paper, options)?;
    let before = if store.is_new() {
        Before::nothing()
    } else {
        Before::of(path)?
    };
    same_strategy(path, before.config.as_deref(), &settings.to_toml())?;
    Ok((store, before))
}

/// Starts the streams and makes the queues; must be called on the runtime.
fn connect(
    live: &Live,
    symbols: &Arc<Symbols>,
    rest: Rest,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<Connected> {
    let (events, market) = mpsc::channel(EVENTS);
    let (signals, submitted) = mpsc::channel(SIGNALS);
    let (asks, asked) = mpsc::channel(64);
    let base = Address::parse(&live.market.stream, Purpose::Streams)?;
    let mut config = StreamConfig::new(base);
    config.silent_after = duration(live.market.silent_after);
    if live.market.clock == ClockKind::Stream {
        config = config.with_beats();
    }
    Ok(Connected {
        streams: Streams::start(config, Arc::clone(symbols), rest, events),
        doors: Doors {
            market,
            signals: submitted,
            asks: asked,
            stop,
        },
        signals,
        asks,
    })
}

/// Opens the sources of signals and the control port; must be called on the runtime.
fn open_doors(
    live: &Live,
    (signals, counts): (mpsc::Sender<Submission>, Arc<Stats>),
    asks: mpsc::Sender<Asked>,
) -> anyhow::Result<(Intake, Option<Control>)> {
    let clock = Arc::new(machine_time);
    let intake = intake::start(intake_of(live), signals, clock, counts)?;
    let token_file = control::token_file(&live.journal);
    let control = live
        .control
        .map(|addr| control::start(addr, &token_file, asks))
        .transpose()?;
    Ok((intake, control))
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0))
}

/// The contracts of this start: those of the journal in their places, then what else the exchange trades.
fn listing(
    settings: &Settings,
    text: &str,
    now: Timestamp,
    before: &Before,
) -> anyhow::Result<(Arc<Symbols>, Boot)> {
    let known = contracts::parse(text).context("the exchange's list of contracts")?;
    for (symbol, odd) in &known.odd {
        tracing::warn!(%symbol, %odd, "a contract of the exchange's list is left out");
    }
    let folders: Vec<PathBuf> = settings.live.market.brackets.iter().cloned().collect();
    let library = Library::open(&folders)?;
    let mut book = RuleBook::of_answer(text, now, &library.rules)?;
    // Perpetual contracts carry an end in the year 2100.
    let window = Window {
        from: now,
        to: now + Span::from_millis(10 * 366 * 86_400_000),
    };
    let mut names = before.names.clone();
    let mut instruments = before.instruments.clone();
    let trades = known
        .known
        .iter()
        .filter(|(_, contract)| contract.is_open());
    for (symbol, _) in trades {
        let (instrument, report) = book.instrument(symbol, window, None, &settings.fallback)?;
        if let Some(odd) = report.unusable.first() {
            tracing::warn!(%symbol, odd, "a contract of the exchange's list is left out");
            continue;
        }
        match names.iter().position(|name| name == symbol) {
            Some(place) => instruments[place] = instrument,
            None => {
                names.push(symbol.clone());
                instruments.push(instrument);
            }
        }
    }
    if names.is_empty() {
        bail!(
            "the exchange lists no USDT perpetual contract that trades\nhint: live.market.rest names the exchange; is it the right one?"
        );
    }
    let symbols = Symbols::listed(names.clone())
        .ok_or_else(|| anyhow!("the exchange lists more than 65,535 contracts"))?;
    let listed = names.into_iter().zip(instruments);
    let boot = Boot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: settings.to_toml(),
        listing: listed
            .map(|(symbol, instrument)| Listed { symbol, instrument })
            .collect(),
    };
    Ok((Arc::new(symbols), boot))
}

fn kept(store: &Store) -> anyhow::Result<Option<Kept>> {
    let Some(bytes) = store.state() else {
        return Ok(None);
    };
    let kept = rmp_serde::from_slice(bytes);
    kept.map(Some)
        .map_err(|wrong| anyhow!("the journal's kept state cannot be read: {wrong}\nhint: it was written by another version; finish it with that one"))
}

/// What of the account has its rows already; the deposit of a new run has none yet.
fn books(venue: &Venue, fresh: bool) -> Books {
    if fresh {
        return Books::default();
    }
    let booked = venue.account();
    Books::resumed(booked.ledger().len(), booked.trades().len())
}

fn venue(
    settings: &Settings,
    trust: Trust,
    instruments: &[Instrument],
    (kept, now): (Option<Kept>, Timestamp),
    rows: (Vec<LedgerEntry>, Vec<Trade>),
) -> anyhow::Result<(Venue, Places)> {
    let model = settings.model.clone();
    match kept {
        Some(kept) => {
            let venue = Venue::from_bytes(&kept.venue, (model, trust), instruments.to_vec(), rows)?;
            Ok((venue, kept.places))
        }
        None => Ok((
            Venue::new(model, trust, instruments.to_vec(), now),
            Places::default(),
        )),
    }
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

impl Paper {
    /// Subscribes to what is always watched, to everything with a position or an order, and to what messages wait for.
    fn subscribe_first(
        &mut self,
        live: &Live,
        venue: &Venue,
        waiting: &[Waiting],
    ) -> anyhow::Result<()> {
        let mut wanted: BTreeMap<SymbolId, bool> = BTreeMap::new();
        for index in 0..self.symbols.len() {
            let symbol = SymbolId::at(index);
            if venue.is_busy(symbol) || waiting.iter().any(|waits| waits.symbol == symbol) {
                wanted.insert(symbol, false);
            }
        }
        for name in &live.market.symbols {
            let symbol = find(&self.symbols, name).ok_or_else(|| anyhow!("live.market.symbols: the exchange does not list '{name}'\nhint: names are those of exchangeInfo, for example BTCUSDT"))?;
            wanted.insert(symbol, true);
        }
        for (symbol, always) in wanted {
            let counts = |at: &Timestamp| match &self.time {
                Time::Wall(clock) => clock.now() - *at <= live.market.mark_age_max,
                Time::Stream(_) => true,
            };
            let marked = venue.marked_at(symbol).filter(counts);
            self.desk.open(symbol, always, (venue.now(), marked));
            let seen = self.places.trades.get(&symbol);
            let seen = seen.map(|(id, at)| Seen {
                id: *id,
                at: Some(*at),
            });
            if seen.is_some() {
                self.desk.missed(symbol);
            }
            self.streams.resume(symbol, seen);
        }
        Ok(())
    }

    /// Hears again what was taken before a restart.
    fn expect_again(&mut self, waiting: &[Waiting]) {
        for waits in waiting {
            let arrived = waits.arrived.max(self.merger.passed() + MILLISECOND);
            self.expect(waits.symbol, &waits.message, arrived);
        }
    }
}

/// A message that was taken before a restart and that the trader has not heard.
struct Waiting {
    message: RawSignal,
    symbol: SymbolId,
    arrived: Timestamp,
}

fn waiting(store: &Store, symbols: &Symbols) -> Vec<Waiting> {
    let mut found = Vec::new();
    for row in store.waiting() {
        let Entry::Taken { text, arrived, .. } = &row.entry else {
            continue;
        };
        let message = match parse_line(text, 1, &mut StampReader::new()) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "a recorded message cannot be read");
                continue;
            }
        };
        if let Some(symbol) = find(symbols, &message.name) {
            found.push(Waiting {
                message,
                symbol,
                arrived: *arrived,
            });
        }
    }
    found
}
