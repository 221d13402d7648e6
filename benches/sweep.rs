//! Trials a second of `sim sweep`: one and ten symbol-years of minute bars, with and without a trailing stop, 1,000
//! random points none of which share a level; and how that grows with years and with trials.
//!
//! A regression here is felt in every search for parameters. Everything a trial of the program does is inside: its
//! settings from text, matching, risk gates, ledger, daily figures, the event log's hash, its line in the journal.
//! `cargo bench --bench sweep` prints the table, `-- A Bt` some of its lines; `-- growth` measures the growth and draws it
//! into `target/sweep-growth.png`.

#![allow(clippy::print_stdout, reason = "a bench prints")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use common::{Workload, write};
use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::Sources;
use confluence::backtest::run::simulate;
use confluence::exchange::history::Engine;
use confluence::exchange::model::Model;
use confluence::settings::layers::Layers;
use confluence::sweep::figures::TRADES;
use confluence::sweep::finish::head;
use confluence::sweep::job::{Job, Setup};
use confluence::sweep::journal::{Journal, Present};
use confluence::sweep::method::Method;
use confluence::sweep::plan::Shard;
use confluence::sweep::record::End;
use confluence::sweep::run::{run_all, run_trial, settle};
use confluence::trader::rules::Rules;

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

/// Mean entries of a few of the points that can be run.
fn entries(setup: &Setup) -> f64 {
    let trades = (0..40).filter_map(|trial| match run_trial(setup, trial).end {
        End::Done { figures, .. } => figures.0[TRADES],
        End::Infeasible { .. } | End::Beyond { .. } => None,
    });
    let trades: Vec<f64> = trades.collect();
    trades.iter().sum::<f64>() / trades.len() as f64
}

/// The settings of a point; `None` where they cannot hold together, such as a trailing stop that starts below the entry.
fn settings(setup: &Setup, trial: u64) -> Option<(Rules, Model)> {
    let point = setup.sampler.point(&setup.space, trial);
    settle(setup, &point, &setup.space.texts(&point)).ok()
}

/// How many of the points are run; the others cost next to nothing and are not counted.
fn feasible(setup: &Setup) -> u64 {
    (0..setup.trials)
        .filter(|trial| settings(setup, *trial).is_some())
        .count() as u64
}

/// The same points through the loop that the replay must match, on one thread.
fn loop_rate(setup: &Setup) -> f64 {
    let points: Vec<(Rules, Model)> = (0..40).filter_map(|trial| settings(setup, trial)).collect();
    let began = Instant::now();
    for (rules, model) in &points {
        let scene = setup.worlds.scene(&[]).expect("one scene");
        let mut model = model.clone();
        model.start = Some(scene.start);
        let log = (EventLog::hashing(), &AtomicBool::new(false));
        let run = simulate(&scene.world, rules, &model, Engine::Skip, log).expect("a run");
        drop(std::hint::black_box(run.log.hash()));
    }
    rate(points.len() as u64, began.elapsed())
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
    let ran = feasible(&setup);
    let best = |threads| {
        let times = (0..3).map(|_| run(place, &setup, threads));
        rate(ran, times.min().expect("three"))
    };
    let (one, two) = (best(1), best(2));
    let before = cpu();
    run(place, &setup, 1);
    let cpu = (cpu() - before) / ran as f64;
    let slow = loop_rate(&setup);
    println!(
        "  {name:<3} {ran:>5} run, {:>6.1} entries a trial {one:>8.0} trials/s on one thread {two:>8.0} on two, {:.2} times; {:.0} us of a core; the loop {slow:.0}, {:.1} times",
        entries(&setup),
        two / one,
        cpu * 1e6,
        one / slow
    );
}

/// A measured point: how much there was, and trials a second of it.
type Grown = (f64, f64);

/// Trials a second over more and more years of one symbol, and of more and more trials over one.
fn growth(place: &Place) {
    let mut years: Vec<Grown> = Vec::new();
    let mut trials: Vec<Grown> = Vec::new();
    for count in [1, 2, 4, 8] {
        let folder = place.path(&format!("years-{count}"));
        common::write_walks(&folder, 1, 55, 365 * count);
        let setup = setup(place, &folder, false, 500);
        let taken = (0..3).map(|_| run(place, &setup, 1)).min().expect("three");
        println!(
            "  {count} symbol-years, {:.0} entries a trial: {:.0} trials/s",
            entries(&setup),
            rate(500, taken)
        );
        years.push((f64::from(count), rate(500, taken)));
    }
    let folder = place.path("years-1");
    for count in [100_u32, 1_000, 10_000, 100_000] {
        let setup = setup(place, &folder, false, u64::from(count));
        let times = if count < 10_000 { 3 } else { 1 };
        let taken = (0..times)
            .map(|_| run(place, &setup, 2))
            .min()
            .expect("one");
        println!(
            "  {count} trials on two threads: {:.0} trials/s",
            rate(u64::from(count), taken)
        );
        trials.push((f64::from(count), rate(u64::from(count), taken)));
    }
    let file = Path::new("target/sweep-growth.png");
    draw(file, &years, &trials).expect("drawn");
    println!("  drawn: {}", file.display());
}

/// Time for each trial and symbol-year, against years and against trials: a level line is linear growth.
fn draw(file: &Path, years: &[Grown], trials: &[Grown]) -> Result<(), Box<dyn std::error::Error>> {
    use plotters::prelude::*;
    let font = epaint_default_fonts::UBUNTU_LIGHT;
    drop(plotters::style::register_font(
        "sans-serif",
        FontStyle::Normal,
        font,
    ));
    let size = (1200, 560);
    let mut pixels = vec![255; 1200 * 560 * 3];
    let root = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
    root.fill(&WHITE)?;
    let panels = root.split_evenly((1, 2));
    let per_year = years
        .iter()
        .map(|(years, rate)| (*years, 1e6 / rate / years));
    let per_trial = trials
        .iter()
        .map(|(trials, rate)| (trials.log10(), 1e6 / rate));
    let sheets = [
        (
            "one thread: microseconds a trial and symbol-year",
            "symbol-years",
            per_year.collect::<Vec<_>>(),
        ),
        (
            "two threads: microseconds a trial",
            "trials, power of ten",
            per_trial.collect(),
        ),
    ];
    for (panel, (title, name, points)) in panels.iter().zip(sheets) {
        let first = points.first().map_or(0.0, |point| point.0);
        let last = points.last().map_or(1.0, |point| point.0);
        let top = points.iter().map(|point| point.1).fold(0.0, f64::max) * 1.3;
        let mut chart = ChartBuilder::on(panel)
            .caption(title, ("sans-serif", 24))
            .margin(24)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(first * 0.9..last * 1.05, 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc(name)
            .label_style(("sans-serif", 18))
            .draw()?;
        chart.draw_series(LineSeries::new(points.clone(), BLUE.stroke_width(3)))?;
        for (x, y) in &points {
            let label = Text::new(format!("{y:.0}"), (*x, *y + top * 0.03), ("sans-serif", 18));
            chart.draw_series([Circle::new((*x, *y), 5, BLUE.filled())])?;
            chart.draw_series([label])?;
        }
    }
    root.present()?;
    drop((panels, root));
    let mut encoder = png::Encoder::new(fs::File::create(file)?, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(())
}

fn main() {
    let place = Place::new();
    if std::env::args().any(|arg| arg == "growth") {
        return growth(&place);
    }
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
