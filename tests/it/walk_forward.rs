//! Walk-forward at its edges: a part of the inputs is what a run over that part would have read, and a test overhears
//! what was said before it without trading it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::{Sources, prepare};
use confluence::backtest::threads::Crew;
use confluence::domain::fill::Reason;
use confluence::domain::random::Random;
use confluence::domain::signal::{Signal, SignalType};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::exchange::history::{Engine, Outcome, World};
use confluence::market::window::Window;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use confluence::sweep::batch::Batch;
use confluence::sweep::job::{Job, Setup};
use confluence::sweep::method::Method;
use confluence::sweep::plan::Shard;
use confluence::validate::engine;
use confluence::validate::points::Points;
use confluence::validate::progress::Tell;
use confluence::validate::trials::{self, Candidate};

use crate::binary::{made_up, say};
use crate::support::{
    at, random_model, random_rules, random_world, run, try_run, usual_model, usual_rules,
};

const SPACE: &str = "schema_version = 1\n[parameters]\n\"exits.stop_pct\" = [2, 3]\n";

#[test]
fn a_part_of_the_inputs_is_what_a_run_over_it_would_have_read() {
    let home = tempfile::tempdir().unwrap();
    made_up(home.path(), 21, 14);
    let space = home.path().join("space.toml");
    std::fs::write(&space, SPACE).unwrap();
    let sources = Sources {
        signals: home.path().join("signals.csv"),
        data: vec![home.path().to_owned()],
    };
    let job = Job {
        sources: sources.clone(),
        layers: Layers::default(),
        space,
        method: Method::Grid,
        trials: None,
        shard: Shard::WHOLE,
        objective: None,
        constraints: Vec::new(),
        trades_min: None,
    };
    let setup = Setup::new(&job, &|_| {}).unwrap();
    let whole = setup.worlds.scene(&["2".to_owned()]).unwrap().clone();
    let mut random = Random::new(5);
    let (mut trades, mut windows) = (0, 0);
    for _ in 0..16 {
        let day = |number: i64| whole.start.day_start() + Span::from_millis(number * DAY.millis());
        let first = random.between(0, 9);
        let window = Window {
            from: day(first).max(whole.start),
            to: day(first + random.between(1, 5)).min(whole.end),
        };
        let cut = setup.worlds.within(window);
        let scene = cut.scene(&["2".to_owned()]).unwrap();
        let typed = |key: &str, at: Timestamp| format!("run.{key}={}", at.to_text());
        let settings = Settings::load(&Layers {
            sets: vec![typed("from", window.from), typed("to", window.to)],
            ..Layers::default()
        })
        .unwrap();
        let prepared = prepare(&sources, &settings, &|_| {}).unwrap();
        assert_eq!(prepared.world.signals, scene.world.signals);
        let mut model = settings.model.clone();
        model.start = Some(scene.start);
        let (one, log) = run(&scene.world, &settings.rules, &model, Engine::Skip);
        let (other, read) = run(&prepared.world, &settings.rules, &model, Engine::Step);
        // At the very end a settlement may know its mark from a bar that begins then, which the part has not got.
        let before = |log: &EventLog| {
            let rows = log.rows().iter();
            rows.filter(|(time, _)| *time < window.to)
                .cloned()
                .collect::<Vec<_>>()
        };
        assert!(before(&log) == before(&read), "{window:?}");
        let times = |outcome: &Outcome| {
            let trades = outcome.trades.iter();
            trades
                .map(|trade| (trade.entry_time, trade.exit_time, trade.qty, trade.realized))
                .collect::<Vec<_>>()
        };
        assert_eq!((one.end, times(&one)), (other.end, times(&other)));
        let candidate = Candidate {
            trial: 0,
            values: vec!["2".to_owned()],
            rules: settings.rules.clone(),
            model: model.clone(),
        };
        // The same at speed.
        let fast = trials::run(&candidate, scene, &mut Batch::default());
        assert_eq!(fast.daily(), trials::series(&one, model.balance).returns());
        assert_eq!(fast.figures, Some(engine::figures(&one, &model)));
        assert_eq!(fast.trades.len(), one.trades.len());
        trades += one.trades.len();
        windows += 1;
    }
    say(&format!(
        "walk-forward: {windows} parts of the time with {trades} trades, each as sim backtest reads it"
    ));
    assert!(trades > 20);
}

#[test]
fn a_cut_changes_nothing_before_it() {
    let (mut compared, mut worlds) = (0, 0);
    for seed in 0..300 {
        let mut random = Random::stream(seed, &[77]);
        let world = random_world(&mut random);
        let rules = random_rules(&mut random);
        let mut model = random_model(&mut random, rules.terms);
        let series: Vec<_> = world.tape.series.iter().flatten().collect();
        let Some(first) = series.iter().map(|series| series.open_time(0)).min() else {
            continue;
        };
        let last = series
            .iter()
            .map(|series| series.end_time(series.len() - 1))
            .max();
        let length = (last.unwrap() - first).millis();
        let to = first + Span::from_millis(random.between(length / 4, length) / 60_000 * 60_000);
        model.start = Some(first);
        let window = Window { from: first, to };
        let short = World {
            tape: Arc::new(world.tape.within(window)),
            ..world.clone()
        };
        let Ok((whole, _)) = try_run(&Arc::new(world), &rules, &model, Engine::Skip) else {
            continue;
        };
        let (part, _) = run(&Arc::new(short), &rules, &model, Engine::Step);
        let before = |time: Timestamp| time + Span::from_millis(1) < part.end;
        let whole: Vec<_> = whole
            .trades
            .into_iter()
            .filter(|trade| before(trade.exit_time))
            .collect();
        let own = |reason: &Reason| *reason != Reason::EndOfData;
        let ended = |trade: &&confluence::domain::fill::Trade| {
            before(trade.exit_time) && trade.exits.iter().all(own)
        };
        let part: Vec<_> = part.trades.iter().filter(ended).cloned().collect();
        assert_eq!(part, whole, "seed {seed}");
        compared += part.len();
        worlds += 1;
    }
    say(&format!(
        "walk-forward: {worlds} worlds cut, {compared} trades before the cut the same"
    ));
    assert!(worlds > 200 && compared > 200);
}

fn signal(id: &str, kind: SignalType, millis: i64) -> Signal {
    Signal {
        id: Arc::from(id),
        kind,
        symbol: SymbolId::at(0),
        event_time: at(millis),
        received_time: at(millis),
    }
}

#[test]
fn a_test_overhears_what_was_said_before_it_and_trades_only_what_completes_in_it() {
    // A quiet stretch of one symbol, long enough for everything below.
    let mut random = Random::stream(3, &[78]);
    let mut world = loop {
        let world = random_world(&mut random);
        let whole = world.tape.series[0].as_ref();
        if whole.is_some_and(|series| series.len() > 600 && series.bars().coarse.is_empty())
            && world.tape.instruments[0].delisted.is_none()
        {
            break world;
        }
    };
    world.script.clear();
    let start = world.tape.series[0]
        .as_ref()
        .unwrap()
        .open_time(300)
        .millis();
    let rules = usual_rules();
    let mut model = usual_model(rules.terms);
    model.start = Some(at(start));
    let (alpha, fomo) = (SignalType::ALPHA, SignalType::FOMO);
    let mut entries = |before: &[Signal], signals: Vec<Signal>| {
        world.signals = signals;
        let outcome = engine::run(&world, &rules, &model, before).unwrap();
        outcome.trades.len() + outcome.open.len()
    };
    let minute = 60_000;
    let early = signal("a", alpha, start - 2 * minute);
    // A pair across the boundary is traded in the test, and only when its first half is overheard.
    let late = signal("f", fomo, start + minute);
    assert_eq!(entries(&[], vec![late.clone()]), 0);
    assert_eq!(entries(std::slice::from_ref(&early), vec![late.clone()]), 1);
    // A pair completed before is used up: not traded, and its halves are no partners any more.
    let pair = [early.clone(), signal("g", fomo, start - minute)];
    assert_eq!(entries(&pair, Vec::new()), 0);
    assert_eq!(entries(&pair, vec![late.clone()]), 0);
    // What is left over from before pairs up as usual.
    let three = [
        early,
        signal("g", fomo, start - minute),
        signal("b", alpha, start - 1),
    ];
    assert_eq!(entries(&three, vec![late.clone()]), 1);
    // A message heard before and again in the test is the same message.
    let again = signal("b", alpha, start - 1);
    assert_eq!(entries(&three, vec![again, late]), 1);
    say("walk-forward: six ways to stand at the beginning of a test");
}

#[test]
fn other_messages_and_other_inputs_are_replayed_as_the_engine_does() {
    let (mut compared, mut trades) = (0, 0);
    for seed in 0..150 {
        let mut random = Random::stream(seed, &[79]);
        let mut world = random_world(&mut random);
        world.script.clear();
        let rules = random_rules(&mut random);
        let mut model = random_model(&mut random, rules.terms);
        let series = world.tape.series.iter().flatten();
        let Some(first) = series.map(|series| series.open_time(0)).min() else {
            continue;
        };
        model.start = Some(first);
        for part in 1..=3 {
            let Some(outcome) = engine::run(&world, &rules, &model, &[]) else {
                break;
            };
            let fast = engine::figures_of(&world, &rules, &model);
            assert_eq!(fast, Some(engine::figures(&outcome, &model)), "seed {seed}");
            trades += outcome.trades.len();
            compared += 1;
            let left = world.signals.len() / (part + 1);
            world.signals.truncate(left);
        }
    }
    assert!(compared > 300 && trades > 300, "{compared} {trades}");
    // Trials of one worker that read different inputs under the same rules.
    let home = tempfile::tempdir().unwrap();
    made_up(home.path(), 22, 10);
    let space = home.path().join("space.toml");
    let text = "schema_version = 1\n[parameters]\n\"exits.stop_pct\" = [2, 3]\n\"run.to\" = [\"2025-03-05\", \"2025-03-08\"]\n";
    std::fs::write(&space, text).unwrap();
    let job = Job {
        sources: Sources {
            signals: home.path().join("signals.csv"),
            data: vec![home.path().to_owned()],
        },
        layers: Layers::default(),
        space,
        method: Method::Grid,
        trials: None,
        shard: Shard::WHOLE,
        objective: None,
        constraints: Vec::new(),
        trades_min: None,
    };
    let setup = Setup::new(&job, &|_| {}).unwrap();
    let points = Points::drawn(&setup);
    let cancel = AtomicBool::new(false);
    let crew = Crew {
        threads: 1,
        cancel: &cancel,
    };
    let tell = Tell {
        crew,
        hear: &|_, _, _| {},
    };
    let all = trials::run_all(&points, &setup.worlds, (&tell, "trials")).unwrap();
    assert_eq!(all.len(), 4);
    for ran in &all {
        let candidate = trials::candidate(&points, ran.trial).unwrap();
        let scene = setup.worlds.scene(&candidate.values).unwrap();
        let mut model = candidate.model.clone();
        model.start = Some(scene.start);
        let outcome = engine::run(&scene.world, &candidate.rules, &model, &[]).unwrap();
        assert_eq!(ran.figures, Some(engine::figures(&outcome, &model)));
    }
    say(&format!(
        "walk-forward: {compared} sets of messages with {trades} trades, and 4 trials of two inputs, as the engine"
    ));
}
