//! What a configuration comes to before any trade: the loss of one stop, of all stops, and what else its author
//! should know.
//!
//! Not here: contradictions (`conflicts`), figures of a run (`stats`). Nothing here decides anything.

use super::Settings;
use crate::domain::num::{Money, Rate, Rounding, UNIT, divide};
use crate::domain::position::MarginMode;
use crate::domain::time::Span;
use crate::report::words::{Phrase, model};
use crate::trader::Trader;
use crate::trader::rules::Role112;

/// What stops cost (S6). Rates are shares of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Lost when one full-size position is stopped, fees and costs included; rounded up.
    pub loss_per_stop: Rate,
    /// The same in USDT of the first deposit.
    pub loss_per_stop_usdt: Money,
    /// Full-size positions that fit under the total at once.
    pub positions_max: u32,
    /// Lost when all of them are stopped.
    pub loss_all_stops: Rate,
    /// Stopped positions in a row that reach the daily limit.
    pub stops_to_halt: u32,
    /// Largest gap of a fresh pair with a 113 that still reaches the smallest score; `None` when none does.
    pub gap_max_fomo: Option<Span>,
    /// What its author should know, one sentence each.
    pub warnings: Vec<Phrase>,
}

impl Settings {
    /// What the configuration comes to.
    #[must_use]
    pub fn consequence(&self) -> Consequence {
        let loss_per_stop = self.loss_per_stop();
        let sizing = &self.rules.sizing;
        let positions = sizing.total.steps() / sizing.position.steps();
        let loss_max = self.rules.daily.loss_max;
        let stops = divide(
            i128::from(loss_max.steps()),
            i128::from(loss_per_stop.steps()),
            Rounding::Up,
        );
        Consequence {
            loss_per_stop,
            loss_per_stop_usdt: self.model.balance.exact().rate(loss_per_stop, Rounding::Up),
            positions_max: u32::try_from(positions).unwrap_or(u32::MAX),
            loss_all_stops: Rate::from_steps(loss_per_stop.steps().saturating_mul(positions)),
            stops_to_halt: u32::try_from(stops).unwrap_or(u32::MAX),
            gap_max_fomo: self.gap_max(self.rules.confluence.strength_fomo),
            warnings: self.warnings(loss_per_stop, positions),
        }
    }

    /// S6 with all costs of an entry and a stop as its slippage; at least one step, so that it can divide.
    fn loss_per_stop(&self) -> Rate {
        let costs = &self.model.costs;
        let both = costs.half_spread + costs.impact;
        let slippage = both + both + costs.slippage + costs.stop_slippage;
        Trader::loss_per_stop(&self.rules, slippage).max(Rate::from_steps(1))
    }

    /// The largest gap, to the millisecond, at which a fresh pair of this strength reaches the smallest score; just
    /// under the window when every gap does. `None` when none does.
    fn gap_max(&self, strength: Rate) -> Option<Span> {
        let rules = &self.rules.confluence;
        let unit = i128::from(UNIT);
        let sure = i128::from(rules.weights.strength.steps()) * i128::from(strength.steps())
            + i128::from(rules.weights.freshness.steps()) * unit;
        let missing = i128::from(rules.score_min.steps()) * unit - sure;
        let window = i128::from(rules.window.millis());
        let widest = window - 1;
        if missing <= 0 {
            return Span::from_millis(i64::try_from(widest).ok()?).into();
        }
        let reach = i128::from(rules.weights.proximity.steps()) * unit;
        if missing > reach {
            return None;
        }
        let gap = divide(window * (reach - missing), reach, Rounding::Down).min(widest);
        i64::try_from(gap).ok().map(Span::from_millis)
    }

    fn warnings(&self, loss_per_stop: Rate, positions: i64) -> Vec<Phrase> {
        let mut warnings = Vec::new();
        let loss_max = self.rules.daily.loss_max;
        if loss_per_stop > loss_max {
            warnings
                .push(model::W_STOP_OVER_LIMIT.of([loss_per_stop.percent(), loss_max.percent()]));
        } else if loss_per_stop.steps().saturating_mul(positions) > loss_max.steps() {
            warnings.push(model::W_STOPS_OVER_LIMIT.of([
                positions.to_string(),
                Rate::from_steps(loss_per_stop.steps().saturating_mul(positions)).percent(),
                loss_max.percent(),
            ]));
        }
        self.warn_of_liquidation(&mut warnings);
        self.warn_of_scores(&mut warnings);
        self.warn_of_trailing(&mut warnings);
        warnings
    }

    fn warn_of_liquidation(&self, warnings: &mut Vec<Phrase>) {
        let terms = self.rules.terms;
        let stop = self.rules.exits.stop;
        let margin = Rate::ONE.steps() / i64::from(terms.leverage);
        let kept = self
            .fallback
            .brackets
            .first()
            .map_or(0, |bracket| bracket.maintenance.steps());
        if terms.margin_mode == MarginMode::Isolated && stop.steps() >= margin - kept {
            warnings.push(model::W_LIQUIDATED_FIRST.of([
                terms.leverage.to_string(),
                Rate::from_steps((margin - kept).max(0)).percent(),
                stop.percent(),
            ]));
        }
    }

    fn warn_of_scores(&self, warnings: &mut Vec<Phrase>) {
        let rules = &self.rules.confluence;
        let score_min = rules.score_min;
        if self.gap_max(rules.strength_fomo).is_none() {
            warnings.push(model::W_NO_113.of([score_min.to_string()]));
        }
        let leg = matches!(rules.role_112, Role112::Leg | Role112::Both);
        if leg && self.gap_max(rules.strength_intensified).is_none() {
            warnings.push(model::W_NO_112.of([score_min.to_string()]));
        }
    }

    fn warn_of_trailing(&self, warnings: &mut Vec<Phrase>) {
        let plan = &self.rules.exits;
        if let (Some(trailing), Some(last)) = (plan.trailing, plan.targets.last())
            && trailing.activation >= last.distance
        {
            warnings.push(
                model::W_TRAILING_LATE.of([trailing.activation.percent(), last.distance.percent()]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::layers::Layers;

    fn settings(sets: &[&str]) -> Settings {
        let layers = Layers {
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            ..Layers::default()
        };
        Settings::load(&layers).unwrap()
    }

    #[test]
    fn the_worked_example_of_s6_comes_out() {
        let free = [
            "account.leverage=10",
            "simulation.half_spread_bps=0",
            "simulation.slippage_bps=0",
            "simulation.stop_slippage_bps=0",
        ];
        let told = settings(&free).consequence();
        assert_eq!(told.loss_per_stop.percent(), "3.1");
        assert_eq!(told.loss_all_stops.percent(), "15.5");
        assert_eq!((told.positions_max, told.stops_to_halt), (5, 2));
        assert_eq!(told.loss_per_stop_usdt.to_string(), "310");
    }

    #[test]
    fn the_shortened_window_of_s5_is_said() {
        let told = settings(&[]).consequence();
        assert_eq!(told.gap_max_fomo, Some(Span::from_millis(255_000)));
        assert!(told.warnings.is_empty(), "{:?}", told.warnings);
    }
}
