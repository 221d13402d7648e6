//! Starting a paper run: the exchange asked, the journal brought back, everything connected; and ending it.
//!
//! Not here: the loop (`engine::drive`), what happens in it (`paper`).
//! Invariants: nothing is entered before the journal is back and the clock is known; a journal of another strategy is
//! refused, not continued.

mod doors;
mod first;
mod listing;
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
use crate::journal::store::Options;
use crate::settings::Settings;
use crate::trader::Trader;

use super::control::{self, Control};
use super::desk::Desk;
use super::figures::Figures;
use super::intake::Intake;
use super::merge::Merger;
use super::paper::{BATCH, MILLISECOND, Paper};
use super::record::Record;

use doors::{connect, open_doors};
use listing::listing;
use reach::Reach;
use restore::{Restored, books, reopen};

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

impl Run {
    fn begin(runtime: &Runtime, wanted: Wanted) -> anyhow::Result<Self> {
        let Wanted {
            settings,
            stop,
            journal,
        } = wanted;
        let live = settings.live.clone();
        let (store, before) = reopen(&settings, journal)?;
        let mut reach = Reach::of(&live, stop)?;
        let text = runtime.block_on(reach.contracts())?;
        let (time, now) = runtime.block_on(reach.clock())?;
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
        let Reach { rest, stop, .. } = reach;
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
