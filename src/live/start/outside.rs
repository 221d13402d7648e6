//! What outlives a start: the way to the exchange, its clock, the queues of senders and operator, the doors they use.
//!
//! Not here: what a start makes of it (`start`).

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::exchange::binance::rest::Rest;
use crate::live::intake::stats::Stats;
use crate::live::paper::{Contracts, Time};
use crate::settings::Settings;

use super::Started;
use super::doors::{self, Doors, Ends, Queues};
use super::reach::Reach;

/// Everything beside the journal and what depends on the list of contracts.
pub(super) struct Outside {
    pub(super) settings: Arc<Settings>,
    pub(super) rest: Rest,
    pub(super) time: Time,
    pub(super) stop: watch::Receiver<bool>,
    /// What the sources count.
    pub(super) counts: Arc<Stats>,
    /// With the run while it goes on, here between two starts.
    pub(super) queues: Option<Queues>,
    ends: Option<Ends>,
    doors: Option<Doors>,
}

impl Outside {
    /// Asks the exchange what it lists and what time it is.
    pub(super) fn reach(
        runtime: &Runtime,
        settings: &Arc<Settings>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<(Self, Contracts)> {
        let mut reach = Reach::of(&settings.live, stop)?;
        let text = runtime.block_on(reach.contracts())?;
        let (time, at) = runtime.block_on(reach.clock())?;
        let Reach { rest, stop, .. } = reach;
        let (ends, queues) = doors::queues();
        let outside = Self {
            settings: Arc::clone(settings),
            rest,
            time,
            stop,
            counts: Arc::default(),
            queues: Some(queues),
            ends: Some(ends),
            doors: None,
        };
        Ok((outside, Contracts { text, at }))
    }

    /// Opens the doors, once, and says where they are.
    pub(super) fn open(
        &mut self,
        runtime: &Runtime,
        mut told: Started,
        started: &dyn Fn(&Started),
    ) -> anyhow::Result<()> {
        let Some(ends) = self.ends.take() else {
            return Ok(());
        };
        let live = &self.settings.live;
        let _entered = runtime.enter();
        let doors = doors::open(live, ends, Arc::clone(&self.counts))?;
        told.bridge = doors.intake.bridge_addr;
        told.http = doors.intake.http_addr;
        told.control = doors.control.as_ref().map(|control| control.addr);
        self.doors = Some(doors);
        started(&told);
        Ok(())
    }

    /// Closes the doors; what is under way there gets a moment.
    pub(super) fn close(self, runtime: &Runtime) {
        if let Some(doors) = self.doors {
            runtime.block_on(doors.close());
        }
    }
}
