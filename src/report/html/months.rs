//! Returns of calendar months as a heat table.
//!
//! Not here: computing them (`stats::calendar`).

use super::element;
use super::escape;
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::Lang;
use crate::report::words::figures as words;
use crate::stats::figure::count;

/// Returns of calendar months, a row per year.
#[must_use]
pub fn months(run: &RunReport, lang: Lang) -> String {
    let table = &run.metrics.monthly_returns;
    if table.len() < 2 {
        return String::new();
    }
    let largest = table
        .values()
        .fold(0.0_f64, |size, value| size.max(value.abs()));
    let mut html = format!(
        "<div class=\"scroll\"><table class=\"heat\">\n<thead><tr><th>{}</th>",
        words::YEAR.say(lang)
    );
    for name in words::CALENDAR.into_iter().chain([words::YEAR]) {
        html.push_str(&format!("<th class=\"num\">{}</th>", name.say(lang)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (year, total) in &run.metrics.yearly_returns {
        html.push_str(&format!("<tr><th>{}</th>", escape::text(year)));
        for month in 1..=12 {
            match table.get(&format!("{year}-{month:02}")) {
                Some(value) => {
                    let depth = if largest > 0.0 {
                        value.abs() / largest
                    } else {
                        0.0
                    };
                    html.push_str(&format!(
                        "<td class=\"num{}\" style=\"--depth:{:.0}%\">{}</td>",
                        element::tone(*value),
                        depth * 60.0,
                        escape::number(&format::signed(value * 100.0, 1))
                    ));
                }
                None => html.push_str("<td></td>"),
            }
        }
        html.push_str(&format!(
            "<td class=\"num{} total\">{}</td></tr>\n",
            element::tone(*total),
            escape::number(&format::signed(total * 100.0, 1))
        ));
    }
    html.push_str("</tbody></table></div>\n");
    let gained = table.values().filter(|value| **value > 0.0).count();
    let share = format::number(count(gained) / count(table.len()) * 100.0, 0);
    let counts = [gained, table.len()].map(|count| count.to_string());
    html.push_str(&element::note(
        &words::MONTHS_NOTE.with(lang, &[&counts[0], &counts[1], &share]),
    ));
    element::section("months", words::MONTHS.say(lang), &html)
}
