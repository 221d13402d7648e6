//! What the journal says afterwards: was anything lost, how long did decisions take.
//!
//! Not here: measuring while it runs (`measure`).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use confluence::domain::event::Event;
use confluence::domain::num::Qty;
use confluence::domain::symbol::Symbol;
use confluence::journal::entry::{Entry, Environment};
use confluence::journal::reader;
use confluence::journal::store::Store;
use confluence::live::paper::Kept;

use super::CONTRACTS;
use super::asks::Status;
use super::exchange::Said;
use super::flood::{Flooded, id_of};
use super::frames::contract;
use super::measure::{Commits, show};
use super::plan::Plan;

/// What a journal holds.
pub(crate) struct Found {
    /// The row under which a message was taken, by id.
    taken: BTreeMap<String, u64>,
    /// The last row of what was decided about a message.
    decided: BTreeMap<String, u64>,
    /// The number of the last trade heard, and the volume of all, by contract.
    trades: BTreeMap<String, (u64, Qty)>,
    alarms: BTreeMap<String, u64>,
    orders: u64,
    finished: u64,
    rows: u64,
    /// Bytes of the kept state: written with every commit.
    state: usize,
}

impl Found {
    /// Reads a journal that nobody writes.
    pub(crate) fn of(journal: &Path) -> Self {
        let mut found = Self {
            taken: BTreeMap::new(),
            decided: BTreeMap::new(),
            trades: BTreeMap::new(),
            alarms: BTreeMap::new(),
            orders: 0,
            finished: 0,
            rows: 0,
            state: 0,
        };
        let mut names: Vec<Symbol> = Vec::new();
        let mut volumes: Vec<Qty> = Vec::new();
        let mut about = None;
        for recorded in reader::read(journal).expect("a journal") {
            let recorded = recorded.expect("a sound journal");
            found.rows += 1;
            match recorded.entry {
                Entry::Boot(boot) => {
                    names = boot.listing.into_iter().map(|one| one.symbol).collect();
                    volumes = vec![Qty::ZERO; names.len()];
                }
                Entry::Taken { id, .. } => {
                    found.taken.insert(id, recorded.seq);
                }
                Entry::Heard(Event::Signal { signal, .. }) => {
                    let id = signal.id.to_string();
                    found.decided.insert(id.clone(), recorded.seq);
                    about = Some(id);
                }
                Entry::Heard(_) => about = None,
                Entry::Noted(_) | Entry::Said(_) => {
                    found.orders += u64::from(matches!(recorded.entry, Entry::Said(_)));
                    if let Some(id) = &about {
                        found.decided.insert(id.clone(), recorded.seq);
                    }
                }
                Entry::Bar { symbol, volume, .. } => volumes[symbol.index()] += volume,
                Entry::Alarm { code, .. } => *found.alarms.entry(code).or_default() += 1,
                Entry::Trade(_) => found.finished += 1,
                Entry::Stopped { .. }
                | Entry::Ledger(_)
                | Entry::Step { .. }
                | Entry::Rollover { .. }
                | Entry::Operator { .. } => {}
            }
        }
        found.keep(journal, &names, volumes);
        found
    }

    /// Adds what stands in the kept state: bars that form, numbers of trades.
    fn keep(&mut self, journal: &Path, names: &[Symbol], mut volumes: Vec<Qty>) {
        let store = Store::open(journal, Environment::Paper).expect("a journal");
        let state = store.state().expect("a kept state");
        self.state = state.len();
        let mut kept: Kept = rmp_serde::from_slice(state).expect("a state of ours");
        kept.places.minutes.finish(&mut |entry| {
            if let Entry::Bar { symbol, volume, .. } = entry {
                volumes[symbol.index()] += volume;
            }
        });
        for (symbol, (number, _)) in kept.places.trades {
            let name = names[symbol.index()].to_string();
            self.trades.insert(name, (number, volumes[symbol.index()]));
        }
    }
}

/// Prints how long signals took, and how many became durable.
pub(crate) fn report_latency(
    found: &Found,
    flood: &Flooded,
    (commits, plan, began): (&Commits, &Plan, Instant),
) {
    let mut usual = Ways::default();
    let mut burst = Ways::default();
    for (index, connection) in (0..).zip(&flood.connections) {
        for (number, sent) in connection.sent.iter().enumerate() {
            let id = id_of(index, number as u64);
            let ways = if plan.is_burst(sent.duration_since(began)) {
                &mut burst
            } else {
                &mut usual
            };
            let taken = found.taken.get(&id).and_then(|row| commits.made(*row));
            ways.taken.extend(taken.map(|at| at.duration_since(*sent)));
            let row = found.decided.get(&id);
            ways.decided.extend(
                row.and_then(|row| commits.made(*row))
                    .map(|at| at.duration_since(*sent)),
            );
            ways.durable.extend(
                row.and_then(|row| commits.durable(*row))
                    .map(|at| at.duration_since(*sent)),
            );
        }
        for (number, _, at) in &connection.acked {
            let sent = connection.sent[usize::try_from(*number).expect("few")];
            let ways = if plan.is_burst(sent.duration_since(began)) {
                &mut burst
            } else {
                &mut usual
            };
            ways.acked.push(at.duration_since(sent));
        }
    }
    println!("signals, from the write to the socket, until (wanted: decision p99 below 10 ms)");
    for (when, ways) in [("usual", &usual), ("in bursts", &burst)] {
        show(&format!("{when}, taken by the runner"), &ways.taken);
        show(&format!("{when}, decided"), &ways.decided);
        show(&format!("{when}, decision durable"), &ways.durable);
        show(&format!("{when}, acknowledged"), &ways.acked);
    }
    show("commits of the journal", &commits.lengths());
    let all = [usual.durable, burst.durable].concat();
    show("all, decision durable", &all);
    println!(
        "  {} rows, a kept state of {} bytes with each commit, {} commands, {} finished trades, alarms {:?}",
        found.rows, found.state, found.orders, found.finished, found.alarms
    );
}

/// Lengths of time from the write to the socket.
#[derive(Default)]
struct Ways {
    taken: Vec<Duration>,
    decided: Vec<Duration>,
    durable: Vec<Duration>,
    acked: Vec<Duration>,
}

/// Nothing may be lost: printed, then asserted.
pub(crate) fn judge(found: &Found, said: &Said, (flood, last): (&Flooded, &Status)) {
    println!("lost?");
    let heard = last.events();
    println!(
        "  {} messages said, {heard} heard by the exchange of the run, {} calls or connections that should not be",
        said.frames, said.surprises
    );
    let whole = (0..CONTRACTS)
        .filter(|index| {
            let (number, volume) = (said.trades[*index].number, said.trades[*index].volume);
            let volume = volume.to_string().parse().expect("a quantity");
            found.trades.get(&contract(*index)) == Some(&(number, volume))
        })
        .count();
    println!("  {whole} of {CONTRACTS} contracts with the last number and the whole volume");
    let mut acked = 0;
    let mut lost = Vec::new();
    for (index, connection) in (0..).zip(&flood.connections) {
        for (number, row, _) in &connection.acked {
            let id = id_of(index, *number);
            acked += 1;
            if found.taken.get(&id) != Some(row) || !found.decided.contains_key(&id) {
                lost.push(id);
            }
        }
    }
    let [accepted, busy, unanswered] =
        ["accepted", "busy", "unanswered"].map(|count| last.bridge(count));
    let answers: u64 = flood.connections.iter().map(|one| one.answers).sum();
    println!(
        "  {} new signals sent, {accepted} taken by the bridge's count, {} in the journal, {busy} busy, {unanswered} unanswered; {acked} acknowledged, {} of them lost; {answers} other answers",
        flood.signals(),
        found.taken.len(),
        lost.len()
    );
    let faults = [
        "duplicates",
        "outdated",
        "gaps",
        "lost",
        "reconnects",
        "stale",
    ];
    let faults = faults.map(|name| (name, last.streams(name)));
    println!("  streams: {faults:?}");
    assert!(acked > 0 && said.frames > 0, "nothing was met");
    assert_eq!(heard, said.frames, "market messages were lost");
    assert_eq!(whole, CONTRACTS, "trades were lost or came twice");
    assert_eq!(lost, Vec::<String>::new(), "acknowledged signals were lost");
    let taken = found.taken.len() as u64;
    assert!(
        (accepted..=accepted + unanswered).contains(&taken),
        "a signal that was taken is not in the journal"
    );
    assert!(faults.iter().all(|(_, count)| *count == 0), "{faults:?}");
    assert_eq!(
        said.surprises, 0,
        "the run asked for what it should have had"
    );
    println!("  nothing was lost");
}
