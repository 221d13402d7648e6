//! What became of the signals: the funnel with its reasons, and each message's verdict.
//!
//! Not here: matching them (`trader`), counting them (`backtest`).

use super::element::{self, Cell};
use super::escape;
use crate::report::format;
use crate::report::input::RunReport;
use crate::stats::figure::count;

/// Verdicts shown; all of them are in the file.
const VERDICTS_MAX: usize = 200;

/// From message to fill, a bar per stage, the reasons between them.
#[must_use]
pub fn funnel(run: &RunReport) -> String {
    let stages = &run.signals.funnel;
    let Some(first) = stages.first() else {
        let text = "The run had no signals.";
        return element::section("funnel", "Signal funnel", &element::paragraph(text));
    };
    let mut html = String::from("<ol class=\"funnel\">\n");
    for stage in stages {
        let share = if first.count > 0 {
            count(stage.count) / count(first.count) * 100.0
        } else {
            0.0
        };
        html.push_str(&format!(
            "<li><div class=\"stage\"><span>{}</span><b>{} <small>{}</small></b></div><div class=\"track\"><span class=\"bar\" style=\"width:{:.1}%\"></span></div>",
            escape::text(&stage.name),
            format::whole(stage.count),
            escape::text(stage.unit_word()),
            share.min(100.0)
        ));
        if !stage.lost.is_empty() {
            let reasons: Vec<String> = stage
                .lost
                .iter()
                .map(|lost| {
                    format!(
                        "<code>{}</code> {}{}",
                        escape::text(&lost.reason),
                        format::whole(lost.count),
                        meaning(&lost.reason)
                            .map_or_else(String::new, |words| format!(" ({words})"))
                    )
                })
                .collect();
            html.push_str(&format!(
                "<p class=\"lost\">lost here: {}</p>",
                reasons.join(" · ")
            ));
        }
        html.push_str("</li>\n");
    }
    html.push_str("</ol>\n");
    if !run.refusals.is_empty() {
        let rows: Vec<Vec<Cell>> = run
            .refusals
            .iter()
            .map(|refusal| {
                vec![
                    Cell::Text(refusal.reason.clone()),
                    Cell::Number(format::whole(refusal.count)),
                    Cell::Text(meaning(&refusal.reason).unwrap_or_default().to_owned()),
                ]
            })
            .collect();
        html.push_str(&element::table(
            &[
                "Refused by our risk or rejected by the exchange",
                "Times",
                "Because",
            ],
            &rows,
        ));
    }
    element::section("funnel", "Signal funnel", &html)
}

/// What a reason of the files means; `None` for one that says so itself.
fn meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "duplicate" => "its id was seen before",
        "unknown_type" => "a type that does not trade",
        "type_off" => "its type is set to be ignored",
        "future" => "stamped too far ahead of its arrival",
        "stale" => "too old when it arrived",
        "unmatched" => "no partner within the window",
        "low_score" => "paired, but scored too low",
        "no_symbol" => "names no contract",
        "daily_loss" => "the day's loss limit was reached",
        "daily_trades" => "the day's entries were used up",
        "in_position" => "the contract was held already",
        "pending_entry" => "an entry was under way already",
        "cooldown" => "too soon after an exit",
        "no_price" => "the contract had no price then",
        "total_cap" => "all positions together would be too large",
        "insufficient_margin" => "too little margin left",
        "open_risk" => "the losses at all stops would be too large",
        "below_min_qty" => "smaller than the smallest order",
        "below_min_notional" => "worth less than the smallest order",
        "stale_data" => "no bar opened in time",
        "end_of_data" => "the prices end before",
        "not_trading" => "the contract or the core did not trade",
        "halted" => "stopped by the operator",
        _ => return None,
    })
}

/// Each message's verdict.
#[must_use]
pub fn verdicts(run: &RunReport) -> String {
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
                Cell::Text(signal.kind.clone()),
                Cell::Text(signal.verdict.clone()),
                Cell::Text(signal.id.clone()),
            ]
        })
        .collect();
    let mut html = String::new();
    if all.len() > VERDICTS_MAX {
        html.push_str(&format!(
            "<p class=\"note\">The first {VERDICTS_MAX} of {}; all are in <a href=\"signals.csv\">signals.csv</a>.</p>\n",
            format::whole(all.len())
        ));
    }
    html.push_str(&element::table(
        &[
            "Received, UTC",
            "Contract",
            "Type",
            "What became of it",
            "Id",
        ],
        &rows,
    ));
    element::section("signals", "Every signal's verdict", &html)
}
