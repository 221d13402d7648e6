//! Trials a second of `sim sweep`: one and ten symbol-years of minute bars, with and without a trailing stop, 1,000
//! random points none of which share a level; and how that grows with years and with trials.
//!
//! A regression here is felt in every search for parameters. Everything a trial of the program does is inside: its
//! settings from text, matching, risk gates, ledger, daily figures, the event log's hash, its line in the journal.
//! `cargo bench --bench sweep` prints the table, `-- A Bt` some of its lines.

#![allow(clippy::print_stdout, reason = "a bench prints")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::{Workload, write};
use confluence::backtest::prepare::Sources;
use confluence::settings::layers::Layers;
use confluence::sweep::figures::TRADES;
use confluence::sweep::finish::head;
use confluence::sweep::job::{Job, Setup};
use confluence::sweep::journal::{Journal, Present};
use confluence::sweep::method::Method;
use confluence::sweep::plan::Shard;
use confluence::sweep::record::End;
use confluence::sweep::run::{run_all, run_trial};

/// Points of the workloads.
const TRIALS: u64 = 1_000;

/// The ranges of issue and README; `kind = "real"` makes sure that no two points share a level.
const SPACE: &str = r#"schema_version = 1
trades_min = 0
[parameters]
"exits.stop_pct" = { from = 1, to = 5.5, kind = "real" }
"exits.targets[1].distance_pct" = { from = 2, to = 6.5, kind = "real" }
"exits.targets[2].distance_pct" = { from = 8, to = 17, kind = "real" }
"exits.targets[1].share_pct" = { from = 30, to = 70, kind = "real" }
"signals.window_s" = { from = 120, to = 300, kind = "real" }
"signals.score_min" = { from = 0.5, to = 0.8, kind = "real" }
"#;

const TRAILING: &str = r#""exits.trailing.activation_pct" = { from = 1, to = 4, kind = "real" }
"exits.trailing.callback_pct" = { from = 0.5, to = 2.5, kind = "real" }
"#;

/// A folder that is gone afterwards.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn setup(place: &Place, data: &Path, trailing: bool, trials: u64) -> Setup {
    let space = place.path("space.toml");
    let text = [SPACE, if trailing { TRAILING } else { "" }].concat();
    fs::write(&space, text).expect("written");
    let sets = if trailing {
        vec!["exits.trailing.enabled=true".to_owned()]
    } else {
        Vec::new()
    };
    let job = Job {
        sources: Sources {
            signals: data.join("signals.csv"),
            data: vec![data.to_owned()],
        },
        layers: Layers {
            sets,
            ..Layers::default()
        },
        space,
        method: Method::Random,
        trials: Some(trials),
        shard: Shard::WHOLE,
        objective: None,
        constraints: Vec::new(),
        trades_min: None,
    };
    Setup::new(&job, &|_| ()).expect("a sound sweep")
}

/// Runs all trials on so many threads; the time it took.
fn run(place: &Place, setup: &Setup, threads: usize) -> Duration {
    let folder = place.path("sweep");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).expect("a folder");
    let head = head(&setup.id, setup.shard, &setup.ranking, true);
    let journal = Journal::begin(&folder, &head).expect("a journal");
    let present = Present::none(setup.shard, setup.trials);
    let began = Instant::now();
    let cancel = AtomicBool::new(false);
    run_all(setup, (&journal, &present), (threads, &cancel), &mut |_| ()).expect("a whole run");
    began.elapsed()
}

/// Mean entries of a few of the points.
fn entries(setup: &Setup) -> f64 {
    let tried = 20;
    let trades = (0..tried).map(|trial| match run_trial(setup, trial).end {
        End::Done { figures, .. } => figures.0[TRADES].unwrap_or(0.0),
        End::Infeasible { .. } | End::Beyond { .. } => 0.0,
    });
    trades.sum::<f64>() / 20.0
}

/// Seconds of processors this program has used: what a trial costs however many share the machine.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split(' ').skip(13).take(2);
    ticks
        .filter_map(|text| text.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn rate(trials: u64, taken: Duration) -> f64 {
    trials as f64 / taken.as_secs_f64()
}

fn table(place: &Place, name: &str, data: &Path, trailing: bool) {
    if std::env::var_os("SWEEP_ONCE").is_some() {
        // For profilers.
        let setup = setup(place, data, trailing, 40);
        run(place, &setup, 1);
        return;
    }
    let setup = setup(place, data, trailing, TRIALS);
    let best = |threads| {
        let times = (0..3).map(|_| run(place, &setup, threads));
        rate(TRIALS, times.min().expect("three"))
    };
    let (one, two) = (best(1), best(2));
    let before = cpu();
    run(place, &setup, 1);
    let cpu = (cpu() - before) / TRIALS as f64;
    println!(
        "  {name:<3} {:>6.1} entries a trial {one:>10.0} trials/s on one thread {two:>10.0} on two, {:.2} times; {:.1} us of a core",
        entries(&setup),
        two / one,
        cpu * 1e6
    );
}

fn main() {
    let place = Place::new();
    let folders = [
        ("A", Workload::A, place.path("a")),
        ("B", Workload::B, place.path("b")),
    ];
    println!("{TRIALS} random points, journal written, best of three:");
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    for (name, workload, folder) in &folders {
        let trailing = format!("{name}t");
        let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|arg| arg == name);
        if is_wanted(name) || is_wanted(&trailing) {
            write(*workload, folder);
        }
        for (name, trailing) in [(*name, false), (&*trailing, true)] {
            if is_wanted(name) {
                table(&place, name, folder, trailing);
            }
        }
    }
}
