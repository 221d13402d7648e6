//! The robustness battery (V11): the best configuration under other costs, delays, paths, times and signals; always the
//! same list.
//!
//! Not here: how costs, delays and paths are changed (`backtest::replays`).

use serde_json::{Value, json};

use crate::backtest::replays::{MULTIPLES, Variant, one_bar};
use crate::backtest::run::Canceled;
use crate::domain::random::Random;
use crate::domain::signal::Signal;
use crate::domain::symbol::SymbolId;
use crate::domain::time::{DAY, Span, Timestamp};
use crate::exchange::history::World;
use crate::exchange::model::PathMode;
use crate::market::window::Window;
use crate::report::format;
use crate::report::validation::Table;
use crate::stats::calendar;
use crate::stats::quantile;
use crate::sweep::figures::{Figures, METRICS};
use crate::sweep::worlds::Scene;
use crate::validate::engine;
use crate::validate::found::{Found, Part};
use crate::validate::progress::Tell;
use crate::validate::subject::Subject;

/// Later starts that are tried, in days.
const SHIFTS: i64 = 30;
/// Runs with signals missing.
const DROPS: u64 = 200;
/// Of each signal in them.
const DROPPED: f64 = 0.2;
/// Purpose of their streams (W2).
const PURPOSE: u64 = 5;
/// One trade in so many is left out as the best.
const BEST_OF: usize = 100;

/// One run of the battery.
enum Probe {
    /// Other assumptions.
    Changed(Variant),
    /// Without the symbol that gained most.
    Without(SymbolId),
    /// A part of the time.
    Part(Option<Scene>),
    /// So many days later.
    Later(i64),
    /// With signals missing.
    Dropped(u64),
}

/// What one run came to.
#[derive(Clone, Copy, Debug)]
struct Row {
    net: f64,
    total_return: Option<f64>,
    sharpe: Option<f64>,
    trades: Option<f64>,
}

impl Row {
    fn of(figures: &Figures) -> Option<Self> {
        let named = |name: &str| {
            let place = METRICS.iter().position(|metric| metric.name == name)?;
            figures.0[place]
        };
        Some(Self {
            net: named("net_usdt")?,
            total_return: named("total_return"),
            sharpe: named("sharpe"),
            trades: named("trades"),
        })
    }
}

/// The whole list.
///
/// # Errors
/// When the user stopped it.
pub fn battery(subject: &Subject<'_>, tell: &Tell<'_>) -> Result<Part, Canceled> {
    let probes = probes(subject);
    let run = |own: &mut World, index: usize| probe(subject, own, &probes[index].1);
    let begin = || (*subject.scene.world).clone();
    let rows = tell.all("robustness", probes.len(), (begin, run))?;
    let mut named: Vec<(String, Option<Row>)> = Vec::new();
    let (mut later, mut dropped) = (Vec::new(), Vec::new());
    for ((name, probe), row) in probes.iter().zip(rows) {
        match probe {
            Probe::Later(_) => later.extend(row),
            Probe::Dropped(_) => dropped.extend(row),
            Probe::Changed(_) | Probe::Without(_) | Probe::Part(_) => {
                named.push((name.clone(), row));
            }
        }
    }
    let place = named
        .iter()
        .position(|(name, _)| name.starts_with("without the symbol"));
    named.insert(place.unwrap_or(named.len()), without_best(subject));
    Ok(told(&named, (&later, &dropped)))
}

fn probes(subject: &Subject<'_>) -> Vec<(String, Probe)> {
    let bar = one_bar(&subject.scene.world);
    let mut probes: Vec<(String, Probe)> = Vec::new();
    for multiple in MULTIPLES {
        let probe = Probe::Changed(Variant::Costs(multiple));
        probes.push((format!("costs x{multiple}"), probe));
    }
    for bars in [0, 1, 3] {
        let added = Span::from_millis(bar.millis() * bars);
        let probe = Probe::Changed(Variant::Delay(added));
        probes.push((format!("{bars} bars later"), probe));
    }
    for path in PathMode::ALL {
        let probe = Probe::Changed(Variant::Path(path));
        probes.push((format!("path {}", path.name()), probe));
    }
    if let Some((symbol, name)) = best_symbol(subject) {
        probes.push((
            format!("without the symbol that gained most, {name}"),
            Probe::Without(symbol),
        ));
    }
    for (name, window) in stretches(subject) {
        let cut = subject.setup.worlds.within(window);
        let scene = cut.scene(&subject.best.values).cloned();
        probes.push((name, Probe::Part(scene)));
    }
    let (start, end) = (subject.outcome.start, subject.outcome.end);
    for days in 1..=SHIFTS {
        if start + Span::from_millis(days * DAY.millis()) < end {
            probes.push((format!("{days} days later"), Probe::Later(days)));
        }
    }
    for number in 0..DROPS {
        probes.push((format!("drop {number}"), Probe::Dropped(number)));
    }
    probes
}

/// Both halves and each calendar year.
fn stretches(subject: &Subject<'_>) -> Vec<(String, Window)> {
    let (start, end) = (subject.outcome.start, subject.outcome.end);
    let middle = Timestamp::from_millis(start.millis() + (end - start).millis() / 2);
    let halves = [("first half", start, middle), ("second half", middle, end)];
    let mut all: Vec<(String, Window)> = halves
        .map(|(name, from, to)| (name.to_owned(), Window { from, to }))
        .to_vec();
    let days = subject.days();
    for days in days.chunk_by(|one, other| calendar::year(*one) == calendar::year(*other)) {
        let last = days[days.len() - 1];
        let window = Window {
            from: days[0],
            to: last.next_day().min(end),
        };
        if window.from < window.to {
            all.push((format!("year {}", calendar::year(days[0])), window));
        }
    }
    all
}

fn best_symbol(subject: &Subject<'_>) -> Option<(SymbolId, String)> {
    let symbols = &subject.scene.world.tape.symbols;
    let net = |symbol: SymbolId| -> i64 {
        let own = subject
            .outcome
            .trades
            .iter()
            .filter(|trade| trade.symbol == symbol);
        own.map(|trade| trade.net().steps()).sum()
    };
    let traded = symbols.iter().filter(|(id, _)| {
        subject
            .outcome
            .trades
            .iter()
            .any(|trade| trade.symbol == *id)
    });
    let best = traded.max_by_key(|(id, _)| (net(*id), std::cmp::Reverse(*id)));
    best.map(|(id, name)| (id, name.to_string()))
}

fn probe(subject: &Subject<'_>, own: &mut World, probe: &Probe) -> Option<Row> {
    let scene = subject.scene;
    let (mut rules, mut model) = (subject.best.rules.clone(), subject.best.model.clone());
    let world: &World = match probe {
        Probe::Changed(variant) => {
            variant.lay(&mut rules, &mut model);
            &scene.world
        }
        Probe::Later(days) => {
            model.start = Some(scene.start + Span::from_millis(days * DAY.millis()));
            &scene.world
        }
        Probe::Part(part) => {
            let part = part.as_ref()?;
            model.start = Some(part.start);
            &part.world
        }
        Probe::Without(symbol) => with(own, scene, |signal| signal.symbol != *symbol),
        Probe::Dropped(number) => {
            let mut random = Random::stream(subject.seed, &[PURPOSE, *number]);
            with(own, scene, |_| random.unit() >= DROPPED)
        }
    };
    Row::of(&engine::figures_of(world, &rules, &model)?)
}

/// A world of one's own with some of the signals.
fn with<'w>(
    own: &'w mut World,
    scene: &Scene,
    mut stays: impl FnMut(&Signal) -> bool,
) -> &'w World {
    let signals = scene.world.signals.iter();
    own.signals = signals.filter(|signal| stays(signal)).cloned().collect();
    own
}

/// The run without the best of a hundred trades, at least one: what it gained less what they did.
fn without_best(subject: &Subject<'_>) -> (String, Option<Row>) {
    let mut nets: Vec<f64> = subject
        .outcome
        .trades
        .iter()
        .map(|trade| trade.net().to_f64())
        .collect();
    nets.sort_by(|one, other| other.total_cmp(one));
    let best = nets.len().div_ceil(BEST_OF);
    let net = subject.outcome.net(subject.balance()).to_f64() - nets.iter().take(best).sum::<f64>();
    let row = Row {
        net,
        total_return: Some(net / subject.balance().to_f64()),
        sharpe: None,
        trades: Some(crate::stats::figure::count(nets.len() - best)),
    };
    let name = format!("without the best {best} of {} trades", nets.len());
    (name, (!nets.is_empty()).then_some(row))
}

fn told(named: &[(String, Option<Row>)], (later, dropped): (&[Row], &[Row])) -> Part {
    let of = |wanted: &str| -> Found {
        let row = named.iter().find(|(name, _)| name == wanted);
        let row = row.and_then(|(_, row)| row.as_ref());
        row.map(|row| row.net)
            .ok_or_else(|| "that run has no end: amounts left the exact range".to_owned())
    };
    let p5 = at(dropped, 50, |row| Some(row.net));
    let mut rows: Vec<Vec<String>> = named
        .iter()
        .map(|(name, row)| cells(name, row.as_ref()))
        .collect();
    let mut detail: Vec<Value> = named
        .iter()
        .map(|(name, row)| value(name, row.as_ref()))
        .collect();
    for (name, group) in [
        (format!("start 1 to {} days later", later.len()), later),
        (
            format!("one signal in five missing, {} runs", dropped.len()),
            dropped,
        ),
    ] {
        for (part, permille) in [("median", 500), ("worst 5 %", 50)] {
            let row = Row {
                net: at(group, permille, |row| Some(row.net)).unwrap_or(f64::NAN),
                total_return: at(group, permille, |row| row.total_return),
                sharpe: at(group, permille, |row| row.sharpe),
                trades: at(group, permille, |row| row.trades),
            };
            let row = (!group.is_empty()).then_some(row);
            let name = format!("{name}: {part}");
            rows.push(cells(&name, row.as_ref()));
            detail.push(value(&name, row.as_ref()));
        }
    }
    Part {
        figures: vec![
            ("costs_2x_net", of("costs x2")),
            ("one_bar_later_net", of("1 bars later")),
            (
                "dropped_signals_net_p5",
                p5.ok_or_else(|| "there was no such run".to_owned()),
            ),
        ],
        tables: vec![Table {
            title: "The best configuration under other conditions".to_owned(),
            head: ["Condition", "Net, USDT", "Return", "Sharpe", "Trades"]
                .map(str::to_owned)
                .to_vec(),
            rows,
        }],
        detail: json!({
            "runs": detail,
            "start_later_net_usdt": later.iter().map(|row| row.net).collect::<Vec<f64>>(),
        }),
        ..Part::default()
    }
}

/// A quantile of one figure over some runs.
fn at(rows: &[Row], permille: usize, pick: impl Fn(&Row) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = rows.iter().filter_map(pick).collect();
    quantile::quantile(&quantile::sorted(&values), permille)
}

fn cells(name: &str, row: Option<&Row>) -> Vec<String> {
    let text = |value: Option<f64>, form: &dyn Fn(f64) -> String| {
        value.map_or(format::NONE.to_owned(), form)
    };
    vec![
        name.to_owned(),
        text(row.map(|row| row.net), &|net| format::signed(net, 2)),
        text(
            row.and_then(|row| row.total_return),
            &format::signed_percent,
        ),
        text(row.and_then(|row| row.sharpe), &|sharpe| {
            format::number(sharpe, 2)
        }),
        text(row.and_then(|row| row.trades), &|trades| {
            format::number(trades, 0)
        }),
    ]
}

fn value(name: &str, row: Option<&Row>) -> Value {
    json!({
        "condition": name,
        "net_usdt": row.map(|row| row.net),
        "total_return": row.and_then(|row| row.total_return),
        "sharpe": row.and_then(|row| row.sharpe),
        "trades": row.and_then(|row| row.trades),
    })
}
