//! A run's data and assumptions in plain words.
//!
//! Not here: figures. Every sentence says what was done, and where it matters, what that means for the result.

use crate::backtest::prepare::Prepared;
use crate::domain::fill::Trade;
use crate::domain::num::Rate;
use crate::domain::order::Watched;
use crate::domain::position::MarginMode;
use crate::domain::signal::SignalType;
use crate::domain::time::Span;
use crate::exchange::history::Counters;
use crate::exchange::model::{Drilldown, EndOfData, LimitFill, PathMode};
use crate::market::instruments::RulesSource;
use crate::market::load::SymbolReport;
use crate::market::place::interval_name;
use crate::market::quality::SymbolQuality;
use crate::report::input::{Assumption, DataNote, Weight};
use crate::settings::Settings;

/// A message type with its name.
#[must_use]
pub(super) fn kind(kind: SignalType) -> String {
    let name = match kind.0 {
        100 => "downside risk",
        108 => "fund movement",
        109 => "listing",
        110 => "alpha",
        111 => "capital flight",
        112 => "fomo intensified",
        113 => "fomo",
        114 => "abnormal funds",
        _ => "unknown",
    };
    format!("{} {name}", kind.0)
}

/// What is to know about the prices used.
#[must_use]
pub(super) fn data_notes(
    prepared: &Prepared,
    trades: &[Trade],
    counters: &Counters,
) -> Vec<DataNote> {
    let mut notes = Vec::new();
    let mut note = |symbol: Option<&str>, weight, text: String| {
        notes.push(DataNote {
            symbol: symbol.map(str::to_owned),
            weight,
            text,
        });
    };
    let without: Vec<&str> = prepared
        .gate
        .without_series()
        .map(crate::domain::symbol::Symbol::as_str)
        .collect();
    if !without.is_empty() {
        let count = without.len();
        let text = format!(
            "{count} of {} signalled symbols have no prices in the run: {}",
            prepared.gate.symbols.len(),
            without.join(", ")
        );
        note(None, Weight::Caution, text);
    }
    let late = prepared.gate.without_price().count();
    if late > 0 {
        let text = format!(
            "{late} of {} signals have no price within the entry time-to-live (each is listed with its verdict)",
            prepared.gate.signals.len()
        );
        note(None, Weight::Caution, text);
    }
    for (name, symbol) in &prepared.named.multiples {
        note(
            Some(symbol.as_str()),
            Weight::Note,
            format!("the feed's {name} is traded as {symbol}"),
        );
    }
    for (report, quality) in prepared.reports.iter().zip(&prepared.gate.symbols) {
        if quality.bars.is_some() {
            let name = report.symbol.as_str();
            for (weight, text) in symbol_notes(report, quality, trades, prepared) {
                note(Some(name), weight, text);
            }
        }
    }
    if counters.funding_without_mark > 0 {
        let text = format!(
            "{} settlements had no mark price of their own: the last known one was used",
            counters.funding_without_mark
        );
        note(None, Weight::Note, text);
    }
    if counters.detail_ignored > 0 {
        let text = format!(
            "{} bars were not replayed: their finer bars do not add up to them",
            counters.detail_ignored
        );
        note(None, Weight::Caution, text);
    }
    for text in &prepared.set_aside {
        note(None, Weight::Note, text.clone());
    }
    notes
}

fn symbol_notes(
    report: &SymbolReport,
    quality: &SymbolQuality,
    trades: &[Trade],
    prepared: &Prepared,
) -> Vec<(Weight, String)> {
    let mut notes = Vec::new();
    let Some(bars) = &quality.bars else {
        return notes;
    };
    let symbol = prepared.world.tape.symbols.id(&report.symbol);
    // Rows by length, finest first: a coarser bar stands only where no finer one lies inside it.
    let lengths: Vec<String> = report
        .shares
        .iter()
        .filter(|share| share.rows > 0)
        .map(|share| {
            format!(
                "{} bars, {} rows",
                interval_name(share.interval),
                share.rows
            )
        })
        .collect();
    let mut used = lengths.join("; where there are none, ");
    if let Some(detail) = report.detail {
        used.push_str(&format!(
            "; {} bars for the drill-down",
            interval_name(detail)
        ));
    }
    notes.push((Weight::Note, used));
    notes.push((Weight::Note, rules_note(report)));
    for gap in &bars.gaps {
        let open = trades.iter().any(|trade| {
            Some(trade.symbol) == symbol && trade.entry_time < gap.to && trade.exit_time >= gap.from
        });
        let state = if open {
            "a position was open"
        } else {
            "no position was open"
        };
        let weight = if open { Weight::Caution } else { Weight::Note };
        notes.push((
            weight,
            format!(
                "{} bars missing from {} to {}; {state}",
                gap.missing, gap.from, gap.to
            ),
        ));
    }
    if quality.mark_stand_ins > 0 && quality.mark_stand_ins < bars.rows {
        notes.push((
            Weight::Note,
            format!(
                "{} bars without a mark price: the contract's stands in",
                quality.mark_stand_ins
            ),
        ));
    } else if quality.mark_stand_ins == bars.rows {
        notes.push((
            Weight::Note,
            "no mark prices of the bars' length: the contract's stand in for liquidation"
                .to_owned(),
        ));
    }
    if quality.funding == 0 {
        notes.push((
            Weight::Caution,
            "no funding was recorded: none is paid or received".to_owned(),
        ));
    }
    if report.funding_moved > 0 {
        notes.push((
            Weight::Note,
            format!(
                "{} settlements stamped within a second after a minute were taken at it",
                report.funding_moved
            ),
        ));
    }
    for time in &bars.unfinished {
        notes.push((Weight::Caution, format!("the bar of {time} is a recording's last and may be unfinished (data.drop_last_bar leaves it out)")));
    }
    if let Some(first) = bars.off_tick_first {
        notes.push((
            Weight::Caution,
            format!(
                "{} prices are no multiple of the tick, the first in the bar of {first}",
                bars.off_tick
            ),
        ));
    }
    if let Some(longest) = &bars.zero_volume_longest {
        let text = format!(
            "{} bars without trade, at most {} in a row (from {})",
            bars.zero_volume, longest.rows, longest.from
        );
        notes.push((Weight::Note, text));
    }
    if quality.bars_after_delisting > 0 {
        notes.push((
            Weight::Caution,
            format!(
                "{} bars lie after the end of trading that its rules name",
                quality.bars_after_delisting
            ),
        ));
    }
    notes
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

/// What must be read before the figures.
#[must_use]
pub(super) fn warnings(settings: &Settings, prepared: &Prepared) -> Vec<String> {
    let mut warnings = settings.consequence().warnings;
    let one_clock = prepared
        .file
        .signals
        .iter()
        .filter(|signal| signal.received_time.is_none())
        .count();
    if one_clock > 0 {
        let delay = span(settings.signal_delay);
        warnings.push(format!(
            "{one_clock} of {} messages know only when they were published: taken as received {delay} later (signals.delay_ms)",
            prepared.file.signals.len()
        ));
    }
    warnings
}

/// The model in plain words.
#[must_use]
pub(super) fn assumptions(settings: &Settings) -> Vec<Assumption> {
    let model = &settings.model;
    let costs = &model.costs;
    let bps = |rate: Rate| format!("{} bp", Rate::from_steps(rate.steps() * 100).percent());
    let entry = |label: &str, value: String, meaning: &str| Assumption {
        label: label.to_owned(),
        value,
        meaning: meaning.to_owned(),
    };
    let terms = &model.terms;
    let mode = match terms.margin_mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    };
    let watched = |watched: Watched| match watched {
        Watched::Contract => "contract price",
        Watched::Mark => "mark price",
    };
    let paths = match model.path_mode {
        PathMode::Pessimistic => "the bad extreme of a bar comes first",
        PathMode::Optimistic => "the good extreme of a bar comes first",
        PathMode::CloseDir => "a bar that closes up went down first, and the reverse",
        PathMode::Nearest => "the extreme nearer to the open comes first",
        PathMode::Ohlc => "every bar goes up first",
        PathMode::Olhc => "every bar goes down first",
    };
    let drill = match model.drilldown {
        Drilldown::Off => "finer bars are not consulted",
        Drilldown::Ambiguous => {
            "bars whose result hangs on it are replayed on finer ones where there are any"
        }
        Drilldown::Always => "every bar in position is replayed on finer ones where there are any",
    };
    vec![
        entry(
            "Entries",
            "next open".to_owned(),
            "an order fills at the open of the first bar after it arrived, worse by the costs below",
        ),
        entry(
            "Delay",
            format!(
                "{} to the exchange, {} for the bracket",
                span(model.latency),
                span(model.bracket_delay)
            ),
            "with bars, the real delay is longer: up to one bar",
        ),
        entry(
            "Path inside a bar",
            model.path_mode.name().to_owned(),
            &format!("{paths}; {drill}"),
        ),
        entry(
            "Stops",
            format!(
                "at their level, {} watched",
                watched(settings.rules.exits.stop_watched)
            ),
            "a price that opens beyond the level fills at the open",
        ),
        entry(
            "Fees",
            format!("taker {}, maker {}", bps(terms.taker), bps(terms.maker)),
            "on every fill, of its value",
        ),
        entry(
            "Half spread and impact",
            format!("{} + {}", bps(costs.half_spread), bps(costs.impact)),
            "on every market fill",
        ),
        entry(
            "Slippage",
            format!(
                "entries {}, stops {}, targets {}",
                bps(costs.slippage),
                bps(costs.stop_slippage),
                bps(costs.target_slippage)
            ),
            "added to the above, always against us",
        ),
        entry(
            "Margin",
            format!("{mode}, {}×", terms.leverage),
            "liquidation by the exchange's bracket table on the mark price, as one fill",
        ),
        entry(
            "Funding",
            "as recorded".to_owned(),
            "a missing record is no payment",
        ),
        entry(
            "Late entries",
            format!("dropped after {}", span(model.entry_ttl)),
            "when no price is there in time",
        ),
        entry(
            "Limit orders",
            match model.limit_fill {
                LimitFill::Through => "fill when the price goes through".to_owned(),
                LimitFill::Touch => "fill when touched".to_owned(),
            },
            "the queue is not modelled",
        ),
        entry(
            "End of data",
            match model.end_of_data {
                EndOfData::ForceClose => "open positions are closed".to_owned(),
                EndOfData::Mark => "open positions stay, marked".to_owned(),
            },
            "",
        ),
        entry(
            "Not modelled",
            "order book, partial liquidation, auto-deleveraging, outages".to_owned(),
            "fees are those above, whatever discounts you have",
        ),
    ]
}

/// A span in its largest whole unit.
fn span(span: Span) -> String {
    let millis = span.millis();
    match millis {
        0 => "0 s".to_owned(),
        _ if millis % 3_600_000 == 0 => format!("{} h", millis / 3_600_000),
        _ if millis % 60_000 == 0 => format!("{} min", millis / 60_000),
        _ if millis % 1_000 == 0 => format!("{} s", millis / 1_000),
        _ => format!("{millis} ms"),
    }
}
