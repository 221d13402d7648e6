//! The charts of the page, each with its words, to be taken by the sections they belong to.
//!
//! Not here: which charts there are (`panels`), their forms (`chart`).

use std::collections::BTreeMap;

use crate::report::chart::figure::{figure, still};
use crate::report::chart::render::ChartError;
use crate::report::chart::spec::Chart;

/// Charts by their names.
pub struct Board {
    figures: BTreeMap<&'static str, String>,
}

impl Board {
    /// The charts of a page.
    ///
    /// # Errors
    /// When one cannot be drawn; nothing of a run can cause it.
    pub fn new(charts: &[Chart]) -> Result<Self, ChartError> {
        let mut figures = BTreeMap::new();
        for chart in charts {
            figures.insert(chart.id, placed(chart)?);
        }
        Ok(Self { figures })
    }

    /// The section with these charts below its heading; those that the run has not are left out.
    #[must_use]
    pub fn over(&self, ids: &[&str], section: &str) -> String {
        let found: Vec<&str> = ids
            .iter()
            .filter_map(|id| self.figures.get(id))
            .map(String::as_str)
            .collect();
        let class = if found.len() > 1 {
            "board"
        } else {
            "board one"
        };
        let html = format!("<div class=\"{class}\">\n{}</div>\n", found.concat());
        match section.split_once("</h2>\n") {
            Some((head, body)) if !found.is_empty() => format!("{head}</h2>\n{html}{body}"),
            _ => section.to_owned(),
        }
    }
}

fn is_wide(id: &str) -> bool {
    matches!(id, "equity" | "benchmarks" | "days" | "gates" | "decay")
}

/// A figure, over the whole width where time or many names need it.
fn placed(chart: &Chart) -> Result<String, ChartError> {
    let html = figure(chart, &still(chart)?)?;
    let class = if is_wide(chart.id) { "wide" } else { "half" };
    Ok(format!("<div class=\"{class}\">{html}</div>\n"))
}
