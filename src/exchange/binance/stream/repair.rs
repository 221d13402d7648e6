//! Fetches what the streams missed: trades by number, minutes from bars when that is too much or too long ago, marks
//! from their bars.
//!
//! Not here: what is missing (`sequence`), what waits meanwhile (`holes`).
//! Invariants: a call that fails for a while is made again until it succeeds; what is given up is said with its count.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::rest::{Rest, RestError, TRADES_PER_CALL};
use crate::exchange::binance::wire::rows::AggTrade;

use super::Seen;
use super::backoff::Backoff;
use super::sequence::{Ready, trade_event};

/// A page that is behind the stream, or not understood, is asked for so often.
const TRIES: u32 = 8;
/// A window of time of one call.
const WINDOW: Span = Span::from_millis(3_599_000);

/// From where on something is missing.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// After a trade.
    Trade(Seen),
    /// After an instant: no trade was ever taken.
    Time(Timestamp),
}

/// A question.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) symbol: SymbolId,
    pub(super) name: Symbol,
    /// Its number.
    pub(super) number: u64,
    pub(super) after: After,
    /// The first trade that is there again, if one is.
    pub(super) until: Option<AggTrade>,
    /// The last mark taken before, and the first stamp after.
    pub(super) marks: (Option<Timestamp>, Option<Timestamp>),
    pub(super) trades_max: u64,
}

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// Trades ascending by number, marks between them by time.
    pub(super) events: Vec<Ready>,
    /// All trades up to here are accounted for.
    pub(super) reached: Option<Seen>,
    pub(super) marks: u64,
    /// How many bars were turned into trades.
    pub(super) bars: u64,
    /// What stays missing, and why.
    pub(super) lost: Option<(Option<u64>, String)>,
}

/// What a repair says while it works.
#[derive(Debug)]
pub(super) enum Word {
    Delayed(SymbolId, u64, String),
    Done(SymbolId, u64, Box<Filled>),
}

/// One repair at work.
pub(super) struct Worker {
    pub(super) rest: Rest,
    pub(super) ask: Ask,
    pub(super) backoff: Backoff,
    pub(super) words: mpsc::UnboundedSender<Word>,
}

/// Trades by number, as far as they went.
pub(super) enum Pages {
    /// All that was missing.
    Whole(Vec<AggTrade>),
    /// Too many.
    TooMany,
    /// The exchange no longer has the first of them.
    Gone(String),
}

impl Worker {
    /// Works until the hole is filled or known to stay, and says so.
    pub(super) async fn run(mut self) {
        let filled = self.fill().await;
        let done = Word::Done(self.ask.symbol, self.ask.number, Box::new(filled));
        let _ = self.words.send(done);
    }

    async fn fill(&mut self) -> Filled {
        let mut filled = match self.ask.after {
            After::Trade(seen) => {
                let missing = self
                    .ask
                    .until
                    .map(|first| first.id.saturating_sub(seen.id + 1));
                let pages = if missing.is_some_and(|count| count > self.ask.trades_max) {
                    Pages::TooMany
                } else {
                    self.pages(seen.id + 1, Vec::new()).await
                };
                match pages {
                    Pages::Whole(trades) => self.by_id(&trades, seen),
                    Pages::TooMany => self.by_bars(seen, missing, "too many").await,
                    Pages::Gone(why) => self.by_bars(seen, missing, &why).await,
                }
            }
            After::Time(at) => self.by_time(at).await,
        };
        if let (Some(_), Some(first)) = (&filled.lost, self.ask.until) {
            // What is given up is stepped over.
            filled.reached = first.id.checked_sub(1).map(|id| Seen {
                id,
                at: Some(first.at),
            });
        }
        self.add_marks(&mut filled).await;
        filled
    }

    fn by_id(&self, trades: &[AggTrade], after: Seen) -> Filled {
        let mut lost = 0;
        let mut before = after;
        for trade in trades {
            lost += trade.id - before.id - 1;
            before = seen(*trade);
        }
        if let Some(first) = self.ask.until {
            lost += first.id.saturating_sub(before.id + 1);
            before.id = before.id.max(first.id.saturating_sub(1));
        }
        Filled {
            events: self.events(trades),
            reached: Some(before),
            lost: (lost > 0).then(|| (Some(lost), "the exchange does not list them".to_owned())),
            ..Filled::default()
        }
    }

    pub(super) fn events(&self, trades: &[AggTrade]) -> Vec<Ready> {
        trades
            .iter()
            .map(|trade| trade_event(self.ask.symbol, *trade))
            .collect()
    }

    /// Trades from a number on, up to the one that is there again or the newest.
    pub(super) async fn pages(&mut self, from: u64, mut found: Vec<AggTrade>) -> Pages {
        let end = self.ask.until.map(|first| first.id);
        let mut next = from;
        let mut behind = 0;
        loop {
            if end.is_some_and(|end| next >= end) {
                return Pages::Whole(found);
            }
            let rest = self.rest.clone();
            let name = self.ask.name.clone();
            let rows = match self.insist(|| rest.trades_from(&name, next)).await {
                Ok(rows) => rows,
                Err(why) => return Pages::Gone(why),
            };
            let full = rows.len() >= TRADES_PER_CALL;
            if found.is_empty() && rows.first().is_some_and(|first| first.id > next) {
                return Pages::Gone("they are too long ago".to_owned());
            }
            let before = found.len();
            found.extend(
                rows.into_iter()
                    .filter(|row| row.id >= next && end.is_none_or(|end| row.id < end)),
            );
            if let Some(last) = found.last() {
                next = next.max(last.id + 1);
            }
            if u64::try_from(found.len()).is_ok_and(|count| count > self.ask.trades_max) {
                return Pages::TooMany;
            }
            if full {
                continue;
            }
            if end.is_none_or(|end| next >= end) {
                return Pages::Whole(found);
            }
            // The stream is ahead of the calls: what it showed must come.
            behind = if found.len() > before { 0 } else { behind + 1 };
            if behind == TRIES {
                return Pages::Whole(found);
            }
            sleep(self.backoff.next()).await;
        }
    }

    /// No trade was ever taken: those since an instant.
    async fn by_time(&mut self, at: Timestamp) -> Filled {
        let rest = self.rest.clone();
        let name = self.ask.name.clone();
        let from = at + Span::from_millis(1);
        let first = self
            .insist(|| rest.trades_between(&name, from, from + WINDOW))
            .await;
        let end = self.ask.until.map(|first| first.id);
        let trades = match first {
            Err(why) => {
                return Filled {
                    lost: Some((None, why)),
                    ..Filled::default()
                };
            }
            Ok(rows) => rows
                .into_iter()
                .filter(|row| end.is_none_or(|end| row.id < end))
                .collect::<Vec<_>>(),
        };
        let Some(last) = trades.last().copied() else {
            return Filled::default();
        };
        match self.pages(last.id + 1, trades).await {
            Pages::Whole(trades) => {
                let reached = trades.last().map(|last| seen(*last));
                Filled {
                    events: self.events(&trades),
                    reached,
                    ..Filled::default()
                }
            }
            Pages::TooMany | Pages::Gone(_) => {
                let before = Seen {
                    id: last.id,
                    at: Some(at),
                };
                self.by_bars(before, None, "too many").await
            }
        }
    }

    pub(super) async fn newest(&mut self) -> Result<Option<AggTrade>, String> {
        let rest = self.rest.clone();
        let name = self.ask.name.clone();
        let rows = self.insist(|| rest.trades_newest(&name, 1)).await?;
        Ok(rows.last().copied())
    }

    /// Makes a call until it succeeds or the exchange means its no.
    pub(super) async fn insist<T, F>(&mut self, call: impl Fn() -> F) -> Result<T, String>
    where
        F: Future<Output = Result<T, RestError>>,
    {
        let mut odd = 0;
        loop {
            let wrong = match call().await {
                Ok(found) => {
                    self.backoff.reset();
                    return Ok(found);
                }
                Err(wrong) => wrong,
            };
            let why = wrong.to_string();
            let is_odd = match &wrong {
                RestError::Status { .. } if !wrong.is_passing() => return Err(why),
                RestError::Malformed { .. } | RestError::TooLarge { .. } => true,
                RestError::Status { .. }
                | RestError::Unreachable { .. }
                | RestError::Timeout { .. }
                | RestError::Throttled { .. } => false,
            };
            odd += u32::from(is_odd);
            if odd == TRIES {
                return Err(why);
            }
            let word = Word::Delayed(self.ask.symbol, self.ask.number, why);
            if self.words.send(word).is_err() {
                // Nobody waits for it any more.
                std::future::pending::<()>().await;
            }
            sleep(self.pause(&wrong)).await;
        }
    }

    fn pause(&mut self, wrong: &RestError) -> Duration {
        let pause = self.backoff.next();
        let RestError::Throttled { until, .. } = wrong else {
            return pause;
        };
        let left = *until - self.rest.clock().now();
        pause + Duration::from_millis(u64::try_from(left.millis()).unwrap_or(0))
    }
}

pub(super) const fn seen(trade: AggTrade) -> Seen {
    Seen {
        id: trade.id,
        at: Some(trade.at),
    }
}
