//! What a result must hold to pass: `dsr >= 0.95`, read from the configuration.
//!
//! Not here: the figures themselves (`validate`), what follows when one does not pass (`cli`).

use std::fmt;

use super::names;
use super::relation::Relation;

/// Figures of a validation, in the order of its page.
pub const FIGURES: [&str; 46] = [
    "trades",
    "days",
    "net_usdt",
    "total_return",
    "sharpe",
    "trials",
    "trials_effective",
    "psr",
    "sharpe_by_luck",
    "dsr",
    "dsr_effective",
    "min_track_record_days",
    "min_backtest_years",
    "min_backtest_years_bound",
    "pbo",
    "pbo_slope",
    "pbo_loss_share",
    "plateau",
    "half_rank_correlation",
    "wf_rolling_return",
    "wf_rolling_sharpe",
    "wf_rolling_efficiency",
    "wf_rolling_profitable",
    "wf_anchored_return",
    "wf_anchored_sharpe",
    "wf_anchored_efficiency",
    "wf_anchored_profitable",
    "kfold_sharpe",
    "cpcv_sharpe_p5",
    "cpcv_sharpe_median",
    "cpcv_loss_share",
    "bootstrap_sharpe_low",
    "bootstrap_sharpe_high",
    "bootstrap_sharpe_not_positive",
    "shuffle_drawdown_p95",
    "shuffle_share",
    "risk_of_ruin",
    "placebo_p",
    "placebo_net_p",
    "placebo_expectancy_p",
    "placebo_sharpe_p",
    "random_times_p",
    "permuted_symbols_p",
    "costs_2x_net",
    "one_bar_later_net",
    "dropped_signals_net_p5",
];

/// A figure and the bound it must keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// One of [`FIGURES`].
    pub figure: &'static str,
    /// How the two compare.
    pub relation: Relation,
    /// The bound.
    pub bound: f64,
    /// The bound as it was typed.
    written: String,
}

/// Why a text is no gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It is no comparison with a number.
    #[error("'{0}' is no gate")]
    NoComparison(String),
    /// No such figure.
    #[error("'{text}': there is no figure '{name}'")]
    Unknown {
        /// What was typed.
        text: String,
        /// The name in it.
        name: String,
        /// The nearest, if one is near.
        near: Option<&'static str>,
    },
}

impl GateError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoComparison(_) => "for example \"dsr >= 0.95\"".to_owned(),
            Self::Unknown {
                near: Some(near), ..
            } => format!("did you mean '{near}'?"),
            Self::Unknown { near: None, .. } => format!("there are: {}", FIGURES.join(", ")),
        }
    }
}

impl Gate {
    /// Reads one.
    ///
    /// # Errors
    /// When it compares no known figure with a number.
    pub fn read(text: &str) -> Result<Self, GateError> {
        let no_comparison = || GateError::NoComparison(text.to_owned());
        let (name, relation, bound) = Relation::split(text).ok_or_else(no_comparison)?;
        let known = FIGURES.into_iter().find(|figure| *figure == name);
        let figure = known.ok_or_else(|| GateError::Unknown {
            text: text.to_owned(),
            name: name.to_owned(),
            near: names::nearest(name, FIGURES.into_iter()),
        })?;
        let number: f64 = bound.parse().map_err(|_| no_comparison())?;
        if !number.is_finite() {
            return Err(no_comparison());
        }
        Ok(Self {
            figure,
            relation,
            bound: number,
            written: bound.to_owned(),
        })
    }

    /// Whether a number passes.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        let order = value.partial_cmp(&self.bound);
        order.is_some_and(|order| self.relation.holds(order))
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} {} {}",
            self.figure,
            self.relation.sign(),
            self.written
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read_and_what_is_none_is_refused() {
        let gate = Gate::read(" dsr>=0.95 ").unwrap();
        assert_eq!(gate.to_string(), "dsr >= 0.95");
        assert!(gate.holds(0.95) && !gate.holds(0.949) && !gate.holds(f64::NAN));
        let hint = |text| Gate::read(text).unwrap_err().hint();
        assert!(hint("dsr").contains("for example"));
        assert!(hint("dsr >= inf").contains("for example"));
        assert_eq!(
            hint("wf_roling_return > 0"),
            "did you mean 'wf_rolling_return'?"
        );
        assert!(hint("xyz > 0").contains("there are: trades"));
    }
}
