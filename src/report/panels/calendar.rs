//! Returns of days and months as coloured fields.
//!
//! Not here: compounding them (`stats::calendar`).

use std::collections::BTreeMap;

use super::axis;
use crate::report::chart::spec::{Cell, Chart, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, panel};
use crate::stats::calendar::month;

/// Months shown day by day at most, the latest ones.
const MONTHS_MAX: usize = 36;

pub(super) fn days(run: &RunReport, lang: Lang) -> Option<Chart> {
    let mut day = run.daily.start;
    let mut months: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
    for value in run.daily.known_returns() {
        // `2024-03-07T…`
        let place = day
            .to_text()
            .get(8..10)
            .and_then(|text| text.parse::<usize>().ok())?;
        let cells = months.entry(month(day)).or_default();
        cells.push((place.saturating_sub(1), value * 100.0));
        day = day.next_day();
    }
    if months.is_empty() {
        return None;
    }
    let skipped = months.len().saturating_sub(MONTHS_MAX);
    let shown: Vec<(String, Vec<(usize, f64)>)> = months.into_iter().skip(skipped).collect();
    let cells = shown.iter().enumerate().flat_map(|(row, (_, days))| {
        days.iter().map(move |(column, value)| Cell {
            column: *column,
            row,
            value: *value,
            label: String::new(),
        })
    });
    let cells = cells.collect();
    let caption = if skipped > 0 {
        panel::DAYS_CUT.with(lang, &[&format::whole(MONTHS_MAX)])
    } else {
        panel::DAYS_CAPTION.say(lang).to_owned()
    };
    Some(super::single(
        "days",
        (panel::DAYS_TITLE.say(lang).to_owned(), caption),
        (
            axis(
                panel::DAY_OF_MONTH.say(lang),
                Scale::Names((1..=31).map(|day: u32| day.to_string()).collect()),
                Unit::Count,
            ),
            axis(
                "",
                Scale::Names(shown.into_iter().map(|(name, _)| name).collect()),
                Unit::Count,
            ),
        ),
        vec![Mark::Cells {
            cells,
            unit: Unit::Percent,
        }],
    ))
}

pub(super) fn months(run: &RunReport, lang: Lang) -> Option<Chart> {
    let years: Vec<String> = run.metrics.yearly_returns.keys().cloned().collect();
    let cells: Vec<Cell> = run
        .metrics
        .monthly_returns
        .iter()
        .filter_map(|(name, value)| {
            let (year, month) = name.split_once('-')?;
            Some(Cell {
                column: month.parse::<usize>().ok()?.checked_sub(1)?,
                row: years.iter().position(|known| known == year)?,
                value: value * 100.0,
                label: format::signed(value * 100.0, 1),
            })
        })
        .collect();
    if cells.is_empty() {
        return None;
    }
    Some(super::single(
        "months",
        (
            panel::MONTHS_TITLE.say(lang).to_owned(),
            panel::MONTHS_CAPTION.say(lang).to_owned(),
        ),
        (
            axis(
                panel::MONTH.say(lang),
                Scale::Names((1..=12).map(|month: u32| month.to_string()).collect()),
                Unit::Count,
            ),
            axis("", Scale::Names(years), Unit::Count),
        ),
        vec![Mark::Cells {
            cells,
            unit: Unit::Percent,
        }],
    ))
}
