//! I3, I5, I6, I7: fills once each, the ledger sums to the wallet, each trade is the sum of its fills, and the exchange
//! as it was kept agrees with the trader.
//!
//! Not here: protection (`protection`).

use std::collections::{BTreeMap, BTreeSet};

use confluence::domain::event::{AccountUpdate, Event, OrderUpdate};
use confluence::domain::fill::{Fill, LedgerEntry, Trade};
use confluence::domain::num::Money;
use confluence::domain::symbol::SymbolId;
use confluence::exchange::trades::{Trust, Venue};
use confluence::journal::entry::{Entry, SaidCommand};
use confluence::trader::Protection;

use super::Case;

pub(super) fn judge(case: &Case, breaches: &mut Vec<String>) {
    let ledger: Vec<LedgerEntry> = entries(case, |entry| match entry {
        Entry::Ledger(line) => Some(*line),
        _ => None,
    });
    let trades: Vec<Trade> = entries(case, |entry| match entry {
        Entry::Trade(trade) => Some(trade.clone()),
        _ => None,
    });
    let fills = fills(case, breaches);
    let sum = ledger
        .iter()
        .fold(Money::ZERO, |sum, line| sum + line.amount);
    let wallets = entries(case, |entry| match entry {
        Entry::Step { wallet, .. } => Some(*wallet),
        _ => None,
    });
    if wallets.last().is_some_and(|wallet| *wallet != sum) {
        breaches.push(format!(
            "I6: the ledger sums to {sum}, the wallet is {:?}",
            wallets.last()
        ));
    }
    of_trades(&trades, &fills, breaches);
    let instruments = case.rows.iter().rev().find_map(|row| match &row.entry {
        Entry::Boot(boot) => Some(
            boot.listing
                .iter()
                .map(|listed| listed.instrument.clone())
                .collect(),
        ),
        _ => None,
    });
    let model = (case.played.settings.model.clone(), Trust::default());
    let venue = Venue::from_bytes(
        &case.kept().venue,
        model,
        instruments.unwrap_or_default(),
        (ledger, trades),
    );
    match venue {
        Ok(venue) => {
            if venue.account().wallet() != sum {
                breaches.push(format!(
                    "I6: the ledger sums to {sum}, the exchange has {}",
                    venue.account().wallet()
                ));
            }
            agreed(case, &venue, breaches);
        }
        Err(error) => breaches.push(format!("I4: {error}")),
    }
}

fn entries<T>(case: &Case, wanted: impl Fn(&Entry) -> Option<T>) -> Vec<T> {
    case.rows
        .iter()
        .filter_map(|row| wanted(&row.entry))
        .collect()
}

/// I7: all fills, none twice.
fn fills(case: &Case, breaches: &mut Vec<String>) -> Vec<(SymbolId, Fill)> {
    let mut orders = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut fills = Vec::new();
    for row in &case.rows {
        let (symbol, fill) = match &row.entry {
            Entry::Said(SaidCommand::Submit(request)) => {
                orders.insert(request.id, request.symbol);
                continue;
            }
            Entry::Heard(Event::Order {
                id,
                update: OrderUpdate::Filled { fill, .. },
            }) => {
                let Some(symbol) = orders.get(id) else {
                    breaches.push(format!("I7: row {} fills an order nobody sent", row.seq));
                    continue;
                };
                (*symbol, fill)
            }
            Entry::Heard(Event::Account(AccountUpdate::Closed { symbol, fill, .. })) => {
                (*symbol, fill)
            }
            _ => continue,
        };
        if !seen.insert((symbol, fill.trade)) {
            breaches.push(format!("I7: row {} books {:?} again", row.seq, fill.trade));
        }
        fills.push((symbol, fill.clone()));
    }
    fills
}

/// I6: what finished trades made is what their fills made.
fn of_trades(trades: &[Trade], fills: &[(SymbolId, Fill)], breaches: &mut Vec<String>) {
    let mut open: BTreeMap<SymbolId, (i64, Money, Money)> = BTreeMap::new();
    let mut done = Vec::new();
    for (symbol, fill) in fills {
        let (held, realized, fees) = open.entry(*symbol).or_default();
        *held += fill.side.sign() * fill.qty.steps();
        *realized += fill.realized;
        *fees += fill.fee;
        if *held == 0 {
            done.push((*symbol, *realized, *fees));
            open.remove(symbol);
        }
    }
    let booked: Vec<_> = trades
        .iter()
        .map(|trade| (trade.symbol, trade.realized, trade.fees))
        .collect();
    if booked != done {
        breaches.push(format!("I6: trades {booked:?}, their fills {done:?}"));
    }
}

/// I3: positions and orders of the exchange are those the trader knows.
fn agreed(case: &Case, venue: &Venue, breaches: &mut Vec<String>) {
    for symbol in (0..case.names.len()).map(SymbolId::at) {
        let name = &case.names[symbol.index()];
        let ours = case.trader.position(symbol).copied();
        let theirs = venue.account().held(symbol).map(|held| held.position);
        let qty = |position: Option<confluence::domain::position::Position>| {
            position.map(|open| (open.direction, open.qty))
        };
        if qty(ours) != qty(theirs) {
            breaches.push(format!(
                "I3: {name}: the trader has {ours:?}, the exchange {theirs:?}"
            ));
        }
        let rests = venue.resting(symbol).len();
        match case.trader.protection(symbol) {
            Protection::Flat if rests > 0 => {
                breaches.push(format!("I3: {name}: flat, and {rests} orders rest"))
            }
            Protection::Bracketed | Protection::Reduced | Protection::Stopped
                if !venue.is_busy(symbol) =>
            {
                breaches.push(format!(
                    "I3: {name}: protected, the trader says, and nothing rests"
                ));
            }
            _ => {}
        }
    }
}
