//! Trials of a sweep at speed: the replay of the plain strategy beside `engine::drive`, for settings it knows.
//!
//! Not here: settings of a trial (`run`), the reference (`backtest::run`), which every other trial goes through.
//! Invariant: what is covered here has, to the byte, the event log and the figures of the reference.

pub mod board;
pub mod desk;
pub mod intake;
pub mod replay;

use std::sync::Arc;

use crate::backtest::log::EventLog;
use crate::backtest::summary::daily_equity;
use crate::domain::num::{Money, Rounding};
use crate::domain::position::MarginMode;
use crate::domain::time::Timestamp;
use crate::exchange::history::World;
use crate::exchange::model::{Drilldown, Model};
use crate::stats::equity::DailySeries;
use crate::sweep::batch::board::Board;
use crate::sweep::batch::intake::Intake;
use crate::sweep::batch::replay::{Played, Stage, replay};
use crate::sweep::figures::Figures;
use crate::trader::rules::{HaltAction, Role112, Rules};

/// What one thread keeps from trial to trial.
#[derive(Debug, Default)]
pub struct Batch {
    intake: Intake,
}

/// A world and what its signals come to.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Prices and signals.
    pub world: &'a World,
    /// The signals that can matter.
    pub board: &'a Arc<Board>,
    /// First instant.
    pub start: Timestamp,
}

impl Batch {
    /// Replays one trial; `None` when it is not covered, or its account leaves the range of exact amounts.
    pub fn run(&mut self, ground: Ground<'_>, rules: &Rules, model: &Model) -> Option<Played> {
        self.run_into(ground, (rules, model), EventLog::hashing())
    }

    /// The same with a log of the caller's. What the log is told of confluences it does not keep as rows.
    pub fn run_into(
        &mut self,
        ground: Ground<'_>,
        (rules, model): (&Rules, &Model),
        log: EventLog,
    ) -> Option<Played> {
        let Ground {
            world,
            board,
            start,
        } = ground;
        if !is_covered(world, rules, model) || !board.covers(&rules.confluence) {
            return None;
        }
        let words = self.intake.hear(&rules.confluence, &world.signals, board);
        let stage = Stage {
            world,
            rules,
            model,
            words,
            start,
            end: world.end()?,
        };
        replay(stage, log)
    }
}

/// Whether settings and world ask for nothing but what `replay` knows.
#[must_use]
pub fn is_covered(world: &World, rules: &Rules, model: &Model) -> bool {
    let plain_rules = matches!(rules.confluence.role_112, Role112::Leg | Role112::Ignore)
        && rules.exits.break_even.is_none()
        && rules.exits.hold_max.is_none()
        && rules.daily.halt_action == HaltAction::BlockEntries
        && rules.terms.margin_mode == MarginMode::Isolated;
    let plain_tape = || {
        let instruments = &world.tape.instruments;
        let whole = |series: &crate::market::tape::Series| {
            let drills = model.drilldown != Drilldown::Off && series.detail().is_some();
            !drills && model.bracket_delay < series.bars().interval
        };
        instruments
            .iter()
            .all(|instrument| instrument.delisted.is_none())
            && world.tape.series.iter().flatten().all(whole)
    };
    plain_rules && world.script.is_empty() && plain_tape()
}

impl Played {
    /// Equity at the ends of UTC days (M1).
    #[must_use]
    pub fn daily(&self, balance: Money) -> DailySeries {
        daily_equity(
            balance,
            (self.start, self.end),
            &self.rollovers,
            self.equity,
        )
    }

    /// The figures of the trial.
    #[must_use]
    pub fn figures(&self, model: &Model) -> Figures {
        let net = self.equity.round(Rounding::Down) - model.balance;
        let series = self.daily(model.balance);
        Figures::of(&series, self.account.trades(), net, self.ambiguous_bars)
    }
}
