//! What came of trades by the score and the gap of their pair.
//!
//! Not here: groups of trades as tables (`html::trades`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Dot, Line, Mark, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, Word, panel};
use crate::stats::figure::{count, millis};
use crate::stats::trade_row::TradeRow;

/// Groups of neighbours whose mean is drawn, at most.
const GROUPS: usize = 8;
/// Trades in a group at least.
const GROUP_MIN: usize = 3;

pub(super) fn by_score(run: &RunReport, lang: Lang) -> Option<Chart> {
    let (id, title) = ("score", panel::SCORE_TITLE);
    outcome(
        run,
        lang,
        (id, title),
        (panel::SCORE, Unit::Number),
        |trade| trade.score,
    )
}

pub(super) fn by_gap(run: &RunReport, lang: Lang) -> Option<Chart> {
    let (id, title) = ("gap", panel::GAP_TITLE);
    outcome(
        run,
        lang,
        (id, title),
        (panel::GAP, Unit::Number),
        |trade| trade.gap.map(|gap| millis(gap.millis()) / 1_000.0),
    )
}

fn outcome(
    run: &RunReport,
    lang: Lang,
    (id, title): (&'static str, Word),
    (what, unit): (Word, Unit),
    of: impl Fn(&TradeRow) -> Option<f64>,
) -> Option<Chart> {
    let mut found: Vec<(f64, f64, &TradeRow)> = run
        .trades
        .iter()
        .filter_map(|trade| Some((of(trade)?, trade.r()?, trade)))
        .collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by(|left, right| left.0.total_cmp(&right.0));
    let dots = |won: bool| -> Vec<Dot> {
        let dots = found.iter().filter(|(_, r, _)| (*r > 0.0) == won);
        dots.map(|(x, r, trade)| Dot {
            x: *x,
            y: *r,
            label: format!("{} {}", trade.symbol, format::minute(trade.entry_time)),
        })
        .collect()
    };
    let mut marks = vec![super::zero_line()];
    for (won, name, ink) in [
        (true, panel::TRADES_WON, Ink::Gain),
        (false, panel::TRADES_LOST, Ink::Loss),
    ] {
        marks.push(Mark::Dots {
            name: name.say(lang).to_owned(),
            ink,
            dots: dots(won),
        });
    }
    let means = means(&found);
    let trades = format::whole(found.len());
    let caption = if means.len() > 1 {
        panel::OUTCOME_CAPTION.with(lang, &[&trades, &format::whole(means.len())])
    } else {
        panel::OUTCOME_FEW.with(lang, &[&trades])
    };
    if means.len() > 1 {
        marks.push(Mark::Line(Line {
            name: panel::MEAN_OF_NEIGHBOURS.say(lang).to_owned(),
            ink: Ink::Run,
            points: means,
            fill_to: None,
            dashed: false,
        }));
    }
    Some(super::single(
        id,
        (title.say(lang).to_owned(), caption),
        (
            axis(what.say(lang), Scale::Linear, unit),
            axis(panel::RESULT.say(lang), Scale::Linear, Unit::R),
        ),
        marks,
    ))
}

/// Mean position and mean result of groups of neighbours of about one size.
fn means(found: &[(f64, f64, &TradeRow)]) -> Vec<(f64, f64)> {
    let groups = (found.len() / GROUP_MIN).clamp(1, GROUPS);
    let size = found.len().div_ceil(groups);
    found
        .chunks(size)
        .map(|group| {
            let mean = |of: fn(&(f64, f64, &TradeRow)) -> f64| {
                group.iter().map(of).sum::<f64>() / count(group.len())
            };
            (mean(|one| one.0), mean(|one| one.1))
        })
        .collect()
}
