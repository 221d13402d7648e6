//! One contract's order: trades ascend by one, quotes and marks never go back, and what follows a hole waits for it.
//!
//! Not here: how a hole is closed (`repair`), links (`lane`), sending (`desk`).
//! Invariant: what is handed on are trades without a hole and without a repeat, from the first one on.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::domain::market::{MarketEvent, News};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::binance::wire::frame::{Book, Mark};
use crate::exchange::binance::wire::rows::AggTrade;

use super::{LinkId, Seen};

/// An event that may be handed on, of a trade with its number.
pub(super) type Ready = (MarketEvent, Option<u64>);

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Handed on.
    Passed,
    /// Known already.
    Known,
    /// Waits behind a hole that was open before.
    Held,
    /// Shows a hole: it waits.
    Gap {
        /// First number missing.
        from: u64,
        /// How many.
        missing: u64,
    },
    /// Handed on, and it closed a hole; whether that had been told.
    Closed {
        /// A gap was said.
        told: bool,
    },
}

/// A hole, or the suspicion of one after a break.
#[derive(Debug)]
pub(super) struct Hole {
    /// The link that showed it.
    pub(super) link: LinkId,
    /// When the exchange is asked; not before the subscription was taken.
    pub(super) due: Option<Instant>,
    /// The number of the question under way.
    pub(super) asked: Option<u64>,
    /// Whether trades are known to be missing, and that was said.
    pub(super) told: bool,
    /// A break came on top: when this is closed, ask again.
    pub(super) again: bool,
    /// Nothing was listened to for a while: marks may be missing, whatever the numbers of the trades say.
    broke: bool,
    /// Trades ascending by number, marks where they came.
    held: VecDeque<Held>,
}

#[derive(Clone, Copy, Debug)]
enum Held {
    Trade(AggTrade),
    Mark(Mark),
}

/// What a contract's streams have said so far.
#[derive(Debug)]
pub(super) struct Sequence {
    symbol: SymbolId,
    /// The last trade handed on.
    pub(super) last: Option<Seen>,
    book: Option<Book>,
    /// The last mark that came, held ones included.
    pub(super) mark: Option<Mark>,
    /// The stamp of the last mark that was handed on.
    marked: Option<Timestamp>,
    pub(super) hole: Option<Hole>,
}

impl Sequence {
    pub(super) const fn new(symbol: SymbolId, last: Option<Seen>) -> Self {
        Self {
            symbol,
            last,
            book: None,
            mark: None,
            marked: None,
            hole: None,
        }
    }

    /// Whether something was said of it, so that something can have been missed.
    pub(super) const fn has_begun(&self) -> bool {
        self.last.is_some() || self.mark.is_some()
    }

    /// The stamp of the last mark that was handed on.
    pub(super) const fn last_mark_passed(&self) -> Option<Timestamp> {
        self.marked
    }

    /// How many wait behind the hole.
    pub(super) fn held(&self) -> usize {
        self.hole.as_ref().map_or(0, |hole| hole.held.len())
    }

    /// The first trade that waits.
    pub(super) fn first_held(&self) -> Option<AggTrade> {
        let hole = self.hole.as_ref()?;
        hole.held.iter().find_map(|held| match held {
            Held::Trade(trade) => Some(*trade),
            Held::Mark(_) => None,
        })
    }

    /// The stamp of the first event that waits.
    pub(super) fn first_held_at(&self) -> Option<Timestamp> {
        let hole = self.hole.as_ref()?;
        let stamps = hole.held.iter().map(|held| match held {
            Held::Trade(trade) => trade.at,
            Held::Mark(mark) => mark.at,
        });
        stamps.min()
    }

    /// From now on later trades and marks wait, until it is known what was missed; that is asked at `due`, without it
    /// when the subscription is taken.
    pub(super) fn suspect(&mut self, link: LinkId, due: Option<Instant>) {
        match &mut self.hole {
            Some(hole) if hole.due.is_none() => (hole.link, hole.due) = (link, due),
            Some(hole) => hole.again = true,
            None => {
                let mut hole = Hole::new(link, due);
                hole.broke = true;
                self.hole = Some(hole);
            }
        }
    }

    /// Whether a minute began between the last mark and an instant, so that its marks can be had from bars.
    fn marks_missed(&self, at: Timestamp) -> bool {
        let since = self.marked.or(self.last.and_then(|last| last.at));
        let broke = self.hole.as_ref().is_some_and(|hole| hole.broke);
        broke && since.is_some_and(|since| since.minute_start() < at.minute_start())
    }

    /// Takes a trade.
    pub(super) fn trade(
        &mut self,
        trade: AggTrade,
        (link, due): (LinkId, Instant),
        ready: &mut Vec<Ready>,
    ) -> Taken {
        let next = match self.last {
            Some(last) if trade.id <= last.id => return Taken::Known,
            Some(last) => Some(last.id + 1),
            None => None,
        };
        let follows = next.is_none_or(|next| next == trade.id);
        let missed = self.marks_missed(trade.at);
        match &mut self.hole {
            None if follows => {
                self.pass(trade, ready);
                Taken::Passed
            }
            None => {
                let mut hole = Hole::new(link, Some(due));
                hole.told = true;
                hole.held.push_back(Held::Trade(trade));
                self.hole = Some(hole);
                self.gap(trade)
            }
            // Without a number to count from, only the exchange knows what came before it.
            Some(_) if follows && next.is_some() && !missed => {
                self.marks_until(trade.at, ready);
                self.pass(trade, ready);
                self.close_if_whole(ready)
            }
            Some(hole) => {
                if !hole.insert(trade) {
                    return Taken::Known;
                }
                if hole.told || follows {
                    return Taken::Held;
                }
                hole.told = true;
                self.gap(trade)
            }
        }
    }

    fn gap(&self, trade: AggTrade) -> Taken {
        let from = self.last.map_or(trade.id, |last| last.id + 1);
        Taken::Gap {
            from,
            missing: trade.id - from,
        }
    }

    /// Takes a mark; it waits with the trades.
    pub(super) fn mark(&mut self, mark: Mark, ready: &mut Vec<Ready>) -> Taken {
        if self
            .mark
            .is_some_and(|last| mark.at < last.at || mark == last)
        {
            return Taken::Known;
        }
        self.mark = Some(mark);
        if let Some(hole) = &mut self.hole {
            hole.held.push_back(Held::Mark(mark));
            return Taken::Held;
        }
        self.pass_mark(mark, ready);
        Taken::Passed
    }

    /// Takes a quote; it travels another way than the trades and waits for none of them.
    pub(super) fn quote(&mut self, book: Book, ready: &mut Vec<Ready>) -> Taken {
        // A number that went back at a later time is an exchange that counts anew, not an old frame.
        let old = |last: Book| book.update <= last.update && book.at <= last.at;
        if self.book.is_some_and(old) {
            return Taken::Known;
        }
        self.book = Some(book);
        let news = News::Quote {
            bid: book.bid,
            ask: book.ask,
        };
        ready.push((self.event(book.at, news), None));
        Taken::Passed
    }

    /// A new connection: its numbers of the book are compared among themselves and with what it overlaps.
    pub(super) fn forget_book(&mut self) {
        self.book = None;
    }

    /// Takes what the exchange brought for the hole, ascending; `reached` is the last number that is now accounted for.
    /// How many trades of it were new.
    pub(super) fn fill(
        &mut self,
        events: Vec<Ready>,
        reached: Option<Seen>,
        ready: &mut Vec<Ready>,
    ) -> u64 {
        let mut new = 0;
        let known = self.last.map(|last| last.id);
        for (event, id) in events {
            if id.is_some() && known >= id {
                continue;
            }
            new += u64::from(matches!(event.news, News::Trade { .. }));
            self.marks_until(event.at, ready);
            ready.push((event, id));
        }
        if let Some(reached) = reached.filter(|reached| known.is_none_or(|id| id < reached.id)) {
            self.last = Some(reached);
        }
        new
    }

    /// Hands on what waited, as far as it follows; the hole is closed when nothing is missing any more, or is a new one.
    pub(super) fn release(&mut self, due: Instant, ready: &mut Vec<Ready>) -> Option<(u64, u64)> {
        if self.last.is_none()
            && let Some(first) = self.first_held()
        {
            // Nothing before it is known to the exchange either.
            self.last = first.id.checked_sub(1).map(|id| Seen {
                id,
                at: Some(first.at),
            });
        }
        self.drain(ready);
        let hole = self.hole.as_mut()?;
        hole.asked = None;
        hole.due = Some(due);
        if hole.held.is_empty() {
            if hole.again {
                hole.again = false;
                hole.told = false;
                return None;
            }
            self.hole = None;
            return None;
        }
        hole.told = true;
        let first = self.first_held()?;
        match self.gap(first) {
            Taken::Gap { from, missing } => Some((from, missing)),
            Taken::Passed | Taken::Known | Taken::Held | Taken::Closed { .. } => None,
        }
    }

    fn close_if_whole(&mut self, ready: &mut Vec<Ready>) -> Taken {
        self.drain(ready);
        let Some(hole) = &self.hole else {
            return Taken::Passed;
        };
        if !hole.held.is_empty() || hole.again {
            return Taken::Passed;
        }
        let told = hole.told;
        self.hole = None;
        Taken::Closed { told }
    }

    /// Hands on from the front what follows.
    fn drain(&mut self, ready: &mut Vec<Ready>) {
        loop {
            match self.first_held() {
                Some(first) if self.last.is_some_and(|last| first.id > last.id + 1) => return,
                // All up to the trade itself.
                Some(first) => {
                    while let Some(held) = self.pop_held() {
                        match held {
                            Held::Mark(mark) => self.pass_mark(mark, ready),
                            Held::Trade(_) => break,
                        }
                    }
                    if self.last.is_none_or(|last| first.id > last.id) {
                        self.pass(first, ready);
                    }
                }
                None => {
                    while let Some(Held::Mark(mark)) = self.pop_held() {
                        self.pass_mark(mark, ready);
                    }
                    return;
                }
            }
        }
    }

    /// Hands on the marks in front of the first trade that waits, as far as they are not later.
    fn marks_until(&mut self, at: Timestamp, ready: &mut Vec<Ready>) {
        while let Some(Held::Mark(mark)) = self
            .hole
            .as_ref()
            .and_then(|hole| hole.held.front().copied())
        {
            if mark.at > at {
                return;
            }
            self.pass_mark(mark, ready);
            self.pop_held();
        }
    }

    fn pop_held(&mut self) -> Option<Held> {
        self.hole.as_mut()?.held.pop_front()
    }

    fn pass(&mut self, trade: AggTrade, ready: &mut Vec<Ready>) {
        self.last = Some(Seen {
            id: trade.id,
            at: Some(trade.at),
        });
        ready.push(trade_event(self.symbol, trade));
    }

    fn pass_mark(&mut self, mark: Mark, ready: &mut Vec<Ready>) {
        self.marked = Some(mark.at);
        let news = News::Mark {
            price: mark.price,
            funding: mark.funding,
        };
        ready.push((self.event(mark.at, news), None));
    }

    const fn event(&self, at: Timestamp, news: News) -> MarketEvent {
        MarketEvent {
            at,
            symbol: self.symbol,
            news,
        }
    }
}

/// A trade as an event.
pub(super) const fn trade_event(symbol: SymbolId, trade: AggTrade) -> Ready {
    let event = MarketEvent {
        at: trade.at,
        symbol,
        news: News::Trade {
            price: trade.price,
            qty: trade.qty,
        },
    };
    (event, Some(trade.id))
}

impl Hole {
    const fn new(link: LinkId, due: Option<Instant>) -> Self {
        Self {
            link,
            due,
            asked: None,
            told: false,
            again: false,
            broke: false,
            held: VecDeque::new(),
        }
    }

    /// Puts a trade where its number belongs; whether it was new.
    fn insert(&mut self, trade: AggTrade) -> bool {
        let mut place = self.held.len();
        for (index, held) in self.held.iter().enumerate().rev() {
            if let Held::Trade(other) = held {
                match other.id.cmp(&trade.id) {
                    std::cmp::Ordering::Less => break,
                    std::cmp::Ordering::Equal => return false,
                    std::cmp::Ordering::Greater => place = index,
                }
            }
        }
        self.held.insert(place, Held::Trade(trade));
        true
    }
}
