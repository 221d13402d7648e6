//! The event log of a run folder read back: every record the row it came from, and no damaged byte unnoticed.

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::backtest::events::file::{encode, read};
use confluence::backtest::events::{Kind, Record, Unit, Value};
use confluence::backtest::log::{EventLog, Row};
use confluence::domain::event::{
    AccountUpdate, Command, Confluence, Event, Floor, FloorBasis, Gate, HeldPosition, Ignored,
    Link, ManualOrder, Note, Operator, OrderReport, OrderStatus, OrderUpdate, Quote, Score,
    Snapshot,
};
use confluence::domain::fill::{Fill, Liquidity, Reason, TradeId};
use confluence::domain::num::{Money, Notional, Qty};
use confluence::domain::order::{
    Direction, HaltCause, OrderId, OrderKind, Purpose, Reject, Side, Watched,
};
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::engine::Journal;
use confluence::exchange::history::Engine;
use serde_json::Value as Json;

use crate::support::{at, price, random_model, random_rules, random_world, rate, run};

/// The kind of record a row becomes; `None` for what the log leaves out.
fn kind_of(row: &Row) -> Option<Kind> {
    Some(match row {
        Row::Heard(event) => match event {
            Event::Signal { .. } | Event::Wake => return None,
            Event::Order { update, .. } => match update {
                OrderUpdate::Accepted => return None,
                OrderUpdate::Filled { .. } => Kind::Filled,
                OrderUpdate::Rejected(_) => Kind::Rejected,
                OrderUpdate::Canceled { .. } => Kind::Canceled,
                OrderUpdate::NoAnswer => Kind::NoAnswer,
                OrderUpdate::Report(_) => Kind::Report,
            },
            Event::Account(update) => match update {
                AccountUpdate::Opened { .. } => Kind::Opened,
                AccountUpdate::DayStarted { .. } => Kind::DayStarted,
                AccountUpdate::Funding { .. } => Kind::Funding,
                AccountUpdate::Closed { .. } => Kind::Closed,
                AccountUpdate::FloorReached { .. } => Kind::FloorReached,
            },
            Event::Snapshot(_) => Kind::Snapshot,
            Event::Link(_) => Kind::Link,
            Event::Operator(Operator::Order(_)) => Kind::ManualOrder,
            Event::Operator(_) => Kind::Operator,
        },
        Row::Noted(note) => match note {
            Note::Confluence(_) => Kind::Confluence,
            Note::Ignored { .. } => Kind::Ignored,
            Note::LowScore { .. } => Kind::LowScore,
            Note::Refused { .. } => Kind::Refused,
            Note::Halted(_) => Kind::Halted,
            Note::Resumed => Kind::Resumed,
            Note::TargetsDropped { .. } => Kind::TargetsDropped,
            Note::Unprotected { .. } => Kind::Unprotected,
            Note::Surprise { .. } => Kind::Surprise,
        },
        Row::Said(command) => match command {
            Command::Submit(_) => Kind::Submit,
            Command::Cancel(_) => Kind::Cancel,
            Command::Query(_) => Kind::Query,
            Command::Resync => Kind::Resync,
            Command::Halt(_) => Kind::Halt,
            Command::Release => Kind::Release,
            Command::Watch(_) => return None,
        },
        Row::Sent(_) => Kind::Submit,
    })
}

/// Values of the row that the record must hold, exactly, in the units of the files.
fn wanted(row: &Row) -> Vec<(&'static str, String)> {
    let fill = |fill: &Fill| {
        vec![
            ("qty", fill.qty.to_string()),
            ("price", fill.price.to_string()),
            ("fee", fill.fee.to_string()),
            ("realized", fill.realized.to_string()),
            ("slippage", fill.slippage.to_string()),
            ("side", fill.side.name().to_owned()),
            ("liquidity", fill.liquidity.name().to_owned()),
        ]
    };
    let pair = |pair: &Confluence| {
        vec![
            ("alpha", pair.alpha.to_string()),
            ("fomo", pair.fomo.to_string()),
            ("gap", pair.gap.millis().to_string()),
            ("score", pair.score.total.to_string()),
        ]
    };
    match row {
        Row::Heard(Event::Order {
            update: OrderUpdate::Filled { fill: done, .. },
            ..
        }) => fill(done),
        Row::Heard(Event::Account(update)) => match update {
            AccountUpdate::Closed {
                cause, fill: done, ..
            } => {
                let mut values = fill(done);
                values.push(("cause", cause.to_string()));
                values
            }
            AccountUpdate::DayStarted { equity, wallet } => vec![
                ("equity", equity.to_string()),
                ("wallet", wallet.to_string()),
            ],
            AccountUpdate::Funding { amount, .. } => vec![("amount", amount.to_string())],
            AccountUpdate::Opened { balance } => vec![("balance", balance.to_string())],
            AccountUpdate::FloorReached { value } => vec![("value", value.to_string())],
        },
        Row::Heard(Event::Order {
            update: OrderUpdate::Rejected(reject),
            ..
        }) => vec![("reason", reject.name().to_owned())],
        Row::Noted(Note::Confluence(found)) => pair(found),
        Row::Noted(Note::LowScore { id, pair: found }) => {
            let mut values = pair(found);
            values.push(("signal", id.to_string()));
            values
        }
        Row::Noted(Note::Ignored { id, reason }) => vec![
            ("signal", id.to_string()),
            ("reason", reason.name().to_owned()),
        ],
        Row::Noted(Note::Refused {
            gate, reference, ..
        }) => vec![
            ("gate", gate.name().to_owned()),
            ("for", reference.to_string()),
        ],
        Row::Said(Command::Submit(approved)) => {
            let request = approved.request();
            let mut values = vec![
                ("order", request.id.0.to_string()),
                ("purpose", request.purpose.to_string()),
                ("side", request.side.name().to_owned()),
            ];
            if let Some(reference) = &request.reference {
                values.push(("for", reference.to_string()));
            }
            match request.kind {
                OrderKind::Market => values.push(("type", "market".to_owned())),
                OrderKind::Limit { price, .. } => values.push(("limit", price.to_string())),
                OrderKind::Stop { trigger, .. } | OrderKind::TakeProfit { trigger, .. } => {
                    values.push(("trigger", trigger.to_string()));
                }
                OrderKind::Trail {
                    activation,
                    callback,
                    ..
                } => {
                    values.push(("activation", activation.to_string()));
                    values.push(("callback", callback.to_string()));
                }
            }
            values
        }
        _ => Vec::new(),
    }
}

fn exact(value: &Value) -> String {
    match value.exact() {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// What was read back.
#[derive(Default)]
struct Met {
    kinds: BTreeMap<&'static str, usize>,
    values: usize,
}

/// Reads a log back and holds it against its rows.
fn hold(log: &EventLog, symbols: &Symbols, met: &mut Met) -> Vec<u8> {
    let bytes = encode(log, symbols);
    let events = read(&bytes).unwrap();
    assert_eq!(events.hash, log.hash(), "the hash follows from the file");
    let rows: Vec<_> = log
        .rows()
        .iter()
        .filter_map(|(at, row)| Some((*at, kind_of(row)?, row)))
        .collect();
    assert_eq!(events.records.len(), rows.len(), "one record a row");
    for (record, (at, kind, row)) in events.records.iter().zip(rows) {
        assert_eq!((record.at, record.kind), (at, kind), "{row:?}");
        *met.kinds.entry(kind.name()).or_default() += 1;
        for (name, value) in wanted(row) {
            let found = record.get(name).map(exact);
            assert_eq!(found.as_deref(), Some(value.as_str()), "{name} of {row:?}");
            met.values += 1;
        }
        assert!(!record.sentence().is_empty());
    }
    let heard = log.rows().iter().filter_map(|(_, row)| match row {
        Row::Heard(Event::Signal { signal, .. }) => Some(signal.id.to_string()),
        _ => None,
    });
    let named: Vec<String> = events.signals.into_iter().map(|signal| signal.id).collect();
    assert_eq!(named, heard.collect::<Vec<_>>());
    bytes
}

#[test]
fn every_record_reads_back_as_the_row_it_came_from() {
    let mut met = Met::default();
    for seed in 0..300 {
        let mut random = Random::stream(seed, &[771]);
        let world = Arc::new(random_world(&mut random));
        let rules = random_rules(&mut random);
        let model = random_model(&mut random, rules.terms);
        let (_, log) = run(&world, &rules, &model, Engine::Skip);
        hold(&log, &world.tape.symbols, &mut met);
    }
    println!("events: {} values, records {:?}", met.values, met.kinds);
    assert!(
        met.values > 10_000 && met.kinds.len() >= 14,
        "{:?}",
        met.kinds
    );
}

fn a_fill() -> Fill {
    Fill {
        trade: TradeId(77),
        time: at(1_736_121_600_000),
        side: Side::Sell,
        qty: Qty::from_steps(123_456_789).unwrap(),
        price: price(6_272_980_000_000),
        fee: "1.25".parse().unwrap(),
        liquidity: Liquidity::Maker,
        realized: "-3.5".parse().unwrap(),
        insurance: Money::ZERO,
        slippage: "0.01".parse().unwrap(),
    }
}

/// News that history alone never brings, and records whose signals were never heard.
fn rare() -> Vec<Row> {
    let id = OrderId(1);
    let order = |update| Row::Heard(Event::Order { id, update });
    let account = |update| Row::Heard(Event::Account(update));
    let symbol = SymbolId::at(1);
    let report = |status, fills| order(OrderUpdate::Report(OrderReport { status, fills }));
    let pair = || Confluence {
        symbol,
        alpha: Arc::from("never-1"),
        fomo: Arc::from("heard"),
        gap: Span::from_millis(5_000_000_000),
        score: Score {
            total: rate("0.7"),
            proximity: rate("0.7"),
            strength: rate("0.7"),
            freshness: rate("0.7"),
        },
    };
    let manual = |kind, qty| {
        Row::Heard(Event::Operator(Operator::Order(ManualOrder {
            symbol,
            side: Side::Sell,
            kind,
            qty,
            reduce_only: true,
            bracket: None,
            reference: Some(Arc::from("by hand")),
        })))
    };
    let closed = |cause| {
        account(AccountUpdate::Closed {
            symbol,
            cause,
            fill: a_fill(),
        })
    };
    vec![
        order(OrderUpdate::NoAnswer),
        order(OrderUpdate::Rejected(Reject::Throttled {
            until: at(1_736_121_600_500),
        })),
        order(OrderUpdate::Rejected(Reject::Other(-4061))),
        order(OrderUpdate::Rejected(Reject::Halted(HaltCause::Operator))),
        order(OrderUpdate::Canceled { total: Qty::ZERO }),
        report(OrderStatus::Unknown, Vec::new()),
        report(OrderStatus::Working, vec![a_fill()]),
        report(OrderStatus::Filled, vec![a_fill(), a_fill()]),
        report(OrderStatus::Canceled, Vec::new()),
        report(OrderStatus::Rejected(Reject::Other(7)), vec![a_fill()]),
        account(AccountUpdate::FloorReached {
            value: Notional::from_raw(-1_234_567_890_123_456_789_012),
        }),
        closed(Reason::Liquidation),
        closed(Reason::Delisted),
        closed(Reason::EndOfData),
        closed(Reason::Order(Purpose::TakeProfit(200))),
        Row::Heard(Event::Snapshot(Snapshot {
            positions: vec![HeldPosition {
                symbol,
                direction: Direction::Short,
                qty: Qty::from_steps(5).unwrap(),
            }],
            working: vec![OrderId(3), OrderId(9)],
        })),
        Row::Heard(Event::Link(Link::Down)),
        Row::Heard(Event::Link(Link::Up)),
        Row::Heard(Event::Operator(Operator::Halt)),
        Row::Heard(Event::Operator(Operator::Resume)),
        Row::Heard(Event::Operator(Operator::Close(symbol))),
        Row::Heard(Event::Operator(Operator::CancelAll(symbol))),
        manual(OrderKind::Market, None),
        manual(
            OrderKind::Limit {
                price: price(5),
                post_only: true,
            },
            Qty::from_steps(1),
        ),
        manual(
            OrderKind::Trail {
                activation: price(5),
                callback: rate("0.01"),
                watched: Watched::Mark,
            },
            None,
        ),
        Row::Noted(Note::Confluence(pair())),
        Row::Noted(Note::LowScore {
            id: Arc::from("never-2"),
            pair: pair(),
        }),
        Row::Noted(Note::Ignored {
            id: Arc::from("never-3"),
            reason: Ignored::Future,
        }),
        Row::Noted(Note::Refused {
            symbol,
            reference: Arc::from("never-1+heard"),
            gate: Gate::BelowNotionalMin,
        }),
        Row::Noted(Note::Halted(HaltCause::DailyLoss)),
        Row::Noted(Note::Resumed),
        Row::Noted(Note::TargetsDropped { symbol, levels: 2 }),
        Row::Noted(Note::Unprotected { symbol }),
        Row::Noted(Note::Surprise {
            order: None,
            what: "a fill of nobody's",
        }),
        Row::Said(Command::Cancel(id)),
        Row::Said(Command::Query(id)),
        Row::Said(Command::Resync),
        Row::Said(Command::Halt(HaltCause::Operator)),
        Row::Said(Command::Release),
    ]
}

fn heard_signal() -> Event {
    Event::Signal {
        signal: Signal {
            id: Arc::from("heard"),
            kind: SignalType::FOMO,
            symbol: SymbolId::at(1),
            event_time: at(1),
            received_time: at(2),
        },
        quote: Quote {
            mark: None,
            trading: true,
            wallet: Money::ZERO,
            equity: Notional::ZERO,
            available: Money::ZERO,
        },
    }
}

/// Writes a row as a run would.
fn write(log: &mut EventLog, at: Timestamp, row: &Row) {
    let written = match row {
        Row::Heard(event) => log.heard(at, event),
        Row::Noted(note) => log.noted(at, note),
        Row::Said(command) => log.said(at, command),
        Row::Sent(request) => {
            log.said_request(at, request);
            Ok(())
        }
    };
    written.unwrap();
}

fn two_symbols() -> Symbols {
    Symbols::new(["AAAUSDT", "币安人生USDT"].map(Symbol::new)).unwrap()
}

fn rare_log() -> EventLog {
    let mut log = EventLog::keeping();
    log.heard(at(2), &heard_signal()).unwrap();
    for (number, row) in rare().iter().enumerate() {
        // Now and then no time passes, and once more than four bytes of milliseconds.
        let step = i64::try_from(number).unwrap() / 2;
        write(&mut log, at(1_736_121_600_000 + step * 3_000_000_000), row);
    }
    log
}

#[test]
fn records_that_only_a_live_exchange_brings_read_back_too() {
    let mut met = Met::default();
    hold(&rare_log(), &two_symbols(), &mut met);
    // What a run leaves out has a form as well.
    let mut log = EventLog::keeping();
    log.heard(at(2), &heard_signal()).unwrap();
    log.line(at(2)).event(&heard_signal());
    log.line(at(3)).event(&Event::Wake);
    log.line(at(3)).event(&Event::Order {
        id: OrderId(4),
        update: OrderUpdate::Accepted,
    });
    log.line(at(4)).command(&Command::Watch(None));
    log.line(at(4)).command(&Command::Watch(Some(Floor {
        basis: FloorBasis::Wallet,
        level: Notional::from_raw(-5),
    })));
    let events = read(&encode(&log, &two_symbols())).unwrap();
    let kinds: Vec<Kind> = events.records.iter().map(|record| record.kind).collect();
    let wanted = [
        Kind::Signal,
        Kind::Wake,
        Kind::Accepted,
        Kind::Watch,
        Kind::Watch,
    ];
    assert_eq!(kinds, wanted);
    let level = events.records[4].get("level").unwrap();
    let five = Notional::from_raw(-5);
    assert_eq!(*level, Value::Number(five, Unit::Usdt));
    for record in &events.records {
        *met.kinds.entry(record.kind.name()).or_default() += 1;
    }
    println!(
        "events: rare records {:?}, {} values",
        met.kinds, met.values
    );
    assert!(met.kinds.len() >= 28 && met.values > 40, "{:?}", met.kinds);
    let words = |record: &Record| record.sentence();
    assert_eq!(words(&events.records[2]), "order #4: the exchange has it");
}

#[test]
fn a_damaged_event_log_is_refused_whatever_byte_is_wrong() {
    let bytes = encode(&rare_log(), &two_symbols());
    assert!(read(&bytes).is_ok());
    for length in 0..bytes.len() {
        let wrong = read(&bytes[..length]).expect_err("cut short");
        assert!(wrong.byte <= length, "{wrong}");
    }
    let mut changed = bytes.clone();
    let mut told = 0;
    for place in 0..bytes.len() {
        for bit in [1, 0x80] {
            changed[place] ^= bit;
            let wrong = read(&changed).expect_err("changed");
            assert!(wrong.byte <= bytes.len() && !wrong.what.is_empty());
            told += usize::from(wrong.byte <= place);
            changed[place] ^= bit;
        }
    }
    changed.push(0);
    assert!(read(&changed).is_err(), "one byte more");
    println!(
        "events: {} cut and {} changed files refused, {told} of them before the sum at the end",
        bytes.len(),
        bytes.len() * 2
    );
    assert!(told > 500);
}
