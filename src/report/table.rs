//! The run in plain text for a terminal: at most 100 columns, every number with its unit, readable without colour.
//!
//! Not here: printing it (`cli`); the whole story (`html`).

use super::format;
use super::headline::{self, Tone};
use super::input::{ReasonCount, RunReport};
use super::words::Lang;
use crate::stats::figure::millis;

/// No line is longer.
pub const WIDTH: usize = 100;
/// Reasons shown of a long list.
const REASONS_MAX: usize = 8;

/// The summary, ending in a line break.
#[must_use]
pub fn summary(run: &RunReport) -> String {
    let mut lines = Vec::new();
    head(run, &mut lines);
    lines.push(String::new());
    figures(run, &mut lines);
    envelope(run, &mut lines);
    cost_table(run, &mut lines);
    exits(run, &mut lines);
    funnel(run, &mut lines);
    reasons(run, &mut lines);
    lines.push(String::new());
    for line in headline::headlines(run, Lang::En) {
        let tone = match line.tone {
            Tone::Alarm => "ALARM    ",
            Tone::Caution => "CAUTION  ",
            Tone::Note => "note     ",
        };
        wrapped(tone, &format!("{}: {}", line.title, line.text), &mut lines);
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn head(run: &RunReport, lines: &mut Vec<String>) {
    let label = if run.synthetic {
        ", synthetic data"
    } else {
        ""
    };
    let title = plain(&run.title);
    let kicker = run.mode.title().say(Lang::En);
    lines.push(clip(&format!("{kicker}: {title}{label}"), WIDTH));
    lines.push(clip(
        &format!(
            "{} to {} UTC, start {}, run {}, version {}",
            format::minute(run.daily.start),
            format::minute(run.daily.end),
            format::usdt(run.metrics.initial),
            run.run_id.chars().take(16).collect::<String>(),
            run.version
        ),
        WIDTH,
    ));
}

/// Two columns of label and value.
fn figures(run: &RunReport, lines: &mut Vec<String>) {
    for ((name, value), (other, other_value)) in account(run).into_iter().zip(trading(run)) {
        lines.push(format!(
            "  {name:<24}{value:>20}      {other:<22}{other_value:>20}"
        ));
    }
}

/// A label and a value with its unit.
type Line = (&'static str, String);

fn ratio(value: f64) -> String {
    format::number(value, 2)
}

/// What became of the money.
fn account(run: &RunReport) -> [Line; 10] {
    let daily = &run.metrics.daily;
    let costs = &run.metrics.costs;
    let change = run.metrics.final_equity - run.metrics.initial;
    let sharpe = format::figure(daily.sharpe, ratio);
    let sortino = format::figure(daily.sortino, ratio);
    let day_ends = format::figure(daily.max_drawdown, format::percent);
    let bar_ends = format::figure(daily.max_drawdown_intraday, format::percent);
    let total = format::figure(daily.total_return, format::signed_percent);
    [
        ("Net result", format::signed_usdt(change)),
        ("Total return", total),
        ("CAGR", format::figure(daily.cagr, format::signed_percent)),
        ("Max drawdown, day ends", day_ends),
        ("Max drawdown, bar ends", bar_ends),
        ("Sharpe / Sortino", format!("{sharpe} / {sortino}")),
        ("Fees paid", format::usdt(costs.total_fees.usdt)),
        ("Funding", format::signed_usdt(costs.total_funding)),
        ("Slippage (memo)", format::usdt(costs.slippage.usdt)),
        ("Liquidations", format::whole(run.liquidations)),
    ]
}

/// How the trades went.
fn trading(run: &RunReport) -> [Line; 10] {
    let trades = &run.metrics.trades;
    let r = |value: f64| format!("{} R", format::signed(value, 2));
    let delay = run
        .entry_delay_ms_mean
        .map_or(format::NONE.to_owned(), format::span);
    let hold = format::figure(trades.median_hold_ms, format::span);
    let exposure = run.metrics.activity.exposure_time;
    let ambiguous = format::whole(run.paths.ambiguous);
    let in_position = format::whole(run.paths.bars_in_position);
    let net = format::figure(trades.expectancy, format::signed_usdt);
    [
        ("Finished trades", format::whole(run.trades.len())),
        ("Win rate", format::figure(trades.win_rate, format::percent)),
        ("Expectancy", net),
        ("Expectancy in R", format::figure(trades.expectancy_r, r)),
        ("  95 % interval", interval(run)),
        ("Profit factor", format::figure(trades.profit_factor, ratio)),
        ("Median hold", hold),
        (
            "Time in the market",
            format::figure(exposure, format::percent),
        ),
        ("Ambiguous bars", format!("{ambiguous} of {in_position}")),
        ("Mean entry delay", delay),
    ]
}

/// How far the mean R may be off by chance.
fn interval(run: &RunReport) -> String {
    let bounds = &run.metrics.expectancy_r_interval;
    match (bounds.low.value(), bounds.high.value()) {
        (Some(low), Some(high)) => {
            format!("{} to {}", format::signed(low, 2), format::signed(high, 2))
        }
        _ => format::NONE.to_owned(),
    }
}

fn envelope(run: &RunReport, lines: &mut Vec<String>) {
    let Some(envelope) = &run.metrics.envelope else {
        return;
    };
    lines.push(String::new());
    lines.push(format!(
        "{:<40}{:>18}{:>14}",
        "Path inside bars (full replays)", "net, USDT", "of start"
    ));
    for row in &envelope.rows {
        lines.push(money_row(run, &row.mode, row.net.to_f64()));
    }
    lines.push(format!(
        "  path-assumption envelope: {} to {}",
        format::signed_usdt(envelope.min.to_f64()),
        format::signed_usdt(envelope.max.to_f64())
    ));
}

fn cost_table(run: &RunReport, lines: &mut Vec<String>) {
    let Some(table) = &run.metrics.cost_table else {
        return;
    };
    lines.push(String::new());
    lines.push(format!(
        "{:<40}{:>18}{:>14}",
        "All costs scaled", "net, USDT", "of start"
    ));
    for row in &table.rows {
        let name = format!("{}x", format::number(row.multiple.to_f64(), 0));
        lines.push(money_row(run, &name, row.net.to_f64()));
    }
    lines.push(format!("  the run {}", table.break_even_multiple.text()));
    if let Some(probe) = &run.metrics.delay_probe {
        let later = format::span(millis(probe.added_ms));
        let name = format!("all orders {later} later");
        lines.push(money_row(run, &name, probe.net.to_f64()));
    }
}

fn money_row(run: &RunReport, name: &str, net: f64) -> String {
    format!(
        "  {:<38}{:>18}{:>14}",
        clip(&plain(name), 37),
        format::signed(net, 2),
        format::signed_percent(net / run.metrics.initial)
    )
}

fn exits(run: &RunReport, lines: &mut Vec<String>) {
    let rows = &run.metrics.breakdowns.exit;
    if rows.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(format!(
        "{:<40}{:>18}{:>14}{:>12}",
        "Last exit", "net, USDT", "trades", "won"
    ));
    for row in rows {
        lines.push(format!(
            "  {:<38}{:>18}{:>14}{:>12}",
            clip(&plain(&row.key), 37),
            format::signed(row.net, 2),
            format::whole(row.n),
            format::figure(row.win_rate, |rate| format!(
                "{} %",
                format::number(rate * 100.0, 0)
            ))
        ));
    }
}

fn funnel(run: &RunReport, lines: &mut Vec<String>) {
    if run.signals.funnel.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push("Signal funnel".to_owned());
    for stage in &run.signals.funnel {
        let came = format!(
            "  {:<38}{:>9} {:<9}",
            clip(&plain(&stage.name.say(Lang::En)), 37),
            format::whole(stage.count),
            clip(&plain(stage.unit_word().say(Lang::En)), 9)
        );
        if stage.lost.is_empty() {
            lines.push(came.trim_end().to_owned());
        } else {
            wrapped(&came, &format!(" lost: {}", listed(&stage.lost)), lines);
        }
    }
}

fn reasons(run: &RunReport, lines: &mut Vec<String>) {
    if run.refusals.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push("Refused by our risk or rejected by the exchange".to_owned());
    wrapped("  ", &listed(&run.refusals), lines);
}

/// The most frequent reasons, `low_score 12, duplicate 3`.
fn listed(reasons: &[ReasonCount]) -> String {
    let mut sorted: Vec<&ReasonCount> = reasons.iter().collect();
    sorted.sort_by(|left, right| {
        let by_count = right.count.cmp(&left.count);
        by_count.then_with(|| left.reason.cmp(&right.reason))
    });
    let rest: usize = sorted.iter().skip(REASONS_MAX).map(|one| one.count).sum();
    let mut parts: Vec<String> = sorted
        .iter()
        .take(REASONS_MAX)
        .map(|one| format!("{} {}", plain(&one.reason), format::whole(one.count)))
        .collect();
    if rest > 0 {
        parts.push(format!("others {}", format::whole(rest)));
    }
    parts.join(", ")
}

/// Breaks words into lines behind a label; following lines are indented to the text.
pub fn wrapped(label: &str, words: &str, lines: &mut Vec<String>) {
    let indent = columns(label);
    let mut line = label.to_owned();
    for word in words.split_whitespace() {
        let is_empty = columns(&line) == indent;
        if !is_empty && columns(&line) + 1 + columns(word) > WIDTH {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(indent);
        }
        if columns(&line) > indent {
            line.push(' ');
        }
        line.push_str(&clip(word, WIDTH - indent));
    }
    lines.push(line.trim_end().to_owned());
}

/// Foreign text without letters that move the cursor.
#[must_use]
pub fn plain(raw: &str) -> String {
    raw.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// Width in a terminal: letters of the East Asian blocks take two columns.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars()
        .map(|letter| match letter {
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{1f300}'..='\u{1faff}' => 2,
            _ => 1,
        })
        .sum()
}

/// The start of a text that is too wide, with a mark.
#[must_use]
pub fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    for letter in text.chars() {
        if columns(&shown) + columns(&letter.to_string()) > width - 1 {
            break;
        }
        shown.push(letter);
    }
    shown.push('…');
    shown
}
