//! Events and decisions of a journal as sentences, with the figures behind them.
//!
//! Not here: the same for the log of a run (`events::words`), which has been through bytes and knows less.

use crate::domain::event::{
    AccountUpdate, Confluence, Event, FloorBasis, Gate, Ignored, Link, Note, Operator, OrderUpdate,
    Quote,
};
use crate::domain::fill::Fill;
use crate::domain::order::{Amount, OrderKind, OrderRequest, Reject, Watched};
use crate::domain::position::Position;
use crate::domain::signal::Signal;
use crate::domain::symbol::{Symbol, SymbolId};
use crate::domain::time::Span;
use crate::trader::Trader;
use crate::trader::rules::Rules;

use super::Decision;

fn name(names: &[Symbol], id: SymbolId) -> &str {
    names.get(id.index()).map_or("?", Symbol::as_str)
}

fn seconds(span: Span) -> String {
    let millis = span.millis();
    let sign = if millis < 0 { "-" } else { "" };
    let size = millis.unsigned_abs();
    format!("{sign}{}.{:03} s", size / 1000, size % 1000)
}

/// What the trader heard.
#[must_use]
pub fn event(event: &Event, names: &[Symbol]) -> String {
    match event {
        Event::Signal { signal, quote } => {
            format!("{} ({})", signal_words(signal, names), quote_words(quote))
        }
        Event::Order { id, update } => format!("order #{}: {}", id.0, update_words(update)),
        Event::Account(update) => account(update, names),
        Event::Snapshot(snapshot) => format!(
            "the exchange holds {} positions and {} working orders",
            snapshot.positions.len(),
            snapshot.working.len()
        ),
        Event::Link(Link::Down) => "the connection is gone".to_owned(),
        Event::Link(Link::Up) => "the connection is back".to_owned(),
        Event::Wake => "the trader was woken".to_owned(),
        Event::Operator(operator) => operator_words(operator, names),
    }
}

fn signal_words(signal: &Signal, names: &[Symbol]) -> String {
    format!(
        "signal {} of type {} for {}, stamped {}, heard {} later",
        signal.id,
        signal.kind.0,
        name(names, signal.symbol),
        signal.event_time,
        seconds(signal.received_time - signal.event_time)
    )
}

fn quote_words(quote: &Quote) -> String {
    let mark = quote
        .mark
        .map_or_else(|| "no price".to_owned(), |mark| format!("mark {mark}"));
    let trading = if quote.trading { "" } else { ", not trading" };
    format!(
        "{mark}{trading}, wallet {}, equity {}, available {} USDT",
        quote.wallet, quote.equity, quote.available
    )
}

fn fill_words(fill: &Fill) -> String {
    format!(
        "{} {} at {}, fee {} USDT, realized {} USDT",
        fill.side.name(),
        fill.qty,
        fill.price,
        fill.fee,
        fill.realized
    )
}

fn reject_words(reject: Reject) -> String {
    match reject {
        Reject::Halted(cause) => format!("halted ({})", cause.name()),
        Reject::Throttled { until } => format!("too many requests until {until}"),
        Reject::Other(code) => format!("code {code}"),
        Reject::WouldTriggerNow
        | Reject::NothingToReduce
        | Reject::InsufficientMargin
        | Reject::BelowQtyMin
        | Reject::BelowNotionalMin
        | Reject::OffGrid
        | Reject::PostOnly
        | Reject::NotTrading
        | Reject::StaleData
        | Reject::EndOfData => reject.name().to_owned(),
    }
}

fn update_words(update: &OrderUpdate) -> String {
    match update {
        OrderUpdate::Accepted => "the exchange has it".to_owned(),
        OrderUpdate::Filled {
            fill,
            total,
            complete,
        } => {
            let rest = if *complete { "complete" } else { "in part" };
            format!("filled {rest}, {total} so far: {}", fill_words(fill))
        }
        OrderUpdate::Rejected(reject) => format!("rejected: {}", reject_words(*reject)),
        OrderUpdate::Canceled { total } => format!("ended, {total} of it executed"),
        OrderUpdate::NoAnswer => "no answer".to_owned(),
        OrderUpdate::Report(report) => {
            format!("reported with {} executions", report.fills.len())
        }
    }
}

fn account(update: &AccountUpdate, names: &[Symbol]) -> String {
    match update {
        AccountUpdate::Opened { balance } => format!("account opened with {balance} USDT"),
        AccountUpdate::DayStarted { equity, wallet } => {
            format!("UTC day begins: equity {equity}, wallet {wallet} USDT")
        }
        AccountUpdate::Funding { symbol, amount } => {
            format!("funding of {}: {amount} USDT", name(names, *symbol))
        }
        AccountUpdate::Closed {
            symbol,
            cause,
            fill,
        } => format!(
            "the exchange closed {} ({cause}): {}",
            name(names, *symbol),
            fill_words(fill)
        ),
        AccountUpdate::FloorReached { value } => format!("loss floor reached at {value} USDT"),
    }
}

fn operator_words(operator: &Operator, names: &[Symbol]) -> String {
    match operator {
        Operator::Halt => "operator: no entries".to_owned(),
        Operator::Resume => "operator: entries again".to_owned(),
        Operator::Close(symbol) => format!("operator: close {}", name(names, *symbol)),
        Operator::CancelAll(symbol) => format!("operator: cancel {}", name(names, *symbol)),
        Operator::Order(order) => {
            let qty = order
                .qty
                .map_or_else(|| "the whole position".to_owned(), |qty| qty.to_string());
            let side = order.side.name();
            let symbol = name(names, order.symbol);
            format!("operator: {side} {qty} of {symbol}, {}", kind(order.kind))
        }
    }
}

/// What the trader decided.
#[must_use]
pub fn decision(decision: &Decision, names: &[Symbol]) -> String {
    match decision {
        Decision::Noted(note) => self::note(note, names),
        Decision::Said(said) => self::said(said, names),
    }
}

fn pair(pair: &Confluence, names: &[Symbol]) -> String {
    let score = &pair.score;
    format!(
        "{} (alpha {}, fomo {}), {} apart, score {} of proximity {}, strength {}, freshness {}",
        name(names, pair.symbol),
        pair.alpha,
        pair.fomo,
        seconds(pair.gap),
        score.total,
        score.proximity,
        score.strength,
        score.freshness
    )
}

fn note(note: &Note, names: &[Symbol]) -> String {
    match note {
        Note::Confluence(found) => format!("confluence of {}", pair(found, names)),
        Note::Ignored { id, reason } => format!("signal {id} ignored: {}", ignored(*reason)),
        Note::LowScore { id, pair: found } => {
            let found = pair(found, names);
            format!("signal {id} matches, the pair scores too low: {found}")
        }
        Note::Refused {
            symbol,
            reference,
            gate,
        } => format!(
            "entry into {} for {reference} refused by gate {} {}",
            name(names, *symbol),
            gate.number(),
            gate.name()
        ),
        Note::Halted(cause) => format!("no entries from now on: {}", cause.name()),
        Note::Resumed => "entries again".to_owned(),
        Note::TargetsDropped { symbol, levels } => {
            let symbol = name(names, *symbol);
            format!("{levels} take-profit levels of {symbol} are too small")
        }
        Note::Unprotected { symbol } => {
            let symbol = name(names, *symbol);
            format!("{symbol} stands without an accepted stop and is left")
        }
        Note::Surprise { order, what } => match order {
            Some(id) => format!("unexpected, order #{}: {what}", id.0),
            None => format!("unexpected: {what}"),
        },
    }
}

const fn ignored(reason: Ignored) -> &'static str {
    match reason {
        Ignored::Duplicate => "its id was heard before",
        Ignored::UnknownType => "its type has no role",
        Ignored::Future => "its stamp lies too far in the future",
        Ignored::Stale => "it was too old when it came",
        Ignored::RiskFlat => "a risk signal without a position",
        Ignored::RiskNotInProfit => "a risk signal, the position is not in profit",
    }
}

const fn watched_name(watched: Watched) -> &'static str {
    match watched {
        Watched::Contract => "contract",
        Watched::Mark => "mark",
    }
}

fn kind(kind: OrderKind) -> String {
    match kind {
        OrderKind::Market => "at market".to_owned(),
        OrderKind::Limit { price, post_only } => {
            let only = if post_only { ", post-only" } else { "" };
            format!("limit {price}{only}")
        }
        OrderKind::Stop { trigger, watched } => {
            format!("stop at {trigger} ({} price)", watched_name(watched))
        }
        OrderKind::TakeProfit { trigger, watched } => {
            format!("take profit at {trigger} ({} price)", watched_name(watched))
        }
        OrderKind::Trail {
            activation,
            callback,
            watched,
        } => format!(
            "trailing from {activation} by {} % ({} price)",
            callback.percent(),
            watched_name(watched)
        ),
    }
}

fn request(request: &OrderRequest, names: &[Symbol]) -> String {
    let amount = match request.amount {
        Amount::Exact(qty) => qty.to_string(),
        Amount::Share(share) => format!("{} % of the position", share.percent()),
        Amount::All => "all".to_owned(),
    };
    let only = if request.reduce_only {
        ", reduce-only"
    } else {
        ""
    };
    let asker = request
        .reference
        .as_ref()
        .map_or_else(String::new, |asker| format!(", for {asker}"));
    format!(
        "order #{} sent ({}): {} {amount} of {}, {}{only}{asker}",
        request.id.0,
        request.purpose,
        request.side.name(),
        name(names, request.symbol),
        kind(request.kind)
    )
}

fn said(command: &crate::journal::entry::SaidCommand, names: &[Symbol]) -> String {
    use crate::journal::entry::SaidCommand;
    match command {
        SaidCommand::Submit(order) => request(order, names),
        SaidCommand::Cancel(id) => format!("order #{} taken back", id.0),
        SaidCommand::Query(id) => format!("asked what became of order #{}", id.0),
        SaidCommand::Resync => "asked what the exchange holds".to_owned(),
        SaidCommand::Halt(cause) => format!("entries that wait are dropped: {}", cause.name()),
        SaidCommand::Release => "entries are let through".to_owned(),
        SaidCommand::Watch(None) => "no loss floor".to_owned(),
        SaidCommand::Watch(Some(floor)) => {
            let figure = match floor.basis {
                FloorBasis::Equity => "equity",
                FloorBasis::Wallet => "the wallet",
            };
            format!(
                "to be told when {figure} is at or below {} USDT",
                floor.level
            )
        }
    }
}

/// A position in words.
#[must_use]
pub fn position(symbol: &str, position: &Position) -> String {
    format!(
        "{symbol} {} {}, cost {} USDT, isolated margin {} USDT",
        position.direction.name(),
        position.qty,
        position.cost,
        position.isolated
    )
}

/// The figures behind a refusal, as they stand right after it.
#[must_use]
pub fn gate_figures(gate: Gate, quote: &Quote, trader: &Trader) -> String {
    let rules: &Rules = trader.rules();
    let status = trader.status();
    let percent = |rate: crate::domain::num::Rate| format!("{} %", rate.percent());
    match gate {
        Gate::DailyTrades => format!(
            "{} entries today, {} allowed",
            status.entries_today, rules.daily.trades_max
        ),
        Gate::DailyLoss => format!(
            "equity {} USDT, {} may be lost in a day",
            quote.equity,
            percent(rules.daily.loss_max)
        ),
        Gate::Halted => "the operator allows no entries".to_owned(),
        Gate::Cooldown => format!("{} must pass after an exit", seconds(rules.cooldown)),
        Gate::TotalCap => format!(
            "{} positions open, {} of equity in all, available {} USDT",
            status.positions.len(),
            percent(rules.sizing.total),
            quote.available
        ),
        Gate::OpenRisk => format!(
            "{} positions open, at most {} of equity may be lost at the stops",
            status.positions.len(),
            rules
                .sizing
                .open_risk_max
                .map_or_else(|| "any share".to_owned(), percent)
        ),
        Gate::InPosition => format!("{} positions open", status.positions.len()),
        Gate::PendingEntry => format!("{} entries on their way", status.pending_entries),
        Gate::NotTrading
        | Gate::NoPrice
        | Gate::InsufficientMargin
        | Gate::BelowQtyMin
        | Gate::BelowNotionalMin => quote_words(quote),
    }
}
