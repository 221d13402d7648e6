//! Where the result comes from: contract, hour, weekday.
//!
//! Not here: the same as tables (`html::trades`).

use super::axis;
use crate::report::chart::spec::{Chart, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, Word, panel};
use crate::stats::breakdown::GroupRow;

/// Contracts shown at most, the largest results first.
const SYMBOLS_MAX: usize = 20;
const WEEKDAYS: [Word; 7] = [
    panel::MONDAY,
    panel::TUESDAY,
    panel::WEDNESDAY,
    panel::THURSDAY,
    panel::FRIDAY,
    panel::SATURDAY,
    panel::SUNDAY,
];

pub(super) fn symbols(run: &RunReport, lang: Lang) -> Option<Chart> {
    let rows = &run.metrics.breakdowns.symbol;
    if rows.is_empty() {
        return None;
    }
    let mut shown: Vec<&GroupRow> = rows.iter().collect();
    shown.sort_by(|left, right| right.net.abs().total_cmp(&left.net.abs()));
    shown.truncate(SYMBOLS_MAX);
    shown.sort_by(|left, right| right.net.total_cmp(&left.net));
    let names = shown.iter().map(|row| row.key.clone()).collect();
    let bars = shown.iter().enumerate().map(|(place, row)| {
        let label = format!("{} ({})", format::signed(row.net, 0), format::whole(row.n));
        super::bar(place, row.net, super::by_sign(row.net), label)
    });
    let (count, all) = (format::whole(shown.len()), format::whole(rows.len()));
    Some(super::single(
        "symbols",
        (
            panel::SYMBOLS_TITLE.say(lang).to_owned(),
            panel::SYMBOLS_CAPTION.with(lang, &[&count, &all]),
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

pub(super) fn hours(run: &RunReport, lang: Lang) -> Option<Chart> {
    let names: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let found = names.clone();
    upright(
        &run.metrics.breakdowns.hour,
        lang,
        ("hours", panel::HOURS_TITLE, panel::HOUR),
        names,
        |key| found.iter().position(|name| key.starts_with(name.as_str())),
    )
}

pub(super) fn weekdays(run: &RunReport, lang: Lang) -> Option<Chart> {
    let names = WEEKDAYS.map(|day| day.say(lang).to_owned()).to_vec();
    upright(
        &run.metrics.breakdowns.weekday,
        lang,
        ("weekdays", panel::WEEKDAYS_TITLE, panel::WEEKDAY),
        names,
        |key| {
            crate::stats::calendar::WEEKDAYS
                .iter()
                .position(|day| *day == key)
        },
    )
}

/// Bars of net over a short row of names.
fn upright(
    rows: &[GroupRow],
    lang: Lang,
    (id, title, what): (&'static str, Word, Word),
    names: Vec<String>,
    place: impl Fn(&str) -> Option<usize>,
) -> Option<Chart> {
    let bars: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let label = format::whole(row.n);
            Some(super::bar(
                place(&row.key)?,
                row.net,
                super::by_sign(row.net),
                label,
            ))
        })
        .collect();
    if bars.is_empty() {
        return None;
    }
    Some(super::single(
        id,
        (
            title.say(lang).to_owned(),
            panel::COUNTS_AT_BARS.say(lang).to_owned(),
        ),
        (
            axis(what.say(lang), Scale::Names(names), Unit::Count),
            axis(panel::NET.say(lang), Scale::Linear, Unit::Usdt),
        ),
        vec![
            super::zero_line(),
            Mark::Bars {
                name: String::new(),
                bars,
            },
        ],
    ))
}
