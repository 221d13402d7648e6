//! The historical simulator: replays bars, signals and funding in the order of T6 and executes what the trader says.
//!
//! Two drivers share every rule below: stepping through each bar, and skipping to the next instant at which anything
//! can happen (`instants`). They differ in which instants are visited, never in what happens at one.
//! Not here: when a resting order fills (`fills`), the account's arithmetic (`account`), files (`market`).
//! Invariant: a decision at t sees only bars that ended at or before t (T2, T9).

mod bars;
pub mod equity;
mod instants;
mod orders;

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::event::{
    AccountUpdate, Command, Event, Floor, FloorBasis, HeldPosition, Operator, OrderReport,
    OrderStatus, OrderUpdate, Quote, Snapshot, Stamped,
};
use crate::domain::fill::{LedgerEntry, Reason, Trade};
use crate::domain::num::{LARGEST, Money, Notional, Price, Rounding};
use crate::domain::order::{HaltCause, OrderId};
use crate::domain::position::{MarginMode, Position};
use crate::domain::signal::Signal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::engine::Exchange;
use crate::exchange::account::{Account, Where};
use crate::exchange::book::Flight;
use crate::exchange::fills::{Hit, forced};
use crate::exchange::model::{EndOfData, Model};
use crate::market::agg_trades::AggTrades;
use crate::market::tape::{Series, Tape};

use orders::Desk;

/// Which instants are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Every bar of every symbol: slow, obvious, the reference.
    Step,
    /// Only instants at which something can happen.
    Skip,
}

/// A wallet larger than this ends a run: sizes follow it, and beyond it their products leave the exact range (N2).
const WALLET_MAX: Money = Money::from_steps(LARGEST);

/// The account left the range in which amounts are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the account reached {wallet} USDT at {at}: amounts beyond {WALLET_MAX} USDT are not simulated\nhint: no market takes such sizes; use a shorter run, a smaller sizing.position_pct, or an exchangeInfo file, whose largest order caps the size"
)]
pub struct OutOfRange {
    /// When.
    pub at: Timestamp,
    /// What it held.
    pub wallet: Money,
}

/// Whether a wallet has left the range in which amounts are exact.
#[must_use]
pub fn is_beyond(wallet: Money) -> bool {
    wallet > WALLET_MAX
}

/// Everything a run replays. Shared by runs, changed by none.
#[derive(Clone, Debug)]
pub struct World {
    /// Prices and contracts; other messages can be replayed over the same columns.
    pub tape: Arc<Tape>,
    /// Messages in intake order (T6); those received before the start are not heard.
    pub signals: Vec<Signal>,
    /// What the operator says and when, in order.
    pub script: Vec<(Timestamp, Operator)>,
    /// Recorded trades, by symbol; looked at in trade mode only.
    pub trades: Arc<Vec<Option<AggTrades>>>,
}

impl World {
    /// Where a run begins: where the model says, else at the first bar.
    #[must_use]
    pub fn start(&self, model: &Model) -> Timestamp {
        let series = self.tape.series.iter().flatten();
        let series = series.filter(|series| !series.is_empty());
        let first = series.map(|series| series.open_time(0)).min();
        model.start.or(first).unwrap_or(Timestamp::from_millis(0))
    }

    /// The end of the last bar; `None` without any.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        let series = self.tape.series.iter().flatten();
        let series = series.filter(|series| !series.is_empty());
        series.map(|series| series.end_time(series.len() - 1)).max()
    }
}

/// What the simulator counted. Nothing here depends on the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Bars with a position after their opening point.
    pub bars_in_position: u64,
    /// Of these, bars whose fills hang on the path inside them (F12).
    pub ambiguous_bars: u64,
    /// Bars replayed on finer ones.
    pub drilled_bars: u64,
    /// Finer bars that were ambiguous themselves.
    pub residual_ambiguous: u64,
    /// Bars whose finer ones do not add up to them, when those were wanted.
    pub detail_ignored: u64,
    /// Orders executed at the open of a bar without volume (D5).
    pub stale_fills: u64,
    /// Market orders executed on arrival, and Σ (fill time − arrival) in ms (T5).
    pub arrivals: u64,
    /// See `arrivals`.
    pub arrival_delay_ms: u64,
    /// Settlements for which neither the record nor a mark bar knew the mark.
    pub funding_without_mark: u64,
}

/// The account after something changed it: equity between two of these follows from prices alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountStep {
    /// When it was processed.
    pub at: Timestamp,
    /// Rank of T6 at which it was; a change at rank 0 belongs to the equity point of the same instant.
    pub rank: u8,
    /// The wallet after it.
    pub wallet: Money,
    /// Whose position changed.
    pub symbol: SymbolId,
    /// The position after it.
    pub position: Option<Position>,
}

/// What a finished run leaves behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// First instant.
    pub start: Timestamp,
    /// Last bar end.
    pub end: Timestamp,
    /// Final wallet.
    pub wallet: Money,
    /// Final equity.
    pub equity: Notional,
    /// Equity at each UTC rollover, in order.
    pub rollovers: Vec<(Timestamp, Notional)>,
    /// Every change of the wallet.
    pub ledger: Vec<LedgerEntry>,
    /// Positions from flat to flat.
    pub trades: Vec<Trade>,
    /// What is still open (end-of-data policy `mark`).
    pub open: Vec<(SymbolId, Position)>,
    /// Changes of the account.
    pub steps: Vec<AccountStep>,
    /// Counts.
    pub counters: Counters,
}

impl Outcome {
    /// What the run gained: final equity, rounded down, less what was put in.
    #[must_use]
    pub fn net(&self, deposited: Money) -> Money {
        self.equity.round(Rounding::Down) - deposited
    }
}

/// The simulator.
#[derive(Debug)]
pub struct History<'w> {
    world: &'w World,
    model: &'w Model,
    engine: Engine,
    account: Account,
    desks: Vec<Desk>,
    /// Symbols with a position, an order or an amendment.
    busy: Vec<SymbolId>,
    /// Reused by the loops over those.
    scratch: Vec<SymbolId>,
    /// Ends of trading still ahead, latest first.
    delistings: Vec<(Timestamp, SymbolId)>,
    /// Market and limit orders on their way, in submission order.
    flight: Vec<Flight>,
    /// Those that arrived and wait for a price.
    waiting: Vec<Flight>,
    outbox: VecDeque<Stamped>,
    stage: Stage,
    now: Timestamp,
    start: Timestamp,
    end: Timestamp,
    next_signal: usize,
    next_script: usize,
    midnight: Timestamp,
    floor: Option<Floor>,
    halted: Option<HaltCause>,
    counters: Counters,
    steps: Vec<AccountStep>,
    rollovers: Vec<(Timestamp, Notional)>,
    /// Set once the account is too large to go on.
    beyond: Option<OutOfRange>,
}

/// The ranks of T6; one instant passes through them in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Bars,
    Equity,
    Rollover,
    Funding,
    Status,
    Signals,
    Timers,
    Arrivals,
    Opens,
    /// Symbol whose fresh bracket is to be tested at the open it was placed at (F8).
    Executions(Option<SymbolId>),
    Ended,
}

impl Stage {
    const fn rank(self) -> u8 {
        match self {
            Self::Opening | Self::Bars => 0,
            Self::Equity => 1,
            Self::Rollover => 2,
            Self::Funding => 3,
            Self::Status => 4,
            Self::Signals => 5,
            Self::Timers => 6,
            Self::Arrivals => 8,
            Self::Opens => 9,
            Self::Executions(_) => 10,
            Self::Ended => 11,
        }
    }
}

impl Exchange for History<'_> {
    type Error = OutOfRange;

    fn send(&mut self, now: Timestamp, command: Command) {
        assert_eq!(
            now, self.now,
            "invariant: commands answer the event of this instant"
        );
        match command {
            Command::Submit(approved) => self.submit(approved.into_request()),
            Command::Cancel(id) => self.ask_cancel(id),
            Command::Query(id) => {
                let status = if self.knows(id) {
                    OrderStatus::Working
                } else {
                    OrderStatus::Canceled
                };
                let report = OrderReport {
                    status,
                    fills: Vec::new(),
                };
                self.tell(Event::Order {
                    id,
                    update: OrderUpdate::Report(report),
                });
            }
            Command::Resync => {
                let snapshot = self.snapshot();
                self.tell(Event::Snapshot(snapshot));
            }
            Command::Halt(cause) => self.halt(cause),
            Command::Release => self.halted = None,
            Command::Watch(floor) => self.floor = floor,
        }
    }

    fn next_event(&mut self, wake: Option<Timestamp>) -> Result<Option<Stamped>, OutOfRange> {
        loop {
            if let Some(beyond) = self.beyond {
                return Err(beyond);
            }
            if let Some(stamped) = self.outbox.pop_front() {
                return Ok(Some(stamped));
            }
            if self.stage == Stage::Ended {
                return Ok(None);
            }
            self.advance(wake);
        }
    }
}

impl<'w> History<'w> {
    /// A run about to start.
    #[must_use]
    pub fn new(world: &'w World, model: &'w Model, engine: Engine) -> Self {
        let count = world.tape.symbols.len();
        let start = world.start(model);
        let end = world.end().unwrap_or(start);
        let next_signal = world
            .signals
            .partition_point(|signal| signal.received_time < start);
        let next_script = world.script.partition_point(|(time, _)| *time < start);
        let mut account = Account::new(model.terms, count);
        account.deposit(start, model.balance);
        let mut history = Self {
            account,
            desks: (0..count).map(|_| Desk::default()).collect(),
            busy: Vec::new(),
            scratch: Vec::new(),
            delistings: delistings(&world.tape),
            flight: Vec::new(),
            waiting: Vec::new(),
            outbox: VecDeque::new(),
            stage: Stage::Opening,
            // Nothing has been looked at yet, so that the first instant may be the start itself.
            now: start,
            start,
            end,
            next_signal,
            next_script,
            midnight: start.next_day(),
            floor: None,
            halted: None,
            counters: Counters::default(),
            steps: Vec::new(),
            rollovers: Vec::new(),
            beyond: None,
            world,
            model,
            engine,
        };
        history.tell(Event::Account(AccountUpdate::Opened {
            balance: history.model.balance,
        }));
        history
    }

    /// What the run left, once it has ended.
    #[must_use]
    pub fn finish(self) -> Outcome {
        self.account.check();
        let equity = self.equity();
        let wallet = self.account.wallet();
        let open = self
            .account
            .open()
            .map(|(symbol, held)| (symbol, held.position))
            .collect();
        let (ledger, trades) = self.account.into_records();
        Outcome {
            start: self.start,
            end: self.end,
            wallet,
            equity,
            rollovers: self.rollovers,
            ledger,
            trades,
            open,
            steps: self.steps,
            counters: self.counters,
        }
    }

    /// Passes one stage of the current instant, or moves to the next instant.
    fn advance(&mut self, wake: Option<Timestamp>) {
        let next = match self.stage {
            Stage::Opening => self.begin(wake),
            Stage::Bars => {
                self.pass_bars();
                Stage::Equity
            }
            Stage::Equity => {
                if self.floor_is_met() && self.is_bar_end(self.now) {
                    self.report_floor();
                }
                Stage::Rollover
            }
            Stage::Rollover => {
                self.roll_over();
                Stage::Funding
            }
            Stage::Funding => {
                if self.settle_funding() && self.floor_is_met() {
                    self.report_floor();
                }
                Stage::Status
            }
            Stage::Status => {
                self.delist();
                Stage::Signals
            }
            Stage::Signals => {
                if self.hear_next() {
                    return;
                }
                Stage::Timers
            }
            Stage::Timers => {
                if wake.is_some_and(|at| at <= self.now) {
                    self.tell(Event::Wake);
                    return;
                }
                Stage::Arrivals
            }
            Stage::Arrivals => {
                self.arrive();
                Stage::Opens
            }
            Stage::Opens => {
                self.pass_opens();
                Stage::Executions(None)
            }
            Stage::Executions(fresh) => {
                if let Some(symbol) = fresh {
                    self.stage = Stage::Executions(None);
                    self.test_fresh(symbol);
                    return;
                }
                if let Some(symbol) = self.execute_next() {
                    self.stage = Stage::Executions(Some(symbol));
                    return;
                }
                match self.next_instant(wake) {
                    Some(instant) => {
                        self.now = instant;
                        Stage::Bars
                    }
                    None => self.close_run(),
                }
            }
            Stage::Ended => Stage::Ended,
        };
        self.stage = next;
    }

    /// The first instant of the run, if there is any.
    fn begin(&mut self, wake: Option<Timestamp>) -> Stage {
        if self.first_instant(wake) {
            Stage::Bars
        } else {
            self.close_run()
        }
    }

    fn series(&self, symbol: SymbolId) -> Option<&Series> {
        self.world.tape.series[symbol.index()].as_ref()
    }

    fn tell(&mut self, event: Event) {
        self.outbox.push_back(Stamped {
            at: self.now,
            event,
        });
    }

    /// Wallet and unrealised profit at the last completed marks (A2).
    fn equity(&self) -> Notional {
        let open = self.account.open();
        let unrealized = open.map(|(symbol, held)| {
            self.last_mark(symbol)
                .map_or(Notional::ZERO, |mark| held.position.unrealized(mark))
        });
        unrealized.fold(self.account.wallet().exact(), |sum, profit| sum + profit)
    }

    /// The close of the last completed mark bar of a symbol.
    fn last_mark(&self, symbol: SymbolId) -> Option<Price> {
        let series = self.series(symbol)?;
        Some(series.mark_close(series.last_completed(self.now)?))
    }

    /// The last mark of another symbol while one is looked at: of bars that end together, those of later symbols are not
    /// over yet (T6, A7).
    fn mark_beside(&self, symbol: SymbolId, other: SymbolId) -> Option<Price> {
        if self.stage != Stage::Bars || other < symbol {
            return self.last_mark(other);
        }
        let before = Timestamp::from_millis(self.now.millis() - 1);
        let series = self.series(other)?;
        Some(series.mark_close(series.last_completed(before)?))
    }

    fn available(&self, equity: Notional) -> Money {
        let marked = match self.model.terms.margin_mode {
            MarginMode::Isolated => Notional::ZERO,
            MarginMode::Cross => {
                let open = self.account.open();
                open.map(|(symbol, held)| match self.last_mark(symbol) {
                    Some(mark) => mark * held.position.qty,
                    None => held.position.cost,
                })
                .fold(Notional::ZERO, |sum, value| sum + value)
            }
        };
        self.account.available(equity, marked)
    }

    fn floor_is_met(&self) -> bool {
        self.floor
            .is_some_and(|floor| self.watched(floor.basis) <= floor.level)
    }

    fn watched(&self, basis: FloorBasis) -> Notional {
        match basis {
            FloorBasis::Equity => self.equity(),
            FloorBasis::Wallet => self.account.wallet().exact(),
        }
    }

    fn report_floor(&mut self) {
        if let Some(floor) = self.floor.take() {
            let value = self.watched(floor.basis);
            self.tell(Event::Account(AccountUpdate::FloorReached { value }));
        }
    }

    fn roll_over(&mut self) {
        if self.now == self.midnight {
            self.midnight = self.now.next_day();
            let equity = self.equity();
            let wallet = self.account.wallet();
            self.rollovers.push((self.now, equity));
            self.tell(Event::Account(AccountUpdate::DayStarted { equity, wallet }));
        }
    }

    /// Settles what is due now; whether anything was (A5).
    fn settle_funding(&mut self) -> bool {
        let world = self.world;
        let mut settled = false;
        let due = self.due_now();
        for symbol in due.iter().copied() {
            let Some(series) = &world.tape.series[symbol.index()] else {
                continue;
            };
            if self.account.held(symbol).is_none() {
                continue;
            }
            let records = series.funding();
            let first = records.partition_point(|record| record.time < self.now);
            let now = self.now;
            for record in records[first..]
                .iter()
                .take_while(|record| record.time == now)
            {
                self.counters.funding_without_mark += u64::from(record.mark.is_none());
                let Some(mark) = series.settlement_mark(record) else {
                    continue;
                };
                if let Some(amount) = self.account.fund(self.now, symbol, record.rate, mark) {
                    settled = true;
                    self.account_changed(symbol);
                    self.tell(Event::Account(AccountUpdate::Funding { symbol, amount }));
                }
            }
        }
        self.scratch = due;
        settled
    }

    /// Ends trading of the symbols whose time has come (D3).
    fn delist(&mut self) {
        while let Some((_, symbol)) = self.delistings.pop_if(|(time, _)| *time <= self.now) {
            self.desks[symbol.index()].delisted = true;
            self.drop_untradable(symbol);
            let stamp = Timestamp::from_millis(self.now.millis() - 1);
            self.force_close(symbol, Reason::Delisted, stamp);
            self.vanish(symbol, &[]);
        }
    }

    /// Hands over the next signal or word of the operator that is due; whether there was one.
    fn hear_next(&mut self) -> bool {
        let world = self.world;
        if let Some(signal) = world
            .signals
            .get(self.next_signal)
            .filter(|signal| signal.received_time <= self.now)
        {
            self.next_signal += 1;
            let equity = self.equity();
            let quote = Quote {
                mark: self.last_mark(signal.symbol),
                trading: !self.desks[signal.symbol.index()].delisted,
                wallet: self.account.wallet(),
                equity,
                available: self.available(equity),
            };
            self.tell(Event::Signal {
                signal: signal.clone(),
                quote,
            });
            return true;
        }
        if let Some((_, operator)) = world
            .script
            .get(self.next_script)
            .filter(|(time, _)| *time <= self.now)
        {
            self.next_script += 1;
            self.tell(Event::Operator(operator.clone()));
            return true;
        }
        false
    }

    fn snapshot(&self) -> Snapshot {
        let positions = self.account.open().map(|(symbol, held)| HeldPosition {
            symbol,
            direction: held.position.direction,
            qty: held.position.qty,
        });
        Snapshot {
            positions: positions.collect(),
            working: self.known_orders(),
        }
    }

    /// Closes the rest of a position at the last contract close with taker costs (D3, D4).
    fn force_close(&mut self, symbol: SymbolId, reason: Reason, stamp: Timestamp) {
        let world = self.world;
        let (Some(held), Some(series)) = (
            self.account.held(symbol),
            &world.tape.series[symbol.index()],
        ) else {
            return;
        };
        let Some(row) = series.last_completed(self.now) else {
            return;
        };
        let position = held.position;
        self.catch_up(symbol, row + 1);
        let close = series.bars().close[row];
        let instrument = &world.tape.instruments[symbol.index()];
        let hit = forced(&position, reason, self.model, instrument, close);
        self.count_bars(symbol, series.row_from(self.now));
        self.visit(symbol, hit.price);
        self.apply(symbol, &hit, stamp);
    }

    /// D4: what is left when the data ends.
    fn close_run(&mut self) -> Stage {
        if self.stage != Stage::Ended {
            self.stage = Stage::Ended;
            self.now = self.end;
            let symbols: Vec<SymbolId> = self.account.open().map(|(symbol, _)| symbol).collect();
            let stamp = Timestamp::from_millis(self.end.millis() - 1);
            for symbol in symbols {
                match self.model.end_of_data {
                    EndOfData::ForceClose => {
                        self.force_close(symbol, Reason::EndOfData, stamp);
                        self.vanish(symbol, &[]);
                    }
                    EndOfData::Mark => {
                        let rows = self.series(symbol).map_or(0, |series| series.len());
                        self.count_bars(symbol, rows);
                    }
                }
            }
            self.reject_unexecuted();
        }
        Stage::Ended
    }

    /// Applies a fill to the account and reports it.
    fn apply(&mut self, symbol: SymbolId, hit: &Hit, stamp: Timestamp) {
        let world = self.world;
        let instrument = &world.tape.instruments[symbol.index()];
        // A position opened inside a bar counts from the next one; one opened at a bar's open, with it.
        let row = world.tape.series[symbol.index()]
            .as_ref()
            .map_or(0, |series| series.row_from(self.now));
        let place = Where {
            symbol,
            time: stamp,
            at: self.now,
            row,
            reference: self.reference_of(symbol, hit.order),
        };
        let fill = self.account.book(&place, hit, instrument);
        #[cfg(debug_assertions)]
        self.account.check();
        self.account_changed(symbol);
        self.tell(hit.told(symbol, fill));
    }

    /// Remembers the account after a change and forgets what was computed from the state before.
    fn account_changed(&mut self, symbol: SymbolId) {
        let position = self.account.held(symbol).map(|held| held.position);
        let step = AccountStep {
            at: self.now,
            rank: self.stage.rank(),
            wallet: self.account.wallet(),
            symbol,
            position,
        };
        self.steps.push(step);
        if is_beyond(step.wallet) {
            self.beyond = Some(OutOfRange {
                at: self.now,
                wallet: step.wallet,
            });
        }
        self.touch_forgotten(symbol);
        if self.model.terms.margin_mode == MarginMode::Cross {
            for index in 0..self.busy.len() {
                self.touch_forgotten(self.busy[index]);
            }
        }
        self.refresh_busy(symbol);
    }

    fn knows(&self, id: OrderId) -> bool {
        self.known_orders().contains(&id)
    }
}

/// Ends of trading, latest first, symbols of one instant in byte order when taken from the back.
fn delistings(tape: &Tape) -> Vec<(Timestamp, SymbolId)> {
    let known = tape.instruments.iter().enumerate();
    let mut ends: Vec<(Timestamp, SymbolId)> = known
        .filter_map(|(index, instrument)| Some((instrument.delisted?, SymbolId::at(index))))
        .collect();
    ends.sort_unstable();
    ends.reverse();
    ends
}
