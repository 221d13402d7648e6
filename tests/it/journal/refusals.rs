//! What is not opened, and how that is said: other programs' files, newer ones, broken ones, those in use, full disks.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use confluence::journal::entry::{Entry, Environment};
use confluence::journal::error::JournalError;
use confluence::journal::reader::{Reader, read};
use confluence::journal::store::{Options, Store};
use rusqlite::Connection;

use super::entries::{Maker, boot};
use super::{all, at, open, short_journal};

/// An error with something to do in it.
fn told(error: &JournalError) -> String {
    let text = error.to_string();
    assert!(text.contains("\nhint: "), "{text}");
    text
}

fn sql(path: &Path, text: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(text).unwrap();
    connection
        .pragma_update(None, "wal_checkpoint", "truncate")
        .ok();
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    (folder, path)
}

#[test]
fn files_that_are_no_journal_of_ours_are_left_alone() {
    let (folder, path) = place();
    let mut met = 0;
    let mut check = |name: &str, make: &dyn Fn(&Path), fits: &dyn Fn(&JournalError) -> bool| {
        let path = folder.path().join(name);
        make(&path);
        let before = fs::read(&path).ok();
        for error in [
            open(&path).map(|_| ()).unwrap_err(),
            read(&path).map(|_| ()).unwrap_err(),
        ] {
            assert!(fits(&error), "{name}: {error:?}");
            told(&error);
        }
        assert_eq!(fs::read(&path).ok(), before, "{name} was touched");
        met += 1;
    };
    check(
        "foreign.db",
        &|path| sql(path, "CREATE TABLE trades (id)"),
        &|error| matches!(error, JournalError::Foreign { .. }),
    );
    check(
        "newer.db",
        &|path| {
            short_journal(path, 3);
            sql(path, "PRAGMA user_version = 99");
        },
        &|error| matches!(error, JournalError::Newer { found: 99, .. }),
    );
    check(
        "garbage.db",
        &|path| fs::write(path, [0xa5; 20_000]).unwrap(),
        &|error| matches!(error, JournalError::Damaged { .. }),
    );
    check("empty.db", &|path| fs::write(path, "").unwrap(), &|error| {
        matches!(error, JournalError::Damaged { .. })
    });
    check(
        "folder.db",
        &|path| fs::create_dir(path).unwrap(),
        &|error| matches!(error, JournalError::Damaged { .. }),
    );
    short_journal(&path, 5);
    let other = Store::open(&path, Environment::Live).unwrap_err();
    assert!(
        matches!(other, JournalError::Environment { .. }),
        "{other:?}"
    );
    assert!(told(&other).contains("'paper', not 'live'"));
    assert_eq!(Reader::open(&path).unwrap().environment(), "paper");
    println!("journal: {} kinds of other files refused", met + 1);
}

#[test]
fn missing_and_unwritable_places_are_named() {
    let (folder, path) = place();
    let nowhere = folder.path().join("nowhere/journal.db");
    let error = open(&nowhere).unwrap_err();
    assert!(matches!(error, JournalError::NoFolder { .. }), "{error:?}");
    told(&error);
    let error = read(&path).unwrap_err();
    assert!(matches!(error, JournalError::Missing { .. }), "{error:?}");
    told(&error);
    // A folder nobody can make files in, whoever runs the tests.
    let error = open(Path::new("/proc/self/journal.db")).unwrap_err();
    assert!(matches!(error, JournalError::ReadOnly { .. }), "{error:?}");
    told(&error);
    // A log without its journal: the journal was taken away or never copied.
    fs::write(folder.path().join("journal.db-wal"), [1; 5_000]).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error:?}");
    println!("journal: 4 places refused");
}

#[test]
fn a_truncated_file_is_refused_at_every_page() {
    let (folder, path) = place();
    short_journal(&path, 60);
    let whole = fs::read(&path).unwrap();
    let rows = all(&path);
    let mut refused = 0;
    for cut in (0..whole.len()).step_by(1_024).chain([whole.len() - 1]) {
        let broken = folder.path().join("broken.db");
        fs::write(&broken, &whole[..cut]).unwrap();
        match open(&broken) {
            Err(error) => {
                told(&error);
                refused += 1;
            }
            // Nothing but free space was cut off.
            Ok(store) => {
                drop(store);
                assert_eq!(all(&broken), rows, "cut at {cut}");
            }
        }
    }
    println!("journal: {refused} truncated files refused");
    assert!(refused > 20);
}

#[test]
fn a_touched_row_breaks_the_chain_at_that_row() {
    let (folder, path) = place();
    short_journal(&path, 12);
    let whole = fs::read(&path).unwrap();
    let mut changes = Vec::new();
    for row in [1, 2, 7, 12] {
        for change in [
            "epoch = epoch + 1",
            "at_ms = at_ms + 1",
            "kind = kind || 'x'",
            "kind = 'alarm', body = '{}'",
            "body = body || ' '",
            "prev = randomblob(32)",
            "hash = randomblob(32)",
            "seq = seq + 1000",
            "seq = -seq",
        ] {
            changes.push((row, format!("UPDATE events SET {change} WHERE seq = {row}")));
        }
        changes.push((row, format!("DELETE FROM events WHERE seq = {row}")));
    }
    changes.push((
        3,
        "UPDATE events SET body = (SELECT body FROM events WHERE seq = 4) WHERE seq = 3".to_owned(),
    ));
    let mut found = 0;
    for (row, change) in &changes {
        let broken = folder.path().join("broken.db");
        fs::write(&broken, &whole).unwrap();
        sql(&broken, change);
        let first = if change.contains("-seq") { 1 } else { *row };
        for error in [
            open(&broken).map(|_| ()).unwrap_err(),
            read(&broken).unwrap().find_map(Result::err).unwrap(),
        ] {
            assert!(
                matches!(error, JournalError::Chain { seq, .. } if seq == first || seq == *row),
                "{change}: {error:?}"
            );
            told(&error);
            found += 1;
        }
        let sound = read(&broken).unwrap().take_while(Result::is_ok).count();
        assert_eq!(
            sound as i64,
            row - 1,
            "{change}: rows before it are handed out"
        );
    }
    // Every byte of one row's text.
    let connection = Connection::open(&path).unwrap();
    let text: String = connection
        .query_row("SELECT body FROM events WHERE seq = 5", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(connection);
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else {
            continue;
        };
        let broken = folder.path().join("broken.db");
        fs::write(&broken, &whole).unwrap();
        let connection = Connection::open(&broken).unwrap();
        connection
            .execute("UPDATE events SET body = ?1 WHERE seq = 5", [changed])
            .unwrap();
        drop(connection);
        let error = read(&broken).unwrap().find_map(Result::err).unwrap();
        assert!(
            matches!(error, JournalError::Chain { seq: 5, .. }),
            "{error:?}"
        );
        found += 1;
    }
    println!("journal: {found} changes of rows found");
}

#[test]
fn a_state_of_another_commit_is_refused() {
    let (folder, path) = place();
    short_journal(&path, 12);
    let whole = fs::read(&path).unwrap();
    let changes = [
        "UPDATE state SET bytes = CAST('how the exchange stands' AS BLOB)",
        "UPDATE state SET seq = seq - 1",
        "DELETE FROM state",
        "UPDATE meta SET created = created + 1",
    ];
    for change in changes {
        let broken = folder.path().join("broken.db");
        fs::write(&broken, &whole).unwrap();
        sql(&broken, change);
        let error = open(&broken).unwrap_err();
        let fits = matches!(
            error,
            JournalError::State { .. } | JournalError::Damaged { .. }
        );
        assert!(fits, "{change}: {error:?}");
        told(&error);
    }
    // The end of the chain cut off, the state left behind.
    let broken = folder.path().join("broken.db");
    fs::write(&broken, &whole).unwrap();
    sql(
        &broken,
        "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)",
    );
    let error = open(&broken).unwrap_err();
    assert!(matches!(error, JournalError::State { .. }), "{error:?}");
    println!("journal: {} foreign states refused", changes.len() + 1);
}

const HOLDER: &str = "JOURNAL_HELD_BY_A_CHILD";

/// Not a test by itself: the second process of the next one, which holds a journal until it is killed.
#[test]
fn holder_of_a_journal() {
    let Some(path) = std::env::var_os(HOLDER) else {
        return;
    };
    let mut store = open(Path::new(&path)).unwrap();
    store.begin(at(1), &boot(4)).unwrap();
    println!("holding");
    let mut line = String::new();
    // Ends with its parent at the latest.
    std::io::stdin().read_line(&mut line).unwrap();
}

fn holder(path: &Path) -> Child {
    let name = "journal::refusals::holder_of_a_journal";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(HOLDER, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines.any(|line| line.unwrap().contains("holding"));
    assert!(held, "the child ended without the journal");
    child
}

#[test]
fn a_second_process_is_refused_until_the_first_one_is_dead() {
    let (folder, path) = place();
    let link = folder.path().join("other-name.db");
    for round in 1..=5 {
        let mut child = holder(&path);
        if round == 1 {
            std::os::unix::fs::symlink(&path, &link).unwrap();
        }
        for name in [&path, &link] {
            let error = open(name).unwrap_err();
            let JournalError::Locked { pid, .. } = &error else {
                unreachable!("{error:?}")
            };
            assert_eq!(*pid, Some(child.id()));
            told(&error);
        }
        // Reading is allowed all the while.
        assert_eq!(all(&path).len(), round);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(open(&path).unwrap().epoch(), round as u64);
    }
    let _held = open(&path).unwrap();
    assert!(matches!(open(&path), Err(JournalError::Locked { .. })));
    println!("journal: 11 second writers refused, 5 killed ones followed");
}

#[test]
fn a_full_disk_loses_nothing_and_the_journal_goes_on_after_it() {
    let (folder, path) = place();
    let options = Options {
        ballast_bytes: 100_000,
        hook: None,
    };
    let mut store = Store::open_with(&path, Environment::Paper, options).unwrap();
    store.begin(at(1), &boot(4)).unwrap();
    let ballast = folder.path().join("journal.db.ballast");
    assert!(store.has_ballast() && fs::metadata(&ballast).unwrap().len() == 100_000);
    let mut maker = Maker::new(77);
    let mut wanted: Vec<Entry> = Vec::new();
    let mut failures = 0;
    for round in 1..=5_u64 {
        store.limit_bytes(Some(round * 150_000)).unwrap();
        loop {
            let entry = maker.entry();
            store.append(at(2), &entry).unwrap();
            wanted.push(entry);
            store.keep_state(format!("after {}", wanted.len()).as_bytes());
            let before = store.state().map(<[u8]>::to_vec);
            let Err(error) = store.commit() else {
                continue;
            };
            assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
            told(&error);
            failures += 1;
            assert!(!store.has_ballast() && !ballast.exists());
            assert_eq!(store.pending(), 1);
            assert_eq!(store.state(), before.as_deref());
            let rows: Vec<Entry> = all(&path).into_iter().skip(1).map(|row| row.3).collect();
            assert_eq!(
                rows,
                wanted[..wanted.len() - 1],
                "what was recorded before is intact"
            );
            assert!(matches!(store.commit(), Err(JournalError::Full { .. })));
            break;
        }
        store.limit_bytes(None).unwrap();
        store.commit().unwrap();
        assert_eq!(store.pending(), 0);
        assert!(store.restore_ballast() && store.has_ballast());
    }
    drop(store);
    let rows: Vec<Entry> = all(&path).into_iter().skip(1).map(|row| row.3).collect();
    assert_eq!(rows, wanted);
    let store = open(&path).unwrap();
    assert_eq!(
        store.state(),
        Some(format!("after {}", wanted.len()).as_bytes())
    );
    println!(
        "journal: disk full {failures} times, {} rows kept",
        wanted.len()
    );
}
