//! The write-ahead log cut and flipped wherever it can be: an exact earlier journal or a refusal, nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use confluence::domain::random::Random;

use super::entries::{Maker, boot};
use super::{all, at, open};

/// Bytes of the log's header and of each frame's, and of a page.
const LOG_HEAD: usize = 32;
const FRAME: usize = 24 + 4_096;

/// In memory where there is such a place: thousands of files are made.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// What came of the cases.
#[derive(Debug, Default)]
struct Met {
    whole: u64,
    earlier: u64,
    refused: u64,
    lengths: BTreeMap<usize, u64>,
}

type Rows = Vec<(
    u64,
    u64,
    confluence::domain::time::Timestamp,
    confluence::journal::entry::Entry,
)>;

/// A journal as it was after each commit: how many rows, which state.
struct History {
    rows: Rows,
    after: BTreeMap<usize, Option<Vec<u8>>>,
}

impl History {
    /// Opens a damaged copy and compares it row by row.
    fn compare(&self, path: &Path, met: &mut Met, what: &str) {
        let store = match open(path) {
            Ok(store) => store,
            Err(error) => {
                assert!(error.to_string().contains("\nhint: "), "{what}: {error}");
                met.refused += 1;
                return;
            }
        };
        let found = all(path);
        assert_eq!(found, self.rows[..found.len()], "{what}: other rows");
        let state = self.after.get(&found.len());
        let state =
            state.unwrap_or_else(|| unreachable!("{what}: half a commit, {} rows", found.len()));
        assert_eq!(store.state(), state.as_deref(), "{what}: another state");
        if found.len() == self.rows.len() {
            met.whole += 1;
        } else {
            met.earlier += 1;
        }
        *met.lengths.entry(found.len()).or_default() += 1;
    }
}

/// A journal of many commits, all of them still in the log: the file, the log, its history.
fn journal(folder: &Path) -> (Vec<u8>, Vec<u8>, History) {
    let path = folder.join("source.db");
    let mut store = open(&path).unwrap();
    let mut maker = Maker::new(3);
    let mut after = BTreeMap::from([(0, None)]);
    store.begin(at(1), &boot(2)).unwrap();
    after.insert(1, None);
    let mut rows = 1;
    for commit in 0..340_u64 {
        for _ in 0..=commit % 2 {
            let event = maker.taken();
            store.append(at(2), &event).unwrap();
            rows += 1;
        }
        if commit % 3 == 0 {
            store.keep_state(format!("state {commit}").as_bytes());
        }
        store.commit().unwrap();
        after.insert(rows, store.state().map(<[u8]>::to_vec));
    }
    let file = fs::read(&path).unwrap();
    let log = fs::read(folder.join("source.db-wal")).unwrap();
    drop(store);
    let rows = all(&path);
    (file, log, History { rows, after })
}

#[test]
fn a_damaged_log_gives_an_exact_earlier_journal_or_a_refusal() {
    let folder = folder();
    let (file, log, history) = journal(folder.path());
    let frames = (log.len() - LOG_HEAD) / FRAME;
    let path = folder.path().join("copy.db");
    let beside = |ending: &str| folder.path().join(format!("copy.db{ending}"));
    let mut met = Met::default();
    let mut check = |bytes: &[u8], what: &str| {
        for ending in ["", "-wal", "-shm"] {
            let _was_there = fs::remove_file(beside(ending));
        }
        fs::write(&path, &file).unwrap();
        fs::write(beside("-wal"), bytes).unwrap();
        history.compare(&path, &mut met, what);
    };
    for frame in 0..=frames {
        check(
            &log[..LOG_HEAD + frame * FRAME],
            &format!("cut after frame {frame}"),
        );
    }
    let seed = 4_711;
    let mut random = Random::new(seed);
    let anywhere = |random: &mut Random| usize::try_from(random.below(log.len() as u64)).unwrap();
    for _ in 0..2_000 {
        let cut = anywhere(&mut random);
        check(&log[..cut], &format!("cut at byte {cut}, seed {seed}"));
    }
    for _ in 0..1_000 {
        let (place, bit) = (anywhere(&mut random), random.below(8));
        let mut flipped = log.clone();
        flipped[place] ^= 1 << bit;
        check(&flipped, &format!("bit {bit} of byte {place}, seed {seed}"));
    }
    for _ in 0..200 {
        let (from, to) = (anywhere(&mut random), anywhere(&mut random));
        let mut hole = log.clone();
        hole[from.min(to)..from.max(to)].fill(0);
        check(
            &hole,
            &format!("zeros between bytes {from} and {to}, seed {seed}"),
        );
    }
    println!(
        "journal: 341 commits in {frames} frames; log cut at {} frames and 2000 bytes, 1000 bits flipped, 200 holes: \
         {} whole, {} earlier ({} different ones), {} refused",
        frames + 1,
        met.whole,
        met.earlier,
        met.lengths.len(),
        met.refused
    );
    assert!(frames >= 341 && met.earlier > 2_000 && met.lengths.len() > 300);
}

#[test]
fn a_flipped_bit_of_the_file_is_found_or_harmless() {
    let folder = folder();
    let (.., history) = journal(folder.path());
    // Closed properly: everything is in the file now.
    let file = fs::read(folder.path().join("source.db")).unwrap();
    let path = folder.path().join("copy.db");
    let seed = 815;
    let mut random = Random::new(seed);
    let mut met = Met::default();
    let (mut same, mut refused) = (0, 0);
    for _ in 0..1_500 {
        for ending in ["-wal", "-shm"] {
            let _was_there = fs::remove_file(folder.path().join(format!("copy.db{ending}")));
        }
        let place = usize::try_from(random.below(file.len() as u64)).unwrap();
        let bit = random.below(8);
        let mut flipped = file.clone();
        flipped[place] ^= 1 << bit;
        fs::write(&path, flipped).unwrap();
        let before = met.refused;
        history.compare(
            &path,
            &mut met,
            &format!("bit {bit} of byte {place}, seed {seed}"),
        );
        if met.refused > before {
            refused += 1;
        } else {
            same += 1;
        }
    }
    println!(
        "journal: 1500 flipped bits of the file: {refused} refused, {same} in places that mean nothing"
    );
    assert_eq!(met.earlier, 0, "a journal lost its end without a word");
    assert!(refused > 1_000);
}
