//! Pictures of a run: what is drawn. Equity and drawdown, each as two inline SVGs (wide and narrow) or one PNG.
//!
//! Not here: axes and thinning (`scale`), strokes (`draw`), output forms (`render`). plotters appears below here only.

pub mod draw;
pub mod figure;
pub mod heat;
pub mod picture;
pub mod plotly;
pub mod render;
pub mod ruler;
pub mod scale;
pub mod shade;
pub mod spec;
pub mod summary;
pub mod thin;

use self::scale::Point;
use super::format;
use super::input::RunReport;
use crate::domain::time::Timestamp;
use crate::stats::equity;

/// What a stroke means; output forms choose its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Titles.
    Text,
    /// Labels of axes.
    Muted,
    /// Lines of the grid.
    Grid,
    /// The line everything else is compared with.
    Base,
    /// The run.
    Run,
    /// What was lost.
    Loss,
    /// What was won.
    Gain,
    /// The first benchmark.
    FirstHold,
    /// The second benchmark.
    SecondHold,
}

impl Ink {
    /// All of them; the place in this list is their number.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Muted,
        Self::Grid,
        Self::Base,
        Self::Run,
        Self::Loss,
        Self::Gain,
        Self::FirstHold,
        Self::SecondHold,
    ];
}

/// A line over time.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name in the legend; empty leaves it out.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// Ascending in time.
    pub points: Vec<Point>,
    /// Whether the space down (or up) to the base line is tinted.
    pub filled: bool,
}

/// A dot, a finished trade.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// When and at what value.
    pub point: Point,
    /// Its colour.
    pub ink: Ink,
}

/// One chart, free of pixels.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows, with the unit.
    pub title: String,
    /// A line of context under it.
    pub subtitle: String,
    /// First and last instant shown, ms.
    pub time: (i64, i64),
    /// Lines, the run's own last so that it lies on top.
    pub curves: Vec<Curve>,
    /// Dots on top of them.
    pub marks: Vec<Mark>,
    /// The value of the base line.
    pub base: f64,
    /// Text of a value on the axis.
    pub label: fn(f64) -> String,
}

/// More dots than one in so many columns are a smear.
const COLUMNS_PER_MARK: usize = 4;

/// Equity of a run, thinned to `columns` columns.
#[must_use]
pub fn equity_plot(run: &RunReport, columns: usize) -> Plot {
    let own = equity_points(run, columns);
    let marks = trade_marks(run, &own, columns / COLUMNS_PER_MARK);
    let mut curves: Vec<Curve> = run
        .benchmarks
        .iter()
        .zip([Ink::FirstHold, Ink::SecondHold])
        .map(|(held, ink)| Curve {
            name: held.name.clone(),
            ink,
            points: day_points(run, &held.levels),
            filled: false,
        })
        .collect();
    curves.push(Curve {
        name: "this run".to_owned(),
        ink: Ink::Run,
        points: own,
        filled: true,
    });
    let dots = if marks.is_empty() {
        ""
    } else {
        "; dots are finished trades, green won, red lost"
    };
    Plot {
        title: "Equity, USDT".to_owned(),
        subtitle: format!("{}{dots}", source(run, columns)),
        time: span(run),
        curves,
        marks,
        base: run.metrics.initial,
        label: |value| format::number(value, 0),
    }
}

/// Drawdown of a run in percent, thinned to `columns` columns.
#[must_use]
pub fn drawdown_plot(run: &RunReport, columns: usize) -> Plot {
    let values = if run.bars.equity.is_empty() {
        equity::drawdowns(&run.daily.points())
    } else {
        let with_start: Vec<f64> = std::iter::once(run.metrics.initial)
            .chain(run.bars.equity.iter().copied())
            .collect();
        equity::drawdowns(&with_start)
    };
    let times: Vec<i64> = if run.bars.equity.is_empty() {
        day_times(run)
    } else {
        std::iter::once(run.daily.start)
            .chain(run.bars.time.iter().copied())
            .map(Timestamp::millis)
            .collect()
    };
    let percents: Vec<f64> = values.iter().map(|depth| depth * 100.0).collect();
    Plot {
        title: "Drawdown from the last peak of equity, %".to_owned(),
        subtitle: source(run, columns),
        time: span(run),
        curves: vec![Curve {
            name: String::new(),
            ink: Ink::Loss,
            points: scale::thin(&times, &percents, columns),
            filled: true,
        }],
        marks: Vec::new(),
        base: 0.0,
        label: |value| format!("{} %", percent_label(value)),
    }
}

/// As many decimals as the steps of the axis need.
fn percent_label(value: f64) -> String {
    let text = format::number(value, 2);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Says what the points of a curve are.
#[must_use]
pub fn source(run: &RunReport, columns: usize) -> String {
    if run.bars.equity.is_empty() {
        "at the end of each UTC day".to_owned()
    } else {
        let bars = run.bars.equity.len();
        let thinned = if bars > columns * 4 {
            ", thinned so that every extreme stays"
        } else {
            ""
        };
        format!(
            "at {}{thinned}",
            format::counted(bars, "bar end", "bar ends")
        )
    }
}

fn span(run: &RunReport) -> (i64, i64) {
    let (start, end) = (run.daily.start.millis(), run.daily.end.millis());
    (start, end.max(start + 1))
}

fn equity_points(run: &RunReport, columns: usize) -> Vec<Point> {
    if run.bars.equity.is_empty() {
        return day_points(run, &run.daily.points());
    }
    let times: Vec<i64> = run.bars.time.iter().map(|time| time.millis()).collect();
    let mut points = vec![Point {
        time: run.daily.start.millis(),
        value: run.metrics.initial,
    }];
    points.extend(scale::thin(&times, &run.bars.equity, columns));
    points
}

/// Start, ends of UTC days, end of the run.
fn day_times(run: &RunReport) -> Vec<i64> {
    let end = run.daily.end.millis();
    let mut times = vec![run.daily.start.millis()];
    let mut next = run.daily.start.next_day();
    for _ in &run.daily.closes {
        times.push(next.millis().min(end));
        next = next.next_day();
    }
    times
}

fn day_points(run: &RunReport, values: &[f64]) -> Vec<Point> {
    day_times(run)
        .into_iter()
        .zip(values)
        .map(|(time, value)| Point {
            time,
            value: *value,
        })
        .collect()
}

/// A dot at each exit, on the curve; none when they would cover it.
fn trade_marks(run: &RunReport, curve: &[Point], most: usize) -> Vec<Mark> {
    if run.trades.len() > most {
        return Vec::new();
    }
    run.trades
        .iter()
        .filter_map(|trade| {
            let time = trade.exit_time.millis();
            let place = curve.partition_point(|point| point.time < time);
            let near = curve.get(place).or(curve.last())?;
            let ink = if trade.net > 0.0 {
                Ink::Gain
            } else {
                Ink::Loss
            };
            Some(Mark {
                point: Point {
                    time,
                    value: near.value,
                },
                ink,
            })
        })
        .collect()
}
