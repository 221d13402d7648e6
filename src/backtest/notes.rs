//! What is to know about the prices of a run: which notes, with their values.
//!
//! Not here: the sentences themselves (`report::words::data`), finding any of it (`market::quality`), assumptions and
//! warnings (`words`).

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
use crate::report::words::common::{self, counted, joined, plain};
use crate::report::words::{Part, Phrase, Word, data};

/// The exchange settles at least every eight hours; a minute more is a stamp that came late.
const FUNDING_APART: Span = Span::from_millis((8 * 60 + 1) * 60_000);

/// Collects notes, all of one symbol at a time.
struct Notes {
    symbol: Option<String>,
    found: Vec<DataNote>,
}

impl Notes {
    fn say(&mut self, weight: Weight, text: Phrase) {
        self.found.push(DataNote {
            symbol: self.symbol.clone(),
            weight,
            text,
        });
    }

    fn note(&mut self, text: Phrase) {
        self.say(Weight::Note, text);
    }

    fn caution(&mut self, text: Phrase) {
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
                    notes.caution(data::D_LONG_BARS.of([
                        Part::from(interval_name(bars.interval)),
                        span(entry_ttl).into(),
                    ]));
                }
            }
            None => outside(report, &mut notes),
        }
    }
    notes.symbol = None;
    if counters.funding_without_mark > 0 {
        notes.note(data::D_NO_MARK.of([counters.funding_without_mark.to_string()]));
    }
    if counters.detail_ignored > 0 {
        notes.caution(data::D_NOT_REPLAYED.of([counters.detail_ignored.to_string()]));
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
        notes.caution(data::D_NO_PRICES.of([
            without.len().to_string(),
            prepared.gate.symbols.len().to_string(),
            without.join(", "),
        ]));
    }
    let late = could_trade(prepared).filter(|price| !matches!(price, PriceInTime::At(_)));
    let late = late.count();
    if late > 0 {
        let all = could_trade(prepared).count();
        notes.caution(data::D_LATE.of([late.to_string(), all.to_string()]));
    }
    for (name, symbol) in &prepared.named.multiples {
        notes.note(data::D_NAMED.of([name.to_string(), symbol.to_string()]));
    }
}

/// Which bars and whose rules.
fn used(report: &SymbolReport, notes: &mut Notes) {
    // Rows by length, finest first: a coarser bar stands only where no finer one lies inside it.
    let rows = report.shares.iter().filter(|share| share.rows > 0);
    let lengths = rows
        .map(|share| data::D_BARS.of([format::whole(share.rows), interval_name(share.interval)]));
    let mut text = joined(lengths, data::D_WHERE_NONE);
    if let Some(detail) = report.detail {
        text = data::D_DETAIL.of([Part::from(text), interval_name(detail).into()]);
    }
    notes.note(text);
    notes.note(rules_note(report));
    for wrong in &report.rules.unusable {
        let first = wrong.lines().next().unwrap_or_default();
        notes.caution(data::D_RULES_PASSED.of([first]));
    }
}

/// Bars that begin a day or more into the run, or end so long before it does: the account stands still meanwhile.
fn reach(prepared: &Prepared, bars: &BarQuality, notes: &mut Notes) {
    if bars.first - prepared.window.from >= DAY {
        notes.note(data::D_BEGIN.of([format::minute(bars.first)]));
    }
    if prepared.window.to - bars.end >= DAY {
        notes.note(data::D_END.of([format::minute(bars.end)]));
    }
}

/// Recordings that end before the run or begin after it.
fn outside(report: &SymbolReport, notes: &mut Notes) {
    if let Some((first, last)) = report.outside {
        notes.caution(data::D_OUTSIDE.of([format::minute(first), format::minute(last)]));
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
            data::D_GAP.of([
                bars_counted(usize::try_from(gap.missing).unwrap_or(usize::MAX)).into(),
                Part::from(format::minute(gap.from)),
                format::minute(gap.to).into(),
                state.alone().into(),
            ]),
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
        all if all == bars.rows => notes.note(data::D_MARKS_NONE.alone()),
        some => notes.note(data::D_MARKS_SOME.of([some.to_string()])),
    }
    if quality.funding == 0 {
        notes.caution(data::D_FUNDING_NONE.alone());
    }
    if report.funding_moved > 0 {
        notes.note(data::D_FUNDING_MOVED.of([report.funding_moved.to_string()]));
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
            data::D_FUNDING_GAP.of([
                Part::from(format::minute(pair[0])),
                format::minute(pair[1]).into(),
                state.alone().into(),
            ]),
        );
    }
}

/// How much something missing matters.
const fn held(open: bool) -> (Weight, Word) {
    if open {
        (Weight::Caution, data::D_HELD)
    } else {
        (Weight::Note, data::D_NOT_HELD)
    }
}

/// What may be wrong with the bars.
fn doubts(quality: &SymbolQuality, bars: &BarQuality, notes: &mut Notes) {
    for time in &bars.unfinished {
        notes.caution(data::D_UNFINISHED.of([format::minute(*time)]));
    }
    if let Some(first) = bars.off_tick_first {
        let prices = counted(bars.off_tick, common::ONE_PRICE_IS, common::MANY_PRICES_ARE);
        notes.caution(data::D_OFF_TICK.of([Part::from(prices), format::minute(first).into()]));
    }
    if let Some(longest) = &bars.zero_volume_longest {
        notes.note(data::D_NO_VOLUME.of([
            Part::from(bars_counted(bars.zero_volume)),
            format::whole(longest.rows).into(),
            format::minute(longest.from).into(),
        ]));
    }
    if quality.bars_after_delisting > 0 {
        notes.caution(data::D_DELISTED.of([quality.bars_after_delisting.to_string()]));
    }
}

fn bars_counted(count: usize) -> Phrase {
    counted(count, common::ONE_BAR, common::MANY_BARS)
}

/// Whose filters and brackets hold, by file name and day.
fn rules_note(report: &SymbolReport) -> Phrase {
    let mut text = data::D_RULES.of([
        rules_source(&report.rules.filters),
        rules_source(&report.rules.brackets),
    ]);
    if report.rules.tick_from_prices {
        text = data::D_RULES_TICK.of([text]);
    }
    if let Some(status) = report
        .rules
        .status
        .as_deref()
        .filter(|status| *status != "TRADING")
    {
        text = data::D_RULES_STATUS.of([Part::from(text), status.into()]);
    }
    text
}

fn rules_source(source: &RulesSource) -> Phrase {
    match source {
        RulesSource::Fallback => data::D_RULES_CONFIG.alone(),
        RulesSource::File { path, later, .. } => {
            let name = path
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            if *later {
                data::D_RULES_LATER.of([name])
            } else {
                plain(name)
            }
        }
    }
}
