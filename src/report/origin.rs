//! Where the configuration of a run comes from, when it is the best of a sweep: what was tried, how its neighbours did,
//! whether the run is still that trial's.
//!
//! Not here: reading a sweep's folder (`sweep::origin`), comparing the run with it (`backtest::origin`), looks (`panels`,
//! `html::sensitivity`). Invariant: none of it is part of the run's identity.

use serde::{Deserialize, Serialize};

use super::input::RunReport;
use crate::stats::figure::{Figure, count};

/// The sweep behind a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The sweep's short name.
    pub sweep: String,
    /// How its points were chosen.
    pub method: String,
    /// All its trials.
    pub trials: u64,
    /// Those that ran.
    pub ran: u64,
    /// The figure that decided.
    pub objective: String,
    /// Whether less of it is better.
    pub less: bool,
    /// The best trial.
    pub trial: u64,
    /// Its objective.
    pub value: Option<f64>,
    /// How its neighbours do.
    pub plateau: Around,
    /// Each parameter alone; `None` when the sweep did not write it down.
    pub parameters: Option<Vec<Swept>>,
    /// Place of this very run among the first of the ranking, from 1.
    pub rank: Option<u64>,
    /// How many places were looked through.
    pub ranked: u64,
    /// What makes this run another one than the best trial's.
    pub differs: Vec<Difference>,
}

/// The plateau (V8) of the best trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Around {
    /// Median of the neighbours as a share of the best.
    pub score: Option<f64>,
    /// Median of the neighbours.
    pub median: Option<f64>,
    /// Neighbours with an objective.
    pub neighbours: u64,
    /// Neighbours that ran without one.
    pub without: u64,
    /// Why there is no score.
    pub why: Option<NoScore>,
}

/// Why a plateau has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoScore {
    /// No parameter has a next value.
    NoStep,
    /// The objective is not above zero.
    NotPositive,
    /// No neighbour was tried or has an objective.
    NoNeighbours,
}

/// A swept parameter and the objective over its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swept {
    /// As tables call it.
    pub name: String,
    /// The key it sets.
    pub key: String,
    /// Unit of its values; may be empty.
    pub unit: String,
    /// Whether its values have an order.
    pub ordered: bool,
    /// Whether values are medians of all trials there, since no other trial differs in this parameter alone.
    pub medians: bool,
    /// Values next to the best one, in order.
    pub tried: Vec<Tried>,
}

/// A value of a parameter, or a range of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// As the configuration writes it.
    pub label: String,
    /// The objective; `None` when it is undefined or nothing could run.
    pub value: Option<f64>,
    /// Trials behind it.
    pub trials: u64,
    /// Whether it is the best trial's own.
    pub best: bool,
    /// Whether nothing could run there.
    pub excluded: bool,
}

/// Something that a run has differently from the best trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Difference {
    /// A setting: its key, the best's value, this run's.
    Setting(String, String, String),
    /// Other signals, or another window of them.
    Signals,
    /// Other prices.
    Prices,
    /// Another version of the program: the sweep's, this one's.
    Version(String, String),
    /// Another event log from the same inputs.
    Events,
}

impl Swept {
    /// Name with unit.
    #[must_use]
    pub fn title(&self) -> String {
        match self.unit.as_str() {
            "" => self.name.clone(),
            unit => format!("{}, {unit}", self.name),
        }
    }

    /// The value before the best one, the best one, the value after it.
    #[must_use]
    pub fn around(&self) -> [Option<&Tried>; 3] {
        let Some(best) = self.tried.iter().position(|tried| tried.best) else {
            return [None; 3];
        };
        let before = best.checked_sub(1).and_then(|place| self.tried.get(place));
        [before, self.tried.get(best), self.tried.get(best + 1)]
    }
}

/// A figure of a run by the name that objectives have, as a sweep judges it.
#[must_use]
pub fn figure(run: &RunReport, name: &str) -> Option<f64> {
    let metrics = &run.metrics;
    let (daily, trades) = (&metrics.daily, &metrics.trades);
    let found = match name {
        "trades" => Figure::Known(count(trades.n)),
        "days" => Figure::Known(count(daily.days)),
        "net_usdt" => Figure::Known(metrics.final_equity - metrics.initial),
        "ambiguous_bars" => {
            let bars = usize::try_from(run.paths.ambiguous).ok()?;
            Figure::Known(count(bars))
        }
        "total_return" => daily.total_return,
        "cagr" => daily.cagr,
        "sharpe" => daily.sharpe,
        "sortino" => daily.sortino,
        // It is judged by its size.
        "max_drawdown" => daily.max_drawdown.map(f64::abs),
        "calmar" => daily.calmar,
        "ulcer_index" => daily.ulcer_index,
        "annual_volatility" => daily.annual_volatility,
        "skew" => daily.skew,
        "kurtosis" => daily.kurtosis,
        "win_rate" => trades.win_rate,
        "profit_factor" => trades.profit_factor,
        "expectancy" => trades.expectancy,
        "expectancy_r" => trades.expectancy_r,
        "sqn" => trades.sqn,
        "avg_hold_ms" => trades.avg_hold_ms,
        _ => return None,
    };
    found.value()
}
