//! What each figure of a validation means in plain words, and how it is written.
//!
//! Not here: the figures (the modules beside this one).

use crate::report::format;
use crate::validate::found::Found;

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A whole number.
    Whole,
    /// Two decimals.
    Plain,
    /// A probability: three decimals.
    Probability,
    /// A share as percent.
    Percent,
    /// USDT.
    Usdt,
    /// USDT with its sign.
    Gain,
    /// Days, rounded up.
    Days,
    /// Years.
    Years,
}

/// Form and meaning of a figure.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    /// As gates call it.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// In plain words.
    pub words: &'static str,
}

const fn is(name: &'static str, form: Form, words: &'static str) -> Meaning {
    Meaning { name, form, words }
}

/// All of them, in the order of `settings::gate::FIGURES`.
pub const MEANINGS: [Meaning; 46] = [
    is(
        "trades",
        Form::Whole,
        "finished trades of the best configuration: below a hundred, all that follows is wide",
    ),
    is(
        "days",
        Form::Whole,
        "daily returns, days without a trade among them",
    ),
    is(
        "net_usdt",
        Form::Gain,
        "what it gained after all costs, before any doubt",
    ),
    is(
        "total_return",
        Form::Percent,
        "the same as a share of the start",
    ),
    is(
        "sharpe",
        Form::Plain,
        "annual sharpe of its daily returns, before any doubt",
    ),
    is(
        "trials",
        Form::Whole,
        "different configurations ever tried on this data, by the register: the more there were, the better the best looks by luck alone",
    ),
    is(
        "trials_effective",
        Form::Plain,
        "the same when trials that move together count less; for information, decisions use the number above",
    ),
    is(
        "psr",
        Form::Probability,
        "probability that the true sharpe is above zero, if this had been the only trial",
    ),
    is(
        "sharpe_by_luck",
        Form::Plain,
        "annual sharpe that the best of so many worthless trials would be expected to show",
    ),
    is(
        "dsr",
        Form::Probability,
        "deflated sharpe: probability that the true sharpe is above what luck alone gives the best of so many trials; 0.95 passes",
    ),
    is(
        "dsr_effective",
        Form::Probability,
        "the same with the smaller number of trials",
    ),
    is(
        "min_track_record_days",
        Form::Days,
        "days of returns like these that would prove a sharpe above zero at 95 %",
    ),
    is(
        "min_backtest_years",
        Form::Years,
        "a recording shorter than this shows the target sharpe by luck alone, given so many trials",
    ),
    is(
        "min_backtest_years_bound",
        Form::Years,
        "an upper bound of the same",
    ),
    is(
        "pbo",
        Form::Probability,
        "how often the best configuration on half of the days is below the middle of the field on the other half; 0.5 is what coin flips give, below 0.1 is good",
    ),
    is(
        "pbo_slope",
        Form::Plain,
        "what a point of sharpe in one half is worth in the other; at or below zero, choosing by it is worthless",
    ),
    is(
        "pbo_loss_share",
        Form::Percent,
        "how often the best of one half loses in the other",
    ),
    is(
        "plateau",
        Form::Plain,
        "the median of the objective one step away from the best, as a share of its own: near 1 is a plateau, below 0.7 a lone peak that a small change of the settings loses",
    ),
    is(
        "half_rank_correlation",
        Form::Plain,
        "whether the order of the configurations in the first half of the data holds in the second: 1 the same, 0 none, below 0 the other way round",
    ),
    is(
        "wf_rolling_return",
        Form::Percent,
        "return of all tests one behind the other, each on days after those its settings were chosen on; the nearest thing to having traded it",
    ),
    is(
        "wf_rolling_sharpe",
        Form::Plain,
        "annual sharpe of the same",
    ),
    is(
        "wf_rolling_efficiency",
        Form::Percent,
        "annual return in the tests over that on the days of choice; 100 % would mean that nothing was lost by choosing",
    ),
    is(
        "wf_rolling_profitable",
        Form::Percent,
        "share of tests that gained",
    ),
    is(
        "wf_anchored_return",
        Form::Percent,
        "as above, choosing on all days before each test",
    ),
    is(
        "wf_anchored_sharpe",
        Form::Plain,
        "annual sharpe of the same",
    ),
    is(
        "wf_anchored_efficiency",
        Form::Percent,
        "annual return in the tests over that on the days of choice",
    ),
    is(
        "wf_anchored_profitable",
        Form::Percent,
        "share of tests that gained",
    ),
    is(
        "kfold_sharpe",
        Form::Plain,
        "annual sharpe when each group of trades is traded with settings chosen on all others",
    ),
    is(
        "cpcv_sharpe_p5",
        Form::Plain,
        "the worst 5 % of the histories that can be put together from tested groups",
    ),
    is(
        "cpcv_sharpe_median",
        Form::Plain,
        "the middle one of those histories",
    ),
    is(
        "cpcv_loss_share",
        Form::Percent,
        "share of those histories that do not gain",
    ),
    is(
        "bootstrap_sharpe_low",
        Form::Plain,
        "lower end of the middle 95 % of sharpes when its days are drawn anew in blocks",
    ),
    is(
        "bootstrap_sharpe_high",
        Form::Plain,
        "upper end of the same",
    ),
    is(
        "bootstrap_sharpe_not_positive",
        Form::Probability,
        "share of redrawn histories without a gain",
    ),
    is(
        "shuffle_drawdown_p95",
        Form::Usdt,
        "a fall from the peak that one in twenty orders of the same trades exceeds; trades that overlap are not independent",
    ),
    is(
        "shuffle_share",
        Form::Probability,
        "share of orders with a fall at least as deep as the one seen: a small share says that the order was unlucky, a large one that it was lucky",
    ),
    is(
        "risk_of_ruin",
        Form::Probability,
        "share of histories of as many trades, drawn with replacement, that lose the whole account",
    ),
    is(
        "placebo_p",
        Form::Probability,
        "chance of such a gain when every signal is moved to a random time 1 to 24 hours away, corrected for the number of such questions asked (Holm), not for having been chosen as the best; up to 0.05 passes",
    ),
    is(
        "placebo_net_p",
        Form::Probability,
        "the same, not corrected",
    ),
    is(
        "placebo_expectancy_p",
        Form::Probability,
        "the same for the mean gain per risk",
    ),
    is(
        "placebo_sharpe_p",
        Form::Probability,
        "the same for the sharpe",
    ),
    is(
        "random_times_p",
        Form::Probability,
        "chance of such a gain when entries fall at any time of the recording",
    ),
    is(
        "permuted_symbols_p",
        Form::Probability,
        "chance of such a gain when entries keep their times and go to other symbols",
    ),
    is(
        "costs_2x_net",
        Form::Gain,
        "what is left when every cost is twice as high",
    ),
    is(
        "one_bar_later_net",
        Form::Gain,
        "what is left when every order is one bar later",
    ),
    is(
        "dropped_signals_net_p5",
        Form::Gain,
        "what the worst 5 % of 200 runs leave in which one signal in five is missing",
    ),
];

/// The meaning of a figure.
#[must_use]
pub fn of(name: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| meaning.name == name)
}

impl Meaning {
    /// A figure as people read it.
    #[must_use]
    pub fn text(&self, found: &Found) -> String {
        let Ok(value) = *found else {
            return format::NONE.to_owned();
        };
        match self.form {
            Form::Whole => format::number(value, 0),
            Form::Plain => format::number(value, 2),
            Form::Probability => format::number(value, 3),
            Form::Percent => format::percent(value),
            Form::Usdt => format::usdt(value),
            Form::Gain => format::signed_usdt(value),
            Form::Days => format!("{} days", format::number(value.ceil(), 0)),
            Form::Years => format!("{} years", format::number(value, 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::gate::FIGURES;

    #[test]
    fn every_figure_of_a_gate_has_a_meaning() {
        let names: Vec<&str> = MEANINGS.iter().map(|meaning| meaning.name).collect();
        assert_eq!(names, FIGURES);
        assert!(of("dsr").is_some() && of("sharp").is_none());
    }
}
