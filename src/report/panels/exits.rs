//! How positions ended: by reason, by level of the plan, by result.
//!
//! Not here: how far prices went for and against them (`excursions`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Bar, Chart, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::reason::readable;
use crate::report::words::{Lang, panel};
use crate::stats::figure::count;

/// Width of a bar of results, R.
const STEP: f64 = 0.5;
/// Results beyond are counted with the last bar.
const REACH: f64 = 5.0;

pub(super) fn reasons(run: &RunReport, lang: Lang) -> Option<Chart> {
    let rows = &run.metrics.breakdowns.exit;
    if rows.is_empty() {
        return None;
    }
    let names = rows.iter().map(|row| readable(&row.key, lang)).collect();
    let bars = rows.iter().enumerate().map(|(place, row)| {
        let label = format!("{} ({})", format::signed(row.net, 0), format::whole(row.n));
        super::bar(place, row.net, super::by_sign(row.net), label)
    });
    Some(super::single(
        "exits",
        (
            panel::EXITS_TITLE.say(lang).to_owned(),
            panel::EXITS_CAPTION.say(lang).to_owned(),
        ),
        (
            axis(panel::NET.say(lang), Scale::Linear, Unit::Usdt),
            axis("", Scale::Names(names), Unit::Count),
        ),
        vec![Mark::Bars {
            name: String::new(),
            bars: bars.collect(),
        }],
    ))
}

/// The share of trades that met each level of the plan.
pub(super) fn ladder(run: &RunReport, lang: Lang) -> Option<Chart> {
    let plan = &run.record.plan;
    if run.trades.is_empty() {
        return None;
    }
    let met = |reason: &str| {
        let trades = run.trades.iter();
        let met = trades.filter(|trade| trade.exits.iter().any(|(name, _)| name == reason));
        met.count()
    };
    let mut rows = vec![(
        panel::LEVEL_STOP.with(lang, &[&format::number(plan.stop, 2)]),
        met("sl"),
    )];
    for (place, (distance, share)) in plan.targets.iter().enumerate() {
        let number = (place + 1).to_string();
        let (distance, share) = (format::number(*distance, 2), format::number(*share, 0));
        let name = panel::LEVEL_TARGET.with(lang, &[&number, &distance, &share]);
        rows.push((name, met(&format!("tp{number}"))));
    }
    if let Some((activation, callback)) = plan.trailing {
        let (activation, callback) = (format::number(activation, 2), format::number(callback, 2));
        let name = panel::LEVEL_TRAILING.with(lang, &[&activation, &callback]);
        rows.push((name, met("trailing")));
    }
    if met("break_even") > 0 {
        let name = panel::LEVEL_BREAK_EVEN.say(lang).to_owned();
        rows.push((name, met("break_even")));
    }
    let total = count(run.trades.len());
    let bars = rows.iter().enumerate().map(|(place, (_, met))| {
        let share = count(*met) / total * 100.0;
        let ink = if place == 0 { Ink::Loss } else { Ink::Gain };
        let label = format!("{} % ({})", format::number(share, 0), format::whole(*met));
        super::bar(place, share, ink, label)
    });
    let bars: Vec<Bar> = bars.collect();
    let names = rows.into_iter().map(|(name, _)| name).collect();
    Some(super::single(
        "ladder",
        (
            panel::LADDER_TITLE.say(lang).to_owned(),
            panel::LADDER_CAPTION.with(lang, &[&format::whole(run.trades.len())]),
        ),
        (
            axis(
                panel::SHARE_OF_TRADES.say(lang),
                Scale::Linear,
                Unit::Percent,
            ),
            axis("", Scale::Names(names), Unit::Count),
        ),
        vec![Mark::Bars {
            name: String::new(),
            bars,
        }],
    ))
}

/// Bars of one width side by side, from the least result to the greatest and one more at each end: an empty one is a bar too.
fn histogram(results: &[f64]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    let mut from = -REACH;
    while from < REACH {
        let (first, last) = (from <= -REACH, from + STEP >= REACH);
        let inside = |r: &&f64| (first || **r > from) && (last || **r <= from + STEP);
        let n = results.iter().filter(inside).count();
        let middle = from + STEP / 2.0;
        bars.push(Bar {
            at: middle,
            from: 0.0,
            to: count(n),
            ink: super::by_sign(middle),
            label: if n > 0 {
                format::whole(n)
            } else {
                String::new()
            },
        });
        from += STEP;
    }
    let is_filled = |bar: &Bar| bar.to > 0.0;
    let least = bars.iter().position(is_filled).unwrap_or(0);
    let most = bars.iter().rposition(is_filled).unwrap_or(0);
    let shown = least.saturating_sub(1)..(most + 2).min(bars.len());
    bars.drain(shown).collect()
}

/// How results spread, in multiples of the initial risk.
pub(super) fn results(run: &RunReport, lang: Lang) -> Option<Chart> {
    let results: Vec<f64> = run.trades.iter().filter_map(|trade| trade.r()).collect();
    if results.is_empty() {
        return None;
    }
    let bars = histogram(&results);
    let mean = results.iter().sum::<f64>() / count(results.len());
    let marks = vec![
        Mark::Bars {
            name: String::new(),
            bars,
        },
        Mark::Rule {
            label: panel::MEAN.with(lang, &[&format::signed(mean, 2)]),
            ink: Ink::Run,
            at: mean.clamp(-REACH, REACH),
            upright: true,
        },
    ];
    Some(super::single(
        "results",
        (
            panel::RESULTS_TITLE.say(lang).to_owned(),
            panel::RESULTS_CAPTION.say(lang).to_owned(),
        ),
        (
            axis(panel::RESULT.say(lang), Scale::Linear, Unit::R),
            axis(panel::TRADES.say(lang), Scale::Linear, Unit::Count),
        ),
        marks,
    ))
}
