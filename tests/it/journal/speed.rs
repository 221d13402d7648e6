//! How long writing and opening take; the bounds are wide, the figures are printed.

use std::time::Instant;

use confluence::journal::entry::Entry;
use confluence::journal::reader::read;

use super::entries::{Maker, boot};
use super::{at, open};

#[allow(clippy::disallowed_methods, reason = "this test measures the disk")]
fn clock() -> Instant {
    Instant::now()
}

#[test]
fn rows_are_written_and_read_fast() {
    let slow = std::env::var_os("SLOW_TESTS").is_some();
    let rows: u32 = if slow { 1_000_000 } else { 60_000 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut maker = Maker::new(9);
    let entries: Vec<Entry> = (0..1_000).map(|_| Entry::Heard(maker.event())).collect();
    let mut store = open(&path).unwrap();
    store.begin(at(1), &boot(4)).unwrap();
    let watch = clock();
    for row in 0..rows {
        store
            .append(at(2), &entries[row as usize % entries.len()])
            .unwrap();
    }
    store.commit().unwrap();
    let wrote = watch.elapsed();
    let written = store.written();
    assert_eq!(written.rows, u64::from(rows) + 1);
    drop(store);
    let watch = clock();
    let store = open(&path).unwrap();
    let opened = watch.elapsed();
    let watch = clock();
    let read = read(&path).unwrap().filter(|row| row.is_ok()).count();
    let took = watch.elapsed();
    assert_eq!(read as u64, u64::from(rows) + 1);
    drop(store);
    let rate = |time: std::time::Duration| f64::from(rows) / time.as_secs_f64();
    println!(
        "journal: {rows} rows of {} bytes on average: written at {:.0} rows/s, opened and verified in {opened:.2?} ({:.0} rows/s), \
         read and verified in {took:.2?} ({:.0} rows/s)",
        written.bytes / u64::from(rows),
        rate(wrote),
        rate(opened),
        rate(took)
    );
    assert!(rate(wrote) > 10_000.0 && rate(opened) > 10_000.0 && rate(took) > 10_000.0);
}
