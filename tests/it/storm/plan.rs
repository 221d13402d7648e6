//! What a seed is about: rules, contracts, the clock of a run.
//!
//! Not here: faults (`weather`).

use confluence::domain::event::{ExitPlan, ShareOf, Target, TrailingPlan};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Price, Qty, Rate};
use confluence::domain::order::{Direction, Watched};
use confluence::domain::position::{MarginMode, Terms};
use confluence::domain::random::Random;
use confluence::domain::symbol::Symbol;
use confluence::domain::time::{DAY, Span};
use confluence::trader::Upkeep;
use confluence::trader::rules::{
    ConfluenceRules, DailyRules, FreshnessBasis, HaltAction, HaltBasis, Role112, Rules,
    SizingBasis, SizingRules, Weights,
};

use super::truth::Leftovers;

/// Contracts of a run.
pub(crate) const SYMBOLS: usize = 3;
/// Faults and signals end here, in milliseconds from the start.
pub(crate) const STORM: i64 = 60_000;
/// 120 seconds later everything must agree.
pub(crate) const QUIET: i64 = STORM + 120_000;
/// Then a fresh pair for every symbol,
pub(crate) const RESUME: i64 = QUIET + 100;
/// then the order to close everything,
pub(crate) const CLOSE: i64 = RESUME + 10_000;
/// then the end.
pub(crate) const END: i64 = CLOSE + 40_000;

/// What a quarter of the seeds is bent to, because chance alone meets it too rarely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bent {
    /// To nothing.
    No,
    /// A pair follows every exit at once, while orders of the position before are still about: resting, on the line or
    /// executing.
    Reentry,
    /// Entries execute in pieces for long, their stops come late and so are sent twice; the second one is refused.
    SlowEntry,
    /// The exchange overlooks orders it has just accepted.
    Forgetful,
}

impl Bent {
    pub(crate) const fn of(seed: u64) -> Self {
        match seed % 16 {
            3 | 7 => Self::Reentry,
            11 => Self::SlowEntry,
            15 => Self::Forgetful,
            _ => Self::No,
        }
    }
}

/// One seed's world.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) bent: Bent,
    pub(crate) start: i64,
    pub(crate) rules: Rules,
    pub(crate) upkeep: Upkeep,
    pub(crate) deposit: Money,
    pub(crate) leftovers: Leftovers,
    /// Largest usual move of a tick, in hundredths of a percent.
    pub(crate) swing: i64,
    /// Longest pause between two executions of one order.
    pub(crate) pause: i64,
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::stream(seed, &[0]);
        let before_midnight = random.between(5_000, 90_000);
        let mut plan = Self {
            seed,
            bent: Bent::of(seed),
            start: 20_000 * DAY.millis() - before_midnight,
            rules: rules(&mut random),
            upkeep: Upkeep {
                news_within: Some(Span::from_millis(5_000)),
                resync_every: Some(Span::from_millis(if random.one_in(2) {
                    5_000
                } else {
                    30_000
                })),
            },
            deposit: Money::from_steps(10_000 * 100_000_000),
            leftovers: match random.below(3) {
                0 => Leftovers::EndAll,
                1 => Leftovers::EndWhole,
                _ => Leftovers::Keep,
            },
            swing: random.between(10, 90),
            pause: if random.one_in(2) { 3_000 } else { 400 },
        };
        plan.bend();
        plan
    }

    fn bend(&mut self) {
        match self.bent {
            Bent::No | Bent::Forgetful => {}
            Bent::Reentry => {
                self.rules.cooldown = Span::ZERO;
                self.rules.daily.trades_max = 1_000;
                self.rules.daily.loss_max = percent("50");
                self.leftovers = Leftovers::Keep;
                self.pause = 3_000;
            }
            Bent::SlowEntry => self.pause = 3_000,
        }
    }

    pub(crate) fn resync_ms(&self) -> i64 {
        self.upkeep.resync_every.map_or(0, Span::millis)
    }

    pub(crate) fn instruments(&self) -> Vec<Instrument> {
        ["AAAUSDT", "BBBUSDT", "CCCUSDT"].map(instrument).to_vec()
    }
}

/// A contract around 100 USDT with a tick of one cent.
pub(crate) fn instrument(name: &str) -> Instrument {
    Instrument {
        symbol: Symbol::new(name),
        tick: Price::from_steps(1_000_000).expect("invariant: above zero"),
        step: Qty::from_steps(100_000).expect("invariant: above zero"),
        qty_min: Qty::from_steps(100_000).expect("invariant: above zero"),
        market_qty_max: Qty::from_steps(1_000_000 * 100_000_000).expect("invariant: above zero"),
        notional_min: Money::from_steps(5 * 100_000_000),
        liquidation_fee: percent("1.25"),
        brackets: vec![Bracket {
            floor: Money::ZERO,
            cap: Money::from_steps(1_000_000 * 100_000_000),
            maintenance: percent("0.4"),
            deduction: Money::ZERO,
        }],
        delisted: None,
    }
}

pub(crate) fn percent(text: &str) -> Rate {
    Rate::from_percent(text).expect("invariant: written here")
}

fn rules(random: &mut Random) -> Rules {
    let target = |distance: &str, share: &str| Target {
        distance: percent(distance),
        share: percent(share),
    };
    Rules {
        confluence: confluence(),
        sizing: SizingRules {
            basis: SizingBasis::Margin,
            position: percent("20"),
            total: percent("50"),
            score_scaling: random.one_in(2),
            open_risk_max: None,
        },
        daily: DailyRules {
            trades_max: [4, 8, 1_000][usize::try_from(random.below(3)).unwrap_or(0)],
            loss_max: [percent("1"), percent("3"), percent("50")]
                [usize::try_from(random.below(3)).unwrap_or(0)],
            halt_basis: if random.one_in(2) {
                HaltBasis::Equity
            } else {
                HaltBasis::Realized
            },
            halt_action: if random.one_in(2) {
                HaltAction::Flatten
            } else {
                HaltAction::BlockEntries
            },
        },
        cooldown: Span::from_millis(
            [0, 1_000, 8_000][usize::try_from(random.below(3)).unwrap_or(0)],
        ),
        exits: ExitPlan {
            stop: percent("2"),
            stop_watched: Watched::Contract,
            targets: vec![target("0.6", "50"), target("1.5", "100")],
            target_watched: Watched::Contract,
            share_of: ShareOf::Initial,
            trailing: random.one_in(2).then(|| TrailingPlan {
                activation: percent("1"),
                callback: percent("0.7"),
                watched: Watched::Contract,
            }),
            break_even: (random.below(3) > 0).then(|| percent("0.1")),
            hold_max: random.one_in(3).then(|| Span::from_millis(25_000)),
        },
        risk_close_share: percent("50"),
        direction: if random.one_in(2) {
            Direction::Long
        } else {
            Direction::Short
        },
        terms: Terms {
            leverage: 3,
            margin_mode: MarginMode::Isolated,
            maker: percent("0.02"),
            taker: percent("0.05"),
        },
    }
}

fn confluence() -> ConfluenceRules {
    ConfluenceRules {
        window: Span::from_millis(300_000),
        score_min: percent("10"),
        weights: Weights {
            proximity: percent("50"),
            strength: percent("30"),
            freshness: percent("20"),
        },
        strength_intensified: percent("100"),
        strength_fomo: percent("70"),
        role_112: Role112::Both,
        fresh_horizon: Span::from_millis(300_000),
        freshness_basis: FreshnessBasis::Newest,
        retention: Span::from_millis(600_000),
        future_max: Span::from_millis(5_000),
    }
}
