//! One instant after the other: what happens at it in the order of T6, and who says which instant is next.
//!
//! Not here: what a price does (`prices`), where instants come from (whoever implements [`Source`]).

use crate::domain::event::{Command, Event, Operator, Stamped};
use crate::domain::market::{MarketEvent, News};
use crate::domain::signal::Signal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::engine::Exchange;
use crate::exchange::history::OutOfRange;

use super::Venue;
use super::prices::Executes;

/// Everything that is known to have happened at one instant.
#[derive(Clone, Debug)]
pub struct Instant {
    /// When.
    pub at: Timestamp,
    /// Marks, quotes and trades; sorted by whoever hears them when the instant is complete.
    pub market: Vec<MarketEvent>,
    /// Messages received, in intake order (T6).
    pub signals: Vec<Signal>,
    /// What the operator said, in order.
    pub operator: Vec<Operator>,
}

impl Instant {
    /// An instant at which nothing is heard.
    #[must_use]
    pub const fn empty(at: Timestamp) -> Self {
        Self {
            at,
            market: Vec::new(),
            signals: Vec::new(),
            operator: Vec::new(),
        }
    }
}

/// Where instants come from: recorded files, or live streams.
pub trait Source {
    /// What can go wrong.
    type Error: std::error::Error + 'static;

    /// Fills in the next instant at which anything is heard, at the latest an empty one at `due`; whether there is one:
    /// `false` when nothing will come any more. Everything of the instants before has been answered when this is called,
    /// so the state of `venue` belongs to what was heard.
    ///
    /// # Errors
    /// When the world cannot go on.
    fn next(
        &mut self,
        venue: &Venue,
        due: Option<Timestamp>,
        into: &mut Instant,
    ) -> Result<bool, Self::Error>;

    /// When the run ends for those left open, once `next` has said so.
    fn end(&self) -> Timestamp;
}

/// The exchange in trade mode, fed by a source.
#[derive(Debug)]
pub struct Trading<S> {
    venue: Venue,
    source: S,
    stage: Stage,
    instant: Instant,
    /// Ends with the positions closed (D4), or leaves everything as it is.
    ends: Ends,
}

/// What the end of the source means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The data has ended: the model's policy applies.
    Data,
    /// The program stops and will go on later.
    Pause,
}

/// Why trade mode stopped.
#[derive(Debug, thiserror::Error)]
pub enum TradingError<E: std::error::Error + 'static> {
    /// The source.
    #[error(transparent)]
    Source(E),
    /// The account grew beyond all reason.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

/// The ranks of T6, and the place inside a rank.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Ask,
    Marks(usize),
    Equity,
    Rollover,
    Funding,
    Status,
    Signals(usize),
    Operator(usize),
    Timers,
    Arrivals,
    Prices(usize),
    Executes(usize, Executes),
    Fresh(usize, Executes, SymbolId),
    Ended,
}

impl<S: Source> Exchange for Trading<S> {
    type Error = TradingError<S::Error>;

    fn send(&mut self, now: Timestamp, command: Command) {
        assert_eq!(
            now,
            self.venue.now(),
            "invariant: commands answer the event of this instant"
        );
        self.venue.take(command);
    }

    fn next_event(&mut self, wake: Option<Timestamp>) -> Result<Option<Stamped>, Self::Error> {
        loop {
            if let Some(beyond) = self.venue.beyond {
                return Err(beyond.into());
            }
            if let Some(stamped) = self.venue.outbox.pop_front() {
                return Ok(Some(stamped));
            }
            if matches!(self.stage, Stage::Ended) {
                return Ok(None);
            }
            self.advance(wake)?;
        }
    }
}

impl<S: Source> Trading<S> {
    /// A run about to start, or to go on.
    #[must_use]
    pub fn new(venue: Venue, source: S, ends: Ends) -> Self {
        Self {
            instant: Instant::empty(venue.now()),
            venue,
            source,
            stage: Stage::Ask,
            ends,
        }
    }

    /// The exchange as it stands, and its source.
    #[must_use]
    pub fn into_parts(self) -> (Venue, S) {
        (self.venue, self.source)
    }

    /// Passes one stage of the instant, or asks for the next one.
    fn advance(&mut self, wake: Option<Timestamp>) -> Result<(), TradingError<S::Error>> {
        let venue = &mut self.venue;
        let instant = &self.instant;
        self.stage = match self.stage {
            Stage::Ask => return self.ask(wake),
            Stage::Marks(index) => match instant.market.get(index) {
                Some(event) if is_mark(event) => {
                    venue.on_mark(event);
                    Stage::Marks(index + 1)
                }
                _ => Stage::Equity,
            },
            Stage::Equity | Stage::Rollover | Stage::Funding | Stage::Status => {
                venue.keep_books(self.stage, instant)
            }
            Stage::Signals(index) => match instant.signals.get(index) {
                Some(signal) => {
                    venue.rank = 5;
                    venue.hear(signal.clone());
                    Stage::Signals(index + 1)
                }
                None => Stage::Operator(0),
            },
            Stage::Operator(index) => match instant.operator.get(index) {
                Some(operator) => {
                    venue.rank = 5;
                    venue.tell(Event::Operator(operator.clone()));
                    Stage::Operator(index + 1)
                }
                None => Stage::Timers,
            },
            Stage::Timers => {
                if wake.is_some_and(|at| at <= venue.now) {
                    venue.rank = 6;
                    venue.tell(Event::Wake);
                    return Ok(());
                }
                Stage::Arrivals
            }
            Stage::Arrivals => {
                venue.rank = 8;
                venue.arrive();
                Stage::Prices(
                    instant
                        .market
                        .iter()
                        .take_while(|event| is_mark(event))
                        .count(),
                )
            }
            Stage::Prices(_) | Stage::Executes(..) | Stage::Fresh(..) => {
                venue.meet_prices(self.stage, instant)
            }
            Stage::Ended => Stage::Ended,
        };
        Ok(())
    }

    fn ask(&mut self, wake: Option<Timestamp>) -> Result<(), TradingError<S::Error>> {
        let due = self.venue.due(wake);
        let instant = &mut self.instant;
        instant.market.clear();
        instant.signals.clear();
        instant.operator.clear();
        let more = self
            .source
            .next(&self.venue, due, instant)
            .map_err(TradingError::Source)?;
        if !more {
            if self.ends == Ends::Data {
                self.venue.rank = 11;
                self.venue.close_run(self.source.end());
            }
            self.stage = Stage::Ended;
            return Ok(());
        }
        assert!(
            instant.at >= self.venue.now,
            "invariant: instants never go back in time"
        );
        // Quotes and trades of one stamp come over different connections: which was sent first is not known, so the
        // quotes go first everywhere.
        let order = |event: &MarketEvent| {
            let traded = matches!(event.news, News::Trade { .. });
            (event.instant_key(), traded)
        };
        instant.market.sort_by_key(order);
        self.venue.now = instant.at;
        self.venue.rank = 0;
        self.stage = Stage::Marks(0);
        Ok(())
    }
}

fn is_mark(event: &MarketEvent) -> bool {
    matches!(event.news, News::Mark { .. })
}

impl Venue {
    /// Ranks 1 to 4: what the clock and the marks of an instant bring.
    fn keep_books(&mut self, stage: Stage, instant: &Instant) -> Stage {
        match stage {
            Stage::Equity => {
                self.rank = 1;
                if instant.market.first().is_some_and(is_mark) && self.floor_is_met() {
                    self.report_floor();
                }
                Stage::Rollover
            }
            Stage::Rollover => {
                self.rank = 2;
                self.roll_over();
                Stage::Funding
            }
            Stage::Funding => {
                self.rank = 3;
                if self.settle_funding() && self.floor_is_met() {
                    self.report_floor();
                }
                Stage::Status
            }
            Stage::Status
            | Stage::Ask
            | Stage::Marks(_)
            | Stage::Signals(_)
            | Stage::Operator(_)
            | Stage::Timers
            | Stage::Arrivals
            | Stage::Prices(_)
            | Stage::Executes(..)
            | Stage::Fresh(..)
            | Stage::Ended => {
                self.rank = 4;
                self.delist();
                Stage::Signals(0)
            }
        }
    }

    /// Ranks 9 and 10: one price after the other, and at each the orders that wait for it, one by one.
    fn meet_prices(&mut self, stage: Stage, instant: &Instant) -> Stage {
        match stage {
            Stage::Executes(index, at) => {
                self.rank = 10;
                if self.execute_next(at) {
                    Stage::Fresh(index, at, instant.market[index].symbol)
                } else {
                    Stage::Prices(index + 1)
                }
            }
            Stage::Fresh(index, at, symbol) => {
                self.test_fresh(symbol);
                Stage::Executes(index, at)
            }
            Stage::Prices(index) => match instant.market.get(index) {
                Some(event) => {
                    self.rank = 9;
                    match self.on_price(event) {
                        Some(at) => Stage::Executes(index, at),
                        None => Stage::Prices(index + 1),
                    }
                }
                None => Stage::Ask,
            },
            Stage::Ask
            | Stage::Marks(_)
            | Stage::Equity
            | Stage::Rollover
            | Stage::Funding
            | Stage::Status
            | Stage::Signals(_)
            | Stage::Operator(_)
            | Stage::Timers
            | Stage::Arrivals
            | Stage::Ended => Stage::Ask,
        }
    }

    /// When something happens by itself: a wake, midnight, an arrival, a settlement, the end of trading.
    fn due(&self, wake: Option<Timestamp>) -> Option<Timestamp> {
        let arrivals = self.flight.iter().map(|flight| flight.arrival);
        let open = self.account.open();
        let funding = open.filter_map(|(symbol, _)| {
            let next = self.desks[symbol.index()].funding?;
            Some(next.at)
        });
        let ends = self
            .instruments
            .iter()
            .zip(&self.desks)
            .filter(|(_, desk)| !desk.delisted)
            .filter_map(|(instrument, _)| instrument.delisted);
        let due = arrivals
            .chain(funding)
            .chain(ends)
            .chain(wake)
            .chain([self.midnight])
            .min();
        due.map(|at| at.max(self.now))
    }
}
