//! Lengths of time, memory, the disk, commits of the journal, rates.
//!
//! Not here: what is expected of them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use confluence::journal::store::{Crash, Options, WritePoint};

use super::Sample;
use super::flood::Flooded;
use super::plan::Plan;

/// Rows and commits of a second that are reckoned with.
const ROWS: usize = 1_000;

/// Prints quantiles of lengths.
pub(crate) fn show(what: &str, lengths: &[Duration]) {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let Some(longest) = sorted.last() else {
        println!("  {what}: none");
        return;
    };
    let of = |thousandths: usize| sorted[(sorted.len() - 1) * thousandths / 1_000];
    println!(
        "  {what}: {} times, p50 {:.2?}, p99 {:.2?}, longest {:.2?}",
        sorted.len(),
        of(500),
        of(990),
        longest
    );
}

/// Resident memory of this process in KiB; zero where the system does not tell.
pub(crate) fn memory_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// How long the disk takes by itself, measured four times a second beside the run.
pub(crate) struct DiskTimes {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl DiskTimes {
    pub(crate) fn start(folder: &Path) -> Self {
        let path = folder.join("sync");
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .expect("writable");
            let mut times = Vec::with_capacity(4_096);
            while !seen.load(Ordering::Relaxed) {
                let since = Instant::now();
                file.write_all(&[7; 4_096]).expect("room");
                file.sync_all().expect("a disk");
                times.push(since.elapsed());
                std::thread::sleep(Duration::from_millis(250));
            }
            times
        });
        Self { over, thread }
    }

    pub(crate) fn end(self) -> Vec<Duration> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic")
    }
}

/// When which rows became durable.
pub(crate) struct Commits {
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    /// When each row came, the one numbered 1 first; rows of the journal's own have the time of the next one.
    appended: Vec<Instant>,
    /// The last row of each commit, when it had returned, how long it took.
    done: Vec<Commit>,
    /// When the commit under way was asked for.
    asked: Instant,
}

#[derive(Clone, Copy)]
struct Commit {
    last: u64,
    at: Instant,
    took: Duration,
}

impl Commits {
    pub(crate) fn new(length: Duration) -> Self {
        let rows = usize::try_from(length.as_secs()).expect("not that long") * ROWS;
        let now = Instant::now();
        let commit = Commit {
            last: 1,
            at: now,
            took: Duration::ZERO,
        };
        let mut done = vec![commit; rows / 4];
        let mut appended = vec![now; rows];
        // Their room is there, and stays.
        done.clear();
        appended.clear();
        Self {
            seen: Arc::new(Mutex::new(Seen {
                appended,
                done,
                asked: now,
            })),
        }
    }

    /// The journal's options: watched, never crashed.
    pub(crate) fn options(&self) -> Options {
        let seen = Arc::clone(&self.seen);
        let hook = move |point: WritePoint| {
            let mut seen = seen.lock().expect("no panic");
            match point {
                WritePoint::Append(seq) => {
                    let rows = usize::try_from(seq).expect("not that many");
                    seen.appended.resize(rows, Instant::now());
                }
                WritePoint::BeforeCommit(_) => seen.asked = Instant::now(),
                WritePoint::AfterCommit(_) => {
                    let at = Instant::now();
                    let commit = Commit {
                        last: seen.appended.len() as u64,
                        at,
                        took: at.duration_since(seen.asked),
                    };
                    seen.done.push(commit);
                }
            }
            Crash::No
        };
        Options {
            hook: Some(Box::new(hook)),
            ..Options::default()
        }
    }

    /// When a row was made.
    pub(crate) fn made(&self, row: u64) -> Option<Instant> {
        let seen = self.seen.lock().expect("no panic");
        let place = usize::try_from(row).ok()?.checked_sub(1)?;
        seen.appended.get(place).copied()
    }

    /// When a row was durable.
    pub(crate) fn durable(&self, row: u64) -> Option<Instant> {
        let seen = self.seen.lock().expect("no panic");
        let place = seen.done.partition_point(|commit| commit.last < row);
        seen.done.get(place).map(|commit| commit.at)
    }

    /// How long they took, the disk's syncs included.
    pub(crate) fn lengths(&self) -> Vec<Duration> {
        let seen = self.seen.lock().expect("no panic");
        seen.done.iter().map(|commit| commit.took).collect()
    }
}

/// Prints what was reached of each rate, from one look at the counters to the next.
pub(crate) fn report_rates(plan: &Plan, samples: &[Sample], flood: &Flooded) {
    let (mut usual, mut burst, mut lines) = ((0, 0.0), (0, 0.0), (0, 0.0));
    for pair in samples.windows(2) {
        let took = (pair[1].after - pair[0].after).as_secs_f64();
        let said = pair[1].said - pair[0].said;
        let inside = plan.is_burst(pair[0].after) && plan.is_burst(pair[1].after);
        let outside = !plan.is_burst(pair[0].after) && !plan.is_burst(pair[1].after);
        let into = if inside { &mut burst } else { &mut usual };
        if inside || outside {
            into.0 += said;
            into.1 += took;
        }
        lines.0 += pair[1].lines - pair[0].lines;
        lines.1 += took;
    }
    let rate = |(count, took): (u64, f64)| count as f64 / took.max(0.001);
    println!("rates");
    println!(
        "  market: {:.0}/s (5,000 planned), {:.0}/s in bursts (50,000 planned)",
        rate(usual),
        rate(burst)
    );
    println!(
        "  flood: {:.0} lines/s read by the bridge (100,000 planned), {} lines sent, {} of them new",
        rate(lines),
        flood.lines,
        flood.signals()
    );
}
