//! When entries were refused, by which gate, and when none were taken at all.
//!
//! Not here: counting them (`html::signals`).

use std::collections::BTreeMap;

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Dot, Line, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::reason::readable;
use crate::report::words::{Lang, panel};
use crate::stats::figure::{count, millis};

pub(super) fn timeline(run: &RunReport, lang: Lang) -> Option<Chart> {
    let record = &run.record;
    if record.refused.is_empty() && record.halts.is_empty() {
        return None;
    }
    let mut reasons: BTreeMap<&str, Vec<Dot>> = BTreeMap::new();
    for refused in &record.refused {
        reasons.entry(&refused.reason).or_default().push(Dot {
            x: millis(refused.time),
            y: 0.0,
            label: refused.symbol.clone(),
        });
    }
    if reasons.is_empty() {
        reasons.insert("daily_loss", Vec::new());
    }
    let spans = record.halts.iter();
    let mut marks = vec![Mark::Stretch {
        name: panel::HALTED.say(lang).to_owned(),
        ink: Ink::Loss,
        spans: spans
            .map(|halt| (millis(halt.from), millis(halt.to)))
            .collect(),
    }];
    let (start, end) = (run.daily.start.millis(), run.daily.end.millis());
    let (start, end) = (millis(start), millis(end));
    let mut names = Vec::new();
    for (place, (reason, mut dots)) in reasons.into_iter().enumerate() {
        for dot in &mut dots {
            dot.y = count(place);
        }
        let name = readable(reason, lang);
        names.push(format!("{name} ({})", format::whole(dots.len())));
        // A line over the whole run: where nothing was refused is to be seen too.
        let row = count(place);
        marks.push(Mark::Line(Line {
            name: String::new(),
            ink: Ink::Grid,
            points: vec![(start, row), (end, row)],
            fill_to: None,
            dashed: false,
        }));
        marks.push(Mark::Dots {
            name: String::new(),
            ink: Ink::Run,
            dots,
        });
    }
    let plan = &record.plan;
    let limits = [
        format::whole(plan.trades_a_day),
        format::number(plan.daily_loss, 1),
        format::whole(record.halts.len()),
    ];
    let limits = limits.each_ref().map(String::as_str);
    Some(super::single(
        "gates",
        (
            panel::GATES_TITLE.say(lang).to_owned(),
            panel::GATES_CAPTION.with(lang, &limits),
        ),
        (
            axis("", Scale::Time, Unit::Number),
            axis("", Scale::Names(names), Unit::Count),
        ),
        marks,
    ))
}
