//! A run that dies and is started again ends as if it had not.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::symbol::Symbol;
use confluence::domain::time::Timestamp;
use confluence::journal::store::{Crash, Options, WritePoint};

use super::stage::{Play, Player, Said, free_port, play, said, to_the_end};

/// Hours of the sample in which positions open, reach targets and stops, and a trailing stop moves.
pub(super) fn scripted() -> Play {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let from = Timestamp::parse("2024-03-03T01:30:00Z").unwrap();
    let signal = |id: &str, kind: SignalType, at: &str, had: &str| RawSignal {
        id: id.into(),
        kind,
        name: "SYNA".to_owned(),
        event_time: Timestamp::parse(at).unwrap(),
        received_time: Timestamp::parse(had),
    };
    let signals = vec![
        signal(
            "one",
            SignalType::ALPHA,
            "2024-03-03T01:48:42.302Z",
            "2024-03-03T01:48:44.262Z",
        ),
        signal(
            "two",
            SignalType::FOMO,
            "2024-03-03T01:51:04.152Z",
            "2024-03-03T01:51:05.152Z",
        ),
    ];
    Play {
        data: vec![sample.clone()],
        brackets: sample,
        symbols: vec![Symbol::new("SYNAUSDT")],
        from: Some(from),
        to: Some(Timestamp::parse("2024-03-03T03:30:00Z").unwrap()),
        signals,
        sets: vec!["exits.trailing.enabled=true".to_owned()],
    }
}

/// What must be as if nothing had happened.
pub(super) fn same(one: &Said, other: &Said) -> Result<(), String> {
    let times = one.times.iter().zip(&other.times);
    let pairs = one.rows.iter().zip(&other.rows).zip(times);
    for (index, ((ours, theirs), (at, then))) in pairs.enumerate() {
        if ours != theirs || at != then {
            return Err(format!(
                "row {index}:\n  whole   {at} {ours:?}\n  crashed {then} {theirs:?}"
            ));
        }
    }
    if one.rows.len() != other.rows.len() {
        return Err(format!(
            "{} rows, then {}",
            one.rows.len(),
            other.rows.len()
        ));
    }
    if one.ledger != other.ledger || one.trades != other.trades {
        return Err("ledger or trades differ".to_owned());
    }
    Ok(())
}

/// Options that let the journal die at a write point, and a count of the points met.
fn dying_at(point: u64) -> (Options, Arc<AtomicU64>) {
    let met = Arc::new(AtomicU64::new(0));
    let own = Arc::clone(&met);
    let options = Options {
        hook: Some(Box::new(move |_| {
            if own.fetch_add(1, Ordering::SeqCst) == point {
                Crash::Yes
            } else {
                Crash::No
            }
        })),
        ..Options::default()
    };
    (options, met)
}

#[test]
fn a_full_disk_keeps_senders_waiting_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let staged = scripted();
    let whole = folder.path().join("whole.journal");
    play(&staged, &whole);
    let whole = said(&whole);
    let journal = folder.path().join("full.journal");
    let bridge = free_port();
    let server = staged.serve(bridge);
    let settings = staged.settings(&server, bridge, &journal);
    let full = Arc::new(AtomicU64::new(0));
    let own = Arc::clone(&full);
    let mut commits = 0;
    let options = Options {
        hook: Some(Box::new(move |point| {
            let WritePoint::BeforeCommit(_) = point else {
                return Crash::No;
            };
            commits += 1;
            // The second and third of every five: also while a signal waits for its answer.
            if commits % 5 == 2 || commits % 5 == 3 {
                own.fetch_add(1, Ordering::SeqCst);
                Crash::Full
            } else {
                Crash::No
            }
        })),
        ..Options::default()
    };
    let run = Player::start(settings, options);
    let (summary, run) = to_the_end(server, run).unwrap();
    assert!(summary.complete);
    run.stop().unwrap();
    let met = full.load(Ordering::SeqCst);
    println!(
        "full disk: {met} commits refused, signals {:?}",
        summary.signals
    );
    assert!(met >= 4);
    if let Err(difference) = same(&whole, &said(&journal)) {
        panic!("after a full disk: {difference}");
    }
}

#[test]
fn a_run_that_dies_at_any_write_of_its_journal_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let staged = scripted();
    let whole = folder.path().join("whole.journal");
    let (_, summary) = play(&staged, &whole);
    let whole = said(&whole);
    assert!(
        !whole.trades.is_empty(),
        "the script has no trade: {summary:?}"
    );
    let (mut crashes, mut point) = (0, 0);
    loop {
        let journal = folder.path().join(format!("{point}.journal"));
        let bridge = free_port();
        let server = staged.serve(bridge);
        let settings = staged.settings(&server, bridge, &journal);
        let (options, met) = dying_at(point);
        let first = Player::start(settings.clone(), options);
        let died = loop {
            if first.is_over() {
                break true;
            }
            if server.is_over() {
                break false;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        };
        let tell = || {
            println!(
                "crash: {crashes} crashes at write points up to {}, {} rows, {} trades each",
                met.load(Ordering::SeqCst),
                whole.rows.len(),
                whole.trades.len()
            );
            assert!(crashes >= 20);
        };
        if !died {
            first.stop().ok();
            return tell();
        }
        let why = first.wait().unwrap_err();
        assert!(why.contains("injected crash"), "{why}");
        let second = Player::start(settings, Options::default());
        let (summary, second) = match to_the_end(server, second) {
            Ok(ended) => ended,
            Err(why) => panic!("after a crash at write {point}: {why}"),
        };
        assert!(summary.complete);
        if let Err(error) = second.stop() {
            // It died behind the end of the tape, when the exchange had gone: there is no later write to die at.
            assert!(error.contains("waiting for the exchange"), "{error}");
            return tell();
        }
        if let Err(difference) = same(&whole, &said(&journal)) {
            panic!("after a crash at write {point}: {difference}");
        }
        crashes += 1;
        point += 1;
    }
}
