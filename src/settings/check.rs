//! Keys become objects: account, fees, signals, sizing, entries, daily limits and exits.
//!
//! Not here: the remaining sections (`sections`), rules between keys (`conflicts`), single values (`reader`).

use super::live::Live;
use super::reader::{Name, Reader, Rule};
use super::sections;
use super::validation::Validation;
use super::{DataSettings, RunSettings, Settings};
use crate::domain::event::{ExitPlan, ShareOf, Target, TrailingPlan};
use crate::domain::num::{Money, Rate};
use crate::domain::order::{Direction, Watched};
use crate::domain::position::{MarginMode, Terms};
use crate::domain::time::Span;
use crate::market::instruments::Fallback;
use crate::trader::rules::{
    ConfluenceRules, DailyRules, FreshnessBasis, HaltAction, HaltBasis, Role112, Rules,
    SizingBasis, SizingRules, Weights,
};

/// The form of configuration files that this program reads.
const SCHEMA_VERSION: u64 = 1;

/// The largest first deposit: a hundred million USDT at leverage 125 and a hundredfold gain still fit the ledger's
/// 64 bits.
const BALANCE_MAX: Money = Money::from_steps(100_000_000 * Rate::ONE.steps());

/// A share that may be nothing or the whole.
const SHARE: Rule<Rate> = Rule {
    words: "0 to 1",
    holds: |rate| rate >= Rate::ZERO && rate <= Rate::ONE,
};
/// Percent above nothing, at most the whole.
pub(super) const PART: Rule<Rate> = Rule {
    words: "above 0 and at most 100",
    holds: |rate| rate > Rate::ZERO && rate <= Rate::ONE,
};
/// Percent above nothing, less than the whole.
pub(super) const INSIDE: Rule<Rate> = Rule {
    words: "above 0 and below 100",
    holds: |rate| rate > Rate::ZERO && rate < Rate::ONE,
};
/// Percent from nothing on, less than the whole.
const BELOW_ALL: Rule<Rate> = Rule {
    words: "0 or above and below 100",
    holds: |rate| rate >= Rate::ZERO && rate < Rate::ONE,
};
/// Basis points of a cost.
pub(super) const COST: Rule<Rate> = Rule {
    words: "0 or above and below 10000",
    holds: |rate| rate >= Rate::ZERO && rate < Rate::ONE,
};
/// A time that may be none.
pub(super) const WAIT: Rule<Span> = Rule {
    words: "0 or above",
    holds: |span| span >= Span::ZERO,
};
/// A time that is some.
pub(super) const SOME_TIME: Rule<Span> = Rule {
    words: "above 0",
    holds: |span| span > Span::ZERO,
};
/// Which price is watched.
const WATCHED: [(&str, Watched); 2] = [("contract", Watched::Contract), ("mark", Watched::Mark)];

/// Reads every key; of the contract that stands in only where it is not `known`.
pub(super) fn read(reader: &mut Reader<'_>, known: Option<&Fallback>) -> Settings {
    let this_form = Rule {
        words: "1, the form this program reads",
        holds: |number| number == SCHEMA_VERSION,
    };
    reader.integer("schema_version", &this_form);
    let balance = reader.money(
        "account.balance_usdt",
        &Rule {
            words: "above 0 and at most 100000000",
            holds: |money| money > Money::ZERO && money <= BALANCE_MAX,
        },
    );
    let terms = terms(reader);
    let rules = rules(reader, terms);
    let signal_delay = reader.millis("signals.delay_ms", &WAIT);
    let mut model = sections::model(reader, balance, terms);
    let data = DataSettings {
        interval: sections::interval(reader),
        drop_last_bar: reader.flag("data.drop_last_bar"),
    };
    let fallback = known.cloned();
    let fallback = fallback.unwrap_or_else(|| sections::fallback(reader));
    // TOML has no larger whole number.
    let seed = Rule {
        words: "a whole number from 0 to 9223372036854775807",
        holds: |number| number <= i64::MAX.unsigned_abs(),
    };
    let run = RunSettings {
        from: sections::instant(reader, "run.from"),
        to: sections::instant(reader, "run.to"),
        seed: reader.integer("run.seed", &seed),
    };
    model.start = run.from;
    Settings {
        rules,
        model,
        signal_delay,
        data,
        fallback,
        run,
        // Read where it is wanted: trials of a sweep do not need it.
        validation: Validation::default(),
        live: Live::default(),
        resolved: Vec::new(),
    }
}

fn terms(reader: &mut Reader<'_>) -> Terms {
    let leverage = reader.integer(
        "account.leverage",
        &Rule {
            words: "a whole number from 1 to 125",
            holds: |number| (1..=125).contains(&number),
        },
    );
    Terms {
        leverage: u16::try_from(leverage).expect("invariant: the rule keeps it below 126"),
        margin_mode: reader.choice(
            "account.margin_mode",
            &[
                ("isolated", MarginMode::Isolated),
                ("cross", MarginMode::Cross),
            ],
        ),
        maker: reader.bps("fees.maker_bps", &COST),
        taker: reader.bps("fees.taker_bps", &COST),
    }
}

fn rules(reader: &mut Reader<'_>, terms: Terms) -> Rules {
    Rules {
        confluence: confluence(reader),
        sizing: sizing(reader),
        daily: daily(reader),
        cooldown: reader.seconds("entries.cooldown_s", &WAIT),
        exits: exits(reader),
        risk_close_share: reader.percent("exits.risk_close_share_pct", &PART),
        direction: reader.choice(
            "entries.direction",
            &[("long", Direction::Long), ("short", Direction::Short)],
        ),
        terms,
    }
}

fn confluence(reader: &mut Reader<'_>) -> ConfluenceRules {
    ConfluenceRules {
        window: reader.seconds("signals.window_s", &SOME_TIME),
        score_min: reader.fraction("signals.score_min", &SHARE),
        weights: Weights {
            proximity: reader.fraction("signals.weight_proximity", &SHARE),
            strength: reader.fraction("signals.weight_strength", &SHARE),
            freshness: reader.fraction("signals.weight_freshness", &SHARE),
        },
        strength_intensified: reader.fraction("signals.strength_fomo_intensified", &SHARE),
        strength_fomo: reader.fraction("signals.strength_fomo", &SHARE),
        role_112: reader.choice(
            "signals.role_112",
            &[
                ("leg", Role112::Leg),
                ("risk", Role112::Risk),
                ("both", Role112::Both),
                ("ignore", Role112::Ignore),
            ],
        ),
        fresh_horizon: reader.seconds("signals.fresh_horizon_s", &SOME_TIME),
        freshness_basis: reader.choice(
            "signals.freshness_basis",
            &[
                ("newest", FreshnessBasis::Newest),
                ("average", FreshnessBasis::Average),
            ],
        ),
        retention: reader.seconds("signals.retention_s", &SOME_TIME),
        future_max: reader.millis("signals.future_max_ms", &WAIT),
    }
}

fn sizing(reader: &mut Reader<'_>) -> SizingRules {
    let open_risk_max = reader.percent("sizing.open_risk_max_pct", &BELOW_ALL);
    let some = Rule {
        words: "above 0",
        holds: |rate| rate > Rate::ZERO,
    };
    SizingRules {
        basis: reader.choice(
            "sizing.basis",
            &[
                ("margin", SizingBasis::Margin),
                ("notional", SizingBasis::Notional),
            ],
        ),
        position: reader.percent("sizing.position_pct", &some),
        total: reader.percent("sizing.total_pct", &some),
        score_scaling: reader.flag("sizing.score_scaling"),
        open_risk_max: (open_risk_max > Rate::ZERO).then_some(open_risk_max),
    }
}

fn daily(reader: &mut Reader<'_>) -> DailyRules {
    let trades_max = reader.integer(
        "daily.trades_max",
        &Rule {
            words: "a whole number from 1 to 1000000 (0 would refuse every entry)",
            holds: |number| (1..=1_000_000).contains(&number),
        },
    );
    DailyRules {
        trades_max: u32::try_from(trades_max).expect("invariant: the rule keeps it in range"),
        loss_max: reader.percent("daily.loss_max_pct", &PART),
        halt_basis: reader.choice(
            "daily.halt_basis",
            &[
                ("equity", HaltBasis::Equity),
                ("realized", HaltBasis::Realized),
            ],
        ),
        halt_action: reader.choice(
            "daily.halt_action",
            &[
                ("block_entries", HaltAction::BlockEntries),
                ("flatten", HaltAction::Flatten),
            ],
        ),
    }
}

fn exits(reader: &mut Reader<'_>) -> ExitPlan {
    let hold_max = reader.seconds("exits.hold_max_s", &WAIT);
    let trailing = TrailingPlan {
        activation: reader.percent("exits.trailing.activation_pct", &INSIDE),
        callback: reader.percent(
            "exits.trailing.callback_pct",
            &Rule {
                words: "0.1 to 10: the exchange takes no other",
                holds: |rate| {
                    (Rate::from_steps(100_000)..=Rate::from_steps(10_000_000)).contains(&rate)
                },
            },
        ),
        watched: reader.choice("exits.trailing.watched", &WATCHED),
    };
    let offset = reader.percent("exits.break_even.offset_pct", &BELOW_ALL);
    ExitPlan {
        stop: reader.percent("exits.stop_pct", &INSIDE),
        stop_watched: reader.choice("exits.stop_watched", &WATCHED),
        targets: targets(reader),
        target_watched: reader.choice("exits.target_watched", &WATCHED),
        share_of: reader.choice(
            "exits.share_of",
            &[
                ("initial", ShareOf::Initial),
                ("remaining", ShareOf::Remaining),
            ],
        ),
        trailing: reader.flag("exits.trailing.enabled").then_some(trailing),
        break_even: reader.flag("exits.break_even.enabled").then_some(offset),
        hold_max: (hold_max > Span::ZERO).then_some(hold_max),
    }
}

fn targets(reader: &mut Reader<'_>) -> Vec<Target> {
    const KEY: &str = "exits.targets";
    const FIELDS: [&str; 2] = ["distance_pct", "share_pct"];
    let distance = Rule {
        words: "above 0 and at most 10000",
        holds: |rate: Rate| rate > Rate::ZERO && rate.steps() <= 100 * Rate::ONE.steps(),
    };
    let targets: Vec<Target> = reader
        .rows(KEY, &FIELDS)
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let name = |field: usize| Name::Field(KEY, index, FIELDS[field]);
            Target {
                distance: reader.percent_in(name(0), row[0], &distance),
                share: reader.percent_in(name(1), row[1], &PART),
            }
        })
        .collect();
    let rows = targets.iter().map(|target| {
        let (distance, share) = (target.distance.percent(), target.share.percent());
        format!("{} = {distance}, {} = {share}", FIELDS[0], FIELDS[1])
    });
    reader.write_list(KEY, rows);
    targets
}
