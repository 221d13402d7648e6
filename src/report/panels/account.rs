//! Equity, drawdown and exposure, one above the other.
//!
//! Not here: thinning (`backtest::record::course`).

use super::axis;
use crate::report::chart::Ink;
use crate::report::chart::spec::{Chart, Dot, Line, Mark, Panel, Scale, Unit};
use crate::report::format;
use crate::report::input::RunReport;
use crate::report::words::{Lang, panel};
use crate::stats::figure::millis;
use crate::stats::trade_row::TradeRow;

/// More dots than these would be a smear.
const DOTS_MAX: usize = 400;

pub(super) fn account(run: &RunReport, lang: Lang) -> Option<Chart> {
    let course = &run.record.course;
    if course.time.is_empty() {
        return None;
    }
    let points = |column, scale| points(run, column, scale);
    let start = millis(run.daily.start.millis());
    let mut equity = points(&course.equity, 1.0);
    equity.insert(0, (start, run.metrics.initial));
    let mut marks = vec![
        Mark::Rule {
            label: String::new(),
            ink: Ink::Base,
            at: run.metrics.initial,
            upright: false,
        },
        Mark::Line(Line {
            name: panel::THIS_RUN.say(lang).to_owned(),
            ink: Ink::Run,
            points: equity.clone(),
            fill_to: Some(run.metrics.initial),
            dashed: false,
        }),
    ];
    marks.extend(exits(run, &equity, lang));
    let dots = if run.trades.len() > DOTS_MAX {
        panel::NO_DOTS.with(lang, &[&format::whole(DOTS_MAX)])
    } else {
        panel::DOTS.say(lang).to_owned()
    };
    let caption = caption(run, lang) + &dots;
    Some(Chart {
        id: "equity",
        title: panel::EQUITY_TITLE.say(lang).to_owned(),
        caption,
        x: axis("", Scale::Time, Unit::Number),
        panels: vec![
            Panel {
                share: 3.0,
                y: axis(panel::EQUITY.say(lang), Scale::Linear, Unit::Usdt),
                marks,
            },
            filled(
                panel::DRAWDOWN.say(lang),
                Ink::Loss,
                points(&course.drawdown, 100.0),
            ),
            filled(
                panel::EXPOSURE.say(lang),
                Ink::FirstHold,
                points(&course.exposure, 100.0),
            ),
        ],
    })
}

/// Drawdown alone; without bar ends a chart that says so.
pub(super) fn drawdown(run: &RunReport, lang: Lang) -> Chart {
    let drawdown = &run.record.course.drawdown;
    Chart {
        id: "drawdown",
        title: panel::DRAWDOWN_TITLE.say(lang).to_owned(),
        caption: caption(run, lang),
        x: axis("", Scale::Time, Unit::Number),
        panels: vec![filled("", Ink::Loss, points(run, drawdown, 100.0))],
    }
}

fn points(run: &RunReport, column: &[f64], scale: f64) -> Vec<(f64, f64)> {
    let rows = run.record.course.time.iter().zip(column);
    rows.map(|(time, value)| (millis(*time), value * scale))
        .collect()
}

fn caption(run: &RunReport, lang: Lang) -> String {
    let course = &run.record.course;
    let ends = format::whole(course.bar_ends);
    if course.time.is_empty() {
        panel::NOTHING.say(lang).to_owned()
    } else if course.time.len() < course.bar_ends {
        panel::THINNED.with(lang, &[&ends])
    } else {
        panel::AT_BAR_ENDS.with(lang, &[&ends])
    }
}

fn filled(title: &str, ink: Ink, points: Vec<(f64, f64)>) -> Panel {
    Panel {
        share: 1.2,
        y: axis(title, Scale::Linear, Unit::Percent),
        marks: vec![Mark::Line(Line {
            name: String::new(),
            ink,
            points,
            fill_to: Some(0.0),
            dashed: false,
        })],
    }
}

/// A dot at each exit, on the curve.
fn exits(run: &RunReport, curve: &[(f64, f64)], lang: Lang) -> Vec<Mark> {
    if run.trades.len() > DOTS_MAX {
        return Vec::new();
    }
    let dots = |won: bool| -> Vec<Dot> {
        run.trades
            .iter()
            .filter(|trade| (trade.net > 0.0) == won)
            .filter_map(|trade| on_curve(trade, curve))
            .collect()
    };
    [
        (true, panel::TRADES_WON, Ink::Gain),
        (false, panel::TRADES_LOST, Ink::Loss),
    ]
    .into_iter()
    .map(|(won, name, ink)| Mark::Dots {
        name: name.say(lang).to_owned(),
        ink,
        dots: dots(won),
    })
    .collect()
}

fn on_curve(trade: &TradeRow, curve: &[(f64, f64)]) -> Option<Dot> {
    let time = millis(trade.exit_time.millis());
    let place = curve.partition_point(|(at, _)| *at < time);
    // Between two points of the thinned curve the dot stands on the line drawn between them.
    let (at, after) = curve.get(place).or(curve.last())?;
    let (from, before) = curve.get(place.saturating_sub(1))?;
    let share = if at > from {
        ((time - from) / (at - from)).clamp(0.0, 1.0)
    } else {
        1.0
    };
    let value = before + (after - before) * share;
    Some(Dot {
        x: time,
        y: value,
        label: format!("{} {}", trade.symbol, format::signed_usdt(trade.net)),
    })
}
