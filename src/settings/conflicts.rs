//! Values that are fine alone and cannot hold together.
//!
//! Not here: ranges of single values (`check`), values that are merely unwise (`consequence`).

use super::Settings;
use super::reader::Reader;
use crate::domain::event::{ShareOf, Target};
use crate::domain::num::Rate;
use crate::domain::order::Direction;
use crate::trader::rules::{Role112, SizingBasis};

/// Reports every contradiction.
pub(super) fn find(reader: &mut Reader<'_>, settings: &Settings) {
    weights(reader, settings);
    reachable_score(reader, settings);
    times(reader, settings);
    sizes(reader, settings);
    ladder(reader, settings);
    trailing(reader, settings);
    break_even(reader, settings);
    quantities(reader, settings);
}

fn weights(reader: &mut Reader<'_>, settings: &Settings) {
    const KEYS: [&str; 3] = [
        "signals.weight_proximity",
        "signals.weight_strength",
        "signals.weight_freshness",
    ];
    let weights = settings.rules.confluence.weights;
    let sum = weights.proximity + weights.strength + weights.freshness;
    if sum != Rate::ONE {
        let parts = KEYS.map(|key| reader.written(key).to_owned()).join(" + ");
        reader.conflict(
            &KEYS,
            format!("the weights of the score are {parts} = {sum}, and must sum to exactly 1"),
            "change weight_proximity, weight_strength and weight_freshness together",
        );
    }
}

fn reachable_score(reader: &mut Reader<'_>, settings: &Settings) {
    let rules = &settings.rules.confluence;
    let leg = matches!(rules.role_112, Role112::Leg | Role112::Both);
    let strength = if leg {
        rules.strength_fomo.max(rules.strength_intensified)
    } else {
        rules.strength_fomo
    };
    let weighted = |rate: Rate, weight: Rate| i128::from(rate.steps()) * i128::from(weight.steps());
    let best = weighted(Rate::ONE, rules.weights.proximity + rules.weights.freshness)
        + weighted(strength, rules.weights.strength);
    if weighted(rules.score_min, Rate::ONE) > best {
        reader.conflict(
            &[
                "signals.score_min",
                "signals.weight_strength",
                "signals.strength_fomo",
                "signals.strength_fomo_intensified",
                "signals.weight_proximity",
                "signals.weight_freshness",
                "signals.role_112",
            ],
            format!(
                "'signals.score_min' is {}, and no pair can score so much with these strengths and weights",
                rules.score_min
            ),
            "the best score is weight_proximity + weight_freshness + weight_strength x the larger strength",
        );
    }
}

fn times(reader: &mut Reader<'_>, settings: &Settings) {
    let rules = &settings.rules.confluence;
    if rules.retention < rules.window {
        let text = format!(
            "'signals.retention_s' is {}, shorter than 'signals.window_s' {}: a signal would be forgotten before its partner may come",
            reader.written("signals.retention_s"),
            reader.written("signals.window_s"),
        );
        reader.conflict(
            &["signals.retention_s", "signals.window_s"],
            text,
            "twice the window is usual",
        );
    }
    if settings.signal_delay >= rules.retention {
        let text = format!(
            "'signals.delay_ms' is {}, not below 'signals.retention_s' {}: every signal would be stale on arrival",
            reader.written("signals.delay_ms"),
            reader.written("signals.retention_s"),
        );
        reader.conflict(
            &["signals.delay_ms", "signals.retention_s"],
            text,
            "make the delay shorter or the retention longer",
        );
    }
    if let (Some(from), Some(to)) = (settings.run.from, settings.run.to)
        && from >= to
    {
        reader.conflict(
            &["run.from", "run.to"],
            format!("the run would end at {to}, not after its start {from}"),
            "'run.to' is the first instant that is no longer in the run",
        );
    }
}

fn sizes(reader: &mut Reader<'_>, settings: &Settings) {
    let sizing = &settings.rules.sizing;
    if sizing.total < sizing.position {
        let text = format!(
            "'sizing.total_pct' is {}, less than 'sizing.position_pct' {}: no position could have its size",
            sizing.total.percent(),
            sizing.position.percent(),
        );
        reader.conflict(
            &["sizing.total_pct", "sizing.position_pct"],
            text,
            "total_pct is for all positions together",
        );
    }
    let leverage = i64::from(settings.rules.terms.leverage);
    let (most, what) = match sizing.basis {
        SizingBasis::Margin => (Rate::ONE, "all of the account as margin"),
        SizingBasis::Notional => (
            Rate::from_steps(Rate::ONE.steps() * leverage),
            "all of the account at this leverage",
        ),
    };
    if sizing.total > most {
        let text = format!(
            "'sizing.total_pct' is {}, more than {}: {what}",
            sizing.total.percent(),
            most.percent(),
        );
        reader.conflict(
            &["sizing.total_pct", "sizing.basis", "account.leverage"],
            text,
            "basis = \"margin\" counts margin, basis = \"notional\" counts value",
        );
    }
}

fn ladder(reader: &mut Reader<'_>, settings: &Settings) {
    const KEY: &str = "exits.targets";
    /// More levels than any exchange lets rest beside a stop.
    const LEVELS_MAX: usize = 20;
    let plan = &settings.rules.exits;
    if plan.targets.len() > LEVELS_MAX {
        reader.conflict(
            &[KEY],
            format!(
                "'{KEY}' has {} levels, more than {LEVELS_MAX}",
                plan.targets.len()
            ),
            "an account may hold a limited number of conditional orders",
        );
        return;
    }
    for (index, pair) in plan.targets.windows(2).enumerate() {
        if pair[0].distance >= pair[1].distance {
            let text = format!(
                "take-profit {} at {} % is not nearer than take-profit {} at {} %",
                index + 1,
                pair[0].distance.percent(),
                index + 2,
                pair[1].distance.percent(),
            );
            reader.conflict(&[KEY], text, "distances rise from level to level");
        }
    }
    if settings.rules.direction == Direction::Short
        && plan
            .targets
            .iter()
            .any(|target| target.distance >= Rate::ONE)
    {
        reader.conflict(
            &[KEY, "entries.direction"],
            "a short cannot take profit 100 % or more below its entry: the price stays above 0",
            "give nearer targets",
        );
    }
    shares(reader, &plan.targets, plan.share_of);
}

/// The last level takes whatever is left (S11), so a share that says otherwise would be a key that lies.
fn shares(reader: &mut Reader<'_>, targets: &[Target], share_of: ShareOf) {
    const KEYS: [&str; 2] = ["exits.targets", "exits.share_of"];
    let Some((last, earlier)) = targets.split_last() else {
        return;
    };
    let taken = earlier
        .iter()
        .fold(Rate::ZERO, |sum, target| sum + target.share);
    let nothing_left = match share_of {
        ShareOf::Initial => taken >= Rate::ONE,
        ShareOf::Remaining => earlier.iter().any(|target| target.share == Rate::ONE),
    };
    if nothing_left {
        reader.conflict(
            &KEYS,
            "the take-profits before the last one already close everything",
            "lower their share_pct, or take the last level out",
        );
    }
    let rest = match share_of {
        ShareOf::Initial => Rate::ONE - taken,
        ShareOf::Remaining => Rate::ONE,
    };
    if !nothing_left && last.share != Rate::ONE && last.share != rest {
        let text = format!(
            "the last take-profit closes all that is left, and its share_pct says {}",
            last.share.percent()
        );
        reader.conflict(&KEYS, text, "give the last level share_pct = 100");
    }
}

fn trailing(reader: &mut Reader<'_>, settings: &Settings) {
    if let Some(plan) = settings.rules.exits.trailing
        && plan.callback >= plan.activation
    {
        let text = format!(
            "the trailing stop starts at a gain of {} % and gives back {} %: it would start below the entry",
            plan.activation.percent(),
            plan.callback.percent(),
        );
        reader.conflict(
            &[
                "exits.trailing.callback_pct",
                "exits.trailing.activation_pct",
                "exits.trailing.enabled",
            ],
            text,
            "callback_pct must be smaller than activation_pct",
        );
    }
}

fn break_even(reader: &mut Reader<'_>, settings: &Settings) {
    let plan = &settings.rules.exits;
    let Some(offset) = plan.break_even else {
        return;
    };
    if plan.targets.len() < 2 {
        reader.conflict(
            &["exits.break_even.enabled", "exits.targets"],
            "the stop moves to break-even after the first take-profit, and with fewer than two nothing is open then",
            "add a take-profit, or set exits.break_even.enabled = false",
        );
        return;
    }
    if offset >= plan.targets[0].distance {
        let text = format!(
            "the break-even stop at {} % is not below the first take-profit at {} %",
            offset.percent(),
            plan.targets[0].distance.percent(),
        );
        reader.conflict(
            &["exits.break_even.offset_pct", "exits.targets"],
            text,
            "an offset of 0.1 pays the fees",
        );
    }
}

fn quantities(reader: &mut Reader<'_>, settings: &Settings) {
    let fallback = &settings.fallback;
    if fallback.qty_min > fallback.market_qty_max {
        let text = format!(
            "'instrument.qty_min' is {}, more than 'instrument.market_qty_max' {}",
            fallback.qty_min, fallback.market_qty_max,
        );
        reader.conflict(
            &["instrument.qty_min", "instrument.market_qty_max"],
            text,
            "no order could have a size between them",
        );
    }
}
