//! The way of each finished trade: its signals, executions, resting levels, funding and bars.
//!
//! Not here: amounts (`tables`, the ledger), packing bars (`bars`).

use std::collections::{BTreeMap, VecDeque};

use super::Taken;
use super::bars::Packer;
use crate::backtest::log::Row;
use crate::domain::event::{AccountUpdate, Command, Event, OrderUpdate};
use crate::domain::fill::{Fill, Reason};
use crate::domain::order::{Direction, OrderId, OrderKind, OrderRequest, Watched};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::market::tape::Series;
use crate::report::record::Way;
use crate::report::words::{Phrase, signals};

/// Levels of a trailing stop that are shown at most.
const TRAIL_MAX: usize = 200;

/// A trailing stop that rested.
#[derive(Clone, Copy)]
struct Trail {
    activation: f64,
    callback: f64,
    watched: Watched,
}

/// A position that is open.
#[derive(Default)]
struct Draft {
    held: i64,
    way: Way,
    /// Orders that rest and their place among the levels.
    resting: BTreeMap<OrderId, usize>,
    trail: Option<Trail>,
}

struct Walk<'a> {
    taken: Taken<'a>,
    sent: BTreeMap<OrderId, &'a OrderRequest>,
    open: BTreeMap<SymbolId, Draft>,
    closed: BTreeMap<SymbolId, VecDeque<(Way, Option<Trail>)>>,
    signals: BTreeMap<&'a str, (i64, Phrase)>,
}

pub(super) fn ways(taken: Taken<'_>, packer: &mut Packer) -> Vec<Way> {
    let mut walk = Walk {
        taken,
        sent: BTreeMap::new(),
        open: BTreeMap::new(),
        closed: BTreeMap::new(),
        signals: BTreeMap::new(),
    };
    for signal in &taken.prepared.world.signals {
        let told = (signal.received_time.millis(), signals::kind(signal.kind.0));
        walk.signals.entry(&signal.id).or_insert(told);
    }
    for (at, row) in taken.run.log.rows() {
        walk.read(*at, row);
    }
    let trades = &taken.run.outcome.trades;
    trades
        .iter()
        .map(|trade| {
            let found = walk
                .closed
                .get_mut(&trade.symbol)
                .and_then(VecDeque::pop_front);
            let (mut way, trail) = found.unwrap_or_default();
            let span = (trade.entry_time, trade.exit_time);
            if let Some(series) = taken.prepared.world.tape.series[trade.symbol.index()].as_ref() {
                way.bars = packer.pack(series, span);
                if let Some(trail) = trail {
                    way.trail = followed(series, trail, trade.direction, span);
                }
            }
            way
        })
        .collect()
}

impl<'a> Walk<'a> {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "a reader of the log picks the rows it needs; others do not concern it"
    )]
    fn read(&mut self, at: Timestamp, row: &'a Row) {
        match row {
            Row::Said(Command::Submit(approved)) => self.submitted(at, approved.request()),
            Row::Sent(request) => self.submitted(at, request),
            Row::Heard(Event::Order { id, update }) => match update {
                OrderUpdate::Filled { fill, complete, .. } => {
                    let Some(request) = self.sent.get(id).copied() else {
                        return;
                    };
                    if *complete {
                        self.ended(request.symbol, *id, fill.time);
                    }
                    self.filled(
                        request.symbol,
                        Reason::Order(request.purpose),
                        fill,
                        Some(request),
                    );
                }
                OrderUpdate::Canceled { .. } | OrderUpdate::Rejected(_) => {
                    if let Some(request) = self.sent.get(id) {
                        self.ended(request.symbol, *id, at);
                    }
                }
                _ => {}
            },
            Row::Heard(Event::Account(AccountUpdate::Closed {
                symbol,
                cause,
                fill,
            })) => self.filled(*symbol, *cause, fill, None),
            Row::Heard(Event::Account(AccountUpdate::Funding { symbol, amount })) => {
                if let Some(draft) = self.open.get_mut(symbol) {
                    draft.way.funding.push((at.millis(), amount.to_f64()));
                }
            }
            _ => {}
        }
    }

    fn submitted(&mut self, at: Timestamp, request: &'a OrderRequest) {
        self.sent.insert(request.id, request);
        let Some(draft) = self.open.get_mut(&request.symbol) else {
            return;
        };
        let price = match request.kind {
            OrderKind::Stop { trigger, .. } | OrderKind::TakeProfit { trigger, .. } => trigger,
            OrderKind::Limit { price, .. } => price,
            OrderKind::Trail {
                activation,
                callback,
                watched,
            } => {
                draft.trail = Some(Trail {
                    activation: activation.to_f64(),
                    callback: callback.to_f64(),
                    watched,
                });
                return;
            }
            OrderKind::Market => return,
        };
        let end = self.taken.run.outcome.end.millis();
        draft.resting.insert(request.id, draft.way.levels.len());
        let purpose = request.purpose.to_string();
        let level = (at.millis(), end, price.to_f64(), purpose);
        draft.way.levels.push(level);
    }

    /// An order rests no more.
    fn ended(&mut self, symbol: SymbolId, id: OrderId, at: Timestamp) {
        if let Some(draft) = self.open.get_mut(&symbol)
            && let Some(place) = draft.resting.remove(&id)
        {
            draft.way.levels[place].1 = at.millis();
        }
    }

    fn filled(
        &mut self,
        symbol: SymbolId,
        reason: Reason,
        fill: &Fill,
        request: Option<&OrderRequest>,
    ) {
        let draft = self.open.entry(symbol).or_default();
        let signed = fill.qty.steps() * fill.side.sign();
        let reduces = draft.held.signum() * signed.signum() < 0;
        draft.held += signed;
        let (time, price, qty) = (fill.time.millis(), fill.price.to_f64(), fill.qty.to_f64());
        if reduces {
            draft.way.exits.push((time, price, qty, reason.to_string()));
        } else {
            draft.way.entries.push((time, price, qty));
            let reference = request.and_then(|request| request.reference.as_deref());
            for id in reference.unwrap_or_default().split('+') {
                draft.way.signals.extend(self.signals.get(id).cloned());
            }
        }
        if draft.held == 0
            && let Some(mut draft) = self.open.remove(&symbol)
        {
            for place in draft.resting.into_values() {
                draft.way.levels[place].1 = time;
            }
            let closed = self.closed.entry(symbol).or_default();
            closed.push_back((draft.way, draft.trail));
        }
    }
}

/// Levels of a trailing stop at bar ends, as far as bars tell (F9 follows the path inside them).
fn followed(
    series: &Series,
    trail: Trail,
    direction: Direction,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(i64, f64)> {
    let bars = series.bars();
    let mark = series.mark().filter(|_| trail.watched == Watched::Mark);
    let long = direction == Direction::Long;
    let mut best: Option<f64> = None;
    let mut levels: Vec<(i64, f64)> = Vec::new();
    for row in series.row_from(from)..series.row_from(to) {
        // Of the bar of the exit nobody can say which came first.
        if series.end_time(row) > to {
            break;
        }
        let price = match (long, mark) {
            (true, Some(mark)) => mark.high[row],
            (true, None) => bars.high[row],
            (false, Some(mark)) => mark.low[row],
            (false, None) => bars.low[row],
        };
        let price = price.to_f64();
        let beyond = |level: f64| if long { price > level } else { price < level };
        let active = best.is_some() || beyond(trail.activation) || same(price, trail.activation);
        if active && best.is_none_or(beyond) {
            best = Some(price);
            let share = if long {
                1.0 - trail.callback
            } else {
                1.0 + trail.callback
            };
            levels.push((series.end_time(row).millis(), price * share));
        }
    }
    let every = levels.len().div_ceil(TRAIL_MAX).max(1);
    let last = levels.len().saturating_sub(1);
    let kept = levels.into_iter().enumerate();
    kept.filter(|(place, _)| place % every == 0 || *place == last)
        .map(|(_, level)| level)
        .collect()
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= f64::EPSILON * other.abs()
}
