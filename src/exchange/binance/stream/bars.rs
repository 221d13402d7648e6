//! Repairs from bars: whole minutes of trades, and the marks that were missed.
//!
//! Not here: repairs by number (`repair`), the path inside a bar (`path`).

use crate::domain::market::{MarketEvent, News};
use crate::domain::num::Price;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::rest::{BARS_PER_CALL, Range};

use super::repair::{After, Filled, Pages, Worker, seen};
use super::sequence::Ready;
use super::{Seen, path};

const MINUTE: Span = Span::from_millis(60_000);
/// Marks come each second; a shorter stretch without them misses nothing.
const MARKS_MISSED: Span = Span::from_millis(3_000);

impl Worker {
    /// Whole minutes from bars; what comes after the last whole one by number.
    pub(super) async fn by_bars(&mut self, after: Seen, missing: Option<u64>, why: &str) -> Filled {
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

    /// Puts the closes of the mark's minutes between the trades, where marks were missed.
    pub(super) async fn add_marks(&mut self, filled: &mut Filled) {
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

const fn minute(at: Timestamp) -> Timestamp {
    let millis = MINUTE.millis();
    Timestamp::from_millis(at.millis().div_euclid(millis) * millis)
}
