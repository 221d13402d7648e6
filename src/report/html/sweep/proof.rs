//! The part of a sweep's page that a validation fills: the verdict, and in sample against out of sample.
//!
//! Not here: the page of the validation itself (`html::validation`).
//! Invariant: with a verdict, both parts hang on the verdict alone, so a page can take it later ([`refreshed`]) and is the
//! one that would have been made with it.

use super::canvas::{Canvas, Scale};
use crate::report::format;
use crate::report::html::element::{self, Cell};
use crate::report::html::escape;
use crate::report::sweep::proof::{Halves, Mark, Proof, Window};
use crate::stats::figure::count;
use crate::stats::quantile;

/// Names of the parts; text from outside is escaped, so their marks stand once on a page.
const BANNER: &str = "verdict-banner";
const SECTIONS: &str = "verdict-sections";

const VERDICT: (&str, &str) = ("verdict", "Verdict");
const IN_AND_OUT: (&str, &str) = ("inout", "In sample against out of sample");
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 360.0;

fn marked(name: &str, html: &str) -> String {
    format!("<!--{name}-->\n{html}<!--/{name}-->\n")
}

/// The first banner of the page.
#[must_use]
pub fn banner(proof: Option<&Proof>, trials: &str) -> String {
    let html = match proof {
        Some(proof) => judged(proof),
        None => format!(
            "<p class=\"banner alarm\" role=\"note\"><strong>In-sample: no verdict yet:</strong> these are the prices the settings were chosen on, and the best of {} trials looks better than it is. <a href=\"#verdict\">How to get a verdict</a></p>\n",
            escape::number(trials)
        ),
    };
    marked(BANNER, &html)
}

fn judged(proof: &Proof) -> String {
    let (class, word) = word(proof);
    format!(
        "<p class=\"banner{class}\" role=\"note\"><strong>{word}:</strong> {} Everything else on this page is in-sample: measured on the prices the settings were chosen on. <a href=\"#verdict\">Why</a></p>\n",
        tally(proof)
    )
}

const fn word(proof: &Proof) -> (&'static str, &'static str) {
    if proof.survives {
        ("", "Survives")
    } else {
        (" alarm", "Probably noise")
    }
}

/// How many questions and gates hold.
fn tally(proof: &Proof) -> String {
    let held = |marks: &[Mark]| {
        let held = marks.iter().filter(|mark| mark.holds).count();
        format!("{} of {}", format::whole(held), format::whole(marks.len()))
    };
    let gates = if proof.gates.is_empty() {
        "no gate was declared".to_owned()
    } else {
        format!("{} gates pass", held(&proof.gates))
    };
    let yes = held(&proof.questions);
    format!("{yes} questions that decide are answered with yes, {gates}.")
}

/// Both sections; `command` is what would judge.
#[must_use]
pub fn sections(proof: Option<&Proof>, command: &str) -> String {
    let html = match proof {
        Some(proof) => verdict(proof) + &in_and_out(proof),
        None => missing(command),
    };
    marked(SECTIONS, &html)
}

/// A finished page with the verdict that came later; `None` when it is of a version that had no room for one.
#[must_use]
pub fn refreshed(page: &str, proof: &Proof) -> Option<String> {
    let banner = banner(Some(proof), "");
    let page = replaced(page, BANNER, &banner)?;
    replaced(&page, SECTIONS, &sections(Some(proof), ""))
}

fn replaced(page: &str, name: &str, part: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!--{name}-->\n"))?;
    let (_, after) = rest.split_once(&format!("<!--/{name}-->\n"))?;
    Some(format!("{before}{part}{after}"))
}

fn missing(command: &str) -> String {
    let words = format!(
        "<p>This sweep was not validated, so nobody knows how much of it is luck. This judges it and fills this part of the page (FOLDER is the folder of this page):</p>\n<pre>{}</pre>\n",
        escape::text(command)
    );
    let (id, title) = VERDICT;
    let later = "Known once the sweep is validated: settings chosen on some days, on days that the choice did not see.";
    let (other, name) = IN_AND_OUT;
    element::section(id, title, &words) + &element::section(other, name, &element::note(later))
}

fn verdict(proof: &Proof) -> String {
    let (class, word) = word(proof);
    let words = if proof.survives {
        "Nothing in the validation shows that the result is luck. That is not a promise: it was measured on one recording."
    } else {
        "At least one question was answered with no. Do not trade this because of its backtest."
    };
    let mut html = format!(
        "<p class=\"banner{class}\"><strong>{word}.</strong> {} {words}</p>\n",
        tally(proof)
    );
    html.push_str(&marks(
        &["Question", "Answer", "Why"],
        &proof.questions,
        ["yes", "no"],
    ));
    if !proof.gates.is_empty() {
        html.push_str("<h3>Declared gates</h3>\n");
        html.push_str(&marks(
            &["Gate", "", "Found"],
            &proof.gates,
            ["passes", "fails"],
        ));
    }
    html.push_str(
        "<p>All figures, each with what it means: <a href=\"validation.html\">validation.html</a>.</p>\n",
    );
    element::section(VERDICT.0, VERDICT.1, &html)
}

fn marks(head: &[&str; 3], marks: &[Mark], [yes, no]: [&str; 2]) -> String {
    let rows: Vec<Vec<Cell>> = marks
        .iter()
        .map(|mark| {
            let (word, tone) = if mark.holds { (yes, 1.0) } else { (no, -1.0) };
            let mut why = mark.found.clone();
            if !mark.meaning.is_empty() {
                why.push_str(&format!(". Meaning: {}.", mark.meaning));
            }
            vec![
                Cell::Text(mark.asks.clone()),
                Cell::Signed(word.to_owned(), tone),
                Cell::Text(why),
            ]
        })
        .collect();
    format!(
        "<div class=\"told\">{}</div>\n",
        element::table(head, &rows)
    )
}

fn in_and_out(proof: &Proof) -> String {
    let mut html = element::note(
        "Each dot is a choice: how it did on the days it was made on (across) and on days it did not see (up). On the dashed line nothing would be lost by choosing; below it, that much of the gain was luck.",
    );
    html.push_str(&element::side_by_side(&[
        walk(proof),
        halves(&proof.halves),
    ]));
    if !proof.windows.is_empty() {
        html.push_str("<h3>Walk-forward, test by test</h3>\n");
        html.push_str(&tests(&proof.windows));
    }
    element::section(IN_AND_OUT.0, IN_AND_OUT.1, &html)
}

fn figure(title: &str, note: &str, picture: &str) -> String {
    format!(
        "<figure><figcaption><strong>{}</strong><br><span class=\"note\">{}</span></figcaption>\n{picture}</figure>\n",
        escape::text(title),
        escape::number(note)
    )
}

fn walk(proof: &Proof) -> String {
    const TITLE: &str = "Walk-forward: mean return of a day";
    if proof.windows.is_empty() {
        return figure(TITLE, "no test had settings chosen before it", "");
    }
    let kept = proof.efficiency.map_or_else(String::new, |kept| {
        format!(
            " Rolling efficiency {}: the return of the tests over that of the choices, both by the year.",
            format::percent(kept)
        )
    });
    let note = format!(
        "Filled, {}.{kept} Rings, {}.",
        form(proof, false),
        form(proof, true)
    );
    let dots = proof.windows.iter().map(|window| {
        let title = format!(
            "{} to {}, trial {}: {} a day in sample, {} out of sample",
            window.from,
            window.to,
            window.trial,
            format::signed_percent(window.inside),
            format::signed_percent(window.outside)
        );
        let class = if window.anchored {
            "window ring"
        } else {
            "window"
        };
        ((window.inside, window.outside), class, title)
    });
    let dots: Vec<Marked> = dots.collect();
    let label = |value: f64| short(value * 100.0, " %");
    let names = ["in sample, return a day", "out of sample, return a day"];
    figure(TITLE, &note, &picture(&dots, (4.0, None), names, &label))
}

/// What the tests of one form come to.
fn form(proof: &Proof, anchored: bool) -> String {
    let windows = proof.windows.iter();
    let windows: Vec<&Window> = windows
        .filter(|window| window.anchored == anchored)
        .collect();
    let gained = windows.iter().filter(|window| window.outside > 0.0).count();
    let mean = |pick: fn(&Window) -> f64| {
        let values: Vec<f64> = windows.iter().map(|window| pick(window)).collect();
        format::signed_percent(quantile::mean(&values).unwrap_or_default())
    };
    let on = if anchored {
        "chosen on all days before (anchored)"
    } else {
        "chosen on the latest days (rolling)"
    };
    if windows.is_empty() {
        return format!("{on}: no test");
    }
    format!(
        "{on}: {} of {} tests gained; in the mean {} a day where it was chosen became {} behind it",
        format::whole(gained),
        format::whole(windows.len()),
        mean(|window| window.inside),
        mean(|window| window.outside)
    )
}

fn halves(found: &Halves) -> String {
    const TITLE: &str = "Halves of the days: sharpe of the best";
    if found.dots.is_empty() {
        let why = if found.why.is_empty() {
            "no half has a best with a sharpe"
        } else {
            found.why.as_str()
        };
        return figure(TITLE, why, "");
    }
    let mut note = found.slope.map_or_else(
        || "no slope: the choices do not differ in sample.".to_owned(),
        slope_words,
    );
    if let Some(overfit) = found.overfit {
        note.push_str(&format!(
            " The best of one half is below the middle of the field on the other in {} of {} ways to halve the days (PBO; coin flips give 50 %).",
            format::percent(overfit),
            format::whole(found.count)
        ));
    }
    if let Some(lost) = found.lost {
        note.push_str(&format!(" It loses there in {}.", format::percent(lost)));
    }
    if (found.dots.len() as u64) < found.count {
        note.push_str(&format!(
            " {} of them are drawn, evenly taken.",
            format::whole(found.dots.len())
        ));
    }
    let dots = found.dots.iter();
    let dots: Vec<Marked> = dots.map(|dot| (*dot, "dot", String::new())).collect();
    let line = found.slope.zip(found.intercept);
    let label = |value: f64| short(value, "");
    let names = ["in sample, annual sharpe", "out of sample, annual sharpe"];
    figure(TITLE, &note, &picture(&dots, (2.6, line), names, &label))
}

/// The slope of degradation in words.
fn slope_words(slope: f64) -> String {
    let worth = if slope <= 0.0 {
        "choosing by it was worth nothing, or less"
    } else if slope < 0.5 {
        "less than half of a lead carries over"
    } else {
        "most of a lead carries over"
    };
    format!(
        "Slope {}: a point of sharpe more on the half of the choice came with {} on the other; {worth}.",
        format::number(slope, 2),
        format::signed(slope, 2)
    )
}

fn short(value: f64, unit: &str) -> String {
    let decimals = if value.abs() < 1.0 { 2 } else { 1 };
    let text = crate::report::sweep::axis::trimmed(&format::number(value, decimals));
    format!("{text}{unit}")
}

/// A dot with its class and what it says under the pointer.
type Marked = ((f64, f64), &'static str, String);

/// Both axes have one scale, so that the dashed line is the diagonal; `line` is slope and intercept.
fn picture(
    dots: &[Marked],
    (radius, line): (f64, Option<(f64, f64)>),
    [across, up]: [&str; 2],
    label: &dyn Fn(f64) -> String,
) -> String {
    let values = dots.iter().flat_map(|((x, y), _, _)| [*x, *y]);
    // Zero is always there: gain or loss is the question.
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let room = ((high - low) * 0.06).max(1e-6);
    let range = (low - room, high + room);
    let (left, right, top, bottom) = (58.0, WIDTH - 12.0, 24.0, HEIGHT - 42.0);
    let x = Scale {
        values: range,
        pixels: (left, right),
    };
    let y = Scale {
        values: range,
        pixels: (bottom, top),
    };
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    canvas.levels(&y, (left, right), label);
    canvas.marks(&x, bottom, label);
    canvas.line((left, y.at(0.0)), (right, y.at(0.0)), "base");
    canvas.line((x.at(0.0), top), (x.at(0.0), bottom), "base");
    canvas.line((left, bottom), (right, top), "middle-line");
    for (dot, class, title) in dots {
        canvas.dot((x.at(dot.0), y.at(dot.1)), radius, class, title);
    }
    if let Some((slope, intercept)) = line {
        canvas.path(
            &fitted(dots, (slope, intercept), (&x, &y)),
            "slope-line",
            "",
        );
    }
    canvas.words((f64::midpoint(left, right), HEIGHT - 4.0), "middle", across);
    canvas.words((2.0, 12.0), "start", up);
    canvas.finish(&format!("{up} against {across}"), "")
}

/// The line over the range of the dots, as far as it stays on the picture.
fn fitted(
    dots: &[Marked],
    (slope, intercept): (f64, f64),
    (x, y): (&Scale, &Scale),
) -> Vec<(f64, f64)> {
    const STEPS: usize = 48;
    let inside = dots.iter().map(|((inside, _), _, _)| *inside);
    let (low, high) = inside.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let points = (0..=STEPS).map(|step| {
        let at = low + (high - low) * count(step) / count(STEPS);
        (at, intercept + slope * at)
    });
    let (bottom, top) = y.values;
    points
        .filter(|(_, value)| (bottom..=top).contains(value))
        .map(|(at, value)| (x.at(at), y.at(value)))
        .collect()
}

fn tests(windows: &[Window]) -> String {
    let rows: Vec<Vec<Cell>> = windows
        .iter()
        .map(|window| {
            let signed = |value: f64| Cell::Signed(format::signed_percent(value), value);
            vec![
                Cell::Text(format!("{} – {}", window.from, window.to)),
                Cell::Text(
                    if window.anchored {
                        "anchored"
                    } else {
                        "rolling"
                    }
                    .to_owned(),
                ),
                Cell::Number(format::whole(window.trial)),
                signed(window.inside),
                signed(window.outside),
                Cell::Number(format::whole(window.trades)),
            ]
        })
        .collect();
    let head = [
        "Test from – to before",
        "Chosen on",
        "Trial",
        "In sample, a day",
        "Out, a day",
        "Trades",
    ];
    element::stacked(&head, &rows)
}
