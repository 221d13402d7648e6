//! Charts of a sweep's page: the spread of the objective, gain against risk, each parameter alone.
//!
//! Not here: heat maps (`chart::heat`), all parameters at once (`parallel`).

use super::canvas::{Canvas, Scale};
use crate::report::format;
use crate::report::html::{element, escape};
use crate::report::sweep::effect::{self, Distribution, Effect, distribution, shown_range};
use crate::report::sweep::front::{Dot, Scatter, scatter};
use crate::report::sweep::{SweepReport, figure_short, figure_text};
use crate::stats::figure::count;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 300.0;
/// Dots of a front that are drawn.
const FRONT: usize = 200;

/// Distribution and scatter side by side.
#[must_use]
pub fn overview(report: &SweepReport) -> String {
    let html = element::side_by_side(&[spread(report), risk(report)]);
    element::section("spread", "How much is luck, how much is risk", &html)
}

fn figure(title: &str, note: &str, picture: &str) -> String {
    format!(
        "<figure><figcaption><strong>{}</strong><br><span class=\"note\">{}</span></figcaption>\n{picture}</figure>\n",
        escape::text(title),
        escape::number(note)
    )
}

fn spread(report: &SweepReport) -> String {
    let goal = &report.goal.name;
    let title = format!("{goal} of all trials");
    let Some(found) = distribution(report) else {
        return figure(&title, "no trial has an objective", "");
    };
    let cut = if found.cut > 0 {
        format!(
            "; {} far beyond the worse end are in its last column",
            format::whole(found.cut)
        )
    } else {
        String::new()
    };
    let note = format!(
        "{}, median {}{cut}",
        format::counted(found.count, "trial", "trials"),
        figure_text(goal, found.median)
    );
    figure(&title, &note, &histogram(report, &found))
}

fn histogram(report: &SweepReport, found: &Distribution) -> String {
    let goal = &report.goal.name;
    let most = found.columns.iter().copied().max().unwrap_or(1).max(1);
    let (left, right, top, bottom) = (46.0, WIDTH - 10.0, 34.0, HEIGHT - 40.0);
    let across = Scale {
        values: found.range,
        pixels: (left, right),
    };
    let up = Scale {
        values: (0.0, count(most)),
        pixels: (bottom, top),
    };
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let whole = |value: f64| {
        let text = format::number(value, 0);
        if value.fract().abs() > 0.0 {
            String::new()
        } else {
            text
        }
    };
    canvas.levels(&up, (left, right), &whole);
    let wide = (right - left) / count(found.columns.len());
    for (place, number) in found.columns.iter().enumerate() {
        let x = left + wide * count(place);
        let y = up.at(count(*number));
        // A single trial must be seen beside thousands.
        let y = if *number > 0 { y.min(bottom - 1.5) } else { y };
        canvas.area((x + 0.5, y), (wide - 1.0, bottom - y), "bar-run");
    }
    canvas.line((left, bottom), (right, bottom), "base");
    canvas.marks(&across, bottom, &|value| figure_short(goal, value));
    canvas.words((f64::midpoint(left, right), HEIGHT - 4.0), "middle", goal);
    let middle = across.at(found.median);
    canvas.line((middle, top), (middle, bottom), "middle-line");
    canvas.words((middle, top - 5.0), anchor(middle), "median");
    if let Some(value) = report.chosen().and_then(|row| row.objective) {
        let x = across.at(value);
        canvas.line((x, top - 14.0), (x, bottom), "best-line");
        let words = format!("the best, {}", figure_short(goal, value));
        canvas.words((x, top - 19.0), &format!("best {}", anchor(x)), &words);
    }
    canvas.finish(&format!("distribution of {goal}"), "")
}

/// Words near an edge grow away from it.
fn anchor(x: f64) -> &'static str {
    if x > WIDTH - 90.0 {
        "end"
    } else if x < 110.0 {
        "start"
    } else {
        "middle"
    }
}

fn risk(report: &SweepReport) -> String {
    let (goal, against) = (&report.goal.name, &report.against.name);
    let title = format!("{goal} against {against}");
    let found = scatter(report);
    if found.count == 0 {
        return figure(&title, "no trial has both figures", "");
    }
    let drawn = if found.dots.len() < found.count {
        format!(
            "{} of {} trials drawn, where they are dense the best of each place",
            format::whole(found.dots.len()),
            format::whole(found.count)
        )
    } else {
        format::counted(found.count, "trial", "trials")
    };
    let front = found.front.len();
    let kept = if front > FRONT {
        format!(", the first {FRONT} drawn")
    } else {
        String::new()
    };
    let hollow = if found.dots.iter().all(|dot| dot.meets) {
        ""
    } else {
        "; hollow ones violate a constraint"
    };
    let (up, across) = shown(report, &found);
    let is_out = |(low, high): (f64, f64), value: f64| value < low || value > high;
    let far = found.dots.iter();
    let far = far.filter(|dot| is_out(up, dot.value) || is_out(across, dot.against));
    let edge = match far.count() {
        0 => String::new(),
        far => format!("; {} far out stand at the edge", format::whole(far)),
    };
    let note = format!(
        "{drawn}. On the line: {} that no other beats in both{kept}{hollow}{edge}",
        format::counted(front, "trial", "trials")
    );
    figure(&title, &note, &dots(report, &found))
}

/// The ranges of both figures that the picture has room for.
fn shown(report: &SweepReport, found: &Scatter) -> ((f64, f64), (f64, f64)) {
    let range = |figure: fn(&Dot) -> f64, wanted| {
        let values: Vec<f64> = found.dots.iter().chain(&found.front).map(figure).collect();
        let (worst, best) = shown_range(&values, wanted).unwrap_or((0.0, 1.0));
        let (low, high) = (worst.min(best), worst.max(best));
        let room = ((high - low) * 0.04)
            .max(low.abs().max(high.abs()) * 1e-3)
            .max(1e-9);
        (low - room, high + room)
    };
    (
        range(|dot| dot.value, report.goal.wanted),
        range(|dot| dot.against, report.against.wanted),
    )
}

fn dots(report: &SweepReport, found: &Scatter) -> String {
    let (goal, against) = (&report.goal, &report.against);
    let (left, right, top, bottom) = (54.0, WIDTH - 12.0, 26.0, HEIGHT - 40.0);
    let across = Scale {
        values: shown(report, found).1,
        pixels: (left, right),
    };
    let up = Scale {
        values: shown(report, found).0,
        pixels: (bottom, top),
    };
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    canvas.levels(&up, (left, right), &|value| figure_short(&goal.name, value));
    canvas.line((left, bottom), (right, bottom), "base");
    canvas.marks(&across, bottom, &|value| figure_short(&against.name, value));
    let middle = f64::midpoint(left, right);
    canvas.words((middle, HEIGHT - 4.0), "middle", &against.words());
    canvas.words((2.0, 12.0), "start", &goal.words());
    let at = |dot: &Dot| (across.at(dot.against), up.at(dot.value));
    let radius = if found.dots.len() < 200 { 3.2 } else { 2.2 };
    for dot in &found.dots {
        let class = if dot.meets { "dot" } else { "dot unmet" };
        canvas.dot(at(dot), radius, class, "");
    }
    let front: Vec<&Dot> = found.front.iter().take(FRONT).collect();
    let line: Vec<(f64, f64)> = front.iter().map(|dot| at(dot)).collect();
    canvas.path(&line, "front-line", "");
    for dot in front {
        let words = format!(
            "trial {}: {} {}, {} {}",
            dot.trial,
            goal.name,
            figure_text(&goal.name, dot.value),
            against.name,
            figure_text(&against.name, dot.against)
        );
        canvas.dot(at(dot), 3.6, "front", &words);
    }
    let best = report.chosen().map(|row| row.trial);
    let mut all = found.front.iter().chain(&found.dots);
    if let Some(best) = all.find(|dot| Some(u64::from(dot.trial)) == best) {
        canvas.dot(at(best), 6.5, "ring", "the best");
    }
    canvas.finish(&format!("{} against {}", goal.name, against.name), "")
}

/// Each parameter alone.
#[must_use]
pub fn effects(report: &SweepReport) -> String {
    let goal = &report.goal.name;
    let found = effect::effects(report);
    let ends = found
        .iter()
        .flat_map(|effect| effect.parts.iter().flatten());
    let values: Vec<f64> = ends.flat_map(|part| [part.low, part.high]).collect();
    let Some((worst, best)) = shown_range(&values, report.goal.wanted) else {
        let words = "No trial has an objective.";
        return element::section("effects", "Each parameter alone", &element::note(words));
    };
    let room = ((worst - best).abs() * 0.05).max(1e-9);
    let range = (worst.min(best) - room, worst.max(best) + room);
    let mut html = element::note(&format!(
        "Dot: the median {goal} of all trials with this value, whatever their other parameters; bar: their middle half. Shaded: the best trial's value. A flat row hardly matters. All share one scale, {}.",
        report.goal.words()
    ));
    html.push_str("<div class=\"effects\">\n");
    for effect in &found {
        let axis = &report.axes[effect.axis];
        let note = format!(
            "medians differ by {}",
            figure_text(goal, effect.spread).trim_start_matches('+')
        );
        html.push_str(&figure(&axis.title(), &note, &alone(report, effect, range)));
    }
    html.push_str("</div>\n");
    element::section("effects", "Each parameter alone", &html)
}

fn alone(report: &SweepReport, effect: &Effect, range: (f64, f64)) -> String {
    const WIDE: f64 = 330.0;
    const HIGH: f64 = 190.0;
    let axis = &report.axes[effect.axis];
    let (left, right, top, bottom) = (48.0, WIDE - 8.0, 8.0, HIGH - 24.0);
    let up = Scale {
        values: range,
        pixels: (bottom, top),
    };
    let bins = effect.bins.count;
    let wide = (right - left) / count(bins);
    let middle = |bin: usize| left + wide * (count(bin) + 0.5);
    let mut canvas = Canvas::new(WIDE, HIGH);
    if let Some(row) = report.chosen() {
        let bin = effect.bins.of(row.places[effect.axis]);
        canvas.area(
            (left + wide * count(bin), top),
            (wide, bottom - top),
            "here",
        );
    }
    canvas.levels(&up, (left, right), &|value| {
        figure_short(&report.goal.name, value)
    });
    canvas.line((left, bottom), (right, bottom), "base");
    let mut line = Vec::new();
    for (bin, part) in effect.parts.iter().enumerate() {
        let Some(part) = part else { continue };
        let x = middle(bin);
        canvas.line((x, up.at(part.low)), (x, up.at(part.high)), "middle-half");
        line.push((x, up.at(part.median)));
    }
    if axis.step() != crate::stats::stability::Step::Unordered {
        canvas.path(&line, "median-line", "");
    }
    for (bin, part) in effect.parts.iter().enumerate() {
        let Some(part) = part else { continue };
        let words = format!(
            "median {} of {}",
            figure_text(&report.goal.name, part.median),
            format::counted(part.count, "trial", "trials")
        );
        canvas.dot((middle(bin), up.at(part.median)), 4.0, "median-dot", &words);
    }
    labels(&mut canvas, effect, (left, right, bottom));
    canvas.finish(&axis.title(), "")
}

/// As many labels of bins as there is room for.
fn labels(canvas: &mut Canvas, effect: &Effect, (left, right, bottom): (f64, f64, f64)) {
    const LETTER: f64 = 6.4;
    let labels = &effect.bins.labels;
    let longest = labels.iter().map(|text| text.chars().count().min(11)).max();
    let needed = LETTER * count(longest.unwrap_or(1) + 1);
    let wide = (right - left) / count(effect.bins.count);
    let mut free = f64::NEG_INFINITY;
    for (place, text) in labels.iter().enumerate() {
        let shift = if effect.bins.has_edges() { 0.0 } else { 0.5 };
        let x = left + wide * (count(place) + shift);
        if x - needed / 2.0 < free {
            continue;
        }
        free = x + needed / 2.0;
        let x = x.min(right - LETTER * 1.5);
        canvas.words((x, bottom + 16.0), "middle", &format::cut(text, 11));
    }
}
