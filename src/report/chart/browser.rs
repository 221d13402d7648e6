//! A chart for the reader's browser: traces and layout as JSON, and the scripts that draw them.
//!
//! Not here: the still picture (`picture`), the chart's place on the page (`figure`), what the script does (`browser.js`).
//! Invariant: colours are names of inks, so that one page serves the light and the dark theme; no text can end the
//! element that holds the JSON.

mod frame;
mod traces;

use plotly::Plot;
use serde_json::{Value, json};

use super::Ink;
use super::picture::failed;
use super::render::ChartError;
use super::spec::Chart;
use crate::report::html::escape;

/// Draws every chart of a page from its JSON: our own, to stand behind [`script`].
pub const DRAW: &str = include_str!("browser.js");

/// The chart as `{"data":[…],"layout":{…}}`, safe inside a script element.
///
/// # Errors
/// When a part cannot be written as JSON; nothing of a run can cause it.
pub fn json(chart: &Chart) -> Result<String, ChartError> {
    let mut whole = whole(chart).map_err(|error| failed(chart, error))?;
    tidy(&mut whole);
    let text = serde_json::to_string(&whole).map_err(|error| failed(chart, error))?;
    Ok(text.replace('<', "\\u003c"))
}

fn whole(chart: &Chart) -> serde_json::Result<Value> {
    let mut data = Vec::new();
    for (place, panel) in chart.panels.iter().enumerate() {
        data.extend(traces::of(chart, panel, &frame::axis_name(place))?);
    }
    Ok(json!({ "data": data, "layout": frame::layout(chart)? }))
}

/// Six significant digits of what is not whole, cents of what is large; times are whole and stay exact.
fn tidy(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(rounded) = number.as_f64().and_then(rounded) {
                *value = rounded;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| tidy(value)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "whole and far inside the range"
)]
fn rounded(number: f64) -> Option<Value> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(Value::from(number as i64));
    }
    let text = if number.abs() < 1e3 {
        format!("{number:.5e}")
    } else {
        format!("{number:.2}")
    };
    let rounded: f64 = text.parse().ok()?;
    Some(Value::from(rounded))
}

/// The name of an ink in the JSON; the script knows its colour in the theme of the moment.
pub(super) fn ink(ink: Ink) -> String {
    let name = match ink {
        Ink::Text => "ink",
        Ink::Muted => "muted",
        Ink::Grid => "line",
        Ink::Base => "base",
        Ink::Run => "run",
        Ink::Loss => "loss",
        Ink::Gain => "gain",
        Ink::FirstHold => "hold1",
        Ink::SecondHold => "hold2",
    };
    format!("ink:{name}")
}

/// A thinned ink.
pub(super) fn thin_ink(of: Ink, percent: u8) -> String {
    format!("{}/{}", ink(of), f64::from(percent) / 100.0)
}

/// A text that the browser's library shall show as it is: it knows some markup.
pub(super) fn plain(text: &str) -> String {
    escape::harmless(text).replace('&', "&amp;")
}

/// The library that draws in the browser, from the crate; without the one for formulas that the crate adds.
#[must_use]
pub fn script() -> String {
    let sources = Plot::offline_js_sources();
    let begin = sources.find('>').map_or(0, |place| place + 1);
    let end = sources.find("</script").unwrap_or(sources.len());
    sources.get(begin..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_whole_and_ends_no_element() {
        let script = script();
        println!("script: {} bytes", script.len());
        assert!((4_000_000..5_500_000).contains(&script.len()));
        assert!(
            script.starts_with("/**\n* plotly.js v")
                && script.trim_end().ends_with("return Plotly;\n}));")
        );
        for ending in ["</script", "<!--", "MathJax.loader"] {
            assert!(!script.contains(ending), "{ending}");
            assert!(!DRAW.contains(ending), "{ending}");
        }
        for opening in ["eval(", "fetch(", "XMLHttpRequest"] {
            assert!(!DRAW.contains(opening), "{opening}");
        }
    }

    #[test]
    fn times_stay_exact_and_values_keep_six_digits() {
        let mut value = json!([
            1_767_225_660_000.0,
            10_523.456_789,
            -0.000_012_345_678_9,
            3.0
        ]);
        tidy(&mut value);
        assert_eq!(
            value.to_string(),
            "[1767225660000,10523.46,-0.0000123457,3]"
        );
    }
}
