//! What a run folder says of its inputs, from a journal: the recorded minutes as a tape, the heard messages as its file.
//!
//! Not here: the rows (`rows`), the same from files (`prepare`).
//! Invariant: nothing is made up: a contract without a recorded minute has no prices.

use std::path::Path;
use std::sync::Arc;

use super::JournaledError;
use super::rows::{Minute, Rows};
use crate::backtest::inputs::{Named, SignalFile};
use crate::backtest::prepare::{MARKET, Prepared, data_hash, signals_hash};
use crate::domain::bar::{Bar, Bars};
use crate::domain::num::Qty;
use crate::domain::signal::{RawSignal, Signal};
use crate::domain::symbol::{Symbol, Symbols};
use crate::domain::time::{MINUTE, Span, Timestamp};
use crate::exchange::history::World;
use crate::exchange::model::Model;
use crate::market::instruments::{RulesReport, RulesSource};
use crate::market::load::{Loaded, SymbolReport};
use crate::market::mix::Share;
use crate::market::quality::{Timing, gate};
use crate::market::tape::{Series, Tape};
use crate::market::window::Window;
use crate::report::words::data;

/// Everything known of the inputs.
///
/// # Errors
/// When recorded minutes are no bars.
pub(super) fn prepared(
    path: &Path,
    rows: &Rows,
    model: &Model,
) -> Result<Prepared, JournaledError> {
    let window = Window {
        from: rows.opened.0,
        to: rows.end.max(rows.opened.0) + Span::from_millis(1),
    };
    let tape = tape(path, rows)?;
    let reports = reports(path, rows, &tape);
    let loaded = Loaded {
        trades: vec![None; tape.symbols.len()],
        tape,
        reports,
    };
    let timing = Timing {
        window,
        latency: model.latency,
        entry_ttl: model.entry_ttl,
    };
    let gate = gate(&loaded, &rows.signals, timing);
    let Loaded {
        tape,
        trades,
        reports,
    } = loaded;
    let (file, named) = messages(rows);
    let market = tape.symbols.id(&Symbol::new(MARKET));
    let market = market.and_then(|id| tape.series[id.index()].as_ref());
    Ok(Prepared {
        market: market.map(|series| series.bars().clone()),
        signals_hash: signals_hash(&file, &named),
        data_hash: data_hash(&tape, None),
        places: (0..rows.signals.len()).map(Some).collect(),
        world: Arc::new(World {
            tape: Arc::new(tape),
            signals: rows.signals.clone(),
            script: Vec::new(),
            trades: Arc::new(trades),
        }),
        window,
        file,
        named,
        reports,
        gate,
        synthetic: false,
        set_aside: vec![data::D_JOURNAL.alone()],
    })
}

/// The heard messages as the file of the run.
fn messages(rows: &Rows) -> (SignalFile, Named) {
    let name = |signal: &Signal| rows.symbols.name(signal.symbol).clone();
    let raw = rows.signals.iter().map(|signal| RawSignal {
        id: signal.id.clone(),
        kind: signal.kind,
        name: name(signal).to_string(),
        event_time: signal.event_time,
        received_time: Some(signal.received_time),
    });
    let file = SignalFile {
        signals: raw.collect(),
        format: "paper journal",
        form: None,
        unused: Vec::new(),
    };
    let named = Named {
        contracts: rows.signals.iter().map(|one| Some(name(one))).collect(),
        multiples: Vec::new(),
        unlisted: Vec::new(),
    };
    (file, named)
}

fn tape(path: &Path, rows: &Rows) -> Result<Tape, JournaledError> {
    let Rows { symbols, boot, .. } = rows;
    let listed = Symbols::listed(
        boot.0
            .listing
            .iter()
            .map(|one| one.symbol.clone())
            .collect(),
    )
    .expect("invariant: the journal refuses a listing with a repeat");
    let instruments = symbols.iter().filter_map(|(_, name)| {
        let place = listed.id(name)?.index();
        Some(boot.0.listing[place].instrument.clone())
    });
    let instruments = instruments.collect();
    let mut series = Vec::with_capacity(symbols.len());
    for (id, _) in symbols.iter() {
        let minutes = rows.minutes.get(&id);
        series.push(match minutes {
            Some(minutes) => {
                Some(
                    one_series(minutes.values()).map_err(|found| JournaledError::Bar {
                        path: path.to_owned(),
                        symbol: symbols.name(id).clone(),
                        found,
                    })?,
                )
            }
            None => None,
        });
    }
    Ok(Tape {
        symbols: symbols.clone(),
        instruments,
        series,
    })
}

fn one_series<'a>(minutes: impl Iterator<Item = &'a Minute>) -> Result<Series, String> {
    let mut bars = Bars::new(MINUTE);
    let mut marks = Bars::new(MINUTE);
    for Minute { bar, mark } in minutes {
        let told = |wrong| format!("{}: {wrong}", bar.open_time);
        bar.check(MINUTE).map_err(told)?;
        bars.push(*bar).map_err(told)?;
        if let Some([open, high, low, close]) = *mark {
            let mark = Bar {
                open_time: bar.open_time,
                open,
                high,
                low,
                close,
                volume: Qty::ZERO,
            };
            mark.check(MINUTE).map_err(told)?;
            marks.push(mark).map_err(told)?;
        }
    }
    let marks: Vec<Bars> = (!marks.is_empty()).then_some(marks).into_iter().collect();
    // Rates of funding are not recorded, only what was paid: it is in the ledger.
    Ok(Series::new(bars, &marks, None, Vec::new()))
}

fn reports(path: &Path, rows: &Rows, tape: &Tape) -> Vec<SymbolReport> {
    let rules = rules(path, rows.boot.2);
    let each = tape.symbols.iter().zip(&tape.series);
    each.map(|((_, name), series)| {
        let shares = series.as_ref().map(|series| {
            let covered = MINUTE.millis() * i64::try_from(series.len()).unwrap_or(0);
            Share {
                interval: MINUTE,
                rows: series.len(),
                covered,
                recorded: covered,
            }
        });
        SymbolReport {
            symbol: name.clone(),
            interval: series.as_ref().map(|_| MINUTE),
            detail: None,
            outside: None,
            files: vec![path.to_owned()],
            shares: shares.into_iter().collect(),
            shared_rows: 0,
            yielded: Vec::new(),
            unfinished: Vec::new(),
            unfinished_dropped: false,
            mark_intervals: vec![MINUTE],
            funding_moved: 0,
            rules: rules.clone(),
            synthetic: false,
        }
    })
    .collect()
}

/// Filters and brackets are those of the last start.
fn rules(path: &Path, at: Timestamp) -> RulesReport {
    let source = RulesSource::File {
        path: path.to_owned(),
        date: Some(at),
        later: false,
    };
    RulesReport {
        filters: source.clone(),
        brackets: source,
        tick_from_prices: false,
        status: None,
        onboard: None,
        unusable: Vec::new(),
    }
}
