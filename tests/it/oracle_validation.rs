//! Compares `stats::validation` with every value of `tests/oracles/validation.json`, or of the file named by
//! `SIM_ORACLE_VALIDATION`. A key that is not understood fails; nothing of the file is hard-coded here.
//!
//! Not here: `grid` and `random_search`, which are rules of the space of a sweep ([`OF_THE_SPACE`]).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use confluence::domain::num::Money;
use confluence::domain::random::Random;
use confluence::domain::time::{Span, Timestamp};
use confluence::stats::figure::Figure;
use confluence::stats::validation::block_length::BlockLength;
use confluence::stats::validation::bootstrap::{Bootstrap, BootstrapFigures, Interval};
use confluence::stats::validation::calibration::{self, HighLow, ImpactInputs};
use confluence::stats::validation::cscv::{Blocks, Split};
use confluence::stats::validation::folds::{self, Held};
use confluence::stats::validation::inference::{self, SharpeSample};
use confluence::stats::validation::placebo::{self, Offsets};
use confluence::stats::validation::splits::{WalkForward, Window};
use confluence::stats::validation::{multiplicity, shuffle};
use serde_json::{Map, Value, json};

/// Sections that are compared where the space of a sweep is tested.
const OF_THE_SPACE: [&str; 2] = ["grid", "random_search"];
/// Compares one section.
type Family = fn(&Value, &mut Compared);

/// The sections compared here, and what compares each.
const FAMILIES: [(&str, Family); 14] = [
    ("splitmix64", generator),
    ("sharpe_inference", sharpe_inference),
    ("cscv", cscv),
    ("stationary_bootstrap", stationary_bootstrap),
    ("politis_white_ar1", politis_white),
    ("trade_shuffle", trade_shuffle),
    ("walk_forward", walk_forward),
    ("purged_kfold", purged_kfold),
    ("cpcv", cpcv),
    ("placebo_shift", placebo_shift),
    ("corwin_schultz", corwin_schultz),
    ("impact", impact),
    ("parkinson_sigma", parkinson_sigma),
    ("multiple_testing", multiple_testing),
];

/// How many values of one section were compared, and which differed.
#[derive(Default)]
struct Compared {
    tolerance: f64,
    values: usize,
    wrong: Vec<String>,
}

impl Compared {
    fn new(tolerance: f64) -> Self {
        Self {
            tolerance,
            ..Self::default()
        }
    }

    /// Numbers may differ by the tolerance of the file, everything else must be the same; lists go entry by entry.
    fn same(&mut self, name: &str, expected: &Value, found: &Value) {
        if let (Value::Array(expected), Value::Array(found)) = (expected, found) {
            if expected.len() != found.len() {
                let lengths = (expected.len(), found.len());
                self.wrong.push(format!("{name}: {lengths:?} entries"));
            }
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                self.same(&format!("{name}[{index}]"), expected, found);
            }
            return;
        }
        self.values += 1;
        let is_same = match (expected.as_f64(), found.as_f64()) {
            (Some(expected), Some(found)) => {
                let size = expected.abs().max(found.abs()).max(1e-3);
                (expected - found).abs() <= self.tolerance * size
            }
            _ => expected == found,
        };
        if !is_same {
            self.wrong
                .push(format!("{name}: expected {expected}, found {found}"));
        }
    }

    fn figure(&mut self, name: &str, expected: &Value, found: Figure) {
        self.same(name, expected, &json!(found));
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn float(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("a number: {value}"))
}

fn floats(value: &Value) -> Vec<f64> {
    array(value).iter().map(float).collect()
}

fn whole(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("a whole number: {value}"))
}

fn index(value: &Value) -> usize {
    usize::try_from(whole(value)).expect("it fits")
}

fn money(value: &Value) -> Money {
    value
        .as_str()
        .expect("decimal text")
        .parse()
        .expect("an amount")
}

fn moneys(value: &Value) -> Vec<Money> {
    array(value).iter().map(money).collect()
}

fn number(text: &str) -> f64 {
    text.parse()
        .unwrap_or_else(|_| panic!("a number: '{text}'"))
}

/// Every key must be known, and all of them there.
fn keys(value: &Value, known: &[&str]) {
    let found: Vec<&String> = object(value).keys().collect();
    for key in &found {
        assert!(known.contains(&key.as_str()), "unknown key '{key}'");
    }
    for key in known {
        assert!(value.get(key).is_some(), "no key '{key}'");
    }
}

fn word(random: &mut Random) -> String {
    format!("{:016x}", random.next())
}

/// W2. Seeds and counts stand in the names of the keys.
fn generator(section: &Value, compared: &mut Compared) {
    for (key, expected) in object(section) {
        let parts: Vec<&str> = key.split('_').collect();
        let times = 0..expected.as_array().map_or(0, Vec::len);
        let found = match parts[..] {
            ["seed"] => continue,
            ["first"] => {
                let mut random = Random::new(whole(&section["seed"]));
                json!(times.map(|_| word(&mut random)).collect::<Vec<String>>())
            }
            ["u01", "seed", seed] => {
                let mut random = Random::new(seed.parse().expect("a seed"));
                json!(times.map(|_| random.unit()).collect::<Vec<f64>>())
            }
            ["below", "seed", seed, bound] => {
                let bound = bound.strip_prefix('n').expect("n and a bound");
                let bound = bound.parse().expect("a bound");
                let mut random = Random::new(seed.parse().expect("a seed"));
                json!(times.map(|_| random.below(bound)).collect::<Vec<u64>>())
            }
            ["shuffle", "seed", seed, "of", length] => {
                let mut items: Vec<u64> = (0..length.parse().expect("a length")).collect();
                Random::new(seed.parse().expect("a seed")).shuffle(&mut items);
                json!(items)
            }
            ["streams", "seed", seed] => {
                let seed = seed.parse().expect("a seed");
                for row in array(expected) {
                    keys(row, &["path", "first"]);
                    let path: Vec<u64> = array(&row["path"]).iter().map(whole).collect();
                    let found = word(&mut Random::stream(seed, &path));
                    compared.same(&format!("{key} {path:?}"), &row["first"], &json!(found));
                }
                continue;
            }
            _ => panic!("unknown key '{key}'"),
        };
        compared.same(key, expected, &found);
    }
}

/// Daily returns of the series that the sections name: that of the file of `SIM_ORACLE_METRICS`, else of `metrics.json`
/// beside the file of `SIM_ORACLE_VALIDATION`, else of our own.
fn daily_returns(section: &Value) -> Vec<f64> {
    let series = section["series"].as_str().expect("a name");
    assert!(
        series.starts_with("metrics.json equity"),
        "unknown series '{series}'"
    );
    let beside = std::env::var("SIM_ORACLE_VALIDATION")
        .map(|path| Path::new(&path).with_file_name("metrics.json"))
        .ok()
        .filter(|path| path.exists());
    let path = std::env::var("SIM_ORACLE_METRICS").ok().map(PathBuf::from);
    let file = load(&path.or(beside).unwrap_or_else(|| own("metrics.json")));
    let mut points = vec![money(&file["equity"]["initial"]).to_f64()];
    let closes = moneys(&file["equity"]["daily_close"]);
    points.extend(closes.into_iter().map(Money::to_f64));
    points
        .windows(2)
        .map(|pair| pair[1] / pair[0] - 1.0)
        .collect()
}

fn sharpe_inference(section: &Value, compared: &mut Compared) {
    let sample = SharpeSample::of(&daily_returns(section)).expect("it varies");
    for (key, expected) in object(section) {
        let found = match key.as_str() {
            "series" => continue,
            "n" => json!(sample.periods),
            "sr_per_period" => json!(sample.sharpe),
            "skew" => json!(sample.skew),
            "kurtosis" => json!(sample.kurtosis),
            "se_sr" => json!(sample.standard_error()),
            "dsr" => {
                for row in array(expected) {
                    keys(row, &["trials", "sr_variance", "expected_max_sr", "dsr"]);
                    deflated(&sample, row, compared);
                }
                continue;
            }
            "worked" => {
                worked(expected, compared);
                continue;
            }
            "min_backtest_length_years" => {
                for row in array(expected) {
                    min_backtest(row, compared);
                }
                continue;
            }
            _ => {
                if let Some(mark) = key.strip_prefix("psr_vs_") {
                    json!(sample.probabilistic(number(mark)))
                } else {
                    let marks = key.strip_prefix("min_track_record_length_");
                    let marks = marks.and_then(|marks| marks.split_once("_at_"));
                    let (mark, percent) = marks.unwrap_or_else(|| panic!("unknown key '{key}'"));
                    json!(sample.min_track_record(number(mark), number(percent) / 100.0))
                }
            }
        };
        compared.same(key, expected, &found);
    }
}

fn deflated(sample: &SharpeSample, row: &Value, compared: &mut Compared) {
    let (trials, variance) = (float(&row["trials"]), float(&row["sr_variance"]));
    let mark = inference::expected_maximum(trials, variance);
    compared.figure("expected_max_sr", &row["expected_max_sr"], mark);
    compared.figure("dsr", &row["dsr"], sample.deflated(trials, variance));
}

fn worked(row: &Value, compared: &mut Compared) {
    const KNOWN: [&str; 9] = [
        "note",
        "sr",
        "n",
        "skew",
        "kurtosis",
        "trials",
        "sr_variance",
        "expected_max_sr",
        "dsr",
    ];
    keys(row, &KNOWN);
    let sample = SharpeSample {
        sharpe: float(&row["sr"]),
        periods: index(&row["n"]),
        skew: float(&row["skew"]),
        kurtosis: float(&row["kurtosis"]),
    };
    deflated(&sample, row, compared);
}

fn min_backtest(row: &Value, compared: &mut Compared) {
    keys(row, &["trials", "target_annual_sr", "years", "upper_bound"]);
    let (trials, target) = (float(&row["trials"]), float(&row["target_annual_sr"]));
    let years = inference::min_backtest_years(trials, target);
    compared.figure("years", &row["years"], years);
    let bound = inference::min_backtest_bound(trials, target);
    compared.figure("upper_bound", &row["upper_bound"], bound);
}

fn cscv(section: &Value, compared: &mut Compared) {
    keys(section, &["returns_TxN", "metric", "results"]);
    let metric = &section["metric"];
    assert_eq!(
        metric, "mean/std(ddof=1), no annualisation",
        "unknown metric"
    );
    let days: Vec<Vec<f64>> = array(&section["returns_TxN"]).iter().map(floats).collect();
    for row in array(&section["results"]) {
        let mut blocks = Blocks::new(days.len(), index(&row["S"])).expect("fine blocks");
        for configuration in 0..days[0].len() {
            let returns: Vec<Option<f64>> =
                days.iter().map(|day| Some(day[configuration])).collect();
            blocks.push(&returns).expect("one length");
        }
        let found = blocks.overfitting().expect("some configurations");
        let each = |value: fn(&Split) -> Value| found.splits.iter().map(value).collect::<Value>();
        for (key, expected) in object(row) {
            let own = match key.as_str() {
                "S" => continue,
                "combinations" => json!(found.splits.len()),
                "pbo" => json!(found.probability),
                "logits" => each(|split| json!(split.logit)),
                "best_config" => each(|split| json!(split.best)),
                "oos_rank" => each(|split| json!(split.rank)),
                "degradation_slope" => json!(found.slope),
                "degradation_intercept" => json!(found.intercept),
                "prob_oos_loss" => json!(found.loss_share),
                _ => panic!("unknown key '{key}'"),
            };
            compared.same(&format!("S {} {key}", row["S"]), expected, &own);
        }
    }
}

fn interval_of(found: &BootstrapFigures, name: &str) -> Interval {
    match name {
        "mean_daily" => found.mean_daily,
        "sharpe" => found.sharpe,
        "max_drawdown" => found.max_drawdown,
        "total_return" => found.total_return,
        _ => panic!("unknown key '{name}'"),
    }
}

fn stationary_bootstrap(section: &Value, compared: &mut Compared) {
    const KNOWN: [&str; 10] = [
        "series",
        "seed",
        "stream",
        "mean_block",
        "replicates",
        "indices_replicate_0",
        "percentile_ci",
        "prob_sharpe_le_0",
        "arch_percentile_ci_for_comparison",
        "politis_white_block_length",
    ];
    keys(section, &KNOWN);
    let returns = daily_returns(section);
    let plan = Bootstrap {
        seed: whole(&section["seed"]),
        replicates: whole(&section["replicates"]),
        mean_block: float(&section["mean_block"]),
    };
    let mut path = Vec::new();
    plan.draw(returns.len(), 0, |_, index| path.push(index));
    compared.same("indices", &section["indices_replicate_0"], &json!(path));
    let found = plan.figures(&returns).expect("it varies");
    for (name, expected) in object(&section["percentile_ci"]) {
        keys(expected, &["p2_5", "p50", "p97_5"]);
        let own = interval_of(&found, name);
        compared.figure(&format!("{name} p2_5"), &expected["p2_5"], own.low);
        compared.figure(&format!("{name} p50"), &expected["p50"], own.middle);
        compared.figure(&format!("{name} p97_5"), &expected["p97_5"], own.high);
    }
    let share = found.sharpe_not_positive;
    compared.figure("prob_sharpe_le_0", &section["prob_sharpe_le_0"], share);
    for (name, expected) in object(&section["arch_percentile_ci_for_comparison"]) {
        if name != "note" {
            near(name, &floats(expected), interval_of(&found, name), compared);
        }
    }
    block_length(&section["politis_white_block_length"], &returns, compared);
}

/// An interval by another generator: ends may be off by 15 % of its width.
fn near(name: &str, expected: &[f64], found: Interval, compared: &mut Compared) {
    let [low, high] = expected else {
        panic!("{name}: two ends, not {expected:?}");
    };
    for (end, own) in [(low, found.low), (high, found.high)] {
        compared.values += 1;
        let own = own.value().expect("known");
        if (end - own).abs() > 0.15 * (high - low) {
            compared
                .wrong
                .push(format!("{name}: about {end}, found {own}"));
        }
    }
}

fn block_length(expected: &Value, series: &[f64], compared: &mut Compared) {
    let found = BlockLength::of(series).expect("it varies");
    compared.same(
        "stationary",
        &expected["stationary"],
        &json!(found.stationary),
    );
    compared.same("circular", &expected["circular"], &json!(found.circular));
    for key in object(expected).keys() {
        let known = ["series", "library", "stationary", "circular"];
        assert!(known.contains(&key.as_str()), "unknown key '{key}'");
    }
}

fn politis_white(section: &Value, compared: &mut Compared) {
    block_length(section, &floats(&section["series"]), compared);
}

fn trade_shuffle(section: &Value, compared: &mut Compared) {
    let nets = moneys(&section["nets"]);
    let (seed, replicates) = (whole(&section["seed"]), whole(&section["replicates"]));
    let found = shuffle::trade_shuffle(&nets, seed, replicates).expect("trades");
    for (key, expected) in object(section) {
        let own = match key.as_str() {
            // Drawdowns of additive equity do not depend on where it starts.
            "nets" | "initial" | "seed" | "stream" | "replicates" => continue,
            "first_permutation" => {
                let mut order: Vec<&Value> = array(&section["nets"]).iter().collect();
                shuffle::permute(&mut order, seed, 0);
                json!(order)
            }
            "observed_max_dd_abs" => json!(found.observed),
            "p50" => json!(found.p50),
            "p95" => json!(found.p95),
            "p99" => json!(found.p99),
            "share_at_least_observed" => json!(found.share_at_least),
            _ => panic!("unknown key '{key}'"),
        };
        compared.same(key, expected, &own);
    }
}

fn walk_forward(section: &Value, compared: &mut Compared) {
    for row in array(section) {
        keys(
            row,
            &["n", "train", "test", "step", "embargo", "mode", "splits"],
        );
        let plan = WalkForward {
            train: index(&row["train"]),
            test: index(&row["test"]),
            step: index(&row["step"]),
            embargo: index(&row["embargo"]),
            window: match row["mode"].as_str().expect("a mode") {
                "rolling" => Window::Rolling,
                "anchored" => Window::Anchored,
                other => panic!("unknown mode '{other}'"),
            },
        };
        let found = plan.splits(index(&row["n"])).unwrap_or_default();
        let expected = array(&row["splits"]);
        compared.same("splits", &json!(expected.len()), &json!(found.len()));
        for (expected, own) in expected.iter().zip(&found) {
            keys(expected, &["train", "test"]);
            let ends = |range: &std::ops::Range<usize>| json!([range.start, range.end]);
            compared.same("train", &expected["train"], &ends(&own.train));
            compared.same("test", &expected["test"], &ends(&own.test));
        }
    }
}

fn purged_kfold(section: &Value, compared: &mut Compared) {
    keys(section, &["events_start_end", "k", "embargo", "folds"]);
    let time = |value: &Value| Timestamp::from_millis(value.as_i64().expect("a time"));
    let held = |event: &Value| Held {
        start: time(&event[0]),
        end: time(&event[1]),
    };
    let events: Vec<Held> = array(&section["events_start_end"])
        .iter()
        .map(held)
        .collect();
    let embargo = Span::from_millis(section["embargo"].as_i64().expect("a span"));
    let found = folds::purged_kfold(&events, index(&section["k"]), embargo).expect("enough events");
    let expected = array(&section["folds"]);
    compared.same("folds", &json!(expected.len()), &json!(found.len()));
    for (expected, own) in expected.iter().zip(&found) {
        keys(expected, &["test", "train", "purged"]);
        compared.same("test", &expected["test"], &json!(own.test));
        compared.same("train", &expected["train"], &json!(own.train));
        compared.same("purged", &expected["purged"], &json!(own.purged));
    }
}

fn cpcv(section: &Value, compared: &mut Compared) {
    for row in array(section) {
        keys(
            row,
            &["groups", "test_groups", "splits", "paths", "first_splits"],
        );
        let (groups, tested) = (index(&row["groups"]), index(&row["test_groups"]));
        let found = folds::combinatorial(groups, tested).expect("fine groups");
        compared.same("splits", &row["splits"], &json!(found.splits.len()));
        compared.same("paths", &row["paths"], &json!(found.paths.len()));
        let first = array(&row["first_splits"]).len().min(found.splits.len());
        compared.same("first", &row["first_splits"], &json!(found.splits[..first]));
    }
}

fn placebo_shift(section: &Value, compared: &mut Compared) {
    let seed = whole(&section["seed"]);
    let bound = |key: &str| Span::from_millis(section[key].as_i64().expect("a span"));
    let (smallest, largest) = (bound("min_shift_ms"), bound("max_shift_ms"));
    for (key, expected) in object(section) {
        match key.as_str() {
            "rule" | "min_shift_ms" | "max_shift_ms" | "seed" => {}
            "p_value_example" => {
                keys(expected, &["observed", "placebo", "p"]);
                let nulls = floats(&expected["placebo"]);
                let nulls: Vec<Figure> = nulls.into_iter().map(Figure::Known).collect();
                let p = placebo::p_value(Figure::Known(float(&expected["observed"])), &nulls);
                compared.figure("p", &expected["p"], p);
            }
            _ if key.starts_with("first_") => {
                let count = array(expected).len() as u64;
                let first = |placebo| {
                    let offsets = Offsets::new(seed, placebo, smallest, largest);
                    offsets.expect("fine bounds").draw().millis()
                };
                let found: Vec<i64> = (0..count).map(first).collect();
                compared.same(key, expected, &json!(found));
            }
            _ => panic!("unknown key '{key}'"),
        }
    }
}

fn bars(section: &Value) -> Vec<HighLow> {
    let (high, low) = (floats(&section["high"]), floats(&section["low"]));
    assert_eq!(high.len(), low.len());
    high.into_iter()
        .zip(low)
        .map(|(high, low)| HighLow { high, low })
        .collect()
}

fn corwin_schultz(section: &Value, compared: &mut Compared) {
    keys(
        section,
        &[
            "high",
            "low",
            "raw_spread",
            "clipped_mean",
            "half_spread_bps",
        ],
    );
    let bars = bars(section);
    let raw = calibration::raw_spreads(&bars).expect("bars");
    compared.same("raw_spread", &section["raw_spread"], &json!(raw));
    let mean = calibration::mean_spread(&bars).expect("bars");
    compared.same("clipped_mean", &section["clipped_mean"], &json!(mean));
    let half = calibration::half_spread_bps(&bars);
    compared.figure("half_spread_bps", &section["half_spread_bps"], half);
}

fn impact(section: &Value, compared: &mut Compared) {
    for row in array(section) {
        keys(
            row,
            &[
                "y",
                "sigma_daily_bps",
                "order_notional",
                "daily_notional",
                "impact_bps",
            ],
        );
        let found = calibration::impact_bps(&ImpactInputs {
            factor: float(&row["y"]),
            sigma_bps: float(&row["sigma_daily_bps"]),
            order_notional: float(&row["order_notional"]),
            daily_notional: float(&row["daily_notional"]),
        });
        compared.figure("impact_bps", &row["impact_bps"], found);
    }
}

fn parkinson_sigma(section: &Value, compared: &mut Compared) {
    keys(section, &["high", "low", "sigma"]);
    let sigma = calibration::parkinson_sigma(&bars(section));
    compared.figure("sigma", &section["sigma"], sigma);
}

fn multiple_testing(section: &Value, compared: &mut Compared) {
    keys(section, &["p_sorted", "holm_adjusted", "bh_adjusted"]);
    let values = floats(&section["p_sorted"]);
    let holm = multiplicity::holm(&values).expect("probabilities");
    compared.same("holm", &section["holm_adjusted"], &json!(holm));
    let explored = multiplicity::benjamini_hochberg(&values).expect("probabilities");
    compared.same("bh", &section["bh_adjusted"], &json!(explored));
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/oracles")
        .join(name)
}

fn load(path: &Path) -> Value {
    let place = path.display();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{place}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{place}: {error}"))
}

#[test]
fn oracle_validation_agrees_with_every_value_of_the_file() {
    let path = std::env::var("SIM_ORACLE_VALIDATION")
        .map_or_else(|_| own("validation.json"), PathBuf::from);
    let (file, path) = (load(&path), path.display());
    assert_eq!(file["schema_version"], 1, "{path}");
    let mut known = vec!["schema_version", "tolerance_rel"];
    known.extend(FAMILIES.map(|(name, _)| name));
    known.extend(OF_THE_SPACE);
    keys(&file, &known);
    let tolerance = float(&file["tolerance_rel"]);
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, compare) in FAMILIES {
        let mut compared = Compared::new(tolerance);
        compare(&file[name], &mut compared);
        counts.insert(name, compared.values);
        let differing = compared.wrong.into_iter();
        wrong.extend(differing.map(|text| format!("{name}: {text}")));
    }
    let met: Vec<String> = counts
        .iter()
        .map(|(name, values)| format!("{values} {name}"))
        .collect();
    println!(
        "validation: {} values: {}",
        counts.values().sum::<usize>(),
        met.join(", ")
    );
    println!(
        "validation: {} belong to the test of the space",
        OF_THE_SPACE.join(", ")
    );
    assert!(wrong.is_empty(), "{path}:\n{}", wrong.join("\n"));
    for (name, values) in counts {
        assert!(values > 0, "{path}: {name} held nothing");
    }
}

/// Changes one leaf; false when there is none to change.
fn disturb(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            let whole = number.as_i64();
            let size = number.as_f64().expect("a float");
            *value = whole.map_or_else(
                || json!(size + size.abs().max(1e-3) * 1e-6),
                |whole| json!(whole + 1),
            );
            true
        }
        Value::String(text) => {
            text.push('1');
            true
        }
        Value::Array(list) => list.last_mut().is_some_and(disturb),
        Value::Object(map) => map.values_mut().next_back().is_some_and(disturb),
        Value::Null | Value::Bool(_) => false,
    }
}

#[test]
fn oracle_validation_notices_every_changed_expectation() {
    const EXPECTED: [&str; 43] = [
        "/splitmix64/first",
        "/splitmix64/u01_seed_7",
        "/splitmix64/below_seed_9_n10",
        "/splitmix64/shuffle_seed_3_of_10",
        "/splitmix64/streams_seed_42",
        "/sharpe_inference/n",
        "/sharpe_inference/sr_per_period",
        "/sharpe_inference/skew",
        "/sharpe_inference/kurtosis",
        "/sharpe_inference/se_sr",
        "/sharpe_inference/psr_vs_0",
        "/sharpe_inference/psr_vs_0.05",
        "/sharpe_inference/min_track_record_length_0_at_95",
        "/sharpe_inference/dsr",
        "/sharpe_inference/worked",
        "/sharpe_inference/min_backtest_length_years",
        "/cscv/results/0/combinations",
        "/cscv/results/0/pbo",
        "/cscv/results/0/logits",
        "/cscv/results/0/best_config",
        "/cscv/results/0/oos_rank",
        "/cscv/results/0/degradation_slope",
        "/cscv/results/0/degradation_intercept",
        "/cscv/results/0/prob_oos_loss",
        "/stationary_bootstrap/indices_replicate_0",
        "/stationary_bootstrap/percentile_ci",
        "/stationary_bootstrap/prob_sharpe_le_0",
        "/stationary_bootstrap/politis_white_block_length",
        "/politis_white_ar1/circular",
        "/trade_shuffle/first_permutation",
        "/trade_shuffle/p99",
        "/trade_shuffle/share_at_least_observed",
        "/walk_forward/1/splits",
        "/purged_kfold/folds/4/train",
        "/purged_kfold/folds/4/purged",
        "/cpcv/0/paths",
        "/cpcv/0/first_splits",
        "/placebo_shift/first_10",
        "/placebo_shift/p_value_example/p",
        "/corwin_schultz/raw_spread",
        "/impact/0/impact_bps",
        "/parkinson_sigma/sigma",
        "/multiple_testing/bh_adjusted",
    ];
    let file = load(&own("validation.json"));
    let mut noticed = 0;
    for place in EXPECTED {
        let mut changed = file.clone();
        assert!(changed.pointer_mut(place).is_some_and(disturb), "{place}");
        let family = place.split('/').nth(1).expect("a section");
        let (_, compare) = FAMILIES
            .into_iter()
            .find(|(name, _)| *name == family)
            .unwrap();
        let mut compared = Compared::new(float(&file["tolerance_rel"]));
        compare(&changed[family], &mut compared);
        assert!(
            !compared.wrong.is_empty(),
            "{place}: a change was not noticed"
        );
        noticed += 1;
    }
    println!("validation: {noticed} changed expectations noticed");
}
