//! What decides between trials: a figure or several, limits on others, a least number of trades; declared before the
//! run (W5).
//!
//! Not here: the figures (`figures`), who is dominated by whom (`front`).
//! Invariant: an undefined figure is worst; ties go to the lower trial index, so the order of finishing never matters.

use std::cmp::Ordering;

use crate::settings::names;
use crate::settings::relation::Relation;
use crate::sweep::figures::{Better, Figures, METRICS, TRADES, number};

/// Trades below which a result says nothing (W5).
pub const TRADES_MIN: u64 = 30;

/// What decides when nothing is said.
pub const DEFAULT: &str = "sharpe";

/// Most objectives: with more, hardly a trial is dominated by another.
pub const OBJECTIVES_MAX: usize = 4;

/// Objectives, constraints and least number of trades.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Never empty; the first one decides.
    goals: Vec<Goal>,
    limits: Vec<Limit>,
    /// Below so many trades the objective is null.
    pub trades_min: u64,
}

/// A figure and the way it should go.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Goal {
    metric: usize,
    better: Better,
}

/// A figure that must keep a bound.
#[derive(Clone, Debug, PartialEq)]
struct Limit {
    metric: usize,
    relation: Relation,
    bound: f64,
}

/// How one trial does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The figure that decides; `None` is worst.
    pub objective: Option<f64>,
    /// Whether every constraint holds; an undefined figure holds none.
    pub meets: bool,
}

/// A trial as those who learn from it hear of it: less is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// By the objective that decides; `None` is worst.
    pub cost: Option<f64>,
    /// By every objective; empty when one of them is undefined.
    pub costs: Vec<f64>,
    /// Whether every constraint holds.
    pub meets: bool,
}

impl Told {
    /// Where it stands among others: 0 for a trial that could be the best, 1 for one that violates a constraint, 2 for
    /// one without an objective; then the cost.
    #[must_use]
    pub fn merit(&self) -> (u8, f64) {
        match (self.cost, self.meets) {
            (Some(cost), true) => (0, cost),
            (Some(cost), false) => (1, cost),
            (None, _) => (2, 0.0),
        }
    }
}

/// Better first, as [`Ranking::order`] has it; ties are left to the index.
#[must_use]
pub fn by_merit(one: (u8, f64), other: (u8, f64)) -> Ordering {
    one.0.cmp(&other.0).then_with(|| one.1.total_cmp(&other.1))
}

/// Why something cannot be judged by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankingError {
    /// No such figure.
    #[error("'{text}': there is no figure '{name}'\nhint: {hint}")]
    Unknown {
        /// What was typed.
        text: String,
        /// The name in it.
        name: String,
        /// The nearest, or all.
        hint: String,
    },
    /// One figure twice.
    #[error("the objective '{name}' is there twice\nhint: name each figure once")]
    Twice {
        /// The figure.
        name: &'static str,
    },
    /// Too many objectives.
    #[error(
        "{count} objectives are more than {OBJECTIVES_MAX}\nhint: judge the rest by constraints, such as max_drawdown <= 0.2"
    )]
    Many {
        /// How many.
        count: usize,
    },
    /// No comparison with a number.
    #[error("'{text}' is no constraint\nhint: for example max_drawdown <= 0.2")]
    NoLimit {
        /// What was typed.
        text: String,
    },
    /// A bound below zero on a size.
    #[error(
        "'{text}': '{name}' is judged by its size, and a size is never below 0\nhint: {name} <= 0.2 allows a fall of 20 %"
    )]
    Negative {
        /// What was typed.
        text: String,
        /// The figure.
        name: &'static str,
    },
}

impl Ranking {
    /// Reads `sharpe` (or `min:ulcer_index`, `max:trades`, or several with commas between) and constraints such as
    /// `max_drawdown <= 0.2`.
    ///
    /// # Errors
    /// When one of them makes no sense.
    pub fn read(
        objective: &str,
        constraints: &[String],
        trades_min: u64,
    ) -> Result<Self, RankingError> {
        let goals = objective.split(',').map(goal);
        let goals: Vec<Goal> = goals.collect::<Result<_, _>>()?;
        for (place, goal) in goals.iter().enumerate() {
            if goals[..place].iter().any(|own| own.metric == goal.metric) {
                let name = METRICS[goal.metric].name;
                return Err(RankingError::Twice { name });
            }
        }
        if goals.len() > OBJECTIVES_MAX {
            return Err(RankingError::Many { count: goals.len() });
        }
        let limits = constraints.iter().map(|text| limit(text));
        Ok(Self {
            goals,
            limits: limits.collect::<Result<_, _>>()?,
            trades_min,
        })
    }

    /// The objective that decides, as it is read back.
    #[must_use]
    pub fn objective(&self) -> String {
        self.first().text()
    }

    /// All objectives, as each is read back; the first one decides.
    #[must_use]
    pub fn objectives(&self) -> Vec<String> {
        self.goals.iter().map(|goal| goal.text()).collect()
    }

    /// Whether there is a front to speak of.
    #[must_use]
    pub fn is_several(&self) -> bool {
        self.goals.len() > 1
    }

    fn first(&self) -> Goal {
        *self
            .goals
            .first()
            .expect("invariant: splitting text gives at least one part")
    }

    /// The figure that decides.
    #[must_use]
    pub fn name(&self) -> &'static str {
        METRICS[self.first().metric].name
    }

    /// The constraints as they are read back.
    #[must_use]
    pub fn constraints(&self) -> Vec<String> {
        let text = |limit: &Limit| {
            let name = METRICS[limit.metric].name;
            format!(
                "{name} {} {}",
                limit.relation.sign(),
                number(Some(limit.bound), "")
            )
        };
        self.limits.iter().map(text).collect()
    }

    /// Judges one trial.
    #[must_use]
    pub fn judge(&self, figures: Option<&Figures>) -> Verdict {
        let Some(figures) = figures else {
            return Verdict {
                objective: None,
                meets: false,
            };
        };
        let enough = !self.has_few_trades(figures);
        let metric = self.first().metric;
        let objective = figures.0[metric].map(|value| judged(metric, value));
        let holds = |limit: &Limit| {
            let value = figures.0[limit.metric].map(|value| judged(limit.metric, value));
            value
                .and_then(|value| value.partial_cmp(&limit.bound))
                .is_some_and(|order| limit.relation.holds(order))
        };
        Verdict {
            objective: objective.filter(|_| enough),
            meets: self.limits.iter().all(holds),
        }
    }

    /// What those hear of a trial who learn from it.
    #[must_use]
    pub fn told(&self, figures: Option<&Figures>) -> Told {
        let figures = figures.filter(|figures| !self.has_few_trades(figures));
        let cost = |goal: &Goal| {
            let value = judged(goal.metric, figures?.0[goal.metric]?);
            Some(match goal.better {
                Better::More => -value,
                Better::Less => value,
            })
        };
        let costs: Option<Vec<f64>> = self.goals.iter().map(cost).collect();
        Told {
            cost: cost(&self.first()),
            costs: costs.unwrap_or_default(),
            meets: self.judge(figures).meets,
        }
    }

    /// Whether a trial has too few trades to be judged.
    #[must_use]
    pub fn has_few_trades(&self, figures: &Figures) -> bool {
        figures.0[TRADES].is_none_or(|trades| trades < least(self.trades_min))
    }

    /// Better first: trials that meet every constraint, then by the objective (none is worst), then by index.
    #[must_use]
    pub fn order(&self, one: (u64, Verdict), other: (u64, Verdict)) -> Ordering {
        let by_value = match (one.1.objective, other.1.objective) {
            (Some(one), Some(other)) => match self.first().better {
                Better::More => other.total_cmp(&one),
                Better::Less => one.total_cmp(&other),
            },
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        let known = other.1.objective.is_some().cmp(&one.1.objective.is_some());
        let meets = other.1.meets.cmp(&one.1.meets);
        known.then(meets).then(by_value).then(one.0.cmp(&other.0))
    }
}

impl Goal {
    fn text(self) -> String {
        let way = match self.better {
            Better::More => "max",
            Better::Less => "min",
        };
        format!("{way}:{}", METRICS[self.metric].name)
    }
}

fn goal(text: &str) -> Result<Goal, RankingError> {
    let text = text.trim();
    let (wanted, name) = match text.split_once(':') {
        Some(("min", name)) => (Some(Better::Less), name),
        Some(("max", name)) => (Some(Better::More), name),
        _ => (None, text),
    };
    let metric = find(text, name.trim())?;
    Ok(Goal {
        metric,
        better: wanted.unwrap_or(METRICS[metric].better),
    })
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a least number of trades is far below 2^53"
)]
fn least(trades: u64) -> f64 {
    trades as f64
}

/// A figure as it is judged. Zero has one sign, so that equal is equal.
fn judged(metric: usize, value: f64) -> f64 {
    let value = if METRICS[metric].by_size {
        value.abs()
    } else {
        value
    };
    value + 0.0
}

fn find(text: &str, name: &str) -> Result<usize, RankingError> {
    let unknown = || {
        let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        RankingError::Unknown {
            text: text.to_owned(),
            name: name.to_owned(),
            hint: match names::nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("there are: {}", names.join(", ")),
            },
        }
    };
    METRICS
        .iter()
        .position(|metric| metric.name == name)
        .ok_or_else(unknown)
}

fn limit(text: &str) -> Result<Limit, RankingError> {
    let no_limit = || RankingError::NoLimit {
        text: text.to_owned(),
    };
    let (name, relation, bound) = Relation::split(text).ok_or_else(no_limit)?;
    let metric = find(text, name)?;
    let bound: f64 = bound.parse().map_err(|_| no_limit())?;
    if !bound.is_finite() {
        return Err(no_limit());
    }
    if METRICS[metric].by_size && bound < 0.0 {
        return Err(RankingError::Negative {
            text: text.to_owned(),
            name: METRICS[metric].name,
        });
    }
    Ok(Limit {
        metric,
        relation,
        bound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::figures::COUNT;

    fn figures(pairs: &[(&str, f64)]) -> Figures {
        let mut figures = Figures([None; COUNT]);
        for (name, value) in pairs {
            figures.0[find("", name).unwrap()] = Some(*value);
        }
        figures
    }

    #[test]
    fn the_best_meets_its_limits_and_ties_go_to_the_first() {
        let limits = ["max_drawdown <= 0.2".to_owned()];
        let ranking = Ranking::read("sharpe", &limits, 10).unwrap();
        let trials = [
            figures(&[("trades", 20.0), ("sharpe", 3.0), ("max_drawdown", -0.3)]),
            figures(&[("trades", 5.0), ("sharpe", 9.0), ("max_drawdown", -0.1)]),
            figures(&[("trades", 20.0), ("sharpe", 1.0), ("max_drawdown", -0.2)]),
            figures(&[("trades", 20.0), ("max_drawdown", -0.2)]),
            figures(&[("trades", 20.0), ("sharpe", 1.0), ("max_drawdown", -0.2)]),
        ];
        let mut order: Vec<(u64, Verdict)> = (0..)
            .zip(&trials)
            .map(|(trial, figures)| (trial, ranking.judge(Some(figures))))
            .collect();
        order.sort_by(|one, other| ranking.order(*one, *other));
        let order: Vec<u64> = order.iter().map(|(trial, _)| *trial).collect();
        assert_eq!(order, [2, 4, 0, 1, 3]);
        let smallest = Ranking::read("max_drawdown", &[], 0).unwrap();
        assert_eq!(smallest.objective(), "min:max_drawdown");
        let again = Ranking::read(&ranking.objective(), &ranking.constraints(), 10);
        assert_eq!(again, Ok(ranking));
    }

    #[test]
    fn learners_hear_the_same_order() {
        let limits = ["max_drawdown <= 0.2".to_owned()];
        let ranking = Ranking::read("win_rate, min:max_drawdown", &limits, 10).unwrap();
        assert_eq!(ranking.objectives(), ["max:win_rate", "min:max_drawdown"]);
        let again = Ranking::read(&ranking.objectives().join(", "), &ranking.constraints(), 10);
        assert_eq!(again.as_ref(), Ok(&ranking));
        let mut trials = Vec::new();
        for trades in [5.0, 20.0] {
            for win_rate in [None, Some(0.0), Some(-0.0), Some(0.5), Some(0.6)] {
                for fall in [None, Some(-0.3), Some(-0.1)] {
                    let mut each = figures(&[("trades", trades)]);
                    each.0[find("", "win_rate").unwrap()] = win_rate;
                    each.0[find("", "max_drawdown").unwrap()] = fall;
                    trials.push(each);
                }
            }
        }
        let mut compared = 0;
        for (one, first) in (0..).zip(&trials) {
            for (other, second) in (0..).zip(&trials) {
                let told = |each| ranking.told(Some(each));
                let learned = by_merit(told(first).merit(), told(second).merit());
                let judged = |each| ranking.judge(Some(each));
                let ranked = ranking.order((one, judged(first)), (other, judged(second)));
                // Those without an objective are all worst; the table still puts the ones that keep the limits first.
                if told(first).cost.is_some() || told(second).cost.is_some() {
                    assert_eq!(learned.then(one.cmp(&other)), ranked);
                    compared += 1;
                }
                let defined = told(first).costs.len() == 2;
                let wanted = first.0[find("", "max_drawdown").unwrap()].is_some();
                assert_eq!(defined, wanted && told(first).cost.is_some());
            }
        }
        assert!(compared > 300, "{compared}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let read = |objective: &str, limit: &str| {
            let limits: Vec<String> = [limit.to_owned()]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect();
            Ranking::read(objective, &limits, 0)
                .unwrap_err()
                .to_string()
        };
        assert!(read("sharpe, trades, max:sharpe", "").contains("is there twice"));
        assert!(read("sharpe,", "").contains("there is no figure ''"));
        assert!(read("sharpe,trades,cagr,skew,sqn", "").contains("more than 4"));
        assert!(read("sharp", "").contains("did you mean 'sharpe'?"));
        assert!(read("sharpe", "max_drawdown").contains("is no constraint"));
        assert!(read("sharpe", "max_drawdown <= x").contains("is no constraint"));
        assert!(read("sharpe", "max_drawdown >= -0.2").contains("judged by its size"));
    }
}
