//! The files of a run folder that are lists: trades, fills, signals, ledger.
//!
//! Not here: where they are written (`folder`). Numbers are exact decimals, times RFC 3339 in UTC, empty means none.

use std::collections::BTreeMap;

use crate::backtest::log::{EventLog, Row};
use crate::backtest::prepare::Prepared;
use crate::backtest::verdicts::Verdicts;
use crate::domain::event::{AccountUpdate, Command, Event, OrderUpdate};
use crate::domain::fill::{Fill, Reason};
use crate::domain::order::{OrderId, OrderRequest};
use crate::domain::symbol::{SymbolId, Symbols};
use crate::exchange::history::Outcome;
use crate::market::quality::PriceInTime;

/// A fill with what it belongs to.
#[derive(Clone, Debug)]
pub struct FillRow {
    /// The contract.
    pub symbol: SymbolId,
    /// The execution.
    pub fill: Fill,
    /// Why.
    pub reason: Reason,
    /// The order; `None` when the exchange closed by itself.
    pub order: Option<OrderId>,
    /// What asked for the order.
    pub reference: Option<String>,
}

/// What is to know of an order when it fills.
fn asked_for(request: &OrderRequest) -> (SymbolId, Reason, Option<String>) {
    let reference = request.reference.as_deref().map(str::to_owned);
    (request.symbol, Reason::Order(request.purpose), reference)
}

/// All fills in the order they were processed.
#[must_use]
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "a reader of the log picks the rows it needs; others do not concern it"
)]
pub fn fills(log: &EventLog) -> Vec<FillRow> {
    let mut sent: BTreeMap<OrderId, (SymbolId, Reason, Option<String>)> = BTreeMap::new();
    let mut fills = Vec::new();
    for (_, row) in log.rows() {
        match row {
            Row::Said(Command::Submit(approved)) => {
                let request = approved.request();
                sent.insert(request.id, asked_for(request));
            }
            Row::Sent(request) => {
                sent.insert(request.id, asked_for(request));
            }
            Row::Heard(Event::Order {
                id,
                update: OrderUpdate::Filled { fill, .. },
            }) => {
                if let Some((symbol, reason, reference)) = sent.get(id) {
                    fills.push(FillRow {
                        symbol: *symbol,
                        fill: fill.clone(),
                        reason: *reason,
                        order: Some(*id),
                        reference: reference.clone(),
                    });
                }
            }
            Row::Heard(Event::Account(AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            })) => {
                let row = FillRow {
                    symbol: *symbol,
                    fill: fill.clone(),
                    reason: *cause,
                    order: None,
                    reference: None,
                };
                fills.push(row);
            }
            _ => {}
        }
    }
    fills
}

/// A table as text.
struct Sheet {
    writer: csv::Writer<Vec<u8>>,
}

impl Sheet {
    fn new(columns: &[&str]) -> Self {
        let mut sheet = Self {
            writer: csv::Writer::from_writer(Vec::new()),
        };
        sheet.row(columns);
        sheet
    }

    fn row<T: AsRef<[u8]>>(&mut self, cells: &[T]) {
        self.writer
            .write_record(cells)
            .expect("invariant: memory takes every row, all of one width");
    }

    fn finish(self) -> Vec<u8> {
        self.writer
            .into_inner()
            .expect("invariant: memory takes every row")
    }
}

/// `trades.csv`.
#[must_use]
pub fn trades_csv(outcome: &Outcome, symbols: &Symbols) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "number",
        "symbol",
        "direction",
        "entry_time",
        "exit_time",
        "qty",
        "entry_price_avg",
        "exit_price_avg",
        "entry_cost_usdt",
        "exit_quote_usdt",
        "realized_usdt",
        "fees_usdt",
        "funding_usdt",
        "insurance_usdt",
        "net_usdt",
        "slippage_usdt",
        "initial_risk_usdt",
        "exits",
        "mae_price",
        "mfe_price",
        "ambiguous_bars",
        "entry_reason",
        "reference",
    ]);
    for (index, trade) in outcome.trades.iter().enumerate() {
        let average = |cost: f64| format!("{:.8}", cost / trade.qty.to_f64());
        let exits: Vec<String> = trade.exits.iter().map(ToString::to_string).collect();
        sheet.row(&[
            (index + 1).to_string(),
            symbols.name(trade.symbol).to_string(),
            trade.direction.name().to_owned(),
            trade.entry_time.to_text(),
            trade.exit_time.to_text(),
            trade.qty.to_string(),
            average(trade.entry_cost.to_f64()),
            average(trade.exit_quote.to_f64()),
            trade.entry_cost.to_string(),
            trade.exit_quote.to_string(),
            trade.realized.to_string(),
            trade.fees.to_string(),
            trade.funding.to_string(),
            trade.insurance.to_string(),
            trade.net().to_string(),
            trade.slippage.to_string(),
            trade
                .initial_risk
                .map_or_else(String::new, |risk| risk.to_string()),
            exits.join(" "),
            trade.mae_price.to_string(),
            trade.mfe_price.to_string(),
            trade.ambiguous_bars.to_string(),
            trade.entry_reason.to_string(),
            trade.reference.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    sheet.finish()
}

/// `fills.csv`.
#[must_use]
pub fn fills_csv(fills: &[FillRow], symbols: &Symbols) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "trade_id",
        "time",
        "symbol",
        "side",
        "qty",
        "price",
        "fee_usdt",
        "liquidity",
        "reason",
        "realized_usdt",
        "insurance_usdt",
        "slippage_usdt",
        "order_id",
        "reference",
    ]);
    for row in fills {
        let fill = &row.fill;
        sheet.row(&[
            fill.trade.0.to_string(),
            fill.time.to_text(),
            symbols.name(row.symbol).to_string(),
            fill.side.name().to_owned(),
            fill.qty.to_string(),
            fill.price.to_string(),
            fill.fee.to_string(),
            fill.liquidity.name().to_owned(),
            row.reason.to_string(),
            fill.realized.to_string(),
            fill.insurance.to_string(),
            fill.slippage.to_string(),
            row.order
                .map_or_else(String::new, |order| order.0.to_string()),
            row.reference.clone().unwrap_or_default(),
        ]);
    }
    sheet.finish()
}

/// `ledger.csv`.
#[must_use]
pub fn ledger_csv(outcome: &Outcome, symbols: &Symbols) -> Vec<u8> {
    let mut sheet = Sheet::new(&["sequence", "time", "symbol", "kind", "amount_usdt"]);
    for (index, entry) in outcome.ledger.iter().enumerate() {
        sheet.row(&[
            (index + 1).to_string(),
            entry.time.to_text(),
            entry
                .symbol
                .map_or_else(String::new, |symbol| symbols.name(symbol).to_string()),
            entry.kind.name().to_owned(),
            entry.amount.to_string(),
        ]);
    }
    sheet.finish()
}

/// `signals.csv`: one row for every message of the input, in its order.
#[must_use]
pub fn signals_csv(prepared: &Prepared, verdicts: &Verdicts) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "row",
        "id",
        "type",
        "name",
        "symbol",
        "event_time",
        "received_time",
        "verdict",
        "alpha_id",
        "fomo_id",
        "gap_ms",
        "score",
        "price_in_time",
    ]);
    for (index, raw) in prepared.file.signals.iter().enumerate() {
        let verdict = &verdicts.messages[index];
        let pair = verdict.pair.as_ref();
        let place = prepared.places[index];
        let heard = place.map(|place| &prepared.world.signals[place]);
        let received = heard
            .map(|signal| signal.received_time)
            .or(raw.received_time);
        let price = place.map(|place| prepared.gate.signals[place].price);
        let cell = |text: Option<String>| text.unwrap_or_default();
        sheet.row(&[
            (index + 1).to_string(),
            raw.id.to_string(),
            raw.kind.0.to_string(),
            raw.name.clone(),
            cell(
                prepared.named.contracts[index]
                    .as_ref()
                    .map(ToString::to_string),
            ),
            raw.event_time.to_text(),
            cell(received.map(|time| time.to_text())),
            verdict.name.clone(),
            cell(pair.map(|pair| pair.alpha.to_string())),
            cell(pair.map(|pair| pair.fomo.to_string())),
            cell(pair.map(|pair| pair.gap.millis().to_string())),
            cell(pair.map(|pair| pair.score.total.to_string())),
            price.map_or("", price_name).to_owned(),
        ]);
    }
    sheet.finish()
}

/// How a verdict on a signal's price is written.
#[must_use]
pub const fn price_name(price: PriceInTime) -> &'static str {
    match price {
        PriceInTime::At(_) => "yes",
        PriceInTime::NoSeries => "no_prices",
        PriceInTime::TooLate(_) => "too_late",
        PriceInTime::AfterLastBar => "after_last_bar",
        PriceInTime::OutsideWindow => "outside_window",
    }
}
