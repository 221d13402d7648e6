//! From files to columns: Parquet as `sim data convert` writes it, and csv; and the whole main job on ten symbol-years.
//!
//! A regression here is what a user waits for before every run. Reading alone is measured beside it in the same run.

#![allow(clippy::print_stdout, reason = "a bench prints")]

mod common;

use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use common::{best, show};
use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::{Sources, prepare};
use confluence::backtest::replays::Replays;
use confluence::backtest::run::simulate;
use confluence::backtest::summary::{Identity, Parts, summarize};
use confluence::backtest::tables::fills;
use confluence::backtest::verdicts::verdicts;
use confluence::domain::bar::Bars;
use confluence::domain::time::Span;
use confluence::exchange::history::Engine;
use confluence::market::klines;
use confluence::market::parquet;
use confluence::report::input::{Mode, Reproduce};
use confluence::stats::sensitivity::CostTable;
use divan::Bencher;
use polars::prelude::{ParquetReader, SerReader};

const SYMBOLS: u64 = 10;

fn minute() -> Span {
    Span::from_millis(60_000)
}

fn csv_text(bars: &Bars) -> String {
    let mut text = String::from("open_time,open,high,low,close,volume\n");
    for row in 0..bars.len() {
        let bar = bars.get(row);
        text.push_str(&format!(
            "{},{},{},{},{},{}\n",
            bar.open_time.millis(),
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume
        ));
    }
    text
}

fn read_all(folder: &Path) -> usize {
    let read = |seed: u64| {
        let path = folder.join(format!("S{seed:02}USDT-1m.parquet"));
        parquet::read_klines(&path, minute())
            .expect("readable")
            .len()
    };
    let middle = SYMBOLS / 2;
    std::thread::scope(|scope| {
        let half = scope.spawn(|| (0..middle).map(read).sum::<usize>());
        let rest = (middle..SYMBOLS).map(read).sum::<usize>();
        half.join().expect("no panic") + rest
    })
}

fn write_all(folder: &Path) {
    for seed in 0..SYMBOLS {
        let path = folder.join(format!("S{seed:02}USDT-1m.parquet"));
        parquet::write_klines(&path, &common::bars(seed), true).expect("writable");
    }
}

/// What the reading library takes for the same files by itself: open and four prices.
fn polars_alone(folder: &Path) -> usize {
    let read = |seed: u64| {
        let path = folder.join(format!("S{seed:02}USDT-1m.parquet"));
        let file = File::open(path).expect("readable");
        let columns = ["open_e8", "high_e8", "low_e8", "close_e8"]
            .map(str::to_owned)
            .to_vec();
        let frame = ParquetReader::new(file)
            .with_columns(Some(columns))
            .finish();
        frame.expect("readable").height()
    };
    (0..SYMBOLS).map(read).sum()
}

fn write_signals(folder: &Path) {
    let world = common::world(usize::try_from(SYMBOLS).expect("few"));
    let mut text = String::from("id,type,symbol,event_time,received_time\n");
    for signal in &world.signals {
        text.push_str(&format!(
            "{},{},{},{},{}\n",
            signal.id,
            signal.kind.0,
            world.tape.symbols.name(signal.symbol),
            signal.event_time.millis(),
            signal.received_time.millis()
        ));
    }
    std::fs::write(folder.join("signals.csv"), text).expect("writable");
}

/// From files to the text of `metrics.json`: everything `sim backtest` does but the replays, the equity at every bar
/// end, the page and the pictures. Returns entries and the bytes of the text.
fn whole(folder: &Path) -> (usize, usize) {
    let settings = common::settings();
    let sources = Sources {
        signals: folder.join("signals.csv"),
        data: vec![folder.to_owned()],
    };
    let prepared = prepare(&sources, &settings, &|_| {}).expect("sound inputs");
    let mut model = settings.model.clone();
    model.start = Some(prepared.window.from);
    let cancel = AtomicBool::new(false);
    let log = EventLog::keeping();
    let run = simulate(
        &prepared.world,
        &settings.rules,
        &model,
        Engine::Skip,
        (log, &cancel),
    )
    .expect("not canceled");
    let fills = fills(&run.log);
    let verdicts = verdicts(&prepared, &settings.rules.confluence, &run.log);
    let replays = Replays {
        envelope: None,
        costs: CostTable::new(Vec::new()),
        delay: None,
        beyond: Vec::new(),
    };
    let parts = Parts {
        settings: &settings,
        prepared: &prepared,
        run: &run,
        fills: &fills,
        verdicts: &verdicts,
        curve: &[],
        replays: &replays,
    };
    let identity = Identity {
        title: String::new(),
        run_id: String::new(),
        mode: Mode::Backtest,
        reproduce: Reproduce {
            command: String::new(),
            inputs: Vec::new(),
        },
    };
    let report = summarize(parts, identity).expect("books that tie out");
    let text = serde_json::to_vec_pretty(&report.metrics).expect("plain figures");
    (run.outcome.trades.len(), text.len())
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    write_all(folder.path());
    write_signals(folder.path());
    let bars = common::bars(0);
    // Beside the others it would be one more recording of the first symbol, read and compared.
    let apart = tempfile::tempdir().expect("a folder");
    let csv = apart.path().join("S00USDT-1m.csv");
    std::fs::write(&csv, csv_text(&bars)).expect("writable");
    let rows = read_all(folder.path());
    println!("ten symbol-years of minutes, six columns: {rows} bars");
    let parquet = best(7, || (), |()| _ = black_box(read_all(folder.path())));
    show("Parquet, two threads", parquet, rows, 0);
    let alone = best(7, || (), |()| _ = black_box(polars_alone(folder.path())));
    show("polars alone, four columns", alone, rows, 0);
    let (entries, bytes) = whole(folder.path());
    println!("  whole job: {entries} entries, {bytes} bytes of metrics.json");
    let job = best(5, || (), |()| _ = black_box(whole(folder.path())));
    show("files to metrics.json", job, rows, 0);
    println!(
        "  the whole job takes {:.1} times polars alone, {:.1} times our own reading",
        job.as_secs_f64() / alone.as_secs_f64(),
        job.as_secs_f64() / parquet.as_secs_f64()
    );
    let text = best(
        3,
        || (),
        |()| drop(klines::read(&csv, minute()).expect("readable")),
    );
    show("csv, one symbol-year, one thread", text, bars.len(), 0);
    divan::main();
}

#[divan::bench(sample_count = 5)]
fn parquet_ten_symbol_years(bencher: Bencher) {
    let folder = tempfile::tempdir().expect("a folder");
    write_all(folder.path());
    bencher.bench_local(|| read_all(folder.path()));
}
