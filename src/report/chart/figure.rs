//! A chart's place on the page: caption, the still pictures, the JSON from which the browser draws.
//!
//! Not here: the pictures (`picture`), the JSON (`plotly`), looks (`html/page.css`).
//! Invariant: without the script, and on paper, the still pictures are seen; never both forms, never none.

use super::browser;
use super::picture;
use super::render::ChartError;
use super::spec::{Chart, Scale};
use crate::report::html::escape;

/// Width of the still picture of a wide page.
const WIDE: i32 = 1040;
/// Width of the one of a phone.
const NARROW: i32 = 360;

/// Height at which a chart reads well, in pixels of the page; more names and more panels need more.
#[must_use]
pub fn height(chart: &Chart) -> i32 {
    let rows = chart
        .panels
        .iter()
        .filter_map(|panel| match &panel.y.scale {
            Scale::Names(names) => i32::try_from(names.len()).ok(),
            Scale::Time | Scale::Linear | Scale::Log => None,
        });
    let more = i32::try_from(chart.panels.len())
        .unwrap_or(1)
        .saturating_sub(1)
        * 70;
    match rows.max() {
        Some(rows) => (90 + rows.saturating_mul(30)).clamp(190, 900),
        None => (320 + more).min(900),
    }
}

/// The chart as both still pictures: wide, and narrow for a phone.
///
/// # Errors
/// As for [`picture::svg`].
pub fn still(chart: &Chart) -> Result<String, ChartError> {
    let height = height(chart);
    let wide = picture::svg(chart, WIDE, height)?;
    let narrow = picture::svg(chart, NARROW, height.min(420))?;
    Ok(wide + &narrow)
}

/// The element of a chart: `still` is what [`still`] makes. An empty chart is its caption alone.
///
/// # Errors
/// As for [`browser::json`].
pub fn figure(chart: &Chart, still: &str) -> Result<String, ChartError> {
    let id = escape::text(chart.id);
    let title = escape::text(&chart.title);
    let caption = escape::text(&chart.caption);
    let head = format!(
        "<figcaption><strong>{title}</strong><span class=\"note\">{caption}</span></figcaption>"
    );
    if chart.is_empty() {
        return Ok(format!(
            "<figure class=\"figure\" id=\"chart-{id}\">{head}</figure>\n"
        ));
    }
    let json = browser::json(chart)?;
    let height = height(chart);
    Ok(format!(
        "<figure class=\"figure\" id=\"chart-{id}\">{head}\
         <div class=\"plot\" data-chart=\"{id}\" role=\"img\" aria-label=\"{title}\" style=\"height:{height}px\"></div>\
         <div class=\"static\">{still}</div>\
         <script type=\"application/json\" id=\"data-{id}\">{json}</script></figure>\n"
    ))
}
