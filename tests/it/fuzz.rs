//! Damaged and extreme inputs, from seeds: through the library and through the built program there is a result or one
//! clear error, never a panic.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use confluence::backtest::job::{self, Job};
use confluence::backtest::log::EventLog;
use confluence::backtest::prepare::Sources;
use confluence::domain::bar::{Bar, Bars};
use confluence::domain::num::{LARGEST, Money, Price, Qty, Rate};
use confluence::domain::random::Random;
use confluence::exchange::history::{Engine, Outcome, World};
use confluence::market::tape::Series;
use confluence::report::files::Look;
use confluence::settings::Settings;
use confluence::settings::layers::Layers;
use serde_json::json;

use crate::binary::{sim, talk};
use crate::support::{random_model, random_rules, random_world, try_run};

const START: i64 = 1_740_787_200_000; // 2025-03-01.

/// Words that a damaged or careless file holds.
const WORDS: [&str; 30] = [
    "",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "0",
    "-0",
    "-1",
    "1e309",
    "1e-400",
    "0.000000001",
    "0.00000001",
    "99999999999999999999",
    "92233720368.54775807",
    "92233720369",
    "1e8",
    "9999999",
    "\"",
    "\"\"",
    "'",
    ",",
    ";",
    "\u{feff}",
    "\0",
    "null",
    "true",
    "[]",
    "{",
    "1970-01-01T00:00:00Z",
    "2100-01-01",
];

fn klines(random: &mut Random, rows: i64) -> String {
    let mut text = "open_time,open,high,low,close,volume\n".to_owned();
    let mut level = random.between(2_000, 9_000);
    // From 0.0002 to 90,000,000, and once in a while from the one to the other in a minute.
    let units = [10, 1_000, 1_000_000, 100_000_000, 100_000_000_000];
    let pick = |random: &mut Random| units[usize::try_from(random.below(5)).unwrap()];
    let mut unit: i64 = pick(random);
    let wild = random.one_in(5);
    for row in 0..rows {
        if wild && random.one_in(100) {
            unit = pick(random);
        }
        let write = |level: i64| {
            let steps = level * unit;
            format!("{}.{:08}", steps / 100_000_000, steps % 100_000_000)
        };
        let open = level;
        let close = (open + random.between(-60, 60)).max(500);
        let high = open.max(close) + random.between(0, 90);
        let low = (open.min(close) - random.between(0, 90)).max(400);
        let volume = random.between(0, 900);
        let time = START + row * 60_000;
        let prices = [open, high, low, close].map(write).join(",");
        writeln!(text, "{time},{prices},{volume}").unwrap();
        level = close;
    }
    text
}

fn funding(random: &mut Random) -> String {
    let mut text = "funding_time,funding_rate\n".to_owned();
    for hour in 1..5 {
        writeln!(
            text,
            "{},0.{:06}",
            START + hour * 3_600_000,
            random.below(3_000)
        )
        .unwrap();
    }
    text
}

/// Signals in one of the text formats, and the ending of its file.
fn signals(random: &mut Random) -> (String, &'static str) {
    let rows: Vec<(u64, u16, &str, i64)> = (0..24)
        .map(|id| {
            let kind = [110, 113, 112, 110, 113, 108][usize::try_from(random.below(6)).unwrap()];
            let name = ["AAA", "BBB"][usize::try_from(random.below(2)).unwrap()];
            (
                id,
                kind,
                name,
                START + random.between(1, 280) * 60_000 + random.between(0, 3) * 1_000,
            )
        })
        .collect();
    let mut text = String::new();
    match random.below(3) {
        0 => {
            text.push_str("id,type,symbol,event_time,received_time\n");
            for (id, kind, name, time) in &rows {
                writeln!(text, "{id},{kind},{name},{time},{}", time + 500).unwrap();
            }
            (text, "csv")
        }
        1 => {
            for (id, kind, name, time) in &rows {
                let line = json!({"id": id.to_string(), "type": kind, "symbol": name, "event_time": time, "received_time": time});
                writeln!(text, "{line}").unwrap();
            }
            (text, "jsonl")
        }
        _ => {
            let list: Vec<_> = rows
                .iter()
                .map(|(id, kind, name, time)| {
                    let content = json!({"symbol": name, "price": 2.1186, "messageType": kind}).to_string();
                    json!({"id": id.to_string(), "type": kind, "createTime": time, "content": content, "tradeType": 2})
                })
                .collect();
            (
                json!({"total": rows.len(), "list": list}).to_string(),
                "json",
            )
        }
    }
}

/// Keys with odd and extreme values, most of which are allowed.
const KEYS: [(&str, &str, &[&str]); 22] = [
    ("instrument", "step", &["0.00000001", "1000"]),
    ("instrument", "qty_min", &["0.00000001", "1000"]),
    ("instrument", "market_qty_max", &["1", "1000000000"]),
    (
        "account",
        "balance_usdt",
        &["10000", "0.01", "1", "100000000"],
    ),
    ("account", "leverage", &["1", "3", "125"]),
    ("account", "margin_mode", &["\"isolated\"", "\"cross\""]),
    ("fees", "taker_bps", &["0", "5", "1000"]),
    ("signals", "score_min", &["0", "0.6", "1"]),
    ("signals", "window_s", &["1", "300", "600"]),
    ("sizing", "position_pct", &["0.001", "12.345678", "50"]),
    ("sizing", "score_scaling", &["true"]),
    ("sizing", "total_pct", &["50", "100"]),
    ("sizing", "open_risk_max_pct", &["0.001", "99"]),
    ("entries", "direction", &["\"long\"", "\"short\""]),
    ("daily", "loss_max_pct", &["0.01", "5", "100"]),
    ("exits", "stop_pct", &["0.01", "3", "99.9"]),
    ("exits", "hold_max_s", &["0", "1", "100000000"]),
    ("exits", "risk_close_share_pct", &["1", "100"]),
    ("simulation", "latency_ms", &["0", "250", "3600000"]),
    ("simulation", "half_spread_bps", &["0", "1", "5000"]),
    (
        "simulation",
        "path_mode",
        &["\"pessimistic\"", "\"optimistic\"", "\"OHLC\""],
    ),
    (
        "simulation",
        "end_of_data",
        &["\"mark\"", "\"force_close\""],
    ),
];

/// A configuration of some of them.
fn config(random: &mut Random) -> String {
    let mut sections: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (section, key, values) in KEYS {
        if random.one_in(3) {
            let value = values[usize::try_from(random.below(values.len() as u64)).unwrap()];
            sections
                .entry(section)
                .or_default()
                .push(format!("{key} = {value}"));
        }
    }
    let break_even = random.one_in(3);
    if !break_even && random.one_in(3) {
        let targets = [
            "[]",
            "[{distance_pct=1000,share_pct=100}]",
            "[{distance_pct=0.01,share_pct=0.01},{distance_pct=0.02,share_pct=100}]",
        ];
        let value = targets[usize::try_from(random.below(3)).unwrap()];
        sections
            .entry("exits")
            .or_default()
            .push(format!("targets = {value}"));
    }
    let mut text = String::new();
    for (section, lines) in sections {
        writeln!(text, "[{section}]\n{}", lines.join("\n")).unwrap();
    }
    if random.one_in(3) {
        text.push_str(
            "[exits.trailing]\nenabled = true\nactivation_pct = 0.5\ncallback_pct = 0.1\n",
        );
    }
    if break_even {
        text.push_str("[exits.break_even]\nenabled = true\n");
    }
    text
}

/// Damages a text in one to three places.
fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let length = bytes.len() as u64;
        if length < 2 {
            return;
        }
        let place = usize::try_from(random.below(length)).unwrap();
        let other = usize::try_from(random.below(length)).unwrap();
        let (from, to) = (place.min(other), place.max(other));
        match random.below(9) {
            0 => bytes[place] ^= 1 << random.below(8),
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(from..to.min(from + 40))),
            3 => {
                let part = bytes[from..to.min(from + 90)].to_vec();
                bytes.splice(place..place, part);
            }
            4 => bytes[place] = u8::try_from(random.below(256)).unwrap(),
            5 => {
                let word = WORDS[usize::try_from(random.below(WORDS.len() as u64)).unwrap()];
                bytes.splice(place..place, word.bytes());
            }
            // A whole cell becomes another word.
            _ => {
                let edge = |byte: &u8| matches!(byte, b',' | b'\n' | b':' | b'=');
                let begin = bytes[..place].iter().rposition(edge).map_or(0, |at| at + 1);
                let end = bytes[place..]
                    .iter()
                    .position(edge)
                    .map_or(bytes.len(), |at| place + at);
                let word = WORDS[usize::try_from(random.below(WORDS.len() as u64)).unwrap()];
                bytes.splice(begin..end.max(begin), word.bytes());
            }
        }
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, text).unwrap();
    writer.finish().unwrap();
    bytes
}

/// One case: files of which some are damaged. Says the name of the signal file.
fn lay_out(random: &mut Random, root: &Path, broken: u64) -> String {
    let put = |name: &str, bytes: &[u8]| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let hit = |random: &mut Random, which: u64, bytes: &mut Vec<u8>| {
        if broken == which {
            damage(random, bytes);
        }
    };
    for name in ["AAAUSDT", "BBBUSDT"] {
        let mut text = klines(random, 300).into_bytes();
        hit(random, 0, &mut text);
        if random.one_in(3) {
            let mut zipped = packed(&text);
            hit(random, 1, &mut zipped);
            put(&format!("data/klines/{name}-1m.csv.gz"), &zipped);
        } else {
            put(&format!("data/klines/{name}-1m.csv"), &text);
        }
    }
    let mut text = funding(random).into_bytes();
    hit(random, 2, &mut text);
    put("data/funding/AAAUSDT-funding.csv", &text);
    let (text, ending) = signals(random);
    let mut text = text.into_bytes();
    hit(random, 3, &mut text);
    let name = format!("signals.{ending}");
    put(&name, &text);
    let mut text = config(random).into_bytes();
    hit(random, 4, &mut text);
    put("config.toml", &text);
    name
}

/// What became of one case, and the message if it was refused.
fn run_case(root: &Path, signals: &str, out: &Path, engine: Engine) -> (&'static str, String) {
    let layers = Layers {
        files: vec![root.join("config.toml")],
        ..Layers::default()
    };
    let settings = match Settings::load(&layers) {
        Ok(settings) => settings,
        Err(wrong) => return ("configuration refused", wrong.to_string()),
    };
    let job = Job {
        sources: Sources {
            signals: root.join(signals),
            data: vec![root.join("data")],
        },
        settings,
        out: Some(out.to_owned()),
        engine,
        threads: 1,
        look: Look::default(),
        origin: None,
    };
    match job::run(&job, &|_| {}, &AtomicBool::new(false), &|| json!({})) {
        Ok(done) if done.summary["trades"] == 0 => ("no trade", "-".to_owned()),
        Ok(_) => ("trades", "-".to_owned()),
        Err(wrong) => ("run refused", wrong.to_string()),
    }
}

/// A number of the surrounding shell.
fn number(name: &str, usual: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn damaged_and_extreme_inputs_never_panic_in_the_library() {
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    let home = tempfile::tempdir().unwrap();
    let (first, seeds) = (number("FUZZ_FIRST", 0), number("FUZZ_SEEDS", 1_200));
    let mut panics = Vec::new();
    let (root, out) = (home.path().join("case"), home.path().join("run"));
    for seed in first..first + seeds {
        let mut random = Random::stream(seed, &[330]);
        // A sixth of the cases is damaged nowhere: their values alone are extreme.
        let name = lay_out(&mut random, &root, seed % 6);
        let even = seed.is_multiple_of(2);
        let engine = if even { Engine::Skip } else { Engine::Step };
        let case = || run_case(&root, &name, &out, engine);
        let outcome = catch_unwind(AssertUnwindSafe(case));
        let _none = std::fs::remove_dir_all(&out);
        std::fs::remove_dir_all(&root).unwrap();
        let left = std::fs::read_dir(home.path()).unwrap().count();
        assert_eq!(left, 0, "seed {seed}: something was left");
        let Ok((what, message)) = outcome else {
            panics.push(seed);
            continue;
        };
        // For a look at the messages themselves.
        if number("FUZZ_SAY", 0) > 0 {
            println!("{seed} {what}: {message}");
        }
        let readable = !message.trim().is_empty() && message.len() < 20_000;
        assert!(readable, "seed {seed}: {message}");
        *met.entry(what).or_default() += 1;
    }
    println!("fuzz: {seeds} cases through the library: {met:?}");
    assert!(
        panics.is_empty(),
        "panics at seeds {panics:?}: FUZZ_FIRST=.. FUZZ_SEEDS=1 shows one again"
    );
    for what in ["trades", "no trade", "run refused", "configuration refused"] {
        let enough = met.get(what).is_some_and(|times| *times >= 30);
        assert!(enough || seeds < 1_000, "{what}: {met:?}");
    }
}

#[test]
fn damaged_and_extreme_inputs_give_the_program_one_clear_error() {
    let mut codes: BTreeMap<i32, u64> = BTreeMap::new();
    let home = tempfile::tempdir().unwrap();
    for seed in 10_000..10_090 {
        let mut random = Random::stream(seed, &[331]);
        let root = home.path().join(seed.to_string());
        let name = lay_out(&mut random, &root, seed % 6);
        let mut command = sim();
        match seed % 4 {
            0 => command.args(["signals", "check", "--format", "json"]),
            1 => command.args(["data", "check", "--data", "data", "--format", "json"]),
            _ => command.args([
                "backtest", "--data", "data", "--out", "run", "--format", "json",
            ]),
        };
        if seed % 4 != 1 {
            command.args(["--signals", &name, "-c", "config.toml"]);
        }
        let output = command.current_dir(&root).output().unwrap();
        let told = talk(&output);
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("seed {seed}: killed: {told}"));
        assert!((0..=2).contains(&code), "seed {seed}: code {code}: {told}");
        assert!(
            !told.contains("internal error") && !told.contains("panicked"),
            "seed {seed}: {told}"
        );
        let tame = |letter: char| !letter.is_control() || letter == '\n' || letter == '\t';
        assert!(
            told.chars().all(tame),
            "seed {seed}: control characters: {told:?}"
        );
        if code == 0 {
            let result: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
            assert!(result.is_ok(), "seed {seed}: {told}");
        } else {
            let errors = told
                .lines()
                .filter(|line| line.starts_with("error: "))
                .count();
            assert_eq!(errors, 1, "seed {seed}: {told}");
            assert!(!root.join("run").exists(), "seed {seed}");
        }
        *codes.entry(code).or_default() += 1;
    }
    println!("fuzz: 90 cases through the program, by exit code: {codes:?}");
    assert!(
        (0..=2).all(|code| codes.get(&code).is_some_and(|times| *times >= 3)),
        "{codes:?}"
    );
}

/// A random world at any allowed scale: prices from 1e-6 to 1e9, quantities to 1e9, accounts to 1e8 USDT.
fn stretch(random: &mut Random, world: &World) -> World {
    let mut other = world.clone();
    let tape = Arc::make_mut(&mut other.tape);
    let pick = |random: &mut Random, of: &[i64]| {
        of[usize::try_from(random.below(of.len() as u64)).unwrap()]
    };
    for (index, series) in tape.series.iter_mut().enumerate() {
        let Some(old) = series else { continue };
        let bars = old.bars();
        let tick = tape.instruments[index].tick.steps();
        // The world's prices are a few thousand of its ticks; these are at most 1e9 of the new ones.
        let scales = [
            1,
            1_000,
            1_000_000,
            1_000_000_000,
            100_000_000_000,
            1_000_000_000_000,
        ];
        let mut scale = pick(random, &scales);
        let wild = random.one_in(3);
        let mut changed = Bars::new(bars.interval);
        for row in 0..bars.len() {
            if wild && random.one_in(200) {
                let up = scale < 100_000_000_000 && random.one_in(2);
                scale = if up { scale * 10 } else { (scale / 10).max(1) };
            }
            let bar = bars.get(row);
            let fit = |price: Price| {
                Price::from_steps((price.steps() / tick * scale).clamp(1, LARGEST)).unwrap()
            };
            let bar = Bar {
                open: fit(bar.open),
                high: fit(bar.high),
                low: fit(bar.low),
                close: fit(bar.close),
                ..bar
            };
            changed.push(bar).unwrap();
        }
        let instrument = &mut tape.instruments[index];
        instrument.tick = Price::from_steps(pick(random, &[1, 10, 100_000_000])).unwrap();
        instrument.step =
            Qty::from_steps(pick(random, &[1, 1_000, 100_000_000, 100_000_000_000])).unwrap();
        instrument.qty_min = instrument.step;
        instrument.market_qty_max =
            Qty::from_steps(pick(random, &[LARGEST, LARGEST / 1_000])).unwrap();
        *series = Some(Series::new(changed, &[], None, old.funding().to_vec()));
    }
    other
}

#[test]
fn numbers_of_any_allowed_size_never_overflow() {
    let mut panics = Vec::new();
    let (mut trades, mut partial, mut largest, mut refused) = (0_usize, 0_usize, 0_i64, 0);
    let seeds = 3_000_u64;
    for seed in 0..seeds {
        let mut random = Random::stream(seed, &[332]);
        let world = random_world(&mut random);
        let world = Arc::new(stretch(&mut random, &world));
        let mut rules = random_rules(&mut random);
        rules.terms.leverage = if random.one_in(2) {
            125
        } else {
            rules.terms.leverage
        };
        rules.sizing.position = Rate::from_steps(random.between(1, 99_999_999));
        let mut model = random_model(&mut random, rules.terms);
        let balances = [1, 10_000, 10_000_000, 100_000_000];
        let units: i64 = balances[usize::try_from(random.below(4)).unwrap()];
        model.balance = Money::from_steps(units * 100_000_000 - random.between(0, 99_999_999));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let step = try_run(&world, &rules, &model, Engine::Step);
            let skip = try_run(&world, &rules, &model, Engine::Skip);
            let hash = |(_, log): &(Outcome, EventLog)| log.hash();
            assert_eq!(step.as_ref().map(hash), skip.as_ref().map(hash));
            step
        }));
        match outcome {
            Err(_) => panics.push(seed),
            Ok(Err(beyond)) => {
                assert!(beyond.wallet > Money::from_steps(LARGEST));
                refused += 1;
            }
            Ok(Ok((outcome, _))) => {
                trades += outcome.trades.len();
                partial += outcome
                    .trades
                    .iter()
                    .filter(|trade| trade.exits.len() > 1)
                    .count();
                let sizes = outcome
                    .trades
                    .iter()
                    .map(|trade| trade.qty.steps() / 100_000_000);
                largest = largest.max(sizes.max().unwrap_or(0));
            }
        }
    }
    println!(
        "sizes: {seeds} worlds, {trades} trades, {partial} left in parts, largest {largest} units, {refused} runs beyond exact amounts"
    );
    assert!(
        panics.is_empty(),
        "{} panics, seeds {:?}",
        panics.len(),
        &panics[..panics.len().min(20)]
    );
    assert!(trades > 3_000 && partial > 200 && largest > 100_000_000 && refused > 0);
}
