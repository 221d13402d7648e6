//! The storm: the trader against a seeded exchange that loses, repeats, delays, reorders, refuses, cuts the line and
//! kills the process, with the invariants checked after every event.
//!
//! `STORM_SEED=n` runs one seed and tells everything; `STORM_SEEDS=n` changes how many are run.

mod checks;
mod exchange;
mod line;
mod permutations;
pub(crate) mod plan;
mod planted;
mod script;
mod truth;
mod venue;
mod weather;

use std::collections::BTreeMap;
use std::convert::Infallible;

use confluence::backtest::log::EventLog;
use confluence::domain::event::{AccountUpdate, Command, Event, Note, Operator};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::Timestamp;
use confluence::engine::{DriveError, Journal, drive};
use confluence::trader::{Commands, Trader};

use self::checks::{Seen, Step};
use self::exchange::{FaultExchange, Milestone, Pause};
use self::plan::{Plan, SYMBOLS};
use self::planted::Bug;
use self::weather::{Matrix, Weather, print_unreachable};

/// The journal: what was heard is enough to be rebuilt from.
#[derive(Default)]
struct Record {
    heard: Vec<(Timestamp, Event)>,
    said: Vec<Command>,
    notes: Vec<Note>,
    log: EventLog,
}

impl Journal for Record {
    type Error = Infallible;

    fn heard(&mut self, at: Timestamp, event: &Event) -> Result<(), Infallible> {
        self.heard.push((at, event.clone()));
        self.log.heard(at, event)
    }

    fn noted(&mut self, at: Timestamp, note: &Note) -> Result<(), Infallible> {
        self.notes.push(note.clone());
        self.log.noted(at, note)
    }

    fn said(&mut self, at: Timestamp, command: &Command) -> Result<(), Infallible> {
        self.said.push(command.clone());
        self.log.said(at, command)
    }
}

/// How a run is to be made.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    verbose: bool,
    calm: bool,
    bug: Option<Bug>,
    /// Kill the trader after this many events.
    crash_at: Option<u64>,
    /// Rebuild the trader after this many events, without the world noticing.
    rebuild_at: Option<u64>,
}

/// What came of a run.
struct Outcome {
    breach: Option<String>,
    hash: String,
    events: u64,
    matrix: Matrix,
    seen: Seen,
}

/// A trader that has heard what the journal holds; what it says is not sent again.
fn rebuilt(plan: &Plan, record: &Record, bug: Option<Bug>) -> Trader {
    let mut trader = Trader::new(plan.rules.clone(), plan.instruments(), plan.upkeep);
    let mut commands = Commands::default();
    for (index, (at, event)) in record.heard.iter().enumerate() {
        let hole = bug == Some(Bug::HoleInJournal) && index + 3 == record.heard.len();
        let halt = matches!(
            event,
            Event::Operator(Operator::Halt) | Event::Account(AccountUpdate::FloorReached { .. })
        );
        if hole || (halt && bug == Some(Bug::ForgetHalt)) {
            continue;
        }
        trader.on_event(*at, event, &mut commands);
        commands.drain();
        commands.drain_notes();
    }
    trader
}

fn run(seed: u64, options: Options) -> Outcome {
    let plan = Plan::of(seed);
    let weather = if options.calm {
        Weather::calm()
    } else {
        Weather::of(seed)
    };
    let mut world = FaultExchange::new(plan.clone(), weather, options.bug);
    world.verbose = options.verbose;
    world.crash_at = options.crash_at;
    let mut trader = Trader::new(plan.rules.clone(), plan.instruments(), plan.upkeep);
    let mut record = Record::default();
    loop {
        let before = record.heard.len();
        let pause = match drive(&mut trader, &mut world, &mut record) {
            Ok(()) => break,
            Err(DriveError::Exchange(pause)) => pause,
            Err(DriveError::Journal(never)) => match never {},
        };
        if record.heard.len() > before {
            look(&mut world, &trader, &mut record);
        }
        match pause {
            Pause::Step => {}
            Pause::Crash => {
                let again = rebuilt(&plan, &record, options.bug);
                if again != trader && options.bug != Some(Bug::ForgetHalt) {
                    world
                        .judge
                        .breach("I4: the rebuilt trader differs".to_owned());
                }
                trader = again;
            }
            Pause::Milestone(milestone) => reach(milestone, &mut world, &trader),
        }
        if options.rebuild_at == Some(world.heard) {
            trader = rebuilt(&plan, &record, None);
        }
        if !world.judge.breaches.is_empty() {
            break;
        }
    }
    if world.judge.breaches.is_empty() {
        at_end(&mut world, &trader);
    }
    Outcome {
        breach: world.judge.breaches.first().cloned(),
        hash: record.log.hash(),
        events: world.heard,
        matrix: world.matrix,
        seen: world.judge.seen,
    }
}

/// Checks what one event led to.
fn look(world: &mut FaultExchange, trader: &Trader, record: &mut Record) {
    if let Some((_, event)) = record.heard.last() {
        let step = Step {
            now: world.now,
            event,
            said: &record.said,
            notes: &record.notes,
            connected: world.link_up && !world.dead,
        };
        world.judge.after_event(&world.truth, trader, &step);
    }
    record.said.clear();
    record.notes.clear();
    for (index, state) in world.states.iter_mut().enumerate() {
        *state = trader.protection(SymbolId::at(index));
    }
    if world.heard.is_multiple_of(16) && !world.dead {
        world.judge.check_rest(trader, world.now);
    }
    if world.verbose {
        println!("             {:?}", world.states);
    }
}

fn reach(milestone: Milestone, world: &mut FaultExchange, trader: &Trader) {
    match milestone {
        Milestone::Quiet => {
            world.judge.at_quiet(&world.truth, trader);
            // A process that died a moment ago is told what stands as soon as its link is up.
            if world.judge.is_up(world.now) {
                let halted = world.gateway.halted.is_some();
                let watched = world.gateway.floor.is_some();
                world.judge.check_gateway(halted, watched);
            }
        }
        Milestone::Fresh => world.judge.at_fresh(world.now, &world.truth, trader),
    }
}

/// Told to close everything, it ends flat with nothing left at the exchange.
fn at_end(world: &mut FaultExchange, trader: &Trader) {
    world.judge.at_quiet(&world.truth, trader);
    for index in 0..SYMBOLS {
        if world.truth.positions[index].is_some() {
            world
                .judge
                .breach(format!("end: symbol {index} is not flat"));
        }
    }
}

fn seeds() -> u64 {
    std::env::var("STORM_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(16_000)
}

#[test]
fn storm_leaves_every_invariant_standing() {
    if let Some(seed) = std::env::var("STORM_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        let outcome = run(
            seed,
            Options {
                verbose: true,
                ..Options::default()
            },
        );
        println!(
            "seed {seed}: {} events, log {}",
            outcome.events, outcome.hash
        );
        assert_eq!(outcome.breach, None, "seed {seed}");
        return;
    }
    #[allow(clippy::disallowed_methods, reason = "only to print how fast it went")]
    let began = std::time::Instant::now();
    let (mut matrix, mut seen, mut events) = (Matrix::default(), Seen::default(), 0);
    let mut failures = Vec::new();
    let count = seeds();
    for seed in 0..count {
        let outcome = run(seed, Options::default());
        matrix.add(&outcome.matrix);
        seen.add(&outcome.seen);
        events += outcome.events;
        if let Some(breach) = outcome.breach {
            failures.push(format!("STORM_SEED={seed}: {breach}"));
        }
    }
    let took = began.elapsed().as_secs_f64();
    let speed = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took;
    println!("storm: {count} seeds, {events} events, {took:.1} s, {speed:.0} seeds/s, {seen:?}");
    matrix.print();
    print_unreachable();
    tell(&failures);
    assert!(
        failures.is_empty(),
        "{} of {count} seeds failed",
        failures.len()
    );
    let (cells, least) = matrix.met_least();
    println!("storm: {cells} cells met at least {least} times, the others never");
    if count >= 10_000 {
        let wrong = matrix.wrong(100);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// How many failures of each kind, and the first seeds of each.
fn tell(failures: &[String]) {
    let mut kinds: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for failure in failures {
        let text = failure.split_once(": ").map_or("", |(_, text)| text);
        let kind: String = text
            .chars()
            .filter(|letter| !letter.is_ascii_digit())
            .collect();
        kinds.entry(kind).or_default().push(failure);
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, seeds)| std::cmp::Reverse(seeds.len()));
    for (_, failures) in kinds.iter().take(25) {
        println!("{:>6} times, first {}", failures.len(), failures[0]);
    }
}

#[test]
fn storm_of_one_seed_is_the_same_twice() {
    for seed in 0..50 {
        let one = run(seed, Options::default());
        let two = run(seed, Options::default());
        assert_eq!(
            (one.hash, one.events),
            (two.hash, two.events),
            "seed {seed}"
        );
    }
}

#[test]
fn storm_notices_planted_bugs() {
    for (bug, checks) in Bug::ALL {
        let options = Options {
            bug: Some(bug),
            ..Options::default()
        };
        let caught = (0..2_000).find_map(|seed| {
            let breach = run(seed, options).breach?;
            checks
                .iter()
                .any(|check| breach.starts_with(check))
                .then_some((seed, breach))
        });
        let Some((seed, breach)) = caught else {
            panic!("{bug:?} was never caught by {checks:?}");
        };
        println!("planted {bug:?}: seed {seed}: {breach}");
    }
}

/// Rebuilt from the journal after any event whatever, the run goes on as if nothing had happened.
#[test]
fn storm_ends_the_same_when_rebuilt_after_any_event() {
    let mut points = 0;
    for seed in [3, 8, 21, 34, 55] {
        let whole = run(seed, Options::default());
        for k in 1..=whole.events {
            let rebuilt_at = Options {
                rebuild_at: Some(k),
                ..Options::default()
            };
            let again = run(seed, rebuilt_at);
            assert_eq!(
                again.hash, whole.hash,
                "seed {seed}, rebuilt after event {k}"
            );
            points += 1;
        }
    }
    println!("rebuilt after each of {points} events: the same log");
}

/// The process dies after any event whatever, some of its commands unsent, and every invariant holds to the end.
#[test]
fn storm_survives_a_crash_after_any_event() {
    let mut points = 0;
    for (seed, calm) in [
        (5, true),
        (13, true),
        (2, false),
        (8, false),
        (34, false),
        (89, false),
    ] {
        let options = Options {
            calm,
            ..Options::default()
        };
        for k in 1..=run(seed, options).events {
            let crash = Options {
                crash_at: Some(k),
                ..options
            };
            let outcome = run(seed, crash);
            assert_eq!(
                outcome.breach, None,
                "seed {seed}, calm {calm}, crash after event {k}"
            );
            points += 1;
        }
    }
    println!("crashed after each of {points} events: every invariant held");
}
