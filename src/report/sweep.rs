//! What the page and the pictures of a sweep are made from.
//!
//! Not here: running it (`sweep`), drawing it (`chart::heat`, `html::sweep`).

pub mod axis;
pub mod effect;
pub mod front;
pub mod heat;
pub mod points;
pub mod proof;
pub mod sensitivity;

use self::axis::Axis;
use self::points::Points;
use self::proof::Proof;
use crate::report::format;
use crate::stats::figure::{Figure, Why};
use crate::stats::stability::{Plateau, Wanted};

/// A figure that is drawn or decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// Which way it is better.
    pub wanted: Wanted,
}

impl Goal {
    /// Whether one value is better than another.
    #[must_use]
    pub fn is_better(&self, one: f64, other: f64) -> bool {
        match self.wanted {
            Wanted::More => one > other,
            Wanted::Less => one < other,
        }
    }

    /// Name and direction in words.
    #[must_use]
    pub fn words(&self) -> String {
        let way = match self.wanted {
            Wanted::More => "more is better",
            Wanted::Less => "less is better",
        };
        format!("{} ({way})", self.name)
    }
}

/// How the trials ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub trials: u64,
    /// Those that ran.
    pub done: u64,
    /// Those whose values cannot hold together.
    pub infeasible: u64,
    /// Those that left the range of exact amounts.
    pub beyond: u64,
    /// Those that ran and have no objective.
    pub null_objective: u64,
    /// Of these, those with too few trades.
    pub few_trades: u64,
    /// Those that ran and violate a constraint.
    pub unmet: u64,
}

/// A trial of the ranked table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its index.
    pub trial: u64,
    /// Where it lies.
    pub places: Vec<u32>,
    /// Its values as the configuration writes them.
    pub values: Vec<String>,
    /// The objective.
    pub objective: Option<f64>,
    /// Whether it meets every constraint.
    pub meets: bool,
    /// Its figures by name.
    pub figures: Vec<(&'static str, Option<f64>)>,
    /// How its neighbours do.
    pub plateau: Plateau,
}

impl Row {
    /// One of its figures as text with its unit.
    #[must_use]
    pub fn figure(&self, name: &str) -> String {
        let found = self.figures.iter().find(|(own, _)| *own == name);
        let value = found.and_then(|(_, value)| *value);
        value.map_or(format::NONE.to_owned(), |value| figure_text(name, value))
    }
}

/// A finished sweep.
#[derive(Clone, Debug)]
pub struct SweepReport {
    /// Its short name.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// How points were chosen.
    pub method: String,
    /// Whether inputs were made up.
    pub synthetic: bool,
    /// What decides.
    pub goal: Goal,
    /// What it is drawn against.
    pub against: Goal,
    /// All objectives as the command line takes them, the one that decides first.
    pub objectives: Vec<String>,
    /// What the best must hold.
    pub constraints: Vec<String>,
    /// What must hold between parameters.
    pub predicates: Vec<String>,
    /// Trials with fewer trades are not judged.
    pub trades_min: u64,
    /// How the trials ended.
    pub counts: Counts,
    /// Why infeasible trials are so, most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// Parameters in declared order.
    pub axes: Vec<Axis>,
    /// The best ones, best first.
    pub ranked: Vec<Row>,
    /// Whether the first of them is the best: it has an objective and meets every constraint.
    pub has_best: bool,
    /// All trials, or a sample of them.
    pub points: Points,
    /// Where that is a sample: every trial near the best.
    pub near: Option<Points>,
    /// What a validation found of the best.
    pub proof: Option<Proof>,
}

impl SweepReport {
    /// The best trial.
    #[must_use]
    pub fn best(&self) -> Option<&Row> {
        self.ranked.first().filter(|_| self.has_best)
    }

    /// The point that pictures show the surroundings of: the best, or the first of the ranked that has an objective.
    #[must_use]
    pub fn chosen(&self) -> Option<&Row> {
        self.ranked.first().filter(|row| row.objective.is_some())
    }

    /// Says that trials were left out; empty when none were.
    #[must_use]
    pub fn sampled(&self) -> String {
        let kept = self.points.count();
        if self.near.is_none() {
            return String::new();
        }
        format!(
            "a fair sample of {} of {} trials",
            format::whole(kept),
            format::whole(self.counts.trials)
        )
    }
}

/// A plateau in plain words.
#[must_use]
pub fn plateau_words(name: &str, own: Option<f64>, plateau: &Plateau) -> String {
    let score = match (plateau.score, own, plateau.median.value()) {
        (Figure::Known(score), Some(own), Some(median)) => format!(
            "the median {name} of its {} one step away is {} against its own {} (score {}): {}",
            format::counted(plateau.neighbours, "neighbour", "neighbours"),
            figure_text(name, median),
            figure_text(name, own),
            format::number(score, 2),
            if plateau.is_peak() {
                "a lone peak, lost by a small change of the settings"
            } else {
                "a plateau, it does not hang on one exact setting"
            }
        ),
        (Figure::Undefined(Why::NoStep), _, _) => {
            "no score: only parameters with ordered steps have a next value, ranges of reals have none"
                .to_owned()
        }
        (Figure::Undefined(Why::NotPositive), _, _) => {
            format!("no score: {name} is not above zero, so a share of it says nothing")
        }
        (Figure::Undefined(Why::NoNeighbours), _, _) => {
            "no score: no point one step away was tried and has an objective".to_owned()
        }
        _ => "no score: there is no best trial".to_owned(),
    };
    if plateau.without == 0 {
        return score;
    }
    let without = format::counted(plateau.without, "neighbour", "neighbours");
    format!("{score}; {without} more without an objective")
}

/// A figure of a trial as people read it.
#[must_use]
pub fn figure_text(name: &str, value: f64) -> String {
    match name {
        "total_return" | "cagr" => format::signed_percent(value),
        "max_drawdown" | "annual_volatility" | "ulcer_index" | "win_rate" => format::percent(value),
        "net_usdt" | "expectancy" => format::signed(value, 2),
        "avg_hold_ms" => format::span(value),
        "trades" | "days" | "ambiguous_bars" => format::number(value, 0),
        _ if value.abs() >= 1e6 => format!("{value:.3e}"),
        _ if value != 0.0 && value.abs() < 1e-3 => format!("{value:.2e}"),
        _ => format::number(value, if value.abs() < 100.0 { 3 } else { 1 }),
    }
}

/// A figure as short as an axis or a cell needs it.
#[must_use]
pub fn figure_short(name: &str, value: f64) -> String {
    match name {
        "total_return" | "cagr" | "max_drawdown" | "annual_volatility" | "ulcer_index"
        | "win_rate" => {
            let percent = value * 100.0;
            let decimals = if percent.abs() < 10.0 { 1 } else { 0 };
            format!("{} %", axis::trimmed(&format::number(percent, decimals)))
        }
        "avg_hold_ms" => format::span(value),
        _ if value.abs() >= 1e6 => format!("{value:.1e}"),
        _ if value.abs() >= 100.0 => format::number(value, 0),
        _ if value.abs() >= 10.0 => axis::trimmed(&format::number(value, 1)),
        _ => axis::trimmed(&format::number(value, 2)),
    }
}
