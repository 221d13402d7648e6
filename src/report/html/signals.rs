//! What became of the signals: the funnel with its reasons, and each message's verdict.
//!
//! Not here: matching them (`trader`), counting them (`backtest`).

use super::element::{self, Cell};
use super::escape;
use crate::report::format;
use crate::report::input::{ReasonCount, RunReport, SignalVerdict};
use crate::report::words::reason::{self, readable, with_name};
use crate::report::words::signals as words;
use crate::report::words::{Lang, units};

/// Verdicts shown; all of them are in the file.
const VERDICTS_MAX: usize = 200;

/// From message to fill: each stage, and why the others did not come through.
#[must_use]
pub fn funnel(run: &RunReport, lang: Lang) -> String {
    let stages = &run.signals.funnel;
    if stages.is_empty() {
        let text = element::paragraph(words::NO_SIGNALS.say(lang));
        return element::section("funnel", words::FUNNEL.say(lang), &text);
    }
    let mut html = String::from("<ol class=\"funnel\">\n");
    for stage in stages {
        html.push_str(&format!(
            "<li><div class=\"stage\"><span>{}</span><b>{} <small>{}</small></b></div>",
            escape::text(&stage.name.say(lang)),
            format::whole(stage.count),
            escape::text(stage.unit_word().say(lang)),
        ));
        if !stage.lost.is_empty() {
            html.push_str(&lost(&stage.lost, lang));
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ol>\n");
    html.push_str(&refusals(run, lang));
    element::section("funnel", words::FUNNEL.say(lang), &html)
}

/// Why the others did not come through.
fn lost(reasons: &[ReasonCount], lang: Lang) -> String {
    let said = reasons.iter().map(|lost| {
        let name = format!("<code>{}</code>", escape::text(&lost.reason));
        let counted = format!("{name} {}", format::whole(lost.count));
        match reason::reason(&lost.reason) {
            Some(_) => {
                let meaning = escape::text(&readable(&lost.reason, lang));
                units::BESIDE.with(lang, &[&counted, &meaning])
            }
            None => counted,
        }
    });
    let said: Vec<String> = said.collect();
    format!(
        "<p class=\"lost\">{}</p>",
        words::LOST_HERE.with(lang, &[&said.join(" · ")])
    )
}

/// All refusals and rejections, of exits too.
fn refusals(run: &RunReport, lang: Lang) -> String {
    if run.refusals.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<Cell>> = run
        .refusals
        .iter()
        .map(|refusal| {
            vec![
                Cell::Text(refusal.reason.clone()),
                Cell::Number(format::whole(refusal.count)),
                Cell::Text(
                    reason::reason(&refusal.reason)
                        .map_or_else(String::new, |word| word.say(lang).to_owned()),
                ),
            ]
        })
        .collect();
    let head = [words::REFUSED, words::REFUSED_TIMES, words::REFUSED_BECAUSE];
    element::table(&head.map(|word| word.say(lang)), &rows)
}

/// Each message's verdict.
#[must_use]
pub fn verdicts(run: &RunReport, lang: Lang) -> String {
    let all = &run.signals.verdicts;
    if all.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<Cell>> = all
        .iter()
        .take(VERDICTS_MAX)
        .map(|signal| {
            vec![
                Cell::Text(
                    signal
                        .time
                        .chars()
                        .take(19)
                        .collect::<String>()
                        .replace('T', " "),
                ),
                Cell::Text(signal.symbol.clone()),
                Cell::Text(signal.kind.say(lang)),
                Cell::Text(verdict(signal, lang)),
                Cell::Text(signal.id.clone()),
            ]
        })
        .collect();
    let mut html = String::new();
    if all.len() > VERDICTS_MAX {
        html.push_str(&element::first_of(
            (VERDICTS_MAX, all.len()),
            "signals.csv",
            lang,
        ));
    }
    let head = [
        words::VERDICT_TIME,
        units::HEAD_CONTRACT,
        words::VERDICT_TYPE,
        words::VERDICT,
        words::VERDICT_ID,
    ];
    html.push_str(&element::table(&head.map(|word| word.say(lang)), &rows));
    element::section("signals", words::VERDICTS.say(lang), &html)
}

/// What became of a message, with the files' own names.
fn verdict(signal: &SignalVerdict, lang: Lang) -> String {
    let name = with_name(&signal.verdict, lang);
    match &signal.no_price {
        Some(why) => words::NO_PRICE_IN_TIME.with(lang, &[&name, &with_name(why, lang)]),
        None => name,
    }
}
