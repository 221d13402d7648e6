//! The charts of the page, each with its words, to be taken by the sections they belong to.
//!
//! Not here: which charts there are (`panels`), their forms (`chart`).

use std::collections::BTreeMap;

use super::escape;
use crate::report::chart::picture;
use crate::report::chart::render::ChartError;
use crate::report::chart::spec::Chart;
use crate::report::input::RunReport;
use crate::report::panels;
use crate::report::words::Lang;

/// Size of still pictures: as wide as the page, or half of it.
const WIDE: (i32, i32) = (1040, 380);
const HALF: (i32, i32) = (640, 400);

/// Charts by their names.
pub struct Board {
    figures: BTreeMap<&'static str, String>,
}

impl Board {
    /// All charts of a run.
    ///
    /// # Errors
    /// When one cannot be drawn; nothing of a run can cause it.
    pub fn new(run: &RunReport, lang: Lang) -> Result<Self, ChartError> {
        let mut figures = BTreeMap::new();
        for chart in panels::all(run, lang) {
            figures.insert(chart.id, figure(&chart)?);
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

fn figure(chart: &Chart) -> Result<String, ChartError> {
    let (width, height) = if is_wide(chart.id) { WIDE } else { HALF };
    let svg = picture::svg(chart, width, height)?;
    let class = if is_wide(chart.id) {
        " class=\"wide\""
    } else {
        ""
    };
    Ok(format!(
        "<figure{class} id=\"chart-{}\"><figcaption><strong>{}</strong> <span class=\"note\">{}</span></figcaption>\n{svg}</figure>\n",
        chart.id,
        escape::text(&chart.title),
        escape::text(&chart.caption),
    ))
}
