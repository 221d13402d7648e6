//! I26: the same hours in a backtest, with the messages and the operator's words of the journal: the same to the row.
//!
//! Not here: which schedules can be repeated (`weather`): where nothing was lost or late on its way.

use std::sync::Arc;

use confluence::backtest::run::replay;
use confluence::domain::event::{AccountUpdate, Event};
use confluence::domain::order::Watched;
use confluence::domain::symbol::Symbols;
use confluence::exchange::history::{Engine, World};
use confluence::journal::entry::Entry;
use confluence::market::instruments::RuleBook;
use confluence::market::library::Library;
use confluence::market::load::Request;
use confluence::market::window::Window;
use confluence::trader::{Trader, Upkeep};

use super::Case;
use crate::paper::parity::{Rows, compare};
use crate::paper::stage::Said;

/// Compares; whether there was anything to compare with.
pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) -> bool {
    let said = said(case);
    let settings = &case.played.settings;
    let library = Library::open(&case.plan.play.data).unwrap();
    let symbols = Symbols::new(said.names.iter().cloned()).unwrap();
    let request = Request {
        symbols: said.names.clone(),
        window: Window {
            from: case.plan.from,
            to: case.plan.to,
        },
        interval: None,
        drop_unfinished: false,
        trades: true,
        fallback: settings.fallback.clone(),
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    let loaded = library.load(&request, &mut rules).unwrap();
    assert!(loaded.tape.symbols == symbols);
    let operator = case.rows.iter().filter_map(|row| match &row.entry {
        Entry::Heard(Event::Operator(said)) => Some((row.at, said.clone())),
        _ => None,
    });
    let world = World {
        tape: Arc::new(loaded.tape),
        signals: said
            .signals
            .iter()
            .map(|(signal, _)| signal.clone())
            .collect(),
        script: operator.collect(),
        trades: Arc::new(loaded.trades),
    };
    let mut model = settings.model.clone();
    model.start = said.times.first().copied();
    let instruments = world.tape.instruments.clone();
    let mut trader = Trader::new(settings.rules.clone(), instruments, Upkeep::default());
    let mut rows = Rows::default();
    let outcome = replay(&world, (&model, Engine::Skip), &mut trader, &mut rows).unwrap();
    // What a run missed while it or its connection was away it knows of marks by their minutes only.
    let missed = case.played.summary.connections > 2;
    let marks = settings.rules.exits.stop_watched == Watched::Mark;
    if missed && (marks || hangs_on_marks(&said.rows) || hangs_on_marks(&rows.rows)) {
        return false;
    }
    // A backtest ends with its last price; what was said after it has nothing to be compared with.
    let to = case.plan.to.min(outcome.end);
    if let Err(difference) = compare(&said, &rows, &outcome, to) {
        breaches.push(format!("I26: {difference}"));
    }
    true
}

/// Whether a floor of the equity was met: which mark meets it, a minute does not tell.
fn hangs_on_marks(rows: &[Entry]) -> bool {
    let floor = |row: &Entry| {
        matches!(
            row,
            Entry::Heard(Event::Account(AccountUpdate::FloorReached { .. }))
        )
    };
    rows.iter().any(floor)
}

fn said(case: &Case) -> Said {
    let mut said = Said {
        names: case.names.clone(),
        ..Said::default()
    };
    for row in &case.rows {
        match &row.entry {
            Entry::Heard(Event::Signal { signal, .. }) => {
                let name = case.names[signal.symbol.index()].clone();
                said.signals.push((signal.clone(), name));
            }
            Entry::Ledger(line) => said.ledger.push(*line),
            Entry::Trade(trade) => said.trades.push(trade.clone()),
            _ => {}
        }
        if matches!(
            row.entry,
            Entry::Heard(_) | Entry::Noted(_) | Entry::Said(_)
        ) {
            said.rows.push(row.entry.clone());
            said.times.push(row.at);
        }
    }
    said
}
