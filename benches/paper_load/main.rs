//! `sim paper` under load: 200 contracts, 5,000 market messages a second with bursts of 50,000 for ten seconds, and a
//! flood of 100,000 lines a second over eight connections of the bridge, one in a thousand a new valid signal.
//!
//! Everything is real but the exchange: sockets, intake, runner, journal on the disk. Source, flood and runner share this
//! machine, so what was reached is printed beside what was wanted; timings are printed and never asserted. What is lost
//! is: every message that the source said must have been heard by the exchange of the run, every signal that was
//! acknowledged must be in the journal. 30 seconds; `LOAD_SECONDS=600` for the long one, `LOAD_FOLDER` for another place
//! of the journal.
//!
//! Not here: the source (`exchange`), the flood (`flood`), what the journal says afterwards (`verdict`).

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints, looks at clocks and keeps a pace"
)]

mod asks;
mod exchange;
mod flood;
mod frames;
mod http;
mod measure;
mod plan;
mod verdict;

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use confluence::live::start::{Started, Wanted, run};
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use tokio::sync::watch;

use asks::Status;
use exchange::Exchange;
use flood::Flood;
use measure::{Commits, DiskTimes, memory_kib, show};
use plan::Plan;
use verdict::Found;

/// Contracts in play.
pub(crate) const CONTRACTS: usize = 200;
/// How long everything has to settle before memory is looked at.
const WARM_UP: Duration = Duration::from_secs(8);
/// How long the run may take to hear what was said before the end.
const CATCH_UP: Duration = Duration::from_secs(120);

fn main() {
    let plan = Plan::of(seconds());
    // The journal belongs on a disk, and temporary folders often are none.
    let place = std::env::var("LOAD_FOLDER");
    let place = place.unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let folder = tempfile::tempdir_in(place).expect("a folder");
    log_to(&folder.path().join("log"));
    let journal = folder.path().join("paper.journal");
    let exchange = Exchange::start(plan);
    let commits = Commits::new(plan.length);
    let (stop, stopped) = watch::channel(false);
    let (tell, told) = mpsc::channel();
    let wanted = Wanted {
        settings: settings(exchange.address, &journal),
        stop: stopped,
        journal: commits.options(),
    };
    let runner = std::thread::spawn(move || {
        run(wanted, &|started: &Started| {
            let _ = tell.send(started.clone());
        })
    });
    let started = told.recv().expect("a run that starts");
    let disk = DiskTimes::start(folder.path());
    let began = exchange.begin();
    let flood = Flood::start(started.bridge.expect("a bridge"), plan.length);
    let watched = watch_over(&started, &exchange, began, plan);
    let flood = flood.end();
    let said = exchange.end();
    let last = settled(&started, said.frames);
    let disk = disk.end();
    let memory = memory_kib();
    stop.send(true).expect("a run that listens");
    runner.join().expect("no panic").expect("a run that ends");
    let found = Found::of(&journal);
    report(&watched, &last, memory);
    measure::report_rates(&plan, &watched.samples, &flood);
    println!("disk");
    show("4 KiB written and synced, same folder", &disk);
    verdict::report_latency(&found, &flood, (&commits, &plan, began));
    verdict::judge(&found, &said, (&flood, &last));
}

fn seconds() -> u64 {
    let text = std::env::var("LOAD_SECONDS").unwrap_or_else(|_| "30".to_owned());
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 25);
    seconds.expect("LOAD_SECONDS is a number of seconds, at least 25")
}

/// Lines are written as a real run writes them.
fn log_to(path: &Path) {
    let file = File::create(path).expect("writable");
    tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(Mutex::new(file))
        .init();
}

fn settings(exchange: std::net::SocketAddr, journal: &Path) -> Settings {
    let names: Vec<String> = (0..CONTRACTS)
        .map(|index| format!("\"{}\"", frames::contract(index)))
        .collect();
    let sets = vec![
        format!("live.market.rest=\"http://{exchange}\""),
        format!("live.market.stream=\"ws://{exchange}\""),
        "live.market.clock=\"wall\"".to_owned(),
        format!("live.market.symbols=[{}]", names.join(", ")),
        "live.intake.bridge=\"127.0.0.1:0\"".to_owned(),
        "live.control.listen=\"127.0.0.1:0\"".to_owned(),
        format!("live.journal.file=\"{}\"", journal.display()),
        "simulation.prices=\"trades\"".to_owned(),
        "simulation.end_of_data=\"mark\"".to_owned(),
        // What waits for a partner is bounded by time: of ten minutes, the second half shows what stays.
        "signals.retention_s=300".to_owned(),
        // Many small positions: an exchange with orders resting everywhere has more to do.
        "sizing.position_pct=0.4".to_owned(),
        "sizing.total_pct=90".to_owned(),
        "daily.trades_max=1000".to_owned(),
        "daily.loss_max_pct=50".to_owned(),
    ];
    Settings::load(&Layers {
        sets,
        ..Layers::default()
    })
    .expect("sound settings")
}

/// What was seen while it ran.
pub(crate) struct Watched {
    warm: u64,
    pub(crate) samples: Vec<Sample>,
    /// Most messages that were said and not yet heard.
    behind: u64,
    /// KiB of memory at each second.
    memory: Vec<u64>,
}

/// Counters at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) after: Duration,
    pub(crate) said: u64,
    pub(crate) lines: u64,
}

fn watch_over(started: &Started, exchange: &Exchange, began: Instant, plan: Plan) -> Watched {
    let mut watched = Watched {
        warm: 0,
        samples: Vec::with_capacity(plan.seconds() + 8),
        behind: 0,
        memory: Vec::with_capacity(plan.seconds() + 8),
    };
    for second in 1..=plan.seconds() as u64 {
        let until = began + Duration::from_secs(second);
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        let status = Status::of(started);
        let said = exchange.said();
        watched.behind = watched.behind.max(said.saturating_sub(status.events()));
        watched.samples.push(Sample {
            after: began.elapsed(),
            said,
            lines: status.bridge("lines"),
        });
        watched.memory.push(memory_kib());
        if watched.warm == 0 && began.elapsed() >= WARM_UP {
            watched.warm = memory_kib();
        }
    }
    watched
}

/// Waits until everything that was said has been heard.
fn settled(started: &Started, frames: u64) -> Status {
    let until = Instant::now() + CATCH_UP;
    loop {
        let status = Status::of(started);
        if status.events() >= frames || Instant::now() >= until {
            return status;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn report(watched: &Watched, last: &Status, memory: u64) {
    let steps = &last.answer["core_step_us"];
    println!("core step (an instant through exchange, trader and record, without the disk)");
    println!(
        "  {} instants: p50 {} µs, p99 {} µs, longest {} µs (wanted: p99 below 1,000)",
        steps["count"], steps["p50"], steps["p99"], steps["max"]
    );
    let grown = memory.saturating_sub(watched.warm);
    println!(
        "memory\n  {} KiB after {} s, {memory} KiB at the end: {grown} KiB more",
        watched.warm,
        WARM_UP.as_secs(),
    );
    let tenths = watched.memory.chunks(watched.memory.len().div_ceil(10));
    let tenths: Vec<u64> = tenths.filter_map(|part| part.last().copied()).collect();
    println!("  by tenths of the time: {tenths:?} KiB");
    println!(
        "market\n  {} messages behind at most (looked at every second), {} heard after their millisecond had passed",
        watched.behind, last.answer["events_late"]
    );
    println!("  troubles {}", last.answer["troubles"]);
}
