//! A market server, a paper run against it, and what its journal says afterwards.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use confluence::domain::event::Event;
use confluence::domain::fill::{LedgerEntry, Trade};
use confluence::domain::signal::{RawSignal, Signal};
use confluence::domain::symbol::Symbol;
use confluence::domain::time::Timestamp;
use confluence::journal::entry::{Entry, Recorded};
use confluence::journal::reader;
use confluence::journal::store::Options;
use confluence::live::start::{Started, Wanted, run};
use confluence::lookalike::config::{Config, SignalPlan};
use confluence::lookalike::running::{Running, serve};
use confluence::lookalike::summary::Summary;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use tokio::sync::watch;

/// A port nobody listens on: below those that are given to outgoing connections, which other tests open by the thousand,
/// and each only once.
pub(super) fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_mul(997);
    loop {
        let next = first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(10_000 + next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// What is staged.
#[derive(Clone, Debug)]
pub(super) struct Play {
    pub(super) data: Vec<PathBuf>,
    pub(super) brackets: PathBuf,
    pub(super) symbols: Vec<Symbol>,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) signals: Vec<RawSignal>,
    pub(super) sets: Vec<String>,
}

impl Play {
    /// The server, sending its signals to `bridge`.
    pub(super) fn serve(&self, bridge: u16) -> Running {
        serve(self.config(bridge)).unwrap()
    }

    /// What it serves.
    pub(super) fn config(&self, bridge: u16) -> Config {
        let fallback = Settings::defaults().fallback;
        let mut config = Config::new(self.data.clone(), fallback);
        config.symbols.clone_from(&self.symbols);
        config.from = self.from;
        config.to = self.to;
        config.signals = (!self.signals.is_empty()).then(|| SignalPlan {
            signals: self.signals.clone(),
            bridge: format!("127.0.0.1:{bridge}"),
        });
        config
    }

    /// The configuration of a paper run against a server.
    pub(super) fn settings(&self, server: &Running, bridge: u16, journal: &Path) -> Settings {
        let names: Vec<String> = self
            .symbols
            .iter()
            .map(|symbol| format!("\"{symbol}\""))
            .collect();
        let mut sets = vec![
            format!("live.market.rest=\"http://{}\"", server.address),
            format!("live.market.stream=\"ws://{}\"", server.address),
            "live.market.clock=\"stream\"".to_owned(),
            format!("live.market.symbols=[{}]", names.join(", ")),
            format!("live.market.brackets=\"{}\"", self.brackets.display()),
            format!("live.intake.bridge=\"127.0.0.1:{bridge}\""),
            "live.control.listen=\"\"".to_owned(),
            format!("live.journal.file=\"{}\"", journal.display()),
            "simulation.prices=\"trades\"".to_owned(),
            "simulation.end_of_data=\"mark\"".to_owned(),
        ];
        sets.extend(self.sets.iter().cloned());
        Settings::load(&Layers {
            sets,
            ..Layers::default()
        })
        .unwrap()
    }
}

/// A paper run on a thread of its own.
pub(super) struct Player {
    stop: watch::Sender<bool>,
    thread: JoinHandle<Result<(), String>>,
}

impl Player {
    pub(super) fn start(settings: Settings, journal: Options) -> Self {
        let (stop, stopped) = watch::channel(false);
        let wanted = Wanted {
            settings,
            stop: stopped,
            journal,
        };
        let thread = std::thread::spawn(move || {
            run(wanted, &|_: &Started| {}).map_err(|error| format!("{error:#}"))
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) -> Result<(), String> {
        let _ = self.stop.send(true);
        self.thread.join().unwrap()
    }

    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for an end of its own.
    pub(super) fn wait(self) -> Result<(), String> {
        self.thread.join().unwrap()
    }
}

/// Waits for the end of a tape; a run that ends before it is an error, for the tape would wait for ever.
pub(super) fn to_the_end(server: Running, player: Player) -> Result<(Summary, Player), String> {
    while !server.is_over() {
        if player.is_over() {
            let ended = player.wait();
            return Err(ended
                .err()
                .unwrap_or_else(|| "it ended by itself".to_owned()));
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    Ok((server.wait(), player))
}

/// Plays a whole tape to its end.
pub(super) fn play(play: &Play, journal: &Path) -> (Settings, Summary) {
    let bridge = free_port();
    let server = play.serve(bridge);
    let settings = play.settings(&server, bridge, journal);
    let player = Player::start(settings.clone(), Options::default());
    let (summary, player) = to_the_end(server, player).unwrap();
    player.stop().unwrap();
    (settings, summary)
}

/// What a journal says.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Everything heard, noted and said, with symbols by name where a number could differ.
    pub(super) rows: Vec<Entry>,
    pub(super) times: Vec<Timestamp>,
    pub(super) signals: Vec<(Signal, Symbol)>,
    pub(super) ledger: Vec<LedgerEntry>,
    pub(super) trades: Vec<Trade>,
    pub(super) names: Vec<Symbol>,
}

impl Said {
    /// Leaves as much as another one has.
    pub(super) fn cut_to(&mut self, other: &Self) {
        self.rows.truncate(other.rows.len());
        self.times.truncate(other.times.len());
        self.ledger.truncate(other.ledger.len());
        self.trades.truncate(other.trades.len());
    }
}

pub(super) fn said(journal: &Path) -> Said {
    let mut said = Said::default();
    for recorded in reader::read(journal).unwrap() {
        let Recorded { at, entry, .. } = recorded.unwrap();
        match &entry {
            Entry::Boot(boot) => {
                said.names = boot
                    .listing
                    .iter()
                    .map(|listed| listed.symbol.clone())
                    .collect();
            }
            Entry::Heard(Event::Signal { signal, .. }) => {
                let name = said.names[signal.symbol.index()].clone();
                said.signals.push((signal.clone(), name));
            }
            Entry::Ledger(entry) => said.ledger.push(*entry),
            Entry::Trade(trade) => said.trades.push(trade.clone()),
            _ => {}
        }
        if matches!(entry, Entry::Heard(_) | Entry::Noted(_) | Entry::Said(_)) {
            said.rows.push(entry);
            said.times.push(at);
        }
    }
    said
}
