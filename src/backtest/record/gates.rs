//! When an entry was refused and when none were taken.
//!
//! Not here: counting them (`verdicts`), the gates themselves (`trader::risk`).

use std::collections::BTreeMap;

use super::Taken;
use crate::backtest::log::Row;
use crate::domain::event::{Command, Event, Note, OrderUpdate};
use crate::domain::order::{OrderId, OrderRequest, Purpose};
use crate::domain::symbol::SymbolId;
use crate::report::record::{Halt, Refused};

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "a reader of the log picks the rows it needs; others do not concern it"
)]
pub(super) fn refused(taken: Taken<'_>) -> (Vec<Refused>, Vec<Halt>) {
    let symbols = &taken.prepared.world.tape.symbols;
    let mut refused = Vec::new();
    let mut halts: Vec<Halt> = Vec::new();
    let mut entries: BTreeMap<OrderId, SymbolId> = BTreeMap::new();
    let end = taken.run.outcome.end.millis();
    for (at, row) in taken.run.log.rows() {
        let time = at.millis();
        let mut refuse = |symbol: SymbolId, reason: String| {
            refused.push(Refused {
                time,
                symbol: symbols.name(symbol).to_string(),
                reason,
            });
        };
        match row {
            Row::Noted(Note::Refused { symbol, gate, .. }) => {
                refuse(*symbol, gate.name().to_owned())
            }
            Row::Said(Command::Submit(approved)) => sent(approved.request(), &mut entries),
            Row::Sent(request) => sent(request, &mut entries),
            Row::Heard(Event::Order {
                id,
                update: OrderUpdate::Rejected(reject),
            }) => {
                if let Some(symbol) = entries.get(id) {
                    refuse(*symbol, reject.name().to_owned());
                }
            }
            Row::Noted(Note::Halted(cause)) => halts.push(Halt {
                from: time,
                to: end,
                cause: cause.name().to_owned(),
            }),
            Row::Noted(Note::Resumed) => {
                if let Some(halt) = halts.last_mut() {
                    halt.to = halt.to.min(time);
                }
            }
            _ => {}
        }
    }
    (refused, halts)
}

fn sent(request: &OrderRequest, entries: &mut BTreeMap<OrderId, SymbolId>) {
    if request.purpose == Purpose::Entry {
        entries.insert(request.id, request.symbol);
    }
}
