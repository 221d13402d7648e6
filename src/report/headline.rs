//! What must be read before any figure: liquidations, ruin, results that hang on assumptions, missing validation.
//!
//! Not here: where it stands (`html`, `table`). Invariant: the page and the terminal say the same, in the same order.

use super::format;
use super::input::{DataNote, RunReport, Weight};
use super::words::headline as words;
use super::words::units::{self, counted, span};
use super::words::{Lang, Word};
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
    pub title: &'static str,
    /// A sentence or two.
    pub text: String,
}

/// Fewer finished trades than this say little, whatever they say.
const FEW_TRADES: usize = 30;

/// All headlines of a run in a language, loudest first.
#[must_use]
pub fn headlines(run: &RunReport, lang: Lang) -> Vec<Headline> {
    let mut lines = Lines {
        lang,
        found: Vec::new(),
    };
    results(run, &mut lines);
    doubts(run, &mut lines);
    prices(run, &mut lines);
    for warning in &run.warnings {
        lines.say(Tone::Caution, words::WARNING, warning.say(lang));
    }
    lines.found.sort_by_key(|line| line.tone);
    lines.found
}

/// Collects headlines.
struct Lines {
    lang: Lang,
    found: Vec<Headline>,
}

impl Lines {
    fn say(&mut self, tone: Tone, title: Word, text: String) {
        self.found.push(Headline {
            tone,
            title: title.say(self.lang),
            text,
        });
    }

    fn fixed(&mut self, tone: Tone, title: Word, text: Word) {
        self.say(tone, title, text.say(self.lang).to_owned());
    }
}

/// What happened.
fn results(run: &RunReport, lines: &mut Lines) {
    let positions = |count| {
        let (one, many) = (units::ONE_POSITION_WAS, units::MANY_POSITIONS_WERE);
        counted(count, one, many)
    };
    if run.metrics.daily.ruined {
        lines.fixed(Tone::Alarm, words::RUINED, words::RUINED_TEXT);
    }
    if run.liquidations > 0 {
        let count = positions(run.liquidations).say(lines.lang);
        let text = words::LIQUIDATED_TEXT.with(lines.lang, &[&count]);
        lines.say(Tone::Alarm, words::LIQUIDATED, text);
    }
    if run.trades.is_empty() {
        let text = if run.open_positions > 0 {
            words::NO_TRADES_OPEN
        } else {
            words::NO_TRADES_TEXT
        };
        lines.fixed(Tone::Note, words::NO_TRADES, text);
    } else if run.trades.len() < FEW_TRADES {
        let (one, many) = (units::ONE_TRADE_IS, units::MANY_TRADES_ARE);
        let count = counted(run.trades.len(), one, many).say(lines.lang);
        let text = words::FEW_TRADES_TEXT.with(lines.lang, &[&count]);
        lines.say(Tone::Caution, words::FEW_TRADES, text);
    }
    if run.closed_by_end_of_data > 0 {
        let count = positions(run.closed_by_end_of_data).say(lines.lang);
        let text = words::CUT_OFF_TEXT.with(lines.lang, &[&count]);
        lines.say(Tone::Note, words::CUT_OFF, text);
    }
}

/// How much to trust it.
fn doubts(run: &RunReport, lines: &mut Lines) {
    if let Some(envelope) = &run.metrics.envelope
        && envelope.contains_zero
    {
        let range = [envelope.min, envelope.max].map(|net| format::signed_usdt(net.to_f64()));
        let text = words::PATHS_DECIDE_TEXT.with(lines.lang, &[&range[0], &range[1]]);
        lines.say(Tone::Alarm, words::PATHS_DECIDE, text);
    }
    if let Some(probe) = &run.metrics.delay_probe
        && probe.edge_vanishes()
    {
        let later = span(millis(probe.added_ms), lines.lang);
        let nets = [probe.net, probe.base].map(|net| format::signed_usdt(net.to_f64()));
        let text = words::DELAY_DECIDES_TEXT.with(lines.lang, &[&later, &nets[0], &nets[1]]);
        lines.say(Tone::Alarm, words::DELAY_DECIDES, text);
    }
    if !run.validated {
        lines.fixed(Tone::Caution, words::IN_SAMPLE, words::IN_SAMPLE_TEXT);
    }
    if run.synthetic {
        lines.fixed(Tone::Caution, words::MADE_UP, words::MADE_UP_TEXT);
    }
    let daily = &run.metrics.daily;
    if daily.annualised_from_short_run && !run.trades.is_empty() {
        let days = format::number(daily.elapsed_days, 1);
        let text = words::SHORT_RUN_TEXT.with(lines.lang, &[&days]);
        lines.say(Tone::Note, words::SHORT_RUN, text);
    }
}

/// What the prices lack.
fn prices(run: &RunReport, lines: &mut Lines) {
    let lang = lines.lang;
    let cautions: Vec<&DataNote> = run
        .data_notes
        .iter()
        .filter(|note| note.weight == Weight::Caution)
        .collect();
    if let Some(first) = cautions.first() {
        let symbol = first.symbol.as_deref();
        let (one, many) = (units::ONE_CAUTION, units::MANY_CAUTIONS);
        let values = [
            counted(cautions.len(), one, many).say(lang),
            symbol
                .unwrap_or_else(|| words::ALL_CONTRACTS.say(lang))
                .to_owned(),
            first.text.say(lang),
        ];
        let values = values.each_ref().map(String::as_str);
        let text = words::DATA_CAUTION_TEXT.with(lang, &values);
        lines.say(Tone::Caution, words::DATA_CAUTION, text);
    }
    let signals = &run.signals;
    let missing = signals.price_needed.saturating_sub(signals.with_price);
    if missing > 0 {
        let counts = [missing, signals.price_needed].map(format::whole);
        let text = words::UNPRICED_TEXT.with(lang, &[&counts[0], &counts[1]]);
        lines.say(Tone::Caution, words::UNPRICED, text);
    }
}
