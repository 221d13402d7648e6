//! Paper trading's side of the exchange: instants from live streams, signals and the operator; the journal written
//! through before anybody is told.
//!
//! Not here: fills (`exchange::trades`), decisions (`trader`), connections (`exchange::binance`, `intake`).
//! Invariants: everything of an instant is answered and committed before its signals are acknowledged; a message is
//! taken once, for ever; no trade is merged or skipped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use crate::domain::event::Operator;
use crate::domain::market::{MarketEvent, News};
use crate::domain::symbol::{SymbolId, Symbols};
use crate::domain::time::{Span, Timestamp};
use crate::exchange::binance::rest::Rest;
use crate::exchange::binance::stream::{FromMarket, Handle as Streams};
use crate::exchange::trades::Venue;
use crate::exchange::trades::session::{Instant, Source};
use crate::journal::entry::Entry;
use crate::journal::error::JournalError;

use super::ask::Asked;
use super::books::{Books, Known};
use super::clock::ExchangeClock;
use super::desk::Desk;
use super::figures::Figures;
use super::intake::Submission;
use super::merge::Merger;
use super::minutes::Minutes;
use super::record::Record;

/// What time is.
#[derive(Clone, Debug)]
pub enum Time {
    /// The machine's clock, corrected.
    Wall(Arc<ExchangeClock>),
    /// What the streams say, and the exchange when it is asked.
    Stream(Rest),
}

/// Where everything arrives.
#[derive(Debug)]
pub struct Doors {
    /// The streams.
    pub market: mpsc::Receiver<FromMarket>,
    /// Messages.
    pub signals: mpsc::Receiver<Submission>,
    /// The control port.
    pub asks: mpsc::Receiver<Asked>,
    /// What the exchange lists by now, once that has changed.
    pub listings: mpsc::Receiver<Contracts>,
    /// Set when the program is to end.
    pub stop: watch::Receiver<bool>,
}

/// What ends a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The program is to end.
    Stop,
    /// The exchange lists other contracts, or the same under other rules: on with a new start.
    Relist(Contracts),
}

/// The exchange's list of contracts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// Its answer to `exchangeInfo`.
    pub text: String,
    /// When that was.
    pub at: Timestamp,
}

/// Why paper trading stopped.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The journal cannot go on.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What a restart needs beside the venue: where each contract's trades were, the bars that form, words on their way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    /// The last trade that was heard of a contract: its number and stamp.
    pub trades: std::collections::BTreeMap<SymbolId, (u64, Timestamp)>,
    /// Bars that form.
    pub minutes: Minutes,
    /// What the operator said and when it happens: answered, so not to be lost.
    #[serde(default)]
    pub operator: VecDeque<(Timestamp, Operator)>,
}

/// The saved state as a whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The exchange.
    #[serde(with = "super::blob")]
    pub venue: Vec<u8>,
    /// The rest.
    pub places: Places,
}

/// The source of a paper run.
#[derive(Debug)]
pub struct Paper {
    pub(super) runtime: Handle,
    pub(super) doors: Doors,
    pub(super) time: Time,
    /// What the exchange said when it was last asked for its time.
    pub(super) asked_time: Option<Timestamp>,
    pub(super) merger: Merger,
    pub(super) record: Record,
    pub(super) streams: Streams,
    pub(super) symbols: Arc<Symbols>,
    pub(super) desk: Desk,
    pub(super) books: Books,
    pub(super) figures: Figures,
    pub(super) places: Places,
    pub(super) buffer: Vec<FromMarket>,
    pub(super) ending: Option<Ending>,
}

/// Most events taken from the streams at a time.
pub(super) const BATCH: usize = 4_096;

/// The longest wait before clocks, held messages and checkpoints are looked at.
const NAP: Duration = Duration::from_millis(50);

/// A disk that is full at the end is tried so often, with a pause between.
const LAST_TRIES: u32 = 10;
const LAST_PAUSE: Duration = Duration::from_millis(300);

/// How long the exchange may think about its own time when a message has come.
const ASKING: Duration = Duration::from_millis(250);

pub(super) const MILLISECOND: Span = Span::from_millis(1);

impl Source for Paper {
    type Error = PaperError;

    fn next(
        &mut self,
        venue: &Venue,
        due: Option<Timestamp>,
        into: &mut Instant,
    ) -> Result<bool, PaperError> {
        self.figures.step_ends();
        loop {
            self.forget_idle(venue);
            let ready = self.ready(due);
            let saved = saved(&self.places);
            let known = Known {
                until: self.heard_until(),
                ready,
            };
            self.books.write(venue, (&self.record, known), &saved)?;
            drop(saved);
            if let Some(at) = ready {
                self.figures.step_begins();
                self.fill(at, into)?;
                self.figures.step_holds(into.market.len());
                return Ok(true);
            }
            if self.ends() {
                self.finish(venue)?;
                return Ok(false);
            }
            self.listen(venue, due);
        }
    }

    fn end(&self) -> Timestamp {
        self.merger.passed()
    }
}

impl Paper {
    /// Up to when everything is known.
    fn complete(&self) -> Option<Timestamp> {
        match &self.time {
            // What was missed while nothing ran is heard first, in its order.
            Time::Wall(_) if self.desk.catches_up() => None,
            Time::Wall(clock) => Some(clock.now()),
            Time::Stream(_) => self.merger.complete(),
        }
    }

    /// Up to when everything that has happened was heard.
    fn heard_until(&self) -> Option<Timestamp> {
        match &self.time {
            Time::Wall(clock) => Some(clock.now()),
            Time::Stream(_) => self.merger.complete(),
        }
    }

    /// The instant at which a message that comes now is had: the first that is not over.
    pub(super) fn had_at(&self) -> Timestamp {
        let over = self.merger.passed();
        let known = match &self.time {
            // What the clock shows is not over yet.
            Time::Wall(clock) => clock.now() - MILLISECOND,
            Time::Stream(_) => self.merger.complete().max(self.asked_time).unwrap_or(over),
        };
        over.max(known) + MILLISECOND
    }

    /// The next instant, if it is complete.
    fn ready(&self, due: Option<Timestamp>) -> Option<Timestamp> {
        let heard = self.merger.next_time();
        let operator = self.places.operator.front().map(|(at, _)| *at);
        let at = heard.into_iter().chain(operator).chain(due).min()?;
        (at <= self.complete()?).then_some(at)
    }

    fn fill(&mut self, at: Timestamp, into: &mut Instant) -> Result<(), PaperError> {
        let trades = &mut self.places.trades;
        let mut number = |event: &MarketEvent, number: u64| {
            trades.insert(event.symbol, (number, event.at));
        };
        self.merger.take(at, into, &mut number);
        while let Some((when, _)) = self.places.operator.front()
            && *when <= at
        {
            into.operator
                .extend(self.places.operator.pop_front().map(|(_, said)| said));
        }
        let mut ended: Vec<Entry> = Vec::new();
        for event in &into.market {
            let mut done = |entry: Entry| ended.push(entry);
            self.places.minutes.hear(at, event, &mut done);
        }
        for bar in ended {
            self.record.with(|shared| shared.store.append(at, &bar))?;
        }
        Ok(())
    }

    /// Waits until something arrives or time has passed, and takes what has arrived.
    fn listen(&mut self, venue: &Venue, due: Option<Timestamp>) {
        let wait = self.patience(due);
        // A message is judged at the time it is had, and before the streams have caught up nobody knows that time.
        let open = matches!(self.time, Time::Wall(_)) || self.merger.current().is_some();
        let mut buffer = std::mem::take(&mut self.buffer);
        let doors = &mut self.doors;
        let (mut submissions, mut asks) = (Vec::new(), Vec::new());
        let ending = self.runtime.block_on(async {
            tokio::select! {
                _ = doors.market.recv_many(&mut buffer, BATCH) => None,
                submission = doors.signals.recv(), if open => {
                    submissions.extend(submission);
                    None
                }
                asked = doors.asks.recv() => {
                    asks.extend(asked);
                    None
                }
                changed = doors.stop.changed() => {
                    (changed.is_err() || *doors.stop.borrow()).then_some(Ending::Stop)
                }
                Some(contracts) = doors.listings.recv() => Some(Ending::Relist(contracts)),
                () = tokio::time::sleep(wait) => None,
            }
        });
        // The program's end stays its end.
        if self.ending != Some(Ending::Stop) {
            self.ending = ending.or(self.ending.take());
        }
        while open && let Ok(more) = self.doors.signals.try_recv() {
            submissions.push(more);
        }
        // Everything that the streams had delivered when a message was taken is older than the message.
        let delivered = self.doors.market.len();
        for _ in 0..delivered {
            match self.doors.market.try_recv() {
                Ok(news) => buffer.push(news),
                Err(_) => break,
            }
        }
        for news in buffer.drain(..) {
            self.hear(news);
        }
        self.buffer = buffer;
        if !submissions.is_empty() {
            self.ask_time();
        }
        for submission in submissions {
            self.take(submission);
        }
        self.release_held();
        while let Ok(more) = self.doors.asks.try_recv() {
            asks.push(more);
        }
        for asked in asks {
            self.answer(venue, asked);
        }
    }

    /// Where streams are the clock: a message is no older than the exchange's own time, and may come before the streams
    /// have told of it.
    fn ask_time(&mut self) {
        let Time::Stream(rest) = &self.time else {
            return;
        };
        let asking = async { tokio::time::timeout(ASKING, rest.time()).await };
        // Without an answer the streams must do.
        if let Ok(Ok(now)) = self.runtime.block_on(asking) {
            self.asked_time = self.asked_time.max(Some(now));
        }
    }

    fn patience(&self, due: Option<Timestamp>) -> Duration {
        let Time::Wall(clock) = &self.time else {
            return NAP;
        };
        let next = self.merger.next_time().into_iter().chain(due).min();
        let Some(next) = next else { return NAP };
        let millis = (next - clock.now()).millis().max(0);
        NAP.min(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    /// Takes what the streams say.
    fn hear(&mut self, news: FromMarket) {
        match news {
            FromMarket::Event {
                event, trade_id, ..
            } => {
                self.merger.hear(event, trade_id);
                if matches!(event.news, News::Mark { .. }) {
                    self.desk.marked(event.symbol, event.at);
                }
            }
            FromMarket::Whole { symbol } => self.desk.whole(symbol),
            FromMarket::Beat { link, at } => self.merger.said(link, at),
            FromMarket::Up { link, route } => {
                tracing::info!(link = link.0, route = ?route, "market link up");
                self.merger.up(link, route);
            }
            FromMarket::Down { link, why } => {
                tracing::warn!(link = link.0, why = ?why, "market link down");
                self.merger.down(link);
            }
            FromMarket::Trouble { link, symbol, what } => {
                let name = symbol.map(|symbol| self.symbols.name(symbol).as_str());
                self.books
                    .trouble(&self.record, self.merger.passed(), (link.0, name), &what);
            }
        }
    }

    /// Whether it is time to end: another start needs a journal that can be written.
    fn ends(&self) -> bool {
        match &self.ending {
            None => false,
            Some(Ending::Stop) => true,
            Some(Ending::Relist(_)) => !self.books.is_failing(),
        }
    }

    /// The end: what has formed so far is recorded. Messages that wait are refused, or left to the next start.
    fn finish(&mut self, venue: &Venue) -> Result<(), PaperError> {
        let at = self.merger.passed().max(venue.now());
        while self.ending == Some(Ending::Stop)
            && let Ok(submission) = self.doors.signals.try_recv()
        {
            if let Some(reply) = submission.reply {
                let _ = reply.send(super::intake::Verdict::Closing);
            }
        }
        self.record
            .with(|shared| shared.store.append(at, &Entry::Stopped { clean: true }))?;
        let saved = saved(&self.places);
        for _ in 0..LAST_TRIES {
            self.books.flush(venue, &self.record, &saved)?;
            if !self.books.is_failing() {
                return Ok(());
            }
            self.runtime
                .block_on(async { tokio::time::sleep(LAST_PAUSE).await });
        }
        tracing::error!("ALARM: ended without its last rows: the journal cannot be written");
        Ok(())
    }

    /// Subscribes to a contract in which nothing is open: what it did before concerns nobody.
    pub(super) fn subscribe(&self, symbol: SymbolId) {
        self.streams.resume(symbol, None);
    }
}

/// The state to be kept, made when it is wanted.
fn saved(places: &Places) -> impl Fn(&Venue) -> Vec<u8> {
    move |venue| {
        let kept = Kept {
            venue: venue.to_bytes(),
            places: places.clone(),
        };
        // By place, not by name: it is written with every commit.
        rmp_serde::to_vec(&kept).expect("invariant: plain data becomes bytes")
    }
}
