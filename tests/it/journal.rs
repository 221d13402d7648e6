//! The journal: what is committed is there again, what is not is not, and what was touched is not believed.

mod entries;

use std::path::Path;

use confluence::domain::time::Timestamp;
use confluence::journal::entry::{Entry, Environment};
use confluence::journal::reader::read;
use confluence::journal::store::Store;

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
