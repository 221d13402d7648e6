//! What holding would have made: the market, the traded contracts, and the trades' own entries without exits.
//!
//! Not here: computing these (`stats::benchmark`, `backtest::record::waiting`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Line, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::record::Waiting;
use crate::report::words::{Lang, panel, units};
use crate::stats::figure::millis;

pub(super) fn held(run: &RunReport, lang: Lang) -> Option<Chart> {
    let waiting = run.record.waiting.as_ref();
    if waiting.is_none() && run.benchmarks.is_empty() {
        return None;
    }
    let initial = run.metrics.initial;
    let times = times(run);
    let change = |levels: &[f64]| -> Vec<(f64, f64)> {
        let values = levels.iter().map(|level| (level / initial - 1.0) * 100.0);
        times.iter().copied().zip(values).collect()
    };
    let line = |name: String, ink, levels: &[f64], dashed| {
        Mark::Line(Line {
            name,
            ink,
            points: change(levels),
            fill_to: None,
            dashed,
        })
    };
    let mut marks = vec![super::zero_line()];
    if let Some(waiting) = waiting {
        let (low, high) = (change(&waiting.low), change(&waiting.high));
        let band = low.iter().zip(&high);
        marks.push(Mark::Band {
            name: panel::RANDOM_ENTRIES.say(lang).to_owned(),
            ink: Ink::Muted,
            points: band
                .map(|((x, low), (_, high))| (*x, *low, *high))
                .collect(),
        });
    }
    for (held, ink) in run.benchmarks.iter().zip([Ink::FirstHold, Ink::SecondHold]) {
        if held.levels.len() == times.len() {
            let name = units::held(&held.name, lang);
            marks.push(line(name, ink, &held.levels, true));
        }
    }
    if let Some(waiting) = waiting {
        let name = panel::ENTRIES_HELD.say(lang).to_owned();
        marks.push(line(name, Ink::Gain, &waiting.held, false));
    }
    let own = panel::THIS_RUN.say(lang).to_owned();
    marks.push(line(own, Ink::Run, &run.daily.points(), false));
    Some(super::single(
        "benchmarks",
        (
            panel::BENCHMARKS_TITLE.say(lang).to_owned(),
            caption(waiting, lang),
        ),
        (
            axis("", Scale::Time, Unit::Number),
            axis(panel::CHANGE.say(lang), Scale::Linear, Unit::Percent),
        ),
        marks,
    ))
}

/// Start, day ends, end: where levels of days are known.
fn times(run: &RunReport) -> Vec<f64> {
    let (start, end) = (run.daily.start, run.daily.end);
    let days = std::iter::successors(Some(start.next_day()), |day| Some(day.next_day()));
    let inside = days.take_while(|day| *day < end);
    let all = std::iter::once(start).chain(inside).chain([end]);
    all.map(|time| millis(time.millis())).collect()
}

fn caption(waiting: Option<&Waiting>, lang: Lang) -> String {
    let Some(waiting) = waiting else {
        return panel::BENCHMARKS_ALONE.say(lang).to_owned();
    };
    let hold = units::span(millis(waiting.hold_ms), lang);
    let size = format::usdt(waiting.notional);
    let (count, draws) = (format::whole(waiting.count), format::whole(waiting.draws));
    panel::BENCHMARKS_CAPTION.with(lang, &[&count, &size, &hold, &draws])
}
