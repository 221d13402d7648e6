//! From files to columns: Parquet as `sim data convert` writes it, and csv; and the whole main job on ten symbol-years.
//!
//! A regression here is what a user waits for before every run. Reading alone is measured beside it in the same run.

#![allow(clippy::print_stdout, reason = "a bench prints")]

mod common;

use std::hint::black_box;
use std::path::Path;

use common::{best, show};
use confluence::domain::bar::Bars;
use confluence::domain::time::Span;
use confluence::market::klines;
use confluence::market::parquet;
use divan::Bencher;

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

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    write_all(folder.path());
    let bars = common::bars(0);
    let csv = folder.path().join("S00USDT-1m.csv");
    std::fs::write(&csv, csv_text(&bars)).expect("writable");
    let rows = read_all(folder.path());
    println!("ten symbol-years of minutes, six columns: {rows} bars");
    let parquet = best(7, || (), |()| _ = black_box(read_all(folder.path())));
    show("Parquet, two threads", parquet, rows, 0);
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
