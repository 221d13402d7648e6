//! What comes first at one instant, and what equality means at the edges of days and limits: one test for each sentence
//! (T6, T8, S13–S15).

use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::event::{AccountUpdate, Event, Note, Operator, OrderUpdate};
use confluence::domain::instrument::{Bracket, Instrument};
use confluence::domain::num::{Money, Qty, Rate};
use confluence::domain::order::{HaltCause, Reject};
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::{Symbol, SymbolId, Symbols};
use confluence::domain::time::{Span, Timestamp};
use confluence::exchange::history::{Engine, Outcome, World};
use confluence::market::tape::{FundingRecord, Series, Tape};
use confluence::trader::rules::{HaltAction, HaltBasis, Rules};

use crate::support::{MINUTE, price, rate, run, usual_model, usual_rules};

/// Minutes at 100.00 from `from` on, where not said otherwise; up to three symbols that all see the same prices.
struct Scene {
    from: &'static str,
    minutes: usize,
    /// Minute, and open, high, low, close in cents.
    bars: Vec<(usize, [i64; 4])>,
    /// Symbol and time of each confluence.
    pairs: Vec<(usize, &'static str)>,
    funding: Vec<(&'static str, &'static str)>,
    script: Vec<(&'static str, Operator)>,
    rules: Rules,
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn scene(from: &'static str, minutes: usize) -> Scene {
    let mut rules = usual_rules();
    rules.terms.maker = Rate::ZERO;
    rules.terms.taker = Rate::ZERO;
    Scene {
        from,
        minutes,
        bars: Vec::new(),
        pairs: Vec::new(),
        funding: Vec::new(),
        script: Vec::new(),
        rules,
    }
}

fn instrument(name: &str) -> Instrument {
    let money = |units: i64| Money::from_steps(units * 100_000_000);
    Instrument {
        symbol: Symbol::new(name),
        tick: price(1_000_000),
        step: Qty::from_steps(100_000).unwrap(),
        qty_min: Qty::from_steps(100_000).unwrap(),
        market_qty_max: Qty::from_steps(1_000_000 * 100_000_000).unwrap(),
        notional_min: money(5),
        liquidation_fee: rate("0.0125"),
        brackets: vec![Bracket {
            floor: money(0),
            cap: money(1_000_000),
            maintenance: rate("0.004"),
            deduction: money(0),
        }],
        delisted: None,
    }
}

impl Scene {
    fn series(&self) -> Series {
        let start = time(self.from);
        let mut bars = Bars::new(Span::from_millis(MINUTE));
        let mut last = 10_000;
        for minute in 0..self.minutes {
            let own = self.bars.iter().find(|(at, _)| *at == minute);
            let [open, high, low, close] = own.map_or([last; 4], |(_, prices)| *prices);
            let cents = |cents: i64| price(cents * 1_000_000);
            bars.push(Bar {
                open_time: start + Span::from_millis(MINUTE * i64::try_from(minute).unwrap()),
                open: cents(open),
                high: cents(high),
                low: cents(low),
                close: cents(close),
                volume: Qty::from_steps(100_000_000).unwrap(),
            })
            .unwrap();
            last = close;
        }
        let record = |(at, text): &(&str, &str)| FundingRecord {
            time: time(at),
            rate: rate(text),
            mark: None,
        };
        Series::new(bars, &[], None, self.funding.iter().map(record).collect())
    }

    /// Runs it both ways.
    fn play(&self) -> (Outcome, EventLog) {
        let names = ["AAAUSDT", "BBBUSDT", "CCCUSDT"];
        let series = self.series();
        let legs = self
            .pairs
            .iter()
            .enumerate()
            .flat_map(|(index, (symbol, at))| {
                [(SignalType::ALPHA, "a"), (SignalType::FOMO, "f")].map(|(kind, leg)| Signal {
                    id: Arc::from(format!("{index}{leg}")),
                    kind,
                    symbol: SymbolId::at(*symbol),
                    event_time: time(at),
                    received_time: time(at),
                })
            });
        let mut signals: Vec<Signal> = legs.collect();
        signals.sort_by(|one, other| one.order_key().cmp(&other.order_key()));
        let world = Arc::new(World {
            tape: Arc::new(Tape {
                symbols: Symbols::new(names.map(Symbol::new)).unwrap(),
                instruments: names.map(instrument).to_vec(),
                series: vec![Some(series); names.len()],
            }),
            signals,
            script: self
                .script
                .iter()
                .map(|(at, said)| (time(at), said.clone()))
                .collect(),
            trades: Arc::default(),
        });
        let model = usual_model(self.rules.terms);
        let (outcome, log) = run(&world, &self.rules, &model, Engine::Skip);
        let (_, step) = run(&world, &self.rules, &model, Engine::Step);
        assert_eq!(log.hash(), step.hash());
        (outcome, log)
    }
}

/// `(time, gate)` of each refusal.
fn refusals(log: &EventLog) -> Vec<(String, &'static str)> {
    let rows = log.rows().iter();
    rows.filter_map(|(at, row)| match row {
        Row::Noted(Note::Refused { gate, .. }) => Some((at.to_text(), gate.name())),
        _ => None,
    })
    .collect()
}

fn rejects(log: &EventLog) -> Vec<Reject> {
    let rows = log.rows().iter();
    rows.filter_map(|(_, row)| match row {
        Row::Heard(Event::Order {
            update: OrderUpdate::Rejected(reject),
            ..
        }) => Some(*reject),
        _ => None,
    })
    .collect()
}

/// Halts and their ends with their times, and the days with their equity.
fn days(log: &EventLog) -> Vec<String> {
    let rows = log.rows().iter();
    rows.filter_map(|(at, row)| match row {
        Row::Noted(Note::Halted(cause)) => Some(format!("{at} halted {}", cause.name())),
        Row::Noted(Note::Resumed) => Some(format!("{at} resumed")),
        Row::Heard(Event::Account(AccountUpdate::DayStarted { equity, .. })) => {
            Some(format!("{at} day {equity}"))
        }
        Row::Heard(Event::Account(AccountUpdate::Funding { amount, .. })) => {
            Some(format!("{at} funding {amount}"))
        }
        _ => None,
    })
    .collect()
}

fn exits(outcome: &Outcome) -> Vec<Vec<String>> {
    let reasons = |trade: &confluence::domain::fill::Trade| {
        trade.exits.iter().map(ToString::to_string).collect()
    };
    outcome.trades.iter().map(reasons).collect()
}

#[test]
fn a_position_opened_at_the_funding_instant_pays_none_and_one_held_into_it_pays() {
    let mut paid = Vec::new();
    for (entered, low) in [
        ("2026-03-01T08:00:00Z", 10_000),
        ("2026-03-01T07:59:59.999Z", 10_000),
        ("2026-03-01T07:59:00Z", 10_000),
        ("2026-03-01T07:58:00Z", 10_000),
        ("2026-03-01T07:58:00Z", 9_600),
    ] {
        let mut scene = scene("2026-03-01T07:50:00Z", 20);
        scene.pairs.push((0, entered));
        scene.funding.push(("2026-03-01T08:00:00Z", "0.0001"));
        // The bar of 07:59 ends at the settlement.
        scene.bars.push((9, [10_000, 10_000, low, 10_000]));
        let (outcome, _) = scene.play();
        assert_eq!(outcome.trades.len(), 1);
        paid.push(outcome.trades[0].funding.to_string());
    }
    // 30 units at 100: 0.3 USDT.
    assert_eq!(paid, ["0", "0", "-0.3", "-0.3", "0"]);
}

#[test]
fn a_gapped_stop_fires_before_a_manual_exit_of_the_same_instant() {
    let mut scene = scene("2026-03-01T07:50:00Z", 20);
    scene.pairs.push((0, "2026-03-01T07:52:00Z"));
    scene.bars.push((8, [9_000, 9_050, 8_950, 9_000]));
    scene
        .script
        .push(("2026-03-01T07:58:00Z", Operator::Close(SymbolId::at(0))));
    let (outcome, log) = scene.play();
    assert_eq!(exits(&outcome), [["sl"]]);
    assert_eq!(outcome.trades[0].exit_time, time("2026-03-01T07:58:00Z"));
    assert_eq!(
        outcome.trades[0].exit_quote.to_string(),
        "2700",
        "30 at the open, 90"
    );
    assert_eq!(rejects(&log), [Reject::NothingToReduce]);
    // A minute earlier the hand is first.
    scene.script[0].0 = "2026-03-01T07:57:00Z";
    let (outcome, log) = scene.play();
    assert_eq!(exits(&outcome), [["script"]]);
    assert_eq!(rejects(&log), []);
}

#[test]
fn funding_at_midnight_belongs_to_the_new_day() {
    let mut scene = scene("2026-03-01T23:50:00Z", 20);
    scene.pairs = vec![(0, "2026-03-01T23:52:00Z"), (1, "2026-03-02T00:05:00Z")];
    scene.funding.push(("2026-03-02T00:00:00Z", "0.02"));
    scene.rules.daily.loss_max = rate("0.005");
    let (_, log) = scene.play();
    // 60 USDT of 10,000 is more than half a percent: the new day is halted, and its start knows nothing of it.
    assert_eq!(
        days(&log),
        [
            "2026-03-02T00:00:00.000Z day 10000",
            "2026-03-02T00:00:00.000Z funding -60",
            "2026-03-02T00:00:00.000Z halted daily_loss",
        ]
    );
    assert_eq!(
        refusals(&log),
        [("2026-03-02T00:05:00.000Z".to_owned(), "daily_loss")]
    );
}

#[test]
fn a_fill_inside_the_last_minute_belongs_to_the_old_day() {
    let mut scene = scene("2026-03-01T23:50:00Z", 20);
    scene.pairs = vec![(0, "2026-03-01T23:52:00Z"), (1, "2026-03-02T00:00:00Z")];
    scene.bars.push((9, [10_000, 10_000, 9_600, 10_000]));
    scene.rules.daily.loss_max = rate("0.005");
    scene.rules.daily.trades_max = 1;
    let (outcome, log) = scene.play();
    assert_eq!(
        outcome.trades[0].exit_time,
        time("2026-03-01T23:59:59.999Z")
    );
    // 90 USDT lost at the stop: the old day halts at its last instant and the new one begins without a halt.
    assert_eq!(
        days(&log),
        [
            "2026-03-02T00:00:00.000Z halted daily_loss",
            "2026-03-02T00:00:00.000Z day 9910",
            "2026-03-02T00:00:00.000Z resumed",
        ]
    );
    assert_eq!(
        refusals(&log),
        [],
        "neither the halt nor the count of the old day stands"
    );
    assert_eq!(outcome.trades.len(), 2);
}

#[test]
fn a_loss_equal_to_the_limit_halts_and_one_tick_less_does_not() {
    for (basis, close, halted) in [
        (HaltBasis::Equity, 9_500, true),
        (HaltBasis::Equity, 9_501, false),
        (HaltBasis::Equity, 9_499, true),
        (HaltBasis::Realized, 9_500, true),
        (HaltBasis::Realized, 9_501, false),
    ] {
        let mut scene = scene("2026-03-01T07:50:00Z", 20);
        scene.pairs = vec![(0, "2026-03-01T07:52:00Z"), (1, "2026-03-01T07:58:00Z")];
        scene.bars.push((6, [10_000, 10_000, close, close]));
        scene.rules.terms.leverage = 10;
        scene.rules.daily.halt_basis = basis;
        scene.rules.exits.targets.clear();
        // 100 units: 5 USDT a unit is 500 of 10,000. Realised needs the stop at that price, equity needs none near.
        scene.rules.exits.stop = match basis {
            HaltBasis::Equity => rate("0.08"),
            HaltBasis::Realized if close == 9_500 => rate("0.05"),
            HaltBasis::Realized => rate("0.0499"),
        };
        let (_, log) = scene.play();
        let what = format!("{basis:?} at {close}");
        let halt = "2026-03-01T07:57:00.000Z halted daily_loss".to_owned();
        assert_eq!(
            days(&log).contains(&halt),
            halted,
            "{what}: {:?}",
            days(&log)
        );
        let refused = ("2026-03-01T07:58:00.000Z".to_owned(), "daily_loss");
        assert_eq!(refusals(&log).contains(&refused), halted, "{what}");
    }
}

#[test]
fn flattening_at_the_limit_leaves_at_the_next_open() {
    let mut scene = scene("2026-03-01T07:50:00Z", 20);
    scene.pairs = vec![(0, "2026-03-01T07:52:00Z"), (2, "2026-03-01T07:53:00Z")];
    scene.bars.push((6, [10_000, 10_000, 9_700, 9_700]));
    scene.rules.exits.stop = rate("0.08");
    scene.rules.daily.loss_max = rate("0.01");
    scene.rules.daily.halt_action = HaltAction::Flatten;
    let (outcome, log) = scene.play();
    assert_eq!(exits(&outcome), [["halt_flatten"], ["halt_flatten"]]);
    let stamp = time("2026-03-01T07:57:00Z");
    assert!(outcome.trades.iter().all(|trade| trade.exit_time == stamp));
    assert_eq!(
        days(&log),
        [format!("{stamp} halted {}", HaltCause::DailyLoss.name())]
    );
}

#[test]
fn the_cooldown_ends_with_its_last_millisecond() {
    // The stop fills inside 07:54, stamped 07:54:59.999; with a minute's cooldown 07:55:59.999 is free again.
    for (again, free) in [
        ("2026-03-01T07:55:00Z", false),
        ("2026-03-01T07:55:59.998Z", false),
        ("2026-03-01T07:55:59.999Z", true),
        ("2026-03-01T07:56:00Z", true),
    ] {
        let mut scene = scene("2026-03-01T07:50:00Z", 20);
        scene.pairs = vec![
            (0, "2026-03-01T07:52:00Z"),
            (0, again),
            (1, "2026-03-01T07:55:00Z"),
        ];
        scene.bars.push((4, [10_000, 10_000, 9_600, 10_000]));
        scene.rules.cooldown = Span::from_millis(60_000);
        let (outcome, log) = scene.play();
        assert_eq!(outcome.trades.len(), if free { 3 } else { 2 }, "{again}");
        let cold: Vec<_> = refusals(&log).into_iter().map(|(_, gate)| gate).collect();
        assert_eq!(
            cold,
            if free { vec![] } else { vec!["cooldown"] },
            "{again}"
        );
    }
}

#[test]
fn entries_of_a_day_are_counted_by_their_fill() {
    let play = |pairs: &[(usize, &'static str)]| {
        let mut scene = scene("2026-03-01T23:50:00Z", 20);
        scene.pairs = pairs.to_vec();
        scene.rules.daily.trades_max = 1;
        refusals(&scene.play().1)
    };
    let refused = |at: &str| vec![(at.to_owned(), "daily_trades")];
    // Filled at 23:59: the day is full until midnight, and midnight itself is free.
    assert_eq!(
        play(&[(0, "2026-03-01T23:59:00Z"), (1, "2026-03-01T23:59:59.999Z")]),
        refused("2026-03-01T23:59:59.999Z")
    );
    assert_eq!(
        play(&[(0, "2026-03-01T23:59:00Z"), (1, "2026-03-02T00:00:00Z")]),
        []
    );
    // Pending over midnight: it counts where it waits, and where it fills.
    assert_eq!(
        play(&[(0, "2026-03-01T23:59:00.001Z"), (1, "2026-03-01T23:59:30Z")]),
        refused("2026-03-01T23:59:30.000Z")
    );
    assert_eq!(
        play(&[(0, "2026-03-01T23:59:00.001Z"), (1, "2026-03-02T00:00:00Z")]),
        refused("2026-03-02T00:00:00.000Z"),
        "at midnight it is still pending: signals come before arrivals"
    );
    assert_eq!(
        play(&[(0, "2026-03-01T23:59:00.001Z"), (1, "2026-03-02T00:03:00Z")]),
        refused("2026-03-02T00:03:00.000Z")
    );
}
