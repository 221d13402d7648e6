//! The report as one offline page: which sections, in which order.
//!
//! Not here: their content (the modules below), pictures (`chart`), looks (`html/page.css`).
//! Invariant: the page asks for nothing from anywhere (its own policy forbids it), runs no script but ours, and reads
//! without any.

pub mod about;
pub mod board;
pub mod book;
pub mod compare;
pub mod costs;
pub mod element;
pub mod escape;
pub mod figures;
pub mod overview;
pub mod scripts;
pub mod sensitivity;
pub mod signals;
pub mod sweep;
pub mod trades;
pub mod validation;

use self::board::Board;
use super::chart::render::ChartError;
use super::chart::spec::Chart;
use super::files::Look;
use super::input::RunReport;
use super::words::{Lang, Word, panel as words};

const STYLE: &str = include_str!("html/page.css");
const BOOK_STYLE: &str = include_str!("html/book.css");

/// The page with these charts, UTF-8.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a run can cause it.
pub fn page(run: &RunReport, charts: &[Chart], look: Look) -> Result<String, ChartError> {
    let lang = look.lang;
    let board = Board::new(charts)?;
    let sections = [
        board.over(&["equity", "benchmarks"], &figures::curves(run, lang)),
        figures::key_figures(run, lang),
        board.over(&["funnel"], &signals::funnel(run, lang)),
        board.over(
            &["decay", "score", "gap"],
            &only("edge", (words::EDGE, words::NOTHING), lang),
        ),
        board.over(
            &["excursions", "ladder", "exits", "results"],
            &trades::exits(run, lang),
        ),
        board.over(
            &["symbols", "hours", "weekdays"],
            &trades::breakdowns(run, lang),
        ),
        board.over(&["costs"], &costs::spent(run, lang)),
        board.over(
            &["days", "months"],
            &only("calendar", (words::CALENDAR, words::NOTHING), lang),
        ),
        board.over(
            &["gates"],
            &only("gates", (words::GATES, words::NO_REFUSAL), lang),
        ),
        board.over(&["paths"], &costs::envelope(run, lang)),
        board.over(&["robustness"], &costs::cost_table(run, lang)),
        board.over(&["sensitivity"], &sensitivity::sensitivity(run, lang)),
        trades::listed(run, lang),
        signals::verdicts(run, lang),
        about::data(run, lang),
        about::assumptions(run, lang),
        about::reproduce(run, lang),
    ];
    let sections = sections.concat();
    let top = [
        overview::header(run, lang),
        overview::verdict(run, lang),
        overview::banners(run, lang),
        overview::contents(&sections, lang),
    ];
    let scripts = scripts::scripts(look.assets);
    let body = top.concat() + &sections;
    Ok(whole(&run.title, &body, (scripts, lang)))
}

/// A section of charts alone: what it says without any.
fn only(id: &str, (title, without): (Word, Word), lang: Lang) -> String {
    let nothing = format!("<p class=\"note empty\">{}</p>\n", without.say(lang));
    element::section(id, title.say(lang), &nothing)
}

/// A whole page around its sections.
fn whole(title: &str, body: &str, ((scripts, policy), lang): ((String, String), Lang)) -> String {
    let mut page = String::with_capacity(body.len() + scripts.len() + 16 * 1024);
    page.push_str("<!DOCTYPE html>\n<html lang=\"");
    page.push_str(match lang {
        Lang::En => "en",
        Lang::Zh => "zh-CN",
    });
    page.push_str("\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"");
    page.push_str(&policy);
    page.push_str("\">\n");
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page.push_str(&escape::text(title));
    page.push_str("</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str(BOOK_STYLE);
    page.push_str("</style>\n</head>\n<body>\n<main>\n");
    page.push_str(body);
    page.push_str("</main>\n");
    page.push_str(&scripts);
    page.push_str("</body>\n</html>\n");
    page
}
