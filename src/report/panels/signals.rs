//! From message to fill, and how prices moved after confluences.
//!
//! Not here: the verdict of each message (`html::signals`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Line, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, panel};
use crate::stats::figure::count;

pub(super) fn funnel(run: &RunReport, lang: Lang) -> Option<Chart> {
    let stages = &run.signals.funnel;
    if run.signals.total == 0 {
        return None;
    }
    let names = stages.iter().map(|stage| stage.name.say(lang)).collect();
    let bars = stages.iter().enumerate().map(|(place, stage)| {
        let unit = stage.unit_word().say(lang);
        let label = format!("{} {unit}", format::whole(stage.count));
        super::bar(place, count(stage.count), Ink::Run, label)
    });
    Some(super::single(
        "funnel",
        (
            panel::FUNNEL_TITLE.say(lang).to_owned(),
            panel::FUNNEL_CAPTION.say(lang).to_owned(),
        ),
        (
            axis(panel::COUNT.say(lang), Scale::Linear, Unit::Count),
            axis("", Scale::Names(names), Unit::Count),
        ),
        vec![Mark::Bars {
            name: String::new(),
            bars: bars.collect(),
        }],
    ))
}

pub(super) fn decay(run: &RunReport, lang: Lang) -> Option<Chart> {
    let decay = &run.record.decay;
    let first = *decay.n.first()?;
    let points = |column: &[f64]| -> Vec<(f64, f64)> {
        decay
            .minutes
            .iter()
            .copied()
            .zip(column.iter().copied())
            .collect()
    };
    let band = decay.minutes.iter().zip(decay.low.iter().zip(&decay.high));
    let marks = vec![
        super::zero_line(),
        Mark::Band {
            name: panel::DECAY_BAND.say(lang).to_owned(),
            ink: Ink::Muted,
            points: band.map(|(x, (low, high))| (*x, *low, *high)).collect(),
        },
        Mark::Line(Line {
            name: panel::DECAY_MEAN.say(lang).to_owned(),
            ink: Ink::Run,
            points: points(&decay.mean),
            fill_to: None,
            dashed: false,
        }),
    ];
    let last = decay.n.last().copied().unwrap_or(first);
    Some(super::single(
        "decay",
        (
            panel::DECAY_TITLE.say(lang).to_owned(),
            panel::DECAY_CAPTION.with(lang, &[&format::whole(first), &format::whole(last)]),
        ),
        (
            axis(panel::SINCE_KNOWN.say(lang), Scale::Log, Unit::Minutes),
            axis(panel::MOVE.say(lang), Scale::Linear, Unit::Percent),
        ),
        marks,
    ))
}
