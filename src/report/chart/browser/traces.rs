//! Marks as traces of the browser's library.
//!
//! Not here: axes, rules and tinted stretches (`frame`).

use std::collections::BTreeSet;

use plotly::common::{ColorScale, ColorScaleElement, HoverInfo};
use plotly::common::{DashType, Fill, Line as Stroke, Marker, Mode, Orientation, TextPosition};
use plotly::{Bar as Bars, HeatMap, Scatter};
use serde_json::Value;

use super::{ink, plain, thin_ink};
use crate::report::chart::ruler::extent;
use crate::report::chart::spec::{Axis, Bar, Cell, Chart, Dot, Line, Mark, Panel, Scale, Unit};
use crate::report::chart::{Ink, thin};

/// Points of a line at most: two for each column of a wide page.
const POINTS: usize = 1_400;
/// Dots from which on those that would cover each other are shown once.
const DOTS: usize = 3_000;

/// All traces of a panel whose vertical axis has this name.
pub(super) fn of(chart: &Chart, panel: &Panel, axis: &str) -> serde_json::Result<Vec<Value>> {
    let mut made = Vec::new();
    for mark in &panel.marks {
        match mark {
            Mark::Line(line) => made.extend(stroke(panel, line, axis)?),
            Mark::Band { name, ink, points } => {
                made.extend(band(panel, (name, *ink), points, axis)?)
            }
            Mark::Dots {
                name,
                ink,
                dots: found,
            } => made.push(dots(chart, panel, (name, *ink), (found, axis))?),
            Mark::Bars { name, bars: found } => made.push(bars(chart, panel, name, (found, axis))?),
            Mark::Cells { cells: found, unit } => {
                made.push(cells(chart, panel, found, (*unit, axis))?)
            }
            Mark::Rule { .. } | Mark::Stretch { .. } => {}
        }
    }
    Ok(made)
}

/// How a value of an axis is told when pointed at: `%{y:,.2f} USDT`.
pub(super) fn told(letter: &str, axis: &Axis) -> String {
    if axis.scale == Scale::Time {
        return format!("%{{{letter}|%Y-%m-%d %H:%M}} UTC");
    }
    if let Scale::Names(_) = axis.scale {
        return format!("%{{{letter}}}");
    }
    format!("%{{{letter}:{}}}{}", digits(axis.unit), suffix(axis.unit))
}

/// How many digits a value has when pointed at.
pub(super) const fn digits(unit: Unit) -> &'static str {
    match unit {
        Unit::Number => ",.4~r",
        Unit::Count => ",.0f",
        Unit::Usdt | Unit::Percent | Unit::R => ",.2f",
        Unit::Seconds | Unit::Minutes => ",.1~f",
        Unit::Price => ",.7~r",
    }
}

/// The unit behind a value.
pub(super) const fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Number | Unit::Count => "",
        Unit::Usdt | Unit::Price => " USDT",
        Unit::Percent => " %",
        Unit::R => " R",
        Unit::Seconds => " s",
        Unit::Minutes => " min",
    }
}

/// A panel's value with the name of its line.
fn hover(panel: &Panel, name: &str) -> String {
    let extra = if name.is_empty() {
        plain(&panel.y.title)
    } else {
        "%{fullData.name}".to_owned()
    };
    format!("{}<extra>{extra}</extra>", told("y", &panel.y))
}

fn weight(ink: Ink) -> f64 {
    if matches!(ink, Ink::Run | Ink::Loss | Ink::Gain) {
        1.6
    } else {
        1.2
    }
}

fn pair(points: &[(f64, f64)]) -> Box<Scatter<f64, f64>> {
    let (x, y) = points.iter().copied().unzip();
    Scatter::new(x, y).mode(Mode::Lines)
}

/// A line nobody sees, to fill towards.
fn ghost(points: &[(f64, f64)], axis: &str) -> serde_json::Result<Value> {
    let unseen = Stroke::new().width(0.0);
    let trace = pair(points)
        .line(unseen)
        .hover_info(HoverInfo::Skip)
        .show_legend(false)
        .y_axis(axis);
    serde_json::to_value(trace)
}

fn stroke(panel: &Panel, line: &Line, axis: &str) -> serde_json::Result<Vec<Value>> {
    let points = thin::line(&line.points, POINTS);
    let mut made = Vec::new();
    let mut look = Stroke::new().color(ink(line.ink)).width(weight(line.ink));
    if line.dashed {
        look = look.dash(DashType::Dash);
    }
    let mut trace = pair(&points)
        .line(look)
        .y_axis(axis)
        .hover_template(hover(panel, &line.name));
    if let (Some(floor), Some(first), Some(last)) = (line.fill_to, points.first(), points.last()) {
        made.push(ghost(&[(first.0, floor), (last.0, floor)], axis)?);
        trace = trace.fill(Fill::ToNextY).fill_color(thin_ink(line.ink, 14));
    }
    if points.len() == 1 {
        trace = trace
            .mode(Mode::Markers)
            .marker(Marker::new().color(ink(line.ink)).size(7));
    }
    made.push(serde_json::to_value(legend(trace, &line.name))?);
    Ok(made)
}

fn legend(trace: Box<Scatter<f64, f64>>, name: &str) -> Box<Scatter<f64, f64>> {
    if name.is_empty() {
        trace.show_legend(false)
    } else {
        trace.name(plain(name)).show_legend(true)
    }
}

fn band(
    panel: &Panel,
    (name, of): (&str, Ink),
    points: &[(f64, f64, f64)],
    axis: &str,
) -> serde_json::Result<Vec<Value>> {
    let points = thin::band(points, POINTS / 2);
    let lower: Vec<(f64, f64)> = points.iter().map(|point| (point.0, point.1)).collect();
    let upper: Vec<(f64, f64)> = points.iter().map(|point| (point.0, point.2)).collect();
    let template = format!("{}<extra>%{{fullData.name}}</extra>", told("y", &panel.y));
    let edge = |points: &[(f64, f64)]| {
        pair(points)
            .line(Stroke::new().width(0.0))
            .y_axis(axis)
            .hover_template(template.clone())
            .name(plain(name))
    };
    let filled = edge(&upper)
        .fill(Fill::ToNextY)
        .fill_color(thin_ink(of, 16))
        .show_legend(!name.is_empty());
    Ok(vec![
        serde_json::to_value(edge(&lower).show_legend(false))?,
        serde_json::to_value(filled)?,
    ])
}

/// Dots with what they say when pointed at; of a great many, one for each place that can be told apart.
fn dots(
    chart: &Chart,
    panel: &Panel,
    (name, of): (&str, Ink),
    (dots, axis): (&[Dot], &str),
) -> serde_json::Result<Value> {
    let (across, up) = (extent::across(chart), extent::up(chart, panel));
    let mut taken = BTreeSet::new();
    let cell = |dot: &Dot| {
        (
            place(across.share(dot.x), 900.0),
            place(up.share(dot.y), 450.0),
        )
    };
    let shown: Vec<&Dot> = dots
        .iter()
        .filter(|dot| dots.len() <= DOTS || taken.insert(cell(dot)))
        .collect();
    let (size, opacity) = match dots.len() {
        0..=300 => (7, 0.85),
        301..=2_000 => (5, 0.7),
        _ => (4, 0.55),
    };
    let marker = Marker::new().color(ink(of)).size(size).opacity(opacity);
    let (x, y) = shown.iter().map(|dot| (dot.x, dot.y)).unzip();
    let mut trace = Scatter::new(x, y)
        .mode(Mode::Markers)
        .marker(marker)
        .y_axis(axis);
    let values = format!("{}, {}", told("x", &chart.x), told("y", &panel.y));
    let labelled = shown.iter().any(|dot| !dot.label.is_empty());
    let extra = if name.is_empty() {
        "<extra></extra>"
    } else {
        "<extra>%{fullData.name}</extra>"
    };
    if labelled {
        trace = trace.text_array(shown.iter().map(|dot| plain(&dot.label)).collect());
        trace = trace.hover_template(format!("%{{text}}<br>{values}{extra}"));
    } else {
        trace = trace.hover_template(format!("{values}{extra}"));
    }
    serde_json::to_value(legend(trace, name))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a share of some hundred places"
)]
fn place(share: f64, places: f64) -> i64 {
    (share * places) as i64
}

fn bars(
    chart: &Chart,
    panel: &Panel,
    name: &str,
    (bars, axis): (&[Bar], &str),
) -> serde_json::Result<Value> {
    let lying = extent::is_lying(chart, panel);
    let at: Vec<f64> = bars.iter().map(|bar| bar.at).collect();
    let length: Vec<f64> = bars.iter().map(|bar| bar.to - bar.from).collect();
    let (names, values, letter) = if lying {
        (&panel.y.scale, &chart.x, "x")
    } else {
        (&chart.x.scale, &panel.y, "y")
    };
    let colors: Vec<String> = bars.iter().map(|bar| ink(bar.ink)).collect();
    let is_one = colors.windows(2).all(|pair| pair[0] == pair[1]);
    let marker = match colors.first() {
        Some(color) if is_one => Marker::new().color(color.clone()),
        _ => Marker::new().color_array(colors),
    };
    let (x, y) = if lying { (length, at) } else { (at, length) };
    let said: Vec<String> = bars.iter().map(|bar| told_name(names, bar)).collect();
    // The length of a bar that begins above zero is not where it ends: its text says both where there is one.
    let starts = bars.iter().any(|bar| bar.from.abs() > 0.0);
    let other = if lying {
        told("y", &panel.y)
    } else {
        told("x", &chart.x)
    };
    let value = if starts {
        told("customdata", values)
    } else {
        told(letter, values)
    };
    let is_named = matches!(names, Scale::Names(_));
    let lead = if is_named {
        "%{hovertext}".to_owned()
    } else {
        other
    };
    let mut trace = Bars::new(x, y)
        .marker(marker)
        .y_axis(axis)
        .hover_template(format!("{lead}<br>{value}<extra></extra>"));
    if is_named {
        trace = trace.hover_text_array(said).width(0.75);
    }
    if lying {
        trace = trace.orientation(Orientation::Horizontal);
    }
    if bars.iter().any(|bar| !bar.label.is_empty()) && bars.len() <= 40 {
        trace = trace.text_array(bars.iter().map(|bar| plain(&bar.label)).collect());
        trace = trace
            .text_position(TextPosition::Outside)
            .clip_on_axis(false);
    }
    trace = if name.is_empty() {
        trace.show_legend(false)
    } else {
        trace.name(plain(name)).show_legend(true)
    };
    let mut made = serde_json::to_value(trace)?;
    if starts {
        made["base"] = bars.iter().map(|bar| bar.from).collect();
        made["customdata"] = bars.iter().map(|bar| bar.to - bar.from).collect();
    }
    Ok(made)
}

/// The name of a bar's place.
fn told_name(scale: &Scale, bar: &Bar) -> String {
    let Scale::Names(names) = scale else {
        return String::new();
    };
    let here = (0..)
        .zip(names)
        .find(|(place, _)| (f64::from(*place) - bar.at).abs() < 0.5);
    here.map_or(String::new(), |(_, name)| plain(name))
}

fn cells(
    chart: &Chart,
    panel: &Panel,
    cells: &[Cell],
    (unit, axis): (Unit, &str),
) -> serde_json::Result<Value> {
    let (Scale::Names(columns), Scale::Names(rows)) = (&chart.x.scale, &panel.y.scale) else {
        return Ok(Value::Null);
    };
    let mut values: Vec<Vec<Option<f64>>> = vec![vec![None; columns.len()]; rows.len()];
    let mut texts = vec![vec![String::new(); columns.len()]; rows.len()];
    for cell in cells {
        if let Some(field) = values
            .get_mut(cell.row)
            .and_then(|row| row.get_mut(cell.column))
        {
            *field = Some(cell.value);
            texts[cell.row][cell.column] = plain(&cell.label);
        }
    }
    let said: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|column| plain(&format!("{row} · {column}")))
                .collect()
        })
        .collect();
    let most = cells
        .iter()
        .map(|cell| cell.value.abs())
        .fold(1e-12, f64::max);
    let shade = |at: f64, of: &str| ColorScaleElement(at, format!("mix:{of}"));
    let scale = vec![
        shade(0.0, "loss/0.62"),
        shade(0.5, "line/0.5"),
        shade(1.0, "gain/0.62"),
    ];
    let place = |names: &[String]| -> Vec<f64> {
        (0..names.len()).map(crate::stats::figure::count).collect()
    };
    let trace = HeatMap::new(place(columns), place(rows), values)
        .color_scale(ColorScale::Vector(scale))
        .zmin(-most)
        .zmax(most)
        .show_scale(false)
        .hover_on_gaps(false)
        .y_axis(axis)
        .hover_template(format!(
            "%{{hovertext}}<br>%{{z:{}}}{}<extra></extra>",
            digits(unit),
            suffix(unit)
        ));
    let mut made = serde_json::to_value(trace)?;
    made["hovertext"] = said.into();
    made["xgap"] = 1.into();
    made["ygap"] = 1.into();
    if cells.iter().any(|cell| !cell.label.is_empty()) {
        made["text"] = texts.into();
        made["texttemplate"] = "%{text}".into();
    }
    Ok(made)
}
