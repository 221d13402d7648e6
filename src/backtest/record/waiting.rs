//! Buying what was traded when it was entered and waiting, without stop or target; and the same at random times.
//!
//! Not here: the placebo of a validation (V9), which replays the strategy itself. This one is cheap enough for every
//! run, and compares like with like: the entries' times against random ones, everything else equal.

use super::Taken;
use super::decay::first_price;
use crate::domain::order::Direction;
use crate::domain::random::Random;
use crate::domain::time::{Span, Timestamp};
use crate::market::tape::Series;
use crate::report::record::Waiting;
use crate::stats::quantile;

/// How often random times are drawn.
const DRAWS: usize = 200;
/// Tries to find a random time with a price.
const TRIES: usize = 20;
/// The stream of random numbers, apart from all others of a run.
const STREAM: u64 = 0x7761_6974;

/// One thing bought.
struct Bought<'a> {
    series: &'a Series,
    at: Timestamp,
}

struct Terms {
    hold: Span,
    notional: f64,
    fee: f64,
    sign: f64,
    initial: f64,
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    reason = "a count of trades"
)]
pub(super) fn waiting(taken: Taken<'_>) -> Option<Waiting> {
    let tape = &taken.prepared.world.tape;
    let trades = &taken.run.outcome.trades;
    let mut bought = Vec::new();
    for trade in trades {
        let series = tape.series[trade.symbol.index()].as_ref()?;
        bought.push(Bought {
            series,
            at: trade.entry_time,
        });
    }
    let count = i64::try_from(bought.len())
        .ok()
        .filter(|count| *count > 0)?;
    let total: i64 = taken.trades.iter().map(|trade| trade.hold().millis()).sum();
    let sizes: Vec<f64> = taken
        .trades
        .iter()
        .map(|trade| trade.entry_notional)
        .collect();
    let terms = Terms {
        hold: Span::from_millis((total / count).max(60_000)),
        notional: quantile::mean(&sizes)?,
        fee: taken.settings.rules.terms.taker.to_f64(),
        sign: match taken.settings.rules.direction {
            Direction::Long => 1.0,
            Direction::Short => -1.0,
        },
        initial: taken.settings.model.balance.to_f64(),
    };
    let days = days(taken);
    let held = path(&bought, &terms, &days);
    let random = drawn(taken, &bought, &terms, &days);
    Some(banded(
        &random,
        Waiting {
            hold_ms: terms.hold.millis(),
            count: bought.len(),
            notional: terms.notional,
            draws: DRAWS,
            time: days.iter().map(|day| day.millis()).collect(),
            held,
            ..Waiting::default()
        },
    ))
}

/// Start, day ends, end.
fn days(taken: Taken<'_>) -> Vec<Timestamp> {
    let outcome = &taken.run.outcome;
    let mut days = vec![outcome.start];
    let mut next = outcome.start.next_day();
    while next < outcome.end {
        days.push(next);
        next = next.next_day();
    }
    days.push(outcome.end);
    days
}

/// The same number of the same symbols, each at a random time of its own prices within the run.
fn drawn(
    taken: Taken<'_>,
    bought: &[Bought<'_>],
    terms: &Terms,
    days: &[Timestamp],
) -> Vec<Vec<f64>> {
    let outcome = &taken.run.outcome;
    let mut random = Random::stream(taken.settings.run.seed, &[STREAM]);
    (0..DRAWS)
        .map(|_| {
            let moved: Vec<Bought<'_>> = bought
                .iter()
                .map(|one| Bought {
                    series: one.series,
                    at: elsewhere(one.series, (outcome.start, outcome.end), &mut random),
                })
                .collect();
            path(&moved, terms, days)
        })
        .collect()
}

fn elsewhere(
    series: &Series,
    (from, to): (Timestamp, Timestamp),
    random: &mut Random,
) -> Timestamp {
    let mut at = from;
    for _ in 0..TRIES {
        at = Timestamp::from_millis(random.between(from.millis(), to.millis() - 1));
        if first_price(series, at).is_some() {
            break;
        }
    }
    at
}

/// Equity at day ends of buying these and waiting.
fn path(bought: &[Bought<'_>], terms: &Terms, days: &[Timestamp]) -> Vec<f64> {
    let mut changes = vec![0.0; days.len()];
    for one in bought {
        let Some((at, price)) = first_price(one.series, one.at) else {
            continue;
        };
        let until = at + terms.hold;
        let first = days.partition_point(|day| *day < at);
        let mut before = 0.0;
        for (day, change) in days.iter().zip(&mut changes).skip(first) {
            let then = (*day).min(until);
            // The last close known then, once there is one after the price paid.
            let row = one.series.last_completed(then);
            let row = row.filter(|row| one.series.end_time(*row) > at);
            let now = row.map_or(price, |row| one.series.bars().close[row].to_f64());
            let is_sold = *day >= until || days.last() == Some(day);
            let fees = if is_sold { 2.0 } else { 1.0 } * terms.fee;
            let value = terms.notional * (terms.sign * (now / price - 1.0) - fees);
            *change += value - before;
            before = value;
            if *day >= until {
                break;
            }
        }
    }
    let mut equity = terms.initial;
    changes
        .iter()
        .map(|change| {
            equity += change;
            equity
        })
        .collect()
}

fn banded(draws: &[Vec<f64>], mut waiting: Waiting) -> Waiting {
    for day in 0..waiting.time.len() {
        let values: Vec<f64> = draws.iter().map(|draw| draw[day]).collect();
        let ascending = quantile::sorted(&values);
        let at = |permille| quantile::quantile(&ascending, permille).unwrap_or(0.0);
        waiting.low.push(at(50));
        waiting.middle.push(at(500));
        waiting.high.push(at(950));
    }
    waiting
}
