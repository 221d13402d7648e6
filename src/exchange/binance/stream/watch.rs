//! What is overdue: marks, quotes, the replacement of old links; what is said once in a while.
//!
//! Not here: silence of a whole connection (`link`), what replacing means (`lane`).

use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use crate::domain::symbol::SymbolId;

use super::desk::{Desk, Gone};
use super::{Data, DownCause, LinkId, Route, Trouble};

/// A contract whose marks stay away is given twice as long each time, up to so many doublings.
const DOUBLINGS: u32 = 8;

impl Desk {
    /// Time between two looks.
    pub(super) fn tick_length(&self) -> Duration {
        let quarter = self.config().stale_after.min(self.config().rotate_after) / 4;
        quarter.clamp(Duration::from_millis(10), Duration::from_secs(1))
    }

    /// Looks at everything that has a time.
    pub(super) async fn tick(&mut self) -> Result<(), Gone> {
        self.ask_due();
        self.say_repeats().await?;
        for (link, symbol, what) in self.stale() {
            warn!(link = link.0, ?what, "a stream is dead");
            self.trouble(link, symbol, Trouble::Stale { what }).await?;
            // Several contracts of a link may be stale at once; it is replaced once.
            if self.lanes.get(&link).is_some_and(|lane| !lane.replaced) {
                self.replace(link, DownCause::Stale);
            }
        }
        for link in self.old() {
            self.replace(link, DownCause::Rotated);
        }
        Ok(())
    }

    async fn say_repeats(&mut self) -> Result<(), Gone> {
        let mut said = Vec::new();
        for (symbol, contract) in &mut self.contracts {
            let trades = std::mem::take(&mut contract.duplicates);
            if trades > 0 {
                let what = Trouble::Duplicates { trades };
                said.push((contract.market, *symbol, what));
            }
            let events = std::mem::take(&mut contract.outdated);
            if events > 0 {
                let what = Trouble::Outdated { events };
                said.push((contract.market, *symbol, what));
            }
        }
        for (link, symbol, what) in said {
            self.trouble(link, Some(symbol), what).await?;
        }
        Ok(())
    }

    /// A trade came: from now on a quote is due.
    pub(super) fn unquoted(&mut self, symbol: SymbolId) {
        let now = self.now();
        let Some(link) = self.contracts.get(&symbol).map(|contract| contract.public) else {
            return;
        };
        if let Some(lane) = self.lanes.get_mut(&link)
            && lane.acked.contains(&symbol)
        {
            lane.unquoted_since.get_or_insert(now);
        }
    }

    /// Links with a dead stream.
    fn stale(&mut self) -> Vec<(LinkId, Option<SymbolId>, Data)> {
        let now = self.now();
        let after = self.config().stale_after;
        let mut found = Vec::new();
        for (symbol, contract) in &mut self.contracts {
            let Some(since) = contract.marked else {
                continue;
            };
            let wait = after.saturating_mul(1 << contract.missed.min(DOUBLINGS));
            let watched = self
                .lanes
                .get(&contract.market)
                .is_some_and(|lane| lane.acked.contains(symbol) && !lane.replaced);
            if watched && now.duration_since(since) >= wait {
                contract.missed += 1;
                contract.marked = None;
                found.push((contract.market, Some(*symbol), Data::Marks));
            }
        }
        for (link, lane) in &mut self.lanes {
            let watched = lane.route == Route::Public && !lane.replaced && lane.closing.is_none();
            let dead = |since: Instant| now.duration_since(since) >= after;
            if watched && lane.unquoted_since.is_some_and(dead) {
                lane.unquoted_since = None;
                found.push((*link, None, Data::Quotes));
            }
        }
        found
    }

    /// Links near the exchange's 24 hours.
    fn old(&self) -> Vec<LinkId> {
        let age = self.config().rotate_after;
        self.lanes
            .iter()
            .filter(|(_, lane)| !lane.replaced && lane.closing.is_none() && lane.up)
            .filter(|(_, lane)| lane.born.elapsed() >= age)
            .map(|(id, _)| *id)
            .collect()
    }
}
