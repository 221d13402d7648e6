//! The account at every bar end, derived afterwards from its changes and the prices (T10: it is no part of the event
//! log).
//!
//! Not here: metrics over it (`stats`).

use crate::domain::num::{Money, Notional};
use crate::domain::position::{Position, initial_margin};
use crate::domain::symbol::SymbolId;
use crate::domain::time::Timestamp;
use crate::exchange::history::{AccountStep, Outcome};
use crate::exchange::model::Model;
use crate::market::tape::{Series, Tape};

/// The account at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurvePoint {
    /// A bar end.
    pub time: Timestamp,
    /// Wallet and unrealised profit at the last completed marks.
    pub equity: Notional,
    /// Σ mark × quantity of open positions.
    pub gross: Notional,
    /// Σ initial margin of their costs.
    pub margin: Money,
}

/// The account at every distinct bar end of all symbols after the start (rank 1 of T6): one entry per instant,
/// ascending.
#[must_use]
pub fn account_curve(tape: &Tape, outcome: &Outcome, model: &Model) -> Vec<CurvePoint> {
    let mut positions: Vec<(SymbolId, Position)> = Vec::new();
    let mut wallet = model.balance;
    let mut margin = Money::ZERO;
    let mut steps = outcome.steps.iter().peekable();
    let ends = bar_ends(tape, outcome.start);
    let mut curve = Vec::with_capacity(ends.len());
    for time in ends {
        let belongs = |step: &&AccountStep| step.at < time || (step.at == time && step.rank == 0);
        while let Some(step) = steps.next_if(|step| belongs(step)) {
            wallet = step.wallet;
            positions.retain(|(symbol, _)| *symbol != step.symbol);
            positions.extend(step.position.map(|position| (step.symbol, position)));
            margin = positions
                .iter()
                .map(|(_, position)| initial_margin(position.cost, model.terms.leverage))
                .sum();
        }
        let mut point = CurvePoint {
            time,
            equity: wallet.exact(),
            gross: Notional::ZERO,
            margin,
        };
        for (symbol, position) in &positions {
            let Some(series) = &tape.series[symbol.index()] else {
                continue;
            };
            if let Some(row) = series.last_completed(time) {
                let mark = series.mark_close(row);
                point.equity += position.unrealized(mark);
                point.gross += mark * position.qty;
            }
        }
        curve.push(point);
    }
    curve
}

/// Distinct bar ends of all symbols after an instant, ascending.
fn bar_ends(tape: &Tape, start: Timestamp) -> Vec<Timestamp> {
    let mut ends: Vec<Timestamp> = Vec::new();
    let series: Vec<&Series> = tape.series.iter().flatten().collect();
    for series in &series {
        let bars = series.bars();
        let from = series.last_completed(start).map_or(0, |row| row + 1);
        ends.extend((from..bars.len()).map(|row| bars.end(row)));
    }
    if series.len() > 1 {
        // Each series is ascending already, and the stable sort merges such runs.
        ends.sort();
        ends.dedup();
    }
    ends
}
