//! `sim report JOURNAL` and `sim diff JOURNAL RUN`: a journal says what a backtest of the same world says, and a changed
//! fill is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use confluence::backtest::prepare::{Prepared, Sources, prepare};
use confluence::backtest::run::replay;
use confluence::domain::event::{Event, OrderUpdate};
use confluence::domain::num::{Price, Qty};
use confluence::domain::symbol::SymbolId;
use confluence::domain::time::{Span, Timestamp};
use confluence::exchange::history::{Engine, Outcome};
use confluence::journal::entry::{Boot, Entry, Environment, Listed, Recorded};
use confluence::journal::reader::read;
use confluence::journal::store::{Options, Store};
use confluence::settings::Settings;
use confluence::trader::{Trader, Upkeep};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{run_sample, sample, sim, talk};

/// The settings of the live run: an exchange that goes on when the data ends.
const SETS: [&str; 4] = [
    "--set",
    "simulation.prices=trades",
    "--set",
    "simulation.end_of_data=mark",
];

/// A backtest of the sample on trades and the journal of the same.
struct Made {
    home: TempDir,
    /// Held open: reading must not ask for the writer's end.
    _store: std::sync::Mutex<Store>,
    bars: usize,
    trades: usize,
}

impl Made {
    fn get() -> &'static Self {
        static MADE: OnceLock<Made> = OnceLock::new();
        MADE.get_or_init(|| {
            let home = tempfile::tempdir().unwrap();
            run_sample(&home.path().join("run"), &SETS);
            let config = fs::read_to_string(home.path().join("run/config.toml")).unwrap();
            let (store, bars, trades) = journal(&home.path().join("paper.db"), &config);
            Self {
                home,
                _store: std::sync::Mutex::new(store),
                bars,
                trades,
            }
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

fn open(path: &Path) -> Store {
    let options = Options {
        ballast_bytes: 0,
        hook: None,
    };
    Store::open_with(path, Environment::Paper, options).unwrap()
}

/// The boot of a live run over the same contracts.
fn boot(prepared: &Prepared, config: &str) -> Boot {
    let listing = prepared
        .world
        .tape
        .instruments
        .iter()
        .map(|instrument| Listed {
            symbol: instrument.symbol.clone(),
            instrument: instrument.clone(),
        });
    Boot {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: config.to_owned(),
        listing: listing.collect(),
    }
}

/// Drives a trader over the sample in trade mode with a journal beside it; how many bars and trades it holds.
fn journal(path: &Path, config: &str) -> (Store, usize, usize) {
    let settings = Settings::from_text(Path::new("config.toml"), config).unwrap();
    let sources = Sources {
        signals: PathBuf::from(sample("signals.csv")),
        data: vec![PathBuf::from(sample(""))],
    };
    let prepared = prepare(&sources, &settings, &|_| {}).unwrap();
    let mut model = settings.model.clone();
    model.start = Some(prepared.window.from);
    let world = &prepared.world;
    let instruments = world.tape.instruments.clone();
    let mut trader = Trader::new(settings.rules.clone(), instruments, Upkeep::default());
    let mut store = open(path);
    store
        .begin(prepared.window.from, &boot(&prepared, config))
        .unwrap();
    let outcome = replay(world, (&model, Engine::Skip), &mut trader, &mut store).unwrap();
    let bars = append_bars(&mut store, &prepared, outcome.end);
    append_account(&mut store, &outcome);
    store.commit().unwrap();
    (store, bars, outcome.trades.len())
}

fn append_account(store: &mut Store, outcome: &Outcome) {
    let at = outcome.end;
    let mut append = |entry: Entry| store.append(at, &entry).map(drop).unwrap();
    outcome
        .ledger
        .iter()
        .for_each(|line| append(Entry::Ledger(*line)));
    outcome
        .trades
        .iter()
        .for_each(|trade| append(Entry::Trade(trade.clone())));
    for step in &outcome.steps {
        append(Entry::Step {
            at: step.at,
            rank: step.rank,
            wallet: step.wallet,
            symbol: step.symbol,
            position: step.position,
        });
    }
    for (at, equity) in &outcome.rollovers {
        append(Entry::Rollover {
            at: *at,
            equity: *equity,
        });
    }
}

fn append_bars(store: &mut Store, prepared: &Prepared, at: Timestamp) -> usize {
    let mut count = 0;
    for (index, series) in prepared.world.tape.series.iter().enumerate() {
        let Some(series) = series else { continue };
        assert_eq!(series.bars().interval, Span::from_millis(60_000));
        for row in 0..series.len() {
            let bar = series.bars().get(row);
            let mark = series.mark().map(|mark| {
                let columns = [&mark.open, &mark.high, &mark.low, &mark.close];
                columns.map(|column| column[row])
            });
            let entry = Entry::Bar {
                symbol: SymbolId::at(index),
                open_time: bar.open_time,
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                volume: bar.volume,
                mark,
            };
            store.append(at, &entry).unwrap();
            count += 1;
        }
    }
    count
}

fn run(args: &[&str], paths: &[&Path]) -> Output {
    let mut command = sim();
    command.args(args).args(paths).args(["--format", "json"]);
    command.output().unwrap()
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", talk(output)))
}

#[test]
fn a_journal_and_the_backtest_of_its_world_do_not_differ() {
    let made = Made::get();
    let (journal, folder) = (made.path("paper.db"), made.path("run"));
    for sides in [
        [&journal, &folder],
        [&folder, &journal],
        [&journal, &journal],
    ] {
        let output = run(&["diff"], &sides.map(PathBuf::as_path));
        let found = object(&output);
        assert_eq!(found["differs"], json!(false), "{found}");
        assert_eq!(found["settings"], json!([]), "the same configuration");
        assert_eq!(output.status.code(), Some(0));
        let events = found["runs"][0]["events"].as_u64().unwrap();
        assert!(events > 200, "{events}");
        println!("diff: {events} events of a journal in use, none differs");
    }
}

#[test]
fn the_report_of_a_journal_is_that_of_the_backtest() {
    let made = Made::get();
    let out = made.path("report");
    let mut command = sim();
    command.arg("report").arg(made.path("paper.db"));
    let output = command.arg("--out").arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let tables = ["trades.csv", "fills.csv", "ledger.csv"];
    let mut lines = 0;
    for name in tables {
        let [one, other] =
            [made.path("run"), out.clone()].map(|at| fs::read(at.join(name)).unwrap());
        assert!(one == other, "{name}");
        lines += one.iter().filter(|byte| **byte == b'\n').count();
    }
    let summary = |at: &Path| -> Value {
        serde_json::from_slice(&fs::read(at.join("run.json")).unwrap()).unwrap()
    };
    let (one, other) = (summary(&made.path("run")), summary(&out));
    let figures = [
        "event_log_blake3",
        "trades",
        "fills",
        "confluences",
        "entries",
        "balance_usdt",
        "final_wallet_usdt",
        "final_equity_usdt",
        "net_usdt",
        "win_rate",
    ];
    for name in figures {
        assert_eq!(one[name], other[name], "{name}");
    }
    assert!(made.trades > 0 && lines > 20);
    for name in [
        "config.toml",
        "metrics.json",
        "signals.csv",
        "equity.parquet",
        "events.bin",
        "report.msgpack",
        "report.html",
        "timing.json",
    ] {
        assert!(fs::metadata(out.join(name)).unwrap().len() > 0, "{name}");
    }
    // What was written is a run folder like any other.
    let again = run(&["report"], &[&out]);
    assert!(again.status.success(), "{}", talk(&again));
    let same = run(&["diff"], &[&out, &made.path("paper.db")]);
    assert_eq!(same.status.code(), Some(0), "{}", talk(&same));
    println!(
        "report: {} bars, {} trades, {lines} lines of {} tables and {} figures as in the backtest",
        made.bars,
        made.trades,
        tables.len(),
        figures.len()
    );
}

/// Copies a journal with something done to its rows.
fn copied(from: &Path, to: &Path, change: impl Fn(usize, Entry) -> Option<Entry>) -> usize {
    let mut store = open(to);
    let mut count = 0;
    for (place, row) in read(from).unwrap().enumerate() {
        let Recorded { at, entry, .. } = row.unwrap();
        match change(place, entry) {
            Some(Entry::Boot(boot)) => drop(store.begin(at, &boot).unwrap()),
            Some(entry) => drop(store.append(at, &entry).unwrap()),
            None => continue,
        }
        count += 1;
    }
    store.commit().unwrap();
    count
}

#[test]
fn a_changed_fill_is_found() {
    let made = Made::get();
    let journal = made.path("paper.db");
    let fills: Vec<usize> = read(&journal)
        .unwrap()
        .enumerate()
        .filter(|(_, row)| {
            let entry = &row.as_ref().unwrap().entry;
            matches!(
                entry,
                Entry::Heard(Event::Order {
                    update: OrderUpdate::Filled { .. },
                    ..
                })
            )
        })
        .map(|(place, _)| place)
        .collect();
    let mut found = 0;
    for (number, at) in fills.iter().enumerate().step_by(fills.len().div_ceil(4)) {
        let changed = made.path(&format!("changed-{number}.db"));
        copied(&journal, &changed, |place, mut entry| {
            if let Entry::Heard(Event::Order {
                update: OrderUpdate::Filled { fill, .. },
                ..
            }) = &mut entry
                && place == *at
            {
                fill.price = Price::from_steps(fill.price.steps() + 1).unwrap();
                fill.qty = Qty::from_steps(fill.qty.steps() + 1).unwrap();
            }
            Some(entry)
        });
        let output = run(&["diff"], &[&changed, &made.path("run")]);
        let difference = object(&output);
        assert_eq!(output.status.code(), Some(1), "{difference}");
        let first = &difference["first_difference"];
        assert_eq!(first["manner"], json!("other_values"), "{difference}");
        assert_eq!(first["first"]["kind"], json!("filled"), "{difference}");
        assert_eq!(first["values"].as_array().unwrap().len(), 2, "{difference}");
        found += 1;
    }
    println!("diff: {found} changed fills of {} found", fills.len());
    assert!(found > 1);
}

#[test]
fn a_journal_without_trades_has_a_report_and_one_without_events_says_so() {
    let made = Made::get();
    let (quiet, silent) = (made.path("quiet.db"), made.path("silent.db"));
    let first = std::cell::Cell::new(true);
    let rows = copied(&made.path("paper.db"), &quiet, |_, entry| match entry {
        Entry::Boot(_) | Entry::Ledger(_) => {
            (matches!(entry, Entry::Boot(_)) || first.replace(false)).then_some(entry)
        }
        Entry::Heard(Event::Account(_)) => Some(entry),
        _ => None,
    });
    assert!(rows > 2);
    copied(&made.path("paper.db"), &silent, |_, entry| {
        matches!(entry, Entry::Boot(_)).then_some(entry)
    });
    let out = made.path("quiet");
    let mut command = sim();
    command.arg("report").arg(&quiet).arg("--out").arg(&out);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", talk(&output));
    let mut command = sim();
    let output = command.arg("report").arg(&silent).output().unwrap();
    let told = talk(&output);
    assert!(!output.status.success(), "{told}");
    assert!(
        told.contains("no event was heard yet") && told.contains("hint:"),
        "{told}"
    );
    println!("report: {rows} rows without a trade have a page; a silent journal says what to do");
}

#[test]
fn closings_of_a_backtest_at_the_end_of_its_data_are_explained() {
    let made = Made::get();
    let forced = made.path("forced");
    // An end at which a position is open: minutes after the first entry.
    let trades = fs::read_to_string(made.path("run/trades.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(trades.as_bytes());
    let head = reader.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (entry, exit) = (place("entry_time"), place("exit_time"));
    let long = reader.records().map(Result::unwrap).find_map(|row| {
        let [from, to] = [entry, exit].map(|at| Timestamp::parse(&row[at]).unwrap());
        ((to - from).millis() > 600_000).then_some(from)
    });
    let end = (long.unwrap() + Span::from_millis(300_000)).to_text();
    run_sample(
        &forced,
        &["--set", "simulation.prices=trades", "--to", &end],
    );
    let output = run(&["diff"], &[&made.path("paper.db"), &forced]);
    let found = object(&output);
    assert_eq!(output.status.code(), Some(1));
    let hint = found["hint"].as_str().unwrap_or_else(|| panic!("{found}"));
    assert!(hint.contains("simulation.end_of_data = \"mark\""), "{hint}");
    println!("diff: a forced closing at {end} is explained");
}
