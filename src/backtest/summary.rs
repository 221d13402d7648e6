//! A finished run as the report and the metrics want it: names resolved, prices joined, notes and assumptions in words.
//!
//! Not here: figures (`stats`), looks (`report`).

use std::collections::{BTreeMap, VecDeque};

use crate::backtest::prepare::Prepared;
use crate::backtest::record::{Taken, record};
use crate::backtest::replays::Replays;
use crate::backtest::run::Simulation;
use crate::backtest::tables::{FillRow, price_name};
use crate::backtest::verdicts::{Verdicts, reasons};
use crate::backtest::{notes, words};
use crate::domain::bar::Bars;
use crate::domain::event::Confluence;
use crate::domain::fill::{Reason, Trade};
use crate::domain::num::{Money, Notional, Price};
use crate::domain::order::Direction;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{Span, Timestamp};
use crate::exchange::history::Outcome;
use crate::exchange::history::equity::CurvePoint;
use crate::market::quality::PriceInTime;
use crate::market::ranges::Band;
use crate::market::tape::Series;
use crate::report::input::{Mode, PathCounts, Reproduce, RunReport, SignalSummary, SignalVerdict};
use crate::report::words::{Lang, signals, units};
use crate::settings::Settings;
use crate::stats::activity::BarSeries;
use crate::stats::benchmark::equal_weight_hold;
use crate::stats::costs::{CostError, totals};
use crate::stats::equity::DailySeries;
use crate::stats::metrics::{BenchmarkSeries, RunInput, metrics};
use crate::stats::trade_row::TradeRow;

/// Everything a summary is made from.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The configuration.
    pub settings: &'a Settings,
    /// Inputs.
    pub prepared: &'a Prepared,
    /// The run.
    pub run: &'a Simulation,
    /// Its fills.
    pub fills: &'a [FillRow],
    /// What became of the messages.
    pub verdicts: &'a Verdicts,
    /// The account at bar ends.
    pub curve: &'a [CurvePoint],
    /// The same run under other assumptions.
    pub replays: &'a Replays,
}

/// Names of a run.
#[derive(Clone, Debug)]
pub struct Identity {
    /// What the run is called.
    pub title: String,
    /// The hash of everything the result hangs on.
    pub run_id: String,
    /// How it was made.
    pub mode: Mode,
    /// How to get it again.
    pub reproduce: Reproduce,
}

/// Puts a report together.
///
/// # Errors
/// When ledger and fills do not tie out: an error of this program.
pub fn summarize(parts: Parts<'_>, identity: Identity) -> Result<RunReport, CostError> {
    let Parts {
        settings,
        prepared,
        run,
        fills,
        verdicts,
        curve,
        replays,
    } = parts;
    let outcome = &run.outcome;
    let daily = daily_series(outcome, settings.model.balance);
    let bars = bar_series(curve);
    let benchmarks = benchmarks(parts, &daily);
    let trades = trade_rows(parts);
    let sums = totals(&outcome.ledger, fills.iter().map(|row| &row.fill))?;
    let metrics = metrics(RunInput {
        daily: &daily,
        bars: &bars,
        trades: &trades,
        fill_notional: traded(fills).to_f64(),
        costs: &sums,
        initial: settings.model.balance,
        benchmarks: &benchmarks,
        envelope: replays.envelope.as_ref(),
        cost_table: Some(&replays.costs),
        delay_probe: replays.delay.as_ref(),
        seed: settings.run.seed,
    });
    let record = record(Taken {
        settings,
        prepared,
        run,
        curve,
        trades: &trades,
    });
    let closed = |reason: Reason| fills.iter().filter(|row| row.reason == reason).count();
    let counters = &outcome.counters;
    Ok(RunReport {
        title: identity.title,
        run_id: identity.run_id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        mode: identity.mode,
        synthetic: prepared.synthetic,
        validated: false,
        metrics,
        daily,
        bars,
        benchmarks,
        fills: fills.len(),
        liquidations: closed(Reason::Liquidation),
        open_positions: outcome.open.len(),
        closed_by_end_of_data: closed(Reason::EndOfData),
        signals: signal_summary(parts),
        refusals: reasons(&verdicts.refusals),
        paths: path_counts(outcome),
        entry_delay_ms_mean: mean(counters.arrival_delay_ms, counters.arrivals),
        data_notes: notes::data_notes(
            prepared,
            &outcome.trades,
            counters,
            settings.model.entry_ttl,
        ),
        assumptions: words::assumptions(settings),
        warnings: words::warnings(settings, prepared, replays),
        reproduce: identity.reproduce,
        record,
        trades,
    })
}

fn path_counts(outcome: &Outcome) -> PathCounts {
    let counters = &outcome.counters;
    let touched = outcome
        .trades
        .iter()
        .filter(|trade| trade.ambiguous_bars > 0);
    PathCounts {
        bars_in_position: counters.bars_in_position,
        ambiguous: counters.ambiguous_bars,
        drilled: counters.drilled_bars,
        residual: counters.residual_ambiguous,
        stale_fills: counters.stale_fills,
        trades_touched: touched.count() as u64,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a mean for people")]
fn mean(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

/// e₁ … e_n: equity at the rollovers, and the final equity as the close of the last, possibly partial, day (M1).
#[must_use]
pub fn daily_series(outcome: &Outcome, balance: Money) -> DailySeries {
    let span = (outcome.start, outcome.end);
    daily_equity(balance, span, &outcome.rollovers, outcome.equity)
}

/// The same from its parts: the first deposit, start and end, equity at the rollovers and at the end.
#[must_use]
pub fn daily_equity(
    balance: Money,
    (start, end): (Timestamp, Timestamp),
    rollovers: &[(Timestamp, Notional)],
    last: Notional,
) -> DailySeries {
    let before_end = rollovers.iter().filter(|(time, _)| *time < end);
    let before_end = before_end.map(|(_, equity)| equity.to_f64());
    DailySeries {
        start,
        end,
        initial: balance.to_f64(),
        closes: before_end.chain([last.to_f64()]).collect(),
    }
}

fn bar_series(curve: &[CurvePoint]) -> BarSeries {
    BarSeries {
        time: curve.iter().map(|point| point.time).collect(),
        equity: curve.iter().map(|point| point.equity.to_f64()).collect(),
        gross_notional: curve.iter().map(|point| point.gross.to_f64()).collect(),
        margin: curve.iter().map(|point| point.margin.to_f64()).collect(),
    }
}

/// M8: holding BTC, and holding the traded symbols in equal parts.
fn benchmarks(parts: Parts<'_>, daily: &DailySeries) -> Vec<BenchmarkSeries> {
    let tape = &parts.prepared.world.tape;
    let fee = parts.settings.rules.terms.taker.to_f64();
    let mut points = vec![daily.start];
    let rollovers = parts.run.outcome.rollovers.iter().map(|(time, _)| *time);
    points.extend(rollovers.filter(|time| *time < daily.end));
    points.push(daily.end);
    let prices = |bars: &Bars| {
        points
            .iter()
            .map(|time| close_at(bars, *time))
            .collect::<Vec<Option<f64>>>()
    };
    let mut found = Vec::new();
    if let Some(bars) = &parts.prepared.market {
        let name = units::HOLD.with(Lang::En, &["BTCUSDT"]);
        found.push((name, vec![prices(bars)]));
    }
    let mut traded: Vec<SymbolId> = parts
        .run
        .outcome
        .trades
        .iter()
        .map(|trade| trade.symbol)
        .collect();
    traded.sort_unstable();
    traded.dedup();
    let held = traded
        .iter()
        .filter_map(|symbol| tape.series[symbol.index()].as_ref());
    found.push((
        units::HOLD_TRADED.say(Lang::En).to_owned(),
        held.map(|series| prices(series.bars())).collect(),
    ));
    found
        .into_iter()
        .map(|(name, prices)| BenchmarkSeries {
            name,
            levels: equal_weight_hold(daily.initial, &prices, fee),
        })
        .filter(|series| series.levels.len() == points.len())
        .collect()
}

/// The price known at an instant; at the very start, the first open.
fn close_at(bars: &Bars, time: Timestamp) -> Option<f64> {
    let row = bars
        .open_time
        .partition_point(|open| *open + bars.interval <= time);
    let price = match row.checked_sub(1) {
        Some(row) => bars.close.get(row),
        None => bars
            .open
            .first()
            .filter(|_| bars.open_time.first() == Some(&time)),
    };
    price.map(|price| price.to_f64())
}

fn trade_rows(parts: Parts<'_>) -> Vec<TradeRow> {
    let tape = &parts.prepared.world.tape;
    let pairs: BTreeMap<String, &Confluence> = parts
        .verdicts
        .pairs
        .iter()
        .map(|pair| (pair.reference().to_string(), pair))
        .collect();
    let mut exits = exit_quantities(parts.fills);
    parts
        .run
        .outcome
        .trades
        .iter()
        .map(|trade| {
            let mut row = TradeRow::from_trade(trade, &tape.symbols);
            let pair = trade
                .reference
                .as_deref()
                .and_then(|reference| pairs.get(reference));
            row.score = pair.map(|pair| pair.score.total.to_f64());
            row.gap = pair.map(|pair| pair.gap);
            let closing = exits
                .get_mut(&trade.symbol)
                .and_then(VecDeque::pop_front)
                .unwrap_or_default();
            if closing.len() == row.exits.len() {
                row.exits = closing;
            }
            row.time_to_mfe = tape.series[trade.symbol.index()]
                .as_ref()
                .and_then(|series| time_to_best(series, trade));
            row
        })
        .collect()
}

/// The value of all executions.
fn traded(fills: &[FillRow]) -> Notional {
    let values = fills.iter().map(|row| row.fill.price * row.fill.qty);
    values.fold(Notional::ZERO, |sum, value| sum + value)
}

/// Reason and quantity of each closing fill, per symbol and position in order.
fn exit_quantities(fills: &[FillRow]) -> BTreeMap<SymbolId, VecDeque<Vec<(String, f64)>>> {
    let mut open: BTreeMap<SymbolId, (i64, Vec<(String, f64)>)> = BTreeMap::new();
    let mut closed: BTreeMap<SymbolId, VecDeque<Vec<(String, f64)>>> = BTreeMap::new();
    for row in fills {
        let (held, list) = open.entry(row.symbol).or_default();
        let signed = row.fill.qty.steps() * row.fill.side.sign();
        let reduces = held.signum() * signed.signum() < 0;
        *held += signed;
        if reduces {
            list.push((row.reason.to_string(), row.fill.qty.to_f64()));
        }
        if *held == 0 {
            closed
                .entry(row.symbol)
                .or_default()
                .push_back(std::mem::take(list));
        }
    }
    closed
}

/// From entry to the end of the bar that first reached the best price; `None` when only a fill was there.
fn time_to_best(series: &Series, trade: &Trade) -> Option<Span> {
    let best: Price = trade.mfe_price;
    let band = Band::default().with(best, trade.direction == Direction::Short);
    let row = series.contract_columns().first_touch(
        series.row_from(trade.entry_time),
        series.len(),
        band,
    )?;
    let reached = series.bars().end(row).min(trade.exit_time);
    (series.bars().open_time[row] <= trade.exit_time).then(|| reached - trade.entry_time)
}

/// Whether there was a price for each message of a type that trades.
pub(super) fn could_trade(prepared: &Prepared) -> impl Iterator<Item = &PriceInTime> {
    let signals = prepared.world.signals.iter();
    signals
        .zip(&prepared.gate.signals)
        .filter(|(signal, _)| signal.kind.can_trade())
        .map(|(_, verdict)| &verdict.price)
}

fn signal_summary(parts: Parts<'_>) -> SignalSummary {
    let prepared = parts.prepared;
    let in_time = |price: &PriceInTime| matches!(price, PriceInTime::At(_));
    let verdicts = prepared
        .file
        .signals
        .iter()
        .enumerate()
        .map(|(index, raw)| {
            let verdict = &parts.verdicts.messages[index];
            let place = prepared.places[index];
            let time = place.map_or(raw.event_time, |place| {
                prepared.world.signals[place].received_time
            });
            let price = place.map(|place| prepared.gate.signals[place].price);
            let lacking = price.filter(|price| raw.kind.can_trade() && !in_time(price));
            SignalVerdict {
                time: time.to_text(),
                id: raw.id.to_string(),
                kind: signals::kind(raw.kind.0),
                symbol: prepared.named.contracts[index]
                    .as_ref()
                    .map_or_else(|| raw.name.clone(), ToString::to_string),
                verdict: verdict.name.clone(),
                no_price: lacking.map(|price| price_name(price).to_owned()),
            }
        });
    SignalSummary {
        total: prepared.file.signals.len(),
        with_price: could_trade(prepared).filter(|price| in_time(price)).count(),
        price_needed: could_trade(prepared).count(),
        funnel: parts.verdicts.funnel(),
        verdicts: verdicts.collect(),
    }
}
