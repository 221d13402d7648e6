//! Equity at every bar end, derived afterwards from the account's changes and the prices (T10: it is no part of the
//! event log).
//!
//! Not here: metrics over it (`stats`).

use crate::domain::num::{Money, Notional};
use crate::domain::position::Position;
use crate::domain::time::Timestamp;
use crate::exchange::history::{AccountStep, Outcome};
use crate::market::tape::Tape;

/// Equity at every distinct bar end of all symbols after the start (rank 1 of T6): one entry per instant, ascending.
#[must_use]
pub fn equity_curve(tape: &Tape, outcome: &Outcome, balance: Money) -> Vec<(Timestamp, Notional)> {
    let mut ends: Vec<Timestamp> = Vec::new();
    for series in tape.series.iter().flatten() {
        let bars = series.bars();
        let from = bars
            .open_time
            .partition_point(|open| *open + bars.interval <= outcome.start);
        ends.extend((from..bars.len()).map(|row| bars.end(row)));
    }
    ends.sort_unstable();
    ends.dedup();
    let mut positions: Vec<Option<Position>> = vec![None; tape.symbols.len()];
    let mut wallet = balance;
    let mut steps = outcome.steps.iter().peekable();
    let mut open: Vec<usize> = Vec::new();
    let mut curve = Vec::with_capacity(ends.len());
    for end in ends {
        let belongs = |step: &&AccountStep| step.at < end || (step.at == end && step.rank == 0);
        while let Some(step) = steps.next_if(|step| belongs(step)) {
            wallet = step.wallet;
            positions[step.symbol.index()] = step.position;
            open = (0..positions.len())
                .filter(|index| positions[*index].is_some())
                .collect();
        }
        let mut equity = wallet.exact();
        for index in &open {
            let (Some(position), Some(series)) = (&positions[*index], &tape.series[*index]) else {
                continue;
            };
            if let Some(row) = series.last_completed(end) {
                equity += position.unrealized(series.mark_close(row));
            }
        }
        curve.push((end, equity));
    }
    curve
}
