//! Random entries of every kind and every variant, from one seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::domain::event::{
    AccountUpdate, Confluence, Event, ExitPlan, Floor, FloorBasis, Gate, HeldPosition, Ignored,
    Link, ManualOrder, Note, Operator, OrderReport, OrderStatus, OrderUpdate, Quote, Score,
    ShareOf, Snapshot, Target, TrailingPlan,
};
use confluence::domain::fill::{Fill, LedgerEntry, LedgerKind, Liquidity, Reason, Trade, TradeId};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Notional, Price, Qty, Rate};
use confluence::domain::order::{
    Amount, Direction, HaltCause, OrderId, OrderKind, OrderRequest, Purpose, Reject, Side, Watched,
};
use confluence::domain::position::Position;
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId};
use confluence::domain::time::{Span, Timestamp};
use confluence::journal::entry::{Boot, Entry, Listed, SaidCommand};

pub(crate) const NAMES: [&str; 6] = [
    "BTCUSDT",
    "1000PEPEUSDT",
    "币安人生USDT",
    "AAAUSDT",
    "ÄÖ\"\\USDT",
    "ZUSDT",
];

/// A start with so many contracts.
pub(crate) fn boot(contracts: usize) -> Boot {
    let mut maker = Maker::new(contracts as u64);
    Boot {
        version: "0.1.0".to_owned(),
        config: "[run]\nseed = 1 # \"quoted\"\n".to_owned(),
        listing: (0..contracts).map(|place| maker.listed(place)).collect(),
    }
}

/// Makes entries and counts which variants it made.
pub(crate) struct Maker {
    random: Random,
    pub(crate) made: BTreeMap<&'static str, u64>,
    serial: u64,
}

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            made: BTreeMap::new(),
            serial: 0,
        }
    }

    /// One of several forms; counts which.
    fn pick<T>(
        &mut self,
        what: &'static [&'static str],
        make: impl FnOnce(&mut Self, usize) -> T,
    ) -> T {
        let place = usize::try_from(self.random.below(what.len() as u64)).unwrap();
        *self.made.entry(what[place]).or_default() += 1;
        make(self, place)
    }

    fn flag(&mut self) -> bool {
        self.random.one_in(2)
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(make(self)) } else { None }
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.random.below(4)).map(|_| make(self)).collect()
    }

    /// Small, large, on the edge.
    fn steps(&mut self) -> i64 {
        match self.random.below(6) {
            0 => 0,
            1 => i64::MIN,
            2 => i64::MAX,
            3 => self.random.between(-1_000, 1_000),
            4 => self.random.between(-1_000, 1_000) * 100_000_000,
            _ => self.random.next().cast_signed(),
        }
    }

    fn price(&mut self) -> Price {
        Price::from_steps(self.steps()).unwrap_or_else(|| Price::from_steps(1).unwrap())
    }

    fn qty(&mut self) -> Qty {
        Qty::from_steps(self.steps()).unwrap_or_default()
    }

    fn money(&mut self) -> Money {
        Money::from_steps(self.steps())
    }

    fn rate(&mut self) -> Rate {
        Rate::from_steps(self.steps())
    }

    fn notional(&mut self) -> Notional {
        match self.random.below(4) {
            0 => Notional::from_raw(i128::MIN),
            1 => Notional::from_raw(i128::MAX),
            _ => Notional::from_raw(
                i128::from(self.steps()) * i128::from(self.steps().unsigned_abs() >> 2),
            ),
        }
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_millis(self.steps())
    }

    fn span(&mut self) -> Span {
        Span::from_millis(self.steps())
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 12] = [
            "a", "\"", "\\", "\n", "\u{0}", "\u{7f}", "é", "信号", "🙂", "{\"is\":", "\u{2028}",
            " ",
        ];
        let mut text = String::new();
        for _ in 0..self.random.below(8) {
            text.push_str(PIECES[usize::try_from(self.random.below(12)).unwrap()]);
        }
        text
    }

    /// A text nobody had before.
    fn id(&mut self) -> String {
        self.serial += 1;
        format!("{}{}", self.text(), self.serial)
    }

    fn shared(&mut self) -> Arc<str> {
        Arc::from(self.text())
    }

    fn symbol(&mut self) -> SymbolId {
        SymbolId::at(usize::try_from(self.random.below(4)).unwrap())
    }

    fn order_id(&mut self) -> OrderId {
        OrderId(self.random.next())
    }

    fn side(&mut self) -> Side {
        self.pick(&["side buy", "side sell"], |_, form| {
            [Side::Buy, Side::Sell][form]
        })
    }

    fn direction(&mut self) -> Direction {
        self.pick(&["long", "short"], |_, form| {
            [Direction::Long, Direction::Short][form]
        })
    }

    fn watched(&mut self) -> Watched {
        self.pick(&["watched contract", "watched mark"], |_, form| {
            [Watched::Contract, Watched::Mark][form]
        })
    }

    fn cause(&mut self) -> HaltCause {
        self.pick(&["halt daily loss", "halt operator"], |_, form| {
            [HaltCause::DailyLoss, HaltCause::Operator][form]
        })
    }

    pub(crate) fn listed(&mut self, place: usize) -> Listed {
        let symbol = Symbol::new(NAMES[place]);
        let instrument = Instrument {
            symbol: symbol.clone(),
            tick: self.price(),
            step: self.qty(),
            qty_min: self.qty(),
            market_qty_max: self.qty(),
            notional_min: self.money(),
            liquidation_fee: self.rate(),
            brackets: self.list(|maker| Bracket {
                floor: maker.money(),
                cap: maker.money(),
                maintenance: maker.rate(),
                deduction: maker.money(),
            }),
            delisted: self.maybe(Self::time),
        };
        Listed { symbol, instrument }
    }

    fn kind(&mut self) -> OrderKind {
        const FORMS: [&str; 5] = ["market", "limit", "stop", "take profit", "trail"];
        self.pick(&FORMS, |maker, form| match form {
            0 => OrderKind::Market,
            1 => OrderKind::Limit {
                price: maker.price(),
                post_only: maker.flag(),
            },
            2 => OrderKind::Stop {
                trigger: maker.price(),
                watched: maker.watched(),
            },
            3 => OrderKind::TakeProfit {
                trigger: maker.price(),
                watched: maker.watched(),
            },
            _ => OrderKind::Trail {
                activation: maker.price(),
                callback: maker.rate(),
                watched: maker.watched(),
            },
        })
    }

    fn purpose(&mut self) -> Purpose {
        const FORMS: [&str; 10] = [
            "for entry",
            "for manual",
            "for stop loss",
            "for break even",
            "for trailing",
            "for target",
            "for time stop",
            "for risk signal",
            "for halt",
            "for unprotected",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Purpose::Entry,
            1 => Purpose::Manual,
            2 => Purpose::StopLoss,
            3 => Purpose::BreakEven,
            4 => Purpose::Trailing,
            5 => Purpose::TakeProfit(u8::try_from(maker.random.below(256)).unwrap()),
            6 => Purpose::TimeStop,
            7 => Purpose::RiskSignal,
            8 => Purpose::HaltFlatten,
            _ => Purpose::Unprotected,
        })
    }

    fn reject(&mut self) -> Reject {
        const FORMS: [&str; 13] = [
            "reject trigger",
            "reject nothing",
            "reject margin",
            "reject qty",
            "reject notional",
            "reject grid",
            "reject post only",
            "reject not trading",
            "reject stale",
            "reject end",
            "reject halted",
            "reject throttled",
            "reject other",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Reject::WouldTriggerNow,
            1 => Reject::NothingToReduce,
            2 => Reject::InsufficientMargin,
            3 => Reject::BelowQtyMin,
            4 => Reject::BelowNotionalMin,
            5 => Reject::OffGrid,
            6 => Reject::PostOnly,
            7 => Reject::NotTrading,
            8 => Reject::StaleData,
            9 => Reject::EndOfData,
            10 => Reject::Halted(maker.cause()),
            11 => Reject::Throttled {
                until: maker.time(),
            },
            _ => Reject::Other(
                i32::try_from(maker.random.between(i32::MIN.into(), i32::MAX.into())).unwrap(),
            ),
        })
    }

    fn request(&mut self) -> OrderRequest {
        OrderRequest {
            id: self.order_id(),
            symbol: self.symbol(),
            side: self.side(),
            kind: self.kind(),
            amount: self.pick(
                &["amount exact", "amount share", "amount all"],
                |maker, form| match form {
                    0 => Amount::Exact(maker.qty()),
                    1 => Amount::Share(maker.rate()),
                    _ => Amount::All,
                },
            ),
            reduce_only: self.flag(),
            purpose: self.purpose(),
            reference: self.maybe(Self::shared),
        }
    }

    fn plan(&mut self) -> ExitPlan {
        ExitPlan {
            stop: self.rate(),
            stop_watched: self.watched(),
            targets: self.list(|maker| Target {
                distance: maker.rate(),
                share: maker.rate(),
            }),
            target_watched: self.watched(),
            share_of: self.pick(&["share of initial", "share of rest"], |_, form| {
                [ShareOf::Initial, ShareOf::Remaining][form]
            }),
            trailing: self.maybe(|maker| TrailingPlan {
                activation: maker.rate(),
                callback: maker.rate(),
                watched: maker.watched(),
            }),
            break_even: self.maybe(Self::rate),
            hold_max: self.maybe(Self::span),
        }
    }

    fn fill(&mut self) -> Fill {
        Fill {
            trade: TradeId(self.random.next()),
            time: self.time(),
            side: self.side(),
            qty: self.qty(),
            price: self.price(),
            fee: self.money(),
            liquidity: self.pick(&["taker", "maker", "liquidation fee"], |_, form| {
                [Liquidity::Taker, Liquidity::Maker, Liquidity::Liquidation][form]
            }),
            realized: self.money(),
            insurance: self.money(),
            slippage: self.money(),
        }
    }

    fn reason(&mut self) -> Reason {
        self.pick(
            &[
                "reason order",
                "reason liquidation",
                "reason delisted",
                "reason end",
            ],
            |maker, form| match form {
                0 => Reason::Order(maker.purpose()),
                1 => Reason::Liquidation,
                2 => Reason::Delisted,
                _ => Reason::EndOfData,
            },
        )
    }

    fn position(&mut self) -> Position {
        Position {
            direction: self.direction(),
            qty: self.qty(),
            cost: self.notional(),
            isolated: self.money(),
        }
    }

    fn update(&mut self) -> OrderUpdate {
        const FORMS: [&str; 6] = [
            "update accepted",
            "update filled",
            "update rejected",
            "update canceled",
            "update no answer",
            "update report",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => OrderUpdate::Accepted,
            1 => OrderUpdate::Filled {
                fill: maker.fill(),
                total: maker.qty(),
                complete: maker.flag(),
            },
            2 => OrderUpdate::Rejected(maker.reject()),
            3 => OrderUpdate::Canceled { total: maker.qty() },
            4 => OrderUpdate::NoAnswer,
            _ => OrderUpdate::Report(maker.report()),
        })
    }

    fn report(&mut self) -> OrderReport {
        const FORMS: [&str; 5] = [
            "status unknown",
            "status working",
            "status filled",
            "status canceled",
            "status rejected",
        ];
        OrderReport {
            status: self.pick(&FORMS, |maker, form| match form {
                0 => OrderStatus::Unknown,
                1 => OrderStatus::Working,
                2 => OrderStatus::Filled,
                3 => OrderStatus::Canceled,
                _ => OrderStatus::Rejected(maker.reject()),
            }),
            fills: self.list(Self::fill),
        }
    }

    fn account(&mut self) -> AccountUpdate {
        const FORMS: [&str; 5] = [
            "opened",
            "day started",
            "funding",
            "closed",
            "floor reached",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => AccountUpdate::Opened {
                balance: maker.money(),
            },
            1 => AccountUpdate::DayStarted {
                equity: maker.notional(),
                wallet: maker.money(),
            },
            2 => AccountUpdate::Funding {
                symbol: maker.symbol(),
                amount: maker.money(),
            },
            3 => AccountUpdate::Closed {
                symbol: maker.symbol(),
                cause: maker.reason(),
                fill: maker.fill(),
            },
            _ => AccountUpdate::FloorReached {
                value: maker.notional(),
            },
        })
    }

    fn operator(&mut self) -> Operator {
        const FORMS: [&str; 5] = [
            "says halt",
            "says resume",
            "says close",
            "says cancel",
            "says order",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Operator::Halt,
            1 => Operator::Resume,
            2 => Operator::Close(maker.symbol()),
            3 => Operator::CancelAll(maker.symbol()),
            _ => Operator::Order(ManualOrder {
                symbol: maker.symbol(),
                side: maker.side(),
                kind: maker.kind(),
                qty: maker.maybe(Self::qty),
                reduce_only: maker.flag(),
                bracket: maker.maybe(|maker| Arc::new(maker.plan())),
                reference: maker.maybe(Self::shared),
            }),
        })
    }

    pub(crate) fn event(&mut self) -> Event {
        const FORMS: [&str; 7] = [
            "event signal",
            "event order",
            "event account",
            "event snapshot",
            "event link",
            "event wake",
            "event operator",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Event::Signal {
                signal: Signal {
                    id: maker.shared(),
                    kind: SignalType(u16::try_from(maker.random.below(65_536)).unwrap()),
                    symbol: maker.symbol(),
                    event_time: maker.time(),
                    received_time: maker.time(),
                },
                quote: Quote {
                    mark: maker.maybe(Self::price),
                    trading: maker.flag(),
                    wallet: maker.money(),
                    equity: maker.notional(),
                    available: maker.money(),
                },
            },
            1 => Event::Order {
                id: maker.order_id(),
                update: maker.update(),
            },
            2 => Event::Account(maker.account()),
            3 => Event::Snapshot(Snapshot {
                positions: maker.list(|maker| HeldPosition {
                    symbol: maker.symbol(),
                    direction: maker.direction(),
                    qty: maker.qty(),
                }),
                working: maker.list(Self::order_id),
            }),
            4 => Event::Link(maker.pick(&["link down", "link up"], |_, form| {
                [Link::Down, Link::Up][form]
            })),
            5 => Event::Wake,
            _ => Event::Operator(maker.operator()),
        })
    }

    fn pair(&mut self) -> Confluence {
        Confluence {
            symbol: self.symbol(),
            alpha: self.shared(),
            fomo: self.shared(),
            gap: self.span(),
            score: Score {
                total: self.rate(),
                proximity: self.rate(),
                strength: self.rate(),
                freshness: self.rate(),
            },
        }
    }

    fn gate(&mut self) -> Gate {
        const FORMS: [&str; 13] = [
            "gate not trading",
            "gate halted",
            "gate daily loss",
            "gate daily trades",
            "gate in position",
            "gate pending",
            "gate cooldown",
            "gate no price",
            "gate cap",
            "gate margin",
            "gate risk",
            "gate qty",
            "gate notional",
        ];
        const ALL: [Gate; 13] = [
            Gate::NotTrading,
            Gate::Halted,
            Gate::DailyLoss,
            Gate::DailyTrades,
            Gate::InPosition,
            Gate::PendingEntry,
            Gate::Cooldown,
            Gate::NoPrice,
            Gate::TotalCap,
            Gate::InsufficientMargin,
            Gate::OpenRisk,
            Gate::BelowQtyMin,
            Gate::BelowNotionalMin,
        ];
        self.pick(&FORMS, |_, form| ALL[form])
    }

    fn ignored(&mut self) -> Ignored {
        const FORMS: [&str; 6] = [
            "ignored duplicate",
            "ignored type",
            "ignored future",
            "ignored stale",
            "ignored flat",
            "ignored no profit",
        ];
        const ALL: [Ignored; 6] = [
            Ignored::Duplicate,
            Ignored::UnknownType,
            Ignored::Future,
            Ignored::Stale,
            Ignored::RiskFlat,
            Ignored::RiskNotInProfit,
        ];
        self.pick(&FORMS, |_, form| ALL[form])
    }

    pub(crate) fn note(&mut self) -> Note {
        const FORMS: [&str; 9] = [
            "note confluence",
            "note ignored",
            "note low score",
            "note refused",
            "note halted",
            "note resumed",
            "note targets",
            "note unprotected",
            "note surprise",
        ];
        const WHATS: [&str; 3] = [
            "news of an order that is not ours",
            "a \"quoted\" sentence",
            "",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Note::Confluence(maker.pair()),
            1 => Note::Ignored {
                id: maker.shared(),
                reason: maker.ignored(),
            },
            2 => Note::LowScore {
                id: maker.shared(),
                pair: maker.pair(),
            },
            3 => Note::Refused {
                symbol: maker.symbol(),
                reference: maker.shared(),
                gate: maker.gate(),
            },
            4 => Note::Halted(maker.cause()),
            5 => Note::Resumed,
            6 => Note::TargetsDropped {
                symbol: maker.symbol(),
                levels: u8::try_from(maker.random.below(256)).unwrap(),
            },
            7 => Note::Unprotected {
                symbol: maker.symbol(),
            },
            _ => Note::Surprise {
                order: maker.maybe(Self::order_id),
                what: WHATS[usize::try_from(maker.random.below(3)).unwrap()],
            },
        })
    }

    fn said(&mut self) -> SaidCommand {
        const FORMS: [&str; 7] = [
            "submit", "cancel", "query", "resync", "halt", "release", "watch",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => SaidCommand::Submit(maker.request()),
            1 => SaidCommand::Cancel(maker.order_id()),
            2 => SaidCommand::Query(maker.order_id()),
            3 => SaidCommand::Resync,
            4 => SaidCommand::Halt(maker.cause()),
            5 => SaidCommand::Release,
            _ => SaidCommand::Watch(maker.maybe(|maker| Floor {
                basis: maker.pick(&["basis equity", "basis wallet"], |_, form| {
                    [FloorBasis::Equity, FloorBasis::Wallet][form]
                }),
                level: maker.notional(),
            })),
        })
    }

    fn trade(&mut self) -> Trade {
        Trade {
            symbol: self.symbol(),
            direction: self.direction(),
            entry_time: self.time(),
            exit_time: self.time(),
            qty: self.qty(),
            entry_cost: self.notional(),
            exit_quote: self.notional(),
            realized: self.money(),
            fees: self.money(),
            funding: self.money(),
            insurance: self.money(),
            slippage: self.money(),
            exits: self.list(Self::reason),
            entry_reason: self.reason(),
            reference: self.maybe(Self::shared),
            initial_risk: self.maybe(Self::notional),
            mae_price: self.price(),
            mfe_price: self.price(),
            ambiguous_bars: u32::try_from(self.random.below(1 << 32)).unwrap(),
        }
    }

    fn line(&mut self) -> LedgerEntry {
        const FORMS: [&str; 6] = [
            "ledger deposit",
            "ledger fee",
            "ledger pnl",
            "ledger funding",
            "ledger liquidation",
            "ledger insurance",
        ];
        const ALL: [LedgerKind; 6] = [
            LedgerKind::Deposit,
            LedgerKind::Fee,
            LedgerKind::RealizedPnl,
            LedgerKind::Funding,
            LedgerKind::LiquidationFee,
            LedgerKind::InsuranceCredit,
        ];
        LedgerEntry {
            time: self.time(),
            symbol: self.maybe(Self::symbol),
            kind: self.pick(&FORMS, |_, form| ALL[form]),
            amount: self.money(),
        }
    }

    /// Any entry but a boot, which has its own door.
    pub(crate) fn entry(&mut self) -> Entry {
        const FORMS: [&str; 12] = [
            "stopped", "taken", "heard", "noted", "said", "ledger", "trade", "step", "rollover",
            "bar", "alarm", "operator",
        ];
        self.pick(&FORMS, |maker, form| match form {
            0 => Entry::Stopped {
                clean: maker.flag(),
            },
            1 => maker.taken(),
            2 => Entry::Heard(maker.event()),
            3 => Entry::Noted(maker.note()),
            4 => Entry::Said(maker.said()),
            5 => Entry::Ledger(maker.line()),
            6 => Entry::Trade(maker.trade()),
            7 => Entry::Step {
                at: maker.time(),
                rank: u8::try_from(maker.random.below(256)).unwrap(),
                wallet: maker.money(),
                symbol: maker.symbol(),
                position: maker.maybe(Self::position),
            },
            8 => Entry::Rollover {
                at: maker.time(),
                equity: maker.notional(),
            },
            9 => Entry::Bar {
                symbol: maker.symbol(),
                open_time: maker.time(),
                open: maker.price(),
                high: maker.price(),
                low: maker.price(),
                close: maker.price(),
                volume: maker.qty(),
                mark: maker
                    .maybe(|maker| [maker.price(), maker.price(), maker.price(), maker.price()]),
            },
            10 => Entry::Alarm {
                code: maker.text(),
                text: maker.text(),
            },
            _ => Entry::Operator {
                who: maker.text(),
                what: maker.text(),
            },
        })
    }

    /// The trader hears a signal of this id.
    pub(crate) fn heard_signal(&mut self, wanted: &str) -> Entry {
        loop {
            if let Event::Signal { mut signal, quote } = self.event() {
                signal.id = Arc::from(wanted);
                return Entry::Heard(Event::Signal { signal, quote });
            }
        }
    }

    pub(crate) fn taken(&mut self) -> Entry {
        let mut hash = [0; 32];
        for byte in &mut hash {
            *byte = u8::try_from(self.random.below(256)).unwrap();
        }
        Entry::Taken {
            id: self.id(),
            source: self.text(),
            hash,
            text: self.text(),
            arrived: self.time(),
        }
    }
}
