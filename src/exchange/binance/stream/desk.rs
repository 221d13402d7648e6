//! Where everything of the streams comes together: wishes, what links say, what repairs bring, the passing of time.
//!
//! Not here: connections (`link`), order within a contract (`sequence`), holes (`holes`), what is overdue (`watch`).
//! Invariant: one task, so what goes out has one order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{info, warn};

use crate::domain::symbol::{SymbolId, Symbols};
use crate::exchange::binance::rest::Rest;

use super::lane::Lane;
use super::link::{Order, Said, Shared};
use super::pace::Pace;
use super::reading::Names;
use super::repair::Word;
use super::sequence::{Ready, Sequence, Taken};
use super::stats::{Counters, more, one};
use super::{
    Data, DownCause, FromMarket, LinkId, Repair, Route, Seen, StreamConfig, Trouble, Wish,
};

/// Frames of all links that wait for the desk.
const WAITING: usize = 4_096;
/// With more events than these behind holes, links are not listened to until one closes.
const HELD_MAX: usize = 200_000;
/// The exchange's limit of new connections.
const CONNECTS: usize = 300;
const CONNECTS_WITHIN: Duration = Duration::from_secs(300);
const CLOSING: Duration = Duration::from_secs(2);

/// A contract that is wanted.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) sequence: Sequence,
    /// The link of its trades and marks.
    pub(super) market: LinkId,
    /// The link of its quotes.
    pub(super) public: LinkId,
    /// When a mark last came, or its subscription was taken.
    pub(super) marked: Option<Instant>,
    /// How often its marks were missed in a row.
    pub(super) missed: u32,
    /// Known trades and old events since that was last said.
    pub(super) duplicates: u64,
    pub(super) outdated: u64,
}

/// The desk.
pub(super) struct Desk {
    pub(super) symbols: Arc<Symbols>,
    pub(super) rest: Rest,
    pub(super) shared: Shared,
    ends: Ends,
    said: mpsc::Receiver<(LinkId, Said)>,
    pub(super) words: mpsc::UnboundedSender<Word>,
    heard: mpsc::UnboundedReceiver<Word>,
    pub(super) tasks: JoinSet<()>,
    pub(super) lanes: BTreeMap<LinkId, Lane>,
    pub(super) contracts: BTreeMap<SymbolId, Contract>,
    /// Contracts with a hole.
    pub(super) open_holes: BTreeSet<SymbolId>,
    pub(super) beats: Vec<super::holes::HeldBeat>,
    /// Links opened so far.
    pub(super) opened: u64,
    /// Questions asked so far.
    pub(super) asked: u64,
    /// Time that was spent waiting for who takes the events: it is no silence of the exchange.
    pub(super) blocked: Duration,
    ready: Vec<Ready>,
}

/// Where events go, and what ends the waiting for room there.
pub(super) struct Ends {
    pub(super) out: mpsc::Sender<FromMarket>,
    pub(super) closing: Arc<Notify>,
}

/// The receiver of the events is gone, or is no longer waited for.
pub(super) struct Gone;

impl Desk {
    pub(super) fn new(
        config: StreamConfig,
        symbols: Arc<Symbols>,
        rest: Rest,
        (ends, counters): (Ends, Arc<Counters>),
    ) -> Self {
        let (say, said) = mpsc::channel(WAITING);
        let (words, heard) = mpsc::unbounded_channel();
        let shared = Shared {
            config: Arc::new(config),
            names: Arc::new(Names::new(&symbols)),
            counters,
            connects: Arc::new(Mutex::new(Pace::new(CONNECTS, CONNECTS_WITHIN))),
            said: say,
        };
        Self {
            symbols,
            rest,
            shared,
            ends,
            said,
            words,
            heard,
            tasks: JoinSet::new(),
            lanes: BTreeMap::new(),
            contracts: BTreeMap::new(),
            open_holes: BTreeSet::new(),
            beats: Vec::new(),
            opened: 0,
            asked: 0,
            blocked: Duration::ZERO,
            ready: Vec::new(),
        }
    }

    pub(super) fn config(&self) -> &StreamConfig {
        &self.shared.config
    }

    /// The monotonic clock without the time spent waiting for the receiver.
    pub(super) fn now(&self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.blocked).unwrap_or(now)
    }

    pub(super) async fn run(mut self, mut wishes: mpsc::UnboundedReceiver<Wish>) {
        let every = self.tick_length();
        let mut tick = Instant::now() + every;
        loop {
            let due = self.due().map_or(tick, |due| due.min(tick));
            let listens = self.held() < HELD_MAX;
            let done = tokio::select! {
                biased;
                wish = wishes.recv() => match wish {
                    None | Some(Wish::Close) => break,
                    Some(wish) => {
                        self.wish(wish);
                        self.release_beats().await
                    }
                },
                Some(word) = self.heard.recv() => self.word(word).await,
                () = sleep_until(due) => {
                    let now = Instant::now();
                    if now >= tick {
                        tick = now + every;
                        self.tick().await
                    } else {
                        self.ask_due();
                        Ok(())
                    }
                }
                Some((link, said)) = self.said.recv(), if listens => self.said(link, said).await,
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => Ok(()),
            };
            if done.is_err() {
                break;
            }
        }
        self.end().await;
    }

    async fn end(mut self) {
        for lane in self.lanes.values() {
            lane.tell(Order::Close);
        }
        self.said.close();
        self.beats.clear();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(CLOSING, all).await.is_err() {
            self.tasks.abort_all();
        }
    }

    fn held(&self) -> usize {
        self.open_holes
            .iter()
            .filter_map(|symbol| self.contracts.get(symbol))
            .map(|contract| contract.sequence.held())
            .sum()
    }

    fn wish(&mut self, wish: Wish) {
        match wish {
            Wish::Subscribe(symbol, after) => self.subscribe(symbol, after),
            Wish::Unsubscribe(symbol) => {
                if self.contracts.remove(&symbol).is_some() {
                    self.open_holes.remove(&symbol);
                    self.unplace(symbol);
                }
            }
            Wish::Close => {}
        }
    }

    fn subscribe(&mut self, symbol: SymbolId, after: Option<Seen>) {
        if self.contracts.contains_key(&symbol) || symbol.index() >= self.symbols.len() {
            return;
        }
        let market = self.place(symbol, Route::Market);
        let mut sequence = Sequence::new(symbol, after);
        if after.is_some() {
            sequence.suspect(market, None);
            self.open_holes.insert(symbol);
        }
        let contract = Contract {
            sequence,
            market,
            public: self.place(symbol, Route::Public),
            marked: None,
            missed: 0,
            duplicates: 0,
            outdated: 0,
        };
        self.contracts.insert(symbol, contract);
    }

    async fn said(&mut self, link: LinkId, said: Said) -> Result<(), Gone> {
        match said {
            Said::Trade(symbol, trade) => {
                self.up(link).await?;
                let due = self.now() + self.config().repair_after;
                self.unquoted(symbol);
                let taken = self.sequence(symbol, |sequence, ready| {
                    sequence.trade(trade, (link, due), ready)
                });
                self.taken(link, symbol, (taken, Data::Trades)).await
            }
            Said::Mark(symbol, mark) => {
                self.up(link).await?;
                let now = self.now();
                if let Some(contract) = self.contracts.get_mut(&symbol) {
                    contract.marked = Some(now);
                    contract.missed = 0;
                }
                let taken = self.sequence(symbol, |sequence, ready| sequence.mark(mark, ready));
                self.taken(link, symbol, (taken, Data::Marks)).await
            }
            Said::Book(symbol, book) => {
                self.up(link).await?;
                if let Some(lane) = self.lanes.get_mut(&link) {
                    lane.unquoted_since = None;
                }
                let taken = self.sequence(symbol, |sequence, ready| sequence.quote(book, ready));
                self.taken(link, symbol, (taken, Data::Quotes)).await
            }
            Said::Beat(at, done) => self.beat(link, at, done).await,
            Said::Acked(symbols) => {
                self.acked(link, &symbols);
                Ok(())
            }
            Said::NotSubscribed(code, msg) => {
                warn!(link = link.0, code, msg, "a subscription was turned down");
                let what = Trouble::NotSubscribed { code, msg };
                self.trouble(link, None, what).await
            }
            Said::Refused(symbol, refusal) => {
                let what = Trouble::Refused {
                    reason: refusal.reason,
                    why: refusal.why,
                };
                self.trouble(link, symbol, what).await
            }
            Said::Down(why) => self.down(link, why).await,
            Said::Ended => self.ended(link).await,
        }
    }

    fn sequence(
        &mut self,
        symbol: SymbolId,
        take: impl FnOnce(&mut Sequence, &mut Vec<Ready>) -> Taken,
    ) -> Option<Taken> {
        let contract = self.contracts.get_mut(&symbol)?;
        Some(take(&mut contract.sequence, &mut self.ready))
    }

    /// Hands on what became ready, and says what else became of a frame.
    async fn taken(
        &mut self,
        link: LinkId,
        symbol: SymbolId,
        (taken, data): (Option<Taken>, Data),
    ) -> Result<(), Gone> {
        self.emit(link).await?;
        match taken {
            None | Some(Taken::Passed | Taken::Held) => Ok(()),
            Some(Taken::Known) => {
                let counters = &self.shared.counters;
                let Some(contract) = self.contracts.get_mut(&symbol) else {
                    return Ok(());
                };
                if data == Data::Trades {
                    one(&counters.duplicates);
                    contract.duplicates += 1;
                } else {
                    one(&counters.outdated);
                    contract.outdated += 1;
                }
                Ok(())
            }
            Some(Taken::Gap { from, missing }) => self.gap(link, symbol, (from, missing)).await,
            Some(Taken::Closed { told }) => {
                if told {
                    one(&self.shared.counters.repaired_late);
                    let what = Trouble::Repaired {
                        trades: 0,
                        marks: 0,
                        how: Repair::Late,
                    };
                    self.trouble(link, Some(symbol), what).await?;
                }
                self.whole(symbol).await
            }
        }
    }

    /// Hands on everything that is ready.
    pub(super) async fn emit(&mut self, link: LinkId) -> Result<(), Gone> {
        let mut ready = std::mem::take(&mut self.ready);
        more(
            &self.shared.counters.events,
            u64::try_from(ready.len()).unwrap_or(0),
        );
        for (event, trade_id) in ready.drain(..) {
            let event = FromMarket::Event {
                link,
                event,
                trade_id,
            };
            self.send(event).await?;
        }
        self.ready = ready;
        Ok(())
    }

    /// Fills what a sequence has ready from outside of a frame.
    pub(super) fn with_sequence<T>(
        &mut self,
        symbol: SymbolId,
        work: impl FnOnce(&mut Sequence, &mut Vec<Ready>) -> T,
    ) -> Option<T> {
        let contract = self.contracts.get_mut(&symbol)?;
        Some(work(&mut contract.sequence, &mut self.ready))
    }

    pub(super) async fn trouble(
        &mut self,
        link: LinkId,
        symbol: Option<SymbolId>,
        what: Trouble,
    ) -> Result<(), Gone> {
        self.send(FromMarket::Trouble { link, symbol, what }).await
    }

    /// Waits while the receiver is full.
    pub(super) async fn send(&mut self, event: FromMarket) -> Result<(), Gone> {
        match self.ends.out.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Gone),
            Err(mpsc::error::TrySendError::Full(event)) => {
                let since = Instant::now();
                let sent = tokio::select! {
                    biased;
                    sent = self.ends.out.send(event) => sent.map_err(|_| Gone),
                    () = self.ends.closing.notified() => Err(Gone),
                };
                self.blocked += since.elapsed();
                sent
            }
        }
    }

    /// The first data of a link.
    pub(super) async fn up(&mut self, link: LinkId) -> Result<(), Gone> {
        let Some(lane) = self.lanes.get_mut(&link).filter(|lane| !lane.up) else {
            return Ok(());
        };
        lane.up = true;
        lane.born = Instant::now();
        let route = lane.route;
        info!(link = link.0, ?route, "data comes");
        self.settle(link);
        self.send(FromMarket::Up { link, route }).await
    }

    async fn down(&mut self, link: LinkId, why: DownCause) -> Result<(), Gone> {
        self.drop_beats(link);
        let Some(lane) = self.lanes.get_mut(&link) else {
            return Ok(());
        };
        lane.acked.clear();
        lane.unquoted_since = None;
        let was_up = std::mem::replace(&mut lane.up, false);
        if lane.route == Route::Market {
            for symbol in &lane.carried {
                if let Some(contract) = self.contracts.get_mut(symbol)
                    && contract.market == link
                {
                    contract.marked = None;
                    if contract.sequence.has_begun() {
                        contract.sequence.suspect(link, None);
                        self.open_holes.insert(*symbol);
                    }
                }
            }
        }
        warn!(link = link.0, %why, "a link is down");
        if was_up {
            return self.send(FromMarket::Down { link, why }).await;
        }
        let what = Trouble::NoConnection {
            why: why.to_string(),
        };
        self.trouble(link, None, what).await
    }

    async fn ended(&mut self, link: LinkId) -> Result<(), Gone> {
        self.drop_beats(link);
        let Some(lane) = self.lanes.remove(&link) else {
            return Ok(());
        };
        let why = lane.closing.unwrap_or(DownCause::Closed);
        info!(link = link.0, %why, "a link was closed");
        if lane.up {
            self.send(FromMarket::Down { link, why }).await?;
        }
        Ok(())
    }
}
