//! The report as one offline page: which sections, in which order.
//!
//! Not here: their content (the modules below), pictures (`chart`), looks (`html/page.css`).
//! Invariant: the page asks for nothing from anywhere (its own policy forbids it) and contains no script.

pub mod about;
pub mod book;
pub mod compare;
pub mod costs;
pub mod element;
pub mod escape;
pub mod figures;
pub mod months;
pub mod overview;
pub mod signals;
pub mod sweep;
pub mod trades;
pub mod validation;

use super::chart::render::ChartError;
use super::input::RunReport;
use super::words::Lang;

const STYLE: &str = include_str!("html/page.css");

/// The page in a language, UTF-8.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a run can cause it.
pub fn page(run: &RunReport, lang: Lang) -> Result<String, ChartError> {
    let sections = [
        overview::header(run, lang),
        overview::verdict(run, lang),
        overview::banners(run, lang),
        overview::contents(lang),
        figures::curves(run, lang)?,
        figures::key_figures(run, lang),
        months::months(run, lang),
        trades::exits(run, lang),
        signals::funnel(run, lang),
        costs::envelope(run, lang),
        costs::cost_table(run, lang),
        costs::spent(run, lang),
        trades::breakdowns(run, lang),
        trades::listed(run, lang),
        signals::verdicts(run, lang),
        about::data(run, lang),
        about::assumptions(run, lang),
        about::reproduce(run, lang),
    ];
    Ok(whole(&run.title, &sections.concat(), lang))
}

/// A whole page around its sections.
fn whole(title: &str, body: &str, lang: Lang) -> String {
    let mut page = String::with_capacity(body.len() + 16 * 1024);
    page.push_str("<!DOCTYPE html>\n<html lang=\"");
    page.push_str(match lang {
        Lang::En => "en",
        Lang::Zh => "zh-CN",
    });
    page.push_str("\">\n<head>\n<meta charset=\"utf-8\">\n");
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
