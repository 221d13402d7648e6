//! The two commands of the README, as processes: a position opens, its stop and targets rest, the trailing stop moves, it
//! closes, and the day is on record.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use confluence::domain::event::{Event, OrderUpdate};
use confluence::domain::order::{OrderKind, Purpose};
use confluence::journal::entry::{Entry, SaidCommand};

use super::stage::{free_port, said};
use crate::binary::say;

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
    command.stdout(Stdio::null()).spawn().unwrap()
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
}

#[test]
fn processes_killed_at_any_moment_end_as_one_that_was_not() {
    if std::env::var("OPEN_TESTS").is_err() {
        say("SKIPPED: known to fail now and then, open in issue 5; OPEN_TESTS=1 runs it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let wanted: u32 = if std::env::var("SLOW_TESTS").is_ok() {
        1_000
    } else {
        200
    };
    let to = ["--to", "2024-03-06"];
    let whole = folder.path().join("whole.journal");
    let bridge = free_port();
    let (mut server, address) = market(bridge, &to);
    let run = paper(&address, bridge, &whole);
    server.wait().unwrap();
    std::thread::park_timeout(Duration::from_millis(500));
    assert!(end(run));
    let whole = said(&whole);
    let mut random = confluence::domain::random::Random::new(17);
    let (mut kills, mut tapes) = (0, 0);
    while kills < wanted {
        let journal = folder.path().join(format!("{tapes}.journal"));
        let (mut server, address) = market(bridge, &to);
        loop {
            let mut run = paper(&address, bridge, &journal);
            let life = 150 + random.below(500);
            std::thread::park_timeout(Duration::from_millis(life));
            if server.try_wait().unwrap().is_some() {
                std::thread::park_timeout(Duration::from_millis(500));
                assert!(end(run));
                break;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            kills += 1;
        }
        tapes += 1;
        if let Err(difference) = super::crash::same(&whole, &said(&journal)) {
            panic!("tape {tapes} after {kills} kills: {difference}");
        }
    }
    println!(
        "kills: {kills} processes killed over {tapes} tapes, {} rows and {} trades each",
        whole.rows.len(),
        whole.trades.len()
    );
}
