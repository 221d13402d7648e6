//! What is to know about the prices of a run, in sentences.
//!
//! Not here: finding any of it (`market::quality`), assumptions and warnings (`words`).

use crate::backtest::prepare::Prepared;
use crate::backtest::summary::could_trade;
use crate::backtest::words::span;
use crate::domain::fill::Trade;
use crate::domain::symbol::Symbol;
use crate::domain::time::{DAY, Span, Timestamp};
use crate::exchange::history::Counters;
use crate::market::instruments::RulesSource;
use crate::market::load::SymbolReport;
use crate::market::place::interval_name;
use crate::market::quality::{BarQuality, PriceInTime, SymbolQuality};
use crate::report::format;
use crate::report::input::{DataNote, Weight};

/// The exchange settles at least every eight hours; a minute more is a stamp that came late.
const FUNDING_APART: Span = Span::from_millis((8 * 60 + 1) * 60_000);

/// Collects notes, all of one symbol at a time.
struct Notes {
    symbol: Option<String>,
    found: Vec<DataNote>,
}

impl Notes {
    fn say(&mut self, weight: Weight, text: String) {
        self.found.push(DataNote {
            symbol: self.symbol.clone(),
            weight,
            text,
        });
    }

    fn note(&mut self, text: String) {
        self.say(Weight::Note, text);
    }

    fn caution(&mut self, text: String) {
        self.say(Weight::Caution, text);
    }
}

/// What is to know about the prices used.
#[must_use]
pub(super) fn data_notes(
    prepared: &Prepared,
    trades: &[Trade],
    counters: &Counters,
    entry_ttl: Span,
) -> Vec<DataNote> {
    let mut notes = Notes {
        symbol: None,
        found: Vec::new(),
    };
    missing(prepared, &mut notes);
    for (report, quality) in prepared.reports.iter().zip(&prepared.gate.symbols) {
        notes.symbol = Some(report.symbol.to_string());
        match &quality.bars {
            Some(bars) => {
                used(report, &mut notes);
                reach(prepared, bars, &mut notes);
                gaps(prepared, report, bars, trades, &mut notes);
                marks_and_funding(report, quality, bars, &mut notes);
                unsettled(prepared, report, trades, &mut notes);
                doubts(quality, bars, &mut notes);
                if bars.interval > entry_ttl {
                    notes.caution(format!(
                        "a bar of {} is longer than an entry may wait ({}): only signals that come shortly before a bar opens are filled",
                        interval_name(bars.interval),
                        span(entry_ttl)
                    ));
                }
            }
            None => outside(report, &mut notes),
        }
    }
    notes.symbol = None;
    if counters.funding_without_mark > 0 {
        notes.note(format!(
            "{} settlements had no mark price of their own: the last known one was used",
            counters.funding_without_mark
        ));
    }
    if counters.detail_ignored > 0 {
        notes.caution(format!(
            "{} bars were not replayed: their finer bars do not add up to them",
            counters.detail_ignored
        ));
    }
    prepared
        .set_aside
        .iter()
        .for_each(|text| notes.note(text.clone()));
    notes.found
}

/// Signals that cannot be traded, and names that stand for something else.
fn missing(prepared: &Prepared, notes: &mut Notes) {
    let without: Vec<&str> = prepared.gate.without_series().map(Symbol::as_str).collect();
    if !without.is_empty() {
        notes.caution(format!(
            "{} of {} signalled symbols have no prices in the run: {}",
            without.len(),
            prepared.gate.symbols.len(),
            without.join(", ")
        ));
    }
    let late = could_trade(prepared).filter(|price| !matches!(price, PriceInTime::At(_)));
    let late = late.count();
    if late > 0 {
        notes.caution(format!(
            "{late} of {} signals of types that trade have no price within the entry time-to-live (each is listed with its verdict)",
            could_trade(prepared).count()
        ));
    }
    for (name, symbol) in &prepared.named.multiples {
        notes.note(format!("the feed's {name} is traded as {symbol}"));
    }
}

/// Which bars and whose rules.
fn used(report: &SymbolReport, notes: &mut Notes) {
    // Rows by length, finest first: a coarser bar stands only where no finer one lies inside it.
    let rows = report.shares.iter().filter(|share| share.rows > 0);
    let lengths: Vec<String> = rows
        .map(|share| {
            format!(
                "{} {} bars",
                format::whole(share.rows),
                interval_name(share.interval)
            )
        })
        .collect();
    let mut text = lengths.join("; where there are none, ");
    if let Some(detail) = report.detail {
        text.push_str(&format!(
            "; {} bars for the drill-down",
            interval_name(detail)
        ));
    }
    notes.note(text);
    notes.note(rules_note(report));
    for wrong in &report.rules.unusable {
        let first = wrong.lines().next().unwrap_or_default();
        notes.caution(format!("a file of rules was passed over: {first}"));
    }
}

/// Bars that begin a day or more into the run, or end so long before it does: the account stands still meanwhile.
fn reach(prepared: &Prepared, bars: &BarQuality, notes: &mut Notes) {
    if bars.first - prepared.window.from >= DAY {
        notes.note(format!(
            "its bars begin {} UTC, after the run",
            format::minute(bars.first)
        ));
    }
    if prepared.window.to - bars.end >= DAY {
        notes.note(format!(
            "its bars end {} UTC, before the run",
            format::minute(bars.end)
        ));
    }
}

/// Recordings that end before the run or begin after it.
fn outside(report: &SymbolReport, notes: &mut Notes) {
    if let Some((first, last)) = report.outside {
        notes.caution(format!(
            "its prices lie outside the run: from {} to {} UTC",
            format::minute(first),
            format::minute(last)
        ));
    }
}

fn gaps(
    prepared: &Prepared,
    report: &SymbolReport,
    bars: &BarQuality,
    trades: &[Trade],
    notes: &mut Notes,
) {
    let symbol = prepared.world.tape.symbols.id(&report.symbol);
    for gap in &bars.gaps {
        let open = trades.iter().any(|trade| {
            Some(trade.symbol) == symbol && trade.entry_time < gap.to && trade.exit_time >= gap.from
        });
        let (weight, state) = held(open);
        notes.say(
            weight,
            format!(
                "{} missing from {} to {} UTC; {state}",
                format::counted(
                    usize::try_from(gap.missing).unwrap_or(usize::MAX),
                    "bar",
                    "bars"
                ),
                format::minute(gap.from),
                format::minute(gap.to)
            ),
        );
    }
}

fn marks_and_funding(
    report: &SymbolReport,
    quality: &SymbolQuality,
    bars: &BarQuality,
    notes: &mut Notes,
) {
    match quality.mark_stand_ins {
        0 => {}
        all if all == bars.rows => notes.note(
            "no mark prices of the bars' length: the contract's stand in for liquidation"
                .to_owned(),
        ),
        some => notes.note(format!(
            "{some} bars without a mark price: the contract's stands in"
        )),
    }
    if quality.funding == 0 {
        notes.caution("no funding was recorded: none is paid or received".to_owned());
    }
    if report.funding_moved > 0 {
        notes.note(format!(
            "{} settlements stamped within a second after a minute were taken at it",
            report.funding_moved
        ));
    }
}

/// Stretches of a run without a settlement, though the contract has some: nothing is paid or received there.
fn unsettled(prepared: &Prepared, report: &SymbolReport, trades: &[Trade], notes: &mut Notes) {
    let tape = &prepared.world.tape;
    let id = tape.symbols.id(&report.symbol);
    let Some(series) = id.and_then(|id| tape.series[id.index()].as_ref()) else {
        return;
    };
    let (records, bars) = (series.funding(), series.bars());
    let (Some(first), false) = (bars.open_time.first(), records.is_empty()) else {
        return;
    };
    let begin = (*first).max(prepared.window.from);
    let end = bars.end(bars.len() - 1).min(prepared.window.to);
    let inside = |time: &Timestamp| (begin..end).contains(time);
    let stamps = records.iter().map(|record| record.time).filter(inside);
    let edges: Vec<Timestamp> = std::iter::once(begin).chain(stamps).chain([end]).collect();
    for pair in edges.windows(2) {
        if pair[1] - pair[0] <= FUNDING_APART {
            continue;
        }
        let open = trades.iter().any(|trade| {
            Some(trade.symbol) == id && trade.entry_time < pair[1] && trade.exit_time >= pair[0]
        });
        let (weight, state) = held(open);
        notes.say(
            weight,
            format!(
                "no funding was recorded from {} to {} UTC: none is paid or received then; {state}",
                format::minute(pair[0]),
                format::minute(pair[1])
            ),
        );
    }
}

/// How much something missing matters.
const fn held(open: bool) -> (Weight, &'static str) {
    if open {
        (Weight::Caution, "a position was open")
    } else {
        (Weight::Note, "no position was open")
    }
}

/// What may be wrong with the bars.
fn doubts(quality: &SymbolQuality, bars: &BarQuality, notes: &mut Notes) {
    for time in &bars.unfinished {
        notes.caution(format!(
            "the bar of {} UTC is a recording's last and may be unfinished (data.drop_last_bar leaves it out)",
            format::minute(*time)
        ));
    }
    if let Some(first) = bars.off_tick_first {
        notes.caution(format!(
            "{} no multiple of the tick, the first in the bar of {} UTC",
            format::counted(bars.off_tick, "price is", "prices are"),
            format::minute(first)
        ));
    }
    if let Some(longest) = &bars.zero_volume_longest {
        notes.note(format!(
            "{} without trade, at most {} in a row (from {} UTC)",
            format::counted(bars.zero_volume, "bar", "bars"),
            format::whole(longest.rows),
            format::minute(longest.from)
        ));
    }
    if quality.bars_after_delisting > 0 {
        notes.caution(format!(
            "{} bars lie after the end of trading that its rules name",
            quality.bars_after_delisting
        ));
    }
}

/// Whose filters and brackets hold, by file name and day.
fn rules_note(report: &SymbolReport) -> String {
    let source = |source: &RulesSource| match source {
        RulesSource::Fallback => "the configuration ([instrument])".to_owned(),
        RulesSource::File { path, later, .. } => {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            if *later {
                format!("{name} (of a later day: no older one knows it)")
            } else {
                name
            }
        }
    };
    let mut text = format!(
        "filters from {}, brackets from {}",
        source(&report.rules.filters),
        source(&report.rules.brackets)
    );
    if report.rules.tick_from_prices {
        text.push_str("; the tick is the one its prices show");
    }
    if let Some(status) = report
        .rules
        .status
        .as_deref()
        .filter(|status| *status != "TRADING")
    {
        text.push_str(&format!("; status {status} there, not enforced"));
    }
    text
}
