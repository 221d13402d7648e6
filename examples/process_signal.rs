//! Feeds two signals to the strategy core by hand, reads its status, halts, resumes and cancels: what the original's
//! `process_signal` example did, without any exchange.
//!
//! Run it with `cargo run --release --example process_signal`. The core says what should be sent; here the "exchange"
//! is these few lines, which accept every order and fill the entry at 64,010.

#![allow(
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "an example shows what it does, and only the commands it is about"
)]

use std::sync::Arc;

use confluence::domain::event::{Command, Event, Operator, OrderUpdate, Quote};
use confluence::domain::fill::{Fill, Liquidity, TradeId};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Qty};
use confluence::domain::order::{Amount, OrderId, OrderKind, OrderRequest};
use confluence::domain::position::fee;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::Timestamp;
use confluence::settings::Settings;
use confluence::trader::{Commands, Trader, Upkeep};

/// A trader, the clock of this example, and what the trader said last.
struct Desk {
    trader: Trader,
    commands: Commands,
    now: Timestamp,
}

impl Desk {
    /// Tells the trader something and shows what it says; its orders are accepted at once.
    fn tell(&mut self, event: &Event) -> Vec<OrderRequest> {
        let mut sent = Vec::new();
        self.trader.on_event(self.now, event, &mut self.commands);
        for note in self.commands.drain_notes() {
            println!("  note    {note:?}");
        }
        let said: Vec<Command> = self.commands.drain().collect();
        for command in said {
            match command {
                Command::Submit(approved) => {
                    let order = approved.into_request();
                    println!(
                        "  submit  #{} {} {:?} {:?} ({})",
                        order.id.0,
                        order.side.name(),
                        order.kind,
                        order.amount,
                        order.purpose
                    );
                    sent.push(order);
                }
                other => println!("  says    {other:?}"),
            }
        }
        for order in &sent {
            self.tell(&Event::Order {
                id: order.id,
                update: OrderUpdate::Accepted,
            });
        }
        sent
    }

    /// The original's `process_signal(message_type, message_id, symbol)`.
    fn process_signal(
        &mut self,
        kind: SignalType,
        id: &str,
        symbol: SymbolId,
    ) -> Vec<OrderRequest> {
        println!("signal {} {id}", kind.0);
        let money = |text: &str| text.parse::<Money>().expect("an amount");
        let quote = Quote {
            mark: Some("64000".parse().expect("a price")),
            trading: true,
            wallet: money("10000"),
            equity: money("10000").exact(),
            available: money("10000"),
        };
        let signal = Signal {
            id: Arc::from(id),
            kind,
            symbol,
            event_time: self.now,
            received_time: self.now,
        };
        self.tell(&Event::Signal { signal, quote })
    }

    /// The market fills an order whole.
    fn fill(&mut self, order: &OrderRequest, qty: Qty) {
        let price = "64010".parse().expect("a price");
        let rate = self.trader.rules().terms.taker;
        println!("filled  #{} {qty} at {price}", order.id.0);
        let fill = Fill {
            trade: TradeId(1),
            time: self.now,
            side: order.side,
            qty,
            price,
            fee: fee(price, qty, rate),
            liquidity: Liquidity::Taker,
            realized: Money::ZERO,
            insurance: Money::ZERO,
            slippage: Money::ZERO,
        };
        self.tell(&Event::Order {
            id: order.id,
            update: OrderUpdate::Filled {
                fill,
                total: qty,
                complete: true,
            },
        });
    }

    fn status(&self) {
        let status = self.trader.status();
        println!(
            "status  positions {}, pending entries {}, entries today {}, halts {:?}",
            status.positions.len(),
            status.pending_entries,
            status.entries_today,
            status.halts
        );
    }
}

fn bitcoin() -> Instrument {
    Instrument {
        symbol: Symbol::new("BTCUSDT"),
        tick: "0.1".parse().expect("a price"),
        step: "0.001".parse().expect("a quantity"),
        qty_min: "0.001".parse().expect("a quantity"),
        market_qty_max: "120".parse().expect("a quantity"),
        notional_min: "100".parse().expect("an amount"),
        liquidation_fee: "0.0125".parse().expect("a rate"),
        brackets: vec![Bracket {
            floor: Money::ZERO,
            cap: "300000".parse().expect("an amount"),
            maintenance: "0.004".parse().expect("a rate"),
            deduction: Money::ZERO,
        }],
        delisted: None,
    }
}

fn main() {
    // The feed's bare name becomes the contract's.
    let name = Symbol::normalize("BTC").expect("a name");
    let symbols = Symbols::new([name.clone()]).expect("one symbol");
    let btc = symbols.id(&name).expect("known");
    let rules = Settings::defaults().rules;
    let mut desk = Desk {
        trader: Trader::new(rules, vec![bitcoin()], Upkeep::default()),
        commands: Commands::default(),
        now: Timestamp::parse("2026-01-01T10:00:00Z").expect("a time"),
    };
    // One signal alone does nothing; with its partner inside the window it becomes an order.
    desk.process_signal(SignalType::FOMO, "custom_001", btc);
    let sent = desk.process_signal(SignalType::ALPHA, "custom_002", btc);
    desk.status();
    let entry = sent
        .first()
        .expect("a confluence inside the window is traded");
    assert_eq!((entry.id, entry.kind), (OrderId(1), OrderKind::Market));
    let Amount::Exact(qty) = entry.amount else {
        unreachable!("entries have a quantity")
    };
    // Once filled, the stop is sent first, the targets when it rests.
    desk.fill(entry, qty);
    desk.status();
    println!("halt");
    desk.tell(&Event::Operator(Operator::Halt));
    desk.process_signal(SignalType::FOMO, "custom_003", btc);
    desk.process_signal(SignalType::ALPHA, "custom_004", btc);
    desk.status();
    println!("resume");
    desk.tell(&Event::Operator(Operator::Resume));
    // Protection of an open position is not among what this cancels.
    println!("cancel all orders of BTCUSDT that open");
    desk.tell(&Event::Operator(Operator::CancelAll(btc)));
    desk.status();
}
