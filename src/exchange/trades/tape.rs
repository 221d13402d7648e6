//! Recorded data as a source of instants: the tape's events, the messages, the script.
//!
//! Not here: how bars become trades (`market::ticks`), live data.

use std::convert::Infallible;
use std::iter::Peekable;

use crate::domain::market::MarketEvent;
use crate::domain::time::Timestamp;
use crate::exchange::history::World;
use crate::market::ticks::stream::TickStream;

use super::Venue;
use super::session::{Instant, Source};

/// Files as a source.
#[derive(Debug)]
pub struct Recorded<'w> {
    world: &'w World,
    ticks: Peekable<TickStream<'w>>,
    next_signal: usize,
    next_script: usize,
    end: Timestamp,
}

impl<'w> Recorded<'w> {
    /// Everything of a world from `start` on; the run ends at `end`.
    #[must_use]
    pub fn new(
        world: &'w World,
        ticks: TickStream<'w>,
        (start, end): (Timestamp, Timestamp),
    ) -> Self {
        let signals = &world.signals;
        Self {
            ticks: ticks.peekable(),
            next_signal: signals.partition_point(|signal| signal.received_time < start),
            next_script: world.script.partition_point(|(time, _)| *time < start),
            end,
            world,
        }
    }

    fn next_time(&mut self) -> Option<Timestamp> {
        let tick = self.ticks.peek().map(|event: &MarketEvent| event.at);
        let signal = self.world.signals.get(self.next_signal);
        let script = self.world.script.get(self.next_script);
        tick.into_iter()
            .chain(signal.map(|signal| signal.received_time))
            .chain(script.map(|(time, _)| *time))
            .min()
    }
}

impl Source for Recorded<'_> {
    type Error = Infallible;

    fn next(
        &mut self,
        venue: &Venue,
        due: Option<Timestamp>,
        into: &mut Instant,
    ) -> Result<bool, Infallible> {
        let heard = self.next_time();
        let Some(at) = heard.into_iter().chain(due).min() else {
            return Ok(false);
        };
        let at = at.max(venue.now());
        if at > self.end {
            return Ok(false);
        }
        into.at = at;
        while let Some(event) = self.ticks.next_if(|event| event.at <= at) {
            into.market.push(event);
        }
        let world = self.world;
        while let Some(signal) = world.signals.get(self.next_signal)
            && signal.received_time <= at
        {
            into.signals.push(signal.clone());
            self.next_signal += 1;
        }
        while let Some((time, operator)) = world.script.get(self.next_script)
            && *time <= at
        {
            into.operator.push(operator.clone());
            self.next_script += 1;
        }
        Ok(true)
    }

    fn end(&self) -> Timestamp {
        self.end
    }
}
