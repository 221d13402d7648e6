//! Several connections become one order: events wait here until everything of their instant is known to have come.
//!
//! Not here: what time it is (`clock`), where events come from (`exchange::binance`).
//! Invariants: instants leave in ascending order, each complete by the rule of the clock; nothing is dropped: what comes
//! after its instant has passed happens at the next one, and is counted.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use crate::domain::market::MarketEvent;
use crate::domain::signal::Signal;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::stream::{LinkId, Route};
use crate::exchange::trades::session::Instant;

const MILLISECOND: Span = Span::from_millis(1);

/// A trade's number at the exchange, for resuming behind it.
pub type TradeNumber = u64;

/// Events that wait.
#[derive(Debug)]
pub struct Merger {
    waiting: BinaryHeap<Reverse<Waiting>>,
    signals: BTreeMap<Timestamp, Vec<Signal>>,
    links: BTreeMap<LinkId, Link>,
    /// What was known when a link broke: it stays known.
    known: Option<Timestamp>,
    /// The last instant that left.
    passed: Timestamp,
    count: u64,
    late: u64,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    route: Route,
    /// Everything stamped at or before this has been said; `None` before the link has told so: it may be catching up.
    said: Option<Timestamp>,
}

/// An event in its place.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    at: Timestamp,
    place: u64,
    event: MarketEvent,
    number: Option<TradeNumber>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

impl Merger {
    /// Nothing waits; instants up to `passed` are over.
    #[must_use]
    pub const fn new(passed: Timestamp) -> Self {
        Self {
            waiting: BinaryHeap::new(),
            signals: BTreeMap::new(),
            links: BTreeMap::new(),
            known: None,
            passed,
            count: 0,
            late: 0,
        }
    }

    /// A link brings data from now on; what it has said so far is nothing.
    pub fn up(&mut self, link: LinkId, route: Route) {
        self.links.insert(link, Link { route, said: None });
    }

    /// A link is broken: nobody waits for it any more.
    pub fn down(&mut self, link: LinkId) {
        self.known = self.complete();
        self.links.remove(&link);
    }

    /// An event came. Events of one link ascend, but for those of a repair.
    pub fn hear(&mut self, event: MarketEvent, number: Option<TradeNumber>) {
        let next = self.passed + MILLISECOND;
        self.late += u64::from(event.at < next);
        self.count += 1;
        self.waiting.push(Reverse(Waiting {
            at: event.at.max(next),
            place: self.count,
            event,
            number,
        }));
    }

    /// Everything a link has to say up to an instant has been said.
    pub fn said(&mut self, link: LinkId, at: Timestamp) {
        if let Some(link) = self.links.get_mut(&link) {
            link.said = link.said.max(Some(at));
        }
    }

    /// A message had at an instant that is not over yet.
    ///
    /// # Panics
    /// When that instant has passed.
    pub fn signal(&mut self, signal: Signal) {
        assert!(
            signal.received_time > self.passed,
            "invariant: a message is had after what has passed"
        );
        self.signals
            .entry(signal.received_time)
            .or_default()
            .push(signal);
    }

    /// Up to when everything is known by what the links said.
    #[must_use]
    pub fn complete(&self) -> Option<Timestamp> {
        self.known.max(self.current())
    }

    /// The same by the links as they are now; `None` while a route has no link, or one catches up.
    #[must_use]
    pub fn current(&self) -> Option<Timestamp> {
        if !self.is_connected() {
            return None;
        }
        self.links.values().map(|link| link.said).min().flatten()
    }

    /// Whether both routes have a link that brings data.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        let has = |route: Route| self.links.values().any(|link| link.route == route);
        has(Route::Public) && has(Route::Market)
    }

    /// The last instant that left.
    #[must_use]
    pub const fn passed(&self) -> Timestamp {
        self.passed
    }

    /// The next instant at which anything that came happens.
    #[must_use]
    pub fn next_time(&self) -> Option<Timestamp> {
        let event = self.waiting.peek().map(|Reverse(waiting)| waiting.at);
        let signal = self.signals.keys().next().copied();
        event.into_iter().chain(signal).min()
    }

    /// Fills in everything of the instant `at`; the numbers of its trades are handed to `numbered`.
    pub fn take(
        &mut self,
        at: Timestamp,
        into: &mut Instant,
        numbered: &mut dyn FnMut(&MarketEvent, TradeNumber),
    ) {
        into.at = at;
        self.passed = at;
        while let Some(Reverse(first)) = self.waiting.peek()
            && first.at <= at
        {
            if let Some(number) = first.number {
                numbered(&first.event, number);
            }
            into.market.push(first.event);
            self.waiting.pop();
        }
        if let Some(mut signals) = self.signals.remove(&at) {
            signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
            into.signals.append(&mut signals);
        }
    }

    /// Events that came after their instant had passed.
    #[must_use]
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Events and messages that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.signals.values().map(Vec::len).sum::<usize>()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
