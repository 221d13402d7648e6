//! Fetches what the streams missed: trades by number, minutes from bars when that is too much or too long ago, marks
//! from their bars.
//!
//! Not here: what is missing (`sequence`), what waits meanwhile (`holes`).
//! Invariants: a call that fails for a while is made again until it succeeds; what is given up is said with its count.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::domain::market::{MarketEvent, News, NextFunding};
use crate::domain::num::Price;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::rest::{BARS_PER_CALL, Range, Rest, RestError, TRADES_PER_CALL};
use crate::exchange::binance::wire::rows::AggTrade;

use super::backoff::Backoff;
use super::sequence::{Ready, trade_event};
use super::{Seen, path};

const MINUTE: Span = Span::from_millis(60_000);
/// A page that is behind the stream, or not understood, is asked for so often.
const TRIES: u32 = 8;
/// Marks come each second; a shorter stretch without them misses nothing.
const MARKS_MISSED: Span = Span::from_millis(3_000);
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
    pub(super) funding: Option<NextFunding>,
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
enum Pages {
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

    fn events(&self, trades: &[AggTrade]) -> Vec<Ready> {
        trades
            .iter()
            .map(|trade| trade_event(self.ask.symbol, *trade))
            .collect()
    }

    /// Trades from a number on, up to the one that is there again or the newest.
    async fn pages(&mut self, from: u64, mut found: Vec<AggTrade>) -> Pages {
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

    /// Whole minutes from bars; what comes after the last whole one by number.
    async fn by_bars(&mut self, after: Seen, missing: Option<u64>, why: &str) -> Filled {
        let given_up = |why: String| Filled {
            lost: Some((missing, why)),
            ..Filled::default()
        };
        let Some(from) = after.at else {
            return given_up(format!("{why}, and it is not known since when"));
        };
        let until = match self.ask.until {
            Some(first) => first.at,
            None => match self.newest().await {
                Ok(Some(newest)) => newest.at,
                Ok(None) => return given_up(format!("{why}, and there is none to go on from")),
                Err(why) => return given_up(why),
            },
        };
        let last_minute = minute(until);
        let mut filled = Filled::default();
        let mut next = minute(from);
        while next < last_minute {
            let range = Range {
                from: Some(next),
                to: Some(last_minute - Span::from_millis(1)),
                limit: Some(BARS_PER_CALL),
            };
            let rest = self.rest.clone();
            let name = self.ask.name.clone();
            let bars = match self.insist(|| rest.klines(&name, range)).await {
                Ok(bars) => bars,
                Err(why) => return given_up(why),
            };
            let Some(last) = bars.last() else { break };
            next = last.open_time + MINUTE;
            for bar in bars.iter().filter(|bar| bar.open_time < last_minute) {
                filled.bars += 1;
                let made = path::trades(bar, self.ask.symbol, MINUTE);
                let after = made.into_iter().filter(|event| event.at > from);
                filled.events.extend(after.map(|event| (event, None)));
            }
        }
        self.tail(last_minute.max(from), until, &mut filled).await;
        filled
    }

    /// The trades of the minute that has not ended, by number.
    async fn tail(&mut self, from: Timestamp, until: Timestamp, filled: &mut Filled) {
        let rest = self.rest.clone();
        let name = self.ask.name.clone();
        let end = self.ask.until.map(|first| first.id);
        let rows = self
            .insist(|| rest.trades_between(&name, from, until.max(from)))
            .await;
        let trades = match rows {
            Err(why) => {
                filled.lost = Some((None, why));
                Vec::new()
            }
            Ok(rows) => rows
                .into_iter()
                .filter(|row| end.is_none_or(|end| row.id < end))
                .collect(),
        };
        let whole = match trades.last().copied() {
            None => trades,
            Some(last) => match self.pages(last.id + 1, trades.clone()).await {
                Pages::Whole(whole) => whole,
                Pages::TooMany | Pages::Gone(_) => {
                    filled.lost = Some((None, "the last minute has too many".to_owned()));
                    trades
                }
            },
        };
        let end = self.ask.until.and_then(|first| {
            let id = first.id.checked_sub(1)?;
            Some(Seen {
                id,
                at: Some(first.at),
            })
        });
        filled.reached = end.or_else(|| whole.last().map(|last| seen(*last)));
        filled.events.extend(self.events(&whole));
    }

    async fn newest(&mut self) -> Result<Option<AggTrade>, String> {
        let rest = self.rest.clone();
        let name = self.ask.name.clone();
        let rows = self.insist(|| rest.trades_newest(&name, 1)).await?;
        Ok(rows.last().copied())
    }

    /// Puts the closes of the mark's minutes between the trades, where marks were missed.
    async fn add_marks(&mut self, filled: &mut Filled) {
        let (last, first) = self.ask.marks;
        let after = match self.ask.after {
            After::Trade(seen) => last.or(seen.at),
            After::Time(at) => last.or(Some(at)),
        };
        let reached = filled.events.last().map(|(event, _)| event.at);
        let (Some(after), Some(until)) = (after, first.or(reached)) else {
            return;
        };
        let whole_minutes = minute(after) < minute(until);
        if !whole_minutes || until - after <= MARKS_MISSED {
            return;
        }
        let mut marks = Vec::new();
        let mut next = minute(after);
        while next < minute(until) {
            let range = Range {
                from: Some(next),
                to: Some(minute(until) - Span::from_millis(1)),
                limit: Some(BARS_PER_CALL),
            };
            let rest = self.rest.clone();
            let name = self.ask.name.clone();
            let Ok(bars) = self.insist(|| rest.mark_klines(&name, range)).await else {
                break;
            };
            let Some(newest) = bars.last() else { break };
            next = newest.open_time + MINUTE;
            for bar in &bars {
                let at = bar.open_time + MINUTE - Span::from_millis(1);
                if at > after && at < until {
                    marks.push(self.mark(at, bar.close));
                }
            }
        }
        filled.marks = u64::try_from(marks.len()).unwrap_or(0);
        filled.events = merged(marks, std::mem::take(&mut filled.events));
    }

    fn mark(&self, at: Timestamp, price: Price) -> Ready {
        // A settlement that was near may have passed meanwhile; then nothing is known of the next one.
        let funding = self.ask.funding.filter(|funding| funding.at > at);
        let event = MarketEvent {
            at,
            symbol: self.ask.symbol,
            news: News::Mark { price, funding },
        };
        (event, None)
    }

    /// Makes a call until it succeeds or the exchange means its no.
    async fn insist<T, F>(&mut self, call: impl Fn() -> F) -> Result<T, String>
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

/// Marks go before trades of the same instant (T6); trades keep their order.
fn merged(marks: Vec<Ready>, trades: Vec<Ready>) -> Vec<Ready> {
    let mut whole = Vec::with_capacity(marks.len() + trades.len());
    let mut marks = marks.into_iter().peekable();
    for trade in trades {
        while let Some(mark) = marks.next_if(|(mark, _)| mark.at <= trade.0.at) {
            whole.push(mark);
        }
        whole.push(trade);
    }
    whole.extend(marks);
    whole
}

const fn seen(trade: AggTrade) -> Seen {
    Seen {
        id: trade.id,
        at: Some(trade.at),
    }
}

const fn minute(at: Timestamp) -> Timestamp {
    let millis = MINUTE.millis();
    Timestamp::from_millis(at.millis().div_euclid(millis) * millis)
}
