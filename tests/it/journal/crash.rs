//! The writer dies at every point at which it can: what was committed is there, what was not is gone, and it goes on.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use confluence::journal::entry::{Entry, Environment};
use confluence::journal::error::JournalError;
use confluence::journal::store::{Crash, Options, Store, WritePoint};

use super::entries::{Maker, boot};
use super::{all, at};

/// Batches of entries, each to be committed together with a state.
fn batches(seed: u64) -> Vec<(Vec<Entry>, Vec<u8>)> {
    let mut maker = Maker::new(seed);
    (0..40_u8)
        .map(|batch| {
            let entries = (0..1 + batch % 4).map(|_| maker.entry()).collect();
            (entries, vec![batch; usize::from(batch)])
        })
        .collect()
}

/// Opens, finds out how many batches are there, does the rest.
fn go_on(path: &Path, work: &[(Vec<Entry>, Vec<u8>)], crash_at: u64) -> Result<u64, JournalError> {
    let points = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&points);
    let hook = Box::new(move |_: WritePoint| {
        if counter.fetch_add(1, Ordering::Relaxed) + 1 == crash_at {
            Crash::Yes
        } else {
            Crash::No
        }
    });
    let options = Options {
        ballast_bytes: 0,
        hook: Some(hook),
    };
    let mut store = Store::open_with(path, Environment::Paper, options)?;
    let done = store.state().map_or(0, |state| {
        state.first().map_or(1, |batch| usize::from(*batch) + 1)
    });
    let result = rest(&mut store, &work[done..]);
    if result.is_err() {
        assert!(matches!(store.commit(), Err(JournalError::Crashed)));
        let entry = Entry::Stopped { clean: false };
        assert!(matches!(
            store.append(at(1), &entry),
            Err(JournalError::Crashed)
        ));
    }
    result.map(|()| points.load(Ordering::Relaxed))
}

fn rest(store: &mut Store, work: &[(Vec<Entry>, Vec<u8>)]) -> Result<(), JournalError> {
    store.begin(at(1), &boot(4))?;
    for (entries, state) in work {
        for entry in entries {
            store.append(at(2), entry)?;
        }
        store.keep_state(state);
        store.commit()?;
    }
    Ok(())
}

fn without_boots(path: &Path) -> Vec<Entry> {
    let rows = all(path).into_iter().map(|row| row.3);
    rows.filter(|entry| !matches!(entry, Entry::Boot(_)))
        .collect()
}

#[test]
fn a_crash_at_every_write_point_leads_to_the_same_journal() {
    let work = batches(11);
    let wanted: Vec<Entry> = work
        .iter()
        .flat_map(|(entries, _)| entries.clone())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let points = go_on(&folder.path().join("whole.db"), &work, 0).unwrap();
    let mut crashes = 0;
    for point in 1..=points {
        let path = folder.path().join(format!("{point}.db"));
        let error = go_on(&path, &work, point).unwrap_err();
        assert!(matches!(error, JournalError::Crashed), "{error:?}");
        let kept = without_boots(&path);
        assert_eq!(kept, wanted[..kept.len()], "point {point}");
        // A second death on the way back, at another point.
        let second = go_on(&path, &work, 1 + point % 7);
        crashes += 1 + u64::from(second.is_err());
        go_on(&path, &work, 0).unwrap();
        assert_eq!(without_boots(&path), wanted, "point {point}");
    }
    println!("journal: {points} write points, {crashes} crashes, the same journal each time");
    assert!(points > 150);
}

const WRITER: &str = "JOURNAL_WRITTEN_BY_A_CHILD";

/// The n-th entry of the endless writer.
fn numbered(number: u64) -> Entry {
    Entry::Alarm {
        code: "number".to_owned(),
        text: number.to_string(),
    }
}

/// Not a test by itself: the process that the next one kills. Says after each commit how many entries are durable.
#[test]
fn writer_of_a_journal() {
    let Some(path) = std::env::var_os(WRITER) else {
        return;
    };
    let path = Path::new(&path);
    let mut store = super::open(path).unwrap();
    let mut done = store
        .state()
        .map_or(0, |state| u64::from_le_bytes(state.try_into().unwrap()));
    store.begin(at(1), &boot(2)).unwrap();
    // Bounded, should nobody kill it.
    for round in 0..100_000_u64 {
        for _ in 0..=round % 5 {
            store.append(at(2), &numbered(done)).unwrap();
            done += 1;
        }
        store.keep_state(&done.to_le_bytes());
        store.commit().unwrap();
        println!("durable {done}");
    }
}

#[test]
fn a_killed_process_keeps_all_it_had_said_was_durable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (mut kills, mut rows) = (0, 0);
    for round in 0..60_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "journal::crash::writer_of_a_journal",
                "--exact",
                "--nocapture",
            ])
            .env(WRITER, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said =
            lines.filter_map(|line| line.unwrap().split_once("durable ")?.1.parse::<u64>().ok());
        // The first ones on start, later ones in the middle of whatever it does.
        let last = said.nth(usize::try_from(round % 13).unwrap()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let last = said.last().unwrap_or(last);
        let kept = without_boots(&path);
        assert!(
            kept.len() as u64 >= last,
            "{last} were durable, {} are there",
            kept.len()
        );
        for (number, entry) in kept.iter().enumerate() {
            assert_eq!(*entry, numbered(number as u64), "round {round}");
        }
        let store = super::open(&path).unwrap();
        let state = store.state().unwrap();
        assert_eq!(state, (kept.len() as u64).to_le_bytes(), "round {round}");
        assert_eq!(store.epoch(), round + 1);
        rows = kept.len();
    }
    println!(
        "journal: {kills} processes killed, {rows} rows, none that was said to be durable is missing"
    );
}
