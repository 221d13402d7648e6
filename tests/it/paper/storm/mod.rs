//! The storm of `sim paper`: the whole run against the faulty market server, faulty senders, deaths and restarts.
//!
//! `STORM_SEED=n` plays one seed and tells everything; `STORM_FIRST=n` and `STORM_SEEDS=n` say which are played (200, with
//! `SLOW_TESTS` 2,000). Of a seed the plan is always the same: tape, settings, messages, who sends what when on the tape,
//! write points of deaths, and the dice of the market server by connection and frame. Threads and sockets are real, so how
//! much of the tape lies between a cause and its notice, which frame of a connection is which, and what a sender hears
//! from a run that just dies, can differ between two plays of a seed.
//!
//! What is held against `reliability.md` 2, from the journal, the senders' answers and the sample:
//! - I2 (before live orders, by the record): a position has a resting stop or an exit under way, but for 10 s: `protection`.
//! - I3: at the end the exchange's kept state and the trader agree on positions and on whether anything rests: `money`.
//! - I4: the chain is whole, every decision of every start comes out again, nothing decided is missing: `watch`.
//! - I5: the fills heard add up to the positions: `protection`, `money`. I6: the ledger sums to the wallet, trades to their
//!   fills, to the last digit: `money`.
//! - I7: no fill twice; each settlement paid once by whoever holds, over restarts: `money`, `calendar`. Of trades of the market
//!   none is skipped and none is heard twice: their volume is that of the sample, the last number its last: `tape`.
//! - I12: a stop never moves away from the market: `protection`. That another rests while one is replaced: I2.
//! - I13: no entry after the day's loss limit until the day ends or the operator resumes; each UTC day begins once; over
//!   restarts. Transfers and failed reads of equity have no meaning: paper money is read from nowhere: `limits`, `calendar`.
//! - I14: each entry within its share, all together within theirs, one per contract, so many a day: `limits`.
//! - I17: instants ascend; an entry has a fresh message and a price that stood on the tape shortly before, whatever broken
//!   frames said: `limits`, `tape`, `itself`.
//! - I18: what was acknowledged is in the journal under the number that was told; what was taken is heard once; bad lines,
//!   unknown coins and types never are: `signals`. Forged signatures are the tests of the HTTP intake.
//! - I19: no entry while paused; what the operator was promised is heard, over deaths and restarts: `limits`. The levels
//!   REDUCE and FLATTEN have no meaning before there are orders to reduce by.
//! - I23: alarms of one kind are few however often their cause, no message waits at the end: `itself`. Memory is the load
//!   test's.
//! - I24: what the run says of itself at the end is what its journal says: `itself`. Notifiers do not exist yet.
//! - I25: faults end, then everything the market server sent was taken, every message is heard soon, the tape reaches its
//!   end, the run ends when asked: `signals`, `supervisor`. That entries become protected positions: I2.
//! - I26: where nothing was lost or late, a backtest of the same hours is the same to the row, deaths and restarts included:
//!   `repeat`.
//! - I27: the control port's token is not in the journal: `itself`.

mod gate;
mod life;
mod operator;
mod plan;
mod planted;
mod pranks;
mod round;
mod supervisor;
mod tally;
mod watch;
mod weather;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use plan::Plan;
use tally::Tally;
use watch::Case;

/// Schedules played side by side: most of the time each waits for its own clocks and sockets.
const THREADS: u64 = 10;

/// What a replay asks for.
const REPLAY: &str = "paper_storm_leaves --nocapture";

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Plays a seed; what was wrong with it.
fn schedule(seed: u64, tally: &mut Tally, traced: bool) -> Vec<String> {
    let mut plan = Plan::of(seed);
    plan.traced = traced;
    if traced {
        let Plan { play, weather, .. } = &plan;
        println!(
            "{play:#?}\n{weather:?}\n{:?}\n{:?}",
            plan.deaths, plan.wishes
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let case = round::play(&plan, folder.path()).and_then(|played| Case::read(&plan, &played));
    let breaches = match case {
        Ok(case) => {
            let (breaches, compared) = case.judge();
            tally.count(&case, compared);
            breaches
        }
        Err(breach) => vec![breach],
    };
    if traced && !breaches.is_empty() {
        println!("its journal stays in {}", folder.path().display());
        std::mem::forget(folder);
    }
    breaches
}

/// Plays many; a panic counts as a breach of its seed.
fn many(first: u64, count: u64) -> (Tally, Vec<(u64, Vec<String>)>) {
    let next = AtomicU64::new(first);
    let all = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= first + count {
                return;
            }
            let played = std::panic::catch_unwind(|| {
                let mut tally = Tally::default();
                let breaches = schedule(seed, &mut tally, false);
                (tally, breaches)
            });
            let panicked = |_| (Tally::default(), vec!["PANIC, told above".to_owned()]);
            let (tally, breaches) = played.unwrap_or_else(panicked);
            let mut all = all.lock().unwrap();
            all.0.merge(&tally);
            if !breaches.is_empty() {
                println!("seed {seed}: {}", breaches[0]);
                all.1.push((seed, breaches));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    let (tally, mut failures) = all.into_inner().unwrap();
    failures.sort();
    (tally, failures)
}

#[test]
fn paper_storm_leaves_every_invariant_standing() {
    if let Some(seed) = number("STORM_SEED") {
        let mut tally = Tally::default();
        let breaches = schedule(seed, &mut tally, true);
        tally.print();
        assert!(breaches.is_empty(), "seed {seed}: {breaches:#?}");
        return;
    }
    let slow = std::env::var("SLOW_TESTS").is_ok();
    let count = number("STORM_SEEDS").unwrap_or(if slow { 2_000 } else { 200 });
    let first = number("STORM_FIRST").unwrap_or(0);
    let begun = life::now();
    let (tally, failures) = many(first, count);
    tally.print();
    println!(
        "  seeds {first} to {} in {:.0?}",
        first + count - 1,
        begun.elapsed()
    );
    for (seed, breaches) in &failures {
        println!("replay: STORM_SEED={seed} cargo test --release --test it -- {REPLAY}");
        for breach in breaches.iter().take(5) {
            println!("    {breach}");
        }
    }
    let failed = failures.len();
    assert!(failed == 0, "{failed} of {count} schedules failed");
    assert!(tally.schedules == count);
    if count >= 200 {
        let missing = tally.missing();
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

#[test]
fn paper_storm_of_one_seed_is_one_plan() {
    for seed in 0..500 {
        let plans = [Plan::of(seed), Plan::of(seed)].map(|plan| format!("{plan:?}"));
        assert_eq!(plans[0], plans[1], "seed {seed}");
    }
}

#[test]
fn paper_storm_notices_planted_faults() {
    let mut left: Vec<planted::Fault> = planted::FAULTS.to_vec();
    let mut noticed = 0;
    for seed in (0..400).step_by(8) {
        if left.is_empty() {
            break;
        }
        let plan = Plan::of(seed);
        let folder = tempfile::tempdir().unwrap();
        let played = round::play(&plan, folder.path()).unwrap();
        let case = Case::read(&plan, &played).unwrap();
        if !case.judge().0.is_empty() {
            continue;
        }
        left.retain(|(what, wanted, plant)| {
            let mut spoiled = case.clone();
            if plant(&mut spoiled).is_none() {
                return true;
            }
            let (breaches, _) = spoiled.judge();
            let found = breaches
                .iter()
                .find(|breach| wanted.iter().any(|number| breach.starts_with(number)));
            let Some(found) = found else {
                panic!("seed {seed}: {what}: not noticed, only {breaches:?}");
            };
            println!(
                "planted: {what}: {}",
                found.lines().next().unwrap_or_default()
            );
            noticed += 1;
            false
        });
    }
    println!("paper storm: {noticed} planted faults noticed");
    let left: Vec<&str> = left.iter().map(|(what, _, _)| *what).collect();
    assert!(left.is_empty() && noticed > 0, "never planted: {left:?}");
}
