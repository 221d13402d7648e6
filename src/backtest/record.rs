//! What the charts of a run need beyond its figures, taken from the log, the account and the prices.
//!
//! Not here: the form it has (`report::record`), drawing it (`report::panels`).

mod bars;
mod course;
mod decay;
mod gates;
mod waiting;
mod ways;

use crate::backtest::prepare::Prepared;
use crate::backtest::run::Simulation;
use crate::domain::num::Rate;
use crate::exchange::history::equity::CurvePoint;
use crate::report::record::{Plan, Record};
use crate::settings::Settings;
use crate::stats::trade_row::TradeRow;

/// Everything it is taken from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'a> {
    pub(super) settings: &'a Settings,
    pub(super) prepared: &'a Prepared,
    pub(super) run: &'a Simulation,
    pub(super) curve: &'a [CurvePoint],
    pub(super) trades: &'a [TradeRow],
}

/// Takes it.
#[must_use]
pub(super) fn record(taken: Taken<'_>) -> Record {
    let mut packed = bars::Packer::default();
    let ways = ways::ways(taken, &mut packed);
    let (refused, halts) = gates::refused(taken);
    Record {
        plan: plan(taken.settings),
        course: course::course(
            taken.curve,
            taken.settings.model.balance.to_f64(),
            (taken.run.outcome.end, taken.run.outcome.equity.to_f64()),
        ),
        waiting: waiting::waiting(taken),
        decay: decay::decay(taken),
        refused,
        halts,
        ways,
        bars: packed.finish(),
        origin: None,
    }
}

fn percent(rate: Rate) -> f64 {
    rate.to_f64() * 100.0
}

#[allow(clippy::cast_precision_loss, reason = "a window of seconds")]
fn plan(settings: &Settings) -> Plan {
    let rules = &settings.rules;
    let exits = &rules.exits;
    Plan {
        stop: percent(exits.stop),
        targets: exits
            .targets
            .iter()
            .map(|target| (percent(target.distance), percent(target.share)))
            .collect(),
        trailing: exits
            .trailing
            .as_ref()
            .map(|plan| (percent(plan.activation), percent(plan.callback))),
        score_min: rules.confluence.score_min.to_f64(),
        window_s: rules.confluence.window.millis() as f64 / 1_000.0,
        trades_a_day: rules.daily.trades_max,
        daily_loss: percent(rules.daily.loss_max),
    }
}
