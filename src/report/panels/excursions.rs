//! How far prices went against and for each trade, with the plan's lines.
//!
//! Not here: measuring it (`exchange::account`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Dot, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, panel};

pub(super) fn excursions(run: &RunReport, lang: Lang) -> Option<Chart> {
    let dots = |won: bool| -> Vec<Dot> {
        let trades = run.trades.iter().filter(|trade| (trade.net > 0.0) == won);
        trades
            .filter_map(|trade| {
                Some(Dot {
                    x: trade.mae? * 100.0,
                    y: trade.mfe? * 100.0,
                    label: format!(
                        "{} {}: {}",
                        trade.symbol,
                        format::minute(trade.entry_time),
                        format::signed_usdt(trade.net)
                    ),
                })
            })
            .collect()
    };
    let (won, lost) = (dots(true), dots(false));
    if won.is_empty() && lost.is_empty() {
        return None;
    }
    let plan = &run.record.plan;
    let mut marks = vec![Mark::Rule {
        label: panel::STOP_LINE.with(lang, &[&format::number(plan.stop, 2)]),
        ink: Ink::Loss,
        at: -plan.stop,
        upright: true,
    }];
    for (place, (distance, _)) in plan.targets.iter().enumerate() {
        let number = (place + 1).to_string();
        marks.push(Mark::Rule {
            label: panel::TARGET_LINE.with(lang, &[&number, &format::number(*distance, 2)]),
            ink: Ink::Gain,
            at: *distance,
            upright: false,
        });
    }
    for (name, ink, dots) in [
        (panel::TRADES_WON, Ink::Gain, won),
        (panel::TRADES_LOST, Ink::Loss, lost),
    ] {
        marks.push(Mark::Dots {
            name: name.say(lang).to_owned(),
            ink,
            dots,
        });
    }
    Some(super::single(
        "excursions",
        (
            panel::EXCURSIONS_TITLE.say(lang).to_owned(),
            panel::EXCURSIONS_CAPTION.say(lang).to_owned(),
        ),
        (
            axis(panel::WORST.say(lang), Scale::Linear, Unit::Percent),
            axis(panel::BEST.say(lang), Scale::Linear, Unit::Percent),
        ),
        marks,
    ))
}
