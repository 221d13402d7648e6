//! The files a report is made of: the page, the pictures, the script of its charts.
//!
//! Not here: putting them in their place (`backtest::rebuild`), what is on them (`html`, `panels`).

use super::chart::Ink;
use super::chart::browser;
use super::chart::picture::{self, paint::SOFTWARE};
use super::chart::render::{ChartError, paper_color};
use super::chart::spec::Chart;
use super::format;
use super::html;
use super::html::escape;
use super::html::scripts::{Assets, LIBRARY};
use super::input::RunReport;
use super::panels;
use super::summary;
use super::words::{Lang, panel};

/// Pictures that are no charts of the page.
const MORE: [&str; 2] = ["drawdown", "summary"];
/// Size of an SVG file, as that of a PNG, and the part of it that is title and caption.
const SIZE: (i32, i32) = (1_200, 700);
const HEAD: i32 = 90;

/// How a report is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Language of page and pictures.
    pub lang: Lang,
    /// Where the script of the charts is.
    pub assets: Assets,
}

/// A file, by its name in the run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// For example `png/equity.png`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Whether a report has a picture of this name, without its ending.
#[must_use]
pub fn is_picture(name: &str) -> bool {
    panels::IDS.contains(&name) || MORE.contains(&name)
}

/// The name of a picture in the folder of PNGs.
#[must_use]
pub fn is_png(name: &str) -> Option<&str> {
    name.strip_prefix("png/")
}

/// Whether bytes are a picture that this program made.
#[must_use]
pub fn is_ours(bytes: &[u8]) -> bool {
    let mark = format!("tEXtSoftware\0{SOFTWARE}");
    let head = &bytes[..bytes.len().min(200)];
    head.windows(mark.len()).any(|part| part == mark.as_bytes())
}

/// All files of a report; the same run gives the same bytes.
///
/// # Errors
/// When a chart cannot be drawn; nothing of a run can cause it.
pub fn files(run: &RunReport, look: Look) -> Result<Vec<File>, ChartError> {
    let lang = look.lang;
    let charts = panels::all(run, lang);
    let drawdown = panels::drawdown(run, lang);
    let drawn: Vec<&Chart> = charts.iter().chain([&drawdown]).collect();
    let footer = footer(run, lang);
    let mut made = vec![file("report.html", html::page(run, &charts, look)?)];
    if look.assets == Assets::Shared {
        made.push(file(LIBRARY, browser::script()));
    }
    made.push(File {
        name: "png/summary.png".to_owned(),
        bytes: summary::picture(run, &charts, lang, &footer)?,
    });
    let pngs = picture::pngs(&drawn, &footer)?;
    for (chart, bytes) in drawn.into_iter().zip(pngs) {
        let name = format!("png/{}.png", chart.id);
        made.push(File { name, bytes });
        made.push(file(&format!("svg/{}.svg", chart.id), standalone(chart)?));
    }
    Ok(made)
}

fn file(name: &str, text: String) -> File {
    File {
        name: name.to_owned(),
        bytes: text.into_bytes(),
    }
}

/// What stands at the foot of every picture: it travels without its page.
fn footer(run: &RunReport, lang: Lang) -> String {
    let (from, to) = (
        format::minute(run.daily.start),
        format::minute(run.daily.end),
    );
    let id: String = run.run_id.chars().take(16).collect();
    let told = panel::FOOTER.with(lang, &[&from, &to, &id, &run.version]);
    if run.synthetic {
        format!("{told} · {}", panel::SYNTHETIC.say(lang))
    } else {
        told
    }
}

/// A chart as a file of its own: light paper, colours inside, letters of whatever shows it.
fn standalone(chart: &Chart) -> Result<String, ChartError> {
    let (width, height) = SIZE;
    let inner = picture::svg(chart, width - 40, height - HEAD - 20)?;
    let place = format!(
        "<svg x=\"20\" y=\"{HEAD}\" width=\"{}\" height=\"{}\" ",
        width - 40,
        height - HEAD - 20
    );
    let inner = inner.replacen("<svg ", &place, 1);
    let mut style = String::from(
        "text{font-family:sans-serif}polyline{stroke-linejoin:round}.dash{stroke-dasharray:12 8}",
    );
    for (number, ink) in Ink::ALL.into_iter().enumerate() {
        let color = paper_color(ink);
        let color = format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2);
        style.push_str(&format!(
            ".f{number}{{fill:{color}}}.s{number}{{stroke:{color}}}"
        ));
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
         <style>{style}</style><rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\
         <text x=\"24\" y=\"38\" font-size=\"24\" class=\"f0\">{}</text>\
         <foreignObject x=\"24\" y=\"48\" width=\"{}\" height=\"42\"><p xmlns=\"http://www.w3.org/1999/xhtml\" style=\"margin:0;font:13px sans-serif;color:#545c68\">{}</p></foreignObject>\
         {inner}</svg>\n",
        escape::text(&chart.title),
        width - 48,
        escape::text(&chart.caption),
    ))
}
