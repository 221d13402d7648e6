//! Repairs from bars: whole minutes of trades, and the marks that were missed.
//!
//! Not here: repairs by number (`repair`), the path inside a bar (`market::ticks`).

use crate::domain::bar::Bar;
use crate::domain::market::{MarketEvent, News, NextFunding};
use crate::domain::symbol::SymbolId;
use crate::domain::time::{MINUTE, Span, Timestamp};
use crate::exchange::binance::rest::{BARS_PER_CALL, Range};

use crate::market::ticks::path::{POINTS, points, split_volume};

use super::Seen;
use super::repair::{After, Filled, Pages, Worker, seen};
use super::sequence::Ready;

const HOUR: Span = Span::from_millis(3_600_000);

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
        let last_minute = until.minute_start();
        let mut filled = Filled::default();
        let mut next = from.minute_start();
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
                let made = trades(bar, self.ask.symbol);
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

    /// Puts marks from bars between the trades, where a minute began without any: four of a minute along the path that
    /// trades from bars take, of the minute under way its first. They carry the settlement ahead of them.
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
        if after.minute_start() == until.minute_start() {
            return;
        }
        let bars = self.mark_bars(after.minute_start(), until).await;
        let settlements = self.settlements(after, until).await;
        let under_way = until.minute_start();
        let paths = bars.iter().flat_map(|bar| {
            let whole = if bar.open_time < under_way { POINTS } else { 1 };
            points(bar, MINUTE).into_iter().take(whole)
        });
        let missed = paths.filter(|(at, _)| *at > after && *at < until);
        let marks: Vec<Ready> = missed
            .map(|(at, price)| {
                let funding = settlements.iter().find(|next| next.at > at).copied();
                let news = News::Mark { price, funding };
                let symbol = self.ask.symbol;
                (MarketEvent { at, symbol, news }, None)
            })
            .collect();
        filled.marks = u64::try_from(marks.len()).unwrap_or(0);
        filled.events = merged(marks, std::mem::take(&mut filled.events));
    }

    async fn mark_bars(&mut self, from: Timestamp, until: Timestamp) -> Vec<Bar> {
        let mut found: Vec<Bar> = Vec::new();
        let mut next = from;
        while next <= until {
            let range = Range {
                from: Some(next),
                to: Some(until),
                limit: Some(BARS_PER_CALL),
            };
            let rest = self.rest.clone();
            let name = self.ask.name.clone();
            let Ok(bars) = self.insist(|| rest.mark_klines(&name, range)).await else {
                break;
            };
            let Some(newest) = bars.last() else { break };
            next = newest.open_time + MINUTE;
            found.extend(bars);
        }
        found
    }

    /// What was settled in a time, oldest first; without a full hour in it that was nothing.
    async fn settlements(&mut self, after: Timestamp, until: Timestamp) -> Vec<NextFunding> {
        let hour = |at: Timestamp| at.millis().div_euclid(HOUR.millis());
        if hour(after) == hour(until) {
            return Vec::new();
        }
        let rest = self.rest.clone();
        let name = self.ask.name.clone();
        let rows = self
            .insist(|| rest.settlements(&name, after + Span::from_millis(1), until))
            .await;
        // The exchange stamps them some milliseconds after the time at which they are due.
        let due = |at: Timestamp| at - Span::from_millis(at.millis().rem_euclid(1_000));
        let rows = rows.unwrap_or_default().into_iter();
        rows.map(|row| NextFunding {
            at: due(row.at),
            rate: row.rate,
        })
        .collect()
    }
}

/// The four trades of a minute's bar; of one without volume none.
fn trades(bar: &Bar, symbol: SymbolId) -> Vec<MarketEvent> {
    if bar.volume.is_zero() {
        return Vec::new();
    }
    let made = points(bar, MINUTE)
        .into_iter()
        .zip(split_volume(bar.volume));
    made.map(|((at, price), qty)| {
        let news = News::Trade { price, qty };
        MarketEvent { at, symbol, news }
    })
    .collect()
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
