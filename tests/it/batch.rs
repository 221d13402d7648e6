//! The replay of a sweep's trials has the event log, the figures and the daily equity of the engine of `sim backtest`.

use std::collections::BTreeMap;
use std::sync::Arc;

use confluence::backtest::log::{EventLog, Row};
use confluence::backtest::summary::daily_series;
use confluence::domain::event::{AccountUpdate, Command, Event, Note, OrderUpdate};
use confluence::domain::order::Purpose;
use confluence::domain::position::MarginMode;
use confluence::domain::random::Random;
use confluence::exchange::history::{Engine, World};
use confluence::exchange::model::{Drilldown, Model};
use confluence::sweep::batch::board::{Board, Reach};
use confluence::sweep::batch::{Batch, Ground, Task, is_covered};
use confluence::sweep::figures::Figures;
use confluence::trader::rules::{HaltAction, Role112, Rules};

use confluence::backtest::prepare::{Sources, prepare};
use confluence::domain::signal::RawSignal;
use confluence::market::signals::write_csv;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;

use crate::binary::shared;
use crate::main_job::{month, month_end, pairs, stretches};
use crate::support::{pick, random_model, random_rules, random_world, run};

/// What was met, by name.
type Met = BTreeMap<String, u64>;

/// Takes out what the replay leaves to the engine.
fn plain(world: &mut World, rules: &mut Rules, model: &mut Model) {
    world.script.clear();
    for instrument in &mut Arc::make_mut(&mut world.tape).instruments {
        instrument.delisted = None;
    }
    if !matches!(rules.confluence.role_112, Role112::Leg | Role112::Ignore) {
        rules.confluence.role_112 = Role112::Leg;
    }
    rules.exits.break_even = None;
    rules.exits.hold_max = None;
    rules.daily.halt_action = HaltAction::BlockEntries;
    rules.terms.margin_mode = MarginMode::Isolated;
    model.terms = rules.terms;
    model.drilldown = Drilldown::Off;
    if model.bracket_delay.millis() >= 60_000 {
        model.bracket_delay = confluence::domain::time::Span::ZERO;
    }
}

fn count(met: &mut Met, rows: &[(confluence::domain::time::Timestamp, Row)]) {
    let mut count = |what: String| *met.entry(what).or_default() += 1;
    for (_, row) in rows {
        match row {
            Row::Heard(Event::Account(AccountUpdate::Funding { .. })) => count("funding".into()),
            Row::Heard(Event::Account(AccountUpdate::DayStarted { .. })) => count("days".into()),
            Row::Heard(Event::Account(AccountUpdate::Closed { cause, .. })) => {
                count(format!("closed {cause}"));
            }
            Row::Heard(Event::Order {
                update: OrderUpdate::Rejected(reject),
                ..
            }) => count(format!("reject {}", reject.name())),
            Row::Noted(Note::Halted(cause)) => count(format!("halt {}", cause.name())),
            Row::Noted(Note::Refused { gate, .. }) => count(format!("gate {}", gate.name())),
            Row::Noted(Note::Ignored { reason, .. }) => count(format!("ignored {}", reason.name())),
            Row::Noted(Note::LowScore { .. }) => count("low score".into()),
            Row::Noted(Note::TargetsDropped { .. }) => count("targets dropped".into()),
            _ => {}
        }
    }
}

/// Whether a row of the engine's log is one that the replay's log keeps too.
fn is_kept(row: &Row) -> bool {
    match row {
        Row::Heard(event) => !matches!(
            event,
            Event::Signal { .. }
                | Event::Wake
                | Event::Order {
                    update: OrderUpdate::Accepted,
                    ..
                }
        ),
        Row::Noted(note) => !matches!(
            note,
            Note::Confluence(_)
                | Note::Refused { .. }
                | Note::LowScore { .. }
                | Note::Ignored { .. }
        ),
        Row::Said(Command::Submit(approved)) => approved.request().purpose != Purpose::Entry,
        Row::Said(_) => true,
        Row::Sent(_) => false,
    }
}

/// Compares one trial; `None` when the account left the range.
fn compare(
    name: &str,
    (world, board): (&Arc<World>, &Arc<Board>),
    (rules, model): (&Rules, &Model),
    (batch, met): (&mut Batch, &mut Met),
) {
    assert!(is_covered(world, rules, model), "{name}");
    let (outcome, log) = run(world, rules, model, Engine::Skip);
    let task = Task {
        ground: Ground {
            world,
            board,
            start: outcome.start,
        },
        rules,
        model,
    };
    let keeping = EventLog::keeping();
    let Some(played) = batch.run_into(task, keeping) else {
        panic!("{name}: not replayed");
    };
    if played.log.hash() != log.hash() {
        let rows = log.rows().iter().filter(|(_, row)| is_kept(row));
        let rows: Vec<_> = rows.collect();
        let own = played.log.rows();
        let same = rows
            .iter()
            .zip(own)
            .take_while(|(one, other)| **one == *other);
        let same = same.count();
        for (at, row) in &rows[same.saturating_sub(12)..same] {
            eprintln!("same   {at} {row:?}");
        }
        eprintln!("engine {:?}", rows.get(same));
        eprintln!("replay {:?}", own.get(same));
        panic!("{name}: the logs differ; rules {rules:?} model {model:?}");
    }
    let daily = daily_series(&outcome, model.balance);
    let figures = Figures::of(
        &daily,
        &outcome.trades,
        outcome.net(model.balance),
        outcome.counters.ambiguous_bars,
    );
    assert_eq!(played.figures(model), figures, "{name}");
    assert_eq!(played.daily(model.balance), daily, "{name}");
    count(met, log.rows());
    for trade in &outcome.trades {
        for reason in &trade.exits {
            *met.entry(format!("exit {reason}")).or_default() += 1;
        }
    }
    *met.entry("ambiguous bars".into()).or_default() += outcome.counters.ambiguous_bars;
    *met.entry("entries".into()).or_default() += outcome.trades.len() as u64;
}

#[test]
fn replayed_trials_are_those_of_the_engine_on_random_worlds() {
    let seeds = std::env::var("BATCH_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4_000_u64);
    let mut met = Met::new();
    for seed in 0..seeds {
        let mut random = Random::stream(seed, &[140]);
        let mut world = random_world(&mut random);
        let mut rules = random_rules(&mut random);
        let mut model = random_model(&mut random, rules.terms);
        plain(&mut world, &mut rules, &mut model);
        let world = Arc::new(world);
        if world.end().is_none() {
            continue;
        }
        let reach = Reach::of(&rules.confluence);
        let mut batch = Batch::default();
        // Two trials in a row: nothing of the first may stay behind.
        let start = run(&world, &rules, &model, Engine::Skip).0.start;
        let board = Arc::new(Board::new(&world, start, reach));
        for trial in 0..2 {
            let name = format!("seed {seed}, trial {trial}");
            let given = ((&world, &board), (&rules, &model));
            compare(&name, given.0, given.1, (&mut batch, &mut met));
            rules.exits.stop = random_rules(&mut random).exits.stop;
            if trial == 0 {
                rules.confluence.score_min = random_rules(&mut random).confluence.score_min;
            }
        }
        // The same rules on other messages: the words of the world before must not stay behind.
        let mut fewer = World::clone(&world);
        fewer.signals.truncate(fewer.signals.len() / 2);
        let fewer = Arc::new(fewer);
        let board = Arc::new(Board::new(&fewer, start, reach));
        let name = format!("seed {seed}, fewer messages");
        compare(
            &name,
            (&fewer, &board),
            (&rules, &model),
            (&mut batch, &mut met),
        );
    }
    println!("batch: {seeds} random worlds, three trials each; met {met:?}");
    for what in [
        "entries",
        "exit sl",
        "exit tp1",
        "exit tp2",
        "exit tp3",
        "exit trailing",
        "exit liquidation",
        "closed end_of_data",
        "halt daily_loss",
        "funding",
        "days",
        "ambiguous bars",
        "low score",
        "ignored duplicate",
        "gate in_position",
        "gate daily_loss",
        "gate daily_trades",
        "gate cooldown",
        "gate pending_entry",
        "reject stale_data",
        "reject daily_loss",
        "targets dropped",
    ] {
        let times = met.get(what).copied().unwrap_or(0);
        assert!(
            times >= 20 || seeds < 1_000,
            "{what} was met only {times} times"
        );
    }
}

/// Trials of one world side by side, in two groups one after the other: each is as it is alone, whoever is beside it and
/// whatever was left behind.
#[test]
fn trials_of_a_group_are_as_they_are_alone() {
    let (mut trials, mut entries, mut days) = (0, 0, 0);
    for seed in 0..300 {
        let mut random = Random::stream(seed, &[142]);
        let mut world = random_world(&mut random);
        let mut settings: Vec<(Rules, Model)> = Vec::new();
        for _ in 0..random.between(1, 9) {
            let mut rules = random_rules(&mut random);
            let mut model = random_model(&mut random, rules.terms);
            plain(&mut world, &mut rules, &mut model);
            settings.push((rules, model));
        }
        let world = Arc::new(world);
        if world.end().is_none() {
            continue;
        }
        let reaches = settings
            .iter()
            .map(|(rules, _)| Reach::of(&rules.confluence));
        let reach = reaches.reduce(Reach::with).unwrap();
        let (rules, model) = &settings[0];
        let start = run(&world, rules, model, Engine::Skip).0.start;
        let board = Arc::new(Board::new(&world, start, reach));
        let ground = Ground {
            world: &world,
            board: &board,
            start,
        };
        let task = |(rules, model)| Task {
            ground,
            rules,
            model,
        };
        let tasks = settings.iter().map(|(rules, model)| task((rules, model)));
        let tasks: Vec<Task<'_>> = tasks.filter(Task::is_covered).collect();
        let mut batch = Batch::default();
        for round in 0..2 {
            let group = batch.run_group(&tasks);
            assert_eq!(group.len(), tasks.len());
            for (place, (task, played)) in tasks.iter().zip(group).enumerate() {
                let name = format!("seed {seed}, round {round}, place {place}");
                let alone = Batch::default().run(*task);
                assert_eq!(played.is_some(), alone.is_some(), "{name}");
                let (Some(played), Some(alone)) = (played, alone) else {
                    continue;
                };
                assert_eq!(played.log.hash(), alone.log.hash(), "{name}");
                assert_eq!(
                    played.figures(task.model),
                    alone.figures(task.model),
                    "{name}"
                );
                trials += 1;
                entries += played.account.trades().len();
                days += played.rollovers.len();
                batch.recycle(played);
            }
        }
    }
    println!("batch: {trials} trials in groups, {entries} trades, {days} rollovers");
    assert!(trials > 1_000 && entries > 1_000 && days > 1_000);
}

#[test]
fn replayed_trials_are_those_of_the_engine_on_real_months() {
    const TRIALS: u64 = 12;
    let Some(data) = shared() else { return };
    let place = tempfile::tempdir().unwrap();
    let mut months: BTreeMap<String, Vec<RawSignal>> = BTreeMap::new();
    for signal in pairs(&stretches(&data), 2) {
        let received = signal.received_time.unwrap();
        months.entry(month(received)).or_default().push(signal);
    }
    let mut met = Met::new();
    for (index, (name, signals)) in (0_u64..).zip(&months) {
        let file = place.path().join(format!("{name}.csv"));
        write_csv(&file, signals).unwrap();
        let layers = Layers {
            sets: vec![
                format!("run.from={name}-01"),
                format!("run.to={}", &month_end(name).to_text()[..10]),
                "data.interval=1m".to_owned(),
            ],
            ..Layers::default()
        };
        let settings = Settings::load(&layers).unwrap();
        let sources = Sources {
            signals: file,
            data: vec![data.clone()],
        };
        let prepared = prepare(&sources, &settings, &|_| {}).unwrap();
        let mut world = World::clone(&prepared.world);
        let start = prepared.window.from;
        let mut random = Random::stream(3, &[141, index]);
        let mut batch = Batch::default();
        let mut board = None;
        for trial in 0..TRIALS {
            let mut rules = random_rules(&mut random);
            let mut model = random_model(&mut random, rules.terms);
            rules.exits.stop = pick(&mut random, &[0.01, 0.02, 0.03, 0.055].map(rate));
            plain(&mut world, &mut rules, &mut model);
            model.start = Some(start);
            let reach = Reach::of(&rules.confluence);
            let board = board.get_or_insert_with(|| Arc::new(Board::new(&world, start, reach)));
            let name = format!("{name}, trial {trial}");
            let world = Arc::new(world.clone());
            compare(
                &name,
                (&world, board),
                (&rules, &model),
                (&mut batch, &mut met),
            );
        }
    }
    let trials = TRIALS * months.len() as u64;
    println!(
        "batch: {trials} trials over {} real months; met {met:?}",
        months.len()
    );
    for what in [
        "entries",
        "exit sl",
        "exit tp1",
        "exit trailing",
        "funding",
        "halt daily_loss",
    ] {
        let times = met.get(what).copied().unwrap_or(0);
        assert!(times >= 20, "{what} was met only {times} times");
    }
}

fn rate(share: f64) -> confluence::domain::num::Rate {
    share.to_string().parse().unwrap()
}
