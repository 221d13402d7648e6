//! I17 and the promise about trades: none is skipped, none is heard twice, whatever broke in between; and prices that
//! were traded on stood on the tape.
//!
//! Not here: the order of instants (`watch`).

use std::collections::BTreeMap;

use confluence::domain::event::Event;
use confluence::domain::num::{Price, Qty};
use confluence::domain::symbol::{Symbol, SymbolId};
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::journal::entry::Entry;
use confluence::market::instruments::RuleBook;
use confluence::market::library::Library;
use confluence::market::load::{Loaded, Request};
use confluence::market::ticks::{TickRules, Ticks};
use confluence::market::window::Window;

use super::Case;

/// Trades at the very beginning that a run may miss while its first connection comes about in bad weather.
const BEGINNING: Span = Span::from_millis(240_000);
/// Trades at the very end that may be missing without anything showing it.
const END: Span = Span::from_millis(90_000);
/// How old a mark may be that was traded on, by the tape.
const MARK_AGE: Span = Span::from_millis(90_000);

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let loaded = load(case);
    let window = Window {
        from: case.plan.from,
        to: case.plan.to,
    };
    let rules = TickRules {
        window,
        spread: None,
    };
    let ticks = Ticks::new(&loaded.tape, &loaded.trades, rules);
    let heard = volumes(case);
    let places = case.kept().places;
    for (symbol, name) in loaded.tape.symbols.iter() {
        let place = case.names.iter().position(|known| known == name);
        let place = place.map(SymbolId::at);
        let volume = place.and_then(|place| heard.get(&place)).copied();
        let reached = place.and_then(|place| places.trades.get(&place));
        let reached = reached.map_or(0, |(id, _)| *id);
        if let Err(found) = whole(case, (&ticks, symbol), volume.unwrap_or(0), reached) {
            breaches.push(format!("tape: {name}: {found}"));
        }
    }
    let names: Vec<Symbol> = loaded
        .tape
        .symbols
        .iter()
        .map(|(_, name)| name.clone())
        .collect();
    marks(case, &ticks, &names, breaches);
}

/// Whether a volume is that of all trades from the beginning to the last one that was heard.
fn whole(
    case: &Case,
    (ticks, symbol): (&Ticks<'_>, SymbolId),
    volume: i64,
    reached: u64,
) -> Result<(), String> {
    let first = ticks.first_id_from(symbol, case.plan.from).unwrap_or(1);
    let last = ticks
        .first_id_from(symbol, case.plan.to)
        .map_or(0, |id| id - 1);
    let stamp = |id: u64| ticks.trade(symbol, id).map(|trade| trade.at);
    let near = stamp(reached).is_some_and(|at| at >= case.plan.to - END);
    if reached != last && !(near && case.plan.weather.can_hide_the_end()) {
        return Err(format!(
            "the last trade heard is {reached}, the tape's is {last}"
        ));
    }
    let mut sum = 0;
    let mut id = reached + 1;
    while sum < volume && id > first {
        id -= 1;
        sum += ticks.trade(symbol, id).map_or(0, |trade| trade.qty.steps());
    }
    let begun = case.opened().map_or(case.plan.from, |row| row.at);
    let early = stamp(id).is_some_and(|at| at <= begun.max(case.plan.from) + BEGINNING);
    // A run that went away before its first trade does not know where to go on.
    if sum != volume || !(early || id == first || case.was_away()) {
        return Err(format!(
            "{volume} steps of volume were heard; from trade {id} ({:?}) to {reached} the tape has {sum}, its first is {first}",
            stamp(id)
        ));
    }
    Ok(())
}

fn load(case: &Case) -> Loaded {
    let library = Library::open(&case.plan.play.data).unwrap();
    // As the market server reads it, so that trades have its numbers.
    let window = Window {
        from: case.plan.from - DAY,
        to: case.plan.to + DAY,
    };
    let request = Request {
        symbols: case.plan.play.symbols.clone(),
        window,
        interval: None,
        drop_unfinished: false,
        trades: true,
        fallback: case.played.settings.fallback.clone(),
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    library.load(&request, &mut rules).unwrap()
}

/// Volume of all bars, those that still form included.
fn volumes(case: &Case) -> BTreeMap<SymbolId, i64> {
    let mut volumes: BTreeMap<SymbolId, i64> = BTreeMap::new();
    let mut add = |entry: &Entry| {
        if let Entry::Bar { symbol, volume, .. } = entry {
            let volume: Qty = *volume;
            *volumes.entry(*symbol).or_default() += volume.steps();
        }
    };
    for row in &case.rows {
        add(&row.entry);
    }
    let mut forming = case.kept().places.minutes.clone();
    forming.finish(&mut |entry| add(&entry));
    volumes
}

/// I17: a mark that travelled with a message is one of the tape's, and not an old one.
fn marks(case: &Case, ticks: &Ticks<'_>, names: &[Symbol], breaches: &mut Vec<String>) {
    use confluence::domain::market::News;
    let mut told: BTreeMap<&str, Vec<(Timestamp, Price)>> = BTreeMap::new();
    for event in ticks.iter() {
        if let News::Mark { price, .. } = event.news
            && let Some(name) = names.get(event.symbol.index())
        {
            told.entry(name.as_str())
                .or_default()
                .push((event.at, price));
        }
    }
    for row in &case.rows {
        let Entry::Heard(Event::Signal { signal, quote }) = &row.entry else {
            continue;
        };
        let Some(mark) = quote.mark else { continue };
        let name = case.names[signal.symbol.index()].as_str();
        let near = told.get(name).into_iter().flatten();
        let mut near = near.filter(|(at, _)| *at <= row.at && row.at - *at <= MARK_AGE);
        if !near.any(|(_, price)| *price == mark) {
            breaches.push(format!(
                "I17: row {}: {name} at {mark} in the quote, which no mark of the last {} s was",
                row.seq,
                MARK_AGE.millis() / 1_000
            ));
        }
    }
}
