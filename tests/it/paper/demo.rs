//! The two commands of the README, as processes: a position opens, its stop and targets rest, the trailing stop moves, it
//! closes, and the day is on record.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use confluence::domain::event::{Event, OrderUpdate};
use confluence::domain::order::{OrderKind, Purpose};
use confluence::journal::entry::{Entry, SaidCommand};

use super::stage::{free_port, said};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command
        .current_dir(root())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The market server on the sample with its signals; where it listens.
pub(super) fn market(bridge: u16, more: &[&str]) -> (Child, String) {
    let bridge = format!("127.0.0.1:{bridge}");
    let usual = [
        "market",
        "serve",
        "--data",
        "data/sample",
        "--signals",
        "data/sample/signals.csv",
        "--speed",
        "max",
        "--listen",
        "127.0.0.1:0",
        "--bridge",
        &bridge,
    ];
    let mut child = sim(&usual).args(more).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap();
    let address = address.split_whitespace().next().unwrap().to_owned();
    // Whoever writes the summary must not meet a closed pipe.
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    (child, address)
}

/// A paper run on the sample configuration.
pub(super) fn paper(address: &str, bridge: u16, journal: &Path) -> Child {
    paper_command(address, bridge, journal).spawn().unwrap()
}

fn paper_command(address: &str, bridge: u16, journal: &Path) -> Command {
    let sets = [
        format!("live.market.rest=\"http://{address}\""),
        format!("live.market.stream=\"ws://{address}\""),
        format!("live.intake.bridge=\"127.0.0.1:{bridge}\""),
        "live.control.listen=\"\"".to_owned(),
        format!("live.journal.file=\"{}\"", journal.display()),
    ];
    let mut command = sim(&["paper", "-c", "config/paper-sample.toml"]);
    for set in &sets {
        command.args(["--set", set]);
    }
    command
}

/// Asks a process to end and waits for it.
pub(super) fn end(mut child: Child) -> bool {
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    child.wait().unwrap().success()
}

#[test]
fn two_commands_show_a_trade_from_signal_to_close() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("demo.journal");
    let bridge = free_port();
    let (mut market, address) = market(bridge, &["--to", "2024-03-06"]);
    let paper = paper(&address, bridge, &journal);
    assert!(market.wait().unwrap().success());
    // The last events are on their way into the journal.
    std::thread::park_timeout(Duration::from_millis(500));
    assert!(end(paper));
    let said = said(&journal);
    let submitted = |what: &dyn Fn(&OrderKind, Purpose) -> bool| {
        let orders = said.rows.iter().filter_map(|row| match row {
            Entry::Said(SaidCommand::Submit(request)) => Some(request),
            _ => None,
        });
        orders
            .filter(|order| what(&order.kind, order.purpose))
            .count()
    };
    let fills = said.rows.iter().filter(|row| {
        matches!(
            row,
            Entry::Heard(Event::Order {
                update: OrderUpdate::Filled { .. },
                ..
            })
        )
    });
    let counts = [
        submitted(&|_, purpose| purpose == Purpose::Entry),
        submitted(&|kind, _| matches!(kind, OrderKind::Stop { .. })),
        submitted(&|kind, _| matches!(kind, OrderKind::TakeProfit { .. })),
        submitted(&|kind, _| matches!(kind, OrderKind::Trail { .. })),
        fills.count(),
        said.trades.len(),
    ];
    println!("demo: {counts:?} entries, stops, targets, trailing stops, fills, closed trades");
    assert!(counts.iter().all(|count| *count > 0));
    // The report of the days, from the journal alone.
    let report = folder.path().join("report");
    let paths = [&journal, &report].map(|path| path.to_str().unwrap());
    let made = sim(&["report", paths[0], "--out", paths[1]])
        .status()
        .unwrap();
    assert!(made.success());
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.contains("confluence paper trading") && !page.contains("confluence backtest"));
    let mut table = csv::Reader::from_path(report.join("trades.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = table.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), said.trades.len());
    // Armed at +2 % and 1.5 % behind: a trailing stop that fills above that has moved.
    let number = |row: &BTreeMap<String, String>, name: &str| row[name].parse::<f64>().unwrap();
    let moved = rows.iter().filter(|row| {
        let armed_at = number(row, "entry_price_avg") * 1.02 * (1.0 - 0.015);
        row["exits"].ends_with("trailing") && number(row, "exit_price_avg") > armed_at * 1.005
    });
    let moved = moved.count();
    println!(
        "demo: a report of {} trades, {moved} left by a trailing stop that had moved",
        rows.len()
    );
    assert!(moved > 0);
}

/// Tapes that are played among kills: short ones, and started again so often that no exchange would put up with it.
const KILLED: [&str; 4] = [
    "--to",
    "2024-03-04T12:00:00Z",
    "--weight-limit",
    "100000000",
];

/// Tapes that are played side by side.
const LANES: u64 = 4;

#[test]
fn processes_killed_at_any_moment_end_as_one_that_was_not() {
    let wanted: u64 = if std::env::var("SLOW_TESTS").is_ok() {
        1_000
    } else {
        200
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.journal");
    let bridge = free_port();
    let (mut server, address) = market(bridge, &KILLED);
    let run = paper(&address, bridge, &whole);
    server.wait().unwrap();
    std::thread::park_timeout(Duration::from_millis(500));
    assert!(end(run));
    let whole = said(&whole);
    let lane = |lane: u64| {
        let folder = folder.path().join(lane.to_string());
        std::fs::create_dir(&folder).unwrap();
        let mut random = confluence::domain::random::Random::stream(17, &[lane]);
        let (mut kills, mut tapes) = (0, 0);
        while kills < wanted / LANES {
            let journal = folder.join(format!("{tapes}.journal"));
            let (died, heard_all) = killed_tape(&journal, &mut random);
            kills += died;
            tapes += 1;
            let mut expected = whole.clone();
            let said = said(&journal);
            if !heard_all {
                expected.cut_to(&said);
            }
            if let Err(difference) = super::crash::same(&expected, &said) {
                panic!("lane {lane}, tape {tapes} after {kills} kills: {difference}");
            }
        }
        (kills, tapes)
    };
    let (kills, tapes) = std::thread::scope(|scope| {
        let lane = &lane;
        let lanes: Vec<_> = (0..LANES)
            .map(|number| scope.spawn(move || lane(number)))
            .collect();
        let counts = lanes.into_iter().map(|lane| lane.join().unwrap());
        counts.fold((0, 0), |all: (u64, u64), one| {
            (all.0 + one.0, all.1 + one.1)
        })
    });
    println!(
        "kills: {kills} processes killed over {tapes} tapes, {} rows and {} trades each",
        whole.rows.len(),
        whole.trades.len()
    );
    assert!(kills >= wanted);
}

/// Plays a tape to its end; whoever listens is killed again and again. How often, and whether the last one heard the end:
/// one that is killed over the last words has nobody left to ask for them.
fn killed_tape(journal: &Path, random: &mut confluence::domain::random::Random) -> (u64, bool) {
    let bridge = free_port();
    let (mut server, address) = market(bridge, &KILLED);
    let mut kills = 0;
    loop {
        let mut command = paper_command(&address, bridge, journal);
        let mut run = command.stderr(Stdio::piped()).spawn().unwrap();
        let told = run.stderr.take().unwrap();
        // One in four dies while it comes up.
        if random.below(4) > 0 {
            wait_until_up(told);
        }
        std::thread::park_timeout(Duration::from_millis(random.below(400)));
        if server.try_wait().unwrap().is_some() {
            std::thread::park_timeout(Duration::from_millis(500));
            return (kills, end(run));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        kills += 1;
    }
}

/// Waits until a run has said where it can be reached, or is gone.
fn wait_until_up(told: std::process::ChildStderr) {
    let mut out = BufReader::new(told);
    let mut line = String::new();
    while out.read_line(&mut line).unwrap() > 0 && !line.contains("signals: bridge") {}
    std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
}
