//! Axes, rules, tinted stretches and names of panels, for the browser's library. Panels share one horizontal axis, so a
//! zoom in one is a zoom in all.
//!
//! Not here: marks with values of their own (`traces`), fonts and margins: they hang on the reader's screen (`browser.js`).

use plotly::Layout;
use plotly::common::{Anchor, Font};
use plotly::layout::{
    Annotation, Axis as Drawn, AxisType, BarMode, HoverMode, Shape, ShapeLayer, ShapeLine,
    ShapeType,
};
use serde_json::{Value, json};

use super::traces::{digits, suffix};
use super::{ink, plain, thin_ink};
use crate::report::chart::Ink;
use crate::report::chart::ruler::{Ruler, extent, unit};
use crate::report::chart::spec::{Axis, Chart, Mark, Panel, Scale, Unit};
use crate::stats::figure::count;

/// The name of the vertical axis of a panel: `y`, `y2`, …
pub(super) fn axis_name(place: usize) -> String {
    if place == 0 {
        "y".to_owned()
    } else {
        format!("y{}", place + 1)
    }
}

/// Everything but the traces.
pub(super) fn layout(chart: &Chart) -> serde_json::Result<Value> {
    let mut shapes = Vec::new();
    let mut notes = Vec::new();
    for (place, panel) in chart.panels.iter().enumerate() {
        let axis = axis_name(place);
        let mut upright = 0;
        for mark in &panel.marks {
            shapes.extend(shape(mark, &axis));
            notes.extend(note(chart, panel, mark, (&axis, &mut upright)));
        }
        notes.extend(name(panel, &axis));
    }
    let is_time = chart.x.scale == Scale::Time;
    let mode = if is_time {
        HoverMode::XUnified
    } else {
        HoverMode::Closest
    };
    let base = Layout::new()
        .hover_mode(mode)
        .bar_mode(BarMode::Overlay)
        .shapes(shapes)
        .annotations(notes);
    let mut made = serde_json::to_value(base)?;
    if is_time {
        // What was at one instant in all panels.
        made["hoversubplots"] = "axis".into();
    }
    let last = axis_name(chart.panels.len().saturating_sub(1));
    made["xaxis"] = axis(&chart.x, &extent::across(chart), |drawn| {
        drawn.anchor(&last)
    })?;
    let title = unit::title(&chart.x);
    if !title.is_empty() {
        made["xaxis"]["title"] = json!({ "text": plain(&title), "standoff": 6 });
    }
    for (place, (panel, domain)) in chart.panels.iter().zip(domains(chart)).enumerate() {
        let number = axis_name(place).replacen('y', "yaxis", 1);
        let ruler = extent::up(chart, panel);
        made[number.as_str()] = axis(&panel.y, &ruler, |drawn| {
            drawn.anchor("x").domain(&[domain.0, domain.1])
        })?;
        if matches!(panel.y.scale, Scale::Names(_)) {
            // The first name is at the top.
            made[number.as_str()]["range"] = json!([ruler.high, ruler.low]);
        }
    }
    listed_shapes(&mut made);
    made["meta"] = names(chart);
    Ok(made)
}

/// Shapes with a name stand in the legend.
fn listed_shapes(layout: &mut Value) {
    let shapes = layout.get_mut("shapes").and_then(Value::as_array_mut);
    for shape in shapes.into_iter().flatten() {
        if shape.get("name").is_some() {
            shape["showlegend"] = true.into();
        }
    }
}

/// What the script must know to leave room: names in the legend, whether there is a header.
fn names(chart: &Chart) -> Value {
    let mut listed = Vec::new();
    for mark in chart.panels.iter().flat_map(|panel| &panel.marks) {
        let name = match mark {
            Mark::Line(line) => &line.name,
            Mark::Band { name, .. } | Mark::Dots { name, .. } | Mark::Bars { name, .. } => name,
            Mark::Stretch { name, .. } => name,
            Mark::Cells { .. } | Mark::Rule { .. } => continue,
        };
        if !name.is_empty() {
            listed.push(name.as_str());
        }
    }
    let headed = chart
        .panels
        .first()
        .is_some_and(|panel| !unit::title(&panel.y).is_empty());
    json!({ "legend": listed, "headed": headed })
}

/// Which parts of the height the panels take, from below; the first panel is at the top.
fn domains(chart: &Chart) -> Vec<(f64, f64)> {
    const BETWEEN: f64 = 0.075;
    let shares: Vec<f64> = chart
        .panels
        .iter()
        .map(|panel| panel.share.max(0.01))
        .collect();
    let whole: f64 = shares.iter().sum();
    let free = (1.0 - BETWEEN * count(shares.len().saturating_sub(1))).max(0.1);
    let mut top = 1.0;
    let place = |share: &f64| {
        let bottom = (top - free * share / whole).max(0.0);
        let place = (bottom, top);
        top = bottom - BETWEEN;
        place
    };
    shares.iter().map(place).collect()
}

fn axis(axis: &Axis, ruler: &Ruler, form: impl Fn(Drawn) -> Drawn) -> serde_json::Result<Value> {
    let ends = if ruler.log {
        vec![ruler.low.log10(), ruler.high.log10()]
    } else {
        vec![ruler.low, ruler.high]
    };
    let mut drawn = form(Drawn::new())
        .hover_format(digits(axis.unit))
        .zero_line(false)
        .range(ends);
    match &axis.scale {
        Scale::Time => {
            drawn = drawn
                .type_(AxisType::Date)
                .hover_format("%Y-%m-%d %H:%M UTC")
                .show_grid(false);
        }
        Scale::Log => drawn = drawn.type_(AxisType::Log),
        Scale::Linear => {
            drawn = drawn.type_(AxisType::Linear);
            // The library draws its own marks anew when zoomed; spans are read better in hours and days.
            let behind = if matches!(axis.unit, Unit::Usdt | Unit::Price) {
                ""
            } else {
                suffix(axis.unit)
            };
            if !behind.is_empty() {
                drawn = drawn.tick_suffix(behind);
            }
        }
        Scale::Names(names) => {
            let at = (0..names.len()).map(count).collect();
            drawn = drawn
                .type_(AxisType::Linear)
                .tick_values(at)
                .tick_text(names.iter().map(|name| plain(name)).collect());
            drawn = drawn.show_grid(false);
        }
    }
    if matches!(axis.unit, Unit::Minutes | Unit::Seconds)
        && matches!(axis.scale, Scale::Linear | Scale::Log)
    {
        let ticks = ruler.ticks(axis, 7);
        drawn = drawn
            .tick_suffix("")
            .tick_values(ticks.iter().map(|tick| tick.at).collect());
        drawn = drawn.tick_text(ticks.into_iter().map(|tick| tick.text).collect());
    }
    let mut made = serde_json::to_value(drawn)?;
    if matches!(axis.scale, Scale::Names(_)) {
        made["names"] = true.into();
    }
    Ok(made)
}

/// A rule or the fields of a tinted stretch.
fn shape(mark: &Mark, axis: &str) -> Vec<Shape> {
    let whole = format!("{axis} domain");
    match mark {
        Mark::Rule {
            ink: of,
            at,
            upright,
            ..
        } => {
            let line = ShapeLine::new()
                .color(ink(*of))
                .width(1.2)
                .dash(plotly::common::DashType::Dash);
            let rule = Shape::new().shape_type(ShapeType::Line).line(line);
            vec![if *upright {
                rule.x_ref("x").y_ref(&whole).x0(*at).x1(*at).y0(0).y1(1)
            } else {
                rule.x_ref("x domain")
                    .y_ref(axis)
                    .x0(0)
                    .x1(1)
                    .y0(*at)
                    .y1(*at)
            }]
        }
        Mark::Stretch {
            name,
            ink: of,
            spans,
        } => {
            let field = |(place, (from, to)): (usize, &(f64, f64))| {
                let line = ShapeLine::new().width(0.0);
                let field = Shape::new()
                    .shape_type(ShapeType::Rect)
                    .x_ref("x")
                    .y_ref(&whole)
                    .layer(ShapeLayer::Below);
                let field = field
                    .x0(*from)
                    .x1(*to)
                    .y0(0)
                    .y1(1)
                    .line(line)
                    .fill_color(thin_ink(*of, 16));
                if place == 0 && !name.is_empty() {
                    field.name(plain(name))
                } else {
                    field
                }
            };
            spans.iter().enumerate().map(field).collect()
        }
        Mark::Line(_)
        | Mark::Band { .. }
        | Mark::Dots { .. }
        | Mark::Bars { .. }
        | Mark::Cells { .. } => Vec::new(),
    }
}

/// The text of a rule; upright ones stand one below the other.
fn note(
    chart: &Chart,
    panel: &Panel,
    mark: &Mark,
    (axis, upright_before): (&str, &mut u8),
) -> Option<Annotation> {
    let Mark::Rule {
        label,
        ink: of,
        at,
        upright,
    } = mark
    else {
        return None;
    };
    if label.is_empty() {
        return None;
    }
    let of = if matches!(of, Ink::Base | Ink::Grid) {
        Ink::Muted
    } else {
        *of
    };
    // A little of the paper behind it, so that it is read on top of bars and dots.
    let note = Annotation::new()
        .background_color("ink:paper/0.75")
        .border_pad(1.0)
        .text(plain(label))
        .show_arrow(false)
        .font(Font::new().color(ink(of)));
    // Texts, unlike lines, stand at the logarithm.
    let at = |axis: &Axis| {
        if axis.scale == Scale::Log {
            at.max(1e-300).log10()
        } else {
            *at
        }
    };
    if !*upright {
        let note = note
            .x_ref("x domain")
            .x(1)
            .x_anchor(Anchor::Right)
            .y_ref(axis)
            .y(at(&panel.y));
        return Some(note.y_anchor(Anchor::Bottom));
    }
    let is_right = extent::across(chart).share(at(&chart.x)) > 0.75 && chart.x.scale != Scale::Log;
    let anchor = if is_right {
        Anchor::Right
    } else {
        Anchor::Left
    };
    let shift = -15.0 * f64::from(*upright_before % 4);
    *upright_before += 1;
    let note = note
        .x_ref("x")
        .x(at(&chart.x))
        .x_anchor(anchor)
        .y_ref(format!("{axis} domain"))
        .y(1);
    Some(note.y_anchor(Anchor::Top).y_shift(shift))
}

/// The name of a panel's vertical axis, above it.
fn name(panel: &Panel, axis: &str) -> Option<Annotation> {
    let title = unit::title(&panel.y);
    let note = Annotation::new()
        .text(plain(&title))
        .show_arrow(false)
        .font(Font::new().color(ink(Ink::Muted)));
    let note = note
        .x_ref("x domain")
        .x(0)
        .x_anchor(Anchor::Left)
        .y_ref(format!("{axis} domain"))
        .y(1);
    (!title.is_empty()).then(|| note.y_anchor(Anchor::Bottom))
}
