//! Which link carries what: places for contracts, links that replace others, links that nobody needs.
//!
//! Not here: the connections themselves (`link`), when a link must be replaced (`watch`).

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::random::Random;
use crate::domain::symbol::SymbolId;

use super::backoff::Backoff;
use super::desk::Desk;
use super::link::{Link, Order};
use super::stats::one;
use super::{DownCause, LinkId, Route};

/// Names the random draws of links.
const LINKS: u64 = 1;

/// A link as the desk sees it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) route: Route,
    pub(super) carried: BTreeSet<SymbolId>,
    /// Those whose subscription was taken, on the running connection.
    pub(super) acked: BTreeSet<SymbolId>,
    pub(super) up: bool,
    pub(super) born: Instant,
    /// The link that this one replaces and why, until it brings data.
    pub(super) replaces: Option<(LinkId, DownCause)>,
    /// Another one is to replace it: nothing new is given to it.
    pub(super) replaced: bool,
    /// It was told to close, and this is what its end means.
    pub(super) closing: Option<DownCause>,
    /// The first trade of its contracts since a quote, on a link of quotes.
    pub(super) unquoted_since: Option<Instant>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Lane {
    pub(super) fn tell(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    /// Whether every subscription was taken.
    pub(super) fn is_whole(&self) -> bool {
        self.acked.len() == self.carried.len()
    }
}

impl Desk {
    /// Gives a contract to a link of a route, a new one when all are full.
    pub(super) fn place(&mut self, symbol: SymbolId, route: Route) -> LinkId {
        let streams = match route {
            Route::Public => 1,
            Route::Market => 2,
        };
        let most = (self.config().streams_max / streams).max(1);
        let free = self.lanes.iter().find(|(_, lane)| {
            lane.route == route
                && !lane.replaced
                && lane.closing.is_none()
                && lane.carried.len() < most
        });
        let id = match free {
            Some((id, _)) => *id,
            None => self.open(route),
        };
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.carried.insert(symbol);
            lane.tell(Order::Add(symbol));
        }
        id
    }

    /// A new link without contracts.
    fn open(&mut self, route: Route) -> LinkId {
        let id = self.free_number();
        let (orders, taken) = mpsc::unbounded_channel();
        let config = self.config();
        let random = Random::stream(config.seed, &[LINKS, self.opened]);
        let backoff = Backoff::new(random, config.backoff_min, config.backoff_max);
        let link = Link::new(id, route, self.shared.clone(), backoff, taken);
        self.tasks.spawn(link.run());
        let lane = Lane {
            route,
            carried: BTreeSet::new(),
            acked: BTreeSet::new(),
            up: false,
            born: Instant::now(),
            replaces: None,
            replaced: false,
            closing: None,
            unquoted_since: None,
            orders,
        };
        self.lanes.insert(id, lane);
        id
    }

    fn free_number(&mut self) -> LinkId {
        loop {
            let id = LinkId(u16::try_from(self.opened % 65_536).unwrap_or(0));
            self.opened += 1;
            if !self.lanes.contains_key(&id) {
                return id;
            }
        }
    }

    /// A new link takes over everything of an old one, which goes on until the new one brings data.
    pub(super) fn replace(&mut self, old: LinkId, why: DownCause) {
        let Some(lane) = self.lanes.get_mut(&old) else {
            return;
        };
        lane.replaced = true;
        let (route, carried) = (lane.route, lane.carried.clone());
        let counters = &self.shared.counters;
        one(if why == DownCause::Rotated {
            &counters.rotations
        } else {
            &counters.stale
        });
        let new = self.open(route);
        if let Some(lane) = self.lanes.get_mut(&new) {
            lane.replaces = Some((old, why));
            lane.carried.clone_from(&carried);
            for symbol in &carried {
                lane.tell(Order::Add(*symbol));
            }
        }
        for symbol in carried {
            if let Some(contract) = self.contracts.get_mut(&symbol) {
                match route {
                    Route::Public => contract.public = new,
                    Route::Market => contract.market = new,
                }
            }
        }
    }

    /// Once a new link brings data and carries all, the old one is closed.
    pub(super) fn settle(&mut self, id: LinkId) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        if !lane.up || !lane.is_whole() {
            return;
        }
        // What it replaces may itself have been about to replace another.
        let mut replaced = lane.replaces.take();
        while let Some((old, why)) = replaced {
            self.close_lane(old, why);
            replaced = self
                .lanes
                .get_mut(&old)
                .and_then(|lane| lane.replaces.take());
        }
    }

    pub(super) fn close_lane(&mut self, id: LinkId, why: DownCause) {
        if let Some(lane) = self.lanes.get_mut(&id)
            && lane.closing.is_none()
        {
            lane.closing = Some(why);
            lane.tell(Order::Close);
        }
    }

    /// Takes a contract from every link that carries it; links that carry nothing more are closed.
    pub(super) fn unplace(&mut self, symbol: SymbolId) {
        let mut empty = Vec::new();
        for (id, lane) in &mut self.lanes {
            if lane.carried.remove(&symbol) {
                lane.acked.remove(&symbol);
                lane.tell(Order::Remove(symbol));
                if lane.carried.is_empty() {
                    empty.push(*id);
                }
            }
        }
        for id in empty {
            self.close_lane(id, DownCause::Closed);
        }
    }
}
