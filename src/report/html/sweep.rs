//! The page of a sweep: which sections, in which order; words that pictures and page share.
//!
//! Not here: the sections (the modules below), the pictures' strokes (`chart::heat`).
//! Invariant: the page asks for nothing from anywhere, and runs no script but its own, by its hash; it reads without it.

pub mod canvas;
pub mod charts;
pub mod parallel;
pub mod proof;
pub mod tables;
pub mod top;

use sha2::{Digest, Sha256};

use super::{STYLE, element, escape};
use crate::report::chart::heat::HeatPlot;
use crate::report::chart::render::{ChartError, heat_svg};
use crate::report::format;
use crate::report::sweep::heat::{Heat, Kind};
use crate::report::sweep::{SweepReport, figure_short};

const OWN_STYLE: &str = include_str!("sweep.css");
const SCRIPT: &str = include_str!("sweep.js");

/// The page, UTF-8.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a sweep can cause it.
pub fn page(report: &SweepReport, (heats, pairs): (&[Heat], usize)) -> Result<String, ChartError> {
    let sections = [
        top::header(report),
        top::strip(report),
        top::banners(report),
        top::contents(),
        proof::sections(report.proof.as_ref(), &top::validate(report)),
        tables::best(report),
        tables::ranked(report),
        charts::overview(report),
        pictures(report, heats, pairs)?,
        parallel::section(report),
        charts::effects(report),
        tables::tried(report),
    ];
    let mut page = String::with_capacity(256 * 1024);
    page.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(&format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'\">\n",
        base64(&Sha256::digest(SCRIPT))
    ));
    page.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page.push_str(&escape::text(&format!("sweep {}", report.name)));
    page.push_str("</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str(OWN_STYLE);
    page.push_str("</style>\n</head>\n<body>\n<main>\n");
    for section in sections {
        page.push_str(&section);
    }
    page.push_str("</main>\n<script>");
    page.push_str(SCRIPT);
    page.push_str("</script>\n</body>\n</html>\n");
    Ok(page)
}

/// Bytes as the policy of a page writes them.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let word = part
            .iter()
            .fold(0_usize, |word, byte| (word << 8) | usize::from(*byte));
        let word = word << (8 * (3 - part.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) & 63];
            text.push(if place > part.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}

/// A value of the objective as short text.
pub fn label(report: &SweepReport) -> impl Fn(f64) -> String + '_ {
    |value| figure_short(&report.goal.name, value)
}

/// A heat map with its words.
pub fn heat_plot<'a>(
    report: &SweepReport,
    heat: &'a Heat,
    label: &'a dyn Fn(f64) -> String,
) -> HeatPlot<'a> {
    let (across, up) = (&report.axes[heat.across], &report.axes[heat.up]);
    HeatPlot {
        title: format!("{} over {} and {}", report.goal.name, across.name, up.name),
        subtitle: meaning(report, heat),
        across: across.title(),
        up: up.title(),
        goal: report.goal.name.clone(),
        label,
        heat,
    }
}

/// What the cells of a heat map are.
fn meaning(report: &SweepReport, heat: &Heat) -> String {
    let mut words = match (heat.kind, report.chosen()) {
        (Kind::Slice, Some(chosen)) => format!(
            "{}, all other parameters as in trial {}, the best",
            if heat.columns.has_edges() || heat.rows.has_edges() {
                "the median of the few trials there"
            } else {
                "the trial there"
            },
            format::whole(chosen.trial)
        ),
        (Kind::Slice | Kind::Median, _) => {
            "the median of the trials there, whatever their other parameters".to_owned()
        }
    };
    if heat.kind == Kind::Median && report.near.is_some() {
        words.push_str(&format!(", from {}", report.sampled()));
    }
    if report.counts.unmet > 0 {
        words.push_str("; constraints are not looked at");
    }
    words
}

/// The name of a pair's picture, without its beginning and end.
#[must_use]
pub fn picture_name(report: &SweepReport, heat: &Heat) -> String {
    let names = file_names(report);
    format!("{}-{}", names[heat.across], names[heat.up])
}

/// Names of parameters that every file system takes, each one once.
fn file_names(report: &SweepReport) -> Vec<String> {
    const LETTERS: usize = 60;
    let mut names: Vec<String> = Vec::new();
    for axis in &report.axes {
        let plain = axis.name.chars().take(LETTERS).map(|letter| {
            let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
            if is_plain { letter } else { '_' }
        });
        let plain: String = plain.collect();
        let is_taken = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
        let name = if is_taken(&plain) {
            let number = names.len() + 1;
            format!("{plain}_{number}")
        } else {
            plain
        };
        names.push(name);
    }
    names
}

fn pictures(report: &SweepReport, heats: &[Heat], pairs: usize) -> Result<String, ChartError> {
    const TITLE: &str = "Pairs of parameters";
    let Some(first) = heats.first() else {
        let words = "A heat map needs two parameters with more than one value each.";
        return Ok(element::section("heat", TITLE, &element::note(words)));
    };
    let means = meaning(report, first);
    let is_one_kind = heats.iter().all(|heat| meaning(report, heat) == means);
    let mut words = format!(
        "{}: lighter is better, one scale of colours for all.",
        report.goal.words()
    );
    if let Some(row) = report.chosen() {
        words.push_str(&format!(
            " The frame marks trial {}.",
            format::whole(row.trial)
        ));
    }
    if is_one_kind {
        words.push_str(&format!(" Each cell: {means}."));
    }
    if heats.len() < pairs {
        words.push_str(&format!(
            " {} of {pairs} pairs: those of the parameters with the largest effect on the median.",
            heats.len()
        ));
    }
    let mut html = element::note(&(words + " The same pictures lie in png/."));
    html.push_str("<div class=\"pair\">\n");
    for heat in heats {
        let label = label(report);
        let plot = heat_plot(report, heat, &label);
        let own = if is_one_kind { "" } else { &plot.subtitle };
        html.push_str(&format!(
            "<figure><figcaption><strong>{}</strong><br><span class=\"note\">{}</span></figcaption>\n{}</figure>\n",
            escape::text(&plot.title),
            escape::text(own),
            heat_svg(&plot, (440, 330))?
        ));
    }
    html.push_str("</div>\n");
    Ok(element::section("heat", TITLE, &html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_one_of_the_standard() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
