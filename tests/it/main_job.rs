//! The main job on real recordings: the messages of 2026-01-01 against the prices of those hours, and the strategy
//! over every real 1-minute series.
//!
//! The figures of the RIVER trade are worked out here once more, from the raw files and in decimals.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::backtest::prepare::{Prepared, Sources, prepare};
use confluence::domain::event::{AccountUpdate, Command, Event, Note};
use confluence::domain::fill::Trade;
use confluence::domain::order::Purpose;
use confluence::domain::random::Random;
use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::exchange::history::{Engine, Outcome};
use confluence::market::signals::write_csv;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use flate2::read::GzDecoder;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use crate::binary::{files, json, say, shared, sim, table};
use crate::support::run;

const MESSAGES: &str = "signals/valuescan_ai_messages_20260101.json";

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn to_tick(price: Decimal, tick: Decimal, up: bool) -> Decimal {
    let ticks = price / tick;
    let whole = if up { ticks.ceil() } else { ticks.floor() };
    (whole * tick).normalize()
}

fn fee(price: Decimal, qty: Decimal) -> Decimal {
    (price * qty * dec("0.0005")).round_dp_with_strategy(8, RoundingStrategy::AwayFromZero)
}

#[test]
fn the_four_confluences_of_the_recorded_messages_are_found() {
    let Some(data) = shared() else { return };
    let found = json(
        sim()
            .args(["signals", "check", "--signals"])
            .arg(data.join(MESSAGES)),
    );
    let pairs: Vec<(&str, &str, i64, f64)> = found["confluences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            (
                pair["symbol"].as_str().unwrap(),
                pair["time"].as_str().unwrap(),
                pair["gap_ms"].as_i64().unwrap(),
                pair["score"].as_f64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [
            ("ZBTUSDT", "2026-01-01T02:40:22.000Z", 0, 0.94),
            ("LIGHTUSDT", "2026-01-01T03:55:22.000Z", 0, 0.94),
            ("LYNUSDT", "2026-01-01T06:15:34.000Z", 0, 0.94),
            ("RIVERUSDT", "2026-01-01T07:15:20.000Z", 0, 0.94),
        ]
    );
    let near = found["near_misses"].as_array().unwrap();
    let river = |miss: &&Value| {
        miss["alpha_id"] == "43646" && miss["fomo_id"] == "43648" && miss["gap_ms"] == 303_000
    };
    assert_eq!(near.iter().filter(river).count(), 1, "{near:?}");
    let ignored = found["ignored"].as_array().unwrap().len();
    assert_eq!(ignored, 100 - 42, "100 messages, 42 of them legs");
    println!(
        "signals check: {} confluences, {} near misses, {ignored} ignored",
        pairs.len(),
        near.len()
    );
}

/// One bar of the raw file.
struct RawBar {
    time: i64,
    open: Decimal,
    high: Decimal,
    low: Decimal,
}

fn river_bars(data: &Path) -> Vec<RawBar> {
    let text = unzip(&data.join("klines/um-1m/RIVERUSDT-1m-h.csv.gz"));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("open_time,open,high,low,close,volume"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            RawBar {
                time: cells[0].parse().unwrap(),
                open: dec(cells[1]),
                high: dec(cells[2]),
                low: dec(cells[3]),
            }
        })
        .collect()
}

/// Tick and step of RIVER as the exchange gave them nearest before the run.
fn river_steps(data: &Path) -> (Decimal, Decimal) {
    let path = data.join("exchange-info/um-testnet-exchangeInfo-2025-12-24.json.gz");
    let info: Value = serde_json::from_str(&unzip(&path)).unwrap();
    let symbols = info["symbols"].as_array().unwrap();
    let river = symbols
        .iter()
        .find(|entry| entry["symbol"] == "RIVERUSDT")
        .unwrap();
    let filter = |kind: &str, field: &str| {
        let filters = river["filters"].as_array().unwrap();
        let found = filters.iter().find(|filter| filter["filterType"] == kind);
        dec(found.unwrap()[field].as_str().unwrap())
    };
    (
        filter("PRICE_FILTER", "tickSize"),
        filter("LOT_SIZE", "stepSize"),
    )
}

/// What the default configuration makes of the RIVER confluence, worked out slowly.
struct Worked {
    entry_time: i64,
    entry: Decimal,
    qty: Decimal,
    exit_time: i64,
    exit: Decimal,
    fees: Decimal,
    realized: Decimal,
}

/// Defaults: balance 10,000, 10 % margin, leverage 3, stop 3 %, targets 5 % and 10 %, latency 250 ms, half spread 1 bp,
/// slippage 2 bp, of stops 15 bp, taker 5 bp, pessimistic paths.
fn work_out(data: &Path) -> Worked {
    let (tick, step) = river_steps(data);
    let bars = river_bars(data);
    let decided = 1_767_251_720_000_i64; // 2026-01-01T07:15:20Z.
    let arrival = decided + 250;
    let row = bars.iter().position(|bar| bar.time >= arrival).unwrap();
    let known = bars
        .iter()
        .rposition(|bar| bar.time + 60_000 <= decided)
        .unwrap();
    // The close of the last completed minute sizes the order; the file's close is the fifth column.
    let text = unzip(&data.join("klines/um-1m/RIVERUSDT-1m-h.csv.gz"));
    let close = dec(text
        .lines()
        .nth(known + 1)
        .unwrap()
        .split(',')
        .nth(4)
        .unwrap());
    let budget = dec("1000").min(dec("10000") / dec("1.0015"));
    let qty = to_tick(budget * dec("3") / close, step, false);
    let entry = to_tick(bars[row].open * dec("1.0003"), tick, true);
    let stop = to_tick(entry * dec("0.97"), tick, false);
    let target = to_tick(entry * dec("1.05"), tick, true);
    let mut exit = None;
    for (index, bar) in bars[row..].iter().enumerate() {
        let gapped = index > 0 && bar.open <= stop;
        if gapped || bar.low <= stop {
            let reference = if gapped { bar.open } else { stop };
            let stamp = if gapped { bar.time } else { bar.time + 59_999 };
            exit = Some((stamp, to_tick(reference * dec("0.9984"), tick, false)));
            break;
        }
        assert!(
            bar.high < target,
            "the stop comes before the first target in this recording"
        );
    }
    let (exit_time, exit) = exit.unwrap();
    Worked {
        entry_time: bars[row].time,
        entry,
        qty,
        exit_time,
        exit,
        fees: fee(entry, qty) + fee(exit, qty),
        realized: (exit - entry) * qty,
    }
}

#[test]
fn the_recorded_messages_trade_river_and_say_why_the_others_have_no_price() {
    let Some(data) = shared() else { return };
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("run");
    let mut command = sim();
    command
        .args(["backtest", "--format", "json", "--signals"])
        .arg(data.join(MESSAGES))
        .arg("--data")
        .arg(&data)
        .arg("--out")
        .arg(&out);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("100 of 100 messages know only when they were published"),
        "one clock is said on stderr: {told}"
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let folder = files(&out);
    let trades = table(&folder["trades.csv"]);
    assert_eq!(trades.len(), 1);
    let worked = work_out(&data);
    let stamp = |millis| Timestamp::from_millis(millis).to_text();
    let trade = &trades[0];
    assert_eq!(trade["symbol"], "RIVERUSDT");
    assert_eq!(trade["direction"], "long");
    assert_eq!(trade["reference"], "43641+43642");
    assert_eq!(trade["exits"], "sl");
    assert_eq!(trade["entry_time"], stamp(worked.entry_time));
    assert_eq!(trade["exit_time"], stamp(worked.exit_time));
    assert_eq!(dec(&trade["qty"]), worked.qty);
    assert_eq!(dec(&trade["entry_cost_usdt"]), worked.entry * worked.qty);
    assert_eq!(dec(&trade["exit_quote_usdt"]), worked.exit * worked.qty);
    assert_eq!(dec(&trade["fees_usdt"]), worked.fees);
    assert_eq!(dec(&trade["realized_usdt"]), worked.realized);
    assert_eq!(
        dec(&trade["funding_usdt"]),
        Decimal::ZERO,
        "no full hour was held"
    );
    assert!(worked.entry_time / 3_600_000 == worked.exit_time / 3_600_000);
    let net = worked.realized - worked.fees;
    assert_eq!(dec(&trade["net_usdt"]), net);
    let fills = table(&folder["fills.csv"]);
    let prices: Vec<Decimal> = fills.iter().map(|fill| dec(&fill["price"])).collect();
    assert_eq!(prices, [worked.entry, worked.exit]);
    // The figures as a person reads them from the files, written down once.
    let by_hand = ["344.6", "8.64", "8.366", "2.9301338", "-97.3505338"].map(dec);
    assert_eq!(
        by_hand,
        [worked.qty, worked.entry, worked.exit, worked.fees, net]
    );
    let wallet = dec(summary["final_wallet_usdt"].as_str().unwrap());
    assert_eq!(wallet, dec("10000") + net);
    let ledger = table(&folder["ledger.csv"]);
    let sum: Decimal = ledger.iter().map(|entry| dec(&entry["amount_usdt"])).sum();
    assert_eq!(sum, wallet);

    others_have_no_price(&table(&folder["signals.csv"]), &summary);
    say(&format!(
        "main job: RIVER {} bought at {}, stopped at {}, net {net}; 3 confluences without a price",
        worked.qty, worked.entry, worked.exit
    ));
}

/// ZBT, LIGHT and LYN were recorded until 2025-12-31 only: each leg says so, and so do the cautions of the run.
fn others_have_no_price(signals: &[BTreeMap<String, String>], summary: &Value) {
    assert_eq!(signals.len(), 100, "one row for every message");
    let cautions: Vec<String> = summary["data_cautions"]
        .as_array()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut explained = 0;
    for (symbol, ids) in [
        ("ZBTUSDT", ["43560", "43561"]),
        ("LIGHTUSDT", ["43589", "43587"]),
        ("LYNUSDT", ["43624", "43625"]),
        ("RIVERUSDT", ["43641", "43642"]),
    ] {
        for id in ids {
            let row = signals.iter().find(|row| row["id"] == id).unwrap();
            assert_eq!(
                (
                    row["symbol"].as_str(),
                    row["alpha_id"].as_str(),
                    row["fomo_id"].as_str()
                ),
                (symbol, ids[0], ids[1])
            );
            let told = (row["verdict"].as_str(), row["price_in_time"].as_str());
            let wanted = if symbol == "RIVERUSDT" {
                ("traded", "yes")
            } else {
                explained += 1;
                ("no_price", "no_prices")
            };
            assert_eq!(told, wanted, "{id}");
        }
        let named = cautions.iter().any(|caution| caution.contains(symbol));
        assert_eq!(named, symbol != "RIVERUSDT", "{symbol}: {cautions:?}");
    }
    assert_eq!(explained, 6);
    assert!(
        cautions
            .iter()
            .any(|caution| caution.contains("37 of 42 signals of types that trade have no price")),
        "{cautions:?}"
    );
    let ignored = signals
        .iter()
        .filter(|row| row["verdict"] == "unknown_type");
    assert_eq!(ignored.count(), 58, "ignored types have their rows too");
}

/// A recording of 1-minute bars, as the table of the recordings says.
pub(crate) struct Stretch {
    pub(crate) symbol: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

pub(crate) fn stretches(data: &Path) -> Vec<Stretch> {
    let readme = std::fs::read_to_string(data.join("README.md")).unwrap();
    let rows = readme.lines().filter(|line| {
        line.starts_with("| `klines/um-1m/") || line.starts_with("| `klines/um-1m-archive/")
    });
    let found: Vec<Stretch> = rows
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let time = |cell: &str| Timestamp::parse(&format!("{}:00Z", cell.replace(' ', "T")));
            Stretch {
                symbol: cells[2].to_owned(),
                from: time(cells[4]).unwrap(),
                to: time(cells[5]).unwrap(),
            }
        })
        .collect();
    assert!(found.len() >= 34, "{} recordings of minutes", found.len());
    found
}

/// `2026-01` of an instant.
pub(crate) fn month(time: Timestamp) -> String {
    time.to_text()[..7].to_owned()
}

/// The first instant of the next month.
pub(crate) fn month_end(name: &str) -> Timestamp {
    let first = Timestamp::parse(&format!("{name}-01")).unwrap();
    let days = (27..=31).map(|days| first + Span::from_millis(days * DAY.millis()));
    days.into_iter().find(|day| month(*day) != *name).unwrap()
}

/// Pairs of Alpha and FOMO inside each recording, some intensified, some late: six a day.
pub(crate) fn pairs(stretches: &[Stretch], seed: u64) -> Vec<RawSignal> {
    let mut signals = Vec::new();
    for (index, stretch) in (0_u64..).zip(stretches) {
        let mut random = Random::stream(seed, &[200, index]);
        let length = (stretch.to - stretch.from).millis();
        let count = length * 6 / DAY.millis() + 1;
        for pair in 0..count {
            let time = stretch.from + Span::from_millis(random.between(0, length));
            let fomo = if random.one_in(5) {
                SignalType::FOMO_INTENSIFIED
            } else {
                SignalType::FOMO
            };
            let gap = if random.one_in(3) {
                0
            } else {
                random.between(0, 240_000)
            };
            let late = random.between(0, 20_000);
            for (kind, shift) in [(SignalType::ALPHA, 0), (fomo, gap)] {
                let event_time = time + Span::from_millis(shift);
                signals.push(RawSignal {
                    id: Arc::from(format!("{index}-{pair}-{}", kind.0)),
                    kind,
                    name: stretch.symbol.clone(),
                    event_time,
                    received_time: Some(event_time + Span::from_millis(late)),
                });
            }
        }
    }
    signals
}

/// What runs over real prices met.
#[derive(Default)]
struct Met {
    counts: BTreeMap<String, u64>,
}

impl Met {
    fn add(&mut self, what: impl Into<String>, by: u64) {
        *self.counts.entry(what.into()).or_default() += by;
    }

    fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    fn take(&mut self, outcome: &Outcome, log: &EventLog) {
        for trade in &outcome.trades {
            self.add("trades", 1);
            for exit in &trade.exits {
                self.add(format!("exit {exit}"), 1);
            }
        }
        let counters = &outcome.counters;
        self.add("bars in position", counters.bars_in_position);
        self.add("ambiguous bars", counters.ambiguous_bars);
        self.add("drilled bars", counters.drilled_bars);
        self.add("stale fills", counters.stale_fills);
        for (at, row) in log.rows() {
            match row {
                Row::Noted(Note::Confluence(_)) => self.add("confluences", 1),
                Row::Noted(Note::LowScore { .. }) => self.add("low scores", 1),
                Row::Noted(Note::Refused { gate, .. }) => {
                    self.add(format!("gate {}", gate.name()), 1);
                }
                Row::Noted(Note::Halted(cause)) => self.add(format!("halt {}", cause.name()), 1),
                Row::Noted(Note::Surprise { what, .. }) => panic!("{at}: surprise: {what}"),
                Row::Heard(Event::Account(AccountUpdate::Funding { .. })) => {
                    self.add("funding", 1);
                }
                Row::Said(Command::Submit(order)) if order.request().purpose == Purpose::Entry => {
                    self.add("entries", 1);
                }
                _ => {}
            }
        }
    }
}

/// One run over real prices: by steps, by skips, and by the built program.
struct RealRun<'a> {
    data: &'a Path,
    place: &'a Path,
    name: String,
    sets: Vec<String>,
    signals: Vec<RawSignal>,
}

impl RealRun<'_> {
    fn check(&self, met: &mut Met) {
        let file = self.place.join(format!("{}.csv", self.name));
        write_csv(&file, &self.signals).unwrap();
        let settings = Settings::load(&Layers {
            sets: self.sets.clone(),
            ..Layers::default()
        })
        .unwrap_or_else(|wrong| panic!("{}: {wrong}", self.name));
        let sources = Sources {
            signals: file.clone(),
            data: vec![self.data.to_owned()],
        };
        let prepared = prepare(&sources, &settings, &|_| {}).unwrap();
        let mut model = settings.model.clone();
        model.start = Some(prepared.window.from);
        let (step, step_log) = run(&prepared.world, &settings.rules, &model, Engine::Step);
        let (skip, skip_log) = run(&prepared.world, &settings.rules, &model, Engine::Skip);
        let first = step_log
            .rows()
            .iter()
            .zip(skip_log.rows())
            .find(|(one, other)| one != other);
        assert_eq!(
            step_log.hash(),
            skip_log.hash(),
            "{}: first difference {first:?}",
            self.name
        );
        assert_eq!(step.trades, skip.trades, "{}", self.name);
        assert_eq!(step.counters, skip.counters, "{}", self.name);
        assert_eq!(step.ledger, skip.ledger, "{}", self.name);
        met.take(&skip, &skip_log);
        met.add("gaps in position", over_gaps(&prepared, &skip));
        met.add("runs", 1);
        let mut command = sim();
        command.arg("backtest").arg("--signals").arg(&file);
        command.arg("--data").arg(self.data);
        command.arg("--out").arg(self.place.join(&self.name));
        for set in &self.sets {
            command.args(["--set", set]);
        }
        let summary = json(&mut command);
        assert_eq!(
            summary["event_log_blake3"],
            Value::from(skip_log.hash()),
            "{}: the program and the library disagree",
            self.name
        );
        assert_eq!(summary["trades"], Value::from(skip.trades.len()));
        let wallet = summary["final_wallet_usdt"].as_str().unwrap().to_owned();
        println!(
            "{}: {} messages, {} trades, wallet {wallet}",
            self.name,
            self.signals.len(),
            skip.trades.len()
        );
    }
}

/// Trades that were open over a hole in their prices.
fn over_gaps(prepared: &Prepared, outcome: &Outcome) -> u64 {
    let holes = |trade: &Trade| {
        let quality = &prepared.gate.symbols[trade.symbol.index()];
        let gaps = quality.bars.iter().flat_map(|bars| &bars.gaps);
        gaps.filter(|gap| trade.entry_time < gap.from && trade.exit_time >= gap.to)
            .count() as u64
    };
    outcome.trades.iter().map(holes).sum()
}

/// The options of each month in turn.
const VARIANTS: [&[&str]; 10] = [
    &[],
    &["exits.trailing.enabled=true", "exits.stop_pct=2"],
    &["entries.direction=short", "simulation.path_mode=nearest"],
    &[
        "account.margin_mode=cross",
        "account.leverage=10",
        "sizing.total_pct=90",
        "sizing.open_risk_max_pct=8",
    ],
    &[
        "exits.trailing.enabled=true",
        "exits.break_even.enabled=true",
        "exits.stop_pct=1",
        "exits.targets=[{distance_pct=1,share_pct=30},{distance_pct=2,share_pct=30},{distance_pct=4,share_pct=100}]",
        "exits.share_of=remaining",
        "exits.trailing.activation_pct=0.8",
        "exits.trailing.callback_pct=0.5",
        "simulation.path_mode=optimistic",
    ],
    &[
        "account.margin_mode=cross",
        "entries.direction=short",
        "account.leverage=20",
        "exits.stop_watched=mark",
        "exits.hold_max_s=14400",
        "simulation.latency_ms=0",
        "simulation.bracket_delay_ms=90000",
    ],
    &[
        "signals.role_112=both",
        "exits.break_even.enabled=true",
        "exits.targets=[{distance_pct=0.7,share_pct=50},{distance_pct=3,share_pct=100}]",
        "entries.cooldown_s=3600",
    ],
    &[
        "daily.halt_action=flatten",
        "daily.loss_max_pct=1",
        "account.leverage=10",
        "sizing.score_scaling=true",
    ],
    &[
        "account.leverage=50",
        "exits.stop_pct=20",
        "exits.targets=[{distance_pct=1.5,share_pct=100}]",
        "simulation.path_mode=close_dir",
        "sizing.position_pct=2",
        "daily.loss_max_pct=30",
    ],
    &[
        "entries.direction=short",
        "exits.trailing.enabled=true",
        "exits.trailing.watched=mark",
        "sizing.basis=notional",
        "daily.halt_basis=realized",
        "simulation.end_of_data=mark",
        "daily.trades_max=5",
    ],
];

#[test]
fn every_month_of_real_minutes_runs_the_same_by_steps_and_by_skips() {
    let Some(data) = shared() else { return };
    let place = tempfile::tempdir().unwrap();
    let stretches = stretches(&data);
    let all = pairs(&stretches, 1);
    let mut months: BTreeMap<String, Vec<RawSignal>> = BTreeMap::new();
    for signal in all {
        let received = signal.received_time.unwrap();
        months.entry(month(received)).or_default().push(signal);
    }
    let mut met = Met::default();
    let texts = |sets: &[&str]| -> Vec<String> { sets.iter().map(|&set| set.to_owned()).collect() };
    for (index, (name, signals)) in months.iter().enumerate() {
        let mut sets = vec![
            format!("run.from={name}-01"),
            format!("run.to={}", &month_end(name).to_text()[..10]),
            "data.interval=1m".to_owned(),
            "daily.trades_max=100".to_owned(),
        ];
        sets.extend(texts(VARIANTS[index % VARIANTS.len()]));
        let run = RealRun {
            data: &data,
            place: place.path(),
            name: name.clone(),
            sets,
            signals: signals.clone(),
        };
        run.check(&mut met);
    }
    assert_eq!(met.of("runs"), months.len() as u64);
    let per_month = met.of("confluences");
    drilled_months(&data, place.path(), &months, &mut met);
    over_the_holes(&data, place.path(), &stretches, &mut met);
    say(&format!(
        "real minutes: {} months and {} further runs, step = skip = the program; {per_month} confluences in the months; met {:?}",
        months.len(),
        met.of("runs") - months.len() as u64,
        met.counts
    ));
    assert!(per_month >= 5_000, "{per_month} confluences");
    for what in [
        "entries",
        "exit sl",
        "exit tp1",
        "exit tp2",
        "exit trailing",
        "exit break_even",
        "exit time_stop",
        "exit risk_signal",
        "exit halt_flatten",
        "exit liquidation",
        "exit end_of_data",
        "halt daily_loss",
        "funding",
        "ambiguous bars",
        "drilled bars",
        "stale fills",
        "gaps in position",
        "gate in_position",
        "gate total_cap",
        "gate open_risk",
        "gate daily_trades",
        "gate cooldown",
    ] {
        assert!(met.of(what) > 0, "{what} was never met: {:?}", met.counts);
    }
}

/// Named lengths: the minutes serve the drill-down.
fn drilled_months(
    data: &Path,
    place: &Path,
    months: &BTreeMap<String, Vec<RawSignal>>,
    met: &mut Met,
) {
    for (name, interval, symbols) in [
        ("2026-01", "5m", &["RIVERUSDT", "DOGEUSDT", "ZECUSDT"][..]),
        ("2025-12", "3m", &["RIVERUSDT"]),
        ("2025-11", "5m", &["DOTUSDT", "NEARUSDT", "RIVERUSDT"]),
        ("2025-06", "5m", &["BTCUSDT", "ETHUSDT"]),
    ] {
        let signals = months[name]
            .iter()
            .filter(|signal| symbols.contains(&signal.name.as_str()))
            .cloned();
        let mut sets = vec![
            format!("run.from={name}-01"),
            format!("run.to={}", &month_end(name).to_text()[..10]),
            format!("data.interval={interval}"),
        ];
        let tight = [
            "exits.stop_pct=0.6",
            "exits.targets=[{distance_pct=0.5,share_pct=50},{distance_pct=0.9,share_pct=100}]",
        ];
        sets.extend(tight.map(str::to_owned));
        let run = RealRun {
            data,
            place,
            name: format!("{name}-{interval}"),
            sets,
            signals: signals.collect(),
        };
        run.check(met);
    }
}

/// Entries shortly before a recording ends, held until the next one of the symbol begins (D1).
fn over_the_holes(data: &Path, place: &Path, stretches: &[Stretch], met: &mut Met) {
    let mut signals = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, stretch) in stretches.iter().enumerate() {
        let (first, last) = seen
            .entry(stretch.symbol.as_str())
            .or_insert((stretch.from, stretch.to));
        *first = (*first).min(stretch.from);
        *last = (*last).max(stretch.to);
        for (kind, name) in [(SignalType::ALPHA, "a"), (SignalType::FOMO, "f")] {
            let time = stretch.to - Span::from_millis(180_000);
            signals.push(RawSignal {
                id: Arc::from(format!("edge-{index}{name}")),
                kind,
                name: stretch.symbol.clone(),
                event_time: time,
                received_time: Some(time),
            });
        }
    }
    for (number, symbol) in ["DOGEUSDT", "SUIUSDT", "ZECUSDT", "BTCUSDT", "SOLUSDT"]
        .into_iter()
        .enumerate()
    {
        let own: Vec<RawSignal> = signals
            .iter()
            .filter(|signal| signal.name == symbol)
            .cloned()
            .collect();
        let (first, last) = seen[symbol];
        let mut sets = vec![
            format!("run.from={}", first.to_text()),
            format!("run.to={}", last.to_text()),
            "data.interval=1m".to_owned(),
            "account.leverage=1".to_owned(),
            "exits.stop_pct=60".to_owned(),
            "exits.targets=[{distance_pct=300,share_pct=100}]".to_owned(),
        ];
        if number % 2 == 1 {
            sets.push("exits.trailing.enabled=true".to_owned());
        }
        let run = RealRun {
            data,
            place,
            name: format!("hole-{symbol}"),
            sets,
            signals: own,
        };
        run.check(met);
    }
}
