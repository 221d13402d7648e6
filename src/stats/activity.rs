//! How much of the time and of the account was at work (M5).
//!
//! Not here: results (`trades`), what activity cost (`costs`).

use serde::{Deserialize, Serialize};

use super::equity::DailySeries;
use super::figure::{Figure, Why, count, millis};
use super::quantile;
use super::returns::YEAR_DAYS;
use super::trade_row::TradeRow;
use crate::domain::time::Timestamp;

/// The account at bar ends, as columns of one length; `gross_notional` and `margin` may be empty when not recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarSeries {
    /// Bar ends, ascending.
    pub time: Vec<Timestamp>,
    /// Equity, USDT.
    pub equity: Vec<f64>,
    /// Σ |notional| of open positions at their marks, USDT.
    pub gross_notional: Vec<f64>,
    /// Initial margin in use, USDT.
    pub margin: Vec<f64>,
}

/// M5. Shares are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityMetrics {
    /// Share of the run with at least one position.
    pub exposure_time: Figure,
    /// Time-weighted mean of Σ notional / equity.
    pub gross_exposure: Figure,
    /// Σ |fill notional| over mean equity, a year.
    pub turnover_annual: Figure,
    /// Finished trades per elapsed day.
    pub trades_per_day: Figure,
    /// Most positions open at once.
    pub peak_concurrent_positions: usize,
    /// Largest margin in use over equity.
    pub peak_margin_use: Figure,
}

impl ActivityMetrics {
    /// Every figure that may be undefined, by its name.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        vec![
            ("exposure_time", self.exposure_time),
            ("gross_exposure", self.gross_exposure),
            ("turnover_annual", self.turnover_annual),
            ("trades_per_day", self.trades_per_day),
            ("peak_margin_use", self.peak_margin_use),
        ]
    }
}

/// All figures of M5. `fill_notional` is Σ price × quantity over all fills, those of positions still open included.
#[must_use]
pub fn activity_metrics(
    series: &DailySeries,
    rows: &[TradeRow],
    fill_notional: f64,
    bars: &BarSeries,
) -> ActivityMetrics {
    let length = millis((series.end - series.start).millis());
    let mean_equity = quantile::mean(&series.points()).unwrap_or(0.0);
    ActivityMetrics {
        exposure_time: Figure::ratio(millis(held(rows)), length, Why::NoTime),
        gross_exposure: time_weighted(series, bars, &bars.gross_notional),
        turnover_annual: Figure::ratio(fill_notional, mean_equity, Why::Ruin)
            .and(Figure::Known(series.elapsed_days()), |turns, days| {
                Figure::ratio(turns * YEAR_DAYS, days, Why::NoTime)
            }),
        trades_per_day: Figure::ratio(count(rows.len()), series.elapsed_days(), Why::NoTime),
        peak_concurrent_positions: peak_concurrent(rows),
        peak_margin_use: peak_share(bars),
    }
}

/// Measure of the union of holding intervals, ms.
fn held(rows: &[TradeRow]) -> i64 {
    let mut intervals: Vec<(i64, i64)> = rows
        .iter()
        .map(|row| (row.entry_time.millis(), row.exit_time.millis()))
        .collect();
    intervals.sort_unstable();
    let (mut total, mut covered_to) = (0, i64::MIN);
    for (entry, exit) in intervals {
        let from = entry.max(covered_to);
        if exit > from {
            total += exit - from;
            covered_to = exit;
        }
    }
    total
}

/// Positions count on [entry, exit); one that ended in the instant it began counts in that instant.
fn peak_concurrent(rows: &[TradeRow]) -> usize {
    let mut changes: Vec<(i64, i32)> = Vec::with_capacity(rows.len() * 2);
    for row in rows {
        let entry = row.entry_time.millis();
        changes.push((entry, 1));
        changes.push((row.exit_time.millis().max(entry + 1), -1));
    }
    // Exits sort before entries of the same instant (T6).
    changes.sort_unstable();
    let (mut open, mut peak) = (0, 0);
    for (_, change) in changes {
        open += change;
        peak = peak.max(open);
    }
    usize::try_from(peak).unwrap_or(0)
}

/// The mean of column/equity, each value holding until the next bar end.
fn time_weighted(series: &DailySeries, bars: &BarSeries, column: &[f64]) -> Figure {
    if column.is_empty() || column.len() != bars.time.len() || bars.equity.len() != column.len() {
        return Figure::Undefined(Why::NotRecorded);
    }
    let ends = bars
        .time
        .iter()
        .skip(1)
        .copied()
        .chain(std::iter::once(series.end));
    let mut sum = 0.0;
    for (row, end) in ends.enumerate() {
        if bars.equity[row] > 0.0 {
            let weight = millis((end - bars.time[row]).millis()).max(0.0);
            sum += column[row] / bars.equity[row] * weight;
        }
    }
    Figure::ratio(
        sum,
        millis((series.end - series.start).millis()),
        Why::NoTime,
    )
}

fn peak_share(bars: &BarSeries) -> Figure {
    let shares = bars
        .margin
        .iter()
        .zip(&bars.equity)
        .filter(|(_, equity)| **equity > 0.0)
        .map(|(margin, equity)| margin / equity);
    match shares.reduce(f64::max) {
        Some(share) => Figure::new(share),
        None => Figure::Undefined(Why::NotRecorded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::Direction;

    fn held_from(entry: i64, exit: i64) -> TradeRow {
        TradeRow {
            symbol: "AUSDT".to_owned(),
            direction: Some(Direction::Long),
            entry_time: Timestamp::from_millis(entry),
            exit_time: Timestamp::from_millis(exit),
            qty: None,
            entry_notional: 0.0,
            exit_notional: 0.0,
            realized: 0.0,
            net: 0.0,
            fees: 0.0,
            funding: 0.0,
            slippage: 0.0,
            risk: None,
            exits: Vec::new(),
            mae: None,
            mfe: None,
            time_to_mfe: None,
            score: None,
            gap: None,
            ambiguous_bars: 0,
        }
    }

    #[test]
    fn overlapping_holds_are_counted_once_and_touching_ones_do_not_overlap() {
        let rows = [
            held_from(0, 10),
            held_from(5, 12),
            held_from(20, 20),
            held_from(20, 30),
        ];
        assert_eq!(held(&rows), 22);
        assert_eq!(peak_concurrent(&rows), 2);
        assert_eq!(peak_concurrent(&[held_from(0, 10), held_from(10, 20)]), 1);
        assert_eq!(peak_concurrent(&[]), 0);
    }
}
