//! Nothing decided before an instant hangs on anything after it (T9): inputs cut, prices replaced, data begun earlier.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::backtest::prepare::{Sources, prepare};
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::event::{Event, Note, OrderUpdate};
use confluence::domain::num::{Price, Qty, Rate};
use confluence::domain::random::Random;
use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::time::{Span, Timestamp};
use confluence::exchange::history::{Engine, World};
use confluence::exchange::model::Model;
use confluence::market::signals::write_csv;
use confluence::market::tape::{FundingRecord, Series, Tape};
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use confluence::trader::rules::Rules;

use crate::binary::{say, shared};
use crate::support::{MINUTE, random_model, random_rules, random_world, run};

/// What a bar of a world, which ends at the time given, becomes; `None` leaves it out.
type Change<'a> = &'a dyn Fn(&Bar, Timestamp) -> Option<Bar>;

fn change_bars(bars: &Bars, change: Change<'_>) -> Bars {
    let mut changed = Bars::new(bars.interval);
    for row in 0..bars.len() {
        if let Some(bar) = change(&bars.get(row), bars.end(row)) {
            changed.push(bar).unwrap();
        }
    }
    changed
}

/// Marks as bars again; rows in which the contract stands in are left out.
fn marks(series: &Series) -> Vec<Bars> {
    let Some(mark) = series.mark() else {
        return Vec::new();
    };
    let bars = series.bars();
    let mut marks = Bars::new(bars.interval);
    for row in 0..bars.len() {
        let bar = Bar {
            open: mark.open[row],
            high: mark.high[row],
            low: mark.low[row],
            close: mark.close[row],
            ..bars.get(row)
        };
        if bar != bars.get(row) {
            marks.push(bar).unwrap();
        }
    }
    vec![marks]
}

/// The world with other bars of every kind and other settlements.
fn change_world(
    world: &World,
    change: Change<'_>,
    funding: &dyn Fn(&FundingRecord) -> Option<FundingRecord>,
) -> World {
    let series = world.tape.series.iter().map(|series| {
        let series = series.as_ref()?;
        let bars = change_bars(series.bars(), change);
        let marks: Vec<Bars> = marks(series)
            .iter()
            .map(|marks| change_bars(marks, change))
            .collect();
        let detail = series.detail().map(|detail| change_bars(detail, change));
        let records = series.funding().iter().filter_map(funding).collect();
        (!bars.is_empty()).then(|| Series::new(bars, &marks, detail, records))
    });
    World {
        tape: Arc::new(Tape {
            series: series.collect(),
            ..(*world.tape).clone()
        }),
        ..world.clone()
    }
}

/// Everything known before `cut` and nothing else.
fn cut_world(world: &World, cut: Timestamp) -> World {
    let mut short = change_world(
        world,
        &|bar, _| (bar.open_time < cut).then_some(*bar),
        &|record| (record.time < cut).then_some(*record),
    );
    short.signals.retain(|signal| signal.received_time < cut);
    short.script.retain(|(time, _)| *time < cut);
    for instrument in &mut Arc::make_mut(&mut short.tape).instruments {
        instrument.delisted = instrument.delisted.filter(|time| *time < cut);
    }
    short
}

/// The world with other prices, volumes and settlements from `cut` on; of a bar that is under way then, only the open
/// is known.
fn other_future(world: &World, cut: Timestamp, seed: u64) -> World {
    let factor = |time: Timestamp| {
        let minute = u64::try_from(time.millis() / MINUTE).unwrap();
        Random::stream(seed, &[minute]).between(30, 200)
    };
    let change = |bar: &Bar, end: Timestamp| {
        if end <= cut {
            return Some(*bar);
        }
        let scale =
            |price: Price, by: i64| Price::from_steps((price.steps() / 100 * by).max(100)).unwrap();
        let (one, other) = (
            factor(bar.open_time),
            factor(bar.open_time + Span::from_millis(MINUTE)),
        );
        let under_way = bar.open_time < cut;
        let open = if under_way {
            bar.open
        } else {
            scale(bar.open, one)
        };
        let close = scale(bar.close, other);
        Some(Bar {
            open_time: bar.open_time,
            open,
            close,
            high: scale(bar.high, one.max(other)).max(open).max(close),
            low: scale(bar.low, one.min(other)).min(open).min(close),
            volume: Qty::from_steps(bar.volume.steps() / 2 + 100_000_000).unwrap(),
        })
    };
    change_world(world, &change, &|record| {
        let later = FundingRecord {
            time: record.time,
            rate: Rate::from_steps(-3 * record.rate.steps() - 7_000),
            mark: None,
        };
        Some(if record.time < cut { *record } else { later })
    })
}

/// A bar end somewhere in the run.
fn cut_of(world: &World, random: &mut Random) -> Timestamp {
    let series: Vec<&Series> = world.tape.series.iter().flatten().collect();
    let pick = usize::try_from(random.below(series.len() as u64)).unwrap();
    let bars = series[pick].bars();
    let row = usize::try_from(random.below(bars.len() as u64)).unwrap();
    bars.end(row)
}

/// An instant near a bar end: that end, one inside the bar before it, or one just after a signal before it.
fn inside_of(world: &World, end: Timestamp, random: &mut Random) -> Timestamp {
    let heard = world
        .signals
        .partition_point(|signal| signal.received_time < end);
    match (random.below(3), heard) {
        (0, _) | (1, 0) => end,
        (1, heard) => {
            world.signals[heard - 1].received_time + Span::from_millis(random.between(2, 500))
        }
        _ => end - Span::from_millis(random.between(1, MINUTE - 1)),
    }
}

/// Rows before `cut` − 1 ms.
fn before(log: &EventLog, cut: Timestamp) -> &[(Timestamp, Row)] {
    let rows = log.rows();
    let limit = cut - Span::from_millis(1);
    &rows[..rows.partition_point(|(time, _)| *time < limit)]
}

fn same_past(one: &EventLog, other: &EventLog, cut: Timestamp, what: &str) -> usize {
    let (one, other) = (before(one, cut), before(other, cut));
    for (index, (this, that)) in one.iter().zip(other).enumerate() {
        assert_eq!(this, that, "{what}: row {index} before {cut}");
    }
    assert_eq!(
        one.len(),
        other.len(),
        "{what}: {:?} {:?} before {cut}",
        one.get(other.len()),
        other.get(one.len())
    );
    one.len()
}

/// What the compared pasts held.
#[derive(Default, Debug)]
struct Compared {
    pairs: u64,
    rows: usize,
    fills: usize,
    refused: usize,
    /// Cuts with a position open over them.
    open: u64,
    /// Cuts after which the two runs went different ways.
    diverged: u64,
}

impl Compared {
    fn take(&mut self, whole: &EventLog, other: &EventLog, cut: Timestamp, what: &str) {
        self.pairs += 1;
        self.rows += same_past(whole, other, cut, what);
        for (_, row) in before(whole, cut) {
            match row {
                Row::Heard(Event::Order {
                    update: OrderUpdate::Filled { .. },
                    ..
                }) => self.fills += 1,
                Row::Noted(Note::Refused { .. }) => self.refused += 1,
                _ => {}
            }
        }
        self.diverged += u64::from(whole.hash() != other.hash());
    }
}

fn open_at(world: &Arc<World>, rules: &Rules, model: &Model, cut: Timestamp) -> bool {
    let (outcome, _) = run(world, rules, model, Engine::Skip);
    let held = |entry: Timestamp, exit: Timestamp| entry < cut && exit >= cut;
    outcome
        .trades
        .iter()
        .any(|trade| held(trade.entry_time, trade.exit_time))
}

#[test]
fn the_past_does_not_hang_on_the_future_in_random_worlds() {
    let seeds = 1_500_u64;
    let mut cuts = Compared::default();
    let mut futures = Compared::default();
    for seed in 0..seeds {
        let mut random = Random::stream(seed, &[300]);
        let world = Arc::new(random_world(&mut random));
        let rules = random_rules(&mut random);
        let model = random_model(&mut random, rules.terms);
        if world.tape.series.iter().flatten().next().is_none() {
            continue;
        }
        let engine = if random.one_in(4) {
            Engine::Step
        } else {
            Engine::Skip
        };
        let (_, whole) = run(&world, &rules, &model, engine);
        for _ in 0..3 {
            let cut = cut_of(&world, &mut random);
            let first = world
                .tape
                .series
                .iter()
                .flatten()
                .map(|series| series.bars().open_time[0]);
            if first.min().is_none_or(|first| first >= cut) {
                continue;
            }
            let what = format!("seed {seed}");
            let short = Arc::new(cut_world(&world, cut));
            let (_, log) = run(&short, &rules, &model, engine);
            cuts.take(&whole, &log, cut, &format!("{what}, cut"));
            let inside = inside_of(&world, cut, &mut random);
            let other = Arc::new(other_future(&world, inside, seed));
            let (_, log) = run(&other, &rules, &model, engine);
            futures.take(&whole, &log, inside, &format!("{what}, other future"));
            let open = u64::from(open_at(&world, &rules, &model, cut));
            cuts.open += open;
            futures.open += open;
        }
    }
    println!("prefix: {cuts:?}");
    println!("future: {futures:?}");
    for compared in [&cuts, &futures] {
        assert!(compared.pairs > 3_000, "{compared:?}");
        assert!(compared.fills > 10_000, "{compared:?}");
        assert!(compared.refused > 1_000, "{compared:?}");
        assert!(compared.open > 500, "{compared:?}");
        assert!(compared.diverged > 1_000, "{compared:?}");
    }
}

/// The world from `warm` bars before the start on, per symbol.
fn begun(world: &World, start: Timestamp, warm: usize) -> World {
    let firsts: BTreeMap<usize, Timestamp> = world
        .tape
        .series
        .iter()
        .enumerate()
        .filter_map(|(index, series)| {
            let bars = series.as_ref()?.bars();
            let row = bars.first_at_or_after(start).saturating_sub(warm);
            Some((index, *bars.open_time.get(row)?))
        })
        .collect();
    let mut later = world.clone();
    for (index, series) in Arc::make_mut(&mut later.tape).series.iter_mut().enumerate() {
        let Some(first) = firsts.get(&index) else {
            *series = None;
            continue;
        };
        let keep = |bar: &Bar, _| (bar.open_time >= *first).then_some(*bar);
        *series = series.as_ref().map(|series| {
            let marks: Vec<Bars> = marks(series)
                .iter()
                .map(|marks| change_bars(marks, &keep))
                .collect();
            let detail = series.detail().map(|detail| change_bars(detail, &keep));
            let bars = change_bars(series.bars(), &keep);
            Series::new(bars, &marks, detail, series.funding().to_vec())
        });
    }
    later
}

#[test]
fn bars_before_the_start_change_nothing_once_one_is_there() {
    let mut smallest: BTreeMap<usize, u64> = BTreeMap::new();
    let mut trades = 0;
    for seed in 0..600 {
        let mut random = Random::stream(seed, &[301]);
        let world = random_world(&mut random);
        let rules = random_rules(&mut random);
        let mut model = random_model(&mut random, rules.terms);
        let Some(series) = world.tape.series.iter().flatten().next() else {
            continue;
        };
        let bars = series.bars();
        let row = usize::try_from(random.between(20, 40)).unwrap();
        let start = bars.open_time[row.min(bars.len() - 1)];
        model.start = Some(start);
        let result = |warm: usize| {
            let world = Arc::new(begun(&world, start, warm));
            let (outcome, _) = run(&world, &rules, &model, Engine::Skip);
            outcome.trades
        };
        let wanted = result(20);
        trades += wanted.len();
        let differs = (0..20).rev().find(|warm| result(*warm) != wanted);
        *smallest
            .entry(differs.map_or(0, |warm| warm + 1))
            .or_default() += 1;
    }
    println!("warm-up: smallest W in bars and how often: {smallest:?}, {trades} trades");
    assert!(trades > 3_000, "{trades}");
    let largest = smallest.last_key_value().map(|(warm, _)| *warm);
    assert_eq!(
        largest,
        Some(1),
        "one completed bar is all that is needed: {smallest:?}"
    );
}

/// RIVER of 2026-01 with made-up signals.
fn river(data: &Path, sets: &[&str]) -> (World, Rules, Model) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("signals.csv");
    let from = Timestamp::parse("2026-01-05").unwrap();
    let mut random = Random::stream(9, &[302]);
    let mut signals = Vec::new();
    for pair in 0..240 {
        let time = from + Span::from_millis(random.between(0, 15 * 86_400_000));
        for (kind, gap) in [(SignalType::ALPHA, 0), (SignalType::FOMO, 9_000)] {
            let event_time = time + Span::from_millis(gap);
            signals.push(RawSignal {
                id: Arc::from(format!("{pair}-{}", kind.0)),
                kind,
                name: "RIVER".to_owned(),
                event_time,
                received_time: Some(event_time + Span::from_millis(1_500)),
            });
        }
    }
    write_csv(&file, &signals).unwrap();
    let mut all = vec![
        "data.interval=1m".to_owned(),
        "daily.trades_max=100".to_owned(),
    ];
    all.extend(sets.iter().map(|&set| set.to_owned()));
    let layers = Layers {
        sets: all,
        ..Layers::default()
    };
    let settings = Settings::load(&layers).unwrap();
    let sources = Sources {
        signals: file,
        data: vec![data.to_owned()],
    };
    let prepared = prepare(&sources, &settings, &|_| {}).unwrap();
    let mut model = settings.model.clone();
    model.start = Some(prepared.window.from);
    let world = World::clone(&prepared.world);
    (world, settings.rules, model)
}

#[test]
fn the_past_does_not_hang_on_the_future_in_real_prices() {
    let Some(data) = shared() else { return };
    let mut compared = Compared::default();
    let variants: [&[&str]; 3] = [
        &[],
        &[
            "exits.trailing.enabled=true",
            "exits.break_even.enabled=true",
            "exits.stop_pct=2",
        ],
        &[
            "entries.direction=short",
            "account.margin_mode=cross",
            "account.leverage=10",
        ],
    ];
    for (index, sets) in (0_u64..).zip(variants) {
        let (world, rules, model) = river(&data, sets);
        let world = Arc::new(world);
        let (_, whole) = run(&world, &rules, &model, Engine::Skip);
        let mut random = Random::stream(index, &[303]);
        let bars = world.tape.series[0].as_ref().unwrap().bars();
        for _ in 0..25 {
            let row = usize::try_from(random.between(2_000, 22_000)).unwrap();
            let cut = bars.end(row);
            let (_, short) = run(
                &Arc::new(cut_world(&world, cut)),
                &rules,
                &model,
                Engine::Skip,
            );
            compared.take(&whole, &short, cut, "RIVER, cut");
            let inside = inside_of(&world, cut, &mut random);
            let other = Arc::new(other_future(&world, inside, index));
            let (_, other) = run(&other, &rules, &model, Engine::Skip);
            compared.take(&whole, &other, inside, "RIVER, other future");
            compared.open += u64::from(open_at(&world, &rules, &model, cut));
        }
    }
    say(&format!("RIVER: past and future: {compared:?}"));
    assert!(compared.pairs == 150 && compared.fills > 3_000 && compared.diverged > 100);
    assert!(compared.open > 20);
}
