//! Keys become objects: the simulation, the bars, the contract that stands in, the window.
//!
//! Not here: the strategy's sections (`check`), rules between keys (`conflicts`).

use super::check::{COST, INSIDE, PART, SOME_TIME, WAIT};
use super::reader::{Name, Reader, Rule};
use crate::domain::instrument::Bracket;
use crate::domain::num::{LARGEST, Money, Qty, Rate, Rounding};
use crate::domain::position::Terms;
use crate::domain::time::{EARLIEST, LATEST, Span, Timestamp};
use crate::exchange::model::{Costs, Drilldown, EndOfData, LimitFill, Model, PathMode, Prices};
use crate::market::instruments::Fallback;
use crate::market::place::{interval_name, parse_interval};

/// A quantity that is some.
const SOME_QTY: Rule<Qty> = Rule {
    words: "above 0",
    holds: |qty| !qty.is_zero(),
};
/// An amount that may be nothing.
const AMOUNT: Rule<Money> = Rule {
    words: "0 or above",
    holds: |money| money >= Money::ZERO,
};
pub(super) fn model(reader: &mut Reader<'_>, balance: Money, terms: Terms) -> Model {
    let modes = PathMode::ALL.map(|mode| (mode.name(), mode));
    Model {
        balance,
        start: None,
        terms,
        prices: reader.choice(
            "simulation.prices",
            &[("bars", Prices::Bars), ("trades", Prices::Trades)],
        ),
        path_mode: reader.choice("simulation.path_mode", &modes),
        drilldown: reader.choice(
            "simulation.drilldown",
            &[
                ("off", Drilldown::Off),
                ("ambiguous", Drilldown::Ambiguous),
                ("always", Drilldown::Always),
            ],
        ),
        latency: reader.millis("simulation.latency_ms", &WAIT),
        bracket_delay: reader.millis("simulation.bracket_delay_ms", &WAIT),
        entry_ttl: reader.seconds("simulation.entry_ttl_s", &SOME_TIME),
        costs: Costs {
            half_spread: reader.bps("simulation.half_spread_bps", &COST),
            impact: reader.bps("simulation.impact_bps", &COST),
            slippage: reader.bps("simulation.slippage_bps", &COST),
            stop_slippage: reader.bps("simulation.stop_slippage_bps", &COST),
            target_slippage: reader.bps("simulation.target_slippage_bps", &COST),
        },
        limit_fill: reader.choice(
            "simulation.limit_fill",
            &[("through", LimitFill::Through), ("touch", LimitFill::Touch)],
        ),
        limit_participation: reader.percent("simulation.limit_participation_pct", &PART),
        end_of_data: reader.choice(
            "simulation.end_of_data",
            &[
                ("force_close", EndOfData::ForceClose),
                ("mark", EndOfData::Mark),
            ],
        ),
    }
}

/// `[data] interval`.
pub(super) fn interval(reader: &mut Reader<'_>) -> Option<Span> {
    reader.auto(
        "data.interval",
        "a length of bars such as 1m, 5m or 1h",
        parse_interval,
        interval_name,
    )
}

/// An instant or `auto`.
pub(super) fn instant(reader: &mut Reader<'_>, key: &str) -> Option<Timestamp> {
    reader.auto(
        key,
        "a UTC date or time from 2010 to 2099 such as 2026-01-01 or 2026-01-01T07:15:00Z",
        read_instant,
        Timestamp::to_text,
    )
}

fn read_instant(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(number) => Timestamp::from_epoch(number).map(|(instant, _)| instant),
        Err(_) => Timestamp::parse(text).filter(|at| (EARLIEST..LATEST).contains(at)),
    }
}

/// `[instrument]`.
pub(super) fn fallback(reader: &mut Reader<'_>) -> Fallback {
    Fallback {
        tick: None,
        step: reader.qty("instrument.step", &SOME_QTY),
        qty_min: reader.qty("instrument.qty_min", &SOME_QTY),
        market_qty_max: reader.qty("instrument.market_qty_max", &SOME_QTY),
        notional_min: reader.money("instrument.notional_min_usdt", &AMOUNT),
        liquidation_fee: reader.percent("instrument.liquidation_fee_pct", &INSIDE),
        brackets: brackets(reader),
    }
}

/// The table has floors and rates only: caps and deductions follow, so no two of its figures can disagree (A6).
fn brackets(reader: &mut Reader<'_>) -> Vec<Bracket> {
    const KEY: &str = "instrument.brackets";
    const FIELDS: [&str; 2] = ["floor_usdt", "maintenance_pct"];
    let tiers: Vec<(Money, Rate)> = reader
        .rows(KEY, &FIELDS)
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let name = |field: usize| Name::Field(KEY, index, FIELDS[field]);
            let floor = reader.money_in(name(0), row[0], &AMOUNT);
            let maintenance = reader.percent_in(name(1), row[1], &INSIDE);
            (floor, maintenance)
        })
        .collect();
    let rows = tiers.iter().map(|(floor, maintenance)| {
        let percent = maintenance.percent();
        format!("{} = {floor}, {} = {percent}", FIELDS[0], FIELDS[1])
    });
    reader.write_list(KEY, rows);
    if let Some(text) = disorder(&tiers) {
        reader.conflict(
            &[KEY],
            format!("'{KEY}' {text}"),
            "floors begin at 0 and rise, and so do the percentages",
        );
        return Vec::new();
    }
    continuous(&tiers)
}

fn disorder(tiers: &[(Money, Rate)]) -> Option<&'static str> {
    let first = tiers.first().map(|(floor, _)| *floor);
    if first != Some(Money::ZERO) {
        return Some("does not begin with a tier at 0 USDT");
    }
    let rising = tiers
        .windows(2)
        .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1);
    if !rising {
        return Some("does not rise from tier to tier");
    }
    let exact = tiers.iter().all(|(floor, rate)| {
        let value = floor.exact();
        value.rate(*rate, Rounding::Down) == value.rate(*rate, Rounding::Up)
    });
    (!exact).then_some("has a floor whose margin is finer than 0.00000001 USDT")
}

fn continuous(tiers: &[(Money, Rate)]) -> Vec<Bracket> {
    let mut deduction = Money::ZERO;
    let mut below = Rate::ZERO;
    tiers
        .iter()
        .enumerate()
        .map(|(index, (floor, maintenance))| {
            deduction += floor.exact().rate(*maintenance - below, Rounding::Down);
            below = *maintenance;
            Bracket {
                floor: *floor,
                cap: tiers
                    .get(index + 1)
                    .map_or(Money::from_steps(LARGEST), |(next, _)| *next),
                maintenance: *maintenance,
                deduction,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deductions_are_those_of_a_published_table() {
        // The tiers of a small coin on 2026-01-01 with the amounts the exchange printed beside them.
        let tiers: Vec<(Money, Rate)> = [
            ("0", "1.5"),
            ("5000", "2.5"),
            ("10000", "5"),
            ("20000", "10"),
        ]
        .map(|(floor, percent)| (floor.parse().unwrap(), Rate::from_percent(percent).unwrap()))
        .to_vec();
        let deductions: Vec<String> = continuous(&tiers)
            .iter()
            .map(|bracket| bracket.deduction.to_string())
            .collect();
        assert_eq!(deductions, ["0", "50", "300", "1300"]);
    }
}
