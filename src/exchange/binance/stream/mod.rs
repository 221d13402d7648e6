//! Market streams: trades, best quotes and marks of the contracts that are asked for, in order and without holes.
//!
//! Not here: REST (`rest`), what is done with events (`live`, `exchange::trades`).
//! Invariants: no trade is dropped, merged or said twice; trades of a contract ascend by one; what one link says keeps
//! its order; a link that is silent is a broken one. Who takes the events too slowly is waited for.

mod backoff;
mod bars;
mod desk;
mod holes;
mod lane;
mod link;
mod pace;
mod reading;
mod repair;
mod requests;
mod sequence;
pub mod stats;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::domain::market::MarketEvent;
use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::Timestamp;

use super::address::Address;
use super::rest::Rest;
use super::wire::frame::Reason;
use desk::{Desk, Ends};
use stats::{Counters, Stats};

/// One connection's number. A connection that broke comes back under its number; one that replaces another has a new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u16);

/// The two routes of public data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// Best quotes.
    Public,
    /// Trades and marks.
    Market,
}

/// What comes out of the streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromMarket {
    /// An event of a contract.
    Event {
        /// Over which link; of a repaired trade the link that showed the hole.
        link: LinkId,
        /// What happened.
        event: MarketEvent,
        /// Of a trade its number; a trade made from a bar has none.
        trade_id: Option<u64>,
    },
    /// Everything this link has to say up to an instant has been said (the market server's pings).
    Beat {
        /// Which link.
        link: LinkId,
        /// Up to when, inclusive.
        at: Timestamp,
    },
    /// The link brings data: said at its first, also after each [`FromMarket::Down`].
    Up {
        /// Which link.
        link: LinkId,
        /// What it carries.
        route: Route,
    },
    /// The link is broken, or was replaced. Only said after an [`FromMarket::Up`].
    Down {
        /// Which link.
        link: LinkId,
        /// Why.
        why: DownCause,
    },
    /// After a break, or since a resumption: nothing of this contract is missing any more.
    Whole {
        /// Which contract.
        symbol: SymbolId,
    },
    /// Something was refused or repaired.
    Trouble {
        /// Which link.
        link: LinkId,
        /// Which contract, if it is about one.
        symbol: Option<SymbolId>,
        /// What.
        what: Trouble,
    },
}

/// Why a link is down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownCause {
    /// Closed by the exchange, or the connection broke.
    Broken(String),
    /// No connection came about.
    Unreachable(String),
    /// Not a frame within the time allowed.
    Silent,
    /// A frame longer than allowed.
    TooLarge,
    /// Replaced by a new link, before the exchange's 24 hours.
    Rotated,
    /// Replaced by a new link, because a stream of it was dead.
    Stale,
    /// Nobody needs it any more.
    Closed,
}

/// What was refused or repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A frame was not believed.
    Refused {
        /// The kind of reason.
        reason: Reason,
        /// The words.
        why: String,
    },
    /// Trades that were already known came again and were dropped; said at most once a second.
    Duplicates {
        /// How many since the last time.
        trades: u64,
    },
    /// Quotes or marks came that were older than what was known, and were dropped; said at most once a second.
    Outdated {
        /// How many since the last time.
        events: u64,
    },
    /// Trades are missing; the contract's later ones are held back until they are there.
    Gap {
        /// The first number that is missing.
        from: u64,
        /// How many, if the next one is known.
        missing: Option<u64>,
    },
    /// A gap is closed.
    Repaired {
        /// Trades that came one by one.
        trades: u64,
        /// Marks made from bars.
        marks: u64,
        /// How.
        how: Repair,
    },
    /// The calls that would close a gap fail; they go on.
    RepairDelayed {
        /// What the exchange said.
        why: String,
    },
    /// The exchange has neither the trades nor their bars: so many are lost.
    Lost {
        /// How many, if that is known.
        trades: Option<u64>,
        /// What the exchange said.
        why: String,
    },
    /// A stream of this link brings nothing though it should: its streams go to a new link.
    Stale {
        /// Which data.
        what: Data,
    },
    /// The exchange turned a subscription down.
    NotSubscribed {
        /// Its number of the error.
        code: i64,
        /// Its text.
        msg: String,
    },
    /// No connection, and a further try later.
    NoConnection {
        /// Why.
        why: String,
    },
}

/// How a gap was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The missing frames came by themselves.
    Late,
    /// Trade by trade, by number.
    ById,
    /// From so many minute bars, four trades each; the rest by number.
    ByBars {
        /// Bars that were turned into trades.
        bars: u64,
    },
}

/// Kinds of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    /// Trades.
    Trades,
    /// Best quotes.
    Quotes,
    /// Marks.
    Marks,
}

/// How to stream.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// The host.
    pub base: Address,
    /// A link without any frame for so long is broken.
    pub silent_after: Duration,
    /// A contract without marks, or quotes while there are trades, for so long has a dead stream.
    pub stale_after: Duration,
    /// Whether pings carry the server's running time, and beats come of them.
    pub beats: bool,
    /// More missing trades than these come from bars.
    pub repair_trades_max: u64,
    /// A hole is given so long to close by itself before the exchange is asked.
    pub repair_after: Duration,
    /// After a break the exchange is asked for what was missed when no trade has told within so long.
    pub catch_up_after: Duration,
    /// Streams of one connection, at least two.
    pub streams_max: usize,
    /// Links are replaced at this age.
    pub rotate_after: Duration,
    /// Shortest ceiling of the wait before a new connection.
    pub backoff_min: Duration,
    /// Longest ceiling of the wait before a new connection.
    pub backoff_max: Duration,
    /// Of the jitter.
    pub seed: u64,
}

/// Where to resume the trades of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Number of the last trade that was taken.
    pub id: u64,
    /// When that was, if known: without it, missing trades that the exchange no longer has by number are lost.
    pub at: Option<Timestamp>,
}

/// The streams. Nothing lives here; see [`Streams::start`].
#[derive(Clone, Copy, Debug)]
pub struct Streams;

/// The running streams. Dropped, they end.
pub struct Handle {
    wishes: mpsc::UnboundedSender<Wish>,
    /// Ends a wait for a receiver that does not take.
    closing: Arc<Notify>,
    counters: Arc<Counters>,
    desk: JoinHandle<()>,
}

/// What can be asked of the running streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Subscribe(SymbolId, Option<Seen>),
    Unsubscribe(SymbolId),
    Close,
}

impl StreamConfig {
    /// The usual numbers for a host.
    #[must_use]
    pub const fn new(base: Address) -> Self {
        Self {
            base,
            silent_after: Duration::from_secs(10),
            stale_after: Duration::from_secs(30),
            beats: false,
            repair_trades_max: 20_000,
            repair_after: Duration::from_millis(250),
            catch_up_after: Duration::from_secs(2),
            streams_max: 1_024,
            rotate_after: Duration::from_secs(23 * 3_600),
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            seed: 0,
        }
    }

    /// The same for a market server whose pings carry its running time: whatever may be missing is asked for at once,
    /// because its time does not wait.
    #[must_use]
    pub const fn with_beats(mut self) -> Self {
        self.beats = true;
        self.repair_after = Duration::from_millis(20);
        self.catch_up_after = Duration::ZERO;
        self
    }
}

impl Streams {
    /// Starts without a single subscription; connections are made when there is something to carry. Must be called on a
    /// tokio runtime. Sending into `out` waits while it is full; when its other end is gone the streams end.
    #[must_use]
    pub fn start(
        config: StreamConfig,
        symbols: Arc<Symbols>,
        rest: Rest,
        out: mpsc::Sender<FromMarket>,
    ) -> Handle {
        let (wishes, asked) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let closing = Arc::new(Notify::new());
        let ends = Ends {
            out,
            closing: Arc::clone(&closing),
        };
        let desk = Desk::new(config, symbols, rest, (ends, Arc::clone(&counters)));
        Handle {
            wishes,
            closing,
            counters,
            desk: tokio::spawn(desk.run(asked)),
        }
    }
}

impl Handle {
    /// Asks for a contract's trades, quotes and marks. `after` is the number of the last trade that was taken before:
    /// what is missing since then is fetched. Twice is once.
    pub fn subscribe(&self, symbol: SymbolId, after: Option<u64>) {
        self.resume(symbol, after.map(|id| Seen { id, at: None }));
    }

    /// As [`Self::subscribe`], knowing when the last trade was: then what the exchange no longer has by number comes
    /// from its bars.
    pub fn resume(&self, symbol: SymbolId, after: Option<Seen>) {
        let _ = self.wishes.send(Wish::Subscribe(symbol, after));
    }

    /// No more of a contract. Events that are on their way may still come.
    pub fn unsubscribe(&self, symbol: SymbolId) {
        let _ = self.wishes.send(Wish::Unsubscribe(symbol));
    }

    /// What was met so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.counters.snapshot()
    }

    /// Ends all links and waits until they have ended. The receiver of the events may be gone or full.
    pub async fn close(mut self) {
        let _ = self.wishes.send(Wish::Close);
        self.closing.notify_one();
        let _ = (&mut self.desk).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.desk.abort();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl fmt::Display for DownCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(out, "the connection broke: {why}"),
            Self::Unreachable(why) => write!(out, "no connection: {why}"),
            Self::Silent => out.write_str("silence"),
            Self::TooLarge => out.write_str("a frame longer than allowed"),
            Self::Rotated => out.write_str("replaced before its 24 hours"),
            Self::Stale => out.write_str("replaced, a stream of it was dead"),
            Self::Closed => out.write_str("no longer needed"),
        }
    }
}
