//! Figures of the daily equity series (M1–M3): growth, drawdowns, and the laws of its returns.
//!
//! Not here: the returns as a sample (`returns`), benchmarks (`benchmark`), calendar tables (`calendar`), trades (`trades`).
//! Invariant: every ratio uses daily returns, days without trades included; after a day that ends at or below zero the
//! series ends (M2) and ratios are undefined.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Why, count, millis};
use super::returns::{ReturnLaw, TailLaw, YEAR_DAYS};
use crate::domain::time::{DAY, Timestamp};

/// Below this many days an annualised figure is flagged (M3).
pub const SHORT_DAYS: f64 = 90.0;

/// Equity at the ends of UTC days (M1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DailySeries {
    /// Start of the run.
    pub start: Timestamp,
    /// End of the run; the last day may be partial.
    pub end: Timestamp,
    /// e₀: the initial balance, USDT.
    pub initial: f64,
    /// e₁ … e_n: equity at each rollover before anything of the next day, and at the run's end, USDT.
    pub closes: Vec<f64>,
}

/// M3. Rates are fractions (0.1 is 10 %); days are indices into e₀ … e_n.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DailyMetrics {
    /// e_n/e₀ − 1.
    pub total_return: Figure,
    /// Compound annual growth.
    pub cagr: Figure,
    /// Mean daily return × 365.
    pub annual_return_arithmetic: Figure,
    /// Sample deviation × √365.
    pub annual_volatility: Figure,
    /// Mean over deviation × √365, risk-free 0.
    pub sharpe: Figure,
    /// Mean over downside deviation × √365.
    pub sortino: Figure,
    /// Smallest e_d/max(e₀…e_d) − 1; zero or below.
    pub max_drawdown: Figure,
    /// Day of the last peak at or before the trough.
    pub max_drawdown_peak_day: usize,
    /// Day of the first minimum.
    pub max_drawdown_trough_day: usize,
    /// Longest stretch from a peak to the first day at or above it.
    pub max_underwater_days: usize,
    /// The same as `max_drawdown` over equity at every bar end.
    pub max_drawdown_intraday: Figure,
    /// CAGR over |max drawdown|.
    pub calmar: Figure,
    /// Root mean square of drawdowns.
    pub ulcer_index: Figure,
    /// CAGR over the ulcer index.
    pub ulcer_performance_index: Figure,
    /// Sum of gains over sum of losses of days.
    pub omega_0: Figure,
    /// g₁.
    pub skew: Figure,
    /// g₂; a normal law has 3.
    pub kurtosis: Figure,
    /// 5 % quantile of daily returns.
    pub var_95: Figure,
    /// Mean of the ⌊0.05·(n−1)⌋+1 smallest.
    pub cvar_95: Figure,
    /// |95 % quantile| over |5 % quantile|.
    pub tail_ratio: Figure,
    /// Largest daily return.
    pub best_day: Figure,
    /// Smallest daily return.
    pub worst_day: Figure,
    /// Days that gained.
    pub positive_days: usize,
    /// Daily returns of the series, days after ruin left out.
    pub days: usize,
    /// Elapsed time in days, a real number.
    pub elapsed_days: f64,
    /// Whether annual figures come from fewer than 90 days.
    pub annualised_from_short_run: bool,
    /// Whether equity ended some day at or below zero.
    pub ruined: bool,
}

impl DailySeries {
    /// (end − start) in days.
    #[must_use]
    pub fn elapsed_days(&self) -> f64 {
        millis((self.end - self.start).millis()) / millis(DAY.millis())
    }

    /// e₀ … e_n, cut after the first day at or below zero.
    #[must_use]
    pub fn points(&self) -> Vec<f64> {
        let mut points = Vec::with_capacity(self.closes.len() + 1);
        points.push(self.initial);
        for close in &self.closes {
            let before = points[points.len() - 1];
            if before <= 0.0 {
                break;
            }
            points.push(*close);
        }
        points
    }

    /// One entry per day: e_d/e_{d−1} − 1, or `None` where the day before ended at or below zero.
    #[must_use]
    pub fn returns(&self) -> Vec<Option<f64>> {
        let known = self.points();
        let mut returns: Vec<Option<f64>> = changes(&known).map(Some).collect();
        returns.resize(self.closes.len(), None);
        returns
    }

    /// The returns that exist.
    #[must_use]
    pub fn known_returns(&self) -> Vec<f64> {
        changes(&self.points()).collect()
    }
}

/// e_d/max(e₀…e_d) − 1 for every point; never below −1.
#[must_use]
pub fn drawdowns(points: &[f64]) -> Vec<f64> {
    let mut peak = f64::NEG_INFINITY;
    points
        .iter()
        .map(|point| {
            peak = peak.max(*point);
            if peak > 0.0 {
                (point / peak - 1.0).max(-1.0)
            } else {
                -1.0
            }
        })
        .collect()
}

/// The figures of M3 that decide between runs, and what the others need.
#[derive(Clone, Debug)]
pub struct DailyCore {
    /// e₀ … e_n, cut after ruin.
    pub points: Vec<f64>,
    /// The returns that exist.
    pub returns: Vec<f64>,
    /// Whether equity ended some day at or below zero.
    pub ruined: bool,
    /// e_n/e₀ − 1.
    pub total_return: Figure,
    /// Compound annual growth.
    pub cagr: Figure,
    /// Of the returns.
    pub law: ReturnLaw,
    /// The drawdowns.
    pub shape: DrawdownShape,
}

impl DailyCore {
    /// Computes them.
    #[must_use]
    pub fn of(series: &DailySeries) -> Self {
        let points = series.points();
        let returns: Vec<f64> = changes(&points).collect();
        let last = points[points.len() - 1];
        let ruined = last <= 0.0;
        let (total_return, cagr) = growth(series, last);
        let law = if ruined {
            ReturnLaw::undefined(Why::Ruin)
        } else {
            ReturnLaw::of(&returns)
        };
        Self {
            shape: drawdown_shape(&points),
            points,
            returns,
            ruined,
            total_return,
            cagr,
            law,
        }
    }

    /// Growth a year over something.
    #[must_use]
    pub fn growth_over(&self, denominator: f64) -> Figure {
        if self.ruined {
            return Figure::Undefined(Why::Ruin);
        }
        self.cagr.and(Figure::Known(denominator), |rate, size| {
            Figure::ratio(rate, size, Why::NoDrawdown)
        })
    }

    /// Sample deviation of the returns × √365.
    #[must_use]
    pub fn annual_volatility(&self) -> Figure {
        self.law
            .deviation
            .map(|deviation| deviation * YEAR_DAYS.sqrt())
    }
}

/// From each point to the next.
fn changes(points: &[f64]) -> impl Iterator<Item = f64> {
    points.windows(2).map(|pair| pair[1] / pair[0] - 1.0)
}

/// All figures of M3 but those against a benchmark. `bar_equity` is equity at every bar end, or empty.
#[must_use]
pub fn daily_metrics(series: &DailySeries, bar_equity: &[f64]) -> DailyMetrics {
    let core = DailyCore::of(series);
    let DailyCore {
        points,
        returns,
        ruined,
        total_return,
        cagr,
        law,
        shape,
    } = &core;
    let tails = if *ruined {
        TailLaw::undefined(Why::Ruin)
    } else {
        TailLaw::of(returns)
    };
    DailyMetrics {
        total_return: *total_return,
        cagr: *cagr,
        annual_return_arithmetic: law.mean.map(|mean| mean * YEAR_DAYS),
        annual_volatility: core.annual_volatility(),
        sharpe: law.sharpe,
        sortino: law.sortino,
        max_drawdown: Figure::new(shape.worst),
        max_drawdown_peak_day: shape.peak_day,
        max_drawdown_trough_day: shape.trough_day,
        max_underwater_days: longest_underwater(points),
        max_drawdown_intraday: intraday(series.initial, bar_equity),
        calmar: core.growth_over(shape.worst.abs()),
        ulcer_index: Figure::new(shape.ulcer),
        ulcer_performance_index: core.growth_over(shape.ulcer),
        omega_0: law.omega,
        skew: law.skew,
        kurtosis: law.kurtosis,
        var_95: tails.var,
        cvar_95: tails.cvar,
        tail_ratio: tails.tail,
        best_day: extreme(returns, f64::max),
        worst_day: extreme(returns, f64::min),
        positive_days: returns.iter().filter(|change| **change > 0.0).count(),
        days: returns.len(),
        elapsed_days: series.elapsed_days(),
        annualised_from_short_run: series.elapsed_days() < SHORT_DAYS,
        ruined: *ruined,
    }
}

fn growth(series: &DailySeries, last: f64) -> (Figure, Figure) {
    if series.initial <= 0.0 {
        let undefined = Figure::Undefined(Why::Ruin);
        return (undefined, undefined);
    }
    if last <= 0.0 {
        return (Figure::Known(-1.0), Figure::Known(-1.0));
    }
    let total = last / series.initial;
    let elapsed = series.elapsed_days();
    let cagr = if elapsed > 0.0 {
        Figure::new(total.powf(YEAR_DAYS / elapsed) - 1.0)
    } else {
        Figure::Undefined(Why::NoTime)
    };
    (Figure::new(total - 1.0), cagr)
}

fn intraday(initial: f64, bar_equity: &[f64]) -> Figure {
    if bar_equity.is_empty() {
        return Figure::Undefined(Why::NotRecorded);
    }
    let (mut peak, mut worst) = (initial, 0.0_f64);
    for equity in bar_equity {
        peak = peak.max(*equity);
        worst = worst.min(equity / peak - 1.0);
    }
    Figure::new(worst.max(-1.0))
}

fn extreme(returns: &[f64], pick: fn(f64, f64) -> f64) -> Figure {
    match returns.iter().copied().reduce(pick) {
        Some(value) => Figure::new(value),
        None => Figure::Undefined(Why::NoTime),
    }
}

/// Where and how deep the worst drawdown is, and the ulcer index of them all.
#[derive(Clone, Copy, Debug)]
pub struct DrawdownShape {
    /// The deepest; zero or below.
    pub worst: f64,
    /// Day of the last peak at or before it.
    pub peak_day: usize,
    /// Day of the first minimum.
    pub trough_day: usize,
    /// Root mean square of all.
    pub ulcer: f64,
}

fn drawdown_shape(points: &[f64]) -> DrawdownShape {
    let depths = drawdowns(points);
    let (mut worst, mut trough_day) = (0.0_f64, 0);
    for (day, depth) in depths.iter().enumerate() {
        if *depth < worst {
            (worst, trough_day) = (*depth, day);
        }
    }
    // A day at its own peak has exactly no drawdown, so the last such day is the last peak.
    let peak_day = (0..=trough_day)
        .rev()
        .find(|day| depths[*day] >= 0.0)
        .unwrap_or(0);
    let squares: f64 = depths.iter().skip(1).map(|depth| depth * depth).sum();
    let days = depths.len() - 1;
    let ulcer = if days == 0 {
        0.0
    } else {
        (squares / count(days)).sqrt()
    };
    DrawdownShape {
        worst,
        peak_day,
        trough_day,
        ulcer,
    }
}

fn longest_underwater(points: &[f64]) -> usize {
    let (mut peak_day, mut longest) = (0, 0);
    for (day, point) in points.iter().enumerate() {
        let recovered = *point >= points[peak_day];
        // Neighbouring peaks have no day under water between them.
        if !recovered || day - peak_day > 1 {
            longest = longest.max(day - peak_day);
        }
        if recovered {
            peak_day = day;
        }
    }
    longest
}

impl DailyMetrics {
    /// Every figure that may be undefined, by its name.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        vec![
            ("total_return", self.total_return),
            ("cagr", self.cagr),
            ("annual_return_arithmetic", self.annual_return_arithmetic),
            ("annual_volatility", self.annual_volatility),
            ("sharpe", self.sharpe),
            ("sortino", self.sortino),
            ("max_drawdown", self.max_drawdown),
            ("max_drawdown_intraday", self.max_drawdown_intraday),
            ("calmar", self.calmar),
            ("ulcer_index", self.ulcer_index),
            ("ulcer_performance_index", self.ulcer_performance_index),
            ("omega_0", self.omega_0),
            ("skew", self.skew),
            ("kurtosis", self.kurtosis),
            ("var_95", self.var_95),
            ("cvar_95", self.cvar_95),
            ("tail_ratio", self.tail_ratio),
            ("best_day", self.best_day),
            ("worst_day", self.worst_day),
        ]
    }
}
