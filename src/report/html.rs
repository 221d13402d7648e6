//! The report as one offline page: which sections, in which order.
//!
//! Not here: their content (the modules below), pictures (`chart`), looks (`html/page.css`).
//! Invariant: the page asks for nothing from anywhere (its own policy forbids it) and contains no script.

pub mod about;
pub mod book;
pub mod costs;
pub mod element;
pub mod escape;
pub mod figures;
pub mod months;
pub mod overview;
pub mod sensitivity;
pub mod signals;
pub mod sweep;
pub mod trades;
pub mod validation;

use super::chart::render::ChartError;
use super::input::RunReport;

const STYLE: &str = include_str!("html/page.css");

/// The page, UTF-8.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a run can cause it.
pub fn page(run: &RunReport) -> Result<String, ChartError> {
    let sections = [
        overview::header(run),
        overview::verdict(run),
        overview::banners(run),
        overview::contents(),
        figures::curves(run)?,
        figures::key_figures(run),
        months::months(run),
        trades::exits(run),
        signals::funnel(run),
        costs::envelope(run),
        costs::cost_table(run),
        costs::spent(run),
        trades::breakdowns(run),
        trades::listed(run),
        signals::verdicts(run),
        about::data(run),
        about::assumptions(run),
        about::reproduce(run),
    ];
    Ok(whole(&run.title, &sections.concat()))
}

/// A whole page around its sections.
fn whole(title: &str, body: &str) -> String {
    let mut page = String::with_capacity(body.len() + 16 * 1024);
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page.push_str(&escape::text(title));
    page.push_str("</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str("</style>\n</head>\n<body>\n<main>\n");
    page.push_str(body);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}
