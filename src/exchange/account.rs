//! The simulated account: wallet, positions, ledger and finished trades (A1–A9).
//!
//! Not here: when and at what price something fills (`fills`), the order of events (`history`).
//! Invariants (A9): the wallet is the sum of the ledger; flat means no cost and no margin; Σ trade nets + what open
//! positions have booked + deposits = wallet; per symbol, entered = exited + open.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::fill::{Fill, LedgerEntry, LedgerKind, Liquidity, Reason, Trade, TradeId};
use crate::domain::instrument::Instrument;
use crate::domain::num::{Money, Notional, Price, Rate, Rounding, UNIT, divide};
use crate::domain::order::{Direction, Side};
use crate::domain::position::{MarginMode, Position, Terms, fee, initial_margin};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::fills::{Extremes, Hit};

/// Wallet, positions, ledger, trades.
#[derive(Clone, Debug)]
pub struct Account {
    terms: Terms,
    wallet: Money,
    isolated: Money,
    held: Vec<Option<Held>>,
    /// Symbols with a position, in byte order.
    open: Vec<SymbolId>,
    ledger: Vec<LedgerEntry>,
    trades: Vec<Trade>,
    fills: u64,
}

/// An open position and the record of its trade so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Quantity, cost and margin.
    pub position: Position,
    /// When it was opened, as processed; T7 looks at it.
    pub opened_at: Timestamp,
    /// The moment of the last fill that opened it or made it larger.
    pub entered_at: Timestamp,
    /// First row of the tape counted as "in position".
    pub from_row: usize,
    /// Rows before this have been looked at for the visited extremes.
    pub seen_row: usize,
    trade: Trade,
    visited: Option<Extremes>,
}

/// What of an account is saved beside its ledger and its finished trades.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedAccount {
    wallet: Money,
    held: Vec<(SymbolId, Held)>,
    fills: u64,
}

/// Where and when a fill happened.
#[derive(Clone, Debug)]
pub struct Where {
    /// The contract.
    pub symbol: SymbolId,
    /// Stamp of the fill (T3).
    pub time: Timestamp,
    /// When it is processed.
    pub at: Timestamp,
    /// Row of the tape from which a position opened here counts.
    pub row: usize,
    /// What asked for it.
    pub reference: Option<Arc<str>>,
}

impl Account {
    /// An empty account over so many symbols.
    #[must_use]
    pub fn new(terms: Terms, symbols: usize) -> Self {
        Self {
            terms,
            wallet: Money::ZERO,
            isolated: Money::ZERO,
            held: vec![None; symbols],
            open: Vec::new(),
            ledger: Vec::new(),
            trades: Vec::new(),
            fills: 0,
        }
    }

    /// What is saved of it.
    #[must_use]
    pub fn saved(&self) -> SavedAccount {
        SavedAccount {
            wallet: self.wallet,
            held: self
                .open()
                .map(|(symbol, held)| (symbol, held.clone()))
                .collect(),
            fills: self.fills,
        }
    }

    /// The account as it was saved, with the rows booked up to then; `None` when they do not fit together (A9).
    #[must_use]
    pub fn restore(
        terms: Terms,
        symbols: usize,
        saved: SavedAccount,
        (ledger, trades): (Vec<LedgerEntry>, Vec<Trade>),
    ) -> Option<Self> {
        let sum: Money = ledger.iter().map(|entry| entry.amount).sum();
        if sum != saved.wallet
            || saved
                .held
                .iter()
                .any(|(symbol, _)| symbol.index() >= symbols)
        {
            return None;
        }
        let mut account = Self::new(terms, symbols);
        account.wallet = saved.wallet;
        account.fills = saved.fills;
        account.ledger = ledger;
        account.trades = trades;
        for (symbol, held) in saved.held {
            account.isolated += held.position.isolated;
            account.open.push(symbol);
            account.held[symbol.index()] = Some(held);
        }
        Some(account)
    }

    /// Every change of the wallet so far.
    #[must_use]
    pub fn ledger(&self) -> &[LedgerEntry] {
        &self.ledger
    }

    /// Makes it empty again; what it has reserved stays.
    pub fn reset(&mut self, terms: Terms, symbols: usize) {
        self.terms = terms;
        self.wallet = Money::ZERO;
        self.isolated = Money::ZERO;
        self.held.clear();
        self.held.resize(symbols, None);
        self.open.clear();
        self.ledger.clear();
        self.trades.clear();
        self.fills = 0;
    }

    /// Books money from outside.
    pub fn deposit(&mut self, time: Timestamp, amount: Money) {
        self.enter(time, None, LedgerKind::Deposit, amount);
    }

    /// Σ of the ledger.
    #[must_use]
    pub const fn wallet(&self) -> Money {
        self.wallet
    }

    /// The open position of a symbol with its record.
    #[must_use]
    pub fn held(&self, symbol: SymbolId) -> Option<&Held> {
        self.held[symbol.index()].as_ref()
    }

    /// The same, to be changed.
    pub fn held_mut(&mut self, symbol: SymbolId) -> Option<&mut Held> {
        self.held[symbol.index()].as_mut()
    }

    /// All open positions, by symbol.
    pub fn open(&self) -> impl Iterator<Item = (SymbolId, &Held)> {
        self.open
            .iter()
            .filter_map(|symbol| Some((*symbol, self.held[symbol.index()].as_ref()?)))
    }

    /// Finished trades, in the order they ended.
    #[must_use]
    pub fn trades(&self) -> &[Trade] {
        &self.trades
    }

    /// The ledger and the finished trades.
    #[must_use]
    pub fn into_records(self) -> (Vec<LedgerEntry>, Vec<Trade>) {
        (self.ledger, self.trades)
    }

    /// Margin free for new positions (A6). `equity` and `marked` (Σ mark × quantity) matter in cross mode.
    #[must_use]
    pub fn available(&self, equity: Notional, marked: Notional) -> Money {
        match self.terms.margin_mode {
            MarginMode::Isolated => self.wallet - self.isolated,
            MarginMode::Cross => {
                // One quotient, rounded down once: (equity·ℓ − Σ marked) ÷ ℓ.
                let leverage = i128::from(self.terms.leverage);
                let free = (equity.raw() * leverage - marked.raw()).max(0);
                let unit = i128::from(UNIT);
                let steps = divide(free, leverage * unit, Rounding::Down);
                Notional::from_raw(steps * unit).round(Rounding::Down)
            }
        }
    }

    /// Whether margin and fee of an opening fill are covered (A6).
    #[must_use]
    pub fn covers(&self, hit: &Hit, instrument: &Instrument, available: Money) -> bool {
        let rate = self.fee_rate(hit.liquidity, instrument);
        let margin = initial_margin(hit.price * hit.qty, self.terms.leverage);
        margin + fee(hit.price, hit.qty, rate) <= available
    }

    /// Whether a fill makes a position or makes it larger.
    #[must_use]
    pub fn opens(&self, symbol: SymbolId, side: Side) -> bool {
        self.held(symbol)
            .is_none_or(|held| held.position.direction.entry_side() == side)
    }

    /// Books a fill and returns it as the exchange reports it.
    pub fn book(&mut self, place: &Where, hit: &Hit, instrument: &Instrument) -> Fill {
        let rate = self.fee_rate(hit.liquidity, instrument);
        let charged = fee(hit.price, hit.qty, rate);
        self.fills += 1;
        let mut fill = Fill {
            trade: TradeId(self.fills),
            time: place.time,
            side: hit.side,
            qty: hit.qty,
            price: hit.price,
            fee: charged,
            liquidity: hit.liquidity,
            realized: Money::ZERO,
            insurance: Money::ZERO,
            slippage: hit.slippage,
        };
        let direction = Direction::opened_by(hit.side);
        match &self.held[place.symbol.index()] {
            None => self.start(place, hit, direction),
            Some(held) if held.position.direction == direction => self.grow(place, hit),
            Some(_) => {
                self.reduce(place, hit, &mut fill);
                return fill;
            }
        }
        self.enter(place.time, Some(place.symbol), LedgerKind::Fee, -charged);
        if let Some(held) = &mut self.held[place.symbol.index()] {
            held.trade.fees += charged;
            held.trade.slippage += hit.slippage;
        }
        fill
    }

    const fn fee_rate(&self, liquidity: Liquidity, instrument: &Instrument) -> Rate {
        match liquidity {
            Liquidity::Taker => self.terms.taker,
            Liquidity::Maker => self.terms.maker,
            Liquidity::Liquidation => instrument.liquidation_fee,
        }
    }

    fn start(&mut self, place: &Where, hit: &Hit, direction: Direction) {
        let position = Position::open(direction, hit.price, hit.qty, self.terms.leverage);
        self.isolated += position.isolated;
        let trade = Trade {
            symbol: place.symbol,
            direction,
            entry_time: place.time,
            exit_time: place.time,
            qty: hit.qty,
            entry_cost: hit.price * hit.qty,
            exit_quote: Notional::ZERO,
            realized: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            insurance: Money::ZERO,
            slippage: Money::ZERO,
            exits: Vec::new(),
            entry_reason: hit.reason,
            reference: place.reference.clone(),
            initial_risk: None,
            mae_price: hit.price,
            mfe_price: hit.price,
            ambiguous_bars: 0,
        };
        self.held[place.symbol.index()] = Some(Held {
            position,
            opened_at: place.at,
            entered_at: place.at,
            from_row: place.row,
            seen_row: place.row,
            trade,
            visited: None,
        });
        if let Err(index) = self.open.binary_search(&place.symbol) {
            self.open.insert(index, place.symbol);
        }
    }

    fn grow(&mut self, place: &Where, hit: &Hit) {
        let Some(held) = &mut self.held[place.symbol.index()] else {
            return;
        };
        let before = held.position.isolated;
        held.position = held.position.add(hit.price, hit.qty, self.terms.leverage);
        self.isolated += held.position.isolated - before;
        held.entered_at = place.at;
        held.trade.qty += hit.qty;
        held.trade.entry_cost += hit.price * hit.qty;
    }

    fn reduce(&mut self, place: &Where, hit: &Hit, fill: &mut Fill) {
        let Some(held) = &self.held[place.symbol.index()] else {
            return;
        };
        let before = held.position.isolated;
        let reduction = held.position.reduce(hit.price, hit.qty);
        let symbol = Some(place.symbol);
        fill.realized = reduction.realized;
        self.enter(
            place.time,
            symbol,
            LedgerKind::RealizedPnl,
            reduction.realized,
        );
        let liquidated = hit.reason == Reason::Liquidation;
        let fee_kind = if liquidated {
            LedgerKind::LiquidationFee
        } else {
            LedgerKind::Fee
        };
        self.enter(place.time, symbol, fee_kind, -fill.fee);
        if liquidated {
            let left = match self.terms.margin_mode {
                MarginMode::Isolated => before + reduction.realized - fill.fee,
                MarginMode::Cross => self.wallet,
            };
            fill.insurance = (-left).max(Money::ZERO);
            self.enter(
                place.time,
                symbol,
                LedgerKind::InsuranceCredit,
                fill.insurance,
            );
        }
        self.isolated += reduction.rest.map_or(Money::ZERO, |rest| rest.isolated) - before;
        let Some(held) = &mut self.held[place.symbol.index()] else {
            return;
        };
        let trade = &mut held.trade;
        trade.exit_time = place.time;
        trade.exit_quote += hit.price * hit.qty;
        trade.realized += reduction.realized;
        trade.fees += fill.fee;
        trade.insurance += fill.insurance;
        trade.slippage += hit.slippage;
        trade.exits.push(hit.reason);
        match reduction.rest {
            Some(rest) => held.position = rest,
            None => {
                self.open.retain(|symbol| *symbol != place.symbol);
                let ended = self.held[place.symbol.index()].take();
                self.trades.extend(ended.map(Held::finish));
            }
        }
    }

    /// Settles funding on an open position and returns the amount (A5).
    pub fn fund(
        &mut self,
        time: Timestamp,
        symbol: SymbolId,
        rate: Rate,
        mark: Price,
    ) -> Option<Money> {
        let held = self.held[symbol.index()].as_mut()?;
        let amount = held.position.funding(rate, mark);
        held.trade.funding += amount;
        if self.terms.margin_mode == MarginMode::Isolated {
            held.position.isolated += amount;
            self.isolated += amount;
        }
        self.enter(time, Some(symbol), LedgerKind::Funding, amount);
        Some(amount)
    }

    fn enter(
        &mut self,
        time: Timestamp,
        symbol: Option<SymbolId>,
        kind: LedgerKind,
        amount: Money,
    ) {
        if amount.is_zero() {
            return;
        }
        self.wallet += amount;
        self.ledger.push(LedgerEntry {
            time,
            symbol,
            kind,
            amount,
        });
    }

    /// Checks A9; called after every event in debug builds and once at the end of every run.
    ///
    /// # Panics
    /// When an invariant of the accounting is broken: the run's figures would be wrong.
    pub fn check(&self) {
        let sum: Money = self.ledger.iter().map(|entry| entry.amount).sum();
        assert_eq!(
            sum, self.wallet,
            "invariant: the wallet is the sum of the ledger"
        );
        let margin: Money = self.open().map(|(_, held)| held.position.isolated).sum();
        assert_eq!(margin, self.isolated, "invariant: isolated margins add up");
        let deposits: Money = self
            .ledger
            .iter()
            .filter(|entry| entry.kind == LedgerKind::Deposit)
            .map(|entry| entry.amount)
            .sum();
        let closed: Money = self.trades.iter().map(Trade::net).sum();
        let open: Money = self.open().map(|(_, held)| held.trade.net()).sum();
        assert_eq!(
            deposits + closed + open,
            self.wallet,
            "invariant: trades and deposits make the wallet"
        );
    }
}

impl Held {
    /// Widens the visited prices (A9).
    pub fn visit(&mut self, extremes: Extremes) {
        self.visited = Some(
            self.visited
                .map_or(extremes, |visited| visited.with(extremes)),
        );
    }

    /// Counts a bar whose fills hang on the path inside it.
    pub const fn count_ambiguous(&mut self) {
        self.trade.ambiguous_bars += 1;
    }

    /// Remembers what is at stake once the stop is placed; the first stop counts.
    pub fn risk(&mut self, trigger: Price) {
        let loss = self.position.unrealized(trigger);
        let size = if loss < Notional::ZERO { -loss } else { loss };
        self.trade.initial_risk.get_or_insert(size);
    }

    fn finish(mut self) -> Trade {
        if let Some(visited) = self.visited {
            let (worst, best) = match self.trade.direction {
                Direction::Long => (visited.low, visited.high),
                Direction::Short => (visited.high, visited.low),
            };
            self.trade.mae_price = worst;
            self.trade.mfe_price = best;
        }
        self.trade
    }
}
