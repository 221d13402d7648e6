//! Made-up random walks: what was asked for is measured on what was made, in memory and through the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use confluence::domain::bar::Bars;
use confluence::domain::num::{Money, Qty, Rate};
use confluence::domain::signal::{RawSignal, SignalType};
use confluence::domain::symbol::Symbol;
use confluence::domain::time::{DAY, Span, Timestamp};
use confluence::market::generate::{self, ContractRecipe, Generated, Recipe};
use confluence::market::generate_files::{self, Format};
use confluence::market::generate_tape::tape;
use confluence::market::instruments::{Fallback, RuleBook};
use confluence::market::library::Library;
use confluence::market::load::Request;
use confluence::market::random_walk::{self, Walks};
use confluence::market::window::Window;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{files, json, sim, talk};

const GAP_MAX: i64 = 280_000;
/// The retention of the default configuration: what lies further apart cannot even nearly pair.
const RETENTION: i64 = 600_000;

fn percent(pct: i64) -> Rate {
    Rate::from_steps(pct * 1_000_000)
}

fn recipe(symbols: u16, days: u16) -> Recipe {
    Recipe {
        seed: 65,
        contracts: ContractRecipe::several_fine(symbols),
        from: Timestamp::parse("2025-01-01").unwrap(),
        days,
        confluences: 2 * days,
    }
}

/// Volatility a year of 365 days, from the differences of log closes so many minutes apart.
fn volatility(bars: &Bars, minutes: usize) -> f64 {
    let closes: Vec<f64> = bars
        .close
        .iter()
        .step_by(minutes)
        .map(|price| price.to_f64().ln())
        .collect();
    let squares: f64 = closes
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).powi(2))
        .sum();
    (squares / (closes.len() - 1) as f64 * (525_600.0 / minutes as f64)).sqrt()
}

/// Mean of high above low, as a share of the price.
fn mean_range(bars: &Bars) -> f64 {
    let range =
        |row: usize| (bars.high[row].to_f64() - bars.low[row].to_f64()) / bars.open[row].to_f64();
    (0..bars.len()).map(range).sum::<f64>() / bars.len() as f64
}

#[test]
fn walks_have_the_volatility_asked_for() {
    let recipe = recipe(10, 365);
    let made = random_walk::generate(&recipe, &Walks::new(percent(55), percent(120))).unwrap();
    assert_eq!(made.prices.len(), 10);
    let alone = Recipe {
        contracts: recipe.contracts[..1].to_vec(),
        ..recipe.clone()
    };
    let alone = random_walk::generate(&alone, &Walks::new(percent(55), percent(55))).unwrap();
    assert!(
        alone.prices[0] == made.prices[0],
        "a walk does not hang on its neighbours, nor on who made it"
    );
    for (index, prices) in made.prices.iter().enumerate() {
        let bars = &prices.bars;
        assert_eq!(bars.len(), 525_600, "every minute has a bar");
        assert!(prices.mark.is_empty() && prices.funding.is_empty());
        let wanted = 0.55 + 0.65 * index as f64 / 9.0;
        let (minute, hour) = (volatility(bars, 1), volatility(bars, 60));
        let spread = mean_range(bars) / (wanted / 525_600_f64.sqrt());
        println!(
            "{}: {:.1} % asked, {:.2} % by minutes, {:.2} % by hours, mean range {spread:.3} deviations of a minute",
            prices.contract.symbol,
            wanted * 100.0,
            minute * 100.0,
            hour * 100.0
        );
        assert!(
            (minute / wanted - 1.0).abs() < 0.01,
            "a year of minutes is half a million draws"
        );
        assert!((hour / wanted - 1.0).abs() < 0.04, "steps are independent");
        // A bar of one step would have 0.87, a continuous walk 1.60.
        assert!(
            (1.2..1.5).contains(&spread),
            "high and low are those of six steps"
        );
        assert!(
            bars.open[1..]
                .iter()
                .zip(&bars.close)
                .all(|(open, close)| open == close)
        );
    }
}

/// One stretch of messages closer together than the retention, by type.
fn groups(signals: &[&RawSignal]) -> Vec<Vec<(SignalType, Timestamp)>> {
    let mut sorted: Vec<_> = signals
        .iter()
        .map(|raw| (raw.event_time, raw.kind))
        .collect();
    sorted.sort();
    let mut groups: Vec<Vec<(SignalType, Timestamp)>> = Vec::new();
    for (time, kind) in sorted {
        match groups.last_mut() {
            Some(group) if (time - group[group.len() - 1].1).millis() <= RETENTION => {
                group.push((kind, time));
            }
            _ => groups.push(vec![(kind, time)]),
        }
    }
    groups
}

#[test]
fn signals_have_the_gaps_and_shares_asked_for() {
    let recipe = recipe(10, 365);
    let made = random_walk::generate(&recipe, &Walks::new(percent(55), percent(120))).unwrap();
    let mut by_coin: BTreeMap<&str, Vec<&RawSignal>> = BTreeMap::new();
    for raw in &made.signals {
        by_coin.entry(&raw.name).or_default().push(raw);
    }
    let (mut gaps, mut lone_alpha, mut lone_fomo) = (Vec::new(), 0, 0);
    for signals in by_coin.values() {
        let mut pairs = 0;
        for group in groups(signals) {
            match group[..] {
                [(SignalType::ALPHA, _)] => lone_alpha += 1,
                [_] => lone_fomo += 1,
                [(one, first), (other, second)] => {
                    assert_ne!(one == SignalType::ALPHA, other == SignalType::ALPHA);
                    let gap = (second - first).millis();
                    gaps.push(if one == SignalType::ALPHA { gap } else { -gap });
                    pairs += 1;
                }
                _ => panic!("messages of two groups lie within the retention: {group:?}"),
            }
        }
        assert_eq!(pairs, 730, "two a day on each symbol");
    }
    let fomo = made
        .signals
        .iter()
        .filter(|raw| raw.kind != SignalType::ALPHA);
    let fomo = fomo.count() as f64;
    let intensified = made
        .signals
        .iter()
        .filter(|raw| raw.kind == SignalType::FOMO_INTENSIFIED);
    let share = intensified.count() as f64 / fomo;
    gaps.sort_unstable();
    let quartile = |part: usize| gaps[gaps.len() * part / 4] as f64 / GAP_MAX as f64;
    println!(
        "{} pairs, gaps {} to {} ms with quartiles {:.3} {:.3} {:.3} of 280 s, {lone_alpha} lone Alpha, {lone_fomo} lone FOMO, {:.2} % of {fomo} FOMO are 112",
        gaps.len(),
        gaps[0],
        gaps[gaps.len() - 1],
        quartile(1),
        quartile(2),
        quartile(3),
        share * 100.0
    );
    assert_eq!((gaps.len(), lone_alpha, lone_fomo), (7_300, 7_300, 14_600));
    assert!(gaps[0] >= -GAP_MAX && gaps[gaps.len() - 1] <= GAP_MAX);
    assert!(gaps[0] < -279_000 && gaps[gaps.len() - 1] > 279_000);
    for (part, wanted) in [(1, -0.5), (2, 0.0), (3, 0.5)] {
        assert!((quartile(part) - wanted).abs() < 0.04, "gaps are uniform");
    }
    assert!((share - 0.3).abs() < 0.02);
    assert!(made.known.confluences.len() == 7_300 && made.known.near_misses.is_empty());
}

#[test]
fn requests_that_have_no_room_are_refused() {
    let walks = Walks::new(percent(55), percent(55));
    let made = |recipe: &Recipe, walks: Walks| random_walk::generate(recipe, &walks).is_some();
    let sound = recipe(1, 3);
    assert!(made(&sound, walks));
    let crowded = |confluences| Recipe {
        confluences,
        ..sound.clone()
    };
    assert!(
        made(&crowded(71), walks),
        "72 hours hold 284 groups of 900 s"
    );
    assert!(!made(&crowded(72), walks));
    let refused = [
        Walks {
            volatility: (Rate::ZERO, percent(55)),
            ..walks
        },
        Walks {
            volatility: (percent(55), percent(1_001)),
            ..walks
        },
        Walks { steps: 0, ..walks },
        Walks {
            gap_max: Span::from_millis(-1),
            ..walks
        },
        Walks {
            type_112_pct: 101,
            ..walks
        },
    ];
    for walks in refused {
        assert!(!made(&sound, walks), "{walks:?}");
    }
    assert!(!made(&Recipe { days: 0, ..sound }, walks));
    println!("{} requests refused", refused.len() + 2);
}

/// What a run would load of a folder.
fn load(root: &Path, recipe: &Recipe) -> confluence::market::load::Loaded {
    let library = Library::open(&[root.to_owned()]).unwrap();
    let window = Window {
        from: recipe.from,
        to: recipe.from + Span::from_millis(DAY.millis() * i64::from(recipe.days)),
    };
    let symbols: Vec<Symbol> = recipe
        .contracts
        .iter()
        .map(|contract| contract.symbol.clone())
        .collect();
    let fallback = Fallback {
        tick: None,
        step: Qty::from_steps(1).unwrap(),
        qty_min: Qty::from_steps(1).unwrap(),
        market_qty_max: Qty::from_steps(1).unwrap(),
        notional_min: Money::from_steps(0),
        liquidation_fee: Rate::ZERO,
        brackets: Vec::new(),
    };
    let request = Request {
        symbols,
        window,
        interval: None,
        drop_unfinished: false,
        trades: false,
        fallback,
    };
    let mut rules = RuleBook::open(&library.rules).unwrap();
    library.load(&request, &mut rules).unwrap()
}

#[test]
fn the_tape_in_memory_is_the_one_that_the_folder_gives() {
    let episodes = Recipe {
        contracts: ContractRecipe::several(3),
        confluences: 6,
        ..recipe(3, 4)
    };
    let walks = recipe(3, 4);
    let walked = random_walk::generate(&walks, &Walks::new(percent(55), percent(120))).unwrap();
    let cases: [(&Recipe, Generated); 2] = [
        (&episodes, generate::generate(&episodes).unwrap()),
        (&walks, walked),
    ];
    let mut met = 0;
    for (recipe, made) in cases {
        for format in [Format::CsvGz, Format::Parquet] {
            let folder = TempDir::new().unwrap();
            generate_files::write(folder.path(), recipe, &made, format, "a test").unwrap();
            let loaded = load(folder.path(), recipe);
            let (tape, signals) = tape(made.clone()).unwrap();
            assert_eq!(tape.series, loaded.tape.series);
            assert_eq!(tape.instruments, loaded.tape.instruments);
            assert_eq!(tape.symbols, loaded.tape.symbols);
            assert!(loaded.is_synthetic());
            assert!(signals.len() == made.signals.len() && !signals.is_empty());
            met += loaded
                .tape
                .series
                .iter()
                .flatten()
                .map(|series| series.len())
                .sum::<usize>();
        }
    }
    println!("{met} bars are the same");
}

#[test]
fn the_command_in_the_marker_makes_the_same_folder_again() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (first, again) = (path("first"), path("again"));
    let asked = "data generate --seed 65 --volatility-pct 55..120 --confluences-per-day 2 --symbols 4 \
        --from 2025-01-01 --days 20 --parquet --out";
    let told = json(sim().args(asked.split_whitespace()).arg(&first));
    assert_eq!(
        (&told["synthetic"], &told["confluences"]),
        (&Value::Bool(true), &Value::from(160))
    );
    let marker = fs::read_to_string(Path::new(&first).join("SYNTHETIC")).unwrap();
    let command = marker
        .lines()
        .find_map(|line| line.strip_prefix("made by: sim "))
        .unwrap();
    let command = command.replace("DIR", &again);
    json(sim().args(command.split_whitespace()));
    let (made, repeated) = (files(Path::new(&first)), files(Path::new(&again)));
    assert!(
        made == repeated && made.len() == 4 + 2 + 2,
        "{:?}",
        made.keys()
    );
    for name in made.keys() {
        assert!(name.contains("synthetic") || name == "SYNTHETIC" || name == "signals.csv");
    }
    let signals = format!("{first}/signals.csv");
    let check = ["signals", "check", "--signals", &signals, "--data", &first];
    // Wide pairs score below the default's 0.6 and are pairs all the same.
    let checked = json(sim().args(check).args(["--set", "signals.score_min=0"]));
    let count = |key: &str| checked[key].as_array().unwrap().len();
    println!(
        "{} files, {} confluences, {} near misses, {} ignored",
        made.len(),
        count("confluences"),
        count("near_misses"),
        count("ignored")
    );
    assert_eq!(
        (count("confluences"), count("near_misses"), count("ignored")),
        (160, 0, 0)
    );
}

#[test]
fn options_of_walks_that_make_no_sense_are_refused() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let cases = [
        ("--steps 4", "--volatility-pct"),
        ("--gap-max-s 100", "--volatility-pct"),
        ("--volatility-pct 0", "between 0.01 and 1000"),
        ("--volatility-pct 55..2000", "between 0.01 and 1000"),
        ("--volatility-pct fast", "not a decimal number"),
        ("--volatility-pct 55 --type-112-pct 101", "101"),
        (
            "--volatility-pct 55 --confluences 9 --confluences-per-day 2",
            "cannot be used with",
        ),
        ("--volatility-pct 55 --confluences-per-day 200", "hint: "),
    ];
    for (options, told) in cases {
        let mut command = sim();
        command.args(["data", "generate", "--out"]).arg(&out);
        let output = command.args(options.split_whitespace()).output().unwrap();
        let talk = talk(&output);
        assert_eq!(output.status.code(), Some(2), "{options}: {talk}");
        assert!(talk.contains(told), "{options}: {talk}");
        assert!(!out.exists());
    }
    println!("{} options refused", cases.len());
}
