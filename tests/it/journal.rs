//! The journal: what is committed is there again, what is not is not, and what was touched is not believed.

mod crash;
mod damage;
mod entries;
mod refusals;
mod replay;
mod speed;

use std::path::Path;

use confluence::domain::time::Timestamp;
use confluence::journal::entry::{Entry, Environment};
use confluence::journal::error::JournalError;
use confluence::journal::reader::{Reader, read};
use confluence::journal::store::{Options, Store};

use entries::{Maker, boot};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(super) fn all(path: &Path) -> Vec<(u64, u64, Timestamp, Entry)> {
    read(path)
        .unwrap()
        .map(|row| row.unwrap())
        .map(|row| (row.seq, row.epoch, row.at, row.entry))
        .collect()
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut maker = Maker::new(1);
    let mut wanted = Vec::new();
    for epoch in 1..=3 {
        let mut store = Store::open(&path, Environment::Paper).unwrap();
        assert_eq!(store.is_new(), epoch == 1);
        let start = boot(4);
        let began = store.begin(at(1_000), &start).unwrap();
        assert_eq!(began, epoch);
        wanted.push((store.last_seq(), epoch, at(1_000), Entry::Boot(start)));
        for minute in 0..50 {
            let entry = maker.entry();
            let stamp = at(2_000 + minute);
            let seq = store.append(stamp, &entry).unwrap();
            wanted.push((seq, epoch, stamp, entry));
            if minute % 10 == 9 {
                store.keep_state(format!("state {epoch} {minute}").as_bytes());
                store.commit().unwrap();
            }
        }
        store.append(at(9_000), &maker.entry()).unwrap();
        assert_eq!(store.pending(), 1);
    }
    let found = all(&path);
    assert_eq!(found, wanted);
    let store = Store::open(&path, Environment::Paper).unwrap();
    assert_eq!(store.state(), Some("state 3 49".as_bytes()));
    println!("journal: {} rows came back over 3 starts", found.len());
}

/// Without the reserve, which takes longer to write than the rest of a test.
pub(super) fn open(path: &Path) -> Result<Store, JournalError> {
    let options = Options {
        ballast_bytes: 0,
        hook: None,
    };
    Store::open_with(path, Environment::Paper, options)
}

/// A begun journal of a few rows, closed again.
pub(super) fn short_journal(path: &Path, rows: u64) {
    let mut store = open(path).unwrap();
    let mut maker = Maker::new(rows);
    store.begin(at(1), &boot(4)).unwrap();
    for _ in 1..rows {
        store.append(at(2), &maker.entry()).unwrap();
    }
    store.keep_state(b"how the exchange stood");
    store.commit().unwrap();
}

#[test]
fn every_variant_reads_back_to_itself_and_to_the_same_text() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["a.db", "b.db"].map(|name| folder.path().join(name));
    let seed = 20_260_101;
    let mut maker = Maker::new(seed);
    let mut made = Vec::new();
    let mut store = open(&first).unwrap();
    store.begin(at(1), &boot(6)).unwrap();
    for _ in 0..120_000 {
        let entry = maker.entry();
        store.append(at(7), &entry).unwrap();
        made.push(entry);
    }
    store.commit().unwrap();
    let mut again = open(&second).unwrap();
    again.begin(at(1), &boot(6)).unwrap();
    let mut rows = 0;
    for (row, entry) in read(&first).unwrap().skip(1).zip(&made) {
        let row = row.unwrap();
        assert_eq!(row.entry, *entry, "seed {seed}, row {}", row.seq);
        again.append(row.at, &row.entry).unwrap();
        rows += 1;
    }
    again.commit().unwrap();
    assert_eq!(rows, made.len());
    let texts = |path: &Path| -> Vec<(String, Vec<u8>)> {
        let connection = rusqlite::Connection::open(path).unwrap();
        let mut query = connection
            .prepare("SELECT body, hash FROM events ORDER BY seq")
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    };
    assert!(
        texts(&first) == texts(&second),
        "the same entries have another text"
    );
    let least = maker.made.iter().min_by_key(|(_, count)| **count).unwrap();
    println!(
        "journal: {rows} entries and their texts read back, {} variants, the rarest ('{}') {} times, seed {seed}",
        maker.made.len(),
        least.0,
        least.1
    );
    assert!(
        maker.made.len() == 133 && *least.1 >= 5,
        "too few variants: {:?}",
        maker.made
    );
}

#[test]
fn a_reader_follows_while_a_writer_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut store = open(&path).unwrap();
    let mut maker = Maker::new(5);
    store.begin(at(1), &boot(4)).unwrap();
    let mut readers = 0;
    for round in 0..50_u64 {
        for _ in 0..60 {
            store.append(at(2), &maker.entry()).unwrap();
        }
        assert_eq!(Reader::open(&path).unwrap().last_seq(), 1 + round * 60);
        store.commit().unwrap();
        let rows = all(&path);
        assert_eq!(rows.len() as u64, 1 + (round + 1) * 60);
        assert_eq!(rows.last().unwrap().0, store.last_seq());
        readers += 1;
    }
    println!("journal: {readers} readers beside a writer");
}

#[test]
fn signals_are_known_for_ever_and_wait_until_they_are_settled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut maker = Maker::new(8);
    let mut taken = Vec::new();
    let mut settled = 0;
    for start in 0..4 {
        let mut store = open(&path).unwrap();
        store.begin(at(1), &boot(4)).unwrap();
        for _ in 0..50 {
            let entry = maker.taken();
            let Entry::Taken { id, hash, .. } = &entry else {
                unreachable!()
            };
            assert_eq!(store.seen(id), None);
            store.append(at(2), &entry).unwrap();
            assert_eq!(store.seen(id), Some(*hash));
            assert!(matches!(
                store.append(at(2), &entry),
                Err(JournalError::Repeated { .. })
            ));
            taken.push((id.clone(), *hash));
        }
        // Half of those that wait are settled: they are heard.
        let waiting: Vec<Entry> = store
            .waiting()
            .iter()
            .map(|row| row.entry.clone())
            .collect();
        for entry in waiting.iter().step_by(2) {
            let Entry::Taken { id, .. } = entry else {
                unreachable!()
            };
            store.append(at(3), &maker.heard_signal(id)).unwrap();
            settled += 1;
        }
        store.commit().unwrap();
        let left: Vec<u64> = store.waiting().iter().map(|row| row.seq).collect();
        drop(store);
        let store = open(&path).unwrap();
        let found: Vec<u64> = store.waiting().iter().map(|row| row.seq).collect();
        assert_eq!(found, left);
        assert!(found.is_sorted());
        for (id, hash) in &taken {
            assert_eq!(store.seen(id), Some(*hash), "start {start}");
        }
        assert_eq!(taken.len() - settled, found.len());
    }
    println!(
        "journal: {} signals known for ever, {settled} settled",
        taken.len()
    );
}

#[test]
fn a_listing_is_continued_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    short_journal(&path, 5);
    let mut refused = 0;
    let [longer, mut moved, shorter, mut twice, mut wrong] = [6, 4, 3, 5, 5].map(boot);
    moved.listing.swap(1, 2);
    twice.listing[4] = twice.listing[0].clone();
    wrong.listing[4].instrument.symbol = wrong.listing[0].symbol.clone();
    for bad in [moved, shorter, twice, wrong] {
        let mut store = open(&path).unwrap();
        let error = store.begin(at(9), &bad).unwrap_err();
        assert!(matches!(error, JournalError::Listing { .. }), "{error}");
        assert!(error.to_string().contains("\nhint: "), "{error}");
        assert!(matches!(
            store.append(at(9), &Entry::Stopped { clean: true }),
            Err(JournalError::NotBegun)
        ));
        assert_eq!(store.epoch(), 1);
        refused += 1;
    }
    let mut store = open(&path).unwrap();
    assert_eq!(store.begin(at(9), &longer).unwrap(), 2);
    println!("journal: {refused} listings refused, one continued");
}
