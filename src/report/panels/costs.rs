//! What costs and assumptions did to the result: from gross to net, other paths inside bars, other costs.
//!
//! Not here: the same as tables (`html::costs`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Bar, Chart, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, Word, costs as words, panel};

pub(super) fn waterfall(run: &RunReport, lang: Lang) -> Option<Chart> {
    let costs = &run.metrics.costs;
    if run.fills == 0 {
        return None;
    }
    // Slippage is inside the prices of fills: without it the gross would have been that much more.
    let steps = [
        (panel::GROSS, costs.realized + costs.slippage.usdt),
        (panel::SLIPPAGE, -costs.slippage.usdt),
        (panel::FEES, -costs.total_fees.usdt),
        (panel::FUNDING, costs.total_funding),
        (panel::INSURANCE, costs.insurance),
    ];
    let mut bars = Vec::new();
    let mut names = Vec::new();
    let mut level = 0.0;
    for (name, amount) in steps {
        if name == panel::INSURANCE && amount == 0.0 {
            continue;
        }
        bars.push(Bar {
            from: level,
            to: level + amount,
            ..super::bar(
                names.len(),
                0.0,
                super::by_sign(amount),
                format::signed(amount, 2),
            )
        });
        level += amount;
        names.push(name.say(lang).to_owned());
    }
    let label = format::signed(costs.net, 2);
    bars.push(super::bar(names.len(), costs.net, Ink::Run, label));
    names.push(panel::NET_RESULT.say(lang).to_owned());
    Some(super::single(
        "costs",
        (
            panel::COSTS_TITLE.say(lang).to_owned(),
            panel::COSTS_CAPTION.say(lang).to_owned(),
        ),
        (
            axis("", Scale::Names(names), Unit::Count),
            axis("", Scale::Linear, Unit::Usdt),
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

/// Net under each order of high and low.
pub(super) fn paths(run: &RunReport, lang: Lang) -> Option<Chart> {
    let envelope = run.metrics.envelope.as_ref()?;
    let rows = envelope.rows.iter();
    let rows = rows
        .map(|row| (path_name(&row.mode, lang), row.net.to_f64()))
        .collect();
    let counts = [
        format::whole(run.paths.ambiguous),
        format::whole(run.paths.bars_in_position),
        format::whole(run.paths.trades_touched),
    ];
    let counts = counts.each_ref().map(String::as_str);
    let caption = panel::PATHS_CAPTION.with(lang, &counts);
    Some(lying(("paths", panel::PATHS_TITLE, caption), lang, rows))
}

fn path_name(mode: &str, lang: Lang) -> String {
    words::path(mode).map_or_else(|| mode.to_owned(), |(name, _)| name.say(lang).to_owned())
}

/// Net at other costs.
pub(super) fn multiples(run: &RunReport, lang: Lang) -> Option<Chart> {
    let table = run.metrics.cost_table.as_ref()?;
    let rows = table.rows.iter().map(|row| {
        let name = format!("{} ×", format::number(row.multiple.to_f64(), 0));
        (name, row.net.to_f64())
    });
    let mut rows: Vec<(String, f64)> = rows.collect();
    if let Some(probe) = &run.metrics.delay_probe {
        #[allow(clippy::cast_precision_loss, reason = "a delay in ms")]
        let later = format::span(probe.added_ms as f64);
        rows.push((panel::LATER.with(lang, &[&later]), probe.net.to_f64()));
    }
    let caption = panel::MULTIPLES_CAPTION.say(lang).to_owned();
    Some(lying(
        ("robustness", panel::MULTIPLES_TITLE, caption),
        lang,
        rows,
    ))
}

/// Bars of net, one for each row.
fn lying(
    (id, title, caption): (&'static str, Word, String),
    lang: Lang,
    rows: Vec<(String, f64)>,
) -> Chart {
    let bars = rows.iter().enumerate().map(|(place, (_, net))| {
        super::bar(place, *net, super::by_sign(*net), format::signed(*net, 2))
    });
    let bars = bars.collect();
    let names = rows.into_iter().map(|(name, _)| name).collect();
    super::single(
        id,
        (title.say(lang).to_owned(), caption),
        (
            axis(panel::NET.say(lang), Scale::Linear, Unit::Usdt),
            axis("", Scale::Names(names), Unit::Count),
        ),
        vec![Mark::Bars {
            name: String::new(),
            bars,
        }],
    )
}
