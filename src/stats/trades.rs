//! Figures of finished trades (M4); a trade is flat to flat.
//!
//! Not here: when capital was busy (`activity`), groups of trades (`breakdown`), one trade (`trade_row`).
//! Invariant: a trade without a known risk takes no part in R figures, and nowhere else is left out.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Why, count, millis};
use super::quantile;
use super::trade_row::TradeRow;

/// M4. Amounts in USDT, excursions as fractions of the entry price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeMetrics {
    /// Finished trades.
    pub n: usize,
    /// Net above zero.
    pub wins: usize,
    /// Net below zero.
    pub losses: usize,
    /// Net of exactly zero.
    pub flats: usize,
    /// Wins over n.
    pub win_rate: Figure,
    /// Sum of winning nets.
    pub gross_profit: f64,
    /// Sum of |losing nets|.
    pub gross_loss: f64,
    /// Gross profit over gross loss.
    pub profit_factor: Figure,
    /// Mean winning net.
    pub avg_win: Figure,
    /// Mean |losing net|.
    pub avg_loss: Figure,
    /// Average win over average loss.
    pub payoff: Figure,
    /// Mean net.
    pub expectancy: Figure,
    /// Mean net in multiples of initial risk.
    pub expectancy_r: Figure,
    /// √n · mean R / s(R).
    pub sqn: Figure,
    /// √min(n, 100) · mean R / s(R).
    pub sqn_capped_100: Figure,
    /// p − (1 − p)/payoff.
    pub kelly: Figure,
    /// Most wins in a row, by exit time.
    pub max_win_streak: usize,
    /// Most losses in a row, by exit time.
    pub max_loss_streak: usize,
    /// Mean holding time.
    pub avg_hold_ms: Figure,
    /// Median holding time.
    pub median_hold_ms: Figure,
    /// Mean worst excursion.
    pub avg_mae: Figure,
    /// Mean best excursion.
    pub avg_mfe: Figure,
    /// Mean worst excursion in R.
    pub avg_mae_r: Figure,
    /// Mean best excursion in R.
    pub avg_mfe_r: Figure,
    /// Mean best over mean |worst| excursion.
    pub edge_ratio: Figure,
    /// Mean time from entry to the best excursion.
    pub avg_time_to_mfe_ms: Figure,
    /// Largest net.
    pub best_trade: Figure,
    /// Smallest net.
    pub worst_trade: Figure,
}

/// The figures of M4 that decide between runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TradeCore {
    /// Wins over n.
    pub win_rate: Figure,
    /// Gross profit over gross loss.
    pub profit_factor: Figure,
    /// Mean net.
    pub expectancy: Figure,
    /// Mean net in multiples of initial risk.
    pub expectancy_r: Figure,
    /// √n · mean R / s(R).
    pub sqn: Figure,
    /// Mean holding time.
    pub avg_hold_ms: Figure,
}

impl TradeCore {
    /// From the nets of all trades, the R of those with a risk, and all holding times in ms.
    #[must_use]
    pub fn of(nets: &[f64], risks: &[f64], holds: &[f64]) -> Self {
        let gains = nets.iter().copied().filter(|net| *net > 0.0);
        let losses: f64 = nets.iter().copied().filter(|net| *net < 0.0).sum();
        let gross_profit: f64 = gains.clone().sum();
        let some = |figure: Figure| {
            if nets.is_empty() {
                Figure::Undefined(Why::NoTrades)
            } else {
                figure
            }
        };
        Self {
            win_rate: Figure::ratio(count(gains.count()), count(nets.len()), Why::NoTrades),
            profit_factor: some(Figure::ratio(gross_profit, -losses, Why::NoLosses)),
            expectancy: mean_of(nets, Why::NoTrades),
            expectancy_r: some(mean_of(risks, Why::NoRisk)),
            sqn: some(quality(risks, usize::MAX)),
            avg_hold_ms: mean_of(holds, Why::NoTrades),
        }
    }
}

/// All figures of M4, whatever the order of `rows`.
#[must_use]
pub fn trade_metrics(rows: &[TradeRow]) -> TradeMetrics {
    let nets: Vec<f64> = rows.iter().map(|row| row.net).collect();
    let wins: Vec<f64> = nets.iter().copied().filter(|net| *net > 0.0).collect();
    let losses: Vec<f64> = nets.iter().copied().filter(|net| *net < 0.0).collect();
    let gross_profit: f64 = wins.iter().sum();
    let gross_loss = -losses.iter().sum::<f64>();
    let avg_win = Figure::ratio(gross_profit, count(wins.len()), Why::NoWins);
    let avg_loss = Figure::ratio(gross_loss.abs(), count(losses.len()), Why::NoLosses);
    let payoff = avg_win.and(avg_loss, |win, loss| {
        Figure::ratio(win, loss, Why::NoLosses)
    });
    let risks: Vec<f64> = rows.iter().filter_map(TradeRow::r).collect();
    let (max_win_streak, max_loss_streak) = streaks(rows);
    let holds: Vec<f64> = rows.iter().map(|row| millis(row.hold().millis())).collect();
    let excursions = Excursions::of(rows);
    let core = TradeCore::of(&nets, &risks, &holds);
    let win_rate = core.win_rate;
    TradeMetrics {
        n: rows.len(),
        wins: wins.len(),
        losses: losses.len(),
        flats: rows.len() - wins.len() - losses.len(),
        win_rate,
        gross_profit,
        gross_loss: gross_loss.abs(),
        profit_factor: core.profit_factor,
        avg_win: and_trades(rows, || avg_win),
        avg_loss: and_trades(rows, || avg_loss),
        payoff: and_trades(rows, || payoff),
        expectancy: core.expectancy,
        expectancy_r: core.expectancy_r,
        sqn: core.sqn,
        sqn_capped_100: and_trades(rows, || quality(&risks, 100)),
        kelly: and_trades(rows, || {
            win_rate.and(payoff, |p, ratio| {
                Figure::ratio(1.0 - p, ratio, Why::NoWins).map(|cost| p - cost)
            })
        }),
        max_win_streak,
        max_loss_streak,
        avg_hold_ms: core.avg_hold_ms,
        median_hold_ms: known_or(quantile::median(&holds), Why::NoTrades),
        avg_mae: and_trades(rows, || excursions.mae),
        avg_mfe: and_trades(rows, || excursions.mfe),
        avg_mae_r: and_trades(rows, || excursions.mae_r),
        avg_mfe_r: and_trades(rows, || excursions.mfe_r),
        edge_ratio: and_trades(rows, || excursions.edge),
        avg_time_to_mfe_ms: and_trades(rows, || excursions.time_to_mfe),
        best_trade: known_or(nets.iter().copied().reduce(f64::max), Why::NoTrades),
        worst_trade: known_or(nets.iter().copied().reduce(f64::min), Why::NoTrades),
    }
}

/// The figure, or that there are no trades: the plainest reason comes first.
fn and_trades(rows: &[TradeRow], figure: impl FnOnce() -> Figure) -> Figure {
    if rows.is_empty() {
        Figure::Undefined(Why::NoTrades)
    } else {
        figure()
    }
}

fn known_or(value: Option<f64>, why: Why) -> Figure {
    value.map_or(Figure::Undefined(why), Figure::new)
}

fn mean_of(sample: &[f64], why: Why) -> Figure {
    known_or(quantile::mean(sample), why)
}

/// System quality number with n capped.
fn quality(risks: &[f64], cap: usize) -> Figure {
    if risks.is_empty() {
        return Figure::Undefined(Why::NoRisk);
    }
    let (Some(mean), Some(deviation)) = (quantile::mean(risks), quantile::deviation(risks)) else {
        return Figure::Undefined(Why::FewRisks);
    };
    let size = count(risks.len().min(cap)).sqrt();
    Figure::ratio(size * mean, deviation, Why::NoVariance)
}

/// Longest runs of wins and of losses in order of exit time; a flat trade breaks both.
fn streaks(rows: &[TradeRow]) -> (usize, usize) {
    let mut by_exit: Vec<&TradeRow> = rows.iter().collect();
    by_exit.sort_by_key(|row| row.exit_time);
    let (mut wins, mut losses, mut best) = (0, 0, (0, 0));
    for row in by_exit {
        wins = if row.net > 0.0 { wins + 1 } else { 0 };
        losses = if row.net < 0.0 { losses + 1 } else { 0 };
        best = (best.0.max(wins), best.1.max(losses));
    }
    best
}

/// Means of the excursions.
struct Excursions {
    mae: Figure,
    mfe: Figure,
    mae_r: Figure,
    mfe_r: Figure,
    edge: Figure,
    time_to_mfe: Figure,
}

impl Excursions {
    fn of(rows: &[TradeRow]) -> Self {
        let list = |pick: fn(&TradeRow) -> Option<f64>| -> Vec<f64> {
            rows.iter().filter_map(pick).collect()
        };
        let worst = list(|row| row.mae);
        let best = list(|row| row.mfe);
        let worst_size: Vec<f64> = worst.iter().map(|value| value.abs()).collect();
        let mfe = mean_of(&best, Why::NotRecorded);
        let edge = mfe.and(mean_of(&worst_size, Why::NotRecorded), |best, worst| {
            Figure::ratio(best, worst, Why::NoVariance)
        });
        let in_r = |pick: fn(&TradeRow) -> Option<f64>| {
            let values = list(pick);
            mean_of(&values, Why::NoRisk)
        };
        Self {
            mae: mean_of(&worst, Why::NotRecorded),
            mfe,
            mae_r: in_r(|row| row.mae.and_then(|mae| row.in_r(mae * row.entry_notional))),
            mfe_r: in_r(|row| row.mfe.and_then(|mfe| row.in_r(mfe * row.entry_notional))),
            edge,
            time_to_mfe: mean_of(
                &list(|row| row.time_to_mfe.map(|span| millis(span.millis()))),
                Why::NotRecorded,
            ),
        }
    }
}

impl TradeMetrics {
    /// Every figure that may be undefined, by its name.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        vec![
            ("win_rate", self.win_rate),
            ("profit_factor", self.profit_factor),
            ("avg_win", self.avg_win),
            ("avg_loss", self.avg_loss),
            ("payoff", self.payoff),
            ("expectancy", self.expectancy),
            ("expectancy_r", self.expectancy_r),
            ("sqn", self.sqn),
            ("sqn_capped_100", self.sqn_capped_100),
            ("kelly", self.kelly),
            ("avg_hold_ms", self.avg_hold_ms),
            ("median_hold_ms", self.median_hold_ms),
            ("avg_mae", self.avg_mae),
            ("avg_mfe", self.avg_mfe),
            ("avg_mae_r", self.avg_mae_r),
            ("avg_mfe_r", self.avg_mfe_r),
            ("edge_ratio", self.edge_ratio),
            ("avg_time_to_mfe_ms", self.avg_time_to_mfe_ms),
            ("best_trade", self.best_trade),
            ("worst_trade", self.worst_trade),
        ]
    }
}
