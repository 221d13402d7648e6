//! Starting a paper run: the exchange asked, the journal brought back, everything connected; and ending it.
//!
//! Not here: the loop (`engine::drive`), what happens in it (`paper`).
//! Invariants: nothing is entered before the journal is back and the clock is known; a journal of another strategy is
//! refused, not continued.

mod doors;
mod first;
mod listing;
mod outside;
mod reach;
mod restore;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::domain::time::Timestamp;
use crate::engine::{DriveError, drive};
use crate::exchange::trades::Venue;
use crate::exchange::trades::session::{Ends, Trading};
use crate::journal::store::{Options, Store};
use crate::settings::Settings;
use crate::trader::Trader;

use super::control;
use super::desk::Desk;
use super::figures::Figures;
use super::merge::Merger;
use super::paper::{BATCH, Contracts, Doors, Ending, MILLISECOND, Paper};
use super::record::Record;

use doors::{Queues, connect};
use listing::Lookout;
use outside::Outside;
use restore::{Before, Restored, books, reopen};

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
    let result = through(&runtime, wanted, started);
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

/// Starts, and starts again in place whenever the exchange lists something else: what a restart brings back exactly is
/// not done a second way. Senders and the operator only wait a moment.
fn through(runtime: &Runtime, wanted: Wanted, started: &dyn Fn(&Started)) -> anyhow::Result<()> {
    let settings = Arc::new(wanted.settings);
    let ballast_bytes = wanted.journal.ballast_bytes;
    // First of all, so that a second process is refused before it asks anybody anything.
    let mut journal = reopen(&settings, wanted.journal)?;
    let (mut outside, mut contracts) = Outside::reach(runtime, &settings, wanted.stop)?;
    let result = loop {
        let start = Start::begin(runtime, &mut outside, (journal, &contracts));
        let ended = start.and_then(|start| {
            outside.open(runtime, start.told.clone(), started)?;
            start.through(&mut outside)
        });
        contracts = match ended {
            Ok(Some(relisted)) => relisted,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        let options = Options {
            ballast_bytes,
            hook: None,
        };
        journal = match reopen(&settings, options) {
            Ok(journal) => journal,
            Err(error) => break Err(error),
        };
    };
    outside.close(runtime);
    result
}

/// One start of the strategy, with the contracts of its time.
struct Start {
    trader: Trader,
    venue: Venue,
    paper: Paper,
    record: Record,
    told: Started,
    _lookout: Lookout,
}

impl Start {
    fn begin(
        runtime: &Runtime,
        outside: &mut Outside,
        (journal, contracts): ((Store, Before), &Contracts),
    ) -> anyhow::Result<Self> {
        let settings = Arc::clone(&outside.settings);
        let live = &settings.live;
        let now = contracts.at;
        let (symbols, boot) = listing::boot(&settings, contracts, &journal.1.listing)?;
        let restored = Restored::of(&settings, journal, &boot, &symbols, now)?;
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
        let rest = outside.rest.clone();
        let (streams, market) = connect(live, &symbols, rest.clone())?;
        let (lookout, listings) = Lookout::start(&settings, rest, boot.listing);
        let queues = outside.queues.take();
        let Queues { signals, asks } = queues.expect("invariant: a start gives the queues back");
        let mut paper = Paper {
            runtime: runtime.handle().clone(),
            doors: Doors {
                market,
                signals,
                asks,
                listings,
                stop: outside.stop.clone(),
            },
            time: outside.time.clone(),
            asked_time: None,
            // Of a new run nothing has passed, not even the instant it begins at.
            merger: Merger::new(if fresh {
                venue.now() - MILLISECOND
            } else {
                venue.now()
            }),
            record: record.clone(),
            streams,
            symbols: Arc::clone(&symbols),
            desk: Desk::default(),
            books: books(&venue, fresh),
            figures: Figures::of(Arc::clone(&outside.counts)),
            places,
            buffer: Vec::with_capacity(BATCH),
            ending: None,
        };
        paper.subscribe_first(live, &venue, &waiting)?;
        paper.expect_again(&waiting);
        let told = Started {
            bridge: None,
            http: None,
            control: None,
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
            told,
            _lookout: lookout,
        })
    }

    /// Runs until the end, which has no contracts, or until the exchange lists others.
    fn through(mut self, outside: &mut Outside) -> anyhow::Result<Option<Contracts>> {
        let mut exchange = Trading::new(self.venue, self.paper, Ends::Pause);
        let driven = drive(&mut self.trader, &mut exchange, &mut self.record);
        let (_, paper) = exchange.into_parts();
        let Doors { signals, asks, .. } = paper.doors;
        outside.queues = Some(Queues { signals, asks });
        match driven {
            Ok(()) => Ok(match paper.ending {
                Some(Ending::Relist(contracts)) => Some(contracts),
                Some(Ending::Stop) | None => None,
            }),
            Err(DriveError::Exchange(error)) => Err(error).context("the run cannot go on"),
            Err(DriveError::Journal(error)) => {
                Err(error).context("the run cannot go on without its journal")
            }
        }
    }
}
