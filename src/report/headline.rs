//! What must be read before any figure: liquidations, ruin, results that hang on assumptions, missing validation.
//!
//! Not here: where it stands (`html`, `table`). Invariant: the page and the terminal say the same, in the same order.

use super::format;
use super::input::{DataNote, RunReport, Weight};
use crate::stats::figure::millis;

/// How loud a headline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Money was or may be lost in a way the figures hide.
    Alarm,
    /// The figures must be read with care.
    Caution,
    /// Context.
    Note,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// How loud.
    pub tone: Tone,
    /// A few words.
    pub title: String,
    /// A sentence or two.
    pub text: String,
}

/// Fewer finished trades than this say little, whatever they say.
const FEW_TRADES: usize = 30;

/// All headlines of a run, loudest first.
#[must_use]
pub fn headlines(run: &RunReport) -> Vec<Headline> {
    let mut lines = Vec::new();
    results(run, &mut lines);
    doubts(run, &mut lines);
    prices(run, &mut lines);
    for warning in &run.warnings {
        lines.push(headline(Tone::Caution, "Warning", warning.clone()));
    }
    lines.sort_by_key(|line| line.tone);
    lines
}

fn headline(tone: Tone, title: &str, text: String) -> Headline {
    Headline {
        tone,
        title: title.to_owned(),
        text,
    }
}

/// What happened.
fn results(run: &RunReport, lines: &mut Vec<Headline>) {
    if run.metrics.daily.ruined {
        lines.push(headline(
            Tone::Alarm,
            "Ruined",
            "Equity fell to zero or below. The series of days ends there, and ratios after it do not exist."
                .to_owned(),
        ));
    }
    if run.liquidations > 0 {
        let count = format::counted(run.liquidations, "position was", "positions were");
        lines.push(headline(
            Tone::Alarm,
            "Liquidated",
            format!(
                "{count} closed by the exchange for want of margin. With a working stop this means a price gap, a stop beyond the liquidation level, or too much leverage."
            ),
        ));
    }
    if run.trades.is_empty() {
        let text = if run.open_positions > 0 {
            "No position was closed in this period; open ones are valued at their last mark."
        } else {
            "The run is complete; the signal funnel below shows where the signals ended."
        };
        lines.push(headline(Tone::Note, "No finished trades", text.to_owned()));
    } else if run.trades.len() < FEW_TRADES {
        let count = format::counted(run.trades.len(), "trade is", "trades are");
        lines.push(headline(
            Tone::Caution,
            "Few trades",
            format!("{count} too few to tell skill from luck, whatever the figures say."),
        ));
    }
    if run.closed_by_end_of_data > 0 {
        let count = format::counted(run.closed_by_end_of_data, "position was", "positions were");
        lines.push(headline(
            Tone::Note,
            "Cut off by the data",
            format!("{count} closed only because the prices end there."),
        ));
    }
}

/// How much to trust it.
fn doubts(run: &RunReport, lines: &mut Vec<Headline>) {
    if let Some(envelope) = &run.metrics.envelope
        && envelope.contains_zero
    {
        lines.push(headline(
            Tone::Alarm,
            "The sign of the result depends on intrabar paths",
            format!(
                "Depending on the order of high and low inside bars the net result is anything from {} to {}.",
                format::signed_usdt(envelope.min.to_f64()),
                format::signed_usdt(envelope.max.to_f64())
            ),
        ));
    }
    if let Some(probe) = &run.metrics.delay_probe
        && probe.edge_vanishes()
    {
        lines.push(headline(
            Tone::Alarm,
            "The gain vanishes with one bar of delay",
            format!(
                "With every order {} later the same run nets {} instead of {}.",
                format::span(millis(probe.added_ms)),
                format::signed_usdt(probe.net.to_f64()),
                format::signed_usdt(probe.base.to_f64())
            ),
        ));
    }
    if !run.validated {
        lines.push(headline(
            Tone::Caution,
            "In-sample",
            "No out-of-sample validation was run. If settings were chosen on this period, expect less from the next."
                .to_owned(),
        ));
    }
    if run.synthetic {
        lines.push(headline(
            Tone::Caution,
            "Synthetic",
            "Prices or signals were generated, not recorded. The result says nothing about a market."
                .to_owned(),
        ));
    }
    let daily = &run.metrics.daily;
    if daily.annualised_from_short_run && !run.trades.is_empty() {
        lines.push(headline(
            Tone::Note,
            "Short run",
            format!(
                "Annual figures are annualised from {} days (< 90): read them as arithmetic, not as a forecast.",
                format::number(daily.elapsed_days, 1)
            ),
        ));
    }
}

/// What the prices lack.
fn prices(run: &RunReport, lines: &mut Vec<Headline>) {
    let cautions: Vec<&DataNote> = run
        .data_notes
        .iter()
        .filter(|note| note.weight == Weight::Caution)
        .collect();
    if let Some(first) = cautions.first() {
        let symbol = first.symbol.as_deref().unwrap_or("all contracts");
        lines.push(headline(
            Tone::Caution,
            "Data",
            format!(
                "{} about the prices used; the first: {symbol}, {}.",
                format::counted(cautions.len(), "caution", "cautions"),
                first.text
            ),
        ));
    }
    let missing = run
        .signals
        .price_needed
        .saturating_sub(run.signals.with_price);
    if missing > 0 {
        lines.push(headline(
            Tone::Caution,
            "Signals without prices",
            format!(
                "{} of {} signals of types that trade have no price within the entry time-to-live, so they could not.",
                format::whole(missing),
                format::whole(run.signals.price_needed)
            ),
        ));
    }
}
