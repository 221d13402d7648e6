//! The accounting of whole runs, done once more and slowly in decimals (A1–A9): every fill, fee, profit, margin,
//! funding, trade, and the equity at every bar end follow from the fills' prices and quantities alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::domain::event::{AccountUpdate, Command, Event, OrderUpdate};
use confluence::domain::fill::{Fill, LedgerKind, Liquidity, Reason};
use confluence::domain::num::{Money, Notional, Price, Qty, Rate};
use confluence::domain::order::{Direction, OrderId, Side};
use confluence::domain::position::{MarginMode, Terms};
use confluence::domain::random::Random;
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::exchange::history::equity::account_curve;
use confluence::exchange::history::{Engine, Outcome, World};
use confluence::exchange::model::{EndOfData, Model};
use confluence::market::tape::Series;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::support::{random_model, random_rules, random_world, run};

fn steps(steps: i64) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(steps), 8)
}

fn of_price(price: Price) -> Decimal {
    steps(price.steps())
}

fn of_qty(qty: Qty) -> Decimal {
    steps(qty.steps())
}

fn of_money(money: Money) -> Decimal {
    steps(money.steps())
}

fn of_rate(rate: Rate) -> Decimal {
    steps(rate.steps())
}

fn of_notional(notional: Notional) -> Decimal {
    Decimal::from_i128_with_scale(notional.raw(), 16)
}

fn up(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(8, RoundingStrategy::ToPositiveInfinity)
}

fn down(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(8, RoundingStrategy::ToNegativeInfinity)
}

fn half_even(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(8, RoundingStrategy::MidpointNearestEven)
}

/// A position and the trade it will become.
#[derive(Clone, Debug, Default)]
struct Held {
    sign: Decimal,
    qty: Decimal,
    cost: Decimal,
    isolated: Decimal,
    entered: Decimal,
    entry_cost: Decimal,
    exited: Decimal,
    exit_quote: Decimal,
    realized: Decimal,
    fees: Decimal,
    funding: Decimal,
    insurance: Decimal,
    exits: Vec<String>,
    times: Option<(Timestamp, Timestamp)>,
}

/// The account by hand.
struct Books<'a> {
    world: &'a World,
    terms: Terms,
    wallet: Decimal,
    held: BTreeMap<SymbolId, Held>,
    trades: Vec<(SymbolId, Held)>,
    ledger: Vec<(Option<SymbolId>, LedgerKind, Decimal)>,
    /// The wallet and the positions after each change: when it was processed, whether before the equity point.
    states: Vec<(Timestamp, bool, Decimal, BTreeMap<SymbolId, Held>)>,
    seen: Seen,
}

/// How much was checked.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    fills: u64,
    partial: u64,
    grown: u64,
    liquidations: u64,
    insured: u64,
    funding: u64,
    equity_points: u64,
    trades: u64,
    left_open: u64,
}

impl Books<'_> {
    fn enter(&mut self, symbol: Option<SymbolId>, kind: LedgerKind, amount: Decimal) {
        if !amount.is_zero() {
            self.wallet += amount;
            self.ledger.push((symbol, kind, amount));
        }
    }

    fn keep(&mut self, at: Timestamp, before_equity: bool) {
        self.states
            .push((at, before_equity, self.wallet, self.held.clone()));
    }

    fn margin(&self, notional: Decimal) -> Decimal {
        up(notional / Decimal::from(self.terms.leverage))
    }

    fn fill(&mut self, at: Timestamp, symbol: SymbolId, fill: &Fill, reason: Reason) {
        self.seen.fills += 1;
        let instrument = &self.world.tape.instruments[symbol.index()];
        let (price, qty) = (of_price(fill.price), of_qty(fill.qty));
        assert!(
            (price % of_price(instrument.tick)).is_zero(),
            "{fill:?} is off tick"
        );
        assert!(
            (qty % of_qty(instrument.step)).is_zero(),
            "{fill:?} is off step"
        );
        assert!(qty > Decimal::ZERO && price > Decimal::ZERO);
        let rate = match fill.liquidity {
            Liquidity::Taker => self.terms.taker,
            Liquidity::Maker => self.terms.maker,
            Liquidity::Liquidation => instrument.liquidation_fee,
        };
        let charged = up(of_rate(rate) * price * qty);
        assert_eq!(of_money(fill.fee), charged, "{fill:?}");
        let sign = Decimal::from(match fill.side {
            Side::Buy => 1,
            Side::Sell => -1,
        });
        let mut held = self.held.remove(&symbol).unwrap_or(Held {
            sign,
            ..Held::default()
        });
        let times = held.times.get_or_insert((fill.time, fill.time));
        times.1 = fill.time;
        let notional = price * qty;
        if held.sign == sign {
            self.seen.grown += u64::from(!held.qty.is_zero());
            held.qty += qty;
            held.cost += notional;
            held.isolated += self.margin(notional);
            held.entered += qty;
            held.entry_cost += notional;
            held.fees += charged;
            assert!(fill.realized.is_zero() && fill.insurance.is_zero());
            self.enter(Some(symbol), LedgerKind::Fee, -charged);
            self.held.insert(symbol, held);
        } else {
            self.close((symbol, reason), fill, held, charged);
        }
        // Rank 0 is before the equity point; what the exchange closes by itself at an instant comes after it.
        let late = matches!(reason, Reason::Delisted | Reason::EndOfData);
        self.keep(at, fill.time < at && !late);
    }

    fn close(
        &mut self,
        (symbol, reason): (SymbolId, Reason),
        fill: &Fill,
        mut held: Held,
        charged: Decimal,
    ) {
        let (price, qty) = (of_price(fill.price), of_qty(fill.qty));
        assert!(
            qty <= held.qty,
            "an exit never exceeds the position: {fill:?}"
        );
        let whole = qty == held.qty;
        self.seen.partial += u64::from(!whole);
        let released = if whole {
            held.cost
        } else {
            half_even(held.cost * qty / held.qty)
        };
        let realized = down(held.sign * (price * qty - released));
        assert_eq!(of_money(fill.realized), realized, "{fill:?}");
        let before = held.isolated;
        held.isolated = if whole {
            Decimal::ZERO
        } else {
            half_even(held.isolated * (held.qty - qty) / held.qty)
        };
        held.cost -= released;
        held.qty -= qty;
        held.exited += qty;
        held.exit_quote += price * qty;
        held.realized += realized;
        held.fees += charged;
        held.exits.push(reason.to_string());
        self.enter(Some(symbol), LedgerKind::RealizedPnl, realized);
        let mut insurance = Decimal::ZERO;
        if reason == Reason::Liquidation {
            self.seen.liquidations += 1;
            self.enter(Some(symbol), LedgerKind::LiquidationFee, -charged);
            let left = match self.terms.margin_mode {
                MarginMode::Isolated => before + realized - charged,
                MarginMode::Cross => self.wallet,
            };
            insurance = (-left).max(Decimal::ZERO);
            self.seen.insured += u64::from(!insurance.is_zero());
            self.enter(Some(symbol), LedgerKind::InsuranceCredit, insurance);
            if self.terms.margin_mode == MarginMode::Isolated {
                let result = realized - charged + insurance;
                assert!(
                    result >= -before,
                    "A8: more was lost than the margin: {fill:?}"
                );
            } else {
                assert!(self.wallet >= Decimal::ZERO, "A8: {fill:?}");
            }
        } else {
            self.enter(Some(symbol), LedgerKind::Fee, -charged);
        }
        held.insurance += insurance;
        assert_eq!(of_money(fill.insurance), insurance, "{fill:?}");
        if held.qty.is_zero() {
            assert!(
                held.cost.is_zero() && held.isolated.is_zero(),
                "A9.3: {held:?}"
            );
            self.trades.push((symbol, held));
        } else {
            self.held.insert(symbol, held);
        }
    }

    fn fund(&mut self, at: Timestamp, symbol: SymbolId, amount: Money, nth: usize) {
        self.seen.funding += 1;
        let series = self.world.tape.series[symbol.index()].as_ref().unwrap();
        let due: Vec<_> = series
            .funding()
            .iter()
            .filter(|record| record.time == at)
            .collect();
        let record = due[nth];
        let mark = record.mark.map(of_price).or_else(|| last_mark(series, at));
        // Before the first completed bar its open is the only price known.
        let mark = mark.unwrap_or_else(|| of_price(series.bars().open[0]));
        let mut held = self.held.remove(&symbol).unwrap();
        let wanted = down(-held.sign * of_rate(record.rate) * mark * held.qty);
        assert_eq!(of_money(amount), wanted, "funding at {at}");
        held.funding += wanted;
        if self.terms.margin_mode == MarginMode::Isolated {
            held.isolated += wanted;
        }
        self.held.insert(symbol, held);
        self.enter(Some(symbol), LedgerKind::Funding, wanted);
        self.keep(at, false);
    }

    /// A9.4 wherever margin is a part of the wallet.
    fn check_margin(&self) {
        let margin: Decimal = self.held.values().map(|held| held.isolated).sum();
        if self.terms.margin_mode == MarginMode::Isolated {
            assert!(margin <= self.wallet, "A9.4: {margin} of {}", self.wallet);
        }
    }
}

fn last_mark(series: &Series, at: Timestamp) -> Option<Decimal> {
    let bars = series.bars();
    let row = (0..bars.len()).rev().find(|row| bars.end(*row) <= at)?;
    let close = series
        .mark()
        .map_or(bars.close[row], |mark| mark.close[row]);
    Some(of_price(close))
}

/// Walks the log and books everything by hand.
fn book<'a>(world: &'a World, model: &Model, log: &EventLog, start: Timestamp) -> Books<'a> {
    let mut books = Books {
        world,
        terms: model.terms,
        wallet: Decimal::ZERO,
        held: BTreeMap::new(),
        trades: Vec::new(),
        ledger: Vec::new(),
        states: Vec::new(),
        seen: Seen::default(),
    };
    books.enter(None, LedgerKind::Deposit, of_money(model.balance));
    books.keep(start, true);
    let mut sent: BTreeMap<OrderId, (SymbolId, Reason)> = BTreeMap::new();
    let mut last = (start, None, 0);
    let mut ids = BTreeSet::new();
    for (at, row) in log.rows() {
        assert!(*at >= last.0, "A9.8: {at} after {}", last.0);
        last.0 = *at;
        match row {
            Row::Said(Command::Submit(approved)) => {
                let request = approved.request();
                sent.insert(request.id, (request.symbol, Reason::Order(request.purpose)));
            }
            Row::Heard(Event::Order {
                id,
                update: OrderUpdate::Filled { fill, .. },
            }) => {
                let (symbol, reason) = sent[id];
                assert!(ids.insert(fill.trade), "a trade id came twice");
                assert!(fill.time <= *at, "a fill is stamped after it was known");
                books.fill(*at, symbol, fill, reason);
            }
            Row::Heard(Event::Account(AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            })) => {
                assert!(ids.insert(fill.trade), "a trade id came twice");
                books.fill(*at, *symbol, fill, *cause);
            }
            Row::Heard(Event::Account(AccountUpdate::Funding { symbol, amount })) => {
                let key = Some((*at, *symbol));
                last.2 = if last.1 == key { last.2 + 1 } else { 0 };
                last.1 = key;
                books.fund(*at, *symbol, *amount, last.2);
            }
            _ => continue,
        }
        books.check_margin();
    }
    books
}

/// Compares the books with what the run left.
fn compare(books: &mut Books<'_>, outcome: &Outcome, model: &Model, seed: u64) {
    let ledger: Vec<_> = outcome
        .ledger
        .iter()
        .map(|entry| (entry.symbol, entry.kind, of_money(entry.amount)))
        .collect();
    assert_eq!(books.ledger, ledger, "seed {seed}");
    let sum: Decimal = ledger.iter().map(|(_, _, amount)| amount).sum();
    assert_eq!(sum, of_money(outcome.wallet), "A9.1, seed {seed}");
    assert_eq!(books.wallet, sum, "seed {seed}");
    assert_eq!(books.trades.len(), outcome.trades.len(), "seed {seed}");
    let mut nets = of_money(model.balance);
    for ((symbol, held), trade) in books.trades.iter().zip(&outcome.trades) {
        let exits: Vec<String> = trade.exits.iter().map(ToString::to_string).collect();
        assert_eq!(*symbol, trade.symbol, "seed {seed}");
        assert_eq!(held.sign, Decimal::from(trade.direction.sign()));
        assert_eq!(
            trade.direction == Direction::Long,
            held.sign > Decimal::ZERO
        );
        assert_eq!(
            held.times,
            Some((trade.entry_time, trade.exit_time)),
            "seed {seed}"
        );
        assert_eq!(held.entered, of_qty(trade.qty), "A9.6, seed {seed}");
        assert_eq!(held.entered, held.exited, "A9.6, seed {seed}");
        assert_eq!(
            held.entry_cost,
            of_notional(trade.entry_cost),
            "seed {seed}"
        );
        assert_eq!(
            held.exit_quote,
            of_notional(trade.exit_quote),
            "seed {seed}"
        );
        assert_eq!(held.realized, of_money(trade.realized), "seed {seed}");
        assert_eq!(held.fees, of_money(trade.fees), "seed {seed}");
        assert_eq!(held.funding, of_money(trade.funding), "seed {seed}");
        assert_eq!(held.insurance, of_money(trade.insurance), "seed {seed}");
        assert_eq!(held.exits, exits, "seed {seed}");
        let net = held.realized - held.fees + held.funding + held.insurance;
        assert_eq!(net, of_money(trade.net()), "seed {seed}");
        nets += net;
    }
    for (symbol, position) in &outcome.open {
        let held = &books.held[symbol];
        assert_eq!(held.qty, of_qty(position.qty), "seed {seed}");
        assert_eq!(held.cost, of_notional(position.cost), "seed {seed}");
        assert_eq!(held.isolated, of_money(position.isolated), "seed {seed}");
        assert_eq!(held.entered, held.exited + held.qty, "A9.6, seed {seed}");
        nets += held.realized - held.fees + held.funding + held.insurance;
    }
    assert_eq!(books.held.len(), outcome.open.len(), "A9.3, seed {seed}");
    assert_eq!(nets, sum, "A9.5, seed {seed}");
    books.seen.trades += outcome.trades.len() as u64;
    books.seen.left_open += outcome.open.len() as u64;
}

/// A9.2 at every bar end of every symbol, and at the end.
fn compare_equity(books: &mut Books<'_>, outcome: &Outcome, model: &Model, seed: u64) {
    let tape = &books.world.tape;
    let series: Vec<&Series> = tape.series.iter().flatten().collect();
    let ends: BTreeSet<Timestamp> = series
        .iter()
        .flat_map(|series| (0..series.bars().len()).map(|row| series.bars().end(row)))
        .filter(|end| *end > outcome.start)
        .collect();
    let curve = account_curve(tape, outcome, model);
    let times: Vec<Timestamp> = curve.iter().map(|point| point.time).collect();
    assert!(
        ends.iter().eq(&times),
        "every bar end has its equity, seed {seed}"
    );
    let mut marks: Vec<(usize, Option<Decimal>)> = vec![(0, None); tape.series.len()];
    let mut state = 0;
    for point in &curve {
        for (index, series) in tape.series.iter().enumerate() {
            let Some(series) = series else { continue };
            let (row, mark) = &mut marks[index];
            while *row < series.bars().len() && series.bars().end(*row) <= point.time {
                let close = series
                    .mark()
                    .map_or(series.bars().close[*row], |mark| mark.close[*row]);
                *mark = Some(of_price(close));
                *row += 1;
            }
        }
        let counts = |(at, before, _, _): &(Timestamp, bool, Decimal, BTreeMap<SymbolId, Held>)| {
            *at < point.time || (*at == point.time && *before)
        };
        while books.states.get(state + 1).is_some_and(counts) {
            state += 1;
        }
        let (_, _, wallet, held) = &books.states[state];
        let unrealized = held.iter().map(|(symbol, held)| {
            let mark = marks[symbol.index()].1;
            mark.map_or(Decimal::ZERO, |mark| {
                held.sign * (mark * held.qty - held.cost)
            })
        });
        let equity = wallet + unrealized.sum::<Decimal>();
        assert_eq!(
            equity,
            of_notional(point.equity),
            "A9.2 at {}, seed {seed}",
            point.time
        );
        books.seen.equity_points += 1;
    }
    let unrealized = books.held.iter().map(|(symbol, held)| {
        let mark = marks[symbol.index()].1;
        mark.map_or(Decimal::ZERO, |mark| {
            held.sign * (mark * held.qty - held.cost)
        })
    });
    let equity = books.wallet + unrealized.sum::<Decimal>();
    assert_eq!(
        equity,
        of_notional(outcome.equity),
        "A9.2 at the end, seed {seed}"
    );
    if model.end_of_data == EndOfData::ForceClose {
        assert!(outcome.open.is_empty() && books.held.is_empty());
    }
}

#[test]
fn the_accounting_of_random_runs_is_the_slow_one() {
    let mut total = Seen::default();
    let seeds = 4_000;
    for seed in 0..seeds {
        let mut random = Random::stream(seed, &[310]);
        let world = Arc::new(random_world(&mut random));
        let rules = random_rules(&mut random);
        let model = random_model(&mut random, rules.terms);
        let (outcome, log) = run(&world, &rules, &model, Engine::Skip);
        let mut books = book(&world, &model, &log, outcome.start);
        compare(&mut books, &outcome, &model, seed);
        compare_equity(&mut books, &outcome, &model, seed);
        let seen = books.seen;
        total = Seen {
            fills: total.fills + seen.fills,
            partial: total.partial + seen.partial,
            grown: total.grown + seen.grown,
            liquidations: total.liquidations + seen.liquidations,
            insured: total.insured + seen.insured,
            funding: total.funding + seen.funding,
            equity_points: total.equity_points + seen.equity_points,
            trades: total.trades + seen.trades,
            left_open: total.left_open + seen.left_open,
        };
    }
    println!("books by hand over {seeds} random runs: {total:?}");
    for (what, met) in [
        ("fills", total.fills / 100),
        ("partial exits", total.partial),
        ("grown positions", total.grown),
        ("liquidations", total.liquidations),
        ("insured liquidations", total.insured),
        ("funding", total.funding),
        ("equity points", total.equity_points / 1_000),
        ("trades", total.trades),
        ("left open", total.left_open),
    ] {
        assert!(met >= 50, "{what}: {total:?}");
    }
}
