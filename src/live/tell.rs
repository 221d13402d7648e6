//! What is heard, decided and said, as lines of the log.
//!
//! Not here: where the log goes (`cli`), the record (`journal`).

use crate::domain::event::{AccountUpdate, Command, Event, Note, Operator, OrderUpdate};
use crate::domain::order::{Amount, OrderKind};
use crate::domain::symbol::Symbols;
use crate::domain::time::Timestamp;

/// An event the trader hears.
pub fn event(symbols: &Symbols, at: Timestamp, event: &Event) {
    let time = at.to_text();
    match event {
        Event::Signal { signal, quote } => {
            let symbol = symbols.name(signal.symbol);
            let mark = quote
                .mark
                .map_or_else(|| "none".to_owned(), |mark| mark.to_string());
            tracing::info!(time, %symbol, id = &*signal.id, kind = signal.kind.0, mark, "signal");
        }
        Event::Order { id, update } => match update {
            OrderUpdate::Filled { fill, complete, .. } => {
                tracing::info!(time, order = id.0, side = fill.side.name(), qty = %fill.qty, price = %fill.price, fee = %fill.fee, complete, "filled");
            }
            OrderUpdate::Rejected(reject) => {
                tracing::warn!(time, order = id.0, reason = reject.name(), "rejected");
            }
            OrderUpdate::Canceled { .. } => tracing::info!(time, order = id.0, "order ended"),
            OrderUpdate::Accepted | OrderUpdate::NoAnswer | OrderUpdate::Report(_) => {}
        },
        Event::Account(update) => account(symbols, &time, update),
        Event::Operator(operator) => {
            tracing::info!(time, said = operator_words(symbols, operator), "operator")
        }
        Event::Link(link) => tracing::warn!(time, link = ?link, "link"),
        Event::Snapshot(_) | Event::Wake => {}
    }
}

fn account(symbols: &Symbols, time: &str, update: &AccountUpdate) {
    match update {
        AccountUpdate::Opened { balance } => tracing::info!(time, %balance, "account opened"),
        AccountUpdate::DayStarted { equity, .. } => {
            tracing::info!(time, %equity, "a UTC day begins")
        }
        AccountUpdate::Funding { symbol, amount } => {
            tracing::info!(time, symbol = %symbols.name(*symbol), %amount, "funding");
        }
        AccountUpdate::Closed {
            symbol,
            cause,
            fill,
        } => {
            tracing::warn!(time, symbol = %symbols.name(*symbol), cause = ?cause, price = %fill.price, "closed by the exchange");
        }
        AccountUpdate::FloorReached { value } => {
            tracing::warn!(time, %value, "the day's loss limit is reached")
        }
    }
}

fn operator_words(symbols: &Symbols, operator: &Operator) -> String {
    match operator {
        Operator::Halt => "pause".to_owned(),
        Operator::Resume => "resume".to_owned(),
        Operator::Close(symbol) => format!("close {}", symbols.name(*symbol)),
        Operator::CancelAll(symbol) => format!("cancel {}", symbols.name(*symbol)),
        Operator::Order(order) => format!("order {}", symbols.name(order.symbol)),
    }
}

/// A decision that says nothing to the world.
pub fn note(symbols: &Symbols, at: Timestamp, note: &Note) {
    let time = at.to_text();
    match note {
        Note::Confluence(pair) => {
            tracing::info!(time, symbol = %symbols.name(pair.symbol), alpha = &*pair.alpha, fomo = &*pair.fomo, gap_ms = pair.gap.millis(), score = %pair.score.total, "confluence");
        }
        Note::Ignored { id, reason } => {
            tracing::info!(time, id = &**id, reason = reason.name(), "signal ignored")
        }
        Note::LowScore { id, pair } => {
            tracing::info!(time, id = &**id, score = %pair.score.total, "score too low");
        }
        Note::Refused { symbol, gate, .. } => {
            tracing::info!(time, symbol = %symbols.name(*symbol), gate = gate.name(), "entry refused");
        }
        Note::Halted(cause) => tracing::warn!(time, cause = ?cause, "no entries from now on"),
        Note::Resumed => tracing::info!(time, "entries again"),
        Note::TargetsDropped { symbol, levels } => {
            tracing::info!(time, symbol = %symbols.name(*symbol), levels, "take-profits too small to place");
        }
        Note::Unprotected { symbol } => {
            tracing::error!(time, symbol = %symbols.name(*symbol), "ALARM: a position without a stop is being left");
        }
        Note::Surprise { what, .. } => tracing::warn!(time, what, "surprise"),
    }
}

/// A command.
pub fn command(symbols: &Symbols, at: Timestamp, command: &Command) {
    let time = at.to_text();
    match command {
        Command::Submit(approved) => {
            let request = approved.request();
            tracing::info!(time, order = request.id.0, symbol = %symbols.name(request.symbol), side = request.side.name(), qty = amount(request.amount), kind = kind(request.kind), "order sent");
        }
        Command::Cancel(id) => tracing::info!(time, order = id.0, "cancel sent"),
        Command::Query(_)
        | Command::Resync
        | Command::Halt(_)
        | Command::Release
        | Command::Watch(_) => {}
    }
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Exact(qty) => qty.to_string(),
        Amount::Share(share) => format!("{share} of the position"),
        Amount::All => "all".to_owned(),
    }
}

fn kind(kind: OrderKind) -> String {
    match kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::Limit { price, .. } => format!("limit {price}"),
        OrderKind::Stop { trigger, .. } => format!("stop {trigger}"),
        OrderKind::TakeProfit { trigger, .. } => format!("take_profit {trigger}"),
        OrderKind::Trail {
            activation,
            callback,
            ..
        } => format!("trailing_stop from {activation}, callback {callback}"),
    }
}
